"""Geography and geometry: `geography'SRID=0;Point(1 2)'` (Part 2: URL Conventions 5.1.1.11)."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any, NoReturn

from ..problems import Name, Phrase

EARTH_RADIUS = 6371008.8  # metres, the mean radius
MAX_DEPTH = 32  # of collections: bounds the recursion here and in a value's hash, == and repr
_TOO_DEEP = Phrase("nested-collections", most=MAX_DEPTH)

# What stands between the parentheses of a part, and how many of it at least.
_PARTS = {
    "Point": ("position", 1),
    "LineString": ("position", 2),
    "Polygon": ("ring", 1),
    "MultiPoint": ("Point", 0),
    "MultiLineString": ("LineString", 0),
    "MultiPolygon": ("Polygon", 0),
    "GeometryCollection": ("geometry", 1),
    "ring": ("position", 1),
}
_SHAPES = tuple(part for part in _PARTS if part != "ring")
# The longest text that can begin a doubleValue, whole or not: an error points behind it.
_NUMBER = re.compile(r"N(?:aN?)?|-?I(?:NF?)?|[+-]?(?:[0-9]+(?:\.[0-9]*)?(?:(?<=[0-9])[eE][+-]?[0-9]*)?)?")
_NUMBER_ENDS = (*"0123456789", "NaN", "INF")
_SRID = re.compile("[0-9]{0,5}")


class GeoError(ValueError):
    """A malformed value: `SRID=0;Polygon((1 1,2 2))`: "a ring must end where it begins" at 23.

    `position` is the offset of the first character that cannot be accepted; of GeoJSON, in its WKT.
    """

    def __init__(self, reason: Phrase | str, position: int = 0) -> None:
        super().__init__(reason)
        self.reason, self.position = reason, position


@dataclass(frozen=True, slots=True)
class Geo:
    """A value: `SRID=0;Point(1 2)` is `Geo("Point", (1.0, 2.0), 0)`; coordinates are as in GeoJSON.

    A position is longitude and latitude (or x and y), perhaps an altitude, perhaps a measure.
    The coordinates of a GeometryCollection are a tuple of Geo, which have its SRID.
    """

    shape: str
    coordinates: tuple[Any, ...]
    srid: int


class _Reader:
    """Takes a text from left to right; `at` is the offset of what is not taken yet."""

    def __init__(self, text: str) -> None:
        self.text, self.at, self.srid = text, 0, 0
        # The ABNF ignores case in ASCII only, and `lower()` can change the length of other texts.
        self.folded = text.encode("ascii", "replace").decode().lower()

    def fail(self, reason: str, **values: object) -> NoReturn:
        raise GeoError(Phrase(reason, **values), self.at)

    def skip(self, character: str) -> bool:
        here = self.text.startswith(character, self.at)
        self.at += here
        return here

    def take(self, *words: str) -> str:
        for word in words:
            if self.folded.startswith(word.lower(), self.at):
                self.at += len(word)
                return word
        start = self.at
        while self.at < len(self.text) and any(
            word.lower().startswith(self.folded[start : self.at + 1]) for word in words
        ):
            self.at += 1
        self.fail("expected", expected=tuple(Name(f"'{word}'") for word in words))

    def match(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.at)
        assert match  # both patterns match the empty text
        self.at = match.end()
        return match[0]

    def position(self) -> tuple[float, ...]:
        numbers: list[float] = []
        while not numbers or (len(numbers) < 4 and self.skip(" ")):
            digits = self.match(_NUMBER)
            if not digits.endswith(_NUMBER_ENDS):
                self.fail("expected-number")
            # Tuples that hold the same NaN object are equal, so even NaN survives a round trip.
            numbers.append(math.nan if digits == "NaN" else float(digits))
        if len(numbers) < 2 or self.text.startswith(" ", self.at):
            self.fail("position-size")
        return tuple(numbers)

    def part(self, part: str, depth: int = 0) -> Any:
        if part == "position":
            return self.position()
        if part == "geometry":
            if depth > MAX_DEPTH:
                raise GeoError(_TOO_DEEP, self.at)
            shape = self.take(*_SHAPES)
            return Geo(shape, self.part(shape, depth + 1), self.srid)
        element, least = _PARTS[part]
        self.take("(")
        if not least and self.skip(")"):
            return ()
        start = self.at
        items = [self.part(element, depth)]
        if part == "Point":
            self.take(")")
            return items[0]
        while self.skip(","):
            items.append(self.part(element, depth))
        if self.text.startswith(")", self.at):
            if len(items) < least:
                self.fail("too-few-positions")
            if part == "ring":
                # Compared as text, as the ABNF demands: `1.0 1` does not match `1 1`.
                positions = self.text[start : self.at].split(",")
                if positions[0] != positions[-1]:
                    self.fail("open-ring")
        self.take(",", ")")
        return tuple(items)


def _read(text: str, *, needs_srid: bool) -> Geo:
    reader = _Reader(text)
    if needs_srid or reader.folded.startswith("s"):
        reader.take("SRID=")
        digits = reader.match(_SRID)
        if not digits:
            reader.fail("srid-digits")
        reader.take(";")
        reader.srid = int(digits)
    geo: Geo = reader.part("geometry")
    if reader.at < len(text):
        reader.fail("text-after-shape")
    return geo


def parse(text: str) -> Geo:
    """Read the text between a literal's quotes, `SRID=0;Point(1 2)`; raises GeoError (5.1.1.11)."""
    return _read(text, needs_srid=True)


def from_data(value: object) -> Geo:
    """Read what a data row holds: a Geo, WKT, or GeoJSON; raises GeoError.

    WKT is spelled as in a literal, but needs no SRID: `Point(1 2)` is `SRID=0;Point(1 2)`, and so
    is the mapping `{"type": "Point", "coordinates": [1, 2]}`. A collection's key is "geometries".
    """
    if isinstance(value, Geo):
        return value
    return _read(value if isinstance(value, str) else _wkt("geometry", value), needs_srid=False)


