"""Parts of a statement: a piece of SQL, a value, an entity, a collection, and the rows they are read from.

A piece of SQL is text and what others need to know of it, so that no text is ever read again. Rows have
numbers: 0 for the row itself, n for the alias `odata_n`; a set of rows is an integer with a bit for each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from .. import edm
from ..model.properties import Member
from .dialects.base import Members, Storage

ATOM, AND, OR, TRUE, FALSE = range(5)
"""The form of a condition: joined by nothing, by AND, by OR; always true, always false."""
ROW = "\1"
"""Precedes the columns of the row itself until it is known whether they need the name of its table."""
THE_ROW = 1
"""The set of rows that holds the row itself alone."""


class Clock(NamedTuple):
    """The clock of a computed moment in its own offset.

    local    the clock as if it was in UTC
    minutes  the minutes of the offset; not null for a moment that was moved out of the calendar
    offset   the minutes of the offset, null for a null moment
    """

    local: str
    minutes: str
    offset: str


class Sql:
    """A piece of SQL, a condition if nothing else: `"size" > \0n\0`, for the n-th of the composer's values.

    kind          the form of a condition
    depth         the height of the expression as the engine's parser counts it
    rows          the rows around it whose columns it reads, as bits
    has_subquery  True if a SELECT from a table is in it
    subqueries    the number of its subqueries, known for a condition of the service
    is_selective  True for a condition that few rows meet
    largest       the largest absolute value of an integer
    is_int64      True for an integer that the engine computes with in 64 bits
    scale         the digits after the point of a decimal, None if unknown
    type          the type of a value, where it is known
    storage       how a column holds the value, None if as the dialect's templates take it
    clock         the clock of a computed moment in its own offset, None if that is UTC
    collation     how a column compares texts, None for the usual way
    tests_eq      True for a column for which `= value` means what `eq` means
    tests_order   True for a column for which `< value` means what `lt` means
    """

    subqueries = 0
    is_selective = is_int64 = tests_eq = tests_order = False
    largest = 2**63
    scale: int | None = None
    type: edm.Type | None = None
    storage: Storage | None = None
    clock: Clock | None = None
    collation: str | None = None

    def __init__(
        self, text: str, kind: int = ATOM, depth: int = 1, rows: int = 0, has_subquery: bool = False
    ) -> None:
        self.text = text
        self.kind = kind
        self.depth = depth
        self.rows = rows
        self.has_subquery = has_subquery

    def rewritten(self, text: str) -> Sql:
        """Make a piece of another text with what this one reads."""
        found = Sql(text, ATOM, self.depth, self.rows, self.has_subquery)
        found.type = self.type
        return found

    def renamed(self, name: str) -> Sql:
        """Make a copy whose value is bound to a name."""
        found = Sql.__new__(type(self))
        found.__dict__.update(self.__dict__, text=name, storage=None)
        return found


class SqlColumn(Sql):
    """A value that a column or JSON holds, short enough to be written twice."""


class Value:
    """A value that is known without the row; it becomes a marker where it is used."""

    __slots__ = ("type", "value")
    depth, rows, has_subquery = 1, 0, False

    def __init__(self, value: Any, type: edm.Type) -> None:
        self.value = value
        self.type = type


@dataclass(slots=True)
class Joins:
    """The tables joined to one, for the paths that lead from its rows to others.

    texts    the joins, as `LEFT JOIN ...`
    rows     the rows that they bring, and for a child table its own row
    columns  numbers of the columns that are read of these rows, by their text, where a dialect may test
             the rows as an array of those columns
    """

    texts: list[str]
    rows: int = 0
    columns: dict[str, int] | None = None


@dataclass(slots=True)
class Row:
    """A row or a complex value in its columns: `"images".`, or without a FROM to join it to, a subquery.

    before, after  the text around a column
    rows           the rows around it that a column of it reads
    joins          the joins that paths from it can add to
    subquery       the alias, FROM and condition of a subquery
    prefix         the start of the names of a complex value's columns
    """

    before: str
    after: str = ""
    rows: int = THE_ROW
    joins: Joins | None = None
    subquery: tuple[str, str, str] | None = None
    prefix: str = ""


@dataclass(slots=True)
class Json:
    """A value in JSON that properties are read from, by the keys that lead to it."""

    value: Sql
    keys: tuple[str, ...] = ()


Instance = Row | Json
"""An entity or a complex value, where a path continues."""


@dataclass(slots=True)
class Entity:
    """An entity or complex value itself; `absent` is the condition that it is missing."""

    instance: Instance
    absent: Sql | None
    depth, rows, has_subquery = 1, 0, False


@dataclass(slots=True)
class Collection:
    """The members of a collection.

    alias   the name of a member
    row     the number of a member's row, as a bit
    source  the text after FROM, or an array
    unique  the text after FROM in which each member is once, if a link table could repeat it
    member  the property that holds the collection
    on      conditions that a row of the source is a member; for a child table, first those of `links`
    links   for a child table, the columns there and the columns here that they equal
    absent  the condition that the path to the collection leads through null
    joins   the joins of a child table; None for a collection in one column
    cast    the type that members are converted to, if it is not their own
    guards  conditions of the service, without which nothing else is evaluated on a member
    """

    form: Members
    alias: str
    row: int
    source: Sql
    element: edm.Type
    member: Member
    on: tuple[Sql, ...] = ()
    links: tuple[tuple[str, Sql], ...] = ()
    absent: Sql | None = None
    joins: Joins | None = None
    cast: edm.Type | None = None
    unique: str = ""
    guards: tuple[Sql, ...] = ()
    depth, rows, has_subquery = 1, 0, False

    @property
    def joined_source(self) -> str:
        """The text after FROM with its joins."""
        return self.source.text if self.joins is None else self.source.text + "".join(self.joins.texts)

    @property
    def own_rows(self) -> int:
        """The rows that the source and its joins bring, as bits."""
        return self.row if self.joins is None else self.joins.rows


Part = Sql | Value | Entity | Collection
