"""Random queries on Python's objects and on a database: the ids and their order must be the same.

`python tests/differential.py sqlite 5000 1` tries 5000 queries of seed 1.
"""

from __future__ import annotations

import datetime as dt
import re
import sys
import time
import traceback
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from random import Random
from typing import Any
from unittest.mock import patch

from engines import Engine, close_all, engine
from random_filters import Filters, kind_of

import odata_query as oq
from odata_query import edm, python, python_values, sql
from odata_query.dialects import Dialect
from odata_query.dialects import dialect as dialect_of
from odata_query.model import StructuredType
from odata_query.operations import OPERATIONS
from odata_query.typed import TypedCall, TypedPath, type_of

# ---- model ---------------------------------------------------------------------------------------

COLOR = oq.EnumType("Color", {"Red": 1, "Green": 2, "Blue": 4}, is_flags=True)
STATUS = oq.EnumType("Status", {"New": 0, "Open": 1, "Closed": 5})
ADDRESS = oq.ComplexType("Address", {"city": oq.Property("Edm.String"), "zip": oq.Property("Edm.Int32")})
SUPPLIER = oq.EntityType(
    "Supplier",
    {
        "id": oq.Property("Edm.Int32", nullable=False, key=True),
        "Name": oq.Property("Edm.String", column="name"),
        "rating": oq.Property("Edm.Double"),
        "since": oq.Property("Edm.Date"),
        "seat": oq.Property(ADDRESS),
    },
)
ITEM = oq.EntityType(
    "Item",
    {
        "qty": oq.Property("Edm.Int32"),
        "label": oq.Property("Edm.String"),
        "cost": oq.Property("Edm.Decimal", scale=2),
        "n": oq.Property("Edm.Int64", nullable=False),
        "Maker": oq.NavigationProperty(SUPPLIER, table="suppliers", join={"maker_id": "id"}),
    },
)
PRODUCT = oq.EntityType(
    "Product",
    {
        "id": oq.Property("Edm.Int32", nullable=False, key=True),
        "name": oq.Property("Edm.String"),
        "code": oq.Property("Edm.String", nullable=False),
        "n": oq.Property("Edm.Int32"),
        "m": oq.Property("Edm.Int64"),
        "k": oq.Property("Edm.Int16", nullable=False),
        "price": oq.Property("Edm.Decimal", scale=2),
        "x": oq.Property("Edm.Double"),
        "active": oq.Property("Edm.Boolean"),
        "released": oq.Property("Edm.Date"),
        "opened": oq.Property("Edm.TimeOfDay"),
        "created": oq.Property("Edm.DateTimeOffset"),
        "took": oq.Property("Edm.Duration"),
        "ref": oq.Property("Edm.Guid"),
        "color": oq.Property(COLOR),
        "status": oq.Property(STATUS, nullable=False),
        "tags": oq.Property("Collection(Edm.String)"),
        "numbers": oq.Property("Collection(Edm.Int32)"),
        "address": oq.Property(ADDRESS),
        "Supplier": oq.NavigationProperty(SUPPLIER, table="suppliers", join={"supplier_id": "id"}),
        "Items": oq.NavigationProperty(ITEM, collection=True, table="items", join={"id": "product_id"}),
        "notes": oq.Property(
            "Collection(Edm.String)", table="notes", join={"id": "product_id"}, column="note"
        ),
    },
)
LINKS = {
    "products": {"supplier_id": "Edm.Int32"},
    "items": {"product_id": "Edm.Int32", "maker_id": "Edm.Int32"},
}
"""Columns that are no properties."""

# ---- data ----------------------------------------------------------------------------------------

