"""The functions and constants that the expressions in `operations.TEMPLATES` use, and casts.

Arguments are never null where an expression uses them. A result that OData cannot hold is null: a quotient by
zero, a sum that is too large, a date beyond the calendar.
"""

from __future__ import annotations

import datetime as dt
import decimal
import math
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from .. import edm, operations
from ..language import literals
from ..problems import ConfigurationError

WHITE_SPACE = operations.WHITE_SPACE
MAX_DATE_TIME = dt.datetime.max.replace(tzinfo=dt.UTC)
MIN_DATE_TIME = dt.datetime.min.replace(tzinfo=dt.UTC)
MICROSECOND = dt.timedelta(microseconds=1)
MINUTE = dt.timedelta(minutes=1)

DIGITS = 38
"""The digits of a decimal, before and after the point together."""
exact = decimal.Context(prec=DIGITS, traps=[decimal.Inexact])
"""The context of decimals; that of the application may round, or raise for what is null here."""
_WIDE = decimal.Context(prec=1_000, traps=[])
_DIVISION = decimal.Context(prec=DIGITS + 22, traps=[])
_QUOTIENT = decimal.Decimal("1E-12")


def geo() -> Any:
    """Import the functions of geography, which few queries need."""
    from . import geo as module

    return module


# ---- logic ---------------------------------------------------------------------------------------


KLEENE: Mapping[str, Callable[..., bool | None]] = {
    "and": lambda *values: False if False in values else None if None in values else True,
    "or": lambda *values: True if True in values else None if None in values else False,
    "not": lambda value: None if value is None else not value,
}
"""The operators of three-valued logic."""


# ---- numbers -------------------------------------------------------------------------------------


def bounded(number: int) -> int | None:
    """Return an integer that is an Edm.Int64, else null."""
    return number if -0x8000000000000000 <= number <= 0x7FFFFFFFFFFFFFFF else None


def finite(number: decimal.Decimal) -> decimal.Decimal | None:
    """Return a decimal without the sign of zero; null for one that is too large."""
    if not number:
        return abs(number)
    return number if number.is_finite() and number.adjusted() < DIGITS else None


def computed(operate: Callable[..., decimal.Decimal], *operands: Any) -> decimal.Decimal | None:
    """Return the result of an operation on decimals; null if it needs more digits than a decimal has."""
    try:
        return finite(operate(*operands))
    except decimal.Inexact:
        return None


def truncated(a: int, b: int) -> int | None:
    """Divide integers towards zero: `-7 div 2` -> -3."""
    if b == 0:
        return None
    quotient = abs(a) // abs(b)
    return bounded(quotient if (a < 0) is (b < 0) else -quotient)


def quotient(a: Any, b: Any) -> decimal.Decimal | None:
    """Divide decimals, rounded to 12 digits after the point, which every database can compute."""
    found = _DIVISION.divide(a, b)
    if found.is_finite() and found.as_tuple().exponent < -12:  # type: ignore[operator]  # it is finite
        found = found.quantize(_QUOTIENT, decimal.ROUND_HALF_UP, _WIDE)
    return computed(exact.plus, found)


def decimal_remainder(a: Any, b: Any) -> decimal.Decimal | None:
    """Return the remainder of decimals, whose quotient can have many digits."""
    return computed(exact.plus, _WIDE.remainder(a, b))


def divided(a: float, b: float) -> float:
    """Divide doubles as IEEE 754 does: `1 div 0` -> INF."""
    if b:
        return a / b
    if not a or a != a:
        return math.nan
    return math.copysign(math.inf, a) * math.copysign(1.0, b)


def remainder(a: int, b: int) -> int | None:
    """Return a remainder with the sign of the dividend: `-5 mod 3` -> -2."""
    if b == 0:
        return None
    found = abs(a) % abs(b)
    return -found if a < 0 else found


def double_remainder(a: float, b: float) -> float:
    try:
        return math.fmod(a, b)
    except ValueError:
        return math.nan


def rounded_double(a: float, rounding: Callable[[float], int]) -> float:
    return float(rounding(a)) if math.isfinite(a) else a


def nearest(a: float) -> int:
    """Return the nearest integer; halves are rounded away from zero."""
    whole = math.trunc(a)
    return whole + (1 if a > 0 else -1) if abs(a - whole) >= 0.5 else whole


# ---- dates and durations -------------------------------------------------------------------------


def moved(moment: dt.datetime, length: dt.timedelta, sign: int = 1) -> dt.datetime | None:
    """Add a duration to a moment, in its own offset; null beyond the first and the last moment in UTC."""
    try:
        found = moment + length * sign
        if not 1 < found.year < 9999:
            found.astimezone(dt.UTC)
        return found
    except OverflowError:
        pass
    try:
        return moment.astimezone(dt.UTC) + length * sign
    except OverflowError:
        return None


def scale(length: dt.timedelta, numerator: Any, denominator: Any = 1) -> dt.timedelta | None:
    """Scale a duration to whole microseconds; halves are rounded away from zero.

    A double has the value of its text. Divided by infinity, a duration is empty.
    """
    if isinstance(denominator, float) and math.isinf(denominator):
        return dt.timedelta()
    try:
        (above, below), (by, of) = _ratio(numerator), _ratio(denominator)
        above, below = length // MICROSECOND * above * of, below * by
        count = (abs(above) * 2 + abs(below)) // (abs(below) * 2)
        return dt.timedelta(microseconds=count if (above < 0) is (below < 0) else -count)
    except (OverflowError, ValueError, ZeroDivisionError):
        return None


