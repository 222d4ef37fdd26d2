"""What a set of pairs holds, as a hash, so that a result can say what it came from."""

from __future__ import annotations

import hashlib
import json
from dataclasses import astuple

from syned.captioning.data.pairs import PairSet

PICTURES_HASHED = 2_000
"""Pairs whose pixels enter the hash at most, spread evenly: reading all would take hours of a
large set. Ids and references of all enter."""


def content_hash(pairs: PairSet) -> str:
    """Hash of a set's ids, references, tasks and pictures, in their order.

    Raises:
        DataError: a picture cannot be read.
    """
    count = len(pairs.infos)
    digest = hashlib.sha256(json.dumps([astuple(info) for info in pairs.infos]).encode())
    for step in range(min(count, PICTURES_HASHED)):
        for image in pairs.images(step * count // min(count, PICTURES_HASHED)):
            digest.update(f"{image.mode}{image.size}".encode())
            digest.update(image.tobytes())
    return digest.hexdigest()
