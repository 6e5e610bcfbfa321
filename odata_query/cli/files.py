"""Files of rows and models: read JSON, JSON Lines and CSV, infer types, compare rows with a model."""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import json
import math
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, BinaryIO, NamedTuple

import click
import rich.progress
from rich.console import Console

from .. import edm
from ..language.literals import DATE, DATE_TIME, GUID
from ..language.parser import can_be_named
from ..model.entity import EntityType
from ..model.properties import ComplexType, Property, StructuredType
from ..problems import ConfigurationError, shorten
from ..python.rows import reader

Row = dict[str, Any]

LARGE_FILE = 10_000_000
"""Bytes from which reading a file shows its progress."""
FORMATS = {".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv"}
_MOST_DIGITS = 4300
"""Digits that Python converts to an integer."""


class DataError(ValueError):
    """Rows or a model that cannot be used; the message names the place."""


class Data(NamedTuple):
    """The rows of a file, as values and as the file has them, with their entity type.

    `left_out` has the columns that are not part of an inferred type, each with the reason.
    """

    entity_type: EntityType | None
    rows: Sequence[Row]
    originals: Sequence[Row]
    left_out: dict[str, str]


def load_rows(file: str, form: str, entity_type: EntityType | None) -> Data:
    """Read a file of rows, and compare them with the model or infer one. Raises DataError."""
    with _named(file), _opened(file) as stream:
        originals = list(_csv_rows(_lines(stream)) if form == "csv" else _rows(_lines(stream), form))
        rows = from_texts(originals, entity_type) if form == "csv" else originals
        left_out: dict[str, str] = {}
        if entity_type is not None:
            for number, row in enumerate(rows, 1):
                _check(row, entity_type, f"row {number}: ", "")
        elif rows:
            entity_type, left_out = infer(rows)
        return Data(entity_type, rows, originals, left_out)


def load_model(file: str) -> EntityType:
    """Read a file with a model in JSON. Raises DataError."""
    with _named(file), _opened(file) as stream:
        return read_model(_json("".join(_lines(stream))))


# ---- reading -------------------------------------------------------------------------------------


@contextlib.contextmanager
def _named(file: str) -> Iterator[None]:
    """Add the name of the file to errors."""
    name = "standard input" if file == "-" else click.format_filename(file)
    try:
        yield
    except OSError as error:
        raise DataError(f"{name}: {error.strerror or error}") from None
    except DataError as error:
        raise DataError(f"{name}: {error}") from None
    except RecursionError:
        raise DataError(f"{name}: the data nests too deeply") from None


def _opened(file: str) -> contextlib.AbstractContextManager[BinaryIO]:
    if file == "-":
        if sys.stdin is None:
            raise DataError("it is closed")
        return contextlib.nullcontext(sys.stdin.buffer)
    console = Console(stderr=True)
    if console.is_terminal and os.stat(file).st_size > LARGE_FILE:
        return rich.progress.open(file, "rb", console=console, transient=True)
    return open(file, "rb")


def _lines(stream: Iterable[bytes]) -> Iterator[str]:
    for number, line in enumerate(stream, 1):
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise DataError(f"line {number}, byte {error.start + 1} is not UTF-8") from None


def _rows(lines: Iterable[str], form: str) -> Iterator[Row]:
    if form == "json":
        found = ((f"row {number}", row) for number, row in enumerate(_array(_json("".join(lines))), 1))
    else:
        numbered = ((number, line) for number, line in enumerate(lines, 1) if line.strip())
        found = ((f"line {number}", _json(line, number)) for number, line in numbered)
    for place, row in found:
        if not isinstance(row, dict):
            raise DataError(f"{place} is not an object")
        yield row


def _csv_rows(lines: Iterable[str]) -> Iterator[Row]:
    reader = csv.reader(lines, strict=True)
    try:
        header = next(reader, [])
        if len(set(header)) < len(header):
            twice = next(name for name in header if header.count(name) > 1)
            raise DataError(f"two columns are called {shorten(repr(twice))}")
        for fields in reader:
            if len(fields) > len(header):
                raise DataError(f"line {reader.line_num} has {len(fields)} fields for {len(header)} columns")
            if fields:
                yield dict(zip(header, fields + [""] * (len(header) - len(fields)), strict=True))
    except csv.Error as error:
        raise DataError(f"line {reader.line_num}: {error}") from None


def _array(data: Any) -> list[Any]:
    """Return the rows of `[...]`, or of an object with one array: `{"@odata.count": 7, "value": [...]}`."""
    if isinstance(data, dict):
        arrays = {name: value for name, value in data.items() if isinstance(value, list)}
        if len(arrays) != 1 and "value" not in arrays:
            raise DataError(f"expected an object with one array, found {len(arrays)} arrays")
        data = arrays.get("value", next(iter(arrays.values())))
    if not isinstance(data, list):
        raise DataError("expected an array of objects")
    return data


