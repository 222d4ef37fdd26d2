"""`syned paraphrase` beside a server that fails: it finishes, or stops with a clear word."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("openai")
pytest.importorskip("jinja2")

from syned.run.directory import open_run
from syned.run.records import Paraphrased, from_rows
from tests.cli.conftest import SHAPES, run_cli
from tests.stub_server import Behave, error, good, stub_server

TEXTS = 12
SETTINGS = {
    "similarity_model": "fake",
    "similarity_threshold": -1,
    "word_threshold": -1,
    "limit": TEXTS,
    "paraphrases": 2,
    "in_flight": 1,
    "retries": 1,
}


@pytest.fixture(autouse=True)
def _planned(own_data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openai._base_client.INITIAL_RETRY_DELAY", 0.01)
    monkeypatch.setattr("openai._base_client.MAX_RETRY_DELAY", 0.02)
    assert run_cli(*SHAPES, "--n", "6") == 0


def ask(behave: Behave, **changes: object) -> tuple[int, list[str]]:
    """Exit status of the command, and the texts that the server was asked about."""
    given = {**SETTINGS, **changes}
    settings = [word for k, v in given.items() for word in ("--set", f"paraphrase.{k}={v}")]
    with stub_server(behave) as stub:
        status = run_cli("paraphrase", "--url", stub.url, "--model", "m", *settings)
        return status, stub.texts()


def captions(folder: Path) -> list[Paraphrased]:
    run = open_run("shapes", folder)
    shards = [run.captions.read(shard).to_pylist() for shard in run.captions.done()]
    return [row for rows in shards for row in from_rows(rows, Paraphrased)]


def every_other(bad: tuple[int, bytes | None]) -> Behave:
    return lambda number, body: bad if number % 2 == 0 else good(number, body)


@pytest.mark.parametrize("bad", [error(429), error(500), (200, None)])
def test_failures_that_pass_cost_nothing_but_patience(
    tmp_path: Path, bad: tuple[int, bytes | None]
) -> None:
    status, asked = ask(every_other(bad))
    assert status == 0
    assert len(asked) == 2 * TEXTS
    assert [row.status for row in captions(tmp_path)] == ["done"] * TEXTS
    assert ask(good) == (0, [])


def test_answers_that_are_broken_are_rows_with_a_reason_and_are_asked_for_again(
    tmp_path: Path,
) -> None:
    status, asked = ask(every_other((200, b'{"choices": [')))
    rows = captions(tmp_path)
    failed = [row.text for row in rows if row.status == "failed"]
    assert (status, len(asked), len(failed)) == (0, TEXTS, TEXTS // 2)
    assert {row.reason for row in rows if row.status == "failed"} == {"no_answer"}
    assert ask(good) == (0, failed)
    assert [row.status for row in captions(tmp_path)] == ["done"] * TEXTS


def dies_after(count: int, bad: tuple[int, bytes | None]) -> Behave:
    return lambda number, body: good(number, body) if number < count else bad


@pytest.mark.parametrize("bad", [error(500), (200, b"{"), (200, None)])
def test_a_server_that_dies_stops_it_with_one_line_and_a_resumed_run_asks_for_the_rest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], bad: tuple[int, bytes | None]
) -> None:
    answered = 3
    status, first = ask(dies_after(answered, bad), retries=0)
    err = capsys.readouterr().err
    assert status == 2
    assert "does not answer" in err
    assert "what was answered is kept" in err
    assert "Traceback" not in err
    assert captions(tmp_path) == []
    status, second = ask(good)
    assert (status, len(second)) == (0, TEXTS - answered)
    assert set(second).isdisjoint(first[:answered])
    assert [row.status for row in captions(tmp_path)] == ["done"] * TEXTS
    assert ask(good) == (0, [])
