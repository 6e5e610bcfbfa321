"""CSDL 4.01, the language of `$metadata`, from entity types: JSON, and XML made from that.

Documents hold only what is public: names, types, and the properties that queries may use.
"""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from .. import edm
from ..operations import OPERATIONS
from ..problems import ConfigurationError
from .properties import ComplexType, Member, StructuredType, reachable_types

_CAPABILITIES = "Org.OData.Capabilities.V1"
_VOCABULARY = f"https://oasis-tcs.github.io/odata-vocabularies/vocabularies/{_CAPABILITIES}"
_KEY_TYPES: set[edm.Type] = {
    *(edm.BOOLEAN, edm.BYTE, edm.DATE, edm.DATE_TIME_OFFSET, edm.DECIMAL, edm.DURATION, edm.GUID),
    *(edm.INT16, edm.INT32, edm.INT64, edm.SBYTE, edm.STRING, edm.TIME_OF_DAY),
}
"""The primitive types of key properties (CSDL 4.01, section 6.5); enumerations are allowed, too."""
_RESERVED = ("edm", "odata", "system", "transient")
_MAX_PATHS = 1_000

Json = dict[str, Any]


def to_json(entity_type: StructuredType, namespace: str) -> Json:
    """The document of an entity type and all types that it leads to."""
    _check_namespace(namespace)
    types = reachable_types(entity_type)
    names = {id(type): _qualified_name(type, namespace) for type in types}
    written: dict[str, Json] = {}
    for type in types:
        name = names[id(type)]
        found = _enum_type(type) if isinstance(type, edm.EnumType) else _structured_type(type, names)
        if written.setdefault(name, found) != found:
            raise ConfigurationError(f"two different types are called {name}")
    name = names[id(entity_type)]
    container, offered = f"{namespace}.Container", written[name]
    while container in written:
        container += "_"
    if "$Key" in offered:
        offered = {"$Collection": True, "$Type": name}
        written[container] = {"$Kind": "EntityContainer", name.rpartition(".")[2]: offered}
    _restrict(types, names, written, offered)
    limits = entity_type.limits
    if limits is not None and limits.functions is not None:
        # An empty list would allow all functions. Operators may be in the list, too.
        operators = [o.name for o in OPERATIONS.values() if o.is_operator]
        offered[f"@{_CAPABILITIES}.FilterFunctions"] = sorted(limits.functions) or operators
    document: Json = {"$Version": "4.01"}
    if container in written:
        document["$EntityContainer"] = container
    if any(label[0] == "@" for each in [offered, *written.values()] for label in each):
        document["$Reference"] = {f"{_VOCABULARY}.json": {"$Include": [{"$Namespace": _CAPABILITIES}]}}
    for name, found in written.items():
        schema, _, label = name.rpartition(".")
        document.setdefault(schema, {})[label] = found
    return document


# ---- types ---------------------------------------------------------------------------------------


def _structured_type(type: StructuredType, names: dict[int, str]) -> Json:
    is_entity = _is_entity(type)
    found: Json = {"$Kind": "EntityType" if is_entity else "ComplexType"}
    key = [member for member in type.members.values() if member.property.key]
    if is_entity and key and all(isinstance(m.type, edm.EnumType) or m.type in _KEY_TYPES for m in key):
        found["$Key"] = [member.name for member in key]
    for label, member in type.members.items():
        place = f"{type.name}.{label}"
        found[_checked_name(label, place)] = _property(member, names, place, label in found.get("$Key", ()))
    return found


def _is_entity(type: edm.Type) -> bool:
    return isinstance(type, StructuredType) and not isinstance(type, ComplexType)


