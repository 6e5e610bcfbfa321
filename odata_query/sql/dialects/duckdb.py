"""DuckDB 2.0; earlier versions need TRY and `lambda`, which came with 1.3."""

from __future__ import annotations

from decimal import Decimal

from . import spelling
from .base import Dialect, Json, Members, Storage, clocks, moments


def _once(expression: str, **arguments: str) -> str:
    """A template that computes each argument once, so that nested ones do not grow beyond measure.

    DuckDB turns some functions into a CASE that repeats their arguments, NULLIF among them; those are
    avoided too. The lambda's variable has a name that no column has, since columns would hide it.
    """
    used = [name for name in "abc" if f"{{{name}}}" in expression]
    fields = ", ".join(f"'{name}': {arguments.get(name, f'{{{name}}}')}" for name in used)
    for name in used:
        expression = expression.replace(f"{{{name}}}", f"odata_given.{name}")
    return f"list_transform([{{{{{fields}}}}}], lambda odata_given: {expression})[1]"


def _tried(expression: str, **arguments: str) -> str:
    """The same, but null where it fails; TRY itself takes no subqueries."""
    return _once(f"TRY({expression})", **arguments)


_DIGITS = (
    "CASE WHEN {b} < 100000000000000000000000000000000 THEN {a} // {b} * 1000000000000"
    " + {a} % {b} * 1000000 // {b} * 1000000 + ({a} % {b} * 1000000 % {b} * 1000000 + {b} // 2) // {b}"
    " ELSE {a} // ({b} // 1000000) * 1000000"
    " + ({a} % ({b} // 1000000) * 1000000 + {b} // 2000000) // ({b} // 1000000) END"
)
"""The quotient of two positive integers with 12 places, as an integer; by long division, six places at a
time. The last six digits of a divisor of 33 or more change no place of the quotient."""
_QUOTIENT = (
    f"CAST({_once(_DIGITS, a='abs({a})', b='abs({b})')} * sign({{a}}) * sign({{b}}) AS DECIMAL(38, 0))"
    " * CAST(0.000000000001 AS DECIMAL(12, 12))"
)
_UNSCALED = "CAST(replace(CAST(TRY_CAST({x} AS DECIMAL(38, {m})) AS VARCHAR), '.', '') AS HUGEINT)"
"""A decimal times a power of ten, as an integer."""
_DECIMAL_QUOTIENT = _tried(_QUOTIENT, **{name: _UNSCALED.replace("{x}", f"{{{name}}}") for name in "ab"})
_A, _B = (f"CAST({{{name}}} AS DOUBLE)" for name in "ab")
_NAN = "CAST('NaN' AS DOUBLE)"
_DOUBLE_QUOTIENT = (
    f"CASE WHEN {_B} <> 0 THEN {_A} / {_B} WHEN {_A} = 0 OR isnan({_A}) THEN {_B} + {_NAN}"
    f" WHEN ({_A} > 0) = signbit({_B}) THEN CAST('-Infinity' AS DOUBLE)"
    f" WHEN ({_A} > 0) <> signbit({_B}) THEN CAST('Infinity' AS DOUBLE) END"
)
_SPACES = spelling.white_space("chr({})", " || ")
_MAX_INDEX = 2**31 - 1
_START = (
    "CASE WHEN {b} < 0 THEN GREATEST(length({a}) + {b}, 0)"
    f" WHEN {{b}} < {_MAX_INDEX} THEN CAST({{b}} AS BIGINT)"
    f" WHEN {{b}} IS NOT NULL THEN {_MAX_INDEX - 1} END + 1"
)
_LENGTH = (
    "CASE WHEN {c} < 0 THEN 0"
    f" WHEN {{c}} < {_MAX_INDEX} THEN {{c}} WHEN {{c}} IS NOT NULL THEN {_MAX_INDEX} END"
)
_SPECIAL = [char for char in map(chr, range(0xDF, 0xFB18)) if len(char.upper()) > 1]
"""Characters that have several in upper case; DuckDB gives one."""
_LETTERS, _CAPITALS = (
    ", ".join(f"'{char}'" for char in chars) for chars in (_SPECIAL, map(str.upper, _SPECIAL))
)
_CAPITAL = f"COALESCE(map([{_LETTERS}], [{_CAPITALS}])[odata_letter], upper(odata_letter))"
_UPPER = (
    f"CASE WHEN regexp_matches({{a}}, '[{''.join(_SPECIAL)}]')"
    f" THEN array_to_string(list_transform(string_split({{a}}, ''), lambda odata_letter: {_CAPITAL}), '')"
    " ELSE upper({a}) END"
)
_CASED = r"\p{{Lu}}\p{{Ll}}\p{{Lt}}ªºⅠ-ⅿⒶ-ⓩ🄰-🅉🅐-🅩🅰-🆉"
_IGNORED = r"\p{{Mn}}\p{{Me}}\p{{Cf}}\p{{Lm}}\p{{Sk}}''.:·\x{{387}}՟״‘’․‧︓﹒﹕＇．："
_FINAL = f"([{_CASED}][{_IGNORED}]*)Σ([{_IGNORED}]*(?:[^{_CASED}{_IGNORED}]|\\z))"
"""A sigma at the end of a word, which has its own lower case; DuckDB knows only the other one."""
_LOWER = (
    "CASE WHEN regexp_matches({a}, '[Σİ]') THEN"
    f" lower(replace(regexp_replace({{a}}, '{_FINAL}', '\\1ς\\2', 'g'), 'İ', 'i' || chr(775)))"
    " ELSE lower({a}) END"
)


