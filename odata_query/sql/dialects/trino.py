"""Trino 430 and up.

Durations are numbers of seconds, DECIMAL(20, 6): no interval has microseconds. Parts of a moment are in UTC.
A JSON column has the type JSON. Decimals have at most 26 digits before the point and 12 after it: wider ones
cannot be compared with each other. Case is mapped character by character: `ß` keeps its form in upper case.
"""

from __future__ import annotations

import datetime as dt

from . import spelling
from .base import Dialect, Json, Members, Page, Storage, clocks, moments
from .spelling import DATE, INTEGER, OFFSET, between, dated, fitting, lasting, within, zoned

_SPACES = "U&'" + spelling.white_space("\\{:04X}") + "'"
_UTC = "({a} AT TIME ZONE 'UTC')"
_LAST = "CAST(SUBSTR(CAST({} AS VARCHAR), {}, 6) AS BIGINT)"
_FRACTION = _LAST.format(f"CAST({_UTC} AS TIMESTAMP(6))", 21)
"""The microseconds of a moment; functions know milliseconds only."""
_MICROS = (
    "(CAST(DATE_DIFF('second', TIMESTAMP '1970-01-01 00:00:00 UTC', DATE_TRUNC('second', {a}))"
    f" AS DECIMAL(38, 0)) * 1000000 + {_FRACTION})"
)
_MOVED = f"{_MICROS} {{sign}} CAST({{b}} * 1000000 AS DECIMAL(38, 0))"
_DAYS = "{minus}CAST(FLOOR(CAST({b} AS DECIMAL(38, 12)) / 86400) AS BIGINT)"
_MOVED_DATE = f"DATE_DIFF('day', DATE '0001-01-01', {{a}}) + {_DAYS}"
_IN_ZONE = "CAST(AT_TIMEZONE(WITH_TIMEZONE({x}, 'UTC'), '{zone}') AS TIMESTAMP(6))"


def _by_name(clock: str) -> str:
    """The moment of a clock in a zone with a name."""
    found = spelling.utc_clock(
        _IN_ZONE,
        f"DATE_ADD('second', DATE_DIFF('second', {_IN_ZONE}, {{x}}), {{a}})",
        "({a} - INTERVAL '1' DAY)",
        "({a} + INTERVAL '1' DAY)",
    )
    return f"WITH_TIMEZONE({found.replace('{a}', clock)}, 'UTC')"


_HAS_OFFSET = f"REGEXP_LIKE({{a}}, '{OFFSET}$')"
_READ = "FROM_ISO8601_TIMESTAMP_NANOS({a})"
_TEXT = _READ.replace("{a}", zoned(_HAS_OFFSET))
_TEXT_CLOCK = f"CAST({_TEXT.replace('{zone}', 'Z')} AS TIMESTAMP(6))"
_OWN_OFFSET = "CAST(FLOOR(DATE_DIFF('second', {read}, {local}) / 60e0) AS INTEGER)"
_ARRAY = Members(
    "{a}",
    "{t}",
    "COALESCE(ANY_MATCH({source}, {t} -> {body}), FALSE)",
    "COALESCE(CARDINALITY(FILTER({source}, {t} -> {body})), 0)",
    takes_subqueries=False,
)
"""An array with a lambda, since a subquery over an array cannot use columns of the outer query."""


def _scaled(microseconds: str) -> str:
    """A duration of so many microseconds; halves of one are exact with a DOUBLE too."""
    return lasting(f"TRY(CAST(ROUND({microseconds}) AS DECIMAL(20, 0)) * DECIMAL '0.000001')")


_LEAST, _GREATEST = "DECIMAL '-9223372036854775809'", "DECIMAL '9223372036854775808'"


