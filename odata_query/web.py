"""An endpoint that takes queries: the part that FastAPI, Starlette, Flask and Django share."""

from __future__ import annotations

import datetime as dt
import inspect
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial, wraps
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple, ParamSpec, Protocol, TypeVar
from urllib.parse import quote

from . import answers
from .errors import ODataError
from .limits import UNBOUNDED, Default, Limits, effective
from .model.entity import EntityType
from .operations import OPERATIONS
from .problems import ConfigurationError
from .problems.languages import preferences
from .query import Query, parse_query

if TYPE_CHECKING:
    from .sql import Dialect, DialectName

DEFAULT_TOP, MAX_TOP = 100, 1_000
"""Bounds of an endpoint that sets none: a stranger never gets a whole table."""
_BOUNDS = {
    "max_length": 40_000, "max_cost": 50_000, "max_row_cost": 1_000, "max_nodes": 1_200,
    "max_orderby_items": 5,
}  # fmt: skip
MAX_PATTERN = 200
"""Bounds where neither the endpoint nor its model sets them, by the worst cases of benchmarks/attacks.py."""

_SHORT = 250
"""Characters of a query string that takes at most a millisecond, or a few if names are suggested for it."""

Form = Callable[..., answers.Answer]
"""Makes the answer to an error; takes `accept_language` and `instance` if it has such parameters."""

InThread = Callable[..., Awaitable[Any]]
"""Calls a function with arguments in a thread: `asyncio.to_thread`."""

View = Callable[..., Any]
P = ParamSpec("P")
T = TypeVar("T")


class Headers(Protocol):
    """The headers of a request; their names ignore case."""

    def get(self, name: str, /) -> str | None: ...


class RequestInfo(NamedTuple):
    """The parts of a request that matter here: the raw query string, the decoded path and the headers."""

    query_string: bytes | str
    path: str
    headers: Headers


class ErrorResponse(NamedTuple):
    """The response to a wrong query, for any framework."""

    status: int
    headers: dict[str, str]
    body: bytes


