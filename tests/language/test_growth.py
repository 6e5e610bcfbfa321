"""Texts of any size: trees are at most 200 high, of any width, and work grows no faster than the text does."""

# Tables of texts are easier to read in rows.
# ruff: noqa: E501
from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from filters import LIFTED
from sized import HIGH, NODE, ROWS, TEXTS, height, highest, lambdas

import odata_query as oq
from odata_query import python
from odata_query.language import tokens
from odata_query.language.ast import MAX_HEIGHT


@pytest.fixture(autouse=True)
def without_garbage_collection() -> Iterator[None]:
    """Trees have no cycles; looking for them among many nodes takes most of the time.

    Names that other tests have left remembered would be half of those of one text, and none of another's.
    """
    tokens._segments.clear()
    gc.disable()
    yield
    gc.enable()


SMALL = 2_000
"""The size that the fast tests take of each text; the slow ones take all of it."""
NAMED = [pytest.param(*case, id=name) for name, case in TEXTS.items()]
WITHIN = {"a long string", "white space", "quotes"}
"""Texts that are refused for nothing but their length."""
LIMITS = {
    "a sum": 1_500,
    "parentheses": 101,
    "nots": 101,
    "minuses": 101,
    "calls": 101,
    "lambdas": 5,
    "a path": 21,
    "a list": 1_001,
}
"""Sizes just above the default limits."""


def seen(text: str) -> None:
    """Everything that is done with a tree, without a model."""
    tree = oq.parse_filter(text, limits=LIFTED)
    printed = oq.unparse(tree)
    again = oq.parse_filter(printed, limits=LIFTED)
    assert tree == again
    assert hash(tree) == hash(again)
    assert repr(tree)
    count = sum(1 for _ in oq.walk(tree))
    visits = []

    def visit(node: oq.Node) -> oq.Node:
        visits.append(None)
        return oq.Literal(node.value, node.type) if isinstance(node, oq.Literal) else node

    assert oq.transform(tree, visit) == tree
    assert len(visits) == count


EVERY_SIZE = [
    pytest.param(make, size, id=f"{name} {size}", marks=pytest.mark.slow if size > SMALL else ())
    for name, (make, most) in TEXTS.items()
    if name not in HIGH
    for size in sorted({min(most, SMALL), most})
]


@pytest.mark.parametrize(("text", "size"), EVERY_SIZE)
def test_a_wide_tree_of_any_size_is_read_printed_compared_and_changed(
    text: Callable[[int], str], size: int
) -> None:
    seen(text(size))


@pytest.mark.parametrize("name", HIGH)
def test_a_tree_is_at_most_200_high(name: str) -> None:
    text, size = TEXTS[name]
    most = highest(text)
    assert MAX_HEIGHT - 3 <= height(oq.parse_filter(text(most), limits=LIFTED)) <= MAX_HEIGHT
    seen(text(most))
    for too_many in (most + 1, size):
        with pytest.raises(oq.LimitError) as raised:
            oq.parse_filter(text(too_many), limits=LIFTED)
        (problem,) = raised.value.problems
        assert problem.code == "expression-too-deep"
        assert "200" in problem.message
        assert 0 <= problem.span[0] < problem.span[1] <= len(text(too_many))


def test_the_place_of_a_tree_that_is_too_high_is_the_node_that_is_too_deep() -> None:
    text = "not " * MAX_HEIGHT + "(a eq 1)"
    with pytest.raises(oq.LimitError) as raised:
        oq.parse_filter(text, limits=LIFTED)
    assert raised.value.problems[0].span == (len(text) - 7, len(text) - 1)
    with pytest.raises(oq.LimitError) as raised:
        oq.parse_orderby(f"a,{text}", limits=LIFTED)
    assert raised.value.problems[0].span == (
        2 + 4 * (MAX_HEIGHT - 1),
        2 + len(text),
    )  # the item is a node too


@pytest.mark.parametrize("name", TEXTS)
def test_a_filter_of_any_size_is_answered_or_refused(name: str) -> None:
    text, size = TEXTS[name]
    size = highest(text) if name in HIGH else min(size, 1_200)
    refusals = []
    try:
        query = oq.parse_query({"filter": text(size)}, entity_type=NODE, limits=LIFTED)
        for rows in (ROWS, ROWS * 250):
            python.apply(rows, query)
        if query.filter is not None:
            python.predicate(query.filter)(ROWS[0])
    except oq.ODataError as wrong:
        refusals.append(wrong)
    assert all(str(wrong) and wrong.to_problem_details() and wrong.to_odata() for wrong in refusals)


