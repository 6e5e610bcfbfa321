"""Advice for a text that the parser cannot read: the place, the mistake, and the likely correction.

Only texts with a mistake come here, so this is written for good messages, not for speed. Each piece of
advice is a Rule with an example; the first one that fits is given.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Set
from functools import cache
from typing import Any, NamedTuple

from ..operations import FUNCTIONS, OPERATIONS
from ..problems import Name, Phrase, nearest
from . import meant
from .literals import quote
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
_ESCAPE = re.compile("%[0-9A-Fa-f]{2}|(?:%u[0-9A-Fa-f]{4})+")
_GUID = "01234567-89ab-cdef-0123-456789abcdef"

# Patterns of rules. The groups are the values of the message; the groups "at" are the ends of the place.
# Nothing captures inside what '*+' repeats: CPython's re fails on that with a SystemError.
_ONE = r"[\s\S]"
_NEXT = rf"[ \t]*(?P<at>{_ONE}?)"
_TIGHT, _LOOSE = r"(?<![ \t])", r"(?<=[ \t])"  # no operand ends with a blank
_NO_WORD = r"(?![^\W\d])"
_NAME = r"[^\W\d]\w*"
_QUALIFIED = rf"{_NAME}(?:\.{_NAME})*"
_PATH = rf"{_NAME}(?:/{_NAME})*"
_LEFT = rf"(?P<left>(?<![\w/.$@]){_PATH})?$"
_WORD = f"(?ai:{'|'.join(_OPERATORS)})"
_OPERATOR = rf"(?P<word>{_WORD})(?!\w)"
_DIRECTION = r"(?P<word>(?ai:asc|desc))(?!\w)"
_FUNCTION = rf"(?P<word>(?ai:{'|'.join(name for name in FUNCTIONS if '.' not in name)}))(?!\w)"
_LAMBDA = r"(?P<function>any|all)\([ \t]*"
_TEXT = "'[^']*+(?:''[^']*+)*+'"
_ITEM = rf"(?:{_TEXT}|[^\s'(),;]+)"
_ITEMS = rf"(?P<rest>(?P<at>,)[ \t]*+{_ITEM}(?:[ \t]*+,[ \t]*+{_ITEM})*+)"
_SIGN = r"(?P<sign>[=!<>&|]+|[+*/%^~])"
_NUMBER = r"(?P<number>[+-]?[0-9]+(?:\.[0-9]+)?)$"
_HEX = "[xX][0-9a-fA-F]+"
_MOMENT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+"
_CONTROL = r"[^ -~]"
_BREAK, _BLANK = r"(?P<char>(?P<at>[\n\v\f\r\x85\u2028\u2029]))", r"(?P<char>(?P<at>[^\S \t]))"
_INVISIBLE = r"[\u00ad\u200b\u2060\ufeff]"
_OPTION = r"\$(?:filter|orderby|top|skip|count|select|expand)"
_STRING = re.compile(_TEXT)
_END_OF_STRING = re.compile(rf"[ \t]*(?:[),\]]|\Z)|[ \t]+{_WORD}(?!\w)")


@cache
def _pattern(text: str) -> re.Pattern[str]:
    """Compile a pattern when it is first needed; re keeps too few for all the rules of a process."""
    return re.compile(text, re.I)


class Situation(NamedTuple):
    """A text, the place up to which it was read, and the names of the tokens that can stand there.

    `start` is the first character that is not blank from there on, `last` that of the token before.
    """

    text: str
    place: int
    start: int
    names: Set[str]
    last: int

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
        known = {**_ELSEWHERE, **directions}
        near = nearest(word, [*_OPERATORS, *directions, *directions.values()], cutoff=0.75)
        return known.get(word) or known.get(near or "", near)

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
    values   further values of the message, made of the groups, `suggestion` among them; None if the rule
             does not fit after all
    """

    example: str
    message: str
    after: str
    before: str = ""
    when: Callable[[Situation], object] = lambda it: True
    values: Callable[[Situation, dict[str, Any]], Values | None] = lambda it, groups: {}

    def apply(self, it: Situation) -> SyntaxProblem | None:
        """Return the problem if the rule fits."""
        after = _pattern(self.after).match(it.text, it.start)
        # Texts can be very long, so no farther back than a name is.
        low = max(0, it.place - MAX_NAME)
        before = after and _pattern(self.before).search(it.text, low, it.place)
        if after is None or before is None or not self.when(it):
            return None
        at = [m.span("at") for m in (before, after) if "at" in m.re.groupindex] or [after.span()]
        groups = {**before.groupdict(), **after.groupdict()}
        groups.pop("at", None)
        for name in groups.keys() & {"word", "sign", "function"}:
            groups[name] = groups[name] and groups[name].lower()
        values = self.values(it, groups)
        return (
            None
            if values is None
            else SyntaxProblem(self.message, at[0][0], at[-1][1], **{**groups, **values})
        )


