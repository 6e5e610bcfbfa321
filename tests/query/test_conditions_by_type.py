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
