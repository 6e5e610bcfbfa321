"""Queries for the endpoints of FastAPI.

@app.get("/images")
def images(query: Annotated[oq.Query, Depends(query_for(Images))]): ...
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any, Unpack

import fastapi
from fastapi.responses import Response
from pydantic import WithJsonSchema

from . import web as serving
from .errors import ODataError
from .model.entity import EntityType
from .query import Query
from .starlette import asked, refuse, response

__all__ = ["query_for", "refuse"]


def query_for(
    entity_type: EntityType, **settings: Unpack[serving.Settings]
) -> Callable[..., AsyncIterator[Query]]:
    """A dependency that gives an endpoint its query: `Annotated[oq.Query, Depends(query_for(Images))]`.

    The query options are in `/openapi.json`. What is wrong with a query, also by an ODataError that the
    endpoint raises, is answered with a 400 or a 501, unless the app has a handler of its own for it. The
    settings are those of `serving.Settings`. Raises ConfigurationError for wrong ones.
    """
    endpoint = serving.Endpoint(entity_type, **settings)

    async def odata_query(request: fastapi.Request, **_: object) -> AsyncIterator[Query]:
        try:
            yield endpoint.query(asked(request).query_string)
        except ODataError as error:
            # A dependency cannot answer, and the handlers of a running app can be reached only here. What
            # is added is a handler for _Refused alone, so that other endpoints are as they were.
            handlers, _statuses = request.scope.get("starlette.exception_handlers", (None, None))
            known = (kind for kind in type(error).__mro__ if issubclass(kind, ODataError))
            if handlers is None or any(kind in handlers for kind in known):
                raise
            handlers.setdefault(_Refused, _answer)
            raise _Refused(error, endpoint) from error

    request = inspect.Parameter("request", inspect.Parameter.KEYWORD_ONLY, annotation=fastapi.Request)
    options = [_parameter(option) for option in entity_type.to_openapi(limits=endpoint.limits)]
    odata_query.__signature__ = inspect.Signature([request, *options])  # type: ignore[attr-defined]  # PEP 362
    return odata_query


def _parameter(option: dict[str, Any]) -> inspect.Parameter:
    """An option for FastAPI to document and not to read: any value passes."""
    name = option["name"]
    documented = fastapi.Query(
        alias=name,
        title=name,
        description=option["description"],
        openapi_examples=option.get("examples"),
    )
    return inspect.Parameter(
        f"odata_{name[1:]}",
        inspect.Parameter.KEYWORD_ONLY,
        default=option["schema"].get("default"),
        annotation=Annotated[Any, WithJsonSchema(option["schema"]), documented],
    )


class _Refused(ODataError):
    """An error on its way to the answer."""

    def __init__(self, error: ODataError, endpoint: serving.Endpoint) -> None:
        super().__init__(error.problems)
        self.error = error
        self.endpoint = endpoint


async def _answer(request: fastapi.Request, refused: _Refused) -> Response:
    _, path, headers = asked(request)
    return response(refused.endpoint.refusal(refused.error, path=path, headers=headers))
