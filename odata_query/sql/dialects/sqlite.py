"""SQLite: dynamic types, text by code point, dates as ISO text.

What SQLite lacks is given to a connection by `sql.prepare`.
"""

from __future__ import annotations

import datetime as dt
import math
import re
import sqlite3
import uuid
import zoneinfo
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from ... import edm
from ...operations import WHITE_SPACE
from ...problems import Phrase
from .base import Dialect, Members, Needle, Page, Storage, after, in_zone

_WHITE_SPACE = f"char({','.join(str(ord(char)) for char in WHITE_SPACE)})"
_UTC = "'%Y-%m-%dT%H:%M:%S'"
_OFFSET = "ltrim(substr({a}, 17), ':.0123456789')"
_NAIVE = f"substr({{a}}, 1, length({{a}}) - length({_OFFSET}))"
_MOMENT = (
    "CASE WHEN {a} GLOB '????-??-??T??:??:??+00:00' THEN substr({a}, 1, 19)"
    " WHEN {a} GLOB '????-??-??T??:??:??.*+00:00'"
    " THEN rtrim(rtrim(substr({a}, 1, min(length({a}) - 6, 26)), '0'), '.')"
    f" ELSE (strftime({_UTC}, substr({_NAIVE}, 1, 19)"
    f" || CASE {_OFFSET} WHEN '' THEN '{{zone}}' ELSE {_OFFSET} END)"
    f" || rtrim(rtrim(substr({_NAIVE}, 20, 7), '0'), '.')) END"
)
"""A moment in UTC as `2024-01-31T10:20:30.5`, from ISO text: with `T` or a space, with or without seconds,
with any fraction, with `Z`, an offset such as `+02:00`, or none."""
_LOCAL = (
    "(CASE substr({a}, 17, 1) WHEN ':' THEN {a} ELSE substr({a}, 1, 16) || ':00' || substr({a}, 17) END"
    f" || CASE {_OFFSET} WHEN '' THEN '{{zone}}' ELSE '' END)"
)
"""The same text with seconds and an offset."""
_TIME = (
    "(SELECT substr(m, 12, 8)"
    " || replace(substr(printf('%.6f', CAST('0' || substr(m, 20, 7) AS REAL)), 2), '.000000', '')"
    " FROM (SELECT {a} AS m))"
)
_DASHED = " || '-' || ".join(
    f"substr({{a}}, {start}, {length})" for start, length in ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
)
_WHOLE = "CASE WHEN {a} > {low} - 1.0 AND {a} < {high} + 1.0 THEN CAST({a} AS INTEGER) END"
_LONGEST = 100_000_000
"""The characters that a text can have."""
_START = f"(max(min({{b}}, {_LONGEST}), -{_LONGEST}) + ({{b}} >= 0))"
_DIGITS = "(SELECT CAST(printf('%.15g', n) || substr(n, 1, 0) AS REAL) FROM (SELECT round({x}, {s}) AS n))"
"""A decimal with the 15 digits that it is exact to; null for null."""
# Before 3.42 `round` leaves a wrong last bit where there are more than 16 digits; a text has 15 then.
_QUOTIENT = "CAST(CAST(round(1.0 * {a} / {b}, 12) AS TEXT) AS REAL)"
_REMAINDER = "round(mod({a}, {b}), {s})"


def _microseconds(x: str) -> str:
    """The microseconds of a moment since 1970."""
    fraction = f"CAST(substr(substr({x}, 21) || '000000', 1, 6) AS INTEGER)"
    return f"(CAST(strftime('%s', substr({x}, 1, 19)) AS INTEGER) * 1000000 + {fraction})"


def _shifted(sign: str) -> str:
    """A moment moved by a duration; null outside the calendar."""
    total = f"{_microseconds('m')} {sign} CAST(round(d * 1000000.0) AS INTEGER)"
    fraction = "((n % 1000000 + 1000000) % 1000000)"
    text = (
        f"strftime({_UTC}, (n - {fraction}) / 1000000, 'unixepoch')"
        f" || rtrim(rtrim('.' || substr('00000' || {fraction}, -6), '0'), '.')"
    )
    return (
        f"(SELECT CASE WHEN n BETWEEN -62135596800000000 AND 253402300799999999 THEN {text} END"
        f" FROM (SELECT {total} AS n FROM (SELECT {{a}} AS m, {{b}} AS d)))"
    )


