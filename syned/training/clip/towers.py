"""A new CLIP with random weights: its two towers, tokenizer and image processor.

Shape notation:
    - n: images or texts
    - h, w: height and width
    - d: embedding width
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import deepcopy
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import normalize
from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel, CLIPProcessor, CLIPTokenizer

from syned.config.training import ClipTraining
from syned.training.tokenizer import train_clip_tokenizer

_ACTIVATION = "gelu"
"""CLIP's own quick_gelu takes four times as long on a CPU."""


class Towers:
    """A CLIP in training.

    Args:
        settings: its sizes and device.
        texts: what its tokenizer should be short for.
        device: where it is trained.
    """

    def __init__(self, settings: ClipTraining, texts: Iterable[str], device: torch.device) -> None:
        text, side = settings.text_tower, settings.image_size_px
        tokenizer = train_clip_tokenizer(texts, merges=text.merges, max_tokens=text.max_tokens)
        images = CLIPImageProcessorPil(
            size={"shortest_edge": side}, crop_size={"height": side, "width": side}
        )
        self.processor = CLIPProcessor(images, tokenizer)
        self.model = CLIPModel(_config(settings, tokenizer)).to(device)
        self.device = device
        self._mean, self._deviation = (
            torch.tensor(values, device=device).view(3, 1, 1)
            for values in (images.image_mean, images.image_std)
        )

    def images(self, pixels: NDArray[np.uint8]) -> Tensor:
        """Embeddings of length 1 of images (n, h, w, 3), shape (n, d)."""
        values = torch.from_numpy(pixels).to(self.device).permute(0, 3, 1, 2) / 255
        normal = (values - self._mean) / self._deviation  # (n, 3, h, w), as the processor does
        return normalize(self.model.get_image_features(pixel_values=normal).pooler_output, dim=1)

    def texts(self, texts: Sequence[str]) -> Tensor:
        """Embeddings of length 1, shape (n, d)."""
        tokens = self.processor.tokenizer(
            list(texts), padding="longest", truncation=True, return_tensors="pt"
        ).to(self.device)
        return normalize(self.model.get_text_features(**tokens).pooler_output, dim=1)

    def save(self, folder: Path, dtype: torch.dtype) -> None:
        """Write an ordinary CLIP folder, with weights in the given precision."""
        deepcopy(self.model).to(dtype).save_pretrained(folder)
        self.processor.save_pretrained(folder)


def _config(settings: ClipTraining, tokenizer: CLIPTokenizer) -> CLIPConfig:
    text, image = settings.text_tower, settings.image_tower
    return CLIPConfig(
        text_config={
            "vocab_size": len(tokenizer),
            "max_position_embeddings": text.max_tokens,
            "hidden_size": text.width,
            "intermediate_size": 4 * text.width,
            "num_hidden_layers": text.layers,
            "num_attention_heads": text.heads,
            "hidden_act": _ACTIVATION,
            "pad_token_id": tokenizer.pad_token_id,
            "bos_token_id": tokenizer.bos_token_id,
            "eos_token_id": tokenizer.eos_token_id,
        },
        vision_config={
            "image_size": settings.image_size_px,
            "patch_size": image.patch_px,
            "hidden_size": image.width,
            "intermediate_size": 4 * image.width,
            "num_hidden_layers": image.layers,
            "num_attention_heads": image.heads,
            "hidden_act": _ACTIVATION,
        },
        projection_dim=settings.embedding_width,
    )
