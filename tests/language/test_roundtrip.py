"""Text to tree to text: what is printed reads as the same tree."""

# Tables of texts are easier to read in rows.
# ruff: noqa: E501
from __future__ import annotations

import re
from decimal import Decimal

import pytest
from filters import FILTERS, LIFTED, NAMES, ORDERS, REFUSED, REFUSED_ORDERS, expressions, orders
from hypothesis import given, settings

import odata_query as oq
from odata_query import edm

_QUOTED = re.compile(r"""('[^']*'|"[^"]*")""")

_WORD_NOT = re.compile(r"\bnot[:)]")


def parse(text: str) -> oq.Node:
    return oq.parse_filter(text, limits=LIFTED)


def outside_quotes(text: str, pattern: str, replacement: str) -> str:
    parts = _QUOTED.split(text)
    return "".join(p if n % 2 else re.sub(pattern, replacement, p) for n, p in enumerate(parts))


@settings(max_examples=400)
@given(expressions)
def test_a_tree_prints_as_a_text_that_reads_as_the_tree(tree: oq.Node) -> None:
    assert parse(oq.unparse(tree)) == tree


@settings(max_examples=100)
@given(orders)
def test_an_order_prints_as_a_text_that_reads_as_the_order(items: tuple[oq.OrderByItem, ...]) -> None:
    assert oq.parse_orderby(oq.unparse(items), limits=LIFTED) == items


@settings(max_examples=100)
@given(expressions, expressions)
def test_trees_are_equal_exactly_if_their_texts_are(one: oq.Node, other: oq.Node) -> None:
    again = parse(oq.unparse(one))
    assert (hash(again), repr(again)) == (hash(one), repr(one))
    assert (one == other) is (oq.unparse(one) == oq.unparse(other))


@settings(max_examples=150)
@given(expressions)
def test_spans_lie_inside_one_another_and_in_the_order_of_the_text(tree: oq.Node) -> None:
    text = oq.unparse(tree)
    for node in oq.walk(parse(text)):
        start, end = node.span
        assert 0 <= start < end <= len(text)
        place = start
        for child in node.children():
            # A type without its Collection(...), say, still stands within its parent.
            assert place <= child.span[0] < child.span[1] <= end
            place = child.span[1]


@pytest.mark.parametrize("text", FILTERS)
def test_printing_what_was_read_twice_changes_nothing(text: str) -> None:
    tree = parse(text)
    printed = oq.unparse(tree)
    assert parse(printed) == tree
    assert oq.unparse(parse(printed)) == printed


@pytest.mark.parametrize("text", ORDERS)
def test_printing_an_order_that_was_read_twice_changes_nothing(text: str) -> None:
    items = oq.parse_orderby(text)
    assert oq.parse_orderby(oq.unparse(items)) == items


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_filter_is_refused(text: str) -> None:
    with pytest.raises(oq.ODataError):
        parse(text)


@pytest.mark.parametrize("text", REFUSED_ORDERS)
def test_what_is_no_order_is_refused(text: str) -> None:
    with pytest.raises(oq.ODataError):
        oq.parse_orderby(text)


@pytest.mark.parametrize("text", [t for t in FILTERS if "earch" not in t])
def test_white_space_may_be_any_run_of_blanks_and_tabs(text: str) -> None:
    for white in ("\t", " \t  "):
        assert parse(white + outside_quotes(text, r"[ \t]+", white) + white) == parse(text)


@pytest.mark.parametrize("text", [t for t in FILTERS if "earch" not in t and not _WORD_NOT.search(t)])
def test_white_space_may_stand_beside_punctuation(text: str) -> None:
    # Not before what makes a name a call or a key, and not inside a time.
    spaced = outside_quotes(text, r"(?<![:\d])([,\])}]|:(?!\d))", r" \1")
    spaced = outside_quotes(spaced, r"([,\[({])", r"\1\t")
    assert parse(spaced) == parse(text)


