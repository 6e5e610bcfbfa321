"""The lean loop against Lark's own parser on the same grammar: the same tree, or both refuse."""

# Tables of texts are easier to read in rows.
# ruff: noqa: E501
from __future__ import annotations

import importlib.util
import os
import random
import subprocess
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from filters import FILTERS, LIFTED, ORDERS, REFUSED, REFUSED_ORDERS, expressions
from hypothesis import given, settings
from hypothesis import strategies as st

import odata_query as oq
from odata_query.language import syntax_advice
from odata_query.language._tables import STARTS
from odata_query.language.nodes import RULES
from odata_query.language.parser import parse
from odata_query.language.tokens import TOKENS, SyntaxProblem
from odata_query.operations import OPERATIONS

GENERATOR = Path(__file__).parent.parent.parent / "grammar" / "generate.py"
lark = pytest.importorskip("lark", reason="lark is not installed")
if not GENERATOR.exists():
    pytest.skip("grammar/ is not beside the tests", allow_module_level=True)

BEFORE_A_LIST = {"items": 1, "conjunction": 1, "disjunction": 1, "path": 1, "count_segment": 2}
"""The values that stand before what a + or * of the grammar repeats; Lark puts those in line."""
PLAIN = (
    ("top", ("0", "10", "007", "9" * 5_000)),
    ("skip", ("0", "10", "2147483648")),
    ("count", ("true", "false", "TRUE", "False")),
)
"""Options of one token."""
NOT_PLAIN = (
    "",
    "-1",
    "+1",
    "1_000",
    "٥",
    "²",
    "1.5",
    "1e3",
    "1 0",
    "ten",
    "true false",
    "truefalse",
    "1true",
    "\0",
)
EXAMPLES = [example for operation in OPERATIONS.values() for example in operation.examples]


@cache
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", GENERATOR)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def parser() -> Any:
    """Lark's parser of the grammar. All tokens are kept, for a rule ends where its last token does."""
    text = generator().GRAMMAR.read_text("utf-8")
    starts = generator().starts()
    return lark.Lark(text, parser="lalr", lexer="contextual", start=starts, keep_all_tokens=True)


def node(part: Any) -> tuple[Any, int]:
    """Build the library's tree from Lark's, and find where it ends."""
    if isinstance(part, lark.Token):
        name, text, start, end = part.type, str(part), part.start_pos, part.end_pos
        return (TOKENS[name](text, start, end) if name[0] != "_" else None), end
    values = []
    end = 0
    for child in part.children:
        value, end = node(child)
        if not (isinstance(child, lark.Token) and child.type[0] == "_"):
            values.append(value)
    function = RULES.get(part.data)
    if function is None:
        assert len(values) == 1, part.data
        return values[0], end
    fixed = BEFORE_A_LIST.get(part.data)
    if fixed is not None and len(values) > fixed:
        values[fixed:] = [values[fixed:]]
    return function(end, *values), end


def by_lark(start: str, text: str) -> Any:
    """The tree, or None for a text that is refused."""
    try:
        text.encode()
        return node(parser().parse(text.strip(" \t"), start=start))[0]
    except (lark.exceptions.UnexpectedInput, SyntaxProblem, UnicodeEncodeError):
        return None


def by_the_loop(start: str, text: str) -> Any:
    try:
        return parse(start, text.strip(" \t"), f"${start}", LIFTED)
    except oq.ODataError:
        return None


def with_spans(tree: Any) -> Any:
    if tree is None or isinstance(tree, int):
        return tree
    if isinstance(tree, oq.Node):
        return (repr(tree), [n.span for n in oq.walk(tree)])
    return [with_spans(item) for item in tree]


def assert_alike(text: str, start: str) -> None:
    assert with_spans(by_the_loop(start, text)) == with_spans(by_lark(start, text))


def test_the_grammar_has_each_rule_used_by_a_text() -> None:
    used = set()
    for start, texts in (("filter", FILTERS), ("orderby", ORDERS), *PLAIN):
        for text in texts:
            for tree in parser().parse(text.strip(" \t"), start=start).iter_subtrees():
                used.add(str(tree.data))
                used |= {child.type for child in tree.children if isinstance(child, lark.Token)}
    terminals = {t.name for t in parser().terminals}
    assert terminals - used == set()
    assert set(RULES) - used == {"begin", "extend"}


@pytest.mark.parametrize("text", [*FILTERS, *EXAMPLES])
def test_the_loop_reads_a_filter_as_lark_does(text: str) -> None:
    assert by_lark("filter", text) is not None
    assert_alike(text, "filter")


@pytest.mark.parametrize("text", [*ORDERS, *(f"{text} desc" for text in FILTERS)])
def test_the_loop_reads_an_order_as_lark_does(text: str) -> None:
    assert by_lark("orderby", text) is not None
    assert_alike(text, "orderby")


