"""Oracle 19c and up.

There is no empty text: what is empty elsewhere is null. So no column holds one, and an expression that would
give one (`substring(name,9)`) is null. Times of day are INTERVAL DAY TO SECOND since midnight, Booleans
NUMBER(1), Guids RAW(16). Numbers of Edm.Double are BINARY_DOUBLE, unless their storage is `number`. Case is
mapped character by character: 'ß' stays as it is in upper case.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ... import edm
from ...errors import error
from ...operations import WHITE_SPACE
from ...problems import Name, Phrase, problem
from .base import NEAREST, Dialect, Members, Needle, Page, Storage, in_zone, like

_SPACES = "UNISTR('" + "".join(f"\\{ord(char):04X}" for char in WHITE_SPACE) + "')"
_START = "LEAST(CASE WHEN {b} < 0 THEN GREATEST(LENGTH({a}) + {b}, 0) ELSE {b} END, 2147483646) + 1"
_FIRST = "TIMESTAMP '0001-01-01 00:00:00.000000 +00:00'"
_LAST = "TIMESTAMP '9999-12-31 23:59:59.999999 +00:00'"
_INTERVAL = "INTERVAL DAY(9) TO SECOND(6)"
_LOCAL = "CAST({a} AS TIMESTAMP(6))"
"""The clock of a moment in its own offset; parts of the moment itself would be those in UTC."""
_MIDNIGHT = f"CAST(TRUNC({_LOCAL}) AS TIMESTAMP(6))"
_WHOLE = "CASE WHEN {a} > {low} - 1 AND {a} < {high} + 1 THEN TRUNC(TO_NUMBER({a})) END"
_MOMENT = "'YYYY-MM-DD\"T\"HH24:MI:SS.FF6TZH:TZM'"


def _seconds(x: str) -> str:
    """The length of an interval in seconds."""
    parts = (("DAY", 86400), ("HOUR", 3600), ("MINUTE", 60))
    whole = "".join(f"EXTRACT({part} FROM {x}) * {size} + " for part, size in parts)
    return f"({whole}EXTRACT(SECOND FROM {x}))"


_DAYS = f"FLOOR({_seconds('{b}')} / 86400)"


def _double(sign: str) -> str:
    return f"(TO_BINARY_DOUBLE({{a}}) {sign} TO_BINARY_DOUBLE({{b}}))"


def _needle(template: str) -> Needle:
    """For the empty text alone, which stands for null in a template."""
    return template, lambda text: None if text else ()


class Oracle(Dialect):
    """Oracle, by python-oracledb. Names are quoted, so a usual column is called in upper case: `ID`."""

    name = "oracle"
    # Numbered markers are bound once for each place where one stands.
    paramstyle = "named"
    max_parameters = 65_535
    max_in_items = 1_000
    max_terms = 50_000
    max_length = 1_000_000
    collation = "linguistic"
    binary = "NLSSORT({a}, 'NLS_SORT=BINARY')"
    binary_on_both_sides = True
    has_empty_string = False
    conditions_are_values = False
    booleans = ("1", "0")
    boolean_tests = ("{a} = 1", "{a} = 0")
    not_true = "CASE WHEN {a} THEN 0 ELSE 1 END = 1"
    not_false = "CASE WHEN NOT ({a}) THEN 0 ELSE 1 END = 1"
    # A null equals a null there, and each operand is written once.
    null_safe_equal = "DECODE({a}, {b}, 1, 0) = 1"
    null_safe_unequal = "DECODE({a}, {b}, 1, 0) = 0"
    nan_rank = "CASE WHEN {a} IS NAN THEN 0 WHEN {a} IS NOT NULL THEN 1 END"
    as_int64 = "{a}"
    as_wide_integer = "{a}"
    default_scale = 10
    alias_prefix = " "
    page = Page(
        "FETCH NEXT {top} ROWS ONLY",
        "OFFSET {skip} ROWS FETCH NEXT {top} ROWS ONLY",
        "OFFSET {skip} ROWS",
    )
    types: Mapping[str, str] = {
        **Dialect.types,
        **dict.fromkeys((*edm.INTEGERS, edm.DECIMAL.name), "NUMBER"),
        edm.BOOLEAN.name: "NUMBER(1)",
        edm.SINGLE.name: "BINARY_FLOAT",
        edm.DOUBLE.name: "BINARY_DOUBLE",
        edm.STRING.name: "VARCHAR2(4000)",
        edm.TIME_OF_DAY.name: _INTERVAL,
        edm.DATE_TIME_OFFSET.name: "TIMESTAMP(6) WITH TIME ZONE",
        edm.DURATION.name: _INTERVAL,
        edm.GUID.name: "RAW(16)",
        edm.BINARY.name: "RAW(2000)",
    }
    storages: Mapping[tuple[str, str], Storage] = {
        (edm.DOUBLE.name, "binary_double"): Storage(),
        (edm.DOUBLE.name, "number"): Storage("TO_BINARY_DOUBLE({a})"),
        (edm.SINGLE.name, "binary_float"): Storage(),
        (edm.SINGLE.name, "number"): Storage("TO_BINARY_DOUBLE({a})"),
        (edm.DATE_TIME_OFFSET.name, "timestamptz"): Storage(),
        (edm.DATE_TIME_OFFSET.name, "timestamp"): Storage(
            "FROM_TZ(CAST({a} AS TIMESTAMP), '{zone}')",
            lambda value, zone: in_zone(value, zone),
            is_ordered=True,
        ),
        (edm.GUID.name, "raw"): Storage(),
        (edm.GUID.name, "text"): Storage("HEXTORAW(REPLACE({a}, '-'))"),
        (edm.TIME_OF_DAY.name, "interval"): Storage(),
        (edm.TIME_OF_DAY.name, "text"): Storage("TO_DSINTERVAL('0 ' || {a})"),
    }
    default_storages: Mapping[str, str] = {
        edm.DOUBLE.name: "binary_double",
        edm.SINGLE.name: "binary_float",
        edm.DATE_TIME_OFFSET.name: "timestamptz",
    }
    json_storages: Mapping[str, str] = {
        **default_storages,
        edm.GUID.name: "text",
        edm.TIME_OF_DAY.name: "text",
    }
    collections: Mapping[str, Members] = {
        # Each member is wrapped as an array, for a JSON column holds no single values.
        "json": Members(
            "JSON_TABLE({a}, '$[*]' COLUMNS (\"value\" CLOB FORMAT JSON WITH WRAPPER PATH '$')) {t}",
            '{t}."value"',
            is_json=True,
        ),
    }
    json_values: Mapping[str, str] = {
        "": "JSON_VALUE({a}, {p} RETURNING VARCHAR2(4000))",
        "json": "JSON_QUERY({a}, {p} RETURNING CLOB)",
        **dict.fromkeys((*edm.INTEGERS, edm.DECIMAL.name), "JSON_VALUE({a}, {p} RETURNING NUMBER)"),
        edm.DOUBLE.name: "TO_BINARY_DOUBLE(JSON_VALUE({a}, {p} RETURNING NUMBER))",
        edm.SINGLE.name: "TO_BINARY_DOUBLE(JSON_VALUE({a}, {p} RETURNING NUMBER))",
        edm.BOOLEAN.name: "DECODE(JSON_VALUE({a}, {p} RETURNING VARCHAR2(5)), 'true', 1, 'false', 0)",
        edm.DATE.name: "JSON_VALUE({a}, {p} RETURNING DATE)",
        edm.DATE_TIME_OFFSET.name: "JSON_VALUE({a}, {p} RETURNING TIMESTAMP WITH TIME ZONE)",
    }
    json_members: Mapping[str, str] = {
        name: template.replace("{p}", "'$[0]'") for name, template in json_values.items()
    }
    literal_needles: Mapping[str, Needle] = {
        "contains(String,String)": ("{a} LIKE {b} ESCAPE '\\'", lambda text: (f"%{like(text)}%",)),
        "startswith(String,String)": ("{a} LIKE {b} ESCAPE '\\'", lambda text: (f"{like(text)}%",)),
        "endswith(String,String)": ("{a} LIKE {b} ESCAPE '\\'", lambda text: (f"%{like(text)}",)),
        "indexof(String,String)": _needle("(0 * LENGTH({a}))"),
        "concat(String,String)": _needle("{a}"),
    }
    templates: Mapping[str, str] = {
        **Dialect.templates,
        "div(Integer,Integer)": "TRUNC({a} / NULLIF({b}, 0))",
        "divby(Integer,Integer)": "ROUND({a} / NULLIF({b}, 0), 12)",
        "div(Decimal,Decimal)": "ROUND({a} / NULLIF({b}, 0), 12)",
        "divby(Decimal,Decimal)": "ROUND({a} / NULLIF({b}, 0), 12)",
        "add(Double,Double)": _double("+"),
        "sub(Double,Double)": _double("-"),
        "mul(Double,Double)": _double("*"),
        "div(Double,Double)": _double("/"),
        "divby(Double,Double)": _double("/"),
        "ceiling(Decimal)": "CEIL({a})",
        "ceiling(Double)": "CEIL({a})",
        "round(Double)": NEAREST,
        # NULL would be left out of a concatenation.
        "concat(String,String)": "CASE WHEN {a} IS NOT NULL AND {b} IS NOT NULL THEN {a} || {b} END",
        "contains(String,String)": "INSTR({a}, {b}) > 0",
        "indexof(String,String)": "(INSTR({a}, {b}) - 1)",
        "length(String)": "LENGTH({a})",
        "startswith(String,String)": "SUBSTR({a}, 1, LENGTH({b})) = {b}",
        "endswith(String,String)": "SUBSTR({a}, GREATEST(LENGTH({a}) - LENGTH({b}), 0) + 1) = {b}",
        "substring(String,Integer)": f"SUBSTR({{a}}, {_START})",
        "substring(String,Integer,Integer)": f"SUBSTR({{a}}, {_START}, LEAST({{c}}, 2147483646))",
        "trim(String)": f"RTRIM(LTRIM({{a}}, {_SPACES}), {_SPACES})",
        "now()": "(SYSTIMESTAMP AT TIME ZONE 'UTC')",
        "second(TimeOfDay)": "FLOOR(EXTRACT(SECOND FROM {a}))",
        "fractionalseconds(TimeOfDay)": "MOD(EXTRACT(SECOND FROM {a}), 1)",
        **{
            f"{part}(DateTimeOffset)": f"EXTRACT({part.upper()} FROM {_LOCAL})"
            for part in ("year", "month", "day", "hour", "minute")
        },
        "second(DateTimeOffset)": f"FLOOR(EXTRACT(SECOND FROM {_LOCAL}))",
        "fractionalseconds(DateTimeOffset)": f"MOD(EXTRACT(SECOND FROM {_LOCAL}), 1)",
        "date(DateTimeOffset)": f"TRUNC({_LOCAL})",
        "time(DateTimeOffset)": f"({_LOCAL} - {_MIDNIGHT})",
        "totaloffsetminutes(DateTimeOffset)": (
            "(EXTRACT(TIMEZONE_HOUR FROM {a}) * 60 + EXTRACT(TIMEZONE_MINUTE FROM {a}))"
        ),
        "totalseconds(Duration)": _seconds("{a}"),
        "add(DateTimeOffset,Duration)": (
            f"CASE WHEN {{b}} BETWEEN {_FIRST} - {{a}} AND {_LAST} - {{a}} THEN {{a}} + {{b}} END"
        ),
        "sub(DateTimeOffset,Duration)": (
            f"CASE WHEN {{b}} BETWEEN {{a}} - {_LAST} AND {{a}} - {_FIRST} THEN {{a}} - {{b}} END"
        ),
        "add(Date,Duration)": (
            f"CASE WHEN {_DAYS} BETWEEN DATE '0001-01-01' - {{a}} AND DATE '9999-12-31' - {{a}}"
            f" THEN {{a}} + {_DAYS} END"
        ),
        "sub(Date,Duration)": (
            f"CASE WHEN {_DAYS} BETWEEN {{a}} - DATE '9999-12-31' AND {{a}} - DATE '0001-01-01'"
            f" THEN {{a}} - {_DAYS} END"
        ),
        "sub(DateTimeOffset,DateTimeOffset)": "({a} - {b})",
        "sub(Date,Date)": "NUMTODSINTERVAL({a} - {b}, 'DAY')",
        "add(Duration,Duration)": "({a} + {b})",
        "sub(Duration,Duration)": "({a} - {b})",
        "mul(Duration,Number)": f"NUMTODSINTERVAL(ROUND({_seconds('{a}')} * {{b}}, 6), 'SECOND')",
        "mul(Number,Duration)": f"NUMTODSINTERVAL(ROUND({{a}} * {_seconds('{b}')}, 6), 'SECOND')",
        "div(Duration,Number)": f"NUMTODSINTERVAL(ROUND({_seconds('{a}')} / NULLIF({{b}}, 0), 6), 'SECOND')",
        "negate(Duration)": "({a} * -1)",
        "has(Enum,Enum)": "BITAND({a}, {b}) = {b}",
        "cast(Integer,String)": "TO_CHAR({a})",
        "cast(Integer,Boolean)": "CASE WHEN {a} <> 0 THEN 1 WHEN {a} = 0 THEN 0 END",
        "cast(Boolean,String)": "CASE {a} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END",
        "cast(Boolean,Integer)": "{a}",
        "cast(Boolean,Decimal)": "{a}",
        "cast(Boolean,Double)": "TO_BINARY_DOUBLE({a})",
        "cast(String,Boolean)": "CASE LOWER({a}) WHEN 'true' THEN 1 WHEN 'false' THEN 0 END",
        "cast(String,Integer)": (
            "CASE WHEN REGEXP_LIKE({a}, '^[+-]?[0-9]{{1,38}}$', 'c')"
            " AND TO_NUMBER({a}) BETWEEN {low} AND {high} THEN TO_NUMBER({a}) END"
        ),
        "cast(Decimal,Integer)": _WHOLE,
        "cast(Double,Integer)": _WHOLE,
        "cast(Date,String)": "TO_CHAR({a}, 'YYYY-MM-DD')",
        "cast(Guid,String)": (
            "LOWER(REGEXP_REPLACE(RAWTOHEX({a}), '^(.{{8}})(.{{4}})(.{{4}})(.{{4}})', '\\1-\\2-\\3-\\4-'))"
        ),
        "cast(DateTimeOffset,Date)": f"TRUNC({_LOCAL})",
        "cast(DateTimeOffset,TimeOfDay)": f"({_LOCAL} - {_MIDNIGHT})",
        "cast(Date,DateTimeOffset)": "FROM_TZ(CAST({a} AS TIMESTAMP), '+00:00')",
    }
    unsupported: Mapping[str, str] = {
        **Dialect.unsupported,
        "mod(Double,Double)": "no-exact-float-remainder",
        "matchespattern(String,String)": "other-regular-expressions",
    }

    def json_path(self, keys: tuple[str, ...]) -> str:
        """A member of an array is wrapped; what is not an array is taken as one with a single member."""
        quoted = [key.replace("\\", "\\\\").replace('"', '\\"') for key in keys]
        return self.quote_text("$[0]" + "".join(f'."{key}"' for key in quoted))

    def marker(self, marker: str, value: Any, type: edm.Type) -> str:
        if type is edm.DATE_TIME_OFFSET:
            return f"TO_TIMESTAMP_TZ({marker}, {_MOMENT})"
        if isinstance(value, float):
            if value != value:
                return "BINARY_DOUBLE_NAN"
            if value in (float("inf"), float("-inf")):
                return "BINARY_DOUBLE_INFINITY" if value > 0 else "(-BINARY_DOUBLE_INFINITY)"
        return marker

    def bind(self, value: Any, type: edm.Type) -> Any:
        if value == "":
            raise error(
                [
                    problem(
                        "literal-out-of-range.engine",
                        engine=Name(self.name),
                        reason=Phrase("no-empty-string"),
                    )
                ]
            )
        if isinstance(value, bool):
            return int(value)
        if isinstance(value, dt.datetime):
            return value if value.tzinfo is None else value.isoformat(timespec="microseconds")
        if isinstance(value, dt.time):
            clock = dt.datetime.combine(dt.date.min, value)
            return clock - dt.datetime.min
        if isinstance(value, uuid.UUID):
            return value.bytes
        return value

    def rejects(self, value: Any, type: edm.Type) -> Phrase | None:
        if value == "":
            return Phrase("no-empty-string")
        if isinstance(value, Decimal) and len(value.as_tuple().digits) > 38:
            return Phrase("decimal-digits", most=38)
        return None
