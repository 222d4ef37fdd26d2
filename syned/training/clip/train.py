"""Train a CLIP from random weights on images, captions, and right and wrong edits.

An ordinary CLIP learns to tell images of different things apart. A filter of edits compares images
of the same thing: before an edit, after it, and half-way. So a batch holds both images of every
request, which makes each the hardest negative of the other, and attempts at the edit, whose
similarity to the caption of its result must say whether they are right.

Everything random in step s follows from (seed, s), so a killed training that goes on from its last
checkpoint takes the steps it would have taken.

Run: syned train-clip train_shapes_clip
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch

from syned.config.training import ClipTraining
from syned.errors import DataError
from syned.models.devices import choose_device
from syned.models.encoders.image_text import TransformersImageTextEncoder
from syned.run.atomic import open_atomically
from syned.run.records import SourceRecord
from syned.training.clip.batches import Batch, Example, batch_of, examples_of, read_attempts
from syned.training.clip.caption_facts import facts_of
from syned.training.clip.check import PRECISION, check_attempts, check_retrieval
from syned.training.clip.loss import Embedded, Helpers, clip_losses
from syned.training.clip.towers import Towers
from syned.training.work_folder import warmup_cosine, work_folder
from syned.units import duration, rate

Say = Callable[[str], None]
Records = Callable[[str, int], Iterator[SourceRecord]]
"""records(split, start): a split's records from one on."""

_TOKENIZER_RECORDS = 1000
_LARGEST_SCALE = 100.0
"""Of the logits; as CLIP has it."""
_THRESHOLD_SPEED = 10
"""How much faster the few thresholds learn than the weights."""


def train_clip(settings: ClipTraining, records: Records, *, say: Say) -> Path:
    """Train as the settings say and return the folder of the finished CLIP.

    Args:
        settings: its sizes, on what, for how long.
        records: the source's records of "train", and of the validation split.
        say: told in plain words what happens.

    Raises:
        ConfigError: the device is not on this machine.
        DataError: no record has both images and captions of both, or a run has no edits.
        RunError: the training folder belongs to other settings.
    """
    trainer = _Trainer(settings, records, say)
    trainer.resume()
    while trainer.steps_done < settings.steps:
        trainer.step()
        if _due(trainer.steps_done, settings.report_every, settings.steps):
            trainer.report()
        if _due(trainer.steps_done, settings.checkpoint_every, settings.steps):
            trainer.save_checkpoint()
        if _due(trainer.steps_done, settings.validate_every, settings.steps):
            trainer.save()
            trainer.log(measure_clip(settings.output, settings, records, say=say))
    say(f"the CLIP is in {settings.output}")
    return Path(settings.output)


def measure_clip(
    name: str, settings: ClipTraining, records: Records, *, say: Say
) -> dict[str, Any]:
    """What a CLIP is worth on the validation split, said and returned.

    Args:
        name: of the CLIP: folder, hub id or "bundled:shapes".
        settings: say on what it is measured.
        records: as for `train_clip`.
        say: told the results.
    """
    encoder = TransformersImageTextEncoder(
        name, device=settings.device, dtype="float32", batch_size=64
    )
    examples = examples_of(records(settings.validation_split, 0), settings.image_size_px)
    found = check_retrieval(encoder, list(islice(examples, settings.validation_requests)))
    say(
        f"of {found.images} validation images, {found.caption_of_image:.1%} are more similar to "
        f"their own caption than to any other; {found.image_of_caption:.1%} of the captions are "
        f"more similar to their own image than to any other; {found.own_side:.1%} of the edited "
        "images are more similar to their own caption than to that of the source image"
    )
    scores: dict[str, Any] = {"retrieval": asdict(found)}
    if settings.validation_attempts:
        tried = _read_runs(settings.validation_attempts, settings.image_size_px)
        for score, tasks in check_attempts(encoder, tried).items():
            found_by = (f"{t} {s.area:.2f}/{s.recall:.2f}" for t, s in tasks.items())
            say(
                f"{score}, area under the ROC curve / share of right edits kept at "
                f"{PRECISION:.0%} precision: {', '.join(found_by)}"
            )
            scores[score] = {task: asdict(value) for task, value in tasks.items()}
    return scores


