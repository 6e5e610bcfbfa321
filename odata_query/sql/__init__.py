"""Queries as SQL: text with bound values, for many engines.

`select(query, "images", dialect="postgresql")` gives the rows, in the order, that `python.apply` gives.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from .. import edm
from ..check.typed import TypedCall, TypedPath
from ..errors import error
from ..language.ast import Literal, Node, OrderByItem
from ..logic import condition, value
from ..problems import ConfigurationError, Name, Phrase, problem
from ..query import Query
from .dialects import dialect as find
from .dialects.base import Dialect
from .emitter import SqlEmitter
from .parts import ROW, TRUE, Sql, Value
from .statement import Fragment, Statement, render

__all__ = ["Dialect", "Fragment", "Statement", "count", "order_by", "prepare", "select", "where"]

STRINGS = ("exact", "native")
_ALIAS = "odata_0"
"""What the table is known by where other tables are near."""


def select(
    query: Query,
    table: str,
    *,
    dialect: str | Dialect,
    columns: Iterable[str] | None = None,
    paramstyle: str | None = None,
    strings: str = "exact",
) -> Statement:
    """The SELECT of a query: `select(query, "images", dialect="sqlite")`.

    table       the table's name, with its schema before a dot if it has one
    columns     properties to select, or columns; by default all columns, those that the model hides too
    paramstyle  qmark, numeric, numeric_dollar, format, pyformat or named; by default the usual driver's
    strings     `exact` compares and sorts texts by code point, `native` as the columns do

    The same query always gives the same text. Raises UnsupportedError for an operation that the dialect
    has not, LimitError for more than the engine takes, ConfigurationError for a model that does not say
    where values are.
    """
    emitter = _emitter(dialect, query.default_timezone, True, strings)
    where = _condition(emitter, query)
    order = _order(emitter, query.orderby)
    chosen = _columns(emitter, query, columns)
    text = f"SELECT {chosen} FROM {_source(emitter, table)}{where}"
    if order:
        text += f" ORDER BY {order}"
    page = _page(emitter, query, bool(order))
    return _statement(emitter, text + page, paramstyle)


def count(
    query: Query, table: str, *, dialect: str | Dialect, paramstyle: str | None = None, strings: str = "exact"
) -> Statement:
    """The SELECT of the number of rows without `$top` and `$skip`: what `$count=true` asks for."""
    emitter = _emitter(dialect, query.default_timezone, True, strings)
    where = _condition(emitter, query)
    return _statement(emitter, f"SELECT COUNT(*) FROM {_source(emitter, table)}{where}", paramstyle)


def where(
    filter: Node | None,
    *,
    dialect: str | Dialect,
    table: str | None = None,
    paramstyle: str | None = None,
    strings: str = "exact",
    default_timezone: dt.tzinfo = dt.UTC,
    first: int = 1,
) -> Fragment:
    """The condition of a filter, for a WHERE of your own: `where(query.filter, dialect="sqlite")`.

    table  the name or alias by which your FROM knows the rows; needed for lambdas and navigation
    first  the number of the first marker, where they are numbered or named
    """
    emitter = _emitter(dialect, default_timezone, False, strings, table)
    holds = emitter.constant(True) if filter is None else condition(emitter, _checked(filter))
    return _fragment(emitter, holds.text, table, paramstyle, first)


def order_by(
    orderby: Query | Sequence[OrderByItem],
    *,
    dialect: str | Dialect,
    table: str | None = None,
    paramstyle: str | None = None,
    strings: str = "exact",
    default_timezone: dt.tzinfo = dt.UTC,
    first: int = 1,
) -> Fragment:
    """What stands behind ORDER BY, empty for no order: `order_by(query, dialect="sqlite")`."""
    items = orderby.orderby if isinstance(orderby, Query) else orderby
    zone = orderby.default_timezone if isinstance(orderby, Query) else default_timezone
    emitter = _emitter(dialect, zone, False, strings, table)
    return _fragment(emitter, _order(emitter, items), table, paramstyle, first)


def prepare(connection: Any, dialect: str | Dialect = "sqlite") -> None:
    """Give a connection what its engine lacks: `prepare(sqlite3.connect("images.db"))`.

    For SQLite: case mapping as Unicode has it (in place of its own `lower` and `upper`), and regular
    expressions that run in linear time. Other engines need nothing.
    """
    find(dialect).prepare(connection)


# ---- pieces --------------------------------------------------------------------------------------


def _emitter(
    dialect: str | Dialect, zone: dt.tzinfo, can_join: bool, strings: str, table: str | None = None
) -> SqlEmitter:
    if strings not in STRINGS:
        raise ConfigurationError(f"strings is exact or native, not {strings!r}")
    reserved = "" if table is None else table.rpartition(".")[2].casefold()
    return SqlEmitter(find(dialect), zone, can_join, strings == "native", reserved)


def _fragment(
    emitter: SqlEmitter, text: str, table: str | None, paramstyle: str | None, first: int
) -> Fragment:
    if emitter.columns.is_qualified and table is None:
        raise ConfigurationError("this query needs to know the rows' table: give its name or alias as table")
    row = "" if table is None else emitter.dialect.quote_table(table) + "."
    text = emitter.sql.finish(text, row)
    return Fragment(*render(text, emitter.sql.values, emitter.dialect, paramstyle, first))


def _statement(emitter: SqlEmitter, text: str, paramstyle: str | None) -> Statement:
    text = emitter.sql.finish(
        text, emitter.dialect.quote(_ALIAS) + "." if emitter.columns.is_qualified else ""
    )
    return Statement(*render(text, emitter.sql.values, emitter.dialect, paramstyle, 1))


def _source(emitter: SqlEmitter, table: str) -> str:
    """The text after FROM: the table, and the tables joined to it."""
    text = _quoted_table(emitter.dialect, table)
    if not emitter.columns.is_qualified:
        return text
    return f"{text}{emitter.dialect.alias_prefix}{emitter.dialect.quote(_ALIAS)}{emitter.columns.root.joins}"


def _columns(emitter: SqlEmitter, query: Query, columns: Iterable[str] | None) -> str:
    if columns is None:
        return f"{ROW}*"
    if isinstance(columns, str):
        raise ConfigurationError(f"columns are names, not one text: {columns!r}")
    members = query.entity_type.members if query.entity_type else {}
    names = tuple([members[name].column if name in members else name for name in columns])
    if not names:
        raise ConfigurationError("there are no columns to select")
    return _quoted(emitter.dialect, names)


@lru_cache(maxsize=256)
def _quoted(dialect: Dialect, names: Sequence[str]) -> str:
    return ", ".join([ROW + dialect.quote(name) for name in names])


@lru_cache(maxsize=256)
def _quoted_table(dialect: Dialect, table: str) -> str:
    return dialect.quote_table(table)


def _checked(filter: Node) -> Node:
    if type(filter) not in (TypedCall, TypedPath, Literal):
        raise ConfigurationError(
            "a filter is validated before it is compiled: give parse_query an entity_type"
        )
    return filter


def _condition(emitter: SqlEmitter, query: Query) -> str:
    """` WHERE ...`, or nothing for a filter that keeps all rows."""
    if query.entity_type is None and (query.filter is not None or query.orderby):
        raise ConfigurationError("a query needs an entity_type to be compiled: give parse_query one")
    if query.filter is None:
        return ""
    holds = condition(emitter, _checked(query.filter))
    return "" if holds.kind == TRUE else f" WHERE {holds.text}"


def _order(emitter: SqlEmitter, items: Sequence[OrderByItem]) -> str:
    """What stands behind ORDER BY: null before all else, NaN behind it, texts by code point."""
    found = []
    emitter.option = "$orderby"
    sorted_by: set[Any] = set()
    for item in items:
        # A path's names say as much as the path, and are compared sooner.
        same = item.expression.segments if isinstance(item.expression, TypedPath) else item.expression
        if same in sorted_by:
            continue
        sorted_by.add(same)
        expression = item.expression
        part = value(emitter, expression)
        if isinstance(part, Value):
            continue
        assert isinstance(part, Sql)
        type = item.expression.type
        storage = part.storage
        text = part.text if storage is not None and storage.is_ordered else emitter.sql.text(part)
        if part.has_subquery and not emitter.dialect.sorts_by_subqueries:
            message, engine = "unsupported-expression.engine-cannot", Name(emitter.dialect.name)
            what = Phrase("sort-by-another-table")
            raise error([problem(message, "$orderby", item.expression.span, engine=engine, what=what)])
        if type is edm.STRING and emitter.sql.collation_of(part) != "binary":
            text = emitter.dialect.binary.format(a=text)
        direction = " DESC" if item.descending else ""
        direction += emitter.dialect.nulls_clause(item.expression.nullable, item.descending)
        if type in (edm.DOUBLE, edm.SINGLE) and emitter.dialect.nan != "none":
            nan = emitter.sql.marker(float("nan"), edm.DOUBLE)
            found.append(emitter.dialect.nan_rank.format(a=text, nan=nan) + direction)
        found.append(text + direction)
    return ", ".join(found)


def _page(emitter: SqlEmitter, query: Query, is_ordered: bool) -> str:
    """` LIMIT ? OFFSET ?`"""
    if query.top is None and not query.skip:
        return ""
    dialect = emitter.dialect
    page = dialect.page
    template = page.top if not query.skip else page.skip if query.top is None else page.both
    if query.top == 0:
        template = page.empty or template
    top = emitter.sql.marker(query.top, edm.INT64) if query.top is not None else ""
    skip = emitter.sql.marker(query.skip or 0, edm.INT64)
    order = " ORDER BY (SELECT NULL)" if page.needs_order and not is_ordered else ""
    return f"{order} {template.format(top=top, skip=skip)}"
