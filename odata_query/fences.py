"""Fences, once for all backends: the service's conditions around the client's.

`with_filter` joins two conditions by an `and` with the key "fence", and check/conditions.py puts others
around paths. Nothing of the client's is evaluated on a row that the service's condition drops.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol, TypeVar, runtime_checkable

from . import edm
from .check.typed import TypedCall
from .language.ast import Node

C = TypeVar("C")
V = TypeVar("V")
Compile = Callable[[Any, Node], Any]
"""`logic.condition` or `logic.value`, with an emitter and a node."""


@runtime_checkable
class Fencing(Protocol[C, V]):
    """The further methods of a backend that may evaluate a later part of a condition first, as SQL may."""

    def service(self, compile: Callable[[], C]) -> C:
        """Compile a condition of the service, which no fence is around."""

    def fence(self, service: C, client: Callable[[], C]) -> C:
        """Join the service's condition and the client's: `a = 7 AND CASE WHEN a = 7 THEN b LIKE 'x%' END`."""

    def shown_members(self, collection: V, level: int, type: edm.Type, body: C) -> V:
        """Compile the members that the service shows: those for which its condition holds."""

    def shown(self, holds: C, part: V) -> V:
        """Compile a value, entity or collection, null where the service's condition does not hold."""


def service_condition(emitter: Any, node: Node | None, condition: Compile) -> tuple[Any, Node | None]:
    """Compile the service's part of a filter, if it has one; return also the client's part, or None."""
    parts: list[Node] = []
    while type(node) is TypedCall and node.key == "fence" and node.function == "and":
        parts.append(node.arguments[0])
        node = node.arguments[1] if len(node.arguments) > 1 else None
    if not parts:
        return emitter.constant(True), node
    both = TypedCall("and", tuple(parts), key="and") if len(parts) > 1 else parts[0]
    return _of_service(emitter, both, condition), node


def _of_service(emitter: Any, node: Node, condition: Compile) -> Any:
    if not isinstance(emitter, Fencing):
        return condition(emitter, node)
    return emitter.service(partial(condition, emitter, node))


def join(emitter: Any, node: Node, condition: Compile) -> Any:
    """Compile the service's condition, then the client's."""
    service, client = service_condition(emitter, node, condition)
    if client is None:
        return service
    if not isinstance(emitter, Fencing):
        return emitter.every([service, condition(emitter, client)])
    return emitter.fence(service, partial(condition, emitter, client))


def show(emitter: Any, node: TypedCall, condition: Compile, value: Compile) -> Any:
    """Compile a path that leads only to rows that the service shows."""
    is_fencing = isinstance(emitter, Fencing)
    path, part = node.arguments[0 if node.function == "$filter" else 1], None
    if node.function == "case":
        holds, part = _of_service(emitter, node.arguments[0], condition), value(emitter, path)
        return emitter.shown(holds, part) if is_fencing else emitter.choose([(holds, part)])
    collection, type = value(emitter, path), edm.element_of(path.type)
    emitter.enter(node.level, type, collection)
    body = _of_service(emitter, node.arguments[1], condition)
    keep = emitter.shown_members if is_fencing else emitter.filter_members
    return keep(collection, node.level, type, body)
