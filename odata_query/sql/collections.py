"""Tests and counts of the members of collections: EXISTS, IN, COUNT, and functions of arrays."""

from __future__ import annotations

from dataclasses import replace

from ..problems import Phrase
from .columns import Columns
from .composer import Composer
from .parts import FALSE, Collection, Sql, SqlValue
from .statement import too_large


class Collections:
    """Tests the collections of one statement."""

    def __init__(self, sql: Composer, columns: Columns) -> None:
        self.sql = sql
        self.columns = columns
        self.dialect = sql.dialect
        self._subqueries = 0

    def exists(self, collection: Collection, level: int, body: Sql | None, wanted: bool) -> Sql:
        """Compile `any`: the condition that the body holds for a member, or for none if not `wanted`."""
        if level:
            self.columns.level = level - 1
        if body is not None and body.kind == FALSE:
            return self.sql.constant(not wanted)
        found = self.exists_as_in(collection, body) if wanted else None
        found = found if found is not None else self.query(collection, body, counted=False)
        return found if wanted else self.sql.negate(found)

    def exists_as_in(self, collection: Collection, body: Sql | None) -> Sql | None:
        """Rewrite EXISTS as `id IN (SELECT ...)`, for engines that do not start from few rows themselves."""
        if not self.dialect.rewrites_exists or len(collection.links) != 1:
            return None
        if body is None or not body.is_selective:
            return None
        inner = self.sql.every([*collection.on[1:], body])
        source, own = self.source(collection)
        if inner.rows & ~own:
            return None
        there, here = collection.links[0]
        text = f"{here.text} IN (SELECT {there} FROM {source.text} WHERE {inner.text})"
        found = self.sql.nest(text, [inner, here])
        found.rows, found.has_subquery = here.rows, True
        return found

    def source(self, collection: Collection) -> tuple[Sql, int]:
        """The text after FROM with its joins, and the rows that it brings."""
        source = collection.source
        if collection.joins is None:
            return source, collection.row
        return Sql(f"{source.text}{collection.joins}", rows=source.rows), collection.joins.rows

    def query(self, collection: Collection, body: Sql | None, *, counted: bool) -> SqlValue:
        """Compile the test for a member for which the body holds, or the number of such members."""
        sql, dialect = self.sql, self.dialect
        bodies = [] if body is None else [body]
        source, own = self.source(collection)
        holds = sql.every([*collection.on, *bodies])
        if holds.has_subquery and not collection.form.takes_subqueries:
            what = Phrase("join-array-members")
            raise sql.engine_error("unsupported-expression.engine-cannot", what=what)
        self._subqueries += 1
        if dialect.max_subqueries is not None and self._subqueries > dialect.max_subqueries:
            raise too_large(dialect, "collection-tests", dialect.max_subqueries)
        form, text, on, columns = collection.form, holds.text, "", ""
        if dialect.array_of_children is not None and collection.joins is not None:
            links = sql.every(collection.on[: len(collection.links)])
            inner = sql.every([*collection.on[len(collection.links) :], *bodies])
            self.columns.check_reach((source.rows | links.rows) & ~own)
            if inner.rows & ~own:
                if inner.has_subquery:
                    raise self.columns.too_far()
                form, text, on = dialect.array_of_children, inner.text, links.text
                columns = self.array_columns(collection)
        template = form.counted if counted else form.exists
        text = template.format(source=source.text, t=collection.alias, body=text, on=on, columns=columns)
        rows = (source.rows | holds.rows) & ~own
        if collection.joins is not None and not dialect.correlates_deeply:
            self.columns.check_reach(rows)
        found = sql.enclose(SqlValue(text), [holds])
        found.rows = rows
        found.has_subquery = holds.has_subquery or source.has_subquery or form.is_subquery
        return found

    def array_columns(self, collection: Collection) -> str:
        """Turn the columns that were read of a child table into members of an array; return them for it.

        `EXISTS (SELECT 1 FROM items AS i WHERE i.order = o.id AND i.size > o.size)` on an engine whose
        subqueries reach no farther than the link becomes
        `arrayExists(i -> i.1 > o.size, (SELECT groupArray(tuple(i.size)) FROM items AS i WHERE ...))`.
        """
        assert self.dialect.array_of_children is not None
        assert collection.joins is not None
        member, texts = self.dialect.array_of_children.member, self.sql.columns
        read = []
        for number in (collection.joins.columns or {}).values():
            read.append(texts[number])
            texts[number] = member.format(t=collection.alias, n=len(read))
        return ", ".join(read) or "1"

    def count(self, collection: Collection) -> SqlValue:
        """Compile the number of members, null where the path to the collection leads through null."""
        found = self.query(collection, None, counted=True)
        if collection.absent is not None:
            text = f"CASE WHEN NOT ({collection.absent.text}) THEN {found.text} END"
            found = self.sql.enclose(SqlValue(text), [found, collection.absent])
        found.is_int64 = True
        return found

    def filter(self, collection: Collection, level: int, body: Sql) -> Collection:
        """The members for which a body holds."""
        self.columns.level = level - 1
        return replace(collection, on=(*collection.on, body))
