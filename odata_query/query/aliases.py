"""Parameter aliases: `$filter=name eq @n&@n='x'` (URL Conventions 5.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..check.reporting import Origin
from ..language.ast import MAX_HEIGHT, Node, Path, find_too_deep, transform, walk
from ..limits import Limits
from ..problems import Problem, problem, shorten

_MAX_EXPANDED = 1_000_000
"""Nodes in an expanded tree where limits are lifted: aliases in aliases can double it at each step."""


class Aliases:
    """Replaces parameter aliases by their values, which may contain other aliases.

    trees     the parsed values, by name with `@`
    texts     their texts
    problems  receives the problems
    origins   where each node is from
    """

    def __init__(
        self, trees: Mapping[str, Node], texts: Mapping[str, str], limits: Limits, problems: list[Problem]
    ) -> None:
        self.trees = trees
        self.problems = problems
        self.origins = {id(node): (name, texts[name]) for name, tree in trees.items() for node in walk(tree)}
        self.bound = _MAX_EXPANDED if limits.max_nodes is None else limits.max_nodes
        self.ready: dict[str, Node] = {}
        self.sizes: dict[str, int] = {}
        # Expand aliases in the order of their dependencies, each within the bound on nodes.
        uses = {name: self._used(tree) for name, tree in self.trees.items()}
        waiting = dict(uses)
        while waiting:
            free = [name for name, others in waiting.items() if not any(o in waiting for o in others)]
            if not free:
                name = next(iter(waiting))
                self.problems.append(problem("alias-cycle", shorten(name), name=name))
                return
            for name in free:
                size = sum(1 for _ in walk(self.trees[name]))
                self.sizes[name] = size + sum(self.sizes[other] for other in uses[name])
                del waiting[name]
                if self.sizes[name] <= self.bound:
                    self.ready[name] = self._replace(self.trees[name], (name, texts[name]))

    def _used(self, tree: Node) -> list[str]:
        return [name for name in names_of_aliases(tree) if name in self.trees]

    def _replace(self, tree: Node, origin: Origin) -> Node:
        """Replace the aliases in a tree; `origin` is the option or alias that it is from."""
        found = replace_aliases(tree, self.ready)
        for node in walk(found):
            self.origins.setdefault(id(node), origin)
        return found

    def expand(self, value: Any, option: str, text: str) -> Any:
        """Replace the aliases in an option's tree or trees; report those that get too large or too high."""
        items = (value,) if isinstance(value, Node) else value
        if self.problems or not isinstance(items, tuple):
            return value
        names = [name for item in items for name in self._used(item)]
        size = sum(1 for item in items for _ in walk(item)) + sum(self.sizes[name] for name in names)
        if size > self.bound:
            message_id, span = "expression-too-large.aliases", (0, len(text))
            self.problems.append(problem(message_id, option, span, text=text, count=size, most=self.bound))
            return value
        found = tuple(self._replace(item, (option, text)) for item in items)
        if deep := next(filter(None, map(find_too_deep, found)), None):
            option, text = self.origins[id(deep)]
            wrong = problem("expression-too-deep", option, deep.span, text=text, most=MAX_HEIGHT)
            self.problems.append(wrong)
        return found[0] if isinstance(value, Node) else found


def names_of_aliases(tree: Node) -> list[str]:
    """The aliases in a tree, each as often as it occurs."""
    paths = [node.segments for node in walk(tree) if isinstance(node, Path)]
    return ["/".join(map(str, path)) for path in paths if str(path[0]).startswith("@")]


def replace_aliases(tree: Node, values: Mapping[str, Node]) -> Node:
    """Replace the aliases that have values, by name with `@`."""

    def replace(node: Node) -> Node:
        if isinstance(node, Path) and len(node.segments) == 1:
            return values.get(str(node.segments[0]), node)
        return node

    return transform(tree, replace)
