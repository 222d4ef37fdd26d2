"""Upload a dataset to the hub."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from syned.errors import RunError


class Hub(Protocol):
    """What is asked of the hub; `huggingface_hub.HfApi` does it."""

    def create_repo(self, repo_id: str, *, repo_type: str, private: bool, exist_ok: bool) -> object:
        """Make a repository; one that exists stays as it is."""

    def upload_folder(
        self,
        *,
        repo_id: str,
        folder_path: str,
        repo_type: str,
        commit_message: str,
        ignore_patterns: list[str],
        delete_patterns: list[str],
    ) -> object:
        """Upload a folder, and delete files of these patterns that it no longer has."""


def push(folder: Path, repository: str, *, private: bool, hub: Hub | None = None) -> str:
    """Upload a dataset, or what of it is not there yet; files of an earlier one are deleted.

    Args:
        folder: a whole dataset.
        repository: OWNER/NAME; made if it does not exist.
        private: whether only its owner sees a repository that is made.
        hub: the one to use in place of huggingface.co.

    Returns:
        The address of the dataset.

    Raises:
        RunError: the hub cannot be reached or refuses; the folder stays whole.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    # The last is the base error of the HTTP client that huggingface_hub uses, whichever that is.
    errors: tuple[type[Exception], ...] = (OSError, HFValidationError, *HfHubHTTPError.__bases__)
    hub = hub or HfApi(library_name="syned")
    try:
        url = hub.create_repo(repository, repo_type="dataset", private=private, exist_ok=True)
        hub.upload_folder(
            repo_id=repository,
            folder_path=str(folder),
            repo_type="dataset",
            commit_message="Publish with Syned",
            ignore_patterns=[".cache/**", "*.tmp-*"],
            delete_patterns=["data/*.parquet"],
        )
    except errors as error:
        raise RunError(
            f"{repository} could not be uploaded ({_first_line(error)}); {folder} is complete. Log "
            "in with `hf auth login` with a token that may write, unset HF_HUB_OFFLINE, and run "
            "the same command again: it goes on"
        ) from error
    return str(url)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
