"""`syned paraphrase` from outside."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.conftest import SHAPES, run_cli

LOOSE = ["--set", "paraphrase.similarity_threshold=-1", "--set", "paraphrase.word_threshold=-1"]


def test_paraphrase_plans_if_nothing_is_planned_and_shows_examples(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fake = ["--set", "generate.editor=fake", "--set", "generate.n=6", "--engine", "fake"]
    assert run_cli("paraphrase", "--source", "shapes", *fake, *LOOSE) == 0
    out, err = capsys.readouterr()
    assert f"run      {tmp_path}/shapes" in out
    assert "with as many as were asked for" in out
    texts = [line for line in out.splitlines() if re.match(r"  \S", line)]
    assert len(texts) == 10
    assert out.count("    -> ") > len(texts)
    assert "plan: 6 of 6" in err
    assert "requests: " in err
    assert run_cli("paraphrase") == 0
    assert "this time 0 requests" in capsys.readouterr().out
    assert run_cli("status") == 0
    assert "captions " in capsys.readouterr().out


def test_paraphrase_with_other_settings_is_refused_until_it_is_redone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run_cli(*SHAPES, "--n", "4", "--set", "paraphrase.engine=fake", *LOOSE) == 0
    assert run_cli("paraphrase") == 0
    capsys.readouterr()
    hotter = ["paraphrase", "--set", "paraphrase.temperature=1.5"]
    assert run_cli(*hotter) == 2
    assert "captions was made with temperature" in capsys.readouterr().err
    assert run_cli(*hotter, "--redo") == 0


def test_a_server_that_is_not_there_ends_paraphrase_with_one_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("openai")
    assert run_cli(*SHAPES, "--n", "4") == 0
    capsys.readouterr()
    gone = ["--url", "http://127.0.0.1:9/v1", "--model", "m", "--set", "paraphrase.retries=0"]
    similar = ["--set", "paraphrase.similarity_model=fake"]
    assert run_cli("paraphrase", *gone, *similar) == 2
    err = capsys.readouterr().err
    assert "the server at http://127.0.0.1:9/v1 does not answer" in err
    assert "Traceback" not in err
