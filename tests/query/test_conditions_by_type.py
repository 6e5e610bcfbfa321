"""Conditions by type: paths of a query lead to those rows alone that the service shows."""

from __future__ import annotations

import pytest

import odata_query as oq
from odata_query import edm, python, sql

NOTES = oq.Column(table="notes", join={"id": "order_id"})
ORDERS = oq.Column(table="orders", join={"id": "customer_id"})
PARTS = oq.Column(table="parts", join={"id": "order_id"})
TO_CUSTOMER = oq.Column(table="customers", join={"customer_id": "id"})
ID = oq.Property("Edm.Int32", nullable=False, key=True)
TEXT = oq.Property("Edm.String")
TENANT = oq.Property("Edm.Int32")


def model(of_orders: str | None = None, of_customers: str | None = None, of_parts: str | None = None):
    """Orders with their customers and parts, and conditions on these."""
    part = oq.EntityType("Part", {"id": ID, "mark": TEXT, "weight": oq.Property("Edm.Int32", nullable=False)})
    order = oq.EntityType(
        "Order",
        {
            "id": ID,
            "tenant": TENANT,
            "note": TEXT,
            "notes": oq.Property(
                "Collection(Edm.String)",
                column=oq.Column("note", None, None, None, "notes", {"id": "order_id"}),
            ),
            "customer": oq.NavigationProperty(lambda: customer, column=TO_CUSTOMER, where=of_customers),
            "parts": oq.NavigationProperty(part, collection=True, column=PARTS, where=of_parts),
        },
    )
    customer = oq.EntityType(
        "Customer",
        {
            "id": ID,
            "name": TEXT,
            "is_open": oq.Property("Edm.Boolean", nullable=False),
            "tenant": TENANT,
            "orders": oq.NavigationProperty(order, collection=True, column=ORDERS, where=of_orders),
        },
    )
    return order


def rows():
    """Eight orders of tenants 7 and 8, whose customers are of tenants 7, 8 and none."""
    customers = [
        {"id": 1, "name": "Ann", "is_open": True, "tenant": 7},
        {"id": 2, "name": "Bo", "is_open": False, "tenant": 8},
        {"id": 3, "name": None, "is_open": True, "tenant": None},
    ]
    orders = []
    for n in range(1, 9):
        parts = [{"id": 10 * n + k, "mark": f"m{k}", "weight": k} for k in range(n % 3)]
        notes = [f"n{k}" for k in range(n % 2)]
        who = customers[n % 4 - 1] if n % 4 else None
        tenant, note = 7 + n % 2, f"note {n}" if n % 2 else f"secret {n}"
        orders.append(
            {"id": n, "tenant": tenant, "note": note, "customer": who, "parts": parts, "notes": notes}
        )
    for customer in customers:
        customer["orders"] = [row for row in orders if row["customer"] is customer]
    return orders


def seen(orders, of_orders, of_customers, of_parts):
    """What is left of the rows if no path leads to a row that its condition drops, three levels deep."""

    def order(row, depth):
        if depth == 0:
            return None
        who = row["customer"]
        parts = [part for part in row["parts"] if of_parts(part)]
        return {
            **row,
            "parts": parts,
            "customer": customer(who, depth - 1) if who and of_customers(who) else None,
        }

    def customer(row, depth):
        return {**row, "orders": [order(each, depth) for each in row["orders"] if of_orders(each)]}

    return [order(row, 3) for row in orders]


