"""The settings of `paraphrase` name a language model, which is found first and loaded later."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import pytest

from syned.config import ParaphraseConfig
from syned.errors import ConfigError, EngineError
from syned.models.base import Sampling
from syned.models.chat import vllm_server
from syned.models.chat.load import ChatEngine, find_chat_engine
from syned.models.checkpoints import folder_hash
from tests.models.chat.processes import FAKE_VLLM, chats, ended
from tests.stub_server import error, good, stub_server

SAMPLING = Sampling(answers=2, temperature=0.9, top_p=0.95, max_new_tokens=16)


def find(said: list[str] | None = None, log: Path = Path("vllm.log"), **values: Any) -> ChatEngine:
    heard: list[str] = [] if said is None else said
    return find_chat_engine(ParaphraseConfig.model_validate(values), log=log, say=heard.append)


@pytest.fixture
def folder(tmp_path: Path) -> str:
    """A checkpoint for engines that do not look at it."""
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    return str(tmp_path / "model")


def test_the_fake_needs_no_model() -> None:
    engine = find(engine="fake", model="nowhere")
    with engine.open() as model:
        assert engine.name == model.name == "fake@1"
        assert len(list(model.replies(chats(2), SAMPLING))) == 2


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"engine": "server"}, "paraphrase.url is missing; engine server needs the address"),
        ({"engine": "vllm", "serve": True}, "'vllm', which needs no server"),
        ({"engine": "vllm", "url": "http://x/v1"}, "'http://x/v1', but .*'vllm', which asks no"),
        ({"engine": "server", "serve": True, "url": "http://x/v1"}, "but paraphrase.serve is true"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        find(**values)


@pytest.mark.parametrize("engine", ["vllm", "transformers"])
def test_a_model_is_found_by_its_content_and_not_loaded(folder: str, engine: str) -> None:
    said: list[str] = []
    found = find(said, engine=engine, model=folder)
    assert found.name == f"folder@{folder_hash(Path(folder))}"
    assert said == []


def test_a_model_that_is_nowhere_is_missed_before_anything_starts() -> None:
    with pytest.raises(EngineError, match="language model 'nowhere' is neither"):
        find(engine="vllm", model="nowhere")


def slow(number: int, body: dict[str, Any]) -> tuple[int, bytes | None]:
    time.sleep(0.1)
    return good(number, body)


def test_a_server_is_asked_as_the_settings_say(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("openai")
    monkeypatch.setenv("MY_KEY", "s3cret")
    with stub_server(slow) as stub:
        options: dict[str, Any] = {
            "api_key_variable": "MY_KEY",
            "in_flight": 1,
            "model": "big",
        }
        engine = find(engine="server", url=stub.url, **options)
        with engine.open() as model:
            replies = list(model.replies(chats(3), SAMPLING))
    assert engine.name == model.name == "big@served"
    assert all(len(reply.answers) == 2 for reply in replies)
    assert {body["model"] for body in stub.asked} == {"big"}
    assert stub.keys == {"Bearer s3cret"}
    assert stub.most_at_once == 1


def test_a_server_that_fails_is_asked_as_often_as_the_settings_say() -> None:
    pytest.importorskip("openai")
    with (
        stub_server(lambda *_: (500, b"{}")) as stub,
        find(engine="server", url=stub.url, retries=0).open() as model,
    ):
        assert [reply.reason for reply in model.replies(chats(1), SAMPLING)] == ["no_answer"]
        assert len(stub.asked) == 1


def test_the_end_of_the_block_closes_the_connections_to_a_server() -> None:
    pytest.importorskip("openai")
    with stub_server(good) as stub:
        with find(engine="server", url=stub.url, retries=0).open() as model:
            assert [reply.reason for reply in model.replies(chats(1), SAMPLING)] == [""]
        with pytest.raises(RuntimeError, match="closed"):
            list(model.replies(chats(1), SAMPLING))


def test_an_address_may_end_in_a_slash() -> None:
    pytest.importorskip("openai")
    with (
        stub_server(lambda *_: error(404)) as stub,
        find(engine="server", url=f"{stub.url}/").open() as model,
        pytest.raises(EngineError, match=f"those that {stub.url}/models lists"),
    ):
        list(model.replies(chats(1), SAMPLING))


def test_a_server_that_is_slow_gets_as_long_as_the_settings_say() -> None:
    pytest.importorskip("openai")
    with (
        stub_server(slow) as stub,
        find(engine="server", url=stub.url, retries=0, timeout_seconds=0.03).open() as model,
    ):
        assert [reply.reason for reply in model.replies(chats(1), SAMPLING)] == ["no_answer"]


def test_vllm_runs_in_its_own_process_for_the_block(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(FAKE_VLLM))
    said: list[str] = []
    log = tmp_path / "logs" / "vllm.log"
    engine = find(said, log, engine="vllm", model=folder, vllm_options={"dies_after": 2})
    with engine.open() as model:
        assert model.name == engine.name
        assert said == [f"starting vLLM with {engine.name}; its log is {log}"]
        with pytest.raises(EngineError, match="vLLM stopped"):  # so its options reach vLLM
            list(model.replies(chats(3), SAMPLING))


def test_a_server_of_our_own_runs_for_the_block(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("openai")
    monkeypatch.setenv("PYTHONPATH", str(FAKE_VLLM))
    monkeypatch.setattr(vllm_server, "_POLL_SECONDS", 0.02)
    said: list[str] = []
    log = tmp_path / "vllm.log"
    engine = find(said, log, engine="server", serve=True, model=folder)
    assert said == []
    with engine.open() as model:
        pid = int((Path(folder) / "server.pid").read_text())
        assert len(list(model.replies(chats(2), SAMPLING))) == 2
        assert model.name == engine.name == f"folder@{folder_hash(Path(folder))}"
        assert str(log) in said[0]
    assert ended(pid)


def test_a_model_in_this_process_is_loaded_when_it_is_opened(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from tests.tiny_language_model import write_language_model

    said: list[str] = []
    folder = str(write_language_model(tmp_path))
    engine = find(said, engine="transformers", model=folder, device="cpu", batch_size=2)
    with engine.open() as model:
        assert said == [f"loading {engine.name}"]
        assert model.name == engine.name
        assert len(list(model.replies(chats(3), SAMPLING))) == 3


def test_a_model_in_this_process_without_torch_says_what_to_install(
    folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "diffusers.utils", None)
    engine = find(engine="transformers", model=folder)
    with pytest.raises(EngineError, match=r'needs torch.*pip install "syned\[models\]"'):
        engine.open()
