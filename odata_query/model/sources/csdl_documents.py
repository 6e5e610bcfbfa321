"""CSDL documents, in XML or JSON, as the JSON of the same document.

Nothing is fetched or expanded. A wrong document is a ConfigurationError with the place of the mistake.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from ...problems import ConfigurationError, shorten
from ..properties import is_name

_MAX_SIZE = 64_000_000
_MAX_DEPTH = 100
_TERMS = ("FilterFunctions", "FilterRestrictions", "Permissions", "SortRestrictions")
"""The last parts of the terms to read; all other annotations are ignored."""


def simple_name(name: str) -> str:
    return name.rpartition(".")[2]


def shown(value: object) -> str:
    """A text, or the type of another value, which can be endless."""
    return shorten(repr(value)) if isinstance(value, str) else type(value).__name__


def wrong(place: str, expected: str, value: object) -> NoReturn:
    raise ConfigurationError(f"{shorten(place, 100)}: expected {expected}, not {shown(value)}")


def object_of(value: object, place: str) -> Mapping[str, Any]:
    if isinstance(value, Mapping) and all(isinstance(label, str) for label in value):
        return value
    wrong(place, "an object", value)


def parsed(document: object) -> Mapping[str, Any]:
    if isinstance(document, Mapping):
        return object_of(document, "the document")
    if not isinstance(document, str | bytes):
        raise ConfigurationError(f"{shown(document)} is not a CSDL document, which is a text or parsed JSON")
    if len(document) > _MAX_SIZE:
        raise ConfigurationError(f"the document is longer than {_MAX_SIZE}")
    if isinstance(document, str):
        document = document.removeprefix("\ufeff").lstrip()
        head = document[:1]
    else:
        document = document.lstrip(b" \t\r\n")
        # Without byte order marks, and the zeros that UTF-16 puts between letters.
        head = document[:20].translate(None, b"\0\xef\xbb\xbf\xfe\xff").lstrip()[:1].decode("latin-1")
    try:
        if head == "<":
            return _from_xml(_tree(document))
        return object_of(json.loads(document, object_pairs_hook=_object), "the document")
    except (expat.ExpatError, LookupError, RecursionError, ValueError) as error:
        kind = "XML" if head == "<" else "XML or JSON"
        raise ConfigurationError(f"the document is not {kind}: {error}") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        _add(found, name, value, "an object")
    return found


def _add(found: dict[str, Any], name: str, value: object, place: str) -> None:
    if name in found:
        raise ConfigurationError(f"{place} has two members called {shorten(repr(name))}")
    found[name] = value


# ---- XML -----------------------------------------------------------------------------------------

_EDM = re.compile("http://(docs.oasis-open.org/odata/ns|schemas.microsoft.com/ado/[0-9]{4}/[0-9]{2})/edmx?")
_SAP = "http://www.sap.com/Protocols/SAPData "
_CONSTANTS = ("Bool", "String", "PropertyPath", "NavigationPropertyPath", "EnumMember")
_DEFINITIONS = ("Association", "ComplexType", "EntityContainer", "EntityType", "EnumType", "TypeDefinition")
_PARTS = ("End", "EntitySet", "Member", "NavigationProperty", "Property", "Singleton")
"""The parts of definitions that have names."""


def _tree(document: str | bytes) -> Element:
    """The elements, those of CSDL without their namespace."""
    # A text is decoded already, whatever its declaration says.
    parser = expat.ParserCreate("utf-8" if isinstance(document, str) else None, " ")
    parser.buffer_text = True
    builder = TreeBuilder()
    depth = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _MAX_DEPTH:
            raise ConfigurationError(f"the document nests over {_MAX_DEPTH} elements")
        namespace, _, name = tag.rpartition(" ")
        builder.start(name if _EDM.fullmatch(namespace) else tag, attributes)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(tag)

    def doctype(*_: object) -> None:
        raise ConfigurationError("the document has a DOCTYPE, which CSDL does not allow")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = doctype
    parser.Parse(document.encode() if isinstance(document, str) else document, True)
    return builder.close()


def _from_xml(root: Element) -> dict[str, Any]:
    if root.tag != "Edmx":
        raise ConfigurationError(f"the document is not CSDL: its root is {shorten(root.tag)!r}")
    includes = [
        {"$Namespace": each.get("Namespace"), "$Alias": each.get("Alias")}
        for path in ("Reference/Include", "DataServices/Schema/Using")
        for each in root.iterfind(path)
    ]
    found: dict[str, Any] = {"$Reference": {"Reference": {"$Include": includes}}}
    for element in root.iterfind("DataServices/Schema"):
        namespace = _name(element, "Schema", "Namespace")
        schema = found.setdefault(namespace, {"$Annotations": {}})
        if "Alias" in element.attrib:
            schema["$Alias"] = element.get("Alias")
        for child in element:
            if child.tag in _DEFINITIONS:
                name = _name(child, namespace)
                _add(schema, name, _definition(child, f"{namespace}.{name}"), namespace)
            elif child.tag == "Annotations":
                target = _attribute(child, "Target", f"Annotations in {namespace}")
                terms = schema["$Annotations"].setdefault(target, {})
                for term, value in _annotations(child, target).items():
                    _add(terms, term, value, f"Annotations of {target}")
    return found


def _attribute(element: Element, name: str, place: str) -> str:
    found = element.get(name)
    if not found:
        raise ConfigurationError(f"{place}: <{element.tag}> has no {name}")
    return found


def _name(element: Element, place: str, attribute: str = "Name") -> str:
    name = _attribute(element, attribute, place)
    if not is_name(name):
        raise ConfigurationError(f"{place}: {shorten(repr(name))} is not a name in OData")
    return name


def _boolean(element: Element, name: str, default: str, place: str) -> bool:
    text = element.get(name, default)
    return text == "true" if text in ("true", "false") else wrong(f"{place}: {name}", "true or false", text)


def _annotations(element: Element, place: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for each in element.iterfind("Annotation"):
        term = _attribute(each, "Term", place)
        if simple_name(term) in _TERMS:
            qualifier = each.get("Qualifier", element.get("Qualifier", ""))
            _add(found, f"@{term}#{qualifier}", _value(each, place), place)
    return found


def _value(element: Element, place: str) -> Any:
    """The value of an expression, or of an annotation or a member of a record: an attribute or a child."""
    constants = {element.tag: element.text or "", **element.attrib}
    for kind in _CONSTANTS:
        if kind in constants:
            text = constants[kind].strip()
            return text == "true" if kind == "Bool" and text in ("true", "false") else text
    if element.tag == "Record":
        members = element.iterfind("PropertyValue")
        return {_attribute(each, "Property", place): _value(each, place) for each in members}
    children = [_value(each, place) for each in element if each.tag != "Annotation"]
    if element.tag == "Collection":
        return children
    # An expression that depends on data is an object in JSON.
    return children[0] if children and element.tag in ("Annotation", "PropertyValue") else {}


def _definition(element: Element, place: str) -> dict[str, Any]:
    found: dict[str, Any] = {"$Kind": element.tag, "$BaseType": element.get("BaseType")}
    found |= _annotations(element, place)
    if element.tag == "TypeDefinition":
        found["$UnderlyingType"] = _attribute(element, "UnderlyingType", place)
        found |= {"$Scale": element.get("Scale"), "$SRID": element.get("SRID")}
    if element.tag == "EnumType":
        found["$IsFlags"] = _boolean(element, "IsFlags", "false", place)
    value = -1
    for child in element:
        if child.tag == "Key":
            found["$Key"] = [_attribute(each, "Name", place) for each in child.iterfind("PropertyRef")]
        if child.tag not in _PARTS:
            continue
        name = _name(child, place, "Role" if child.tag == "End" else "Name")
        if child.tag == "Member":
            text = child.get("Value", str(value + 1))
            if not re.fullmatch("[+-]?[0-9]{1,19}", text):
                wrong(f"{place}: Value", "a whole number", text)
            value = int(text)
            _add(found, name, value, place)
        else:
            _add(found, name, _part(child, f"{place}.{name}"), place)
    for verb in ("Filter", "Sort"):
        # SAP's services had attributes for it before OData had a term.
        names = [each.get("Name") for each in element if each.get(f"{_SAP}{verb.lower()}able") == "false"]
        if names:
            term = f"@Org.OData.Capabilities.V1.{verb}Restrictions"
            found.setdefault(term, {f"Non{verb}ableProperties": names})
    return found


def _part(element: Element, place: str) -> dict[str, Any]:
    """A property, a set, or an end of an association of OData 2 and 3."""
    found = {"$Kind": element.tag, **_annotations(element, place)}
    if "Relationship" in element.attrib:
        relationship = {"$Relationship": element.get("Relationship")}
        return {**found, **relationship, "$ToRole": _attribute(element, "ToRole", place)}
    type = _attribute(element, "EntityType" if element.tag == "EntitySet" else "Type", place)
    if element.tag == "End":
        many = element.get("Multiplicity")
        if many not in ("*", "0..1", "1"):
            wrong(f"{place}: Multiplicity", "'*', '0..1' or '1'", many)
        return {"$Type": type, "$Collection": many == "*", "$Nullable": many == "0..1"}
    is_collection = type.startswith("Collection(") and type.endswith(")")
    return {
        **found,
        "$Collection": is_collection,
        "$Type": type[len("Collection(") : -1] if is_collection else type,
        "$Nullable": _boolean(element, "Nullable", "true", place),
        "$Scale": element.get("Scale"),
        "$SRID": element.get("SRID"),
    }
