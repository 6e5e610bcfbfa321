"""Deprecated: `odata_query.dialects` of 0.1.0, now `odata_query.sql.dialects`."""

import sys
import warnings

from .sql import dialects
from .sql.dialects import Dialect as Dialect
from .sql.dialects import base
from .sql.dialects import dialect as dialect

warnings.warn("odata_query.dialects is now odata_query.sql.dialects", DeprecationWarning, stacklevel=2)
sys.modules.update({__name__: dialects, f"{__name__}.base": base})
