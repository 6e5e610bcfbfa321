"""Properties read from typing hints, for all kinds of classes that have them."""

from __future__ import annotations

import collections
import collections.abc
import datetime as dt
import decimal
import enum
import inspect
import re
import sys
import types
import typing
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

from ... import edm
from ...problems import ConfigurationError
from ..properties import ComplexType, Property, enum_type
from ..publishing import Hidden, T, digits_of, failing, publish, published_as

_KINDS = {
    "__pydantic_decorators__": "pydantic",
    "__struct_fields__": "msgspec",
    "__attrs_attrs__": "attrs",
    "__dataclass_fields__": "classes",
    "__required_keys__": "classes",
    "_field_defaults": "classes",
}
"""By what a kind of class is known, and the file that has its `fields_of`, imported only then."""
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
_COLLECTIONS = {
    list,
    set,
    frozenset,
    tuple,
    collections.deque,
    collections.abc.Collection,
    collections.abc.Iterable,
    collections.abc.MutableSequence,
    collections.abc.MutableSet,
    collections.abc.Sequence,
    collections.abc.Set,
}
_WIDER: dict[frozenset[Any], edm.PrimitiveType] = {
    frozenset({edm.INT64, edm.DOUBLE}): edm.DOUBLE,
    frozenset({edm.INT64, edm.DECIMAL}): edm.DECIMAL,
}


class Unmapped(Exception):
    """A hint has no counterpart in OData: an error if the property is published."""


@dataclass(frozen=True, slots=True)
class Field:
    """What a class says of an attribute.

    label     its public name, if another
    metadata  what stands beside the hint, as in Annotated
    given     the property itself, in place of what the hint says
    optional  whether it can be null whatever the hint says
    owner     the class whose annotation the hint is, which its type variables belong to
    """

    name: str
    hint: Any
    label: str | None = None
    metadata: Sequence[Any] = ()
    given: Property | None = None
    optional: bool = False
    owner: type | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """What `Self` and type variables stand for."""

    itself: Any
    variables: Mapping[Any, Any]

    def fill(self, hint: Any) -> Any:
        """`Page[T]` as `Page[Image]`."""
        names = () if isinstance(hint, type) else getattr(hint, "__parameters__", ())
        return hint[tuple(self.variables.get(name, name) for name in names)] if names else hint


def read_class(cls: type[T], python_class: Any, options: Mapping[str, Any]) -> T:
    """The entity type of a class of a known kind, or of `Page[Image]`."""
    root = _Reader().type_of(python_class)
    return publish(cls, root.name, root.properties, bases=root.bases, **options)


def is_class(given: Any, mark: str) -> bool:
    """Whether it is a class, perhaps with arguments as `Page[Image]`, that has an attribute."""
    found = typing.get_origin(given) or given
    return isinstance(found, type) and hasattr(found, mark)


def annotated(python_class: type, name: str) -> tuple[Any, type]:
    """The hint of an attribute, and the class that it is written in."""
    for owner in python_class.__mro__:
        given = inspect.get_annotations(owner).get(name, inspect)
        if given is not inspect:
            return _evaluated(owner, name, given), owner
    return Unmapped("it has no annotation"), python_class


def _evaluated(owner: type, name: str, given: Any) -> Any:
    """A hint whose names are resolved, on its own: one unknown name must not spoil the others."""
    module = vars(sys.modules[owner.__module__]) if owner.__module__ in sys.modules else {}
    names = {owner.__name__: owner, **vars(owner), **module}
    inner = {variable.__name__: variable for variable in getattr(owner, "__parameters__", ())}
    if "<locals>" in owner.__qualname__:
        inner[owner.__name__] = owner
    alone = type(owner.__name__, (), {"__annotations__": {name: given}, "__module__": owner.__module__})
    try:
        return typing.get_type_hints(alone, names, inner, include_extras=True)[name]
    except Exception as wrong:  # whatever evaluating the text of a hint raises
        return Unmapped(f"its type is not to be found: {wrong}")


