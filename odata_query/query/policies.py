"""Conditions of the service itself, joined to a client's filter as trees."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Hashable, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import Any

from .. import edm
from ..check.conditions import Find
from ..check.typed import TypedCall, TypedPath
from ..check.validation import OWN_LIMITS, check_heights, type_condition
from ..errors import ODataError
from ..language.ast import ListExpr, Literal, Node, OrderByItem
from ..language.literals import instant
from ..language.parser import parse_filter
from ..model.properties import ComplexType, Member, StructuredType, enum_type
from ..problems import ConfigurationError
from .aliases import names_of_aliases, replace_aliases

_MAX_CACHED = 1_000


@cache
def _cached_types() -> frozenset[type]:
    """Types whose equal values mean the same in every query; equal moments can differ in their hour."""
    import uuid

    return frozenset((str, int, bool, uuid.UUID, type(None)))


def join(
    predicate: Node | str,
    values: Mapping[str, Any],
    model: StructuredType | None,
    filter: Node | None,
    orderby: Sequence[OrderByItem],
    zone: dt.tzinfo,
) -> Node:
    """Join a condition of the service and a query's filter with `and`; see `Query.with_filter`."""
    if model is None:
        raise ConfigurationError("with_filter needs an entity_type: give it one, or give parse_query one")
    if not isinstance(predicate, Node | str):
        raise ConfigurationError(f"a predicate must be a string or a tree, not {predicate!r:.100}")
    try:
        policy = _check_cached(predicate, values, model.unrestricted, zone)
    except ODataError as wrong:
        raise ConfigurationError(f"{wrong}\n{_way_out(wrong, model)}") from None
    if filter is None and all(isinstance(item.expression, TypedPath) for item in orderby):
        return policy
    if filter is None:  # a fence even so, around the subqueries of `$orderby`
        return TypedCall("and", (policy,), (0, 0), "fence", edm.BOOLEAN, policy.nullable)
    if not isinstance(filter, TypedCall | TypedPath | Literal):
        raise ConfigurationError("the query was parsed without a model: give parse_query an entity_type")
    nullable = policy.nullable or filter.nullable
    both = TypedCall("and", (policy, filter), (0, 0), "fence", edm.BOOLEAN, nullable)
    check_heights([both])
    return both


def conditions_everywhere(predicate: Node | str, values: Mapping[str, Any], zone: dt.tzinfo) -> Find:
    """Return the function that finds a condition for the rows that a property leads to."""
    if isinstance(predicate, TypedCall | TypedPath):
        raise ConfigurationError(
            "with everywhere=True, a predicate is a text or a tree that is not validated"
        )
    known: dict[int, tuple[StructuredType, Sequence[Node]]] = {}

    def find(member: Member) -> Sequence[Node]:
        type = edm.element_of(member.type)
        if not isinstance(type, StructuredType) or isinstance(type, ComplexType):
            return ()
        if id(type) not in known:
            conditions = []
            try:
                conditions.append(_check_cached(predicate, values, type.unrestricted, zone))
            except ODataError as wrong:
                if any(each.code != "unknown-property" for each in wrong.problems):
                    raise ConfigurationError(f"{wrong}\n{_way_out(wrong, type)}") from None
            known[id(type)] = type, conditions
        return known[id(type)][1]

    return find


def _check_cached(
    predicate: Node | str, values: Mapping[str, Any], model: StructuredType, zone: dt.tzinfo
) -> Node:
    """Check a condition; cache it by its text and values."""
    if isinstance(predicate, TypedCall | TypedPath):  # another query's filter
        return predicate
    can_be_cached = isinstance(predicate, str) and isinstance(zone, Hashable)  # zones of dateutil are not
    if not (can_be_cached and _cached_types().issuperset(map(type, values.values()))):
        return _check(predicate, values, model, zone)
    checked = model._cache
    key = (predicate, zone, *values, *values.values(), *map(type, values.values()))
    policy: Node | None = checked.get(key)
    if policy is None:
        policy = _check(predicate, values, model, zone)
        if len(checked) >= _MAX_CACHED:
            checked.clear()
        checked[key] = policy
    return policy


def _check(predicate: Node | str, values: Mapping[str, Any], model: StructuredType, zone: dt.tzinfo) -> Node:
    """Check a condition against the model. Raises ODataError, and ConfigurationError for its values."""
    tree = parse_filter(predicate, limits=OWN_LIMITS) if isinstance(predicate, str) else predicate
    return type_condition(_replace_aliases(tree, values, zone), model, zone, str(predicate))


def _way_out(wrong: ODataError, model: StructuredType) -> str:
    """Say which properties a condition can use, and how it can use one that clients must not see."""
    unknown = [each.message_args for each in wrong.problems if each.code == "unknown-property"]
    if not unknown:
        return f"This predicate is checked against {model.name} without the restrictions on clients."
    owner, name = str(unknown[0].get("type")), str(unknown[0].get("property"))
    name = name if owner == model.name else f".../{name}"  # on a path such as `tags/name`
    return (
        f"This predicate can use every property that {owner} was made with, and no other. "
        f"To use {name!r} here and hide it from clients, publish it, and hide it with restrict: "
        f"EntityType.from_...(..., only=[..., {name!r}]).restrict(exclude=[{name!r}])."
    )


def _replace_aliases(tree: Node, values: Mapping[str, Any], zone: dt.tzinfo) -> Node:
    """Replace parameter aliases by Python values. Raises ConfigurationError."""
    used = {name[1:] for name in names_of_aliases(tree)}
    if missing := used - values.keys():
        raise ConfigurationError(f"no value is given for @{min(missing)}")
    if unused := values.keys() - used:
        raise ConfigurationError(f"the predicate does not use @{min(unused)}")
    return replace_aliases(tree, {f"@{name}": literal(value, zone) for name, value in values.items()})


def literal(value: Any, zone: dt.tzinfo) -> Node:
    """Make the node of a Python value: `7`, `None`, a list for `in`. Raises ConfigurationError."""
    if isinstance(value, enum.Enum):
        return Literal(_member(value), edm.STRING)
    from ..model.sources.hints import PRIMITIVES  # which few queries need

    kind = next((PRIMITIVES[base] for base in type(value).__mro__ if base in PRIMITIVES), None)
    if value is None:
        kind = edm.NULL
    if kind is None:
        if isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping):
            return ListExpr(tuple(literal(item, zone) for item in value))
        raise ConfigurationError(f"{value!r:.100} is not a value of an OData type")
    if kind is edm.INT64 and not -(2**63) <= value < 2**63:
        value, kind = Decimal(value), edm.DECIMAL
    if isinstance(value, dt.datetime):
        value = instant(value, zone)
    return Literal(value, kind)


def _member(value: enum.Enum) -> str:
    """Return the name that a member of a Python enum has in queries; see `enum_type`."""
    if isinstance(value.value, str):
        return value.value
    return enum_type(type(value)).text(value.value) if isinstance(value, enum.Flag) else value.name
