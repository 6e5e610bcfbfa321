"""Features of FastAPI: the options in its documentation, and the handlers of errors."""

# ruff: noqa: E402  # what is optional is imported once it is known to be there

import asyncio
import json
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated

import pytest
from servers import IMAGES, asgi, found, not_offered

import odata_query as oq
from odata_query import answers
from odata_query.web import Endpoint

pytestmark = pytest.mark.filterwarnings("ignore:Using `httpx` with")
pytest.importorskip("fastapi")

from fastapi import APIRouter, Body, Depends, FastAPI, Query, Request
from fastapi.responses import JSONResponse
from starlette.middleware.base import BaseHTTPMiddleware

from odata_query.fastapi import query_for, refuse

Asked = Annotated[oq.Query, Depends(query_for(IMAGES))]
Flat = Annotated[oq.Query, Depends(query_for(IMAGES, form=answers.flat))]
PROBLEM = "application/problem+json"
WRONG = b"$top=abc"


def images(query: Asked):
    return found(query)


def by_hand():
    return found(oq.parse_query("$filter=nme eq 1", IMAGES))


def app_with(*handlers, **views):
    app = FastAPI(debug=True)
    for kind, handler in handlers:
        app.add_exception_handler(kind, handler)
    for name, view in views.items():
        app.get(f"/{name}")(view)
    return app


@pytest.mark.parametrize(
    ("model", "limits"),
    [
        (IMAGES, None),
        (IMAGES.restrict(functions=["contains"], operators=["eq"]), oq.Limits(max_top=50, max_skip=7, max_length=99)),
        (IMAGES.restrict(filterable=[]), oq.Limits(default_top=5, max_length=None)),
        (IMAGES.restrict(filterable=[], sortable=[]), None),
        (IMAGES.restrict(sortable=["id"], limits=oq.Limits(max_top=10)), None),
    ],
    ids=range(5),
)  # fmt: skip
def test_the_options_are_documented_as_the_model_describes_them(model, limits):
    asked = Annotated[oq.Query, Depends(query_for(model, limits=limits))]

    def view(top: str, query: asked, page: int = 1):
        return query.top

    app = FastAPI()
    app.get("/{top}")(view)
    ask = asgi(app)
    operation = ask("/openapi.json").body["paths"]["/{top}"]["get"]
    documented = [each for each in operation["parameters"] if each["name"].startswith("$")]
    for each in documented:
        assert each["schema"].pop("title") == each["name"]
    bounds = Endpoint(model, limits=limits).limits
    assert documented == json.loads(json.dumps(model.to_openapi(limits=bounds)))
    assert [each["name"] for each in documented[-3:]] == ["$top", "$skip", "$count"]
    assert ask("/x", b"$top=3&page=2").body == 3


def documented(app, path="/view"):
    """The responses of a path, and the schemas of the app."""
    body = asgi(app)("/openapi.json").body
    return body["paths"][path]["get"]["responses"], body.get("components", {}).get("schemas", {})


def test_the_answers_to_wrong_queries_are_documented_and_no_422():
    def view(query: Asked):
        return query.top

    responses, schemas = documented(app_with(view=view))
    assert [*responses] == ["200", "400", "501"]
    assert schemas == {}
    for status, code in (("400", "invalid-option-value"), ("501", "unsupported-option")):
        assert [*responses[status]["content"]] == [PROBLEM, "application/json"]
        assert responses[status]["content"][PROBLEM]["example"]["status"] == int(status)
        assert responses[status]["content"][PROBLEM]["example"]["errors"][0]["code"] == code
        assert responses[status]["content"]["application/json"]["example"]["error"]["code"] == code


def test_a_422_stays_where_fastapi_or_the_form_of_the_endpoint_gives_it():
    def own(query: Asked, page: int = 1):
        return page

    def body(query: Asked, image: Annotated[int, Body()]):
        return image

    def flat(query: Flat):
        return query.top

    def plain(page: int = 1):
        return page

    app = app_with(own=own, body=body, flat=flat, plain=plain)
    assert [*documented(app, "/own")[0]] == ["200", "422", "400", "501"]
    assert "422" in documented(app, "/body")[0]
    assert [*documented(app, "/plain")[0]] == ["200", "422"]
    responses, schemas = documented(app, "/flat")
    assert {status: [*each["content"]] for status, each in responses.items()} == dict.fromkeys(
        ["200", "400", "422", "501"], ["application/json"]
    )
    assert responses["422"]["content"]["application/json"]["example"]["code"] == 422
    assert "HTTPValidationError" in schemas