def _json(text: str, line: int | None = None) -> Any:
    try:
        return json.loads(text, parse_constant=_number, parse_float=_number, parse_int=_number)
    except json.JSONDecodeError as error:
        raise DataError(f"line {line or error.lineno}, column {error.colno}: {error.msg}") from None
    except DataError as error:
        raise DataError(f"line {line}: {error}" if line else str(error)) from None


def _number(text: str) -> int | float:
    """Convert a number of JSON. NaN and infinities are not JSON, and Python bounds the digits."""
    is_whole = text.lstrip("-").isdigit()
    if len(text) > _MOST_DIGITS or not (is_whole or math.isfinite(float(text))):
        raise DataError(f"cannot read the number {shorten(text)}")
    return int(text) if is_whole else float(text)


# ---- inferred types ------------------------------------------------------------------------------

# "007" is not meant as a number; Edm.Decimal holds 38 digits.
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,37})")
_NUMBER = re.compile(rf"{_INTEGER.pattern}(\.[0-9]+)?([eE][+-]?[0-9]{{1,3}})?")
_TEXTS = {
    edm.DATE: DATE,
    # Databases write a blank where literals have a T.
    edm.DATE_TIME_OFFSET: re.compile(DATE_TIME.pattern.replace("[Tt]", "[Tt ]")),
    edm.GUID: GUID,
}
"""Types of a column whose texts all look like this."""


def infer(rows: Sequence[Row]) -> tuple[EntityType, dict[str, str]]:
    """Infer the entity type of rows, and return the columns that are left out, each with the reason.

    Every property is nullable, except a key: the first property called `id`, in any case, with a different
    value in each row. A column without values is an Edm.String. Columns that a query could not name and
    columns of several types are left out: with texts among numbers every comparison would be a guess.
    """
    left_out: dict[str, str] = {}
    columns = _columns(rows)
    properties = _properties(columns, "Row", left_out)
    for name, prop in properties.items():
        is_id = name.lower() == "id" and isinstance(prop.type, edm.PrimitiveType)
        if is_id and None not in columns[name] and len(set(columns[name])) == len(rows):
            properties[name] = Property(prop.type, nullable=False, key=True)
            break
    return EntityType("Row", properties), left_out


def _columns(rows: Sequence[Row]) -> dict[str, list[Any]]:
    """Collect the values of each column in one pass: rows can differ in their keys."""
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
            if not _is_name(name):
                raise DataError("not a name in OData")
            found[name] = Property(_type([v for v in values if v is not None], place, left_out))
        except DataError as error:
            left_out[place.partition(".")[2]] = str(error)
    return found


def _is_name(name: str) -> bool:
    return name.isidentifier() and can_be_named(name)


def _type(values: Sequence[Any], name: str, left_out: dict[str, str]) -> edm.Type:
    """Infer the type of values, none of them null."""
    kinds = set(map(type, values))
    if kinds <= {str}:
        fits = (
            type for type, form in _TEXTS.items()
            if values and all(form.fullmatch(v) and _is_readable(v, type) for v in values)
        )  # fmt: skip
        return next(fits, edm.STRING)
    if kinds == {bool}:
        return edm.BOOLEAN
    if kinds == {dict}:
        return ComplexType(name, _properties(_columns(values), name, left_out))
    if kinds == {list}:
        items = [item for value in values for item in value if item is not None]
        if list in map(type, items):
            raise DataError("lists in lists")
        return edm.collection(_type(items, name, left_out))
    if not kinds <= {int, float}:
        raise DataError(" and ".join(sorted(kind.__name__ for kind in kinds)))
    largest = max((abs(value) for value in values if type(value) is int), default=0)
    if largest >= 10**38:
        raise DataError("over 38 digits")
    return edm.DOUBLE if float in kinds else edm.INT64 if largest < 2**63 else edm.DECIMAL


def _is_readable(value: object, type: edm.Type) -> bool:
    """True if a row can hold the value for a property of the type; `2024-02-31` is not an Edm.Date."""
    read = reader(type, dt.UTC)
    try:
        return read is not None and read(value) is not None
    except ConfigurationError:
        return False


# ---- CSV -----------------------------------------------------------------------------------------

Form = tuple[re.Pattern[str], Callable[[str], Any]]
"""The syntax of a type's texts, and the function that converts one."""
_FLAG: Form = (re.compile("true|false", re.I), lambda text: text.lower() == "true")
_ANY_NUMBER: Form = (_NUMBER, lambda text: int(text) if _INTEGER.fullmatch(text) else float(text))
_FORMS: dict[str, Form] = {
    edm.BOOLEAN.name: _FLAG,
    **dict.fromkeys(edm.INTEGERS, (_INTEGER, int)),
    **dict.fromkeys((edm.SINGLE.name, edm.DOUBLE.name), _ANY_NUMBER),
}


