"""A cap that comes after the bias, as Tokamax has it: its output and its gradients."""

from __future__ import annotations

from typing import Any

import pytest

from attnspec.conformance import Report, check_implementation
from attnspec.faces import called

torch = pytest.importorskip("torch")


def attention(
    query: Any,
    key: Any,
    value: Any,
    *,
    bias: Any = None,
    scale: float | None = None,
    logits_soft_cap: float | None = None,
) -> Any:
    """Return attention of tensors (B, L, H, E), the bias before the cap."""
    q, k, v = (x.transpose(1, 2) for x in (query, key, value))
    scores = (q @ k.transpose(2, 3)) * (q.shape[-1] ** -0.5 if scale is None else scale)
    if bias is not None:
        scores = scores + bias
    if logits_soft_cap is not None:
        scores = logits_soft_cap * torch.tanh(scores / logits_soft_cap)
    return (torch.softmax(scores, -1) @ v).transpose(1, 2)


def _judged(*only: str, **asked: Any) -> Report:
    return check_implementation(
        attention,
        arrays="torch",
        without=["grouped_query", "minus_infinity_bias"],
        only=only,
        tier="smoke",
        **asked,
    )


def test_the_keyword_says_where_the_cap_stands() -> None:
    assert called(attention).dialect["softcap_order"] == "after_bias"


def test_it_conforms_as_its_documents_say() -> None:
    report = _judged("softcap-order", "agreement")

    assert report.conforms, str(report)
    assert report.detected.sources["softcap_order"] == "face"


def test_it_fails_where_the_other_order_is_declared() -> None:
    report = _judged("softcap-order", dialect={"softcap_order": "before_bias"})

    assert not report.conforms
    assert "logits_soft_cap=" in str(report)


LAWS = ("attention-gradient-agreement", "attention-gradient-bias")


def test_its_gradients_are_those_of_its_own_order() -> None:
    report = _judged(*LAWS, claims=["gradients"])

    assert report.conforms, str(report)
    assert len(report.outcomes) == len(LAWS)