def _read(form: str, type: str) -> str:
    """Convert a text to a value if it has the form of one."""
    return f"CASE WHEN regexp_full_match({{a}}, '{form}') THEN TRY_CAST({{a}} AS {type}) END"


_UTC = "make_timestamp(epoch_us({a}))"
"""The clock of a moment in UTC, whatever the time zone of the connection."""
_ZONE = "epoch_us(TIMESTAMPTZ '1970-01-01 00:00:00{zone}')"
_CLOCK = "epoch_us(CAST({a} AS TIMESTAMP))"
_NAIVE = f"make_timestamptz({_CLOCK} + {_ZONE})"
_IN_ZONE = "epoch_us(timezone('{zone}', make_timestamptz({x})))"
_BY_NAME = spelling.utc_clock(
    _IN_ZONE, f"({{a}} - ({_IN_ZONE} - {{x}}))", "({a} - 86400000000)", "({a} + 86400000000)"
)
_NAMED = f"make_timestamptz({_once(_BY_NAME, a=_CLOCK)})"
"""The moment of a clock in a zone with a name."""
_OWN_OFFSET = "CAST(floor((epoch_us({local}) - epoch_us({read})) / 60000000) AS INTEGER)"


def _from_text(zoned: str) -> str:
    """The moment of a text, where one without an offset is given with its zone."""
    own = "regexp_matches({a}, '[T ].*([Zz]|[+-][0-9:]+)$')"
    return f"CASE WHEN {own} THEN CAST({{a}} AS TIMESTAMPTZ) ELSE {zoned} END"


_WITHOUT_OFFSET = "regexp_replace({a}, '(:[0-9.]+)([Zz]|[+-][0-9:]+)$', '\\1')"
_LOCAL = f"make_timestamptz({_CLOCK})"
_TEXT_LOCAL = _LOCAL.replace("{a}", _WITHOUT_OFFSET)
_DURATION = "epoch_us(LEAST(GREATEST({b}, INTERVAL '-4000000 days'), INTERVAL '4000000 days'))"
"""The microseconds of a duration, bounded so that they leave the calendar but not their 64 bits."""


def _in_calendar(function: str, microseconds: str) -> str:
    """A moment of so many microseconds since 1970, null outside the calendar."""
    return spelling.between(microseconds, spelling.MICROSECONDS, f"{function}({microseconds})")


_MOVED = f"epoch_us({{a}}) {{sign}} {_DURATION}"
_MICROSECONDS = (
    "(CAST(day({x}) AS HUGEINT) * 86400000000 + epoch_us({x} - to_days(CAST(day({x}) AS INTEGER))))"
)
"""All microseconds of a duration, for which 64 bits may be too few."""


def _lasting(microseconds: str) -> str:
    """A duration of so many microseconds, null beyond the durations that Python has."""
    days, rest = "to_days(CAST({a} // 86400000000 AS INTEGER))", "CAST({a} % 86400000000 AS BIGINT)"
    found = f"{days} + to_microseconds({rest})"
    return _tried(
        _once(
            spelling.between("{a}", ("-86399999913600000000", "86399999999999999999"), found), a=microseconds
        )
    )


def _scaled(duration: str, number: str, product: str, divisor: str, inexact: str) -> str:
    """A duration multiplied or divided by a number; as Doubles if that needs more than 18 places."""
    rounded = f"({product} + sign({product}) * ({divisor} // 2)) // {divisor}"
    return _lasting(
        _once(
            f"CASE WHEN abs({{b}} / 1e18 - {{c}}) <= abs({{c}}) * 1e-15 THEN {rounded}"
            f" ELSE TRY_CAST(round({inexact}) AS HUGEINT) END",
            a=_MICROSECONDS.format(x=duration),
            b=_UNSCALED.replace("{m}", "18").format(x=f"CAST({number} AS VARCHAR)"),
            c=f"CAST({number} AS DOUBLE)",
        )
    )


