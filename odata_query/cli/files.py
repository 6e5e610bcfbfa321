"""Entity types for the rows of a file: inferred from the values, or as a model in JSON says."""

from __future__ import annotations

import datetime as dt
import math
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any

from .. import edm
from ..language.parser import can_be_named
from ..model.entity import EntityType
from ..model.properties import ComplexType, Property, StructuredType
from ..problems import ConfigurationError, shorten
from ..python.rows import reader

Row = dict[str, Any]

_BOOLEAN = re.compile("true|false", re.I)
# Who writes "007" means no number; Edm.Decimal holds 38 digits.
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,37})")
_NUMBER = re.compile(rf"{_INTEGER.pattern}(\.[0-9]+)?([eE][+-]?[0-9]{{1,3}})?")
_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TEXTS = {
    edm.DATE: re.compile(_DATE),
    edm.DATE_TIME_OFFSET: re.compile(_DATE + r"[Tt ][0-9:]{5,8}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})?"),
    edm.GUID: re.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
}
"""What a text looks like, where all texts of a property are values of a type."""


class DataError(ValueError):
    """Rows, or a model, that cannot be used; the message names the place."""


def infer(rows: Sequence[Row]) -> tuple[EntityType, dict[str, str]]:
    """The entity type of rows, and the properties that it leaves out, each with the reason.

    All properties are nullable, but a key: the first one called `id`, in any case, that every row has
    and no two share. One without any value is an Edm.String. Left out is what a query could not name,
    and what holds values of several types: texts among numbers would make every comparison a guess.
    """
    left_out: dict[str, str] = {}
    columns = _columns(rows)
    properties = _properties(columns, "Row", left_out)
    for name, prop in properties.items():
        values = columns[name]
        if name.lower() != "id" or None in values or not isinstance(prop.type, edm.PrimitiveType):
            continue
        if len(set(values)) == len(rows):
            properties[name] = Property(prop.type, nullable=False, key=True)
            break
    return EntityType("Row", properties), left_out


def _columns(rows: Sequence[Row]) -> dict[str, list[Any]]:
    """The values of each property, in one pass: all rows can have other keys."""
    columns: dict[str, list[Any]] = {}
    for row in rows:
        for name, value in row.items():
            columns.setdefault(name, []).append(value)
    return columns


def _properties(columns: dict[str, list[Any]], owner: str, left_out: dict[str, str]) -> dict[str, Property]:
    found = {}
    for name, values in columns.items():
        place = f"{owner}.{name}"
        try:
            if not (name.isidentifier() and can_be_named(name)):
                raise DataError("no name in OData")
            found[name] = Property(_type(values, place, left_out))
        except DataError as wrong:
            left_out[place.partition(".")[2]] = str(wrong)
    return found


def _type(values: Sequence[Any], name: str, left_out: dict[str, str]) -> edm.Type:
    values = [value for value in values if value is not None]
    kinds = set(map(type, values))
    if not kinds:
        return edm.STRING
    if kinds == {str}:
        fits = (
            t for t, form in _TEXTS.items() if all(form.fullmatch(v) and _is_readable(v, t) for v in values)
        )
        return next(fits, edm.STRING)
    if kinds == {bool}:
        return edm.BOOLEAN
    if kinds == {dict}:
        return ComplexType(name, _properties(_columns(values), name, left_out))
    if kinds == {list}:
        items = [item for value in values for item in value]
        if list in map(type, items):
            raise DataError("lists in lists")
        return edm.collection(_type(items, name, left_out))
    if not kinds <= {int, float}:
        raise DataError(" and ".join(sorted(kind.__name__ for kind in kinds)))
    largest = max((abs(value) for value in values if type(value) is int), default=0)
    if largest >= 10**38:
        raise DataError("over 38 digits")
    if float in kinds:
        return edm.DOUBLE
    return edm.INT64 if largest < 2**63 else edm.DECIMAL


def _is_readable(value: object, type: edm.Type) -> bool:
    """Whether a row can hold the value for one of the type: not `2024-02-31` for an Edm.Date."""
    read = reader(type, dt.UTC)
    try:
        return read is not None and read(value) is not None
    except ConfigurationError:
        return False


# ---- rows of CSV ---------------------------------------------------------------------------------

Form = tuple[re.Pattern[str], Callable[[str], Any]]
"""What texts of a type look like, and what reads one."""
_FLAG: Form = (_BOOLEAN, lambda text: text.lower() == "true")
_WHOLE: Form = (_INTEGER, int)
_ANY_NUMBER: Form = (_NUMBER, lambda text: int(text) if _INTEGER.fullmatch(text) else float(text))
_FORMS: dict[str, Form] = {
    edm.BOOLEAN.name: _FLAG,
    **dict.fromkeys(edm.INTEGERS, _WHOLE),
    **dict.fromkeys((edm.SINGLE.name, edm.DOUBLE.name), _ANY_NUMBER),
}


