"""Entity types: the rows that a service offers, read from sources and written as documents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self, Unpack

from ..limits import Limits
from .properties import StructuredType
from .publishing import PublishOptions, T, restricted


class EntityType(StructuredType):
    """The type of the rows that clients query.

    `EntityType("Image", {"id": Property("Edm.Int32", nullable=False, key=True), ...})`

    Types are equal if they have the same name and the same properties. Raises ConfigurationError for a wrong
    model. Every `from_...` takes the options of PublishOptions (`key`, `only`, `exclude`, `rename`,
    `filterable`, `sortable`, `functions`, `override`), raises ConfigurationError for a wrong source or option
    and for a property whose type OData does not have, and returns the class that it is called on.
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

        only        the properties to offer; by default all
        exclude     properties not to offer: a query cannot tell them from any other unknown name
        filterable  the properties that `$filter` may use
        sortable    the properties that `$orderby` may use
        functions   the functions that a query may use, `any`, `all` and `$count` among them
        operators   the operators that a query may use
        limits      bounds on a query, where they are tighter than those that parse_query gets

        Names can be paths, `owner/name`, and end in `*`. A restriction never allows what the type did not
        allow before. Raises ConfigurationError for a name that the type does not have.
        """
        paths = {"only": only, "exclude": exclude, "filterable": filterable, "sortable": sortable}
        return restricted(self, limits, functions=functions, operators=operators, **paths)

    # ---- sources ---------------------------------------------------------------------------------

    @classmethod
    def from_dataclass(cls, python_class: type, **options: Unpack[PublishOptions]) -> Self:
        """The entity type of a dataclass: `EntityType.from_dataclass(ImageRow, key="reference")`.

        Nested dataclasses are complex properties, lists collections, enums enumerations, and `X | None`
        is nullable. A field's metadata can have its Property, `field(metadata={"odata": Property(...)})`,
        and so can an annotation: `Annotated[int, Property("Edm.Int32")]`.
        """
        return _read_class(cls, "dataclass", python_class, options)

    @classmethod
    def from_typed_dict(cls, python_class: type, **options: Unpack[PublishOptions]) -> Self:
        """The entity type of a TypedDict: `EntityType.from_typed_dict(ImageRow)`.

        Types are read as those of a dataclass are. A key that is not required is nullable.
        """
        return _read_class(cls, "typed_dict", python_class, options)

    @classmethod
    def from_attrs(cls, python_class: type, **options: Unpack[PublishOptions]) -> Self:
        """The entity type of an attrs class: `EntityType.from_attrs(Image)`, read as a dataclass is."""
        return _read_class(cls, "attrs", python_class, options)

    @classmethod
    def from_msgspec(cls, struct: type, **options: Unpack[PublishOptions]) -> Self:
        """The entity type of a msgspec Struct: `EntityType.from_msgspec(Image)`.

        Properties have the names that fields are encoded by. Options name the fields.
        """
        return _read_class(cls, "msgspec", struct, options)

    @classmethod
    def from_pydantic(cls, model: type, **options: Unpack[PublishOptions]) -> Self:
        """The entity type of a pydantic 2 model: `EntityType.from_pydantic(Image)`.

        Properties have the aliases that fields are serialized by. Options name the fields. Computed fields
        are properties; fields with `exclude=True` are not published.
        """
        return _read_class(cls, "pydantic", model, options)

    @classmethod
    def from_sqlalchemy(
        cls, source: Any, *, all_fields: bool = False, **options: Unpack[PublishOptions]
    ) -> Self:
        """The entity type of a mapped class or a Table: `EntityType.from_sqlalchemy(Image, only=["id"])`.

        all_fields  publish every column; without it, `only` is required, so that nothing is published by
                    accident

        Options name the mapped attributes (or a Table's columns). A relationship is published if `only` says
        what of it: `only=["id", "owner/name"]`, many-to-many too. SQL refuses (501) what rows in Python have
        alone: hybrid attributes, columns of a base class's table, and a relationship whose `primaryjoin`
        does more than compare columns. `override` gives such a relationship a table:
        `override={"tags": NavigationProperty(Tag, collection=True, column=Column(table="tags", join=...))}`.
        """
        from .sources.sqlalchemy import from_sqlalchemy

        return from_sqlalchemy(cls, source, all_fields, options)

    @classmethod
    def from_django(cls, model: Any, *, all_fields: bool = False, **options: Unpack[PublishOptions]) -> Self:
        """The entity type of a Django model: `EntityType.from_django(Image, only=["id", "owner/name"])`.

        all_fields  publish every column; without it, `only` is required, so that nothing is published by
                    accident

        Options name the model's fields. A relation is published if `only` says what of it, from either side
        and many-to-many too. Rows in Python read a relation by its manager: prefetch it.
        """
        from .sources.django import from_django

        return from_django(cls, model, all_fields, options)

    @classmethod
    def from_json_schema(
        cls, schema: Mapping[str, Any], name: str | None = None, **options: Unpack[PublishOptions]
    ) -> Self:
        """The entity type of a JSON Schema or an OpenAPI component: `.from_json_schema(openapi, "Image")`.

        name  the schema's name in `$defs`, `definitions` or `components/schemas`, or a JSON pointer to it;
              by default the document itself

        A property that is not required is nullable. One that is `writeOnly` or of the format `password` is
        published only by `override`. A name that OData cannot write, `sub-title`, is published only if an
        option names it, as `sub_title` or as `rename` says. Maps, tuples and unions have no type: exclude or
        override such properties. References stay within the document.
        """
        from .sources.json_schema import from_json_schema

        return from_json_schema(cls, schema, name, options)

    @classmethod
    def from_csdl(
        cls, document: str | bytes | Mapping[str, Any], name: str, **options: Unpack[PublishOptions]
    ) -> Self:
        """The entity type of a service's `$metadata`: `EntityType.from_csdl(text, "Products")`.

        document  CSDL in XML or JSON (OData 4.0 and 4.01, also XML of OData 2 and 3), as text or parsed JSON
        name      the name of an entity type or an entity set; with a set, its restrictions on `$filter` and
                  `$orderby` (Org.OData.Capabilities.V1) apply

        Reads no entities, no external references, and nothing from the network.
        """
        from .sources.csdl import from_csdl

        return from_csdl(cls, document, name, options)

    # ---- documents -------------------------------------------------------------------------------

    def to_csdl_json(self, *, namespace: str = "Default") -> dict[str, Any]:
        """The body of `$metadata`: the type, and those that it leads to, as CSDL JSON (OData 4.01).

        An entity type without a key has no entity set, as a set needs one; its restrictions are annotations
        of the type then. Properties that lead to entity types are navigation properties, and key properties
        are never null. A key of types that CSDL does not allow in keys is not written.
        """
        from .csdl import to_json

        return to_json(self, namespace)

    def to_csdl_xml(self, *, namespace: str = "Default") -> str:
        """The body of `$metadata` as CSDL XML (OData 4.01), with the content of `to_csdl_json`."""
        from .csdl import to_xml

        return to_xml(self, namespace)

    def to_openapi(self, *, limits: Limits | None = None) -> list[dict[str, Any]]:
        """The query options as parameters of an OpenAPI 3.1 operation, with descriptions and examples.

        limits  those that parse_query gets, where they are tighter than the type's own

        `$filter` and `$orderby` are left out if no property may be used in them.
        """
        from .openapi import to_openapi

        return to_openapi(self, limits)


def _read_class(cls: type[T], kind: str, python_class: type, options: PublishOptions) -> T:
    from .sources.hints import read_class  # many processes read no class

    return read_class(cls, kind, python_class, options)
