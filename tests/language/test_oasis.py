"""The official cases of the grammar, and our own that mean the same where those are not at hand."""

# Tables of texts are easier to read in rows.
# ruff: noqa: E501
from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

import odata_query as oq

FILE = Path(__file__).parent.parent.parent.parent / "shared" / "oasis" / "cases.json"
OFFICIAL: list[dict[str, Any]] = json.loads(FILE.read_text("utf-8"))["cases"] if FILE.exists() else []
EXPRESSIONS = {
    "commonexpr",
    "boolcommonexpr",
    "firstmemberexpr",
    "propertypathexpr",
    "isofexpr",
    "notexpr",
    "filter",
}


def read(rule: str, given: str) -> tuple[object, object]:
    """Parse a case, and once more the text printed from its tree."""
    text = unquote(given)
    kind = rule.lower()
    if kind == "queryoptions":
        query = oq.parse_query(given)
        options = {}
        if query.filter is not None:
            options["filter"] = oq.unparse(query.filter)
        if query.orderby:
            options["orderby"] = oq.unparse(query.orderby)
        again = oq.parse_query(options)
        return (query.filter, query.orderby), (again.filter, again.orderby)
    if kind == "orderby":
        items = oq.parse_orderby(
            text.partition("=")[2] if text.lower().lstrip("$").startswith("orderby=") else text
        )
        return items, oq.parse_orderby(oq.unparse(items))
    if kind == "filter":
        text = text.partition("=")[2] if text.lower().lstrip("$").startswith("filter=") else text
    elif kind == "anyexpr":
        text = f"Products/{text}"
    elif kind not in EXPRESSIONS:
        text = f"Prop eq {text}"
    tree = oq.parse_filter(text)
    return tree, oq.parse_filter(oq.unparse(tree))


def label(case: dict[str, Any]) -> str:
    return f"{case['Rule']}: {case['Input']}"[:60]


@pytest.mark.skipif(not OFFICIAL, reason=f"the official cases are not at {FILE}")
def test_the_official_cases_are_there() -> None:
    assert len(OFFICIAL) > 150


@pytest.mark.parametrize("case", [c for c in OFFICIAL if "FailAt" not in c], ids=label)
def test_an_official_case_is_read_and_printed(case: dict[str, Any]) -> None:
    tree, again = read(case["Rule"], case["Input"])
    assert tree == again


def is_number(case: dict[str, Any]) -> bool:
    """No dates, but numbers where any literal may stand."""
    return case["Rule"] == "date" and case["Input"] in ("INF", "-INF")


@pytest.mark.parametrize("case", [c for c in OFFICIAL if "FailAt" in c and not is_number(c)], ids=label)
def test_an_official_case_that_fails_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(oq.ODataError):
        read(case["Rule"], case["Input"])


