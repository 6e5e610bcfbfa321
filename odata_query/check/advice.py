"""Advice on operands that do not fit: how to write them. Only queries with a mistake come here."""

from __future__ import annotations

from collections.abc import Sequence

from .. import edm
from ..language.ast import Literal, Node
from .reporting import Reporter


def report_mismatch(
    left: Node, right: Node, operator: str, places: Sequence[Node], reporter: Reporter
) -> Literal:
    """Report two operands that cannot be compared at the place of the right one; return WRONG.

    places  the parsed nodes of the whole comparison, of its left and of its right operand
    """
    message_id = _explain(left, right, reporter)
    one, other = left.type.name, right.type.name
    return reporter.report(message_id, places[2], operator=operator, left=one, right=other)


def _explain(left: Node, right: Node, reporter: Reporter) -> str:
    """Return the message for two operands that cannot be compared: if possible, how to write the literal."""
    if isinstance(left.type, edm.CollectionType) is not isinstance(right.type, edm.CollectionType):
        offered = reporter.limits.functions
        can_ask = offered is None or {"any", "all"} <= offered
        return "wrong-type.compare-members" if can_ask else "wrong-type.compare"
    literal, other = (right, left.type) if isinstance(right, Literal) else (left, right.type)
    if not isinstance(literal, Literal):
        return "wrong-type.compare"
    if literal.type is not edm.STRING:
        return "wrong-type.compare-text" if other is edm.STRING else "wrong-type.compare"
    if other.name in edm.NUMBERS:
        return "wrong-type.compare-number"
    if other in (edm.DATE, edm.DATE_TIME_OFFSET, edm.TIME_OF_DAY):
        return "wrong-type.compare-date"
    return "wrong-type.compare-plain" if other in (edm.BOOLEAN, edm.GUID) else "wrong-type.compare"
