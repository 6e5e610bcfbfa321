"""Tests and counts of the members of collections: EXISTS, IN, COUNT, and functions of arrays."""

from __future__ import annotations

from dataclasses import replace

from ..model.properties import StructuredType
from ..problems import Phrase
from .columns import Columns
from .fences import Fences
from .parts import Collection, Sql

_COUNT = "COUNT(*)"


def exists_as_in(sql: Fences, collection: Collection, body: Sql | None) -> Sql | None:
    """Rewrite EXISTS as `id IN (SELECT ...)`, for engines that do not start from few rows themselves."""
    if not sql.dialect.rewrites_exists or len(collection.links) != 1:
        return None
    if body is None or not body.is_selective or sql.guards_of(collection):
        return None
    inner = sql.every([*collection.on[1:], body])
    if inner.rows & ~collection.own_rows:
        return None
    there, here = collection.links[0]
    text = f"{here.text} IN (SELECT {there} FROM {collection.joined_source} WHERE {inner.text})"
    found = sql.nest(text, [inner, here])
    found.rows, found.has_subquery = here.rows, True
    return found


def unique_key(columns: Columns, collection: Collection) -> str:
    """The column to count different values of, where a link table could repeat a member; else empty."""
    element, dialect = collection.element, columns.dialect
    if not collection.unique or not isinstance(element, StructuredType) or len(element.key) != 1:
        return ""
    if _COUNT not in dialect.children.counted or dialect.array_of_children is not None:
        return ""
    column = element.members[element.key[0]].column
    return f"{collection.alias}.{dialect.quote(column)}" if column else ""


def members(sql: Fences, columns: Columns, collection: Collection, body: Sql | None, *, counted: bool) -> Sql:
    """Compile the test for a member for which the body holds, or the number of such members."""
    dialect = sql.dialect
    key = unique_key(columns, collection) if counted else ""
    if counted and collection.unique and not key:
        collection = replace(collection, source=collection.source.rewritten(collection.unique))
    collection, bodies = sql.fenced_members(collection, [] if body is None else [body])
    source, others = collection.source, ~collection.own_rows
    holds = sql.every([*collection.on, *bodies])
    rows = (source.rows | holds.rows) & others
    if dialect.uncached and (collection.joins is None or rows & columns.rows_of_texts):
        holds = sql.every([holds, Sql(dialect.uncached)])
    if not columns.level:
        columns.rows_of_texts = 0
    if holds.has_subquery and not collection.form.takes_subqueries:
        raise sql.engine_error("unsupported-expression.engine-cannot", what=Phrase("join-array-members"))
    sql.add_subqueries(1)
    form, text, on, read = collection.form, holds.text, "", ""
    if dialect.array_of_children is not None and collection.joins is not None:
        links = sql.every(collection.on[: len(collection.links)])
        inner = sql.every([*collection.on[len(collection.links) :], *bodies])
        columns.check_reach((source.rows | links.rows) & others)
        if inner.rows & others:
            if inner.has_subquery:
                raise columns.too_far()
            form, text, on = dialect.array_of_children, inner.text, links.text
            read = columns.as_array(collection)
    template = form.counted if counted else form.exists
    text = template.format(
        source=collection.joined_source, t=collection.alias, body=text, on=on, columns=read
    )
    if key:  # an index serves this; a DISTINCT in the source makes SQLite read the whole link table
        text = text.replace(_COUNT, f"COUNT(DISTINCT {key})", 1)
    if collection.joins is not None and not dialect.correlates_deeply:
        columns.check_reach(rows)
    found = sql.nest(text, [holds])
    found.rows = rows
    found.has_subquery = holds.has_subquery or source.has_subquery or form.is_subquery
    return found
