"""Entity types from Python classes: dataclasses, TypedDicts, attrs, msgspec, pydantic."""
# ruff: noqa: UP006, UP007, UP014, UP045 - older spellings are read, too

import collections
import collections.abc
import copy
import dataclasses
import datetime as dt
import enum
import functools
import pickle
import typing
import uuid
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple, NewType, Optional, TypedDict, Union

import pytest
from models import IMAGE, Rights, Status

import odata_query as oq
from odata_query import edm, python, sql

attrs = pytest.importorskip("attrs")
msgspec = pytest.importorskip("msgspec")
pydantic = pytest.importorskip("pydantic")
extensions = pytest.importorskip("typing_extensions")
to_camel = pytest.importorskip("pydantic.alias_generators").to_camel

Int16 = Annotated[int, oq.Property("Edm.Int16")]
Int32 = Annotated[int, oq.Property("Edm.Int32", nullable=False)]
Price = Annotated[Decimal, pydantic.Field(decimal_places=2)]
Weight = Annotated[Decimal, msgspec.Meta(multiple_of=0.001), pydantic.Field(multiple_of=Decimal("0.001"))]
PLACE_HINTS: dict[str, Any] = {"city": str, "latitude": float | None, "longitude": Optional[float]}


def image_hints(place: Any) -> dict[str, Any]:
    """The hints of the shared model of thirty properties."""
    return {
        "id": int,
        "reference": str,
        "title": str | None,
        "file_type": str,
        "status": Status,
        "rights": Rights | None,
        "width": Int32,
        "height": Int32,
        "depth": Int16 | None,
        "size_in_bytes": int,
        "num_links": int,
        "rating": float | None,
        "contrast": Optional[float],
        "price": Price | None,
        "weight": Weight,
        "is_public": bool,
        "is_archived": bool | None,
        "created_on": dt.datetime,
        "modified_on": dt.datetime | None,
        "taken_on": dt.date | None,
        "taken_at": dt.time | None,
        "exposure": dt.timedelta | None,
        "checksum": bytes | None,
        "uuid": uuid.UUID,
        "batch": uuid.UUID | None,
        "tags": list[str],
        "sizes": tuple[Int32, ...],
        "place": place | None,
        "original_url": str,
        "thumbnail_url": Optional[str],
    }


ANY = pydantic.ConfigDict(arbitrary_types_allowed=True)
MAKERS = {
    "dataclass": lambda name, hints: dataclasses.make_dataclass(name, hints.items()),
    "typed_dict": lambda name, hints: TypedDict(name, hints),
    "attrs": lambda name, hints: attrs.define(type(name, (), {"__annotations__": hints})),
    "msgspec": lambda name, hints: msgspec.defstruct(name, hints.items()),
    "pydantic": lambda name, hints, config=None: pydantic.create_model(
        name, __config__=config or ANY, **{field: (hint, ...) for field, hint in hints.items()}
    ),
    "pydantic dataclass": lambda name, hints: pydantic.dataclasses.dataclass(
        dataclasses.make_dataclass(name, hints.items()), config=ANY
    ),
    "typing_extensions": lambda name, hints: extensions.TypedDict(name, hints),
    "named tuple": lambda name, hints: NamedTuple(name, hints.items()),
}
DOORS = {
    "dataclass": oq.EntityType.from_dataclass,
    "typed_dict": oq.EntityType.from_typed_dict,
    "typing_extensions": oq.EntityType.from_typed_dict,
    "attrs": oq.EntityType.from_attrs,
    "msgspec": oq.EntityType.from_msgspec,
    "pydantic": oq.EntityType.from_pydantic,
    "pydantic dataclass": oq.EntityType.from_dataclass,
}


@pytest.mark.parametrize("inner", MAKERS)
@pytest.mark.parametrize("kind", DOORS)
def test_every_kind_of_class_gives_the_shared_model_with_any_kind_nested(kind, inner):
    place = MAKERS[inner]("Place", PLACE_HINTS)
    if kind.startswith("pydantic") and inner == "typed_dict":
        pytest.skip("pydantic takes only that of typing_extensions, before Python 3.12")
    assert DOORS[kind](MAKERS[kind]("Image", image_hints(place))) == IMAGE


# ---- hints ---------------------------------------------------------------------------------------


class Text(str):
    """A text."""


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 5


class Kind(enum.StrEnum):
    PHOTO = "photo"


class Moment(dt.datetime):
    """A moment."""


T = typing.TypeVar("T")
Code = NewType("Code", Text)
Amount = NewType("Amount", Price)
Ids = extensions.TypeAliasType("Ids", list[int])
Maybe = extensions.TypeAliasType("Maybe", Optional[T], type_params=(T,))
Endless = extensions.TypeAliasType("Endless", "list[Endless]")
LEVEL = oq.EnumType("Level", {"LOW": 1, "HIGH": 5})
KIND = oq.EnumType("Kind", {"photo": 0})


