"""What a run may be told. Defaults live here and nowhere else."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from syned.settings import Settings, dotted_names, load_settings

Scale = float | tuple[float, float]
"""A guidance scale, or the range (low, high) from which each edit draws its own."""

_RUN_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9_-])?")
_DEVICE = re.compile(r"auto|cpu|mps|cuda(?::\d+)?")
_KINDS_OF = {
    "path": ("folder", "hub"),
    "instruction": ("folder",),
    "instructions_file": ("folder",),
    "dataset": ("hub",),
    "subset": ("hub",),
    "revision": ("hub",),
    "columns": ("folder", "hub"),
}
"""Settings that only some kinds of source read."""


class SourceConfig(Settings):
    """What to edit: where images and instructions come from."""

    kind: Literal["shapes", "folder", "hub"] = "shapes"
    split: str = Field(default="train", min_length=1)
    """shapes: train, validation or test; hub: the name of the dataset's split."""
    seed: int = Field(default=0, strict=True)
    """shapes: which world; another seed has other scenes."""
    limit: int | None = Field(default=None, ge=1, strict=True)
    """Source rows to read at most; None for all."""
    image_size_px: int = Field(default=512, ge=8, multiple_of=8, strict=True)
    """Longest side of the image that the editor is given, a multiple of 8."""
    path: str | None = Field(default=None, validate_default=True)
    """folder: where the images are; hub: a folder of Parquet files in place of a dataset id."""
    instruction: str | None = None
    """folder: one instruction for every image."""
    instructions_file: str | None = None
    """folder: a text file, one instruction a line, every one applied to every image."""
    dataset: str | None = Field(default=None, validate_default=True)
    """hub: the dataset id."""
    subset: str | None = None
    """hub: the name of the dataset's config."""
    revision: str | None = None
    """hub: a commit, branch or tag."""
    columns: dict[str, str] = Field(default={})
    """Syned's name for a column -> the dataset's; goes before the names that Syned knows."""
    licence: str | None = None
    """What the data may be used for, where the source does not say: "cc-by-4.0"."""

    @field_validator(*_KINDS_OF)
    @classmethod
    def _fits_kind(cls, value: object, info: ValidationInfo) -> object:
        kind, name = info.data.get("kind"), info.field_name or ""
        if value and kind is not None and kind not in _KINDS_OF[name]:
            kinds = " or ".join(_KINDS_OF[name])
            raise ValueError(f"is {value!r}, but source kind {kind} does not read it; use {kinds}")
        return value

    @field_validator("path")
    @classmethod
    def _folder_has_path(cls, value: str | None, info: ValidationInfo) -> str | None:
        if not value and info.data.get("kind") == "folder":
            raise ValueError("is missing; source kind folder needs the folder of its images")
        return value

    @field_validator("instructions_file")
    @classmethod
    def _one_way_to_instruct(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and info.data.get("instruction") is not None:
            raise ValueError(f"is {value!r} although instruction is set too; give one of the two")
        return value

    @field_validator("dataset")
    @classmethod
    def _hub_has_data(cls, value: str | None, info: ValidationInfo) -> str | None:
        if not value and info.data.get("kind") == "hub" and not info.data.get("path"):
            raise ValueError("is missing; source kind hub needs a dataset id, or a path")
        return value


class GenerateConfig(Settings):
    """How many edits to make, by which editor, with which settings."""

    n: int = Field(default=256, ge=1, strict=True)
    """Edits to plan; raising it later only adds edits."""
    editor: str = Field(default="timbrooks/instruct-pix2pix", min_length=1)
    """A hub id (`id@revision`), a diffusers folder, "bundled:shapes" or "fake"."""
    scheduler: str | None = Field(default="UniPCMultistepScheduler", min_length=1)
    """A diffusers class name; None for the checkpoint's own."""
    steps: int = Field(default=20, ge=1, strict=True)
    """Denoising steps."""
    guidance_scale: Scale = 7.5
    """How much the instruction counts; a number >= 0, or a range to draw from."""
    image_guidance_scale: Scale = 1.5
    """How much the source image counts; a number >= 0, or a range to draw from."""
    seed: int = Field(default=0, strict=True)
    """Enters every edit id, and by it the seed of every edit."""
    batch_size: int = Field(default=16, ge=1, strict=True)
    """Edits that the editor makes at once."""
    shard_rows: int = Field(default=64, ge=1, strict=True)
    """Edits in a shard at most; what a kill can cost."""
    device: str = "auto"
    """auto, cpu, cuda, cuda:N or mps."""
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    retry_failed: bool = Field(default=False, strict=True)
    """Whether to make failed edits again."""

    @field_validator("guidance_scale", "image_guidance_scale", mode="before")
    @classmethod
    def _is_scale(cls, value: Any) -> object:
        pair = isinstance(value, list | tuple) and len(value) == 2
        numbers = [_finite(v) for v in value] if pair else [_finite(value)]
        if any(number is None or number < 0 for number in numbers):
            raise ValueError(f"is {value!r}; a number >= 0 or a range [low, high] is expected")
        if numbers != sorted(numbers, key=lambda number: number or 0):
            raise ValueError(f"is {value!r}; a range goes from low to high")
        return tuple(numbers) if len(numbers) == 2 else numbers[0]

    @field_validator("device")
    @classmethod
    def _is_device(cls, value: str) -> str:
        return _checked_device(value)


class ParaphraseConfig(Settings):
    """How many paraphrases of every text, by which language model, how strictly judged."""

    paraphrases: int = Field(default=4, ge=1, strict=True)
    """Accepted paraphrases of a text; with the text itself there are 5 references, as in IDC."""
    limit: int | None = Field(default=None, ge=1, strict=True)
    """Texts to paraphrase at most, in the order of the plan; None for all."""
    engine: Literal["vllm", "server", "transformers", "fake"] = "vllm"
    """vllm: in a process of its own; server: an OpenAI-compatible one; fake: no model."""
    model: str = Field(default="allenai/Olmo-3-7B-Instruct", min_length=1)
    """A hub id (`id@revision`), a folder, "smollm2", or for a server the name it knows."""
    url: str | None = None
    """server: where it is, "http://127.0.0.1:8000/v1"."""
    api_key_variable: str = Field(default="OPENAI_API_KEY", min_length=1)
    """server: the environment variable that holds the key; the key itself is never written."""
    serve: bool = Field(default=False, strict=True)
    """server: start `vllm serve` for this command, and stop it at the end."""
    python: str | None = None
    """vllm, serve: the Python of the environment that vLLM is installed in; None for this one."""
    vllm_options: dict[str, Any] = Field(default={})
    """vllm, serve: engine arguments, such as max_model_len or gpu_memory_utilization."""
    instruction_prompt: str = Field(default="paraphrase_instruction", min_length=1)
    """A prompt that comes with Syned, or a file."""
    caption_prompt: str = Field(default="paraphrase_caption", min_length=1)
    answers: int = Field(default=8, ge=1, strict=True)
    """Answers to one request; more than are wanted, since some are rejected."""
    rounds: int = Field(default=3, ge=1, strict=True)
    """How often a text is asked for at most."""
    temperature: float = Field(default=0.9, gt=0, le=2)
    top_p: float = Field(default=0.95, gt=0, le=1)
    max_new_tokens: int = Field(default=64, ge=8, strict=True)
    similarity_model: str = Field(default="sentence-transformers/all-MiniLM-L6-v2", min_length=1)
    """A sentence-transformers model (hub id or folder), or "minilm"."""
    similarity_threshold: float = Field(default=0.86, ge=-1, le=1)
    """Least cosine of a paraphrase and its original."""
    word_threshold: float = Field(default=0.45, ge=-1, le=1)
    """Least cosine of an object's word and its counterpart in the paraphrase."""
    in_flight: int = Field(default=64, ge=1, strict=True)
    """server: requests at a time."""
    timeout_seconds: float = Field(default=120.0, gt=0)
    """server: for one reply."""
    retries: int = Field(default=6, ge=0, strict=True)
    """server: of a request that was answered with 429 or 5xx, or not at all."""
    batch_size: int = Field(default=8, ge=1, strict=True)
    """transformers: requests at a time."""
    device: str = "auto"
    """transformers: auto, cpu, cuda, cuda:N or mps."""
    shard_rows: int = Field(default=256, ge=1, strict=True)
    """Texts in a shard at most."""
    answers_file: str | None = None
    """A store of answers that runs share; None for the run's own."""

    @field_validator("device")
    @classmethod
    def _is_device(cls, value: str) -> str:
        return _checked_device(value)


class RunConfig(Settings):
    """All settings of a run."""

    name: str
    """The run's folder under the data directory; in a YAML file, the file's name by default."""
    source: SourceConfig = SourceConfig()
    generate: GenerateConfig = GenerateConfig()
    paraphrase: ParaphraseConfig = ParaphraseConfig()

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
    if section == "source" and source_kind not in _KINDS_OF.get(name, (source_kind,)):
        return None
    return found


def _checked_device(value: str) -> str:
    if not _DEVICE.fullmatch(value):
        raise ValueError(f"is {value!r}; one of auto, cpu, cuda, cuda:N, mps is expected")
    return value


def _finite(value: object) -> float | None:
    """A finite number, also as text, since YAML reads 1e1 as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
