from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from syned.captioning.data.arms import open_material
from syned.captioning.data.pairs import Pairs, PairSet
from syned.captioning.gains.bench import Bench
from syned.captioning.gains.kit import Kit
from syned.captioning.gains.trials import Tools, Trial, kept_predictions
from syned.config import PairSource, TrainEvalConfig
from syned.errors import ConfigError
from tests.captioning.gains.small_experiment import (
    load_table,
    open_colors,
    small_config,
    small_kit,
    train_table,
)

ARMS = {
    "real": [["real"]],
    "syned_then_real": [["syned"], ["real"]],
    "blind": {"phases": [["real", "syned"]], "blank_images": True},
}


def trial_of(config: TrainEvalConfig, folder: Path, arm: str = "real") -> Trial:
    return Trial(
        captioner="table",
        arm=arm,
        seed=0,
        folder=folder / "table" / arm / "seed-0",
        model=config.captioners["table"].model,
        training=config.captioners["table"].training,
        data={},
    )


def ignored(text: str) -> None:
    """Heard by nobody."""


class Noted:
    """A kit that notes what is opened, and what a training is given."""

    def __init__(self) -> None:
        self.opened: list[str] = []
        self.phases: list[PairSet] = []
        self.validation: PairSet | None = None
        self.named: dict[str, Any] = {}
        self.captioned: list[Image.Image] = []

    @property
    def kit(self) -> Kit:
        return replace(small_kit(), open_pairs=self._open_pairs, open_tools=self._open_tools)

    def _open_pairs(self, source: PairSource) -> Pairs:
        self.opened.append(f"pairs from {source.start} of {source.split}")
        return open_colors(source)

    def _open_tools(self) -> Tools:
        self.opened.append("tools")
        return Tools(train=self._train, load=self._load)

    def _train(self, *given: Any, **named: Any) -> Any:
        _, _, phases, self.validation, _ = given
        self.phases, self.named = [phase.pairs for phase in phases], named
        return train_table(*given, **named)

    def _load(self, folder: Path, *, device: str) -> Any:
        table, noted = load_table(folder, device=device), self

        class Captioner:
            name = "noted"

            def caption(self, pairs: Any) -> list[str]:
                noted.captioned += [edited for _, edited in pairs]
                return table.caption(pairs)

        return Captioner()


def colors_of(pictures: list[Image.Image]) -> set[Any]:
    return {picture.getpixel((0, 0)) for picture in pictures}


def pictures_of(pairs: PairSet) -> list[Image.Image]:
    return [pairs.images(place)[1] for place in range(len(pairs.infos))]


def test_a_trial_is_trained_on_the_phases_of_its_arm(tmp_path: Path) -> None:
    config, noted = small_config(arms=ARMS), Noted()
    bench = Bench(config, tmp_path, noted.kit)
    bench.run(trial_of(config, tmp_path, "syned_then_real"), "test 1", ignored)
    assert [len(pairs.infos) for pairs in noted.phases] == [8, 3]
    assert noted.validation is bench.material.validation
    assert len(colors_of(noted.captioned)) == 8


def test_an_arm_without_pictures_sees_none_anywhere(tmp_path: Path) -> None:
    config, noted = small_config(arms=ARMS), Noted()
    Bench(config, tmp_path, noted.kit).run(trial_of(config, tmp_path, "blind"), "test 1", ignored)
    assert noted.validation is not None
    gray = {(128, 128, 128)}
    assert colors_of(pictures_of(noted.phases[0])) == gray
    assert colors_of(pictures_of(noted.validation)) == gray
    assert colors_of(noted.captioned) == gray
    assert [info.pair_id for info in noted.validation.infos] == [
        f"colors/validation/{n}" for n in range(4)
    ]


def test_a_trial_is_left_captioned_and_not_scored(tmp_path: Path) -> None:
    config = small_config(arms=ARMS)
    trial = trial_of(config, tmp_path)
    Bench(config, tmp_path, small_kit()).run(trial, "test 1", ignored)
    predictions = kept_predictions(trial, "test 1")
    assert predictions is not None
    assert len(predictions) == 16
    assert kept_predictions(trial, "test 2") is None
    assert sorted(path.name for path in trial.folder.iterdir()) == [
        "predictions.jsonl",
        "trial.json",
        "weights",
    ]


def test_a_trial_that_is_done_is_not_trained_again(tmp_path: Path) -> None:
    config = small_config(arms=ARMS)
    trial, said = trial_of(config, tmp_path), list[str]()
    Bench(config, tmp_path, small_kit()).run(trial, "test 1", ignored)
    Bench(config, tmp_path, small_kit()).run(trial, "test 1", said.append)
    assert said == []


def test_what_is_said_has_the_trials_name_before_it(tmp_path: Path) -> None:
    config, said = small_config(arms=ARMS), list[str]()
    Bench(config, tmp_path, small_kit()).run(trial_of(config, tmp_path), "test 1", said.append)
    assert said == ["table, real, seed 0: 24 steps"]


def test_pairs_and_tools_are_opened_once_for_all_trials(tmp_path: Path) -> None:
    config, noted = small_config(arms=ARMS), Noted()
    bench = Bench(config, tmp_path, noted.kit)
    for arm in ARMS:
        bench.run(trial_of(config, tmp_path, arm), "test 1", ignored)
        assert noted.named["features"] == tmp_path / "features"
    assert noted.opened == [
        "pairs from 0 of train",
        "pairs from 100 of train",
        "pairs from 0 of validation",
        "pairs from 0 of test",
        "tools",
    ]


def test_pairs_that_are_open_already_are_taken(tmp_path: Path) -> None:
    config, noted = small_config(arms=ARMS), Noted()
    material = open_material(config, open_colors)
    bench = Bench(config, tmp_path, noted.kit, material)
    assert bench.material is material
    assert noted.opened == ["tools"]


def test_no_model_library_is_loaded_where_the_pairs_cannot_be_opened(tmp_path: Path) -> None:
    noted = Noted()
    with pytest.raises(ConfigError, match=r"train_eval\.test is missing"):
        Bench(small_config(arms=ARMS, test=None), tmp_path, noted.kit)
    assert noted.opened == []
