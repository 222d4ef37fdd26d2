"""Stop a process with all that it has started, and read the end of its log."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

STOP_SECONDS = 20.0
"""What a process gets to end by itself."""

_SHOWN_LINES = 20


def stop(process: subprocess.Popen[Any]) -> None:
    """End a process that leads a session of its own, and all that it has started."""
    if process.stdin is not None:
        with suppress(OSError):
            process.stdin.close()
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS if number == signal.SIGTERM else None)
    if process.stdout is not None:
        process.stdout.close()


def last_lines(log: Path) -> str:
    """The end of a log file, for an error message."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "(nothing)"
    return "\n".join(text.strip().splitlines()[-_SHOWN_LINES:]) or "(nothing)"
