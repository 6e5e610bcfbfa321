"""Entity types from SQLAlchemy and Django, and queries on the tables that both create."""

# ruff: noqa: E402  # what is optional is imported once it is known to be there

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import uuid
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from models import IMAGE, PLACE, Rights, Status, public

import odata_query as oq
from odata_query import edm, python, sql

sa = pytest.importorskip("sqlalchemy")
django = pytest.importorskip("django")

from django.apps import AppConfig
from django.conf import settings
from django.db import connection, models
from django.test.utils import CaptureQueriesContext, override_settings
from sqlalchemy import orm
from sqlalchemy.dialects import mssql, mysql, oracle, postgresql, sqlite
from sqlalchemy.ext.associationproxy import association_proxy
from sqlalchemy.ext.hybrid import hybrid_property

P = oq.Property
read, read_model = oq.EntityType.from_sqlalchemy, oq.EntityType.from_django
NAMES = list(IMAGE.properties)


class Mood(enum.Enum):
    """Stored by name, queried by value."""

    CALM = "c"
    WILD = "w"


class Swapped(enum.Enum):
    A = "B"
    B = "A"


# ---- SQLAlchemy ----------------------------------------------------------------------------------


class RightsType(sa.types.TypeDecorator):
    impl = sa.Integer
    cache_ok = True
    python_type = Rights

    def process_bind_param(self, value, dialect):
        return None if value is None else value.value

    def process_result_value(self, value, dialect):
        return None if value is None else Rights(value)


class Base(orm.DeclarativeBase):
    pass


@dataclasses.dataclass
class Place:
    city: str
    latitude: float | None
    longitude: float | None


# fmt: off
class Artist(Base):
    __tablename__ = "artists"
    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    name: orm.Mapped[str | None] = orm.mapped_column("full name")
    password: orm.Mapped[str | None]
    images: orm.Mapped[list[Picture]] = orm.relationship(back_populates="artist")
    wide: orm.Mapped[list[Picture]] = orm.relationship(primaryjoin="and_(Artist.id == Picture.artist_id, Picture.width > 500)", viewonly=True)


class Label(Base):
    __tablename__ = "labels"
    id = sa.Column(sa.Integer, primary_key=True)
    text = sa.Column(sa.String, nullable=False)


LABELLED = sa.Table("labelled", Base.metadata, sa.Column("image", sa.ForeignKey("images.id")), sa.Column("label", sa.ForeignKey("labels.id")))


class Picture(Base):
    """The shared model, with relations and computed attributes."""

    __tablename__ = "images"
    id: orm.Mapped[int] = orm.mapped_column(sa.BigInteger, primary_key=True)
    reference: orm.Mapped[str]
    title: orm.Mapped[str | None]
    file_type: orm.Mapped[str] = orm.mapped_column("type")
    status: orm.Mapped[Status] = orm.mapped_column(sa.Enum(Status, values_callable=lambda e: [m.value for m in e]))
    rights: orm.Mapped[Rights | None] = orm.mapped_column(RightsType)
    width = sa.Column(sa.Integer, nullable=False)
    height: orm.Mapped[int]
    depth: orm.Mapped[int | None] = orm.mapped_column(sa.SmallInteger)
    size_in_bytes: orm.Mapped[int] = orm.mapped_column(sa.BigInteger().with_variant(sa.Integer(), "sqlite"))
    num_links: orm.Mapped[int] = orm.mapped_column(sa.BigInteger)
    rating: orm.Mapped[float | None]
    contrast: orm.Mapped[float | None] = orm.mapped_column(sa.Double)
    price: orm.Mapped[Decimal | None] = orm.mapped_column(sa.Numeric(10, 2))
    weight: orm.Mapped[Decimal] = orm.mapped_column(sa.Numeric(10, 3))
    is_public: orm.Mapped[bool]
    is_archived: orm.Mapped[bool | None]
    created_on: orm.Mapped[dt.datetime]
    modified_on: orm.Mapped[dt.datetime | None] = orm.mapped_column(sa.DateTime(timezone=True))
    taken_on: orm.Mapped[dt.date | None]
    taken_at: orm.Mapped[dt.time | None]
    exposure: orm.Mapped[dt.timedelta | None]
    checksum: orm.Mapped[bytes | None]
    uuid = sa.Column(sa.Uuid, nullable=False)
    batch = sa.Column(sa.Uuid)
    tags = sa.Column(sa.ARRAY(sa.String).with_variant(sa.JSON(), "sqlite"), nullable=False)
    sizes = sa.Column(sa.ARRAY(sa.Integer).with_variant(sa.JSON(), "sqlite"), nullable=False)
    place: orm.Mapped[Place | None] = orm.composite(orm.mapped_column("town", nullable=True), orm.mapped_column("lat"), orm.mapped_column("lon"))
    original_url: orm.Mapped[str] = orm.mapped_column("url")
    thumbnail_url: orm.Mapped[str | None] = orm.mapped_column(deferred=True)
    mood: orm.Mapped[Mood | None]
    swapped: orm.Mapped[Swapped | None]
    extra: orm.Mapped[dict[str, Any] | None] = orm.mapped_column(sa.JSON)
    artist_id: orm.Mapped[int | None] = orm.mapped_column(sa.ForeignKey("artists.id"))
    parent_id: orm.Mapped[int | None] = orm.mapped_column(sa.ForeignKey("images.id"))
    _secret: orm.Mapped[str | None]
    artist: orm.Mapped[Artist | None] = orm.relationship(back_populates="images")
    parent: orm.Mapped[Picture | None] = orm.relationship(remote_side="Picture.id", back_populates="parts")
    parts: orm.Mapped[list[Picture]] = orm.relationship(back_populates="parent")
    labels: orm.Mapped[list[Label]] = orm.relationship(secondary=LABELLED)
    double_width = orm.column_property(width * 2)
    kind = orm.synonym("file_type")
    label_texts = association_proxy("labels", "text")

    @hybrid_property
    def size(self) -> int:
        return self.size_in_bytes

    @hybrid_property
    def area(self):
        return self.width * self.height

    @hybrid_property
    def shape(self) -> str:
        return "wide" if self.width > self.height else "high"

    @hybrid_property
    def nameless(self):
        return list(self.tags)

    @nameless.inplace.expression
    @classmethod
    def _nameless(cls):
        raise NotImplementedError


MORE = ["mood", "area", "size", "shape", "kind", "double_width", "artist_id", "artist/id", "artist/name", "parent/id", "parent/reference", "parent/artist/name", "parts/id", "parts/width", "labels/text", "artist/wide/id", "artist/images/id"]
# All but the city is said by the tables, where it is null as the whole place can be.
CITY = {"place/city": P("Edm.String", nullable=False, column="town")}
PICTURE = read(Picture, only=[*NAMES, *MORE])
CAMEL = read(Picture, only=[*NAMES, "artist/name"], rename="camelCase")
DAY = dt.datetime(2024, 2, 29, 23, 30)


