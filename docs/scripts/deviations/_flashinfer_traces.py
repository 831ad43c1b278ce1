"""What FlashInfer's own traces hold its kernels to, in PyTorch, without a GPU.

``import flashinfer`` needs CUDA; the modules of its traces do not. They are imported
alone, as ``pip install --no-deps flashinfer-python`` installs them.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import sys
import types
from typing import Any

_INSTALLED = importlib.metadata.distribution("flashinfer-python")
VERSION = _INSTALLED.version

for package in ("flashinfer", "flashinfer.trace", "flashinfer.trace.templates"):
    bare = types.ModuleType(package)
    bare.__path__ = [str(_INSTALLED.locate_file(package.replace(".", "/")))]
    sys.modules.setdefault(package, bare)

cascade: Any = importlib.import_module("flashinfer.trace.templates.cascade")
attention: Any = importlib.import_module("flashinfer.trace.templates.attention")
pages: Any = importlib.import_module("flashinfer.trace.templates.page")

merge_state = cascade.merge_state_trace.reference
merge_states = cascade.merge_states_trace.reference
single_prefill = attention.single_prefill_with_kv_cache_trace.reference
ragged_prefill = attention.gqa_ragged_prefill_trace.reference
paged_decode = attention.gqa_paged_decode_trace.reference
paged_prefill = attention.gqa_paged_prefill_trace.reference
append_to_pages = pages.append_paged_kv_cache_trace.reference
