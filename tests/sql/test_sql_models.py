"""Models of shapes that the differential test does not have; the expected rows are those of `python.apply`."""

from __future__ import annotations

import datetime as dt
import itertools
import time
import uuid
from decimal import Decimal

import pytest

import odata_query as oq
from odata_query import edm, python, sql
from odata_query.model.properties import StructuredType
from odata_query.testing.choices import Choices
from odata_query.testing.generator import Generator

# fmt: off
P, N, MANY = oq.Property, oq.NavigationProperty, {"collection": True}
STATUS = oq.EnumType("Status", {"New": 0, "Open": 1, "it's": 5})
COUNTRY = oq.EntityType("Country", {
    "Code": P("Edm.String", column="code"), "Name": P("Edm.String", column="full name"), "size": P("Edm.Int64", nullable=False, column="order"),
})
POINT = oq.ComplexType("Point", {"lat": P("Edm.Double", column="la"), "lon": P("Edm.Double")})
HULL = oq.ComplexType("Hull", {"At": P(POINT, column="pt")})
SEAT = oq.ComplexType("Seat", {
    "City": P("Edm.String", column="town"), "At": P(POINT, column="at"), "select": P("Edm.Int32"), "Country": N(COUNTRY, table="countries", join={"cc": "code"}),
})
INNER = oq.ComplexType("Inner", {"k": P("Edm.Int32"), "more": P("Collection(Edm.Int32)")})
DETAIL = oq.ComplexType("Detail", {
    "day": P("Edm.Date"), "price": P("Edm.Decimal", scale=2), "ref": P("Edm.Guid"), "on": P("Edm.Boolean"), "status": P(STATUS), "named": P(STATUS, storage="text", column="nm"), "at": P("Edm.DateTimeOffset"), "n": P("Edm.Int64"), "quoted": P("Edm.String", column='a"b'), "dotted": P("Edm.String", column="a.b$c'd"), "uni": P("Edm.String", column="ключ😀"), "slash": P("Edm.String", column="a/b~c\\d"), "pct": P("Edm.String", column="%s ?:p1{a}[0]"), "Inner": P(INNER), "tags": P("Collection(Edm.String)"), "parts": P(INNER, **MANY),
})
CUSTOMER = oq.EntityType("Customer", {
    "id": P("Edm.Int32", nullable=False), "Name": P("Edm.String", column="full name"), "Country": N(COUNTRY, table="countries", join={"cc": "code"}), "Must": N(COUNTRY, nullable=False, table="countries", join={"must": "code"}), "Sure": P(POINT, nullable=False), "Seat": P(SEAT), "Detail": P(DETAIL, storage="json"), "Codes": P("Collection(Edm.String)", table="codes", join={"id": "customer"}, column="value"),
})
LINE = oq.EntityType("Line", {
    "no": P("Edm.Int32"), "qty": P("Edm.Int32"), "id": P("Edm.Int32"), "Customer": N(CUSTOMER, table="customers", join={"customer": "id"}),
})
WAREHOUSE = oq.EntityType("Warehouse", {"Label": P("Edm.String", column="name"), "Boss": N(CUSTOMER, table="customers", join={"boss": "id"})})
ORDER = oq.EntityType("Order", {
    "id": P("Edm.Int32", nullable=False, key=True, column="key"), "name": P("Edm.String", column="from"), "select": P("Edm.Int32"), "item1": P("Edm.Int32"), "link1": P("Edm.String", column="link2"), "length": P("Edm.Int32"), "year": P("Edm.Int32", column="contains"), "v": P("Edm.Double"), "a": P("Edm.Double"),
    "m": P("Edm.DateTimeOffset"), "value": P("Edm.Int64"), "Status": P(STATUS, storage="text", column="status"), "Customer": N(CUSTOMER, table="customers", join={"customer": "id"}), "Payer": N(CUSTOMER, table="customers", join={"payer": "id"}), "Warehouse": N(WAREHOUSE, table="warehouses", join={"region": "region", "wh": "no"}),
    "Lines": N(LINE, table="lines", join={"region": "region", "key": "order"}, **MANY), "Parent": N(lambda: ORDER, table="orders", join={"parent": "key"}), "Children": N(lambda: ORDER, table="orders", join={"key": "parent"}, **MANY), "Seat": P(SEAT, column="se"), "Hull": P(HULL, column="hu"), "Detail": P(DETAIL, storage="json", column="detail"), "Details": P(DETAIL, storage="json", **MANY), "Seat_Country": N(COUNTRY, table="countries", join={"cc": "code"}), "Tags": P("Collection(Edm.String)"),
})
INT, S, D, J = "Edm.Int32", "Edm.String", "Edm.Double", "json"
IDS = [uuid.UUID(int=n * 0x1234567890ABCDEF1234567890AB) for n in (1, 2)]
DETAILS = [
    {"day": dt.date(2024, 2, 29), "price": Decimal("1.5"), "ref": IDS[0], "on": True, "status": 1, "nm": "Open", "at": "2024-03-01T01:00:00+02:00", "n": 2**53 + 1, 'a"b': "q", "a.b$c'd": "d", "ключ😀": "u", "a/b~c\\d": "s", "%s ?:p1{a}[0]": "p", "Inner": {"k": 1, "more": [1, 2, None]}, "tags": ["a", None], "parts": [{"k": 1, "more": []}, {"more": [3]}]},
    {"on": False, "status": 0, "nm": "New", "at": "2024-02-29T23:00:00Z", "Inner": None, "tags": [], "parts": []}, {"day": dt.date(2023, 1, 1), "price": -2, "ref": IDS[1], "nm": "it's", "n": -1, 'a"b': "", "a.b$c'd": "D", "Inner": {}, "tags": ["q", "a"], "parts": [{"k": 2, "more": [1]}]},
]
SEATS = {"town": S, "at_la": D, "at_lon": D, "select": INT, "cc": S}


