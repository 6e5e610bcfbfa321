"""BigQuery.

Durations are numbers of seconds, NUMERIC, and Guids texts in lower case. A TIMESTAMP has no offset: the parts
of a moment are those in UTC. Values are given as query parameters, called `p1`, `p2`, ...
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

from ... import edm
from ...operations import WHITE_SPACE
from .base import NEAREST, Dialect, Members, Page, Storage, in_zone, seconds

_SPACES = "'" + "".join(f"\\u{ord(char):04x}" for char in WHITE_SPACE) + "'"
_START = "LEAST(CASE WHEN {b} < 0 THEN GREATEST(CHAR_LENGTH({a}) + {b}, 0) ELSE {b} END, 2147483646) + 1"
_QUOTIENT = "ROUND(CAST({a} AS BIGNUMERIC) / NULLIF({b}, 0), 12)"
_WHOLE = (
    "CASE WHEN {a} > CAST('{low}' AS BIGNUMERIC) - 1 AND {a} < CAST('{high}' AS BIGNUMERIC) + 1"
    " THEN CAST(TRUNC({a}) AS INT64) END"
)
_DAYS = "CAST(FLOOR(CAST({b} AS BIGNUMERIC) / 86400) AS INT64)"
_FRACTION = "(CAST(EXTRACT(MICROSECOND FROM {a}) AS NUMERIC) / 1000000)"


def _shifted(sign: str) -> str:
    """A moment moved by a duration; null outside the calendar."""
    total = f"CAST(UNIX_MICROS({{a}}) AS BIGNUMERIC) {sign} CAST({{b}} AS BIGNUMERIC) * 1000000"
    return (
        f"CASE WHEN {total} BETWEEN -62135596800000000 AND 253402300799999999"
        f" THEN TIMESTAMP_MICROS(CAST({total} AS INT64)) END"
    )


def _shifted_date(sign: str) -> str:
    days = f"{sign}{_DAYS}"
    return (
        f"CASE WHEN DATE_DIFF({{a}}, DATE '0001-01-01', DAY) + {days} BETWEEN 0 AND 3652058"
        f" THEN DATE_ADD({{a}}, INTERVAL {days} DAY) END"
    )


class BigQuery(Dialect):
    """BigQuery, by its client for Python."""

    name = "bigquery"
    paramstyle = "named"
    named_marker = "@p{n}"
    quotes = "``"
    max_parameters = 10_000
    max_length = 1_000_000
    max_depth = 200
    collation = "binary"
    null_order = "low"
    nan = "ieee"
    null_safe_nan = True
    nan_rank = "CASE WHEN IS_NAN({a}) THEN 0 WHEN {a} IS NOT NULL THEN 1 END"
    binary = "COLLATE({a}, '')"
    as_int64 = "{a}"
    as_wide_integer = "CAST({a} AS BIGNUMERIC)"
    wide_to_int64 = (
        "NULLIF(NULLIF(LEAST(GREATEST({a}, BIGNUMERIC '-9223372036854775809'),"
        " BIGNUMERIC '9223372036854775808'), BIGNUMERIC '9223372036854775808'),"
        " BIGNUMERIC '-9223372036854775809')"
    )
    page = Page(skip="LIMIT 9223372036854775807 OFFSET {skip}")
    types: Mapping[str, str] = {
        **Dialect.types,
        **dict.fromkeys(edm.INTEGERS, "INT64"),
        edm.BOOLEAN.name: "BOOL",
        edm.DECIMAL.name: "BIGNUMERIC",
        edm.SINGLE.name: "FLOAT64",
        edm.DOUBLE.name: "FLOAT64",
        edm.STRING.name: "STRING",
        edm.TIME_OF_DAY.name: "TIME",
        edm.DATE_TIME_OFFSET.name: "TIMESTAMP",
        edm.DURATION.name: "NUMERIC",
        edm.GUID.name: "STRING",
        edm.BINARY.name: "BYTES",
    }
    storages: Mapping[tuple[str, str], Storage] = {
        (edm.DATE_TIME_OFFSET.name, "timestamp_utc"): Storage(),
        (edm.DATE_TIME_OFFSET.name, "timestamp"): Storage(
            "TIMESTAMP({a}, '{zone}')",
            lambda value, zone: in_zone(value, zone),
            is_ordered=True,
        ),
        (edm.DATE_TIME_OFFSET.name, "text"): Storage(
            "TIMESTAMP(CASE WHEN REGEXP_CONTAINS({a}, '([Zz]|[+-][0-9]{{2}}:[0-9]{{2}})$') THEN {a}"
            " ELSE {a} || '{zone}' END)"
        ),
    }
    json_storages: Mapping[str, str] = {edm.DATE_TIME_OFFSET.name: "text"}
    collections: Mapping[str, Members] = {
        "array": Members("UNNEST({a}) AS {t}", "{t}"),
        "json": Members("UNNEST(JSON_QUERY_ARRAY({a})) AS {t}", "{t}", is_json=True),
    }
    json_values: Mapping[str, str] = {
        "": "JSON_VALUE({a}, {p})",
        "json": "JSON_QUERY({a}, {p})",
        **{
            name: f"CAST(JSON_VALUE({{a}}, {{p}}) AS {type})"
            for name, type in types.items()
            if name != edm.DATE_TIME_OFFSET.name and type != "STRING"
        },
    }
    json_members: Mapping[str, str] = {
        name: template.replace("{p}", "'$'") for name, template in json_values.items()
    }
    templates: Mapping[str, str] = {
        **Dialect.templates,
        "div(Integer,Integer)": "DIV({a}, NULLIF({b}, 0))",
        "mul(Decimal,Decimal)": "(CAST({a} AS BIGNUMERIC) * {b})",
        "divby(Integer,Integer)": _QUOTIENT,
        "div(Decimal,Decimal)": _QUOTIENT,
        "divby(Decimal,Decimal)": _QUOTIENT,
        "div(Double,Double)": "IEEE_DIVIDE({a}, {b})",
        "divby(Double,Double)": "IEEE_DIVIDE({a}, {b})",
        "ceiling(Decimal)": "CEIL({a})",
        "ceiling(Double)": "CEIL({a})",
        "round(Double)": NEAREST,
        "contains(String,String)": "STRPOS({a}, {b}) > 0",
        "indexof(String,String)": "(STRPOS({a}, {b}) - 1)",
        "startswith(String,String)": "STARTS_WITH({a}, {b})",
        "endswith(String,String)": "ENDS_WITH({a}, {b})",
        "substring(String,Integer)": f"SUBSTR({{a}}, {_START})",
        "substring(String,Integer,Integer)": (
            f"SUBSTR({{a}}, {_START}, LEAST(GREATEST({{c}}, 0), 2147483647))"
        ),
        "trim(String)": f"TRIM({{a}}, {_SPACES})",
        "now()": "CURRENT_TIMESTAMP()",
        "second(DateTimeOffset)": "EXTRACT(SECOND FROM {a})",
        "second(TimeOfDay)": "EXTRACT(SECOND FROM {a})",
        "fractionalseconds(DateTimeOffset)": _FRACTION,
        "fractionalseconds(TimeOfDay)": _FRACTION,
        "date(DateTimeOffset)": "DATE({a})",
        "time(DateTimeOffset)": "TIME({a})",
        "totalseconds(Duration)": "{a}",
        "add(DateTimeOffset,Duration)": _shifted("+"),
        "sub(DateTimeOffset,Duration)": _shifted("-"),
        "add(Date,Duration)": _shifted_date(""),
        "sub(Date,Duration)": _shifted_date("-"),
        "sub(DateTimeOffset,DateTimeOffset)": (
            "(CAST(TIMESTAMP_DIFF({a}, {b}, MICROSECOND) AS NUMERIC) / 1000000)"
        ),
        "sub(Date,Date)": "CAST(DATE_DIFF({a}, {b}, DAY) * 86400 AS NUMERIC)",
        "add(Duration,Duration)": "({a} + {b})",
        "sub(Duration,Duration)": "({a} - {b})",
        "mul(Duration,Number)": "SAFE_CAST(ROUND({a} * {b}, 6) AS NUMERIC)",
        "mul(Number,Duration)": "SAFE_CAST(ROUND({a} * {b}, 6) AS NUMERIC)",
        "div(Duration,Number)": ("SAFE_CAST(ROUND(SAFE_DIVIDE({a}, CAST({b} AS FLOAT64)), 6) AS NUMERIC)"),
        "negate(Duration)": "(-{a})",
        "cast(Integer,Boolean)": "({a} <> 0)",
        "cast(Boolean,Decimal)": "CAST(CAST({a} AS INT64) AS BIGNUMERIC)",
        "cast(Boolean,Double)": "CAST(CAST({a} AS INT64) AS FLOAT64)",
        "cast(String,Integer)": (
            "CASE WHEN REGEXP_CONTAINS({a}, '^[+-]?[0-9]{{1,38}}$') AND SAFE_CAST({a} AS INT64)"
            " BETWEEN {low} AND {high} THEN SAFE_CAST({a} AS INT64) END"
        ),
        "cast(String,Date)": (
            "CASE WHEN REGEXP_CONTAINS({a}, '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}$')"
            " THEN SAFE_CAST({a} AS DATE) END"
        ),
        "cast(Decimal,Integer)": _WHOLE,
        "cast(Double,Integer)": _WHOLE.replace("BIGNUMERIC", "FLOAT64"),
        "cast(Guid,String)": "{a}",
        "cast(DateTimeOffset,Date)": "DATE({a})",
        "cast(DateTimeOffset,TimeOfDay)": "TIME({a})",
        "cast(Date,DateTimeOffset)": "TIMESTAMP({a})",
    }
    unsupported: Mapping[str, str] = {
        **Dialect.unsupported,
        "mod(Double,Double)": "no-float-remainder",
        "matchespattern(String,String)": "other-regular-expressions",
    }

    def quote(self, name: str) -> str:
        super().quote(name)
        return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"

    def quote_text(self, value: str) -> str:
        super().quote_text(value)
        for char, escaped in (("\\", "\\\\"), ("'", "\\'"), ("\n", "\\n"), ("\r", "\\r")):
            value = value.replace(char, escaped)
        return f"'{value}'"

    def json_path(self, keys: tuple[str, ...]) -> str:
        quoted = [key.replace("\\", "\\\\").replace('"', '\\"') for key in keys]
        return self.quote_text("$" + "".join(f'."{key}"' for key in quoted))

    def bind(self, value: Any, type: edm.Type) -> Any:
        if isinstance(value, dt.timedelta):
            return seconds(value)
        return str(value) if isinstance(value, uuid.UUID) else value
