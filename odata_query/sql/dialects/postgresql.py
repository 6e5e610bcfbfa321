"""PostgreSQL 14 and up. Dates and times are in UTC, whatever the connection's time zone is."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from ... import edm
from . import spelling
from .base import Dialect, Json, Members, Storage
from .spelling import escape_key, within


def _once(expression: str, **values: str) -> str:
    """An expression whose values `v.a` are computed once: OFFSET keeps the planner from repeating them."""
    columns = ", ".join(f"{value} AS {name}" for name, value in values.items())
    return f"(SELECT {expression} FROM (SELECT {columns} OFFSET 0) AS v)"


_LARGEST = "1.7976931348623157e308"
_FLOAT = "CAST({%s} AS DOUBLE PRECISION)"
_DOUBLES = {"a": _FLOAT % "a", "b": _FLOAT % "b"}
_SIGNED = "THEN sign(v.a) * sign(v.b) *"
# A result out of the range of floating-point numbers would be an error, and so would one too close to zero.
# The operands are scaled by powers of two, so that the tests are exact and do not overflow themselves.
_SUM = (
    f"CASE WHEN abs(v.a) <= {_LARGEST} AND abs(v.b) <= {_LARGEST} AND (v.a > 0) = (v.b > 0)"
    f" AND GREATEST(abs(v.a), {2.0**900}) * 0.25 + GREATEST(abs(v.b), {2.0**900}) * 0.25 >= {2.0**1022}"
    " THEN sign(v.a) * 'Infinity' ELSE v.a + v.b END"
)
_PRODUCT = (
    f"CASE WHEN abs(v.a) <= {_LARGEST} AND abs(v.b) <= {_LARGEST} AND GREATEST(abs(v.a), 1) * {2.0**-515}"
    f" * (GREATEST(abs(v.b), 1) * {2.0**-515}) >= {2.0**-6} {_SIGNED} 'Infinity'"
    f" WHEN v.a <> 0 AND abs(v.b) < 1 AND LEAST(abs(v.a), 1) * {2.0**600}"
    f" <= {2.0**-475} / NULLIF(LEAST(abs(v.b), 1), 0) {_SIGNED} 0.0 ELSE v.a * v.b END"
)
_QUOTIENT = (
    "CASE WHEN v.b = 0 THEN CASE WHEN v.a = 0 OR v.a = 'NaN' THEN CAST('NaN' AS DOUBLE PRECISION)"
    " WHEN (v.a > 0) = (CAST(v.b AS TEXT) = '0') THEN 'Infinity' WHEN v.a IS NOT NULL THEN '-Infinity' END"
    f" WHEN abs(v.b) < 1 AND abs(v.a) <= {_LARGEST} AND GREATEST(abs(v.a), {2.0**-60}) * {2.0**-100}"
    f" - LEAST(abs(v.b), 1) * {2.0**924} >= LEAST(abs(v.b), 1) * -{2.0**870} {_SIGNED} 'Infinity'"
    f" WHEN v.a <> 0 AND abs(v.b) BETWEEN 1 AND {_LARGEST}"
    f" AND LEAST(abs(v.a), 1) * {2.0**600} <= GREATEST(abs(v.b), 1) * {2.0**-475} {_SIGNED} 0.0"
    " ELSE v.a / v.b END"
)
_NEAREST = _once(
    "trunc(v.a) + CASE WHEN abs(v.a - trunc(v.a)) >= 0.5 THEN sign(v.a) ELSE 0 END", a=_FLOAT % "a"
)
_NOT_A_NUMBER = "CAST('NaN' AS DOUBLE PRECISION)"


def _bits(x: str) -> str:
    """The bits of a floating-point number without its sign, as an integer."""
    return f"CAST(CAST('x' || encode(float8send(abs({x})), 'hex') AS BIT(64)) AS BIGINT)"


def _integer(bits: str) -> str:
    """The number of these bits, in units of the largest power of two that divides both v.p and v.q."""
    exponent, least = f"GREATEST({bits} >> 52, 1)", "GREATEST(LEAST(v.p >> 52, v.q >> 52), 1)"
    digits = f"({bits} & {2**52 - 1} | CASE WHEN {bits} < {2**52} THEN 0 ELSE {2**52} END)"
    return f"{digits} * CAST(2 AS NUMERIC) ^ ({exponent} - {least})"


# Exact like fmod: the remainder of two integers.
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
_FITTING = f"CAST({within('{a}', '{low} - 1.0', '{high} + 1.0')} AS BIGINT)"
"""An integer that is null if its type has fewer bits."""
FACTORS = [within(x, "-1e38", "1e38") for x in ("{a}", "{b}")]
"""Decimals that are null with more than 38 digits before the point; too many for the engine are an error."""
# A quotient has at least 16 digits and as many places as its operands; the sum with this zero has 30 places.
_DECIMAL_QUOTIENT = "round(({a} + 0e-30) / NULLIF({b}, 0), 12)"


def _exactly(number: str) -> str:
    """A number as a decimal with all of its digits."""
    return f"CAST(CAST({number} AS TEXT) AS NUMERIC)"


_SPACES = "U&'" + spelling.white_space("\\{:04X}") + "'"
_MOST = 2**31 - 1
# RIGHT keeps so many characters, or leaves out as many if the number is negative.
_REST = (
    f"right({{a}}, CAST(CASE WHEN {{b}} = 0 THEN {_MOST}"
    f" WHEN {{b}} <> 0 THEN -LEAST(GREATEST({{b}}, -{_MOST}), {_MOST}) END AS INTEGER))"
)
_LENGTH = f"CAST(CASE WHEN {{c}} < 0 THEN 0 WHEN {{c}} >= 0 THEN LEAST({{c}}, {_MOST}) END AS INTEGER)"


def _read(form: str, value: str) -> str:
    """Convert the text v.a to a value if it has the form of one."""
    return _once(f"CASE WHEN v.a ~ '^({form})$' THEN {value} END", a='CAST({a} AS TEXT) COLLATE "C"')


_DAY_OF_MONTH = "CAST(left(v.a, 8) || '01' AS DATE) + CAST(right(v.a, 2) AS INTEGER) - 1"
"""A date, which is in the next month if its own has fewer days."""

_UTC = "{a} AT TIME ZONE 'UTC'"


def _moved(first: str, end: str, **values: str) -> str:
    """A date or moment moved; null outside the calendar, which is a part of PostgreSQL's."""
    moved = f"v.a + LEAST(GREATEST({{minus}}v.b, {first} - v.a), {end} - v.a)"
    return _once(f"NULLIF(NULLIF({moved}, {first}), {end})", **values)


