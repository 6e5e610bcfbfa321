"""Strategies for Hypothesis: queries of a model, rows of a model, and wrong queries.

    from odata_query.strategies import filters, rows

    @given(filters(Image), rows(Image))
    def test_my_backend(text, data): ...

They need the extra `hypothesis`. Texts are the values of options, not encoded. Failing examples shrink to
short texts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Any, TypeVar

from hypothesis import strategies as st

from .language.printer import unparse
from .limits import Limits
from .model.entity import EntityType
from .problems import ConfigurationError
from .testing.choices import Choices
from .testing.endpoints import encode_options
from .testing.generator import Generator
from .testing.mistakes import Mistakes
from .testing.samples import Rows

__all__ = ["filters", "invalid_filters", "orderbys", "queries", "raw_text", "rows"]

T = TypeVar("T")

_BYTES = st.binary(max_size=256) | st.one_of([st.binary(min_size=n, max_size=n) for n in (24, 48, 96)])
"""Bytes of a fixed size are drawn faster, but only the first strategy shrinks in size."""


@st.composite
def _decided(draw: st.DrawFn, generate: Callable[[Choices], T]) -> T:
    """Draw all decisions at once: one draw takes Hypothesis longer than many decisions take."""
    return generate(Choices(draw(_BYTES)))


def filters(
    entity_type: EntityType, *, limits: Limits | None = None, rows: Iterable[Any] = (), max_depth: int = 4
) -> st.SearchStrategy[str]:
    """Valid `$filter` texts: `contains(name,'100%') or not (size gt 7)`.

    limits     the limits of the service; filters stay within them
    rows       rows of the service; literals often have their values
    max_depth  the depth to which operations nest

    Every operation of the language that fits the properties of the model can appear.
    """
    generator = _generator(entity_type, limits, rows, max_depth)
    return _decided(lambda choices: unparse(generator.filter(choices, max_depth)))


def orderbys(
    entity_type: EntityType, *, limits: Limits | None = None, rows: Iterable[Any] = (), max_items: int = 3
) -> st.SearchStrategy[str]:
    """Valid `$orderby` texts: `name desc,length(code)`.

    Raises ConfigurationError for a model without a property to sort by.
    """
    generator = _generator(entity_type, limits, rows, max_items)
    if not generator.orderby(Choices(b"")):
        raise ConfigurationError(f"{entity_type.name} has no property to sort by")
    return _decided(lambda choices: unparse(generator.orderby(choices, max_items)))


def queries(
    entity_type: EntityType, *, limits: Limits | None = None, rows: Iterable[Any] = (), encoded: bool = False
) -> Any:
    """Valid queries as pairs: `[("$filter", "size gt 7"), ("$top", "10")]`.

    encoded  True for query strings instead: `$filter=size%20gt%207&$top=10`
    """
    generator = _generator(entity_type, limits, rows, 1)
    found = _decided(lambda choices: list(generator.options(choices).items()))
    return found.map(lambda pairs: encode_options(dict(pairs))) if encoded else found


def rows(
    entity_type: EntityType,
    *,
    min_size: int = 0,
    max_size: int = 10,
    allow_nan: bool = False,
    allow_infinity: bool = False,
) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Rows that fit the model, as dictionaries of Python values with different keys.

    Values are likely to reveal mistakes: nulls, quotes, `%`, `_`, letters with special case mappings, the
    ends of ranges.
    """
    if not isinstance(entity_type, EntityType):
        raise ConfigurationError(f"expected an EntityType, not {entity_type!r}")

    def generate(parts: list[bytes]) -> list[dict[str, Any]]:
        maker = Rows(entity_type, infinite=allow_infinity, nan=allow_nan)
        return [maker.row(Choices(part), number) for number, part in enumerate(parts, 1)]

    return st.lists(_BYTES, min_size=min_size, max_size=max_size).map(generate)


def invalid_filters(
    entity_type: EntityType, *, limits: Limits | None = None
) -> st.SearchStrategy[tuple[str, str]]:
    """Filters with one mistake, with the code of the problem: `("size eq 'abc'", "wrong-type")`."""
    mistakes = Mistakes(_generator(entity_type, limits, (), 1))
    return _decided(mistakes.mistake)


def raw_text(start: str = "filter") -> st.SearchStrategy[str]:
    """Texts of the grammar, without a model: they parse, but may not be valid.

    start  `filter` or `orderby`
    """
    if start not in ("filter", "orderby"):
        raise ConfigurationError(f"start must be filter or orderby, not {start!r}")
    rules = _rules(start)

    def generate(choices: Choices) -> str:
        parts = []
        pending = [start]
        while pending:
            name = pending.pop()
            if name in rules:
                pending += reversed(choices.pick(rules[name]))
            else:
                parts.append(choices.pick(_WORDS[name]))
        return "".join(parts)

    return _decided(generate)


