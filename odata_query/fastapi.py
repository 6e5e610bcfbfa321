"""Queries for the endpoints of FastAPI.

@app.get("/images")
def images(query: Annotated[oq.Query, Depends(query_for(Images))]): ...

The query options are in `/openapi.json`. A wrong query is answered unless the app has its own handler for
ODataError.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

import fastapi
from fastapi.responses import Response
from pydantic import WithJsonSchema

from .errors import ODataError
from .query import Query
from .starlette import make_response, read_request, refuse
from .web import Endpoint, adapted

__all__ = ["query_for", "refuse"]


def _dependency(endpoint: Endpoint) -> Callable[..., AsyncIterator[Query]]:
    async def odata_query(request: fastapi.Request, **_: object) -> AsyncIterator[Query]:
        try:
            yield endpoint.query(read_request(request).query_string)
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
    options = [_parameter(option) for option in endpoint.entity_type.to_openapi(limits=endpoint.limits)]
    odata_query.__signature__ = inspect.Signature([request, *options])  # type: ignore[attr-defined]  # PEP 362
    return odata_query


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
