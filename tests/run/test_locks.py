"""File locks, and a system without them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from syned.run.locks import take_lock, wait_for_lock


def test_a_lock_that_is_held_is_not_taken_twice(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with path.open("a") as ours, path.open("a") as theirs:
        wait_for_lock(ours)
        assert not take_lock(theirs)
    with path.open("a") as theirs:
        assert take_lock(theirs)


def test_a_system_without_file_locks_is_told_of_wsl() -> None:
    code = (
        "import sys; sys.modules['fcntl'] = None; sys.argv = ['syned', 'status']; "
        "from syned.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("syned: this system has no file locks")
    assert "WSL" in done.stderr
    assert "Traceback" not in done.stderr
