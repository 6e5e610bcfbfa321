"""Queries over Python objects: dictionaries, dataclasses, any objects with attributes."""

from __future__ import annotations

import datetime as dt
import heapq
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from .. import edm
from ..check.checker import validate
from ..check.typed import TypedCall, TypedPath
from ..language.ast import Literal, Node
from ..model.properties import StructuredType
from ..problems import ConfigurationError
from ..query import Query
from .closures import Program, compile_condition, compile_value
from .source import TRUST_ERRORS, compile_predicate, compile_select

Row = TypeVar("Row")

MANY_ROWS = 500
"""Rows from which generating code pays, when the query has not been run before."""
MAX_GENERATED_HEIGHT = 15
MAX_GENERATED_TEXT = 20_000


def apply(rows: Iterable[Row], query: Query) -> list[Row]:
    """The rows that the query asks for: filtered, in its order, after `$skip`, at most `$top`.

    `apply(rows, parse_query("$filter=size gt 3&$orderby=name&$top=10", entity_type=Image))`
    A dictionary without a property's key has null there. Time grows with the number of rows; a page
    is sorted no further than its end. Raises ConfigurationError where the data does not fit the model.
    """
    kept = _filtered(rows, query)
    start = query.skip or 0
    end = None if query.top is None else start + query.top
    if query.orderby:
        kept = _ordered(kept, query, end)
    return kept[start:end] if start or end is not None else kept


def count(rows: Iterable[Any], query: Query) -> int:
    """The number of rows that the filter keeps, `$top` and `$skip` aside: what `$count=true` asks for."""
    return len(_filtered(rows, query))


def predicate(
    filter: Node | None,
    entity_type: StructuredType | None = None,
    *,
    default_timezone: dt.tzinfo = dt.UTC,
) -> Callable[[Any], bool]:
    """A function that says whether a filter keeps a row: `predicate(query.filter, entity_type=Image)(row)`.

    filter is a query's, or one from parse_filter, which is then validated by entity_type.
    Raises ValidationError and UnsupportedError as parse_query does.
    """
    if filter is None:
        return lambda row: True
    if not isinstance(filter, TypedCall | TypedPath):
        if entity_type is None:
            raise ConfigurationError("a filter that is not validated needs an entity_type")
        filter = validate(filter, entity_type, default_timezone=default_timezone)
    node = filter
    program = compile_condition(node, default_timezone)
    fast: dict[bool, Any] = {}

    def holds(row: Any) -> bool:
        now = _now() if program.uses_now else None
        items = type(row) is dict
        test = fast.get(items)
        if test is None and _can_generate(program):
            test = fast[items] = compile_predicate(node, default_timezone, items)
        if test is not None:
            try:
                return bool(test(row, now))
            except TRUST_ERRORS:
                pass
        return bool(_trusting(program, row, now))

    return holds


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _trusting(program: Program, row: Any, now: dt.datetime | None) -> Any:
    """The program's result for a row; data of another type than the model says is the developer's mistake."""
    try:
        return program.run(program.frame(row, now))
    except TRUST_ERRORS as wrong:
        raise _misfit(f"the row {row!r:.200} does not fit the model", wrong) from wrong


def _misfit(what: str, wrong: Exception) -> ConfigurationError:
    return wrong if isinstance(wrong, ConfigurationError) else ConfigurationError(f"{what}: {wrong}")


def _can_generate(program: Program) -> bool:
    return program.height <= MAX_GENERATED_HEIGHT and program.parts <= MAX_GENERATED_TEXT


def _filtered(rows: Iterable[Row], query: Query) -> list[Row]:
    found = rows if isinstance(rows, (list, tuple)) else list(rows)  # faster
    node = query.filter
    if query.entity_type is None:
        if node is not None or query.orderby:
            raise ConfigurationError("a query needs an entity_type to be evaluated: give parse_query one")
        return list(found)
    if node is None:
        return list(found)
    if isinstance(node, Literal):
        return list(found) if node.value is True else []
    compiled = query.compiled
    program = compiled.get("condition")
    if program is None:
        program = compiled["condition"] = compile_condition(node, query.default_timezone)
    now = _now() if program.uses_now else None
    if len(found) >= MANY_ROWS and _can_generate(program):
        items = type(found[0]) is dict
        form = "items" if items else "attributes"
        select = compiled.get(form)
        if select is None:
            select = compiled[form] = compile_select(node, query.default_timezone, items)
        try:
            kept: list[Row] = select(found, now)
            return kept
        except TRUST_ERRORS:
            pass
    frame = program.frame(None, now)
    holds = program.run
    kept = []
    try:
        for frame[0] in found:
            if holds(frame):
                kept.append(frame[0])
    except TRUST_ERRORS as wrong:
        raise _misfit(f"the row {frame[0]!r:.200} does not fit the model", wrong) from wrong
    return kept


# ---- order ---------------------------------------------------------------------------------------


class _Descending:
    """A key that sorts the other way round."""

    __slots__ = ("key",)

    def __init__(self, key: Any) -> None:
        self.key = key

    def __lt__(self, other: _Descending) -> bool:
        return bool(other.key < self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Descending) and bool(self.key == other.key)


def _ordered(rows: list[Row], query: Query, end: int | None) -> list[Row]:
    """The rows in order, as far as `end`."""
    keys = query.compiled.get("keys")
    if keys is None:
        keys = query.compiled["keys"] = [
            (_key(item.expression, query.default_timezone), item.descending) for item in query.orderby
        ]
    now = _now()
    try:
        if end is not None and end * 8 < len(rows):
            return _first(rows, keys, end, now)
        for key, descending in reversed(keys):
            rows = sorted(rows, key=key(now), reverse=descending)
    except TRUST_ERRORS as wrong:
        raise _misfit("the rows cannot be sorted", wrong) from wrong
    return rows


def _first(
    rows: list[Row], keys: Sequence[tuple[Callable[[dt.datetime], Any], bool]], end: int, now: dt.datetime
) -> list[Row]:
    """The first rows of the order; the rest is not sorted."""
    parts = [(key(now), descending) for key, descending in keys]

    def whole(row: Row) -> Any:
        return [_Descending(key(row)) if descending else key(row) for key, descending in parts]

    return heapq.nsmallest(end, rows, key=whole)


def _key(node: Node, zone: dt.tzinfo) -> Callable[[dt.datetime], Callable[[Any], Any]]:
    """What makes a sort key of a row: null before NaN before all values."""
    program = compile_value(node, zone)
    floating = node.type.name in (edm.DOUBLE.name, edm.SINGLE.name)

    def at(now: dt.datetime) -> Callable[[Any], Any]:
        frame = program.frame(None, now)
        value = program.run

        def key(row: Any) -> Any:
            frame[0] = row
            found = value(frame)
            if found is None:
                return (0,)
            if floating and found != found:
                return (1,)
            return (2, found)

        return key

    return at
