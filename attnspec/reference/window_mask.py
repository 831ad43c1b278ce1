"""What each system calls a window, turned into ours: (left, right), inclusive.

The number that a user writes means the keys before, the keys before with the own,
the width of both sides, or the first distance that is *not* seen. Each function
here takes a window as one system writes it and returns the pair of inclusive
distances that `window` and `attention` take; causality is given beside it.
"""

from __future__ import annotations

from typing import Annotated

from attnspec._checks import check_least
from attnspec._typing import FEW_ENOUGH, Count, Range, Size, Window
from attnspec.reference._arrays import definition

_Distance = Annotated[int, Range("-1 or more", lambda number: number >= -1), FEW_ENOUGH]
"""An inclusive distance, of which -1 is unlimited."""

_Width = Annotated[
    int,
    Range("an even width of 2 or more", lambda n: n >= 2 and n % 2 == 0),
    FEW_ENOUGH,
]
"""The width of both sides together."""


@definition
def window_of_flash_attention(left: _Distance, right: _Distance) -> Window:
    r"""Read two inclusive distances, of which -1 is unlimited.

    .. math:: -1 \mapsto \text{None}, \qquad w \mapsto w

    Parameters
    ----------
    left, right : int

    Returns
    -------
    (int or None, int or None)

    Raises
    ------
    InvalidArgument
        If a distance is less than -1.

    References
    ----------
    ``window_size`` of FlashAttention 2.3 and PyTorch's variable-length attention;
    ``left_window_size`` and ``right_window_size`` of ONNX Attention-25.

    Examples
    --------
    >>> window_of_flash_attention(128, -1)
    (128, None)
    """
    return _distance(left), _distance(right)


@definition
def window_of_flashinfer(window_left: _Distance) -> Window:
    r"""Read the number of keys before the query's own; -1 is unlimited.

    .. math:: w \mapsto (w, \text{None})

    Parameters
    ----------
    window_left : int

    Returns
    -------
    (int or None, None)

    Raises
    ------
    InvalidArgument
        If the distance is less than -1.

    References
    ----------
    ``window_left`` of FlashInfer, whose ``causal`` limits the right side;
    attention-gym's ``generate_sliding_window`` counts the same, and is causal.

    Examples
    --------
    >>> window_of_flashinfer(3)
    (3, None)
    """
    return _distance(window_left), None


@definition
def window_of_jax(size: Count | tuple[Count, Count]) -> Window:
    r"""Read two inclusive distances, or one for both sides.

    .. math:: w \mapsto (w, w), \qquad (l, r) \mapsto (l, r)

    Parameters
    ----------
    size : int or (int, int)

    Returns
    -------
    (int, int)

    Raises
    ------
    InvalidArgument
        If a distance is negative.

    References
    ----------
    ``local_window_size`` of ``jax.nn.dot_product_attention``, JAX 0.10, which
    counts from the upper left.

    Examples
    --------
    >>> window_of_jax(2)
    (2, 2)
    """
    return (size, size) if isinstance(size, int) else size


@definition
def window_of_transformers(sliding_window: Count, *, causal: bool = True) -> Window:
    r"""Read a number of keys with the query's own; without causality, a distance.

    .. math:: w \mapsto (w - 1, 0) \;\text{if causal, else}\; (w, w)

    Parameters
    ----------
    sliding_window : int
    causal : bool

    Returns
    -------
    (int, int)

    Raises
    ------
    InvalidArgument
        If the window holds no key.

    References
    ----------
    ``sliding_window`` of Hugging Face Transformers 4.56: the causal overlay is
    j > i - w, the bidirectional one abs(i - j) <= w.

    Examples
    --------
    >>> window_of_transformers(4), window_of_transformers(4, causal=False)
    ((3, 0), (4, 4))
    """
    if not causal:
        return sliding_window, sliding_window
    check_least("sliding_window", sliding_window, 1)
    return sliding_window - 1, 0


@definition
def window_of_xformers(window_size: Size) -> Window:
    r"""Read a number of keys with the query's own, for causal use.

    .. math:: w \mapsto (w - 1, 0)

    Parameters
    ----------
    window_size : int

    Returns
    -------
    (int, int)

    Raises
    ------
    InvalidArgument
        If the window holds no key.

    References
    ----------
    ``window_size`` of xformers' local causal masks and of flash-linear-attention;
    ``local_window_size`` of onnxruntime's GroupQueryAttention since 1.23.

    Examples
    --------
    >>> window_of_xformers(4)
    (3, 0)
    """
    return window_size - 1, 0


@definition
def window_of_cudnn(left_bound: Size) -> Window:
    r"""Read the first distance to the left that is not seen any more.

    .. math:: w \mapsto (w - 1, \text{None})

    Parameters
    ----------
    left_bound : int

    Returns
    -------
    (int, None)

    Raises
    ------
    InvalidArgument
        If the bound is less than 1.

    References
    ----------
    ``diagonal_band_left_bound`` of cuDNN's frontend; JAX passes its own + 1.

    Examples
    --------
    >>> window_of_cudnn(4)
    (3, None)
    """
    return left_bound - 1, None


@definition
def window_of_longformer(attention_window: _Width) -> Window:
    r"""Read the width of both sides together, without the query's own key.

    .. math:: w \mapsto (w / 2, w / 2)

    Parameters
    ----------
    attention_window : int
        Even; w + 1 keys are seen.

    Returns
    -------
    (int, int)

    Raises
    ------
    InvalidArgument
        If the width is odd or less than 2.

    References
    ----------
    Beltagy, Peters and Cohan, "Longformer", 2020, section 3.1,
    :doi:`10.48550/arXiv.2004.05150`.

    Examples
    --------
    >>> window_of_longformer(4)
    (2, 2)
    """
    return attention_window // 2, attention_window // 2


@definition
def window_of_keras(sliding_window: Size) -> Window:
    r"""Read the first distance, on both sides, that is not seen any more.

    .. math:: w \mapsto (w - 1, w - 1)

    Parameters
    ----------
    sliding_window : int

    Returns
    -------
    (int, int)

    Raises
    ------
    InvalidArgument
        If the window holds no key.

    References
    ----------
    ``sliding_window`` of Keras' MultiHeadAttention: abs(i - j) < w.

    Examples
    --------
    >>> window_of_keras(4)
    (3, 3)
    """
    return sliding_window - 1, sliding_window - 1


def _distance(number: int) -> int | None:
    """Read -1 as unlimited."""
    return None if number == -1 else number


__all__ = [
    "window_of_cudnn",
    "window_of_flash_attention",
    "window_of_flashinfer",
    "window_of_jax",
    "window_of_keras",
    "window_of_longformer",
    "window_of_transformers",
    "window_of_xformers",
]
