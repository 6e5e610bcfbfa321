"""Statements: text with markers in a paramstyle, and the values for a driver."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, LiteralString, NamedTuple, get_args

from .. import edm
from ..errors import ODataError, error
from ..problems import ConfigurationError, Name, Phrase, problem
from .dialects.base import Dialect

Paramstyle = Literal["qmark", "format", "numeric", "numeric_dollar", "named", "pyformat", "typed"]
"""The paramstyles of PEP 249; numeric_dollar is `$1`, typed is ClickHouse's `{p1:String}`.

format and pyformat double each `%` of the text. named suits `sqlalchemy.text` too, which takes `:word` for a
parameter even within quotes: templates avoid it, and a column's name that has it is escaped by the caller.
"""


class Fragment(NamedTuple):
    """A part of a statement with its values: `"size" > ?` and (3,).

    text    SQL without any text of the query, so that type checkers take it as a literal (PEP 675)
    params  a tuple, or a dictionary for the paramstyles named, pyformat and typed
    """

    text: LiteralString
    params: Any


class Statement(NamedTuple):
    """A whole SELECT with its values: `connection.execute(*statement)`.

    The fields are those of a Fragment.
    """

    text: LiteralString
    params: Any


_PARAMSTYLES = get_args(Paramstyle)
_MARKERS: Mapping[str, Callable[[int], str]] = {
    "numeric": lambda n: f":{n}",
    "numeric_dollar": lambda n: f"${n}",
    "pyformat": lambda n: f"%(p{n})s",
}


def render(
    text: str, values: Sequence[tuple[Any, edm.Type]], dialect: Dialect, paramstyle: str | None, first: int
) -> tuple[LiteralString, Any]:
    """Put markers into a text, and convert its values for the driver.

    text    SQL in which `\\0n\\0` stands for the n-th value
    first   the number of the first marker, where markers are numbered or named
    Raises LimitError for more than the engine takes, ConfigurationError for an unknown paramstyle.
    """
    style = dialect.paramstyle if paramstyle is None else paramstyle
    if style not in _PARAMSTYLES:
        raise ConfigurationError(f"{style!r} is not a paramstyle, which are {', '.join(_PARAMSTYLES)}")
    pieces = text.split("\0")
    texts, used = pieces[::2], pieces[1::2]
    if dialect.marker_casts:
        for place, n in enumerate(used):
            before, _, after = dialect.marker_casts.get(type(values[int(n)][0]), "{m}").partition("{m}")
            texts[place] += before
            texts[place + 1] = after + texts[place + 1]
    if style == "qmark" or type(dialect).nests_too_deep is not Dialect.nests_too_deep:
        text = "?".join(texts)
        if dialect.nests_too_deep(text):
            raise engine_error(dialect, "expression-too-large.engine-parser")
    params: Any
    if style == "qmark":
        params = tuple([dialect.bind(*values[int(n)]) for n in used])
    elif style == "format":
        params = tuple([dialect.bind(*values[int(n)]) for n in used])
        text = "%s".join([piece.replace("%", "%%") for piece in texts])
    else:
        numbers = {n: position for position, n in enumerate(dict.fromkeys(used), first)}
        pieces[1::2] = [_marker(style, numbers[n], values[int(n)], dialect) for n in used]
        pieces[::2] = [piece.replace("%", "%%") for piece in texts] if style == "pyformat" else texts
        text = "".join(pieces)
        bound = {n: dialect.bind(*values[int(n)]) for n in numbers}
        if style.startswith("numeric"):
            params = tuple(bound.values())
        else:
            params = {f"p{numbers[n]}": value for n, value in bound.items()}
    if dialect.max_parameters is not None and len(params) > dialect.max_parameters:
        raise too_large(dialect, "bound-values", dialect.max_parameters)
    if len(text) > dialect.max_length:
        raise too_large(dialect, "characters", dialect.max_length)
    rendered: Any = text  # a LiteralString by what is in it, which no type checker can see
    return rendered, params


def _marker(style: str, number: int, value: tuple[Any, edm.Type], dialect: Dialect) -> str:
    if style == "typed":
        return f"{{p{number}:{dialect.marker_type(*value)}}}"
    return dialect.named_marker.format(n=number) if style == "named" else _MARKERS[style](number)


def engine_error(dialect: Dialect, message_id: str, **values: Any) -> ODataError:
    """Make the error for what the engine cannot do; odata_query/logic.py adds its place."""
    return error([problem(message_id, engine=Name(dialect.name), **values)])


def too_large(dialect: Dialect, what: str, most: int) -> ODataError:
    """Make the error for a query that needs more of something than the engine takes."""
    return engine_error(dialect, "expression-too-large.engine", what=Phrase(what), most=most)
