"""The check of whole trees: reports, and trees that no parser made."""

from __future__ import annotations

import pytest

import odata_query as oq
from odata_query import edm
from odata_query.check.reporting import Reporter
from odata_query.language.ast import MAX_HEIGHT

ROW = oq.EntityType(
    "Row",
    {
        "id": oq.Property("Edm.Int32"),
        "name": oq.Property("Edm.String"),
        "active": oq.Property("Edm.Boolean"),
        "date": oq.Property(oq.ComplexType("Date", {"year": oq.Property("Edm.Int32")})),
    },
)


def codes(text: str, **limits: int) -> list[str]:
    with pytest.raises(oq.ODataError) as caught:
        oq.validate(oq.parse_filter(text), ROW, limits=oq.Limits(**limits))
    return [problem.code for problem in caught.value.problems]


def test_all_problems_of_an_expression_are_reported_each_once():
    assert codes("a eq 1 and (b eq 2 or contains(a,c) eq 'x')") == ["unknown-property"] * 4
    assert codes("id div 0 eq 1 and year(id) eq 1 and id eq 'a'") == [
        "division-by-zero",
        "wrong-type",
        "wrong-type",
    ]
    assert codes("@a eq x or x eq 1") == ["unknown-property"] * 2


@pytest.mark.parametrize("bound", [0, 1, 2])
def test_no_more_problems_are_reported_than_asked_for(bound):
    assert len(codes("a eq 1 and b eq 1 and c eq 1", max_problems=bound)) == max(1, bound)


def test_a_type_of_the_model_is_not_taken_for_one_of_odata_by_its_name():
    assert codes("year(date) eq 1") == ["wrong-type"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("not name eq 'a'", "not (name eq 'a')"),
        ("not length(name)", "not (a eq b)"),
        ("active and not id", "not (a eq b)"),
        ("not name and active", "not (name and active)"),
    ],
)
def test_a_negated_operand_says_what_to_write(text, message):
    with pytest.raises(oq.ValidationError) as caught:
        oq.validate(oq.parse_filter(text), ROW)
    assert message in caught.value.problems[0].message


@pytest.mark.parametrize("levels", [MAX_HEIGHT, MAX_HEIGHT + 1, 5_000])
def test_a_tree_made_by_hand_is_as_high_as_one_of_the_parser(levels):
    tree: oq.Node = oq.Path(("active",))
    for _ in range(levels - 1):
        tree = oq.Call("not", (tree,))
    if levels <= MAX_HEIGHT:
        assert oq.validate(tree, ROW).type is edm.BOOLEAN
    else:
        with pytest.raises(oq.LimitError):
            oq.validate(tree, ROW)


def test_aliases_do_not_make_a_tree_higher_than_the_parser_does():
    text = "not " * 150 + "@p"
    bounds = oq.Limits(max_depth=None)
    oq.parse_query({"$filter": text, "@p": "not " * 40 + "active"}, ROW, limits=bounds)
    with pytest.raises(oq.LimitError) as caught:
        oq.parse_query({"$filter": text, "@p": "not " * 60 + "active"}, ROW, limits=bounds)
    assert [(problem.code, problem.option) for problem in caught.value.problems] == [
        ("expression-too-deep", "@p")
    ]


def test_a_problem_in_a_whole_text_or_in_an_alias_has_its_place():
    node = oq.Path(("a",), (2, 3))
    reporter = Reporter(oq.Limits(), "$top", "1000", {id(node): ("@p", "a eq 1")})
    reporter.report("top-too-large", None, most=5)
    reporter.report("unknown-property", node, type="Row", property="a")
    assert [(p.option, p.span, p.text) for p in reporter.problems] == [
        ("$top", (0, 4), "1000"),
        ("@p", (2, 3), "a eq 1"),
    ]
