"""The engines return the values that tests store, and compare them with parameters."""

import datetime as dt
import math
import uuid
from decimal import Decimal

import pytest
from engines import clickhouse_text

from odata_query import edm

COLOR = edm.EnumType("Color", {"Red": 1, "Green": 2}, is_flags=True)
STRANGE = "it's \"100%\" %s _ ? :p1 {p1:String} \\ \\n \\N \t\r\n é ß 😀 '' ;--"
COLUMNS = {
    "id": edm.INT32,
    "sbyte": edm.SBYTE,
    "byte": edm.BYTE,
    "int16": edm.INT16,
    "int64": edm.INT64,
    "truth": edm.BOOLEAN,
    "text": edm.STRING,
    "amount": edm.DECIMAL,
    "real": edm.SINGLE,
    "double": edm.DOUBLE,
    "day": edm.DATE,
    "clock": edm.TIME_OF_DAY,
    "moment": edm.DATE_TIME_OFFSET,
    "span": edm.DURATION,
    "guid": edm.GUID,
    "bytes": edm.BINARY,
    "color": COLOR,
    "order": "Edm.String",  # a word of SQL
    "tags": edm.collection(edm.STRING),
    "numbers": edm.collection(edm.INT32),
    "days": edm.collection(edm.DATE),
}
FULL = {
    "id": 1,
    "sbyte": -128,
    "byte": 255,
    "int16": -32768,
    "int64": 2**63 - 1,
    "truth": True,
    "text": STRANGE,
    "amount": Decimal("-12345678901.25"),
    "real": 0.5,
    "double": 1e-7,
    "day": dt.date(1900, 2, 28),
    "clock": dt.time(23, 59, 59, 999999),
    "moment": dt.datetime(2024, 2, 29, 12, 30, 1, 5, dt.UTC),
    "span": dt.timedelta(days=-2, microseconds=1),
    "guid": uuid.UUID("0f8fad5b-d9cb-469f-a165-70867728950e"),
    "bytes": b"\x00'\\\xff\n",
    "color": 3,
    "order": "NULL",
    "tags": [STRANGE, "", None, "NULL"],
    "numbers": [3, None, -1],
    "days": [dt.date(2024, 2, 29), None],
}
PLAIN = {
    "id": 3,
    "sbyte": 0,
    "byte": 0,
    "int16": 0,
    "int64": 0,
    "truth": False,
    "text": "",
    "amount": Decimal("0"),
    "real": 0.0,
    "double": 1.5e300,
    "day": dt.date(2024, 1, 1),
    "clock": dt.time(0),
    "moment": dt.datetime(2024, 1, 1, tzinfo=dt.UTC),
    "span": dt.timedelta(0),
    "guid": uuid.UUID(int=0),
    "bytes": b"",
    "color": 0,
    "order": "x",
    "tags": [],
    "numbers": [],
    "days": [],
}
ROWS = [FULL, {"id": 2}, PLAIN]
SCALARS = [name for name, kind in COLUMNS.items() if not isinstance(kind, edm.CollectionType)]


@pytest.fixture(scope="module")
def table(engine):
    engine.create("things", COLUMNS, ROWS)
    return "things"


def bound(engine, value, sql_type="String"):
    """A placeholder and its parameters, in the style of the engine."""
    if engine.name == "clickhouse":
        return f"{{p1:{sql_type}}}", {"p1": value}
    if engine.name == "spark":
        return ":p1", {"p1": value}
    return engine.placeholder, (value,)


def test_values_come_back(engine, table):
    columns = ", ".join(map(engine.quoted, COLUMNS))
    rows = engine.run(f"SELECT {columns} FROM {table} ORDER BY {engine.quoted('id')}")
    assert len(rows) == 3
    for row, given in zip(rows, ROWS, strict=True):
        for (name, kind), value in zip(COLUMNS.items(), row, strict=True):
            wanted = engine.stored(kind, given.get(name))
            assert (bytes(value) if isinstance(value, bytearray) else value) == returned(engine, wanted), name


def returned(engine, stored):
    """Convert a value to its form on ClickHouse, where bytes that are valid UTF-8 are a text."""
    return "" if engine.name == "clickhouse" and stored == b"" else stored


@pytest.mark.parametrize("name", SCALARS)
def test_a_column_equals_a_parameter(engine, table, name):
    column = engine.quoted(name)
    for row in (FULL, PLAIN):
        value = engine.stored(COLUMNS[name], row[name])
        sign, params = bound(engine, value, engine.column_type(COLUMNS[name]))
        found = engine.run(f"SELECT id FROM {table} WHERE {column} = {sign}", params)
        assert found == [(row["id"],)]
    assert engine.run(f"SELECT id FROM {table} WHERE {column} IS NULL") == [(2,)] * (name != "id")


def test_a_text_keeps_every_character(engine):
    for text in (STRANGE, "", "\\N", "NULL", "\\", "'", "''", "\\'", "\t", "\r\n", "[1,2]", "\x01\x08\x7f"):
        sign, params = bound(engine, text)
        if engine.name == "postgresql":
            sign += "::text"
        assert engine.run(f"SELECT {sign}", params) == [(text,)]


def test_nan_and_infinity(engine):
    for value, held in ((math.nan, engine.holds_nan), (-math.inf, engine.holds_infinity)):
        if held:
            engine.create("numbers", {"value": edm.DOUBLE}, [{"value": value}])
            [(found,)] = engine.run("SELECT value FROM numbers")
            assert found == value or (math.isnan(found) and math.isnan(value))
        else:
            with pytest.raises(ValueError, match="cannot store"):
                engine.create("numbers", {"value": edm.DOUBLE}, [{"value": value}])


def test_a_column_can_have_another_type_than_the_usual(engine):
    text = {"sqlite": "TEXT", "mysql": "VARCHAR(50)", "clickhouse": "Nullable(String)", "spark": "STRING"}
    kind = (edm.collection(edm.INT32), dict.fromkeys(("duckdb", "postgresql"), "json") | text)
    engine.create("others", {"list": kind}, [{"list": [1, None]}, {"list": None}])
    found = {str(value).replace(" ", "") for (value,) in engine.run("SELECT list FROM others")}
    assert found == ({"[1,null]", "None"} if engine.name != "postgresql" else {"[1,None]", "None"})


def test_a_table_replaces_an_older_one(engine):
    engine.create("things2", {"id": edm.INT32}, [{"id": 1}])
    engine.create("things2", {"name": edm.STRING}, [])
    assert engine.run("SELECT name FROM things2") == []


def test_an_error_does_not_end_the_engine(engine):
    with pytest.raises(Exception, match="no_such_table"):
        engine.run("SELECT 1 FROM no_such_table")
    assert engine.run("SELECT 1") == [(1,)]


def test_many_rows(engine):
    engine.create("many", {"id": edm.INT32}, [{"id": number} for number in range(600)])
    assert engine.run("SELECT count(*), sum(id) FROM many") == [(600, 179700)]


def test_texts_for_clickhouse():
    assert clickhouse_text(None) == "\\N"
    assert clickhouse_text(["a'\\\t", None, [1.5, math.nan]]) == "['a\\'\\\\\\t',NULL,[1.5,nan]]"
    assert clickhouse_text(dt.datetime(2024, 1, 1, tzinfo=dt.UTC)) == "2024-01-01 00:00:00"
