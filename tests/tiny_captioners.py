"""Small random captioners, in exactly the on-disk layout of the published ones, and pairs."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from PIL import Image, ImageDraw
from transformers import (
    Blip2Config,
    Blip2ForConditionalGeneration,
    Blip2Processor,
    Blip2QFormerConfig,
    Blip2VisionConfig,
    BlipImageProcessorPil,
    CLIPConfig,
    CLIPImageProcessorPil,
    CLIPModel,
    CLIPTextConfig,
    CLIPVisionConfig,
    OPTConfig,
    T5Config,
    T5Tokenizer,
)

from syned.captioning.data.pairs import PairInfo
from syned.captioning.models.word_tokenizer import train_byte_tokenizer

QUERIES = 4
COLORS = ("red", "green", "blue", "yellow")


@dataclass
class DrawnPairs:
    """Pairs in memory: a square that changes its color."""

    infos: list[PairInfo] = field(default_factory=list)
    pictures: list[tuple[Image.Image, Image.Image]] = field(default_factory=list)
    read: list[int] = field(default_factory=list)
    """Numbers of the pairs whose pictures were asked for."""

    def images(self, index: int) -> tuple[Image.Image, Image.Image]:
        self.read.append(index)
        return self.pictures[index]


def drawn_pairs(count: int, *, first: int = 0, size_px: int = 32) -> DrawnPairs:
    """Distinct pairs up to 12; two references each, one longer than the other."""
    changes = [(a, b) for a in COLORS for b in COLORS if a != b]
    pairs = DrawnPairs()
    for number in range(first, first + count):
        before, after = changes[number % len(changes)]
        references = (f"the {before} square is {after} now", f"{before} became {after}")
        pairs.infos.append(PairInfo(f"drawn/{number}", references, "color", "train"))
        pairs.pictures.append((square(before, size_px), square(after, size_px)))
    return pairs


def square(color: str, size_px: int = 32) -> Image.Image:
    image = Image.new("RGB", (size_px, size_px), "white")
    ImageDraw.Draw(image).rectangle((8, 8, size_px - 8, size_px - 8), fill=color)
    return image


def captions_of(pairs: DrawnPairs) -> list[str]:
    return [text for info in pairs.infos for text in info.references]


def write_blip2_opt(folder: Path, *, image_token: bool = True, seed: int = 0) -> Path:
    """A folder as Salesforce/blip2-opt-2.7b has it, whose captions end with a line break.

    Args:
        folder: where to; made.
        image_token: whether it knows one, as its revisions since 2024 do.
        seed: of the weights.
    """
    texts = [f" {text}\n" for text in captions_of(drawn_pairs(12))]
    tokenizer = train_byte_tokenizer([*texts, *["Describe the differences:"] * 2], pieces=80)
    line_break = tokenizer.convert_tokens_to_ids("Ċ")
    text = OPTConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        word_embed_proj_dim=16,
        ffn_dim=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=128,
        pad_token_id=1,
        bos_token_id=2,
        eos_token_id=line_break,
    )
    return _write(folder, text, tokenizer, image_token=image_token, seed=seed)


def write_blip2_t5(folder: Path, *, seed: int = 0) -> Path:
    """A folder as Salesforce/blip2-flan-t5-xl has it."""
    words = sorted({f"▁{word}" for text in captions_of(drawn_pairs(12)) for word in text.split()})
    letters = [*"abcdefghijklmnopqrstuvwxyz:", "▁"]
    known = ["<pad>", "</s>", "<unk>", *words, *letters]
    tokenizer = T5Tokenizer(vocab=[(word, -1.0) for word in known], extra_ids=0)
    text = T5Config(
        vocab_size=len(known),
        d_model=16,
        d_kv=8,
        d_ff=32,
        num_layers=2,
        num_decoder_layers=2,
        num_heads=2,
        pad_token_id=0,
        eos_token_id=1,
        decoder_start_token_id=0,
        tie_word_embeddings=False,
    )
    return _write(folder, text, tokenizer, image_token=True, seed=seed)


def write_clip(folder: Path, *, seed: int = 0) -> Path:
    """A folder as openai/clip-vit-base-patch32 has it, without the tokenizer."""
    torch.manual_seed(seed)
    vision = CLIPVisionConfig(
        hidden_size=16,
        intermediate_size=32,
        projection_dim=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        image_size=32,
        patch_size=8,
    )
    text = CLIPTextConfig(
        vocab_size=64,
        hidden_size=16,
        intermediate_size=32,
        projection_dim=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        bos_token_id=1,
        eos_token_id=2,
    )
    parts = {"text_config": text.to_dict(), "vision_config": vision.to_dict()}
    CLIPModel(CLIPConfig(**parts, projection_dim=16)).save_pretrained(folder)
    crop = {"height": 32, "width": 32}
    CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size=crop).save_pretrained(folder)
    return folder


def _write(folder: Path, text: Any, tokenizer: Any, *, image_token: bool, seed: int) -> Path:
    torch.manual_seed(seed)
    image_processor = BlipImageProcessorPil(size={"height": 32, "width": 32})
    processor = Blip2Processor(image_processor, tokenizer, num_query_tokens=QUERIES)
    text.vocab_size = len(tokenizer)
    token = tokenizer.convert_tokens_to_ids("<image>")
    model = Blip2ForConditionalGeneration(_config(text, token if image_token else None))
    torch.nn.init.normal_(model.query_tokens, std=0.02)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    _as_published(folder, image_token=image_token)
    return folder


def _config(text: Any, image_token: int | None) -> Blip2Config:
    return Blip2Config(
        vision_config=Blip2VisionConfig(
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            image_size=32,
            patch_size=8,
            initializer_range=0.02,
        ),
        qformer_config=Blip2QFormerConfig(
            vocab_size=64,
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            max_position_embeddings=64,
        ),
        text_config=text,
        num_query_tokens=QUERIES,
        image_text_hidden_size=16,
        image_token_index=image_token,
    )


def _as_published(folder: Path, *, image_token: bool) -> None:
    """preprocessor_config.json and processor_config.json apart, as on the hub."""
    path = folder / "processor_config.json"
    values = json.loads(path.read_text())
    image_processor = values.pop("image_processor")
    image_processor |= {"image_processor_type": "BlipImageProcessor"}
    image_processor |= {"processor_class": "Blip2Processor"}
    (folder / "preprocessor_config.json").write_text(json.dumps(image_processor))
    path.write_text(json.dumps(values))
    if not image_token:  # as before 2024
        path.unlink()
        config = json.loads((folder / "config.json").read_text())
        del config["image_token_index"]
        (folder / "config.json").write_text(json.dumps(config))
