"""Databases evaluate nothing of a client's query on rows that the service's condition drops."""

from contextlib import suppress
from dataclasses import replace

import pytest
from fences import CONDITIONS, ORDER, QUERIES, SECRET, TABLES, fill, ids, nested, spied, spying
from indexes import PLANS

import odata_query as oq
from odata_query import python, sql

COUNT = 2_000


@pytest.fixture(scope="module", name="filled")
def filled_engine(engine):
    if engine.name not in ("sqlite", "duckdb", "postgresql", "mysql"):
        pytest.skip(f"{engine.name} has no functions that record their arguments")
    fill(engine, COUNT)
    yield engine
    for table in TABLES:
        engine.execute(f"DROP TABLE {table}")


@pytest.fixture(scope="module", name="rows")
def rows_in_python():
    return nested(COUNT)


def asked(text, condition):
    return oq.parse_query(text, ORDER).with_filter(condition, **CONDITIONS[condition])


@pytest.mark.parametrize("condition", CONDITIONS)
def test_no_function_of_the_client_reads_a_row_that_the_service_drops(filled, rows, condition):
    known = spying(filled.name)
    with spied(filled) as seen:
        for text in QUERIES:
            query = asked(text, condition)
            found = ids(filled, query, known)
            expected = [row["id"] for row in python.apply(rows, query)]
            assert (found if query.orderby else sorted(found)) == expected, text
            assert not any(SECRET in each for each in seen), text
        is_recorded = filled.name in ("sqlite", "duckdb")
        assert any("seen" in each for each in seen) or not is_recorded


def test_without_a_fence_some_of_these_queries_read_hidden_rows(filled):
    leaks = 0
    with spied(filled) as seen:
        for text in QUERIES:
            query = oq.parse_query(text, ORDER)
            joined = oq.parse_filter("owners/any(o:o eq 1)")
            if query.filter is not None:
                joined = oq.Call("and", (joined, oq.parse_filter(oq.unparse(query.filter))))
            query = replace(query, filter=oq.validate(joined, ORDER))
            seen.clear()
            with suppress(Exception):
                ids(filled, query, spying(filled.name))
                leaks -= not any(SECRET in each for each in seen)
            leaks += 1
    assert leaks or filled.name == "sqlite"  # which begins with the owners for so few rows


@pytest.mark.parametrize(
    "text",
    [
        "$filter=contains(note,'1')",
        "$filter=parts/any(p:contains(p/mark,'1'))",
        "$filter=parts/$count($filter=contains(mark,'1')) gt 0",
        "$filter=contains(note,'1')&$orderby=note&$top=5",
        "$orderby=note&$top=5",
        "$orderby=parts/$count&$top=5",
        "$filter=customer/name ne 'x'&$orderby=customer/name",
    ],
)
@pytest.mark.parametrize("condition", ["tenant eq @tenant", "tenant eq @tenant and owners/any(o:o eq @me)"])
def test_the_indexes_of_the_services_condition_still_find_the_rows(filled, text, condition):
    if filled.name not in PLANS:
        pytest.skip(f"{filled.name} has no such indexes")
    statement = sql.select(asked(text, condition), "orders", dialect=filled.name, columns=["id"])
    indexes, scans = PLANS[filled.name](filled, *statement)
    assert indexes & {"orders_tenant", "owners_owner"}, statement
    aliased = {"orders", "parts", "owners", "odata_0"} & scans
    assert not aliased, (statement, scans)
