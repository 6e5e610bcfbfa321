"""A backend of a third party: its searches, what it does not support, and that it finds the same rows."""

from __future__ import annotations

import ast
import datetime as dt
import enum
import json
import os
import subprocess
import sys
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import aem_backend
import aem_search
import pytest
from aem_search import Index, fields

import odata_query as oq
from odata_query import python
from odata_query.testing import check_backend

BACKEND = Path(aem_backend.__file__)


class Status(enum.Enum):
    OK = "Ok"
    ERROR = "Er"


class Rights(enum.Flag):
    READ = 1
    WRITE = 2


def required(type: Any, **more: Any) -> oq.Property:
    return oq.Property(type, nullable=False, **more)


REPOSITORY = oq.ComplexType(
    "Repository",
    {
        "size": required("Edm.Int64", attribute="repo:size"),
        "created": required("Edm.DateTimeOffset", attribute="repo:createDate"),
    },
)
PLACE = oq.ComplexType("Place", {"city": required("Edm.String"), "height": oq.Property("Edm.Int32")})
ASSET = oq.EntityType(
    "Asset",
    {
        "id": required("Edm.Int32", key=True, attribute="assetId"),
        "name": oq.Property("Edm.String"),
        "title": required("Edm.String", attribute="dc:title"),
        "repository": required(REPOSITORY, attribute="repositoryMetadata"),
        "place": oq.Property(PLACE),
        "links": oq.Property("Edm.Int32"),
        "price": oq.Property("Edm.Decimal"),
        "rating": oq.Property("Edm.Double"),
        "taken": oq.Property("Edm.Date"),
        "modified": oq.Property("Edm.DateTimeOffset"),
        "open": oq.Property("Edm.Boolean"),
        "public": required("Edm.Boolean"),
        "status": oq.Property(Status),
        "rights": oq.Property(Rights),
        "batch": oq.Property("Edm.Guid"),
        "length": oq.Property("Edm.Duration"),
        "tags": required("Collection(Edm.String)"),
    },
)
NAMES = (None, "front.jpg", "Front.jpg", "O'Neil", "", "100%", "名前", "😀", "\uffff", "ä", "a\u0308")


def asset(n: int) -> dict[str, Any]:
    """A row: each property is null, or missing, where its number says so."""
    row = {
        "assetId": n,
        "name": NAMES[n % len(NAMES)],
        "dc:title": NAMES[1 + n % (len(NAMES) - 1)],
        "repositoryMetadata": {
            "repo:size": (2**53 + n) if n % 3 else n,
            "repo:createDate": dt.datetime(2024, 1, 1 + n % 28, tzinfo=dt.UTC),
        },
        "place": [None, {"city": "Vigo", "height": None}, {"city": "Ávila", "height": n}][n % 3],
        "price": [None, Decimal("0.1"), Decimal("0.10000000000000000001"), Decimal("7.00")][n % 4],
        "rating": [None, 0.1, -0.0, 2.5, float("inf"), float("nan"), 1e300][n % 7],
        "taken": [None, dt.date(2024, 2, 29), dt.date(1969, 12, 31)][n % 3],
        "modified": [
            None,
            dt.datetime(2024, 1, 1, tzinfo=dt.UTC),
            dt.datetime(2024, 1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=1))),
            dt.datetime(2024, 1, 1, 0, 0, 0, 1, tzinfo=dt.UTC),
        ][n % 4],
        "open": [None, True, False][n % 3],
        "public": n % 2 == 0,
        "status": [None, Status.OK, "Er"][n % 3],
        "rights": [None, Rights.READ, 3, "WRITE", "WRITE,READ"][n % 5],
        "batch": [None, uuid.UUID(int=n % 4)][n % 2],
        "length": [None, dt.timedelta(n)][n % 2],
        "tags": ["a", "b"][: n % 3],
    }
    if n % 4:
        row["links"] = n % 9 - 2
    return row


ROWS = [asset(n) for n in range(130)]
ALL = {"exists": {"field": "assetId"}}


def apply(rows: list[Any], query: oq.Query) -> list[Any]:
    """Return the rows that the small evaluator finds, to compare with `python.apply`."""
    assert query.entity_type is not None
    index = Index(rows, fields(query.entity_type), query.default_timezone)
    return list(aem_backend.found(query, index.search))


def parsed(options: str | dict[str, str]) -> oq.Query:
    if isinstance(options, str):
        options = {"$filter": options}
    return oq.parse_query(options, entity_type=ASSET)


