"""ClickHouse 25.8 and up: typed parameters, texts by code point, arrays with lambdas."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

from ... import edm
from ...problems import Phrase
from . import spelling
from .base import Dialect, Json, Members, Storage, clocks
from .spelling import CLOCK, in_zone, seconds

_SPACES = f"[{spelling.white_space('@@x{{{{{:x}}}}}')}]+".replace("@", "\\")
_MAX_INDEX = 2**31 - 2
_START = (
    f"multiIf({{b}} >= {_MAX_INDEX}, {_MAX_INDEX}, {{b}} >= 0, toInt64({{b}}),"
    " toInt64(lengthUTF8({a})) + {b} > 0, toInt64(lengthUTF8({a})) + {b}, {b} < 0, 0, NULL) + 1"
)
_LENGTH = f"multiIf({{c}} >= {_MAX_INDEX}, {_MAX_INDEX}, {{c}} > 0, toInt64({{c}}), {{c}} <= 0, 0, NULL)"
_UTC = "toTimeZone({a}, 'UTC')"
_HAS_OFFSET = "match({a}, '[T ].*(Z|[+-][0-9:]+)$')"
_TEXT = f"parseDateTime64BestEffortOrNull(if({_HAS_OFFSET}, {{a}}, concat({{a}}, '{{zone}}')), 6, 'UTC')"
_LOCAL = (
    "parseDateTime64BestEffortOrNull(replaceRegexpOne({a}, '(:[0-9.]+)(Z|[+-][0-9:]+)$', '\\\\1'), 6, 'UTC')"
)
_OFFSET = "timezoneOffset(fromUnixTimestamp64Micro({x}, '{zone}')) * 1000000"
_BY_NAME = spelling.utc_clock(
    f"({{x}} + {_OFFSET})", f"({{a}} - {_OFFSET})", "({a} - 86400000000)", "({a} + 86400000000)"
).replace("{a}", "odata_clock")
_NAMED = (
    f"if({_HAS_OFFSET}, {_TEXT.replace('{zone}', 'Z')}, fromUnixTimestamp64Micro("
    f"arrayMap(odata_clock -> {_BY_NAME}, [toUnixTimestamp64Micro({_LOCAL})])[1], 'UTC'))"
)
_OWN_OFFSET = "toInt32(floor((toUnixTimestamp64Micro({local}) - toUnixTimestamp64Micro({read})) / 60000000))"
_DIVIDED = (
    "if(abs(toFloat64({a})) < exp10(75 - greatest({m}, 13) - {sb}),"
    " toDecimal256(round(toDecimal256({a}, greatest({m}, 13)) / nullIf({b}, 0), 12), 12), NULL)"
)


def _micros(x: str) -> str:
    """The microseconds of a moment since 1970."""
    return f"toUnixTimestamp64Micro(toDateTime64({x}, 6, 'UTC'))"


def _bounded(number: str, low: int | str = "{low}", high: int | str = "{high}") -> str:
    """An integer that is null out of bounds."""
    return f"if({number} BETWEEN {low} AND {high}, toInt64({number}), NULL)"


_MOVED = f"(toInt128({_micros('{a}')}) {{sign}} toInt256({{b}} * 1000000))"
_DAYS = "(toInt64(toInt32(toDate32({a}))) {sign} toInt256(floor(toDecimal256({b}, 18) / 86400)))"


def _duration(seconds: str) -> str:
    """A number of seconds that is null out of the range of durations."""
    low, high = "-86399999913600", "toDecimal128('86399999999999.999999', 6)"
    return f"if({seconds} BETWEEN {low} AND {high}, {seconds}, NULL)"


def _scaled(part: str, by: str, is_zero: str) -> str:
    """A duration times or by a number: the part, computed with the decimal `{exact}`, or zero."""
    exact = f"toDecimal256OrNull(toString({by}), 24)"  # a Double by its digits
    found = f"toDecimal256(round({part.replace('{exact}', exact)}, 6), 6)"
    return _duration(f"multiIf({is_zero}, toDecimal256(0, 6), abs(toFloat64({by})) < 1e20, {found}, NULL)")


def _product(duration: str, by: str) -> str:
    zero = f"{duration} = 0 AND isFinite(toFloat64({by}))"
    return _scaled(f"toDecimal256({duration}, 6) * {{exact}}", by, zero)


_BY_HUGE = "({a} = 0 AND abs(toFloat64({b})) > 0) OR (isNotNull({a}) AND abs(toFloat64({b})) >= 1e20)"
_ARRAY = Members(
    "{a}",
    "{t}",
    "arrayExists({t} -> ifNull({body}, FALSE), {source})",
    "toInt64(arrayCount({t} -> ifNull({body}, FALSE), {source}))",
)
_CHILDREN = "(SELECT groupArray(tuple({columns})) FROM {source} WHERE {on})"
_UTC_PARTS = {
    "year": "toYear", "month": "toMonth", "day": "toDayOfMonth", "hour": "toHour", "minute": "toMinute",
    "second": "toSecond",
}  # fmt: skip


class ClickHouse(Dialect):
    """ClickHouse 25.8 and up, by clickhouse-connect: `client.query(text, parameters=params)`.

    A driver that does not escape parameters itself, such as chdb, needs the texts in them escaped as in TSV.

    Columns hold a moment as DateTime64, or ISO text (`text`); a duration as Decimal(38, 6) of seconds; a
    time of day as text, `10:20:30.500000`; a collection as an Array, or JSON in a String; an enumeration
    named in a String. Dates before 1900 and from 2300 need a version that does not clip them. Decimals have
    at most 76 digits; a product or quotient of more is null.
    """

    name = "clickhouse"
    verified = True
    paramstyle = "typed"
    quotes = "``"
    binds = {
        Decimal: lambda value: f"{value:f}",
        dt.timedelta: lambda value: f"{seconds(value):f}",
        dt.datetime: lambda value: in_zone(value, dt.UTC).isoformat(" ", "microseconds"),
        dt.time: lambda value: value.isoformat("microseconds"),
        dt.date: str,
        uuid.UUID: str,
    }
    once = ("arrayMap(({names}) -> {body}, {values})[1]", "[{x}]", Dialect.once[2])
    max_parameters = 6_000  # a syntax tree has at most 50,000 nodes, and a comparison seven
    max_depth = 80
    max_length = 250_000
    max_terms = 12_000
    max_scale = 30
    collation = "binary"
    null_order = "last"
    sorts_by_subqueries = False
    guards_subqueries = False
    reaches_joined_collections = False
    chains_nest = False
    nan = "ieee"
    singles = Storage("toFloat64(toFloat32({a}))")
    nan_rank = "CASE WHEN isNaN({a}) THEN 0 WHEN {a} IS NOT NULL THEN 1 END"
    not_true = "NOT ifNull({a}, FALSE)"
    not_false = "ifNull({a}, TRUE)"
    text_escapes = {"\\": "\\\\", "'": "''"}
    binary = "{a}"
    null_safe_equal = "ifNull({a} = {b}, isNull({a}) AND isNull({b}))"
    null_safe_unequal = "NOT ifNull({a} = {b}, isNull({a}) AND isNull({b}))"
    as_int64 = "toInt64({a})"
    as_wide_integer = "toInt128({a})"
    wide_to_int64 = "accurateCastOrNull({a}, 'Int64')"
    default_scale = 12
    types = spelling.edm_types(
        Boolean="Bool", SByte="Int8", Byte="UInt8", Int16="Int16", Int32="Int32", Int64="Int64",
        Decimal="Decimal(76, 12)", Float="Float64", String="String", Date="Date32", TimeOfDay="String",
        DateTimeOffset="DateTime64(6, 'UTC')", Duration="Decimal(38, 6)", Guid="String", Binary="String",
    )  # fmt: skip
    storages = {
        ("Edm.DateTimeOffset", "timestamptz"): Storage(),
        ("Edm.DateTimeOffset", "text"): clocks(_TEXT, _NAMED, _LOCAL, _OWN_OFFSET),
        # A comparison in fewer than 256 bits fails if the other number has too many digits.
        ("Edm.Decimal", "decimal"): Storage("({a} * toDecimal256(1, 0))", is_ordered=True),
        # As a text, since UUIDs do not sort by their digits.
        ("Edm.Guid", "uuid"): Storage("toString({a})"),
        ("Edm.Guid", "text"): Storage("lower({a})"),
        ("Edm.TimeOfDay", "text"): Storage("rightPad(if(length({a}) = 8, concat({a}, '.'), {a}), 15, '0')"),
    }
    default_storages = {"Edm.Decimal": "decimal", "Edm.Guid": "uuid"}
    json_storages = {"Edm.TimeOfDay": "text", "Edm.DateTimeOffset": "text", "Edm.Guid": "text"}
    # Where no row matches, a join gives zeros and empty texts, and a count in a subquery gives null.
    join_template = (
        "(SELECT *, toNullable(1) AS `odata.there` FROM {table})",
        "if({t}.`odata.there` = 1, {t}.",
        ", NULL)",
    )
    case_casts = {"Decimal": "toDecimal256({a}, {s})", "Double": "toFloat64({a})"}
    children = Members("", "", counted="ifNull((SELECT COUNT(*) FROM {source} WHERE {body}), 0)")
    # A subquery loses rows if a column that it uses of the outer query is null.
    array_of_children = _ARRAY._replace(
        source="",
        member="{t}.{n}",
        exists=_ARRAY.exists.replace("{source}", _CHILDREN),
        counted=_ARRAY.counted.replace("{source}", _CHILDREN),
    )
    collections = {
        "array": _ARRAY,
        "json": _ARRAY._replace(source="JSONExtractArrayRaw(ifNull({a}, ''))", is_json=True),
    }
    json = Json(
        "{a}, {p}",
        document="JSONExtractRaw({a}, {p})",
        types={
            **spelling.json_casts(
                spelling.edm_types(types, Integer="Int64"), "JSONExtract({x}, 'Nullable({type})')"
            ),
            "": "if(JSONType({x}) = 'String', JSONExtractString({x}),"
            " nullIf(nullIf(JSONExtractRaw({x}), ''), 'null'))",
        },
    )
    templates = {
        **Dialect.templates,
        **{f"{part}(DateTimeOffset)": f"{function}({_UTC})" for part, function in _UTC_PARTS.items()},
        **{f"{part}(Date)": f"{_UTC_PARTS[part]}({{a}})" for part in ("year", "month", "day")},
        "div(Integer,Integer)": "intDivOrZero(toInt64({a}), nullIf({b}, 0))",
        "mod(Integer,Integer)": "moduloOrZero({a}, nullIf({b}, 0))",
        "divby(Integer,Integer)": "toDecimal256(round(toDecimal256({a}, 13) / nullIf({b}, 0), 12), 12)",
        "div|divby(Decimal,Decimal)": _DIVIDED,
        "mul(Decimal,Decimal)": (
            "if(abs(toFloat64({a})) * abs(toFloat64({b})) < exp10(75 - {s}), {a} * {b}, NULL)"
        ),
        "mod(Decimal,Decimal)": (
            "reinterpret(moduloOrZero(reinterpret(toDecimal256({a}, {s}), 'Int256'),"
            " nullIf(reinterpret(toDecimal256({b}, {s}), 'Int256'), 0)), 'Decimal(76, {s})')"
        ),
        "add|sub|mul|div|divby(Double,Double)": "(toFloat64({a}) {sign} toFloat64({b}))",
        "ceiling|floor(Double)": "({name}({a}) + 0)",  # a negative zero becomes zero
        "round(Double)": "(trunc({a}) + if(abs({a} - trunc({a})) >= 0.5, sign({a}), 0))",
        "concat(String,String)": "concat({a}, {b})",
        "contains(String,String)": "position({a}, {b}) > 0",
        "indexof(String,String)": "(toInt64(positionUTF8({a}, {b})) - 1)",
        "length(String)": "toInt64(lengthUTF8({a}))",
        "startswith(String,String)": "startsWith({a}, {b})",
        "endswith(String,String)": "endsWith({a}, {b})",
        "substring(String,Integer)": f"substringUTF8({{a}}, {_START})",
        "substring(String,Integer,Integer)": f"substringUTF8({{a}}, {_START}, {_LENGTH})",
        "tolower(String)": "lowerUTF8({a})",
        "toupper(String)": "upperUTF8({a})",
        "trim(String)": f"replaceRegexpAll({{a}}, '^{_SPACES}|{_SPACES}$', '')",
        "now()": "now64(6, 'UTC')",
        "add|sub(DateTimeOffset,Duration)": (
            f"fromUnixTimestamp64Micro({_bounded(_MOVED, *spelling.MICROSECONDS)}, 'UTC')"
        ),
        "add|sub(Date,Duration)": f"toDate32({_bounded(_DAYS, *spelling.DAYS)})",
        "sub(DateTimeOffset,DateTimeOffset)": (
            f"(toDecimal128({_micros('{a}')} - {_micros('{b}')}, 6) / 1000000)"
        ),
        "sub(Date,Date)": "toDecimal128(toInt64(toInt32(toDate32({a})) - toInt32(toDate32({b}))) * 86400, 6)",
        "add|sub(Duration,Duration)": _duration("({a} {sign} {b})"),
        "mul(Duration,Number)": _product("{a}", "{b}"),
        "mul(Number,Duration)": _product("{b}", "{a}"),
        "div(Duration,Number)": _scaled("toDecimal256({a}, 26) / nullIf({exact}, 0)", "{b}", _BY_HUGE),
        "negate(Duration)": _duration("(-{a})"),
        "totalseconds(Duration)": "({a} * toDecimal256(1, 0))",
        **{f"{part}(TimeOfDay)": f"toInt32OrNull(substring({{a}}, {n}, 2))" for part, n in CLOCK.items()},
        "fractionalseconds(DateTimeOffset)": (
            f"(toDecimal256(positiveModulo({_micros('{a}')}, 1000000), 6) / 1000000)"
        ),
        "fractionalseconds(TimeOfDay)": "toDecimal256OrNull(concat('0', substring({a}, 9)), 6)",
        "date(DateTimeOffset) cast(DateTimeOffset,Date)": f"toDate32({_UTC})",
        "time(DateTimeOffset) cast(DateTimeOffset,TimeOfDay)": (
            "formatDateTime(toDateTime64({a}, 6, 'UTC'), '%H:%i:%S.%f')"
        ),
        "totaloffsetminutes(DateTimeOffset)": "(0 * toYear({a}))",
        "has(Enum,Enum)": "bitAnd({a}, {b}) = {b}",
        "cast(Integer,Decimal)": "toDecimal256({a}, 0)",
        "cast(Integer,String) cast(Date,String)": "toString({a})",
        "cast(Integer|Boolean,Double)": "toFloat64({a})",
        "cast(Decimal,Double)": "toFloat64OrNull(toString({a}))",
        "cast(Double,Single)": "toFloat64(toFloat32({a}))",
        "cast(Decimal,Integer)": _bounded("toInt256({a})"),
        "cast(Double,Integer)": _bounded("if(abs({a}) < 1e19, toInt128({a}), NULL)"),
        "cast(Boolean,Decimal)": "toDecimal256(toUInt8({a}), 0)",
        "cast(Date,DateTimeOffset)": "toDateTime64({a}, 6, 'UTC')",
        "cast(Guid,String)": "{a}",
        "cast(String,Date)": (
            f"if(match({{a}}, '^{spelling.DATE}$') AND {{a}} > '0001'"
            " AND toString(toDate32OrNull({a})) = {a}, toDate32OrNull({a}), NULL)"
        ),
        "cast(String,Integer)": (
            f"if(match({{a}}, '^{spelling.INTEGER}$'), {_bounded('toInt128OrNull({a})')}, NULL)"
        ),
    }
    wide_templates = {"div(Integer,Integer)": "intDivOrZero(toInt128({a}), nullIf({b}, 0))"}
    unsupported = {**Dialect.unsupported, "mod(Double,Double)": "no-exact-float-remainder"}

    def quote(self, name: str) -> str:
        return super().quote(name.replace("\\", "\\\\") if isinstance(name, str) else name)

    def json_path(self, keys: tuple[str, ...]) -> str:
        return ", ".join(map(self.quote_text, keys))

    def json_value(self, text: str, keys: tuple[str, ...], type: str) -> str:
        if keys or type in self.json.types:
            return super().json_value(text, keys, type)
        # A member of an array is its own JSON already.
        return f"if(JSONType({text}) = 'String', JSONExtractString({text}), nullIf({text}, 'null'))"

    def bind(self, value: Any, type: edm.Type) -> Any:
        return super().bind(_listed(value, type), type)

    def marker_type(self, value: Any, type: edm.Type) -> str:
        value = _listed(value, type)
        if isinstance(value, Decimal):
            return f"Decimal(76, {spelling.places(value)})"
        if isinstance(value, int) and not isinstance(value, bool):
            bits = (value if value >= 0 else ~value).bit_length()
            return "Int32" if bits < 32 else "Int64" if bits < 64 else "Int256"
        return _MARKER_TYPES.get(value.__class__, "String")

    def rejects(self, value: Any, type: edm.Type) -> Phrase | None:
        if isinstance(value, Decimal) and spelling.places(value) + max(value.adjusted() + 1, 0) > 60:
            return Phrase("decimal-digits", most=60)
        return None


_MARKER_TYPES = {
    type(None): "Nullable(Nothing)",
    bool: "Bool",
    float: "Float64",
    dt.timedelta: "Decimal(38, 6)",
    dt.datetime: "DateTime64(6, 'UTC')",
    dt.date: "Date32",
}


def _listed(value: Any, type: edm.Type) -> Any:
    """Convert a decimal in a list of integers to an integer, or to a number that no integer equals."""
    if not isinstance(value, Decimal) or type.name not in edm.INTEGERS:
        return value
    return int(value) if value == value.to_integral_value() and value.copy_abs() < 2**63 else 0.5
