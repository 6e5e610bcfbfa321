"""Literals and operands: what fits together, and in which type."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from . import edm, literals
from .ast import Call, ListExpr, Literal, Node, TypeName
from .errors import Problem, nearest, shorten
from .limits import Limits
from .model import StructuredType
from .overloads import UNKNOWN, number_kind, promoted
from .typed import TypedCall, TypedList, is_nullable, type_of

WRONG = Literal(None, UNKNOWN)
"""Stands for a part that is wrong."""
_UNORDERED = (edm.BINARY.name, edm.STREAM.name)


def is_nothing(type: edm.Type) -> bool:
    """Whether a type goes with every other: null's, and that of what is wrong already."""
    return type is edm.NULL or type is UNKNOWN


def is_unordered(name: str) -> bool:
    """Whether values of a type can be compared with null only."""
    return name in _UNORDERED or name.startswith("Edm.Geo")


class Operands:
    """What the check of one option's expressions knows, and its rules for operands."""

    def __init__(
        self,
        entity_type: StructuredType,
        limits: Limits,
        zone: dt.tzinfo,
        option: str,
        text: str,
        origins: Mapping[int, tuple[str, str]],
    ) -> None:
        self.entity_type = entity_type
        self.limits = limits
        self.zone = zone
        self.option = option
        self.text = text
        self.origins = origins
        self.sorting = option == "$orderby"
        self.all_allowed = limits.functions is None and limits.operators is None
        self.negated: dict[int, str] = {}
        """The comparisons whose left operand is `not x`, by that x: what was probably to be negated."""
        self.problems: dict[Problem, None] = {}

    def refuse(
        self,
        code: str,
        message: str,
        node: Node,
        *,
        span: tuple[int, int] | None = None,
        suggestion: str | None = None,
    ) -> Literal:
        """Note a problem at a node; the result stands for the part that is wrong."""
        if self.is_full:
            return WRONG
        option, text = self.origins.get(id(node), (self.option, self.text))
        found = Problem(code, message, option, span or node.span, suggestion, text)
        self.problems[found] = None
        return WRONG

    @property
    def is_full(self) -> bool:
        """Whether as many problems have been found as are reported."""
        bound = self.limits.max_problems
        return bound is not None and len(self.problems) >= max(1, bound)

    def literal(self, node: Literal) -> Node:
        value = node.value
        if type(value) is not str or node.type is edm.STRING or not isinstance(node.type, edm.PrimitiveType):
            return node
        return self.read(node, node.type)

    def read(self, node: Literal, type: edm.Type) -> Node:
        """The literal with the value that its text has in a type."""
        try:
            return Literal(literals.read(node.value, type, self.zone), type, node.span)
        except literals.OutOfRange as wrong:
            return self.refuse("literal-out-of-range", str(wrong), node)

    def list(self, node: ListExpr, items: Sequence[Node]) -> Node:
        types = {type_of(item).name: type_of(item) for item in items if not is_nothing(type_of(item))}
        if any(type is UNKNOWN for type in map(type_of, items)):
            return WRONG
        element = next(iter(types.values()), edm.NULL)
        if len(types) > 1:
            top = promoted(tuple(types))
            if top is None or not all(name in edm.NUMBERS for name in types):
                message = f"The members of a list have one type, got ({', '.join(types)})."
                return self.refuse("wrong-type", message, node)
            element = types[top]
        return TypedList(tuple(items), node.span, edm.collection(element), False)

    def as_duration(self, node: Node) -> Node:
        """A string that is a duration without its prefix: `'P1D'`."""
        if isinstance(node, Literal) and node.type is edm.STRING:
            try:
                return Literal(literals.read(node.value, edm.DURATION), edm.DURATION, node.span)
            except literals.OutOfRange:
                return node
        return node

    def promote(self, node: Node, kind: str) -> Node:
        """A number as the kind of number that the overload takes."""
        name = type_of(node).name
        if kind == "Double" and name == edm.DECIMAL.name:
            if isinstance(node, Literal):
                return Literal(float(node.value), edm.DOUBLE, node.span)
            return TypedCall(
                "cast", (node, TypeName(edm.DOUBLE.name)), node.span, "cast", edm.DOUBLE, is_nullable(node)
            )
        return node

    def check_values(self, node: Call, arguments: Sequence[Node], parameters: Sequence[str]) -> bool:
        """Whether the literals among the arguments are values that the operation takes."""
        last = arguments[-1] if arguments else node
        if not isinstance(last, Literal) or last.value is None:
            return True
        if node.function in ("div", "divby", "mod") and last.value == 0 and parameters[-1] != "Double":
            self.refuse("division-by-zero", "The divisor is zero.", node.arguments[-1])
            return False
        if node.function == "substring" and len(arguments) == 3 and last.value < 0:
            message = "The length of a substring is 0 or more."
            self.refuse("invalid-argument", message, node.arguments[-1])
            return False
        if node.function == "matchespattern":
            return self.check_pattern(last, node.arguments[-1])
        return True

    def check_pattern(self, pattern: Literal, node: Node) -> bool:
        from . import regex

        bound = self.limits.max_pattern
        try:
            regex.compile(pattern.value, max_states=10**9 if bound is None else bound)
        except regex.PatternError as wrong:
            code = "unsupported-expression" if wrong.unsupported else "invalid-pattern"
            start = min(node.span[0] + 1 + wrong.position, node.span[1] - 1)
            self.refuse(code, f"The pattern cannot be used: {wrong}.", node, span=(start, start + 1))
            return False
        return True

    def boolean(self, typed: Node, node: Node, where: str) -> bool:
        """Whether a typed node is Boolean; a problem if it is not."""
        type = type_of(typed)
        if type is edm.BOOLEAN or is_nothing(type):
            return True
        message = f"{where} takes Edm.Boolean, got {type.name}."
        if where == "not":
            message += f" To negate a comparison, write not ({self.negated.get(id(node), 'a eq b')})."
        self.refuse("not-boolean", message, node)
        return False

    def alike(
        self, node: Call, left: Node, right: Node, given: Sequence[Node], where: Node | None = None
    ) -> tuple[Node, Node]:
        """Two operands brought to one type; a problem if they cannot be compared."""
        a, b = type_of(left), type_of(right)
        if UNKNOWN in (a, b):
            return WRONG, WRONG
        ordering = node.function in ("gt", "ge", "lt", "le")
        if a.name == b.name and isinstance(a, edm.PrimitiveType):
            if is_unordered(a.name):
                message = f"Values of {a.name} can be compared with null only."
                return self.refuse("wrong-type", message, where or node), WRONG
            return left, right
        if edm.NULL in (a, b):
            return left, right
        if a.name in edm.NUMBERS and b.name in edm.NUMBERS:
            kind = number_kind(promoted((a.name, b.name)) or a.name)
            return self.promote(left, kind), self.promote(right, kind)
        left, right = self.converted(left, b, given[0]), self.converted(right, a, given[-1])
        a, b = type_of(left), type_of(right)
        if UNKNOWN in (a, b):
            return WRONG, WRONG
        if isinstance(a, edm.CollectionType) and isinstance(b, edm.CollectionType):
            if not ordering and self.have_like_members(a.element, b.element):
                return left, right
        elif a.name == b.name and not isinstance(a, StructuredType):
            return left, right
        if isinstance(a, StructuredType) and isinstance(b, StructuredType):
            message = "Comparing entities is not supported."
            return self.refuse("unsupported-expression", message, where or node), WRONG
        message = f"'{node.function}' cannot compare {a.name} with {b.name}."
        if edm.STRING.name in (a.name, b.name) and (a.name in edm.NUMBERS or b.name in edm.NUMBERS):
            message += " A number is written without quotes."
        elif isinstance(a, edm.CollectionType) is not isinstance(b, edm.CollectionType):
            message += " Members of a collection are asked about with any or all."
        return self.refuse("wrong-type", message, where or given[-1]), WRONG

    def have_like_members(self, one: edm.Type, other: edm.Type) -> bool:
        """Whether the members of two collections can be compared."""
        if isinstance(one, StructuredType) or isinstance(other, StructuredType):
            return False
        both_numbers = one.name in edm.NUMBERS and other.name in edm.NUMBERS
        return one.name == other.name or both_numbers or is_nothing(one) or is_nothing(other)

    def converted(self, node: Node, wanted: edm.Type, given: Node) -> Node:
        """A literal as the type of what it is compared with: `'Red'` as a member, a date as midnight."""
        if not isinstance(node, Literal) or node.value is None:
            return node
        if isinstance(wanted, edm.EnumType):
            prefix = node.type.name
            if node.type is edm.STRING or prefix == wanted.name or prefix.rpartition(".")[2] == wanted.name:
                value = wanted.value(node.value)
                if value is None:
                    near = None if self.is_full else nearest(node.value, wanted.members)
                    message = f"{wanted.name} has no member '{shorten(node.value)}'."
                    return self.refuse("unknown-member", message, given, suggestion=near)
                return Literal(value, wanted, node.span)
        elif wanted is edm.DURATION and node.type is edm.STRING:
            return self.as_duration(node)
        elif wanted is edm.DATE_TIME_OFFSET and node.type is edm.DATE:
            return Literal(literals.midnight(node.value, self.zone), wanted, node.span)
        return node
