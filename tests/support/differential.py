"""Random queries on rows in memory and on a database: the ids and their order must be the same.

`python tests/differential.py sqlite 5000 1` tries 5000 queries of seed 1.
"""

from __future__ import annotations

import datetime as dt
import re
import sys
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from functools import cache
from typing import Any
from unittest.mock import patch

from engines import Engine, Kind, close_all, engine

import odata_query as oq
from odata_query import edm, python, sql
from odata_query.model.properties import StructuredType
from odata_query.operations import OPERATIONS
from odata_query.python import emitter, functions
from odata_query.python import operations as python_operations
from odata_query.python.functions import DIGITS, shortest
from odata_query.sql.dialects import Dialect
from odata_query.sql.dialects import dialect as dialect_of
from odata_query.sql.dialects.spelling import EXACT
from odata_query.sql.emitter import SqlEmitter
from odata_query.testing import Check, Report
from odata_query.testing.choices import Choices
from odata_query.testing.conformance import ITEM, PRODUCT, SUPPLIER
from odata_query.testing.samples import NAIVE, VALUES, ZONES, Rows

SIZE = 220
HOSTILE = 0.5
"""The share of literals at the ends of their types."""
FIXED_ZONES = (dt.UTC, dt.timezone(dt.timedelta(hours=-3, minutes=-30)))
LINKS = {
    "products": {"supplier_id": "Edm.Int32"},
    "items": {"product_id": "Edm.Int32", "maker_id": "Edm.Int32"},
}
"""Columns of a table that are not properties."""
LONG_TEXT: Kind = ("Edm.String", {"mysql": "VARCHAR(3000)"})
"""The kind of a column with hostile texts."""


@cache
def rows(*, infinite: bool = False, nan: bool = False) -> list[dict[str, Any]]:
    """Generate products as nested dictionaries, the same ones at each call."""
    found = Rows(PRODUCT, infinite=infinite, nan=nan, hostile=0.1).rows(Choices.seeded(7), SIZE)
    for row in found:
        if row["weight"] is not None:
            row["weight"] = shortest(row["weight"])  # 0.1, as PostgreSQL's driver reads 0.10000000149011612
    return found


def columns_of(type: StructuredType, prefix: str = "") -> dict[str, Any]:
    """Return the columns of a type's own table, each with its type."""
    found: dict[str, Any] = {}
    for member in type.members.values():
        if isinstance(member.type, oq.ComplexType):
            found |= columns_of(member.type, f"{prefix}{member.column}_")
        elif member.property.column.table is None:
            is_naive = member.property.column.storage == NAIVE
            is_text = member.type is edm.STRING
            found[prefix + member.column] = "Naive" if is_naive else LONG_TEXT if is_text else member.type
    return found


def flat(type: StructuredType, row: Mapping[str, Any] | None, prefix: str = "") -> dict[str, Any]:
    """Make a row of a type's own table."""
    found: dict[str, Any] = {}
    for member in type.members.values():
        value = row and row[member.name]
        if isinstance(member.type, oq.ComplexType):
            found |= flat(member.type, value, f"{prefix}{member.column}_")
        elif member.property.column.table is None:
            found[prefix + member.column] = stored(value, member.type)
    return found


def stored(value: Any, type: edm.Type) -> Any:
    """Convert the names of an enumeration's members to their numbers."""
    if isinstance(value, list):
        return [stored(item, edm.element_of(type)) for item in value]
    return type.value(value) if isinstance(type, edm.EnumType) and isinstance(value, str) else value


def tables(given: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, dict[str, Any], list[dict[str, Any]]]]:
    """Yield each table with its columns and rows."""

    def link(entity: Mapping[str, Any] | None) -> Any:
        return entity and entity["id"]

    suppliers = {entity["id"]: entity for row in given if (entity := row["Supplier"])}
    for row in given:
        suppliers |= {item["Maker"]["id"]: item["Maker"] for item in row["Items"] if item["Maker"]}
    yield "suppliers", columns_of(SUPPLIER), [flat(SUPPLIER, s) for s in suppliers.values()]
    items = [
        {**flat(ITEM, item), "product_id": row["id"], "maker_id": link(item["Maker"])}
        for row in given
        for item in row["Items"]
    ]
    yield "items", columns_of(ITEM) | LINKS["items"], items
    notes = [{"product_id": row["id"], "note": note} for row in given for note in row["notes"]]
    yield "notes", {"product_id": "Edm.Int32", "note": LONG_TEXT}, notes
    products = [{**flat(PRODUCT, row), "supplier_id": link(row["Supplier"])} for row in given]
    yield "products", columns_of(PRODUCT) | LINKS["products"], products


