"""A folder belongs to one training."""

from __future__ import annotations

from pathlib import Path

import pytest

from syned.captioning.training.claim import claim
from syned.errors import RunError


def test_a_folder_is_claimed_once_and_known_again(tmp_path: Path) -> None:
    ours = {"captioner": {"width": 64}, "seed": 0}
    claim(tmp_path, ours)
    claim(tmp_path, {"seed": 0, "captioner": {"width": 64}})
    with pytest.raises(RunError, match=r"other settings \(captioner\.width, seed\)"):
        claim(tmp_path, {"captioner": {"width": 32}, "seed": 1})
