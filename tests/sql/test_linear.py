"""Text of SQL grows linearly where an operation is nested in itself, and it means what Python means."""

from __future__ import annotations

import tracemalloc
from typing import Any

import differential
import pytest
from engines import Engine
from nested import COLUMNS, STEPS, nested

import odata_query as oq
from odata_query import sql
from odata_query.errors import LimitError, ODataError, UnsupportedError
from odata_query.sql.dialects import BUILT_IN, dialect
from odata_query.sql.dialects.base import Dialect
from odata_query.testing.conformance import PRODUCT

FREE = oq.Limits(
    max_length=None, max_nodes=None, max_depth=None, max_lambda_depth=None, max_cost=None, max_row_cost=None
)
FEW = 40
"""Rows of the tables that engines query."""


def unlimited(name: str) -> Dialect:
    """Make a dialect without limits of its engine but that of all characters."""
    base = type(dialect(name))
    limits = ("max_depth", "max_subqueries", "max_parameters", "max_terms", "max_scale")
    changed: dict[str, Any] = {**dict.fromkeys(limits), "max_length": 10**9}
    return type(base.__name__, (base,), {**changed, "nests_too_deep": Dialect.nests_too_deep})()


def query(name: str, depth: int) -> oq.Query:
    kind, _ = STEPS[name]
    return oq.parse_query(
        {"$filter": f"{nested(name, depth)} eq {COLUMNS[kind][1]}"}, entity_type=PRODUCT, limits=FREE
    )


def size(name: str, depth: int, engine: Dialect) -> int:
    return len(sql.select(query(name, depth), "products", dialect=engine).text)


@pytest.mark.parametrize("depths", [(4, 8, 12), pytest.param((10, 20, 30), marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", BUILT_IN)
def test_text_grows_linearly_with_the_nesting_of_each_operation(name: str, depths: tuple[int, ...]) -> None:
    engine, tried, found = unlimited(name), 0, {}
    for step in STEPS:
        try:
            first, second, third = (size(step, depth, engine) for depth in depths)
        except UnsupportedError:
            continue
        tried += 1
        if third - second > 1.2 * (second - first) + 200:  # short pieces are not bound to names
            found[step] = (first, second, third)
    assert found == {}
    assert tried > 270


@pytest.mark.parametrize("every", [5, pytest.param(1, marks=pytest.mark.slow)])
def test_nested_operations_keep_the_rows_that_python_keeps(engine: Engine, every: int) -> None:
    backend = differential.Database(engine)
    rows = differential.rows(infinite=engine.holds_infinity, nan=engine.holds_nan)[:FEW]
    different = []
    if engine.name == "spark":  # a chain takes it seconds
        every *= 20
    for step in [*STEPS][::every]:
        # The columns have six digits after the point, where the model says two: DuckDB has no room for many.
        for depth in (2,) if step.startswith("mul(Decimal,Decimal)") else (10, 4):
            try:
                given = query(step, depth)
                found = sorted(backend.apply(rows, given))
            except LimitError:  # the engine's own limits
                continue
            except ODataError:
                break
            if found != backend.expected(given) and not backend.excuse(given, found):
                different.append(step)
            break
    assert different == []


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_memory_of_a_statement_is_bounded_before_it_is_made(name: str) -> None:
    chains = [query(step, 40) for step in STEPS if step.startswith(("mul", "mod", "substring", "add(Da"))]
    codes = oq.EnumType("Code", {f"Member{n}": n for n in range(2_000)})
    row = oq.EntityType("Row", {"code": oq.Property(codes, storage="text")})
    texts = " or ".join(["code ne code"] * 900)  # each comparison has the 60,000 characters of a CASE twice
    tracemalloc.start()
    for given in [*chains, oq.parse_query({"$filter": texts}, entity_type=row, limits=FREE)]:
        try:
            sql.where(given, dialect=name)
        except ODataError:
            continue
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64_000_000
