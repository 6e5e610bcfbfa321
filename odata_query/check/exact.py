"""Literals that say more than a value holds: decimals of many digits."""

from __future__ import annotations

from decimal import Decimal

from .. import edm
from ..language.ast import Literal, Node, walk
from .reporting import Reporter

MAX_DIGITS = 38
"""Digits of a decimal: as many as the decimal types of databases hold."""


def is_too_long(value: Decimal) -> bool:
    """Return True for a decimal of too many digits before and after its point together."""
    whole, _, fraction = format(value, "f").partition(".")
    return len(whole.lstrip("-0")) + len(fraction.rstrip("0")) > MAX_DIGITS


def report_too_long(typed: Node, reporter: Reporter) -> None:
    """Report the decimals that no backend can hold, where the check has not made doubles of them."""
    for node in walk(typed):
        if isinstance(node, Literal) and node.type is edm.DECIMAL and is_too_long(node.value):
            reporter.report("unsupported-expression.digits", node, most=MAX_DIGITS)
