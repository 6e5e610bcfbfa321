"""The matcher of ``matchespattern``: what it reads, what it refuses, and how much work it does."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odata_query import regex
from odata_query.regex import Pattern, PatternError


def found(pattern: str, text: str) -> bool:
    return regex.compile(pattern).search(text)


@pytest.fixture
def moves(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of the sets of states visited: one for each move that was not remembered."""
    sizes: list[int] = []
    original: Callable[..., object] = Pattern._move

    def counted(self: Pattern, state: regex._State, char: str) -> object:
        sizes.append(len(state.members))
        return original(self, state, char)

    monkeypatch.setattr(Pattern, "_move", counted)
    return sizes


def test_pattern_is_searched_not_anchored():
    assert found("b", "abc")
    assert found("b+c", "abbcd")
    assert not found("^b", "abc")
    assert not found("b$", "abc")


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("^A.*e$", "Alfreds Futterkiste", True),
        ("^A.*e$", "Blauer See", False),
        ("", "", True),
        ("", "a", True),
        ("()", "", True),
        ("a|", "b", True),
        ("^(|a)$", "a", True),
        ("^(?:a|b|)$", "", True),
        ("^a|b$", "ac", True),
        ("^a|b$", "cb", True),
        ("^a|b$", "cac", False),
        ("^(?:a*|b)$", "aab", False),
        ("^a*b*$", "aba", False),
        ("^(?:a*b*)*$", "aba", True),
        ("^(?:a|b+)c$", "bbc", True),
        ("^(?:a|b+)c$", "abc", False),
        ("(?<year>[0-9]{4})-(?<$m1>[0-9]{2})", "on 2024-05-01", True),
        ("(?<jährlich>a)", "a", True),
        ("a/b", "a/b", True),
        ("a$b", "a$b", False),
        ("(?:^)a", "ba", False),
        ("(?:$)*b", "ab", True),
        ("(?:^a|b)+$", "ab", True),
        ("(?:^a|b)+$", "cab", True),
        ("^(?:a$|b)+", "ab", False),
    ],
)
def test_alternatives_groups_and_anchors(pattern: str, text: str, expected: bool):
    assert found(pattern, text) is expected


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("^a*$", "", True),
        ("^a+$", "", False),
        ("^a+$", "aaa", True),
        ("^a?$", "aa", False),
        ("^a{2}$", "a", False),
        ("^a{2}$", "aa", True),
        ("^a{2}$", "aaa", False),
        ("^a{2,}$", "a", False),
        ("^a{2,}$", "aaaa", True),
        ("^a{1,3}$", "aaa", True),
        ("^a{1,3}$", "aaaa", False),
        ("^a{0}$", "", True),
        ("^a{0}$", "a", False),
        ("^(?:a|b){0}c$", "c", True),
        ("^(?:a|b){0}c$", "ac", False),
        ("^a{0,}b$", "aab", True),
        ("^a{0,0}b$", "ab", False),
        ("^a{002}$", "aa", True),
        ("^(?:ab?){2,3}$", "aaaab", False),
        ("^(?:ab?){2,3}$", "abaab", True),
        ("^(?:a{2}){3}$", "a" * 6, True),
        ("^(?:a{2}){3}$", "a" * 5, False),
        ("^(?:a{2}){1,}$", "a" * 5, False),
        ("^(?:a*)*$", "aaa", True),
        ("^(?:a+)+$", "aab", False),
        ("^(?:)*$", "", True),
        ("^(?:(?:a?)?)?$", "a", True),
        ("^a*?$", "aa", True),
        ("^a+?b??$", "aa", True),
        ("^a{2}?$", "aa", True),
        ("^a{1,2}?$", "aaa", False),
    ],
)
def test_quantifiers_and_their_lazy_forms(pattern: str, text: str, expected: bool):
    assert found(pattern, text) is expected


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("{", "{", True),
        ("a{", "a{", True),
        ("^a{,2}$", "a{,2}", True),
        ("^a{1,x}$", "a{1,x}", True),
        ("^a{1$", "a{1", True),
        ("^{}$", "{}", True),
        ("^{+$", "{{{", True),
        ("}", "}", True),
        ("a]", "a]", True),
        ("a{٢}", "aa", False),  # Arabic digits count nothing
    ],
)
def test_lone_braces_and_brackets_stand_for_themselves(pattern: str, text: str, expected: bool):
    assert found(pattern, text) is expected