def lines_of(columns, text):
    """Read the rows of a table from lines, where `-` is null."""
    names, _, lines = text.partition("|")
    read = {INT: int, "Edm.Int64": int, D: float}
    return columns, [{n: read.get(columns[n], str)(v) for n, v in zip(names.split(), line.split(), strict=True) if v != "-"} for line in lines.strip().splitlines()]


TABLES = {"countries": ({"code": S, "full name": S, "order": "Edm.Int64"}, [
        {"code": "ch", "full name": "Schweiz", "order": 4}, {"code": "de", "order": 9}, {"code": "at", "full name": "a%b", "order": 1}]), "codes": lines_of({"customer": INT, "value": S}, "customer value |\n 1 a\n 1 -\n 1 x\n 4 x"), "warehouses": lines_of({"region": S, "no": INT, "name": S, "boss": INT}, "region no name boss |\n N 1 N1 2\n N 2 N2 1\n S 1 - -"),
    "lines": lines_of({"region": S, "order": INT, "no": INT, "qty": INT, "id": INT, "customer": INT}, "region order no qty id customer |\n N 1 1 5 1 1\n N 1 2 - 3 -\n S 1 1 5 3 2\n N 2 2 1 2 3\n - 3 1 5 3 1\n S 4 9 0 4 4\n S 4 1 3 - 4"), "customers": ({"id": INT, "full name": S, "cc": S, "must": S, "Sure_la": D, "Sure_lon": D, "Detail": J} | {f"Seat_{n}": t for n, t in SEATS.items()}, [
        {"id": 1, "full name": "Ana", "cc": "ch", "must": "ch", "Sure_la": 0.0, "Seat_town": "Bern", "Seat_at_la": 1.5, "Seat_select": 3, "Seat_cc": "de", "Detail": DETAILS[0]}, {"id": 2, "must": "de", "Seat_at_la": 2.0, "Seat_cc": "ch"}, {"id": 3, "full name": "x", "cc": "de", "must": "at", "Sure_la": 5.5, "Detail": DETAILS[1]},
        {"id": 4, "full name": "Ana", "cc": "zz", "must": "ch", "Seat_town": "z", "Seat_select": 3, "Detail": DETAILS[2]}]), "orders": ({"key": INT, "from": S, "select": INT, "item1": INT, "link2": S, "length": INT, "contains": INT, "v": D, "a": D, "m": "Edm.DateTimeOffset", "value": "Edm.Int64", "status": S, "customer": INT, "payer": INT, "region": S, "wh": INT, "parent": INT, "hu_pt_la": D, "hu_pt_lon": D, "detail": J, "Details": J, "cc": S, "Tags": "Collection(Edm.String)"}
               | {f"se_{n}": t for n, t in SEATS.items()}, [
        {"key": 1, "from": "o1", "select": 1, "item1": 1, "link2": "Ana", "length": 2, "contains": 1, "v": 2.0, "a": 3.0, "value": 2**62, "m": dt.datetime(2024, 2, 29, 23, tzinfo=dt.UTC), "status": "New",
         "customer": 1, "payer": 1, "region": "N", "wh": 1, "se_town": "Bern", "se_at_la": 1.5, "se_cc": "ch", "se_select": 1, "hu_pt_la": 1.0, "detail": DETAILS[0], "Details": DETAILS[:2], "cc": "de", "Tags": ["a", "b", None]}, {"key": 2, "select": 2, "a": 1.0, "customer": 2, "payer": 1, "region": "N", "wh": 2, "parent": 1, "Details": [], "cc": "ch", "Tags": []},
        {"key": 3, "from": "Ana", "select": 3, "item1": 3, "length": 3, "v": 0.0, "value": -7, "m": dt.datetime(2024, 3, 1, 0, 30, tzinfo=dt.UTC), "status": "Open", "customer": 3, "wh": 1, "parent": 2, "se_at_la": 2.0, "hu_pt_lon": 0.0, "detail": DETAILS[1], "Details": DETAILS[2:], "Tags": ["x"]},
        {"key": 4, "from": "x", "item1": 4, "length": 1, "contains": 2024, "v": -1.5, "a": -1.5, "value": 0, "m": dt.datetime(2023, 12, 31, 22, 30, tzinfo=dt.UTC), "status": "it's", "customer": 4, "payer": 2, "region": "S", "wh": 1, "parent": 1, "se_town": "z", "se_cc": "zz", "detail": DETAILS[2], "Details": [], "Tags": ["a"]}, {"key": 5, "from": "o1", "item1": 9, "length": 2, "status": "Open", "payer": 4, "region": "S", "wh": 2, "parent": 99, "se_select": 7, "Details": [DETAILS[1]] * 2, "cc": "at", "Tags": ["Ana"]}]),
}
JSON = {"sqlite": "TEXT", "duckdb": "JSON", "postgresql": "JSONB", "mysql": "JSON", "clickhouse": "Nullable(String)", "spark": "STRING"}


