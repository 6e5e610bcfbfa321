"""Geography and geometry: `geography'SRID=0;Point(1 2)'` (Part 2: URL Conventions 5.1.1.11)."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from ..problems import Name, Phrase

MAX_DEPTH = 32  # of collections: bounds the recursion here and in a value's hash, == and repr
_TOO_DEEP = Phrase("nested-collections", most=MAX_DEPTH)

# The contents of the parentheses of a part, and their least number.
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
# The longest text that can begin a doubleValue, whole or not: an error points to its end.
_NUMBER = re.compile(r"N(?:aN?)?|-?I(?:NF?)?|[+-]?(?:[0-9]+(?:\.[0-9]*)?(?:(?<=[0-9])[eE][+-]?[0-9]*)?)?")
_NUMBER_ENDS = (*"0123456789", "NaN", "INF")
_SRID = re.compile("[0-9]{0,5}")
_BOUNDS = (("longitude", 180.0), ("latitude", 90.0))


class GeoError(ValueError):
    """A malformed value: `SRID=0;Polygon((1 1,2 2))` has a ring that is not closed, at position 23.

    position  the offset of the first character that is wrong; of GeoJSON, in its WKT
    reason    a phrase of the problem's message
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
    """A reader of a text from left to right; `at` is the offset of the next character."""

    def __init__(self, text: str, is_geography: bool, srid: int) -> None:
        self.text, self.at, self.srid, self.is_geography = text, 0, srid, is_geography
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
            start = self.at
            digits = self.match(_NUMBER)
            if not digits.endswith(_NUMBER_ENDS):
                self.fail("expected-number")
            # Tuples that hold the same NaN object are equal, so even NaN survives a round trip.
            numbers.append(math.nan if digits == "NaN" else float(digits))
            if self.is_geography and (wrong := _find_out_of_range(numbers)):
                self.at = start
                self.fail(wrong)
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


def _read(text: str, is_geography: bool, srid: int | None) -> Geo:
    reader = _Reader(text, is_geography, srid or 0)
    if srid is None or reader.folded.startswith("s"):
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


def parse(text: str, *, is_geography: bool = False) -> Geo:
    """Read the text between a literal's quotes, `SRID=0;Point(1 2)`; raises GeoError (5.1.1.11).

    is_geography  True for longitudes and latitudes, which have bounds
    """
    return _read(text, is_geography, None)


def from_data(value: object, *, is_geography: bool = False, srid: int | None = None) -> Geo:
    """Read what a data row holds: a Geo, WKT, or GeoJSON; raises GeoError.

    WKT is spelled as in a literal, but needs no SRID: `Point(1 2)` has that of its property, and so has
    the mapping `{"type": "Point", "coordinates": [1, 2]}`. A collection's key is "geometries".

    srid  the coordinate system of the property, None for any; the number 0 stands for it too
    """
    if isinstance(value, Geo):
        geo = value
        wrong = next(filter(None, map(_find_out_of_range, _positions(geo))), None) if is_geography else None
        if wrong:
            raise GeoError(Phrase(wrong))
    else:
        geo = _read(value if isinstance(value, str) else _wkt("geometry", value), is_geography, srid or 0)
    if srid is not None and geo.srid not in (0, srid):
        raise GeoError(f"its coordinate system is SRID={geo.srid}, that of its property SRID={srid}")
    return geo


def _positions(value: Any) -> Iterator[tuple[float, ...]]:
    """Yield the positions in a value, or in a part of its coordinates."""
    parts = value.coordinates if isinstance(value, Geo) else value
    if parts and not isinstance(parts[0], Geo | tuple | list):
        yield parts
    else:
        for part in parts:
            yield from _positions(part)


def _find_out_of_range(position: Sequence[float]) -> str | None:
    """Return the name of the first number of a position that is not on the earth: 102 as a latitude."""
    for number, (name, most) in zip(position, _BOUNDS, strict=False):
        if not abs(number) <= most:  # NaN is refused too
            return name
    return None


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
