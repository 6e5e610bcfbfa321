"""Write odata_query/language/_tables.py from grammar/odata.lark: the LALR tables that Lark computes.

python grammar/generate.py           writes the module
python grammar/generate.py --check   exits 1 if the committed module is not what would be written
"""

from __future__ import annotations

import re
import re._constants as sre  # type: ignore[import-not-found]  # no stubs: private
import re._parser as sre_parser  # type: ignore[import-not-found]  # no stubs: private
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lark import Lark
from lark.parsers.lalr_analysis import Shift

GRAMMAR = Path(__file__).with_name("odata.lark")
TABLES = GRAMMAR.parent.parent / "odata_query" / "language" / "_tables.py"
RULE = re.compile(r"^\??([a-z_]+):((?:.*\n)(?:[ ]+\|.*\n)*)", re.M)
WHITE_SPACE = re.compile(r"^\[ (?:\\t|\t)\][*+]")
ALPHABET = [chr(code) for code in range(129)]
HEADER = '''"""The tables of grammar/odata.lark, as Lark computes them. Do not edit: run grammar/generate.py.

TERMINALS  (name, pattern, characters it can start with, characters after white space that it starts
           with); U+0080 stands for all characters above ASCII
RULES      (symbol, length, values among them, function of nodes.py or "" to keep the value)
ACTIONS    per state {terminal: next state to shift to, or -1 - rule to reduce}
GOTOS      per state {symbol: next state}
STARTS     {start rule: first state}
END        the terminal that stands for the end of the text; shifting it accepts the text
"""
# fmt: off
# ruff: noqa: E501
'''


def starts() -> list[str]:
    """Return the rules that no other rule uses, in the order of the grammar: one for each query option."""
    rules = dict(RULE.findall(GRAMMAR.read_text("utf-8")))
    used = set(re.findall(r"(?<!-> )\b[a-z_]+\b", " ".join(rules.values())))
    return [name for name in rules if name not in used]


def load() -> Lark:
    """Make Lark's own parser of the grammar."""
    return Lark(GRAMMAR.read_text("utf-8"), parser="lalr", lexer="contextual", start=starts())


def first_characters(pattern: str) -> str:
    """Return the characters that a match can start with: `[ab]?c` -> `abc`."""
    return "".join(c for c in ALPHABET if _can_start(sre_parser.parse(pattern), c) is True)


def _can_start(items: Any, char: str) -> bool | None:
    """Return True if a match of the parsed pattern can start with char; None if it can be empty."""
    for op, argument in items:
        found: bool | None
        if op in (sre.ASSERT, sre.ASSERT_NOT, sre.AT):
            continue
        if op is sre.LITERAL:
            return chr(argument) == char
        if op is sre.IN:
            return _in_set(argument, char)
        if op is sre.BRANCH:
            outcomes = [_can_start(branch, char) for branch in argument[1]]
            found = True if True in outcomes else None if None in outcomes else False
        elif op is sre.SUBPATTERN:
            ignore_case = argument[1] & sre.SRE_FLAG_IGNORECASE
            outcomes = [
                _can_start(argument[3], c) for c in ({char.lower(), char.upper()} if ignore_case else {char})
            ]
            found = True if True in outcomes else outcomes[0]
        elif op is sre.ATOMIC_GROUP:
            found = _can_start(argument, char)
        elif op in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
            low, _, body = argument
            found = _can_start(body, char)
            found = None if low == 0 and not found else found
        else:
            raise NotImplementedError(f"{op} in a terminal")
        if found is not None:
            return found
    return None


def _in_set(items: Any, char: str) -> bool:
    negated = items[0][0] is sre.NEGATE
    for op, argument in items:
        if (
            (op is sre.LITERAL and chr(argument) == char)
            or (op is sre.RANGE and argument[0] <= ord(char) <= argument[1])
            or (op is sre.CATEGORY and argument is sre.CATEGORY_WORD and char.isalnum())
        ):
            return not negated
    return negated


