"""Filters checked against a model, and the conditions that the service itself writes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Iterable, Mapping
from functools import partial
from typing import Any

from .. import edm
from ..errors import ODataError
from ..language.ast import Node, OrderByItem
from ..language.parser import parse_filter
from ..limits import Limits, effective
from ..model.properties import Member, StructuredType, reachable_types
from ..problems import ConfigurationError
from .checker import Checker
from .conditions import Find, show
from .cost import check_cost
from .reporting import Reporter, raise_problems


def validate(
    node: Node,
    entity_type: StructuredType,
    *,
    limits: Limits | None = None,
    default_timezone: dt.tzinfo = dt.UTC,
) -> Node:
    """Check a filter against a model: `validate(parse_filter("size gt 3"), Image)`.

    node              the tree, from parse_filter or made by hand
    entity_type       the model
    limits            which operations are allowed, by default all, and the cost; the model's hold where they
                      are tighter
    default_timezone  the time zone of date-time literals without offset

    Returns the typed tree, which `python.predicate` and `sql.where` take. Raises ValidationError, LimitError
    or UnsupportedError, by the gravest problem, with all problems found.
    """
    check_conditions(entity_type)
    limits = effective(limits, entity_type.limits)
    reporter = Reporter(limits)
    if reporter.check_height(node):
        node = Checker(entity_type, reporter, default_timezone).filter(node)
        if not reporter.problems:
            check_cost([(reporter, [node])], limits)
    raise_problems(reporter.problems, limits)
    if not reporter.has_conditions:
        return node
    found: Node = show_rows({"filter": node}, partial(conditions_of, zone=default_timezone))["filter"]
    return found


# ---- conditions of the service -------------------------------------------------------------------

OWN_LIMITS = Limits(max_nodes=None, max_in_items=None, max_length=None)
"""The limits of conditions that the service itself writes."""


def type_condition(condition: Node, model: StructuredType, zone: dt.tzinfo, text: str = "") -> Node:
    """Type a condition of the service without the restrictions on clients. Raises ODataError."""
    reporter = Reporter(OWN_LIMITS, "", text)
    typed = condition
    if reporter.check_height(condition):
        typed = Checker(model.unrestricted, reporter, zone).filter(condition)
    raise_problems(reporter.problems, OWN_LIMITS)
    return typed


def conditions_of(member: Member, zone: dt.tzinfo) -> tuple[Node, ...]:
    """The condition that a navigation property has in the model. Raises ConfigurationError if it is wrong."""
    where, target = member.property.where, edm.element_of(member.type)
    if where is None:
        return ()
    if not isinstance(target, StructuredType):
        raise ConfigurationError(f"where={where!r:.100} needs a type with properties, not {target.name}")
    known: dict[object, Node] = target.unrestricted._cache.setdefault(conditions_of, {})
    found = known.get((where, zone)) if isinstance(zone, Hashable) else None  # zones of dateutil are not
    if found is None:
        try:
            tree = parse_filter(where, limits=OWN_LIMITS) if isinstance(where, str) else where
            found = type_condition(tree, target, zone, str(where))
        except ODataError as wrong:
            raise ConfigurationError(f"{wrong}\nThis is where={where!r:.100} on {target.name}.") from None
        if isinstance(zone, Hashable):
            known[where, zone] = found
    return (found,)


def check_conditions(model: StructuredType | None) -> None:
    """Check the conditions of all navigation properties that a model leads to, once.

    A wrong one is found by the first query, whatever that asks.
    """
    if model is None or model.is_checked:
        return
    for type in reachable_types(model):
        for member in type.members.values() if isinstance(type, StructuredType) else ():
            conditions_of(member, dt.UTC)
    model._set("is_checked", True)


def show_rows(options: Mapping[str, Any], find: Find) -> dict[str, Any]:
    """Rewrite the filter and the order of a query so that their paths lead to the rows that are shown.

    Raises LimitError if they nest too deep then.
    """
    found, trees = {**options}, []
    if (filter := options.get("filter")) is not None:
        found["filter"] = show(filter, find)
        trees.append(found["filter"])
    if orderby := options.get("orderby"):
        items = [OrderByItem(show(item.expression, find), item.descending, item.span) for item in orderby]
        found["orderby"] = tuple(items)
        trees += items
    check_heights(trees)
    return found


def check_heights(trees: Iterable[Node]) -> None:
    """Raise LimitError for trees that are too high with the conditions of the service in them."""
    reporter = Reporter(OWN_LIMITS, "$filter")
    for tree in trees:
        reporter.check_height(tree)
    raise_problems(reporter.problems, OWN_LIMITS)
