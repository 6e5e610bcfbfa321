"""Strategies for Hypothesis: queries of a model, rows for them, and queries that are wrong.

    from odata_query.strategies import filters, rows

    @given(filters(Image), rows(Image))
    def test_my_backend(text, data): ...

They need the extra `hypothesis`. A `filter` is what the option holds, decoded; failing ones shrink to
short ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import resources
from typing import Any, TypeVar
from urllib.parse import quote

from hypothesis import strategies as st

from .errors import ConfigurationError
from .limits import Limits
from .model import EntityType
from .printer import unparse
from .testing.choices import Choices
from .testing.generator import Generator
from .testing.mistakes import Mistakes
from .testing.samples import Rows

__all__ = ["filters", "invalid_filters", "orderbys", "queries", "raw_text", "rows"]

T = TypeVar("T")
Pairs = list[tuple[str, str]]

_SAFE = "$',()/:*@!;=?"
"""What browsers leave in a query string, apart from letters and digits."""

_BYTES = st.binary(max_size=256) | st.one_of([st.binary(min_size=n, max_size=n) for n in (24, 48, 96)])
"""Bytes of a fixed size are drawn in less time; only the first shrink in size: the others become those."""


@st.composite
def _decided(draw: st.DrawFn, make: Callable[[Choices], T]) -> T:
    """What is made by decisions, all in one draw: each takes Hypothesis longer than many decisions."""
    return make(Choices(draw(_BYTES)))


def filters(
    entity_type: EntityType,
    *,
    limits: Limits | None = None,
    rows: Iterable[Any] = (),
    max_depth: int = 4,
) -> st.SearchStrategy[str]:
    """Valid `$filter` texts: `contains(name,'100%') or not (size gt 7)`.

    limits     those that queries are parsed with: nothing is made that they do not allow
    rows       rows of the service, whose values the literals then often have
    max_depth  how deep operations nest

    Every operation of the language that fits the model's properties can appear.
    """
    generator = _generator(entity_type, limits, rows, max_depth)
    return _decided(lambda choices: unparse(generator.filter(choices, max_depth)))


def orderbys(
    entity_type: EntityType,
    *,
    limits: Limits | None = None,
    rows: Iterable[Any] = (),
    max_items: int = 3,
) -> st.SearchStrategy[str]:
    """Valid `$orderby` texts: `name desc,length(code)`.

    Raises ConfigurationError for a model without a property to sort by.
    """
    generator = _generator(entity_type, limits, rows, max_items)
    if not generator.orderby(Choices(b"")):
        raise ConfigurationError(f"{entity_type.name} has no property to sort by")
    return _decided(lambda choices: unparse(generator.orderby(choices, max_items)))


def queries(
    entity_type: EntityType,
    *,
    limits: Limits | None = None,
    rows: Iterable[Any] = (),
    encoded: bool = False,
) -> Any:
    """Valid sets of options as pairs, `[("$filter", "size gt 7"), ("$top", "10")]`.

    encoded  as a query string instead: `$filter=size%20gt%207&$top=10`
    """
    generator = _generator(entity_type, limits, rows, 1)
    found = _decided(lambda choices: list(generator.options(choices).items()))
    return found.map(_encoded) if encoded else found


def _encoded(pairs: Pairs) -> str:
    return "&".join(f"{name}={quote(value, safe=_SAFE)}" for name, value in pairs)


def rows(
    entity_type: EntityType,
    *,
    min_size: int = 0,
    max_size: int = 10,
    allow_nan: bool = False,
    allow_infinity: bool = False,
) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Rows that fit the model, as dictionaries of Python values, each unlike the others in its key.

    Values are those that filters ask for: nulls, quotes, `%`, `_`, letters that fold to others, the ends of
    ranges.
    """

    def made(parts: list[bytes]) -> list[dict[str, Any]]:
        maker = Rows(entity_type, infinite=allow_infinity, nan=allow_nan)
        return [maker.row(Choices(part), number) for number, part in enumerate(parts, 1)]

    return st.lists(_BYTES, min_size=min_size, max_size=max_size).map(made)


def invalid_filters(
    entity_type: EntityType, *, limits: Limits | None = None
) -> st.SearchStrategy[tuple[str, str]]:
    """Filters that are wrong in one place, with their problem's code: `("size eq 'abc'", "wrong-type")`."""
    mistakes = Mistakes(_generator(entity_type, limits, (), 1))
    return _decided(mistakes.mistake)


def raw_text(start: str = "filter") -> st.SearchStrategy[str]:
    """Texts of the grammar, without a model: what parses, whatever it means.

    start  `filter` or `orderby`

    Made by hypothesis.extra.lark from the grammar file, and slowly.
    """
    import lark
    from hypothesis.extra.lark import from_lark

    grammar = resources.files(__package__).joinpath("odata.lark").read_text("utf-8")
    return from_lark(lark.Lark(grammar, parser="lalr", lexer="contextual", start=start), start=start)


def _generator(entity_type: EntityType, limits: Limits | None, rows: Iterable[Any], size: int) -> Generator:
    if not isinstance(entity_type, EntityType):
        raise ConfigurationError(f"a strategy takes an EntityType, not {entity_type!r}")
    if size < 1:
        raise ConfigurationError(f"there must be at least 1, not {size}")
    return Generator(entity_type, limits=limits, rows=rows)
