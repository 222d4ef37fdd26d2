from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from syned.idc.gains_plot import draw_gains
from tests.idc.test_gains_words import gains

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
