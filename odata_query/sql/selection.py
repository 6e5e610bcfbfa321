"""The columns of a SELECT: those of the model, or what names and paths of its properties choose."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from .. import edm
from ..check.conditions import Find, show
from ..check.typed import TypedCall, TypedPath
from ..logic import condition
from ..model.properties import ComplexType, Member, StructuredType
from ..problems import ConfigurationError, nearest
from .columns import column_prefix, is_elsewhere, is_spread, own_columns
from .dialects.base import Dialect
from .emitter import SqlEmitter
from .parts import ROW, Instance, Json


def selection(
    emitter: SqlEmitter, model: StructuredType | None, names: Iterable[str] | None, find: Find
) -> str:
    """Make the text after SELECT.

    find   finds the conditions on the rows of other tables that a path leads to
    names  properties, columns and paths, of the model before `restrict` too; None for the columns of the
           model, `"*"` for those of the table
    Raises ConfigurationError for a name that is not a column of the model.
    """
    if names == "*" or (names is None and model is None):
        return f"{ROW}*"
    columns = emitter.columns
    if isinstance(names, str):
        raise ConfigurationError(f"columns are names, not one text: {names!r}")
    if model is None:
        return _quoted(columns.dialect, tuple(names or ()))
    if names is None:
        return _quoted(columns.dialect, _columns_of(columns.dialect, model))
    model, names = model.unrestricted, tuple(names)
    known = model._cache.setdefault("selections", {})
    found: str | None = known.get((columns.dialect, names))
    if found is None:
        texts = dict.fromkeys(text for name in names for text in _selected(emitter, model, name, find))
        found = ", ".join(texts)
        if not found:
            raise ConfigurationError("no columns are left to select")
        if len(known) < 256 and not any("/" in name for name in names):
            known[columns.dialect, names] = found
    return found


@lru_cache(maxsize=256)
def _quoted(dialect: Dialect, names: tuple[str, ...]) -> str:
    if not names:
        raise ConfigurationError("no columns are left to select")
    return ", ".join([ROW + dialect.quote(name) for name in names])


def _columns_of(dialect: Dialect, model: StructuredType) -> tuple[str, ...]:
    """The columns of a model, each once, in its order."""
    key = ("columns", dialect)
    if key not in model._cache:
        model._cache[key] = tuple(dict.fromkeys(own_columns(dialect, model)))
    found: tuple[str, ...] = model._cache[key]
    return found


def _selected(emitter: SqlEmitter, model: StructuredType, name: str, find: Find) -> list[str]:
    """The columns that a name chooses: one, or those of a complex property."""
    dialect, columns, before, after = emitter.dialect, emitter.columns, "", ""
    if name not in model.members and name in _columns_of(dialect, model):
        return [ROW + dialect.quote(name)]
    *path, last = steps = _members(model, name)
    instance: Instance = columns.root
    for member in path:
        instance = columns.inside(instance, member)
    if is_elsewhere(dialect, last) or not (last.column or is_spread(dialect, last)):
        raise ConfigurationError(
            f"{name!r} is not a column: it is computed, or leads to rows of another table"
        )
    alias = f" AS {dialect.quote(name.replace('/', '_'))}"
    whole = show(TypedPath(tuple(name.split("/")), (0, 0), 0, tuple(steps), last.type), find)
    if isinstance(whole, TypedCall):
        before, after = f"CASE WHEN {condition(emitter, whole.arguments[0]).text} THEN ", " END"
    if isinstance(instance, Json):
        kind = last.type.name if isinstance(last.type, edm.PrimitiveType) else "json"
        text = columns.json(Json(instance.value, (*instance.keys, last.column)), kind).text
        return [before + text + after + alias]
    if instance.before == ROW:
        alias = ""
    if not is_spread(dialect, last):
        return [before + columns.read(instance, last.column).text + after + alias]
    assert isinstance(last.type, ComplexType)
    texts = {
        n: columns.read(instance, n).text for n in own_columns(dialect, last.type, column_prefix("", last))
    }
    return [f"{before}{text}{after} AS {dialect.quote(n)}" if before else text for n, text in texts.items()]


def _members(model: StructuredType, path: str) -> list[Member]:
    """The properties of a path: `owner/name`."""
    found: list[Member] = []
    type: edm.Type = model
    for name in path.split("/"):
        if not isinstance(type, StructuredType) or name not in type.members:
            known = type.members if isinstance(type, StructuredType) else ()
            near = nearest(name, known)
            hint = f"Did you mean {near!r}?" if near else f"It has {', '.join(known) or 'no properties'}."
            raise ConfigurationError(
                f"{path!r} is not a column: {type.name} has no property {name!r}. {hint}"
            )
        found.append(type.members[name])
        type = found[-1].type
    return found