@pytest.mark.parametrize("count", [20, 80])
def test_lambdas_nest_as_deep_as_the_limits_let_them(count: int) -> None:
    query = oq.parse_query({"filter": lambdas(count)}, entity_type=NODE, limits=LIFTED)
    row: dict[str, Any] = ROWS[0]
    for _ in range(count):
        row = {**ROWS[0], "items": [row]}
    for rows in ([*ROWS, row], [*ROWS, row] * 250):
        assert python.apply(rows, query) == [row] * (len(rows) // 3)


@pytest.mark.parametrize(("text", "size"), NAMED)
def test_the_default_limits_refuse_it(text: Callable[[int], str], size: int) -> None:
    with pytest.raises(oq.LimitError):
        oq.parse_filter(text(size))
    with pytest.raises(oq.LimitError):
        oq.parse_orderby(text(size))


@pytest.mark.parametrize(("name", "size"), LIMITS.items())
def test_the_default_limits_hold_for_what_is_just_above_them(name: str, size: int) -> None:
    with pytest.raises(oq.LimitError) as raised:
        oq.parse_filter(TEXTS[name][0](size))
    assert raised.value.problems[0].code != "text-too-long"


GUID = "01234567-89ab-cdef-0123-456789abcdef"


@pytest.mark.parametrize("item", [GUID, f"'{GUID}'", f"'{GUID}', ", "2024-01-31T10:20:30.1234567+01:00"])
def test_the_default_limits_have_room_for_the_longest_list(item: str) -> None:
    items = ",".join([item.rstrip(", ")] * 1_000) if item[-1] != " " else (item * 1_000)[:-2]
    for given in (f"$filter=n in ({items})", f"$filter=n%20in%20%28{items.replace(',', '%2C')}%29"):
        found = oq.parse_query(given.replace("+", "%2B"))
        assert isinstance(found.filter, oq.Call)
        assert len(found.filter.arguments[1].children()) == 1_000
    with pytest.raises(oq.LimitError) as raised:
        oq.parse_filter(f"n in ({items},1)")
    assert raised.value.problems[0].code == "list-too-long"


@pytest.mark.parametrize("name", [n for n in TEXTS if n not in WITHIN])
def test_the_default_limits_take_what_is_small(name: str) -> None:
    assert oq.parse_filter(TEXTS[name][0](4))


# ---- growth --------------------------------------------------------------------------------------


def work(do: Callable[[], object]) -> int:
    """Count the calls and returns of functions, Python's and C's."""
    events = 0

    def count(frame: Any, event: str, argument: Any) -> None:
        nonlocal events
        events += 1

    sys.setprofile(count)
    try:
        do()
    except oq.ODataError:
        pass
    finally:
        sys.setprofile(None)
    return events


def everything(text: str) -> None:
    seen(text)
    python.apply(ROWS, oq.parse_query({"filter": text}, entity_type=NODE, limits=LIFTED))


@pytest.mark.parametrize("name", TEXTS)
def test_twice_the_text_is_twice_the_work(name: str) -> None:
    text, size = TEXTS[name]
    small = highest(text) // 2 if name in HIGH else min(size // 10, 250)
    work(lambda: everything(text(2 * small)))  # what is learnt once is not counted
    assert work(lambda: everything(text(2 * small))) < 2.5 * work(lambda: everything(text(small))) + 500


@pytest.mark.parametrize(("text", "size"), NAMED)
def test_a_text_that_is_refused_takes_no_more_work(text: Callable[[int], str], size: int) -> None:
    small = min(size // 10, 250)

    def refused(size: int) -> None:
        for end in (" eq ", "\0", ")", " 'x"):
            with pytest.raises(oq.ODataError):
                oq.parse_filter(text(size) + end, limits=LIFTED)

    refused(2 * small)
    assert work(lambda: refused(2 * small)) < 2.5 * work(lambda: refused(small)) + 500


@pytest.mark.parametrize("name", HIGH)
def test_a_tree_that_is_too_high_is_refused_with_no_more_work(name: str) -> None:
    text, _ = TEXTS[name]

    def refused(size: int) -> None:
        with pytest.raises(oq.LimitError):
            oq.parse_filter(text(size), limits=LIFTED)

    refused(450)
    assert work(lambda: refused(450)) < 2.5 * work(lambda: refused(225)) + 500
