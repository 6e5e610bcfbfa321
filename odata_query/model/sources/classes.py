"""Entity types read from dataclasses and from TypedDicts; the fields of NamedTuples, too."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterator
from typing import Any, Unpack

from ...problems import ConfigurationError
from ..publishing import PublishOptions, T
from .hints import Field, annotated, is_class, read_class


def from_dataclass(cls: type[T], python_class: type, **options: Unpack[PublishOptions]) -> T:
    """What `EntityType.from_dataclass` documents."""
    if not is_class(python_class, "__dataclass_fields__"):
        raise ConfigurationError(f"{python_class!r} is no dataclass")
    return read_class(cls, python_class, options)


def from_typed_dict(cls: type[T], python_class: type, **options: Unpack[PublishOptions]) -> T:
    """What `EntityType.from_typed_dict` documents."""
    if not is_class(python_class, "__required_keys__"):
        raise ConfigurationError(f"{python_class!r} is no TypedDict")
    return read_class(cls, python_class, options)


def fields_of(python_class: Any) -> Iterator[Field]:
    """What a dataclass, a TypedDict or a NamedTuple says of its attributes."""
    if hasattr(python_class, "__dataclass_fields__"):
        for field in dataclasses.fields(python_class):
            hint, owner = annotated(python_class, field.name)
            given = field.metadata.get("odata")
            yield Field(field.name, hint, given=given, optional=field.default is None, owner=owner)
    elif issubclass(python_class, dict):
        for name in python_class.__annotations__:
            hint, owner = annotated(python_class, name)
            # Where annotations are texts, Python does not know what is required.
            needed = name in python_class.__required_keys__ or typing.get_origin(hint) is typing.Required
            yield Field(name, hint, optional=not needed, owner=owner)
    else:
        for name in python_class._fields:
            hint, owner = annotated(python_class, name)
            yield Field(name, hint, optional=python_class._field_defaults.get(name, 0) is None, owner=owner)
