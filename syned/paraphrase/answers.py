"""A store of what language models have answered, so that nothing is ever asked twice.

A reply is on disk when the next one is taken; a kill loses what was in flight. Several processes
may use one file at a time, so runs can share it. It is for a local disk: SQLite's locks and
network file systems do not go together.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Self

from syned.errors import RunError
from syned.models.base import Reply, Sampling

_LOCK_SECONDS = 60.0
_TABLE = """
    create table if not exists replies (
        key text primary key, model text not null, reply text not null
    ) without rowid
"""


def request_key(
    model: str, messages: Sequence[dict[str, str]], sampling: Sampling, attempt: int
) -> str:
    """The hash under which a reply is kept.

    Args:
        model: with its revision.
        messages: the chat.
        sampling: how answers are drawn.
        attempt: from 0; asking again is another request.
    """
    asked = [model, list(messages), asdict(sampling), attempt]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


class AnswerStore:
    """A SQLite file of replies; made if it is not there.

    Raises:
        RunError: the file cannot be written, or is something else.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = sqlite3.connect(path, timeout=_LOCK_SECONDS, isolation_level=None)
            self._file.execute("pragma journal_mode = wal")
            self._file.execute("pragma synchronous = normal")
            self._file.execute(_TABLE)
        except (OSError, sqlite3.Error) as error:
            raise self._failure(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def get(self, key: str) -> Reply | None:
        """The reply that was kept under a key."""
        try:
            row = self._file.execute("select reply from replies where key = ?", (key,)).fetchone()
        except sqlite3.Error as error:
            raise self._failure(error) from error
        if row is None:
            return None
        values = json.loads(row[0])
        return Reply(
            key=key,
            answers=tuple(values["answers"]),
            cut_off=tuple(values["cut_off"]),
            new_tokens=values["new_tokens"],
        )

    def put(self, model: str, reply: Reply) -> None:
        """Keep a reply, unless it says that there is no answer: that is asked again."""
        if reply.reason:
            return
        values = {name: getattr(reply, name) for name in ("answers", "cut_off", "new_tokens")}
        row = (reply.key, model, json.dumps(values))
        try:
            self._file.execute("insert or ignore into replies values (?, ?, ?)", row)
        except sqlite3.Error as error:
            raise self._failure(error) from error

    def __len__(self) -> int:
        count: int = self._file.execute("select count(*) from replies").fetchone()[0]
        return count

    def _failure(self, error: Exception) -> RunError:
        return RunError(
            f"{self._path} cannot be used to store answers: {error}; free some disk space, wait "
            "for a process that uses the file to end, or name another file with "
            "--set paraphrase.answers_file=FILE"
        )
