"""Spellings that dialects share: each stands here once.

A template is SQL with the arguments of an operation as `{a}`, `{b}`, `{c}` (see base.py).
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Collection, Mapping
from decimal import MAX_PREC, Context, Decimal
from itertools import product
from typing import Any

from ... import edm
from ...operations import WHITE_SPACE
from ...problems import Phrase

Needle = tuple[str, Callable[[str], tuple[str, ...] | None]]
"""A template for a literal text to search for, and its values for `{b}` and `{c}`; None if unsuitable."""

Convert = Callable[[Any], Any]
"""A conversion of a value for the driver: `str` for a UUID."""

# ---- tables of templates -------------------------------------------------------------------------

_SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "divby": "/", "mod": "%"}


def spelled(*tables: Mapping[str, str]) -> dict[str, str]:
    """Join tables of templates, in whose keys `|` stands between alternatives and a space between keys.

    `{"add|sub(Double,Double)": "({a} {sign} {b})"}` spells two overloads. In their templates, `{name}` is
    the name of the operation, `{NAME}` that in capitals, `{sign}` its operator, and `{minus}` is `-` in
    `sub` and empty in `add`. The last table that has a key decides.
    """
    found = {}
    for keys, template in [item for table in tables for item in table.items()]:
        for key in keys.split(" "):
            for choice in product(*[part.split("|") for part in re.split(r"([(),])", key)]):
                name = choice[0]
                text = template.replace("{name}", name).replace("{NAME}", name.upper())
                text = text.replace("{minus}", "-" if name == "sub" else "")
                found["".join(choice)] = text.replace("{sign}", _SIGNS.get(name, ""))
    return found


def edm_types(parent: Mapping[str, str] | None = None, **types: str) -> dict[str, str]:
    """Name the types of SQL by those of OData: `edm_types(Integer="INT64", String="STRING")`.

    `Integer` stands for all integers, and `Float` for Edm.Single and Edm.Double.
    """
    families = {"Integer": edm.INTEGERS, "Float": ("Edm.Single", "Edm.Double")}
    found = dict(parent or {})
    for name, type in types.items():
        found |= dict.fromkeys(families.get(name, (f"Edm.{name}",)), type)
    return found


# ---- numbers -------------------------------------------------------------------------------------

NEAREST = (
    "CASE WHEN {a} < 0 THEN CASE WHEN {a} - CEIL({a}) <= -0.5 THEN CEIL({a}) - 1 ELSE CEIL({a}) END"
    " WHEN {a} - FLOOR({a}) >= 0.5 THEN FLOOR({a}) + 1 ELSE FLOOR({a}) END"
)
"""The nearest integer, halves away from zero, for engines whose ROUND is not exact."""


def fitting(number: str, condition: str = "") -> str:
    """An integer that is null out of the bounds of its type, or unless a text fulfils a condition."""
    given = f"{condition} AND " if condition else ""
    return between(given + number, ("{low}", "{high}"), number)


def within(value: str, low: str, high: str) -> str:
    """A value that is null from `low` down and from `high` up, each written once."""
    return f"NULLIF(NULLIF(LEAST(GREATEST({value}, {low}), {high}), {high}), {low})"


def decimal(value: str) -> str:
    """A decimal that is null with more than 26 digits before the point, where DECIMAL(38, 12) ends."""
    return within(value, f"-{'9' * 26}", "9" * 26)


def whole(cast: str) -> str:
    """Cast a number to an integer; null outside the bounds `{low}` and `{high}` of its type."""
    # As a Double, the bound below -2**63 is that number itself.
    above = "({a} > {low} - 1.0 OR {a} = {low})"
    return f"CASE WHEN {above} AND {{a}} < {{high}} + 1.0 THEN {cast} END"


EXACT = Context(prec=MAX_PREC, traps=[])
"""Arithmetic of decimals with all of their digits."""
TRUNCATED = "(({a} - {a} % NULLIF({b}, 0)) / NULLIF({b}, 0))"
"""The quotient of two integers as decimals, which would be rounded: the remainder is subtracted first."""


BEYOND_SINGLE = "3.4028235677973366e38"
"""The least number whose nearest Single is INF."""


def nearest_single(x: str, infinity: str) -> str:
    """The nearest Single to a Double, by arithmetic, for engines without a type of four bytes.

    The product of the number and 2**29 leaves room for 24 of its 53 bits, and below the normal range of
    Singles the other constant leaves room down to 2**-149.
    """
    large, small = f"{x} * 536870912e0", "9.466330862652142e-30"
    return (
        f"CASE WHEN ABS({x}) >= {BEYOND_SINGLE} THEN {x} * {infinity}"
        f" WHEN ABS({x}) < 1.1754943508222875e-38 AND {x} <> 0 THEN {x} + {small} - {small}"
        f" ELSE {large} - ({large} - {x}) END"
    )


def bounds_of_single(value: float) -> tuple[float, float]:
    """The least and the greatest Double whose nearest Single is this one."""
    if value < 0:
        low, high = bounds_of_single(-value)
        return -high, -low
    size = min(value, 2.0**128)
    fraction, exponent = math.frexp(size) if size else (0.0, -125)
    half = 2.0 ** max(exponent - 25, -150)
    below = half / 2 if fraction == 0.5 and exponent > -125 else half
    low, high = (
        bound if edm.single(bound) == value else math.nextafter(bound, value)
        for bound in (size - below, value + half)
    )
    return low, high


def places(value: Decimal) -> int:
    """The number of digits after the point."""
    return max(-int(value.as_tuple().exponent), 0)


def reject_decimals(value: Any, before: int, after: int) -> Phrase | None:
    """Return why an engine cannot take a value: it has more digits before the point or after it."""
    if not isinstance(value, Decimal):
        return None
    if value.copy_abs() < 10**before and -int(EXACT.normalize(value).as_tuple().exponent) <= after:
        return None
    return Phrase("decimal-digits-by-side", before=before, after=after)


# ---- texts ---------------------------------------------------------------------------------------

# The forms of texts that are values, as regular expressions in templates.
INTEGER = "[+-]?[0-9]{{1,38}}"
GUID = "[0-9a-fA-F]{{8}}(-[0-9a-fA-F]{{4}}){{3}}-[0-9a-fA-F]{{12}}"
TIME = r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{{1,6}}0*)?)?"
YEAR = "(000[1-9]|00[1-9][0-9]|0[1-9][0-9]{{2}}|[1-9][0-9]{{3}})"
DATE = "[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}"
OFFSET = "([Zz]|[+-][0-9]{{2}}:[0-9]{{2}})"


def white_space(form: str, joiner: str = "") -> str:
    r"""The characters that `trim` removes, each in a form that takes its number: `\\{:04X}` ->
    `\0009\000A...`."""
    return joiner.join(form.format(ord(char)) for char in WHITE_SPACE)


def substrings(function: str, length: str) -> dict[str, str]:
    """Spell `length`, and `substring` with a function that counts from 1: `substrings("SUBSTR", "LENGTH")`.

    A negative start counts from the end (URL Conventions 5.1.1.7.6), and no text has more than 2147483647
    characters.
    """
    first = f"CASE WHEN {{b}} < 0 THEN GREATEST({length}({{a}}) + {{b}}, 0) ELSE {{b}} END"
    start, count = f"LEAST({first}, 2147483646) + 1", "LEAST(GREATEST({c}, 0), 2147483647)"
    return {
        "length(String)": f"{length}({{a}})",
        "substring(String,Integer)": f"{function}({{a}}, {start})",
        "substring(String,Integer,Integer)": f"{function}({{a}}, {start}, {count})",
    }


def like(text: str, escape: str = "\\") -> str:
    r"""Escape a text for a LIKE pattern: `100%` -> `100\%`."""
    for char in (escape, "%", "_"):
        text = text.replace(char, escape + char)
    return text


def like_needles(escape: str = "") -> dict[str, Needle]:
    """Search for a literal text with LIKE, which an index serves; `escape` is the ESCAPE clause."""
    template = f"{{a}} LIKE {{b}}{escape}"
    return {
        "contains(String,String)": (template, lambda text: (f"%{like(text)}%",)),
        "startswith(String,String)": (template, lambda text: (f"{like(text)}%",)),
        "endswith(String,String)": (template, lambda text: (f"%{like(text)}",)),
    }


def unless_empty(text: str) -> tuple[str, ...] | None:
    """The value of a needle whose template does not suit the empty text."""
    return (text,) if text else None


# ---- dates and times -----------------------------------------------------------------------------

MICROSECOND = dt.timedelta(microseconds=1)
MICROSECONDS = (-62135596800000000, 253402300799999999)
"""The first and the last moment of the calendar, in microseconds since 1970."""
DAYS = (-719162, 2932896)
"""The first and the last day of the calendar, counted from 1970."""
DAYS_OF_YEAR_1 = (0, 3652058)
"""The same, counted from 0001-01-01."""
SECONDS = ("-86399999913600", "86399999999999.999999")
"""The shortest and the longest duration that Python has."""


CLOCK = {"hour": 1, "minute": 4, "second": 7}
"""The places of the parts in the text of a time of day."""


def dated(condition: str, date: str) -> str:
    """A date that is null unless a text fulfils a condition, or in the year 0."""
    return f"CASE WHEN {condition} AND {{a}} > '0001' THEN {date} END"


def between(value: str, bounds: tuple[Any, Any], found: str) -> str:
    """A result that is null where a value is out of bounds: a moment outside the calendar."""
    return f"CASE WHEN {value} BETWEEN {bounds[0]} AND {bounds[1]} THEN {found} END"


def lasting(seconds: str, type: str = "") -> str:
    """A duration in seconds that is null beyond the durations that Python has.

    type  precedes the bounds as texts where a number alone would be a float: `NUMERIC ` on BigQuery
    """
    quote = "'" if type else ""
    return within(
        seconds, *[f"{type}{quote}{bound}{quote}" for bound in ("-86399999913600.000001", "86400000000000")]
    )


def seconds(value: dt.timedelta) -> Decimal:
    """Convert a duration to its number of seconds, exactly."""
    return Decimal(value // MICROSECOND).scaleb(-6, EXACT)


def in_zone(value: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    """Convert a moment to the clock of a zone; to the calendar's first or last moment beyond it."""
    try:
        return value.astimezone(zone).replace(tzinfo=None)
    except OverflowError:
        return dt.datetime.min if value.year == 1 else dt.datetime.max


