"""Embeddings of images and texts equal those that transformers makes."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from numpy.typing import NDArray
from PIL import Image
from transformers import AutoImageProcessor, AutoModel, AutoProcessor, AutoTokenizer

from syned.errors import ConfigError, EngineError
from syned.models.encoders.image_text import TransformersImageEncoder, TransformersImageTextEncoder
from tests.tiny_checkpoints import write_clip, write_dinov2, write_instruct_pix2pix, write_siglip

TEXTS = ["a small red star", "add a blue moon", "make it night"]
CPU = {"device": "cpu", "dtype": "float32"}


def pictures(count: int = 3) -> list[NDArray[np.uint8]]:
    """Pictures of several sizes, none of them that of the encoder."""
    random = np.random.default_rng(0)
    return [
        random.integers(0, 256, (40 + 9 * i, 64 - 7 * i, 3)).astype(np.uint8) for i in range(count)
    ]


def unit(vectors: torch.Tensor) -> NDArray[np.float32]:
    array: NDArray[np.float32] = torch.nn.functional.normalize(vectors, dim=1).detach().numpy()
    return array


@pytest.mark.parametrize("write", [write_clip, write_siglip])
def test_embeddings_are_those_of_the_models_own_processor_and_features(
    write: type, tmp_path: Path
) -> None:
    folder = write(tmp_path / "model")
    encoder = TransformersImageTextEncoder(str(folder), **CPU, batch_size=2)
    model, processor = AutoModel.from_pretrained(folder), AutoProcessor.from_pretrained(folder)
    images = processor(images=[Image.fromarray(p) for p in pictures()], return_tensors="pt")
    texts = processor(text=TEXTS, padding="max_length", max_length=16, return_tensors="pt")
    np.testing.assert_allclose(
        encoder.embed_images(pictures()),
        unit(model.get_image_features(**images).pooler_output),
        atol=1e-6,
    )
    np.testing.assert_allclose(
        encoder.embed_texts(TEXTS),
        unit(model.get_text_features(**texts).pooler_output),
        atol=1e-6,
    )


def test_dinov2_embeds_by_its_class_token(tmp_path: Path) -> None:
    folder = write_dinov2(tmp_path / "model")
    encoder = TransformersImageEncoder(str(folder), **CPU, batch_size=2)
    pixels = AutoImageProcessor.from_pretrained(folder)(images=pictures(), return_tensors="pt")
    output = AutoModel.from_pretrained(folder)(**pixels).last_hidden_state[:, 0]
    np.testing.assert_allclose(encoder.embed_images(pictures()), unit(output), atol=1e-6)


def test_a_batch_changes_nothing_and_nothing_gives_nothing(tmp_path: Path) -> None:
    folder = str(write_clip(tmp_path / "model"))
    alone, together = (TransformersImageTextEncoder(folder, **CPU, batch_size=n) for n in (1, 8))
    np.testing.assert_allclose(
        alone.embed_images(pictures()), together.embed_images(pictures()), atol=1e-6
    )
    np.testing.assert_allclose(alone.embed_texts(TEXTS), together.embed_texts(TEXTS), atol=1e-6)
    assert alone.embed_images([]).shape[0] == alone.embed_texts([]).shape[0] == 0


def test_a_text_that_is_too_long_is_cut_off_as_clip_cuts_it(tmp_path: Path) -> None:
    folder = write_clip(tmp_path / "model")
    encoder = TransformersImageTextEncoder(str(folder), **CPU, batch_size=2)
    tokens = AutoTokenizer.from_pretrained(folder)(
        "make it night " * 40, truncation=True, max_length=16, return_tensors="pt"
    )
    expected = AutoModel.from_pretrained(folder).get_text_features(**tokens).pooler_output
    np.testing.assert_allclose(
        encoder.embed_texts(["make it night " * 40]), unit(expected), atol=1e-6
    )


def test_a_picture_of_a_few_pixels_in_height_is_not_taken_for_channels(tmp_path: Path) -> None:
    folder = write_clip(tmp_path / "model")
    encoder = TransformersImageTextEncoder(str(folder), **CPU, batch_size=2)
    thin = np.random.default_rng(0).integers(0, 256, (3, 3, 3)).astype(np.uint8)
    swapped = np.ascontiguousarray(thin.transpose(2, 0, 1))
    first, second = encoder.embed_images([thin, swapped])
    assert np.abs(first - second).max() > 1e-3


def test_the_name_says_which_weights_they_are(tmp_path: Path) -> None:
    names = [
        TransformersImageTextEncoder(
            str(write_clip(tmp_path / str(seed), seed=seed)), **CPU, batch_size=1
        ).name
        for seed in (0, 1)
    ]
    assert names[0].startswith("folder@sha256:")
    assert names[0] != names[1]


def test_loading_says_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = str(write_clip(tmp_path / "model"))
    capfd.readouterr()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        encoder = TransformersImageTextEncoder(folder, **CPU, batch_size=1)
        encoder.embed_images(pictures(1))
        encoder.embed_texts(["a star " * 50])
    assert capfd.readouterr() == ("", "")


def test_a_model_without_texts_is_refused(tmp_path: Path) -> None:
    folder = str(write_dinov2(tmp_path / "model"))
    with pytest.raises(EngineError, match="is a 'dinov2', which cannot embed texts"):
        TransformersImageTextEncoder(folder, **CPU, batch_size=1)


def test_a_clip_is_no_dinov2(tmp_path: Path) -> None:
    folder = str(write_clip(tmp_path / "model"))
    with pytest.raises(EngineError, match="is a 'clip'; a DINOv2 is needed"):
        TransformersImageEncoder(folder, **CPU, batch_size=1)


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    folder = str(write_instruct_pix2pix(tmp_path / "editor"))
    with pytest.raises(EngineError, match=r"has no config\.json, so it is no image-text encoder"):
        TransformersImageTextEncoder(folder, **CPU, batch_size=1)


@pytest.mark.parametrize("missing", ["model.safetensors", "preprocessor_config.json"])
def test_a_folder_that_lacks_a_file_is_refused_in_one_sentence(
    missing: str, tmp_path: Path
) -> None:
    folder = write_clip(tmp_path / "model")
    (folder / missing).unlink()
    with pytest.raises(EngineError, match="cannot be loaded"):
        TransformersImageTextEncoder(str(folder), **CPU, batch_size=1)


def test_a_model_type_that_transformers_does_not_know_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "clap-trap"}))
    with pytest.raises(EngineError, match=r"cannot be loaded: .*clap-trap"):
        TransformersImageTextEncoder(str(tmp_path), **CPU, batch_size=1)


def test_an_unknown_bundled_name_and_an_unknown_device_are_settings_to_put_right(
    tmp_path: Path,
) -> None:
    with pytest.raises(ConfigError, match="bundled:photos is no clip of this Syned"):
        TransformersImageTextEncoder("bundled:photos", **CPU, batch_size=1)
    folder = str(write_clip(tmp_path / "model"))
    with pytest.raises(ConfigError, match=r"device is 'abacus'; one of auto, .* is expected"):
        TransformersImageTextEncoder(folder, device="abacus", dtype="auto", batch_size=1)
