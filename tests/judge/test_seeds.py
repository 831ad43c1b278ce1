from __future__ import annotations

from typing import Any

import pytest

from attnspec.exceptions import InvalidArgument
from attnspec.judge.seeds import seed_of


def test_a_random_seed_is_another_every_time() -> None:
    assert len({seed_of("random") for _ in range(20)}) == 20


@pytest.mark.parametrize("asked", ["", "x", 1.5, None])
def test_what_is_no_seed_is_refused(asked: Any) -> None:
    with pytest.raises(InvalidArgument, match="seed: expected a whole number or 'rand"):
        seed_of(asked)
