"""Values that are likely to reveal mistakes, and rows of such values that fit a model."""

from __future__ import annotations

import datetime as dt
import math
import sys
import uuid
import zoneinfo
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any

from .. import edm
from ..model.entity import EntityType
from ..model.properties import Member, StructuredType
from ..operations import number_kind
from ..python.functions import shortest
from ..python.rows import fetch
from .choices import Choices

INTEGERS = (0, 1, -1, 2, 3, 4, 5, 7, -7, 10, 42, -42, 100, 127, 255, 1000, -1000)
LARGE = (2**31 - 1, -(2**31), 2**31, 2**53 + 1, 2**62, -(2**62), 2**63 - 1, -(2**63))
DECIMALS = tuple(
    Decimal(cents).scaleb(-2)
    for cents in (0, 100, -100, 50, -50, 125, 250, -250, 700, 999, 1001, 9990, 1, -1, 123456, -100000, 330)
)
DOUBLES = (
    0.0, 1.0, -1.0, 0.5, -0.5, 2.5, -2.5, 0.1, 0.3, 1.5, 1e10, -1e-3, 3.14159, 7.0, 100.0, 1e100,
    2.0**53, 2.0**63,
)  # fmt: skip
SINGLES = tuple(map(edm.single, (0.0, 1.0, -1.0, 0.5, -2.5, 0.1, 0.3, -0.3, 3.14159, 9.99, 16777216.0)))
INFINITE = (float("inf"), float("-inf"))
NAN = float("nan")
ZONES = (dt.UTC, zoneinfo.ZoneInfo("Europe/Madrid"))
"""Time zones of queries; one of them changes its clocks."""
NAIVE = {
    **dict.fromkeys(("sqlite", "duckdb", "postgresql", "mysql", "spark"), "timestamp"),
    **dict.fromkeys(("mssql", "oracle", "trino", "snowflake", "bigquery"), "timestamp"),
    "clickhouse": "text",
}
"""The storages of a moment without an offset, which is one in the time zone of the query."""

VALUES: Mapping[str, Sequence[Any]] = {
    "String": (
        "a", "A", "b", "ab", "abc", "aBc", "", " ", "red", "Red", "blue", "100%", "100", "1000", "50% off",
        "a_b", "axb", "a*b", "*", "%", "_", "\\", "a\\b", "\\%", "O'Neil", "''", '"', 'say "hi"', "ä", "Ä",
        "a\u0308", "straße", "STRASSE", "İ", "ı", "i", "I", "😀", "a😀b", "\ufb01n", "名前", "हिन्दी",
        " a b ", "a ", "\u2003a", "\ta\n", "7", "-7", "07", "+3", "1.5", "true", "null", "2024-02-29",
        "10:20:30", "NaN", "a%b_c", "abcabc", "Σίσυφος", "[a]", "a]b", "?", ":p1", "$1", "{a}", "%s", "zzz",
        "\uffff", "\U0010ffff", "Ns.Color'Red'", "P1D",
    ),
    "Integer": (*INTEGERS, *INTEGERS, *LARGE),
    "Decimal": (*DECIMALS, Decimal("0.0001"), Decimal("2.3456")),
    "Double": (*DOUBLES, *INFINITE),
    "Boolean": (False, True),
    "Date": [
        dt.date.fromisoformat(text)
        for text in ("2024-02-29", "1925-01-01", "1969-12-31", "1970-01-01", "2000-02-29", "2250-12-31")
    ],
    "TimeOfDay": [
        dt.time.fromisoformat(text)
        for text in ("00:00", "10:20:30", "10:20:30.5", "12:00", "23:59:59.999999", "00:00:00.000001")
    ],
    "DateTimeOffset": [
        dt.datetime.fromisoformat(f"{text}+00:00")
        for text in (
            "2024-01-31T10:20:30", "1968-02-29T00:00:00", "1969-12-31T23:59:59.999999", "1970-01-01T00:00:00",
            "2000-02-29T12:00:00", "2024-01-31T10:20:30.5", "2024-01-31T10:20:30.000001",
            "2024-02-29T23:59:59", "2024-12-31T23:59:59.123456", "2250-12-31T00:00:00",
            # Around both changes of the clocks in Madrid.
            "2024-03-31T00:59:59.999999", "2024-03-31T01:00:00", "2024-03-31T02:30:00",
            "2024-10-27T00:30:00", "2024-10-27T00:59:59.999999", "2024-10-27T01:00:00", "2024-10-27T01:30:00",
        )
    ],
    "Duration": [
        dt.timedelta(days=days, seconds=seconds, microseconds=micros)
        for days, seconds, micros in (
            (0, 0, 0), (0, 1, 0), (0, 3600, 0), (1, 0, 0), (-1, 0, 0), (0, 90, 500000), (0, 0, 1),
            (29, 0, 0), (365, 86399, 999999), (0, -5400, 0),
        )
    ],
    "Guid": [uuid.UUID(int=n * 0x0123456789ABCDEF0123456789ABCDE % 2**128) for n in range(1, 7)],
    "GeographyPoint": ("SRID=4326;Point(1 2)",),
    "GeographyPolygon": ("SRID=4326;Polygon((0 0,2 0,2 2,0 2,0 0))",),
    "GeographyLineString": ("SRID=4326;LineString(0 0,3 4)",),
    "GeometryPoint": ("SRID=0;Point(1 1)",),
    "GeometryPolygon": ("SRID=0;Polygon((0 0,2 0,2 2,0 2,0 0))",),
    "GeometryLineString": ("SRID=0;LineString(0 0,3 4)",),
}  # fmt: skip
"""Values of literals, by kind."""