# Without a time zone, in which the day when clocks change does not have 24 hours.
_MOMENT = _moved(
    "TIMESTAMP '0001-12-31 23:59:59.999999 BC'", "TIMESTAMP '10000-01-01'", a=_UTC, b="CAST({b} AS INTERVAL)"
)
_DATE = _moved(
    "DATE '0001-12-31 BC'",
    "DATE '10000-01-01'",
    a="CAST({a} AS DATE)",
    b="CAST(floor(EXTRACT(EPOCH FROM CAST({b} AS INTERVAL)) / 86400) AS INTEGER)",
)


def _lasting(duration: str) -> str:
    """A duration that is null out of its range."""
    return within(duration, "INTERVAL '-999999999 days -0.000001 seconds'", "INTERVAL '1000000000 days'")


def _seconds(duration: str) -> str:
    return f"CAST(EXTRACT(EPOCH FROM {duration}) AS NUMERIC)"


def _scaled(seconds: str) -> str:
    """A duration of so many seconds, to the microsecond; null out of its range."""
    whole, rest = "CAST(div(v.n, 86400) AS INTEGER)", "CAST(v.n % 86400 * 1000000 AS BIGINT)"
    found = f"{whole} * INTERVAL '1 day' + {rest} * INTERVAL '1 microsecond'"
    return _once(spelling.between("v.n", spelling.SECONDS, found), n=f"round({seconds}, 6)")


