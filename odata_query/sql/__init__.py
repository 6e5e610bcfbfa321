"""Queries as SQL: text with bound values, for many engines.

`select(query, "images", dialect="postgresql")` returns the rows, in the order, that `python.apply` returns.
`where` and `order_by` make the parts of a statement of your own.
"""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Iterable, Sequence
from functools import lru_cache, partial
from typing import Any, Literal

from .. import edm
from ..check.typed import TypedCall, TypedPath
from ..check.validation import conditions_of
from ..errors import error
from ..fences import service_condition
from ..language.ast import Literal as LiteralNode
from ..language.ast import Node, OrderByItem
from ..logic import condition, value
from ..model.properties import Member
from ..problems import ConfigurationError, Name, Phrase, problem
from ..query import Query
from .columns import check_zone
from .dialects import Dialect
from .dialects import dialect as find
from .emitter import SqlEmitter
from .parts import THE_ROW, TRUE, Sql, Value
from .selection import selection
from .statement import Fragment, Paramstyle, Statement, render

__all__ = ["Dialect", "Fragment", "Statement", "count", "order_by", "prepare", "select", "where"]

DialectName = Literal[
    "bigquery", "clickhouse", "cockroachdb", "duckdb", "mariadb", "mssql", "mysql", "oracle", "postgres",
    "postgresql", "snowflake", "spark", "sqlite", "trino",
]  # fmt: skip
"""The dialects of the library; `sql.dialects.dialect(name)` finds those of other packages, too."""
Collation = Literal["query", "column"]
_ALIAS = "odata_0"
"""The name of the table where other tables are read too."""


def select(
    query: Query,
    table: str,
    *,
    dialect: DialectName | Dialect,
    columns: Iterable[str] | Literal["*"] | None = None,
    paramstyle: Paramstyle | None = None,
    collation: Collation = "query",
    strings: str | None = None,
) -> Statement:
    """Make the SELECT of a query: `connection.execute(*select(query, "images", dialect="sqlite"))`.

    table       the table's name, with its schema before a dot if it has one
    columns     what to select: names of properties (`size`) or of their columns, and paths (`owner/name`,
                as a column `owner_name`); by default all columns of the model, in its order; `"*"` for all
                columns of the table, those that the model hides too
    paramstyle  qmark, format, numeric, numeric_dollar, named, pyformat or typed; by default the one of the
                usual driver
    collation   `"query"` compares and sorts texts by code point, as OData does; `"column"` as the columns do
    strings     the older name of collation, `"exact"` or `"native"`, until 1.0

    The same query always gives the same text. Raises UnsupportedError for an operation that the dialect does
    not support, LimitError for more than the engine takes, ConfigurationError for an unknown column, for
    a model that does not say where values are, and for one whose moments have no offset while the dialect
    cannot read them in the query's default_timezone, as MySQL with `ZoneInfo("Europe/Madrid")`.
    """
    emitter = _emitter(dialect, query, None, True, collation, strings)
    where = _condition(emitter, query)
    order = _order(emitter, query)
    chosen = selection(emitter, query.entity_type, columns, partial(_conditions, query))
    text = f"SELECT {chosen} FROM {_source(emitter, table)}{where}"
    if order:
        text += f" ORDER BY {order}"
    return _statement(emitter, text + _page(emitter, query, bool(order)), paramstyle)


def count(
    query: Query,
    table: str,
    *,
    dialect: DialectName | Dialect,
    paramstyle: Paramstyle | None = None,
    collation: Collation = "query",
    strings: str | None = None,
) -> Statement:
    """Make the SELECT of the number of rows without `$top` and `$skip`, for `$count=true`."""
    emitter = _emitter(dialect, query, None, True, collation, strings)
    where = _condition(emitter, query)
    return _statement(emitter, f"SELECT COUNT(*) FROM {_source(emitter, table)}{where}", paramstyle)


def where(
    query: Query | Node | None,
    *,
    dialect: DialectName | Dialect,
    table: str | None = None,
    paramstyle: Paramstyle | None = None,
    collation: Collation = "query",
    strings: str | None = None,
    default_timezone: dt.tzinfo | None = None,
    first: int = 1,
) -> Fragment:
    """Make the condition of a query, for a WHERE of your own: `where(query, dialect="sqlite")`.

    query             a query, or a filter from parse_filter and validate
    table             the name or alias of the rows in your FROM, for queries with lambdas and navigation
    default_timezone  the time zone of columns without one, for a filter; UTC by default. A query has its own
    first             the number of the first marker, where markers are numbered or named
    """
    emitter = _emitter(dialect, query, default_timezone, False, collation, strings, table)
    filter = query.filter if isinstance(query, Query) else query
    holds = emitter.constant(True) if filter is None else condition(emitter, _checked(filter))
    return _fragment(emitter, holds.text, table, paramstyle, first)