def entity(type, row, prefix, known, in_json=False):
    """Make the nested object of a row, with the rows joined to it and its complex values."""
    place = (type.name, id(row), prefix)
    if row is None or place in known:
        return known.get(place)
    found = known[place] = {}
    for name, member in type.members.items():
        prop, is_many = member.property, isinstance(member.type, edm.CollectionType)
        inner = member.type.element if is_many else member.type
        is_structured, value = isinstance(inner, StructuredType), row.get(prefix + member.column)
        if prop.column.table is not None:
            pairs = [(row.get(prefix + here), there) for here, there in prop.column.join.items()]
            rows = [r for r in TABLES[prop.column.table][1] if all(v is not None and v == r.get(c) for v, c in pairs)]
            value = [entity(inner, r, "", known) if is_structured else r.get(member.column) for r in rows]
            value = value if is_many else value[0] if value else None
        elif is_structured and (in_json or prop.column.storage == "json"):
            value = [entity(inner, v, "", known, True) for v in value or []] if is_many else entity(inner, value, "", known, True)
        elif is_structured:
            value = entity(inner, row, f"{prefix}{member.column}_", known)
            own = [v for n, v in value.items() if inner.members[n].property.column.table is None]
            value = value if not member.nullable or any(v is not None for v in own) else None
        found[name] = value
    return found


