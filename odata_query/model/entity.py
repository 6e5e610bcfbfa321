"""What may be asked: the properties of an entity type. What a model does not list does not exist."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Unpack

from .. import edm
from ..limits import Limits
from ..problems import ConfigurationError

if TYPE_CHECKING:
    from .publishing import Narrowing

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
    read        what makes a value of what a row (or a member of a collection) holds there, as `str`
    column      the name of the column in SQL, if not the property's own; of a complex property, what stands
                before the columns of its properties, with an underscore between; nothing if it is empty
    storage     how the column holds values, where a dialect knows several ways: `json`, `array`, `text`, ...;
                a mapping says it by dialect: {"sqlite": "hex"}
    scale       the digits after the point that an Edm.Decimal has at most
    collation   how the column compares texts: `binary` by code point, spaces at the end too; `linguistic` in
                another order; `insensitive` also taking some for equal; None is what the database is used to
    texts       the texts in the column for an enumeration's members, with their numbers, if not the names
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
    read: Callable[[Any], Any] | None = None
    column: str | None = None
    storage: str | Mapping[str, str] | None = None
    scale: int | None = None
    collation: str | None = None
    texts: Mapping[str, int] | None = None
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

    def stored(self, dialect: str) -> str | None:
        """How the column holds values in a dialect of SQL."""
        return self.storage.get(dialect) if isinstance(self.storage, Mapping) else self.storage

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
    given = python_enum.__members__
    are_numbers = all(isinstance(member.value, int) for member in given.values())
    members = {
        member.value if isinstance(member.value, str) else name: member.value if are_numbers else position
        for position, (name, member) in enumerate(given.items())
    }
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

    def facts(self) -> tuple[object, ...]:
        """All that is said of the property, but its type."""
        prop = self.property
        said = (
            prop.key,
            prop.storage,
            prop.scale,
            prop.collation,
            prop.texts,
            prop.table,
            prop.join,
            type(prop),
        )
        return (self.nullable, self.filterable, self.sortable, self.attribute, self.column, *said)


class StructuredType(edm.Type):
    """What entity types and complex types share: named properties."""

    __slots__ = ("_members", "_named", "bases", "kept", "key", "limits", "paths", "properties")

    _members: Mapping[str, Member] | None
    _named: Mapping[str, list[edm.Type]] | None
    paths: dict[tuple[object, ...], tuple[int, tuple[Member, ...], edm.Type, bool]]
    """Paths that the validator has resolved before; as many as it cares to remember."""
    kept: dict[object, Any]
    """What is made once for the type: the order by its key, the service's own conditions, typed."""
    properties: Mapping[str, Property]
    key: tuple[str, ...]
    """The names of the key properties."""
    limits: Limits | None
    """Bounds on every query over the type, beside those that parse_query is given."""
    bases: tuple[str, ...]
    """The names of the types that it has inherited properties from."""

    def __init__(
        self,
        name: str,
        properties: Mapping[str, Property],
        *,
        limits: Limits | None = None,
        bases: Iterable[str] = (),
    ) -> None:
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
        self._set("_named", None)
        self._set("paths", {})
        self._set("kept", {})
        self._set("limits", limits)
        self._set("bases", tuple(bases))

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

    def named(self, name: str) -> Iterator[edm.Type]:
        """The types that a name can mean, `Sales.Color` or `Color`, among those that properties lead to."""
        known = self._named
        if known is None:
            known = {}
            reached: list[edm.Type] = [self]
            seen = set()
            for found in reached:  # it grows
                if id(found) in seen or isinstance(found, edm.PrimitiveType):
                    continue
                seen.add(id(found))
                alike = known.setdefault(found.name, [])
                if not any(_are_alike(found, other) for other in alike):
                    alike.append(found)
                if isinstance(found, StructuredType):
                    reached.extend(edm.element_of(member.type) for member in found.members.values())
            self._set("_named", known)
        yield from known.get(name, ())
        yield from known.get(name.rpartition(".")[2], ()) if "." in name else ()

    def __eq__(self, other: object) -> bool:
        """Whether two types have the same name and properties, their types included."""
        if not isinstance(other, StructuredType):
            return NotImplemented
        return self is other or _are_alike(self, other)

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}, {len(self.properties)} properties)"