def from_texts(rows: Sequence[Row], entity_type: StructuredType | None = None) -> list[Row]:
    """The rows of a CSV file with numbers, booleans and nulls for the texts that mean them.

    An empty field is null. A column holds numbers, or booleans, if all its other fields do; with a model,
    if that says so, and a field that is none stays a text, for `check_rows` to find.
    """
    forms: dict[str, Form] = {}
    if entity_type is None:
        for name, fields in _columns(rows).items():
            texts = [text for text in fields if text]
            for form, read in (_FLAG, _ANY_NUMBER):
                if texts and all(form.fullmatch(text) and math.isfinite(read(text)) for text in texts):
                    forms[name] = (form, read)
    else:
        members = entity_type.members.values()
        forms = {m.attribute: _FORMS[m.type.name] for m in members if m.type.name in _FORMS}

    def value(name: str, text: str) -> Any:
        form = forms.get(name)
        return form[1](text) if form is not None and form[0].fullmatch(text) else text or None

    return [{name: value(name, text) for name, text in row.items()} for row in rows]


# ---- models in JSON ------------------------------------------------------------------------------

_FLAGS = ("nullable", "key", "filterable", "sortable", "collection")
_OPTIONS = {**dict.fromkeys(_FLAGS, bool), "attribute": str}
_MEMBERS = {"type": str, "enum": dict, "flags": bool, "properties": dict, **_OPTIONS}
_KINDS = {bool: "true or false", str: "a text", dict: "an object"}


def read_model(model: object) -> EntityType:
    """The entity type of a model in JSON: `{"name": "Image", "properties": {"id": "Edm.Int32"}}`.

    A property is the name of a type, or an object with one of `type`, `enum` (names and values) and
    `properties`. It takes the options of Property: `nullable`, `key`, `filterable`, `sortable`,
    `collection`, `attribute` (its name in the rows), and an enum `flags`. Raises DataError.
    """
    if not isinstance(model, dict) or not isinstance(model.get("name", "Row"), str):
        raise DataError("a model is an object with a name and properties")
    name = model.get("name", "Row") or "Row"
    return EntityType(name, _model_properties(model.get("properties"), name, "properties"))


def _model_properties(given: object, owner: str, place: str) -> dict[str, Property]:
    if not (isinstance(given, dict) and given):
        raise DataError(f"{place}: expected an object with a member for each property")
    for name in given:
        if not (name.isidentifier() and can_be_named(name)):
            raise DataError(f"{place}: {shorten(repr(name))} cannot be written as a name in OData")
    return {name: _model_property(prop, f"{owner}.{name}", f"{place}.{name}") for name, prop in given.items()}


def _model_property(given: object, name: str, place: str) -> Property:
    if isinstance(given, str):
        given = {"type": given}
    if not isinstance(given, dict) or sum(label in given for label in ("type", "enum", "properties")) != 1:
        raise DataError(f"{place}: expected a type's name, or an object with a type, enum or properties")
    for label, value in given.items():
        if label not in _MEMBERS:
            raise DataError(f"{place}: there is no {shorten(repr(label))}, only {', '.join(_MEMBERS)}")
        if not isinstance(value, _MEMBERS[label]):
            raise DataError(f"{place}.{label}: expected {_KINDS[_MEMBERS[label]]}")
    type: edm.Type
    if "enum" in given:
        if not all(value.__class__ is int and abs(value) < 2**63 for value in given["enum"].values()):
            raise DataError(f"{place}.enum: the value of a member is an Edm.Int64")
        type = edm.EnumType(name, given["enum"], given.get("flags", False))
    elif "properties" in given:
        type = ComplexType(name, _model_properties(given["properties"], name, f"{place}.properties"))
    try:
        if "type" in given:
            type = edm.type_named(given["type"])
        return Property(type, **{label: value for label, value in given.items() if label in _OPTIONS})
    except ConfigurationError as wrong:
        raise DataError(f"{place}: {wrong}") from None


# ---- rows against a model ------------------------------------------------------------------------

_HELD: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(edm.RANGES, (int,)),
    edm.BOOLEAN.name: (bool,),
    **dict.fromkeys((edm.STRING.name, edm.BINARY.name), (str,)),
    **dict.fromkeys((edm.SINGLE.name, edm.DOUBLE.name), (int, float)),
    edm.DECIMAL.name: (int, float, str),
}
"""What rows hold for types that are not read from a text."""


def check_rows(rows: Sequence[Row], entity_type: StructuredType) -> None:
    """Raise DataError for the first value of another type than the model's."""
    for number, row in enumerate(rows, 1):
        _check(row, entity_type, f"row {number}: ", "")


def _check(value: Any, type: edm.Type, place: str, name: str) -> None:
    if isinstance(type, edm.CollectionType) and isinstance(value, list):
        for item in value:
            if item is not None:
                _check(item, type.element, place, name)
    elif isinstance(type, StructuredType) and isinstance(value, dict):
        place = f"{place}{name}/" if name else place
        for member in type.members.values():
            inner = value.get(member.attribute)
            if inner is not None:
                _check(inner, member.type, place, member.name)
            elif not member.nullable:
                raise DataError(f"{place}{member.name} is null, which the model does not allow")
    elif not _fits(value, type):
        raise DataError(f"{place}{name} holds {shorten(repr(value))}, which is no {type.name}")


def _fits(value: Any, type: edm.Type) -> bool:
    kind = value.__class__
    if isinstance(type, edm.EnumType):
        return kind is int or (kind is str and type.value(value) is not None)
    if type.name not in _HELD:
        return kind in (str, dict) and _is_readable(value, type)
    if kind in (int, float):
        low, high = edm.RANGES.get(type.name, (-sys.float_info.max, sys.float_info.max))
        return kind in _HELD[type.name] and low <= value <= high
    return kind in _HELD[type.name] and (type is not edm.DECIMAL or _NUMBER.fullmatch(value) is not None)