_NINES = "9" * 38
_BITS = (7, 8, 15, 16, 31, 32, 53, 63)
_EDGES = [sign * 2**bits + more for bits in _BITS for sign in (1, -1) for more in (-1, 0, 1)]
HOSTILE: Mapping[str, Sequence[Any]] = {
    "String": (
        "x" * 3_000, "%" * 400, "(" * 400, "'" * 300, "\\" * 300, "😀" * 300, "ab" * 500, "9" * 60,
        "0" * 60 + "1", "-9223372036854775809", "9223372036854775808", "1e400", "-1e309", "1e-400", "INF",
        "0x10", "1_0", "0001-01-01", "9999-12-31", "10000-01-01", "0000-01-01", "2024-02-30", "24:00",
        "23:59:60", "TRUE", "T", "P99999999999D", "\x01\x1f\x7f", "\x1b[31m", "\u200b", "\ufeff", "\r\n",
        "\xa0", "\u0660", "{", "[]", "--", "/*", "\u0149", "\u01c5", "\u1e9e", "\U00010400", "\ud7ff\ue000",
        "\uff21", "c" + "\u0301" * 50,
    ),
    "Integer": (*[n for n in _EDGES if -(2**63) <= n < 2**63], 3_037_000_500, 10**18, -(10**18)),
    "Decimal": tuple(
        map(
            Decimal,
            (
                _NINES, f"-{_NINES}", f"0.{_NINES}", f"-{_NINES[1:]}.9", f"{_NINES[19:]}.{_NINES[19:]}",
                f"-{_NINES[12:]}.{_NINES[26:]}", "1" + "0" * 37, "0." + "0" * 36 + "1", "0.000000000001",
                "9223372036854775808", "-9223372036854775809", "99999999999999.9999", "0.5",
            ),
        )
    ),
    "Double": (
        1.7976931348623157e308, -1.7976931348623157e308, 1e308, -1e308, 5e-324, -5e-324,
        2.2250738585072014e-308, -2.0**63, 9.3e18, 1e22, 1e23, 1e-12, 2.0**53 + 2, 3.4028234663852886e38,
        3.5e38, -1e39, 1.4e-45, 1e15, *INFINITE,
    ),
    "Date": (dt.date.min, dt.date.max, dt.date(1582, 10, 10), dt.date(1582, 10, 15), dt.date(1900, 2, 28)),
    "TimeOfDay": (dt.time.min, dt.time.max, dt.time(23, 59, 59)),
    "DateTimeOffset": [
        dt.datetime.fromisoformat(f"{text}+00:00")
        for text in (
            "0001-01-01T00:00:00", "9999-12-31T23:59:59.999999", "0001-01-01T12:00:00", "9999-12-31T12:00:00",
            "1582-10-10T00:00:00", "1883-11-18T12:00:00", "1900-01-01T00:00:00", "2038-01-19T03:14:08",
        )
    ],
    "Duration": (
        dt.timedelta.max, dt.timedelta.min, dt.timedelta(999_999_999), dt.timedelta(-999_999_999),
        dt.timedelta(106_751_991), dt.timedelta(-106_752), dt.timedelta(106_752), dt.timedelta(3_652_059),
        dt.timedelta(microseconds=-1),
    ),
    "Guid": (uuid.UUID(int=0), uuid.UUID(int=2**128 - 1)),
}  # fmt: skip
"""Values of literals at the ends of their types, and texts that are long or look like something else."""

_MAX_HOPS = 2
_MAX_ENTITIES = 8
"""Entities of a type that rows share through navigation properties."""


