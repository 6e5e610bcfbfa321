"""The tree with its meaning: what validation makes of the parser's nodes, and backends read.

Typed nodes are nodes of odata_query/ast.py with a type: they compare and print as those do. `Literal`
holds its value, a `ListExpr` holds typed items, and a `Lambda` stays as it is.
"""

from __future__ import annotations

from .. import edm
from ..language.ast import Call, ListExpr, Literal, Node, Path, node
from ..model.properties import Member


@node
class TypedPath(Path):
    """`Supplier/Name`, resolved.

    level    which instance it starts from: 0 the row, 1 the variable of the outermost lambda, and so on
    members  the properties it leads through; empty for the instance itself
    """

    level: int = 0
    members: tuple[Member, ...] = ()
    type: edm.Type = edm.NULL
    nullable: bool = True


@node
class TypedCall(Call):
    """An operation on typed arguments; `key` names its overload: `add(Date,Duration)`.

    Operations without signatures have their name as key. `any`, `all` and `$filter` have the level of
    their variable.
    """

    key: str = ""
    type: edm.Type = edm.BOOLEAN
    nullable: bool = True
    level: int = 0


@node
class TypedList(ListExpr):
    """A list of typed items of one type."""

    type: edm.Type = edm.NULL
    nullable: bool = False


def has_values_only(node: Node) -> bool:
    """Whether a node is a list of literals."""
    return isinstance(node, TypedList) and all(type(item) is Literal for item in node.items)
