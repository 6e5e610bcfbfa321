"""A budget of work at run time, so that no data make a query cost more than the service allows.

Queries with a budget run as closures that count: the members of each collection that they read, each text
by 50 characters, and the operations on them, in the unit of `Query.cost`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Any

from ..check.cost import CHARACTERS, size_of, states_of, work_of
from ..check.typed import TypedPath
from ..errors import error
from ..problems import ConfigurationError, problem
from ..query import Query
from .closures import Closures, Frame, Function


class Meter:
    """Counts the work of one run over all rows; raises LimitError when more than the budget is spent."""

    def __init__(self, budget: int) -> None:
        if type(budget) is not int or budget < 0:
            raise ConfigurationError(f"budget must be an int of at least 0, or None, not {budget!r:.100}")
        self.budget = self.left = budget

    def spend(self, units: int, option: str) -> None:
        """Take units of work from the budget."""
        self.left -= units
        if self.left < 0:
            raise error([problem("query-too-expensive.budget", option, most=self.budget)])


class CountingClosures(Closures):
    """Makes closures that count the work of reading and of operations."""

    def __init__(self, zone: dt.tzinfo, meter: Meter, option: str) -> None:
        super().__init__(zone)
        self.meter = meter
        self.option = option

    def path(self, node: TypedPath) -> Function:
        read, spend, option = super().path(node), self.meter.spend, self.option

        def count_and_read(frame: Frame) -> Any:
            found = read(frame)
            units = 1
            if isinstance(found, str):
                units += len(found) // CHARACTERS
            elif hasattr(found, "__len__"):
                units += len(found)
            spend(units, option)
            return found

        return count_and_read

    def function(self, key: str) -> Callable[..., Any]:
        operate = super().function(key)
        if "(" not in key:  # a comparison, whose operands are counted when they are read
            return operate
        work, spend, option = work_of(key), self.meter.spend, self.option
        is_pattern = key.startswith("matchespattern")

        def count_and_operate(*values: Any) -> Any:
            sizes = [size_of(value) for value in values]
            if is_pattern:
                sizes[1] = states_of(values[1], 100_000)
            spend(work(sizes), option)
            return operate(*values)

        return count_and_operate


def counting(query: Query, budget: int) -> Callable[[str], Closures]:
    """Return the function that makes the emitter of an option; all of them spend the same budget."""
    return partial(CountingClosures, query.default_timezone, Meter(budget))
