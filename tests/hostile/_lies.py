"""Modules that lie of their kernel, beside the server or in its place.

Of each: name, program, exit code, words. Where the exit code is 2 nothing is judged;
where it is 0 or 1 the module can be imported after all, and its kernel is judged.
"""

from __future__ import annotations

KERNEL = "from attnspec.kernels import tiled_attention as kernel\n"

OTHER = "target: importing it failed: it "
HANGS = OTHER + "did not return within 4 s; a longer --deadline gives it more$"
ENDED = OTHER + "ended the process "
RAISES = r"target: importing \S+ raises "


def _answering(answer: str) -> str:
    """Return a module that writes to every descriptor before the server answers."""
    return f"""
import os
for name in os.listdir("/proc/self/fd"):
    try:
        os.set_blocking(int(name), False)
        os.write(int(name), ({answer}).encode() + b"\\n")
    except OSError:
        pass
{KERNEL}"""


def _describing(description: str) -> str:
    """Return a module whose kernel is described in these words."""
    return f"""
import attnspec.conformance.targets as targets
targets.written = lambda _: {description}
{KERNEL}"""


def _patching(where: str, value: str) -> str:
    module, _, name = where.rpartition(".")
    return f"import {module}\n{module}.{name} = {value}\n{KERNEL}"


ANSWERING = [
    (
        "answers_0",
        _answering("""'{"answer": 0}'"""),
        2,
        OTHER + "answers question 0 wh",
    ),
    (
        "answers_a_list",
        _answering("'[' * 10**4 + ']' * 10**4"),
        2,
        OTHER + "gave no JS",
    ),
    ("answers_a_number", _answering("'1' * 10**4"), 2, OTHER + "gave no JSON"),
    ("answers_nothing", _answering("''"), 2, OTHER + "gave no JSON: b''"),
    (
        "answers_another_version",
        _answering("""'{"answer": 1, "attnspec": ' + '9' * 4000 + '}'"""),
        2,
        OTHER + "speaks version 999",
    ),
    (
        "answers_bytes",
        _answering("""'{"answer": 1, "payload": 1000000000000}'"""),
        2,
        OTHER + "announces 1000000000000 bytes where its results have 0;",
    ),
    ("answers_no_format", _answering("""'{"answer": 1, "description": 1}'"""), 2, ": "),
    (
        "answers_before",
        _answering("""'{"answer": 1, "memory": "shared", "description": {}}'"""),
        1,
        "CRASHED .* answers question 1 where 2 was asked",
    ),
    (
        "refuses_in_color",
        _answering(
            r"""'{"answer": 1, "refused": "\\u001b[31m\\u0000' + 'x' * 9999 + '"}'"""
        ),
        2,
        r"\\x1b\[31m\\x00xxx",
    ),
]

PATCHING = [
    (
        "dumps_nothing",
        _patching("json.dumps", "lambda *a, **k: '{}'"),
        2,
        OTHER + "answe",
    ),
    (
        "dumps_lines",
        _patching("json.dumps", "lambda *a, **k: '\\n'"),
        2,
        ENDED + "with",
    ),
    ("writes_nothing", _patching("os.write", "lambda *a: 0"), 2, HANGS),
    ("writes_wrongly", _patching("os.write", "lambda *a: 1 / 0"), 2, ENDED + "with"),
    ("never_exits", _patching("sys.exit", "lambda *a: None"), 0, "conforms in"),
    (
        "has_no_results",
        _patching("attnspec.conformance.protocol.results", "lambda *a: {}"),
        1,
        "CRASHED .* the kernel gave no results;",
    ),
    (
        "has_endless_results",
        _patching(
            "attnspec.conformance.protocol.results",
            "lambda w, a: {'results': [{'name': n, 'dtype': 'float32', "
            "'shape': [2**50]} for n, *_ in w], 'payload': 2**52}",
        ),
        1,
        "CRASHED .* the kernel has results of [0-9 ]+ bytes,",
    ),
    (
        "calls_nothing",
        _patching("attnspec.conformance.server.Caller", "lambda f: lambda *a: ([], 0)"),
        1,
        "CRASHED",
    ),
]

DESCRIBING = [
    (
        "has_no_formats",
        _describing("{'dtypes': []}"),
        2,
        "target: dtypes: expected a li",
    ),
    (
        "is_of_no_kind",
        _describing("{'kind': 'x\\0'}"),
        2,
        "target: kind: expected one l",
    ),
    ("is_another_kind", _describing("{'kind': 'no'}"), 2, "target: kind: "),
    (
        "is_deep",
        _describing("eval('[' * 90 + ']' * 90)"),
        2,
        "target: expected a table",
    ),
    (
        "deviates_much",
        _describing("{'deviation': [{}] * 10_000}"),
        2,
        r"target: deviation: expected tables \[\[deviation\]\]; got \[",
    ),
    (
        "is_too_deep",
        """
import attnspec.conformance.targets as targets
deep = []
for _ in range(10**4): deep = [deep]
targets.written = lambda _: {"claims": deep}
"""
        + KERNEL,
        2,
        OTHER + "ended the process with exit code 1; last words: RecursionError",
    ),
    (
        "has_many_keys",
        _describing("{f'k{i}': 0 for i in range(10**4)}"),
        2,
        "unknown key",
    ),
    (
        "has_a_set",
        _describing("{'claims': {1}}"),
        2,
        ENDED + "with exit code 1; last w",
    ),
    (
        "has_nan",
        _describing("{'multiples': {'width': float('nan')}}"),
        2,
        "last words: V",
    ),
    (
        "has_all_the_attributes",
        """
class Endless:
    def __getattr__(self, name): return self
    def __call__(self, *_, **__): return self
kernel = Endless()
""",
        2,
        "target: ",
    ),
]

FAILING = [
    ("holds_the_lock", "import ctypes; ctypes.PyDLL(None).sleep(600)", 2, HANGS),
    (
        "raises_a_group",
        "raise BaseExceptionGroup('two', [SystemExit(), KeyboardInterrupt()])",
        2,
        RAISES + "BaseExceptionGroup: two",
    ),
    ("takes_all_memory", "bytearray(2**60)", 2, RAISES + "MemoryError$"),
    ("is_no_text", "'\0'", 2, RAISES + "(SyntaxError|ValueError): "),
    (
        "prints_errors_in_plenty",
        f"import os\nfor _ in range(10**5): os.write(2, b'words' * 99)\n{KERNEL}",
        0,
        "conforms in",
    ),
]

LIES = [*ANSWERING, *PATCHING, *DESCRIBING, *FAILING]