RIGHT = (  # rule, input in percent-encoding
    ("commonExpr", "Price add Tax"), ("commonExpr", "Price%20sub%20Tax mul 2"), ("commonExpr", "-Price"), ("commonExpr", "-(Price add 1)"),
    ("commonExpr", "Total divby 3"), ("commonExpr", "Total mod 3 eq 1"), ("commonExpr", "$it/Price"), ("commonExpr", "$root/Shops('x')/Name"),
    ("commonExpr", "Lines/$count"), ("commonExpr", "Lines/$count($filter=Qty gt 2)"), ("commonExpr", "Lines/$filter(Qty gt 2)/$count"),
    ("commonExpr", "@p"), ("commonExpr", "Shop.Best(kind='a',size=2)"), ("commonExpr", "Lines/Shop.Best()/Name"), ("commonExpr", "cast(Price,Edm.String)"),
    ("commonExpr", "case(Qty gt 2:'many',true:'few')"), ("commonExpr", "concat(concat(A,', '),B)"), ("commonExpr", "substring(Name,1,2)"),
    ("commonExpr", "geo.distance(Here,geography'SRID=4326;Point(8.4 49.0)')"), ("commonExpr", "[1,2,3]"), ("commonExpr", '["a",{"b":null}]'),
    ("commonExpr", "fractionalseconds(At)"), ("commonExpr", "now() sub duration'P1D'"), ("commonExpr", "matchesPattern(Name,'%5EA.*z$')"),
    ("boolCommonExpr", "Name EQ 'x' And not Done"), ("boolCommonExpr", "not(Done)"), ("boolCommonExpr", "Done or not Done and Done"),
    ("boolCommonExpr", "Color has Shop.Color'Red,Blue'"), ("boolCommonExpr", "Name in ('a','b''c')"), ("boolCommonExpr", "Name in Names"),
    ("boolCommonExpr", "Name in ()"), ("boolCommonExpr", "Lines/any(l:l/Qty gt 2 and l/Item/Tags/all(t:t ne 'x'))"), ("boolCommonExpr", "Lines/any()"),
    ("boolCommonExpr", "hassubset(Tags,['a'])"), ("boolCommonExpr", "isof(Shop.Vip) and isof(Owner,Shop.Person)"), ("boolCommonExpr", "a eq b eq c"),
    ("isofExpr", "isof(Owner,Shop.Person)"), ("notExpr", "not not Done"), ("firstMemberExpr", "Owner/Shop.Vip/Name"), ("propertyPathExpr", "Owner/Home/City"),
    ("firstMemberExpr", "Owner/@Core.Description"), ("anyExpr", "any(x:x eq 1)"), ("anyExpr", "any()"),
    ("filter", "$filter=Name%20eq%20'O''Neil'"), ("filter", "filter=a eq 1"), ("filter", "$filter=contains(Name,'%25')"),
    ("orderby", "$orderby=Name desc,Owner/Name asc,Qty"), ("orderby", "$orderby=length(Name)%20DESC"), ("orderby", "orderby=Lines/$count desc"),
    ("queryOptions", "$filter=a%20eq%20'%26'&$orderby=b desc&$top=5&$skip=0&$count=true"), ("queryOptions", "filter=a+eq+1&TOP=3&custom=x"),
    ("queryOptions", "$filter=a eq @p&@p='x'"), ("queryOptions", "$orderby=a"),
    ("dateValue", "2024-02-29"), ("dateValue", "-0001-12-31"), ("dateTimeOffsetValue", "2024-02-29T23:59:60Z"), ("timeOfDayValue", "07:59:59.999"),
    ("guidValue", "01234567-89ab-cdef-0123-456789abcdef"), ("duration", "duration'-P3DT4H5M6.7S'"), ("binary", "binary'AAEC'"), ("int64", "-9223372036854775808"),
    ("decimal", "3.141592653589793238462643383279"), ("double", "-6.02e23"), ("double", "-INF"), ("double", "NaN"), ("string", "'%C3%84%F0%9F%98%80'"), ("null", "null"),
    ("boolean", "TRUE"), ("enum", "Shop.Color'4'"), ("geographyPoint", "geography'SRID=4326;Point(-8.5 49)'"),
    ("geometryPolygon", "geometry'SRID=0;Polygon((0 0,4 0,4 4,0 0),(1 1,2 1,2 2,1 1))'"),
)  # fmt: skip
WRONG = (
    ("commonExpr", "Price add"), ("commonExpr", "add Price Tax"), ("commonExpr", "Price plus Tax"), ("commonExpr", "Price%0Aadd Tax"), ("commonExpr", "Price+add+Tax"),
    ("commonExpr", "f(1"), ("commonExpr", "f (1)"), ("commonExpr", "$top"), ("commonExpr", "Lines/$count/"), ("commonExpr", "[1,]"), ("commonExpr", '{"a"}'), ("commonExpr", "case(1)"),
    ("boolCommonExpr", "Name in (Name,Other)"), ("boolCommonExpr", "Names eq ('a','b')"), ("boolCommonExpr", "Lines/any(Qty gt 2)"), ("boolCommonExpr", "Lines/all()"),
    ("boolCommonExpr", "any()"), ("boolCommonExpr", "not Done eq"), ("boolCommonExpr", "Name eq 'a"), ("boolCommonExpr", "a eq b)"), ("boolCommonExpr", "a%00 eq b"),
    ("anyExpr", "any(x/y:true)"), ("orderby", "$orderby="), ("orderby", "$orderby=a,"), ("orderby", "$orderby=a up"), ("filter", "$filter="),
    ("queryOptions", "$filter=a&$filter=b"), ("queryOptions", "$top=-1"), ("queryOptions", "$top=%D9%A5"), ("queryOptions", "$top=1_000"), ("queryOptions", "$skip=+1"),
    ("queryOptions", "$count=banana"), ("queryOptions", "$filter=%FF"), ("queryOptions", "$filter=%2"), ("queryOptions", "$foo=1"), ("queryOptions", "$expand=Lines"),
    ("date", "2024-02-32"), ("date", "2024-13-01"), ("date", "24-01-01"), ("dateTimeOffset", "2024-01-01T25:00Z"), ("timeOfDay", "12:30::45"), ("timeOfDay", "7:59"),
    ("guid", "01234567-89ab-cdef-0123-456789abcde"), ("duration", "duration'P1Y'"), ("binary", "binary'A'"), ("decimal", "1."), ("decimal", ".5"), ("int64", "%D9%A3"),
    ("string", "'a'b'"), ("string", "%22a%22"), ("boolean", "yes to all"), ("enum", "Shop.Color'Red"), ("geographyPoint", "geography'Point(1 2)'"), ("geographyPoint", "geography'SRID=4326;Point(1)'"),
)  # fmt: skip


@pytest.mark.parametrize(("rule", "given"), RIGHT)
def test_a_text_of_the_grammar_is_read_and_printed(rule: str, given: str) -> None:
    tree, again = read(rule, given)
    assert tree == again


@pytest.mark.parametrize(("rule", "given"), WRONG)
def test_a_text_that_is_not_of_the_grammar_is_refused(rule: str, given: str) -> None:
    with pytest.raises(oq.ODataError):
        read(rule, given)
