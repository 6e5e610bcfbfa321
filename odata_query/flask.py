"""Queries for the views of Flask.

@app.get("/images")
@query_for(Images)
def images(query): ...
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from flask import Response, request

from .limits import Limits
from .model.entity import EntityType
from .web import Endpoint, ErrorResponse, Form, RequestInfo, View


def query_for(
    entity_type: EntityType,
    *,
    limits: Limits | None = None,
    default_timezone: dt.tzinfo = dt.UTC,
    form: Form | None = None,
    type_base: str | None = None,
) -> Callable[[View], View]:
    """Decorate a view that takes a query: `@query_for(Images)` on `def images(query)`.

    entity_type       what clients ask for
    limits            bounds on a query; default_top is 100, max_top 1,000 and max_pattern 200 if not set
    default_timezone  the time zone of date-times without an offset
    form              makes the answer to a wrong query: `answers.flat`; the default is problem details,
                      or OData's own form for clients that ask for it
    type_base         the address where the types of problems are documented, for problem details

    Put it below `@app.get(...)`, on functions, plain and async, and on methods of a MethodView. An
    ODataError of the query or of the view is answered with a 400 or a 501. Raises ConfigurationError for
    wrong arguments.
    """
    endpoint = Endpoint(
        entity_type, limits=limits, default_timezone=default_timezone, form=form, type_base=type_base
    )
    return lambda view: endpoint.wrap(view, _read_request, _make_response)


def _read_request(*_args: Any, **_kwargs: Any) -> RequestInfo:
    return RequestInfo(request.query_string, request.script_root + request.path, request.headers)


def _make_response(response: ErrorResponse) -> Response:
    return Response(response.body, response.status, response.headers)
