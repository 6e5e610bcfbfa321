"""The cost of a query: the work for one row, estimated before any of it is done.

The unit is about the time of one comparison in Python, 0.15 microseconds: `size gt 3` costs 1. An operation
costs its number in operations.py, for each 50 characters, each item or each vertex of its arguments, and a
pattern for each of its states, too. The body of a lambda counts for each item of its collection:
`items/any(i: i/price gt 5)` costs 100, because a collection has 100 items unless the model says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from math import prod
from typing import Any

from .. import edm
from ..language.ast import Call, Lambda, Literal, Node, TypeName, walk
from ..language.wkt import Geo
from ..limits import DEFAULT_LIMITS, Limits
from ..model.properties import Member
from ..operations import OPERATIONS
from ..problems import Problem
from .reporting import Reporter
from .typed import TypedCall, TypedList, TypedPath, has_values_only

ITEMS, CHARACTERS, VERTICES = 100, 50, 50
"""The assumed size of a collection, a text and a geography or geometry in a row."""
_READ = 120
"""The characters of a text that a cast reads at its cost."""
FEW = 10
"""The assumed size of a collection for `max_row_cost`."""
_MOST = 10**15
"""The bound above which costs are not told apart."""
_PAIRS = ("contains", "hassubsequence", "hassubset", "indexof")
"""Operations that compare each item of one collection with each of another."""
_SIZED = ("Collection", "Geo", "matchespattern", "concat")
_SIGNATURES = {s.key: s for operation in OPERATIONS.values() for s in operation.signatures}
DEAR = frozenset(key for key in _SIGNATURES if any(word in key for word in _SIZED))
"""The overloads that can cost more than their text shows; a query without them and lambdas is not walked."""
COSTLY = frozenset(key for key, signature in _SIGNATURES.items() if signature.cost > 10)
"""The overloads that cost up to 9 for each character of the text, as `-u` of a duration."""
_UNREAD = (edm.STRING.name, edm.BOOLEAN.name, edm.DOUBLE.name, *edm.INTEGERS)
"""Types whose values need no conversion from the data."""


def can_exceed(text: str, limits: Limits, is_costly: bool) -> bool:
    """Return True if a text without lambdas and dear operations may cost more than the limits allow."""
    # No character costs more than 2.5, as in `cast(a,Int32)`, but in calls of functions on long literals.
    most = len(text) * (12 if len(text) >= 1_000 else 9 if is_costly else 2.5)
    row, all_items = limits.max_row_cost, limits.max_cost
    return (row is not None and most > row) or (all_items is not None and most > all_items)


# ---- one operation -------------------------------------------------------------------------------


@cache
def work_of(key: str) -> Callable[[Sequence[int]], int]:
    """Return the function from the sizes of an overload's arguments to its cost."""
    name, _, parameters = key.partition("(")
    cost = _SIGNATURES[key].cost
    if parameters.startswith("Collection"):
        count = prod if name in _PAIRS else sum
        return lambda sizes: max(cost, 2 * count(sizes))
    if parameters.startswith("Geo"):
        return lambda sizes: cost * sum(sizes)
    if name == "matchespattern":
        return lambda sizes: max(cost, cost * sizes[0] * sizes[1] // CHARACTERS)
    if "String" in parameters:
        return lambda sizes: max(cost, cost * sum(sizes) // CHARACTERS)
    return lambda sizes: cost


def size_of(value: Any) -> int:
    """Return the number of characters of a text, items of a list or vertices of a geography; else 0."""
    if isinstance(value, Geo):
        return _count_vertices(value)
    return len(value) if isinstance(value, str | list | tuple) else 0


def _count_vertices(shape: Any) -> int:
    parts = shape.coordinates if isinstance(shape, Geo) else shape
    if not any(isinstance(part, Geo | tuple) for part in parts):
        return 1
    return sum(map(_count_vertices, parts))


def states_of(pattern: str, most: int) -> int:
    """Return the states of a pattern to count: 1 if few sets of them are ever current, which are cached.

    Each other set is found at its character, which takes the time of 4 such steps for each state.
    """
    from .. import regex  # few queries need it

    found = regex.kept(pattern, most)
    if found is None:
        return 4 * most
    return 1 if found.is_small() else 4 * found.states


# ---- a tree --------------------------------------------------------------------------------------


class Estimate:
    """Estimates typed trees; `costs` has the cost of each call by its id, for one evaluation.

    most_items  the number of items to which collections are cut
    """

    def __init__(self, limits: Limits = DEFAULT_LIMITS, most_items: int = _MOST) -> None:
        self.limits = limits
        self.most_items = most_items
        self.costs: dict[int, int] = {}

    def cost(self, trees: Iterable[Node]) -> int:
        """Return the cost of trees for each row."""
        return min(_MOST, sum([max(1, self.visit(tree)[0]) for tree in trees]))

    def visit(self, node: Node) -> tuple[int, int]:
        """Return the cost of an expression, and the size of its value."""
        if type(node) is Literal:
            return 0, size_of(node.value)
        if type(node) is TypedPath:
            size = _size_in_row(node.type, node.members)
            return _cost_to_read(node), min(size, self.most_items) if _is_read_by_item(node) else size
        if type(node) is TypedList and has_values_only(node):
            return 0, len(node.items)
        if type(node) is TypedCall and node.key == "fence":  # the service's part does not count
            return self.visit(node.arguments[0 if node.function == "$filter" else -1])
        cost = size = 0
        sizes = []
        for child in node.children():
            if type(child) is not TypeName:
                more, size = self.visit(child)
                cost += more
                sizes.append(size)
        if type(node) is TypedCall:
            cost, size = self.call(node, cost, sizes)
        elif type(node) is TypedList:
            size = len(sizes)
        self.costs[id(node)] = cost = min(_MOST, cost)
        return cost, size

    def call(self, node: TypedCall, cost: int, sizes: list[int]) -> tuple[int, int]:
        """Return the cost of a call, whose arguments have a cost and sizes, and the size of its value."""
        name, arguments = node.function, node.arguments
        size = sizes[0] if sizes else 0
        if name in ("any", "all", "$filter"):
            body = self.costs.get(id(arguments[1]), 0) if len(arguments) > 1 else 0
            visited = 1 if _stops_at_once(node) else size
            return cost - body + visited * max(1, body), size
        if name == "matchespattern":
            last = arguments[-1]
            most = self.limits.max_pattern or 2_000
            sizes[1] = 4 * most
            if type(last) is Literal and last.value is not None:
                sizes[1] = states_of(last.value, most)
        if "(" in node.key:
            cost += work_of(node.key)(sizes)
        elif name == "$count":
            cost += max(1, size if type(arguments[0]) is TypedPath else 0)
        elif any(map(_is_read_by_item, arguments)):
            cost += max(1, 2 * sum(sizes))  # `tags eq ...`, `'red' in tags`
        else:
            own = OPERATIONS[name].cost  # of a cast; a long text takes longer to read
            cost += max(own, own * size // _READ) if name == "cast" else own
        if name == "concat":
            size = sum(sizes)
        elif name == "case":
            size = max(sizes[1::2])
        elif name == "cast":
            size = size or CHARACTERS
        return cost, size


def _cost_to_read(path: TypedPath) -> int:
    """Return the cost of the steps after the first, and of reading a date, a decimal and the like."""
    is_read = isinstance(path.type, edm.PrimitiveType | edm.EnumType) and path.type.name not in _UNREAD
    return max(0, len(path.members) - 1) + 2 * is_read


def _size_in_row(type: edm.Type, members: Sequence[Member]) -> int:
    """Return the size that the value of a property is assumed to have."""
    if isinstance(type, edm.CollectionType):
        most = members[-1].property.max_items if members else None
        return ITEMS if most is None else most
    if type is edm.STRING:
        return CHARACTERS
    return (1 if type.name.endswith("Point") else VERTICES) if type.name.startswith("Edm.Geo") else 0


def _is_read_by_item(node: Node) -> bool:
    if type(node) is TypeName or has_values_only(node):
        return False
    return isinstance(node.type, edm.CollectionType)


def _stops_at_once(node: Call) -> bool:
    """True for a lambda that the first item decides: `items/any()`, `items/any(i: true)`."""
    if node.function == "$filter" or not node.arguments[1:]:
        return node.function != "$filter"
    body = node.arguments[1].children()[0]
    return type(body) is Literal and (body.value is True) is (node.function == "any")


# ---- the bound on a query ------------------------------------------------------------------------


class _Number(int):
    """A number with spaces between its groups of digits: `100 000 000`."""

    def __str__(self) -> str:
        return f"{self:,}".replace(",", " ")


def check_cost(options: Sequence[tuple[Reporter, Sequence[Node]]], limits: Limits) -> Iterable[Problem]:
    """Report the typed trees of a query's options if together they cost more than the limits allow."""
    estimate = Estimate(limits)
    costs = [estimate.cost(trees) for _, trees in options]
    if limits.max_cost is not None and sum(costs) > limits.max_cost:
        return _report(options, estimate, costs, limits.max_cost, "query-too-expensive")
    if limits.max_row_cost is not None and sum(costs) > limits.max_row_cost:  # perhaps with few items, too
        estimate = Estimate(limits, FEW)
        costs = [estimate.cost(trees) for _, trees in options]
        if sum(costs) > limits.max_row_cost:
            return _report(options, estimate, costs, limits.max_row_cost, "query-too-expensive.few")
    return ()


def _report(
    options: Sequence[tuple[Reporter, Sequence[Node]]],
    estimate: Estimate,
    costs: Sequence[int],
    most: int,
    message_id: str,
) -> Iterable[Problem]:
    """Report the dearest part of the dearest option."""
    reporter, trees = options[costs.index(max(costs))]

    def cost_of(node: Node) -> int:
        return estimate.costs.get(id(node), 0)

    dear = max(trees, key=cost_of)
    while True:
        # The dearest part is the innermost that costs too much alone, or a part of `and`, `or` and `not`.
        inner = max(dear.children(), key=cost_of, default=dear)
        is_logic = type(dear) is Lambda or (type(dear) is TypedCall and dear.function in ("and", "or", "not"))
        if inner is dear or not (is_logic or cost_of(inner) > most) or not cost_of(inner):
            break
        dear = inner
    numbers = {"part": cost_of(dear), "cost": sum(costs), "most": most}
    values: dict[str, Any] = {name: _Number(number) for name, number in numbers.items()}
    reporter.report(message_id, _parsed(dear, reporter), span=dear.span, **values)
    return reporter.problems


def _parsed(typed: Node, reporter: Reporter) -> Node | None:
    """Return the parsed node of a typed one: the reporter knows from which alias it is."""
    nodes = [node for root in reporter.roots for node in walk(root) if node.span == typed.span]
    same = [node for node in nodes if getattr(node, "function", "") == getattr(typed, "function", "")]
    return next(iter(same or nodes), None)
