"""The kit for backends finds their usual mistakes, and shows each by a small query."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from engines import Sqlite
from planted import MISTAKES, Mistake, OnPython, OnSqlite, backend_of

from odata_query.testing import check_backend

SEEDS = (2, 4, 5)
PLANTED = [(name, where) for name, mistake in MISTAKES.items() for where in mistake.on]
USUAL = tuple(MISTAKES)[:10]
OFTEN_MET = [
    (name, where, seed)
    for name, where in PLANTED
    if where not in MISTAKES[name].seldom
    for seed in SEEDS[: 3 if name in USUAL else 1]
]
FEW = ("ne loses null", "null sorts last", "nested lambdas share a variable")
"""The mistakes that the fast tests plant."""
CLEAREST = {
    "contains is a LIKE without ESCAPE": r"contains\(",
    "round goes to even numbers": r"round\(",
    "null sorts last": "^[A-Za-z/$]+( desc)?$",
    "in loses null": r" in \(null\)",
}
"""A pattern for the query that is shown."""


def few(cases: Sequence[tuple[Any, ...]]) -> list[Any]:
    """Mark all cases as slow but one for each of a few mistakes."""
    fast = {name: next(case for case in cases if case[0] == name) for name in FEW}
    return [
        pytest.param(*case, marks=() if fast.get(case[0]) == case else pytest.mark.slow) for case in cases
    ]


@pytest.fixture(scope="module")
def database() -> Iterator[Sqlite]:
    found = Sqlite()
    yield found
    found.close()


def check(backend: OnPython | OnSqlite, **more: int | bool) -> None:
    check_backend(backend, nan=backend.nan, excuse=backend.excuse, most=1, **more)


@pytest.mark.parametrize("where", ["sqlite", "python"])
def test_a_backend_without_a_mistake_passes(where: str, database: Sqlite) -> None:
    check(backend_of(Mistake(), where, database), queries=500, seed=SEEDS[0])


@pytest.mark.parametrize(("name", "where"), few(PLANTED))
def test_conformance_cases_find_a_mistake(name: str, where: str, database: Sqlite) -> None:
    with pytest.raises(AssertionError, match="1 kinds of disagreement") as caught:
        check(backend_of(MISTAKES[name], where, database), queries=0)
    assert "TypeError" not in str(caught.value), "the mistake is planted into a function of another form"


@pytest.mark.parametrize(("name", "where", "seed"), few(OFTEN_MET))
def test_a_thousand_random_queries_find_a_mistake(name: str, where: str, seed: int, database: Sqlite) -> None:
    with pytest.raises(AssertionError, match="1 kinds of disagreement") as caught:
        check(backend_of(MISTAKES[name], where, database), cases=False, seed=seed)
    assert "TypeError" not in str(caught.value), "the mistake is planted into a function of another form"
    if name in CLEAREST:
        shown = options_in(str(caught.value))
        option = "$orderby" if name == "null sorts last" else next(iter(shown))
        assert re.search(CLEAREST[name], shown[option])
        assert sum(map(len, shown.values())) <= 70


def options_in(text: str) -> Mapping[str, str]:
    """The options of the first disagreement in a report of `check_backend`."""
    [line] = re.findall(r"^  (\{.*\})$", text, re.MULTILINE)
    options: Mapping[str, str] = ast.literal_eval(line)
    return options
