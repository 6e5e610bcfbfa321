"""What is said about a wrong query: the problem, its place, and its message.

A problem knows no exception and no protocol; odata_query/errors.py carries it, odata_query/answers.py writes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

from .catalogue import PHRASES, PROBLEMS, Name, Phrase

WIDTH = 60
"""Characters of the query shown to each side of a caret."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a query: `a eq` has `missing-operand` at span (4, 4) of `$filter`.

    code        a stable name, from the catalogue
    message     for people, in English; cut, never longer than a few lines
    option      the query option it is in: `$filter`, `@p`; empty for a text parsed alone
    span        offsets into the option's decoded text
    suggestion  what was probably meant, or None
    text        the option's decoded text
    said        the message's name in the catalogue and what it is filled with, for other languages
    """

    code: str
    message: str
    option: str = ""
    span: tuple[int, int] = (0, 0)
    suggestion: str | None = None
    text: str = field(default="", repr=False, compare=False)
    said: tuple[str, Mapping[str, object]] | None = field(default=None, repr=False, compare=False)

    def __str__(self) -> str:
        """The message, then the text with a caret under the place."""
        start, end = self.span
        where = f"{self.option}, position {start}" if self.option else f"position {start}"
        head = f"{self.whole} [{self.code}: {where}]"
        if not self.text:
            return head
        low, high = max(0, start - WIDTH), min(len(self.text), max(start, end) + WIDTH, start + 2 * WIDTH)
        line = "".join(c if c.isprintable() else " " for c in self.text[low:high])
        mark = "^" * max(1, min(end, high) - start)
        before = "..." if low else ""
        after = "..." if high < len(self.text) else ""
        return f"{head}\n  {before}{line}{after}\n  {' ' * (start - low + len(before))}{mark}"

    @property
    def whole(self) -> str:
        """The message, and what was probably meant."""
        return suggested(self.message, self.suggestion, PHRASES)


def problem(
    message: str,
    option: str = "",
    span: tuple[int, int] = (0, 0),
    *,
    suggestion: str | None = None,
    text: str = "",
    **values: Any,
) -> Problem:
    """The problem of a message of the catalogue, `wrong-type.has`, filled with values."""
    code, _, variant = message.partition(".")
    template = PROBLEMS[code].wording.messages[variant]
    values["option"] = option
    return Problem(code, fill(template, values, PHRASES), option, span, suggestion, text, (message, values))


def fill(template: str, values: Mapping[str, object], phrases: Mapping[str, str]) -> str:
    """The text of a message. What is from a query is cut, phrases of the library are translated."""
    return template.format(**{name: _filling(value, phrases) for name, value in values.items()})


def _filling(value: object, phrases: Mapping[str, str]) -> str:
    if isinstance(value, tuple):
        parts = (_filling(each, phrases) for each in value)
        return reduce(lambda one, other: phrases["or"].format(one=one, other=other), parts)
    if isinstance(value, Phrase):
        return phrases.get(value, value)
    if isinstance(value, Name):
        return value
    return shorten(str(value), 60)


def suggested(message: str, suggestion: str | None, phrases: Mapping[str, str]) -> str:
    """A message with what was probably meant."""
    if suggestion is None:
        return message
    return phrases["suggestion"].format(message=message, suggestion=shorten(suggestion))


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


class ConfigurationError(TypeError):
    """A developer's mistake: a wrong model, data that does not fit it. Never caused by a query alone."""