def order_by(
    query: Query | Sequence[OrderByItem],
    *,
    dialect: DialectName | Dialect,
    table: str | None = None,
    paramstyle: Paramstyle | None = None,
    collation: Collation = "query",
    strings: str | None = None,
    default_timezone: dt.tzinfo | None = None,
    first: int = 1,
) -> Fragment:
    """Make the text after ORDER BY: `order_by(query, dialect="sqlite")`.

    It is empty for a query without an order alone: the order by constants, `$orderby=1`, has a text, too.
    The parameters are those of `where`.
    """
    emitter = _emitter(dialect, query, default_timezone, False, collation, strings, table)
    items = query.orderby if isinstance(query, Query) else query
    text = _order(emitter, query) or (emitter.dialect.constant_order if items else "")
    return _fragment(emitter, text, table, paramstyle, first)


def prepare(connection: Any, dialect: DialectName | Dialect = "sqlite") -> None:
    """Add to a connection what its engine lacks: `prepare(sqlite3.connect("images.db"))`.

    SQLite gets functions for `tolower` and `toupper` by Unicode, for `matchespattern` in linear time, for
    `mod` of decimals and doubles, and for time zones with changes of the clocks. Their names begin with
    `odata_`: on a connection that is not prepared, a statement that needs one fails with "no such function:
    odata_lower". Other engines need nothing.

    `Limits.max_cost` bounds the work for a row; only the engine bounds that of a statement, as with
    PostgreSQL `SET statement_timeout = '2s'`, MariaDB `SET max_statement_time = 2`, MySQL and ClickHouse
    `SET max_execution_time = 2000` and `= 2`, Trino `SET SESSION query_max_execution_time = '2s'`, Snowflake
    `ALTER SESSION SET STATEMENT_TIMEOUT_IN_SECONDS = 2`; DuckDB `threading.Timer(2, connection.interrupt)`,
    SQLite `connection.set_progress_handler(lambda: time.monotonic() > end, 10_000)`, pyodbc
    `connection.timeout = 2`, python-oracledb `connection.call_timeout = 2_000`.

    A connection is the driver's, or SQLAlchemy's or Django's around it. Frameworks open connections when they
    like, so prepare each one there: `event.listen(engine, "connect", lambda c, _: prepare(c))` in SQLAlchemy,
    `connection_created.connect(lambda connection, **_: prepare(connection), weak=False)` in Django. Raises
    ConfigurationError for another object, which says how to prepare a connection of aiosqlite.
    """
    find(dialect).prepare(connection)


# ---- pieces --------------------------------------------------------------------------------------


def _emitter(
    dialect: str | Dialect,
    query: object,
    default_timezone: dt.tzinfo | None,
    can_join: bool,
    collation: str,
    strings: str | None,
    table: str | None = None,
) -> SqlEmitter:
    if strings is not None:
        message = 'strings= is collation= since 0.2: "query" for "exact", "column" for "native"'
        warnings.warn(message, DeprecationWarning, stacklevel=3)
        collation = {"exact": "query", "native": "column"}.get(strings, strings)
    if collation not in ("query", "column"):
        raise ConfigurationError(f'collation is "query" or "column", not {collation!r}')
    reserved = "" if table is None else table.rpartition(".")[2].casefold()
    known, zone = find(dialect), _zone(query, default_timezone)
    if zone is not dt.UTC and not (isinstance(query, Query) and query.entity_type is None):
        check_zone(known, zone, query.entity_type if isinstance(query, Query) else None)
    return SqlEmitter(known, zone, can_join, collation == "column", reserved)


def _zone(query: object, given: dt.tzinfo | None) -> dt.tzinfo:
    """The time zone of columns without one: a query's own, so that the part means what the whole does."""
    if not isinstance(query, Query):
        return given or dt.UTC
    if given is not None:
        raise ConfigurationError("a query has its own default_timezone: give that to parse_query")
    return query.default_timezone


