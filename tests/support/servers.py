"""One small service of images in each framework, and requests to it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

import pytest

import odata_query as oq
from odata_query import python
from odata_query.problems import problem

IMAGES = oq.EntityType(
    "Image",
    {
        "id": oq.Property("Edm.Int64", nullable=False, key=True),
        "name": oq.Property("Edm.String"),
        "width": oq.Property("Edm.Int32"),
    },
)
ROWS = [{"id": n, "name": f"a{n}" if n % 2 else "ü+&", "width": n * 10} for n in range(1, 151)]


class Reply(NamedTuple):
    """An answer that was received; the names of its headers in lower case."""

    status: int
    headers: dict[str, str]
    body: Any


Ask = Callable[..., Reply]
"""`ask("/images", b"$top=1", {"Accept": "*/*"})`: the path is percent-encoded, the query string raw."""


def found(query: oq.Query) -> dict[str, Any]:
    """Return the body of a view's answer."""
    return {"ids": [row["id"] for row in python.apply(ROWS, query)], "count": query.count}


def not_offered() -> oq.UnsupportedError:
    """Return an error that a backend raises."""
    return oq.UnsupportedError([problem("unsupported-option", "$filter")])


def asgi(app: Any) -> Ask:
    """Send requests with Starlette's client, with raw query strings."""
    from starlette.testclient import TestClient

    def ask(path: str, query: bytes = b"", headers: dict[str, str] | None = None) -> Reply:
        async def raw(scope: Any, receive: Any, send: Any) -> None:
            await app({**scope, "query_string": query}, receive, send)

        got = TestClient(raw).get(path, headers={"Accept": "", **(headers or {})})
        return Reply(got.status_code, {k.lower(): v for k, v in got.headers.items()}, got.json())

    return ask


def in_fastapi(**settings: Any) -> Ask:
    fastapi = pytest.importorskip("fastapi")
    from odata_query.fastapi import query_for

    app = fastapi.FastAPI()
    asked = Annotated[oq.Query, fastapi.Depends(query_for(IMAGES, **settings))]

    def images(query: asked):  # type: ignore[valid-type]  # FastAPI reads it when it runs
        return found(query)

    async def named(name: str, query: asked):  # type: ignore[valid-type]
        return found(query)

    def failing(query: asked):  # type: ignore[valid-type]
        raise not_offered()

    for path, view in {"/images": images, "/images/{name}": named, "/failing": failing}.items():
        view.__annotations__["query"] = asked  # which is no name of this file
        app.get(path)(view)
    return asgi(app)


def in_starlette(**settings: Any) -> Ask:
    pytest.importorskip("starlette")
    from starlette.applications import Starlette
    from starlette.endpoints import HTTPEndpoint
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    from odata_query.starlette import query_for

    @query_for(IMAGES, **settings)
    def images(request, query):
        return JSONResponse(found(query))

    class Named(HTTPEndpoint):
        @query_for(IMAGES, **settings)
        async def get(self, request, query):
            assert request.path_params["name"]
            return JSONResponse(found(query))

    @query_for(IMAGES, **settings)
    async def failing(request, query):
        raise not_offered()

    routes = [Route("/images", images), Route("/images/{name}", Named), Route("/failing", failing)]
    return asgi(Starlette(routes=routes))


def in_flask(**settings: Any) -> Ask:
    flask = pytest.importorskip("flask")
    from flask.views import MethodView

    from odata_query.flask import query_for

    app = flask.Flask(__name__)

    @app.get("/images")
    @query_for(IMAGES, **settings)
    def images(query):
        return found(query)

    class Named(MethodView):
        @query_for(IMAGES, **settings)
        def get(self, name, query):
            return found(query)

    app.add_url_rule("/images/<name>", view_func=Named.as_view("named"))

    @app.get("/failing")
    @query_for(IMAGES, **settings)
    async def failing(query):
        raise not_offered()

    def ask(path: str, query: bytes = b"", headers: dict[str, str] | None = None) -> Reply:
        raw = {"QUERY_STRING": query.decode("latin-1")}
        got = app.test_client().get(path, headers=headers, environ_overrides=raw)
        return Reply(got.status_code, {k.lower(): v for k, v in got.headers.items()}, json.loads(got.data))

    return ask


def in_django(**settings: Any) -> Ask:
    with django_urls(*django_patterns(**settings)):
        from django.test import Client

    def ask(path: str, query: bytes = b"", headers: dict[str, str] | None = None) -> Reply:
        with django_urls(*django_patterns(**settings)):
            got = Client().get(path, headers=headers, QUERY_STRING=query.decode("latin-1"))
        return Reply(got.status_code, {k.lower(): v for k, v in got.headers.items()}, json.loads(got.content))

    return ask


def django_patterns(**settings: Any) -> list[Any]:
    pytest.importorskip("django")
    from django.http import JsonResponse
    from django.urls import path
    from django.utils.decorators import method_decorator
    from django.views import View

    from odata_query.django import query_for

    @query_for(IMAGES, **settings)
    def images(request, query):
        return JsonResponse(found(query))

    class Named(View):
        @method_decorator(query_for(IMAGES, **settings))
        def get(self, request, query, name):
            return JsonResponse(found(query))

    @query_for(IMAGES, **settings)
    async def failing(request, query):
        raise not_offered()

    return [path("images", images), path("images/<name>", Named.as_view()), path("failing", failing)]


@contextlib.contextmanager
def django_urls(*patterns: Any):
    """Django with these patterns alone; settings that other tests have made stay as they are."""
    import django
    from django.conf import settings
    from django.test import override_settings

    if not settings.configured:  # not before all tests are collected: another file has more to say
        settings.configure()
        django.setup()
    with override_settings(ROOT_URLCONF=patterns, ALLOWED_HOSTS=["testserver"], MIDDLEWARE=[]):
        yield


FRAMEWORKS = {"fastapi": in_fastapi, "starlette": in_starlette, "flask": in_flask, "django": in_django}
