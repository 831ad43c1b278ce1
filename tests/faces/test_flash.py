"""A drop-in for flash_attn_func is judged as it is, and wrong ones are named."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

pytest.importorskip("torch")

from attnspec.cli import main
from attnspec.conformance import check_implementation, parametrize_with_checks
from attnspec.conformance.parametrize import Check
from tests._in_ci import share
from tests.faces import _flash

FILE = Path(_flash.__file__)


def _checked(name: str, *options: str) -> Result:
    words = ["check", f"{FILE}:{name}", "--tier", "smoke", *options]
    return CliRunner().invoke(main, words)


@pytest.mark.parametrize(
    "name", share(["flash_attn_func", "with_sink", "always_a_pair"], 3)
)
def test_a_right_drop_in_conforms_with_no_flag(name: str) -> None:
    found = _checked(name)

    assert found.exit_code == 0, found.output
    assert "float16, bfloat16, smoke" in found.output
    assert "face            flash-attn (recognised), arrays of torch" in found.output
    assert "return_lse" in found.output.partition("not claimed")[0]


def test_it_is_judged_in_float32_by_dtype() -> None:
    found = _checked("flash_attn_func", "--dtype", "float32", "--only", "agreement")

    assert found.exit_code == 0, found.output
    assert "bfloat16" not in found.output


LAWS = {
    "window_off_by_one": ("window-support", "window_size=("),
    "window_turned": ("window-support", "window_size=("),
    "window_ignored": ("window-support", "window_size=("),
    "zero_is_unlimited": ("window-support", "window_size=("),
    "upper_left": ("causal-support", "causal=True"),
    "causal_ignored": ("causal-support", "causal=True"),
    "scale_ignored": ("scale-given", "softmax_scale="),
    "softcap_ignored": ("softcap-order", "softcap="),
    "softcap_after_mask": ("softcap-order", "softcap="),
    "slopes_ignored": ("slopes-added", "alibi_slopes="),
    "slopes_upper_left": ("slopes-added", "alibi_slopes="),
    "lse_in_base_2": ("lse-agreement", "flash"),
    "lse_heads_last": ("result-form", "lse: expected shape (B, Hq, L)"),
    "bare_where_lse_is_asked": ("lse-agreement", "expected (output, lse), got a"),
    "heads_interleaved": ("grouped-heads", "(q, k, v"),
    "dense_alone": ("agreement", "(q, k, v"),
    "axes_swapped": ("agreement", "(q, k, v"),
}
"""For each wrong function a law that it breaks, and what is said of it."""


def test_every_wrong_function_is_looked_at() -> None:
    assert {*LAWS} == {*_flash.WRONG}


@pytest.mark.parametrize("name", LAWS)
def test_a_wrong_drop_in_fails_in_the_words_of_its_face(name: str) -> None:
    law, said = LAWS[name]
    report = check_implementation(
        _flash.WRONG[name], only=[law], dtypes=["float16"], tier="smoke"
    )

    assert not report.conforms
    text = str(report)
    assert said in text, text
    assert f"{name}(q, k, v" in text
    assert " causal, " not in text
    assert "None)" not in text


def test_a_process_of_its_own_gives_the_same_verdicts() -> None:
    laws = ["window-support", "causal-support", "scale-given"]
    here, there = (
        check_implementation(kernel, only=laws, dtypes=["float16"], tier="smoke")
        for kernel in (_flash.WRONG["window_off_by_one"], f"{FILE}:window_off_by_one")
    )

    assert [o.verdict for o in here.outcomes] == [o.verdict for o in there.outcomes]
    assert [o.finding and o.finding.call for o in here.outcomes] == [
        o.finding and o.finding.call for o in there.outcomes
    ]


@parametrize_with_checks(
    [_flash.flash_attn_func], only=["window-support", "agreement"], tier="smoke"
)
def test_it_is_judged_by_pytest_with_no_flag(check: Check) -> None:
    check()


def test_a_finding_is_replayed_with_no_flag() -> None:
    found = _checked("window_turned", "--only", "window-support", "--dtype", "float16")
    token = next(line for line in found.output.splitlines() if line.startswith("Ae"))
    again = CliRunner().invoke(main, ["replay", f"{FILE}:window_turned", token])

    assert found.exit_code == 1
    assert again.exit_code == 1, again.output
    assert again.output.startswith("reproduced")
    assert "window_turned(q, k, v, window_size=(" in again.output
