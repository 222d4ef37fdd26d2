"""Run a language model in vLLM's offline engine, inside a worker process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from syned.errors import EngineError
from syned.models.base import ChatRequest, Reply, Sampling
from syned.models.chat import vllm_worker
from syned.models.chat.processes import last_lines, stop
from syned.models.checkpoints import Checkpoint

PENDING = 1024
"""Requests in the engine's hands; it runs as many of them together as fit its memory."""

_DEFAULTS = {"enable_prefix_caching": True, "max_model_len": 2048}


class VllmChatModel:
    """A language model in a worker process; use it in a `with` block, whose end stops it.

    Args:
        model: where it lies.
        python: of the environment that vLLM is installed in; None for this one.
        options: vLLM's engine arguments, on top of ours.
        log: file for what the worker says.
    """

    def __init__(
        self,
        model: Checkpoint,
        *,
        python: str | None,
        options: Mapping[str, Any],
        log: Path,
    ) -> None:
        self.name = model.full_name
        self._engine = {
            **_DEFAULTS,
            "model": model.location,
            "revision": model.hub_revision,
            "disable_log_stats": True,
            **options,
        }
        self._python, self._log = python or sys.executable, log
        self._worker: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        """Start the worker, and wait until its model is loaded.

        Raises:
            EngineError: it cannot be; the message has the end of its log.
        """
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            self._worker = worker = subprocess.Popen(
                [self._python, str(Path(vllm_worker.__file__))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                encoding="utf-8",
                start_new_session=True,
            )
        try:
            self._send(worker, {"engine": self._engine})
            self._receive(worker)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop the worker, and with it all that it has started."""
        if self._worker is not None:
            stop(self._worker)
            self._worker = None

    def replies(self, requests: Iterable[ChatRequest], sampling: Sampling) -> Iterator[Reply]:
        """Answer all requests, in the order in which they get done."""
        if self._worker is None:
            raise EngineError(f"{self.name} is not running; it is used in a `with` block")
        worker, waiting, pending = self._worker, iter(requests), 0
        params = _sampling_params(sampling)
        while True:
            for request in islice(waiting, PENDING - pending):
                self._send(worker, {**asdict(request), "sampling": params})
                pending += 1
            if not pending:
                return
            yield _reply(self._receive(worker))
            pending -= 1

    def _send(self, worker: subprocess.Popen[str], values: Mapping[str, Any]) -> None:
        try:
            _pipe(worker.stdin).write(json.dumps(values) + "\n")
            _pipe(worker.stdin).flush()
        except OSError:
            raise self._failure() from None

    def _receive(self, worker: subprocess.Popen[str]) -> dict[str, Any]:
        line = _pipe(worker.stdout).readline()
        if not line:
            raise self._failure()
        values: dict[str, Any] = json.loads(line)
        return values

    def _failure(self) -> EngineError:
        said = last_lines(self._log)
        if "No module named 'vllm'" in said:
            return EngineError(
                f"`syned paraphrase` with paraphrase.engine: vllm needs vLLM, which {self._python} "
                'does not have: pip install "syned[vllm]", or name the Python of another '
                "environment with paraphrase.python"
            )
        return EngineError(
            f"vLLM stopped while it ran {self.name}; what was answered is kept. The end of its log "
            f"{self._log}:\n{said}"
        )


def _pipe(stream: IO[str] | None) -> IO[str]:
    if stream is None:
        raise TypeError("the worker is started with pipes")
    return stream


def _sampling_params(sampling: Sampling) -> dict[str, Any]:
    """As vLLM names them; no seed, which its CPU build cannot take."""
    return {
        "n": sampling.answers,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "max_tokens": sampling.max_new_tokens,
    }


def _reply(values: Mapping[str, Any]) -> Reply:
    if "refused" in values:
        return Reply(values["key"], reason="refused_by_server")
    return Reply(
        values["key"],
        answers=tuple(values["answers"]),
        cut_off=tuple(values["cut_off"]),
        new_tokens=values["new_tokens"],
    )