def shared(n: int) -> dict[str, Any]:
    """The values of a row of the shared model; every other row has nulls."""
    some: dict[str, Any] = {
        "title": f"Über {n}", "rights": Rights(n % 8), "depth": n, "rating": n / 4, "contrast": -0.5 * n, "price": Decimal(n) / 4, "is_archived": n % 4 == 1, "modified_on": DAY + dt.timedelta(days=n, microseconds=n * 1000), "taken_on": dt.date(2024, 1, 1 + n), "taken_at": dt.time(n, 30), "exposure": dt.timedelta(seconds=n, microseconds=5), "checksum": bytes([n, 255]), "batch": uuid.UUID(int=n), "thumbnail_url": f"http://example.org/{n}.png",
    }
    return {
        "id": n, "reference": f"r{n}.jpg", "file_type": "png" if n % 3 else "jpg", "status": list(Status)[n % 5], "width": n * 100, "height": 500, "size_in_bytes": 2**40 + n, "num_links": n * n, "weight": Decimal(n) / 8, "is_public": n % 3 == 0, "created_on": DAY + dt.timedelta(hours=5 * n), "uuid": uuid.UUID(int=n * 2**100), "tags": ["a", "b"][: n % 3], "sizes": [n, n * 2], "original_url": f"http://example.org/{n}",
        **(some if n % 2 else dict.fromkeys(some)),
    }
# fmt: on


@pytest.fixture(scope="module")
def gallery():
    """The rows as objects, and a connection to their tables."""
    engine = sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool)
    Base.metadata.create_all(engine)
    labels = [Label(id=1, text="x"), Label(id=2, text="y")]
    with orm.Session(engine) as session:
        session.add_all([Artist(id=1, name="Ana", password="hunter2"), Artist(id=2), *labels])
        for n in range(1, 9):
            place = None if n % 4 == 0 else Place(f"City {n}", None if n % 3 == 0 else n / 2, 1.0)
            more = {
                "mood": [None, *Mood][n % 3],
                "artist_id": [None, 1, 2][n % 3],
                "parent_id": n // 3 or None,
                "labels": labels[: n % 3],
            }
            session.add(Picture(**shared(n), place=place, **more))
        session.commit()
        raw = engine.raw_connection().driver_connection
        sql.prepare(raw)
        yield list(session.scalars(sa.select(Picture))), raw


# fmt: off
QUERIES = """
reference eq 'r3.jpg'; title eq null; title ne 'Über 3'; not contains(title,'3'); tolower(title) eq 'über 5'; startswith(original_url,'http://example.org/7'); endswith(reference,'4.jpg') or file_type eq 'jpg'; kind eq 'jpg'
status eq 'Ok'; status in ('Ok','Re'); status ne 'Vd'; status gt 'Up'; rights has 'WRITE'; rights ne 'READ'; mood eq 'c'; mood ne 'w'; mood gt 'c'; mood eq null; mood in ('w',null)
width gt 300 and height lt 600; width add depth gt 300; depth ne 3; size_in_bytes eq 1099511627779; size gt 1099511627779; num_links mod 3 eq 1; rating lt 1; contrast ge -1.5; rating ne null; price gt 0.5; price mul 2 eq 2.5; price eq null; weight in (0.125,0.5); not (price lt 1)
is_public; not is_archived; is_archived eq false; is_archived ne false; created_on gt 2024-03-01T20:00:00Z; created_on le 2024-03-01T10:30:00+01:00; modified_on eq 2024-03-01T23:30:00.001Z; modified_on ne null; month(created_on) eq 3 and day(created_on) eq 2; date(created_on) eq 2024-03-01; hour(modified_on) eq 23
created_on add duration'PT1H' gt 2024-03-02T06:00:00Z; taken_on gt 2024-01-03; taken_on eq 2024-01-06; taken_on eq null; day(taken_on) in (2,4); checksum eq null; checksum ne null
tags/any(t: t eq 'b'); tags/$count eq 0; not tags/any(); sizes/any(s: s gt 10); 'a' in tags; sizes/all(s: s lt 9)
place/city eq 'City 2'; place/city ne 'City 2'; place eq null; place ne null; place/latitude eq null; not (place/latitude gt 1); place/longitude eq 1 and id gt 4
artist/name eq 'Ana'; artist/name ne 'Ana'; artist eq null; artist_id ne 1; parent/reference eq 'r1.jpg'; parent/artist/name eq 'Ana'; not (parent/artist/name eq 'Ana'); parts/any(p: p/width gt 400); parts/$count gt 1; not parts/any(); labels/any(l: l/text eq 'y'); labels/$count eq 1; artist/images/$count gt 2; artist/images/any(i: i/id eq 4); parent/id add 1 eq 2
"""
CASES = [case.strip() for case in QUERIES.replace("\n", ";").split(";") if case.strip()]
ORDERS = ["title desc,id", "status,id desc", "created_on desc", "modified_on desc,id", "price desc,id", "taken_on,id", "place/latitude desc,id", "artist/name,id desc", "parts/$count desc,id", "mood desc,id", "is_archived desc,id"]
OPTIONS = [{"$filter": case} for case in CASES] + [{"$orderby": order} for order in ORDERS] + [{"$orderby": "id desc", "$top": "3", "$skip": "2"}]
# fmt: on


def found(query: oq.Query, rows: list[Any], raw: Any, table: str) -> list[int]:
    """The ids that SQL finds, after a comparison with the objects."""
    statement = sql.select(query, table, dialect="sqlite", columns=["id"])
    ids = [row[0] for row in raw.execute(*statement)]
    in_order = bool(query.orderby)
    wanted = [row.id for row in python.apply(rows, query)]
    assert (ids if in_order else sorted(ids)) == (wanted if in_order else sorted(wanted))
    assert raw.execute(*sql.count(query, table, dialect="sqlite")).fetchone()[0] == python.count(rows, query)
    return ids


def text(options: dict[str, str]) -> str:
    return "&".join(options.values())


@pytest.mark.parametrize("options", OPTIONS, ids=text)
def test_a_mapped_class_is_queried_on_its_table_as_in_python(gallery, options):
    ids = found(oq.parse_query(options, PICTURE), *gallery, "images")
    assert ids
    assert len(ids) < 8 or "$orderby" in options


def test_a_mapped_class_gives_the_shared_model():
    assert public(read(Picture, only=NAMES, override=CITY)) == public(IMAGE)
    with_all = read(Picture, all_fields=True, exclude=["swapped", "extra"], override=CITY)
    assert set(with_all.properties) == {*NAMES, "mood", "artist_id", "parent_id"}