class _Trainer:
    """All that changes from step to step, and its checkpoint."""

    def __init__(self, settings: ClipTraining, records: Records, say: Say) -> None:
        self.settings, self.records, self.say = settings, records, say
        self.work = work_folder(settings, free=_FREE)
        torch.manual_seed(settings.seed)
        device = choose_device(settings.device)
        self.towers = Towers(settings, _texts(records("train", 0)), device)
        self.helpers = Helpers(settings.embedding_width).to(device)
        self.parameters = [*self.towers.model.parameters(), *self.helpers.parameters()]
        self.optimizer = torch.optim.AdamW(
            _groups(self.towers, self.helpers, settings), settings.learning_rate, betas=(0.9, 0.98)
        )
        self.rate = torch.optim.lr_scheduler.LambdaLR(
            self.optimizer,
            lambda step: warmup_cosine(step, settings.warmup_steps, settings.steps),
        )
        self.attempts = _read_runs(settings.attempts, settings.image_size_px)
        fraction = settings.attempts_fraction if self.attempts else 0.0
        self.tried_rows = min(round(settings.batch_size * fraction), len(self.attempts))
        self.fresh_rows = settings.batch_size - self.tried_rows
        self.fresh: Iterator[Example] = iter(())
        self.steps_done, self.seconds = 0, 0.0
        self.recent: list[dict[str, float]] = []

    def step(self) -> None:
        """One optimiser step on one batch."""
        begin = time.monotonic()
        scale = self.towers.model.logit_scale
        parts = clip_losses(self._embedded(self._batch()), scale.exp(), self.helpers)
        weights = self.settings.losses.model_dump()
        loss = torch.stack([weights[name] * part for name, part in parts.items()]).sum()
        self.optimizer.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(self.parameters, self.settings.max_grad_norm)
        self.optimizer.step()
        self.rate.step()
        with torch.no_grad():
            scale.clamp_(max=float(np.log(_LARGEST_SCALE)))
        self.steps_done += 1
        self.seconds += time.monotonic() - begin
        self.recent.append({name: part.item() for name, part in parts.items()})

    def _batch(self) -> Batch:
        """Fresh requests with made-up attempts, and requests that an editor has tried."""
        random = np.random.default_rng([self.settings.seed, self.steps_done])
        rows = random.choice(len(self.attempts), self.tried_rows, replace=False)
        fresh = list(islice(self.fresh, self.fresh_rows))
        if len(fresh) < self.fresh_rows:
            raise DataError(
                f"the source has no more rows with two images and their captions after "
                f"{self.steps_done} steps; train fewer steps, or name a source with more rows"
            )
        return batch_of([*fresh, *(self.attempts[i] for i in rows)], random)

    def _embedded(self, batch: Batch) -> Embedded:
        pixels = np.concatenate([batch.before, batch.after, batch.attempt])  # (3b, h, w, 3)
        before, after, attempt = self.towers.images(pixels).chunk(3)
        captions = [*batch.input_captions, *batch.output_captions]
        input_text, output_text = self.towers.texts(captions).chunk(2)
        facts = torch.tensor([facts_of(c) for c in captions], device=self.towers.device)
        input_facts, output_facts = facts.chunk(2)
        errors = torch.from_numpy(batch.errors).to(self.towers.device)
        return Embedded(
            before, after, attempt, input_text, output_text, errors, input_facts, output_facts
        )

    def report(self) -> None:
        """Log the mean losses since the last report."""
        recent, self.recent = self.recent, []
        means = {n: round(sum(r[n] for r in recent) / len(recent), 4) for n in recent[0]}
        left = self.seconds / self.steps_done * (self.settings.steps - self.steps_done)
        self.log({"losses": means, "learning_rate": round(float(self.rate.get_last_lr()[0]), 8)})
        self.say(
            f"step {self.steps_done} of {self.settings.steps}, "
            + ", ".join(f"{name} {mean:.3f}" for name, mean in means.items())
            + f", {rate(self.steps_done / self.seconds)} steps a second, {duration(left)} left"
        )

    def log(self, values: dict[str, Any]) -> None:
        """Add a line to the log."""
        entry = {"step": self.steps_done, **values, "seconds": round(self.seconds, 1)}
        with (self.work / "log.jsonl").open("a") as log:
            log.write(json.dumps(entry) + "\n")

    def resume(self) -> None:
        """Go on from the checkpoint, if there is one."""
        file = self.work / "checkpoint.pt"
        if file.exists():
            state = torch.load(file, map_location=self.towers.device, weights_only=True)
            for name, part in self._state().items():
                part.load_state_dict(state[name])
            self.steps_done, self.seconds = state["steps_done"], state["seconds"]
            self.say(f"going on from step {self.steps_done}")
        records = self.records("train", self.fresh_rows * self.steps_done)
        self.fresh = examples_of(records, self.settings.image_size_px)

    def save_checkpoint(self) -> None:
        """Replace the checkpoint; at every moment a complete one lies on disk."""
        state = {name: part.state_dict() for name, part in self._state().items()}
        with open_atomically(self.work / "checkpoint.pt") as file:
            torch.save({**state, "steps_done": self.steps_done, "seconds": self.seconds}, file)

    def _state(self) -> dict[str, Any]:
        return {
            "model": self.towers.model,
            "helpers": self.helpers,
            "optimizer": self.optimizer,
            "rate": self.rate,
        }

    def save(self) -> None:
        """Write the CLIP as it is now."""
        dtype = getattr(torch, self.settings.save_dtype)
        self.towers.save(Path(self.settings.output), dtype)


def _due(step: int, every: int, last: int) -> bool:
    return step % every == 0 or step == last


def _texts(records: Iterator[SourceRecord]) -> Iterator[str]:
    """What the tokenizer learns from."""
    for record in islice(records, _TOKENIZER_RECORDS):
        yield from (record.input_caption, record.output_caption, *record.captions)


def _read_runs(runs: tuple[str, ...], size_px: int) -> list[Example]:
    return [example for run in runs for example in read_attempts(Path(run), size_px)]


def _groups(towers: Towers, helpers: Helpers, settings: ClipTraining) -> list[dict[str, Any]]:
    """Parameters with their weight decay and learning rate."""
    parameters = [
        *towers.model.parameters(),
        *helpers.facts.parameters(),
        *helpers.error.parameters(),
    ]
    return [
        {
            "params": [p for p in parameters if p.ndim >= 2],
            "weight_decay": settings.weight_decay,
        },
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
        {
            "params": helpers.thresholds(),
            "weight_decay": 0.0,
            "lr": _THRESHOLD_SPEED * settings.learning_rate,
        },
    ]


_FREE = {
    "steps", "attempts", "attempts_fraction", "losses", "save_dtype", "device", "report_every",
    "checkpoint_every", "validate_every", "validation_split", "validation_requests",
    "validation_attempts",
}  # fmt: skip
"""Settings that a training may change when it goes on."""