def term(field: str, *values: Any) -> dict[str, Any]:
    return {"term": {field: list(values)}}


def bound(field: str, name: str, value: Any) -> dict[str, Any]:
    return {"range": {field: {name: value}}}


def no(item: dict[str, Any]) -> dict[str, Any]:
    return {"not": [item]}


def some(*items: dict[str, Any]) -> dict[str, Any]:
    return {"or": list(items)}


def has(field: str) -> dict[str, Any]:
    return {"exists": {"field": field}}


# ---- what it says --------------------------------------------------------------------------------

SAID: list[tuple[str, list[dict[str, Any]]]] = [
    ("name eq 'O''Neil'", [term("name", "O'Neil")]),
    ("name ne 'x'", [no(term("name", "x"))]),
    ("name eq null", [no(has("name"))]),
    ("null ne name", [has("name")]),
    ("title ne null", [ALL]),
    ("title eq null", [no(ALL)]),
    ("links gt 3 and price le 1.50", [bound("links", "gt", 3), bound("price", "lte", 1.5)]),
    ("3 lt links", [bound("links", "gt", 3)]),
    ("not (links ge 3)", [no(bound("links", "gte", 3))]),
    ("not (public or open)", [term("public", False), term("open", False)]),
    ("open eq true", [term("open", True)]),
    ("open ne true", [no(term("open", True))]),
    ("name in ('a', null)", [some(term("name", "a"), no(has("name")))]),
    ("name eq 'a' or name eq 'b'", [term("name", "a", "b")]),
    ("name in ()", [no(ALL)]),
    ("status eq 'Ok' and rights eq 'WRITE,READ'", [term("status", "Ok"), term("rights", "READ,WRITE")]),
    ("repository/size ge 1024", [bound("repositoryMetadata.repo:size", "gte", 1024)]),
    (
        "repository/created lt 2024-01-31T10:20:30.5+02:00",
        [bound("repositoryMetadata.repo:createDate", "lt", "2024-01-31T10:20:30.500000+02:00")],
    ),
    ("modified ge 2024-01-31", [bound("modified", "gte", "2024-01-31T00:00:00+00:00")]),
    ("taken eq 2024-02-29", [term("taken", "2024-02-29")]),
    (
        "batch eq 00000000-0000-0000-0000-00000000000A",
        [term("batch", "00000000-0000-0000-0000-00000000000a")],
    ),
    ("rating ne NaN or name eq 'a'", [some(ALL, term("name", "a"))]),
    (
        "links gt 1 and links gt 2 and links gt 3 and links gt 4 and links gt 5 and links gt 6",
        [{"and": [bound("links", "gt", n) for n in range(1, 6)]}, bound("links", "gt", 6)],
    ),
]


@pytest.mark.parametrize(("text", "items"), SAID, ids=[text for text, _ in SAID])
def test_a_filter_becomes_the_items_of_a_search(text: str, items: list[Any]):
    assert aem_backend.search_body(parsed(text)) == {"query": items, "limit": 50}


def test_order_and_page_become_sort_and_limit():
    options = {"$orderby": "repository/size desc,title", "$top": "7", "$skip": "0"}
    assert aem_backend.search_body(parsed(options)) == {
        "query": [ALL],
        "sort": [
            {"field": "repositoryMetadata.repo:size", "order": "DESC"},
            {"field": "dc:title", "order": "ASC"},
            {"field": "assetId", "order": "ASC"},
        ],
        "limit": 7,
    }


# ---- what it refuses -----------------------------------------------------------------------------

