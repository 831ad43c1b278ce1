"""What a null answers, without a kernel."""

from __future__ import annotations

from collections.abc import Mapping

from attnspec.conformance import Implementation
from attnspec.conformance.call import InProcess
from attnspec.judge.bench import KernelBench
from attnspec.judge.case import Case, Result
from attnspec.judge.nulls import NullBench
from attnspec.kernels import tiled_attention
from attnspec.kinds.attention.dialect import SPEC
from attnspec.kinds.attention.laws import ATTENTION
from attnspec.numerics import default_model


def answer(name: str, case: Case, dialect: Mapping[str, str] = SPEC) -> Result:
    """Return what a fresh null of this name answers."""
    kernel = Implementation.of(tiled_attention)
    model = default_model(case.dtype)
    call, known = InProcess(kernel.function), kernel.description
    return NullBench(KernelBench(call, ATTENTION, known, dialect, model), name).run(
        case
    )
