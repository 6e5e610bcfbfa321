"""The keys by which rows are sorted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from .. import edm
from .closures import Program


class Descending:
    """A sort key in reverse."""

    __slots__ = ("key",)

    def __init__(self, key: Any) -> None:
        self.key = key

    def __lt__(self, other: Descending) -> bool:
        return bool(other.key < self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Descending) and bool(self.key == other.key)


def key_of(program: Program, type: edm.Type, now: dt.datetime) -> Callable[[Any], Any]:
    """Return a function from a row to its sort key: null before NaN before all values."""
    frame, value = program.frame(None, now), program.run
    is_floating = type is edm.DOUBLE or type is edm.SINGLE

    def key(row: Any) -> Any:
        frame[0] = row
        found = value(frame)
        if found is None:
            return (0,)
        if is_floating and found != found:
            return (1,)
        return (2, found)

    return key
