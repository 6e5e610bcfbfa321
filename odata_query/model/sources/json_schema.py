"""Entity types from JSON Schema, draft 4 to 2020-12, and from the schemas of OpenAPI 3."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import unquote, urljoin

from ... import edm
from ...problems import ConfigurationError, did_you_mean
from ..properties import ComplexType, Property, as_name, is_name
from ..publishing import Hidden, T, Unlisted, deferred_error, marked, publish, published_as, scale_from_step

MAX_DEPTH = 100
"""The nesting of references, `allOf` and unions in one schema."""
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
_INTEGERS = {"int8": edm.SBYTE, "int16": edm.INT16, "int32": edm.INT32, "int64": edm.INT64, "uint8": edm.BYTE}
_TEXTS = {
    **dict.fromkeys(("base64", "base64url", "binary", "byte"), edm.BINARY),
    **dict.fromkeys(("date-time", "date-time-local"), edm.DATE_TIME_OFFSET),
    **dict.fromkeys(("time", "time-local"), edm.TIME_OF_DAY),
    **dict.fromkeys(("guid", *(f"uuid{version}" for version in ("", 1, 3, 4, 5, 6, 7, 8))), edm.GUID),
    "date": edm.DATE,
    "decimal": edm.DECIMAL,
    "duration": edm.DURATION,
}
_FORMATS: Mapping[str, tuple[Mapping[str, edm.PrimitiveType], edm.PrimitiveType]] = {
    "boolean": ({}, edm.BOOLEAN),
    "integer": ({**_INTEGERS, "decimal": edm.DECIMAL}, edm.INT64),
    "number": ({**_INTEGERS, "decimal": edm.DECIMAL, "double": edm.DOUBLE, "float": edm.SINGLE}, edm.DOUBLE),
    "string": (_TEXTS, edm.STRING),
}
"""The types of OData by format, and the type for any other format."""
_OF_VALUES = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}


def from_json_schema(cls: type[T], schema: object, name: str | None, options: Mapping[str, Any]) -> T:
    """Read a schema that a document calls by a name, or the document's own schema."""
    if not isinstance(schema, Mapping):
        raise ConfigurationError(f"{schema!r:.200} is not a JSON Schema, which is a mapping")
    reader = _SchemaReader(schema)
    label, root = reader.entity(name)
    return publish(cls, label, reader.properties(root, label), **options)


@dataclass(slots=True)
class _Shape:
    """A schema combined with those that it refers to."""

    key: int
    """The id of the schema that declares the properties, or the members of an enumeration."""
    types: frozenset[str] | None = None
    """The allowed types, `integer` among them if `number` is."""
    nullable: bool = False
    never: bool = False
    hidden: bool = False
    properties: dict[str, Any] = field(default_factory=dict)
    required: set[str] = field(default_factory=set)
    facts: dict[str, Any] = field(default_factory=dict)
    unions: list[list[_Shape]] = field(default_factory=list)

    def add(self, other: _Shape) -> None:
        """Combine with a second shape of the values. Nullable if one is: unexpected nulls lose rows."""
        if self.types is None:
            self.types = other.types
        elif other.types is not None:
            self.types &= other.types
        self.nullable |= other.nullable
        self.never |= other.never
        self.hidden |= other.hidden
        for name, schema in other.properties.items():
            own = self.properties.get(name, schema)
            self.properties[name] = schema if own is schema else {"allOf": [own, schema]}
        self.required |= other.required
        self.facts |= other.facts
        self.unions += other.unions

    @property
    def has_members(self) -> bool:
        return bool(self.properties or self.required or "enum" in self.facts)

    @property
    def is_null(self) -> bool:
        return self.types == frozenset() and self.nullable

    @property
    def kind(self) -> str | None:
        """The only type except null; None if there are several or it is unknown."""
        if self.types is None:
            if self.properties:
                return "object"
            if "items" in self.facts or "prefixItems" in self.facts:
                return "array"
            return "string" if self.facts.get("format") in _TEXTS else None
        if "number" in self.types:
            return "number" if self.types == {"number", "integer"} else None
        return next(iter(self.types)) if len(self.types) == 1 else None

    @property
    def union(self) -> list[_Shape]:
        """The alternatives, if nothing else is known."""
        is_open = not self.properties and self.kind in (None, "object")
        return self.unions[0] if self.unions and is_open else []


