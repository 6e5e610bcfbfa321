"""Literals and operands: the values of literals, and the type that operands are brought to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from contextlib import suppress

from .. import edm
from ..language import literals
from ..language.ast import Literal, Node, TypeName
from ..model.properties import StructuredType, types_named
from ..operations import UNKNOWN, join_names, number_kind, promoted
from ..problems import Name, Phrase
from .reporting import WRONG, Reporter
from .typed import TypedCall

_UNORDERED = (edm.BINARY.name, edm.STREAM.name)
_NUMBERS = frozenset(map(edm.primitive, edm.NUMBERS))
PLAIN = _NUMBERS | {edm.STRING, edm.BOOLEAN, edm.GUID}
"""Types whose values can be compared with each other without further checks."""


def fits_all(type: edm.Type) -> bool:
    """True for types that fit every other: null, and UNKNOWN, the type of a reported part."""
    return type is edm.NULL or type is UNKNOWN


def is_ordered(type: edm.Type) -> bool:
    """True if values have an order: enumerations and primitive types, except Binary, Stream and Geo types."""
    if not isinstance(type, edm.PrimitiveType | edm.EnumType):
        return False
    return type.name not in _UNORDERED and not type.name.startswith("Edm.Geo")


def common_type(types: Iterable[edm.Type]) -> edm.Type | None:
    """Return the type that values are brought to; None if they have different types that are not numbers.

    Int32 and Double give Double (URL Conventions 5.1.1.14). Null fits every type.
    """
    found = {type.name: type for type in types if not fits_all(type)}
    if len(found) < 2:
        return next(iter(found.values()), edm.NULL)
    if any(name not in edm.NUMBERS for name in found):
        return None
    return found[max(found, key=edm.NUMBERS.__getitem__)]


def names_of(types: Iterable[edm.Type]) -> Name:
    """Return the names of types, each once, for a message: `Edm.String, Edm.Int32`."""
    return join_names(dict.fromkeys(type.name for type in types if not fits_all(type)))


# ---- literals ------------------------------------------------------------------------------------


def read_literal(node: Literal, root: StructuredType, reporter: Reporter, zone: dt.tzinfo) -> Literal:
    """Read the text of a literal: `2024-01-31` as a date, `Sales.Color'Red'` by the enumerations of root."""
    if isinstance(node.type, edm.PrimitiveType):
        try:
            return Literal(literals.read(node.value, node.type, zone), node.type, node.span)
        except literals.OutOfRange as wrong:
            return reporter.report(wrong.message, node, **wrong.values)
    name = node.type.name
    found = [type for type in types_named(root, name) if isinstance(type, edm.EnumType)]
    if not found:
        return reporter.report("unknown-type", node, span=(node.span[0], node.span[0] + len(name)), name=name)
    # The other operand decides which of several is meant.
    return read_member(node, found[0], node, reporter) if len(found) == 1 else node


def read_member(node: Literal, type: edm.EnumType, place: Node, reporter: Reporter) -> Literal:
    """Read a text as members of an enumeration: `'Red'`, `'Red,Blue'`, `Sales.Color'Red'`."""
    prefix = node.type.name
    if not (node.type is edm.STRING or prefix == type.name or prefix.rpartition(".")[2] == type.name):
        return node
    value = type.value(node.value)
    if value is None:
        from .advice import report_member  # most queries never need it

        return report_member(node.value, type, place, reporter)
    return Literal(value, type, node.span)


def read_duration(node: Node) -> Node:
    """Read a text that is a duration without its prefix, `'P1D'`; return any other node unchanged."""
    if isinstance(node, Literal) and node.type is edm.STRING:
        with suppress(literals.OutOfRange):
            return Literal(literals.read(node.value, edm.DURATION), edm.DURATION, node.span)
    return node


def convert(node: Node, type: edm.Type, place: Node, reporter: Reporter, zone: dt.tzinfo) -> Node:
    """Convert a literal to the type it is compared with; return any other node unchanged.

    A text becomes a member of an enumeration or a duration; a date becomes its midnight. `place` is the node
    of a problem.
    """
    if not isinstance(node, Literal) or node.value is None:
        return node
    if isinstance(type, edm.EnumType) and isinstance(node.value, str):
        return read_member(node, type, place, reporter)
    if type is edm.DURATION:
        return read_duration(node)
    if type is edm.DATE_TIME_OFFSET and node.type is edm.DATE:
        return Literal(literals.midnight(node.value, zone), type, node.span)
    return node


# ---- operands ------------------------------------------------------------------------------------


def promote(node: Node, kind: str) -> Node:
    """Convert a Decimal to a Double if `kind` is `Double`; backends mix all other numbers as they are."""
    if kind != "Double" or node.type is not edm.DECIMAL:
        return node
    if isinstance(node, Literal):
        return Literal(float(node.value), edm.DOUBLE, node.span)
    arguments = (node, TypeName(edm.DOUBLE.name))
    return TypedCall("cast", arguments, node.span, "cast", edm.DOUBLE, node.nullable)


def promote_all(nodes: Sequence[Node]) -> list[Node]:
    """Bring numbers to the largest of their types; return nodes of other types unchanged."""
    top = promoted(tuple([node.type.name for node in nodes]))
    if top is None or number_kind(top) != "Double":
        return list(nodes)
    return [promote(node, "Double") for node in nodes]


def unify(
    left: Node, right: Node, operator: str, places: Sequence[Node], reporter: Reporter, zone: dt.tzinfo
) -> tuple[Node, Node]:
    """Bring two operands to one type; report that they cannot be compared, and return WRONG for both.

    The literal of `color eq 'Red'` becomes a member of the property's enumeration, and both operands of
    `price eq 1e0` become doubles. Comparisons and `in` share this rule. `places` are the parsed nodes of the
    whole comparison, of its left and of its right operand, for problems.
    """
    whole, left_place, right_place = places
    one, other = left.type, right.type
    if one in _NUMBERS and other in _NUMBERS:
        if edm.DECIMAL in (one, other):  # the only type of number that is ever converted
            left, right = promote_all((left, right))
        return left, right
    left = convert(left, other, left_place, reporter, zone)
    right = convert(right, one, right_place, reporter, zone)
    one, other = left.type, right.type
    if one is UNKNOWN or other is UNKNOWN:
        return WRONG, WRONG
    if one is edm.NULL or other is edm.NULL:
        return left, right
    if isinstance(one, edm.CollectionType) and isinstance(other, edm.CollectionType):
        fits = operator in ("eq", "ne", "in") and comparable_elements(one, other)
    elif isinstance(one, StructuredType) and isinstance(other, StructuredType):
        return reporter.report("unsupported-expression", whole, what=Phrase("comparing-entities")), WRONG
    else:
        fits = common_type((one, other)) is not None
    if not fits:
        from .advice import report_mismatch  # most queries never need it

        return report_mismatch(left, right, operator, places, reporter), WRONG
    if isinstance(one, edm.PrimitiveType) and not is_ordered(one):
        return reporter.report("wrong-type.unordered", whole, type=one.name), WRONG
    return left, right


def comparable_elements(one: edm.Type, other: edm.Type) -> bool:
    """True if the elements of two collections can be compared: they have one type, or are numbers."""
    elements = (edm.element_of(one), edm.element_of(other))
    if any(isinstance(element, StructuredType) for element in elements):
        return False
    return common_type(elements) is not None
