"""Paths: the properties of the model along a path, or the name that was probably meant."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import chain
from typing import Any, NamedTuple

from .. import edm
from ..language.ast import Call, Literal, Node, Path, Span
from ..language.literals import quote
from ..language.printer import unparse
from ..model.properties import Member, StructuredType, derived_type, is_called
from ..operations import KNOWN_ELSEWHERE, OPERATIONS, SEGMENTS
from ..problems import Name, Phrase
from .reporting import WRONG, Reporter
from .typed import TypedPath

COMPARISONS = ("eq", "ne", "gt", "ge", "lt", "le")
_ANNOTATIONS = Phrase("annotations")
MOMENT_PARTS: Mapping[edm.Type | None, str] = {edm.DATE: "date", edm.TIME_OF_DAY: "time"}
"""The function that takes a value of a type out of a moment."""


class Scope(NamedTuple):
    """The instances that paths can start from.

    is_order   True in `$orderby`, False in `$filter`
    variables  the level and the type of each lambda variable, and of `$this` in `$filter(...)`
    level      the number of lambdas around
    start      the level that a path without a variable starts from
    is_whole   True for a path that is an item of `$orderby`, False for the operands in one
    """

    is_order: bool = False
    variables: Mapping[str, tuple[int, edm.Type]] = {}
    level: int = 0
    start: int = 0
    is_whole: bool = False

    def allows(self, member: Member, level: int = 0) -> bool:
        """True if the option may use a property, on a path that starts from an instance of a level.

        The operands of an expression in `$orderby` filter, too: `case(salary gt 5000:0,true:1)`.
        """
        is_sorted_by = self.is_order and level == 0
        return ((self.is_whole and not self.level) or member.filterable) and (
            member.sortable or not is_sorted_by
        )


IN_FILTER = Scope()
IN_ORDERBY = Scope(is_order=True, is_whole=True)
"""The scopes outside all lambdas."""


def resolve(path: Path, scope: Scope, root: StructuredType, reporter: Reporter) -> Node:
    """Find the properties along a path from the rows' type, or report its first wrong segment.

    `Supplier/Name` starts from the row, `t/Name` from a lambda variable; `@Core.Note` is null.
    """
    segments = path.segments
    first = segments[0]
    if not isinstance(first, str):
        return unknown_function(first, root, reporter)
    level, used, current = scope.start, 0, scope.variables["$this"][1] if scope.start else root
    if first in scope.variables:
        level, current = scope.variables[first]
        used = 1
    elif first in ("$it", "$this"):
        level, used, current = 0, 1, root
    elif first == "$root":
        return reporter.report("unsupported-expression", path, what=Name("$root"))
    elif first[0] == "@":
        if len(segments) == 1 and "." not in first and "#" not in first:
            return Literal(None, edm.NULL, path.span)  # a parameter alias that the request does not give
        return reporter.report("unsupported-expression.several", path, what=_ANNOTATIONS)
    nullable = used == 1 and not isinstance(current, StructuredType)
    start = path.span[0] + used * (len(first) + 1)
    members: list[Member] = []
    for position, segment in enumerate(segments[used:], used):
        if not isinstance(segment, str):
            return _method(segment, segments[:position], current, root, reporter)
        span = (start, start + len(segment))
        start = span[1] + 1
        if segment[0] == "@":
            return reporter.report("unsupported-expression.several", path, span=span, what=_ANNOTATIONS)
        if "." in segment:
            inner = edm.element_of(current)
            if isinstance(inner, StructuredType) and segment not in inner.members:
                if is_called(inner, segment):
                    continue  # a cast to the type that it has
                return _wrong_cast(segment, inner, root, path, span, reporter)
        if not isinstance(current, StructuredType):
            is_many = isinstance(current, edm.CollectionType)
            message_id = "not-a-path.collection" if is_many else "not-a-path"
            name, place = members[-1].name if members else str(first), (span[0] - 1, span[1])
            return reporter.report(message_id, path, span=place, name=name, type=current.name)
        member = current.members.get(segment)
        if member is None:
            return _unknown_property(segment, current, path, span, scope, root, reporter)
        if not scope.allows(member, level):
            message_id = "not-filterable.orderby" if scope.is_order else "not-filterable"
            if scope.is_order and (scope.level or not member.sortable):
                message_id = "not-sortable"
            return reporter.report(message_id, path, span=span, property=segment)
        members.append(member)
        if member.property.where is not None:
            reporter.has_conditions = True
        current = member.type
        # A collection is never null, only the path to it is.
        nullable = nullable or (member.nullable and not isinstance(current, edm.CollectionType))
    return TypedPath(segments, path.span, level, tuple(members), current, nullable)


def _wrong_cast(
    name: str, type: StructuredType, root: StructuredType, path: Path, span: Span, reporter: Reporter
) -> Node:
    """Report a cast segment whose type the instances do not have, or that only some of them might have."""
    if derived_type(root, type, name) is None:
        return reporter.report("unknown-type.here", path, span=span, name=name)
    message_id = "unsupported-expression.cast"
    return reporter.report(message_id, path, span=span, source=type.name, target=name)


def _unknown_property(
    name: str,
    type: StructuredType,
    path: Path,
    span: Span,
    scope: Scope,
    root: StructuredType,
    reporter: Reporter,
) -> Node:
    """Report a name that is not a property, and suggest what was probably meant."""
    if reporter.at_limit:
        return WRONG
    is_first = span[0] == path.span[0]
    usable = (m.name for m in type.members.values() if scope.allows(m))
    near = reporter.nearest(name, chain(scope.variables if is_first else (), usable))
    message_id, meant = "unknown-property", None
    if is_first and (near is None or near.lower() != name.lower()):
        elsewhere = _of_other_instance(path, scope, root) if reporter.limits.suggestions else None
        near = elsewhere or near
        if elsewhere is None and path.segments == (name,):
            message_id, meant = _meant_by_name(path, near, type, scope, reporter)
            near = None if message_id == "unknown-property.operator" else near
    more: dict[str, Any] = {"suggestion": near} if meant is None else {"suggestion": meant, "meant": meant}
    return reporter.report(message_id, path, span=span, type=type.name, property=name, **more)


def _of_other_instance(path: Path, scope: Scope, root: StructuredType) -> str | None:
    """Return the start of a path from another instance: `x/Value` for `Value`, `x` for `y` in `y/Value`."""
    name, second = str(path.segments[0]), (*path.segments, "")[1]
    for variable, (_, element) in reversed(list(scope.variables.items())):
        members: Mapping[str, Member] = element.members if isinstance(element, StructuredType) else {}
        if variable != "$this" and name in members and members[name].filterable:
            return f"{variable}/{name}"
        if variable != "$this" and second in members and members[str(second)].filterable:
            return variable
    is_of_row = bool(scope.start) and name in root.members and root.members[name].filterable
    return f"$it/{name}" if is_of_row else None


def _meant_by_name(
    path: Path, near: str | None, type: StructuredType, scope: Scope, reporter: Reporter
) -> tuple[str, str | None]:
    """Return the message for a name, and the literal or call that it was probably meant as: `NULL`, `now`."""
    from ..language.meant import NULL_ELSEWHERE, literal_meant  # most queries never need it

    name = str(path.segments[0])
    lowered = name.lower()
    if lowered in NULL_ELSEWHERE:
        return "unknown-property.null", "null"
    if lowered in OPERATIONS and OPERATIONS[lowered].is_operator:
        return "unknown-property.operator", None
    can_be_value, other = _beside(path, type, scope, reporter)
    function = KNOWN_ELSEWHERE.get(lowered, lowered)
    if function in ("now", "mindatetime", "maxdatetime"):
        call = f"{MOMENT_PARTS[other]}({function}())" if other in MOMENT_PARTS else f"{function}()"
        if all(OPERATIONS[each].is_allowed(reporter.limits) for each in re.findall(r"\w+", call)):
            return "unknown-property.literal", call
    if isinstance(other, edm.EnumType):
        member = reporter.nearest(name, other.members)
        if member is not None:
            is_same = member == name
            return "unknown-property.unquoted" if is_same else "unknown-property.literal", quote(member)
    is_text = other is None or other is edm.STRING or isinstance(other, edm.EnumType)
    found = literal_meant(name, edm.DOUBLE if other is None or other.name in edm.NUMBERS else other)
    if found is not None and other is not edm.BINARY:
        return "unknown-property.literal", found
    if near is None and can_be_value and is_text:
        return "unknown-property.unquoted", None if isinstance(other, edm.EnumType) else quote(name)
    return "unknown-property", None


def _beside(
    name: Path, type: StructuredType, scope: Scope, reporter: Reporter
) -> tuple[bool, edm.Type | None]:
    """Say whether a name stands where a value can, as in `status eq Ok`, and the type that it would have."""
    place: Node = name
    call = reporter.call_around(name)
    if call is not None and call.function == "negate":
        place, call = call, reporter.call_around(call)
    if call is None:
        return False, None
    position = next(n for n, argument in enumerate(call.arguments) if argument is place)
    if call.function == "in" and position == 1 and reporter.text[name.span[0] - 1 : name.span[0]] != "(":
        return False, None  # the place of a collection
    if call.function in (*COMPARISONS, "has", "in"):
        return position == 1, _type_of(call.arguments[1 - position], type, scope)
    signatures = OPERATIONS[call.function].signatures if call.function in OPERATIONS else ()
    is_text = any(s.parameters[position:][:1] == ("String",) for s in signatures)
    return position > 0 and is_text, edm.STRING if is_text else edm.UNTYPED


def _type_of(node: Node, type: StructuredType, scope: Scope) -> edm.Type | None:
    """Return the type of a path, a literal or a call if it is seen at once."""
    if isinstance(node, Literal):
        return node.type
    if isinstance(node, Call):
        signatures = OPERATIONS[node.function].signatures if node.function in OPERATIONS else ()
        result = signatures[0].result if signatures else ""
        return edm.DOUBLE if result in ("Integer", "Decimal", "Double") else edm.primitive(f"Edm.{result}")
    found: edm.Type = type
    for position, segment in enumerate(node.segments if isinstance(node, Path) else ("",)):
        if position == 0 and segment in scope.variables:
            found = scope.variables[str(segment)][1]
        else:
            member = found.members.get(str(segment)) if isinstance(found, StructuredType) else None
            if member is None:
                return None
            found = member.type
    return edm.element_of(found)


def _method(
    call: Call, before: tuple[Any, ...], type: edm.Type, root: StructuredType, reporter: Reporter
) -> Node:
    """Report a call after a path: `name/contains('a')`."""
    if call.function in SEGMENTS or call.function not in OPERATIONS:
        return unknown_function(call, root, reporter)
    meant = Call(call.function, (Path(before), *call.arguments))
    if call.function == "contains" and isinstance(type, edm.CollectionType) and len(call.arguments) == 1:
        meant = Call("in", (*call.arguments, Path(before)))
    if not OPERATIONS[meant.function].is_allowed(reporter.limits):
        return unknown_function(call, root, reporter)
    return reporter.report(
        "unsupported-expression.method", call, function=call.function, meant=unparse(meant)
    )


def unknown_function(call: Call, root: StructuredType, reporter: Reporter) -> Node:
    """Report a call of an unknown function, and suggest the one that was probably meant."""
    name = call.function
    if name in SEGMENTS and name != "$filter":
        return reporter.report("not-a-path.value", call, name=name)
    if name in OPERATIONS:
        return reporter.report("unsupported-expression.after", call, function=name)
    if name == "()" or name in root.members:
        return reporter.report("unsupported-expression.several", call, what=Phrase("key-predicates"))
    allowed = [n for n, op in OPERATIONS.items() if not op.is_operator and op.is_allowed(reporter.limits)]
    last = name.rpartition(".")[2].lower()
    message_id, near = "unknown-function", reporter.nearest(name.lower(), allowed)
    if last == "substringof" and "contains" in allowed:
        message_id, near = "unknown-function.substringof", reporter.nearest("contains", allowed)
    elif last != name.lower() and last in allowed:
        message_id, near = "unknown-function.method", None
    elif last in KNOWN_ELSEWHERE:
        near = reporter.nearest(KNOWN_ELSEWHERE[last], allowed)
    span = (call.span[0], call.span[0] + len(name))
    return reporter.report(message_id, call, span=span, suggestion=near, name=name, function=last)
