"""Spark SQL 4 and up, in ANSI mode, as Spark has it by default.

Nothing here depends on the session's time zone. Decimals have at most 26 digits before the point and 12
after it, because Spark rounds wider ones when it combines them.
"""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

from ... import edm
from ...problems import ConfigurationError
from . import spelling
from .base import Dialect, Json, Members, Storage, clocks, moments
from .spelling import CLOCK, EXACT, dated, fitting, in_zone, seconds, within_second

_SPACES = "'" + spelling.white_space("\\u{:04X}") + "'"


def _bounded(value: str, low: int, high: int) -> str:
    """A BIGINT that is null out of bounds, since it overflows there.

    The value is written once: an argument that a template has twice doubles the plan with each nesting.
    """
    up, down = 2**63 - 1 - high, 2**63 + low
    return f"try_add(try_subtract(try_subtract(try_add({value}, {up}), {up}), {down}), {down})"


def _exactly(x: str) -> str:
    """A number as a decimal, a Double by its digits; a larger one becomes the largest decimal."""
    largest, most = "1.7976931348623157E308D", f"{99 * 10**18}BD"
    return (
        f"CASE WHEN {x} BETWEEN -9E19D AND 9E19D THEN TRY_CAST({x} AS DECIMAL(38, 18))"
        f" WHEN {x} BETWEEN 9E19D AND {largest} THEN {most}"
        f" WHEN {x} BETWEEN -{largest} AND -9E19D THEN -{most} END"
    )


def _duration(value: str) -> str:
    """A number of seconds that is null out of the range of durations, since it overflows there."""
    for shift in ("", " + 13600000000000", " - 27200000086399.999999"):
        value = f"TRY_CAST({value}{shift} AS DECIMAL(20, 6))"
    return f"({value} + 13600000086399.999999)"


_MICROS = "{move}(unix_micros({a}), TRY_CAST({b} * 1000000 AS BIGINT))"
_MOVED = f"timestamp_micros({_bounded(_MICROS, *spelling.MICROSECONDS)})"
_DAYS = _bounded("unix_date({a}) {sign} CAST(floor({b} / 86400) AS BIGINT)", *spelling.DAYS)


def _decimals(function: str) -> str:
    """An operation on decimals in the scale of its result."""
    a, b = (f"TRY_CAST({{{x}}} AS DECIMAL(37, {{s}}))" for x in "ab")
    return f"TRY_CAST({function}({a}, {b}) AS DECIMAL({{p}}, {{s}}))"


def _scaled(value: str, places: str, type: str) -> str:
    """A number times a power of ten, limited only by the type."""
    return f"TRY_CAST(concat({value}, 'E{places}') AS {type})"


_PRODUCT = _scaled(
    f"try_multiply({_scaled('{a}', '{sa}', 'DECIMAL(38, 0)')}, {_scaled('{b}', '{sb}', 'DECIMAL(38, 0)')})",
    "-{s}",
    "DECIMAL({p}, {s})",
)
_QUOTIENT = _scaled(
    f"round(try_divide({_scaled('{a}', '12', 'DECIMAL(38, 0)')}, {{b}}))", "-12", "DECIMAL(32, 12)"
)
_DIVIDED = (
    # As numbers, 0.0 and -0.0 are equal; as texts, they differ.
    "coalesce(try_divide(CAST({a} AS DOUBLE), {b}), {a} * CASE CAST(CAST({b} AS DOUBLE) AS STRING)"
    " WHEN '0.0' THEN CAST('Infinity' AS DOUBLE) WHEN '-0.0' THEN CAST('-Infinity' AS DOUBLE) END)"
)
_REMAINDER = "coalesce(try_mod(CAST({a} AS DOUBLE), {b}), CAST('NaN' AS DOUBLE) * {a} * {b})"
_UTC = "timestampadd(MICROSECOND, unix_micros({a}), TIMESTAMP_NTZ '1970-01-01 00:00:00')"
"""The clock of a moment in UTC."""
_CLOCK = "CAST(concat(CAST({a} AS STRING), '{zone}') AS TIMESTAMP)"
"""The moment of a clock in a time zone."""
_TEXT = (
    "TRY_CAST(concat({a}, CASE WHEN {a} RLIKE '[T ].*(Z|[+-][0-9:]+)$' THEN '' ELSE '{zone}' END)"
    " AS TIMESTAMP)"
)
_LOCAL = _CLOCK.replace("{zone}", "+00:00")
_TEXT_LOCAL = (
    "TRY_CAST(concat(regexp_replace({a}, '(:[0-9.]+)(Z|[+-][0-9:]+)$', '$1'), '+00:00') AS TIMESTAMP)"
)
_OWN_OFFSET = "CAST(floor((unix_micros({local}) - unix_micros({read})) / 60000000) AS INT)"
_START = (
    "CAST(CASE WHEN {b} < 0 THEN greatest({b}, -1000000000)"
    " WHEN {b} < 2147483647 THEN {b} + 1 WHEN {b} IS NOT NULL THEN 2147483647 END AS INT)"
)
_LENGTH = (
    "CAST(CASE WHEN {c} < 0 THEN 0"
    " WHEN {c} < 2147483647 THEN {c} WHEN {c} IS NOT NULL THEN 2147483647 END AS INT)"
)
_TIME = f"date_format({_UTC}, 'HH:mm:ss.SSSSSS')"
_ARRAY = Members(
    "{a}",
    "{t}",
    "coalesce(exists({source}, {t} -> {body}), FALSE)",
    "CAST(coalesce(size(filter({source}, {t} -> {body})), 0) AS BIGINT)",
    takes_subqueries=False,
)


