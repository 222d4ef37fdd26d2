"""`syned publish` from outside."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from syned.run.directory import open_run
from tests.cli.conftest import run_cli
from tests.conftest import new_run
from tests.made_up_run import MadeUp, make_run


def test_publish_says_what_it_wrote_and_how_to_load_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_run(tmp_path, MadeUp(40, splits=("train", "test")))

    assert run_cli("publish") == 0

    out, err = capsys.readouterr()
    assert f"dataset  {tmp_path / 'test' / 'dataset'}" in out
    assert "pairs    train " in out
    assert ", test " in out
    assert "in 2 files" in out
    assert f'datasets.load_dataset("{tmp_path / "test" / "dataset"}")' in out
    assert "pairs: " in err
    assert run_cli("publish") == 0
    assert "the rows were published before" in capsys.readouterr().out


def test_what_is_left_out_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = make_run(tmp_path, MadeUp(40, shard_rows=16, splits=("train",)))
    make_run(tmp_path / "more", MadeUp(56, shard_rows=16)).edits.file(3).rename(run.edits.file(3))
    (tmp_path / "more" / "test" / "edits" / "00003.json").rename(run.edits.path / "00003.json")

    assert run_cli("publish") == 0

    assert "left out 8 edits that were made after the last `syned filter`" in (
        capsys.readouterr().out
    )


def test_a_run_that_nobody_filtered_needs_a_flag_that_is_not_remembered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_run(tmp_path, MadeUp(40, with_selection=False))

    assert run_cli("publish") == 2
    assert "nobody has said which edits are good" in capsys.readouterr().err
    assert run_cli("publish", "--unfiltered") == 0
    assert run_cli("publish") == 2


def test_settings_are_noted_in_the_run_and_used_again(tmp_path: Path) -> None:
    make_run(tmp_path, MadeUp(40))

    assert run_cli("publish", "--format", "instructpix2pix", "--set", "publish.quality=80") == 0

    noted = yaml.safe_load((tmp_path / "test" / "run.yaml").read_text())["config"]["publish"]
    assert noted["format"] == "instructpix2pix"
    assert noted["quality"] == 80
    assert open_run("test", tmp_path).settings()["config"]["generate"]["n"] == 12


def test_what_is_published_elsewhere_does_not_change_the_runs_settings(tmp_path: Path) -> None:
    make_run(tmp_path, MadeUp(40))
    other = ["--format", "instructpix2pix", "--out", str(tmp_path / "other")]

    assert run_cli("publish", *other) == 0
    assert run_cli("publish") == 0

    assert "`edit_prompt`" in (tmp_path / "other" / "README.md").read_text()
    assert "`edit_prompt`" not in (tmp_path / "test" / "dataset" / "README.md").read_text()


def test_a_dataset_can_lie_elsewhere_and_nothing_else_is_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_run(tmp_path, MadeUp(40))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")

    assert run_cli("publish", "--out", str(tmp_path / "mine")) == 2
    assert "holds 'notes.txt', which Syned did not write" in capsys.readouterr().err
    assert run_cli("publish", "--out", str(tmp_path / "elsewhere")) == 0
    assert (tmp_path / "elsewhere" / "README.md").is_file()
    assert not (tmp_path / "test" / "dataset").exists()


def test_a_run_without_edits_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new_run(tmp_path)

    assert run_cli("publish") == 2
    assert "has no edits yet; make them with `syned generate`" in capsys.readouterr().err


def test_a_hub_that_cannot_be_reached_leaves_the_dataset(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_run(tmp_path, MadeUp(40))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)

    assert run_cli("publish", "--push-to-hub", "me/edits") == 2

    out, err = capsys.readouterr()
    assert "load     datasets" in out
    assert "me/edits could not be uploaded" in err
    assert 'load_dataset("me/edits"' in (tmp_path / "test" / "dataset" / "README.md").read_text()


def test_publishing_a_run_that_does_not_exist_makes_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_cli("publish", "--source", "shapes", "--run", "nowhere") == 2

    assert "has no run 'nowhere'" in capsys.readouterr().err
    assert not (tmp_path / "nowhere").exists()
