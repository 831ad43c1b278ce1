"""Stand-ins for flash_attn_func, of tensors on a CPU: a right one and wrong ones.

Each wrong one is the right one with a fault of its own, in its own words.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


def _flash(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    *,
    scale: float | None,
    causal: bool,
    window: tuple[int, int],
    softcap: float,
    sink: Tensor | None = None,
    slopes: Tensor | None = None,
    slopes_upper_left: bool = False,
    upper_left: bool = False,
    cap_after_mask: bool = False,
    interleaved: bool = False,
    weights_in: torch.dtype | None = None,
) -> tuple[Tensor, Tensor]:
    """Return output (B, L, H, E) and logsumexp (B, H, L)."""
    work = torch.float64 if q.dtype == torch.float64 else torch.float32
    query, key, value = (x.to(work).transpose(1, 2) for x in (q, k, v))
    group = query.shape[1] // key.shape[1]
    if interleaved:
        key, value = (x.repeat(1, group, 1, 1) for x in (key, value))
    else:
        key, value = (x.repeat_interleave(group, 1) for x in (key, value))
    scores = query @ key.transpose(2, 3)
    scores *= q.shape[-1] ** -0.5 if scale is None else scale
    if softcap and not cap_after_mask:
        scores = softcap * torch.tanh(scores / softcap)
    queries, keys = scores.shape[-2:]
    i = torch.arange(queries)[:, None] + (0 if upper_left else keys - queries)
    j = torch.arange(keys)
    if slopes is not None:
        place = torch.arange(queries)[:, None] if slopes_upper_left else i
        scores = scores - slopes[..., None, None].to(work) * (place - j).abs()
    left, right = window[0], 0 if causal else window[1]
    hidden = torch.zeros(queries, keys, dtype=torch.bool)
    if left >= 0:
        hidden |= j < i - left
    if right >= 0:
        hidden |= j > i + right
    scores = scores.masked_fill(hidden, -math.inf)
    if softcap and cap_after_mask:
        scores = softcap * torch.tanh(scores / softcap)
    if sink is not None:
        own = sink.to(work)[:, None, None].expand(*scores.shape[:3], 1)
        scores = torch.cat([scores, own], -1)
    top = scores.amax(-1, keepdim=True)
    weights = torch.exp(scores - torch.where(torch.isinf(top), 0.0, top))
    total = weights.sum(-1, keepdim=True)
    lse = (torch.where(torch.isinf(top), 0.0, top) + total.log())[..., 0]
    weights = weights[..., :keys].to(weights_in or q.dtype).to(work)
    output = weights @ value / torch.where(total == 0, 1.0, total)
    return output.to(q.dtype).transpose(1, 2).contiguous(), lse


def flash_attn_func(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    dropout_p: float = 0.0,
    softmax_scale: float | None = None,
    causal: bool = False,
    window_size: tuple[int, int] = (-1, -1),
    softcap: float = 0.0,
    alibi_slopes: Tensor | None = None,
    deterministic: bool = False,
    return_attn_probs: bool = False,
    **fault: Any,
) -> Any:
    """Return attention, as version 2 does."""
    assert isinstance(q, Tensor), type(q)
    assert dropout_p == 0.0, dropout_p
    assert alibi_slopes is None or alibi_slopes.dtype == torch.float32
    assert not deterministic
    output, lse = _flash(
        q,
        k,
        v,
        scale=softmax_scale,
        causal=causal,
        window=window_size,
        softcap=softcap,
        slopes=alibi_slopes,
        **fault,
    )
    return (output, lse, None) if return_attn_probs else output


def with_sink(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    softmax_scale: float | None = None,
    causal: bool = False,
    window_size: tuple[int | None, int | None] = (None, None),
    learnable_sink: Tensor | None = None,
    softcap: float = 0.0,
    return_lse: bool = False,
) -> Any:
    """Return attention, as version 4 does: always a pair, None is unlimited."""
    for tensor in (q, k, v):
        assert tensor.shape[-1] % 8 == 0, tensor.shape
    left, right = (-1 if side is None else side for side in window_size)
    output, lse = _flash(
        q,
        k,
        v,
        scale=softmax_scale,
        causal=causal,
        window=(left, right),
        softcap=softcap,
        sink=learnable_sink,
    )
    return output, lse if return_lse else None


def always_a_pair(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    softmax_scale: float | None = None,
    causal: bool = False,
    s_aux: Tensor | None = None,
) -> Any:
    """Return output and logsumexp without being asked, as vLLM's version does."""
    return with_sink(
        q, k, v, softmax_scale, causal=causal, learnable_sink=s_aux, return_lse=True
    )


