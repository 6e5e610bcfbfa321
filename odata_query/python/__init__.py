"""Queries over Python objects: dictionaries, dataclasses, any objects with attributes.

A filter has two forms. `closures` makes functions that call one another: they are compiled in 10 to 60
microseconds and test 0.3 to 5 million rows a second. `source` generates code, which is compiled in 130 to 490
microseconds and tests 1 to 24 million rows a second. Generated code therefore pays from 200 to 800 rows. It
trusts rows to fit the model; for rows that do not, closures decide, or report the row. Queries cache both.
"""

from __future__ import annotations

import datetime as dt
import heapq
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, NoReturn, TypeVar

from .. import edm
from ..check.typed import TypedCall, TypedPath
from ..check.validation import validate
from ..errors import ODataError
from ..language.ast import Literal, Node, walk
from ..model.properties import Member, StructuredType
from ..problems import ConfigurationError
from ..query import Query
from .closures import Closures, Program, compile_program
from .order import Descending, key_of
from .rows import fetch
from .source import SELECT, TEST, TRUST_ERRORS, Compiled, compile_filter

Row = TypeVar("Row")

MANY_ROWS = 500
"""The number of rows from which generating code usually pays, even for a query that runs once."""


def apply(rows: Iterable[Row], query: Query, *, budget: int | None = None) -> list[Row]:
    """Return the rows that a query selects: filtered, in its order, without `$skip`, at most `$top`.

    `apply(rows, parse_query("$filter=size gt 3&$orderby=name&$top=10", entity_type=Image))`

    rows    dictionaries, where a missing key is null, or objects with attributes
    query   a query that was parsed with an entity_type
    budget  the most work over all rows, in the unit of `Query.cost`; counted while it is done, which takes
            about twice as long, or more over many rows

    Time grows with the number of rows; a page is sorted no further than its end.
    Raises ConfigurationError for rows that do not fit the model, LimitError when the budget is spent.
    """
    now, query = _now(), _metered(query, budget)
    found = _filter(rows, query, now)
    start = query.skip or 0
    end = None if query.top is None else start + query.top
    if query.orderby:
        found = _sort(found, query, end, now)
    return found[start:end] if start or end is not None else found


def count(rows: Iterable[Any], query: Query, *, budget: int | None = None) -> int:
    """Count the rows that the filter keeps, before `$skip` and `$top`, as `$count=true` does.

    Takes and raises the same as `apply`.
    """
    return len(_filter(rows, _metered(query, budget), _now()))


def predicate(
    query: Query | Node | None,
    entity_type: StructuredType | None = None,
    *,
    default_timezone: dt.tzinfo | None = None,
) -> Callable[[Any], bool]:
    """Return a function that is true for the rows that a filter keeps: `predicate(query)(row)`.

    query             a query, of which only the filter counts, or a filter alone; None keeps all rows
    entity_type       the model that validates a filter from parse_filter
    default_timezone  the time zone of moments without offset, for a filter; UTC by default

    Raises ValidationError and UnsupportedError as parse_query does, and ConfigurationError for arguments that
    are missing, or that a query has already. The function raises ConfigurationError for a row that does not
    fit the model.
    """
    if isinstance(query, Query):
        if entity_type is not None or default_timezone is not None:
            raise ConfigurationError("a query has its own entity_type and default_timezone: give neither")
        _check(query)
        return _compiled(query).test if query.filter is not None else _keep_all
    if query is None:
        return _keep_all
    zone = default_timezone or dt.UTC
    if not _is_typed(query, entity_type):
        if entity_type is None:
            raise ConfigurationError("a filter that is not validated needs an entity_type")
        query = validate(query, entity_type, default_timezone=zone)
    return _Filter(query, zone, entity_type).test


def _is_typed(filter: Node, entity_type: StructuredType | None) -> bool:
    """True for a filter that was validated; `true`, `false` and `null` are the same before and after."""
    if type(filter) is Literal:
        return entity_type is None and (filter.value is None or filter.type == edm.BOOLEAN)
    return isinstance(filter, TypedCall | TypedPath)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _check(query: Query) -> None:
    if query.entity_type is None and (query.filter is not None or query.orderby):
        raise ConfigurationError("a query needs an entity_type to be evaluated: give parse_query one")


def _refuse(what: str, error: Exception) -> NoReturn:
    """Raise the error of a reader, which names the value; else say which rows do not fit."""
    if isinstance(error, ConfigurationError | ODataError):
        raise error
    raise ConfigurationError(f"{what}: {error}") from error


def _refuse_row(row: Any, node: Node, model: StructuredType | None, error: Exception) -> NoReturn:
    """Raise the error of a row; show only its key and the values that the filter asks for.

    Logs keep the text, so it lacks values that clients cannot ask for, as `with_filter` can.
    """
    used = [
        each.members for each in walk(node) if isinstance(each, TypedPath) and each.members and not each.level
    ]
    if model is not None:
        visible = [path for path in used if _is_visible(path, model)]
        if len(visible) < len(used):
            raise ConfigurationError(f"a row does not fit the model: {type(error).__name__}") from None
        used = [*((model.members[name],) for name in model.key if name in model.members), *visible]
    shown = {}
    for path in used:
        if isinstance(edm.element_of(path[-1].type), StructuredType):
            continue  # it can have members that are hidden
        with suppress(Exception):
            value = row
            for member in path:
                value = fetch(value, member.attribute)
            shown["/".join([member.name for member in path])] = value
    _refuse(f"the row {shown!r:.200} does not fit the model", error)


