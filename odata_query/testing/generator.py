"""Generate well-typed filters and orders from decisions.

Operations and their parameters come from the table of operations, so a new operation is generated as soon
as it is in the table. An operation without signatures needs a producer in `_SPECIAL`. Most expressions
contain a property, because constants are computed before a backend sees them.

A *kind* is a type as signatures name it; numbers are only Integer, Decimal and Double. Examples: `String`,
`Integer`, `Color` (an enumeration), `Collection(String)`, `Supplier` (an entity).
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate
from typing import Any

from .. import edm
from ..check.conversion import is_ordered
from ..check.paths import COMPARISONS
from ..errors import LimitError, ODataError
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
    walk,
)
from ..language.parser import can_be_named
from ..language.printer import unparse
from ..limits import DEFAULT_LIMITS, Limits, effective
from ..model.entity import EntityType
from ..model.properties import StructuredType
from ..operations import OPERATIONS, SEGMENTS, Operation, Signature
from ..query import parse_query
from .choices import Choices
from .samples import HOSTILE, VALUES, ZONES, in_zone, kind_of, values_in, vary

_NUMBERS = ("Integer", "Decimal", "Double")
_PROMOTED = {"Decimal": ("Decimal", "Integer"), "Double": _NUMBERS}
_VARIABLES = ("t", "u", "x", "name", "n")
"""Names of lambda variables; some can hide properties."""
_PATTERNS = (
    "a", "^a", "b$", "^$", "^.*$", "[aä]+", "%", "\\\\", "\\*", "_", "a.c", "(red|blue)", "^[A-Z]",
    "\\d+", "x{2,3}", "😀", "^.{3}$", "",
)  # fmt: skip
_NULL = Literal(None, edm.NULL)
_ELSEWHERE: tuple[dt.tzinfo, ...] = tuple(dt.timezone(dt.timedelta(hours=hours)) for hours in (2, -5))
_WEIGHTS = 1 << 16
_TRIES = 8


Start = tuple[tuple[str, ...], edm.Type]
"""Segments of a path, and the type of the last."""


@dataclass(frozen=True)
class Scope:
    """The first segments of paths at one place of an expression, the nearest first, each with its type.

    `sorting` is True where a path from the row must be sortable.
    """

    starts: tuple[Start, ...]
    sorting: bool = False

    @property
    def hidden(self) -> set[str]:
        """Names that a path without a prefix cannot begin with."""
        return {prefix[0] for prefix, _ in self.starts if prefix}

    def inside(self, variable: str, element: edm.Type) -> Scope:
        """Return the scope inside a lambda, or inside `$filter`, whose paths need no prefix."""
        prefixes: Sequence[tuple[str, ...]] = [(), (variable,)] if variable == "$this" else [(variable,)]
        own = [(p, element) for p in prefixes if p or isinstance(element, StructuredType)]
        return Scope((*own, *[start for start in self.starts if start[0] not in prefixes]))


Producer = Callable[[str, int, Scope, bool], Node | None]
"""A function of kind, depth, scope and anchored that returns an expression, or None if it cannot."""


class Generator:
    """Generate the options of queries over an entity type.

    limits   the limits of the service; queries stay within them
    rows     rows of the service; literals often have their values
    rare     a function that is True for the keys of overloads to try rarely, as unsupported ones
    hostile  the share of literals at the ends of their types, as `1.7976931348623157e308`
    """

    def __init__(
        self,
        entity_type: EntityType,
        *,
        limits: Limits | None = None,
        rows: Iterable[Any] = (),
        rare: Callable[[str], bool] = lambda key: False,
        hostile: float = 0.0,
    ) -> None:
        self.entity_type = entity_type
        self.hostile = hostile
        self.limits = effective(limits, entity_type.limits)
        self.rare = rare
        self.in_rows = values_in(rows, entity_type)
        self.choices = Choices(b"")
        self.known: dict[tuple[int, bool], dict[str, list[tuple[str, ...]]]] = {}
        self.enums: dict[str, edm.EnumType] = {}
        self.elements: dict[str, edm.Type] = {}
        starts = (((), entity_type), (("$it",), entity_type))
        self.outermost = Scope(starts)
        self.sorted_by = Scope(starts, sorting=True)
        self.paths(entity_type, True)
        self.paths(entity_type, False)
        for element in list(self.elements.values()):
            if isinstance(element, StructuredType):
                self.paths(element, False)
        # Limits on sizes are checked after generating, if they are tighter than the defaults.
        others = ("max_top", "max_skip", "default_top", "max_problems", "functions", "operators")
        sizes = replace(self.limits, **dict.fromkeys(others))
        self.is_bounded = sizes.tightened(DEFAULT_LIMITS) != DEFAULT_LIMITS
        self.operations = [op for op in OPERATIONS.values() if self.is_allowed(op.name)]
        self.lists = [k for k, e in self.elements.items() if is_ordered(e)]
        self.comparisons = [name for name in COMPARISONS if self.is_allowed(name)]
        self.kinds = self.comparable_kinds()
        self.sortable = [kind for kind in self.kinds if self.path(kind, self.sorted_by)]
        self.producers: dict[str, tuple[list[int], list[Producer]]] = {}
        self.targets = list(self.all_targets())

    def is_allowed(self, name: str) -> bool:
        return OPERATIONS[name].is_allowed(self.limits)

    # ---- options ---------------------------------------------------------------------------------

    def filter(self, choices: Choices, depth: int = 4) -> Node:
        """Generate the tree of a `$filter`."""
        self.choices = choices
        for deep in range(choices.between(1, depth), -_TRIES, -1):
            tree = self.value("Boolean", max(deep, 0), self.outermost, anchored=not choices.chance(0.03))
            if self.fits("$filter", tree):
                return tree
        return Literal(True, edm.BOOLEAN)

    def orderby(self, choices: Choices, most: int = 3) -> tuple[OrderByItem, ...]:
        """Generate the items of an `$orderby`, at least one if the model has a sortable property."""
        self.choices = choices
        items: list[OrderByItem] = []
        for _ in range(choices.between(1, most) if self.sortable else 0):
            tree = self.value(choices.pick(self.sortable), choices.pick((0, 0, 1, 2)), self.sorted_by)
            item = OrderByItem(tree, choices.chance(0.4))
            if self.fits("$orderby", (*items, item)):
                items.append(item)
        if self.sortable and not items:
            self.choices = Choices(b"")  # the simplest decisions
            shortest = self.path(self.sortable[0], self.sorted_by)
            if shortest and self.fits("$orderby", (OrderByItem(shortest),)):
                items = [OrderByItem(shortest)]
        return tuple(items)

    def fits(self, option: str, tree: Node | Sequence[OrderByItem]) -> bool:
        """True if the size and the cost of an option are within the limits."""
        trees = [tree] if isinstance(tree, Node) else [item.expression for item in tree]
        has_lambda = any(isinstance(n, Call) and n.function in SEGMENTS for t in trees for n in walk(t))
        return not (self.is_bounded or has_lambda) or self.are_within({option: unparse(tree)})

    def are_within(self, options: Mapping[str, str]) -> bool:
        """True if options are within the limits together."""
        try:
            parse_query(options, self.entity_type, limits=self.limits)
        except ODataError as wrong:
            return not isinstance(wrong, LimitError)
        return True

    def all_targets(self) -> Iterator[tuple[str, Producer]]:
        """Yield a producer for each overload, with its result; comparisons have one for each kind."""
        for operation in self.operations:
            for signature in operation.signatures:
                if signature.parameters:
                    yield _kind_named(signature.result), partial(self.call, operation, signature)
            if not operation.signatures and operation.name not in COMPARISONS:
                result, _, make = _SPECIAL[operation.name]
                yield result, partial(make, self, operation.name)
        for own in self.kinds if self.comparisons else ():
            yield "Boolean", partial(self.comparison, "", own=own)

    def focused_options(self, choices: Choices, turn: int) -> dict[str, str]:
        """Generate a small query around one overload; consecutive turns visit all of them.

        In an `$orderby` every row reveals a wrong result, in a `$filter` only few do.
        """
        self.choices = choices
        if not self.targets:
            return self.options(choices)
        result, make = self.targets[turn % len(self.targets)]
        is_list = result in ("First", "Collection")
        is_free = is_list or result == "Any"
        kind = choices.pick((self.lists if is_list else self.kinds) or [""]) if is_free else result
        scope = self.sorted_by if choices.chance(0.5) else self.outermost
        tree = make(kind, choices.below(2), scope, True) if kind else None
        if tree is None or not self.comparisons:
            return self.options(choices)
        if is_list:
            tree, kind = Call("length" if result == "First" else "$count", (tree,)), "Integer"
        if scope.sorting:
            items = (OrderByItem(tree, choices.chance(0.4)),)
            return {"$orderby": unparse(items)} if self.fits("$orderby", items) else self.options(choices)
        if kind != "Boolean":
            other = self.value(self.comparable_kind(kind), 0, scope, anchored=False)
            tree = Call(choices.pick(self.comparisons), (tree, other))
        is_negated = self.is_allowed("not") and choices.chance(0.2)
        tree = Call("not", (tree,)) if is_negated else tree
        return {"$filter": unparse(tree)} if self.fits("$filter", tree) else self.options(choices)

    def options(self, choices: Choices, depth: int = 4) -> dict[str, str]:
        """Generate the options of a query, not encoded: a filter, an order, sometimes a page."""
        found = {} if choices.chance(0.05) else {"$filter": unparse(self.filter(choices, depth))}
        if choices.chance(0.5) and (items := self.orderby(choices)):
            found["$orderby"] = unparse(items)
        for name, most, share, numbers in (
            ("$top", self.limits.max_top, 0.25, (0, 1, 2, 5, 10, 50, 1000)),
            ("$skip", self.limits.max_skip, 0.2, (0, 1, 3, 10, 100, 1000)),
        ):
            if choices.chance(share):
                found[name] = str(choices.pick([n for n in numbers if most is None or n <= most]))
        while self.is_bounded and found and not self.are_within(found):
            found.popitem()
        return found

    # ---- properties ------------------------------------------------------------------------------

    def paths(self, type: StructuredType, sorting: bool) -> dict[str, list[tuple[str, ...]]]:
        """Return the paths from a type by the kind of their values."""
        found = self.known.get((id(type), sorting))
        if found is None:
            found = self.known[id(type), sorting] = {}
            for path, last in self.walk_paths(type, 2, sorting):
                found.setdefault(kind_of(last), []).append(path)
                if isinstance(last, edm.EnumType):
                    self.enums[last.name] = last
                elif isinstance(last, edm.CollectionType):
                    self.elements[kind_of(last)] = last.element
        return found

    def walk_paths(self, type: StructuredType, hops: int, sorting: bool) -> Iterator[Start]:
        for name, member in type.members.items():
            # An operand in `$orderby` must be filterable, too.
            if not member.filterable or (sorting and not member.sortable) or not can_be_named(name):
                continue
            if member.property.srid not in (None, "variable"):  # the literals have the usual systems
                continue
            yield (name,), member.type
            if isinstance(member.type, StructuredType) and hops:
                for rest, last in self.walk_paths(member.type, hops - 1, sorting):
                    yield (name, *rest), last

    def comparable_kinds(self) -> list[str]:
        """Return the kinds of values that can be compared: of properties, and of results of operations."""
        grown = {"Boolean", *(kind for known in self.known.values() for kind in known)}
        overloads = [s for operation in self.operations for s in operation.signatures if s.parameters]
        found: set[str] = set()
        while grown:
            found |= grown
            grown = {_kind_named(s.result) for s in overloads if found.issuperset(s.parameters)} - found
        return [k for k in (*VALUES, *self.enums) if k in found and not k.startswith("Geo")]

    def path(self, kind: str, scope: Scope) -> Path | None:
        """Choose a path to a property of a kind, mostly of the innermost scope."""
        found = []
        hidden = scope.hidden
        for prefix, type in scope.starts:
            if isinstance(type, StructuredType):
                known = self.paths(type, scope.sorting).get(kind, ())
                paths = [prefix + path for path in known if prefix or path[0] not in hidden]
            else:
                paths = [prefix] if kind_of(type) == kind else []
            if paths:
                found.append(paths)
        if not found:
            return None
        return Path(self.choices.pick(self.choices.pick(found) if self.choices.chance(0.4) else found[0]))

    def is_ambiguous(self, kind: str, scope: Scope) -> bool:
        """True if no path tells which enumeration a literal belongs to."""
        return kind in self.enums and self.path(kind, scope) is None

    # ---- literals --------------------------------------------------------------------------------

    def literal(self, kind: str, *, positive: bool = False) -> Node | None:
        """Generate a literal of a kind, mostly a value in the rows or a variation of one."""
        choices = self.choices
        if kind.startswith("Collection("):
            inner = kind[len("Collection(") : -1]
            items = [self.literal(self.comparable_kind(inner)) for _ in range(choices.below(4))]
            return None if None in items else ListExpr(tuple(filter(None, items)))
        if kind in self.enums:
            return self.member_of(self.enums[kind])
        if kind not in VALUES:
            return None
        if self.hostile and kind in HOSTILE and choices.chance(self.hostile):
            value = choices.pick(HOSTILE[kind])
        else:
            in_rows = kind in self.in_rows and not kind.startswith("Geo") and choices.chance(0.6)
            value = choices.pick(self.in_rows[kind] if in_rows else VALUES[kind])
            if not kind.startswith(("Geo", "Boolean")) and choices.chance(0.4):
                value = vary(value, choices)
        if positive and not value > 0:
            value = type(value)(choices.between(1, 5))
        if kind == "Integer":
            return Literal(value, edm.INT32 if -(2**31) <= value < 2**31 else edm.INT64)
        return Literal(value, edm.primitive(f"Edm.{kind}") or edm.STRING)

    def member_of(self, enum: edm.EnumType) -> Literal:
        choices = self.choices
        names = [name for name in enum.members if enum.value(name) is not None]
        if not names or choices.chance(0.1):
            return Literal(str(choices.below(8)), edm.STRING)
        most = 2 if enum.is_flags else 1
        chosen = dict.fromkeys(choices.pick(names) for _ in range(choices.between(1, most)))
        is_qualified = "." in enum.name and choices.chance(0.3)
        return Literal(",".join(chosen), edm.Type(enum.name) if is_qualified else edm.STRING)

    # ---- expressions -----------------------------------------------------------------------------

    def value(
        self, kind: str, depth: int, scope: Scope, *, anchored: bool = True, positive: bool = False
    ) -> Node:
        """Generate an expression of a kind; an anchored one contains a property."""
        choices = self.choices
        if depth > 0 and choices.chance(0.95 if kind == "Boolean" else 0.75):
            weights, producers = self.producers_of(kind)
            for _ in range(4 if producers else 0):
                producer = producers[bisect(weights, choices.below(_WEIGHTS))]
                found = producer(kind, depth - 1, scope, anchored)
                if found is not None:
                    return found
        if (anchored or choices.chance(0.4)) and (path := self.path(kind, scope)):
            return path
        return self.literal(kind, positive=positive) or self.path(kind, scope) or _NULL

    def producers_of(self, kind: str) -> tuple[list[int], list[Producer]]:
        """Return the producers of a kind, the simplest first, and the bounds of their shares."""
        if kind in self.producers:
            return self.producers[kind]
        found: list[tuple[float, Producer]] = []
        for operation in sorted(self.operations, key=lambda op: op.nulls != "never"):
            if operation.signatures:
                fitting = [s for s in operation.signatures if s.parameters and _gives(s, kind)]
                found += [(1 / len(fitting), partial(self.call, operation, s)) for s in fitting]
            else:
                result, weight, make = _SPECIAL[operation.name]
                if result in ("Any", kind) or (result == "Collection" and kind in self.elements):
                    found.append((weight, partial(make, self, operation.name)))
        total = sum(weight for weight, _ in found) or 1
        bounds = [int(part * _WEIGHTS / total) for part in accumulate(weight for weight, _ in found)]
        self.producers[kind] = bounds[:-1], [producer for _, producer in found]
        return self.producers[kind]

    def is_skipped(self, key: str) -> bool:
        return self.rare(key) and self.choices.below(256) > 0

    def call(
        self, operation: Operation, signature: Signature, kind: str, depth: int, scope: Scope, anchored: bool
    ) -> Node | None:
        choices = self.choices
        kinds = None if self.is_skipped(signature.key) else self.bind_kinds(signature, kind)
        if kinds is None:
            return None
        anchor = choices.below(len(kinds)) if choices.chance(0.3) else 0
        null_fits = len({s.result for s in operation.signatures if len(s.parameters) == len(kinds)}) == 1
        arguments: list[Node] = []
        for position, wanted in enumerate(kinds):
            is_last = position == len(kinds) - 1
            if operation.name == "matchespattern" and is_last:
                variable = self.path(wanted, scope) if choices.chance(0.05) else None
                arguments.append(variable or Literal(choices.pick(_PATTERNS), edm.STRING))
            elif position != anchor and null_fits and choices.chance(0.02):
                arguments.append(_NULL)
            else:
                positive = is_last and (operation.name in ("div", "divby", "mod") or len(kinds) == 3)
                # A literal does not tell its enumeration, and [] does not tell its type.
                is_typing = wanted in self.enums or signature.result == "First"
                held = (anchored and position == anchor) or (is_typing and not position)
                if not position and self.is_ambiguous(wanted, scope):
                    return None
                deep = depth if position == anchor else choices.below(depth + 1)
                arguments.append(self.value(wanted, deep, scope, anchored=held, positive=positive))
        return Call(operation.name, tuple(arguments))

    def bind_kinds(self, signature: Signature, kind: str) -> list[str] | None:
        """Choose the kinds of the arguments: a concrete one for `Collection`, `Enum` and `Number`."""
        choices = self.choices
        if "Enum" in signature.parameters:
            flags = [name for name, enum in self.enums.items() if enum.is_flags] or list(self.enums)
            return [choices.pick(flags)] * len(signature.parameters) if flags else None
        if "Collection" in signature.parameters:
            own = [kind] if kind.startswith("Collection(") else self.lists
            if not own or own[0] not in self.lists:
                return None
            chosen = choices.pick(own)
            return [chosen if p == "Collection" else p for p in signature.parameters]
        kinds = [choices.pick(_NUMBERS) if p == "Number" else p for p in signature.parameters]
        if len(kinds) == 2 and kinds[0] == kinds[1] and kinds[0] in _PROMOTED:
            kinds[choices.below(2)] = choices.pick(_PROMOTED[kinds[0]])
        return kinds

    # ---- operations without signatures -----------------------------------------------------------

    def own_kind(self, scope: Scope) -> str:
        """Choose a kind to compare; in a lambda mostly one of its variable."""
        _, nearest = scope.starts[0]
        found: list[str] = []
        if nearest is not self.entity_type and self.choices.chance(0.6):
            paths = self.paths(nearest, False) if isinstance(nearest, StructuredType) else {}
            found = [kind for kind in paths or [kind_of(nearest)] if kind in self.kinds]
        return self.choices.pick(found or self.kinds)

    def comparable_kind(self, kind: str) -> str:
        return self.choices.pick(_NUMBERS) if kind in _NUMBERS and self.choices.chance(0.3) else kind

    def comparison(
        self, name: str, kind: str, depth: int, scope: Scope, anchored: bool, own: str = ""
    ) -> Node | None:
        """Generate a comparison; one without a name can be any."""
        choices = self.choices
        name = name or choices.pick(self.comparisons)
        is_equality = name in ("eq", "ne")
        if not own and is_equality and choices.chance(0.12):
            own = choices.pick([*self.kinds, *self.paths(self.entity_type, scope.sorting)])
            left = self.value(own, min(depth, 1), scope)
            return Call(name, (_NULL, left) if choices.chance(0.3) else (left, _NULL))
        own = own or self.own_kind(scope)
        if self.is_ambiguous(own, scope):
            return None
        anchored = anchored or own in self.enums
        if is_equality and choices.chance(0.005):
            lists = [kind for kind in ("Collection(String)", "Collection(Integer)") if kind in self.elements]
            own = choices.pick(lists) if lists else own
        left = self.value(own, depth, scope, anchored=anchored)
        if own == "DateTimeOffset" and choices.chance(0.15):
            nullary = [op.name for op in self.operations for s in op.signatures if not s.parameters]
            right: Node | None = Call(choices.pick(nullary), ()) if nullary else None
        elif choices.chance(0.02):
            right = _NULL
        else:
            right = self.compared(own, choices.below(depth + 1), scope, anchored=choices.chance(0.3))
        pair = (left, right or _NULL)
        return Call(name, pair[::-1] if choices.chance(0.2) else pair)

    def compared(self, own: str, depth: int, scope: Scope, *, anchored: bool = False) -> Node:
        """Generate a value that can be compared with one of a kind: a date with a moment."""
        if own == "DateTimeOffset" and not anchored and self.choices.chance(0.5):
            return self.compared_literal(own) or _NULL
        return self.value(self.comparable_kind(own), depth, scope, anchored=anchored)

    def compared_literal(self, own: str) -> Node | None:
        """Generate a literal that can be compared with a value of a kind, of a moment in some offset."""
        choices = self.choices
        if own == "DateTimeOffset" and choices.chance(0.2):
            return self.literal("Date")
        found = self.literal(self.comparable_kind(own))
        if own == "DateTimeOffset" and isinstance(found, Literal) and choices.chance(0.6):
            if not 1 < found.value.year < 9999:  # no other clock can show all of these
                return found
            zone = choices.pick((*_ELSEWHERE, *ZONES))
            value = in_zone(found.value, zone)
            return Literal(value.replace(tzinfo=None) if zone in ZONES else value, found.type)
        return found

    def membership(self, name: str, kind: str, depth: int, scope: Scope, anchored: bool) -> Node | None:
        choices = self.choices
        if self.elements and choices.chance(0.35):
            collection = choices.pick(list(self.elements))
            own = collection[len("Collection(") : -1]
            source = self.source(collection, depth, scope) if own in self.kinds else None
            return source and Call(name, (self.compared(own, depth, scope), source))
        own = self.own_kind(scope)
        if self.is_ambiguous(own, scope):
            return None
        left = self.value(own, depth, scope, anchored=anchored or own in self.enums)
        size = choices.pick((1, 1, 2, 3, 5, 0))
        items = [self.compared_literal(own) or _NULL for _ in range(size)]
        if choices.chance(0.25):
            items.insert(choices.below(len(items) + 1), _NULL)
        return Call(name, (left, ListExpr(tuple(items))))

    def case(self, name: str, kind: str, depth: int, scope: Scope, anchored: bool) -> Node | None:
        choices = self.choices
        # Literals of these kinds do not tell their type.
        typed = kind in self.enums or kind in self.elements
        if (typed and self.path(kind, scope) is None) or (kind in self.elements and choices.chance(0.97)):
            return None
        arguments: list[Node] = []
        for position in range(choices.between(1, 3)):
            condition = self.value("Boolean", min(depth, 2), scope, anchored=anchored)
            result = self.value(kind, min(depth, 1), scope, anchored=not position)
            arguments += [condition, _NULL if position and choices.chance(0.1) else result]
        if choices.chance(0.5):
            last = self.value(kind, min(depth, 1), scope, anchored=False)
            arguments += [Literal(True, edm.BOOLEAN), last]
        return Call(name, tuple(arguments))

    def cast(self, name: str, kind: str, depth: int, scope: Scope, anchored: bool) -> Node | None:
        source = self.choices.pick(self.kinds)
        families = ["Enum" if k in self.enums else k for k in (source, kind)]
        is_skipped = self.is_skipped(f"cast({','.join(families)})")
        if is_skipped or kind not in self.kinds or self.is_ambiguous(source, scope):
            return None
        anchored = anchored or source in self.enums
        return Call(name, (self.value(source, depth, scope, anchored=anchored), self.type_name(kind)))

    def isof(self, name: str, kind: str, depth: int, scope: Scope, anchored: bool) -> Node | None:
        own = self.choices.pick(self.kinds)
        target = self.type_name(self.choices.pick((own, own, self.choices.pick(self.kinds))))
        return Call(name, (self.value(own, depth, scope, anchored=anchored), target))

    def type_name(self, kind: str) -> TypeName:
        """Choose a type of a kind: `Edm.Int16` for `Integer`."""
        if kind in self.enums:
            return TypeName(kind)
        names = {"Integer": list(edm.INTEGERS), "Double": [edm.DOUBLE.name, edm.DOUBLE.name, edm.SINGLE.name]}
        return TypeName(self.choices.pick(names.get(kind, [f"Edm.{kind}"])))

    def source(self, kind: str, depth: int, scope: Scope) -> Node | None:
        """Choose a path to a collection, sometimes with `$filter`."""
        if self.choices.chance(0.2) and self.is_allowed("$filter"):
            return self.filtered("$filter", kind, depth, scope, True)
        return self.path(kind, scope)

    def filtered(self, name: str, kind: str, depth: int, scope: Scope, anchored: bool) -> Node | None:
        path = self.path(kind, scope)
        inner = scope.inside("$this", self.elements[kind])
        return path and Call(name, (path, self.predicate(depth, inner)))

    def collection_source(self, depth: int, scope: Scope) -> tuple[Node | None, edm.Type]:
        if not self.elements:
            return None, edm.NULL
        collection = self.choices.pick(list(self.elements))
        return self.source(collection, min(depth, 1), scope), self.elements[collection]

    def quantified(self, name: str, kind: str, depth: int, scope: Scope, anchored: bool) -> Node | None:
        source, element = self.collection_source(depth, scope)
        if source is None:
            return None
        if name == "any" and self.choices.chance(0.1):
            return Call(name, (source,))
        variable = self.choices.pick(_VARIABLES)
        inner = scope.inside(variable, element)
        again = len(inner.hidden) < 3 and self.choices.chance(0.25)
        body = self.nested_quantifier(source, element, variable) if again else None
        return Call(name, (source, Lambda(variable, body or self.predicate(depth, inner))))

    def predicate(self, depth: int, inner: Scope) -> Node:
        """Generate a condition on the members of a collection."""
        return self.value("Boolean", max(len(inner.hidden) < 3, min(depth, 2)), inner)

    def nested_quantifier(self, source: Node, element: edm.Type, variable: str) -> Node | None:
        """Generate a second lambda over the same collection that compares both variables."""
        choices = self.choices
        paths: list[tuple[str, ...]] = [()]
        if isinstance(element, StructuredType):
            known = self.paths(element, False)
            paths = [path for kind in known if kind in self.kinds for path in known[kind]]
        if not paths:
            return None
        member = choices.pick(paths)
        second = choices.pick([other for other in _VARIABLES if other != variable])
        pair = (Path((second, *member)), Path((variable, *member)))
        names = [name for name in ("any", "all") if self.is_allowed(name)]
        is_hidden = any(isinstance(n, Path) and n.segments[0] == variable for n in walk(source))
        is_comparable = isinstance(element, StructuredType) or kind_of(element) in self.kinds
        if is_hidden or not is_comparable or not self.comparisons:
            return None
        return Call(choices.pick(names), (source, Lambda(second, Call(choices.pick(self.comparisons), pair))))

    def counted(self, name: str, kind: str, depth: int, scope: Scope, anchored: bool) -> Node | None:
        source, element = self.collection_source(depth, scope)
        if source is None or not self.choices.chance(0.5):
            return source and Call(name, (source,))
        option = NamedValue("$filter", self.predicate(depth, scope.inside("$this", element)))
        return Call(name, (source, option))


_SPECIAL: Mapping[str, tuple[str, float, Callable[..., Node | None]]] = {
    **dict.fromkeys(COMPARISONS, ("Boolean", 1, Generator.comparison)),
    "in": ("Boolean", 1.5, Generator.membership),
    "any": ("Boolean", 1.5, Generator.quantified),
    "all": ("Boolean", 1, Generator.quantified),
    "isof": ("Boolean", 0.3, Generator.isof),
    "case": ("Any", 0.7, Generator.case),
    "cast": ("Any", 1, Generator.cast),
    "$count": ("Integer", 1.5, Generator.counted),
    "$filter": ("Collection", 1, Generator.filtered),
}
"""Operations without signatures: the kind of the result, the weight, and the producer."""


def _kind_named(name: str) -> str:
    return name if name in (*_NUMBERS, "First") else kind_of(edm.primitive(f"Edm.{name}") or edm.UNTYPED)


def _gives(signature: Signature, kind: str) -> bool:
    """True if the result of an overload is of a kind."""
    is_list = kind.startswith("Collection(")
    return is_list if signature.result == "First" else kind == _kind_named(signature.result)
