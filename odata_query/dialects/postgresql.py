"""PostgreSQL 14 and up."""

from __future__ import annotations

from collections.abc import Mapping

from .. import edm
from ..python_values import WHITE_SPACE
from .base import Dialect, Members, Needle, Storage, like

_SPACES = "U&'" + "".join(f"\\{ord(char):04X}" for char in WHITE_SPACE) + "'"
_MAX_INDEX = 2**31 - 2


def _index(x: str) -> str:
    """A number as `substr` takes it."""
    return f"CAST(LEAST({x}, {_MAX_INDEX}) AS INTEGER)"


_START = _index("CASE WHEN {b} < 0 THEN GREATEST(length({a}) + {b}, 0) ELSE {b} END") + " + 1"
_ZERO_DIVIDED = (
    "CASE WHEN {b} = 0 THEN CASE WHEN {a} = 0 OR {a} = 'NaN' THEN CAST('NaN' AS DOUBLE PRECISION)"
    " WHEN {a} > 0 THEN 'Infinity' ELSE '-Infinity' END ELSE {a} / {b} END"
)
_WHOLE = "CASE WHEN {a} > {low} - 1.0 AND {a} < {high} + 1.0 THEN CAST(trunc({a}) AS BIGINT) END"


def _in_calendar(moment: str, type: str) -> str:
    """A date or moment, null if its year is not one of 1 to 9999."""
    first, end = f"CAST('0001-12-31 BC' AS {type})", f"CAST('10000-01-01' AS {type})"
    return f"NULLIF(NULLIF(GREATEST(LEAST({moment}, {end}), {first}), {end}), {first})"


_DAYS = "CAST(floor(EXTRACT(EPOCH FROM {b}) / 86400) AS INTEGER)"


