"""Trains a captioner, phase after phase, by transformers' Trainer.

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

import hashlib
import json
import math
import os
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import (
    EarlyStoppingCallback,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    set_seed,
)

from syned.config import CaptionerConfig, TrainingConfig
from syned.errors import DataError, RunError
from syned.idc.base import Phase as Phase
from syned.idc.captioners import NOTE, Learner, start_captioner
from syned.idc.devices import find_device, quiet_transformers
from syned.idc.draws import Draws, Looked
from syned.idc.files import read_json, write_json
from syned.idc.pairs import PairSet

LINE_SECONDS = 10.0
"""Least time between two lines of progress."""

Say = Callable[[str], None]


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
    quiet_transformers()
    device = find_device(training.device)
    process = PartialState(cpu=device.type == "cpu")
    _claim(folder, _identity(captioner, training, phases, validation, seed))
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
        trained_weights=sum(p.numel() for p in _trained(learner.model).values()),
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
                _save_weights(self.learner.model, weights)
                write_json(note, record)
                shutil.rmtree(self.folder / f"phase-{number}", ignore_errors=True)
        else:
            _load_weights(self.learner.model, weights)
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
        watch = _Watch(folder, self.say, f"phase {number + 1}, " if number else "")
        look_every = training.eval_every or math.ceil(len(phase.pairs.infos) / rows)
        trainer = self._trainer(draws, folder, steps, min(look_every, steps), watch, number)
        checkpoint = _last_checkpoint(folder)
        begin = time.monotonic()
        if not _stopped(checkpoint) or not watch.best.exists():
            trainer.train(resume_from_checkpoint=None if checkpoint is None else str(checkpoint))
        elif checkpoint is not None:
            trainer.state = trainer.state.load_from_json(str(checkpoint / _STATE))
        if watch.best.exists():
            _load_weights(self.learner.model, watch.best)
        state = trainer.state
        return {
            "steps": state.global_step,
            "best_step": state.best_global_step if self.looked else None,
            "validation_loss": state.best_metric if self.looked else None,
            "seconds": watch.seconds_before + time.monotonic() - begin,
            "log": state.log_history,
        }

    def _trainer(
        self, draws: Draws, folder: Path, steps: int, look_every: int, watch: _Watch, number: int
    ) -> Trainer:
        callbacks: list[TrainerCallback] = [watch]
        if self.looked is not None and self.training.patience is not None:
            callbacks.append(EarlyStoppingCallback(self.training.patience))
        trainer = Trainer(
            model=self.learner.model,
            args=_arguments(
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


class _Watch(TrainerCallback):  # type: ignore[misc]
    """Says how far training is, and keeps the weights that were best.

    Args:
        folder: of the phase.
        say: told in plain words.
        prefix: of every line.
    """

    def __init__(self, folder: Path, say: Say, prefix: str) -> None:
        self.best = folder / "best.safetensors"
        self._clock, self._say, self._prefix = folder / "seconds.json", say, prefix
        self.seconds_before = float((read_json(self._clock) or {"seconds": 0.0})["seconds"])
        """Spent before the checkpoint that this call goes on from."""
        self._begin = self._said = time.monotonic()
        self._first_step = 0
        self._validation = ""

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._begin = self._said = time.monotonic()
        self._first_step = state.global_step
        if state.global_step:
            self._say(f"{self._prefix}going on from step {state.global_step:,}")

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        now = time.monotonic()
        if now - self._said < LINE_SECONDS and state.global_step < state.max_steps:
            return
        self._said = now
        pace = (now - self._begin) / max(1, state.global_step - self._first_step)
        left = pace * (state.max_steps - state.global_step)
        self._say(
            f"{self._prefix}step {state.global_step:,} of {state.max_steps:,}{self._validation}, "
            f"{1 / pace:.2g} steps a second, {left / 60:.0f} min left"
        )

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: Any, **kept: Any) -> None:
        loss = float(metrics["eval_loss"])
        self._validation = f", validation loss {loss:.3f}"
        if state.is_world_process_zero and (state.best_metric is None or loss < state.best_metric):
            _save_weights(kept["model"], self.best)

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.is_world_process_zero:
            seconds = self.seconds_before + time.monotonic() - self._begin
            write_json(self._clock, {"seconds": seconds})


def _arguments(
    training: TrainingConfig,
    folder: Path,
    *,
    steps: int,
    look_every: int | None,
    device: torch.device,
    seed: int,
) -> TrainingArguments:
    """Our settings in the Trainer's words."""
    if device.type == "cuda":
        torch.cuda.set_device(device)
    bf16 = {"auto": device.type == "cuda", "bf16": True, "no": False}[training.mixed_precision]
    warmup = "constant_with_warmup"
    arguments = TrainingArguments(
        output_dir=str(folder),
        max_steps=steps,
        per_device_train_batch_size=training.batch_size,
        per_device_eval_batch_size=training.batch_size,
        gradient_accumulation_steps=training.gradient_accumulation,
        learning_rate=training.learning_rate,
        lr_scheduler_type=warmup if training.schedule == "constant" else training.schedule,
        warmup_steps=round(training.warmup_fraction * steps),
        weight_decay=training.weight_decay,
        max_grad_norm=training.max_grad_norm or 0.0,
        bf16=bf16,
        gradient_checkpointing=training.gradient_checkpointing,
        gradient_checkpointing_kwargs={"use_reentrant": False},
        eval_strategy="no" if look_every is None else "steps",
        eval_steps=look_every,
        metric_for_best_model=None if look_every is None else "eval_loss",
        greater_is_better=False,
        prediction_loss_only=True,
        save_strategy="steps",
        save_steps=training.save_every,
        save_total_limit=1,
        restore_callback_states_from_checkpoint=True,
        logging_steps=max(1, steps // 20),
        train_sampling_strategy="sequential",
        remove_unused_columns=False,
        label_names=["labels"],
        dataloader_num_workers=0,
        dataloader_pin_memory=device.type == "cuda",
        disable_tqdm=True,
        report_to="none",
        use_cpu=device.type == "cpu",
        seed=seed,
    )
    arguments._n_gpu = min(1, arguments.n_gpu)  # else all GPUs are used, by DataParallel
    return arguments


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


def _identity(
    captioner: CaptionerConfig,
    training: TrainingConfig,
    phases: Sequence[Phase],
    validation: PairSet,
    seed: int,
) -> dict[str, Any]:
    """All that decides the weights."""
    data = hashlib.sha256()
    for pairs, share in [*((phase.pairs, phase.share) for phase in phases), (validation, 0.0)]:
        rows = [[info.pair_id, *info.references] for info in pairs.infos]
        data.update(json.dumps([share, rows]).encode())
    return {
        "captioner": captioner.model_dump(mode="json"),
        "training": training.model_dump(mode="json", exclude=_FREE),
        "seed": seed,
        "pairs": data.hexdigest()[:24],
    }


_FREE = {"device", "save_every", "gradient_checkpointing"}
"""Settings that may change when a training goes on."""


def _claim(folder: Path, ours: dict[str, Any]) -> None:
    """Note what is trained in a folder.

    Raises:
        RunError: something else was.
    """
    theirs = read_json(folder / "training.json")
    if theirs is None:
        write_json(folder / "training.json", ours)
    elif theirs != ours:
        differing = sorted(name for name, was, now in _leaves(theirs, ours) if was != now)
        raise RunError(
            f"{folder} holds a training with other settings ({', '.join(differing)}); go on with "
            "those, or train into another folder"
        )


def _leaves(theirs: Any, ours: Any, name: str = "") -> list[tuple[str, Any, Any]]:
    """Values of two nested settings, side by side, with dotted names."""
    if not isinstance(theirs, dict) or not isinstance(ours, dict):
        return [(name, theirs, ours)]
    keys = [*theirs, *(key for key in ours if key not in theirs)]
    prefix = f"{name}." if name else ""
    return [leaf for key in keys for leaf in _leaves(theirs.get(key), ours.get(key), prefix + key)]


def _last_checkpoint(folder: Path) -> Path | None:
    """The last checkpoint that was written to its end; what was cut off is removed."""
    found: list[tuple[int, Path]] = []
    for path in folder.glob("checkpoint-*"):
        if read_json(path / _STATE) is None:  # the file that the Trainer writes last
            shutil.rmtree(path)
        else:
            found.append((int(path.name.rpartition("-")[2]), path))
    return max(found)[1] if found else None


_STATE = "trainer_state.json"


def _stopped(checkpoint: Path | None) -> bool:
    """Whether training had ended by the time of a checkpoint."""
    state = None if checkpoint is None else read_json(checkpoint / _STATE)
    control = (state or {}).get("stateful_callbacks", {}).get("TrainerControl", {})
    return bool(control.get("args", {}).get("should_training_stop", False))


def _trained(model: nn.Module) -> dict[str, nn.Parameter]:
    return {name: weight for name, weight in model.named_parameters() if weight.requires_grad}


def _save_weights(model: nn.Module, path: Path) -> None:
    """The weights that are trained, there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.tmp-{os.getpid()}")
    save_file({n: w.detach().contiguous() for n, w in _trained(model).items()}, unfinished)
    unfinished.replace(path)


def _load_weights(model: nn.Module, path: Path) -> None:
    weights = load_file(path)
    with torch.no_grad():
        for name, weight in _trained(model).items():
            weight.copy_(weights[name])


def _silence(text: str) -> None:
    """What all processes but the first say."""
