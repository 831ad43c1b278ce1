"""What a merge of partial results is called with."""

from __future__ import annotations

from attnspec.judge.usage import ANY, FLOATING, Argument, Usage


def _part(name: str, *known_as: tuple[str, ...]) -> dict[str, Argument]:
    """Return output and logsumexp over one set of keys."""
    outputs, lses = known_as
    return {
        f"output_{name}": Argument(
            "N H Ev", "attention over one set of keys", ANY, known_as=outputs
        ),
        f"lse_{name}": Argument(
            "N H",
            "its logsumexp; minus infinity if there is no key",
            ANY,
            known_as=lses,
        ),
    }


MERGE = Usage(
    {
        **_part("a", ("v_a", "prefix_output"), ("s_a", "prefix_lse")),
        **_part("b", ("v_b", "suffix_output"), ("s_b", "suffix_lse")),
    },
    {
        "output": Argument("N H Ev", "attention over both sets", ANY),
        "lse": Argument("N H", "its logsumexp", ANY, FLOATING),
    },
    {"rows": 2, "heads": 1, "width": 2},
    {"N": "rows: queries of one sequence or of several"},
)

__all__ = ["MERGE"]
