"""`syned caption`, from pictures on disk to a line."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

from syned.captioning.training.train import Phase, train_captioner
from syned.cli import main
from syned.config import TrainingConfig, TwoStreamConfig
from tests.tiny_captioners import DrawnPairs, drawn_pairs, square, write_clip

pytestmark = pytest.mark.timeout(600)  # a captioner is trained first, in seconds on an idle machine


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    config = TwoStreamConfig(encoder=str(write_clip(folder / "clip")), width=16, heads=2)
    training = TrainingConfig(steps=150, batch_size=8, learning_rate=1e-2, save_every=1000)
    phases = [Phase(drawn_pairs(12))]
    train_captioner(
        config, training, phases, DrawnPairs(), folder / "a", seed=0, say=lambda text: None
    )
    return folder / "a"


@pytest.fixture
def pictures(tmp_path: Path) -> list[str]:
    for color in ("red", "blue"):
        square(color).save(tmp_path / f"{color}.png")
    return [str(tmp_path / "red.png"), str(tmp_path / "blue.png")]


def test_it_prints_what_changed(
    pictures: list[str], adapter: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = []
    for order in (pictures, pictures[::-1]):
        with pytest.raises(SystemExit) as end:
            main(["caption", *order, "--adapter", str(adapter), "--device", "cpu"])
        assert end.value.code == 0
        said.append(capsys.readouterr().out)
    assert said[0] in ("the red square is blue now\n", "red became blue\n")
    assert said[1] in ("the blue square is red now\n", "blue became red\n")


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as end:
        main(["caption", *arguments])
    assert end.value.code == 2
    return capsys.readouterr().err


def test_a_picture_that_is_not_there_or_is_none_is_refused(
    pictures: list[str], adapter: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    none = str(tmp_path / "none.png")
    text = tmp_path / "text.png"
    text.write_text("no picture")
    of = ["--adapter", str(adapter)]
    assert "none.png cannot be read" in refused([pictures[0], none, *of], capsys)
    assert "text.png is no picture" in refused([str(text), pictures[1], *of], capsys)
    assert str(tmp_path) + " cannot be read" in refused([str(tmp_path), none, *of], capsys)


def test_a_folder_without_a_captioner_is_refused(
    pictures: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    message = refused([*pictures, "--adapter", str(tmp_path)], capsys)
    assert message.startswith("syned: ")
    assert "has no captioner.json" in message


def test_a_device_that_is_not_there_is_refused(
    pictures: list[str], adapter: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [*pictures, "--adapter", str(adapter), "--device"]
    assert "device 'cuda:77'" in refused([*arguments, "cuda:77"], capsys)
    assert "device is 'gpu'" in refused([*arguments, "gpu"], capsys)