class PostgreSQL(Dialect):
    """PostgreSQL, by psycopg or another driver."""

    name = "postgresql"
    paramstyle = "format"
    max_parameters = 65_535
    max_depth = 2_000
    typed_literals = True
    types: Mapping[str, str] = {
        **Dialect.types,
        edm.DECIMAL.name: "NUMERIC",
        edm.STRING.name: "TEXT",
        edm.TIME_OF_DAY.name: "TIME",
        edm.DATE_TIME_OFFSET.name: "TIMESTAMPTZ",
        edm.BINARY.name: "BYTEA",
    }
    storages: Mapping[tuple[str, str], Storage] = {
        (edm.DATE_TIME_OFFSET.name, "timestamptz"): Storage(),
        (edm.DATE_TIME_OFFSET.name, "timestamp"): Storage(
            "({a} AT TIME ZONE INTERVAL '{zone}')",
            lambda value, zone: value.astimezone(zone).replace(tzinfo=None),
            ordered=True,
        ),
        (edm.DATE_TIME_OFFSET.name, "text"): Storage("CAST({a} AS TIMESTAMPTZ)"),
    }
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
        **{name: f"CAST({{a}} #>> {{p}} AS {type})" for name, type in types.items() if type != "TEXT"},
    }
    json_members: Mapping[str, str] = {
        "": "({a} #>> '{{}}')",
        **{name: f"CAST({{a}} #>> '{{{{}}}}' AS {type})" for name, type in types.items() if type != "TEXT"},
    }
    needles: Mapping[str, Needle] = {
        "contains(String,String)": ("{a} LIKE {b}", lambda text: (f"%{like(text)}%",)),
        "startswith(String,String)": ("{a} LIKE {b}", lambda text: (f"{like(text)}%",)),
        "endswith(String,String)": ("{a} LIKE {b}", lambda text: (f"%{like(text)}",)),
    }
    templates: Mapping[str, str] = {
        **Dialect.templates,
        "mod(Integer,Integer)": "({a} % NULLIF({b}, 0))",
        "mod(Decimal,Decimal)": "({a} % NULLIF({b}, 0))",
        "div(Double,Double)": _ZERO_DIVIDED,
        "divby(Double,Double)": _ZERO_DIVIDED,
        "round(Double)": "(trunc({a}) + CASE WHEN abs({a} - trunc({a})) >= 0.5 THEN sign({a}) ELSE 0 END)",
        "contains(String,String)": "strpos({a}, {b}) > 0",
        "indexof(String,String)": "(strpos({a}, {b}) - 1)",
        "length(String)": "length({a})",
        "startswith(String,String)": "starts_with({a}, {b})",
        "endswith(String,String)": "right({a}, length({b})) = {b}",
        "substring(String,Integer)": f"substr({{a}}, {_START})",
        "substring(String,Integer,Integer)": f"substr({{a}}, {_START}, {_index('GREATEST({c}, 0)')})",
        "tolower(String)": 'lower({a} COLLATE "und-x-icu")',
        "toupper(String)": 'upper({a} COLLATE "und-x-icu")',
        "trim(String)": f"btrim({{a}}, {_SPACES})",
        "now()": "now()",
        "add(DateTimeOffset,Duration)": _in_calendar("{a} + {b}", "TIMESTAMPTZ"),
        "sub(DateTimeOffset,Duration)": _in_calendar("{a} - {b}", "TIMESTAMPTZ"),
        "add(Date,Duration)": _in_calendar(f"{{a}} + {_DAYS}", "DATE"),
        "sub(Date,Duration)": _in_calendar(f"{{a}} - {_DAYS}", "DATE"),
        "sub(DateTimeOffset,DateTimeOffset)": "({a} - {b})",
        "sub(Date,Date)": "(({a} - {b}) * INTERVAL '1 day')",
        "add(Duration,Duration)": "({a} + {b})",
        "sub(Duration,Duration)": "({a} - {b})",
        "mul(Duration,Number)": "({a} * CAST({b} AS DOUBLE PRECISION))",
        "mul(Number,Duration)": "({b} * CAST({a} AS DOUBLE PRECISION))",
        "div(Duration,Number)": "({a} / NULLIF(CAST({b} AS DOUBLE PRECISION), 0))",
        "negate(Duration)": "(-{a})",
        "totalseconds(Duration)": "EXTRACT(EPOCH FROM {a})",
        **{
            f"{part}(DateTimeOffset)": f"CAST(EXTRACT({part.upper()} FROM {{a}} AT TIME ZONE 'UTC') AS INTEGER)"
            for part in ("year", "month", "day", "hour", "minute")
        },
        "second(DateTimeOffset)": "CAST(floor(EXTRACT(SECOND FROM {a} AT TIME ZONE 'UTC')) AS INTEGER)",
        "second(TimeOfDay)": "CAST(floor(EXTRACT(SECOND FROM {a})) AS INTEGER)",
        "fractionalseconds(DateTimeOffset)": "(EXTRACT(SECOND FROM {a}) % 1)",
        "fractionalseconds(TimeOfDay)": "(EXTRACT(SECOND FROM {a}) % 1)",
        "date(DateTimeOffset)": "CAST({a} AT TIME ZONE 'UTC' AS DATE)",
        "time(DateTimeOffset)": "CAST({a} AT TIME ZONE 'UTC' AS TIME)",
        "totaloffsetminutes(DateTimeOffset)": "CAST(0 * EXTRACT(YEAR FROM {a}) AS INTEGER)",
        "cast(Decimal,Integer)": _WHOLE,
        "cast(Double,Integer)": _WHOLE,
        "cast(Integer,Boolean)": "({a} <> 0)",
        "cast(DateTimeOffset,Date)": "CAST({a} AT TIME ZONE 'UTC' AS DATE)",
        "cast(DateTimeOffset,TimeOfDay)": "CAST({a} AT TIME ZONE 'UTC' AS TIME)",
        "cast(Date,DateTimeOffset)": "(CAST({a} AS TIMESTAMP) AT TIME ZONE 'UTC')",
        "cast(Date,String)": "to_char({a}, 'YYYY-MM-DD')",
        "cast(String,Integer)": (
            "CASE WHEN {a} ~ '^[+-]?[0-9]{{1,38}}$' AND CAST({a} AS NUMERIC) BETWEEN {low} AND {high}"
            " THEN CAST({a} AS BIGINT) END"
        ),
    }
    unsupported: Mapping[str, str] = {
        **Dialect.unsupported,
        "mod(Double,Double)": "it has no remainder of floating-point numbers",
        "matchespattern(String,String)": "its regular expressions are not those of ECMAScript",
    }

    def json_path(self, keys: tuple[str, ...]) -> str:
        quoted = ",".join('"' + key.replace("\\", "\\\\").replace('"', '\\"') + '"' for key in keys)
        return self.text("{" + quoted + "}")
