"""Snowflake.

Durations are numbers of seconds, NUMBER(20, 6), and Guids texts in lower case. Moments keep their offset in a
TIMESTAMP_TZ. Collections are columns of the type ARRAY or VARIANT.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

from ... import edm
from ...operations import WHITE_SPACE
from .base import NEAREST, Dialect, Members, Needle, Page, Storage, in_zone, seconds

_SPACES = "'" + "".join(f"\\u{ord(char):04x}" for char in WHITE_SPACE) + "'"
_START = "LEAST(CASE WHEN {b} < 0 THEN GREATEST(LENGTH({a}) + {b}, 0) ELSE {b} END, 2147483646) + 1"
_FORMAT = "'YYYY-MM-DD\"T\"HH24:MI:SS.FF6TZH:TZM'"
_NAN, _INF = "CAST('NaN' AS FLOAT)", "CAST('inf' AS FLOAT)"
_DIVIDED = (
    f"CASE WHEN {{b}} = 0 THEN CASE WHEN {{a}} = 0 OR {{a}} = {_NAN} THEN {_NAN} WHEN {{a}} > 0 THEN {_INF}"
    f" WHEN {{a}} < 0 THEN -{_INF} END ELSE CAST({{a}} AS FLOAT) / {{b}} END"
)
_WHOLE = "CASE WHEN {a} > {low} - 1.0 AND {a} < {high} + 1.0 THEN CAST(TRUNC({a}) AS NUMBER(38, 0)) END"
_TRUNCATED = "(({a} - MOD({a}, NULLIF({b}, 0))) / NULLIF({b}, 0))"
"""A quotient would be rounded, so what is left over is taken away before."""
_MICROS = "DATE_PART(EPOCH_MICROSECOND, {a})"
_DAYS = "FLOOR(CAST({b} AS NUMBER(38, 6)) / 86400)"


def _shifted(sign: str) -> str:
    """A moment moved by a duration, in its offset; null outside the calendar."""
    by = f"CAST({sign}{{b}} * 1000000 AS NUMBER(38, 0))"
    return (
        f"CASE WHEN {_MICROS} + {by} BETWEEN -62135596800000000 AND 253402300799999999"
        f" THEN DATEADD(MICROSECOND, {by}, {{a}}) END"
    )


def _shifted_date(sign: str) -> str:
    days = f"{sign}{_DAYS}"
    return (
        f"CASE WHEN DATEDIFF(DAY, DATE '0001-01-01', {{a}}) + {days} BETWEEN 0 AND 3652058"
        f" THEN DATEADD(DAY, {days}, {{a}}) END"
    )


class Snowflake(Dialect):
    """Snowflake, by its connector for Python. Names are quoted, so a usual column is called in upper case."""

    name = "snowflake"
    paramstyle = "qmark"
    max_parameters = 16_384
    max_length = 1_000_000
    max_depth = 300
    collation = "binary"
    binary = "{a} COLLATE ''"
    as_int64 = "{a}"
    as_wide_integer = "{a}"
    page = Page(skip="LIMIT NULL OFFSET {skip}")
    types: Mapping[str, str] = {
        **Dialect.types,
        **dict.fromkeys(edm.INTEGERS, "NUMBER(38, 0)"),
        edm.DECIMAL.name: "NUMBER(38, 12)",
        edm.SINGLE.name: "FLOAT",
        edm.DOUBLE.name: "FLOAT",
        edm.DATE_TIME_OFFSET.name: "TIMESTAMP_TZ(6)",
        edm.DURATION.name: "NUMBER(20, 6)",
        edm.GUID.name: "VARCHAR",
        edm.BINARY.name: "BINARY",
    }
    storages: Mapping[tuple[str, str], Storage] = {
        (edm.DATE_TIME_OFFSET.name, "timestamptz"): Storage(),
        (edm.DATE_TIME_OFFSET.name, "timestamp"): Storage(
            f"TO_TIMESTAMP_TZ(TO_VARCHAR({{a}}, {_FORMAT.removesuffix(chr(39)).removesuffix('TZH:TZM')}')"
            f" || '{{zone}}', {_FORMAT})",
            lambda value, zone: in_zone(value, zone),
            is_ordered=True,
        ),
        (edm.DATE_TIME_OFFSET.name, "text"): Storage(
            "TO_TIMESTAMP_TZ(CASE WHEN REGEXP_LIKE({a}, '.*([Zz]|[+-][0-9]{{2}}:[0-9]{{2}})') THEN {a}"
            " ELSE {a} || '{zone}' END)"
        ),
    }
    default_storages: Mapping[str, str] = {edm.DATE_TIME_OFFSET.name: "timestamptz"}
    json_storages: Mapping[str, str] = {edm.DATE_TIME_OFFSET.name: "text"}
    collections: Mapping[str, Members] = {
        "array": Members("TABLE(FLATTEN(INPUT => {a})) AS {t}", "{t}.VALUE", is_json=True),
        "json": Members("TABLE(FLATTEN(INPUT => {a})) AS {t}", "{t}.VALUE", is_json=True),
    }
    json_values: Mapping[str, str] = {
        "": "CAST(GET_PATH({a}, {p}) AS VARCHAR)",
        "json": "GET_PATH({a}, {p})",
        **{
            name: f"CAST(GET_PATH({{a}}, {{p}}) AS {type})"
            for name, type in types.items()
            if name != edm.DATE_TIME_OFFSET.name
        },
    }
    json_members: Mapping[str, str] = {
        name: template.replace("GET_PATH({a}, {p})", "{a}") for name, template in json_values.items()
    }
    literal_needles: Mapping[str, Needle] = {
        "indexof(String,String)": ("(CHARINDEX({b}, {a}) - 1)", lambda text: (text,) if text else None),
    }
    templates: Mapping[str, str] = {
        **Dialect.templates,
        "div(Integer,Integer)": _TRUNCATED,
        "div(Double,Double)": _DIVIDED,
        "divby(Double,Double)": _DIVIDED,
        "ceiling(Decimal)": "CEIL({a})",
        "ceiling(Double)": "CEIL({a})",
        "round(Double)": NEAREST,
        "contains(String,String)": "CONTAINS({a}, {b})",
        "indexof(String,String)": (
            "CASE WHEN {b} = '' THEN 0 * LENGTH({a}) ELSE CHARINDEX({b}, {a}) - 1 END"
        ),
        "length(String)": "LENGTH({a})",
        "startswith(String,String)": "STARTSWITH({a}, {b})",
        "endswith(String,String)": "ENDSWITH({a}, {b})",
        "substring(String,Integer)": f"SUBSTR({{a}}, {_START})",
        "substring(String,Integer,Integer)": (
            f"SUBSTR({{a}}, {_START}, LEAST(GREATEST({{c}}, 0), 2147483647))"
        ),
        "trim(String)": f"TRIM({{a}}, {_SPACES})",
        "now()": "CONVERT_TIMEZONE('UTC', CURRENT_TIMESTAMP())",
        "second(DateTimeOffset)": "EXTRACT(SECOND FROM {a})",
        "second(TimeOfDay)": "EXTRACT(SECOND FROM {a})",
        "fractionalseconds(DateTimeOffset)": "(DATE_PART(NANOSECOND, {a}) / 1000000000)",
        "fractionalseconds(TimeOfDay)": "(DATE_PART(NANOSECOND, {a}) / 1000000000)",
        "date(DateTimeOffset)": "CAST({a} AS DATE)",
        "time(DateTimeOffset)": "CAST({a} AS TIME(6))",
        "totaloffsetminutes(DateTimeOffset)": (
            "(DATE_PART(TIMEZONE_HOUR, {a}) * 60 + DATE_PART(TIMEZONE_MINUTE, {a}))"
        ),
        "totalseconds(Duration)": "{a}",
        "add(DateTimeOffset,Duration)": _shifted(""),
        "sub(DateTimeOffset,Duration)": _shifted("-"),
        "add(Date,Duration)": _shifted_date(""),
        "sub(Date,Duration)": _shifted_date("-"),
        "sub(DateTimeOffset,DateTimeOffset)": (f"(({_MICROS} - {_MICROS.replace('{a}', '{b}')}) / 1000000)"),
        "sub(Date,Date)": "(DATEDIFF(DAY, {b}, {a}) * 86400)",
        "add(Duration,Duration)": "({a} + {b})",
        "sub(Duration,Duration)": "({a} - {b})",
        "mul(Duration,Number)": "ROUND({a} * {b}, 6)",
        "mul(Number,Duration)": "ROUND({a} * {b}, 6)",
        "div(Duration,Number)": "ROUND({a} / NULLIF(CAST({b} AS FLOAT), 0), 6)",
        "negate(Duration)": "(-{a})",
        "has(Enum,Enum)": "BITAND({a}, {b}) = {b}",
        "cast(Integer,Boolean)": "({a} <> 0)",
        "cast(Boolean,Decimal)": "CAST(CAST({a} AS INTEGER) AS NUMBER(38, 12))",
        "cast(Boolean,Double)": "CAST(CAST({a} AS INTEGER) AS FLOAT)",
        "cast(String,Integer)": (
            "CASE WHEN REGEXP_LIKE({a}, '[+-]?[0-9]{{1,38}}') AND TRY_CAST({a} AS NUMBER(38, 0))"
            " BETWEEN {low} AND {high} THEN TRY_CAST({a} AS NUMBER(38, 0)) END"
        ),
        "cast(String,Date)": (
            "CASE WHEN REGEXP_LIKE({a}, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}') AND {a} > '0001'"
            " THEN TRY_TO_DATE({a}, 'YYYY-MM-DD') END"
        ),
        "cast(Decimal,Integer)": _WHOLE,
        "cast(Double,Integer)": _WHOLE,
        "cast(Date,String)": "TO_VARCHAR({a}, 'YYYY-MM-DD')",
        "cast(Guid,String)": "{a}",
        "cast(DateTimeOffset,Date)": "CAST({a} AS DATE)",
        "cast(DateTimeOffset,TimeOfDay)": "CAST({a} AS TIME(6))",
        "cast(Date,DateTimeOffset)": (
            f"TO_TIMESTAMP_TZ(TO_VARCHAR({{a}}, 'YYYY-MM-DD') || 'T00:00:00.000000+00:00', {_FORMAT})"
        ),
    }
    unsupported: Mapping[str, str] = {
        **Dialect.unsupported,
        "mod(Double,Double)": "no-exact-float-remainder",
        "matchespattern(String,String)": "other-regular-expressions",
    }

    def quote_text(self, value: str) -> str:
        return super().quote_text(value.replace("\\", "\\\\"))

    def json_path(self, keys: tuple[str, ...]) -> str:
        quoted = [key.replace("\\", "\\\\").replace('"', '\\"') for key in keys]
        return self.quote_text("".join(f'["{key}"]' for key in quoted))

    def marker(self, marker: str, value: Any, type: edm.Type) -> str:
        if type is edm.DATE_TIME_OFFSET:
            return f"TO_TIMESTAMP_TZ({marker}, {_FORMAT})"
        return _NAN if isinstance(value, float) and value != value else marker

    def bind(self, value: Any, type: edm.Type) -> Any:
        if isinstance(value, dt.datetime):
            return value if value.tzinfo is None else value.isoformat(timespec="microseconds")
        if isinstance(value, dt.timedelta):
            return seconds(value)
        if isinstance(value, uuid.UUID):
            return str(value)
        return value
