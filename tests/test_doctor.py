"""What `syned doctor` finds, and what it concludes."""

from __future__ import annotations

import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from syned.config import FilterConfig, GenerateConfig
from syned.doctor import (
    Language,
    Torch,
    check_hub,
    check_metrics,
    check_space,
    check_storage,
    check_system,
    check_token,
    compare_versions,
    diagnose,
    find_torch,
    what_a_gpu_changes,
    what_works,
)
from syned.resources import config_path, pinned_versions

NOBODY = "http://127.0.0.1:9"
"""Nothing listens here."""

CPU = Torch(True, "2.13.0")
CUDA = Torch(True, "2.13.0", ("a card (24 GiB)",), cuda=True)
MPS = Torch(True, "2.13.0", ("the Apple GPU",))
NONE = Torch(False, "not installed")
SILENT = Language(judge=False, vllm=False, smollm2=False)
FLUENT = Language(judge=True, vllm=True, smollm2=True)


def test_being_offline_is_stated_and_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setenv("no_proxy", "*")
    diagnosis = diagnose(tmp_path, hub=NOBODY, timeout_seconds=2)
    texts = {finding.topic: finding.text for finding in diagnosis.findings}
    assert "does not answer" in texts["hub"]
    assert diagnosis.works
    assert diagnosis.abilities


@pytest.mark.parametrize(
    ("system", "name", "good"),
    [("Linux", "Linux", True), ("Darwin", "macOS", True), ("Windows", "Windows", False)],
)
def test_the_operating_system_comes_first_and_elsewhere_it_says_where_syned_runs(
    system: str, name: str, good: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.system", lambda: system)
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    finding = check_system()
    assert finding.text.startswith(f"{name} x86_64")
    assert finding.good == good
    assert ("Syned runs on Linux and macOS, and on Windows through WSL" in finding.text) != good
    assert diagnose(tmp_path, hub=NOBODY).findings[0] == finding


@pytest.mark.parametrize(
    ("torch", "told"), [(CPU, True), (MPS, True), (CUDA, False), (NONE, False)]
)
def test_what_a_gpu_would_change_is_told_where_torch_has_none(
    torch: Torch, told: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("syned.doctor.find_torch", lambda: torch)
    assert bool(diagnose(tmp_path, hub=NOBODY).with_gpu) == told


def test_what_a_gpu_would_change_names_defaults_editors_and_the_limit_with_its_arithmetic() -> None:
    text = "\n".join(what_a_gpu_changes())
    assert "bfloat16 instead of float32" in text
    assert "channels_last" in text
    assert GenerateConfig().editor in text
    assert config_values("emu_edit")["generate"]["editor"] in text
    assert "was not measured here" in text
    assert "15.2 such edits a second" in text
    assert "790 TFLOP/s / (3 guidance branches x 20 steps x 0.803 TFLOP" in text
    assert "+ 3.63 TFLOP of the autoencoder)" in text
    assert round(790 / (3 * 20 * 0.803 + 3.63), 1) == 15.2
    assert GenerateConfig().steps == 20
    assert GenerateConfig().dtype == FilterConfig().dtype == "auto"


def test_the_defaults_that_a_gpu_changes_are_those_of_the_loader() -> None:
    torch = pytest.importorskip("torch")
    from syned.models.devices import choose_dtype

    assert choose_dtype("auto", torch.device("cuda")) == torch.bfloat16
    assert choose_dtype("auto", torch.device("cpu")) == torch.float32
    found = find_torch()
    assert found.installed
    assert found.cuda == torch.cuda.is_available()


def test_a_cuda_gpu_is_found_with_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    card = SimpleNamespace(name="a card", total_memory=24 * 2**30)
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 1)
    monkeypatch.setattr("torch.cuda.get_device_properties", lambda number: card)
    found = find_torch()
    assert found.devices == ("a card (24 GiB)",)
    assert found.cuda


def config_values(name: str) -> dict[str, Any]:
    values: dict[str, Any] = yaml.safe_load(config_path(name).read_text("utf-8"))
    return values


def test_an_offline_switch_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert check_hub(NOBODY, 1).text == "switched off by HF_HUB_OFFLINE"


def test_a_hub_that_never_answers_costs_little_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setenv("no_proxy", "*")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        begin = time.monotonic()
        assert not check_hub(f"http://127.0.0.1:{silent.getsockname()[1]}", 0.2).good
    assert time.monotonic() - begin < 5


@pytest.mark.parametrize(
    ("status", "answers"), [(200, True), (404, True), (403, False), (502, False)]
)
def test_a_proxy_that_refuses_is_not_taken_for_the_hub(
    monkeypatch: pytest.MonkeyPatch, status: int, answers: bool
) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setenv("no_proxy", "*")

    class Answer(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        assert check_hub(f"http://127.0.0.1:{server.server_port}", 2).good == answers


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("echo 'openjdk version \"17.0.15\" 2025-04-15' >&2", "as in papers, with Java 17.0.15"),
        ("exit 1", "no Java: no METEOR"),
        (None, "no Java: no METEOR"),
    ],
)
def test_metrics_are_those_of_papers_only_with_java(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str | None, found: str
) -> None:
    pytest.importorskip("pycocoevalcap")
    monkeypatch.setenv("PATH", str(tmp_path))
    if script is not None:
        (tmp_path / "java").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "java").chmod(0o755)
    finding = check_metrics()
    assert found in finding.text
    assert finding.good == ("17" in found)


