"""The query options of an endpoint as parameters of an OpenAPI 3.1 operation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from typing import Any

from .. import edm
from ..errors import ODataError
from ..language.ast import Path
from ..language.literals import quote
from ..language.parser import parse
from ..limits import Limits, effective
from ..operations import OPERATIONS
from ..problems import shorten
from .properties import Member, StructuredType

_MAX_MEMBERS = 50
"""Members of an enumeration that a description lists."""
_VALUES = {
    **dict.fromkeys(edm.NUMBERS, "10"),
    edm.BOOLEAN.name: "true",
    edm.DATE.name: "2024-01-31",
    edm.DATE_TIME_OFFSET.name: "2024-01-31T12:00:00Z",
    edm.DURATION.name: "duration'PT1H'",
    edm.GUID.name: "01234567-89ab-cdef-0123-456789abcdef",
    edm.STRING.name: "'abc'",
    edm.TIME_OF_DAY.name: "12:30:00",
}
"""An example of a literal for each type that can be compared."""
_TEXT_TESTS = {
    name
    for name, operation in OPERATIONS.items()
    for signature in operation.signatures
    if signature.parameters == ("String", "String") and signature.result == "Boolean"
}
"""The functions that test a text with a text: `contains`, `startswith`, ..."""
_ORDERED = {*edm.NUMBERS, edm.DATE.name, edm.DATE_TIME_OFFSET.name, edm.DURATION.name, edm.TIME_OF_DAY.name}
_FILTER = "Filter expression (OData 4.01). Only matching items are returned."
_ORDERBY = "Sort order: expressions separated by commas, each followed by `asc` (the default) or `desc`."
_FILTER_BOUNDS = {
    "max_length": "{} characters",
    "max_depth": "{} levels of parentheses and calls",
    "max_in_items": "{} items in a list",
    "max_lambda_depth": "{} levels of `any` and `all`",
    "max_path_depth": "{} names in a path",
}
_ORDERBY_BOUNDS = {"max_length": "{} characters", "max_orderby_items": "{} expressions"}
_BOUNDED = {"max_in_items": ("in",), "max_lambda_depth": ("any", "all", "$count", "$filter")}
"""The operations that a bound is for."""
_is_filterable = attrgetter("filterable")
Json = dict[str, Any]


def to_openapi(entity_type: StructuredType, limits: Limits | None) -> list[Json]:
    """The parameters for `$filter`, `$orderby`, `$top`, `$skip` and `$count`."""
    bounds = effective(limits, entity_type.limits)
    text: Json = {"type": "string", "minLength": 1}
    if bounds.max_length is not None:
        text["maxLength"] = int(bounds.max_length)
    found = []
    if properties := _sections(entity_type, _is_filterable):
        sections = [_FILTER, *properties, *_operations(bounds), *_bounds(bounds, _FILTER_BOUNDS)]
        examples = _examples("filter", _filters(entity_type, bounds), bounds)
        found.append(_parameter("$filter", "\n\n".join(sections), text, examples))
    if properties := _sections(entity_type, _is_sortable):
        sections = [_ORDERBY, *properties, *_bounds(bounds, _ORDERBY_BOUNDS)]
        examples = _examples("orderby", _orders(entity_type), bounds)
        found.append(_parameter("$orderby", "\n\n".join(sections), text, examples))
    top = _integer_schema(bounds.max_top)
    if bounds.default_top is not None:
        top["default"] = bounds.default_top
    skip, count = _integer_schema(bounds.max_skip), {"type": "boolean", "default": False}
    found.append(_parameter("$top", "Maximum number of items to return.", top))
    found.append(_parameter("$skip", "Number of items to skip.", skip))
    found.append(_parameter("$count", "Include the total number of matching items.", count))
    return found


def _parameter(name: str, description: str, schema: Json, examples: Json | None = None) -> Json:
    found = {"name": name, "in": "query", "required": False, "description": description, "schema": schema}
    return {**found, "examples": examples} if examples else found


def _integer_schema(most: int | None) -> Json:
    return {"type": "integer", "minimum": 0} | ({} if most is None else {"maximum": most})


# ---- descriptions --------------------------------------------------------------------------------


def _bounds(limits: Limits, texts: dict[str, str]) -> Iterator[str]:
    offered = [name for name in texts if _is_offered(limits, *_BOUNDED.get(name, ()))]
    given = {name: getattr(limits, name) for name in offered}
    known = [texts[name].format(bound) for name, bound in given.items() if bound is not None]
    if known:
        yield f"At most {', '.join(known)}."


def _is_offered(limits: Limits, *names: str) -> bool:
    """True if one of the operations is allowed, or none is named."""
    return not names or any(OPERATIONS[name].is_allowed(limits) for name in names)


def _operations(limits: Limits) -> Iterator[str]:
    allowed: dict[str, list[str]] = {"Operators": [], "Functions": []}
    for name, operation in OPERATIONS.items():
        if operation.is_allowed(limits):
            shown = "-" if name == "negate" else name
            allowed["Operators" if operation.is_operator else "Functions"].append(f"`{shown}`")
    for kind, names in allowed.items():
        yield f"{kind}: {', '.join(names) or 'none'}."


def _is_sortable(member: Member) -> bool:
    type = member.type
    if isinstance(type, StructuredType):
        return member.sortable and any(inner.sortable for inner in type.members.values())
    return member.sortable and (isinstance(type, edm.EnumType) or type.name in _VALUES)


def _sections(root: StructuredType, is_usable: Callable[[Member], bool]) -> list[str]:
    """A list of properties for each type, at the first path to it: types can lead back to themselves."""
    titles: dict[int, str] = {id(root): root.name}
    waiting: list[tuple[str, StructuredType]] = [("", root)]
    sections = []
    for path, type in waiting:  # it grows
        lines = []
        for member in type.members.values():
            if not is_usable(member):
                continue
            inner = edm.element_of(member.type)
            here = f"{path}{member.name}"
            is_value = is_usable is _is_filterable or not isinstance(inner, StructuredType)
            if isinstance(inner, StructuredType) and id(inner) not in titles:
                # Types with the same name can differ.
                is_known = inner.name in titles.values()
                titles[id(inner)] = f"{inner.name} of {here}" if is_known else inner.name
                into = "/" if inner is member.type else "/any(x:x/"
                waiting.append((here + into, inner))
            if is_value:  # entities have no order, but their properties do
                lines.append(f"- `{member.name}`: {_type_text(member, titles)}")
        if lines:
            title = "Properties" if type is root else f"Properties of {titles[id(type)]} (`{path}...`)"
            sections.append("\n".join([f"{title}:", "", *lines]))
    return sections


def _type_text(member: Member, titles: dict[int, str]) -> str:
    inner = edm.element_of(member.type)
    text = titles.get(id(inner), inner.name.removeprefix("Edm."))
    if inner is not member.type:
        text = f"Collection({text})"
    elif member.nullable:
        text += " or null"
    if isinstance(inner, edm.EnumType):
        names = [f"`{shorten(quote(name), 100)}`" for name in inner.members]
        more = ", ..." if len(names) > _MAX_MEMBERS else ""
        text += f", {'some' if inner.is_flags else 'one'} of {', '.join(names[:_MAX_MEMBERS])}{more}"
    return text


# ---- examples ------------------------------------------------------------------------------------


def _examples(start: str, texts: Iterable[tuple[str, str]], limits: Limits) -> Json:
    """The first example of each name that the limits allow."""
    found: Json = {}
    for name, text in texts:
        try:
            parse(start, text, f"${start}", limits)
        except ODataError:
            continue
        found.setdefault(name, {"value": text})
    return found


def _filters(entity_type: StructuredType, limits: Limits) -> Iterator[tuple[str, str]]:
    """Names and filters, with the operations that the limits allow."""

    def allowed(*names: str) -> str | None:
        return next((name for name in names if limits.operators is None or name in limits.operators), None)

    usable = list(_usable_paths(entity_type, _is_filterable))
    functions = [name for name in OPERATIONS if limits.functions is None or name in limits.functions]
    equal = allowed("eq", "ne")
    comparisons: dict[edm.Type, str] = {}
    for path, member in sorted(usable, key=lambda found: found[1].property.key):
        operator = allowed("ge", "gt", "le", "lt") if member.type.name in _ORDERED else None
        value = _value(member.type)
        if value is not None and (operator or equal):
            comparisons.setdefault(member.type, f"{path} {operator or equal} {value}")
    first = [*comparisons.values()][:3]
    yield from zip(("comparison", "another comparison", "a third comparison"), first, strict=False)
    if len(first) > 1 and allowed("and"):
        yield "both", f"{first[0]} and {first[1]}"
    for path, member in usable:
        value = _value(edm.element_of(member.type))
        if value is None:
            continue
        if isinstance(member.type, edm.EnumType) and allowed("in"):
            yield "one of several", f"{path} in ({value})"
        elif isinstance(member.type, edm.CollectionType) and equal and "any" in functions:
            yield "a member", f"{path}/any(x:x {equal} {value})"
        elif member.type is edm.STRING:
            yield from ((name, f"{name}({path},{value})") for name in functions if name in _TEXT_TESTS)


def _orders(entity_type: StructuredType) -> Iterator[tuple[str, str]]:
    usable = _usable_paths(entity_type, _is_sortable)
    paths = [path for path, member in usable if not isinstance(member.type, StructuredType)]
    if paths:
        yield "descending", f"{paths[0]} desc"
    if len(paths) > 1:
        yield "several", f"{paths[1]},{paths[0]} desc"


def _usable_paths(
    type: StructuredType, is_usable: Callable[[Member], bool], before: str = ""
) -> Iterator[tuple[str, Member]]:
    """The properties that an option can name, followed by those inside of them: `place`, `place/city`."""
    for label, member in type.members.items():
        if is_usable(member) and _can_be_named(label):
            yield before + label, member
            if isinstance(member.type, StructuredType) and not before:
                yield from _usable_paths(member.type, is_usable, f"{label}/")


def _can_be_named(label: str) -> bool:
    """True for `size`; False for `null` and `not`, which the parser reads as something else."""
    try:
        [item] = parse("orderby", f"{label} desc", "$orderby", Limits())
    except ODataError:
        return False
    return bool(item.expression == Path((label,)))


def _value(type: edm.Type) -> str | None:
    if isinstance(type, edm.EnumType):
        return next((quote(name) for name in type.members if type.value(name) is not None), None)
    return _VALUES.get(type.name)
