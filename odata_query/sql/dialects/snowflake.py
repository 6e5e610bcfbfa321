"""Snowflake.

Durations are numbers of seconds, NUMBER(20, 6), and Guids texts in lower case. Decimals have at most 26
digits before the point and 12 after it: wider ones cannot be compared with each other. Moments keep their
offset in a TIMESTAMP_TZ. Collections are columns of the type ARRAY or VARIANT.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from ... import edm
from . import spelling
from .base import Dialect, Json, Members, Page, Storage, moments
from .spelling import DATE, INTEGER, OFFSET, between, dated, fitting, lasting, zoned

_CLOCK = 'YYYY-MM-DD"T"HH24:MI:SS.FF6'
_FORMAT = f"'{_CLOCK}TZH:TZM'"
_ZONED = f"TO_TIMESTAMP_TZ(TO_VARCHAR({{a}}, '{_CLOCK}') || '{{zone}}', {_FORMAT})"
_IN_UTC = _ZONED.replace("{zone}", "+00:00")
_IN_ZONE = "CONVERT_TIMEZONE('UTC', '{zone}', {x})"


def _by_name(clock: str) -> str:
    """The moment of a clock in a zone with a name."""
    found = spelling.utc_clock(
        _IN_ZONE,
        f"DATEADD(SECOND, DATEDIFF(SECOND, {_IN_ZONE}, {{x}}), {{a}})",
        "DATEADD(DAY, -1, {a})",
        "DATEADD(DAY, 1, {a})",
    )
    return _IN_UTC.replace("{a}", found).replace("{a}", clock)


_HAS_OFFSET = f"REGEXP_LIKE({{a}}, '.*{OFFSET}')"
_OWN_OFFSET = "FLOOR(DATEDIFF(SECOND, {read}, {local}) / 60)"
_NAN, _INF = "CAST('NaN' AS FLOAT)", "CAST('inf' AS FLOAT)"
_DIVIDED = (
    f"CASE WHEN {{b}} = 0 THEN CASE WHEN {{a}} = 0 OR {{a}} = {_NAN} THEN {_NAN} WHEN {{a}} > 0 THEN {_INF}"
    f" WHEN {{a}} < 0 THEN -{_INF} END ELSE CAST({{a}} AS FLOAT) / {{b}} END"
)
_MICROS = "DATE_PART(EPOCH_MICROSECOND, {a})"
_BY = "CAST({minus}{b} * 1000000 AS NUMBER(38, 0))"
_SINGLE = spelling.nearest_single("{a}", "CAST('inf' AS FLOAT)")
_DAYS = "{minus}FLOOR(CAST({b} AS NUMBER(38, 6)) / 86400)"


def _exact(found: str, size: str) -> str:
    """Arithmetic of decimals, null where FLOATs tell that the result has too many digits."""
    return f"CASE WHEN {size} < 1E26 THEN {found} END".replace("{x}", "ABS(CAST({a} AS FLOAT))").replace(
        "{y}", "ABS(CAST({b} AS FLOAT))"
    )


def _scaled(duration: str, operator: str, number: str) -> str:
    """Multiply or divide a duration in microseconds, so that halves of one are exact with a FLOAT too.

    A number of too many digits would be an error, so FLOATs tell before.
    """
    about = f"ABS(CAST({duration} AS FLOAT) {operator} CAST({number} AS FLOAT))"
    found = f"ROUND(CAST({duration} * 1000000 AS NUMBER(38, 0)) {operator} {number})"
    found = lasting(f"(CAST({found} AS NUMBER(38, 0)) / 1000000)")
    return f"CASE WHEN {about} < 86400000000001 THEN {found} END"


class Snowflake(Dialect):
    """Snowflake, by its connector for Python. Names are quoted, so a usual column has capitals: `ID`."""

    name = "snowflake"
    binds = {dt.datetime: spelling.zoned_text, dt.timedelta: spelling.seconds, uuid.UUID: str}
    max_parameters = 16_384
    max_length = 1_000_000
    max_depth = 300
    collation = "binary"
    text_escapes = {"\\": "\\\\", "'": "''"}
    binary = "{a} COLLATE ''"
    max_scale = 12
    decimal_digits = (26, 12)
    case_casts = {"Decimal": "CAST({a} AS NUMBER(38, {s}))"}
    as_int64 = "{a}"
    as_wide_integer = "{a}"
    page = Page(skip="LIMIT NULL OFFSET {skip}")
    types = spelling.edm_types(
        Dialect.types, Integer="NUMBER(38, 0)", Decimal="NUMBER(38, 12)", Float="FLOAT",
        DateTimeOffset="TIMESTAMP_TZ(6)", Duration="NUMBER(20, 6)", Guid="VARCHAR", Binary="BINARY",
    )  # fmt: skip
    singles = Storage(_SINGLE)
    storages = moments(
        "timestamptz",
        Storage(_ZONED, named_zone=Storage(_by_name("{a}"), local=_IN_UTC, offset=_OWN_OFFSET)),
        Storage(
            f"TO_TIMESTAMP_TZ({zoned(_HAS_OFFSET)})",
            named_zone=Storage(
                f"CASE WHEN {_HAS_OFFSET} THEN TO_TIMESTAMP_TZ({{a}})"
                f" ELSE {_by_name('TO_TIMESTAMP_NTZ({a})')} END",
                local=f"TO_TIMESTAMP_TZ(REGEXP_REPLACE({{a}}, '{OFFSET}$', '') || '+00:00')",
                offset=_OWN_OFFSET,
            ),
        ),
    )
    default_storages = {"Edm.DateTimeOffset": "timestamptz"}
    collections = dict.fromkeys(
        ("array", "json"), Members("TABLE(FLATTEN(INPUT => {a})) AS {t}", "{t}.VALUE", is_json=True)
    )
    json = Json(
        "GET_PATH({a}, {p})",
        types={**spelling.json_casts(types), "": "CAST({x} AS VARCHAR)"},
        root="",
        key='["{key}"]',
    )
    literal_needles = {"indexof(String,String)": ("(CHARINDEX({b}, {a}) - 1)", spelling.unless_empty)}
    templates = {
        **Dialect.templates,
        **spelling.substrings("SUBSTR", "LENGTH"),
        "div(Integer,Integer)": spelling.TRUNCATED.replace(
            "{a} % NULLIF({b}, 0)", "MOD({a}, NULLIF({b}, 0))"
        ),
        "add|sub(Decimal,Decimal)": _exact("{a} {sign} {b}", "{x} + {y}"),
        "mul(Decimal,Decimal)": _exact("{a} * {b}", "{x} * {y}"),
        "mod(Decimal,Decimal)": _exact("MOD({a}, NULLIF({b}, 0))", "{x} + {y}"),
        "div|divby(Decimal,Decimal)": _exact(
            "ROUND(CAST({a} AS NUMBER(38, 12)) / {b}, 12)", "GREATEST({x}, {x} / NULLIF({y}, 0))"
        ),
        "div|divby(Double,Double)": _DIVIDED,
        "ceiling(Decimal|Double)": "CEIL({a})",
        "contains(String,String)": "CONTAINS({a}, {b})",
        "indexof(String,String)": "CASE WHEN {b} = '' THEN 0 * LENGTH({a}) ELSE CHARINDEX({b}, {a}) - 1 END",
        "startswith|endswith(String,String)": "{NAME}({a}, {b})",
        "trim(String)": "TRIM({a}, '" + spelling.white_space("\\u{:04x}") + "')",
        "now()": "CONVERT_TIMEZONE('UTC', CURRENT_TIMESTAMP())",
        "fractionalseconds(DateTimeOffset|TimeOfDay)": "(DATE_PART(NANOSECOND, {a}) / 1000000000)",
        "time(DateTimeOffset) cast(DateTimeOffset,TimeOfDay)": "CAST({a} AS TIME(6))",
        "totaloffsetminutes(DateTimeOffset)": (
            "(DATE_PART(TIMEZONE_HOUR, {a}) * 60 + DATE_PART(TIMEZONE_MINUTE, {a}))"
        ),
        "add|sub(DateTimeOffset,Duration)": between(
            f"{_MICROS} + {_BY}", spelling.MICROSECONDS, f"DATEADD(MICROSECOND, {_BY}, {{a}})"
        ),
        "add|sub(Date,Duration)": between(
            f"DATEDIFF(DAY, DATE '0001-01-01', {{a}}) + {_DAYS}",
            spelling.DAYS_OF_YEAR_1,
            f"DATEADD(DAY, {_DAYS}, {{a}})",
        ),
        "sub(DateTimeOffset,DateTimeOffset)": f"(({_MICROS} - {_MICROS.replace('{a}', '{b}')}) / 1000000)",
        "sub(Date,Date)": "(DATEDIFF(DAY, {b}, {a}) * 86400)",
        "add|sub(Duration,Duration)": lasting("({a} {sign} {b})"),
        "negate(Duration)": lasting("(-{a})"),
        "mul(Duration,Number)": _scaled("{a}", "*", "{b}"),
        "mul(Number,Duration)": _scaled("{b}", "*", "{a}"),
        "div(Duration,Number)": _scaled("{a}", "/", "NULLIF({b}, 0)"),
        "cast(Integer,Decimal)": "CAST({a} AS NUMBER(38, 0))",
        "has(Enum,Enum)": "BITAND({a}, {b}) = {b}",
        "cast(Double,Single)": _SINGLE,
        "cast(Boolean,Decimal|Double)": "CAST(CAST({a} AS INTEGER) AS {type})",
        "cast(Decimal|Double,Integer)": spelling.whole("CAST(TRUNC({a}) AS NUMBER(38, 0))"),
        "cast(Date,String)": "TO_VARCHAR({a}, 'YYYY-MM-DD')",
        "cast(Guid,String)": "{a}",
        "cast(Date,DateTimeOffset)": (
            f"TO_TIMESTAMP_TZ(TO_VARCHAR({{a}}, 'YYYY-MM-DD') || 'T00:00:00.000000+00:00', {_FORMAT})"
        ),
        "cast(String,Integer)": fitting("TRY_CAST({a} AS NUMBER(38, 0))", f"REGEXP_LIKE({{a}}, '{INTEGER}')"),
        "cast(String,Date)": dated(f"REGEXP_LIKE({{a}}, '{DATE}')", "TRY_TO_DATE({a}, 'YYYY-MM-DD')"),
    }
    unsupported = {**Dialect.unsupported, "mod(Double,Double)": "no-exact-float-remainder"}

    def marker(self, marker: str, value: Any, type: edm.Type) -> str:
        if type is edm.DATE_TIME_OFFSET:
            return f"TO_TIMESTAMP_TZ({marker}, {_FORMAT})"
        return _NAN if isinstance(value, float) and value != value else marker
