"""The one table of operations: every operator and function of OData 4.01, once.

The parser, the checker, the printer, every backend, the tests and the reference read it. A new function is
a row here and a template in each backend.

A signature is written `String, Integer -> String`. A parameter is a type without `Edm.`, or a kind:
`Integer`, `Decimal` and `Double` are numbers that are promoted together to that kind (Double includes
Single), `Number` is any number, `Enum` any enumeration, `Collection` any collection. As a result,
`Integer` is the promoted type, and `First` is the type of the first argument; `?`
marks a result that can be null though no argument is, and `@12` a cost of its own. Operations without signatures have rules of their
own in the checker, because their arguments can be lambdas, lists, types or pairs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from itertools import repeat
from typing import Literal, NamedTuple

from . import edm
from .limits import Limits

WHITE_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""The characters that `trim` removes: those with Unicode's property White_Space."""


class Signature(NamedTuple):
    """One overload: `contains(String,String)`, which is also the key of its spelling in a backend."""

    key: str
    parameters: tuple[str, ...]
    result: str
    may_be_null: bool
    """True if the result can be null though no argument is: `7 div n` where n is 0."""
    cost: int
    """The cost, where it is not that of the operation: `-> Date? @12`."""


class Operation(NamedTuple):
    """An operator or a function.

    notation    how it is written: `a eq b`, `not a`, `length(a)`, `tags/any(t: ...)`
    precedence  how tightly an operator binds, from 1; 9 for everything that is not an operator
    nulls       `propagate`: null in, null out; `never`: the result is never null;
                `logic`: three-valued logic; `own`: as doc says
    section     in OData 4.01 Part 2: URL Conventions
    cost        the time of it, a comparison being 1, for arguments of the size that check/cost.py names
    doc         a sentence for the reference
    examples    filters that are true, run on every backend
    """

    name: str
    notation: Literal["infix", "prefix", "function", "segment"]
    precedence: int
    nulls: Literal["propagate", "never", "logic", "own"]
    section: str
    doc: str
    signatures: tuple[Signature, ...]
    examples: tuple[str, ...]
    cost: int = 1

    @property
    def is_operator(self) -> bool:
        """True for `eq` and `not`; False for functions and segments, which are written by name."""
        return self.notation in ("infix", "prefix")

    def is_allowed(self, limits: Limits) -> bool:
        """True if the limits allow the operation: the `operators` of them, or the `functions`."""
        allowed = limits.operators if self.is_operator else limits.functions
        return allowed is None or self.name in allowed


def _operation(
    name: str,
    notation: Literal["infix", "prefix", "function", "segment"],
    nulls: Literal["propagate", "never", "logic", "own"],
    section: str,
    doc: str,
    signatures: str,
    *examples: str,
    precedence: int = 9,
    cost: int = 1,
) -> Operation:
    found = []
    for left, result, mark, own in re.findall(r"([\w, ]*)-> (\w+)(\??)(?: @(\d+))?", signatures):
        parameters = tuple(re.findall(r"\w+", left))
        found.append(
            Signature(f"{name}({','.join(parameters)})", parameters, result, mark == "?", int(own or cost))
        )
    return Operation(name, notation, precedence, nulls, section, doc, tuple(found), examples, cost)


_ARITHMETIC = "Integer, Integer -> Integer?; Decimal, Decimal -> Decimal? @15; Double, Double -> Double"
_DIVISION = "Integer, Integer -> Integer?; Decimal, Decimal -> Decimal? @20; Double, Double -> Double"
_TWO_STRINGS = "String, String -> Boolean; Collection, Collection -> Boolean"
_ROUNDING = "Integer -> Decimal; Decimal -> Decimal; Double -> Double"

