"""Pictures of recurrence: what is seen, how influence falls, how long chains are."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from drawing import ACCENT, GRAY, INK, SERIES, grid, panels

from attnspec.reference.attention import attention
from attnspec.reference.chain_length import chain_length
from attnspec.reference.influence import attention_jacobian, dependence, influence_norms
from attnspec.reference.linear_attention import survivals
from attnspec.reference.rnn import Recurrence, rnn_jacobian, tanh_rnn


def support() -> None:
    """Which outputs depend on which inputs, read off with NaN."""
    rng = np.random.default_rng(0)
    weights = Recurrence(np.eye(2), rng.normal(size=(2, 2)), np.zeros(2))
    x = rng.normal(size=(7, 2))

    def see(z: np.ndarray, **options: object) -> np.ndarray:
        return attention(*[z[None, None]] * 3, **options)[0, 0]  # type: ignore[arg-type]

    shown = (
        ("recurrence", dependence(lambda z: tanh_rnn(z, weights), x)),
        ("causal attention", dependence(lambda z: see(z, causal=True), x)),
        ("attention", dependence(see, x)),
        ("attention, window (1, 1)", dependence(lambda z: see(z, window=(1, 1)), x)),
    )
    _, axes = panels(4, width=2.3)
    for index, (title, seen) in enumerate(shown):
        grid(axes[0, index], seen, labels=False)
        axes[0, index].set_title(title, fontsize=9)
        axes[0, index].set_xlabel("input $j$")
    axes[0, 0].set_ylabel("output $i$")


def gradients() -> None:
    """The norm of d out_i / d in_j against i - j, for the last i."""
    rng = np.random.default_rng(1)
    length, width = 60, 16
    x = 0.1 * rng.normal(size=(length, width))
    turn = np.linalg.qr(rng.normal(size=(width, width)))[0]
    distance = np.arange(length)[::-1]
    _, axes = plt.subplots(figsize=(6.4, 3.6))
    for factor, color in zip((0.5, 0.8, 1.0, 1.3), SERIES, strict=False):
        weights = Recurrence(np.eye(width), factor * turn, np.zeros(width))
        norms = influence_norms(rnn_jacobian(x, weights))[-1]
        axes.semilogy(distance, norms, color=color)
        axes.annotate(
            f"recurrence, {factor:g}",
            (distance[0], norms[0]),
            color=color,
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
        )
    by_value = attention_jacobian(*rng.normal(size=(3, length, width)))[2]
    axes.semilogy(distance, by_value[-1], ".", color=GRAY)
    axes.annotate(
        "attention",
        (distance[0], by_value[-1, 0]),
        color=GRAY,
        xytext=(4, -10),
        textcoords="offset points",
        va="center",
    )
    axes.set(xlabel="distance $i - j$", ylabel="norm of the derivative", xlim=(0, 82))


def decays() -> None:
    """What is left of each step: no decay, one decay, gates."""
    rng = np.random.default_rng(2)
    shown = (
        ("no decay", np.ones(8)),
        ("one decay, 0.8", np.full(8, 0.8)),
        ("gates of one component", rng.choice([1.0, 0.9, 0.2], size=8)),
    )
    _, axes = panels(3, width=2.6, height=2.7)
    for panel, (title, decay) in zip(axes[0], shown, strict=True):
        left = survivals(decay[:, None])[1:, 1:, 0]
        panel.imshow(left, cmap="Blues", vmin=0, vmax=1.2)
        panel.set_title(title, fontsize=10)
        panel.set(xlabel="read at $j$", xticks=range(8), yticks=range(8))
        panel.tick_params(length=0, labelsize=8)
    axes[0, 0].set_ylabel("asked at $i$")


def chains() -> None:
    """Steps that must come one after another, against the length."""
    lengths = np.arange(1, 129)
    _, axes = plt.subplots(figsize=(5.6, 3.0))
    kinds = (
        ("recurrence", 1, ACCENT),
        ("chunks of 16", 16, INK),
        ("attention", 128, GRAY),
    )
    for name, chunk, color in kinds:
        steps = [chain_length(_reads(int(n), chunk)) for n in lengths]
        axes.plot(lengths, steps, color=color)
        axes.annotate(
            name,
            (128, steps[-1]),
            color=color,
            va="center",
            xytext=(5, 5 if chunk == 16 else 0),
            textcoords="offset points",
        )
    axes.set(xlabel="length $N$", ylabel="steps in a row", xlim=(0, 165))


def _reads(length: int, chunk: int) -> np.ndarray:
    """Let the steps of a chunk read the last step of the chunk before."""
    at = np.arange(length)
    return at == (at // chunk * chunk - 1)[:, None]
