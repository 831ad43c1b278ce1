"""How a function is called, as far as a finding depends on it: face, arrays, device."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

USUAL: Mapping[str, str] = {"face": "plain", "arrays": "numpy", "device": "cpu"}
"""How a plain function is called."""


def manner(**said: str) -> dict[str, str]:
    """Return what is another than of a plain function.

    Examples
    --------
    >>> manner(face="sdpa", arrays="torch", device="")
    {'face': 'sdpa', 'arrays': 'torch'}
    """
    return {name: v for name, v in said.items() if v not in ("", USUAL[name])}


def differences(
    one: Mapping[str, str], other: Mapping[str, str]
) -> Iterator[tuple[str, str, str]]:
    """Yield the name of what is another in two manners, and what it is in each.

    Examples
    --------
    >>> [*differences({"device": "cuda"}, {})]
    [('device', 'cuda', 'cpu')]
    """
    for name, usual in USUAL.items():
        here, there = one.get(name, usual), other.get(name, usual)
        if here != there:
            yield name, here, there


__all__ = ["USUAL", "differences", "manner"]
