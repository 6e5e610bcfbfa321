"""SQLite: dynamic types, text by code point, dates as ISO text.

`sql.prepare` gives a connection the functions that SQLite lacks.
"""

from __future__ import annotations

import datetime as dt
import inspect
import math
import sqlite3
import threading
import uuid
import weakref
import zoneinfo
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any

from ... import edm
from ...language.literals import instant
from ...problems import ConfigurationError, Phrase
from .base import Dialect, Json, Members, Page, Storage
from .spelling import (
    CLOCK,
    EXACT,
    MICROSECOND,
    MICROSECONDS,
    between,
    edm_types,
    in_zone,
    nearest_single,
    spelled,
    white_space,
    whole,
    within_second,
)

_MINUTE = dt.timedelta(minutes=1)
_UTC = "'%Y-%m-%dT%H:%M:%S'"
_OFFSET = "ltrim(substr({a}, 17), ':.0123456789')"
_NAIVE = f"substr({{a}}, 1, length({{a}}) - length({_OFFSET}))"
_MOMENT = (
    "CASE WHEN {a} GLOB '????-??-??T??:??:??+00:00' THEN substr({a}, 1, 19)"
    " WHEN {a} GLOB '????-??-??T??:??:??.*+00:00'"
    " THEN rtrim(rtrim(substr({a}, 1, min(length({a}) - 6, 26)), '0'), '.')"
    f" ELSE (strftime({_UTC}, substr({_NAIVE}, 1, 19)"
    f" || CASE {_OFFSET} WHEN '' THEN '{{zone}}' ELSE {_OFFSET} END)"
    f" || rtrim(rtrim(substr({_NAIVE}, 20, 7), '0'), '.')) END"
)
"""A moment in UTC as `2024-01-31T10:20:30.5`, from ISO text in any notation: with `T` or a space, with or
without seconds, with any fraction, with `Z`, an offset such as `+02:00`, or none."""
_LOCAL = f"CASE substr({{a}}, 17, 1) WHEN ':' THEN {_NAIVE} ELSE substr({{a}}, 1, 16) || ':' || '00' END"
"""The same text with seconds and without an offset."""
_MINUTES = (
    "(SELECT CASE WHEN o LIKE '_%:%' THEN CAST(substr(o, 1, 1) || '1' AS INTEGER)"
    " * (CAST(substr(o, 2, 2) AS INTEGER) * 60 + CAST(substr(o, 5, 2) AS INTEGER))"
    " WHEN o IS NOT NULL THEN 0 END"
    f" FROM (SELECT CASE {_OFFSET} WHEN '' THEN '{{zone}}' ELSE {_OFFSET} END AS o))"
)
_TIME = (
    "(SELECT substr(m, 12, 8)"
    " || replace(substr(printf('%.6f', CAST('0' || substr(m, 20, 7) AS REAL)), 2), '.000000', '')"
    " FROM (SELECT {a} AS m))"
)
_CLOCK = "CASE WHEN length({a}) > 8 THEN replace(substr({a} || '00000', 1, 15), '.000000', '') ELSE {a} END"
"""A time of day as `10:20:30` or `10:20:30.500000`, from ISO text with seconds and any fraction."""
_DASHED = " || '-' || ".join(
    f"substr({{a}}, {start}, {length})" for start, length in ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
)
_LONGEST = 100_000_000
"""The number of characters in the longest text."""
_START = f"(max(min({{b}}, {_LONGEST}), -{_LONGEST}) + ({{b}} >= 0))"
_LENGTH = f"max(min({{c}}, {_LONGEST}), 0)"
_DIGITS = "(SELECT CAST(printf('%.15g', n) || substr(n, 1, 0) AS REAL) FROM (SELECT round({x}, {s}) AS n))"
"""A decimal rounded to its scale and to the 15 digits that are exact; null for null."""
# Before 3.42, `round` leaves a wrong last bit in a number of more than 16 digits; its text has 15.
_ROUNDED = "CAST(CAST(round({x}, {s}) AS TEXT) AS REAL)"


_SECONDS = (
    "(SELECT CASE WHEN n BETWEEN -4294967296 AND 4294967296 THEN round(n, 6) ELSE n END"
    " FROM (SELECT {x} AS n))"
)
"""A number of seconds rounded to microseconds, unless it is too large to have any."""


def _whole(x: str, sign: str, order: str) -> str:
    """The integer at or below a number (`-` and `>`), or at or above it (`+` and `<`).

    `floor` and `ceil` are not in every build, and SQLAlchemy and Django register functions of these names
    that raise exceptions for null and INF. `round` is one off at most.
    """
    whole = f"CASE typeof(n) WHEN 'integer' THEN n ELSE round(n) {sign} (round(n) {order} n) END"
    return f"(SELECT {whole} FROM (SELECT {x} AS n))"


