"""Geography and geometry: valid and invalid texts, and the three functions."""

import math
import re
from collections.abc import Callable
from itertools import count, pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import odata_query as oq
from odata_query import python
from odata_query.language.wkt import Geo, GeoError, from_data, parse, unparse
from odata_query.python.geo import distance, intersects, length

A, B, C = (1.0, 1.0), (2.0, 2.0), (3.0, 3.0)
SQUARE = "SRID=0;Polygon((0 0,4 0,4 4,0 4,0 0),(1 1,1 3,3 3,3 1,1 1))"  # with a square hole

READ = [  # text without SRID, shape, coordinates
    ("Point(142.1 64.1)", "Point", (142.1, 64.1)),
    ("Point(142.1 64.1 10.0 -3.14)", "Point", (142.1, 64.1, 10.0, -3.14)),
    ("Point(+1 -2e3 1.5E+2)", "Point", (1.0, -2000.0, 150.0)),
    ("Point(INF -INF)", "Point", (math.inf, -math.inf)),
    ("Point(NaN 1e999)", "Point", (math.nan, math.inf)),
    ("pOINT(007 1)", "Point", (7.0, 1.0)),
    ("LineString(142.1 64.1,3.14 2.78)", "LineString", ((142.1, 64.1), (3.14, 2.78))),
    ("MultiPoint()", "MultiPoint", ()),
    ("MultiPoint((1 1),(2 2))", "MultiPoint", (A, B)),
    ("MultiLineString()", "MultiLineString", ()),
    ("MultiLineString((1 1,2 2),(2 2,3 3,1 1))", "MultiLineString", ((A, B), (B, C, A))),
    ("Polygon((1 1))", "Polygon", ((A,),)),
    ("Polygon((1 1,1 1),(1 1,2 2,3 3,1 1))", "Polygon", ((A, A), (A, B, C, A))),
    ("MultiPolygon()", "MultiPolygon", ()),
    ("MultiPolygon(((1 1,1 1),(2 2)))", "MultiPolygon", (((A, A), (B,)),)),
    (
        "GeometryCollection(Point(1 1),GeometryCollection(MultiPoint()))",
        "GeometryCollection",
        (
            Geo("Point", A, 0),
            Geo("GeometryCollection", (Geo("MultiPoint", (), 0),), 0),
        ),
    ),
]

