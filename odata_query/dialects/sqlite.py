"""SQLite: dynamic types, text by code point, dates as ISO text.

What SQLite lacks is given to a connection by `sql.prepare`.
"""

from __future__ import annotations

import datetime as dt
import math
import sqlite3
import uuid
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from .. import edm, python_values
from .base import Dialect, Members, Needle, Storage, after

_WHITE_SPACE = "char(9,10,11,12,13,32,133,160,5760,8192,8193,8194,8195,8196,8197,8198,8199,8200,8201,8202,8232,8233,8239,8287,12288)"
_OFFSET = "ltrim(substr({a}, 20), '.0123456789')"
_FRACTION = f"substr({{a}}, 20, length({{a}}) - 19 - length({_OFFSET}))"
_UTC = "'%Y-%m-%dT%H:%M:%S'"
_MOMENT = (
    f"(strftime({_UTC}, substr({{a}}, 1, 19) || CASE {_OFFSET} WHEN '' THEN '{{zone}}' ELSE {_OFFSET} END)"
    f" || rtrim(rtrim({_FRACTION}, '0'), '.'))"
)
"""A moment in UTC as `2024-01-31T10:20:30.5`, from ISO text in any notation."""


def _microseconds(x: str) -> str:
    """The microseconds of a moment since 1970."""
    fraction = f"CAST(substr(substr({x}, 21) || '000000', 1, 6) AS INTEGER)"
    return f"(CAST(strftime('%s', substr({x}, 1, 19)) AS INTEGER) * 1000000 + {fraction})"


def _shifted(sign: str) -> str:
    """A moment moved by a duration; null outside the calendar."""
    total = f"{_microseconds('{a}')} {sign} CAST(round({{b}} * 1000000.0) AS INTEGER)"
    return (
        "(SELECT CASE WHEN n BETWEEN -62135596800000000 AND 253402300799999999 THEN"
        f" strftime({_UTC}, (n - f) / 1000000, 'unixepoch')"
        " || CASE f WHEN 0 THEN '' ELSE rtrim('.' || substr('00000' || f, -6), '0') END END"
        f" FROM (SELECT n, (n % 1000000 + 1000000) % 1000000 AS f FROM (SELECT {total} AS n)))"
    )


def _shifted_date(sign: str) -> str:
    """A date moved by whole days; null outside the calendar."""
    days = f"CAST({sign}floor({{b}} / 86400.0) AS INTEGER) || ' days'"
    return f"NULLIF(max(date({{a}}, {days}), '0001'), '0001')"


def moment(value: dt.datetime) -> str:
    """A moment as the templates take it: in UTC, without zeros at the end."""
    text = value.astimezone(dt.UTC).replace(tzinfo=None).isoformat()
    return text.rstrip("0") if "." in text else text


def _days_around(value: dt.datetime) -> tuple[str, str]:
    """Dates before and behind all texts of a moment, whatever their offset."""
    day = value.astimezone(dt.UTC).date()
    one = dt.timedelta(days=1)
    low = (day - one).isoformat() if day > dt.date.min else ""
    high = (day + 2 * one).isoformat() if day <= dt.date.max - 2 * one else ":"
    return low, high


def _range(text: str) -> tuple[str, ...] | None:
    end = after(text)
    return (text, end) if end else None


def _regexp(pattern: str | None, text: str | None) -> bool | None:
    """`text REGEXP pattern`, in linear time."""
    return None if pattern is None or text is None else python_values.matches(text, pattern)


def _strict(function: Callable[..., Any]) -> Callable[..., Any]:
    """Null for null, and for what has no result."""

    def call(*arguments: Any) -> Any:
        if None in arguments:
            return None
        try:
            return function(*arguments)
        except (ValueError, OverflowError):
            return None

    return call


_MATHEMATICS: Mapping[str, Callable[..., Any]] = {
    "floor": _strict(lambda a: float(math.floor(a)) if math.isfinite(a) else a),
    "ceil": _strict(lambda a: float(math.ceil(a)) if math.isfinite(a) else a),
    "mod": _strict(math.fmod),
}


