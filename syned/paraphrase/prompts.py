"""Prompt files: Markdown with a front matter, examples, and a template for each role.

    ---
    id: paraphrase_instruction
    version: 1
    purpose: say an editing instruction in other words
    examples:
      - text: ...
        paraphrase: ...
    ---

    # System
    ...
    # User
    {{ text }}

A text is only ever the value of a field, so nothing that stands in it can change the template.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from syned import resources
from syned.errors import ConfigError
from syned.paraphrase.judge.clean import tidy

if TYPE_CHECKING:
    from jinja2 import Template

Message = dict[str, str]
"""{"role": "system", "user" or "assistant", "content": text}, as chat models take it."""

FIELDS = ("text", "task")
"""What a template may use: the text to paraphrase, and Emu Edit's name for the kind of edit."""

_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\n(.*)\Z", re.DOTALL)
_SECTION = re.compile(
    r"^# (System|User)[ \t]*\n(.*?)(?=^# (?:System|User)[ \t]*\n|\Z)", re.M | re.S
)
_MARKERS = re.compile(r"<\|?(?=/?\w)|\|>|(?<=\w)>|\[/?INST\]|<<|>>", re.IGNORECASE)
"""What chat templates of common models take for the start or end of a turn."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt, ready to be filled in."""

    id: str
    version: int
    purpose: str
    sha256: str
    """Of the file; part of the fingerprint."""
    examples: tuple[tuple[str, str], ...]
    """Text and paraphrase."""
    system: Template
    user: Template

    def messages(self, text: str, task: str = "") -> list[Message]:
        """The chat that asks for one paraphrase: system, the examples as turns, the text."""
        system = self.system.render(text="", task=task)
        turns = [{"role": "system", "content": system}] if system.strip() else []
        for example, paraphrase in self.examples:
            turns.append({"role": "user", "content": self.user.render(text=example, task=task)})
            turns.append({"role": "assistant", "content": paraphrase})
        turns.append({"role": "user", "content": self.user.render(text=as_data(text), task=task)})
        return turns


def as_data(text: str) -> str:
    """A text in which no model finds the marks that its chat template puts between turns."""
    return " ".join(_MARKERS.sub(" ", tidy(text)).split())


def load_prompt(name: str) -> Prompt:
    """Read a prompt.

    Args:
        name: of a prompt that comes with Syned, or a path.

    Raises:
        ConfigError: it is not there, or something in it is missing or unknown.
    """
    path = Path(name) if Path(name).suffix else resources.prompt_path(name)
    try:
        text = path.read_text(encoding="utf-8").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    match = _FRONT_MATTER.match(text)
    if match is None:
        raise ConfigError(
            f"{path} does not begin with a front matter between two lines of ---; prompts/"
            "paraphrase_caption.md is an example"
        )
    front = _front_matter(path, match[1])
    sections = {name: body.strip() for name, body in _SECTION.findall(match[2])}
    if "User" not in sections:
        raise ConfigError(
            f"{path} has no section `# User`; add one with {{{{ text }}}} in the place of the text "
            "that is to be paraphrased"
        )
    return Prompt(
        id=front["id"],
        version=front["version"],
        purpose=front["purpose"],
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        examples=_examples(path, front.get("examples") or []),
        system=_template(path, sections.get("System", "")),
        user=_template(path, sections["User"], needs_text=True),
    )


def _front_matter(path: Path, text: str) -> dict[str, Any]:
    try:
        front = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: its front matter is not YAML: {error}") from error
    kinds = {"id": str, "version": int, "purpose": str}
    front = front if isinstance(front, dict) else {}
    for name, kind in kinds.items():
        if not isinstance(front.get(name), kind):
            raise ConfigError(
                f"{path}: {name} is {front.get(name)!r} in its front matter; "
                f"{'a whole number' if kind is int else 'some text'} is expected"
            )
    if unknown := sorted(front.keys() - kinds.keys() - {"examples"}):
        raise ConfigError(
            f"{path}: {unknown[0]} is no field of a front matter; the fields are "
            f"{', '.join(kinds)} and examples"
        )
    return front


def _examples(path: Path, examples: Any) -> tuple[tuple[str, str], ...]:
    fields = {"text", "paraphrase"}
    fits = isinstance(examples, list) and all(
        isinstance(e, dict) and e.keys() == fields and all(isinstance(v, str) for v in e.values())
        for e in examples
    )
    if not fits:
        raise ConfigError(f"{path}: each of its examples needs a text and a paraphrase, no more")
    return tuple((e["text"], e["paraphrase"]) for e in examples)


def _template(path: Path, text: str, *, needs_text: bool = False) -> Template:
    """A template that may read its fields and do nothing else."""
    from jinja2 import StrictUndefined, TemplateSyntaxError, meta
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
    try:
        used = meta.find_undeclared_variables(environment.parse(text))
    except TemplateSyntaxError as error:
        raise ConfigError(
            f"{path}: a section is not a valid Jinja template: {error.message}, in line "
            f"{error.lineno} of the section"
        ) from error
    known = ", ".join(f"{{{{ {name} }}}}" for name in FIELDS)
    if unknown := sorted(used - set(FIELDS)):
        raise ConfigError(
            f"{path}: field {{{{ {unknown[0]} }}}} is never filled; the fields are {known}"
        )
    if needs_text and "text" not in used:
        raise ConfigError(
            f"{path}: its section `# User` does not use {{{{ text }}}}; put it in the place of the "
            "text that is to be paraphrased"
        )
    return environment.from_string(text)