REFUSED = [  # text, position, a part of the message
    ("", 0, "expected 'SRID='"),
    ("Point(1 2)", 0, "expected 'SRID='"),
    ("SRİD=0;Point(1 2)", 2, "expected 'SRID='"),
    ("SRID =0;Point(1 2)", 4, "expected 'SRID='"),
    ("SRID=;Point(1 2)", 5, "one to five digits"),
    ("SRID=-1;Point(1 2)", 5, "one to five digits"),
    ("SRID=\u0661;Point(1 2)", 5, "one to five digits"),
    ("SRID=123456;Point(1 2)", 10, "expected ';'"),
    ("SRID=0", 6, "expected ';'"),
    ("SRID=0; Point(1 2)", 7, "expected 'Point', 'LineString'"),
    ("SRID=0;Poing(1 2)", 11, "expected 'Point',"),
    ("SRID=0;Multi", 12, "expected 'Point',"),
    ("SRID=0;Line\u017ftring(1 2)", 11, "expected 'Point',"),
    ("SRID=0;Point (1 2)", 12, "expected '('"),
    ("SRID=0;Point EMPTY", 12, "expected '('"),
    ("SRID=0;Point()", 13, "expected a number"),
    ("SRID=0;Point( 1 2)", 13, "expected a number"),
    ("SRID=0;Point(1)", 14, "two to four numbers"),
    ("SRID=0;Point(1,2)", 14, "two to four numbers"),
    ("SRID=0;Point(1  2)", 15, "expected a number"),
    ("SRID=0;Point(1\t2)", 14, "two to four numbers"),
    ("SRID=0;Point(1 2 )", 17, "expected a number"),
    ("SRID=0;Point(1 2 3 4 5)", 20, "two to four numbers"),
    ("SRID=0;Point(1 2,3 4)", 16, "expected ')'"),
    ("SRID=0;Point(1. 2)", 15, "expected a number"),
    ("SRID=0;Point(.5 2)", 13, "expected a number"),
    ("SRID=0;Point(1_0 2)", 14, "two to four numbers"),
    ("SRID=0;Point(1e 2)", 15, "expected a number"),
    ("SRID=0;Point(1.5.2 2)", 16, "two to four numbers"),
    ("SRID=0;Point(1.e5 2)", 15, "expected a number"),
    ("SRID=0;Point(- 2)", 14, "expected a number"),
    ("SRID=0;Point(+INF 2)", 14, "expected a number"),
    ("SRID=0;Point(nan 2)", 13, "expected a number"),
    ("SRID=0;Point(Nan 2)", 15, "expected a number"),
    ("SRID=0;Point(INFINITY 2)", 16, "two to four numbers"),
    ("SRID=0;Point(\u0663 \xb2)", 13, "expected a number"),
    ("SRID=0;Point(1 2", 16, "expected ')'"),
    ("SRID=0;Point(1 2))", 17, "unexpected text after"),
    ("SRID=0;Point(1 2)\n", 17, "unexpected text after"),
    ("SRID=0;LineString()", 18, "expected a number"),
    ("SRID=0;LineString(1 1)", 21, "a LineString needs at least 2 positions"),
    ("SRID=0;LineString(1 1, 2 2)", 22, "expected a number"),
    ("SRID=0;LineString(1 1,2 2", 25, "expected ',' or ')'"),
    ("SRID=0;MultiLineString((1 1))", 27, "a LineString needs at least 2 positions"),
    ("SRID=0;MultiPoint(1 1,2 2)", 18, "expected '('"),
    ("SRID=0;Polygon()", 15, "expected '('"),
    ("SRID=0;Polygon(())", 16, "expected a number"),
    ("SRID=0;Polygon((1 1,2 2))", 23, "a ring must end where it starts"),
    ("SRID=0;Polygon((1 1,2 2,1.0 1))", 29, "a ring must end where it starts"),
    ("SRID=0;GeometryCollection()", 26, "expected 'Point',"),
    ("SRID=0;GeometryCollection(SRID=0;Point(1 2))", 26, "expected 'Point',"),
]

numbers = st.floats().map(lambda number: math.nan if math.isnan(number) else number)
positions = st.integers(2, 4).flatmap(lambda size: st.tuples(*[numbers] * size))


def tuples(items: st.SearchStrategy, least: int) -> st.SearchStrategy:
    return st.lists(items, min_size=least, max_size=4).map(tuple)


rings = tuples(positions, 1).map(lambda ring: (*ring, ring[0]))
lines, polygons = tuples(positions, 2), tuples(rings, 1)


def built(shape: str, coordinates: st.SearchStrategy) -> st.SearchStrategy[Geo]:
    return coordinates.map(lambda data: Geo(shape, data, 0))


geos = st.recursive(
    built("Point", positions)
    | built("LineString", lines)
    | built("Polygon", polygons)
    | built("MultiPoint", tuples(positions, 0))
    | built("MultiLineString", tuples(lines, 0))
    | built("MultiPolygon", tuples(polygons, 0)),
    lambda members: built("GeometryCollection", tuples(members, 1)),
    max_leaves=4,
)


def abnf_pattern() -> re.Pattern[str]:
    """The ABNF, except for nested collections, rule by rule: an oracle for the reader."""
    number = r"(?:[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|NaN|-?INF)"
    position = f"{number} {number}(?: {number})?(?: {number})?"
    point = rf"\({position}\)"
    line = rf"\({position}(?:,{position})+\)"
    groups = count()

    def some(rule: Callable[[], str]) -> str:  # called twice: a regex can have a group's name once
        return rf"\({rule()}(?:,{rule()})*\)"

    def ring() -> str:
        name = f"first{next(groups)}"
        return rf"\((?P<{name}>{position})(?:(?:,{position})*,(?P={name}))?\)"

    def polygon() -> str:
        return some(ring)

    def literal() -> str:
        return (
            f"(?:(?i:Point){point}|(?i:LineString){line}|(?i:Polygon){polygon()}"
            rf"|(?i:MultiPoint)(?:\(\)|{some(lambda: point)})"
            rf"|(?i:MultiLineString)(?:\(\)|{some(lambda: line)})"
            rf"|(?i:MultiPolygon)(?:\(\)|{some(polygon)}))"
        )

    shape = f"(?:{literal()}|(?i:GeometryCollection){some(literal)})"
    return re.compile("(?i:SRID)=[0-9]{1,5};" + shape, re.ASCII)


