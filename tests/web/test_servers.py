"""Requests to a service in each framework, which must all answer alike."""

from __future__ import annotations

from functools import partial

import pytest
from servers import FRAMEWORKS

import odata_query as oq
from odata_query import answers

pytestmark = pytest.mark.filterwarnings("ignore:Using `httpx` with")

PROBLEM, JSON = "application/problem+json", "application/json"


@pytest.fixture(params=FRAMEWORKS)
def service(request):
    return FRAMEWORKS[request.param]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        (b"", [*range(1, 101)]),
        (b"$top=2", [1, 2]),
        (b"%24top=2&%24skip=3", [4, 5]),
        (b"$filter=width%20gt%201480&$orderby=id%20desc", [150, 149]),
        (b"%24filter=name+eq+'a3'", [3]),
        (b"$filter=name eq 'a3'", [3]),
        (b"$FILTER=id+eq+3&$Top=1", [3]),
        (b"filter=id+eq+3&top=1", [3]),
        (b"$filter=name+eq+'%C3%BC%2B%26'&$top=1", [2]),
        ("$filter=name+eq+'ü%2B%26'&$top=1".encode(), [2]),
        (b"$filter=id+eq+@n&@n=7", [7]),
        (b"$top=1000", [*range(1, 151)]),
        (b"$top=0", []),
        (b"token=a%3Db%26c&$top=1&utm%zz=%FF", [1]),
        (b"$skip=149&&", [150]),
        (b"%00&\x00=1&$skip=149", [150]),
    ],
)
def test_a_good_query_gets_its_rows(service, query, ids):
    reply = service()("/images", query)
    assert (reply.status, reply.body) == (200, {"ids": ids, "count": False})


def test_a_requested_count_reaches_the_view(service):
    assert service()("/images", b"$count=true&$top=0").body == {"ids": [], "count": True}


@pytest.mark.parametrize(
    ("query", "status", "code", "option", "position"),
    [
        (b"$top=abc", 400, "invalid-option-value", "$top", 0),
        (b"$top=1x", 400, "invalid-option-value", "$top", 1),
        (b"$top=-1", 400, "invalid-option-value", "$top", 0),
        (b"$top=", 400, "invalid-option-value", "$top", 0),
        (b"$top=1001", 400, "top-too-large", "$top", 0),
        ("$top=١".encode(), 400, "invalid-option-value", "$top", 0),
        (b"$count=1", 400, "invalid-option-value", "$count", 0),
        (b"$filter=a%20eq", 400, "missing-operand", "$filter", 4),
        (b"$filter=nme+eq+'a'", 400, "unknown-property", "$filter", 0),
        (b"$filter=id+eq+1&$filter=id+eq+2", 400, "duplicate-option", "$filter", 0),
        (b"$filter=id+eq+1&FILTER=id+eq+2", 400, "duplicate-option", "$filter", 0),
        (b"$top=1&$top=1", 400, "duplicate-option", "$top", 0),
        (b"$filtr=id+eq+1", 400, "unknown-option", "$filtr", 0),
        (b"$expand=owner", 501, "unsupported-option", "$expand", 0),
        (b"$filter=name+eq+'%FF'", 400, "invalid-encoding", "$filter", 9),
        (b"$filter=name+eq+'%zz'", 400, "invalid-encoding", "$filter", 9),
        (b"$filter=name+eq+'\xff'", 400, "invalid-encoding", "$filter", 9),
        (b"$filter=name+eq+'\xc3%BC'", 400, "invalid-encoding", "$filter", 9),
        (b"$filter=name+eq+'%ED%A0%80'", 400, "invalid-encoding", "$filter", 9),
        (b"$filter%FF=id+eq+1", 400, "invalid-encoding", "$filter%FF", 7),
        (b"%24filter\xff=id+eq+1", 400, "invalid-encoding", "%24filter\ufffd", 9),
        (b"$filter=name+eq+'%00'", 400, None, "$filter", None),
        (b"$filter=" + b"(" * 5_000 + b"id+eq+1" + b")" * 5_000, 400, None, "$filter", None),
        (b"$filter=" + b"not+" * 3_000 + b"true", 400, None, "$filter", None),
        (b"$filter=" + b"id+eq+1+or+" * 10_000 + b"true", 400, None, "$filter", None),
        (b"$orderby=" + b"id," * 50 + b"id", 400, "too-many-orderby-items", "$orderby", None),
        (b"$filter=matchespattern(name,'(a{50}){50}')", 400, None, "$filter", None),
    ],
)  # fmt: skip
def test_a_wrong_query_is_a_400_with_its_place(service, query, status, code, option, position):
    reply = service()("/images", query)
    assert reply.status == status
    assert reply.headers["content-type"] == PROBLEM
    assert reply.headers["content-language"] == "en"
    assert reply.headers["vary"] == "Accept, Accept-Language"
    assert len(str(reply.body)) < 2_000
    assert (reply.body["status"], reply.body["type"], reply.body["instance"]) == (
        status,
        "about:blank",
        "/images",
    )
    first = reply.body["errors"][0]
    wanted = {"code": code, "pointer": option, "position": position}
    assert first | {name: value for name, value in wanted.items() if value is not None} == first


