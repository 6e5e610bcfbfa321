"""Pieces of SQL that are not yet a statement, and how they become one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from .. import edm
from ..errors import error
from ..model.properties import Property
from ..problems import ConfigurationError, Name, Phrase, problem
from .dialects.base import Dialect, Members, Storage

ATOM, AND, OR, TRUE, FALSE = range(5)
"""How a condition is joined: not at all, by AND, by OR; or that it always holds, or never."""
ROW = "\1"
"""Stands before the columns of the row itself until it is known whether they need the table's name."""


class Sql:
    """A value or a condition in SQL. `\\0n\\0` stands for the n-th of the emitter's values.

    kind       how a condition is joined
    depth      how deep it nests
    column     whether it is a column, short enough to be written twice
    storage    how a column holds its values, if not as templates take them
    collation  how it compares texts, None for what is usual
    bits       the bits of an integer without its sign
    long       whether the engine computes with it in 64 bits
    scale      the digits after the point of a decimal, None if unknown
    equals     whether it is a column for which `= value` says what eq means, and
    selective  whether it is a condition that few rows fulfil
    compares   whether it is one for which `< value` says what lt means
    type       the type of a value, where it is known
    """

    column = False
    storage: Storage | None = None
    collation: str | None = None
    bits = 63
    long = False
    scale: int | None = None
    equals = False
    compares = False
    selective = False
    type: edm.Type | None = None

    def __init__(self, text: str, kind: int = ATOM, depth: int = 1) -> None:
        self.text = text
        self.kind = kind
        self.depth = depth


class Value:
    """A value that is known without the row; it becomes a marker where it is used."""

    __slots__ = ("type", "value")
    depth = 1

    def __init__(self, value: Any, type: edm.Type) -> None:
        self.value = value
        self.type = type


@dataclass(slots=True)
class Row:
    """A row that columns are read from: `"images".`, or where there is no FROM to join in, a subquery.

    before, after  what stands around a column
    joins          tables joined to it, by the properties that lead to them
    inner          of a subquery its alias, what stands behind its FROM, and its condition
    """

    before: str
    after: str = ""
    joins: list[str] | None = None
    inner: tuple[str, str, str] | None = None

    def column(self, quoted: str) -> str:
        return self.before + quoted + self.after


@dataclass(slots=True)
class Json:
    """A value in JSON that properties are read from, by the keys that lead to it."""

    text: str
    keys: tuple[str, ...] = ()


@dataclass(slots=True)
class Flat:
    """A complex value whose properties are columns of a row; their names begin with a prefix."""

    row: Row
    prefix: str
    columns: tuple[str, ...] = ()


Instance = Row | Json | Flat
"""What a path goes on from."""


@dataclass(slots=True)
class Entity:
    """An entity or complex value itself; `absent` is the condition that there is none."""

    instance: Instance
    absent: str | None
    depth: int = 1


@dataclass(slots=True)
class Collection:
    """The members of a collection.

    alias   what a member is known by
    source  what stands behind FROM
    on      the conditions that a row of the source is a member
    links   the columns of a child table, and those of the row that they are equal to
    absent  the condition that the path to it leads through null
    joins   tables joined to the source; None if it takes none
    """

    form: Members
    alias: str
    source: str
    element: edm.Type
    property: Property
    on: tuple[Sql, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    absent: str | None = None
    joins: list[str] | None = None
    depth: int = 1


Part = Sql | Value | Entity | Collection


class Fragment(NamedTuple):
    """A part of a statement with its values: `"size" > ?` and (3,).

    params is a tuple, or a dictionary for the paramstyles named, pyformat and typed.
    """

    text: str
    params: tuple[Any, ...] | dict[str, Any]


class Statement(NamedTuple):
    """A whole SELECT with its values: `connection.execute(*statement)`."""

    text: str
    params: tuple[Any, ...] | dict[str, Any]


_MARKERS: Mapping[str, Callable[[int], str]] = {
    "qmark": lambda n: "?",
    "format": lambda n: "%s",
    "numeric": lambda n: f":{n}",
    "numeric_dollar": lambda n: f"${n}",
    "named": lambda n: f":p{n}",
    "pyformat": lambda n: f"%(p{n})s",
}
PARAMSTYLES = (*_MARKERS, "typed")


def rendered(
    text: str, values: Sequence[tuple[Any, edm.Type]], dialect: Dialect, paramstyle: str | None, first: int
) -> tuple[str, tuple[Any, ...] | dict[str, Any]]:
    """The text with markers of a paramstyle, and the values in that style; names and numbers from `first`."""
    style = dialect.paramstyle if paramstyle is None else paramstyle
    if style not in PARAMSTYLES:
        raise ConfigurationError(f"{style!r} is no paramstyle: {', '.join(PARAMSTYLES)}")
    if dialect.nests_too_deep(text):
        raise error([problem("expression-too-large.engine-parser", engine=Name(dialect.name))])
    pieces = text.split("\0")
    used = pieces[1::2]
    if dialect.marker_casts:
        for place, n in enumerate(used):
            before, _, after = dialect.marker_casts.get(type(values[int(n)][0]), "{m}").partition("{m}")
            pieces[2 * place] += before
            pieces[2 * place + 2] = after + pieces[2 * place + 2]
    bound = dialect.max_parameters
    if style == "qmark":
        params: tuple[Any, ...] | dict[str, Any] = tuple([dialect.bind(*values[int(n)]) for n in used])
        text = "?".join(pieces[::2])
    elif style == "format":
        params = tuple([dialect.bind(*values[int(n)]) for n in used])
        text = "%s".join([piece.replace("%", "%%") for piece in pieces[::2]])
    else:
        numbers = {n: position for position, n in enumerate(dict.fromkeys(used), first)}
        pieces[1::2] = [_marker(style, numbers[n], values[int(n)], dialect) for n in used]
        if style == "pyformat":
            pieces[::2] = [piece.replace("%", "%%") for piece in pieces[::2]]
        text = "".join(pieces)
        found = {n: dialect.bind(*values[int(n)]) for n in numbers}
        if style.startswith("numeric"):
            params = tuple(found.values())
        else:
            params = {f"p{numbers[n]}": value for n, value in found.items()}
    if bound is not None and len(params) > bound:
        raise too_large(dialect, "bound-values", bound)
    check_length(text, dialect)
    return text, params


def _marker(style: str, number: int, value: tuple[Any, edm.Type], dialect: Dialect) -> str:
    if style == "typed":
        return f"{{p{number}:{dialect.marker_type(*value)}}}"
    return dialect.named_marker.format(n=number) if style == "named" else _MARKERS[style](number)


def check_length(text: str, dialect: Dialect) -> None:
    """Refuse what is longer than a statement can be."""
    if len(text) > dialect.max_length:
        raise too_large(dialect, "characters", dialect.max_length)


def too_large(dialect: Dialect, what: str, most: int) -> Exception:
    """The error for a query that is more than the engine takes."""
    engine = Name(dialect.name)
    return error([problem("expression-too-large.engine", engine=engine, what=Phrase(what), most=most)])
