"""The tree of an expression: a few frozen nodes, named after the rules of the ABNF.

Nodes compare by structure, without their spans. They are frozen: type checkers refuse to set a field.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import is_
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, dataclass_transform

from ..edm import Type

Span = tuple[int, int]
"""Offsets of the first character of a node and of the one after its last, in the decoded option."""

MAX_HEIGHT = 200
"""Levels of nodes that a tree of the parser has at most: whatever walks one may recurse."""

N = TypeVar("N", bound="Node")
C = TypeVar("C")


@dataclass_transform(frozen_default=True)
def node(cls: type[C]) -> type[C]:
    """Make a class of nodes: slotted, and frozen for type checkers, which is cheaper than at run time."""
    return dataclass(slots=True, eq=False, repr=False)(cls)


class Node:
    """What all nodes share. `span` says where in the option's decoded text the node stands."""

    __slots__ = ()
    compared: ClassVar[tuple[str, ...]] = ()
    """The fields that make two nodes equal."""
    span: Span

    if TYPE_CHECKING:  # nodes of a typed tree have these; see odata_query/check/typed.py

        @property
        def type(self) -> Type: ...
        @property
        def nullable(self) -> bool: ...

    def children(self) -> tuple[Node, ...]:
        """The nodes directly below, in the order of the text."""
        return ()

    def with_children(self: N, children: tuple[Node, ...]) -> N:
        """The same node over other children, as many as it has."""
        return self

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Node):
            return NotImplemented
        pending: list[tuple[Any, Any]] = [(self, other)]
        while pending:
            left, right = pending.pop()
            if left is right:
                continue
            if isinstance(left, Node) and isinstance(right, Node):
                if left.compared != right.compared:
                    return False
                pending.extend((getattr(left, f), getattr(right, f)) for f in left.compared)
            elif type(left) is tuple and type(right) is tuple:
                if len(left) != len(right):
                    return False
                pending.extend(zip(left, right, strict=True))
            elif isinstance(left, Type) and isinstance(right, Type):
                if left.name != right.name:
                    return False
            elif type(left) is not type(right) or (left != right and (left == left or right == right)):
                return False
        return True

    def __hash__(self) -> int:
        return hash(tuple((n.compared, n.label()) for n in walk(self)))

    def label(self) -> Any:
        """What the node says itself, without its children; hashable."""
        return None

    def __repr__(self) -> str:
        pieces: list[str] = []
        pending: list[Any] = [self]
        while pending:
            item = pending.pop()
            if isinstance(item, _Text):
                pieces.append(item)
            elif isinstance(item, Node):
                pieces.append(f"{type(item).__name__}(")
                pending.append(_Text(")"))
                fields = [getattr(item, f) for f in item.compared]
                for position in range(len(fields) - 1, -1, -1):
                    pending.append(fields[position])
                    if position:
                        pending.append(_Text(", "))
            elif type(item) is tuple:
                pieces.append("(")
                pending.append(_Text(",)" if len(item) == 1 else ")"))
                for position in range(len(item) - 1, -1, -1):
                    pending.append(item[position])
                    if position:
                        pending.append(_Text(", "))
            else:
                pieces.append(item.name if isinstance(item, Type) else repr(item))
        return "".join(pieces)


class _Text(str):
    """Text of a repr that stands as it is."""

    __slots__ = ()


@node
class Literal(Node):
    """`'abc'`, `7`, `null`, `2024-01-31` (primitiveLiteral).

    value is a Python value for strings, numbers, booleans and null. Other types keep the text of the
    literal (without prefix and quotes) until validation, which knows the default time zone.
    """

    compared: ClassVar[tuple[str, ...]] = ("value", "type")
    value: Any
    type: Type
    span: Span = (0, 0)

    @property
    def nullable(self) -> bool:
        """True for null."""
        return self.value is None

    def label(self) -> Any:
        # NaN equals nothing, and its hash is its place in memory.
        return "NaN" if self.value != self.value else self.value, self.type.name


@node
class Path(Node):
    """`Supplier/Name`, `$it/Tags`, `Address/Model.Home/@Core.Note` (firstMemberExpr).

    A segment is a name as written, or a call: `Products/Model.Best(kind='x')/Name`, `Items(1)/Name`.
    A call as the first segment is what the path starts from.
    """

    compared: ClassVar[tuple[str, ...]] = ("segments",)
    segments: tuple[str | Call, ...]
    span: Span = (0, 0)

    def children(self) -> tuple[Node, ...]:
        for segment in self.segments:
            if isinstance(segment, Node):
                return tuple([s for s in self.segments if isinstance(s, Node)])
        return ()

    def with_children(self, children: tuple[Node, ...]) -> Path:
        calls = iter(children)
        segments = tuple(next(calls) if isinstance(s, Node) else s for s in self.segments)
        return Path(segments, self.span)  # type: ignore[arg-type]  # the children are its calls

    def label(self) -> Any:
        return tuple(s if isinstance(s, str) else None for s in self.segments)


