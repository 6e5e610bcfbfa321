"""Literals and operands: what fits together, and in which type."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .. import edm
from ..language import literals
from ..language.ast import Call, ListExpr, Literal, Node, TypeName
from ..limits import Limits
from ..model.properties import StructuredType, types_named
from ..operations import UNKNOWN, listed, number_kind, promoted
from ..problems import Name, Phrase, Problem, nearest, problem
from .typed import TypedCall, TypedList

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
        self.roots: Sequence[Node] = ()
        """The whole expressions that are checked."""
        self.compared: dict[int, Node] | None = None
        """The left operands of their comparisons by those on the right; None until one is asked about."""
        self.negated: dict[int, str] = {}
        """The comparisons whose left operand is `not x`, by that x: what was probably to be negated."""
        self.problems: dict[Problem, None] = {}

    def refuse(
        self,
        message: str,
        node: Node,
        *,
        span: tuple[int, int] | None = None,
        suggestion: str | None = None,
        **values: Any,
    ) -> Literal:
        """Note a problem at a node, by its message in the catalogue; the result stands for what is wrong."""
        if self.is_full:
            return WRONG
        option, text = self.origins.get(id(node), (self.option, self.text))
        span = span or node.span
        found = problem(message, option, span, suggestion=suggestion, text=text, **values)
        self.problems[found] = None
        return WRONG

    def nearest(self, word: str, names: Iterable[str]) -> str | None:
        """The name that was probably meant, if the service wants to say it."""
        return nearest(word, names) if self.limits.suggestions and not self.is_full else None

    @property
    def is_full(self) -> bool:
        """Whether as many problems have been found as are reported."""
        bound = self.limits.max_problems
        return bound is not None and len(self.problems) >= max(1, bound)

    def literal(self, node: Literal) -> Node:
        value = node.value
        if type(value) is not str or node.type is edm.STRING:
            return node
        if isinstance(node.type, edm.PrimitiveType):
            return self.read(node, node.type)
        return self.enum_value(node)

    def enum_value(self, node: Literal) -> Node:
        """A literal with the name of its enumeration: `Sales.Color'Red'`."""
        name = node.type.name
        found = [type for type in types_named(self.entity_type, name) if isinstance(type, edm.EnumType)]
        if not found:
            return self.refuse("unknown-type", node, span=(node.span[0], node.span[0] + len(name)), name=name)
        # Which of several is meant is known by what the value is compared with.
        return self.converted(node, found[0], node) if len(found) == 1 else node

    def read(self, node: Literal, type: edm.Type) -> Node:
        """The literal with the value that its text has in a type."""
        try:
            return Literal(literals.read(node.value, type, self.zone), type, node.span)
        except literals.OutOfRange as wrong:
            return self.refuse(wrong.message, node, **wrong.values)

    def list(self, node: ListExpr, items: Sequence[Node]) -> Node:
        types = {item.type.name: item.type for item in items if not is_nothing(item.type)}
        if any(item.type is UNKNOWN for item in items):
            return WRONG
        element = next(iter(types.values()), edm.NULL)
        if len(types) > 1:
            top = promoted(tuple(types))
            if top is None or not all(name in edm.NUMBERS for name in types):
                return self.refuse("wrong-type.list", node, given=listed(types))
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
        name = node.type.name
        if kind == "Double" and name == edm.DECIMAL.name:
            if isinstance(node, Literal):
                return Literal(float(node.value), edm.DOUBLE, node.span)
            return TypedCall(
                "cast", (node, TypeName(edm.DOUBLE.name)), node.span, "cast", edm.DOUBLE, node.nullable
            )
        return node

    def check_values(self, node: Call, arguments: Sequence[Node], parameters: Sequence[str]) -> bool:
        """Whether the literals among the arguments are values that the operation takes."""
        last = arguments[-1] if arguments else node
        if not isinstance(last, Literal) or last.value is None:
            return True
        if node.function in ("div", "divby", "mod") and last.value == 0 and parameters[-1] != "Double":
            self.refuse("division-by-zero", node.arguments[-1])
            return False
        if node.function == "substring" and len(arguments) == 3 and last.value < 0:
            self.refuse("invalid-argument", node.arguments[-1])
            return False
        if node.function == "matchespattern":
            return self.check_pattern(last, node.arguments[-1])
        return True

    def check_pattern(self, pattern: Literal, node: Node) -> bool:
        from .. import regex

        bound = self.limits.max_pattern
        try:
            regex.compile(pattern.value, max_states=10**9 if bound is None else bound)
        except regex.PatternError as wrong:
            message = "unsupported-expression.pattern" if wrong.unsupported else "invalid-pattern"
            if isinstance(wrong, regex.PatternTooLarge):
                message = "pattern-too-large"
            start = min(node.span[0] + 1 + wrong.position, node.span[1] - 1)
            self.refuse(
                message, node, span=(start, start + 1), reason=wrong.reason, at=wrong.position, most=bound
            )
            return False
        return True

    def boolean(self, typed: Node, node: Node, where: str) -> bool:
        """Whether a typed node is Boolean; a problem if it is not."""
        type = typed.type
        if type is edm.BOOLEAN or is_nothing(type):
            return True
        message = "not-boolean"
        if where == "not":
            message = "not-boolean.not"
        elif isinstance(node, Literal) and where in ("and", "or"):
            message = "not-boolean.literal"
        meant = Name(self.negated.get(id(node), "a eq b"))
        self.refuse(message, node, where=where, type=type.name, meant=meant)
        return False

    def alike(
        self, node: Call, left: Node, right: Node, given: Sequence[Node], where: Node | None = None
    ) -> tuple[Node, Node]:
        """Two operands brought to one type; a problem if they cannot be compared."""
        a, b = left.type, right.type
        if UNKNOWN in (a, b):
            return WRONG, WRONG
        ordering = node.function in ("gt", "ge", "lt", "le")
        if a.name == b.name and isinstance(a, edm.PrimitiveType):
            if is_unordered(a.name):
                return self.refuse("wrong-type.unordered", where or node, type=a.name), WRONG
            return left, right
        if edm.NULL in (a, b):
            return left, right
        if a.name in edm.NUMBERS and b.name in edm.NUMBERS:
            kind = number_kind(promoted((a.name, b.name)) or a.name)
            return self.promote(left, kind), self.promote(right, kind)
        left, right = self.converted(left, b, given[0]), self.converted(right, a, given[-1])
        a, b = left.type, right.type
        if UNKNOWN in (a, b):
            return WRONG, WRONG
        if isinstance(a, edm.CollectionType) and isinstance(b, edm.CollectionType):
            if not ordering and self.have_like_members(a.element, b.element):
                return left, right
        elif a.name == b.name and not isinstance(a, StructuredType):
            return left, right
        if isinstance(a, StructuredType) and isinstance(b, StructuredType):
            what = Phrase("comparing-entities")
            return self.refuse("unsupported-expression", where or node, what=what), WRONG
        wrong = self.refuse(
            self.mistaken(left, right), where or given[-1], operator=node.function, left=a.name, right=b.name
        )
        return wrong, WRONG

    def mistaken(self, left: Node, right: Node) -> str:
        """The message about two values that cannot be compared."""
        a, b = left.type, right.type
        if isinstance(a, edm.CollectionType) is not isinstance(b, edm.CollectionType):
            offered = self.limits.functions
            asks_members = offered is None or {"any", "all"} <= offered
            return "wrong-type.compare-members" if asks_members else "wrong-type.compare"
        value, other = (right, a) if isinstance(right, Literal) else (left, b)
        if not isinstance(value, Literal):
            return "wrong-type.compare"
        if value.type is not edm.STRING:
            return "wrong-type.compare-text" if other is edm.STRING else "wrong-type.compare"
        if other.name in edm.NUMBERS:
            return "wrong-type.compare-number"
        if other in (edm.DATE, edm.DATE_TIME_OFFSET, edm.TIME_OF_DAY):
            return "wrong-type.compare-date"
        if other in (edm.BOOLEAN, edm.GUID):
            return "wrong-type.compare-plain"
        return "wrong-type.compare"

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
        if isinstance(wanted, edm.EnumType) and type(node.value) is str:
            prefix = node.type.name
            if node.type is edm.STRING or prefix == wanted.name or prefix.rpartition(".")[2] == wanted.name:
                value = wanted.value(node.value)
                if value is None:
                    near = self.nearest(node.value, wanted.members)
                    return self.refuse(
                        "unknown-member", given, suggestion=near, type=wanted.name, name=node.value
                    )
                return Literal(value, wanted, node.span)
        elif wanted is edm.DURATION and node.type is edm.STRING:
            return self.as_duration(node)
        elif wanted is edm.DATE_TIME_OFFSET and node.type is edm.DATE:
            return Literal(literals.midnight(node.value, self.zone), wanted, node.span)
        return node
