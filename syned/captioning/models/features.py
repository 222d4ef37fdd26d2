"""Compute patch features of images with a frozen encoder, once, and keep them on disk."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from transformers import AutoImageProcessor, AutoModel

from syned.captioning.data.pairs import PairSet
from syned.errors import EngineError
from syned.models.checkpoints import find_checkpoint
from syned.run.atomic import write_atomically

BLOCK_IMAGES = 1024
"""Images of a block of features at most; what a kill can cost."""

Say = Callable[[str], None]


class ImageEncoder:
    """The vision tower of a CLIP or SigLIP, or a DINO, frozen.

    Args:
        name: hub id with an optional "@revision", folder, or "bundled:NAME".
        device: to compute on.
        batch_size: images encoded at once.

    Raises:
        EngineError: there is none of this name, or it encodes no images.
    """

    def __init__(self, name: str, *, device: torch.device, batch_size: int) -> None:
        self.name, self._device, self._batch_size = name, device, batch_size
        found = find_checkpoint(
            name,
            what="image encoder",
            marker="config.json",
            hint="save_pretrained of a transformers model writes one",
            instead="name a folder or bundled:shapes",
            bundled_kind="clip",
        )
        at = {"revision": found.hub_revision}
        try:
            processor = AutoImageProcessor.from_pretrained(found.location, **at)
            model = AutoModel.from_pretrained(found.location, **at, dtype=torch.float32)
        except (OSError, ValueError, KeyError) as error:
            raise EngineError(
                f"image encoder {name!r} cannot be loaded: {error}; a CLIP, SigLIP or DINO is a "
                "hub id such as openai/clip-vit-base-patch32, or a folder with its config.json, "
                "weights and preprocessor_config.json"
            ) from error
        self._model = getattr(model, "vision_model", model).to(device).eval()
        self._processor = processor
        self._side = _side(processor)
        self.key = self._hash()

    @torch.no_grad()
    def encode(self, images: Sequence[Image.Image]) -> NDArray[np.float16]:
        """The last layer's tokens of each image, shape (images, tokens, d).

        Images are brought to the encoder's square whole: what a crop cuts off may have changed.
        """
        rows = []
        for begin in range(0, len(images), self._batch_size):
            pixels = self._pixels(images[begin : begin + self._batch_size])
            rows.append(self._model(pixel_values=pixels.to(self._device)).last_hidden_state)
        features: NDArray[np.float32] = torch.cat(rows).float().cpu().numpy()
        return features.astype(np.float16)

    def _pixels(self, images: Sequence[Image.Image]) -> Tensor:
        square = [
            image.convert("RGB").resize((self._side, self._side), Image.Resampling.BICUBIC)
            for image in images
        ]
        whole = {"do_resize": False, "do_center_crop": False, "return_tensors": "pt"}
        pixels: Tensor = self._processor(square, **whole)["pixel_values"]
        return pixels

    def _hash(self) -> str:
        """One hash over what decides the features, wherever it was loaded from."""
        total = hashlib.sha256(repr((self._side, self._processor.image_mean)).encode())
        for name, tensor in sorted(self._model.state_dict().items()):
            total.update(name.encode() + tensor.cpu().contiguous().numpy().tobytes())
        return total.hexdigest()[:24]


class FeatureStore:
    """Features of images, found by the images' pixels; many trainings may share one.

    A block is `<hash>.npy` with the keys of its rows in `<hash>.txt`, which is written first.

    Args:
        folder: where blocks lie; made when the first is written.
        encoder: makes what is not there yet.
    """

    def __init__(self, folder: Path, encoder: ImageEncoder) -> None:
        self._folder, self._encoder = folder / encoder.key, encoder
        self._places: dict[str, tuple[NDArray[np.float16], int]] = {}
        for file in sorted(self._folder.glob("*.npy")):
            self._open_block(file)

    def reader(self, pairs: PairSet, say: Say) -> Callable[[int], NDArray[np.float16]]:
        """Features of a pair by its number, source image first, shape (2, tokens, d).

        All that is missing is computed before this returns.
        """
        keys: list[tuple[str, ...]] = []
        waiting: dict[str, Image.Image] = {}
        for index in range(len(pairs.infos)):
            images = pairs.images(index)
            keys.append(tuple(image_key(image) for image in images))
            for key, image in zip(keys[-1], images, strict=True):
                if key not in self._places:
                    waiting[key] = image
            if len(waiting) >= BLOCK_IMAGES:
                self._add_block(waiting)
                say(f"image features: {index + 1:,} of {len(pairs.infos):,} pairs")
                waiting = {}
        if waiting:
            self._add_block(waiting)
        return lambda index: np.stack([self._row(key) for key in keys[index]])

    def _row(self, key: str) -> NDArray[np.float16]:
        block, row = self._places[key]
        features: NDArray[np.float16] = block[row]
        return features

    def _add_block(self, images: dict[str, Image.Image]) -> None:
        features = self._encoder.encode(list(images.values()))
        name = hashlib.sha256("\n".join(images).encode()).hexdigest()[:24]
        write_atomically(self._folder / f"{name}.txt", "\n".join(images).encode())
        data = io.BytesIO()
        np.save(data, features)
        write_atomically(self._folder / f"{name}.npy", data.getvalue())
        self._open_block(self._folder / f"{name}.npy")

    def _open_block(self, file: Path) -> None:
        block = np.load(file, mmap_mode="r")
        for row, key in enumerate(file.with_suffix(".txt").read_text().splitlines()):
            self._places[key] = (block, row)


def image_key(image: Image.Image) -> str:
    """Hash of the pixels."""
    pixels = image.convert("RGB")
    return hashlib.sha256(repr(pixels.size).encode() + pixels.tobytes()).hexdigest()[:32]


def _side(processor: Any) -> int:
    """The square that the encoder was trained on, in pixels."""
    size = getattr(processor, "crop_size", None) or processor.size
    return int(size.get("height") or size.get("shortest_edge"))