ABNF = abnf_pattern()


def geojson(geo: Geo) -> dict[str, object]:
    if geo.shape == "GeometryCollection":
        return {"type": geo.shape, "geometries": [geojson(member) for member in geo.coordinates]}
    return {"type": geo.shape, "coordinates": geo.coordinates}


def nested(depth: int) -> str:
    return "SRID=0;" + "GeometryCollection(" * depth + "Point(1 1)" + ")" * depth


# With surrogates, and at once: `st.text()` builds its table of characters for seconds.
any_texts = st.lists(st.integers(0, 0x10FFFF), max_size=20).map(lambda c: "".join(map(chr, c)))
PIECES = [*"(), .-+eE1;NIFx\u0661", "", "()", ",1 1", "(1 1)", "Multi", "\ud800"]


@st.composite
def edited_texts(draw: st.DrawFn) -> str:
    """The text of a value with up to two small mistakes."""
    text = unparse(draw(geos))
    for start in draw(st.lists(st.integers(0, len(text)), max_size=2)):
        end = start + draw(st.integers(0, 2))
        text = text[:start] + draw(st.sampled_from(PIECES)) + text[end:]
    return text


def parse_error(text: str) -> GeoError | None:
    try:
        parse(text)
    except GeoError as error:
        return error
    return None


@pytest.mark.parametrize(("text", "shape", "coordinates"), READ)
def test_a_literal_gives_its_shape_and_coordinates(text, shape, coordinates):
    assert parse("SRID=0;" + text) == Geo(shape, coordinates, 0)


@pytest.mark.parametrize(("text", "srid"), [("SRID=4326;", 4326), ("srid=00099;", 99)])
def test_every_member_of_a_collection_has_its_srid(text, srid):
    point = Geo("Point", A, srid)
    expected = Geo("GeometryCollection", (point,), srid)
    assert parse(text + "GeometryCollection(Point(1 1))") == expected


@pytest.mark.parametrize(("text", "position", "message"), REFUSED)
def test_what_the_abnf_does_not_allow_is_refused_at_its_place(text, position, message):
    with pytest.raises(GeoError, match=re.escape(message)) as caught:
        parse(text)
    assert caught.value.position == position


@pytest.mark.parametrize("text", ["SRID=4326;" + text for text, *_ in READ])
def test_an_unfinished_literal_is_refused_at_its_end(text):
    assert [parse_error(text[:end]).position for end in range(len(text))] == [*range(len(text))]


@given(edited_texts())
@example("SRID=0;Polygon((1 1,2 2,1 1),(1 12,1 1))")
def test_just_what_the_abnf_allows_is_read(text):
    if text.lower().count("geometrycollection") < 2:
        assert (parse_error(text) is None) == (ABNF.fullmatch(text) is not None)


@given(edited_texts() | any_texts)
def test_the_text_before_an_error_is_not_what_is_wrong(text):
    if error := parse_error(text):
        before = parse_error(text[: error.position])
        assert before is None or before.position == error.position


@pytest.mark.parametrize("depth", [33, 100_000])
def test_collections_in_collections_have_a_limit(depth):
    assert unparse(parse(nested(32))) == nested(32)
    with pytest.raises(GeoError, match="nested at most 32 levels deep") as caught:
        parse(nested(depth))
    assert caught.value.position == nested(33).index("Point")


def test_a_long_literal_is_read():
    assert len(parse(f"SRID=0;LineString(1 1{',2 2' * 100_000})").coordinates) == 100_001
    assert parse(f"SRID=0;Point({'1' * 100_000} 1)").coordinates == (math.inf, 1.0)


@given(geos)
def test_parse_reads_what_unparse_wrote(geo):
    assert parse(unparse(geo)) == geo
    assert hash(parse(unparse(geo))) == hash(geo)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("srid=01;point(1.50 -0)", "SRID=1;Point(1.5 0)"),
        ("SRID=0;Point(1e22 1e-7 NaN -INF)", "SRID=0;Point(1e+22 1e-07 NaN -INF)"),
        (SQUARE, SQUARE),
    ],
)
def test_unparse_writes_one_spelling(text, expected):
    assert unparse(parse(text)) == expected