def members(pattern: str, candidates: str) -> str:
    """The candidates, of which each is a text, that the pattern matches."""
    compiled = regex.compile(pattern)
    return "".join(char for char in candidates if compiled.search(char))


@pytest.mark.parametrize(
    ("pattern", "candidates", "expected"),
    [
        (".", "a\n\r\u2028\u2029\u0085😀", "a\u0085😀"),
        ("[a-c]", "`abcd", "abc"),
        ("[^a-c]", "`abcd\n", "`d\n"),
        ("[]", "a\n", ""),
        ("[]a]|b", "]ab", "b"),
        ("[^]", "a\n", "a\n"),
        ("[-a]", "-ab", "-a"),
        ("[a-]", "-ab", "-a"),
        ("[a-c-e]", "abcde-", "abce-"),
        ("[--/]", ",-./0", "-./"),
        ("[a^]", "a^b", "a^"),
        ("[^^]", "a^", "a"),
        (r"[\d-]", "0-a", "0-"),
        (r"[\w\s]", "a -", "a "),
        (r"[^\D5]", "456a", "46"),
        (r"[\b]", "\bb", "\b"),
        (r"[\]\\\-\^]", "]\\-^a", "]\\-^"),
        ("[.$(|]", ".$(|a", ".$(|"),
        ("[c-fa-da-b]", "abcdefg", "abcdef"),
        ("[😀-😎]", "😀😍😎😏\ud83d", "😀😍😎"),
        (r"[\uD83D\uDE00-\u{1F60E}]", "😀😍😎😏\ud83d", "😀😍😎"),
        (r"\d", "09a٣", "09"),
        (r"\D", "09a٣", "a٣"),
        (r"\w", "azAZ09_-é\u017f\u212a", "azAZ09_"),
        (r"\W", "azAZ09_-é", "-é"),
        (r"\s", "\t\n\v\f\r \xa0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000\ufeff", "all"),
        (r"\s", "a\x1c\x1f\x85\u180e\u200b", ""),
        (r"\S", "a \u0085", "a\u0085"),
        (r"[\t\n\v\f\r\0]", "\t\n\v\f\r\0tnvfr0", "\t\n\v\f\r\0"),
        (r"\x41", "A4", "A"),
        (r"\u00e9", "é9", "é"),
        (r"\u{1f600}", "😀😁", "😀"),
        (r"\u{000000061}", "ab", "a"),
        (r"\uD83D\uDE00", "😀😁", "😀"),
        (r"\uD83D", "😀\ud83d", "\ud83d"),
        (r"[\cA\cz]", "\x01\x1aAz", "\x01\x1a"),
        (r"[\/\.\*\+\?\(\)\[\]\{\}\|\^\$\\]", "/.*+?()[]{}|^$\\a", "/.*+?()[]{}|^$\\"),
        (r"\/", "/", "/"),
    ],
)
def test_sets_hold_the_characters_of_ecmascript(pattern: str, candidates: str, expected: str):
    assert members(pattern, candidates) == (candidates if expected == "all" else expected)


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        (r"\bfoo\b", "a foo!", True),
        (r"\bfoo\b", "foo", True),
        (r"\bfoo\b", "food", False),
        (r"\bfoo\b", "_foo", False),
        (r"\bfoo\b", "éfoo", True),  # only ASCII makes words
        (r"\Boo\B", "foods", True),
        (r"\Boo", "oo", False),
        (r"\b", "", False),
        (r"\B", "", True),
        (r"\b", "--", False),
        (r"\B", "a", False),
        (r"\B", "ab", True),
        (r"^\b", "-a", False),
        (r"a\b$", "a", True),
        (r"(?:\b|x)-(?:\B|y)", "a--", True),
        (r"(?:\ba|b\b)+c", "ab-c", False),
        (r"a\b\Bb", "ab", False),
        (r"(?:a\b)*-", "a-", True),
    ],
)
def test_word_boundaries_look_at_both_sides(pattern: str, text: str, expected: bool):
    assert found(pattern, text) is expected


