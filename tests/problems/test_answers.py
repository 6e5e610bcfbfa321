"""Answers to wrong queries: the four forms, field by field."""

from __future__ import annotations

import json

import pytest

import odata_query as oq
from odata_query import answers

IMAGE = oq.EntityType(
    "Image",
    {
        "id": oq.Property("Edm.Int32", nullable=False, key=True),
        "reference": oq.Property("Edm.String", nullable=False),
        "fileType": oq.Property("Edm.String"),
        "tags": oq.Property("Collection(Edm.String)"),
    },
)
MALFORMED = "$filter=fileType = 'jpg'"
INVALID = "$orderby=fileTipe"
TWO = "$filter=refrence eq 'a' and id eq '5'"
TOO_MUCH = "$top=5000"
NOT_OFFERED = "$expand=tags"


def error(query: str) -> oq.ODataError:
    with pytest.raises(oq.ODataError) as caught:
        oq.parse_query(query, entity_type=IMAGE, limits=oq.Limits(max_top=1000))
    return caught.value


EQ = "'=' is not an OData operator. Did you mean 'eq'?"
TIPE = "Image has no property 'fileTipe'. Did you mean 'fileType'?"
REFRENCE = "Image has no property 'refrence'. Did you mean 'reference'?"
QUOTED = "'eq' cannot compare Edm.Int32 with Edm.String. Write numbers without quotes."


@pytest.mark.parametrize(
    ("query", "detail", "errors"),
    [
        (MALFORMED, EQ, [{"code": "unknown-operator", "detail": EQ, "pointer": "$filter", "position": 9}]),
        (INVALID, TIPE, [{"code": "unknown-property", "detail": TIPE, "pointer": "$orderby", "position": 0}]),
        (
            TWO,
            "The query has 2 problems.",
            [
                {"code": "unknown-property", "detail": REFRENCE, "pointer": "$filter", "position": 0},
                {"code": "wrong-type", "detail": QUOTED, "pointer": "$filter", "position": 26},
            ],
        ),
    ],
)
def test_problem_details_have_the_fields_of_rfc_9457(query, detail, errors):
    found = answers.problem_details(
        error(query), instance="/image/123", type_base="https://api2.saleslayer.com/errors"
    )
    assert found.status == 400
    assert found.headers["Content-Type"] == "application/problem+json"
    assert found.body == {
        "type": "https://api2.saleslayer.com/errors/validation",
        "title": "Bad Request",
        "status": 400,
        "detail": detail,
        "instance": "/image/123",
        "errors": errors,
    }


@pytest.mark.parametrize(
    ("query", "body"),
    [
        (MALFORMED, {"code": "unknown-operator", "message": f"{EQ} (position 9)", "target": "$filter"}),
        (INVALID, {"code": "unknown-property", "message": f"{TIPE} (position 0)", "target": "$orderby"}),
        (
            TWO,
            {
                "code": "unknown-property",
                "message": f"{REFRENCE} (position 0)",
                "target": "$filter",
                "details": [
                    {"code": "wrong-type", "message": f"{QUOTED} (position 26)", "target": "$filter"}
                ],
            },
        ),
    ],
)
def test_odata_has_code_message_target_and_details(query, body):
    found = answers.odata(error(query))
    assert found.status == 400
    assert found.headers["Content-Type"] == "application/json"
    assert found.headers["OData-Version"] == "4.01"
    assert found.body == {"error": body}


LINKS = {"documentation": {"href": "https://example.com/filters.html"}}


@pytest.mark.parametrize(
    ("query", "body"),
    [
        (MALFORMED, {"code": 400, "message": f"{EQ} ($filter, position 9)"}),
        (
            INVALID,
            {
                "code": 422,
                "message": "Validation failed.",
                "errors": [{"property": "fileTipe", "message": f"{TIPE} ($orderby, position 0)"}],
                "_links": LINKS,
            },
        ),
        (
            TWO,
            {
                "code": 422,
                "message": "Validation failed.",
                "errors": [
                    {"property": "refrence", "message": f"{REFRENCE} ($filter, position 0)"},
                    {"property": "$filter", "message": f"{QUOTED} ($filter, position 26)"},
                ],
                "_links": LINKS,
            },
        ),
    ],
)
def test_the_flat_form_tells_malformed_and_invalid_apart(query, body):
    found = answers.flat(error(query), documentation="https://example.com/filters.html")
    assert found.status == body["code"]
    assert found.headers["Content-Type"] == "application/json"
    assert found.body == body