@given(geos)
def test_geojson_in_data_is_read_like_wkt(geo):
    assert from_data(geojson(geo)) == from_data(geo) == from_data(unparse(geo)) == geo
    assert from_data(unparse(geo).removeprefix("SRID=0;")) == geo


def test_wkt_in_data_may_have_an_srid():
    assert from_data("srid=4326;point(1 1)") == Geo("Point", A, 4326)


cycle: dict[str, object] = {"type": "GeometryCollection"}
cycle["geometries"] = [cycle, cycle]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "expected WKT or GeoJSON"),
        (b"Point(1 2)", "expected WKT or GeoJSON"),
        ([1, 2], "expected WKT or GeoJSON"),
        ({}, "expected WKT or GeoJSON"),
        ({"type": [], "coordinates": [1, 2]}, "expected WKT or GeoJSON"),
        ({"type": "ring", "coordinates": [[1, 2]]}, "expected WKT or GeoJSON"),
        ({"type": "Point"}, "coordinates of a Point"),
        ({"type": "Point", "coordinates": "12"}, "Point are a list, not str"),
        ({"type": "Point", "coordinates": [1]}, "two to four numbers"),
        ({"type": "Point", "coordinates": [1] * 5}, "two to four numbers"),
        ({"type": "Point", "coordinates": []}, "expected a number"),
        ({"type": "Point", "coordinates": ["1 2,3", 4]}, "expected a number, not str"),
        ({"type": "Point", "coordinates": [True, 1]}, "expected a number, not bool"),
        ({"type": "Point", "coordinates": [10**5000, 1]}, "too large"),
        ({"type": "LineString", "coordinates": [[1, 1]]}, "at least 2 positions"),
        ({"type": "LineString", "coordinates": {}}, "LineString are a list, not dict"),
        ({"type": "Polygon", "coordinates": [[[1, 1], [2, 2]]]}, "must end where it starts"),
        ({"type": "GeometryCollection", "geometries": [None]}, "expected WKT or GeoJSON"),
        (cycle, "nested at most 32 levels deep"),
    ],
)
def test_what_is_no_value_in_data_is_refused(value, message):
    with pytest.raises(GeoError, match=message):
        from_data(value)


leaves = st.none() | st.booleans() | st.integers() | numbers | any_texts | st.binary()
kinds = st.sampled_from([shape for _, shape, _ in READ])
objects = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.fixed_dictionaries({"type": kinds | inner}, optional={"coordinates": inner})
        | st.fixed_dictionaries({"type": kinds, "geometries": inner})
    ),
)


@given(objects | edited_texts())
def test_from_data_gives_a_value_or_a_geo_error(value):
    try:
        geo = from_data(value)
    except GeoError:
        return
    assert parse(unparse(geo)) == geo


QUARTER = 6371008.8 * math.pi / 2  # of the Earth's circumference


@pytest.mark.parametrize(
    ("a", "b", "planar", "metres"),
    [
        ("0 0", "3 4", 5.0, 555811.6),
        ("0 0", "90 0", 90.0, QUARTER),
        ("0 0", "0 90", 90.0, QUARTER),
        ("17 90", "99 90 5 5", 82.0, 0.0),
        ("0 0", "180 0", 180.0, 2 * QUARTER),
        ("179 0", "-179 0", 358.0, QUARTER / 45),
        ("-0.1278 51.5074", "2.3522 48.8566", 3.6301, 343556.5),
        ("INF 0", "0 0", math.inf, math.nan),
        ("INF 0", "INF 0", math.nan, math.nan),
        ("0 NaN", "0 0", math.nan, math.nan),
        ("1e308 0", "-1e308 0", math.inf, None),
    ],
)
def test_distance_is_planar_or_along_the_great_circle(a, b, planar, metres):
    a, b = parse(f"SRID=0;Point({a})"), parse(f"SRID=0;Point({b})")
    assert distance(a, b, geography=False) == pytest.approx(planar, rel=1e-4, nan_ok=True)
    if metres is not None:
        actual = distance(a, b, geography=True)
        assert actual == pytest.approx(metres, rel=1e-5, abs=1e-6, nan_ok=True)


@given(positions, positions, st.booleans())
def test_distance_is_the_same_both_ways_and_never_negative(a, b, geography):
    a, b = Geo("Point", a, 0), Geo("Point", b, 0)
    there, back = distance(a, b, geography=geography), distance(b, a, geography=geography)
    assert there == back >= 0 or (math.isnan(there) and math.isnan(back))


