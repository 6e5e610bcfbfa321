"""Entity types from Django's models."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from django.conf import settings  # type: ignore[import-untyped]  # no stubs
from django.db import connections, models, router  # type: ignore[import-untyped]  # no stubs
from django.db.models.fields import PositiveIntegerRelDbTypeMixin  # type: ignore[import-untyped]  # no stubs

from ... import edm
from ...problems import ConfigurationError
from ..properties import Column, NavigationProperty, Property, StructuredType, Through
from ..publishing import T, camel_case, no_type_error, publish_table, with_column

# The first match counts, from a field's own class up.
_TYPES: dict[type, edm.PrimitiveType] = {
    **dict.fromkeys((models.BigAutoField, models.BigIntegerField), edm.INT64),
    **dict.fromkeys((models.CharField, models.GenericIPAddressField, models.TextField), edm.STRING),
    **dict.fromkeys((models.FileField, models.FilePathField), edm.STRING),
    **dict.fromkeys((models.SmallAutoField, models.SmallIntegerField), edm.INT16),
    models.BinaryField: edm.BINARY,
    models.BooleanField: edm.BOOLEAN,
    models.DateField: edm.DATE,
    models.DateTimeField: edm.DATE_TIME_OFFSET,
    models.DecimalField: edm.DECIMAL,
    models.DurationField: edm.DURATION,
    models.FloatField: edm.DOUBLE,
    models.IntegerField: edm.INT32,
    models.PositiveSmallIntegerField: edm.INT16,
    models.TimeField: edm.TIME_OF_DAY,
    models.UUIDField: edm.GUID,
}
_STORAGES = {
    edm.DOUBLE: {"oracle": "number"},
    edm.DURATION: {"mysql": "microseconds", "sqlite": "microseconds"},
    edm.GUID: {"mysql": "hex", "sqlite": "hex"},
}
"""The stored forms of Django where an engine has no type for the values."""
_CLOCKS_IN_UTC = dict.fromkeys(("oracle", "sqlite"), "timestamp_utc")
_CLOCKS = dict.fromkeys(("mysql", "oracle"), "timestamp")


def from_django(cls: type[T], model: Any, all_fields: bool, options: Mapping[str, Any]) -> T:
    """Read a model with a table."""
    meta = getattr(model, "_meta", None) if isinstance(model, models.base.ModelBase) else None
    if meta is None or meta.abstract:
        raise ConfigurationError(f"{model!r} is not a Django model with a table")
    return publish_table(cls, _ModelReader(cls).entity(model), ["*"], all_fields, options)


class _ModelReader:
    """A reader of a model, and on demand of the models that it leads to, each once."""

    def __init__(self, cls: type[StructuredType]) -> None:
        self.cls = cls
        self.entities: dict[type, StructuredType] = {}
        self.enums: dict[Any, edm.EnumType] = {}

    def entity(self, model: Any) -> StructuredType:
        if model not in self.entities:
            bases = [base.__name__ for base in model.__mro__[1:] if isinstance(base, models.base.ModelBase)]
            self.entities[model] = self.cls(model.__name__, self.properties(model), bases=bases)
        return self.entities[model]

    def properties(self, model: Any) -> dict[str, Property]:
        meta, found = model._meta, dict[str, Property]()
        key = {field.attname for field in getattr(meta, "pk_fields", [meta.pk])}
        for field in _in_order(meta.get_fields()):
            name = field.get_accessor_name() if _is_reverse(field) else field.name
            if not name or name.startswith("_"):
                continue
            if isinstance(field, models.ManyToManyField | models.ManyToManyRel):
                found[name] = self.many_to_many(model, field)
            elif isinstance(field, models.ForeignKey):
                pairs = None if isinstance(field.related_model, str) else list(field.related_fields)
                found[name] = self.relation(model, field, pairs, is_nullable=field.null)
            elif isinstance(getattr(field, "field", None), models.ForeignKey):  # the reverse relation
                pairs = [(there, here) for here, there in field.field.related_fields]
                is_many = not field.one_to_one
                found[name] = self.relation(model, field, pairs, is_nullable=not is_many, is_many=is_many)
            if field.concrete and field.column is not None and not field.many_to_many:
                found[field.attname] = replace(self.column(model, field), key=field.attname in key)
        return found

    def many_to_many(self, model: Any, field: Any) -> Property:
        """A relation through a link table, from either side."""
        target = field.related_model
        found = self.relation(model, field, None, is_nullable=False, is_many=True)
        owner = getattr(field, "field", field)  # the field itself, or that of the other side
        link = owner.remote_field.through
        if isinstance(target, str) or isinstance(link, str):
            return found
        sides = (owner.m2m_field_name(), owner.m2m_reverse_field_name())
        here, there = sides if owner is field else reversed(sides)
        # Each pair has a column of the link table first.
        near, far = (list(link._meta.get_field(name).related_fields) for name in (here, there))
        table, link_table = str(target._meta.db_table), str(link._meta.db_table)
        is_direct = all(_is_in(model, field) for _, field in near) and all(_is_in(target, f) for _, f in far)
        if not is_direct or set(table + link_table) & set('."'):
            return found
        through = Through(
            link_table,
            {field.column: key.column for key, field in near},
            {key.column: field.column for key, field in far},
        )
        return replace(found, column=Column(table=table, through=through))

    def relation(
        self, model: Any, field: Any, pairs: Any, *, is_nullable: bool, is_many: bool = False
    ) -> Property:
        """A relation; its join in SQL, if that is one step between columns of the two tables."""
        target = field.related_model
        if isinstance(target, str):
            return NavigationProperty(no_type_error(model.__name__, f"{target}, which is not a model"))
        table, column = str(target._meta.db_table), None
        is_direct = pairs and all(_is_in(model, here) and _is_in(target, there) for here, there in pairs)
        if is_direct and not set(table) & set('."'):
            column = Column(table=table, join={here.column: there.column for here, there in pairs})
        reach = partial(self.entity, target)
        return NavigationProperty(reach, is_nullable, collection=is_many, column=column)

    def column(self, model: Any, field: Any) -> Property:
        connection = connections[router.db_for_read(model)]
        found = self.type(f"{model.__name__}.{field.attname}", field, connection.vendor)
        if found.type is edm.DATE_TIME_OFFSET and not found.collection:
            is_utc = settings.USE_TZ and connection.timezone_name == "UTC"
            found = replace(found, column=Column(storage=_CLOCKS_IN_UTC if is_utc else _CLOCKS))
        found = replace(found, nullable=found.nullable or field.null)
        # An inherited field is in the table of another model. SQL refuses an empty name.
        name = "" if not _is_in(model, field) else None if field.column == field.attname else field.column
        return with_column(found, name)

    def type(self, place: str, field: Any, vendor: str) -> Property:
        source = field
        while isinstance(field, models.ForeignKey) and not isinstance(field.related_model, str):
            field = field.target_field
        if hasattr(field, "output_field"):
            field = field.output_field
        if isinstance(inner := getattr(field, "base_field", None), models.Field):  # an ArrayField
            element = self.type(place, inner, vendor)
            if isinstance(element.type, edm.PrimitiveType) and not element.collection:
                return Property(element.type, False, collection=True, scale=element.scale)
        found = next((_TYPES[each] for each in type(field).__mro__ if each in _TYPES), None)
        is_address = isinstance(field, models.GenericIPAddressField)
        if found is None or (vendor == "postgresql" and is_address):
            return Property(no_type_error(place, str(type(source))), False)
        if found is edm.STRING:
            return self.text(field)
        is_unsigned = isinstance(field, PositiveIntegerRelDbTypeMixin)
        storage = {"mysql": "unsigned"} if is_unsigned else _STORAGES.get(found)
        scale = field.decimal_places if found is edm.DECIMAL else None
        return Property(found, False, column=Column(storage=storage), scale=scale)

    def text(self, field: Any) -> Property:
        """A text, or an enumeration of the field's choices, unless the text can be empty."""
        choices = [value.value if isinstance(value, enum.Enum) else value for value, _ in field.flatchoices]
        are_names = all(isinstance(value, str) and value.isidentifier() for value in choices)
        if not choices or field.blank or not are_names:
            collation = getattr(field, "db_collation", None)
            return Property(edm.STRING, False, column=Column(collation="insensitive" if collation else None))
        if field not in self.enums:
            members = {value: number for number, value in enumerate(choices)}
            name = field.model.__name__ + camel_case(f"x_{field.name}")[1:]
            self.enums[field] = edm.EnumType(name, members)
        return Property(self.enums[field], False, column=Column(storage="text"))


def _is_in(model: Any, field: Any) -> bool:
    """True if a field's column is in the model's own table, not in one that it inherits from."""
    return bool(field.model._meta.db_table == model._meta.db_table)


def _is_reverse(field: Any) -> bool:
    """True for the other side of a relation that another model declares."""
    return bool(field.auto_created and not field.concrete)


def _in_order(fields: Sequence[Any]) -> list[Any]:
    """The fields as the models declare them, those of a parent first, and the other sides of relations last.

    Django lists these first, and many-to-many fields after all others.
    """
    own = [field for field in fields if not _is_reverse(field)]
    owners = list(dict.fromkeys(field.model for field in own))
    own.sort(key=lambda field: (owners.index(field.model), getattr(field, "creation_counter", 0)))
    return own + [field for field in fields if _is_reverse(field)]