@pytest.mark.parametrize(
    ("query", "code", "title", "errors"),
    [
        (MALFORMED, "400.11", "Malformed request", [("400.11", f"{EQ} ($filter, position 9)")]),
        (INVALID, "400.34", "Invalid data", [("400.34", f"{TIPE} ($orderby, position 0)")]),
        (
            TWO,
            "400.34",
            "Invalid data",
            [
                ("400.34", f"{REFRENCE} ($filter, position 0)"),
                ("400.37", f"{QUOTED} ($filter, position 26)"),
            ],
        ),
    ],
)
def test_the_sub_code_is_in_a_header(query, code, title, errors):
    found = answers.sub_coded(error(query))
    assert found.status == 400
    assert found.headers["ApiStatusSubCode"] == code
    assert found.headers["Content-Type"] == "application/json"
    assert found.body == {
        "status": 400,
        "title": title,
        "errors": [{"subCode": sub_code, "message": message} for sub_code, message in errors],
    }
    assert answers.sub_coded(error(query), header="X-Sub-Code").headers["X-Sub-Code"] == code


FORMS = [answers.problem_details, answers.odata, answers.flat, answers.sub_coded]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("query", "statuses"),
    [(MALFORMED, [400, 400]), (INVALID, [400, 422]), (TOO_MUCH, [400, 422]), (NOT_OFFERED, [501, 501])],
)
def test_the_status_of_invalid_queries_can_be_chosen(form, query, statuses):
    found = [form(error(query), invalid_status=status) for status in (400, 422)]
    assert [answer.status for answer in found] == statuses
    for answer in found:
        shown = answer.body.get("status", answer.body.get("code", answer.status))
        assert shown == answer.status
        json.dumps(answer.body)
    with pytest.raises(oq.ConfigurationError, match="must be 400 or 422, got 404"):
        form(error(query), invalid_status=404)


@pytest.mark.parametrize("form", FORMS)
def test_messages_are_in_the_language_that_the_client_accepts(form):
    found = form(error(INVALID), accept_language="es-ES,es;q=0.9,en;q=0.5")
    assert found.headers["Content-Language"] == "es"
    assert found.headers["Vary"] == "Accept-Language"
    assert "¿Quiso decir 'fileType'?" in json.dumps(found.body, ensure_ascii=False)
    assert form(error(INVALID)).headers["Content-Language"] == "en"


@pytest.mark.parametrize(
    ("query", "title"),
    [(MALFORMED, "Bad Request"), (INVALID, "Unprocessable Content"), (NOT_OFFERED, "Not Implemented")],
)
def test_titles_are_those_of_the_status(query, title):
    body = answers.problem_details(error(query), invalid_status=422).body
    assert body["title"] == title
    assert body["type"] == "about:blank"
    assert "instance" not in body


@pytest.mark.parametrize("form", FORMS)
def test_a_text_without_an_option_has_only_a_position(form):
    with pytest.raises(oq.ODataError) as caught:
        oq.parse_filter("width gt")
    shown = json.dumps(form(caught.value).body)
    assert "(, " not in shown
    assert '"target"' not in shown


def test_malformed_options_are_reported_before_unsupported_ones():
    wrong = error(f"{NOT_OFFERED}&{MALFORMED}")
    assert [problem.code for problem in wrong.problems] == ["unknown-operator", "unsupported-option"]
    assert answers.flat(wrong).body == {"code": 400, "message": f"{EQ} ($filter, position 9)"}
    found = answers.sub_coded(wrong)
    assert found.headers["ApiStatusSubCode"] == "400.11"
    assert [each["subCode"] for each in found.body["errors"]] == ["400.11", "501.3"]


def test_the_methods_of_an_error_give_the_same_bodies():
    wrong = error(TWO)
    assert wrong.to_problem_details(instance="/i") == answers.problem_details(wrong, instance="/i").body
    assert wrong.to_odata() == answers.odata(wrong).body