_TABLE = (
    # ---- logical operators
    _operation("or", "infix", "logic", "5.1.1.1.8", "True if an operand is true, even if another is null.",
               "Boolean, Boolean -> Boolean",
               "true or null", "false or true", "(false or null) eq null", precedence=1),
    _operation("and", "infix", "logic", "5.1.1.1.7", "False if an operand is false, even if another is null.",
               "Boolean, Boolean -> Boolean",
               "true and true", "(false and null) eq false", "(true and null) eq null", precedence=2),
    _operation("eq", "infix", "never", "5.1.1.1.1", "True if both are equal; null equals only null.", "",
               "null eq null", "1 eq 1.0", "(1 eq null) eq false", "[1,2] eq [1,2]", precedence=3),
    _operation("ne", "infix", "never", "5.1.1.1.2", "The opposite of eq.", "",
               "1 ne 2", "null ne 1", "(null ne null) eq false", precedence=3),
    _operation("gt", "infix", "never", "5.1.1.1.3", "False if an operand is null.", "",
               "2 gt 1", "'b' gt 'B'", "true gt false", "not (null gt 1)", precedence=4),
    _operation("ge", "infix", "never", "5.1.1.1.4", "False if an operand is null.", "",
               "2 ge 2", "2024-02-01 ge 2024-01-31", "not (null ge null)", precedence=4),
    _operation("lt", "infix", "never", "5.1.1.1.5", "False if an operand is null.", "",
               "1 lt 1.5", "'Z' lt 'a'", "not (1 lt null)", precedence=4),
    _operation("le", "infix", "never", "5.1.1.1.6", "False if an operand is null.", "",
               "1 le 1", "10:20 le 10:20:00.5", "not (null le null)", precedence=4),
    _operation("not", "prefix", "logic", "5.1.1.1.9", "The opposite; null for null.", "Boolean -> Boolean",
               "not false", "(not null) eq null", precedence=7),
    _operation("has", "infix", "propagate", "5.1.1.1.10", "True if all flags of the right operand are set in the left one.",
               "Enum, Enum -> Boolean", precedence=8),
    _operation("in", "infix", "never", "5.1.1.1.11", "True if the left operand equals an item of the right one.", "",
               "1 in (1, 2)", "null in (1, null)", "not (1 in ())", "'a' in ['b', 'a']", precedence=8),
    # ---- arithmetic operators
    _operation("add", "infix", "propagate", "5.1.1.2.1", "The sum.",
               _ARITHMETIC + "; DateTimeOffset, Duration -> DateTimeOffset? @28; Date, Duration -> Date? @10;"
               " Duration, Duration -> Duration? @10",
               "1 add 2 eq 3", "0.1 add 0.2 eq 0.3", "(1 add null) eq null",
               "2024-01-31T12:00:00Z add duration'P1D' eq 2024-02-01T12:00:00Z",
               "2024-02-28 add duration'P1D' eq 2024-02-29", "duration'PT1H' add duration'PT30M' eq duration'PT90M'", precedence=5, cost=8),
    _operation("sub", "infix", "propagate", "5.1.1.2.2", "The difference.",
               _ARITHMETIC + "; DateTimeOffset, Duration -> DateTimeOffset? @28; Date, Duration -> Date? @10;"
               " Duration, Duration -> Duration? @10; DateTimeOffset, DateTimeOffset -> Duration @16; Date, Date -> Duration @10",
               "1 sub 2 eq -1", "2 sub (1 sub 1) eq 2", "2024-03-01 sub 2024-02-01 eq duration'P29D'",
               "2024-01-01T01:00:00Z sub 2024-01-01T00:00:00Z eq duration'PT1H'",
               "2024-03-01 sub duration'P1D' eq 2024-02-29",
               "2024-03-01T00:00:00Z sub duration'PT1S' eq 2024-02-29T23:59:59Z",
               "duration'PT1H' sub duration'PT30M' eq duration'PT30M'", precedence=5, cost=8),
    _operation("mul", "infix", "propagate", "5.1.1.2.4", "The product.",
               _ARITHMETIC + "; Duration, Number -> Duration? @25; Number, Duration -> Duration? @25",
               "2 mul 3 eq 6", "1.5 mul 2 eq 3", "(1 add 2) mul 2 eq 6", "duration'PT1H' mul 2 eq duration'PT2H'",
               "0.5 mul duration'PT1H' eq duration'PT30M'", precedence=6, cost=12),
    _operation("div", "infix", "propagate", "5.1.1.2.5",
               "The quotient: of integers, truncated toward zero; of decimals, to 12 places. Division by zero gives null, of doubles INF or NaN.",
               _DIVISION + "; Duration, Number -> Duration? @25",
               "7 div 2 eq 3", "-7 div 2 eq -3", "7.0 div 2 eq 3.5", "1e0 div 0 eq INF",
               "duration'PT1H' div 2 eq duration'PT30M'", precedence=6, cost=12),
    _operation("divby", "infix", "propagate", "5.1.1.2.5",
               "The quotient with its fraction, also of integers, to 12 decimal places. Division by zero gives null, of doubles INF or NaN.",
               "Integer, Integer -> Decimal?; Decimal, Decimal -> Decimal?; Double, Double -> Double @9",
               "7 divby 2 eq 3.5", "-1e0 divby 0 eq -INF", precedence=6, cost=30),
    _operation("mod", "infix", "propagate", "5.1.1.2.6",
               "The remainder, with the sign of the left operand. Division by zero gives null, of doubles NaN.",
               _DIVISION, "7 mod 3 eq 1", "-7 mod 3 eq -1", "7 mod -3 eq 1", "5.5 mod 2 eq 1.5", "-7.5e0 mod 2 eq -1.5", precedence=6, cost=12),
    _operation("negate", "prefix", "propagate", "5.1.1.2.3", "The number or duration with the opposite sign.",
               "Integer -> Integer?; Decimal -> Decimal @10; Double -> Double; Duration -> Duration? @25",
               "-(1 add 2) eq -3", "-(-1.5) eq 1.5", "-duration'PT1H' eq duration'-PT1H'", precedence=7, cost=4),
    # ---- string and collection functions
    _operation("concat", "function", "propagate", "5.1.1.5.1", "The first followed by the second.",
               "String, String -> String; Collection, Collection -> First",
               "concat('a','b') eq 'ab'", "concat('a',null) eq null", "concat([1],[2,3]) eq [1,2,3]", cost=3),
    _operation("contains", "function", "propagate", "5.1.1.5.2",
               "True if the second is part of the first: exactly, without wildcards.", _TWO_STRINGS,
               "contains('100%','0%')", "not contains('abc','B')", "contains(null,'a') eq null",
               "contains([1,2,3],[2,3])", "not contains([1,2,3],[1,3])"),
    _operation("endswith", "function", "propagate", "5.1.1.5.3", "True if the first ends with the second.", _TWO_STRINGS,
               "endswith('abc','bc')", "endswith('abc','')", "endswith([1,2,3],[2,3])", cost=2),
    _operation("indexof", "function", "propagate", "5.1.1.5.4",
               "The position of the second in the first, in characters from 0; -1 if it is not there.",
               "String, String -> Int32; Collection, Collection -> Int32",
               "indexof('abc','c') eq 2", "indexof('abc','x') eq -1", "indexof('a\U0001f600b','b') eq 2",
               "indexof([1,2,3],[2,3]) eq 1", cost=3),
    _operation("length", "function", "propagate", "5.1.1.5.5", "The number of characters, or of items.",
               "String -> Int32; Collection -> Int32",
               "length('abc') eq 3", "length('\U0001f600') eq 1", "length(['a','b']) eq 2"),
    _operation("startswith", "function", "propagate", "5.1.1.5.6", "True if the first starts with the second.", _TWO_STRINGS,
               "startswith('abc','ab')", "not startswith('abc','A')", "startswith([1,2,3],[1,2])", cost=2),
    _operation("substring", "function", "propagate", "5.1.1.5.7",
               "The part from a position, counted from 0, with an optional length. A negative position counts from the end.",
               "String, Integer -> String; String, Integer, Integer -> String @24;"
               " Collection, Integer -> First; Collection, Integer, Integer -> First",
               "substring('abc',1) eq 'bc'", "substring('abc',1,1) eq 'b'", "substring('abc',9) eq ''",
               "substring('abc',-2,1) eq 'b'", "substring('abc',1,99) eq 'bc'",
               "substring([1,2,3],1) eq [2,3]", "substring([1,2,3],0,2) eq [1,2]", cost=5),
    _operation("hassubset", "function", "propagate", "5.1.1.6.1",
               "True if the first contains every item of the second, at least as often.",
               "Collection, Collection -> Boolean",
               "hassubset([4,1,3],[3,1])", "not hassubset([1],[1,1])"),
    _operation("hassubsequence", "function", "propagate", "5.1.1.6.2",
               "True if removing items from the first can give the second.",
               "Collection, Collection -> Boolean",
               "hassubsequence([4,1,3],[4,3])", "not hassubsequence([4,1,3],[3,4])"),
    _operation("matchespattern", "function", "propagate", "5.1.1.7.1",
               "True if an ECMAScript regular expression matches part of the string; null if it is malformed.",
               "String, String -> Boolean?",
               "matchespattern('abc','^a.*c$')", "not matchesPattern('abc','B')", cost=50),
    _operation("tolower", "function", "propagate", "5.1.1.7.2", "The string in lower case, by Unicode.",
               "String -> String", "tolower('ABC\u00c4') eq 'abc\u00e4'", cost=4),
    _operation("toupper", "function", "propagate", "5.1.1.7.3", "The string in upper case, by Unicode.",
               "String -> String", "toupper('abc\u00e4') eq 'ABC\u00c4'", cost=4),
    _operation("trim", "function", "propagate", "5.1.1.7.4", "The string without Unicode white space at its ends.",
               "String -> String", "trim(' a b ') eq 'a b'", "trim('\u2003a') eq 'a'", cost=2),
    # ---- date and time functions
    _operation("date", "function", "propagate", "5.1.1.8.1", "The date of a moment, in its own offset.",
               "DateTimeOffset -> Date", "date(2024-01-31T23:00:00-05:00) eq 2024-01-31", cost=6),
    _operation("day", "function", "propagate", "5.1.1.8.2", "The day of the month, from 1.",
               "Date -> Int32; DateTimeOffset -> Int32", "day(2024-01-31) eq 31", "day(2024-01-31T10:00:00Z) eq 31", cost=6),
    _operation("fractionalseconds", "function", "propagate", "5.1.1.8.3", "The fraction of the second, from 0 up to 1.",
               "DateTimeOffset -> Decimal; TimeOfDay -> Decimal",
               "fractionalseconds(2024-01-01T00:00:00.25Z) eq 0.25", "fractionalseconds(10:20:30.5) eq 0.5", cost=10),
    _operation("hour", "function", "propagate", "5.1.1.8.4", "The hour, 0 to 23.",
               "DateTimeOffset -> Int32; TimeOfDay -> Int32", "hour(2024-01-01T10:20:30Z) eq 10", "hour(10:20) eq 10", cost=6),
    _operation("maxdatetime", "function", "never", "5.1.1.8.5", "The latest moment.",
               "-> DateTimeOffset", "maxdatetime() gt 9999-01-01T00:00:00Z"),
    _operation("mindatetime", "function", "never", "5.1.1.8.6", "The earliest moment.",
               "-> DateTimeOffset", "mindatetime() lt 0001-01-02T00:00:00Z"),
    _operation("minute", "function", "propagate", "5.1.1.8.7", "The minute, 0 to 59.",
               "DateTimeOffset -> Int32; TimeOfDay -> Int32", "minute(2024-01-01T10:20:30Z) eq 20", "minute(10:20) eq 20", cost=6),
    _operation("month", "function", "propagate", "5.1.1.8.8", "The month, 1 to 12.",
               "Date -> Int32; DateTimeOffset -> Int32", "month(2024-02-01) eq 2", "month(2024-02-01T00:00:00Z) eq 2", cost=6),
    _operation("now", "function", "never", "5.1.1.8.9", "The moment at which the query is evaluated, the same for all rows.",
               "-> DateTimeOffset", "now() eq now()", "now() gt 2024-01-01T00:00:00Z"),
    _operation("second", "function", "propagate", "5.1.1.8.10", "The second, 0 to 59, without its fraction.",
               "DateTimeOffset -> Int32; TimeOfDay -> Int32",
               "second(2024-01-01T10:20:30.5Z) eq 30", "second(10:20:30) eq 30", cost=6),
    _operation("time", "function", "propagate", "5.1.1.8.11", "The time of day of a moment, in its own offset.",
               "DateTimeOffset -> TimeOfDay", "time(2024-01-01T10:20:30Z) eq 10:20:30", cost=7),
    _operation("totaloffsetminutes", "function", "propagate", "5.1.1.8.12", "The offset of a moment from UTC, in minutes.",
               "DateTimeOffset -> Int32", "totaloffsetminutes(2024-01-01T00:00:00+01:30) eq 90", cost=7),
    _operation("totalseconds", "function", "propagate", "5.1.1.8.13", "The length of a duration in seconds.",
               "Duration -> Decimal", "totalseconds(duration'PT1M0.5S') eq 60.5", cost=10),
    _operation("year", "function", "propagate", "5.1.1.8.14", "The year.",
               "Date -> Int32; DateTimeOffset -> Int32", "year(2024-01-01) eq 2024", "year(2024-01-01T00:00:00Z) eq 2024", cost=6),
    # ---- arithmetic functions
    _operation("ceiling", "function", "propagate", "5.1.1.9.1", "The smallest integer that is not less.", _ROUNDING,
               "ceiling(2.1) eq 3", "ceiling(-2.5) eq -2", "ceiling(2) eq 2", "ceiling(2.1e0) eq 3", cost=12),
    _operation("floor", "function", "propagate", "5.1.1.9.2", "The largest integer that is not greater.", _ROUNDING,
               "floor(2.9) eq 2", "floor(-2.5) eq -3", "floor(2) eq 2", "floor(INF) eq INF", cost=12),
    _operation("round", "function", "propagate", "5.1.1.9.3", "The nearest integer; halves are rounded away from zero.", _ROUNDING,
               "round(2.5) eq 3", "round(-2.5) eq -3", "round(-2.7e0) eq -3", "round(2) eq 2", cost=12),
    # ---- type functions
    _operation("cast", "function", "own", "5.1.1.10.1", "The value converted to another type; null if that is impossible.", "",
               "cast(1, Edm.String) eq '1'", "cast('x', Edm.Int32) eq null", "cast('7', Edm.Int32) eq 7", cost=30),
    _operation("isof", "function", "never", "5.1.1.10.2", "True if the value has the type; null has none.", "",
               "isof(1, Edm.Int32)", "not isof('a', Edm.Int32)", "not isof(null, Edm.String)"),
    # ---- geo functions
    _operation("geo.distance", "function", "propagate", "5.1.1.11.1",
               "The distance between two points: in metres on a sphere for geography, in the plane for geometry.",
               "GeographyPoint, GeographyPoint -> Double; GeometryPoint, GeometryPoint -> Double",
               "geo.distance(geometry'SRID=0;Point(0 0)',geometry'SRID=0;Point(3 4)') eq 5",
               "geo.distance(geography'SRID=4326;Point(0 0)',geography'SRID=4326;Point(0 1)') gt 111000", cost=70),
    _operation("geo.intersects", "function", "propagate", "5.1.1.11.2", "True if a point is inside a polygon or on its border.",
               "GeographyPoint, GeographyPolygon -> Boolean; GeometryPoint, GeometryPolygon -> Boolean",
               "geo.intersects(geometry'SRID=0;Point(1 1)',geometry'SRID=0;Polygon((0 0,2 0,2 2,0 2,0 0))')",
               "geo.intersects(geography'SRID=4326;Point(1 1)',geography'SRID=4326;Polygon((0 0,2 0,2 2,0 2,0 0))')", cost=30),
    _operation("geo.length", "function", "propagate", "5.1.1.11.3", "The length of a line, in the units of geo.distance.",
               "GeographyLineString -> Double; GeometryLineString -> Double",
               "geo.length(geometry'SRID=0;LineString(0 0,3 4)') eq 5",
               "geo.length(geography'SRID=4326;LineString(0 0,0 1)') gt 111000", cost=30),
    # ---- conditional
    _operation("case", "function", "own", "5.1.1.12.1",
               "The value of the first pair whose condition is true; null if no condition is.", "",
               "case(1 eq 2:'a',true:'b') eq 'b'", "case(false:1) eq null"),
    # ---- what follows a path to a collection
    _operation("any", "segment", "never", "5.1.1.13.1",
               "True if the expression is true for an item; any() is true if there is an item.", ""),
    _operation("all", "segment", "never", "5.1.1.13.2", "True if the expression is true for every item.", ""),
    _operation("$count", "segment", "never", "4.8", "The number of items.", ""),
    _operation("$filter", "segment", "never", "4.12", "The items for which the expression is true.", ""),
)  # fmt: skip

