"""PostgreSQL 14 and up. Dates and times are in UTC, whatever the connection's time zone is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ... import edm
from ...operations import WHITE_SPACE
from .base import Dialect, Members, Needle, Storage, like


def _once(expression: str, **values: str) -> str:
    """An expression of `v.a` and the like, each computed once: OFFSET keeps the planner from repeating it."""
    columns = ", ".join(f"{value} AS {name}" for name, value in values.items())
    return f"(SELECT {expression} FROM (SELECT {columns} OFFSET 0) AS v)"  # of this table's own text


# ---- numbers -------------------------------------------------------------------------------------

_LARGEST, _SMALLEST = "1.7976931348623157e308", "5e-324"
_HALF = "9.9792015476736e291"
"""Half of the distance from the largest number to the one that would be next."""
_FLOAT = "CAST({%s} AS DOUBLE PRECISION)"
_DOUBLES = {"a": _FLOAT % "a", "b": _FLOAT % "b"}
_SIGNED = "THEN sign(v.a) * sign(v.b) *"
# A result beyond the range of floating-point numbers would be an error, and so would be one too near to zero.
_SUM = (
    f"CASE WHEN v.a > 0 AND v.b BETWEEN 0 AND {_LARGEST} AND v.b - {_HALF} >= {_LARGEST} - v.a"
    " THEN 'Infinity'"
    f" WHEN v.a < 0 AND v.b BETWEEN -{_LARGEST} AND 0 AND v.b + {_HALF} <= -{_LARGEST} - v.a THEN '-Infinity'"
    " ELSE v.a + v.b END"
)
_PRODUCT = (
    f"CASE WHEN abs(v.a) BETWEEN 1 AND {_LARGEST} AND abs(v.b) <= {_LARGEST}"
    f" AND abs(v.b) > {_LARGEST} / abs(v.a) {_SIGNED} 'Infinity'"
    f" WHEN v.a <> 0 AND abs(v.b) < 1 AND abs(v.a) < {_SMALLEST} / NULLIF(abs(v.b), 0) {_SIGNED} 0.0"
    " ELSE v.a * v.b END"
)
_QUOTIENT = (
    "CASE WHEN v.b = 0 THEN CASE WHEN v.a = 0 OR v.a = 'NaN' THEN CAST('NaN' AS DOUBLE PRECISION)"
    " WHEN (v.a > 0) = (CAST(v.b AS TEXT) = '0') THEN 'Infinity' WHEN v.a IS NOT NULL THEN '-Infinity' END"
    f" WHEN abs(v.b) < 1 AND abs(v.a) <= {_LARGEST} AND abs(v.a) > {_LARGEST} * abs(v.b) {_SIGNED} 'Infinity'"
    f" WHEN v.a <> 0 AND abs(v.b) BETWEEN 1 AND {_LARGEST} AND abs(v.a) < {_SMALLEST} * abs(v.b)"
    f" {_SIGNED} 0.0 ELSE v.a / v.b END"
)
_NEAREST = _once(
    "trunc(v.a) + CASE WHEN abs(v.a - trunc(v.a)) >= 0.5 THEN sign(v.a) ELSE 0 END", a=_FLOAT % "a"
)
_NOT_A_NUMBER = "CAST('NaN' AS DOUBLE PRECISION)"


def _bits(x: str) -> str:
    """The bits of a floating-point number without its sign, as an integer."""
    return f"CAST(CAST('x' || encode(float8send(abs({x})), 'hex') AS BIT(64)) AS BIGINT)"


def _integer(bits: str) -> str:
    """The number that has these bits as a multiple of a power of two that both v.p and v.q have."""
    exponent, least = f"GREATEST({bits} >> 52, 1)", "GREATEST(LEAST(v.p >> 52, v.q >> 52), 1)"
    digits = f"({bits} & {2**52 - 1} | CASE WHEN {bits} < {2**52} THEN 0 ELSE {2**52} END)"
    return f"{digits} * CAST(2 AS NUMERIC) ^ ({exponent} - {least})"


# Exact, as fmod is: the remainder of two integers.
_REMAINDER = _once(
    _once(
        f"CASE WHEN v.b = 0 OR v.b = 'NaN' OR abs(v.a) >= 'Infinity' THEN {_NOT_A_NUMBER} + v.a * 0 + v.b * 0"
        f" WHEN abs(v.a) < abs(v.b) THEN v.a ELSE sign(v.a) * CAST({_integer('v.p')} % ({_integer('v.q')})"
        " AS DOUBLE PRECISION) * power(2, GREATEST(LEAST(v.p >> 52, v.q >> 52), 1) - 1075) END",
        a="v.a",
        b="v.b",
        p=_bits("v.a"),
        q=_bits("v.b"),
    ),
    **_DOUBLES,
)
_WHOLE = _once("CASE WHEN v.a >= {low} AND v.a < {high} + 1.0 THEN CAST(v.a AS BIGINT) END", a="trunc({a})")
_FITTING = (
    "CAST(NULLIF(NULLIF(LEAST(GREATEST({a}, {low} - 1.0), {high} + 1.0), {high} + 1.0), {low} - 1.0)"
    " AS BIGINT)"
)
"""An integer, null if its type has not so many bits."""
# A quotient has at least 16 digits and as many places as its operands.
_DECIMAL_QUOTIENT = "round(round({a}, 30) / NULLIF({b}, 0), 12)"


def _exactly(number: str) -> str:
    """Any number as a decimal with all of its digits."""
    return f"CAST(CAST({number} AS TEXT) AS NUMERIC)"


# ---- texts ---------------------------------------------------------------------------------------

_SPACES = "U&'" + "".join(f"\\{ord(char):04X}" for char in WHITE_SPACE) + "'"
_MOST = 2**31 - 1
# What is at the right of the first characters, or so many characters at the right.
_REST = (
    f"right({{a}}, CAST(CASE WHEN {{b}} = 0 THEN {_MOST}"
    f" WHEN {{b}} <> 0 THEN -LEAST(GREATEST({{b}}, -{_MOST}), {_MOST}) END AS INTEGER))"
)
_LENGTH = f"CAST(CASE WHEN {{c}} < 0 THEN 0 WHEN {{c}} >= 0 THEN LEAST({{c}}, {_MOST}) END AS INTEGER)"


def _read(form: str, value: str) -> str:
    """A value of the text v.a, if that has the form of one."""
    return _once(f"CASE WHEN v.a ~ '^({form})$' THEN {value} END", a='CAST({a} AS TEXT) COLLATE "C"')


_DAY_OF_MONTH = "CAST(left(v.a, 8) || '01' AS DATE) + CAST(right(v.a, 2) AS INTEGER) - 1"
"""A date, in the next month if its own has not that many days."""

# ---- dates and times -----------------------------------------------------------------------------

_UTC = "{a} AT TIME ZONE 'UTC'"


def _moved(by: str, first: str, end: str, **values: str) -> str:
    """A date or moment moved by something; null outside the calendar, which PostgreSQL's is larger than."""
    moved = f"v.a + LEAST(GREATEST({by}v.b, {first} - v.a), {end} - v.a)"
    return _once(f"NULLIF(NULLIF({moved}, {first}), {end})", **values)


