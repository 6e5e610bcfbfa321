"""Ordinary queries on a table with the indexes it should have, and an expert's SQL for each."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from engines import Engine

import odata_query as oq
from odata_query import sql

STATUS = oq.EnumType("Status", {"Done": 0, "Draft": 1, "Failed": 2})
ABOVE = oq.EntityType("Above", {"code": oq.Property("Edm.String", nullable=False, collation="binary")})
LABEL = oq.EntityType(
    "Label", {"id": oq.Property("Edm.Int64", key=True), "text": oq.Property("Edm.String", collation="binary")}
)
LABELLED = oq.Through("labelled", {"id": "item_id"}, {"label_id": "id"})
PART = oq.EntityType("Part", {"sku": oq.Property("Edm.String"), "quantity": oq.Property("Edm.Int32")})


def model(engine: str) -> oq.EntityType:
    utc = "utc" if engine == "sqlite" else None
    properties = {
        "id": oq.Property("Edm.Int64", nullable=False, key=True),
        "name": oq.Property("Edm.String"),
        "code": oq.Property("Edm.String", nullable=False, collation="binary"),
        "kind": oq.Property("Edm.String"),
        "amount": oq.Property("Edm.Int32"),
        "weight": oq.Property("Edm.Single"),
        "parent": oq.Property("Edm.Int32"),
        "status": oq.Property(STATUS),
        "active": oq.Property("Edm.Boolean", nullable=False),
        "created": oq.Property("Edm.DateTimeOffset", nullable=False, storage=utc),
        "updated": oq.Property("Edm.DateTimeOffset"),
        "above": oq.NavigationProperty(ABOVE, table="items", join={"parent": "id"}),
        "parts": oq.Property(PART, collection=True, table="parts", join={"id": "item_id"}),
        "labels": oq.NavigationProperty(LABEL, collection=True, table="labels", through=LABELLED),
    }
    return oq.EntityType("Item", properties)


# ---- rows ----------------------------------------------------------------------------------------

H = "(n * 7919 % 1000003)"
"""The numbers of rows, shuffled."""
COLUMNS = {
    "id": ("Int64", "n"),
    "name": ("String", f"CASE WHEN n % 1000 > 0 THEN 'Name ' || {H} END"),
    "code": ("String", f"'Code ' || {H}"),
    "kind": ("String", "CASE WHEN n % 500 = 0 THEN 'rare' WHEN n % 900 > 0 THEN 'common' END"),
    "amount": ("Int32", f"CASE WHEN n % 400 > 0 THEN {H} END"),
    "weight": ("Single", f"{H} / 100.0"),
    "parent": ("Int32", "CASE WHEN n % 200 = 0 THEN n - 1 END"),
    "status": ("enum", "CASE WHEN n % 1000 < 2 THEN 2 WHEN n % 100 = 5 THEN 1 ELSE 0 END"),
    "active": ("Boolean", "n % 200 = 7"),
    "created": ("DateTimeOffset", H),
    "updated": ("DateTimeOffset", H),
}
MOMENTS = {
    "sqlite": "strftime('%Y-%m-%dT%H:%M:%S+00:00', '2024-01-01', {} || ' minutes')",
    "postgresql": "TIMESTAMPTZ '2024-01-01 00:00Z' + {} * INTERVAL '1 minute'",
    "mysql": "TIMESTAMP '2024-01-01 00:00:00' + INTERVAL {} MINUTE",
}
NUMBERS = {
    "sqlite": (
        "(WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < {}) SELECT n FROM up) AS up"
    ),
    "postgresql": "generate_series(1::bigint, {}) AS up(n)",
    "mysql": "(SELECT seq AS n FROM seq_1_to_{}) AS up",
}
BINARY = {"postgresql": 'COLLATE "C"', "mysql": "COLLATE utf8mb4_nopad_bin"}
TABLES = ("items", "parts", "labels", "labelled")
INDEXES = ["name", "code", "kind", "amount", "weight", "parent", "status", "active", "updated", "created, id"]


def fill(engine: Engine, rows: int) -> None:
    """The tables `items`, `parts` and `labelled` with so many rows each, 2,000 labels, and their indexes."""
    columns = {name: engine.column_type(kind) for name, (kind, _) in COLUMNS.items()}
    columns["id"] += " PRIMARY KEY"
    columns["code"] += " " + BINARY.get(engine.name, "")
    moment = MOMENTS[engine.name]
    values = [moment.format(text) if kind == "DateTimeOffset" else text for kind, text in COLUMNS.values()]
    # Every second row has four parts.
    parts = ["(n - 1 - (n - 1) % 4) * 2 / 4 + 1", f"'Sku ' || {H}", "n % 10"]
    if engine.name == "mysql":
        engine.execute("SET @usual = @@sql_mode, sql_mode = 'PIPES_AS_CONCAT'")
    numbers = NUMBERS[engine.name].format(rows)
    text, whole, bigger = (engine.column_type(kind) for kind in ("String", "Int32", "Int64"))
    for table in TABLES:
        engine.execute(f"DROP TABLE IF EXISTS {table}")
    engine.execute(f"CREATE TABLE items ({', '.join(f'{name} {type}' for name, type in columns.items())})")
    engine.execute(f"CREATE TABLE parts (item_id {bigger}, sku {text}, quantity {whole})")
    engine.execute(f"INSERT INTO items SELECT {', '.join(values)} FROM {numbers}")
    engine.execute(f"INSERT INTO parts SELECT {', '.join(parts)} FROM {numbers}")
    engine.execute(
        f"CREATE TABLE labels (id {bigger} PRIMARY KEY, text {text} {BINARY.get(engine.name, '')})"
    )
    engine.execute(
        f"CREATE TABLE labelled (item_id {bigger}, label_id {bigger}, PRIMARY KEY (item_id, label_id))"
    )
    engine.execute(f"INSERT INTO labels SELECT n, 'Label ' || n FROM {NUMBERS[engine.name].format(2000)}")
    engine.execute(f"INSERT INTO labelled SELECT n, {H} % 2000 + 1 FROM {numbers}")
    if engine.name == "mysql":
        engine.execute("SET sql_mode = @usual")
    for columns_of_index in INDEXES:
        name = "items_" + columns_of_index.replace(", ", "_")
        engine.execute(f"CREATE INDEX {name} ON items ({columns_of_index})")
    if engine.name == "postgresql":
        engine.execute("CREATE INDEX items_name_prefix ON items (name text_pattern_ops)")
    engine.execute("CREATE INDEX parts_item ON parts (item_id)")
    engine.execute("CREATE INDEX parts_sku ON parts (sku)")
    engine.execute("CREATE INDEX labelled_label ON labelled (label_id)")
    engine.execute("CREATE INDEX labels_text ON labels (text)")
    for table in TABLES:
        engine.execute(f"ANALYZE {'TABLE ' * (engine.name == 'mysql')}{table}")


# ---- queries -------------------------------------------------------------------------------------


class Case(NamedTuple):
    title: str
    options: str
    by_hand: Mapping[str, tuple[str, Sequence[object]]]
    """The text after FROM items, and the values of its `?`, by engine; `""` is for engines without a text."""


def minute(number: int) -> dt.datetime:
    return dt.datetime(2024, 1, 1, tzinfo=dt.UTC) + dt.timedelta(minutes=number)


def iso(number: int) -> str:
    return minute(number).strftime("%Y-%m-%dT%H:%M:%SZ")


NAME, CODE, SKU = "Name 7919", "Code 15838", "Sku 23757"
NAMES = [NAME, "Name 15838", "none"]
TEXT_MOMENT = "strftime('%Y-%m-%dT%H:%M:%f', updated)"
IN_UTC = "%Y-%m-%dT%H:%M:%S.000"
PARTS = "SELECT 1 FROM parts WHERE item_id = id"
LABELS = "FROM labelled INNER JOIN labels ON labels.id = label_id"
SINGLE = {"postgresql": "CAST(? AS REAL)", "mysql": "CAST(? AS FLOAT)"}
"""The Single of a parameter; SQLite, which has none, is given bounds."""
NEWEST = "ORDER BY created DESC, id DESC LIMIT ?"
CASES = [
    Case(
        "a single",
        "$filter=weight eq 79.19",
        {
            "sqlite": ("WHERE weight BETWEEN ? AND ?", [79.189998, 79.190002]),
            **{name: (f"WHERE weight = {single}", [79.19]) for name, single in SINGLE.items()},
        },
    ),
    Case(
        "a list of singles",
        "$filter=weight in (79.19,158.38)",
        {
            "sqlite": (
                "WHERE weight BETWEEN ? AND ? OR weight BETWEEN ? AND ?",
                [79.189998, 79.190002, 158.37999, 158.38001],
            ),
            **{
                name: (f"WHERE weight IN ({single}, {single})", [79.19, 158.38])
                for name, single in SINGLE.items()
            },
        },
    ),
    Case(
        "after a single",
        "$filter=weight gt 9998.01",
        {
            "sqlite": ("WHERE weight > ?", [9998.0105]),
            **{name: (f"WHERE weight > {single}", [9998.01]) for name, single in SINGLE.items()},
        },
    ),
    Case(
        "equal",
        f"$filter=name eq '{NAME}'",
        {"": ("WHERE name = ?", [NAME]), "mysql": ("WHERE name = ? AND BINARY name = ?", [NAME] * 2)},
    ),
    Case("equal, in a binary column", f"$filter=code eq '{CODE}'", {"": ("WHERE code = ?", [CODE])}),
    Case(
        "in",
        f"$filter=name in ('{NAME}', 'Name 15838', 'none')",
        {
            "": ("WHERE name IN (?, ?, ?)", NAMES),
            "mysql": ("WHERE name IN (?, ?, ?) AND BINARY name IN (?, ?, ?)", NAMES * 2),
        },
    ),
    Case(
        "range of numbers",
        "$filter=amount ge 500000 and amount lt 502000",
        {"": ("WHERE amount >= ? AND amount < ?", [500000, 502000])},
    ),
    Case(
        "range of texts",
        "$filter=code ge 'Code 50' and code lt 'Code 51'",
        {"": ("WHERE code >= ? AND code < ?", ["Code 50", "Code 51"])},
    ),
    Case(
        "startswith",
        "$filter=startswith(name, 'Name 123')",
        {
            "sqlite": ("WHERE name >= ? AND name < ?", ["Name 123", "Name 124"]),
            "postgresql": ("WHERE name LIKE ?", ["Name 123%"]),
            "mysql": ("WHERE name LIKE ? AND BINARY name LIKE ?", ["Name 123%"] * 2),
        },
    ),
    Case(
        "startswith, in a binary column",
        "$filter=startswith(code, 'Code 123')",
        {
            "": ("WHERE code LIKE ?", ["Code 123%"]),
            "sqlite": ("WHERE code >= ? AND code < ?", ["Code 123", "Code 124"]),
        },
    ),
    Case(
        "not equal",
        "$filter=kind ne 'common'",
        {
            "": ("WHERE kind <> ? OR kind IS NULL", ["common"]),
            "mysql": ("WHERE kind <> ? OR BINARY kind <> ? OR kind IS NULL", ["common"] * 2),
        },
    ),
    Case("null", "$filter=amount eq null", {"": ("WHERE amount IS NULL", [])}),
    Case("not null", "$filter=parent ne null", {"": ("WHERE parent IS NOT NULL", [])}),
    Case(
        "and, or",
        f"$filter=(code eq '{CODE}' or id eq 5) and amount gt 100",
        {"": ("WHERE (code = ? OR id = ?) AND amount > ?", [CODE, 5, 100])},
    ),
    Case("a page in order", "$orderby=created desc,id desc&$top=20", {"": (NEWEST, [20])}),
    Case(
        "a page of some in order",
        "$filter=status eq 'Draft'&$orderby=created desc,id desc&$top=20",
        {"": (f"WHERE status = ? {NEWEST}", [1, 20])},
    ),
    Case(
        "range of moments",
        f"$filter=created ge {iso(500000)} and created lt {iso(501440)}",
        {"": ("WHERE created >= ? AND created < ?", [minute(500000), minute(501440)])},
    ),
    Case(
        "range of moments in any notation",
        f"$filter=updated ge {iso(500000)} and updated lt {iso(501440)}",
        {
            "": ("WHERE updated >= ? AND updated < ?", [minute(500000), minute(501440)]),
            "sqlite": (
                f"WHERE updated >= ? AND updated < ? AND {TEXT_MOMENT} >= ? AND {TEXT_MOMENT} < ?",
                [
                    minute(500000 - 1440).strftime("%Y-%m-%d"),
                    minute(501440 + 2880).strftime("%Y-%m-%d"),
                    minute(500000).strftime(IN_UTC),
                    minute(501440).strftime(IN_UTC),
                ],
            ),
        },
    ),
    Case(
        "any",
        f"$filter=parts/any(p: p/sku eq '{SKU}')",
        {
            "": ("WHERE id IN (SELECT item_id FROM parts WHERE sku = ?)", [SKU]),
            "mysql": ("WHERE id IN (SELECT item_id FROM parts WHERE sku = ? AND BINARY sku = ?)", [SKU, SKU]),
        },
    ),
    Case(
        "any that many have",
        "$filter=parts/any(p: p/quantity gt 0)&$orderby=id&$top=20",
        {"": (f"WHERE EXISTS ({PARTS} AND quantity > ?) ORDER BY id LIMIT ?", [0, 20])},
    ),
    Case(
        "any through a link table",
        "$filter=labels/any(l: l/text eq 'Label 77')",
        {"": (f"WHERE id IN (SELECT item_id {LABELS} WHERE labels.text = ?)", ["Label 77"])},
    ),
    Case(
        "count through a link table",
        "$filter=amount eq 7919 and labels/$count gt 0",
        {"": (f"WHERE amount = ? AND (SELECT COUNT(*) {LABELS} WHERE item_id = items.id) > ?", [7919, 0])},
    ),
    Case(
        "of another row",
        "$filter=above/code eq 'Code 575878'",
        {"": ("WHERE parent IN (SELECT id FROM items WHERE code = ?)", ["Code 575878"])},
    ),
    Case(
        "behind a row",
        f"$filter=created lt {iso(500000)} or created eq {iso(500000)} and id lt 9"
        "&$orderby=created desc,id desc&$top=20",
        {
            "": (f"WHERE (created, id) < (?, ?) {NEWEST}", [minute(500000), 9, 20]),
            "mysql": (
                f"WHERE created <= ? AND (created < ? OR id < ?) {NEWEST}",
                [minute(500000), minute(500000), 9, 20],
            ),
        },
    ),
    Case("of an enumeration", "$filter=status eq 'Failed'", {"": ("WHERE status = ?", [2])}),
    Case(
        "true",
        "$filter=active eq true",
        {"": ("WHERE active", []), "sqlite": ("WHERE active = 1", []), "mysql": ("WHERE active = 1", [])},
    ),
]


def ours(engine: Engine, case: Case) -> tuple[str, Sequence[Any]]:
    query = oq.parse_query(case.options, entity_type=model(engine.name))
    return tuple(sql.select(query, "items", dialect=engine.name, columns=["id", "code", "created"]))


def by_hand(engine: Engine, case: Case) -> tuple[str, Sequence[Any]]:
    text, values = case.by_hand.get(engine.name) or case.by_hand[""]
    values = [engine.stored("DateTimeOffset", v) if isinstance(v, dt.datetime) else v for v in values]
    return f"SELECT id, code, created FROM items {text}".replace("?", engine.placeholder), values


# ---- plans ---------------------------------------------------------------------------------------


class Plan(NamedTuple):
    indexes: frozenset[str]
    scans: frozenset[str]
    """Tables and indexes that are read from one end to the other, and `sort`."""


def plan(engine: Engine, text: str, values: Sequence[Any]) -> Plan:
    """Return the steps of a plan, with the names of tables in place of aliases."""
    aliases = {alias: table for table, alias in re.findall(rf"\b({'|'.join(TABLES)})\W+AS\W+(\w+)", text)}
    indexes, scans = PLANS[engine.name](engine, text, values)
    return Plan(frozenset(indexes), frozenset(aliases.get(name, name) for name in scans))


def _sqlite(engine: Engine, text: str, values: Sequence[Any]) -> tuple[set[str], set[str]]:
    indexes, scans = set(), set()
    for *_, detail in engine.run(f"EXPLAIN QUERY PLAN {text}", values):
        index = re.search(r"USING (?:COVERING )?INDEX (\w+)|USING INTEGER (PRIMARY) KEY", detail)
        used = index and (index[1] or index[2])
        if used:
            indexes.add(used)
        if detail.startswith("SCAN"):
            scans.add(used or detail.split(" ")[1])
        if detail.endswith("ORDER BY"):
            scans.add("sort")
    return indexes, scans


def _postgresql(engine: Engine, text: str, values: Sequence[Any]) -> tuple[set[str], set[str]]:
    indexes, scans = set(), set()
    for node in _nodes(engine.run(f"EXPLAIN (FORMAT JSON) {text}", values)[0][0]):
        index = node.get("Index Name")
        if index:
            indexes.add(index)
        if node.get("Node Type") == "Seq Scan" or (index and "Index Cond" not in node):
            scans.add(index or node["Relation Name"])
        if node.get("Node Type", "").endswith("Sort"):
            scans.add("sort")
    return indexes, scans


def _mysql(engine: Engine, text: str, values: Sequence[Any]) -> tuple[set[str], set[str]]:
    indexes, scans = set(), set()
    for node in _nodes(json.loads(engine.run(f"EXPLAIN FORMAT=JSON {text}", values)[0][0])):
        if "key" in node and node["key"] != "distinct_key":  # that of a table in memory
            indexes.add(node["key"])
        if node.get("access_type") in ("ALL", "index"):
            scans.add(node.get("key") or node["table_name"])
        if "filesort" in node:
            scans.add("sort")
    return indexes, {name for name in scans if not name.startswith("<")}


def _nodes(explained: object) -> Iterator[dict[str, Any]]:
    """All objects of an explanation in JSON."""
    if isinstance(explained, dict):
        yield explained
        explained = list(explained.values())
    if isinstance(explained, list):
        for inner in explained:
            yield from _nodes(inner)


PLANS = {"sqlite": _sqlite, "postgresql": _postgresql, "mysql": _mysql}
