"""Nodes of the rules of grammar/odata.lark.

`RULES` holds a function for each rule: (end, *values) -> value. end is the offset after the rule's last
token, values are those of its parts; tokens whose names start with "_" have none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from operator import is_not
from typing import Any, NamedTuple

from .. import edm
from ..operations import FUNCTIONS, OPERATIONS, SEGMENTS
from .ast import (
    Call,
    Lambda,
    ListExpr,
    Literal,
    NamedValue,
    Node,
    OrderByItem,
    Path,
    RecordExpr,
    Span,
    TypeName,
)
from .literals import quote, write
from .tokens import MAX_CACHED, Opening, SyntaxProblem, number


class Pair(NamedTuple):
    """`condition: value` in `case`, `variable: predicate` in `any`."""

    left: Node
    colon: int
    right: Node

    @property
    def span(self) -> Span:
        """From the start of the left to the end of the right."""
        return self.left.span[0], self.right.span[1]


class Enclosed(tuple[int, int]):
    """The span of an operation or a time in parentheses, which it does not include."""

    __slots__ = ()


_CLOCKS = (edm.TIME_OF_DAY, edm.DATE_TIME_OFFSET)
_SPLITS = re.compile(r"^[0-9]{2}:[0-9]{2}$|:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?$")
"""A time, or a moment without an offset, whose last part can be a number of its own."""
_operators: dict[str, str] = {}


def _operator(text: str) -> str:
    """Return the operator in a token: ` EQ ` -> `eq`. There are few ways to write it, so it is cached."""
    word = text.strip().lower()
    if len(_operators) < MAX_CACHED:
        _operators[text] = word
    return word


def _extend(end: int, items: list[Any], item: Any) -> list[Any]:
    items.append(item)
    return items


def _binary(end: int, left: Node, operator: str, right: Node) -> Call:
    return Call(_operators.get(operator) or _operator(operator), (left, right), (left.span[0], end))


def _array(end: int, opening: Opening, items: Sequence[Node] = ()) -> ListExpr:
    texts = [_text(item) for item in items]
    return ListExpr(tuple(texts), (opening[1], end), any(map(is_not, items, texts)))


def _text(item: Node) -> Node:
    """Make a String of a text of JSON; return any other node unchanged."""
    if isinstance(item, Literal) and item.type is edm.UNTYPED:
        return Literal(item.value, edm.STRING, item.span)
    return item


def _prefix(end: int, opening: Opening, operand: Node) -> Call:
    sign, start, _ = opening
    return Call("negate" if sign[0] == "-" else "not", (operand,), (start, end))


def _parenthesis(end: int, inside: Node) -> Node:
    """Mark what is in parentheses, where `case` looks for its colons."""
    if type(inside) is Call:
        return Call(inside.function, inside.arguments, Enclosed(inside.span))
    if type(inside) is Literal and inside.type in _CLOCKS:
        return Literal(inside.value, inside.type, Enclosed(inside.span))
    return inside


def _in_list(end: int, left: Node, operator: str, opening: Opening, items: Sequence[Node] = ()) -> Call:
    """Tell `x in ('a', 'b')`, which has a list, from `x in (Names)`, which has a parenthesis."""
    other = next((n for n, item in enumerate(items) if not isinstance(item, Literal)), None)
    right: Node
    if other is None:
        right = ListExpr(tuple(items), (opening[1], end))
    elif len(items) == 1:
        right = _parenthesis(end, items[0])
    else:
        # If the first item is not a literal, it is correct by itself; the comma after it makes a list of it.
        place = items[other].span if other else (items[0].span[1], None)
        if all(type(item) is Literal or _is_name(item) for item in items):
            texts = [_item_meant(item) for item in items[:20]]
            raise SyntaxProblem("unexpected-text.unquoted-list", *place, meant=f"({','.join(texts)})")
        raise SyntaxProblem("unexpected-text.literals", *place)
    return Call("in", (left, right), (left.span[0], end))


def _item_meant(item: Any) -> str:
    """Write an item of a list, where a name was probably meant as a literal: `Red` -> `'Red'`."""
    if type(item) is Literal:
        return write(item.value, item.type)
    from .meant import NULL_ELSEWHERE, literal_meant

    name = item.segments[0]
    return "null" if name.lower() in NULL_ELSEWHERE else literal_meant(name, edm.DOUBLE) or quote(name)


def _call(end: int, opening: Opening, arguments: list[Any] | tuple[()] = ()) -> Call:
    name, start, inside = opening
    if name in _SPECIAL:
        arguments = _SPECIAL[name](name, inside, list(arguments))
    else:
        for argument in arguments:
            kind = type(argument)
            if kind is Pair:
                raise SyntaxProblem("unexpected-text.colon", argument.colon)
            if kind is TypeName and name != "Collection":
                raise SyntaxProblem("unexpected-text.qualified", argument.span[1])
            if kind is NamedValue and name in FUNCTIONS:
                raise SyntaxProblem("unexpected-text.named", *argument.span, function=name)
    return Call(name, tuple(arguments), (start, end))


def _lambda(function: str, inside: int, arguments: list[Any]) -> list[Node]:
    """Make the argument of `any(t: t eq 1)`, or none for `any()`."""
    if not arguments:
        if function == "any":
            return []
        raise SyntaxProblem("missing-operand.all", inside)
    pair = arguments[0]
    if type(pair) is not Pair:
        first = pair
        while first.children():
            first = first.children()[0]
        place = first.span[1] if _is_name(first) else pair.span[0]
        raise SyntaxProblem("unexpected-text.lambda", place, function=function)
    name: Any = pair.left
    if not _is_name(name):
        raise SyntaxProblem("unexpected-text.lambda-name", *name.span, function=function)
    if len(arguments) > 1:
        raise SyntaxProblem("unexpected-text.lambda-one", pair.right.span[1], function=function)
    return [Lambda(name.segments[0], pair.right, (name.span[0], pair.right.span[1]))]


def _is_name(node: Any) -> bool:
    """Return True for a path of one name, which can be a lambda variable or an unqualified type."""
    return type(node) is Path and len(node.segments) == 1 and str(node.segments[0])[0] not in "@$"


def _case(function: str, inside: int, arguments: list[Any]) -> list[Node]:
    """Return the conditions and values of `case(a eq 1:'x', true:'y')` in turn."""
    if not arguments:
        raise SyntaxProblem("missing-operand.case", inside)
    found: list[Node] = []
    for argument in arguments:
        pair = argument if type(argument) is Pair else _split_time(argument)
        found += (pair.left, pair.right)
    return found


def _split_time(argument: Node) -> Pair:
    """Split `a eq 10:20`, read as a time, into the condition `a eq 10` and the value 20 of `case`.

    The colon of the pair is the last one that is not in parentheses.
    """
    literal, above = _find_time(argument)
    before, _, after = literal.value.rpartition(":")
    start, end = literal.span
    colon = start + len(before)
    is_time = ":" in before
    left: Node = Literal(before, literal.type, (start, colon)) if is_time else number(before, start, colon)
    right: Node = number(after, colon + 1, end)
    while above:
        parent, index, above = above
        first, rest = parent.arguments[:index], parent.arguments[index + 1 :]
        if first or not rest:
            left = Call(parent.function, (*first, left), (parent.span[0], colon))
        if rest:
            right = Call(parent.function, (right, *rest), (colon + 1, parent.span[1]))
    return Pair(left, colon, right)


def _find_time(argument: Node) -> tuple[Literal, Any]:
    """Find the last time that can be two numbers around a colon, and the operations around it, as
    (operation, index of the argument, operations around that)."""
    pending: list[tuple[Node, Any]] = [(argument, ())]
    while pending:
        node, above = pending.pop()
        if isinstance(node.span, Enclosed):
            continue
        if type(node) is Literal and node.type in _CLOCKS and _SPLITS.search(node.value):
            return node, above
        if type(node) is Call and node.function in OPERATIONS and OPERATIONS[node.function].is_operator:
            pending += [(child, (node, index, above)) for index, child in enumerate(node.arguments)]
    raise SyntaxProblem("missing-operand.pairs", argument.span[1])


def _typed(function: str, inside: int, arguments: list[Any]) -> list[Node]:
    """Return the arguments of `cast(x, Edm.String)` or `isof(Model.Customer)`; the last is a type."""
    if not arguments:
        raise SyntaxProblem("missing-operand.type", inside, function=function)
    for extra in arguments[:-1]:
        if type(extra) in (Pair, NamedValue, TypeName) or len(arguments) > 2:
            start = arguments[2].span[0] if len(arguments) > 2 else inside
            raise SyntaxProblem("unexpected-text.typed", start, function=function)
    last = arguments[-1]
    inner: Any = last
    collection = type(last) is Call and last.function == "Collection" and len(last.arguments) == 1
    if collection:
        inner = last.arguments[0]
    if _is_name(inner):
        inner = TypeName(inner.segments[0], inner.span)
    if type(last) is Literal and last.type is edm.STRING and _TYPE.fullmatch(last.value):
        name = last.value
        raise SyntaxProblem("unexpected-text.type-quoted", *last.span, suggestion=name, meant=name)
    if type(inner) is not TypeName:
        raise SyntaxProblem("unexpected-text.type-last", *last.span, function=function)
    if collection:
        inner = TypeName(f"Collection({inner.name})", last.span)
    return [*arguments[:-1], inner]


_TYPE = re.compile(r"(?:Collection\()?[^\W\d]\w*(?:\.[^\W\d]\w*)*\)?")

_SPECIAL: dict[str, Callable[[str, int, list[Any]], list[Node]]] = {
    "any": _lambda, "all": _lambda, "case": _case, "cast": _typed, "isof": _typed,
}  # fmt: skip
"""Functions whose arguments are not just values: (function, offset after its `(`, arguments)."""


def _segment(end: int, path: Path) -> Path:
    if str(path.segments[0])[0] == "$":
        raise SyntaxProblem("unexpected-text.path-start", *path.span, segment=path.segments[0])
    return path


def _head(end: int, call: Call) -> Call:
    if call.function in SEGMENTS:
        raise SyntaxProblem("unexpected-text.after-path", *call.span, function=call.function)
    return call


def _path(end: int, first: Path | Call, tails: list[Path | Call]) -> Node:
    start = first.span[0]
    segments: list[Any] = [_head(end, first)] if isinstance(first, Call) else list(first.segments)
    for position, tail in enumerate(tails):
        if type(tail) is Path:
            segments += tail.segments
        elif type(tail) is Call and tail.function in SEGMENTS:
            source = first if position == 0 else _joined(segments, start, tail.span[0] - 1)
            segments = [Call(tail.function, (source, *tail.arguments), (start, tail.span[1]))]
        else:
            segments.append(tail)
    return _joined(segments, start, end)


def _joined(segments: list[Any], start: int, end: int) -> Node:
    if len(segments) == 1 and type(segments[0]) is Call:
        return segments[0]
    return Path(tuple(segments), (start, end))


RULES: dict[str, Callable[..., Any]] = {
    "array": _array,
    "ascending": lambda end, expression: OrderByItem(expression, False, (expression.span[0], end)),
    "begin": lambda end, item: [item],
    "binary": _binary,
    "call": _call,
    "conjunction": lambda end, first, rest: Call("and", (first, *rest), (first.span[0], end)),
    "count_segment": lambda end, opening, first, rest=(): Call("$count", (first, *rest), (opening[1], end)),
    "directed": lambda end, item, word: OrderByItem(item, _operator(word) == "desc", (item.span[0], end)),
    "disjunction": lambda end, first, rest: Call("or", (first, *rest), (first.span[0], end)),
    "extend": _extend,
    "filter_segment": lambda end, opening, predicate: Call("$filter", (predicate,), (opening[1], end)),
    "head": _head,
    "in_list": _in_list,
    "items": lambda end, first, rest=(): [first, *rest],
    "member": lambda end, name, colon, value: NamedValue(name.value, _text(value), (name.span[0], end)),
    "named": lambda end, opening, value: NamedValue(opening[0], _text(value), (opening[1], end)),
    "pair": lambda end, left, colon, right: Pair(left, colon[1], right),
    "parenthesis": _parenthesis,
    "path": _path,
    "prefix": _prefix,
    "record": lambda end, opening, members=(): RecordExpr(tuple(members), (opening[1], end)),
    "segment": _segment,
}
