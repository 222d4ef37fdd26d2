"""The files of a dataset that lies in a folder, or on the hub, from where they are fetched once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from syned.config import PairSource
from syned.errors import ConfigError, DataError


def folder_at(path: str) -> Path:
    """The folder that a path names.

    Raises:
        ConfigError: there is no such folder.
    """
    folder = Path(path).expanduser()
    if not folder.is_dir():
        raise ConfigError(f"path is {path!r}, which is not a folder (seen from {Path.cwd()})")
    return folder


def fetched_folder(config: PairSource, *, patterns: Sequence[str]) -> Path:
    """The folder of a dataset; of one on the hub, its copy in the hub's cache.

    Args:
        config: names a path or a dataset id.
        patterns: which files are fetched from the hub; files that are there are not fetched again.

    Raises:
        ConfigError: there is no such folder.
        DataError: the hub cannot be reached, or does not know the dataset.
    """
    if config.path:
        return folder_at(config.path)
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError

    dataset = str(config.dataset)
    connection_errors = (OSError, ValueError, *HfHubHTTPError.__bases__)
    try:
        return Path(
            snapshot_download(
                dataset,
                repo_type="dataset",
                revision=config.revision,
                allow_patterns=list(patterns),
            )
        )
    except connection_errors as error:
        lines = str(error).strip().splitlines() or [""]
        raise DataError(
            f"{dataset} cannot be fetched ({type(error).__name__}: {lines[0]}); check its name, "
            "`hf auth login` and the network, or point path at a folder with its files"
        ) from error