_DAYS = f"CAST({{minus}}{_whole('{b} / 86400.0', '-', '>')} AS INTEGER) || ' days'"


def _microseconds(x: str) -> str:
    """The microseconds of a moment since 1970."""
    fraction = f"CAST(substr(substr({x}, 21) || '000000', 1, 6) AS INTEGER)"
    return f"(CAST(strftime('%s', substr({x}, 1, 19)) AS INTEGER) * 1000000 + {fraction})"


_MICROS = f"{_microseconds('m')} {{sign}} CAST(round(d * 1000000.0) AS INTEGER)"
_FRACTION = "((n % 1000000 + 1000000) % 1000000)"
_FROM_MICROS = (
    f"strftime({_UTC}, (n - {_FRACTION}) / 1000000, 'unixepoch')"
    f" || rtrim(rtrim('.' || substr('00000' || {_FRACTION}, -6), '0'), '.')"
)
_MOVED = (
    f"(SELECT {between('n', MICROSECONDS, _FROM_MICROS)}"
    f" FROM (SELECT {_MICROS} AS n FROM (SELECT {{a}} AS m, {{b}} AS d)))"
)


def _number(start: int) -> str:
    return f"CAST(substr({{a}}, {start}, 2) AS INTEGER)"


def _duration(seconds: str) -> str:
    """A number of seconds that is null out of the range of durations."""
    low, high = "-86399999913600.1", "86400000000000.0"
    return f"NULLIF(NULLIF(max(min({_SECONDS.format(x=seconds)}, {high}), {low}), {low}), {high})"


def moment(value: dt.datetime) -> str:
    """Write a moment as templates take it: in UTC, without trailing zeros."""
    text = in_zone(value, dt.UTC).isoformat()
    return text.rstrip("0") if "." in text else text


