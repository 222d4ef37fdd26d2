"""From an editor's name to what it is, and to a loaded editor."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from syned.errors import ConfigError, EngineError  # noqa: E402
from syned.models.checkpoints import folder_hash  # noqa: E402
from syned.models.editors.instruct_pix2pix import InstructPix2PixEditor  # noqa: E402
from syned.models.editors.load import editor_identity, load_editor, make_scheduler  # noqa: E402
from syned.models.fake import FakeEditor  # noqa: E402
from syned.resources import bundled  # noqa: E402
from tests.tiny_checkpoints import write_instruct_pix2pix  # noqa: E402


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_instruct_pix2pix(tmp_path_factory.mktemp("checkpoint"))


def load(
    folder: Path | str,
    *,
    scheduler: str | None = None,
    device: str = "cpu",
    dtype: str = "float32",
    batch_size: int = 2,
) -> InstructPix2PixEditor:
    editor = load_editor(
        str(folder), scheduler=scheduler, device=device, dtype=dtype, batch_size=batch_size
    )
    assert isinstance(editor, InstructPix2PixEditor)
    return editor


def test_a_folder_is_known_by_its_content_and_not_by_its_place(
    checkpoint: Path, tmp_path: Path
) -> None:
    moved = write_instruct_pix2pix(tmp_path / "moved")
    other = write_instruct_pix2pix(tmp_path / "other", seed=1)
    assert editor_identity(str(moved)) == editor_identity(str(checkpoint))
    assert editor_identity(str(other)) != editor_identity(str(checkpoint))


def test_the_bundled_editor_is_known_by_its_name_and_its_content() -> None:
    assert editor_identity("bundled:shapes") == {
        "name": "bundled:shapes",
        "revision": folder_hash(bundled("editor", "shapes")),
    }


def test_the_fake_needs_no_checkpoint_and_no_device() -> None:
    assert editor_identity("fake")["name"] == "fake"
    editor = load_editor("fake", scheduler="None", device="abacus", dtype="?", batch_size=1)
    assert isinstance(editor, FakeEditor)


@pytest.mark.parametrize("name", ["./nowhere", "nobody", "a/b/c"])
def test_an_editor_that_is_nowhere_is_refused(name: str) -> None:
    with pytest.raises(EngineError, match="neither a folder nor a hub id"):
        editor_identity(name)


def test_an_editor_is_loaded_as_it_is_asked_for(checkpoint: Path) -> None:
    editor = load(checkpoint, dtype="bfloat16", batch_size=3)
    assert (editor.device, editor.dtype, editor.batch_size) == ("cpu", "bfloat16", 3)
    assert editor.pipeline.text_encoder.dtype == editor.pipeline.vae.dtype == torch.bfloat16
    assert type(editor.pipeline.scheduler).__name__ == "EulerAncestralDiscreteScheduler"


def test_a_scheduler_takes_over_the_noise_of_the_checkpoint(checkpoint: Path) -> None:
    scheduler = load(checkpoint, scheduler="UniPCMultistepScheduler").pipeline.scheduler
    assert type(scheduler).__name__ == "UniPCMultistepScheduler"
    assert (scheduler.config.beta_start, scheduler.config.beta_schedule) == (
        0.00085,
        "scaled_linear",
    )


def test_a_misspelt_scheduler_brings_the_nearest_name() -> None:
    with pytest.raises(ConfigError, match="did you mean UniPCMultistepScheduler"):
        make_scheduler("UniPCMultistepSchedular", {})


def test_what_diffusers_has_beside_schedulers_is_none() -> None:
    with pytest.raises(ConfigError, match=r"is 'AutoencoderKL', which diffusers does not have"):
        make_scheduler("AutoencoderKL", {})


def test_a_stable_diffusion_checkpoint_is_refused_with_the_way_on(tmp_path: Path) -> None:
    write_instruct_pix2pix(tmp_path, in_channels=4)
    with pytest.raises(EngineError, match=r"8 .*train-editor"):
        load(tmp_path)


def test_a_checkpoint_that_lacks_a_part_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "model_index.json").write_text(
        json.dumps({"_class_name": "X", "unet": ["diffusers", "UNet2DConditionModel"]})
    )
    with pytest.raises(EngineError, match=r"cannot be loaded: .*; an InstructPix2Pix checkpoint"):
        load(tmp_path)


def test_a_device_that_is_not_there_is_a_setting_to_put_right(checkpoint: Path) -> None:
    with pytest.raises(ConfigError, match="device is 'abacus'"):
        load(checkpoint, device="abacus")


def test_editing_without_diffusers_says_what_to_install(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "diffusers.utils", None)
    with pytest.raises(EngineError, match=r'needs torch.*pip install "syned\[models\]"'):
        load(checkpoint)
