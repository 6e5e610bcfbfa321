"""Entity types read from attrs classes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Unpack

from ...problems import ConfigurationError
from ..publishing import PublishOptions, T
from .hints import Field, Unmapped, annotated, is_class, read_class


def from_attrs(cls: type[T], python_class: type, **options: Unpack[PublishOptions]) -> T:
    """What `EntityType.from_attrs` documents."""
    if not is_class(python_class, "__attrs_attrs__"):
        raise ConfigurationError(f"{python_class!r} is no attrs class")
    return read_class(cls, python_class, options)


def fields_of(python_class: Any) -> Iterator[Field]:
    """What an attrs class says of its attributes."""
    for field in python_class.__attrs_attrs__:
        hint, owner = annotated(python_class, field.name)
        if isinstance(hint, Unmapped) and field.type is not None:
            hint = field.type  # of `attr.ib(type=int)`
        given = field.metadata.get("odata")
        yield Field(field.name, hint, given=given, optional=field.default is None, owner=owner)
