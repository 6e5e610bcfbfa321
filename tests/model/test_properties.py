"""Properties, their columns, and subclasses of EntityType."""

from __future__ import annotations

import dataclasses
from typing import TypedDict

import pytest

import odata_query as oq


class Mine(oq.EntityType):
    """A subclass, as a service writes to know more of its types."""


@dataclasses.dataclass
class Owner:
    id: int
    name: str


class Row(TypedDict):
    id: int


SCHEMA = {"type": "object", "properties": {"id": {"type": "integer"}}}
OPTIONS: list[dict] = [
    {},
    {"functions": ["contains"]},
    {"rename": str.upper},
    {"only": ["id"]},
    {"key": "id"},
]


def _attrs():
    return pytest.importorskip("attrs").make_class(
        "Row", {"id": pytest.importorskip("attrs").field(type=int)}
    )


def _sqlalchemy():
    sa = pytest.importorskip("sqlalchemy")
    return sa.Table("t", sa.MetaData(), sa.Column("id", sa.Integer))


def _orm(cls, **options):
    return cls.from_sqlalchemy(_sqlalchemy(), **{"only": ["id"], **options})


@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: next(iter(options), "none"))
@pytest.mark.parametrize(
    "read",
    [
        lambda cls, **o: cls.from_dataclass(Owner, **o),
        lambda cls, **o: cls.from_typed_dict(Row, **o),
        lambda cls, **o: cls.from_attrs(_attrs(), **o),
        lambda cls, **o: cls.from_msgspec(
            pytest.importorskip("msgspec").defstruct("Row", [("id", int)]), **o
        ),
        lambda cls, **o: cls.from_pydantic(
            pytest.importorskip("pydantic").create_model("Row", id=(int, ...)), **o
        ),
        _orm,
        lambda cls, **o: cls.from_json_schema(SCHEMA, **o),
        lambda cls, **o: cls.from_csdl(cls.from_dataclass(Owner).to_csdl_xml(), "Owner", **o),
    ],
    ids=["dataclass", "typed_dict", "attrs", "msgspec", "pydantic", "sqlalchemy", "json_schema", "csdl"],
)
def test_what_is_read_and_restricted_by_a_subclass_is_of_that_class(read, options):
    found = read(Mine, **options)
    assert type(found) is Mine
    assert type(found.restrict(sortable=[next(iter(found.properties))])) is Mine
    assert type(found.restrict(limits=oq.Limits(max_top=1)).unrestricted) is Mine
    assert found.members == found.members != {}


COLUMN = oq.Column(
    "file_name", storage="text", collation="binary", texts={"a": 1}, table="t", join={"a": "b"}
)


def test_a_column_and_the_older_keywords_mean_the_same():
    older = {
        "storage": "text",
        "collation": "binary",
        "texts": {"a": 1},
        "table": "t",
        "join": {"a": "b"},
    }
    old = oq.Property("Collection(Edm.String)", column="file_name", **older)
    assert old == oq.Property("Collection(Edm.String)", column=COLUMN)
    assert old.column == COLUMN
    assert {name: getattr(old, name) for name in older} == older
    assert oq.Property("Edm.String", column="x").column == oq.Column("x")
    assert oq.Property("Edm.String").column == oq.Column()
    assert dataclasses.replace(old, nullable=False).column == COLUMN
    navigation = oq.NavigationProperty(Mine("Owner", {}), table="t", join={"a": "b"})
    assert navigation.column == oq.Column(table="t", join={"a": "b"})


@pytest.mark.parametrize(
    "older", [{"storage": "text"}, {"collation": "binary"}, {"table": "t", "join": {"a": "b"}}]
)
def test_a_column_and_an_older_keyword_together_are_a_mistake(older):
    name = next(iter(older))
    with pytest.raises(oq.ConfigurationError, match=rf"{name}= and a Column are both given; write Column\("):
        oq.Property("Edm.String", column=oq.Column("x"), **older)


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (lambda: oq.Column(table="t"), "table and join go together"),
        (lambda: oq.Column(table="t", join={}), "table and join go together"),
        (lambda: oq.Column(collation="ci"), "'ci' is not a collation; use one of binary, linguistic, insensitive"),
        (lambda: oq.Property("Edm.Sting"), "'Edm.Sting' is not a primitive type; did you mean 'Edm.String'"),
        (lambda: oq.Property("Collection(Edm.Sting)"), "'Edm.Sting' is not a primitive type"),
        (lambda: oq.Property(5), "5 is not a type of a property"),
        (lambda: oq.Property(int), "<class 'int'> is not a type of a property"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_first(mistake, message):
    with pytest.raises(oq.ConfigurationError, match=message):
        mistake()
