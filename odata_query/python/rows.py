"""Read the values of rows as values of their properties' types: lenient in form, strict in meaning."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import operator
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from .. import edm
from ..language import literals
from ..model.properties import Member, srid_of
from ..problems import ConfigurationError

Read = Callable[[Any], Any]
_NO_RELATED_ROW = "RelatedObjectDoesNotExist"
"""The error of Django, an AttributeError, for the other side of a one-to-one relation without a row."""


def fetch(row: Any, name: str) -> Any:
    """Get a property of a row: a mapping's item, null if it is missing, or an object's attribute."""
    if row is None:
        return None
    if isinstance(row, Mapping):
        return row.get(name)
    try:
        return getattr(row, name)
    except AttributeError as error:
        if type(error).__name__ == _NO_RELATED_ROW:
            return None
        raise ConfigurationError(f"{type(row).__name__} has no attribute {name!r}") from None


def listed(items: Any) -> Any:
    """The rows of a relation that an ORM reads when asked, each once; other items as they are.

    `image.tags` of Django is a manager, and of SQLAlchemy with `lazy="dynamic"` a query. Rows that were
    prefetched take no query of the database. SQLAlchemy can also keep them in a dictionary, by a key.
    """
    if items is None or type(items) is list:
        return items
    if hasattr(items, "_sa_adapter") and isinstance(items, Mapping):
        return list(items.values())
    if hasattr(items, "__len__") or not callable(getattr(items, "all", None)):
        return items
    rows = list(items.all())
    try:
        return list(dict.fromkeys(rows))  # a link table can hold a pair twice
    except TypeError:  # rows that compare by value have no hash
        return rows


def reader_of(member: Member, zone: dt.tzinfo) -> Read | None:
    """Return the function that reads a property: its own `read`, then the `reader` of its type."""
    read, read_type = member.property.read, reader(member.type, zone, srid_of(member))
    if read is None:
        return read_type
    is_collection = isinstance(member.type, edm.CollectionType)

    def read_own(value: Any) -> Any:
        if value is not None:
            value = list(map(read, listed(value))) if is_collection else read(value)
        return value if read_type is None else read_type(value)

    return read_own


def reader(type: edm.Type, zone: dt.tzinfo, srid: int | None = None) -> Read | None:
    """Return the function that reads values of a type; None if values are used unread.

    Dates, times, durations and guids can be texts, as in JSON; decimals can be any numbers, and a Single is
    the nearest one to any number; members of enumerations can be Python's, names or numbers. A date and a
    moment convert to each other, a moment without an offset is one in `zone` and all have a fixed offset, and
    a time of day loses its offset.
    The function raises ConfigurationError for a value of another type.
    """
    if type.name in _UNREAD:
        return None
    if isinstance(type, edm.CollectionType):
        return _reader_of_collection(type, zone, srid)
    read, ready = _READERS.get(type.name, (None, None))
    if isinstance(type, edm.EnumType):
        read, ready = _reader_of_enum(type), int
    elif type.name == edm.DATE_TIME_OFFSET.name:
        read = _reader_of_moments(zone)
    elif type.name.startswith("Edm.Geo"):
        read = _reader_of_geo(type.name.startswith("Edm.Geog"), srid)
    if read is None:
        return None
    read_value = read

    def read_checked(value: Any) -> Any:
        if value is None or value.__class__ is ready:
            return value
        try:
            return read_value(value)
        except (ArithmeticError, ValueError, TypeError, AttributeError) as error:
            raise ConfigurationError(f"{value!r:.200} in a row is not a valid {type.name}: {error}") from None

    return read_checked


def _reader_of_collection(type: edm.CollectionType, zone: dt.tzinfo, srid: int | None) -> Read:
    read = reader(type.element, zone, srid)

    def read_items(items: Any) -> Any:
        items = listed(items)
        if isinstance(items, str | bytes | Mapping):
            raise ConfigurationError(f"{items!r:.200} in a row is not a valid {type.name}")
        if items is None:
            return ()
        return items if read is None else [read(item) for item in items]

    return read_items


def _reader_of_enum(type: edm.EnumType) -> Read:
    def read(value: Any) -> Any:
        if isinstance(value, enum.Enum):
            given, value = value._value_, value._name_  # faster than the properties
            if isinstance(given, str) and given in type.members:
                return type.members[given]
            if isinstance(given, int) and value not in type.members:
                return given
        if not isinstance(value, str):
            return operator.index(value)
        found = type.value(value if value in type.members else value.replace(", ", ","))
        if found is None:
            raise ValueError("the enumeration has no such member")
        return found

    return read


def _reader_of_moments(zone: dt.tzinfo) -> Read:
    def read(value: Any) -> Any:
        if isinstance(value, str):
            value = _moment(value)
        if not isinstance(value, dt.datetime):
            value = dt.datetime.combine(value, dt.time())
        return literals.instant(value, zone)

    return read


def _moment(text: str) -> dt.datetime:
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        return dt.datetime.fromisoformat(text.upper())  # RFC 3339 allows a small t and z


def _read_decimal(value: Any) -> Any:
    if type(value) is not decimal.Decimal:
        value = decimal.Decimal(value if isinstance(value, int | str) else str(value))
    if not value.is_finite():
        raise ValueError("it is not finite")
    return value


def _read_single(value: Any) -> float:
    if isinstance(value, str | bytes | bytearray):
        raise TypeError("it is not a number")
    return edm.single(float(value))


def _read_date(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            value = _moment(value)
    return value.date() if isinstance(value, dt.datetime) else _instance(value, dt.date)


def _read_time(value: Any) -> Any:
    if value.__class__ is dt.time and value.tzinfo is None:
        return value
    if isinstance(value, str):
        value = dt.time.fromisoformat(value.upper())
    if isinstance(value, dt.timedelta) and not value.days:  # drivers of MySQL return these
        value = dt.datetime.min + value
    if isinstance(value, dt.datetime):
        return value.time()
    return _instance(value, dt.time).replace(tzinfo=None)


def _read_duration(value: Any) -> Any:
    return +literals.read(value, edm.DURATION) if isinstance(value, str) else _instance(value, dt.timedelta)


def _read_guid(value: Any) -> Any:
    if isinstance(value, bytes | bytearray | memoryview):
        return uuid.UUID(bytes=bytes(value))
    return uuid.UUID(value) if isinstance(value, str) else _instance(value, uuid.UUID)


def _reader_of_geo(is_geography: bool, srid: int | None) -> Read:
    from ..language.wkt import from_data  # few models need it

    return lambda value: from_data(value, is_geography=is_geography, srid=srid)


def _instance(value: Any, type: Any) -> Any:
    if isinstance(value, type):
        return value
    raise TypeError(f"it is of type {value.__class__.__name__}")


_READERS: Mapping[str, tuple[Read, Any]] = {
    edm.DATE.name: (_read_date, dt.date),
    edm.DECIMAL.name: (_read_decimal, None),
    edm.DURATION.name: (_read_duration, dt.timedelta),
    edm.GUID.name: (_read_guid, uuid.UUID),
    edm.SINGLE.name: (_read_single, None),
    edm.TIME_OF_DAY.name: (_read_time, None),
}
"""For each type the function that reads a value, and the class whose values are used unread."""
_UNREAD = frozenset((edm.STRING.name, edm.BOOLEAN.name, *edm.INTEGERS))
