"""Properties and the types that have them. For a query, nothing exists that a model does not list."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Literal, TypeGuard, get_args

from .. import edm
from ..language.ast import Node
from ..limits import Limits
from ..problems import ConfigurationError

Collation = Literal["binary", "linguistic", "insensitive"]
Storage = Literal[
    "array", "binary", "binary_double", "binary_float", "datetimeoffset", "decimal", "epoch", "hex",
    "interval", "json", "microseconds", "number", "raw", "seconds", "text", "timestamp", "timestamp_utc",
    "timestamptz", "uniqueidentifier", "unsigned", "utc", "uuid",
]  # fmt: skip
"""The stored forms that the dialects of this package know; other dialects can have more."""
PropertyType = edm.PrimitiveName | edm.CollectionName | edm.Type | type[enum.Enum] | Callable[[], edm.Type]


def is_name(text: str) -> bool:
    """True if a text can be written as a name in OData: `size`, `Sales.Color`, but not `sub-title`."""
    return all(part.isidentifier() for part in text.split("."))


def as_name(text: str, taken: Container[str] = ()) -> str:
    """The text as a name in OData that is not taken: `sub-title` as `sub_title`."""
    name = text if is_name(text) else re.sub(r"^(?=\d)|\W", "_", text)
    while name in taken:
        name += "_"
    return name


@dataclass(frozen=True, slots=True)
class Through:
    """A link table between two others: `Through("product_tags", {"id": "product_id"}, {"tag_id": "id"})`.

    table   the link table
    join    how to find its rows: {"column of this table": "column of the link table"}
    onward  how to find the members from there: {"column of the link table": "column of that table"}

    Two rows of a link table can hold the same pair: the member is in the collection once.
    """

    table: str
    join: Mapping[str, str]
    onward: Mapping[str, str]

    def __post_init__(self) -> None:
        if not (self.table and self.join and self.onward):
            raise ConfigurationError("a link table needs a name, a join to it and a join onward")


@dataclass(frozen=True, slots=True)
class Column:
    """Where SQL keeps a property: `Property("Edm.String", column=Column("file_name", collation="binary"))`.

    name       the column, by default the property's own name; for a complex property, the prefix of its
               columns (`address` for `address_city`; an empty text for no prefix)
    storage    the stored form, where a dialect knows several: `json`, `array`, `text`, ...; or a mapping
               from dialects to stored forms: {"sqlite": "hex"}
    collation  how the column compares texts: `binary` by code point, trailing spaces included; `linguistic`
               in another order; `insensitive` if some different texts are equal, as `a` and `A`; by default
               as the database does
    texts      the texts in the column for the members of an enumeration, with the members' numbers; by
               default their names
    table      the table with the members of a collection, or with the entities of a navigation property
    join       how to find its rows: {"column of this table": "column of that table"}
    through    the link table between the two, in place of join, if the relation is many-to-many:
               `Column(table="tags", through=Through("product_tags", {"id": "product_id"}, {"tag_id": "id"}))`

    Raises ConfigurationError for a table without join, a join without table, and an unknown collation.
    """

    name: str | None = None
    storage: Storage | str | Mapping[str, str] | None = None
    collation: Collation | None = None
    texts: Mapping[str, int] | None = None
    table: str | None = None
    join: Mapping[str, str] | None = None
    through: Through | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.through, Through | None):
            raise ConfigurationError(f"through={self.through!r:.100} is not a Through")
        if self.join is not None and self.through is not None:
            raise ConfigurationError(
                "join and through are both given; a Through has the joins of both tables"
            )
        has_way = self.join is not None or self.through is not None
        if (self.table is not None) is not has_way or self.join == {}:
            raise ConfigurationError("table and join go together: both say where another table's rows are")
        if self.collation is not None and self.collation not in get_args(Collation):
            known = ", ".join(get_args(Collation))
            raise ConfigurationError(f"{self.collation!r} is not a collation; use one of {known}")

    def stored(self, *dialects: str) -> str | None:
        """The stored form in the first of these dialects that has one; None for the default."""
        if not isinstance(self.storage, Mapping):
            return self.storage
        return next((self.storage[name] for name in dialects if name in self.storage), None)


@dataclass(frozen=True, slots=True, init=False)
class Property:
    """A property: `Property("Edm.String")`, `Property("Collection(Edm.String)")`, `Property(Address)`.

    type        the name of a primitive type (`edm.type_named(text)` for one read at run time); an EntityType,
                ComplexType, EnumType or Python enum; or a function without parameters that returns one, for
                types that refer to each other
    nullable    True if the value can be null
    key         True if the property is part of the key, which completes the order of pages
    filterable  True if `$filter` may use the property
    sortable    True if `$orderby` may use the property
    collection  True for many values: `Property(Tag, collection=True)`
    attribute   the attribute or dictionary key in rows, by default the property's own name
    read        converts what a row (or an item of a collection) holds, as `str`
    column      where SQL keeps the value: the name of the column, or a Column
    scale       the greatest number of digits after the point of an Edm.Decimal (CSDL 4.01, section 7.2.4)
    srid        the number of the coordinate system of a geography or geometry, or "variable" if values have
                different ones; by default 4326 for a geography and 0 for a geometry (section 7.2.6)
    max_items   the most items of a collection, by default 100, for the cost of queries (`Query.cost`)
    where       of a NavigationProperty

    `storage`, `collation`, `texts`, `table`, `join` and `through` are other ways to give what a Column holds;
    they work until 1.0. Raises ConfigurationError for an unknown type, for a Column together with one of
    these, and for a link table that is not of a collection.
    """

    type: PropertyType
    nullable: bool
    key: bool
    filterable: bool
    sortable: bool
    collection: bool
    attribute: str | None
    read: Callable[[Any], Any] | None
    column: Column
    scale: int | None
    srid: int | Literal["variable"] | None
    max_items: int | None
    where: Node | str | None

    def __init__(
        self,
        type: PropertyType,
        nullable: bool = True,
        key: bool = False,
        filterable: bool = True,
        sortable: bool = True,
        collection: bool = False,
        attribute: str | None = None,
        read: Callable[[Any], Any] | None = None,
        column: Column | str | None = None,
        *,
        scale: int | None = None,
        srid: int | Literal["variable"] | None = None,
        max_items: int | None = None,
        where: Node | str | None = None,
        storage: Storage | str | Mapping[str, str] | None = None,
        collation: Collation | None = None,
        texts: Mapping[str, int] | None = None,
        table: str | None = None,
        join: Mapping[str, str] | None = None,
        through: Through | None = None,
    ) -> None:
        older = (storage, collation, texts, table, join, through)
        if not isinstance(column, Column):
            column = Column(column, *older)
        elif older.count(None) < len(older):
            name = next(name for name, value in zip(_OLDER, older, strict=True) if value is not None)
            raise ConfigurationError(f"{name}= and a Column are both given; write Column(..., {name}=...)")
        flags = (type, nullable, key, filterable, sortable, collection)
        given = (*flags, attribute, read, column, scale, srid, max_items, where)
        for name, value in zip(Property.__slots__, given, strict=True):
            object.__setattr__(self, name, value)
        if where is not None and not (isinstance(self, NavigationProperty) and isinstance(where, str | Node)):
            raise ConfigurationError(f"where={where!r:.100} is not a condition of a NavigationProperty")
        if srid not in (None, "variable") and srid not in range(100_000):
            raise ConfigurationError(f"srid={srid!r:.100} is not the number of a coordinate system")
        is_many = collection if _is_function(type) else isinstance(self.resolve(), edm.CollectionType)
        if column.through is not None and not is_many:
            raise ConfigurationError("a link table can lead to many rows: through needs collection=True")
        if max_items is not None and not (is_many and isinstance(max_items, int) and max_items >= 0):
            raise ConfigurationError(f"max_items={max_items!r:.100} is not the size of a collection")

    def resolve(self) -> edm.Type:
        """The type itself, in whichever way it was given."""
        found = _resolve(self.type)
        return edm.collection(found) if self.collection else found


_OLDER = ("storage", "collation", "texts", "table", "join", "through")
for _name in _OLDER:  # readable until 1.0, like the keywords
    setattr(Property, _name, property(attrgetter(f"column.{_name}")))


class NavigationProperty(Property):
    """A property that leads to other entities, in SQL through a declared join.

    `NavigationProperty(Item, collection=True, table="items", join={"id": "order_id"})`, or
    `NavigationProperty(Tag, collection=True, table="tags", through=Through("order_tags", ..., ...))`

    where  a condition on these entities, as text or as a tree: with `where="tenant eq 7"`, no query of a
           client sees others by way of this property. It can use what `restrict` hides; a wrong one raises
           ConfigurationError in the first query
    """

    __slots__ = ()


def _is_function(given: object) -> TypeGuard[Callable[[], object]]:
    return callable(given) and not isinstance(given, type)


def _resolve(given: object) -> edm.Type:
    if isinstance(given, edm.Type):
        return given
    if isinstance(given, str):
        return edm.type_named(given)
    if isinstance(given, type) and issubclass(given, enum.Enum):
        return enum_type(given)
    if _is_function(given):
        return _resolve(given())
    raise ConfigurationError(f"{given!r} is not a type of a property")


@lru_cache(maxsize=1_000)
def enum_type(python_enum: type[enum.Enum]) -> edm.EnumType:
    """The EnumType of a Python enum: the members' values if they are texts, else the members' names.

    `class Status(Enum): OK = "Ok"` is queried as `status eq 'Ok'`, `class Color(Flag): RED = 1` as
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
    """A property of a type with its defaults filled in, as the checker and the backends use it."""

    name: str
    type: edm.Type
    nullable: bool
    filterable: bool
    sortable: bool
    attribute: str
    column: str
    """The name of the column; the rest of where SQL keeps the property is in `property.column`."""
    property: Property
    _columns: dict[object, Any] = field(default_factory=dict)
    """The property as SQL, by dialect: the cache of sql/columns.py."""


