"""Stand-ins for flash_attn_func with a backward pass of their own; some are wrong."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

FAULTS = ("first_of_group", "last_keys_lost", "slope_missing")
TILE = 64


def _scores(q: Tensor, k: Tensor, options: dict[str, Any]) -> tuple[Tensor, Tensor]:
    """Return scores before the softcap, and what is hidden."""
    scores = q @ k.transpose(2, 3) * options["scale"]
    queries, keys = scores.shape[-2:]
    i = torch.arange(queries)[:, None] + keys - queries
    j = torch.arange(keys)
    left, right = options["window"]
    right = 0 if options["causal"] else right
    hidden = torch.zeros(queries, keys, dtype=torch.bool)
    if left >= 0:
        hidden |= j < i - left
    if right >= 0:
        hidden |= j > i + right
    return scores, hidden


def _capped(scores: Tensor, hidden: Tensor, softcap: float) -> Tensor:
    capped = softcap * torch.tanh(scores / softcap) if softcap else scores
    return capped.masked_fill(hidden, -math.inf)


class _Flash(torch.autograd.Function):  # type: ignore[misc, unused-ignore]
    """Attention of (B, H, L, E) whose backward pass is written out."""

    @staticmethod
    def forward(
        ctx: Any, q: Tensor, k: Tensor, v: Tensor, options: dict[str, Any]
    ) -> tuple[Tensor, Tensor]:
        query, key, value = _in_full(q, k, v)
        scores, hidden = _scores(query, key, options)
        capped = _capped(scores, hidden, options["softcap"])
        lse, top = torch.logsumexp(capped, -1), capped.amax(-1, keepdim=True)
        weights = torch.exp(capped - torch.where(top.isinf(), 0.0, top))
        total = weights.sum(-1, keepdim=True)
        summed = weights.to(q.dtype).to(query.dtype) @ value
        output = (summed / torch.where(total == 0, 1.0, total)).to(q.dtype)
        ctx.save_for_backward(q, k, v, output, lse)
        ctx.options = options
        ctx.mark_non_differentiable(lse)
        return output, lse

    @staticmethod
    def backward(ctx: Any, d_output: Tensor, *_: Any) -> Any:
        q, k, v, output, lse = ctx.saved_tensors
        options, fault = ctx.options, ctx.options["fault"]
        query, key, value = _in_full(q, k, v)
        given, group = d_output.to(query.dtype), q.shape[1] // k.shape[1]
        scores, hidden = _scores(query, key, options)
        capped = _capped(scores, hidden, options["softcap"])
        weights = torch.exp(capped - torch.where(lse.isinf(), 0.0, lse)[..., None])
        delta = (given * output.to(query.dtype)).sum(-1, keepdim=True)
        ds = weights * (given @ value.transpose(2, 3) - delta)
        if options["softcap"] and fault != "slope_missing":
            ds = ds * (1 - torch.tanh(scores / options["softcap"]) ** 2)
        ds, weights = (x.to(q.dtype).to(query.dtype) for x in (ds, weights))
        dq = (ds @ key * options["scale"]).to(q.dtype)
        of_keys = ds.transpose(2, 3) @ query * options["scale"]
        of_values = weights.transpose(2, 3) @ given
        parts = []
        for each in (of_keys, of_values):
            several = each.unflatten(1, (k.shape[1], group))
            whole = several[:, :, 0] if fault == "first_of_group" else several.sum(2)
            if fault == "last_keys_lost":
                whole[:, :, max(TILE, whole.shape[2] // TILE * TILE) :] = 0
            parts.append(whole.to(q.dtype))
        return dq, *parts, None


def _in_full(q: Tensor, k: Tensor, v: Tensor) -> list[Tensor]:
    """Return all in the format of the sums, with a key head for each query head."""
    work = torch.float64 if q.dtype == torch.float64 else torch.float32
    group = q.shape[1] // k.shape[1]
    key, value = (x.to(work).repeat_interleave(group, 1) for x in (k, v))
    return [q.to(work), key, value]


def _with_fault(fault: str) -> Any:
    """Return a drop-in with a fault of this name in its backward pass, or with none."""

    def flash_attn_func(
        q: Tensor,
        k: Tensor,
        v: Tensor,
        dropout_p: float = 0.0,
        softmax_scale: float | None = None,
        causal: bool = False,
        window_size: tuple[int, int] = (-1, -1),
        softcap: float = 0.0,
        return_attn_probs: bool = False,
    ) -> Any:
        del dropout_p
        options = {
            "scale": q.shape[-1] ** -0.5 if softmax_scale is None else softmax_scale,
            "causal": causal,
            "window": window_size,
            "softcap": softcap,
            "fault": fault,
        }
        turned = (x.transpose(1, 2) for x in (q, k, v))
        output, lse = _Flash.apply(*turned, options)
        output = output.transpose(1, 2)
        return (output, lse, None) if return_attn_probs else output

    return flash_attn_func


right = _with_fault("")
first_of_group, last_keys_lost, slope_missing = map(_with_fault, FAULTS)
