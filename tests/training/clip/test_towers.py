"""A CLIP in training is the CLIP that is saved."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch.nn.functional import normalize  # noqa: E402
from transformers import CLIPModel, CLIPProcessor  # noqa: E402

from syned.config import SourceConfig  # noqa: E402
from syned.config.training import ClipTraining  # noqa: E402
from syned.sources.shapes.draw import draw_scene  # noqa: E402
from syned.sources.shapes.edits import scene_edit  # noqa: E402
from syned.training.clip.towers import Towers  # noqa: E402

TEXTS = ["a red star", "a large blue moon at the top left", "nothing"]
LONG = "a red star and a blue moon " * 20
SETTINGS = ClipTraining.model_validate(
    {
        "output": "unused",
        "source": SourceConfig(image_size_px=64),
        "image_tower": {"width": 16, "layers": 1, "heads": 2, "patch_px": 16},
        "text_tower": {"width": 8, "layers": 2, "heads": 1, "max_tokens": 16, "merges": 50},
        "embedding_width": 12,
        "image_size_px": 64,
    }
)


@pytest.fixture
def towers() -> Towers:
    torch.manual_seed(0)
    return Towers(SETTINGS, TEXTS, torch.device("cpu"))


def test_training_sees_images_as_the_saved_processor_gives_them(
    towers: Towers, tmp_path: Path
) -> None:
    pixels = np.array(draw_scene(scene_edit(0, "train", 0).before))
    towers.save(tmp_path / "saved", torch.float32)
    processor = CLIPProcessor.from_pretrained(tmp_path / "saved")
    model = CLIPModel.from_pretrained(tmp_path / "saved")
    inputs = processor(images=[pixels], return_tensors="pt")
    expected = torch.nn.functional.normalize(model.get_image_features(**inputs).pooler_output)
    with torch.no_grad():
        assert torch.allclose(towers.images(pixels[None]), expected, atol=1e-5)


def test_training_reads_texts_as_the_saved_processor_gives_them(
    towers: Towers, tmp_path: Path
) -> None:
    towers.save(tmp_path, torch.float32)
    processor = CLIPProcessor.from_pretrained(tmp_path)
    model = CLIPModel.from_pretrained(tmp_path)
    texts = [*TEXTS, LONG]
    inputs = processor(text=texts, padding="max_length", truncation=True, return_tensors="pt")
    with torch.no_grad():
        expected = normalize(model.get_text_features(**inputs).pooler_output)
        torch.testing.assert_close(towers.texts(texts), expected, atol=1e-5, rtol=0)


def test_embeddings_have_length_one_whatever_stands_beside_them(towers: Towers) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3), np.uint8)
    with torch.no_grad():
        images, texts = towers.images(pixels), towers.texts(TEXTS)
        image, text = towers.images(pixels[1:2]), towers.texts(TEXTS[:1])
    assert images.shape == texts.shape == (3, 12)
    torch.testing.assert_close(images.norm(dim=1), torch.ones(3))
    torch.testing.assert_close(texts.norm(dim=1), torch.ones(3))
    torch.testing.assert_close(image, images[1:2])
    torch.testing.assert_close(text, texts[:1])


def test_gradients_reach_both_towers(towers: Towers) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3), np.uint8)
    torch.autograd.backward((towers.images(pixels) * towers.texts(TEXTS)).sum())
    for name in ("visual_projection", "text_projection"):
        assert getattr(towers.model, name).weight.grad.abs().max() > 0


def test_saving_in_half_precision_leaves_the_training_as_it_is(
    towers: Towers, tmp_path: Path
) -> None:
    before = {name: value.clone() for name, value in towers.model.state_dict().items()}
    towers.save(tmp_path, torch.float16)
    for name, value in towers.model.state_dict().items():
        assert torch.equal(value, before[name]), name
        assert value.dtype == before[name].dtype
    assert CLIPModel.from_pretrained(tmp_path).dtype == torch.float16


def test_the_towers_have_the_sizes_of_the_settings(towers: Towers) -> None:
    vision, text = towers.model.vision_model, towers.model.text_model
    assert vision.embeddings.patch_embedding.weight.shape == (16, 3, 16, 16)
    assert (len(vision.encoder.layers), len(text.encoder.layers)) == (1, 2)
    assert text.embeddings.position_embedding.weight.shape == (16, 8)
    assert text.embeddings.token_embedding.num_embeddings == len(towers.processor.tokenizer)
    assert vision.encoder.layers[0].mlp.fc1.out_features == 64
    assert text.encoder.layers[0].mlp.fc1.out_features == 32


def test_words_of_the_texts_are_single_tokens(towers: Towers) -> None:
    assert towers.processor.tokenizer.tokenize("red star") == ["red</w>", "star</w>"]
