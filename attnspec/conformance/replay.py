"""Seeing a finding again, from its token."""

from __future__ import annotations

from attnspec.conformance.check import benches
from attnspec.judge.bench import Executor
from attnspec.judge.description import Description
from attnspec.judge.examination import examine
from attnspec.judge.tokens import Token
from attnspec.judge.verdicts import Finding, Outcome


def replay(call: Executor, description: Description, token: Token) -> Outcome | None:
    """Make the case of a token again, and put it before the same law.

    Parameters
    ----------
    call
        A way to call the kernel.
    description
        What it claims.
    token
        What `read_token` returns.

    Returns
    -------
    Outcome or None
        The finding, if it is reproduced.

    Raises
    ------
    InvalidArgument
        If the recipe makes other data than it made, or its dtype is not claimed.
    UnknownName
        If the kernel is of another kind.
    """
    law = token.law
    token.verify()
    dtype = token.recipe.dtype
    stands, _ = benches(call, description, (dtype,))
    bench = stands[dtype]
    call.restart()
    for recipe in token.before:
        examine(law, recipe, bench)
    found = examine(law, token.recipe, bench)
    if found.verdict is None:
        return None
    finding = Finding(
        invariant=law.id,
        recipe=token.recipe,
        message=found.message,
        token=str(token),
        comparison=found.comparison,
        before=token.before,
    )
    return Outcome(law.id, dtype, found.verdict, finding=finding)


__all__ = ["replay"]