_MULTIPLIED = "{a} * {b}", "1000000000000000000", "{a} * {c}"
_DIVIDED = "{a} * 1000000000000000000 * sign({b})", "abs({b})", "{a} / {c}"
_TOGETHER = f"{_MICROSECONDS.format(x='{a}')} {{sign}} {_MICROSECONDS.format(x='{b}')}"


class DuckDB(Dialect):
    """DuckDB, by its own driver. Dates and times are in UTC, whatever the connection's time zone is."""

    name = "duckdb"
    verified = True
    binds = {Decimal: spelling.EXACT.normalize}
    collation = "binary"
    # A correlated subquery without a table costs DuckDB's planner much.
    once = ("list_transform([{{{values}}}], lambda odata_v{i}: {body})[1]", "'{a}': {x}", "odata_v{i}.{a}")
    max_depth = 100
    chains_nest = False
    max_subqueries = 100
    default_scale = 12
    max_scale = 24
    decimal_digits = (26, 12)  # others leave no room on either side of the point
    comparable_decimal = (
        "CASE WHEN {a} > {most} THEN {greatest} WHEN {a} < -{most} THEN -{greatest}"
        " ELSE CAST({a} AS DECIMAL(38, {s})) END"
    )
    case_casts = {"Decimal": "TRY_CAST({a} AS DECIMAL(38, {s}))"}
    # A cast would be an error for a number beyond a Single.
    singles = Storage(spelling.nearest_single("{a}", "CAST('Infinity' AS DOUBLE)"))
    as_wide_integer = "CAST({a} AS HUGEINT)"
    wide_to_int64 = "TRY_CAST({a} AS BIGINT)"
    types = spelling.edm_types(
        Dialect.types, Float="DOUBLE", TimeOfDay="TIME", DateTimeOffset="TIMESTAMPTZ", Binary="BLOB",
    )  # fmt: skip
    storages = moments(
        "timestamptz",
        clocks(_NAIVE, _NAMED, _LOCAL, _OWN_OFFSET),
        clocks(_from_text(_NAIVE), _from_text(_NAMED), _TEXT_LOCAL, _OWN_OFFSET),
    )
    collections = {
        "array": Members("unnest({a}) AS {t}(value)", "{t}.value"),
        "json": Members("unnest(json_extract({a}, '$[*]')) AS {t}(value)", "{t}.value", is_json=True),
    }
    json = Json(
        "json_extract_string({a}, {p})",
        "json_extract_string({a}, '$')",
        "json_extract({a}, {p})",
        spelling.json_casts(types),
    )
    templates = {
        **Dialect.templates,
        "div(Integer,Integer)": "CASE WHEN {b} <> 0 THEN {a} // {b} END",
        # With 64 bits, the lowest number modulo -1 would overflow.
        "mod(Integer,Integer)": "CASE WHEN {b} = -1 THEN 0 * {a} WHEN {b} <> 0 THEN {a} % {b} END",
        "divby(Integer,Integer)": _tried(_QUOTIENT, a="CAST({a} AS HUGEINT)", b="CAST({b} AS HUGEINT)"),
        # Two decimals of at most 18 digits would have a result of 18; a factor of 19 keeps the scale.
        "add|sub|mul(Decimal,Decimal)": _tried("{a} * CAST(1 AS DECIMAL(19, 0)) {sign} {b}"),
        # With different scales and 38 digits, `%` is one of Doubles.
        "mod(Decimal,Decimal)": _tried("CAST({a} AS DECIMAL(38, {m})) % CAST({b} AS DECIMAL(38, {m}))"),
        "div|divby(Decimal,Decimal)": _DECIMAL_QUOTIENT,
        "add|sub|mul(Double,Double)": "(CAST({a} AS DOUBLE) {sign} CAST({b} AS DOUBLE))",
        "div|divby(Double,Double)": _DOUBLE_QUOTIENT,
        "mod(Double,Double)": f"CASE WHEN {_B} = 0 THEN {_A} + {_NAN} ELSE {_A} % {_B} END",
        "ceiling|floor|round(Double)": "({name}({a}) + 0)",  # a negative zero becomes zero
        "has(Enum,Enum)": "(({b} & ~{a}) = 0)",
        "contains(String,String)": "contains({a}, {b})",
        "indexof(String,String)": "(strpos({a}, {b}) - 1)",
        "length(String)": "length({a})",
        "startswith(String,String)": "starts_with({a}, {b})",
        "endswith(String,String)": "suffix({a}, {b})",
        "substring(String,Integer)": f"substr({{a}}, {_START})",
        "substring(String,Integer,Integer)": f"substr({{a}}, {_START}, {_LENGTH})",
        "tolower(String)": _LOWER,
        "toupper(String)": _UPPER,
        "trim(String)": f"trim({{a}}, {_SPACES})",
        "now()": "now()",
        "add|sub(DateTimeOffset,Duration)": _in_calendar("make_timestamptz", _MOVED),
        "add(Date,Duration)": f"CAST({_in_calendar('make_timestamp', _MOVED)} AS DATE)",
        # A part of a day counts as a day, so that whole days are subtracted.
        "sub(Date,Duration)": f"CAST({_in_calendar('make_timestamp', f'{_MOVED} + 86399999999')} AS DATE)",
        "sub(DateTimeOffset,DateTimeOffset)": "to_microseconds(epoch_us({a}) - epoch_us({b}))",
        "sub(Date,Date)": "to_days(CAST({a} - {b} AS INTEGER))",
        "add|sub(Duration,Duration)": _lasting(_TOGETHER),
        "negate(Duration)": _lasting(f"-{_MICROSECONDS.format(x='{a}')}"),
        "mul(Duration,Number)": _scaled("{a}", "{b}", *_MULTIPLIED),
        "mul(Number,Duration)": _scaled("{b}", "{a}", *_MULTIPLIED),
        "div(Duration,Number)": _scaled("{a}", "{b}", *_DIVIDED),
        "totalseconds(Duration)": f"(CAST({_MICROSECONDS.format(x='{a}')} AS DECIMAL(20, 0)) * 0.000001)",
        "year|month|day|hour|minute|second(DateTimeOffset)": f"{{name}}({_UTC})",
        "second(TimeOfDay)": "second({a})",
        "fractionalseconds(DateTimeOffset)": f"(microsecond({_UTC}) % 1000000 * 0.000001)",
        "fractionalseconds(TimeOfDay)": "(microsecond({a}) % 1000000 * 0.000001)",
        "date(DateTimeOffset) cast(DateTimeOffset,Date)": f"CAST({_UTC} AS DATE)",
        "time(DateTimeOffset) cast(DateTimeOffset,TimeOfDay)": f"CAST({_UTC} AS TIME)",
        "totaloffsetminutes(DateTimeOffset)": "CAST(0 * epoch_us({a}) AS INTEGER)",
        "cast(Integer,Decimal)": "CAST({a} AS DECIMAL(19, 0))",
        "cast(Decimal|Double,Boolean)": "({a} <> 0)",
        "cast(Decimal|Double,Integer)": spelling.fitting("TRY_CAST(trunc({a}) AS BIGINT)"),
        "cast(Double,Single)": (
            f"CASE WHEN abs({{a}}) < {spelling.BEYOND_SINGLE} THEN CAST(TRY_CAST({{a}} AS FLOAT) AS DOUBLE)"
            " ELSE {a} * CAST('Infinity' AS DOUBLE) END"
        ),
        "cast(Boolean,Integer)": "CAST({a} AS INTEGER)",
        "cast(Boolean,Decimal)": "CAST({a} AS DECIMAL(1, 0))",
        "cast(Boolean,String)": "CAST({a} AS VARCHAR)",
        "cast(TimeOfDay,String)": (
            "CASE WHEN microsecond({a}) % 1000000 = 0 THEN CAST({a} AS VARCHAR)"
            " ELSE rpad(CAST({a} AS VARCHAR), 15, '0') END"
        ),
        "cast(Date,DateTimeOffset)": "make_timestamptz(epoch_us({a}))",
        "cast(String,Boolean)": _read("(?i:true|false)", "BOOLEAN"),
        "cast(String,Integer)": spelling.fitting(
            "TRY_CAST({a} AS BIGINT)", f"regexp_full_match({{a}}, '{spelling.INTEGER}')"
        ),
        "cast(String,Date)": _read(spelling.YEAR + "-[0-9]{{2}}-[0-9]{{2}}", "DATE"),
        "cast(String,TimeOfDay)": _read(spelling.TIME, "TIME"),
        "cast(String,Guid)": _read(spelling.GUID, "UUID"),
    }

    def json_path(self, keys: tuple[str, ...]) -> str:
        """Write a JSON pointer, whose keys can have any characters."""
        return self.quote_text("".join("/" + key.replace("~", "~0").replace("/", "~1") for key in keys))