class Endpoint:
    """Reads the queries of an endpoint and answers the wrong ones, in a framework as `query_for(Images)`.

    entity_type       the type that clients query
    limits            bounds on a query; if not set, default_top is 100, max_top 1,000, max_cost 50,000,
                      max_row_cost 1,000, max_length 40,000, max_nodes 1,200, max_orderby_items 5 and
                      max_pattern 200
    default_timezone  the time zone of date-times without an offset
    dialect           the dialect of SQL that runs the queries, whose operations alone are documented then
    require_dollar    True if `filter`, `top` and the like without `$` are parameters of the endpoint's own
    form              makes the answer to a wrong query: `answers.flat`; the default is problem details,
                      or OData's own form for clients that ask for it
    type_base         the address where the types of problems are documented, for problem details

    A view gets its query, and an ODataError of the query or of the view is answered with a 400 or a 501.
    Raises ConfigurationError for wrong arguments, for a form that fails on an error, and for moments without
    an offset that the dialect cannot read in default_timezone.
    """

    def __init__(
        self,
        entity_type: EntityType,
        *,
        limits: Limits | None = None,
        default_timezone: dt.tzinfo = dt.UTC,
        dialect: DialectName | Dialect | None = None,
        require_dollar: bool = False,
        form: Form | None = None,
        type_base: str | None = None,
    ) -> None:
        if not isinstance(entity_type, EntityType):
            raise ConfigurationError(f"entity_type must be an EntityType, got {entity_type!r:.100}")
        if not isinstance(limits, Limits | None):
            raise ConfigurationError(f"limits must be Limits, got {limits!r:.100}")
        if not (form is None or callable(form)):
            raise ConfigurationError(f"form must be a function, got {form!r:.100}")
        if not isinstance(type_base, str | None):
            raise ConfigurationError(f"type_base must be a string, got {type_base!r:.100}")
        if form is not None and type_base is not None:
            raise ConfigurationError("type_base has no effect on a form: pass it with functools.partial")
        self.limits = safe_limits(effective(limits, entity_type.limits))
        self.documented = self.limits
        self.entity_type = entity_type
        self.default_timezone = default_timezone
        self.require_dollar = require_dollar
        self.error_response = partial(error_response, form=form, type_base=type_base)
        try:  # a faulty form must fail now, not at the first wrong query
            self.query("$top=")
        except ODataError as error:
            try:
                self.error_response(error, RequestInfo("", "/", {}))
            except Exception as mistake:
                raise ConfigurationError(f"form cannot answer an ODataError: {mistake}") from mistake
        if dialect is not None:
            from .sql.columns import check_zone  # other endpoints need no SQL
            from .sql.dialects import dialect as find

            known = find(dialect)
            check_zone(known, default_timezone, entity_type)
            self.documented = self.limits.tightened(_operations_of(known))

    def query(self, query_string: bytes | str) -> Query:
        """Parse a raw query string. Raises ODataError, also for bytes that are not UTF-8."""
        if isinstance(query_string, bytes):
            # A byte that is not UTF-8 becomes a lone surrogate, which parse_query reports with its place.
            query_string = query_string.decode("utf-8", "surrogateescape")
        return parse_query(
            query_string,
            self.entity_type,
            limits=self.limits,
            default_timezone=self.default_timezone,
            require_dollar=self.require_dollar,
        )

    async def query_off_loop(self, query_string: bytes | str, in_thread: InThread | None = None) -> Query:
        """Parse a raw query string as `query` does; a long one in a thread, while the event loop goes on.

        in_thread  calls a function in a thread; the default is asyncio's
        """
        if len(query_string) <= _SHORT:
            return self.query(query_string)
        from asyncio import to_thread  # which endpoints without async views do not need

        found: Query = await (in_thread or to_thread)(self.query, query_string)
        return found

    def openapi_parameters(self) -> list[dict[str, Any]]:
        """The query options as parameters of an OpenAPI 3.1 operation, with what the endpoint offers."""
        return self.entity_type.to_openapi(limits=self.documented)

    def openapi_responses(self) -> dict[str, dict[str, Any]]:
        """The answers to wrong queries as responses of an OpenAPI 3.1 operation, by status: 400 and 501."""
        found: dict[str, dict[str, Any]] = {}
        for text in ("$top=", "$unknown=1", "$expand=owner"):  # malformed, invalid, unsupported
            try:
                self.query(text)
            except ODataError as error:
                for headers in ({}, {"accept": _JSON}):
                    status, sent, body = self.error_response(error, RequestInfo("", "/", headers))
                    description = HTTPStatus(status).phrase
                    response = found.setdefault(str(status), {"description": description, "content": {}})
                    media = next((sent[name] for name in sent if name.lower() == "content-type"), _JSON)
                    example = {"schema": {"type": "object"}, "example": json.loads(body)}
                    response["content"].setdefault(media.partition(";")[0], example)
        return found

    def wrap(
        self,
        view: View,
        read_request: Callable[..., RequestInfo],
        make_response: Callable[[ErrorResponse], object],
        in_thread: InThread | None = None,
    ) -> View:
        """Give a view its query as the argument `query`, and answer ODataErrors of both.

        read_request   makes a RequestInfo from the arguments of the view
        make_response  makes a response of the framework
        in_thread      calls a function in a thread, for async views; the default is asyncio's
        """
        try:
            inspect.signature(view).bind_partial(query=None)
        except (TypeError, ValueError) as mistake:
            raise ConfigurationError(f"{view!r:.100} needs a parameter `query`: {mistake}") from mistake

        @wraps(view)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            request = read_request(*args, **kwargs)
            try:
                return view(*args, query=self.query(request.query_string), **kwargs)
            except ODataError as error:
                return make_response(self.error_response(error, request))

        @wraps(view)
        async def wrapped_async(*args: Any, **kwargs: Any) -> Any:
            request = read_request(*args, **kwargs)
            try:
                query = await self.query_off_loop(request.query_string, in_thread)
                return await view(*args, query=query, **kwargs)
            except ODataError as error:
                return make_response(self.error_response(error, request))

        is_async = inspect.iscoroutinefunction(view) or inspect.iscoroutinefunction(type(view).__call__)
        return wrapped_async if is_async else wrapped


def _operations_of(dialect: Dialect) -> Limits:
    """Limits to the operations of which a dialect supports an overload."""
    unsupported = dialect.unsupported.keys()
    names = [
        operation.name
        for operation in OPERATIONS.values()
        if not operation.signatures or not unsupported >= {s.key for s in operation.signatures}
    ]
    return replace(UNBOUNDED, functions=frozenset(names), operators=frozenset(names))


