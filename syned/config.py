"""What a run may be told: typed settings from a YAML file, with overrides from the command line.

Defaults live here and nowhere else. Whatever is wrong with a config is said in one ConfigError that
lists every mistake, with the nearest name for a setting that does not exist.
"""

from __future__ import annotations

import difflib
import math
import re
import types
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from syned import resources
from syned.errors import ConfigError

M = TypeVar("M", bound=BaseModel)

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


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SourceConfig(_Settings):
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
    columns: dict[str, str] = {}
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


class GenerateConfig(_Settings):
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
        if not _DEVICE.fullmatch(value):
            raise ValueError(f"is {value!r}; one of auto, cpu, cuda, cuda:N, mps is expected")
        return value


class RunConfig(_Settings):
    """All settings of a run."""

    name: str
    """The run's folder under the data directory; in a YAML file, the file's name by default."""
    source: SourceConfig = SourceConfig()
    generate: GenerateConfig = GenerateConfig()

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


def load_settings(
    model: type[M], path: Path, overrides: Sequence[str] = (), *, section: str | None = None
) -> M:
    """Read a YAML file, or one section of it, with overrides as settings of any kind.

    See `load_config`.
    """
    values = _read_yaml(path)
    if section is not None:
        values = values.get(section) or {}
    for override in overrides:
        _override(model, values, override)
    for name, field in model.model_fields.items():
        if values.get(name, ...) is None and _model_of(field.annotation):
            values[name] = {}  # a section with every line commented out
    if "name" in model.model_fields:
        values.setdefault("name", path.stem)
    return validate(model, values, str(path))


def find_config(name: str) -> Path:
    """The file of a config: one that comes with Syned by its name, or any by its path.

    Raises:
        ConfigError: there is no such config.
    """
    if Path(name).suffix in (".yaml", ".yml"):
        return Path(name)
    return resources.config_path(name)


def validate(model: type[M], values: Mapping[str, Any], where: str) -> M:
    """Turn plain values into settings.

    Args:
        model: the settings' class.
        values: as read from YAML.
        where: what the error message begins with, the config's file.

    Raises:
        ConfigError: values are wrong or unknown; one line each, all of them.
    """
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        mistakes = [_sentence(model, details) for details in error.errors()]
    if len(mistakes) == 1:
        raise ConfigError(f"{where}: {mistakes[0]}")
    raise ConfigError("\n  ".join([f"{where}: {len(mistakes)} errors", *mistakes]))


def setting_of(field: str, source_kind: object) -> str | None:
    """The dotted name of the setting that decides a field of a fingerprint; None without one.

    Args:
        field: dotted, or a bare name, which is looked for among the settings of generate first.
        source_kind: of the run's source; not every kind reads every setting.
    """
    field = {"editor": "generate.editor", "editor.name": "generate.editor"}.get(field, field)
    names = list(_dotted_names(RunConfig))
    found = next((n for n in (field, f"generate.{field}", f"source.{field}") if n in names), None)
    section, _, name = (found or "").partition(".")
    if section == "source" and source_kind not in _KINDS_OF.get(name, (source_kind,)):
        return None
    return found


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path} is not there; {_nearest_config(path.stem)}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    except yaml.MarkedYAMLError as error:
        raise ConfigError(f"{path} is not YAML: {_yaml_problem(error)}") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path} is not YAML: {error}") from error
    if values is None:
        return {}
    if not isinstance(values, dict):
        kind = type(values).__name__
        raise ConfigError(f"{path} holds a {kind}; settings are expected, such as `name: shapes`")
    return values


