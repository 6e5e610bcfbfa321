"""Common mistakes: the message for each, and its place.

The messages are in tests/data/mistakes.txt; ODATA_REGENERATE=1 writes them again, for you to read.
"""

from __future__ import annotations

import enum
import os
import re
import time
from pathlib import Path

import pytest

import odata_query as oq

GOLDEN = Path(__file__).parent.parent / "data" / "mistakes.txt"


class Status(enum.Enum):
    VOID = "Vd"
    UPDATING = "Up"
    OK = "Ok"


IMAGE = oq.EntityType(
    "Image",
    {
        "id": oq.Property("Edm.Int32", nullable=False, key=True),
        "reference": oq.Property("Edm.String"),
        "fileType": oq.Property("Edm.String"),
        "status": oq.Property(Status),
        "width": oq.Property("Edm.Int32"),
        "price": oq.Property("Edm.Decimal"),
        "active": oq.Property("Edm.Boolean"),
        "createdOn": oq.Property("Edm.DateTimeOffset"),
        "taken": oq.Property("Edm.Date"),
        "uuid": oq.Property("Edm.Guid"),
        "tags": oq.Property("Collection(Edm.String)"),
        "owner": oq.Property(oq.ComplexType("Owner", {"name": oq.Property("Edm.String")})),
        "url": oq.Property("Edm.String", sortable=False, filterable=False),
    },
)

