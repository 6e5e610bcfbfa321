"""Oracle 19c and up.

The empty text is null. So no column holds one, and an expression that would give one (`substring(name,9)`)
is null. Times of day are INTERVAL DAY TO SECOND since midnight, Booleans
NUMBER(1), Guids RAW(16). Numbers of Edm.Double are BINARY_DOUBLE, unless their storage is `number`. Case is
mapped character by character: `ß` keeps its form in upper case.
"""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

from ... import edm
from ...problems import Phrase
from . import spelling
from .base import Dialect, Json, Members, Page, Storage, clocks, moments
from .spelling import INTEGER, Needle, between, fitting

_SPACES = "UNISTR('" + spelling.white_space("\\{:04X}") + "')"
_FIRST = "TIMESTAMP '0001-01-01 00:00:00.000000 +00:00'"
_LAST = "TIMESTAMP '9999-12-31 23:59:59.999999 +00:00'"
_INTERVAL = "INTERVAL DAY(9) TO SECOND(6)"
_LOCAL = "CAST({a} AS TIMESTAMP(6))"
"""The clock of a moment in its own offset; parts of the moment itself would be those in UTC."""
_MIDNIGHT = f"CAST(TRUNC({_LOCAL}) AS TIMESTAMP(6))"
_MOMENT = "'YYYY-MM-DD\"T\"HH24:MI:SS.FF6TZH:TZM'"


def _seconds(x: str) -> str:
    """The length of an interval in seconds."""
    parts = (("DAY", 86400), ("HOUR", 3600), ("MINUTE", 60))
    whole = "".join(f"EXTRACT({part} FROM {x}) * {size} + " for part, size in parts)
    return f"({whole}EXTRACT(SECOND FROM {x}))"


_CLOCK = "CAST({a} AS TIMESTAMP)"
_ZONED = f"FROM_TZ({_CLOCK}, '{{zone}}')"
_IN_ZONE = "CAST(FROM_TZ({x}, '+00:00') AT TIME ZONE '{zone}' AS TIMESTAMP)"
_BY_NAME = spelling.utc_clock(
    _IN_ZONE,
    f"({{a}} - ({_IN_ZONE} - {{x}}))",
    "({a} - INTERVAL '1' DAY)",
    "(LEAST({a}, TIMESTAMP '9999-12-30 00:00:00') + INTERVAL '1' DAY)",
).replace("{a}", _CLOCK)
"""The clock in UTC of a clock in a zone with a name."""


def _lasting(seconds: str) -> str:
    """An interval of so many seconds, null beyond the durations that Python has."""
    return f"NUMTODSINTERVAL({spelling.lasting(seconds)}, 'SECOND')"


def _scaled(duration: str, operator: str, number: str) -> str:
    """Multiply or divide a duration in microseconds, so that halves of one are exact with a Double too."""
    found = f"ROUND({_seconds(duration)} * 1000000 {operator} {number})"
    found = spelling.within(found, f"-1{'0' * 20}", f"1{'0' * 20}")
    return _lasting(f"(TO_NUMBER({found}) / 1000000)")


def _exact(found: str, operator: str) -> str:
    """Arithmetic of decimals, null for more than 38 digits before the point; more than 126 are an error."""
    size = f"ABS(TO_BINARY_DOUBLE({{a}}) {operator} TO_BINARY_DOUBLE({{b}}))"
    return f"CASE WHEN {size} < 1E38 THEN {found} END"


_DAYS = f"FLOOR({_seconds('{b}')} / 86400)"


def _needle(template: str) -> Needle:
    """The spelling for an empty literal, which would be null in a template."""
    return template, lambda text: None if text else ()