def _is_visible(path: Sequence[Member], model: edm.Type) -> bool:
    """True if a path is in a model, which may be restricted."""
    for member in path:
        if not isinstance(model, StructuredType) or member.name not in model.members:
            return False
        model = model.members[member.name].type
    return True


# ---- filter --------------------------------------------------------------------------------------


def _keep_all(row: Any) -> bool:
    return True


class _Filter:
    """A typed filter in its two forms; code is generated for dictionaries and for objects, when it pays."""

    def __init__(
        self, node: Node, zone: dt.tzinfo, model: StructuredType | None, program: Program | None = None
    ) -> None:
        self.node, self.model = node, model
        self.compile: Callable[..., Compiled | None] = partial(compile_filter, node, zone)
        if program is not None:  # it counts its work; generated code does not
            self.compile = lambda *_: None
        self.program = program or compile_program(node, zone, is_condition=True)
        self.selects: dict[bool, Compiled | None] = {}
        self.tests: dict[bool, Compiled | None] = {}

    def select(self, rows: Sequence[Row], now: dt.datetime) -> list[Row]:
        """Return the rows to keep."""
        if len(rows) >= MANY_ROWS:
            are_dicts = type(rows[0]) is dict
            if are_dicts not in self.selects:
                self.selects[are_dicts] = self.compile(are_dicts, SELECT)
            select = self.selects[are_dicts]
            if select is not None:
                with suppress(*TRUST_ERRORS):
                    kept: list[Row] = select(rows, now)
                    return kept
        frame = self.program.frame(None, now)
        holds = self.program.run
        found = []
        try:
            for frame[0] in rows:
                if holds(frame):
                    found.append(frame[0])
        except TRUST_ERRORS as error:
            _refuse_row(frame[0], self.node, self.model, error)
        return found

    def test(self, row: Any) -> bool:
        """Return True for a row to keep."""
        now = _now() if self.program.uses_now else None
        is_dict = type(row) is dict
        try:
            test = self.tests[is_dict]
        except KeyError:
            test = self.tests[is_dict] = self.compile(is_dict, TEST)
        if test is not None:
            try:
                return bool(test(row, now))
            except TRUST_ERRORS:
                pass
        try:
            return bool(self.program.run(self.program.frame(row, now)))
        except TRUST_ERRORS as error:
            _refuse_row(row, self.node, self.model, error)


def _compiled(query: Query) -> _Filter:
    """Return the query's filter, compiled at its first use."""
    found: _Filter | None = query._cache.get("filter")
    # Only type checkers keep a Query from being changed: its rows must not be those of an older filter.
    if found is None or found.node is not query.filter:
        assert query.filter is not None
        found = query._cache["filter"] = _Filter(query.filter, query.default_timezone, query.entity_type)
    return found


def _metered(query: Query, budget: int | None) -> Query:
    """Return a query whose compiled forms count their work, if there is a budget."""
    if budget is None:
        return query
    from .budget import counting  # other queries do not need it

    _check(query)
    emitter, zone, found = counting(query, budget), query.default_timezone, replace(query)
    found._cache["orderby"] = query.orderby, _programs(query, emitter)
    if query.filter is not None:
        program = compile_program(query.filter, zone, is_condition=True, emitter=emitter("$filter"))
        found._cache["filter"] = _Filter(query.filter, zone, query.entity_type, program)
    return found


def _filter(rows: Iterable[Row], query: Query, now: dt.datetime) -> list[Row]:
    _check(query)
    if query.filter is None:
        return list(rows)
    return _compiled(query).select(rows if isinstance(rows, list | tuple) else list(rows), now)


# ---- order ---------------------------------------------------------------------------------------


def _programs(query: Query, emitter: Callable[[str], Closures]) -> list[Program]:
    """Compile the items of an order, each by an emitter of its own."""
    zone = query.default_timezone
    return [compile_program(item.expression, zone, emitter=emitter("$orderby")) for item in query.orderby]


def _sort(rows: list[Row], query: Query, end: int | None, now: dt.datetime) -> list[Row]:
    """Sort rows, as far as `end`."""
    order, programs = query._cache.get("orderby", ((), []))
    if order is not query.orderby:
        programs = _programs(query, lambda option: Closures(query.default_timezone))
        query._cache["orderby"] = query.orderby, programs
    pairs = zip(programs, query.orderby, strict=True)
    keys = [(key_of(program, item.expression.type, now), item.descending) for program, item in pairs]

    def whole_key(row: Row) -> Any:
        return [Descending(key(row)) if descending else key(row) for key, descending in keys]

    try:
        if end is not None and end * 8 < len(rows):
            return heapq.nsmallest(end, rows, key=whole_key)
        for key, descending in reversed(keys):
            rows = sorted(rows, key=key, reverse=descending)
    except TRUST_ERRORS as error:
        _refuse("the rows cannot be sorted", error)
    return rows
