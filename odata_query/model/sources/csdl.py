"""Entity types read from a service's `$metadata`: CSDL in XML or JSON (CSDL 4.01).

XML, of OData 2 and 3 too, becomes what the JSON of the same document would be; that alone is understood.
Documents may be a stranger's: nothing is fetched, nothing is expanded, and what is wrong has a place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from ... import edm
from ...operations import OPERATIONS
from ...problems import ConfigurationError, did_you_mean, shorten
from ..properties import ComplexType, NavigationProperty, Property, StructuredType
from ..publishing import Hidden, Path, PublishOptions, T, publish, restricted
from .csdl_documents import object_of, parsed, shown, simple_name, wrong

_CAPABILITIES = "Org.OData.Capabilities.V1."
_PERMISSIONS = "Org.OData.Core.V1.Permissions"
_OLD = {"Edm.DateTime": edm.DATE_TIME_OFFSET, "Edm.Time": edm.TIME_OF_DAY}
"""Types of OData 2 and 3 only; its Edm.Time goes from 0:00 to 24:00."""


def from_csdl(cls: type[T], document: object, name: str, options: PublishOptions) -> T:
    """Read the type that a document calls by a name, or the type of the entity set with that name."""
    if not isinstance(name, str):
        raise ConfigurationError(f"{name!r} is not the name of an entity type or set")
    found, functions = _Reader(cls, parsed(document)).find(name)
    if not found.key:
        options.setdefault("key", ())  # a document declares its keys, so none is guessed
    published = publish(cls, found.name, found.properties, **options)
    return published if functions is None else restricted(published, functions=functions)


class _Denied(NamedTuple):
    """The paths from a type that `$filter`, and that `$orderby`, may not use; `*` is all properties."""

    filter: frozenset[Path] = frozenset()
    sort: frozenset[Path] = frozenset()

    def behind(self) -> dict[str, _Denied]:
        """The paths that go on behind each property."""
        found: dict[str, tuple[set[tuple[str, ...]], set[tuple[str, ...]]]] = {}
        for which, paths in enumerate(self):
            for path in paths:
                if len(path) > 1:
                    found.setdefault(path[0], (set(), set()))[which].add(path[1:])
        return {label: _Denied(*map(frozenset, both)) for label, both in found.items()}


_NOTHING = _Denied()


class _Reader:
    """The types of one document, each made once when it is reached."""

    def __init__(self, cls: type[StructuredType], document: Mapping[str, Any]) -> None:
        self.cls = cls
        self.aliases: dict[str, str] = {}
        self.definitions: dict[str, Mapping[str, Any]] = {}
        self.sets: dict[str, Mapping[str, Any]] = {}
        self.annotated: dict[str, list[Mapping[str, Any]]] = {}
        self.made: dict[tuple[str, _Denied], StructuredType] = {}
        self.enums: dict[str, edm.EnumType] = {}
        schemas = {name: object_of(given, name) for name, given in _members(document)}
        for url, reference in object_of(document.get("$Reference", {}), "$Reference").items():
            for include in _list(object_of(reference, url).get("$Include", ()), f"{url}: $Include"):
                include = object_of(include, f"{url}: $Include")
                self.alias(include, _text(include.get("$Namespace"), f"{url}: $Namespace"))
        for name, schema in schemas.items():
            self.alias(schema, name)
            for label, given in _members(schema):
                if not isinstance(given, list):  # functions and actions
                    self.definitions[f"{name}.{label}"] = object_of(given, f"{name}.{label}")
        for name, definition in self.definitions.items():
            if definition.get("$Kind") == "EntityContainer":
                for label, given in _members(definition):
                    if "$Type" in object_of(given, f"{name}/{label}"):
                        self.sets[f"{name}/{label}"] = given
        for name, schema in schemas.items():
            for target, said in object_of(schema.get("$Annotations", {}), f"{name}: $Annotations").items():
                head, slash, rest = target.partition("/")
                place = self.annotated.setdefault(self.qualified(head) + slash + rest, [])
                place.append(object_of(said, f"annotations of {target}"))

    def alias(self, given: Mapping[str, Any], namespace: str) -> None:
        alias = given.get("$Alias")
        if alias is not None and self.aliases.setdefault(_text(alias, "$Alias"), namespace) != namespace:
            raise ConfigurationError(f"{alias!r} is the alias of two namespaces")

    def qualified(self, name: str) -> str:
        """A name with the namespace for its alias: `Self.Product`, `Sales.Product`."""
        prefix, dot, last = name.rpartition(".")
        return name if prefix == "Edm" else self.aliases.get(prefix, prefix) + dot + last

    def find(self, name: str) -> tuple[StructuredType, frozenset[str] | None]:
        """The type that is asked for, by its name or a set's, and the functions that it may be asked with."""
        sets = [target for target in self.sets if target.partition("/")[2] == name]
        wanted = self.qualified(name)
        types = [t for t in self.definitions if t == wanted or ("." not in name and simple_name(t) == name)]
        entities = [t for t in types if self.definitions[t].get("$Kind") == "EntityType"]
        several = sets or entities
        if len(several) > 1:
            raise ConfigurationError(f"{name!r} can be any of {', '.join(sorted(several))}")
        if not several and types:
            kind = shown(self.definitions[types[0]].get("$Kind"))
            raise ConfigurationError(f"{types[0]} is no entity type, but of kind {kind}")
        if not several:
            known = sorted({re.split("[./]", t)[-1] for t in (*self.definitions, *self.sets)})
            hint = did_you_mean(name, known)
            raise ConfigurationError(f"the document has no entity type or set {shorten(repr(name))}{hint}")
        if not sets:
            entity = entities[0]
            return self.structured(entity), self.functions(entity, self.definitions[entity])
        target = sets[0]
        given, container = self.sets[target], target.partition("/")[0]
        entity = self.qualified(_text(given["$Type"], target))
        if self.definitions.get(entity, {}).get("$Kind") != "EntityType":
            raise ConfigurationError(f"{target} is of {entity}, which is no entity type of the document")
        functions = self.functions(target, given)
        if functions is None:
            functions = self.functions(container, self.definitions[container])
        return self.structured(entity, self.denied(target, given)), functions

    # ---- annotations -----------------------------------------------------------------------------

    def said(self, term: str, target: str, holder: Mapping[str, Any]) -> list[Any]:
        """The values of a term for a target, where that stands and elsewhere, whatever the qualifier."""
        return [
            value
            for each in (holder, *self.annotated.get(target, ()))
            for label, value in each.items()
            if label[:1] == "@" and self.qualified(label[1:].partition("#")[0]) == term
        ]

    def denied(self, target: str, holder: Mapping[str, Any]) -> _Denied:
        found = []
        for verb in ("Filter", "Sort"):
            paths: set[tuple[str, ...]] = set()
            for value in self.said(f"{_CAPABILITIES}{verb}Restrictions", target, holder):
                place = f"{verb}Restrictions of {target}"
                record = object_of(value, place)
                able = record.get(f"{verb}able", True)
                # What an expression gives is not known; it does not deny.
                if not isinstance(able, Mapping) and not _flag(record, f"{verb}able", place, True):
                    paths.add(("*",))
                names = _list(record.get(f"Non{verb}ableProperties", ()), place)
                paths |= {tuple(_text(path, place).split("/")) for path in names}
            found.append(frozenset(paths))
        return _Denied(*found)

    def functions(self, target: str, holder: Mapping[str, Any]) -> frozenset[str] | None:
        """The functions that FilterFunctions lists, beside operators and what is unknown here."""
        place = f"FilterFunctions of {target}"
        said = self.said(f"{_CAPABILITIES}FilterFunctions", target, holder)
        names = {_text(name, place).lower() for value in said for name in _list(value, place)}
        if not names:  # an empty list is none
            return None
        return frozenset(name for name in names & OPERATIONS.keys() if not OPERATIONS[name].is_operator)

    def is_hidden(self, target: str, holder: Mapping[str, Any]) -> bool:
        """Whether clients may not read a property: `Core.Permissions` of `Write` or `None`."""
        said = self.said(_PERMISSIONS, target, holder)
        words = {w.rpartition("/")[2] for v in said if isinstance(v, str) for w in re.split("[ ,]+", v) if w}
        return bool(words) and words <= {"None", "Write", "0", "2"}

    # ---- types -----------------------------------------------------------------------------------

    def structured(self, name: str, denied: _Denied = _NOTHING) -> StructuredType:
        known = self.made.get((name, denied))
        if known is None:
            known = self.made[name, denied] = self.make(name, denied)
        return known

    def make(self, name: str, denied: _Denied) -> StructuredType:
        lineage = self.lineage(name)
        given: dict[str, tuple[str, Mapping[str, Any]]] = {}
        key: Any = ()
        for owner in lineage:
            definition = self.definitions[owner]
            key = definition.get("$Key", key)
            own = self.denied(owner, definition)
            denied = _Denied(denied.filter | own.filter, denied.sort | own.sort)
            for label, prop in _members(definition):
                if label in given:
                    raise ConfigurationError(f"{owner} has two properties called {label!r}")
                given[label] = (owner, object_of(prop, f"{owner}.{label}"))
        for path in denied.filter | denied.sort:
            # Others are casts and `$count`, that cannot be asked of a model anyway.
            if path[0].isidentifier() and path[0] not in given:
                raise ConfigurationError(f"{name} has no property {path[0]!r}, which an annotation restricts")
        keys = _key(key, name, given)
        behind = denied.behind()
        properties = {}
        for label, (owner, prop) in given.items():
            if not self.is_hidden(f"{owner}/{label}", prop):
                found = self.property(f"{simple_name(name)}.{label}", prop, behind.get(label, _NOTHING))
                may = [not {("*",), (label,)} & paths for paths in denied]
                is_key = label in keys
                # A key is never null, though Dynamics leaves it to its clients to know.
                properties[label] = replace(
                    found,
                    nullable=found.nullable and not is_key,
                    key=is_key,
                    filterable=may[0],
                    sortable=may[1],
                )
        kind = self.definitions[name]["$Kind"]
        return (self.cls if kind == "EntityType" else ComplexType)(simple_name(name), properties)

    def lineage(self, name: str) -> list[str]:
        """A type and those that it is based on, those first."""
        found: dict[str, None] = {}
        current: str | None = name
        while current is not None:
            definition = self.definitions.get(current)
            if definition is None:
                raise ConfigurationError(f"{name} is based on {current}, which is not in the document")
            if current in found:
                raise ConfigurationError(f"{name} is based on itself")
            if definition.get("$Kind") != self.definitions[name].get("$Kind"):
                raise ConfigurationError(f"{name} is based on {current}, which is of another kind")
            found[current] = None
            base = definition.get("$BaseType")
            current = None if base is None else self.qualified(_text(base, f"{current}: $BaseType"))
        return [*reversed(found)]

    def property(self, place: str, given: Mapping[str, Any], denied: _Denied) -> Property:
        given = self.related(place, given)
        kind = given.get("$Kind", "Property")
        if kind not in ("Property", "NavigationProperty"):
            raise ConfigurationError(f"{place} is no property, but of kind {shown(kind)}")
        leads = kind == "NavigationProperty"
        name = _text(given.get("$Type", "Edm.String"), f"{place}: $Type")
        many = _flag(given, "$Collection", place)
        # Whether it is nullable cannot be said of what leads to many; so it is what it is by default.
        nullable = _flag(given, "$Nullable", place) or (leads and many)
        underlying, scale = self.underlying(name, given.get("$Scale"))
        if self.is_elsewhere(underlying):
            return Hidden(edm.UNTYPED)
        return (NavigationProperty if leads else Property)(
            lambda: self.resolve(place, underlying, denied, leads),
            nullable,
            collection=many,
            scale=_scale(scale, place) if underlying == edm.DECIMAL.name else None,
        )

    def is_elsewhere(self, name: str) -> bool:
        """Whether a type is abstract, as Edm.Untyped, or of another document, which is not fetched."""
        if name.startswith("Edm."):
            return edm.primitive(name) is None and name not in _OLD
        namespace = name.rpartition(".")[0]
        is_name = namespace and all(part.isidentifier() for part in name.split("."))
        return bool(is_name) and not any(known.rpartition(".")[0] == namespace for known in self.definitions)

    def related(self, place: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """A navigation property of OData 2 and 3 with the type of the far end of its association."""
        relationship = given.get("$Relationship")
        if relationship is None:
            return given
        name = self.qualified(_text(relationship, place))
        role = _text(given.get("$ToRole"), place)
        association = self.definitions.get(name, {})
        end = association.get(role)
        if association.get("$Kind") != "Association" or end is None:
            return {**given, "$Type": f"{name}/{role}"}  # which no type is called
        return {**given, **end}

    def underlying(self, name: str, scale: object) -> tuple[str, object]:
        """The type behind type definitions, and the first scale that is given on the way."""
        name = self.qualified(name)
        seen = set()
        while self.definitions.get(name, {}).get("$Kind") == "TypeDefinition" and name not in seen:
            seen.add(name)
            definition = self.definitions[name]
            scale = definition.get("$Scale") if scale is None else scale
            name = self.qualified(_text(definition.get("$UnderlyingType"), f"{name}: $UnderlyingType"))
        return name, scale

    def resolve(self, place: str, name: str, denied: _Denied, leads: bool) -> edm.Type:
        """The type of a property that is published."""
        definition = self.definitions.get(name, {})
        kind = definition.get("$Kind")
        if kind in ("EntityType", "ComplexType"):
            return self.structured(name, denied)
        if leads:
            raise ConfigurationError(f"{place} leads to {shorten(name)}, which is no type of the document")
        if kind == "EnumType":
            return self.enum(name, definition)
        found = edm.primitive(name) or _OLD.get(name)
        if found is None:
            why = "which is defined by itself" if kind == "TypeDefinition" else "which has no values here"
            raise ConfigurationError(f"{place} is of type {shorten(name)}, {why}")
        return found

    def enum(self, name: str, definition: Mapping[str, Any]) -> edm.EnumType:
        known = self.enums.get(name)
        if known is None:
            members = dict(_members(definition))
            for label, value in members.items():
                if type(value) is not int or not -(2**63) <= value < 2**63:
                    raise ConfigurationError(f"{name}.{label} is no whole number: {shown(value)}")
            flags = _flag(definition, "$IsFlags", name)
            known = self.enums[name] = edm.EnumType(simple_name(name), members, flags)
        return known


# ---- values of a document ------------------------------------------------------------------------


def _members(given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What an object defines, without annotations and what the specification names."""
    return ((label, value) for label, value in given.items() if label[:1] != "$" and "@" not in label)


def _list(value: object, place: str) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else wrong(place, "a list", value)


def _text(value: object, place: str) -> str:
    return value if isinstance(value, str) else wrong(place, "a text", value)


def _flag(given: Mapping[str, Any], label: str, place: str, default: bool = False) -> bool:
    value = given.get(label, default)
    return value if isinstance(value, bool) else wrong(f"{place}: {label}", "true or false", value)


def _scale(value: object, place: str) -> int | None:
    """`2`; None for `variable`, `floating`, and where nobody says: any digits may come then."""
    if isinstance(value, str):
        if value.lower() in ("variable", "floating"):
            return None
        value = int(value) if re.fullmatch("[0-9]{1,9}", value) else value
    if value is not None and (type(value) is not int or value < 0):
        wrong(f"{place}: $Scale", "a number, 'variable' or 'floating'", value)
    return value


def _key(given: object, name: str, properties: Mapping[str, Any]) -> set[str]:
    """The key's properties; none where one of them is in a complex property: a model cannot say that."""
    found = set()
    for each in _list(given, f"{name}: $Key"):
        paths = list(each.values()) if isinstance(each, Mapping) else [each]
        found |= {_text(path, f"{name}: $Key") for path in paths}
    for path in found:
        if path.partition("/")[0] not in properties:
            raise ConfigurationError(f"{name} has no property {shorten(path)!r}, which its key needs")
    return set() if any("/" in path for path in found) else found
