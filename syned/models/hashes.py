"""What a folder with a model holds, as a hash: its path says where it lies, not what it is."""

from __future__ import annotations

import hashlib
from pathlib import Path

_MODEL_FILES = {".json", ".txt", ".safetensors", ".bin", ".model", ".jinja"}


def folder_hash(folder: Path) -> str:
    """One hash over the files that decide what a model does: "sha256:" and 32 digits."""
    total = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.suffix in _MODEL_FILES):
        total.update(path.relative_to(folder).as_posix().encode())
        with path.open("rb") as file:
            total.update(hashlib.file_digest(file, "sha256").digest())
    return f"sha256:{total.hexdigest()[:32]}"