def _property(member: Member, names: dict[int, str], place: str, is_key: bool) -> Json:
    type = edm.element_of(member.type)
    found: Json = {}
    is_navigation = _is_entity(type)
    many = type is not member.type
    if is_navigation:
        found["$Kind"] = "NavigationProperty"
    if many:
        found["$Collection"] = True
    name = names.get(id(type), type.name)
    if id(type) not in names and edm.primitive(name) is None:
        raise ConfigurationError(f"{place} is of type {name}, which does not exist in CSDL")
    if name != edm.STRING.name:
        found["$Type"] = name
    if member.nullable and not is_key and not (is_navigation and many):
        found["$Nullable"] = True
    scale = member.property.scale
    if type is edm.DECIMAL and scale is not None and scale >= 0:
        found["$Scale"] = scale
    if member.property.srid is not None:
        found["$SRID"] = member.property.srid
    return found


def _enum_type(type: edm.EnumType) -> Json:
    found: Json = {"$Kind": "EnumType"}
    if type.is_flags:
        found["$IsFlags"] = True
    bits = max((max(value, ~value).bit_length() for value in type.members.values()), default=0)
    if bits > 63:
        raise ConfigurationError(f"{type.name} has a member outside of Edm.Int64")
    if bits > 31:
        found["$UnderlyingType"] = edm.INT64.name
    return found | {_checked_name(name, type.name): value for name, value in type.members.items()}


# ---- names ---------------------------------------------------------------------------------------


def _checked_name(name: str, place: str) -> str:
    if not name.isidentifier() or len(name) > 128:
        raise ConfigurationError(f"{place}: {name!r} cannot be a name in CSDL; publish it by another name")
    return name


def _qualified_name(type: edm.Type, namespace: str) -> str:
    """The name of a type with its namespace: `Sales` for a type called `Sales.Color`."""
    own, dot, name = type.name.rpartition(".")
    if dot:
        _check_namespace(own)
    return f"{own or namespace}.{_checked_name(name, type.name)}"


def _check_namespace(name: object) -> None:
    parts = name.split(".") if isinstance(name, str) else []
    if not parts or parts[0].lower() in _RESERVED or not all(part.isidentifier() for part in parts):
        raise ConfigurationError(f"{name!r} cannot be a namespace in CSDL, as 'Sales.Model' can")


# ---- restrictions --------------------------------------------------------------------------------


def _restrict(
    types: list[StructuredType | edm.EnumType], names: dict[int, str], written: dict[str, Json], offered: Json
) -> None:
    """Annotate what `$filter` and `$orderby` may not use, by paths from the entity set.

    Types that lead back to themselves have endlessly many paths. Then the types are annotated as well:
    clients do not look for that, but from_csdl does.
    """
    structured = [type for type in types if isinstance(type, StructuredType)]
    for verb, use in (("Filter", "filterable"), ("Sort", "sortable")):
        paths, is_complete = _denied_paths(structured, use)
        if paths:
            _deny(offered, verb, paths)
        if is_complete:
            continue
        # Types with the same name can differ: only what all of them deny is denied.
        allowed = {
            (names[id(type)], member.name)
            for type in structured
            for member in type.members.values()
            if getattr(member, use)
        }
        for name in dict.fromkeys(names[id(type)] for type in structured):
            labels = [label for label in written[name] if label[0] not in "$@"]
            denied = [label for label in labels if (name, label) not in allowed]
            if denied and written[name] is not offered:
                _deny(written[name], verb, denied)


def _deny(target: Json, verb: str, paths: list[str]) -> None:
    target[f"@{_CAPABILITIES}.{verb}Restrictions"] = {f"Non{verb}ableProperties": paths}


def _denied_paths(types: list[StructuredType], use: str) -> tuple[list[str], bool]:
    """The paths, from the first type, that the option may not use; True if the list is complete."""
    leading = _leading(types, use)
    found: list[str] = []
    waiting: list[tuple[tuple[str, ...], StructuredType, frozenset[int]]] = [((), types[0], frozenset())]
    is_complete = True
    for path, type, above in waiting:  # it grows
        above = above | {id(type)}
        for member in type.members.values():
            inner = edm.element_of(member.type)
            if not getattr(member, use):
                found.append("/".join((*path, member.name)))
            if isinstance(inner, StructuredType) and id(inner) in leading:
                if id(inner) in above or len(waiting) >= _MAX_PATHS:
                    is_complete = False
                else:
                    waiting.append(((*path, member.name), inner, above))
    return found, is_complete


