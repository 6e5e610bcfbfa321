"""BigQuery.

Durations are numbers of seconds, NUMERIC, and Guids texts in lower case. A TIMESTAMP has no offset, so the
parts of a moment are those in UTC. Values are query parameters, called `p1`, `p2`, ...
"""

from __future__ import annotations

import datetime as dt
import uuid

from . import spelling
from .base import Dialect, Json, Members, Page, Storage, clocks, moments
from .spelling import DATE, INTEGER, OFFSET, between, fitting, lasting, within, zoned

_WHOLE = (
    "CASE WHEN CEIL({a}) >= CAST('{low}' AS BIGNUMERIC) AND {a} < CAST('{high}' AS BIGNUMERIC) + 1"
    " THEN CAST(TRUNC({a}) AS INT64) END"
)
_MOVED = "CAST(UNIX_MICROS({a}) AS BIGNUMERIC) {sign} CAST({b} AS BIGNUMERIC) * 1000000"
_SINGLE = spelling.nearest_single("{a}", "CAST('inf' AS FLOAT64)")
_IN_ZONE = "DATETIME(TIMESTAMP({x}), '{zone}')"
_BY_NAME = spelling.utc_clock(
    _IN_ZONE,
    f"DATETIME_ADD({{a}}, INTERVAL DATETIME_DIFF({{x}}, {_IN_ZONE}, SECOND) SECOND)",
    "DATETIME_SUB(GREATEST({a}, DATETIME '0001-01-02'), INTERVAL 1 DAY)",
    "DATETIME_ADD(LEAST({a}, DATETIME '9999-12-30'), INTERVAL 1 DAY)",
)
"""The clock in UTC of a clock in a zone with a name."""
_HAS_OFFSET = f"REGEXP_CONTAINS({{a}}, '{OFFSET}$')"
_TEXT_BY_NAME = _BY_NAME.replace("{a}", "CAST({a} AS DATETIME)")
_OWN_OFFSET = "CAST(FLOOR(TIMESTAMP_DIFF({local}, {read}, SECOND) / 60) AS INT64)"
_INF = "CAST('inf' AS FLOAT64)"
_DAYS = "{minus}CAST(FLOOR(CAST({b} AS BIGNUMERIC) / 86400) AS INT64)"


def _scaled(microseconds: str) -> str:
    """A duration of so many microseconds; halves of one are exact with a FLOAT64 too."""
    return lasting(f"(SAFE_CAST(ROUND({microseconds}) AS NUMERIC) / 1000000)", "NUMERIC ")


_LEAST, _GREATEST = "BIGNUMERIC '-9223372036854775809'", "BIGNUMERIC '9223372036854775808'"