def test_routers_are_documented_and_what_a_route_says_itself_stays():
    def nested(query: Asked):
        return query

    def view(asked: Annotated[oq.Query, Depends(nested)]):
        return asked.top

    app = FastAPI()
    router = APIRouter(prefix="/v1", dependencies=[Depends(query_for(IMAGES))])
    router.get("/images", responses={400: {"description": "mine"}})(lambda: 1)
    app.include_router(router)
    app.get("/view")(view)
    assert documented(app)[0].keys() == {"200", "400", "501"}
    responses, schemas = documented(app, "/v1/images")
    assert responses.keys() == {"200", "400", "501"}
    assert responses["400"] == {"description": "mine"}
    assert "HTTPValidationError" not in schemas


@pytest.mark.parametrize(
    ("settings", "names", "others"),
    [
        ({}, {"geo.distance", "hassubset", "matchespattern", "any", "eq"}, set()),
        (
            {"dialect": "sqlite"},
            {"matchespattern", "any", "eq", "concat", "cast"},
            {"geo.distance", "hassubset"},
        ),
        ({"dialect": "spark"}, {"contains", "has", "in", "$count"}, {"geo.distance", "matchespattern"}),
        (
            {
                "dialect": "spark",
                "limits": oq.Limits(functions=["contains", "matchespattern"], operators=["eq"]),
            },
            {"contains", "eq"},
            {"matchespattern", "endswith", "ne", "any"},
        ),
    ],
)
def test_only_the_operations_that_an_endpoint_offers_are_documented(settings, names, others):
    app = FastAPI()
    asked = Annotated[oq.Query, Depends(query_for(IMAGES, **settings))]

    def view(query: asked):
        return query.filter is not None

    app.get("/asked")(view)
    body = asgi(app)("/openapi.json").body
    text = body["paths"]["/asked"]["get"]["parameters"][0]["description"].partition("Operators: ")[2]
    listed = set(re.findall("`([^`]+)`", text))
    assert names <= listed
    assert not others & listed
    # What the dialect lacks is a 501 of the statement, and no error of the query.
    accepted = asgi(app)("/asked", b"$filter=name eq 'a'")
    assert accepted.body is True


def test_an_endpoint_can_have_its_own_parameters_next_to_the_query():
    def view(query: Asked, filter: str = "", top: Annotated[int, Query(alias="n")] = 0):
        return [query.top, filter, top]

    ask = asgi(app_with(view=view))
    assert ask("/view", b"n=5&$top=3").body == [3, "", 5]
    assert ask("/view", b"n=x&$top=3").status == 422


def test_an_error_of_the_endpoint_itself_is_answered():
    def failing(query: Asked):
        raise not_offered()

    async def failing_async(query: Flat):
        raise not_offered()

    ask = asgi(app_with(failing=failing, failing_async=failing_async))
    assert (ask("/failing").status, ask("/failing").headers["content-type"]) == (501, PROBLEM)
    assert ask("/failing_async").body["code"] == 501


def test_each_endpoint_has_its_own_settings():
    def flat(query: Flat):
        return found(query)

    def both(one: Asked, two: Flat):
        return [one.top, two.top]

    ask = asgi(app_with(images=images, flat=flat, both=both))
    for _ in range(2):
        assert ask("/images", WRONG).headers["content-type"] == PROBLEM
        assert ask("/flat", WRONG).body["code"] == 400
        assert ask("/both", b"$top=4").body == [4, 4]
        assert ask("/both", WRONG).headers["content-type"] == PROBLEM


def test_an_endpoint_without_a_query_is_not_affected():
    async def handler(request: Request, error: Exception):
        return JSONResponse("mine", 418)

    plain = asgi(app_with(images=images, by_hand=by_hand))
    handled = asgi(app_with((ValueError, handler), images=images, by_hand=by_hand))
    for _ in range(2):
        with pytest.raises(oq.ValidationError):
            plain("/by_hand")
        assert handled("/by_hand").status == 418
        assert plain("/images", WRONG).status == handled("/images", WRONG).status == 400