KNOWN = {}
ROWS = [entity(ORDER, row, "", KNOWN) for row in TABLES["orders"][1]]
HERE = ["Lines/any(l: l/qty gt 3)", "Customer/Name eq 'Ana'", "Customer/Codes/any(c: c eq 'x')", "Children/any(c: c/Children/any(d: d/Customer/id gt 1))", "v add a gt 1", "item1 mul value gt 0"]
CASES = f"""
Customer/Country/Name ne 'Schweiz'; not (Customer/Country/Name gt 'A'); not (Customer/Country/size le 4); Customer eq null; Customer/Country ne null; Warehouse eq null; Warehouse/Boss/Country/Name eq null; Customer/Seat/Country/Name eq 'Schweiz'; Seat/Country eq null; Seat_Country/Name eq 'Schweiz' and Seat/Country/Name ne 'Schweiz'; Customer/Codes/all(c: c eq 'x'); Customer/Codes/$count eq 0; Seat/At eq null; Customer/Codes/$count ne 0; Customer/Codes/$count eq null; not (Customer/Codes/$count gt 0)
not (name in Customer/Codes); null in Customer/Codes; Parent/Tags/$count eq null; Parent/Tags/all(t: t eq 'a'); Lines/any(l: l/Customer/Country/Name eq 'Schweiz'); Lines/any(l: l/Customer/Codes/any(c: c eq $it/name or c eq l/Customer/Name)); Lines/all(l: l/qty eq 5); not Lines/all(l: l/qty eq 5); Lines/any(l: l/Customer eq null); Lines/$count($filter=qty ge $it/item1) ge 1; Lines/$count($filter=Customer/Name eq $it/name) ge 1; Lines/any(id: id/qty gt $it/id and id/id eq $it/id)
Lines/any(Customer: Customer/Customer/Name eq 'Ana'); Lines/any(l: Customer/Name eq l/Customer/Name); Lines/any(l: $it/Lines/any(m: m/no gt l/no and m/Customer ne null)); Lines/any(l: Lines/any(m: m/no gt l/no)); Parent/Parent/Customer/Country/Name eq 'Schweiz'; Children/any(c: c/Children/any()); Children/any(c: c/Children/any(d: d/Customer/Country/Code eq 'de' and c/id lt d/id and $it/id lt c/id)); Children/any(c: c/Parent/Parent eq null); Parent/Children/any(c: c/id ne $it/id)
Parent/Lines/any(id: id/id eq $it/Parent/Lines/$count); Children/$count($filter=Children/any(d: d/id gt $this/id)) gt 0; Tags/any(t: Children/any(c: c/Tags/any(u: u eq t))); Tags/$count($filter=$this eq $it/name) eq 0; Customer/Codes/any(t: t in $it/Tags); Customer/Name ne Payer/Name; Customer/Seat/At/lat eq 1.5; Customer/Sure/lat ne null; not (Customer/Seat/select gt 2); not (Customer/Name in ('Ana',null)); case(Customer eq null:1,true:2) eq 1; (Customer eq null) eq (Payer eq null)
Warehouse/Label ne Parent/Warehouse/Label; select eq 1; link1 eq 'Ana'; length(name) eq length; year(m) eq year; v mul a gt 5; a div v gt 1; round(v) eq round(a); value add value gt 0; year(m add duration'PT2H') eq 2024; Lines/any(l: l/id add $it/item1 gt 1); substring(name,length) eq ''; Status ne 'New'; Status ge 'Open'; not (Status gt 'New'); Status in ('New','it''s'); not (Status in ('New',null)); 'New' lt Status; Status ne Parent/Status; cast(Status,Edm.Int32) eq 5; Children/any(c: c/Status gt Status)
Detail/day gt 2023-06-01; Detail/day ne 2024-02-29; Detail/price mul 2 eq 3; Detail/price in (1.50,-2); Detail/ref eq {IDS[0]}; Detail/ref ne {IDS[1]}; Detail/on; not Detail/on; Detail/on ne true; Detail/status gt 'New'; Detail/named ne 'it''s'; Detail/at eq 2024-02-29T23:00:00Z; year(Detail/at) eq 2024; Detail/n eq 9007199254740993; Detail/dotted eq 'D'; Detail/uni eq 'u'; Detail/pct eq null; Detail eq null; Detail/Inner eq null; Detail/Inner ne null; Detail/Inner/more/any(m: m eq null)
Detail/Inner/more/$count eq null; Detail/tags/all(t: t ne 'q'); Detail/parts/any(p: p/more/any(m: m gt 2)); Detail/parts/$count($filter=k eq null) eq 1; Details/any(d: d/parts/any(p: p/k eq 2 and d/price lt 0 and id gt 2)); Customer/Detail/Inner eq null; Details/any(d: d/named gt 'New'); Details/any(d: d/on); Details/any(d: not d/on); Details/all(d: d/Inner ne null); Details/any(d: d/ref in ({IDS[1]},null)); Details/any(d: Lines/any(l: l/no eq d/Inner/k)); Details/any(d: d/at eq 2024-02-29T23:00:00Z)
Customer/Detail/tags/$count eq null; Children/any(c: c/Customer/Detail/parts/any(p: p/k eq c/Customer/id or p/k eq 2)); Lines/any(l: l/Customer/Detail/price gt 0); Detail/quoted eq 'q'; Detail/slash eq 's'; Customer/Must eq null; Customer/Must ne null; Customer/Sure eq null; Customer/Sure ne null; Seat eq null; Hull eq null; Seat/At ne null; not (Hull/At eq null) and id gt 1; Customer/Codes/$count($filter=$this eq 'x') eq null; Children/any(c: c/Seat eq null)
"""  # noqa: S608 - the names are those of the test
FILTERS = [text.strip() for text in CASES.replace("\n", ";").split(";") if text.strip()] + HERE
ORDERS = ["Customer/Country/Name desc", "Customer/Country/size,Payer/Name desc,Warehouse/Label", "Parent/Parent/name,Customer/Codes/$count desc", "Customer/Seat/At/lat desc", "Lines/any(l: l/qty gt 3)", "Status desc", "Detail/price desc,Detail/day", "Detail/at", "Detail/ref,Detail/on desc", "Parent/Children/$count desc,Parent/v", "Customer eq null", "name in Tags", "item1 mul value",
]
TABLE_NAMES = ["odata_1", "v", "m", "value", "n", "select", "orders", "lines", "main.orders", "public.orders"]
HIDDEN = {"spark": ("v", "m", "value", "select"), "clickhouse": ("lines", "orders")}
PAGED = ["length(concat(name,'ab%')) desc", "case(item1 gt 3:'z',item1 eq 1:'y',true:name) desc", "Lines/$count($filter=qty gt 3) desc,item1 add 5"]
STYLES = {"sqlite": ("qmark", "named"), "postgresql": ("format", "pyformat"), "duckdb": ("qmark", "numeric_dollar")}
MOMENTS = ["2024-03-01T00:30:00", "2024-02-29T23:59:59.5", "1999-12-31T23:30:00", "2000-01-01T00:00:00"]
AT = ["at eq 2024-02-29T22:30:00Z", "at ne 2024-02-29T17:30:00-05:00", "at gt 2024-03-01", "not (at gt 2024-02-29T22:30:00Z)", "at in (2024-03-01T00:30:00,2000-01-01T03:30:00+05:30,null)", "at le 2024-03-01T00:30:00", "at add duration'PT1H' gt 2024-03-01T01:00:00"]
LARGE = {"in with 1,000 items": f"value in ({','.join(map(str, range(1000)))})", "in with 40,000 items": f"not (value in ({','.join(map(str, range(40_000)))}))", "2,000 ors under and": " and ".join(f"(item1 ne {n} or contains(name,'{n}'))" for n in range(2000)), "20 parents": "Parent/" * 20 + "name eq null",
    "f and ((...) eq g)": "Detail/on and ((" * 60 + "Detail/on" + ") eq Detail/on)" * 60, "not under and": "not (" * 60 + "item1 gt 3" + " and name eq 'o1')" * 60,
}
UNBOUNDED = oq.Limits(max_length=None, max_nodes=None, max_depth=None, max_in_items=None, max_path_depth=None)
CELL = oq.EntityType("Cell", {"id": P(INT, key=True), "name": P(S), **{way: N(lambda: CELL, table="cells", join={way + "x": "x", way + "y": "y"}) for way in ("Up", "Left")}})
OWNED = oq.ComplexType("Owned", {"Owner": N(COUNTRY, table="owners", join={"cc": "code"})})
ODD = oq.EntityType("Odd", {
    "a": P(OWNED), "a_Owner": N(COUNTRY, table="others", join={"cc": "code"}), "e": P(oq.EnumType("E", {"A": 1, "B": 1}), storage="text"), "tags": P("Collection(Edm.String)", table="tags", join={"id": "id"}, column="{x}"),
})
SHAPES = {  # what is right: the model, a filter, and what holds for the condition with the rows known as odata_1
    "where() gives out no alias by which the rows are known": (CELL, "Up/name eq 'a' or Left/name eq 'b'", lambda where, select: 'AS "odata_1"' not in where.text), "a path in a fragment writes each of its steps once": (CELL, "Up/" * 8 + "name eq 'a'", lambda where, select: len(where.text) < 2_000),
    "a/Owner and a_Owner are two links": (ODD, "a/Owner/size eq 1 and a_Owner/size eq 2", lambda where, select: '"others"' in select.text), "a column's name can have braces": (ODD, "tags/any(t: t eq 'a')", lambda where, select: '"{x}"' in where.text), "a member of an enumeration can have two names": (ODD, "e eq 'B'", lambda where, select: where.params != ("A",)),
}
# fmt: on