def _decimal(value: Decimal) -> Decimal:
    """Write a decimal for Spark, which takes no positive exponent and a scale of at most 38."""
    is_whole = value == value.to_integral_value()
    return value.quantize(Decimal(1), context=EXACT) if is_whole else EXACT.normalize(value)


class Spark(Dialect):
    """Spark SQL, by `spark.sql(text, args=...)`."""

    name = "spark"
    verified = True
    paramstyle = "named"
    quotes = "``"
    # As texts: Java would read dates and moments by another calendar.
    binds = {
        dt.datetime: lambda value: value.astimezone(dt.UTC).isoformat(),
        dt.date: dt.date.isoformat,
        dt.time: lambda value: value.isoformat("microseconds"),
        dt.timedelta: seconds,
        uuid.UUID: str,
        Decimal: _decimal,
    }
    once_takes_subqueries = False
    once = ("transform(array(struct({values})), odata_v{i} -> {body})[0]", "{x} AS {a}", "odata_v{i}.{a}")
    max_parameters = 10_000
    max_depth = 30
    chains_nest = False
    max_length = 250_000
    constant_order = "NULL"
    max_terms = 5_000
    max_scale = 12
    decimal_digits = (26, 12)
    collation = "binary"
    null_order = "low"
    text_escapes = {"\\": "\\\\", "'": "''"}
    correlates_deeply = False
    guards_subqueries = False
    reaches_joined_collections = False
    sorts_by_subqueries = False
    as_wide_integer = "CAST({a} AS BIGINT)"
    wide_to_int64 = "{a}"
    binary = "{a} COLLATE UTF8_BINARY"
    marker_casts = {dt.date: "CAST({m} AS DATE)", dt.datetime: "CAST({m} AS TIMESTAMP)"}
    types = spelling.edm_types(
        Dialect.types, Float="DOUBLE", Decimal="DECIMAL(38, 18)", String="STRING", Guid="STRING",
        TimeOfDay="STRING", DateTimeOffset="TIMESTAMP", Duration="DECIMAL(20, 6)", Binary="BINARY",
    )  # fmt: skip
    singles = Storage("CAST(CAST({a} AS FLOAT) AS DOUBLE)")
    storages = {
        # Java reads a clock that is repeated or skipped as Python does.
        **moments(
            "timestamptz",
            clocks(_CLOCK, _CLOCK.replace("{zone}", " {zone}"), _LOCAL, _OWN_OFFSET),
            clocks(_TEXT, _TEXT.replace("{zone}", " {zone}"), _TEXT_LOCAL, _OWN_OFFSET),
            lambda value, zone: in_zone(value, zone).isoformat(),
        ),
        ("Edm.Duration", "interval"): Storage(
            "CAST({a} AS DECIMAL(20, 6))", lambda value, zone: value, is_ordered=True
        ),
        ("Edm.TimeOfDay", "text"): Storage(
            "rpad(IF(length({a}) = 8, concat({a}, '.'), {a}), 15, '0')", bounds=within_second
        ),
    }
    default_storages = {"Edm.TimeOfDay": "text"}
    json_storages = {"Edm.DateTimeOffset": "text", "Edm.TimeOfDay": "text"}
    collections = {
        "array": _ARRAY,
        "json": _ARRAY._replace(source="from_json({a}, 'ARRAY<STRING>')", is_json=True),
    }
    json = Json("get_json_object({a}, {p})", types=spelling.json_casts(types, "TRY_CAST({x} AS {type})"))
    templates = {
        **Dialect.templates,
        "add(Integer,Integer)": "try_add({a}, {b})",
        "sub(Integer,Integer)": "try_subtract({a}, {b})",
        "mul(Integer,Integer)": "try_multiply({a}, {b})",
        "div(Integer,Integer)": (
            "CASE WHEN {b} = -1 THEN try_subtract(0L, {a}) ELSE {a} DIV nullif({b}, 0) END"
        ),
        "mod(Integer,Integer)": "try_mod({a}, {b})",
        "negate(Integer)": "try_subtract(0L, {a})",
        "divby(Integer,Integer) div|divby(Decimal,Decimal)": _QUOTIENT,
        "add(Decimal,Decimal)": _decimals("try_add"),
        "sub(Decimal,Decimal)": _decimals("try_subtract"),
        "mul(Decimal,Decimal)": _PRODUCT,
        "mod(Decimal,Decimal)": _decimals("try_mod"),
        "add|sub|mul(Double,Double)": "(CAST({a} AS DOUBLE) {sign} {b})",
        "div|divby(Double,Double)": _DIVIDED,
        "mod(Double,Double)": _REMAINDER,
        "contains|startswith|endswith(String,String)": "{name}({a}, {b})",
        "indexof(String,String)": "(instr({a}, {b}) - 1)",
        "substring(String,Integer)": f"substring({{a}}, {_START})",
        "substring(String,Integer,Integer)": f"substring(substring({{a}}, {_START}), 1, {_LENGTH})",
        # Spark takes upper(lower(x)) for upper(x), which is wrong for some characters.
        "tolower(String)": "lower(concat({a}, ''))",
        "toupper(String)": "upper(concat({a}, ''))",
        "trim(String)": f"btrim({{a}}, {_SPACES})",
        # Larger numbers are all whole.
        "ceiling|floor(Double)": (
            "CASE WHEN abs({a}) < 4503599627370496 THEN CAST({name}({a}) AS DOUBLE) ELSE {a} END"
        ),
        "round(Double)": "round({a})",
        "now()": "current_timestamp()",
        "year|month|day(Date)": "{name}({a})",
        "year|month|day|hour|minute|second(DateTimeOffset)": f"{{name}}({_UTC})",
        **{f"{part}(TimeOfDay)": f"CAST(substring({{a}}, {n}, 2) AS INT)" for part, n in CLOCK.items()},
        "fractionalseconds(DateTimeOffset)": (
            "CAST(concat(pmod(unix_micros({a}), 1000000), 'E-6') AS DECIMAL(7, 6))"
        ),
        "fractionalseconds(TimeOfDay)": "CAST(concat('0', substring({a}, 9)) AS DECIMAL(7, 6))",
        "date(DateTimeOffset) cast(DateTimeOffset,Date)": f"CAST({_UTC} AS DATE)",
        "time(DateTimeOffset) cast(DateTimeOffset,TimeOfDay)": _TIME,
        "totaloffsetminutes(DateTimeOffset)": "CAST(0 * unix_micros({a}) AS INT)",
        "add(DateTimeOffset,Duration)": _MOVED.replace("{move}", "try_add"),
        "sub(DateTimeOffset,Duration)": _MOVED.replace("{move}", "try_subtract"),
        "add|sub(Date,Duration)": f"date_from_unix_date(CAST({_DAYS} AS INT))",
        "sub(DateTimeOffset,DateTimeOffset)": (
            "CAST(concat(unix_micros({a}) - unix_micros({b}), 'E-6') AS DECIMAL(20, 6))"
        ),
        "sub(Date,Date)": "CAST(datediff({a}, {b}) * 86400L AS DECIMAL(20, 6))",
        "add|sub(Duration,Duration)": _duration("{a} {sign} {b}"),
        "mul(Duration,Number)": _duration(f"round(try_multiply({{a}}, {_exactly('{b}')}), 6)"),
        "mul(Number,Duration)": _duration(f"round(try_multiply({{b}}, {_exactly('{a}')}), 6)"),
        "div(Duration,Number)": _duration("round(try_divide({a}, {b}), 6)"),
        "negate(Duration)": _duration("-{a}"),
        "cast(Decimal|Double,Boolean)": "({a} <> 0)",
        "cast(Double,Single)": "CAST(CAST({a} AS FLOAT) AS DOUBLE)",
        "cast(Integer,Decimal)": "CAST({a} AS DECIMAL(20, 0))",
        "cast(Boolean,Decimal)": "CAST({a} AS DECIMAL(1, 0))",
        "cast(Decimal|Double,Integer)": spelling.whole("TRY_CAST({a} AS BIGINT)"),
        "cast(Date,DateTimeOffset)": "timestamp_micros(unix_date({a}) * 86400000000L)",
        "cast(Guid,String)": "{a}",
        "cast(String,Date)": dated(f"{{a}} RLIKE '^{spelling.DATE}\\\\z'", "TRY_CAST({a} AS DATE)"),
        "cast(String,Integer)": fitting("TRY_CAST({a} AS BIGINT)", "{a} RLIKE '^[+-]?[0-9]+\\\\z'"),
    }
    unsupported = {**Dialect.unsupported, "matchespattern(String,String)": "exponential-regular-expressions"}

    def json_path(self, keys: tuple[str, ...]) -> str:
        for key in keys:
            if "'" in key:
                raise ConfigurationError(f"{self.name} cannot look for a key such as {key!r} in JSON")
        return self.quote_text("$" + "".join(f"['{key}']" for key in keys))

    def bind(self, value: Any, type: edm.Type) -> Any:
        # A column of intervals is compared with an interval.
        return value if type is edm.UNTYPED and isinstance(value, dt.timedelta) else super().bind(value, type)