def _moment(by: str) -> str:
    # Without a time zone, where the day on which clocks change has not 24 hours.
    first, end = "TIMESTAMP '0001-12-31 23:59:59.999999 BC'", "TIMESTAMP '10000-01-01'"
    return f"({_moved(by, first, end, a=_UTC, b='CAST({b} AS INTERVAL)')} AT TIME ZONE 'UTC')"


def _date(by: str) -> str:
    days = "CAST(floor(EXTRACT(EPOCH FROM CAST({b} AS INTERVAL)) / 86400) AS INTEGER)"
    return _moved(by, "DATE '0001-12-31 BC'", "DATE '10000-01-01'", a="CAST({a} AS DATE)", b=days)


def _lasting(duration: str) -> str:
    """A duration, null if it has more than 999999999 days."""
    first, end = "INTERVAL '-999999999 days -0.000001 seconds'", "INTERVAL '1000000000 days'"
    return f"NULLIF(NULLIF(LEAST(GREATEST({duration}, {first}), {end}), {end}), {first})"


def _scaled(seconds: str) -> str:
    """A duration of so many seconds, to the microsecond; null if it has more than 999999999 days."""
    return _once(
        "CASE WHEN v.n BETWEEN -86399999913600 AND 86399999999999.999999 THEN make_interval("
        "days => CAST(div(v.n, 86400) AS INTEGER), secs => CAST(v.n % 86400 AS DOUBLE PRECISION)) END",
        n=f"round({seconds}, 6)",
    )


