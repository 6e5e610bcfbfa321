"""Closures, generated code and predicates keep the same rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from differential import rows as products

import odata_query as oq
from odata_query import python
from odata_query.testing import Check
from odata_query.testing.conformance import PRODUCT

ROW = oq.EntityType(
    "Row",
    {
        "id": oq.Property("Edm.Int32", key=True),
        "text": oq.Property("Edm.String"),
        "pattern": oq.Property("Edm.String"),
        "moment": oq.Property("Edm.DateTimeOffset"),
        "flag": oq.Property("Edm.Boolean"),
    },
)


class Forms:
    """A backend that is wrong where forms or functions of `odata_query.python` disagree."""

    def apply(self, rows: Sequence[Any], query: oq.Query) -> list[Any]:
        filter_only = replace(query, orderby=(), top=None, skip=None)
        expected = python.apply(rows, filter_only)
        test = python.predicate(query)
        assert [row for row in rows if test(row)] == expected, "predicate and apply disagree"
        assert python.count(rows, query) == len(expected), "count and apply disagree"
        assert python.apply([*rows, *rows, *rows], filter_only) == expected * 3, "few and many rows disagree"
        return python.apply(rows, query)


def test_predicates_and_counts_keep_the_rows_of_random_queries_in_all_forms():
    check = Check(Forms())
    check.queries(PRODUCT, products(infinite=True, nan=True), 300, 3)
    assert not check.report.disagreements, str(check.report)


def forms_of(query: oq.Query, row: Any) -> list[bool]:
    """The results of each form for a row."""
    return [
        python.apply([row], query) == [row],
        python.apply([row] * 500, query) == [row] * 500,
        python.predicate(query)(row),
        python.count([row], query) == 1,
    ]


@pytest.mark.parametrize(
    ("filter", "keeps"),
    [
        # A pattern in the data that is malformed gives null, and so does its opposite.
        ("matchespattern(text,pattern)", False),
        ("not matchespattern(text,pattern)", False),
        ("not (matchespattern(text,pattern) and text eq 'x')", False),
        ("matchespattern(text,pattern) eq null", True),
        ("matchespattern(text,pattern) ne true", True),
        ("not (flag and text eq 'x') or flag eq null", True),
        ("moment eq 2024-05-01T10:00:00Z", True),
        ("moment lt 2024-05-01T12:00:00", False),
        ("true", True),
        ("false", False),
        ("null", False),
    ],
)
def test_a_filter_means_the_same_in_all_forms(filter, keeps):
    zone = dt.timezone(dt.timedelta(hours=2))
    row = {"id": 1, "text": "x", "pattern": "(", "moment": dt.datetime(2024, 5, 1, 12), "flag": None}
    query = oq.parse_query({"$filter": filter}, ROW, default_timezone=zone)
    assert forms_of(query, row) == [keeps] * 4
    assert python.predicate(query.filter, default_timezone=zone)(row) is keeps


def test_a_predicate_without_a_filter_keeps_all_rows():
    for given in (
        None,
        oq.parse_query("", ROW),
        oq.parse_query("$top=1"),
        oq.parse_query("$orderby=id", ROW),
    ):
        assert python.predicate(given)({"id": 1})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda query: python.predicate(query, ROW), "has its own entity_type"),
        (lambda query: python.predicate(query, default_timezone=dt.UTC), "has its own .* default_timezone"),
        (lambda query: python.predicate(oq.parse_query("$filter=id eq 1")), "needs an entity_type"),
        (lambda query: python.predicate(oq.parse_filter("id eq 1")), "needs an entity_type"),
        (lambda query: python.predicate(oq.parse_filter("5")), "needs an entity_type"),
    ],
)
def test_a_predicate_refuses_arguments_that_are_missing_or_contradict_the_query(call, message):
    with pytest.raises(oq.ConfigurationError, match=message):
        call(oq.parse_query("$filter=id eq 1", ROW))


def test_a_predicate_validates_a_literal_where_it_has_a_model():
    assert python.predicate(oq.parse_filter("true"), ROW)({})
    with pytest.raises(oq.ValidationError):
        python.predicate(oq.parse_filter("5"), ROW)


@pytest.mark.parametrize("size", [10, 150, 900])
def test_a_case_of_any_width_is_answered_from_a_deep_stack(size):
    pairs = ",".join(f"id eq {number} : {number}" for number in range(size))
    limits = oq.Limits(max_nodes=None, max_length=None)
    query = oq.parse_query({"$filter": f"case({pairs}) eq {size - 1}"}, ROW, limits=limits)
    rows = [{"id": number} for number in range(900)]
    assert from_depth(500, lambda: python.apply(rows, query)) == [{"id": size - 1}]
    assert from_depth(500, lambda: python.predicate(query)(rows[size - 1]))


def from_depth(depth: int, call: Callable[[], Any]) -> Any:
    return call() if depth == 0 else from_depth(depth - 1, call)


def test_a_query_that_was_changed_after_its_first_run_gives_the_rows_of_what_it_is_now():
    rows = [{"id": 1, "text": "a"}, {"id": 2, "text": "b"}]
    query = oq.parse_query("$filter=text eq 'a'&$orderby=id", ROW)
    other = oq.parse_query("$filter=true or text eq 'b'&$orderby=id desc", ROW)
    assert [row["id"] for row in python.apply(rows, query)] == [1]
    query.filter, query.orderby = other.filter, other.orderby
    assert [row["id"] for row in python.apply(rows, query)] == [2, 1]
