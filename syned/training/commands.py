"""What `syned train-editor` and `syned train-clip` do: a config file in, a folder out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from syned.config import SourceConfig
from syned.config.training import ClipTraining, EditorTraining
from syned.run.records import SourceRecord
from syned.settings import load_settings
from syned.sources import open_source
from syned.training.clip.train import measure_clip, train_clip
from syned.training.editor.train import train_editor


def run_editor_training(config: Path, overrides: Sequence[str], say: Callable[[str], None]) -> Path:
    """Train an editor as a config says; returns the folder of the finished pipeline."""
    settings = load_settings(EditorTraining, config, overrides)
    return train_editor(settings, lambda split: _records(settings.source, split), say=say)


def run_clip_training(
    config: Path, overrides: Sequence[str], say: Callable[[str], None], *, check: str | None = None
) -> Path:
    """Train a CLIP as a config says, or measure one; returns its folder.

    Args:
        config: of the training.
        overrides: settings in place of the config's.
        say: told in plain words what happens.
        check: the CLIP to measure on the validation split instead of training one.
    """
    settings = load_settings(ClipTraining, config, overrides)

    def records(split: str, start: int) -> Iterator[SourceRecord]:
        return _records(settings.source, split, start)

    if check is None:
        return train_clip(settings, records, say=say)
    measure_clip(check, settings, records, say=say)
    return Path(check)


def _records(source: SourceConfig, split: str, start: int = 0) -> Iterator[SourceRecord]:
    return open_source(source.model_copy(update={"split": split})).records(start)
