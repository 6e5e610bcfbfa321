"""Entity types read from dataclasses."""

from __future__ import annotations

import collections.abc
import dataclasses
import datetime as dt
import decimal
import enum
import types
import typing
import uuid
from typing import Any, Unpack

from .. import edm
from ..errors import ConfigurationError
from ..model import ComplexType, EntityType, Property, enum_type
from .narrowing import Narrowing, narrowed

_PRIMITIVES: dict[Any, edm.PrimitiveType] = {
    bool: edm.BOOLEAN,
    bytes: edm.BINARY,
    decimal.Decimal: edm.DECIMAL,
    dt.date: edm.DATE,
    dt.datetime: edm.DATE_TIME_OFFSET,
    dt.time: edm.TIME_OF_DAY,
    dt.timedelta: edm.DURATION,
    float: edm.DOUBLE,
    int: edm.INT64,
    str: edm.STRING,
    uuid.UUID: edm.GUID,
}
_COLLECTIONS = {
    list,
    set,
    frozenset,
    tuple,
    collections.abc.Sequence,
    collections.abc.Collection,
    collections.abc.Iterable,
    collections.abc.Set,
}


def from_dataclass(python_class: type, **narrowing: Unpack[Narrowing]) -> EntityType:
    """What `EntityType.from_dataclass` documents."""
    properties = _properties(python_class, {})
    return narrowed(python_class.__name__, properties, **narrowing)


def _properties(python_class: type, known: dict[type, edm.Type]) -> dict[str, Property]:
    if not (isinstance(python_class, type) and dataclasses.is_dataclass(python_class)):
        raise ConfigurationError(f"{python_class!r} is no dataclass")
    try:
        hints = typing.get_type_hints(python_class)
    except NameError as wrong:
        raise ConfigurationError(f"{python_class.__name__} names an unknown type: {wrong}") from None
    found = {}
    for field in dataclasses.fields(python_class):
        given = field.metadata.get("odata")
        found[field.name] = given or _property(python_class, field.name, hints[field.name], known)
    return found


def _property(owner: type, name: str, hint: Any, known: dict[type, edm.Type]) -> Property:
    hint, nullable = _without_none(hint)
    origin = typing.get_origin(hint)
    if origin in _COLLECTIONS:
        inner = [a for a in typing.get_args(hint) if a is not Ellipsis]
        if len(inner) != 1:
            raise ConfigurationError(f"{owner.__name__}.{name}: a collection has members of one type")
        element, _ = _without_none(inner[0])
        return Property(_named(owner, name, element, known), nullable, collection=True)
    return Property(_named(owner, name, hint, known), nullable)


def _without_none(hint: Any) -> tuple[Any, bool]:
    """`str | None` -> str, True."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        rest = [a for a in typing.get_args(hint) if a is not type(None)]
        if len(rest) == 1 and len(typing.get_args(hint)) == 2:
            return rest[0], True
    return hint, False


def _named(owner: type, name: str, hint: Any, known: dict[type, edm.Type]) -> Any:
    if typing.get_origin(hint) is typing.Literal:
        kinds = {type(value) for value in typing.get_args(hint)}
        hint = kinds.pop() if len(kinds) == 1 else hint
    if hint in _PRIMITIVES:
        return _PRIMITIVES[hint]
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return known.setdefault(hint, enum_type(hint))
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        if hint not in known:
            # The type is found by name when it is used, for it may refer to itself.
            known[hint] = edm.Type(hint.__name__)
            known[hint] = ComplexType(hint.__name__, _properties(hint, known))
        return lambda: known[hint]
    raise ConfigurationError(f"{owner.__name__}.{name}: OData has no type for {hint!r}")
