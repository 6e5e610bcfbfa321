"""Problems and the errors that carry them.

A user's text gives a result or an `ODataError`; a developer's mistake is a `ConfigurationError`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

PROBLEMS: Mapping[str, tuple[str, str]] = {
    # Malformed: the text is not the language.
    "empty-expression": ("parse", "The option has no value."),
    "invalid-character": ("parse", "A character stands where none of the language can."),
    "invalid-encoding": ("parse", "The percent-encoding or the UTF-8 of the query string is broken."),
    "invalid-literal": ("parse", "A literal has the form of its type, but not a value of it."),
    "invalid-name": ("parse", "A name has a character that names cannot have, or over 128 characters."),
    "invalid-option-value": ("parse", "The value of $top, $skip or $count is not what the option takes."),
    "missing-operand": ("parse", "The text ends, or goes on, where an operand must stand."),
    "missing-parenthesis": ("parse", "The text ends before a parenthesis, bracket or brace is closed."),
    "unclosed-string": ("parse", "A string has no closing quote."),
    "unexpected-text": ("parse", "Text stands where an operator or the end must be."),
    "unknown-operator": ("parse", "The sign or word is no operator of OData."),
    # Invalid: the language, but not about this model.
    "alias-cycle": ("validation", "A parameter alias is defined by itself."),
    "division-by-zero": ("validation", "An integer or decimal is divided by a literal zero."),
    "duplicate-option": ("validation", "The same option is given twice."),
    "invalid-argument": ("validation", "An argument's value is outside what the function takes."),
    "invalid-pattern": ("validation", "The regular expression is malformed."),
    "literal-out-of-range": ("validation", "A literal is outside the range of its type."),
    "not-a-path": ("validation", "A path goes on behind a value that has no members."),
    "not-boolean": ("validation", "The filter, or an operand of and, or, not, is not Boolean."),
    "not-filterable": ("validation", "The property cannot be used in $filter."),
    "not-sortable": ("validation", "The property, or a value of this type, cannot be sorted by."),
    "operation-not-allowed": ("validation", "The service does not allow this operator or function."),
    "unknown-function": ("validation", "There is no such function."),
    "unknown-member": ("validation", "The enumeration has no such member."),
    "unknown-option": ("validation", "There is no such system query option."),
    "unknown-property": ("validation", "The type has no such property."),
    "unknown-type": ("validation", "There is no such type."),
    "wrong-argument-count": ("validation", "The function takes another number of arguments."),
    "wrong-type": ("validation", "The operands or arguments have types that do not go together."),
    # Too much.
    "expression-too-deep": ("limit", "The expression nests too deeply."),
    "expression-too-large": ("limit", "The expression has too many parts."),
    "lambda-too-deep": ("limit", "Lambda expressions nest too deeply."),
    "list-too-long": ("limit", "A list has too many items."),
    "path-too-long": ("limit", "A path has too many segments."),
    "pattern-too-large": ("limit", "The regular expression is too large."),
    "skip-too-large": ("limit", "$skip is larger than the service allows."),
    "text-too-long": ("limit", "The option is too long."),
    "too-many-orderby-items": ("limit", "$orderby has too many items."),
    "top-too-large": ("limit", "$top is larger than the service allows."),
    # Valid OData that is not offered.
    "unsupported-expression": ("unsupported", "This form of expression is not offered."),
    "unsupported-function": ("unsupported", "This function is not offered."),
    "unsupported-option": ("unsupported", "This query option is not offered."),
}
"""Each problem's code: the kind of error that carries it, and what it says in general."""