@pytest.mark.parametrize(
    "filter",
    ["fileType eq 'jpg' and sizeInBytes gt 5", "artist/name eq 'Ana' and place/latitude gt 0", "isPublic"],
)
def test_names_in_camel_case_are_queried_on_the_same_columns(gallery, filter):
    assert found(oq.parse_query({"$filter": filter}, CAMEL), *gallery, "images")


@pytest.mark.parametrize(
    ("filter", "ids"),
    [
        ("area gt 300000", [7, 8]),
        ("shape eq 'wide'", [6, 7, 8]),
        ("double_width eq 400", [2]),
        ("artist/wide/$count eq 1", [1, 2, 4, 5, 7, 8]),
    ],
)
def test_what_is_in_no_column_is_queried_in_python_and_refused_in_sql(gallery, filter, ids):
    query = oq.parse_query({"$filter": filter}, PICTURE)
    assert [row.id for row in python.apply(gallery[0], query)] == ids
    with pytest.raises(oq.UnsupportedError, match="names no column or table for it"):
        sql.select(query, "images", dialect="sqlite")


@pytest.mark.parametrize(
    ("filter", "ids"),
    [
        ("taken_at gt 03:00:00", [3, 5, 7]),
        ("exposure lt duration'PT4S'", [1, 3]),
        ("batch eq 00000000-0000-0000-0000-000000000003", [3]),
        ("thumbnail_url ne null", [1, 3, 5, 7]),
    ],
)
def test_objects_of_a_mapped_class_are_rows(gallery, filter, ids):
    assert [row.id for row in python.apply(gallery[0], oq.parse_query({"$filter": filter}, PICTURE))] == ids


def test_a_table_is_read_by_its_columns_and_its_rows_are_mappings(gallery):
    images = Base.metadata.tables["images"]
    table = read(images, only=["id", "type", "status", "lat", "artist_id"], rename={"lat": "latitude"})
    assert table.name == "images"
    assert table.key == ("id",)
    with orm.object_session(gallery[0][0]).connection() as opened:
        rows = [*opened.execute(sa.select(images)).mappings()]
        query = oq.parse_query({"$filter": "type eq 'jpg' and latitude eq null and status ne 'Ok'"}, table)
        statement = sql.select(query, "images", dialect="sqlite", columns=["id"])
        assert [row["id"] for row in python.apply(rows, query)] == [3, 6]
        assert gallery[1].execute(*statement).fetchall() == [(3,), (6,)]
    odd = sa.Table(
        "odd",
        sa.MetaData(),
        sa.Column("a b", sa.Integer),
        sa.Column("1st", sa.Text),
        sa.Column("a_b", sa.Integer, key="k"),
        sa.Column("c/d", sa.Integer),
    )
    assert {
        label: (p.attribute, p.column.name) for label, p in read(odd, all_fields=True).properties.items()
    } == {
        "a_b": ("a b", "a b"),
        "_1st": ("1st", "1st"),
        "a_b_": ("a_b", "a_b"),
        "c_d": ("c/d", "c/d"),
    }


class Staff(Base):
    __tablename__ = "staff"
    __table_args__ = {"schema": "main"}
    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    kind: orm.Mapped[str]
    name: orm.Mapped[str]
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "staff"}


class Manager(Staff):
    __tablename__ = "managers"
    id: orm.Mapped[int] = orm.mapped_column(sa.ForeignKey("main.staff.id"), primary_key=True)
    budget: orm.Mapped[int]
    staff_id: orm.Mapped[int | None] = orm.mapped_column(sa.ForeignKey("main.staff.id"))
    deputy: orm.Mapped[Staff | None] = orm.relationship(foreign_keys=[staff_id])
    __mapper_args__ = {"polymorphic_identity": "manager", "inherit_condition": id == Staff.id}


class Clerk(Staff):
    level: orm.Mapped[int | None]
    __mapper_args__ = {"polymorphic_identity": "clerk"}


class Desk(Base):
    __tablename__ = "desks"
    room: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    place: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    staff_id: orm.Mapped[int] = orm.mapped_column(sa.ForeignKey("main.staff.id"))
    staff: orm.Mapped[Staff] = orm.relationship()
    clerk: orm.Mapped[Clerk] = orm.relationship(viewonly=True)


def test_inheritance_keys_and_schemas_are_understood():
    desk = read(Desk, only=["*", "staff/name", "clerk/level"])
    assert desk.key == ("room", "place")
    staff = desk.properties["staff"]
    assert (staff.nullable, staff.table, staff.join) == (False, "main.staff", {"staff_id": "id"})
    # Others than clerks are in the table too.
    assert desk.properties["clerk"].table is None
    manager = read(Manager, only=["*", "deputy/name"])
    assert set(manager.properties) == {"id", "kind", "name", "budget", "staff_id", "deputy"}
    assert manager.properties["deputy"].join == {"staff_id": "id"}
    # What is inherited is in the other table.
    assert {name: manager.members[name].column for name in ("id", "name", "budget")} == {
        "id": "id",
        "name": "",
        "budget": "budget",
    }
    query = oq.parse_query({"$filter": "name eq 'a'"}, manager)
    assert python.apply([Manager(name="a"), Manager(name="b")], query)
    with pytest.raises(oq.UnsupportedError):
        sql.select(query, "managers", dialect="sqlite")
    assert set(read(Clerk, all_fields=True).properties) == {"level", "id", "kind", "name"}


def test_a_composite_is_of_columns_or_of_the_names_of_attributes():
    class Alone(orm.DeclarativeBase):
        pass

    class Walk(Alone):
        __tablename__ = "walks"
        id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
        city: orm.Mapped[str] = orm.mapped_column("town")
        lat: orm.Mapped[float | None]
        lon: orm.Mapped[float | None]
        start: orm.Mapped[Place] = orm.composite("city", "lat", "lon")

    walk = read(Walk, all_fields=True)
    assert list(walk.properties) == ["id", "start"]
    assert {name: m.column for name, m in walk.members["start"].type.members.items()} == {
        "city": "town",
        "latitude": "lat",
        "longitude": "lon",
    }


def test_a_class_that_is_reached_twice_has_one_type():
    found = read(Picture, only=["id", "parent/parent/id", "parent/artist/name", "parts/artist/name"])
    parent, parts = found.members["parent"].type, found.members["parts"].type.element
    assert parent.members["artist"].type is parts.members["artist"].type
    assert list(parent.members["parent"].type.properties) == ["id"]


class Text36(sa.types.TypeDecorator):
    impl = sa.CHAR(36)
    cache_ok = True


class Money(sa.types.UserDefinedType):
    python_type = Decimal


