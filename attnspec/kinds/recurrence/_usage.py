"""What recurrences are called with: a sequence, decays, a state to start from."""

from __future__ import annotations

from attnspec._typing import Range
from attnspec.judge.usage import (
    COUNT,
    FLOATING,
    POSITIVE,
    SHARE,
    TRUTH,
    Argument,
    Usage,
    flag,
    number,
)

_QUERY = Argument("B H L E", "vectors that ask", known_as=("q",))
_KEY = Argument("B H L E", "under what each value is kept", known_as=("k",))
_VALUE = Argument("B H L Ev", "what each step has to say", known_as=("v",))
_OUTPUT = {"output": Argument("B H L Ev", "what each query reads")}
_KEYWORDS = {
    "decay": Argument(
        "B H L #E",
        "a factor on the state before each step, one or one for each component",
        SHARE,
        known_as=("alpha", "exp(g)"),
    ),
    "log_decay": Argument(
        "B H L #E",
        "its natural logarithm; of both one may be given",
        Range("0 or less, finite", lambda number: -float("inf") < number <= 0),
        known_as=("g", "gk"),
    ),
    "state": Argument(
        "B H E Ev",
        "a state to start from; zeros by default",
        known_as=("initial_state", "past_state"),
    ),
    "scale": number("a factor on the output; 1 by default"),
    "return_state": flag(
        "the result is (output, state)", ("output_final_state", "return_last_state")
    ),
}
_STATE = {"state": Argument("B H E Ev", "after the last step", dtype=FLOATING)}
_STEPS = {"L": "steps"}
_SMALL = {"length": 2, "width": 2, "value_width": 2, "data": "integers"}

RNN = Usage(
    {
        "x": Argument("L D", "a sequence of vectors", known_as=("input",)),
        "by_input": Argument("D H", "reads a vector", known_as=("weight_ih.T",)),
        "by_state": Argument("H H", "reads the state", known_as=("weight_hh.T",)),
        "bias": Argument("H", "added to both", known_as=("bias_ih + bias_hh",)),
        "state": Argument(
            "H", "a state to start from; zeros by default", known_as=("h_0",)
        ),
    },
    {"states": Argument("L H", "the state after each step")},
    {"length": 2, "inputs": 2, "states": 2, "data": "integers"},
    {"L": "steps", "H": "width of the state"},
)
CHAIN_LENGTH = Usage(
    {"reads": Argument("N1 N1", "True where a step reads another", TRUTH, "bool")},
    {"length": Argument("", "steps of the longest chain", COUNT, "integer")},
    {"length": 3},
)
LINEAR_ATTENTION = Usage(
    {"query": _QUERY, "key": _KEY, "value": _VALUE, **_KEYWORDS},
    {**_OUTPUT, **_STATE},
    {**_SMALL, "decay": "half"},
    _STEPS,
)
NORMALIZED_LINEAR = Usage(
    {
        "query": Argument("B H L E", "positive features that ask", POSITIVE),
        "key": Argument("B H L E", "positive features of each step", POSITIVE),
        "value": _VALUE,
    },
    _OUTPUT,
    {**_SMALL, "features": "squares"},
    _STEPS,
)
DELTA_RULE = Usage(
    {
        "query": _QUERY,
        "key": Argument(
            "B H L E",
            "under what each value is kept; no vector is longer than 1",
            known_as=("k",),
        ),
        "value": _VALUE,
        "rate": Argument(
            "B H L",
            "how far the answer to a key is moved to its value",
            SHARE,
            known_as=("beta",),
        ),
        **_KEYWORDS,
    },
    {**_OUTPUT, **_STATE},
    _SMALL,
    _STEPS,
)

__all__ = ["CHAIN_LENGTH", "DELTA_RULE", "LINEAR_ATTENTION", "NORMALIZED_LINEAR", "RNN"]
