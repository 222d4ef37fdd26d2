"""Compute the id of an edit, and from the id its seed and its guidance scales."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from syned.config import Scale
from syned.run.records import Request


def edit_id(
    source_id: str, instruction: str, variant_index: int, settings: Mapping[str, object]
) -> str:
    """The name of an edit: what it is made from, hashed to 32 hexadecimal characters.

    Args:
        source_id: of the source image.
        instruction: what is asked for.
        variant_index: from 0.
        settings: whatever else shapes the result; plain values.
    """
    return _hash([source_id, instruction, variant_index, dict(settings)])


def seed_of(edit_id: str) -> int:
    """The seed of an edit, in [0, 2**63)."""
    return _bits(edit_id, "seed") >> 1


def draw_scale(scale: Scale, edit_id: str, which: str) -> float:
    """The guidance scale of an edit.

    Args:
        scale: a number, or the range (low, high) to draw from.
        edit_id: decides what is drawn.
        which: the name of the scale, so that the two of an edit are drawn apart.

    Returns:
        The number itself; or one in the range, all equally likely, rounded to 2 decimals.
    """
    if not isinstance(scale, tuple):
        return float(scale)
    low, high = scale
    drawn = round(low + (high - low) * _bits(edit_id, which) / 2**64, 2)
    return min(max(drawn, low), high)


@dataclass(frozen=True, slots=True)
class Ids:
    """Gives requests their ids, and what follows from those."""

    settings: Mapping[str, object]
    """What shapes an edit besides image, instruction and variant; part of every id."""
    scales: tuple[Scale, Scale]
    """Guidance scale and image guidance scale."""

    def give(self, request: Request) -> Request:
        """The request with its id, seed and scales."""
        name = edit_id(request.source_id, request.instruction, request.variant_index, self.settings)
        if request.status == "failed":  # may share image and instruction with a planned one
            name = _hash([name, request.key])
        return replace(
            request,
            edit_id=name,
            seed=seed_of(name),
            guidance_scale=draw_scale(self.scales[0], name, "guidance_scale"),
            image_guidance_scale=draw_scale(self.scales[1], name, "image_guidance_scale"),
        )


def _hash(values: list[object]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:32]


def _bits(edit_id: str, which: str) -> int:
    """64 bits that follow from an edit and a name."""
    return int.from_bytes(hashlib.sha256(f"{edit_id}/{which}".encode()).digest()[:8])
