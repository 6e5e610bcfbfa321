"""Every operation at the ends of its types: each engine gives Python's rows, and never an error.

The overloads are those of `operations.py`. A table holds each pair of ends of each type, and a literal each end.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import product
from random import Random
from typing import Any, NamedTuple

import pytest
from differential import numbers_of, scale_of
from engines import Engine, seconds

import odata_query as oq
from odata_query import edm, python, sql
from odata_query.language.literals import write
from odata_query.operations import OPERATIONS, overload
from odata_query.python.closures import compile_program
from odata_query.sql.dialects import dialect as dialect_of

FLAGS = edm.EnumType("Ns.Flags", {"None": 0, "A": 1, "B": 2, "Top": 2**62}, is_flags=True)
DAY, MICROSECOND = dt.timedelta(days=1), dt.timedelta(microseconds=1)
FIRST, LAST = (moment.replace(tzinfo=dt.UTC) for moment in (dt.datetime.min, dt.datetime.max))
LARGEST = Decimal("999999999999999999999999.999999")
LARGEST_DOUBLE = sys.float_info.max
"""It stands for INF on an engine without that."""
ENDS: dict[str, Sequence[Any]] = {
    "Boolean": (True, False),
    "Byte": (0, 1, 255),
    "Int16": (0, -1, 2**15 - 1, -(2**15)),
    "Int32": (0, 1, -1, 7, 100_000, 2**31 - 1, -(2**31)),
    "Int64": (0, 1, -1, 7, 2**31, 2**53 + 1, 2**63 - 1, -(2**63)),
    "Decimal": (
        *map(Decimal, ("0", "1", "-1.5", "0.000001", "1e17", "9223372036854775807.5", "-9223372036854775808")),
        LARGEST, LARGEST.copy_negate(),
    ),
    "Single": (0.0, 1.5, -2.5, edm.single(0.1), edm.single(1e-45), edm.single(-3.4028235e38), float("inf")),
    "Double": (
        0.0, -0.0, 0.5, -2.5, 1e17, 2.0**63, 5e-324, 2.3e-308, 1.7976931348623157e308, -1.7976931348623157e308,
        float("inf"), float("-inf"), float("nan"),
    ),
    "Date": (dt.date.min, dt.date(2024, 2, 29), dt.date.max),
    "DateTimeOffset": (
        FIRST, FIRST + MICROSECOND, dt.datetime(2024, 2, 29, 12, 0, 0, 500_000, dt.UTC), LAST - DAY, LAST,
    ),
    "TimeOfDay": (dt.time.min, dt.time(12, 30, 15, 500_000), dt.time.max),
    "Duration": (
        dt.timedelta(), MICROSECOND, -MICROSECOND, -DAY, 100 * 365 * DAY, 8000 * 365 * DAY,
        dt.timedelta.min, dt.timedelta.max,
    ),
    "Guid": (uuid.UUID(int=0), uuid.UUID(int=2**128 - 1)),
    "Flags": (0, 1, 3, 2**62),
    "String": (
        "", "a", "\u00e4\U0001f600", " \u2003", "%_\\", "x" * 200, "7", "-9223372036854775808", "1e400", "0.1e-400", "9" * 38, "9" * 39,
        "NaN", "-INF", "true", "0000-01-01", "9999-12-31", "2023-02-29", "9999-12-31T23:59:59.9999999-14:00",
        "0001-01-01T00:00:00+14:00", "24:00", "23:59:59.9999999", "P999999999D", "-P9999999999999D", "A,B",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
    ),
}  # fmt: skip
"""The ends of each type, and values where an operation changes what it does."""
SIZE = 1 + max(map(len, ENDS.values()))
TYPES = {name: FLAGS if name == "Flags" else edm.type_named(f"Edm.{name}") for name in ENDS}
MODEL = oq.EntityType(
    "Extreme",
    {
        "id": oq.Property("Edm.Int32", key=True),
        **{f"{place}{name}": oq.Property(type) for place in "abc" for name, type in TYPES.items()},
    },
)
CAN_BE_WRITTEN = ENDS.keys() - {"Byte", "Int16", "Single", "Flags"}


class Shape(NamedTuple):
    """An operation on values of some types: `{0} add {1}` of Int64 and Decimal."""

    text: str
    types: tuple[str, ...]
    result: str


def shapes() -> Iterator[Shape]:
    """Generate the overloads of all operations, with the types that each takes, and all casts."""
    for name, operation in OPERATIONS.items():
        arities = {len(s.parameters) for s in operation.signatures if "Collection" not in s.parameters}
        for arity in sorted(arities - {0}):
            if operation.notation == "infix":
                text = f"{{0}} {name} {{1}}"
            elif name == "negate":
                text = "-{0}"
            else:
                text = (
                    f"{name}({','.join(['{0}', '{1}', '{2}'][:arity])})"
                    if operation.notation == "function"
                    else f"{name} {{0}}"
                )
            for types in product(ENDS, repeat=arity):
                found = overload(name, tuple("Enum" if t == "Flags" else f"Edm.{t}" for t in types))
                if found is not None:
                    yield Shape(text, types, found[1].removeprefix("Edm."))
    for source, target in product(ENDS, [*edm.NUMBERS, *(type.name for type in TYPES.values())]):
        if target != TYPES[source].name:
            yield Shape(f"cast({{0}},{target})", (source,), target.partition(".")[2])


SHAPES = list(dict.fromkeys(shapes()))


def rows(engine: Engine) -> list[dict[str, Any]]:
    """Make rows in which a value of each type meets each value of each other type."""

    def at(name: str, place: int) -> Any:
        found = [value for value in ENDS[name] if can_hold(engine, value)]
        return (*found, None)[place % (len(found) + 1)]

    return [
        {"id": n, **{f"{p}{name}": at(name, k) for name in ENDS for p, k in zip("abc", (n % SIZE, n // SIZE, n // 3), strict=True)}}
        for n in range(SIZE * SIZE)
    ]  # fmt: skip


def can_hold(engine: Engine, value: Any) -> bool:
    """True for a value that the columns of an engine hold exactly."""
    if engine.name == "sqlite" and isinstance(value, Decimal | dt.timedelta):
        number = value if isinstance(value, Decimal) else seconds(value)
        return len(number.normalize().as_tuple().digits) <= 15
    if not isinstance(value, float):
        return True
    return (value == value or engine.holds_nan) and (abs(value) < LARGEST_DOUBLE or engine.holds_infinity)


class Table:
    """The rows in memory, and in the table `extremes` of an engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.rows = rows(engine)
        columns = {"id": "Edm.Int32"} | {name: prop.type for name, prop in MODEL.properties.items()}
        engine.create("extremes", columns, self.rows)

    def check(self, expression: str, condition: str = "true") -> str:
        """Compare the engine's rows in the order of an expression with Python's; return the difference."""
        query = oq.parse_query({"$filter": condition, "$orderby": f"{expression},id"}, entity_type=MODEL)
        try:
            statement = sql.select(query, "extremes", dialect=self.engine.name, columns=["id"])
        except oq.UnsupportedError:
            return ""
        try:
            found = [row[0] for row in self.engine.run(*statement)]
        except Exception as error:
            return f"{expression} [{condition}]: {type(error).__name__}: {error}"[:300]
        expected = [row["id"] for row in python.apply(self.rows, query)]
        if found == expected:
            return ""
        expected, excused = self.excused(query)
        found, expected = ([id for id in ids if id not in excused] for ids in (found, expected))
        if found == expected:
            return ""
        wrong = set(found) ^ set(expected) or {n for n, id in zip(found, expected, strict=True) if n != id}
        return f"{expression} [{condition}]: {len(wrong)} rows, as {sorted(wrong)[:5]}"

    def excused(self, query: oq.Query) -> tuple[list[int], set[int]]:
        """Return Python's rows with the engine's numbers, and those with decimals of too many digits for it."""
        dialect = dialect_of(self.engine.name)
        with numbers_of(dialect, scale_of(query, dialect)) as noted:
            program = compile_program(query.orderby[0].expression, dt.UTC)
            excused = set()
            for row in self.rows:
                noted.clear()
                program.run(program.frame(row, FIRST))
                if noted:
                    excused.add(row["id"])
            return [row["id"] for row in python.apply(self.rows, replace(query))], excused


