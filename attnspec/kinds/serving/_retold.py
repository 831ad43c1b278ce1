"""The same tokens and queries in other histories: other chunks, or a new cache."""

from __future__ import annotations

import operator
from itertools import groupby

import numpy as np

from attnspec.judge.case import Case
from attnspec.kinds.serving import _histories as histories
from attnspec.kinds.serving import _kv_cache as caches
from attnspec.kinds.serving._histories import Done
from attnspec.kinds.serving._sequences import Places
from attnspec.reference import CacheStep


def _steps(case: Case) -> list[Done]:
    return histories.of_numbers(case["steps"])


def _told(case: Case, steps: list[Done]) -> Case:
    """Return the call with other steps, asked for what can be compared."""
    other = case.replace(steps=histories.in_numbers(steps), return_lengths=None)
    return _compared(other)


def _compared(case: Case) -> Case:
    """Return the call without the results that say something of every step."""
    lse = ("return_lse",) if case["return_lse"] else ()
    return caches.sized(case.without("return_tokens", "return_lengths"), *lse)


def places(rows: object) -> Places:
    """Return the parts of the results that are those of some queries."""
    return {"output": np.s_[:, :, rows], "lse": np.s_[:, :, rows]}


WHOLE: Places = places(slice(None))
"""The whole of both."""


def plain(case: Case) -> Case:
    """Return the call, asked for what can be compared with other histories."""
    return _compared(case)


def together(case: Case) -> Case:
    """Return the history in which appends that follow each other are one."""
    found: list[Done] = []
    for key, group in groupby(_steps(case), operator.attrgetter("what", "sequence")):
        several = list(group)
        if key[0] == CacheStep.APPEND:
            several = [several[0].of(sum(step.number for step in several))]
        found += several
    return _told(case, found)


def one_by_one(case: Case) -> Case:
    """Return the history in which each token comes by itself."""
    found: list[Done] = []
    for step in _steps(case):
        is_append = step.what == CacheStep.APPEND
        found += [step.of(1)] * step.number if is_append else [step]
    return _told(case, found)


def query_by_query(case: Case) -> Case:
    """Return the history in which tokens that come with queries come one by one.

    As many queries as tokens ask right after them: each of them comes with its own.
    """
    found: list[Done] = []
    for step in _steps(case):
        last = found[-1] if found else step
        comes_with = last.what == CacheStep.APPEND and last.number == step.number
        if step.what == CacheStep.ATTEND and comes_with:
            found[-1:] = [last.of(1), step.of(1)] * step.number
        else:
            found.append(step)
    return _told(case, found)


def afresh(case: Case) -> tuple[Case, Places]:
    """Return the last queries asked of a new cache that has been given its tokens.

    Returns
    -------
    tuple
        The call, and where in the first one its queries are.
    """
    *_, (_, rows, tokens) = histories.reads(case["steps"], len(case["query"]))
    count = rows.stop - rows.start
    come = [Done(CacheStep.APPEND, len(tokens))] if tokens else []
    steps = [*come, Done(CacheStep.ATTEND, count)]
    other = case.replace(
        query=case["query"][:, :, rows],
        key=case["key"][:, :, tokens],
        value=case["value"][:, :, tokens],
    )
    return _told(other, steps), places(rows)


def asked_twice(case: Case) -> tuple[Case, Places, Places]:
    """Return the history in which each query is asked twice in a row.

    Returns
    -------
    tuple
        The call, and where the first and the second answers are.
    """
    found: list[Done] = []
    first: list[int] = []
    second: list[int] = []
    start = 0
    for step in _steps(case):
        found.append(step)
        if step.what == CacheStep.ATTEND:
            found.append(step)
            first += range(start, start + step.number)
            second += range(start + step.number, start + 2 * step.number)
            start += 2 * step.number
    order = np.empty(start, np.int64)
    order[first] = order[second] = np.arange(len(first))
    twice = case.replace(query=case["query"][:, :, order])
    return _told(twice, found), places(first), places(second)


def reversed_batch(case: Case) -> tuple[Case, Places]:
    """Return the history of the sequences in the other order, and where they are."""
    backward = slice(None, None, -1)
    last = len(case["query"]) - 1
    steps = [
        s if s.sequence == histories.ALL else s._replace(sequence=last - s.sequence)
        for s in _steps(case)
    ]
    other = case.changed(operator.itemgetter(backward), "query", "key", "value")
    return _told(other, steps), dict.fromkeys(WHOLE, backward)


__all__ = [
    "WHOLE",
    "afresh",
    "asked_twice",
    "one_by_one",
    "places",
    "plain",
    "query_by_query",
    "reversed_batch",
    "together",
]
