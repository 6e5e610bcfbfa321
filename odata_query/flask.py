"""Queries for the views of Flask.

@app.get("/images")
@query_for(Images)
def images(query): ...
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Unpack

from flask import Response, request

from . import web as serving
from .model.entity import EntityType


def query_for(
    entity_type: EntityType, **settings: Unpack[serving.Settings]
) -> Callable[[serving.View], serving.View]:
    """A decorator that gives a view its query: `@query_for(Images)` on `def images(query)`.

    It stands below `@app.get(...)`, on functions, plain and async, and on the methods of a MethodView. What
    is wrong with a query, also by an ODataError that the view raises, is answered with a 400 or a 501. The
    settings are those of `serving.Settings`. Raises ConfigurationError for wrong ones.
    """
    endpoint = serving.Endpoint(entity_type, **settings)
    return lambda view: endpoint.around(view, _asked, _response)


def _asked(*_args: Any, **_kwargs: Any) -> serving.Asked:
    return serving.Asked(request.query_string, request.script_root + request.path, request.headers)


def _response(refusal: serving.Refusal) -> Response:
    return Response(refusal.body, refusal.status, refusal.headers)