def _is_flat(it: Situation) -> bool:
    """Return True outside of parentheses, brackets and braces."""
    return not it.names & _CLOSING


def _is_no_list(it: Situation) -> bool:
    """Return True where no comma can stand."""
    return "_COMMA" not in it.names


def _is_order(it: Situation) -> bool:
    """Return True where `asc` and `desc` can stand."""
    return "DIRECTION" in it.names


def _character(it: Situation, groups: Values) -> Values:
    return {"character": f"U+{ord(groups.get('char') or it.text[it.start]):04X}"}


def _operator(it: Situation, groups: Values) -> Values:
    sign = groups["sign"]
    return {"suggestion": it.meant(sign), "sign": sign[:8] if sign[0] in "=!<>&|" else sign}


def _expectation(it: Situation, groups: Values) -> dict[str, Any]:
    return {"expected": (Phrase("an-operator"), *it.expected)}


def _drop_in(text: str | None) -> Values | None:
    """Suggest a text for the place, which the message shows; None if there is none."""
    return None if text is None else {"meant": text, "suggestion": text}


def _string_meant(text: str, start: int, place: int, quotes: str) -> str | None:
    """Return the string that starts at an offset, with its inner quotes doubled: `'O'Neil'` -> `'O''Neil'`.

    Its last quote is one of `quotes`, from a place on, after which a string can end.
    """
    for found in re.compile(f"[{quotes}]").finditer(text, place, place + 1_000):
        if _END_OF_STRING.match(text, found.end()):
            return quote(text[start + 1 : found.start()].replace("''", "'"))
    return None


def _doubled(it: Situation, groups: Values) -> Values:
    is_string = it.text[it.last] == "'"
    return {"meant": (is_string and _string_meant(it.text, it.last, it.place, "'")) or "'O''Neil'"}


def _quoted_name(it: Situation, groups: Values) -> Values:
    return {"string": quote(groups["meant"])}


def _with_zone(it: Situation, groups: Values) -> Values | None:
    found = meant.moment("{head}{tail}T00:00:00{zone}".format(**groups))
    return None if found is None else {"meant": found[:10], "moment": found, "suggestion": found[:10]}


def _date(it: Situation, groups: Values) -> Values | None:
    text = "{head}{more}{tail}".format(**{**groups, "more": groups["more"] or ""})
    is_date = re.fullmatch("[0-9]+/[0-9]+/[0-9]+|(?=.*[0-9]{4})[0-9]+([.-])[0-9]+\\1[0-9]+", text)
    return {"date": meant.date(text) or "2024-01-31"} if is_date else None


def _guid(it: Situation, groups: Values) -> Values | None:
    text = groups["head"] + groups["tail"]
    found = meant.guid(text)
    is_like_one = len(text) >= 20 and re.fullmatch("(?:[0-9A-Fa-f]+-){3,}[0-9A-Fa-f]*", text)
    if found or is_like_one or [*map(len, text.split("-"))] == [8, 4, 4, 4, 12]:
        return {"meant": found or _GUID, "suggestion": found}
    return None


def _list(it: Situation, groups: Values) -> Values:
    items = re.findall(_ITEM, f"{groups['first']}{groups['rest']}"[:200])
    return {"meant": f"({','.join(items)})"}


def _slashed(it: Situation, groups: Values) -> Values:
    return {"path": groups["path"].replace(".", "/")}