def _local(value: dt.datetime, zone: dt.tzinfo) -> dt.datetime | str:
    """Convert a moment to the clock of a zone; to a text where that leaves Python's calendar."""
    try:
        return value.astimezone(zone).replace(tzinfo=None)
    except OverflowError:
        first = value.year == 1
        # The calendar repeats every 400 years.
        near = value.replace(year=value.year + (400 if first else -400)).astimezone(zone)
        rest = near.replace(tzinfo=None).isoformat(" ")[4:]
        return f"0001{rest} BC" if first else f"10000{rest}"


def _zoned(clock: str) -> str:
    """The moment of a clock in the query's time zone; AT TIME ZONE takes an interval on PostgreSQL alone."""
    return f"({clock} - INTERVAL '{{zone}}') AT TIME ZONE 'UTC'"


_DAY = "INTERVAL '24 hours'"
_IN_ZONE = "(({x} AT TIME ZONE 'UTC') AT TIME ZONE '{zone}')"
_BY_NAME = spelling.utc_clock(
    _IN_ZONE, f"(v.a - ({_IN_ZONE} - {{x}}))", f"(v.a - {_DAY})", f"(v.a + {_DAY})"
).replace("{a}", "v.a")
"""The clock in UTC of the clock v.a in a zone with a name."""


def _by_name(clock: str) -> str:
    return f"({_once(_BY_NAME, a=clock)} AT TIME ZONE 'UTC')"


_TEXT = r"regexp_replace({a}, '(\.[0-9]{{6}})[0-9]+', '\1')"
"""The text of a moment without digits after the microseconds, which PostgreSQL would round."""
_CLOCK = f"CAST({_TEXT} AS TIMESTAMP) AT TIME ZONE 'UTC'"


def _from_text(zoned: str) -> str:
    """The moment of a text, where one without an offset is given with its zone."""
    return f"CASE WHEN {{a}} ~ '[T ].*([Zz]|[+-][0-9:]+)$' THEN CAST({_TEXT} AS TIMESTAMPTZ) ELSE {zoned} END"


_FROM_TEXT = _from_text(_zoned(f"CAST({_TEXT} AS TIMESTAMP)"))
_OWN_OFFSET = "CAST(floor(EXTRACT(EPOCH FROM {local} - {read}) / 60) AS INTEGER)"


def _cased(collation: str) -> dict[str, str]:
    return {
        "tolower(String)": f'(lower({{a}} COLLATE {collation}) COLLATE "C")',
        "toupper(String)": f'(upper({{a}} COLLATE {collation}) COLLATE "C")',
    }


_JSON_TIME = r"CAST(regexp_replace({x}, '(\.[0-9]{{6}})[0-9]+', '\1') AS time)"
"""A cast alone would round digits beyond microseconds."""


