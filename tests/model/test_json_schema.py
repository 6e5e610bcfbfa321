"""Entity types read from JSON Schema and OpenAPI documents."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import json
import uuid
from typing import Annotated, Any

import pytest
from models import IMAGE, Rights, Status

import odata_query as oq
from odata_query import python

RIGHTS = {"rights": oq.Property(Rights)}


def read(schema, name=None, **options):
    return oq.EntityType.from_json_schema(schema, name, **options)


def shown(type):
    """`{"id": "Edm.Int64", "place": "Place?"}`: a question mark for nullable properties."""
    return {n: f"{m.type.name}{'?' * m.nullable}" for n, m in type.members.items()}


def of(schema, **more):
    """The type of a required property."""
    return shown(read({"properties": {"p": schema}, "required": ["p"], **more}))["p"]


def nullable(**schema):
    return {"anyOf": [schema, {"type": "null"}]}


def text(format=None, **more):
    return {"type": "string", **({"format": format} if format else {}), **more}


PROPERTIES = {
    "id": {"type": "integer"},
    "reference": {"type": "string", "maxLength": 40},
    "title": {"type": ["string", "null"]},
    "file_type": {"enum": ["jpg", "png"]},
    "status": {"$ref": "#/$defs/Status"},
    "rights": {"type": "integer"},
    "width": {"type": "integer", "format": "int32", "minimum": 0},
    "height": {"type": "integer", "format": "int32"},
    "depth": nullable(type="integer", format="int16"),
    "size_in_bytes": {"type": "integer", "format": "int64"},
    "num_links": {"type": "integer", "readOnly": True},
    "rating": nullable(type="number"),
    "contrast": nullable(type="number", format="double"),
    "price": nullable(type="number", format="decimal", multipleOf=0.01),
    "weight": text("decimal", multipleOf=0.001),
    "is_public": {"type": "boolean"},
    "is_archived": {"type": ["boolean", "null"], "deprecated": True},
    "created_on": text("date-time"),
    "modified_on": nullable(**text("date-time")),
    "taken_on": nullable(**text("date")),
    "taken_at": nullable(**text("time")),
    "exposure": nullable(**text("duration")),
    "checksum": nullable(**text(contentEncoding="base64")),
    "uuid": text("uuid"),
    "batch": nullable(**text("uuid")),
    "tags": {"type": "array", "items": text()},
    "sizes": {"type": "array", "items": {"type": "integer", "format": "int32"}},
    "place": nullable(**{"$ref": "#/$defs/Place"}),
    "original_url": text("uri"),
    "thumbnail_url": text("uri"),
    "upload_token": text(writeOnly=True),
    "owner_password": text("password"),
}
OPTIONAL = {"rights", "thumbnail_url"}
SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "https://example.com/image.json",
    "title": "Image",
    "type": "object",
    "properties": PROPERTIES,
    "required": [name for name in PROPERTIES if name not in OPTIONAL],
    "$defs": {
        "Place": {
            "type": "object",
            "properties": {"city": text(), "latitude": {"type": "number"}, "longitude": {"type": "number"}},
            "required": ["city"],
        },
        "Status": {"enum": [member.value for member in Status]},
    },
}
OPENAPI = {
    "openapi": "3.0.3",
    "info": {"title": "Images", "version": "1"},
    "paths": {
        "/images/{id}": {
            "get": {
                "responses": {
                    "200": {
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Image"}},
                        }
                    }
                }
            }
        }
    },
    "components": {
        "schemas": {
            "Place": SCHEMA["$defs"]["Place"],
            "Status": {"type": "string", **SCHEMA["$defs"]["Status"]},
            "Base": {
                "type": "object",
                "properties": {"id": {"type": "integer", "format": "int64"}, "uuid": text("uuid")},
                "required": ["id", "uuid"],
            },
            "Image": {
                "allOf": [
                    {"$ref": "#/components/schemas/Base"},
                    {
                        "type": "object",
                        "properties": {
                            **{n: s for n, s in PROPERTIES.items() if n not in ("id", "uuid")},
                            "title": text(nullable=True),
                            "is_archived": {"type": "boolean", "nullable": True},
                            "checksum": text("byte", nullable=True),
                            "status": {"$ref": "#/components/schemas/Status"},
                            "place": {
                                "nullable": True,
                                "allOf": [{"$ref": "#/components/schemas/Place"}],
                            },
                        },
                        "required": [n for n in SCHEMA["required"] if n not in ("id", "uuid")],
                    },
                ]
            },
        }
    },
}


@pytest.mark.parametrize(
    ("schema", "name"),
    [
        (SCHEMA, None),
        (SCHEMA, "#"),
        ({"$ref": "#/definitions/Image", "definitions": {**SCHEMA["$defs"], "Image": {**SCHEMA, "$id": "x", "title": 1}}, "$defs": SCHEMA["$defs"]}, None),
        ({"$defs": {**SCHEMA["$defs"], "Image": SCHEMA | {"$id": None}}}, "Image"),
        (OPENAPI, "Image"),
        (OPENAPI, "#/components/schemas/Image"),
        (OPENAPI, "/components/schemas/Image"),
        (OPENAPI, "/paths/~1images~1%7Bid%7D/get/responses/200/content/application~1json/schema"),
    ],
)  # fmt: skip
def test_documents_give_the_model_that_is_written_by_hand(schema, name):
    if name is None and "definitions" in schema:  # references are to the place that the $id is around
        schema["definitions"]["Image"]["$defs"] = SCHEMA["$defs"]
    before = json.dumps(schema)
    found = read(schema, name, override=RIGHTS)
    assert found == IMAGE
    assert json.dumps(schema) == before


def test_the_schema_that_pydantic_makes_of_a_model():
    pydantic = pytest.importorskip("pydantic")

    def as_json(format, **more):
        return pydantic.Field(json_schema_extra={"format": format, **more})

    price = pydantic.WithJsonSchema({"type": "number", "format": "decimal", "multipleOf": 0.01})
    weight = pydantic.WithJsonSchema({"type": "string", "format": "decimal", "multipleOf": 0.001})

    class Place(pydantic.BaseModel):
        city: str
        latitude: float | None = None
        longitude: float | None = None

    class Image(pydantic.BaseModel):
        id: int
        reference: str
        title: str | None
        file_type: str
        status: Status
        rights: Rights | None = None
        width: Annotated[int, as_json("int32")]
        height: Annotated[int, as_json("int32")]
        depth: Annotated[int, as_json("int16")] | None
        size_in_bytes: int
        num_links: int
        rating: float | None
        contrast: float | None
        price: Annotated[decimal.Decimal, price] | None
        weight: Annotated[decimal.Decimal, weight]
        is_public: bool
        is_archived: bool | None
        created_on: dt.datetime
        modified_on: dt.datetime | None
        taken_on: dt.date | None
        taken_at: dt.time | None
        exposure: dt.timedelta | None
        checksum: bytes | None
        uuid: uuid.UUID
        batch: pydantic.UUID4 | None
        tags: list[str]
        sizes: set[Annotated[int, as_json("int32")]]
        place: Place | None
        original_url: pydantic.HttpUrl
        thumbnail_url: pydantic.AnyUrl | None = None
        token: pydantic.SecretStr | None = None

    for mode in ("validation", "serialization"):
        assert read(Image.model_json_schema(mode=mode), override=RIGHTS) == IMAGE


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "integer"}, "Edm.Int64"),
        ({"type": "integer", "format": "int8"}, "Edm.SByte"),
        ({"type": "integer", "format": "uint8"}, "Edm.Byte"),
        ({"type": "integer", "format": "int16"}, "Edm.Int16"),
        ({"type": "integer", "format": "int32"}, "Edm.Int32"),
        ({"type": "integer", "format": "int64"}, "Edm.Int64"),
        ({"type": "integer", "format": "unix-time"}, "Edm.Int64"),
        ({"type": "number"}, "Edm.Double"),
        ({"type": "number", "format": "float"}, "Edm.Single"),
        ({"type": "number", "format": "double"}, "Edm.Double"),
        ({"type": "number", "format": "decimal"}, "Edm.Decimal"),
        ({"type": "number", "format": "int32"}, "Edm.Int32"),
        ({"type": "boolean"}, "Edm.Boolean"),
        (text(), "Edm.String"),
        (text("date"), "Edm.Date"),
        (text("date-time"), "Edm.DateTimeOffset"),
        (text("time"), "Edm.TimeOfDay"),
        (text("duration"), "Edm.Duration"),
        (text("uuid"), "Edm.Guid"),
        (text("byte"), "Edm.Binary"),
        (text("binary"), "Edm.Binary"),
        (text("base64url"), "Edm.Binary"),
        (text("decimal"), "Edm.Decimal"),
        (text(contentEncoding="base64"), "Edm.Binary"),
        (text(contentEncoding="quoted-printable"), "Edm.String"),
        *((text(other), "Edm.String") for other in ("email", "uri", "hostname", "ipv4", "int64", "", "x")),
        (text(format=["date"]), "Edm.String"),
        ({"format": "date"}, "Edm.Date"),
        ({"const": "a"}, "Edm.String"),
        ({"const": 1}, "Edm.Int64"),
        ({"const": True}, "Edm.Boolean"),
        ({"enum": ["a", "b"]}, "Edm.String"),
        ({"enum": ["a", None]}, "Edm.String?"),
        ({"type": "string", "enum": ["a", None]}, "Edm.String?"),
        ({"enum": [1, 2]}, "Edm.Int64"),
        ({"enum": [1, 2.5]}, "Edm.Double"),
        ({"oneOf": [{"const": "a", "title": "A"}, {"const": "b", "title": "B"}]}, "Edm.String"),
        ({"type": "string", "oneOf": [{"const": "a"}, {"pattern": "b"}]}, "Edm.String"),
        ({"type": ["integer", "number"]}, "Edm.Double"),
        ({"type": ["number", "null"]}, "Edm.Double?"),
        ({"anyOf": [{"type": "integer"}, {"type": "number"}]}, "Edm.Double"),
        ({"anyOf": [{"type": "integer", "format": "int32"}, {"type": "integer", "format": "int16"}, {"type": "null"}]}, "Edm.Int32?"),
        ({"anyOf": [{"type": "number"}, text("decimal")]}, "Edm.Decimal"),
        ({"anyOf": [text("ipv4"), text("ipv6"), False]}, "Edm.String"),
        ({"anyOf": [text(), {"const": None}]}, "Edm.String?"),
        ({"oneOf": [{"enum": [None]}, {"anyOf": [{"type": "null"}, text("date")]}]}, "Edm.Date?"),
        ({"allOf": [{"type": "number"}, {"type": "integer"}]}, "Edm.Int64"),
        ({"allOf": [text(), True, {"format": "date"}]}, "Edm.Date"),
        ({"$ref": "#/$defs/day", "description": "the day", "nullable": True}, "Edm.Date?"),
        ({"$ref": "#/$defs/a~1b%20~0c"}, "Edm.Guid"),
        ({"$ref": "#day"}, "Edm.Date"),
        ({"$dynamicRef": "#moment"}, "Edm.DateTimeOffset"),
        ({"$ref": "https://example.com/day"}, "Edm.Date"),
        ({"$ref": "/day#/properties/x"}, "Edm.Int64"),
        ({"$ref": "https://example.com/schemas/row.json#/$defs/day"}, "Edm.Date"),
        ({"$ref": "inner"}, "Edm.Boolean"),
        ({"$ref": "#/$defs/list/0"}, "Edm.Boolean"),
        ({"$ref": "#/$defs/Color"}, "Color"),
        ({"anyOf": [{"$ref": "#/$defs/Color"}, {"type": "null"}]}, "Color?"),
        ({"allOf": [{"$ref": "#/$defs/Color"}], "default": "red"}, "Color"),
        ({"$ref": "#/$defs/Alias"}, "Color"),
        ({"anyOf": [{"$ref": "#/$defs/Color"}, text()]}, "Edm.String"),
        ({"$ref": "#/$defs/Format"}, "Edm.String"),
        ({"$ref": "#/$defs/Level"}, "Level"),
        ({"$ref": "#/$defs/Number"}, "Edm.Int64"),
        ({"type": "array", "items": {"type": "integer"}}, "Collection(Edm.Int64)"),
        ({"items": {"$ref": "#/$defs/Color"}}, "Collection(Color)"),
        ({"type": ["array", "null"], "items": {"type": ["string", "null"]}}, "Collection(Edm.String)?"),
        ({"$ref": "#/$defs/Tags"}, "Collection(Edm.String)"),
        ({"properties": {"x": text()}}, "ThingP"),
        ({"type": "array", "items": {"properties": {"x": text()}}}, "Collection(ThingP)"),
        ({"$ref": "#/$defs/My-object"}, "MyObject"),
        ({"$ref": "#/$defs/Sales.Object"}, "Sales.Object"),
        ({"allOf": [{"$ref": "#/$defs/My-object"}], "title": "x"}, "MyObject"),
        ({"type": "object", "nullable": True, "oneOf": [{"$ref": "#/$defs/My-object"}]}, "MyObject?"),
        ({"allOf": [{"$ref": "#/$defs/My-object"}, {"$ref": "#/$defs/Sales.Object"}]}, "ThingP"),
        ({"$ref": "#/$defs/My-object", "required": ["x"]}, "ThingP"),
        ({"$ref": "#"}, "Thing"),
    ],
)  # fmt: skip
def test_a_schema_has_the_type_of_odata(schema, expected):
    definitions = {
        "day": {"$anchor": "day", **text("date")},
        "a/b ~c": text("uuid"),
        "moment": {"$dynamicAnchor": "moment", **text("date-time")},
        "bundled": {"$id": "/day", **text("date"), "properties": {"x": {"$ref": "#/$defs/y"}}, "$defs": {"y": {"type": "integer"}}},
        "inner": {"$id": "inner", "type": "boolean"},
        "list": [{"type": "boolean"}],
        "Color": text(enum=["red", "green"]),
        "Alias": {"$ref": "#/$defs/Color", "description": "the same"},
        "Format": text(enum=["image/jpeg", "png"]),
        "Level": {"type": "integer", "enum": [10, 20], "x-enum-varnames": ["Low", "High"]},
        "Number": {"type": "integer", "enum": [10, 20]},
        "Tags": {"type": "array", "items": text()},
        "My-object": {"properties": {"x": text()}},
        "Sales.Object": {"properties": {"y": text()}},
    }  # fmt: skip
    more = {"$defs": definitions, "$id": "https://example.com/schemas/row.json", "title": "Thing"}
    assert of(schema, **more) == expected


@pytest.mark.parametrize(
    ("step", "scale"),
    [(0.01, 2), (0.001, 3), (1, 0), (100, 0), (0.25, 2), (1e-6, 6), (2.0, 0), ("x", None), (True, None), (float("nan"), None), (None, None)],
)  # fmt: skip
def test_the_scale_of_a_decimal_is_that_of_its_multiples(step, scale):
    found = read({"properties": {"p": {"type": "number", "format": "decimal", "multipleOf": step}}})
    assert found.members["p"].property.scale == scale


def test_members_of_named_enumerations_are_in_order():
    found = read({"properties": {"s": {"$ref": "#/$defs/S"}, "n": {"$ref": "#/$defs/N"}}, "$defs": {
        "S": {"type": ["string", "null"], "enum": ["b", "a", None]},
        "N": {"enum": [7, 5], "x-enumNames": ["Seven", "Five"]},
    }})  # fmt: skip
    assert found.members["s"].type.members == {"b": 0, "a": 1}
    assert found.members["n"].type.members == {"Seven": 7, "Five": 5}


NODE = {
    "$defs": {
        "Node": {
            "properties": {
                "id": {"type": "integer"},
                "parent": {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]},
                "children": {"type": "array", "items": {"$ref": "#/$defs/Node"}},
            }
        }
    }
}


def test_types_that_refer_to_themselves_are_one_type():
    found = read(NODE, "Node")
    parent = found.members["parent"].type
    assert parent is found.members["children"].type.element
    assert parent is parent.members["parent"].type
    assert parent.name == found.name == "Node"
    rows = [{"id": 1, "parent": None, "children": [{"id": 2, "children": [{"id": 3}]}]}, {"id": 4}]
    query = oq.parse_query("$filter=children/any(c: c/children/any(d: d/id eq 3))", found)
    assert python.apply(rows, query) == rows[:1]


def test_a_document_whose_references_were_put_in_place_leads_back_to_itself():
    node: dict[str, Any] = {"properties": {"id": {"type": "integer"}}}
    node["properties"]["next"] = node
    found = read({"definitions": {"Node": node}}, "Node")
    inner = found.members["next"].type
    assert inner is inner.members["next"].type
    assert read(node, only=["id", "next/id"]).members["next"].type.members.keys() == {"id"}


def test_nested_objects_are_named_by_their_place_and_never_alike():
    inline = {"properties": {"x": {"properties": {"y": {"properties": {"z": {}}}}}}}
    found = read(
        {
            "title": "my row",
            "properties": {"the_place": inline, "other": {"$ref": "#/$defs/MyRowThePlace"}},
            "$defs": {"MyRowThePlace": {"properties": {"q": text()}}},
        },
        override={"the_place/x/y/z": oq.Property("Edm.Int32")},
    )
    assert found.name == "MyRow"
    place = found.members["the_place"].type
    names = [place.name, place.members["x"].type.name, place.members["x"].type.members["y"].type.name]
    assert names == ["MyRowThePlace", "MyRowThePlaceX", "MyRowThePlaceXY"]
    assert found.members["other"].type.name == "MyRowThePlace2"


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Image", "Image"),
        ("an image", "AnImage"),
        ("Sales.Image", "Sales.Image"),
        ("3D", "_3D"),
        ("", "Row"),
        ("!", "Row"),
        (5, "Row"),
        (None, "Row"),
        ("Größe", "Größe"),
    ],
)
def test_the_title_names_the_type(title, name):
    assert read({"title": title, "properties": {"id": {"type": "integer"}}}).name == name


INHERITED = {
    "definitions": {
        "Base": {
            "properties": {"id": {"type": "integer"}, "name": text(), "gone": text()},
            "required": ["id"],
        },
        "Middle": {"allOf": [{"$ref": "#/definitions/Base"}], "properties": {"name": {"maxLength": 3}}},
        "Leaf": {
            "allOf": [{"$ref": "#/definitions/Middle"}, {"$ref": "#/definitions/Base"}],
            "properties": {"more": text(), "gone": False},
            "required": ["name"],
        },
    }
}


def test_all_of_is_inheritance():
    assert shown(read(INHERITED, "Leaf")) == {"id": "Edm.Int64", "name": "Edm.String", "more": "Edm.String?"}


# ---- what is not published -------------------------------------------------------------------------

SECRETS = {
    "title": "User",
    "properties": {
        "id": {"type": "integer"},
        "secret": text(writeOnly=True),
        "password": text("password"),
        "pin": {"anyOf": [text(writeOnly=True), {"type": "null"}]},
        "keys": {"type": "array", "items": text("password")},
        "key": {"$ref": "#/$defs/Key"},
        "either": {"anyOf": [text(writeOnly=True), {"type": "integer"}]},
        "both": {"allOf": [text(), {"writeOnly": True}]},
        "card": {"properties": {"number": text(writeOnly=True), "name": text()}},
        "never": False,
        "seen": text(readOnly=True),
    },
    "$defs": {"Key": {"type": "object", "writeOnly": True, "properties": {"x": text()}}},
}


def test_what_is_write_only_is_not_published():
    found = read(SECRETS)
    assert shown(found) == {"id": "Edm.Int64?", "card": "UserCard?", "seen": "Edm.String?"}
    assert found.members["card"].type.members.keys() == {"name"}


@pytest.mark.parametrize(
    "name", ["secret", "password", "pin", "keys", "key", "either", "both", "card/number"]
)
@pytest.mark.parametrize("option", ["only", "filterable", "sortable"])
def test_only_does_not_publish_what_is_write_only_but_override_does(name, option):
    with pytest.raises(oq.ConfigurationError, match="is private; only override publishes it"):
        read(SECRETS, **{option: iter([name])})
    assert read(SECRETS, exclude=[name]) == read(SECRETS)
    found = read(SECRETS, only=[name], override={name: oq.Property("Edm.String")})
    (member,) = found.members.values()
    assert (member.type.members if name == "card/number" else found.members).keys() == {name.split("/")[-1]}


ODD = {
    "properties": {
        "id": {"type": "integer"},
        "sub-title": text(),
        "@type": text(),
        "sub_title": text(),
        "a b": {"properties": {"x-y": {"type": "integer"}, "x": {"type": "integer"}}},
        "2nd": text(),
        "": text(),
        "a.b": text(),
        1: text(),
        None: text(),
        "$ref": text(),
    }
}


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({}, ["id", "sub_title", "a.b"]),
        ({"only": ["sub-title"]}, ["sub_title_"]),
        ({"only": ["sub-title"], "rename": {"sub-title": "subtitle"}}, ["subtitle"]),
        ({"only": ["@type", "2nd", ""]}, ["_type", "_2nd", "_"]),
        ({"rename": {"@type": "kind"}}, ["id", "kind", "sub_title", "a.b"]),
        ({"exclude": ["@type"]}, ["id", "sub_title", "a.b"]),
        ({"override": {"@type": oq.Property("Edm.Int64")}}, ["id", "_type", "sub_title", "a.b"]),
        ({"only": ["a b/x"]}, ["a_b"]),
        ({"rename": "camelCase"}, ["id", "subTitle", "a.b"]),
    ],
)
def test_names_that_odata_cannot_write_are_left_out_unless_an_option_names_them(options, names):
    found = read(ODD, **options)
    assert list(found.members) == names
    assert list(found.restrict(functions=["contains"]).members) == names


def test_rows_are_read_by_the_names_of_the_schema():
    found = read(ODD, only=["@type", "a b/x-y"], rename={"@type": "kind"})
    rows = [{"@type": "a", "a b": {"x-y": 1}}, {"@type": "b", "a b": {"x-y": 2}}]
    assert found.members["a_b"].type.members.keys() == {"x_y"}
    for options in ("$filter=kind eq 'b' and a_b/x_y eq 2", "$orderby=kind desc&$top=1"):
        assert python.apply(rows, oq.parse_query(options, found)) == rows[1:]


# ---- errors --------------------------------------------------------------------------------------

DEEP: dict[str, Any] = {f"d{n}": {"$ref": f"#/$defs/d{n + 1}"} for n in range(5_000)} | {"d5000": text()}
WIDE: dict[str, Any] = {
    f"w{n}": {"anyOf": [{"$ref": f"#/$defs/w{n + 1}"}, {"allOf": [{"$ref": f"#/$defs/w{n + 1}"}]}]}
    for n in range(40)
} | {"w40": {"type": "integer"}}
NESTED: dict[str, Any] = text()
for _ in range(3_000):
    NESTED = {"allOf": [NESTED]}


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({}, "Thing.p: the schema has no type"),
        (True, "Thing.p: the schema has no type"),
        ({"type": "null"}, "the schema has no type"),
        ({"type": []}, "the schema has no type"),
        ({"type": "file"}, "OData has no type for file"),
        ({"type": ["string", "integer"]}, "Thing.p: OData has no type for integer or string"),
        ({"type": [{"type": "string"}]}, "OData has no type for {'type': 'string'}"),
        ({"type": "object"}, "OData has no type for an object without properties"),
        ({"type": "object", "properties": {}}, "OData has no type for an object without properties"),
        ({"type": "object", "additionalProperties": text()}, "an object without properties"),
        ({"type": "object", "patternProperties": {"^x": text()}}, "an object without properties"),
        ({"type": "array"}, "all items of a collection must have the same type"),
        ({"type": "array", "items": True}, "all items of a collection must have the same type"),
        ({"type": "array", "items": [text(), text()]}, "all items of a collection must have the same type"),
        ({"type": "array", "prefixItems": [text()], "items": text()}, "all items of a collection must have the same type"),
        ({"type": "array", "items": {"type": "array", "items": text()}}, "OData has no collections of collections"),
        ({"anyOf": [text(), {"type": "integer"}]}, "OData has no type for Edm.Int64 or Edm.String"),
        ({"anyOf": [text("date"), text("date-time")]}, "no type for Edm.Date or Edm.DateTimeOffset"),
        ({"oneOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}}]}, "OData has no type for one of several objects"),
        ({"anyOf": [text(), {}]}, "the schema has no type"),
        ({"allOf": [text(), {"type": "integer"}]}, "the schema has no type"),
        ({"enum": []}, "the schema has no type"),
        ({"enum": ["a", 1]}, "OData has no type for integer or string"),
        ({"enum": "ab"}, "enum='ab' is not a list of values"),
        ({"$ref": 5}, "5 is not a reference"),
        ({"$ref": "#/$defs/none"}, "the document has no place '#/\\$defs/none'"),
        ({"$ref": "#none"}, "the document has no place '#none'"),
        ({"$ref": "#/$defs/d0/$ref/x"}, "the document has no place"),
        ({"$ref": "#/$defs/list/7"}, "the document has no place"),
        ({"$ref": "#/$defs/list/²"}, "the document has no place"),
        ({"$ref": "other.json"}, "the reference 'other.json' leads out of the document"),
        ({"$ref": "other.json#/$defs/x"}, "leads out of the document"),
        ({"$ref": "file:///etc/passwd"}, "the reference 'file:///etc/passwd' leads out of the document"),
        ({"$ref": "http://127.0.0.1:1/x.json"}, "leads out of the document"),
        ({"$ref": "http://[x/"}, "leads out of the document"),
        ({"$ref": "#/$defs/self"}, "Thing.p: a schema refers to itself without end"),
        ({"$ref": "#/$defs/a"}, "a schema refers to itself without end"),
        ({"$ref": "#/$defs/either"}, "a schema refers to itself without end"),
        ({"$ref": "#/$defs/d0"}, "schemas refer to each other for more than 100 steps"),
        (NESTED, "schemas refer to each other for more than 100 steps"),
        ({"$ref": "#/$defs/text"}, "'text' is not a schema"),
        ("text", "'text' is not a schema"),
        (None, "None is not a schema"),
        ([text()], "is not a schema"),
        ({"properties": []}, "properties=.* is not a mapping"),
        ({"allOf": text()}, "allOf=.* is not a list of schemas"),
        ({"anyOf": None}, "anyOf=None is not a list of schemas"),
    ],
)  # fmt: skip
def test_what_has_no_type_is_an_error_only_where_it_is_published(schema, message):
    definitions = {
        "self": {"$ref": "#/$defs/self"},
        "a": {"allOf": [{"$ref": "#/$defs/b"}]},
        "b": {"allOf": [{"$ref": "#/$defs/a"}], "properties": {"x": text()}},
        "either": {"anyOf": [{"$ref": "#/$defs/either"}, {"type": "null"}]},
        "text": "text",
        "list": [text()],
        **DEEP,
    }
    document = {"title": "Thing", "properties": {"id": text(), "p": schema}, "$defs": definitions}
    with pytest.raises(oq.ConfigurationError, match=message):
        read(document)
    assert shown(read(document, exclude=["p"])) == {"id": "Edm.String?"}
    assert shown(read(document, override={"p": oq.Property("Edm.Int32")}))["p"] == "Edm.Int32?"


@pytest.mark.parametrize(
    ("schema", "name", "message"),
    [
        ("{}", None, "is not a JSON Schema"),
        (True, None, "is not a JSON Schema"),
        ([], None, "is not a JSON Schema"),
        (None, None, "is not a JSON Schema"),
        ({}, None, "the document is not a schema of objects with properties"),
        (text(), None, "the document is not a schema of objects with properties"),
        ({"type": "array", "items": SCHEMA}, None, "not a schema of objects"),
        (OPENAPI, None, "not a schema of objects with properties; name one of its schemas, as 'Place'"),
        (OPENAPI, "image", "the document has no schema 'image'; did you mean 'Image'?"),
        (OPENAPI, "Xyz", "the document has no schema 'Xyz'"),
        (OPENAPI, "Status", "Status is not a schema of objects"),
        (OPENAPI, "#/paths/x", "the document has no place '#/paths/x'"),
        (OPENAPI, "", "the document has no schema ''"),
        ({"$defs": {"T": True, "N": None, "L": []}}, "T", "T is not a schema of objects"),
        ({"$defs": {"T": True, "N": None, "L": []}}, "N", "None is not a schema"),
        ({"$defs": [], "definitions": None, "components": {"schemas": 5}}, "N", "no schema 'N'"),
        ({"$ref": "#"}, None, "refers to itself"),
        ({"$ref": "other.json"}, None, "leads out of the document"),
        ({"oneOf": [SCHEMA, {"properties": {"x": {}}}]}, None, "not a schema of objects"),
        ({"type": ["object", "string"], "properties": {"x": {}}}, None, "not a schema of objects"),
    ],
)
def test_a_document_that_is_no_schema_of_rows_is_an_error(schema, name, message):
    with pytest.raises(oq.ConfigurationError, match=message):
        read(schema, name)


def test_weird_documents_are_read():
    weird = {
        "properties": {"id": {"type": "integer"}, "$id": {"type": "string"}, "required": {"type": "boolean"}},
        "required": True,
        "type": ["object", "null"],
        "additionalProperties": True,
        "patternProperties": {"x": 5},
        "anyOf": [{"required": ["id"]}, {"required": ["title"]}],
        "if": {"properties": {"id": {"const": 1}}},
        "examples": [{"$id": 5, "$anchor": {}}],
    }
    assert shown(read(weird)) == {"id": "Edm.Int64?", "required": "Edm.Boolean?"}


def test_unions_of_unions_take_no_time():
    document = {"properties": {"p": {"$ref": "#/$defs/w0"}}, "$defs": WIDE}
    assert shown(read(document)) == {"p": "Edm.Int64?"}


def test_objects_inside_objects_take_any_depth():
    deep: dict[str, Any] = {"properties": {"x": text()}}
    for _ in range(150):
        deep = {"properties": {"x": deep}}
    found: Any = read(deep)
    for _ in range(150):
        found = found.members["x"].type
    assert shown(found) == {"x": "Edm.String?"}


# ---- rows ----------------------------------------------------------------------------------------


def image(**changed):
    row = {
        "id": 1, "reference": "a", "title": None, "file_type": "jpg", "status": "Ok", "rights": 3, "width": 3,
        "height": 4, "depth": None, "size_in_bytes": 5, "num_links": 0, "rating": 1, "contrast": None,
        "price": "9.90", "weight": 1.5, "is_public": True, "is_archived": None,
        "created_on": "2024-04-05T08:44:33", "modified_on": None, "taken_on": "2024-04-05", "taken_at": "08:44",
        "exposure": "PT1.5S", "checksum": "3q0=", "uuid": "5C2F2C1E-0A3A-4C8B-9C39-0D8F4D6C5B11", "batch": None,
        "tags": ["x", "y"], "sizes": [1, 2], "place": {"city": "Oslo", "latitude": None, "longitude": 1},
        "original_url": "u", "thumbnail_url": None,
    }  # fmt: skip
    return row | changed


@pytest.mark.parametrize("copies", [1, 1_000])
@pytest.mark.parametrize(
    "filter",
    [
        "status eq 'Ok' and rights has 'READ,WRITE'",
        "status gt 'Up'",
        "price eq 9.9 and weight gt 1.4",
        "created_on eq 2024-04-05T08:44:33Z and year(created_on) eq 2024",
        "taken_on eq 2024-04-05 and taken_at lt 09:00:00 and exposure ge duration'PT1S'",
        "uuid eq 5c2f2c1e-0a3a-4c8b-9c39-0d8f4d6c5b11 and checksum ne null",
        "tags/any(t: t eq 'y') and sizes/$count eq 2 and place/city eq 'Oslo'",
        "rating div 2 eq 0.5",
    ],
)
def test_rows_of_json_are_queried_by_the_types_of_their_schema(filter, copies):
    found = read(OPENAPI, "Image", override=RIGHTS)
    other = image(
        id=2, status="Vd", rights=1, price=None, weight="1", created_on="2023-04-05T08:44:33+02:00", rating=9,
        taken_on="2023-01-01", uuid="5c2f2c1e0a3a4c8b9c390d8f4d6c5b12", tags=[], sizes=None, place=None,
    )  # fmt: skip
    query = oq.parse_query({"$filter": filter, "$orderby": "price,weight,uuid"}, found)
    assert len(python.apply([image(), other] * copies, query)) == copies


class _Color(enum.Enum):
    RED = "red"


def test_rows_hold_members_of_a_python_enumeration_too():
    found = read(
        {"properties": {"c": {"$ref": "#/$defs/Color"}}, "$defs": {"Color": text(enum=["red", "blue"])}}
    )
    rows = [{"c": _Color.RED}, {"c": "blue"}]
    assert python.apply(rows, oq.parse_query("$filter=c eq 'red'", found)) == rows[:1]


def test_a_number_that_may_be_its_digits_as_a_text_is_a_decimal():
    pattern = text(pattern=r"^\\d*\\.?\\d*$")
    schema = {
        "title": "Row",
        "properties": {"price": {"anyOf": [{"type": "number"}, pattern, {"type": "null"}]}},
    }
    assert oq.EntityType.from_json_schema(schema).members["price"].type.name == "Edm.Decimal"