@pytest.mark.parametrize(
    ("hint", "type", "nullable"),
    [
        # primitive types and their subclasses
        (int, "Edm.Int64", False),
        (bool, "Edm.Boolean", False),
        (float, "Edm.Double", False),
        (str, "Edm.String", False),
        (Text, "Edm.String", False),
        (bytes, "Edm.Binary", False),
        (bytearray, "Edm.Binary", False),
        (Decimal, "Edm.Decimal", False),
        (dt.date, "Edm.Date", False),
        (dt.datetime, "Edm.DateTimeOffset", False),
        (Moment, "Edm.DateTimeOffset", False),
        (dt.time, "Edm.TimeOfDay", False),
        (dt.timedelta, "Edm.Duration", False),
        (uuid.UUID, "Edm.Guid", False),
        (typing.LiteralString, "Edm.String", False),
        # null
        (Optional[int], "Edm.Int64", True),
        (int | None, "Edm.Int64", True),
        (Union[None, str], "Edm.String", True),
        (Optional[Annotated[int, "x"]], "Edm.Int64", True),
        (Annotated[int | None, "x"], "Edm.Int64", True),
        # enumerations and literals
        (Level, LEVEL, False),
        (Kind | None, KIND, True),
        (Literal["a", "b"], "Edm.String", False),
        (Literal[1, 2], "Edm.Int64", False),
        (Literal["a", None], "Edm.String", True),
        (Literal["a"] | None, "Edm.String", True),
        (Literal[Level.LOW, Level.HIGH], LEVEL, False),
        (Literal[True], "Edm.Boolean", False),
        (str | Literal["a"], "Edm.String", False),
        # several types
        (int | float, "Edm.Double", False),
        (float | int | None, "Edm.Double", True),
        (int | Decimal, "Edm.Decimal", False),
        (str | Text, "Edm.String", False),
        (list[str] | tuple[str, ...], "Collection(Edm.String)", False),
        # collections
        (list[str], "Collection(Edm.String)", False),
        (typing.List[str], "Collection(Edm.String)", False),
        (set[int] | None, "Collection(Edm.Int64)", True),
        (frozenset[int], "Collection(Edm.Int64)", False),
        (tuple[int, ...], "Collection(Edm.Int64)", False),
        (tuple[int, int], "Collection(Edm.Int64)", False),
        (collections.deque[int], "Collection(Edm.Int64)", False),
        (collections.abc.Sequence[int], "Collection(Edm.Int64)", False),
        (typing.Sequence[int], "Collection(Edm.Int64)", False),
        (collections.abc.Collection[int], "Collection(Edm.Int64)", False),
        (collections.abc.Iterable[int], "Collection(Edm.Int64)", False),
        (collections.abc.Set[int], "Collection(Edm.Int64)", False),
        (list[int | None], "Collection(Edm.Int64)", False),
        (list[Int32], "Collection(Edm.Int32)", False),
        (list[Literal["a", "b"]], "Collection(Edm.String)", False),
        (list[Level], edm.collection(LEVEL), False),
        # other names of types
        (Code, "Edm.String", False),
        (Code | None, "Edm.String", True),
        (list[Code], "Collection(Edm.String)", False),
        (Ids, "Collection(Edm.Int64)", False),
        (Maybe[int], "Edm.Int64", True),
        (list[Maybe[int]], "Collection(Edm.Int64)", False),
        (typing.Final[int], "Edm.Int64", False),
        (extensions.ReadOnly[int], "Edm.Int64", False),
        # pydantic's
        (pydantic.EmailStr, "Edm.String", False),
        (pydantic.HttpUrl | None, "Edm.String", True),
        (pydantic.AnyUrl | Literal[""], "Edm.String", False),
        (pydantic.AwareDatetime, "Edm.DateTimeOffset", False),
        (pydantic.PastDate, "Edm.Date", False),
        (pydantic.PositiveInt, "Edm.Int64", False),
        (pydantic.StrictStr, "Edm.String", False),
        (pydantic.ByteSize, "Edm.Int64", False),
        (pydantic.UUID4, "Edm.Guid", False),
        (pydantic.Json[list[int]], "Collection(Edm.Int64)", False),
        (pydantic.conlist(int, max_length=3), "Collection(Edm.Int64)", False),
        # said outright
        (Annotated[object, oq.Property("Edm.GeographyPoint")], "Edm.GeographyPoint", True),
        (Annotated[int, oq.Property("Edm.Byte", nullable=False)] | None, "Edm.Byte", True),
        (Annotated[dict, oq.Property("Edm.String", nullable=False), "x"], "Edm.String", False),
        (Annotated[list[float], oq.Property("Collection(Edm.Single)")], "Collection(Edm.Single)", True),
    ],
)
def test_a_hint_says_type_and_null(hint, type, nullable):
    row = dataclasses.make_dataclass("Row", [("value", hint)])
    member = oq.EntityType.from_dataclass(row).members["value"]
    expected = oq.EntityType("Row", {"value": oq.Property(type, nullable)}).members["value"]
    if isinstance(type, str):
        assert member.type is expected.type
    assert (member.nullable, member.attribute, member.column) == (nullable, "value", "value")
    assert oq.EntityType("Row", {"value": oq.Property(member.type, nullable)}) == oq.EntityType(
        "Row", {"value": oq.Property(type, nullable)}
    )


