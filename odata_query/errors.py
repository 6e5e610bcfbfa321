"""The errors that a query can cause.

A client's text gives a result or an `ODataError`; a developer's mistake is a `ConfigurationError`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from . import answers
from .problems import Problem
from .problems.catalogue import PROBLEMS


class ODataError(ValueError):
    """A query that cannot be answered, for example `$filter=size gt` or `$top=-1`.

    problems  all problems that were found, at most `Limits.max_problems`
    status    the HTTP status: 400, or 501 for valid OData that is not offered
    """

    status: int = 400

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(str(p) for p in self.problems)

    def to_problem_details(
        self, *, instance: str | None = None, type_base: str | None = None
    ) -> dict[str, Any]:
        """Return the body of RFC 9457 (`application/problem+json`); see `answers.problem_details`."""
        return answers.problem_details(self, instance=instance, type_base=type_base).body

    def to_odata(self) -> dict[str, Any]:
        """Return the body of an OData error response; see `answers.odata`."""
        return answers.odata(self).body


class ParseError(ODataError):
    """The text is not OData, for example `size gt`: 400."""


class ValidationError(ODataError):
    """OData that does not fit the model (an unknown name, a wrong type, a value out of range): 400."""


class LimitError(ODataError):
    """More than the service accepts, for example `$top=1000000`: 400."""


class UnsupportedError(ODataError):
    """Valid OData that this service or backend does not offer, for example `$expand=tags`: 501."""

    status: int = 501


_CLASSES: Mapping[str, type[ODataError]] = {
    "parse": ParseError,
    "validation": ValidationError,
    "limit": LimitError,
    "unsupported": UnsupportedError,
}


def error(problems: Iterable[Problem]) -> ODataError:
    """Make the error for problems, ordered by kind (malformed, then invalid); the first gives its class."""
    kinds = list(_CLASSES)
    ranked = sorted(problems, key=lambda each: kinds.index(PROBLEMS[each.code].kind))
    return _CLASSES[PROBLEMS[ranked[0].code].kind](ranked)