# fmt: off
TYPES = {
    "Edm.Int16": [sa.SmallInteger(), sa.SMALLINT(), mysql.SMALLINT(), mysql.YEAR(), oracle.NUMBER(4, 0)],
    "Edm.Int32": [sa.Integer(), sa.INTEGER(), mysql.INTEGER(), mysql.MEDIUMINT(), mysql.SMALLINT(unsigned=True), oracle.NUMBER(9, 0), sa.Integer().with_variant(sa.BigInteger(), "mysql")],
    "Edm.Int64": [sa.BigInteger(), sa.BIGINT(), mysql.BIGINT(), mysql.INTEGER(unsigned=True), oracle.NUMBER(18, 0), postgresql.OID()],
    "Edm.SByte": [mysql.TINYINT(), mysql.TINYINT(1)],
    "Edm.Byte": [mssql.TINYINT(), mysql.TINYINT(unsigned=True)],
    "Edm.Boolean": [sa.Boolean(), sa.BOOLEAN(), mssql.BIT()],
    "Edm.Decimal": [sa.Numeric(), sa.NUMERIC(8, 2), sa.DECIMAL(8, 2), mysql.DECIMAL(), mssql.MONEY(), mssql.SMALLMONEY(), oracle.NUMBER(), oracle.NUMBER(8, 2), oracle.NUMBER(38, 0), sa.Float(asdecimal=True), mysql.BIGINT(unsigned=True), Money()],
    "Edm.Double": [sa.Float(), sa.FLOAT(), sa.Double(), sa.DOUBLE(), sa.DOUBLE_PRECISION(), sa.Numeric(asdecimal=False), postgresql.DOUBLE_PRECISION(), mysql.DOUBLE(asdecimal=False), oracle.BINARY_DOUBLE(), oracle.FLOAT(), mssql.FLOAT()],
    "Edm.Single": [sa.REAL(), postgresql.REAL(), mssql.REAL(), mysql.FLOAT(), oracle.BINARY_FLOAT()],
    "Edm.String": [sa.String(), sa.String(8), sa.Text(), sa.Unicode(), sa.UnicodeText(), sa.CHAR(), sa.NVARCHAR(), sa.CLOB(), sa.Enum("a", "b"), postgresql.CITEXT(), postgresql.ENUM("a", name="e"), postgresql.DOMAIN("d", sa.Text()), mysql.LONGTEXT(), mysql.ENUM("a"), mssql.NTEXT(), mssql.XML(), oracle.VARCHAR2(8), oracle.NCLOB(), oracle.LONG(), Text36()],
    "Edm.Date": [sa.Date(), sa.DATE(), sqlite.DATE()],
    "Edm.DateTimeOffset": [sa.DateTime(), sa.DateTime(timezone=True), sa.DATETIME(), sa.TIMESTAMP(), postgresql.TIMESTAMP(timezone=True), mysql.DATETIME(fsp=6), mysql.TIMESTAMP(), mssql.DATETIME2(), mssql.DATETIMEOFFSET(), mssql.SMALLDATETIME(), oracle.DATE(), oracle.TIMESTAMP(), sqlite.DATETIME()],
    "Edm.TimeOfDay": [sa.Time(), sa.TIME(), postgresql.TIME(), mysql.TIME(fsp=6), mssql.TIME(), sqlite.TIME()],
    "Edm.Duration": [sa.Interval(), postgresql.INTERVAL(), oracle.INTERVAL()],
    "Edm.Binary": [sa.LargeBinary(), sa.BLOB(), sa.BINARY(4), sa.VARBINARY(4), postgresql.BYTEA(), mysql.LONGBLOB(), mssql.IMAGE(), mssql.VARBINARY("max"), mssql.TIMESTAMP(), mssql.ROWVERSION(), oracle.RAW(16)],
    "Edm.Guid": [sa.Uuid(), sa.UUID(), sa.Uuid(as_uuid=False), postgresql.UUID(), mssql.UNIQUEIDENTIFIER()],
    "Status": [sa.Enum(Status), sa.Enum(Status, native_enum=False), postgresql.ENUM(Status), mysql.ENUM(Status)],
    "Rights": [RightsType()],
    "Collection(Edm.String)": [sa.ARRAY(sa.String), postgresql.ARRAY(sa.Text, dimensions=1), postgresql.ARRAY(postgresql.DOMAIN("d", sa.Text()))],
    None: [sa.JSON(), sa.PickleType(), sa.types.NullType(), sa.ARRAY(sa.Integer, dimensions=2), sa.ARRAY(sa.JSON), sa.ARRAY(sa.Enum(Status)), sa.Time(timezone=True), postgresql.JSONB(), postgresql.HSTORE(), postgresql.INET(), postgresql.CIDR(), postgresql.MACADDR(), postgresql.MONEY(), postgresql.BIT(3), postgresql.INT4RANGE(), postgresql.TSVECTOR(), mysql.JSON(), mysql.SET("a"), mysql.BIT(), mssql.SQL_VARIANT(), oracle.ROWID()],
}
FACETS = [
    (sa.Numeric(8, 3), {"scale": 3}), (mssql.MONEY(), {"scale": 4}), (sa.String(collation="NOCASE"), {"collation": "insensitive"}), (sa.String(collation="C"), {"collation": "binary"}), (sa.Text(collation="de_DE.utf8"), {"collation": "linguistic"}), (sa.Text(collation="utf8mb4_bin"), {"collation": "insensitive"}), (postgresql.CITEXT(), {"collation": "insensitive"}), (sa.DateTime(timezone=True), {"storage": None}), (postgresql.TIMESTAMP(timezone=True), {"storage": None}), (mysql.INTEGER(unsigned=True), {"storage": {"mysql": "unsigned"}}), (oracle.FLOAT(), {"storage": {"oracle": "number"}}), (sa.Uuid(), {"storage": {"sqlite": "hex", "mysql": "hex"}}), (sa.Uuid(native_uuid=False), {"storage": "hex"}), (sa.Interval(native=False), {"storage": "epoch"}), (sa.Time(), {"storage": {"sqlite": "microseconds"}}), (sa.Enum(Status), {"storage": "text"}),
]
# fmt: on


def of_type(given: Any, **more: Any) -> oq.EntityType:
    table = sa.Table("t", sa.MetaData(), sa.Column("x", given))
    return read(table, all_fields=True, **more)


@pytest.mark.parametrize(
    ("name", "given"),
    [(name, given) for name, types in TYPES.items() for given in types],
    ids=lambda x: f"{type(x).__module__}.{x!r}",
)
def test_a_type_of_sqlalchemy_has_its_type_in_odata(name, given):
    if name is not None:
        assert of_type(given).members["x"].type.name == name
        return
    with pytest.raises(
        oq.ConfigurationError, match=r"t\.x: OData has no type for .*; exclude the property, or override it"
    ):
        of_type(given)
    assert of_type(given, exclude=["x"]).properties == {}
    assert of_type(given, override={"x": P("Edm.String")}).properties["x"].type == "Edm.String"


