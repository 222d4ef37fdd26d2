"""Find a checkpoint by its name: a folder, or a hub id that is resolved to one commit."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from syned.errors import EngineError
from syned.resources import bundled

BUNDLED = "bundled:"
"""Before the name of a model that comes with Syned."""

_MODEL_FILES = {".json", ".txt", ".safetensors", ".bin", ".model", ".jinja"}


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where a checkpoint is loaded from, and what it is called."""

    location: str
    """Hub id or folder."""
    name: str
    """Hub id, name of what a package carries, or "folder" (a path is nobody's name)."""
    revision: str
    """Commit on the hub, version of a package, or "sha256:..." of a folder's files."""

    @property
    def full_name(self) -> str:
        """With its revision, as in "allenai/Olmo-3-7B-Instruct@<commit>"."""
        return f"{self.name}@{self.revision}"

    @property
    def hub_revision(self) -> str | None:
        """What to ask the hub for; None for a folder."""
        return None if Path(self.location).is_dir() else self.revision


def find_checkpoint(
    name: str, *, what: str, marker: str, hint: str, instead: str, bundled_kind: str = ""
) -> Checkpoint:
    """Resolve a name, without loading any weights.

    Args:
        name: folder, hub id with an optional "@revision", or "bundled:NAME" where such a model
            comes with Syned.
        what: what is looked for, in an error's words: "editor".
        marker: the file that every such checkpoint has.
        hint: what a folder without it lacks, in an error's words.
        instead: what else can be named, in an error's words.
        bundled_kind: of the models that come with Syned: "editor" or "clip"; "" for none.

    Raises:
        ConfigError: no model of this name comes with Syned.
        EngineError: there is no such folder, or the hub does not know it or cannot be reached.
    """
    if bundled_kind and name.startswith(BUNDLED):
        folder = bundled(bundled_kind, name.removeprefix(BUNDLED))
        return Checkpoint(str(folder), name, folder_hash(folder))
    if Path(name).is_dir():
        if not (Path(name) / marker).is_file():
            raise EngineError(f"{name} has no {marker}, so it is no {what}; {hint}")
        return Checkpoint(name, "folder", folder_hash(Path(name)))
    if name.startswith((".", "/", "~")) or name.count("/") != 1:
        raise EngineError(
            f"{what} {name!r} is neither a folder nor a hub id; give OWNER/NAME or "
            f"OWNER/NAME@REVISION, or {instead}"
        )
    return _on_hub(name, what=what, marker=marker, instead=instead)


def folder_hash(folder: Path) -> str:
    """One hash over the files that decide what a model does: "sha256:" and 32 digits.

    A model's path says where it lies and not what it is.
    """
    total = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.suffix in _MODEL_FILES):
        total.update(path.relative_to(folder).as_posix().encode())
        with path.open("rb") as file:
            total.update(hashlib.file_digest(file, "sha256").digest())
    return f"sha256:{total.hexdigest()[:32]}"


def hash_where_local(name: str | None) -> str:
    """Hash of a checkpoint that lies on this machine; "" for a hub id, whose name says which it is.

    Args:
        name: as for `find_checkpoint`; None for a model that starts from nothing.

    Raises:
        ConfigError: no CLIP of this name comes with Syned.
    """
    if name is None:
        return ""
    if name.startswith(BUNDLED):
        return folder_hash(bundled("clip", name.removeprefix(BUNDLED)))
    return folder_hash(Path(name)) if Path(name).is_dir() else ""


def _on_hub(name: str, *, what: str, marker: str, instead: str) -> Checkpoint:
    """Resolve a hub id to the commit that its revision means now; offline, to the cached one."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    repository, _, revision = name.partition("@")
    try:
        folder = snapshot_download(repository, revision=revision or None, allow_patterns=marker)
    except LocalEntryNotFoundError as error:
        raise EngineError(
            f"{what} {name!r} is not on this machine and the Hugging Face hub cannot be reached; "
            f"connect to the network, or {instead}"
        ) from error
    except HfHubHTTPError as error:
        raise EngineError(
            f"{what} {name!r} cannot be had from the Hugging Face hub ({error}); check its name "
            "and revision, or log in with `hf auth login` if its owner has to grant access"
        ) from error
    return Checkpoint(repository, repository, Path(folder).name)
