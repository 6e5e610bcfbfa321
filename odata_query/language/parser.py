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

from ..errors import ODataError, error
from ..limits import DEFAULT_LIMITS, Limits
from ..operations import OPERATIONS
from ..problems import problem
from ._tables import ACTIONS, END, GOTOS, RULES, STARTS, TERMINALS
from .ast import MAX_HEIGHT, Lambda, ListExpr, Node, OrderByItem, Path, find_too_deep
from .nodes import RULES as BUILD_RULE
from .tokens import TOKENS as BUILD_TOKEN
from .tokens import SyntaxProblem, keep_text

_WHITE = " \t"
_PLAIN = frozenset({"top", "skip", "count"})
"""Starts of one token: a number or a truth, with no white space around it."""
_NAMES = [name for name, *_ in TERMINALS]
_OPENING = {
    "_OPEN", "OPEN_LIST", "OPEN_KEY", "FUNCTION", "FILTER", "COUNT", "NOT", "MINUS", "BRACKET", "BRACE",
}  # fmt: skip
"""Tokens that open a level of nesting."""


Rule = tuple[int, int, Callable[..., Any] | None, int]
"""What a rule takes off, so many states and so many values; what makes one value of these; its symbol."""
_RULES: list[Rule] = [
    (length, values, BUILD_RULE.get(name), symbol) for symbol, length, values, name in RULES
]
_SYMBOLS = 1 + max(symbol for symbol, *_ in RULES)


class State:
    """A state of the parser above another one, and what it has learnt.

    The state below decides what a rule that only renames leads to. So the same number above another
    state is another State, and such rules are passed over when the next token is learnt.

    tokens  by first character, or two if the first is a blank: how the token that starts so is read
    steps   by token and symbol: the Move after a reduction to the symbol down to here
    """

    __slots__ = ("above", "below", "is_nested", "number", "steps", "tokens")

    def __init__(self, number: int, below: State | None, is_nested: bool) -> None:
        self.number = number
        self.below = below
        self.is_nested = is_nested
        self.above: dict[int, State] = {}
        self.tokens: dict[str, Lexer] = {}
        self.steps: dict[int, Move] = {}

    def over(self, number: int, is_nested: bool = False) -> State:
        """The state with a number above this one."""
        # States above one number are alike whatever is below that, so they hang on the start.
        base = _BASES[self.number]
        return base.above.get(number) or base.above.setdefault(number, State(number, base, is_nested))


Move = tuple[int, State, State | None, Rule | None, Callable[[str, int, int], Any] | None]
"""A token's number, the state now on top, and a state to shift to (with what makes the token's value) or a
rule to reduce by; neither, if the token cannot stand here or is the end of a whole text."""

Lexer = tuple[Callable[..., Any], Move | None, list[Any]]
"""What matches a token; its Move if it can be one token only; else the Move for each group of the match."""

_BASES = [State(number, None, False) for number in range(len(ACTIONS))]
_patterns: dict[tuple[int, ...], Callable[..., Any]] = {}


def _move(top: State, token: int) -> Move:
    """What a state does with a token, past the rules that only rename what is on top."""
    while True:
        action = ACTIONS[top.number].get(token, 0)
        if action > 0 and token != END:
            name = _NAMES[token]
            return token, top, top.over(action, name in _OPENING), None, BUILD_TOKEN.get(name)
        if action >= 0:
            return token, top, None, None, None
        rule = _RULES[-1 - action]
        length, _, build, symbol = rule
        if length != 1 or build is not None or top.below is None:
            return token, top, None, rule, None
        top = top.below.over(GOTOS[top.below.number][symbol])


def _learn(state: State, chars: str) -> Lexer:
    """How a state reads a token that starts so; chars is empty at the end of the text."""
    chars = "".join("\x80" if char > "\x7f" else char for char in chars)
    if chars[1:] in (" ", "\t"):
        chars = chars[0]
    found = state.tokens.get(chars)
    if found is None:
        row = ACTIONS[state.number]
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
        moves = [_move(state, number) for number in able]
        found = state.tokens[chars] = (match, moves[0] if len(moves) == 1 else None, [None, *moves])
    return found