def test_dollar_does_not_match_before_a_final_newline():
    assert not found("a$", "a\n")
    assert not found("^b", "a\nb")


@pytest.mark.parametrize(
    ("pattern", "position"),
    [
        ("(", 0),
        ("a(b", 1),
        ("((a)", 0),
        ("a(b(c", 3),
        (")", 0),
        ("(a))b", 3),
        ("*", 0),
        ("a|*", 2),
        ("(+a)", 1),
        ("a**", 2),
        ("a{1}{2}", 4),
        ("a+*?", 2),
        ("a???", 3),
        ("{1}", 0),
        ("^*", 1),
        (r"a\b+", 3),
        ("a{2,1}", 1),
        ("a{10000000001,2}", 1),
        ("[", 0),
        ("ab[c", 2),
        ("a[^", 1),
        ("[a-", 0),
        ("a[b-a]", 2),
        (r"[xa-\d]", 2),
        (r"[x\d-z]", 2),
        ("\\", 0),
        ("ab\\", 2),
        ("[\\", 1),
        (r"a\y", 1),
        (r"a\-", 1),
        (r"\U0041", 0),
        (r"[a\B]", 2),
        (r"[\1]", 1),
        (r"\x4", 0),
        (r"\u004", 0),
        (r"\u{}", 0),
        (r"\u{110000}", 0),
        (r"\c1", 0),
        (r"\01", 0),
        ("a(?", 1),
        ("(?<1a>b)", 0),
        ("(?<a", 0),
        ("(?#a)", 0),
    ],
)
def test_illegal_pattern_is_refused_at_its_position(pattern: str, position: int):
    with pytest.raises(PatternError) as caught:
        regex.compile(pattern)
    assert caught.value.position == position
    assert not caught.value.unsupported
    assert str(caught.value).endswith(f"at position {position}")


@pytest.mark.parametrize(
    ("pattern", "position"),
    [
        ("a(?=b)", 1),
        ("a(?!b)", 1),
        ("(?<=a)b", 0),
        ("(?<!a)b", 0),
        (r"(a)\1", 3),
        (r"(?<n>a)\k<n>", 7),
        (r"\p{L}", 0),
        (r"[a\P{Lu}]", 2),
        ("(?i:a)", 0),
        ("(?-s:a)", 0),
    ],
)
def test_ecmascript_that_is_not_offered_is_called_unsupported(pattern: str, position: int):
    with pytest.raises(PatternError) as caught:
        regex.compile(pattern)
    assert (caught.value.position, caught.value.unsupported) == (position, True)


@pytest.mark.parametrize(
    "pattern",
    [
        "(?:a{1000}){1000}",
        "(?:(?:(?:a{99}){99}){99}){99}",
        "(?:(?:a{0,1000}){0,1000}){0}",
        "a{1000000000}",
        "a{5,1000000000}",
        "a{" + "9" * 10_000 + "}",
        "a{0," + "9" * 10_000 + "}",
        "(?:){1000000000}",
        "(?:||||){1999}",
        "a" * 3_000,
        "|" * 3_000,
    ],
)
def test_state_bombs_are_refused_before_any_work(pattern: str, monkeypatch: pytest.MonkeyPatch):
    largest = 0
    limit = regex._Compiler.limit

    def watched(self: regex._Compiler, added: int) -> None:
        nonlocal largest
        largest = max(largest, len(self.arcs))
        limit(self, added)

    monkeypatch.setattr(regex._Compiler, "limit", watched)
    with pytest.raises(PatternError, match="more than 2000 states"):
        regex.compile(pattern)
    assert largest <= 2_000


