"""Notices another distribution in this package's folder.

`odata-query` on PyPI is another project, and it installs a package `odata_query` as well. The one that is
installed later overwrites files of the earlier one, and uninstalling either removes files of both. Neither
pip nor Python says so; the first sign would be a name that does not exist.
"""

import os
import sys

_FOREIGN = "visitor.py"
"""A file that `odata-query` has in all of its versions, and this package never."""
_CLASH = (
    "the distributions odata-ql and odata-query are two projects that both install the package odata_query, "
    "and this environment has both. Keep one: pip uninstall odata-query odata-ql, then pip install odata-ql"
)
_HOLES = (
    "the package odata_query of the distribution odata-ql has lost files, as it does when the other project "
    "odata-query is uninstalled. Install it again: pip install --force-reinstall --no-deps odata-ql"
)


def verify() -> None:
    """Raise ImportError if this folder has files of `odata-query`, or lacks its own `__init__.py`."""
    if os.path.exists(os.path.join(os.path.dirname(__file__), _FOREIGN)):
        raise ImportError(_CLASH)
    if sys.modules[__package__].__file__ is None:
        raise ImportError(_HOLES)
