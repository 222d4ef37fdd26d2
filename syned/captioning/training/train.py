"""Train a captioner, phase after phase, with transformers' Trainer.

    <folder>/
      training.json       what is trained, on what; a folder belongs to one training
      training/phase-0/   checkpoints of the phase in hand, and its best weights
      training/phase-0.*  weights and record of a phase that is done
      adapter/ or model/  the trained weights
      captioner.json      says what they are; written last

Order, references, dropout and first weights follow from the seed, so a training that was killed
goes on from its last checkpoint to the weights it would have had.
"""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from transformers import (
    EarlyStoppingCallback,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    set_seed,
)

from syned.captioning.data.pairs import PairSet
from syned.captioning.models.base import Phase as Phase
from syned.captioning.models.load import NOTE, Learner, start_captioner
from syned.captioning.training.claim import claim, identity_of
from syned.captioning.training.draws import Draws, Looked
from syned.captioning.training.trainer import Say, Watch, trainer_arguments
from syned.captioning.training.weights import (
    STATE,
    has_stopped,
    last_checkpoint,
    load_weights,
    save_weights,
    trained_weights,
)
from syned.config import CaptionerConfig, TrainingConfig
from syned.errors import DataError
from syned.models.devices import choose_device, quiet_libraries
from syned.run.atomic import read_json, write_json


@dataclass(frozen=True, slots=True)
class TrainSummary:
    """What a training came to."""

    steps: int
    """Optimizer steps taken, fewer than planned after early stopping."""
    best_step: int | None
    """Of the last phase: when its validation loss was least; None without validation pairs."""
    validation_loss: float | None
    """At that step: mean negative log-likelihood of a token, in nats."""
    seconds: float
    """Spent in training, over all calls."""
    trained_weights: int


def train_captioner(
    captioner: CaptionerConfig,
    training: TrainingConfig,
    phases: Sequence[Phase],
    validation: PairSet,
    folder: Path,
    *,
    seed: int,
    say: Say,
    features: Path | None = None,
) -> TrainSummary:
    """Train into a folder, or go on; a finished training returns at once.

    Args:
        captioner: what is trained.
        training: how.
        phases: on what; "synthetic then real" is two of them. Each starts from the best weights
            of the one before, with a learning rate schedule of its own.
        validation: chooses the best weights, and stops early; with no pairs, the last ones count.
        folder: where to.
        seed: of everything random.
        say: told in plain words what happens.
        features: where a two-stream model keeps features of images, for trainings to share; None
            for `features/` beside the folder.

    Raises:
        ConfigError: this machine has no such device.
        DataError: a phase has no pairs.
        EngineError: a checkpoint cannot be loaded, or the model does not see the pictures.
        RunError: the folder belongs to another training.
    """
    quiet_libraries()
    device = choose_device(training.device)
    process = PartialState(cpu=device.type == "cpu")
    claim(folder, identity_of(captioner, training, phases, validation, seed))
    note = read_json(folder / NOTE)
    if note is not None:
        return TrainSummary(**note["summary"])
    set_seed(seed)
    captions = [text for phase in phases for info in phase.pairs.infos for text in info.references]
    learner = start_captioner(
        captioner, captions, device=device, features=features or folder.parent / "features"
    )
    tell = say if process.is_main_process else _silence
    work = _Work(learner, training, validation, folder / "training", seed, device, tell)
    records = [
        work.run(number, phase, steps)
        for number, (phase, steps) in enumerate(zip(phases, _steps(training, phases), strict=True))
    ]
    summary = TrainSummary(
        steps=sum(record["steps"] for record in records),
        best_step=records[-1]["best_step"],
        validation_loss=records[-1]["validation_loss"],
        seconds=round(sum(record["seconds"] for record in records), 1),
        trained_weights=sum(p.numel() for p in trained_weights(learner.model).values()),
    )
    if process.is_main_process:
        learner.save(folder)
        logs = [record["log"] for record in records]
        values = {"captioner": captioner.model_dump(mode="json"), "summary": asdict(summary)}
        write_json(folder / NOTE, {**values, "log": logs})
        shutil.rmtree(folder / "training")
    process.wait_for_everyone()
    return summary


