"""Literals and operands: the values of literals, and the one type that operands are brought to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any, TypeGuard

from .. import edm
from ..language import literals
from ..language.ast import ListExpr, Literal, Node, TypeName
from ..model.properties import StructuredType, types_named
from ..operations import UNKNOWN, Operation
from ..problems import Name, Phrase
from .reporting import Reporter
from .typed import TypedCall, TypedList, TypedPath

_UNORDERED = (edm.BINARY.name, edm.STREAM.name)
_INTEGERS = frozenset(map(edm.primitive, edm.INTEGERS))
_NUMBERS = frozenset(map(edm.primitive, edm.NUMBERS))
_TEXTS_IN_JSON = frozenset((edm.DATE, edm.DATE_TIME_OFFSET, edm.DURATION, edm.GUID, edm.TIME_OF_DAY))
PLAIN = _NUMBERS | _TEXTS_IN_JSON | {edm.STRING, edm.BOOLEAN}
"""Types whose values can be compared with each other without further checks."""
_RELATIONS = ("gt", "ge", "lt", "le")
EXACT = _INTEGERS | {edm.DECIMAL}
"""Numbers that all backends mix without a loss."""
_INEXACT = 2.0**53
"""The least Double that several integers are converted to."""


def fits_all(type: edm.Type) -> bool:
    """True for types that fit every other: null, and UNKNOWN, the type of a reported part."""
    return type is edm.NULL or type is UNKNOWN


def is_ordered(type: edm.Type) -> bool:
    """True if values have an order: enumerations and primitive types, except Binary, Stream and Geo types."""
    if not isinstance(type, edm.PrimitiveType | edm.EnumType):
        return False
    return type.name not in _UNORDERED and not type.name.startswith("Edm.Geo")


def can_cast(source: edm.Type, target: edm.Type) -> bool:
    """True for types with an order, and for collections of numbers, as promotion casts them."""
    if isinstance(source, edm.CollectionType) and isinstance(target, edm.CollectionType):
        return source.element in _NUMBERS and target.element in _NUMBERS
    return is_ordered(source) and is_ordered(target)


def innermost(type: edm.Type) -> edm.Type:
    """Return the type of the items of a collection, or of the collections in it; any other type itself."""
    while isinstance(type, edm.CollectionType):
        type = type.element
    return type


def common_type(types: Iterable[edm.Type]) -> edm.Type | None:
    """Return the type that values are brought to; None if they have different types that are not numbers.

    Int32 and Double give Double (URL Conventions 5.1.1.14), and so do collections of them. Null fits every
    type.
    """
    found = {type.name: type for type in types if not fits_all(type)}
    if len(found) < 2:
        return next(iter(found.values()), edm.NULL)
    if found.keys() <= edm.NUMBERS.keys():
        return found[max(found, key=edm.NUMBERS.__getitem__)]
    elements = [type.element for type in found.values() if isinstance(type, edm.CollectionType)]
    element = common_type(elements) if len(elements) == len(found) else None
    return None if element is None else edm.collection(element)


def join_names(names: Iterable[str]) -> Name:
    """Join the names of types for a message: `Edm.String, Edm.Int32`."""
    return Name(", ".join(name[:60] for name in [*names][:10]))


def describe_mismatch(operation: Operation, names: tuple[str, ...]) -> dict[str, Any]:
    """Return the values of a message: `contains`, its `(String, String)`, and the given `String, Int32`."""
    taken = dict.fromkeys(Name(f"({', '.join(s.parameters)})") for s in operation.signatures)
    given = join_names(name.replace("Edm.", "") for name in names)
    name = Name("-" if operation.name == "negate" else operation.name)
    return {"function": name, "taken": tuple(taken), "given": given}


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
    return read_member(node, found[0], reporter) if len(found) == 1 else node


def read_member(node: Literal, type: edm.EnumType, reporter: Reporter) -> Literal:
    """Read a text as members of an enumeration: `'Red'`, `'Red,Blue'`, `Sales.Color'Red'`."""
    prefix = node.type.name
    if not (node.type is edm.STRING or prefix == type.name or prefix.rpartition(".")[2] == type.name):
        return node
    value = type.value(node.value)
    if value is None:
        from .advice import report_member  # most queries never need it

        return report_member(node.value, type, node, reporter)
    return Literal(value, type, node.span)


def read_duration(node: Node) -> Node:
    """Read a text that is a duration without its prefix, `'P1D'`; return any other node unchanged."""
    if isinstance(node, Literal) and node.type is edm.STRING:
        with suppress(literals.OutOfRange):
            return Literal(literals.read(node.value, edm.DURATION), edm.DURATION, node.span)
    return node


def convert(
    node: Node, type: edm.Type, reporter: Reporter, zone: dt.tzinfo, *, in_json: bool = False
) -> Node:
    """Convert a literal to the type it is compared with; return any other node unchanged.

    A text becomes a member of an enumeration or a duration, in JSON also a date, time, moment or Guid.
    A date becomes its midnight, a number a Double or a Single, an integer a Decimal.
    """
    if not isinstance(node, Literal) or node.value is None:
        return node
    if type is edm.DOUBLE or type is edm.SINGLE or type is edm.DECIMAL:
        return _as_number(node, type) if node.type in _NUMBERS else node
    if isinstance(type, edm.EnumType) and isinstance(node.value, str):
        return read_member(node, type, reporter)
    if in_json and node.type is edm.STRING and type in _TEXTS_IN_JSON:
        is_date = type is edm.DATE_TIME_OFFSET and literals.DATE.fullmatch(node.value)
        own = edm.DATE if is_date else type
        try:
            node = Literal(literals.from_text(node.value, own, zone), own, node.span)
        except literals.OutOfRange as wrong:
            from .advice import text_meant

            meant = text_meant(node.value, type)
            return reporter.report(wrong.message, node, suggestion=meant, **wrong.values)
    if type is edm.DURATION:
        return read_duration(node)
    if type is edm.DATE_TIME_OFFSET and node.type is edm.DATE:
        return Literal(literals.midnight(node.value, zone), type, node.span)
    return node


# ---- numbers -------------------------------------------------------------------------------------


def promote(node: Node, parameter: str) -> Node:
    """Convert a Decimal or a Single to a Double where an operation takes that; backends mix other numbers."""
    if node.type is edm.SINGLE and parameter in ("Double", "Number"):
        return _as_number(node, edm.DOUBLE)
    return _as_number(node, edm.DOUBLE) if node.type is edm.DECIMAL and parameter == "Double" else node


def _as_number(node: Node, type: edm.Type) -> Node:
    """Convert a number, or the numbers of a collection, to a Double, a Single or a Decimal."""
    if isinstance(node, Literal):
        if node.value is None:
            return node
        if type is edm.DECIMAL:
            return Literal(Decimal(node.value), type, node.span)
        value = float(node.value)
        return Literal(edm.single(value) if type is edm.SINGLE else value, type, node.span)
    target, around = type, node.type
    while isinstance(around, edm.CollectionType):
        target, around = edm.collection(target), around.element
    arguments = (node, TypeName(target.name, node.span))
    return TypedCall("cast", arguments, node.span, "cast", target, node.nullable)


def _widened(node: Node, is_exact: bool, is_value: bool) -> Node:
    """Convert a number that is not a literal to a Double beside one (5.1.1.14), if not all of it is one."""
    kind = innermost(node.type)
    if kind is edm.DECIMAL or (is_value and kind in _NUMBERS and kind is not edm.DOUBLE):
        return _as_number(node, edm.DOUBLE)
    if is_exact or kind not in _INTEGERS:
        return node
    # `i mul i` does not overflow at the bounds of Int32.
    is_computed = isinstance(node, TypedCall) and node.function not in ("cast", "length")
    return _as_number(node, edm.DOUBLE) if is_computed or kind is edm.INT64 else node


# ---- operands ------------------------------------------------------------------------------------


def bring_together(
    nodes: Sequence[Node], reporter: Reporter, zone: dt.tzinfo, *, is_value: bool = False
) -> list[Node]:
    """Bring operands to one type, as far as literals can be converted and numbers promoted.

    The literal of `color eq 'Red'` becomes a member of the property's enumeration, that of
    `hassubset(ratios,[1])` a Double. Comparisons, `in`, lists, `case` and collection functions share this
    rule; `check_comparable` says if the operands fit then. A `case` of literals is one itself.

    is_value  True if the operands become one value, as those of `case` do

    Reports a text that cannot be read as the type it meets.
    """
    if len(nodes) == 2 and type(nodes[0]) is TypedPath and type(nodes[1]) is Literal:
        left, right = nodes
        kind = left.type
        if kind not in EXACT and type(kind) is not edm.CollectionType:  # most comparisons, without the rest
            return [left, convert(right, kind, reporter, zone)]
    leaves, types, own = _leaves_of(nodes)
    if len(types) < 2:
        return [*nodes]
    # Literals become of the type of what is not a literal.
    if edm.DOUBLE in types or edm.SINGLE in types:
        target: edm.Type = edm.SINGLE if edm.SINGLE in own and len(own) == 1 else edm.DOUBLE
    elif is_value and edm.DECIMAL in types:
        target = edm.DECIMAL  # in integers, what is done with the value could overflow
    else:
        targets = [each for each in own or types if type(each) is edm.EnumType or each in _TEXTS_IN_JSON]
        if not targets:
            return [*nodes]
        target = next((each for each in targets if each is not edm.DATE), edm.DATE)
    is_exact = target is not edm.DOUBLE or (
        # An integer beside Doubles stays as it is where that is exact, so that the index of a column serves.
        all(kind in _INTEGERS for kind in own)
        and all(abs(float(leaf.value)) < _INEXACT for leaf in leaves if _is_number(leaf))
    )

    def change(node: Node, in_json: bool = False) -> Node:
        if type(node) is Literal:
            return convert(node, target, reporter, zone, in_json=in_json)
        if type(node) is TypedList:
            items = []
            for item in node.items:
                items.append(change(item, node.is_json))
            return list_of(items, node)
        if _is_literal_case(node):
            arguments = [*node.arguments]
            arguments[1::2] = values = [change(value) for value in arguments[1::2]]
            kinds = [value.type for value in values]
            kind = UNKNOWN if UNKNOWN in kinds else common_type(kinds) or node.type
            return TypedCall("case", tuple(arguments), node.span, "case", kind, node.nullable)
        if target is edm.DECIMAL and innermost(node.type) in _INTEGERS:
            return _as_number(node, target)
        return _widened(node, is_exact, is_value) if target is edm.DOUBLE else node

    return [change(node) for node in nodes]


def _leaves_of(nodes: Sequence[Node]) -> tuple[list[Node], dict[edm.Type, None], dict[edm.Type, None]]:
    """Return operands with the items of lists, their types in order, and those of what is not a literal."""
    types: dict[edm.Type, None] = {}
    own: dict[edm.Type, None] = {}
    leaves = [*nodes]
    for node in leaves:  # which grows
        if type(node) is TypedList:
            leaves += node.items
            continue
        if _is_literal_case(node):
            leaves += node.arguments[1::2]
            continue
        kind = node.type
        if type(kind) is edm.CollectionType:
            kind = innermost(kind)
        if kind is not edm.NULL and kind is not UNKNOWN:
            types[kind] = None
            if type(node) is not Literal:
                own[kind] = None
    return leaves, types, own


def _is_literal_case(node: Node) -> TypeGuard[TypedCall]:
    """True for `case(active:'Red',true:'Blue')`, which is as much a literal as its values are."""
    if type(node) is not TypedCall or node.function != "case":
        return False
    return all(type(value) is Literal for value in node.arguments[1::2])


def _is_number(node: Node) -> TypeGuard[Literal]:
    return type(node) is Literal and node.type in _NUMBERS


def list_of(items: Sequence[Node], given: ListExpr) -> TypedList:
    """Make the typed form of a list; its type is UNKNOWN if an item was reported, or if none is common."""
    types = [item.type for item in items]
    element = None if UNKNOWN in types else common_type(types)
    type = UNKNOWN if element is None else edm.collection(element)
    return TypedList(tuple(items), given.span, given.is_json, type)


def check_comparable(
    left: Node, right: Node, operator: str, places: Sequence[Node], reporter: Reporter
) -> bool:
    """Return True if two operands that were brought together can be compared; report it otherwise.

    places  the parsed nodes of the whole comparison, of its left and of its right operand, for problems
    """
    one, other = left.type, right.type
    if one is other and (one in PLAIN or type(one) is edm.EnumType):
        return True
    is_relation = operator in _RELATIONS
    if one is UNKNOWN or other is UNKNOWN:
        return False
    if one is edm.NULL or other is edm.NULL:
        known = other if one is edm.NULL else one
        if is_relation and known is not edm.NULL and not is_ordered(known):
            reporter.report("wrong-type.unordered-null", places[0], type=known.name)
            return False
        return True
    are_collections = isinstance(one, edm.CollectionType) and isinstance(other, edm.CollectionType)
    if isinstance(one, StructuredType) and isinstance(other, StructuredType):
        reporter.report("unsupported-expression", places[0], what=Phrase("comparing-entities"))
    elif (are_collections and is_relation) or not are_alike(one, other):
        from .advice import report_mismatch  # most queries never need it

        report_mismatch(left, right, operator, places, reporter)
    elif have_equality(one, other):
        return True
    else:
        reporter.report("wrong-type.unordered", places[0], type=one.name)
    return False


def are_alike(one: edm.Type, other: edm.Type) -> bool:
    """True for two types that have a common one, neither of them structured, nor their items."""
    is_structured = any(isinstance(innermost(type), StructuredType) for type in (one, other))
    return not is_structured and common_type((one, other)) is not None


def have_equality(one: edm.Type, other: edm.Type) -> bool:
    """True for values, or those in collections, that have an order, or are compared with nulls alone."""
    inner = (innermost(one), innermost(other))
    return edm.NULL in inner or not isinstance(inner[0], edm.PrimitiveType) or is_ordered(inner[0])
