"""The conformance cases on every engine select the rows that they select in Python."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace

import pytest
from test_cases import FILES, cases

import odata_query as oq
from odata_query import edm, python, sql
from odata_query.model.properties import StructuredType
from odata_query.python.rows import reader
from odata_query.testing.conformance import query_of, zone_of

NEED_NAN = {"i div 0e0 ne i div 0e0", "f mod 0 eq f mod 0", "f mul 0 ne f mul 0"}


def stored(value, type, engine, zone):
    """Convert the value of a row for its column."""
    element = getattr(type, "element", type)
    if value is None or isinstance(element, StructuredType):
        return value
    if engine.name == "sqlite" and type is edm.DATE_TIME_OFFSET:
        return value
    read = reader(type, zone)
    if type in (edm.DOUBLE, edm.SINGLE):
        return float(value)
    return value if read is None else read(value)


def column(type, engine):
    element = getattr(type, "element", type)
    if isinstance(element, StructuredType):
        return type, dict.fromkeys(
            ("sqlite", "duckdb", "postgresql", "mysql", "clickhouse", "spark"), JSON[engine.name]
        )
    if engine.name == "sqlite" and type is edm.DATE_TIME_OFFSET:
        return type, {"sqlite": "TEXT"}
    if engine.name == "mysql" and type is edm.STRING:  # some texts are long
        return type, {"mysql": "TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci"}
    return edm.STRING if type.name.startswith(("Edm.Geo", "Edm.Stream")) else type


JSON = {
    "sqlite": "TEXT", "duckdb": "JSON", "postgresql": "JSONB", "mysql": "JSON", "clickhouse": "Nullable(String)",
    "spark": "STRING",
}  # fmt: skip


@pytest.fixture(scope="module")
def tables():
    return {}


def can_be_stored(row, engine):
    """True if an engine supports the numbers of a row."""
    numbers = [value for value in row.values() if isinstance(value, float)]
    return all(
        (n == n or engine.holds_nan) and (abs(n) != math.inf or engine.holds_infinity) for n in numbers
    )


def in_utc(row, model, engine, zone):
    """Convert the moments of a row to UTC, as engines do; SQLite's texts keep their offsets, or have none."""
    if engine.name == "sqlite":
        return row
    read = reader(edm.DATE_TIME_OFFSET, zone)
    moments = [m.name for m in model.members.values() if m.type is edm.DATE_TIME_OFFSET and row.get(m.name)]
    return row | {name: read(row[name]).astimezone(dt.UTC) for name in moments}


def table_of(engine, file, tables):
    """Create the table of a file when it is first used; return its name, its model and its rows."""
    model, rows, _, listed = FILES[file]
    zone = zone_of(listed[0])
    name = f"cases_{file}"
    if (engine.name, file) not in tables:
        members = model.members.values()
        kept = [in_utc(row, model, engine, zone) for row in rows if can_be_stored(row, engine)]
        columns = {m.column: column(m.type, engine) for m in members}
        engine.create(
            name,
            columns,
            [{m.column: stored(row.get(m.name), m.type, engine, zone) for m in members} for row in kept],
        )
        tables[engine.name, file] = model, kept
    return name, *tables[engine.name, file]


@pytest.mark.parametrize(("file", "case"), cases(accepted=True, slow=pytest.mark.slow))
def test_a_case_gives_its_rows(engine, file, case, tables):
    if str(case.get("filter")) in NEED_NAN and not engine.holds_nan:
        pytest.skip(f"{engine.name} has no NaN")
    name, model, rows = table_of(engine, file, tables)
    query = query_of(case, model)
    wanted = [row["id"] for row in python.apply(rows, query)]
    try:
        statement = sql.select(query, name, dialect=engine.name, columns=["id"])
    except (oq.UnsupportedError, oq.LimitError) as declared:
        pytest.skip(str(declared))
    except oq.ConfigurationError as declared:  # texts in JSON may have no offset
        if engine.name != "mysql" or "needs a time zone with a fixed offset" not in str(declared):
            raise
        pytest.skip(str(declared))
    found = [row[0] for row in engine.run(*statement)]
    if not query.orderby:
        found, wanted = sorted(found), sorted(wanted)
    assert found == wanted, f"{case['why']}\n{statement}"


LINKED = "lambdas_and_paths"


@pytest.fixture(scope="module")
def linked(engine, tables):
    """The model of a file with its items in a table of their own, and every link to one there twice."""
    name, model, rows = table_of(engine, LINKED, tables)
    items = {item["id"]: item for row in rows for item in row["Items"]}
    element = model.members["Items"].type.element
    columns = {m.column: column(m.type, engine) for m in element.members.values()}
    engine.create("linked_items", columns, list(items.values()))
    links = [{"row": row["id"], "item": item["id"]} for row in rows for item in row["Items"] * 2]
    engine.create("links", {"row": "Edm.Int32", "item": "Edm.Int32"}, links)
    through = oq.Through("links", {"id": "row"}, {"item": "id"})
    way = replace(model.properties["Items"], column=oq.Column(table="linked_items", through=through))
    return oq.EntityType(model.name, {**model.properties, "Items": way}), name, rows


@pytest.mark.parametrize(
    "case",
    [
        case
        for file, case in [each.values for each in cases(accepted=True)]
        if file == LINKED and "Items" in str(case)
    ],
    ids=lambda case: str(case.get("filter", case)),
)
def test_a_case_gives_its_rows_through_a_link_table(engine, case, linked):
    model, table, rows = linked
    query = query_of(case, model)
    wanted = [row["id"] for row in python.apply(rows, query)]
    try:
        statement = sql.select(query, table, dialect=engine.name, columns=["id"])
    except oq.UnsupportedError as declared:
        pytest.skip(str(declared))
    found = [row[0] for row in engine.run(*statement)]
    assert found == wanted if query.orderby else sorted(found) == sorted(wanted), statement
