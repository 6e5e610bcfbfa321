"""Paths to columns: joins, complex values, JSON, and the members of collections."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import replace

from .. import edm
from ..check.typed import TypedPath
from ..errors import ODataError
from ..language.literals import zone_name
from ..model.properties import Column, ComplexType, Member, Property, StructuredType
from ..problems import ConfigurationError, Phrase
from .composer import collation_of
from .dialects.base import Dialect, Storage
from .parts import ROW, Collection, Entity, Instance, Joins, Json, Part, Row, Sql, SqlColumn
from .statement import engine_error, too_large

_LARGEST = {name: max(most, -least) for name, (least, most) in edm.RANGES.items()}


def column_prefix(before: str, member: Member) -> str:
    """The start of the names of a complex property's columns; empty if the model names an empty column."""
    return f"{before}{member.column}_" if member.column else before


def is_spread(dialect: Dialect, member: Member) -> bool:
    """True for a complex property that is stored in several columns, one for each of its properties."""
    column = member.property.column
    is_complex = isinstance(member.type, ComplexType) and column.table is None
    return is_complex and column.stored(*dialect.family) != "json"


def is_elsewhere(dialect: Dialect, member: Member) -> bool:
    """True for a property that leads to another table."""
    column = member.property.column
    if isinstance(edm.element_of(member.type), StructuredType) and not is_spread(dialect, member):
        return column.table is not None or column.stored(*dialect.family) is None
    return column.table is not None


def own_columns(dialect: Dialect, type: StructuredType, prefix: str = "") -> Iterator[str]:
    """The columns of a type in its own table: `size`, and `address_city` of a complex property."""
    for member in type.members.values():
        if is_spread(dialect, member):
            assert isinstance(member.type, ComplexType)
            yield from own_columns(dialect, member.type, column_prefix(prefix, member))
        elif member.column and not is_elsewhere(dialect, member):
            yield prefix + member.column


def check_zone(dialect: Dialect, zone: dt.tzinfo, model: StructuredType | None) -> None:
    """Raise ConfigurationError if a model has moments without an offset that a dialect cannot read in a zone.

    Without a model, all storages of the dialect have to take the zone, whatever the query is.
    """
    offset = zone.utcoffset(None)
    if offset is not None and not offset.seconds % 60:
        return
    if model is None:
        for (kind, _), storage in dialect.storages.items():
            if kind == edm.DATE_TIME_OFFSET.name:
                dialect.with_zone(storage, zone)
        return
    model = model.unrestricted
    key = ("zone", dialect, zone_name(zone))
    if key not in model._cache:
        for name, stored in _storages_of_moments(dialect, model, False, set()):
            try:
                dialect.with_zone(dialect.storages.get((edm.DATE_TIME_OFFSET.name, stored), Storage()), zone)
            except ConfigurationError as error:
                raise ConfigurationError(
                    f"{error}: {name} has no offset there (storage {stored!r}). Use a default_timezone with a"
                    " fixed offset, or store moments in UTC or with their offset"
                ) from None
        model._cache[key] = True


def _storages_of_moments(
    dialect: Dialect, type: StructuredType, in_json: bool, seen: set[tuple[int, bool]]
) -> Iterator[tuple[str, str]]:
    """The properties that hold moments, as `Log.at`, with the names of their storages."""
    if (id(type), in_json) in seen:
        return
    seen.add((id(type), in_json))
    for member in type.members.values():
        inner, column = edm.element_of(member.type), member.property.column
        is_collection = isinstance(member.type, edm.CollectionType)
        stored = column.stored(*dialect.family)
        is_json = in_json
        if column.table is None and is_collection:
            form = dialect.collections.get(stored or next(iter(dialect.collections), ""))
            is_json = in_json or (form is not None and form.is_json)
        elif column.table is None and isinstance(inner, ComplexType):
            is_json = in_json or not is_spread(dialect, member)
        if isinstance(inner, StructuredType):
            yield from _storages_of_moments(dialect, inner, is_json, seen)
        elif inner is edm.DATE_TIME_OFFSET:
            defaults = dialect.json_storages if is_json else dialect.default_storages
            found = (None if is_collection else stored) or defaults.get(inner.name)
            if found is not None:
                yield f"{type.name}.{member.name}", found