def unparse(geo: Geo) -> str:
    """Write a value as `parse` reads it: `SRID=0;Point(1 2)`."""
    return f"SRID={geo.srid};{_wkt('geometry', geo)}"


def _wkt(part: str, value: object, depth: int = 0) -> str:
    """Write a part, `[[1, 2], [3, 4]]` -> `(1 2,3 4)`. Counts and rings are left to the reader."""
    if part == "geometry":
        shape: Any = None
        data: Any = None
        if isinstance(value, Geo):
            shape, data = value.shape, value.coordinates
        elif isinstance(value, Mapping):
            shape = value.get("type")
            data = value.get("geometries" if shape == "GeometryCollection" else "coordinates")
        if shape not in _SHAPES:
            raise GeoError(f"expected WKT or GeoJSON: one of {', '.join(_SHAPES)}")
        if depth > MAX_DEPTH:
            raise GeoError(_TOO_DEEP)
        return f"{shape}{_wkt(shape, data, depth + 1)}"
    if part == "number":
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise GeoError(f"expected a number, not {type(value).__name__}")
        try:
            # Adding 0.0 turns -0.0 into 0.0: equal, but as text it would not close a ring.
            text = repr(float(value) + 0.0).removesuffix(".0")
        except OverflowError:
            raise GeoError("a number is too large for a double") from None
        return {"inf": "INF", "-inf": "-INF", "nan": "NaN"}.get(text, text)
    if not isinstance(value, (list, tuple)):
        raise GeoError(f"the coordinates of a {part} are a list, not {type(value).__name__}")
    if part == "position":
        return " ".join(_wkt("number", number) for number in value)
    items = [value] if part == "Point" else value
    return "(" + ",".join(_wkt(_PARTS[part][0], item, depth) for item in items) + ")"


def _coordinates(geo: Geo, shape: str) -> tuple[Any, ...]:
    if geo.shape != shape:
        raise GeoError(f"expected a {shape}, not a {geo.shape}")
    return geo.coordinates


def _between(a: tuple[float, ...], b: tuple[float, ...], geography: bool) -> float:
    if not geography:
        return math.hypot(b[0] - a[0], b[1] - a[1])
    degrees = (*a[:2], *b[:2])
    if not all(map(math.isfinite, degrees)):
        return math.nan
    # To radians first: the difference of two finite numbers of degrees may be infinite.
    lon_a, lat_a, lon_b, lat_b = map(math.radians, degrees)
    parallel = math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
    haversine = math.sin((lat_b - lat_a) / 2) ** 2 + parallel
    # Rounding can leave the range from 0 to 1.
    return 2 * EARTH_RADIUS * math.asin(math.sqrt(min(max(haversine, 0.0), 1.0)))


def distance(a: Geo, b: Geo, *, geography: bool) -> float:
    """`geo.distance(Position,geography'SRID=0;Point(142.1 64.1)')`: of two Points (5.1.1.11.1).

    For geographies the great circle's, in metres, on a sphere; for geometries the plane's.
    Altitude, measure and SRID play no part. NaN and INF give NaN or INF, as in IEEE 754.
    """
    return _between(_coordinates(a, "Point"), _coordinates(b, "Point"), geography)


def length(line: Geo, *, geography: bool) -> float:
    """`geo.length(geometry'SRID=0;LineString(0 0,3 4)')` -> 5.0: sums distances (5.1.1.11.3)."""
    positions = _coordinates(line, "LineString")
    return sum((_between(a, b, geography) for a, b in pairwise(positions)), 0.0)


def _products(x: Any, y: Any, x1: Any, y1: Any, x2: Any, y2: Any) -> tuple[Any, Any]:
    """The first is larger where the point is to the left of the edge, smaller to the right."""
    return (x2 - x1) * (y - y1), (y2 - y1) * (x - x1)


def _side(x: float, y: float, ring: tuple[tuple[float, ...], ...]) -> int:
    """1 inside the ring, 0 on it, -1 outside: each edge that a ray to the right crosses swaps."""
    side = -1
    for (x1, y1, *_), (x2, y2, *_) in pairwise((*ring, ring[0])):
        if not min(y1, y2) <= y <= max(y1, y2):
            continue
        numbers = (x, y, x1, y1, x2, y2)
        left, right = _products(*numbers)
        scale = sum(map(abs, numbers))
        # Decimals settle a close call: in binary, 3.5 3.4 is not between 1.1 1.1 and 5.9 5.7.
        if not abs(left - right) > 1e-15 * scale * scale:
            left, right = _products(*map(Fraction, map(str, numbers)))
        if left == right and min(x1, x2) <= x <= max(x1, x2):
            return 0
        if (y1 > y) != (y2 > y) and (left > right) == (y2 > y1):
            side = -side
    return side


def intersects(point: Geo, polygon: Geo) -> bool:
    """`geo.intersects(Position,geometry'SRID=0;Polygon((0 0,2 0,2 2,0 0))')` (5.1.1.11.2).

    A polygon is its first ring without the others, the holes; every border belongs to it. Edges are
    straight in the plane, of longitude and latitude too. NaN and INF intersect nothing.
    """
    x, y, *_ = _coordinates(point, "Point")
    rings = _coordinates(polygon, "Polygon")
    numbers = (number for ring in rings for position in ring for number in position[:2])
    if not all(map(math.isfinite, (x, y, *numbers))):
        return False
    outer, *holes = (_side(x, y, ring) for ring in rings)
    return outer >= 0 and max(holes, default=-1) <= 0