def _misread(text: str, place: int, state: State, start: str) -> SyntaxProblem:
    """What is wrong at a place where no token that the state takes can be read."""
    from .syntax_advice import misread, misread_option  # most programs never need it

    if start in _PLAIN:
        return misread_option(start, text, place)
    names = [_NAMES[n] if n != END else "" for n in ACTIONS[state.number]]
    if start == "filter" and "DIRECTION" in names:  # LALR tables have it for both starts
        names.remove("DIRECTION")
    return misread(text, place, names)


def _parse(start: str, text: str, max_depth: int | None) -> Any:
    """The value of a start rule over the whole text; raises SyntaxProblem."""
    whole = text
    place = 0
    if text.strip(_WHITE) is not text and start not in _PLAIN:
        text = text.rstrip(_WHITE)
        place = len(text) - len(text.lstrip(_WHITE))
    size = len(text)
    bound = size if max_depth is None else max_depth
    state = _BASES[STARTS[start]]
    # Stacks that need not grow: neither is ever higher than there are characters, and the start.
    states: list[Any] = [state] + [None] * (size - place + 1)
    values: list[Any] = [None] * (size - place + 1)
    top, last, end = 0, -1, place
    while True:
        chars = text[place] if place < size else ""
        if chars == " ":
            chars = text[place : place + 2]
        try:
            match, move, moves = state.tokens[chars]
        except KeyError:
            match, move, moves = _learn(state, chars)
        token = match(text, place)
        if token is None:
            raise _misread(whole, place, state, start)
        before = state
        number, state, to, rule, build = move or moves[token.lastindex]
        while rule is not None:
            length, count, reduce, symbol = rule
            top -= length
            if reduce is not None:
                if count == 3:
                    last -= 2
                    values[last] = reduce(end, values[last], values[last + 1], values[last + 2])
                elif count == 2:
                    last -= 1
                    values[last] = reduce(end, values[last], values[last + 1])
                elif count == 1:
                    values[last] = reduce(end, values[last])
                else:
                    last -= count - 1
                    values[last] = reduce(end, *values[last : last + count])
            below = states[top]
            key = number * _SYMBOLS + symbol
            try:
                _, state, to, rule, build = below.steps[key]
            except KeyError:
                state = below.over(GOTOS[below.number][symbol])
                _, state, to, rule, build = below.steps[key] = _move(state, number)
            top += 1
            states[top] = state
        if to is None:
            if number == END and END in ACTIONS[state.number]:
                return values[last]
            raise _misread(whole, place, before, start)
        states[top] = state
        top += 1
        states[top] = state = to
        end = token.end()
        if build is not None:
            last += 1
            values[last] = text[place:end] if build is keep_text else build(text[place:end], place, end)
        if to.is_nested and top > bound and sum(s.is_nested for s in states[1 : top + 1]) > bound:
            raise SyntaxProblem("expression-too-deep", place, end, most=bound)
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


def can_be_named(label: str) -> bool:
    """Whether a property can be asked for: `size` can, `null` cannot."""
    try:
        return parse_filter(label) == Path((label,))
    except ODataError:
        return False


def parse(start: str, text: str, option: str, limits: Limits) -> Any:
    """Parse the value of an option by its rule of the grammar; the problems name the option.

    `top` and `skip` give an int (2**63 or more for any number that is so large), `count` a bool.
    """
    bound = limits.max_length
    try:
        if bound is not None and len(text) > bound:
            raise SyntaxProblem("text-too-long", bound, most=bound)
        if not text.isascii() and start not in _PLAIN:
            _check_characters(text)
        found = _parse(start, text, limits.max_depth)
        if start in _PLAIN:
            return found
        if (len(text) > _SHORT or limits is not DEFAULT_LIMITS) and _may_exceed(text, limits):
            _check_size(found, text, limits)
    except SyntaxProblem as refusal:
        raise _refused(refusal, text, option, limits) from None
    return found


