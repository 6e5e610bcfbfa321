"""Names: a path to the properties of the model that it leads through, or what was probably meant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from .. import edm
from ..language.ast import Call, Literal, Node, Path, walk
from ..model.properties import Member, StructuredType
from ..operations import KNOWN_ELSEWHERE, OPERATIONS, SEGMENTS
from ..problems import Name, Phrase
from .conversion import WRONG, Operands
from .typed import TypedPath

_REMEMBERED_PATHS = 1_000
_ANNOTATIONS = Phrase("annotations")
_NOTHING = ("null", "none", "nil", "undefined", "nothing")
"""What other languages call null."""
COMPARISONS = ("eq", "ne", "gt", "ge", "lt", "le")


class Scope(NamedTuple):
    """The instances that paths can start from."""

    variables: Mapping[str, tuple[int, edm.Type]]
    """Lambda variables, and `$this` in `$filter(...)`: the level and type of each."""
    level: int
    """The number of lambdas around."""
    default: int
    """The level that a path without a variable starts from."""


OUTERMOST = Scope({}, 0, 0)


class Names(Operands):
    """The check of paths."""

    def path(self, node: Path, scope: Scope) -> Node:
        known = None
        if scope is OUTERMOST and not self.sorting:
            known = self.entity_type._paths.get(node.segments)
        if known is None:
            resolved = self.resolve(node, scope)
            if not isinstance(resolved, TypedPath):
                return resolved
            known = (resolved.level, resolved.members, resolved.type, resolved.nullable)
            paths = self.entity_type._paths
            if scope is OUTERMOST and not self.sorting and len(paths) < _REMEMBERED_PATHS:
                paths[node.segments] = known
        return TypedPath(node.segments, node.span, *known)

    def resolve(self, node: Path, scope: Scope) -> Node:
        """The path's properties, or the problem with its first wrong segment."""
        segments = node.segments
        start = node.span[0]
        first = segments[0]
        if not isinstance(first, str):
            return self.unknown_function(first, scope)
        level, type, nullable, position = scope.default, self.entity_type, False, 0
        current: edm.Type = type
        if scope.default:
            current = scope.variables["$this"][1]
        if first == "$it":
            level, current, position = 0, self.entity_type, 1
        elif first in scope.variables:
            level, current = scope.variables[first]
            position, nullable = 1, not isinstance(current, StructuredType)
        elif first == "$this":
            level, current, position = 0, self.entity_type, 1
        elif first == "$root":
            return self.refuse("unsupported-expression", node, what=Name("$root"))
        elif first[0] == "@":
            if len(segments) == 1 and "." not in first and "#" not in first:
                return Literal(None, edm.NULL, node.span)
            return self.refuse("unsupported-expression.several", node, what=_ANNOTATIONS)
        start += position * (len(first) + 1)
        members: list[Member] = []
        for number, segment in enumerate(segments[position:], position):
            if not isinstance(segment, str):
                return self.unknown_function(segment, scope)
            span = (start, start + len(segment))
            start = span[1] + 1
            if segment[0] == "@":
                return self.refuse("unsupported-expression.several", node, span=span, what=_ANNOTATIONS)
            if not isinstance(current, StructuredType):
                place = (span[0] - 1, span[1])
                before = segments[number - 1]
                message = "not-a-path.collection" if isinstance(current, edm.CollectionType) else "not-a-path"
                return self.refuse(message, node, span=place, name=str(before), type=current.name)
            member = current.members.get(segment)
            if member is None:
                if "." in segment and segment.rpartition(".")[2] == current.name.rpartition(".")[2]:
                    continue
                return self.unknown_property(segment, current, node, span)
            if not (member.sortable if self.sorting and scope is OUTERMOST else member.filterable):
                message = "not-sortable" if self.sorting else "not-filterable"
                return self.refuse(message, node, span=span, property=segment)
            members.append(member)
            current = member.type
            # A collection is never null, only the path to it is.
            nullable = nullable or (member.nullable and not isinstance(current, edm.CollectionType))
        return TypedPath(segments, node.span, level, tuple(members), current, nullable)

    def unknown_property(self, name: str, type: StructuredType, node: Path, span: tuple[int, int]) -> Node:
        if self.is_full:
            return WRONG
        usable = [m.name for m in type.members.values() if (m.sortable if self.sorting else m.filterable)]
        if "." in name:
            return self.refuse("unknown-type.here", node, span=span, name=name)
        message, near = "unknown-property", self.nearest(name, usable)
        if name.lower() in _NOTHING:
            message, near = "unknown-property.null", None
        elif near is None and node.segments == (name,) and self.is_text_without_quotes(node):
            message = "unknown-property.unquoted"
        return self.refuse(message, node, span=span, suggestion=near, type=type.name, property=name)

    def is_text_without_quotes(self, node: Node) -> bool:
        """Whether a name is the right operand of a comparison with a text or a member of an enumeration."""
        if self.compared is None:
            self.compared = {
                id(each.arguments[-1]): each.arguments[0]
                for root in self.roots
                for each in walk(root)
                if isinstance(each, Call) and each.function in COMPARISONS
            }
        left = self.compared.get(id(node))
        if not isinstance(left, Path) or len(left.segments) > 1:
            return left is not None
        member = self.entity_type.members.get(str(left.segments[0]))
        return member is not None and (member.type is edm.STRING or isinstance(member.type, edm.EnumType))

    def unknown_function(self, node: Call, scope: Scope) -> Node:
        name = node.function
        if name in SEGMENTS and name != "$filter":
            return self.refuse("not-a-path.value", node, name=name)
        if name in OPERATIONS:
            return self.refuse("unsupported-expression.behind", node, function=name)
        if name == "()" or name in self.entity_type.members:
            return self.refuse("unsupported-expression.several", node, what=Phrase("key-predicates"))
        functions = [n for n, op in OPERATIONS.items() if not op.is_operator and op.is_allowed(self.limits)]
        message, near = "unknown-function", self.nearest(name.lower(), functions)
        last = name.rpartition(".")[2].lower()
        if last == "substringof" and "contains" in functions:
            message, near = "unknown-function.substringof", self.nearest("contains", functions)
        elif last != name.lower() and last in functions:
            message, near = "unknown-function.method", None
        elif last in KNOWN_ELSEWHERE:
            near = self.nearest(KNOWN_ELSEWHERE[last], functions)
        span = (node.span[0], node.span[0] + len(name))
        return self.refuse(message, node, span=span, suggestion=near, name=name, function=last)
