"""Rewrites of a condition, tree to tree: the same rows, in a form that an engine's index serves.

Null logic is left to odata_query/logic.py: each function returns another way to write its node,
or the node itself if there is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeGuard

from . import edm
from .check.typed import TypedCall, TypedList, TypedPath
from .language.ast import Literal, Node, TypeName
from .model.properties import StructuredType, is_called


def or_as_in(node: TypedCall) -> TypedCall:
    """Write equalities of one path as a list: `a eq 1 or a eq 2` -> `a in (1,2)`."""
    first: TypedPath | None = None
    items: list[Node] = []
    for part in node.arguments:
        if not (type(part) is TypedCall and part.function == "eq"):
            return node
        left, right = part.arguments
        if not (type(left) is TypedPath and left.members and type(right) is Literal):
            return node
        if first is None:
            first = left
        elif left.members != first.members or left.level != first.level:
            return node
        items.append(right)
    assert first is not None
    if isinstance(first.type, edm.CollectionType | StructuredType):
        return node  # these are compared with null, and no list has them
    if 0 < sum(item.type is edm.DOUBLE for item in items) < len(items):
        return node  # an engine would make Doubles of all, and an Int64 is compared exactly with the others
    values = TypedList(tuple(items), node.span, type=edm.collection(first.type))
    return TypedCall("in", (first, values), node.span, "in", edm.BOOLEAN, False)


def bound_of_page(node: TypedCall) -> TypedCall:
    """Bound a page after a row: `a lt 1 or a eq 1 and b lt 2` -> `a le 1 and (a lt 1 or b lt 2)`.

    An engine seeks to `a le 1` in the index of `a`; for the `or` alone it would read the whole table.
    """
    strict = next((part for part in node.arguments if _compares(part, ("lt", "gt"))), None)
    if strict is None:
        return node
    rest: list[Node] = [strict]
    for part in node.arguments:
        if part is strict:
            continue
        if not (type(part) is TypedCall and part.function == "and"):
            return node
        equal, *others = part.arguments
        if not (_compares(equal, ("eq",)) and equal.arguments == strict.arguments):
            return node
        rest.append(others[0] if len(others) == 1 else _joined("and", others, part))
    name = "le" if strict.function == "lt" else "ge"
    bound = TypedCall(name, strict.arguments, strict.span, name, edm.BOOLEAN, False)
    return _joined("and", [bound, _joined("or", rest, node)], node)


def _compares(node: Node, names: Sequence[str]) -> TypeGuard[TypedCall]:
    """True for a comparison of a path with a value, by one of these operators."""
    if not (type(node) is TypedCall and node.function in names):
        return False
    path, value = node.arguments
    return type(path) is TypedPath and path.members != () and type(value) is Literal and not value.nullable


def _joined(name: str, arguments: Sequence[Node], around: TypedCall) -> TypedCall:
    return TypedCall(name, tuple(arguments), around.span, name, edm.BOOLEAN, around.nullable)


def isof_as_null_test(node: TypedCall) -> Node:
    """Decide `isof` by the model: `isof(Name,Edm.String)` -> `Name ne null`, as null is of no type."""
    operand, target = node.arguments
    assert isinstance(target, TypeName)
    if not is_called(operand.type, target.name):
        return Literal(False, edm.BOOLEAN, node.span)
    if not operand.nullable:
        return Literal(True, edm.BOOLEAN, node.span)
    return TypedCall("ne", (operand, Literal(None, edm.NULL, node.span)), node.span, "ne", edm.BOOLEAN, False)
