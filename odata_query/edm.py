"""The types of OData's entity data model (CSDL 4.01, section 3.3) and their order of promotion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import NoReturn


@dataclass(frozen=True, slots=True, eq=False)
class Type:
    """A type, known by its name: `Edm.String`, `Collection(Edm.Int32)`, `Sales.Color`."""

    name: str

    def __str__(self) -> str:
        return self.name

    def __copy__(self) -> Type:
        return self

    def __deepcopy__(self, memo: object) -> Type:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"the type {self.name} cannot be pickled: it is compared by what it is")


@dataclass(frozen=True, slots=True, eq=False)
class PrimitiveType(Type):
    """A type of the specification; there is one object for each (`STRING is primitive("Edm.String")`)."""


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
        value = 0
        names = text.split(",")
        if len(names) > 1 and not self.is_flags:
            return None
        for name in names:
            found = self.members.get(name)
            if found is None:
                digits = name.removeprefix("-")
                if not (digits.isascii() and digits.isdigit() and len(digits) < 20):
                    return None
                found = int(name)
            value |= found
        return value

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


_PRIMITIVES: dict[str, PrimitiveType] = {}


def _define(name: str) -> PrimitiveType:
    return _PRIMITIVES.setdefault(name, PrimitiveType(name))


NULL = PrimitiveType("null")
UNTYPED = PrimitiveType("Edm.Untyped")
BINARY = _define("Edm.Binary")
BOOLEAN = _define("Edm.Boolean")
BYTE = _define("Edm.Byte")
DATE = _define("Edm.Date")
DATE_TIME_OFFSET = _define("Edm.DateTimeOffset")
DECIMAL = _define("Edm.Decimal")
DOUBLE = _define("Edm.Double")
DURATION = _define("Edm.Duration")
GUID = _define("Edm.Guid")
INT16 = _define("Edm.Int16")
INT32 = _define("Edm.Int32")
INT64 = _define("Edm.Int64")
SBYTE = _define("Edm.SByte")
SINGLE = _define("Edm.Single")
STREAM = _define("Edm.Stream")
STRING = _define("Edm.String")
TIME_OF_DAY = _define("Edm.TimeOfDay")
for _family in ("Geography", "Geometry"):
    _define(f"Edm.{_family}")
    for _shape in ("Point", "LineString", "Polygon", "Collection"):
        _define(f"Edm.{_family}{_shape}")
    for _shape in ("MultiPoint", "MultiLineString", "MultiPolygon"):
        _define(f"Edm.{_family}{_shape}")

INTEGERS = {t.name: i for i, t in enumerate((SBYTE, BYTE, INT16, INT32, INT64))}
"""The integer types, smallest first."""
NUMBERS = {**INTEGERS, DECIMAL.name: 5, SINGLE.name: 6, DOUBLE.name: 7}
"""The numeric types in the order of promotion (URL Conventions, 5.1.1.14)."""

RANGES = {
    SBYTE.name: (-128, 127),
    BYTE.name: (0, 255),
    INT16.name: (-(2**15), 2**15 - 1),
    INT32.name: (-(2**31), 2**31 - 1),
    INT64.name: (-(2**63), 2**63 - 1),
}
"""The least and the greatest number of each integer type."""


def primitive(name: str) -> PrimitiveType | None:
    """The type called `Edm.String`, or None where the specification has no such primitive type."""
    return _PRIMITIVES.get(name)


def collection(element: Type) -> CollectionType:
    """`Collection(Edm.String)` for `Edm.String`."""
    return _collection(element) if isinstance(element, PrimitiveType) else _collection.__wrapped__(element)


def element_of(type: Type) -> Type:
    """The type of the members of a collection; any other type itself."""
    return type.element if isinstance(type, CollectionType) else type


@lru_cache(maxsize=64)
def _collection(element: Type) -> CollectionType:
    return CollectionType(f"Collection({element.name})", element)