@pytest.fixture(scope="module")
def database(engine):
    for name, (columns, rows) in TABLES.items():
        engine.create(name, {n: (S, JSON) if t == J else t for n, t in columns.items()}, rows)
    return engine


def parse(filter=None, orderby="id", model=ORDER, **given):
    options = {"$orderby": f"{orderby},id"} | ({"$filter": filter} if filter else {})
    return oq.parse_query(options, model, **given)


def ids(query, rows=ROWS):
    return [row["id"] for row in python.apply(rows, query)]


def found(engine, form, query, alias="o", table="orders", key="key", **given):
    """Return the ids from a SELECT, or from fragments; skip what the dialect does not support."""
    given["dialect"], q = engine.name, engine.quoted
    try:
        if form == "select":
            return [row[0] for row in engine.run(*sql.select(query, table, columns=["id"], **given))]
        where = sql.where(query, table=alias, **given)
        order = sql.order_by(query, table=alias, first=1 + len(where.params), **given)
    except (oq.UnsupportedError, oq.LimitError) as declared:
        pytest.skip(str(declared))
    except oq.ConfigurationError as declared:
        assert "key" in str(declared)
        pytest.skip(str(declared))
    is_named = isinstance(where.params, dict)
    params = {**where.params, **order.params} if is_named else where.params + order.params
    source = f"{q(alias)}.{q(key)} FROM {q(table)} AS {q(alias)}"
    text = f"SELECT {source} WHERE {where.text} ORDER BY {order.text}"
    return [row[0] for row in engine.run(text, params)]


