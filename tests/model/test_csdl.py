"""Models from a service's `$metadata`, and back: CSDL in XML and JSON."""

from __future__ import annotations

import datetime as dt
import decimal
import json
import time
import uuid
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from models import IMAGE

import odata_query as oq
from odata_query import edm, python

DATA = Path(__file__).parent.parent / "data"
NORTHWIND = (DATA / "northwind.xml").read_bytes()
TRIPPIN_XML = (DATA / "trippin.xml").read_text("utf-8")
TRIPPIN_JSON = (DATA / "trippin.json").read_text("utf-8")
read = oq.EntityType.from_csdl


def types_of(entity_type: oq.EntityType) -> dict[str, str]:
    return {member.name: member.type.name for member in entity_type.members.values()}


def wrapped(schema: str, *, before: str = "", version: str = "4.0") -> str:
    """An XML document of one schema in the namespace N."""
    return (
        f'{before}<edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx" Version="{version}">'
        '<edmx:DataServices><Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="N">'
        f"{schema}</Schema></edmx:DataServices></edmx:Edmx>"
    )


def entity(properties: str, more: str = "") -> str:
    return wrapped(
        f'<EntityType Name="T"><Key><PropertyRef Name="k"/></Key>'
        f'<Property Name="k" Type="Edm.Int32" Nullable="false"/>{properties}</EntityType>{more}'
    )


def document(type: Any = None, **schema: Any) -> dict[str, Any]:
    """A JSON document of one schema in the namespace N with an entity type T."""
    return {"$Version": "4.01", "N": {"T": {"$Kind": "EntityType", **(type or {})}, **schema}}


# ---- OData 2 and 3 -------------------------------------------------------------------------------


def test_associations_of_odata_2_are_navigation_properties_with_the_far_ends_type():
    product = read(NORTHWIND, "Products")
    assert types_of(product) == {
        "ProductID": "Edm.Int32",
        "ProductName": "Edm.String",
        "CategoryID": "Edm.Int32",
        "QuantityPerUnit": "Edm.String",
        "UnitPrice": "Edm.Decimal",
        "UnitsInStock": "Edm.Int16",
        "Discontinued": "Edm.Boolean",
        "Category": "Category",
        "Order_Details": "Collection(Order_Detail)",
    }
    assert isinstance(product.properties["Category"], oq.NavigationProperty)
    assert product.members["Category"].nullable
    assert product.members["UnitPrice"].property.scale == 4
    assert product.key == ("ProductID",)
    detail = read(NORTHWIND, "Order_Details")
    assert detail.key == ("OrderID", "ProductID")
    assert not detail.members["Order"].nullable
    assert detail.members["Order"].type.members["Order_Details"].type.element.name == "Order_Detail"


def test_types_of_odata_2_become_those_of_odata_4():
    order = types_of(read(NORTHWIND, "Orders"))
    assert order["OrderDate"] == "Edm.DateTimeOffset"
    assert order["PickupTime"] == "Edm.TimeOfDay"
    assert order["ShipTo"] == "Address"


@pytest.mark.parametrize("name", ["Product", "Products", "NorthwindModel.Product"])
def test_a_type_is_found_by_its_name_and_by_that_of_its_set(name):
    assert read(NORTHWIND, name).name == "Product"


ORDERS = [
    {
        "OrderID": number,
        "OrderDate": dt.datetime(2024, 1, number, tzinfo=dt.UTC),
        "Freight": decimal.Decimal(number),
        "ShipTo": {"Street": None, "City": city, "Country": "x"},
        "RowGuid": uuid.UUID(int=number),
        "Order_Details": [{"Quantity": number * 10, "Product": {"ProductName": f"Chai {number}"}}],
    }
    for number, city in ((1, "Oslo"), (2, "Rome"), (3, "Oslo"))
]


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        ("$filter=ShipTo/City eq 'Oslo'&$orderby=Freight desc", [3, 1]),
        ("$filter=OrderDate ge 2024-01-02T00:00:00Z", [2, 3]),
        ("$filter=Order_Details/any(d:d/Quantity gt 10 and contains(d/Product/ProductName,'2'))", [2]),
        ("$filter=RowGuid eq 00000000-0000-0000-0000-000000000001", [1]),
        ("$skip=1&$top=1", [2]),
    ],
)
def test_rows_are_queried_by_a_model_that_was_read(options, ids):
    query = oq.parse_query(options, read(NORTHWIND, "Orders"))
    assert [row["OrderID"] for row in python.apply(ORDERS, query)] == ids


# ---- OData 4 -------------------------------------------------------------------------------------


@pytest.fixture(params=["xml", "json", "parsed"])
def trippin(request):
    if request.param == "parsed":
        return json.loads(TRIPPIN_JSON)
    return TRIPPIN_XML if request.param == "xml" else TRIPPIN_JSON