def _wrong(name: str, change: Any) -> Any:
    """Return the right function under a name, with its arguments or results changed."""

    def wrong(
        q: Tensor,
        k: Tensor,
        v: Tensor,
        dropout_p: float = 0.0,
        softmax_scale: float | None = None,
        causal: bool = False,
        window_size: tuple[int, int] = (-1, -1),
        softcap: float = 0.0,
        alibi_slopes: Tensor | None = None,
        deterministic: bool = False,
        return_attn_probs: bool = False,
    ) -> Any:
        options = {
            "softmax_scale": softmax_scale,
            "causal": causal,
            "window_size": window_size,
            "softcap": softcap,
            "alibi_slopes": alibi_slopes,
            "return_attn_probs": return_attn_probs,
        }
        del dropout_p, deterministic
        return change(q, k, v, options)

    wrong.__name__ = wrong.__qualname__ = name
    return wrong


def _with(**others: Any) -> Any:
    """Return what calls the right function with other options, or a fault of it."""
    return lambda q, k, v, options: flash_attn_func(q, k, v, **{**options, **others})


def _changed(name: str, change: Any) -> Any:
    """Return what calls the right function with an option changed, if in force."""

    def call(q: Tensor, k: Tensor, v: Tensor, options: dict[str, Any]) -> Any:
        return flash_attn_func(q, k, v, **{**options, name: change(options[name])})

    return call


def _result(change: Any) -> Any:
    """Return what changes the logsumexp, where one is asked for."""

    def call(q: Tensor, k: Tensor, v: Tensor, options: dict[str, Any]) -> Any:
        found = flash_attn_func(q, k, v, **options)
        return change(*found[:2]) if options["return_attn_probs"] else found

    return call


def _dense_alone(q: Tensor, k: Tensor, v: Tensor, options: dict[str, Any]) -> Any:
    """Lose the last key of dense keys: a fast path that others do not take."""
    if k.is_contiguous() and k.shape[1] > 4:
        k, v = k[:, :-1], v[:, :-1]
    return flash_attn_func(q, k, v, **options)


def _swapped(q: Tensor, k: Tensor, v: Tensor, options: dict[str, Any]) -> Any:
    """Take (B, L, H, E) for (B, H, L, E)."""
    found = flash_attn_func(*(x.transpose(1, 2) for x in (q, k, v)), **options)
    if options["return_attn_probs"]:
        return (found[0].transpose(1, 2), *found[1:])
    return found.transpose(1, 2)


WRONG: dict[str, Callable[..., Any]] = {
    name: _wrong(name, change)
    for name, change in {
        "window_off_by_one": _changed(
            "window_size", lambda w: tuple(side + (side >= 0) for side in w)
        ),
        "window_turned": _changed("window_size", lambda w: w[::-1]),
        "window_ignored": _with(window_size=(-1, -1)),
        "zero_is_unlimited": _changed(
            "window_size", lambda w: tuple(side or -1 for side in w)
        ),
        "upper_left": _with(upper_left=True),
        "causal_ignored": _with(causal=False),
        "scale_ignored": _with(softmax_scale=None),
        "softcap_ignored": _with(softcap=0.0),
        "softcap_after_mask": _with(cap_after_mask=True),
        "slopes_ignored": _with(alibi_slopes=None),
        "slopes_upper_left": _with(slopes_upper_left=True),
        "lse_in_base_2": _result(lambda o, lse: (o, lse / math.log(2), None)),
        "lse_heads_last": _result(lambda o, lse: (o, lse.transpose(1, 2), None)),
        "bare_where_lse_is_asked": _result(lambda o, _: o),
        "heads_interleaved": _with(interleaved=True),
        "dense_alone": _dense_alone,
        "axes_swapped": _swapped,
    }.items()
}
globals().update(WRONG)
