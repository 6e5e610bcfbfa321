"""The cases in tests/cases: what a query means, over every form of rows that Python has.

A file has a `model`, `rows` and `cases`. A case has a query: `query` (a raw query string, a mapping or
pairs), or any of `filter`, `orderby`, `top`, `skip`; a text may be a list of parts, `["(", 100]` being a
hundred of them. It gives `ids` (`"any"`: only that all forms agree), or a problem: any of `code`, `position`,
`option`, `suggestion`, `says` (part of the message), `problems` (their number), `status` and `error`, the
class. `limits` and `timezone` go to parse_query; `"many": false` leaves a case out of the many rows and of
printing, for its size.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import math
import re
import types
import zoneinfo
from decimal import Decimal
from pathlib import Path

import pytest

import odata_query as oq
from odata_query import edm, python
from odata_query.catalogue import PROBLEMS
from odata_query.model import ComplexType
from odata_query.python_rows import reader

FOLDER = Path(__file__).parent / "cases"
MANY = 600
UNBOUNDED = oq.Limits(**{bound.name: None for bound in dataclasses.fields(oq.Limits) if bound.init})
OPTIONS = ("filter", "orderby", "top", "skip")
CLASSES = {
    "parse": oq.ParseError,
    "validation": oq.ValidationError,
    "limit": oq.LimitError,
    "unsupported": oq.UnsupportedError,
}
INTERNAL = re.compile(
    r"Token|Error\b|Traceback|<class|object at 0x|EQUALITY|[A-Z]{3,}_[A-Z]+|\bSTRING\b|Literal\(|None\b"
)
"""What no client should read in a message."""


def property_of(text, named):
    """`Edm.Int32 key`, `Ns.Color`, `Collection(Ns.Item) not-sortable`."""
    name, *flags = text.split()
    inner = name.removeprefix("Collection(").removesuffix(")")
    return oq.Property(
        (lambda: named[inner]) if inner in named else inner,
        nullable="key" not in flags and "required" not in flags,
        key="key" in flags,
        filterable="not-filterable" not in flags,
        sortable="not-sortable" not in flags,
        collection=inner != name,
    )


def model_of(given):
    """The entity type of a file; `types` are enumerations (with values) and complex types."""
    named = {}
    for name, kind in given.get("types", {}).items():
        if "enum" in kind:
            named[name] = edm.EnumType(name, kind["enum"], kind.get("flags", False))
        else:
            named[name] = ComplexType(name, {k: property_of(v, named) for k, v in kind["properties"].items()})
    return oq.EntityType(given["name"], {k: property_of(v, named) for k, v in given["properties"].items()})


def native(value, type):
    """What JSON has for a value as Python's own: a datetime, a Decimal, an object with attributes."""
    if value is None:
        return None
    if isinstance(type, edm.CollectionType):
        return tuple(native(item, type.element) for item in value)
    if isinstance(type, oq.EntityType | ComplexType):
        members = type.members.values()
        return types.SimpleNamespace(**{m.name: native(value.get(m.name), m.type) for m in members})
    read = reader(type, dt.UTC)
    if type in (edm.DOUBLE, edm.SINGLE):
        return float(value)
    if type is edm.DATE_TIME_OFFSET:
        return dt.datetime.fromisoformat(value)  # without an offset, it is to stay so
    return value if read is None else read(value)


def plain(value, type):
    """A row as a dictionary; JSON has no NaN and no decimals, so those are texts."""
    if value is None:
        return None
    if isinstance(type, edm.CollectionType):
        return [plain(item, type.element) for item in value]
    if isinstance(type, oq.EntityType | ComplexType):
        return {m.name: plain(value[m.name], m.type) for m in type.members.values() if m.name in value}
    if type in (edm.DOUBLE, edm.SINGLE):
        return float(value)
    return Decimal(value) if type is edm.DECIMAL else value


def text_of(parts):
    if isinstance(parts, str):
        return parts
    return "".join(p if isinstance(p, str) else p[0] * p[1] for p in parts)


def options_of(case):
    if "query" not in case:
        return {f"${name}": text_of(case[name]) for name in OPTIONS if name in case}
    given = case["query"]
    return [tuple(pair) for pair in given] if isinstance(given, list) else given


def parsed(case, model):
    zone = case.get("timezone", "UTC")
    if zone[0] in "+-":
        hours = int(zone[:3])
        tz = dt.timezone(dt.timedelta(hours=hours))
    else:
        tz = dt.UTC if zone == "UTC" else zoneinfo.ZoneInfo(zone)
    limits = oq.Limits(**case.get("limits", {}))
    return oq.parse_query(options_of(case), entity_type=model, limits=limits, default_timezone=tz)


def label(case):
    text = json.dumps(case.get("query") or [case[name] for name in OPTIONS if name in case])
    wanted = case.get("ids", case.get("code", case.get("error", "error")))
    extra = "".join(f" {k}" for k in ("limits", "timezone") if k in case)
    return f"{text[:90]} -> {json.dumps(wanted)[:40]}{extra}"


def read_file(path):
    data = json.loads(path.read_text(encoding="utf-8"))
    model = model_of(data["model"])
    rows = data["rows"]
    dicts = [plain(row, model) for row in rows]
    objects = [native(row, model) for row in rows]
    return model, dicts, objects, data["cases"]


FILES = {path.stem: read_file(path) for path in sorted(FOLDER.glob("*.json"))}


def cases(*, accepted):
    return [
        pytest.param(name, case, id=f"{name}: {label(case)}")
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
    query = parsed(case, model)
    wanted = case["ids"]
    found = ids_of(python.apply(dicts, query))
    if wanted == "any":
        wanted = found
    assert found == wanted, "over dictionaries"
    assert ids_of(python.apply(objects, parsed(case, model))) == wanted, "over objects"
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
    query = parsed(case, model)
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
    query = parsed(case, model)
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
        parsed(case, model)
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