EXPRESSION, FUNCTION, OPTION = (f"unsupported-{kind}" for kind in ("expression", "function", "option"))
REFUSED = [
    ("name eq 'a' and contains(name,'x')", FUNCTION, (16, 34), "'contains'"),
    ("not startswith(name,'x')", FUNCTION, (4, 24), "'startswith'"),
    ("length(name) eq 3", FUNCTION, (0, 12), "'length'"),
    ("links add 1 gt 2", FUNCTION, (0, 11), "'add'"),
    ("rights has 'READ'", FUNCTION, (0, 17), "'has'"),
    ("year(modified) eq 2024", FUNCTION, (0, 14), "'year'"),
    ("modified lt now()", FUNCTION, (12, 17), "'now'"),
    ("case(public:name) eq 'a'", FUNCTION, (0, 17), "'case'"),
    ("cast(links,Edm.String) eq '1'", FUNCTION, (0, 22), "'cast'"),
    ("repository/size eq 9007199254740994e0", FUNCTION, (0, 15), "'cast'"),  # a comparison of doubles
    ("public and tags/any(t: t eq 'a')", EXPRESSION, (11, 15), "A condition on 'tags'"),
    ("tags/all(t: contains(t,'a'))", EXPRESSION, (0, 4), "A condition on 'tags'"),
    ("tags/$count gt 1", EXPRESSION, (0, 4), "A condition on 'tags'"),
    ("'a' in tags", EXPRESSION, (7, 11), "A condition on 'tags'"),
    ("place eq null", EXPRESSION, (0, 5), "A condition on 'place'"),
    ("public and name eq title", EXPRESSION, (11, 24), "A comparison of two properties"),
    ("links gt id", EXPRESSION, (0, 11), "'gt' other than of a number or date with a value"),
    ("title gt 'a'", EXPRESSION, (0, 12), "'gt' other than of a number or date with a value"),
    ("status lt 'Er'", EXPRESSION, (0, 14), "'lt' other than of a number or date with a value"),
    ("open ge true", EXPRESSION, (0, 12), "'ge' other than of a number or date with a value"),
    ("rating lt INF", EXPRESSION, (0, 13), "The value inf of Edm.Double"),
    ("length eq duration'P1D'", EXPRESSION, (0, 23), "The value 1 day, 0:00:00 of Edm.Duration"),
    ("price eq 0.10000000000000000001", EXPRESSION, (0, 31), "The number 0.10000000000000000001"),
    ("[1,2] eq [1,2]", EXPRESSION, (0, 5), "A list, or a condition as a value,"),
    ("isof(1,Edm.String) eq open", EXPRESSION, (0, 18), "A list, or a condition as a value,"),
    ("public and null in (1,null)", EXPRESSION, (11, 15), "A comparison without a property"),
    ("1 lt 2", EXPRESSION, (5, 6), "A comparison without a property"),
    ("(name eq 'a') eq open", EXPRESSION, (1, 12), "A list, or a condition as a value,"),
    ("(public and open) eq true", EXPRESSION, (1, 16), "A list, or a condition as a value,"),
]


@pytest.mark.parametrize(("text", "code", "span", "what"), REFUSED, ids=[case[0] for case in REFUSED])
def test_what_the_search_cannot_say_is_a_501_with_its_name_and_place(text, code, span, what):
    with pytest.raises(oq.UnsupportedError) as caught:
        aem_backend.search_body(parsed(text))
    (problem,) = caught.value.problems
    message = f"{what} is not supported by AEM Assets."
    assert (problem.code, problem.option, problem.span, problem.message) == (code, "$filter", span, message)
    assert caught.value.status == 501


REFUSED_OPTIONS = [
    ({"$top": "0"}, OPTION, "$top", (0, 0), "$top=0"),
    ({"$top": "51"}, OPTION, "$top", (0, 0), "$top=51"),
    ({"$top": "5", "$skip": "10"}, OPTION, "$skip", (0, 0), "$skip=10"),
    ({"$orderby": "id,name desc"}, EXPRESSION, "$orderby", (3, 7), None),
    ({"$orderby": "place/city"}, EXPRESSION, "$orderby", (0, 10), None),
    ({"$orderby": "length(title)"}, EXPRESSION, "$orderby", (0, 13), None),
    ({"$orderby": "public"}, EXPRESSION, "$orderby", (0, 6), None),
]


@pytest.mark.parametrize(("options", "code", "option", "span", "what"), REFUSED_OPTIONS)
def test_an_order_or_a_page_that_the_search_has_not_is_a_501(options, code, option, span, what):
    with pytest.raises(oq.UnsupportedError) as caught:
        aem_backend.search_body(parsed(options))
    (problem,) = caught.value.problems
    what = what or "Sorting by other than a number, date or text, never null,"
    message = f"{what} is not supported by AEM Assets."
    assert (problem.code, problem.option, problem.span, problem.message) == (code, option, span, message)


def test_a_query_that_is_not_validated_is_the_developers_mistake():
    with pytest.raises(oq.ConfigurationError):
        aem_backend.search_body(oq.parse_query("$filter=a eq 1"))


# ---- what it finds -------------------------------------------------------------------------------

