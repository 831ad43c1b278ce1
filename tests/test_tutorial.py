"""The tutorial computes what it prints, on every Python and NumPy."""

from __future__ import annotations

import doctest
import pathlib
import re
from typing import Any

import pytest

TUTORIAL = pathlib.Path(__file__).parent.parent / "docs" / "tutorial"
PAGES = sorted(TUTORIAL.glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_page_computes_what_it_prints(page: pathlib.Path) -> None:
    text, names = page.read_text("utf-8"), dict[str, Any]()
    blocks = re.findall(r"^```\{doctest\}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    examples = doctest.DocTestParser().get_doctest(
        "\n".join(blocks), names, page.stem, str(page), None
    )
    complaints: list[str] = []

    results = doctest.DocTestRunner(verbose=False).run(examples, out=complaints.append)

    assert examples.examples
    assert results.failed == 0, "".join(complaints)
