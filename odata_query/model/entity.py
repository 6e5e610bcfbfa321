"""Entity types: the rows that a service offers, and the doors to and from other descriptions of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self, Unpack

from ..limits import Limits
from .properties import StructuredType
from .publishing import PublishOptions, restricted


class EntityType(StructuredType):
    """The type of the rows that are asked for.

    `EntityType("Image", {"id": Property("Edm.Int32", nullable=False, key=True), ...})`

    Types are equal if they have the same properties. Raises ConfigurationError for a wrong model.
    The options of all `from_...` beside their source are those of `PublishOptions`: `key`, `only`, `exclude`,
    `rename`, `filterable`, `sortable`, `functions`, `override`.
    """

    __slots__ = ()

    def restrict(
        self,
        *,
        only: Iterable[str] | None = None,
        exclude: Iterable[str] = (),
        filterable: Iterable[str] | None = None,
        sortable: Iterable[str] | None = None,
        functions: Iterable[str] | None = None,
        operators: Iterable[str] | None = None,
        limits: Limits | None = None,
    ) -> Self:
        """The type as one endpoint offers it: `Image.restrict(sortable=["id"], functions=["contains"])`.

        only        the properties that there are; by default all
        exclude     properties that there are not: a query cannot tell them from any other unknown name
        filterable  the properties that `$filter` may use
        sortable    the properties that `$orderby` may use
        functions   the functions that a query may use, `any`, `all` and `$count` among them
        operators   the operators that a query may use
        limits      bounds on a query, where they are tighter than those that parse_query has

        Names can be paths, `owner/name`, and end in `*`. Nothing is allowed that the type did not allow
        before. Raises ConfigurationError for a name that the type does not have.
        """
        return restricted(
            self,
            only=only,
            exclude=exclude,
            filterable=filterable,
            sortable=sortable,
            functions=functions,
            operators=operators,
            limits=limits,
        )

    # ---- sources ---------------------------------------------------------------------------------

    @classmethod
    def from_dataclass(cls, python_class: type, **options: Unpack[PublishOptions]) -> Self:
        """The entity type of a dataclass: `EntityType.from_dataclass(ImageRow, key="reference")`.

        Nested dataclasses are complex properties, lists collections, enums enumerations, and `X | None`
        is nullable. A field's metadata can hold its Property: `field(metadata={"odata": Property(...)})`;
        so can an annotation: `Annotated[int, Property("Edm.Int32")]`.
        Raises ConfigurationError for a class that is no dataclass, and for a type that OData has not.
        """
        from .sources.classes import from_dataclass

        return from_dataclass(cls, python_class, **options)

    @classmethod
    def from_typed_dict(cls, python_class: type, **options: Unpack[PublishOptions]) -> Self:
        """The entity type of a TypedDict: `EntityType.from_typed_dict(ImageRow)`.

        Types are read as those of a dataclass are; a key that need not be there is nullable.
        """
        from .sources.classes import from_typed_dict

        return from_typed_dict(cls, python_class, **options)

    @classmethod
    def from_attrs(cls, python_class: type, **options: Unpack[PublishOptions]) -> Self:
        """The entity type of an attrs class: `EntityType.from_attrs(Image)`, read as a dataclass is."""
        from .sources.attrs import from_attrs

        return from_attrs(cls, python_class, **options)

    @classmethod
    def from_msgspec(cls, struct: type, **options: Unpack[PublishOptions]) -> Self:
        """The entity type of a msgspec Struct: `EntityType.from_msgspec(Image)`.

        Properties have the names that fields are encoded by; options name the fields.
        """
        from .sources.msgspec import from_msgspec

        return from_msgspec(cls, struct, **options)

    @classmethod
    def from_pydantic(cls, model: type, **options: Unpack[PublishOptions]) -> Self:
        """The entity type of a pydantic model: `EntityType.from_pydantic(Image)`.

        Properties have the aliases that fields are serialized by; options name the fields. Computed fields
        are properties, fields with `exclude=True` are not.
        """
        from .sources.pydantic import from_pydantic

        return from_pydantic(cls, model, **options)

    @classmethod
    def from_sqlalchemy(
        cls, source: Any, *, all_fields: bool = False, **options: Unpack[PublishOptions]
    ) -> Self:
        """The entity type of a mapped class or a Table: `EntityType.from_sqlalchemy(Image, only=["id"])`.

        all_fields  publish every column; else `only` must be given, so that none is published by accident

        Options name the mapped attributes (a Table's columns). A relationship is published where `only` says
        what of it: `only=["id", "owner/name"]`.
        """
        from .sources.sqlalchemy import from_sqlalchemy

        return from_sqlalchemy(cls, source, all_fields=all_fields, **options)

    @classmethod
    def from_django(cls, model: Any, *, all_fields: bool = False, **options: Unpack[PublishOptions]) -> Self:
        """The entity type of a Django model: `EntityType.from_django(Image, only=["id", "owner/name"])`.

        all_fields  publish every column; else `only` must be given, so that none is published by accident

        Options name the model's fields. A relation is published where `only` says what of it.
        """
        from .sources.django import from_django

        return from_django(cls, model, all_fields=all_fields, **options)

    @classmethod
    def from_json_schema(
        cls, schema: Mapping[str, Any], name: str | None = None, **options: Unpack[PublishOptions]
    ) -> Self:
        """The entity type of a JSON Schema or an OpenAPI component: `.from_json_schema(openapi, "Image")`.

        name  the schema's name in `$defs`, `definitions` or `components/schemas`, or a JSON pointer to it;
              None for the document itself

        What is not required is nullable; what is `writeOnly` is not published. References lead only to places
        in the document.
        """
        from .sources.json_schema import from_json_schema

        return from_json_schema(cls, schema, name, **options)

    @classmethod
    def from_csdl(
        cls, document: str | bytes | Mapping[str, Any], name: str, **options: Unpack[PublishOptions]
    ) -> Self:
        """The entity type of a service's `$metadata`: `EntityType.from_csdl(text, "Products")`.

        document  CSDL in XML or JSON (OData 4.0 and 4.01, also XML of OData 2 and 3), as text or parsed JSON
        name      the name of an entity type or an entity set; a set's restrictions on `$filter` and
                  `$orderby` (Org.OData.Capabilities.V1) hold then

        Documents are read without entities, external references, and network.
        """
        from .sources.csdl import from_csdl

        return from_csdl(cls, document, name, **options)

    # ---- documents -------------------------------------------------------------------------------

    def to_csdl_json(self, *, namespace: str = "Default") -> dict[str, Any]:
        """The type, and those that it leads to, as CSDL JSON (OData 4.01): the body of `$metadata`."""
        from .csdl import to_json

        return to_json(self, namespace)

    def to_csdl_xml(self, *, namespace: str = "Default") -> str:
        """The type, and those that it leads to, as CSDL XML (OData 4.01): the body of `$metadata`."""
        from .csdl import to_xml

        return to_xml(self, namespace)

    def to_openapi(self, *, limits: Limits | None = None) -> list[dict[str, Any]]:
        """The query options as parameters of an OpenAPI operation, with what they take and examples.

        limits  those that parse_query is given, as far as they are narrower than the type's own
        """
        from .openapi import to_openapi

        return to_openapi(self, limits)
