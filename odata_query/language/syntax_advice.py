"""What is wrong with a text that the parser cannot read on: the place, and what should be there.

Only texts that are refused come here, so this is written for good messages, not for speed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..operations import FUNCTIONS, OPERATIONS
from ..problems import Name, Phrase, nearest
from .tokens import CURLY_QUOTES, MAX_NAME, SyntaxProblem

_WORD = re.compile(r"[^\W\d]\w*")
_QUALIFIED = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_STRING = re.compile(r"'[^']*+(?:''[^']*+)*+'")
_SIGNIFICANT = re.compile(rf"""{_STRING.pattern}|"[^"]*"|[()\[\]{{}}]""")
_TAKES_LIST = re.compile(r"\w$|\sin\s+$", re.I)
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_SIGN = re.compile(r"=~|[=!<>&|]+|[+*/%^~?]")
_MINUS = re.compile(r"[-\u2010-\u2015\u2212](?![-\u2010-\u2015\u2212>])")
_LAST_WORD = re.compile(r"[^\W\d]\w*$")
_ESCAPED = re.compile("%[0-9A-Fa-f]{2}")
_OPTION = re.compile(r"[?&]?\$?(filter|orderby)\s*=", re.I)
_NEXT_OPTION = re.compile(r"[?&;]?\s*(\$(?:filter|orderby|top|skip|count|select|expand)\s*=)", re.I)
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?$")
_SUFFIX = re.compile(r"[lLmMfFdD](?!\w)")
_OFFSET = re.compile(r"([0-9]{2}):?([0-9]{2})(?![0-9])")
_NULL = re.compile(r"\s+(?:not\s+)?null\b", re.I)
_SHORT_OFFSET = re.compile(r"([+-])([0-9]{2})([0-9]{2})?(?![0-9:])")
# Nothing captures inside what '*+' repeats: CPython's re fails on that with a SystemError.
_NO_NUMBER = re.compile(r"[+-]?[0-9]++(?:,[0-9]++|[._][0-9]*+)*+(?:[xX][0-9a-fA-F]+)?(?!\w)")
_ARROW = re.compile(r"(any|all)\s*\(\s*[^\W\d]\w*$", re.I)
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+$", re.I)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}$")
_CLOCK = re.compile(r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?")
_UNLISTED = re.compile(r"\sin\s+(?:'[^']*'|[^\s'(),]+)$", re.I)
_SLASHED = re.compile(r"(?<![\w.])[0-9]{1,4}$")
_SLASHED_REST = re.compile(r"[/.][0-9]{1,2}[/.][0-9]{1,4}")
_SHORT_DATE = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?![0-9])")
_DIRECTIONS = ("asc", "desc")
_WORDS_OF_ORDER = {"ascending": "asc", "descending": "desc"}
_OPERATORS = tuple(n for n, op in OPERATIONS.items() if op.notation == "infix")

_SIGNS = {
    "=": "eq", "==": "eq", "===": "eq", "!=": "ne", "<>": "ne", "!==": "ne", "<": "lt", "<=": "le",
    "=<": "le", ">": "gt", ">=": "ge", "=>": "ge", "&&": "and", "&": "and", "||": "or", "|": "or", "!": "not",
    "+": "add", "*": "mul", "%": "mod", "/": "div", "equals": "eq", "equal": "eq", "neq": "ne",
    "gte": "ge", "lte": "le", "plus": "add", "minus": "sub", "times": "mul", "xor": "ne", "andalso": "and",
    "orelse": "or",
}  # fmt: skip
"""The signs and words of other languages, and what OData has for them."""

_SQL = {
    "like": "unknown-operator.like",
    "ilike": "unknown-operator.ilike",
    "is": "unknown-operator.is",
    "between": "unknown-operator.between",
    "rlike": "unknown-operator.pattern",
    "regexp": "unknown-operator.pattern",
    "matches": "unknown-operator.pattern",
}
"""Words of SQL, and the message for each."""