def _array(it: Situation, groups: Values) -> Values:
    """Write a list as a JSON array: `('a',1)` -> `["a",1]`."""
    import json

    items = re.findall(_ITEM, f"{groups['first']}{groups['rest']}"[:200])
    texts = [json.dumps(_unquoted(i), ensure_ascii=False) if i[0] == "'" else i for i in items]
    return {"meant": f"[{','.join(texts)}]"}


def _unquoted(text: str) -> str:
    return text[1:-1].replace("''", "'")


def _like(it: Situation, groups: Values) -> Values:
    """Say it with functions: `name like 'a%'` -> `startswith(name,'a')`."""
    left, pattern = groups["left"] or "a", _unquoted(groups["pattern"] or "")
    inside = pattern.strip("%")
    if not inside or "%" in inside or "_" in inside:
        return {"meant": (Name("contains"), Name("startswith"), Name("endswith"))}
    ends = (pattern[0] == "%", pattern[-1] == "%")
    name = {(True, True): "contains", (False, True): "startswith", (True, False): "endswith"}.get(ends)
    test = f"{name}({left},{quote(inside)})" if name else f"{left} eq {quote(inside)}"
    negation = f"not {test}" if name else f"not ({test})"
    return {"meant": negation if groups["negated"] else test}


def _is(it: Situation, groups: Values) -> Values:
    value = "''" if groups["value"] == "empty" else "null"
    return {"meant": f"{groups['left'] or 'a'} {'ne' if groups['negated'] else 'eq'} {value}"}


def _between(it: Situation, groups: Values) -> Values:
    left, low, high = groups["left"] or "a", groups["low"] or "1", groups["high"] or "2"
    test = f"{left} ge {low} and {left} le {high}"
    return {"meant": f"not ({test})" if groups["negated"] else test}


def _negated(it: Situation, groups: Values) -> Values:
    left, name = groups["left"] or "a", groups["name"]
    test = f"{name}({left},{groups['argument'] or 'b'})" if name else f"{left} in {groups['list'] or '(1,2)'}"
    return {"meant": f"not {test}" if name else f"not ({test})"}


def _called(it: Situation, groups: Values) -> Values:
    given = [each for each in (groups["left"], groups["argument"], groups.get("second")) if each]
    counts = {len(signature.parameters) for signature in OPERATIONS[groups["word"]].signatures}
    return {"meant": f"{groups['word']}({','.join(given) if len(given) in counts else '...'})"}


_SIGNS = (
    Rule("a ? 1 : 2", "unknown-operator.ternary", r"(?P<sign>\?)"),
    Rule("a =~ 'x'", "unknown-operator.pattern", "(?P<sign>=~)"),
    Rule("a = 1", "unknown-operator", _SIGN, values=_operator),
)
_BLANKS = (
    Rule("a eq 1\nand b", "invalid-character.break", f"(?:{_OPERATOR})?{_BREAK}", values=_character),
    Rule("a eq\u00a01", "invalid-character.blank", f"(?:{_OPERATOR})?{_BLANK}", values=_character),
)

