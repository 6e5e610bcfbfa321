"""What is wrong with a text that the parser cannot read on: the place, and what should be there.

Only texts that are refused come here, so this is written for good messages, not for speed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .errors import nearest
from .operations import FUNCTIONS, OPERATIONS
from .tokens import Refusal

_WORD = re.compile(r"[^\W\d]\w*")
_QUALIFIED = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_STRING = re.compile(r"'[^']*+(?:''[^']*+)*+'")
_SIGNIFICANT = re.compile(rf"""{_STRING.pattern}|"[^"]*"|[()\[\]{{}}]""")
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_SIGN = re.compile(r"[=!<>&|]+|[+*/%^~?]")
_LAST_WORD = re.compile(r"[^\W\d]\w*$")
_DIRECTIONS = ("asc", "desc")
_OPERATORS = tuple(n for n, op in OPERATIONS.items() if op.notation == "infix")

_SIGNS = {
    "=": "eq", "==": "eq", "===": "eq", "!=": "ne", "<>": "ne", "!==": "ne", "<": "lt", "<=": "le",
    ">": "gt", ">=": "ge", "&&": "and", "&": "and", "||": "or", "|": "or", "!": "not",
    "+": "add", "*": "mul", "%": "mod", "/": "div",
}  # fmt: skip
"""The signs of other languages, and what OData has for them."""

_WORDS = {
    "like": "'LIKE' is no operator of OData: use contains, startswith or endswith.",
    "ilike": "'ILIKE' is no operator of OData: use contains(tolower(a),'b').",
    "is": "'IS' is no operator of OData: null is compared by 'eq null' and 'ne null'.",
    "between": "'BETWEEN' is no operator of OData: write a ge 1 and a le 2.",
    "not": "'not' stands before what it negates: not (a in ('x')).",
}
"""Words of SQL, and what to write instead."""


def misread(text: str, place: int, names: Sequence[str]) -> Refusal:
    """Why no token of `names` ("" is the end of the text) stands at or behind a place."""
    stop = len(text.rstrip(" \t"))
    start = place + len(text[place:stop]) - len(text[place:stop].lstrip(" \t"))
    if start >= stop:
        return _ended(text, names)
    if text[start] == "'" and not _STRING.match(text, start):
        return Refusal("unclosed-string", "The string has no closing quote.", start, start + 1)
    if "EQUALITY" in names:
        return _no_operator(text, place, start, names)
    if "STRING" in names:
        return _no_operand(text, start)
    message = f"Expected {_expected(text, start, names)}."
    return Refusal("unexpected-text", message, start)


def _ended(text: str, names: Sequence[str]) -> Refusal:
    end = len(text)
    if not text.strip(" \t"):
        return Refusal("empty-expression", "The expression is empty.", end, end)
    if "EQUALITY" in names:
        message = f"Expected an operator or {_expected(text, end, names)}."
        return Refusal("missing-parenthesis", message, end, end)
    if "STRING" in names:
        before = text.split()[-1]
        shown = before if before.lower() in OPERATIONS else before[-1]
        return Refusal("missing-operand", f"An operand is missing after '{shown}'.", end, end)
    return Refusal("missing-operand", f"Expected {_expected(text, end, names)}.", end, end)


