"""Queries for the views of Django.

@query_for(Images)
def images(request, query): ...

It works on functions, plain and async, and on methods of a class-based view, with or without
`method_decorator`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse  # type: ignore[import-untyped]  # no stubs

from .web import Endpoint, ErrorResponse, RequestInfo, View, adapted


def _read_request(*args: Any, **kwargs: Any) -> RequestInfo:
    # The requests of REST framework are not HttpRequests, but have the same attributes.
    request = next(value for value in (*args, *kwargs.values()) if hasattr(value, "META"))
    scope = getattr(request, "scope", None)
    if scope is not None:
        query_string = scope.get("query_string", b"")
    else:
        # WSGI gives bytes as latin-1 (PEP 3333).
        query_string = request.META.get("QUERY_STRING", "").encode("latin-1")
    return RequestInfo(query_string, request.path, request.headers)


def _make_response(response: ErrorResponse) -> Any:
    return HttpResponse(response.body, status=response.status, headers=response.headers)


def _decorator(endpoint: Endpoint) -> Callable[[View], View]:
    return lambda view: endpoint.wrap(view, _read_request, _make_response)


query_for = adapted(Endpoint, _decorator)
