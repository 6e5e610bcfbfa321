"""Settings of an endpoint, and forms that a client accepts, without a framework."""

from __future__ import annotations

import importlib
import inspect
import json
import time
from functools import partial

import pytest
from servers import IMAGES, not_offered

import odata_query as oq
from odata_query import answers
from odata_query.web import Endpoint, ErrorResponse, RequestInfo, error_response

L = oq.Limits
PROBLEM, JSON = "application/problem+json", "application/json"
MODEL = IMAGES.restrict(limits=L(max_top=50))
WIDE = IMAGES.restrict(limits=L(max_top=9_000, default_top=500))


def answer(error: oq.ODataError, *, path: str = "/", headers: dict[str, str], **options) -> ErrorResponse:
    return error_response(error, RequestInfo(b"", path, headers), **options)


@pytest.mark.parametrize(
    ("model", "limits", "top", "most", "pattern"),
    [
        (IMAGES, None, 100, 1_000, 200),
        (IMAGES, L(), 100, 1_000, 200),
        (IMAGES, L(max_top=50), 50, 50, 200),
        (IMAGES, L(max_top=0), 0, 0, 200),
        (IMAGES, L(max_top=50_000), 100, 50_000, 200),
        (IMAGES, L(default_top=20), 20, 1_000, 200),
        (IMAGES, L(default_top=5_000), 1_000, 1_000, 200),
        (IMAGES, L(default_top=5_000, max_top=9_000), 5_000, 9_000, 200),
        (IMAGES, L(max_pattern=500), 100, 1_000, 500),
        (IMAGES, L(max_pattern=50), 100, 1_000, 50),
        (IMAGES, L(max_pattern=None), 100, 1_000, 200),
        (MODEL, None, 50, 50, 200),
        (MODEL, L(max_top=500, default_top=80), 50, 50, 200),
        (WIDE, None, 500, 9_000, 200),
        (WIDE, L(max_top=700), 500, 700, 200),
    ],
)
def test_an_endpoint_has_bounds_by_default(model, limits, top, most, pattern):
    endpoint = Endpoint(model, limits=limits)
    found = endpoint.limits
    assert (found.default_top, found.max_top, found.max_pattern) == (top, most, pattern)
    assert endpoint.query(b"").top == top
    assert endpoint.query(f"$top={most}").top == most
    with pytest.raises(oq.LimitError, match="at most"):
        endpoint.query(f"$top={most + 1}")


def test_an_endpoint_can_leave_names_without_a_dollar_sign_to_itself():
    text = "search=a&id=1&filter=x&count=7&$top=3"
    assert Endpoint(IMAGES, require_dollar=True).query(text).top == 3
    with pytest.raises(oq.ODataError) as wrong:
        Endpoint(IMAGES).query(text)
    assert {problem.option for problem in wrong.value.problems} == {"$filter", "$count"}


@pytest.mark.parametrize(
    ("entity_type", "settings", "message"),
    [
        (dict, {}, "entity_type must be an EntityType"),
        (oq.ComplexType("Place", {}), {}, "entity_type must be an EntityType"),
        (lambda request, query: None, {}, "entity_type must be an EntityType"),
        (IMAGES, {"limits": {"max_top": 5}}, "limits must be Limits"),
        (IMAGES, {"default_timezone": "UTC"}, "default_timezone must be a tzinfo"),
        (IMAGES, {"form": "flat"}, "form must be a function"),
        (IMAGES, {"type_base": 5}, "type_base must be a string"),
        (IMAGES, {"type_base": "https://e", "form": answers.flat}, "has no effect on a form"),
        (IMAGES, {"form": partial(answers.flat, invalid_status=404)}, "400 or 422"),
        (IMAGES, {"form": partial(answers.flat, documents="x")}, "form cannot answer"),
        (IMAGES, {"form": lambda: None}, "form cannot answer"),
        (IMAGES, {"form": lambda error: None}, "form cannot answer"),
        (IMAGES, {"form": lambda error: answers.Answer(400, {}, {"of": error})}, "form cannot answer"),
        (IMAGES, {"form": dict}, "form cannot answer"),
    ],
    ids=range(14),
)
def test_a_mistake_in_the_settings_is_raised_before_the_first_request(entity_type, settings, message):
    with pytest.raises(oq.ConfigurationError, match=message):
        Endpoint(entity_type, **settings)


@pytest.mark.parametrize("view", [lambda request: None, lambda request, q: None, object(), int])
def test_a_view_without_a_parameter_query_is_a_mistake(view):
    with pytest.raises(oq.ConfigurationError, match="needs a parameter `query`"):
        Endpoint(IMAGES).wrap(view, RequestInfo, lambda response: None)


@pytest.mark.parametrize("framework", ["fastapi", "starlette", "flask", "django"])
def test_query_for_shows_the_parameters_of_an_endpoint(framework):
    pytest.importorskip(framework)
    query_for = importlib.import_module(f"odata_query.{framework}").query_for
    shown, expected = (inspect.signature(each).parameters.values() for each in (query_for, Endpoint))
    assert [*shown] == [*expected]
    doc = inspect.getdoc(query_for)  # without indentation, which Python 3.13 strips itself
    assert doc is not None
    assert all(f"\n{each.name} " in doc for each in expected)


