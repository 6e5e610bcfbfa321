"""Tree to text: `unparse(parse_filter(text))` reads as the same tree."""

from __future__ import annotations

from collections.abc import Sequence

from ..operations import OPERATIONS
from .ast import Call, Lambda, ListExpr, Literal, NamedValue, Node, OrderByItem, Path, RecordExpr, TypeName
from .literals import write

_ATOM = 9
_WITHOUT_PARENTHESES = {name for name, op in OPERATIONS.items() if op.is_operator}
Piece = str | tuple[Node, int]
"""Text, or a node with the least precedence that needs no parentheses."""


def unparse(node: Node | Sequence[OrderByItem]) -> str:
    """The text of a tree, or of the items of an `$orderby`: `not (a eq 1)`, `Name desc,Size`."""
    pending: list[Piece] = []
    if isinstance(node, Node):
        pending.append((node, 0))
    else:
        pending.extend(reversed(_joined(node, ",")))
    text: list[str] = []
    while pending:
        piece = pending.pop()
        if isinstance(piece, str):
            text.append(piece)
            continue
        part, least = piece
        pieces = _pieces(part)
        if _precedence(part) < least:
            pieces = ["(", *pieces, ")"]
        pending.extend(reversed(pieces))
    return "".join(text)


def _precedence(node: Node) -> int:
    if isinstance(node, Call) and node.function in OPERATIONS:
        return OPERATIONS[node.function].precedence
    # "not eq eq and x" would negate a property called eq.
    return 0 if isinstance(node, Path) and str(node.segments[0]).lower() == "not" else _ATOM


def _joined(nodes: Sequence[Node], separator: str, least: int = 0) -> list[Piece]:
    pieces: list[Piece] = []
    for node in nodes:
        pieces += [separator, (node, least)] if pieces else [(node, least)]
    return pieces


def _pieces(node: Node) -> list[Piece]:
    match node:
        case Literal():
            return [write(node.value, node.type)]
        case Path():
            return _path(node)
        case Call():
            return _call(node)
        case ListExpr():
            return ["[", *_joined(node.items, ","), "]"]
        case RecordExpr():
            pieces: list[Piece] = []
            for member in node.members:
                pieces += [",", *_member(member)] if pieces else _member(member)
            return ["{", *pieces, "}"]
        case NamedValue():
            if node.name == "$search" and isinstance(node.value, Literal):
                return [f"$search={node.value.value}"]
            return [f"{node.name}=", (node.value, 0)]
        case Lambda():
            return [f"{node.variable}: ", (node.predicate, 0)]
        case OrderByItem():
            if node.descending and _ends_in_operator(node.expression):
                return ["(", (node.expression, 0), ") desc"]
            return [(node.expression, 0), " desc" if node.descending else ""]
        case TypeName():
            return [node.name]
    raise TypeError(f"{type(node).__name__} is no node of an expression")


def _ends_in_operator(node: Node) -> bool:
    """Whether a property called as an operator is last: `not desc` would negate one called `desc`."""
    while isinstance(node, Call) and node.function in _WITHOUT_PARENTHESES:
        node = node.arguments[-1]
    return isinstance(node, Path) and str(node.segments[-1]).lower() in _WITHOUT_PARENTHESES


def _member(member: NamedValue) -> list[Piece]:
    import json

    return [json.dumps(member.name, ensure_ascii=False) + ":", (member.value, 0)]


def _path(node: Path) -> list[Piece]:
    pieces: list[Piece] = []
    for segment in node.segments:
        is_key = isinstance(segment, Call) and segment.function == "()"
        if pieces and not is_key:
            pieces.append("/")
        pieces += [segment] if isinstance(segment, str) else _call(segment)
    return pieces


def _call(node: Call) -> list[Piece]:
    name, arguments = node.function, node.arguments
    operation = OPERATIONS.get(name)
    if operation is None or operation.notation == "function":
        if name == "case":
            return ["case(", *_pairs(arguments), ")"]
        return ["" if name == "()" else name, "(", *_joined(arguments, ","), ")"]
    if operation.notation == "segment":
        source, *rest = arguments
        inside = ["(", *_joined(rest, ";"), ")"] if rest or name != "$count" else []
        return [(source, 0), f"/{name}", *inside]
    precedence = operation.precedence
    if operation.notation == "prefix":
        operand = arguments[0]
        # "-5" is a number, and "-2024-01-01" a date.
        bare = isinstance(operand, Path) or (isinstance(operand, Call) and _precedence(operand) == _ATOM)
        sign = "not " if name == "not" else "-" if bare else "- "
        return [sign, (operand, precedence)]
    if name in ("and", "or"):
        return _joined(arguments, f" {name} ", precedence + 1)
    left, right = arguments
    pieces: list[Piece] = [(left, precedence), f" {name} "]
    if name == "in" and isinstance(right, ListExpr) and all(isinstance(i, Literal) for i in right.items):
        return [*pieces, "(", *_joined(right.items, ","), ")"]
    return [*pieces, (right, precedence + 1)]


def _pairs(arguments: Sequence[Node]) -> list[Piece]:
    pieces: list[Piece] = []
    for condition, value in zip(arguments[::2], arguments[1::2], strict=True):
        # The blank keeps "10: 20" from being read as a time.
        pieces += [",", (condition, 0)] if pieces else [(condition, 0)]
        pieces += [": ", (value, 0)]
    return pieces
