"""Relations of SQLAlchemy through link tables, on SQLite and among the objects."""

# ruff: noqa: E402  # what is optional is imported once it is known to be there

from __future__ import annotations

from typing import Any

import pytest

import odata_query as oq
from odata_query import python, sql

sa = pytest.importorskip("sqlalchemy")

from sqlalchemy import orm
from sqlalchemy.ext import hybrid

read = oq.EntityType.from_sqlalchemy


class Base(orm.DeclarativeBase):
    pass


def link(name: str, *columns: Any, **more: Any) -> sa.Table:
    return sa.Table(name, Base.metadata, *columns, **more)


# fmt: off
TAGGED = link("tagged", sa.Column("product", sa.ForeignKey("products.id")), sa.Column("tag_id", sa.ForeignKey("tags.id")), sa.Column("since", sa.Integer))
FOLLOWS = link("follows", sa.Column("who", sa.ForeignKey("products.id")), sa.Column("whom", sa.ForeignKey("products.id")))
STORED = link("stored", sa.Column("product", sa.ForeignKey("products.id")), sa.Column("hall", sa.Integer), sa.Column("shelf", sa.Integer), sa.ForeignKeyConstraint(["hall", "shelf"], ["places.hall", "places.shelf"]))
OWNERS = link("owners", sa.Column("product", sa.ForeignKey("products.id")), sa.Column("tag", sa.ForeignKey("tags.id")))
LOOSE = link("loose", sa.Column("a", sa.Integer), sa.Column("b", sa.Integer))
# fmt: on


class Tag(Base):
    __tablename__ = "tags"
    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    text: orm.Mapped[str | None] = orm.mapped_column("label")
    products: orm.Mapped[list[Product]] = orm.relationship(secondary=TAGGED, back_populates="tags")


class Place(Base):
    __tablename__ = "places"
    hall: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    shelf: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    products: orm.Mapped[list[Product]] = orm.relationship(secondary=STORED, viewonly=True)


class Rating(Base):
    """An association class: a link with a value, and an id of its own."""

    __tablename__ = "ratings"
    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    product_id: orm.Mapped[int | None] = orm.mapped_column(sa.ForeignKey("products.id"))
    tag_id: orm.Mapped[int | None] = orm.mapped_column(sa.ForeignKey("tags.id"))
    stars: orm.Mapped[int]
    tag: orm.Mapped[Tag | None] = orm.relationship()


# fmt: off
class Product(Base):
    __tablename__ = "products"
    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    name: orm.Mapped[str | None]
    tags: orm.Mapped[list[Tag]] = orm.relationship(secondary=TAGGED, back_populates="products")
    seen: orm.Mapped[list[Tag]] = orm.relationship(secondary=TAGGED, viewonly=True)
    late: orm.DynamicMapped[Tag] = orm.relationship(secondary=TAGGED, viewonly=True)
    follows: orm.Mapped[list[Product]] = orm.relationship(secondary=FOLLOWS, primaryjoin=lambda: Product.id == FOLLOWS.c.who, secondaryjoin=lambda: FOLLOWS.c.whom == Product.id)
    followers: orm.Mapped[list[Product]] = orm.relationship(secondary=FOLLOWS, primaryjoin=lambda: FOLLOWS.c.whom == Product.id, secondaryjoin=lambda: FOLLOWS.c.who == Product.id, viewonly=True)
    by_id: orm.Mapped[dict[int, Tag]] = orm.relationship(secondary=TAGGED, viewonly=True, collection_class=orm.attribute_keyed_dict("id"))
    places: orm.Mapped[list[Place]] = orm.relationship(secondary=STORED, viewonly=True)
    ratings: orm.Mapped[list[Rating]] = orm.relationship()
    rated: orm.Mapped[list[Tag]] = orm.relationship(secondary="ratings", viewonly=True)
    untied: orm.Mapped[list[Tag]] = orm.relationship(secondary=LOOSE, primaryjoin=lambda: Product.id == orm.foreign(LOOSE.c.a), secondaryjoin=lambda: Tag.id == orm.foreign(LOOSE.c.b), viewonly=True)
    recent: orm.Mapped[list[Tag]] = orm.relationship(secondary=TAGGED, secondaryjoin=lambda: sa.and_(Tag.id == TAGGED.c.tag_id, TAGGED.c.since > 5), viewonly=True)
    either: orm.Mapped[list[Tag]] = orm.relationship(secondary=OWNERS, primaryjoin=lambda: sa.or_(Product.id == OWNERS.c.product, Product.id == OWNERS.c.tag), viewonly=True)
    owner: orm.Mapped[Tag | None] = orm.relationship(secondary=OWNERS, viewonly=True)
    nested: orm.Mapped[list[Tag]] = orm.relationship(secondary=lambda: sa.join(TAGGED, Tag, TAGGED.c.tag_id == Tag.id), primaryjoin=lambda: Product.id == TAGGED.c.product, secondaryjoin=lambda: Tag.id == TAGGED.c.tag_id, viewonly=True)
