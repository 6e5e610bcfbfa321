"""Queries for the views of Flask.

@app.get("/images")
@query_for(Images)
def images(query): ...

It works on functions, plain and async, and on methods of a MethodView.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, request

from .web import Endpoint, ErrorResponse, RequestInfo, View, adapted


def _read_request(*_args: Any, **_kwargs: Any) -> RequestInfo:
    return RequestInfo(request.query_string, request.script_root + request.path, request.headers)


def _make_response(response: ErrorResponse) -> Response:
    return Response(response.body, response.status, response.headers)


def _decorator(endpoint: Endpoint) -> Callable[[View], View]:
    return lambda view: endpoint.wrap(view, _read_request, _make_response)


query_for = adapted(Endpoint, _decorator)
