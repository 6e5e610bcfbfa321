"""Queries for the views of Django.

@query_for(Images)
def images(request, query): ...
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Unpack

from django.http import HttpResponse  # type: ignore[import-untyped]  # no stubs

from . import web as serving
from .model.entity import EntityType


def query_for(
    entity_type: EntityType, **settings: Unpack[serving.Settings]
) -> Callable[[serving.View], serving.View]:
    """A decorator that gives a view its query: `@query_for(Images)` on `def images(request, query)`.

    It is for functions, plain and async, and for the methods of a class-based view, with or without
    `method_decorator`. What is wrong with a query, also by an ODataError that the view raises, is answered
    with a 400 or a 501. The settings are those of `serving.Settings`. Raises ConfigurationError for wrong
    ones.
    """
    endpoint = serving.Endpoint(entity_type, **settings)
    return lambda view: endpoint.around(view, _asked, _response)


def _asked(*args: Any, **kwargs: Any) -> serving.Asked:
    # The requests of REST framework are no HttpRequest, but have what it has.
    request = next(given for given in (*args, *kwargs.values()) if hasattr(given, "META"))
    scope = getattr(request, "scope", None)
    if scope is not None:
        query_string = scope.get("query_string", b"")
    else:
        query_string = request.META.get("QUERY_STRING", "").encode("latin-1")  # as WSGI has bytes (PEP 3333)
    return serving.Asked(query_string, request.path, request.headers)


def _response(refusal: serving.Refusal) -> Any:
    return HttpResponse(refusal.body, status=refusal.status, headers=refusal.headers)