def _no_operator(text: str, place: int, start: int, names: Sequence[str]) -> Refusal:
    """An operand has been read; what follows is none of the operators."""
    sign = _SIGN.match(text, start)
    if sign:
        return _wrong_sign(sign[0], start)
    if text[start] in ")]}":
        message = f"Nothing is open that '{text[start]}' could close."
        return Refusal("unexpected-text", message, start, start + 1)
    if text[start] == "(" and text[place - 1].isalnum():
        message = "Expected an operator; a function's '(' follows its name at once."
        return Refusal("unexpected-text", message, start, start + 1)
    match = _WORD.match(text, start)
    expected = f"Expected an operator or {_expected(text, start, names)}."
    if match is None:
        return Refusal("unexpected-text", expected, start, start + 1)
    word, end = match[0].lower(), match.end()
    if word in _OPERATORS:
        if end == len(text.rstrip(" \t")):
            return Refusal("missing-operand", f"An operand is missing after '{word}'.", len(text), len(text))
        if start == place:
            return Refusal("unexpected-text", f"White space must stand before '{word}'.", start, end)
        if text[end] not in " \t":
            return Refusal("unexpected-text", f"White space must stand after '{word}'.", end, end + 1)
    if word in _DIRECTIONS and "DIRECTION" in names:
        return Refusal("unexpected-text", f"Expected ',' or the end behind '{word}'.", end)
    if word in _DIRECTIONS:
        message = f"'{word}' ends an item of $orderby, and stands nowhere else."
        return Refusal("unexpected-text", message, start, end)
    if word in _WORDS:
        return Refusal("unknown-operator", _WORDS[word], start, end)
    last = _LAST_WORD.search(text[:place])
    function = word if word in FUNCTIONS else last[0].lower() if last else ""
    if function in FUNCTIONS:
        message = f"'{function}' is a function: its arguments stand in parentheses behind it."
        return Refusal("unexpected-text", message, start, end)
    near = nearest(word, (*_OPERATORS, *_DIRECTIONS[: 2 * ("DIRECTION" in names)]), likeness=0.75)
    if near and start > place:
        message = f"'{word[:40]}' is no operator of OData."
        return Refusal("unknown-operator", message, start, end, near)
    return Refusal("unexpected-text", expected, start, end)


def _no_operand(text: str, start: int) -> Refusal:
    """Nothing that can begin an operand can be read."""
    before = text[:start].rstrip(" \t")
    char = text[start]
    if char == '"':
        return Refusal("invalid-literal", "A string is written in single quotes.", start, start + 1)
    sign = _SIGN.match(text, start)
    if sign:
        return _wrong_sign(sign[0], start)
    match = _QUALIFIED.match(text, start)
    if match:
        end = match.end()
        follows = text[end : end + 1]
        if follows == "'":
            return Refusal("unclosed-string", "The string has no closing quote.", end, end + 1)
        sign = _SIGN.match(text, end)
        if sign:
            return _wrong_sign(sign[0], end)
        if "." in match[0]:
            message = "A qualified name is followed by '/', '(' or a quoted value."
            return Refusal("unexpected-text", message, end)
        return Refusal("unexpected-text", "Expected an operator.", end)
    if char == "$":
        message = "Only $it, $this, $root, and behind a path $count and $filter, can stand here."
        return Refusal("unexpected-text", message, start)
    if char in "),;]}:" or not before:
        after = before.split()[-1] if before else ""
        shown = after if after.lower() in OPERATIONS else after[-1:]
        behind = f" after '{shown}'" if shown else ""
        return Refusal("missing-operand", f"An operand is missing{behind}.", start, start + 1)
    return Refusal("unexpected-text", "Expected an operand.", start, start + 1)


def _wrong_sign(sign: str, start: int) -> Refusal:
    message = f"'{sign[:8]}' is no operator of OData."
    return Refusal("unknown-operator", message, start, start + len(sign), _SIGNS.get(sign))


_EXPECTED = {
    "JSON_STRING": "a name in double quotes",
    "PATH": "a name",
    "COUNT_FILTER": "$filter=",
    "SEARCH": "a search expression",
}


def _expected(text: str, place: int, names: Sequence[str]) -> str:
    """What may stand at a place beside operators: `',' or ')'`, `the end`."""
    # LALR parsers merge states, so names can have a closing sign that nothing has opened.
    opened: list[str] = []
    for match in _SIGNIFICANT.finditer(text, 0, place):
        if match[0] in _CLOSING:
            opened.append(_CLOSING[match[0]])
        elif match[0] in ")]}" and opened:
            opened.pop()
    words = [word for name, word in _EXPECTED.items() if name in names]
    if opened:
        words += ["','"] * ("_COMMA" in names) + [f"'{opened[-1]}'"]
    return " or ".join(words) or "the end"