QUERIES = [
    "$filter=customer eq null",
    "$filter=customer ne null&$orderby=id desc",
    "$filter=not (customer eq null) or id eq 2",
    "$filter=customer/name eq 'Ann'",
    "$filter=customer/name ne 'Ann'",
    "$filter=customer/name eq null",
    "$filter=not contains(customer/name,'B')",
    "$filter=not (length(customer/name) gt 2)",
    "$filter=customer/id gt 1",
    "$filter=not (customer/id gt 1)",
    "$filter=customer/id add 1 ne 2",
    "$filter=customer/is_open",
    "$filter=not customer/is_open",
    "$filter=customer/is_open eq null",
    "$filter=customer/is_open or id eq 8",
    "$filter=customer/name in ('Ann',null)",
    "$filter=isof(customer,Order.Customer) or isof(customer,Customer)",
    "$filter=case(customer/is_open:customer/name,true:'none') eq 'none'",
    "$filter=customer/orders/any()",
    "$filter=not customer/orders/any()",
    "$filter=customer/orders/any(o:startswith(o/note,'secret'))",
    "$filter=customer/orders/all(o:startswith(o/note,'note'))",
    "$filter=customer/orders/$count ge 1",
    "$filter=customer/orders/$count eq null",
    "$filter=customer/orders/$count($filter=contains(note,'s')) eq 1",
    "$filter=customer/orders/$filter(id gt 2)/any(o:o/id lt 7)",
    "$filter=customer/orders/any(o:o/customer/name eq 'Ann')",
    "$filter=customer/orders/any(o:o/parts/any(p:p/weight eq 0))",
    "$filter=customer/orders/any(o:o/parts/all(p:p/mark eq 'm0' and $it/id ne o/id))",
    "$filter=customer/orders/any(o:o/parts/$count gt 1)",
    "$filter=parts/any()",
    "$filter=parts/any(p:p/weight eq 1)",
    "$filter=parts/all(p:p/weight eq 0)",
    "$filter=not parts/all(p:p/weight eq 0)",
    "$filter=parts/$count eq 1",
    "$filter=parts/any(p:customer/orders/any(o:o/id gt p/id sub 10))",
    "$filter=notes/any(n:n eq 'n0' and customer/name eq 'Ann')",
    "$filter='n0' in notes and customer/id in (1,2)",
    "$orderby=customer/name,id",
    "$orderby=customer/name desc,id&$top=5",
    "$orderby=parts/$count desc,id",
    "$orderby=customer/orders/$count,id",
    "$orderby=parts/any(p:p/weight eq 1),customer/is_open desc,id",
]
CONDITIONS = [
    ("tenant eq 7", "tenant eq 7", None),
    ("tenant eq 8", None, "weight eq 0"),
    (None, "tenant ne 8", "weight ne 0"),
    ("parts/any(p:p/weight eq 1)", "orders/any(o:o/tenant eq 8 and o/parts/$count lt 2)", None),
    ("customer/name eq 'Ann' and not notes/any(n:n eq 'x')", "is_open and tenant eq null", "id lt 30"),
    ("false", "false", "false"),
    ("true", "true", "true"),
]


def tables(engine, orders):
    engine.create("customers", {"id": "Int32", "name": "String", "is_open": "Boolean", "tenant": "Int32"}, [
        {name: value for name, value in who.items() if name != "orders"}
        for who in {row["customer"]["id"]: row["customer"] for row in orders if row["customer"]}.values()
    ])  # fmt: skip
    flat = [{**row, "customer_id": row["customer"] and row["customer"]["id"]} for row in orders]
    engine.create(
        "orders", {"id": "Int32", "tenant": "Int32", "note": "String", "customer_id": "Int32"}, flat
    )
    parts = [{**part, "order_id": row["id"]} for row in orders for part in row["parts"]]
    engine.create("parts", {"id": "Int32", "mark": "String", "weight": "Int32", "order_id": "Int32"}, parts)
    notes = [{"note": note, "order_id": row["id"]} for row in orders for note in row["notes"]]
    engine.create("notes", {"note": "String", "order_id": "Int32"}, notes)


def expected(text, conditions):
    """The rows of the query over the rows that are left without those that are hidden."""
    order = model()
    types = (order, order.members["customer"].type, edm.element_of(order.members["parts"].type))
    tests = [
        (lambda row: True) if text is None else python.predicate(oq.parse_filter(text), type)
        for text, type in zip(conditions, types, strict=True)
    ]
    return ids(python.apply(seen(rows(), *tests), oq.parse_query(text, order)))


