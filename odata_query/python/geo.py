"""The functions `geo.distance`, `geo.length` and `geo.intersects` (Part 2: URL Conventions 5.1.1.11)."""

from __future__ import annotations

import math
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, localcontext
from itertools import pairwise
from typing import Any

from ..language.wkt import Geo, GeoError

_EXACT = Context(prec=4_000, Emax=MAX_EMAX, Emin=MIN_EMIN)
"""Has room for the product of any two differences of floats."""
EARTH_RADIUS = 6371008.8  # metres, the mean radius


def distance(a: Geo, b: Geo, *, geography: bool) -> float:
    """Measure between two points: `geo.distance(Position,geography'SRID=4326;Point(1 2)')` (5.1.1.11.1).

    For geographies along the great circle of a sphere, in metres; for geometries in the plane. Altitude
    and measure are ignored. NaN and INF give NaN or INF, as in IEEE 754.
    """
    return _between(_coordinates(a, "Point"), _coordinates(b, "Point"), geography)


def length(line: Geo, *, geography: bool) -> float:
    """Sum the distances of a line: `geo.length(geometry'SRID=0;LineString(0 0,3 4)')` -> 5.0 (5.1.1.11.3)."""
    positions = _coordinates(line, "LineString")
    return sum((_between(a, b, geography) for a, b in pairwise(positions)), 0.0)


def intersects(point: Geo, polygon: Geo) -> bool:
    """Test `geo.intersects(Position,geometry'SRID=0;Polygon((0 0,2 0,2 2,0 0))')` (5.1.1.11.2).

    A polygon is its first ring without the holes, which are the other rings; every border belongs to it.
    Edges are straight in the plane, also between longitudes and latitudes. NaN and INF intersect nothing.
    """
    x, y, *_ = _coordinates(point, "Point")
    rings = _coordinates(polygon, "Polygon")
    numbers = (number for ring in rings for position in ring for number in position[:2])
    if not all(map(math.isfinite, (x, y, *numbers))):
        return False
    outer, *holes = (_side(x, y, ring) for ring in rings)
    return outer >= 0 and max(holes, default=-1) <= 0


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


def _products(x: Any, y: Any, x1: Any, y1: Any, x2: Any, y2: Any) -> tuple[Any, Any]:
    """Return two products: the first is larger left of the edge, smaller right of it."""
    return (x2 - x1) * (y - y1), (y2 - y1) * (x - x1)


def _side(x: float, y: float, ring: tuple[tuple[float, ...], ...]) -> int:
    """Return 1 inside a ring, 0 on it, -1 outside: each edge across a ray to the right flips the side."""
    side = -1
    for (x1, y1, *_), (x2, y2, *_) in pairwise((*ring, ring[0])):
        if not min(y1, y2) <= y <= max(y1, y2) or x > max(x1, x2):
            continue
        if x < min(x1, x2):
            side = -side if (y1 > y) != (y2 > y) else side
            continue
        numbers = (x, y, x1, y1, x2, y2)
        left, right = _products(*numbers)
        scale = sum(map(abs, numbers))
        # Decimals decide a close call: in binary, 3.5 3.4 is not between 1.1 1.1 and 5.9 5.7.
        if not abs(left - right) > 1e-15 * scale * scale:
            with localcontext(_EXACT):
                left, right = _products(*map(Decimal, map(str, numbers)))
        if left == right:
            return 0
        if (y1 > y) != (y2 > y) and (left > right) == (y2 > y1):
            side = -side
    return side
