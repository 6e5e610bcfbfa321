"""Operations in Python: an expression for each overload, of which closures and generated code are made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from ..operations import OPERATIONS
from . import functions

NAMES = vars(functions)
"""The names that the expressions use."""

_BY_NAME = {
    "add": "a + b",
    "sub": "a - b",
    "divby": "quotient(a, b)",
    "length": "len(a)",
    "day": "a.day",
    "month": "a.month",
    "year": "a.year",
    "hour": "a.hour",
    "minute": "a.minute",
    "second": "a.second",
    "fractionalseconds": "exact.divide(a.microsecond, 1000000)",
    "ceiling": "a",
    "floor": "a",
    "round": "a",
    "geo.intersects": "geo().intersects(a, b)",
}
"""The expressions of all overloads of an operation, or of those that `TEMPLATES` does not replace."""
TEMPLATES: Mapping[str, str] = {
    **{s.key: text for name, text in _BY_NAME.items() for s in OPERATIONS[name].signatures},
    "gt": "a > b",
    "ge": "a >= b",
    "lt": "a < b",
    "le": "a <= b",
    "has(Enum,Enum)": "not ~a & b",
    "add(DateTimeOffset,Duration)": "moved(a, b)",
    "add(Integer,Integer)": "bounded(a + b)",
    "add(Decimal,Decimal)": "computed(exact.add, a, b)",
    "sub(DateTimeOffset,Duration)": "moved(a, b, -1)",
    "sub(Integer,Integer)": "bounded(a - b)",
    "sub(Decimal,Decimal)": "computed(exact.subtract, a, b)",
    "mul(Integer,Integer)": "bounded(a * b)",
    "mul(Decimal,Decimal)": "computed(exact.multiply, a, b)",
    "mul(Double,Double)": "a * b",
    "mul(Duration,Number)": "scale(a, b)",
    "mul(Number,Duration)": "scale(b, a)",
    "div(Integer,Integer)": "truncated(a, b)",
    "div(Decimal,Decimal)": "quotient(a, b)",
    "div(Double,Double)": "divided(a, b)",
    "div(Duration,Number)": "scale(a, 1, b)",
    "divby(Double,Double)": "divided(a, b)",
    "mod(Integer,Integer)": "remainder(a, b)",
    "mod(Decimal,Decimal)": "decimal_remainder(a, b)",
    "mod(Double,Double)": "double_remainder(a, b)",
    "negate(Integer)": "bounded(-a)",
    "negate(Decimal)": "finite(exact.copy_negate(decimal.Decimal(a)))",
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
    "maxdatetime()": "MAX_DATE_TIME",
    "mindatetime()": "MIN_DATE_TIME",
    "now()": "now",
    "time(DateTimeOffset)": "a.time()",
    "totaloffsetminutes(DateTimeOffset)": "a.utcoffset() // MINUTE",
    "totalseconds(Duration)": "exact.divide(a // MICROSECOND, 1000000)",
    "ceiling(Decimal)": "finite(decimal.Decimal(a).to_integral_value(decimal.ROUND_CEILING))",
    "ceiling(Double)": "rounded_double(a, math.ceil)",
    "floor(Decimal)": "finite(decimal.Decimal(a).to_integral_value(decimal.ROUND_FLOOR))",
    "floor(Double)": "rounded_double(a, math.floor)",
    "round(Decimal)": "finite(decimal.Decimal(a).to_integral_value(decimal.ROUND_HALF_UP))",
    "round(Double)": "rounded_double(a, nearest)",
    "geo.distance(GeographyPoint,GeographyPoint)": "geo().distance(a, b, geography=True)",
    "geo.distance(GeometryPoint,GeometryPoint)": "geo().distance(a, b, geography=False)",
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
    if "Double" not in key and ",Duration" not in key:
        return plain

    def null_if_too_large(*values: Any) -> Any:
        try:
            return plain(*values)
        except OverflowError:  # an integer is too large for a Double, or a date is beyond the calendar
            return None

    return null_if_too_large
