"""Collections through link tables select the rows on every engine that `python.apply` does."""

from __future__ import annotations

from typing import Any

import pytest

import odata_query as oq
from odata_query import python, sql
from odata_query.model.properties import StructuredType

# fmt: off
P, N, MANY, T = oq.Property, oq.NavigationProperty, {"collection": True}, oq.Through
INT, S = "Edm.Int32", "Edm.String"
TO_TAGS = T("links", {"id": "product"}, {"tag": "id"})
MAKER = oq.EntityType("Maker", {"id": P(INT), "city": P(S)})
TAG = oq.EntityType("Tag", {
    "id": P(INT, key=True), "text": P(S), "weight": P(INT), "Maker": N(MAKER, table="makers", join={"maker": "id"}),
    "Products": N(lambda: PRODUCT, **MANY, table="products", through=T("links", {"id": "tag"}, {"product": "id"})),
    "Names": P("Collection(Edm.String)", table="names", join={"id": "tag"}, column="name"),
})
PRODUCT = oq.EntityType("Product", {
    "id": P(INT, key=True, nullable=False), "name": P(S), "weight": P(INT), "cat": P(S), "Parent": N(lambda: PRODUCT, table="products", join={"parent": "id"}),
    "Tags": N(TAG, **MANY, column=oq.Column(table="tags", through=TO_TAGS)), "texts": P("Collection(Edm.String)", table="tags", through=TO_TAGS, column="text"),
    "Friends": N(lambda: PRODUCT, **MANY, table="products", through=T("friends", {"id": "a"}, {"b": "id"})),
    "Pairs": N(lambda: PRODUCT, **MANY, table="products", through=T("pairs", {"id": "a", "cat": "ac"}, {"b": "id", "bc": "cat"})),
    "Keyless": N(oq.EntityType("Bare", {"weight": P(INT)}), **MANY, table="tags", through=TO_TAGS),
})
# fmt: on
TABLES: dict[str, tuple[dict[str, str], list[tuple[Any, ...]]]] = {
    "makers": ({"id": INT, "city": S}, [(1, "Oslo"), (2, None)]),
    "tags": (
        {"id": INT, "text": S, "weight": INT, "maker": INT},
        [(1, "red", 5, 1), (2, "blue", None, 2), (3, None, 0, None), (4, "red", 7, 9)],
    ),
    "names": ({"tag": INT, "name": S}, [(1, "n"), (1, "m"), (2, None), (4, "A")]),
    "products": (
        {"id": INT, "name": S, "weight": INT, "cat": S, "parent": INT},
        [
            (1, "red", 5, "x", None),
            (2, "B", None, "y", 1),
            (3, None, 0, None, 1),
            (4, "A", 7, "x", 2),
            (5, "blue", 1, "y", 77),
        ],
    ),
    "links": (  # pairs that are there twice, and that lead nowhere
        {"product": INT, "tag": INT, "since": INT},
        [
            *[(1, 1, 1), (1, 1, 2), (1, 2, 1), (2, 3, 1), (4, 1, 1), (4, 4, 1)],
            *[(4, None, 1), (None, 2, 1), (4, 99, 1), (3, 2, 1)],
        ],
    ),
    "friends": ({"a": INT, "b": INT}, [(1, 2), (2, 1), (1, 1), (3, 4), (3, 4), (4, None), (4, 5)]),
    "pairs": (
        {"a": INT, "ac": S, "b": INT, "bc": S},
        [
            *[(1, "x", 2, "y"), (1, "x", 2, "y"), (1, "z", 4, "x"), (3, None, 4, "x")],
            *[(4, "x", 3, None), (4, "x", 1, "x"), (2, "y", 5, "q")],
        ],
    ),
}
ROWS = {
    name: [dict(zip(columns, row, strict=True)) for row in rows] for name, (columns, rows) in TABLES.items()
}


