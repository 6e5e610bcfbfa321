"""The functions and constants that the expressions in `operations.TEMPLATES` use, collections and casts."""

from __future__ import annotations

import datetime as dt
import decimal
import math
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

from .. import edm
from ..language import literals
from ..operations import WHITE_SPACE
from ..problems import ConfigurationError

Read = Callable[[Any], Any]

NAMES: dict[str, Any] = {}
"""What the templates call."""


def _named(function: Callable[..., Any]) -> Callable[..., Any]:
    NAMES[function.__name__] = function
    return function


# A context of our own: that of the application may round, or trap what is no error here.
exact = decimal.Context(prec=38, traps=[])
_QUOTIENT = decimal.Decimal("1E-12")
NAMES |= {
    "exact": exact,
    "WHITE_SPACE": WHITE_SPACE,
    "MAX_DATE_TIME": dt.datetime.max.replace(tzinfo=dt.UTC),
    "MIN_DATE_TIME": dt.datetime.min.replace(tzinfo=dt.UTC),
    "MICROSECOND": dt.timedelta(microseconds=1),
    "MINUTE": dt.timedelta(minutes=1),
    "Counter": Counter,
    "Decimal": decimal.Decimal,
    "ROUND_CEILING": decimal.ROUND_CEILING,
    "ROUND_FLOOR": decimal.ROUND_FLOOR,
    "ROUND_HALF_UP": decimal.ROUND_HALF_UP,
    "ceil": math.ceil,
    "floor": math.floor,
    "len": len,
    "list": list,
}


@_named
def finite(number: decimal.Decimal) -> decimal.Decimal | None:
    """What is too large for a decimal is null; zero has no sign."""
    if not number:
        return abs(number)
    return number if number.is_finite() else None


def _bounded(number: int) -> int | None:
    """What is too large for an Int64 is null."""
    return number if -0x8000000000000000 <= number <= 0x7FFFFFFFFFFFFFFF else None


NAMES["bounded"] = _bounded


def and_of(*values: bool | None) -> bool | None:
    """Return false if a value is false, else null if one is null, else true."""
    return False if False in values else None if None in values else True


def or_of(*values: bool | None) -> bool | None:
    """Return true if a value is true, else null if one is null, else false."""
    return True if True in values else None if None in values else False


def not_of(value: bool | None) -> bool | None:
    """Return the opposite; null for null."""
    return None if value is None else not value


KLEENE: Mapping[str, Callable[..., bool | None]] = {"and": and_of, "or": or_of, "not": not_of}
"""The operators of three-valued logic."""


@_named
def geo() -> Any:
    """The module with the functions of geography, imported at their first use."""
    from . import geo as module

    return module


@_named
def has_flags(value: int, flags: int) -> bool:
    return value & flags == flags


@_named
def shift(moment: Any, by: dt.timedelta) -> Any:
    """A date moves by whole days; what leaves the calendar is null."""
    try:
        return moment + by
    except OverflowError:
        return None


@_named
def shift_back(moment: Any, by: dt.timedelta) -> Any:
    try:
        return moment - by
    except OverflowError:
        return None