def _leading(types: list[StructuredType], use: str) -> set[int]:
    """The types with a property that the option may not use, and all types that lead to one of them."""
    found: set[int] = set()
    before = -1
    while len(found) > before:
        before = len(found)
        for type in reversed(types):  # those that types lead to come after them, mostly
            inner = (id(edm.element_of(member.type)) for member in type.members.values())
            if not found.isdisjoint(inner) or not all(getattr(m, use) for m in type.members.values()):
                found.add(id(type))
    return found


# ---- XML -----------------------------------------------------------------------------------------


def to_xml(entity_type: StructuredType, namespace: str) -> str:
    """The document of `to_json` in XML."""
    document = to_json(entity_type, namespace)
    namespaces = "http://docs.oasis-open.org/odata/ns"
    root = Element("edmx:Edmx", {"xmlns:edmx": f"{namespaces}/edmx", "Version": "4.01"})
    for url, reference in document.get("$Reference", {}).items():
        element = SubElement(root, "edmx:Reference", Uri=url.removesuffix("json") + "xml")
        for include in reference["$Include"]:
            SubElement(element, "edmx:Include", Namespace=include["$Namespace"])
    services = SubElement(root, "edmx:DataServices")
    for name in [name for name in document if name[0] != "$"]:
        element = SubElement(services, "Schema", Namespace=name, xmlns=f"{namespaces}/edm")
        for label, definition in document[name].items():
            _add_definition(SubElement(element, definition["$Kind"], Name=label), definition)
    indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{tostring(root, "unicode")}\n'


def _add_definition(element: Element, definition: Json) -> None:
    if "$UnderlyingType" in definition:
        element.set("UnderlyingType", definition["$UnderlyingType"])
    if "$IsFlags" in definition:
        element.set("IsFlags", "true")
    if "$Key" in definition:
        key = SubElement(element, "Key")
        for name in definition["$Key"]:
            SubElement(key, "PropertyRef", Name=name)
    for label, given in definition.items():
        if label[0] in "$@":
            continue
        if definition["$Kind"] == "EnumType":
            SubElement(element, "Member", Name=label, Value=str(given))
        elif definition["$Kind"] == "EntityContainer":
            _add_annotations(SubElement(element, "EntitySet", Name=label, EntityType=given["$Type"]), given)
        else:
            _add_property(element, label, given)
    _add_annotations(element, definition)


def _add_property(element: Element, label: str, given: Json) -> None:
    kind, many = given.get("$Kind", "Property"), given.get("$Collection", False)
    name = given.get("$Type", edm.STRING.name)
    child = SubElement(element, kind, Name=label, Type=f"Collection({name})" if many else name)
    if kind == "Property" or not many:
        child.set("Nullable", str(given.get("$Nullable", False)).lower())
    if name == edm.DECIMAL.name:
        child.set("Scale", str(given.get("$Scale", "variable")))
    if "$SRID" in given:
        child.set("SRID", str(given["$SRID"]))


def _add_annotations(element: Element, given: Json) -> None:
    for term, value in given.items():
        if term[0] != "@":
            continue
        kind, parent = "String", SubElement(element, "Annotation", Term=term[1:])
        if isinstance(value, dict):
            [(name, value)] = value.items()
            kind, parent = (
                "PropertyPath",
                SubElement(SubElement(parent, "Record"), "PropertyValue", Property=name),
            )
        collection = SubElement(parent, "Collection")
        for text in value:
            SubElement(collection, kind).text = text