# fmt: on


MAPPED = ["tags", "seen", "late", "follows", "followers", "by_id", "rated", "untied"]
UNMAPPED = ["recent", "either", "owner", "nested"]
ONLY = [
    "id",
    "name",
    *[
        f"{name}/*"
        for name in (
            *MAPPED,
            *UNMAPPED,
            "places",
            "ratings",
            "ratings/tag",
            "followers/follows",
            "tags/products",
        )
    ],
]
MODEL = read(Product, only=ONLY)


@pytest.fixture(scope="module")
def shop():
    engine = sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool)
    Base.metadata.create_all(engine)
    with orm.Session(engine) as session:
        session.add_all([Tag(id=n, text=text) for n, text in ((1, "red"), (2, "blue"), (3, None))])
        session.add_all([Place(hall=h, shelf=s) for h, s in ((1, 1), (1, 2), (2, 1))])
        session.add_all([Product(id=n, name=name) for n, name in enumerate(("red", None, "x", "y"), 1)])
        session.flush()
        for table, columns, rows in (
            (TAGGED, ("product", "tag_id", "since"), [(1, 1, 1), (1, 1, 9), (1, 2, 3), (2, 3, 6), (None, 1, 1), (3, None, 1)]),
            (FOLLOWS, ("who", "whom"), [(1, 2), (2, 1), (1, 1), (3, 1), (3, 4)]),
            (STORED, ("product", "hall", "shelf"), [(1, 1, 1), (1, 2, 1), (2, 1, 2), (3, 1, None)]),
            (OWNERS, ("product", "tag"), [(1, 2)]),
            (LOOSE, ("a", "b"), [(4, 1), (4, 2), (9, 9)]),
        ):  # fmt: skip
            session.execute(table.insert(), [dict(zip(columns, row, strict=True)) for row in rows])
        session.add_all([Rating(product_id=1, tag_id=1, stars=3), Rating(product_id=1, tag_id=1, stars=5)])
        session.add_all([Rating(product_id=2, stars=1)])
        session.commit()
        raw = engine.raw_connection().driver_connection
        sql.prepare(raw)
        yield list(session.scalars(sa.select(Product).order_by(Product.id))), raw


@pytest.mark.parametrize("times", [1, 150])
@pytest.mark.parametrize(
    ("filter", "ids"),
    [
        ("tags/any(t: t/text eq 'red')", [1]),
        ("not tags/any()", [3, 4]),
        ("tags/all(t: t/text ne null)", [1, 3, 4]),
        ("tags/$count eq 2", [1]),
        ("tags/$count eq 1", [2]),
        ("tags/any(t: t/products/any(p: p/name eq t/text))", [1, 2]),
        ("seen/$count eq 2", [1]),
        ("late/$count eq 2", [1]),
        ("late/any(t: t/text eq null)", [2]),
        ("by_id/any(t: t/text eq 'blue') and by_id/$count eq 2", [1]),
        ("follows/any(f: f/id eq id)", [1]),
        ("follows/$count eq 2", [1, 3]),
        ("followers/$count eq 3", [1]),
        ("followers/any(f: f/follows/any(g: g/name eq 'y'))", [1, 4]),
        ("places/any(p: p/hall eq 2)", [1]),
        ("places/$count eq 1", [2]),
        ("ratings/any(r: r/stars gt 4 and r/tag/text eq 'red')", [1]),
        ("ratings/$count eq 2", [1]),
        ("rated/$count eq 1", [1]),
        ("untied/$count eq 2", [4]),
    ],
)
def test_a_relation_through_a_link_table_is_queried_as_among_objects(shop, filter, ids, times):
    rows, raw = shop
    query = oq.parse_query({"$filter": filter, "$orderby": "id"}, MODEL)
    assert [
        row[0] for row in raw.execute(*sql.select(query, "products", dialect="sqlite", columns=["id"]))
    ] == ids
    assert [row.id for row in python.apply(rows, query)] == ids
    assert len(python.apply(rows * times, query)) == len(ids) * times