def ids(found):
    return [row["id"] for row in found]


@pytest.mark.parametrize("conditions", CONDITIONS)
@pytest.mark.parametrize("text", QUERIES)
def test_conditions_of_navigation_properties_hide_rows_from_paths(text, conditions):
    query = oq.parse_query(text, model(*conditions))
    assert ids(python.apply(rows(), query)) == expected(text, conditions)
    assert (
        ids(python.apply(rows() * 70, query))[:8] == (ids(python.apply(rows(), query)) * 70)[:8]
        or query.orderby
    )
    keeps = python.predicate(query)
    assert sorted(row["id"] for row in rows() if keeps(row)) == sorted(
        expected(text.partition("&")[0] if "$filter" in text else "", conditions)
    )


@pytest.mark.parametrize("conditions", CONDITIONS)
def test_databases_hide_the_same_rows(engine, conditions):
    tables(engine, rows())
    order = model(*conditions)
    refused = 0
    for text in QUERIES:
        query = oq.parse_query(text, order)
        try:
            statement = sql.select(query, "orders", dialect=engine.name, columns=["id"])
        except oq.UnsupportedError:
            refused += 1
            continue
        found = [row[0] for row in engine.run(*statement)]
        assert (found if query.orderby else sorted(found)) == expected(text, conditions), (text, statement)
    assert refused == 0 or engine.name in ("clickhouse", "spark")


# ---- with_filter(everywhere=True) ----------------------------------------------------------------


@pytest.mark.parametrize("text", QUERIES)
@pytest.mark.parametrize("count", [1, 70], ids=["functions", "generated code"])
def test_a_condition_everywhere_holds_for_all_types_that_have_its_properties(text, count):
    query = oq.parse_query(text, model()).with_filter("tenant eq @tenant", tenant=7, everywhere=True)
    tests = [lambda row: row["tenant"] == 7, lambda row: row["tenant"] == 7, lambda part: True]
    left = [row for row in seen(rows(), *tests) if row["tenant"] == 7]
    assert (
        sorted(ids(python.apply(rows() * count, query)))[:3]
        == sorted(ids(python.apply(left * count, oq.parse_query(text, model()))))[:3]
    )


def test_databases_hold_a_condition_everywhere(engine):
    tables(engine, rows())
    tests = [lambda row: row["tenant"] == 7, lambda row: row["tenant"] == 7, lambda part: True]
    left = [row for row in seen(rows(), *tests) if row["tenant"] == 7]
    for text in QUERIES:
        query = oq.parse_query(text, model()).with_filter("tenant eq 7", everywhere=True)
        try:
            statement = sql.select(query, "orders", dialect=engine.name, columns=["id"])
        except oq.UnsupportedError:
            assert engine.name in ("clickhouse", "spark")
            continue
        found = [row[0] for row in engine.run(*statement)]
        expected = ids(python.apply(left, oq.parse_query(text, model())))
        assert (found if query.orderby else sorted(found)) == expected, (text, statement)


def test_a_type_that_lacks_a_property_of_the_condition_is_not_bound_by_it():
    query = oq.parse_query("$filter=parts/any(p:p/weight ge 0)", model())
    query = query.with_filter("tenant eq 7", everywhere=True)
    assert oq.unparse(query.filter) == "tenant eq 7 and parts/any(p: p/weight ge 0)"


@pytest.mark.parametrize(
    ("predicate", "values", "message"),
    [
        ("id eq @id", {}, "no value is given for @id"),
        (oq.validate(oq.parse_filter("id eq 1"), model()), {}, "a tree that is not validated"),
        ("note eq 'a' and tenat eq 1", {}, "no property 'tenat'"),
    ],
)
def test_a_wrong_condition_everywhere_is_the_developers_mistake(predicate, values, message):
    query = oq.parse_query("$filter=customer/name eq 'a'", model())
    with pytest.raises(oq.ConfigurationError, match=message):
        query.with_filter(predicate, everywhere=True, **values)


