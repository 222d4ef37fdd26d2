"""Settings for transformers' Trainer, and the lines that say how far it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from transformers import TrainerCallback, TrainingArguments

from syned.captioning.training.weights import save_weights
from syned.config import TrainingConfig
from syned.run.atomic import read_json, write_json
from syned.units import duration, rate

LINE_SECONDS = 10.0
"""Least time between two lines of progress."""

Say = Callable[[str], None]


class Watch(TrainerCallback):  # type: ignore[misc]  # transformers exports it without types
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
            f"{rate(1 / pace)} steps a second, {duration(left)} left"
        )

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: Any, **kept: Any) -> None:
        loss = float(metrics["eval_loss"])
        self._validation = f", validation loss {loss:.3f}"
        if state.is_world_process_zero and (state.best_metric is None or loss < state.best_metric):
            save_weights(kept["model"], self.best)

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.is_world_process_zero:
            seconds = self.seconds_before + time.monotonic() - self._begin
            write_json(self._clock, {"seconds": seconds})


def trainer_arguments(
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
