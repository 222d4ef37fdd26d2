"""The worker as a plain file, spoken to in lines of JSON, with a stand-in for vLLM in it."""

from __future__ import annotations

import io
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from syned.models.chat import vllm_worker
from tests.models.chat.processes import FAKE_VLLM, ended

WORKER = [sys.executable, "-S", str(Path(vllm_worker.__file__))]
"""-S leaves out the installed packages, and with them Syned."""

SAMPLING = {"n": 2, "temperature": 0.9, "top_p": 0.95, "max_tokens": 32}


def start(vllm: Path = FAKE_VLLM, command: list[str] = WORKER) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(vllm)},
        start_new_session=True,
    )


def lines(*values: dict[str, Any]) -> str:
    return "".join(json.dumps(value) + "\n" for value in values)


def ask(key: str, text: str) -> dict[str, Any]:
    return {"key": key, "messages": [{"role": "user", "content": text}], "sampling": SAMPLING}


def test_a_worker_without_syned_answers_in_lines_of_json() -> None:
    with start() as worker:
        assert worker.stdin is not None
        assert worker.stdout is not None
        assert worker.stderr is not None
        worker.stdin.write(lines({"engine": {"model": "m"}}, ask("a", "hat"), ask("b", "x" * 400)))
        worker.stdin.flush()
        first, *replies = (json.loads(worker.stdout.readline()) for _ in range(3))
        worker.stdin.close()
        assert first == {"ready": True}
        assert {reply["key"]: reply for reply in replies} == {
            "a": {"key": "a", "answers": ["hat 0", "hat 1"], "cut_off": [False, True],
                  "new_tokens": 6},
            "b": {"key": "b", "refused": "longer than the model reads"},
        }  # fmt: skip
        assert worker.stdout.read() == ""
        assert worker.stderr.read() == "vLLM prints to standard output\n"


def test_a_worker_whose_parent_is_gone_ends_while_it_still_loads(tmp_path: Path) -> None:
    worker = subprocess.Popen(
        [sys.executable, str(Path(vllm_worker.__file__))], stdin=subprocess.PIPE, text=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(FAKE_VLLM)},
    )  # fmt: skip
    assert worker.stdin is not None
    with worker.stdin as stdin:
        stdin.write(json.dumps({"engine": {"model": "m", "load_seconds": 60}}) + "\n")
    assert worker.wait(timeout=30) in (0, -signal.SIGTERM)


def test_the_processes_of_the_engine_end_with_the_worker(tmp_path: Path) -> None:
    (tmp_path / "vllm.py").write_text(
        "import subprocess\n"
        "class LLM:\n"
        "    def __init__(self, pid_file):\n"
        "        child = subprocess.Popen(['sleep', '60'], stdout=subprocess.DEVNULL,\n"
        "                                 stderr=subprocess.DEVNULL)\n"
        "        open(pid_file, 'w').write(str(child.pid))\n"
        "        child.wait()\n"
    )
    pid_file = tmp_path / "pid"
    os.mkfifo(pid_file)
    with start(tmp_path) as worker:
        assert worker.stdin is not None
        worker.stdin.write(lines({"engine": {"pid_file": str(pid_file)}}))
        worker.stdin.flush()
        child = int(pid_file.read_text())
        worker.stdin.close()
        assert ended(child)


def test_a_worker_in_somebody_elses_session_ends_alone() -> None:
    shell = ["sh", "-c", f"{sys.executable} -S {vllm_worker.__file__}; echo status $?"]
    with start(command=shell) as worker:
        assert worker.communicate(lines({"engine": {"model": "m", "load_seconds": 60}}))[0] == (
            "status 0\n"
        )


def test_all_that_has_come_in_is_taken_together() -> None:
    waiting: queue.Queue[dict[str, Any]] = queue.Queue()
    assert vllm_worker._taken(waiting, wait=False) == []
    for key in ("a", "b", "c"):
        waiting.put({"key": key})
    assert vllm_worker._taken(waiting, wait=True) == [{"key": "a"}, {"key": "b"}, {"key": "c"}]


def test_a_worker_with_nothing_to_do_waits_for_the_next_request() -> None:
    waiting: queue.Queue[dict[str, Any]] = queue.Queue()
    threading.Timer(0.05, waiting.put, [{"key": "a"}]).start()
    assert vllm_worker._taken(waiting, wait=True) == [{"key": "a"}]


def test_an_answer_is_written_once_it_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    vllm, params = ModuleType("vllm"), ModuleType("vllm.sampling_params")
    vllm.SamplingParams = dict  # type: ignore[attr-defined]
    params.RequestOutputKind = SimpleNamespace(FINAL_ONLY="final")  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "vllm", vllm)
    monkeypatch.setitem(sys.modules, "vllm.sampling_params", params)
    asked: list[tuple[object, ...]] = []
    steps = iter([False, True])

    class Stopped(Exception):
        pass

    def step() -> list[Any]:
        finished = next(steps, None)
        if finished is None:
            raise Stopped
        answer = SimpleNamespace(text="hat", finish_reason="stop", token_ids=[1])
        return [SimpleNamespace(request_id="a", finished=finished, outputs=[answer])]

    engine = SimpleNamespace(
        has_unfinished_requests=lambda: bool(asked),
        renderer=SimpleNamespace(render_cmpl=lambda prompts: prompts),
        add_request=lambda *request: asked.append(request),
        step=step,
    )
    tokenizer = SimpleNamespace(apply_chat_template=lambda messages, **_: [len(messages)])
    llm = SimpleNamespace(llm_engine=engine, get_tokenizer=lambda: tokenizer)
    waiting: queue.Queue[dict[str, Any]] = queue.Queue()
    waiting.put(ask("a", "hat"))
    out = io.StringIO()
    with pytest.raises(Stopped):
        vllm_worker._serve(llm, waiting, out)
    assert asked == [("a", {"prompt_token_ids": [1]}, {**SAMPLING, "output_kind": "final"})]
    assert [json.loads(line)["answers"] for line in out.getvalue().splitlines()] == [["hat"]]