STRINGS = (
    "", " ", "a", "A", "b", "ab", "abc", "aBc", "red", "Red", "blue", "100%", "100", "1000", "50% off",
    "a_b", "axb", "a*b", "*", "%",
    "_", "\\", "a\\b", "\\%", "O'Neil", "''", '"', 'say "hi"', "ä", "Ä", "a\u0308", "straße",
    "STRASSE", "İ", "ı", "i", "I", "😀", "a😀b",
    "\ufb01n", "名前", "हिन्दी", " a b ", "\u2003a", "\ta\n", "7", "-7", "07", "+3", "1.5", "true",
    "null", "2024-02-29", "10:20:30", "NaN", "a%b_c",
    "abcabc", "Σίσυφος", "[a]", "a]b", "?", ":p1", "$1", "{a}", "%s", "zzz", "\uffff", "\U0010ffff",
    "Ns.Color'Red'", "P1D",
)  # fmt: skip
INTEGERS = (0, 1, -1, 2, 3, 4, 5, 7, -7, 10, 42, -42, 100, 127, 255, 1000, -1000)
LARGE = (2**31 - 1, -(2**31), 2**31, 2**53 + 1, 2**62, -(2**62), 2**63 - 1, -(2**63))
DECIMALS = tuple(
    Decimal(cents).scaleb(-2)
    for cents in (0, 100, -100, 50, -50, 125, 250, -250, 700, 999, 1001, 9990, 1, -1, 123456, -100000, 330)
)
DOUBLES = (0.0, 1.0, -1.0, 0.5, -0.5, 2.5, -2.5, 0.1, 0.3, 1.5, 1e10, -1e-3, 3.14159, 7.0, 100.0, 1e100)
DATES = tuple(
    dt.date(*parts)
    for parts in ((1925, 1, 1), (1969, 12, 31), (1970, 1, 1), (2000, 2, 29), (2024, 2, 29), (2250, 12, 31))
)
TIMES = tuple(
    dt.time(*parts)
    for parts in ((0, 0), (10, 20, 30), (10, 20, 30, 500000), (12, 0), (23, 59, 59, 999999), (0, 0, 0, 1))
)
MOMENTS = tuple(
    dt.datetime.fromisoformat(f"{text}+00:00")
    for text in (
        "1968-02-29T00:00:00", "1969-12-31T23:59:59.999999", "1970-01-01T00:00:00",
        "2000-02-29T12:00:00", "2024-01-31T10:20:30",
        "2024-01-31T10:20:30.5", "2024-01-31T10:20:30.000001", "2024-02-29T23:59:59",
        "2024-12-31T23:59:59.123456", "2250-12-31T00:00:00",
    )
)  # fmt: skip
DURATIONS = tuple(
    dt.timedelta(days=days, seconds=seconds, microseconds=micros)
    for days, seconds, micros in (
        (0, 0, 0), (0, 1, 0), (0, 3600, 0), (1, 0, 0), (-1, 0, 0), (0, 90, 500000), (0, 0, 1),
        (29, 0, 0), (365, 86399, 999999), (0, -5400, 0),
    )
)  # fmt: skip
GUIDS = tuple(uuid.UUID(int=n * 0x0123456789ABCDEF0123456789ABCDE % 2**128) for n in range(1, 7))
INFINITE = (float("inf"), float("-inf"))
NAN = float("nan")


def values(random: Random) -> Mapping[str, Sequence[Any]]:
    """Values for literals, by kind."""
    return {
        "String": STRINGS,
        "Integer": (*INTEGERS, *INTEGERS, *LARGE),
        "Decimal": DECIMALS + (Decimal("0.0001"), Decimal("2.3456")),
        "Double": DOUBLES + (float("inf"), -float("inf")),
        "Date": DATES,
        "TimeOfDay": TIMES,
        "DateTimeOffset": MOMENTS,
        "Duration": DURATIONS,
        "Guid": GUIDS,
        "GeographyPoint": ("geography'SRID=4326;Point(1 2)'",),
        "GeographyPolygon": ("geography'SRID=4326;Polygon((0 0,2 0,2 2,0 2,0 0))'",),
        "GeographyLineString": ("geography'SRID=4326;LineString(0 0,3 4)'",),
        "GeometryPoint": ("geometry'SRID=0;Point(1 1)'",),
        "GeometryPolygon": ("geometry'SRID=0;Polygon((0 0,2 0,2 2,0 2,0 0))'",),
        "GeometryLineString": ("geometry'SRID=0;LineString(0 0,3 4)'",),
    }


