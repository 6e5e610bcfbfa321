"""Problems: what is wrong with a query, where, and in which words.

A problem depends on no exception and no protocol: odata_query/errors.py raises it, odata_query/answers.py
writes it. catalogue.py lists the codes, text/*.json holds the texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..installation import verify
from .texts import Name as Name
from .texts import Phrase as Phrase
from .texts import message as message_of
from .texts import phrase
from .texts import shorten as shorten

verify()  # once more: the package's own __init__.py is the first file that another project overwrites

WIDTH = 60
"""Characters of the query shown to each side of a caret."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a query: `a eq` has `missing-operand` at span (4, 4) of `$filter`.

    code          a stable name, from the catalogue
    message       for people, in English; texts from the query are cut, so it stays short
    option        the query option: `$filter`, `@p`; empty for a text that was parsed alone
    span          offsets into the option's decoded text
    suggestion    the word that was probably meant, or the text to write at the span instead, or None
    text          the option's decoded text
    message_id    names the message, for other languages: `wrong-type.compare-text`; empty for a
                  message of the service
    message_args  the values in the message, by name
    """

    code: str
    message: str
    option: str = ""
    span: tuple[int, int] = (0, 0)
    suggestion: str | None = None
    text: str = field(default="", repr=False, compare=False)
    message_id: str = field(default="", repr=False, compare=False)
    message_args: Mapping[str, object] = field(default_factory=dict, repr=False, compare=False)

    def __str__(self) -> str:
        """The message, then the text with a caret under the place."""
        start, end = self.span
        where = f"{self.option}, position {start}" if self.option else f"position {start}"
        head = f"{suggested(self, self.message, 'en')} [{self.code}: {where}]"
        if not self.text:
            return head
        low, high = max(0, start - WIDTH), min(len(self.text), max(start, end) + WIDTH, start + 2 * WIDTH)
        line = "".join(c if c.isprintable() else " " for c in self.text[low:high])
        mark = "^" * max(1, min(end, high) - start)
        before = "..." if low else ""
        after = "..." if high < len(self.text) else ""
        return f"{head}\n  {before}{line}{after}\n  {' ' * (start - low + len(before))}{mark}"


def problem(
    message_id: str,
    option: str = "",
    span: tuple[int, int] = (0, 0),
    *,
    suggestion: str | None = None,
    text: str = "",
    **args: Any,
) -> Problem:
    """Make the problem of a message: `problem("wrong-type.has", "$filter", (0, 5), given="Edm.Int32")`."""
    args["option"] = option
    message = message_of(message_id, args, "en")
    return Problem(message_id.partition(".")[0], message, option, span, suggestion, text, message_id, args)


def suggested(problem: Problem, text: str, language: str) -> str:
    """Add the suggestion of a problem to its message, unless the message shows it as `{meant}`."""
    if problem.suggestion is None or "meant" in problem.message_args:
        return text
    return phrase("suggestion", language, message=text, suggestion=shorten(problem.suggestion))


def nearest(word: str, names: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """Find the name that was probably meant, in another case or with a letter or two wrong; None if none is near.

    cutoff  the similarity that a name must have, from 0 to 1
    """
    from difflib import get_close_matches

    known = list(names)
    same = (name for name in known if name.lower() == word.lower())
    return next(same, None) or next(iter(get_close_matches(word[:128], known, 1, cutoff)), None)


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """`; did you mean 'name'?`, to end a ConfigurationError with; an empty text if no name is near."""
    found = nearest(word, names)
    return f"; did you mean {found!r}?" if found else ""


class ConfigurationError(TypeError):
    """A developer's mistake: a wrong model, or data that does not fit it. No query alone causes it."""