FILTERS = """
name eq 'O''Neil'
name eq ''
name eq '名前'
name eq '😀'
name eq 'ä'
name ne 'front.jpg'
name ne null
name eq null
not (name eq 'front.jpg')
name in ('front.jpg', '100%')
name in ('front.jpg', null)
not (name in ('front.jpg', null))
not (name in ('front.jpg'))
name in ()
not (name in ())
name eq 'Front.jpg' or name eq 'ä' or name eq null
name eq 'Front.jpg' or links eq 1
links gt 2
not (links gt 2)
links le null
not (links le null)
5 ge links
links ne 0
links eq 1.5
links lt 1.5
links eq 2e0
links lt 99999999999999999999
repository/size eq 9007199254740993
repository/size ge 9007199254740993 and repository/size lt 9007199254741000
price eq 0.1
price ne 0.1
price gt 0.1
price eq 7
price in (0.1, 7.0, null)
rating eq 0
rating eq 0.1
rating eq -0e0
rating eq NaN
rating ne NaN
rating gt NaN
not (rating gt NaN)
rating gt 1
not (rating gt 1)
rating le 1e300
rating in (0.1, NaN, 1)
rating eq null
taken eq 2024-02-29
taken lt 2000-01-01
not (taken ge 2000-01-01)
taken ne 1969-12-31
modified eq 2024-01-01
modified gt 2024-01-01T00:00:00Z
modified le 2024-01-01T01:00:00+01:00
not (modified eq 2024-01-01T00:00:00.000001Z)
repository/created ge 2024-01-15 and repository/created lt 2024-01-20
repository/created gt 0001-01-01T00:00:00Z
repository/created lt 9999-12-31T23:59:59.999999Z
open
not open
open eq false
open ne true
not (open and public)
not (open or public)
public or open
public
not public
status eq 'Ok'
status ne 'Ok'
status in ('Ok', 'Er')
rights eq 'READ,WRITE'
rights eq '3' or rights eq 'WRITE'
rights ne 'READ'
batch eq 00000000-0000-0000-0000-000000000001
batch ne 00000000-0000-0000-0000-000000000001
length eq null
length ne null
place/city eq 'Ávila'
place/city ne 'Ávila'
place/height gt 10
not (place/height gt 10)
place/height eq null
place/city in ('Vigo', null)
isof(name,Edm.String)
true
false
null
$it/name eq '100%'
(links gt 1 or open) and not (name eq '100%' and taken ne null) or price eq null
links eq 1 and open or links eq 2 and public or links eq 3 or links eq 4 or links eq 5 or name eq 'ä' or id lt 9
"""
ORDERS: list[dict[str, str]] = [
    {},
    {"$orderby": "title desc,id"},
    {"$orderby": "title,repository/size desc", "$top": "50"},
    {"$orderby": "repository/created desc", "$top": "13", "$filter": "links gt 0"},
    {"$top": "1"},
    {"$orderby": "$it/id desc"},
    {"$filter": "id lt 50"},
    {"$filter": "id lt 51", "$orderby": "id desc"},
    {"$filter": "id lt 100"},
]
QUERIES = [*FILTERS.strip().splitlines(), *ORDERS]


@pytest.mark.parametrize("options", QUERIES, ids=str)
def test_the_rows_are_those_of_the_python_backend(options):
    query = parsed(options)
    assert [row["assetId"] for row in apply(ROWS, query)] == [r["assetId"] for r in python.apply(ROWS, query)]


def test_without_top_all_pages_are_asked_for_by_their_cursors():
    asked = []
    index = Index(ROWS, fields(ASSET))

    def post(body: dict[str, Any]) -> dict[str, Any]:
        asked.append((body["limit"], body.get("cursor")))
        return index.search(body)

    assert len(list(aem_backend.found(parsed({"$orderby": "id"}), post))) == 130
    assert asked == [(50, None), (50, "page1"), (50, "page2")]


def test_a_long_filter_is_put_in_groups_that_the_search_takes():
    text = " and ".join(f"(id ne {n} or links eq {n})" for n in range(130))
    query = parsed(text)
    assert apply(ROWS, query) == python.apply(ROWS, query)


def test_the_search_for_words_is_no_contains():
    index = Index([{"name": "Front page.jpg"}], {"name": "text"})
    found = {
        text: bool(
            index.search({"query": [{"match": {"text": text, "fields": ["name"]}}]})["hits"]["results"]
        )
        for text in ("FRONT", "jpg front", "ront", "page.jp")
    }
    assert found == {"FRONT": True, "jpg front": True, "ront": False, "page.jp": False}


