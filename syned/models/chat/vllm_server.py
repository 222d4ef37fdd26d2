"""Start `vllm serve` for one command on a free local port, and stop it at the end."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from syned.errors import EngineError
from syned.models.chat import guard
from syned.models.chat.processes import last_lines, stop
from syned.models.checkpoints import Checkpoint

HOST = "127.0.0.1"
_DEFAULTS = {"max_model_len": 2048}
_POLL_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Serving:
    """A server that runs."""

    url: str
    gone: Callable[[], str]
    """Why it no longer runs; "" while it does."""


@contextmanager
def serve(
    model: Checkpoint,
    *,
    python: str | None,
    options: Mapping[str, Any],
    log: Path,
    say: Callable[[str], None],
    start_seconds: float = 1800.0,
) -> Iterator[Serving]:
    """A server for a model, healthy when the block begins, gone when it ends.

    The server runs under a guard that stops it as soon as this process ends, however it ends.

    Args:
        model: where it lies; the server knows it by its name without the revision.
        python: of the environment that vLLM is installed in; None for this one.
        options: vLLM's engine arguments, on top of ours.
        log: file for what the server says.
        say: told that the server starts, which takes a while.
        start_seconds: what it gets to become healthy; a first start may download the model.

    Raises:
        EngineError: it does not become healthy; the message has the end of its log.
    """
    port = _free_port()
    python = python or sys.executable
    command = [
        python,
        "-m",
        "vllm.entrypoints.openai.api_server",
        *_arguments(model, port, options),
    ]
    log.parent.mkdir(parents=True, exist_ok=True)
    say(f"starting vLLM on {HOST}:{port}; its log is {log}")
    with log.open("ab") as file:
        process = subprocess.Popen(
            [sys.executable, str(Path(guard.__file__)), *command],
            stdin=subprocess.PIPE,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )

    def gone() -> str:
        if process.poll() is None:
            return ""
        said = last_lines(log)
        return f"it ended with status {process.returncode}. The end of its log {log}:\n{said}"

    try:
        _wait_until_healthy(port, gone, python, start_seconds, log)
        yield Serving(f"http://{HOST}:{port}/v1", gone)
    finally:
        stop(process)


def _arguments(model: Checkpoint, port: int, options: Mapping[str, Any]) -> list[str]:
    revision = ["--revision", model.hub_revision] if model.hub_revision else []
    names = ["--served-model-name", model.name]
    arguments = ["--model", model.location, *revision, *names, "--host", HOST, "--port", str(port)]
    for name, value in {**_DEFAULTS, **options}.items():
        flag = f"--{name.replace('_', '-')}"
        if value is True:
            arguments.append(flag)
        elif value is False:
            arguments.append(f"--no-{flag[2:]}")
        else:
            arguments += [flag, str(value)]
    return arguments


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_healthy(
    port: int, gone: Callable[[], str], python: str, seconds: float, log: Path
) -> None:
    deadline = time.monotonic() + seconds
    while True:
        if why := gone():
            if "No module named 'vllm'" in why:
                raise EngineError(
                    f"--serve needs vLLM, which {python} does not have: pip install "
                    '"syned[vllm]", or name the Python of another environment with '
                    "paraphrase.python"
                )
            raise EngineError(f"vLLM's server did not start: {why}")
        try:
            with urllib.request.urlopen(f"http://{HOST}:{port}/health", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            pass
        if time.monotonic() > deadline:
            raise EngineError(
                f"vLLM's server does not answer after {seconds:g} seconds, in which it should have "
                f"started. The end of its log {log}:\n{last_lines(log)}"
            )
        time.sleep(_POLL_SECONDS)
