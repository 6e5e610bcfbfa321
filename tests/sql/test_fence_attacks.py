"""Nothing of a row that the service's condition drops shows in results, errors, or calls of functions."""

import random
import sqlite3

import pytest
from differential import Database, rows, tables
from engines import Sqlite

import odata_query as oq
from odata_query import python, sql
from odata_query.testing.choices import Choices
from odata_query.testing.conformance import PRODUCT
from odata_query.testing.generator import Generator

FAST = ("sqlite", "postgresql", "duckdb", "mysql")
CONDITIONS = {
    "a tenant": ("k ge 0 and not (active eq false)", ("k", "active")),
    "an access list": ("Items/any(i:i/qty ge 3)", ()),
}
BY_HAND = [
    "$filter=notes/any(n:tolower(n) eq 'other red')",
    "$filter=Items/any(i:tolower(i/label) eq 'other' and i/qty eq 1)",
    "$filter=Items/any(i:toupper(i/label) in ('OTHER','A'))",
    "$filter=tolower(name) eq 'red' or Items/any(i:tolower(i/label) eq 'a')",
    "$orderby=Items/any(i:tolower(i/label) eq 'other'),tolower(name)",
    "$filter=price mod 2.5 gt 1 and x mod 3e0 lt 2 and n div m lt 3",
]
UNLIMITED = oq.Limits(max_cost=None)


class Recorded(sqlite3.Connection):
    """A connection that notes the calls of its functions."""

    calls: list

    def create_function(self, name, narg, function, **more):
        self.calls = []

        def call(*arguments):
            self.calls.append((name, *arguments))
            return function(*arguments)

        super().create_function(name, narg, call, **more)


class RecordedSqlite(Sqlite):
    def start(self):
        self.connection = sqlite3.connect(":memory:", isolation_level=None, factory=Recorded)
        sql.prepare(self.connection)


def changed(given, keeps, kept_names):
    """The rows with other values in those that are hidden: each has those of another one."""
    hidden = [row for row in given if not keeps(row)]
    assert len(given) / 5 < len(hidden) < len(given)
    others = hidden[7:] + hidden[:7]
    found = {row["id"]: row for row in given}
    for row, other in zip(hidden, others, strict=True):
        texts = {"notes": [f"other {note}" for note in row["notes"]]}
        items = [
            {**item, "label": "other", "cost": None, "n": 5, "Maker": other["Supplier"]}
            for item in row["Items"]
        ]
        same = {name: row[name] for name in ("id", *kept_names)}
        found[row["id"]] = {**other, **texts, "Items": items, **same}
    found = [found[row["id"]] for row in given]
    assert [keeps(row) for row in found] == [keeps(row) for row in given]
    random.Random(1).shuffle(others)
    return found


def generated(given, count, refused=frozenset()):
    """Random queries, most of which reach other tables or use functions."""
    generator = Generator(PRODUCT, rows=given, hostile=0.3, rare=lambda key: key in refused)
    choices = Choices.seeded(13)
    queries = [oq.parse_query(text, PRODUCT, limits=UNLIMITED) for text in BY_HAND]
    while len(queries) < count:
        options = generator.options(choices)
        text = " ".join(options.values())
        if "(" in text and (
            len(queries) % 3 == 0 or "Items" in text or "Supplier" in text or "notes" in text
        ):
            queries.append(oq.parse_query(options, PRODUCT, limits=UNLIMITED))
    return queries


def answered(database, given, queries):
    """What each query tells: its rows or its error, and the calls of functions."""
    for table, columns, content in tables(given):
        database.create(table, columns, content)
    told = []
    for query in queries:
        calls = getattr(database.connection, "calls", [])
        calls.clear()
        try:
            statement = sql.select(query, "products", dialect=database.name, columns=["id"])
        except oq.ODataError:
            told.append(None)
            continue
        try:
            found = [row[0] for row in database.run(*statement)]
            found = found if query.top is not None or query.skip is not None else sorted(found)
        except Exception as error:
            found = str(error)
        told.append((found, sorted(map(repr, calls))))
    return told


@pytest.mark.parametrize("count", [60, pytest.param(1_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", CONDITIONS)
def test_a_database_tells_the_same_whatever_hidden_rows_hold(engine, name, count):
    if engine.name not in FAST:
        pytest.skip(f"{engine.name} is slow")
    condition, kept_names = CONDITIONS[name]
    database = RecordedSqlite() if engine.name == "sqlite" else engine
    given = rows(infinite=engine.holds_infinity, nan=engine.holds_nan)
    keeps = python.predicate(oq.parse_filter(condition), PRODUCT)
    queries = generated(given, count, Database(engine).not_offered())
    queries = [query.with_filter(condition) for query in queries]
    first = answered(database, given, queries)
    second = answered(database, changed(given, keeps, kept_names), queries)
    assert sum(each is not None for each in first) > count * 0.8
    for query, one, other in zip(queries, first, second, strict=True):
        assert one == other, (query.filter and oq.unparse(query.filter), oq.unparse(query.orderby))
    if engine.name == "sqlite":
        assert sum(len(each[1]) for each in first if each) > count
        database.close()
