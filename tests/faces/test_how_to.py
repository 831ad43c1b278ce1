"""The how-to pages for kernels of a library, word for word: what they show is so."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "how-to"
_BLOCK = re.compile(
    r"^```(?:\{code-block\} )?(python|console)\n(?::[^\n]*\n)*(.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


def _blocks(page: str) -> Iterator[tuple[str, str]]:
    """Yield the blocks of a page with their language."""
    for block in _BLOCK.finditer((PAGES / f"{page}.md").read_text("utf-8")):
        yield block[1], block[2]


def _run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command of a page."""
    program, *words = command.split()
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", program, *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(folder), str(ROOT)))},
    )


def _shown(block: str, output: str) -> None:
    """Hold that each line that is shown is printed, in this order."""
    printed = iter(output.splitlines())
    for line in block.splitlines()[1:]:
        if line != "...":
            assert line in printed, f"{line!r} is not in\n{output}"


def _followed(page: str, folder: Path) -> list[str]:
    """Write the files of a page, run its commands; return what is said at their end."""
    ends = []
    for language, text in _blocks(page):
        if language == "python":
            name = text.partition("\n")[0].removeprefix("# ")
            (folder / name).write_text(text, "utf-8")
            continue
        command = text.partition("\n")[0].removeprefix("$ ")
        if command.partition(" ")[0] not in {"attnspec", "pytest"}:
            continue
        if "--device cuda" in command and not _has_gpu():
            continue
        if "transformers:" in command and not find_spec("transformers"):
            continue
        done = _run(command, folder)
        _shown(text, done.stdout)
        end = done.stdout.splitlines()[-1]
        assert done.returncode == ("does not conform" in end), done.stdout + done.stderr
        ends.append(end)
    return ends


def _has_gpu() -> bool:
    import torch  # noqa: PLC0415

    return bool(torch.cuda.is_available())


def test_the_page_for_pytorch_leads_to_a_red_check_and_a_green_one(
    tmp_path: Path,
) -> None:
    pytest.importorskip("torch")

    red, green, tested = _followed("test-a-pytorch-kernel", tmp_path)

    assert red.endswith("does not conform")
    assert green.endswith(" conforms")
    assert "passed" in tested
    assert "failed" not in tested


@pytest.mark.skipif(find_spec("jax") is None, reason="needs JAX")
def test_the_page_for_jax_leads_to_a_red_check_and_a_green_one(tmp_path: Path) -> None:
    red, green = _followed("test-a-jax-kernel", tmp_path)

    assert red.endswith("does not conform")
    assert green.endswith(" conforms in the 1 invariant that was asked for")


def test_the_page_for_a_gpu_holds_where_the_kernel_is_the_one_of_pytorch(
    tmp_path: Path,
) -> None:
    pytest.importorskip("torch")
    kernels = [text for language, text in _blocks("test-a-pytorch-kernel")]
    right = [text for text in kernels if text.startswith("# mykernel.py")][-1]
    (tmp_path / "mykernel.py").write_text(right, "utf-8")

    *_, end = _followed("test-on-a-gpu", tmp_path)

    assert end.endswith(" conforms")


@pytest.mark.once
def test_the_page_for_a_cache_leads_to_a_red_check_and_a_green_one(
    tmp_path: Path,
) -> None:
    pytest.importorskip("transformers", reason="the page ends with its cache")
    red, green, tested, *others = _followed("test-a-cache", tmp_path)

    assert red.endswith("does not conform")
    assert green.endswith(" conforms")
    assert "passed" in tested
    assert "failed" not in tested
    assert all(end.endswith(" conforms") for end in others)


@pytest.mark.once
def test_the_page_for_pages_leads_to_a_red_check_and_two_green_ones(
    tmp_path: Path,
) -> None:
    red, green, appended = _followed("test-a-paged-kernel", tmp_path)

    assert red.endswith("does not conform")
    assert green.endswith(" conforms")
    assert appended.endswith(" conforms")
