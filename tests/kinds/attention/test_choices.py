"""Which choice a kernel makes of the softcap's place and of causal slopes is found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from attnspec.conformance import Implementation, check_implementation
from attnspec.rogues import CONTROLS


def _undeclared(control: str, *without: str) -> Implementation:
    """Return a control that declares no choice of these two."""
    known = CONTROLS[control].implementation
    open_to = {"softcap_order", "causal_alibi"}
    said = known.description
    dialect = {n: v for n, v in said.dialect.items() if n not in open_to}
    claims = said.capabilities.claiming(without=without)
    return Implementation(
        known.function, said.replace(dialect=dialect, capabilities=claims)
    )


@pytest.mark.parametrize(
    ("control", "without", "field", "choice"),
    [
        ("plain", (), "softcap_order", "before_bias"),
        ("slopes-capped-declared", (), "softcap_order", "after_bias"),
        # Of a kernel without a bias the slopes tell.
        ("slopes-capped-declared", ("bias",), "softcap_order", "after_bias"),
        ("slopes-in-two-terms", (), "causal_alibi", "distance"),
        ("slopes-by-key", (), "causal_alibi", "key"),
    ],
)
def test_a_choice_is_found_and_held(
    control: str, without: tuple[str, ...], field: str, choice: str
) -> None:
    laws = ["softcap-order", "lse-with-options"]
    report = check_implementation(
        _undeclared(control, *without), only=laws, tier="smoke", dtypes=["float32"]
    )

    assert report.detected.dialect[field] == choice
    assert report.detected.sources[field] == "detected"
    assert report.conforms, str(report)


def test_a_choice_that_is_declared_and_not_made_fails() -> None:
    found = _undeclared("plain")
    wrong = found.description.replace(dialect={"softcap_order": "after_bias"})
    report = check_implementation(
        Implementation(found.function, wrong), only=["softcap-order"], tier="smoke"
    )

    assert not report.conforms


def test_a_kernel_without_slopes_is_not_asked_about_them() -> None:
    def kernel(query: Any, key: Any, value: Any, *, causal: bool = False) -> Any:
        options = {"causal": causal}
        function: Callable[..., Any] = CONTROLS["plain"].implementation.function
        return function(query, key, value, **options)

    sources = check_implementation(
        kernel, only=["result-form"], tier="smoke"
    ).detected.sources

    assert not {"softcap_order", "causal_alibi"} & {*sources}
