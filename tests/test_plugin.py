from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys

import pytest

from attnspec.conformance.reports import read_report
from attnspec.faces import OF_KINDS
from attnspec.kinds.registry import DEFAULT_KIND, invariants_of
from tests.conformance import _kernels

LAWS = len(invariants_of(DEFAULT_KIND))

pytest_plugins = ["pytester"]

FILE = _kernels.__file__
FEW = ("--attnspec-tier", "smoke", "-m", "attnspec", "-k")
_INSTALLED = importlib.metadata.entry_points(group="pytest11", name="attnspec")
PLUGIN = () if _INSTALLED else ("-p", "_attnspec_pytest")


def test_a_random_seed_is_said_and_repeats_the_run(pytester: pytest.Pytester) -> None:
    words = (*PLUGIN, "--attnspec", f"{FILE}:tail", "--attnspec-only", "tail-sweep")
    done = pytester.runpytest(
        *words, "--attnspec-tier", "smoke", "--attnspec-seed", "random"
    )

    (header,) = [n for n in done.outlines if n.startswith("attnspec: seed ")]
    seed = header.split()[-1]
    done.stdout.fnmatch_lines([f"  seed          --seed {seed} draws what *"])
    assert seed.isdigit()


def test_every_invariant_of_a_target_is_a_test(pytester: pytest.Pytester) -> None:
    target = f"{FILE}:right"

    done = pytester.runpytest(
        *PLUGIN, "--attnspec", target, *FEW, "causality or sink-off"
    )

    others = LAWS - 2
    done.assert_outcomes(passed=1, skipped=1, deselected=others)
    done.stdout.fnmatch_lines([f"collected {others + 2} items / {others} deselected*"])


def test_a_failure_reads_as_on_the_command_line(pytester: pytest.Pytester) -> None:
    target = f"{FILE}:tail"

    done = pytester.runpytest(*PLUGIN, "--attnspec", target, *FEW, "tail-sweep")

    done.assert_outcomes(failed=1, deselected=LAWS - 1)
    done.stdout.fnmatch_lines(
        [
            f"*{target}-float32-tail-sweep*",
            "FAILED tail-sweep (float32): *",
            "  smallest case B1 Hq1 Hkv1 L1 S*",
            f"  replay        attnspec replay {target} \\",
        ]
    )
    assert "Traceback" not in done.stdout.str()
    assert "parametrize.py" not in done.stdout.str()


def test_targets_dtypes_and_claims_can_be_repeated(pytester: pytest.Pytester) -> None:
    two = ("--attnspec", "embedded", "--attnspec", f"{FILE}:right")
    formats = ("--attnspec-dtype", "float64", "--attnspec-dtype", "float32")
    claims = ("--attnspec-claim", "value_width")

    done = pytester.runpytest(
        *PLUGIN, *two, *formats, *claims, "--collect-only", "-q", "-k", "agreement"
    )

    done.stdout.fnmatch_lines(
        [
            "attnspec::embedded-float64-agreement",
            "attnspec::embedded-float32-agreement",
            f"attnspec::{FILE}:right-float64-agreement",
            f"attnspec::{FILE}:right-float32-agreement",
        ]
    )


def test_a_function_of_another_kind_is_a_target(pytester: pytest.Pytester) -> None:
    target = "attnspec.kinds.positions.rope:ROPE.definition"
    kind = ("--attnspec-kind", "rope")

    done = pytester.runpytest(
        *PLUGIN, "--attnspec", target, *kind, "--attnspec-tier", "smoke"
    )

    done.assert_outcomes(passed=len(invariants_of("rope")))


def test_what_the_command_is_told_the_plugin_is_told(
    pytester: pytest.Pytester,
) -> None:
    pytester.makefile(
        ".toml",
        kernel='claims = ["value_width"]\nwithout = ["deterministic"]',
        known="""
        [[deviation]]
        id = "last-key"
        invariants = ["tail-sweep"]
        reason = "the last key of a tile is lost"
        when = { keys = 65 }
        pinned = { fields = { queries = 65, keys = 65, width = 2 } }
        """,
    )
    words = [
        *("--attnspec-without", "unequal_lengths", "--attnspec-deadline", "9"),
        *("--attnspec-limit", "width % 2", "--attnspec-exclusive", "scale,mask"),
        *("--attnspec-dialect", "empty_row=zero", "--attnspec-only", "tail-sweep"),
        *("--attnspec-model", "float32=tfloat32", "--attnspec-tier", "smoke"),
        *(
            "--attnspec-description",
            "kernel.toml",
            "--attnspec-deviations",
            "known.toml",
        ),
    ]

    done = pytester.runpytest(*PLUGIN, "--attnspec", f"{FILE}:tail", *words)

    done.assert_outcomes(failed=1)
    again = (
        f"  replay        attnspec replay {FILE}:tail --description kernel.toml "
        "--without unequal_lengths --limit 'width % 2 == 0' --exclusive scale,mask "
        "--dialect empty_row=zero --model float32=tfloat32 \\"
    )
    done.stdout.fnmatch_lines([again])


