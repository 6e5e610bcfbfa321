"""Entity types read from msgspec's Structs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Unpack

from ...problems import ConfigurationError
from ..publishing import PublishOptions, T
from .hints import Field, annotated, is_class, read_class


def from_msgspec(cls: type[T], struct: type, **options: Unpack[PublishOptions]) -> T:
    """What `EntityType.from_msgspec` documents."""
    if not is_class(struct, "__struct_fields__"):
        raise ConfigurationError(f"{struct!r} is no msgspec Struct")
    return read_class(cls, struct, options)


def fields_of(struct: Any) -> Iterator[Field]:
    """What a Struct says of its fields; the names are those that they are encoded by."""
    names = struct.__struct_fields__
    defaults = dict(zip(reversed(names), reversed(struct.__struct_defaults__), strict=False))
    for name, label in zip(names, struct.__struct_encode_fields__, strict=True):
        hint, owner = annotated(struct, name)
        yield Field(name, hint, label=label, optional=defaults.get(name, 0) is None, owner=owner)
