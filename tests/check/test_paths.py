"""Paths resolved by the function alone: the properties along them, or the first wrong segment."""

from __future__ import annotations

import pytest

import odata_query as oq
from odata_query import python
from odata_query.check.paths import IN_FILTER, IN_ORDERBY, Scope, resolve
from odata_query.check.reporting import Reporter
from odata_query.check.typed import TypedPath

PART = oq.ComplexType(
    "Shop.Part",
    {
        "name": oq.Property("Edm.String", nullable=False),
        "secret": oq.Property("Edm.String", filterable=False),
        "tags": oq.Property("Collection(Edm.String)"),
    },
)
ROW = oq.EntityType(
    "Row",
    {
        "id": oq.Property("Edm.Int32", nullable=False),
        "name": oq.Property("Edm.String"),
        "part": oq.Property(PART),
        "parts": oq.Property(PART, nullable=False, collection=True),
        "heavy": oq.Property("Edm.Double", sortable=False),
    },
)
IN_LAMBDA = Scope(False, {"p": (1, PART), "t": (1, ROW.members["name"].type)}, 1, 0)
IN_SEGMENT = Scope(False, {"$this": (1, PART)}, 1, 1)


def resolved(text: str, scope: Scope) -> tuple[oq.Node, Reporter]:
    reporter = Reporter(oq.Limits())
    path = oq.parse_filter(text)
    assert isinstance(path, oq.Path)
    return resolve(path, scope, ROW, reporter), reporter


@pytest.mark.parametrize(
    ("text", "scope", "level", "members", "type", "nullable"),
    [
        ("id", IN_FILTER, 0, "id", "Edm.Int32", False),
        ("$it/name", IN_FILTER, 0, "name", "Edm.String", True),
        ("$it", IN_FILTER, 0, "", "Row", False),
        ("part/name", IN_FILTER, 0, "part name", "Edm.String", True),
        ("parts", IN_FILTER, 0, "parts", "Collection(Shop.Part)", False),
        ("part/tags", IN_FILTER, 0, "part tags", "Collection(Edm.String)", True),
        ("part/Shop.Part/name", IN_FILTER, 0, "part name", "Edm.String", True),
        ("part/secret", IN_ORDERBY, 0, "part secret", "Edm.String", True),
        ("p", IN_LAMBDA, 1, "", "Shop.Part", False),
        ("p/name", IN_LAMBDA, 1, "name", "Edm.String", False),
        ("t", IN_LAMBDA, 1, "", "Edm.String", True),
        ("name", IN_LAMBDA, 0, "name", "Edm.String", True),
        ("name", IN_SEGMENT, 1, "name", "Edm.String", False),
        ("$this/name", IN_SEGMENT, 1, "name", "Edm.String", False),
        ("$it/name", IN_SEGMENT, 0, "name", "Edm.String", True),
    ],
)
def test_a_path_leads_through_properties_from_its_instance(text, scope, level, members, type, nullable):
    path, reporter = resolved(text, scope)
    assert isinstance(path, TypedPath)
    assert not reporter.problems
    found = (path.level, [member.name for member in path.members], path.type.name, path.nullable)
    assert found == (level, members.split(), type, nullable)


@pytest.mark.parametrize(
    ("text", "scope", "message_id", "span", "suggestion"),
    [
        ("nane", IN_FILTER, "unknown-property", (0, 4), "name"),
        ("part/nane", IN_FILTER, "unknown-property", (5, 9), "name"),
        ("part/secrets", IN_FILTER, "unknown-property", (5, 12), None),  # it would name what cannot be used
        ("undefined", IN_FILTER, "unknown-property.null", (0, 9), "null"),
        ("part/Shop.Other/name", IN_FILTER, "unknown-type.here", (5, 15), None),
        ("part/secret", IN_FILTER, "not-filterable", (5, 11), None),
        ("heavy", IN_ORDERBY, "not-sortable", (0, 5), None),
        ("part/secret", IN_ORDERBY._replace(level=1), "not-sortable", (5, 11), None),
        ("name/first", IN_FILTER, "not-a-path", (4, 10), None),
        ("parts/name", IN_FILTER, "not-a-path.collection", (5, 10), None),
        ("$root/Rows", IN_FILTER, "unsupported-expression", (0, 10), None),
        ("name/@Core.Note", IN_FILTER, "unsupported-expression.several", (5, 15), None),
        ("@Core.Note", IN_FILTER, "unsupported-expression.several", (0, 10), None),
    ],
)
def test_the_first_wrong_segment_of_a_path_is_reported(text, scope, message_id, span, suggestion):
    path, reporter = resolved(text, scope)
    [problem] = reporter.problems
    assert (problem.message_id, problem.span, problem.suggestion) == (message_id, span, suggestion)


def test_a_parameter_alias_without_a_value_is_null():
    found, reporter = resolved("@p", IN_FILTER)
    assert found == oq.Literal(None, oq.edm.NULL)
    assert not reporter.problems


PLACE = oq.ComplexType("Shop.Place", {"city": oq.Property("Edm.String")})
HALL = oq.ComplexType("Shop.Hall", {"city": oq.Property("Edm.String")}, bases=["Shop.Place", "Site"])
HOUSE = oq.EntityType(
    "House",
    {
        "id": oq.Property("Edm.Int32", key=True),
        "place": oq.Property(PLACE),
        "hall": oq.Property(HALL),
        "halls": oq.Property(HALL, collection=True),
    },
    bases=["Base.Building"],
)


@pytest.mark.parametrize(
    ("text", "message_id"),
    [
        ("hall/Shop.Place/city eq 'a'", None),
        ("hall/Any.Site/city eq 'a'", None),
        ("halls/Shop.Place/any(h: h/Shop.Hall/city eq 'a')", None),
        ("Base.Building/id eq 1", None),
        ("$it/Some.House/id eq 1", None),
        ("isof(Base.Building) and isof(Building) and isof(hall,Shop.Place) and isof(hall,Place)", None),
        ("isof(halls,Collection(Shop.Place))", None),
        ("cast(hall,Shop.Place) ne null", None),
        ("not isof(hall,Shop.Hall) or not isof(place,House)", None),
        ("hall/Other.Place/city eq 'a'", "unknown-type.here"),
        ("hall/Edm.Site/city eq 'a'", "unknown-type.here"),
        ("Other.Building/id eq 1", "unknown-type.here"),
        ("isof(Other.Building)", "unknown-type"),
        ("isof(hall,Shop.House.Hall)", "unknown-type"),
        ("place/Shop.Hall/city eq 'a'", "unsupported-expression.cast"),
        ("cast(place,Shop.Hall) ne null", "unsupported-expression.cast"),
        ("isof(place,Shop.Hall)", "unsupported-expression.cast"),
        ("isof(place,Hall)", "unsupported-expression.cast"),
    ],
)
def test_base_types_count_and_derived_ones_are_not_offered(text, message_id):
    try:
        oq.validate(oq.parse_filter(text), HOUSE)
    except oq.ODataError as wrong:
        assert [problem.message_id for problem in wrong.problems] == [message_id]
        assert isinstance(wrong, oq.UnsupportedError) is (message_id == "unsupported-expression.cast")
    else:
        assert message_id is None


def test_isof_is_true_for_base_types_of_what_is_not_null():
    rows = [{"id": 1, "hall": {"city": "a"}}, {"id": 2, "hall": None}]
    query = oq.parse_query("$filter=isof(hall,Shop.Place) and isof(Base.Building)", HOUSE)
    assert python.apply(rows, query) == rows[:1]
