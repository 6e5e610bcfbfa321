"""OData query options from strangers, turned into the right rows or a clear 400.

import odata_query as oq
from odata_query import python

Image = oq.EntityType("Image", {"id": oq.Property("Edm.Int32", key=True), ...})
query = oq.parse_query("$filter=fileType eq 'jpg'&$top=10", entity_type=Image)
python.apply(rows, query)

The map. Each folder and file imports only from those above it:

installation   notices files of another distribution with the same import name
problems/      codes and texts of everything that can be wrong with a query
edm            types of OData
limits         bounds on a query
operations     the one table of operators and functions
regex          regular expressions in linear time
answers        HTTP bodies made from problems
errors         the exceptions that carry problems
language/      text to tree, and back
model/         entity types, and the sources that they are read from
check/         tree and model to typed tree
query/         all query options together, as a Query
rewrites       conditions rewritten for indexes
fences         the service's conditions around the client's, once for all backends
logic          null logic, once for all backends
python/        runs a Query on rows in memory
sql/           makes SQL statements; dialects/ has a file for each database
dialects       deprecated, as is models: names of 0.1.0
web            an endpoint in any framework; fastapi, starlette, flask and django adapt it
testing/       checks a backend or an endpoint; strategies are for Hypothesis
cli/           the command odata-query

The tour. Ten files show how a query becomes rows:

operations.py             Every operator and function is one row: signatures, nulls, examples.
language/ast.py           A filter is a tree of a few kinds of nodes.
language/parser.py        The tables of grammar/odata.lark drive a loop that builds the tree.
check/checker.py          One walk gives each node a type, or reports a problem.
logic.py                  Three-valued logic becomes conditions that hold or do not.
query/__init__.py         The options of a query string become one checked Query.
python/__init__.py        A Query runs on a list of rows.
sql/emitter.py            The same walk writes SQL.
sql/dialects/sqlite.py    A dialect is a table of differences.
problems/__init__.py      A problem knows its code, its message and its place.
"""

from .installation import verify as _verify

_verify()

TYPE_CHECKING = False  # typing's, without importing typing

if TYPE_CHECKING:
    from .check.validation import validate
    from .edm import EnumType
    from .errors import LimitError, ODataError, ParseError, UnsupportedError, ValidationError
    from .language.ast import Call, Lambda, ListExpr, Literal, NamedValue, Node, OrderByItem, Path

    # isort: split
    from .language.ast import RecordExpr, TypeName, transform, walk
    from .language.parser import parse_filter, parse_orderby
    from .language.printer import unparse
    from .limits import Limits
    from .model.entity import EntityType
    from .model.properties import Column, ComplexType, NavigationProperty, Property, Through
    from .problems import ConfigurationError, Problem
    from .query import Query, parse_query

__all__ = [
    "Call", "Column", "ComplexType", "ConfigurationError", "EntityType", "EnumType", "Lambda", "LimitError",
    "Limits", "ListExpr", "Literal", "NamedValue", "NavigationProperty", "Node", "ODataError", "OrderByItem",
    "ParseError", "Path", "Problem", "Property", "Query", "RecordExpr", "Through", "TypeName",
    "UnsupportedError", "ValidationError", "parse_filter", "parse_orderby", "parse_query", "transform",
    "unparse", "validate", "walk",
]  # fmt: skip
__version__ = "0.1.0"

_HOMES = {
    name: home
    for home, names in {
        "check.validation": "validate",
        "edm": "EnumType",
        "errors": "LimitError ODataError ParseError UnsupportedError ValidationError",
        "language.ast": "Call Lambda ListExpr Literal NamedValue Node OrderByItem Path RecordExpr TypeName "
        "transform walk",
        "language.parser": "parse_filter parse_orderby",
        "language.printer": "unparse",
        "limits": "Limits",
        "model.entity": "EntityType",
        "model.properties": "Column ComplexType NavigationProperty Property Through",
        "problems": "ConfigurationError Problem",
        "query": "Query parse_query",
    }.items()
    for name in names.split()
}
"""The module of each public name, imported when the name is first used. No module shares its name with a
public name, because importing a module binds its name here."""

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
