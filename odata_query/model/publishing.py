"""Publishing: which properties of a source clients see, by which names, and in which query options."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from typing import Any, TypedDict, TypeVar

from .. import edm
from ..limits import UNBOUNDED, Limits
from ..operations import OPERATIONS
from ..problems import ConfigurationError, did_you_mean
from .properties import NavigationProperty, Property, StructuredType

T = TypeVar("T", bound=StructuredType)
Path = tuple[str, ...]
"""`owner/name` as ("owner", "name")."""
Names = Iterable[str] | None


class Hidden(Property):
    """A property that a source keeps private, as a secret: only `override` publishes it."""

    __slots__ = ()


class Alias(Property):
    """Another name of a property that a source has already: no `*` publishes it."""

    __slots__ = ()


class Unlisted(Property):
    """A property that is published only if an option names it: its own name cannot be written in OData."""

    __slots__ = ()


def marked(kind: type[Property], prop: Property) -> Property:
    return kind(**{each.name: getattr(prop, each.name) for each in fields(Property)})


class PublishOptions(TypedDict, total=False):
    """The options of every `EntityType.from_...`.

    key         the key property, or properties; by default the source's key, else the property called `id`
    only        the properties to publish; by default all
    exclude     the properties not to publish
    rename      new names: a mapping, a function of a name, or "camelCase"
    filterable  the properties that `$filter` may use; by default all
    sortable    the properties that `$orderby` may use; by default all
    functions   the functions that a query may use, `any` and `all` among them; by default all
    override    properties to publish in place of the source's: {"size": Property("Edm.Int64")}

    Names are those of the source. They can be paths into nested types, `owner/name`, and end in `*` for all
    properties of a type except those that lead to other entities: `owner/*`.
    """

    key: str | Iterable[str] | None
    only: Names
    exclude: Iterable[str]
    rename: str | Mapping[str, str] | Callable[[str], str]
    filterable: Names
    sortable: Names
    functions: Names
    override: Mapping[str, Property]


# ---- options -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rules:
    """The options for one type, by paths from it. None sets no rule."""

    only: frozenset[Path] | None = None
    filterable: frozenset[Path] | None = None
    sortable: frozenset[Path] | None = None
    rename: Mapping[Path, str] | Callable[[str], str] | None = field(default=None, hash=False)
    override: Mapping[Path, Property] = field(default_factory=dict, hash=False)
    key: frozenset[Path] = frozenset()

    def paths(self) -> Iterator[Path]:
        """All paths that the options name."""
        rename = self.rename if isinstance(self.rename, Mapping) else ()
        for given in (self.only, self.filterable, self.sortable, rename, self.override, self.key):
            yield from given or ()

    def inside(self, name: str) -> Rules:
        """The rules for the type of a property."""
        return Rules(
            _inside(self.only, name),
            _inside(self.filterable, name),
            _inside(self.sortable, name),
            _below(self.rename, name) if isinstance(self.rename, Mapping) else self.rename,
            _below(self.override, name),
        )

    def new_name(self, source: str, label: str) -> str:
        """The public name of a property: `label`, unless it is renamed."""
        if isinstance(self.rename, Mapping):
            return self.rename.get((source,), label)
        new = label if self.rename is None else self.rename(label)
        if not isinstance(new, str):
            raise ConfigurationError(f"rename returns {new!r:.100} for {label!r}, which is not a name")
        return new


def _inside(given: frozenset[Path] | None, name: str) -> frozenset[Path] | None:
    """The paths that continue after a property; None if the paths name the property only as a whole."""
    found = frozenset(path[1:] for path in given or () if path[0] == name)
    return None if () in found or not found else found


def _below(given: Mapping[Path, Any], name: str) -> dict[Path, Any]:
    return {path[1:]: value for path, value in given.items() if path[0] == name and len(path) > 1}


def names_of(given: object, option: str) -> list[str]:
    """The names that an option lists. Raises ConfigurationError if it is not a list of names."""
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise ConfigurationError(f"{option}={given!r:.100} is not a list of names")
    names = list(given)
    for name in names:
        if not isinstance(name, str):
            raise ConfigurationError(f"{option} has {name!r:.100}, which is not a name")
    return names


def paths_of(names: object, option: str) -> frozenset[Path] | None:
    """`["id", "owner/name"]` as paths; None for None."""
    return None if names is None else frozenset(tuple(name.split("/")) for name in names_of(names, option))


def _by_path(given: object, option: str, kind: type) -> dict[Path, Any]:
    if not isinstance(given, Mapping):
        raise ConfigurationError(f"{option}={given!r:.100} is not a mapping by names")
    for name, value in given.items():
        if not (isinstance(name, str) and isinstance(value, kind)):
            raise ConfigurationError(
                f"{option} has {name!r:.100}: {value!r:.100}; it maps names to {kind.__name__}"
            )
    return {tuple(name.split("/")): value for name, value in given.items()}


def _renaming(rename: Any) -> Any:
    if isinstance(rename, Mapping):
        return _by_path(rename, "rename", str)
    if rename is not None and rename != "camelCase" and not callable(rename):
        raise ConfigurationError(f"rename={rename!r} is not a mapping, a function or 'camelCase'")
    return camel_case if rename == "camelCase" else rename


def camel_case(name: str) -> str:
    """`file_size` as `fileSize`, `HTTPCode` as `httpCode`; outer underscores stay: `_id` as `_id`."""
    core = name.strip("_")
    before, _, after = name.partition(core) if core else (name, "", "")
    head, *rest = re.split("_+", core)
    head = re.sub("^[A-Z]+(?![a-z])|^[A-Z]", lambda match: match[0].lower(), head)
    return before + head + "".join(part[:1].upper() + part[1:] for part in rest) + after


def _operations(names: Names, option: str, *notations: str) -> frozenset[str] | None:
    """The names in lower case. Raises ConfigurationError for an unknown operation."""
    if names is None:
        return None
    found = frozenset(name.lower() for name in names_of(names, option))
    known = [name for name, operation in OPERATIONS.items() if operation.notation in notations]
    for name in sorted(found.difference(known)):
        hint = did_you_mean(name, known)
        raise ConfigurationError(f"{option} has {name!r}, which does not exist{hint}")
    return found


# ---- publishing ----------------------------------------------------------------------------------


def publish(
    cls: type[T],
    name: str,
    properties: Mapping[str, Property],
    *,
    bases: Iterable[str] = (),
    list_relations: bool = False,
    **options: Any,
) -> T:
    """Build an entity type from a source's properties and the options of PublishOptions.

    properties      by public name; `attribute` has the name in the source, if that is another
    bases           the names of the types that the source inherits from
    list_relations  True if properties that lead to other entities are published only where `only` names them
    """
    known = PublishOptions.__annotations__
    for option in sorted(options.keys() - known.keys()):
        raise ConfigurationError(f"{option!r} is not an option; use one of {', '.join(known)}")
    key = options.get("key")
    keys = None if key is None else names_of((key,) if isinstance(key, str) else key, "key")
    rules = Rules(
        paths_of(options.get("only"), "only"),
        paths_of(options.get("filterable"), "filterable"),
        paths_of(options.get("sortable"), "sortable"),
        _renaming(options.get("rename")),
        _by_path(options.get("override", {}), "override", Property),
        frozenset((name,) for name in keys or ()),
    )
    source = StructuredType(name, properties, bases=bases)
    publisher = _Publisher(list_relations=list_relations)
    publisher.exclude(source, options.get("exclude", ()), rules.override)
    labels, published = publisher.publish(source, rules)
    if keys is not None:
        key_labels = _key_labels(name, keys, labels, published)
    elif source.key or any(prop.key for prop in published.values()):
        key_labels = {label for label, prop in published.items() if prop.key}
    else:
        named = {label.lower(): label for label in published}
        named |= {name.lower(): label for name, label in labels.items()}
        key_labels = {named["id"]} if "id" in named else set()
    published = {label: replace(prop, key=label in key_labels) for label, prop in published.items()}
    found = cls(name, published, bases=source.bases)
    functions = options.get("functions")
    return found if functions is None else restricted(found, functions=functions)


def _key_labels(
    owner: str, names: Iterable[str], labels: Mapping[str, str], published: Mapping[str, Property]
) -> set[str]:
    for name in names:
        if name not in labels:
            raise ConfigurationError(f"{owner} does not publish {name!r}, which its key needs")
        if not isinstance(published[labels[name]].resolve(), edm.PrimitiveType | edm.EnumType):
            raise ConfigurationError(f"{owner}.{name} is not a single value, which a key needs")
    return {labels[name] for name in names}


def restricted(type: T, limits: Limits | None = None, **names: Names) -> T:
    """Build a type that offers less than another, with the options of `EntityType.restrict`."""
    if not isinstance(limits, Limits | None):
        raise ConfigurationError(f"limits={limits!r:.100} is not a Limits object")
    allowed = replace(
        UNBOUNDED,
        functions=_operations(names.get("functions"), "functions", "function", "segment"),
        operators=_operations(names.get("operators"), "operators", "infix", "prefix"),
    )
    bounds = (limits or UNBOUNDED).tightened(allowed).tightened(type.limits or UNBOUNDED)
    limits = None if bounds == UNBOUNDED else bounds
    only, filterable, sortable = (
        paths_of(names.get(each), each) for each in ("only", "filterable", "sortable")
    )
    publisher = _Publisher(by_label=True)
    publisher.exclude(type, names.get("exclude", ()), {})
    _, properties = publisher.publish(type, Rules(only, filterable, sortable))
    return type.__class__(
        type.name, properties, limits=limits, bases=type.bases, unrestricted=type.unrestricted
    )


class _Publisher:
    """A builder of a type, and of all types that it leads to, with only the published properties.

    by_label  True if options name properties as clients do, not as the source does
    """

    def __init__(self, *, list_relations: bool = False, by_label: bool = False) -> None:
        self.list_relations = list_relations
        self.by_label = by_label
        self.published: dict[tuple[int, Rules], StructuredType] = {}
        self.waiting: list[tuple[StructuredType, Rules]] = []
        self.excluded: set[tuple[str, str]] = set()
        """Names of types, and of their properties in the source."""

    def exclude(self, type: StructuredType, given: object, override: Mapping[Path, Property]) -> None:
        """Exclude properties of types by name and base: `boss/password` also excludes `friends/password`."""
        for path in paths_of(given, "exclude") or ():
            owner = type
            for position, name in enumerate(path):
                named = self.named(owner)
                if name not in named and path[position:] != ("*",):
                    raise _unknown(owner, name, named)
                if position == len(path) - 1:
                    names = named if name == "*" else (name,)
                    self.excluded |= {(kind, each) for kind in (owner.name, *owner.bases) for each in names}
                else:
                    prop = override.get(path[: position + 1], named[name][1])
                    owner = _structured(prop, f"{owner.name}.{name}")

    def publish(self, type: StructuredType, rules: Rules) -> tuple[dict[str, str], dict[str, Property]]:
        """The public names by the names in the source, and the published properties."""
        found = self.properties(type, rules)
        for inner, inner_rules in self.waiting:  # it grows
            key = (id(inner), inner_rules)
            if key not in self.published:
                _, properties = self.properties(inner, inner_rules)
                whole = inner.unrestricted if self.by_label else None
                self.published[key] = inner.__class__(
                    inner.name, properties, bases=inner.bases, unrestricted=whole
                )
        return found

    def named(self, type: StructuredType) -> dict[str, tuple[str, Property]]:
        """The properties by their names in the source, with their public names."""
        found: dict[str, tuple[str, Property]] = {}
        for label, prop in type.properties.items():
            name = None if self.by_label else prop.attribute
            found[label if name is None or name in found else name] = label, prop
        return found

    def properties(self, type: StructuredType, rules: Rules) -> tuple[dict[str, str], dict[str, Property]]:
        named = self.named(type)
        for path in rules.paths():
            if path[0] not in named and path != ("*",):
                raise _unknown(type, path[0], named)
        labels: dict[str, str] = {}
        found: dict[str, Property] = {}
        for source, (label, prop) in named.items():
            given = rules.override.get((source,))
            is_excluded = any((kind, source) in self.excluded for kind in (type.name, *type.bases))
            if is_excluded or not self.is_published(type, source, given or prop, rules):
                continue
            if given is not None:
                prop = _in_source(given, prop.attribute, prop.column.name)
            elif isinstance(prop, Unlisted):
                prop = marked(Property, prop)
            prop = self.inside(prop, rules.inside(source), f"{type.name}.{source}")
            new = labels[source] = rules.new_name(source, label)
            if new in found:
                raise ConfigurationError(f"{type.name} has two properties called {new!r}")
            found[new] = replace(
                published_as(new, source, prop),
                filterable=prop.filterable and _is_named(rules.filterable, source, prop),
                sortable=prop.sortable and _is_named(rules.sortable, source, prop),
            )
        return labels, found

    def is_published(self, type: StructuredType, name: str, prop: Property, rules: Rules) -> bool:
        if isinstance(prop, Hidden | Unlisted) and not any(path[0] == name for path in rules.paths()):
            return False
        if isinstance(prop, Hidden):
            raise ConfigurationError(f"{type.name}.{name} is private; only override publishes it")
        if isinstance(prop, NavigationProperty) and self.list_relations:
            if (name,) in (rules.only or ()):
                raise ConfigurationError(
                    f"{type.name}.{name} leads to other entities; name what to publish, as in '{name}/*'"
                )
            return rules.only is not None and _is_named(rules.only, name, prop)
        return _is_named(rules.only, name, prop)

    def inside(self, prop: Property, rules: Rules, place: str) -> Property:
        """The property with its type rebuilt, if that has properties."""
        given = prop.resolve()
        if not isinstance(edm.element_of(given), StructuredType) and not any(rules.paths()):
            return prop
        source = _structured(prop, place)
        self.waiting.append((source, rules))
        key = (id(source), rules)
        many = isinstance(given, edm.CollectionType)
        return replace(prop, type=lambda: self.published[key], collection=many)


def _structured(prop: Property, place: str) -> StructuredType:
    """The type whose properties a property leads to."""
    given = prop.resolve()
    found = edm.element_of(given)
    if not isinstance(found, StructuredType):
        raise ConfigurationError(f"{place} is of type {given.name}, which has no properties")
    return found


def _unknown(type: StructuredType, name: str, named: Iterable[str]) -> ConfigurationError:
    hint = did_you_mean(name, named)
    if not hint and re.search(r"__|\.", name):
        hint = "; write a path as owner/name"
    return ConfigurationError(f"{type.name} has no property {name!r}{hint}")


def _is_named(given: frozenset[Path] | None, name: str, prop: Property) -> bool:
    """True if paths name a property or something in it. None names all."""
    if given is None or (("*",) in given and not isinstance(prop, NavigationProperty | Alias)):
        return True
    return any(path[0] == name for path in given)


def _in_source(prop: Property, attribute: str | None, column: str | None) -> Property:
    """The property at a place in the source, unless it names another one itself."""
    prop = replace(prop, attribute=attribute if prop.attribute is None else prop.attribute)
    return with_column(prop, column) if prop.column.name is None else prop


def with_column(prop: Property, name: str | None) -> Property:
    return replace(prop, column=replace(prop.column, name=name))


def published_as(label: str, source: str, prop: Property) -> Property:
    """The property called `source` in the source, under the name `label`."""
    return prop if label == source else _in_source(prop, source, source)


# ---- help for sources ----------------------------------------------------------------------------


def publish_table(
    cls: type[T], source: StructuredType, columns: Iterable[str], all_fields: bool, options: Mapping[str, Any]
) -> T:
    """Publish what `only` lists of a table, and every column if `all_fields` asks for them."""
    only = options.get("only")
    if only is None and not all_fields:
        raise ConfigurationError(
            f"nothing of {source.name} is published by default, as a table can hold what clients must not"
            " see: list what to publish, only=['id', 'owner/name'], or give all_fields=True for every column"
        )
    if all_fields and not isinstance(only, str):  # a text is reported later
        more = list(only or ())
        for given in more:
            if "/" not in given and given != "*":
                raise ConfigurationError(f"only={given!r} contradicts all_fields=True for {source.name}")
        only = [*columns, *more]
    options = {**options, "only": only}
    return publish(cls, source.name, source.properties, bases=source.bases, list_relations=True, **options)


def deferred_error(message: str) -> Callable[[], edm.Type]:
    """The type of a property that has none: an error only if the property is published."""

    def fail() -> edm.Type:
        raise ConfigurationError(f"{message}; exclude the property, or override it")

    return fail


def no_type_error(place: str, given: str) -> Callable[[], edm.Type]:
    return deferred_error(f"{place}: OData has no type for {given}")


def scale_from_step(step: object) -> int | None:
    """The digits after the point in multiples of a step: 2 for 0.01."""
    if isinstance(step, bool) or not isinstance(step, int | float | Decimal):
        return None
    exponent = Decimal(str(step)).normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else None
