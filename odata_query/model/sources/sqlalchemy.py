"""Entity types from SQLAlchemy: mapped classes and tables."""

from __future__ import annotations

import enum
import inspect
import re
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm, sql
from sqlalchemy.dialects.postgresql import DOMAIN
from sqlalchemy.ext.hybrid import HybridExtensionType

from ... import edm
from ...problems import ConfigurationError
from ..properties import (
    Column,
    ComplexType,
    NavigationProperty,
    Property,
    StructuredType,
    Through,
    as_name,
    enum_type,
)
from ..publishing import Alias, T, marked, no_type_error, publish_table, published_as, with_column
from .hints import PRIMITIVES

_COMPUTED = ""
"""The column of a value that is not in a column of its table. SQL refuses the empty name."""

# By the names of SQLAlchemy's classes, which can start with an engine; None if OData has no type. The first
# match counts, from a type's own class up.
_TYPES: dict[str, edm.PrimitiveType | None] = {
    **dict.fromkeys(("PickleType", "mysql.SET")),
    **dict.fromkeys(("BigInteger", "postgresql.OID"), edm.INT64),
    **dict.fromkeys(("Float", "mysql.REAL"), edm.DOUBLE),
    **dict.fromkeys(("Numeric", "mssql.MONEY", "mssql.SMALLMONEY"), edm.DECIMAL),
    **dict.fromkeys(("REAL", "mysql.FLOAT", "oracle.BINARY_FLOAT"), edm.SINGLE),
    **dict.fromkeys(("SmallInteger", "mysql.YEAR"), edm.INT16),
    "Boolean": edm.BOOLEAN,
    "Date": edm.DATE,
    "DateTime": edm.DATE_TIME_OFFSET,
    "Integer": edm.INT32,
    "String": edm.STRING,
    "Time": edm.TIME_OF_DAY,
    "Uuid": edm.GUID,
    "_AbstractInterval": edm.DURATION,
    "_Binary": edm.BINARY,
    "mssql.TINYINT": edm.BYTE,
    "mysql.TINYINT": edm.SBYTE,
}
_UNSIGNED = {
    edm.SBYTE: Property(edm.BYTE),
    edm.INT16: Property(edm.INT32, column=Column(storage={"mysql": "unsigned"})),
    edm.INT32: Property(edm.INT64, column=Column(storage={"mysql": "unsigned"})),
    edm.INT64: Property(edm.DECIMAL, scale=0),
}
_STORAGES = {
    "DateTime": dict.fromkeys(
        ("bigquery", "duckdb", "mssql", "mysql", "oracle", "postgresql", "snowflake", "trino"), "timestamp"
    ),
    "Time": {"sqlite": "microseconds"},
    "Uuid": {"sqlite": "hex", "mysql": "hex"},
    "_AbstractInterval": {"sqlite": "epoch", "mysql": "epoch"},
}
"""The stored forms of SQLAlchemy where an engine has no type for the values, or several."""


def from_sqlalchemy(cls: type[T], source: Any, all_fields: bool, options: Mapping[str, Any]) -> T:
    """Read a mapped class or a Table."""
    reader = _TableReader(cls)
    if isinstance(source, sa.Table):
        return publish_table(cls, cls(source.name, reader.table(source)), ["*"], all_fields, options)
    mapper = _mapper(source)
    entity = reader.entity(mapper)
    columns = [name for name in _columns(mapper) if name in entity.properties]
    return publish_table(cls, entity, columns, all_fields, options)


def _mapper(source: Any) -> orm.Mapper[Any]:
    found = sa.inspect(source, raiseerr=False) if isinstance(source, type) else None
    if not isinstance(found, orm.Mapper):
        raise ConfigurationError(f"{source!r} is neither a mapped class of SQLAlchemy nor a Table")
    try:
        found.registry.configure(cascade=True)
    except sa.exc.SQLAlchemyError as wrong:
        raise ConfigurationError(f"{found.class_.__name__}: {wrong}") from wrong
    return found


