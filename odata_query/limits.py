"""Bounds on what one query may request, checked before the work is done."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache

from .problems import ConfigurationError


class Default(int):
    """A bound that nobody has set: an endpoint, which strangers talk to, has a tighter one."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds on one query, against long work for short requests. None lifts a bound.

    `EntityType.restrict(limits=Limits(max_top=100))` sets those of a model, `parse_query(..., limits=...)`
    those of a query; the tighter ones hold. Trees are at most 200 nodes high, whatever the limits.

    max_length         characters of all decoded options together, without the names of OData's own
    max_aliases        parameter aliases
    max_nodes          nodes of an option's tree
    max_depth          parentheses, calls, lists, `not` and unary minus open at once
    max_in_items       items of a list
    max_cost           the estimated work for each row; `size gt 3` costs 1 (see `Query.cost`)
    max_row_cost       the same for a row with at most 10 items in each collection
    max_lambda_depth   `any`, `all`, `$filter(...)` and `$count($filter=...)` inside one another
    max_orderby_items  expressions in `$orderby`
    max_path_depth     segments of a path
    max_top, max_skip  the largest `$top` and `$skip`
    default_top        the `$top` of a query without one
    max_problems       problems reported at once
    max_pattern        states of the automaton of a regular expression
    suggestions        whether problems suggest the name that was probably meant
    functions          names of the allowed functions, in lower case; None allows all
    operators          names of the allowed operators (`eq`, `and`, `negate`); None allows all

    Raises ConfigurationError for a value that is not a bound.
    """

    max_length: int | None = Default(50_000)
    max_aliases: int | None = 50
    max_nodes: int | None = Default(2_000)
    max_depth: int | None = 100
    max_in_items: int | None = 1_000
    max_cost: int | None = Default(5_000_000)
    max_row_cost: int | None = Default(5_000_000)
    max_lambda_depth: int | None = 4
    max_orderby_items: int | None = Default(20)
    max_path_depth: int | None = 20
    max_top: int | None = None
    max_skip: int | None = None
    default_top: int | None = None
    max_problems: int | None = 20
    max_pattern: int | None = Default(2_000)
    suggestions: bool | None = True
    functions: frozenset[str] | None = None
    operators: frozenset[str] | None = None

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if each.name in ("functions", "operators"):
                if isinstance(value, str):
                    raise ConfigurationError(f"{each.name} must be several names, not one text: {value!r}")
                if value is not None:
                    object.__setattr__(self, each.name, frozenset(value))
            elif each.name == "suggestions":
                if value not in (True, False, None):
                    raise ConfigurationError(f"suggestions must be True or False, not {value!r}")
                object.__setattr__(self, each.name, value is not False)
            elif value is not None and (type(value) not in (int, Default) or value < 0):
                raise ConfigurationError(f"{each.name} must be an int of at least 0, or None, not {value!r}")

    def tightened(self, other: Limits) -> Limits:
        """Return the tighter of each bound, and the functions and operators that both allow."""
        bounds = {}
        for each in fields(self):
            one, two = getattr(self, each.name), getattr(other, each.name)
            if one is None or two is None:
                bounds[each.name] = two if one is None else one
            else:
                bounds[each.name] = min(one, two, key=_tightness) if isinstance(one, int) else one & two
        return Limits(**bounds)


def _tightness(bound: int) -> tuple[int, bool]:
    return bound, type(bound) is Default  # of equal bounds, the one that somebody has set


DEFAULT_LIMITS = Limits()
UNBOUNDED = Limits(**{each.name: None for each in fields(Limits)})
_tightened = lru_cache(maxsize=256)(Limits.tightened)


def effective(given: Limits | None, of_model: Limits | None) -> Limits:
    """Return the limits of a query: the given or default ones, and the model's where those are tighter."""
    limits = DEFAULT_LIMITS if given is None else given
    return limits if of_model is None else _tightened(limits, of_model)