@pytest.fixture(scope="module")
def table(engine: Engine) -> Table:
    if engine.name == "spark" and "ODATA_EXTREMES" not in os.environ:
        pytest.skip("spark takes a second for each of many queries")
    return Table(engine)


EVERY = int(os.environ.get("ODATA_EXTREMES", "10"))
"""Every n-th shape is tested; all of them take an hour on all engines."""


def sampled(shapes: Sequence[Shape]) -> list[Any]:
    """Mark all tests but some as slow."""
    return [
        pytest.param(shape, id=shape.text.format(*shape.types), marks=pytest.mark.slow if n % 4 else ())
        for n, shape in enumerate(shapes[::EVERY])
    ]


@pytest.mark.parametrize("shape", sampled(SHAPES))
def test_an_operation_on_columns_gives_the_rows_of_python_at_the_ends_of_its_types(shape, table):
    names = [place + name for place, name in zip("abc", shape.types, strict=False)]
    expression = f"({shape.text.format(*names)})"
    wrong = [table.check(expression, condition) for condition in ("true", f"{expression} eq null")]
    assert not any(wrong), "\n".join(filter(None, wrong))


@pytest.mark.parametrize("shape", sampled([shape for shape in SHAPES if CAN_BE_WRITTEN & {*shape.types}]))
def test_an_operation_on_a_literal_gives_the_rows_of_python_at_the_ends_of_its_types(shape, table):
    wrong = []
    for place, name in enumerate(shape.types):
        for value in ENDS[name] if name in CAN_BE_WRITTEN else ():
            arguments = [c + other for c, other in zip("abc", shape.types, strict=False)]
            arguments[place] = write(value, TYPES[name])
            try:
                wrong.append(table.check(f"({shape.text.format(*arguments)})"))
            except oq.ODataError as error:
                assert error.status in (400, 501)
    assert not any(wrong), "\n".join(filter(None, wrong))