# ---- what clients accept -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        (None, PROBLEM),
        ("", PROBLEM),
        ("*/*", PROBLEM),
        ("application/*", PROBLEM),
        ("text/html", PROBLEM),
        ("application/xml", PROBLEM),
        (PROBLEM, PROBLEM),
        (f"{JSON}, text/plain, */*", PROBLEM),
        (f"{JSON}, {PROBLEM}", PROBLEM),
        (f"{JSON};q=0.5, {PROBLEM};q=0.5", PROBLEM),
        (f"{JSON};q=0.8, {PROBLEM};q=0.9", PROBLEM),
        (f"{JSON};q=0", PROBLEM),
        (f"{JSON};q=0, */*", PROBLEM),
        (f"{JSON};q=2", PROBLEM),
        (f"{JSON};q=nan", PROBLEM),
        (f"{JSON};odata.metadata=none;q=0, */*", PROBLEM),
        (f"{JSON};odata.metadata=none, {PROBLEM}", PROBLEM),
        ("application/vnd.api+json", PROBLEM),
        (";", PROBLEM),
        ("json", PROBLEM),
        ("\xff, \x00", PROBLEM),
        (JSON, JSON),
        ("Application/JSON ; charset=UTF-8", JSON),
        (f"{JSON}, */*;q=0.8", JSON),
        (f"{JSON}, application/*;q=0.9, */*", JSON),
        (f"{JSON}, {PROBLEM};q=0.9", JSON),
        (f"text/html, {JSON};q=0.1", JSON),
        (f"{JSON};q=0.001", JSON),
        (f"{PROBLEM};q=0, */*", JSON),
        (f"{JSON};odata.metadata=minimal, */*", JSON),
        (f"{JSON};odata.streaming=true;q=0.5, */*", JSON),
        (f"{JSON};IEEE754Compatible=true, */*", JSON),
        (f"{JSON};odata=verbose, */*", JSON),
        (f"{JSON};metadata=full, */*", JSON),
    ],
)
def test_problem_details_are_sent_unless_the_client_prefers_json(accept, content_type):
    headers = {} if accept is None else {"accept": accept}
    assert answer(not_offered(), path="/", headers=headers).headers["Content-Type"] == content_type


@pytest.mark.parametrize(
    ("headers", "version"),
    [
        ({"odata-maxversion": "4.01"}, "4.01"),
        ({"odata-maxversion": "4.0"}, "4.0"),
        ({"odata-version": "4.0"}, "4.01"),
        ({"odata-version": "4.0", "accept": "text/html, */*"}, "4.01"),
        ({"odata-maxversion": "4.0", "accept": f"{PROBLEM}, {JSON};q=0.9"}, None),
    ],
)
def test_a_client_that_speaks_odata_is_answered_in_a_version_that_it_knows(headers, version):
    found = answer(not_offered(), path="/", headers=headers)
    assert found.headers.get("OData-Version") == version


def test_a_header_of_megabytes_is_read_quickly():
    began = time.process_time()
    for junk in ("a/b,", ";q=1", ";" * 50, f"{JSON};a=b,", "q" * 99, '"', "\xff"):
        headers = {"accept": junk * 200_000, "accept-language": junk * 200_000}
        answer(not_offered(), path="/", headers=headers)
    assert time.process_time() - began < 2


# ---- what is sent --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "instance"),
    [
        ("/images", "/images"),
        ("/images('ü ß')/$count", "/images('%C3%BC%20%C3%9F')/$count"),
        ("/a!$&'()*+,;=:@-._~b", "/a!$&'()*+,;=:@-._~b"),
        ('/%?#[]<>"\\\x00\n', "/%25%3F%23%5B%5D%3C%3E%22%5C%00%0A"),
        ("//evil.example/x", "/evil.example/x"),
        ("javascript:alert(1)", "/javascript:alert(1)"),
        ("/\udcff\ud800", "/%3F%3F"),
        ("", "/"),
    ],
)
def test_the_instance_is_a_path_that_a_uri_can_have(path, instance):
    assert json.loads(answer(not_offered(), path=path, headers={}).body)["instance"] == instance


def test_a_text_that_is_not_unicode_can_be_sent():
    def form(error, **given):
        return answers.Answer(400, {}, {"lone": "\ud800ü", **given})

    found = answer(not_offered(), path="/", headers={"accept-language": "\udcff"}, form=form)
    assert json.loads(found.body.decode()) == {"lone": "?ü", "accept_language": "?", "instance": "/"}
    with pytest.raises(oq.ParseError) as caught:
        Endpoint(IMAGES).query(b"$filter=\xed\xa0\x80&$\xff=\xff&@\xff=1&$top=\xff")
    for form in (None, answers.odata, answers.flat, answers.sub_coded):
        assert json.loads(answer(caught.value, path="/", headers={}, form=form).body.decode())


def test_texts_are_sent_without_escapes():
    with pytest.raises(oq.ODataError) as caught:
        Endpoint(IMAGES).query("$filter=ñandú eq 1")
    assert "ñandú" in answer(caught.value, path="/", headers={}).body.decode()
