"""A run directory: one dataset in the making, its settings, its shards, and who may write to it.

data/<name>/
  run.yaml         the settings, the versions of everything, the fingerprints
  plan/images/     each source image once
  plan/requests/   one row for each edit to be made
  edits/           one row for each edit that was made
  captions/        one row for each text of the plan: its paraphrases
  scores/images/   one row for each source image: what was measured on it
  scores/edits/    one row for each edit: what was measured on it
  selection.parquet  which edits are kept, and why the others are not
  dataset/         what others load
  train_eval/      captioners that were trained with the dataset and without, and the gains
  answers.sqlite   what the language model has answered
  events.jsonl     what happened when
  lock             held by the one process that writes the plan and the edits
  captions.lock    held by the one that writes captions, which may run beside it
  scores.lock      held by the one that writes scores and the selection
  publish.lock     held by the one that writes a dataset
  train_eval.lock  held by the one that trains captioners
"""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import platform
import re
import shlex
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import yaml

from syned import __version__
from syned.config import RunConfig, setting_of
from syned.errors import RunError
from syned.run.atomic import write_atomically
from syned.run.locks import take_lock, wait_for_lock
from syned.run.records import (
    CAPTION_SCHEMA,
    EDIT_SCHEMA,
    EDIT_SCORE_SCHEMA,
    IMAGE_SCHEMA,
    IMAGE_SCORE_SCHEMA,
    REQUEST_SCHEMA,
)
from syned.run.shards import ShardFolder

SETTINGS_FILE = "run.yaml"
LAST_RUN_FILE = ".last_run"

SCHEMA_VERSION = 2
"""The form of a run directory that this Syned writes; it reads all earlier ones.

1: until 0.1.0, without its number in run.yaml. 2: the same columns, and the number.
"""

_OF_A_START = re.compile(r"run\.yaml.*|lock|\w+\.lock")
"""What a start that was cut off leaves behind."""
_FOLDER_OF_STAGE = {"generate": "edits", "paraphrase": "captions", "filter": "scores"}
_HEADER = "# Written by Syned: the settings of this run and what it was made with.\n"
_ABSENT = "nothing"


