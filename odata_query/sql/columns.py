"""Paths to columns: joins, complex values, JSON, and the members of collections."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

from .. import edm
from ..check.typed import TypedPath
from ..errors import error
from ..model.properties import ComplexType, Member, Property, StructuredType
from ..problems import ConfigurationError, Name, Phrase, problem
from .dialects.base import Dialect, Members
from .parts import ROW, Collection, Entity, Flat, Instance, Json, Part, Row, Sql, too_large

_BITS = {edm.SBYTE.name: 7, edm.BYTE.name: 8, edm.INT16.name: 15, edm.INT32.name: 31}


def _prefix(before: str, member: Member) -> str:
    """What stands before the columns of a complex property; nothing where it names an empty column."""
    return f"{before}{member.column}_" if member.column else before


def _columns(type: StructuredType, prefix: str) -> Iterator[str]:
    """The columns of a complex value, those of complex values in it too."""
    for member in type.members.values():
        prop = member.property
        if isinstance(member.type, ComplexType) and prop.column.storage is None and prop.column.table is None:
            yield from _columns(member.type, _prefix(prefix, member))
        elif prop.column.table is None and not isinstance(member.type, StructuredType):
            yield prefix + member.column


class SqlPaths:
    """What a statement knows of the rows it reads from."""

    uses_indexes = True

    def __init__(self, dialect: Dialect, zone: dt.tzinfo, can_join: bool, native: bool) -> None:
        self.dialect = dialect
        self.zone = zone
        self.native = native
        self.refuses = type(dialect).rejects is not Dialect.rejects
        self.marks = type(dialect).marker is not Dialect.marker
        self.spelling = (dialect, native)
        self.values: list[tuple[Any, edm.Type]] = []
        self.rows: dict[int, Instance] = {0: Row(ROW, joins=[] if can_join else None)}
        self.members_at: dict[int, Collection] = {}
        self.links: dict[tuple[str, str, str], Row] = {}
        self.option = "$filter"
        """The option that is compiled, for what is wrong with it."""
        self.taken = ""
        """The name by which the caller's FROM knows the rows."""
        self.subqueries = 0
        self.terms = 0
        self.aliases = 0
        self.level = 0
        """That of the innermost lambda."""
        self.is_qualified = False
        """Whether columns of the row need its table's name, since there are others."""

    def read(self, template: str, column: str, named: str | None = None) -> str:
        """What a column holds, as templates take it; `named` is for a time zone without a fixed offset."""
        zone = ""
        if "{zone}" in template:
            if named is not None and self.zone.utcoffset(None) is None:
                template, zone = named, str(self.zone).replace("'", "")
            else:
                zone = self.dialect.zone_offset(self.zone)
        return template.format(a=column, zone=zone)

    def marker(self, value: Any, type: edm.Type) -> str:
        """What stands for a value until the text is rendered."""
        values = self.values
        values.append((value, type))
        marker = f"\0{len(values) - 1}\0"
        return self.dialect.marker(marker, value, type) if self.marks else marker

    def alias(self) -> str:
        """A name for another table or a member. No column should have it: some engines look there first."""
        self.aliases += 1
        while f"odata_{self.aliases}" == self.taken:
            self.aliases += 1
        self.is_qualified = True
        return self.dialect.quote(f"odata_{self.aliases}")

    # ---- paths -----------------------------------------------------------------------------------

    def path(self, node: TypedPath) -> Part:
        members = node.members
        if node.level == 0 and len(members) == 1:
            known = members[0]._columns.get(self.spelling)
            if known is not None:
                return known  # type: ignore[no-any-return]  # only this file writes there
        instance = self.rows.get(node.level)
        if not members:
            return self.variable(node)
        if len(members) == 1 and type(instance) is Row:  # most paths are
            member = members[0]
            if isinstance(member.type, edm.PrimitiveType | edm.EnumType):
                text = instance.column(self.dialect.quote(member.column))
                found = self.column(text, member.type, member.property)
                if node.level == 0:
                    member._columns[self.spelling] = found
                return found
        assert instance is not None
        absent: str | None = None
        for member in members[:-1]:
            instance, absent = self.inside(instance, member, absent)
        return self.property(instance, members[-1], absent)

    def variable(self, node: TypedPath) -> Part:
        """The row itself, or the variable of a lambda."""
        collection = self.members_at.get(node.level)
        if collection is None:
            return Entity(self.rows[0], None)
        return self.member(collection)

    def inside(self, instance: Instance, member: Member, absent: str | None) -> tuple[Instance, str | None]:
        """What a property leads to, and the condition that nothing is there."""
        prop = member.property
        if isinstance(instance, Json):
            found = Json(instance.text, (*instance.keys, member.column))
            return found, f"{self.json(found, '')} IS NULL" if member.nullable else absent
        row, prefix = (instance.row, instance.prefix) if isinstance(instance, Flat) else (instance, "")
        if prop.column.table is not None and prop.column.join is not None:
            joined = self.join(row, prefix, member)
            there = next(iter(prop.column.join.values()))
            return (
                joined,
                f"{joined.column(self.dialect.quote(there))} IS NULL" if member.nullable else absent,
            )
        if isinstance(member.type, ComplexType):
            if prop.column.stored(*self.dialect.family) == "json":
                text = row.column(self.dialect.quote(prefix + member.column))
                return Json(text), f"{text} IS NULL" if member.nullable else absent
            return self.flat(row, _prefix(prefix, member), member, absent)
        raise ConfigurationError(f"{member.name} leads to another table: its property needs table and join")

    def flat(self, row: Row, prefix: str, member: Member, absent: str | None) -> tuple[Flat, str | None]:
        """A complex value in columns of its own; it is null if they all are."""
        assert isinstance(member.type, StructuredType)
        if member.nullable:
            columns = [row.column(self.dialect.quote(name)) for name in _columns(member.type, prefix)]
            absent = f"({' AND '.join(f'{column} IS NULL' for column in columns)})" if columns else absent
        return Flat(row, prefix), absent

    def property(self, instance: Instance, member: Member, absent: str | None) -> Part:
        """The value of a path's last property."""
        type = member.type
        if isinstance(type, edm.CollectionType):
            return self.collection(instance, member, type.element, absent)
        if isinstance(type, StructuredType):
            found, absent = self.inside(instance, member, absent)
            return Entity(found, absent)
        if isinstance(instance, Json):
            place = Json(instance.text, (*instance.keys, member.column))
            stored = member.property.column.stored(*self.dialect.family)
            is_number = isinstance(type, edm.EnumType) and stored != "text"
            text = self.json(place, edm.INT64.name if is_number else type.name)
            return self.column(text, type, member.property, in_json=True)
        row, prefix = (instance.row, instance.prefix) if isinstance(instance, Flat) else (instance, "")
        return self.column(row.column(self.dialect.quote(prefix + member.column)), type, member.property)

    def column(self, text: str, type: edm.Type, prop: Property, *, in_json: bool = False) -> Sql:
        """A value of a primitive type or an enumeration, in a column or in JSON."""
        found = Sql(text)
        found.column = True
        if type is edm.STRING:
            found.collation = prop.column.collation
            pads = self.dialect.ignores_trailing_spaces and prop.column.collation != "binary"
            usual = "insensitive" if pads else prop.column.collation or self.dialect.collation
            collation = "binary" if self.native else usual
            found.equals, found.compares = collation != "insensitive", collation == "binary"
            return found
        found.type = type
        name = "Enum" if isinstance(type, edm.EnumType) else type.name
        defaults = self.dialect.json_storages if in_json else self.dialect.default_storages
        is_collection = isinstance(prop.resolve(), edm.CollectionType)
        named = None if is_collection else prop.column.stored(*self.dialect.family)
        storage = named or defaults.get(name)
        if storage is not None:
            held = type if prop.column.texts is None else edm.EnumType(type.name, prop.column.texts)
            found.storage = self.dialect.storage(held, storage)
        found.bits = _BITS.get(name, 63)
        found.long = name == edm.INT64.name
        found.scale = prop.scale if name == edm.DECIMAL.name else 0
        found.equals = storage is None
        found.compares = storage is None and not (
            name in (edm.DOUBLE.name, edm.SINGLE.name) and self.dialect.nan != "none"
        )
        return found

    def json(self, place: Json, type: str) -> str:
        """A value in JSON, as a type; an enumeration is a number there."""
        return self.dialect.json_value(place.text, place.keys, type)

    # ---- joins -----------------------------------------------------------------------------------

    def join(self, row: Row, prefix: str, member: Member) -> Row:
        """The one row that a navigation property leads to."""
        kept = member.property.column
        assert kept.table is not None
        assert kept.join is not None
        known = (row.before + row.after, prefix, member.name)
        if known in self.links:
            return self.links[known]
        alias = self.alias()
        source, *around = self.dialect.join_template
        before, after = (text.format(t=alias) for text in around)
        source = source.format(table=self.dialect.quote_table(kept.table))
        table = f"{source}{self.dialect.alias_prefix}{alias}"
        quote = self.dialect.quote
        on = " AND ".join(
            f"{alias}.{quote(there)} = {row.column(quote(prefix + here))}"
            for here, there in kept.join.items()
        )
        if row.joins is None:
            reaches = self.dialect.correlates_deeply and self.dialect.array_of_children is None
            if not reaches and (self.level or row.after):
                raise self.too_far()
            source, where = table, on
            if row.inner is not None:  # one more table in the same subquery
                last, source, where = row.inner
                on = " AND ".join(
                    f"{alias}.{quote(there)} = {last}.{quote(prefix + here)}"
                    for here, there in kept.join.items()
                )
                source = f"{source} LEFT JOIN {table} ON {on}"
            return Row(f"(SELECT {alias}.", f" FROM {source} WHERE {where})", None, (alias, source, where))
        if len(row.joins) >= self.dialect.max_joins:
            raise too_large(self.dialect, "joins", self.dialect.max_joins)
        row.joins.append(f" LEFT JOIN {table} ON {on}")
        found = Row(before, after, row.joins)
        self.links[known] = found
        return found

    # ---- collections -----------------------------------------------------------------------------

    def collection(
        self, instance: Instance, member: Member, element: edm.Type, absent: str | None
    ) -> Collection:
        """The members of a collection, wherever they are."""
        prop = member.property
        alias = self.alias()
        if isinstance(instance, Json):
            source = self.json(Json(instance.text, (*instance.keys, member.column)), "json")
            if "(SELECT " in source and not self.dialect.reaches_joined_collections:
                raise self.too_far()
            return self.unfolded(self.form("json", member), source, alias, element, prop, absent)
        row, prefix = (instance.row, instance.prefix) if isinstance(instance, Flat) else (instance, "")
        quote = self.dialect.quote
        column = quote(prefix + member.column)
        if prop.column.table is not None and prop.column.join is not None:
            links = tuple(
                (f"{alias}.{quote(there)}", row.column(quote(prefix + here)))
                for here, there in prop.column.join.items()
            )
            on = tuple(Sql(f"{there} = {here}") for there, here in links)
            table = f"{self.dialect.quote_table(prop.column.table)}{self.dialect.alias_prefix}{alias}"
            if row.joins is None and row.after and not self.dialect.reaches_joined_collections:
                raise self.too_far()
            name = f"{alias}.{quote(member.column)}".replace("{", "{{").replace("}", "}}")
            child = self.dialect.children._replace(source=table, member=name)
            return Collection(child, alias, table, element, prop, on, links, absent, [])
        storage = prop.column.stored(*self.dialect.family)
        if isinstance(element, StructuredType) and storage is None:
            message = f"{member.name} is in no column: its property needs a table and join, or a storage"
            raise ConfigurationError(message)
        if row.after and not self.dialect.reaches_joined_collections:
            raise self.too_far()
        return self.unfolded(self.form(storage, member), row.column(column), alias, element, prop, absent)

    def unfolded(
        self, form: Members, column: str, alias: str, element: edm.Type, prop: Property, absent: str | None
    ) -> Collection:
        """A collection in one column."""
        source = form.source.format(a=column, t=alias)
        return Collection(form, alias, source, element, prop, absent=absent)

    def form(self, storage: str | None, member: Member) -> Members:
        forms = self.dialect.collections
        found = next(iter(forms.values()), None) if storage is None else forms.get(storage)
        if found is None:
            known = ", ".join(forms) or "none"
            message = f"{self.dialect.name} has no storage {storage!r} for {member.name}, but {known}"
            raise ConfigurationError(message)
        return found

    def enter(self, level: int, type: edm.Type, collection: Any) -> None:
        assert isinstance(collection, Collection)
        self.level = level
        self.members_at[level] = collection
        self.rows[level] = self.instance_of(collection)

    def brought(self, text: str) -> set[str]:
        """The aliases that a piece of SQL brings along."""
        alias = self.alias_pattern()
        pairs = re.findall(f"{self.dialect.alias_prefix}({alias})|({alias}) ->", text)
        return {name for pair in pairs for name in pair if name}

    def outer(self, text: str) -> set[str]:
        """The aliases that it uses and does not bring along; `""` is that of the row itself."""
        found = set(re.findall(self.alias_pattern(), text)) - self.brought(text)
        row = self.rows[0]
        if isinstance(row, Row) and row.before and row.before in text:
            found.add("")
        return found

    def alias_pattern(self) -> str:
        """The pattern of an alias."""
        return re.escape(self.dialect.quote("\2")).replace("\2", r"odata_\d+")

    def check_reach(self, subquery: str) -> None:
        """Refuse a subquery that uses columns from farther out than the query that it is in."""
        level = self.level
        while level and self.members_at[level].joins is None:  # an array, whose lambda is no query
            level -= 1
        row: Instance | Collection = self.members_at[level] if level else self.rows[0]
        near = {""} if isinstance(row, Row) else {row.alias} if isinstance(row, Collection) else set()
        joins = "".join(getattr(row, "joins", None) or ())
        far = self.outer(subquery) - near - self.brought(joins)
        if far:
            raise self.too_far()

    def refused(self, message: str, **values: Any) -> Exception:
        """The error for what the query asks for at the node that is being said."""
        return error([problem(message, engine=Name(self.dialect.name), **values)])

    def too_far(self) -> Exception:
        what = Phrase("relate-nested-rows")
        return self.refused("unsupported-expression.engine-cannot", what=what)

    def instance_of(self, collection: Collection) -> Instance:
        """What the properties of a member are read from."""
        member = collection.form.member.format(t=collection.alias)
        if collection.form.is_json:
            return Json(member)
        if collection.joins is not None:
            return Row(f"{collection.alias}.", joins=collection.joins)
        return Row(f"{member}.")

    def member(self, collection: Collection) -> Part:
        """A member itself."""
        element, form = collection.element, collection.form
        if isinstance(element, StructuredType):
            return Entity(self.instance_of(collection), None)
        text = form.member.format(t=collection.alias)
        if form.is_json:
            is_number = isinstance(element, edm.EnumType)
            text = self.json(Json(text), edm.INT64.name if is_number else element.name)
        return self.column(text, element, collection.property, in_json=form.is_json)