def test_a_condition_that_another_type_has_with_another_meaning_is_reported():
    owner = oq.EntityType("Owner", {"tenant": TEXT})
    order = oq.EntityType("Order", {"tenant": TENANT, "owner": oq.NavigationProperty(owner)})
    query = oq.parse_query("$filter=owner/tenant eq 'a'", order)
    with pytest.raises(oq.ConfigurationError, match="cannot compare"):
        query.with_filter("tenant eq 7", everywhere=True)


def test_conditions_of_the_model_and_of_the_query_hold_together():
    query = oq.parse_query("$filter=customer/orders/any(o:o/id gt 0)", model("id gt 4", "id ne 3"))
    query = query.with_filter("tenant eq 7", everywhere=True).with_filter("id lt 8")
    found = ids(python.apply(rows(), query))
    who = {row["id"]: row["customer"] for row in rows() if row["customer"]}
    assert found == [
        row["id"]
        for row in rows()
        if row["id"] < 8
        and row["tenant"] == 7
        and row["id"] in who
        and who[row["id"]]["tenant"] == 7
        and who[row["id"]]["id"] != 3
        and any(each["id"] > 4 and each["tenant"] == 7 for each in who[row["id"]]["orders"])
    ]


# ---- the model -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "where", ["tenat eq 7", "tenant eq '7'", "tenant eq", "tenant", "tenant eq @t and id eq"]
)
def test_a_wrong_condition_is_found_by_the_first_query_whatever_it_asks(where):
    order = model(of_orders=where)
    for text in ("", "$filter=id eq 1"):
        with pytest.raises(oq.ConfigurationError, match="on Order"):
            oq.parse_query(text, order)
    with pytest.raises(oq.ConfigurationError, match="on Order"):
        oq.validate(oq.parse_filter("id eq 1"), order)


def test_only_a_navigation_property_to_entities_has_a_condition():
    with pytest.raises(oq.ConfigurationError, match="not a condition of a NavigationProperty"):
        oq.Property("Edm.String", where="true")
    with pytest.raises(oq.ConfigurationError, match="not a condition of a NavigationProperty"):
        oq.NavigationProperty(lambda: None, where=7)
    texts = oq.NavigationProperty("Edm.String", collection=True, where="true")
    row = oq.EntityType("Row", {"texts": texts})
    with pytest.raises(oq.ConfigurationError, match="needs a type with properties"):
        oq.parse_query("", row)


def test_a_condition_can_use_what_restrict_hides_and_restrict_keeps_it():
    whole = model("tenant eq 7", "tenant eq 7")
    for order in (
        whole.restrict(exclude=["tenant", "customer/tenant", "customer/orders/tenant"]),
        whole.restrict(only=["id", "customer/name", "customer/orders/note"]),
    ):
        query = oq.parse_query("$filter=customer/orders/any(o:startswith(o/note,'secret'))", order)
        assert python.apply(rows(), query) == []
        with pytest.raises(oq.ValidationError):
            oq.parse_query("$filter=customer/tenant eq 7", order)


def test_documents_for_clients_say_nothing_of_conditions():
    order = model("tenant eq 7", "is_open", "weight eq 0")
    assert order.to_csdl_json() == model().to_csdl_json()
    assert order.to_openapi() == model().to_openapi()
    assert order != model()


def test_conditions_of_the_service_do_not_count_as_cost():
    text = "$filter=customer/orders/any(o:o/note eq 'a') and customer/name eq 'b'"
    heavy = "parts/any(p:p/mark eq 'a' or p/mark eq 'b')"
    assert oq.parse_query(text, model(heavy, "orders/any()")).cost == oq.parse_query(text, model()).cost