class Run:
    """A run directory; get one from `Run.create_or_open` or `open_run`."""

    def __init__(self, path: Path) -> None:
        self._first_config: dict[str, Any] = {}
        """What run.yaml begins with, for a run that is not there yet."""
        self.path = path
        self.name = path.name
        self.images = ShardFolder(path / "plan" / "images", IMAGE_SCHEMA)
        self.requests = ShardFolder(path / "plan" / "requests", REQUEST_SCHEMA)
        self.edits = ShardFolder(path / "edits", EDIT_SCHEMA)
        self.captions = ShardFolder(path / "captions", CAPTION_SCHEMA)
        self.image_scores = ShardFolder(path / "scores" / "images", IMAGE_SCORE_SCHEMA)
        self.edit_scores = ShardFolder(path / "scores" / "edits", EDIT_SCORE_SCHEMA)

    @classmethod
    def create_or_open(cls, config: RunConfig, *, data_dir: Path) -> Run:
        """The run that a config names, and from now on the last one used.

        A run that is not there is made when the first thing is written to it. So a stage that
        finds out before that it cannot work, for want of its source, leaves nothing behind.

        Raises:
            RunError: the directory holds something else, or cannot be written.
        """
        run = cls(data_dir / config.name)
        if run.exists:
            run._become_last()
        else:
            _refuse_strangers(run.path)
            run._first_config = config.model_dump(mode="json")
        return run

    @property
    def exists(self) -> bool:
        """Whether it has settings, which are the first thing that is written."""
        return (self.path / SETTINGS_FILE).is_file()

    @contextmanager
    def lock(self, name: str = "lock", *, new: bool = False) -> Iterator[None]:
        """Be the one process that writes to this run; the end of the process frees it too.

        Args:
            name: "lock" for the plan and the edits, or another that the head of this file lists.
            new: whether what follows may make a run that is not there yet.

        Raises:
            RunError: another process holds it, there is no such run, or the file system knows no
                locks.
        """
        if not new and not self.exists:
            data_dir = self.path.parent
            raise RunError(f"{data_dir} has no run {self.name!r}; {_choices(self.name, data_dir)}")
        path = self.path / name
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            file = path.open("a+", encoding="utf-8")
        except OSError as error:
            raise RunError(f"{path} cannot be written: {error.strerror}") from error
        with file:
            _take(file, path)
            try:
                yield
            finally:
                file.truncate(0)

    def check_fingerprint(self, stage: str, fields: Mapping[str, object], *, made: bool) -> str:
        """Refuse to go on with settings that would change the stage's result.

        The first call of a stage notes the fields in run.yaml; later ones compare, once there is
        something that was made with them.

        Args:
            stage: "generate", "paraphrase" or "filter".
            fields: name -> plain value, names as in configs: "generate.steps".
            made: whether there is something yet.

        Returns:
            Hash of the fields.

        Raises:
            RunError: fields differ; all of them are listed, with the two ways on.
        """
        now = _plain(fields)
        with self._settings_in_hand() as settings:
            known = settings.setdefault("fingerprints", {})
            before = known.get(stage)
            if before is None or not made:
                known[stage] = before = now
        if before != now:
            raise RunError(self._difference(stage, _flat(before), _flat(now)))
        return hashlib.sha256(json.dumps([stage, now], sort_keys=True).encode()).hexdigest()

    def write_settings(
        self, config: RunConfig, versions: Mapping[str, object], *, sections: Collection[str]
    ) -> None:
        """Note some sections of the config and the versions of what is used; the rest stays.

        Args:
            config: the settings.
            versions: name -> version, on top of those that are noted already.
            sections: of the config: "source", "generate", ...; other stages' may be in use.

        Raises:
            RunError: run.yaml is damaged or cannot be written.
        """
        with self._settings_in_hand() as settings:
            given = config.model_dump(mode="json")
            settings["config"] |= {name: given[name] for name in sections}
            settings["versions"] = settings.get("versions", {}) | _plain(versions)

    def settings(self) -> dict[str, Any]:
        """What run.yaml holds: schema_version, config, versions, fingerprints.

        Raises:
            RunError: it is not there or damaged, or a newer Syned has written it.
        """
        path = self.path / SETTINGS_FILE
        try:
            values = yaml.safe_load(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise RunError(
                f"{self.path} is not a run: it has no {SETTINGS_FILE}; name a run with --run NAME"
            ) from None
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise RunError(f"{path} cannot be read: {error}") from error
        if not isinstance(values, dict) or not isinstance(values.get("config"), dict):
            raise RunError(
                f"{path} is damaged: it holds no config; restore it, or start another run with "
                "--run NAME"
            )
        _refuse_newer(values, path)
        return values

    def log_event(self, kind: str, **values: object) -> None:
        """Append a line to events.jsonl.

        Raises:
            RunError: it cannot be written.
        """
        event = {"time": _now(), "kind": kind, **values}
        path = self.path / "events.jsonl"
        try:
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(event, default=str) + "\n")
        except OSError as error:
            raise RunError(f"{path} cannot be written: {error.strerror}") from error

    @contextmanager
    def _settings_in_hand(self) -> Iterator[dict[str, Any]]:
        """What run.yaml holds, to change; written at the end, one process at a time."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            with (self.path / f"{SETTINGS_FILE}.lock").open("a") as file:
                wait_for_lock(file)
                exists = self.exists
                settings = self.settings() if exists else self._first_settings()
                before = json.dumps(settings)
                yield settings
                if not exists:
                    self._become_last()
                if json.dumps(settings) != before or not exists:
                    settings = {"schema_version": SCHEMA_VERSION} | settings
                    text = yaml.safe_dump(settings, sort_keys=False, allow_unicode=True)
                    write_atomically(self.path / SETTINGS_FILE, (_HEADER + text).encode())
        except OSError as error:
            raise RunError(f"{self.path} cannot be written: {error.strerror}") from error

    def _first_settings(self) -> dict[str, Any]:
        return {"config": self._first_config, "versions": {}}

    def _become_last(self) -> None:
        """Be the run that commands without --run go on with."""
        write_atomically(self.path.parent / LAST_RUN_FILE, f"{self.name}\n".encode())

    def _difference(self, stage: str, was: dict[str, object], now: dict[str, object]) -> str:
        """The refusal: what differs, and how to go on."""
        differing = sorted(n for n in was | now if _shown(was, n) != _shown(now, n))
        names = {name: setting_of(name, was.get("source.kind")) for name in differing}
        ways = [f"--set {names[name]}={shlex.quote(_shown(was, name))}" for name in differing]
        on = "start another run with --run NAME"
        if all(name in was and names[name] for name in differing):
            on = f"go on with {' '.join(ways)} or {on}"
        made = f"{self.path / _FOLDER_OF_STAGE.get(stage, stage)} was made with"
        changes = [
            f"{name.removeprefix(stage + '.')} {_shown(was, name)}, this config says "
            f"{_shown(now, name)}"
            for name in differing
        ]
        if len(changes) == 1:
            return f"{made} {changes[0]}; {on}"
        return "\n  ".join([f"{made} other settings; {on}", *changes])


def open_run(name: str | None, data_dir: Path) -> Run:
    """A run that exists, and from now on the last one used.

    Args:
        name: of the run; None for the one used last.
        data_dir: where runs lie.

    Raises:
        RunError: there is none.
    """
    run = Run(data_dir / (name or _last_run(data_dir)))
    if not (run.path / SETTINGS_FILE).is_file():
        raise RunError(f"{data_dir} has no run {run.name!r}; {_choices(name or '', data_dir)}")
    run.settings()  # says what is wrong with it
    with suppress(RunError):  # a run may be looked at on a disk that cannot be written
        run._become_last()
    return run


def default_data_dir() -> Path:
    """Where runs lie: the environment variable SYNED_DATA, or ./data."""
    return Path(os.environ.get("SYNED_DATA") or "data")


def _last_run(data_dir: Path) -> str:
    try:
        name = (data_dir / LAST_RUN_FILE).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        name = ""
    if not name:
        raise RunError(f"no run was used in {data_dir} yet; {_choices('', data_dir)}")
    return name


def _choices(name: str, data_dir: Path) -> str:
    names = sorted(path.parent.name for path in data_dir.glob(f"*/{SETTINGS_FILE}"))
    if not names:
        return "make one with `syned generate --source shapes`"
    close = difflib.get_close_matches(name, names, n=1)
    return f"did you mean {close[0]!r}?" if close else f"its runs are {', '.join(names)}"


def _refuse_strangers(path: Path) -> None:
    """A directory without run.yaml must be empty, but for what a cut-off start leaves behind."""
    try:
        strangers = [p.name for p in path.iterdir() if not _OF_A_START.fullmatch(p.name)]
    except FileNotFoundError:
        return
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror}") from error
    if strangers:
        raise RunError(
            f"{path} is not a run: it holds {strangers[0]!r} but no {SETTINGS_FILE}; "
            "name another with --run NAME"
        )


def _refuse_newer(settings: Mapping[str, Any], path: Path) -> None:
    version = settings.get("schema_version", 1)
    if not isinstance(version, int) or version > SCHEMA_VERSION:
        by = settings.get("versions", {}).get("syned", "a newer version")
        raise RunError(
            f"{path} has schema_version {version!r}, written by Syned {by}; this is Syned "
            f"{__version__}, which reads versions up to {SCHEMA_VERSION}: update Syned, or start "
            "another run with --run NAME"
        )


def _take(file: IO[str], path: Path) -> None:
    try:
        taken = take_lock(file)
    except OSError as error:
        raise RunError(
            f"{path.parent} cannot be locked: {error.strerror}; use a folder on a disk that knows "
            "file locks with --data-dir FOLDER"
        ) from error
    if not taken:
        raise RunError(f"{path.parent} is in use by {_holder(path)}; wait for it to end")
    file.truncate(0)
    json.dump({"host": platform.node(), "pid": os.getpid(), "since": _now()}, file)
    file.flush()


def _holder(path: Path) -> str:
    try:
        holder = json.loads(path.read_text(encoding="utf-8"))
        return f"process {holder['pid']} on {holder['host']} since {holder['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"


def _plain(values: Mapping[str, object]) -> dict[str, Any]:
    """As YAML gives it back: tuples are lists."""
    plain: dict[str, Any] = json.loads(json.dumps(dict(values), sort_keys=True))
    return plain


def _flat(values: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    flat: dict[str, object] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = value
    return flat


def _shown(fields: Mapping[str, object], name: str) -> str:
    """A value as `--set` takes it."""
    if name not in fields:
        return _ABSENT
    value = fields[name]
    return value if isinstance(value, str) else json.dumps(value)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