@pytest.mark.parametrize("start", ["filter", "orderby"])
@pytest.mark.parametrize("text", sorted({*REFUSED, *REFUSED_ORDERS}))
def test_the_loop_refuses_what_lark_refuses(text: str, start: str) -> None:
    assert_alike(text, start)


@pytest.mark.parametrize(("start", "text"), [(start, text) for start, texts in PLAIN for text in texts])
def test_the_loop_reads_a_number_or_a_truth_as_lark_does(start: str, text: str) -> None:
    assert by_lark(start, text) is not None
    assert_alike(text, start)


@pytest.mark.parametrize("start", [start for start, _ in PLAIN])
@pytest.mark.parametrize("text", NOT_PLAIN)
def test_the_loop_refuses_what_is_no_number_or_truth_as_lark_does(start: str, text: str) -> None:
    assert by_lark(start, text) is None
    assert_alike(text, start)


def test_each_query_option_is_a_start_of_the_grammar() -> None:
    assert generator().starts() == ["filter", "orderby", "top", "skip", "count"] == list(STARTS)


@pytest.mark.parametrize("text", [text.strip(" \t") for text in REFUSED])
def test_the_tokens_that_can_stand_at_a_place_are_those_that_lark_accepts(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    places: list[tuple[int, set[str]]] = []
    explain = syntax_advice.explain

    def spy(start: str, text: str, place: int, names: set[str], last: int) -> SyntaxProblem:
        places.append((place, names))
        return explain(start, text, place, names, last)

    monkeypatch.setattr(syntax_advice, "explain", spy)
    for start in ("filter", "orderby"):
        by_the_loop(start, text)
        for place, names in places:
            lark_parser = parser().parse_interactive(text[:place], start=start)
            lark_parser.exhaust_lexer()
            assert {"" if name == "$END" else name for name in lark_parser.accepts()} == names
        places.clear()


@settings(max_examples=150)
@given(expressions)
def test_the_loop_reads_what_is_printed_as_lark_does(tree: oq.Node) -> None:
    assert_alike(oq.unparse(tree), "filter")


PIECES = (
    " ", "\t", "(", ")", "[", "]", "{", "}", ",", ":", ";", "/", "=", "-", "+", "'", '"', "@", "$", ".", "#", "0", "1", "10:20", "a", "e",
    " eq ", " in ", " has ", " and ", " or ", " add ", " mul ", "not ", "not(", " desc", " asc", " lt ", "null", "INF", "any(", "all(",
    "/$count", "/$count(", "/$filter(", "$filter=", ";$search=", "$it", "f(", "a=", "b: ", "'x'", "2024-01-01", "T10:20Z", "x'", "A.B",
    "\u093f", "ß", "\0", "\n", "\u00a0", "²", "٣", "\u212a", "\ud800", "\u0130",
)  # fmt: skip


def mutated(random: random.Random, texts: list[str]) -> str:
    """A text with a few parts cut out, doubled, put in or put together with another's."""
    text = random.choice(texts)
    for _ in range(random.randint(1, 3)):
        start = random.randint(0, len(text))
        end = min(len(text), start + random.choice((0, 0, 1, 2, 5)))
        other = random.choice(texts)
        middle = random.choice(
            (
                random.choice(PIECES),
                random.choice(PIECES),
                "",
                other[: random.randint(0, 12)],
                text[start:end] * 2,
            )
        )
        text = text[:start] + middle + text[end:]
    return text


@settings(max_examples=600)
@given(st.integers(0, 2**32))
def test_the_loop_reads_changed_texts_as_lark_does(seed: int) -> None:
    text = mutated(random.Random(seed), [*FILTERS, *ORDERS, *EXAMPLES])
    for start in ("filter", "orderby"):
        assert_alike(text, start)


def test_white_space_at_the_ends_moves_the_spans_and_nothing_else() -> None:
    for text in FILTERS:
        text = text.strip(" \t")
        plain = list(oq.walk(oq.parse_filter(text, limits=LIFTED)))
        moved = list(oq.walk(oq.parse_filter(f" \t {text}\t ", limits=LIFTED)))
        assert [(n.span[0] + 3, n.span[1] + 3) for n in plain] == [n.span for n in moved], text
        assert plain[0] == moved[0]


def run_generator(*arguments: str, seed: str = "0") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(  # noqa: S603  # our own script
        command,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONHASHSEED": seed},
        check=False,
    )


def test_the_tables_are_what_the_grammar_gives() -> None:
    done = run_generator(str(GENERATOR), "--check")
    assert done.returncode == 0, done.stderr


def test_the_tables_do_not_depend_on_the_order_of_sets() -> None:
    program = f"import sys; sys.path.insert(0, {str(GENERATOR.parent)!r}); import generate; print(hash(1), generate.tables())"
    one, other = (run_generator("-c", program, seed=seed) for seed in ("1", "2"))
    assert one.returncode == other.returncode == 0, one.stderr + other.stderr
    assert one.stdout == other.stdout
