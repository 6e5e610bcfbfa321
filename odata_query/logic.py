"""Null logic, once for all backends: three-valued logic becomes two-valued logic.

OData's `and`, `or` and `not` know true, false and null (URL Conventions 5.1.1.1). No backend computes such
a value of a condition. It is asked for a condition that *holds* or does not: the expression is `wanted`
(true or false), and `on_null` is the answer where it is null. `not` flips `wanted`, De Morgan's laws do the
rest, and a backend composes `every`, `some` and tests of values. A null test is requested only where a
value can be null: `not (size gt 3)` becomes `size <= 3 OR size IS NULL`, without the second part if `size`
is not nullable.

A backend is a class with the methods of `Emitter`. `condition` and `value` call them, children first.
They recurse: the parser bounds the height of a tree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from . import edm, fences
from .check.typed import TypedCall, TypedList, TypedPath, has_values_only
from .errors import ODataError
from .language.ast import Lambda, Literal, Node, TypeName, walk
from .rewrites import bound_of_page, isof_as_null_test, or_as_in

COMPARISONS = frozenset(("gt", "ge", "lt", "le"))
_COMPARED = COMPARISONS | {"eq", "ne"}
_ATOMS = _COMPARED | {"in"}
_LOGIC = _ATOMS | {"and", "or", "not", "any", "all", "isof"}
C = TypeVar("C")
"""A backend's own type for a compiled condition, which holds or not."""
V = TypeVar("V")
"""Its type for a compiled value or collection, which can be null."""


class Emitter(Protocol[C, V]):
    """The interface of a backend, with examples in SQL.

    A backend chooses what it returns for a condition (`C`) and for a value (`V`): texts of SQL, functions,
    dictionaries of JSON. It raises an ODataError for an operation that it does not support; a problem
    without an option gets `option` and the place of the innermost expression that is being compiled.

    Nothing of a client's filter may be evaluated on a row that the service's condition drops (see
    `Query.with_filter`). A backend that does not evaluate the parts of `every` in their order is a
    `fences.Fencing`. One that runs patterns itself has `bound_pattern(pattern, most)`, for those that are not
    literals.
    """

    option: str
    """The query option that is compiled: `$filter` or `$orderby`."""
    uses_indexes: bool
    """True if a redundant bound helps the backend to find rows (see `rewrites.bound_of_page`)."""

    # ---- conditions ------------------------------------------------------------------------------

    def constant(self, holds: bool) -> C:
        """Compile a condition that always holds, or never: `1 = 1`, `1 = 0`."""

    def every(self, parts: Sequence[C]) -> C:
        """Join conditions that all must hold: `a = 1 AND b = 2`."""

    def some(self, parts: Sequence[C]) -> C:
        """Join conditions of which one must hold: `a = 1 OR b = 2`."""

    def test(
        self, node: Node, parts: Sequence[V], nullable: Sequence[bool], wanted: bool, on_null: bool
    ) -> C:
        """Test that an operation returns `wanted`; `on_null` is the answer where an argument is null.

        `not contains(name,'x')` -> `NOT name LIKE '%x%'`, and `... OR name IS NULL` if `on_null`.
        node      a TypedCall; for a Boolean value itself, as `active`, its TypedPath or TypedCall
        parts     the arguments; for a Boolean value, the value alone
        nullable  for each part, True if it can be null
        """

    def equals(
        self, left: V, right: V, types: tuple[edm.Type, edm.Type], nullable: Sequence[bool], wanted: bool
    ) -> C:
        """Test that two values are equal, or differ if not `wanted`; null equals null alone.

        `name ne other` -> `name IS DISTINCT FROM other`, or `name <> other` if neither is nullable.
        """

    def compare_fast(self, node: TypedCall, path: TypedPath, value: Literal, wanted: bool) -> C | None:
        """Compile `size gt 3` at once, a path and a value other than null; None to take the usual way."""

    def is_null(self, part: V, wanted: bool) -> C:
        """Test that a value is null, or is not: `name IS NULL`, `name IS NOT NULL`."""

    def in_values(self, part: V, nullable: bool, items: Sequence[Any], type: edm.Type, wanted: bool) -> C:
        """Test that a value is one of some Python values, with None for null: `size IN (1, 2)`."""

    def in_collection(self, part: V, collection: V, wanted: bool) -> C:
        """Test that a value is a member of a collection: `'red' in tags` -> `'red' = ANY(tags)`."""

    def enter(self, level: int, type: edm.Type, collection: V) -> None:
        """Begin the body of a lambda; paths of this level read its variable.

        `exists` or `filter_members` with the same level ends it. The row has level 0.
        """

    def exists(self, collection: V, level: int, type: edm.Type, body: C | None, wanted: bool) -> C:
        """Test that the body holds for a member, or that there is one if it is None.

        `tags/any(t: t eq 'red')` -> `EXISTS (SELECT 1 FROM tags AS t WHERE ... AND t.name = 'red')`;
        `all` arrives as `any` of the opposite, not `wanted`.
        """

    # ---- values ----------------------------------------------------------------------------------

    def literal(self, node: Literal) -> V:
        """Compile a value of the query, or null: a bound parameter."""

    def path(self, node: TypedPath) -> V:
        """Compile a property: `supplier/name` -> `s.name`, null where the path leads through null."""

    def call(self, node: TypedCall, parts: Sequence[V], nullable: Sequence[bool]) -> V:
        """Compile the value of an operation, null if an argument is: `length(name)` -> `LENGTH(name)`."""

    def truth_value(self, holds: C) -> V:
        """Make a value of a condition: `CASE WHEN size > 3 THEN TRUE ELSE FALSE END`."""

    def kleene(self, name: str, parts: Sequence[V]) -> V:
        """Compile `and`, `or` or `not` of Boolean values as a value that can be null: `(a AND b)`."""

    def choose(self, pairs: Sequence[tuple[C, V]]) -> V:
        """Compile the value of the first pair whose condition holds, or null: a CASE."""

    def cast(self, part: V, source: edm.Type, target: edm.Type) -> V:
        """Convert a value to another type, null if it has no such value: `CAST(size AS VARCHAR)`.

        A collection of numbers is converted member by member: `x in longs` for a Double.
        """

    def count_members(self, collection: V) -> V:
        """Compile the number of members: `tags/$count` -> `(SELECT COUNT(*) FROM tags ...)`."""

    def filter_members(self, collection: V, level: int, type: edm.Type, body: C) -> V:
        """Compile the members for which the body holds: `tags/$filter(rank gt 1)`."""

    def list_of(self, parts: Sequence[V]) -> V:
        """Compile a list of values: `(size, 2)` in `3 in (size,2)`."""