def test_a_type_has_the_properties_and_the_key_of_those_it_is_based_on(trippin):
    employee = read(trippin, "Employee", exclude=["Level"])
    assert [*employee.properties] == [
        *("UserName", "FirstName", "Emails", "Gender", "Home", "Concurrency", "Friends", "Trips"),
        *("Salary", "Boss"),
    ]
    assert employee.key == ("UserName",)
    assert employee.members["Salary"].property.scale == 2
    assert employee.members["Boss"].type.members["Boss"].type is employee.members["Boss"].type
    airport = read(trippin, "Airport")
    assert types_of(airport)["IcaoCode"] == "Edm.String"
    assert types_of(airport.members["Location"].type) == {
        "Address": "Edm.String",
        "City": "City",
        "Loc": "Edm.GeographyPoint",
    }


def test_enumerations_and_facets_are_those_of_the_document(trippin):
    trip = read(trippin, "Trip")
    board = trip.members["Board"].type
    assert isinstance(board, oq.EnumType)
    assert board.is_flags
    assert dict(board.members) == {"None": 0, "Breakfast": 1, "Lunch": 2, "Dinner": 4, "All": 7}
    gender = read(trippin, "Person").members["Gender"].type
    assert (dict(gender.members), gender.is_flags) == ({"Male": 0, "Female": 1, "Unknown": 2}, False)
    assert trip.members["Budget"].property.scale is None
    assert not trip.members["StartsAt"].nullable
    assert trip.members["Flight"].nullable


def test_restrictions_hold_for_a_set_wherever_they_stand(trippin):
    people = read(trippin, "People")
    assert [m.name for m in people.members.values() if not m.filterable] == ["Concurrency"]
    assert [m.name for m in people.members.values() if not m.sortable] == ["Gender"]
    city = people.members["Home"].type.members["City"].type
    assert [m.name for m in city.members.values() if not m.filterable] == ["Region"]
    assert people.limits.functions == {"contains", "any"}
    # The type alone has none, nor what is reached otherwise.
    assert all(m.filterable and m.sortable for m in read(trippin, "Person").members.values())
    friend = people.members["Friends"].type.element
    assert friend.members["Concurrency"].filterable


def test_a_qualifier_makes_no_difference_and_a_sets_functions_are_the_containers_by_default(trippin):
    airports = read(trippin, "Airports")
    assert not any(m.filterable for m in airports.members.values())
    assert all(m.sortable for m in airports.members.values())
    assert airports.limits.functions == {"contains", "any", "startswith", "geo.distance"}
    assert read(trippin, "Me").limits == airports.limits


def test_the_callers_restrictions_come_on_top_of_the_documents(trippin):
    people = read(
        trippin, "People", only=["UserName", "Gender"], functions=["any", "startswith"], rename="camelCase"
    )
    assert [*people.properties] == ["userName", "gender"]
    assert people.limits.functions == {"any"}
    assert not people.members["gender"].sortable
    rows = [{"UserName": "ann", "Gender": "Female"}, {"UserName": "bob", "Gender": "Male"}]
    query = oq.parse_query("$filter=gender eq 'Female'", people)
    assert python.apply(rows, query) == rows[:1]


def test_what_clients_may_not_read_is_not_published(trippin):
    assert "Password" not in read(trippin, "People").properties


def test_what_has_no_type_in_the_document_is_left_out(trippin):
    assert types_of(read(trippin, "Photos")) == {"Id": "Edm.Int64", "Original": "Edm.Stream"}
    assert "Level" not in read(trippin, "Employee").properties
    with pytest.raises(oq.ConfigurationError, match="Photo.Extra is private; only override publishes it"):
        read(trippin, "Photos", only=["Id", "Extra"])
    photo = read(trippin, "Photos", override={"Extra": oq.Property("Edm.String")})
    assert types_of(photo) == {"Id": "Edm.Int64", "Original": "Edm.Stream", "Extra": "Edm.String"}
    assert photo.key == ("Id",)


PEOPLE = [
    {
        "UserName": name,
        "FirstName": name.title(),
        "Emails": [f"{name}@example.com"],
        "Gender": gender,
        "Home": {"Address": "1", "City": {"Name": city, "Region": None}},
        "Concurrency": 1,
        "Friends": [],
        "Trips": [{"TripId": 1, "Board": board, "Tags": ["a"]}],
    }
    for name, gender, city, board in (("ann", "Female", "Rome", 3), ("bob", None, "Oslo", 4))
]


@pytest.mark.parametrize(
    ("filter", "names"),
    [
        ("Gender eq 'Female'", ["ann"]),
        ("Gender eq null", ["bob"]),
        ("Home/City/Name eq 'Oslo'", ["bob"]),
        ("Emails/any(e:contains(e,'bob@'))", ["bob"]),
        ("Trips/any(t:t/Board has 'Breakfast')", ["ann"]),
    ],
)
def test_people_are_queried(trippin, filter, names):
    query = oq.parse_query({"$filter": filter}, read(trippin, "People"))
    assert [row["UserName"] for row in python.apply(PEOPLE, query)] == names