def kind_of(type: edm.Type) -> str:
    """Return the kind of a type, with the three kinds of numbers of promotion: `Edm.Int32` -> `Integer`."""
    if isinstance(type, edm.CollectionType):
        return f"Collection({kind_of(type.element)})"
    return number_kind(type.name) if type.name in edm.NUMBERS else type.name.removeprefix("Edm.")


def values_in(rows: Iterable[Any], entity_type: StructuredType) -> dict[str, list[Any]]:
    """Collect the values in rows that a literal can express, by kind."""
    found: dict[str, list[Any]] = {}

    def take(value: Any, type: edm.Type, hops: int) -> None:
        if isinstance(type, edm.CollectionType):
            for item in value if isinstance(value, list | tuple) else ():
                take(item, type.element, hops)
        elif isinstance(type, StructuredType):
            for member in type.members.values() if hops >= 0 and value is not None else ():
                take(fetch(value, member.attribute), member.type, hops - 1)
        else:
            kind = kind_of(type)
            like = VALUES.get(kind)
            if like and value.__class__ is like[0].__class__ and _can_be_written(value, kind):
                # A client writes 0.1, not 0.10000000149011612.
                found.setdefault(kind, []).append(shortest(value) if type is edm.SINGLE else value)

    for row in rows:
        take(row, entity_type, _MAX_HOPS)
    return {kind: list(dict.fromkeys(values)) for kind, values in found.items()}