def _refused(refusal: SyntaxProblem, text: str, option: str, limits: Limits) -> ODataError:
    start, end = refusal.start, refusal.end
    if end is None:
        start += len(text[start:]) - len(text[start:].lstrip(" \t"))
        end = min(start + 1, len(text))
    suggestion, message, values = refusal.suggestion, refusal.message, refusal.values
    operators, functions = limits.operators, limits.functions
    is_hidden = operators is not None and suggestion in OPERATIONS and suggestion not in operators
    if is_hidden or not limits.suggestions:
        suggestion = None
    is_advice = message.startswith("unknown-operator.") and "sign" in values
    if is_advice and (operators is not None or functions is not None):
        message = "unknown-operator"  # the others name operators and functions to use
    span, shown = (start, end), text[: end + 200]
    return error([problem(message, option, span, suggestion=suggestion, text=shown, **values)])


def _check_characters(text: str) -> None:
    """Refuse lone surrogates: no UTF-8 text, so no value of Edm.String, holds them."""
    try:
        text.encode()
    except UnicodeEncodeError as wrong:
        code = ord(text[wrong.start])
        raise SyntaxProblem("invalid-character.half", wrong.start, character=f"U+{code:04X}") from None


_SHORT = 40
"""Characters of a text that is within the default limits: too few for 21 segments or 5 lambdas."""


def _may_exceed(text: str, limits: Limits) -> bool:
    """Return False if the characters of a text alone show that its tree is within all bounds."""
    most = _most_nodes(text)
    return (
        most > MAX_HEIGHT
        or _exceeds(most, limits.max_nodes)
        or _exceeds(text.count("/") + 1, limits.max_path_depth)
        or _exceeds(text.count(":"), limits.max_lambda_depth)
        or _exceeds(text.count(",") + 1, limits.max_in_items)
        or _exceeds(text.count(",") + 1, limits.max_orderby_items)
    )


def _check_size(found: Any, text: str, limits: Limits) -> None:
    """Refuse a tree that is larger or higher than the limits allow."""
    roots = [found] if isinstance(found, Node) else found
    if roots is found and _exceeds(len(found), limits.max_orderby_items):
        place = found[limits.max_orderby_items or 0].span
        raise SyntaxProblem("too-many-orderby-items", *place, most=limits.max_orderby_items)
    count = 0
    for root in roots:
        pending: list[tuple[Node, int]] = [(root, 0)]
        for node, lambdas in pending:
            count += 1
            if isinstance(node, Path) and _exceeds(len(node.segments), limits.max_path_depth):
                raise SyntaxProblem("path-too-long", *node.span, most=limits.max_path_depth)
            if isinstance(node, ListExpr) and _exceeds(len(node.items), limits.max_in_items):
                place = node.items[limits.max_in_items or 0].span
                raise SyntaxProblem("list-too-long", *place, most=limits.max_in_items)
            if type(node) is Lambda:
                lambdas += 1
                if _exceeds(lambdas, limits.max_lambda_depth):
                    raise SyntaxProblem("lambda-too-deep", *node.span, most=limits.max_lambda_depth)
            pending.extend((child, lambdas) for child in node.children())
    if _exceeds(count, limits.max_nodes):
        raise SyntaxProblem("expression-too-large", 0, len(text), count=count, most=limits.max_nodes)
    for root in roots:
        deep = find_too_deep(root)
        if deep is not None:
            raise SyntaxProblem("expression-too-deep", *deep.span, most=MAX_HEIGHT)


def _most_nodes(text: str) -> int:
    """Return a number that the nodes of the text's tree do not exceed."""
    # An operator has two blanks and makes two nodes, with its right operand; so may any separator.
    return 1 + text.count(" ") + text.count("\t") + 2 * sum(map(text.count, "(,/:-[{="))


def _exceeds(count: int, bound: int | None) -> bool:
    return bound is not None and count > bound