@pytest.mark.parametrize(
    ("filter", "code"),
    [
        ("Concurrency eq 1", "not-filterable"),
        ("Home/City/Region eq 'x'", "not-filterable"),
        ("Password eq 'x'", "unknown-property"),
        ("startswith(UserName,'a')", "operation-not-allowed"),
    ],
)
def test_what_a_set_does_not_offer_is_refused(trippin, filter, code):
    with pytest.raises(oq.ValidationError) as wrong:
        oq.parse_query({"$filter": filter}, read(trippin, "People"))
    assert [problem.code for problem in wrong.value.problems] == [code]


def test_both_notations_say_the_same():
    for name in ("People", "Airports", "Trip", "Me"):
        assert read(TRIPPIN_XML, name) == read(TRIPPIN_JSON, name)


# ---- details -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + TRIPPIN_XML,
        "\n " + TRIPPIN_XML,
        TRIPPIN_XML.partition("?>")[2],
        TRIPPIN_XML.replace("UTF-8", "utf-16"),
        TRIPPIN_XML.replace("UTF-8", "iso-8859-1").encode("latin-1"),
        TRIPPIN_XML.replace("UTF-8", "windows-1252").encode("cp1252"),
        TRIPPIN_XML.replace("UTF-8", "utf-16").encode("utf-16"),
        TRIPPIN_XML.encode("utf-8-sig"),
        b" \n" + TRIPPIN_XML.partition("?>")[2].encode(),
        "\ufeff \n" + TRIPPIN_JSON,
        TRIPPIN_JSON.encode("utf-8-sig"),
        TRIPPIN_JSON.encode("utf-16"),
    ],
)
def test_a_document_is_read_in_its_encoding(text):
    assert read(text, "Trip") == read(TRIPPIN_XML, "Trip")


def test_a_number_of_digits_that_nobody_says_is_not_known():
    given = entity(
        '<Property Name="a" Type="Edm.Decimal"/><Property Name="b" Type="Edm.Decimal" Scale="Variable"/>'
        '<Property Name="c" Type="Edm.Decimal" Scale="floating"/><Property Name="d" Type="Edm.Decimal" Scale="0"/>'
        '<Property Name="e" Type="N.M" Scale="1"/><Property Name="f" Type="N.M"/>'
        '<Property Name="g" Type="Edm.DateTimeOffset" Scale="3"/>',
        '<TypeDefinition Name="M" UnderlyingType="N.M2"/><TypeDefinition Name="M2" UnderlyingType="Edm.Decimal" Scale="2"/>',
    )
    scales = [m.property.scale for m in read(given, "T").members.values()]
    assert scales == [None, None, None, None, 0, 1, 2, None]


def test_a_coordinate_system_is_read_and_written():
    given = entity(
        '<Property Name="a" Type="Edm.GeographyPoint"/><Property Name="b" Type="Edm.GeographyPoint" SRID="4258"/>'
        '<Property Name="c" Type="Edm.GeometryPoint" SRID="Variable"/><Property Name="d" Type="N.M"/>'
        '<Property Name="e" Type="Edm.String" SRID="3"/>',
        '<TypeDefinition Name="M" UnderlyingType="Edm.GeometryPolygon" SRID="3857"/>',
    )
    model = read(given, "T")
    assert [m.property.srid for m in model.members.values()] == [None, None, 4258, "variable", 3857, None]
    for written in (model.to_csdl_xml(), model.to_csdl_json()):
        assert oq.EntityType.from_csdl(written, "T") == model
    other = {**model.properties, "b": oq.Property("Edm.GeographyPoint")}
    assert oq.EntityType(model.name, other) != model


@pytest.mark.parametrize("srid", [-1, 100_000, "4326", "any", 1.5])
def test_a_number_that_is_no_coordinate_system_is_refused(srid):
    with pytest.raises(oq.ConfigurationError, match="coordinate system"):
        oq.Property("Edm.GeographyPoint", srid=srid)
    if srid != "4326":
        with pytest.raises(oq.ConfigurationError, match="SRID"):
            read(document({"a": {"$Type": "Edm.GeographyPoint", "$SRID": srid}}), "T")


def test_a_key_in_a_complex_property_cannot_be_declared_and_none_is_guessed():
    key = [{"City": "Home/City"}]
    home = {"Home": {"$Type": "N.A"}, "ID": {}}
    given = document({"$Key": key, **home}, A={"$Kind": "ComplexType", "City": {}})
    assert read(given, "T").key == ()
    assert read(given, "T", key="ID").key == ("ID",)
    assert read(document({"ID": {}}), "T").key == ()


def test_a_key_is_never_null_whatever_the_document_says():
    given = read(document({"$Key": ["ID"], "ID": {"$Type": "Edm.Guid", "$Nullable": True}}), "T")
    assert not given.properties["ID"].nullable
    assert oq.EntityType.from_csdl(given.to_csdl_xml(), "T") == given


def test_members_of_an_enumeration_count_on_from_the_last():
    members = '<Member Name="A"/><Member Name="B" Value="7"/><Member Name="C"/><Member Name="D" Value="-1"/>'
    given = entity('<Property Name="e" Type="N.E"/>', f'<EnumType Name="E">{members}</EnumType>')
    assert dict(read(given, "T").members["e"].type.members) == {"A": 0, "B": 7, "C": 8, "D": -1}


