"""One trial: train a captioner on one arm with one seed, then caption and score the test pairs.

    <captioner>/<arm>/seed-N/
      trial.json           what is tried, written first; which predictions are whole
      weights/             the trained captioner, and its checkpoints until it is finished
      predictions.jsonl    what it said, a line for each test pair
      metrics.json         its scores, written last: with it, the trial is done

Whatever is cut off goes on from where it was. A trial that was made with other settings or other
data is made again.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from syned.captioning.data.pairs import PairInfo, PairSet
from syned.captioning.metrics.metrics import Scores
from syned.captioning.models.base import Captioner, Phase
from syned.config import CaptionerConfig, TrainingConfig
from syned.errors import EngineError, RunError
from syned.run.atomic import write_atomically

CAPTIONED_AT_ONCE = 64
"""Pairs whose pictures are in memory together while a captioner speaks."""

Say = Callable[[str], None]

_NOT_SHAPING = {"device", "save_every", "gradient_checkpointing"}
"""Settings of a training that leave its result what it is."""


class Trainer(Protocol):
    """Trains a captioner, or goes on with one that was cut off."""

    def __call__(
        self,
        captioner: CaptionerConfig,
        training: TrainingConfig,
        phases: Sequence[Phase],
        validation: PairSet,
        folder: Path,
        *,
        seed: int,
        say: Say,
        features: Path | None = None,
    ) -> Any:
        """Leave the trained captioner in the folder; returns a dataclass of what happened."""


class Loader(Protocol):
    """Opens a trained captioner."""

    def __call__(self, folder: Path, *, device: str) -> Captioner:
        """The captioner that a trainer left in the folder."""


class Scorer(Protocol):
    """Scores predictions against references."""

    @property
    def name(self) -> str:
        """Says how, so that scores of different kinds are never mixed."""

    @property
    def comparable(self) -> bool:
        """Whether papers score like this."""

    def score(self, infos: Sequence[PairInfo], predictions: Sequence[str]) -> Scores:
        """The scores of one prediction for each pair."""


@dataclass(frozen=True)
class Trial:
    """One training, and all that shapes its result."""

    captioner: str
    arm: str
    seed: int
    folder: Path
    model: CaptionerConfig
    training: TrainingConfig
    """With its steps fixed."""
    data: Mapping[str, object] = field(repr=False)
    """Hashes of what it is trained and validated on."""
    checkpoint: str = ""
    """Hash of the folder that the captioner starts from; "" where it starts from none."""

    @property
    def name(self) -> str:
        return f"{self.captioner}, {self.arm}, seed {self.seed}"

    @property
    def weights(self) -> Path:
        return self.folder / "weights"

    def identity(self) -> dict[str, object]:
        """All that shapes the trained weights, as dotted name -> plain value."""
        values = {
            "captioner": self.model.model_dump(mode="json"),
            "training": self.training.model_dump(mode="json", exclude=_NOT_SHAPING),
            "data": dict(self.data),
            "seed": self.seed,
            "checkpoint": self.checkpoint,
        }
        return dict(_flat(json.loads(json.dumps(values))))

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(json.dumps(self.identity(), sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Lesson:
    """The pairs of a trial, as its arm sees them."""

    phases: Sequence[Phase]
    validation: PairSet
    test: PairSet
    test_content: str
    """Hash of the test pairs, pictures and all."""
    features: Path
    """Where captioners keep what they compute of a picture once for all trials."""


@dataclass(frozen=True)
class Tools:
    """What trains and opens captioners."""

    train: Trainer
    load: Loader


def run_trial(trial: Trial, lesson: Lesson, tools: Tools, say: Say) -> None:
    """Train and caption the test pairs, as far as that is not done; what is left is to score.

    Raises:
        EngineError: the captioner cannot be trained, or answers with another number of captions.
        RunError: the trial's folder cannot be written.
    """
    claim(trial, say)
    if kept_predictions(trial, lesson.test_content) is not None:
        return
    summary = tools.train(
        trial.model,
        trial.training,
        lesson.phases,
        lesson.validation,
        trial.weights,
        seed=trial.seed,
        say=say,
        features=lesson.features,
    )
    captioner = tools.load(trial.weights, device=trial.training.device)
    predictions = list(_captions(captioner, lesson.test))
    _keep_predictions(trial, lesson, predictions, asdict(summary))


def score_trial(
    trial: Trial, infos: Sequence[PairInfo], test_content: str, scorer: Scorer
) -> dict[str, Any]:
    """Score what a trial's captioner said, and with that finish the trial.

    Args:
        trial: one that has been run.
        infos: the test pairs.
        test_content: their hash.
        scorer: scores them.

    Returns:
        What metrics.json holds.

    Raises:
        RunError: its predictions are not there, or metrics.json cannot be written.
    """
    predictions = kept_predictions(trial, test_content)
    if predictions is None:
        raise RunError(f"{trial.folder} has no predictions to score; run the command again")
    record = _read_json(trial.folder / "trial.json")
    metrics = {
        "fingerprint": trial.fingerprint,
        "test": test_content,
        "scorer": scorer.name,
        "training": record["captioned"]["training"],
        "different_captions": len(set(predictions)),
        "scores": asdict(scorer.score(infos, predictions)),
    }
    write_atomically(trial.folder / "metrics.json", (json.dumps(metrics) + "\n").encode())
    return metrics


def metrics_of(trial: Trial, test_content: str, scorer_name: str) -> dict[str, Any] | None:
    """What metrics.json says of a trial that is done; None for one that is not, or not so."""
    metrics = _read_json(trial.folder / "metrics.json")
    made = (trial.fingerprint, test_content, scorer_name)
    if tuple(metrics.get(name) for name in ("fingerprint", "test", "scorer")) != made:
        return None
    return metrics if kept_predictions(trial, test_content) is not None else None


def kept_predictions(trial: Trial, test_content: str) -> list[str] | None:
    """What a trial's captioner said of these test pairs; None if it is not there, or not whole."""
    record = _read_json(trial.folder / "trial.json")
    captioned = record.get("captioned") or {}
    if record.get("fingerprint") != trial.fingerprint or captioned.get("test") != test_content:
        return None
    try:
        data = (trial.folder / "predictions.jsonl").read_bytes()
    except OSError:
        return None
    if hashlib.sha256(data).hexdigest() != captioned.get("sha256"):
        return None
    return [json.loads(line)["prediction"] for line in data.decode().split("\n")[:-1]]