@cache
def rows(size: int = 220, *, infinite: bool = False, nan: bool = False) -> list[dict[str, Any]]:
    """Products as nested dictionaries; the same each time."""
    random = Random(7)
    doubles = DOUBLES + INFINITE * infinite + (NAN,) * nan

    def some(values: Sequence[Any], nulls: float = 0.15) -> Any:
        return None if random.random() < nulls else random.choice(values)

    def many(make: Any, most: int = 4) -> list[Any]:
        return [make() for _ in range(random.randint(0, most))]

    def address() -> Any:
        city, code = some(STRINGS, 0.3), some((1000, 8001, 0, -1), 0.3)
        return None if city is None and code is None else {"city": city, "zip": code}

    suppliers = [
        {
            "id": number,
            "Name": some(STRINGS),
            "rating": some(doubles),
            "since": some(DATES),
            "seat": address(),
        }
        for number in range(1, 9)
    ]

    def item() -> dict[str, Any]:
        return {
            "qty": some(INTEGERS),
            "label": some(STRINGS),
            "cost": some(DECIMALS),
            "n": random.choice(INTEGERS),
            "Maker": some(suppliers, 0.3),
        }

    return [
        {
            "id": number,
            "name": STRINGS[number] if number < len(STRINGS) else some(STRINGS),
            "code": random.choice(STRINGS),
            "n": some(INTEGERS),
            "m": some(INTEGERS + LARGE * (random.random() < 0.3)),
            "k": random.choice(INTEGERS),
            "price": some(DECIMALS),
            "x": some(doubles),
            "active": some((True, False)),
            "released": some(DATES),
            "opened": some(TIMES),
            "created": some(MOMENTS),
            "took": some(DURATIONS),
            "ref": some(GUIDS),
            "color": some(range(8)),
            "status": random.choice((0, 1, 5)),
            "tags": many(lambda: some(STRINGS)),
            "numbers": many(lambda: some(INTEGERS)),
            "address": address(),
            "Supplier": some(suppliers),
            "Items": many(item, 3),
            "notes": many(lambda: some(STRINGS), 2),
        }
        for number in range(1, size + 1)
    ]


def columns_of(type: StructuredType, prefix: str = "") -> dict[str, Any]:
    """The columns of a type's own table, each with its type."""
    found: dict[str, Any] = {}
    for member in type.members.values():
        if isinstance(member.type, oq.ComplexType):
            found |= columns_of(member.type, f"{prefix}{member.column}_")
        elif member.property.table is None:
            found[prefix + member.column] = member.type
    return found


def flat(type: StructuredType, row: Mapping[str, Any] | None, prefix: str = "") -> dict[str, Any]:
    """A row of a type's own table."""
    found: dict[str, Any] = {}
    for member in type.members.values():
        value = row and row[member.name]
        if isinstance(member.type, oq.ComplexType):
            found |= flat(member.type, value, f"{prefix}{member.column}_")
        elif member.property.table is None:
            found[prefix + member.column] = value
    return found