# A query, the code of its problem, and the text at the problem's place; empty at the end of the query.
MISTAKES = [
    ("$filter=status = 'Ok'", "unknown-operator", "="),
    ("$filter=status == 'Ok'", "unknown-operator", "=="),
    ("$filter=status != 'Ok'", "unknown-operator", "!="),
    ("$filter=status <> 'Ok'", "unknown-operator", "<>"),
    ("$filter=width >= 100", "unknown-operator", ">="),
    ("$filter=width > 100 && active eq true", "invalid-encoding", ""),
    ("$filter=active eq true || width gt 1", "unknown-operator", "||"),
    ("$filter=!active", "unknown-operator", "!"),
    ("$filter=!(width gt 1)", "unknown-operator", "!"),
    ('$filter=reference eq "a.jpg"', "invalid-literal", '"'),
    ('$filter=contains(reference, "a")', "invalid-literal", '"'),
    ("$filter=reference eq ‘a.jpg’", "invalid-character", "‘"),
    ("$filter=reference like '%a%'", "invalid-encoding", "%"),
    ("$filter=reference LIKE 'a%' and width gt 1", "invalid-encoding", "%"),
    ("$filter=reference not like 'a%'", "invalid-encoding", "%"),
    ("$filter=fileType IS NULL", "unknown-operator", "IS"),
    ("$filter=fileType is not null", "unknown-operator", "is"),
    ("$filter=width between 1 and 2", "unknown-operator", "between"),
    ("$filter=status not in ('Ok','Up')", "unknown-operator", "not"),
    ("$filter=status in 'Ok','Up'", "unexpected-text", ","),
    (
        "$filter=createdOn gt datetime'2024-01-01T00:00:00'",
        "invalid-literal",
        "datetime'2024-01-01T00:00:00'",
    ),
    (
        "$filter=uuid eq guid'01234567-89ab-cdef-0123-456789abcdef'",
        "invalid-literal",
        "guid'01234567-89ab-cdef-0123-456789abcdef'",
    ),
    ("$filter=width gt 5L", "invalid-literal", "L"),
    ("$filter=price lt 2.0m", "invalid-literal", "m"),
    ("$filter=price lt 1.5f", "invalid-literal", "f"),
    ("$filter=price gt 1,000", "invalid-literal", ",000"),
    ("$filter=price gt 1,000.50", "invalid-literal", ",000.50"),
    ("$filter=price gt 1.000,50", "invalid-literal", ",50"),
    ("$filter=price in (1,2.5 3)", "unexpected-text", "3"),
    ("$orderby=2.5,0.1,3.5) 2", "unexpected-text", ")"),
    ("$filter=substringof('a',reference)", "unknown-function", "substringof"),
    ("$filter=createdOn gt 2024-01-01T00:00:00+02:00", "invalid-encoding", " 02:00"),
    ("$filter=reference eq 'a&b'", "invalid-encoding", ""),
    ("$filter=width gt 1 & width lt 3", "invalid-encoding", ""),
    ("$filter=not width eq 1", "not-boolean", "width"),
    ("$filter=reference eq 'a.jpg", "unclosed-string", "'"),
    ("$filter=reference eq a.jpg'", "unclosed-string", "'"),
    ("$filter=reference eq 'O'Neil'", "unexpected-text", "Neil"),
    ("$filter=(width gt 1", "missing-parenthesis", ""),
    ("$filter=width gt 1)", "unexpected-text", ")"),
    ("$filter=((width gt 1) and (active)", "missing-parenthesis", ""),
    ("$filter=contains(reference,'a'", "missing-parenthesis", ""),
    ("$filter=FileType eq 'jpg'", "unknown-property", "FileType"),
    ("$filter=file_type eq 'jpg'", "unknown-property", "file_type"),
    ("$filter=fileTipe eq 'jpg'", "unknown-property", "fileTipe"),
    ("$filter=contain(reference,'a')", "unknown-function", "contain"),
    ("$filter=toLowerCase(reference) eq 'a'", "unknown-function", "toLowerCase"),
    ("$filter=len(reference) gt 3", "unknown-function", "len"),
    ("$filter=reference.contains('a')", "unknown-function", "reference.contains"),
    ("$filter=reference.startsWith('a')", "unknown-function", "reference.startsWith"),
    ("$filter=$filter=width gt 1", "unexpected-text", "$filter="),
    ("$filter=reference eq jpg", "unknown-property", "jpg"),
    ("$filter=status eq Ok", "unknown-property", "Ok"),
    ("$filter=status eq 'Okay'", "unknown-member", "'Okay'"),
    ("$filter=width gt '5'", "wrong-type", "'5'"),
    ("$filter=reference eq 5", "wrong-type", "5"),
    ("$filter=createdOn gt '2024-01-01'", "wrong-type", "'2024-01-01'"),
    ("$filter=taken gt 2024-1-5", "invalid-literal", "2024-1-5"),
    ("$filter=taken gt 01/02/2024", "invalid-literal", "01"),
    ("$filter=in ('a')", "unexpected-text", "("),
    ("$filter=reference eq 'a'or active", "unexpected-text", "or"),
    ("$filter=createdOn gt 2024-01-01 10:00:00", "invalid-literal", "2024-01-01 10:00:00"),
    ("$filter=taken gt 2024-13-01", "invalid-literal", "2024-13-01"),
    ("$filter=taken gt 2024-02-30", "literal-out-of-range", "2024-02-30"),
    ("$filter=active eq 'true'", "wrong-type", "'true'"),
    ("$filter=reference eq 'a' or 'b'", "not-boolean", "'b'"),
    ("$filter=width gt 1, width lt 5", "unexpected-text", ","),
    ("$filter=width gt 1; width lt 5", "unexpected-text", ";"),
    ("$filter=width gt", "missing-operand", ""),
    ("$filter=gt 5", "unexpected-text", "5"),
    ("$filter=width 5", "unexpected-text", "5"),
    ("$filter=and width gt 5", "unexpected-text", "w"),
    ("$filter=width gt 1 and or active", "unexpected-text", "a"),
    ("$filter=tags eq 'a'", "wrong-type", "'a'"),
    ("$filter=tags gt null", "wrong-type", "tags gt null"),
    ("$filter=null le owner", "wrong-type", "null le owner"),
    ("$filter='Okk' in (status)", "wrong-type", "status"),
    ('$filter=status in ["Okk"]', "unknown-member", '"Okk"'),
    ('$filter=taken in ["2024-01-31","2024-02-30"]', "literal-out-of-range", '"2024-02-30"'),
    ('$filter=uuid in ["x"]', "literal-out-of-range", '"x"'),
    ('$filter=width in ["5"]', "wrong-type", '"5"'),
    ("$filter=tags/any(t eq 'a')", "unexpected-text", "e"),
    ("$filter=any(tags, t: t eq 'a')", "unexpected-text", ","),
    ("$filter=tags/name eq 'a'", "not-a-path", "/name"),
    ("$filter=contains(reference 'a')", "unexpected-text", "'"),
    ("$filter=contains reference 'a'", "unexpected-text", "reference"),
    ("$filter=contains(reference)", "wrong-argument-count", "contains(reference)"),
    ("$filter=reference eq undefined", "unknown-property", "undefined"),
    ("$filter=reference eq None", "unknown-property", "None"),
    ("$filter=active ? true : false", "unknown-operator", "?"),
    ("$filter=width%2520gt%25201", "invalid-encoding", "%20"),
    ("$filter=`width` gt 1", "invalid-literal", "`"),
    ("$filter=width div 0 eq 1", "division-by-zero", "0"),
    ("$filter=", "empty-expression", ""),
    ("$filter=width gt 1&$filter=active", "duplicate-option", ""),
    ("$orderby=width descending", "unknown-operator", "descending"),
    ("$orderby=-createdOn", "wrong-type", "-createdOn"),
    ("$orderby=width; id", "unexpected-text", ";"),
    ("$orderby=width asc desc", "unexpected-text", "d"),
    ("$orderby=url", "not-sortable", "url"),
    ("$orderby=tags", "not-sortable", "tags"),
    ("$filter=url ne null", "not-filterable", "url"),
    ("$top=ten", "invalid-option-value", "t"),
    ("$top=-1", "invalid-option-value", "-"),
    ("$skip=1.5", "invalid-option-value", "."),
    ("$top=1e3", "invalid-option-value", "e"),
    ("$where=width gt 1", "unknown-option", ""),
    ("$sort=width", "unknown-option", ""),
    ("$limit=10", "unknown-option", ""),
    ("$select=id", "unsupported-option", ""),
    ("$filter=date(createdOn) = 2024-01-01", "unknown-operator", "="),
    ("$filter=year(createdOn) eq '2024'", "wrong-type", "'2024'"),
    ("$filter=reference eq 'a' AND", "missing-operand", ""),
    ("$filter=width eq 1 width eq 2", "unexpected-text", "width"),
    ("$filter=owner.name eq 'a'", "unexpected-text", "e"),
    ("$filter=owner eq 'a'", "wrong-type", "'a'"),
    ("$count=yes", "invalid-option-value", "yes"),
    ("$filter=contains(width,'1')", "wrong-type", "width"),
    ("$filter=reference eq 'a&b=c'", "unclosed-string", "'"),
    (
        "$filter=uuid eq '01234567-89ab-cdef-0123-456789abcdef'",
        "wrong-type",
        "'01234567-89ab-cdef-0123-456789abcdef'",
    ),
    ("$filter=tolower reference eq 'a'", "unexpected-text", "reference"),
    ("$filter=status has 'Ok' and", "missing-operand", ""),
    ("$filter=(width gt 1 and (height gt 2)", "missing-parenthesis", ""),
    (
        "$filter=createdOn gt datetimeoffset'2024-01-01T00:00:00Z'",
        "invalid-literal",
        "datetimeoffset'2024-01-01T00:00:00Z'",
    ),
    ("$filter=taken gt time'PT1H'", "invalid-literal", "time'PT1H'"),
    ("$filter=indexof(reference,'a') gt", "missing-operand", ""),
    ("$filter=Contains(Reference,'a')", "unknown-property", "Reference"),
    ("$filter=REFERENCE eq 'a'", "unknown-property", "REFERENCE"),
    ("$filter=reference EQUALS 'a'", "unknown-operator", "EQUALS"),
    ("$filter=width is 5", "unknown-operator", "is"),
    ("$filter=width - 1 gt 5", "unknown-operator", "-"),
    ("$filter=width – 1 gt 5", "unknown-operator", "–"),
    ("$filter=width gt 1 xor active", "unknown-operator", "xor"),
    ("$filter=width gt 1 andalso active", "unknown-operator", "andalso"),
    ("$filter=reference =~ 'a'", "unknown-operator", "=~"),
    ("$filter=reference matches 'a'", "unknown-operator", "matches"),
    ("$filter=tags/any(t => t eq 'a')", "unexpected-text", "=>"),
    ("$filter=width gt 1?$top=5", "unexpected-text", "$top="),
    ("$filter=?$filter=width gt 1", "unexpected-text", "?$filter="),
    ("$filter=price lt 1,5", "invalid-literal", ",5"),
    ("$filter=price lt 1_000", "invalid-literal", "_000"),
    ("$filter=price lt .5", "invalid-literal", "."),
    ("$filter=width eq 0x10", "invalid-literal", "x10"),
    ("$filter=createdOn gt 2024-01-01T00:00:00-0200", "invalid-literal", "-0200"),
    ("$filter=createdOn gt 2024-01-01T00:00:00+0200", "invalid-encoding", " 0200"),
    ("$filter=status in {'Ok','Up'}", "unexpected-text", "'"),
    ("$filter=width\ngt 1", "invalid-character", "\n"),
    ("$filter=width \u200bgt 1", "invalid-character", "\u200b"),
]


