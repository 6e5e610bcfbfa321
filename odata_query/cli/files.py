"""Files of rows and models: read JSON, JSON Lines and CSV, infer types, compare rows with a model."""

from __future__ import annotations

import contextlib
import datetime as dt
import math
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, partial
from typing import Any, BinaryIO, TypeVar

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
from .formats import DataError, Format, Row, RowReader, decoded, read_json

T = TypeVar("T")

LARGE_FILE = 10_000_000
"""Bytes from which work on a file shows its progress."""
FORMATS = {".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv"}


class Data:
    """The rows of a file, which is read again each time, with their entity type.

    names     the names that any row has, in the order of the file
    left_out  the columns that are not part of an inferred type, each with the reason
    """

    def __init__(self, stream: BinaryIO, form: Format, entity_type: EntityType | None) -> None:
        """Read the whole file, to compare the rows with the model or infer one. Raises DataError."""
        self.stream, self.entity_type = stream, entity_type
        self.read = RowReader(stream, form)
        self.size = stream.seek(0, os.SEEK_END)
        self.names: dict[str, None] = {}
        self.left_out: dict[str, str] = {}
        is_csv = form.name == "csv"
        self.value_of: Callable[[Row], Row] = lambda row: row
        if is_csv and entity_type is not None:
            members = entity_type.members.values()
            self.value_of = converter({m.attribute: _FORMS.get(m.type.name) for m in members})
        columns = Columns(_TextColumn if is_csv else _Column)
        for number, original in enumerate(self.originals("Reading..."), 1):
            self.names.update(dict.fromkeys(original))
            if entity_type is not None:
                _check(self.value_of(original), entity_type, f"row {number}: ", "")
            else:
                columns.add(original)
        if entity_type is None and columns.rows:
            self.entity_type, self.left_out = columns.entity_type()
            if is_csv:
                self.value_of = converter({name: column.form for name, column in columns.items()})

    def originals(self, label: str) -> Iterator[Row]:
        """Yield the rows as the file has them: fields of CSV are texts. The label is of their progress."""
        return followed(self.read.rows(), label, self.size, self.size, self.stream.tell)


def load_model(file: str) -> EntityType:
    """Read a file with a model in JSON. Raises DataError."""
    with opened(file) as stream, named(file):
        return read_model(read_json("".join(decoded(stream, "utf-8"))))


@contextlib.contextmanager
def opened(file: str) -> Iterator[BinaryIO]:
    """Open a file or standard input to be read twice: a pipe is copied. Raises DataError."""
    with contextlib.ExitStack() as stack:
        with named(file):
            if file == "-" and sys.stdin is None:
                raise DataError("it is closed")
            stream = sys.stdin.buffer if file == "-" else stack.enter_context(open(file, "rb"))
            if file == "-" or not stream.seekable():
                copy = stack.enter_context(tempfile.TemporaryFile())
                shutil.copyfileobj(stream, copy)
                copy.seek(0)
                stream = copy
        yield stream


@contextlib.contextmanager
def named(file: str) -> Iterator[None]:
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


# ---- progress ------------------------------------------------------------------------------------


@contextlib.contextmanager
def shown(label: str, size: int, total: float | None = None) -> Iterator[Callable[[int], None] | None]:
    """Show progress on a terminal; give the function that takes what is done, or None if nothing is shown.

    label  the work, such as `Reading...`; empty to show nothing
    size   the bytes of the file; the work on small ones is not shown
    total  the bytes or rows that will be done; None if that is not known
    """
    console = Console(stderr=True)
    if not label or size <= LARGE_FILE or not console.is_terminal:
        yield None
        return
    bars = rich.progress.Progress(
        console=console, transient=True, redirect_stdout=False, redirect_stderr=False
    )
    with bars:
        task = bars.add_task(label, total=total)
        bars.refresh()
        yield lambda done: bars.update(task, completed=done)


def followed(
    rows: Iterable[T], label: str, size: int, total: int, done: Callable[[], int] | None = None
) -> Iterator[T]:
    """Yield rows and show how far they are: as `done` says, or by their number."""
    with shown(label, size, total) as update:
        for number, row in enumerate(rows):
            if update is not None and number % 1000 == 0:
                update(number if done is None else done())
            yield row


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


class _Column:
    """The common form of the values of a column, collected one by one."""

    def __init__(self) -> None:
        self.count = 0
        """Values that are not null."""
        self.distinct: set[Any] | None = None
        """The values, as long as they differ; None where that does not matter."""
        self.kinds: set[type] = set()
        self.texts = list(_TEXTS)
        """Types that all texts look like."""
        self.largest = 0
        self.members: Columns | None = None
        self.items: _Column | None = None

    def add(self, value: Any) -> None:
        if value is None:
            return
        self.count += 1
        kind = value.__class__
        if kind not in self.kinds:
            self.kinds.add(kind)
        if kind is str:
            if self.texts:
                self.texts = [t for t in self.texts if _TEXTS[t].fullmatch(value) and _is_readable(value, t)]
        elif kind is int:
            self.largest = max(self.largest, abs(value))
        elif kind is dict:
            self.distinct = None
            self.members = self.members or Columns()
            self.members.add(value)
        elif kind is list:
            self.distinct = None
            self.items = self.items or _Column()
            for item in value:
                self.items.add(item)
        if self.distinct is not None:
            self.distinct.add(value)
            if len(self.distinct) < self.count:
                self.distinct = None

    def is_key(self, rows: int) -> bool:
        return self.count == rows and self.distinct is not None

    def type(self, name: str, left_out: dict[str, str]) -> edm.Type:
        """Infer the type of the values."""
        kinds = self.kinds
        if kinds <= {str}:
            return self.texts[0] if kinds and self.texts else edm.STRING
        if kinds == {bool}:
            return edm.BOOLEAN
        if self.members is not None and kinds == {dict}:
            return ComplexType(name, self.members.properties(name, left_out))
        if self.items is not None and kinds == {list}:
            if list in self.items.kinds:
                raise DataError("lists in lists")
            return edm.collection(self.items.type(name, left_out))
        if not kinds <= {int, float}:
            raise DataError(" and ".join(sorted(kind.__name__ for kind in kinds)))
        if self.largest >= 10**38:
            raise DataError("over 38 digits")
        return edm.DOUBLE if float in kinds else edm.INT64 if self.largest < 2**63 else edm.DECIMAL


