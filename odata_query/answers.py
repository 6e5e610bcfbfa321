"""Answers to a wrong query: status, headers and body, in the forms that services use.

`problem_details(error, instance="/images")` is RFC 9457, `odata(error)` is OData's own form; `flat` and
`sub_coded` are common forms of services that follow neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from .problems import ConfigurationError, Problem, shorten
from .problems.catalogue import PROBLEMS
from .problems.languages import message_in, negotiated
from .problems.texts import phrase

_TITLES = {400: "bad-request", 422: "unprocessable-content", 501: "not-implemented"}


class Failure(Protocol):
    """An error to answer: an ODataError, or another error whose problems have codes of the catalogue."""

    @property
    def problems(self) -> Sequence[Problem]: ...
    @property
    def status(self) -> int: ...


class Answer(NamedTuple):
    """A response: `status, headers, body = problem_details(error)`. Send the body as JSON."""

    status: int
    headers: dict[str, str]
    body: dict[str, Any]


def problem_details(
    error: Failure,
    *,
    instance: str | None = None,
    type_base: str | None = None,
    invalid_status: int = 400,
    accept_language: str | None = None,
) -> Answer:
    """Answer with RFC 9457: `type`, `title`, `status`, `detail`, `instance`, and `errors` with each problem.

    instance         the path of the request: `/images`
    type_base        the address where the types of problems are documented: `https://api.example.com/errors`
    invalid_status   400 or 422, for queries that are well-formed but not valid
    accept_language  the request's header, for the language of the messages

    Each of `errors` has `code`, `detail`, the option as `pointer`, and the offset in it as `position`.
    Raises ConfigurationError for another invalid_status.
    """
    language = negotiated(accept_language)
    status = _status(error, invalid_status)
    details = [message_in(p, language) for p in error.problems]
    kind = "not-implemented" if status == 501 else "validation"
    body: dict[str, Any] = {
        "type": f"{type_base.rstrip('/')}/{kind}" if type_base else "about:blank",
        "title": phrase(_TITLES[status], language),
        "status": status,
        "detail": details[0] if len(details) == 1 else phrase("several", language, count=len(details)),
    }
    if instance is not None:
        body["instance"] = instance
    body["errors"] = [
        {"code": p.code, "detail": detail, "pointer": p.option, "position": p.span[0]}
        for p, detail in zip(error.problems, details, strict=True)
    ]
    return _answer(status, language, body, **{"Content-Type": "application/problem+json"})


def odata(error: Failure, *, invalid_status: int = 400, accept_language: str | None = None) -> Answer:
    """Answer as OData does: `{"error": {"code", "message", "target", "details"}}`.

    The first problem is the error, the others are its `details`; `target` is the option (OData JSON Format
    4.01, section 21). The parameters are those of `problem_details`.
    """
    language = negotiated(accept_language)
    items = [
        {
            "code": p.code,
            "message": phrase("position", language, message=message_in(p, language), position=p.span[0]),
            **({"target": p.option} if p.option else {}),
        }
        for p in error.problems
    ]
    body = {**items[0], "details": items[1:]} if items[1:] else items[0]
    status = _status(error, invalid_status)
    return _answer(status, language, {"error": body}, **{"OData-Version": "4.01"})


def flat(
    error: Failure,
    *,
    documentation: str | None = None,
    invalid_status: int = 422,
    accept_language: str | None = None,
) -> Answer:
    """Answer malformed queries with `{"code": 400, "message": ...}`, and invalid ones with
    `{"code": 422, "message": ..., "errors": [{"property", "message"}], "_links": ...}`.

    documentation  the address of the documentation, for `_links`

    `property` is the property that is wrong, or the option. The other parameters are those of
    `problem_details`.
    """
    language = negotiated(accept_language)
    status = _status(error, invalid_status)
    messages = _placed_messages(error, language)
    if _category(error) != "invalid":
        return _answer(status, language, {"code": status, "message": messages[0]})
    body: dict[str, Any] = {
        "code": status,
        "message": phrase("failed", language),
        "errors": [
            {"property": shorten(str(p.message_args.get("property", p.option)), 60), "message": message}
            for p, message in zip(error.problems, messages, strict=True)
        ],
    }
    if documentation is not None:
        body["_links"] = {"documentation": {"href": documentation}}
    return _answer(status, language, body)


def sub_coded(
    error: Failure,
    *,
    header: str = "ApiStatusSubCode",
    invalid_status: int = 400,
    accept_language: str | None = None,
) -> Answer:
    """Answer with a status and a sub-code in a header, `ApiStatusSubCode: 400.34`: the gravest problem's.

    header  its name

    Malformed and invalid queries have different titles; the reference lists the sub-codes. The other
    parameters are those of `problem_details`.
    """
    language = negotiated(accept_language)
    status = _status(error, invalid_status)
    entries = [PROBLEMS[p.code] for p in error.problems]
    codes = [f"{501 if entry.kind == 'unsupported' else status}.{entry.subcode}" for entry in entries]
    body = {
        "status": status,
        "title": phrase(_category(error), language),
        "errors": [
            {"subCode": code, "message": message}
            for code, message in zip(codes, _placed_messages(error, language), strict=True)
        ],
    }
    return _answer(status, language, body, **{header: codes[0]})


def _answer(status: int, language: str, body: dict[str, Any], **headers: str) -> Answer:
    shared = {"Content-Type": "application/json", "Content-Language": language, "Vary": "Accept-Language"}
    return Answer(status, shared | headers, body)


def _category(error: Failure) -> str:
    """`malformed` if one problem is, `unsupported` if all are, otherwise `invalid`."""
    kinds = {PROBLEMS[p.code].kind for p in error.problems}
    if "parse" in kinds:
        return "malformed"
    return "unsupported" if kinds == {"unsupported"} else "invalid"


def _status(error: Failure, invalid_status: int) -> int:
    if invalid_status not in (400, 422):
        raise ConfigurationError(f"invalid_status must be 400 or 422, got {invalid_status!r}")
    return invalid_status if _category(error) == "invalid" else error.status


def _placed_messages(error: Failure, language: str) -> list[str]:
    """The messages, each with its option and position; the position alone for a text without an option."""
    return [
        phrase(
            "place" if p.option else "position",
            language,
            message=message_in(p, language),
            option=p.option,
            position=p.span[0],
        )
        for p in error.problems
    ]
