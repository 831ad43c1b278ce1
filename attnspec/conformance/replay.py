"""Seeing a finding again, from its token."""

from __future__ import annotations

import dataclasses

from attnspec.conformance.check import parts
from attnspec.conformance.facing import call_in_words
from attnspec.conformance.witness import Recorder, Witness, witness
from attnspec.exceptions import InvalidArgument
from attnspec.judge.bench import Executor
from attnspec.judge.description import Description
from attnspec.judge.examination import examine
from attnspec.judge.law import Dialect
from attnspec.judge.tokens import Token
from attnspec.judge.verdicts import Finding, Outcome


@dataclasses.dataclass(frozen=True)
class Replayed:
    """What became of the case of a token, and the call that shows it."""

    outcome: Outcome
    dialect: Dialect
    witness: Witness | None


def replay(call: Executor, description: Description, token: Token) -> Replayed | None:
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
    Replayed or None
        What became of the case; None if the law was asked of it, and holds. It is
        the same finding if `Token.is_seen_in` says so.

    Raises
    ------
    InvalidArgument
        If the recipe makes other data than it made, its dtype or what its case makes
        use of is not claimed, or the law says nothing of it here.
    UnknownName
        If the kernel is of another kind.
    """
    law = token.law
    token.verify()
    dtype = token.recipe.dtype
    further = description.gradients
    if further is not None and law.kind == further.kind:
        token.check_scope(further.capabilities)
    else:
        token.check_scope(description.capabilities)
    bench = parts(call, description, (dtype,), (law.id,))[-1].stands[dtype]
    if reason := bench.out_of_scope(law):
        msg = f"token: {law.id} is not asked of this kernel: {reason}"
        raise InvalidArgument(msg)
    bench.call = recorder = Recorder(bench.call)
    recorder.restart()
    for recipe in token.before:
        examine(law, recipe, bench)
    found = examine(law, token.recipe, bench)
    if found.weak or found.inadmissible:
        reason = found.inadmissible or "there is nothing to compare"
        msg = f"token: {law.id} says nothing of this case here: {reason}"
        raise InvalidArgument(msg)
    if found.verdict is None:
        return None
    finding = Finding(
        invariant=law.id,
        recipe=token.recipe,
        message=found.message,
        token=str(dataclasses.replace(token, manner=bench.description.manner)),
        comparison=found.comparison,
        before=token.before,
        call=call_in_words(bench.description, token.recipe),
    )
    outcome = Outcome(law.id, dtype, found.verdict, finding=finding)
    return Replayed(outcome, bench.dialect, witness(recorder, bench))


__all__ = ["Replayed", "replay"]
