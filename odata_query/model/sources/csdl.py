"""Entity types from a service's `$metadata`: CSDL in XML or JSON (CSDL 4.01).

XML, that of OData 2 and 3 too, is first converted to the JSON of the same document. Documents may come from
strangers: nothing is fetched or expanded, and every mistake is reported with its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ... import edm
from ...operations import OPERATIONS
from ...problems import ConfigurationError, did_you_mean, shorten
from ..properties import ComplexType, NavigationProperty, Property, StructuredType, is_name
from ..publishing import Hidden, Path, PublishOptions, T, publish, restricted
from .csdl_documents import object_of, parsed, shown, simple_name, wrong

_CAPABILITIES = "Org.OData.Capabilities.V1."
_PERMISSIONS = "Org.OData.Core.V1.Permissions"
_OLD = {"Edm.DateTime": edm.DATE_TIME_OFFSET, "Edm.Time": edm.TIME_OF_DAY}
"""Types of OData 2 and 3; Edm.Time there ranges from 0:00 to 24:00."""


def from_csdl(cls: type[T], document: object, name: str, options: PublishOptions) -> T:
    """Read the entity type with a name, or that of the entity set with the name."""
    if not isinstance(name, str):
        raise ConfigurationError(f"{name!r} is not the name of an entity type or set")
    found, functions = _DocumentReader(cls, parsed(document)).find(name)
    if not found.key:
        options.setdefault("key", ())  # a document declares its keys, so none is guessed
    published = publish(cls, found.name, found.properties, **options)
    return published if functions is None else restricted(published, functions=functions)


_Denied = frozenset[Path]
"""The paths from a type that an option may not use, after the flag: ("Filterable", "owner", "name")."""


class _DocumentReader:
    """A reader of the types of a document, each once, when it is needed."""

    def __init__(self, cls: type[StructuredType], document: Mapping[str, Any]) -> None:
        self.cls = cls
        self.aliases: dict[str, str] = {}
        self.definitions: dict[str, Mapping[str, Any]] = {}
        self.sets: dict[str, Mapping[str, Any]] = {}
        self.annotations: dict[str, list[Mapping[str, Any]]] = {}
        self.types: dict[tuple[str, _Denied], StructuredType] = {}
        self.enums: dict[str, edm.EnumType] = {}
        schemas = {name: object_of(given, name) for name, given in _members(document)}
        for url, reference in object_of(document.get("$Reference", {}), "$Reference").items():
            for include in _list(object_of(reference, url).get("$Include", ()), f"{url}: $Include"):
                include = object_of(include, f"{url}: $Include")
                self.add_alias(include, _text(include.get("$Namespace"), f"{url}: $Namespace"))
        for name, schema in schemas.items():
            self.add_alias(schema, name)
            for label, given in _members(schema):
                if not isinstance(given, list):  # functions and actions
                    self.definitions[f"{name}.{label}"] = object_of(given, f"{name}.{label}")
        self.namespaces = {name.rpartition(".")[0] for name in self.definitions}
        for name, definition in self.definitions.items():
            if definition.get("$Kind") == "EntityContainer":
                for label, given in _members(definition):
                    if "$Type" in object_of(given, f"{name}/{label}"):
                        self.sets[f"{name}/{label}"] = given
        for name, schema in schemas.items():
            outside = object_of(schema.get("$Annotations", {}), f"{name}: $Annotations")
            for target, terms in outside.items():
                head, slash, rest = target.partition("/")
                place = self.annotations.setdefault(self.qualified(head) + slash + rest, [])
                place.append(object_of(terms, f"annotations of {target}"))

    def add_alias(self, given: Mapping[str, Any], namespace: str) -> None:
        alias = given.get("$Alias")
        if alias is not None and self.aliases.setdefault(_text(alias, "$Alias"), namespace) != namespace:
            raise ConfigurationError(f"{alias!r} is the alias of two namespaces")

    def qualified(self, name: str) -> str:
        """The name with the namespace in place of its alias: `Self.Product` as `Sales.Product`."""
        prefix, dot, last = name.rpartition(".")
        return name if prefix == "Edm" else self.aliases.get(prefix, prefix) + dot + last

    def kind(self, name: str) -> Any:
        return self.definitions.get(name, {}).get("$Kind")

    def find(self, name: str) -> tuple[StructuredType, frozenset[str] | None]:
        """The type with a name or of the set with the name, and the functions that queries may use."""
        sets = [target for target in self.sets if target.partition("/")[2] == name]
        wanted = self.qualified(name)
        types = [t for t in self.definitions if t == wanted or ("." not in name and simple_name(t) == name)]
        found = sets or [t for t in types if self.kind(t) == "EntityType"]
        if len(found) > 1:
            raise ConfigurationError(f"{name!r} can be any of {', '.join(sorted(found))}")
        if not found and types:
            raise ConfigurationError(
                f"{types[0]} is not an entity type, but of kind {shown(self.kind(types[0]))}"
            )
        if not found:
            names = {re.split("[./]", target)[-1] for target in (*self.definitions, *self.sets)}
            hint = did_you_mean(name, sorted(names))
            raise ConfigurationError(f"the document has no entity type or set {shorten(repr(name))}{hint}")
        target = found[0]
        if not sets:
            return self.structured(target), self.functions(target, self.definitions[target])
        given, container = self.sets[target], target.partition("/")[0]
        entity = self.qualified(_text(given["$Type"], target))
        if self.kind(entity) != "EntityType":
            raise ConfigurationError(f"{target} is of {entity}, which is not an entity type of the document")
        functions = self.functions(target, given)
        if functions is None:
            functions = self.functions(container, self.definitions[container])
        return self.structured(entity, self.denied(target, given)), functions

    # ---- annotations -----------------------------------------------------------------------------

    def values_of(self, term: str, target: str, holder: Mapping[str, Any]) -> list[Any]:
        """The values of a term for a target, in its definition and elsewhere, with any qualifier."""
        return [
            value
            for each in (holder, *self.annotations.get(target, ()))
            for label, value in each.items()
            if label[:1] == "@" and self.qualified(label[1:].partition("#")[0]) == term
        ]

    def denied(self, target: str, holder: Mapping[str, Any]) -> _Denied:
        found: set[Path] = set()
        for verb in ("Filter", "Sort"):
            use, place = f"{verb}able", f"{verb}Restrictions of {target}"
            for value in self.values_of(f"{_CAPABILITIES}{verb}Restrictions", target, holder):
                record = object_of(value, place)
                # The value of an expression is unknown; it denies nothing.
                if not isinstance(record.get(use), Mapping) and not _flag(record, use, place, True):
                    found.add((use, "*"))
                names = _list(record.get(f"Non{verb}ableProperties", ()), place)
                found |= {(use, *_text(path, place).split("/")) for path in names}
        return frozenset(found)

    def functions(self, target: str, holder: Mapping[str, Any]) -> frozenset[str] | None:
        """The functions that FilterFunctions lists, without operators and unknown functions."""
        place = f"FilterFunctions of {target}"
        lists = self.values_of(f"{_CAPABILITIES}FilterFunctions", target, holder)
        names = {_text(name, place).lower() for value in lists for name in _list(value, place)}
        if not names:  # an empty list sets no restriction
            return None
        return frozenset(name for name in names & OPERATIONS.keys() if not OPERATIONS[name].is_operator)

    def is_hidden(self, target: str, holder: Mapping[str, Any]) -> bool:
        """True if clients may not read a property: `Core.Permissions` of `Write` or `None`."""
        texts = [v for v in self.values_of(_PERMISSIONS, target, holder) if isinstance(v, str)]
        words = {word.rpartition("/")[2] for text in texts for word in re.split("[ ,]+", text) if word}
        return bool(words) and words <= {"None", "Write", "0", "2"}

    # ---- types -----------------------------------------------------------------------------------

    def structured(self, name: str, denied: _Denied = frozenset()) -> StructuredType:
        if (name, denied) not in self.types:
            self.types[name, denied] = self.read_type(name, denied)
        return self.types[name, denied]

    def read_type(self, name: str, denied: _Denied) -> StructuredType:
        declared: dict[str, tuple[str, Mapping[str, Any]]] = {}
        key: Any = ()
        for owner in self.lineage(name):
            definition = self.definitions[owner]
            key = definition.get("$Key", key)
            denied |= self.denied(owner, definition)
            for label, given in _members(definition):
                if label in declared:
                    raise ConfigurationError(f"{owner} has two properties called {label!r}")
                declared[label] = (owner, object_of(given, f"{owner}.{label}"))
        inside: dict[str, set[Path]] = {}
        for use, head, *rest in denied:
            # Other paths are casts and `$count`, which no query of a model can use anyway.
            if head.isidentifier() and head not in declared:
                raise ConfigurationError(f"{name} has no property {head!r}, which an annotation restricts")
            if rest:
                inside.setdefault(head, set()).add((use, *rest))
        keys = _key_names(key, name, declared)
        properties = {}
        for label, (owner, given) in declared.items():
            if not self.is_hidden(f"{owner}/{label}", given):
                beyond = frozenset(inside.get(label, ()))
                prop = self.property(f"{simple_name(name)}.{label}", given, beyond)
                properties[label] = replace(
                    prop,
                    # Dynamics declares its keys as nullable, but a key is never null.
                    nullable=prop.nullable and label not in keys,
                    key=label in keys,
                    filterable=denied.isdisjoint({("Filterable", "*"), ("Filterable", label)}),
                    sortable=denied.isdisjoint({("Sortable", "*"), ("Sortable", label)}),
                )
        kind = self.cls if self.kind(name) == "EntityType" else ComplexType
        return kind(simple_name(name), properties, bases=map(simple_name, self.lineage(name)[:-1]))

    def lineage(self, name: str) -> list[str]:
        """A type after those that it is based on."""
        found: dict[str, None] = {}
        current: str | None = name
        while current is not None:
            definition = self.definitions.get(current)
            if definition is None:
                raise ConfigurationError(f"{name} is based on {current}, which is not in the document")
            if current in found:
                raise ConfigurationError(f"{name} is based on itself")
            if definition.get("$Kind") != self.kind(name):
                raise ConfigurationError(f"{name} is based on {current}, which is of another kind")
            found[current] = None
            base = definition.get("$BaseType")
            current = None if base is None else self.qualified(_text(base, f"{current}: $BaseType"))
        return [*reversed(found)]

    def property(self, place: str, given: Mapping[str, Any], denied: _Denied) -> Property:
        given = self.with_association_end(place, given)
        kind = given.get("$Kind", "Property")
        if kind not in ("Property", "NavigationProperty"):
            raise ConfigurationError(f"{place} is not a property, but of kind {shown(kind)}")
        is_navigation = kind == "NavigationProperty"
        name = _text(given.get("$Type", "Edm.String"), f"{place}: $Type")
        many = _flag(given, "$Collection", place)
        # CSDL has no nullability for navigation to many, so it is the default.
        nullable = _flag(given, "$Nullable", place) or (is_navigation and many)
        underlying, facets = self.underlying(name, given)
        if self.is_elsewhere(underlying):
            return Hidden(edm.UNTYPED)
        return (NavigationProperty if is_navigation else Property)(
            lambda: self.resolve(place, underlying, denied, is_navigation),
            nullable,
            collection=many,
            scale=_scale(facets["$Scale"], place) if underlying == edm.DECIMAL.name else None,
            srid=_srid(facets["$SRID"], place) if underlying.startswith("Edm.Geo") else None,
        )

    def is_elsewhere(self, name: str) -> bool:
        """True for an abstract type, as Edm.Untyped, and for a type of another document."""
        if name.startswith("Edm."):
            return edm.primitive(name) is None and name not in _OLD
        namespace = name.rpartition(".")[0]
        return bool(namespace) and is_name(name) and namespace not in self.namespaces

    def with_association_end(self, place: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """A navigation property of OData 2 and 3 with the type at the far end of its association."""
        if given.get("$Relationship") is None:
            return given
        name = self.qualified(_text(given["$Relationship"], place))
        role = _text(given.get("$ToRole"), place)
        end = self.definitions.get(name, {}).get(role)
        if self.kind(name) != "Association" or end is None:
            end = {"$Type": f"{name}/{role}"}  # not a name, so it is reported if the property is published
        return {**given, **end}

    def underlying(self, name: str, given: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """The type that type definitions stand for, and the first of each facet on the way to it."""
        facets = {label: given.get(label) for label in ("$Scale", "$SRID")}
        name = self.qualified(name)
        seen = set()
        while self.kind(name) == "TypeDefinition" and name not in seen:
            seen.add(name)
            definition = self.definitions[name]
            facets = {
                label: definition.get(label) if facet is None else facet for label, facet in facets.items()
            }
            name = self.qualified(_text(definition.get("$UnderlyingType"), f"{name}: $UnderlyingType"))
        return name, facets

    def resolve(self, place: str, name: str, denied: _Denied, is_navigation: bool) -> edm.Type:
        """The type of a property that is published."""
        kind = self.kind(name)
        if kind in ("EntityType", "ComplexType"):
            return self.structured(name, denied)
        if is_navigation:
            raise ConfigurationError(f"{place} leads to {shorten(name)}, which is not a type of the document")
        if kind == "EnumType":
            return self.enum(name, self.definitions[name])
        found = edm.primitive(name) or _OLD.get(name)
        if found is None:
            why = "defined by itself" if kind == "TypeDefinition" else "not a type of values"
            raise ConfigurationError(f"{place} is of type {shorten(name)}, which is {why}")
        return found

    def enum(self, name: str, definition: Mapping[str, Any]) -> edm.EnumType:
        if name not in self.enums:
            members = dict(_members(definition))
            for label, value in members.items():
                if type(value) is not int or not -(2**63) <= value < 2**63:
                    wrong(f"{name}.{label}", "a whole number of 64 bits", value)
            self.enums[name] = edm.EnumType(simple_name(name), members, _flag(definition, "$IsFlags", name))
        return self.enums[name]


# ---- values of a document ------------------------------------------------------------------------


def _members(given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The members of a CSDL object, without annotations and `$` keywords."""
    return ((label, value) for label, value in given.items() if label[:1] != "$" and "@" not in label)


