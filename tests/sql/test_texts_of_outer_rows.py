"""Subqueries that read a text of an outer row: MariaDB reused the result of one for a text in another case.

All rows have the same children, so that only the text tells two of them apart.
"""

from __future__ import annotations

from typing import Any

import pytest
from engines import Engine

import odata_query as oq
from odata_query import python, sql

WORD = oq.EntityType("Word", {"text": oq.Property("Edm.String"), "rank": oq.Property("Edm.Int32")})
MODEL = oq.EntityType(
    "Row",
    {
        "id": oq.Property("Edm.Int32", key=True),
        "name": oq.Property("Edm.String"),
        "tags": oq.Property("Collection(Edm.String)"),
        "Words": oq.NavigationProperty(WORD, collection=True, table="words", join={"part": "part"}),
        "texts": oq.Property("Collection(Edm.String)", table="words", join={"part": "part"}, column="text"),
    },
)
WORDS = [{"text": text, "rank": rank} for rank, text in enumerate(("A", "b ", "b", "\u00e9", None))]
ROWS: list[dict[str, Any]] = [
    {"id": id, "name": name, "tags": [name], "Words": WORDS, "texts": [word["text"] for word in WORDS]}
    for id, name in enumerate(("a", "A", "a ", "b", "B", "b ", "e", "\u00e9", "E", None, "A"))
]
FILTERS = """
Words/any(w: w/text eq name)
Words/any(w: w/text ge name)
Words/all(w: w/text ne name or w/rank gt 3)
Words/$filter(text eq $it/name)/$count eq 1
Words/$count($filter=text lt $it/name) gt 2
Words/any(w: concat(w/text,name) eq 'AA')
Words/any(w: w/rank gt length(name) and startswith(name,'b'))
Words/any(w: Words/any(v: v/text lt w/text and w/text eq name))
Words/any(w: w/rank eq 0 and Words/any(v: v/text eq name and v/rank ge w/rank))
Words/any(w: Words/all(v: v/text ge w/text or v/text ne name))
name in texts
not (name in texts)
texts/any(t: t eq name)
tags/any(t: t eq 'A')
tags/any(t: t eq name and t gt 'a')
tags/all(t: t ne 'b ')
tags/$count($filter=$this eq 'b') gt 0
'A' in tags
tags/any(t: Words/any(w: w/text eq t))
Words/any(w: tags/any(t: t eq w/text))
Words/any(w: tags/any(t: t eq w/text and w/text eq name))
substring(concat(name,'y'),length(concat(name,'y')) sub 2,1) eq 'a'
concat(concat(name,'x'),concat(name,'y')) in ('AxAy','bxby')
case(Words/any(w: w/text eq name): 'yes', true: name) eq 'yes'
""".strip().splitlines()


@pytest.fixture(scope="module")
def database(engine: Engine) -> Engine:
    columns = {
        "id": "Edm.Int32",
        "part": "Edm.Int32",
        "name": "Edm.String",
        "tags": ("Collection(Edm.String)", {"mysql": "VARCHAR(100)"}),
    }
    engine.create(
        "named",
        columns,
        [{"id": row["id"], "part": 1, "name": row["name"], "tags": row["tags"]} for row in ROWS],
    )
    engine.create(
        "words",
        {"part": "Edm.Int32", "text": "Edm.String", "rank": "Edm.Int32"},
        [{"part": 1, **word} for word in WORDS],
    )
    return engine


@pytest.mark.parametrize("text", FILTERS)
def test_a_subquery_tells_apart_the_texts_of_outer_rows(text: str, database: Engine) -> None:
    query = oq.parse_query({"$filter": text}, entity_type=MODEL)
    try:
        statement = sql.select(query, "named", dialect=database.name, columns=["id"])
    except oq.UnsupportedError:
        pytest.skip("not supported")
    found = sorted(row[0] for row in database.run(*statement))
    assert found == [row["id"] for row in python.apply(ROWS, query)]