def test_position_of_a_state_bomb_is_its_quantifier():
    with pytest.raises(PatternError) as caught:
        regex.compile("b(?:a{1000}){1000}")
    assert (caught.value.position, caught.value.unsupported) == (12, False)


def test_states_that_a_zero_count_drops_still_count():
    # Otherwise a short pattern could have a thousand times its length made, over and over.
    with pytest.raises(PatternError):
        regex.compile("(?:a{900}){0}" * 3)


@pytest.mark.parametrize("count", [1, 7, 1_000])
def test_max_states_bounds_the_automaton(count: int):
    assert regex.compile(f"a{{{count}}}", max_states=count + 2).search("a" * count)
    with pytest.raises(PatternError):
        regex.compile(f"a{{{count}}}", max_states=count + 1)


@pytest.mark.parametrize(
    ("opening", "closing"), [("(", ")"), ("(?:", ")*"), ("(?:a|", ")"), ("(?:", "b?){1}")]
)
def test_ten_thousand_nested_groups_need_no_recursion(opening: str, closing: str):
    pattern = "^" + opening * 10_000 + "x" + closing * 10_000 + "$"
    with pytest.raises(PatternError):
        regex.compile(pattern)
    compiled = regex.compile(pattern, max_states=50_000)
    assert compiled.search("x")
    assert not compiled.search("xy")


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*b", "(.*)*x", "(?:a?){0,300}b", "(a*a*)*[bc]"])
def test_catastrophic_pattern_works_out_few_moves(pattern: str, moves: list[int]):
    compiled = regex.compile(pattern)
    assert not compiled.search("a" * 20_000 + "!")
    assert len(moves) < 10
    assert not compiled.search("a" * 20_000 + "!")
    assert len(moves) < 10, "the second search had everything remembered"


def test_two_overlapping_counts_settle_after_as_many_moves_as_states(moves: list[int]):
    compiled = regex.compile("a{0,1000}a{0,1000}b", max_states=2_010)
    assert not compiled.search("a" * 20_000)
    assert len(moves) <= 2_010
    assert max(moves) <= 2_010


