"""The editor against the pipeline that it drives."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

torch = pytest.importorskip("torch")

from diffusers import (  # noqa: E402
    EulerAncestralDiscreteScheduler,
    StableDiffusionInstructPix2PixPipeline,
    UniPCMultistepScheduler,
)

from syned.errors import EngineError  # noqa: E402
from syned.models.editors.instruct_pix2pix import InstructPix2PixEditor  # noqa: E402
from syned.models.editors.load import load_editor  # noqa: E402
from syned.run.records import EditJob, Request  # noqa: E402
from tests.tiny_checkpoints import write_instruct_pix2pix  # noqa: E402

STEPS = 4


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_instruct_pix2pix(tmp_path_factory.mktemp("checkpoint"))


def job(
    number: int,
    *,
    instruction: str = "add a small red star",
    image: int | None = None,
    size_px: tuple[int, int] = (64, 48),
    scales: tuple[float, float] = (7.5, 1.5),
) -> EditJob:
    """A job with random pixels; jobs with the same `image` share them."""
    source = number if image is None else image
    pixels = np.random.default_rng(source).integers(0, 256, (*size_px, 3), dtype=np.uint8)
    request = Request(
        edit_id=f"edit{number}", source_id=f"source{source}", image_shard=0, image_row=0,
        variant_index=0, instruction=instruction, seed=1000 + number, guidance_scale=scales[0],
        image_guidance_scale=scales[1], width_px=size_px[1], height_px=size_px[0],
    )  # fmt: skip
    return EditJob(request, pixels)


def editor_of(
    checkpoint: Path, *, batch_size: int = 4, scheduler: str | None = None
) -> InstructPix2PixEditor:
    editor = load_editor(
        str(checkpoint), scheduler=scheduler, device="cpu", dtype="float32", batch_size=batch_size
    )
    assert isinstance(editor, InstructPix2PixEditor)
    return editor


def plain(checkpoint: Path, jobs: list[EditJob], scheduler: Any) -> list[NDArray[np.uint8]]:
    """The same jobs through diffusers' own call."""
    pipeline = StableDiffusionInstructPix2PixPipeline.from_pretrained(checkpoint)
    pipeline.scheduler = scheduler.from_config(pipeline.scheduler.config)
    pipeline.set_progress_bar_config(disable=True)
    images = pipeline(
        [j.request.instruction for j in jobs],
        [Image.fromarray(j.pixels) for j in jobs],
        num_inference_steps=STEPS,
        guidance_scale=jobs[0].request.guidance_scale,
        image_guidance_scale=jobs[0].request.image_guidance_scale,
        generator=[torch.Generator().manual_seed(j.request.seed) for j in jobs],
    ).images
    return [np.asarray(image) for image in images]


def pixels_of(editor: InstructPix2PixEditor, jobs: list[EditJob]) -> list[NDArray[np.uint8]]:
    results = [r.pixels for r in editor.edit(jobs, steps=STEPS)]
    return [p for p in results if p is not None]


@pytest.mark.parametrize("scheduler", [UniPCMultistepScheduler, EulerAncestralDiscreteScheduler])
@pytest.mark.parametrize("scales", [(7.5, 1.5), (1.0, 1.0)], ids=["guided", "unguided"])
def test_images_equal_the_plain_pipelines(
    checkpoint: Path, scheduler: Any, scales: tuple[float, float]
) -> None:
    jobs = [job(i, instruction=t, scales=scales) for i, t in enumerate(
        ["add a small red star", "make it night", "remove the blue moon", ""])]  # fmt: skip
    ours = pixels_of(editor_of(checkpoint, scheduler=scheduler.__name__), jobs)
    for mine, theirs in zip(ours, plain(checkpoint, jobs, scheduler), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_another_batch_size_changes_no_level_by_more_than_one(checkpoint: Path) -> None:
    jobs = [job(i) for i in range(4)]
    together = pixels_of(editor_of(checkpoint), jobs)
    alone = editor_of(checkpoint, batch_size=1)
    for whole, one in zip(together, jobs, strict=True):
        single = pixels_of(alone, [one])[0]
        assert np.abs(whole.astype(int) - single).max() <= 1


def test_every_job_is_guided_by_its_own_scales(checkpoint: Path) -> None:
    mixed = [job(0, scales=(3.0, 1.0)), job(1, scales=(9.0, 2.0))]
    ours = pixels_of(editor_of(checkpoint), mixed)
    for i, one in enumerate(mixed):
        partner = job(1 - i, scales=(one.request.guidance_scale, one.request.image_guidance_scale))
        pair = [one, partner] if i == 0 else [partner, one]
        np.testing.assert_array_equal(ours[i], pixels_of(editor_of(checkpoint), pair)[i])


def test_what_returns_is_encoded_once_and_then_forgotten(checkpoint: Path) -> None:
    editor = editor_of(checkpoint)
    jobs = [job(i, image=i % 2, instruction="make it night") for i in range(8)]
    editor.expect(
        Counter(j.request.source_id for j in jobs), Counter(j.request.instruction for j in jobs)
    )
    first, second = pixels_of(editor, jobs[:4]), pixels_of(editor, jobs[4:])
    assert editor.encoded == {"images": 2, "instructions": 1}
    assert editor.images.bytes == editor.instructions.bytes == 0
    fresh = editor_of(checkpoint)
    again = pixels_of(fresh, jobs[:4]) + pixels_of(fresh, jobs[4:])
    for ours, theirs in zip(first + second, again, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_what_comes_once_is_never_kept(checkpoint: Path) -> None:
    editor = editor_of(checkpoint)
    jobs = [job(i, instruction=f"add star {i}") for i in range(3)]
    editor.expect(
        Counter(j.request.source_id for j in jobs), Counter(j.request.instruction for j in jobs)
    )
    editor.edit(jobs[:2], steps=1)
    assert editor.images.bytes == editor.instructions.bytes == 0


def test_a_long_instruction_is_edited_and_marked(checkpoint: Path) -> None:
    jobs = [job(0, instruction="add a red star " * 30), job(1)]
    results = editor_of(checkpoint).edit(jobs, steps=1)
    assert [r.truncated for r in results] == [True, False]
    assert all(r.pixels is not None for r in results)


def test_a_blacked_out_image_has_a_reason_and_no_pixels(tmp_path: Path) -> None:
    editor = editor_of(write_instruct_pix2pix(tmp_path, blocked=True))
    result = editor.edit([job(0)], steps=1)[0]
    assert (result.reason, result.pixels) == ("safety_checker", None)


@pytest.mark.parametrize(("bias", "reason"), [(float("nan"), "not_a_number"), (9.0, "flat_image")])
def test_a_broken_image_has_a_reason_and_no_pixels(
    checkpoint: Path, bias: float, reason: str
) -> None:
    editor = editor_of(checkpoint)
    editor.pipeline.safety_checker = None
    with torch.no_grad():
        editor.pipeline.vae.decoder.conv_out.bias.fill_(bias)
    result = editor.edit([job(0)], steps=1)[0]
    assert (result.reason, result.pixels) == (reason, None)


def test_images_of_two_sizes_in_one_batch_are_refused(checkpoint: Path) -> None:
    with pytest.raises(EngineError, match="one size"):
        editor_of(checkpoint).edit([job(0), job(1, size_px=(48, 64))], steps=1)


def test_jobs_with_and_without_guidance_in_one_batch_are_refused(checkpoint: Path) -> None:
    with pytest.raises(EngineError, match="only jobs with guidance or only jobs without it"):
        editor_of(checkpoint).edit([job(0), job(1, scales=(1.0, 1.0))], steps=1)
