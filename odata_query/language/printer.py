"""Tree to text: `unparse(parse_filter(text))` reads as the same tree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeGuard

from .. import edm
from ..operations import OPERATIONS
from .ast import Call, Lambda, ListExpr, Literal, NamedValue, Node, OrderByItem, Path, RecordExpr, TypeName
from .literals import write

_ATOM = 9
_OPERATOR_WORDS = {name for name, operation in OPERATIONS.items() if operation.is_operator}


def unparse(node: Node | Sequence[OrderByItem]) -> str:
    """Write a tree, or the items of an `$orderby`: `not (a eq 1)`, `Name desc,Size`."""
    if isinstance(node, Node):
        return _text(node)
    return ",".join([_text(item) for item in node])


def _text(node: Node) -> str:
    children = [m.value for m in node.members] if isinstance(node, RecordExpr) else node.children()
    texts = []
    for child in children:  # not a comprehension: on Python 3.11 that is a frame more for each level
        texts.append(_text(child))
    match node:
        case Literal():
            return write(node.value, node.type)
        case Path():
            return _path(node, texts)
        case Call():
            return _call(node, texts)
        case ListExpr(is_json=is_json):
            if is_json:
                texts = [
                    _json(i.value) if _is_text(i) else text for i, text in zip(children, texts, strict=True)
                ]
            return f"[{','.join(texts)}]"
        case RecordExpr():
            names = [_json(member.name) for member in node.members]
            return "{" + ",".join(map("{}:{}".format, names, texts)) + "}"
        case NamedValue(name="$search", value=Literal(value=search)):
            return f"$search={search}"
        case NamedValue():
            return f"{node.name}={texts[0]}"
        case Lambda():
            return f"{node.variable}: {texts[0]}"
        case OrderByItem():
            text = f"({texts[0]})" if node.descending and _ends_in_operator(node.expression) else texts[0]
            return f"{text} desc" if node.descending else text
        case TypeName():
            return node.name
    raise TypeError(f"not a node of an expression: {type(node).__name__}")


def _is_text(node: Node) -> TypeGuard[Literal]:
    return isinstance(node, Literal) and node.type is edm.STRING


def _json(text: str) -> str:
    import json

    return json.dumps(text, ensure_ascii=False)


def _has_literals_only(node: ListExpr) -> bool:
    """True for a list in parentheses: those of JSON, and those with paths, need brackets."""
    return not node.is_json and all(isinstance(item, Literal) for item in node.items)


def _precedence(node: Node) -> int:
    if isinstance(node, Call) and node.function in OPERATIONS:
        return OPERATIONS[node.function].precedence
    # "not eq eq and x" would negate a property called eq.
    return 0 if isinstance(node, Path) and str(node.segments[0]).lower() == "not" else _ATOM


def _operand(node: Node, text: str, least: int) -> str:
    """Put the text of an operand in parentheses if it binds less tightly than its place needs."""
    return f"({text})" if _precedence(node) < least else text


def _ends_in_operator(node: Node) -> bool:
    """Return True if the last name is that of an operator: `not desc` would negate a property `desc`."""
    while isinstance(node, Call) and node.function in _OPERATOR_WORDS:
        node = node.arguments[-1]
    return isinstance(node, Path) and str(node.segments[-1]).lower() in _OPERATOR_WORDS


def _path(node: Path, calls: list[str]) -> str:
    text = ""
    remaining = iter(calls)
    for segment in node.segments:
        is_key = isinstance(segment, Call) and segment.function == "()"
        text += "/" if text and not is_key else ""
        text += segment if isinstance(segment, str) else next(remaining)
    return text


def _call(node: Call, texts: list[str]) -> str:
    name, arguments = node.function, node.arguments
    operation = OPERATIONS.get(name)
    if name == "case":
        # The blank keeps "10: 20" from being read as a time.
        return f"case({','.join(map('{}: {}'.format, texts[::2], texts[1::2]))})"
    if operation is None or operation.notation == "function":
        return f"{'' if name == '()' else name}({','.join(texts)})"
    if operation.notation == "segment":
        source, *rest = texts
        return f"{source}/{name}({';'.join(rest)})" if rest or name != "$count" else f"{source}/$count"
    precedence = operation.precedence
    if operation.notation == "prefix":
        operand = arguments[0]
        # "-5" is a number, and "-2024-01-01" a date.
        is_bare = isinstance(operand, Path) or (isinstance(operand, Call) and _precedence(operand) == _ATOM)
        sign = "not " if name == "not" else "-" if is_bare else "- "
        return sign + _operand(operand, texts[0], precedence)
    if name in ("and", "or"):
        return f" {name} ".join(
            [_operand(a, t, precedence + 1) for a, t in zip(arguments, texts, strict=True)]
        )
    left, right = arguments
    if name == "in" and isinstance(right, ListExpr) and _has_literals_only(right):
        last = f"({texts[1][1:-1]})"
    else:
        last = _operand(right, texts[1], precedence + 1)
    return f"{_operand(left, texts[0], precedence)} {name} {last}"
