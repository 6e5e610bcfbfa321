"""OData query options from strangers: `$filter`, `$orderby`, `$top`, `$skip` to the right rows, or a 400.

import odata_query as oq
from odata_query import python

Image = oq.EntityType("Image", {"id": oq.Property("Edm.Int32", key=True), ...})
query = oq.parse_query("$filter=fileType eq 'jpg'&$top=10", entity_type=Image)
python.apply(rows, query)
"""

TYPE_CHECKING = False  # typing's, without importing typing

if TYPE_CHECKING:
    from .check.checker import validate
    from .edm import EnumType
    from .errors import LimitError, ODataError, ParseError, UnsupportedError, ValidationError
    from .language.ast import (
        Call,
        Lambda,
        ListExpr,
        Literal,
        NamedValue,
        Node,
        OrderByItem,
        Path,
        RecordExpr,
        TypeName,
        transform,
        walk,
    )
    from .language.parser import parse_filter, parse_orderby
    from .language.printer import unparse
    from .limits import Limits
    from .model.entity import EntityType
    from .model.properties import Column, ComplexType, NavigationProperty, Property
    from .problems import ConfigurationError, Problem
    from .query import Query, parse_query

__version__ = "0.1.0"

_HOMES = {
    "Call": "language.ast",
    "Column": "model.properties",
    "ComplexType": "model.properties",
    "ConfigurationError": "problems",
    "EntityType": "model.entity",
    "EnumType": "edm",
    "Lambda": "language.ast",
    "LimitError": "errors",
    "Limits": "limits",
    "ListExpr": "language.ast",
    "Literal": "language.ast",
    "NamedValue": "language.ast",
    "NavigationProperty": "model.properties",
    "Node": "language.ast",
    "ODataError": "errors",
    "OrderByItem": "language.ast",
    "ParseError": "errors",
    "Path": "language.ast",
    "Problem": "problems",
    "Property": "model.properties",
    "Query": "query",
    "RecordExpr": "language.ast",
    "TypeName": "language.ast",
    "UnsupportedError": "errors",
    "ValidationError": "errors",
    "parse_filter": "language.parser",
    "parse_orderby": "language.parser",
    "parse_query": "query",
    "transform": "language.ast",
    "unparse": "language.printer",
    "validate": "check.checker",
    "walk": "language.ast",
}
"""Where each name lives: its file is imported when the name is first used. No file has the name of what it
holds, for importing a file binds its name here."""

__all__ = [
    "Call",
    "Column",
    "ComplexType",
    "ConfigurationError",
    "EntityType",
    "EnumType",
    "Lambda",
    "LimitError",
    "Limits",
    "ListExpr",
    "Literal",
    "NamedValue",
    "NavigationProperty",
    "Node",
    "ODataError",
    "OrderByItem",
    "ParseError",
    "Path",
    "Problem",
    "Property",
    "Query",
    "RecordExpr",
    "TypeName",
    "UnsupportedError",
    "ValidationError",
    "parse_filter",
    "parse_orderby",
    "parse_query",
    "transform",
    "unparse",
    "validate",
    "walk",
]


if not TYPE_CHECKING:

    def __getattr__(name):
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        found = getattr(import_module(f".{_HOMES[name]}", __name__), name)
        globals()[name] = found
        return found

    def __dir__():
        return sorted({*globals(), *__all__})