Write = Callable[[Any, dt.tzinfo], Any]
"""A conversion of a moment to the form of a column of clocks in a zone."""


def a_day_around(write: Write) -> Callable[[dt.datetime], tuple[Any, Any] | None]:
    """Bounds of a column of clocks, whatever zone they are in; None at the ends of the calendar."""

    def bounds(value: dt.datetime) -> tuple[Any, Any] | None:
        moment, day = value.astimezone(dt.UTC), dt.timedelta(days=1)
        try:
            return write(moment - day, dt.UTC), write(moment + day, dt.UTC)
        except OverflowError:
            return None

    return bounds


def utc_clock(local: str, back: str, before: str, after: str) -> str:
    """The clock in UTC of a clock `{a}` in the zone `{zone}`, as in Python with `fold=0`.

    Of two moments with this clock it is the first one, and a clock that is skipped has the offset before it.
    Only conversions from UTC are used: in the other direction, engines differ.

    local          the clock in the zone of a clock `{x}` in UTC
    back           the clock `{a}` moved back by the offset that the zone has at the clock `{x}` in UTC
    before, after  clocks a day before and after `{a}`
    """
    first, last = (back.replace("{x}", clock) for clock in (before, after))
    fits, misses = local.replace("{x}", first), local.replace("{x}", last)
    return f"CASE WHEN {fits} = {{a}} OR {misses} <> {{a}} THEN {first} ELSE {last} END"


