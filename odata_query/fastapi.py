"""Queries for the endpoints of FastAPI.

@app.get("/images")
def images(query: Annotated[oq.Query, Depends(query_for(Images))]): ...

The query options are in `/openapi.json`, and so are the answers to wrong queries. A wrong query is answered
unless the app has its own handler for ODataError.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from functools import wraps
from typing import Annotated, Any
from weakref import WeakKeyDictionary

import fastapi
from fastapi.openapi import utils as openapi_utils
from fastapi.responses import Response
from pydantic import WithJsonSchema
from starlette.concurrency import run_in_threadpool

from .errors import ODataError
from .query import Query
from .starlette import make_response, read_request, refuse
from .web import Endpoint, adapted

__all__ = ["query_for", "refuse"]


def _dependency(endpoint: Endpoint) -> Callable[..., AsyncIterator[Query]]:
    async def odata_query(request: fastapi.Request, **_: object) -> AsyncIterator[Query]:
        try:
            query_string = read_request(request).query_string
            yield await endpoint.query_off_loop(query_string, run_in_threadpool)
        except ODataError as error:
            # A dependency cannot answer, and only here can it reach the handlers of a running app. The
            # handler is for _EndpointError alone, so that other endpoints stay as they are.
            handlers, _statuses = request.scope.get("starlette.exception_handlers", (None, None))
            known = (kind for kind in type(error).__mro__ if issubclass(kind, ODataError))
            if handlers is None or any(kind in handlers for kind in known):
                raise
            handlers.setdefault(_EndpointError, _answer)
            raise _EndpointError(error, endpoint) from error

    request = inspect.Parameter("request", inspect.Parameter.KEYWORD_ONLY, annotation=fastapi.Request)
    options = [_parameter(option) for option in endpoint.openapi_parameters()]
    odata_query.__signature__ = inspect.Signature([request, *options])  # type: ignore[attr-defined]  # PEP 362
    _ENDPOINTS[odata_query] = endpoint
    return odata_query


_ENDPOINTS: WeakKeyDictionary[Callable[..., Any], Endpoint] = WeakKeyDictionary()
"""The endpoints of dependencies, for the documentation."""


query_for = adapted(Endpoint, _dependency)


def _parameter(option: dict[str, Any]) -> inspect.Parameter:
    """Make a parameter that FastAPI documents but does not read: any value passes."""
    name = option["name"]
    documented = fastapi.Query(
        alias=name, title=name, description=option["description"], openapi_examples=option.get("examples")
    )
    return inspect.Parameter(
        f"odata_{name[1:]}",
        inspect.Parameter.KEYWORD_ONLY,
        default=option["schema"].get("default"),
        annotation=Annotated[Any, WithJsonSchema(option["schema"]), documented],
    )


class _EndpointError(ODataError):
    """An error together with the endpoint that answers it."""

    def __init__(self, error: ODataError, endpoint: Endpoint) -> None:
        super().__init__(error.problems)
        self.error = error
        self.endpoint = endpoint


async def _answer(request: fastapi.Request, found: _EndpointError) -> Response:
    return make_response(found.endpoint.error_response(found.error, read_request(request)))


# ---- documentation ---------------------------------------------------------------------------------


def _document_responses(document: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function that documents the answers to wrong queries, where FastAPI documents a route.

    A dependency cannot declare its responses. FastAPI assumes that wrong parameters are answered with a 422,
    which ours never are.
    """

    @wraps(document)
    def get_openapi_path(*, route: Any, **rest: Any) -> Any:
        path, schemes, definitions = document(route=route, **rest)
        endpoints = list(_endpoints_of(route.dependant))
        for operation in path.values() if endpoints else ():
            names = [each["name"] for each in operation.get("parameters", ())]
            is_ours = "requestBody" not in operation and all(name.startswith("$") for name in names)
            responses = operation["responses"]
            if is_ours and _VALIDATION_ERROR in str(responses.get("422")):
                del responses["422"]
                definitions = {name: each for name, each in definitions.items() if name not in _DEFINITIONS}
            for endpoint in endpoints:
                for status, response in endpoint.openapi_responses().items():
                    responses.setdefault(status, response)
        return path, schemes, definitions

    return get_openapi_path


_VALIDATION_ERROR = "#/components/schemas/HTTPValidationError"
_DEFINITIONS = ("HTTPValidationError", "ValidationError")


def _endpoints_of(dependant: Any) -> Iterator[Endpoint]:
    """The endpoints of all dependencies of a route."""
    for each in dependant.dependencies:
        if each.call in _ENDPOINTS:
            yield _ENDPOINTS[each.call]
        yield from _endpoints_of(each)


# FastAPI has no hook for this. Without the function, as in another version, nothing is documented.
if hasattr(openapi_utils, "get_openapi_path"):
    openapi_utils.get_openapi_path = _document_responses(openapi_utils.get_openapi_path)