def _exactly(length: dt.timedelta, numerator: Any, denominator: Any) -> dt.timedelta | None:
    """Part of a duration, to the microsecond; halves go away from zero. A Double is as it is written."""
    if isinstance(numerator, float):
        numerator = decimal.Decimal(repr(numerator))
    if isinstance(denominator, float):
        denominator = decimal.Decimal(repr(denominator))
    try:
        exactly = (
            Fraction(length // dt.timedelta(microseconds=1)) * Fraction(numerator) / Fraction(denominator)
        )
        nearest = (abs(exactly.numerator) * 2 + exactly.denominator) // (exactly.denominator * 2)
        return dt.timedelta(microseconds=nearest if exactly > 0 else -nearest)
    except (OverflowError, ValueError, ZeroDivisionError):
        return None


@_named
def scale(length: dt.timedelta, by: Any) -> dt.timedelta | None:
    return _exactly(length, by, 1)


@_named
def shrink(length: dt.timedelta, by: Any) -> dt.timedelta | None:
    if isinstance(by, float) and math.isinf(by):
        return dt.timedelta()
    return _exactly(length, 1, by)


@_named
def truncated(a: int, b: int) -> int | None:
    if b == 0:
        return None
    found = abs(a) // abs(b)
    return _bounded(found if (a < 0) is (b < 0) else -found)


@_named
def quotient(a: Any, b: Any) -> decimal.Decimal | None:
    """With at most 12 digits after the point: what all databases can give."""
    if not b:
        return None
    found = exact.divide(a, b)
    if found.is_finite() and found.as_tuple().exponent < -12:  # type: ignore[operator]  # it is finite
        return found.quantize(_QUOTIENT, decimal.ROUND_HALF_UP, exact)
    return abs(found) if not found else found if found.is_finite() else None


@_named
def divided(a: float, b: float) -> float:
    if b:
        return a / b
    if not a or a != a:
        return math.nan
    return math.copysign(math.inf, a) * math.copysign(1.0, b)


@_named
def remainder(a: int, b: int) -> int | None:
    if b == 0:
        return None
    found = abs(a) % abs(b)
    return -found if a < 0 else found


@_named
def decimal_remainder(a: Any, b: Any) -> decimal.Decimal | None:
    return finite(exact.remainder(a, b)) if b else None


@_named
def double_remainder(a: float, b: float) -> float:
    try:
        return math.fmod(a, b)
    except ValueError:
        return math.nan


@_named
def whole(rounding: Callable[[float], int], a: float) -> float:
    return float(rounding(a)) if math.isfinite(a) else a


@_named
def nearest(a: float) -> int:
    """The nearest integer; halves go away from zero."""
    near = math.trunc(a)
    return near + (1 if a > 0 else -1) if abs(a - near) >= 0.5 else near


@_named
def part(a: Any, start: int, length: int) -> Any:
    start = max(len(a) + start, 0) if start < 0 else start
    return a[start : start + max(length, 0)]


@_named
def run_at(a: Sequence[Any], b: Sequence[Any]) -> int:
    """Where the members of b stand in a, one behind the other; -1 if nowhere."""
    a, b = list(a), list(b)
    return next((n for n in range(len(a) - len(b) + 1) if a[n : n + len(b)] == b), -1)


@_named
def starts_with_run(a: Sequence[Any], b: Sequence[Any]) -> bool:
    return list(a)[: len(b)] == list(b)


@_named
def ends_with_run(a: Sequence[Any], b: Sequence[Any]) -> bool:
    return len(b) <= len(a) and list(a)[len(a) - len(b) :] == list(b)


@_named
def has_subsequence(a: Sequence[Any], b: Sequence[Any]) -> bool:
    rest = iter(a)
    return all(item in rest for item in b)


@lru_cache(maxsize=256)
def _pattern(text: str) -> Any:
    from .. import regex  # few queries need it

    return regex.compile_or_none(text)


@_named
def matches(text: str, pattern: str) -> bool | None:
    """Search a text for a pattern; null for a pattern from the data that is not valid."""
    found = _pattern(pattern)
    return None if found is None else found.search(text)


# ---- collections -------------------------------------------------------------------------------


def is_member(item: Any, items: Any, *, wanted: bool = True) -> bool:
    """Return `wanted` if a value equals a member; Python's `in` would find NaN, which equals nothing."""
    return any(item == other for other in items or ()) is wanted


def count(items: Any) -> int | None:
    """Count the members; null for a path through null."""
    return None if items is None else len(items)


def same_items(left: Any, right: Any, *, wanted: bool = True) -> bool:
    """Return `wanted` if two collections have equal members in the same order."""
    if left is None or right is None:
        return (left is right) is wanted
    left, right = list(left), list(right)
    return (len(left) == len(right) and all(map(_same, left, right))) is wanted


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, float) or isinstance(right, float):
        left, right = _as_double(left), _as_double(right)
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return same_items(left, right)
    return bool(left == right)


def _as_double(value: Any) -> Any:
    return float(value) if isinstance(value, decimal.Decimal) else value


def members(items: Sequence[Any]) -> frozenset[Any] | list[Any]:
    """Make a set for Python's `in`, or a list of what has no hash, without NaN, which equals nothing."""
    found = [item for item in items if item == item]
    try:
        return frozenset(found)
    except TypeError:
        return found


# ---- casts ---------------------------------------------------------------------------------------


def cast(value: Any, source: edm.Type, target: edm.Type) -> Any:
    """A value as another type; null where it cannot be (URL Conventions 5.1.1.10.1)."""
    if value is None or source.name == target.name:
        return value
    name = target.name
    try:
        if name == edm.STRING.name:
            text = literals.write(value, source)
            if isinstance(source, edm.EnumType):
                return source.text(value)
            if source.name in (edm.DOUBLE.name, edm.SINGLE.name):
                return text.removesuffix("e0")
            return text.partition("'")[2][:-1] if text.endswith("'") else text
        if name in edm.INTEGERS:
            number = literals.from_text(value, target) if isinstance(value, str) else int(value)
            low, high = edm.RANGES[name]
            return number if low <= number <= high else None
        if name == edm.DECIMAL.name:
            if isinstance(value, str):
                return literals.from_text(value, target)
            found = decimal.Decimal(repr(value) if isinstance(value, float) else value)
            return found if found.is_finite() else None
        if name in (edm.DOUBLE.name, edm.SINGLE.name):
            return literals.from_text(value, target) if isinstance(value, str) else float(value)
        if name == edm.BOOLEAN.name:
            if isinstance(value, str):
                return literals.from_text(value, target)
            return None if isinstance(value, dt.date | dt.time | dt.timedelta | uuid.UUID) else bool(value)
        if name == edm.DATE.name and isinstance(value, dt.datetime):
            return value.date()
        if name == edm.TIME_OF_DAY.name and isinstance(value, dt.datetime):
            return value.time()
        if name == edm.DATE_TIME_OFFSET.name and source.name == edm.DATE.name:
            return dt.datetime.combine(value, dt.time(), dt.UTC)
        if isinstance(target, edm.EnumType):
            return target.value(str(value))
        return literals.from_text(value, target) if isinstance(value, str) else None
    except (ArithmeticError, ValueError, TypeError, ConfigurationError):
        return None
