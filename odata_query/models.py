"""Deprecated: `odata_query.models` of 0.1.0, now `odata_query.model.sources` and its neighbours."""

import sys
import warnings

from .model import csdl, openapi, publishing, sources

warnings.warn("odata_query.models is now odata_query.model.sources", DeprecationWarning, stacklevel=2)
sys.modules.update({__name__: sources, f"{__name__}.narrowing": publishing})
sys.modules.update({f"{__name__}.csdl_writer": csdl, f"{__name__}.openapi": openapi})