def test_exponential_automaton_costs_at_most_one_visit_of_the_program_a_character(
    moves: list[int], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(regex, "_CACHE_CELLS", 2_000)
    compiled = regex.compile("(?:a|b)*a(?:a|b){16}c")
    value, letters = 1, []
    for _ in range(20_000):  # a shift register: its 16-letter windows hardly repeat
        value = (value >> 1) ^ (0xB400 if value & 1 else 0)
        letters.append("ab"[value & 1])
    assert not compiled.search("".join(letters))
    assert len(moves) <= 20_001
    assert max(moves) <= 2 * 17 + 4
    assert compiled.search("".join(letters) + "a" + "b" * 16 + "c")


def test_cache_is_cleared_when_full(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(regex, "_CACHE_CELLS", 200)
    compiled = regex.compile("[a-z]*(?:[a-m][n-z]){3}!")
    words = [chr(97 + i % 26) + chr(97 + i * 7 % 26) + chr(97 + i * i % 26) for i in range(500)]
    for word in words:
        compiled.search(word)
        kept = compiled._states.values()
        assert sum(len(state) + len(state.members) for state in kept) <= 220
    assert compiled.search("anbocp!")


def test_long_chain_of_states_is_freed_without_recursion(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(regex, "_CACHE_CELLS", 10_000_000)
    compiled = regex.compile("^a{60000}b", max_states=70_000)
    assert not compiled.search("a" * 60_000)
    assert len(compiled._states) > 60_000
    compiled._states.clear()
    assert not compiled.search("ab")


def test_threads_share_a_pattern(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(regex, "_CACHE_CELLS", 100)
    compiled = regex.compile(r"^(?:[a-c]+\b-?)*(?:ab|ca){2}$")
    texts = [f"{'abc' * (i % 5)}-{'ab' * (i % 3)}ca{'b' * (i % 2)}" for i in range(60)] * 20
    expected = [re.search(r"^(?:[a-c]+\b-?)*(?:ab|ca){2}$", text) is not None for text in texts]
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(compiled.search, texts)) == expected
    assert any(expected)
    assert not all(expected)


ATOMS = [
    "a",
    "b",
    "-",
    ".",
    "[ab]",
    "[^a]",
    "[a-]",
    r"\w",
    r"\W",
    r"\d",
    r"\x61",
    r"\-".strip("\\"),
]
CONDITIONS = ["^", "$", r"\b", r"\B"]
QUANTIFIERS = ["", "*", "+", "?", "{0}", "{2}", "{1,}", "{0,2}", "{1,3}", "*?", "+?", "??"]


def extended(patterns: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    groups = st.builds("(?:{}){}".format, patterns, st.sampled_from(QUANTIFIERS))
    pairs = st.tuples(patterns, patterns)
    return groups | pairs.map("".join) | pairs.map("|".join)


PATTERNS = st.recursive(
    st.builds(str.__add__, st.sampled_from(ATOMS), st.sampled_from(QUANTIFIERS))
    | st.sampled_from([*CONDITIONS, ""]),
    extended,
    max_leaves=8,
)


# Python's \B does not match the empty text before 3.14, so that no text is empty here; nor does
# one end with a newline, before which Python's $ matches.
@given(PATTERNS, st.lists(st.text("ab-1", min_size=1, max_size=7), min_size=1, max_size=5))
def test_agrees_with_python_where_both_mean_the_same(pattern: str, texts: list[str]):
    compiled = regex.compile(pattern)
    for text in texts:
        assert compiled.search(text) is (re.search(pattern, text, re.ASCII) is not None)


@given(st.text("()[]{}|*+?^$\\.-,:<>=!012abdDwWsSbBuxckp\ud83d😀é", max_size=12), st.text())
def test_any_text_is_either_a_pattern_or_a_pattern_error(pattern: str, text: str):
    try:
        compiled = regex.compile(pattern)
    except PatternError as error:
        assert 0 <= error.position <= len(pattern)
    else:
        assert compiled.search(text) is compiled.search(text)


@given(st.text(max_size=8), st.text(max_size=3), st.text(max_size=3))
def test_escaped_text_finds_itself(literal: str, before: str, after: str):
    pattern = "".join(f"\\u{{{ord(char):x}}}" for char in literal)
    assert found(pattern, before + literal + after)
    assert found(pattern, before + after) is (literal in before + after)


def test_kept_patterns_have_a_bound_together():
    for n in range(400):
        text = "ab" * 200
        assert (
            regex.search(text, f"^(?:a|b)*a(?:[ab]){{{n % 90}}}x{{{n % 7}}}[{chr(97 + n % 26)}-z]?{n}")
            is False
        )
    kept = [pattern for pattern in regex._kept.values() if pattern is not None]
    assert sum(pattern.states for pattern in kept) <= regex._KEPT_STATES
    assert sum(pattern._cells for pattern in kept) <= 3 * 8 * regex._CACHE_CELLS


def test_a_pattern_that_is_not_a_literal_is_null_above_its_bound():
    assert regex.within(20, "a{10}") == "a{10}"
    assert regex.within(20, "a{30}") is None
    assert regex.within(40, "a{30}") == "a{30}"
    assert regex.within(20, "a{30}") is None, "though it is kept now"
    assert regex.within(20, "(") is regex.within(20, None) is None
    assert regex.search("a", "(") is regex.search("a", None) is None