@pytest.mark.parametrize(
    ("hint", "scale"),
    [
        (Decimal, None),
        (Price, 2),
        (Amount, 2),
        (Price | None, 2),
        (list[Price], 2),
        (pydantic.condecimal(decimal_places=4), 4),
        (Annotated[Decimal, pydantic.Field(gt=0, multiple_of=Decimal("0.05"))], 2),
        (Annotated[Decimal, pydantic.Field(multiple_of=10)], 0),
        (Annotated[Decimal, pydantic.Field(gt=0)], None),
        (Annotated[Decimal, "two"], None),
        (Annotated[float, pydantic.Field(multiple_of=0.5)], None),
        (Annotated[int, msgspec.Meta(multiple_of=5)], None),
    ],
)
def test_a_decimal_has_the_scale_of_its_constraints(hint, scale):
    row = dataclasses.make_dataclass("Row", [("value", hint)])
    assert oq.EntityType.from_dataclass(row).members["value"].property.scale == scale
    model = pydantic.create_model("Row", value=(hint, None))
    assert oq.EntityType.from_pydantic(model).members["value"].property.scale == scale


class Plain:
    """A class without fields."""


class Numbers(pydantic.RootModel[list[int]]):
    """A list, in an object."""


@pytest.mark.parametrize(
    ("hint", "message"),
    [
        (Any, "OData has no type for Any"),
        (object, "OData has no type for object"),
        (None, "OData has no type for NoneType"),
        (dict, "OData has no type for dict"),
        (dict[str, int], "OData has no type for dict[str, int]"),
        (complex, "OData has no type for complex"),
        (Plain, "OData has no type for Plain"),
        (list[Plain] | None, "OData has no type for Plain"),
        (type[int], "OData has no type for type[int]"),
        (collections.abc.Callable[[int], int], "OData has no type for collections.abc.Callable[[int], int]"),
        (list, "OData has no type for list"),
        (T, "the type variable T has no argument"),
        (tuple[int, str], "all items of a collection must have the same type"),
        (tuple[()], "all items of a collection must have the same type"),
        (list[list[int]], "OData has no collection of collections"),
        (list[Ids], "OData has no collection of collections"),
        (int | str, "OData has no type for either of int, str"),
        (Literal[1, "a"], "OData has no type for either of int, str"),
        (Literal[1, True], "OData has no type for either of int, bool"),
        (Literal[None], "OData has no type for either of nothing"),
        (int | msgspec.UnsetType, "OData has no type for UnsetType"),
        (list[str] | str, "OData has no type for either of list[str], str"),
        (pydantic.IPvAnyAddress, "OData has no type for IPvAnyAddress"),
        (Numbers, "Numbers is a RootModel, which wraps its values"),
        ("Nowhere", "its type cannot be resolved: name 'Nowhere' is not defined"),
        ("list[Nowhere]", "its type cannot be resolved: name 'Nowhere' is not defined"),
        ("int |", "its type cannot be resolved: "),
        (Endless, "its type cannot be resolved: 'list[Endless]'"),
    ],
)
def test_what_has_no_counterpart_is_an_error_where_it_is_published_only(hint, message):
    row = dataclasses.make_dataclass("Row", [("id", int), ("value", hint)])
    with pytest.raises(oq.ConfigurationError) as caught:
        oq.EntityType.from_dataclass(row)
    assert str(caught.value).replace("Forward reference must be an expression -- got 'int |'", "") == (
        f"Row.value: {message}; exclude the property, or override it"
    )
    only_id = oq.EntityType.from_dataclass(row, exclude=["value"])
    assert list(only_id.properties) == ["id"]
    assert oq.EntityType.from_dataclass(row, only=["id"]) == only_id
    said = oq.EntityType.from_dataclass(row, override={"value": oq.Property("Edm.String")})
    assert said.members["value"].type is edm.STRING


def test_an_alias_that_is_made_of_itself_has_no_type():
    loop: Any = type("TypeAliasType", (), {"__type_params__": (), "__repr__": lambda self: "loop"})()
    loop.__value__ = list[Annotated[loop, "x"]]
    row = dataclasses.make_dataclass("Row", [("value", Annotated[loop, "x"])])
    with pytest.raises(oq.ConfigurationError, match="Row.value: OData has no type for loop"):
        oq.EntityType.from_dataclass(row)


# ---- classes -------------------------------------------------------------------------------------


