"""The fields of Python classes: dataclasses, TypedDicts, NamedTuples, attrs classes and msgspec Structs."""

from __future__ import annotations

import dataclasses
import inspect
import sys
import typing
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from ..properties import Property


class Unmapped(Exception):
    """A hint without a counterpart in OData: an error if the property is published."""


@dataclasses.dataclass(frozen=True, slots=True)
class Field:
    """A field of a class.

    label     its public name, if that is another
    metadata  annotations in addition to those of the hint
    given     the Property to use in place of the hint
    optional  True if it can be null whatever the hint says
    owner     the class with the annotation, whose type variables the hint uses
    """

    name: str
    hint: Any
    label: str | None = None
    metadata: Sequence[Any] = ()
    given: Property | None = None
    optional: bool = False
    owner: type | None = None


def annotated(python_class: type, name: str) -> tuple[Any, type]:
    """The hint of an attribute, and the class that declares it."""
    for owner in python_class.__mro__:
        given = inspect.get_annotations(owner).get(name, inspect)
        if given is not inspect:
            return _evaluated(owner, name, given), owner
    return Unmapped("it has no annotation"), python_class


def _evaluated(owner: type, name: str, given: Any) -> Any:
    """Resolve the names in a hint. Each hint alone: one unknown name must not spoil the others."""
    module = vars(sys.modules[owner.__module__]) if owner.__module__ in sys.modules else {}
    names = {owner.__name__: owner, **vars(owner), **module}
    inner = {variable.__name__: variable for variable in getattr(owner, "__parameters__", ())}
    if "<locals>" in owner.__qualname__:
        inner[owner.__name__] = owner
    alone = type(owner.__name__, (), {"__annotations__": {name: given}, "__module__": owner.__module__})
    try:
        return typing.get_type_hints(alone, names, inner, include_extras=True)[name]
    except Exception as wrong:  # evaluating a hint can raise anything
        return Unmapped(f"its type cannot be resolved: {wrong}")


def _declared(python_class: Any, fields: Iterable[Any]) -> Iterator[Field]:
    for field in fields:
        hint, owner = annotated(python_class, field.name)
        if isinstance(hint, Unmapped) and not isinstance(field.type, str | None):
            hint = field.type  # of `attr.ib(type=int)`
        given = field.metadata.get("odata")
        yield Field(field.name, hint, given=given, optional=field.default is None, owner=owner)


def _typed_dict(python_class: Any) -> Iterator[Field]:
    for name in python_class.__annotations__:
        hint, owner = annotated(python_class, name)
        # Python does not know the required keys if annotations are texts.
        is_required = name in python_class.__required_keys__ or typing.get_origin(hint) is typing.Required
        yield Field(name, hint, optional=not is_required, owner=owner)


def _named(python_class: Any, defaults: Any, names: Sequence[str], labels: Any = None) -> Iterator[Field]:
    for name, label in zip(names, labels or names, strict=True):
        hint, owner = annotated(python_class, name)
        yield Field(name, hint, label, optional=defaults.get(name, 0) is None, owner=owner)


def _msgspec(struct: Any) -> Iterator[Field]:
    """The fields of a Struct, by the names that they are encoded by."""
    names = struct.__struct_fields__
    defaults = dict(zip(reversed(names), reversed(struct.__struct_defaults__), strict=False))
    return _named(struct, defaults, names, struct.__struct_encode_fields__)


class Kind(NamedTuple):
    """A kind of class with fields: the attribute that marks it, its title in messages, its fields."""

    mark: str
    title: str
    fields_of: Callable[[Any], Iterator[Field]]


KINDS = {
    "msgspec": Kind("__struct_fields__", "a msgspec Struct", _msgspec),
    "attrs": Kind("__attrs_attrs__", "an attrs class", lambda c: _declared(c, c.__attrs_attrs__)),
    "dataclass": Kind("__dataclass_fields__", "a dataclass", lambda c: _declared(c, dataclasses.fields(c))),
    "typed_dict": Kind("__required_keys__", "a TypedDict", _typed_dict),
    "named_tuple": Kind("_field_defaults", "a NamedTuple", lambda c: _named(c, c._field_defaults, c._fields)),
}
