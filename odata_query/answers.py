"""Answers to a wrong query: status, headers and body, in the forms that services have.

`problem_details(error, instance="/images")` is what RFC 9457 has, `odata(error)` what OData has; `flat`
and `sub_coded` are common forms of services that have neither.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from .errors import ODataError
from .problems import ConfigurationError, Problem, shorten
from .problems.catalogue import PROBLEMS
from .problems.languages import message_in, negotiated
from .problems.texts import phrase

_TITLES = {400: "bad-request", 422: "unprocessable-content", 501: "not-implemented"}


class Answer(NamedTuple):
    """What to send: `status, headers, body = problem_details(error)`; the body is to be sent as JSON."""

    status: int
    headers: dict[str, str]
    body: dict[str, Any]


def problem_details(
    error: ODataError,
    *,
    instance: str | None = None,
    type_base: str | None = None,
    invalid_status: int = 400,
    accept_language: str | None = None,
) -> Answer:
    """RFC 9457: `type`, `title`, `status`, `detail`, `instance`, and `errors` with each problem.

    instance         the path of the request: `/images`
    type_base        where the kinds of problems are documented: `https://api.example.com/errors`
    invalid_status   400 or 422, for what is well-formed but not valid
    accept_language  the request's header, for the language of the messages

    Each of `errors` has `code`, `detail`, the option as `pointer`, and the place in it as `position`.
    """
    language = negotiated(accept_language)
    status = _status(error, invalid_status)
    first, *others = (message_in(p, language) for p in error.problems)
    kind = "not-implemented" if status == 501 else "validation"
    body: dict[str, Any] = {
        "type": f"{type_base.rstrip('/')}/{kind}" if type_base else "about:blank",
        "title": phrase(_TITLES[status], language),
        "status": status,
        "detail": phrase("several", language, count=len(error.problems)) if others else first,
    }
    if instance is not None:
        body["instance"] = instance
    body["errors"] = [
        {"code": p.code, "detail": text, "pointer": p.option, "position": p.span[0]}
        for p, text in zip(error.problems, (first, *others), strict=True)
    ]
    return _answer(status, "application/problem+json", language, body)


def odata(error: ODataError, *, invalid_status: int = 400, accept_language: str | None = None) -> Answer:
    """OData's own: `{"error": {"code", "message", "target", "details"}}` (JSON Format 4.01, section 21).

    The first problem is the error, the others are its `details`; `target` is the option.
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
    body: dict[str, Any] = {**items[0], "details": items[1:]} if items[1:] else {**items[0]}
    answer = _answer(_status(error, invalid_status), "application/json", language, {"error": body})
    answer.headers["OData-Version"] = "4.01"
    return answer


def flat(
    error: ODataError,
    *,
    documentation: str | None = None,
    invalid_status: int = 422,
    accept_language: str | None = None,
) -> Answer:
    """`{"code": 400, "message": ...}` for what is malformed, and for what is invalid
    `{"code": 422, "message": ..., "errors": [{"property", "message"}], "_links": ...}`.

    documentation  the address of the documentation, for `_links`

    `property` is the property that the problem is about, else the option.
    """
    language = negotiated(accept_language)
    status = _status(error, invalid_status)
    if _category(error) != "invalid":
        body: dict[str, Any] = {"code": status, "message": _placed(error.problems[0], language)}
    else:
        body = {
            "code": status,
            "message": phrase("failed", language),
            "errors": [{"property": _subject(p), "message": _placed(p, language)} for p in error.problems],
        }
        if documentation is not None:
            body["_links"] = {"documentation": {"href": documentation}}
    return _answer(status, "application/json", language, body)


def sub_coded(
    error: ODataError,
    *,
    header: str = "ApiStatusSubCode",
    invalid_status: int = 400,
    accept_language: str | None = None,
) -> Answer:
    """A header with the status and a sub-code, `ApiStatusSubCode: 400.34`: the gravest problem's.

    header  its name

    Malformed and invalid data have titles of their own; the reference lists the sub-codes.
    """
    language = negotiated(accept_language)
    status = _status(error, invalid_status)
    codes = [f"{_own_status(p, status)}.{PROBLEMS[p.code].subcode}" for p in error.problems]
    body = {
        "status": status,
        "title": phrase(_category(error), language),
        "errors": [
            {"subCode": code, "message": _placed(p, language)}
            for code, p in zip(codes, error.problems, strict=True)
        ],
    }
    answer = _answer(status, "application/json", language, body)
    answer.headers[header] = codes[0]
    return answer


def _answer(status: int, content_type: str, language: str, body: dict[str, Any]) -> Answer:
    headers = {"Content-Type": content_type, "Content-Language": language, "Vary": "Accept-Language"}
    return Answer(status, headers, body)


def _category(error: ODataError) -> str:
    """`malformed`, `invalid` or `unsupported`; malformed, if one of the problems is."""
    kinds = {PROBLEMS[p.code].kind for p in error.problems}
    if "parse" in kinds:
        return "malformed"
    return "unsupported" if kinds == {"unsupported"} else "invalid"


def _status(error: ODataError, invalid_status: int) -> int:
    if invalid_status not in (400, 422):
        raise ConfigurationError(f"the status of invalid queries is 400 or 422, not {invalid_status!r}")
    return invalid_status if _category(error) == "invalid" else error.status


def _own_status(problem: Problem, status: int) -> int:
    """The status that a sub-code belongs to."""
    return 501 if PROBLEMS[problem.code].kind == "unsupported" else status


def _placed(problem: Problem, language: str) -> str:
    """The message with the option and the place in it; the place alone for a text without an option."""
    text = message_in(problem, language)
    if not problem.option:
        return phrase("position", language, message=text, position=problem.span[0])
    return phrase("place", language, message=text, option=problem.option, position=problem.span[0])


def _subject(problem: Problem) -> str:
    """The property that a problem is about, as far as it names one; else the option."""
    return shorten(str(problem.message_args.get("property", problem.option)), 60)