def test_the_methods_of_a_cache_are_named(pytester: pytest.Pytester) -> None:
    cache = OF_KINDS["kv-cache-hnd"].example.replace("def append", "def put")
    pytester.makefile(".py", mycache=cache)
    words = [
        *("--attnspec-kind", "kv-cache", "--attnspec-only", "kv-cache-agreement"),
        *("--attnspec-face", "kv-cache-hnd", "--attnspec-arrays", "numpy"),
        *("--attnspec-dtype", "float32", "--attnspec-tier", "smoke"),
    ]

    right = pytester.runpytest(
        *PLUGIN,
        "--attnspec",
        "mycache.py:Cache",
        *words,
        "--attnspec-methods",
        "append=put",
    )
    wrong = pytester.runpytest(
        *PLUGIN, "--attnspec", "mycache.py:Cache", *words, "--attnspec-methods", "put"
    )

    right.assert_outcomes(passed=1)
    assert wrong.ret == pytest.ExitCode.USAGE_ERROR
    wrong.stderr.fnmatch_lines(["ERROR: attnspec: methods: expected one of append, *"])


def test_a_report_is_written_and_complete_if_every_check_ran(
    pytester: pytest.Pytester,
) -> None:
    words = (*PLUGIN, "--attnspec", f"{FILE}:right", "--attnspec-tier", "smoke")
    laws = ("--attnspec-only", "agreement", "--attnspec-only", "sink-off")
    report = ("--attnspec-report", "run.jsonl")

    pytester.runpytest(*words, *laws, *report)
    whole = read_report(pytester.path / "run.jsonl")
    pytester.runpytest(*words, *laws, *report, "-k", "agreement")
    part = read_report(pytester.path / "run.jsonl")

    assert whole.conforms
    assert [len(whole.results), len(part.results)] == [2, 1]
    assert part.footer is not None
    assert not part.complete


@pytest.mark.parametrize("plugin", [PLUGIN, ("-p", "no:attnspec")])
def test_a_kernel_that_words_name_is_ended_with_pytest(
    plugin: tuple[str, ...], pytester: pytest.Pytester
) -> None:
    pytester.makefile(
        ".py",
        kernels="""
        import os, pathlib
        from attnspec.kernels import tiled_attention as kernel

        pathlib.Path("pid").write_text(str(os.getpid()))
        """,
        test_them="""
        from attnspec import parametrize_with_checks

        laws = {"only": ["agreement"], "tier": "smoke"}

        @parametrize_with_checks(["kernels.py:kernel"], report="run.jsonl", **laws)
        def test_conformance(check):
            check()
        """,
    )

    done = pytester.runpytest_subprocess(*plugin, "test_them.py")

    done.assert_outcomes(passed=1)
    assert read_report(pytester.path / "run.jsonl").conforms
    with pytest.raises(ProcessLookupError):
        os.kill(int((pytester.path / "pid").read_text()), 0)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--attnspec", ""), "expected words that name a kernel; got ''"),
        (("--attnspec-program", " "), "expected words that name a kernel; got ''"),
        (("--attnspec-program", "/no/such"), "program: '/no/such' is not found"),
        (
            ("--attnspec-program", "true", "--attnspec-arrays", "torch"),
            "arrays: a program takes bytes; got 'torch'",
        ),
        (("--attnspec", "embedded", "--attnspec-limit", "width"), "limit: expected*"),
        (("--attnspec", "embedded", "--attnspec-deadline", "0"), "deadline: expected*"),
        (
            ("--attnspec", "embedded", "--attnspec-seed", "x"),
            "seed: expected a whole number or 'random'; got 'x'",
        ),
        (("--attnspec", "embedded", "--attnspec-only", "x"), "invariant: no such id*"),
        (
            ("--attnspec", "embedded", "--attnspec-description", "no.toml"),
            "no.toml cannot be read*",
        ),
        (
            ("--attnspec", "embedded", "--attnspec-report", "no/run.jsonl"),
            "report: no/run.jsonl cannot be written: there is no folder *",
        ),
        (
            ("--attnspec", "embedded", "--attnspec", "x", "--attnspec-report", "r"),
            "report: expected one kernel in a file; got 2",
        ),
        (("--attnspec", "embeded"), "*did you mean 'embedded'?"),
        (("--attnspec", "embedded", "--attnspec-tier", "fast"), "*tier: expected one*"),
        (("--attnspec", "embedded", "--attnspec-claim", "x"), "*claim: expected one*"),
        (("--attnspec", "embedded", "--attnspec-dtype", "x"), "*dtype: *"),
        (("--attnspec", "embedded", "--attnspec-kind", "x"), "*kind: expected one*"),
    ],
)
def test_a_wrong_request_is_a_usage_error(
    pytester: pytest.Pytester, words: tuple[str, ...], message: str
) -> None:
    done = pytester.runpytest(*PLUGIN, *words)

    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines([f"ERROR: attnspec: {message}"])


def test_without_the_option_nothing_is_added(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_nothing(): pass")

    done = pytester.runpytest(*PLUGIN, "--strict-markers")

    done.assert_outcomes(passed=1)


def test_the_marker_is_registered(pytester: pytest.Pytester) -> None:
    done = pytester.runpytest(*PLUGIN, "--markers")

    done.stdout.fnmatch_lines(["@pytest.mark.attnspec: *"])


def test_the_plugin_does_not_import_the_package() -> None:
    program = "import sys, _attnspec_pytest; print('attnspec' in sys.modules)"

    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout == "False\n"
