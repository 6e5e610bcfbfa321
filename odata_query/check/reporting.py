"""The problems of one query option, and the node that replaces a wrong part of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from ..errors import error
from ..language.ast import MAX_HEIGHT, Call, Literal, Node, Span, find_too_deep, walk
from ..limits import Limits
from ..model.properties import StructuredType
from ..operations import UNKNOWN
from ..problems import Problem, nearest, problem

Origin = tuple[str, str]
"""The name of an option or a parameter alias, and its text."""
Origins = Mapping[int, Origin]
"""The origins of nodes whose spans are not offsets into the option's own text, by their ids."""
_MAX_EFFORT, _MAX_WORD = 6_000, 128
"""Characters that are compared with names to suggest one, for all problems of an option and for each."""
WRONG = Literal(None, UNKNOWN)
"""Replaces a part that was reported. Its type fits every other, so no problem follows from the first."""


class Reporter:
    """Collects the problems of one query option, at most `max_problems`.

    limits   decide also whether names are suggested
    option   `$filter`; empty for an expression that was parsed alone
    text     the option's decoded text
    origins  where nodes are from, if parameter aliases were replaced
    roots    the whole expressions: a message can depend on the nodes around its place
    model    the type of the rows
    """

    def __init__(
        self, limits: Limits, option: str = "", text: str = "", origins: Origins | None = None
    ) -> None:
        self.limits = limits
        self.option = option
        self.text = text
        self.origins = origins or {}
        self.roots: Sequence[Node] = ()
        self.model: StructuredType | None = None
        self._parents: dict[int, Node] | None = None
        self._effort = _MAX_EFFORT
        self.has_conditions = False
        """True if a path leads through a property that has a condition."""
        self.problems: dict[Problem, None] = {}
        """The problems, each once, in the order of the check."""

    @property
    def at_limit(self) -> bool:
        """True when `max_problems` have been found, after which nothing is added."""
        bound = self.limits.max_problems
        return bound is not None and len(self.problems) >= max(1, bound)

    def report(
        self,
        message_id: str,
        node: Node | None,
        *,
        span: Span | None = None,
        suggestion: str | None = None,
        **args: Any,
    ) -> Literal:
        """Add a problem at a node, at a span in it, or of the whole text; return WRONG for the node."""
        if not self.at_limit:
            suggestion = suggestion if self.limits.suggestions else None
            option, text = self.origins.get(id(node), (self.option, self.text))
            span = span or (node.span if node is not None else (0, len(text)))
            self.problems[problem(message_id, option, span, suggestion=suggestion, text=text, **args)] = None
        return WRONG

    def nearest(self, word: str, names: Iterable[str]) -> str | None:
        """Return the name that was probably meant, if the service suggests names.

        Many problems with the names of large models are suggested fewer names: comparing takes long.
        """
        if not self.limits.suggestions or self.at_limit:
            return None
        word = word[:_MAX_WORD]
        known, size = list(islice(names, 5 * self._effort)), len(word) or 1
        same = [name for name in known if name.lower() == word.lower()]
        # Names of other lengths are not similar enough, those of nearly the same length most likely are.
        alike = same or [n for n in known if 3 * size <= 7 * len(n) and 3 * len(n) <= 7 * size]
        compared = sorted(alike, key=lambda name: abs(len(name) - size))[: self._effort // (2 * size)]
        self._effort -= len(known) // 20 + size * len(compared)
        return nearest(word, compared)

    def check_height(self, tree: Node) -> bool:
        """Return True if a tree, not made by the parser, is within its bound on height; or report it."""
        deep = find_too_deep(tree)
        if deep is not None:
            self.report("expression-too-deep", deep, most=MAX_HEIGHT)
        return deep is None

    def call_around(self, node: Node) -> Call | None:
        """Return the call that has a node as its argument; None for a root, and in lists and lambdas."""
        if self._parents is None:
            nodes = (node for root in self.roots for node in walk(root))
            self._parents = {id(child): parent for parent in nodes for child in parent.children()}
        found = self._parents.get(id(node))
        return found if isinstance(found, Call) else None


def raise_problems(problems: Iterable[Problem], limits: Limits) -> None:
    """Raise the error for these problems, at most `max_problems` of them; do nothing if there are none."""
    found = list(problems)
    if found:
        raise error(found if limits.max_problems is None else found[: max(1, limits.max_problems)])
