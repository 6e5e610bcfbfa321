"""The cost of queries: what they are estimated to take, and which are refused for it."""

import pytest

import odata_query as oq
from odata_query.language.parser import parse_filter
from odata_query.testing.conformance import PRODUCT, options_of, query_of, suites
from odata_query.web import Endpoint, safe_limits

LINE = oq.EntityType("Line", {"n": oq.Property("Edm.Int32"), "tags": oq.Property("Collection(Edm.String)")})
ORDER = oq.EntityType(
    "Order",
    {
        "id": oq.Property("Edm.Int32", nullable=False, key=True),
        "n": oq.Property("Edm.Int32"),
        "name": oq.Property("Edm.String"),
        "area": oq.Property("Edm.GeometryPolygon"),
        "at": oq.Property("Edm.GeometryPoint"),
        "made": oq.Property("Edm.DateTimeOffset"),
        "took": oq.Property("Edm.Duration"),
        "tags": oq.Property("Collection(Edm.String)"),
        "lines": oq.NavigationProperty(LINE, collection=True),
        "few": oq.NavigationProperty(LINE, collection=True, max_items=3),
        "none": oq.Property("Collection(Edm.Int32)", max_items=0),
    },
)


def cost(text, entity_type=ORDER, **limits):
    return oq.parse_query(
        {"$filter": text}, entity_type, limits=oq.Limits(max_cost=None, max_row_cost=None, **limits)
    ).cost


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("n eq 1", 1),
        ("n eq 1 and n lt 3", 3),
        ("not (n eq 1)", 2),
        ("n in (1,2,3)", 1),
        ("n add 1 eq 2", 9),
        ("tolower(name) eq 'a'", 5),
        (f"tolower('{'a' * 1_000}') eq name", 81),
        (f"contains(concat(name,'{'a' * 450}'),name)", 30 + 11),
        ("cast(name,Edm.Int32) eq 1", 31),
        ("made add took gt made", 28 + 1 + 6),
        ("tags/any()", 1),
        ("tags/any(t: true)", 1),
        ("tags/all(t: false)", 1),
        ("tags/all(t: true)", 100),
        ("tags/any(t: t eq 'a')", 100),
        ("tags/any(t: t eq 'a' or t eq 'b')", 300),
        ("tags/$count gt 1", 101),
        ("'a' in tags", 202),
        ("tags eq ['a']", 202),
        ("hassubset(tags,['a','b'])", 400),
        ("hassubset(tags,tags)", 20_000),
        ("concat(tags,tags) eq tags", 400 + 600),
        ("few/any(i: i/n eq 1)", 3),
        ("few/any(i: i/tags/any(t: t eq 'a'))", 300),
        ("none/any(n: n eq 1)", 1),
        ("lines/any(i: $it/lines/any(j: j/n eq i/n))", 10_000),
        ("lines/any(i: few/any(j: j/n eq i/n))", 300),
        ("lines/$filter(n eq 1)/any(i: i/n lt 5)", 200),
        ("lines/$count($filter=n eq 1) gt 5", 102),
        ("matchespattern(name,'plain')", 50),
        ("matchespattern(name,'^A.*e$')", 50),
        ("matchespattern(name,'^[A-Z]{2}-[0-9]{4,6}$')", 50),
        (f"matchespattern('{'a' * 500}','^(a+)+$')", 500),
        ("matchespattern(name,'a.{14}c')", 50 * 4 * 18),
        ("matchespattern(name,name)", 50 * 4 * 2_000),
        ("geo.intersects(at,area)", 30 * 51 + 4),
        ("geo.intersects(at,geometry'SRID=0;Polygon((0 0,2 0,2 2,0 0))')", 30 * 5 + 2),
    ],
)
def test_the_cost_of_a_filter_is_about_its_comparisons(text, expected):
    assert cost(text) == expected


def test_the_cost_never_falls_when_a_condition_is_added_and_multiplies_in_a_lambda():
    texts = ["n eq 1", "tags/any(t: t eq 'a')", "matchespattern(name,'a.')", "length(name) gt 3"]
    for one in texts:
        for two in texts:
            both = cost(f"{one} and {two}")
            assert both >= max(cost(one), cost(two))
            assert both == cost(f"{two} and {one}") == cost(f"{one} or {two}")
        assert cost(f"lines/any(i: {one})") == 100 * cost(one)
        assert cost(f"few/all(i: {one})") == 3 * cost(one)