def condition(emitter: Emitter[C, V], node: Node, wanted: bool = True, on_null: bool = False) -> C:
    """Compile the condition that a Boolean expression is `wanted`; where it is null, `on_null` holds."""
    while type(node) is TypedCall and node.function == "not":
        node, wanted = node.arguments[0], not wanted
    try:
        if type(node) is TypedCall:
            if node.function == "or":
                node = or_as_in(bound_of_page(node) if wanted and emitter.uses_indexes else node)
            elif node.function == "isof":
                return condition(emitter, isof_as_null_test(node), wanted)
            name = node.function
            if name == "and" or name == "or":
                if node.key == "fence" and wanted and not on_null:
                    fenced: C = fences.join(emitter, node, condition)
                    return fenced
                conditions = []
                for argument in node.arguments:
                    conditions.append(condition(emitter, argument, wanted, on_null))
                return emitter.every(conditions) if (name == "and") is wanted else emitter.some(conditions)
            if name == "any" or name == "all":
                return _quantifier(emitter, node, wanted)
            if name in _COMPARED:
                left, right = node.arguments
                if type(left) is TypedPath and type(right) is Literal and right.value is not None:
                    found = emitter.compare_fast(node, left, right, wanted)
                    if found is not None:
                        return found
            if name in _ATOMS or "(" in node.key:
                operands = node.arguments
                if name == "in" and has_values_only(operands[1]):
                    operands = operands[:1]  # the items are compared as Python values
                parts = []
                for operand in operands:
                    parts.append(value(emitter, operand))
                if name == "matchespattern":
                    _bound_pattern(emitter, node, parts)
                return _atom(emitter, node, parts, wanted, on_null)
        if type(node) is Literal:
            return emitter.constant(on_null if node.value is None else node.value is wanted)
        return emitter.test(node, (value(emitter, node),), (node.nullable,), wanted, on_null)
    except ODataError as error:
        raise _placed(error, emitter.option, node) from None


