"""Properties from type hints, for every kind of class with fields."""

from __future__ import annotations

import collections
import collections.abc
import datetime as dt
import decimal
import enum
import re
import types
import typing
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ... import edm
from ...problems import ConfigurationError
from ..properties import ComplexType, Property, as_name, enum_type, is_name
from ..publishing import Hidden, T, deferred_error, publish, published_as, scale_from_step
from .classes import KINDS as CLASSES
from .classes import Field, Kind, Unmapped

PRIMITIVES: dict[Any, edm.PrimitiveType] = {
    bool: edm.BOOLEAN,
    bytearray: edm.BINARY,
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
_COLLECTIONS = {list, set, frozenset, tuple, collections.deque} | {
    getattr(collections.abc, name)
    for name in ("Collection", "Iterable", "MutableSequence", "MutableSet", "Sequence", "Set")
}
_WIDER: dict[frozenset[Any], edm.PrimitiveType] = {
    frozenset({edm.INT64, edm.DOUBLE}): edm.DOUBLE,
    frozenset({edm.INT64, edm.DECIMAL}): edm.DECIMAL,
}


@dataclass(frozen=True, slots=True)
class Scope:
    """The meaning of `Self` and of type variables."""

    itself: Any
    variables: Mapping[Any, Any]

    def fill(self, hint: Any) -> Any:
        """`Page[T]` as `Page[Image]`."""
        names = () if isinstance(hint, type) else getattr(hint, "__parameters__", ())
        return hint[tuple(self.variables.get(name, name) for name in names)] if names else hint


def read_class(cls: type[T], kind: str, python_class: Any, options: Mapping[str, Any]) -> T:
    """Build the entity type of a class of a kind, or of `Page[Image]`."""
    expected, origin = KINDS[kind], typing.get_origin(python_class) or python_class
    if not (isinstance(origin, type) and hasattr(origin, expected.mark)):
        raise ConfigurationError(f"{python_class!r} is not {expected.title}")
    root = _ClassReader().type_of(python_class)
    return publish(cls, root.name, root.properties, bases=root.bases, **options)


def _pydantic_fields(model: Any) -> Iterator[Field]:
    from .pydantic import fields_of  # an optional library

    return fields_of(model)


KINDS = {"pydantic": Kind("__pydantic_decorators__", "a pydantic 2 model", _pydantic_fields), **CLASSES}
"""In the order in which to look: a pydantic dataclass is a dataclass, too."""


def _kind(python_class: type) -> Kind | None:
    return next((kind for kind in KINDS.values() if hasattr(python_class, kind.mark)), None)


class _ClassReader:
    """A reader of a class, and on demand of the classes that it refers to, each once."""

    def __init__(self) -> None:
        self.known: list[tuple[Any, ComplexType]] = []  # not every hint has a hash
        self.aliases: list[Any] = []
        """Those being read: an alias can refer to itself."""

    def type_of(self, hint: Any) -> ComplexType:
        """The type of a class; the types of its properties are read when they are needed."""
        for known, type in self.known:
            if known == hint:
                return type
        ancestors = (typing.get_origin(hint) or hint).__mro__[1:]
        bases = [base.__name__ for base in ancestors if _kind(base) is not None]
        self.known.append((hint, ComplexType(_class_name(hint), self.properties(hint), bases=bases)))
        return self.known[-1][1]

    def properties(self, hint: Any) -> dict[str, Property]:
        python_class = typing.get_origin(hint) or hint
        name = _class_name(hint)
        variables = _variables(hint)
        kind = _kind(python_class)
        assert kind is not None
        found: dict[str, Property] = {}
        for field in kind.fields_of(python_class):
            scope = Scope(hint, variables.get(field.owner or python_class, {}))
            prop = self.property(f"{name}.{field.name}", field, scope)
            label = field.label if field.label and is_name(field.label) else as_name(field.name)
            if label in found:
                raise ConfigurationError(f"{name} has two properties called {label!r}")
            found[label] = published_as(label, field.name, prop)
        return found

    def property(self, place: str, field: Field, scope: Scope) -> Property:
        metadata = [*_flat(getattr(field.hint, "__metadata__", ())), *_flat(field.metadata)]
        given = field.given or _given(metadata)
        if given is not None:
            return given
        if field.name.startswith("_") and not issubclass(field.owner or object, dict):
            return Hidden(edm.UNTYPED)
        try:
            prop = self.annotated(field.hint, metadata, scope)
        except Unmapped as wrong:
            return Property(deferred_error(f"{place}: {wrong}"))
        return replace(prop, nullable=prop.nullable or field.optional)

    def read(self, hint: Any, scope: Scope) -> Property:
        """The property of a hint, without the metadata of its field."""
        if isinstance(hint, Unmapped):
            raise hint
        if isinstance(hint, str | typing.ForwardRef):
            raise Unmapped(f"its type cannot be resolved: {getattr(hint, '__forward_arg__', hint)!r}")
        if isinstance(hint, typing.TypeVar):
            argument = scope.variables.get(hint, hint.__bound__)
            if argument is None or argument is hint:
                raise Unmapped(f"the type variable {hint.__name__} has no argument")
            return self.read(argument, scope)
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        form = getattr(origin, "_name", None)
        if origin is typing.Annotated:
            return self.annotated(arguments[0], _flat(hint.__metadata__), scope)
        if origin in (typing.Union, types.UnionType):
            return self.union(arguments, scope)
        if origin is typing.Literal:
            return self.union(list(dict.fromkeys(map(type, arguments))), scope)
        if origin in _COLLECTIONS:
            return self.many([each for each in arguments if each is not Ellipsis], scope)
        if form in ("Final", "NotRequired", "ReadOnly", "Required"):
            prop = self.read(arguments[0], scope)
            return replace(prop, nullable=prop.nullable or form == "NotRequired")
        if hint is typing.Self:
            return self.read(scope.itself, Scope(scope.itself, {}))
        if hint is typing.LiteralString:
            return Property(edm.STRING, nullable=False)
        if hasattr(hint, "__supertype__"):
            return self.read(hint.__supertype__, scope)
        if type(origin or hint).__name__ == "TypeAliasType":
            return self.alias(scope.fill(hint), scope)
        if isinstance(origin or hint, type):
            return self.of_class(scope.fill(hint))
        raise _no_type(hint)

    def of_class(self, hint: Any) -> Property:
        python_class = typing.get_origin(hint) or hint
        if issubclass(python_class, enum.Enum):
            return Property(enum_type(python_class), nullable=False)
        if any(base.__module__.partition(".")[0] == "pydantic" for base in python_class.__mro__):
            from .pydantic import value_of  # an optional library

            found = value_of(python_class)
            if found is not None:
                return found
        if _kind(python_class) is not None:
            return Property(lambda: self.type_of(hint), nullable=False)
        for base in python_class.__mro__:
            if base in PRIMITIVES:
                return Property(PRIMITIVES[base], nullable=False)
        raise _no_type(hint)

    def annotated(self, hint: Any, metadata: Sequence[Any], scope: Scope) -> Property:
        if given := _given(metadata):
            return given
        return Hidden(edm.UNTYPED) if _hides(metadata) else _scaled(self.read(hint, scope), metadata)

    def union(self, hints: Sequence[Any], scope: Scope) -> Property:
        rest = [hint for hint in hints if hint is not types.NoneType]
        found = [self.read(hint, scope) for hint in rest]
        if hidden := [prop for prop in found if isinstance(prop, Hidden)]:
            return hidden[0]
        nullable = len(rest) < len(hints) or any(prop.nullable for prop in found)
        read = next((prop.read for prop in found if prop.read is not None), None)
        found = [replace(prop, nullable=nullable, read=read) for prop in found]
        if found and all(prop == found[0] for prop in found):
            return found[0]
        wider = _WIDER.get(frozenset(edm.UNTYPED if prop.collection else prop.type for prop in found))
        if wider is not None:
            return Property(wider, nullable)
        raise Unmapped(f"OData has no type for either of {', '.join(map(_shown, rest)) or 'nothing'}")

    def many(self, hints: Sequence[Any], scope: Scope) -> Property:
        if not hints or any(hint != hints[0] for hint in hints):
            raise Unmapped("all items of a collection must have the same type")
        prop = self.read(hints[0], scope)
        if prop.collection or (isinstance(prop.type, str) and prop.type.startswith("Collection(")):
            raise Unmapped("OData has no collection of collections")
        return replace(prop, collection=True, nullable=False)

    def alias(self, hint: Any, scope: Scope) -> Property:
        if hint in self.aliases:
            raise _no_type(hint)
        self.aliases.append(hint)
        try:
            alias = typing.get_origin(hint) or hint
            variables = dict(zip(alias.__type_params__, typing.get_args(hint), strict=False))
            return self.read(alias.__value__, Scope(scope.itself, variables))
        except NameError as wrong:
            raise Unmapped(f"its type cannot be resolved: {wrong}") from None
        finally:
            self.aliases.pop()


def _variables(hint: Any) -> dict[Any, dict[Any, Any]]:
    """The arguments for the type variables of a class and its bases: {Page: {T: Image}} of `Page[Image]`."""
    python_class = typing.get_origin(hint) or hint
    own = dict(zip(getattr(python_class, "__parameters__", ()), typing.get_args(hint), strict=False))
    found: dict[Any, dict[Any, Any]] = {}
    for base in vars(python_class).get("__orig_bases__", python_class.__bases__):
        kind = typing.get_origin(base) or base
        if isinstance(kind, type) and kind not in (typing.Generic, typing.Protocol, object):
            found |= _variables(Scope(hint, own).fill(base))
    inherited = {name: each for names in found.values() for name, each in names.items()}
    return found | {python_class: inherited | own}  # a TypedDict copies what it inherits


def _flat(metadata: Iterable[Any]) -> list[Any]:
    """The metadata in Annotated, and the metadata that pydantic's Field() contains."""
    found = []
    for each in metadata:
        inner = getattr(each, "metadata", None)
        found += [each, *inner] if isinstance(inner, list) else [each]
    return found


def _given(metadata: Iterable[Any]) -> Property | None:
    return next((each for each in metadata if isinstance(each, Property)), None)


def _hides(metadata: Iterable[Any]) -> bool:
    """True if metadata excludes the value from output, even only under a condition."""
    for each in metadata:
        extra = getattr(each, "json_schema_extra", None) or getattr(each, "extra_json_schema", None)
        if isinstance(extra, Mapping) and extra.get("writeOnly"):
            return True
        if getattr(each, "exclude", None) is True or getattr(each, "exclude_if", None) is not None:
            return True
    return False


def _scaled(prop: Property, metadata: Iterable[Any]) -> Property:
    """A decimal with the scale that metadata allows: `decimal_places`, `multiple_of`."""
    for each in metadata if prop.type is edm.DECIMAL else ():
        places = getattr(each, "decimal_places", None)
        scale = places if isinstance(places, int) else scale_from_step(getattr(each, "multiple_of", None))
        prop = prop if scale is None else replace(prop, scale=scale)
    return prop


def _class_name(hint: Any) -> str:
    """`Image`; of `Page[Image]` `Page_Image`."""
    python_class = typing.get_origin(hint) or hint
    name = getattr(python_class, "__name__", str(python_class))
    name = "_".join([name, *map(_class_name, typing.get_args(hint))])
    return name if name.isidentifier() else re.sub(r"\W+", "_", name).strip("_")


def _shown(hint: Any) -> str:
    return hint.__name__ if isinstance(hint, type) else str(hint)


def _no_type(hint: Any) -> Unmapped:
    return Unmapped(f"OData has no type for {_shown(hint)}")
