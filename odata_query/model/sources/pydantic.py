"""Entity types read from pydantic's models and dataclasses (version 2)."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from typing import Any, Unpack

import pydantic

from ... import edm
from ...problems import ConfigurationError
from ..properties import Property
from ..publishing import Hidden, PublishOptions, T
from .hints import Field, Unmapped, is_class, read_class

_VALUES: dict[Any, edm.PrimitiveType] = {
    pydantic.AnyUrl: edm.STRING,
    pydantic.AwareDatetime: edm.DATE_TIME_OFFSET,
    pydantic.EmailStr: edm.STRING,
    pydantic.FutureDate: edm.DATE,
    pydantic.FutureDatetime: edm.DATE_TIME_OFFSET,
    pydantic.NaiveDatetime: edm.DATE_TIME_OFFSET,
    pydantic.PastDate: edm.DATE,
    pydantic.PastDatetime: edm.DATE_TIME_OFFSET,
}


def from_pydantic(cls: type[T], model: type, **options: Unpack[PublishOptions]) -> T:
    """What `EntityType.from_pydantic` documents."""
    if not is_class(model, "__pydantic_decorators__"):
        raise ConfigurationError(f"{model!r} is no model of pydantic 2")
    if issubclass(typing.get_origin(model) or model, pydantic.RootModel):
        raise ConfigurationError(f"{model!r} is a RootModel, which has no properties")
    return read_class(cls, model, options)


def fields_of(model: Any) -> Iterator[Field]:
    """What a model says of its fields; the names are those that they are serialized by."""
    if not model.__pydantic_complete__:
        # What pydantic does at the first use: classes named in hints may be defined by now.
        if issubclass(model, pydantic.BaseModel):
            model.model_rebuild(raise_errors=False)
        else:
            pydantic.dataclasses.rebuild_dataclass(model, raise_errors=False)
    for name, field in (getattr(model, "__pydantic_fields__", None) or model.model_fields).items():
        label = field.serialization_alias or field.alias
        yield Field(name, field.annotation, label, (field,), optional=field.default is None)
    for name, decorator in model.__pydantic_decorators__.computed_fields.items():
        field = decorator.info
        yield Field(name, field.return_type, field.alias, (field,))


def value_of(python_class: type) -> Property | None:
    """The property of one of pydantic's own types, of which values are no objects with properties."""
    # The name of a data source, as PostgresDsn, has a password in it.
    if hasattr(python_class, "get_secret_value") or python_class.__name__.endswith("Dsn"):
        return Hidden(edm.UNTYPED)
    if issubclass(python_class, pydantic.RootModel):
        raise Unmapped(f"{python_class.__name__} is a RootModel, whose values are objects that hold another")
    for base in python_class.__mro__:
        if base in _VALUES:
            return Property(_VALUES[base], nullable=False, read=str if base is pydantic.AnyUrl else None)
    return None