def tables(given: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, dict[str, Any], list[dict[str, Any]]]]:
    """Each table with its columns and rows."""

    def link(entity: Mapping[str, Any] | None) -> Any:
        return entity and entity["id"]

    suppliers = {entity["id"]: entity for row in given if (entity := row["Supplier"])}
    for row in given:
        suppliers |= {made["Maker"]["id"]: made["Maker"] for made in row["Items"] if made["Maker"]}
    yield "suppliers", columns_of(SUPPLIER), [flat(SUPPLIER, s) for s in suppliers.values()]
    items = [
        {**flat(ITEM, made), "product_id": row["id"], "maker_id": link(made["Maker"])}
        for row in given
        for made in row["Items"]
    ]
    yield "items", columns_of(ITEM) | LINKS["items"], items
    notes = [{"product_id": row["id"], "note": note} for row in given for note in row["notes"]]
    yield "notes", {"product_id": "Edm.Int32", "note": "Edm.String"}, notes
    products = [{**flat(PRODUCT, row), "supplier_id": link(row["Supplier"])} for row in given]
    yield "products", columns_of(PRODUCT) | LINKS["products"], products


# ---- the two sides -------------------------------------------------------------------------------


KINDS = ("rows", "order", "duplicates", "count")
"""What is wrong with a result; other problems are errors of the engine, or of ours."""


@dataclass
class Disagreement:
    """A query on which the two sides differ, as small as it could be made."""

    options: dict[str, str]
    problem: str
    statement: str
    params: Any
    missing: list[int] = field(default_factory=list)
    extra: list[int] = field(default_factory=list)
    times: int = 1

    @property
    def cause(self) -> str:
        """What disagreements with one root cause probably share."""
        if self.problem not in KINDS:
            return self.problem.partition("\n")[0]
        operations = set(operations_of(self.options))
        telling = {key for key in operations if "(" in key or key in ("case", "cast", "$count")}
        return f"{self.problem} {' '.join(sorted(telling or operations))}"


@dataclass
class Report:
    tried: int = 0
    invalid: Counter[str] = field(default_factory=Counter)
    unsupported: Counter[str] = field(default_factory=Counter)
    excused: Counter[str] = field(default_factory=Counter)
    reached: Counter[str] = field(default_factory=Counter)
    empty: int = 0
    seconds: float = 0.0
    disagreements: dict[str, Disagreement] = field(default_factory=dict)

    @property
    def never(self) -> list[str]:
        keys = [
            key
            for operation in OPERATIONS.values()
            for key in ([s.key for s in operation.signatures] or [operation.name])
        ]
        return [key for key in keys if not self.reached.keys() & {key, key.partition("(Boolean")[0]}]


def keys_of(query: oq.Query) -> Iterator[str]:
    """The overloads in a query that a property goes through."""
    for tree in (query.filter, *[item.expression for item in query.orderby]):
        for node in oq.walk(tree) if tree is not None else ():
            if isinstance(node, TypedCall) and any(isinstance(n, TypedPath) for n in oq.walk(node)):
                if node.function == "cast":
                    yield f"cast({family(type_of(node.arguments[0]))},{family(node.type)})"
                yield node.key


def family(type: edm.Type) -> str:
    return "Enum" if isinstance(type, edm.EnumType) else kind_of(type)


def operations_of(options: Mapping[str, str]) -> Iterator[str]:
    query = oq.parse_query(options, PRODUCT)
    for tree in (query.filter, *[item.expression for item in query.orderby]):
        for node in oq.walk(tree) if tree is not None else ():
            if isinstance(node, TypedCall):
                yield node.key


@contextmanager
def numbers_of(known: Dialect) -> Iterator[list[Any]]:
    """Python's operations with the numbers of an engine; what has more digits than its decimals is noted."""
    noted = []

    def double(value: Any) -> Any:
        return value if value is None else None if value != value else value + 0.0

    def decimal(value: Any) -> Any:
        number = value // dt.timedelta(microseconds=1) if isinstance(value, dt.timedelta) else value
        if isinstance(number, Decimal | int):
            digits = Decimal(number).normalize().as_tuple().digits
            noted.extend([value] * (len(digits) > known.decimal_digits))
        return value

    changed = {}
    for operation in OPERATIONS.values():
        for signature in operation.signatures:
            text = python_values.TEMPLATES.get(signature.key, "")
            if "Double" in signature.key and known.nan == "none":
                arguments = re.sub(r"\b([abc])\b", r"double(\1)", text)
                changed[signature.key] = f"double({arguments})"
            elif known.decimal_digits is not None and (
                {"Decimal", "Duration"} & {*signature.parameters, signature.result}
            ):
                arguments = re.sub(r"\b([abc])\b", r"decimal(\1)", text)
                changed[signature.key] = f"decimal({arguments})"
    caches = (python_values.function, python_values.template)
    try:
        with patch.dict(python_values.TEMPLATES, changed), patch.dict(python_values.NAMES):
            python_values.NAMES |= {"double": double, "decimal": decimal}
            for cached in caches:
                cached.cache_clear()
            yield noted
    finally:
        for cached in caches:
            cached.cache_clear()