def _columns(mapper: orm.Mapper[Any]) -> Iterator[str]:
    """The attributes that are columns, with composites in place of their columns."""
    inside = {prop for composite in mapper.composites for prop in composite.props}
    for name, prop in mapper.attrs.items():
        is_column = isinstance(prop, orm.ColumnProperty) and isinstance(prop.columns[0], sa.Column)
        if (is_column and prop not in inside) or isinstance(prop, orm.CompositeProperty):
            yield name


def _in_order(mapper: orm.Mapper[Any]) -> list[str]:
    """The attributes as the classes declare them, those of a base first.

    Columns are in the order of the tables, as those with an annotation alone are last in a mapped class.
    """
    known = set(mapper.all_orm_descriptors.keys())
    found: list[str] = []
    for each in reversed(list(mapper.iterate_to_root())):
        for name, prop in each.column_attrs.items():
            if isinstance(prop.columns[0], sa.Column) and name in known and name not in found:
                found.append(name)
    for each in reversed(mapper.class_.__mro__):
        names = _merged(list(vars(each).get("__annotations__", ())), list(vars(each)), set(vars(each)))
        found = _merged(found, names, known)
    return _merged(found, list(mapper.all_orm_descriptors.keys()), known)


def _merged(first: list[str], second: list[str], known: set[str]) -> list[str]:
    """Add the known names of a second list to the first, each after the name that precedes it there."""
    found = list(first)
    waiting: list[str] = []
    place = 0
    for name in second:
        if name in found:
            place = found.index(name)
            found[place:place] = waiting  # the first ones of the second list precede this name
            place += len(waiting) + 1
            waiting = []
        elif name in known and place:
            found.insert(place, name)
            place += 1
        elif name in known:
            waiting.append(name)
    return found + waiting