def from_texts(rows: Sequence[Row], entity_type: StructuredType | None = None) -> list[Row]:
    """Convert the texts of CSV to numbers and booleans, and empty fields to null.

    Without a model a column is converted if all its fields can be. With a model its types decide, and a
    field that cannot be converted stays a text, which is then reported.
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

_OPTIONS = {
    **dict.fromkeys(("nullable", "key", "filterable", "sortable", "collection"), bool),
    "attribute": str,
}
_KINDS = {bool: "true or false", str: "a text"}


def read_model(model: object) -> EntityType:
    """Read a model in JSON: `{"name": "Image", "properties": {"id": "Edm.Int32"}}`.

    A property is the name of a type, or an object with one of `type`, `enum` (names and values) and
    `properties`. It takes the options of Property: `nullable`, `key`, `filterable`, `sortable`,
    `collection` and `attribute` (its name in the rows); an enum takes `flags`. Raises DataError.
    """
    if not isinstance(model, dict) or not isinstance(model.get("name", "Row"), str):
        raise DataError("a model is an object with a name and properties")
    name = model.get("name", "Row") or "Row"
    return EntityType(name, _model_properties(model.get("properties"), name, "properties"))


def _model_properties(given: object, owner: str, place: str) -> dict[str, Property]:
    if not (isinstance(given, dict) and given):
        raise DataError(f"{place}: expected an object with a member for each property")
    for name in given:
        if not _is_name(name):
            raise DataError(f"{place}: {shorten(repr(name))} cannot be written as a name in OData")
    return {name: _model_property(prop, f"{owner}.{name}", f"{place}.{name}") for name, prop in given.items()}


def _model_property(given: Any, name: str, place: str) -> Property:
    type: str | edm.Type
    match {"type": given} if isinstance(given, str) else given:
        case {"type": str(type), **options}:
            pass
        case {"enum": dict(members), **options}:
            if not all(value.__class__ is int and abs(value) < 2**63 for value in members.values()):
                raise DataError(f"{place}.enum: the value of a member is an Edm.Int64")
            is_flags = options.pop("flags", False)
            if is_flags.__class__ is not bool:
                raise DataError(f"{place}.flags: expected true or false")
            type = edm.EnumType(name, members, is_flags)
        case {"properties": dict(members), **options}:
            type = ComplexType(name, _model_properties(members, name, f"{place}.properties"))
        case _:
            raise DataError(f"{place}: expected a type's name, or an object with a type, enum or properties")
    checked: dict[str, Any] = {}
    for label, value in options.items():
        if not isinstance(label, str) or label not in _OPTIONS:
            raise DataError(f"{place}: unknown {shorten(repr(label))}, expected {', '.join(_OPTIONS)}")
        if value.__class__ is not _OPTIONS[label]:
            raise DataError(f"{place}.{label}: expected {_KINDS[_OPTIONS[label]]}")
        checked[label] = value
    try:
        return Property(edm.type_named(type) if isinstance(type, str) else type, **checked)
    except ConfigurationError as error:
        raise DataError(f"{place}: {error}") from None


# ---- rows and their model ------------------------------------------------------------------------

_CLASSES: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(edm.RANGES, (int,)),
    edm.BOOLEAN.name: (bool,),
    **dict.fromkeys((edm.STRING.name, edm.BINARY.name), (str,)),
    **dict.fromkeys((edm.SINGLE.name, edm.DOUBLE.name), (int, float)),
    edm.DECIMAL.name: (int, float, str),
}
"""Classes of the values of types that rows do not hold as texts."""


def _check(value: Any, type: edm.Type, place: str, name: str) -> None:
    """Raise DataError for the first value that is not of its type."""
    if isinstance(type, edm.CollectionType) and isinstance(value, list):
        for item in (item for item in value if item is not None):
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
        raise DataError(f"{place}{name} is {shorten(repr(value))}, not a value of {type.name}")


def _fits(value: Any, type: edm.Type) -> bool:
    kind = value.__class__
    if isinstance(type, edm.EnumType):
        return kind is int or (kind is str and type.value(value) is not None)
    if type.name not in _CLASSES:
        return kind in (str, dict) and _is_readable(value, type)
    if kind in (int, float):
        low, high = edm.RANGES.get(type.name, (-sys.float_info.max, sys.float_info.max))
        return kind in _CLASSES[type.name] and low <= value <= high
    return kind in _CLASSES[type.name] and (type is not edm.DECIMAL or _NUMBER.fullmatch(value) is not None)