AFTER_OPERAND = (
    # ---- what looks like the rest of a literal
    Rule("a eq 01234567-89ab-cdef-0123-456789abcde", "invalid-literal.guid-form",
         rf"{_TIGHT}(?P<tail>[0-9A-Za-z]*(?:-[0-9A-Za-z]*)*)(?P<at>)(?!\w)",
         r"(?<![\w'./@$-])(?P<at>)(?P<head>[0-9A-Za-z]{1,36})$", values=_guid),
    Rule("a in 'x', 'y'", "unexpected-text.list", _ITEMS,
         rf"\sin\s+(?P<first>{_ITEM})$", _is_no_list, _list),
    Rule("(1,2)", "unexpected-text.array", _ITEMS,
         rf"^[ \t]*\([ \t]*(?P<first>{_ITEM})$", _is_no_list, _array),
    Rule("a eq ('x','y')", "unexpected-text.equal-list", _ITEMS,
         rf"(?<!\w)(?P<word>eq|ne)[ \t]+\([ \t]*(?P<first>{_ITEM})$", _is_no_list, _list),
    Rule("a has 'x','y'", "unexpected-text.flags", rf"(?P<at>,)[ \t]*'?(?P<second>{_NAME})",
         rf"(?<!\w)has[ \t]+\(?[ \t]*'?(?P<first>{_NAME})'?$", _is_no_list,
         lambda it, groups: {"meant": "'{first},{second}'".format(**groups)}),
    Rule("a eq 1e 21", "invalid-encoding.plus-exponent", _TIGHT + r"e[ \t]+(?P<digits>[0-9]+)(?P<at>)(?!\w)",
         r"(?<![\w.+-])(?P<at>)" + _NUMBER,
         values=lambda it, groups: _drop_in("{number}e{digits}".format(**groups))),
    Rule("a eq 5L", "invalid-literal.suffix", _TIGHT + r"(?P<suffix>[LMFD])(?!\w)", _NUMBER),
    Rule("a eq 2024-01-31Z", "invalid-literal.date-zone",
         rf"{_TIGHT}(?P<tail>(?:-[0-9]{{2}}){{2}}|)(?P<zone>Z|[+-][0-9]{{2}}:?[0-9]{{2}})(?P<at>)(?!\w)",
         r"(?<![\w.+-])(?P<at>)(?P<head>[0-9]{4}(?:-[0-9]{2}-[0-9]{2})?)$", values=_with_zone),
    Rule("a eq 2024-01-31T9Z", "invalid-literal.short-time",
         rf"{_TIGHT}(?P<tail>-[0-9]{{1,2}}-[0-9]{{1,2}}T[0-9:]*(?:\.[0-9]+)?(?:Z|[+-][0-9:]{{2,5}})?)(?P<at>)(?![\w:.])",
         r"(?<![\w.+-])(?P<at>)(?P<head>[0-9]{4})$",
         values=lambda it, groups: _drop_in(meant.moment((groups["head"] + groups["tail"]).rstrip("Tt")))),
    Rule("a eq 2024-1-5", "invalid-literal.short-date",
         _TIGHT + r"-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})(?P<at>)(?!\w)",
         r"(?<![\w.+-])(?P<at>)(?P<year>[0-9]{4})$",
         values=lambda it, groups: _drop_in(meant.date("{year}-{month}-{day}".format(**groups)))),
    Rule("a eq 2024-01-31x", "invalid-literal.moment", _TIGHT + r"-[0-9]{1,2}-[0-9]{1,2}[\w:.+-]*(?P<at>)",
         r"(?<![\w.+-])(?P<at>)[0-9]{4}$"),
    Rule("a eq 31/12/2024", "invalid-literal.slashed-date",
         _TIGHT + r"(?P<tail>(?:[/.-][0-9]{1,4}){1,2})(?!\w)",
         r"(?<![\w.])(?P<at>(?P<head>[0-9]{1,4}))(?P<more>\.[0-9]{1,2})?$", values=_date),
    Rule("a eq 9:00", "invalid-literal.short-time",
         r"(?P<tail>(?::[0-9]{1,2}){0,2}(?:[ \t]?[ap]m)?)(?P<at>)(?![\w:])",
         r"(?<![\w.:-])(?P<at>)(?P<head>[0-9]{1,2}(?::[0-9]{2}){0,2})$",
         lambda it: it.text[it.start] in ":aApP",
         lambda it, groups: _drop_in(meant.time(groups["head"] + groups["tail"]))),
    Rule("a eq 10:20:30.1234567890123", "invalid-literal.fraction", _TIGHT + r"\.[0-9]+",
         r"(?:T|(?<![\w:.-]))[0-9]{2}:[0-9]{2}:[0-9]{2}$"),
    Rule("a eq 1,000", "invalid-literal.number",
         rf"{_TIGHT}(?:(?:,[0-9]++|[._][0-9]*+)++(?:{_HEX})?|{_HEX})(?!\w)", _NUMBER, _is_flat),
    Rule("a in (1.5.0)", "invalid-literal.number",
         rf"{_TIGHT}(?:(?:[._][0-9]*+)++(?!,[0-9])(?:{_HEX})?|{_HEX}|e)(?!\w)", _NUMBER),
    Rule("a eq 2024-01-31T10:20:30 02:00", "invalid-encoding.plus",
         _LOOSE + "(?P<hours>[0-9]{2}):?(?P<minutes>[0-9]{2})(?P<at>)(?![0-9])", _MOMENT + "(?P<at>)$",
         values=lambda it, groups: {"offset": "{hours}:{minutes}".format(**groups)}),
    Rule("a eq 2024-01-31T10:20:30+02", "invalid-literal.offset",
         _TIGHT + "(?P<hours>[+-][0-9]{2})(?P<minutes>[0-9]{2})?(?![0-9:])", _MOMENT + "$",
         values=lambda it, groups: {"offset": f"{groups['hours']}:{groups['minutes'] or '00'}"}),
    Rule("a eq 2024-01-31T10:20:30 UTC", "invalid-literal.zone",
         r"(?P<zone>Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2})(?P<at>)(?!\w)", f"(?P<at>)(?P<moment>{_MOMENT})$",
         values=lambda it, groups: _drop_in(meant.moment("{moment}{zone}".format(**groups)))),
    Rule("a eq 2024-01-31 10:20", "invalid-literal.blank-time",
         "(?P<time>[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)(?P<at>)",
         "(?P<at>)(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})$"),
    Rule("a eq 'Students'-Cook'", "unexpected-text.doubled-quote",
         rf"{_TIGHT}{_NO_WORD}[^\s,()\]}}:;=!<>&|+*/%^~']", "'$",
         lambda it: it.text.count("'", it.place) % 2, _doubled),
    # ---- signs
    Rule("a eq 1 $top=5", "unexpected-text.next-option", rf"[?&;]?\s*(?P<at>(?P<name>{_OPTION})\s*=)"),
    Rule("tags/any(t => t eq 'x')", "unexpected-text.lambda", "(?:=>(?![=!<>&|])|->|;)",
         rf"{_LAMBDA}{_NAME}$"),
    Rule("a->b eq 1", "unexpected-text.path", rf"(?P<at>->|\\|\[)['\"]?(?P<name>{_NAME})", _LEFT,
         lambda it: it.place == it.start,
         lambda it, groups: {"meant": f"{groups['left'] or 'a'}/{groups['name']}"}),
    *_SIGNS,
    Rule("a - 1 gt 0", "unknown-operator", f"(?P<sign>[{_DASHES}])(?![{_DASHES}>])",
         when=lambda it: not _is_order(it), values=_operator),
    Rule("a eq 1)", "unexpected-text.unopened", r"(?P<sign>[)\]}])"),
    Rule("$orderby=a; b", "unexpected-text.order-separator", "(?P<sign>[,;])",
         when=lambda it: _is_order(it) and _is_flat(it)),
    Rule("a eq 1;", "unexpected-text.trailing", r"(?P<at>(?P<sign>[,;]))[ \t]*\Z", when=_is_flat),
    Rule("a eq 1, b eq 2", "unexpected-text.separator", "(?P<sign>[,;])", when=_is_flat),
    Rule("a\u200beq 1", "invalid-character.invisible", _ONE,
         rf"(?P<at>(?P<char>{_INVISIBLE}))\w*$", values=_character),
    Rule("tags/any(eq 'x')", "unexpected-text.lambda", _ONE, rf"{_LAMBDA}{_OPERATOR}$"),
    Rule("a eq 1 and and b", "unexpected-text.twice", _ONE, rf"(?<!\w){_OPERATOR}[ \t]+(?P=word)$"),
    Rule("eq 1", "unexpected-text.read-as-name", _ONE, rf"(?<!\w){_OPERATOR}$"),
    Rule("length (a) eq 1", "unexpected-text.blank-call", r"\(", r"[^\W_]$"),
    Rule("a \u2019x\u2019", "invalid-character.quote", f"[{CURLY_QUOTES}]"),
    *_BLANKS,
    Rule("a \u00a7", "invalid-character.here", _NO_WORD + _CONTROL, values=_character),
    Rule("name contains('x')", "unexpected-text.function",
         rf"(?P<at>{_FUNCTION})[ \t]*\(?(?P<argument>{_TEXT})", _LEFT, values=_called),
    Rule("contains 'x'", "unexpected-text.function", f"(?P<at>(?P<argument>{_TEXT}))",
         rf"(?<!\w)(?P<left>){_FUNCTION}$", values=_called),
    Rule("a eq 1 #", "unexpected-text", _NO_WORD + _ONE, values=_expectation),
    # ---- words
    Rule("a eq 1 and", "missing-operand.after", _OPERATOR + r"[ \t]*(?P<at>)\Z"),
    Rule("'x'eq a", "unexpected-text.blank-before", _TIGHT + _OPERATOR),
    Rule("a eq 'O'Neil'", "unexpected-text.doubled-quote", f"{_TIGHT}{_NAME}", "'$", values=_doubled),
    Rule("a eq'x'", "unexpected-text.blank-after", rf"{_OPERATOR}(?P<at>(?![ \t]){_ONE})"),
    Rule("a gt1", "unexpected-text.blank-after",
         rf"(?P<at>(?P<word>{_WORD})(?:[0-9]\w*|(?:null|true|false)(?!\w)))"),
    Rule("$orderby=a asc desc", "unexpected-text.after-direction", _DIRECTION + _NEXT, when=_is_order),
    Rule("a desc", "unexpected-text.direction", _DIRECTION),
    Rule("a is null", "unknown-operator.is",
         r"(?P<at>(?P<sign>is)\b)(?:\s+(?P<negated>not)\b)?\s+(?P<value>null|empty)\b", _LEFT, values=_is),
    Rule("a is 1", "unknown-operator", r"(?P<sign>is)\b", values=_operator),
    Rule("a like 'x%'", "unknown-operator.like",
         rf"(?P<at>(?P<negated>not\s)?(?P<sign>like)\b)(?:\s*(?P<pattern>{_TEXT}))?", _LEFT, values=_like),
    Rule("a ilike 'x%'", "unknown-operator.ilike", r"(?:not\s)?(?P<sign>ilike)\b"),
    Rule("a between 1 and 2", "unknown-operator.between",
         rf"(?P<at>(?P<negated>not\s)?(?P<sign>between)\b)(?:\s+(?P<low>{_ITEM})\s+and\s+(?P<high>{_ITEM}))?",
         _LEFT, values=_between),
    Rule("a regexp 'x'", "unknown-operator.pattern", r"(?:not\s)?(?P<sign>rlike|regexp|matches)\b"),
    Rule("a not in (1)", "unknown-operator.negated",
         r"(?P<at>(?P<sign>not)\b)(?:\s+in\s*(?P<list>\([^()]*\))"
         rf"|\s+(?P<name>contains|(?:start|end)swith)\b[ \t]*\(?(?P<argument>{_TEXT})?)?",
         _LEFT, values=_negated),
    Rule("$orderby=a descending", "unknown-operator.direction", rf"(?P<sign>{_NAME})",
         when=lambda it: _is_order(it) and it.meant(it.word) in _DIRECTIONS.values(), values=_operator),
    Rule("tags any(t: t eq 'x')", "unexpected-text.after-path", r"(?P<function>any|all)(?=[ \t]*\()"),
    Rule("name contains b", "unexpected-text.function",
         rf"(?P<at>{_FUNCTION})(?:[ \t]+(?P<argument>{_PATH}))?", _LEFT, values=_called),
    Rule("contains name 'x'", "unexpected-text.function",
         rf"(?P<at>(?P<argument>{_PATH}))(?:[ \t]*,?[ \t]*(?P<second>{_TEXT}))?",
         rf"(?<!\w)(?P<left>){_FUNCTION}$", values=_called),
    Rule("tags/any(t t eq 'x')", "unexpected-text.lambda-colon", _NAME, rf"{_LAMBDA}(?P<variable>{_NAME})$",
         lambda it: not it.meant(it.word)),
    Rule("a equals 1", "unknown-operator", f"{_LOOSE}(?P<sign>{_NAME})", when=lambda it: it.meant(it.word),
         values=_operator),
    Rule("a eq 'Students' Cook'", "unexpected-text.doubled-quote", _NAME, "'$",
         lambda it: it.text.count("'", it.place) % 2, _doubled),
    Rule("a eq New York", "unexpected-text.unquoted",
         rf"(?P<rest>(?P<at>{_NAME})(?:[ \t]+(?!{_WORD}(?!\w)){_NAME})*+)(?![\w(/.'])",
         rf"(?<!\w)(?:eq|ne|gt|ge|lt|le)[ \t]+(?P<first>{_NAME})$",
         values=lambda it, groups: _expectation(it, groups) | {"meant": "'{first} {rest}'".format(**groups)}),
    Rule("a b c", "unexpected-text", _NAME, values=_expectation),
)  # fmt: skip
"""Advice where an operand has been read and no operator follows."""

