"""Trino 430 and up.

Durations are numbers of seconds, DECIMAL(20, 6): no interval has microseconds. Parts of a moment are in UTC.
A JSON column has the type JSON. Case is mapped character by character: 'ß' stays as it is in upper case.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from ... import edm
from ...operations import WHITE_SPACE
from .base import NEAREST, Dialect, Members, Needle, Page, Storage, in_zone, like, seconds

_SPACES = "U&'" + "".join(f"\\{ord(char):04X}" for char in WHITE_SPACE) + "'"
_START = "LEAST(CASE WHEN {b} < 0 THEN GREATEST(LENGTH({a}) + {b}, 0) ELSE {b} END, 2147483646) + 1"
_UTC = "({a} AT TIME ZONE 'UTC')"
_LAST = "CAST(SUBSTR(CAST({} AS VARCHAR), {}, 6) AS BIGINT)"
_FRACTION = _LAST.format(f"CAST({_UTC} AS TIMESTAMP(6))", 21)
"""The microseconds of a moment; functions know milliseconds only."""
_MICROS = (
    "(CAST(DATE_DIFF('second', TIMESTAMP '1970-01-01 00:00:00 UTC', DATE_TRUNC('second', {a}))"
    f" AS DECIMAL(38, 0)) * 1000000 + {_FRACTION})"
)
_WHOLE = "CASE WHEN {a} > {low} - 1.0 AND {a} < {high} + 1.0 THEN CAST(TRUNCATE({a}) AS BIGINT) END"
_TRUNCATED = "(({a} - {a} % NULLIF({b}, 0)) / NULLIF({b}, 0))"
"""A quotient of decimals would be rounded, so what is left over is taken away before."""
_DAYS = "CAST(FLOOR(CAST({b} AS DECIMAL(38, 12)) / 86400) AS BIGINT)"


def _shifted(sign: str) -> str:
    """A moment moved by a duration; null outside the calendar."""
    total = f"{_MICROS} {sign} CAST({{b}} * 1000000 AS DECIMAL(38, 0))"
    return (
        f"CASE WHEN {total} BETWEEN -62135596800000000 AND 253402300799999999"
        f" THEN FROM_UNIXTIME_NANOS(({total}) * 1000) END"
    )


def _shifted_date(sign: str) -> str:
    days = f"{sign}{_DAYS}"
    return (
        f"CASE WHEN DATE_DIFF('day', DATE '0001-01-01', {{a}}) + {days} BETWEEN 0 AND 3652058"
        f" THEN DATE_ADD('day', {days}, {{a}}) END"
    )


def _like(template: str) -> Needle:
    return "{a} LIKE {b} ESCAPE '\\'", lambda text: (template.format(like(text)),)


class Trino(Dialect):
    """Trino, by its client for Python."""

    name = "trino"
    paramstyle = "qmark"
    max_length = 1_000_000
    max_depth = 300
    collation = "binary"
    null_order = "last"
    nan = "ieee"
    null_safe_nan = True
    nan_rank = "CASE WHEN IS_NAN({a}) THEN 0 WHEN {a} IS NOT NULL THEN 1 END"
    binary = "{a}"
    wide_to_int64 = (
        "NULLIF(NULLIF(LEAST(GREATEST({a}, DECIMAL '-9223372036854775809'), DECIMAL '9223372036854775808'),"
        " DECIMAL '9223372036854775808'), DECIMAL '-9223372036854775809')"
    )
    page = Page(both="OFFSET {skip} LIMIT {top}")
    types: Mapping[str, str] = {
        **Dialect.types,
        edm.DOUBLE.name: "DOUBLE",
        edm.DURATION.name: "DECIMAL(20, 6)",
    }
    storages: Mapping[tuple[str, str], Storage] = {
        (edm.DATE_TIME_OFFSET.name, "timestamptz"): Storage(),
        (edm.DATE_TIME_OFFSET.name, "timestamp"): Storage(
            "WITH_TIMEZONE({a}, '{zone}')",
            lambda value, zone: in_zone(value, zone),
            is_ordered=True,
        ),
        (edm.DATE_TIME_OFFSET.name, "text"): Storage(
            "FROM_ISO8601_TIMESTAMP_NANOS(CASE WHEN REGEXP_LIKE({a}, '([Zz]|[+-][0-9]{{2}}:[0-9]{{2}})$')"
            " THEN {a} ELSE {a} || '{zone}' END)"
        ),
    }
    json_storages: Mapping[str, str] = {edm.DATE_TIME_OFFSET.name: "text"}
    collections: Mapping[str, Members] = {
        # A subquery could not use the columns around it here, so a lambda is one.
        "array": Members(
            "{a}",
            "{t}",
            "COALESCE(ANY_MATCH({source}, {t} -> {body}), FALSE)",
            "COALESCE(CARDINALITY(FILTER({source}, {t} -> {body})), 0)",
        ),
        "json": Members(
            "CAST({a} AS ARRAY(JSON))",
            "{t}",
            "COALESCE(ANY_MATCH({source}, {t} -> {body}), FALSE)",
            "COALESCE(CARDINALITY(FILTER({source}, {t} -> {body})), 0)",
            is_json=True,
        ),
    }
    json_values: Mapping[str, str] = {
        "": "JSON_EXTRACT_SCALAR({a}, {p})",
        "json": "JSON_EXTRACT({a}, {p})",
        **{
            name: f"CAST(JSON_EXTRACT_SCALAR({{a}}, {{p}}) AS {type})"
            for name, type in types.items()
            if name not in (edm.STRING.name, edm.DATE_TIME_OFFSET.name)
        },
    }
    json_members: Mapping[str, str] = {
        name: template.replace("{p}", "'$'") for name, template in json_values.items()
    }
    literal_needles: Mapping[str, Needle] = {
        "contains(String,String)": _like("%{}%"),
        "startswith(String,String)": _like("{}%"),
        "endswith(String,String)": _like("%{}"),
    }
    templates: Mapping[str, str] = {
        **Dialect.templates,
        "div(Integer,Integer)": _TRUNCATED,
        "div(Double,Double)": "(CAST({a} AS DOUBLE) / {b})",
        "divby(Double,Double)": "(CAST({a} AS DOUBLE) / {b})",
        "mod(Double,Double)": "MOD(CAST({a} AS DOUBLE), {b})",
        "round(Double)": NEAREST,
        "contains(String,String)": "STRPOS({a}, {b}) > 0",
        "indexof(String,String)": "(STRPOS({a}, {b}) - 1)",
        "length(String)": "LENGTH({a})",
        "startswith(String,String)": "STARTS_WITH({a}, {b})",
        "endswith(String,String)": "SUBSTR({a}, GREATEST(LENGTH({a}) - LENGTH({b}), 0) + 1) = {b}",
        "substring(String,Integer)": f"SUBSTR({{a}}, {_START})",
        "substring(String,Integer,Integer)": (
            f"SUBSTR({{a}}, {_START}, LEAST(GREATEST({{c}}, 0), 2147483647))"
        ),
        "trim(String)": f"TRIM(BOTH {_SPACES} FROM {{a}})",
        "now()": "CURRENT_TIMESTAMP(6)",
        **{
            f"{part}(DateTimeOffset)": f"EXTRACT({part.upper()} FROM {_UTC})"
            for part in ("year", "month", "day", "hour", "minute", "second")
        },
        "second(TimeOfDay)": "EXTRACT(SECOND FROM {a})",
        "fractionalseconds(DateTimeOffset)": f"(CAST({_FRACTION} AS DECIMAL(12, 6)) / 1000000)",
        "fractionalseconds(TimeOfDay)": (
            f"(CAST({_LAST.format('CAST({a} AS TIME(6))', 10)} AS DECIMAL(12, 6)) / 1000000)"
        ),
        "date(DateTimeOffset)": f"CAST({_UTC} AS DATE)",
        "time(DateTimeOffset)": f"CAST({_UTC} AS TIME(6))",
        "totalseconds(Duration)": "{a}",
        "add(DateTimeOffset,Duration)": _shifted("+"),
        "sub(DateTimeOffset,Duration)": _shifted("-"),
        "add(Date,Duration)": _shifted_date(""),
        "sub(Date,Duration)": _shifted_date("-"),
        "sub(DateTimeOffset,DateTimeOffset)": (
            f"(CAST({_MICROS} - {_MICROS.replace('{a}', '{b}')} AS DECIMAL(38, 6)) / 1000000)"
        ),
        "sub(Date,Date)": "CAST(DATE_DIFF('day', {b}, {a}) * 86400 AS DECIMAL(20, 6))",
        "add(Duration,Duration)": "({a} + {b})",
        "sub(Duration,Duration)": "({a} - {b})",
        "mul(Duration,Number)": "TRY_CAST({a} * {b} AS DECIMAL(20, 6))",
        "mul(Number,Duration)": "TRY_CAST({a} * {b} AS DECIMAL(20, 6))",
        "div(Duration,Number)": "TRY_CAST({a} / NULLIF(CAST({b} AS DOUBLE), 0) AS DECIMAL(20, 6))",
        "negate(Duration)": "(-{a})",
        "has(Enum,Enum)": "BITWISE_AND({a}, {b}) = {b}",
        "cast(Integer,Boolean)": "({a} <> 0)",
        "cast(Boolean,Decimal)": "CAST({a} AS DECIMAL(38, 12))",
        "cast(Boolean,Double)": "CAST({a} AS DOUBLE)",
        "cast(String,Integer)": (
            "CASE WHEN REGEXP_LIKE({a}, '^[+-]?[0-9]{{1,38}}$') AND TRY_CAST({a} AS BIGINT)"
            " BETWEEN {low} AND {high} THEN TRY_CAST({a} AS BIGINT) END"
        ),
        "cast(String,Date)": (
            "CASE WHEN REGEXP_LIKE({a}, '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}$') AND {a} > '0001'"
            " THEN TRY_CAST({a} AS DATE) END"
        ),
        "cast(Decimal,Integer)": _WHOLE,
        "cast(Double,Integer)": _WHOLE,
        "cast(DateTimeOffset,Date)": f"CAST({_UTC} AS DATE)",
        "cast(DateTimeOffset,TimeOfDay)": f"CAST({_UTC} AS TIME(6))",
        "cast(Date,DateTimeOffset)": "WITH_TIMEZONE(CAST({a} AS TIMESTAMP(6)), 'UTC')",
    }
    unsupported: Mapping[str, str] = {
        **Dialect.unsupported,
        "matchespattern(String,String)": "other-regular-expressions",
    }

    def json_path(self, keys: tuple[str, ...]) -> str:
        quoted = [key.replace("\\", "\\\\").replace('"', '\\"') for key in keys]
        return self.quote_text("$" + "".join(f'["{key}"]' for key in quoted))

    def bind(self, value: Any, type: edm.Type) -> Any:
        return seconds(value) if isinstance(value, dt.timedelta) else value