@node
class Call(Node):
    """An operator or a function: `a eq 1` is `Call("eq", (a, 1))`, `not x` is `Call("not", (x,))`.

    What follows a path takes the path as its first argument: `tags/any(t: ...)`, `tags/$count`,
    `Items/$filter(...)`. `-x` is `Call("negate", ...)`. Operations of the specification are in lower
    case; `case` has its conditions and values in turn; a key predicate after a call is `Call("()")`.
    """

    compared: ClassVar[tuple[str, ...]] = ("function", "arguments")
    function: str
    arguments: tuple[Node, ...]
    span: Span = (0, 0)

    def children(self) -> tuple[Node, ...]:
        return self.arguments

    def with_children(self, children: tuple[Node, ...]) -> Call:
        return Call(self.function, children, self.span)

    def label(self) -> Any:
        return self.function


@node
class ListExpr(Node):
    """`('a', 'b')` after `in` (listExpr), or a JSON array `["a", Name]` (array)."""

    compared: ClassVar[tuple[str, ...]] = ("items",)
    items: tuple[Node, ...]
    span: Span = (0, 0)

    def children(self) -> tuple[Node, ...]:
        return self.items

    def with_children(self, children: tuple[Node, ...]) -> ListExpr:
        return ListExpr(children, self.span)


@node
class NamedValue(Node):
    """`color='green'` in a call, `ID=1` in a key, `"Name": "x"` in a JSON object."""

    compared: ClassVar[tuple[str, ...]] = ("name", "value")
    name: str
    value: Node
    span: Span = (0, 0)

    def children(self) -> tuple[Node, ...]:
        return (self.value,)

    def with_children(self, children: tuple[Node, ...]) -> NamedValue:
        return NamedValue(self.name, children[0], self.span)

    def label(self) -> Any:
        return self.name


@node
class RecordExpr(Node):
    """A JSON object: `{"Name": "x", "Size": 3}` (object)."""

    compared: ClassVar[tuple[str, ...]] = ("members",)
    members: tuple[NamedValue, ...]
    span: Span = (0, 0)

    def children(self) -> tuple[Node, ...]:
        return self.members

    def with_children(self, children: tuple[Node, ...]) -> RecordExpr:
        return RecordExpr(children, self.span)  # type: ignore[arg-type]  # members stay members


@node
class Lambda(Node):
    """`t: t eq 'red'` in `any` and `all` (lambdaVariableExpr, lambdaPredicateExpr)."""

    compared: ClassVar[tuple[str, ...]] = ("variable", "predicate")
    variable: str
    predicate: Node
    span: Span = (0, 0)

    def children(self) -> tuple[Node, ...]:
        return (self.predicate,)

    def with_children(self, children: tuple[Node, ...]) -> Lambda:
        return Lambda(self.variable, children[0], self.span)

    def label(self) -> Any:
        return self.variable


@node
class TypeName(Node):
    """`Edm.String`, `Model.Customer`, `Collection(Edm.Int32)` in `cast` and `isof`."""

    compared: ClassVar[tuple[str, ...]] = ("name",)
    name: str
    span: Span = (0, 0)

    def label(self) -> Any:
        return self.name


@node
class OrderByItem(Node):
    """`Name desc` (orderbyItem)."""

    compared: ClassVar[tuple[str, ...]] = ("expression", "descending")
    expression: Node
    descending: bool = False
    span: Span = (0, 0)

    def children(self) -> tuple[Node, ...]:
        return (self.expression,)

    def with_children(self, children: tuple[Node, ...]) -> OrderByItem:
        return OrderByItem(children[0], self.descending, self.span)

    def label(self) -> Any:
        return self.descending


def walk(node: Node) -> Iterator[Node]:
    """Every node of the tree, parents first, in the order of the text."""
    pending = [node]
    while pending:
        node = pending.pop()
        yield node
        pending.extend(reversed(node.children()))


def find_too_deep(tree: Node) -> Node | None:
    """Return the first node that has MAX_HEIGHT nodes above it; None if the tree is not that high."""
    level = [tree]
    for _ in range(MAX_HEIGHT):
        level = [child for node in level for child in node.children()]
        if not level:
            return None
    return level[0]


def transform(node: Node, function: Callable[[Node], Node]) -> Node:
    """The tree with function applied to every node, children first.

    `transform(tree, lambda n: Path(("b",), n.span) if n == Path(("a",)) else n)` renames a property.
    """
    order = [(node, node.children())]
    for _, below in order:
        for child in below:
            order.append((child, child.children()))
    done: dict[int, Node] = {}
    for old, below in reversed(order):
        if below:
            new = tuple([done[id(child)] for child in below])
            done[id(old)] = function(old if all(map(is_, new, below)) else old.with_children(new))
        else:
            done[id(old)] = function(old)
    return done[id(node)]