BEFORE_OPERAND = (
    Rule("cast(a,\"Edm.String\")", "unexpected-text.type-quoted", rf'(?P<at>"(?P<meant>{_QUALIFIED})")',
         rf"(?:cast|isof)\((?:[^()'\"]|{_TEXT})*+$", values=lambda it, groups: _drop_in(groups["meant"])),
    Rule('"a" eq 1', "invalid-literal.quoted-name",
         rf'(?P<at>")(?P<meant>{_PATH})"(?=[ \t]+(?:{_WORD}|asc|desc)(?!\w))', values=_quoted_name),
    Rule('length("a") eq 1', "invalid-literal.quoted-name", rf'(?P<at>")(?P<meant>{_PATH})"(?=[ \t]*[),])',
         rf"(?<!\w){_FUNCTION}\([ \t]*$", values=_quoted_name),
    Rule('a eq "x"', "invalid-literal.double-quotes", '"',
         values=lambda it, groups: more_values("invalid-character.quote", it.text, it.start)),
    Rule("a eq \u2018x=1", "invalid-character.quote", f"[{CURLY_QUOTES}]"),
    Rule("a eq `b`", "invalid-literal.backquote", r"[`\[]"),
    Rule("$filter=a eq 1", "unexpected-text.option-twice", r"(?P<name>[?&]?\$?(?:filter|orderby))\s*=",
         when=lambda it: not it.word_before),
    Rule("tags/any(t=>t eq 'x')", "unexpected-text.lambda", "(?P<at>>)", rf"{_LAMBDA}{_NAME}(?P<at>=)$"),
    Rule("a eq +INF", "unknown-operator.plus", r"(?P<sign>\+)(?=[\w.'(])"),
    *_SIGNS,
    Rule("a eq 'x\0'", "invalid-character.string", rf"(?:{_QUALIFIED})?'(?:[^'\0]++|'')*+(?P<at>\0)",
         values=lambda it, groups: {"character": "U+0000"}),
    Rule("a eq b'x", "unclosed-string", rf"{_QUALIFIED}(?P<at>')"),
    Rule("a eq b=1", "unknown-operator", rf"{_QUALIFIED}(?P<at>{_SIGN})", values=_operator),
    Rule("a eq Color.Red", "unexpected-text.dotted-member",
         rf"(?P<path>{_NAME}(?:\.{_NAME})*\.(?P<member>{_NAME})){_NEXT}",
         r"(?<!\w)(?:eq|ne|has)[ \t]+$", values=_slashed),
    Rule("Supplier.Name eq 'x'", "unexpected-text.dotted", rf"(?P<path>{_NAME}(?:\.{_NAME})+){_NEXT}",
         values=_slashed),
    Rule("a eq b#c", "unexpected-text.operator", _QUALIFIED + _NEXT),
    Rule("$me eq 1", "unexpected-text.variable", r"\$"),
    Rule("a in (1,)", "missing-operand.after", r"[),;\]}:]", when=lambda it: it.word_before,
         values=lambda it, groups: {"word": it.word_before}),
    *_BLANKS,
    Rule(")", "missing-operand", _ONE, when=lambda it: not it.word_before),
    Rule("a eq .5", "invalid-literal.number", r"\.(?=[0-9])"),
    Rule("a eq \a", "invalid-character.here", _CONTROL, values=_character),
    Rule("a eq #", "unexpected-text.operand", _ONE),
)  # fmt: skip
"""Advice where nothing can be read that an operand begins with."""


