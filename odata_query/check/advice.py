"""Advice on operands that do not fit: how to write them. Only queries with a mistake come here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from .. import edm
from ..language.ast import Literal, Node, Path
from ..language.literals import quote, write
from ..language.meant import literal_meant
from ..language.printer import unparse
from ..model.properties import StructuredType, reachable_types
from ..operations import OPERATIONS
from ..problems import Problem, problem
from .paths import MOMENT_PARTS
from .reporting import Reporter
from .typed import TypedPath

_MESSAGES: Mapping[str, str] = {
    **dict.fromkeys(edm.NUMBERS, "wrong-type.compare-number"),
    **dict.fromkeys(
        (edm.DATE.name, edm.DATE_TIME_OFFSET.name, edm.TIME_OF_DAY.name), "wrong-type.compare-date"
    ),
    edm.BOOLEAN.name: "wrong-type.compare-plain",
    edm.DURATION.name: "wrong-type.compare-duration",
    edm.GUID.name: "wrong-type.compare-plain",
}
"""The message for a text beside a value of a type."""
_MOST = 400
"""Characters of a text in which members are looked for."""
Advice = tuple[str, Mapping[str, Any]]
"""The id of a message, and its values."""


def report_mismatch(
    left: Node, right: Node, operator: str, places: Sequence[Node], reporter: Reporter
) -> Literal:
    """Report two operands that cannot be compared at the place of the right one; return WRONG.

    places  the parsed nodes of the whole comparison, of its left and of its right operand
    """
    message_id, values = _explain(left, right, places, reporter)
    one, other = left.type.name, right.type.name
    literal = next((each for each in (right, left) if isinstance(each, Literal)), None)
    given = unparse(places[2 if literal is right else 1])
    return reporter.report(
        message_id, places[2], operator=operator, left=one, right=other, given=given, **values
    )


def _explain(left: Node, right: Node, places: Sequence[Node], reporter: Reporter) -> Advice:
    """Return the message for two operands that cannot be compared: if possible, how to write one of them."""
    offered = reporter.limits.functions
    if isinstance(left.type, edm.CollectionType) is not isinstance(right.type, edm.CollectionType):
        can_ask = offered is None or {"any", "all"} <= offered
        return ("wrong-type.compare-members" if can_ask else "wrong-type.compare"), {}
    if advice := _explain_moment(left, right, places, reporter):
        return advice
    literal, other = (right, left.type) if isinstance(right, Literal) else (left, right.type)
    if not isinstance(literal, Literal):
        return "wrong-type.compare", {}
    value = literal.value
    is_integer = literal.type.name in edm.INTEGERS
    if (
        left.type is edm.STRING
        and isinstance(left, Literal)
        and isinstance(right, Literal)
        and reporter.model
    ):
        member = reporter.model.members.get(left.value)
        if member is not None and member.filterable:
            return "wrong-type.compare-name", {"meant": left.value}
    if literal.type is edm.STRING:
        if value.lower() == "null":
            return "wrong-type.compare-null", {}
        found = literal_meant(value, other) if other is not edm.BINARY else None
        if found not in (None, value):
            return "wrong-type.compare-as", _suggest(found, literal is right)
        if other is edm.GUID and found is None:
            return "wrong-type.compare-guid", {}
        return _MESSAGES.get(other.name, "wrong-type.compare"), {}
    if other is edm.STRING:
        return "wrong-type.compare-text", {}
    if isinstance(other, edm.EnumType) and is_integer and reporter.limits.suggestions:
        return "wrong-type.compare-as", _suggest(quote(other.text(value)), literal is right)
    found = literal_meant(str(value), other) if is_integer else None
    if found is not None:
        return "wrong-type.compare-as", _suggest(found, literal is right)
    return ("wrong-type.compare-duration" if other is edm.DURATION else "wrong-type.compare"), {}


def _explain_moment(left: Node, right: Node, places: Sequence[Node], reporter: Reporter) -> Advice | None:
    """Take the date or the time out of a moment: `date(at)` for `day eq at`."""
    offered = reporter.limits.functions
    for moment, place, other in ((right, places[2], left.type), (left, places[1], right.type)):
        function = MOMENT_PARTS.get(other)
        if moment.type is not edm.DATE_TIME_OFFSET or function is None:
            continue
        meant = f"{function}({unparse(place)})"
        if isinstance(moment, TypedPath) and not moment.segments:  # a member of the collection at the place
            meant = f"{unparse(place)}/any(x: {function}(x) eq {unparse(places[1])})"
            if not isinstance(place, Path) or (offered is not None and "any" not in offered):
                return None
        if isinstance(moment, Literal):
            meant = write(getattr(moment.value, function)(), other)
        elif offered is not None and function not in offered:
            return None
        return "wrong-type.compare-moment", _suggest(meant, moment is right and "/any(" not in meant)
    return None


def text_meant(text: str, type: edm.Type) -> str | None:
    """Return the text in a JSON array that was probably meant: `["P1W"]` -> `"P7D"`."""
    found = literal_meant(text, type)
    return found and '"{}"'.format(found.removeprefix("duration").strip("'"))


def report_member(text: str, type: edm.EnumType, place: Node, reporter: Reporter) -> Literal:
    """Report a text that names no member, and suggest those meant: `Hiden, System` -> `Hidden,System`."""
    names = _names_in(text)
    near = [reporter.nearest(name, type.members) for name in names]
    suggestion = ",".join(filter(None, near)) if type.is_flags and all(near) else None
    are_members = len(names) > 1 and all(name in type.members for name in names)
    if are_members and not type.is_flags and OPERATIONS["in"].is_allowed(reporter.limits):
        meant = f"({','.join(map(quote, names))})"
        return reporter.report("unknown-member.single", place, type=type.name, meant=meant)
    if suggestion is None:
        suggestion = reporter.nearest(text, type.members)
    return reporter.report("unknown-member", place, suggestion=suggestion, type=type.name, name=text)


def _names_in(text: str) -> list[str]:
    return [name for name in re.split("[,;|+ \t]+", text.strip()[:_MOST]) if name]


def name_enumeration(wrong: Problem, root: StructuredType, reporter: Reporter) -> Problem:
    """Give the full name of the enumeration in the problem with `Role'Guest'`, if the model has one."""
    prefix, member = str(wrong.message_args.get("prefix")).lower(), wrong.message_args.get("meant")
    if wrong.message_id != "invalid-literal.prefix" or not re.fullmatch(r"'\w+(?:[, ]+\w+)*'", str(member)):
        return wrong
    types = (each for each in reachable_types(root) if isinstance(each, edm.EnumType))
    type = next((each for each in types if each.name.lower().endswith(f".{prefix}")), None)
    if type is None:
        return wrong
    text = ",".join([reporter.nearest(name, type.members) or name for name in _names_in(str(member)[1:-1])])
    meant = f"{type.name}{quote(text)}"
    suggestion = None if type.value(text) is None else meant
    values: dict[str, Any] = {"suggestion": suggestion, "meant": meant, "member": quote(text)}
    return problem("invalid-literal.enumeration", wrong.option, wrong.span, text=wrong.text, **values)


def _suggest(meant: str | None, is_right: bool) -> Mapping[str, Any]:
    """The values of a message that shows a text, which can replace the right operand if it is for that."""
    return {"meant": meant, "suggestion": meant if is_right else None}
