"""Literals and values: the text of a query to Python's values, and back.

The values are what every backend binds: str, bool, int, Decimal, float, datetime (aware), date, time,
timedelta, UUID, bytes, an enumeration's int, and Geo.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from .. import edm
from ..problems import problem

_DURATION = re.compile(
    r"(-)?P(?:([0-9]+)D)?(?:T(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+)(?:\.([0-9]+))?S)?)?", re.I | re.A
)
_TIME = re.compile(r"([0-9]{2}:[0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?", re.A)


class OutOfRange(ValueError):
    """A literal that has its type's form, but no value; a message of the catalogue says why."""

    def __init__(self, message: str = "literal-out-of-range", **values: Any) -> None:
        super().__init__(message)
        self.message, self.values = message, values

    def __str__(self) -> str:
        return problem(self.message, **self.values).message


def _date(text: str) -> dt.date:
    year, month, day = text.rsplit("-", 2)
    if len(year) > 4 or year == "0000":
        raise OutOfRange("literal-out-of-range.year")
    try:
        return dt.date(int(year), int(month), int(day))
    except ValueError:
        raise OutOfRange("literal-out-of-range.day", day=int(day), month=f"{year}-{month}") from None


def _time(text: str) -> dt.time:
    match = _TIME.fullmatch(text)
    if match is None:
        raise OutOfRange("literal-out-of-range.time")
    minutes, seconds, fraction = match.groups("0")
    if seconds == "60":
        raise OutOfRange("literal-out-of-range.leap-second")
    if fraction[6:].strip("0"):
        raise OutOfRange("literal-out-of-range.fraction")
    return dt.time(int(minutes[:2]), int(minutes[3:]), int(seconds), int(fraction[:6].ljust(6, "0")))


def _date_time_offset(text: str, zone: dt.tzinfo) -> dt.datetime:
    date, _, clock = text.upper().partition("T")
    offset = clock[-6:]
    if clock.endswith("Z"):
        clock, zone = clock[:-1], dt.UTC
    elif offset[0] in "+-":
        minutes = int(offset[1:3]) * 60 + int(offset[4:])
        clock = clock[:-6]
        zone = dt.timezone(dt.timedelta(minutes=-minutes if offset[0] == "-" else minutes))
    moment = dt.datetime.combine(_date(date), _time(clock), zone)
    try:
        moment.astimezone(dt.UTC)
    except OverflowError:
        raise OutOfRange("literal-out-of-range.moment") from None
    return moment


def midnight(date: dt.date, zone: dt.tzinfo) -> dt.datetime:
    """The moment at which a date begins in a zone; the first moment, if that is before it."""
    moment = dt.datetime.combine(date, dt.time(), zone)
    try:
        moment.astimezone(dt.UTC)
    except OverflowError:
        return dt.datetime.min.replace(tzinfo=dt.UTC)
    return moment


def _duration(text: str) -> dt.timedelta:
    match = _DURATION.fullmatch(text)
    if match is None:
        raise OutOfRange("literal-out-of-range.duration")
    sign, days, hours, minutes, seconds, fraction = match.groups("0")
    if fraction[6:].strip("0"):
        raise OutOfRange("literal-out-of-range.duration-fraction")
    if max(map(len, (days, hours, minutes, seconds))) > 18:
        raise OutOfRange("literal-out-of-range.duration-long")
    try:
        length = dt.timedelta(
            days=int(days),
            hours=int(hours),
            minutes=int(minutes),
            seconds=int(seconds),
            microseconds=int(fraction[:6].ljust(6, "0")),
        )
        return -length if sign == "-" else length
    except OverflowError:
        raise OutOfRange("literal-out-of-range.duration-long") from None


def _binary(text: str) -> bytes:
    import base64

    return base64.urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))


def _guid(text: str) -> Any:
    import uuid

    return uuid.UUID(text)


def _geo(text: str) -> Any:
    from . import wkt as geo

    return geo.parse(text)


_INTEGER = re.compile(r"[+-]?[0-9]{1,38}")
_FORMS: Mapping[str, re.Pattern[str]] = {
    **dict.fromkeys(edm.INTEGERS, _INTEGER),
    edm.BINARY.name: re.compile(r"[A-Za-z0-9_-]*={0,2}"),
    edm.BOOLEAN.name: re.compile(r"true|false", re.I),
    edm.DATE.name: re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    edm.DATE_TIME_OFFSET.name: re.compile(
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,12})?)?(Z|[+-][0-9]{2}:[0-9]{2})?",
        re.I,
    ),
    edm.DECIMAL.name: re.compile(r"[+-]?[0-9]{1,38}(\.[0-9]{1,38})?"),
    edm.DOUBLE.name: re.compile(r"[+-]?[0-9]{1,400}(\.[0-9]{1,400})?(e[+-]?[0-9]{1,4})?|-?INF|NaN", re.I),
    edm.DURATION.name: _DURATION,
    edm.GUID.name: re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I),
    edm.TIME_OF_DAY.name: _TIME,
}


