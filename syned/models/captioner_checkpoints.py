"""Where a captioner's checkpoint lies, and which one it is."""

from __future__ import annotations

from pathlib import Path

from syned.models.hashes import folder_hash
from syned.resources import bundled

_BUNDLED = "bundled:"


def locate(name: str) -> tuple[str, str | None]:
    """Folder or hub id, and the revision after its "@"; None without one.

    Args:
        name: hub id with an optional "@revision", folder, or "bundled:NAME" for a CLIP.

    Raises:
        ConfigError: none of this name comes with Syned.
    """
    if name.startswith(_BUNDLED):
        return str(bundled("clip", name.removeprefix(_BUNDLED))), None
    if Path(name).is_dir():
        return name, None
    location, _, revision = name.partition("@")
    return location, revision or None


def checkpoint_hash(name: str | None) -> str:
    """Hash of what lies in a checkpoint's folder; "" for a hub id, whose name says which it is.

    Args:
        name: as `locate` takes it; None for a model that starts from nothing.
    """
    if name is None:
        return ""
    folder = Path(locate(name)[0])
    return folder_hash(folder) if folder.is_dir() else ""