# ---- the evaluator -------------------------------------------------------------------------------

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"query": [ALL], "limit": 0}, "limit"),
    ({"query": [ALL], "limit": 51}, "limit"),
    ({"query": [ALL], "limit": True}, "limit"),
    ({}, "one to five"),
    ({"query": []}, "one to five"),
    ({"query": [ALL] * 6}, "one to five"),
    ({"query": [some(*[ALL] * 6)]}, "one to five"),
    ({"query": [{"not": [ALL, ALL]}]}, "not takes one"),
    ({"query": [{"fuzzy": {}}]}, "unknown kind"),
    ({"query": [{"term": {"x": [1]}, "exists": {"field": "x"}}]}, "one kind"),
    ({"query": [term("colour", 1)]}, "unknown field"),
    ({"query": [has("colour")]}, "unknown field"),
    ({"query": [term("links")]}, "takes values"),
    ({"query": [term("links", "1")]}, "not a number"),
    ({"query": [term("links", True)]}, "not a number"),
    ({"query": [term("open", 1)]}, "not a boolean"),
    ({"query": [term("tags", "a")]}, "only exists"),
    ({"query": [bound("links", "ge", 1)]}, "bounds"),
    ({"query": [bound("name", "gt", "a")]}, "numbers and dates"),
    ({"query": [bound("taken", "gt", "yesterday")]}, "isoformat"),
    ({"query": [bound("modified", "gt", "2024-01-01T00:00:00")]}, "offset"),
    ({"query": [bound("price", "gt", Decimal(1))]}, "not JSON"),
    ({"query": [bound("rating", "gt", float("inf"))]}, "JSON"),
    ({"query": [ALL], "sort": [{"field": "colour"}]}, "unknown field"),
    ({"query": [ALL], "sort": [{"field": "links", "order": "asc"}]}, "ASC or DESC"),
    ({"query": [ALL], "sort": [{"field": "tags"}]}, "sorted"),
    ({"query": [ALL], "cursor": "page9"}, "not a cursor"),
    ({"query": [ALL], "offset": 3}, "unknown options"),
]


@pytest.mark.parametrize(("body", "message"), WRONG, ids=[str(body) for body, _ in WRONG])
def test_the_evaluator_takes_no_body_that_the_search_would_not(body, message):
    with pytest.raises(ValueError, match=message):
        Index(ROWS, fields(ASSET)).search(body)


def test_a_cursor_is_of_one_search():
    index = Index(ROWS, fields(ASSET))
    cursor = index.search({"query": [ALL]})["cursor"]
    with pytest.raises(ValueError, match="not a cursor"):
        index.search({"query": [has("name")], "cursor": cursor})


# ---- as a backend --------------------------------------------------------------------------------


def test_the_backend_is_small_and_uses_what_is_public():
    text = BACKEND.read_text("utf-8")
    assert len(text.splitlines()) <= 150
    tree = ast.parse(text)
    imported = [alias.name for n in ast.walk(tree) if isinstance(n, ast.Import) for alias in n.names]
    taken = [(n.module, a.name) for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) for a in n.names]
    modules = [*imported, *[module for module, _ in taken]]
    assert {name for name in modules if name.startswith("odata_query")} == {
        "odata_query",
        "odata_query.logic",
        "odata_query.check.typed",
    }
    used = [n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)]
    assert [name for name in (*used, *[name for _, name in taken]) if name.startswith("_")] == []
    public = {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute) and ast.unparse(n.value) == "oq"}
    assert public <= set(oq.__all__)


def test_it_passes_the_checks_for_backends():
    report = check_backend(apply)
    assert {"and", "or", "not", "eq", "ne", "gt", "ge", "lt", "le", "in"} <= report.reached.keys()
    own = check_backend(apply, cases=False, entity_type=ASSET, rows=ROWS)
    assert own.tried > sum(own.refused.values())


def test_a_search_is_printed_by_one_command():
    program = Path(aem_search.__file__)
    query = "$filter=numLinks gt 7 and reference ne null&$top=5"
    environment = {**os.environ, "PYTHONPATH": str(program.parent.parent.parent)}
    done = subprocess.run(
        [sys.executable, program, query], capture_output=True, text=True, env=environment, check=True
    )
    body, *references = done.stdout.splitlines()
    assert json.loads(body)["limit"] == 5
    assert "team-2023.jpg" in references
