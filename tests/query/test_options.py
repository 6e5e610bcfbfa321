"""The table of query options, and how the options of a request are sorted by it."""

from __future__ import annotations

import dataclasses

import pytest

import odata_query as oq
from odata_query.language._tables import STARTS
from odata_query.problems.catalogue import PROBLEMS
from odata_query.query.options import OPTIONS, classify_options, read_options


def test_each_row_names_a_rule_of_the_grammar_a_field_of_a_query_and_a_limit():
    fields = {field.name for field in dataclasses.fields(oq.Query)}
    limits = {field.name for field in dataclasses.fields(oq.Limits)}
    for name, option in OPTIONS.items():
        assert name in fields
        assert not option.limit or option.limit in limits
        assert not option.limit or PROBLEMS[option.too_large].kind == "limit"
    assert set(OPTIONS) == set(STARTS)


@pytest.mark.parametrize(
    ("given", "texts", "aliases", "cut", "problems"),
    [
        ("", {}, {}, set(), []),
        ("?$filter=a&TOP=1&$Skip=2", {"filter": "a", "top": "1", "skip": "2"}, {}, set(), []),
        ("$filter=a%20b+c=d", {"filter": "a b c=d"}, {}, set(), []),
        ("$filter=@p&@p=1&@q=2", {"filter": "@p"}, {"@p": "1", "@q": "2"}, set(), []),
        ("color=red&$top=1&size=", {"top": "1"}, {}, {"$", "$top"}, []),
        ("$top=1&top=2", {"top": "1"}, {}, set(), ["duplicate-option"]),
        ("@p=1&@p=2", {}, {"@p": "1"}, set(), ["duplicate-option"]),
        ("@1=1", {}, {}, set(), ["invalid-name"]),
        ("$expand=a&$Search=b", {}, {}, set(), ["unsupported-option"] * 2),
        ("$filter=name eq 'a&search=c'", {"filter": "name eq 'a"}, {}, {"$filter"}, []),
        ("$fliter=a&amp;$filter=a", {}, {}, set(), ["unknown-option"] * 2),
        ("$filter=name eq 'a&b (c)'", {}, {}, {"$filter"}, ["invalid-encoding"]),
        ("$filter=name eq 'a&b=c'", {"filter": "name eq 'a"}, {}, {"$filter"}, []),
        ("$filter=%ff&$top=%", {}, {}, set(), ["invalid-encoding"] * 2),
    ],
)  # fmt: skip
def test_options_are_sorted_into_values_aliases_and_problems(given, texts, aliases, cut, problems):
    request = classify_options(read_options(given), oq.Limits())
    assert (request.texts, request.aliases, request.cut) == (texts, aliases, cut)
    assert [problem.code for problem in request.problems] == problems


@pytest.mark.parametrize(
    ("given", "texts", "problems"),
    [
        ("filter=a&top=b&Count=c&skip=%ZZ&orderby=e", {}, []),
        ("filter=a&$filter=b&FILTER=c&filter=d", {"filter": "b"}, []),
        ("$filter=a&$Filter=b", {"filter": "a"}, ["duplicate-option"]),
        ("$select=a&select=b", {}, ["unsupported-option"]),
        (" top=1& $top=1&amp;$skip=1", {}, ["unknown-option"] * 2),
    ],
)
def test_a_service_can_require_the_dollar_sign(given, texts, problems):
    request = classify_options(read_options(given), oq.Limits(), require_dollar=True)
    assert (request.texts, [problem.code for problem in request.problems]) == (texts, problems)


def test_parse_query_leaves_names_without_a_dollar_sign_to_the_service_that_requires_it():
    model = oq.EntityType("Image", {"id": oq.Property("Edm.Int32", key=True)})
    query = oq.parse_query("filter=anything&top=x&$top=3&search=s", model, require_dollar=True)
    assert (query.filter, query.top) == (None, 3)
    with pytest.raises(oq.ODataError):
        oq.parse_query("top=x&$top=3&search=s", model)


@pytest.mark.parametrize(
    ("given", "suggestion"),
    [("$fliter=a", "$filter"), ("$limit=1", "$top"), (" $top=1", "$top"), ("$zzz=1", None)],
)
def test_an_unknown_option_suggests_the_one_that_was_meant_if_the_service_does_that(given, suggestion):
    for limits, found in ((oq.Limits(), suggestion), (oq.Limits(suggestions=False), None)):
        [problem] = classify_options(read_options(given), limits).problems
        assert (problem.code, problem.suggestion) == ("unknown-option", found)


# ---- several values of a name --------------------------------------------------------------------


def multi_value_mappings():
    """Make the mapping of each framework: of its names, two have a value and one has two."""
    pairs = [("$top", "2"), ("$filter", "id eq 1"), ("$filter", "id eq 2")]
    starlette = pytest.importorskip("starlette.datastructures")
    werkzeug = pytest.importorskip("werkzeug.datastructures")
    django = pytest.importorskip("django.conf")
    if not django.settings.configured:
        django.settings.configure()
    from django.http import QueryDict

    text = "&".join(f"{name}={value.replace(' ', '+')}" for name, value in pairs)
    yield starlette.QueryParams(pairs)
    yield werkzeug.MultiDict(pairs)
    yield werkzeug.ImmutableMultiDict(pairs)
    yield QueryDict(text)
    yield pytest.importorskip("httpx").QueryParams(pairs)
    yield {"$top": ["2"], "$filter": ["id eq 1", "id eq 2"]}


def test_every_value_of_a_mapping_with_several_values_of_a_name_is_read():
    for given in multi_value_mappings():
        read = [("$top", "2", None), ("$filter", "id eq 1", None), ("$filter", "id eq 2", None)]
        assert read_options(given) == read, type(given)
        with pytest.raises(oq.ODataError) as caught:
            oq.parse_query(given)
        assert [problem.code for problem in caught.value.problems] == ["duplicate-option"]


# ---- long query strings --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "code", "option"),
    [
        ("$filter=" + "x" * 10_000_000, "text-too-long", ""),
        ("$filter=" + "x" * 60_000, "text-too-long", "$filter"),
        ("$filter=true&" + "a&" * 1_000, "text-too-long", ""),
        ([("a", "")] * 1_001, "text-too-long", ""),
        ({"a": ["x"] * 1_001}, "text-too-long", ""),
        ({"a": "x" * 50_000}, "text-too-long", ""),
        ("$filter=" + "%" * 500_000, "invalid-encoding", "$filter"),
        ("$filter=" + "%C3%BC" * 40_000 + "%FF", "invalid-encoding", "$filter"),
        ("$a&" * 1_000, "unknown-option", "$a"),
    ],
)
def test_a_long_query_string_is_refused_with_at_most_20_problems(given, code, option):
    with pytest.raises(oq.ODataError) as caught:
        oq.parse_query(given)
    problems = caught.value.problems
    assert (problems[0].code, problems[0].option) == (code, option)
    assert len(problems) <= 20


def test_a_wrong_escape_has_its_place_in_the_raw_text():
    for start in ("", "a" * 300, "ü", "%C3%BC+%20ü"):
        for wrong in ("%FF", "%C3", "%C3x", "%zz"):
            with pytest.raises(oq.ParseError) as caught:
                oq.parse_query(f"$filter={start}{wrong}")
            assert caught.value.problems[0].span == (len(start), len(start) + 1)