def _shifted_date(sign: str) -> str:
    """A date moved by whole days; null outside the calendar."""
    days = f"CAST({sign}floor({{b}} / 86400.0) AS INTEGER) || ' days'"
    return f"NULLIF(max(date({{a}}, {days}), '0001'), '0001')"


def _duration(seconds: str) -> str:
    """Seconds as a duration; null where it has more days than one can have."""
    low, high = "-86399999913600.1", "86400000000000.0"
    return f"NULLIF(NULLIF(max(min(round({seconds}, 6), {high}), {low}), {low}), {high})"


def moment(value: dt.datetime) -> str:
    """A moment as the templates take it: in UTC, without zeros at the end."""
    text = in_zone(value, dt.UTC).isoformat()
    return text.rstrip("0") if "." in text else text


def _days_around(value: dt.datetime) -> tuple[str, str]:
    """Dates before and behind all texts of a moment, whatever their offset."""
    day = in_zone(value, dt.UTC).date()
    one = dt.timedelta(days=1)
    low = (day - one).isoformat() if day > dt.date.min else ""
    high = (day + 2 * one).isoformat() if day <= dt.date.max - 2 * one else ":"
    return low, high


def _range(text: str) -> tuple[str, ...] | None:
    end = after(text)
    return (text, end) if end else None


@lru_cache(maxsize=256)
def _pattern(text: str) -> Any:
    from ... import regex  # few statements need it

    return regex.compile_or_none(text)


def _regexp(pattern: str | None, text: str | None) -> bool | None:
    """Evaluate `text REGEXP pattern` in linear time."""
    found = None if pattern is None or text is None else _pattern(pattern)
    return None if found is None else found.search(text)


def _strict(function: Callable[..., Any]) -> Callable[..., Any]:
    """Null for null, and for what has no result."""

    def call(*arguments: Any) -> Any:
        if None in arguments:
            return None
        try:
            return function(*arguments)
        except (ValueError, OverflowError):
            return None

    return call


_MATHEMATICS: Mapping[str, Callable[..., Any]] = {
    "floor": _strict(lambda a: float(math.floor(a)) if math.isfinite(a) else a),
    "ceil": _strict(lambda a: float(math.ceil(a)) if math.isfinite(a) else a),
    "mod": _strict(math.fmod),
}


# ---- how much the parser keeps ----------------------------------------------------------------------

_AS_THEY_ARE = frozenset((str, int, bool, float))
_STACK = 100
"""What the parser of SQLite before 3.46 can keep of what is begun and not yet ended."""
_WORD = re.compile(r""""(?:[^"]|"")*"|'(?:[^']|'')*'|[A-Za-z_]+|[(),]|<=|>=|<>|\|\||[-+*/%<>=&]""")
_CLAUSES = {
    "WHEN": 4, "THEN": 6, "ELSE": 4, "SELECT": 4, "FROM": 5, "ON": 10, "WHERE": 5, "BY": 10, "LIMIT": 10,
    "OFFSET": 10,
}  # fmt: skip
"""What it keeps in these clauses of a CASE or SELECT."""
_BINDS = {
    "OR": 1, "AND": 2, "NOT": 3, "IS": 4, "IN": 4, "BETWEEN": 4, "REGEXP": 4, "LIKE": 4, "GLOB": 4, "=": 4,
    "<>": 4, "<": 5, ">": 5, "<=": 5, ">=": 5, "&": 6, "+": 7, "-": 7, "*": 8, "/": 8, "%": 8, "||": 9,
    "COLLATE": 10,
}  # fmt: skip
"""How tightly operators bind: it keeps those that wait for their right operand, and their left ones."""
_NO_NAMES = frozenset((*_CLAUSES, *_BINDS, "(", ",", "EXISTS", "AS", ""))
"""Behind these a parenthesis begins no call."""


@lru_cache(maxsize=256)
def _kept(text: str) -> int:
    """How much the parser keeps at most of a statement or a part of one, rather too much than too little."""
    base, clause, waiting = 10, 0, list[int]()
    outer = []
    most = 0
    before = ""
    for word in _WORD.findall(text):
        if word == "(" or word == "CASE":
            outer.append((base, clause, waiting))
            opening = 0 if word == "CASE" else 1 if before in _NO_NAMES else 3
            base, clause, waiting = base + clause + 2 * len(waiting) + opening, 0, []
        elif word == ")" or word == "END":
            if outer:
                base, clause, waiting = outer.pop()
        elif word in _CLAUSES:
            clause, waiting = _CLAUSES[word], []
        elif word == ",":
            clause, waiting = max(clause, 2), []
        elif word in _BINDS:
            while waiting and waiting[-1] >= _BINDS[word] and word != "NOT":
                waiting.pop()
            waiting.append(_BINDS[word])
        most = max(most, base + clause + 2 * len(waiting))
        before = word
    return most


