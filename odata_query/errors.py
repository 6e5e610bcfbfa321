"""The errors that carry problems.

A user's text gives a result or an `ODataError`; a developer's mistake is a `ConfigurationError`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from .problems import Problem
from .problems.catalogue import PROBLEMS


class ODataError(ValueError):
    """A query that cannot be answered; `problems` holds all that was found, at most `max_problems`."""

    status: ClassVar[int] = 400

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(str(p) for p in self.problems)

    def to_problem_details(
        self, *, instance: str | None = None, type_base: str | None = None
    ) -> dict[str, Any]:
        """The body of RFC 9457 (`application/problem+json`); see `answers.problem_details`."""
        from .answers import problem_details

        return problem_details(self, instance=instance, type_base=type_base).body

    def to_odata(self) -> dict[str, Any]:
        """The body of an OData error response; see `answers.odata`."""
        from .answers import odata

        return odata(self).body


class ParseError(ODataError):
    """The text is not OData: 400."""


class ValidationError(ODataError):
    """OData, but not about this model: an unknown name, a wrong type, a value out of range: 400."""


class LimitError(ODataError):
    """More than the service takes: 400."""


class UnsupportedError(ODataError):
    """Valid OData that this service or backend does not offer: 501."""

    status: ClassVar[int] = 501


_CLASSES: Mapping[str, type[ODataError]] = {
    "parse": ParseError,
    "validation": ValidationError,
    "limit": LimitError,
    "unsupported": UnsupportedError,
}


def error(problems: Iterable[Problem]) -> ODataError:
    """The error for these problems, the gravest first, which are malformed texts; its class is theirs."""
    ranks = list(_CLASSES)
    found = sorted(problems, key=lambda each: ranks.index(PROBLEMS[each.code].kind))
    return _CLASSES[PROBLEMS[found[0].code].kind](found)
