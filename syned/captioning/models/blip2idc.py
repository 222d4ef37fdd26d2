"""BLIP2IDC: a BLIP-2 that reads both images, stacked into one, and writes what changed.

    source ─┐ stack   ┌ image tokens ─▶ vision encoder ─▶ Q-Former ─┐
    edited ─┴────────▶┤                                             ├▶ language model ─▶ caption
                      └ prompt ─────────────────────────────────────┘

Source: Evennou et al. 2025 (arXiv:2412.15939).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from peft import PeftModel
from PIL import Image
from torch import Tensor

from syned.captioning.data.pairs import PairSet
from syned.captioning.models.blip2 import add_lora, end_id, load_blip2, new_blip2, prompt_ids
from syned.captioning.models.stack import stack
from syned.captioning.models.word_tokenizer import caption_ids
from syned.captioning.training.draws import Prepared, Row
from syned.config import Blip2idcConfig
from syned.errors import EngineError

IGNORED = -100
"""The label of a token that no loss is taken on."""
ADAPTER, MODEL = "adapter", "model"
"""Folders of trained weights: low-rank additions, or all of it with its processor."""


class Blip2idc:
    """A BLIP-2 with its processor: what it sees, how it learns, what it writes.

    Args:
        model: a `Blip2ForConditionalGeneration`, with or without LoRA.
        processor: its own.
        config: stacking, prompt, length.

    Raises:
        EngineError: the language model has no room for prompt and caption.
    """

    def __init__(self, model: Any, processor: Any, config: Blip2idcConfig) -> None:
        self.model, self.processor, self.config = model, processor, config
        self.name = "BLIP2IDC"
        self._prompt = prompt_ids(model, processor, config.prompt)
        self._end = end_id(model, processor)
        self._decoder_only: bool = model.config.use_decoder_only_language_model
        room = getattr(model.config.text_config, "max_position_embeddings", None)
        needed = len(self._prompt) + config.max_caption_tokens
        if self._decoder_only and room is not None and needed > room:
            raise EngineError(
                f"{config.model}: prompt and caption take up to {needed} tokens and its language "
                f"model has room for {room}; lower max_caption_tokens to "
                f"{config.max_caption_tokens - (needed - room)}, or shorten the prompt"
            )

    def reader(
        self, pairs: PairSet, say: Callable[[str], None]
    ) -> Callable[[int], NDArray[np.uint8]]:
        """A pair by its number as the processor resizes it, shape (3, h, w)."""
        return Prepared(lambda index: self._look(*pairs.images(index)), len(pairs.infos))

    def collate(self, rows: Sequence[Row]) -> dict[str, Tensor]:
        """A batch: pixels, prompt and caption, and which tokens are to be learned.

        Shape notation:
            - b: rows
            - t: tokens, of the longest row

        Returns:
            pixel_values (b, 3, h, w), and input_ids, attention_mask and labels (b, t). The labels
            of image tokens, prompt and padding are IGNORED. A T5 has captions in its labels only.
        """
        pixels = self._pixels(np.stack([row.seen for row in rows]))
        if any(row.blur_sigma is not None for row in rows):
            pixels = blur(pixels, [row.blur_sigma for row in rows])
        captions = self._caption_ids([row.caption for row in rows])
        prompt = self._prompt
        if self._decoder_only:
            inputs = [[*prompt, *caption] for caption in captions]
            labels = [[*[IGNORED] * len(prompt), *caption] for caption in captions]
        else:
            inputs, labels = [prompt] * len(captions), captions
        return {
            "pixel_values": pixels,
            "input_ids": _padded(inputs, self.processor.tokenizer.pad_token_id),
            "attention_mask": _padded([[1] * len(row) for row in inputs], 0),
            "labels": _padded(labels, IGNORED),
        }

    def check(self, batch: Mapping[str, Tensor]) -> None:
        """Refuse to train a model that would not see the pictures.

        transformers 5 puts image features where the image tokens are, and nowhere else: text
        without them trains a language model that is blind, without a word.

        Raises:
            EngineError: image tokens and queries differ in number, or the model answers the same
                with other pixels.
        """
        queries = self.model.config.num_query_tokens
        found = (batch["input_ids"] == self.model.config.image_token_index).sum(1)
        if not bool((found == queries).all()):
            raise EngineError(
                f"{self.config.model}: the text has {int(found.min())} image tokens a pair and the "
                f"model {queries} queries, but it sees pictures only if both numbers are equal; "
                f"set num_query_tokens to {queries} in the processor's config, and "
                "image_token_index to "
                f"{self.processor.tokenizer.convert_tokens_to_ids('<image>')} in the model's"
            )
        random = torch.Generator().manual_seed(0)
        other = torch.randn(batch["pixel_values"].shape, generator=random)
        here, there = (
            self._logits({**batch, "pixel_values": p}) for p in (batch["pixel_values"], other)
        )
        if torch.equal(here, there):
            raise EngineError(
                f"{self.config.model}: the model answers the same whatever pictures it is given, "
                "so it does not see them; use another checkpoint"
            )

    def caption(self, pairs: Sequence[tuple[Image.Image, Image.Image]]) -> list[str]:
        """One caption for each pair."""
        captions: list[str] = []
        for begin in range(0, len(pairs), self.config.batch_size):
            captions += self._caption(pairs[begin : begin + self.config.batch_size])
        return captions

    def save(self, folder: Path) -> None:
        """Write what was trained: `adapter/`, or `model/` with its processor."""
        if isinstance(self.model, PeftModel):
            self.model.save_pretrained(folder / ADAPTER, save_embedding_layers=False)
        else:
            self.model.save_pretrained(folder / MODEL)
            self.processor.save_pretrained(folder / MODEL)

    def _look(self, source: Image.Image, edited: Image.Image) -> NDArray[np.uint8]:
        both = stack(source, edited, self.config.stack)
        plain = {"do_rescale": False, "do_normalize": False, "return_tensors": "np"}
        pixels: NDArray[np.uint8] = self.processor.image_processor(both, **plain)["pixel_values"][0]
        return pixels.astype(np.uint8)

    def _pixels(self, pixels: NDArray[np.uint8]) -> Tensor:
        """The rest of what the image processor does, a batch at once."""
        processor = self.processor.image_processor
        values = torch.from_numpy(pixels).float()  # (b, 3, h, w)
        if processor.do_rescale:
            values = values * processor.rescale_factor
        if processor.do_normalize:
            mean, std = (torch.tensor(v).view(3, 1, 1) for v in _moments(processor))
            values = (values - mean) / std
        return values

    def _caption_ids(self, captions: Sequence[str]) -> list[list[int]]:
        spaced = self._decoder_only and bool(self.config.prompt)
        texts = [f" {caption.strip()}" if spaced else caption.strip() for caption in captions]
        most = self.config.max_caption_tokens
        return caption_ids(self.processor.tokenizer, texts, end=self._end, most=most)

    @torch.no_grad()
    def _logits(self, batch: Mapping[str, Tensor]) -> Tensor:
        """Without dropout; what the loss is taken of."""
        training = self.model.training
        self.model.eval()
        on_device = {name: value.to(self.model.device) for name, value in batch.items()}
        logits: Tensor = self.model(**on_device).logits
        self.model.train(training)
        return logits

    @torch.no_grad()
    def _caption(self, pairs: Sequence[tuple[Image.Image, Image.Image]]) -> list[str]:
        device = self.model.device
        self.model.eval()
        pixels = self._pixels(np.stack([self._look(*pair) for pair in pairs])).to(device)
        prompt = torch.tensor([self._prompt] * len(pairs), device=device)
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            written = self.model.generate(
                pixel_values=pixels,
                input_ids=prompt,
                attention_mask=torch.ones_like(prompt),
                max_new_tokens=self.config.max_caption_tokens,
                num_beams=self.config.beams,
                do_sample=False,
                eos_token_id=self._end,
                pad_token_id=self.processor.tokenizer.pad_token_id,
            )
        if self._decoder_only:
            written = written[:, prompt.shape[1] :]
        texts = self.processor.batch_decode(written, skip_special_tokens=True)
        return [text.strip() for text in texts]


def start_blip2idc(
    config: Blip2idcConfig, captions: Sequence[str], device: torch.device
) -> Blip2idc:
    """What training starts from: a BLIP-2 with fresh additions, one to train whole, or a new one.

    Random weights follow from torch's seed.

    Raises:
        EngineError: the checkpoint cannot be loaded.
    """
    if config.new is not None:
        model, processor = new_blip2(
            config.new,
            captions,
            prompt=config.prompt,
            max_caption_tokens=config.max_caption_tokens,
        )
    else:
        model, processor = load_blip2(config.model, dtype=_dtype(config, device))
    if config.trainable == "lora":
        model = add_lora(model, config.lora)
    return Blip2idc(model, processor, config)


def load_blip2idc(folder: Path, config: Blip2idcConfig, device: torch.device) -> Blip2idc:
    """What training wrote to a folder.

    Raises:
        EngineError: the model or its adapter cannot be loaded.
    """
    if config.trainable == "all":
        model, processor = load_blip2(str(folder / MODEL), dtype=torch.float32)
        return Blip2idc(model.to(device), processor, config)
    model, processor = load_blip2(config.model, dtype=_dtype(config, device))
    try:
        adapted = PeftModel.from_pretrained(model, str(folder / ADAPTER))
    except (OSError, ValueError, RuntimeError) as error:
        raise EngineError(
            f"{folder / ADAPTER} does not fit {config.model}: {error}; train it again"
        ) from error
    return Blip2idc(adapted.to(device), processor, config)


def blur(pixels: Tensor, sigmas: Sequence[float | None]) -> Tensor:
    """A 3x3 Gaussian blur, each picture with its own sigma; None leaves one alone.

    Args:
        pixels: shape (b, 3, h, w).
        sigmas: in pixels, one a picture.
    """
    sigma = torch.tensor([s or 0.0 for s in sigmas]).clamp_min(1e-3)  # (b,)
    side = torch.exp(-0.5 / sigma**2)
    side, middle = (w.view(-1, 1, 1, 1) for w in (side / (1 + 2 * side), 1 / (1 + 2 * side)))
    padded = torch.nn.functional.pad(pixels, (1, 1, 1, 1), mode="reflect")
    across = middle * padded[..., 1:-1] + side * (padded[..., :-2] + padded[..., 2:])
    return middle * across[..., 1:-1, :] + side * (across[..., :-2, :] + across[..., 2:, :])


def _dtype(config: Blip2idcConfig, device: torch.device) -> torch.dtype:
    """bfloat16 for frozen weights on a GPU; weights that are trained stay float32."""
    frozen = config.trainable == "lora" and device.type == "cuda"
    return torch.bfloat16 if frozen else torch.float32


def _moments(image_processor: Any) -> tuple[Sequence[float], Sequence[float]]:
    return image_processor.image_mean, image_processor.image_std


def _padded(rows: Sequence[Sequence[int]], filler: int) -> Tensor:
    """Rows of ids as a tensor, filled up on the right, shape (rows, longest)."""
    longest = max(len(row) for row in rows)
    return torch.tensor([[*row, *[filler] * (longest - len(row))] for row in rows])