def test_the_cost_has_the_orderby_and_not_the_service_s_own_condition_nor_the_key():
    query = oq.parse_query("$filter=n eq 1&$orderby=length(name),n desc&$top=3", ORDER)
    assert query.cost == 1 + 1 + 1
    limited = query.with_filter("lines/any(i: i/n gt 3)").with_filter("n gt 3")
    assert limited.cost == query.cost
    assert oq.parse_query("$filter=n eq 1").cost == 0
    assert oq.parse_query("", ORDER).cost == 0
    assert oq.parse_query("", ORDER).with_filter("n gt 3").cost == 0


FOUR = "items/any(a:$it/items/any(c:$it/items/any(e:$it/items/any(f:f/n lt 0))))"
ITEMS = oq.EntityType(
    "T",
    {
        "n": oq.Property("Edm.Int32"),
        "s": oq.Property("Edm.String"),
        "items": oq.Property(LINE, collection=True),
    },
)


@pytest.mark.parametrize(
    ("options", "limits", "option", "place"),
    [
        ({"$filter": FOUR}, {}, "$filter", FOUR),
        ({"$filter": f"n eq 1 and ({FOUR})"}, {}, "$filter", FOUR),
        ({"$filter": f"not (n eq 1 or {FOUR} or n eq 2)"}, {}, "$filter", FOUR),
        ({"$orderby": f"n,case({FOUR}:1)"}, {}, "$orderby", FOUR),
        ({"$filter": "n eq 1 and @x", "@x": f"n eq 2 or {FOUR}"}, {}, "@x", FOUR),
        ({"$filter": "items/any(i: @x)", "@x": f"n eq 2 or {FOUR}"}, {"max_lambda_depth": 5}, "@x", FOUR),
        ({"$filter": "items/any(i: i/n eq 1)"}, {"max_cost": 99}, "$filter", "items/any(i: i/n eq 1)"),
        ({"$filter": "items/any(i: i/n eq 1) and items/any(i: i/n add 1 eq 2)"}, {"max_cost": 650}, "$filter", "items/any(i: i/n add 1 eq 2)"),
        ({"$filter": "items/any(i: i/n eq 1)", "$orderby": "items/$count add 1"}, {"max_cost": 150}, "$orderby", "items/$count add 1"),
        ({"$filter": "matchespattern(s,s)"}, {"max_cost": 10_000}, "$filter", "matchespattern(s,s)"),
        ({"$filter": "s eq 'a' or matchespattern(s,'a.{50}b')"}, {"max_cost": 5_000}, "$filter", "matchespattern(s,'a.{50}b')"),
        ({"$filter": " or ".join(["n add 1 eq 1"] * 60)}, {"max_cost": 100}, "$filter", None),
        ({"$filter": "items/any(i: i/n eq 1)"}, {"max_row_cost": 9}, "$filter", "items/any(i: i/n eq 1)"),
        ({"$filter": "n eq 1 and n add 1 eq 2", "$orderby": "n"}, {"max_row_cost": 9}, "$filter", "n add 1 eq 2"),
    ],
)  # fmt: skip
def test_a_query_that_costs_too_much_is_refused_at_its_dearest_part(options, limits, option, place):
    with pytest.raises(oq.LimitError) as caught:
        oq.parse_query(options, ITEMS, limits=oq.Limits(**limits))
    [problem] = caught.value.problems
    assert (problem.code, problem.option) == ("query-too-expensive", option)
    if place is not None:
        assert problem.text[slice(*problem.span)] == place
    assert problem.message_args["cost"] >= problem.message_args["part"] > 0
    assert problem.message_args["cost"] > problem.message_args["most"]
    assert oq.parse_query(options, ITEMS, limits=oq.Limits(max_cost=None, max_lambda_depth=9)).cost > 8
    most = oq.parse_query("$filter=items/any(i: i/n eq 1)", ITEMS).cost
    assert oq.parse_query(
        "$filter=items/any(i: i/n eq 1)", ITEMS, limits=oq.Limits(max_cost=most, max_row_cost=10)
    )


def test_a_tree_is_bounded_when_it_is_validated_too():
    tree = parse_filter(FOUR)
    with pytest.raises(oq.LimitError, match="100 000 000 comparisons"):
        oq.validate(tree, ITEMS)
    oq.validate(tree, ITEMS, limits=oq.Limits(max_cost=None))