class _TableReader:
    """A reader of a table, or of a class and on demand those that it leads to, each once."""

    def __init__(self, cls: type[StructuredType]) -> None:
        self.cls = cls
        self.entities: dict[orm.Mapper[Any], StructuredType] = {}

    def table(self, table: sa.Table) -> dict[str, Property]:
        found: dict[str, Property] = {}
        for column in table.columns:
            name = str(column.name)
            prop = self.column(f"{table.name}.{name}", column, table, name)
            label = as_name(name, found)
            found[label] = published_as(label, name, replace(prop, key=column.primary_key))
        return found

    def entity(self, mapper: orm.Mapper[Any]) -> StructuredType:
        if mapper not in self.entities:
            name, *bases = (each.class_.__name__ for each in mapper.iterate_to_root())
            self.entities[mapper] = self.cls(name, self.properties(mapper), bases=bases)
        return self.entities[mapper]

    def properties(self, mapper: orm.Mapper[Any]) -> dict[str, Property]:
        key = {mapper.get_property_by_column(column).key for column in mapper.primary_key}
        found = {}
        descriptors = mapper.all_orm_descriptors
        for name in _in_order(mapper):
            descriptor = descriptors[name]
            prop = None if name.startswith("_") else self.property(mapper, name, descriptor)
            if prop is not None:
                found[name] = replace(prop, key=True) if name in key else prop
        return found

    def property(self, mapper: orm.Mapper[Any], name: str, descriptor: Any) -> Property | None:
        """An attribute of a class; None if it has no value that a query could use."""
        place, mapped = f"{mapper.class_.__name__}.{name}", mapper.attrs.get(name)
        if isinstance(mapped, orm.SynonymProperty):
            found = self.property(mapper, mapped.name, mapper.all_orm_descriptors[mapped.name])
            return found if found is None or isinstance(found, NavigationProperty) else marked(Alias, found)
        if isinstance(mapped, orm.ColumnProperty):
            return self.attribute(place, mapped, mapper, name)
        if isinstance(mapped, orm.CompositeProperty):
            return self.composite(place, mapped, mapper)
        if isinstance(mapped, orm.RelationshipProperty):
            return self.relation(mapped, mapper)
        if descriptor.extension_type is HybridExtensionType.HYBRID_PROPERTY:
            return marked(Alias, self.hybrid(place, descriptor, mapper, name))  # often of another attribute
        return None

    def attribute(
        self, place: str, mapped: orm.ColumnProperty[Any], mapper: orm.Mapper[Any], name: str
    ) -> Property:
        """A column or a SQL expression. With joined inheritance, several tables have the key."""
        columns = [c for c in mapped.columns if isinstance(c, sa.Column)]
        if not columns:
            return with_column(self.type(place, mapped.columns[0].type), _COMPUTED)
        here = [column for column in columns if column.table is mapper.local_table]
        return self.column(place, (here or columns)[0], mapper.local_table, name)

    def column(self, place: str, column: sa.Column[Any], table: object, name: str) -> Property:
        is_elsewhere = isinstance(table, sa.Table) and column.table is not table
        found = _COMPUTED if is_elsewhere else None if column.name == name else str(column.name)
        return with_column(replace(self.type(place, column.type), nullable=bool(column.nullable)), found)

    def composite(self, place: str, mapped: orm.CompositeProperty[Any], mapper: orm.Mapper[Any]) -> Property:
        """A value of several columns, in the order of its class's parameters."""
        python_class: Any = mapped.composite_class
        names = list(inspect.signature(python_class).parameters)
        columns = [prop for prop in mapped.props if isinstance(prop, orm.ColumnProperty)]
        if len(names) != len(columns):
            return Property(no_type_error(place, repr(python_class)))
        members = {
            name: self.attribute(f"{place}.{name}", column, mapper, name)
            for name, column in zip(names, columns, strict=True)
        }
        is_nullable = callable(getattr(mapped, "return_none_on", None))
        return Property(ComplexType(python_class.__name__, members), is_nullable, column="")

    def hybrid(self, place: str, descriptor: Any, mapper: orm.Mapper[Any], name: str) -> Property:
        """A Python property that can be a SQL expression, too."""
        try:
            expression = getattr(mapper.class_, name)
            mapped, type = getattr(expression, "property", None), expression.type
        except Exception:  # the getter works for instances only
            mapped = type = None
        if isinstance(mapped, orm.ColumnProperty) and mapper.attrs.get(mapped.key) is mapped:
            return self.attribute(place, mapped, mapper, name)
        found = None if type is None else self.known(type)
        if found is None:
            hint = _returned(descriptor.fget)
            what = "what its getter returns" if hint is None else repr(hint)
            found = self.of_python(hint) or Property(no_type_error(place, what))
        return with_column(found, _COMPUTED)

    def relation(self, mapped: orm.RelationshipProperty[Any], mapper: orm.Mapper[Any]) -> Property:
        is_nullable = not mapped.uselist and (
            mapped.direction is not orm.RelationshipDirection.MANYTOONE
            or any(getattr(column, "nullable", True) for column in mapped.local_columns)
        )
        reach, is_many = partial(self.entity, mapped.mapper), bool(mapped.uselist)
        return NavigationProperty(reach, is_nullable, collection=is_many, column=_join(mapped, mapper))

    # ---- types -----------------------------------------------------------------------------------

    def type(self, place: str, given: sa.types.TypeEngine[Any]) -> Property:
        return self.known(given) or Property(no_type_error(place, repr(given)))

    def known(self, given: sa.types.TypeEngine[Any]) -> Property | None:
        """A type of SQLAlchemy with its stored form; None if OData has no type for it."""
        if isinstance(given, sa.types.ARRAY):
            element = self.known(given.item_type)
            if element is None or isinstance(element.type, edm.EnumType) or element.collection:
                return None
            return None if (given.dimensions or 1) > 1 else Property(element.type, collection=True)
        if isinstance(given, DOMAIN):
            return self.known(given.data_type)
        if isinstance(given, sa.types.Enum) and given.enum_class is not None:
            return self.enumeration(given)
        for name in _class_names(type(given)):
            if name in _TYPES:
                primitive = _TYPES[name]
                return None if primitive is None else _with_facets(given, name, primitive)
        try:
            python_type = given.python_type
        except NotImplementedError:
            python_type = None
        if not isinstance(given, sa.types.TypeDecorator):
            return self.of_python(python_type)
        inner = self.known(given.impl_instance)
        found = self.of_python(python_type)
        if found is None or inner is None or found.type == inner.type:
            return inner
        is_text = isinstance(found.type, edm.EnumType) and inner.type is edm.STRING
        return replace(found, column=Column(storage="text" if is_text else None), scale=inner.scale)

    def of_python(self, hint: Any) -> Property | None:
        """A Python type, or its union with None."""
        if typing.get_origin(hint) in (typing.Union, types.UnionType):
            rest = [each for each in typing.get_args(hint) if each is not type(None)]
            hint = rest[0] if len(rest) == 1 else None
        if isinstance(hint, type) and issubclass(hint, enum.Enum):
            return Property(enum_type(hint))
        return Property(PRIMITIVES[hint]) if isinstance(hint, type) and hint in PRIMITIVES else None

    def enumeration(self, given: sa.types.Enum) -> Property:
        """An enumeration. SQLAlchemy stores the members' names, or the texts of `values_callable`."""
        python_enum: type[enum.Enum] = given.enum_class  # type: ignore[assignment]  # checked by the caller
        found = enum_type(python_enum)
        members = [*python_enum.__members__.items()]
        if len(members) != len(given.enums):
            members = [(name, member) for name, member in members if name == member.name]
        texts = {
            text: found.members[member.value if isinstance(member.value, str) else name]
            for text, (name, member) in zip(given.enums, members, strict=False)
        }
        return Property(found, column=Column(storage="text", texts=None if texts == found.members else texts))


