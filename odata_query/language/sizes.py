"""The limits on the size of a tree; the text often shows that they hold, which saves a walk."""

from __future__ import annotations

from ..limits import Limits
from ..operations import SEGMENTS
from .ast import MAX_HEIGHT, Call, ListExpr, Node, OrderByItem, Path, find_too_deep
from .tokens import SyntaxProblem

SHORT = 40
"""Characters of a text that is within the default limits: too few for 21 segments or 5 lambdas."""


def check_size(roots: list[Node], text: str, limits: Limits) -> None:
    """Raise SyntaxProblem for trees that exceed the limits."""
    if _exceeds(len(roots), limits.max_orderby_items) and isinstance(roots[0], OrderByItem):
        place = roots[limits.max_orderby_items or 0].span
        raise SyntaxProblem("too-many-orderby-items", *place, most=limits.max_orderby_items)
    nodes = _most_nodes(text)
    if (
        _exceeds(nodes, limits.max_nodes)
        or _exceeds(text.count("/") + 1, limits.max_path_depth)
        or _exceeds(text.count(":") + text.count("$"), limits.max_lambda_depth)
        or _exceeds(text.count(",") + 1, limits.max_in_items)
    ):
        _check_nodes(roots, text, limits)
    if nodes > MAX_HEIGHT:
        for root in roots:
            # A node takes more characters than the nodes in it, so short terms of an `or` need no walk.
            is_wide = any(child.span[1] - child.span[0] > MAX_HEIGHT - 2 for child in root.children())
            deep = find_too_deep(root) if is_wide else None
            if deep is not None:
                raise SyntaxProblem("expression-too-deep", *deep.span, most=MAX_HEIGHT)


def _most_nodes(text: str) -> int:
    """Return an upper bound on the number of nodes of the text's tree, without a walk."""
    if len(text) <= MAX_HEIGHT:
        return len(text) + 1  # a node is a character at least
    # An operator has two blanks and makes two nodes, with its right operand; so may any separator.
    return 1 + text.count(" ") + text.count("\t") + 2 * sum(map(text.count, "(,/:-[{="))


def _check_nodes(roots: list[Node], text: str, limits: Limits) -> None:
    count = 0
    for root in roots:
        pending = [root]
        for node in pending:
            count += 1
            pending.extend(node.children())
            if isinstance(node, Path) and _exceeds(len(node.segments), limits.max_path_depth):
                raise SyntaxProblem("path-too-long", *node.span, most=limits.max_path_depth)
            if isinstance(node, ListExpr) and _exceeds(len(node.items), limits.max_in_items):
                place = node.items[limits.max_in_items or 0].span
                raise SyntaxProblem("list-too-long", *place, most=limits.max_in_items)
        most = limits.max_lambda_depth
        if most is not None and (deep := find_deep_lambda(root, most)):
            raise SyntaxProblem("lambda-too-deep", *deep.span, most=most)
    if _exceeds(count, limits.max_nodes):
        raise SyntaxProblem("expression-too-large", 0, len(text), count=count, most=limits.max_nodes)


def find_deep_lambda(root: Node, most: int) -> Node | None:
    """Return the first condition on items that has `most` such conditions around it; None if there is none.

    `any(x: ...)`, `all(x: ...)`, `$filter(...)` and `$count($filter=...)` have one.
    """
    pending: list[tuple[Node, int]] = [(root, 0)]
    for node, level in pending:
        children = node.children()
        if isinstance(node, Call) and node.function in SEGMENTS and children[1:]:
            level += 1
            if level > most:
                return children[1]
            pending.append((children[0], level - 1))
            children = children[1:]
        pending.extend((child, level) for child in children)
    return None


def _exceeds(count: int, bound: int | None) -> bool:
    return bound is not None and count > bound