@_strict
def _utc(text: str, zone: str) -> str:
    """A moment as `_MOMENT` gives it; one without an offset is in the time zone."""
    found = dt.datetime.fromisoformat(text)
    return moment(found if found.tzinfo else found.replace(tzinfo=zoneinfo.ZoneInfo(zone)))


class SQLite(Dialect):
    """SQLite 3.38 and up.

    Moments are taken from ISO text in any notation; one that was computed is in UTC. Dates and times of day
    are texts as Python's `isoformat` gives them, durations are numbers of seconds, which lose microseconds
    beyond 272 years. Decimals are binary fractions, right to 15 digits. There is no NaN, which is null here,
    and no negative zero.
    """

    name = "sqlite"
    paramstyle = "qmark"
    max_parameters = 32_766
    max_depth = 700
    collation = "binary"
    null_order = "low"
    nan = "none"
    rewrites_exists = True
    decimal_digits = 15
    booleans = ("1", "0")
    boolean_tests = ("{a} = 1", "{a} = 0")
    null_safe_equal = "{a} IS {b}"
    null_safe_unequal = "{a} IS NOT {b}"
    binary = "{a} COLLATE BINARY"
    as_int64 = "{a}"
    as_wide_integer = "{a}"
    wide_to_int64 = "(SELECT CASE typeof(n) WHEN 'integer' THEN n END FROM (SELECT {a} AS n))"
    default_scale = 10
    page = Page(skip="LIMIT -1 OFFSET {skip}")
    types: Mapping[str, str] = {**Dialect.types, edm.STRING.name: "TEXT", edm.DECIMAL.name: "NUMERIC"}
    storages: Mapping[tuple[str, str], Storage] = {
        (edm.DATE_TIME_OFFSET.name, "text"): Storage(
            _MOMENT, bounds=_days_around, local=_LOCAL, named_zone="odata_utc({a}, '{zone}')"
        ),
        (edm.DATE_TIME_OFFSET.name, "utc"): Storage(
            _MOMENT, lambda value, zone: in_zone(value, dt.UTC).isoformat() + "+00:00", is_ordered=True
        ),
        (edm.DATE_TIME_OFFSET.name, "timestamp"): Storage(
            _MOMENT,
            lambda value, zone: in_zone(value, zone).isoformat(),
            is_ordered=True,
            local=_LOCAL,
        ),
        (edm.DURATION.name, "epoch"): Storage(
            "(CAST(strftime('%s', substr({a}, 1, 19)) AS INTEGER) + CAST('0' || substr({a}, 20) AS REAL))"
        ),
        (edm.DURATION.name, "microseconds"): Storage(
            "({a} / 1000000.0)", lambda value, zone: value // dt.timedelta(microseconds=1), is_ordered=True
        ),
        (edm.GUID.name, "hex"): Storage(f"lower({_DASHED})", lambda value, zone: value.hex, is_ordered=True),
        (edm.TIME_OF_DAY.name, "microseconds"): Storage(
            "replace({a}, '.000000', '')",
            lambda value, zone: value.isoformat("microseconds"),
            is_ordered=True,
        ),
    }
    default_storages: Mapping[str, str] = {edm.DATE_TIME_OFFSET.name: "text"}
    collections: Mapping[str, Members] = {
        "json": Members("json_each({a}) AS {t}", "{t}.value", is_json=True),
    }
    json_values: Mapping[str, str] = {"": "json_extract({a}, {p})"}
    json_members: Mapping[str, str] = {"": "{a}"}
    json_storages: Mapping[str, str] = default_storages
    literal_needles: Mapping[str, Needle] = {
        "startswith(String,String)": ("({a} >= {b} AND {a} < {c})", _range),
    }
    templates: Mapping[str, str] = {
        **Dialect.templates,
        "mod(Integer,Integer)": "({a} % {b})",
        "div(Integer,Integer)": "({a} / {b})",
        "divby(Integer,Integer)": _QUOTIENT,
        "div(Decimal,Decimal)": _QUOTIENT,
        "divby(Decimal,Decimal)": _QUOTIENT,
        # What binary fractions make of a remainder of nothing is nearly the divisor.
        "mod(Decimal,Decimal)": f"({_REMAINDER} * (abs({_REMAINDER}) < abs(1.0 * {{b}})))",
        **{
            f"{name}(Double,Double)": "coalesce(1.0 * {a} / {b}, CASE {b} WHEN 0 THEN {a} * 9e999 END)"
            for name in ("div", "divby")
        },
        "mod(Double,Double)": "mod({a}, {b})",
        "contains(String,String)": "instr({a}, {b}) > 0",
        "indexof(String,String)": "(instr({a}, {b}) - 1)",
        "length(String)": "length({a})",
        "startswith(String,String)": "substr({a}, 1, length({b})) = {b}",
        "endswith(String,String)": "substr({a}, length({a}) - length({b}) + 1) = {b}",
        "substring(String,Integer)": f"substr({{a}}, {_START})",
        "substring(String,Integer,Integer)": (
            f"substr(substr({{a}}, {_START}), 1, max(min({{c}}, {_LONGEST}), 0))"
        ),
        "tolower(String)": "lower({a})",
        "toupper(String)": "upper({a})",
        "trim(String)": "trim({a}, " + _WHITE_SPACE + ")",
        "matchespattern(String,String)": "({a} REGEXP {b})",
        "ceiling(Decimal)": "ceil({a})",
        "floor(Decimal)": "floor({a})",
        "round(Decimal)": "round({a})",
        "ceiling(Double)": "ceil({a})",
        "floor(Double)": "floor({a})",
        "round(Double)": "round({a})",
        "now()": f"rtrim(rtrim(strftime({_UTC[:-1].removesuffix('%S')}%f', 'now'), '0'), '.')",
        **{
            f"{part}({kind})": f"CAST(substr({{a}}, {start}, {length}) AS INTEGER)"
            for part, kind, start, length in (
                ("year", "Date", 1, 4),
                ("month", "Date", 6, 2),
                ("day", "Date", 9, 2),
                ("hour", "TimeOfDay", 1, 2),
                ("minute", "TimeOfDay", 4, 2),
                ("second", "TimeOfDay", 7, 2),
                ("year", "DateTimeOffset", 1, 4),
                ("month", "DateTimeOffset", 6, 2),
                ("day", "DateTimeOffset", 9, 2),
                ("hour", "DateTimeOffset", 12, 2),
                ("minute", "DateTimeOffset", 15, 2),
                ("second", "DateTimeOffset", 18, 2),
            )
        },
        # The number ends where the offset begins.
        "fractionalseconds(DateTimeOffset)": "CAST('0' || substr({a}, 20, 7) AS REAL)",
        "fractionalseconds(TimeOfDay)": "CAST('0' || substr({a}, 9) AS REAL)",
        "date(DateTimeOffset)": "substr({a}, 1, 10)",
        "time(DateTimeOffset)": _TIME,
        "totaloffsetminutes(DateTimeOffset)": (
            "(SELECT CASE WHEN o LIKE '_%:%' THEN CAST(substr(o, 1, 1) || '1' AS INTEGER)"
            " * (CAST(substr(o, 2, 2) AS INTEGER) * 60 + CAST(substr(o, 5, 2) AS INTEGER))"
            " WHEN o IS NOT NULL THEN 0 END"
            " FROM (SELECT ltrim(substr({a}, 20), '.0123456789') AS o))"
        ),
        "totalseconds(Duration)": "round({a}, 6)",
        "add(DateTimeOffset,Duration)": _shifted("+"),
        "sub(DateTimeOffset,Duration)": _shifted("-"),
        "add(Date,Duration)": _shifted_date(""),
        "sub(Date,Duration)": _shifted_date("-"),
        "sub(DateTimeOffset,DateTimeOffset)": (
            f"(SELECT ({_microseconds('m')} - {_microseconds('n')}) / 1000000.0"
            " FROM (SELECT {a} AS m, {b} AS n))"
        ),
        "sub(Date,Date)": "((julianday({a}) - julianday({b})) * 86400.0)",
        "add(Duration,Duration)": _duration("{a} + {b}"),
        "sub(Duration,Duration)": _duration("{a} - {b}"),
        "mul(Duration,Number)": _duration("{a} * {b}"),
        "mul(Number,Duration)": _duration("{a} * {b}"),
        "div(Duration,Number)": _duration("1.0 * {a} / {b}"),
        "negate(Duration)": _duration("-{a}"),
        "cast(Integer,Boolean)": "({a} <> 0)",
        "cast(Boolean,Integer)": "{a}",
        "cast(Boolean,Decimal)": "{a}",
        "cast(Boolean,Double)": "{a}",
        "cast(Integer,Decimal)": "{a}",
        "cast(Decimal,Integer)": _WHOLE,
        "cast(Double,Integer)": _WHOLE,
        "cast(Date,String)": "{a}",
        "cast(TimeOfDay,String)": "{a}",
        "cast(Guid,String)": "{a}",
        "cast(DateTimeOffset,Date)": "substr({a}, 1, 10)",
        "cast(DateTimeOffset,TimeOfDay)": _TIME,
        "cast(Date,DateTimeOffset)": "({a} || 'T00:00:00')",
        "cast(String,Date)": (
            "CASE WHEN {a} GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]' AND {a} > '0001'"
            " AND date({a}) = {a} THEN {a} END"
        ),
        "cast(String,Integer)": (
            "CASE WHEN ltrim({a}, '+-') <> '' AND ltrim({a}, '+-') NOT GLOB '*[^0-9]*'"
            " AND length({a}) - length(ltrim({a}, '+-')) < 2 AND length(ltrim({a}, '+-0')) < 19"
            " AND CAST({a} AS INTEGER) BETWEEN {low} AND {high} THEN CAST({a} AS INTEGER) END"
        ),
    }

    needs_prepare = frozenset(("tolower(String)", "toupper(String)", "matchespattern(String,String)"))

    def json_value(self, text: str, keys: tuple[str, ...], type: str) -> str:
        for place, key in enumerate(keys):
            if not key.isascii() or '"' in key or "\\" in key:  # a path finds those only as they are written
                before = super().json_value(text, keys[:place], type)
                found = f"(SELECT value FROM json_each({before}) WHERE key = {self.quote_text(key)})"
                return self.json_value(found, keys[place + 1 :], type)
        return super().json_value(text, keys, type)

    def round_decimal(self, text: str, scale: int) -> str:
        # Rounding to a place beyond those digits would change the last one.
        return f"round({text}, {scale})" if scale <= 6 else _DIGITS.format(x=text, s=scale)

    def bind(self, value: Any, type: edm.Type) -> Any:
        if value.__class__ in _AS_THEY_ARE:
            return value
        if isinstance(value, Decimal):
            return int(value) if value == value.to_integral_value() and abs(value) < 2**63 else float(value)
        if isinstance(value, dt.datetime):
            return moment(value)
        if isinstance(value, dt.date | dt.time):
            return value.isoformat()
        if isinstance(value, dt.timedelta):
            return value / dt.timedelta(seconds=1)
        if isinstance(value, uuid.UUID):
            return str(value)
        return value

    def prepare(self, connection: Any) -> None:
        """Case mapping as Unicode has it, regular expressions, and what older builds lack."""
        functions: dict[tuple[str, int], Callable[..., Any]] = {
            ("lower", 1): lambda text: text if text is None else str(text).lower(),
            ("upper", 1): lambda text: text if text is None else str(text).upper(),
            ("regexp", 2): _regexp,
            ("odata_utc", 2): _utc,
        }
        for name, arity in (("floor", 1), ("ceil", 1), ("mod", 2)):
            try:
                connection.execute(f"SELECT {name}({', '.join('1' * arity)})")
            except sqlite3.Error:
                functions[name, arity] = _MATHEMATICS[name]
        for (name, arity), function in functions.items():
            connection.create_function(name, arity, function, deterministic=True)

    def nests_too_deep(self, text: str) -> bool:
        if text.count("(") + text.count("CASE") <= 6:
            return False
        kept = _kept(text) if len(text) < 5_000 else _kept.__wrapped__(text)
        return kept > _STACK - 8

    def rejects(self, value: Any, type: edm.Type) -> Phrase | None:
        if (
            isinstance(value, Decimal)
            and len(value.normalize().as_tuple().digits) > 15
            and Decimal(float(value)) != value
        ):
            return Phrase("decimal-digits", most=15)
        return None
