"""The queries that query builders of JavaScript write, under the default limits of an endpoint.

data/query_builders.json has what npm packages wrote for each operator and function that they offer.
"""

import json
from pathlib import Path
from urllib.parse import quote

import pytest

import odata_query as oq
from odata_query.web import Endpoint

QUERIES = json.loads((Path(__file__).parents[1] / "data" / "query_builders.json").read_text("utf-8"))
PART = oq.EntityType("Part", {"qty": oq.Property("Edm.Int32"), "name": oq.Property("Edm.String")})
ADDRESS = oq.ComplexType("Address", {"city": oq.Property("Edm.String")})
ORDER = oq.EntityType(
    "Order",
    {
        "id": oq.Property("Edm.Int32", nullable=False, key=True),
        "name": oq.Property("Edm.String"),
        "code": oq.Property("Edm.String"),
        "qty": oq.Property("Edm.Int32"),
        "price": oq.Property("Edm.Decimal"),
        "active": oq.Property("Edm.Boolean"),
        "made": oq.Property("Edm.DateTimeOffset"),
        "took": oq.Property("Edm.Duration"),
        "ref": oq.Property("Edm.Guid"),
        "color": oq.Property(oq.EnumType("Color", {"Red": 1, "Blue": 2}, is_flags=True)),
        "tags": oq.Property("Collection(Edm.String)"),
        "customer": oq.NavigationProperty(
            oq.EntityType("Customer", {"name": oq.Property("Edm.String"), "address": oq.Property(ADDRESS)})
        ),
        "items": oq.NavigationProperty(
            oq.EntityType(
                "Item",
                {
                    "qty": oq.Property("Edm.Int32"),
                    "name": oq.Property("Edm.String"),
                    "parts": oq.NavigationProperty(PART, collection=True),
                },
            ),
            collection=True,
        ),
    },
)
ENDPOINT = Endpoint(ORDER)
NOT_ODATA = {
    "$filter=name eq 'O'Neil'",  # a quote that is not doubled
    "$filter=price gt 12.3456789M",  # a literal of OData 2
}


@pytest.mark.parametrize("query", [query for queries in QUERIES.values() for query in queries])
def test_the_queries_of_query_builders_are_within_the_defaults_of_an_endpoint(query):
    encoded = "&".join(
        f"{name}={quote(value)}" for name, _, value in (p.partition("=") for p in query.split("&"))
    )
    if query in NOT_ODATA:
        with pytest.raises(oq.ODataError) as caught:
            ENDPOINT.query(encoded)
        assert not isinstance(caught.value, oq.LimitError)
    else:
        assert ENDPOINT.query(encoded).entity_type is not None


def test_there_are_a_few_dozen_of_each_builder():
    assert all(len(queries) >= 22 for queries in QUERIES.values())
    assert len(QUERIES) == 3
