"""Parameter aliases: `$filter=name eq @n&@n='x'` (URL Conventions 5.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..check.reporting import Origin, Reporter
from ..language.ast import MAX_HEIGHT, Node, Path, find_too_deep, transform, walk
from ..language.sizes import find_deep_lambda
from ..limits import Limits
from ..problems import problem, shorten
from .options import Request

_MAX_EXPANDED = 1_000_000
"""Nodes in an expanded tree where limits are lifted: aliases in aliases can double it at each step."""


class Aliases:
    """Replaces parameter aliases in the trees of options by their values, which may contain other aliases.

    request   has the texts of aliases and options, and receives the problems
    origins   where each node of a value is from

    A value is parsed once, if it is used, and its uses share its tree, so time grows with the texts alone.
    """

    def __init__(self, request: Request, limits: Limits) -> None:
        self.request, self.problems = request, request.problems
        self.limits = limits
        self.origins: dict[int, Origin] = {}
        self.trees: dict[str, Node] = {}
        self.uses: dict[str, list[str]] = {}
        """The aliases in the value of each alias and option."""
        self.sizes: dict[str, int] = {}
        """The number of nodes in each, first alone, then with its aliases replaced."""

    def replace_in(self, parsed: dict[str, Any], parse: Callable[[str], Any]) -> None:
        """Replace the aliases in the trees of options, by name without `$`, or report what is wrong.

        parse  parses the value of an alias, or reports it and returns None
        """
        for name, value in parsed.items():
            self._look_at(name, _roots(value))
        self._parse_used(parse)
        if self.problems:
            return
        from graphlib import CycleError, TopologicalSorter  # few queries need it

        try:
            order = [*TopologicalSorter(self.uses).static_order()]
        except CycleError as wrong:
            name = wrong.args[1][0]
            self.problems.append(problem("alias-cycle", shorten(name), name=name))
            return
        for name in order:  # an alias without a value is null, a single node
            others = self.uses.get(name, ())
            self.sizes[name] = self.sizes.get(name, 1) + sum(self.sizes[other] - 1 for other in others)
        most = _MAX_EXPANDED if self.limits.max_nodes is None else self.limits.max_nodes
        for name in parsed:
            if self.uses[name] and (size := self.sizes[name]) > most:
                text, message_id = self.request.texts[name], "expression-too-large.aliases"
                span = (0, len(text))
                self.problems.append(problem(message_id, f"${name}", span, text=text, count=size, most=most))
        if self.problems:
            return
        for name in order:
            if name in self.trees:
                self.trees[name] = self._replace(name)
        for name, value in parsed.items():
            if self.uses[name]:
                found = tuple([replace_aliases(root, self.trees) for root in _roots(value)])
                self._check_height(name, found)
                parsed[name] = found[0] if isinstance(value, Node) else found

    def _look_at(self, name: str, roots: Sequence[Node]) -> None:
        """Count the nodes of a value, and find the aliases in it."""
        nodes = [node for root in roots for node in walk(root)]
        paths = [node.segments[0] for node in nodes if isinstance(node, Path)]
        self.sizes[name] = len(nodes)
        self.uses[name] = [str(first) for first in paths if str(first).startswith("@")]

    def _parse_used(self, parse: Callable[[str], Any]) -> None:
        """Parse the aliases that options use; report the others."""
        texts = self.request.aliases
        names = [name for used in self.uses.values() for name in used]
        for name in names:
            if name in texts and name not in self.uses:
                self.trees[name] = parse(name)
                self._look_at(name, _roots(self.trees[name]))
                names += self.uses[name]
        reporter = Reporter(self.limits)
        for name in () if self.problems else texts:
            if name not in self.uses:
                near = reporter.nearest(name, set(names) - texts.keys())
                self.problems.append(problem("unused-alias", shorten(name), suggestion=near, name=name))

    def _replace(self, name: str) -> Node:
        """Replace the aliases in the value of an alias, and note where its nodes are from."""
        origin = (name, self.request.aliases[name])
        return replace_aliases(
            self.trees[name], self.trees, lambda node: self.origins.setdefault(id(node), origin)
        )

    def _check_height(self, name: str, roots: Sequence[Node]) -> None:
        """Report the first tree of an option that aliases have made too high."""
        for root in roots:
            message_id, most, deep = "expression-too-deep", MAX_HEIGHT, find_too_deep(root)
            if deep is None and self.limits.max_lambda_depth is not None:
                message_id, most = "lambda-too-deep", self.limits.max_lambda_depth
                deep = find_deep_lambda(root, most)
            if deep is not None:
                option, text = self.origins.get(id(deep), (f"${name}", self.request.texts[name]))
                self.problems.append(problem(message_id, option, deep.span, text=text, most=most))
                return


def _roots(value: Any) -> tuple[Node, ...]:
    """The trees of an option's value: `$filter` has one, `$orderby` a tuple of them, `$top` none."""
    return (value,) if isinstance(value, Node) else value if isinstance(value, tuple) else ()


def names_of_aliases(tree: Node) -> list[str]:
    """The aliases in a tree, each as often as it occurs."""
    paths = [node.segments for node in walk(tree) if isinstance(node, Path)]
    return ["/".join(map(str, path)) for path in paths if str(path[0]).startswith("@")]


def replace_aliases(
    tree: Node, values: Mapping[str, Node], note: Callable[[Node], object] = lambda node: None
) -> Node:
    """Replace the aliases that have values, by name with `@`; call a function for each other node."""

    def replace(node: Node) -> Node:
        if isinstance(node, Path) and len(node.segments) == 1 and node.segments[0] in values:
            return values[str(node.segments[0])]
        note(node)
        return node

    return transform(tree, replace)
