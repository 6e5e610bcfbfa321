"""A model of thirty properties, written by hand, that every source must produce."""

from __future__ import annotations

import enum
from typing import Any

import odata_query as oq
from odata_query import edm


class Status(enum.Enum):
    VOID = "Vd"
    UPDATING = "Up"
    OK = "Ok"
    REPROCESSING = "Re"
    ERROR = "Er"


class Rights(enum.Flag):
    READ = 1
    WRITE = 2
    SHARE = 4


def required(type: Any, **more: Any) -> oq.Property:
    return oq.Property(type, nullable=False, **more)


PLACE = oq.ComplexType(
    "Place",
    {
        "city": required("Edm.String"),
        "latitude": oq.Property("Edm.Double"),
        "longitude": oq.Property("Edm.Double"),
    },
)
IMAGE = oq.EntityType(
    "Image",
    {
        "id": required("Edm.Int64", key=True),
        "reference": required("Edm.String"),
        "title": oq.Property("Edm.String"),
        "file_type": required("Edm.String"),
        "status": required(Status),
        "rights": oq.Property(Rights),
        "width": required("Edm.Int32"),
        "height": required("Edm.Int32"),
        "depth": oq.Property("Edm.Int16"),
        "size_in_bytes": required("Edm.Int64"),
        "num_links": required("Edm.Int64"),
        "rating": oq.Property("Edm.Double"),
        "contrast": oq.Property("Edm.Double"),
        "price": oq.Property("Edm.Decimal", scale=2),
        "weight": required("Edm.Decimal", scale=3),
        "is_public": required("Edm.Boolean"),
        "is_archived": oq.Property("Edm.Boolean"),
        "created_on": required("Edm.DateTimeOffset"),
        "modified_on": oq.Property("Edm.DateTimeOffset"),
        "taken_on": oq.Property("Edm.Date"),
        "taken_at": oq.Property("Edm.TimeOfDay"),
        "exposure": oq.Property("Edm.Duration"),
        "checksum": oq.Property("Edm.Binary"),
        "uuid": required("Edm.Guid"),
        "batch": oq.Property("Edm.Guid"),
        "tags": required("Collection(Edm.String)"),
        "sizes": required("Collection(Edm.Int32)"),
        "place": oq.Property(PLACE),
        "original_url": required("Edm.String"),
        "thumbnail_url": oq.Property("Edm.String"),
    },
)


def public(type: edm.Type) -> Any:
    """The part of a type that clients can know; sources differ in where values are stored."""
    if isinstance(type, edm.EnumType):
        return (type.name, dict(type.members), type.is_flags)
    if isinstance(type, edm.CollectionType):
        return [public(type.element)]
    if not isinstance(type, (oq.EntityType, oq.ComplexType)):
        return type.name
    return {
        name: (
            public(member.type),
            member.nullable,
            member.filterable,
            member.sortable,
            member.property.key,
            member.property.scale,
        )
        for name, member in type.members.items()
    }
