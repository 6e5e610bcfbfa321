"""Queries for the endpoints of Starlette.

@query_for(Images)
async def images(request, query): ...
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Unpack

from starlette.requests import Request
from starlette.responses import Response

from . import web as serving
from .errors import ODataError
from .model.entity import EntityType


def query_for(
    entity_type: EntityType, **settings: Unpack[serving.Settings]
) -> Callable[[serving.View], serving.View]:
    """A decorator that gives an endpoint its query: `@query_for(Images)` on `def images(request, query)`.

    It is for functions, plain and async, and for the methods of an HTTPEndpoint. What is wrong with a
    query, also by an ODataError that the endpoint raises, is answered with a 400 or a 501. The settings
    are those of `serving.Settings`. Raises ConfigurationError for wrong ones.
    """
    endpoint = serving.Endpoint(entity_type, **settings)
    return lambda view: endpoint.around(view, _asked_by, response)


async def refuse(request: Request, error: Exception) -> Response:
    """What to send for an ODataError: `app.add_exception_handler(oq.ODataError, refuse)`.

    It is for endpoints that call `parse_query` by hand; `query_for` needs no handler.
    """
    if not isinstance(error, ODataError):
        raise error
    given = asked(request)
    return response(serving.refusal(error, path=given.path, headers=given.headers))


def asked(request: Request) -> serving.Asked:
    """What a request says."""
    scope = request.scope
    return serving.Asked(scope.get("query_string", b""), scope["path"], request.headers)


def response(refusal: serving.Refusal) -> Response:
    """A refusal as Starlette sends it."""
    return Response(refusal.body, refusal.status, refusal.headers)


def _asked_by(*args: Any, **kwargs: Any) -> serving.Asked:
    return asked(next(given for given in (*args, *kwargs.values()) if isinstance(given, Request)))
