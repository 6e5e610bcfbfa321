"""PostgreSQL 14 and up. Dates and times are in UTC, whatever the connection's time zone is."""

from __future__ import annotations

from collections.abc import Mapping

from .. import edm
from ..python_values import WHITE_SPACE
from .base import Dialect, Members, Needle, Storage, like


def _once(expression: str, **values: str) -> str:
    """An expression of `v.a` and the like, each computed once: OFFSET keeps the planner from repeating it."""
    columns = ", ".join(f"{value} AS {name}" for name, value in values.items())
    return f"(SELECT {expression} FROM (SELECT {columns} OFFSET 0) AS v)"


# ---- numbers -------------------------------------------------------------------------------------

_LARGEST, _SMALLEST = "1.7976931348623157e308", "5e-324"
_HALF = "9.9792015476736e291"
"""Half of the distance from the largest number to the one that would be next."""
_FLOAT = "CAST({%s} AS DOUBLE PRECISION)"
_DOUBLES = {"a": _FLOAT % "a", "b": _FLOAT % "b"}
_SIGNED = "THEN sign(v.a) * sign(v.b) *"
# A result beyond the range of floating-point numbers would be an error, and so would be one too near to zero.
_SUM = (
    f"CASE WHEN v.a > 0 AND v.b BETWEEN 0 AND {_LARGEST} AND v.b - {_HALF} >= {_LARGEST} - v.a THEN 'Infinity'"
    f" WHEN v.a < 0 AND v.b BETWEEN -{_LARGEST} AND 0 AND v.b + {_HALF} <= -{_LARGEST} - v.a THEN '-Infinity'"
    " ELSE v.a + v.b END"
)
_PRODUCT = (
    f"CASE WHEN abs(v.a) BETWEEN 1 AND {_LARGEST} AND abs(v.b) <= {_LARGEST} AND abs(v.b) > {_LARGEST} / abs(v.a)"
    f" {_SIGNED} 'Infinity' WHEN v.a <> 0 AND abs(v.b) < 1 AND abs(v.a) < {_SMALLEST} / NULLIF(abs(v.b), 0)"
    f" {_SIGNED} 0.0 ELSE v.a * v.b END"
)
_QUOTIENT = (
    "CASE WHEN v.b = 0 THEN CASE WHEN v.a = 0 OR v.a = 'NaN' THEN CAST('NaN' AS DOUBLE PRECISION)"
    " WHEN (v.a > 0) = (CAST(v.b AS TEXT) = '0') THEN 'Infinity' WHEN v.a IS NOT NULL THEN '-Infinity' END"
    f" WHEN abs(v.b) < 1 AND abs(v.a) <= {_LARGEST} AND abs(v.a) > {_LARGEST} * abs(v.b) {_SIGNED} 'Infinity'"
    f" WHEN v.a <> 0 AND abs(v.b) BETWEEN 1 AND {_LARGEST} AND abs(v.a) < {_SMALLEST} * abs(v.b) {_SIGNED} 0.0"
    " ELSE v.a / v.b END"
)
_NEAREST = _once(
    "trunc(v.a) + CASE WHEN abs(v.a - trunc(v.a)) >= 0.5 THEN sign(v.a) ELSE 0 END", a=_FLOAT % "a"
)
_WHOLE = _once("CASE WHEN v.a >= {low} AND v.a < {high} + 1.0 THEN CAST(v.a AS BIGINT) END", a="trunc({a})")
# A quotient has at least 16 digits and as many places as its operands.
_DECIMAL_QUOTIENT = "round(round({a}, 30) / NULLIF({b}, 0), 12)"


def _exactly(number: str) -> str:
    """Any number as a decimal with all of its digits."""
    return f"CAST(CAST({number} AS TEXT) AS NUMERIC)"


# ---- texts ---------------------------------------------------------------------------------------

_SPACES = "U&'" + "".join(f"\\{ord(char):04X}" for char in WHITE_SPACE) + "'"
_MAX_INDEX = 2**31 - 2
_START = (
    "CAST(CASE WHEN {b} < 0 THEN GREATEST(length({a}) + {b}, 0)"
    f" WHEN {{b}} >= 0 THEN LEAST({{b}}, {_MAX_INDEX}) END AS INTEGER) + 1"
)
_LENGTH = f"CAST(CASE WHEN {{c}} < 0 THEN 0 WHEN {{c}} >= 0 THEN LEAST({{c}}, {_MAX_INDEX}) END AS INTEGER)"


def _read(form: str, value: str) -> str:
    """A value of a text, if it has the form of one."""
    return f"CASE WHEN CAST({{a}} AS TEXT) COLLATE \"C\" ~ '^({form})$' THEN {value} END"


_DAY_OF_MONTH = _read(
    "(?!0000)[0-9]{{4}}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])",
    "CAST(left({a}, 8) || '01' AS DATE) + CAST(right({a}, 2) AS INTEGER) - 1",
)
"""A date, in the next month if its own has not that many days."""

