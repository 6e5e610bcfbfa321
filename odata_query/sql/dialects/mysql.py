"""MySQL 8.0.21 and MariaDB 10.6, and up: one spelling for both.

Texts are utf8mb4, those of columns and those of the connection, as is usual.
Moments are DATETIME(6) in UTC; a TIMESTAMP is too, in a session whose time_zone is '+00:00'. Columns and
texts without an offset need a default_timezone with a fixed one: CONVERT_TZ needs tables that few servers
have, and takes only the years of a TIMESTAMP.
"""

from __future__ import annotations

import datetime as dt
import math
import sys
import uuid
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from ... import edm
from ...operations import WHITE_SPACE
from ...problems import Phrase
from . import spelling
from .base import Bound, Dialect, Json, Members, Page, Storage
from .spelling import MICROSECOND, in_zone, seconds


def _text(value: str) -> str:
    """A text as SQL that means the same in every sql_mode; one of them changes what a backslash is."""
    return f"_utf8mb4 X'{value.encode().hex()}'"


def _points(x: str) -> str:
    """A text that is searched by code point; an explicit collation wins over all others."""
    return f"CONVERT({x} USING utf8mb4) COLLATE utf8mb4_bin"


def _bytes(x: str) -> str:
    """A text that compares by code point, trailing spaces included: the bytes of UTF-8 sort that way."""
    return f"CAST(CONVERT({x} USING utf8mb4) AS BINARY)"


def _mapped(function: str, x: str, special: str) -> str:
    """A text in another case, by a collation that knows more than 65,536 characters."""
    for char in special:
        mapped = char.upper() if function == "UPPER" else char.lower()
        x = f"REPLACE({x}, {_text(char)}, {_text(mapped)})"
    return f"CONVERT({function}(CONVERT({x} USING utf8mb4) COLLATE utf8mb4_unicode_520_ci) USING utf8mb4)"


# The look-behind keeps the search from starting again at each space of a long run inside a text.
_SPACES = _text(f"^[{WHITE_SPACE}]+|(?<![{WHITE_SPACE}])[{WHITE_SPACE}]+$")
_LARGEST = repr(sys.float_info.max)
"""The number that stands for INF; a result out of range would be an error, so it is avoided."""
_SCALED = f"* {2.0**-512!r}"
"""A factor that leaves room for a product, and is exact for all numbers that could exceed it."""
_BELOW = f"< {sys.float_info.max * 2.0**-512!r}"
_FINITE = f"GREATEST(ABS({{a}} {_SCALED}), ABS({{b}} {_SCALED})) {_BELOW}"
_PRODUCT = (
    f"CASE WHEN {_FINITE} AND ABS({{a}} {_SCALED} * ({{b}} {_SCALED})) < 1 THEN {{a}} * 1e0 * {{b}} + 0e0"
    f" WHEN {{a}} <> 0 AND {{b}} <> 0 THEN SIGN({{a}}) * SIGN({{b}}) * {_LARGEST} END"
)
_HALF = "{a} * 0.5e0 {sign} {b} * 0.5e0"
_SUM = (
    f"CASE WHEN {_FINITE} AND ABS({_HALF}) < {2.0**1023!r} THEN {{a}} * 1e0 {{sign}} {{b}} + 0e0"
    f" WHEN {_HALF} <> 0 THEN SIGN({_HALF}) * {_LARGEST} END"
)
_DIVIDED = (
    f"CASE WHEN {_FINITE} AND ABS({{a}} * 0.5e0) < LEAST(ABS({{b}} * 1e0), 1) * {2.0**1023!r}"
    f" THEN {{a}} * 1e0 / {{b}} + 0e0"
    f" WHEN ABS({{b}} {_SCALED}) {_BELOW} THEN CASE WHEN {{a}} <> 0 THEN"
    f" SIGN({{a}}) * CASE WHEN {{b}} < 0 THEN -{_LARGEST} ELSE {_LARGEST} END END"
    f" WHEN ABS({{a}} {_SCALED}) {_BELOW} THEN {{b}} * 0e0 + 0e0 END"
)
"""Arithmetic of Doubles; null replaces NaN, and a zero has no sign, which would count in an order."""
# The type of the result has room for 39 digits before the point, or an order by it would be wrong.
_QUOTIENT = (
    "CASE WHEN ABS({a} * 1e0 / {b}) < 1e39"
    " THEN CAST(CAST({a} AS DECIMAL(65, 26)) / {b} AS DECIMAL(65, 12)) END"
)
_TRUNCATED = "TRUNCATE({a}, 0)"
_DAYS = "INTERVAL FLOOR(CAST({b} AS DECIMAL(65, 20)) / 86400) DAY"


