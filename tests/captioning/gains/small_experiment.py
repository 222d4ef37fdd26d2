"""A small experiment whose captioner is a table, for tests: it trains in no time and can be killed.

python -m tests.captioning.gains.small_experiment FOLDER SECONDS_PER_STEP
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from syned.captioning.data.pairs import PairInfo, Pairs, PairSet
from syned.captioning.gains.experiment import run_experiment
from syned.captioning.gains.kit import Kit
from syned.captioning.gains.trials import Say, Scorer, Tools
from syned.captioning.metrics.metrics import Scores, SetScores
from syned.captioning.models.base import Phase
from syned.config import CaptionerConfig, PairSource, TrainEvalConfig, TrainingConfig

COLORS = ("red", "green", "blue", "black", "white", "yellow", "cyan", "purple")
_RGB = {
    "red": (255, 0, 0), "green": (0, 128, 0), "blue": (0, 0, 255), "black": (0, 0, 0),
    "white": (255, 255, 255), "yellow": (255, 255, 0), "cyan": (0, 255, 255),
    "purple": (128, 0, 128),
}  # fmt: skip


@dataclass
class HeardTrials:
    """Notes what it hears."""

    total: int = 0
    skipped: int = 0
    done: int = 0
    lines: list[str] = field(default_factory=list)

    def started(self, total: int) -> None:
        self.total = total

    def shard_skipped(self, rows: int) -> None:
        self.skipped += rows

    def batch_done(self, done: int, failed: int, seconds: float) -> None:
        self.done += done

    def stopping(self) -> None:
        """Nobody presses Ctrl-C here."""

    def say(self, text: str) -> None:
        self.lines.append(text)


def open_colors(source: PairSource) -> Pairs:
    """Rows `start` to `start + limit` of a world in which a gray square takes another color."""
    numbers = range(source.start, source.start + (source.limit or 8))
    colors = [COLORS[number % len(COLORS)] for number in numbers]
    infos = [
        PairInfo(
            pair_id=f"colors/{source.split}/{number}",
            references=(f"it is {color} now", f"the square turned {color}"),
            task="dark" if color in ("black", "blue", "purple") else "bright",
            split=source.split,
            source_id=f"colors/{source.seed}/{source.split}/{number}",
        )
        for number, color in zip(numbers, colors, strict=True)
    ]

    def read(index: int) -> tuple[Image.Image, Image.Image]:
        return (
            Image.new("RGB", (8, 8), (90, 90, 90 + source.seed)),
            Image.new("RGB", (8, 8), _RGB[colors[index]]),
        )

    return Pairs(infos, read)


@dataclass(frozen=True)
class TableSummary:
    steps: int
    calls: int
    """How often the training was begun or gone on with."""


def train_table(
    captioner: CaptionerConfig,
    training: TrainingConfig,
    phases: Sequence[Phase],
    validation: PairSet,
    folder: Path,
    *,
    seed: int,
    say: Say,
    features: Path | None = None,
    seconds_per_step: float = 0.0,
) -> TableSummary:
    """Learn the caption of an edited color, a pair a step; each step is a checkpoint."""
    folder.mkdir(parents=True, exist_ok=True)
    state_file = folder / "state.json"
    state: dict[str, Any] = {"step": 0, "table": {}}
    if state_file.exists():
        state = json.loads(state_file.read_text())
    calls = len((folder / "calls").read_text()) if (folder / "calls").exists() else 0
    (folder / "calls").write_text("x" * (calls + 1))
    assert training.steps is not None
    whole = sum(phase.share for phase in phases)
    order = [
        (phase.pairs, place)
        for phase in phases
        for place in _draws(
            len(phase.pairs.infos), round(training.steps * phase.share / whole), seed
        )
    ]
    for pairs, place in order[state["step"] :]:
        time.sleep(seconds_per_step)
        state["table"][_key(pairs.images(place))] = pairs.infos[place].references[0]
        state["step"] += 1
        part = folder / "state.part"
        part.write_text(json.dumps(state))
        part.replace(state_file)
    say(f"{state['step']} steps")
    return TableSummary(steps=state["step"], calls=calls + 1)


@dataclass(frozen=True)
class Table:
    table: dict[str, str]
    name: str = "table"

    def caption(self, pairs: Sequence[tuple[Image.Image, Image.Image]]) -> list[str]:
        return [self.table.get(_key(images), "nothing changed") for images in pairs]


def load_table(folder: Path, *, device: str) -> Table:
    return Table(json.loads((folder / "state.json").read_text())["table"])


@dataclass(frozen=True)
class WordScorer:
    """Scores the share of a prediction's words that the nearest reference has, as CIDEr."""

    name: str = "shared words"
    comparable: bool = False

    def score(self, infos: Sequence[PairInfo], predictions: Sequence[str]) -> Scores:
        shares = [
            max(_shared(prediction, reference) for reference in info.references)
            for info, prediction in zip(infos, predictions, strict=True)
        ]
        by_task = {
            task: [share for share, info in zip(shares, infos, strict=True) if info.task == task]
            for task in sorted({info.task for info in infos})
        }
        sets = {task: _set_scores(of_task) for task, of_task in by_task.items()}
        return Scores(_set_scores(shares), sets, comparable=False)


def open_word_scorer() -> AbstractContextManager[Scorer]:
    return nullcontext(WordScorer())


def table_tools(seconds_per_step: float = 0.0) -> Tools:
    return Tools(train=partial(train_table, seconds_per_step=seconds_per_step), load=load_table)


def small_kit(seconds_per_step: float = 0.0) -> Kit:
    return Kit(
        open_pairs=open_colors,
        open_tools=partial(table_tools, seconds_per_step),
        open_scorer=open_word_scorer,
    )


def small_config(**changes: object) -> TrainEvalConfig:
    """Three real pairs, eight synthetic ones; the test asks for all eight colors."""
    settings: dict[str, object] = {
        "sets": {
            "real": {"kind": "shapes", "limit": 3},
            "syned": {"kind": "shapes", "start": 100, "limit": 8},
        },
        "validation": {"kind": "shapes", "split": "validation", "limit": 4},
        "test": {"kind": "shapes", "split": "test", "limit": 16},
        "captioners": {"table": {"model": {"kind": "two_stream"}, "training": {"steps": 24}}},
        "bootstrap": 200,
        "examples": 3,
        **changes,
    }
    return TrainEvalConfig.model_validate(settings)


def _set_scores(shares: Sequence[float]) -> SetScores:
    mean = float(np.mean(shares))
    pairs = {"BLEU-4": list(shares), "CIDEr": list(shares)}
    return SetScores({"BLEU-4": mean / 2, "CIDEr": mean}, pairs, [[3, 3] + [2] * 8] * len(shares))


def _draws(pairs: int, count: int, seed: int) -> list[int]:
    return [int(place) for place in np.random.default_rng(seed).integers(0, pairs, count)]


def _key(images: tuple[Image.Image, Image.Image]) -> str:
    return str(images[1].getpixel((0, 0)))


def _shared(prediction: str, reference: str) -> float:
    words = prediction.split()
    return sum(word in reference.split() for word in words) / max(1, len(words))


def main(folder: str, seconds_per_step: str, workers: str = "1") -> None:
    """Run it, and say when it begins."""
    sys.stdout.write(f"{os.getpid()}\n")
    sys.stdout.flush()
    config = small_config(seeds=(0, 1), workers=int(workers))
    run_experiment(config, Path(folder), small_kit(float(seconds_per_step)), HeardTrials())


if __name__ == "__main__":
    main(*sys.argv[1:])
