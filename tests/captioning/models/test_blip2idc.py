"""BLIP2IDC: what it sees, what it learns from, what it refuses, what it writes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from syned.captioning.models.blip2 import load_blip2  # noqa: E402
from syned.captioning.models.blip2idc import IGNORED, Blip2idc, blur  # noqa: E402
from syned.captioning.models.stack import stack  # noqa: E402
from syned.captioning.training.draws import Row  # noqa: E402
from syned.config import Blip2idcConfig, LoraConfig  # noqa: E402
from syned.errors import EngineError  # noqa: E402
from tests.tiny_captioners import (  # noqa: E402
    QUERIES,
    DrawnPairs,
    drawn_pairs,
    square,
    write_blip2_opt,
    write_blip2_t5,
)

PROMPT = "Describe the differences:"
CAPTIONS = ["red became blue", "the red square is green now"]


@pytest.fixture(scope="module")
def opt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_blip2_opt(tmp_path_factory.mktemp("opt"))


@pytest.fixture(scope="module")
def t5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_blip2_t5(tmp_path_factory.mktemp("t5"))


def captioner(folder: Path, **settings: Any) -> Blip2idc:
    values = {"model": str(folder), "prompt": PROMPT, "max_caption_tokens": 12, **settings}
    config = Blip2idcConfig(**values)
    model, processor = load_blip2(str(folder), dtype=torch.float32)
    return Blip2idc(model, processor, config)


def rows_of(
    learner: Blip2idc, pairs: DrawnPairs, captions: Sequence[str] = tuple(CAPTIONS)
) -> list[Row]:
    seen = learner.reader(pairs, lambda text: None)
    return [Row(seen(index), caption) for index, caption in enumerate(captions)]


def words(learner: Blip2idc, ids: Sequence[int]) -> list[str]:
    found: list[str] = learner.processor.tokenizer.convert_ids_to_tokens(
        [i for i in ids if i != IGNORED]
    )
    return found


@pytest.mark.parametrize("direction", ["vertical", "horizontal"])
def test_pixels_are_those_of_the_models_own_processor(opt: Path, direction: Any) -> None:
    learner = captioner(opt, stack=direction)
    pairs = drawn_pairs(2, size_px=50)
    batch = learner.collate(rows_of(learner, pairs))
    both = [stack(*images, direction) for images in pairs.pictures]
    expected = learner.processor.image_processor(both, return_tensors="pt")["pixel_values"]
    assert batch["pixel_values"].shape == (2, 3, 32, 32)
    torch.testing.assert_close(batch["pixel_values"], expected, rtol=0, atol=1e-5)


def test_only_caption_and_end_are_learned(opt: Path) -> None:
    learner = captioner(opt)
    batch = learner.collate(rows_of(learner, drawn_pairs(2)))
    for row, caption in enumerate(CAPTIONS):
        labels, ids = batch["labels"][row].tolist(), batch["input_ids"][row].tolist()
        learned = [place for place, label in enumerate(labels) if label != IGNORED]
        assert [labels[place] for place in learned] == [ids[place] for place in learned]
        text = learner.processor.tokenizer.decode([labels[place] for place in learned])
        assert text == f" {caption}\n"
        assert labels[: learned[0]] == [IGNORED] * learned[0]
        asked = words(learner, ids[: learned[0]])
        assert asked[:QUERIES] == ["<image>"] * QUERIES
        assert "".join(asked[QUERIES:]).replace("Ġ", " ") == f"</s>{PROMPT}"
    padding = batch["attention_mask"] == 0
    assert padding.any()
    assert (batch["labels"][padding] == IGNORED).all()
    assert (batch["input_ids"][padding] == learner.processor.tokenizer.pad_token_id).all()


def test_t5_has_its_captions_in_the_labels_alone(t5: Path) -> None:
    learner = captioner(t5, prompt="the square")
    batch = learner.collate(rows_of(learner, drawn_pairs(2)))
    assert words(learner, batch["labels"][0].tolist()) == ["▁red", "▁became", "▁blue", "</s>"]
    assert (batch["labels"] == IGNORED).sum() == 3
    asked = words(learner, batch["input_ids"][1].tolist())
    assert asked == ["<image>"] * QUERIES + ["▁the", "▁square", "</s>"]


def test_a_long_caption_is_cut_off_before_its_end(opt: Path) -> None:
    learner = captioner(opt, max_caption_tokens=3)
    batch = learner.collate(rows_of(learner, drawn_pairs(1), [CAPTIONS[1]]))
    assert words(learner, batch["labels"][0].tolist()) == ["Ġthe", "Ġred", "Ċ"]


def logits(learner: Blip2idc, pairs: DrawnPairs) -> Any:
    with torch.no_grad():
        return learner.model.eval()(**learner.collate(rows_of(learner, pairs))).logits


def test_the_prompt_matters(opt: Path) -> None:
    last = [
        logits(captioner(opt, prompt=prompt), drawn_pairs(2))[:, -1]
        for prompt in (PROMPT, "the red square")
    ]
    assert not torch.allclose(last[0], last[1])


def test_the_order_of_the_images_matters(opt: Path) -> None:
    pairs = drawn_pairs(2)
    turned = DrawnPairs(pairs.infos, [(edited, source) for source, edited in pairs.pictures])
    learner = captioner(opt)
    assert not torch.equal(logits(learner, pairs), logits(learner, turned))


@pytest.mark.parametrize("kind", ["opt", "t5"])
def test_a_model_that_sees_is_let_through_and_stays_in_training(
    kind: str, request: pytest.FixtureRequest
) -> None:
    learner = captioner(request.getfixturevalue(kind))
    learner.model.train()
    learner.check(learner.collate(rows_of(learner, drawn_pairs(2))))
    assert learner.model.training


def test_text_without_image_tokens_is_refused(opt: Path) -> None:
    model, processor = load_blip2(str(opt), dtype=torch.float32)
    processor.num_query_tokens = 0
    learner = Blip2idc(model, processor, Blip2idcConfig(model=str(opt), prompt=PROMPT))
    batch = learner.collate(rows_of(learner, drawn_pairs(2)))
    with pytest.raises(EngineError, match=r"has 0 image tokens a pair and the model 4 queries"):
        learner.check(batch)


def test_text_with_too_few_image_tokens_is_refused(opt: Path) -> None:
    model, processor = load_blip2(str(opt), dtype=torch.float32)
    processor.num_query_tokens = QUERIES - 1
    learner = Blip2idc(model, processor, Blip2idcConfig(model=str(opt), prompt=PROMPT))
    batch = learner.collate(rows_of(learner, drawn_pairs(2)))
    with pytest.raises(EngineError, match="has 3 image tokens"):
        learner.check(batch)


def test_a_model_whose_loss_does_not_change_with_the_pixels_is_refused(opt: Path) -> None:
    learner = captioner(opt)
    torch.nn.init.zeros_(learner.model.language_projection.weight)
    batch = learner.collate(rows_of(learner, drawn_pairs(2)))
    with pytest.raises(EngineError, match="does not see them"):
        learner.check(batch)


@pytest.mark.parametrize("beams", [1, 3])
@pytest.mark.parametrize("kind", ["opt", "t5"])
def test_what_is_written_holds_no_prompt(
    kind: str, beams: int, request: pytest.FixtureRequest
) -> None:
    learner = captioner(request.getfixturevalue(kind), beams=beams, batch_size=2)
    captions = learner.caption(drawn_pairs(3).pictures)
    assert len(captions) == 3
    assert all("Describe" not in caption and "<image>" not in caption for caption in captions)


def test_captions_do_not_depend_on_the_batch(opt: Path) -> None:
    pairs = drawn_pairs(3).pictures
    together = captioner(opt, batch_size=3).caption(pairs)
    assert captioner(opt, batch_size=1).caption(pairs) == together


def test_a_prompt_and_caption_without_room_are_refused(opt: Path) -> None:
    room = 128 - len(captioner(opt)._prompt)
    captioner(opt, max_caption_tokens=room)
    with pytest.raises(EngineError, match=f"lower max_caption_tokens to {room}, or"):
        captioner(opt, max_caption_tokens=room + 7)


def test_blur_is_that_of_a_gaussian_of_three_pixels() -> None:
    point = torch.zeros(2, 3, 5, 5)
    point[..., 2, 2] = 1
    blurred = blur(point, [0.5, None])
    weights = np.exp(-np.array([1.0, 0.0, 1.0]) / (2 * 0.5**2))
    expected = np.outer(weights, weights) / weights.sum() ** 2
    np.testing.assert_allclose(blurred[0, 0, 1:4, 1:4], expected, rtol=1e-5)
    torch.testing.assert_close(blurred[1], point[1])


def test_blur_is_for_rows_that_ask_for_it(opt: Path) -> None:
    learner = captioner(opt)
    seen = learner.reader(drawn_pairs(1), lambda text: None)(0)
    plain, blurred = (
        learner.collate([Row(seen, "red", sigma)])["pixel_values"] for sigma in (None, 0.5)
    )
    assert not torch.equal(plain, blurred)


def test_pictures_are_read_when_they_are_asked_for(opt: Path) -> None:
    pairs = drawn_pairs(4)
    seen = captioner(opt).reader(pairs, lambda text: None)
    assert pairs.read == []
    seen(2)
    seen(2)
    assert pairs.read == [2]


def test_a_small_picture_is_brought_to_size(opt: Path) -> None:
    (caption,) = captioner(opt, lora=LoraConfig(rank=2)).caption([(square("red"), square("blue"))])
    assert isinstance(caption, str)