def misread(text: str, place: int, names: Sequence[str]) -> SyntaxProblem:
    """Why no token of `names` ("" is the end of the text) stands at or behind a place."""
    stop = len(text.rstrip(" \t"))
    start = place + len(text[place:stop]) - len(text[place:stop].lstrip(" \t"))
    if start >= stop:
        return _ended(text, names)
    escaped = _ESCAPED.match(text, start)
    if escaped:
        return SyntaxProblem("invalid-encoding.twice", start, escaped.end(), escape=escaped[0])
    if text[start] == "'" and not _STRING.match(text, start):
        return _unclosed(start)
    if "EQUALITY" in names:
        return _no_operator(text, place, start, names)
    if "STRING" in names:
        return _no_operand(text, start)
    if "JSON_STRING" in names and text[start] != '"':
        return SyntaxProblem("unexpected-text.brace", start)
    return SyntaxProblem("unexpected-text", start, expected=_expected(text, start, names))


def misread_option(start: str, text: str, place: int) -> SyntaxProblem:
    """Say what `$top`, `$skip` and `$count` take: ASCII digits and nothing else, true or false."""
    if start == "count":
        return SyntaxProblem("invalid-option-value.boolean", 0, len(text))
    is_negative = re.fullmatch("-[0-9]+", text)
    message = "invalid-option-value.negative" if is_negative else "invalid-option-value"
    return SyntaxProblem(message, place, min(place + 1, len(text)))


def _unclosed(start: int) -> SyntaxProblem:
    return SyntaxProblem("unclosed-string", start, start + 1)


def _ended(text: str, names: Sequence[str]) -> SyntaxProblem:
    end = len(text)
    if not text.strip(" \t"):
        return SyntaxProblem("empty-expression", end, end)
    if "EQUALITY" in names:
        return SyntaxProblem("missing-parenthesis", end, end, expected=_expected(text, end, names))
    if "STRING" in names:
        before = text.split()[-1]
        shown = before if before.lower() in OPERATIONS else before[-1]
        return SyntaxProblem("missing-operand.after", end, end, word=shown)
    return SyntaxProblem("missing-operand.expected", end, end, expected=_expected(text, end, names))


def _no_operator(text: str, place: int, start: int, names: Sequence[str]) -> SyntaxProblem:
    """An operand has been read; what follows is none of the operators."""
    special = _no_literal(text, place, start)
    if special:
        return special
    option = _NEXT_OPTION.match(text, start)
    if option:
        return SyntaxProblem("unexpected-text.next-option", *option.span(1), name=option[1].rstrip("= \t"))
    sign = _SIGN.match(text, start)
    arrow = _before(_ARROW, text, place)
    if arrow and sign and sign[0] == "=>":
        return SyntaxProblem("unexpected-text.lambda", start, sign.end(), function=arrow[1].lower())
    if sign:
        return _wrong_sign(sign[0], start)
    if _MINUS.match(text, start) and "DIRECTION" not in names:
        return SyntaxProblem("unknown-operator", start, start + 1, "sub", sign=text[start])
    if text[start] in ")]}":
        return SyntaxProblem("unexpected-text.unopened", start, start + 1, sign=text[start])
    if text[start] in ",;" and not _opened(text, start):
        if text[start] == "," and _before(_UNLISTED, text, place):
            return SyntaxProblem("unexpected-text.list", start, start + 1)
        in_order = "DIRECTION" in names
        message = "unexpected-text.order-separator" if in_order else "unexpected-text.separator"
        return SyntaxProblem(message, start, start + 1, sign=text[start])
    last = _before(_LAST_WORD, text, place)
    if last and last[0].lower() in _OPERATORS:
        return SyntaxProblem("unexpected-text.read-as-name", start, word=last[0].lower())
    if text[start] == "(" and text[place - 1].isalnum():
        return SyntaxProblem("unexpected-text.blank-call", start, start + 1)
    match = _WORD.match(text, start)
    expected = _expected(text, start, names)
    if match is None and text[start] in CURLY_QUOTES:
        return SyntaxProblem("invalid-character.quote", start, start + 1)
    if match is None and not (text[start].isascii() and text[start].isprintable()):
        return _foreign(text, start)
    if match is None:
        return SyntaxProblem("unexpected-text.operator-or", start, start + 1, expected=expected)
    word, end = match[0].lower(), match.end()
    if start == place and text[place - 1] == "'" and word not in _OPERATORS:
        return SyntaxProblem("unexpected-text.doubled-quote", start, end)
    if word in _OPERATORS:
        if end == len(text.rstrip(" \t")):
            return SyntaxProblem("missing-operand.after", len(text), len(text), word=word)
        if start == place:
            return SyntaxProblem("unexpected-text.blank-before", start, end, word=word)
        if text[end] not in " \t":
            return SyntaxProblem("unexpected-text.blank-after", end, end + 1, word=word)
    if word in _DIRECTIONS and "DIRECTION" in names:
        return SyntaxProblem("unexpected-text.after-direction", end, word=word)
    if word in _DIRECTIONS:
        return SyntaxProblem("unexpected-text.direction", start, end, word=word)
    if word == "is" and not _NULL.match(text, end):
        return SyntaxProblem("unknown-operator", start, end, "eq", sign=word)
    if word in _SQL:
        return SyntaxProblem(_SQL[word], start, end, sign=word)
    if word == "not":
        return _negated(text, start, end)
    if word in _WORDS_OF_ORDER and "DIRECTION" in names:
        return SyntaxProblem("unknown-operator.direction", start, end, _WORDS_OF_ORDER[word], sign=word)
    function = word if word in FUNCTIONS else last[0].lower() if last else ""
    if function in FUNCTIONS:
        return SyntaxProblem("unexpected-text.function", start, end, word=function)
    near = _SIGNS.get(word) or nearest(
        word, (*_OPERATORS, *_DIRECTIONS[: 2 * ("DIRECTION" in names)]), likeness=0.75
    )
    if near and start > place:
        return SyntaxProblem("unknown-operator", start, end, near, sign=word)
    return SyntaxProblem("unexpected-text.operator-or", start, end, expected=expected)


