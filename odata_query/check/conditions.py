"""Conditions by type: the paths of a typed tree lead only to rows that the service shows.

A path through a row that is hidden is one through null, and a collection has only the members that are shown.
With the condition `tenant eq 7` of customers and orders, `customer/name` becomes
`case(customer/tenant eq 7: customer/name)`, and `orders/any(...)` becomes
`orders/$filter(tenant eq 7)/any(...)`. The nodes of the service have the key "fence".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from .. import edm
from ..language.ast import Lambda, Node
from ..model.properties import Member
from .typed import TypedCall, TypedList, TypedPath

Find = Callable[[Member], Sequence[Node]]
"""Returns the conditions on the rows that a property leads to, typed for their type."""
_NEVER_NULL = frozenset(("eq", "ne", "gt", "ge", "lt", "le", "in", "any", "all", "isof"))


def show(node: Node, find: Find, level: int = 0) -> Node:
    """Rewrite an expression inside `level` lambdas so that its paths lead to rows that are shown."""
    if type(node) is TypedPath:
        return _path(node, find, level)
    services, inside = None, level
    if type(node) is TypedCall:
        inside = node.level or level
        if node.key == "fence":
            services = 1 if node.function == "$filter" else 0
    children = []
    for position, child in enumerate(node.children()):
        changed = child if position == services else show(child, find, inside if position else level)
        children.append(changed)
    return _with_children(node, children)


def _path(path: TypedPath, find: Find, level: int) -> Node:
    """Put the conditions of its steps around a path."""
    members, conditions, of_members = path.members, [], []
    start = path.segments[:1] if members and path.segments[0] != members[0].name else ()
    for number, member in enumerate(members, 1):
        for condition in find(member):
            if isinstance(member.type, edm.CollectionType):
                of_members.append(_moved(condition, TypedPath((), level=level + 1), level + 1))
                continue
            steps = members[:number]
            names = (*start, *[step.name for step in steps])
            nullable = any(step.nullable for step in steps)
            step = TypedPath(names, path.span, path.level, steps, member.type, nullable)
            conditions.append(_moved(condition, step, level))
    found: Node = path
    if conditions:
        found = TypedCall("case", (_all(conditions), path), path.span, "fence", path.type, True)
    if of_members:
        both = (found, _all(of_members))
        found = TypedCall("$filter", both, path.span, "fence", path.type, found.nullable, level + 1)
    return found


def _all(conditions: Sequence[Node]) -> Node:
    if len(conditions) == 1:
        return conditions[0]
    nullable = any(condition.nullable for condition in conditions)
    return TypedCall("and", tuple(conditions), (0, 0), "and", edm.BOOLEAN, nullable)


def _moved(node: Node, start: TypedPath, level: int) -> Node:
    """Apply a condition on a row to the row that a path leads to, inside `level` lambdas."""
    if type(node) is TypedPath:
        if node.level:
            return replace(node, level=node.level + level)
        names = node.segments[1:] if node.segments[:1] == ("$it",) else node.segments
        segments, steps = (*start.segments, *names) or ("$this",), (*start.members, *node.members)
        nullable = node.nullable or start.nullable
        return TypedPath(segments, (0, 0), start.level, steps, node.type, nullable)
    children = []
    for child in node.children():
        children.append(_moved(child, start, level))
    moved = _with_children(node, children)
    return replace(moved, level=moved.level + level) if type(moved) is TypedCall and moved.level else moved


def _with_children(node: Node, children: Sequence[Node]) -> Node:
    """Replace the children of a typed node, which becomes nullable if one of them has become so."""
    before = node.children()
    if all(child is other for child, other in zip(children, before, strict=True)):
        return node
    if type(node) is Lambda:
        return replace(node, predicate=children[0])
    if type(node) is TypedList:
        return replace(node, items=tuple(children))
    assert type(node) is TypedCall
    pairs = zip(children, before, strict=True)
    changes = any(_nullable(child) > _nullable(other) for child, other in pairs)
    nullable = node.nullable or (changes and node.function not in _NEVER_NULL)
    return replace(node, arguments=tuple(children), nullable=nullable)


def _nullable(node: Node) -> bool:
    return bool(getattr(node, "nullable", False))