def error_of(query: str) -> oq.ODataError:
    with pytest.raises(oq.ODataError) as caught:
        oq.parse_query(query, entity_type=IMAGE)
    return caught.value


@pytest.mark.parametrize(("query", "code", "there"), MISTAKES)
def test_a_mistake_is_reported_at_its_place(query, code, there):
    [problem] = error_of(query).problems
    start, end = problem.span
    assert (problem.code, problem.text[start:end]) == (code, there)
    if problem.text and not there:
        assert start == len(problem.text)
    if problem.text:
        assert problem.text in query.replace("+", " ").replace("%25", "%")


def test_the_messages_have_not_changed():
    shown = "\n\n".join(f"{query}\n{error_of(query)}" for query, _, _ in MISTAKES) + "\n"
    if os.environ.get("ODATA_REGENERATE"):
        GOLDEN.write_text(shown, "utf-8")
    assert shown == GOLDEN.read_text("utf-8")


@pytest.mark.parametrize(("query", "code", "there"), MISTAKES)
def test_a_mistake_is_reported_at_its_place_where_little_is_allowed(query, code, there):
    with pytest.raises(oq.ODataError) as caught:
        oq.parse_query(
            query, entity_type=IMAGE, limits=oq.Limits(functions={"length"}, operators={"eq", "or"})
        )
    assert caught.value.problems