def test_types_of_two_namespaces_keep_their_simple_names():
    given = {
        "$Version": "4.01",
        "A": {"T": {"$Kind": "EntityType", "b": {"$Type": "X.T"}}},
        "B.C": {"$Alias": "X", "T": {"$Kind": "ComplexType", "c": {}}, "S": {"$Kind": "EntityType"}},
    }
    found = read(given, "T")
    assert found.members["b"].type.name == "T"
    assert types_of(found.members["b"].type) == {"c": "Edm.String"}
    assert read(given, "X.S").name == "S"


def test_dynamic_restrictions_and_unknown_annotations_restrict_nothing():
    given = document(
        {"a": {"@Core.Description": "x", "@Core.Permissions": "Read"}},
        C={
            "$Kind": "EntityContainer",
            "Ts": {
                "$Collection": True,
                "$Type": "N.T",
                "@Org.OData.Capabilities.V1.FilterRestrictions": {"Filterable": {"$Path": "x"}},
                "@Org.OData.Capabilities.V1.FilterFunctions": [],
                "@Org.OData.Capabilities.V1.CountRestrictions": 7,
                "@a@b": {},
            },
        },
    )
    found = read(given, "Ts")
    assert found.members["a"].filterable
    assert found.limits is None


# ---- wrong documents -----------------------------------------------------------------------------

LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)
CYCLE = document({"$BaseType": "N.U"}, U={"$Kind": "EntityType", "$BaseType": "N.T"})
TWICE = '<EntityType Name="T"/>'


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (wrapped('<EntityType Name="&i;"/>', before=LAUGHS + "]>"), "DOCTYPE"),
        (wrapped("&x;", before='<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]>'), "DOCTYPE"),
        (wrapped("", before='<!DOCTYPE x SYSTEM "http://localhost:1/x.dtd">'), "DOCTYPE"),
        (wrapped("", before='<!DOCTYPE x [<!ENTITY % p SYSTEM "x"> %p;]>').encode("utf-16"), "DOCTYPE"),
        (wrapped("&x;"), "undefined entity"),
        (wrapped("<a>" * 100_000), "nests over 100 elements"),
        (wrapped("<a>" * 100_000 + "</a>" * 100_000), "nests over 100 elements"),
        (wrapped("")[:-3], "not XML"),
        (wrapped('<EntityType Name="\x01"/>'), "not XML"),
        (b"<?xml version='1.0' encoding='gb2312'?><a/>", "not XML"),
        (b"<?xml version='1.0' encoding='nothing'?><a/>", "not XML"),
        ("<\ud800>", "not XML"),
        (b"<\xff\xfe\x00", "not XML"),
        ("<html/>", "its root is 'html'"),
        ('<Edmx xmlns="http://example.com/edmx"/>', "its root is"),
        ("", "not XML or JSON"),
        (b"", "not XML or JSON"),
        ("[" * 100_000, "not XML or JSON"),
        ('{"a":' * 100_000, "not XML or JSON"),
        ("[]", "expected an object"),
        ("null", "expected an object"),
        ('{"N": {"T": 1}}', "N.T: expected an object, not int"),
        ('{"N": {"A": {}, "A": {}}}', "two members called 'A'"),
        ('{"N": ' + "9" * 5000 + "}", "not XML or JSON|expected an object"),
        (7, "a text or parsed JSON"),
        (None, "a text or parsed JSON"),
        ({1: {}}, "expected an object"),
        ({"$Reference": [], "N": {}}, "Reference: expected an object"),
        ({"$Reference": {"u": {"$Include": {}}}}, "Include: expected a list"),
        ({"$Reference": {"u": {"$Include": [{"$Alias": "A"}]}}}, "Namespace: expected a text"),
        ({"A": {"$Alias": "X"}, "B": {"$Alias": "X"}}, "alias of two"),
        ({"N": {"$Annotations": 1}}, "Annotations: expected an object"),
        (CYCLE, "based on itself"),
        (document({"$BaseType": "X.Y"}), "based on X.Y, which is not in the document"),
        (document({"$BaseType": 1}), "BaseType: expected a text"),
        (document({"$BaseType": "N.U"}, U={"$Kind": "ComplexType"}), "another kind"),
        (document({"a": {"$Type": "N.D"}}, D={"$Kind": "TypeDefinition", "$UnderlyingType": "N.D"}), "by itself"),
        (document({"a": {"$Type": "N.D"}}, D={"$Kind": "TypeDefinition"}), "UnderlyingType: expected a text"),
        (document({"a": {"$Type": "N.E"}}, E={"$Kind": "EnumType", "x": 2**63}), "expected a whole number of 64 bits"),
        (document({"a": {"$Type": "N.E"}}, E={"$Kind": "EnumType", "x": 10**5000}), "expected a whole number of 64 bits"),
        (document({"a": {"$Type": "N.E"}}, E={"$Kind": "EnumType", "x": True}), "expected a whole number of 64 bits"),
        (document({"a": {"$Type": ["Edm.String"]}}), "a: .Type: expected a text"),
        (document({"a": {"$Type": "Collection(Edm.String)"}}), "which is not a type of values"),
        (document({"a": {"$Kind": "Term"}}), "not a property, but of kind 'Term'"),
        (document({"a": {"$Kind": []}}), "not a property, but of kind list"),
        (document({"a": {"$Kind": "NavigationProperty"}}), "leads to Edm.String"),
        (document({"a": {"$Nullable": "false"}}), "Nullable: expected true or false, not 'false'"),
        (document({"a": {"$Collection": 1}}), "Collection: expected true or false"),
        (document({"a": {"$Type": "Edm.Decimal", "$Scale": -1}}), "Scale: expected a number"),
        (document({"a": {"$Type": "Edm.Decimal", "$Scale": 10**5000, "$Nullable": 0}}), "expected"),
        (document({"a": "Edm.String"}), "N.T.a: expected an object, not 'Edm.String'"),
        (document({"$Key": ["x"]}), "no property 'x', which its key needs"),
        (document({"$Key": "x"}), "Key: expected a list"),
        (document({"$Key": [{"x": 1}]}), "Key: expected a text"),
        (document({"a-b": {}}), "cannot be written as a name"),
        (document({"": {}}), "cannot be written as a name"),
        (document({"@Org.OData.Capabilities.V1.FilterRestrictions": []}), "FilterRestrictions of N.T: expected an object"),
        (
            document({"@Org.OData.Capabilities.V1.SortRestrictions": {"NonSortableProperties": ["x"]}}),
            "no property 'x', which an annotation restricts",
        ),
        (
            document({"@Org.OData.Capabilities.V1.SortRestrictions": {"Sortable": "false"}}),
            "Sortable: expected true or false",
        ),
        (document({"@Org.OData.Capabilities.V1.FilterFunctions": "any"}), "expected a list"),
        (document(C={"$Kind": "EntityContainer", "T": {"$Type": "N.X"}}), "N.C/T is of N.X, which is not an entity type"),
        (document(C={"$Kind": "EntityContainer", "T": {"$Type": 3}}), "expected a text"),
        (document(C={"$Kind": "EntityContainer", "T": []}), "expected an object"),
        ({"A": {"T": {"$Kind": "EntityType"}}, "B": {"T": {"$Kind": "EntityType"}}}, "any of A.T, B.T"),
        ({"A": {"T": {"$Kind": "ComplexType"}}}, "A.T is not an entity type, but of kind 'ComplexType'"),
        (document({}, T={"$Kind": ["EntityType"]}), "of kind list"),
        ({}, "no entity type or set 'T'"),
        ({"A": {"Tt": {"$Kind": "EntityType"}}}, "did you mean 'Tt'"),
        (wrapped(TWICE + TWICE), "two members called 'T'"),
        (entity('<Property Name="k" Type="Edm.String"/>'), "two members called 'k'"),
        (wrapped('<EntityType Name="T"><Property Name="a"/></EntityType>'), "N.T.a: <Property> has no Type"),
        (wrapped('<EntityType Name="T"><Property Type="x"/></EntityType>'), "N.T: <Property> has no Name"),
        (wrapped('<EntityType Name="T" /><EntityType />'), "N: <EntityType> has no Name"),
        (entity('<Property Name="$Key" Type="Edm.String"/>'), "not a name in OData"),
        (entity('<Property Name="a" Type="Edm.String" Nullable="no"/>'), "N.T.a: Nullable: expected true or false"),
        (entity('<Property Name="a" Type="Edm.Decimal" Scale="x"/>'), "Scale: expected a number"),
        (entity('<Property Name="a" Type="Edm.Decimal" Scale="' + "9" * 9999 + '"/>'), "Scale: expected a number"),
        (entity('<Property Name="a" Type=""/>'), "has no Type"),
        (entity('<Property Name="a" Type="Collection(Collection(Edm.String))"/>'), "which is not a type of values"),
        (entity(f'<Property Name="a" Type="{"Collection(" * 50000}"/>'), "which is not a type of values"),
        (entity(f'<Property Name="a" Type="{"x" * 1_000_000}"/>'), "is of type xxx"),
        (entity(f'<Property Name="{"x" * 1_000_000}!" Type="Edm.String"/>'), "not a name in OData"),
        (entity('<NavigationProperty Name="a" Relationship="N.R" FromRole="x" ToRole="y"/>'), "leads to N.R/y"),
        (entity('<NavigationProperty Name="a" Relationship="N.R"/>'), "has no ToRole"),
        (wrapped('<Association Name="R"><End Role="a" Type="N.T" Multiplicity="2"/></Association>'), "Multiplicity"),
        (wrapped('<EnumType Name="E"><Member Name="a" Value="x"/></EnumType>'), "Value: expected a whole number"),
    ],
)  # fmt: skip
def test_a_wrong_document_is_reported_quickly_with_the_place(given, message):
    began = time.process_time()
    with pytest.raises(oq.ConfigurationError, match=message) as wrong:
        read(given, "T")
    assert len(str(wrong.value)) < 1000
    assert time.process_time() - began < 2