class _Work:
    """A training in hand: what all its phases share."""

    def __init__(
        self,
        learner: Learner,
        training: TrainingConfig,
        validation: PairSet,
        folder: Path,
        seed: int,
        device: torch.device,
        say: Say,
    ) -> None:
        self.learner, self.training, self.folder, self.seed = learner, training, folder, seed
        self.device, self.say = device, say
        self.looked: Looked | None = None
        if validation.infos:
            self.looked = Looked(learner.reader(validation, say), validation.infos)

    def run(self, number: int, phase: Phase, steps: int) -> dict[str, Any]:
        """Train a phase, or take over what it came to; returns its record."""
        note, weights = (self.folder / f"phase-{number}{end}" for end in (".json", ".safetensors"))
        record = read_json(note)
        if record is None:
            record = self._train(number, phase, steps)
            if PartialState().is_main_process:
                save_weights(self.learner.model, weights)
                write_json(note, record)
                shutil.rmtree(self.folder / f"phase-{number}", ignore_errors=True)
        else:
            load_weights(self.learner.model, weights)
        return record

    def _train(self, number: int, phase: Phase, steps: int) -> dict[str, Any]:
        training, folder = self.training, self.folder / f"phase-{number}"
        rows = training.batch_size * training.gradient_accumulation * PartialState().num_processes
        draws = Draws(
            self.learner.reader(phase.pairs, self.say),
            phase.pairs.infos,
            count=steps * rows,
            seed=(self.seed, number),
            blur_sigma=training.blur_sigma,
        )
        few = [draws[place] for place in range(min(4, len(draws)))]
        self.learner.check(self.learner.collate(few))
        watch = Watch(folder, self.say, f"phase {number + 1}, " if number else "")
        look_every = training.eval_every or math.ceil(len(phase.pairs.infos) / rows)
        trainer = self._trainer(draws, folder, steps, min(look_every, steps), watch, number)
        checkpoint = last_checkpoint(folder)
        begin = time.monotonic()
        if not has_stopped(checkpoint) or not watch.best.exists():
            trainer.train(resume_from_checkpoint=None if checkpoint is None else str(checkpoint))
        elif checkpoint is not None:
            trainer.state = trainer.state.load_from_json(str(checkpoint / STATE))
        if watch.best.exists():
            load_weights(self.learner.model, watch.best)
        state = trainer.state
        return {
            "steps": state.global_step,
            "best_step": state.best_global_step if self.looked else None,
            "validation_loss": state.best_metric if self.looked else None,
            "seconds": watch.seconds_before + time.monotonic() - begin,
            "log": state.log_history,
        }

    def _trainer(
        self, draws: Draws, folder: Path, steps: int, look_every: int, watch: Watch, number: int
    ) -> Trainer:
        callbacks: list[TrainerCallback] = [watch]
        if self.looked is not None and self.training.patience is not None:
            callbacks.append(EarlyStoppingCallback(self.training.patience))
        trainer = Trainer(
            model=self.learner.model,
            args=trainer_arguments(
                self.training,
                folder,
                steps=steps,
                look_every=look_every if self.looked is not None else None,
                device=self.device,
                seed=self.seed + number,
            ),
            data_collator=self.learner.collate,
            train_dataset=draws,
            eval_dataset=self.looked,
            callbacks=callbacks,
        )
        trainer.remove_callback(PrinterCallback)
        return trainer


def _steps(training: TrainingConfig, phases: Sequence[Phase]) -> list[int]:
    """Optimizer steps of each phase, at least one.

    Raises:
        DataError: there is no phase, or one has no pairs.
    """
    if not phases or not all(phase.pairs.infos for phase in phases):
        raise DataError("a captioner cannot be trained without pairs; every phase needs some")
    pairs = sum(len(phase.pairs.infos) for phase in phases)
    rows = training.batch_size * training.gradient_accumulation * PartialState().num_processes
    steps = training.steps or math.ceil(training.epochs * pairs / rows)
    total = sum(phase.share for phase in phases)
    return [max(1, round(steps * phase.share / total)) for phase in phases]


def _silence(text: str) -> None:
    """What all processes but the first say."""