@given(lines, st.booleans())
def test_length_is_the_sum_of_the_distances(line, geography):
    points = [Geo("Point", position, 0) for position in line]
    expected = sum(distance(a, b, geography=geography) for a, b in pairwise(points))
    actual = length(Geo("LineString", line, 0), geography=geography)
    assert actual == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    ("point", "polygon", "expected"),
    [
        ("0.5 0.5", SQUARE, True),
        ("2 2", SQUARE, False),
        ("5 2", SQUARE, False),
        ("-1 0", SQUARE, False),
        ("-1 4", SQUARE, False),
        ("4 2", SQUARE, True),
        ("0 0", SQUARE, True),
        ("2 4 99 99", SQUARE, True),
        ("1 2", SQUARE, True),
        ("3 3", SQUARE, True),
        ("0.5 3", SQUARE, True),
        ("1 1", "SRID=0;Polygon((1 1))", True),
        ("1 2", "SRID=0;Polygon((1 1))", False),
        ("1.5 1.5", "SRID=0;Polygon((1 1,2 2,1 1))", True),
        ("142.1 64.1", "SRID=0;Polygon((1 1,1 1),(1 1,2 2,3 3,1 1))", False),
        ("0 1", "SRID=0;Polygon((-1 0,0 1,1 0,0 2,-1 0))", True),
        ("0 0.5", "SRID=0;Polygon((-1 0,0 1,1 0,0 2,-1 0))", False),
        ("3.5 3.4", "SRID=0;Polygon((1.1 1.1,5.9 5.7,9 0,1.1 1.1))", True),
        ("3.5 3.4", "SRID=0;Polygon((1.1 1.1,5.9 5.7,0 9,1.1 1.1))", True),
        ("3.5 3.4000000000000004", "SRID=0;Polygon((1.1 1.1,5.9 5.7,9 0,1.1 1.1))", False),
        ("3.5 3.3999999999999995", "SRID=0;Polygon((1.1 1.1,5.9 5.7,0 9,1.1 1.1))", False),
        ("0.3 0.9", "SRID=0;Polygon((0.1 0.3,0.7 2.1,0.7 0.3,0.1 0.3))", True),
        ("1e-200 1e-200", "SRID=0;Polygon((0 0,3e-200 3e-200,3e-200 0,0 0))", True),
        ("1e-200 2e-200", "SRID=0;Polygon((0 0,3e-200 3e-200,3e-200 0,0 0))", False),
        ("0 0", "SRID=0;Polygon((-1e308 -1e308,1e308 -1e308,0 1e308,-1e308 -1e308))", True),
        (
            "9e307 1e307",
            "SRID=0;Polygon((-1e308 -1e308,1e308 -1e308,0 1e308,-1e308 -1e308))",
            False,
        ),
        ("1 2 INF NaN", "SRID=0;Polygon((0 0 NaN,4 0,0 4,0 0 NaN))", True),
        ("NaN 1", SQUARE, False),
        ("INF 1", SQUARE, False),
        ("1 1", "SRID=0;Polygon((0 0,INF 0,INF 9,0 0))", False),
    ],
)
def test_a_point_intersects_a_polygon_inside_or_on_a_border(point, polygon, expected):
    assert intersects(parse(f"SRID=0;Point({point})"), parse(polygon)) is expected


grid = st.tuples(st.integers(-4, 4), st.integers(-4, 4))


@given(grid, grid, grid, grid)
def test_a_triangle_holds_the_points_on_one_side_of_all_its_edges(p, a, b, c):
    def turn(u, v, w):
        return (v[0] - u[0]) * (w[1] - u[1]) - (v[1] - u[1]) * (w[0] - u[0])

    if turn(a, b, c):
        turns = turn(a, b, p), turn(b, c, p), turn(c, a, p)
        expected = min(turns) >= 0 or max(turns) <= 0
        assert intersects(Geo("Point", p, 0), Geo("Polygon", ((a, b, c, a),), 0)) is expected


@given(positions, polygons)
def test_intersects_does_not_depend_on_where_a_ring_begins_or_its_direction(point, polygon):
    point = Geo("Point", point, 0)
    turned = tuple((*ring[1:], ring[1 % len(ring)])[::-1] for ring in polygon)
    expected = intersects(point, Geo("Polygon", polygon, 0))
    assert intersects(point, Geo("Polygon", turned, 0)) is expected


