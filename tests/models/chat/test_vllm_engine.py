"""The worker process of vLLM's offline engine, with a stand-in for vLLM in it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from syned.errors import EngineError
from syned.models.base import ChatRequest, Reply, Sampling
from syned.models.chat.vllm_engine import PENDING, VllmChatModel
from syned.models.checkpoints import Checkpoint
from tests.models.chat.processes import FAKE_VLLM, ROOT, chats, ended

SAMPLING = Sampling(answers=2, temperature=0.9, top_p=0.95, max_new_tokens=32)


@pytest.fixture(autouse=True)
def _fake_vllm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(FAKE_VLLM))


def model(folder: Path, **options: Any) -> VllmChatModel:
    where = Checkpoint("somewhere", "m", "1")
    return VllmChatModel(where, python=None, options=options, log=folder / "vllm.log")


def test_all_requests_are_answered_in_the_order_in_which_they_get_done(tmp_path: Path) -> None:
    count = PENDING + 50
    with model(tmp_path) as chat:
        replies = list(chat.replies(chats(count), SAMPLING))
        again = list(chat.replies(chats(1), replace(SAMPLING, answers=1)))
    assert sorted(int(reply.key) for reply in replies) == list(range(count))
    first = next(reply for reply in replies if reply.key == "0")
    assert first == Reply("0", ("text 0 0", "text 0 1"), (False, True), 6)
    assert again == [Reply("0", ("text 0 0",), (False,), 3)]
    assert "vLLM prints to standard output" in (tmp_path / "vllm.log").read_text()


def test_a_request_that_the_engine_cannot_take_fails_alone(tmp_path: Path) -> None:
    long = ChatRequest("long", ({"role": "user", "content": "x" * 400},))
    with model(tmp_path) as chat:
        replies = {reply.key: reply for reply in chat.replies([long, *chats(2)], SAMPLING)}
    assert replies["long"].reason == "refused_by_server"
    assert replies["1"].answers


def test_an_engine_that_does_not_start_shows_its_log(tmp_path: Path) -> None:
    with (
        pytest.raises(EngineError, match="no room for the cache"),
        model(tmp_path, kv_cache_dtype="broken"),
    ):
        pass


def test_an_engine_that_dies_shows_its_log_and_keeps_what_it_said(tmp_path: Path) -> None:
    got: list[Reply] = []
    with (
        model(tmp_path, dies_after=3) as chat,
        pytest.raises(EngineError, match=r"(?s)what was answered is kept.*engine core died"),
    ):
        got.extend(chat.replies(chats(10), SAMPLING))
    assert len({reply.key for reply in got}) == 3


def test_an_environment_without_vllm_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "")
    with pytest.raises(EngineError, match=r'pip install "syned\[vllm\]"'), model(tmp_path):
        pass


def test_the_worker_ends_with_the_block_and_with_its_parent(tmp_path: Path) -> None:
    with model(tmp_path) as chat:
        list(chat.replies(chats(1), SAMPLING))
        worker = chat._worker
        assert worker is not None
    assert worker.poll() is not None

    code = (
        "import os, signal, sys; from pathlib import Path\n"
        "from tests.models.chat.test_vllm_engine import SAMPLING, chats, model\n"
        "with model(Path(sys.argv[1])) as chat:\n"
        "    list(chat.replies(chats(1), SAMPLING)); print(chat._worker.pid, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    environment = {**os.environ, "PYTHONPATH": f"{FAKE_VLLM}{os.pathsep}{ROOT}"}
    command = [sys.executable, "-c", code, str(tmp_path)]
    killed = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ended(int(killed.stdout))
