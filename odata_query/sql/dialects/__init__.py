"""The dialects of SQL by their names: tables of differences to `base.Dialect`, or to one another."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from ...problems import ConfigurationError, nearest
from .base import Dialect

__all__ = ["Dialect", "dialect"]

_CLASSES = (
    "BigQuery", "ClickHouse", "CockroachDB", "DuckDB", "MSSQL", "MySQL", "Oracle", "PostgreSQL", "Snowflake",
    "Spark", "SQLite", "Trino",
)  # fmt: skip
BUILT_IN = {name.lower(): name for name in _CLASSES}
"""The dialects of the library: the file of each, and its class."""
_ALIASES = {"mariadb": "mysql", "postgres": "postgresql"}
ENTRY_POINTS = "odata_query.dialects"
"""The group of entry points that publish the dialects of other packages."""


def dialect(name: str | Dialect) -> Dialect:
    """Find a dialect by its name: `dialect("postgresql")`; an instance is returned unchanged.

    Raises ConfigurationError for a name that neither the library nor an installed package knows.
    """
    return name if isinstance(name, Dialect) else _named(name)


@cache
def _named(name: str) -> Dialect:
    name = _ALIASES.get(name, name)
    if name in BUILT_IN:
        module = import_module(f".{name}", __name__)
        found: Dialect = getattr(module, BUILT_IN[name])()
        return found
    from importlib.metadata import entry_points

    for entry in entry_points(group=ENTRY_POINTS):
        if entry.name == name:
            loaded = entry.load()
            made = loaded() if isinstance(loaded, type) else loaded
            if not isinstance(made, Dialect):
                raise ConfigurationError(f"the entry point {name!r} gives no Dialect: {made!r}")
            return made
    near = nearest(str(name), BUILT_IN)
    hint = f" Did you mean {near!r}?" if near else ""
    raise ConfigurationError(f"there is no dialect {name!r}.{hint}")
