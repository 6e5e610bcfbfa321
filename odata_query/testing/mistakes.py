"""Filters with one mistake, each with the code of its problem, and texts with random changes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..errors import ODataError
from ..language.ast import Path
from ..language.parser import can_be_named
from ..language.printer import unparse
from ..operations import OPERATIONS
from ..problems.catalogue import PROBLEMS
from ..query import parse_query
from .choices import Choices
from .generator import Generator

MISTAKES: Sequence[tuple[str, str]] = (
    ("empty-expression", ""),
    ("empty-expression", " "),
    ("invalid-character", "{any} eq \u2018a\u2019"),
    ("invalid-literal", "{any} eq 2024-13-01"),
    ("invalid-literal", "{any} eq 24:00:00"),
    ("missing-operand", "{any} eq"),
    ("missing-operand", "{any} eq "),
    ("missing-operand", "{valid} and"),
    ("missing-parenthesis", "({valid}"),
    ("missing-parenthesis", "contains({any},'a'"),
    ("unclosed-string", "{any} eq 'abc"),
    ("unexpected-text", "{valid})"),
    ("unexpected-text", "{valid} ({valid})"),
    ("unexpected-text", "{any} {any}"),
    ("unexpected-text", "{any} eq ('a','b')"),
    ("unknown-operator", "{any} = null"),
    ("unknown-operator", "{any} == null"),
    ("unknown-operator", "{any} != null"),
    ("unknown-operator", "{any} is null"),
    ("unknown-operator", "{valid} && {valid}"),
    ("division-by-zero", "{Integer} div 0 eq 1"),
    ("division-by-zero", "{Decimal} mod 0 eq 1"),
    ("invalid-argument", "substring({String},0,-1) eq 'a'"),
    ("invalid-pattern", "matchespattern({String},'a(')"),
    ("literal-out-of-range", "{Date} eq 2024-02-30"),
    ("literal-out-of-range", "{DateTimeOffset} lt 2023-02-29T00:00:00Z"),
    ("not-a-path", "{String}/length eq 1"),
    ("not-boolean", "{String}"),
    ("not-boolean", "{Integer}"),
    ("not-boolean", "{valid} or {String}"),
    ("not-boolean", "not {Integer} eq 1"),
    ("not-filterable", "{hidden} eq null"),
    ("unknown-function", "nothing({any})"),
    ("unknown-function", "{valid} and nothing.such()"),
    ("unknown-member", "{enum} eq 'nothing such'"),
    ("unknown-property", "nothing_such eq null"),
    ("unknown-type", "isof({any},Edm.Nothing)"),
    ("wrong-argument-count", "contains({String})"),
    ("wrong-argument-count", "length({String},{String}) eq 1"),
    ("wrong-type", "{Integer} eq 'abc'"),
    ("wrong-type", "{Integer} gt 2024-01-31"),
    ("wrong-type", "{String} eq 7"),
    ("wrong-type", "{Boolean} eq 'true'"),
    ("wrong-type", "{String} in (1)"),
    ("wrong-type", "length({Integer}) eq 1"),
    ("wrong-type", "{String} add 1 eq 2"),
    ("wrong-type", "-{String} eq 'a'"),
    ("expression-too-deep", "{deep}"),
    ("list-too-long", "{long}"),
    ("text-too-long", "{large}"),
)
"""Codes and filters with that problem: `{any}` is any property, `{String}` is a property of that kind."""

_PLACES = re.compile(r"\{(\w+)\}")
_WORDS = re.compile(r"(?<![\w{'])[a-z.]+(?![\w}'])|-(?=\{)")
_TRIES = 5


class Mistakes:
    """Generate filters that are wrong in one place."""

    def __init__(self, generator: Generator) -> None:
        self.generator = generator
        paths = generator.paths(generator.entity_type, False)
        members = generator.entity_type.members.values()
        self.paths: dict[str, list[tuple[str, ...]]] = {
            **paths,
            "any": [path for found in paths.values() for path in found],
            "enum": [path for kind in paths if kind in generator.enums for path in paths[kind]],
            "hidden": [(m.name,) for m in members if not m.filterable and can_be_named(m.name)],
        }
        self.possible = [(code, text) for code, text in MISTAKES if self.is_possible(text)]

    def is_possible(self, text: str) -> bool:
        """True if the model has the properties, and all operations are allowed."""
        words = ("negate" if word == "-" else word for word in _WORDS.findall(text))
        are_allowed = all(self.generator.is_allowed(word) for word in words if word in OPERATIONS)
        places = (p for p in _PLACES.findall(text) if p != "valid")
        return are_allowed and all(self.paths.get(place) or self.over_limit(place) for place in places)

    def over_limit(self, place: str) -> str:
        """Return a text that exceeds one limit only, or an empty text if that is not possible."""
        limits = self.generator.limits
        most = 1_000_000 if limits.max_length is None else limits.max_length
        nodes = most if limits.max_nodes is None else limits.max_nodes
        text = ""
        if place == "large" and limits.max_length is not None:
            return "'" + most * "a" + "' eq null"
        if place == "deep" and limits.max_depth is not None:
            text = (limits.max_depth + 1) * "(" + "true" + (limits.max_depth + 1) * ")"
        elif place == "long" and limits.max_in_items is not None and limits.max_in_items + 3 <= nodes:
            text = "1 in (1" + limits.max_in_items * ",1" + ")"
        return text if len(text) <= most else ""

    def mistake(self, choices: Choices) -> tuple[str, str]:
        """Generate a wrong filter and the code of its first problem."""
        for _ in range(_TRIES):
            text, code = self.attempt(choices)
            try:
                parse_query({"$filter": text}, self.generator.entity_type, limits=self.generator.limits)
            except ODataError as error:
                if error.problems[0].code == code:
                    return text, code
        return "", "empty-expression"

    def attempt(self, choices: Choices) -> tuple[str, str]:
        """Generate a filter and its code; the code is wrong if a name looks like a keyword."""
        code, text = choices.pick(self.possible)

        def fill(match: re.Match[str]) -> str:
            if match[1] == "valid":
                return self.valid(choices)
            paths = self.paths.get(match[1])
            return "/".join(choices.pick(paths)) if paths else self.over_limit(match[1])

        wrong = _PLACES.sub(fill, text)
        joins = [name for name in ("and", "or") if self.generator.is_allowed(name)]
        if joins and PROBLEMS[code].kind != "parse" and choices.chance(0.5):
            parts = [wrong, self.valid(choices)]
            wrong = f" {choices.pick(joins)} ".join(parts[::-1] if choices.chance(0.5) else parts)
        return wrong, code

    def valid(self, choices: Choices) -> str:
        tree = self.generator.filter(choices, 2)
        text = unparse(tree)
        return text if isinstance(tree, Path) else f"({text})"


PIECES = (
    *" \t()[]{},:;/=-+'\"@$.#%&?!<>*|^~`\\_0", "''", "'a'", "null", "true", "INF", "-INF", "NaN",
    "9" * 30, "9" * 400, "1e308", "1e-400", "0.0", "-0", "2147483648", "-9223372036854775808",
    "9223372036854775807", "1.7976931348623157e308", "9" * 38, "duration'P999999999DT23H59M59.999999S'",
    "duration'-P999999999D'", "duration'P99999999999D'", "duration'PT0.0000001S'", "0001-01-01",
    "9999-12-31", "0000-01-01", "-0001-01-01", "2024-02-30", "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59.999999-14:00", "00:00", "23:59:60", "binary''", "'(a+)+$'", "'[\\d-z]'", "'(?=a)'",
    "geography'SRID=4326;Point(0 0)'", "geometry'SRID=0;LineString(0 0,3 4)'", "Sales.Color'Red'",
    "Sales.Color'99999999999999999999'", "$it", "$this", "$root/", "@p", "/any()", "/any(v: ", "/all(v: v)",
    "/$count", "/$count($filter=", "/$filter(", " desc", " asc", "&$filter=", "&@p=", "%27", "%00", "%FF",
    "%ED%A0%80", *(f",Edm.{name})" for name in ("Int32", "Date", "Duration", "Decimal", "String", "Guid")),
    *(f" {name} " for name, op in OPERATIONS.items() if op.is_operator),
    *(f"{name}(" for name, op in OPERATIONS.items() if op.notation == "function"),
    "\0", "\n", "\r", "\u00a0", "\u2028", "\ud800", "\udfff", "\U0001f600", "\ufeff", "\u00b2", "\u0663",
    "\u00df", "\u0130", "\u0131", "\u017f", "\u212a", "\u093f", "हिन्दी", "\x7f", "\x85",
)  # fmt: skip
"""Insertions: parts of the language, and texts that resemble them."""
_MOST = 3_000
_BETWEEN = (" ", "'", "(", ")", ",", "/", ":", "=")


def mutate(choices: Choices, text: str, others: Sequence[str], pieces: Sequence[str] = PIECES) -> str:
    """Change a text in a few places; parts of `others` may be mixed in."""
    for _ in range(choices.pick((1, 1, 1, 2, 2, 3, 6))):
        kind = choices.below(9)
        start = choices.below(len(text) + 1)
        end = min(len(text), start + choices.pick((1, 1, 2, 3, 8)))
        if kind == 0:
            text = text[:start] + text[end:]
        elif kind in (1, 2):
            text = text[:start] + choices.pick(pieces) + text[start if kind == 1 else end :]
        elif kind == 3:
            text = text[:start] + chr(choices.below(choices.pick((128, 0x110000)))) + text[end:]
        elif kind == 4:
            other = choices.pick(others)
            text = text[:start] + other[choices.below(len(other) + 1) :]
        elif kind == 5:
            text += choices.pick((" and ", " or ", " eq ", " add ", ",", " in ")) + choices.pick(others)
        elif kind == 6:
            text = text[:end] + text[start:end] * choices.pick((1, 2, 30)) + text[end:]
        else:  # a whole word, or the content of parentheses
            words = text.split(choices.pick(_BETWEEN))
            words[choices.below(len(words))] = choices.pick((choices.pick(pieces), choices.pick(words)))
            text = (choices.pick(_BETWEEN) if kind == 7 else " ").join(words)
        text = text[:_MOST]
    return text