def srid_of(member: Member) -> int | None:
    """The coordinate system of a geography or geometry; None if its values have different ones."""
    srid = member.property.srid
    if srid is None:
        return 4326 if edm.element_of(member.type).name.startswith("Edm.Geography") else 0
    return None if srid == "variable" else srid


class StructuredType(edm.Type):
    """A type with named properties: an entity type or a complex type."""

    __slots__ = (
        "_cache",
        "_members",
        "_paths",
        "bases",
        "is_checked",
        "key",
        "limits",
        "properties",
        "unrestricted",
    )

    _members: Mapping[str, Member] | None
    _paths: dict[tuple[object, ...], tuple[int, tuple[Member, ...], edm.Type, bool]]
    """Paths that have been resolved before: the cache of check/paths.py."""
    _cache: dict[object, Any]
    """The results that other stages compute once for a type: the order by its key, checked policies."""
    properties: Mapping[str, Property]
    key: tuple[str, ...]
    """The names of the key properties."""
    is_checked: bool
    """True once the conditions of all properties that it leads to have been checked."""
    limits: Limits | None
    """Bounds on every query over the type, in addition to those that parse_query gets."""
    bases: tuple[str, ...]
    """The names of the types that it inherits properties from."""
    unrestricted: StructuredType
    """The type before `restrict`, which the service's own conditions and the order by the key may use."""

    def __init__(
        self,
        name: str,
        properties: Mapping[str, Property],
        *,
        limits: Limits | None = None,
        bases: Iterable[str] = (),
        unrestricted: StructuredType | None = None,
    ) -> None:
        if not (isinstance(name, str) and name):
            raise ConfigurationError(f"{name!r} is not a name for a type")
        for label, prop in properties.items():
            if not isinstance(prop, Property):
                raise ConfigurationError(f"{name}.{label} is not a Property: {prop!r}")
            if not is_name(label):
                raise ConfigurationError(f"{label!r} cannot be written as a name in OData")
        self._set("name", name)
        self._set("properties", MappingProxyType(dict(properties)))
        self._set("key", tuple(label for label, prop in properties.items() if prop.key))
        self._set("limits", limits)
        self._set("bases", tuple(bases))
        self._set("unrestricted", unrestricted or self)
        self._set("is_checked", False)
        self._set("_members", None)
        self._set("_paths", {})
        self._set("_cache", {})

    def _set(self, field: str, value: object) -> None:
        object.__setattr__(self, field, value)

    @property
    def members(self) -> Mapping[str, Member]:
        """The properties with their types resolved."""
        known = self._members
        if known is None:
            members = {}
            for label, prop in self.properties.items():
                attribute = label if prop.attribute is None else prop.attribute
                column = label if prop.column.name is None else prop.column.name
                flags = (prop.nullable, prop.filterable, prop.sortable)
                members[label] = Member(label, prop.resolve(), *flags, attribute, column, prop)
            known = MappingProxyType(members)
            self._set("_members", known)
        return known

    def __eq__(self, other: object) -> bool:
        """True if both types have the same name and the same properties, with equal types."""
        return _are_alike(self, other) if isinstance(other, StructuredType) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}, {len(self.properties)} properties)"