def _negated(text: str, start: int, end: int) -> SyntaxProblem:
    """`a not in ('x')`, `a not like 'x'`."""
    follows = _WORD.match(text, end + 1)
    if follows and follows[0].lower() in _SQL:
        sign = follows[0].lower()
        return SyntaxProblem(_SQL[sign], start, follows.end(), sign=sign)
    return SyntaxProblem("unknown-operator.negated", start, end, sign="not")


def _no_literal(text: str, place: int, start: int) -> SyntaxProblem | None:
    """What looks like the rest of a literal: `5L`, `2024-1-5`, a time behind a blank, an offset without +."""
    number = _before(_NUMBER, text, place)
    if number and start == place:
        suffix = _SUFFIX.match(text, start)
        if suffix:
            return SyntaxProblem(
                "invalid-literal.suffix", start, suffix.end(), suffix=suffix[0], number=number[0]
            )
        short = _SHORT_DATE.match(text, number.start())
        if short:
            year, month, day = short.groups()
            date = f"{year}-{month:>02}-{day:>02}"
            return SyntaxProblem("invalid-literal.short-date", *short.span(), date=date)
    wrong = _NO_NUMBER.match(text, number.start()) if number and start == place else None
    if wrong and wrong.end() > place and not ("," in wrong[0] and _opened(text, place)):
        return SyntaxProblem("invalid-literal.number", place, wrong.end())
    slashed = _before(_SLASHED, text, place)
    if slashed and _SLASHED_REST.match(text, start):
        return SyntaxProblem("invalid-literal.slashed-date", slashed.start(), place)
    offset = _OFFSET.match(text, start)
    if offset and start > place and _before(_MOMENT, text, place):
        return SyntaxProblem("invalid-encoding.plus", place, offset.end(), offset=":".join(offset.groups()))
    short_offset = _SHORT_OFFSET.match(text, start)
    if short_offset and start == place and _before(_MOMENT, text, place):
        sign, hours, minutes = short_offset.groups()
        shown = f"{sign}{hours}:{minutes or '00'}"
        return SyntaxProblem("invalid-literal.offset", *short_offset.span(), offset=shown)
    clock = _CLOCK.match(text, start)
    day_before = _before(_DAY, text, place)
    if clock and day_before:
        return SyntaxProblem(
            "invalid-literal.blank-time", day_before.start(), clock.end(), date=day_before[0], time=clock[0]
        )
    return None