def value(emitter: Emitter[C, V], node: Node) -> V:
    """Compile the value of an expression."""
    try:
        if type(node) is TypedPath:
            return emitter.path(node)
        if type(node) is Literal:
            return emitter.literal(node)
        parts = []
        if type(node) is TypedList:
            for item in node.items:
                parts.append(value(emitter, item))
            return emitter.list_of(parts)
        assert isinstance(node, TypedCall)
        name = node.function
        if name in _LOGIC and not (node.nullable and name in ("and", "or", "not")):
            return emitter.truth_value(condition(emitter, node))
        if node.key == "fence" and name != "and":
            shown: V = fences.show(emitter, node, condition, value)
            return shown
        if name == "$filter":
            collection, type_of_members = _enter(emitter, node)
            body = condition(emitter, node.arguments[1])
            return emitter.filter_members(collection, node.level, type_of_members, body)
        if name == "case":
            pairs = []
            for when, then in zip(node.arguments[::2], node.arguments[1::2], strict=True):
                holds = condition(emitter, when)
                pairs.append((holds, value(emitter, then)))
            return emitter.choose(pairs)
        for argument in node.arguments:
            if not isinstance(argument, TypeName):
                parts.append(value(emitter, argument))
        if name in _LOGIC:
            # As conditions, the true and the false form of each operand would double at each level.
            return emitter.kleene(name, parts)
        if name == "cast":
            return emitter.cast(parts[0], node.arguments[0].type, node.type)
        if name == "$count":
            return emitter.count_members(parts[0])
        if name == "matchespattern":
            _bound_pattern(emitter, node, parts)
        return emitter.call(node, parts, [argument.nullable for argument in node.arguments])
    except ODataError as error:
        raise _placed(error, emitter.option, node) from None


def _bound_pattern(emitter: Emitter[C, V], node: TypedCall, parts: list[V]) -> None:
    """Make a pattern null that is not a literal and needs more states than the query may use."""
    bound: Callable[[V, int], V] | None = getattr(emitter, "bound_pattern", None)
    if bound is not None and node.level:
        parts[1] = bound(parts[1], node.level)


def _atom(emitter: Emitter[C, V], node: TypedCall, parts: list[V], wanted: bool, on_null: bool) -> C:
    """Compile the condition of an operation whose operands are compiled."""
    name = node.function
    if name == "eq" or name == "ne":
        return _equality(emitter, node, parts, wanted is (name == "eq"))
    if name == "in":
        if len(parts) == 2:
            return emitter.in_collection(parts[0], parts[1], wanted)
        left, right = node.arguments
        assert isinstance(right, TypedList)
        items = [item.value for item in right.items if isinstance(item, Literal)]
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


def _equality(emitter: Emitter[C, V], node: TypedCall, parts: list[V], wanted: bool) -> C:
    left, right = node.arguments
    first, second = parts
    if type(left) is Literal and type(right) is not Literal:
        left, right, first, second = right, left, second, first
    if type(right) is Literal and right.value is None:
        return emitter.is_null(first, wanted) if left.nullable else emitter.constant(not wanted)
    return emitter.equals(first, second, (left.type, right.type), (left.nullable, right.nullable), wanted)


def _quantifier(emitter: Emitter[C, V], node: TypedCall, wanted: bool) -> C:
    """Compile `any`, which a member makes true, or `all`, which a false or null member makes false."""
    is_any = node.function == "any"
    collection, type = _enter(emitter, node)
    body = None
    if len(node.arguments) > 1:
        predicate = node.arguments[1]
        assert isinstance(predicate, Lambda)
        body = condition(emitter, predicate.predicate, is_any, not is_any)
    return emitter.exists(collection, node.level, type, body, wanted is is_any)


def _enter(emitter: Emitter[C, V], node: TypedCall) -> tuple[V, edm.Type]:
    """Compile the collection of a lambda, and begin its body; return also the type of the members."""
    collection, type = value(emitter, node.arguments[0]), edm.element_of(node.arguments[0].type)
    emitter.enter(node.level, type, collection)
    return collection, type


def _placed(error: ODataError, option: str, node: Node) -> ODataError:
    if all(problem.option for problem in error.problems):
        return error
    placed = []
    for p in error.problems:
        value = p.message_args.get("value")  # of the literal that the engine cannot be given
        at = next((n for n in walk(node) if type(n) is Literal and n.value is value), node)
        placed.append(p if p.option else replace(p, option=option, span=at.span))
    return type(error)(placed)