def test_another_shape_is_refused_by_name():
    point, line = parse("SRID=0;Point(1 1)"), parse("SRID=0;LineString(1 1,2 2)")
    for call, message in [
        (lambda: distance(point, line, geography=True), "expected a Point, not a LineString"),
        (lambda: length(point, geography=False), "expected a LineString, not a Point"),
        (lambda: intersects(point, line), "expected a Polygon, not a LineString"),
    ]:
        with pytest.raises(GeoError, match=message):
            call()


ON_EARTH = ("180 90", "-180 -90", "0 0 9000", "1e-300 -0")
NOT_ON_EARTH = (  # a position, where its wrong number is, and the name of that
    ("0 102", 2, "latitude"), ("181 0", 0, "longitude"), ("-180.5 91", 0, "longitude"), ("0 -90.0000001 5", 2, "latitude"),
    ("NaN 0", 0, "longitude"), ("0 INF", 2, "latitude"), ("1e400 0", 0, "longitude"),
)  # fmt: skip
SHAPES = (
    "Point({})", "LineString(1 1,{})", "Polygon((1 1,2 2,1 1),({}))", "MultiPoint((1 1),({}))", "MultiLineString((1 1,2 2),(1 1,{}))",
    "MultiPolygon(((1 1)),((2 2),({})))", "GeometryCollection(Point(1 1),GeometryCollection(Point({})))",
)  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_a_geography_has_positions_on_the_earth_only(shape):
    for position in ON_EARTH:
        text = "SRID=4326;" + shape.format(position)
        assert from_data(parse(text, is_geography=True), is_geography=True) == parse(text)
    for position, place, name in NOT_ON_EARTH:
        text = "SRID=4326;" + shape.format(position)
        anywhere = parse(text)
        for read in (parse, from_data):
            with pytest.raises(GeoError, match=name) as caught:
                read(text, is_geography=True)
            assert caught.value.position == text.index(position) + place
        for value in (anywhere, geojson(anywhere)):
            with pytest.raises(GeoError, match=name):
                from_data(value, is_geography=True)


@pytest.mark.parametrize("value", ["SRID=3857;Point(1 2)", Geo("Point", (1.0, 2.0), 3857)])
def test_data_of_another_coordinate_system_than_its_property_are_refused(value):
    assert from_data(value, srid=3857) == from_data(value)
    with pytest.raises(GeoError, match="SRID=3857, that of its property SRID=4326"):
        from_data(value, srid=4326)
    assert from_data("Point(1 2)", srid=4326).srid == 4326


MODEL = oq.EntityType(
    "Place",
    {
        "here": oq.Property("Edm.GeographyPoint"),
        "there": oq.Property("Edm.GeographyPoint", srid=4258),
        "flat": oq.Property("Edm.GeometryPoint"),
        "any": oq.Property("Edm.GeometryPoint", srid="variable"),
        "places": oq.Property("Collection(Edm.GeographyPoint)"),
    },
)
PLACE = {
    "here": "Point(1 2)",
    "there": "SRID=4258;Point(1 2)",
    "flat": "SRID=0;Point(500 500)",
    "any": "SRID=3857;Point(500 500)",
    "places": [{"type": "Point", "coordinates": [1, 2]}],
}


@pytest.mark.parametrize(
    "filter",
    [
        "geo.distance(here,geography'SRID=4326;Point(1 2)') lt 1",
        "geo.distance(geography'SRID=4326;Point(180 -90)',here) gt 1",
        "geo.distance(there,geography'SRID=4258;Point(1 2)') lt 1",
        "geo.distance(flat,geometry'SRID=0;Point(500 500)') lt 1",
        "geo.distance(any,geometry'SRID=3857;Point(500 500)') lt 1",
        "geo.distance(any,flat) lt 1",
        "places/any(x:geo.distance(x,geography'SRID=4326;Point(1 2)') lt 1)",
        "geo.distance(here,null) eq null",
        "here ne null",
    ],
)
def test_a_value_is_compared_in_the_coordinate_system_of_its_property(filter):
    for copies in (1, 600):
        rows = [PLACE] * copies
        assert python.apply(rows, oq.parse_query({"filter": filter}, MODEL)) == rows
