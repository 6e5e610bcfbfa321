"""Names, types and ranges: the parser's tree over a model becomes a typed tree, or problems.

All problems of an expression are found in one pass, so that a client can mend them at once. A part
that is wrong has the type UNKNOWN, which goes with everything.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence

from .. import edm
from ..errors import error
from ..language.ast import (
    Call,
    Lambda,
    ListExpr,
    Literal,
    NamedValue,
    Node,
    OrderByItem,
    Path,
    TypeName,
)
from ..language.printer import unparse
from ..limits import Limits, effective
from ..model.properties import StructuredType, types_named
from ..operations import OPERATIONS, SEGMENTS, UNKNOWN, described, listed, number_kind, overload, promoted
from ..problems import Phrase, Problem, shorten
from .conversion import WRONG, is_nothing, is_unordered
from .paths import COMPARISONS, OUTERMOST, Names, Scope
from .typed import TypedCall, TypedList, TypedPath


class Validator(Names):
    """The check of one option's expressions; `problems` is what it found."""

    # ---- expressions -----------------------------------------------------------------------------

    def filter(self, node: Node) -> Node:
        """The typed tree of a filter; it must be Boolean."""
        self.roots = (node,)
        typed: Node = self.visit(node, OUTERMOST)
        self.boolean(typed, node, "$filter")
        return typed

    def orderby(self, items: Sequence[OrderByItem]) -> tuple[OrderByItem, ...]:
        """The typed items of an `$orderby`."""
        found = []
        self.roots = [item.expression for item in items]
        for item in items:
            typed = self.visit(item.expression, OUTERMOST)
            type = typed.type
            if not isinstance(type, edm.PrimitiveType | edm.EnumType) or is_unordered(type.name):
                self.refuse("not-sortable.type", item.expression, type=type.name)
            found.append(OrderByItem(typed, item.descending, item.span))
        return tuple(found)

    def negates(self, node: Call) -> bool:
        """Whether the left operand is `not x`, where probably the whole was to be negated."""
        first = node.arguments[0]
        return type(first) is Call and first.function == "not" and len(node.arguments) == 2

    def visit(self, node: Node, scope: Scope) -> Node:
        """The typed node."""
        if type(node) is Path:
            return self.path(node, scope)
        if type(node) is Literal:
            return self.literal(node)
        if type(node) is Call:
            name = node.function
            if not self.all_allowed and name in OPERATIONS and not OPERATIONS[name].is_allowed(self.limits):
                return self.refuse("operation-not-allowed", node, name=_shown(node))
            if name in _OPERATIONS:
                if node.arguments and self.negates(node):
                    operand = node.arguments[0].children()[0]
                    meant = Call(name, (operand, node.arguments[1]))
                    self.negated[id(operand)] = shorten(unparse(meant), 80)
                arguments = [self.visit(argument, scope) for argument in node.arguments]
                return _OPERATIONS[name](self, node, arguments)
            handler = _HANDLERS.get(name)
            return self.unknown_function(node, scope) if handler is None else handler(self, node, scope)
        if isinstance(node, ListExpr):
            return self.list(node, [self.visit(item, scope) for item in node.items])
        return self.refuse("unsupported-expression.here", node, what=_kind(node))

    # ---- calls -----------------------------------------------------------------------------------

    def made(
        self, node: Call, arguments: Sequence[Node], key: str, type: edm.Type, nullable: bool, level: int = 0
    ) -> Node:
        return TypedCall(node.function, tuple(arguments), node.span, key, type, nullable, level)

    def call(self, node: Call, arguments: list[Node]) -> Node:
        """An operation with signatures."""
        operation = OPERATIONS[node.function]
        if len(arguments) not in _COUNTS[node.function]:
            counts = tuple(map(str, _COUNTS[node.function]))
            message = "wrong-argument-count.single" if counts == ("1",) else "wrong-argument-count"
            return self.refuse(message, node, function=node.function, counts=counts, given=len(arguments))
        types = [argument.type for argument in arguments]
        if UNKNOWN in types:
            return WRONG
        names = tuple("Enum" if isinstance(t, edm.EnumType) else t.name for t in types)
        found = overload(node.function, names)
        if found is None:
            arguments = [self.as_duration(argument) for argument in arguments]
            names = tuple(argument.type.name for argument in arguments)
            found = overload(node.function, names)
        if found is None:
            if self.sorting and node.function == "negate":
                return self.refuse("wrong-type.descending", node, name=unparse(node.arguments[0]))
            return self.refuse("wrong-type", self.culprit(node, names), **described(operation, names))
        signature, result = found
        if "Collection,Collection" in signature.key:
            elements = [t.element for t in types if isinstance(t, edm.CollectionType)]
            if len(elements) == 2 and not self.have_like_members(*elements):
                return self.refuse(
                    "wrong-type.collections",
                    node.arguments[1],
                    function=node.function,
                    given=listed(names),
                )
        if "Double" in signature.key:
            arguments = [self.promote(a, p) for a, p in zip(arguments, signature.parameters, strict=True)]
        if not self.check_values(node, arguments, signature.parameters):
            return WRONG
        nullable = signature.may_be_null and _can_fail(signature.key, node.function, arguments)
        if operation.nulls == "propagate":
            nullable = nullable or any(argument.nullable for argument in arguments)
        type = types[0] if result == "First" else edm.primitive(result) or types[0]
        return self.made(node, arguments, signature.key, type, nullable)

    def culprit(self, node: Call, names: tuple[str, ...]) -> Node:
        """The argument that no overload takes at its place, or the whole call."""
        for position, argument in enumerate(node.arguments):
            tried = tuple(edm.NULL.name if n != position else name for n, name in enumerate(names))
            if overload(node.function, tried) is None:
                return argument
        for position, argument in enumerate(node.arguments):
            tried = tuple(edm.NULL.name if n == position else name for n, name in enumerate(names))
            if position and overload(node.function, tried) is not None:
                return argument
        return node

    def logic(self, node: Call, arguments: list[Node]) -> Node:
        """`and`, `or`, `not`."""
        good, nullable = True, False
        for argument, given in zip(arguments, node.arguments, strict=True):
            if argument.type is not edm.BOOLEAN:
                good = self.boolean(argument, given, node.function) and good
            nullable = nullable or argument.nullable
        if not good:
            return WRONG
        return self.made(node, arguments, node.function, edm.BOOLEAN, nullable)

    def compare(self, node: Call, arguments: list[Node]) -> Node:
        """`eq`, `ne`, `gt`, `ge`, `lt`, `le`."""
        left, right = arguments
        a, b = left.type, right.type
        if a is b and a in _ORDINARY:
            return self.made(node, arguments, node.function, edm.BOOLEAN, False)
        left, right = self.alike(node, left, right, node.arguments)
        if UNKNOWN in (left.type, right.type):
            return WRONG
        return self.made(node, (left, right), node.function, edm.BOOLEAN, False)

    def has(self, node: Call, arguments: list[Node]) -> Node:
        left, right = arguments
        type = left.type
        if UNKNOWN in (type, right.type):
            return WRONG
        if not isinstance(type, edm.EnumType) and type is not edm.NULL:
            return self.refuse("wrong-type.has", node.arguments[0], given=type.name)
        right = self.converted(right, type, node.arguments[1])
        if right.type is UNKNOWN:
            return WRONG
        if right.type.name != type.name and edm.NULL not in (type, right.type):
            given = right.type.name
            return self.refuse("wrong-type.has-value", node.arguments[1], type=type.name, given=given)
        nullable = left.nullable or right.nullable
        return self.made(node, (left, right), "has(Enum,Enum)", edm.BOOLEAN, nullable)

    def member(self, node: Call, scope: Scope) -> Node:
        """`in`."""
        given_left, given_right = node.arguments
        left = self.visit(given_left, scope)
        if not isinstance(given_right, ListExpr):
            right = self.visit(given_right, scope)
            type = right.type
            if UNKNOWN in (left.type, type):
                return WRONG
            if not isinstance(type, edm.CollectionType):
                return self.refuse("wrong-type.in", given_right, given=type.name)
            item = TypedPath((), given_right.span, 0, (), type.element, True)
            if any(side.type is UNKNOWN for side in self.alike(node, left, item, node.arguments)):
                return WRONG
            return self.made(node, (left, right), "in", edm.BOOLEAN, False)
        items = []
        for given in given_right.items:
            typed = self.visit(given, scope)
            _, typed = self.alike(node, left, typed, (given_left, given), given)
            items.append(typed)
        if any(each.type is UNKNOWN for each in (left, *items)):
            return WRONG
        names = tuple(item.type.name for item in (left, *items))
        if promoted(names) in (edm.DOUBLE.name, edm.SINGLE.name):
            left, *items = [self.promote(item, "Double") for item in (left, *items)]
        if not all(isinstance(item, Literal | TypedList) for item in items):
            what = Phrase("a-list-of-expressions")
            return self.refuse("unsupported-expression", given_right, what=what)
        found = TypedList(tuple(items), given_right.span, edm.collection(left.type), False)
        return self.made(node, (left, found), "in", edm.BOOLEAN, False)

    def case(self, node: Call, arguments: list[Node]) -> Node:
        for condition, given in zip(arguments[::2], node.arguments[::2], strict=True):
            self.boolean(condition, given, "case")
        values = arguments[1::2]
        types = {v.type.name: v.type for v in values if not is_nothing(v.type)}
        if any(argument.type is UNKNOWN for argument in arguments):
            return WRONG
        result = next(iter(types.values()), edm.NULL)
        if len(types) > 1:
            top = promoted(tuple(types))
            if top is None or any(name not in edm.NUMBERS for name in types):
                return self.refuse("wrong-type.case", node, given=listed(types))
            result = types[top]
            values = [self.promote(value, number_kind(top)) for value in values]
        arguments[1::2] = values
        last = arguments[-2]
        total = isinstance(last, Literal) and last.value is True
        return self.made(
            node, arguments, "case", result, not total or any(value.nullable for value in values)
        )

    def typed_by_name(self, node: Call, scope: Scope) -> Node:
        """`cast` and `isof`."""
        target = node.arguments[-1]
        assert isinstance(target, TypeName)  # the builder put it there
        type = self.named_type(target)
        if len(node.arguments) == 1:
            value: Node = TypedPath(("$it",), node.span, 0, (), self.entity_type, False)
        else:
            value = self.visit(node.arguments[0], scope)
        if type is None or value.type is UNKNOWN:
            return WRONG
        if node.function == "isof":
            return self.made(node, (value, target), "isof", edm.BOOLEAN, False)
        source = value.type
        if source.name != type.name and not (_is_castable(source) and _is_castable(type)):
            message = "unsupported-expression.cast"
            return self.refuse(message, node, source=source.name, target=type.name)
        return self.made(node, (value, target), "cast", type, True)

    def named_type(self, target: TypeName) -> edm.Type | None:
        name = target.name.removeprefix("Collection(").removesuffix(")")
        found = (
            edm.primitive(name)
            or edm.primitive(f"Edm.{name}")
            or next(types_named(self.entity_type, name), None)
        )
        if found is None:
            self.refuse("unknown-type", target, name=name)
        elif target.name != name:
            found = edm.collection(found)
        return found

    def segment(self, node: Call, scope: Scope) -> Node:
        """`any`, `all`, `$count`, `$filter` behind a path."""
        given, *rest = node.arguments
        source = self.visit(given, scope)
        type = source.type
        if type is UNKNOWN:
            return WRONG
        if not isinstance(type, edm.CollectionType):
            return self.refuse("wrong-type.behind", given, function=node.function, given=type.name)
        option = rest[0] if rest else None
        if option is not None and isinstance(source, TypedPath):
            hidden = next((member for member in source.members if not member.filterable), None)
            if hidden is not None:  # $orderby must not ask what $filter cannot
                return self.refuse("not-filterable", given, property=hidden.name)
        if isinstance(option, NamedValue) and (option.name != "$filter" or len(rest) > 1):
            what = Phrase("count-options")
            return self.refuse("unsupported-expression", rest[-1], what=what)
        predicate: Node | None = None
        level = scope.level + 1
        if option is not None:
            variable = option.variable if isinstance(option, Lambda) else "$this"
            inner = Scope(
                {**scope.variables, variable: (level, type.element)},
                level,
                scope.default if isinstance(option, Lambda) else level,
            )
            body = option if node.function == "$filter" else option.children()[0]
            predicate = self.visit(body, inner)
            self.boolean(predicate, body, node.function)
            if predicate.type is UNKNOWN:
                return WRONG
        if node.function == "$count":
            if predicate is not None:
                source = self.made(
                    Call("$filter", (), node.span), (source, predicate), "$filter", type, True, level
                )
            return self.made(node, (source,), "$count", edm.INT64, source.nullable)
        arguments = (source,) if predicate is None else (source, predicate)
        if isinstance(option, Lambda) and predicate is not None:
            arguments = (source, Lambda(option.variable, predicate, option.span))
        result = type if node.function == "$filter" else edm.BOOLEAN
        return self.made(node, arguments, node.function, result, False, level)


