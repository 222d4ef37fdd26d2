from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from syned.captioning.gains.plot import draw_gains
from tests.captioning.gains.test_gains_md import gains

pytest.importorskip("matplotlib")


def drawn(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"), np.int16)


def has(pixels: np.ndarray, color: tuple[int, int, int]) -> bool:
    return bool((np.abs(pixels - np.array(color)).max(axis=-1) <= 2).any())


def test_the_plot_shows_means_seeds_and_the_constant_caption(tmp_path: Path) -> None:
    draw_gains(gains(), tmp_path / "gains.png")
    pixels = drawn(tmp_path / "gains.png")
    assert min(pixels.shape[:2]) > 200
    assert has(pixels, (0x0B, 0x5C, 0xAD))
    assert has(pixels, (0x7F, 0xB0, 0xDD))
    assert has(pixels, (0xB3, 0x54, 0x1E))


def test_the_same_gains_are_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        draw_gains(gains(), tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_more_captioners_are_more_panels(tmp_path: Path) -> None:
    draw_gains(gains(), tmp_path / "one.png")
    (captioner,) = gains()["captioners"].values()
    both = {**gains(), "captioners": {"a": captioner, "b": captioner}}
    draw_gains(both, tmp_path / "two.png")
    assert drawn(tmp_path / "two.png").shape[1] > 1.5 * drawn(tmp_path / "one.png").shape[1]


def test_with_nothing_done_there_is_nothing_to_draw(tmp_path: Path) -> None:
    draw_gains({**gains(), "captioners": {"a": {"seeds": [0], "arms": {}}}}, tmp_path / "gains.png")
    assert not (tmp_path / "gains.png").exists()


def test_scores_of_zero_can_be_drawn(tmp_path: Path) -> None:
    nothing: Any = json.loads(json.dumps(gains()))
    nothing["constant"]["scores"]["CIDEr"] = 0.0
    for arm in nothing["captioners"]["two_stream"]["arms"].values():
        arm["scores"]["CIDEr"] = {"mean": 0.0, "deviation": 0.0, "seeds": {"0": 0.0}}
        arm["interval"] = {"low": 0.0, "high": 0.0}
    draw_gains(nothing, tmp_path / "gains.png")
    assert has(drawn(tmp_path / "gains.png"), (0x0B, 0x5C, 0xAD))