@pytest.mark.parametrize(("given", "facets"), FACETS, ids=repr)
def test_a_type_of_sqlalchemy_says_how_its_values_are_held(given, facets):
    found = of_type(given).properties["x"]
    assert {name: getattr(found, name) for name in facets} == facets


def test_an_enumeration_is_queried_by_its_values_whatever_texts_are_stored():
    for given, texts in ((Mood, {"CALM": 0, "WILD": 1}), (Swapped, {"A": 0, "B": 1}), (Rights, None)):
        prop = of_type(sa.Enum(given)).properties["x"]
        assert oq.EntityType("T", {"x": oq.Property(prop.type)}) == oq.EntityType(
            "T", {"x": oq.Property(given)}
        )
        assert (prop.column.storage, prop.column.texts) == ("text", texts)
    values = of_type(sa.Enum(Mood, values_callable=lambda each: [member.value for member in each]))
    assert values.properties["x"].texts is None


# ---- Django --------------------------------------------------------------------------------------


# fmt: off
class Gallery(AppConfig):
    name, label, path = __name__, "gallery", "."


if not settings.configured:
    memory = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    settings.configure(
        DATABASES={"default": memory}, INSTALLED_APPS=[f"{__name__}.Gallery"], USE_TZ=True, DEFAULT_AUTO_FIELD="django.db.models.BigAutoField"
    )
    django.setup()


class Painter(models.Model):
    name = models.CharField(max_length=20, null=True, db_column="full name")
    password = models.CharField(max_length=20, null=True)

    class Meta:
        app_label = "gallery"


class Topic(models.Model):
    text = models.CharField(max_length=20)

    class Meta:
        app_label = "gallery"


class Painting(models.Model):
    id = models.BigAutoField(primary_key=True)
    reference = models.CharField(max_length=20)
    title = models.TextField(null=True)
    file_type = models.SlugField(db_column="type")
    status = models.CharField(max_length=2, choices=[(status.value, status.name) for status in Status])
    rights = models.IntegerField(null=True, choices=[(1, "read"), (2, "write")])
    width = models.IntegerField()
    height = models.PositiveIntegerField()
    depth = models.SmallIntegerField(null=True)
    size_in_bytes = models.BigIntegerField()
    num_links = models.PositiveBigIntegerField()
    rating = models.FloatField(null=True)
    contrast = models.FloatField(null=True)
    price = models.DecimalField(max_digits=10, decimal_places=2, null=True)
    weight = models.DecimalField(max_digits=10, decimal_places=3)
    is_public = models.BooleanField()
    is_archived = models.BooleanField(null=True)
    created_on = models.DateTimeField()
    modified_on = models.DateTimeField(null=True)
    taken_on = models.DateField(null=True)
    taken_at = models.TimeField(null=True)
    exposure = models.DurationField(null=True)
    checksum = models.BinaryField(null=True)
    uuid = models.UUIDField()
    batch = models.UUIDField(null=True)
    tags = models.JSONField()
    sizes = models.JSONField()
    place = models.JSONField(null=True)
    original_url = models.URLField(db_column="url")
    thumbnail_url = models.URLField(null=True)
    mood = models.CharField(max_length=5, null=True, choices={"calm": "Calm", "wild": "Wild"})
    blank = models.CharField(max_length=5, blank=True, choices={"calm": "Calm"})
    odd = models.CharField(max_length=5, default="", choices={"1a": "A", "2b": "B"})
    shouted = models.GeneratedField(expression=models.F("file_type"), output_field=models.CharField(max_length=20), db_persist=True)
    photo = models.ImageField(null=True)
    painter = models.ForeignKey(Painter, models.CASCADE, null=True, related_name="paintings")
    keeper = models.ForeignKey(Painter, models.CASCADE, related_name="+")
    parent = models.ForeignKey("self", models.CASCADE, null=True, related_name="parts")
    topics = models.ManyToManyField(Topic)
    alike = models.ManyToManyField("self")
    models_for = models.ManyToManyField("self", symmetrical=False, related_name="painted_after")
    experts = models.ManyToManyField(Painter, through="Opinion", related_name="judged")

    class Meta:
        app_label = "gallery"


class Opinion(models.Model):
    """A link with more columns; one painter can have several opinions of a painting."""

    painting = models.ForeignKey(Painting, models.CASCADE)
    painter = models.ForeignKey(Painter, models.CASCADE, null=True)
    stars = models.IntegerField()

    class Meta:
        app_label = "gallery"


class Frame(models.Model):
    painting = models.OneToOneField(Painting, models.CASCADE, primary_key=True)
    colour = models.CharField(max_length=20)

    class Meta:
        app_label = "gallery"


class Fresco(Painting):
    wall = models.CharField(max_length=20)

    class Meta:
        app_label = "gallery"


class Pair(models.Model):
    pk = models.CompositePrimaryKey("a", "b")
    a = models.IntegerField()
    b = models.IntegerField()
    lost = models.ForeignKey("nowhere.Nothing", models.CASCADE)

    class Meta:
        app_label = "gallery"


IN_JSON = {
    "status": P(Status, nullable=False, storage="text"), "rights": P(Rights), "tags": P("Collection(Edm.String)", nullable=False), "sizes": P("Collection(Edm.Int32)", nullable=False), "place": P(PLACE, storage="json"),
}
WITH = ["mood", "shouted", "painter_id", "painter/id", "painter/name", "parent/id", "parent/reference", "parent/painter/name"]
PAINTING = read_model(Painting, only=[*NAMES, *WITH], override=IN_JSON)
NOT_IN_DJANGO = ("artist/images", "parts", "labels", "kind ", "size gt", "mood", "status gt")
DJANGO = [
    {option: value.replace("artist", "painter") for option, value in options.items()}
    for options in OPTIONS
    if not any(part in text(options) for part in NOT_IN_DJANGO)
] + [{"$filter": more} for more in ("mood eq 'calm'", "mood eq null", "mood ne 'wild'", "shouted eq 'jpg'", "taken_at gt 03:00:00", "taken_at eq 05:30:00", "hour(taken_at) lt 4")]
# fmt: on


