"""The conformance cases over every form of rows in Python."""

from __future__ import annotations

import dataclasses
import json
import math
import re
import types
from decimal import Decimal

import pytest

import odata_query as oq
from odata_query import edm, python
from odata_query.model.properties import ComplexType
from odata_query.problems.catalogue import PROBLEMS
from odata_query.testing import conformance
from odata_query.testing.conformance import OPTIONS, query_of, suites

MANY = 600
UNBOUNDED = oq.Limits(**{bound.name: None for bound in dataclasses.fields(oq.Limits) if bound.init})
CLASSES = {
    "parse": oq.ParseError,
    "validation": oq.ValidationError,
    "limit": oq.LimitError,
    "unsupported": oq.UnsupportedError,
}
INTERNAL = re.compile(
    r"Token|Error\b|Traceback|<class|object at 0x|EQUALITY|[A-Z]{3,}_[A-Z]+|\bSTRING\b|Literal\(|None\b"
)
"""Internals that a message must not show to a client."""


def native(value, type):
    """Convert a row to an object with attributes."""
    value = conformance.native(value, type)

    def with_attributes(value):
        if isinstance(value, dict):
            return types.SimpleNamespace(**{name: with_attributes(part) for name, part in value.items()})
        return tuple(map(with_attributes, value)) if isinstance(value, list) else value

    return with_attributes(value)


def plain(value, type):
    """Convert a row to a dictionary; NaN and decimals are texts in JSON."""
    if value is None:
        return None
    if isinstance(type, edm.CollectionType):
        return [plain(item, type.element) for item in value]
    if isinstance(type, oq.EntityType | ComplexType):
        return {m.name: plain(value[m.name], m.type) for m in type.members.values() if m.name in value}
    if type in (edm.DOUBLE, edm.SINGLE):
        return float(value)
    return Decimal(value) if type is edm.DECIMAL else value


def label(case):
    text = json.dumps(case.get("query") or [case[name] for name in OPTIONS if name in case])
    wanted = case.get("ids", case.get("code", case.get("error", "error")))
    extra = "".join(f" {k}" for k in ("limits", "timezone") if k in case)
    return f"{text[:90]} -> {json.dumps(wanted)[:40]}{extra}"


def forms(suite):
    dicts = [plain(row, suite.entity_type) for row in suite.rows]
    objects = [native(row, suite.entity_type) for row in suite.rows]
    return suite.entity_type, dicts, objects, suite.cases


FILES = {suite.name: forms(suite) for suite in suites()}


def cases(*, accepted, slow=()):
    """Return the cases with their files' names; cases that are slow on engines get the marks `slow`."""
    return [
        pytest.param(name, case, id=f"{name}: {label(case)}", marks=slow if case.get("slow") else ())
        for name, (_, _, _, listed) in FILES.items()
        for case in listed
        if ("ids" in case) is accepted
    ]


def ids_of(rows):
    return [row["id"] if isinstance(row, dict) else row.id for row in rows]


def without_page(query):
    return dataclasses.replace(query, orderby=(), top=None, skip=None)


@pytest.mark.parametrize(("file", "case"), cases(accepted=True))
def test_a_query_gives_its_rows(file, case):
    model, dicts, objects, _ = FILES[file]
    query = query_of(case, model)
    wanted = case["ids"]
    found = ids_of(python.apply(dicts, query))
    if wanted == "any":
        wanted = found
    assert found == wanted, f"over dictionaries; {case['why']}"
    assert ids_of(python.apply(objects, query_of(case, model))) == wanted, f"over objects; {case['why']}"
    kept = ids_of(python.apply(dicts, without_page(query)))
    assert python.count(dicts, query) == len(kept)
    if "count" in case:
        assert (query.count, python.count(dicts, query)) == (True, case["count"])
    for name, rows in {"dictionaries": dicts, "objects": objects}.items():
        holds = python.predicate(query.filter, entity_type=model, default_timezone=query.default_timezone)
        assert ids_of(filter(holds, rows)) == kept, f"by a predicate of {name}"


@pytest.mark.parametrize(("file", "case"), [p for p in cases(accepted=True) if p.values[1].get("many", True)])
def test_a_query_gives_its_rows_among_many(file, case):
    model, dicts, objects, _ = FILES[file]
    copies = math.ceil(MANY / len(dicts))
    query = query_of(case, model)
    wanted = case["ids"]
    if wanted == "any":
        wanted = ids_of(python.apply(dicts, query))
    for name, rows in {"dictionaries": dicts, "objects": objects}.items():
        many = [row for row in rows for _ in range(copies)]
        scaled = dataclasses.replace(
            query,
            top=None if query.top is None else query.top * copies,
            skip=None if query.skip is None else query.skip * copies,
        )
        assert len(many) >= python.MANY_ROWS
        found = ids_of(python.apply(many, scaled))
        assert found == [n for n in wanted for _ in range(copies)], f"over many {name}"


@pytest.mark.parametrize(("file", "case"), [p for p in cases(accepted=True) if p.values[1].get("many", True)])
def test_a_filter_printed_again_gives_the_same_rows(file, case):
    model, dicts, _, _ = FILES[file]
    query = query_of(case, model)
    if query.filter is None:
        return
    text = oq.unparse(query.filter)
    again = oq.parse_query({"$filter": text}, entity_type=model, limits=UNBOUNDED)
    plain_query = without_page(query)
    expected = ids_of(python.apply(dicts, plain_query))
    again = dataclasses.replace(again, default_timezone=query.default_timezone)
    assert ids_of(python.apply(dicts, again)) == expected, text


@pytest.mark.parametrize(("file", "case"), cases(accepted=False))
def test_a_wrong_query_says_what_is_wrong_and_where(file, case):
    model = FILES[file][0]
    with pytest.raises(oq.ODataError) as caught:
        query_of(case, model)
    error = caught.value
    problem = error.problems[0]
    given = {
        "code": problem.code,
        "position": problem.span[0],
        "option": problem.option,
        "suggestion": problem.suggestion,
        "problems": len(error.problems),
        "error": type(error).__name__,
        "status": error.status,
    }
    wanted = {key: value for key, value in case.items() if key in given}
    assert {key: given[key] for key in wanted} == wanted, str(error)
    assert type(error) in {CLASSES[PROBLEMS[one.code].kind] for one in error.problems}
    assert error.status == (501 if isinstance(error, oq.UnsupportedError) else 400)
    assert case.get("says", "") in problem.message
    for one in error.problems:
        assert one.code in PROBLEMS
        assert one.span[0] <= one.span[1]
        assert len(one.message) < 400
        assert not INTERNAL.search(one.message), one.message
    assert str(error)
    json.dumps([error.to_odata(), error.to_problem_details()])
