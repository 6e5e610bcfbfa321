"""The parameters of an OpenAPI operation, from a model and limits."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from models import IMAGE
from test_csdl import SELF, entity_types

import odata_query as oq
from odata_query.operations import OPERATIONS


def by_name(entity_type: oq.EntityType, limits: oq.Limits | None = None) -> dict[str, dict]:
    found = entity_type.to_openapi(limits=limits)
    json.dumps(found)
    assert all((each["in"], each["required"]) == ("query", False) for each in found)
    return {each["name"]: each for each in found}


def examples(entity_type: oq.EntityType, limits: oq.Limits | None = None) -> list[str]:
    """The examples, each parsed by the model."""
    found = []
    for name, parameter in by_name(entity_type, limits).items():
        for example in parameter.get("examples", {}).values():
            oq.parse_query({name: example["value"]}, entity_type, **({"limits": limits} if limits else {}))
            found.append(example["value"])
    return found


def test_there_is_a_parameter_for_each_option():
    found = by_name(IMAGE, oq.Limits(max_top=100, default_top=20, max_skip=1000, max_length=500))
    assert {name: each["schema"] for name, each in found.items()} == {
        "$filter": {"type": "string", "minLength": 1, "maxLength": 500},
        "$orderby": {"type": "string", "minLength": 1, "maxLength": 500},
        "$top": {"type": "integer", "minimum": 0, "maximum": 100, "default": 20},
        "$skip": {"type": "integer", "minimum": 0, "maximum": 1000},
        "$count": {"type": "boolean", "default": False},
    }
    assert "At most 500 characters" in found["$filter"]["description"]


def test_without_bounds_there_are_none():
    found = by_name(IMAGE, oq.Limits(max_length=None))
    assert found["$filter"]["schema"] == {"type": "string", "minLength": 1}
    assert found["$top"]["schema"] == {"type": "integer", "minimum": 0}


def test_the_tighter_limits_hold():
    own = IMAGE.restrict(limits=oq.Limits(max_top=50, max_length=700))
    found = by_name(own, oq.Limits(max_top=80, max_length=600))
    assert found["$top"]["schema"]["maximum"] == 50
    assert found["$filter"]["schema"]["maxLength"] == 600


def test_a_description_lists_properties_with_types_and_what_may_be_done():
    text = by_name(IMAGE)["$filter"]["description"]
    for line in (
        "- `id`: Int64",
        "- `title`: String or null",
        "- `status`: Status, one of `'Vd'`, `'Up'`, `'Ok'`, `'Re'`, `'Er'`",
        "- `rights`: Rights or null, some of `'READ'`, `'WRITE'`, `'SHARE'`",
        "- `tags`: Collection(String)",
        "- `place`: Place or null",
        "Properties of Place (`place/...`):",
        "- `city`: String",
    ):
        assert line in text.splitlines()
    named = set(re.findall("`([^`]*)`", text.partition("Operators:")[2])) | {"negate"}
    assert OPERATIONS.keys() <= named


def test_what_is_not_offered_does_not_appear():
    small = IMAGE.restrict(
        exclude=["original_url"],
        filterable=["title", "place/city"],
        sortable=["id"],
        functions=["contains"],
        operators=["eq", "and"],
    )
    found = by_name(small)
    text = found["$filter"]["description"]
    assert re.findall("^- `([^`]*)`", text, re.M) == ["title", "place", "city"]
    assert "Operators: `and`, `eq`." in text
    assert "Functions: `contains`." in text
    assert re.findall("^- `([^`]*)`", found["$orderby"]["description"], re.M) == ["id"]
    assert "original_url" not in json.dumps(found)
    assert examples(small) == [
        "title eq 'abc'",
        "contains(title,'abc')",
        "id desc",
    ]


def test_where_the_data_is_does_not_appear():
    item = oq.EntityType("Item", {"n": oq.Property("Edm.Int32", column="hidden_c")})
    order = oq.EntityType(
        "Order",
        {
            "name": oq.Property("Edm.String", attribute="hidden_a", storage="hidden_s"),
            "items": oq.NavigationProperty(item, collection=True, table="hidden_t", join={"hidden_x": "y"}),
        },
    )
    assert "hidden" not in json.dumps(order.to_openapi())
    assert "Properties of Item (`items/any(x:x/...`):" in by_name(order)["$filter"]["description"]


def test_what_has_no_order_is_not_listed_as_sortable_but_what_is_in_it_is():
    maker = oq.EntityType("Maker", {"name": oq.Property("Edm.String"), "logo": oq.Property("Edm.Binary")})
    spot = oq.ComplexType("Spot", {"x": oq.Property("Edm.Double")})
    entity = oq.EntityType(
        "T",
        {
            "maker": oq.NavigationProperty(maker),
            "makers": oq.NavigationProperty(maker, collection=True),
            "spot": oq.Property(spot),
            "tags": oq.Property("Collection(Edm.String)"),
            "area": oq.Property("Edm.GeographyPoint"),
            "id": oq.Property("Edm.Int32"),
        },
    )
    found = by_name(entity)
    assert re.findall("^- `([^`]*)`|(`[a-z]+/)", found["$orderby"]["description"], re.M) == [
        *[("id", ""), ("", "`maker/"), ("name", ""), ("", "`spot/"), ("x", "")]
    ]
    assert re.findall("^- `([^`]*)`", found["$filter"]["description"], re.M)[:6] == [*entity.properties]
    only = oq.EntityType(
        "T", {"maker": oq.NavigationProperty(oq.EntityType("M", {"b": oq.Property("Edm.Binary")}))}
    )
    assert "$orderby" not in by_name(only)


def test_options_that_no_property_can_be_used_in_are_left_out():
    assert [*by_name(oq.EntityType("T", {"a": oq.Property("Edm.String", sortable=False)}))] == [
        *("$filter", "$top", "$skip", "$count")
    ]
    assert [*by_name(oq.EntityType("T", {}))] == ["$top", "$skip", "$count"]


def test_all_kinds_of_examples_are_there():
    assert examples(IMAGE) == [
        "reference eq 'abc'",
        "status eq 'Vd'",
        "rights eq 'READ'",
        "reference eq 'abc' and status eq 'Vd'",
        "contains(reference,'abc')",
        "endswith(reference,'abc')",
        "startswith(reference,'abc')",
        "matchespattern(reference,'abc')",
        "status in ('Vd')",
        "tags/any(x:x eq 'abc')",
        "id desc",
        "reference,id desc",
    ]


@pytest.mark.parametrize("name", [*IMAGE.properties])
def test_a_property_of_each_type_has_valid_examples(name):
    small = oq.EntityType("T", {name: IMAGE.properties[name]})
    assert bool(examples(small)) is (name != "checksum")


@pytest.mark.parametrize(
    "limits",
    [
        oq.Limits(max_nodes=1),
        oq.Limits(max_length=5),
        oq.Limits(max_depth=0, max_in_items=0, max_lambda_depth=0, max_orderby_items=1, max_path_depth=1),
        oq.Limits(functions=[], operators=[]),
        oq.Limits(operators=["ne", "has"], functions=["endswith"]),
        oq.Limits(operators=["lt", "in", "not"], functions=["all"]),
    ],
)
def test_examples_keep_to_the_limits(limits):
    examples(IMAGE, limits)
    examples(SELF, limits)
    examples(IMAGE.restrict(limits=limits))


def test_strange_names_do_not_make_wrong_examples():
    strange = oq.EntityType(
        "T",
        {
            **{
                label: oq.Property("Edm.String") for label in ("null", "true", "not", "any", "x", "eq", "a.b")
            },
            "x" * 129: oq.Property("Edm.String"),
            "quoted": oq.Property(oq.EnumType("E", {"a,b": 1, "it's\n`x`": 2})),
            "none": oq.Property(oq.EnumType("F", {})),
            "名前": oq.Property("Collection(Edm.String)"),
        },
    )
    assert "quoted in ('it''s\n`x`')" in examples(strange)


def test_an_enumeration_of_many_members_is_not_listed_whole():
    many = oq.EnumType("E", {f"m{number}": number for number in range(1000)})
    text = by_name(oq.EntityType("T", {"e": oq.Property(many)}))["$filter"]["description"]
    assert "`'m49'`, ...\n" in text
    assert "m50" not in text


def test_types_that_lead_back_to_themselves_are_listed_once():
    text = by_name(SELF)["$filter"]["description"]
    assert text.count("`boss`") == 1
    assert "- `boss`: Person or null" in text


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(entity_types(), st.booleans())
def test_the_examples_of_any_type_are_valid_and_always_the_same(entity_type, is_bounded):
    limits = oq.Limits(max_nodes=4, operators=["ne", "ge"], functions=["any"]) if is_bounded else None
    assert examples(entity_type, limits) == examples(entity_type, limits)
    assert entity_type.to_openapi(limits=limits) == entity_type.to_openapi(limits=limits)