class Differential:
    """Both sides over the same rows."""

    def __init__(self, database: Engine) -> None:
        self.engine = database
        self.name = database.name
        self.dialect = dialect_of(self.name)
        self.rows = rows(infinite=database.holds_infinity, nan=database.holds_nan)
        self.by_id = {row["id"]: row for row in self.rows}
        for table, columns, content in tables(self.rows):
            database.create(table, columns, content)
        if self.name == "sqlite":
            sql.prepare(database.connection, self.name)

    def rare(self, key: str) -> bool:
        """What the dialect does not offer."""
        known = self.dialect
        if key in known.unsupported:
            return True
        if not key.startswith("cast("):
            return False
        source, _, target = key[len("cast(") : -1].partition(",")
        return key not in known.templates and (source != target or source == "Enum")

    def statements(self, query: oq.Query, form: str) -> tuple[str, Any]:
        """The text and values of a form: the SELECT, or one made of fragments, or the number of rows."""
        if form == "count":
            found = sql.count(query, "products", dialect=self.name)
            return found.text, found.params
        if form == "fragments":
            where = sql.where(query.filter, dialect=self.name, table="p")
            order = sql.order_by(query, dialect=self.name, table="p", first=1 + len(where.params))
            id, table, alias = map(self.dialect.quote, ("id", "products", "p"))
            text = f"SELECT {alias}.{id} FROM {table}{self.dialect.alias}{alias} WHERE {where.text}"
            params = where.params
            params = {**params, **order.params} if isinstance(params, dict) else params + order.params
            return f"{text} ORDER BY {order.text}", params
        found = sql.select(query, "products", dialect=self.name, columns=["id"])
        return found.text, found.params

    def compare(
        self, options: dict[str, str], form: str, report: Report | None = None
    ) -> Disagreement | None:
        """The disagreement of a query, if there is one; what is refused agrees."""
        report = report or Report()
        if form == "fragments":
            options = {name: text for name, text in options.items() if name not in ("$top", "$skip")}
        try:
            query = oq.parse_query(options, PRODUCT)
        except oq.ODataError as wrong:
            report.invalid[", ".join(sorted({p.code for p in wrong.problems}))] += 1
            return None
        text, params = "", None
        try:
            text, params = self.statements(query, form)
            found = [row[0] for row in self.engine.run(text, params)]
        except (oq.UnsupportedError, oq.LimitError) as wrong:
            report.unsupported[wrong.problems[0].message] += 1
            return None
        except oq.ODataError as wrong:
            report.unsupported[f"{type(wrong).__name__}: {wrong.problems[0].message}"] += 1
            return None
        except Exception as wrong:
            problem = f"{type(wrong).__name__}: {wrong}"
            if not text:
                problem += "\n" + "".join(traceback.format_tb(wrong.__traceback__)[-2:])
            return Disagreement(options, problem, text, params)
        report.reached.update(set(keys_of(query)))
        expected = self.expected(query, form)
        report.empty += not expected
        if found == expected:
            return None
        excuse = self.excuse(options, form, found)
        if excuse is not None:
            report.excused[excuse] += 1
            return None
        if form == "count":
            return self.compare(options, "select") or Disagreement(options, "count", text, params)
        missing = [id for id in expected if id not in found]
        extra = [id for id in found if id not in expected]
        problem = "rows" if missing or extra else "order" if len(found) == len(expected) else "duplicates"
        return Disagreement(options, problem, text, params, missing, extra)

    def expected(self, query: oq.Query, form: str) -> list[int]:
        """What Python has for a form."""
        if form == "count":
            return [python.count(self.rows, query)]
        return [row["id"] for row in python.apply(self.rows, query)]

    def excuse(self, options: dict[str, str], form: str, found: list[int]) -> str | None:
        """Why the engine rightly differs: Python agrees with its numbers, or without rows that it rounds."""
        known = self.dialect
        if known.nan != "none" and known.decimal_digits is None:
            return None
        with numbers_of(known) as rounded:
            if self.expected(oq.parse_query(options, PRODUCT), form) == found:
                return "NaN is null there, and a negative zero is zero"
            paged = ("$top", "$skip")
            whole = {name: text for name, text in options.items() if name not in paged}
            query = oq.parse_query(whole, PRODUCT)
            inexact = set()
            for row in self.rows:
                rounded.clear()
                python.apply([row], query)
                if rounded:
                    inexact.add(row["id"])
            expected = self.expected(query, "select")
        if not inexact:
            return None
        text, params = self.statements(query, "select" if form == "count" else form)
        found = [row[0] for row in self.engine.run(text, params)]
        if [id for id in found if id not in inexact] != [id for id in expected if id not in inexact]:
            return None
        return "a decimal or duration of too many digits arises"

    # ---- shrinking -------------------------------------------------------------------------------

    def shrunk(self, found: Disagreement, form: str, tries: int = 400) -> Disagreement:
        """The smallest disagreement that steps lead to, each taking something away."""
        progress = True
        while progress and tries > 0:
            progress = False
            for smaller in self.smaller(found.options):
                tries -= 1
                if tries < 0:
                    break
                again = self.compare(smaller, form)
                if again is not None and (again.problem == found.problem or not found.statement):
                    found, progress = again, True
                    break
        return found

    def smaller(self, options: dict[str, str]) -> Iterator[dict[str, str]]:
        for name in ("$top", "$skip", "$filter"):
            if name in options:
                yield {other: text for other, text in options.items() if other != name}
        items = oq.parse_orderby(options["$orderby"])
        for position in range(len(items) - 1):
            rest = items[:position] + items[position + 1 :]
            yield {**options, "$orderby": ",".join(map(oq.unparse, rest))}
        if len(items) > 1 or oq.unparse(items[0]) != "id":
            yield {**options, "$orderby": "id"}
        if "$filter" in options:
            for tree in smaller_trees(oq.parse_filter(options["$filter"])):
                yield {**options, "$filter": oq.unparse(tree)}
        for position, item in enumerate(items[:-1]):
            for tree in smaller_trees(item.expression):
                replaced = oq.OrderByItem(tree, item.descending)
                whole = [*items[:position], replaced, *items[position + 1 :]]
                yield {**options, "$orderby": ",".join(map(oq.unparse, whole))}

    # ---- many ------------------------------------------------------------------------------------

    def check(self, count: int, seed: int, most: int = 20) -> Report:
        """Try so many queries; stop at so many different disagreements."""
        random = Random(seed)
        filters = Filters(PRODUCT, values(random), random, rare=self.rare)
        report = Report()
        begun = time.perf_counter()
        while report.tried < count and len(report.disagreements) < most:
            report.tried += 1
            options = filters.options("id")
            form = random.choices(("select", "count", "fragments"), (0.7, 0.1, 0.2))[0]
            found = self.compare(options, form, report)
            if found is not None:
                found = self.shrunk(found, form)
                known = report.disagreements.setdefault(found.cause, found)
                if known is not found:
                    known.times += 1
        report.seconds = time.perf_counter() - begun
        return report

    def shown(self, found: Disagreement) -> str:
        """A disagreement as text, with the rows that are not on both sides."""
        lines = [f"{found.problem} ({found.times} times)", f"  {found.options}", f"  {found.statement}"]
        lines.append(f"  {found.params!r}")
        query = oq.parse_query(found.options, PRODUCT)
        names = {
            node.members[0].name
            for tree in (query.filter, *[item.expression for item in query.orderby])
            for node in (oq.walk(tree) if tree is not None else ())
            if isinstance(node, TypedPath) and node.level == 0 and node.members
        }
        for what, ids in (("only in Python", found.missing), ("only in SQL", found.extra)):
            for id in ids[:3]:
                shown = {name: self.by_id[id][name] for name in sorted(names)} if id in self.by_id else {}
                lines.append(f"  {what}: {id} {shown!r:.300} (of {len(ids)})")
        return "\n".join(lines)


