"""OData query options from strangers: `$filter`, `$orderby`, `$top`, `$skip` to the right rows, or a 400.

import odata_query as oq
from odata_query import python

Image = oq.EntityType("Image", {"id": oq.Property("Edm.Int32", key=True), ...})
query = oq.parse_query("$filter=fileType eq 'jpg'&$top=10", entity_type=Image)
python.apply(rows, query)
"""

from .ast import (
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
from .edm import EnumType
from .errors import (
    ConfigurationError,
    LimitError,
    ODataError,
    ParseError,
    Problem,
    UnsupportedError,
    ValidationError,
)
from .limits import Limits
from .model import ComplexType, EntityType, NavigationProperty, Property
from .parser import parse_filter, parse_orderby
from .query import Query, parse_query
from .unparse import unparse
from .validate import validate

__version__ = "0.1.0"

__all__ = [
    "Call",
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