def in_zone(value: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    """Express a moment in another offset, if the years suffice."""
    with suppress(OverflowError):
        return value.astimezone(zone)
    return value


def _vary_text(value: str, choices: Choices) -> str:
    start = choices.below(len(value) + 1)
    changes: Sequence[Callable[[], str]] = (
        lambda: value[:start],
        lambda: value[start:],
        lambda: value[start : start + choices.between(1, 3)],
        lambda: value + choices.pick(" a%_*\\"),
        value.upper,
        value.lower,
        value.title,
    )
    return choices.pick(changes)()


def vary(value: Any, choices: Choices) -> Any:
    """Return a value that differs a little."""
    sign = choices.pick((1, -1))
    with suppress(OverflowError):
        match value:
            case str():
                return _vary_text(value, choices)
            case int():
                return value + sign if abs(value) < 2**62 else value
            case Decimal():
                return value + sign * choices.pick((Decimal(1), Decimal("0.01"), Decimal("0.5")))
            case float():
                return choices.pick((-value, value + sign, value * 2))
            case dt.datetime():
                return value + sign * choices.pick((dt.timedelta(days=1), dt.timedelta(microseconds=1)))
            case dt.date():
                return value + sign * dt.timedelta(days=1)
            case dt.timedelta():
                return choices.pick((-value, value + sign * dt.timedelta(seconds=1)))
            case dt.time():
                return value.replace(minute=choices.pick((0, 30, 59)))
    return value


def _can_be_written(value: Any, kind: str) -> bool:
    """True if a literal can express the value."""
    if isinstance(value, str):
        is_text = "\0" not in value and not any("\ud800" <= char <= "\udfff" for char in value)
        return is_text and (kind == "String" or value.startswith("SRID="))
    if isinstance(value, Decimal):
        return value.is_finite() and int(value.as_tuple().exponent) > -30 and abs(value.adjusted()) < 30
    if isinstance(value, dt.datetime):
        return value.tzinfo is not None  # else its moment depends on the query
    return bool(value == value)


class Rows:
    """Generate rows of a model, as dictionaries of Python values with different keys.

    `infinite` and `nan` allow infinite Doubles and NaN; `hostile` is the share of numbers and texts at the
    ends of their types.
    """

    def __init__(
        self, entity_type: EntityType, *, infinite: bool = False, nan: bool = False, hostile: float = 0.0
    ) -> None:
        self.entity_type = entity_type
        self.hostile = hostile
        self.doubles = DOUBLES + INFINITE * infinite + (NAN,) * nan
        self.entities: dict[int, list[dict[str, Any]]] = {}
        """Entities by type: a row reached from two others is the same row."""

    def row(self, choices: Choices, number: int) -> dict[str, Any]:
        """Generate one row; `number` determines its key."""
        return self.fill(choices, self.entity_type, number, _MAX_HOPS)

    def rows(self, choices: Choices, count: int) -> list[dict[str, Any]]:
        return [self.row(choices, number) for number in range(1, count + 1)]

    def fill(self, choices: Choices, type: StructuredType, number: int, hops: int) -> dict[str, Any]:
        return {
            member.attribute: _KEYS[kind_of(member.type)](number)
            if member.name in type.key and kind_of(member.type) in _KEYS
            else self.value(choices, member, hops)
            for member in type.members.values()
        }

    def value(self, choices: Choices, member: Member, hops: int) -> Any:
        """Generate the value of a property."""
        type = member.type
        if isinstance(type, edm.CollectionType):
            nulls = 0.1 * (member.nullable and not isinstance(type.element, StructuredType))
            many = range(choices.below(4 if hops else 1))
            return [self.element(choices, type.element, member, hops, nulls) for _ in many]
        return self.element(choices, type, member, hops, 0.15 * member.nullable)

    def element(self, choices: Choices, type: edm.Type, member: Member, hops: int, nulls: float) -> Any:
        """Generate a value of a type, or None with the probability `nulls`."""
        if isinstance(type, StructuredType):
            if not hops:
                return None
            found = self.entity(choices, type, hops)
            # SQL cannot tell a flattened complex value whose members are all null from null.
            is_nothing = nulls and all(value is None for value in found.values())
            return None if is_nothing or choices.chance(nulls) else found
        if choices.chance(nulls):
            return None
        if isinstance(type, edm.EnumType):
            if type.is_flags:
                bits = [choices.pick((0, value)) for value in type.members.values()]
                return sum(set(bits)) if all(bit & (bit - 1) == 0 for bit in bits) else bits[0]
            return choices.pick(list(type.members) or ["0"])
        if type is edm.BINARY:
            return choices.pick((b"", b"a", b"\x00\xff"))
        kind = kind_of(type)
        if self.hostile and kind in ("Integer", "Double", "String") and choices.chance(self.hostile):
            return self.extreme(choices, type, member)
        if kind == "Integer":
            least, most = edm.RANGES[type.name]
            fitting = [n for n in INTEGERS if least <= n <= most]
            large = [n for n in LARGE if least <= n <= most]
            return choices.pick(large if large and choices.chance(0.1) else fitting)
        if kind == "Decimal":
            scale = member.property.scale
            fits = scale is None or scale >= 2
            return choices.pick(DECIMALS if fits else [d for d in DECIMALS if d == int(d)])
        if kind == "Double":
            # JSON, in which some databases keep collections, has no infinite numbers.
            doubles = self.doubles if type is member.type else DOUBLES
            return choices.pick(SINGLES if type is edm.SINGLE else doubles)
        if kind == "DateTimeOffset":
            moment = choices.pick(VALUES[kind])
            is_naive = member.property.column.storage == NAIVE
            return moment.replace(tzinfo=None) if is_naive else moment
        return choices.pick(VALUES[kind]) if kind in VALUES and not kind.startswith("Geo") else None

    def extreme(self, choices: Choices, type: edm.Type, member: Member) -> Any:
        """Generate a value at an end of its type."""
        values = HOSTILE[kind_of(type)]
        if type.name in edm.RANGES:
            least, most = edm.RANGES[type.name]
            values = [n for n in values if least <= n <= most]
        elif type in (edm.DOUBLE, edm.SINGLE):
            largest = math.inf if INFINITE[0] in self.doubles else sys.float_info.max  # which stands for INF
            values = [n for n in values if abs(n) < largest]
            values = (
                values if type is member.type is edm.DOUBLE else [n for n in values if 1e-30 < abs(n) < 1e30]
            )
        found = choices.pick(values)
        return edm.single(found) if type is edm.SINGLE else found

    def entity(self, choices: Choices, type: StructuredType, hops: int) -> dict[str, Any]:
        """Generate a complex value or an entity. Entities with a key are few, so that rows share them."""
        if not type.key:
            return self.fill(choices, type, 0, hops - 1)
        known: list[dict[str, Any]] = self.entities.setdefault(id(type), [])
        number = choices.below(_MAX_ENTITIES)
        while len(known) <= number:
            known.append(self.fill(choices, type, len(known) + 1, hops - 1))
        return known[number]


_KEYS: Mapping[str, Callable[[int], Any]] = {
    "Integer": lambda n: n,
    "String": lambda n: f"k{n}",
    "Guid": lambda n: uuid.UUID(int=n),
    "Date": lambda n: dt.date(2000, 1, 1) + dt.timedelta(days=n),
    "DateTimeOffset": lambda n: dt.datetime(2000, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=n),
    "Decimal": Decimal,
    "Double": float,
    "Duration": lambda n: dt.timedelta(seconds=n),
    "TimeOfDay": lambda n: (dt.datetime.min + dt.timedelta(seconds=n)).time(),
}