@pytest.mark.parametrize("name", UNMAPPED)
def test_what_takes_more_than_comparing_columns_is_queried_among_objects_and_refused_by_sql(shop, name):
    text = "owner/id eq 2" if name == "owner" else f"{name}/any()"
    query = oq.parse_query({"$filter": text}, MODEL)
    assert python.apply(shop[0], query)
    with pytest.raises(oq.UnsupportedError) as refused:
        sql.select(query, "products", dialect="sqlite")
    assert refused.value.problems[0].span is not None


def test_a_composite_link_has_all_its_columns():
    way = MODEL.properties["places"].column
    assert way.through == oq.Through("stored", {"id": "product"}, {"hall": "hall", "shelf": "shelf"})
    assert read(Tag, only=["products/id"]).properties["products"].column.through == oq.Through(
        "tagged", {"id": "tag_id"}, {"product": "id"}
    )


def test_a_column_without_a_table_can_be_given_to_what_is_unmapped(shop):
    way = oq.Column(table="tags", through=oq.Through("owners", {"id": "product"}, {"tag": "id"}))
    tag = read(Tag, all_fields=True)
    given = {"either": oq.NavigationProperty(tag, collection=True, column=way)}
    query = oq.parse_query(
        "$filter=either/any(t: t/text eq 'blue')", read(Product, only=["id", "either/*"], override=given)
    )
    assert shop[1].execute(*sql.select(query, "products", dialect="sqlite", columns=["id"])).fetchall() == [
        (1,)
    ]


# ---- the order of properties ----------------------------------------------------------------------


class Dated:
    created: orm.Mapped[int]


class Paper(Dated, Base):
    __tablename__ = "papers"
    title: orm.Mapped[str]
    owner: orm.Mapped[Tag | None] = orm.relationship()
    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    kind: orm.Mapped[str]
    owner_id: orm.Mapped[int | None] = orm.mapped_column(sa.ForeignKey("tags.id"))
    called = orm.synonym("title")
    width = sa.Column("w", sa.Integer)
    parts: orm.Mapped[list[Product]] = orm.relationship(
        secondary=TAGGED, primaryjoin=lambda: Paper.owner_id == TAGGED.c.tag_id, viewonly=True
    )
    last: orm.Mapped[int]
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "paper"}

    @hybrid.hybrid_property
    def area(self) -> int:
        return self.width


class Letter(Paper):
    __tablename__ = "letters"
    stamp: orm.Mapped[str]
    id: orm.Mapped[int] = orm.mapped_column(sa.ForeignKey("papers.id"), primary_key=True)
    place: orm.Mapped[str]
    __mapper_args__ = {"polymorphic_identity": "letter"}


PAPER = "title owner id kind owner_id called width parts area last created"


@pytest.mark.parametrize(
    ("cls", "names"),
    [
        (Paper, PAPER),
        (Letter, f"{PAPER} stamp place"),
        (Product, " ".join(["id", "name", *MAPPED[:6], "places", "ratings", *MAPPED[6:], *UNMAPPED])),
    ],
)
def test_properties_are_in_the_order_of_the_class(cls, names):
    only = [
        f"{n}/id" if isinstance(sa.inspect(cls).attrs.get(n), orm.RelationshipProperty) else n
        for n in names.split()
    ]
    only = [name.replace("places/id", "places/hall") for name in only]
    assert list(read(cls, only=reversed(only)).properties) == names.split()


def test_properties_of_a_table_are_in_the_order_of_its_columns():
    assert list(read(Paper.__table__, all_fields=True).properties) == [
        column.name for column in Paper.__table__.columns
    ]