def _class_names(given: type) -> Iterator[str]:
    """The names of a type's classes in SQLAlchemy: `mysql.TINYINT`, `Integer`."""
    for each in given.__mro__:
        package, _, module = each.__module__.partition(".")
        if package == "sqlalchemy":
            engine = module.split(".")[1] + "." if module.startswith("dialects.") else ""
            yield engine + each.__name__


def _with_facets(given: Any, name: str, found: edm.PrimitiveType) -> Property | None:
    """The type of OData, by the parameters of SQLAlchemy's type; None if OData has no type for it."""
    own = next(_class_names(type(given)))
    if own == "oracle.NUMBER":
        return _number(given)
    if found is edm.STRING:
        return Property(
            found, column=_text_column("insensitive" if own == "postgresql.CITEXT" else given.collation)
        )
    if found is edm.DECIMAL:
        scale = 4 if name.endswith("MONEY") else given.scale
        return Property(found if getattr(given, "asdecimal", True) else edm.DOUBLE, scale=scale)
    if name == "Float" and given.asdecimal:
        return Property(edm.DECIMAL, scale=given.decimal_return_scale)
    if getattr(given, "unsigned", False) and found in _UNSIGNED:
        return _UNSIGNED[found]
    if found is edm.TIME_OF_DAY and given.timezone:
        return None
    has_zone = getattr(given, "timezone", False) or getattr(given, "local_timezone", False)
    if found is edm.DATE_TIME_OFFSET and (has_zone or own == "mssql.DATETIMEOFFSET"):
        return Property(found)
    if own == "oracle.FLOAT":
        return Property(found, column=Column(storage={"oracle": "number"}))
    is_native = getattr(given, "native_uuid", True) and getattr(given, "native", True)
    storages = _STORAGES.get(name)
    storage = storages if is_native or storages is None else storages["sqlite"]
    return Property(found, column=Column(storage=storage))


