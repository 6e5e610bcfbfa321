"""The fields and types of pydantic's models and dataclasses (version 2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pydantic

from ... import edm
from ...problems import ConfigurationError
from ..properties import Property
from ..publishing import Hidden
from .classes import Field, Unmapped

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


def fields_of(model: Any) -> Iterator[Field]:
    """The fields of a model, by the names that they are serialized by."""
    if issubclass(model, pydantic.RootModel):
        raise ConfigurationError(f"{model!r} is a RootModel, which has no properties")
    if not model.__pydantic_complete__:
        # As pydantic does at the first use: the classes that hints name may be defined by now.
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
    """The property of one of pydantic's own types whose values are not objects with properties."""
    # A data source, as PostgresDsn, contains a password.
    if hasattr(python_class, "get_secret_value") or python_class.__name__.endswith("Dsn"):
        return Hidden(edm.UNTYPED)
    if issubclass(python_class, pydantic.RootModel):
        raise Unmapped(f"{python_class.__name__} is a RootModel, which wraps its values")
    for base in python_class.__mro__:
        if base in _VALUES:
            return Property(_VALUES[base], nullable=False, read=str if base is pydantic.AnyUrl else None)
    return None