def test_a_condition_has_the_time_zone_of_the_query():
    import zoneinfo

    log = oq.EntityType("Log", {"at": oq.Property("Edm.DateTimeOffset")})
    where = oq.NavigationProperty(log, where="at lt 2024-06-01T12:00:00")
    order = oq.EntityType("Order", {"id": ID, "log": where})
    row = {"id": 1, "log": {"at": "2024-06-01T11:00:00Z"}}
    for zone, found in [("UTC", [1]), ("Europe/Madrid", []), ("UTC", [1])]:
        query = oq.parse_query("$filter=log ne null", order, default_timezone=zoneinfo.ZoneInfo(zone))
        assert ids(python.apply([row], query)) == found


def test_columns_of_hidden_rows_are_null(engine):
    if engine.name in ("clickhouse", "spark"):
        pytest.skip("the others show it")
    tables(engine, rows())
    for query in (
        oq.parse_query("$orderby=id", model(of_customers="tenant eq 7")),
        oq.parse_query("$orderby=id", model()).with_filter(
            "tenant eq 7 or id gt 0 and tenant eq 8", everywhere=True
        ),
    ):
        statement = sql.select(query, "orders", dialect=engine.name, columns=["id", "customer/name"])
        shown = dict(engine.run(*statement))
        assert {shown[n] for n in (1, 5)} == {"Ann"}
        assert shown[3] is None  # its name is null
        assert shown[2] == (None if "odata_1" in statement.text and query._everywhere == () else "Bo")


# ---- the attack ----------------------------------------------------------------------------------

LETTERS = "abcdefghijklmnopqrstuvwxyz 0123456789"


def extracted(answers):
    """Read the first secret note letter by letter, as a client with `startswith` can."""
    known = ""
    while True:
        following = [
            letter
            for letter in LETTERS
            if answers(f"customer/orders/any(o:startswith(o/note,'{known + letter}'))")
        ]
        if not following:
            return known
        known += following[0] if known or "s" not in following else "s"


@pytest.mark.parametrize("way", ["none", "where", "everywhere"])
def test_a_client_cannot_read_another_tenants_note_by_a_path(engine, way):
    orders = rows()
    ann = orders[0]["customer"]
    orders.append({**orders[1], "id": 9, "note": "secret 9", "customer": ann})
    ann["orders"].append(orders[-1])
    tables(engine, orders)
    order = model("tenant eq 8") if way == "where" else model()

    def asked(text):
        query = oq.parse_query({"$filter": text}, order)
        return query.with_filter("tenant eq 8", everywhere=way == "everywhere")

    def in_sql(text):
        return engine.run(*sql.select(asked(text), "orders", dialect=engine.name, columns=["id"]))

    found = [extracted(lambda text: python.apply(orders, asked(text)))]
    if engine.name not in ("clickhouse", "spark"):
        found.append(extracted(in_sql))
    for text in found:
        assert text.startswith("secret") is (way == "none")


@pytest.mark.parametrize("dialect", ["postgresql", "sqlite", "duckdb", "mysql", "clickhouse", "spark"])
def test_columns_of_rows_with_a_condition_on_json_are_selected(dialect):
    info = oq.ComplexType("Info", {"tenant": TENANT})
    kept = oq.Property(info, column=oq.Column("info", storage="json"))
    customer = oq.EntityType("Customer", {"id": ID, "name": TEXT, "info": kept})
    to_customer = oq.NavigationProperty(customer, column=TO_CUSTOMER, where="info/tenant eq 7")
    order = oq.EntityType("Order", {"id": ID, "customer": to_customer})
    query = oq.parse_query("", entity_type=order)
    # The path in JSON has braces on PostgreSQL.
    text, values = sql.select(query, "orders", dialect=dialect, columns=["id", "customer/name"])
    assert "CASE WHEN" in text
    assert 7 in (values.values() if isinstance(values, dict) else values)
