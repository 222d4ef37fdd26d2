"""Where a checkpoint lies: a folder, or a hub id that is resolved to one commit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from syned.errors import EngineError
from syned.models.hashes import folder_hash


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


def find_checkpoint(name: str, *, what: str, marker: str, hint: str, instead: str) -> Checkpoint:
    """Resolve a name, without loading any weights.

    Args:
        name: folder, or hub id with an optional "@revision".
        what: what is looked for, in an error's words: "editor".
        marker: the file that every such checkpoint has.
        hint: what a folder without it lacks, in an error's words.
        instead: what else can be named, in an error's words.

    Raises:
        EngineError: there is no such folder, or the hub does not know it or cannot be reached.
    """
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


def _on_hub(name: str, *, what: str, marker: str, instead: str) -> Checkpoint:
    """Resolve a hub id to the commit that its revision means now; offline, to the cached one."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    repository, _, revision = name.partition("@")
    try:
        folder = snapshot_download(repository, revision=revision or None, allow_patterns=marker)
    except LocalEntryNotFoundError as error:
        raise EngineError(
            f"{what} {name!r} is not on this machine and the hub cannot be reached; connect, or "
            f"{instead}"
        ) from error
    except HfHubHTTPError as error:
        raise EngineError(
            f"the hub does not give out {what} {name!r} ({error}); check its name and revision, "
            "or log in with `hf auth login` where it is gated"
        ) from error
    return Checkpoint(repository, repository, Path(folder).name)