def shape(type):
    """The types of all properties by name, with a question mark for nullable ones."""
    found = {}
    for name, member in type.members.items():
        inner = member.type.element if isinstance(member.type, edm.CollectionType) else member.type
        if isinstance(inner, oq.ComplexType):
            said = shape(inner)
        else:
            said = inner.name.removeprefix("Edm.") + "?" * member.nullable
        found[name] = said if inner is member.type else [said]
    return found


class Person(TypedDict):
    name: "str"
    nick: "typing.NotRequired[str]"
    age: typing.NotRequired[int]
    born: "extensions.ReadOnly[dt.date]"


class Employee(Person, total=False):
    salary: int
    number: typing.Required[int]
    office: "typing.Required[str]"


def test_a_key_of_a_typed_dict_that_need_not_be_there_is_nullable():
    person = {"name": "String", "nick": "String?", "age": "Int64?", "born": "Date"}
    assert shape(oq.EntityType.from_typed_dict(Person)) == person
    employee = {"salary": "Int64?", "number": "Int64", "office": "String"}
    assert shape(oq.EntityType.from_typed_dict(Employee)) == person | employee


@pytest.mark.parametrize(
    "row",
    [
        dataclasses.make_dataclass("Row", [("text", str, None)]),
        attrs.make_class("Row", {"text": attrs.field(type=str, default=None)}),
        attrs.define(type("Row", (), {"__annotations__": {"text": str}, "text": None})),
        msgspec.defstruct("Row", [("id", int), ("text", str, None)]),
        pydantic.create_model("Row", text=(str, None)),
    ],
)
def test_a_property_whose_default_is_none_is_nullable_whatever_its_hint_says(row):
    door = next(
        door
        for door, mark in [
            (oq.EntityType.from_dataclass, "__dataclass_fields__"),
            (oq.EntityType.from_attrs, "__attrs_attrs__"),
            (oq.EntityType.from_msgspec, "__struct_fields__"),
            (oq.EntityType.from_pydantic, "model_fields"),
        ]
        if hasattr(row, mark)
    )
    assert door(row, only=["text"]).members["text"].nullable


@dataclasses.dataclass
class Base:
    id: int
    kind: typing.ClassVar[str] = "base"
    setting: dataclasses.InitVar[int] = 3
    size: int = dataclasses.field(default=0, metadata={"odata": oq.Property("Edm.Int32", nullable=False)})


@dataclasses.dataclass(kw_only=True, slots=True)
class Derived(Base):
    parent: "Optional[Derived]" = None
    children: "list[Derived]" = dataclasses.field(default_factory=list)
    sibling: typing.Self | None = None


def test_what_a_dataclass_inherits_is_there_and_what_is_no_field_is_not():
    derived = oq.EntityType.from_dataclass(Derived)
    assert list(derived.properties) == ["id", "size", "parent", "children", "sibling"]
    assert derived.members["size"].type is edm.INT32
    assert derived.key == ("id",)
    parent = derived.members["parent"].type
    assert parent.members["parent"].type is parent
    assert parent.members["sibling"].type is parent is derived.members["sibling"].type
    assert parent.members["children"].type.element is parent


@attrs.define
class Tree:
    kind: typing.ClassVar[str] = "tree"
    name: str
    size: int = attrs.field(default=0, metadata={"odata": oq.Property("Edm.Int32", nullable=False)})
    root: "Tree | None" = None


class Leaf(Tree):
    """Not decorated itself."""


def test_attrs_classes_are_read_as_dataclasses_are():
    old = attrs.make_class("Old", {"id": attrs.field(type=int), "any": attrs.field()})
    assert shape(oq.EntityType.from_attrs(old, exclude=["any"])) == {"id": "Int64"}
    with pytest.raises(oq.ConfigurationError, match="Old.any: it has no annotation"):
        oq.EntityType.from_attrs(old)
    for tree in (Tree, Leaf):
        assert shape(oq.EntityType.from_attrs(tree, exclude=["root"])) == {"name": "String", "size": "Int32"}


class Message(msgspec.Struct, rename="camel", tag=True, kw_only=True):
    message_id: int
    sent_on: dt.datetime = msgspec.field(name="SENT")
    reply_to: "Message | None" = None
    size: Annotated[int, msgspec.Meta(ge=0)] = 0
    key: Annotated[str, msgspec.Meta(extra_json_schema={"writeOnly": True})] = ""


def test_the_properties_of_a_struct_have_the_names_that_it_is_encoded_by():
    found = oq.EntityType.from_msgspec(Message, exclude=["reply_to"], key="message_id")
    assert shape(found) == {"messageId": "Int64", "SENT": "DateTimeOffset", "size": "Int64"}
    assert found.key == ("messageId",)
    assert (found.members["SENT"].attribute, found.members["SENT"].column) == ("sent_on", "sent_on")
    assert found.properties["size"].attribute is None
    kebab = msgspec.defstruct("Row", [("file_type", str)], rename="kebab")
    assert shape(oq.EntityType.from_msgspec(kebab)) == {"file_type": "String"}


