"""Paths: the properties of the model along a path, or the name that was probably meant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from .. import edm
from ..language.ast import Call, Literal, Node, Path, Span
from ..model.properties import Member, StructuredType
from ..operations import KNOWN_ELSEWHERE, OPERATIONS, SEGMENTS
from ..problems import Name, Phrase
from .reporting import WRONG, Reporter
from .typed import TypedPath

COMPARISONS = ("eq", "ne", "gt", "ge", "lt", "le")
_ANNOTATIONS = Phrase("annotations")
_NULL_ELSEWHERE = ("null", "none", "nil", "undefined", "nothing")
"""Null in other languages."""


class Scope(NamedTuple):
    """The instances that paths can start from.

    is_order   True in `$orderby`, False in `$filter`
    variables  the level and the type of each lambda variable, and of `$this` in `$filter(...)`
    level      the number of lambdas around
    start      the level that a path without a variable starts from
    """

    is_order: bool = False
    variables: Mapping[str, tuple[int, edm.Type]] = {}
    level: int = 0
    start: int = 0

    def allows(self, member: Member) -> bool:
        """True if the option may use a property. Inside a lambda `$orderby` filters, too."""
        return member.sortable if self.is_order and self.level == 0 else member.filterable


IN_FILTER = Scope()
IN_ORDERBY = Scope(is_order=True)
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
            return unknown_function(segment, root, reporter)
        span = (start, start + len(segment))
        start = span[1] + 1
        if segment[0] == "@":
            return reporter.report("unsupported-expression.several", path, span=span, what=_ANNOTATIONS)
        if not isinstance(current, StructuredType):
            is_many = isinstance(current, edm.CollectionType)
            message_id = "not-a-path.collection" if is_many else "not-a-path"
            name, place = str(segments[position - 1]), (span[0] - 1, span[1])
            return reporter.report(message_id, path, span=place, name=name, type=current.name)
        member = current.members.get(segment)
        if member is None:
            if "." in segment and segment.rpartition(".")[2] == current.name.rpartition(".")[2]:
                continue  # a cast to the type that it has
            return _unknown_property(segment, current, path, span, scope, reporter)
        if not scope.allows(member):
            message_id = "not-sortable" if scope.is_order else "not-filterable"
            return reporter.report(message_id, path, span=span, property=segment)
        members.append(member)
        current = member.type
        # A collection is never null, only the path to it is.
        nullable = nullable or (member.nullable and not isinstance(current, edm.CollectionType))
    return TypedPath(segments, path.span, level, tuple(members), current, nullable)


def _unknown_property(
    name: str, type: StructuredType, path: Path, span: Span, scope: Scope, reporter: Reporter
) -> Node:
    """Report a name that is not a property, and suggest the one that was probably meant."""
    if reporter.at_limit:
        return WRONG
    if "." in name:
        return reporter.report("unknown-type.here", path, span=span, name=name)
    usable = [m.name for m in type.members.values() if (m.sortable if scope.is_order else m.filterable)]
    message_id, near = "unknown-property", reporter.nearest(name, usable)
    if name.lower() in _NULL_ELSEWHERE:
        message_id, near = "unknown-property.null", None
    elif near is None and path.segments == (name,) and _lacks_quotes(path, type, reporter):
        message_id = "unknown-property.unquoted"
    return reporter.report(message_id, path, span=span, suggestion=near, type=type.name, property=name)


def _lacks_quotes(name: Path, type: StructuredType, reporter: Reporter) -> bool:
    """True for the right operand of a comparison with a text or an enumeration: `status eq Ok`."""
    call = reporter.call_around(name)
    if call is None or call.function not in COMPARISONS or call.arguments[-1] is not name:
        return False
    left = call.arguments[0]
    if not isinstance(left, Path) or len(left.segments) > 1:
        return True
    member = type.members.get(str(left.segments[0]))
    return member is not None and (member.type is edm.STRING or isinstance(member.type, edm.EnumType))


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