class ComplexType(StructuredType):
    """A type of values with properties, without a key: `ComplexType("Address", {"City": ...})`."""

    __slots__ = ()


def _are_alike(one: edm.Type, other: edm.Type) -> bool:
    pending = [(one, other)]
    seen = set()
    for a, b in pending:  # it grows: types can lead back to themselves
        if a is b or (id(a), id(b)) in seen:
            continue
        seen.add((id(a), id(b)))
        if _facts(a) != _facts(b):
            return False
        if isinstance(a, edm.CollectionType) and isinstance(b, edm.CollectionType):
            pending.append((a.element, b.element))
        elif isinstance(a, StructuredType) and isinstance(b, StructuredType):
            pending += [(member.type, b.members[name].type) for name, member in a.members.items()]
    return True


def _facts(of: edm.Type) -> tuple[object, ...]:
    """Everything that makes a type differ from others, except the types in it."""
    if isinstance(of, edm.EnumType):
        return type(of), of.name, of.members, of.is_flags
    if not isinstance(of, StructuredType):
        return type(of), of.name
    members = {}
    for m in of.members.values():
        flags = (m.nullable, m.filterable, m.sortable, m.property.key, m.property.scale, m.property.srid)
        column = replace(m.property.column, name=m.column)
        more = (m.property.max_items, m.property.where)
        members[m.name] = (type(m.property), *flags, m.attribute, column, *more)
    return type(of), of.name, of.limits, members