class BigQuery(Dialect):
    """BigQuery, by its client for Python."""

    name = "bigquery"
    paramstyle = "named"
    named_marker = "@p{n}"
    quotes = "``"
    binds = {dt.timedelta: spelling.seconds, uuid.UUID: str}
    max_parameters = 10_000
    max_length = 1_000_000
    max_depth = 200
    collation = "binary"
    text_escapes = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r"}
    binary = "COLLATE({a}, '')"
    null_order = "low"
    nan = "ieee"
    null_safe_nan = True
    nan_rank = "CASE WHEN IS_NAN({a}) THEN 0 WHEN {a} IS NOT NULL THEN 1 END"
    as_int64 = "{a}"
    as_wide_integer = "CAST({a} AS BIGNUMERIC)"
    wide_to_int64 = f"CAST({within('{a}', _LEAST, _GREATEST)} AS INT64)"
    page = Page(skip="LIMIT 9223372036854775807 OFFSET {skip}")
    types = spelling.edm_types(
        Dialect.types, Integer="INT64", Boolean="BOOL", Decimal="BIGNUMERIC", Float="FLOAT64",
        String="STRING", TimeOfDay="TIME", DateTimeOffset="TIMESTAMP", Duration="NUMERIC", Guid="STRING",
        Binary="BYTES",
    )  # fmt: skip
    singles = Storage(_SINGLE)
    storages = moments(
        "timestamp_utc",
        clocks("TIMESTAMP({a}, '{zone}')", f"TIMESTAMP({_BY_NAME})", "TIMESTAMP({a})", _OWN_OFFSET),
        clocks(
            f"TIMESTAMP({zoned(_HAS_OFFSET)})",
            f"CASE WHEN {_HAS_OFFSET} THEN TIMESTAMP({{a}}) ELSE TIMESTAMP({_TEXT_BY_NAME}) END",
            f"TIMESTAMP(REGEXP_REPLACE({{a}}, '{OFFSET}$', ''))",
            _OWN_OFFSET,
        ),
    )
    collections = {
        "array": Members("UNNEST({a}) AS {t}", "{t}"),
        "json": Members("UNNEST(JSON_QUERY_ARRAY({a})) AS {t}", "{t}", is_json=True),
    }
    json = Json(
        "JSON_VALUE({a}, {p})",
        "JSON_VALUE({a}, '$')",
        "JSON_QUERY({a}, {p})",
        spelling.json_casts(types),
        # JSON_VALUE is null for an object, and JSON_QUERY is not null for null.
        object="NULLIF(TO_JSON_STRING(JSON_QUERY({a}, {p})), 'null')",
    )
    templates = {
        **Dialect.templates,
        **spelling.substrings("SUBSTR", "CHAR_LENGTH"),
        "div(Integer,Integer)": "DIV({a}, NULLIF({b}, 0))",
        # An error of numbers that are too large is null, or infinite.
        "add(Decimal,Decimal)": "SAFE_ADD(CAST({a} AS BIGNUMERIC), {b})",
        "sub(Decimal,Decimal)": "SAFE_SUBTRACT(CAST({a} AS BIGNUMERIC), {b})",
        "mul(Decimal,Decimal)": "SAFE_MULTIPLY(CAST({a} AS BIGNUMERIC), {b})",
        "divby(Integer,Integer) div|divby(Decimal,Decimal)": (
            "ROUND(SAFE_DIVIDE(CAST({a} AS BIGNUMERIC), {b}), 12)"
        ),
        "add(Double,Double)": f"IFNULL(SAFE_ADD({{a}}, {{b}}), (SIGN({{a}}) + 0 * {{b}}) * {_INF})",
        "sub(Double,Double)": f"IFNULL(SAFE_SUBTRACT({{a}}, {{b}}), (SIGN({{a}}) + 0 * {{b}}) * {_INF})",
        "mul(Double,Double)": f"IFNULL(SAFE_MULTIPLY({{a}}, {{b}}), SIGN({{a}}) * SIGN({{b}}) * {_INF})",
        "div|divby(Double,Double)": "IEEE_DIVIDE({a}, {b})",
        "ceiling(Decimal)": "CEIL({a})",
        # Zero has no sign, as `1 div ceiling(ratio)` would tell.
        "ceiling(Double)": "(CEIL({a}) + 0)",
        "floor(Double)": "(FLOOR({a}) + 0)",
        "round(Double)": f"({spelling.NEAREST} + 0)",
        "contains(String,String)": "STRPOS({a}, {b}) > 0",
        "indexof(String,String)": "(STRPOS({a}, {b}) - 1)",
        "startswith(String,String)": "STARTS_WITH({a}, {b})",
        "endswith(String,String)": "ENDS_WITH({a}, {b})",
        "trim(String)": "TRIM({a}, '" + spelling.white_space("\\u{:04x}") + "')",
        "now()": "CURRENT_TIMESTAMP()",
        "fractionalseconds(DateTimeOffset|TimeOfDay)": (
            "(CAST(EXTRACT(MICROSECOND FROM {a}) AS NUMERIC) / 1000000)"
        ),
        "date(DateTimeOffset) cast(DateTimeOffset,Date)": "DATE({a})",
        "time(DateTimeOffset) cast(DateTimeOffset,TimeOfDay)": "TIME({a})",
        "add|sub(DateTimeOffset,Duration)": between(
            _MOVED, spelling.MICROSECONDS, f"TIMESTAMP_MICROS(CAST({_MOVED} AS INT64))"
        ),
        "add|sub(Date,Duration)": between(
            f"DATE_DIFF({{a}}, DATE '0001-01-01', DAY) + {_DAYS}",
            spelling.DAYS_OF_YEAR_1,
            f"DATE_ADD({{a}}, INTERVAL {_DAYS} DAY)",
        ),
        "sub(DateTimeOffset,DateTimeOffset)": (
            "(CAST(TIMESTAMP_DIFF({a}, {b}, MICROSECOND) AS NUMERIC) / 1000000)"
        ),
        "sub(Date,Date)": "CAST(DATE_DIFF({a}, {b}, DAY) * 86400 AS NUMERIC)",
        "cast(Double,Single)": _SINGLE,
        "add|sub(Duration,Duration)": lasting("({a} {sign} {b})", "NUMERIC "),
        "negate(Duration)": lasting("(-{a})", "NUMERIC "),
        "mul(Duration,Number)": _scaled("SAFE_MULTIPLY({a} * 1000000, {b})"),
        "mul(Number,Duration)": _scaled("SAFE_MULTIPLY({a}, {b} * 1000000)"),
        "div(Duration,Number)": _scaled("SAFE_DIVIDE({a} * 1000000, {b})"),
        "cast(Boolean,Decimal|Double)": "CAST(CAST({a} AS INT64) AS {type})",
        "cast(Decimal,Integer)": _WHOLE,
        "cast(Double,Integer)": _WHOLE.replace("BIGNUMERIC", "FLOAT64"),
        "cast(Guid,String)": "{a}",
        "cast(Date,DateTimeOffset)": "TIMESTAMP({a})",
        "cast(String,Integer)": fitting("SAFE_CAST({a} AS INT64)", f"REGEXP_CONTAINS({{a}}, '^{INTEGER}$')"),
        "cast(String,Date)": (
            f"CASE WHEN REGEXP_CONTAINS({{a}}, '^{DATE}$') THEN SAFE_CAST({{a}} AS DATE) END"
        ),
    }
    unsupported = {**Dialect.unsupported, "mod(Double,Double)": "no-float-remainder"}

    def quote(self, name: str) -> str:
        super().quote(name)
        return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"