def _number(given: Any) -> Property:
    """Oracle's NUMBER, an integer if it has no digits after the point."""
    if given.scale is None or given.scale > 0 or given.precision is None:
        return Property(edm.DECIMAL, scale=given.scale)
    digits = given.precision - given.scale
    for most, found in ((4, edm.INT16), (9, edm.INT32), (18, edm.INT64)):
        if digits <= most:
            return Property(found)
    return Property(edm.DECIMAL, scale=0)


def _text_column(collation: str | None) -> Column:
    """The kind of a collation, by its name. An unknown one may treat different texts as equal."""
    if collation is None:
        return Column()
    if re.search(r"^(c|c[._-]utf-?8|posix|ucs_basic|binary)$|_(0900|nopad)_bin$", collation, re.I):
        return Column(collation="binary")
    is_language = re.match(r"[a-z]{2}[_-][A-Z]{2}\b", collation)
    return Column(collation="linguistic" if is_language else "insensitive")


def _returned(getter: Any) -> Any:
    """The annotated return type of a function, None if it has none or cannot be resolved."""
    try:
        return typing.get_type_hints(getter).get("return")
    except (NameError, TypeError):
        return None


def _join(mapped: orm.RelationshipProperty[Any], mapper: orm.Mapper[Any]) -> Column | None:
    """The table and the join of a relationship, or the link table.

    None if it takes more than comparing columns of two tables: SQL refuses such a relationship then.
    """
    here, there, link = mapper.local_table, mapped.mapper.local_table, mapped.secondary
    table, link_table = (getattr(each, "fullname", "") for each in (there, link))
    # With single-table inheritance, other classes have rows in the table, too.
    if not _is_plain(here) or not _is_plain(there) or mapped.mapper.single:
        return None
    if link is None:
        join = _pairs(mapped, mapped.primaryjoin, here, there)
        return None if join is None else Column(table=table, join=join)
    if not _is_plain(link) or not mapped.uselist:
        return None
    join = _pairs(mapped, mapped.primaryjoin, here, link)
    inward = _pairs(mapped, mapped.secondaryjoin, there, link)
    if join is None or inward is None:
        return None
    onward = {far: near for near, far in inward.items()}
    return Column(table=table, through=Through(link_table, join, onward))


def _is_plain(table: object) -> bool:
    """True for a table whose name can be written with a schema: `shop.orders`."""
    return isinstance(table, sa.Table) and "." not in table.name


def _pairs(
    mapped: orm.RelationshipProperty[Any], condition: Any, here: Any, there: Any
) -> dict[str, str] | None:
    """The columns of one table by the columns of another that a condition equates; None if it does more."""
    is_list = isinstance(condition, sql.elements.BooleanClauseList)
    if is_list and condition.operator is not sql.operators.and_:
        return None
    found: dict[str, str] = {}
    for clause in condition.clauses if is_list else [condition]:
        is_equation = (
            isinstance(clause, sql.elements.BinaryExpression) and clause.operator is sql.operators.eq
        )
        if not is_equation:
            return None
        sides = {_place(clause.left), _place(clause.right)}
        # Both sides are of one table if a class refers to itself; then the pairs tell them apart.
        pairs: Any = [pair for pair in mapped.local_remote_pairs or [] if set(map(_place, pair)) == sides]
        if len(pairs) != 1:
            return None
        [(near, far)] = pairs
        if near.table is not here or far.table is not there or near.name in found:
            return None
        found[str(near.name)] = str(far.name)
    return found if len(set(found.values())) == len(found) else None


def _place(side: Any) -> tuple[Any, ...]:
    """The table and the name of a column, whatever annotations it has."""
    return (side.table.fullname, side.name) if isinstance(side, sa.Column) else (None, id(side))