@pytest.mark.parametrize(("query", "code", "there"), MISTAKES)
def test_nothing_is_suggested_where_suggestions_are_turned_off(query, code, there):
    limits = oq.Limits(suggestions=False)
    with pytest.raises(oq.ODataError) as caught:
        oq.parse_query(query, entity_type=IMAGE, limits=limits)
    [problem] = caught.value.problems
    assert problem.suggestion is None
    assert problem.code == code


@pytest.mark.parametrize(
    ("query", "limits"),
    [
        ("$filter=width = 1", {"operators": {"ne"}}),
        ("$filter=containz(reference,'a')", {"functions": {"length"}}),
        ("$filter=len(reference) gt 1", {"functions": {"contains"}}),
        ("$filter=lower(reference) eq 'a'", {"functions": {"contains"}}),
    ],
)
def test_operations_that_are_not_allowed_are_not_suggested(query, limits):
    with pytest.raises(oq.ODataError) as caught:
        oq.parse_query(query, entity_type=IMAGE, limits=oq.Limits(**limits))
    assert [problem.suggestion for problem in caught.value.problems] == [None]


@pytest.mark.parametrize(
    "text",
    [
        "reference like 'a'",
        "url is null",
        "width between 1 and 2",
        "active ? 1 : 2",
        "tags eq 'a'",
        "reference has 'a'",
        "taken gt createdOn",
        "reference/contains('a')",
        "createdOn gt now",
    ],
)
def test_no_operation_is_recommended_where_some_are_not_allowed(text):
    with pytest.raises(oq.ODataError) as caught:
        oq.parse_query({"$filter": text}, IMAGE, limits=oq.Limits(functions={"length"}))
    [problem] = caught.value.problems
    assert not re.search("use|write|any", problem.message, re.I), problem.message


