"""Text to tree: a lean loop over the LALR tables of grammar/odata.lark.

The loop asks a lexer for the token at its place, one of those that its state can take, and shifts or
reduces as the tables say. Three things are learnt as texts are read, and kept because there are few:
the pattern for each state and first character; for each token, the function that makes its value; and
what a reduction leads to, past all the rules that only rename what they hold (`atom` to `primary` to
`unary` ...). Learning twice in two threads gives the same entry, so the loop needs no lock.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ._tables import ACTIONS, END, GOTOS, RULES, STARTS, TERMINALS
from .ast import Lambda, ListExpr, Node, OrderByItem, Path, walk
from .builder import RULES as BUILD_RULE
from .diagnosis import misread
from .errors import ODataError, Problem, error
from .limits import DEFAULT_LIMITS, Limits
from .tokens import TOKENS as BUILD_TOKEN
from .tokens import Refusal

_NAMES = [name for name, *_ in TERMINALS]
_OPENING = {
    "_OPEN", "OPEN_LIST", "OPEN_KEY", "FUNCTION", "FILTER", "COUNT", "NOT", "MINUS", "BRACKET", "BRACE",
}  # fmt: skip
_NESTING = frozenset(
    row[number]
    for row in ACTIONS
    for number, name in enumerate(_NAMES)
    if name in _OPENING and number in row
)
"""States in which something has just been opened."""

Rule = tuple[int, int, Callable[[list[Any], int, int], None] | None, int]
"""The number of states a rule takes off, of values, what builds its node, and its symbol."""
_WHITE = " \t"
Action = tuple[int, Rule | None]
"""A state to shift to, or a rule to reduce by; (0, None) if the token cannot stand here."""
_RULES: list[Rule] = [(length, count, BUILD_RULE.get(name), s) for s, length, count, name in RULES]
_ACTIONS: list[dict[int, Action]] = [
    {token: (to, None) if to > 0 else (0, _RULES[-1 - to]) for token, to in row.items()}
    for row in ACTIONS
]
_NO_ACTION: Action = (0, None)

_lexers: list[dict[str, tuple[Callable[..., Any], list[Any]]]] = [{} for _ in ACTIONS]
_patterns: dict[tuple[int, ...], Callable[..., Any]] = {}
_steps: list[dict[int, tuple[int, int, Rule | None]]] = [{} for _ in ACTIONS]
_SYMBOLS = 1 + max(symbol for symbol, *_ in RULES)


def _learn_token(state: int, chars: str) -> tuple[Callable[..., Any], list[Any]]:
    """How a state reads a token that starts so: what matches it, and for each group what to do.

    chars is one character, or a blank and the one behind it, or empty at the end of the text.
    """
    chars = "".join("\x80" if char > "\x7f" else char for char in chars)
    if chars[1:] in (" ", "\t"):
        chars = chars[0]
    found = _lexers[state].get(chars)
    if found is None:
        row = _ACTIONS[state]
        able = tuple(
            number
            for number, (_, _, first, behind) in enumerate(TERMINALS)
            if number in row and chars and chars[0] in first and chars[-1] in (behind if chars[1:] else first)
        )
        if not chars and END in row:
            able = (END,)
        match = _patterns.get(able)
        if match is None:
            parts = [f"({TERMINALS[number][1]})" if number != END else r"(\Z)" for number in able]
            match = _patterns[able] = re.compile("|".join(parts) or r"(?!)").match
        groups = [
            (number, *row[number], BUILD_TOKEN.get(_NAMES[number]) if number != END else None)
            for number in able
        ]
        found = _lexers[state][chars] = (match, [None, *groups])
    return found


def _learn_step(below: int, symbol: int, token: int) -> tuple[int, int, Rule | None]:
    """Where a reduction to symbol leads before a token, past the rules that only rename it."""
    while True:
        state = GOTOS[below][symbol]
        to, rule = _ACTIONS[state].get(token, _NO_ACTION)
        if rule is None or rule[0] != 1 or rule[2] is not None:
            return state, to, rule
        symbol = rule[3]


def _expected(state: int) -> list[str]:
    """The names of the tokens that a state takes; "" is the end of the text."""
    return [_NAMES[n] if n != END else "" for n in ACTIONS[state]]


def _parse(start: str, text: str, max_depth: int | None) -> Any:
    """The value of a start rule over the whole text; raises Refusal."""
    size = len(text)
    place = 0
    if text[:1] in _WHITE or text[-1:] in _WHITE:
        size = len(text.rstrip(_WHITE))
        place = min(size, len(text) - len(text.lstrip(_WHITE)))
    bound = size if max_depth is None else max_depth
    lexers, all_steps = _lexers, _steps
    state = STARTS[start]
    states = [state]
    values: list[Any] = []
    end = place
    while True:
        chars = text[place] if place < size else ""
        if chars == " ":
            chars = text[place : place + 2]
        learnt = lexers[state].get(chars)
        match, groups = learnt or _learn_token(state, chars)
        token = match(text, place, size)
        if token is None:
            raise misread(text, place, _expected(state))
        number, to, rule, build = groups[token.lastindex]
        while rule is not None:
            length, count, reduce, symbol = rule
            if reduce is not None:
                reduce(values, count, end)
            if length == 1:
                states.pop()
            else:
                del states[-length:]
            below = states[-1]
            steps = all_steps[below]
            key = number * _SYMBOLS + symbol
            if key not in steps:
                steps[key] = _learn_step(below, symbol, number)
            state, to, rule = steps[key]
            states.append(state)
        if to == 0:
            raise misread(text, place, _expected(state))
        if number == END:
            return values[-1]
        end = token.end()
        if build is not None:
            values.append(build(text[place:end], place, end))
        states.append(to)
        if len(states) > bound and to in _NESTING and sum(s in _NESTING for s in states) > bound:
            message = f"The expression nests more than {bound} levels deep."
            raise Refusal("expression-too-deep", message, place, end)
        state = to
        place = end


def parse_filter(text: str, *, limits: Limits = DEFAULT_LIMITS) -> Node:
    """The tree of a `$filter`, percent-decoded: `contains(name,'x') and not (size gt 3)`.

    Any expression of the language is taken (commonExpr, URL Conventions 5.1.1); no model is needed.
    Raises ParseError where the text is no expression, LimitError where it is more than limits allow.
    """
    node: Node = parse("filter", text, "", limits)
    return node


def parse_orderby(text: str, *, limits: Limits = DEFAULT_LIMITS) -> tuple[OrderByItem, ...]:
    """The items of an `$orderby`, percent-decoded: `Supplier/Name desc,length(Name)` (5.1.4).

    Raises ParseError and LimitError as parse_filter does.
    """
    return tuple(parse("orderby", text, "", limits))


def parse(start: str, text: str, option: str, limits: Limits) -> Any:
    """What parse_filter and parse_orderby share; option is named in the problems."""
    bound = limits.max_length
    try:
        if bound is not None and len(text) > bound:
            message = f"The option has more than {bound} characters."
            raise Refusal("text-too-long", message, bound)
        if not text.isascii():
            _check_characters(text)
        found = _parse(start, text, limits.max_depth)
        if "\0" in text:
            raise Refusal("invalid-character", "U+0000 cannot stand in a query.", text.index("\0"))
        _check_size(found, text, limits)
    except Refusal as refusal:
        raise _refused(refusal, text, option) from None
    return found


def _refused(refusal: Refusal, text: str, option: str) -> ODataError:
    start, end = refusal.start, refusal.end
    if end is None:
        start += len(text[start:]) - len(text[start:].lstrip(" \t"))
        end = min(start + 1, len(text))
    shown = text[: end + 200]
    problem = Problem(refusal.code, refusal.message, option, (start, end), refusal.suggestion, shown)
    return error([problem])


def _check_characters(text: str) -> None:
    """Refuse lone surrogates: no UTF-8 text, so no value of Edm.String, holds them."""
    try:
        text.encode()
    except UnicodeEncodeError as wrong:
        code = ord(text[wrong.start])
        message = f"U+{code:04X} is half of a character."
        raise Refusal("invalid-character", message, wrong.start) from None


def _check_size(found: Any, text: str, limits: Limits) -> None:
    """Refuse a tree that is larger than the limits; looks at the tree only where its text may be."""
    if (
        (limits.max_nodes is None or len(text) <= limits.max_nodes)
        and (limits.max_in_items is None or text.count(",") < limits.max_in_items)
        and (limits.max_path_depth is None or text.count("/") < limits.max_path_depth)
        and (limits.max_lambda_depth is None or text.count(":") <= limits.max_lambda_depth)
        and (limits.max_orderby_items is None or text.count(",") < limits.max_orderby_items)
    ):
        return
    roots = [found] if isinstance(found, Node) else found
    if roots is found and _exceeds(len(found), limits.max_orderby_items):
        place = found[limits.max_orderby_items or 0].span
        message = f"$orderby has more than {limits.max_orderby_items} items."
        raise Refusal("too-many-orderby-items", message, *place)
    count = 0
    for root in roots:
        pending: list[tuple[Node, int]] = [(root, 0)]
        for node, lambdas in pending:
            count += 1
            if isinstance(node, Path) and _exceeds(len(node.segments), limits.max_path_depth):
                message = f"A path has more than {limits.max_path_depth} segments."
                raise Refusal("path-too-long", message, *node.span)
            if isinstance(node, ListExpr) and _exceeds(len(node.items), limits.max_in_items):
                place = node.items[limits.max_in_items or 0].span
                message = f"A list has more than {limits.max_in_items} items."
                raise Refusal("list-too-long", message, *place)
            if isinstance(node, Lambda):
                lambdas += 1
                if _exceeds(lambdas, limits.max_lambda_depth):
                    message = f"More than {limits.max_lambda_depth} lambda expressions in one another."
                    raise Refusal("lambda-too-deep", message, *node.span)
            pending.extend((child, lambdas) for child in node.children())
    if _exceeds(count, limits.max_nodes):
        message = f"The expression has {count} parts, more than {limits.max_nodes}."
        raise Refusal("expression-too-large", message, 0, len(text))


def _exceeds(count: int, bound: int | None) -> bool:
    return bound is not None and count > bound
