"""MySQL 8.0.21 and MariaDB 10.6, and up: one spelling for both.

Texts are utf8mb4, those of columns and those of the connection, as is usual.
Moments are DATETIME(6) in UTC; a TIMESTAMP is too, in a session whose time_zone is '+00:00'.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

from ... import edm
from ...operations import WHITE_SPACE
from .base import Dialect, Members, Needle, Page, Storage, in_zone, seconds

_MICROSECOND = dt.timedelta(microseconds=1)
_MAX = 1.7976931348623147e308
"""What stands for INF: a little below the largest Double, so that no rounding leads beyond that."""
_NEARLY = "1.7976931348623153e308"


def _text(value: str) -> str:
    """A text as SQL in which no mode has a say, as one has for backslashes."""
    return f"_utf8mb4 X'{value.encode().hex()}'"


def _points(x: str) -> str:
    """A text that is searched by code point. No other collation wins over an explicit one."""
    return f"CONVERT({x} USING utf8mb4) COLLATE utf8mb4_bin"


def _bytes(x: str) -> str:
    """A text that compares by code point, with its white space at the end: UTF-8 is in that order."""
    return f"CAST(CONVERT({x} USING utf8mb4) AS BINARY)"


def _mapped(function: str, x: str, special: str) -> str:
    """A text in another case, with a collation that knows it for more than 65,536 characters."""
    for char in special:
        mapped = char.upper() if function == "UPPER" else char.lower()
        x = f"REPLACE({x}, {_text(char)}, {_text(mapped)})"
    return f"CONVERT({function}(CONVERT({x} USING utf8mb4) COLLATE utf8mb4_unicode_520_ci) USING utf8mb4)"


def _clamped(x: str) -> str:
    """A Double with what stands for INF at both ends, and a zero without its sign: it would sort."""
    return f"(LEAST(GREATEST({x}, -{_MAX!r}), {_MAX!r}) + 0e0)"


def _without(x: str, end: str = f"{_MAX!r}") -> str:
    """A number, and null for what is at either end; by default that is what stands for INF."""
    return f"NULLIF(NULLIF({x}, {end}), -({end}))"


_BY_INFINITY = f"{{b}} IN ({_MAX!r}, -{_MAX!r})"
_ZERO_BY_INFINITY = f"CASE WHEN {_BY_INFINITY} THEN 0 END"
"""What a result cannot be where the second operand is infinite."""
_START = "LEAST(CASE WHEN {b} < 0 THEN GREATEST(CHAR_LENGTH({a}) + {b}, 0) ELSE {b} END, 2147483646) + 1"
_SPACES = _text(f"^[{WHITE_SPACE}]+|[{WHITE_SPACE}]+$")
# The second is the shorter in a chain of products, so it is the one to be written often.
_BOUND = f"{_NEARLY} / GREATEST(ABS({{b}} * 1e0), 1)"
_FACTOR = _without(f"LEAST(GREATEST({{a}}, -{_BOUND}), {_BOUND})", f"CASE WHEN {{b}} = 0 THEN {_MAX!r} END")
_PRODUCT = f"NULLIF({_clamped(f'{_FACTOR} * {{b}}')}, {_ZERO_BY_INFINITY})"
_BOUND = f"{_NEARLY} * LEAST(ABS({{b}} * 1e0), 1)"
_EITHER = f"CASE WHEN {{b}} = 0 THEN 0 ELSE {_MAX!r} END"
_DIVIDED = (
    f"CASE WHEN {{b}} = 0 OR {_BY_INFINITY}"
    f" THEN SIGN({_without('{a}', _EITHER)})"
    f" * CASE WHEN {{b}} = 0 THEN {_MAX!r} ELSE 0e0 END"
    f" ELSE {_clamped(f'LEAST(GREATEST({{a}}, -{_BOUND}), {_BOUND}) / {{b}}')} END"
)
"""Out of range is an error, so it is kept away; what is NaN elsewhere is null."""
_QUOTIENT = "ROUND(CAST({a} AS DECIMAL(65, 20)) / NULLIF({b}, 0), 12)"
_TRUNCATED = "TRUNCATE({a}, 0)"
_WHOLE = f"CASE WHEN {{a}} > {{low}} - 1.0 AND {{a}} < {{high}} + 1.0 THEN CAST({_TRUNCATED} AS SIGNED) END"
_DAYS = "INTERVAL FLOOR(CAST({b} AS DECIMAL(65, 20)) / 86400) DAY"


def _sum(sign: str) -> str:
    """A sum of Doubles without overflow."""
    half = _MAX / 2
    total = f"LEAST(GREATEST({{a}} * 0.5e0 {sign} {{b}} * 0.5e0, -{half!r}), {half!r}) * 2"
    return f"NULLIF({total}, {_ZERO_BY_INFINITY})"


def _duration(x: str) -> str:
    """Seconds to the microsecond; null beyond 999999999 days."""
    inside = f"{x} BETWEEN -86399999913600 AND 86399999999999.999999"
    return f"CASE WHEN {inside} THEN 0.0 + CAST({x} AS DECIMAL(20, 6)) END"


def _scaled(length: str, by: str) -> str:
    return _duration(f"{length} * {_exactly(_without(by))}")


def _exactly(x: str) -> str:
    """A number as a decimal: a Double as it is written."""
    return f"CAST(LEAST(GREATEST({x}, -1e25), 1e25) AS DECIMAL(56, 30))"


def _with_prefix(text: str) -> tuple[str, ...] | None:
    """A pattern for LIKE, and bounds that hold whatever the column's collation is."""
    start = text.rstrip("zZ9" + "".join({char for char in text if not (char.isascii() and char.isalnum())}))
    if not start:
        return None
    last = ord(start[-1])
    return f"{_like(text)}%", f"{start[:-1]}{chr(last - 1)}zzz", f"{start[:-1]}{chr(last + 1)}"


