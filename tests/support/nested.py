"""Every operation nested in itself, for tests of the size of SQL and of its meaning.

`nested("add(Integer,Integer) 0", 3)` is `((($it/m add n) add n) add n)`. Where a result has another type than
the argument, a comparison and a CASE lead back: `case(length(...) eq n:name,true:code)`.
"""

from __future__ import annotations

from collections.abc import Iterator

from odata_query.operations import OPERATIONS

COLUMNS = {
    "Integer": ("m", "n"), "Decimal": ("price", "price"), "Double": ("x", "x"), "Single": ("weight", "weight"),
    "String": ("name", "code"), "Boolean": ("active", "active"), "Date": ("released", "released"),
    "TimeOfDay": ("opened", "opened"), "DateTimeOffset": ("created", "shown"), "Duration": ("took", "took"),
    "Guid": ("ref", "ref"), "Enum": ("color", "color"),
}  # fmt: skip
"""Two properties of each type, of the products of the conformance cases."""
LITERALS = {
    "Integer": "1,2", "Decimal": "1.5,2", "Double": "1.5e0,2", "Single": "1.5e0,2", "String": "'a','b'",
    "Boolean": "true", "Date": "2024-01-31", "TimeOfDay": "10:20,10:30", "DateTimeOffset": "2024-01-31T10:20:30Z",
    "Duration": "duration'P1D',duration'PT1S'", "Guid": "01234567-89ab-cdef-0123-456789abcdef", "Enum": "'Red'",
}  # fmt: skip
TYPES = {"Integer": "Edm.Int64", "Enum": "Color"} | {
    kind: f"Edm.{kind}" for kind in COLUMNS if kind not in ("Integer", "Enum", "Duration")
}
"""The types that casts convert to."""
_KINDS = {"Int32": "Integer", "Number": "Double"}


def _call(name: str, *arguments: str) -> str:
    """Write an operation: `(a add b)`, `(not a)`, `length(a)`."""
    if not OPERATIONS[name].is_operator:
        return f"{name}({','.join(arguments)})"
    sign = "-" if name == "negate" else name
    return f"({sign} {arguments[0]})" if len(arguments) == 1 else f"({arguments[0]} {sign} {arguments[1]})"


def _back(text: str, result: str, wanted: str) -> str:
    """Turn a result into a value of another type."""
    first, second = COLUMNS[wanted]
    return text if result == wanted else f"case({text} eq {COLUMNS[result][1]}:{first},true:{second})"


def _steps() -> Iterator[tuple[str, str, str, str]]:
    """Name each step, with the type of its argument, its text with `{x}` for that, and its result's type."""
    for name, operation in OPERATIONS.items():
        for signature in operation.signatures:
            kinds = [_KINDS.get(kind, kind) for kind in signature.parameters]
            if not set(kinds) <= set(COLUMNS):
                continue  # of collections, whose members have no order in SQL, or of geography
            for place, kind in enumerate(kinds):
                arguments = [COLUMNS[one][n % 2] for n, one in enumerate(kinds)]
                arguments[place] = "{x}"
                result = _KINDS.get(signature.result, signature.result)
                yield f"{signature.key} {place}", kind, _call(name, *arguments), result
    for kind, (first, second) in COLUMNS.items():
        for sign in ("eq", "ne", "gt", "le"):
            yield f"{kind} {sign} 0", kind, f"({{x}} {sign} {second})", "Boolean"
            yield f"{kind} {sign} 1", kind, f"({second} {sign} {{x}})", "Boolean"
        yield f"{kind} in", kind, f"({{x}} in ({LITERALS[kind]},null))", "Boolean"
        yield f"{kind} case value", kind, f"case(active:{{x}},true:{second})", kind
        yield f"{kind} case", kind, f"case({{x}} eq {second}:{first},true:{second})", kind
        for target, type in TYPES.items():
            yield f"cast {kind} {target}", kind, f"cast({{x}},{type})", target
        yield f"any {kind}", kind, f"tags/any(t{{d}}: t{{d}} eq name and {{x}} eq {second})", "Boolean"
        yield f"all {kind}", kind, f"Items/all(i{{d}}: i{{d}}/label eq name or {{x}} gt {second})", "Boolean"
        count = f"$it/tags/$count($filter=$this eq $it/name and {{x}} eq $it/{second}) gt $it/n"
        yield f"count {kind}", kind, f"case({count}:$it/{first},true:$it/{second})", kind


STEPS = {name: (kind, _back(text, result, kind)) for name, kind, text, result in _steps()}
"""The type of an argument, and a text with `{x}` in its place whose result has that type, by names."""


def nested(name: str, depth: int) -> str:
    """Nest a step in itself; `{d}` is the level of nesting."""
    kind, text = STEPS[name]
    found = f"$it/{COLUMNS[kind][0]}"
    for level in range(depth):
        found = text.replace("{x}", found).replace("{d}", str(level))
    return found