def _ratio(number: Any) -> tuple[int, int]:
    """Return a number as two integers, without the Fraction that is five times as slow."""
    ratio: tuple[int, int] = (
        decimal.Decimal(repr(number)) if isinstance(number, float) else number
    ).as_integer_ratio()
    return ratio


# ---- texts and collections -----------------------------------------------------------------------


def part(a: Any, start: int, length: int) -> Any:
    """Return a part of a text or list; a negative start counts from the end."""
    start = max(len(a) + start, 0) if start < 0 else start
    return a[start : start + max(length, 0)]


def matches(text: str, pattern: str | None) -> bool | None:
    """Search a text for a pattern; null for a pattern from the data that is not valid."""
    from .. import regex  # few queries need it

    return regex.search(text, pattern)


def run_at(a: Sequence[Any], b: Sequence[Any]) -> int:
    """Find the members of b in a row in a: `[2,3]` in `[1,2,3]` -> 1; -1 if they are not there."""
    a, b = list(a), list(b)
    return next((n for n in range(len(a) - len(b) + 1) if same_items(a[n : n + len(b)], b)), -1)


def starts_with_run(a: Sequence[Any], b: Sequence[Any]) -> bool:
    return same_items(list(a)[: len(b)], b)


def ends_with_run(a: Sequence[Any], b: Sequence[Any]) -> bool:
    return len(b) <= len(a) and same_items(list(a)[len(a) - len(b) :], b)


def has_subset(a: Sequence[Any], b: Sequence[Any]) -> bool:
    with suppress(TypeError):  # collections in a collection have no hash
        return all(item == item for item in b) and Counter(b) <= Counter(a)
    rest = list(a)
    for item in b:
        place = next((n for n, other in enumerate(rest) if _same(item, other)), None)
        if place is None:
            return False
        del rest[place]
    return True


def has_subsequence(a: Sequence[Any], b: Sequence[Any]) -> bool:
    rest = iter(a)
    return all(any(_same(item, other) for other in rest) for item in b)


def is_member(item: Any, items: Any, *, wanted: bool = True) -> bool:
    """Return `wanted` if a value equals a member; Python's `in` would find NaN, which equals nothing."""
    return any(_same(item, other) for other in items or ()) is wanted


def same_items(left: Any, right: Any, *, wanted: bool = True) -> bool:
    """Return `wanted` if two collections have equal members in the same order."""
    if left is None or right is None:
        return (left is right) is wanted
    left, right = list(left), list(right)
    return (len(left) == len(right) and all(map(_same, left, right))) is wanted


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return same_items(left, right)
    return bool(left == right)


def members(items: Sequence[Any]) -> frozenset[Any] | list[Any]:
    """Make a set for Python's `in`, or a list of what has no hash, without NaN, which equals nothing."""
    found = [item for item in items if item == item]
    try:
        return frozenset(found)
    except TypeError:
        return found


# ---- casts ---------------------------------------------------------------------------------------


def cast(value: Any, source: edm.Type, target: edm.Type) -> Any:
    """Convert a value to another type; null if that type has no such value (URL Conventions 5.1.1.10.1)."""
    if value is None or source.name == target.name:
        return value
    if isinstance(target, edm.CollectionType):
        return [cast(item, edm.element_of(source), target.element) for item in value]
    name = target.name
    if source.name == edm.SINGLE.name and name in (edm.STRING.name, edm.DECIMAL.name):
        value = shortest(value)
    try:
        if name == edm.STRING.name:
            return _text(value, source)
        if isinstance(target, edm.EnumType):
            return target.value(str(value))
        found = literals.from_text(value, target) if isinstance(value, str) else _CASTS[name](value)
        if getattr(found, "rest", 0):
            return None
    except (ArithmeticError, LookupError, ValueError, TypeError, ConfigurationError):
        return None
    if name in edm.INTEGERS:
        low, high = edm.RANGES[name]
        return found if low <= found <= high else None
    return edm.single(found) if name == edm.SINGLE.name else found


def shortest(value: float) -> float:
    """Return the Double with the shortest text of a Single: 3.140000104904175 -> 3.14."""
    texts = (f"{value:.{digits}g}" for digits in range(1, 10))
    return next((found for found in map(float, texts) if edm.single(found) == value), value)


def _text(value: Any, source: edm.Type) -> str | None:
    if isinstance(source, edm.EnumType):
        return source.text(value)
    text = literals.write(value, source)
    if source.name in (edm.DOUBLE.name, edm.SINGLE.name):
        return text.removesuffix("e0")
    return text.partition("'")[2][:-1] if text.endswith("'") else text


def _decimal(value: Any) -> decimal.Decimal | None:
    found = decimal.Decimal(repr(value) if isinstance(value, float) else value)
    return found if found.is_finite() and found.adjusted() < DIGITS else None


def _boolean(value: Any) -> bool | None:
    return None if isinstance(value, dt.date | dt.time | dt.timedelta | uuid.UUID) else bool(value)


_CASTS: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(edm.INTEGERS, int),
    edm.DECIMAL.name: _decimal,
    edm.DOUBLE.name: float,
    edm.SINGLE.name: float,
    edm.BOOLEAN.name: _boolean,
    edm.DATE.name: dt.datetime.date,
    edm.TIME_OF_DAY.name: dt.datetime.time,
    edm.DATE_TIME_OFFSET.name: lambda date: dt.datetime.combine(date, dt.time(), dt.UTC),
}
"""Functions that convert values other than texts; a TypeError means null."""
