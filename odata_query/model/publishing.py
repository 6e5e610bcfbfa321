"""Which properties of a model are published, under which names, and for what."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, TypedDict, TypeVar, cast

from .. import edm
from ..limits import UNBOUNDED, Limits
from ..operations import OPERATIONS
from ..problems import ConfigurationError, nearest
from .properties import NavigationProperty, Property, StructuredType

T = TypeVar("T", bound=StructuredType)
Paths = frozenset[tuple[str, ...]]
"""`owner/name` as ("owner", "name")."""


_AROUND = re.compile("(_*)(.*?)(_*)", re.S)


class Hidden(Property):
    """What a source keeps to itself, as a secret or what is write-only: `override` alone publishes it."""

    __slots__ = ()


class ByName(Property):
    """Another way to what a source has already: no `*` publishes it."""

    __slots__ = ()


class PublishOptions(TypedDict, total=False):
    """What all of `EntityType.from_...` take beside their source.

    key         the key property, or properties; by default what the source says, else the one called `id`
    only        the properties to publish; by default all
    exclude     properties not to publish
    rename      new names: a mapping, a function of a name, or "camelCase"
    filterable  the properties that `$filter` may use; by default all
    sortable    the properties that `$orderby` may use; by default all
    functions   the functions that a query may use, `any` and `all` among them; by default all
    override    properties to publish in place of what the source says: {"size": Property("Edm.Int64")}

    Names are those of the source. They can be paths into nested types, `owner/name`, and end in `*` for
    all properties of a type but those that lead to other entities: `owner/*`.
    """

    key: str | Iterable[str] | None
    only: Iterable[str] | None
    exclude: Iterable[str]
    rename: str | Mapping[str, str] | Callable[[str], str]
    filterable: Iterable[str] | None
    sortable: Iterable[str] | None
    functions: Iterable[str] | None
    override: Mapping[str, Property]


@dataclass(frozen=True, slots=True)
class Rules:
    """What is asked for of one type; None asks for nothing."""

    only: Paths | None = None
    filterable: Paths | None = None
    sortable: Paths | None = None
    rename: Mapping[tuple[str, ...], str] | Callable[[str], str] | None = None
    override: Mapping[tuple[str, ...], Property] | None = None

    def __hash__(self) -> int:
        return hash((self.only, self.filterable, self.sortable))

    @property
    def go_inside(self) -> bool:
        """Whether something is asked of properties of the type by their names."""
        rename = self.rename if isinstance(self.rename, Mapping) else None
        return bool(self.only or self.filterable or self.sortable or rename or self.override)

    def names(self, name: str) -> bool:
        """Whether something is asked of a property."""
        rename = self.rename if isinstance(self.rename, Mapping) else {}
        asked = (self.only or (), self.filterable or (), self.sortable or (), rename)
        return any(path[0] == name for given in asked for path in given)

    def inside(self, name: str) -> Rules:
        """The rules for the type of a property."""
        rename = self.rename
        return Rules(
            _inside(self.only, name),
            _inside(self.filterable, name),
            _inside(self.sortable, name),
            _below(rename, name) if isinstance(rename, Mapping) else rename,
            _below(self.override or {}, name) or None,
        )


def publish(
    cls: type[T],
    name: str,
    properties: Mapping[str, Property],
    *,
    bases: Iterable[str] = (),
    relations_are_listed: bool = False,
    **asked: Any,
) -> T:
    """The entity type that a source's properties give with the options of `PublishOptions`.

    properties            by public name; what has another name in the source has that as `attribute`
    bases                 the names of the types that it inherits from
    relations_are_listed  whether what leads to other entities is published only where `only` names it
    """
    known = PublishOptions.__annotations__
    unknown = sorted(asked.keys() - known.keys())
    if unknown:
        raise ConfigurationError(f"there is no option {unknown[0]!r}: {', '.join(known)}")
    rename = asked.get("rename")
    rules = Rules(
        paths(asked.get("only"), "only"),
        paths(asked.get("filterable"), "filterable"),
        paths(asked.get("sortable"), "sortable"),
        _by_path(rename, "rename", str) if isinstance(rename, Mapping) else _renaming(rename),
        _by_path(asked.get("override", {}), "override", Property) or None,
    )
    source = cls(name, properties, bases=bases)
    publisher = _Publisher(relations_are_listed)
    publisher.exclude(source, paths(asked.get("exclude", ()), "exclude"), rules.override or {})
    found = publisher.publish(source, rules)
    key = asked.get("key")
    keys = None if key is None else names_of((key,) if isinstance(key, str) else key, "key")
    found = _with_key(found, keys, source, publisher.labels)
    functions = asked.get("functions")
    return found if functions is None else restricted(found, functions=functions)


def restricted(
    type: T,
    *,
    only: Iterable[str] | None = None,
    exclude: Iterable[str] = (),
    filterable: Iterable[str] | None = None,
    sortable: Iterable[str] | None = None,
    functions: Iterable[str] | None = None,
    operators: Iterable[str] | None = None,
    limits: Limits | None = None,
) -> T:
    """A type that offers less than another: see `EntityType.restrict`."""
    if not isinstance(limits, Limits | None):
        raise ConfigurationError(f"limits are Limits, not {limits!r:.100}")
    bounds = limits or UNBOUNDED
    if functions is not None:
        names = _operations(functions, "functions", ("function", "segment"))
        bounds = bounds.tightened(replace(UNBOUNDED, functions=names))
    if operators is not None:
        names = _operations(operators, "operators", ("infix", "prefix"))
        bounds = bounds.tightened(replace(UNBOUNDED, operators=names))
    if type.limits is not None:
        bounds = bounds.tightened(type.limits)
    rules = Rules(paths(only, "only"), paths(filterable, "filterable"), paths(sortable, "sortable"))
    publisher = _Publisher(False, by_label=True)
    publisher.exclude(type, paths(exclude, "exclude"), {})
    found = publisher.publish(type, rules)
    return found.__class__(
        found.name,
        found.properties,
        limits=None if bounds == UNBOUNDED else bounds,
        unrestricted=type.unrestricted,
    )


def _operations(names: Iterable[str], option: str, notations: tuple[str, ...]) -> frozenset[str]:
    found = frozenset(name.lower() for name in names_of(names, option))
    known = [name for name, operation in OPERATIONS.items() if operation.notation in notations]
    for name in sorted(found):
        if name not in known:
            near = nearest(name, known)
            hint = f"; did you mean {near!r}?" if near else ""
            raise ConfigurationError(f"{option}: there is no {name!r}{hint}")
    return found


def failing(message: str) -> Callable[[], edm.Type]:
    """The type of a property that has none, which is an error only if the property is published."""

    def fail() -> edm.Type:
        raise ConfigurationError(f"{message}: leave it out, or say by override what it is")

    return fail


def unmapped(place: str, what: str) -> Callable[[], edm.Type]:
    """The type of a property that OData has none for."""
    return failing(f"{place}: OData has no type for {what}")


def listed(name: str, columns: Iterable[str], only: Iterable[str] | None, all_fields: bool) -> Iterable[str]:
    """What `only` publishes of a table; with all_fields every column, and what `only` says of relations."""
    if only is None and not all_fields:
        raise ConfigurationError(
            f"a table can hold what is nobody's business, so nothing of {name} is published by itself: "
            "list what is, only=['id', 'owner/name'], or say all_fields=True for every column"
        )
    if not all_fields or isinstance(only, str):  # a text is refused later on
        return only or ()
    more = list(only or ())
    for given in more:
        if "/" not in given and given != "*":
            raise ConfigurationError(f"{name}: all_fields=True and only={given!r} contradict one another")
    return [*columns, *more]


def digits_of(step: object) -> int | None:
    """The digits after the point of multiples: 2 of 0.01."""
    if isinstance(step, bool) or not isinstance(step, int | float | Decimal):
        return None
    exponent = Decimal(str(step)).normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else None


def published_as(label: str, source: str, prop: Property) -> Property:
    """A property that is called `source` where the data is, under the name `label`."""
    if label == source:
        return prop
    return replace(
        prop,
        attribute=source if prop.attribute is None else prop.attribute,
        column=source if prop.column is None else prop.column,
    )


def paths(names: Iterable[str] | None, option: str) -> Paths | None:
    """`["id", "owner/name"]` as tuples."""
    if names is None:
        return None
    return frozenset(tuple(name.split("/")) for name in names_of(names, option))


def names_of(given: object, option: str) -> list[str]:
    """The names that an option lists. Raises ConfigurationError if it lists none."""
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise ConfigurationError(f"{option} takes a list of names, not {given!r:.100}")
    names = list(given)
    for name in names:
        if not isinstance(name, str):
            raise ConfigurationError(f"{option} takes names, not {name!r:.100}")
    return names


def _by_path(given: object, option: str, kind: type) -> dict[tuple[str, ...], Any]:
    if not isinstance(given, Mapping):
        raise ConfigurationError(f"{option} is a mapping by names, not {given!r:.100}")
    for name, value in given.items():
        if not (isinstance(name, str) and isinstance(value, kind)):
            raise ConfigurationError(
                f"{option} maps names to {kind.__name__}, not {name!r:.100} to {value!r:.100}"
            )
    return {tuple(name.split("/")): value for name, value in given.items()}


class _Publisher:
    """Makes a type again, and those that it leads to, with what is not published left out."""

    def __init__(self, relations_are_listed: bool, *, by_label: bool = False) -> None:
        self.relations_are_listed = relations_are_listed
        self.by_label = by_label
        self.made: dict[tuple[int, Rules], StructuredType] = {}
        self.waiting: list[tuple[StructuredType, Rules]] = []
        self.excluded: set[tuple[str, str]] = set()
        self.labels: dict[str, str] = {}
        """The public names of the properties of the whole, by their names in the source."""

    def exclude(
        self, type: StructuredType, given: Paths | None, override: Mapping[tuple[str, ...], Property]
    ) -> None:
        """Leave properties out, wherever a type of that name, its bases or what inherits from it is reached:
        `boss/password` has another path.
        """
        for path in given or ():
            owner = type
            for position, name in enumerate(path):
                named = self.named(owner)
                if name not in named and path[position:] != ("*",):
                    raise _unknown(owner, name, named)
                if position == len(path) - 1:
                    excluded = named if name == "*" else (name,)
                    self.excluded |= {
                        (kind, each) for kind in (owner.name, *owner.bases) for each in excluded
                    }
                else:
                    prop = override.get(path[: position + 1], named[name][1])
                    owner = _structured(prop, f"{owner.name}.{name}")

    def publish(self, type: T, rules: Rules) -> T:
        self.waiting.append((type, rules))
        for source, asked in self.waiting:  # which grows
            key = (id(source), asked)
            if key not in self.made:
                labels, properties = self.properties(source, asked)
                self.labels = self.labels if self.made else labels
                self.made[key] = source.__class__(source.name, properties)
        found = self.made[id(type), rules]
        assert isinstance(found, type.__class__)
        return found

    def named(self, type: StructuredType) -> dict[str, tuple[str, Property]]:
        """The properties by their names in the source, with their public names."""
        found: dict[str, tuple[str, Property]] = {}
        for label, prop in type.properties.items():
            is_known = self.by_label or prop.attribute is None or prop.attribute in found
            found[label if is_known or prop.attribute is None else prop.attribute] = label, prop
        return found

    def properties(self, type: StructuredType, rules: Rules) -> tuple[dict[str, str], dict[str, Property]]:
        """The public names by those of the source, and what is published."""
        named = self.named(type)
        _check_names(type, named, rules)
        labels: dict[str, str] = {}
        found: dict[str, Property] = {}
        for source, (label, prop) in named.items():
            given = (rules.override or {}).get((source,))
            is_excluded = any((kind, source) in self.excluded for kind in (type.name, *type.bases))
            if is_excluded or not self.is_kept(type, source, given or prop, rules):
                continue
            prop = _overridden(prop, given)
            prop = self.inside(prop, rules.inside(source), f"{type.name}.{source}")
            new = labels[source] = _renamed(source, label, rules)
            if new in found:
                raise ConfigurationError(f"{type.name} has two properties called {new!r}")
            found[new] = replace(
                published_as(new, source, prop),
                filterable=prop.filterable and _names(rules.filterable, source, prop),
                sortable=prop.sortable and _names(rules.sortable, source, prop),
            )
        return labels, found

    def is_kept(self, type: StructuredType, name: str, prop: Property, rules: Rules) -> bool:
        if isinstance(prop, Hidden):
            if rules.names(name):
                raise ConfigurationError(f"{type.name} keeps {name!r} to itself: override alone publishes it")
            return False
        if isinstance(prop, NavigationProperty) and self.relations_are_listed:
            if rules.only is not None and (name,) in rules.only:
                raise ConfigurationError(
                    f"{type.name}.{name} leads to other entities: say what of them, as in '{name}/*'"
                )
            return rules.only is not None and _names(rules.only, name, prop)
        return _names(rules.only, name, prop)

    def inside(self, prop: Property, rules: Rules, place: str) -> Property:
        """The property with its type made again, if that has properties."""
        given = prop.resolve()
        many = isinstance(given, edm.CollectionType)
        if not rules.go_inside and not isinstance(edm.element_of(given), StructuredType):
            return prop
        source = _structured(prop, place)
        self.waiting.append((source, rules))
        key = (id(source), rules)
        return replace(prop, type=lambda: self.made[key], collection=many)


def _overridden(prop: Property, given: Property | None) -> Property:
    """The property that is given in place of another, which is still where that was."""
    if given is None:
        return prop
    return replace(
        given,
        attribute=prop.attribute if given.attribute is None else given.attribute,
        column=prop.column if given.column is None else given.column,
    )


def _structured(prop: Property, place: str) -> StructuredType:
    """The type whose properties a property leads to."""
    given = prop.resolve()
    found = edm.element_of(given)
    if not isinstance(found, StructuredType):
        raise ConfigurationError(f"{place} is of type {given.name}, which has no properties")
    return found


def _check_names(type: StructuredType, named: Mapping[str, Any], rules: Rules) -> None:
    rename = rules.rename if isinstance(rules.rename, Mapping) else {}
    asked = (
        rules.only or (),
        rules.filterable or (),
        rules.sortable or (),
        rename,
        rules.override or (),
    )
    for given in asked:
        for path in given:
            if path[0] not in named and path != ("*",):
                raise _unknown(type, path[0], named)


def _unknown(type: StructuredType, name: str, named: Iterable[str]) -> ConfigurationError:
    near = nearest(name, named)
    hint = f"; did you mean {near!r}?" if near else ""
    if not near and re.search(r"__|\.", name):
        hint = "; a path is written owner/name"
    return ConfigurationError(f"{type.name} has no property {name!r}{hint}")


def _names(given: Paths | None, name: str, prop: Property) -> bool:
    """Whether paths name a property, or something in it; None names all."""
    if given is None or (("*",) in given and not isinstance(prop, NavigationProperty | ByName)):
        return True
    return any(path[0] == name for path in given)


def _inside(given: Paths | None, name: str) -> Paths | None:
    """The paths that go on behind a property; None if they say nothing about what is in it."""
    if given is None:
        return None
    found = frozenset(path[1:] for path in given if path[0] == name)
    return None if () in found or not found else found


def _below(given: Mapping[tuple[str, ...], Any], name: str) -> Mapping[tuple[str, ...], Any]:
    return {path[1:]: value for path, value in given.items() if path[0] == name and len(path) > 1}


def _renamed(source: str, label: str, rules: Rules) -> str:
    if isinstance(rules.rename, Mapping):
        return rules.rename.get((source,), label)
    new = label if rules.rename is None else rules.rename(label)
    if not isinstance(new, str):
        raise ConfigurationError(f"rename gives names, not {new!r:.100} for {label!r}")
    return new


def _renaming(rename: Any) -> Callable[[str], str] | None:
    if rename is None or callable(rename):
        return cast("Callable[[str], str] | None", rename)
    if rename == "camelCase":
        return camel_case
    raise ConfigurationError(f"rename is a mapping, a function or 'camelCase', not {rename!r}")


def camel_case(name: str) -> str:
    """`file_size` as `fileSize`, `HTTPCode` as `httpCode`; what stands around stays: `_id` as `_id`."""
    before, inner, after = _AROUND.fullmatch(name).groups()  # type: ignore[union-attr]  # it matches all
    head, *rest = re.split("_+", inner)
    head = re.sub("^[A-Z]+(?![a-z])|^[A-Z]", lambda match: match[0].lower(), head)
    return before + head + "".join(part[:1].upper() + part[1:] for part in rest) + after


def _with_key(found: T, key: Iterable[str] | None, source: StructuredType, labels: Mapping[str, str]) -> T:
    """The type with its key: the properties asked for, or those flagged, or the one called `id`."""
    if key is None:
        if source.key or found.key:
            return found
        known = {label.lower(): label for label in found.properties}
        known |= {name.lower(): label for name, label in labels.items()}
        wanted = {known["id"]} if "id" in known else set()
    else:
        wanted = set()
        for name in key:
            if name not in labels:
                raise ConfigurationError(f"{found.name} has no property {name!r}, which its key needs")
            if not isinstance(found.members[labels[name]].type, edm.PrimitiveType | edm.EnumType):
                raise ConfigurationError(f"{found.name}.{name} is no value, which a key needs")
            wanted.add(labels[name])
    return found.__class__(
        found.name,
        {label: replace(prop, key=label in wanted) for label, prop in found.properties.items()},
    )
