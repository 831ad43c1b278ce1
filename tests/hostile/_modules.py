"""Modules that are hostile while they are imported: name, program, exit code, words.

Where the exit code is 2 nothing is judged, and the words are what is said of it; where
it is 0 or 1 the module can be imported after all, and its kernel gets its verdict.
"""

from __future__ import annotations

KERNEL = "from attnspec.kernels import tiled_attention as kernel\n"

HANGS = "target: importing it failed: it did not return within 4 s; a longer --deadline"
ENDED = "target: importing it failed: it ended the process "
RAISES = r"target: importing \S+ raises "

ENDING = [
    ("spins", "while True: pass", 2, HANGS),
    ("sleeps", "import time; time.sleep(600)", 2, HANGS),
    ("holds_the_lock", "import ctypes; ctypes.PyDLL(None).sleep(600)", 2, HANGS),
    ("is_stopped", "import os; os.kill(os.getpid(), 19)", 2, HANGS),
    ("ends_with_0", "import os; os._exit(0)", 2, ENDED + "with exit code 0$"),
    ("ends_with_5", "import os; os._exit(5)", 2, ENDED + "with exit code 5$"),
    ("exits_with_0", "import sys; sys.exit(0)", 2, RAISES + "SystemExit: 0$"),
    ("aborts", "import os; os.abort()", 2, ENDED + "by SIGABRT$"),
    ("segfaults", "import os; os.kill(os.getpid(), 11)", 2, ENDED + "by SIGSEGV$"),
    ("real_time", "import os; os.kill(os.getpid(), 40)", 2, ENDED + "by signal 40$"),
    (
        "kills_its_guard",
        "import os, time; os.kill(os.getppid(), 9); time.sleep(600)",
        2,
        ENDED + "by SIGKILL$",
    ),
    ("kills_its_group", "import os; os.killpg(0, 9)", 2, ENDED + "by SIGKILL$"),
    ("closes_all", f"import os; os.closerange(0, 256)\n{KERNEL}", 2, ENDED + "with "),
]

RAISING = [
    ("raises_much", "raise ValueError('x' * 5_000_000)", 2, RAISES + "ValueError: xxx"),
    (
        "raises_without_text",
        """
class Silent(Exception):
    def __str__(self): raise RuntimeError("no text")
raise Silent
""",
        2,
        RAISES + "Silent$",
    ),
    (
        "raises_lines",
        "raise type('One\\nTwo\\x1b[31m', (Exception,), {})('three')",
        2,
        RAISES + "One$",
    ),
    (
        "raises_no_exception",
        "raise type('Ended', (BaseException,), {})('at once')",
        2,
        RAISES + "Ended: at once$",
    ),
    ("raises_interrupt", "raise KeyboardInterrupt", 2, RAISES + "KeyboardInterrupt$"),
    ("raises_a_group", "raise BaseExceptionGroup('x', [SystemExit()])", 2, RAISES),
    ("recurs", "def f(): f()\nf()", 2, RAISES + "RecursionError: maximum recursion"),
    ("is_no_python", "def", 2, RAISES + "SyntaxError: "),
    ("is_not_text", "\udcff\udcfe", 2, RAISES + "(SyntaxError|ValueError)"),
    ("takes_all_memory", "x = bytearray(2**60)", 2, RAISES + "MemoryError$"),
]

PRINTING = [
    ("forks", f"import os; os.fork()\n{KERNEL}", 0, "conforms in"),
    ("prints_much", f"print('x' * 50_000_000)\n{KERNEL}", 0, "conforms in"),
    (
        "prints_lines_to_the_error_stream",
        f"import os\nfor _ in range(10**5): os.write(2, b'line' * 20)\n{KERNEL}",
        0,
        "conforms in",
    ),
]