def tables() -> str:
    """Return the text of the module."""
    lark = load()
    names = starts()
    table = lark.parser.parser._parse_table  # Lark has no public way to it
    terminals = [t.name for t in lark.terminals]
    patterns = {t.name: t.pattern.to_regexp() for t in lark.terminals}
    order = {t: i for i, t in enumerate(_in_lexing_order(lark))}
    terminals.sort(key=lambda name: order[name])
    numbers = {name: i for i, name in enumerate([*terminals, "$END"])}
    symbols = {s: i for i, s in enumerate(sorted({r.origin.name for r in lark.rules} | set(names)))}
    rules: dict[Any, int] = {}
    lines = []
    actions: list[dict[int, int]] = []
    gotos: list[dict[int, int]] = []
    # Lark's numbers of states differ from run to run; these are in the order in which they are met.
    # The first states are the starts, to which nothing leads: 0 is never a state to shift to.
    states = {table.start_states[start]: i for i, start in enumerate(names)}
    for state in _states_met(states):
        row: dict[int, int] = {}
        goto: dict[int, int] = {}
        for name, (action, target) in sorted(table.states[state].items()):
            if action is Shift:
                number = states.setdefault(target, len(states))
                (row if name in numbers else goto)[{**numbers, **symbols}[name]] = number
            else:
                row[numbers[name]] = -1 - rules.setdefault(target, len(rules))
        if state in table.end_states.values():
            row[numbers["$END"]] = states[state]
        actions.append(dict(sorted(row.items())))
        gotos.append(goto)
    for rule in rules:
        values = sum(1 for s in rule.expansion if not (s.is_term and s.filter_out))
        lines.append((symbols[rule.origin.name], len(rule.expansion), values, _function(rule, values, names)))
    found = {
        "TERMINALS": [
            (
                name,
                patterns[name],
                first_characters(patterns[name]),
                first_characters(WHITE_SPACE.sub("", patterns[name])),
            )
            for name in terminals
        ],
        "RULES": lines,
        "ACTIONS": actions,
        "GOTOS": gotos,
        "STARTS": {s: states[table.start_states[s]] for s in names},
        "END": len(terminals),
    }
    text = "\n".join(f"{name} = {_literal(value)}" for name, value in found.items())
    return f"{HEADER}\n{text}\n"


def _states_met(states: dict[int, int]) -> Iterator[int]:
    """Yield the keys of a dict that grows meanwhile."""
    done = 0
    while done < len(states):
        yield list(states)[done]
        done += 1


def _in_lexing_order(lark: Lark) -> list[str]:
    """Return the terminals in the order in which Lark's lexers try them."""
    return [
        t.name
        for t in sorted(
            lark.terminals,
            key=lambda t: (-t.priority, -t.pattern.max_width, -len(t.pattern.value), t.name),
        )
    ]


def _literal(value: Any) -> str:
    """Write a value as Python code, with a line for each item of a list."""
    if not isinstance(value, list):
        return repr(value)
    return "\n".join(["[", *(f"    {item!r}," for item in value), "]"])


def _function(rule: Any, values: int, starts: list[str]) -> str:
    """Return the name of the function that makes the rule's node: its alias, or else its own name."""
    if rule.origin.name.startswith("__"):
        return "begin" if values == 1 else "extend"
    if rule.alias:
        return str(rule.alias)
    return (
        "" if values == 1 and (rule.options.expand1 or rule.origin.name in starts) else str(rule.origin.name)
    )


if __name__ == "__main__":
    expected = tables()
    if "--check" not in sys.argv:
        TABLES.write_text(expected, "utf-8")
    elif TABLES.read_text("utf-8") != expected:
        sys.exit(
            "odata_query/language/_tables.py is not what grammar/odata.lark gives: run grammar/generate.py"
        )