MICROSECOND = dt.timedelta(microseconds=1)
SIGNS = {"add": 1, "sub": -1}
BINARY_DIGITS = {"sqlite": 15}
"""The digits of decimals where they are binary fractions, by dialect."""
FLOATING = {"postgresql", "mysql", "sqlite"}
"""Engines whose decimals have as many digits after the point as each value needs."""
OF_26_DIGITS = {"spark", "trino", "snowflake", "mssql"}
"""Dialects whose decimals have 26 digits before the point and 12 after it."""


def scale_of(query: oq.Query, dialect: Dialect) -> int:
    """Return the most digits after the point that an engine with a fixed point keeps in a query."""
    if dialect.name in FLOATING:
        return 0
    found = [12 if dialect.name in OF_26_DIGITS else dialect.default_scale]
    original = SqlEmitter.scale_of

    def scale_of(self: SqlEmitter, part: Any) -> int:
        found.append(original(self, part))
        return found[-1]

    with patch.object(SqlEmitter, "scale_of", scale_of):
        sql.select(query, "products", dialect=dialect)
    return max(found)


@contextmanager
def numbers_of(known: Dialect, scale: int) -> Iterator[list[Any]]:
    """Give Python's operations the numbers of an engine; yield the list of those with too many digits for it."""
    noted = []

    def is_too_long(number: Decimal | int) -> bool:
        digits = EXACT.normalize(Decimal(number))
        if known.name in BINARY_DIGITS:
            return len(digits.as_tuple().digits) > BINARY_DIGITS[known.name]
        after = max(-int(digits.as_tuple().exponent), scale, 0)
        return digits.is_finite() and max(digits.adjusted() + 1, 0) + after > DIGITS

    def as_double(value: Any) -> Any:
        return value if value is None else None if value != value else value + 0.0

    def as_decimal(value: Any, divisor: Any = 1) -> Any:
        """Note a decimal with too many digits, also for Python, where it is null."""
        number = value
        if isinstance(value, dt.timedelta):
            number = value // MICROSECOND if known.name in BINARY_DIGITS else None
        elif value is None and divisor != 0:
            noted.append(value)
        if isinstance(number, Decimal | int) and is_too_long(number):
            noted.append(value)
        return value

    def as_sum(a: dt.timedelta, b: dt.timedelta, sign: int) -> dt.timedelta:
        """Note a sum of durations with too many digits, also beyond the range of durations."""
        if is_too_long(a // MICROSECOND + b // MICROSECOND * sign):
            noted.append(None)
        return a + b if sign > 0 else a - b

    def cast(value: Any, source: edm.Type, target: edm.Type) -> Any:
        found = functions.cast(value, source, target)
        if value is not None and edm.DECIMAL in (source, target) and source.name in edm.NUMBERS:
            as_decimal(value if source is edm.DECIMAL else found)
        return found

    changed = {}
    for operation in OPERATIONS.values():
        for signature in operation.signatures:
            text = python_operations.TEMPLATES.get(signature.key, "")
            if "Double" in signature.key and known.nan == "none":
                names = ", ".join("abc"[: len(signature.parameters)])
                given = re.sub(r"[abc]", r"as_double(\g<0>)", names)
                plain = f"lambda {names}: None if None in ({names},) else as_double({text})"
                changed[signature.key] = f"({plain})({given})"
            elif {"Decimal", "Duration"} & {*signature.parameters, signature.result}:
                arguments = re.sub(r"\b([abc])\b", r"as_decimal(\1)", text)
                is_decimal = signature.result == "Decimal"
                divisor = "b" if operation.name in ("div", "divby", "mod") else "1" if is_decimal else "0"
                changed[signature.key] = f"as_decimal({arguments}, {divisor})"
    if known.name in BINARY_DIGITS:
        changed |= {f"{name}(Duration,Duration)": f"as_sum(a, b, {sign})" for name, sign in SIGNS.items()}
    try:
        with (
            patch.dict(python_operations.TEMPLATES, changed),
            patch.dict(python_operations.NAMES),
            patch.object(emitter, "cast", cast),
        ):
            python_operations.NAMES.update(as_double=as_double, as_decimal=as_decimal, as_sum=as_sum)
            python_operations.function.cache_clear()
            yield noted
    finally:
        python_operations.function.cache_clear()


class Database:
    """An engine as a backend."""

    def __init__(self, database: Engine) -> None:
        self.engine = database
        self.name = database.name
        self.dialect = dialect_of(self.name)
        self.rows: Sequence[Any] = ()
        self.statement: Any = None

    def apply(self, rows: Sequence[Any], query: oq.Query) -> list[int]:
        if rows is not self.rows:
            self.rows = rows
            for table, columns, content in tables(rows):
                self.engine.create(table, columns, content)
            if self.name == "sqlite":
                sql.prepare(self.engine.connection, self.name)
        chosen = zlib.crc32(repr((query.filter, query.orderby)).encode(errors="replace")) % 10
        if chosen < 2 and query.top is None and query.skip is None and query.orderby:
            self.statement = self.fragments(query)
        else:
            self.statement = sql.select(query, "products", dialect=self.name, columns=["id"])
        found = [row[0] for row in self.engine.run(*self.statement)]
        if chosen == 9:
            whole = replace(query, top=None, skip=None, orderby=())
            selected = len(self.engine.run(*sql.select(whole, "products", dialect=self.name, columns=["id"])))
            counted = self.engine.run(*sql.count(query, "products", dialect=self.name))[0][0]
            assert counted == selected, f"{counted} rows are counted, {selected} are selected"
        return found

    def not_offered(self) -> set[str]:
        """Return the overloads that the dialect does not support."""
        known = self.dialect
        kinds = [*VALUES, "Enum"]
        casts = {f"cast({one},{other})" for one in kinds for other in kinds if one != other or one == "Enum"}
        return {*known.unsupported, *(casts - known.templates.keys())}

    def zones(self) -> Sequence[dt.tzinfo]:
        """Return the time zones of queries: one that changes its clocks if the dialect knows such zones."""
        stored = self.dialect.storages.get((edm.DATE_TIME_OFFSET.name, "timestamp"))
        is_fixed = stored is not None and stored.named_zone is None
        return FIXED_ZONES if is_fixed else ZONES

    def fragments(self, query: oq.Query) -> tuple[str, Any]:
        """Build a SELECT of `sql.where` and `sql.order_by`."""
        where = sql.where(query, dialect=self.name, table="p")
        order = sql.order_by(query, dialect=self.name, table="p", first=1 + len(where.params))
        id, table, alias = map(self.dialect.quote, ("id", "products", "p"))
        text = f"SELECT {alias}.{id} FROM {table}{self.dialect.alias_prefix}{alias} WHERE {where.text}"
        params = where.params
        params = {**params, **order.params} if isinstance(params, dict) else params + order.params
        return f"{text} ORDER BY {order.text}", params

    def excuse(self, query: oq.Query, found: list[int]) -> str | None:
        """Return the reason for which an engine may differ: its numbers, or rows whose numbers it rounds."""
        known = self.dialect
        with numbers_of(known, scale_of(query, known)) as noted:
            if known.nan == "none" and self.expected(query) == found:
                return "NaN is null there, and a negative zero is zero"
            whole = replace(query, top=None, skip=None)
            inexact = set()
            for row in self.rows:
                noted.clear()
                python.apply([row], replace(whole))
                if noted:
                    inexact.add(row["id"])
            expected = self.expected(whole)
        if not inexact:
            return None
        found = [
            row[0]
            for row in self.engine.run(*sql.select(whole, "products", dialect=self.name, columns=["id"]))
        ]
        found = found if query.orderby else sorted(found)
        if [id for id in found if id not in inexact] != [id for id in expected if id not in inexact]:
            return None
        return "a decimal or duration of too many digits arises"

    def expected(self, query: oq.Query) -> list[int]:
        found = [row["id"] for row in python.apply(self.rows, replace(query))]
        return found if query.orderby else sorted(found)


def check(database: Engine, count: int, seed: int, most: int = 20) -> Report:
    """Try `count` random queries on an engine."""
    backend = Database(database)
    found = Check(backend, zones=backend.zones(), excuse=backend.excuse, hostile=HOSTILE, most=most)
    found.offer.refused |= backend.not_offered()
    given = rows(infinite=database.holds_infinity, nan=database.holds_nan)
    found.queries(PRODUCT, given, count, seed)
    return found.report


def main(name: str, count: str = "1000", seed: str = "1", most: str = "20") -> int:
    report = check(engine(name), int(count), int(seed), int(most))
    print(report)
    return bool(report.disagreements)


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    finally:
        close_all()