def from_text(text: str, type: edm.Type, zone: dt.tzinfo = dt.UTC) -> Any:
    """The value of a text that is a literal of a type: `2024-01-31` as Edm.Date. Raises OutOfRange."""
    name = edm.DOUBLE.name if type.name == edm.SINGLE.name else type.name
    form = _FORMS.get(name)
    if form is None or not form.fullmatch(text):
        raise OutOfRange(type=type.name)
    if name in edm.INTEGERS:
        return int(text)
    if name == edm.DECIMAL.name:
        return Decimal(text)
    if name == edm.DOUBLE.name:
        return float(text)
    return text.lower() == "true" if name == edm.BOOLEAN.name else read(text, type, zone)


_READ: Mapping[str, Callable[[str], Any]] = {
    edm.BINARY.name: _binary,
    edm.DATE.name: _date,
    edm.DURATION.name: _duration,
    edm.GUID.name: _guid,
    edm.TIME_OF_DAY.name: _time,
}


def read(text: str, type: edm.Type, zone: dt.tzinfo = dt.UTC) -> Any:
    """The value of a literal's text (without prefix and quotes): `P1D` of Edm.Duration -> one day.

    zone is that of a DateTimeOffset without an offset. Raises OutOfRange (of a text that the parser took).
    """
    name = type.name
    if name == edm.DATE_TIME_OFFSET.name:
        return _date_time_offset(text, zone)
    if name in _READ:
        return _READ[name](text)
    return _geo(text)


def _write_double(value: float) -> str:
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "INF" if value > 0 else "-INF"
    text = repr(value)
    return text if "e" in text else f"{text}e0"


def _write_decimal(value: Decimal) -> str:
    text = format(value, "f")
    is_long = not -(2**63) <= value < 2**63
    return text if "." in text or is_long else f"{text}.0"


def _write_date_time_offset(value: dt.datetime) -> str:
    offset = value.utcoffset() or dt.timedelta()
    seconds = dt.timedelta(seconds=offset.seconds % 60)
    if seconds:  # an old local time; literals have offsets of whole minutes
        try:
            by = dt.timedelta(minutes=1) - seconds
            clock = value.replace(tzinfo=None) + by
        except OverflowError:
            by = -seconds
            clock = value.replace(tzinfo=None) + by
        value = clock.replace(tzinfo=dt.timezone(offset + by))
    return value.isoformat().replace("+00:00", "Z")


def _write_duration(value: dt.timedelta) -> str:
    sign = "-" if value < dt.timedelta() else ""
    value = abs(value)
    text = f"{sign}P{value.days}D"
    if value.seconds or value.microseconds:
        fraction = f".{value.microseconds:06}".rstrip("0") if value.microseconds else ""
        text += f"T{value.seconds}{fraction}S"
    return text


def _write_binary(value: bytes) -> str:
    import base64

    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def _write_geo(value: Any) -> str:
    from . import wkt as geo

    return geo.unparse(value)


_WRITE: Mapping[str, Callable[[Any], str]] = {
    edm.BINARY.name: _write_binary,
    edm.BOOLEAN.name: lambda value: "true" if value else "false",
    edm.DATE.name: dt.date.isoformat,
    edm.DATE_TIME_OFFSET.name: _write_date_time_offset,
    edm.DECIMAL.name: _write_decimal,
    edm.DOUBLE.name: _write_double,
    edm.DURATION.name: _write_duration,
    edm.GUID.name: str,
    edm.NULL.name: lambda value: "null",
    edm.SINGLE.name: _write_double,
    edm.TIME_OF_DAY.name: dt.time.isoformat,
    **dict.fromkeys(edm.INTEGERS, str),
}


def write(value: Any, type: edm.Type) -> str:
    """The literal of a value, or of the text that a literal keeps until validation."""
    name = type.name
    if value is None:
        return "null"
    if name == edm.STRING.name:
        return quote(value)
    if isinstance(type, edm.EnumType):
        text = type.text(value)
        return f"{name}'{text}'" if "." in name else quote(text)
    if not isinstance(type, edm.PrimitiveType):
        return f"{name}'{value}'"
    text = value if isinstance(value, str) else _WRITE.get(name, _write_geo)(value)
    if name.startswith(("Edm.Geo", edm.DURATION.name, edm.BINARY.name)):
        prefix = "geography" if "Geog" in name else "geometry" if "Geom" in name else name[4:].lower()
        return f"{prefix}'{text}'"
    return text


def quote(text: str) -> str:
    """`O'Neil` -> `'O''Neil'`."""
    return "'" + text.replace("'", "''") + "'"
