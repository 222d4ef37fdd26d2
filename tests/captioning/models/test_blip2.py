"""BLIP-2 as BLIP2IDC needs it: image tokens, prompt, end, LoRA, and a new one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from transformers import Blip2ForConditionalGeneration, Blip2Processor  # noqa: E402

from syned.captioning.models.blip2 import (  # noqa: E402
    add_lora,
    end_id,
    load_blip2,
    new_blip2,
    prompt_ids,
)
from syned.config import LoraConfig, NewBlip2  # noqa: E402
from syned.errors import EngineError  # noqa: E402
from tests.tiny_captioners import (  # noqa: E402
    QUERIES,
    captions_of,
    drawn_pairs,
    write_blip2_opt,
    write_blip2_t5,
    write_clip,
)

PROMPT = "Describe the differences:"


@pytest.fixture(scope="module")
def opt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_blip2_opt(tmp_path_factory.mktemp("opt"))


@pytest.fixture(scope="module")
def t5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_blip2_t5(tmp_path_factory.mktemp("t5"))


def load(folder: Path) -> tuple[Any, Any]:
    return load_blip2(str(folder), dtype=torch.float32)


def tokens(processor: Any, ids: list[int]) -> list[str]:
    found: list[str] = processor.tokenizer.convert_ids_to_tokens(ids)
    return found


def test_opt_is_asked_with_an_image_token_a_query_the_start_and_the_prompt(opt: Path) -> None:
    model, processor = load(opt)
    ids = prompt_ids(model, processor, PROMPT)
    assert tokens(processor, ids)[: QUERIES + 2] == ["<image>"] * QUERIES + ["</s>", "Describe"]
    assert tokens(processor, ids)[-1] == ":"
    assert ids[:QUERIES] == [model.config.image_token_index] * QUERIES


def test_the_start_token_is_there_when_the_tokenizer_forgets_it(opt: Path) -> None:
    model, processor = load(opt)
    expected = prompt_ids(model, processor, PROMPT)
    processor.tokenizer.add_bos_token = False
    processor.tokenizer.update_post_processor()
    assert processor.tokenizer("a")["input_ids"] != [2]
    assert len(processor.tokenizer(PROMPT)["input_ids"]) == len(expected) - QUERIES - 1
    assert prompt_ids(model, processor, PROMPT) == expected


def test_t5_is_asked_without_a_start_token(t5: Path) -> None:
    model, processor = load(t5)
    ids = prompt_ids(model, processor, "the red square")
    assert tokens(processor, ids) == ["<image>"] * QUERIES + ["▁the", "▁red", "▁square", "</s>"]


def test_captions_end_as_the_checkpoint_was_taught_to_end(opt: Path, t5: Path) -> None:
    model, processor = load(opt)
    assert tokens(processor, [end_id(model, processor)]) == ["Ċ"]
    model, processor = load(t5)
    assert tokens(processor, [end_id(model, processor)]) == ["</s>"]


def test_an_older_checkpoint_is_given_an_image_token(tmp_path: Path) -> None:
    old = write_blip2_opt(tmp_path, image_token=False)
    model, processor = load(old)
    ids = prompt_ids(model, processor, PROMPT)
    assert ids.count(model.config.image_token_index) == QUERIES == model.config.num_query_tokens
    assert model.config.image_token_index < model.get_input_embeddings().num_embeddings


def test_the_vocabulary_grows_when_the_image_token_has_no_room(tmp_path: Path) -> None:
    old = write_blip2_opt(tmp_path, image_token=False)
    model = Blip2ForConditionalGeneration.from_pretrained(old)
    model.resize_token_embeddings(model.get_input_embeddings().num_embeddings - 1)
    model.save_pretrained(old)
    model, processor = load(old)
    rows = model.get_input_embeddings().num_embeddings
    assert rows % 64 == 0
    assert model.config.image_token_index == len(processor.tokenizer) - 1 < rows


@pytest.mark.parametrize("kind", ["opt", "t5"])
def test_lora_is_added_to_query_key_and_value_of_all_three_parts(
    kind: str, request: pytest.FixtureRequest
) -> None:
    model, _ = load(request.getfixturevalue(kind))
    adapted = add_lora(model, LoraConfig(rank=2))
    trained = [name for name, weight in adapted.named_parameters() if weight.requires_grad]
    assert all(".lora_" in name for name in trained)
    layers = {name.partition("base_model.model.")[2].partition(".lora_")[0] for name in trained}
    assert "vision_model.encoder.layers.1.self_attn.qkv" in layers
    for attention in ("attention", "crossattention"):
        for part in ("query", "key", "value"):
            assert f"qformer.encoder.layer.0.{attention}.attention.{part}" in layers
    of_text = [name.rpartition(".")[2] for name in layers if name.startswith("language_model")]
    wanted = {"opt": {"q_proj", "k_proj", "v_proj"}, "t5": {"q", "k", "v"}}
    assert set(of_text) == wanted[kind]
    assert len(of_text) == {"opt": 2 * 3, "t5": 2 * 3 + 2 * 6}[kind]


def test_lora_has_twice_its_rank_as_alpha_and_can_be_kept_to_one_part(opt: Path) -> None:
    adapted = add_lora(load(opt)[0], LoraConfig(rank=2, parts=("qformer",)))
    config = adapted.peft_config["default"]
    assert (config.r, config.lora_alpha, config.lora_dropout) == (2, 4, 0.05)
    trained = [name for name, weight in adapted.named_parameters() if weight.requires_grad]
    assert all("qformer" in name for name in trained)


def test_lora_is_float32_over_frozen_bfloat16(opt: Path) -> None:
    model, _ = load_blip2(str(opt), dtype=torch.bfloat16)
    adapted = add_lora(model, LoraConfig(rank=2))
    kinds = {
        (weight.requires_grad, weight.dtype)
        for name, weight in adapted.named_parameters()
        if "language_model" in name
    }
    assert kinds == {(True, torch.float32), (False, torch.bfloat16)}


def test_a_new_one_is_an_ordinary_folder(tmp_path: Path) -> None:
    size = NewBlip2(image_size_px=32, width=16, heads=2, query_tokens=3)
    captions = captions_of(drawn_pairs(4))
    torch.manual_seed(0)
    model, processor = new_blip2(size, captions, prompt="what changed?", max_caption_tokens=12)
    assert not torch.equal(model.query_tokens[0, 0], model.query_tokens[0, 1])
    model.save_pretrained(tmp_path)
    processor.save_pretrained(tmp_path)
    again = Blip2ForConditionalGeneration.from_pretrained(tmp_path)
    assert all(
        torch.equal(a, b)
        for a, b in zip(model.state_dict().values(), again.state_dict().values(), strict=True)
    )
    read = Blip2Processor.from_pretrained(tmp_path)
    ids = prompt_ids(again, read, "what changed?")
    assert tokens(read, ids) == ["<image>"] * 3 + ["</s>", "what", "Ġchanged", "?"]
    assert ids == prompt_ids(model, processor, "what changed?")


def test_a_folder_without_a_checkpoint_and_another_model_are_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"has no config.json, so it is no captioner"):
        load(tmp_path)
    with pytest.raises(EngineError, match="cannot be loaded"):
        load(write_clip(tmp_path / "clip"))
