"""Features of Starlette, Flask and Django: kinds of views, threads, and the paths of mounted apps."""

from __future__ import annotations

import asyncio
import inspect
import json
import threading

import pytest
from servers import IMAGES, asgi, django_patterns, django_urls, found, not_offered

import odata_query as oq

pytestmark = pytest.mark.filterwarnings("ignore:Using `httpx` with")
WRONG = b"$top=abc"


@pytest.fixture
def starlette():
    return pytest.importorskip("starlette")


@pytest.fixture
def flask():
    return pytest.importorskip("flask")


@pytest.fixture
def django():
    return pytest.importorskip("django")


@pytest.mark.parametrize("framework", ["starlette", "flask", "django"])
def test_a_view_keeps_its_name_and_its_kind(framework):
    pytest.importorskip(framework)
    decorate = pytest.importorskip(f"odata_query.{framework}").query_for(IMAGES)

    def plain(request, query):
        """Images."""

    async def awaited(request, query):
        """Images."""

    plain.csrf_exempt = True
    for view, is_async in ((plain, False), (awaited, True)):
        found = decorate(view)
        assert (found.__name__, found.__doc__, found.__wrapped__) == (view.__name__, "Images.", view)
        assert inspect.iscoroutinefunction(found) is is_async
    assert decorate(plain).csrf_exempt
    with pytest.raises(oq.ConfigurationError, match="entity_type must be an EntityType"):
        pytest.importorskip(f"odata_query.{framework}").query_for(plain)


# ---- Starlette -----------------------------------------------------------------------------------


def test_starlette_runs_plain_views_in_threads_and_async_ones_in_its_own(starlette):
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse
    from starlette.routing import Mount, Route

    from odata_query.starlette import query_for, refuse

    seen = {}

    @query_for(IMAGES)
    def plain(request, query):
        seen["plain"] = threading.current_thread()
        return JSONResponse(found(query))

    @query_for(IMAGES)
    async def awaited(request, query):
        seen["awaited"] = threading.current_thread()
        return JSONResponse(found(query))

    async def by_hand(request):
        raise not_offered()

    routes = [Route("/plain", plain), Route("/awaited", awaited), Route("/by_hand", by_hand)]
    app = Starlette(
        routes=[*routes, Mount("/sub", Starlette(routes=routes))], exception_handlers={oq.ODataError: refuse}
    )
    ask = asgi(app)
    for path in ("/plain", "/awaited", "/sub/plain", "/sub/awaited"):
        assert ask(path, b"$top=2").body["ids"] == [1, 2]
        assert ask(path, WRONG).body["instance"] == path
    assert seen["plain"].name != seen["awaited"].name
    assert ask("/by_hand").status == 501


# ---- Flask ---------------------------------------------------------------------------------------


def test_flask_gives_the_path_that_the_client_sees(flask):
    from odata_query.flask import query_for

    app = flask.Flask(__name__)

    @app.get("/images/<int:owner>")
    @query_for(IMAGES)
    async def images(query, owner):
        if query.top == 0:
            raise not_offered()
        return {"owner": owner, "top": query.top}

    client = app.test_client()
    assert client.get("/images/7?$top=2").get_json() == {"owner": 7, "top": 2}
    assert client.get("/images/7?$top=0").status_code == 501
    got = client.get("/images/7?$top=x", environ_overrides={"SCRIPT_NAME": "/api/ü"})
    assert json.loads(got.data)["instance"].startswith("/api/")
    assert client.head("/images/7?$top=x").status_code == 400


def test_flask_errors_elsewhere_are_the_apps_own(flask):
    app = flask.Flask(__name__)

    @app.get("/")
    def by_hand():
        raise not_offered()

    assert app.test_client().get("/").status_code == 500


# ---- Django --------------------------------------------------------------------------------------


def test_django_serves_async_clients_too(django):
    async def calls():
        from django.test import AsyncClient

        client = AsyncClient()
        paths = [
            "/images?$top=2",
            "/images/x?$filter=name%20eq%20'%C3%BC%2B%26'&$top=1",
            "/failing?$top=1",
            "/images?$top=%FF",
        ]
        return [await client.get(path) for path in paths]

    with django_urls(*django_patterns()):
        replies = asyncio.run(calls())
    assert [reply.status_code for reply in replies] == [200, 200, 501, 400]
    assert [json.loads(reply.content).get("ids") for reply in replies[:2]] == [[1, 2], [2]]


