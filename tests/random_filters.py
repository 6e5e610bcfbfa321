"""Random filters and orders that are well typed, as texts.

The operations and what they take come from the table of operations, so a new one is tried as soon as it
is there; one without signatures needs a way to be written in `_SPECIAL`. Most expressions hold a property,
for what is constant is computed before a backend sees it.

A *kind* is a type as signatures name it, with numbers told apart only as Integer, Decimal and Double:
`String`, `Integer`, `Color` (an enumeration), `Collection(String)`, `Supplier` (an entity).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

from odata_query import edm
from odata_query.literals import quote, write
from odata_query.model import StructuredType
from odata_query.operations import OPERATIONS, Operation, Signature

_NUMBERS = ("Integer", "Decimal", "Double")
_TYPES = {"Integer": edm.INT64, "Double": edm.DOUBLE}
_PROMOTED = {"Decimal": ("Decimal", "Integer"), "Double": _NUMBERS}
_VARIABLES = ("t", "u", "x", "name", "n")
"""Names of lambda variables; some hide properties."""
_PATTERNS = (
    "a", "^a", "b$", "^$", "^.*$", "[aä]+", "%", "\\\\", "\\*", "_", "a.c", "(red|blue)", "^[A-Z]",
    "\\d+", "x{2,3}", "😀", "^.{3}$", "",
)  # fmt: skip


def kind_of(type: edm.Type) -> str:
    """The kind of a type: `Edm.Int32` -> `Integer`."""
    if isinstance(type, edm.CollectionType):
        return f"Collection({kind_of(type.element)})"
    if type.name in edm.INTEGERS:
        return "Integer"
    return "Double" if type.name in (edm.DOUBLE.name, edm.SINGLE.name) else type.name.removeprefix("Edm.")


@dataclass(frozen=True)
class Scope:
    """What paths can start with, the nearest first: a prefix as written, and the type behind it."""

    starts: tuple[tuple[str, edm.Type], ...]

    @property
    def variables(self) -> frozenset[str]:
        return frozenset(prefix.rstrip("/") for prefix, _ in self.starts)

    def inside(self, variable: str, element: edm.Type) -> Scope:
        """The scope of a lambda, or of `$filter`, whose members can also be asked without a prefix."""
        is_filter = variable == "$this"
        prefix = f"{variable}/" if isinstance(element, StructuredType) else variable
        hidden = {variable, f"{variable}/", *([""] if is_filter else [])}
        own = [(prefix, element)]
        if is_filter and isinstance(element, StructuredType):
            own.insert(0, ("", element))
        return Scope((*own, *[start for start in self.starts if start[0] not in hidden]))


class Filters:
    """Filters over an entity type, of a random source.

    values  values for literals, by kind
    rare    which overloads to try only now and then, by key: what a backend does not offer
    """

    def __init__(
        self,
        entity_type: StructuredType,
        values: Mapping[str, Sequence[Any]],
        random: Random,
        *,
        rare: Callable[[str], bool] = lambda key: False,
    ) -> None:
        self.random = random
        self.values = values
        self.rare = rare
        self.known: dict[str, dict[str, list[str]]] = {}
        self.enums: dict[str, edm.EnumType] = {}
        self.elements: dict[str, edm.Type] = {}
        self.outermost = Scope((("", entity_type), ("$it/", entity_type)))
        self.entity_type = entity_type
        self.paths(entity_type)
        for collection in list(self.elements.values()):
            if isinstance(collection, StructuredType):
                self.paths(collection)
        self.kinds = [k for k in (*values, "Boolean", *self.enums) if not k.startswith("Geo")]
        self.producers: dict[str, list[tuple[float, Callable[..., str | None]]]] = {}

    # ---- options ---------------------------------------------------------------------------------

    def options(self, key: str, depth: int = 4) -> dict[str, str]:
        """The options of a query: a filter, an order that is total by the key, sometimes a page."""
        random = self.random
        found = {}
        if random.random() < 0.95:
            found["$filter"] = self.filter(random.randint(1, depth))
        items = []
        for _ in range(random.choice((0, 0, 0, 1, 1, 2, 3))):
            item = self.value(random.choice(self.kinds), random.choice((0, 0, 1, 2)), self.outermost)
            items.append(item + random.choice(("", " asc", " desc")))
        if random.random() < 0.25:
            found["$top"] = str(random.choice((0, 1, 2, 5, 10, 50, 1000)))
        if random.random() < 0.2:
            found["$skip"] = str(random.choice((0, 1, 3, 10, 100, 1000)))
        found["$orderby"] = ",".join([*items, key + random.choice(("", " desc"))])
        return found

    def filter(self, depth: int) -> str:
        return self.value("Boolean", depth, self.outermost, anchored=self.random.random() < 0.97)

    # ---- what there is ---------------------------------------------------------------------------

    def paths(self, type: StructuredType, hops: int = 2) -> dict[str, list[str]]:
        """The paths from a type by the kind of what they lead to."""
        found = self.known.get(type.name)
        if found is None:
            found = {}
            for path, last in self.walked(type, hops):
                found.setdefault(kind_of(last), []).append(path)
                if isinstance(last, edm.EnumType):
                    self.enums[last.name] = last
                elif isinstance(last, edm.CollectionType):
                    self.elements[kind_of(last)] = last.element
            self.known[type.name] = found
        return found

    def walked(self, type: StructuredType, hops: int) -> list[tuple[str, edm.Type]]:
        found: list[tuple[str, edm.Type]] = []
        for name, member in type.members.items():
            found.append((name, member.type))
            if isinstance(member.type, StructuredType) and hops:
                found += [(f"{name}/{rest}", last) for rest, last in self.walked(member.type, hops - 1)]
        return found

    def path(self, kind: str, scope: Scope) -> str | None:
        """A property of a kind, if there is one; most often of the innermost instance."""
        found = []
        hidden = scope.variables
        for prefix, type in scope.starts:
            if isinstance(type, StructuredType):
                paths = [
                    prefix + path
                    for path in self.paths(type).get(kind, ())
                    if prefix or path.partition("/")[0] not in hidden
                ]
            else:
                paths = [prefix] if kind_of(type) == kind else []
            if paths:
                found.append(self.random.choice(paths))
        if not found:
            return None
        return found[0] if self.random.random() < 0.6 else self.random.choice(found)

    def literal(self, kind: str, *, positive: bool = False) -> str | None:
        """A literal of a kind, mostly a value of the data or one near it."""
        random = self.random
        if kind.startswith("Collection("):
            inner = kind[len("Collection(") : -1]
            items = [self.literal(inner) for _ in range(random.randint(0, 3))]
            return None if None in items else f"[{','.join(filter(None, items))}]"
        if kind == "Boolean":
            return random.choice(("true", "false"))
        if kind in self.enums:
            enum = self.enums[kind]
            names = random.sample(list(enum.members), random.randint(1, 2 if enum.is_flags else 1))
            return quote(",".join(names)) if random.random() < 0.9 else quote(str(random.randint(0, 7)))
        if kind not in self.values:
            return None
        value = random.choice(self.values[kind])
        if kind.startswith("Geo"):
            return str(value)
        if random.random() < 0.4:
            value = self.near(value)
        if positive and not value > 0:
            value = type(value)(random.randint(1, 5))
        return write(value, _TYPES.get(kind) or edm.primitive(f"Edm.{kind}") or edm.STRING)

    def near(self, value: Any) -> Any:
        """A value that differs a little."""
        random = self.random
        sign = random.choice((-1, 1))
        if isinstance(value, str):
            start = random.randint(0, len(value))
            changes: tuple[Callable[[], str], ...] = (
                value.upper,
                value.lower,
                value.title,
                lambda: value + random.choice("%_*\\ a"),
                lambda: value[start : start + random.randint(1, 3)],
                lambda: value[:start],
                lambda: value[start:],
            )
            return random.choice(changes)()
        if isinstance(value, bool):
            return not value
        if isinstance(value, int):
            return value + sign if abs(value) < 2**62 else value
        if isinstance(value, Decimal):
            return value + sign * random.choice((Decimal("0.01"), Decimal(1), Decimal("0.5")))
        if isinstance(value, float):
            return random.choice((-value, value + sign, value * 2))
        if isinstance(value, dt.datetime):
            return value + sign * random.choice((dt.timedelta(days=1), dt.timedelta(microseconds=1)))
        if isinstance(value, dt.date):
            return value + sign * dt.timedelta(days=1)
        if isinstance(value, dt.timedelta):
            return random.choice((-value, value + sign * dt.timedelta(seconds=1)))
        if isinstance(value, dt.time):
            return value.replace(minute=random.choice((0, 30, 59)))
        return value

    # ---- expressions -----------------------------------------------------------------------------

    def value(
        self, kind: str, depth: int, scope: Scope, *, anchored: bool = True, positive: bool = False
    ) -> str:
        """An expression of a kind, which holds a property if it is anchored."""
        random = self.random
        if depth > 0 and random.random() < (0.75 if kind != "Boolean" else 0.95):
            producers = self.producers_of(kind)
            weights = [weight for weight, _ in producers]
            for _ in range(4):
                producer = random.choices(producers, weights)[0][1]
                found = producer(kind, depth - 1, scope, anchored)
                if found is not None:
                    return found
        if anchored or random.random() < 0.3:
            found = self.path(kind, scope)
            if found is not None:
                return found
        found = self.literal(kind, positive=positive)
        return found or self.path(kind, scope) or "null"

    def producers_of(self, kind: str) -> list[tuple[float, Callable[..., str | None]]]:
        """What gives a value of a kind, each with its weight."""
        found = self.producers.get(kind)
        if found is None:
            found = []
            for operation in OPERATIONS.values():
                if operation.signatures:
                    fitting = [s for s in operation.signatures if s.parameters and self.gives(s, kind)]
                    for signature in fitting:
                        found.append((1 / len(fitting), self.calls(operation, signature)))
                else:
                    result, weight, make = _SPECIAL[operation.name]
                    if (
                        result == "Any"
                        or kind == result
                        or (result == "Collection" and kind in self.elements)
                    ):
                        found.append((weight, self.written(make, operation)))
            self.producers[kind] = found
        return found

    def gives(self, signature: Signature, kind: str) -> bool:
        """Whether an overload gives a kind."""
        if signature.result == "First":
            return kind.startswith("Collection(")
        result = signature.result
        return kind == (
            kind_of(edm.primitive(f"Edm.{result}") or edm.UNTYPED) if result not in _NUMBERS else result
        )

    def written(self, make: Callable[..., str | None], operation: Operation) -> Callable[..., str | None]:
        return lambda *arguments: make(self, operation.name, *arguments)

    def skipped(self, key: str) -> bool:
        return self.rare(key) and self.random.random() > 0.003

    def calls(self, operation: Operation, signature: Signature) -> Callable[..., str | None]:
        """What writes calls of an overload."""
        name = operation.name
        results = {s.result for s in operation.signatures if len(s.parameters) == len(signature.parameters)}
        null_fits = len(results) == 1

        def call(kind: str, depth: int, scope: Scope, anchored: bool) -> str | None:
            if self.skipped(signature.key):
                return None
            random = self.random
            kinds = self.bound(signature, kind)
            if kinds is None:
                return None
            anchor = random.randrange(len(kinds)) if random.random() < 0.3 else 0
            arguments = []
            for position, wanted in enumerate(kinds):
                last = position == len(kinds) - 1
                if name == "matchespattern" and last and random.random() < 0.95:
                    arguments.append(quote(random.choice(_PATTERNS)))
                elif null_fits and position != anchor and random.random() < 0.02:
                    arguments.append("null")
                else:
                    positive = last and (name in ("div", "divby", "mod") or len(kinds) == 3)
                    held = (anchored and position == anchor) or (wanted in self.enums and not position)
                    deep = depth if position == anchor else min(depth, random.randint(0, depth))
                    arguments.append(self.value(wanted, deep, scope, anchored=held, positive=positive))
            if operation.notation == "infix":
                return f"({arguments[0]} {name} {arguments[1]})"
            if operation.notation == "prefix":
                return f"({'-' if name == 'negate' else name} ({arguments[0]}))"
            return f"{name}({','.join(arguments)})"

        return call

    def bound(self, signature: Signature, kind: str) -> list[str] | None:
        """The kinds of an overload's arguments, with one for each of `Collection`, `Enum` and `Number`."""
        random = self.random
        if "Enum" in signature.parameters:
            return [random.choice(list(self.enums))] * len(signature.parameters)
        if "Collection" in signature.parameters:
            own = kind if kind.startswith("Collection(") else ""
            listable = [k for k, e in self.elements.items() if not isinstance(e, StructuredType)]
            if own and own not in listable:
                return None
            chosen = own or random.choice(listable)
            return [chosen if p == "Collection" else p for p in signature.parameters]
        kinds = [random.choice(_NUMBERS) if p == "Number" else p for p in signature.parameters]
        if len(kinds) == 2 and kinds[0] == kinds[1] and kinds[0] in _PROMOTED:
            kinds[random.randrange(2)] = random.choice(_PROMOTED[kinds[0]])
        return kinds

    # ---- operations without signatures -----------------------------------------------------------

    def compared(self, kind: str) -> str:
        """A kind that values of another can be compared with."""
        return self.random.choice(_NUMBERS) if kind in _NUMBERS and self.random.random() < 0.3 else kind

    def comparison(self, name: str, kind: str, depth: int, scope: Scope, anchored: bool) -> str | None:
        random = self.random
        if name in ("eq", "ne") and random.random() < 0.12:
            kinds = [*self.kinds, *self.known]
            left = self.value(random.choice(kinds), min(depth, 1), scope)
            return f"({left} {name} null)" if random.random() < 0.7 else f"(null {name} {left})"
        own = random.choice(self.kinds)
        if random.random() < 0.005 and name in ("eq", "ne"):
            own = random.choice(["Collection(String)", "Collection(Integer)"])
        left = self.value(own, depth, scope, anchored=anchored)
        roll = random.random()
        if own == "DateTimeOffset" and roll < 0.15:
            nullary = [o.name for o in OPERATIONS.values() for s in o.signatures if not s.parameters]
            right = f"{random.choice(nullary)}()"
        elif own == "DateTimeOffset" and roll < 0.25:
            right = self.literal("Date") or "null"
        elif roll < 0.02:
            right = "null"
        else:
            right = self.value(self.compared(own), random.randint(0, depth), scope, anchored=roll < 0.4)
        if random.random() < 0.2:
            left, right = right, left
        return f"({left} {name} {right})"

    def membership(self, name: str, kind: str, depth: int, scope: Scope, anchored: bool) -> str | None:
        random = self.random
        own = random.choice(self.kinds)
        if random.random() < 0.35:
            collection = random.choice(list(self.elements))
            own = collection[len("Collection(") : -1]
            if own not in self.kinds:
                return None
            source = self.source(collection, depth, scope)
            left = self.value(own, depth, scope, anchored=False)
            return f"({left} {name} {source})"
        left = self.value(own, depth, scope, anchored=anchored)
        items = [self.literal(self.compared(own)) or "null" for _ in range(random.choice((0, 1, 1, 2, 3, 5)))]
        if random.random() < 0.25:
            items.insert(random.randint(0, len(items)), "null")
        return f"({left} {name} ({','.join(items)}))"

    def case(self, name: str, kind: str, depth: int, scope: Scope, anchored: bool) -> str | None:
        random = self.random
        # A literal of these kinds would not tell its type.
        typed = kind in self.enums or kind in self.elements
        if kind in self.elements and random.random() < 0.97:
            return None
        pairs = []
        for position in range(random.randint(1, 3)):
            condition = self.value("Boolean", min(depth, 2), scope, anchored=anchored)
            result = self.value(kind, min(depth, 1), scope, anchored=typed or not position)
            pairs.append(f"{condition}:{'null' if position and random.random() < 0.1 else result}")
        if random.random() < 0.5:
            pairs.append(f"true:{self.value(kind, min(depth, 1), scope, anchored=typed)}")
        return f"{name}({','.join(pairs)})"

    def cast(self, name: str, kind: str, depth: int, scope: Scope, anchored: bool) -> str | None:
        source = self.random.choice(self.kinds)
        families = ["Enum" if k in self.enums else k for k in (source, kind)]
        if self.skipped(f"cast({','.join(families)})") or kind not in self.kinds:
            return None
        return f"{name}({self.value(source, depth, scope, anchored=anchored)},{self.type_name(kind)})"

    def isof(self, name: str, kind: str, depth: int, scope: Scope, anchored: bool) -> str | None:
        own = self.random.choice(self.kinds)
        other = self.random.choice((own, own, self.random.choice(self.kinds)))
        return f"{name}({self.value(own, depth, scope, anchored=anchored)},{self.type_name(other)})"

    def type_name(self, kind: str) -> str:
        """A type of a kind: `Edm.Int16` for `Integer`."""
        if kind in self.enums:
            return kind
        names = {"Integer": list(edm.INTEGERS), "Double": [edm.DOUBLE.name, edm.DOUBLE.name, edm.SINGLE.name]}
        return self.random.choice(names.get(kind, [f"Edm.{kind}"]))

    def source(self, kind: str, depth: int, scope: Scope) -> str | None:
        """A path to a collection, sometimes to some of its members."""
        path = self.path(kind, scope)
        if path is None or self.random.random() > 0.2:
            return path
        return self.filtered("$filter", kind, depth, scope, True)

    def filtered(self, name: str, kind: str, depth: int, scope: Scope, anchored: bool) -> str | None:
        path = self.path(kind, scope)
        inner = scope.inside("$this", self.elements[kind])
        return None if path is None else f"{path}/{name}({self.value('Boolean', min(depth, 2), inner)})"

    def quantified(self, name: str, kind: str, depth: int, scope: Scope, anchored: bool) -> str | None:
        collection = self.random.choice(list(self.elements))
        source = self.source(collection, min(depth, 1), scope)
        if source is None:
            return None
        if name == "any" and self.random.random() < 0.1:
            return f"{source}/{name}()"
        variable = self.random.choice(_VARIABLES)
        inner = scope.inside(variable, self.elements[collection])
        return f"{source}/{name}({variable}: {self.value('Boolean', min(depth, 2), inner)})"

    def counted(self, name: str, kind: str, depth: int, scope: Scope, anchored: bool) -> str | None:
        collection = self.random.choice(list(self.elements))
        source = self.source(collection, min(depth, 1), scope)
        if source is None or self.random.random() < 0.5:
            return source and f"{source}/{name}"
        inner = scope.inside("$this", self.elements[collection])
        return f"{source}/{name}($filter={self.value('Boolean', min(depth, 2), inner)})"


_SPECIAL: Mapping[str, tuple[str, float, Callable[..., str | None]]] = {
    **dict.fromkeys(("eq", "ne", "gt", "ge", "lt", "le"), ("Boolean", 1, Filters.comparison)),
    "in": ("Boolean", 1.5, Filters.membership),
    "any": ("Boolean", 1.5, Filters.quantified),
    "all": ("Boolean", 1, Filters.quantified),
    "isof": ("Boolean", 0.3, Filters.isof),
    "case": ("Any", 0.7, Filters.case),
    "cast": ("Any", 1, Filters.cast),
    "$count": ("Integer", 1.5, Filters.counted),
    "$filter": ("Collection", 1, Filters.filtered),
}
"""Operations without signatures: the kind they give, how often they are tried, and how they are written."""
