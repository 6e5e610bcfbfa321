"""What may be asked: the properties of an entity type. What a model does not list does not exist."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from . import edm
from .errors import ConfigurationError

COLLATIONS = ("binary", "linguistic", "insensitive")


@dataclass(frozen=True, slots=True)
class Property:
    """A property: `Property("Edm.String")`, `Property("Collection(Edm.String)")`, `Property(Address)`.

    type        the name of a primitive type; an EntityType, ComplexType, EnumType or Python enum; or a
                function without arguments that returns one, for types that refer to each other
    nullable    whether the value can be null
    key         whether it is part of the key, which completes the order of a page
    filterable  whether `$filter` may use it
    sortable    whether `$orderby` may use it
    collection  whether it holds many: `Property(Tag, collection=True)`
    attribute   the name of the attribute or dictionary key in rows, if not the property's own
    column      the name of the column in SQL, if not the property's own; of a complex property, what stands
                before the columns of its properties, with an underscore between
    storage     how the column holds values, where a dialect knows several ways: `json`, `array`, `text`, ...
    scale       the digits after the point that an Edm.Decimal has at most
    collation   how the column compares texts: `binary` by code point, spaces at the end too; `linguistic` in
                another order; `insensitive` also taking some for equal; None is what the database is used to
    table       the table that a collection's members, or the entities of a navigation property, are in
    join        how its rows are found: {"column of this table": "column of that table"}

    Raises ConfigurationError for a type that does not exist.
    """

    type: str | edm.Type | type[enum.Enum] | Callable[[], edm.Type]
    nullable: bool = True
    key: bool = False
    filterable: bool = True
    sortable: bool = True
    collection: bool = False
    attribute: str | None = None
    column: str | None = None
    storage: str | None = None
    scale: int | None = None
    collation: str | None = None
    table: str | None = None
    join: Mapping[str, str] | None = None

    def __post_init__(self) -> None:
        if (self.table is None) is not (self.join is None) or self.join == {}:
            raise ConfigurationError("a property in another table has both, table and join")
        if self.collation not in (None, *COLLATIONS):
            raise ConfigurationError(f"{self.collation!r} is no collation: {', '.join(COLLATIONS)}")
        if isinstance(self.type, str | type):
            self.resolve()
        elif not (isinstance(self.type, edm.Type) or callable(self.type)):
            raise ConfigurationError(f"{self.type!r} is no type of a property")

    def resolve(self) -> edm.Type:
        """The type itself, whichever way it was given."""
        found = _resolve(self.type)
        return edm.collection(found) if self.collection else found


@dataclass(frozen=True, slots=True)
class NavigationProperty(Property):
    """A property that leads to other entities, in SQL by declared columns.

    `NavigationProperty(Item, collection=True, table="items", join={"id": "order_id"})`
    """


def _resolve(given: object) -> edm.Type:
    if isinstance(given, edm.Type):
        return given
    if isinstance(given, str):
        name = given
        if name.startswith("Collection(") and name.endswith(")"):
            return edm.collection(_resolve(name[len("Collection(") : -1]))
        found = edm.primitive(name)
        if found is None:
            raise ConfigurationError(f"{name!r} is no primitive type of OData, as 'Edm.String' is")
        return found
    if isinstance(given, type) and issubclass(given, enum.Enum):
        return enum_type(given)
    if callable(given) and not isinstance(given, type):
        return _resolve(given())
    raise ConfigurationError(f"{given!r} is no type of a property")


def enum_type(python_enum: type[enum.Enum]) -> edm.EnumType:
    """The EnumType of a Python enum; a text as value is the member's name, else the name itself is.

    `class Status(Enum): OK = "Ok"` is asked for as `status eq 'Ok'`, `class Color(Flag): RED = 1` as
    `color has 'RED'`.
    """
    members: dict[str, int] = {}
    for position, (name, member) in enumerate(python_enum.__members__.items()):
        if isinstance(member.value, str):
            members[member.value] = position
        else:
            members[name] = member.value if isinstance(member.value, int) else position
    return edm.EnumType(python_enum.__name__, members, issubclass(python_enum, enum.Flag))


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """A property in its type, with all defaults filled in: what the validator and backends use."""

    name: str
    type: edm.Type
    nullable: bool
    filterable: bool
    sortable: bool
    attribute: str
    column: str
    property: Property
    spelled: dict[object, Any] = field(default_factory=dict)
    """What a dialect of SQL makes of the property, kept with it."""


class StructuredType(edm.Type):
    """What entity types and complex types share: named properties."""

    __slots__ = ("_members", "key", "paths", "properties")

    _members: Mapping[str, Member] | None
    paths: dict[tuple[object, ...], tuple[int, tuple[Member, ...], edm.Type, bool]]
    """Paths that the validator has resolved before; as many as it cares to remember."""
    properties: Mapping[str, Property]
    key: tuple[str, ...]
    """The names of the key properties."""

    def __init__(self, name: str, properties: Mapping[str, Property]) -> None:
        if not (isinstance(name, str) and name):
            raise ConfigurationError(f"a type is named by a text: {name!r}")
        for label, prop in properties.items():
            if not isinstance(prop, Property):
                raise ConfigurationError(f"{name}.{label} is no Property: {prop!r}")
            if not all(part.isidentifier() for part in label.split(".")):
                raise ConfigurationError(f"{label!r} cannot be written as a name in OData")
        self._set("name", name)
        self._set("properties", MappingProxyType(dict(properties)))
        self._set("key", tuple(label for label, prop in properties.items() if prop.key))
        self._set("_members", None)
        self._set("paths", {})

    def _set(self, field: str, value: object) -> None:
        object.__setattr__(self, field, value)

    @property
    def members(self) -> Mapping[str, Member]:
        """The properties with their types resolved."""
        known = self._members
        if known is None:
            members = {}
            for label, prop in self.properties.items():
                members[label] = Member(
                    label,
                    prop.resolve(),
                    prop.nullable,
                    prop.filterable,
                    prop.sortable,
                    label if prop.attribute is None else prop.attribute,
                    label if prop.column is None else prop.column,
                    prop,
                )
            known = MappingProxyType(members)
            self._set("_members", known)
        return known

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}, {len(self.properties)} properties)"


class ComplexType(StructuredType):
    """A type of values with properties, without a key: `ComplexType("Address", {"City": ...})`."""

    __slots__ = ()


class EntityType(StructuredType):
    """The type of the rows that are asked for.

    `EntityType("Image", {"id": Property("Edm.Int32", nullable=False, key=True), ...})`
    Raises ConfigurationError for a wrong model.
    """

    __slots__ = ()

    @classmethod
    def from_dataclass(
        cls,
        python_class: type,
        *,
        key: str | Iterable[str] | None = None,
        only: Iterable[str] | None = None,
        exclude: Iterable[str] = (),
    ) -> EntityType:
        """The entity type of a dataclass: `EntityType.from_dataclass(ImageRow, key="reference")`.

        key      the key property, or properties; by default the field called `id`, if there is one
        only     the fields to publish; by default all
        exclude  fields not to publish

        Nested dataclasses are complex properties, lists collections, enums enumerations, and `X | None`
        is nullable. A field's metadata can hold its Property: `field(metadata={"odata": Property(...)})`.
        Raises ConfigurationError for a class that is no dataclass, and for a type that OData has not.
        """
        from .dataclass_model import from_dataclass

        return from_dataclass(python_class, key=key, only=only, exclude=exclude)