def _no_operand(text: str, start: int) -> SyntaxProblem:
    """Nothing that can begin an operand can be read."""
    before = text[:start].rstrip(" \t")
    char = text[start]
    if char == '"':
        return SyntaxProblem("invalid-literal.double-quotes", start, start + 1)
    if char in CURLY_QUOTES:
        return SyntaxProblem("invalid-character.quote", start, start + 1)
    if char in "`[":
        return SyntaxProblem("invalid-literal.backquote", start, start + 1)
    option = _OPTION.match(text, start)
    if option and not before:
        return SyntaxProblem("unexpected-text.option-twice", *option.span(), name=option[0].rstrip("= \t"))
    sign = _SIGN.match(text, start)
    if sign:
        return _wrong_sign(sign[0], start)
    match = _QUALIFIED.match(text, start)
    if match:
        end = match.end()
        follows = text[end : end + 1]
        if follows == "'":
            return _unclosed(end)
        sign = _SIGN.match(text, end)
        if sign:
            return _wrong_sign(sign[0], end)
        if "." in match[0]:
            return SyntaxProblem("unexpected-text.dotted", end, path=match[0].replace(".", "/"))
        return SyntaxProblem("unexpected-text.operator", end)
    if char == "$":
        return SyntaxProblem("unexpected-text.variable", start)
    if char in "),;]}:" or not before:
        after = before.split()[-1] if before else ""
        shown = after if after.lower() in OPERATIONS else after[-1:]
        message = "missing-operand.after" if shown else "missing-operand"
        return SyntaxProblem(message, start, start + 1, word=shown)
    if char == "." and text[start + 1 : start + 2].isdigit():
        return SyntaxProblem("invalid-literal.number", start, start + 1)
    if not (char.isascii() and char.isprintable()):
        return _foreign(text, start)
    return SyntaxProblem("unexpected-text.operand", start, start + 1)


def _foreign(text: str, start: int) -> SyntaxProblem:
    """A character that is no part of the language, perhaps one that cannot be seen."""
    return SyntaxProblem("invalid-character.here", start, start + 1, character=f"U+{ord(text[start]):04X}")


def _wrong_sign(sign: str, start: int) -> SyntaxProblem:
    variants = {"?": "unknown-operator.ternary", "=~": "unknown-operator.pattern"}
    message = variants.get(sign, "unknown-operator")
    return SyntaxProblem(message, start, start + len(sign), _SIGNS.get(sign), sign=sign[:8])


_EXPECTED: dict[str, Name | Phrase] = {
    "JSON_STRING": Phrase("a-quoted-name"),
    "PATH": Phrase("a-name"),
    "COUNT_FILTER": Name("$filter="),
    "SEARCH": Phrase("a-search-expression"),
}


def _expected(text: str, place: int, names: Sequence[str]) -> tuple[Name | Phrase, ...]:
    """What may stand at a place beside operators: `',' or ')'`, `the end`."""
    # LALR parsers merge states, so names can have a sign that nothing has opened.
    words: list[Name | Phrase] = [word for name, word in _EXPECTED.items() if name in names]
    opened = _opened(text, place)
    if opened:
        position = opened[-1]
        is_group = text[position] == "(" and not _before(_TAKES_LIST, text, position)
        words += [Name("','")] * ("_COMMA" in names and not is_group)
        words.append(Name(f"'{_CLOSING[text[position]]}'"))
    return tuple(words) or (Phrase("the-end"),)


def _before(pattern: re.Pattern[str], text: str, place: int) -> re.Match[str] | None:
    """What ends at a place; not looked for farther back than a name is long, for texts can be very long."""
    return pattern.search(text, max(0, place - MAX_NAME), place)


def _opened(text: str, place: int) -> list[int]:
    """The offsets of the parentheses, brackets and braces that are open at a place."""
    opened: list[int] = []
    for match in _SIGNIFICANT.finditer(text, 0, place):
        if match[0] in _CLOSING:
            opened.append(match.start())
        elif match[0] in ")]}" and opened:
            opened.pop()
    return opened
