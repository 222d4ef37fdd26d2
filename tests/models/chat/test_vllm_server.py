"""A server for one command: started, watched, stopped, with a stand-in for vLLM."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

pytest.importorskip("openai")

from syned.errors import EngineError
from syned.models.base import Sampling
from syned.models.chat.openai_server import ServerModel, ServerOptions
from syned.models.chat.vllm_server import serve
from syned.models.checkpoints import Checkpoint
from tests.models.chat.processes import FAKE_VLLM, ROOT, chats, ended

SAMPLING = Sampling(answers=2, temperature=0.9, top_p=0.95, max_new_tokens=32)


@pytest.fixture(autouse=True)
def _fake_vllm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(FAKE_VLLM))


def model(folder: Path) -> Checkpoint:
    folder.mkdir(exist_ok=True)
    return Checkpoint(str(folder), "m", "1")


def test_a_server_runs_for_the_block_and_no_longer(tmp_path: Path) -> None:
    said: list[str] = []
    log = tmp_path / "vllm.log"
    options = {"enforce_eager": True}
    with serve(model(tmp_path), python=None, options=options, log=log, say=said.append) as serving:
        talk = ServerOptions(url=serving.url, model="m")
        with closing(ServerModel(talk, serving.gone)) as chat:
            replies = list(chat.replies(chats(3), SAMPLING))
        pid = int((tmp_path / "server.pid").read_text())
        assert serving.gone() == ""
    assert sorted(reply.key for reply in replies) == ["0", "1", "2"]
    assert serving.url.startswith("http://127.0.0.1:")
    assert str(log) in said[0]
    assert ended(pid)


def test_a_server_that_does_not_start_shows_its_log(tmp_path: Path) -> None:
    folder, log = tmp_path / "broken", tmp_path / "vllm.log"
    with (
        pytest.raises(EngineError, match=r"(?s)did not start.*no weights in this folder"),
        serve(model(folder), python=None, options={}, log=log, say=print),
    ):
        pass


def test_an_environment_without_vllm_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "")
    log = tmp_path / "vllm.log"
    with (
        pytest.raises(EngineError, match=r'pip install "syned\[vllm\]"'),
        serve(model(tmp_path), python=None, options={}, log=log, say=print),
    ):
        pass


def test_a_server_that_never_answers_is_given_up_with_its_log(tmp_path: Path) -> None:
    log = tmp_path / "vllm.log"
    log.write_text("still loading\n")
    with (
        pytest.raises(EngineError, match=r"(?s)does not answer after 0 seconds.*still loading"),
        serve(model(tmp_path), python=None, options={}, log=log, say=print, start_seconds=0),
    ):
        pass


def test_a_server_that_is_killed_ends_the_asking_with_its_log(tmp_path: Path) -> None:
    log = tmp_path / "vllm.log"
    with serve(model(tmp_path), python=None, options={}, log=log, say=print) as serving:
        options = ServerOptions(url=serving.url, model="m", retries=0, in_flight=1)
        with closing(ServerModel(options, serving.gone)) as chat:
            replies = chat.replies(chats(1000), SAMPLING)
            next(replies)
            os.kill(int((tmp_path / "server.pid").read_text()), 9)
            with pytest.raises(EngineError, match="does not answer"):
                list(replies)


def test_a_kill_of_the_command_takes_the_server_along(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path\n"
        "from syned.models.chat.vllm_server import serve\n"
        "from tests.models.chat.test_vllm_server import model\n"
        "folder = Path(sys.argv[1])\n"
        "with serve(model(folder), python=None, options={}, log=folder / 'log', say=print):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    environment = {**os.environ, "PYTHONPATH": f"{FAKE_VLLM}{os.pathsep}{ROOT}"}
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], env=environment, check=False)
    assert ended(int((tmp_path / "server.pid").read_text()))
