"""Literals to Python values, and back: `2024-01-31` is `date(2024, 1, 31)`.

Backends bind these values: str, bool, int, Decimal, float, datetime (aware), date, time, timedelta, UUID,
bytes, the int of an enumeration, and Geo.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeVar

from .. import edm
from ..problems import problem
from ._tables import TERMINALS

V = TypeVar("V")
_TERMINALS = {name: pattern for name, pattern, *_ in TERMINALS}
DATE, DATE_TIME, GUID, TIME = (re.compile(_TERMINALS[n]) for n in ("DATE", "DATE_TIME", "GUID", "TIME"))
DURATION = re.compile(
    r"(-)?P(?=[0-9T])(?:([0-9]+)D)?"
    r"(?:T(?=[0-9])(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+)(?:\.([0-9]+))?S)?)?",
    re.I | re.A,
)
BASE64 = re.compile(r"(?:[\w-]{4})*(?:[\w-]{2}[AEIMQUYcgkosw048]=?|[\w-][AQgw](?:==)?)?", re.A)
"""The text of an Edm.Binary (base64url); the last character has no bits that would be lost."""


class OutOfRange(ValueError):
    """A literal of the grammar that has no value, or none here; `message` is the id of the reason."""

    def __init__(self, message: str = "literal-out-of-range", **values: Any) -> None:
        super().__init__(message)
        self.message, self.values = message, values

    def __str__(self) -> str:
        return problem(self.message, **self.values).message


def _date(text: str) -> dt.date:
    year, month, day = text.rsplit("-", 2)
    is_beyond = len(year) > 4 or year == "0000"
    # The calendar repeats every 400 years, so the last four digits tell how long February is.
    known = (
        2000 + int(year[-4:].lstrip("-")) * (-1 if year[0] == "-" else 1) % 400 if is_beyond else int(year)
    )
    try:
        date = dt.date(known, int(month), int(day))
    except ValueError:
        raise OutOfRange("literal-out-of-range.day", day=int(day), month=f"{year}-{month}") from None
    if is_beyond:
        raise OutOfRange("unsupported-expression.year")
    return date


class FineMoment(dt.datetime):
    """A moment cut to microseconds; `rest` is what was cut off, a part of a microsecond."""

    rest = Decimal(0)


class FineTime(dt.time):
    """A time of day cut to microseconds, and the rest."""

    rest = Decimal(0)


class FineDuration(dt.timedelta):
    """A duration cut to microseconds, towards zero, and the rest, which has its sign."""

    rest = Decimal(0)


def cut(value: Any) -> Any:
    """Return the plain value of a literal between two microseconds, and any other value unchanged."""
    if not isinstance(value, FineMoment | FineTime | FineDuration):
        return value
    plain = type(value).__bases__[0]
    return plain(*value.__reduce__()[1])


def _with_rest(value: V, fine: type[V], fraction: str, sign: str = "") -> V:
    """Keep the digits of a fraction of a second that a value has no place for."""
    rest = fraction[6:].rstrip("0")
    if not rest:
        return value
    found: Any = fine(*value.__reduce__()[1])  # a copy of the subclass
    found.rest = Decimal(f"{sign}0.{rest}")
    copy: V = found
    return copy


def _time(text: str) -> dt.time:
    if not TIME.fullmatch(text):
        raise OutOfRange("literal-out-of-range.time")
    clock, _, fraction = text.partition(".")
    hour, minute, second = (*map(int, clock.split(":")), 0)[:3]
    if second == 60:
        raise OutOfRange("unsupported-expression.leap-second")
    time = dt.time(hour, minute, second, int(fraction[:6].ljust(6, "0")))
    return time if len(fraction) < 7 else _with_rest(time, FineTime, fraction)


def _date_time_offset(text: str, zone: dt.tzinfo) -> dt.datetime:
    date, _, clock = text.upper().partition("T")
    offset = clock[-6:]
    if clock.endswith("Z"):
        clock, zone = clock[:-1], dt.UTC
    elif offset[0] in "+-":
        minutes = int(offset[1:3]) * 60 + int(offset[4:])
        clock = clock[:-6]
        zone = dt.timezone(dt.timedelta(minutes=-minutes if offset[0] == "-" else minutes))
    moment = _moment(_date(date), _time(clock), zone)
    if moment is None:
        raise OutOfRange("unsupported-expression.moment")
    fraction = clock.partition(".")[2]
    return moment if len(fraction) < 7 else _with_rest(moment, FineMoment, fraction)


def _moment(date: dt.date, time: dt.time, zone: dt.tzinfo) -> dt.datetime | None:
    """Return a moment, or None if it would be before the first one in UTC, or after the last."""
    moment = instant(dt.datetime.combine(date, time), zone)
    try:
        moment.astimezone(dt.UTC)
    except OverflowError:
        return None
    return moment


def instant(value: dt.datetime, zone: dt.tzinfo = dt.UTC) -> dt.datetime:
    """Give a moment the fixed offset that its own zone has then, or `zone` if it has none.

    Python compares, adds and subtracts moments of one zone by its clock, which may be moved between them.
    """
    if value.tzinfo.__class__ is dt.timezone:
        return value
    if value.tzinfo is None and zone.__class__ is dt.timezone:
        return value.replace(tzinfo=zone)
    offset = value.utcoffset()
    if offset is None:
        name = zone_name(zone)
        zone = zone if name is None else _named(name)  # pytz would give all clocks the zone's first offset
        offset = value.replace(tzinfo=zone).utcoffset() or dt.timedelta()
    return value.replace(tzinfo=dt.timezone(offset), fold=0)


def zone_name(zone: dt.tzinfo) -> str | None:
    """The name of a time zone in the IANA database, if it has one there, as `ZoneInfo("Europe/Madrid")`."""
    name = getattr(zone, "key", None) or getattr(zone, "zone", None)
    return name if isinstance(name, str) and re.fullmatch(r"[\w+-]+(/[\w+-]+)*", name, re.A) else None


@lru_cache(maxsize=64)
def _named(name: str) -> dt.tzinfo:
    import zoneinfo  # few queries need it

    return zoneinfo.ZoneInfo(name)


def midnight(date: dt.date, zone: dt.tzinfo) -> dt.datetime:
    """Return the moment at which a date begins in a zone, or the first moment if that would be before it."""
    return _moment(date, dt.time(), zone) or dt.datetime.min.replace(tzinfo=dt.UTC)


def _duration(text: str) -> dt.timedelta:
    match = DURATION.fullmatch(text)
    if match is None:
        raise OutOfRange("literal-out-of-range.duration")
    sign, days, hours, minutes, seconds, fraction = match.groups("0")
    if max(map(len, (days, hours, minutes, seconds))) > 18:
        raise OutOfRange("literal-out-of-range.duration-long")
    try:
        micro = int(fraction[:6].ljust(6, "0"))
        length = dt.timedelta(int(days), int(seconds), micro, 0, int(minutes), int(hours))
        length = -length if sign == "-" else length
    except OverflowError:
        raise OutOfRange("literal-out-of-range.duration-long") from None
    return length if len(fraction) < 7 else _with_rest(length, FineDuration, fraction, sign.strip("0"))


def _binary(text: str) -> bytes:
    import base64

    return base64.urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))


def _guid(text: str) -> Any:
    import uuid

    return uuid.UUID(text)


def _geo(text: str) -> Any:
    from . import wkt

    return wkt.parse(text)


_DOUBLE = re.compile(r"[+-]?[0-9]{1,400}(\.[0-9]{1,400})?(e[+-]?[0-9]{1,4})?|-?INF|NaN", re.I)
_FORMS: Mapping[str, re.Pattern[str]] = {
    **dict.fromkeys(edm.INTEGERS, re.compile(r"[+-]?[0-9]{1,38}")),
    edm.BINARY.name: BASE64,
    edm.BOOLEAN.name: re.compile(r"true|false", re.I),
    edm.DATE.name: DATE,
    edm.DATE_TIME_OFFSET.name: DATE_TIME,
    edm.DECIMAL.name: re.compile(r"[+-]?[0-9]{1,38}(\.[0-9]{1,38})?"),
    **dict.fromkeys((edm.DOUBLE.name, edm.SINGLE.name), _DOUBLE),
    edm.DURATION.name: DURATION,
    edm.GUID.name: GUID,
    edm.TIME_OF_DAY.name: TIME,
}


def from_text(text: str, type: edm.Type, zone: dt.tzinfo = dt.UTC) -> Any:
    """Convert a text to a type, as `cast` does: `2024-01-31` to Edm.Date. Raises OutOfRange."""
    form = _FORMS.get(type.name)
    if form is None or not form.fullmatch(text):
        raise OutOfRange(type=type.name)
    try:
        return read(text, type, zone)
    except OutOfRange:
        raise
    except ValueError:  # an offset of 99 hours, which the parser refuses
        raise OutOfRange(type=type.name) from None


_READ: Mapping[str, Callable[[str], Any]] = {
    **dict.fromkeys(edm.INTEGERS, int),
    edm.BINARY.name: _binary,
    edm.BOOLEAN.name: lambda text: text.lower() == "true",
    edm.DATE.name: _date,
    edm.DECIMAL.name: Decimal,
    edm.DOUBLE.name: float,
    edm.DURATION.name: _duration,
    edm.GUID.name: _guid,
    edm.SINGLE.name: float,
    edm.TIME_OF_DAY.name: _time,
}


def read(text: str, type: edm.Type, zone: dt.tzinfo = dt.UTC) -> Any:
    """Return the value of a literal's text (without prefix and quotes): `P1D` of Edm.Duration is one day.

    zone  the time zone of a DateTimeOffset without an offset

    Digits beyond microseconds are the `rest` of a FineMoment, FineTime or FineDuration. Raises OutOfRange
    for a text that has no value though the parser accepts it, as `2024-02-30`.
    """
    name = type.name
    if name == edm.DATE_TIME_OFFSET.name:
        return _date_time_offset(text, zone)
    return _READ.get(name, _geo)(text)


_NOT_FINITE = {"inf": "INF", "-inf": "-INF", "nan": "NaN"}
"""Texts of doubles in Python, and in OData."""


def _write_double(value: float) -> str:
    text = repr(value)
    return _NOT_FINITE.get(text) or (text if "e" in text else f"{text}e0")


def _write_decimal(value: Decimal) -> str:
    text = format(Decimal(value), "f")  # floor(7) is an integer in Python
    is_long = not -(2**63) <= value < 2**63
    return text if "." in text or is_long else f"{text}.0"


def _write_date_time_offset(value: dt.datetime) -> str:
    offset = value.utcoffset() or dt.timedelta()
    seconds = dt.timedelta(seconds=offset.seconds % 60)
    if seconds:  # an old local time; literals have offsets of whole minutes
        shift = dt.timedelta(minutes=1) - seconds
        try:
            clock = value.replace(tzinfo=None) + shift
        except OverflowError:
            shift = -seconds
            clock = value.replace(tzinfo=None) + shift
        value = clock.replace(tzinfo=dt.timezone(offset + shift))
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
    from . import wkt

    return wkt.unparse(value)


_WRITE: Mapping[str, Callable[[Any], str]] = {
    edm.BINARY.name: _write_binary,
    edm.BOOLEAN.name: lambda value: "true" if value else "false",
    edm.DATE.name: dt.date.isoformat,
    edm.DATE_TIME_OFFSET.name: _write_date_time_offset,
    edm.DECIMAL.name: _write_decimal,
    edm.DOUBLE.name: _write_double,
    edm.DURATION.name: _write_duration,
    edm.GUID.name: str,
    edm.SINGLE.name: _write_double,
    edm.TIME_OF_DAY.name: dt.time.isoformat,
    **dict.fromkeys(edm.INTEGERS, str),
}


def write(value: Any, type: edm.Type) -> str:
    """Write the literal of a value, or of the text that a Literal holds until the check."""
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
    """Write a string literal: `O'Neil` -> `'O''Neil'`."""
    return "'" + text.replace("'", "''") + "'"
