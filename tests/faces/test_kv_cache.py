"""Caches of somebody's own: their methods are recognised, or they are named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from attnspec.cli import main
from attnspec.conformance import Implementation, Verdict, check_implementation
from attnspec.exceptions import InvalidArgument
from attnspec.faces import OF_KINDS, joined, parted
from attnspec.judge.case import Case
from attnspec.kinds.serving import _histories as histories
from attnspec.kinds.serving.kv_cache import KV_CACHE


class Cache:
    """A cache of lists."""

    def __init__(self, kv_heads: int) -> None:
        """Begin without tokens."""
        self.heads = kv_heads
        self.tokens: list[tuple[Any, Any]] = []

    def put(self, key: Any, value: Any) -> None:
        """Append tokens."""
        assert key.shape[1] == self.heads
        self.tokens.append((key.copy(), value.copy()))

    def _joined(self) -> Any:
        pairs = zip(*self.tokens, strict=True)
        return (np.concatenate(each, axis=2) for each in pairs)

    def attend(self, query: Any, *, scale: float | None = None) -> Any:
        """Answer queries."""
        key, value = self._joined()
        factor = query.shape[3] ** -0.5 if scale is None else scale
        scores = query @ key.swapaxes(2, 3) * np.float32(factor)
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        return (weights / weights.sum(-1, keepdims=True)) @ value

    @property
    def length(self) -> int:
        """The number of tokens."""
        return sum(key.shape[2] for key, _ in self.tokens)


class Writing(Cache):
    """A cache that writes into what it is given."""

    def append(self, key: Any, value: Any) -> None:
        """Append tokens."""
        self.put(key, value)
        value *= 2


class Narrow(Cache):
    """A cache that returns one query less."""

    def attend(self, query: Any, *, scale: float | None = None) -> Any:
        """Answer queries."""
        return super().attend(query, scale=scale)[:, :, 1:]


def _put() -> dict[str, str]:
    return {"append": "put"}


def _run(function: Any, steps: str, **options: Any) -> Any:
    """Return what a history of a cache answers."""
    recipe = KV_CACHE.recipe(steps=histories.told(steps), width=4, data="normal")
    case: Case = KV_CACHE.case(recipe)
    return function(*case.operands.values(), **options)


def test_methods_that_are_named_are_called() -> None:
    report = check_implementation(
        Cache, kind="kv-cache", methods=_put(), tier="smoke", only=["kv-cache-chunks"]
    )

    assert report.conforms, report
    assert report.description.face["id"] == "kv-cache-hnd:append=put"
    claims = report.description.capabilities.claims
    assert "scale" in claims
    assert not {"back", "reset", "causal", "one_sequence", "return_lengths"} & claims


def test_what_is_not_offered_is_out_of_scope_and_said() -> None:
    only = ["kv-cache-order", "kv-cache-back"]
    report = check_implementation(
        Cache, kind="kv-cache", methods=_put(), tier="smoke", only=only
    )

    back = next(o for o in report.outcomes if o.invariant == "kv-cache-back")
    assert back.verdict == Verdict.UNSUPPORTED
    assert back.reason == "back not claimed"


def test_an_attribute_that_is_named_is_read() -> None:
    methods = {**_put(), "length": "length"}
    made = Implementation.of(Cache, kind="kv-cache", methods=methods)

    _, lengths = _run(
        made.function, "append 2, append 3, attend 1", return_lengths=True
    )

    assert lengths.tolist() == [[2], [5], [5]]


def test_a_function_that_makes_caches_is_as_good_as_a_class() -> None:
    def make(num_kv_heads: int) -> Cache:
        return Cache(num_kv_heads)

    one, other = (
        Implementation.of(each, kind="kv-cache", methods=_put())
        for each in (Cache, make)
    )
    steps = "append 2, attend 1, other, append 3, attend 2"

    expected = _run(one.function, steps)
    np.testing.assert_array_equal(expected, _run(other.function, steps))


def test_what_is_written_into_tokens_is_found() -> None:
    report = check_implementation(
        Writing, kind="kv-cache", tier="smoke", only=["kv-cache-agreement"]
    )

    (outcome,) = report.outcomes
    assert outcome.finding is not None
    assert outcome.finding.message == "changed: value"


def test_an_answer_of_another_shape_is_named_with_its_step() -> None:
    report = check_implementation(
        Narrow,
        kind="kv-cache",
        methods=_put(),
        tier="smoke",
        only=["kv-cache-agreement"],
    )

    (outcome,) = report.outcomes
    assert outcome.finding is not None
    said = "step 1 (attend): expected shape (1, 1, 1, 1) and dtype float32, got"
    assert said in outcome.finding.message


def _without_methods(key_heads: int) -> object:
    return key_heads


class _Config:
    def __init__(self, config: Any) -> None: ...
    def append(self, key: Any, value: Any) -> None: ...
    def attend(self, query: Any) -> None: ...


class _Layered(Cache):
    def append(self, key: Any, value: Any, layer: int) -> None: ...


@pytest.mark.parametrize(
    ("target", "methods", "message"),
    [
        (Cache, {}, "needs one that appends keys and values; Cache has none of append"),
        (Cache, {"append": "push"}, "methods: Cache has no 'push', which appends keys"),
        (Cache, {"push": "put"}, "methods: expected one of append, attend, truncate"),
        (Cache, {"append": "a b"}, "methods: expected append=NAME, once; got"),
        (_Config, {}, "it does not know 'config', which is required"),
        (_Layered, {}, "Layered.append .* it does not know 'layer', which is required"),
        (_without_methods, {}, "_without_methods has none of append"),
    ],
)
def test_a_class_that_cannot_be_called_so_is_refused(
    target: Any, methods: dict[str, str], message: str
) -> None:
    with pytest.raises(InvalidArgument, match=message):
        check_implementation(target, kind="kv-cache", methods=methods)


def test_a_kind_of_functions_has_no_methods() -> None:
    with pytest.raises(InvalidArgument, match="methods: a function of rope has none"):
        check_implementation(_without_methods, kind="rope", methods=_put())


@pytest.mark.parametrize("face", ["", "kv-cache-hnd", "kv-cache-nhd"])
def test_a_face_names_methods_behind_its_id(face: str) -> None:
    methods = {"append": "put", "back": "drop"}

    assert parted(joined(face, methods)) == (face, methods)
    assert joined(face, {}) == face


@pytest.mark.once
def test_a_finding_in_a_process_of_its_own_is_seen_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    right = OF_KINDS["kv-cache-hnd"].example
    wrong = right.replace("def append", "def put").replace("=2)", "=2)[:, :, -2:]")
    Path("mine.py").write_text(wrong, "utf-8")
    Path("mine.toml").write_text('[methods]\nappend = "put"\n', "utf-8")
    asked = ["check", "mine.py:Cache", "--kind", "kv-cache", "--tier", "smoke", "-x"]
    said = ["--only", "kv-cache-agreement", "--description", "mine.toml"]

    done = CliRunner().invoke(main, [*asked, *said])

    assert done.exit_code == 1, done.output
    assert "kv-cache-hnd:append=put (recognised)" in done.output
    lines = done.output.splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("  replay "))
    words = f"{lines[start]} {lines[start + 1]}".replace("\\", " ").split()[3:]
    again = CliRunner().invoke(main, ["replay", *words])
    assert "reproduced" in again.output, again.output