def reachable_types(root: StructuredType) -> list[StructuredType | edm.EnumType]:
    """A type, and the structured types and enumerations that its properties lead to."""
    found: list[StructuredType | edm.EnumType] = [root]
    seen = {id(root)}
    for type in found:  # it grows
        for member in type.members.values() if isinstance(type, StructuredType) else ():
            inner = edm.element_of(member.type)
            if id(inner) not in seen and isinstance(inner, StructuredType | edm.EnumType):
                seen.add(id(inner))
                found.append(inner)
    return found


def is_called(type: edm.Type, name: str) -> bool:
    """True if a request can call a type, or one that it inherits from, by a name.

    A type called `Shop.Address` answers to `Address` too, and one called `Address` is in any namespace of
    the service: `Shop.Address`, but never `Edm.Address`.
    """
    if isinstance(type, edm.CollectionType):
        inner = name.removeprefix("Collection(").removesuffix(")")
        return inner != name and is_called(type.element, inner)
    before, _, last = name.rpartition(".")
    for own in (type.name, *(type.bases if isinstance(type, StructuredType) else ())):
        namespace, _, simple = own.rpartition(".")
        if own == name or (simple == last and before != "Edm" and not (namespace and before)):
            return True
    return False


def derived_type(root: StructuredType, base: edm.Type, name: str) -> edm.Type | None:
    """The type of a name that inherits from another, among those that the properties of `root` lead to."""
    for type in reachable_types(root) if isinstance(base, StructuredType) else ():
        is_derived = type.name != base.name and is_called(type, base.name)
        if is_derived and is_called(type, name):
            return type
    return None


def types_named(root: StructuredType, name: str) -> Iterator[edm.Type]:
    """The types that `Sales.Color` or `Color` can mean, among those that the properties of `root` lead to."""
    known: dict[str, list[edm.Type]] | None = root._cache.get(types_named)
    if known is None:
        known = root._cache[types_named] = {}
        for found in reachable_types(root):
            same_name = known.setdefault(found.name, [])
            if not any(_are_alike(found, other) for other in same_name):
                same_name.append(found)
    yield from known.get(name, ())
    yield from known.get(name.rpartition(".")[2], ()) if "." in name else ()