OPERATIONS: Mapping[str, Operation] = {operation.name: operation for operation in _TABLE}
"""All operations by name."""

FUNCTIONS: Mapping[str, str] = {
    name: name for name, op in OPERATIONS.items() if op.notation == "function"
} | {"any": "any", "all": "all"}
"""Functions by their names in lower case: case does not matter."""

KNOWN_ELSEWHERE: Mapping[str, str] = {
    "len": "length", "strlen": "length", "char_length": "length", "size": "length",
    "lower": "tolower", "lcase": "tolower", "tolowercase": "tolower", "downcase": "tolower",
    "upper": "toupper", "ucase": "toupper", "touppercase": "toupper", "upcase": "toupper",
    "includes": "contains", "has": "contains", "charindex": "indexof", "instr": "indexof",
    "strpos": "indexof", "position": "indexof", "substr": "substring", "mid": "substring",
    "slice": "substring", "strip": "trim", "ceil": "ceiling", "regex": "matchespattern",
    "regexp": "matchespattern", "regexp_like": "matchespattern", "match": "matchespattern",
    **dict.fromkeys(("getdate", "sysdate", "today", "utcnow"), "now"),
    **dict.fromkeys(("current_timestamp", "current_date", "current_time"), "now"),
    "iif": "case", "if": "case", "convert": "cast", "some": "any", "exists": "any", "every": "all",
}  # fmt: skip
"""Names of functions in SQL, JavaScript and other languages, and the function of OData for each."""