def adapted(make: Callable[P, Endpoint], adapt: Callable[[Endpoint], T]) -> Callable[P, T]:
    """Make the `query_for` of a framework, with the parameters and the documentation of an Endpoint."""

    def query_for(*args: P.args, **kwargs: P.kwargs) -> T:
        return adapt(make(*args, **kwargs))

    returned = inspect.signature(adapt).return_annotation
    signature = inspect.signature(make).replace(return_annotation=returned)
    query_for.__signature__ = signature  # type: ignore[attr-defined]  # PEP 362
    query_for.__doc__ = make.__doc__
    return query_for


def safe_limits(limits: Limits) -> Limits:
    """Add the bounds of an endpoint to limits that lack them."""
    max_top = MAX_TOP if limits.max_top is None else limits.max_top
    default_top = DEFAULT_TOP if limits.default_top is None else limits.default_top
    bounds: dict[str, Any] = {
        n: most for n, most in _BOUNDS.items() if isinstance(getattr(limits, n), Default)
    }
    if "max_cost" not in bounds:  # it is set
        bounds.pop("max_row_cost", None)
    if limits.max_pattern is None or isinstance(limits.max_pattern, Default):
        bounds["max_pattern"] = MAX_PATTERN
    return replace(limits, max_top=max_top, default_top=min(default_top, max_top), **bounds)


# ---- responses to errors ---------------------------------------------------------------------------


def error_response(
    error: ODataError, request: RequestInfo, *, form: Form | None = None, type_base: str | None = None
) -> ErrorResponse:
    """Answer an error in the form and the language that fit the request.

    form       makes the answer; without one it is `application/problem+json`, or OData's own form for clients
               that prefer `application/json` or speak OData
    type_base  the address where the types of problems are documented, for problem details

    Accept-Language gives the language, Accept, OData-MaxVersion and OData-Version the form, the path the
    `instance` of problem details.
    """
    headers = request.headers
    language = headers.get("accept-language")
    instance = _uri_reference(request.path)
    if form is not None:
        answer = form(error, **_accepted(form, accept_language=language, instance=instance))
    elif _prefers_odata(headers):
        answer = answers.odata(error, accept_language=language)
    else:
        answer = answers.problem_details(
            error, instance=instance, type_base=type_base, accept_language=language
        )
    status, sent, body = answer
    if form is None:
        sent = {**sent, "Vary": "Accept, Accept-Language"}
    if "OData-Version" in sent and (headers.get("odata-maxversion") or "").strip() == "4.0":
        sent = {**sent, "OData-Version": "4.0"}  # no newer than the client knows; the body is the same
    return ErrorResponse(status, sent, json.dumps(body, ensure_ascii=False).encode("utf-8", "replace"))


def _accepted(form: Form, **arguments: str | None) -> dict[str, str | None]:
    parameters = inspect.signature(form).parameters
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        return arguments
    return {name: value for name, value in arguments.items() if name in parameters}


def _uri_reference(path: str) -> str:
    """A path as a URI reference with one leading slash, because two would start the name of a host."""
    return "/" + quote(path.lstrip("/"), safe="/()'!$&*+,;=:@", errors="replace")


_PROBLEM, _JSON = "application/problem+json", "application/json"
_ODATA_PARAMETERS = {
    "odata", "odata.metadata", "odata.streaming", "metadata", "streaming", "ieee754compatible",
    "exponentialdecimals",
}  # fmt: skip
_MAX_ACCEPT = 4_000
"""Characters of an Accept header that are read."""


def _prefers_odata(headers: Headers) -> bool:
    """True if a client prefers OData's own form to problem details (RFC 9110, section 12.5.1)."""
    speaks_odata = bool(headers.get("odata-maxversion") or headers.get("odata-version"))
    weights: dict[str, float] = {}
    for media, parameters, weight in preferences((headers.get("accept") or "")[:_MAX_ACCEPT]):
        weights[media] = max(weight, weights.get(media, 0.0))
        if media == _JSON and weight and not _ODATA_PARAMETERS.isdisjoint(parameters):
            speaks_odata = True
    if speaks_odata and _PROBLEM not in weights:
        return True
    others = weights.get("application/*", weights.get("*/*", 0.0))
    return weights.get(_JSON, others) > weights.get(_PROBLEM, others)