class Columns(dict[str, Any]):
    """The columns of rows, which can differ in their keys."""

    def __init__(self, make: type[_Column] = _Column) -> None:
        super().__init__()
        self.make = make
        self.rows = 0

    def add(self, row: Row) -> None:
        self.rows += 1
        for name, value in row.items():
            column = self.get(name)
            if column is None:
                column = self[name] = self.make()
                if name.strip().lower() == "id":
                    column.distinct = set()
            column.add(value)

    def entity_type(self) -> tuple[EntityType, dict[str, str]]:
        """Infer the entity type of the rows, and return the columns that are left out, each with the reason.

        Every property is nullable, except a key: the first property called `id`, in any case, with a
        different value in each row. A column without values is an Edm.String. A name with spaces gets `_` in
        their place. Columns that a query could not name and columns of several types are left out: with texts
        among numbers every comparison would be a guess.
        """
        left_out: dict[str, str] = {}
        properties = self.properties("Row", left_out)
        for name, prop in properties.items():
            column = self[prop.attribute or name]
            if isinstance(prop.type, edm.PrimitiveType) and column.is_key(self.rows):
                properties[name] = Property(prop.type, nullable=False, key=True, attribute=prop.attribute)
                break
        return EntityType("Row", properties), left_out

    def properties(self, owner: str, left_out: dict[str, str]) -> dict[str, Property]:
        found: dict[str, Property] = {}
        for name, column in self.items():
            own = name
            if re.search(r"\s", name):
                own = re.sub(r"\W+", "_", name).strip("_") or name
                while own in self or own in found:
                    own += "_"
            try:
                if not _is_name(own):
                    raise DataError("not a name in OData")
                attribute = None if own == name else name
                found[own] = Property(column.type(f"{owner}.{own}", left_out), attribute=attribute)
            except DataError as error:
                left_out[f"{owner}.{name}".partition(".")[2]] = str(error)
        return found


def renamed(type: StructuredType, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the names of columns that a query writes in another way, each with its path there."""
    for member in type.members.values():
        inner = edm.element_of(member.type)
        if member.attribute != member.name:
            yield member.attribute, path + member.name
        if isinstance(inner, StructuredType):
            yield from renamed(inner, f"{path}{member.name}/")


def _is_name(name: str) -> bool:
    return name.isidentifier() and can_be_named(name)


_reader_in_utc = lru_cache(partial(reader, zone=dt.UTC))


def _is_readable(value: object, type: edm.Type) -> bool:
    """True if a row can hold the value for a property of the type; `2024-02-31` is not an Edm.Date."""
    read = _reader_in_utc(type)
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


class _TextColumn(_Column):
    """A column of CSV: numbers or flags if all of its texts are, else texts. An empty field is null."""

    def __init__(self) -> None:
        super().__init__()
        self.possible = [_FLAG, _ANY_NUMBER]
        self.numbers = _Column()

    def add(self, value: Any) -> None:
        if not value:
            return
        if self.possible:
            forms = [(form, read) for form, read in self.possible if form.fullmatch(value)]
            self.possible = [(form, read) for form, read in forms if math.isfinite(read(value))]
            if _ANY_NUMBER in self.possible:
                self.numbers.add(_ANY_NUMBER[1](value))
        super().add(value)

    @property
    def form(self) -> Form | None:
        """The form of all texts; None if they stay texts."""
        return self.possible[0] if self.possible and self.count else None

    def is_key(self, rows: int) -> bool:
        if not super().is_key(rows) or self.distinct is None:
            return False
        read = self.form[1] if self.form else str
        return len(set(map(read, self.distinct))) == rows

    def type(self, name: str, left_out: dict[str, str]) -> edm.Type:
        if self.form == _ANY_NUMBER:
            return self.numbers.type(name, left_out)
        return edm.BOOLEAN if self.form == _FLAG else super().type(name, left_out)


def converter(forms: dict[str, Form | None]) -> Callable[[Row], Row]:
    """Return a function that converts the texts of a row of CSV, and empty fields to null.

    A field that cannot be converted stays a text, which is then reported.
    """

    def value(name: str, text: str) -> Any:
        form = forms.get(name)
        return form[1](text) if form is not None and form[0].fullmatch(text) else text or None

    return lambda row: {name: value(name, text) for name, text in row.items()}


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


def write_model(type: StructuredType) -> dict[str, Any]:
    """Write an inferred model as `read_model` reads it."""
    return {"name": type.name, "properties": {m.name: _written(m.property) for m in type.members.values()}}


def _written(prop: Property) -> str | dict[str, Any]:
    type: Any = prop.type
    element = getattr(type, "element", type)
    found: dict[str, Any] = {"type": type.name}
    if isinstance(element, StructuredType):
        found = {"properties": write_model(element)["properties"]}
        if element is not type:
            found["collection"] = True
    if prop.key:
        found |= {"nullable": False, "key": True}
    if prop.attribute:
        found["attribute"] = prop.attribute
    return type.name if found == {"type": type.name} else found


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