def _fragment(
    emitter: SqlEmitter, text: str, table: str | None, paramstyle: str | None, first: int
) -> Fragment:
    if emitter.columns.aliases and table is None:
        raise ConfigurationError("this query needs to know the rows' table: give its name or alias as table")
    row = "" if table is None else emitter.dialect.quote_table(table) + "."
    text = emitter.columns.finish(text, row)
    return Fragment(*render(text, emitter.values, emitter.dialect, paramstyle, first))


def _statement(emitter: SqlEmitter, text: str, paramstyle: str | None) -> Statement:
    row = emitter.dialect.quote(_ALIAS) + "." if emitter.columns.aliases else ""
    text = emitter.columns.finish(text, row)
    return Statement(*render(text, emitter.values, emitter.dialect, paramstyle, 1))


def _source(emitter: SqlEmitter, table: str) -> str:
    """The text after FROM: the table, and the tables joined to it."""
    text = _quoted_table(emitter.dialect, table)
    if not emitter.columns.aliases:
        return text
    joins = emitter.columns.root.joins
    assert joins is not None
    return f"{text}{emitter.dialect.alias_prefix}{emitter.dialect.quote(_ALIAS)}{''.join(joins.texts)}"


@lru_cache(maxsize=256)
def _quoted_table(dialect: Dialect, table: str) -> str:
    return dialect.quote_table(table)


def _conditions(query: Query, member: Member) -> list[Node]:
    """The service's conditions on the rows that a property in `columns` leads to."""
    found = [*conditions_of(member, query.default_timezone)]
    for conditions in query._everywhere:
        found += conditions(member)
    return found


def _checked(filter: Node) -> Node:
    if type(filter) not in (TypedCall, TypedPath, LiteralNode):
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


def _order(emitter: SqlEmitter, query: Query | Sequence[OrderByItem]) -> str:
    """The text after ORDER BY: null before all else, then NaN, texts by code point."""
    found = []
    items = query.orderby if isinstance(query, Query) else query
    guard = emitter.constant(True)
    if isinstance(query, Query) and not all(isinstance(item.expression, TypedPath) for item in items):
        # An engine may evaluate a subquery of the order on members of rows that the filter drops.
        guard = service_condition(emitter, query.filter, condition)[0]
        emitter.guards = () if guard.kind == TRUE else (guard,)
    dialect = emitter.dialect
    emitter.option = "$orderby"
    known: set[Any] = set()
    for item in items:
        expression = item.expression
        # Two paths are the same if their names are, and names are compared sooner.
        key = expression.segments if isinstance(expression, TypedPath) else expression
        if key in known:
            continue
        known.add(key)
        part = value(emitter, expression)
        if isinstance(part, Value):
            continue
        assert isinstance(part, Sql)
        if part.has_subquery and not dialect.sorts_by_subqueries:
            message, what = "unsupported-expression.engine-cannot", Phrase("sort-by-another-table")
            raise error([problem(message, "$orderby", expression.span, engine=Name(dialect.name), what=what)])
        type = expression.type
        is_sorted = part.storage is not None and part.storage.is_ordered
        text = part.text if is_sorted else emitter.text(part)
        if isinstance(expression, TypedCall) and (guard.has_subquery or guard.rows & ~THE_ROW):
            text = f"CASE WHEN {guard.text} THEN {text} END"  # MariaDB sorts before it joins
            emitter.add_subqueries(guard.subqueries)
        if type is edm.STRING and emitter.collation_of(part) != "binary":
            text = dialect.binary.format(a=text)
        direction = " DESC" if item.descending else ""
        direction += dialect.nulls_clause(emitter.or_empty(part, expression.nullable), item.descending)
        if type in (edm.DOUBLE, edm.SINGLE) and dialect.nan != "none":
            nan = emitter.marker(float("nan"), edm.DOUBLE)
            found.append(emitter.fill(dialect.nan_rank, [part.renamed(text)], nan=nan).text + direction)
        found.append(text + direction)
    return ", ".join(found)


def _page(emitter: SqlEmitter, query: Query, is_ordered: bool) -> str:
    """` LIMIT ? OFFSET ?`"""
    if query.top is None and not query.skip:
        return ""
    page = emitter.dialect.page
    template = page.top if not query.skip else page.skip if query.top is None else page.both
    if query.top == 0:
        template = page.empty or template
    top = emitter.marker(query.top, edm.INT64) if query.top is not None else ""
    skip = emitter.marker(query.skip or 0, edm.INT64)
    order = " ORDER BY (SELECT NULL)" if page.needs_order and not is_ordered else ""
    return f"{order} {template.format(top=top, skip=skip)}"
