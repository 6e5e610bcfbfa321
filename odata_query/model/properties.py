"""Properties and the types that have them. What a model does not list does not exist."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from .. import edm
from ..limits import Limits
from ..problems import ConfigurationError

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
    _columns: dict[object, Any] = field(default_factory=dict)
    """The property as SQL, by dialect: the cache of sql/columns.py."""

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

    __slots__ = ("_cache", "_members", "_paths", "bases", "key", "limits", "properties", "unrestricted")

    _members: Mapping[str, Member] | None
    _paths: dict[tuple[object, ...], tuple[int, tuple[Member, ...], edm.Type, bool]]
    """Paths that have been resolved before: the cache of check/paths.py."""
    _cache: dict[object, Any]
    """Whatever other stages compute once for the type: the order by its key, checked policies."""
    properties: Mapping[str, Property]
    key: tuple[str, ...]
    """The names of the key properties."""
    limits: Limits | None
    """Bounds on every query over the type, beside those that parse_query is given."""
    bases: tuple[str, ...]
    """The names of the types that it has inherited properties from."""
    unrestricted: StructuredType
    """The type that this one was restricted from, by which the service's own predicates are validated."""

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
        self._set("_paths", {})
        self._set("_cache", {})
        self._set("limits", limits)
        self._set("bases", tuple(bases))
        self._set("unrestricted", unrestricted or self)

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


def types_named(root: StructuredType, name: str) -> Iterator[edm.Type]:
    """The types that `Sales.Color` or `Color` can mean, among those that the properties of `root` lead to."""
    known: dict[str, list[edm.Type]] | None = root._cache.get(types_named)
    if known is None:
        known = root._cache[types_named] = {}
        reached: list[edm.Type] = [root]
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
    yield from known.get(name, ())
    yield from known.get(name.rpartition(".")[2], ()) if "." in name else ()