def explain(start: str, text: str, place: int, names: Set[str], last: int = 0) -> SyntaxProblem:
    """Say why none of the tokens that can stand at a place is there; "" among the names is the end.

    last  the offset of the token before
    """
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
    it = Situation(text, place, first, names, last)
    if first == len(text):
        return _explain_end(it)
    escape = _ESCAPE.match(text, first)
    if escape and escape[0][1] == "u":
        code = meant.utf_8(escape[0])
        return SyntaxProblem("invalid-encoding.unicode", *escape.span(), escape=escape[0], meant=code)
    if escape:
        return SyntaxProblem("invalid-encoding.twice", *escape.span(), escape=escape[0])
    if text[first] == "'" and not _STRING.match(text, first):
        return SyntaxProblem("unclosed-string", first, first + 1)
    if "EQUALITY" in names or "STRING" in names:
        rules = AFTER_OPERAND if "EQUALITY" in names else BEFORE_OPERAND
        return next(filter(None, (rule.apply(it) for rule in rules)))
    if "JSON_STRING" in names and text[first] != '"':
        in_braces = re.compile(r"([^{}'\s]{32,36})\}").match(text, first)
        if in_braces and (found := meant.guid(in_braces[1])):
            return SyntaxProblem(
                "unexpected-text.guid-braces", last, in_braces.end(), **(_drop_in(found) or {})
            )
        return SyntaxProblem("unexpected-text.brace", first)
    return SyntaxProblem("unexpected-text", first, expected=it.expected)