@pytest.mark.parametrize(
    ("text", "depth"),
    [
        ("items/any(a: n eq 1)", 1),
        ("items/$filter(n eq 1)/$count eq 1", 1),
        ("items/$count($filter=n eq 1) eq 1", 1),
        ("items/$filter(n eq 1)/$filter(n eq 2)/any(i: i/n eq 3)", 1),
        ("items/$count($filter=tags/any(t: t eq 'a')) eq 1", 2),
        ("items/$count($filter=$it/items/$count($filter=n eq 1) eq 1) eq 1", 2),
        ("items/all(i: $it/items/$filter(n eq 1)/$count eq 1)", 2),
        (
            "items/$filter($it/items/$filter($it/items/$filter(n eq 1)/$count eq 1)/$count eq 1)/$count eq 1",
            3,
        ),
        ("items/any() and items/$count eq 1", 0),
    ],
)
def test_conditions_on_items_of_every_spelling_count_as_levels_of_lambdas(text, depth):
    for parse in (parse_filter, lambda text, limits: oq.parse_query({"$filter": text}, ITEMS, limits=limits)):
        parse(text, limits=oq.Limits(max_lambda_depth=depth))
        if depth:
            with pytest.raises(oq.LimitError) as caught:
                parse(text, limits=oq.Limits(max_lambda_depth=depth - 1))
            assert caught.value.problems[0].code == "lambda-too-deep"


def test_max_items_is_of_collections_and_a_whole_number():
    for wrong in (-1, "3", 2.5):
        with pytest.raises(oq.ConfigurationError, match="max_items"):
            oq.Property("Collection(Edm.String)", max_items=wrong)
    with pytest.raises(oq.ConfigurationError, match="max_items"):
        oq.Property("Edm.String", max_items=3)
    with pytest.raises(oq.ConfigurationError, match="max_items"):
        oq.NavigationProperty(LINE, max_items=3)


# ---- endpoints -----------------------------------------------------------------------------------


def test_an_endpoint_has_tighter_bounds_unless_they_are_set():
    found = Endpoint(PRODUCT).limits
    assert (found.max_cost, found.max_row_cost) == (50_000, 1_000)
    assert (found.max_nodes, found.max_orderby_items) == (1_200, 5)
    given = oq.Limits(max_cost=5_000_000, max_nodes=2_000, max_orderby_items=None, max_pattern=2_000)
    found = Endpoint(PRODUCT, limits=given).limits
    assert (found.max_cost, found.max_nodes, found.max_orderby_items) == (5_000_000, 2_000, None)
    assert found.max_row_cost == oq.Limits().max_row_cost
    assert found.max_pattern == 2_000
    found = Endpoint(PRODUCT.restrict(limits=oq.Limits(max_row_cost=3_000))).limits
    assert (found.max_cost, found.max_row_cost, found.max_nodes) == (50_000, 3_000, 1_200)


BEYOND = {
    # collections: query-too-expensive
    "hassubset(shop/roles/$filter($this eq $this),shop/roles/$fil",
    # collections: query-too-expensive.few
    "ls/any(v:v in $it/xs)",
    # collections: query-too-expensive
    "ls/any(v:$it/xs/any(u:u eq v))",
    # limits: query-too-expensive.few
    "a eq 1 or a eq 1 or a eq 1 or a eq 1 or a eq 1 or a eq 1 or ",
    "a add 1 add 1 add 1 add 1 add 1 add 1 add 1 add 1 add 1 add ",
    "a eq 1 sub (1 sub (1 sub (1 sub (1 sub (1 sub (1 sub (1 sub ",
    # limits: query-too-expensive
    "tags/any(t0:tags/any(t1:tags/any(t2:tags/any(t3:true))))",
}
"""The conformance cases that an endpoint refuses by its default limits: the beginnings of their filters."""


def test_the_conformance_cases_are_within_the_defaults_of_an_endpoint_but_those_of_a_table():
    beyond = set()
    for suite in suites():
        for case in suite.cases:
            if "ids" not in case:
                continue
            assert query_of(case, suite.entity_type).cost <= (oq.Limits().max_cost or 0), case
            limits = safe_limits(oq.Limits(**case.get("limits", {})))
            options = options_of(case)
            try:
                oq.parse_query(options, suite.entity_type, limits=limits)
            except oq.LimitError as error:
                assert error.problems[0].code in ("query-too-expensive", "expression-too-large")
                beyond.add((options if isinstance(options, str) else options["$filter"])[:60])
    assert beyond == BEYOND
