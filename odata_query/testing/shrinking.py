"""Smaller queries: what a failing one is made to before it is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .. import edm
from ..language.ast import Call, ListExpr, Literal, Node, OrderByItem, Path, transform, walk
from ..language.parser import parse_filter, parse_orderby
from ..language.printer import unparse
from ..operations import OPERATIONS

Options = Mapping[str, str]

_TRIES = 400


def shrunk(options: Options, fails: Callable[[Options], bool]) -> Options:
    """The smallest options that steps lead to, each taking something away, so that they still fail."""
    tries = 0
    progress = True
    while progress:
        progress = False
        for smaller in _smaller(options):
            tries += 1
            if tries > _TRIES:
                return options
            if fails(smaller):
                options, progress = smaller, True
                break
    return options


def _smaller(options: Options) -> Iterator[Options]:
    for name in options:
        if len(options) > 1:
            yield {other: text for other, text in options.items() if other != name}
    items = parse_orderby(options["$orderby"]) if "$orderby" in options else ()
    for position in range(len(items) if len(items) > 1 else 0):
        yield {**options, "$orderby": unparse(items[:position] + items[position + 1 :])}
    if "$filter" in options:
        for tree in _smaller_trees(parse_filter(options["$filter"])):
            yield {**options, "$filter": unparse(tree)}
    for position, item in enumerate(items):
        for tree in _smaller_trees(item.expression):
            whole = [*items[:position], OrderByItem(tree, item.descending), *items[position + 1 :]]
            yield {**options, "$orderby": unparse(whole)}


def _smaller_trees(tree: Node) -> Iterator[Node]:
    """Trees with less in them; the largest steps first."""
    nodes = sorted(walk(tree), key=lambda node: -sum(1 for _ in walk(node)))
    for node in nodes:
        for other in _replacements(node):
            yield other if node is tree else _replaced(tree, node, other)


def _replaced(tree: Node, node: Node, other: Node) -> Node:
    return transform(tree, lambda each: other if each is node else each)


_SIMPLEST = {edm.STRING.name: ("", "a"), edm.INT32.name: (0, 1), edm.INT64.name: (1,)}
_SIMPLE = (Literal(True, edm.BOOLEAN), Literal(0, edm.INT32), Literal("", edm.STRING), Literal(1, edm.INT32))


def _replacements(node: Node) -> Iterator[Node]:
    if isinstance(node, Path) and node.segments[0] == "$it" and len(node.segments) > 1:
        yield Path(node.segments[1:])
    if isinstance(node, Call):
        for below in list(walk(node))[1:]:
            if isinstance(below, Call | Path | Literal):
                yield below
        if node.function == "any" and len(node.arguments) > 1:
            yield Call("any", node.arguments[:1])
        if node.function in OPERATIONS and OPERATIONS[node.function].nulls == "propagate":
            yield from _SIMPLE
        step = 2 if node.function == "case" else 1
        if node.function in ("and", "or", "case") and len(node.arguments) > 2:
            for position in range(0, len(node.arguments), step):
                yield Call(node.function, node.arguments[:position] + node.arguments[position + step :])
    if isinstance(node, ListExpr) and len(node.items) > 1:
        for position in range(len(node.items)):
            yield ListExpr(node.items[:position] + node.items[position + 1 :])
    if isinstance(node, Literal) and node.value is not None:
        simple: tuple[Any, ...] = _SIMPLEST.get(node.type.name, ())
        if node.value in simple:
            simple = simple[: simple.index(node.value)]  # never back
        for value in simple:
            yield Literal(value, node.type)
        if node.type is edm.STRING:
            for position in range(len(node.value) if len(node.value) > 1 else 0):
                yield Literal(node.value[:position] + node.value[position + 1 :], node.type)


def shrunk_text(text: str, fails: Callable[[str], bool]) -> str:
    """The smallest text that taking parts out leads to, so that it still fails."""
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
