"""Which overload of an operation fits the types of its arguments."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from . import edm
from .catalogue import Name
from .operations import OPERATIONS, Operation, Signature

UNKNOWN = edm.PrimitiveType("unknown")
"""The type of what is wrong already: it goes with everything, so that no problem follows from it."""

_ANYTHING = (edm.NULL.name, UNKNOWN.name)


def number_kind(name: str) -> str:
    """`Integer`, `Decimal` or `Double`: the kind of parameter that takes a number of this type."""
    if name in edm.INTEGERS:
        return "Integer"
    return "Decimal" if name == edm.DECIMAL.name else "Double"


def promoted(names: tuple[str, ...]) -> str | None:
    """The numeric type that numbers of these types are promoted to; None if there is no number."""
    numbers = [name for name in names if name in edm.NUMBERS]
    return max(numbers, key=edm.NUMBERS.__getitem__) if numbers else None


@lru_cache(maxsize=4096)
def overload(function: str, names: tuple[str, ...]) -> tuple[Signature, str] | None:
    """The signature that takes arguments of these types, and the name of its result's type.

    The result `First` means the type of the first argument. `Enum` among the names stands for any
    enumeration.
    """
    operation = OPERATIONS[function]
    top = promoted(names)
    for signature in operation.signatures:
        if len(signature.parameters) == len(names) and all(
            _takes(parameter, name, top) for parameter, name in zip(signature.parameters, names, strict=True)
        ):
            result = signature.result
            if result in ("Integer", "Decimal", "Double"):
                same = top is not None and number_kind(top) == result
                return signature, top if same and top is not None else _LARGEST[result]
            return signature, result if result == "First" else f"Edm.{result}"
    return None


_LARGEST = {"Integer": edm.INT64.name, "Decimal": edm.DECIMAL.name, "Double": edm.DOUBLE.name}


def _takes(parameter: str, name: str, top: str | None) -> bool:
    if name in _ANYTHING:
        return True
    if name in edm.NUMBERS:
        return parameter == "Number" or (top is not None and parameter == number_kind(top))
    if name.startswith("Collection("):
        return parameter == "Collection"
    return name == f"Edm.{parameter}" or name == parameter


def listed(names: Iterable[str]) -> Name:
    """Names of types, in a message: `Edm.String, Edm.Int32`."""
    return Name(", ".join(name[:60] for name in [*names][:10]))


def described(operation: Operation, names: tuple[str, ...]) -> dict[str, Any]:
    """`contains`, `(String, String)` or `(Collection, Collection)`, `String, Int32`: what a message names."""
    taken = dict.fromkeys(Name(f"({', '.join(s.parameters)})") for s in operation.signatures)
    given = listed(name.replace("Edm.", "") for name in names)
    name = Name("-" if operation.name == "negate" else operation.name)
    return {"function": name, "taken": tuple(taken), "given": given}