class _SchemaReader:
    """A reader of the schemas of a document, with one type for each."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self.root = root
        self.shapes: dict[int, _Shape] = {}
        self.open: set[int] = set()
        self.primitives: dict[int, edm.PrimitiveType] = {}
        self.types: dict[int, edm.Type] = {}
        self.taken: dict[str, int] = {}
        """Names of types, and the schemas that have them."""
        self.components: dict[str, Any] = {}
        components = root.get("components")
        nested = components.get("schemas") if isinstance(components, Mapping) else None
        for place in (root.get("$defs"), root.get("definitions"), nested):
            if isinstance(place, Mapping):
                self.components = {str(label): found for label, found in place.items()} | self.components
        self.names = {id(found): label for label, found in self.components.items()}

    # ---- places ----------------------------------------------------------------------------------

    def entity(self, name: str | None) -> tuple[str, _Shape]:
        """The schema of the rows, and the name of its type."""
        place: Any = self.root
        if name is not None and name.startswith(("#", "/")):
            place = self.at(f"#{name.removeprefix('#')}", self.root)
        elif name is not None:
            if name not in self.components:
                hint = did_you_mean(name, self.components)
                raise ConfigurationError(f"the document has no schema {name!r}{hint}")
            place = self.components[name]
        shape = self.shape(place)
        title = _text(place, "title") if isinstance(place, Mapping) else ""
        label = _schema_name(self.names.get(id(place)) or title or self.names.get(shape.key) or "Row")
        if shape.kind != "object" or not shape.properties:
            hint = f"; name one of its schemas, as {next(iter(self.components))!r}" if self.components else ""
            place = name or "the document"
            raise ConfigurationError(f"{place} is not a schema of objects with properties{hint}")
        self.names[shape.key] = label
        self.taken[label] = shape.key
        return label, shape

    def at(self, reference: object, schema: Mapping[str, Any]) -> Any:
        """The target of a reference in a schema, which must be in the document."""
        if not isinstance(reference, str):
            raise ConfigurationError(f"{reference!r:.200} is not a reference, which is a text")
        named, bases = self.named_places
        uri, _, fragment = reference.partition("#")
        uri, fragment = _join_uri(bases.get(id(schema), bases[id(self.root)]), uri), unquote(fragment)
        if (uri, "") not in named:
            raise ConfigurationError(f"the reference {reference!r} leads out of the document")
        place = named.get((uri, "" if fragment.startswith("/") else fragment), _NOWHERE)
        steps = [step.replace("~1", "/").replace("~0", "~") for step in fragment.split("/")[1:]]
        for step in steps:
            if isinstance(place, Mapping):
                place = place.get(step, _NOWHERE)
            else:
                is_item = isinstance(place, list) and step.isdecimal() and int(step) < len(place)
                place = place[int(step)] if is_item else _NOWHERE
        if place is _NOWHERE:
            raise ConfigurationError(f"the document has no place {reference!r}")
        if steps[-2:-1] in (["$defs"], ["definitions"]):
            self.names.setdefault(id(place), steps[-1])
        return place

    @cached_property
    def named_places(self) -> tuple[dict[tuple[str, str], Any], dict[int, str]]:
        """The places by the enclosing `$id` and their anchor, if any; the enclosing `$id` of each place."""
        named: dict[tuple[str, str], Any] = {("", ""): self.root}
        bases: dict[int, str] = {}
        pending: list[tuple[Any, str]] = [(self.root, "")]
        for place, base in pending:  # it grows
            if id(place) in bases or not isinstance(place, Mapping | list):
                continue
            if isinstance(place, Mapping):
                uri, _, fragment = _text(place, "$id").partition("#")
                base = _join_uri(base, uri)
                for anchor in {"", fragment, _text(place, "$anchor"), _text(place, "$dynamicAnchor")}:
                    named.setdefault((base, anchor), place)
            bases[id(place)] = base
            pending += [(each, base) for each in (place.values() if isinstance(place, Mapping) else place)]
        return named, bases

    # ---- schemas ---------------------------------------------------------------------------------

    def shape(self, schema: Any) -> _Shape:
        """A schema with its references, `allOf`, and choices that leave one possibility."""
        if isinstance(schema, bool):
            return _Shape(id(schema), never=not schema)
        if not isinstance(schema, Mapping):
            raise ConfigurationError(f"{schema!r:.200} is not a schema")
        key = id(schema)
        if key not in self.shapes:
            if key in self.open:
                raise ConfigurationError("a schema refers to itself without end")
            if len(self.open) >= MAX_DEPTH:
                raise ConfigurationError(f"schemas refer to each other for more than {MAX_DEPTH} steps")
            self.open.add(key)
            try:
                self.shapes[key] = self.combine(schema)
            finally:
                self.open.remove(key)
        return self.shapes[key]

    def combine(self, schema: Mapping[str, Any]) -> _Shape:
        own = _own_shape(schema)
        parts = [self.shape(self.at(schema[word], schema)) for word in _REFERENCES if word in schema]
        parts += [self.shape(each) for each in _schemas(schema, "allOf")]
        for word in ("anyOf", "oneOf"):
            choices = [found for found in map(self.shape, _schemas(schema, word)) if not found.never]
            rest = [found for found in choices if not found.is_null]
            own.nullable |= len(rest) < len(choices) or any(found.nullable for found in rest)
            own.hidden |= any(found.hidden for found in rest)
            if len(rest) == 1:
                parts += rest
            elif rest:
                own.unions.append(rest)
        found = _Shape(own.key)
        for part in (*parts, own):
            found.add(part)
        keys = {part.key for part in parts if part.has_members}
        if len(keys) == 1 and not own.has_members:
            (found.key,) = keys
        return found

    # ---- types -----------------------------------------------------------------------------------

    def properties(self, shape: _Shape, owner: str) -> dict[str, Property]:
        found: dict[str, Property] = {}
        names = [name for name in shape.properties if isinstance(name, str)]
        for name in names:
            schema = shape.properties[name]
            try:
                prop = self.property(schema, owner, name, name in shape.required)
            except ConfigurationError as wrong:
                prop = Property(deferred_error(f"{owner}.{name}: {wrong}"))
            if prop is not None:
                label = name if is_name(name) else as_name(name, {*found, *names})
                prop = published_as(label, name, prop)
                found[label] = prop if label == name else marked(Unlisted, prop)
        return found

    def property(self, schema: Any, owner: str, name: str, is_required: bool) -> Property | None:
        """The property, None for one that cannot have a value."""
        shape = self.shape(schema)
        if shape.never:
            return None
        value = shape
        is_list = shape.kind == "array"
        if is_list:
            items = shape.facts.get("items")
            if not isinstance(items, Mapping) or "prefixItems" in shape.facts:
                raise ConfigurationError("all items of a collection must have the same type")
            value = self.shape(items)
        if shape.hidden or value.hidden:
            return Hidden(edm.UNTYPED)
        type = self.type(value, owner + _pascal(name))
        scale = scale_from_step(value.facts.get("multipleOf")) if type is edm.DECIMAL else None
        return Property(type, shape.nullable or not is_required, collection=is_list, scale=scale)

    def type(self, shape: _Shape, name: str) -> edm.Type | Callable[[], edm.Type]:
        if shape.kind == "object" and shape.properties:
            return lambda: self.structured(shape, name)
        return self.enumeration(shape) or self.primitive(shape)

    def structured(self, shape: _Shape, name: str) -> edm.Type:
        """The complex type of a schema, named after the schema or else after the property."""
        if shape.key not in self.types:
            name = self.free_name(shape.key, name)
            self.types[shape.key] = ComplexType(name, self.properties(shape, name))
        return self.types[shape.key]

    def free_name(self, key: int, name: str) -> str:
        found = name = _schema_name(self.names.get(key, name))
        number = 2
        while self.taken.setdefault(found, key) != key:
            found, number = f"{name}{number}", number + 1
        return found

    def enumeration(self, shape: _Shape) -> edm.Type | None:
        """The type of a named list of values, if its members have names."""
        values = [value for value in shape.facts.get("enum", ()) if value is not None]
        members: dict[str, int] = {}
        if shape.kind == "string" and shape.facts.get("format") not in _TEXTS:
            members = {value: position for position, value in enumerate(values) if isinstance(value, str)}
        elif shape.kind == "integer":
            labels = shape.facts.get("x-enum-varnames") or shape.facts.get("x-enumNames")
            if isinstance(labels, list) and all(isinstance(label, str) for label in labels):
                members = dict(zip(labels, values, strict=False))
        is_named = shape.key in self.names and all(member.isidentifier() for member in members)
        if not (is_named and members and len(members) == len(values)):
            return None
        if shape.key not in self.types:
            self.types[shape.key] = edm.EnumType(self.free_name(shape.key, ""), members)
        return self.types[shape.key]

    def primitive(self, shape: _Shape) -> edm.PrimitiveType:
        if id(shape) not in self.primitives:
            union = shape.union
            self.primitives[id(shape)] = self.common_type(union) if union else _primitive(shape)
        return self.primitives[id(shape)]

    def common_type(self, union: list[_Shape]) -> edm.PrimitiveType:
        """The type that has the values of all alternatives: integers are numbers, too."""
        found = {self.primitive(each) for each in union}
        are_numbers = [type.name in edm.NUMBERS for type in found]
        texts = [each for each in union if self.primitive(each) is edm.STRING]
        if any(are_numbers) and texts and all("pattern" in each.facts for each in texts):
            return edm.DECIMAL  # a number, or all of its digits as a text
        if len(found) > 1 and not all(are_numbers):
            names = " or ".join(sorted(type.name for type in found))
            raise ConfigurationError(f"OData has no type for {names}")
        return max(found, key=lambda type: (type is edm.DECIMAL, edm.NUMBERS.get(type.name, 0)))


_NOWHERE = object()


def _own_shape(schema: Mapping[str, Any]) -> _Shape:
    """A schema without those that it refers to."""
    facts = dict(schema)
    if not isinstance(facts.get("format", ""), str):
        del facts["format"]
    if "const" in facts:
        facts["enum"] = [facts["const"]]
    values = facts.get("enum")
    if values is not None and not isinstance(values, list):
        raise ConfigurationError(f"enum={values!r:.200} is not a list of values")
    properties = schema.get("properties", {})
    if not isinstance(properties, Mapping):
        raise ConfigurationError(f"properties={properties!r:.200} is not a mapping")
    required = schema["required"] if isinstance(schema.get("required"), list) else ()
    given = schema.get("type")
    types: set[str] | None = None
    if isinstance(given, str | list):
        types = {given} if isinstance(given, str) else set(map(str, given))
    elif values is not None:
        types = {"null" if value is None else _OF_VALUES.get(type(value), "") for value in values}
    is_null = given is not None and None in (values or ())
    if types is not None and "number" in types:
        types.add("integer")
    return _Shape(
        id(schema),
        None if types is None else frozenset(types - {"null"}),
        nullable=schema.get("nullable") is True or is_null or "null" in (types or ()),
        hidden=schema.get("writeOnly") is True or schema.get("format") == "password",
        properties=dict(properties),
        required={name for name in required if isinstance(name, str)},
        facts=facts,
    )


def _primitive(shape: _Shape) -> edm.PrimitiveType:
    kind = shape.kind
    if kind is not None and kind in _FORMATS:
        formats, default = _FORMATS[kind]
        if kind == "string" and shape.facts.get("contentEncoding") in ("base64", "base64url"):
            return edm.BINARY
        return formats.get(shape.facts.get("format", ""), default)
    if kind == "object":
        what = "one of several objects" if shape.properties else "an object without properties"
        raise ConfigurationError(f"OData has no type for {what}")
    if kind == "array":
        raise ConfigurationError("OData has no collections of collections")
    if not shape.types:
        raise ConfigurationError("the schema has no type")
    raise ConfigurationError(f"OData has no type for {' or '.join(sorted(shape.types))}")


def _schemas(schema: Mapping[str, Any], word: str) -> list[Any]:
    found = schema.get(word, [])
    if not isinstance(found, list):
        raise ConfigurationError(f"{word}={found!r:.200} is not a list of schemas")
    return found


def _text(schema: Mapping[str, Any], word: str) -> str:
    found = schema.get(word)
    return found if isinstance(found, str) else ""


def _join_uri(base: str, uri: str) -> str:
    try:
        return urljoin(base, uri) if uri else base
    except ValueError:
        raise ConfigurationError(f"{uri!r} is not a URI") from None


def _schema_name(text: str) -> str:
    """`My image` as `MyImage`; a name stays the same, even with dots."""
    return text if is_name(text) else as_name(_pascal(text) or "Row")


def _pascal(name: str) -> str:
    return "".join(word[:1].upper() + word[1:] for word in re.split(r"[\W_]+", name))