class Trino(Dialect):
    """Trino, by its client for Python."""

    name = "trino"
    binds = {dt.timedelta: spelling.seconds}
    once = ("TRANSFORM(ARRAY[ROW({values})], odata_v{i} -> {body})[1]", "{x}", "odata_v{i}[{n}]")
    max_length = 1_000_000
    max_depth = 300
    collation = "binary"
    binary = "{a}"
    null_order = "last"
    max_scale = 12
    decimal_digits = (26, 12)
    case_casts = {"Decimal": "TRY_CAST({a} AS DECIMAL(38, {s}))"}
    nan = "ieee"
    null_safe_nan = True
    nan_rank = "CASE WHEN IS_NAN({a}) THEN 0 WHEN {a} IS NOT NULL THEN 1 END"
    wide_to_int64 = f"CAST({within('{a}', _LEAST, _GREATEST)} AS BIGINT)"
    page = Page(both="OFFSET {skip} LIMIT {top}")
    types = spelling.edm_types(Dialect.types, Double="DOUBLE", Duration="DECIMAL(20, 6)")
    singles = Storage("CAST(CAST({a} AS REAL) AS DOUBLE)")
    storages = moments(
        "timestamptz",
        clocks("WITH_TIMEZONE({a}, '{zone}')", _by_name("{a}"), "WITH_TIMEZONE({a}, 'UTC')", _OWN_OFFSET),
        clocks(
            _TEXT,
            f"CASE WHEN {_HAS_OFFSET} THEN {_READ} ELSE {_by_name(_TEXT_CLOCK)} END",
            f"WITH_TIMEZONE({_TEXT_CLOCK}, 'UTC')",
            _OWN_OFFSET,
        ),
    )
    collections = {"array": _ARRAY, "json": _ARRAY._replace(source="CAST({a} AS ARRAY(JSON))", is_json=True)}
    json = Json(
        "JSON_EXTRACT_SCALAR({a}, {p})",
        "JSON_EXTRACT_SCALAR({a}, '$')",
        "JSON_EXTRACT({a}, {p})",
        spelling.json_casts(types),
        key='["{key}"]',
        # JSON_EXTRACT_SCALAR is null for an object, and JSON_EXTRACT is not null for null.
        object="NULLIF(JSON_FORMAT(JSON_EXTRACT({a}, {p})), 'null')",
    )
    literal_needles = spelling.like_needles(" ESCAPE '\\'")
    templates = {
        **Dialect.templates,
        **spelling.substrings("SUBSTR", "LENGTH"),
        "div(Integer,Integer)": spelling.TRUNCATED,
        # An error of numbers that are too large is null.
        "add|sub|mul(Decimal,Decimal)": f"TRY({spelling.decimal('{a} {sign} {b}')})",
        "mod(Decimal,Decimal)": "TRY(MOD({a}, NULLIF({b}, 0)))",
        "divby(Integer,Integer)": "ROUND(CAST({a} AS DECIMAL(38, 12)) / NULLIF({b}, 0), 12)",
        "div|divby(Decimal,Decimal)": (
            f"TRY({spelling.decimal('ROUND(CAST({a} AS DECIMAL(38, 12)) / NULLIF({b}, 0), 12)')})"
        ),
        # Zero has no sign, as `1 div ceiling(ratio)` would tell.
        "ceiling|floor(Double)": "({NAME}({a}) + 0)",
        "round(Double)": f"({spelling.NEAREST} + 0)",
        "div|divby(Double,Double)": "(CAST({a} AS DOUBLE) / {b})",
        "mod(Double,Double)": "MOD(CAST({a} AS DOUBLE), {b})",
        "contains(String,String)": "STRPOS({a}, {b}) > 0",
        "indexof(String,String)": "(STRPOS({a}, {b}) - 1)",
        "startswith(String,String)": "STARTS_WITH({a}, {b})",
        "endswith(String,String)": "SUBSTR({a}, GREATEST(LENGTH({a}) - LENGTH({b}), 0) + 1) = {b}",
        "trim(String)": f"TRIM(BOTH {_SPACES} FROM {{a}})",
        "now()": "CURRENT_TIMESTAMP(6)",
        "year|month|day|hour|minute|second(DateTimeOffset)": f"EXTRACT({{NAME}} FROM {_UTC})",
        "fractionalseconds(DateTimeOffset)": f"(CAST({_FRACTION} AS DECIMAL(12, 6)) / 1000000)",
        "fractionalseconds(TimeOfDay)": (
            f"(CAST({_LAST.format('CAST({a} AS TIME(6))', 10)} AS DECIMAL(12, 6)) / 1000000)"
        ),
        "date(DateTimeOffset) cast(DateTimeOffset,Date)": f"CAST({_UTC} AS DATE)",
        "time(DateTimeOffset) cast(DateTimeOffset,TimeOfDay)": f"CAST({_UTC} AS TIME(6))",
        "add|sub(DateTimeOffset,Duration)": between(
            _MOVED, spelling.MICROSECONDS, f"FROM_UNIXTIME_NANOS(({_MOVED}) * 1000)"
        ),
        "add|sub(Date,Duration)": between(
            _MOVED_DATE, spelling.DAYS_OF_YEAR_1, f"DATE_ADD('day', {_DAYS}, {{a}})"
        ),
        "sub(DateTimeOffset,DateTimeOffset)": (
            f"(CAST({_MICROS} - {_MICROS.replace('{a}', '{b}')} AS DECIMAL(38, 6)) / 1000000)"
        ),
        "sub(Date,Date)": "CAST(DATE_DIFF('day', {b}, {a}) * 86400 AS DECIMAL(20, 6))",
        "add|sub(Duration,Duration)": lasting("({a} {sign} {b})"),
        "negate(Duration)": lasting("(-{a})"),
        "mul(Duration,Number)": _scaled("CAST({a} * 1000000 AS DECIMAL(20, 0)) * {b}"),
        "mul(Number,Duration)": _scaled("CAST({b} * 1000000 AS DECIMAL(20, 0)) * {a}"),
        "div(Duration,Number)": _scaled("CAST({a} * 1000000 AS DECIMAL(38, 12)) / NULLIF({b}, 0)"),
        "cast(Integer,Decimal)": "CAST({a} AS DECIMAL(20, 0))",
        "has(Enum,Enum)": "BITWISE_AND({a}, {b}) = {b}",
        "cast(Double,Single)": "CAST(CAST({a} AS REAL) AS DOUBLE)",
        "cast(Decimal|Double,Integer)": spelling.whole("CAST(TRUNCATE({a}) AS BIGINT)"),
        "cast(Date,DateTimeOffset)": "WITH_TIMEZONE(CAST({a} AS TIMESTAMP(6)), 'UTC')",
        "cast(String,Integer)": fitting("TRY_CAST({a} AS BIGINT)", f"REGEXP_LIKE({{a}}, '^{INTEGER}$')"),
        "cast(String,Date)": dated(f"REGEXP_LIKE({{a}}, '^{DATE}$')", "TRY_CAST({a} AS DATE)"),
    }
