"""An endpoint that takes queries: what the files for FastAPI, Starlette, Flask and Django share."""

from __future__ import annotations

import datetime as dt
import inspect
import json
import re
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any, NamedTuple, Protocol, TypedDict
from urllib.parse import quote

from . import answers
from .errors import ODataError
from .limits import DEFAULT_LIMITS, Limits, effective
from .model.entity import EntityType
from .problems import ConfigurationError
from .query import Query, parse_query

DEFAULT_TOP, MAX_TOP, MAX_PATTERN = 100, 1_000, 200
"""The bounds of an endpoint where none are given: what strangers ask for is never a whole table."""

Form = Callable[..., answers.Answer]
"""What makes an answer of an error, with `accept_language` and `instance` if it takes them."""

View = Callable[..., Any]


class Headers(Protocol):
    """A request's headers, their names without regard to case."""

    def get(self, name: str, /) -> str | None: ...


class Asked(NamedTuple):
    """What a request says, in any framework: the query string as it came, the path decoded."""

    query_string: bytes | str
    path: str
    headers: Headers


class Refusal(NamedTuple):
    """What to send for a wrong query."""

    status: int
    headers: dict[str, str]
    body: bytes


class Settings(TypedDict, total=False):
    """What `query_for` takes beside the entity type, in each framework.

    limits            bounds on a query; where they say nothing `default_top` is 100, `max_top` 1,000 and
                      `max_pattern` 200
    default_timezone  that of date-time literals without offset, by default UTC
    form              what answers a wrong query: `answers.flat`, `partial(answers.problem_details, ...)`; by
                      default problem details, or OData's own form for clients that ask for it
    type_base         where the kinds of problems are documented, for problem details
    """

    limits: Limits | None
    default_timezone: dt.tzinfo
    form: Form | None
    type_base: str | None


class Endpoint:
    """What an endpoint offers: `Endpoint(Images).query(b"$filter=size%20gt%203")`.

    The arguments are those of `Settings`. Raises ConfigurationError for wrong ones: for a form, too, that
    does not answer an error.
    """

    def __init__(
        self,
        entity_type: EntityType,
        *,
        limits: Limits | None = None,
        default_timezone: dt.tzinfo = dt.UTC,
        form: Form | None = None,
        type_base: str | None = None,
    ) -> None:
        if not isinstance(entity_type, EntityType):
            raise ConfigurationError(f"entity_type is an EntityType, not {entity_type!r:.100}")
        if not isinstance(limits, Limits | None):
            raise ConfigurationError(f"limits are Limits, not {limits!r:.100}")
        if not (form is None or callable(form)):
            raise ConfigurationError(f"form is a function of an error, not {form!r:.100}")
        if not isinstance(type_base, str | None):
            raise ConfigurationError(f"type_base is a text, not {type_base!r:.100}")
        if form is not None and type_base is not None:
            raise ConfigurationError("type_base is of problem details: give it to the form by partial()")
        self.entity_type = entity_type
        self.limits = safe_limits(effective(limits, entity_type.limits))
        self.default_timezone = default_timezone
        self.form = form
        self.type_base = type_base
        self._try_form()

    def query(self, query_string: bytes | str) -> Query:
        """The query of a raw query string. Raises ODataError, for bytes that are no UTF-8 too."""
        if isinstance(query_string, bytes):
            # A byte that is no UTF-8 becomes a lone surrogate, which parse_query refuses with its place.
            query_string = query_string.decode("utf-8", "surrogateescape")
        return parse_query(
            query_string, self.entity_type, limits=self.limits, default_timezone=self.default_timezone
        )

    def refusal(self, error: ODataError, *, path: str, headers: Headers) -> Refusal:
        """What to send for an error; see `refusal`."""
        return refusal(error, path=path, headers=headers, form=self.form, type_base=self.type_base)

    def around(self, view: View, asked: Callable[..., Asked], response: Callable[[Refusal], object]) -> View:
        """The view with the query as `query`, and with refusals for the ODataErrors of both.

        asked     what the request says, by the arguments of the view
        response  a refusal as the framework sends it
        """
        _check_view(view)

        def refused(error: ODataError, given: Asked) -> object:
            return response(self.refusal(error, path=given.path, headers=given.headers))

        @wraps(view)
        def served(*args: Any, **kwargs: Any) -> Any:
            given = asked(*args, **kwargs)
            try:
                return view(*args, query=self.query(given.query_string), **kwargs)
            except ODataError as error:
                return refused(error, given)

        @wraps(view)
        async def served_async(*args: Any, **kwargs: Any) -> Any:
            given = asked(*args, **kwargs)
            try:
                return await view(*args, query=self.query(given.query_string), **kwargs)
            except ODataError as error:
                return refused(error, given)

        is_async = inspect.iscoroutinefunction(view) or inspect.iscoroutinefunction(type(view).__call__)
        return served_async if is_async else served

    def _try_form(self) -> None:
        """Answer an error, so that a form that cannot does not wait for the first wrong query."""
        try:
            self.query("$top=")
        except ODataError as error:
            try:
                self.refusal(error, path="/", headers={})
            except Exception as mistake:
                raise ConfigurationError(f"form does not answer an ODataError: {mistake}") from mistake