def zoned(condition: str) -> str:
    """A text of a moment, with the query's time zone unless a condition holds: that it has an offset."""
    return f"CASE WHEN {condition} THEN {{a}} ELSE {{a}} || '{{zone}}' END"


def zoned_text(value: dt.datetime) -> dt.datetime | str:
    """Write a moment as ISO text, for drivers that would lose its offset; a clock without one stays."""
    return value if value.tzinfo is None else value.isoformat(timespec="microseconds")


# ---- JSON ----------------------------------------------------------------------------------------


def json_casts(
    types: Mapping[str, str],
    template: str = "CAST({x} AS {type})",
    without: Collection[str] = ("Edm.DateTimeOffset",),
) -> dict[str, str]:
    """Cast the text `{x}` of a JSON value to the types of a dialect, except texts."""
    text = types["Edm.String"]
    return {"": "{x}"} | {
        name: template.replace("{type}", type)
        for name, type in types.items()
        if not type.startswith(text) and name not in without
    }


def within_second(value: dt.time) -> tuple[str, str]:
    """The first text of a time in its second, and the first one after all, which go on with a point."""
    text = value.isoformat("seconds")
    return text, text + "/"


def escape_key(key: str) -> str:
    r"""Escape a key of JSON for the quotes of a path: `a"b` -> `a\"b`."""
    return key.replace("\\", "\\\\").replace('"', '\\"')