def _list(value: object, place: str) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else wrong(place, "a list", value)


def _text(value: object, place: str) -> str:
    return value if isinstance(value, str) else wrong(place, "a text", value)


def _flag(given: Mapping[str, Any], label: str, place: str, default: bool = False) -> bool:
    value = given.get(label, default)
    return value if isinstance(value, bool) else wrong(f"{place}: {label}", "true or false", value)


def _scale(value: object, place: str) -> int | None:
    """`2`; None for `variable`, `floating` and nothing, which allow any number of digits."""
    if isinstance(value, str):
        if value.lower() in ("variable", "floating"):
            return None
        value = int(value) if re.fullmatch("[0-9]{1,9}", value) else value
    if value is not None and (type(value) is not int or value < 0):
        wrong(f"{place}: $Scale", "a number, 'variable' or 'floating'", value)
    return value


def _srid(value: object, place: str) -> Any:
    """`4326`; `variable` for coordinate systems that differ; None for the usual one of the type."""
    if isinstance(value, str):
        value = int(value) if re.fullmatch("[0-9]{1,5}", value) else value.lower()
    if value not in (None, "variable") and not (type(value) is int and 0 <= value < 100_000):
        wrong(f"{place}: $SRID", "a number of five digits or 'variable'", value)
    return value


def _key_names(given: object, name: str, properties: Mapping[str, Any]) -> set[str]:
    """The key properties; none if one is inside a complex property, which a model cannot declare."""
    found = set()
    for each in _list(given, f"{name}: $Key"):
        paths = list(each.values()) if isinstance(each, Mapping) else [each]
        found |= {_text(path, f"{name}: $Key") for path in paths}
    for path in found:
        if path.partition("/")[0] not in properties:
            raise ConfigurationError(f"{name} has no property {shorten(path)!r}, which its key needs")
    return set() if any("/" in path for path in found) else found