class Columns:
    """The rows that one statement reads from, and the columns of paths in them.

    zone      the time zone of columns without one
    can_join  True if the statement's own FROM can take joins; else a path to another row is a subquery
    reserved  the name by which the caller's FROM knows the rows
    """

    def __init__(
        self, dialect: Dialect, zone: dt.tzinfo, by_column: bool, can_join: bool, reserved: str
    ) -> None:
        self.dialect = dialect
        self.zone = zone
        self.by_column = by_column
        self.reserved = reserved
        self.can_join = can_join
        self.instances: dict[int, Instance] = {}
        self.collections: dict[int, Collection] = {}
        self.level = 0
        """The level of the innermost lambda."""
        self.aliases = 0
        """The number of other rows; if there are any, columns of the row need the name of its table."""
        self.rows_of_texts = 0
        """The rows of which a lambda reads a text or JSON, as bits."""
        self.texts: list[str] = []
        """Texts of columns that stand as `\\0cn\\0` in pieces, as they may become members of an array."""
        self._joined: dict[tuple[str, str, str], Row] = {}
        offset = zone.utcoffset(None)
        self._cache_key = (dialect, by_column, zone_name(zone) if offset is None else offset)

    @property
    def root(self) -> Row:
        """The row itself, made when it is first used, as cached columns do not need it."""
        if 0 not in self.instances:
            self.instances[0] = Row(ROW, joins=Joins([]) if self.can_join else None)
        found = self.instances[0]
        assert isinstance(found, Row)
        return found

    def alias(self) -> tuple[str, int]:
        """Make a name for another table or a member, and the number of its row, as a bit.

        A column should not have such a name: some engines look for columns first.
        """
        self.aliases += 1
        while f"odata_{self.aliases}" == self.reserved:
            self.aliases += 1
        return self.dialect.quote(f"odata_{self.aliases}"), 1 << self.aliases

    # ---- paths -----------------------------------------------------------------------------------

    def path(self, node: TypedPath) -> Part:
        """Find the column, entity or collection that a path leads to."""
        found = self.find(node)
        if self.level and getattr(found, "type", None) in (None, edm.STRING):
            self.rows_of_texts |= found.rows
        return found

    def find(self, node: TypedPath) -> Part:
        members = node.members
        if not members:
            collection = self.collections.get(node.level)
            return Entity(self.root, None) if collection is None else self.member(collection)
        if node.level == 0 and len(members) == 1:
            cached: SqlColumn | None = members[0]._columns.get(self._cache_key)
            if cached is not None:
                return cached
        instance = self.instances[node.level] if node.level else self.root
        is_value = not isinstance(members[-1].type, (edm.CollectionType, StructuredType))
        absent: Sql | None = None
        for member in members[:-1]:
            instance = self.inside(instance, member)
            if member.nullable and not is_value:
                absent = self.absence(instance, member) or absent
        found = self.property(instance, members[-1], absent)
        if node.level == 0 and len(members) == 1 and type(found) is SqlColumn:
            members[0]._columns[self._cache_key] = found
        return found

    def inside(self, instance: Instance, member: Member) -> Instance:
        """The entity or complex value that a property in a path leads to."""
        if isinstance(instance, Json):
            return Json(instance.value, (*instance.keys, member.column))
        column = member.property.column
        if column.table is not None and column.join is not None:
            return self.join(instance, member, column.table, column.join)
        if is_spread(self.dialect, member):
            return replace(instance, prefix=column_prefix(instance.prefix, member))
        if isinstance(member.type, ComplexType):
            return Json(self.read(instance, member.column))
        raise self.no_column()

    def absence(self, instance: Instance, member: Member) -> Sql | None:
        """The condition that the instance a nullable property leads to is missing; None if it never is."""
        if isinstance(instance, Json):
            column = self.json(instance, "object") if instance.keys else instance.value
            text = f"{column.text} IS NULL"
        elif member.property.column.join is not None:
            column = self.read(instance, next(iter(member.property.column.join.values())))
            text = f"{column.text} IS NULL"
        else:
            # A complex value in columns of its own is null if they all are.
            assert isinstance(member.type, StructuredType)
            columns = [self.read(instance, name) for name in own_columns(self.dialect, member.type)]
            if not columns:
                return None
            column = columns[0]
            text = f"({' AND '.join(f'{column.text} IS NULL' for column in columns)})"
        return Sql(text, rows=column.rows, has_subquery=column.has_subquery)

    def property(self, instance: Instance, member: Member, absent: Sql | None) -> Part:
        """The value of a path's last property."""
        type = member.type
        if isinstance(type, edm.CollectionType):
            return self.collection(instance, member, type.element, absent)
        if isinstance(type, StructuredType):
            found = self.inside(instance, member)
            return Entity(found, (self.absence(found, member) if member.nullable else None) or absent)
        if isinstance(instance, Json):
            place = Json(instance.value, (*instance.keys, member.column))
            stored = member.property.column.stored(*self.dialect.family)
            is_number = isinstance(type, edm.EnumType) and stored != "text"
            value = self.json(place, edm.INT64.name if is_number else type.name)
            return self.column(value, type, member.property, in_json=True)
        return self.column(self.read(instance, member.column), type, member.property)

    def read(self, row: Row, name: str) -> Sql:
        """Read a column of a row. An empty name is that of a property without a column in its table."""
        if not name:
            raise self.no_column()
        text = f"{row.before}{self.dialect.quote(row.prefix + name)}{row.after}"
        if row.joins is not None and row.joins.columns is not None:
            number = row.joins.columns.setdefault(text, len(self.texts))
            if number == len(self.texts):
                self.texts.append(text)
            text = f"\0c{number}\0"
        return Sql(text, rows=row.rows, has_subquery=row.subquery is not None)

    def json(self, place: Json, type: str) -> Sql:
        """Read a value in JSON as a type; an enumeration is a number there."""
        if self.level:
            self.rows_of_texts |= place.value.rows
        return place.value.rewritten(self.dialect.json_value(place.value.text, place.keys, type))

    def column(self, value: Sql, type: edm.Type, prop: Property, *, in_json: bool = False) -> SqlColumn:
        """A value of a primitive type or an enumeration, with the way in which it is stored."""
        found = SqlColumn(value.text, rows=value.rows, has_subquery=value.has_subquery)
        if type is edm.STRING:
            found.collation = collation_of(self.dialect, self.by_column, prop.column.collation)
            found.tests_eq = found.collation != "insensitive"
            found.tests_order = found.collation == "binary"
            return found
        found.type = type
        name = "Enum" if isinstance(type, edm.EnumType) else type.name
        defaults = self.dialect.json_storages if in_json else self.dialect.default_storages
        is_collection = isinstance(prop.resolve(), edm.CollectionType)
        storage = (None if is_collection else prop.column.stored(*self.dialect.family)) or defaults.get(name)
        if storage is not None:
            stored_type = type if prop.column.texts is None else edm.EnumType(type.name, prop.column.texts)
            found.storage = self.dialect.with_zone(self.dialect.storage(stored_type, storage), self.zone)
        elif type is edm.SINGLE:
            found.storage = self.dialect.singles
        found.largest = _LARGEST.get(name, 2**63)
        found.is_int64 = name == edm.INT64.name
        found.scale = prop.scale if name == edm.DECIMAL.name else 0
        has_nan = name in (edm.DOUBLE.name, edm.SINGLE.name) and self.dialect.nan != "none"
        is_long = bool(self.dialect.comparable_decimal) and (found.scale or 0) > self.dialect.default_scale
        found.tests_eq = found.storage is None and not is_long
        found.tests_order = found.tests_eq and not has_nan
        return found

    # ---- joins -----------------------------------------------------------------------------------

    def join(self, row: Row, member: Member, table: str, join: Mapping[str, str]) -> Row:
        """The one row that a navigation property leads to."""
        known = (row.before + row.after, row.prefix, member.name)
        if known in self._joined:
            return self._joined[known]
        alias, number = self.alias()
        template, before, after = self.dialect.join_template
        source = template.format(table=self.dialect.quote_table(table)) + self.dialect.alias_prefix + alias
        if row.joins is None:
            return self.subquery(row, alias, source, join)
        if len(row.joins.texts) >= self.dialect.max_joins:
            raise too_large(self.dialect, "joins", self.dialect.max_joins)
        row.joins.texts.append(f" LEFT JOIN {source} ON {self.link(alias, join, row)}")
        row.joins.rows |= number
        found = Row(before.format(t=alias), after.format(t=alias), number, row.joins)
        self._joined[known] = found
        return found

    def subquery(self, row: Row, alias: str, source: str, join: Mapping[str, str]) -> Row:
        """The one row that a property leads to where there is no FROM to join it to."""
        reaches = self.dialect.correlates_deeply and self.dialect.array_of_children is None
        if not reaches and (self.level or row.after):
            raise self.too_far()
        if row.subquery is None:
            condition = self.link(alias, join, row)
        else:  # one more table in the same subquery
            last, around, condition = row.subquery
            source = (
                f"{around} LEFT JOIN {source} ON {self.link(alias, join, Row(f'{last}.', prefix=row.prefix))}"
            )
        text = f" FROM {source} WHERE {condition})"
        return Row(f"(SELECT {alias}.", text, row.rows, None, (alias, source, condition))

    def link(self, alias: str, join: Mapping[str, str], row: Row) -> str:
        """The condition of a join: `"odata_1"."id" = "odata_0"."owner_id"`."""
        quote = self.dialect.quote
        return " AND ".join(
            f"{alias}.{quote(there)} = {row.before}{quote(row.prefix + here)}{row.after}"
            for here, there in join.items()
        )

    # ---- collections -----------------------------------------------------------------------------

    def collection(
        self, instance: Instance, member: Member, element: edm.Type, absent: Sql | None
    ) -> Collection:
        """The members of a collection, in a child table, an array or JSON."""
        column = member.property.column
        alias, number = self.alias()
        storage = "json" if isinstance(instance, Json) else column.stored(*self.dialect.family)
        if isinstance(instance, Json):
            place = self.json(Json(instance.value, (*instance.keys, member.column)), "json")
        elif column.table is not None:
            if instance.subquery is not None and not self.dialect.reaches_joined_collections:
                raise self.too_far()
            table, unique, linked, join = self.child_table(column, alias)
            links = tuple(
                (f"{linked}.{self.dialect.quote(there)}", self.read(instance, here))
                for here, there in join.items()
            )
            on = tuple(Sql(f"{there} = {here.text}", rows=number | here.rows) for there, here in links)
            joins = Joins([], number, None if self.dialect.array_of_children is None else {})
            children = self.dialect.children
            found = Collection(children, alias, number, Sql(table), element, member, on, links, absent, joins)
            found.unique = unique
            return found
        elif isinstance(element, StructuredType) and storage is None:
            raise self.no_column()
        elif instance.after and not self.dialect.reaches_joined_collections:
            raise self.too_far()
        else:
            place = self.read(instance, member.column)
        forms = self.dialect.collections
        form = next(iter(forms.values()), None) if storage is None else forms.get(storage)
        if form is None:
            known = ", ".join(forms) or "none"
            message = f"{self.dialect.name} has no storage {storage!r} for {member.name}, but {known}"
            raise ConfigurationError(message)
        if place.has_subquery and not self.dialect.reaches_joined_collections:
            raise self.too_far()
        source = place.rewritten(form.source.format(a=place.text, t=alias))
        return Collection(form, alias, number, source, element, member, absent=absent)

    def child_table(self, column: Column, alias: str) -> tuple[str, str, str, Mapping[str, str]]:
        """The text after FROM for a table of members, and the alias and the join that link it to a row.

        The second text has each member once; it is empty if the first one has, too.
        """
        assert column.table is not None
        quote, prefix, through = self.dialect.quote, self.dialect.alias_prefix, column.through
        source = f"{self.dialect.quote_table(column.table)}{prefix}{alias}"
        if through is None:
            assert column.join is not None
            return source, "", alias, column.join
        linked, _ = self.alias()
        rest = (
            f"{prefix}{linked} INNER JOIN {source} ON {self.link(alias, through.onward, Row(f'{linked}.'))}"
        )
        table = self.dialect.quote_table(through.table)
        names = ", ".join(map(quote, dict.fromkeys([*through.join.values(), *through.onward])))
        return f"{table}{rest}", f"(SELECT DISTINCT {names} FROM {table}){rest}", linked, through.join

    def enter(self, level: int, collection: Collection) -> None:
        """Begin the body of a lambda."""
        self.level = level
        self.collections[level] = collection
        self.instances[level] = self.instance_of(collection)

    def instance_of(self, collection: Collection) -> Instance:
        """The entity or complex value that a member is."""
        if collection.joins is not None:
            return Row(f"{collection.alias}.", rows=collection.row, joins=collection.joins)
        member = Sql(collection.form.member.format(t=collection.alias), rows=collection.row)
        return Json(member) if collection.form.is_json else Row(f"{member.text}.", rows=collection.row)

    def member(self, collection: Collection) -> Part:
        """A member of a collection as a value."""
        element, is_json, instance = collection.element, collection.form.is_json, self.instance_of(collection)
        if isinstance(element, StructuredType):
            return Entity(instance, None)
        if isinstance(instance, Json):
            value = self.json(instance, edm.INT64.name if isinstance(element, edm.EnumType) else element.name)
        elif collection.joins is not None:
            value = self.read(instance, collection.member.column)
        else:
            value = Sql(collection.form.member.format(t=collection.alias), rows=collection.row)
        return self.column(value, element, collection.member.property, in_json=is_json)

    def too_far(self) -> ODataError:
        """Make the error for columns of rows that a subquery cannot reach."""
        what = Phrase("relate-nested-rows")
        return engine_error(self.dialect, "unsupported-expression.engine-cannot", what=what)

    def no_column(self) -> ODataError:
        """Make the error for a property that only rows in Python have: computed, or without a join."""
        return engine_error(self.dialect, "unsupported-expression.no-column")

    # ---- texts -----------------------------------------------------------------------------------

    def as_array(self, collection: Collection) -> str:
        """Turn the columns that were read of a child table into members of an array; return them for it.

        `EXISTS (SELECT 1 FROM items AS i WHERE i.order = o.id AND i.size > o.size)` on an engine whose
        subqueries reach no farther than the link becomes
        `arrayExists(i -> i.1 > o.size, (SELECT groupArray(tuple(i.size)) FROM items AS i WHERE ...))`.
        """
        assert self.dialect.array_of_children is not None
        assert collection.joins is not None
        read = []
        for number in (collection.joins.columns or {}).values():
            read.append(self.texts[number])
            member = self.dialect.array_of_children.member
            self.texts[number] = member.format(t=collection.alias, n=len(read))
        return ", ".join(read) or "1"

    def finish(self, text: str, row: str) -> str:
        """Write the row's prefix and the columns that were left open until all of the text is known."""
        text = text.replace(ROW, row)
        for n, column in enumerate(self.texts):
            text = text.replace(f"\0c{n}\0", column)
        return text

    def check_reach(self, rows: int) -> None:
        """Raise an error for a subquery that reads rows from outside of the query that it is in."""
        level = self.level
        while level and self.collections[level].joins is None:  # a lambda over an array is not a query
            level -= 1
        joins = self.collections[level].joins if level else self.root.joins
        near = (joins.rows if joins else 0) | (0 if level else self.root.rows)
        if rows & ~near:
            raise self.too_far()