def _are_alike(one: edm.Type, other: edm.Type) -> bool:
    pending = [(one, other)]
    seen = set()
    for a, b in pending:  # types can lead back to themselves
        if a is b or (id(a), id(b)) in seen:
            continue
        seen.add((id(a), id(b)))
        if type(a) is not type(b) or a.name != b.name:
            return False
        if isinstance(a, edm.EnumType) and isinstance(b, edm.EnumType):
            if (a.members, a.is_flags) != (b.members, b.is_flags):
                return False
        elif isinstance(a, edm.CollectionType) and isinstance(b, edm.CollectionType):
            pending.append((a.element, b.element))
        elif isinstance(a, StructuredType) and isinstance(b, StructuredType):
            if a.members.keys() != b.members.keys() or getattr(a, "limits", None) != getattr(
                b, "limits", None
            ):
                return False
            for name, member in a.members.items():
                if member.facts() != b.members[name].facts():
                    return False
                pending.append((member.type, b.members[name].type))
    return True


class ComplexType(StructuredType):
    """A type of values with properties, without a key: `ComplexType("Address", {"City": ...})`."""

    __slots__ = ()


class EntityType(StructuredType):
    """The type of the rows that are asked for.

    `EntityType("Image", {"id": Property("Edm.Int32", nullable=False, key=True), ...})`

    Types are equal if they have the same properties. Raises ConfigurationError for a wrong model.
    The options of all `from_...` beside their source are those of `Narrowing`: `key`, `only`, `exclude`,
    `rename`, `filterable`, `sortable`, `functions`, `override`.
    """

    __slots__ = ("unrestricted",)

    unrestricted: EntityType
    """The type that this one was restricted from, by which the service's own predicates are validated."""

    def __init__(
        self,
        name: str,
        properties: Mapping[str, Property],
        *,
        limits: Limits | None = None,
        bases: Iterable[str] = (),
        unrestricted: EntityType | None = None,
    ) -> None:
        super().__init__(name, properties, limits=limits, bases=bases)
        self._set("unrestricted", unrestricted or self)

    def restrict(
        self,
        *,
        only: Iterable[str] | None = None,
        exclude: Iterable[str] = (),
        filterable: Iterable[str] | None = None,
        sortable: Iterable[str] | None = None,
        functions: Iterable[str] | None = None,
        operators: Iterable[str] | None = None,
        limits: Limits | None = None,
    ) -> EntityType:
        """The type as one endpoint offers it: `Image.restrict(sortable=["id"], functions=["contains"])`.

        only        the properties that there are; by default all
        exclude     properties that there are not: a query cannot tell them from any other unknown name
        filterable  the properties that `$filter` may use
        sortable    the properties that `$orderby` may use
        functions   the functions that a query may use, `any`, `all` and `$count` among them
        operators   the operators that a query may use
        limits      bounds on a query, where they are tighter than those that parse_query has

        Names can be paths, `owner/name`, and end in `*`. Nothing is allowed that the type did not allow
        before. Raises ConfigurationError for a name that the type does not have.
        """
        from .publishing import restricted

        return restricted(self, only, exclude, filterable, sortable, functions, operators, limits)

    # ---- sources ---------------------------------------------------------------------------------

    @classmethod
    def from_dataclass(cls, python_class: type, **narrowing: Unpack[Narrowing]) -> EntityType:
        """The entity type of a dataclass: `EntityType.from_dataclass(ImageRow, key="reference")`.

        Nested dataclasses are complex properties, lists collections, enums enumerations, and `X | None`
        is nullable. A field's metadata can hold its Property: `field(metadata={"odata": Property(...)})`;
        so can an annotation: `Annotated[int, Property("Edm.Int32")]`.
        Raises ConfigurationError for a class that is no dataclass, and for a type that OData has not.
        """
        from .sources.classes import from_dataclass

        return from_dataclass(python_class, **narrowing)

    @classmethod
    def from_typed_dict(cls, python_class: type, **narrowing: Unpack[Narrowing]) -> EntityType:
        """The entity type of a TypedDict: `EntityType.from_typed_dict(ImageRow)`.

        Types are read as those of a dataclass are; a key that need not be there is nullable.
        """
        from .sources.classes import from_typed_dict

        return from_typed_dict(python_class, **narrowing)

    @classmethod
    def from_attrs(cls, python_class: type, **narrowing: Unpack[Narrowing]) -> EntityType:
        """The entity type of an attrs class: `EntityType.from_attrs(Image)`, read as a dataclass is."""
        from .sources.attrs import from_attrs

        return from_attrs(python_class, **narrowing)

    @classmethod
    def from_msgspec(cls, struct: type, **narrowing: Unpack[Narrowing]) -> EntityType:
        """The entity type of a msgspec Struct: `EntityType.from_msgspec(Image)`.

        Properties have the names that fields are encoded by; options name the fields.
        """
        from .sources.msgspec import from_msgspec

        return from_msgspec(struct, **narrowing)

    @classmethod
    def from_pydantic(cls, model: type, **narrowing: Unpack[Narrowing]) -> EntityType:
        """The entity type of a pydantic model: `EntityType.from_pydantic(Image)`.

        Properties have the aliases that fields are serialized by; options name the fields. Computed fields
        are properties, fields with `exclude=True` are not.
        """
        from .sources.pydantic import from_pydantic

        return from_pydantic(model, **narrowing)

    @classmethod
    def from_sqlalchemy(
        cls, source: Any, *, all_fields: bool = False, **narrowing: Unpack[Narrowing]
    ) -> EntityType:
        """The entity type of a mapped class or a Table: `EntityType.from_sqlalchemy(Image, only=["id"])`.

        all_fields  publish every column; else `only` must be given, so that none is published by accident

        Options name the mapped attributes (a Table's columns). A relationship is published where `only` says
        what of it: `only=["id", "owner/name"]`.
        """
        from .sources.sqlalchemy import from_sqlalchemy

        return from_sqlalchemy(source, all_fields=all_fields, **narrowing)

    @classmethod
    def from_django(
        cls, model: Any, *, all_fields: bool = False, **narrowing: Unpack[Narrowing]
    ) -> EntityType:
        """The entity type of a Django model: `EntityType.from_django(Image, only=["id", "owner/name"])`.

        all_fields  publish every column; else `only` must be given, so that none is published by accident

        Options name the model's fields. A relation is published where `only` says what of it.
        """
        from .sources.django import from_django

        return from_django(model, all_fields=all_fields, **narrowing)

    @classmethod
    def from_json_schema(
        cls, schema: Mapping[str, Any], name: str | None = None, **narrowing: Unpack[Narrowing]
    ) -> EntityType:
        """The entity type of a JSON Schema or an OpenAPI component: `.from_json_schema(openapi, "Image")`.

        name  the schema's name in `$defs`, `definitions` or `components/schemas`, or a JSON pointer to it;
              None for the document itself

        What is not required is nullable; what is `writeOnly` is not published. References lead only to places
        in the document.
        """
        from .sources.json_schema import from_json_schema

        return from_json_schema(schema, name, **narrowing)

    @classmethod
    def from_csdl(
        cls, document: str | bytes | Mapping[str, Any], name: str, **narrowing: Unpack[Narrowing]
    ) -> EntityType:
        """The entity type of a service's `$metadata`: `EntityType.from_csdl(text, "Products")`.

        document  CSDL in XML or JSON (OData 4.0 and 4.01, also XML of OData 2 and 3), as text or parsed JSON
        name      the name of an entity type or an entity set; a set's restrictions on `$filter` and
                  `$orderby` (Org.OData.Capabilities.V1) hold then

        Documents are read without entities, external references, and network.
        """
        from .sources.csdl import from_csdl

        return from_csdl(document, name, **narrowing)

    # ---- documents -------------------------------------------------------------------------------

    def to_csdl_json(self, *, namespace: str = "Default") -> dict[str, Any]:
        """The type, and those that it leads to, as CSDL JSON (OData 4.01): the body of `$metadata`."""
        from .csdl import to_json

        return to_json(self, namespace)

    def to_csdl_xml(self, *, namespace: str = "Default") -> str:
        """The type, and those that it leads to, as CSDL XML (OData 4.01): the body of `$metadata`."""
        from .csdl import to_xml

        return to_xml(self, namespace)

    def to_openapi(self, *, limits: Limits | None = None) -> list[dict[str, Any]]:
        """The query options as parameters of an OpenAPI operation, with what they take and examples.

        limits  those that parse_query is given, as far as they are narrower than the type's own
        """
        from .openapi import to_openapi

        return to_openapi(self, limits)
