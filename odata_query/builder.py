"""What the rules of grammar/odata.lark become: the nodes of the tree.

`RULES` holds a function for each rule: (values, count, end). It takes the last `count` values off the
list and puts the rule's value in their place; end is the offset behind the rule's last token.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from . import edm
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
    TypeName,
    unfrozen,
)
from .operations import FUNCTIONS, SEGMENTS
from .tokens import Opening, Refusal, number

_NewCall = unfrozen(Call)


class Pair(NamedTuple):
    """`condition: value` in `case`, `variable: predicate` in `any`."""

    left: Node
    colon: int
    right: Node


def _begin(values: list[Any], count: int, end: int) -> None:
    values[-1] = [values[-1]]


def _extend(values: list[Any], count: int, end: int) -> None:
    item = values.pop()
    values[-1].append(item)


def _items(values: list[Any], count: int, end: int) -> None:
    rest = values.pop() if count == 2 else ()
    values[-1] = [values[-1], *rest]


def _binary(values: list[Any], count: int, end: int) -> None:
    right = values.pop()
    node = _NewCall()
    node.function = values.pop()
    left = values[-1]
    node.arguments = (left, right)
    node.span = (left.span[0], end)
    node.__class__ = Call
    values[-1] = node


def _chain(function: str) -> Callable[[list[Any], int, int], None]:
    def build(values: list[Any], count: int, end: int) -> None:
        rest = values.pop()
        first = values[-1]
        values[-1] = Call(function, (first, *rest), (first.span[0], end))

    return build


def _prefix(values: list[Any], count: int, end: int) -> None:
    operand = values.pop()
    opening = values[-1]
    function = "negate" if opening.name[0] == "-" else "not"
    values[-1] = Call(function, (operand,), (opening.start, end))


def _in_list(values: list[Any], count: int, end: int) -> None:
    """`x in ('a', 'b')` is a list, `x in (Names)` a parenthesis."""
    items = values.pop() if count == 4 else []
    opening = values.pop()
    values.pop()
    wrong = next((n for n, item in enumerate(items) if not isinstance(item, Literal)), None)
    right: Node
    if wrong is None:
        right = ListExpr(tuple(items), (opening.start, end))
    elif len(items) == 1:
        right = items[0]
    else:
        message = "A list after 'in' holds literals only."
        start, stop = items[wrong].span if wrong else (items[0].span[1], None)
        raise Refusal("unexpected-text", message, start, stop)
    left = values[-1]
    values[-1] = Call("in", (left, right), (left.span[0], end))


def _array(values: list[Any], count: int, end: int) -> None:
    items = values.pop() if count == 2 else ()
    values[-1] = ListExpr(tuple(items), (values[-1].start, end))


def _record(values: list[Any], count: int, end: int) -> None:
    members = values.pop() if count == 2 else ()
    values[-1] = RecordExpr(tuple(members), (values[-1].start, end))


def _member(values: list[Any], count: int, end: int) -> None:
    value = values.pop()
    values.pop()
    name = values[-1]
    values[-1] = NamedValue(name.value, value, (name.span[0], end))


def _named(values: list[Any], count: int, end: int) -> None:
    value = values.pop()
    opening = values[-1]
    values[-1] = NamedValue(opening.name, value, (opening.start, end))


def _pair(values: list[Any], count: int, end: int) -> None:
    right = values.pop()
    colon = values.pop()
    values[-1] = Pair(values[-1], colon.start, right)


def _call(values: list[Any], count: int, end: int) -> None:
    arguments = values.pop() if count == 2 else []
    opening = values[-1]
    name = opening.name
    if name in _SPECIAL:
        arguments = _SPECIAL[name](opening, arguments, end)
    else:
        for argument in arguments:
            if type(argument) is Pair:
                message = "A ':' stands in 'any', 'all' and 'case' only."
                raise Refusal("unexpected-text", message, argument.colon)
            if type(argument) is TypeName and name != "Collection":
                message = "A qualified name is followed by '/' or '('."
                raise Refusal("unexpected-text", message, argument.span[1])
            if type(argument) is NamedValue and name in FUNCTIONS:
                message = f"'{name}' takes its arguments without names."
                raise Refusal("unexpected-text", message, argument.span[0], argument.span[1])
    node = _NewCall()
    node.function = name
    node.arguments = tuple(arguments)
    node.span = (opening.start, end)
    node.__class__ = Call
    values[-1] = node


def _lambda(opening: Opening, arguments: list[Any], end: int) -> list[Node]:
    """The argument of `any(t: t eq 1)`, none for `any()`."""
    if not arguments and opening.name == "any":
        return []
    if not arguments:
        raise Refusal("missing-operand", "'all' takes a lambda expression.", opening.inside)
    pair = arguments[0]
    if type(pair) is not Pair:
        message = f"'{opening.name}' takes a variable, a ':' and an expression."
        raise Refusal("unexpected-text", message, pair.span[1])
    name = pair.left
    if not (type(name) is Path and len(name.segments) == 1 and name.segments[0][0] not in "@$"):
        message = f"'{opening.name}' takes the name of a variable before the ':'."
        raise Refusal("unexpected-text", message, *name.span)
    if len(arguments) > 1:
        message = f"'{opening.name}' takes one lambda expression."
        raise Refusal("unexpected-text", message, pair.right.span[1])
    return [Lambda(name.segments[0], pair.right, (name.span[0], pair.right.span[1]))]


def _case(opening: Opening, arguments: list[Any], end: int) -> list[Node]:
    """The conditions and values of `case(a eq 1:'x', true:'y')` in turn."""
    if not arguments:
        raise Refusal("missing-operand", "'case' takes conditions and values.", opening.inside)
    found: list[Node] = []
    for argument in arguments:
        if type(argument) is not Pair:
            argument = _split_time(argument)
        found += (argument.left, argument.right)
    return found


def _split_time(argument: Node) -> Pair:
    """`a eq 10:20` was read as a time, but in `case` it is the condition `a eq 10` and the value 20."""
    spine = [argument]
    while spine[-1].children():
        spine.append(spine[-1].children()[-1])
    last = spine.pop()
    if not (isinstance(last, Literal) and last.type is edm.TIME_OF_DAY):
        raise Refusal("missing-operand", "'case' takes pairs 'condition:value'.", argument.span[1])
    before, _, after = last.value.rpartition(":")
    start, end = last.span
    colon = start + len(before)
    left: Node = (
        Literal(before, edm.TIME_OF_DAY, (start, colon))
        if ":" in before
        else number(before, start, colon)
    )
    for parent in reversed(spine):
        left = parent.with_children((*parent.children()[:-1], left))
    return Pair(left, colon, number(after, colon + 1, end))


def _typed(opening: Opening, arguments: list[Any], end: int) -> list[Node]:
    """The arguments of `cast(x, Edm.String)` and `isof(Model.Customer)`; the last is a type."""
    name = opening.name
    if not arguments:
        raise Refusal("missing-operand", f"'{name}' takes a type.", opening.inside)
    for extra in arguments[:-1]:
        if type(extra) in (Pair, NamedValue, TypeName) or len(arguments) > 2:
            start = arguments[2].span[0] if len(arguments) > 2 else opening.inside
            raise Refusal("unexpected-text", f"'{name}' takes an expression and a type.", start)
    last = arguments[-1]
    inner = last
    collection = type(last) is Call and last.function == "Collection" and len(last.arguments) == 1
    if collection:
        inner = last.arguments[0]
    if type(inner) is Path and len(inner.segments) == 1 and inner.segments[0][0] not in "@$":
        inner = TypeName(inner.segments[0], inner.span)
    if type(inner) is not TypeName:
        start, stop = opening.inside, None
        if type(last) is not Pair:
            start, stop = last.span
        raise Refusal("unexpected-text", f"'{name}' takes a type as its last argument.", start, stop)
    if collection:
        inner = TypeName(f"Collection({inner.name})", last.span)
    return [*arguments[:-1], inner]


_SPECIAL: dict[str, Callable[[Opening, list[Any], int], list[Node]]] = {
    "any": _lambda,
    "all": _lambda,
    "case": _case,
    "cast": _typed,
    "isof": _typed,
}


def _filter_segment(values: list[Any], count: int, end: int) -> None:
    predicate = values.pop()
    values[-1] = Call("$filter", (predicate,), (values[-1].start, end))


def _count_segment(values: list[Any], count: int, end: int) -> None:
    rest = values.pop() if count == 3 else ()
    first = values.pop()
    values[-1] = Call("$count", (first, *rest), (values[-1].start, end))


def _segment(values: list[Any], count: int, end: int) -> None:
    path = values[-1]
    if path.segments[0][0] == "$":
        message = f"'{path.segments[0]}' stands at the start of a path only."
        raise Refusal("unexpected-text", message, path.span[0], path.span[1])


def _head(values: list[Any], count: int, end: int) -> None:
    call = values[-1]
    if call.function in SEGMENTS:
        message = f"'{call.function}' stands behind a path: path/{call.function}(...)."
        raise Refusal("unexpected-text", message, *call.span)


def _whole_path(values: list[Any], count: int, end: int) -> None:
    tails = values.pop()
    first = values[-1]
    if type(first) is Call:
        _head(values, count, end)
    start = first.span[0]
    segments: list[Any] = [first] if type(first) is Call else list(first.segments)
    for tail in tails:
        if type(tail) is Path:
            segments += tail.segments
        elif tail.function in SEGMENTS:
            source = _joined(segments, start, tail.span[0] - 1)
            segments = [Call(tail.function, (source, *tail.arguments), (start, tail.span[1]))]
        else:
            segments.append(tail)
    values[-1] = _joined(segments, start, end)


def _joined(segments: list[Any], start: int, end: int) -> Node:
    if len(segments) == 1 and type(segments[0]) is Call:
        return segments[0]
    return Path(tuple(segments), (start, end))


def _ascending(values: list[Any], count: int, end: int) -> None:
    expression = values[-1]
    values[-1] = OrderByItem(expression, False, (expression.span[0], end))


def _directed(values: list[Any], count: int, end: int) -> None:
    direction = values.pop()
    expression = values[-1]
    values[-1] = OrderByItem(expression, direction == "desc", (expression.span[0], end))


RULES: dict[str, Callable[[list[Any], int, int], None]] = {
    "array": _array,
    "ascending": _ascending,
    "begin": _begin,
    "binary": _binary,
    "call": _call,
    "conjunction": _chain("and"),
    "count_segment": _count_segment,
    "directed": _directed,
    "disjunction": _chain("or"),
    "extend": _extend,
    "filter_segment": _filter_segment,
    "head": _head,
    "in_list": _in_list,
    "items": _items,
    "member": _member,
    "named": _named,
    "pair": _pair,
    "path": _whole_path,
    "prefix": _prefix,
    "record": _record,
    "segment": _segment,
}
