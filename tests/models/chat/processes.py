"""What the tests of processes have in common: a stand-in for vLLM, and who has ended."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from syned.models.base import ChatRequest

ROOT = Path(__file__).parents[3]
FAKE_VLLM = ROOT / "tests" / "fake_vllm"
"""On the PYTHONPATH of a process, it stands in for vLLM there."""


def chats(count: int) -> Iterator[ChatRequest]:
    return (ChatRequest(str(i), ({"role": "user", "content": f"text {i}"},)) for i in range(count))


def ended(pid: int) -> bool:
    """Whether a process is gone, or goes within seconds."""
    for _ in range(200):
        state = Path(f"/proc/{pid}/stat")
        if not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.05)
    return False