_ZONED = "({a} - INTERVAL '{zone}' HOUR_MINUTE)"
_ISO = (
    "CASE WHEN {a} LIKE '%Z' THEN CAST(LEFT({a}, CHAR_LENGTH({a}) - 1) AS DATETIME(6))"
    " WHEN {a} LIKE '%T%+__:__' OR {a} LIKE '%T%-__:__'"
    " THEN CAST(LEFT({a}, CHAR_LENGTH({a}) - 6) AS DATETIME(6)) - INTERVAL RIGHT({a}, 6) HOUR_MINUTE"
    " ELSE CAST({a} AS DATETIME(6)) - INTERVAL '{zone}' HOUR_MINUTE END"
)
_HEX = "LOWER(INSERT(INSERT(INSERT(INSERT(HEX({a}), 9, 0, '-'), 14, 0, '-'), 19, 0, '-'), 24, 0, '-'))"


def _like(text: str) -> str:
    """A text to be found as it is; a backslash is no escape in all modes."""
    return text.replace("|", "||").replace("%", "|%").replace("_", "|_")


def _read(json: str, types: Mapping[str, str]) -> Mapping[str, str]:
    """What reads JSON as values; JSON's own null is null."""
    text = f"CASE WHEN JSON_TYPE({json}) <> 'NULL' THEN JSON_UNQUOTE({json}) END"
    casts = {name: f"CAST({text} AS {type})" for name, type in types.items() if "CHAR" not in type}
    moment = {edm.DATE_TIME_OFFSET.name: text}
    boolean = {edm.BOOLEAN.name: f"CASE JSON_UNQUOTE({json}) WHEN 'true' THEN 1 WHEN 'false' THEN 0 END"}
    return {"": text, "json": json, **casts, **moment, **boolean}