@pytest.fixture(scope="module")
def museum():
    with connection.schema_editor() as editor:
        for model in (Painter, Topic, Painting, Frame, Opinion):
            editor.create_model(model)
    ana, other = Painter.objects.create(id=1, name="Ana"), Painter.objects.create(id=2)
    for n in range(1, 9):
        row = shared(n)
        for name in ("created_on", "modified_on"):
            row[name] = row[name] and row[name].replace(tzinfo=dt.UTC)
        row["rights"] = row["rights"] and row["rights"].value
        row["status"] = row["status"].value
        row["place"] = (
            None
            if n % 4 == 0
            else {"city": f"City {n}", "latitude": None if n % 3 == 0 else n / 2, "longitude": 1.0}
        )
        more = {
            "mood": [None, "calm", "wild"][n % 3],
            "painter": [None, ana, other][n % 3],
            "parent_id": n // 3 or None,
            "keeper": ana,
        }
        Painting.objects.create(**row, **more)
    Frame.objects.create(painting_id=1, colour="red")
    topics = [Topic.objects.create(id=n, text=text) for n, text in ((1, "x"), (2, "y"))]
    for painting in Painting.objects.all():
        painting.topics.set(topics[: painting.id % 3])
    Painting.objects.get(id=1).alike.set([2, 3])
    Painting.objects.get(id=4).models_for.set([1, 4])
    for painting, painter, stars in ((1, 1, 5), (1, 1, 3), (1, 2, 3), (2, 2, 1), (3, None, 4)):
        Opinion.objects.create(painting_id=painting, painter_id=painter, stars=stars)
    sql.prepare(connection.connection)
    return list(Painting.objects.order_by("id")), connection.connection


@pytest.mark.parametrize("options", DJANGO, ids=text)
def test_a_model_of_django_is_queried_on_its_table_as_in_python(museum, options):
    assert found(oq.parse_query(options, PAINTING), *museum, "gallery_painting")


@pytest.mark.parametrize("zone", ["Europe/Madrid", "Asia/Kolkata", "UTC"])
@pytest.mark.parametrize(
    "options",
    [
        {"$filter": "created_on eq 2024-03-01T04:30:00Z"},
        {"$filter": "created_on gt 2024-03-01T10:30:00"},
        {"$filter": "created_on ge 2024-03-02", "$orderby": "created_on desc"},
        {"$filter": "hour(modified_on) ge 10 or totaloffsetminutes(created_on) eq 0"},
        {"$filter": "date(created_on) eq 2024-03-02 or created_on add duration'PT1H' lt 2024-03-01T11:45:00"},
    ],
    ids=text,
)
def test_moments_of_django_are_in_utc_whatever_the_time_zone_of_the_query_is(museum, options, zone):
    assert found(
        oq.parse_query(options, PAINTING, default_timezone=ZoneInfo(zone)), *museum, "gallery_painting"
    )


def test_a_model_of_django_without_use_tz_has_clocks_in_the_time_zone_of_the_query(museum):
    with override_settings(USE_TZ=False):
        model = read_model(Painting, only=["id", "created_on"])
    options, zone = {"$filter": "created_on gt 2024-03-01T10:30:00"}, ZoneInfo("Europe/Madrid")
    query = oq.parse_query(options, model, default_timezone=zone)
    naive = [SimpleNamespace(id=row.id, created_on=row.created_on.replace(tzinfo=None)) for row in museum[0]]
    found(query, naive, museum[1], "gallery_painting")
    texts = {name: sql.where(query, dialect=name, table="t").text for name in ("oracle", "sqlite")}
    assert all("Madrid" in text for text in texts.values())


def test_a_model_of_django_gives_the_shared_model():
    assert public(read_model(Painting, only=NAMES, override=IN_JSON)) == public(IMAGE)
    camel = read_model(Painting, all_fields=True, only=["painter/*"], rename="camelCase", override=IN_JSON)
    assert (camel.members["fileType"].attribute, camel.members["fileType"].column) == ("file_type", "type")
    assert camel.members["painter"].type.members["name"].column == "full name"


RELATED = [
    "parts/id", "parts/width", "frame/colour", "painter/paintings/id", "topics/text", "topics/painting_set/id",
    "alike/id", "models_for/id", "painted_after/id", "experts/name", "painter/judged/id", "opinion_set/stars",
    "opinion_set/painter/name",
]  # fmt: skip


@pytest.mark.parametrize("prefetched", [False, True])
@pytest.mark.parametrize("times", [1, 80])
@pytest.mark.parametrize(
    ("filter", "ids"),
    [
        ("parts/any(p: p/width gt 400)", [1, 2]),
        ("parts/$count eq 0", [3, 4, 5, 6, 7, 8]),
        ("frame/colour eq 'red'", [1]),
        ("frame eq null", [2, 3, 4, 5, 6, 7, 8]),
        ("painter/paintings/$count gt 2", [1, 2, 4, 5, 7, 8]),
        ("painter/paintings/$count eq null", [3, 6]),
        ("topics/any(t: t/text eq 'y')", [2, 5, 8]),
        ("topics/$count eq 1", [1, 4, 7]),
        ("not topics/any()", [3, 6]),
        ("topics/$filter(text eq 'x')/$count eq 1 and id gt 2", [4, 5, 7, 8]),
        ("topics/any(t: t/painting_set/any(p: p/id gt 7 and p/id ne $it/id))", [1, 2, 4, 5, 7]),
        ("alike/any(a: a/id eq 1)", [2, 3]),
        ("alike/$count eq 2", [1]),
        ("models_for/any(m: m/id eq id)", [4]),
        ("painted_after/$count gt 0", [1, 4]),
        ("experts/$count eq 2", [1]),
        ("experts/any(e: e/name eq 'Ana')", [1]),
        ("experts/any()", [1, 2]),
        ("painter/judged/$count eq 1", [1, 4, 7]),
        ("painter/judged/any(j: j/id eq id)", [1, 2]),
        ("opinion_set/$count eq 3", [1]),
        ("opinion_set/any(o: o/stars gt 3 and o/painter/name ne 'Ana')", [3]),
    ],
)
def test_relations_of_django_are_managers_and_the_other_way_round_is_one_too(
    museum, filter, ids, times, prefetched
):
    query = oq.parse_query({"$filter": filter}, read_model(Painting, only=["id", *RELATED]))
    names = ["parts", "painter__paintings", "topics__painting_set", "alike", "models_for", "experts"]
    rows = list(Painting.objects.order_by("id").prefetch_related(*names)) if prefetched else museum[0]
    assert sorted(found(query, rows, *museum[1:], "gallery_painting")) == ids
    assert [row.id for row in python.apply(rows * times, query)] == ids * times


@pytest.mark.parametrize(
    ("model", "names"),
    [
        (
            Painting,
            [
                *NAMES,
                "mood",
                "shouted",
                "painter",
                "painter_id",
                "parent",
                "topics",
                "alike",
                "experts",
                "parts",
                "frame",
            ],
        ),
        (
            Fresco,
            [
                "id",
                "title",
                "parent",
                "parent_id",
                "topics",
                "painting_ptr",
                "painting_ptr_id",
                "wall",
                "parts",
            ],
        ),
        (Topic, ["id", "text", "painting_set"]),
    ],
)
def test_properties_are_in_the_order_of_the_fields_and_other_sides_come_last(model, names):
    relations = {"painter", "parent", "topics", "alike", "experts", "parts", "painting_set", "painting_ptr"}
    only = [
        f"{name}/id" if name in relations else "frame/colour" if name == "frame" else name for name in names
    ]
    override = {name: prop for name, prop in IN_JSON.items() if name in names}
    assert list(read_model(model, only=reversed(only), override=override).properties) == names