def _bind_decimal(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() and value.copy_abs() < 2**63 else float(value)


def _days_around(value: dt.datetime) -> tuple[str, str]:
    """Dates before and after all texts of a moment, whatever their offset."""
    day = in_zone(value, dt.UTC).toordinal()
    low = dt.date.fromordinal(day - 1).isoformat() if day > 1 else ""
    high = dt.date.fromordinal(day + 2).isoformat() if day + 2 <= dt.date.max.toordinal() else ":"
    return low, high


def _range(prefix: str) -> tuple[str, ...] | None:
    """A prefix and the first text after all that begin with it, if there is one: `ab` -> `ab`, `ac`."""
    start = prefix.rstrip("\U0010ffff")
    if not start:
        return None
    following = ord(start[-1]) + 1
    return prefix, start[:-1] + chr(0xE000 if following == 0xD800 else following)


def _matches(text: object, pattern: object) -> bool | None:
    from ... import regex  # few statements need it

    return regex.search(str(text), str(pattern))


def _bounded(pattern: object, most: int) -> str | None:
    from ... import regex

    return regex.within(most, str(pattern))


def _remainder(a: object, b: object) -> float | None:
    """Return the exact remainder of two decimals; as floats, zero could come out as nearly the divisor."""
    found = EXACT.remainder(Decimal(repr(a)), Decimal(repr(b)))
    return float(found) if found.is_finite() else None


def _strict(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function return null for null, and where it has no result."""

    def call(*arguments: Any) -> Any:
        if None in arguments:
            return None
        try:
            return function(*arguments)
        except (ArithmeticError, ValueError, TypeError):
            return None

    return call


class _Parser(threading.local):
    """SQLite's own parser: an empty database for each thread, closed with it."""

    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:", check_same_thread=False)
        weakref.finalize(threading.current_thread(), self.connection.close)


_parser = _Parser()


@lru_cache(maxsize=256)
def _overflows(text: str) -> bool:
    """True if a statement, or a part of one, has too deep a tree or overflows the stack.

    A tree has at most 1,000 levels, and the stack has 100 entries before SQLite 3.46.
    """
    if not text.startswith("SELECT "):  # a part of a statement, in which it may be nested
        text = f"SELECT 1 WHERE 1 AND (1 IN (SELECT 1 ORDER BY {text}))"
    try:
        _parser.connection.execute(f"EXPLAIN {text}")
    except sqlite3.Error as refusal:  # it has no such table, at least
        return "parser stack overflow" in str(refusal) or "too large" in str(refusal)
    return False


def _read(text: str, zone: str) -> dt.datetime:
    """Read ISO text; without an offset it is in the time zone."""
    return instant(dt.datetime.fromisoformat(text), zoneinfo.ZoneInfo(zone))


def _offset(text: str, zone: str) -> int:
    """Return the minutes of the offset of an ISO text."""
    return (_read(text, zone).utcoffset() or dt.timedelta()) // _MINUTE


FUNCTIONS: tuple[tuple[str, int, Callable[..., Any]], ...] = (
    ("odata_lower", 1, _strict(lambda text: str(text).lower())),
    ("odata_upper", 1, _strict(lambda text: str(text).upper())),
    ("odata_matches", 2, _strict(_matches)),
    # A pattern that is not a literal, null if it needs too many states.
    ("odata_pattern", 2, _strict(_bounded)),
    ("odata_mod", 2, _strict(lambda a, b: math.fmod(float(a), float(b)))),
    ("odata_remainder", 2, _strict(_remainder)),
    # As `_MOMENT` and `_MINUTES`, in a zone with a name.
    ("odata_utc", 2, _strict(lambda text, zone: moment(_read(text, zone)))),
    ("odata_offset", 2, _strict(_offset)),
)
"""The functions that `prepare` adds: name, number of arguments, and the function itself.

SQLAlchemy, Django and applications register functions such as `regexp` and `lower` of their own. With names
that nobody else has, a statement never runs theirs, and a connection without ours refuses it at once.
"""


def _driver_connection(given: Any) -> Any:
    """Find the driver's connection: `given` itself, or the one in a connection of SQLAlchemy or Django."""
    if callable(getattr(given, "ensure_connection", None)):  # Django's, which connects when it is used
        given.ensure_connection()
    is_async = inspect.iscoroutinefunction(getattr(given, "execute", None))
    held = given if is_async or hasattr(given, "create_function") else getattr(given, "connection", None)
    create = getattr(held, "create_function", None)
    if callable(create) and not inspect.iscoroutinefunction(create):
        return held
    kind = f"{type(given).__module__}.{type(given).__qualname__}"
    if create is not None:
        raise ConfigurationError(
            f"sql.prepare cannot wait for {kind}: for function in odata_query.sql.dialects.sqlite.FUNCTIONS:"
            " await connection.create_function(*function, deterministic=True)"
        )
    where = ", in `await connection.run_sync(sql.prepare)`" if hasattr(given, "run_sync") else ""
    raise ConfigurationError(
        f"sql.prepare takes a connection to SQLite{where}, not {kind}. For all connections of SQLAlchemy:"
        " sqlalchemy.event.listen(engine, 'connect', lambda connection, _: sql.prepare(connection)),"
        " where an asynchronous engine is engine.sync_engine"
    )


_NAMED = Storage(
    "odata_utc({a}, '{zone}')", bounds=_days_around, local=_LOCAL, offset="odata_offset({a}, '{zone}')"
)


class SQLite(Dialect):
    """SQLite 3.38 and up.

    Moments are ISO text in any notation, times of day ISO text with seconds and without an offset. Dates
    are texts as Python's `isoformat` writes them, durations are numbers of seconds, which lose microseconds
    beyond 272 years. Decimals are binary fractions, right to 15 digits. NaN is null, and zero has no sign.
    """

    name = "sqlite"
    verified = True
    binds = {
        Decimal: _bind_decimal,
        dt.datetime: moment,
        dt.date: dt.date.isoformat,
        dt.time: dt.time.isoformat,
        dt.timedelta: lambda value: value / dt.timedelta(seconds=1),
        uuid.UUID: str,
    }
    max_parameters = 32_766
    max_depth = 700
    collation = "binary"
    null_order = "low"
    nan = "none"
    rewrites_exists = True
    booleans = ("1", "0")
    null_safe_equal = "{a} IS {b}"
    null_safe_unequal = "{a} IS NOT {b}"
    binary = "{a} COLLATE BINARY"
    as_int64 = "{a}"
    as_wide_integer = "{a}"
    wide_to_int64 = "(SELECT CASE typeof(n) WHEN 'integer' THEN n END FROM (SELECT {a} AS n))"
    default_scale = 10
    singles = Storage(nearest_single("({a} + 0.0)", "9e999"))  # abs(-2**63) of an integer, as in JSON, fails
    page = Page(skip="LIMIT -1 OFFSET {skip}")
    types = edm_types(Dialect.types, String="TEXT", Decimal="NUMERIC")
    storages = {
        ("Edm.DateTimeOffset", "text"): Storage(
            _MOMENT, bounds=_days_around, local=_LOCAL, named_zone=_NAMED, offset=_MINUTES
        ),
        ("Edm.DateTimeOffset", "utc"): Storage(
            _MOMENT, lambda value, zone: in_zone(value, dt.UTC).isoformat() + "+00:00", is_ordered=True
        ),
        ("Edm.DateTimeOffset", "timestamp_utc"): Storage(
            _MOMENT.replace("{zone}", "+00:00"), bounds=_days_around
        ),
        ("Edm.DateTimeOffset", "timestamp"): Storage(
            _MOMENT,
            lambda value, zone: in_zone(value, zone).isoformat(),
            is_ordered=True,
            local=_LOCAL,
            named_zone=_NAMED,
            offset=_MINUTES,
        ),
        ("Edm.Duration", "epoch"): Storage(
            "(CAST(strftime('%s', substr({a}, 1, 19)) AS INTEGER) + CAST('0' || substr({a}, 20) AS REAL))"
        ),
        ("Edm.Duration", "microseconds"): Storage(
            "({a} / 1000000.0)", lambda value, zone: value // MICROSECOND, is_ordered=True
        ),
        ("Edm.Guid", "hex"): Storage(f"lower({_DASHED})", lambda value, zone: value.hex, is_ordered=True),
        ("Edm.TimeOfDay", "text"): Storage(_CLOCK, bounds=within_second),
        ("Edm.TimeOfDay", "microseconds"): Storage(
            "replace({a}, '.000000', '')",
            lambda value, zone: value.isoformat("microseconds"),
            is_ordered=True,
        ),
    }
    default_storages = json_storages = {"Edm.DateTimeOffset": "text", "Edm.TimeOfDay": "text"}
    collections = {"json": Members("json_each({a}) AS {t}", "{t}.value", is_json=True)}
    json = Json("json_extract({a}, {p})")
    literal_needles = {"startswith(String,String)": ("({a} >= {b} AND {a} < {c})", _range)}
    bounded_pattern = "odata_pattern({a}, {most})"
    templates = {
        **Dialect.templates,
        "mod(Integer,Integer)": "({a} % {b})",
        "div(Integer,Integer)": "({a} / {b})",
        "divby(Integer,Integer) div|divby(Decimal,Decimal)": _ROUNDED.format(x="1.0 * {a} / {b}", s=12),
        "mod(Decimal,Decimal)": "odata_remainder({a}, {b})",
        "div|divby(Double,Double)": "coalesce(1.0 * {a} / {b}, CASE {b} WHEN 0 THEN {a} * 9e999 END)",
        "mod(Double,Double)": "odata_mod({a}, {b})",
        "contains(String,String)": "instr({a}, {b}) > 0",
        "indexof(String,String)": "(instr({a}, {b}) - 1)",
        "length(String)": "length({a})",
        "startswith(String,String)": "substr({a}, 1, length({b})) = {b}",
        "endswith(String,String)": "substr({a}, length({a}) - length({b}) + 1) = {b}",
        "substring(String,Integer)": f"substr({{a}}, {_START})",
        "substring(String,Integer,Integer)": f"substr(substr({{a}}, {_START}), 1, {_LENGTH})",
        "tolower(String)": "odata_lower({a})",
        "toupper(String)": "odata_upper({a})",
        "trim(String)": f"trim({{a}}, char({white_space('{}', ',')}))",
        "matchespattern(String,String)": "odata_matches({a}, {b})",
        "ceiling(Decimal|Double)": _whole("{a}", "+", "<"),
        "floor(Decimal|Double)": _whole("{a}", "-", ">"),
        # `round` takes the number below 0.5 for a half, and makes an integer a double.
        "round(Decimal|Double)": (
            "(SELECT CASE WHEN typeof(n) = 'integer' THEN n WHEN abs(n) < 0.5 THEN 0.0 ELSE round(n) END"
            " FROM (SELECT {a} AS n))"
        ),
        "now()": f"rtrim(rtrim(strftime({_UTC[:-1].removesuffix('%S')}%f', 'now'), '0'), '.')",
        "year(Date|DateTimeOffset)": "CAST(substr({a}, 1, 4) AS INTEGER)",
        "month(Date|DateTimeOffset)": _number(6),
        "day(Date|DateTimeOffset)": _number(9),
        **{f"{part}(TimeOfDay)": _number(n) for part, n in CLOCK.items()},
        **{f"{part}(DateTimeOffset)": _number(n + 11) for part, n in CLOCK.items()},
        # The number ends where the offset begins.
        "fractionalseconds(DateTimeOffset)": "CAST('0' || substr({a}, 20, 7) AS REAL)",
        "fractionalseconds(TimeOfDay)": "CAST('0' || substr({a}, 9) AS REAL)",
        "date(DateTimeOffset) cast(DateTimeOffset,Date)": "substr({a}, 1, 10)",
        "time(DateTimeOffset) cast(DateTimeOffset,TimeOfDay)": _TIME,
        "totaloffsetminutes(DateTimeOffset)": "(0 * length({a}))",
        "totalseconds(Duration)": _SECONDS.format(x="{a}"),
        "add|sub(DateTimeOffset,Duration)": _MOVED,
        "add|sub(Date,Duration)": f"NULLIF(max(date({{a}}, {_DAYS}), '0001'), '0001')",
        "sub(DateTimeOffset,DateTimeOffset)": (
            f"(SELECT ({_microseconds('m')} - {_microseconds('n')}) / 1000000.0"
            " FROM (SELECT {a} AS m, {b} AS n))"
        ),
        "sub(Date,Date)": "((julianday({a}) - julianday({b})) * 86400.0)",
        "add|sub(Duration,Duration)": _duration("{a} {sign} {b}"),
        "mul(Duration,Number) mul(Number,Duration)": _duration("{a} * {b}"),
        "div(Duration,Number)": _duration("1.0 * {a} / {b}"),
        "negate(Duration)": _duration("-{a}"),
        "cast(Boolean,Integer|Decimal) cast(Integer,Decimal) cast(Date|TimeOfDay|Guid,String)": "{a}",
        "cast(Double,Single)": f"(SELECT {nearest_single('n', '9e999')} FROM (SELECT {{a}} + 0.0 AS n))",
        "cast(Decimal|Double,Integer)": whole("CAST({a} AS INTEGER)"),
        "cast(Date,DateTimeOffset)": "({a} || 'T00:00:00')",
        "cast(String,Date)": (
            "CASE WHEN {a} GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]' AND {a} > '0001'"
            " AND date({a}, '0 days') = {a} THEN {a} END"  # date('2023-02-30') is itself
        ),
        "cast(String,Integer)": (
            "CASE WHEN ltrim({a}, '+-') <> '' AND ltrim({a}, '+-') NOT GLOB '*[^0-9]*'"
            " AND length({a}) - length(ltrim({a}, '+-')) < 2 AND length(ltrim({a}, '+-')) < 39"
            " AND typeof(CAST({a} AS NUMERIC)) = 'integer'"
            " AND CAST({a} AS INTEGER) BETWEEN {low} AND {high} THEN CAST({a} AS INTEGER) END"
        ),
    }
    unsupported = {
        key: why for key, why in Dialect.unsupported.items() if key != "matchespattern(String,String)"
    }
    needs_prepare = frozenset(key for key, spelling in spelled(templates).items() if "odata_" in spelling)

    def json_value(self, text: str, keys: tuple[str, ...], type: str) -> str:
        for place, key in enumerate(keys):
            if not key.isascii() or '"' in key or "\\" in key:  # a path would compare it raw
                before = super().json_value(text, keys[:place], type)
                found = f"(SELECT value FROM json_each({before}) WHERE key = {self.quote_text(key)})"
                return self.json_value(found, keys[place + 1 :], type)
        return super().json_value(text, keys, type)

    def round_decimal(self, text: str, scale: int) -> str:
        # A subquery, of which few nest, is only for places after those digits.
        digits = (
            _DIGITS if scale <= 30 else _DIGITS.replace("round({x}, {s})", "{x}")
        )  # as many as `round` has
        return (_ROUNDED if scale <= 6 else digits).format(x=text, s=scale)

    def prepare(self, connection: Any) -> None:
        """Add Unicode's case mapping, regular expressions, and what else SQLite lacks."""
        create = _driver_connection(connection).create_function
        try:
            for name, arity, function in FUNCTIONS:
                create(name, arity, function, deterministic=True)
        except TypeError as error:
            kind = f"{type(connection).__module__}.{type(connection).__qualname__}"
            raise ConfigurationError(f"sql.prepare cannot add functions to {kind}: {error}") from None

    def nests_too_deep(self, text: str) -> bool:
        # Few statements are close to a bound: a parenthesis takes at most 14 entries of the stack.
        return text.count("(") + text.count("CASE") > 6 and _overflows(text)

    def rejects(self, value: Any, type: edm.Type) -> Phrase | None:
        is_long = isinstance(value, Decimal) and len(EXACT.normalize(value).as_tuple().digits) > 15
        return Phrase("decimal-digits", most=15) if is_long and Decimal(float(value)) != value else None