WIDTH = 60
"""Characters of the query shown to each side of a caret."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a query: `a eq` has `missing-operand` at span (4, 4) of `$filter`.

    code        a stable name, from `PROBLEMS`
    message     for people; cut, never longer than a few lines
    option      the query option it is in: `$filter`, `@p`; empty for a text parsed alone
    span        offsets into the option's decoded text
    suggestion  what was probably meant, or None
    text        the option's decoded text
    """

    code: str
    message: str
    option: str = ""
    span: tuple[int, int] = (0, 0)
    suggestion: str | None = None
    text: str = field(default="", repr=False, compare=False)

    def __str__(self) -> str:
        """The message, then the text with a caret under the place."""
        start, end = self.span
        where = f"{self.option}, position {start}" if self.option else f"position {start}"
        head = f"{_message(self)} [{self.code}: {where}]"
        if not self.text:
            return head
        low, high = max(0, start - WIDTH), min(len(self.text), max(start, end) + WIDTH, start + 2 * WIDTH)
        line = "".join(c if c.isprintable() else " " for c in self.text[low:high])
        mark = "^" * max(1, min(end, high) - start)
        before = "..." if low else ""
        after = "..." if high < len(self.text) else ""
        return f"{head}\n  {before}{line}{after}\n  {' ' * (start - low + len(before))}{mark}"


class ODataError(ValueError):
    """A query that cannot be answered; `problems` holds all that was found, at most `max_problems`."""

    status: ClassVar[int] = 400
    title: ClassVar[str] = "Bad Request"
    kind: ClassVar[str] = "validation"
    """The last part of the problem details' `type`."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(str(p) for p in self.problems)

    def to_problem_details(
        self, *, instance: str | None = None, type_base: str | None = None
    ) -> dict[str, Any]:
        """The body of RFC 9457 (`application/problem+json`).

        instance   the path of the request: `/image/123`
        type_base  where the problem types are documented: `https://api.example.com/errors`
        """
        details: dict[str, Any] = {
            "type": f"{type_base.rstrip('/')}/{self.kind}" if type_base else "about:blank",
            "title": self.title,
            "status": self.status,
            "detail": _message(self.problems[0])
            if len(self.problems) == 1
            else f"The request is invalid: {len(self.problems)} problems.",
        }
        if instance is not None:
            details["instance"] = instance
        details["errors"] = [
            {
                "code": p.code,
                "detail": _message(p),
                "pointer": p.option,
                "position": p.span[0],
            }
            for p in self.problems
        ]
        return details

    def to_odata(self) -> dict[str, Any]:
        """The body of an OData error response (OData JSON Format 4.01, section 21)."""
        items = [
            {"code": p.code, "message": f"{_message(p)} (position {p.span[0]})", "target": p.option}
            for p in self.problems
        ]
        first = items[0]
        return {"error": first if len(items) == 1 else {**first, "details": items[1:]}}


class ParseError(ODataError):
    """The text is not OData: 400."""


class ValidationError(ODataError):
    """OData, but not about this model: an unknown name, a wrong type, a value out of range: 400."""


class LimitError(ODataError):
    """More than the service takes: 400."""


class UnsupportedError(ODataError):
    """Valid OData that this service or backend does not offer: 501."""

    status: ClassVar[int] = 501
    title: ClassVar[str] = "Not Implemented"
    kind: ClassVar[str] = "not-implemented"


class ConfigurationError(TypeError):
    """A developer's mistake: a wrong model, data that does not fit it. Never caused by a query alone."""


_CLASSES: Mapping[str, type[ODataError]] = {
    "parse": ParseError,
    "validation": ValidationError,
    "limit": LimitError,
    "unsupported": UnsupportedError,
}


def error(problems: Iterable[Problem]) -> ODataError:
    """The error for these problems: its class is that of the gravest, malformed text first."""
    found = tuple(problems)
    kinds = {PROBLEMS[p.code][0] for p in found}
    return next(_CLASSES[kind] for kind in _CLASSES if kind in kinds)(found)


def shorten(text: str, width: int = 40) -> str:
    """A user's text, cut so that it can stand in a message."""
    clean = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[: width + 1])
    return clean if len(clean) <= width else clean[: width - 3] + "..."


def nearest(word: str, names: Iterable[str], *, likeness: float = 0.6) -> str | None:
    """The name that was probably meant, if one is near: in another case, or a letter or two away."""
    from difflib import get_close_matches

    known = list(names)
    alike = (name for name in known if name.lower() == word.lower())
    return next(alike, None) or next(iter(get_close_matches(word[:128], known, 1, likeness)), None)


def _message(problem: Problem) -> str:
    if problem.suggestion is None:
        return problem.message
    return f"{problem.message} Did you mean '{shorten(problem.suggestion)}'?"
