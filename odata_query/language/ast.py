"""The tree of an expression: eight kinds of nodes, named after the rules of the ABNF.

Nodes compare by structure, without their spans. Type checkers refuse to set a field of one.
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
"""Levels of nodes in a tree of the parser: few enough for any function that walks one to recurse."""

C = TypeVar("C")


@dataclass_transform(frozen_default=True)
def node(cls: type[C]) -> type[C]:
    """Make a slotted class of nodes. It is frozen for type checkers only: at run time that is slow."""
    return dataclass(slots=True, eq=False, repr=False)(cls)


class Node:
    """The base of all nodes; `span` is the node's place in the option's decoded text."""

    __slots__ = ()
    compared: ClassVar[tuple[str, ...]] = ()
    """The fields that make two nodes equal: all but the span, and the types of typed nodes."""
    inner: ClassVar[str] = ""
    """The field that holds the children: a node, or a tuple of nodes."""

    def __init_subclass__(cls) -> None:
        if not cls.compared:  # a typed node has those of the parsed one
            cls.compared = tuple([name for name in cls.__annotations__ if name not in ("inner", "span")])

    if TYPE_CHECKING:

        @property
        def span(self) -> Span: ...

        # Nodes of a typed tree have these; see odata_query/check/typed.py.
        @property
        def type(self) -> Type: ...
        @property
        def nullable(self) -> bool: ...

    def children(self) -> tuple[Node, ...]:
        """Return the nodes directly below, in the order of the text."""
        inner = getattr(self, self.inner, ())
        return inner if type(inner) is tuple else (inner,)

    def with_children(self, children: tuple[Node, ...]) -> Node:
        """Return the same node over other children, as many as it has; a typed node becomes untyped."""
        kind: Any = next(cls for cls in type(self).__mro__ if "compared" in vars(cls))
        fields = {name: getattr(self, name) for name in self.compared}
        if self.inner:
            fields[self.inner] = children if type(fields[self.inner]) is tuple else children[0]
        made: Node = kind(**fields, span=self.span)
        return made

    def __eq__(self, other: object) -> bool:
        return _are_equal(self, other) if isinstance(other, Node) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.compared, *_fields(self)))

    def __repr__(self) -> str:
        return _shown(self)


def _fields(node: Node) -> list[Any]:
    return [getattr(node, name) for name in node.compared]


def _are_equal(one: Any, other: Any) -> bool:
    """Compare two fields. `1` is not `1.0` or `true`; NaN is NaN.

    The function calls itself from loops: `==`, `all` and comprehensions need more of the stack.
    """
    if one is other:
        return True
    if isinstance(one, Type) and isinstance(other, Type):
        return one.name == other.name
    if isinstance(one, Node) and isinstance(other, Node):
        one, other = (one.compared, *_fields(one)), (other.compared, *_fields(other))
    if type(one) is not type(other):
        return False
    if type(one) is not tuple:
        return bool(one == other) or (one != one and other != other)
    if len(one) != len(other):
        return False
    for left, right in zip(one, other, strict=True):  # noqa: SIM110  # a generator is a frame
        if not _are_equal(left, right):
            return False
    return True


def _shown(value: Any) -> str:
    """Write a field: `Path(('name',))`, `Edm.String`."""
    if isinstance(value, Type):
        return value.name
    is_node = isinstance(value, Node)
    if not is_node and type(value) is not tuple:
        return repr(value)
    parts = []
    for item in _fields(value) if is_node else value:
        parts.append(_shown(item))
    text = ", ".join(parts)
    return f"{type(value).__name__}({text})" if is_node else f"({text},)" if len(parts) == 1 else f"({text})"


@node
class Literal(Node):
    """`'abc'`, `7`, `null`, `2024-01-31` (primitiveLiteral).

    value is a Python value for strings, numbers, booleans and null. Other types hold the text of the
    literal (without prefix and quotes) until the check, which knows the default time zone.
    """

    value: Any
    type: Type
    span: Span = (0, 0)

    @property
    def nullable(self) -> bool:
        """True for null."""
        return self.value is None

    def __hash__(self) -> int:
        # NaN equals nothing, and its hash is its place in memory.
        return hash(("NaN" if self.value != self.value else self.value, self.type.name))


@node
class Path(Node):
    """`Supplier/Name`, `$it/Tags`, `Address/Model.Home/@Core.Note` (firstMemberExpr).

    A segment is a name as written, or a call: `Products/Model.Best(kind='x')/Name`, `Items(1)/Name`.
    A call as the first segment is the start of the path.
    """

    segments: tuple[str | Call, ...]
    span: Span = (0, 0)

    def children(self) -> tuple[Node, ...]:
        """Return the calls among the segments."""
        return tuple([segment for segment in self.segments if not isinstance(segment, str)])

    def with_children(self, children: tuple[Node, ...]) -> Path:
        """Return the path with other calls in the place of its calls."""
        calls: Any = iter(children)
        return Path(tuple([next(calls) if isinstance(s, Node) else s for s in self.segments]), self.span)


@node
class Call(Node):
    """An operator or a function: `a eq 1` is `Call("eq", (a, 1))`, `not x` is `Call("not", (x,))`.

    What follows a path takes the path as its first argument: `tags/any(t: ...)`, `tags/$count`,
    `Items/$filter(...)`. `-x` is `Call("negate", ...)`. Operations of the specification are in lower
    case; `case` has its conditions and values in turn; a key predicate after a call is `Call("()")`.
    """

    inner: ClassVar[str] = "arguments"
    function: str
    arguments: tuple[Node, ...]
    span: Span = (0, 0)

    def children(self) -> tuple[Node, ...]:
        """Return the arguments."""
        return self.arguments


@node
class ListExpr(Node):
    """`('a', 'b')` after `in` (listExpr), or a JSON array `["a", Name]` (array).

    is_json is True if texts in it are JSON's: dates, which JSON lacks, are texts there, `["2024-01-31"]`.
    Lists compare without it.
    """

    compared: ClassVar[tuple[str, ...]] = ("items",)
    inner: ClassVar[str] = "items"
    items: tuple[Node, ...]
    span: Span = (0, 0)
    is_json: bool = False

    def with_children(self, children: tuple[Node, ...]) -> ListExpr:
        """Return a list of other items, written in the same way."""
        return ListExpr(children, self.span, self.is_json)


@node
class NamedValue(Node):
    """`color='green'` in a call, `ID=1` in a key, `"Name": "x"` in a JSON object."""

    inner: ClassVar[str] = "value"
    name: str
    value: Node
    span: Span = (0, 0)


@node
class RecordExpr(Node):
    """A JSON object: `{"Name": "x", "Size": 3}` (object)."""

    inner: ClassVar[str] = "members"
    members: tuple[NamedValue, ...]
    span: Span = (0, 0)


@node
class Lambda(Node):
    """`t: t eq 'red'` in `any` and `all` (lambdaVariableExpr, lambdaPredicateExpr)."""

    inner: ClassVar[str] = "predicate"
    variable: str
    predicate: Node
    span: Span = (0, 0)


@node
class TypeName(Node):
    """`Edm.String`, `Model.Customer`, `Collection(Edm.Int32)` in `cast` and `isof`."""

    name: str
    span: Span = (0, 0)


@node
class OrderByItem(Node):
    """`Name desc` (orderbyItem)."""

    inner: ClassVar[str] = "expression"
    expression: Node
    descending: bool = False
    span: Span = (0, 0)


def walk(node: Node) -> Iterator[Node]:
    """Yield every node of the tree, parents first, in the order of the text.

    `[n.segments for n in walk(tree) if isinstance(n, Path)]` lists the properties in a tree.
    """
    pending = [node]
    while pending:
        node = pending.pop()
        yield node
        pending.extend(reversed(node.children()))


def transform(node: Node, function: Callable[[Node], Node]) -> Node:
    """Return the tree with a function applied to every node, children first.

    `transform(tree, lambda n: Path(("b",), n.span) if n == Path(("a",)) else n)` renames a property.
    """
    children = node.children()
    if children:
        changed = []
        for child in children:
            changed.append(transform(child, function))
        if not all(map(is_, changed, children)):
            node = node.with_children(tuple(changed))
    return function(node)


def find_too_deep(tree: Node) -> Node | None:
    """Return the first node that has MAX_HEIGHT nodes above it; None if the tree is not that high."""
    level = [tree]
    for _ in range(MAX_HEIGHT - 1):
        level = [child for node in level for child in node.children() if type(child) is not Literal]
        if not level:
            return None
    return next((child for node in level for child in node.children()), None)
