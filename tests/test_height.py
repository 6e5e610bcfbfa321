"""Trees of the greatest height: nothing that is done with one needs more than 400 frames of the stack."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from filters import LIFTED
from sized import HIGH, NODE, ROWS, TEXTS, height, highest

import odata_query as oq
from odata_query import python, sql
from odata_query.language.ast import MAX_HEIGHT
from odata_query.sql.dialects import BUILT_IN

USED, ALLOWED = 500, 400
REFUSED = "records", "functions of strangers", "members of lists"
"""Kinds of trees that no model takes."""


def used_depth() -> int:
    """Return the depth of the stack, with the calls of C functions around the test, which have no frames."""

    def descend(depth: int) -> int:
        try:
            return descend(depth + 1)
        except RecursionError:
            return depth

    return sys.getrecursionlimit() - descend(0)


def with_little_stack(do: Callable[[], Any]) -> Any:
    """Call a function from a stack that is 500 deep, where it can use 400 frames and a few for the test."""
    depth = used_depth()
    assert depth < USED

    def descend(frames: int) -> Any:
        return do() if frames == 0 else descend(frames - 1)

    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(USED + ALLOWED + 25)
    try:
        return descend(USED - depth)
    finally:
        sys.setrecursionlimit(limit)


def highest_text(name: str) -> str:
    make, _ = TEXTS[name]
    return make(highest(make))


def uses(tree: oq.Node) -> dict[str, Callable[[], Any]]:
    """Do everything that works on any tree."""
    return {
        "==": lambda: tree == tree.with_children(tree.children()),
        "hash": lambda: hash(tree),
        "repr": lambda: repr(tree),
        "unparse": lambda: oq.unparse(tree),
        "walk": lambda: list(oq.walk(tree)),
        "transform": lambda: oq.transform(tree, lambda node: node),
    }


@pytest.mark.parametrize("name", HIGH)
def test_a_tree_of_the_greatest_height_is_read_and_used_with_little_stack(name: str) -> None:
    text = highest_text(name)
    tree = with_little_stack(lambda: oq.parse_filter(text, limits=LIFTED))
    assert MAX_HEIGHT - 3 <= height(tree) <= MAX_HEIGHT
    for use in uses(tree).values():
        assert with_little_stack(use)
    assert tree == oq.parse_filter(text, limits=LIFTED)


def query_of(name: str) -> oq.Query:
    return oq.parse_query({"filter": highest_text(name)}, NODE, limits=LIFTED)


@pytest.mark.parametrize("name", REFUSED)
def test_a_tree_that_no_model_takes_is_refused_with_little_stack(name: str) -> None:
    tree = oq.parse_filter(highest_text(name), limits=LIFTED)
    with pytest.raises(oq.ODataError):
        with_little_stack(lambda: oq.validate(tree, NODE, limits=LIFTED))


CHECKED = sorted(set(HIGH).difference(REFUSED))


@pytest.mark.parametrize("name", CHECKED)
def test_a_query_of_the_greatest_height_is_checked_and_used_with_little_stack(name: str) -> None:
    query = with_little_stack(lambda: query_of(name))
    tree = query.filter
    assert tree is not None
    assert height(tree) >= MAX_HEIGHT - 3
    for use in uses(tree).values():
        assert with_little_stack(use)


@pytest.mark.parametrize("rows", [ROWS, ROWS * 500], ids=["few rows", "many rows"])
@pytest.mark.parametrize("name", CHECKED)
def test_a_query_of_the_greatest_height_is_answered_with_little_stack(
    name: str, rows: list[dict[str, Any]]
) -> None:
    query = query_of(name)
    with_little_stack(lambda: python.apply(rows, query))


@pytest.mark.parametrize("dialect", sorted(BUILT_IN))
@pytest.mark.parametrize("name", CHECKED)
def test_a_query_of_the_greatest_height_becomes_sql_with_little_stack(name: str, dialect: str) -> None:
    query = query_of(name)
    with suppress(oq.LimitError, oq.UnsupportedError):
        assert with_little_stack(lambda: sql.select(query, "nodes", dialect=dialect)).text


@pytest.mark.parametrize("pair", ["a eq {}:{}", "true:1", "a eq {}:b", "b:b"])
@pytest.mark.parametrize("count", [100, 290, 490])
def test_a_case_of_any_number_of_pairs_runs_however_deep_the_stack_is(pair, count):
    model = oq.EntityType("Row", {"a": oq.Property("Edm.Int32"), "b": oq.Property("Edm.Boolean")})
    text = f"case({','.join(pair.format(n, n) for n in range(count))}) ne null"
    query = oq.parse_query({"$filter": text}, model, limits=oq.Limits(max_cost=None))
    order = oq.parse_query({"$orderby": text}, model, limits=oq.Limits(max_cost=None))

    def run(frames: int) -> None:
        if frames:
            return run(frames - 1)
        for rows in ([{"a": 1, "b": True}] * 2, [{"a": 1, "b": True}] * 600):
            assert python.apply(rows, query) == python.apply(rows, order) == rows
        assert python.predicate(query)(rows[0])
        return None

    run(300)
