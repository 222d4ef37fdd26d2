"""All settings of a run, a section for each stage."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from pydantic import field_validator

from syned.config.filter import FilterConfig
from syned.config.generate import GenerateConfig
from syned.config.paraphrase import ParaphraseConfig
from syned.config.publish import PublishConfig
from syned.config.source import KINDS_OF, SourceConfig
from syned.config.train_eval import TrainEvalConfig
from syned.settings import Settings, dotted_names, load_settings

_RUN_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9_-])?")


class RunConfig(Settings):
    """All settings of a run."""

    name: str
    """The name of the run's folder below the data directory. In a YAML file it is the name of the
    file unless it is given."""
    source: SourceConfig = SourceConfig()
    """What to edit: where images and instructions come from."""
    generate: GenerateConfig = GenerateConfig()
    """How many edits to make, with which editor."""
    paraphrase: ParaphraseConfig = ParaphraseConfig()
    """How instructions and captions are paraphrased."""
    filter: FilterConfig = FilterConfig()
    """What is measured on edits, and which of them are kept."""
    publish: PublishConfig = PublishConfig()
    """What the published dataset consists of."""
    train_eval: TrainEvalConfig = TrainEvalConfig()
    """Which captioners are trained on which pairs, and how they are compared."""

    @field_validator("name")
    @classmethod
    def _is_folder_name(cls, value: str) -> str:
        if not _RUN_NAME.fullmatch(value):
            raise ValueError(
                f"is {value!r}; a folder name of letters, digits, '.', '_' and '-' is expected"
            )
        return value


def load_config(path: Path, overrides: Sequence[str] = ()) -> RunConfig:
    """Read the config of a run.

    Args:
        path: a YAML file.
        overrides: "generate.steps=5"; values are read as YAML, those of text settings as they are.

    Raises:
        ConfigError: the file or an override cannot be used; every mistake is listed.
    """
    return load_settings(RunConfig, path, overrides)


def setting_of(field: str, source_kind: object) -> str | None:
    """The dotted name of the setting that decides a field of a fingerprint; None without one.

    Args:
        field: dotted, or a bare name, which is looked for among the settings of generate first.
        source_kind: of the run's source; not every kind reads every setting.
    """
    field = {"editor": "generate.editor", "editor.name": "generate.editor"}.get(field, field)
    names = list(dotted_names(RunConfig))
    found = next((n for n in (field, f"generate.{field}", f"source.{field}") if n in names), None)
    section, _, name = (found or "").partition(".")
    if section == "source" and source_kind not in KINDS_OF.get(name, (source_kind,)):
        return None
    return found