# ---- dates and times -----------------------------------------------------------------------------

_UTC = "{a} AT TIME ZONE 'UTC'"


def _moved(by: str, first: str, end: str, **values: str) -> str:
    """A date or moment moved by something; null outside the calendar, and no further than PostgreSQL can go."""
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


_ZONED = "INTERVAL '{zone}'"


class PostgreSQL(Dialect):
    """PostgreSQL, by psycopg or another driver.

    casing  the collation that knows upper and lower case as Unicode has it; PostgreSQL 18 brings the usual
            one along, those before have "und-x-icu" if they are built with ICU
    """

    name = "postgresql"
    paramstyle = "format"
    max_parameters = 65_535
    max_depth = 2_000
    chains_nest = False
    typed_literals = True
    exact = 'CAST({a} AS TEXT) COLLATE "C"'
    exact_inside = True
    narrow = f"CAST({Dialect.narrow} AS BIGINT)"
    types: Mapping[str, str] = {
        **Dialect.types,
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
            lambda value, zone: value.astimezone(zone).replace(tzinfo=None),
            ordered=True,
            local=f"({_UTC})",
        ),
        (edm.DATE_TIME_OFFSET.name, "text"): Storage(
            "CASE WHEN {a} ~ '[T ].*([Zz]|[+-][0-9:]+)$' THEN CAST({a} AS TIMESTAMPTZ)"
            f" ELSE CAST({{a}} AS TIMESTAMP) AT TIME ZONE {_ZONED} END",
            local="(CAST({a} AS TIMESTAMP) AT TIME ZONE 'UTC')",
        ),
    }
    json_storages: Mapping[str, str] = {edm.DATE_TIME_OFFSET.name: "text"}
    collections: Mapping[str, Members] = {
        "array": Members("unnest({a}) AS {t}(value)", "{t}.value"),
        "json": Members(
            "jsonb_array_elements(CASE jsonb_typeof(CAST({a} AS JSONB)) WHEN 'array' THEN CAST({a} AS JSONB) END)"
            " AS {t}(value)",
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
    needles: Mapping[str, Needle] = {
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
        # Zero has no sign then.
        "ceiling(Double)": "(ceil({a}) + 0)",
        "floor(Double)": "(floor({a}) + 0)",
        "round(Double)": _NEAREST,
        "contains(String,String)": "strpos({a}, {b}) > 0",
        "indexof(String,String)": "(strpos({a}, {b}) - 1)",
        "length(String)": "length({a})",
        "startswith(String,String)": "starts_with({a}, {b})",
        "endswith(String,String)": "right({a}, length({b})) = {b}",
        "substring(String,Integer)": f"substr({{a}}, {_START})",
        "substring(String,Integer,Integer)": f"substr({{a}}, {_START}, {_LENGTH})",
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
        "cast(TimeOfDay,String)": (
            "to_char({a}, CASE WHEN EXTRACT(SECOND FROM {a}) % 1 = 0 THEN 'HH24:MI:SS' ELSE 'HH24:MI:SS.US' END)"
        ),
        "cast(String,Integer)": _once(
            "CASE WHEN v.a BETWEEN {low} AND {high} THEN CAST(v.a AS BIGINT) END",
            a=_read("[+-]?[0-9]{{1,38}}", "CAST({a} AS NUMERIC)"),
        ),
        "cast(String,Decimal)": _read(r"[+-]?[0-9]{{1,38}}(\.[0-9]{{1,38}})?", "CAST({a} AS NUMERIC)"),
        "cast(String,Date)": _once(
            "CASE WHEN to_char(v.a, 'YYYY-MM-DD') = v.b THEN v.a END", a=_DAY_OF_MONTH, b="{a}"
        ),
        "cast(String,TimeOfDay)": _read(
            r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{{1,6}}0*)?)?", "CAST({a} AS TIME)"
        ),
        "cast(String,Guid)": _read("[0-9a-fA-F]{{8}}(-[0-9a-fA-F]{{4}}){{3}}-[0-9a-fA-F]{{12}}", "CAST({a} AS UUID)"),
    }
    unsupported: Mapping[str, str] = {
        **Dialect.unsupported,
        "mod(Double,Double)": "it has no remainder of floating-point numbers",
        "matchespattern(String,String)": "its regular expressions are not those of ECMAScript",
    }

    def __init__(self, *, casing: str = "pg_unicode_fast") -> None:
        collation = self.quote(casing)
        self.templates = {
            **self.templates,
            "tolower(String)": f'(lower({{a}} COLLATE {collation}) COLLATE "C")',
            "toupper(String)": f'(upper({{a}} COLLATE {collation}) COLLATE "C")',
        }

    def json_path(self, keys: tuple[str, ...]) -> str:
        quoted = ",".join('"' + key.replace("\\", "\\\\").replace('"', '\\"') + '"' for key in keys)
        return self.text("{" + quoted + "}")
