"""A service whose rows belong to tenants, and databases of it that report which texts a query reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from engines import Engine

import odata_query as oq
from odata_query import sql
from odata_query.sql.dialects import Dialect, dialect

SECRET = "secret"
"""A part of each text of a row that belongs to another tenant."""


def _table(name: str, here: str, there: str) -> oq.Column:
    return oq.Column(table=name, join={here: there})


def _navigation(type: Any, column: oq.Column, **more: Any) -> oq.NavigationProperty:
    return oq.NavigationProperty(type, collection=True, column=column, **more)


PART = oq.EntityType("Part", {"id": oq.Property("Edm.Int32", key=True), "mark": oq.Property("Edm.String")})
ORDER = oq.EntityType(
    "Order",
    {
        "id": oq.Property("Edm.Int32", nullable=False, key=True),
        "tenant": oq.Property("Edm.Int32"),
        "note": oq.Property("Edm.String"),
        "size": oq.Property("Edm.Int32"),
        "parts": _navigation(PART, _table("parts", "id", "order_id")),
        "labels": oq.Property(
            "Collection(Edm.String)", column=oq.Column("label", table="labels", join={"id": "order_id"})
        ),
        "owners": oq.Property(
            "Collection(Edm.Int32)", column=oq.Column("owner", table="owners", join={"id": "order_id"})
        ),
        "customer": oq.NavigationProperty(lambda: CUSTOMER, column=_table("customers", "customer_id", "id")),
    },
)
CUSTOMER = oq.EntityType(
    "Customer",
    {
        "id": oq.Property("Edm.Int32", nullable=False, key=True),
        "name": oq.Property("Edm.String"),
        "orders": _navigation(ORDER, _table("orders", "id", "customer_id")),
    },
)
TABLES = {
    "customers": {"id": "Int32", "name": "String"},
    "orders": {"id": "Int32", "tenant": "Int32", "note": "String", "size": "Int32", "customer_id": "Int32"},
    "parts": {"id": "Int32", "mark": "String", "order_id": "Int32"},
    "labels": {"label": "String", "order_id": "Int32"},
    "owners": {"owner": "Int32", "order_id": "Int32"},
}
INDEXES = {
    "orders_tenant": "orders (tenant)",
    "orders_note": "orders (note)",
    "orders_size": "orders (size, id)",
    "orders_customer": "orders (customer_id)",
    "parts_order": "parts (order_id)",
    "labels_order": "labels (order_id)",
    "owners_order": "owners (order_id)",
    "owners_owner": "owners (owner)",
}


def content(count: int, hidden: str) -> dict[str, list[dict[str, Any]]]:
    """Rows of each table: every tenth order is of tenant 7 and of owner 1; the others' texts have `hidden`."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
    found["customers"] = [{"id": n, "name": f"customer {n}"} for n in range(5)]
    for n in range(count):
        is_seen = n % 10 == 3
        text = f"seen {n}" if is_seen else f"{hidden} {n}"
        size = n % 7 if is_seen else len(hidden)
        found["orders"].append(
            {"id": n, "tenant": 7 if is_seen else n % 5, "note": text, "size": size, "customer_id": n % 5}
        )
        found["owners"].append({"owner": 1 if is_seen else 2, "order_id": n})
        found["labels"] += [{"label": f"label of {text}", "order_id": n} for _ in range(2)]
        found["parts"] += [{"id": 2 * n + k, "mark": f"mark {k} of {text}", "order_id": n} for k in range(2)]
    return found


def fill(engine: Engine, count: int = 400, hidden: str = SECRET) -> None:
    """Fill an engine's tables, with the indexes that a service has."""
    for name, rows in content(count, hidden).items():
        engine.create(name, TABLES[name], rows)
    for name, columns in INDEXES.items():
        engine.execute(f"CREATE INDEX {name} ON {columns}")
    for name in TABLES:
        engine.execute(f"ANALYZE {'TABLE ' * (engine.name == 'mysql')}{name}")


def nested(count: int, hidden: str = SECRET) -> list[dict[str, Any]]:
    """The same orders as nested dictionaries."""
    tables = content(count, hidden)
    customers = {row["id"]: {**row, "orders": []} for row in tables["customers"]}
    orders = []
    for row in tables["orders"]:
        customer = customers[row["customer_id"]]
        inner: dict[str, Any] = {"customer": customer}
        for name, value in (("parts", None), ("labels", "label"), ("owners", "owner")):
            inner[name] = [
                r if value is None else r[value] for r in tables[name] if r["order_id"] == row["id"]
            ]
        orders.append({**row, **inner})
        customer["orders"].append(orders[-1])
    return orders


