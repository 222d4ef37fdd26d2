"""Run a command, and end it as soon as the process that started this one is gone.

That process holds the other end of this one's standard input. Even a `kill -9` of it closes the
pipe, so the command never stays behind.

Run: python guard.py COMMAND ARGUMENT...
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

STOP_SECONDS = 15.0


def main(command: list[str]) -> int:
    """The command's status; 128 and the signal's number where a signal ended it, as shells say."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    threading.Thread(target=_watch, args=(child,), daemon=True).start()
    status = child.wait()
    return status if status >= 0 else 128 - status


def _watch(child: subprocess.Popen[bytes]) -> None:
    while os.read(0, 1024):  # not sys.stdin, whose lock this thread would hold when Python ends
        pass
    child.terminate()
    try:
        child.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(os.getpgid(0), signal.SIGKILL)  # all of this session, and this process with it


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
