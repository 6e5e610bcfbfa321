"""Text to tree: a lean loop over the LALR tables of grammar/odata.lark.

The loop asks a lexer for the next token, one of those that its state can take, and shifts or reduces as
the tables say. Three things are learnt from the texts that are read, and cached because there are few: the
pattern for each state and first character; the function that makes the value of each token; and the state
after a reduction, past all the rules that only rename what they hold (`atom` to `primary` to `unary` ...).
Learning twice in two threads gives the same entry, so the loop needs no lock.
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
from .ast import Node, OrderByItem, Path
from .nodes import RULES as BUILD_RULE
from .sizes import SHORT, check_size
from .tokens import SURROGATE, SyntaxProblem, clock_around, keep_text
from .tokens import TOKENS as READ_TOKEN

_BLANKS = " \t"
_PLAIN = frozenset({"top", "skip", "count"})
"""Starts of one token: a number or a truth value, without white space around it."""
_NAMES = [name for name, *_ in TERMINALS]
_OPENING = {
    "_OPEN", "OPEN_LIST", "OPEN_KEY", "FUNCTION", "FILTER", "COUNT", "NOT", "MINUS", "BRACKET", "BRACE",
}  # fmt: skip
"""Tokens that open a level of nesting."""

Rule = tuple[int, int, Callable[..., Any] | None, int]
"""The states and the values that a rule takes off; the function that makes one value of them; its symbol."""
_RULES = [(length, values, BUILD_RULE.get(name), symbol) for symbol, length, values, name in RULES]
_SYMBOLS = 1 + max(symbol for symbol, *_ in RULES)


# How `a eq 1 or b` is read, with a stack of states, which decide what may follow, and a stack of values:
#
#     text so far      states                                  values
#     a eq 1           start  eq_expr  EQUALITY  rel_expr      Path(a)  " eq "  Literal(1)
#
# The next token is ` or `. The state on top has the Move to reduce by the rule `binary`: three states are
# taken off, and `binary(end, Path(a), " eq ", Literal(1))` replaces the three values. The result is an
# `eq_expr`, which rules that only rename make an `and_expr`. The state below, `start`, has learnt in `steps`
# which state that is in the end, and its Move for ` or `: to shift.
#
#     a eq 1           start  and_expr                         Call(eq)
#     a eq 1 or        start  and_expr  OR                     Call(eq)


class State:
    """A state of the parser above another one, with what it has learnt.

    The state below decides which state a rule that only renames leads to. So the same number above another
    state is another State, and such rules are passed over when the next token is learnt.

    tokens  by first character, or two if the first is a blank: the Lexer of a token that starts so
    steps   by token and symbol: the Move after a reduction to the symbol down to this state
    """

    __slots__ = ("above", "below", "is_nested", "number", "steps", "tokens")

    def __init__(self, number: int, below: State | None, is_nested: bool) -> None:
        self.number = number
        self.below = below
        self.is_nested = is_nested
        self.above: dict[int, State] = {}
        self.tokens: dict[str, Lexer] = {}
        self.steps: dict[int, Move] = {}

    def push(self, number: int, is_nested: bool = False) -> State:
        """Return the state with a number above this one."""
        # What is below this state makes no difference to the states above it: one set of them is enough.
        base = _BASES[self.number]
        return base.above.get(number) or base.above.setdefault(number, State(number, base, is_nested))


Move = tuple[int, State, State | None, Rule | None, Callable[[str, int, int], Any] | None]
"""The reaction to a token: its number; the state now on top; and either the state to shift to, with the
function that reads the token's value, or the rule to reduce by. Neither means that the token cannot stand
here, or that it is the end of a whole text. A plain tuple, because a named one takes longer to unpack."""

Lexer = tuple[Callable[..., Any], Move | None, list[Any]]
"""The match function of a pattern; its Move if that has one token only; the Move for each of its groups."""

_BASES = [State(number, None, False) for number in range(len(ACTIONS))]
_patterns: dict[tuple[int, ...], Callable[..., Any]] = {(END,): lambda text, place: True}
"""The match function for each set of tokens. Where only the end can be, there is nothing left to match."""


def _move(top: State, token: int) -> Move:
    """Find the Move of a state for a token, past the rules that only rename the value on top."""
    while True:
        action = ACTIONS[top.number].get(token, 0)
        if action > 0 and token != END:
            name = _NAMES[token]
            return token, top, top.push(action, name in _OPENING), None, READ_TOKEN.get(name)
        if action >= 0:
            return token, top, None, None, None
        rule = _RULES[-1 - action]
        length, _, build, symbol = rule
        if length != 1 or build is not None or top.below is None:
            return token, top, None, rule, None
        top = top.below.push(GOTOS[top.below.number][symbol])


def _can_start(number: int, chars: str) -> bool:
    if not chars or number == END:
        return not chars and number == END
    _, _, first, after_blank = TERMINALS[number]
    return chars[0] in first and chars[-1] in (after_blank if chars[1:] else first)


def _learn(state: State, chars: str) -> Lexer:
    """Make the Lexer for a token that starts with one or two characters; none at the end of the text."""
    chars = "".join("\x80" if char > "\x7f" else char for char in chars)
    if chars[1:] in (" ", "\t"):
        chars = chars[0]
    found = state.tokens.get(chars)
    if found is None:
        possible = tuple([number for number in ACTIONS[state.number] if _can_start(number, chars)])
        match = _patterns.get(possible)
        if match is None:
            pattern = "|".join(f"({TERMINALS[number][1]})" for number in possible)
            match = _patterns[possible] = re.compile(pattern or r"(?!)").match
        moves = [_move(state, number) for number in possible]
        found = state.tokens[chars] = (match, moves[0] if len(moves) == 1 else None, [None, *moves])
    return found


def _parse(start: str, text: str, max_depth: int | None) -> Any:  # noqa: PLR0915  # a call per token is slow
    """Return the value of a start rule over the whole text; raises SyntaxProblem."""
    whole = text
    place = 0
    if text.strip(_BLANKS) is not text and start not in _PLAIN:
        text = text.rstrip(_BLANKS)
        place = len(text) - len(text.lstrip(_BLANKS))
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
            raise _explain(start, whole, place)
        number, state, to, rule, read = move or moves[token.lastindex]
        while rule is not None:
            length, count, build, symbol = rule
            top -= length
            if build is not None:
                if count == 3:
                    last -= 2
                    values[last] = build(end, values[last], values[last + 1], values[last + 2])
                elif count == 2:
                    last -= 1
                    values[last] = build(end, values[last], values[last + 1])
                elif count == 1:
                    values[last] = build(end, values[last])
                else:
                    last -= count - 1
                    values[last] = build(end, *values[last : last + count])
            below = states[top]
            key = number * _SYMBOLS + symbol
            try:
                _, state, to, rule, read = below.steps[key]
            except KeyError:
                state = below.push(GOTOS[below.number][symbol])
                _, state, to, rule, read = below.steps[key] = _move(state, number)
            top += 1
            states[top] = state
        if to is None:
            if number == END and END in ACTIONS[state.number]:
                return values[last]
            raise _explain(start, whole, place)
        states[top] = state
        top += 1
        states[top] = state = to
        end = token.end()
        if read is not None:
            last += 1
            values[last] = text[place:end] if read is keep_text else read(text[place:end], place, end)
        if to.is_nested and top > bound and sum(s.is_nested for s in states[1 : top + 1]) > bound:
            raise SyntaxProblem("expression-too-deep", place, end, most=bound)
        place = end


# ---- problems ------------------------------------------------------------------------------------


def _explain(start: str, whole: str, place: int) -> SyntaxProblem:
    """Say what is wrong at a place where the text cannot be read on, from the tokens that can stand there.

    The actions of an LALR state do not tell them: some of its reductions lead to a state without an action
    for the token. So each token is tried on the stack of the place, which is built once more.
    """
    from .syntax_advice import explain  # most programs never need it

    stack = [STARTS[start]]
    text, at, last = whole, 0, 0
    if start not in _PLAIN:
        text = text.rstrip(_BLANKS)
        at = len(text) - len(text.lstrip(_BLANKS))
    while at < place:
        match, move, moves = _learn(_BASES[stack[-1]], text[at : at + 2] if text[at] == " " else text[at])
        token = match(text, at)
        _shift(stack, (move or moves[token.lastindex])[0])
        last, at = at, token.end()
    tokens = [number for number in ACTIONS[stack[-1]] if _shift(stack.copy(), number)]
    names = {"" if number == END else _NAMES[number] for number in tokens}
    return explain(start, whole, place, names, last)


def _shift(stack: list[int], token: int) -> bool:
    """Put a token on a stack of numbers of states, after the reductions before it; False if it cannot be."""
    while True:
        action = ACTIONS[stack[-1]].get(token)
        if action is None:
            return False
        if action >= 0:
            stack.append(action)
            return True
        length, _, _, symbol = _RULES[-1 - action]
        del stack[len(stack) - length :]
        stack.append(GOTOS[stack[-1]][symbol])


def _as_error(wrong: SyntaxProblem, text: str, option: str, limits: Limits) -> ODataError:
    start, end = wrong.start, wrong.end
    if end is None:
        start += len(text[start:]) - len(text[start:].lstrip(_BLANKS))
        end = min(start + 1, len(text))
    suggestion, message = wrong.suggestion, wrong.message
    if message == "unexpected-text.colon":  # `hour(25:00)` has no colon of its own
        began, ended, mistake = clock_around(text, start)
        if mistake:
            start, end, message = began, ended, mistake
    operators, functions = limits.operators, limits.functions
    is_hidden = operators is not None and suggestion in OPERATIONS and suggestion not in operators
    if is_hidden or not limits.suggestions:
        suggestion = None
    is_advice = message.startswith("unknown-operator.") and "sign" in wrong.values
    if is_advice and (operators is not None or functions is not None):
        message = "unknown-operator"  # the others name operators and functions to use
    if message == "unexpected-text.equal-list" and operators is not None and "in" not in operators:
        message = "unexpected-text.operator"
    from .syntax_advice import more_values

    values = {**wrong.values, **more_values(message, text, wrong.start)}
    span, shown = (start, end), text[: end + 200]
    return error([problem(message, option, span, suggestion=suggestion, text=shown, **values)])


# ---- from text to a checked size -----------------------------------------------------------------


def parse_filter(text: str, *, limits: Limits = DEFAULT_LIMITS) -> Node:
    """Parse a `$filter`, percent-decoded: `contains(name,'x') and not (size gt 3)`.

    text    any expression of the language (commonExpr, URL Conventions 5.1.1); no model is needed
    limits  bounds on the text and the tree, by default safe ones

    Raises ParseError for a text that is not an expression, LimitError for one that exceeds the limits.
    """
    node: Node = parse("filter", text, "", limits)
    return node


def parse_orderby(text: str, *, limits: Limits = DEFAULT_LIMITS) -> tuple[OrderByItem, ...]:
    """Parse an `$orderby`, percent-decoded: `Supplier/Name desc,length(Name)` (5.1.5).

    Parameters and errors are those of parse_filter.
    """
    return tuple(parse("orderby", text, "", limits))


def can_be_named(label: str) -> bool:
    """Return True if a query can name the property: `size` it can, `null` it cannot."""
    try:
        return parse_filter(label) == Path((label,))
    except ODataError:
        return False


def parse(start: str, text: str, option: str, limits: Limits) -> Any:
    """Parse the value of an option by its rule of the grammar; the problems name the option.

    `filter` gives a Node, `orderby` a list of OrderByItem, `top` and `skip` an int (2**63 or more for any
    number that is so large), `count` a bool. Raises ParseError and LimitError.
    """
    bound = limits.max_length
    try:
        if bound is not None and len(text) > bound:
            raise SyntaxProblem("text-too-long", bound, most=bound)
        if start in _PLAIN:
            return _parse(start, text, None)
        if not text.isascii() and (half := SURROGATE.search(text)):
            # No UTF-8 text, so no value of Edm.String, holds one.
            raise SyntaxProblem("invalid-character.half", half.start(), character=f"U+{ord(half[0]):04X}")
        found = _parse(start, text, limits.max_depth)
        if len(text) > SHORT or limits is not DEFAULT_LIMITS:
            check_size([found] if isinstance(found, Node) else found, text, limits)
    except SyntaxProblem as wrong:
        raise _as_error(wrong, text, option, limits) from None
    return found