def test_relations_that_were_prefetched_take_no_query(museum):
    rows = list(Painting.objects.order_by("id").prefetch_related("topics", "parts"))
    query = oq.parse_query(
        "$filter=topics/any(t: t/text eq 'y') or parts/$count gt 1",
        read_model(Painting, only=["id", *RELATED]),
    )
    with CaptureQueriesContext(connection) as queries:
        assert [row.id for row in python.apply(rows, query)] == [1, 2, 5, 8]
    assert len(queries) == 0


@pytest.mark.parametrize(
    ("filter", "ids"),
    [("exposure lt duration'PT4S'", [1, 3]), ("batch eq 00000000-0000-0000-0000-000000000003", [3])],
)
def test_what_sqlite_holds_in_djangos_own_way_is_queried_there_too(museum, filter, ids):
    assert found(oq.parse_query({"$filter": filter}, PAINTING), *museum, "gallery_painting") == ids


# fmt: off
FIELDS = {
    "Edm.Int16": [models.SmallIntegerField(), models.PositiveSmallIntegerField(), models.SmallAutoField(primary_key=True)],
    "Edm.Int32": [models.IntegerField(), models.PositiveIntegerField(), models.AutoField(primary_key=True), models.IntegerField(choices=[(1, "one")])],
    "Edm.Int64": [models.BigIntegerField(), models.PositiveBigIntegerField(), models.BigAutoField(primary_key=True), models.ForeignKey(Painter, models.CASCADE), models.OneToOneField(Frame, models.CASCADE)],
    "Edm.Boolean": [models.BooleanField()],
    "Edm.String": [models.CharField(), models.TextField(), models.SlugField(), models.EmailField(), models.URLField(), models.FileField(), models.ImageField(), models.FilePathField(), models.GenericIPAddressField(), models.CharField(choices=[("a b", "A")])],
    "Edm.Decimal": [models.DecimalField(max_digits=5, decimal_places=2)],
    "Edm.Double": [models.FloatField()],
    "Edm.Date": [models.DateField()],
    "Edm.DateTimeOffset": [models.DateTimeField()],
    "Edm.TimeOfDay": [models.TimeField()],
    "Edm.Duration": [models.DurationField()],
    "Edm.Binary": [models.BinaryField()],
    "Edm.Guid": [models.UUIDField()],
    None: [models.JSONField(), models.Field()],
}
# fmt: on


@pytest.mark.parametrize(
    ("name", "field"),
    [(name, field) for name, fields in FIELDS.items() for field in fields],
    ids=lambda x: type(x).__name__,
)
def test_a_field_of_django_has_its_type_in_odata(name, field):
    meta = type("Meta", (), {"app_label": "fields"})
    model = type(f"Model{id(field)}", (models.Model,), {"x": field, "Meta": meta, "__module__": __name__})
    label = field.attname
    if name is not None:
        assert read_model(model, only=[label]).members[label].type.name == name
        return
    with pytest.raises(
        oq.ConfigurationError, match=r"\.x: OData has no type for .*; exclude the property, or override it"
    ):
        read_model(model, all_fields=True)
    assert read_model(model, all_fields=True, exclude=["x"]).key == ("id",)


def test_a_field_like_djangos_array_is_a_collection():
    class ArrayField(models.JSONField):
        base_field = models.DecimalField(max_digits=5, decimal_places=2)

    class Sheet(models.Model):
        prices = ArrayField()

        class Meta:
            app_label = "fields"

    found = read_model(Sheet, all_fields=True).members["prices"]
    assert (found.type, found.nullable) == (edm.collection(edm.DECIMAL), False)


def test_relations_and_keys_of_django_are_understood():
    painting = read_model(
        Painting,
        all_fields=True,
        override=IN_JSON,
        only=["painter/name", "keeper/name", "topics/text", "parts/id", "frame/colour"],
    )
    relations = {
        n: (p.nullable, p.collection, p.column.table, p.column.join)
        for n, p in painting.properties.items()
        if isinstance(p, oq.NavigationProperty)
    }
    assert relations == {
        "painter": (True, False, "gallery_painter", {"painter_id": "id"}),
        "keeper": (False, False, "gallery_painter", {"keeper_id": "id"}),
        "parts": (False, True, "gallery_painting", {"id": "parent_id"}),
        "frame": (True, False, "gallery_frame", {"id": "painting_id"}),
        "topics": (False, True, "gallery_topic", None),
    }
    through = oq.Through("gallery_painting_topics", {"id": "painting_id"}, {"topic_id": "id"})
    assert painting.properties["topics"].column.through == through
    topic = read_model(Topic, only=["painting_set/id"])
    through = oq.Through("gallery_painting_topics", {"id": "topic_id"}, {"painting_id": "id"})
    assert topic.properties["painting_set"].column.through == through
    assert (painting.members["painter_id"].nullable, painting.members["keeper_id"].nullable) == (True, False)
    assert painting.members["mood"].type.name == "PaintingMood"
    assert {painting.members[name].type for name in ("odd", "blank")} == {edm.STRING}
    assert read_model(Frame, all_fields=True).key == ("painting_id",)
    fresco = read_model(Fresco, only=["wall", "title", "painting_ptr/title"])
    assert {name: member.column for name, member in fresco.members.items()} == {
        "title": "",
        "wall": "wall",
        "painting_ptr": "painting_ptr",
    }
    assert read_model(Pair, only=["a", "b"]).key == ("a", "b")
    for lost in ("lost_id", "lost/id"):
        with pytest.raises(oq.ConfigurationError, match="Pair.*OData has no type"):
            read_model(Pair, only=["a", lost])


# ---- accidents -----------------------------------------------------------------------------------

