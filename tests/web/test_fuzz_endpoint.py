"""The kit for endpoints on the image service, over real HTTP, and on each framework with its own client.

ODATA_FUZZ=20000 ODATA_FUZZ_SEED=7 pytest tests/test_fuzz_endpoint.py
"""

from __future__ import annotations

import asyncio
import os
from functools import partial
from typing import Any

import pytest
from servers import FRAMEWORKS, IMAGES, ROWS, django_patterns, django_urls, found

import odata_query as oq
from odata_query import answers
from odata_query.testing import fuzz_endpoint

pytestmark = pytest.mark.filterwarnings("ignore:Using `httpx` with")

REQUESTS = os.environ.get("ODATA_FUZZ")
SEED = int(os.environ.get("ODATA_FUZZ_SEED", "1"))


@pytest.mark.parametrize("requests", [300, pytest.param(1_500, marks=pytest.mark.slow)])
def test_the_image_service_answers_every_query_string_as_it_must(tmp_path, requests: int) -> None:
    for module in ("fastapi", "httpx", "uvicorn"):
        pytest.importorskip(module, reason=f"{module} is not installed")
    from image_service import Images
    from test_image_service import ANA, IMAGES, service

    with service(tmp_path) as client:
        report = fuzz_endpoint(
            lambda query: client.get(f"/images?{query}", headers=ANA),
            Images,
            IMAGES["ana"],
            requests=int(REQUESTS or requests),
            seed=SEED,
        )
    print(report)
    assert set(report.statuses) <= {200, 400, 501}
    assert min(report.statuses[200], report.statuses[400]) > report.requests / 5


# ---- the frameworks ------------------------------------------------------------------------------


def rows_in(body: Any) -> list[dict[str, Any]]:
    """The rows in the answer of a small service."""
    return [{"id": id} for id in body["ids"]]


def fuzz(call: Any, **more: Any) -> None:
    report = fuzz_endpoint(call, IMAGES, ROWS, **{"requests": 100, "seed": SEED, "found": rows_in, **more})
    assert min(report.statuses[200], report.statuses[400] + report.statuses[422]) > report.requests / 5


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize(
    ("settings", "headers"),
    [
        ({}, {}),
        ({}, {"Accept": "application/json;odata.metadata=minimal"}),
        ({}, {"Accept-Language": "es"}),
        ({"form": answers.flat}, {}),
        ({"form": answers.sub_coded}, {}),
        ({"form": partial(answers.problem_details, invalid_status=422)}, {}),
    ],
    ids=["problem details", "odata by Accept", "in Spanish", "flat", "sub-coded", "422"],
)
def test_each_framework_answers_as_it_must_in_each_form(framework, settings, headers):
    ask = FRAMEWORKS[framework](**settings)
    fuzz(lambda query: ask("/images", query.encode(), headers), requests=30)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_each_framework_keeps_the_limits_that_it_is_given(framework):
    limits = oq.Limits(max_top=20, max_skip=50, functions=frozenset({"contains", "length"}))
    ask = FRAMEWORKS[framework](limits=limits)
    fuzz(lambda query: ask("/images", query.encode()), limits=limits, requests=50)


def test_fastapi_is_called_by_its_own_client_and_over_httpx():
    fastapi = pytest.importorskip("fastapi")
    httpx = pytest.importorskip("httpx")
    from fastapi.testclient import TestClient

    from odata_query.fastapi import query_for

    app = fastapi.FastAPI()

    def images(query):
        return found(query)

    images.__annotations__["query"] = oq.Query
    images.__defaults__ = (fastapi.Depends(query_for(IMAGES)),)
    app.get("/images")(images)
    client = TestClient(app)
    fuzz(lambda query: client.get(f"/images?{query}"))

    async def asked(query: str) -> Any:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            return await client.get(f"/images?{query}")

    with asyncio.Runner() as runner:
        fuzz(lambda query: runner.run(asked(query)))


def test_flask_is_called_by_its_own_client():
    flask = pytest.importorskip("flask")
    from odata_query.flask import query_for

    app = flask.Flask(__name__)

    @app.get("/images")
    @query_for(IMAGES)
    def images(query):
        return found(query)

    client = app.test_client()
    fuzz(lambda query: client.get(f"/images?{query}"))
    fuzz(lambda query: client.get("/images", query_string=query))


def test_django_is_called_by_its_own_client():
    pytest.importorskip("django")
    with django_urls(*django_patterns()):
        from django.test import Client

        client = Client()
        fuzz(lambda query: client.get(f"/images?{query}"))