@cache
def _rules(start: str) -> dict[str, list[list[str]]]:
    """Return the expansions of each rule, the shallowest first, as the simplest decision takes the first."""
    import lark

    grammar = resources.files(__package__).joinpath("language", "odata.lark").read_text("utf-8")
    rules: dict[str, list[list[str]]] = {}
    for rule in lark.Lark(grammar, parser="lalr", lexer="contextual", start=start).rules:
        rules.setdefault(rule.origin.name, []).append([symbol.name for symbol in rule.expansion])
    depths: dict[str, int] = dict.fromkeys(_WORDS, 0)

    def depth(expansion: list[str]) -> tuple[int, int]:
        return max((depths.get(name, 1_000) for name in expansion), default=0), len(expansion)

    while not rules.keys() <= depths.keys():
        known = {name: min(map(depth, expansions))[0] + 1 for name, expansions in rules.items()}
        depths |= {name: found for name, found in known.items() if found < 1_000}
    for expansions in rules.values():
        expansions.sort(key=depth)
    return rules


_WORDS: Mapping[str, tuple[str, ...]] = {
    "_OR": (" or ", "\tOR  "), "_AND": (" and ", " AND\t"), "EQUALITY": (" eq ", " ne "),
    "RELATION": (" gt ", " ge ", " lt ", " le "), "ADDITION": (" add ", " sub "),
    "MULTIPLICATION": (" mul ", " div ", " divby ", " mod "), "HAS": (" has ",), "IN": (" in ",),
    "NOT": ("not ",), "MINUS": ("-", "- "), "DIRECTION": (" asc", " desc"), "_OPEN": ("(", "( "),
    "OPEN_LIST": ("(", "( "), "OPEN_KEY": ("(", "( "), "_CLOSE": (")", " )"), "_COMMA": (",", " , "),
    "COLON": (":", " : "), "_SEMICOLON": (";", " ; "), "_SLASH": ("/",), "BRACKET": ("[", "[ "),
    "_BRACKET_CLOSE": ("]", " ]"), "BRACE": ("{", "{ "), "_BRACE_CLOSE": ("}", " }"),
    "PATH": ("a", "b/c", "not", "eq", "größe", "a.b/नाम", "$it", "$it/a", "@p", "a/@A.b#c", "any"),
    "TYPE": ("Edm.String", "Model.Item"), "PARAMETER": ("a=", "not= "), "FILTER": ("$filter(",),
    "FUNCTION": ("f(", "Model.f(", "length(", "contains( ", "case(", "cast(", "any("),
    "COUNT_SEGMENT": ("$count",), "COUNT": ("$count(",), "COUNT_FILTER": ("$filter=", "filter= "),
    "COUNT_SEARCH": ("$search=",), "SEARCH": ("red", '"a;b" (c)'), "NULL": ("null",),
    "BOOLEAN": ("true", "False"), "INTEGER": ("0", "7", "007"),
    "NUMBER": ("1.5", "-3", "1e3", "INF", "NaN", "9" * 30), "STRING": ("'a'", "''", "'O''Neil'", "'%'"),
    "JSON_STRING": ('"a"', '""', '"\\u00e9\\n"'), "DATE": ("2024-01-31", "2024-13-01"),
    "PREFIXED": ("duration'P1D'", "binary'Zg'", "Sales.Color'Red'", "geography'SRID=0;Point(1 2)'", "x'a'"),
    "GUID": ("01234567-89ab-cdef-0123-456789abcdef",), "TIME": ("10:20", "24:00:00"),
    "DATE_TIME": ("2024-01-31T10:20:30Z", "0001-01-01T00:00"),
}  # fmt: skip
"""Texts of the grammar's terminals, the simplest first."""


def _generator(entity_type: EntityType, limits: Limits | None, rows: Iterable[Any], size: int) -> Generator:
    if not isinstance(entity_type, EntityType):
        raise ConfigurationError(f"expected an EntityType, not {entity_type!r}")
    if not isinstance(limits, Limits | None):
        raise ConfigurationError(f"limits must be Limits, not {limits!r}")
    if not isinstance(rows, Iterable):
        raise ConfigurationError(f"rows must be a list, not {rows!r}")
    if not (isinstance(size, int) and size >= 1):
        raise ConfigurationError(f"max_depth and max_items must be at least 1, not {size!r}")
    return Generator(entity_type, limits=limits, rows=rows)
