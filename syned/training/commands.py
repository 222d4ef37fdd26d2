"""The training command: a config file in, a folder out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from syned.config import SourceConfig
from syned.records import SourceRecord
from syned.settings import load_settings
from syned.sources import open_source
from syned.training.editor import train_editor
from syned.training.settings import EditorTraining


def run_editor_training(config: Path, overrides: Sequence[str], say: Callable[[str], None]) -> Path:
    """Train an editor as a config says; returns the folder of the finished pipeline."""
    settings = load_settings(EditorTraining, config, overrides)
    return train_editor(settings, lambda split: _records(settings.source, split), say=say)


def _records(source: SourceConfig, split: str) -> Iterator[SourceRecord]:
    return open_source(source.model_copy(update={"split": split})).records(0)
