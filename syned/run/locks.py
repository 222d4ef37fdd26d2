"""File locks, which the end of a process frees too; Linux and macOS have them."""

from __future__ import annotations

from typing import IO

from syned.errors import RunError

try:
    import fcntl
except ModuleNotFoundError:
    raise RunError(
        "this system has no file locks as Linux and macOS have them, and without them a run is not "
        "safe; on Windows, install WSL with `wsl --install` and run Syned inside it"
    ) from None


def wait_for_lock(file: IO[str]) -> None:
    """Hold the lock of an open file, once nobody else does.

    Raises:
        OSError: the file system knows no locks.
    """
    fcntl.flock(file, fcntl.LOCK_EX)


def take_lock(file: IO[str]) -> bool:
    """Hold the lock of an open file if nobody else does; whether it is held now.

    Raises:
        OSError: the file system knows no locks.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
