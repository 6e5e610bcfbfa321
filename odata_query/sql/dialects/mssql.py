"""SQL Server 2022 and Azure SQL.

Durations are numbers of seconds, DECIMAL(20, 6). Decimals have at most 26 digits before the point and 12
after it. Moments keep their offset in a DATETIMEOFFSET; columns without one need a default_timezone with a
fixed offset, since AT TIME ZONE has the names and the history of Windows. There is no INF or NaN. Case is
mapped character by character: `ß` keeps its form in upper case.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from ... import edm
from ...problems import Phrase
from . import spelling
from .base import Dialect, Json, Members, Page, Storage, moments

_BINARY = "COLLATE Latin1_General_100_BIN2"
_POINTS = "COLLATE Latin1_General_100_CI_AS_SC"
"""A collation with supplementary characters, whose functions count code points."""
_MAX = "1.7976931348623157E+308"
_SPACES = f"CONCAT({spelling.white_space('NCHAR({})', ', ')})"


def _length(x: str) -> str:
    """The number of code points in a text; LEN leaves out trailing spaces."""
    return f"(LEN((CAST({x} AS NVARCHAR(MAX)) + N'.') {_POINTS}) - 1)"


def _bytes(x: str) -> str:
    """The bytes of a text, which no collation and no padding makes equal to those of another."""
    return f"CAST(CAST({x} AS NVARCHAR(MAX)) AS VARBINARY(MAX))"


_FOUND = f"CHARINDEX({{b}} {_BINARY}, {{a}} {_BINARY})"
"""The position at which a text is found; 0 for an empty one."""
_BEFORE = f"LEFT({{a}} {_BINARY}, NULLIF({_FOUND}, 0) - 1)"
_END = f"RIGHT(CAST({{a}} AS NVARCHAR(MAX)) {_BINARY}, DATALENGTH(CAST({{b}} AS NVARCHAR(MAX))) / 2)"
_START = (
    f"CASE WHEN {{b}} < 0 THEN GREATEST({_length('{a}')} + {{b}}, 0)"
    " WHEN {b} > 2147483645 THEN 2147483645 ELSE {b} END + 1"
)
_COUNT = "CASE WHEN {c} < 0 THEN 0 WHEN {c} > 2147483645 THEN 2147483645 ELSE {c} END"
_SECONDS = "CAST({b} AS DECIMAL(20, 6))"
_MICROS = "DATEDIFF_BIG(MICROSECOND, CAST('0001-01-01T00:00:00Z' AS DATETIMEOFFSET), {a})"
_BY = f"({{minus}}{_SECONDS})"
_MOVED = (
    f"DATEADD(MICROSECOND, CAST({_BY} % 1 * 1000000 AS INT), DATEADD(SECOND, CAST({_BY} % 86400 AS INT),"
    f" DATEADD(DAY, CAST({_BY} / 86400 AS INT), {{a}})))"
)
_DAYS = f"{{minus}}FLOOR({_SECONDS} / 86400)"
_TRUE, _FALSE = "N'true'", "N'false'"
_DAY_LIKE = "-".join("[0-9]" * digits for digits in (4, 2, 2))


def _once(expression: str, a: str, b: str) -> str:
    """Compute two arguments once, as `v.a` and `v.b`; nested templates would grow exponentially."""
    return f"(SELECT {expression} FROM (VALUES ({a}, {b})) AS v(a, b))"


def _floats(cases: str, b: str = "CAST({b} AS FLOAT)") -> str:
    """Arithmetic of FLOATs, which fails for an overflow: the largest number replaces INF, and null NaN."""
    return _once(f"CASE {cases} END", "CAST({a} AS FLOAT)", b)


_SIGNED_MAX = f"NULLIF(SIGN(v.a) * SIGN(v.b), 0) * {_MAX}"
_SUM = (
    f"WHEN v.a = -v.b AND ABS(v.a) = {_MAX} THEN NULL WHEN v.b > 0 AND v.a > {_MAX} - v.b THEN {_MAX}"
    f" WHEN v.b < 0 AND v.a < -{_MAX} - v.b THEN -{_MAX} ELSE v.a + v.b"
)
_PRODUCT = (
    f"WHEN ABS(v.a) = {_MAX} OR ABS(v.b) = {_MAX} THEN {_SIGNED_MAX}"
    f" WHEN ABS(v.b) > 1 AND ABS(v.a) > {_MAX} / NULLIF(ABS(v.b), 0) THEN {_SIGNED_MAX} ELSE v.a * v.b"
)
_DIVIDED = (
    f"WHEN v.b = 0 THEN NULLIF(SIGN(v.a), 0) * {_MAX}"
    f" WHEN ABS(v.b) = {_MAX} THEN CASE WHEN ABS(v.a) < {_MAX} THEN 0 END"
    f" WHEN ABS(v.a) = {_MAX} THEN {_SIGNED_MAX}"
    f" WHEN ABS(v.b) < 1 AND ABS(v.a) > {_MAX} * ABS(v.b) THEN {_SIGNED_MAX} ELSE v.a / v.b"
)
_A, _B = "TRY_CAST({a} AS DECIMAL(38, 12))", "NULLIF(TRY_CAST({b} AS DECIMAL(38, 12)), 0)"
"""Decimals in a type whose sums keep their digits. SQL Server cuts those of products and quotients to six."""
_FLOATS = "CAST({a} AS FLOAT)", "CAST({b} AS FLOAT)"
_WHOLE, _REST = (
    [form.format(x=x) for x in ("{a}", "{b}")]
    for form in ("TRY_CAST({x} - {x} % 1 AS DECIMAL(25, 0))", "CAST({x} % 1 AS DECIMAL(12, 12))")
)
_PARTS = [f"CAST({a[0]} * {b[1]} AS DECIMAL(38, 12))" for a in (_WHOLE, _REST) for b in (_WHOLE, _REST)]
_EXACT_PRODUCT = f"CASE WHEN ABS({' * '.join(_FLOATS)}) < 1E26 THEN {' + '.join(_PARTS)} END"
"""The product of decimals as a sum of products that have at most 38 digits, or none after the point."""
_QUOTIENT = (
    f"CASE WHEN ABS({_FLOATS[0]}) < 1E26 * ABS({_FLOATS[1]}) THEN"
    f" CAST(({_A} - {_A} % {_B}) / {_B} AS DECIMAL(38, 12))"
    f" + ROUND(CAST(CAST({_A} % {_B} AS FLOAT) / {_FLOATS[1]} AS DECIMAL(16, 15)), 12) END"
)
"""The whole part of a quotient, and the rest, of which a FLOAT tells fifteen digits."""


def _scaled(condition: str, microseconds: str, duration: str, number: str) -> str:
    """Multiply or divide a duration in microseconds, so that halves of one are exact with a FLOAT too."""
    found = f"CAST(ROUND({microseconds}, 0) AS DECIMAL(20, 0)) * 0.000001"
    found = (
        f"CASE WHEN v.a = 0 AND ABS(CAST(v.b AS FLOAT)) < {_MAX} THEN v.a WHEN {condition} THEN {found} END"
    )
    return spelling.lasting(_once(found, f"CAST({duration} * 1000000 AS DECIMAL(20, 0))", number))


_TIMES = "ABS(CAST(v.b AS FLOAT)) <= 9E19 / ABS(NULLIF(v.a, 0))", "v.a * v.b"
_SINGLE = (
    f"CASE WHEN ABS({{a}}) < {spelling.BEYOND_SINGLE} THEN CAST(CAST({{a}} AS REAL) AS FLOAT)"
    f" ELSE SIGN({{a}}) * {_MAX} END"
)


class MSSQL(Dialect):
    """SQL Server, by pyodbc or another driver."""

    name = "mssql"
    quotes = "[]"
    binds = {dt.datetime: spelling.zoned_text, dt.time: dt.time.isoformat, dt.timedelta: spelling.seconds}
    # sp_prepexec takes three of 2,100.
    max_parameters = 2_097
    once_depth = 5  # subqueries nest in 32 levels, or a few more
    max_depth = 200
    collation = "insensitive"
    ignores_trailing_spaces = True
    binary_on_both_sides = True
    null_order = "low"
    nan = "none"
    max_scale = 12
    decimal_digits = (26, 12)
    case_casts = {"Decimal": "TRY_CAST({a} AS DECIMAL(38, {s}))"}
    wide_to_int64 = f"CAST({Dialect.wide_to_int64} AS BIGINT)"
    conditions_are_values = False
    booleans = ("CAST(1 AS BIT)", "CAST(0 AS BIT)")
    not_true = "CASE WHEN {a} THEN 0 ELSE 1 END = 1"
    not_false = "CASE WHEN NOT ({a}) THEN 0 ELSE 1 END = 1"
    # The bytes of UTF-8 sort by code point; those of UTF-16 do not.
    binary = "CAST(CAST({a} COLLATE Latin1_General_100_BIN2_UTF8 AS VARCHAR(MAX)) AS VARBINARY(MAX))"
    page = Page(
        "OFFSET 0 ROWS FETCH NEXT {top} ROWS ONLY",
        "OFFSET {skip} ROWS FETCH NEXT {top} ROWS ONLY",
        "OFFSET {skip} ROWS",
        empty="OFFSET 9223372036854775807 ROWS FETCH NEXT 1 ROWS ONLY",
        needs_order=True,
    )
    types = spelling.edm_types(
        Dialect.types, Boolean="BIT", Double="FLOAT", String="NVARCHAR(MAX)", TimeOfDay="TIME",
        DateTimeOffset="DATETIMEOFFSET", Duration="DECIMAL(20, 6)", Guid="UNIQUEIDENTIFIER",
        Binary="VARBINARY(MAX)",
    )  # fmt: skip
    singles = Storage(_SINGLE, is_ordered=True)
    storages = {
        **moments(
            "datetimeoffset",
            Storage("TODATETIMEOFFSET({a}, '{zone}')"),
            Storage(
                "CASE WHEN {a} LIKE '%[Zz]' OR {a} LIKE '%[+-][0-9][0-9]:[0-9][0-9]'"
                " THEN CAST({a} AS DATETIMEOFFSET)"
                " ELSE TODATETIMEOFFSET(CAST({a} AS DATETIME2), '{zone}') END"
            ),
        ),
        # The type itself sorts by the last bytes first.
        ("Edm.Guid", "uniqueidentifier"): Storage(
            f"CAST({{a}} AS CHAR(36)) {_BINARY}", lambda value, zone: value
        ),
    }
    default_storages = {"Edm.DateTimeOffset": "datetimeoffset", "Edm.Guid": "uniqueidentifier"}
    json_storages = {"Edm.DateTimeOffset": "text", "Edm.Guid": "uniqueidentifier"}
    collections = {"json": Members("OPENJSON({a}) AS {t}", "{t}.[value]", is_json=True)}
    # JSON_VALUE is null for an object.
    json = Json(
        "JSON_VALUE({a}, {p})",
        document="JSON_QUERY({a}, {p})",
        types=spelling.json_casts(types),
        object="JSON_QUERY({a}, {p})",
    )
    literal_needles = {
        "contains(String,String)": (f"{_FOUND} > 0", spelling.unless_empty),
        "startswith(String,String)": (f"{_FOUND} = 1", spelling.unless_empty),
        "indexof(String,String)": (
            f"CASE WHEN {_FOUND} = 0 THEN -1 ELSE {_length(_BEFORE)} END",
            spelling.unless_empty,
        ),
    }
    templates = {
        **Dialect.templates,
        "div(Integer,Integer)": spelling.TRUNCATED,
        "mod(Integer,Integer)": "({a} % NULLIF({b}, 0))",
        "divby(Integer,Integer)": (
            "ROUND(CAST({a} AS DECIMAL(37, 12)) / NULLIF(CAST({b} AS DECIMAL(19, 0)), 0), 12)"
        ),
        "div|divby(Decimal,Decimal)": _QUOTIENT,
        "add|sub(Decimal,Decimal)": f"({_A} {{sign}} TRY_CAST({{b}} AS DECIMAL(38, 12)))",
        "mul(Decimal,Decimal)": _EXACT_PRODUCT,
        "mod(Decimal,Decimal)": f"({_A} % {_B})",
        "add(Double,Double)": _floats(_SUM),
        "sub(Double,Double)": _floats(_SUM, "-CAST({b} AS FLOAT)"),
        "mul(Double,Double)": _floats(_PRODUCT),
        "div|divby(Double,Double)": _floats(_DIVIDED),
        "round(Decimal)": "ROUND({a}, 0)",
        "round(Double)": spelling.NEAREST.replace("CEIL(", "CEILING("),
        "concat(String,String)": "(CAST({a} AS NVARCHAR(MAX)) + {b})",
        "contains(String,String)": f"{_FOUND} + CASE WHEN DATALENGTH({{b}}) = 0 THEN 1 ELSE 0 END > 0",
        "indexof(String,String)": (
            f"CASE WHEN DATALENGTH({{b}}) = 0 THEN 0 * DATALENGTH({{a}}) WHEN {_FOUND} = 0 THEN -1"
            f" ELSE {_length(_BEFORE)} END"
        ),
        "length(String)": _length("{a}"),
        "startswith(String,String)": f"{_FOUND} = CASE WHEN DATALENGTH({{b}}) = 0 THEN 0 ELSE 1 END",
        "endswith(String,String)": f"{_bytes(_END)} = {_bytes('{b}')}",
        "substring(String,Integer)": f"SUBSTRING({{a}} {_POINTS}, {_START}, 2147483647)",
        "substring(String,Integer,Integer)": f"SUBSTRING({{a}} {_POINTS}, {_START}, {_COUNT})",
        "tolower(String)": f"LOWER({{a}} {_POINTS})",
        "toupper(String)": f"UPPER({{a}} {_POINTS})",
        "trim(String)": f"(TRIM({_SPACES} FROM {{a}} {_BINARY}) {_POINTS})",
        "now()": "(SYSUTCDATETIME() AT TIME ZONE 'UTC')",
        "year|month|day(Date|DateTimeOffset)": "DATEPART({NAME}, {a})",
        "hour|minute|second(TimeOfDay|DateTimeOffset)": "DATEPART({NAME}, {a})",
        "fractionalseconds(DateTimeOffset|TimeOfDay)": "(DATEPART(MICROSECOND, {a}) / 1000000.0)",
        "time(DateTimeOffset) cast(DateTimeOffset,TimeOfDay)": "CAST({a} AS TIME)",
        "totaloffsetminutes(DateTimeOffset)": "DATEPART(TZOFFSET, {a})",
        "add|sub(DateTimeOffset,Duration)": spelling.between(
            f"{_MICROS} + {_BY} * 1000000", (0, 315537897599999999), _MOVED
        ),
        "add|sub(Date,Duration)": spelling.between(
            f"DATEDIFF(DAY, CAST('0001-01-01' AS DATE), {{a}}) + {_DAYS}",
            spelling.DAYS_OF_YEAR_1,
            f"DATEADD(DAY, CAST({_DAYS} AS INT), {{a}})",
        ),
        "sub(DateTimeOffset,DateTimeOffset)": (
            "CAST(DATEDIFF_BIG(MICROSECOND, {b}, {a}) / 1000000.0 AS DECIMAL(20, 6))"
        ),
        "sub(Date,Date)": "CAST(DATEDIFF_BIG(DAY, {b}, {a}) * 86400 AS DECIMAL(20, 6))",
        "add|sub(Duration,Duration)": spelling.lasting("({a} {sign} {b})"),
        "negate(Duration)": spelling.lasting("(-{a})"),
        "mul(Duration,Number)": _scaled(*_TIMES, "{a}", "{b}"),
        "mul(Number,Duration)": _scaled(*_TIMES, "{b}", "{a}"),
        "div(Duration,Number)": _scaled(
            "ABS(CAST(v.b AS FLOAT)) >= 1 OR ABS(v.a) <= 9E19 * ABS(v.b)",
            "v.a / v.b",
            "{a}",
            "NULLIF({b}, 0)",
        ),
        "cast(Integer,Boolean)": "CAST({a} AS BIT)",
        "cast(Integer,Decimal)": "CAST({a} AS DECIMAL(19, 0))",
        "cast(Boolean,String)": "CASE WHEN {a} = 1 THEN N'true' WHEN {a} = 0 THEN N'false' END",
        "cast(Boolean,Integer)": "CAST({a} AS INT)",
        "cast(Double,Single)": _SINGLE,
        "cast(Decimal|Double,Integer)": spelling.whole("CAST({a} AS BIGINT)"),
        "cast(Date,String)": "CONVERT(NVARCHAR(10), {a}, 23)",
        "cast(Guid,String)": "LOWER({a})",
        "cast(Date,DateTimeOffset)": "TODATETIMEOFFSET(CAST({a} AS DATETIME2), '+00:00')",
        "cast(String,Boolean)": (
            f"CASE {_bytes('LOWER({a})')} WHEN {_bytes(_TRUE)} THEN CAST(1 AS BIT)"
            f" WHEN {_bytes(_FALSE)} THEN CAST(0 AS BIT) END"
        ),
        "cast(String,Integer)": spelling.fitting(
            "TRY_CAST({a} AS BIGINT)",
            f"{{a}} {_BINARY} NOT LIKE N'%[^0-9+-]%' AND {{a}} {_BINARY} LIKE N'%[0-9]'",
        ),
        "cast(String,Date)": (
            f"CASE WHEN {{a}} {_BINARY} LIKE N'{_DAY_LIKE}' THEN TRY_CONVERT(DATE, {{a}}, 23) END"
        ),
    }
    unsupported = {**Dialect.unsupported, "mod(Double,Double)": "no-float-remainder"}

    def quote_text(self, value: str) -> str:
        return "N" + super().quote_text(value)

    def marker(self, marker: str, value: Any, type: edm.Type) -> str:
        return f"CAST({marker} AS DATETIMEOFFSET)" if type is edm.DATE_TIME_OFFSET else marker

    def rejects(self, value: Any, type: edm.Type) -> Phrase | None:
        is_infinite = isinstance(value, float) and value in (float("inf"), float("-inf"))
        return Phrase("no-infinity") if is_infinite else super().rejects(value, type)

    def bind(self, value: Any, type: edm.Type) -> Any:
        if isinstance(value, float):
            return None if value != value else value
        if isinstance(value, uuid.UUID) and type is edm.GUID:
            return str(value).upper()
        return super().bind(value, type)