SEGMENTS: frozenset[str] = frozenset(n for n, op in OPERATIONS.items() if op.notation == "segment")
"""Operations that follow a path: `tags/any(...)`."""


# ---- lookup in the table -----------------------------------------------------------------------

UNKNOWN = edm.PrimitiveType("unknown")
"""The type of an expression with a reported problem: it fits everywhere, so no further problem follows."""

_LARGEST = {"Integer": edm.INT64.name, "Decimal": edm.DECIMAL.name, "Double": edm.DOUBLE.name}


def number_kind(name: str) -> str:
    """Return the kind of a numeric type: `Integer`, `Decimal` or `Double`."""
    if name in edm.INTEGERS:
        return "Integer"
    return "Decimal" if name == edm.DECIMAL.name else "Double"


def promoted(names: tuple[str, ...]) -> str | None:
    """Return the numeric type that the numbers among these types are promoted to (5.1.1.14), or None."""
    numbers = [name for name in names if name in edm.NUMBERS]
    return max(numbers, key=edm.NUMBERS.__getitem__) if numbers else None


@lru_cache(maxsize=4096)
def overload(function: str, names: tuple[str, ...]) -> tuple[Signature, str] | None:
    """Return the signature that takes arguments of these types, and the name of its result's type.

    `overload("add", ("Edm.Date", "Edm.Duration"))` gives `add(Date,Duration)` and `Edm.Date`. The name
    `Enum` stands for any enumeration, the result `First` for the type of the first argument.
    """
    top = promoted(names)
    for signature in OPERATIONS[function].signatures:
        parameters, result = signature.parameters, signature.result
        if len(parameters) == len(names) and all(map(_takes, parameters, names, repeat(top))):
            if result in _LARGEST:
                # The sum of two Singles is a Double; Doubles are the kind that has two types.
                is_kept = top is not None and number_kind(top) == result != "Double"
                return signature, str(top) if is_kept else _LARGEST[result]
            return signature, result if result == "First" else f"Edm.{result}"
    return None


def _takes(parameter: str, name: str, top: str | None) -> bool:
    """Return True if a parameter takes an argument of a type, among numbers that are promoted to `top`."""
    if name in (edm.NULL.name, UNKNOWN.name):
        return True
    if name in edm.NUMBERS:
        return parameter == "Number" or (top is not None and parameter == number_kind(top))
    if name.startswith("Collection("):
        return parameter == "Collection"
    return name in (f"Edm.{parameter}", parameter)