class Nested:
    """Random expressions in which operations are arguments of others, and of `case`."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 - tests must be repeatable
        self.by_result: dict[str, list[Shape]] = {}
        for shape in SHAPES:
            self.by_result.setdefault(shape.result, []).append(shape)

    def expression(self, type: str, depth: int) -> str:
        pick = self.random.choice
        if depth == 0 or type not in self.by_result or not self.random.randrange(6):
            if type in CAN_BE_WRITTEN and self.random.randrange(2):
                return write(pick(ENDS[type]), TYPES[type])
            return pick("ab") + type
        if not self.random.randrange(5):
            other = (
                pick([type, "Int32", "Decimal"]) if type in ("Int32", "Int64", "Decimal", "Double") else type
            )
            when = self.expression("Boolean", depth - 1)
            then, last = self.expression(type, depth - 1), self.expression(other, depth - 1)
            return f"case({when}:{then},{pick(('true', 'false', 'aBoolean'))}:{last})"
        shape = pick(self.by_result[type])
        return f"({shape.text.format(*[self.expression(one, depth - 1) for one in shape.types])})"


@pytest.mark.parametrize("count", [20, pytest.param(400, marks=pytest.mark.slow)])
def test_operations_in_operations_give_the_rows_of_python_at_the_ends_of_their_types(count, table):
    nested, wrong = Nested(count), []
    for _ in range(count):
        expression = nested.expression(nested.random.choice([*ENDS]), nested.random.randint(2, 4))
        try:
            wrong.append(table.check(expression, nested.random.choice(("true", f"{expression} ne null"))))
        except oq.ODataError as error:
            assert error.status in (400, 501)
    assert not any(wrong), "\n".join(filter(None, wrong))
