"""Fences: the client's conditions are evaluated where the service's hold (see odata_query/fences.py).

Engines choose the order in which they evaluate the parts of AND, and may read all members of an EXISTS first.
They keep to the order of a CASE: `tenant = 7 AND CASE WHEN tenant = 7 THEN ... END`, where the first part is
for an index. A subquery of the client's has the service's condition in it once more.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace

from .. import edm
from .columns import Columns
from .composer import Composer
from .parts import FALSE, TRUE, Collection, Entity, Part, Sql, SqlColumn, Value


class Fences(Composer):
    """A composer that puts the service's conditions around the client's."""

    guards: tuple[Sql, ...] | None = ()
    """The service's conditions while the client's is compiled; None while one of the service is."""
    columns: Columns

    @abstractmethod
    def choose(self, pairs: Sequence[tuple[Sql, Part]]) -> Part:
        """Compile a CASE."""

    def service(self, compile: Callable[[], Sql]) -> Sql:
        around, self.guards = self.guards, None
        before = self.subqueries
        holds = compile()
        holds.subqueries = self.subqueries - before
        self.guards = around
        return holds

    def fence(self, service: Sql, client: Callable[[], Sql]) -> Sql:
        around = self.guards
        self.guards = (*(around or ()), service)
        holds = client()
        self.guards = around
        return self.every([service, self.fenced([service], holds)])

    def fenced(self, guards: Sequence[Sql], holds: Sql) -> Sql:
        """Evaluate a condition only where others hold."""
        guard = self.every(guards)
        if guard.kind in (TRUE, FALSE) or holds.kind in (TRUE, FALSE):
            return self.every([guard, holds])
        body = holds.text
        if not self.dialect.conditions_are_values:
            body = f"CASE WHEN {body} THEN 1 END"
        found = self.nest(f"CASE WHEN {guard.text} THEN {body} END", [guard, holds])
        if not self.dialect.conditions_are_values:
            found.text += " = 1"
        self.add_subqueries(sum([part.subqueries for part in guards]))
        return found

    def guards_of(self, collection: Collection) -> tuple[Sql, ...]:
        """The service's conditions on a member, and on the rows around a subquery of the client's."""
        if self.guards is None or collection.joins is None or not self.dialect.guards_subqueries:
            return collection.guards
        known, levels = self.columns.collections, range(1, self.columns.level + 1)
        around = [guard for level in levels for guard in known[level].guards]
        return (*self.guards, *around, *collection.guards)

    def fenced_members(self, collection: Collection, bodies: list[Sql]) -> tuple[Collection, list[Sql]]:
        """Put a fence around what the client asks of a member: the conditions on it and the bodies."""
        guards, number = self.guards_of(collection), len(collection.links)
        if not guards:
            return collection, bodies
        client = self.every([*collection.on[number:], *bodies])
        far = [guard for guard in guards if guard.rows & ~collection.own_rows]
        if not self.dialect.correlates_deeply and any(part.has_subquery for part in far and [*far, client]):
            raise self.columns.too_far()
        fenced = client if client.kind == TRUE else self.fenced(guards, client)
        return replace(collection, on=collection.on[:number]), [*collection.guards, fenced]

    def shown_members(self, collection: Part, level: int, type: edm.Type, body: Sql) -> Collection:
        assert isinstance(collection, Collection)
        self.columns.level = level - 1
        return replace(collection, guards=(*collection.guards, body))

    def shown(self, holds: Sql, part: Part) -> Part:
        if isinstance(part, Sql | Value):
            found = self.choose([(holds, part)])
            if isinstance(part, SqlColumn) and isinstance(found, Sql):
                found.collation = part.collation
            return found
        absent = self.not_true(holds)
        if part.absent is not None:
            absent = self.some([part.absent, absent])
        if isinstance(part, Entity):
            return Entity(part.instance, absent)
        return replace(part, guards=(holds, *part.guards), absent=absent)