def test_a_document_can_be_as_large_as_services_are():
    many = "".join(
        f'<EntityType Name="T{n}">'
        + "".join(f'<Property Name="p{m}" Type="Edm.String"/>' for m in range(20))
        + f'<NavigationProperty Name="next" Type="N.T{(n + 1) % 1000}"/></EntityType>'
        for n in range(1000)
    )
    began = time.process_time()
    assert read(wrapped(many), "T7").members["next"].type.name == "T8"
    assert time.process_time() - began < 5


def test_a_long_line_of_base_types_and_definitions_is_no_problem():
    schema: dict[str, Any] = {
        f"T{n}": {"$Kind": "EntityType", "$BaseType": f"N.T{n + 1}"} for n in range(5000)
    }
    schema |= {f"D{n}": {"$Kind": "TypeDefinition", "$UnderlyingType": f"N.D{n + 1}"} for n in range(5000)}
    schema["T5000"] = {"$Kind": "EntityType", "a": {"$Type": "N.D0"}}
    schema["D5000"] = {"$Kind": "TypeDefinition", "$UnderlyingType": "Edm.Int32"}
    assert types_of(read({"N": schema}, "T0")) == {"a": "Edm.Int32"}


def test_a_complex_type_can_lead_to_itself():
    given = document({"c": {"$Type": "N.C"}}, C={"$Kind": "ComplexType", "c": {"$Type": "N.C"}, "d": {}})
    found = read(given, "T")
    inner = found.members["c"].type
    assert inner.members["c"].type is inner
    assert python.apply([{"c": {"c": {"d": "x"}}}], oq.parse_query("$filter=c/c/d eq 'x'", found))


# ---- writing -------------------------------------------------------------------------------------


def again(entity_type: oq.EntityType) -> list[oq.EntityType]:
    """The type, written in each notation and read again."""
    written = entity_type.to_csdl_json()
    xml = entity_type.to_csdl_xml(namespace="Some.Space")
    texts = [written, json.dumps(written), xml, xml.encode()]
    return [read(text, entity_type.name.rpartition(".")[2]) for text in texts]


def without_limits(entity_type: oq.EntityType) -> oq.EntityType:
    """The functions, which are the only limits in a document."""
    return oq.EntityType(entity_type.name, entity_type.properties)


def functions_of(entity_type: oq.EntityType) -> frozenset[str] | None:
    return None if entity_type.limits is None else entity_type.limits.functions


SELF = oq.EntityType(
    "Person",
    {
        "id": oq.Property("Edm.Int32", nullable=False, key=True),
        "secret": oq.Property("Edm.String", filterable=False, sortable=False),
        "boss": oq.NavigationProperty(lambda: SELF),
        "team": oq.NavigationProperty(lambda: SELF, collection=True),
        "notes": oq.Property(lambda: NOTE, collection=True, filterable=False),
    },
)
NOTE = oq.ComplexType(
    "Note", {"by": oq.NavigationProperty(SELF), "text": oq.Property("Edm.String", sortable=False)}
)


@pytest.mark.parametrize(
    "entity_type",
    [
        IMAGE,
        IMAGE.restrict(filterable=["id", "place/city"], sortable=["place/latitude", "status"]),
        IMAGE.restrict(functions=["contains", "any", "$count"]),
        IMAGE.restrict(functions=[]),
        SELF,
        SELF.restrict(filterable=["id", "boss/id", "boss/boss/secret"]),
        SELF.restrict(sortable=["boss/id"]),
        oq.EntityType("Keyless", {"id": oq.Property("Edm.Int32"), "x": oq.Property("Edm.Date", sortable=False)}),
        oq.EntityType("Keyless", {"i": oq.Property(IMAGE.members["place"].type, filterable=False)}).restrict(functions=["any"]),
        oq.EntityType("Empty", {}),
        oq.EntityType("Größe", {"név": oq.Property("Edm.String"), "名前": oq.Property("Edm.Stream")}),
        oq.EntityType("Container", {"a": oq.Property("Edm.Guid", nullable=False, key=True)}),
        oq.EntityType(
            "Wide",
            {
                "a": oq.Property(oq.EnumType("E", {"x": -(2**63), "y": 2**63 - 1}), nullable=False, key=True),
                "b": oq.Property(oq.EnumType("F", {}), collection=True),
                "c": oq.Property("Collection(Edm.Decimal)", scale=4),
                "d": oq.Property("Edm.Decimal", scale=0),
                "e": oq.Property("Collection(Edm.GeographyPoint)", nullable=False),
            },
        ),
    ],
    ids=repr,
)  # fmt: skip
def test_what_is_written_reads_as_the_same_type(entity_type):
    for found in again(entity_type):
        assert functions_of(found) == functions_of(entity_type)
        assert without_limits(found) == without_limits(entity_type)


_PRIMITIVES = [t for t in edm._PRIMITIVES if t != "Edm.Stream"]
_KEYS = ["Edm.Int32", "Edm.String", "Edm.Guid", "Edm.Decimal", "Edm.Date"]
_FLAGS = st.booleans() | st.just(True)


