"""Null and truth, once for all backends: three-valued logic becomes two-valued logic.

OData's `and`, `or` and `not` know true, false and null (URL Conventions 5.1.1.1). A backend is never
asked for such a value of a condition. It is asked whether the condition *holds*: whether it is `wanted`
(true or false), with `on_null` as the answer where it is null. `not` turns `wanted` round, De Morgan does
the rest, and what arrives at a backend is made of `every`, `some` and tests of values, each of which
holds or not. A null test is asked for only where a value can be null.

A backend is a class with the methods of `Emitter`; `condition` and `value` call them, children first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from . import edm
from .check.typed import TypedCall, TypedList, TypedPath, has_values_only
from .language.ast import Lambda, Literal, Node, TypeName

COMPARISONS = frozenset(("gt", "ge", "lt", "le"))
_COMPARED = COMPARISONS | {"eq", "ne"}
_ATOMS = _COMPARED | {"in"}
_LOGIC = frozenset(("and", "or", "not", "eq", "ne", "in", "any", "all", "isof")) | COMPARISONS


class Emitter(Protocol):
    """What a backend says in its own language. A part is whatever the backend makes of an expression."""

    node: Node | None
    """The operation that is being said, for the place of what is wrong with it."""
    uses_indexes: bool
    """Whether a bound that follows from a condition, said beside it, helps to find rows."""

    def constant(self, holds: bool) -> Any:
        """A condition that always holds, or never."""

    def every(self, parts: Sequence[Any]) -> Any:
        """The condition that all parts hold."""

    def some(self, parts: Sequence[Any]) -> Any:
        """The condition that a part holds."""

    def test(
        self,
        node: TypedCall | TypedPath,
        parts: Sequence[Any],
        nullable: Sequence[bool],
        wanted: bool,
        on_null: bool,
    ) -> Any:
        """That an operation gives `wanted` for its arguments; `on_null` where one of them is null.

        For a Boolean value itself, the node is any typed node and parts its value.
        """

    def equals(
        self, left: Any, right: Any, types: tuple[edm.Type, edm.Type], nullable: Sequence[bool], wanted: bool
    ) -> Any:
        """Whether two values are equal, where null equals null."""

    def compare_fast(self, node: TypedCall, path: TypedPath, value: Literal, wanted: bool) -> Any:
        """A comparison of a path with a value, which is not null, if there is a short way; None if not."""

    def is_null(self, part: Any, wanted: bool) -> Any:
        """Whether a value is null."""

    def in_values(self, part: Any, nullable: bool, items: Sequence[Any], type: edm.Type, wanted: bool) -> Any:
        """Whether a value equals one of the items: Python values, None among them."""

    def in_collection(self, part: Any, collection: Any, wanted: bool) -> Any:
        """Whether a value equals a member of a collection."""

    def exists(self, collection: Any, level: int, type: edm.Type, body: Any | None, wanted: bool) -> Any:
        """Whether the body holds for a member of a collection, or whether there is one."""

    def enter(self, level: int, type: edm.Type, collection: Any) -> None:
        """The body of a lambda over a collection begins; `exists` or `filtered` of that level ends it."""

    def literal(self, node: Literal) -> Any:
        """A value of the query, or null."""

    def path(self, node: TypedPath) -> Any:
        """A value of the row, null where the path leads through null."""

    def call(self, node: TypedCall, parts: Sequence[Any], nullable: Sequence[bool]) -> Any:
        """The value of an operation; null where an argument is."""

    def truth_value(self, holds: Any) -> Any:
        """A condition as a value, true or false."""

    def kleene(self, name: str, parts: Sequence[Any]) -> Any:
        """`and`, `or` or `not` of Boolean values, which can be null, as a value."""

    def choose(self, pairs: Sequence[tuple[Any, Any]]) -> Any:
        """The value of the first pair whose condition holds, else null."""

    def cast(self, part: Any, source: edm.Type, target: edm.Type) -> Any:
        """A value as another type, null where it cannot be."""

    def count_members(self, collection: Any) -> Any:
        """The number of members."""

    def filter_members(self, collection: Any, level: int, type: edm.Type, body: Any) -> Any:
        """The members for which the body holds."""

    def list_of(self, parts: Sequence[Any]) -> Any:
        """A list of values."""


def condition(emitter: Emitter, node: Node, wanted: bool = True, on_null: bool = False) -> Any:
    """That a Boolean expression is `wanted`; `on_null` where it is null."""
    while type(node) is TypedCall and node.function == "not":
        node, wanted = node.arguments[0], not wanted
    if type(node) is TypedCall:
        if node.function == "or" and wanted and emitter.uses_indexes:
            node = _paged(node)
        name, arguments = node.function, node.arguments
        if name in _COMPARED:
            left, right = arguments
            if type(left) is TypedPath and type(right) is Literal and right.value is not None:
                emitter.node = node
                part = emitter.compare_fast(node, left, right, wanted)
                if part is not None:
                    return part
        elif name == "and" or name == "or":
            choice = _choice(node) if name == "or" else None
            if choice is not None:
                path, items = choice
                emitter.node = node
                return emitter.in_values(emitter.path(path), path.nullable, items, path.type, wanted)
            parts = [condition(emitter, argument, wanted, on_null) for argument in arguments]
            return emitter.every(parts) if (name == "and") is wanted else emitter.some(parts)
        elif name == "any" or name == "all":
            return _quantifier(emitter, node, wanted)
        elif name == "isof":
            return _isof(emitter, node, wanted)
        if name in _ATOMS or "(" in node.key:
            parts = [value(emitter, argument) for argument in _operands(node)]
            return _atom(emitter, node, parts, wanted, on_null)
    if type(node) is Literal:
        return emitter.constant(on_null if node.value is None else node.value is wanted)
    part = value(emitter, node)
    emitter.node = node
    nullable = (node.nullable,)
    return emitter.test(node, (part,), nullable, wanted, on_null)  # type: ignore[arg-type]  # a call or a path


def _paged(node: TypedCall) -> TypedCall:
    """What asks for a page behind a row, with a bound for an index before it.

    `a lt 1 or a eq 1 and b lt 2` is `a le 1 and (a lt 1 or b lt 2)`; other trees stay as they are.
    """
    strict = next((part for part in node.arguments if _is_bound(part, ("lt", "gt"))), None)
    if strict is None:
        return node
    assert isinstance(strict, TypedCall)
    rest: list[Node] = [strict]
    for part in node.arguments:
        if part is strict:
            continue
        if not (type(part) is TypedCall and part.function == "and" and _is_bound(part.arguments[0], ("eq",))):
            return node
        equal, *others = part.arguments
        if equal.arguments != strict.arguments:  # type: ignore[attr-defined]  # it is a call
            return node
        rest.append(others[0] if len(others) == 1 else _with(part, "and", others))
    name = "le" if strict.function == "lt" else "ge"
    bound = TypedCall(name, strict.arguments, strict.span, name, edm.BOOLEAN, False)
    return _with(node, "and", [bound, _with(node, "or", rest)])


def _is_bound(node: Node, names: tuple[str, ...]) -> bool:
    """Whether a node compares a path with a value by one of some operators."""
    if not (type(node) is TypedCall and node.function in names):
        return False
    path, value = node.arguments
    if not (type(path) is TypedPath and path.members and type(value) is Literal):
        return False
    return value.value is not None


def _with(node: TypedCall, name: str, arguments: list[Node]) -> TypedCall:
    return TypedCall(name, tuple(arguments), node.span, name, edm.BOOLEAN, node.nullable)


def _operands(node: TypedCall) -> Sequence[Node]:
    """The arguments, without the list of literals behind `in`, whose values are taken as they are."""
    if node.function == "in" and has_values_only(node.arguments[1]):
        return node.arguments[:1]
    return node.arguments


def _atom(emitter: Emitter, node: TypedCall, parts: list[Any], wanted: bool, on_null: bool) -> Any:
    """The condition of an operation whose operands are known."""
    emitter.node = node
    name = node.function
    if name == "eq" or name == "ne":
        return _equality(emitter, node, parts, wanted is (name == "eq"))
    if name == "in":
        if len(parts) == 2:
            return emitter.in_collection(parts[0], parts[1], wanted)
        left, right = node.arguments
        items = [item.value for item in right.items]  # type: ignore[attr-defined]  # it is a list of literals
        if not items:
            return emitter.constant(not wanted)
        return emitter.in_values(parts[0], left.nullable, items, left.type, wanted)
    if name in COMPARISONS:
        # They are false, never null, where an operand is null.
        on_null = not wanted
    nullable = []
    for argument in node.arguments:
        if type(argument) is Literal and argument.value is None:
            return emitter.constant(on_null)
        nullable.append(argument.nullable)
    return emitter.test(node, parts, nullable, wanted, on_null)


def value(emitter: Emitter, node: Node) -> Any:
    """The value of an expression."""
    kind = type(node)
    if kind is TypedPath:
        return emitter.path(node)  # type: ignore[arg-type]  # kind says so
    if kind is Literal:
        return emitter.literal(node)  # type: ignore[arg-type]  # kind says so
    if isinstance(node, TypedList):
        parts = []
        for item in node.items:
            parts.append(value(emitter, item))
        emitter.node = node
        return emitter.list_of(parts)
    assert isinstance(node, TypedCall)
    name = node.function
    if name in ("and", "or", "not") and node.nullable:
        # Values, not conditions: what is true and what is false would double at each level.
        parts = []
        for argument in node.arguments:
            parts.append(value(emitter, argument))
        emitter.node = node
        return emitter.kleene(name, parts)
    if name in _LOGIC:
        holds = condition(emitter, node, True, False)
        emitter.node = node
        return emitter.truth_value(holds)
    if name == "case":
        pairs = []
        for given, result in zip(node.arguments[::2], node.arguments[1::2], strict=True):
            test = condition(emitter, given, True, False)
            pairs.append((test, value(emitter, result)))
        emitter.node = node
        return emitter.choose(pairs)
    if name == "$filter":
        return _filtered(emitter, node)
    parts = []
    for argument in node.arguments:
        if not isinstance(argument, TypeName):
            parts.append(value(emitter, argument))
    emitter.node = node
    if name == "cast":
        return emitter.cast(parts[0], node.arguments[0].type, node.type)
    if name == "$count":
        return emitter.count_members(parts[0])
    return emitter.call(node, parts, [argument.nullable for argument in node.arguments])


def _choice(node: TypedCall) -> tuple[TypedPath, list[Any]] | None:
    """The path and values of `a eq 1 or a eq 2 or ...`, which is `a in (1, 2, ...)`; None for other trees."""
    first: TypedPath | None = None
    items = []
    for part in node.arguments:
        if not (type(part) is TypedCall and part.function == "eq"):
            return None
        left, right = part.arguments
        if not (type(left) is TypedPath and left.members and type(right) is Literal):
            return None
        if first is None:
            first = left
        elif left.members != first.members or left.level != first.level:
            return None
        items.append(right.value)
    return None if first is None else (first, items)


def _equality(emitter: Emitter, node: TypedCall, parts: list[Any], wanted: bool) -> Any:
    left, right = node.arguments
    first, second = parts
    if type(left) is Literal and type(right) is not Literal:
        left, right, first, second = right, left, second, first
    if type(right) is Literal and right.value is None:
        return emitter.is_null(first, wanted) if left.nullable else emitter.constant(not wanted)
    return emitter.equals(first, second, (left.type, right.type), (left.nullable, right.nullable), wanted)


def _quantifier(emitter: Emitter, node: TypedCall, wanted: bool) -> Any:
    """`any`: a member makes it true. `all`: no member leaves it false or null."""
    is_any = node.function == "any"
    collection = value(emitter, node.arguments[0])
    element = node.arguments[0].type.element  # type: ignore[attr-defined]  # it is a collection
    emitter.node = node
    emitter.enter(node.level, element, collection)
    body = None
    if len(node.arguments) > 1:
        predicate = node.arguments[1]
        assert isinstance(predicate, Lambda)
        body = condition(emitter, predicate.predicate, is_any, not is_any)
    emitter.node = node
    return emitter.exists(collection, node.level, element, body, wanted is is_any)


def _filtered(emitter: Emitter, node: TypedCall) -> Any:
    source, predicate = node.arguments
    collection = value(emitter, source)
    element = source.type.element  # type: ignore[attr-defined]  # it is a collection
    emitter.node = node
    emitter.enter(node.level, element, collection)
    body = condition(emitter, predicate)
    emitter.node = node
    return emitter.filter_members(collection, node.level, element, body)


def _isof(emitter: Emitter, node: TypedCall, wanted: bool) -> Any:
    """The type is known without the row; null is of no type."""
    operand, target = node.arguments
    assert isinstance(target, TypeName)
    name = target.name
    own = operand.type.name
    if own not in (name, f"Edm.{name}") and own.rpartition(".")[2] != name.rpartition(".")[2]:
        return emitter.constant(not wanted)
    if not operand.nullable:
        return emitter.constant(wanted)
    part = value(emitter, operand)
    emitter.node = node
    return emitter.is_null(part, not wanted)
