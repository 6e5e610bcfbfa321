"""Shrink a failing query before it is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypeVar

from .. import edm
from ..language.ast import Call, ListExpr, Literal, Node, OrderByItem, Path, transform, walk
from ..language.parser import parse_filter, parse_orderby
from ..language.printer import unparse
from ..operations import OPERATIONS

T = TypeVar("T")
F = TypeVar("F", bound="Fault")
Options = dict[str, str]
Shrink = Callable[[T, Callable[[T], bool]], T]
"""A function that makes something smaller as long as it fails."""


class Fault(Protocol):
    """A fault of some kind."""

    @property
    def kind(self) -> str: ...


_SIMPLEST = {edm.STRING.name: ("", "a"), edm.INT32.name: (0, 1), edm.INT64.name: (1,)}
_SIMPLE = (Literal(True, edm.BOOLEAN), Literal(0, edm.INT32), Literal("", edm.STRING), Literal(1, edm.INT32))


def shrink_fault(
    given: T, fault: F, find: Callable[[T], F | None], shrink: Shrink[T], tries: int
) -> tuple[T, F]:
    """Shrink a request as long as `find` finds a fault of the same kind, and return the last fault too."""
    left = iter(range(tries))

    def fails(smaller: T) -> bool:
        nonlocal fault
        again = find(smaller) if next(left, None) is not None else None
        if again is None or again.kind != fault.kind:
            return False
        fault = again
        return True

    return shrink(given, fails), fault


def shrink_options(options: Options, fails: Callable[[Options], bool]) -> Options:
    """Remove parts of a query as long as it still fails."""
    while smaller := next(filter(fails, _smaller_options(options)), None):
        options = smaller
    return options


def shrink_text(text: str, fails: Callable[[str], bool]) -> str:
    """Remove parts of a text as long as it still fails, the largest parts first."""
    size = len(text)
    while size > 0:
        start = 0
        while start < len(text):
            smaller = text[:start] + text[start + size :]
            if smaller != text and fails(smaller):
                text = smaller
            else:
                start += size
        size //= 2
    return text


def _without_one(items: Any, step: int = 1) -> Iterator[Any]:
    """Yield the sequence without each of its items in turn, or of its groups of items."""
    for position in range(0, len(items) if len(items) > step else 0, step):
        yield items[:position] + items[position + step :]


def _smaller_options(options: Options) -> Iterator[Options]:
    for names in _without_one(list(options)):
        yield {name: options[name] for name in names}
    items = parse_orderby(options["$orderby"]) if "$orderby" in options else ()
    for fewer in _without_one(items):
        yield {**options, "$orderby": unparse(fewer)}
    if "$filter" in options:
        for tree in _smaller_trees(parse_filter(options["$filter"])):
            yield {**options, "$filter": unparse(tree)}
    for position, item in enumerate(items):
        for tree in _smaller_trees(item.expression):
            whole = [*items[:position], OrderByItem(tree, item.descending), *items[position + 1 :]]
            yield {**options, "$orderby": unparse(whole)}


def _smaller_trees(tree: Node) -> Iterator[Node]:
    """Yield smaller trees, the smallest first."""
    for node in sorted(walk(tree), key=lambda node: -sum(1 for _ in walk(node))):
        for other in _replacements(node):
            yield _replace(tree, node, other)


def _replace(tree: Node, node: Node, other: Node) -> Node:
    return other if node is tree else transform(tree, lambda each: other if each is node else each)


def _replacements(node: Node) -> Iterator[Node]:
    """Yield simpler expressions for one node."""
    if isinstance(node, Path) and node.segments[0] == "$it" and len(node.segments) > 1:
        yield Path(node.segments[1:])
    elif isinstance(node, Call):
        yield from (below for below in list(walk(node))[1:] if isinstance(below, Call | Path | Literal))
        if node.function == "any" and len(node.arguments) > 1:
            yield Call("any", node.arguments[:1])
        if node.function in OPERATIONS and OPERATIONS[node.function].nulls == "propagate":
            yield from _SIMPLE
        if node.function in ("and", "or", "case") and len(node.arguments) > 2:
            step = 2 if node.function == "case" else 1
            yield from (Call(node.function, rest) for rest in _without_one(node.arguments, step))
    elif isinstance(node, ListExpr):
        yield from (ListExpr(items, is_json=node.is_json) for items in _without_one(node.items))
    elif isinstance(node, Literal) and node.value is not None:
        simple: tuple[Any, ...] = _SIMPLEST.get(node.type.name, ())
        if node.value in simple:
            simple = simple[: simple.index(node.value)]  # or it would go back and forth
        yield from (Literal(value, node.type) for value in simple)
        if node.type is edm.STRING:
            yield from (Literal(text, node.type) for text in _without_one(node.value))