@pytest.mark.parametrize("form", ["select", "fragments"])
@pytest.mark.parametrize(("filter", "orderby"), [(f, "id") for f in FILTERS] + [(None, o) for o in ORDERS])
def test_a_query_finds_the_same_rows_as_among_objects(database, form, filter, orderby):
    assert found(database, form, parse(filter, orderby)) == ids(parse(filter, orderby))


@pytest.mark.parametrize("name", TABLE_NAMES)
@pytest.mark.parametrize("filter", HERE)
def test_tables_can_have_any_name_and_a_schema(database, name, filter):
    query, schema = parse(filter), name.partition(".")[0]
    if name in HIDDEN.get(database.name, ()):
        pytest.skip(f"{database.name} takes the alias for a column or a table of that name")
    if "." not in name:
        assert found(database, "fragments", query, alias=name) == ids(query)
    elif (schema == "public") is (database.name == "postgresql") and database.name in STYLES:
        assert found(database, "select", query, table=name) == ids(query)
        assert database.run(*sql.count(query, name, dialect=database.name)) == [(len(ids(query)),)]


@pytest.mark.parametrize("page", [{}, {"$top": "0"}, {"$skip": "1"}, {"$top": "2", "$skip": "1"}])
@pytest.mark.parametrize("orderby", PAGED)
def test_values_of_filter_order_and_page_are_bound_in_their_order(database, orderby, page):
    for filter, style in itertools.product(HERE, STYLES.get(database.name, (None,))):
        query = oq.parse_query({"$filter": filter, "$orderby": f"{orderby},id", **page}, ORDER)
        assert found(database, "select", query, paramstyle=style) == ids(query)