class MySQL(Dialect):
    """MySQL and MariaDB, by PyMySQL, mysqlclient or another driver, in any sql_mode.

    `tolower` and `toupper` know Unicode 5.2, with what becomes several characters in Latin script; a capital
    sigma at the end of a word becomes the usual small one.
    ORDER BY looks at the first max_sort_length bytes of a text. Where lambdas over tables stand in one over
    JSON, MariaDB 10.11 loses rows unless `optimizer_switch` has `subquery_cache=off`.
    """

    name = "mysql"
    paramstyle = "format"
    quotes = "``"
    max_parameters = 65_535
    max_length = 4_000_000
    max_depth = 100
    chains_nest = False
    collation = "insensitive"
    ignores_trailing_spaces = True
    mixes_collations = False
    null_order = "low"
    nan = "none"
    infinity = _MAX
    booleans = ("1", "0")
    boolean_tests = ("{a} = 1", "{a} = 0")
    null_safe_equal = "{a} <=> {b}"
    null_safe_unequal = "NOT ({a} <=> {b})"
    binary = _bytes("{a}")
    as_int64 = "{a}"
    as_wide_integer = "CAST({a} AS DECIMAL(65, 0))"
    # An aggregate is computed once; NULLIF would do so twice, and that at every level.
    wide_to_int64 = (
        "(SELECT MAX({a} * `odata one`) AS `odata n` FROM (SELECT 1 AS `odata one`) AS `odata`"
        " HAVING `odata n` BETWEEN -9223372036854775808 AND 9223372036854775807)"
    )
    wide_to_int64_depth = 8
    page = Page(skip="LIMIT 18446744073709551615 OFFSET {skip}")
    typed_literals = True
    types: Mapping[str, str] = {
        **dict.fromkeys((*edm.INTEGERS, edm.BOOLEAN.name), "SIGNED"),
        edm.DECIMAL.name: "DECIMAL(65, 20)",
        edm.SINGLE.name: "DOUBLE",
        edm.DOUBLE.name: "DOUBLE",
        edm.STRING.name: "CHAR",
        edm.DATE.name: "DATE",
        edm.TIME_OF_DAY.name: "TIME(6)",
        edm.DATE_TIME_OFFSET.name: "DATETIME(6)",
        edm.DURATION.name: "DECIMAL(20, 6)",
        edm.GUID.name: "CHAR(36)",
        edm.BINARY.name: "BINARY",
    }
    storages: Mapping[tuple[str, str], Storage] = {
        (edm.DATE_TIME_OFFSET.name, "utc"): Storage(),
        (edm.DATE_TIME_OFFSET.name, "timestamp"): Storage(
            _ZONED,
            lambda value, zone: in_zone(value, zone),
            is_ordered=True,
            local="{a}",
        ),
        (edm.DATE_TIME_OFFSET.name, "text"): Storage(_ISO),
        (edm.DURATION.name, "seconds"): Storage(),
        (edm.DURATION.name, "microseconds"): Storage(
            "({a} * 0.000001)", lambda value, zone: value // _MICROSECOND, is_ordered=True
        ),
        (edm.DURATION.name, "epoch"): Storage("(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', {a}) * 0.000001)"),
        (edm.GUID.name, "text"): Storage(),
        (edm.GUID.name, "hex"): Storage(
            _HEX.replace("HEX({a})", "{a}"), lambda value, zone: value.hex, is_ordered=True
        ),
        (edm.GUID.name, "binary"): Storage(_HEX, lambda value, zone: value.bytes, is_ordered=True),
        # Without it, a difference of UNSIGNED columns below zero is an error.
        **{
            (name, "unsigned"): Storage("CAST({a} AS SIGNED)", lambda value, zone: value, is_ordered=True)
            for name in edm.INTEGERS
        },
    }
    json_storages: Mapping[str, str] = {edm.DATE_TIME_OFFSET.name: "text"}
    collections: Mapping[str, Members] = {
        "json": Members(
            "JSON_TABLE({a}, '$[*]' COLUMNS (value JSON PATH '$')) AS {t}", "{t}.value", is_json=True
        ),
    }
    json_values: Mapping[str, str] = _read("JSON_EXTRACT({a}, {p})", types)
    json_members: Mapping[str, str] = _read("{a}", types)
    literal_needles: Mapping[str, Needle] = {
        "startswith(String,String)": (
            # LIKE alone loses what has an emoji behind the prefix, in an index of some collations.
            f"(({{a}} LIKE {{b}} ESCAPE '|' OR {{a}} > {{c}} AND {{a}} < {{d}})"
            f" AND {_bytes('{a}')} LIKE {{b}} ESCAPE '|')",
            _with_prefix,
        ),
    }
    templates: Mapping[str, str] = {
        **Dialect.templates,
        "div(Integer,Integer)": (
            "CASE WHEN {b} = -1 THEN CAST(0 AS DECIMAL(65, 0)) - {a} ELSE {a} DIV NULLIF({b}, 0) END"
        ),
        "negate(Integer)": "(- {a})",
        "divby(Integer,Integer)": _QUOTIENT,
        # Integers among them become decimals first, and a zero without its sign.
        "add(Decimal,Decimal)": "(0.0 + {a} + {b})",
        "sub(Decimal,Decimal)": "({a} - 0.0 - {b})",
        "mul(Decimal,Decimal)": "(1.0 * {a} * {b})",
        "mod(Decimal,Decimal)": "(0.0 + MOD({a}, NULLIF({b}, 0)))",
        "div(Decimal,Decimal)": _QUOTIENT,
        "divby(Decimal,Decimal)": _QUOTIENT,
        "negate(Decimal)": "(0.0 - {a})",
        "add(Double,Double)": _sum("+"),
        "sub(Double,Double)": _sum("-"),
        "mul(Double,Double)": _PRODUCT,
        "div(Double,Double)": _DIVIDED,
        "divby(Double,Double)": _DIVIDED,
        "mod(Double,Double)": f"(MOD({_without('{a}')}, NULLIF({{b}}, 0) * 1e0) + 0e0)",
        "ceiling(Double)": "(CEILING({a}) + 0e0)",
        "negate(Double)": "(0e0 - {a})",
        "round(Double)": (
            f"({_TRUNCATED} + CASE WHEN ABS({{a}} - {_TRUNCATED}) >= 0.5e0 THEN SIGN({{a}}) ELSE 0 END)"
        ),
        "concat(String,String)": f"CONCAT({_points('{a}')}, {_points('{b}')})",
        "contains(String,String)": f"(LOCATE({{b}}, {_points('{a}')}) > 0)",
        "indexof(String,String)": f"(LOCATE({{b}}, {_points('{a}')}) - 1)",
        "startswith(String,String)": f"({_bytes('LEFT({a}, CHAR_LENGTH({b}))')} = {_bytes('{b}')})",
        "endswith(String,String)": f"({_bytes('RIGHT({a}, CHAR_LENGTH({b}))')} = {_bytes('{b}')})",
        "substring(String,Integer)": f"SUBSTRING({{a}}, {_START})",
        "substring(String,Integer,Integer)": (
            f"SUBSTRING({{a}}, {_START}, LEAST(GREATEST({{c}}, 0), 2147483647))"
        ),
        "tolower(String)": _mapped("LOWER", _points("{a}"), "\u0130"),
        "toupper(String)": _mapped(
            "UPPER", _points("{a}"), "\u00df\u0149\u01f0\ufb00\ufb01\ufb02\ufb03\ufb04\ufb05\ufb06"
        ),
        "trim(String)": f"REGEXP_REPLACE({_points('{a}')}, {_SPACES}, '')",
        "now()": "UTC_TIMESTAMP(6)",
        **{f"second({kind})": "EXTRACT(SECOND FROM {a})" for kind in ("DateTimeOffset", "TimeOfDay")},
        **{
            f"fractionalseconds({kind})": "(EXTRACT(MICROSECOND FROM {a}) * 0.000001)"
            for kind in ("DateTimeOffset", "TimeOfDay")
        },
        "date(DateTimeOffset)": "CAST({a} AS DATE)",
        "time(DateTimeOffset)": "CAST({a} AS TIME(6))",
        "totalseconds(Duration)": "{a}",
        "add(DateTimeOffset,Duration)": "(CAST({a} AS DATETIME(6)) + INTERVAL {b} SECOND)",
        "sub(DateTimeOffset,Duration)": "(CAST({a} AS DATETIME(6)) - INTERVAL {b} SECOND)",
        "add(Date,Duration)": f"(CAST({{a}} AS DATE) + {_DAYS})",
        "sub(Date,Duration)": f"(CAST({{a}} AS DATE) - {_DAYS})",
        "sub(DateTimeOffset,DateTimeOffset)": "(TIMESTAMPDIFF(MICROSECOND, {b}, {a}) * 0.000001)",
        "sub(Date,Date)": "(DATEDIFF({a}, {b}) * 86400)",
        "add(Duration,Duration)": _duration("({a} + {b})"),
        "sub(Duration,Duration)": _duration("({a} - {b})"),
        "mul(Duration,Number)": _scaled("{a}", "{b}"),
        "mul(Number,Duration)": _scaled("{b}", "{a}"),
        "div(Duration,Number)": _duration(
            f"CAST({{a}} AS DECIMAL(38, 20)) / CASE WHEN {{b}} > 1e-25 OR {{b}} < -1e-25"
            f" THEN {_exactly('{b}')} WHEN {{b}} <> 0 THEN {10**-25:.25f} END"
        ),
        "negate(Duration)": _duration("(0 - {a})"),
        "has(Enum,Enum)": "(CAST({a} & {b} AS SIGNED) = {b})",
        "cast(Integer,Decimal)": "CAST({a} AS DECIMAL(20, 0))",
        "cast(Boolean,Integer)": "{a}",
        "cast(Boolean,Decimal)": "{a}",
        "cast(Boolean,Double)": "{a}",
        "cast(Integer,Boolean)": "({a} <> 0)",
        "cast(Decimal,Integer)": _WHOLE,
        "cast(Double,Integer)": _WHOLE,
        "cast(Guid,String)": "LOWER({a})",
        "cast(DateTimeOffset,Date)": "CAST({a} AS DATE)",
        "cast(DateTimeOffset,TimeOfDay)": "CAST({a} AS TIME(6))",
        "cast(Date,DateTimeOffset)": "CAST({a} AS DATETIME(6))",
        "cast(String,Boolean)": f"CASE {_bytes('LOWER({a})')} WHEN 'true' THEN 1 WHEN 'false' THEN 0 END",
        "cast(String,Date)": (
            "CASE WHEN {a} REGEXP '^[0-9]{{4}}-(0[1-9]|1[0-2])-[0-3][0-9]$' AND CHAR_LENGTH({a}) = 10"
            " AND LEFT({a}, 4) <> '0000' AND RIGHT({a}, 2) <> '00' THEN CAST({a} AS DATE) END"
        ),
        "cast(String,Integer)": (
            "CASE WHEN {a} REGEXP '^[+-]?[0-9]{{1,38}}$' AND RIGHT({a}, 1) <> CHAR(10)"
            " AND CAST({a} AS DECIMAL(65, 0)) BETWEEN {low} AND {high} THEN CAST({a} AS SIGNED) END"
        ),
    }
    unsupported: Mapping[str, str] = {
        **Dialect.unsupported,
        "matchespattern(String,String)": "exponential-regular-expressions",
    }

    def quote_text(self, value: str) -> str:
        plain = super().quote_text(value)
        return _text(value) if "\\" in value else plain

    def json_path(self, keys: tuple[str, ...]) -> str:
        escaped = [key.replace("\\", "\\\\").replace('"', '\\"') for key in keys]
        return self.quote_text("$" + "".join(f'."{key}"' for key in escaped))

    def bind(self, value: Any, type: edm.Type) -> Any:
        if isinstance(value, float) and value != value:
            return None
        if isinstance(value, dt.datetime) and value.tzinfo is not None:
            return value.astimezone(dt.UTC).replace(tzinfo=None)
        if isinstance(value, dt.timedelta):
            return seconds(value)
        if isinstance(value, uuid.UUID):
            return str(value)
        return super().bind(value, type)