def test_an_unsupported_error_of_a_view_is_a_501(service):
    reply = service()("/failing", b"$top=1", {"Accept-Language": "es"})
    assert (reply.status, reply.headers["content-type"]) == (501, PROBLEM)
    assert reply.headers["content-language"] == "es"
    assert reply.body["errors"][0]["code"] == "unsupported-option"
    assert reply.body["instance"] == "/failing"


@pytest.mark.parametrize(
    ("headers", "content_type"),
    [
        ({}, PROBLEM),
        ({"Accept": "*/*"}, PROBLEM),
        ({"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}, PROBLEM),
        ({"Accept": "application/json, text/plain, */*"}, PROBLEM),
        ({"Accept": JSON}, JSON),
        ({"Accept": f"{JSON};odata.metadata=minimal, */*"}, JSON),
        ({"Accept": "*/*", "OData-MaxVersion": "4.01"}, JSON),
        ({"Accept": f"{JSON}, {PROBLEM}", "OData-Version": "4.0"}, PROBLEM),
        ({"Accept": ",;=,,q=;;" * 1000}, PROBLEM),
    ],
)
def test_the_form_is_the_one_that_the_client_prefers(service, headers, content_type):
    reply = service()("/images", b"$top=abc", headers)
    assert (reply.status, reply.headers["content-type"]) == (400, content_type)
    assert reply.headers["vary"] == "Accept, Accept-Language"
    assert ("error" in reply.body) is (content_type == JSON)
    assert ("odata-version" in reply.headers) is (content_type == JSON)


def test_messages_are_in_the_language_of_the_client(service):
    reply = service()("/images", b"$filter=nme+eq+1", {"Accept-Language": "es-MX,es;q=0.9,en;q=0.5"})
    assert reply.headers["content-language"] == "es"
    assert "¿Quiso decir 'name'?" in reply.body["detail"]


@pytest.mark.parametrize(
    ("form", "query", "status", "part"),
    [
        (answers.flat, b"$top=abc", 400, {"code": 400}),
        (answers.flat, b"$filter=nme+eq+1", 422, {"code": 422}),
        (partial(answers.flat, documentation="https://d"), b"$filter=nme+eq+1", 422, {"_links": {"documentation": {"href": "https://d"}}}),
        (answers.sub_coded, b"$top=abc", 400, {"title": "Malformed request"}),
        (answers.odata, b"$expand=a", 501, {"error": {"code": "unsupported-option", "message": "$expand is not supported. (position 0)", "target": "$expand"}}),
        (partial(answers.problem_details, type_base="https://e/", invalid_status=422), b"$filter=nme+eq+1", 422, {"type": "https://e/validation", "instance": "/images"}),
        (lambda error: answers.Answer(418, {}, {"kind": type(error).__name__}), b"$top=abc", 418, {"kind": "ParseError"}),
    ],
    ids=range(7),
)  # fmt: skip
def test_a_form_that_the_service_chose_is_not_negotiated(service, form, query, status, part):
    reply = service(form=form)("/images", query, {"Accept": PROBLEM, "OData-MaxVersion": "4.01"})
    assert reply.status == status
    assert "Accept," not in reply.headers.get("vary", "")
    assert reply.body | part == reply.body


def test_the_instance_is_the_path_as_a_uri_without_the_query(service):
    reply = service()("/images/('%C3%BC%20%25'),a=1;@~", b"$top=abc")
    assert reply.body["instance"] == "/images/('%C3%BC%20%25'),a=1;@~"
    assert service()("/images/('ü')".replace("ü", "%C3%BC"), b"$top=3").body["ids"] == [1, 2, 3]


def test_the_settings_hold(service):
    ask = service(limits=oq.Limits(max_top=5, functions=frozenset()), type_base="https://e")
    assert ask("/images").body["ids"] == [1, 2, 3, 4, 5]
    assert ask("/images", b"$top=6").body["type"] == "https://e/validation"
    refused = ask("/images/x", b"$filter=contains(name,'a')")
    assert (refused.status, refused.body["errors"][0]["code"]) == (400, "operation-not-allowed")