def safe_limits(limits: Limits) -> Limits:
    """The limits with the bounds of an endpoint where none are given."""
    max_top = MAX_TOP if limits.max_top is None else limits.max_top
    default_top = DEFAULT_TOP if limits.default_top is None else limits.default_top
    is_given = limits.max_pattern not in (None, DEFAULT_LIMITS.max_pattern)
    return replace(
        limits,
        max_top=max_top,
        default_top=min(default_top, max_top),
        max_pattern=limits.max_pattern if is_given else MAX_PATTERN,
    )


def _check_view(view: View) -> None:
    try:
        inspect.signature(view).bind_partial(query=None)
    except (TypeError, ValueError) as mistake:
        raise ConfigurationError(f"{view!r:.100} takes no argument `query`: {mistake}") from mistake


# ---- refusals ------------------------------------------------------------------------------------


def refusal(
    error: ODataError, *, path: str, headers: Headers, form: Form | None = None, type_base: str | None = None
) -> Refusal:
    """What to send for an error, as the client and the settings have it.

    path     the path of the request, decoded, which problem details have as `instance`
    headers  those of the request: Accept-Language says the language, Accept, OData-MaxVersion and
             OData-Version the form where the settings have none

    Without a form it is `application/problem+json`; OData's own for clients that like `application/json`
    better, or that speak OData.
    """
    language = headers.get("accept-language")
    instance = _reference(path)
    if form is not None:
        answer = form(error, **_taken(form, accept_language=language, instance=instance))
    elif _wants_odata(headers):
        answer = answers.odata(error, accept_language=language)
    else:
        answer = answers.problem_details(
            error, instance=instance, type_base=type_base, accept_language=language
        )
    status, sent, body = answer
    if form is None:
        sent = {**sent, "Vary": "Accept, Accept-Language"}
    if "OData-Version" in sent and (headers.get("odata-maxversion") or "").strip() == "4.0":
        sent = {**sent, "OData-Version": "4.0"}  # never more than the client knows; the body is the same
    return Refusal(status, sent, json.dumps(body, ensure_ascii=False).encode("utf-8", "replace"))


def _taken(form: Form, **given: str | None) -> dict[str, str | None]:
    """What a form takes of the arguments that there are."""
    parameters = inspect.signature(form).parameters
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        return given
    return {name: value for name, value in given.items() if name in parameters}


def _reference(path: str) -> str:
    """A path as a URI reference, one slash in front: two would begin the name of a host."""
    return "/" + quote(path.lstrip("/"), safe="/()'!$&*+,;=:@", errors="replace")


_PROBLEM, _JSON = "application/problem+json", "application/json"
_ODATA_PARAMETERS = {
    "odata", "odata.metadata", "odata.streaming", "metadata", "streaming", "ieee754compatible",
    "exponentialdecimals",
}  # fmt: skip
_QUALITY = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?")
_MAX_ACCEPT = 4_000
"""Characters of an Accept that are read."""


def _wants_odata(headers: Headers) -> bool:
    """Whether a client likes OData's own form better than problem details (RFC 9110, section 12.5.1)."""
    speaks_odata = bool(headers.get("odata-maxversion") or headers.get("odata-version"))
    weights: dict[str, float] = {}
    for part in (headers.get("accept") or "")[:_MAX_ACCEPT].lower().split(","):
        media, *parameters = (piece.strip() for piece in part.split(";"))
        given = {name.strip(): value.strip() for name, _, value in (p.partition("=") for p in parameters)}
        quality = given.get("q", "1")
        weight = float(quality) if _QUALITY.fullmatch(quality) else 0.0
        weights[media] = max(weight, weights.get(media, 0.0))
        if media == _JSON and weight and not _ODATA_PARAMETERS.isdisjoint(given):
            speaks_odata = True
    if speaks_odata and _PROBLEM not in weights:
        return True
    others = weights.get("application/*", weights.get("*/*", 0.0))
    return weights.get(_JSON, others) > weights.get(_PROBLEM, others)