@pytest.mark.parametrize(
    "text",
    [
        "{} eq 1",
        "{}(reference)",
        "reference.{}('a')",
        "status eq '{}'",
        "width {} 1",
        "isof(width,Edm.{})",
        "{}'a' eq 1",
        "isof({})",
        "width gt 1{}",
        "owner/{} eq 1",
        "width eq {}",
        "not {} eq 1",
    ],
)
def test_texts_from_a_query_are_shortened_in_messages(text):
    error = error_of("$filter=" + text.format("Long" * 30))
    for problem in error.problems:
        assert len(problem.message) < 300, problem.message
    assert len(str(error)) < 800


# ---- hidden properties ---------------------------------------------------------------------------

SECRETS = oq.EntityType(
    "Image", {**IMAGE.properties, "secret": oq.Property("Edm.String"), "vault": IMAGE.properties["owner"]}
)
PUBLIC = SECRETS.restrict(exclude=["secret", "vault"])
PROBES = [
    "{0} eq 'a'",
    "{0} gt 5",
    "{0}",
    "not {0}",
    "'a' eq {0}",
    "width eq {0}",
    "{0}/name eq 'a'",
    "{0}/any(x: x eq 1)",
    "{0}/$count gt 1",
    "contains({0},'a')",
    "width in {0}",
    "{0} in ('a')",
    "cast({0},Edm.String) eq 'a'",
    "isof({0},Edm.String)",
    "tags/any(t: t eq {0})",
    "tags/any({0}: {0} eq 'a') and {0} eq 'a'",
    "$it/{0} eq 1",
    "$this/{0} eq 1",
    "owner/{0} eq 'a'",
    "{0} eq {0}",
    "{0}(1) eq 1",
    "{0}() eq 1",
    "{0}.a eq 1",
    "Default.{0} eq 1",
    "case({0} eq 1:1) eq 1",
    "-{0} eq 1",
    "@{0} eq 1 and {0} eq 2",
    "status has {0}",
    "{0}/$filter(true)/$count eq 1",
    "{0}/Default.Image/name eq 1",
]


def outcome(option: str, probe: str, name: str, model: oq.EntityType, **limits) -> object:
    try:
        oq.parse_query({option: probe.format(name)}, entity_type=model, limits=oq.Limits(**limits))
    except oq.ODataError as error:
        found = (str(error), error.to_problem_details(), error.to_odata())
        return repr(found).replace(name, "?")
    return None


@pytest.mark.parametrize("suggestions", [True, False])
@pytest.mark.parametrize("option", ["$filter", "$orderby"])
@pytest.mark.parametrize("probe", PROBES)
@pytest.mark.parametrize(("hidden", "missing"), [("secret", "sxcrxt"), ("vault", "vxxlt")])
def test_a_hidden_property_cannot_be_told_from_a_missing_one(option, probe, hidden, missing, suggestions):
    found = outcome(option, probe, hidden, PUBLIC, suggestions=suggestions)
    assert found == outcome(option, probe, missing, PUBLIC, suggestions=suggestions)
    without = oq.EntityType(
        "Image", {name: prop for name, prop in SECRETS.properties.items() if name not in ("secret", "vault")}
    )
    assert found == outcome(option, probe, hidden, without, suggestions=suggestions)


@pytest.mark.parametrize("end", ["x", "L", "10:00", ", x", "=> x", "02:00", "('a')", ")", "/01/2024", "-02"])
@pytest.mark.parametrize("piece", ["a", "1", "2024-01-01T", "any(", " in ", "é", "(", " ", "1:", ".1", "''"])
def test_a_mistake_after_a_long_text_is_reported_quickly(piece, end):
    many = piece * (60_000 // len(piece))
    lifted = oq.Limits(max_length=None, max_nodes=None, max_depth=None)
    begun = time.process_time()
    for text in (f"'{many}' {end}", f"'{many}'{end}", f"a eq '{many}' {end}", f"(('{many}' {end}"):
        with pytest.raises(oq.ODataError):
            oq.parse_filter(text, limits=lifted)
    assert time.process_time() - begun < 5