@pytest.mark.parametrize(
    ("kind", "status", "status_of_unsupported"),
    [
        (oq.ODataError, 418, 418),
        (oq.UnsupportedError, 400, 418),
        (oq.ParseError, 418, 501),
        (ValueError, 400, 501),
        (Exception, 400, 501),
        (400, 400, 501),
    ],
)
def test_a_handler_of_the_app_for_such_an_error_comes_first(kind, status, status_of_unsupported):
    def handler(request: Request, error: Exception):
        assert not isinstance(kind, type) or type(error) is oq.UnsupportedError or "abc" in str(error)
        return JSONResponse(type(error).__name__, 418)

    ask = asgi(app_with((kind, handler), images=images))
    for _ in range(2):
        assert ask("/images", WRONG).status == status
        assert ask("/images", b"$expand=a").status == status_of_unsupported


def test_refuse_answers_errors_of_parse_query():
    ask = asgi(app_with((oq.ODataError, refuse), by_hand=by_hand))
    reply = ask("/by_hand", headers={"Accept-Language": "es"})
    assert (reply.status, reply.body["instance"]) == (400, "/by_hand")
    assert (reply.headers["content-type"], reply.headers["content-language"]) == (PROBLEM, "es")


def test_routers_and_mounted_apps_answer_as_the_app_does():
    router = APIRouter(prefix="/v1", dependencies=[Depends(query_for(IMAGES, form=answers.sub_coded))])

    @router.get("/images")
    def inner():
        return "ok"

    app = app_with(images=images)
    app.include_router(router)
    app.mount("/sub", app_with(images=images, by_hand=by_hand))
    ask = asgi(app)
    assert ask("/v1/images", b"$top=3").body == "ok"
    assert ask("/v1/images", WRONG).headers["apistatussubcode"] == "400.6"
    assert ask("/sub/images", WRONG).body["instance"] == "/sub/images"
    assert ask("/sub/images", b"$top=1").body["ids"] == [1]
    with pytest.raises(oq.ValidationError):
        ask("/sub/by_hand")


def test_dependencies_with_yield_see_the_error_and_clean_up():
    seen = []

    def session(query: Asked):
        try:
            yield query
        except oq.ODataError as error:
            seen.append(error.status)
            raise

    def outer():
        try:
            yield
        except oq.ODataError as error:
            seen.append([p.code for p in error.problems])
            raise

    def view(first: Annotated[None, Depends(outer)], query: Annotated[oq.Query, Depends(session)]):
        raise not_offered()

    assert asgi(app_with(view=view))("/view").status == 501
    assert seen == [501, ["unsupported-option"]]


def test_middleware_sees_the_answer_and_other_dependencies_can_be_overridden():
    class Stamp(BaseHTTPMiddleware):
        async def dispatch(self, request, call_next):
            response = await call_next(request)
            response.headers["X-Seen"] = str(response.status_code)
            return response

    dependency = query_for(IMAGES)
    app = FastAPI()
    app.add_middleware(Stamp)

    def view(query: Annotated[oq.Query, Depends(dependency)]):
        return query.top

    app.get("/view")(view)
    assert asgi(app)("/view", WRONG).headers["x-seen"] == "400"
    app.dependency_overrides[dependency] = lambda: oq.parse_query("$top=9", IMAGES)
    assert asgi(app)("/view", WRONG).body == 9


def test_requests_at_once_do_not_mix_their_settings():
    def flat(query: Flat):
        return found(query)

    ask = asgi(app_with(images=images, flat=flat))
    wanted = {"/images": PROBLEM, "/flat": "application/json"}
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda n: (n, ask(["/images", "/flat"][n % 2], b"$top=%dx" % n)), range(64)))
    for n, reply in replies:
        assert reply.headers["content-type"] == wanted[["/images", "/flat"][n % 2]]
        text = reply.body.get("errors", [{"position": None}])[0]["position"]
        assert text in (len(str(n)), None)


def test_a_host_other_than_starlette_gets_the_error():
    async def call():
        generator = query_for(IMAGES)(
            Request({"type": "http", "path": "/", "query_string": WRONG, "headers": []})
        )
        await anext(generator)

    with pytest.raises(oq.ParseError, match="whole number"):
        asyncio.run(call())
