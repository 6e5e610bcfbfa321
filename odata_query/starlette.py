"""Queries for the endpoints of Starlette.

@query_for(Images)
async def images(request, query): ...

It works on functions, plain and async, and on methods of an HTTPEndpoint.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from .errors import ODataError
from .web import Endpoint, ErrorResponse, RequestInfo, View, adapted, error_response


async def refuse(request: Request, error: Exception) -> Response:
    """Answer an ODataError of any endpoint: `app.add_exception_handler(oq.ODataError, refuse)`.

    It is for endpoints that call `parse_query` themselves; `query_for` needs no handler.
    """
    if not isinstance(error, ODataError):
        raise error
    return make_response(error_response(error, read_request(request)))


def read_request(request: Request) -> RequestInfo:
    """Read the raw query string, the path and the headers."""
    scope = request.scope
    return RequestInfo(scope.get("query_string", b""), scope["path"], request.headers)


def make_response(response: ErrorResponse) -> Response:
    """Make a response of Starlette."""
    return Response(response.body, response.status, response.headers)


def _read_arguments(*args: Any, **kwargs: Any) -> RequestInfo:
    return read_request(next(value for value in (*args, *kwargs.values()) if isinstance(value, Request)))


def _decorator(endpoint: Endpoint) -> Callable[[View], View]:
    return lambda view: endpoint.wrap(view, _read_arguments, make_response, run_in_threadpool)


query_for = adapted(Endpoint, _decorator)
