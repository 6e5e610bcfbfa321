"""The types of OData's entity data model (CSDL 4.01, section 3.3) and their order of promotion."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

from .problems import ConfigurationError, did_you_mean

PrimitiveName = Literal[
    "Edm.Binary", "Edm.Boolean", "Edm.Byte", "Edm.Date", "Edm.DateTimeOffset", "Edm.Decimal", "Edm.Double",
    "Edm.Duration", "Edm.Guid", "Edm.Int16", "Edm.Int32", "Edm.Int64", "Edm.SByte", "Edm.Single",
    "Edm.Stream", "Edm.String", "Edm.TimeOfDay", "Edm.Geography", "Edm.GeographyPoint",
    "Edm.GeographyLineString", "Edm.GeographyPolygon", "Edm.GeographyCollection", "Edm.GeographyMultiPoint",
    "Edm.GeographyMultiLineString", "Edm.GeographyMultiPolygon", "Edm.Geometry", "Edm.GeometryPoint",
    "Edm.GeometryLineString", "Edm.GeometryPolygon", "Edm.GeometryCollection", "Edm.GeometryMultiPoint",
    "Edm.GeometryMultiLineString", "Edm.GeometryMultiPolygon",
]  # fmt: skip
CollectionName = Literal[
    "Collection(Edm.Binary)", "Collection(Edm.Boolean)", "Collection(Edm.Byte)", "Collection(Edm.Date)",
    "Collection(Edm.DateTimeOffset)", "Collection(Edm.Decimal)", "Collection(Edm.Double)",
    "Collection(Edm.Duration)", "Collection(Edm.Guid)", "Collection(Edm.Int16)", "Collection(Edm.Int32)",
    "Collection(Edm.Int64)", "Collection(Edm.SByte)", "Collection(Edm.Single)", "Collection(Edm.String)",
    "Collection(Edm.TimeOfDay)",
]  # fmt: skip
"""The usual collections; `collection(...)` makes others."""


@dataclass(frozen=True, slots=True, eq=False)
class Type:
    """A type, known by its name: `Edm.String`, `Collection(Edm.Int32)`, `Sales.Color`."""

    name: str

    def __str__(self) -> str:
        return self.name

    def __reduce__(self) -> str:
        """Make copies the object itself: the checker compares types by identity. Pickling fails."""
        return self.name


@dataclass(frozen=True, slots=True, eq=False)
class PrimitiveType(Type):
    """A type of the specification, one object each: `STRING is primitive("Edm.String")`."""


@dataclass(frozen=True, slots=True, eq=False)
class CollectionType(Type):
    """`Collection(Edm.String)`; made by `collection(STRING)`."""

    element: Type


@dataclass(frozen=True, slots=True, eq=False)
class EnumType(Type):
    """An enumeration: `EnumType("Sales.Color", {"Red": 1, "Green": 2}, is_flags=True)`.

    Members compare by value; `has` tests the bits of a type with `is_flags` (CSDL 4.01, section 8).
    """

    members: Mapping[str, int]
    is_flags: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "members", MappingProxyType(dict(self.members)))

    def value(self, text: str) -> int | None:
        """The value of `'Red'`, of `'Red,Green'` for flags, or of `'3'`; None if it names no member."""
        if "," in text and not self.is_flags:
            return None
        value = 0
        for name in text.split(","):
            if name not in self.members and not re.fullmatch("-?[0-9]{1,19}", name):
                return None
            value |= self.members[name] if name in self.members else int(name)
        return value if -(2**63) <= value < 2**63 else None

    def text(self, value: int) -> str:
        """The literal's text for a value: the member's name, the flags' names, or the number."""
        for name, number in self.members.items():
            if number == value:
                return name
        if self.is_flags and value > 0:
            names = [n for n, bit in self.members.items() if bit and bit & value == bit]
            if names and self.value(",".join(names)) == value:
                return ",".join(names)
        return str(value)


_PRIMITIVES: dict[str, PrimitiveType] = {name: PrimitiveType(name) for name in get_args(PrimitiveName)}

NULL = PrimitiveType("null")
UNTYPED = PrimitiveType("Edm.Untyped")
(
    BINARY, BOOLEAN, BYTE, DATE, DATE_TIME_OFFSET, DECIMAL, DOUBLE, DURATION, GUID, INT16, INT32, INT64,
    SBYTE, SINGLE, STREAM, STRING, TIME_OF_DAY, *_,
) = _PRIMITIVES.values()  # fmt: skip

_COLLECTIONS: dict[Type, CollectionType] = {
    each: CollectionType(f"Collection({each.name})", each) for each in (*_PRIMITIVES.values(), NULL, UNTYPED)
}
INTEGERS = {t.name: i for i, t in enumerate((SBYTE, BYTE, INT16, INT32, INT64))}
"""The integer types, smallest first."""
NUMBERS = {**INTEGERS, DECIMAL.name: 5, SINGLE.name: 6, DOUBLE.name: 7}
"""The numeric types in the order of promotion (URL Conventions, 5.1.1.14)."""

_BITS = ((SBYTE, 7), (INT16, 15), (INT32, 31), (INT64, 63))
RANGES = {BYTE.name: (0, 255), **{type.name: (-(2**bits), 2**bits - 1) for type, bits in _BITS}}
"""The least and the greatest number of each integer type."""


_SINGLE = struct.Struct("f")


def single(value: float) -> float:
    """Round a number to the nearest value of Edm.Single: 3.14 -> 3.140000104904175, 1e300 -> INF."""
    try:
        [rounded] = _SINGLE.unpack(_SINGLE.pack(value))
    except OverflowError:
        return math.copysign(math.inf, value)
    return float(rounded)


def primitive(name: str) -> PrimitiveType | None:
    """The primitive type called `Edm.String`, or None for other names."""
    return _PRIMITIVES.get(name)


def type_named(name: str) -> Type:
    """The type called `Edm.String` or `Collection(Edm.String)`. Raises ConfigurationError for other names."""
    if name.startswith("Collection(") and name.endswith(")"):
        return collection(type_named(name[len("Collection(") : -1]))
    if name not in _PRIMITIVES:
        raise ConfigurationError(f"{name!r} is not a primitive type{did_you_mean(name, _PRIMITIVES)}")
    return _PRIMITIVES[name]


def collection(element: Type) -> CollectionType:
    """`Collection(Edm.String)` for `Edm.String`."""
    return _COLLECTIONS.get(element) or CollectionType(f"Collection({element.name})", element)


def element_of(type: Type) -> Type:
    """The type of the items of a collection; any other type itself."""
    return type.element if isinstance(type, CollectionType) else type