def logs_of(database, storage, zone):
    """Create a table of moments without offset; return its model and its rows in a time zone."""
    if database.name not in STYLES:
        pytest.skip("it has other storages")
    moments = [dt.datetime.fromisoformat(text) for text in MOMENTS]
    is_text = storage == "text" or database.name == "sqlite"
    kept = [{"id": 9}, *[{"id": n, "at": m.isoformat() if is_text else m} for n, m in enumerate(moments)]]
    database.create("logs", {"id": INT, "at": (S, {} if is_text else {database.name: "timestamp"})}, kept)
    rows = [{"id": 9, "at": None}, *[{"id": n, "at": m.replace(tzinfo=zone)} for n, m in enumerate(moments)]]
    return oq.EntityType(
        "Log", {"id": P(INT, key=True), "at": P("Edm.DateTimeOffset", storage=storage)}
    ), rows


@pytest.mark.parametrize("filter", AT)
@pytest.mark.parametrize("form", ["select", "fragments"])
@pytest.mark.parametrize("storage", ["timestamp", "text"])
def test_moments_without_offset_are_in_the_default_timezone(database, storage, form, filter):
    zone = dt.timezone(dt.timedelta(hours=2))
    model, rows = logs_of(database, storage, zone)
    query = parse(filter, model=model, default_timezone=zone)
    assert found(database, form, query, table="logs", key="id") == ids(query, rows)


@pytest.mark.parametrize("hours", [2, -5])
def test_where_of_a_query_selects_the_rows_that_select_does(database, hours):
    zone = dt.timezone(dt.timedelta(hours=hours))
    model, rows = logs_of(database, "timestamp", zone)
    generator, compared = Generator(model, rows=rows), 0
    for seed in range(150):
        query = parse(oq.unparse(generator.filter(Choices.seeded(seed))), model=model, default_timezone=zone)
        try:
            where = sql.where(query, dialect=database.name)
            sql.select(query, "logs", dialect=database.name)
        except (oq.UnsupportedError, oq.LimitError):
            continue
        compared += 1
        text = f"SELECT id FROM logs WHERE {where.text} ORDER BY id"
        assert [row[0] for row in database.run(text, where.params)] == found(
            database, "select", query, table="logs"
        )
    assert compared > 50


