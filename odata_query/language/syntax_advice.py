"""Advice for a text that the parser cannot read: the place, the mistake, and the likely correction.

Only texts with a mistake come here, so this is written for good messages, not for speed. Each piece of
advice is a Rule with an example; the first one that fits is given.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Set
from typing import Any, NamedTuple

from ..operations import FUNCTIONS, OPERATIONS
from ..problems import Name, Phrase, nearest
from .tokens import CURLY_QUOTES, MAX_NAME, SyntaxProblem, clock_around

_OPERATORS = tuple(name for name, operation in OPERATIONS.items() if operation.notation == "infix")
_DIRECTIONS = {"ascending": "asc", "descending": "desc"}
_DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
_ELSEWHERE = {
    "=": "eq", "==": "eq", "===": "eq", "!=": "ne", "<>": "ne", "!==": "ne", "<": "lt", "<=": "le",
    "=<": "le", ">": "gt", ">=": "ge", "=>": "ge", "&&": "and", "&": "and", "||": "or", "|": "or", "!": "not",
    "+": "add", "*": "mul", "%": "mod", "/": "div", "equals": "eq", "equal": "eq", "neq": "ne",
    "gte": "ge", "lte": "le", "plus": "add", "minus": "sub", "times": "mul", "xor": "ne", "andalso": "and",
    "orelse": "or", "is": "eq", **dict.fromkeys(_DASHES, "sub"),
}  # fmt: skip
"""Signs and words of other languages, and the operator of OData for each."""
_EXPECTED: Mapping[str, Name | Phrase] = {
    "JSON_STRING": Phrase("a-quoted-name"),
    "PATH": Phrase("a-name"),
    "COUNT_FILTER": Name("$filter="),
    "SEARCH": Phrase("a-search-expression"),
    "_COMMA": Name("','"),
    "_CLOSE": Name("')'"),
    "_BRACKET_CLOSE": Name("']'"),
    "_BRACE_CLOSE": Name("'}'"),
    "": Phrase("the-end"),
}
"""Names of tokens in a message; operators are not listed one by one."""
_CLOSING = {"_CLOSE", "_BRACKET_CLOSE", "_BRACE_CLOSE"}
_STRING = re.compile(r"'[^']*+(?:''[^']*+)*+'")
_ESCAPE = re.compile("%[0-9A-Fa-f]{2}")

# Patterns of rules. The groups are the values of the message; the groups "at" are the ends of the place.
# Nothing captures inside what '*+' repeats: CPython's re fails on that with a SystemError.
_ONE = r"[\s\S]"
_NEXT = rf"[ \t]*(?P<at>{_ONE}?)"
_TIGHT, _LOOSE = r"(?<![ \t])", r"(?<=[ \t])"  # no operand ends with a blank
_NO_WORD = r"(?![^\W\d])"
_NAME = r"[^\W\d]\w*"
_QUALIFIED = rf"{_NAME}(?:\.{_NAME})*"
_OPERATOR = rf"(?P<word>(?ai:{'|'.join(_OPERATORS)}))(?!\w)"
_DIRECTION = r"(?P<word>(?ai:asc|desc))(?!\w)"
_FUNCTION = rf"(?P<word>(?ai:{'|'.join(name for name in FUNCTIONS if '.' not in name)}))(?!\w)"
_SIGN = r"(?P<sign>[=!<>&|]+|[+*/%^~])"
_NUMBER = r"(?P<number>[+-]?[0-9]+(?:\.[0-9]+)?)$"
_HEX = "[xX][0-9a-fA-F]+"
_MOMENT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+"
_CONTROL = r"[^ -~]"
_OPTION = r"\$(?:filter|orderby|top|skip|count|select|expand)"


class Situation(NamedTuple):
    """A text, the place up to which it was read, and the names of the tokens that can stand there.

    `start` is the first character that is not blank from there on.
    """

    text: str
    place: int
    start: int
    names: Set[str]

    @property
    def word(self) -> str:
        """The next word, in lower case."""
        found = re.compile(_NAME).match(self.text, self.start)
        return found[0].lower() if found else ""

    @property
    def word_before(self) -> str:
        """The operator before the place, or else the last character; "" if the text starts there."""
        before = self.text[: self.start].split()
        return before[-1] if before and before[-1].lower() in OPERATIONS else before[-1][-1] if before else ""

    def meant(self, word: str) -> str | None:
        """Return the operator, or the direction where there can be one, that a word or sign stands for."""
        directions = _DIRECTIONS if _is_order(self) else {}
        known = {**_ELSEWHERE, **directions}.get(word)
        return known or nearest(word, [*_OPERATORS, *directions.values()], cutoff=0.75)

    @property
    def expected(self) -> tuple[Name | Phrase, ...]:
        """The tokens that can stand at the place, without operators: `',' or ')'`, `the end`."""
        words = tuple([word for name, word in _EXPECTED.items() if name in self.names])
        return words or (Name("':'"),)  # after a name in a JSON object


Values = Mapping[str, Any]


class Rule(NamedTuple):
    """Advice for a kind of mistake.

    example  a text for which it is given; `$orderby=...` for one of that option
    message  the id of the message, filled with the groups of the patterns
    after    the pattern of the text from the next character that is not blank
    before   the pattern of a text that ends at the place up to which the text was read
    when     a further condition
    values   further values of the message, made of the groups; `suggestion` is one
    """

    example: str
    message: str
    after: str
    before: str = ""
    when: Callable[[Situation], object] = lambda it: True
    values: Callable[[Situation, dict[str, Any]], Values] = lambda it, groups: {}

    def apply(self, it: Situation) -> SyntaxProblem | None:
        """Return the problem if the rule fits."""
        after = re.compile(self.after, re.I).match(it.text, it.start)
        # Texts can be very long, so no farther back than a name is.
        low = max(0, it.place - MAX_NAME)
        before = after and re.compile(self.before, re.I).search(it.text, low, it.place)
        if after is None or before is None or not self.when(it):
            return None
        at = [m.span("at") for m in (before, after) if "at" in m.re.groupindex] or [after.span()]
        groups = {**before.groupdict(), **after.groupdict()}
        groups.pop("at", None)
        for name in groups.keys() & {"word", "sign", "function"}:
            groups[name] = groups[name].lower()
        values = {**groups, **self.values(it, groups)}
        return SyntaxProblem(self.message, at[0][0], at[-1][1], **values)


def _is_flat(it: Situation) -> bool:
    """Return True outside of parentheses, brackets and braces."""
    return not it.names & _CLOSING


def _is_order(it: Situation) -> bool:
    """Return True where `asc` and `desc` can stand."""
    return "DIRECTION" in it.names


def _character(it: Situation, groups: Values) -> Values:
    return {"character": f"U+{ord(it.text[it.start]):04X}"}


def _operator(it: Situation, groups: Values) -> Values:
    sign = groups["sign"]
    return {"suggestion": it.meant(sign), "sign": sign[:8] if sign[0] in "=!<>&|" else sign}


def _expectation(it: Situation, groups: Values) -> Values:
    return {"expected": (Phrase("an-operator"), *it.expected)}


_SIGNS = (
    Rule("a ? 1 : 2", "unknown-operator.ternary", r"(?P<sign>\?)"),
    Rule("a =~ 'x'", "unknown-operator.pattern", "(?P<sign>=~)"),
    Rule("a = 1", "unknown-operator", _SIGN, values=_operator),
)

AFTER_OPERAND = (
    # ---- what looks like the rest of a literal
    Rule("a eq 5L", "invalid-literal.suffix", _TIGHT + r"(?P<suffix>[LMFD])(?!\w)", _NUMBER),
    Rule("a eq 2024-1-5", "invalid-literal.short-date",
         _TIGHT + "-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})(?P<at>)(?![0-9])",
         "(?<![0-9.+-])(?P<at>)(?P<year>[0-9]{4})$",
         values=lambda it, groups: {"date": "{year}-{month:>02}-{day:>02}".format(**groups)}),
    Rule("a eq 1,000", "invalid-literal.number",
         rf"{_TIGHT}(?:(?:,[0-9]++|[._][0-9]*+)++(?:{_HEX})?|{_HEX})(?!\w)", _NUMBER, _is_flat),
    Rule("a in (1.5.0)", "invalid-literal.number",
         rf"{_TIGHT}(?:(?:[._][0-9]*+)++(?!,[0-9])(?:{_HEX})?|{_HEX})(?!\w)", _NUMBER),
    Rule("a eq 31/12/2024", "invalid-literal.slashed-date",
         "[/.][0-9]{1,2}[/.][0-9]{1,4}", r"(?<![\w.])(?P<at>[0-9]{1,4})$"),
    Rule("a eq 2024-01-31T10:20:30 02:00", "invalid-encoding.plus",
         _LOOSE + "(?P<hours>[0-9]{2}):?(?P<minutes>[0-9]{2})(?P<at>)(?![0-9])", _MOMENT + "(?P<at>)$",
         values=lambda it, groups: {"offset": "{hours}:{minutes}".format(**groups)}),
    Rule("a eq 2024-01-31T10:20:30+02", "invalid-literal.offset",
         _TIGHT + "(?P<hours>[+-][0-9]{2})(?P<minutes>[0-9]{2})?(?![0-9:])", _MOMENT + "$",
         values=lambda it, groups: {"offset": f"{groups['hours']}:{groups['minutes'] or '00'}"}),
    Rule("a eq 2024-01-31 10:20", "invalid-literal.blank-time",
         "(?P<time>[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)(?P<at>)",
         "(?P<at>)(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})$"),
    # ---- signs
    Rule("a eq 1 $top=5", "unexpected-text.next-option", rf"[?&;]?\s*(?P<at>(?P<name>{_OPTION})\s*=)"),
    Rule("tags/any(t => t eq 'x')", "unexpected-text.lambda", "=>(?![=!<>&|])",
         rf"(?P<function>any|all)\s*\(\s*{_NAME}$"),
    *_SIGNS,
    Rule("a - 1 gt 0", "unknown-operator", f"(?P<sign>[{_DASHES}])(?![{_DASHES}>])",
         when=lambda it: not _is_order(it), values=_operator),
    Rule("a eq 1)", "unexpected-text.unopened", r"(?P<sign>[)\]}])"),
    Rule("a in 'x', 'y'", "unexpected-text.list", ",", r"\sin\s+(?:'[^']*'|[^\s'(),]+)$", _is_flat),
    Rule("$orderby=a; b", "unexpected-text.order-separator", "(?P<sign>[,;])",
         when=lambda it: _is_order(it) and _is_flat(it)),
    Rule("a eq 1, b eq 2", "unexpected-text.separator", "(?P<sign>[,;])", when=_is_flat),
    Rule("eq 1", "unexpected-text.read-as-name", _ONE, rf"(?<!\w){_OPERATOR}$"),
    Rule("length (a) eq 1", "unexpected-text.blank-call", r"\(", r"[^\W_]$"),
    Rule("a \u2019x\u2019", "invalid-character.quote", f"[{CURLY_QUOTES}]"),
    Rule("a \u00a0", "invalid-character.here", _NO_WORD + _CONTROL, values=_character),
    Rule("a eq 1 #", "unexpected-text", _NO_WORD + _ONE, values=_expectation),
    # ---- words
    Rule("a eq 1 and", "missing-operand.after", _OPERATOR + r"[ \t]*(?P<at>)\Z"),
    Rule("'x'eq a", "unexpected-text.blank-before", _TIGHT + _OPERATOR),
    Rule("a eq 'O'Neil'", "unexpected-text.doubled-quote", f"{_TIGHT}(?P<word>{_NAME})", "'$"),
    Rule("a eq'x'", "unexpected-text.blank-after", rf"{_OPERATOR}(?P<at>(?![ \t]){_ONE})"),
    Rule("$orderby=a asc desc", "unexpected-text.after-direction", _DIRECTION + _NEXT, when=_is_order),
    Rule("a desc", "unexpected-text.direction", _DIRECTION),
    Rule("a is 1", "unknown-operator", r"(?P<sign>is)\b(?!\s+(?:not\s+)?null\b)", values=_operator),
    Rule("a is null", "unknown-operator.is", r"(?P<sign>is)\b"),
    Rule("a like 'x%'", "unknown-operator.like", r"(?:not\s)?(?P<sign>like)\b"),
    Rule("a ilike 'x%'", "unknown-operator.ilike", r"(?:not\s)?(?P<sign>ilike)\b"),
    Rule("a between 1 and 2", "unknown-operator.between", r"(?:not\s)?(?P<sign>between)\b"),
    Rule("a regexp 'x'", "unknown-operator.pattern", r"(?:not\s)?(?P<sign>rlike|regexp|matches)\b"),
    Rule("a not is 1", "unknown-operator.is", r"not\s(?P<sign>is)\b"),
    Rule("a not in (1)", "unknown-operator.negated", r"(?P<sign>not)\b"),
    Rule("$orderby=a descending", "unknown-operator.direction", r"(?P<sign>(?:a|de)scending)(?!\w)",
         when=_is_order, values=_operator),
    Rule("name contains 'x'", "unexpected-text.function", _FUNCTION),
    Rule("contains name", "unexpected-text.function", _NAME, rf"(?<!\w){_FUNCTION}$"),
    Rule("a equals 1", "unknown-operator", f"{_LOOSE}(?P<sign>{_NAME})", when=lambda it: it.meant(it.word),
         values=_operator),
    Rule("a b c", "unexpected-text", _NAME, values=_expectation),
)  # fmt: skip
"""Advice where an operand has been read and no operator follows."""

BEFORE_OPERAND = (
    Rule('a eq "x"', "invalid-literal.double-quotes", '"'),
    Rule("a eq \u2018x=1", "invalid-character.quote", f"[{CURLY_QUOTES}]"),
    Rule("a eq `b`", "invalid-literal.backquote", r"[`\[]"),
    Rule("$filter=a eq 1", "unexpected-text.option-twice", r"(?P<name>[?&]?\$?(?:filter|orderby))\s*=",
         when=lambda it: not it.word_before),
    *_SIGNS,
    Rule("a eq b'x", "unclosed-string", rf"{_QUALIFIED}(?P<at>')"),
    Rule("a eq b=1", "unknown-operator", rf"{_QUALIFIED}(?P<at>{_SIGN})", values=_operator),
    Rule("Supplier.Name eq 'x'", "unexpected-text.dotted", rf"(?P<path>{_NAME}(?:\.{_NAME})+){_NEXT}",
         values=lambda it, groups: {"path": groups["path"].replace(".", "/")}),
    Rule("a eq b#c", "unexpected-text.operator", _QUALIFIED + _NEXT),
    Rule("$me eq 1", "unexpected-text.variable", r"\$"),
    Rule("a in (1,)", "missing-operand.after", r"[),;\]}:]", when=lambda it: it.word_before,
         values=lambda it, groups: {"word": it.word_before}),
    Rule(")", "missing-operand", _ONE, when=lambda it: not it.word_before),
    Rule("a eq .5", "invalid-literal.number", r"\.(?=[0-9])"),
    Rule("a eq \a", "invalid-character.here", _CONTROL, values=_character),
    Rule("a eq #", "unexpected-text.operand", _ONE),
)  # fmt: skip
"""Advice where nothing can be read that an operand begins with."""


def explain(start: str, text: str, place: int, names: Set[str]) -> SyntaxProblem:
    """Say why none of the tokens that can stand at a place is there; "" among the names is the end."""
    if start == "count":
        return SyntaxProblem("invalid-option-value.boolean", 0, len(text))
    if start in ("top", "skip"):
        is_negative = re.fullmatch("-[0-9]+", text)
        message = "invalid-option-value.negative" if is_negative else "invalid-option-value"
        return SyntaxProblem(message, place, min(place + 1, len(text)))
    if text[place : place + 1] == ":":
        began, place, mistake = clock_around(text, place)
        if mistake:
            return SyntaxProblem(mistake, began, place)
    first = place + len(text[place:]) - len(text[place:].lstrip(" \t"))
    it = Situation(text, place, first, names)
    if first == len(text):
        return _explain_end(it)
    escape = _ESCAPE.match(text, first)
    if escape:
        return SyntaxProblem("invalid-encoding.twice", *escape.span(), escape=escape[0])
    if text[first] == "'" and not _STRING.match(text, first):
        return SyntaxProblem("unclosed-string", first, first + 1)
    if "EQUALITY" in names or "STRING" in names:
        rules = AFTER_OPERAND if "EQUALITY" in names else BEFORE_OPERAND
        return next(filter(None, (rule.apply(it) for rule in rules)))
    if "JSON_STRING" in names and text[first] != '"':
        return SyntaxProblem("unexpected-text.brace", first)
    return SyntaxProblem("unexpected-text", first, expected=it.expected)


def _explain_end(it: Situation) -> SyntaxProblem:
    end = len(it.text)
    if not it.text.strip(" \t"):
        return SyntaxProblem("empty-expression", end, end)
    if "EQUALITY" in it.names:
        return SyntaxProblem("missing-parenthesis", end, end, expected=(Phrase("an-operator"), *it.expected))
    if "STRING" in it.names:
        return SyntaxProblem("missing-operand.after", end, end, word=it.word_before)
    return SyntaxProblem("missing-operand.expected", end, end, expected=it.expected)