@st.composite
def entity_types(draw: Any) -> oq.EntityType:
    """Types that lead to each other in every way."""
    count = draw(st.integers(1, 4))
    made: list[Any] = []
    is_entity = [True, *draw(st.lists(st.booleans(), min_size=count - 1, max_size=count - 1))]
    has_key = draw(_FLAGS)
    for number in range(count):
        properties = {}
        if is_entity[number] and (has_key or number):
            for label in draw(st.sets(st.sampled_from(["k", "l"]), min_size=1)):
                flags = {"filterable": draw(_FLAGS), "sortable": draw(_FLAGS)}
                properties[label] = oq.Property(
                    draw(st.sampled_from(_KEYS)), nullable=False, key=True, **flags
                )
        for position in range(draw(st.integers(0, 4))):
            flags = {"filterable": draw(_FLAGS), "sortable": draw(_FLAGS), "collection": draw(st.booleans())}
            nullable = draw(st.booleans())
            kind = draw(st.sampled_from(["primitive", "enum", "type"]))
            if kind == "primitive":
                name = draw(st.sampled_from(_PRIMITIVES))
                scale = draw(st.none() | st.integers(0, 9)) if name == "Edm.Decimal" else None
                properties[f"p{position}"] = oq.Property(name, nullable, scale=scale, **flags)
            elif kind == "enum":
                color = oq.EnumType("Color", {"Red": 1, "Größe": 2**40}, True)
                properties[f"p{position}"] = oq.Property(color, nullable, **flags)
            else:
                target = draw(st.integers(0, count - 1))
                leads = is_entity[target]
                properties[f"p{position}"] = (oq.NavigationProperty if leads else oq.Property)(
                    lambda target=target: made[target],
                    nullable or (leads and flags["collection"]),
                    **flags,
                )
        made.append((oq.EntityType if is_entity[number] else oq.ComplexType)(f"T{number}", properties))
    return made[0]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(entity_types())
def test_any_type_that_is_written_reads_as_the_same_type(entity_type):
    for found in again(entity_type):
        assert found == entity_type


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(entity_types(), st.data())
def test_any_restricted_type_reads_as_no_less_restricted(entity_type, data):
    """Only types that lead back to themselves can differ when read again."""
    labels = st.lists(st.sampled_from([*entity_type.properties])) if entity_type.properties else st.just([])
    restricted = entity_type.restrict(filterable=data.draw(labels), sortable=data.draw(labels))
    for found in again(restricted):
        for label, member in restricted.members.items():
            assert (found.members[label].filterable, found.members[label].sortable) == (
                member.filterable,
                member.sortable,
            )


def test_json_has_what_the_specification_asks_for():
    assert IMAGE.restrict(filterable=["id", "place/city"], sortable=["id"], functions=["any", "contains"], only=[
        "id", "price", "tags", "place", "rights"
    ]).to_csdl_json(namespace="My.Images") == {
        "$Version": "4.01",
        "$EntityContainer": "My.Images.Container",
        "$Reference": {
            "https://oasis-tcs.github.io/odata-vocabularies/vocabularies/Org.OData.Capabilities.V1.json": {
                "$Include": [{"$Namespace": "Org.OData.Capabilities.V1"}]
            }
        },
        "My.Images": {
            "Image": {
                "$Kind": "EntityType",
                "$Key": ["id"],
                "id": {"$Type": "Edm.Int64"},
                "rights": {"$Type": "My.Images.Rights", "$Nullable": True},
                "price": {"$Type": "Edm.Decimal", "$Nullable": True, "$Scale": 2},
                "tags": {"$Collection": True},
                "place": {"$Type": "My.Images.Place", "$Nullable": True},
            },
            "Rights": {"$Kind": "EnumType", "$IsFlags": True, "READ": 1, "WRITE": 2, "SHARE": 4},
            "Place": {
                "$Kind": "ComplexType",
                "city": {},
                "latitude": {"$Type": "Edm.Double", "$Nullable": True},
                "longitude": {"$Type": "Edm.Double", "$Nullable": True},
            },
            "Container": {
                "$Kind": "EntityContainer",
                "Image": {
                    "$Collection": True,
                    "$Type": "My.Images.Image",
                    "@Org.OData.Capabilities.V1.FilterRestrictions": {
                        "NonFilterableProperties": [
                            "rights", "price", "tags", "place/latitude", "place/longitude",
                        ]
                    },
                    "@Org.OData.Capabilities.V1.SortRestrictions": {
                        "NonSortableProperties": ["rights", "price", "tags", "place"]
                    },
                    "@Org.OData.Capabilities.V1.FilterFunctions": ["any", "contains"],
                },
            },
        },
    }  # fmt: skip


def test_nothing_is_written_of_where_the_data_is():
    item = oq.EntityType("Item", {"qty": oq.Property("Edm.Int32", column="hidden_column")})
    order = oq.EntityType(
        "Order",
        {
            "id": oq.Property("Edm.Int32", key=True, attribute="hidden_attribute", collation="binary"),
            "name": oq.Property("Edm.String", storage="hidden_storage", collation="insensitive"),
            "items": oq.NavigationProperty(
                item, collection=True, table="hidden_table", join={"hidden_a": "hidden_b"}
            ),
        },
    )
    for text in (json.dumps(order.to_csdl_json()), order.to_csdl_xml()):
        assert "hidden" not in text
        assert "insensitive" not in text
    assert "Nullable" not in json.dumps(order.to_csdl_json()["Default"]["Order"]["id"])