NAMED = (  # a filter about a property, with {} for its name
    "{} eq 1", "1 eq {}", "not {}", "not ({} eq 1)", "-{}", "{}/{}", "{}/{}/any({}: {} eq 1)", "a and {} and b",
    "{} in (1)", "1 in {}", "{} has {}", "contains({},{})", "case({}:{})", "f({}={})", "[{}]", "({})", "{} or {}",
    "{}/$count($filter={} eq {})", "{}/$filter({})/{}", "not not {}", "{} eq {}", "{} add {} sub {}",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_no_name_is_reserved(name: str) -> None:
    here = oq.Path((name,))
    for form in NAMED:
        tree = parse(form.replace("{}", name))
        names = {s for n in oq.walk(tree) if isinstance(n, oq.Path) for s in n.segments if isinstance(s, str)}
        assert name in names
        assert names <= {name, "a", "b"}
        assert parse(oq.unparse(tree)) == tree
    assert parse(name) == here


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("a and b and c", "(a and b) and c"),
        ("a and (b and c)", "a and b and c"),
        ("a eq 1", "a eq 1.0"),
        ("1.0", "1e0"),
        ("'1'", "1"),
        ("null", "'null'"),
        ("a/b", "b/a"),
        ("a/b(1)", "a/b"),
        ("f(1)(2)", "f(1)/f(2)"),
        ("- 5", "-5"),
        ("a in (1)", "a in (1,1)"),
        ("a eq b lt c", "(a eq b) lt c"),
        ("A", "a"),
        ("a/any(b: b)", "a/any(c: c)"),
        ("a/any(b: b)", "a/all(b: b)"),
        ("not a eq b", "not (a eq b)"),
        ("2024-01-31", "'2024-01-31'"),
        ("f(a)", "f(a=a)"),
        ("INF", "-INF"),
        ("true", "false"),
        ("true", "1"),
    ],
)
def test_texts_with_other_meanings_are_other_trees(left: str, right: str) -> None:
    assert parse(left) != parse(right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("a EQ 1", "a eq 1"),
        ("TRUE", "true"),
        ("ToLower(a)", "tolower(a)"),
        ("a/Any(b:b)", "a/any(b: b)"),
        ("(a and b) or c", "a and b or c"),
        ("a add b add c", "(a add b) add c"),
        ("((a))", "a"),
        ("not(a)", "not a"),
        ("a in [1,2]", "a in (1,2)"),
        ("1.50", "1.5"),
        ("NaN", "NaN"),
        ('["a"]', "['a']"),
        ("a/$count(filter=b)", "a/$count($filter=b)"),
    ],
)
def test_spellings_of_one_meaning_are_one_tree(left: str, right: str) -> None:
    assert parse(left) == parse(right)
    assert hash(parse(left)) == hash(parse(right))


@pytest.mark.parametrize(
    "tree",
    [
        oq.Literal(Decimal(-(2**63)), edm.DECIMAL),
        oq.Literal(Decimal(-(2**63) - 1), edm.DECIMAL),
        oq.Literal(Decimal(2**63), edm.DECIMAL),
        oq.Literal(Decimal("1E+20"), edm.DECIMAL),
        oq.Literal(Decimal("-0.0"), edm.DECIMAL),
        oq.Literal(Decimal(5), edm.DECIMAL),
        oq.Literal(-(2**31), edm.INT32),
        oq.Literal(-(2**63), edm.INT64),
        oq.Literal(5e-324, edm.DOUBLE),
        oq.Literal(float("-inf"), edm.DOUBLE),
        oq.Call("negate", (oq.Literal(float("inf"), edm.DOUBLE),)),
        oq.Call("negate", (oq.Literal("2024-01-01", edm.DATE),)),
        oq.Call("negate", (oq.Call("negate", (oq.Literal(1, edm.INT32),)),)),
        oq.Call("case", (oq.Literal(10, edm.INT32), oq.Literal(20, edm.INT32))),
        oq.Call("in", (oq.Path(("a",)), oq.ListExpr((oq.Path(("b",)),)))),
        oq.Call("in", (oq.Path(("a",)), oq.ListExpr((oq.ListExpr(()),)))),
        oq.Call("not", (oq.Path(("not",)),)),
        oq.Call("has", (oq.Path(("not",)), oq.Path(("not", "not")))),
    ],
    ids=repr,
)
def test_trees_that_are_hard_to_print(tree: oq.Node) -> None:
    assert parse(oq.unparse(tree)) == tree


@pytest.mark.parametrize(
    "text",
    ["(not )", "f(not , 1)", "[not ]", "a/any(not : 1)", "case(not : 1)", "a in (not\t)", '{"a":not }'],
)
def test_a_property_called_not_may_have_white_space_behind_it(text: str) -> None:
    assert parse(text) == parse(re.sub(r"not[ \t]+", "not", text))


@pytest.mark.parametrize("text", ["Sales.Color'हिन्दी'", "Sales.Color'Red,स्थिति'", "Sales.Color'x\u200dy'"])
def test_members_of_enumerations_are_names_of_any_script(text: str) -> None:
    assert oq.unparse(parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "(not) desc",
        "(a eq not) desc",
        "(-NOT) desc,not",
        "a/b,(a/not) desc",
        "not/a desc",
        "(not or) desc",
        "(a eq not and) desc",
    ],
)
def test_an_order_by_a_property_called_as_an_operator_reads_as_it_was(text):
    items = oq.parse_orderby(text)
    assert items[0].descending or len(items) > 1
    assert oq.parse_orderby(oq.unparse(items)) == items