def test_django_class_based_views_are_decorated_with_and_without_method_decorator(django):
    from django import VERSION
    from django.http import JsonResponse
    from django.urls import path
    from django.utils.decorators import method_decorator
    from django.views import View

    from odata_query.django import query_for

    class Plain(View):
        @query_for(IMAGES)
        def get(self, request, query, owner):
            return JsonResponse({"owner": owner, "top": query.top})

    class Awaited(View):
        @query_for(IMAGES)
        async def get(self, request, query, owner):
            return JsonResponse({"owner": owner, "top": query.top})

    @method_decorator(query_for(IMAGES), name="get")
    class Named(View):
        def get(self, request, query, owner):
            return JsonResponse({"owner": owner, "top": query.top})

    class AwaitedByDecorator(View):
        @method_decorator(query_for(IMAGES))
        async def get(self, request, query, owner):
            return JsonResponse({"owner": owner, "top": query.top})

    views = {"plain": Plain, "awaited": Awaited, "named": Named}
    if VERSION >= (5, 2):  # method_decorator did not take async methods before
        views["decorated"] = AwaitedByDecorator
    with django_urls(*(path(f"{name}/<int:owner>", view.as_view()) for name, view in views.items())):
        from django.test import Client

        for name in views:
            assert Client().get(f"/{name}/7?$top=2").json() == {"owner": 7, "top": 2}
            assert Client().get(f"/{name}/7?$top=x").json()["instance"] == f"/{name}/7"


def test_django_requests_need_not_come_from_a_server(django):
    with django_urls():
        from django.http import HttpRequest

        from odata_query.django import query_for

        view = query_for(IMAGES)(lambda request, query: query.top)
        assert view(HttpRequest()) == view(request=HttpRequest()) == 100


# ---- the event loop ------------------------------------------------------------------------------


SHORT, LONG = b"$filter=id+eq+1", b"$filter=" + b"id+eq+1+or+" * 100 + b"true"


@pytest.fixture
def threads(monkeypatch):
    """Collect the threads that parse query strings."""
    from odata_query.web import Endpoint

    found = []
    real = Endpoint.query

    def query(self, query_string):
        if "$filter" in str(query_string):
            found.append(threading.get_ident())
        return real(self, query_string)

    monkeypatch.setattr(Endpoint, "query", query)
    return found


@pytest.mark.parametrize("framework", ["starlette", "fastapi"])
def test_a_long_query_string_is_parsed_in_a_thread_of_a_real_server(framework, threads):
    pytest.importorskip(framework)
    uvicorn = pytest.importorskip("uvicorn")
    httpx = pytest.importorskip("httpx")
    module = pytest.importorskip(f"odata_query.{framework}")
    loops = []

    if framework == "fastapi":
        import fastapi

        app = fastapi.FastAPI()

        async def images(query):
            loops.append(threading.get_ident())
            return found(query)

        images.__annotations__["query"] = oq.Query
        images.__defaults__ = (fastapi.Depends(module.query_for(IMAGES)),)
        app.get("/images")(images)
    else:
        from starlette.applications import Starlette
        from starlette.responses import JSONResponse
        from starlette.routing import Route

        @module.query_for(IMAGES)
        async def images(request, query):
            loops.append(threading.get_ident())
            return JSONResponse(found(query))

        app = Starlette(routes=[Route("/images", images)])
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical"))
    runner = threading.Thread(target=server.run)
    runner.start()
    try:
        while not server.started:
            assert runner.is_alive()
        port = server.servers[0].sockets[0].getsockname()[1]
        for text in (SHORT, LONG, b"$filter=nope+eq+1" + b"+or+id+eq+1" * 100):
            httpx.get(f"http://127.0.0.1:{port}/images?{text.decode()}")
    finally:
        server.should_exit = True
        runner.join()
    loop = runner.ident
    assert loops == [loop, loop]
    assert [thread == loop for thread in threads] == [True, False, False]


def test_a_long_query_string_of_an_async_view_of_django_is_parsed_in_a_thread(django, threads):
    from django.test import AsyncRequestFactory

    with django_urls(*django_patterns()):
        from django.http import JsonResponse

        from odata_query.django import query_for

        @query_for(IMAGES)
        async def images(request, query):
            return JsonResponse(found(query))

        for text in (SHORT, LONG):
            asyncio.run(images(AsyncRequestFactory().get(f"/images?{text.decode()}")))
    assert [thread == threading.get_ident() for thread in threads] == [True, False]