def linked(table: str, join: Any, row: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of a table that a join leads to; null leads nowhere."""
    pairs = [(row[here], there) for here, there in join.items()]
    return [other for other in ROWS[table] if all(v is not None and v == other[there] for v, there in pairs)]


def entity(type: StructuredType, row: dict[str, Any], known: dict[Any, Any]) -> dict[str, Any]:
    """The nested object of a row, with each member of a collection once."""
    place = (type.name, id(row))
    if place in known:
        return known[place]
    found = known[place] = {}
    for name, member in type.members.items():
        column, inner = member.property.column, getattr(member.type, "element", member.type)
        if column.table is None:
            found[name] = row[member.column]
            continue
        if column.through is None:
            rows = linked(column.table, column.join, row)
        else:
            links = linked(column.through.table, column.through.join, row)
            rows = [each for link in links for each in linked(column.table, column.through.onward, link)]
            rows = list({id(each): each for each in rows}.values())
        is_entity = isinstance(inner, StructuredType)
        values = [entity(inner, each, known) if is_entity else each[member.column] for each in rows]
        found[name] = values if inner is not member.type else values[0] if values else None
    return found


OBJECTS = [entity(PRODUCT, row, known) for known in [{}] for row in ROWS["products"]]
FILTERS = """
Tags/any(); not Tags/any(); Tags/any(t: t/text eq 'red'); Tags/any(t: t/text eq name); Tags/any(t: t/text eq null)
Tags/all(t: t/weight gt 4); not Tags/all(t: t/weight gt 4); Tags/$count eq 2; Tags/$count gt 0; Tags/$count eq 0
Tags/$count($filter=text eq 'red') eq 1; Tags/$count($filter=text eq 'red' or text eq $it/name) ge 1
Tags/$filter(weight gt 4)/$count eq 2; Tags/$filter(weight gt 4)/any(t: t/id eq 4); Tags/any(t: t/Maker eq null)
Tags/any(t: t/Maker/city eq 'Oslo'); Tags/$count($filter=Maker/city eq 'Oslo') eq 1; Tags/any(t: t/Names/any(n: n eq 'm'))
Tags/any(t: t/Names/any(n: n eq name)); Tags/any(t: t/Products/any(p: p/id ne $it/id)); Tags/any(t: t/Products/$count gt 1)
Tags/any(t: t/Products/any(p: p/Tags/any(u: u/id gt t/id))); Tags/all(t: t/Products/any(p: p/weight eq 5))
'red' in texts; name in texts; null in texts; texts/any(t: t eq 'red'); texts/$count eq 2; texts/all(t: t eq 'red')
texts/any(t: t in ('blue',null)); texts/$count($filter=$this eq 'red') eq 1; Friends/any(f: f/id eq id)
Friends/any(f: f/Friends/any(g: g/id eq $it/id)); Friends/$count eq 1; Friends/any(f: f/Tags/$count eq 0)
Friends/any(f: f/weight gt weight); Pairs/any(); Pairs/$count eq 1; Pairs/$count eq 0; Pairs/any(p: p/Pairs/any())
Pairs/any(p: p/cat eq 'y'); Pairs/all(p: p/Parent/name eq 'red'); Keyless/$count eq 2; Keyless/$count($filter=weight gt 4) eq 1
Parent/Tags/any(t: t/text eq 'blue'); Parent/Tags/$count eq 2; Parent/Tags/$count eq null; Parent/Parent/Tags/any()
Parent/Tags/any(t: t/weight eq weight); Tags/any(t: Tags/any(u: u/weight gt t/weight)); Tags/$count eq Friends/$count
Tags/any(t: $it/Friends/any(f: f/id eq t/id)); Tags/any(t: t/id eq 1) and Tags/any(t: t/id eq 2)
Tags/any(t: t/id eq 1 or Friends/any()); Tags/any(t: startswith(t/text,'r')); Tags/any(t: t/weight add weight gt 9)
case(Tags/any():1,true:2) eq 2; Tags/any(t: t/text eq 'blue') eq false
"""
ORDERS = [
    "Tags/$count desc",
    "Tags/$count($filter=text eq 'red')",
    "Parent/Tags/$count",
    "Tags/any(t: t/text eq 'red') desc",
    "Keyless/$count desc",
]


@pytest.fixture(scope="module")
def database(engine):
    for name, (columns, _) in TABLES.items():
        engine.create(name, columns, ROWS[name])
    return engine


@pytest.mark.parametrize("form", ["select", "fragments"])
@pytest.mark.parametrize(
    ("filter", "orderby"),
    [(text.strip(), "id") for text in FILTERS.replace("\n", ";").split(";") if text.strip()]
    + [(None, order) for order in ORDERS],
)
def test_a_query_finds_the_same_rows_as_among_objects(database, form, filter, orderby):
    options = {"$orderby": f"{orderby},id"} | ({"$filter": filter} if filter else {})
    query = oq.parse_query(options, PRODUCT)
    try:
        if form == "select":
            text, params = sql.select(query, "products", dialect=database.name, columns=["id"])
        else:
            where = sql.where(query, dialect=database.name, table="p")
            order = sql.order_by(query, dialect=database.name, table="p", first=1 + len(where.params))
            is_named = isinstance(where.params, dict)
            params = {**where.params, **order.params} if is_named else where.params + order.params
            id, table, alias = map(database.quoted, ("id", "products", "p"))
            text = f"SELECT {alias}.{id} FROM {table} AS {alias} WHERE {where.text} ORDER BY {order.text}"
    except oq.UnsupportedError as declared:
        assert database.name in ("clickhouse", "spark")
        pytest.skip(str(declared))
    assert [row[0] for row in database.run(text, params)] == [
        row["id"] for row in python.apply(OBJECTS, query)
    ]


def test_any_and_count_are_one_subquery_without_the_distinct_rows_of_a_whole_table():
    query = oq.parse_query("$filter=Tags/any(t: t/id eq 1) and Tags/$count gt 2", PRODUCT)
    text = sql.where(query, dialect="sqlite", table="products").text
    assert "SELECT DISTINCT" not in text
    assert text.count("SELECT") == 2


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: N(TAG, table="tags", through=TO_TAGS), "needs collection=True"),
        (lambda: N(lambda: TAG, table="tags", through=TO_TAGS), "needs collection=True"),
        (lambda: P(S, table="tags", through=TO_TAGS), "needs collection=True"),
        (lambda: oq.Column(table="tags", join={"id": "x"}, through=TO_TAGS), "both given"),
        (lambda: oq.Column(through=TO_TAGS), "table and join go together"),
        (lambda: oq.Column(table="tags", through="links"), "'links' is not a Through"),
        (lambda: T("links", {}, {"tag": "id"}), "a link table needs"),
        (lambda: T("links", {"id": "product"}, {}), "a link table needs"),
        (lambda: T("", {"id": "product"}, {"tag": "id"}), "a link table needs"),
    ],
)
def test_a_wrong_link_table_is_a_mistake_of_the_model(make, message):
    with pytest.raises(oq.ConfigurationError, match=message):
        make()
