"""Queries for the endpoints of Starlette.

@query_for(Images)
async def images(request, query): ...
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .errors import ODataError
from .limits import Limits
from .model.entity import EntityType
from .web import Endpoint, ErrorResponse, Form, RequestInfo, View, error_response


def query_for(
    entity_type: EntityType,
    *,
    limits: Limits | None = None,
    default_timezone: dt.tzinfo = dt.UTC,
    form: Form | None = None,
    type_base: str | None = None,
) -> Callable[[View], View]:
    """Decorate an endpoint that takes a query: `@query_for(Images)` on `def images(request, query)`.

    entity_type       what clients ask for
    limits            bounds on a query; default_top is 100, max_top 1,000 and max_pattern 200 if not set
    default_timezone  the time zone of date-times without an offset
    form              makes the answer to a wrong query: `answers.flat`; the default is problem details,
                      or OData's own form for clients that ask for it
    type_base         the address where the types of problems are documented, for problem details

    It works on functions, plain and async, and on methods of an HTTPEndpoint. An ODataError of the query or
    of the endpoint is answered with a 400 or a 501. Raises ConfigurationError for wrong arguments.
    """
    endpoint = Endpoint(
        entity_type, limits=limits, default_timezone=default_timezone, form=form, type_base=type_base
    )
    return lambda view: endpoint.wrap(view, _read_arguments, make_response)


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
