"""Query options to a Query: `$filter`, `$orderby`, `$top`, `$skip`, `$count` (URL Conventions 5.1)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar, dataclass_transform

from ..check.checker import Checker
from ..check.conditions import Find
from ..check.cost import Estimate, can_exceed, check_cost
from ..check.reporting import Reporter, raise_problems
from ..check.validation import check_conditions, conditions_of, show_rows
from ..errors import ODataError
from ..language.ast import Node, OrderByItem
from ..language.parser import parse
from ..limits import Limits, effective
from ..model.properties import StructuredType
from ..problems import ConfigurationError, problem
from .aliases import Aliases
from .options import OPTIONS, Request, classify_options, read_options, with_key
from .policies import conditions_everywhere, join

C = TypeVar("C")
_MAX_INT64 = 2**63 - 1


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def _frozen(cls: type[C]) -> type[C]:
    """Make a dataclass that is frozen for type checkers, which is cheaper than at run time."""
    return dataclass(slots=True, unsafe_hash=True)(cls)


@_frozen
class Query:
    """A validated query: the input of every backend.

    filter            the typed tree of `$filter`, or None
    orderby           the typed items of `$orderby`; with `$top` or `$skip` the key follows, for a total order
    top, skip         numbers of rows, or None
    count             True if `$count=true` asks for the number of rows without `$top` and `$skip`
    entity_type       the model, None for a query that was only parsed
    default_timezone  the time zone of date-time literals without offset, and of naive datetimes in rows
    """

    filter: Node | None = None
    orderby: tuple[OrderByItem, ...] = ()
    top: int | None = None
    skip: int | None = None
    count: bool = False
    entity_type: StructuredType | None = None
    default_timezone: dt.tzinfo = dt.UTC
    _everywhere: tuple[Find, ...] = field(default=(), repr=False, compare=False)
    """The conditions of `with_filter(..., everywhere=True)`, which hold for columns of other rows too."""
    _cache: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """Compiled forms of the query, kept by backends for its next run."""

    @property
    def cost(self) -> int:
        """The estimated work for each row that `$filter` and `$orderby` of the client cause.

        The unit is a comparison of a property with a value, in Python about 0.15 microseconds: `size gt 3`
        costs 1, `tags/any(t: t eq 'red')` 100, because a collection without `max_items` is assumed to have
        100 items. Texts are assumed to have 50 characters, lines and polygons 50 vertices, and
        `grammar/REFERENCE.md` has the cost of each operation. `Limits.max_cost` bounds it. Conditions of
        `with_filter` do not count. A query without a model has the cost 0.
        """
        asked: Query = self._cache.get("asked", self)
        if asked.entity_type is None:
            return 0
        trees = [] if asked.filter is None else [asked.filter]
        # The client did not ask for the order by the key, which is not in the text.
        return Estimate().cost([*trees, *[item for item in asked.orderby if item.span != (0, 0)]])

    def with_filter(
        self,
        predicate: Node | str,
        /,
        *,
        entity_type: StructuredType | None = None,
        everywhere: bool = False,
        **values: Any,
    ) -> Query:
        """Add a condition that the client cannot widen: row-level security.

        `query.with_filter("tenant eq @tenant", tenant=7)` keeps those of the requested rows that belong to
        the tenant. It is a fence: nothing of the client's query is evaluated on a row that it drops. Paths
        still lead to every row, as in `customer/orders/any(o: startswith(o/note,'a'))`, unless `everywhere`
        or `NavigationProperty(where=...)` says otherwise.

        predicate    a filter as text or as a tree; trees are joined, not texts, so no text of the client can
                     change its meaning
        entity_type  the model to check it against; by default the query's, without the restrictions of
                     `restrict`, so the predicate can use properties that clients cannot. What `only` and
                     `exclude` of its source left out, it does not have: publish it, then `restrict`
        everywhere   True to apply it to the rows that the client's paths lead to as well, of every entity
                     type that has all properties it names. A path through a row that it drops is null, a
                     collection lacks such members. Rows of other types, and its own paths, stay as they are
        values       Python values of the parameter aliases in the predicate; they never become text

        Raises ConfigurationError for a wrong predicate and for a value that is missing or not used, and
        LimitError if both together nest deeper than 200 levels.
        """
        model, zone = entity_type or self.entity_type, self.default_timezone
        found = self
        if everywhere:
            find = conditions_everywhere(predicate, values, zone)
            shown = show_rows({"filter": self.filter, "orderby": self.orderby}, find)
            found = replace(self, **shown, _everywhere=(*self._everywhere, find))
        found = replace(found, filter=join(predicate, values, model, found.filter, found.orderby, zone))
        found._cache["asked"] = self._cache.get("asked", self)
        return found


def parse_query(
    options: str | Mapping[str, str | Iterable[str]] | Iterable[tuple[str, str]],
    entity_type: StructuredType | None = None,
    *,
    limits: Limits | None = None,
    default_timezone: dt.tzinfo = dt.UTC,
    require_dollar: bool = False,
) -> Query:
    """Parse and check the query of a request: `parse_query("$filter=size gt 3&$top=10", Image)`.

    options           a raw query string, or decoded names and values as a mapping or as pairs
    entity_type       the model to check against; without one the options are only parsed
    limits            bounds on the query, safe ones by default; the model's apply where they are tighter
    default_timezone  the time zone of date-time literals without offset, and of naive datetimes in rows
    require_dollar    True if `filter`, `top` and the like without `$` are parameters of your own

    Names of options are accepted with or without `$` and in any case. Other names without `$`, such as
    `search` and `id`, are parameters of your own and ignored (4.01 Part 2, section 5.2).

    Raises ParseError, ValidationError, LimitError and UnsupportedError with all problems found, and
    ConfigurationError for wrong arguments.
    """
    if not (entity_type is None or isinstance(entity_type, StructuredType)):
        raise ConfigurationError(f"entity_type must be an EntityType, not {entity_type!r}")
    if not isinstance(default_timezone, dt.tzinfo):
        raise ConfigurationError(f"default_timezone must be a tzinfo, not {default_timezone!r}")
    check_conditions(entity_type)
    limits = effective(limits, None if entity_type is None else entity_type.limits)
    request = classify_options(read_options(options, limits), limits, require_dollar)
    texts, problems, root, origins = request.texts, request.problems, entity_type, {}
    names = (name for name in OPTIONS if name in texts)
    parsed = {name: _parse(name, f"${name}", texts[name], request, limits, root) for name in names}
    if request.aliases:
        aliases = Aliases(request, limits)
        aliases.replace_in(
            parsed, lambda name: _parse("filter", name, request.aliases[name], request, limits, root)
        )
        origins = aliases.origins
        root = None if problems else root  # there may be names of aliases left in the trees
    values, checked, is_dear = dict[str, Any](), [], False
    for name, value in parsed.items():
        option, text = OPTIONS[name], texts[name]
        if value is not None and option.limit:
            bound = getattr(limits, option.limit)
            if value > (most := _MAX_INT64 if bound is None else bound):
                span = (0, len(text))
                problems.append(problem(option.too_large, f"${name}", span, text=text, most=most))
        elif value is not None and option.check and root is not None:
            reporter = Reporter(limits, f"${name}", text, origins)
            checker = Checker(root, reporter, default_timezone)
            value = option.check(checker, value)
            problems += reporter.problems
            checked.append((reporter, value if type(value) is tuple else (value,)))
            is_dear = is_dear or checker.is_dear or can_exceed(text, limits, checker.is_costly)
        values[name] = value
    if (is_dear or origins) and not problems:
        problems += check_cost(checked, limits)
    raise_problems(problems, limits)
    if any(reporter.has_conditions for reporter, _ in checked):
        values = show_rows(values, partial(conditions_of, zone=default_timezone))
    if limits.default_top is not None:
        values.setdefault("top", limits.default_top)
    if entity_type is not None and ("top" in values or "skip" in values):
        values["orderby"] = with_key(values.get("orderby", ()), entity_type)
    return Query(**values, entity_type=entity_type, default_timezone=default_timezone)


def _parse(
    start: str, name: str, text: str, request: Request, limits: Limits, model: StructuredType | None
) -> Any:
    """Parse the value of an option or an alias; return None if it is malformed, and add the problems."""
    try:
        found = parse(start, text, name, limits)
        return tuple(found) if type(found) is list else found
    except ODataError as wrong:
        problems = wrong.problems
        if name in request.cut and problems[0].code == "unclosed-string":
            problems = (problem("unclosed-string.url", name, problems[0].span, text=text),)
        elif model is not None and limits.suggestions and len(request.problems) < 2:  # for each option
            from ..check.advice import name_enumeration  # most queries never need it

            problems = tuple([name_enumeration(each, model, Reporter(limits)) for each in problems])
        request.problems.extend(problems)
        return None
