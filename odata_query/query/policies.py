"""The service's own conditions, joined to a client's filter as trees."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from .. import edm
from ..check.checker import Checker
from ..check.reporting import Reporter, raise_problems
from ..check.typed import TypedCall, TypedPath
from ..errors import ODataError
from ..language.ast import Call, ListExpr, Literal, Node, Path, transform
from ..language.parser import parse_filter
from ..limits import Limits
from ..model.properties import StructuredType, enum_type
from ..model.sources.hints import PRIMITIVES
from ..problems import ConfigurationError
from . import Query

_KEPT_TYPES = {str, int, bool, uuid.UUID, type(None)}
"""Types whose equal values are the same in every query: moments that are equal can differ in the hour."""
_MAX_KEPT = 1_000
_OWN_LIMITS = Limits(max_nodes=None, max_in_items=None, max_length=None)


def joined(
    predicate: Node | str, values: Mapping[str, Any], model: StructuredType | None, query: Query
) -> Node:
    """What `Query.with_filter` documents: the condition, and the query's filter behind it."""
    if model is None:
        raise ConfigurationError("a predicate needs an entity_type: give it one, or give parse_query one")
    model = model.unrestricted
    if not isinstance(predicate, Node | str):
        raise ConfigurationError(f"a predicate is a text or a tree, not {predicate!r:.100}")
    zone = query.default_timezone
    if isinstance(predicate, TypedCall | TypedPath):  # another query's filter
        node: Node = predicate
    elif isinstance(predicate, str) and _KEPT_TYPES.issuperset(map(type, values.values())):
        key = (predicate, zone, *values, *values.values(), *map(type, values.values()))
        kept = model._cache
        known: Node | None = kept.get(key)
        node = known or _typed(predicate, values, model, zone)
        if known is None:
            if len(kept) >= _MAX_KEPT:
                kept.clear()
            kept[key] = node
    else:
        node = _typed(predicate, values, model, zone)
    if query.filter is None:
        return node
    both = (node, query.filter)
    return Checker(model, Reporter(_OWN_LIMITS), zone).logic(Call("and", both), [*both])


def _typed(predicate: Node | str, values: Mapping[str, Any], model: StructuredType, zone: dt.tzinfo) -> Node:
    """The condition, validated by the model. Raises ConfigurationError."""
    reporter = Reporter(_OWN_LIMITS, "", str(predicate))
    try:
        node = parse_filter(predicate, limits=_OWN_LIMITS) if isinstance(predicate, str) else predicate
        node = Checker(model, reporter, zone).filter(_filled(node, values, zone))
        raise_problems(reporter.problems, _OWN_LIMITS)
    except ODataError as wrong:
        raise ConfigurationError(
            f"the predicate cannot be used by {model.name} as it was before restrict: {wrong}"
        ) from None
    return node


def _filled(node: Node, values: Mapping[str, Any], zone: dt.tzinfo) -> Node:
    """The tree with values in place of parameter aliases."""
    used = set()

    def put(part: Node) -> Node:
        if not (isinstance(part, Path) and str(part.segments[0]).startswith("@")):
            return part
        name = str(part.segments[0])[1:]
        if name not in values or len(part.segments) > 1:
            raise ConfigurationError(f"there is no value for @{'/'.join(map(str, part.segments))[1:]}")
        used.add(name)
        return literal(values[name], zone)

    found = transform(node, put)
    unused = values.keys() - used
    if unused:
        raise ConfigurationError(f"the predicate has no @{min(unused)}")
    return found


def literal(value: Any, zone: dt.tzinfo) -> Node:
    """A Python value as a node: `7`, `None`, a list for `in`. Raises ConfigurationError for other types."""
    if isinstance(value, enum.Enum):
        return Literal(_member(value), edm.STRING)
    kind = next((PRIMITIVES[base] for base in type(value).__mro__ if base in PRIMITIVES), None)
    if value is None:
        kind = edm.NULL
    if kind is None:
        if isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping):
            return ListExpr(tuple(literal(item, zone) for item in value))
        raise ConfigurationError(f"{value!r:.100} is no value of OData")
    if kind is edm.INT64 and not -(2**63) <= value < 2**63:
        value, kind = Decimal(value), edm.DECIMAL
    if isinstance(value, dt.datetime) and value.tzinfo is None:
        value = value.replace(tzinfo=zone)
    return Literal(value, kind)


def _member(value: enum.Enum) -> str:
    """How a member of a Python enum is asked for: see `enum_type`."""
    if isinstance(value.value, str):
        return value.value
    return enum_type(type(value)).text(value.value) if isinstance(value, enum.Flag) else value.name