def claim(trial: Trial, say: Say) -> None:
    """Make the folder this trial's: what another one left there, and cannot be gone on with, goes.

    Raises:
        RunError: the folder cannot be written.
    """
    record = _read_json(trial.folder / "trial.json")
    if record.get("fingerprint") == trial.fingerprint:
        return
    if record:
        changes = _difference(record.get("identity", {}), trial.identity())
        say(f"trained again, because {changes}")
    try:
        if trial.folder.exists():
            shutil.rmtree(trial.folder)
    except OSError as error:
        raise RunError(f"{trial.folder} cannot be written: {error.strerror}") from error
    _write_record(trial, captioned=None)


def _captions(captioner: Captioner, pairs: PairSet) -> Iterator[str]:
    for begin in range(0, len(pairs.infos), CAPTIONED_AT_ONCE):
        end = min(begin + CAPTIONED_AT_ONCE, len(pairs.infos))
        captions = captioner.caption([pairs.images(index) for index in range(begin, end)])
        if len(captions) != end - begin:
            raise EngineError(
                f"the captioner {captioner.name!r} wrote {len(captions)} captions for "
                f"{end - begin} pairs; it must write one for each"
            )
        yield from captions


def _keep_predictions(
    trial: Trial, lesson: Lesson, predictions: Sequence[str], training: Mapping[str, Any]
) -> None:
    rows = [
        {"pair_id": info.pair_id, "task": info.task, "prediction": prediction}
        for info, prediction in zip(lesson.test.infos, predictions, strict=True)
    ]
    data = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    write_atomically(trial.folder / "predictions.jsonl", data)
    digest = hashlib.sha256(data).hexdigest()
    _write_record(
        trial,
        captioned={"test": lesson.test_content, "sha256": digest, "training": dict(training)},
    )


def _write_record(trial: Trial, *, captioned: Mapping[str, Any] | None) -> None:
    record = {
        "captioner": trial.captioner,
        "arm": trial.arm,
        "seed": trial.seed,
        "fingerprint": trial.fingerprint,
        "identity": trial.identity(),
        "captioned": captioned,
    }
    text = json.dumps(record, indent=1, default=str)
    write_atomically(trial.folder / "trial.json", (text + "\n").encode())


def _read_json(path: Path) -> dict[str, Any]:
    """An object in a file; empty if the file is not there or holds anything else."""
    try:
        values = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


def _difference(was: Mapping[str, object], now: Mapping[str, object]) -> str:
    """What differs, in words: "training.steps was 100 and is now 200"."""
    names = [name for name in sorted({*was, *now}) if was.get(name) != now.get(name)]
    said = [
        f"the pairs of {name.removeprefix('data.')} have changed"
        if name.startswith("data.")
        else f"{name} was {json.dumps(was.get(name))} and is now {json.dumps(now.get(name))}"
        for name in names
    ]
    return ", ".join(said[:3]) + (f" and {len(said) - 3} more" if len(said) > 3 else "")


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value