class PostgreSQL(Dialect):
    """PostgreSQL, by psycopg or another driver.

    casing  the collation that maps upper and lower case as Unicode does; PostgreSQL 18 has the default one,
            earlier versions have "und-x-icu" if they are built with ICU
    """

    name = "postgresql"
    verified = True
    paramstyle = "format"
    # OFFSET keeps the planner from writing the values in place of their names.
    once = ("(SELECT {body} FROM (SELECT {values} OFFSET 0) AS odata_v)", *Dialect.once[1:])
    max_parameters = 65_535
    chains_nest = False
    typed_literals = True
    # A cast would be an error for a number beyond a Single.
    singles = Storage(spelling.nearest_single("{a}", "CAST('Infinity' AS DOUBLE PRECISION)"))
    binary = 'CAST({a} AS TEXT) COLLATE "C"'
    binary_arguments = True
    wide_to_int64 = f"CAST({Dialect.wide_to_int64} AS BIGINT)"
    types = spelling.edm_types(
        Dialect.types, Integer="BIGINT", Decimal="NUMERIC", Single="DOUBLE PRECISION", String="TEXT",
        TimeOfDay="TIME", DateTimeOffset="TIMESTAMPTZ", Binary="BYTEA",
    )  # fmt: skip
    storages = {
        ("Edm.DateTimeOffset", "timestamptz"): Storage(),
        ("Edm.DateTimeOffset", "timestamp"): Storage(
            f"({_zoned('{a}')})",
            _local,
            is_ordered=True,
            local=f"({_UTC})",
            named_zone=Storage(
                _by_name("{a}"), bounds=spelling.a_day_around(_local), local=f"({_UTC})", offset=_OWN_OFFSET
            ),
            offset="CAST(EXTRACT(EPOCH FROM INTERVAL '{zone}' + ({a} - {a})) / 60 AS INTEGER)",
        ),
        ("Edm.DateTimeOffset", "text"): Storage(
            _FROM_TEXT,
            local=f"({_CLOCK})",
            named_zone=Storage(
                _from_text(_by_name(f"CAST({_TEXT} AS TIMESTAMP)")), local=f"({_CLOCK})", offset=_OWN_OFFSET
            ),
            offset=f"CAST(EXTRACT(EPOCH FROM {_CLOCK} - {_FROM_TEXT}) / 60 AS INTEGER)",
        ),
    }
    collections = {
        "array": Members("unnest({a}) AS {t}(value)", "{t}.value"),
        "json": Members(
            "jsonb_array_elements(CASE jsonb_typeof(CAST({a} AS JSONB)) WHEN 'array' THEN CAST({a} AS JSONB)"
            " END) AS {t}(value)",
            "{t}.value",
            is_json=True,
        ),
    }
    json = Json(
        "{a} #>> {p}",
        "{a} #>> '{{}}'",
        "({a} #> {p})",
        {**spelling.json_casts(types), "": "({x})", "Edm.TimeOfDay": _JSON_TIME},
    )
    literal_needles = spelling.like_needles()
    wide_templates = {
        "div(Integer,Integer)": "div({a}, NULLIF({b}, 0))",
        "mul(Decimal,Decimal)": " * ".join(FACTORS).join("()"),
        **dict.fromkeys(
            ("div(Decimal,Decimal)", "divby(Decimal,Decimal)"), _DECIMAL_QUOTIENT.replace("{a}", FACTORS[0])
        ),
    }
    templates = {
        **Dialect.templates,
        **_cased('"pg_unicode_fast"'),
        "mod(Integer,Integer) mod(Decimal,Decimal)": "({a} % NULLIF({b}, 0))",
        "divby(Integer,Integer) div|divby(Decimal,Decimal)": _DECIMAL_QUOTIENT,
        "add(Double,Double)": _once(_SUM, **_DOUBLES),
        "sub(Double,Double)": _once(_SUM, a=_DOUBLES["a"], b=f"-{_DOUBLES['b']}"),
        "mul(Double,Double)": _once(_PRODUCT, **_DOUBLES),
        "div|divby(Double,Double)": _once(_QUOTIENT, **_DOUBLES),
        "mod(Double,Double)": _REMAINDER,
        # The sum takes its sign from a zero.
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
        "add|sub(DateTimeOffset,Duration)": f"({_MOMENT} AT TIME ZONE 'UTC')",
        "add|sub(Date,Duration)": _DATE,
        "sub(DateTimeOffset,DateTimeOffset)": "({a} - {b})",
        "sub(Date,Date)": "(({a} - {b}) * INTERVAL '1 day')",
        "add|sub(Duration,Duration)": _lasting("{a} {sign} {b}"),
        "mul(Duration,Number)": _scaled(f"{_seconds('{a}')} * {_exactly('{b}')}"),
        "mul(Number,Duration)": _scaled(f"{_seconds('{b}')} * {_exactly('{a}')}"),
        "div(Duration,Number)": _scaled(f"round({_seconds('{a}')}, 30) / NULLIF({_exactly('{b}')}, 0)"),
        "negate(Duration)": _lasting("-{a}"),
        "totalseconds(Duration)": _seconds("{a}"),
        "year|month|day(Date) hour|minute(TimeOfDay)": "CAST(EXTRACT({NAME} FROM {a}) AS INTEGER)",
        "year|month|day|hour|minute(DateTimeOffset)": f"CAST(EXTRACT({{NAME}} FROM {_UTC}) AS INTEGER)",
        "second(DateTimeOffset)": f"CAST(floor(EXTRACT(SECOND FROM {_UTC})) AS INTEGER)",
        "second(TimeOfDay)": "CAST(floor(EXTRACT(SECOND FROM {a})) AS INTEGER)",
        "fractionalseconds(DateTimeOffset)": f"(EXTRACT(SECOND FROM {_UTC}) % 1)",
        "fractionalseconds(TimeOfDay)": "(EXTRACT(SECOND FROM {a}) % 1)",
        "date(DateTimeOffset) cast(DateTimeOffset,Date)": f"CAST({_UTC} AS DATE)",
        "time(DateTimeOffset) cast(DateTimeOffset,TimeOfDay)": f"CAST({_UTC} AS TIME)",
        "totaloffsetminutes(DateTimeOffset)": "CASE WHEN {a} IS NOT NULL THEN 0 END",
        "cast(Integer|Enum,Integer)": _FITTING,
        "cast(Integer|Decimal|Double,Boolean)": "({a} <> 0)",
        "cast(Boolean,String)": "CAST({a} AS TEXT)",
        "cast(Boolean,Integer)": "CAST({a} AS INTEGER)",
        "cast(Boolean,Decimal|Double)": "CAST(CAST({a} AS INTEGER) AS {type})",
        "cast(Decimal|Double,Integer)": _WHOLE,
        "cast(Double,Decimal)": _once(
            f"CASE WHEN abs(v.a) < 1e38 THEN {_exactly('v.a')} END", a=_FLOAT % "a"
        ),
        "cast(Double,Single)": _once(
            f"CASE WHEN abs(v.a) >= {spelling.BEYOND_SINGLE} THEN v.a * CAST('Infinity' AS DOUBLE PRECISION)"
            " WHEN abs(v.a) <= 7.006492321624085e-46 THEN v.a * 0"
            " ELSE CAST(CAST(v.a AS REAL) AS DOUBLE PRECISION) END",
            a=_FLOAT % "a",
        ),
        "cast(Single,Decimal)": _once(
            f"CASE WHEN abs(v.a) < 1e38 THEN {_exactly('v.a')} END", a="CAST({a} AS REAL)"
        ),
        # A number that is too large for a Double would be an error, and so would one too close to zero.
        "cast(Decimal,Double)": (
            "CASE WHEN abs({a}) BETWEEN 2.4703282292062328e-324 AND 1e38 THEN CAST({a} AS DOUBLE PRECISION)"
            " WHEN abs({a}) < 1 THEN 0 END"
        ),
        "cast(Date,DateTimeOffset)": "(CAST({a} AS TIMESTAMP) AT TIME ZONE 'UTC')",
        "cast(Date,String)": "to_char({a}, 'YYYY-MM-DD')",
        "cast(TimeOfDay,String)": _once(
            "CASE WHEN strpos(v.a, '.') > 0 THEN rpad(v.a, 15, '0') ELSE v.a END", a="CAST({a} AS TEXT)"
        ),
        "cast(String,Boolean)": (
            "CASE lower(CAST({a} AS TEXT) COLLATE \"C\") WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END"
        ),
        "cast(String,Integer)": _read(spelling.INTEGER, _FITTING.replace("{a}", "CAST(v.a AS NUMERIC)")),
        "cast(String,Decimal)": _read(r"[+-]?[0-9]{{1,38}}(\.[0-9]{{1,38}})?", "CAST(v.a AS NUMERIC)"),
        "cast(String,Date)": _read(
            spelling.YEAR + "-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])",
            f"CASE WHEN to_char({_DAY_OF_MONTH}, 'YYYY-MM-DD') = v.a THEN {_DAY_OF_MONTH} END",
        ),
        "cast(String,TimeOfDay)": _read(spelling.TIME, "CAST(v.a AS TIME)"),
        "cast(String,Guid)": _read(spelling.GUID, "CAST(v.a AS UUID)"),
    }

    def __init__(self, *, casing: str | None = None) -> None:
        if casing is not None:
            self.templates = {**self.templates, **_cased(self.quote(casing))}

    def bind(self, value: Any, type: edm.Type) -> Any:
        # The driver would send an integer, which is added as one.
        return Decimal(value) if type is edm.DECIMAL and isinstance(value, int) else value

    def json_path(self, keys: tuple[str, ...]) -> str:
        quoted = ",".join(f'"{escape_key(key)}"' for key in keys)
        return self.quote_text("{" + quoted + "}")