_OPERATIONS: dict[str, Callable[[Validator, Call, list[Node]], Node]] = {
    **{name: Validator.call for name, operation in OPERATIONS.items() if operation.signatures},
    **dict.fromkeys(("and", "or", "not"), Validator.logic),
    **dict.fromkeys(COMPARISONS, Validator.compare),
    "case": Validator.case,
    "has": Validator.has,
}
"""What types an operation whose arguments are values, typed before."""
_HANDLERS: dict[str, Callable[[Validator, Call, Scope], Node]] = {
    **dict.fromkeys(("cast", "isof"), Validator.typed_by_name),
    **dict.fromkeys(SEGMENTS, Validator.segment),
    "in": Validator.member,
}

_COUNTS = {name: sorted({len(s.parameters) for s in op.signatures}) for name, op in OPERATIONS.items()}
"""The numbers of arguments that an operation takes."""
_ORDINARY = frozenset(
    type for type in map(edm.primitive, (*edm.NUMBERS, edm.STRING.name, edm.BOOLEAN.name, edm.GUID.name))
)
"""Types whose values need no more than to be of one type to be compared."""


def _can_fail(key: str, function: str, arguments: Sequence[Node]) -> bool:
    """Whether an operation that can give null can do so for arguments like these."""
    last = arguments[-1]
    if function in ("div", "divby", "mod") and isinstance(last, Literal) and last.value is not None:
        return bool(abs(last.value) < 1 or last.value == -1)
    if function == "matchespattern":
        return not isinstance(last, Literal)
    if "Integer" in key and function not in ("div", "divby", "mod"):
        # Two numbers of 32 bits cannot leave 64.
        return any(isinstance(a, TypedCall) or a.type is edm.INT64 for a in arguments)
    return True


def _shown(node: Call) -> str:
    return "-" if node.function == "negate" else node.function


def _kind(node: Node) -> Phrase:
    return Phrase("a-type") if isinstance(node, TypeName) else Phrase("a-json-object")


def _is_castable(type: edm.Type) -> bool:
    return isinstance(type, edm.PrimitiveType | edm.EnumType) and not is_unordered(type.name)


def validate(
    node: Node,
    entity_type: StructuredType,
    *,
    limits: Limits | None = None,
    default_timezone: dt.tzinfo = dt.UTC,
) -> Node:
    """The typed tree of a filter over a model; raises ValidationError, LimitError, UnsupportedError.

    `validate(parse_filter("size gt 3"), Image)`; default_timezone is that of literals without offset.
    """
    limits = effective(limits, entity_type.limits)
    validator = Validator(entity_type, limits, default_timezone, "", "", {})
    typed = validator.filter(node)
    raise_problems(validator.problems, limits)
    return typed


def raise_problems(problems: Iterable[Problem], limits: Limits) -> None:
    """Raise the error for these problems, at most `max_problems` of them; do nothing for none."""
    found = list(problems)
    if found:
        raise error(found if limits.max_problems is None else found[: max(1, limits.max_problems)])