def _yaml_problem(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark
    place = "" if mark is None else f"line {mark.line + 1}, column {mark.column + 1}: "
    return f"{place}{error.problem or error.context}"


def _nearest_config(name: str) -> str:
    names = resources.config_names()
    close = difflib.get_close_matches(name, names, n=1)
    return f"did you mean {close[0]!r}?" if close else f"Syned comes with {', '.join(names)}"


def _override(model: type[BaseModel], values: dict[str, Any], override: str) -> None:
    """Put one "a.b=c" into the values."""
    dotted, equals, text = override.partition("=")
    names = dotted.strip().split(".")
    if not equals or not all(names):
        raise ConfigError(
            f"--set {override!r} is not of the form name=value, as in generate.steps=20"
        )
    value = _override_value(_annotation(model, names), text.strip(), override)
    for name in names[:-1]:
        if values.get(name) is None:
            values[name] = {}
        values = values[name]
        if not isinstance(values, dict):
            raise ConfigError(f"--set {override!r}: {name} is a value and has no settings in it")
    values[names[-1]] = value


def _override_value(annotation: object, text: str, override: str) -> object:
    """YAML, except that a text setting takes the text as it stands: 2024, #1, "a: b"."""
    is_text = annotation is str or str in get_args(annotation)
    quoted = len(text) >= 2 and text[0] == text[-1] and text[0] in "'\""
    if is_text and not quoted:
        none = annotation is not str and text in ("", "null", "~")
        return None if none else text
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        raise ConfigError(f"--set {override!r}: {text!r} is not a YAML value") from None


def _annotation(model: type[BaseModel], names: Sequence[str]) -> object:
    """The type of a setting; None for one that does not exist."""
    annotation: object = model
    for name in names:
        inner = _model_of(annotation)
        if inner is not None:
            field = inner.model_fields.get(name)
            annotation = None if field is None else field.annotation
        elif get_origin(annotation) is dict:
            annotation = get_args(annotation)[1]
        else:
            return None
    return annotation


def _model_of(annotation: object) -> type[BaseModel] | None:
    """The settings class in `Settings` or `Settings | None`."""
    parts = get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else ()
    for part in parts or (annotation,):
        if isinstance(part, type) and issubclass(part, BaseModel):
            return part
    return None


def _sentence(model: type[BaseModel], details: Mapping[str, Any]) -> str:
    """One mistake in words."""
    dotted = ".".join(str(part) for part in details["loc"]) or "it"
    kind, found, limits = details["type"], details["input"], details.get("ctx", {})
    if kind == "extra_forbidden":
        return f"{dotted} is not a setting; {_nearest_setting(model, dotted)}"
    if kind == "missing":
        return f"{dotted} is missing; it has no default"
    if kind == "value_error":
        return f"{dotted} {limits['error']}"
    return f"{dotted} is {found!r}; {_expected(kind, limits, details['msg'])}"


def _expected(kind: str, limits: Mapping[str, Any], message: str) -> str:
    sentences = {
        "greater_than_equal": "at least {ge} is needed",
        "greater_than": "more than {gt} is needed",
        "less_than_equal": "at most {le} is allowed",
        "less_than": "less than {lt} is allowed",
        "multiple_of": "a multiple of {multiple_of} is needed",
        "literal_error": "one of {expected} is expected",
        "string_too_short": "some text is expected",
        "string_type": "text is expected; put it in quotes",
        "bool_type": "true or false is expected",
        "model_type": "settings are expected, as `name: value` lines",
    }
    if kind in sentences:
        return sentences[kind].format(**limits)
    if kind.startswith("int_"):
        return "a whole number is expected"
    if kind.startswith("float_"):
        return "a number is expected"
    return message[:1].lower() + message[1:]


def _nearest_setting(model: type[BaseModel], dotted: str) -> str:
    """Beside it first, then anywhere: `steps` at the top is meant as `generate.steps`."""
    *parents, name = dotted.split(".")
    section = ".".join(parents)
    names = list(_dotted_names(model))
    siblings = [other for other in names if other.rpartition(".")[0] == section]
    for group in (siblings, names):
        leaves = {other.rpartition(".")[2]: other for other in reversed(group)}
        close = difflib.get_close_matches(name, leaves, n=1)
        if close:
            return f"did you mean {leaves[close[0]]}?"
    return f"there are {', '.join(siblings or names)}"


def _dotted_names(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield prefix + name
        inner = _model_of(field.annotation)
        if inner is not None:
            yield from _dotted_names(inner, f"{prefix}{name}.")


def _finite(value: object) -> float | None:
    """A finite number, also as text, since YAML reads 1e1 as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
