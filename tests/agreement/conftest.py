"""Keep the other libraries on this machine, and Keras on PyTorch."""

from __future__ import annotations

import os

# They are read when a library is imported, which no test does before this file.
os.environ.setdefault("KERAS_BACKEND", "torch")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
