"""Validation edits of an editor that copies, whose errors are known."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from diffusers import StableDiffusionInstructPix2PixPipeline  # noqa: E402
from PIL import Image  # noqa: E402

from syned.config import SourceConfig  # noqa: E402
from syned.config.training import EditorTraining, NewEditor  # noqa: E402
from syned.errors import DataError  # noqa: E402
from syned.run.records import SourceRecord  # noqa: E402
from syned.training.editor.start import new_pipeline, predict_from_copy  # noqa: E402
from syned.training.editor.validation import draw_validation  # noqa: E402

SIDE = 16


def untrained() -> StableDiffusionInstructPix2PixPipeline:
    new = NewEditor.model_validate(
        {
            "unet": {"channels": (16, 16), "attending_levels": 1},
            "text_encoder": {"width": 16, "layers": 1, "heads": 2, "merges": 20},
        }
    )
    return new_pipeline(new, ["make it brighter"], image_size_px=SIDE)


@pytest.fixture(scope="module")
def copier() -> StableDiffusionInstructPix2PixPipeline:
    """An editor whose every edit is the source image."""
    pipeline = untrained()
    predict_from_copy(pipeline)
    return pipeline


def settings(**changes: Any) -> EditorTraining:
    values = {"image_size_px": SIDE, "validation_steps": 2, "validation_guidance_scale": 1.0}
    return EditorTraining(output="unused", source=SourceConfig(), **{**values, **changes})


def flat(level: int) -> Image.Image:
    return Image.new("RGB", (SIDE, SIDE), (level, level, level))


def records(*results: int, source: int = 100) -> Iterator[SourceRecord]:
    return (SourceRecord(f"r{r}", flat(source), "go", edited_image=flat(r)) for r in results)


def draw(
    pipeline: StableDiffusionInstructPix2PixPipeline,
    rows: Iterator[SourceRecord],
    picture: Path,
    **changes: Any,
) -> dict[str, float]:
    return draw_validation(pipeline, rows, settings(**changes), picture)


def test_an_edit_that_changes_nothing_is_as_wrong_as_the_source_image(
    copier: StableDiffusionInstructPix2PixPipeline, tmp_path: Path
) -> None:
    score = draw(copier, records(151, 202), tmp_path / "picture.png")
    assert score["source_error"] == pytest.approx((51 + 102) / 2 / 255, abs=1e-4)
    assert score["edited_error"] == pytest.approx(score["source_error"], abs=0.01)
    assert score["right_fraction"] == 0


def test_an_edit_is_right_that_is_much_nearer_to_its_result_than_the_source_image_is(
    copier: StableDiffusionInstructPix2PixPipeline, tmp_path: Path
) -> None:
    """Every edit is 25 levels brighter than its source image."""
    brightener = StableDiffusionInstructPix2PixPipeline(
        **{**copier.components, "unet": deepcopy(copier.unet)}, requires_safety_checker=False
    )
    with torch.no_grad():
        brightener.unet.conv_out.bias += 2 * 25 / 127.5
    score = draw(brightener, records(120, 130, 160, 100), tmp_path / "picture.png")
    errors = np.array([5, 5, 35, 25])
    assert score["edited_error"] == pytest.approx(errors.mean() / 255, abs=0.004)
    assert score["right_fraction"] == 0.5


def test_the_picture_shows_source_edit_and_result_side_by_side(
    copier: StableDiffusionInstructPix2PixPipeline, tmp_path: Path
) -> None:
    draw(copier, records(0, 50, 150, 200, 250), tmp_path / "picture.png")
    shown = np.asarray(Image.open(tmp_path / "picture.png"))[..., 0].astype(int)
    row, column = SIDE + 4, 3 * SIDE + 8
    assert shown.shape == (2 * row, 4 * column)
    for i, result in enumerate((0, 50, 150, 200, 250)):
        y, x = divmod(i, 4)
        strip = shown[y * row : y * row + SIDE, x * column : x * column + 3 * SIDE]
        source, edit, given = np.hsplit(strip, 3)
        assert (source == 100).all()
        assert np.abs(edit - 100).max() <= 2
        assert (given == result).all()
    assert (shown[row:, column:] == 255).all()


def test_as_many_edits_are_made_as_the_settings_say(
    copier: StableDiffusionInstructPix2PixPipeline, tmp_path: Path
) -> None:
    rows = records(*range(9))
    draw(copier, rows, tmp_path / "picture.png", validation_triples=2)
    assert next(rows).key == "r2"


def test_more_edits_than_one_batch_holds_are_all_measured(
    copier: StableDiffusionInstructPix2PixPipeline, tmp_path: Path
) -> None:
    results = [0] * 16 + [100] * 4
    score = draw(copier, records(*results), tmp_path / "picture.png", validation_triples=20)
    assert score["right_fraction"] == 0.2


def test_rows_that_make_no_triple_are_passed_over(
    copier: StableDiffusionInstructPix2PixPipeline, tmp_path: Path
) -> None:
    bare = [replace(r, edited_image=None) for r in records(0)]
    score = draw(copier, iter([*bare, *records(151)]), tmp_path / "picture.png")
    assert score["source_error"] == pytest.approx(51 / 255, abs=1e-4)


def test_an_editor_gives_the_same_edits_again_and_each_edit_has_noise_of_its_own(
    tmp_path: Path,
) -> None:
    editor = untrained()
    for name in ("first.png", "second.png"):
        torch.manual_seed(len(name))
        draw(editor, records(150, 150), tmp_path / name)
    assert (tmp_path / "first.png").read_bytes() == (tmp_path / "second.png").read_bytes()
    row = np.asarray(Image.open(tmp_path / "first.png"))[:SIDE]
    edits = [row[:, x : x + SIDE] for x in (SIDE, 3 * SIDE + 8 + SIDE)]
    assert (edits[0] != edits[1]).any()


@pytest.mark.parametrize(
    "changes",
    [
        {"validation_steps": 3},
        {"validation_guidance_scale": 4.0},
        {"validation_guidance_scale": 4.0, "validation_image_guidance_scale": 3.0},
    ],
)
def test_edits_are_made_with_the_steps_and_scales_of_the_settings(
    changes: dict[str, Any], tmp_path: Path
) -> None:
    editor = untrained()
    other = {"validation_guidance_scale": 4.0} if len(changes) == 2 else {}
    draw(editor, records(150), tmp_path / "first.png", **other)
    draw(editor, records(150), tmp_path / "second.png", **changes)
    assert (tmp_path / "first.png").read_bytes() != (tmp_path / "second.png").read_bytes()


def test_the_editor_in_training_is_left_as_it_is(
    copier: StableDiffusionInstructPix2PixPipeline, tmp_path: Path
) -> None:
    before = dict(copier.scheduler.config)
    draw(copier, records(150), tmp_path / "picture.png")
    assert type(copier.scheduler).__name__ == "DDPMScheduler"
    assert dict(copier.scheduler.config) == before


def test_a_split_without_edits_is_refused_with_the_setting(
    copier: StableDiffusionInstructPix2PixPipeline, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=r"split 'dev' has .*validation_triples=0"):
        draw(copier, iter(()), tmp_path / "picture.png", validation_split="dev")