# fmt: off
WRONG = {
    "nothing is published by itself": (lambda: read(Picture), r"nothing of Picture is published by default"),
    "nor by leaving out": (lambda: read(Artist, exclude=["password"]), "nothing of Artist is published"),
    "nor of a table": (lambda: read(Artist.__table__), "nothing of artists is published"),
    "nor of a model": (lambda: read_model(Painter), "nothing of Painter is published"),
    "a relation needs to name what is published": (lambda: read(Picture, only=["id", "artist"]), "name what to publish, as in 'artist/"),
    "one of Django too": (lambda: read_model(Painting, only=["painter"]), "name what to publish, as in 'painter/"),
    "all and some contradict": (lambda: read(Picture, all_fields=True, only=["id"]), "contradict"),
    "so they do in Django": (lambda: read_model(Painter, all_fields=True, only=["id"]), "contradict"),
    "only is no text": (lambda: read(Picture, all_fields=True, only="id"), "is not a list of names"),
    "private attributes do not exist": (lambda: read(Picture, only=["_secret"]), "no property '_secret'"),
    "nor do associations": (lambda: read(Picture, only=["label_texts"]), "no property 'label_texts'"),
    "what is computed needs a type": (lambda: read(Picture, only=["nameless"]), r"Picture\.nameless: OData has no type"),
    "an enumeration of JSON": (lambda: read(Picture, only=["extra"]), r"Picture\.extra: OData has no type for JSON"),
    "an object": (lambda: read(Picture()), "is neither a mapped class of SQLAlchemy nor a Table"),
    "a class that is not mapped": (lambda: read(Place), "is neither a mapped class"),
    "the base of classes": (lambda: read(Base), "is neither a mapped class"),
    "an object of Django": (lambda: read_model(Painter(id=1), all_fields=True), "is not a Django model"),
    "the base of models": (lambda: read_model(models.Model), "is not a Django model"),
    "a class of another kind": (lambda: read_model(Place, all_fields=True), "is not a Django model"),
}
# fmt: on


@pytest.mark.parametrize("wrong", WRONG)
def test_an_accident_is_an_error_that_says_why(wrong):
    act, message = WRONG[wrong]
    with pytest.raises(oq.ConfigurationError, match=message):
        act()


def test_no_password_is_reached_by_a_star():
    for found in (
        read(Picture, all_fields=True, exclude=["swapped", "extra"]),
        read_model(Painter, all_fields=True, exclude=["password"]),
    ):
        assert not [p for p in found.properties.values() if isinstance(p, oq.NavigationProperty)]
        assert "password" not in found.properties


def test_a_class_whose_relation_leads_nowhere_is_an_error():
    class Alone(orm.DeclarativeBase):
        pass

    class Lost(Alone):
        __tablename__ = "lost"
        id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
        other_id: orm.Mapped[int]
        other = orm.relationship("Nobody")

    with pytest.raises(oq.ConfigurationError, match="Lost.*Nobody"):
        read(Lost, only=["id"])


# ---- what SQLite has no type for -----------------------------------------------------------------


class Moment(Base):
    __tablename__ = "moments"
    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    token: orm.Mapped[uuid.UUID | None]
    length: orm.Mapped[dt.timedelta | None]
    clock: orm.Mapped[dt.time | None]
    at: orm.Mapped[dt.datetime | None]


MOMENTS = read(Moment, all_fields=True)
TOKEN = uuid.UUID("0123456789abcdef0123456789abcdef")


@pytest.fixture(scope="module")
def moments():
    engine = sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool)
    Moment.__table__.create(engine)
    rows = [
        Moment(id=1, token=TOKEN, length=dt.timedelta(seconds=5), clock=dt.time(5, 30), at=dt.datetime(2024, 1, 1, 10)),
        Moment(id=2),
        Moment(id=3, token=uuid.UUID(int=1), length=dt.timedelta(days=-3, microseconds=1),
               clock=dt.time(5, 30, 0, 500), at=dt.datetime(2024, 1, 1, 10, 0, 0, 5)),
        Moment(id=4, length=dt.timedelta(days=400, microseconds=123456), clock=dt.time(23, 59, 59)),
    ]  # fmt: skip
    with orm.Session(engine) as session:
        session.add_all(rows)
        session.commit()
        raw = engine.raw_connection().driver_connection
        sql.prepare(raw)
        yield list(session.scalars(sa.select(Moment))), raw


@pytest.mark.parametrize("order", ["id", "token desc", "length", "clock desc", "at"])
@pytest.mark.parametrize(
    ("filter", "ids"),
    [
        (f"token eq {TOKEN}", {1}),
        (f"token in ({TOKEN},00000000-0000-0000-0000-000000000001)", {1, 3}),
        (f"cast(token,Edm.String) eq '{TOKEN}'", {1}),
        ("token ne null", {1, 3}),
        ("length eq duration'PT5S'", {1}),
        ("length lt duration'PT6S'", {1, 3}),
        ("length gt duration'P399D'", {4}),
        ("length eq duration'P400DT0.123456S'", {4}),
        ("length add duration'PT1S' eq duration'PT6S'", {1}),
        ("totalseconds(length) eq 5", {1}),
        ("clock eq 05:30:00", {1}),
        ("clock eq 05:30:00.0005", {3}),
        ("clock gt 05:30:00", {3, 4}),
        ("clock in (05:30:00,23:59:59)", {1, 4}),
        ("hour(clock) eq 5", {1, 3}),
        ("fractionalseconds(clock) gt 0", {3}),
        ("at eq 2024-01-01T10:00:00Z", {1}),
        ("at gt 2024-01-01T10:00:00Z", {3}),
    ],
)
def test_types_that_sqlite_lacks_are_queried_as_sqlalchemy_stores_them(moments, filter, ids, order):
    query = oq.parse_query({"$filter": filter, "$orderby": order}, MOMENTS)
    assert set(found(query, *moments, "moments")) == ids


# ---- what others lead to -------------------------------------------------------------------------


class Person(Base):
    __tablename__ = "people"
    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    kind: orm.Mapped[str]
    password: orm.Mapped[str]
    manager_id: orm.Mapped[int | None] = orm.mapped_column(sa.ForeignKey("people.id"))
    manager: orm.Mapped[Person | None] = orm.relationship(remote_side=[id])
    pw = orm.synonym("password")
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "person"}

    @hybrid_property
    def secret(self):
        return self.password


class Admin(Person):
    __mapper_args__ = {"polymorphic_identity": "admin"}


@pytest.mark.parametrize("cls", [Person, Admin])
def test_what_is_excluded_is_reached_by_no_synonym_and_no_base(cls):
    found = read(cls, only=["*", "manager/*", "manager/manager/*"], exclude=["password"])
    for _ in range(3):
        assert not {"password", "pw", "secret"} & found.members.keys()
        found = found.members["manager"].type if "manager" in found.members else found
    assert "pw" in read(cls, only=["id", "pw"]).members


class Mine(oq.EntityType):
    """A service's own class of entity types."""


def test_models_and_those_that_they_lead_to_are_of_the_class_that_reads_them():
    found = Mine.from_django(Painting, only=["id", "painter/name"])
    assert type(found) is type(found.members["painter"].type) is type(found.restrict()) is Mine
    found = Mine.from_sqlalchemy(Desk, all_fields=True, only=["staff/*"])
    assert type(found) is type(found.members["staff"].type) is Mine
