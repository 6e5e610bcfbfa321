"""The typed tree: the nodes that the check makes of the parser's, and that backends read.

Typed nodes compare and print as the parsed ones do. Each has a `type`, and `nullable`, which is False if its
value cannot be null; so does a `Literal`, which holds its Python value here. A `Lambda` and a `TypeName` have
neither: they are parts of a call.
"""

from __future__ import annotations

from .. import edm
from ..language.ast import Call, ListExpr, Literal, Node, Path, node
from ..model.properties import Member


@node
class TypedPath(Path):
    """`Supplier/Name`, resolved.

    level    the instance it starts from: 0 is the row, 1 the variable of the outermost lambda, and so on
    members  the properties along the path; empty for the instance itself
    """

    level: int = 0
    members: tuple[Member, ...] = ()
    type: edm.Type = edm.NULL
    nullable: bool = True


@node
class TypedCall(Call):
    """An operation on typed arguments.

    key    the overload, `add(Date,Duration)`; the name of an operation without signatures
    level  the level of the variable of `any`, `all` and `$filter`; of `matchespattern` the most states of a
           pattern that is not a literal, 0 for any number
    """

    key: str = ""
    type: edm.Type = edm.BOOLEAN
    nullable: bool = True
    level: int = 0


@node
class TypedList(ListExpr):
    """A list of typed items; `type` is a collection of their type."""

    type: edm.Type = edm.NULL
    nullable: bool = False


def has_values_only(node: Node) -> bool:
    """True for a list of literals."""
    return isinstance(node, TypedList) and all(type(item) is Literal for item in node.items)
