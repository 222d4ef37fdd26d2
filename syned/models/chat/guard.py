"""Run a command until standard input ends, which it does when the one who started this ends.

Even a `kill -9` of that process closes the pipe, so the command never stays behind.

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
    """The command's status."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    threading.Thread(target=_watch, args=(child,), daemon=True).start()
    return child.wait()


def _watch(child: subprocess.Popen[bytes]) -> None:
    sys.stdin.buffer.read()
    child.terminate()
    try:
        child.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(os.getpgid(0), signal.SIGKILL)  # all of this session, and this process with it


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