QUERIES = [
    "$filter=startswith(tolower(note),'se')",
    "$filter=tolower(note) eq 'seen 3'",
    "$filter=not (tolower(note) eq 'seen 3')",
    "$filter=tolower(note) ne 'x' and size gt 1&$orderby=note&$top=3",
    "$filter=contains(tolower(note),'e')&$orderby=size,id&$top=3",
    "$filter=tolower(note) in ('seen 3','seen 13') or size eq 2",
    "$filter=case(size gt 3:tolower(note),true:'x') eq 'x'",
    "$filter=length(tolower(note)) gt 6",
    "$filter=tolower(customer/name) eq 'customer 3' and contains(tolower(note),'e')",
    "$filter=parts/any(p:contains(tolower(p/mark),'seen'))",
    "$filter=parts/any(p:contains(tolower(p/mark),'seen') and p/id eq 26)",
    "$filter=parts/all(p:contains(tolower(p/mark),'seen'))",
    "$filter=not parts/any(p:contains(tolower(p/mark),'seen'))",
    "$filter=parts/any(p:tolower(p/mark) eq 'mark 0 of seen 3') or size eq 2",
    "$filter=parts/any(p:tolower(p/mark) gt 'mark' and tolower($it/note) lt 't')",
    "$filter=parts/$count($filter=contains(tolower(mark),'0')) eq 1",
    "$filter=parts/$filter(contains(tolower(mark),'0'))/any(p:endswith(tolower(p/mark),'3'))",
    "$filter=parts/any(p:labels/any(l:tolower(l) gt 'label' and p/id gt 3))",
    "$filter=parts/any(p:p/id gt 3 and parts/any(o:tolower(o/mark) ne p/mark and o/id ge p/id))",
    "$filter=labels/any(l:tolower(l) eq 'label of seen 3')",
    "$filter=tolower(note) in labels or 'x' in labels",
    "$filter=parts/any(p:tolower(p/mark) in labels)",
    "$orderby=tolower(note)&$top=3",
    "$orderby=parts/$count($filter=contains(tolower(mark),'0')) desc,id&$top=3",
    "$orderby=parts/any(p:contains(tolower(p/mark),'seen 3')),id&$top=3",
    "$filter=tolower(note) ne 'x'&$orderby=parts/any(p:contains(tolower(p/mark),'seen 3')),id",
    "$filter=size gt 1&$orderby=case(parts/any(p:tolower(p/mark) gt 'mark'):1,true:0),id",
]  # fmt: skip
"""Queries whose `tolower` reads texts of orders and of their parts."""
CONDITIONS: Mapping[str, Mapping[str, Any]] = {
    "tenant eq @tenant": {"tenant": 7},
    "owners/any(o:o eq @me)": {"me": 1},
    "tenant eq @tenant and owners/any(o:o eq @me)": {"tenant": 7, "me": 1},
    "tenant in @tenants or owners/any(o:o eq @me)": {"tenants": [7, 8], "me": 1},
}
"""Conditions of the service, all of which keep the same rows."""


def spying(name: str) -> Dialect:
    """A dialect whose `tolower` is the function `spy` of the database."""
    usual = dialect(name)

    class Spying(type(usual)):  # type: ignore[misc]  # a class known at run time
        templates = {**usual.templates, "tolower(String)": "spy({a})"}

    return Spying()


@contextmanager
def spied(engine: Engine) -> Iterator[list[str]]:
    """Make the function `spy`, and yield the texts that it is called with; PostgreSQL's raises for secrets."""
    seen: list[str] = []

    def spy(text: str) -> str:
        seen.append(text)
        return text.lower()

    if engine.name == "sqlite":
        engine.connection.create_function("spy", 1, lambda text: None if text is None else spy(text))
    elif engine.name == "duckdb":
        engine.connection.create_function("spy", spy, ["VARCHAR"], "VARCHAR")
    elif engine.name == "postgresql":
        engine.execute(
            "CREATE OR REPLACE FUNCTION spy(a text) RETURNS text IMMUTABLE STRICT COST 0.0001 LANGUAGE plpgsql AS"
            " $$ BEGIN IF a LIKE '%secret%' THEN RAISE 'spied on %', a; END IF; RETURN lower(a); END $$"
        )
    else:
        engine.execute("DROP FUNCTION IF EXISTS spy")
        engine.execute(
            "CREATE FUNCTION spy(a text) RETURNS text DETERMINISTIC BEGIN IF a LIKE '%secret%' THEN"
            " SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'spied'; END IF; RETURN lower(a); END"
        )
    yield seen
    if engine.name == "duckdb":
        engine.connection.remove_function("spy")


def ids(engine: Engine, query: oq.Query, known: Dialect | str) -> Sequence[int]:
    return [row[0] for row in engine.run(*sql.select(query, "orders", dialect=known, columns=["id"]))]
