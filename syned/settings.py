"""Typed settings from a YAML file, with overrides from the command line.

Whatever is wrong is said in one ConfigError that lists every mistake, with the nearest name for a
setting that does not exist.
"""

from __future__ import annotations

import difflib
import types
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from syned import resources
from syned.errors import ConfigError

M = TypeVar("M", bound=BaseModel)


class Settings(BaseModel):
    """Settings that cannot be changed once they are read; an unknown name is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def load_settings(
    model: type[M], path: Path, overrides: Sequence[str] = (), *, section: str | None = None
) -> M:
    """Read a YAML file, or one section of it, with overrides as settings of any kind.

    Args:
        model: the settings' class.
        path: a YAML file.
        overrides: "generate.steps=5"; values are read as YAML, those of text settings as they are.
        section: what to read of the file; None for all of it.

    Raises:
        ConfigError: the file or an override cannot be used; every mistake is listed.
    """
    values = _read_yaml(path)
    if section is not None:
        values = values.get(section) or {}
    for override in overrides:
        _override(model, values, override)
    for name, field in model.model_fields.items():
        may_be_none = field.default is None and not field.is_required()
        if values.get(name, ...) is None and _model_of(field.annotation) and not may_be_none:
            values[name] = {}  # a section with every line commented out
    if "name" in model.model_fields:
        values.setdefault("name", path.stem)
    return validate(model, values, str(path))


def with_overrides(settings: M, overrides: Sequence[str], where: str) -> M:
    """The same settings with some of them changed.

    Args:
        settings: of any kind.
        overrides: as for `load_settings`.
        where: what the error message begins with.

    Raises:
        ConfigError: an override cannot be used; every mistake is listed.
    """
    values = settings.model_dump(mode="json", exclude_unset=True)
    for override in overrides:
        _override(type(settings), values, override)
    return validate(type(settings), values, where)


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


def dotted_names(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Every setting of a model, those of its sections among them: "generate.steps"."""
    for name, field in model.model_fields.items():
        yield prefix + name
        inner = _model_of(field.annotation)
        if inner is not None:
            yield from dotted_names(inner, f"{prefix}{name}.")


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
    is_text = annotation is str or (
        get_origin(annotation) is not dict and str in get_args(annotation)
    )
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
    names = list(dotted_names(model))
    siblings = [other for other in names if other.rpartition(".")[0] == section]
    for group in (siblings, names):
        leaves = {other.rpartition(".")[2]: other for other in reversed(group)}
        close = difflib.get_close_matches(name, leaves, n=1)
        if close:
            return f"did you mean {leaves[close[0]]}?"
    return f"there are {', '.join(siblings or names)}"