class Oracle(Dialect):
    """Oracle, by python-oracledb. Names are quoted, so a usual column has capitals: `ID`."""

    name = "oracle"
    # A numbered marker would be bound once for each place that has it.
    paramstyle = "named"
    alias_prefix = " "
    binds = {
        bool: int,
        dt.datetime: spelling.zoned_text,
        dt.time: lambda value: dt.datetime.combine(dt.date.min, value) - dt.datetime.min,
        uuid.UUID: lambda value: value.bytes,
    }
    once = ("(SELECT {body} FROM (SELECT {values} FROM DUAL) odata_v)", *Dialect.once[1:])
    once_depth = 3  # subqueries nest in 255 levels, and it has two
    max_parameters = 65_535
    max_in_items = 1_000
    max_terms = 50_000
    max_length = 1_000_000
    constant_order = "NULL"
    binary = "NLSSORT({a}, 'NLS_SORT=BINARY')"
    binary_on_both_sides = True
    has_empty_string = False
    conditions_are_values = False
    booleans = ("1", "0")
    not_true = "CASE WHEN {a} THEN 0 ELSE 1 END = 1"
    not_false = "CASE WHEN NOT ({a}) THEN 0 ELSE 1 END = 1"
    # DECODE takes null for equal to null, and each operand is written once.
    null_safe_equal = "DECODE({a}, {b}, 1, 0) = 1"
    null_safe_unequal = "DECODE({a}, {b}, 1, 0) = 0"
    nan_rank = "CASE WHEN {a} IS NAN THEN 0 WHEN {a} IS NOT NULL THEN 1 END"
    as_int64 = "{a}"
    as_wide_integer = "{a}"
    default_scale = 10
    page = Page(
        "FETCH NEXT {top} ROWS ONLY", "OFFSET {skip} ROWS FETCH NEXT {top} ROWS ONLY", "OFFSET {skip} ROWS"
    )
    types = spelling.edm_types(
        Dialect.types, Integer="NUMBER", Decimal="NUMBER", Boolean="NUMBER(1)", Single="BINARY_FLOAT",
        Double="BINARY_DOUBLE", String="VARCHAR2(4000)", TimeOfDay=_INTERVAL,
        DateTimeOffset="TIMESTAMP(6) WITH TIME ZONE", Duration=_INTERVAL, Guid="RAW(16)", Binary="RAW(2000)",
    )  # fmt: skip
    storages = {
        ("Edm.Double", "binary_double"): Storage(),
        ("Edm.Double", "number"): Storage("TO_BINARY_DOUBLE({a})"),
        ("Edm.Single", "binary_float"): Storage("TO_BINARY_DOUBLE({a})"),
        ("Edm.Single", "number"): Storage("TO_BINARY_DOUBLE(TO_BINARY_FLOAT({a}))"),
        **moments(
            "timestamptz",
            clocks(
                _ZONED,
                f"FROM_TZ({_BY_NAME}, '+00:00')",
                _ZONED.replace("{zone}", "+00:00"),
                f"FLOOR({_seconds('({local} - {read})')} / 60)",
            ),
        ),
        ("Edm.DateTimeOffset", "timestamp_utc"): Storage(
            _ZONED.replace("{zone}", "+00:00"),
            lambda value, zone: spelling.in_zone(value, dt.UTC),
            is_ordered=True,
        ),
        ("Edm.Guid", "raw"): Storage(),
        ("Edm.Guid", "text"): Storage("HEXTORAW(REPLACE({a}, '-'))"),
        ("Edm.TimeOfDay", "interval"): Storage(),
        ("Edm.TimeOfDay", "text"): Storage("TO_DSINTERVAL('0 ' || {a})"),
    }
    default_storages = {
        "Edm.Double": "binary_double",
        "Edm.Single": "binary_float",
        "Edm.DateTimeOffset": "timestamptz",
    }
    json_storages = {**default_storages, "Edm.Single": "number", "Edm.Guid": "text", "Edm.TimeOfDay": "text"}
    collections = {
        # Each member is wrapped in an array, since a JSON column cannot hold a single value.
        "json": Members(
            "JSON_TABLE({a}, '$[*]' COLUMNS (\"value\" CLOB FORMAT JSON WITH WRAPPER PATH '$')) {t}",
            '{t}."value"',
            is_json=True,
        )
    }
    # A member of an array is wrapped; JSON that is not an array counts as one with a single member.
    json = Json(
        "{a}, {p}",
        "{a}, '$[0]'",
        "JSON_QUERY({a}, {p} RETURNING CLOB)",
        {
            "": "JSON_VALUE({x} RETURNING VARCHAR2(4000))",
            **dict.fromkeys((*edm.INTEGERS, "Edm.Decimal"), "JSON_VALUE({x} RETURNING NUMBER)"),
            **spelling.edm_types(Float="TO_BINARY_DOUBLE(JSON_VALUE({x} RETURNING NUMBER))"),
            "Edm.Boolean": "DECODE(JSON_VALUE({x} RETURNING VARCHAR2(5)), 'true', 1, 'false', 0)",
            "Edm.Date": "JSON_VALUE({x} RETURNING DATE)",
            "Edm.DateTimeOffset": "JSON_VALUE({x} RETURNING TIMESTAMP WITH TIME ZONE)",
        },
        root="$[0]",
        # JSON_VALUE is null for an object.
        object="JSON_QUERY({a}, {p} RETURNING CLOB)",
    )
    literal_needles = {
        **spelling.like_needles(" ESCAPE '\\'"),
        "indexof(String,String)": _needle("(0 * LENGTH({a}))"),
        "concat(String,String)": _needle("{a}"),
    }
    templates = {
        **Dialect.templates,
        **spelling.substrings("SUBSTR", "LENGTH"),
        "div(Integer,Integer)": "TRUNC({a} / NULLIF({b}, 0))",
        "divby(Integer,Integer)": "ROUND({a} / NULLIF({b}, 0), 12)",
        "mul(Decimal,Decimal)": _exact("{a} * {b}", "*"),
        "div|divby(Decimal,Decimal)": _exact("ROUND({a} / NULLIF({b}, 0), 12)", "/"),
        "add|sub|mul|div|divby(Double,Double)": "(TO_BINARY_DOUBLE({a}) {sign} TO_BINARY_DOUBLE({b}))",
        "ceiling(Decimal|Double)": "CEIL({a})",
        # NULL would be left out of a concatenation.
        "concat(String,String)": "CASE WHEN {a} IS NOT NULL AND {b} IS NOT NULL THEN {a} || {b} END",
        "contains(String,String)": "INSTR({a}, {b}) > 0",
        "indexof(String,String)": "(INSTR({a}, {b}) - 1)",
        "startswith(String,String)": "SUBSTR({a}, 1, LENGTH({b})) = {b}",
        "endswith(String,String)": "SUBSTR({a}, GREATEST(LENGTH({a}) - LENGTH({b}), 0) + 1) = {b}",
        "trim(String)": f"RTRIM(LTRIM({{a}}, {_SPACES}), {_SPACES})",
        "now()": "(SYSTIMESTAMP AT TIME ZONE 'UTC')",
        "second(TimeOfDay)": "FLOOR(EXTRACT(SECOND FROM {a}))",
        "fractionalseconds(TimeOfDay)": "MOD(EXTRACT(SECOND FROM {a}), 1)",
        "year|month|day|hour|minute(DateTimeOffset)": f"EXTRACT({{NAME}} FROM {_LOCAL})",
        "second(DateTimeOffset)": f"FLOOR(EXTRACT(SECOND FROM {_LOCAL}))",
        "fractionalseconds(DateTimeOffset)": f"MOD(EXTRACT(SECOND FROM {_LOCAL}), 1)",
        "date(DateTimeOffset) cast(DateTimeOffset,Date)": f"TRUNC({_LOCAL})",
        "time(DateTimeOffset) cast(DateTimeOffset,TimeOfDay)": f"({_LOCAL} - {_MIDNIGHT})",
        "totaloffsetminutes(DateTimeOffset)": (
            "(EXTRACT(TIMEZONE_HOUR FROM {a}) * 60 + EXTRACT(TIMEZONE_MINUTE FROM {a}))"
        ),
        "totalseconds(Duration)": _seconds("{a}"),
        "add(DateTimeOffset,Duration)": between(
            "{b}", (f"{_FIRST} - {{a}}", f"{_LAST} - {{a}}"), "{a} + {b}"
        ),
        "sub(DateTimeOffset,Duration)": between(
            "{b}", (f"{{a}} - {_LAST}", f"{{a}} - {_FIRST}"), "{a} - {b}"
        ),
        "add|sub(Date,Duration)": between(
            f"{{minus}}{_DAYS}",
            ("DATE '0001-01-01' - {a}", "DATE '9999-12-31' - {a}"),
            f"{{a}} {{sign}} {_DAYS}",
        ),
        "sub(DateTimeOffset,DateTimeOffset)": "({a} - {b})",
        "sub(Date,Date)": "NUMTODSINTERVAL({a} - {b}, 'DAY')",
        "add|sub(Duration,Duration)": _lasting(f"({_seconds('{a}')} {{sign}} {_seconds('{b}')})"),
        "mul(Duration,Number)": _scaled("{a}", "*", "{b}"),
        "mul(Number,Duration)": _scaled("{b}", "*", "{a}"),
        "div(Duration,Number)": _scaled("{a}", "/", "NULLIF({b}, 0)"),
        "negate(Duration)": _lasting(f"(-{_seconds('{a}')})"),
        "has(Enum,Enum)": "BITAND({a}, {b}) = {b}",
        "cast(Integer,String)": "TO_CHAR({a})",
        "cast(Integer,Boolean)": "CASE WHEN {a} <> 0 THEN 1 WHEN {a} = 0 THEN 0 END",
        "cast(Boolean,String)": "CASE {a} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END",
        "cast(Boolean,Integer|Decimal)": "{a}",
        "cast(Boolean,Double)": "TO_BINARY_DOUBLE({a})",
        "cast(Double,Single)": "TO_BINARY_DOUBLE(TO_BINARY_FLOAT({a}))",
        "cast(Decimal|Double,Integer)": spelling.whole("TRUNC(TO_NUMBER({a}))"),
        "cast(Date,String)": "TO_CHAR({a}, 'YYYY-MM-DD')",
        "cast(Guid,String)": (
            "LOWER(REGEXP_REPLACE(RAWTOHEX({a}), '^(.{{8}})(.{{4}})(.{{4}})(.{{4}})', '\\1-\\2-\\3-\\4-'))"
        ),
        "cast(Date,DateTimeOffset)": "FROM_TZ(CAST({a} AS TIMESTAMP), '+00:00')",
        "cast(String,Boolean)": "CASE LOWER({a}) WHEN 'true' THEN 1 WHEN 'false' THEN 0 END",
        "cast(String,Integer)": fitting(
            "TO_NUMBER({a} DEFAULT NULL ON CONVERSION ERROR)", f"REGEXP_LIKE({{a}}, '^{INTEGER}$', 'c')"
        ),
    }
    unsupported = {**Dialect.unsupported, "mod(Double,Double)": "no-exact-float-remainder"}

    def marker(self, marker: str, value: Any, type: edm.Type) -> str:
        if type is edm.DATE_TIME_OFFSET:
            return f"TO_TIMESTAMP_TZ({marker}, {_MOMENT})"
        if isinstance(value, float):
            if value != value:
                return "BINARY_DOUBLE_NAN"
            if value in (float("inf"), float("-inf")):
                return "BINARY_DOUBLE_INFINITY" if value > 0 else "(-BINARY_DOUBLE_INFINITY)"
        return marker

    def rejects(self, value: Any, type: edm.Type) -> Phrase | None:
        if value == "":
            return Phrase("no-empty-string")
        if isinstance(value, Decimal) and len(value.as_tuple().digits) > 38:
            return Phrase("decimal-digits", most=38)
        return None
