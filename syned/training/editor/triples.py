"""Read (source image, instruction, edited image) triples, and encode them for training.

The autoencoder is frozen, so each picture is encoded once, before training, and kept as latents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from diffusers import AutoencoderKL
from PIL import Image
from torch import Tensor

from syned.errors import DataError
from syned.run.records import SourceRecord


@dataclass(frozen=True, slots=True)
class Triples:
    """Encoded triples, in memory.

    Shape notation:
        - n: triples
        - c: latent channels
        - h, w: latent height and width
    """

    source_latents: Tensor
    """Unscaled, as InstructPix2Pix is given them; float16, shape (n, c, h, w)."""
    edited_latents: Tensor
    """Scaled by the autoencoder's factor; float16, shape (n, c, h, w)."""
    instructions: list[str]

    def __len__(self) -> int:
        return len(self.instructions)


def square_pixels(image: Image.Image, size_px: int) -> Tensor:
    """The middle square of an image in [-1, 1], shape (3, size_px, size_px)."""
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    square = image.convert("RGB").crop((left, top, left + side, top + side))
    if side != size_px:
        square = square.resize((size_px, size_px), Image.Resampling.LANCZOS)
    return torch.from_numpy(np.asarray(square).copy()).permute(2, 0, 1).float() / 127.5 - 1


def usable(records: Iterable[SourceRecord]) -> Iterator[SourceRecord]:
    """Records with both images and an instruction."""
    return (
        r
        for r in records
        if not r.reason and r.image is not None and r.edited_image is not None and r.instruction
    )


@torch.no_grad()
def encode_triples(
    records: Iterable[SourceRecord],
    autoencoder: AutoencoderKL,
    *,
    count: int,
    size_px: int,
    batch_size: int,
    report: Callable[[int], None],
) -> Triples:
    """Encode up to `count` usable records; `report` hears how many are done.

    Raises:
        DataError: there is none.
    """
    source: list[Tensor] = []
    edited: list[Tensor] = []
    instructions: list[str] = []
    device, dtype = autoencoder.device, autoencoder.dtype
    pending = islice(usable(records), count)
    while batch := list(islice(pending, batch_size)):
        pictures = [r.image for r in batch] + [r.edited_image for r in batch]
        pixels = torch.stack([square_pixels(p, size_px) for p in pictures if p is not None])
        latents = autoencoder.encode(pixels.to(device, dtype)).latent_dist.mode().cpu()
        source.append(latents[: len(batch)].half())
        edited.append((latents[len(batch) :] * autoencoder.config.scaling_factor).half())
        instructions += [r.instruction for r in batch]
        report(len(instructions))
    if not instructions:
        raise DataError(
            "no row of the source has a source image, an instruction and an edited image; an "
            "editor is trained on all three, so name a source that has them"
        )
    return Triples(torch.cat(source), torch.cat(edited), instructions)
