"""Run the trials of an experiment with pairs and tools that are opened once."""

from __future__ import annotations

from pathlib import Path

from syned.captioning.data.arms import Material, open_material, seen
from syned.captioning.gains.kit import Kit
from syned.captioning.gains.trials import Lesson, Say, Trial, run_trial
from syned.config import TrainEvalConfig


class Bench:
    """Where trials are run.

    Args:
        config: of the experiment.
        folder: of the experiment.
        kit: what opens pairs and tools.
        material: the pairs, where they are open already.
    """

    def __init__(
        self,
        config: TrainEvalConfig,
        folder: Path,
        kit: Kit,
        material: Material | None = None,
    ) -> None:
        self.config = config
        self.folder = folder
        self.material = material or open_material(config, kit.open_pairs)
        self.tools = kit.open_tools()

    def run(self, trial: Trial, test_content: str, say: Say) -> None:
        """Do what is left of a trial but its scores.

        Args:
            trial: one of the config's.
            test_content: hash of the test pairs.
            say: hears what happens, with the trial's name before it.
        """
        arm = self.config.arms[trial.arm]
        lesson = Lesson(
            phases=self.material.phases(arm),
            validation=seen(self.material.validation, arm),
            test=seen(self.material.test, arm),
            test_content=test_content,
            features=self.folder / "features",
        )
        run_trial(trial, lesson, self.tools, lambda text: say(f"{trial.name}: {text}"))