OWN_WAYS = {
    "token": ("Edm.Guid", {"sqlite": "hex", "mysql": "hex"}, "CHAR(32)"),
    "length": ("Edm.Duration", {"sqlite": "epoch", "mysql": "epoch"}, "DATETIME(6)"),
    "micros": ("Edm.Duration", {"sqlite": "microseconds", "mysql": "microseconds"}, "BIGINT"),
}
"""Types that an engine lacks, as SQLAlchemy and Django store them."""


@pytest.mark.parametrize(
    "filter",
    [
        "token eq 01234567-89ab-cdef-0123-456789abcdef", "token ne 01234567-89ab-cdef-0123-456789abcdef",
        "token in (01234567-89ab-cdef-0123-456789abcdef,00000000-0000-0000-0000-000000000001)",
        "cast(token,Edm.String) eq '01234567-89ab-cdef-0123-456789abcdef'", "length eq duration'PT5.000001S'",
        "length lt duration'PT5.000001S'", "length gt duration'P399D'", "length add duration'PT1S' gt duration'PT6S'",
        "micros eq duration'-PT0.000001S'", "micros ge duration'PT0S'", "micros eq length", "micros ne length",
    ],
)  # fmt: skip
def test_types_that_an_engine_lacks_are_read_in_the_forms_of_other_libraries(database, filter):
    if database.name not in ("sqlite", "mysql"):
        pytest.skip("it has types of its own")
    properties = {name: P(type, storage=storage) for name, (type, storage, _) in OWN_WAYS.items()}
    model = oq.EntityType("Own", {"id": P(INT, key=True), **properties})
    second = dt.timedelta(seconds=1, microseconds=0)
    token, micro = uuid.UUID("0123456789abcdef0123456789abcdef"), dt.timedelta(microseconds=1)
    rows = [
        {"id": 1, "token": token, "length": 5 * second + micro, "micros": -micro},
        {"id": 2, "token": None, "length": None, "micros": None},
        {
            "id": 3,
            "token": uuid.UUID(int=1),
            "length": dt.timedelta(days=400),
            "micros": dt.timedelta(days=400),
        },
    ]
    columns = ", ".join(f"{name} {column}" for name, (_, _, column) in OWN_WAYS.items())
    database.run("DROP TABLE IF EXISTS own_ways")
    database.run(f"CREATE TABLE own_ways (id INTEGER, {columns})")
    for row in rows:
        epoch = row["length"] and (dt.datetime(1970, 1, 1) + row["length"]).isoformat(" ", "microseconds")
        values = [row["token"] and row["token"].hex, epoch, row["micros"] and row["micros"] // micro]
        texts = ", ".join("NULL" if value is None else f"'{value}'" for value in values)
        database.run(f"INSERT INTO own_ways VALUES ({row['id']}, {texts})")
    for order in ("id", "token desc,id", "length,id", "micros desc,id"):
        query = oq.parse_query({"$filter": filter, "$orderby": order}, model)
        assert found(database, "select", query, table="own_ways") == ids(query, rows)


@pytest.mark.parametrize("large", LARGE)
def test_a_large_filter_finds_its_rows_or_is_an_error_at_once(database, large):
    begun = time.perf_counter()
    query = parse(LARGE[large], limits=UNBOUNDED)
    wanted = ids(query)
    assert time.perf_counter() - begun < 5
    assert found(database, "select", query) == wanted


@pytest.mark.parametrize("shape", SHAPES)
def test_models_of_odd_shapes_compile(shape):
    model, filter, holds = SHAPES[shape]
    query = oq.parse_query({"$filter": filter}, model)
    where = sql.where(query.filter, dialect="sqlite", table="odata_1")
    assert holds(where, sql.select(query, "odata_1", dialect="sqlite"))


def test_more_joins_than_an_engine_takes_are_too_large():
    paths = map("/".join, itertools.product(("Up", "Left"), repeat=6))
    query = parse(" or ".join(f"{path}/name eq '{n}'" for n, path in enumerate(paths)), model=CELL)
    with pytest.raises(oq.LimitError):
        sql.select(query, "cells", dialect="sqlite")