def test_a_token_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    assert check_token().text == "a hub token is present"


def test_the_data_folder_need_not_exist_and_is_not_made(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "there"
    assert check_storage(folder).good
    assert check_space(folder).good
    assert list(tmp_path.iterdir()) == []


def test_a_data_folder_that_is_a_file_means_that_nothing_works(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    finding = check_storage(file)
    assert not finding.good
    assert "cannot be written" in finding.text
    assert "nothing yet" in what_works(CPU, SILENT, online=True, editor=True, storage=False)[0]


def test_versions_are_compared_with_the_tested_ones() -> None:
    installed = metadata.version("pyarrow")
    pinned = pinned_versions()["pyarrow"]
    finding = compare_versions("x", ("pyarrow",))
    assert finding.good == (installed == pinned)
    assert finding.text.startswith(f"pyarrow {installed}")
    missing = compare_versions("x", ("no-such-package",))
    assert not missing.good
    assert "no-such-package is missing" in missing.text


def test_without_torch_it_says_what_to_install() -> None:
    assert (
        'pip install "syned[models]"'
        in what_works(NONE, SILENT, online=True, editor=True, storage=True)[1]
    )


def test_what_works_follows_from_what_is_there() -> None:
    offline = " ".join(what_works(CPU, SILENT, online=False, editor=True, storage=True))
    assert "`syned generate --source shapes`" in offline
    assert "lies in a folder, on the CPU" in offline
    online = " ".join(what_works(CUDA, SILENT, online=True, editor=False, storage=True))
    assert "from the hub, on a card (24 GiB)" in online
    assert "shapes" not in online


def test_what_there_is_to_paraphrase_with_is_said_with_what_it_is_good_for() -> None:
    assert not SILENT.finding.good
    assert "vLLM (syned[vllm])" in SILENT.finding.text.partition("not installed")[2]
    assert "not installed" not in FLUENT.finding.text

    def lines(torch: Torch, language: Language) -> str:
        return " ".join(what_works(torch, language, online=True, editor=True, storage=True))

    assert "reword" not in lines(CPU, SILENT)
    assert "`syned paraphrase`" in lines(CUDA, FLUENT)
    assert "with vLLM" not in lines(CPU, FLUENT)
    assert "smollm2" in lines(CPU, FLUENT)
    assert "smollm2" not in lines(NONE, FLUENT)
