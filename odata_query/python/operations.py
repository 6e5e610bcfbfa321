"""Operations in Python: an expression for each overload, of which closures and generated code are made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from . import functions

NAMES = vars(functions)
"""The names that the expressions use."""

TEMPLATES: Mapping[str, str] = {
    "gt": "a > b",
    "ge": "a >= b",
    "lt": "a < b",
    "le": "a <= b",
    "has(Enum,Enum)": "has_flags(a, b)",
    "add(Integer,Integer)": "bounded(a + b)",
    "add(Decimal,Decimal)": "finite(exact.add(a, b))",
    "add(Double,Double)": "a + b",
    "add(DateTimeOffset,Duration)": "shift(a, b)",
    "add(Date,Duration)": "shift(a, b)",
    "add(Duration,Duration)": "shift(a, b)",
    "sub(Integer,Integer)": "bounded(a - b)",
    "sub(Decimal,Decimal)": "finite(exact.subtract(a, b))",
    "sub(Double,Double)": "a - b",
    "sub(DateTimeOffset,Duration)": "shift_back(a, b)",
    "sub(Date,Duration)": "shift_back(a, b)",
    "sub(Duration,Duration)": "shift_back(a, b)",
    "sub(DateTimeOffset,DateTimeOffset)": "a - b",
    "sub(Date,Date)": "a - b",
    "mul(Integer,Integer)": "bounded(a * b)",
    "mul(Decimal,Decimal)": "finite(exact.multiply(a, b))",
    "mul(Double,Double)": "a * b",
    "mul(Duration,Number)": "scale(a, b)",
    "mul(Number,Duration)": "scale(b, a)",
    "div(Integer,Integer)": "truncated(a, b)",
    "div(Decimal,Decimal)": "quotient(a, b)",
    "div(Double,Double)": "divided(a, b)",
    "div(Duration,Number)": "shrink(a, b)",
    "divby(Integer,Integer)": "quotient(a, b)",
    "divby(Decimal,Decimal)": "quotient(a, b)",
    "divby(Double,Double)": "divided(a, b)",
    "mod(Integer,Integer)": "remainder(a, b)",
    "mod(Decimal,Decimal)": "decimal_remainder(a, b)",
    "mod(Double,Double)": "double_remainder(a, b)",
    "negate(Integer)": "bounded(-a)",
    "negate(Decimal)": "finite(exact.minus(a))",
    "negate(Double)": "-a",
    "negate(Duration)": "scale(a, -1)",
    "concat(String,String)": "a + b",
    "concat(Collection,Collection)": "[*a, *b]",
    "contains(String,String)": "b in a",
    "contains(Collection,Collection)": "run_at(a, b) >= 0",
    "endswith(String,String)": "a.endswith(b)",
    "endswith(Collection,Collection)": "ends_with_run(a, b)",
    "indexof(String,String)": "a.find(b)",
    "indexof(Collection,Collection)": "run_at(a, b)",
    "length(String)": "len(a)",
    "length(Collection)": "len(a)",
    "startswith(String,String)": "a.startswith(b)",
    "startswith(Collection,Collection)": "starts_with_run(a, b)",
    "substring(String,Integer)": "a[b:]",
    "substring(String,Integer,Integer)": "part(a, b, c)",
    "substring(Collection,Integer)": "list(a)[b:]",
    "substring(Collection,Integer,Integer)": "part(list(a), b, c)",
    "hassubset(Collection,Collection)": "has_subset(a, b)",
    "hassubsequence(Collection,Collection)": "has_subsequence(a, b)",
    "matchespattern(String,String)": "matches(a, b)",
    "tolower(String)": "a.lower()",
    "toupper(String)": "a.upper()",
    "trim(String)": "a.strip(WHITE_SPACE)",
    "date(DateTimeOffset)": "a.date()",
    "day(Date)": "a.day",
    "day(DateTimeOffset)": "a.day",
    "fractionalseconds(DateTimeOffset)": "exact.divide(a.microsecond, 1000000)",
    "fractionalseconds(TimeOfDay)": "exact.divide(a.microsecond, 1000000)",
    "hour(DateTimeOffset)": "a.hour",
    "hour(TimeOfDay)": "a.hour",
    "maxdatetime()": "MAX_DATE_TIME",
    "mindatetime()": "MIN_DATE_TIME",
    "minute(DateTimeOffset)": "a.minute",
    "minute(TimeOfDay)": "a.minute",
    "month(Date)": "a.month",
    "month(DateTimeOffset)": "a.month",
    "now()": "now",
    "second(DateTimeOffset)": "a.second",
    "second(TimeOfDay)": "a.second",
    "time(DateTimeOffset)": "a.time()",
    "totaloffsetminutes(DateTimeOffset)": "a.utcoffset() // MINUTE",
    "totalseconds(Duration)": "exact.divide(a // MICROSECOND, 1000000)",
    "year(Date)": "a.year",
    "year(DateTimeOffset)": "a.year",
    "ceiling(Integer)": "a",
    "ceiling(Decimal)": "rounded_decimal(a, decimal.ROUND_CEILING)",
    "ceiling(Double)": "rounded_double(a, math.ceil)",
    "floor(Integer)": "a",
    "floor(Decimal)": "rounded_decimal(a, decimal.ROUND_FLOOR)",
    "floor(Double)": "rounded_double(a, math.floor)",
    "round(Integer)": "a",
    "round(Decimal)": "rounded_decimal(a, decimal.ROUND_HALF_UP)",
    "round(Double)": "rounded_double(a, nearest)",
    "geo.distance(GeographyPoint,GeographyPoint)": "geo().distance(a, b, geography=True)",
    "geo.distance(GeometryPoint,GeometryPoint)": "geo().distance(a, b, geography=False)",
    "geo.intersects(GeographyPoint,GeographyPolygon)": "geo().intersects(a, b)",
    "geo.intersects(GeometryPoint,GeometryPolygon)": "geo().intersects(a, b)",
    "geo.length(GeographyLineString)": "geo().length(a, geography=True)",
    "geo.length(GeometryLineString)": "geo().length(a, geography=False)",
}
"""The expressions by overload, over its arguments a, b and c, none of them null and each used once."""


@cache
def function(key: str) -> Callable[..., Any]:
    """Make a function of an overload: `add(Integer,Integer)` -> `lambda a, b: bounded(a + b)`."""
    arity = 0 if key.endswith("()") else key.count(",") + 1 if "(" in key else 2
    source = f"lambda {', '.join('abc'[:arity])}: {TEMPLATES[key]}"
    plain: Callable[..., Any] = eval(source, NAMES)  # noqa: S307  # the table's own text
    if "Double" not in key:
        return plain

    def floating(*numbers: Any) -> Any:
        try:
            return plain(*numbers)
        except OverflowError:  # an integer among them is too large for a Double
            return None

    return floating
