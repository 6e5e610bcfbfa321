"""Advice for a text that the parser cannot read on: the place, what is wrong, what was probably meant.

Only texts with a mistake come here, so this is written for good messages, not for speed. Each piece of
advice is a Rule with an example; the first one that fits is given.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any, NamedTuple

from ..operations import FUNCTIONS, OPERATIONS
from ..problems import Name, Phrase, nearest
from .tokens import CURLY_QUOTES, MAX_NAME, SyntaxProblem

_OPERATORS = tuple(name for name, operation in OPERATIONS.items() if operation.notation == "infix")
_DIRECTIONS = ("asc", "desc")
_WORDS_OF_ORDER = {"ascending": "asc", "descending": "desc"}
_ELSEWHERE = {
    "=": "eq", "==": "eq", "===": "eq", "!=": "ne", "<>": "ne", "!==": "ne", "<": "lt", "<=": "le",
    "=<": "le", ">": "gt", ">=": "ge", "=>": "ge", "&&": "and", "&": "and", "||": "or", "|": "or", "!": "not",
    "+": "add", "*": "mul", "%": "mod", "/": "div", "equals": "eq", "equal": "eq", "neq": "ne",
    "gte": "ge", "lte": "le", "plus": "add", "minus": "sub", "times": "mul", "xor": "ne", "andalso": "and",
    "orelse": "or",
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

_WORD = re.compile(r"[^\W\d]\w*")
_LAST_WORD = re.compile(r"[^\W\d]\w*$")
_STRING = re.compile(r"'[^']*+(?:''[^']*+)*+'")
_ESCAPE = re.compile("%[0-9A-Fa-f]{2}")

# Patterns of rules. The groups are the values of the message; a group "at" is the place.
# Nothing captures inside what '*+' repeats: CPython's re fails on that with a SystemError.
_ONE = r"[\s\S]"
_NO_WORD = r"(?![^\W\d])"
_A_WORD = r"(?P<word>[^\W\d]\w*)"
_SIGN_WORD = r"(?P<sign>[^\W\d]\w*)"
_QUALIFIED = r"[^\W\d]\w*(?:\.[^\W\d]\w*)*"
_SIGN = r"(?P<sign>[=!<>&|]+|[+*/%^~])"
_DASH = r"[-\u2010-\u2015\u2212]"
_NUMBER = r"(?P<number>[+-]?[0-9]+(?:\.[0-9]+)?)$"
_REST_OF_NUMBER = r"(?:(?:,[0-9]++|[._][0-9]*+)++(?:[xX][0-9a-fA-F]+)?|[xX][0-9a-fA-F]+)(?!\w)"
_MOMENT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+$"
_CONTROL = r"[^ -~]"
_OPTION = r"\$(?:filter|orderby|top|skip|count|select|expand)"


class Situation(NamedTuple):
    """A text, the place up to which it was read, and the names of the tokens that can stand there.

    `start` is the first character that is not blank from there on, and `after` the rule's match there.
    """

    text: str
    place: int
    start: int
    names: Set[str]
    after: re.Match[str] | None = None

    @property
    def is_tight(self) -> bool:
        """True if the next character follows without a blank."""
        return self.start == self.place

    @property
    def is_nested(self) -> bool:
        """True inside a parenthesis, bracket or brace."""
        return bool(self.names & _CLOSING)

    @property
    def is_order(self) -> bool:
        """True where `asc` and `desc` can stand."""
        return "DIRECTION" in self.names

    @property
    def word(self) -> str:
        """The next word, in lower case."""
        found = _WORD.match(self.text, self.start)
        return found[0].lower() if found else ""

    @property
    def last_word(self) -> str:
        """The word that ends at the place, in lower case."""
        # Texts can be very long, so no farther back than a name is.
        found = _LAST_WORD.search(self.text, max(0, self.place - MAX_NAME), self.place)
        return found[0].lower() if found else ""

    @property
    def word_before(self) -> str:
        """The operator before the place, or else the last character; "" if the text starts there."""
        before = self.text[: self.start].split()
        return before[-1] if before and before[-1].lower() in OPERATIONS else before[-1][-1] if before else ""

    @property
    def is_last(self) -> bool:
        """True if nothing follows the rule's match."""
        return self.after is not None and not self.text[self.after.end() :].strip(" \t")

    @property
    def meant(self) -> str | None:
        """The operator that the next word probably stands for."""
        words = (*_OPERATORS, *_DIRECTIONS[: 2 * self.is_order])
        return _ELSEWHERE.get(self.word) or nearest(self.word, words, cutoff=0.75)

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
    before   the pattern of a text that ends at the place
    when     a further condition
    values   further values of the message, made of the groups; `suggestion` is one
    place    `after`, `both` (from the start of before to the end of after), `before`, `gap` (from the
             place to the end of after); `start` and `end` of after without a length, past blanks
    """

    example: str
    message: str
    after: str = _A_WORD
    before: str = ""
    when: Callable[[Situation], object] = lambda it: True
    values: Callable[[Situation, dict[str, Any]], Values] = lambda it, groups: {}
    place: str = "after"

    def apply(self, it: Situation) -> SyntaxProblem | None:
        """Return the problem if the rule fits."""
        after = re.compile(self.after, re.I).match(it.text, it.start)
        low = max(0, it.place - MAX_NAME)
        before = re.compile(self.before, re.I).search(it.text, low, it.place) if self.before else None
        it = it._replace(after=after)
        if after is None or (self.before and before is None) or not self.when(it):
            return None
        groups = {**(before.groupdict() if before else {}), **after.groupdict()}
        start, end = after.span("at" if groups.pop("at", None) is not None else 0)
        for name in groups.keys() & {"word", "sign", "function"}:
            groups[name] = groups[name].lower()
        values = {**groups, **self.values(it, groups)}
        first = start if before is None else before.start()
        places: dict[str, tuple[int, int | None]] = {
            "after": (start, end), "both": (first, end), "before": (first, it.place), "gap": (it.place, end),
            "start": (start, None), "end": (end, None),
        }  # fmt: skip
        return SyntaxProblem(self.message, *places[self.place], **values)


def _character(it: Situation, groups: Values) -> Values:
    return {"character": f"U+{ord(it.text[it.start]):04X}"}


def _operator(it: Situation, groups: Values) -> Values:
    return {"suggestion": _ELSEWHERE.get(groups["sign"]), "sign": groups["sign"][:8]}


def _expectation(it: Situation, groups: Values) -> Values:
    return {"expected": (Phrase("an-operator"), *it.expected)}


_SIGNS = (
    Rule("a ? 1 : 2", "unknown-operator.ternary", r"(?P<sign>\?)"),
    Rule("a =~ 'x'", "unknown-operator.pattern", "(?P<sign>=~)"),
    Rule("a = 1", "unknown-operator", _SIGN, values=_operator),
)
_CHARACTERS = (
    Rule("a \u2019x\u2019", "invalid-character.quote", f"[{CURLY_QUOTES}]"),
    Rule("a \u00a0", "invalid-character.here", _NO_WORD + _CONTROL, values=_character),
)

AFTER_OPERAND = (
    # ---- what looks like the rest of a literal
    Rule("a eq 5L", "invalid-literal.suffix", r"(?P<suffix>[LMFD])(?!\w)", _NUMBER, lambda it: it.is_tight),
    Rule(
        "a eq 2024-1-5", "invalid-literal.short-date",
        "-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})(?![0-9])", "(?<![0-9.+-])(?P<year>[0-9]{4})$",
        lambda it: it.is_tight,
        lambda it, groups: {"date": "{year}-{month:>02}-{day:>02}".format(**groups)}, "both",
    ),
    Rule(
        "a eq 1,000", "invalid-literal.number", _REST_OF_NUMBER, _NUMBER,
        lambda it: it.is_tight and not (it.is_nested and "," in str(it.after and it.after[0])),
    ),
    Rule("a eq 31/12/2024", "invalid-literal.slashed-date",
         "[/.][0-9]{1,2}[/.][0-9]{1,4}", r"(?<![\w.])[0-9]{1,4}$", place="before"),
    Rule(
        "a eq 2024-01-31T10:20:30 02:00", "invalid-encoding.plus",
        "(?P<hours>[0-9]{2}):?(?P<minutes>[0-9]{2})(?![0-9])", _MOMENT, lambda it: not it.is_tight,
        lambda it, groups: {"offset": "{hours}:{minutes}".format(**groups)}, "gap",
    ),
    Rule(
        "a eq 2024-01-31T10:20:30+02", "invalid-literal.offset",
        "(?P<hours>[+-][0-9]{2})(?P<minutes>[0-9]{2})?(?![0-9:])", _MOMENT, lambda it: it.is_tight,
        lambda it, groups: {"offset": f"{groups['hours']}:{groups['minutes'] or '00'}"},
    ),
    Rule("a eq 2024-01-31 10:20", "invalid-literal.blank-time", "(?P<time>[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)",
         "(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})$", place="both"),
    # ---- signs
    Rule("a eq 1 $top=5", "unexpected-text.next-option", rf"[?&;]?\s*(?P<at>(?P<name>{_OPTION})\s*=)"),
    Rule("tags/any(t => t eq 'x')", "unexpected-text.lambda", "=>(?![=!<>&|])",
         r"(?P<function>any|all)\s*\(\s*[^\W\d]\w*$"),
    *_SIGNS,
    Rule("a - 1 gt 0", "unknown-operator", f"(?P<sign>{_DASH})(?!{_DASH}|>)", when=lambda it: not it.is_order,
         values=lambda it, groups: {"suggestion": "sub"}),
    Rule("a eq 1)", "unexpected-text.unopened", r"(?P<sign>[)\]}])"),
    Rule("a in 'x', 'y'", "unexpected-text.list", ",", r"\sin\s+(?:'[^']*'|[^\s'(),]+)$",
         lambda it: not it.is_nested),
    Rule("$orderby=a; b", "unexpected-text.order-separator", "(?P<sign>[,;])",
         when=lambda it: it.is_order and not it.is_nested),
    Rule("a eq 1, b eq 2", "unexpected-text.separator", "(?P<sign>[,;])", when=lambda it: not it.is_nested),
    Rule("eq 1", "unexpected-text.read-as-name", _ONE, when=lambda it: it.last_word in _OPERATORS,
         values=lambda it, groups: {"word": it.last_word}, place="start"),
    Rule("length (a) eq 1", "unexpected-text.blank-call", r"\(", r"[^\W_]$"),
    *_CHARACTERS,
    Rule("a eq 1 #", "unexpected-text", _NO_WORD + _ONE, values=_expectation),
    # ---- words
    Rule("a eq 'O'Neil'", "unexpected-text.doubled-quote", _A_WORD, "'$",
         lambda it: it.is_tight and it.word not in _OPERATORS),
    Rule("a eq 1 and", "missing-operand.after", _A_WORD + r"[ \t]*(?P<at>)",
         when=lambda it: it.word in _OPERATORS and it.is_last),
    Rule("'x'eq a", "unexpected-text.blank-before", when=lambda it: it.word in _OPERATORS and it.is_tight),
    Rule("a eq'x'", "unexpected-text.blank-after", _A_WORD + rf"(?P<at>(?![ \t]){_ONE})",
         when=lambda it: it.word in _OPERATORS),
    Rule("$orderby=a asc desc", "unexpected-text.after-direction", place="end",
         when=lambda it: it.word in _DIRECTIONS and it.is_order),
    Rule("a desc", "unexpected-text.direction", when=lambda it: it.word in _DIRECTIONS),
    Rule("a is 1", "unknown-operator", r"(?P<sign>is)\b(?!\s+(?:not\s+)?null\b)",
         values=lambda it, groups: {"suggestion": "eq"}),
    Rule("a is null", "unknown-operator.is", r"(?P<sign>is)\b"),
    Rule("a like 'x%'", "unknown-operator.like", r"(?:not\s)?(?P<sign>like)\b"),
    Rule("a ilike 'x%'", "unknown-operator.ilike", r"(?:not\s)?(?P<sign>ilike)\b"),
    Rule("a between 1 and 2", "unknown-operator.between", r"(?:not\s)?(?P<sign>between)\b"),
    Rule("a regexp 'x'", "unknown-operator.pattern", r"(?:not\s)?(?P<sign>rlike|regexp|matches)\b"),
    Rule("a not is 1", "unknown-operator.is", r"not\s(?P<sign>is)\b"),
    Rule("a not in (1)", "unknown-operator.negated", r"(?P<sign>not)\b"),
    Rule("$orderby=a descending", "unknown-operator.direction", _SIGN_WORD,
         when=lambda it: it.word in _WORDS_OF_ORDER and it.is_order,
         values=lambda it, groups: {"suggestion": _WORDS_OF_ORDER[it.word]}),
    Rule("name contains 'x'", "unexpected-text.function", when=lambda it: it.word in FUNCTIONS),
    Rule("contains name", "unexpected-text.function", when=lambda it: it.last_word in FUNCTIONS,
         values=lambda it, groups: {"word": it.last_word}),
    Rule("a equals 1", "unknown-operator", _SIGN_WORD, when=lambda it: it.meant and not it.is_tight,
         values=lambda it, groups: {"suggestion": it.meant}),
    Rule("a b c", "unexpected-text", r"[^\W\d]\w*", values=_expectation),
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
    Rule("Supplier.Name eq 'x'", "unexpected-text.dotted", rf"(?P<path>{_QUALIFIED})",
         when=lambda it: "." in str(it.after and it.after[0]),
         values=lambda it, groups: {"path": groups["path"].replace(".", "/")}, place="end"),
    Rule("a eq b#c", "unexpected-text.operator", _QUALIFIED, place="end"),
    Rule("$me eq 1", "unexpected-text.variable", r"\$", place="start"),
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
    first = place + len(text[place:]) - len(text[place:].lstrip(" \t"))
    it = Situation(text, place, first, names)
    if first == len(text):
        return _explain_end(it)
    escape = _ESCAPE.match(text, first)
    if escape:
        return SyntaxProblem("invalid-encoding.twice", *escape.span(), escape=escape[0])
    if text[first] == "'" and not _STRING.match(text, first):
        return SyntaxProblem("unclosed-string", first, first + 1)
    if "EQUALITY" in names:
        return _first(AFTER_OPERAND, it)
    if "STRING" in names:
        return _first(BEFORE_OPERAND, it)
    if "JSON_STRING" in names and text[first] != '"':
        return SyntaxProblem("unexpected-text.brace", first)
    return SyntaxProblem("unexpected-text", first, expected=it.expected)


def _first(rules: Sequence[Rule], it: Situation) -> SyntaxProblem:
    return next(filter(None, (rule.apply(it) for rule in rules)))


def _explain_end(it: Situation) -> SyntaxProblem:
    end = len(it.text)
    if not it.text.strip(" \t"):
        return SyntaxProblem("empty-expression", end, end)
    if "EQUALITY" in it.names:
        return SyntaxProblem("missing-parenthesis", end, end, expected=(Phrase("an-operator"), *it.expected))
    if "STRING" in it.names:
        return SyntaxProblem("missing-operand.after", end, end, word=it.word_before)
    return SyntaxProblem("missing-operand.expected", end, end, expected=it.expected)
