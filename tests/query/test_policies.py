"""One model for many endpoints: what each allows, and conditions that no client can widen."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import sqlite3
import uuid
from decimal import Decimal

import pytest
import sqlalchemy

import odata_query as oq
from odata_query import edm, python, sql
from odata_query.language.ast import MAX_HEIGHT


class Status(enum.Enum):
    UPDATING = "Up"
    OK = "Ok"


class Rights(enum.Flag):
    READ = 1
    WRITE = 2


ROW = oq.EntityType(
    "Row",
    {
        "id": oq.Property("Edm.Int32", nullable=False, key=True),
        "name": oq.Property("Edm.String"),
        "tenant": oq.Property("Edm.Int32"),
        "status": oq.Property(Status, storage="text"),
        "rights": oq.Property(Rights),
        "price": oq.Property("Edm.Decimal", scale=2),
        "created": oq.Property("Edm.DateTimeOffset"),
        "uuid": oq.Property("Edm.Guid"),
        "tags": oq.Property("Collection(Edm.String)"),
    },
)
PUBLIC = ROW.restrict(exclude=["tenant"])
TOKEN = uuid.UUID(int=7)
ROWS = [
    {"id": 1, "name": "a", "tenant": 1, "status": "Ok", "rights": 3, "price": Decimal("1.50"),
     "created": "2024-01-01T00:00:00Z", "uuid": TOKEN, "tags": ["x"]},
    {"id": 2, "name": None, "tenant": 1, "status": "Up", "rights": 1, "price": None,
     "created": None, "uuid": None, "tags": []},
    {"id": 3, "name": "a", "tenant": 2, "status": "Ok", "rights": 2, "price": Decimal("9"),
     "created": "2024-03-01T00:00:00Z", "uuid": None, "tags": ["y"]},
    {"id": 4, "name": "b", "tenant": None, "status": None, "rights": None, "price": None,
     "created": None, "uuid": None, "tags": []},
]  # fmt: skip


def ids(query: oq.Query) -> list[int]:
    """The rows, from Python and from SQLite."""
    connection = sqlite3.connect(":memory:")
    connection.execute(
        "CREATE TABLE t (id, name, tenant, status, rights, price NUMERIC, created, uuid, tags)"
    )
    for row in ROWS:
        values = {
            **row,
            "tags": str(row["tags"]).replace("'", '"'),
            "price": row["price"] and str(row["price"]),
        }
        values["uuid"] = row["uuid"] and str(row["uuid"])
        marks = ", ".join(f":{name}" for name in values)
        connection.execute(f"INSERT INTO t VALUES ({marks})", values)
    found = [row["id"] for row in python.apply(ROWS, query)]
    there = connection.execute(*sql.select(query, "t", dialect="sqlite", columns=["id"])).fetchall()
    assert sorted(row[0] for row in there) == sorted(found)
    [total] = connection.execute(*sql.count(query, "t", dialect="sqlite")).fetchone()
    assert total == python.count(ROWS, query)
    return found


def asked(text: str, **more) -> oq.Query:
    return oq.parse_query(text, entity_type=PUBLIC, **more)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", [1, 2]),
        ("$filter=true", [1, 2]),
        ("$filter=false", []),
        ("$filter=name eq 'a'", [1]),
        ("$filter=name ne 'a'", [2]),
        ("$filter=name eq 'a' or true", [1, 2]),
        ("$filter=name eq 'a' or name eq 'b' or id gt 0", [1, 2]),
        ("$filter=not (name eq 'b')", [1, 2]),
        ("$filter=not (name eq 'b' and id gt 0)", [1, 2]),
        ("$filter=null", []),
        ("$filter=tags/any(t: t ne 'z')", [1]),
        ("$filter=tags/all(t: t eq 'x')", [1, 2]),
        ("$orderby=id desc&$top=5&$count=true", [2, 1]),
        ("$top=1&$skip=1", [2]),
        ("$filter=case(id gt 0:true) or null", [1, 2]),
    ],
)
def test_no_filter_of_a_client_widens_the_services_own(text, found):
    assert ids(asked(text).with_filter("tenant eq @tenant", tenant=1)) == found


@pytest.mark.parametrize(
    "text", ["tenant eq 2", "true) or (tenant eq 2", "true or tenant ne 1", "$it/tenant eq 1"]
)
def test_a_client_cannot_ask_what_the_services_own_filter_asks(text):
    with pytest.raises(oq.ODataError):
        asked("$filter=" + text)


@pytest.mark.parametrize(
    ("predicate", "values", "found"),
    [
        ("tenant eq 1", {}, [1, 2]),
        ("tenant eq @t or tenant eq null", {"t": 2}, [3, 4]),
        ("tenant in @tenants", {"tenants": [1, 2]}, [1, 2, 3]),
        ("tenant in @tenants", {"tenants": {None, 2}}, [3, 4]),
        ("tenant in @tenants", {"tenants": ()}, []),
        ("tenant eq @none", {"none": None}, [4]),
        ("name eq @name", {"name": "a' or 1 eq 1 or name eq 'a"}, []),
        ("status eq @status", {"status": Status.OK}, [1, 3]),
        ("status in @s", {"s": [Status.OK, Status.UPDATING]}, [1, 2, 3]),
        ("rights has @r", {"r": Rights.READ | Rights.WRITE}, [1]),
        ("price gt @p", {"p": Decimal("1.49")}, [1, 3]),
        ("price gt @p", {"p": 1}, [1, 3]),
        ("price lt @p", {"p": 2**70}, [1, 3]),
        ("created lt @now", {"now": dt.datetime(2024, 2, 1)}, [1]),
        ("created lt @now", {"now": dt.date(2024, 2, 1)}, [1]),
        ("created lt @now", {"now": dt.datetime(2024, 1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=2)))}, []),
        ("uuid eq @u", {"u": TOKEN}, [1]),
        ("tags/any(t: t eq @tag)", {"tag": "y"}, [3]),
        ("contains(name,@part) and @yes", {"part": "a", "yes": True}, [1, 3]),
    ],
)  # fmt: skip
def test_values_are_given_beside_the_text(predicate, values, found):
    assert ids(asked("").with_filter(predicate, **values)) == found


def test_a_predicate_has_the_values_of_its_own_request():
    for value, found in [(1, [1, 2]), (2, [3]), (1, [1, 2]), (None, [4])]:
        assert ids(asked("").with_filter("tenant eq @t", t=value)) == found
    with pytest.raises(oq.ConfigurationError, match="cannot compare"):
        asked("").with_filter("tenant eq @t", t=True)  # equal to 1
    for n in range(1_500):
        asked("").with_filter("id eq @n", n=n)
    assert len(ROW._cache) <= 1_000


def test_predicates_are_joined_one_after_another():
    query = asked("$filter=id lt 4").with_filter("tenant ne null").with_filter("name ne null")
    assert ids(query) == [1, 3]
    assert ids(asked("$filter=id lt 4")) == [1, 2, 3]


def test_a_predicate_can_be_a_tree_or_another_querys_filter():
    tree = oq.Call("eq", (oq.Path(("tenant",)), oq.Literal(1, edm.INT32)))
    assert ids(asked("").with_filter(tree)) == [1, 2]
    other = oq.parse_query("$filter=tenant eq 2", entity_type=ROW)
    assert ids(asked("$filter=name eq 'a'").with_filter(other.filter)) == [3]


def test_a_predicate_is_validated_by_the_model_that_it_is_given():
    nothing = oq.EntityType("Row", {"id": oq.Property("Edm.Int32", key=True)})
    query = oq.parse_query("$filter=id gt 0", entity_type=nothing)
    with pytest.raises(oq.ConfigurationError, match="Row has no property 'tenant'"):
        query.with_filter("tenant eq 1")
    assert ids(query.with_filter("tenant eq 1", entity_type=ROW)) == [1, 2]


def test_a_predicate_may_use_what_the_endpoint_does_not_allow():
    narrow = ROW.restrict(filterable=["name"], functions=[], limits=oq.Limits(max_nodes=3))
    query = oq.parse_query("$filter=name eq 'a'", entity_type=narrow)
    assert ids(query.with_filter("startswith(name,'a') and tenant eq 1 and id gt 0")) == [1]
    again = narrow.restrict(only=["name"])
    query = oq.parse_query("$filter=name eq 'a'", entity_type=again)
    assert ids(query.with_filter("tenant eq 2")) == [3]


@pytest.mark.parametrize(
    ("predicate", "values", "message"),
    [
        ("tenant eq @t", {}, "no value is given for @t"),
        ("tenant eq 1", {"t": 1}, "the predicate does not use @t"),
        ("tenat eq 1", {}, "Row has no property 'tenat'"),
        ("tenat eq 1", {}, "every property that Row was made with, and no other"),
        ("length(tenant) eq 1", {}, "checked against Row without the restrictions on clients"),
        ("tenant", {}, "takes Edm.Boolean, got Edm.Int32"),
        ("tenant eq", {}, "An operand is missing after 'eq'"),
        ("tenant eq @t", {"t": object()}, "is not a value of an OData type"),
        ("tenant eq @t", {"t": "1"}, "Write numbers without quotes"),
        ("tenant eq @t", {"t": [1]}, "cannot compare"),
        ("tenant in @t", {"t": [[1]]}, "cannot compare"),
        ("tenant eq @t/id", {"t": 1}, "no value is given for @t/id"),
    ],
)
def test_a_wrong_predicate_is_the_developers_mistake(predicate, values, message):
    with pytest.raises(oq.ConfigurationError) as caught:
        asked("").with_filter(predicate, **values)
    assert message in str(caught.value)


def test_a_property_that_a_source_left_out_is_published_and_then_hidden():
    columns = [
        sqlalchemy.Column("id", sqlalchemy.Integer, primary_key=True),
        sqlalchemy.Column("secret", sqlalchemy.Text),
    ]
    table = sqlalchemy.Table("rows", sqlalchemy.MetaData(), *columns)
    query = oq.parse_query("$filter=id eq 1", oq.EntityType.from_sqlalchemy(table, only=["id"]))
    with pytest.raises(oq.ConfigurationError) as caught:
        query.with_filter("secret eq 'x'")
    assert str(caught.value).endswith("only=[..., 'secret']).restrict(exclude=['secret']).")
    followed = oq.EntityType.from_sqlalchemy(table, only=["id", "secret"]).restrict(exclude=["secret"])
    assert oq.parse_query("$filter=id eq 1", followed).with_filter("secret eq 'x'").filter
    with pytest.raises(oq.ValidationError):
        oq.parse_query("$filter=secret eq 'x'", followed)


def test_a_property_that_another_type_lacks_is_published_on_its_path():
    tag = oq.EntityType("Tag", {"name": oq.Property("Edm.String")})
    post = oq.EntityType("Post", {"tags": oq.NavigationProperty(tag, collection=True)})
    with pytest.raises(oq.ConfigurationError, match="every property that Tag was made with") as caught:
        oq.parse_query("", post).with_filter("tags/any(t:t/weight gt 1)")
    assert str(caught.value).endswith("only=[..., '.../weight']).restrict(exclude=['.../weight']).")


def test_a_query_without_a_model_takes_no_predicate():
    query = oq.parse_query("$filter=a eq 1")
    with pytest.raises(oq.ConfigurationError, match="needs an entity_type"):
        query.with_filter("b eq 1")
    with pytest.raises(oq.ConfigurationError, match="parsed without a model"):
        query.with_filter("tenant eq 1", entity_type=ROW)


def test_a_query_and_its_conditions_are_together_no_higher_than_one_tree():
    text = "not " * (MAX_HEIGHT - 3) + "(id eq 1)"
    query = oq.parse_query({"$filter": text}, ROW, limits=oq.Limits(max_depth=None))
    query = query.with_filter("tenant eq 1")
    with pytest.raises(oq.LimitError, match="200 levels"):
        query.with_filter("tenant eq 1")


def test_a_query_is_changed_by_copies_alone():
    query = asked("$filter=id gt 1&$top=1")
    assert dataclasses.replace(query, top=2).top == 2
    assert query == asked("$filter=id gt 1&$top=1") != dataclasses.replace(query, top=2)
    assert hash(query) == hash(asked("$filter=id gt 1&$top=1"))
    assert "cache" not in repr(query)


# ---- restrict ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "good", "bad", "code"),
    [
        ({"filterable": ["name"]}, "$filter=name eq 'a'&$orderby=id", "$filter=id eq 1", "not-filterable"),
        ({"sortable": ["id"]}, "$orderby=id&$filter=name eq 'a'", "$orderby=name", "not-sortable"),
        ({"sortable": []}, "$filter=id eq 1", "$orderby=id", "not-sortable"),
        ({"only": ["id"]}, "$filter=id eq 1", "$filter=name eq 'a'", "unknown-property"),
        ({"exclude": ["name"]}, "$filter=id eq 1", "$orderby=name", "unknown-property"),
        ({"functions": ["contains"]}, "$filter=contains(name,'a')", "$filter=length(name) eq 1", "operation-not-allowed"),
        ({"functions": ["ANY"]}, "$filter=tags/any()", "$filter=tags/$count eq 1", "operation-not-allowed"),
        ({"functions": []}, "$filter=id eq 1", "$filter=tags/any()", "operation-not-allowed"),
        ({"operators": ["eq"]}, "$filter=id eq 1", "$filter=id ne 1", "operation-not-allowed"),
        ({"limits": oq.Limits(max_top=10)}, "$top=10", "$top=11", "top-too-large"),
        ({"limits": oq.Limits(max_length=20)}, "$filter=id eq 1", "$filter=name eq 'aaaaaaaaaaaa'", "text-too-long"),
    ],
)  # fmt: skip
def test_an_endpoint_allows_what_its_policy_says(policy, good, bad, code):
    narrow = ROW.restrict(**policy)
    oq.parse_query(good, entity_type=narrow)
    for limits in (None, oq.Limits(), oq.Limits(max_length=None, max_top=None, functions=None)):
        with pytest.raises(oq.ODataError) as caught:
            oq.parse_query(bad, entity_type=narrow, limits=limits)
        assert [problem.code for problem in caught.value.problems] == [code]
    oq.parse_query(bad, entity_type=ROW)


def test_the_model_itself_stays_as_it_was():
    before = {name: repr(prop) for name, prop in ROW.properties.items()}
    ROW.restrict(only=["id"], filterable=[], functions=[])
    assert {name: repr(prop) for name, prop in ROW.properties.items()} == before
    assert ROW.limits is None


def test_default_top_is_part_of_a_policy():
    narrow = ROW.restrict(limits=oq.Limits(default_top=2, max_top=3))
    assert oq.parse_query("", entity_type=narrow).top == 2
    assert oq.parse_query("$top=3", entity_type=narrow).top == 3
    assert oq.parse_query("", entity_type=narrow, limits=oq.Limits(default_top=1)).top == 1


KIDS = oq.EntityType(
    "Parent",
    {
        "name": oq.Property("Edm.String"),
        "kids": oq.Property(oq.ComplexType("Kid", {"secret": oq.Property("Edm.String")}), collection=True),
    },
)


@pytest.mark.parametrize(
    "orderby",
    [
        "kids/any(k: k/secret eq 'x')",
        "kids/$count($filter=secret eq 'x')",
        "kids/$filter(secret eq 'x')/$count",
    ],
)
def test_an_order_cannot_ask_what_a_filter_may_not(orderby):
    oq.parse_query({"$orderby": orderby}, KIDS)
    with pytest.raises(oq.ValidationError) as caught:
        oq.parse_query({"$orderby": orderby}, KIDS.restrict(filterable=["name"]))
    assert [problem.code for problem in caught.value.problems] == ["not-filterable"]
    oq.parse_query({"$orderby": "kids/$count"}, KIDS.restrict(filterable=["name"]))


def test_a_page_is_ordered_by_a_key_that_clients_do_not_see():
    query = oq.parse_query("$top=2&$orderby=name desc", ROW.restrict(exclude=["id"]))
    assert [str(item.expression.segments[0]) for item in query.orderby] == ["name", "id"]
    assert ids(query) == [4, 1]