class Account(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(alias_generator=to_camel)
    account_id: int
    owner_name: str = pydantic.Field(alias="Owner")
    opened_on: dt.date = pydantic.Field(serialization_alias="Opened", validation_alias="opened")
    home_page: pydantic.HttpUrl | None = pydantic.Field(None, alias="home-page")
    boss: "Account | None" = None
    password: pydantic.SecretStr = pydantic.SecretStr("")
    old_passwords: list[pydantic.SecretBytes] | None = None
    pin: pydantic.Secret[int] | None = None
    database: pydantic.RedisDsn | None = None
    internal: int = pydantic.Field(0, exclude=True)
    written: str = pydantic.Field("", json_schema_extra={"writeOnly": True})
    sometimes: int = pydantic.Field(0, exclude_if=lambda value: value > 9)
    deleted: Annotated[bool, oq.Property("Edm.Boolean")] = pydantic.Field(False, exclude=True)
    _private: int = 0

    @pydantic.computed_field
    @property
    def name_length(self) -> int:
        return len(self.owner_name)

    @pydantic.computed_field(alias="Initial")
    @functools.cached_property
    def initial(self) -> "str | None":
        return self.owner_name[:1] or None

    @property
    def other(self) -> int:
        return 1


ACCOUNT = {
    "accountId": "Int64",
    "Owner": "String",
    "Opened": "Date",
    "home_page": "String?",
    "deleted": "Boolean?",
    "nameLength": "Int64",
    "Initial": "String?",
}
HIDDEN = ["password", "old_passwords", "pin", "database", "internal", "written", "sometimes"]


def test_a_pydantic_model_publishes_what_it_serializes_under_the_name_it_does_so():
    assert shape(oq.EntityType.from_pydantic(Account, exclude=["boss"])) == ACCOUNT
    inner = oq.EntityType.from_pydantic(Account).members["boss"].type
    assert inner.members.keys() == {*ACCOUNT, "boss"}
    owner = oq.EntityType.from_pydantic(Account).members["Owner"]
    assert (owner.attribute, owner.column) == ("owner_name", "owner_name")


@pytest.mark.parametrize("name", [*HIDDEN, "boss/password", "boss/boss/pin"])
def test_what_a_class_hides_can_be_excluded_but_not_be_published(name):
    assert oq.EntityType.from_pydantic(Account, exclude=iter([name])) == oq.EntityType.from_pydantic(Account)
    for option in ({"only": [name]}, {"sortable": [name]}, {"rename": {name: "x"}}):
        with pytest.raises(oq.ConfigurationError) as caught:
            oq.EntityType.from_pydantic(Account, **option)
        assert str(caught.value) == (
            f"Account.{name.rpartition('/')[2]} is private; only override publishes it"
        )


def test_secrets_and_private_attributes_are_hidden_in_every_kind_of_class():
    hints = {
        "id": int,
        "secret": pydantic.SecretStr | None,
        "excluded": Annotated[int, pydantic.Field(exclude=True)],
        "either": Annotated[pydantic.SecretStr, "x"] | str,
    }
    for kind, door in DOORS.items():
        assert list(door(MAKERS[kind]("Row", hints)).properties) == ["id"]
    private = {"id": int, "_cache": int, "_said": Annotated[int, oq.Property("Edm.Int32")]}
    for kind in ("dataclass", "attrs", "msgspec"):
        assert list(DOORS[kind](MAKERS[kind]("Row", private)).properties) == ["id", "_said"]
    # The keys of a dictionary are data, as the `_id` of a document.
    assert list(oq.EntityType.from_typed_dict(TypedDict("Row", private)).properties) == [*private]


@pydantic.dataclasses.dataclass
class Card:
    card_id: int = pydantic.Field(alias="cardId")
    secret: int = pydantic.Field(0, exclude=True)
    other: "Card | None" = None

    @pydantic.computed_field
    @property
    def twice(self) -> int:
        return 2 * self.card_id


@pydantic.dataclasses.dataclass
class PydanticPage(typing.Generic[T]):
    items: list[T]


def test_a_pydantic_dataclass_is_read_as_a_model():
    for door in (oq.EntityType.from_dataclass, oq.EntityType.from_pydantic):
        assert shape(door(PydanticPage[int])) == {"items": ["Int64"]}
        assert shape(door(Card, exclude=["other"])) == {"cardId": "Int64", "twice": "Int64"}
        assert door(Card).members["other"].type.members.keys() == {"cardId", "other", "twice"}


# ---- generic classes -----------------------------------------------------------------------------


@dataclasses.dataclass
class Page(typing.Generic[T]):
    items: list[T]
    first: "T"
    more: "Optional[Page[T]]" = None


@dataclasses.dataclass
class Numbered(Page[list[T]], typing.Generic[T]):
    """Its T differs from that of Page."""

    number: Optional[T] = None


@dataclasses.dataclass
class Item:
    id: int


class ModelPage(pydantic.BaseModel, typing.Generic[T]):
    items: list[T]


class StructPage(msgspec.Struct, typing.Generic[T]):
    items: list[T]


@attrs.define
class AttrsPage(typing.Generic[T]):
    items: list[T]


class DictPage(TypedDict, typing.Generic[T]):
    items: list[T]


class DictItems(DictPage[Item]):
    """The arguments are given with the bases."""


def test_generic_classes_have_the_types_of_their_arguments():
    page = oq.EntityType.from_dataclass(Page[Item])
    assert page.name == "Page_Item"
    assert shape(page.members["more"].type.members["first"].type) == {"id": "Int64"}
    assert page.members["more"].type.name == "Page_Item"
    assert shape(oq.EntityType.from_dataclass(Page[int], exclude=["more"])) == {
        "items": ["Int64"],
        "first": "Int64",
    }
    numbered = oq.EntityType.from_dataclass(Numbered[int], exclude=["more", "items"])
    assert numbered.members["first"].type.name == "Collection(Edm.Int64)"
    assert numbered.members["number"].type is edm.INT64
    assert shape(oq.EntityType.from_typed_dict(DictItems)) == {"items": [{"id": "Int64"}]}
    for door, cls in [
        (oq.EntityType.from_pydantic, ModelPage),
        (oq.EntityType.from_msgspec, StructPage),
        (oq.EntityType.from_attrs, AttrsPage),
        (oq.EntityType.from_typed_dict, DictPage),
    ]:
        assert shape(door(cls[str])) == {"items": ["String"]}
        assert shape(door(cls[Item])) == {"items": [{"id": "Int64"}]}
        holder = dataclasses.make_dataclass("Holder", [("page", cls[Item])])
        nested = oq.EntityType.from_dataclass(holder).members["page"].type
        assert nested.name == f"{cls.__name__}_Item"
        with pytest.raises(
            oq.ConfigurationError, match=f"{cls.__name__}.items: the type variable T has no argument"
        ):
            door(cls)


# ---- hints as texts ------------------------------------------------------------------------------


def test_classes_in_functions_name_themselves_and_the_modules_but_not_each_other():
    @dataclasses.dataclass
    class Other:
        id: int

    @dataclasses.dataclass
    class Node:
        id: "int"
        next: "Node | None"
        level: "Level"
        other: "Other | None" = None

    assert oq.EntityType.from_dataclass(Node, exclude=["other", "next"]).properties.keys() == {"id", "level"}
    with pytest.raises(oq.ConfigurationError) as caught:
        oq.EntityType.from_dataclass(Node)
    assert "Node.other: its type cannot be resolved: name 'Other' is not defined" in str(caught.value)

    class Model(pydantic.BaseModel):
        id: int
        later: "Later | None" = None

    with pytest.raises(oq.ConfigurationError, match="Model.later: its type cannot be resolved: 'Later"):
        oq.EntityType.from_pydantic(Model)
    assert list(oq.EntityType.from_pydantic(Model, exclude=["later"]).properties) == ["id"]

    class Later(pydantic.BaseModel):
        name: str

    Model.model_rebuild()
    assert shape(oq.EntityType.from_pydantic(Model).members["later"].type) == {"name": "String"}


@dataclasses.dataclass
class Shadowed:
    date: "Optional[date]" = None  # noqa: F821
    Level: "Optional[Level]" = None


def test_an_attribute_called_as_its_type_does_not_hide_the_type():
    with pytest.raises(oq.ConfigurationError, match="Shadowed.date"):
        oq.EntityType.from_dataclass(Shadowed)
    assert shape(oq.EntityType.from_dataclass(Shadowed, exclude=["date"])) == {"Level": "Level?"}


# ---- options -------------------------------------------------------------------------------------


@dataclasses.dataclass
class User:
    user_id: int
    full_name: str
    password: str
    manager: "Optional[User]" = None
    past_managers: "list[User]" = dataclasses.field(default_factory=list)
    extra: Any = None


def user(**options):
    return oq.EntityType.from_dataclass(User, **options)


def test_names_in_camel_case_leave_attribute_and_column_as_they_were():
    found = user(rename="camelCase", exclude=["password", "extra", "past_managers"], key="user_id")
    assert list(found.properties) == ["userId", "fullName", "manager"]
    assert (found.members["fullName"].attribute, found.members["fullName"].column) == ("full_name",) * 2
    assert list(found.members["manager"].type.properties) == ["userId", "fullName", "manager"]
    assert found.key == ("userId",)


def test_only_what_is_named_is_published():
    found = user(only=["user_id", "manager/full_name", "manager/manager/user_id"])
    assert shape(found) == {
        "user_id": "Int64",
        "manager": {"full_name": "String", "manager": {"user_id": "Int64"}},
    }


@pytest.mark.parametrize("path", ["password", "manager/password", "past_managers/manager/password"])
def test_a_password_excluded_once_is_gone_wherever_its_class_is(path):
    found = user(exclude=[path, "extra"])
    inner = found.members["manager"].type
    for type in (found, inner, inner.members["manager"].type, found.members["past_managers"].type.element):
        assert list(type.members) == ["user_id", "full_name", "manager", "past_managers"]
    for text in ("password eq 'x'", "manager/password eq 'x'", "past_managers/any(m:m/password eq 'x')"):
        with pytest.raises(oq.ValidationError):
            oq.parse_query({"$filter": text}, entity_type=found)


@pytest.mark.parametrize(
    ("options", "query"),
    [
        ({"filterable": ["user_id"]}, {"$filter": "full_name eq 'x'"}),
        ({"sortable": ["user_id"]}, {"$orderby": "full_name"}),
        ({"functions": ["contains"]}, {"$filter": "startswith(full_name,'x')"}),
        ({"only": ["user_id"]}, {"$filter": "full_name eq 'x'"}),
        (
            {"override": {"full_name": oq.Property("Edm.String", filterable=False)}},
            {"$filter": "full_name eq 'x'"},
        ),
    ],
)
def test_what_options_forbid_is_forbidden(options, query):
    plain = {"exclude": ["password", "extra", "past_managers", "manager"]}
    assert oq.parse_query(query, entity_type=user(**plain))
    if "only" not in options:
        options = plain | options
    with pytest.raises(oq.ODataError):
        oq.parse_query(query, entity_type=user(**options))


@pytest.mark.parametrize(
    ("read", "message"),
    [
        (lambda: oq.EntityType.from_dataclass(Plain), f"{Plain!r} is not a dataclass"),
        (lambda: oq.EntityType.from_dataclass(Item(1)), "Item(id=1) is not a dataclass"),
        (lambda: oq.EntityType.from_dataclass(Person), f"{Person!r} is not a dataclass"),
        (lambda: oq.EntityType.from_dataclass(None), "None is not a dataclass"),
        (lambda: oq.EntityType.from_dataclass(list[int]), "list[int] is not a dataclass"),
        (lambda: oq.EntityType.from_typed_dict(dict), f"{dict!r} is not a TypedDict"),
        (lambda: oq.EntityType.from_typed_dict(Item), f"{Item!r} is not a TypedDict"),
        (lambda: oq.EntityType.from_attrs(Item), f"{Item!r} is not an attrs class"),
        (lambda: oq.EntityType.from_attrs(Tree("a")), f"{Tree('a')!r} is not an attrs class"),
        (lambda: oq.EntityType.from_msgspec(Item), f"{Item!r} is not a msgspec Struct"),
        (lambda: oq.EntityType.from_pydantic(Item), f"{Item!r} is not a pydantic 2 model"),
        (
            lambda: oq.EntityType.from_pydantic({"type": "object"}),
            "{'type': 'object'} is not a pydantic 2 model",
        ),
        (
            lambda: oq.EntityType.from_pydantic(Numbers),
            f"{Numbers!r} is a RootModel, which has no properties",
        ),
        (lambda: user(), "User.extra: OData has no type for Any"),
        (lambda: user(exclude=["extra", "nothing"]), "User has no property 'nothing'"),
        (lambda: user(exclude=["extra"], only=["manager/nothing"]), "User has no property 'nothing'"),
        (lambda: user(exclude="extra"), "exclude='extra' is not a list of names"),
        (
            lambda: oq.EntityType.from_dataclass(
                dataclasses.make_dataclass(
                    "Row", [("a", int, dataclasses.field(metadata={"odata": "Edm.Int32"}))]
                )
            ),
            "Row.a is not a Property: 'Edm.Int32'",
        ),
        (
            lambda: oq.EntityType.from_typed_dict(TypedDict("Row", {"a-b": int, "a_b": int})),
            "Row has two properties called 'a_b'",
        ),
    ],
)
def test_the_developers_mistakes_are_named(read, message):
    with pytest.raises(oq.ConfigurationError) as caught:
        read()
    assert str(caught.value).partition("; exclude")[0].partition("; did you mean")[0] == message


def test_what_is_published_in_place_of_a_property_can_be_limited():
    place = oq.ComplexType("Place", {"city": oq.Property("Edm.String"), "zip": oq.Property("Edm.String")})
    found = user(override={"extra": oq.Property(place)}, only=["user_id", "extra/city"])
    assert shape(found) == {"user_id": "Int64", "extra": {"city": "String?"}}


def test_arguments_and_constraints_need_no_hash():
    found = oq.EntityType.from_dataclass(Page[Annotated[int, ["x"]]], only=["items", "first"])
    assert shape(found) == {"items": ["Int64"], "first": "Int64"}


def test_a_class_that_holds_many_of_itself_can_be_read_again():
    def read():
        @dataclasses.dataclass
        class Branch:
            id: int
            branches: "list[Branch]"
            extra: object = None

        return oq.EntityType.from_dataclass(Branch, exclude=["extra"])

    assert read() == read()


# ---- rows ----------------------------------------------------------------------------------------


NAMES = {"id": int, "file_name": str | None, "level": Level, "price": Decimal | None, "tags": list[str]}
VALUES = [
    {"id": 1, "file_name": "one", "level": Level.LOW, "price": Decimal("1.50"), "tags": ["a", "b"]},
    {"id": 2, "file_name": None, "level": Level.HIGH, "price": None, "tags": []},
    {"id": 3, "file_name": "three", "level": Level.HIGH, "price": Decimal("3"), "tags": ["b"]},
]


def rows_of(kind):
    """A type with names in camel case, and its rows."""
    make = MAKERS[kind]
    if kind == "msgspec":
        make = functools.partial(msgspec.defstruct, rename="camel")
    if kind == "pydantic":
        make = functools.partial(MAKERS[kind], config={"alias_generator": to_camel, "validate_by_name": True})
    place = make("Place", {"city_name": str}.items() if kind == "msgspec" else {"city_name": str})
    hints = NAMES | {"place": Optional[place]}
    row = make("Row", hints.items() if kind == "msgspec" else hints)
    rows = [row(**each, place=place(city_name="Rome") if each["id"] != 2 else None) for each in VALUES]
    return DOORS[kind](row, **({} if kind in ("msgspec", "pydantic") else {"rename": "camelCase"})), rows


@pytest.mark.parametrize("copies", [1, 600])
@pytest.mark.parametrize("kind", [kind for kind in DOORS if kind != "typing_extensions"])
def test_rows_of_every_kind_are_filtered_and_sorted(kind, copies):
    type, rows = rows_of(kind)
    for text, expected in [
        ("startswith(fileName,'t')", [3]),
        ("fileName eq null", [2]),
        ("level eq 'HIGH'", [3, 2]),
        ("price gt 1.5", [3]),
        ("tags/any(t:t eq 'b')", [3, 1]),
        ("tags/$count eq 0", [2]),
        ("place eq null", [2]),
        ("fileName ne 'one' and place/cityName eq 'Rome'", [3]),
    ]:
        query = oq.parse_query({"$filter": text, "$orderby": "id desc"}, entity_type=type)
        found = [row["id"] if isinstance(row, dict) else row.id for row in python.apply(rows * copies, query)]
        assert found == [id for id in expected for _ in range(copies)], text


def test_computed_fields_are_evaluated_and_aliases_read_by_attribute_or_by_key():
    model = oq.EntityType.from_pydantic(Account, exclude=["boss"])
    rows = [
        Account(accountId=1, Owner="Ada", opened=dt.date(2024, 1, 1)),
        Account(accountId=2, Owner="Grace", opened=dt.date(2024, 1, 2)),
    ]
    query = oq.parse_query({"$filter": "nameLength gt 3 and Initial eq 'G'"}, entity_type=model)
    assert python.apply(rows, query) == rows[1:]
    dicts = [row.model_dump() for row in rows]
    query = oq.parse_query({"$filter": "Owner eq 'Ada' and Opened lt 2024-01-02"}, entity_type=model)
    assert python.apply(dicts, query) == dicts[:1]
    statement = sql.select(query, "accounts", dialect="sqlite", columns=["accountId"])
    assert '"owner_name"' in statement.text
    assert "Owner" not in statement.text


def test_a_named_tuple_in_a_row_is_followed():
    point = NamedTuple("Point", [("x", int), ("y", "int | None")])
    row = dataclasses.make_dataclass("Row", [("id", int), ("at", point), ("path", list[point])])
    rows = [row(1, point(1, None), []), row(2, point(2, 5), [point(1, 1)])]
    type = oq.EntityType.from_dataclass(row)
    for text, expected in [("at/y eq null", [1]), ("at/x eq 2", [2]), ("path/any(p:p/y eq 1)", [2])]:
        query = oq.parse_query({"$filter": text}, entity_type=type)
        assert [row.id for row in python.apply(rows, query)] == expected


@dataclasses.dataclass
class Boss:
    id: int
    password: str
    boss: "Boss | None" = None


@dataclasses.dataclass
class Chief(Boss):
    deputy: "Chief | None" = None


@pytest.mark.parametrize("cls", [Boss, Chief])
def test_what_is_excluded_is_excluded_of_bases_and_of_what_inherits(cls):
    found = oq.EntityType.from_dataclass(cls, exclude=["password"])
    for path in ("boss", "boss", "boss"):
        assert "password" not in found.members
        found = found.members[path].type


def test_a_type_is_its_own_copy_and_cannot_be_pickled():
    found = oq.EntityType.from_dataclass(Boss)
    assert copy.copy(found) is found
    assert copy.deepcopy({"a": [found]})["a"][0] is found
    query = copy.deepcopy(oq.parse_query("$filter=boss/id eq 1&$top=1", found))
    assert [row.id for row in python.apply([Boss(1, "x"), Boss(2, "x", Boss(1, "y"))], query)] == [2]
    with pytest.raises(pickle.PicklingError, match="Boss"):
        pickle.dumps(found)