class SQLite(Dialect):
    """SQLite 3.38 and up."""

    name = "sqlite"
    paramstyle = "qmark"
    max_parameters = 32_766
    max_depth = 900
    collation = "binary"
    nulls = "low"
    nan = "none"
    wide_integers = True
    decimal_digits = 15
    truth = ("1", "0")
    holds = ("{a} = 1", "{a} = 0")
    same = "{a} IS {b}"
    distinct = "{a} IS NOT {b}"
    exact = "{a} COLLATE BINARY"
    wide = "{a}"
    narrow = "(SELECT CASE typeof(n) WHEN 'integer' THEN n END FROM (SELECT {a} AS n))"
    scale = 10
    page = ("LIMIT {top}", "LIMIT {top} OFFSET {skip}", "LIMIT -1 OFFSET {skip}")
    types: Mapping[str, str] = {**Dialect.types, edm.STRING.name: "TEXT", edm.DECIMAL.name: "NUMERIC"}
    storages: Mapping[tuple[str, str], Storage] = {
        (edm.DATE_TIME_OFFSET.name, "text"): Storage(_MOMENT, near=_days_around, local="{a}"),
        (edm.DATE_TIME_OFFSET.name, "utc"): Storage(
            _MOMENT, lambda value, zone: value.astimezone(dt.UTC).isoformat(), ordered=True
        ),
        (edm.DATE_TIME_OFFSET.name, "timestamp"): Storage(
            _MOMENT, lambda value, zone: value.astimezone(zone).replace(tzinfo=None).isoformat(), ordered=True
        ),
    }
    default_storages: Mapping[str, str] = {edm.DATE_TIME_OFFSET.name: "text"}
    collections: Mapping[str, Members] = {
        "json": Members("json_each({a}) AS {t}", "{t}.value", is_json=True),
    }
    json_values: Mapping[str, str] = {"": "json_extract({a}, {p})"}
    json_members: Mapping[str, str] = {"": "{a}"}
    json_storages: Mapping[str, str] = default_storages
    needles: Mapping[str, Needle] = {
        "startswith(String,String)": ("({a} >= {b} AND {a} < {c})", _range),
    }
    templates: Mapping[str, str] = {
        **Dialect.templates,
        "mod(Integer,Integer)": "({a} % {b})",
        "div(Integer,Integer)": "({a} / {b})",
        "divby(Integer,Integer)": "round(1.0 * {a} / {b}, 12)",
        **{
            f"{name}(Decimal,Decimal)": f"round({{a}} {sign} {{b}}, {{s}})"
            for name, sign in {"add": "+", "sub": "-", "mul": "*"}.items()
        },
        "div(Decimal,Decimal)": "round(1.0 * {a} / {b}, 12)",
        "divby(Decimal,Decimal)": "round(1.0 * {a} / {b}, 12)",
        "mod(Decimal,Decimal)": "round(mod({a}, {b}), {s})",
        **{
            f"{name}(Double,Double)": (
                "CASE WHEN {b} <> 0 THEN 1.0 * {a} / {b} WHEN {a} > 0 THEN 9e999 WHEN {a} < 0 THEN -9e999 END"
            )
            for name in ("div", "divby")
        },
        "mod(Double,Double)": "mod({a}, {b})",
        "contains(String,String)": "instr({a}, {b}) > 0",
        "indexof(String,String)": "(instr({a}, {b}) - 1)",
        "length(String)": "length({a})",
        "startswith(String,String)": "substr({a}, 1, length({b})) = {b}",
        "endswith(String,String)": "substr({a}, length({a}) - length({b}) + 1) = {b}",
        "substring(String,Integer)": "substr({a}, CASE WHEN {b} < 0 THEN max(length({a}) + {b}, 0) ELSE {b} END + 1)",
        "substring(String,Integer,Integer)": (
            "substr({a}, CASE WHEN {b} < 0 THEN max(length({a}) + {b}, 0) ELSE {b} END + 1, max({c}, 0))"
        ),
        "tolower(String)": "lower({a})",
        "toupper(String)": "upper({a})",
        "trim(String)": "trim({a}, " + _WHITE_SPACE + ")",
        "matchespattern(String,String)": "({a} REGEXP {b})",
        "ceiling(Decimal)": "ceil({a})",
        "floor(Decimal)": "floor({a})",
        "round(Decimal)": "round({a})",
        "ceiling(Double)": "ceil({a})",
        "floor(Double)": "floor({a})",
        "round(Double)": "round({a})",
        "now()": f"rtrim(rtrim(strftime({_UTC[:-1].removesuffix('%S')}%f', 'now'), '0'), '.')",
        **{
            f"{part}({kind})": f"CAST(substr({{a}}, {start}, {length}) AS INTEGER)"
            for part, kind, start, length in (
                ("year", "Date", 1, 4),
                ("month", "Date", 6, 2),
                ("day", "Date", 9, 2),
                ("hour", "TimeOfDay", 1, 2),
                ("minute", "TimeOfDay", 4, 2),
                ("second", "TimeOfDay", 7, 2),
                ("year", "DateTimeOffset", 1, 4),
                ("month", "DateTimeOffset", 6, 2),
                ("day", "DateTimeOffset", 9, 2),
                ("hour", "DateTimeOffset", 12, 2),
                ("minute", "DateTimeOffset", 15, 2),
                ("second", "DateTimeOffset", 18, 2),
            )
        },
        # The number ends where the offset begins.
        "fractionalseconds(DateTimeOffset)": "CAST('0' || substr({a}, 20) AS REAL)",
        "fractionalseconds(TimeOfDay)": "CAST('0' || substr({a}, 9) AS REAL)",
        "date(DateTimeOffset)": "substr({a}, 1, 10)",
        "time(DateTimeOffset)": (
            f"(substr({{a}}, 12, 8) || CASE {_FRACTION} WHEN '' THEN ''"
            f" ELSE substr({_FRACTION} || '000000', 1, 7) END)"
        ),
        "totaloffsetminutes(DateTimeOffset)": (
            f"CASE WHEN substr({_OFFSET}, 1, 1) IN ('+', '-') THEN CAST(substr({_OFFSET}, 1, 1) || '1' AS INTEGER)"
            f" * (CAST(substr({_OFFSET}, 2, 2) AS INTEGER) * 60 + CAST(substr({_OFFSET}, 5, 2) AS INTEGER))"
            " WHEN {a} IS NOT NULL THEN 0 END"
        ),
        "totalseconds(Duration)": "round({a}, 6)",
        "add(DateTimeOffset,Duration)": _shifted("+"),
        "sub(DateTimeOffset,Duration)": _shifted("-"),
        "add(Date,Duration)": _shifted_date(""),
        "sub(Date,Duration)": _shifted_date("-"),
        "sub(DateTimeOffset,DateTimeOffset)": (
            f"(({_microseconds('{a}')} - {_microseconds('{b}')}) / 1000000.0)"
        ),
        "sub(Date,Date)": "((julianday({a}) - julianday({b})) * 86400.0)",
        "add(Duration,Duration)": "round({a} + {b}, 6)",
        "sub(Duration,Duration)": "round({a} - {b}, 6)",
        "mul(Duration,Number)": "round({a} * {b}, 6)",
        "mul(Number,Duration)": "round({a} * {b}, 6)",
        "div(Duration,Number)": "round(1.0 * {a} / {b}, 6)",
        "negate(Duration)": "(-{a})",
        "cast(Integer,Boolean)": "({a} <> 0)",
        "cast(Boolean,Integer)": "{a}",
        "cast(Boolean,Decimal)": "{a}",
        "cast(Boolean,Double)": "{a}",
        "cast(Integer,Decimal)": "{a}",
        "cast(Decimal,Integer)": "CASE WHEN {a} > {low} - 1.0 AND {a} < {high} + 1.0 THEN CAST({a} AS INTEGER) END",
        "cast(Double,Integer)": "CASE WHEN {a} > {low} - 1.0 AND {a} < {high} + 1.0 THEN CAST({a} AS INTEGER) END",
        "cast(Date,String)": "{a}",
        "cast(TimeOfDay,String)": "{a}",
        "cast(Guid,String)": "{a}",
        "cast(DateTimeOffset,Date)": "substr({a}, 1, 10)",
        "cast(Date,DateTimeOffset)": "({a} || 'T00:00:00')",
        "cast(String,Date)": (
            "CASE WHEN {a} GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]' AND {a} > '0001'"
            " AND date({a}) = {a} THEN {a} END"
        ),
        "cast(String,Integer)": (
            "CASE WHEN ltrim({a}, '+-') <> '' AND ltrim({a}, '+-') NOT GLOB '*[^0-9]*'"
            " AND length({a}) - length(ltrim({a}, '+-')) < 2 AND length(ltrim({a}, '+-0')) < 19"
            " AND CAST({a} AS INTEGER) BETWEEN {low} AND {high} THEN CAST({a} AS INTEGER) END"
        ),
    }

    def bind(self, value: Any, type: edm.Type) -> Any:
        if isinstance(value, Decimal):
            return int(value) if value == value.to_integral_value() and abs(value) < 2**63 else float(value)
        if isinstance(value, dt.datetime):
            return moment(value)
        if isinstance(value, dt.date | dt.time):
            return value.isoformat()
        if isinstance(value, dt.timedelta):
            return value / dt.timedelta(seconds=1)
        if isinstance(value, uuid.UUID):
            return str(value)
        return value

    def prepare(self, connection: Any) -> None:
        """Case mapping as Unicode has it, regular expressions, and what older builds lack."""
        functions: dict[tuple[str, int], Callable[..., Any]] = {
            ("lower", 1): lambda text: text if text is None else str(text).lower(),
            ("upper", 1): lambda text: text if text is None else str(text).upper(),
            ("regexp", 2): _regexp,
        }
        for name, arity in (("floor", 1), ("ceil", 1), ("mod", 2)):
            try:
                connection.execute(f"SELECT {name}({', '.join('1' * arity)})")
            except sqlite3.Error:
                functions[name, arity] = _MATHEMATICS[name]
        for (name, arity), function in functions.items():
            connection.create_function(name, arity, function, deterministic=True)

    def accepts(self, value: Any, type: edm.Type) -> str | None:
        if (
            isinstance(value, Decimal)
            and len(value.normalize().as_tuple().digits) > 15
            and Decimal(float(value)) != value
        ):
            return f"{self.name} takes decimals of at most 15 digits."
        return None
