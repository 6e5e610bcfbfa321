"""Literals that say more than a value holds: digits beyond microseconds, and decimals of many digits.

`at le 2024-01-31T10:20:30.1234567Z` becomes `at lt` or `at le` one of the two moments around the literal, so
that no backend knows of it. What is not compared is cut to microseconds, as values in rows are.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from .. import edm
from ..language.ast import Call, Literal, Node
from ..language.literals import cut
from .reporting import Reporter
from .typed import TypedCall, TypedPath

MAX_DIGITS = 38
"""Digits of a decimal: as many as the decimal types of databases hold."""
_MIRRORED = {"gt": "lt", "ge": "le", "lt": "gt", "le": "ge"}
_MAX_COPIES = 100
"""The most pairs of a `case` that a comparison is moved into."""


def says_more(node: Literal) -> bool:
    """Return True for a literal of the parser that may say more than a value holds."""
    value = node.value
    if type(value) is str:
        return "." in value and len(value.rpartition(".")[2]) > 6
    return type(value) is Decimal and _is_too_long(value)


def _is_too_long(value: Decimal) -> bool:
    """Return True for a decimal of too many digits before and after its point together."""
    whole, _, fraction = format(value, "f").partition(".")
    return len(whole.lstrip("-0")) + len(fraction.rstrip("0")) > MAX_DIGITS


def _rest(node: Node) -> Any:
    """Return the part of a microsecond that a literal has beyond its value, or 0."""
    return getattr(node.value, "rest", 0) if type(node) is Literal else 0


def _has_fine_value(node: Node) -> bool:
    """Return True for a `case` that can give a literal between two microseconds."""
    return (
        isinstance(node, TypedCall)
        and node.function == "case"
        and any(_rest(value) or _has_fine_value(value) for value in node.arguments[1::2])
    )


def compare_exactly(node: Call, left: Node, right: Node) -> Node | None:
    """Make a comparison with a literal between two microseconds one of values; None if there is none.

    `t ge 10:20:30.1234567` becomes `t gt 10:20:30.123456`, `t eq` such a literal `false`. A comparison of a
    `case` is moved to its values.
    """
    name = node.function
    if _rest(left) or (_has_fine_value(right) and not _has_fine_value(left)):
        left, right, name = right, left, _MIRRORED.get(name, name)
    if _has_fine_value(left):
        assert isinstance(left, TypedCall)
        is_small = len(left.arguments) <= 2 * _MAX_COPIES and isinstance(right, TypedPath | Literal)
        return _compare_case(node, name, left, right) if is_small else None
    rest = _rest(right)
    if not rest:
        return None
    assert isinstance(right, Literal)
    if type(left) is Literal:
        return Literal(_holds(name, left, right), edm.BOOLEAN, node.span)
    if name in ("eq", "ne"):
        return Literal(name == "ne", edm.BOOLEAN, node.span)
    above, below = ("gt", "le") if rest > 0 else ("ge", "lt")
    name = above if name[0] == "g" else below
    value = Literal(cut(right.value), right.type, right.span)
    return _comparison(node, name, left, value)


def _holds(name: str, left: Literal, right: Literal) -> bool:
    if left.value is None:
        return name == "ne"
    compare = getattr(operator, name)
    return bool(compare((left.value, _rest(left)), (right.value, _rest(right))))


def _comparison(node: Call, name: str, left: Node, right: Node) -> TypedCall:
    return TypedCall(name, (left, right), node.span, name, edm.BOOLEAN, False)


def _compare_case(node: Call, name: str, case: TypedCall, other: Node) -> TypedCall:
    """Move a comparison into a `case`: `case(a:b) lt c` -> `case(a:b lt c,true:null lt c)`."""
    pairs: list[Node] = []
    null = (Literal(True, edm.BOOLEAN, case.span), Literal(None, edm.NULL, case.span))
    for when, then in (*zip(case.arguments[::2], case.arguments[1::2], strict=True), null):
        inner = Call(name, (then, other), node.span)
        pairs += (when, compare_exactly(inner, then, other) or _comparison(node, name, then, other))
    return TypedCall("case", tuple(pairs), node.span, "case", edm.BOOLEAN, False)


def find_members(node: Call, left: Node, items: Sequence[Node]) -> list[Node] | Literal:
    """Return the items that a value can equal; the answer for a literal between two microseconds."""
    if _rest(left):
        assert isinstance(left, Literal)
        found = any(isinstance(item, Literal) and _holds("eq", item, left) for item in items)
        return Literal(found, edm.BOOLEAN, node.span)
    return [item for item in items if not _rest(item)]


def report_inexact(typed: Node, parsed: Sequence[Literal], reporter: Reporter) -> None:
    """Report the literals of a typed tree that no backend can hold, or that would be cut where that matters.

    A decimal beside a Double is a Double here, and what is compared is replaced. `parsed` are the literals as
    the parser made them, some of parameter aliases.
    """
    pending = [(typed, type(typed) is not Literal)]
    while pending:
        node, matters = pending.pop()
        if type(node) is Literal:
            if node.type is edm.DECIMAL and node.value and _is_too_long(node.value):
                reporter.report("unsupported-expression.digits", node, most=MAX_DIGITS)
            elif matters and _rest(node):
                place = next((given for given in parsed if given.span == node.span), node)
                reporter.report("unsupported-expression.fraction", place)
        is_function = isinstance(node, TypedCall) and ("(" in node.key or node.function in ("cast", "isof"))
        is_case = isinstance(node, TypedCall) and node.function == "case"
        for index, child in enumerate(node.children()):
            pending.append((child, matters if is_case and index % 2 else not is_function))