class _Reader:
    """One reading, in which each class has one type."""

    def __init__(self) -> None:
        self.known: list[tuple[Any, ComplexType]] = []  # not every hint has a hash
        self.enums: dict[type[enum.Enum], edm.EnumType] = {}
        self.aliases: list[Any] = []
        """Those that are being read, for an alias can be made of itself."""

    def type_of(self, hint: Any) -> ComplexType:
        """The type of a class; those that it leads to are read when they are asked for."""
        for known, type in self.known:
            if known == hint:
                return type
        self.known.append((hint, ComplexType(_type_name(hint), self.properties(hint), bases=_bases(hint))))
        return self.known[-1][1]

    def properties(self, hint: Any) -> dict[str, Property]:
        python_class = typing.get_origin(hint) or hint
        name = _type_name(hint)
        variables = _variables(hint)
        found: dict[str, Property] = {}
        for field in _library(_kind(python_class)).fields_of(python_class):
            scope = Scope(hint, variables.get(field.owner or python_class, {}))
            prop = self.property(f"{name}.{field.name}", field, scope)
            label = _label(field.name, field.label)
            if label in found:
                raise ConfigurationError(f"{name} has two properties called {label!r}")
            found[label] = published_as(label, field.name, prop)
        return found

    def property(self, place: str, field: Field, scope: Scope) -> Property:
        metadata = [*_flat(getattr(field.hint, "__metadata__", ())), *_flat(field.metadata)]
        given = field.given or _given(metadata)
        if given is not None:
            return given
        if _hides(metadata) or (field.name.startswith("_") and not issubclass(field.owner or object, dict)):
            return Hidden(edm.UNTYPED)
        try:
            prop = self.read(field.hint, scope)
        except Unmapped as wrong:
            return Property(failing(f"{place}: {wrong}"))
        return replace(_scaled(prop, metadata), nullable=prop.nullable or field.optional)

    def read(self, hint: Any, scope: Scope) -> Property:
        """The property that a hint alone says."""
        if isinstance(hint, Unmapped):
            raise hint
        if isinstance(hint, str | typing.ForwardRef):
            raise Unmapped(f"its type is not to be found: {getattr(hint, '__forward_arg__', hint)!r}")
        if isinstance(hint, typing.TypeVar):
            stands_for = scope.variables.get(hint, hint.__bound__)
            if stands_for is None or stands_for is hint:
                raise Unmapped(f"nothing says what {hint.__name__} stands for")
            return self.read(stands_for, scope)
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
        if form in ("Final", "Required", "ReadOnly"):
            return self.read(arguments[0], scope)
        if form == "NotRequired":
            return replace(self.read(arguments[0], scope), nullable=True)
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
            return Property(self.enums.setdefault(python_class, enum_type(python_class)), nullable=False)
        for base in python_class.__mro__:
            if base.__module__.partition(".")[0] == "pydantic":
                found: Property | None = _library("pydantic").value_of(python_class)
                if found is not None:
                    return found
                break
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
        for prop in found:
            if isinstance(prop, Hidden):
                return prop
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
            raise Unmapped("a collection has members of one type")
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
            raise Unmapped(f"its type is not to be found: {wrong}") from None
        finally:
            self.aliases.pop()


def _kind(python_class: type) -> str | None:
    return next((kind for mark, kind in _KINDS.items() if hasattr(python_class, mark)), None)


def _library(name: str | None) -> Any:
    return import_module(f".{name}", __package__)


def _bases(hint: Any) -> Iterator[str]:
    """The names of the classes that a class inherits fields from."""
    for base in (typing.get_origin(hint) or hint).__mro__[1:]:
        if _kind(base) is not None:
            yield base.__name__


def _variables(hint: Any) -> dict[Any, dict[Any, Any]]:
    """What the type variables of a class and of its bases stand for: of `Page[Image]`, {Page: {T: Image}}."""
    python_class = typing.get_origin(hint) or hint
    own = dict(zip(getattr(python_class, "__parameters__", ()), typing.get_args(hint), strict=False))
    found: dict[Any, dict[Any, Any]] = {}
    for base in vars(python_class).get("__orig_bases__", python_class.__bases__):
        kind = typing.get_origin(base) or base
        if isinstance(kind, type) and kind not in (typing.Generic, typing.Protocol, object):
            found |= _variables(Scope(hint, own).fill(base))
    inherited = {name: each for names in found.values() for name, each in names.items()}
    return found | {python_class: inherited | own}  # a TypedDict has what it inherits as its own


def _flat(metadata: Iterable[Any]) -> list[Any]:
    """What stands in Annotated, with what pydantic's Field() holds of the same kind."""
    found = []
    for each in metadata:
        inner = getattr(each, "metadata", None)
        found += [each, *inner] if isinstance(inner, list) else [each]
    return found


def _given(metadata: Iterable[Any]) -> Property | None:
    return next((each for each in metadata if isinstance(each, Property)), None)


def _hides(metadata: Iterable[Any]) -> bool:
    """Whether something says that the value is not for clients, be it at times."""
    for each in metadata:
        extra = getattr(each, "json_schema_extra", None) or getattr(each, "extra_json_schema", None)
        if isinstance(extra, Mapping) and extra.get("writeOnly"):
            return True
        if getattr(each, "exclude", None) is True or getattr(each, "exclude_if", None) is not None:
            return True
    return False


def _scaled(prop: Property, metadata: Iterable[Any]) -> Property:
    """A decimal with the digits after its point that something allows: `decimal_places`, `multiple_of`."""
    if prop.type is not edm.DECIMAL:
        return prop
    scale = prop.scale
    for each in metadata:
        step = getattr(each, "multiple_of", None)
        places = getattr(each, "decimal_places", None)
        found = places if isinstance(places, int) else digits_of(step)
        scale = scale if found is None else found
    return replace(prop, scale=scale)


def _label(name: str, label: str | None) -> str:
    """The public name: what cannot be written in OData gives way to the attribute's own."""
    for each in (label, name):
        if each and all(part.isidentifier() for part in each.split(".")):
            return each
    return re.sub(r"^(?=\d)|\W", "_", name)


def _type_name(hint: Any) -> str:
    """`Image`; of `Page[Image]` `Page_Image`."""
    python_class = typing.get_origin(hint) or hint
    name = getattr(python_class, "__name__", str(python_class))
    name = "_".join([name, *map(_type_name, typing.get_args(hint))])
    return name if name.isidentifier() else re.sub(r"\W+", "_", name).strip("_")


def _shown(hint: Any) -> str:
    return hint.__name__ if isinstance(hint, type) else str(hint)


def _no_type(hint: Any) -> Unmapped:
    return Unmapped(f"OData has no type for {_shown(hint)}")