def _local(value: dt.datetime, zone: dt.tzinfo) -> dt.datetime | str:
    """A moment as clocks in a zone show it; a text where that leaves Python's calendar."""
    try:
        return value.astimezone(zone).replace(tzinfo=None)
    except OverflowError:
        first = value.year == 1
        # The calendar repeats every 400 years.
        near = value.replace(year=value.year + (400 if first else -400)).astimezone(zone)
        rest = near.replace(tzinfo=None).isoformat(" ")[4:]
        return f"0001{rest} BC" if first else f"10000{rest}"


def _minutes(interval: str) -> str:
    return f"CAST(EXTRACT(EPOCH FROM {interval}) / 60 AS INTEGER)"


_ZONED = "INTERVAL '{zone}'"
_TEXT = r"regexp_replace({a}, '(\.[0-9]{{6}})[0-9]+', '\1')"
"""The text of a moment without what is below a microsecond, which PostgreSQL would round."""
_FROM_TEXT = (
    f"CASE WHEN {{a}} ~ '[T ].*([Zz]|[+-][0-9:]+)$' THEN CAST({_TEXT} AS TIMESTAMPTZ)"
    f" ELSE CAST({_TEXT} AS TIMESTAMP) AT TIME ZONE {_ZONED} END"
)


class PostgreSQL(Dialect):
    """PostgreSQL, by psycopg or another driver.

    casing  the collation that knows upper and lower case as Unicode has it; PostgreSQL 18 brings the usual
            one along, those before have "und-x-icu" if they are built with ICU
    """

    name = "postgresql"
    paramstyle = "format"
    max_parameters = 65_535
    max_depth = 400
    chains_nest = False
    typed_literals = True
    binary = 'CAST({a} AS TEXT) COLLATE "C"'
    binary_arguments = True
    wide_to_int64 = f"CAST({Dialect.wide_to_int64} AS BIGINT)"
    types: Mapping[str, str] = {
        **Dialect.types,
        **dict.fromkeys(edm.INTEGERS, "BIGINT"),
        edm.DECIMAL.name: "NUMERIC",
        edm.SINGLE.name: "DOUBLE PRECISION",
        edm.STRING.name: "TEXT",
        edm.TIME_OF_DAY.name: "TIME",
        edm.DATE_TIME_OFFSET.name: "TIMESTAMPTZ",
        edm.BINARY.name: "BYTEA",
    }
    storages: Mapping[tuple[str, str], Storage] = {
        (edm.DATE_TIME_OFFSET.name, "timestamptz"): Storage(),
        (edm.DATE_TIME_OFFSET.name, "timestamp"): Storage(
            f"({{a}} AT TIME ZONE {_ZONED})",
            _local,
            is_ordered=True,
            local=f"({_UTC})",
            offset=_minutes(f"{_UTC} - {{a}} AT TIME ZONE {_ZONED}"),
        ),
        (edm.DATE_TIME_OFFSET.name, "text"): Storage(
            _FROM_TEXT,
            local=f"(CAST({_TEXT} AS TIMESTAMP) AT TIME ZONE 'UTC')",
            offset=_minutes(f"CAST({_TEXT} AS TIMESTAMP) AT TIME ZONE 'UTC' - {_FROM_TEXT}"),
        ),
    }
    json_storages: Mapping[str, str] = {edm.DATE_TIME_OFFSET.name: "text"}
    collections: Mapping[str, Members] = {
        "array": Members("unnest({a}) AS {t}(value)", "{t}.value"),
        "json": Members(
            "jsonb_array_elements(CASE jsonb_typeof(CAST({a} AS JSONB)) WHEN 'array' THEN CAST({a} AS JSONB)"
            " END) AS {t}(value)",
            "{t}.value",
            is_json=True,
        ),
    }
    json_values: Mapping[str, str] = {
        "": "({a} #>> {p})",
        "json": "({a} #> {p})",
        **{
            name: f"CAST({{a}} #>> {{p}} AS {type})"
            for name, type in types.items()
            if name not in (edm.STRING.name, edm.DATE_TIME_OFFSET.name)
        },
    }
    json_members: Mapping[str, str] = {
        name: template.replace("{p}", "'{{}}'") for name, template in json_values.items()
    }
    literal_needles: Mapping[str, Needle] = {
        "contains(String,String)": ("{a} LIKE {b}", lambda text: (f"%{like(text)}%",)),
        "startswith(String,String)": ("{a} LIKE {b}", lambda text: (f"{like(text)}%",)),
        "endswith(String,String)": ("{a} LIKE {b}", lambda text: (f"%{like(text)}",)),
    }
    wide_templates: Mapping[str, str] = {"div(Integer,Integer)": "div({a}, NULLIF({b}, 0))"}
    templates: Mapping[str, str] = {
        **Dialect.templates,
        "mod(Integer,Integer)": "({a} % NULLIF({b}, 0))",
        "divby(Integer,Integer)": _DECIMAL_QUOTIENT,
        "div(Decimal,Decimal)": _DECIMAL_QUOTIENT,
        "divby(Decimal,Decimal)": _DECIMAL_QUOTIENT,
        "mod(Decimal,Decimal)": "({a} % NULLIF({b}, 0))",
        "add(Double,Double)": _once(_SUM, **_DOUBLES),
        "sub(Double,Double)": _once(_SUM, a=_DOUBLES["a"], b=f"-{_DOUBLES['b']}"),
        "mul(Double,Double)": _once(_PRODUCT, **_DOUBLES),
        "div(Double,Double)": _once(_QUOTIENT, **_DOUBLES),
        "divby(Double,Double)": _once(_QUOTIENT, **_DOUBLES),
        **{f"{name}(Integer)": "CAST({a} AS NUMERIC)" for name in ("ceiling", "floor", "round")},
        "mod(Double,Double)": _REMAINDER,
        # Zero has no sign then.
        "ceiling(Double)": "(ceil({a}) + 0)",
        "floor(Double)": "(floor({a}) + 0)",
        "round(Double)": _NEAREST,
        "contains(String,String)": "strpos({a}, {b}) > 0",
        "indexof(String,String)": "(strpos({a}, {b}) - 1)",
        "length(String)": "length({a})",
        "startswith(String,String)": "starts_with({a}, {b})",
        "endswith(String,String)": "right({a}, length({b})) = {b}",
        "substring(String,Integer)": _REST,
        "substring(String,Integer,Integer)": f"left({_REST}, {_LENGTH})",
        "trim(String)": f"btrim({{a}}, {_SPACES})",
        "now()": "now()",
        "add(DateTimeOffset,Duration)": _moment(""),
        "sub(DateTimeOffset,Duration)": _moment("-"),
        "add(Date,Duration)": _date(""),
        "sub(Date,Duration)": _date("-"),
        "sub(DateTimeOffset,DateTimeOffset)": "({a} - {b})",
        "sub(Date,Date)": "(({a} - {b}) * INTERVAL '1 day')",
        "add(Duration,Duration)": _lasting("{a} + {b}"),
        "sub(Duration,Duration)": _lasting("{a} - {b}"),
        "mul(Duration,Number)": _scaled(f"EXTRACT(EPOCH FROM {{a}}) * {_exactly('{b}')}"),
        "mul(Number,Duration)": _scaled(f"EXTRACT(EPOCH FROM {{b}}) * {_exactly('{a}')}"),
        "div(Duration,Number)": _scaled(
            f"round(EXTRACT(EPOCH FROM {{a}}), 30) / NULLIF({_exactly('{b}')}, 0)"
        ),
        "negate(Duration)": _lasting("-{a}"),
        "totalseconds(Duration)": "EXTRACT(EPOCH FROM {a})",
        **{
            f"{part}({kind})": f"CAST(EXTRACT({part.upper()} FROM {{a}}{zone}) AS INTEGER)"
            for kind, parts, zone in (
                ("Date", ("year", "month", "day"), ""),
                ("TimeOfDay", ("hour", "minute"), ""),
                ("DateTimeOffset", ("year", "month", "day", "hour", "minute"), " AT TIME ZONE 'UTC'"),
            )
            for part in parts
        },
        "second(DateTimeOffset)": f"CAST(floor(EXTRACT(SECOND FROM {_UTC})) AS INTEGER)",
        "second(TimeOfDay)": "CAST(floor(EXTRACT(SECOND FROM {a})) AS INTEGER)",
        "fractionalseconds(DateTimeOffset)": f"(EXTRACT(SECOND FROM {_UTC}) % 1)",
        "fractionalseconds(TimeOfDay)": "(EXTRACT(SECOND FROM {a}) % 1)",
        "date(DateTimeOffset)": f"CAST({_UTC} AS DATE)",
        "time(DateTimeOffset)": f"CAST({_UTC} AS TIME)",
        "totaloffsetminutes(DateTimeOffset)": "CASE WHEN {a} IS NOT NULL THEN 0 END",
        "cast(Integer,Integer)": _FITTING,
        "cast(Boolean,String)": "CAST({a} AS TEXT)",
        "cast(Boolean,Integer)": "CAST({a} AS INTEGER)",
        "cast(Boolean,Decimal)": "CAST(CAST({a} AS INTEGER) AS NUMERIC)",
        "cast(Boolean,Double)": "CAST(CAST({a} AS INTEGER) AS DOUBLE PRECISION)",
        "cast(Decimal,Integer)": _WHOLE,
        "cast(Double,Integer)": _WHOLE,
        "cast(Double,Decimal)": _once(
            f"CASE WHEN abs(v.a) <= {_LARGEST} THEN {_exactly('v.a')} END", a=_FLOAT % "a"
        ),
        **{f"cast({number},Boolean)": "({a} <> 0)" for number in ("Integer", "Decimal", "Double")},
        "cast(DateTimeOffset,Date)": f"CAST({_UTC} AS DATE)",
        "cast(DateTimeOffset,TimeOfDay)": f"CAST({_UTC} AS TIME)",
        "cast(Date,DateTimeOffset)": "(CAST({a} AS TIMESTAMP) AT TIME ZONE 'UTC')",
        "cast(Date,String)": "to_char({a}, 'YYYY-MM-DD')",
        "cast(TimeOfDay,String)": _once(
            "to_char(v.a, 'HH24:MI:SS' || CASE WHEN EXTRACT(SECOND FROM v.a) % 1 = 0 THEN '' ELSE '.US' END)",
            a="{a}",
        ),
        "cast(String,Boolean)": (
            "CASE lower(CAST({a} AS TEXT) COLLATE \"C\") WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END"
        ),
        "cast(String,Integer)": _read("[+-]?[0-9]{{1,38}}", _FITTING.replace("{a}", "CAST(v.a AS NUMERIC)")),
        "cast(String,Decimal)": _read(r"[+-]?[0-9]{{1,38}}(\.[0-9]{{1,38}})?", "CAST(v.a AS NUMERIC)"),
        "cast(String,Date)": _read(
            "(?!0000)[0-9]{{4}}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])",
            f"CASE WHEN to_char({_DAY_OF_MONTH}, 'YYYY-MM-DD') = v.a THEN {_DAY_OF_MONTH} END",
        ),
        "cast(String,TimeOfDay)": _read(
            r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{{1,6}}0*)?)?", "CAST(v.a AS TIME)"
        ),
        "cast(String,Guid)": _read(
            "[0-9a-fA-F]{{8}}(-[0-9a-fA-F]{{4}}){{3}}-[0-9a-fA-F]{{12}}", "CAST(v.a AS UUID)"
        ),
    }
    unsupported: Mapping[str, str] = {
        **Dialect.unsupported,
        "matchespattern(String,String)": "other-regular-expressions",
    }

    def __init__(self, *, casing: str = "pg_unicode_fast") -> None:
        collation = self.quote(casing)
        self.templates = {
            **self.templates,
            "tolower(String)": f'(lower({{a}} COLLATE {collation}) COLLATE "C")',
            "toupper(String)": f'(upper({{a}} COLLATE {collation}) COLLATE "C")',
        }

    def bind(self, value: Any, type: edm.Type) -> Any:
        # Two integers would be added as such.
        return Decimal(value) if type is edm.DECIMAL and isinstance(value, int) else value

    def json_path(self, keys: tuple[str, ...]) -> str:
        quoted = ",".join('"' + key.replace("\\", "\\\\").replace('"', '\\"') + '"' for key in keys)
        return self.quote_text("{" + quoted + "}")