def test_what_leads_to_entities_is_a_navigation_property_and_nothing_else_is():
    inner = {"a": oq.Property("Edm.String")}
    outer = oq.EntityType(
        "T",
        {
            "entity": oq.Property(oq.EntityType("E", inner)),
            "complex": oq.NavigationProperty(oq.ComplexType("C", inner), collection=True),
        },
    )
    written = outer.to_csdl_json()["Default"]["T"]
    assert written["entity"]["$Kind"] == "NavigationProperty"
    assert "$Kind" not in written["complex"]
    found = read(outer.to_csdl_json(), "T")
    assert isinstance(found.members["entity"].type, oq.EntityType)
    assert isinstance(found.members["complex"].type.element, oq.ComplexType)


def test_a_type_with_a_namespace_in_its_name_is_written_there():
    color = oq.EnumType("Sales.Color", {"Red": 1})
    written = oq.EntityType("T", {"c": oq.Property(color)}).to_csdl_json()
    assert written["Sales"] == {"Color": {"$Kind": "EnumType", "Red": 1}}
    assert written["Default"]["T"]["c"]["$Type"] == "Sales.Color"


def entity_of(name: str = "T", /, **properties: Any) -> oq.EntityType:
    return oq.EntityType(name, {label: oq.Property(type) for label, type in properties.items()})


@pytest.mark.parametrize(
    ("entity_type", "namespace", "message"),
    [
        (
            entity_of(a=oq.EnumType("E", {"x": 1}), b=oq.EnumType("E", {"x": 2})),
            "N",
            "two different types are called N.E",
        ),
        (entity_of(a=oq.ComplexType("T", {})), "N", "two different types are called N.T"),
        (entity_of(a=oq.EnumType("E", {"in progress": 1})), "N", "E: 'in progress' cannot be a name in CSDL"),
        (entity_of(a=oq.EnumType("E", {"x": 2**63})), "N", "outside of Edm.Int64"),
        (entity_of(**{"a.b": "Edm.String"}), "N", "'a.b' cannot be a name"),
        (entity_of("x" * 129), "N", "cannot be a name"),
        (entity_of("my type"), "N", "cannot be a name"),
        (entity_of(a="Collection(Collection(Edm.String))"), "N", "which does not exist in CSDL"),
        (entity_of(a=edm.NULL), "N", "which does not exist in CSDL"),
        (entity_of(), "Edm", "cannot be a namespace"),
        (entity_of(), "", "cannot be a namespace"),
        (entity_of(), 'a"b', "cannot be a namespace"),
        (entity_of(), None, "cannot be a namespace"),
    ],
)
def test_what_csdl_cannot_express_is_an_error(entity_type, namespace, message):
    with pytest.raises(oq.ConfigurationError, match=message):
        entity_type.to_csdl_json(namespace=namespace)
    with pytest.raises(oq.ConfigurationError, match=message):
        entity_type.to_csdl_xml(namespace=namespace)


def test_types_that_all_lead_to_each_other_are_written_quickly():
    made: list[oq.EntityType] = []
    for number in range(60):
        properties = {
            f"to{n}": oq.NavigationProperty(lambda n=n: made[n], collection=True) for n in range(60)
        }
        key = {"id": oq.Property("Edm.Int32", nullable=False, key=True, filterable=False)}
        made.append(oq.EntityType(f"T{number}", key | properties))
    began = time.process_time()
    written = made[0].to_csdl_json()
    assert time.process_time() - began < 5
    assert read(written, "T0") == made[0]


def test_a_long_line_of_types_is_written():
    made = [oq.EntityType("T2000", {"a": oq.Property("Edm.String", filterable=False)})]
    for number in reversed(range(2000)):
        made.append(oq.EntityType(f"T{number}", {"next": oq.NavigationProperty(made[-1])}))
    assert len(made[-1].to_csdl_json()["Default"]) == 2001


def test_what_sap_says_of_a_property_holds():
    text = """<edmx:Edmx Version="1.0" xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx"
      xmlns:sap="http://www.sap.com/Protocols/SAPData"><edmx:DataServices>
      <Schema Namespace="N" xmlns="http://schemas.microsoft.com/ado/2008/09/edm"><EntityType Name="T">
        <Key><PropertyRef Name="Id"/></Key>
        <Property Name="Id" Type="Edm.Int32" Nullable="false" sap:filterable="true"/>
        <Property Name="Note" Type="Edm.String" sap:filterable="false" sap:sortable="false" sap:label="x"/>
      </EntityType></Schema></edmx:DataServices></edmx:Edmx>"""
    found = oq.EntityType.from_csdl(text, "T").members
    assert [(m.name, m.filterable, m.sortable) for m in found.values()] == [
        ("Id", True, True),
        ("Note", False, False),
    ]
