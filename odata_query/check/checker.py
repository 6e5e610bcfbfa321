"""The check: a parsed tree and a model give the typed tree, or problems.

One pass finds all problems of an expression, so that a client can correct them together. Each mistake is
reported once: its node becomes WRONG, whose type fits every other.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

from .. import edm
from ..language.ast import Call, Lambda, ListExpr, Literal, NamedValue, Node, OrderByItem, Path, TypeName
from ..language.printer import unparse
from ..model.properties import StructuredType, derived_type, is_called, srid_of, types_named
from ..operations import OPERATIONS, SEGMENTS, UNKNOWN, overload
from ..problems import Name, Phrase, shorten
from .conversion import (
    EXACT,
    PLAIN,
    are_alike,
    bring_together,
    can_cast,
    check_comparable,
    common_type,
    convert,
    describe_mismatch,
    fits_all,
    have_equality,
    is_ordered,
    join_names,
    list_of,
    names_of,
    promote,
    read_duration,
    read_literal,
)
from .cost import COSTLY, DEAR
from .exact import compare_exactly, find_members, report_inexact, says_more
from .paths import COMPARISONS, IN_FILTER, IN_ORDERBY, Scope, resolve, unknown_function
from .reporting import WRONG, Reporter
from .typed import TypedCall, TypedList, TypedPath

_MAX_CACHED_PATHS = 1_000
_KNOWN = (edm.PrimitiveType, edm.CollectionType)


class Checker:
    """Checks the expressions of one query option.

    root      the type of the rows
    reporter  collects the problems; its limits say which operations are allowed
    zone      the time zone of date-time literals without offset
    """

    def __init__(self, root: StructuredType, reporter: Reporter, zone: dt.tzinfo = dt.UTC) -> None:
        self.root = reporter.model = root
        self.reporter = reporter
        self.report = reporter.report
        self.zone = zone
        self.scope = IN_FILTER
        self.inexact: list[Literal] = []
        """Literals that may say more than a value holds."""
        self.is_dear = self.is_costly = False
        """True if the query can cost more than its text shows; or much for each character."""
        self.members_srid: dict[int, int | None] = {}
        """The coordinate system of what each level of lambdas is about."""
        self.limits = limits = reporter.limits
        self.allows_all = limits.functions is None and limits.operators is None

    # ---- expressions -----------------------------------------------------------------------------

    def filter(self, node: Node) -> Node:
        """Type a filter, which must be Boolean."""
        self.reporter.roots = (node,)
        typed = self.visit(node, self.scope)
        self.check_boolean(typed, node, "$filter")
        if self.inexact:
            report_inexact(typed, self.inexact, self.reporter)
        return typed

    def orderby(self, items: Sequence[OrderByItem]) -> tuple[OrderByItem, ...]:
        """Type the items of an `$orderby`, whose values must have an order."""
        self.reporter.roots = [item.expression for item in items]
        self.scope = IN_ORDERBY
        found = []
        for item in items:
            whole = item.expression
            if isinstance(whole, Call) and whole.function == "$count" and len(whole.arguments) == 1:
                whole = whole.arguments[0]  # `tags/$count` sorts by tags
            typed = self.visit(item.expression, self.scope._replace(is_whole=isinstance(whole, Path)))
            if not is_ordered(typed.type):
                self.report("not-sortable.type", item.expression, type=typed.type.name)
            if self.inexact:
                report_inexact(typed, self.inexact, self.reporter)
            found.append(OrderByItem(typed, item.descending, item.span))
        return tuple(found)

    def visit(self, node: Node, scope: Scope) -> Node:
        """Return the typed node, or WRONG."""
        # No comprehensions: on Python 3.11 each takes one more frame of the stack at every level.
        if type(node) is Path:
            return self.path(node, scope)
        if type(node) is Literal:
            is_text = type(node.value) is str and node.type is not edm.STRING
            if says_more(node):
                self.inexact.append(node)
            return read_literal(node, self.root, self.reporter, self.zone) if is_text else node
        if type(node) is Call:
            name = node.function
            if not self.allows_all and name in OPERATIONS and not OPERATIONS[name].is_allowed(self.limits):
                return self.report("operation-not-allowed", node, name="-" if name == "negate" else name)
            operation = _OPERATIONS.get(name)
            if operation is not None:
                arguments = []
                for argument in node.arguments:
                    arguments.append(self.visit(argument, scope))
                return operation(self, node, arguments)
            if name in _HANDLERS:
                return _HANDLERS[name](self, node, scope)
            return unknown_function(node, self.root, self.reporter)
        if type(node) is ListExpr:
            items = []
            for item in node.items:
                items.append(self.visit(item, scope))
            return self.type_list(node, items)
        what = Phrase("a-type") if isinstance(node, TypeName) else Phrase("a-json-object")
        return self.report("unsupported-expression.here", node, what=what)

    def type_list(self, node: ListExpr, items: Sequence[Node]) -> Node:
        """Type a list whose items have one type, or are numbers."""
        types = [item.type for item in items]
        if UNKNOWN in types:
            return WRONG
        [found] = self.bring_together([list_of(items, node)])
        if any(item.type is UNKNOWN for item in found.children()):
            return WRONG
        if found.type is UNKNOWN:
            return self.report("wrong-type.list", node, given=names_of(types))
        return found

    def path(self, node: Path, scope: Scope) -> Node:
        """Resolve a path; the model caches the paths of filters that are outside lambdas."""
        if scope is not IN_FILTER:
            return resolve(node, scope, self.root, self.reporter)
        cache = self.root._paths
        known = cache.get(node.segments)
        if known is None:
            found = resolve(node, scope, self.root, self.reporter)
            can_be_cached = len(cache) < _MAX_CACHED_PATHS and not self.reporter.has_conditions
            if isinstance(found, TypedPath) and can_be_cached:
                cache[node.segments] = (found.level, found.members, found.type, found.nullable)
            return found
        return TypedPath(node.segments, node.span, *known)

    def check_boolean(self, typed: Node, node: Node, where: str) -> bool:
        """Return True if a typed node is Boolean or null; report it otherwise."""
        if typed.type is edm.BOOLEAN or fits_all(typed.type):
            return True
        message_id, meant = "not-boolean", ""
        if where == "not":
            message_id, meant = "not-boolean.not", self.negated_around(node)
        elif isinstance(node, Literal) and where in ("and", "or"):
            message_id = "not-boolean.literal"
        self.report(message_id, node, where=where, type=typed.type.name, meant=Name(meant))
        return False

    def negated_around(self, operand: Node) -> str:
        """Return the operation that was probably meant to be negated: `a eq b` for `not a eq b`."""
        negation = self.reporter.call_around(operand)
        whole = negation and self.reporter.call_around(negation)
        if whole is not None and whole.function in _OPERATIONS and len(whole.arguments) == 2:
            first, second = whole.arguments
            if first is negation:
                return shorten(unparse(Call(whole.function, (operand, second))), 80)
        return "a eq b"

    # ---- operations on values --------------------------------------------------------------------

    def call(self, node: Call, arguments: list[Node]) -> Node:
        """Type an operation that has signatures."""
        name = node.function
        if len(arguments) not in _COUNTS[name]:
            counts = tuple(map(str, _COUNTS[name]))
            message_id = "wrong-argument-count.single" if counts == ("1",) else "wrong-argument-count"
            return self.report(message_id, node, function=name, counts=counts, given=len(arguments))
        types = [argument.type for argument in arguments]
        if UNKNOWN in types:
            return WRONG
        found = overload(name, _names(types))
        if found is None:
            arguments = [read_duration(argument) for argument in arguments]
            types = [argument.type for argument in arguments]
            found = overload(name, _names(types))
        if found is None:
            if self.scope.is_order and name == "negate":
                return self.report("wrong-type.descending", node, name=unparse(node.arguments[0]))
            names = tuple(type.name for type in types)
            args = describe_mismatch(OPERATIONS[name], names)
            return self.report("wrong-type", _blame(node, names), **args)
        signature, result = found
        self.is_dear = self.is_dear or signature.key in DEAR
        self.is_costly = self.is_costly or signature.key in COSTLY
        parameters = signature.parameters
        if parameters == ("Collection", "Collection") and edm.NULL not in types:
            arguments = self.bring_together(arguments, is_value=name == "concat")
            types = [argument.type for argument in arguments]
            if UNKNOWN in types:
                return WRONG
            if not are_alike(*types):
                given = join_names(type.name for type in types)
                return self.report("wrong-type.collections", node.arguments[1], function=name, given=given)
            if name != "concat" and not have_equality(*types):
                return self.report("wrong-type.unordered", node, type=types[0].name)
            types[0] = common_type(types) or types[0]
        if edm.DECIMAL in types or edm.SINGLE in types:
            arguments = list(map(promote, arguments, parameters))
        if self.check_values(node, arguments, parameters) is WRONG:
            return WRONG
        if name.startswith("geo.") and self.check_systems(node, arguments) is WRONG:
            return WRONG
        nullable = signature.may_be_null and _can_be_null(name, parameters, arguments)
        if OPERATIONS[name].nulls == "propagate":
            nullable = nullable or any(argument.nullable for argument in arguments)
        type = types[0] if result == "First" else edm.primitive(result) or types[0]
        # A pattern that is not a literal keeps its bound until its value is known.
        is_open = name == "matchespattern" and not isinstance(arguments[-1], Literal)
        level = max(1, self.limits.max_pattern) if is_open and self.limits.max_pattern is not None else 0
        return make_call(node, arguments, signature.key, type, nullable, level)

    def check_values(self, node: Call, arguments: Sequence[Node], parameters: Sequence[str]) -> Node | None:
        """Report a literal in the last place whose value the operation does not take."""
        last = arguments[-1] if arguments else None
        if not isinstance(last, Literal) or last.value is None:
            return None
        place = node.arguments[-1]
        if node.function in ("div", "divby", "mod") and last.value == 0 and parameters[-1] != "Double":
            return self.report("division-by-zero", place)
        if node.function == "substring" and len(arguments) == 3 and last.value < 0:
            return self.report("invalid-argument", place)
        return self.check_pattern(last.value, place) if node.function == "matchespattern" else None

    def check_systems(self, node: Call, arguments: Sequence[Node]) -> Node | None:
        """Report values of different coordinate systems, at the literal if there is one."""
        pairs = zip(arguments, node.arguments, strict=True)
        known = [(srid, place) for argument, place in pairs for srid in self.systems(argument)]
        known.sort(key=lambda pair: type(pair[1]) is Literal)  # what the service says, before the client's
        for srid, place in known:
            if srid != known[0][0]:
                return self.report("wrong-type.srid", place, wanted=known[0][0], given=srid)
        return None

    def systems(self, node: Node) -> list[int]:
        """Return the coordinate systems that a value can have, as far as they are known."""
        if isinstance(node, Literal):
            return [] if node.value is None else [node.value.srid]
        found = []
        if isinstance(node, TypedPath):
            srid = srid_of(node.members[-1]) if node.members else self.members_srid.get(node.level)
            found += [] if srid is None else [srid]
        elif isinstance(node, TypedCall) and node.function == "case":
            for value in node.arguments[1::2]:
                found += self.systems(value)
        return found

    def check_pattern(self, pattern: str, place: Node) -> Node | None:
        """Report a regular expression that is malformed, unsupported or too large."""
        from .. import regex

        bound = self.limits.max_pattern
        try:
            regex.compile(pattern, max_states=10**9 if bound is None else bound)
        except regex.PatternError as wrong:
            message_id = "unsupported-expression.pattern" if wrong.unsupported else "invalid-pattern"
            if isinstance(wrong, regex.PatternTooLarge):
                message_id = "pattern-too-large"
            start = min(place.span[0] + 1 + wrong.position, place.span[1] - 1)
            span, at = (start, start + 1), wrong.position
            return self.report(message_id, place, span=span, reason=wrong.reason, at=at, most=bound)
        return None

    def logic(self, node: Call, arguments: list[Node]) -> Node:
        """Type `and`, `or`, `not`."""
        are_boolean, nullable = True, False
        for typed, given in zip(arguments, node.arguments, strict=True):
            if typed.type is not edm.BOOLEAN:
                are_boolean = self.check_boolean(typed, given, node.function) and are_boolean
            nullable = nullable or typed.nullable
        return make_call(node, arguments, node.function, edm.BOOLEAN, nullable) if are_boolean else WRONG

    def compare(self, node: Call, arguments: list[Node]) -> Node:
        """Type `eq`, `ne`, `gt`, `ge`, `lt`, `le`."""
        left, right = arguments
        one, other = left.type, right.type
        if (one is not other or one not in PLAIN) and not (one in EXACT and other in EXACT):
            left, right = self.bring_together(arguments)
            self.is_dear = self.is_dear or type(left.type) is edm.CollectionType
            if not self.check_comparable(left, right, node.function, (node, *node.arguments)):
                return WRONG
        exact = compare_exactly(node, left, right) if self.inexact else None
        return exact or make_call(node, (left, right), node.function, edm.BOOLEAN, False)

    def has(self, node: Call, arguments: list[Node]) -> Node:
        """Type `has`, which tests the flags of an enumeration."""
        left, right = arguments
        type = left.type
        if UNKNOWN in (type, right.type):
            return WRONG
        given, place = node.arguments
        if not isinstance(type, edm.EnumType) and type is not edm.NULL:
            is_text = type is right.type is edm.STRING and self.limits.functions is None
            message_id = "wrong-type.has-text" if is_text else "wrong-type.has"
            meant = ",".join(map(unparse, node.arguments))
            return self.report(message_id, given, given=type.name, meant=meant)
        right = convert(right, type, self.reporter, self.zone)
        if right.type is UNKNOWN:
            return WRONG
        if right.type.name != type.name and edm.NULL not in (type, right.type):
            return self.report("wrong-type.has-value", place, type=type.name, given=right.type.name)
        return make_call(node, (left, right), "has(Enum,Enum)", edm.BOOLEAN, left.nullable or right.nullable)

    def case(self, node: Call, arguments: list[Node]) -> Node:
        """Type `case`, whose values are brought to one type."""
        for condition, given in zip(arguments[::2], node.arguments[::2], strict=True):
            self.check_boolean(condition, given, "case")
        if any(argument.type is UNKNOWN for argument in arguments):
            return WRONG
        types = [argument.type for argument in arguments[1::2]]
        arguments[1::2] = values = self.bring_together(arguments[1::2], is_value=True)
        result = common_type([value.type for value in values])
        if any(value.type is UNKNOWN for value in values):
            return WRONG
        if result is None:
            return self.report("wrong-type.case", node, given=names_of(types))
        last = arguments[-2]
        is_total = isinstance(last, Literal) and last.value is True
        nullable = not is_total or any(value.nullable for value in values)
        return make_call(node, arguments, "case", result, nullable)

    def bring_together(self, nodes: Sequence[Node], *, is_value: bool = False) -> list[Node]:
        """Bring operands to one type."""
        return bring_together(nodes, self.reporter, self.zone, is_value=is_value)

    def check_comparable(self, left: Node, right: Node, operator: str, places: Sequence[Node]) -> bool:
        """Return True for operands that can be compared; report others."""
        return check_comparable(left, right, operator, places, self.reporter)

    # ---- operations that visit their arguments themselves ----------------------------------------

    def membership(self, node: Call, scope: Scope) -> Node:
        """Type `in`, before a list of literals or a collection."""
        given, place = node.arguments
        left = self.visit(given, scope)
        if not isinstance(place, ListExpr):
            found = self.visit(place, scope)
            type = found.type
            if UNKNOWN in (left.type, type):
                return WRONG
            if not isinstance(type, edm.CollectionType):
                # A parameter alias takes a JSON array only: `@ids=(1)` is a number in parentheses.
                if self.reporter.origins.get(id(place), ("",))[0].startswith("@"):
                    meant = (
                        unparse(ListExpr((place,), is_json=True))
                        if isinstance(place, Literal)
                        else '["x","y"]'
                    )
                else:
                    meant = f"({unparse(place)})" if isinstance(place, Literal) else "('x','y')"
                return self.report("wrong-type.in", place, given=type.name, meant=meant)
            self.is_dear = True
            left, found = self.bring_together((left, found))
            member = TypedPath((), place.span, 0, (), edm.element_of(found.type), True)
            if not self.check_comparable(left, member, "in", (node, given, place)):
                return WRONG
            if self.inexact and isinstance(answer := find_members(node, left, ()), Literal):
                return answer
            return make_call(node, (left, found), "in", edm.BOOLEAN, False)
        items: list[Node] = []
        fits = left.type in PLAIN
        for item in place.items:
            items.append(self.visit(item, scope))
            fits = fits and items[-1].type is left.type
        if fits:
            return self.in_list(node, left, place, items)
        # A number is exact beside another one, but a Double beside a Double. Only a path is written twice.
        doubles = [item.type is edm.DOUBLE for item in items]
        if left.type not in EXACT or not isinstance(left, TypedPath) or len(set(doubles)) < 2:
            return self.in_unlike_list(node, left, place, items)
        parts = []
        for are_doubles in (False, True):
            chosen = [n for n, is_double in enumerate(doubles) if is_double is are_doubles]
            some = ListExpr(tuple([place.items[n] for n in chosen]), place.span, place.is_json)
            parts.append(self.in_unlike_list(node, left, some, [items[n] for n in chosen]))
        return WRONG if WRONG in parts else TypedCall("or", tuple(parts), node.span, "or", edm.BOOLEAN, False)

    def in_unlike_list(self, node: Call, left: Node, place: ListExpr, items: Sequence[Node]) -> Node:
        """Type `in` before a list whose items are brought to the type of the left operand."""
        left, found = self.bring_together((left, list_of(items, place)))
        items, fits = [*found.children()], left.type is not UNKNOWN
        for item, at in zip(items, place.items, strict=True):
            fits = self.check_comparable(left, item, "in", (at, node.arguments[0], at)) and fits
        return self.in_list(node, left, place, items) if fits else WRONG

    def in_list(self, node: Call, left: Node, place: ListExpr, items: Sequence[Node]) -> Node:
        """Type `in` before a list of literals of one type."""
        if not all(isinstance(item, Literal | TypedList) for item in items):
            return self.report("unsupported-expression", place, what=Phrase("a-list-of-expressions"))
        if items and not is_ordered(left.type) and all(type(n) is Literal and n.value is None for n in items):
            return TypedCall("eq", (left, items[0]), node.span, "eq", edm.BOOLEAN, False)
        items_or_answer = find_members(node, left, items) if self.inexact else items
        if isinstance(items_or_answer, Literal):
            return items_or_answer
        listed = TypedList(tuple(items_or_answer), place.span, place.is_json, edm.collection(left.type))
        return make_call(node, (left, listed), "in", edm.BOOLEAN, False)

    def type_operation(self, node: Call, scope: Scope) -> Node:
        """Type `cast` and `isof`; with one argument they take the row itself."""
        target = node.arguments[-1]
        assert isinstance(target, TypeName)  # by the grammar
        if len(node.arguments) == 1:
            value: Node = TypedPath(("$it",), node.span, 0, (), self.root, False)
        else:
            value = self.visit(node.arguments[0], scope)
        source = value.type
        derived = None
        if is_called(source, target.name):
            type = source
        else:
            derived = derived_type(self.root, source, target.name)
            type = derived or self.named_type(target)
        if UNKNOWN in (type, source):
            return WRONG
        if node.function == "isof" and derived is None:
            return make_call(node, (value, target), "isof", edm.BOOLEAN, False)
        if source.name != type.name and not can_cast(source, type):
            message_id = "unsupported-expression.cast"
            return self.report(message_id, node, source=source.name, target=type.name)
        return make_call(node, (value, target), "cast", type, True)

    def named_type(self, target: TypeName) -> edm.Type:
        """Find the type of a name: `Edm.String`, `String`, `Sales.Color`; report a name that has none."""
        name = target.name.removeprefix("Collection(").removesuffix(")")
        found: edm.Type | None = edm.primitive(name) or edm.primitive(f"Edm.{name}")
        found = found or next(types_named(self.root, name), None)
        if found is None:
            return self.report("unknown-type", target, name=name).type
        return found if target.name == name else edm.collection(found)

    def segment(self, node: Call, scope: Scope) -> Node:
        """Type `any`, `all`, `$count` or `$filter` after a path to a collection."""
        name = node.function
        given, *rest = node.arguments
        source = self.visit(given, scope)
        type = source.type
        if type is UNKNOWN:
            return WRONG
        if not isinstance(type, edm.CollectionType):
            return self.report("wrong-type.not-a-collection", given, function=name, given=type.name)
        self.is_dear = True
        level = scope.level + 1
        arguments = [source]
        if rest:
            arguments.append(self.predicate(node, source, type.element, scope))
            if arguments[1] is WRONG:
                return WRONG
        if name == "$count":
            if rest:
                source = TypedCall(
                    "$filter", tuple(arguments), node.span, "$filter", type, source.nullable, level
                )
            return make_call(node, (source,), "$count", edm.INT64, source.nullable)
        if name == "$filter":
            return make_call(node, arguments, name, type, source.nullable, level)
        return make_call(node, arguments, name, edm.BOOLEAN, False, level)

    def predicate(self, node: Call, source: Node, element: edm.Type, scope: Scope) -> Node:
        """Type the condition in a segment: of `any(t: t eq 'x')`, `$count($filter=...)` or `$filter(...)`."""
        _, option, *more = node.arguments
        if isinstance(option, NamedValue) and (option.name != "$filter" or more):
            return self.report("unsupported-expression", node.arguments[-1], what=Phrase("count-options"))
        level = scope.level + 1
        self.members_srid[level] = (
            srid_of(source.members[-1]) if isinstance(source, TypedPath) and source.members else None
        )
        variable, start = (option.variable, scope.start) if isinstance(option, Lambda) else ("$this", level)
        variables = {**scope.variables, variable: (level, element)}
        body = option if node.function == "$filter" else option.children()[0]
        typed = self.visit(body, scope._replace(variables=variables, level=level, start=start))
        self.check_boolean(typed, body, node.function)
        if typed.type is UNKNOWN:
            return WRONG
        return Lambda(option.variable, typed, option.span) if isinstance(option, Lambda) else typed


_OPERATIONS: dict[str, Callable[[Checker, Call, list[Node]], Node]] = {
    **{name: Checker.call for name, operation in OPERATIONS.items() if operation.signatures},
    **dict.fromkeys(("and", "or", "not"), Checker.logic),
    **dict.fromkeys(COMPARISONS, Checker.compare),
    "case": Checker.case,
    "has": Checker.has,
}
"""The method for each operation on values; `visit` types its arguments first."""
_HANDLERS: dict[str, Callable[[Checker, Call, Scope], Node]] = {
    **dict.fromkeys(("cast", "isof"), Checker.type_operation),
    **dict.fromkeys(SEGMENTS, Checker.segment),
    "in": Checker.membership,
}
_COUNTS = {name: sorted({len(s.parameters) for s in op.signatures}) for name, op in OPERATIONS.items()}
"""The numbers of arguments that an operation takes."""


def make_call(
    node: Call, arguments: Sequence[Node], key: str, type: edm.Type, nullable: bool, level: int = 0
) -> TypedCall:
    """Make the typed form of a call."""
    return TypedCall(node.function, tuple(arguments), node.span, key, type, nullable, level)


def _names(types: Sequence[edm.Type]) -> tuple[str, ...]:
    """Return the names by which an overload is found; types of the model have none."""
    return tuple([type.name if isinstance(type, _KNOWN) else "" for type in types])


def _blame(node: Call, names: tuple[str, ...]) -> Node:
    """Return the argument that no overload takes at its position, or else the whole call."""
    for position, argument in enumerate(node.arguments):
        others_null = tuple(name if n == position else edm.NULL.name for n, name in enumerate(names))
        if overload(node.function, others_null) is None:
            return argument
    for position, argument in enumerate(node.arguments):
        this_null = tuple(edm.NULL.name if n == position else name for n, name in enumerate(names))
        if position and overload(node.function, this_null) is not None:
            return argument
    return node


def _can_be_null(function: str, parameters: Sequence[str], arguments: Sequence[Node]) -> bool:
    """True if an operation that can return null may do so for these arguments, when none of them is null."""
    last = arguments[-1]
    if function in ("div", "divby", "mod"):
        value = last.value if isinstance(last, Literal) else None
        return value is None or bool(-1 <= value < 1)
    if function == "matchespattern":
        return not isinstance(last, Literal)
    if "Integer" in parameters:
        # A sum or product of two 32-bit numbers fits into 64 bits.
        return any(isinstance(argument, TypedCall) or argument.type is edm.INT64 for argument in arguments)
    return True