def _duration(x: str) -> str:
    """A number of seconds, to the microsecond; null out of the range of durations."""
    first, last = spelling.SECONDS
    return f"CASE WHEN {x} > {first}.0000005 AND {x} < {last}5 THEN 0.0 + CAST({x} AS DECIMAL(20, 6)) END"


def _exactly(x: str) -> str:
    """A number as a decimal, a Double by its digits."""
    return f"CAST(LEAST(GREATEST({x}, -1e25), 1e25) AS DECIMAL(56, 30))"


def _times(length: str, by: str) -> str:
    found = _duration(f"{length} * {_exactly(by)}")
    return f"CASE WHEN ABS({by} {_SCALED}) {_BELOW} THEN {found} END"


def _column(value: Bound) -> str:
    """The type of a column that holds a value exactly."""
    name = value.type.name if value.type is not None else ""
    if name == edm.DECIMAL.name:
        # Products keep as many digits as fit into nine words of nine digits.
        places = -(-(6 if value.scale is None else value.scale) // 9) * 9
        return f"DECIMAL(65, {min(places, 26)})"
    if name in edm.INTEGERS or name == edm.BOOLEAN.name or isinstance(value.type, edm.EnumType):
        return "DECIMAL(65, 0)"
    return _COLUMNS.get(name, "LONGTEXT CHARSET utf8mb4")


_COLUMNS = {
    **dict.fromkeys((edm.DOUBLE.name, edm.SINGLE.name), "DOUBLE"),
    edm.DATE.name: "DATE",
    edm.DATE_TIME_OFFSET.name: "DATETIME(6)",
    edm.TIME_OF_DAY.name: "TIME(6)",
    edm.DURATION.name: "DECIMAL(65, 6)",
}


def _with_prefix(text: str) -> tuple[str, ...] | None:
    """A pattern for LIKE, and bounds that are right in every collation of the column."""
    start = text.rstrip("zZ9" + "".join({char for char in text if not (char.isascii() and char.isalnum())}))
    if not start:
        return None
    last = ord(start[-1])
    return f"{spelling.like(text, '|')}%", f"{start[:-1]}{chr(last - 1)}zzz", f"{start[:-1]}{chr(last + 1)}"


_ISO = (
    "CASE WHEN {a} LIKE '%Z' OR {a} LIKE '%z' THEN CAST(LEFT({a}, CHAR_LENGTH({a}) - 1) AS DATETIME(6))"
    " WHEN {a} LIKE '%:%+__:__' OR {a} LIKE '%:%-__:__'"
    " THEN CAST(LEFT({a}, CHAR_LENGTH({a}) - 6) AS DATETIME(6)) - INTERVAL RIGHT({a}, 6) HOUR_MINUTE"
    " ELSE CAST({a} AS DATETIME(6)) - INTERVAL '{zone}' HOUR_MINUTE END"
)
_ISO_LOCAL = _ISO.replace(" - INTERVAL RIGHT({a}, 6) HOUR_MINUTE", "").replace(
    " - INTERVAL '{zone}' HOUR_MINUTE", ""
)
_OWN_OFFSET = "FLOOR(TIMESTAMPDIFF(SECOND, {read}, {local}) / 60)"
_HEX = "LOWER(INSERT(INSERT(INSERT(INSERT(HEX({a}), 9, 0, '-'), 14, 0, '-'), 19, 0, '-'), 24, 0, '-'))"

_JSON_TEXT = "CASE WHEN JSON_TYPE({x}) <> 'NULL' THEN JSON_UNQUOTE({x}) END"


def _bind_float(value: float) -> float | None:
    if math.isinf(value):
        return math.copysign(sys.float_info.max, value)
    return None if math.isnan(value) else value


class MySQL(Dialect):
    """MySQL and MariaDB, by PyMySQL, mysqlclient or another driver, in any sql_mode.

    `tolower` and `toupper` follow Unicode 5.2, including Latin characters that become several; a capital
    sigma at the end of a word becomes the usual small one. ORDER BY compares the first max_sort_length bytes
    of a text. The largest Double stands for INF, which columns cannot hold.
    """

    name = "mysql"
    verified = True  # on MariaDB
    paramstyle = "format"
    quotes = "``"
    binds = {
        float: _bind_float,
        dt.datetime: lambda value: in_zone(value, dt.UTC) if value.tzinfo else value,
        dt.timedelta: seconds,
        uuid.UUID: str,
    }
    max_parameters = 65_535
    max_depth = 100
    chains_nest = False
    collation = "insensitive"
    ignores_trailing_spaces = True
    mixes_collations = False
    null_order = "low"
    nan = "none"
    singles = Storage("(CAST({a} AS FLOAT) + 0e0)", is_ordered=True)
    booleans = ("1", "0")
    null_safe_equal = "{a} <=> {b}"
    null_safe_unequal = "NOT ({a} <=> {b})"
    binary = _bytes("{a}")
    as_int64 = "{a}"
    as_wide_integer = "CAST({a} AS DECIMAL(65, 0))"
    # MariaDB reuses the result of a subquery for texts that compare the same, unless it could be random.
    uncached = "RAND() >= 0"
    wide_to_int64 = "CASE WHEN {a} BETWEEN -9223372036854775808 AND 9223372036854775807 THEN {a} END"
    decimal_digits = (38, 30)
    max_scale = 26  # products of 39 digits before the point fit, too
    page = Page(skip="LIMIT 18446744073709551615 OFFSET {skip}")
    typed_literals = True
    types = spelling.edm_types(
        Integer="SIGNED", Boolean="SIGNED", Decimal="DECIMAL(65, 20)", Float="DOUBLE", String="CHAR",
        Date="DATE", TimeOfDay="TIME(6)", DateTimeOffset="DATETIME(6)", Duration="DECIMAL(20, 6)",
        Guid="CHAR(36)", Binary="BINARY",
    )  # fmt: skip
    storages = {
        ("Edm.DateTimeOffset", "utc"): Storage(),
        ("Edm.DateTimeOffset", "timestamp"): Storage(
            "({a} - INTERVAL '{zone}' HOUR_MINUTE)", in_zone, is_ordered=True, local="{a}", offset=_OWN_OFFSET
        ),
        ("Edm.DateTimeOffset", "text"): Storage(_ISO, local=_ISO_LOCAL, offset=_OWN_OFFSET),
        ("Edm.Duration", "seconds"): Storage(),
        ("Edm.Duration", "microseconds"): Storage(
            "({a} * 0.000001)", lambda value, zone: value // MICROSECOND, is_ordered=True
        ),
        ("Edm.Duration", "epoch"): Storage("(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', {a}) * 0.000001)"),
        ("Edm.Guid", "text"): Storage(),
        ("Edm.Guid", "hex"): Storage(
            _HEX.replace("HEX({a})", "{a}"), lambda value, zone: value.hex, is_ordered=True
        ),
        ("Edm.Guid", "binary"): Storage(_HEX, lambda value, zone: value.bytes, is_ordered=True),
        # Without the cast, a negative difference of UNSIGNED columns is an error.
        **{
            (name, "unsigned"): Storage("CAST({a} AS SIGNED)", lambda value, zone: value, is_ordered=True)
            for name in edm.INTEGERS
        },
    }
    collections = {
        "json": Members(
            "JSON_TABLE({a}, '$[*]' COLUMNS (value JSON PATH '$')) AS {t}", "{t}.value", is_json=True
        )
    }
    json = Json(
        "JSON_EXTRACT({a}, {p})",
        types={
            # JSON's own null is null.
            **spelling.json_casts(types, f"CAST({_JSON_TEXT} AS {{type}})"),
            "": _JSON_TEXT,
            "Edm.Boolean": "CASE JSON_UNQUOTE({x}) WHEN 'true' THEN 1 WHEN 'false' THEN 0 END",
        },
    )
    literal_needles = {
        "startswith(String,String)": (
            # In an index of some collations, LIKE alone loses texts with an emoji after the prefix.
            f"(({{a}} LIKE {{b}} ESCAPE '|' OR {{a}} > {{c}} AND {{a}} < {{d}})"
            f" AND {_bytes('{a}')} LIKE {{b}} ESCAPE '|')",
            _with_prefix,
        )
    }
    templates = {
        **Dialect.templates,
        **spelling.substrings("SUBSTRING", "CHAR_LENGTH"),
        "div(Integer,Integer)": (
            "CASE WHEN {b} = -1 THEN CAST(0 AS DECIMAL(65, 0)) - {a} ELSE {a} DIV {b} END"
        ),
        "negate(Integer)": "(- {a})",
        "divby(Integer,Integer) div|divby(Decimal,Decimal)": _QUOTIENT,
        # The constants turn integers into decimals, and take its sign from a zero.
        "add(Decimal,Decimal)": "(0.0 + {a} + {b})",
        "sub(Decimal,Decimal)": "({a} - 0.0 - {b})",
        "mul(Decimal,Decimal)": (
            "CASE WHEN ABS({a} * 1e0 * {b}) < 1e39 THEN CAST(1.0 * {a} * {b} AS DECIMAL(65, 26)) END"
        ),
        "mod(Integer,Integer)": "(0 + MOD({a}, {b}))",
        "mod(Decimal,Decimal)": "(0.0 + MOD({a}, {b}))",
        "negate(Decimal)": "(0.0 - {a})",
        "add|sub(Double,Double)": _SUM,
        "mul(Double,Double)": _PRODUCT,
        "div|divby(Double,Double)": _DIVIDED,
        "mod(Double,Double)": (
            f"CASE WHEN ABS({{a}} {_SCALED}) {_BELOW} THEN MOD({{a}}, {{b}} * 1e0) + 0e0 END"
        ),
        # The sum has all of its digits in a temporary table, which has 17 for TRUNCATE.
        "ceiling|floor(Double)": "({NAME}({a}) + 0e0)",
        "negate(Double)": "(0e0 - {a})",
        "round(Double)": (
            f"({_TRUNCATED} + CASE WHEN ABS({{a}} - {_TRUNCATED}) >= 0.5e0 THEN SIGN({{a}}) ELSE 0e0 END)"
        ),
        "concat(String,String)": f"CONCAT({_points('{a}')}, {_points('{b}')})",
        "contains(String,String)": f"(LOCATE({{b}}, {_points('{a}')}) > 0)",
        "indexof(String,String)": f"(LOCATE({{b}}, {_points('{a}')}) - 1)",
        "startswith(String,String)": f"({_bytes('LEFT({a}, CHAR_LENGTH({b}))')} = {_bytes('{b}')})",
        "endswith(String,String)": f"({_bytes('RIGHT({a}, CHAR_LENGTH({b}))')} = {_bytes('{b}')})",
        "tolower(String)": _mapped("LOWER", _points("{a}"), "\u0130"),
        "toupper(String)": _mapped(
            "UPPER", _points("{a}"), "\u00df\u0149\u01f0\ufb00\ufb01\ufb02\ufb03\ufb04\ufb05\ufb06"
        ),
        "trim(String)": f"REGEXP_REPLACE({_points('{a}')}, {_SPACES}, '')",
        "now()": "UTC_TIMESTAMP(6)",
        "fractionalseconds(DateTimeOffset|TimeOfDay)": "(EXTRACT(MICROSECOND FROM {a}) * 0.000001)",
        "time(DateTimeOffset) cast(DateTimeOffset,TimeOfDay)": "CAST({a} AS TIME(6))",
        "add|sub(DateTimeOffset,Duration)": "(CAST({a} AS DATETIME(6)) {sign} INTERVAL {b} SECOND)",
        "add|sub(Date,Duration)": f"(CAST({{a}} AS DATE) {{sign}} {_DAYS})",
        "sub(DateTimeOffset,DateTimeOffset)": "(TIMESTAMPDIFF(MICROSECOND, {b}, {a}) * 0.000001)",
        "sub(Date,Date)": "(DATEDIFF({a}, {b}) * 86400)",
        "add|sub(Duration,Duration)": _duration("({a} {sign} {b})"),
        "mul(Duration,Number)": _times("{a}", "{b}"),
        "mul(Number,Duration)": _times("{b}", "{a}"),
        "div(Duration,Number)": _duration(
            f"CAST({{a}} AS DECIMAL(38, 20)) / CASE WHEN {{b}} > 1e-25 OR {{b}} < -1e-25"
            f" THEN {_exactly('{b}')} WHEN {{b}} <> 0 THEN {10**-25:.25f} END"
        ),
        "negate(Duration)": _duration("(0 - {a})"),
        "has(Enum,Enum)": "(CAST({a} & {b} AS SIGNED) = {b})",
        "cast(Integer,Decimal)": "CAST({a} AS DECIMAL(20, 0))",
        "cast(Boolean,Integer|Decimal)": "{a}",
        "cast(Double,Single)": (
            f"(CASE WHEN ABS({{a}}) < {spelling.BEYOND_SINGLE} THEN CAST({{a}} AS FLOAT)"
            f" ELSE SIGN({{a}}) * {_LARGEST} END + 0e0)"
        ),
        "cast(Decimal|Double,Integer)": spelling.whole(f"CAST({_TRUNCATED} AS SIGNED)"),
        "cast(Guid,String)": "LOWER({a})",
        "cast(Date,DateTimeOffset)": "CAST({a} AS DATETIME(6))",
        "cast(String,Boolean)": f"CASE {_bytes('LOWER({a})')} WHEN 'true' THEN 1 WHEN 'false' THEN 0 END",
        "cast(String,Date)": (
            "CASE WHEN {a} REGEXP '^[0-9]{{4}}-(0[1-9]|1[0-2])-[0-3][0-9]$' AND CHAR_LENGTH({a}) = 10"
            " AND LEFT({a}, 4) <> '0000' AND RIGHT({a}, 2) <> '00'"
            " THEN CAST({a} AS DATE) + INTERVAL 0 DAY END"  # CASE lets 2023-02-30 pass
        ),
        "cast(String,Integer)": (
            "CASE WHEN {a} REGEXP '^[+-]?[0-9]{{1,38}}$' AND RIGHT({a}, 1) <> CHAR(10)"
            " AND CAST({a} AS DECIMAL(65, 0)) BETWEEN {low} AND {high} THEN CAST({a} AS SIGNED) END"
        ),
    }
    unsupported = {**Dialect.unsupported, "matchespattern(String,String)": "exponential-regular-expressions"}

    def bind_once(self, body: str, number: int, values: Sequence[Bound]) -> str:
        """Write values as columns of JSON_TABLE, the only table that reads outer columns on MariaDB, too."""
        given = ", ".join([value.text for value in values])
        columns = ", ".join(
            [f"{self.bound_name(number, n)} {_column(value)} PATH '$[{n}]'" for n, value in enumerate(values)]
        )
        table = f"JSON_TABLE(JSON_ARRAY({given}), '$' COLUMNS ({columns})) AS odata_v{number}"
        return f"(SELECT {body} FROM {table} WHERE {self.uncached})"

    def marker_type(self, value: Any, type: edm.Type) -> str:
        is_decimal = isinstance(value, Decimal)
        return f"DECIMAL(65, {spelling.places(value)})" if is_decimal else super().marker_type(value, type)

    def rejects(self, value: Any, type: edm.Type) -> Phrase | None:
        if isinstance(value, float) and abs(value) == sys.float_info.max:
            return Phrase("no-largest-double")
        return super().rejects(value, type)

    def quote_text(self, value: str) -> str:
        plain = super().quote_text(value)
        return _text(value) if "\\" in value else plain