def smaller_trees(tree: oq.Node) -> Iterator[oq.Node]:
    """Trees with less in them; the largest steps first."""
    nodes = sorted(oq.walk(tree), key=lambda node: -sum(1 for _ in oq.walk(node)))
    for node in nodes:
        for other in replacements(node):
            if node is tree:
                yield other
            else:
                yield oq.transform(tree, lambda n, node=node, other=other: other if n is node else n)


def replacements(node: oq.Node) -> Iterator[oq.Node]:
    if isinstance(node, oq.Call):
        for below in list(oq.walk(node))[1:]:
            if isinstance(below, oq.Call | oq.Path | oq.Literal):
                yield below
        if node.function in ("and", "or") and len(node.arguments) > 2:
            for position in range(len(node.arguments)):
                rest = node.arguments[:position] + node.arguments[position + 1 :]
                yield oq.Call(node.function, rest)
        if node.function == "case" and len(node.arguments) > 2:
            for position in range(0, len(node.arguments), 2):
                yield oq.Call("case", node.arguments[:position] + node.arguments[position + 2 :])
    if isinstance(node, oq.ListExpr) and len(node.items) > 1:
        for position in range(len(node.items)):
            yield oq.ListExpr(node.items[:position] + node.items[position + 1 :])
    if isinstance(node, oq.Literal) and node.value is not None:
        simple = {edm.STRING.name: ("", "a"), edm.INT32.name: (0, 1), edm.INT64.name: (1,)}
        for value in simple.get(node.type.name, ()):
            if node.value != value and not (isinstance(node.value, str) and len(node.value) <= len(value)):
                yield oq.Literal(value, node.type)
        if node.type.name == edm.STRING.name and len(node.value) > 1:
            for position in range(len(node.value)):
                yield oq.Literal(node.value[:position] + node.value[position + 1 :], node.type)


def check(database: Engine, count: int, seed: int, most: int = 20) -> tuple[Report, list[str]]:
    """A report of so many queries on an engine, and its disagreements as texts."""
    differential = Differential(database)
    report = differential.check(count, seed, most)
    return report, [differential.shown(found) for found in report.disagreements.values()]


def main(name: str, count: str = "1000", seed: str = "1", most: str = "20") -> int:
    report, shown = check(engine(name), int(count), int(seed), int(most))
    print(
        f"{report.tried} queries, {report.tried / report.seconds:.0f} a second, {report.empty} without rows"
    )
    print("invalid:", dict(report.invalid))
    print("unsupported:", sum(report.unsupported.values()))
    for message, times in report.unsupported.most_common():
        print(f"  {times:5} {message}")
    print("excused:", dict(report.excused))
    print("reached:", ", ".join(f"{key} {times}" for key, times in report.reached.most_common()))
    print("never reached:", ", ".join(report.never) or "none")
    print(f"{len(shown)} disagreements")
    for text in shown:
        print(text, end="\n\n")
    return bool(shown)


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    finally:
        close_all()