def more_values(message: str, text: str, start: int) -> Values:
    """Return the values of a message that need the whole text, of which not every problem knows."""
    if message == "invalid-character.quote":
        return {"meant": _string_meant(text, start, start + 1, f"{CURLY_QUOTES}'\"") or "'text'"}
    if message == "unexpected-text.lambda":
        return {"meant": _lambda_meant(text, start)}
    return {}


_TEST = "eq 'x'"


def _lambda_meant(text: str, start: int) -> str:
    """Write a lambda with its variable and its colon: `tags/any(eq 'x')` -> `tags/any(x: x eq 'x')`."""
    opening = re.compile(rf"(?P<path>{_PATH})/(?P<function>any|all)\([ \t]*(?P<first>{_NAME})?[ \t]*$", re.I)
    found = opening.search(text, max(0, start - 2 * MAX_NAME), start)
    some = "[^()]{0,60}"
    rest = re.compile(rf"[ \t]*(=>|->|;|,)?({some}(?:\({some}\){some}){{0,2}})\)").match(text, start)
    if found is None or rest is None:
        return "tags/any(t: t eq 'x')"
    first, tail = found["first"] or "", rest[2].strip()
    tail = re.sub(rf"\A({_NAME})\.(?={_NAME}[ \t])", r"\1/", tail)
    name = re.match(rf"({_NAME})/", tail)
    if first.lower() in _OPERATORS:
        body = f"x: x {first.lower()} {tail}"
    elif name or (rest[1] and first):
        body = f"{name[1] if name else first}: {tail}"
    elif first:
        start_of_path = f"{first}: {first}" if len(first) == 1 else f"x: x/{first}"
        body = f"{start_of_path} {tail or _TEST}"
    else:
        body = f"x: x eq {tail}" if re.fullmatch(_ITEM, tail) else f"x: x {_TEST}"
    return f"{found['path']}/{found['function'].lower()}({body})"


def _explain_end(it: Situation) -> SyntaxProblem:
    end = len(it.text)
    if not it.text.strip(" \t"):
        return SyntaxProblem("empty-expression", end, end)
    if "EQUALITY" in it.names:
        return SyntaxProblem("missing-parenthesis", end, end, expected=(Phrase("an-operator"), *it.expected))
    if "STRING" in it.names:
        return SyntaxProblem("missing-operand.after", end, end, word=it.word_before)
    return SyntaxProblem("missing-operand.expected", end, end, expected=it.expected)
