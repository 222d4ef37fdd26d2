"""Training, start to finish: it learns, keeps the best, and goes on where it was killed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from safetensors.torch import load_file  # noqa: E402

from syned.captioning.data.pairs import PairInfo, PairSet  # noqa: E402
from syned.captioning.models.load import load_captioner  # noqa: E402
from syned.captioning.training import train as training  # noqa: E402
from syned.captioning.training.draws import Row  # noqa: E402
from syned.captioning.training.train import Phase, TrainSummary, train_captioner  # noqa: E402
from syned.config import (  # noqa: E402
    Blip2idcConfig,
    CaptionerConfig,
    LoraConfig,
    NewBlip2,
    TrainingConfig,
    TwoStreamConfig,
)
from syned.errors import DataError, EngineError, RunError  # noqa: E402
from syned.run import atomic as files  # noqa: E402
from syned.run.atomic import read_json  # noqa: E402
from tests.tiny_captioners import (  # noqa: E402
    DrawnPairs,
    drawn_pairs,
    write_blip2_opt,
    write_blip2_t5,
    write_clip,
)

NEW = NewBlip2(
    image_size_px=32,
    patch_size_px=8,
    width=32,
    heads=2,
    vision_layers=1,
    qformer_layers=1,
    text_layers=1,
    query_tokens=2,
)
NO_PAIRS = DrawnPairs()


class Killed(BaseException):
    """What a test raises in place of a kill."""


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoints")
    write_blip2_opt(folder / "opt")
    write_blip2_t5(folder / "t5")
    write_clip(folder / "clip")
    return folder


def captioner_of(kind: str, checkpoints: Path) -> CaptionerConfig:
    common: dict[str, Any] = {"max_caption_tokens": 12}
    if kind == "two_stream":
        sizes: dict[str, Any] = {"width": 32, "heads": 2, "fusion_layers": 1, "decoder_layers": 1}
        return TwoStreamConfig(encoder=str(checkpoints / "clip"), **sizes, **common)
    if kind == "new":
        return Blip2idcConfig(new=NEW, prompt="what changed?", **common)
    return Blip2idcConfig(model=str(checkpoints / kind), lora=LoraConfig(rank=4), **common)


def train(
    captioner: CaptionerConfig,
    folder: Path,
    *,
    pairs: PairSet | None = None,
    phases: Sequence[Phase] = (),
    validation: PairSet | None = None,
    say: Callable[[str], None] = lambda text: None,
    **settings: Any,
) -> TrainSummary:
    values = {"steps": 6, "batch_size": 4, "learning_rate": 1e-3, "save_every": 2, **settings}
    return train_captioner(
        captioner,
        TrainingConfig(**values),
        phases or [Phase(pairs or drawn_pairs(8))],
        drawn_pairs(4, first=8) if validation is None else validation,
        folder,
        seed=0,
        say=say,
    )


def weights_of(folder: Path) -> dict[str, Any]:
    (file,) = [*folder.glob("adapter/*.safetensors"), *folder.glob("model/*.safetensors")]
    return load_file(file)


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[k], other[k]) for k in one)


@pytest.mark.parametrize("kind", ["opt", "t5"])
def test_an_adapter_is_trained_saved_and_loaded_with_the_same_captions(
    kind: str, checkpoints: Path, tmp_path: Path
) -> None:
    captioner = captioner_of(kind, checkpoints)
    summary = train(captioner, tmp_path / "a", learning_rate=0.05)
    weights = weights_of(tmp_path / "a")
    assert all("lora_" in name for name in weights)
    assert any(weight.any() for name, weight in weights.items() if "lora_B" in name)
    assert summary.trained_weights == sum(weight.numel() for weight in weights.values())
    pictures = drawn_pairs(3).pictures
    first, second = (load_captioner(tmp_path / "a", device="cpu") for _ in range(2))
    assert first.caption(pictures) == second.caption(pictures)
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == [
        "adapter",
        "captioner.json",
        "training.json",
    ]


def test_a_checkpoint_can_be_trained_whole(checkpoints: Path, tmp_path: Path) -> None:
    captioner = captioner_of("opt", checkpoints).model_copy(update={"trainable": "all"})
    train(captioner, tmp_path / "a", steps=2)
    before, after = load_file(checkpoints / "opt" / "model.safetensors"), weights_of(tmp_path / "a")
    assert before.keys() == after.keys()
    assert not same(before, after)
    assert len(load_captioner(tmp_path / "a", device="cpu").caption(drawn_pairs(2).pictures)) == 2


@pytest.mark.parametrize(("kind", "steps"), [("two_stream", 150), ("new", 200)])
def test_eight_pairs_are_learned_by_heart(
    kind: str, steps: int, checkpoints: Path, tmp_path: Path
) -> None:
    pairs = drawn_pairs(8)
    train(
        captioner_of(kind, checkpoints),
        tmp_path / "a",
        pairs=pairs,
        validation=NO_PAIRS,
        steps=steps,
        batch_size=8,
        learning_rate=3e-3,
        save_every=1000,
    )
    captions = load_captioner(tmp_path / "a", device="cpu").caption(pairs.pictures)
    wrong = [
        (caption, info.references)
        for caption, info in zip(captions, pairs.infos, strict=True)
        if caption not in info.references
    ]
    assert wrong == []
    turned = [(edited, source) for source, edited in pairs.pictures]
    assert load_captioner(tmp_path / "a", device="cpu").caption(turned) != captions


@pytest.mark.parametrize("kind", ["opt", "new", "two_stream"])
def test_a_killed_training_goes_on_to_the_same_weights(
    kind: str, checkpoints: Path, tmp_path: Path
) -> None:
    captioner = captioner_of(kind, checkpoints)
    phases = [Phase(drawn_pairs(8), 0.5), Phase(drawn_pairs(4), 0.5)]
    settings: dict[str, Any] = {"phases": phases, "steps": 10, "eval_every": 3, "patience": None}
    whole = train(captioner, tmp_path / "whole", **settings)
    first, second = drawn_pairs(8), drawn_pairs(4)
    for kills in ((18, 99), (11, 99), (99, 2), (99, 18)):  # rows drawn in each phase
        killed = [
            Phase(KillingPairs(pairs, rows), 0.5)
            for pairs, rows in zip((first, second), kills, strict=True)
        ]
        with pytest.raises(Killed):
            train(captioner, tmp_path / "parts", **{**settings, "phases": killed})
    said: list[str] = []
    parts = train(captioner, tmp_path / "parts", say=said.append, **settings)
    assert "phase 2, going on from step 2" in said
    assert same(weights_of(tmp_path / "whole"), weights_of(tmp_path / "parts"))
    assert (whole.steps, whole.best_step, whole.validation_loss) == (
        parts.steps,
        parts.best_step,
        parts.validation_loss,
    )


class KillingInfos(list[PairInfo]):
    """Raises when so many were looked up by their number."""

    left = 0

    def __getitem__(self, index: Any) -> Any:
        self.left -= 1
        if self.left < 0:
            raise Killed
        return super().__getitem__(index)


class KillingPairs:
    """Pairs whose training is killed after so many rows."""

    def __init__(self, pairs: DrawnPairs, rows: int) -> None:
        self.infos = KillingInfos(pairs.infos)
        self.infos.left = rows
        self.images = pairs.images


def test_a_checkpoint_that_was_cut_off_does_not_count(checkpoints: Path, tmp_path: Path) -> None:
    captioner = captioner_of("two_stream", checkpoints)
    train(captioner, tmp_path / "whole", steps=8)
    killed = KillingPairs(drawn_pairs(8), 4 + 4 * 6)
    with pytest.raises(Killed):
        train(captioner, tmp_path / "parts", pairs=killed, steps=8)
    newest = max((tmp_path / "parts" / "training" / "phase-0").glob("checkpoint-*"))
    assert newest.name == "checkpoint-4"
    (newest / "trainer_state.json").write_text('{"best_global')
    said: list[str] = []
    train(captioner, tmp_path / "parts", steps=8, say=said.append)
    assert not [line for line in said if "going on" in line]
    assert same(weights_of(tmp_path / "whole"), weights_of(tmp_path / "parts"))


def test_a_training_that_was_killed_between_its_end_and_its_record_is_not_prolonged(
    checkpoints: Path, tmp_path: Path
) -> None:
    """Early stopping had ended it; going on from that checkpoint would take more steps."""
    captioner = captioner_of("two_stream", checkpoints)
    settings: dict[str, Any] = {"steps": 60, "eval_every": 1, "save_every": 1, "patience": 2}
    settings |= {"learning_rate": 0.3, "warmup_fraction": 0.0}
    whole = train(captioner, tmp_path / "whole", **settings)
    assert whole.best_step is not None
    assert whole.steps == whole.best_step + 2 < 60
    real = files.write_json

    def until_the_record(path: Path, values: Any) -> None:
        if path.name == "phase-0.json":
            raise Killed
        real(path, values)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "write_json", until_the_record)
        with pytest.raises(Killed):
            train(captioner, tmp_path / "parts", **settings)
    parts = train(captioner, tmp_path / "parts", **settings)
    assert (parts.steps, parts.best_step) == (whole.steps, whole.best_step)
    assert same(weights_of(tmp_path / "whole"), weights_of(tmp_path / "parts"))


def test_the_best_weights_are_kept_and_not_the_last(checkpoints: Path, tmp_path: Path) -> None:
    captioner = captioner_of("two_stream", checkpoints)
    settings: dict[str, Any] = {"eval_every": 1, "learning_rate": 0.3, "warmup_fraction": 0.0}
    long = train(captioner, tmp_path / "long", steps=12, patience=None, **settings)
    assert long.best_step is not None
    assert long.best_step < long.steps == 12
    losses = [entry["eval_loss"] for entry in log_of(tmp_path / "long") if "eval_loss" in entry]
    assert len(losses) == 12
    assert long.validation_loss == min(losses) == losses[long.best_step - 1]
    assert validation_loss(tmp_path / "long") == pytest.approx(min(losses), rel=1e-4)


def validation_loss(folder: Path) -> float:
    """Of the weights in a folder, worked out anew."""
    captioner: Any = load_captioner(folder, device="cpu")
    pairs = drawn_pairs(4, first=8)
    seen = captioner.reader(pairs, lambda text: None)
    rows = [Row(seen(i), info.references[0]) for i, info in enumerate(pairs.infos)]
    captioner.model.eval()
    with torch.no_grad():
        return float(captioner.model(**captioner.collate(rows))["loss"])


def log_of(folder: Path) -> list[dict[str, Any]]:
    note = read_json(folder / "captioner.json")
    assert note is not None
    entries: list[dict[str, Any]] = note["log"][0]
    return entries


def test_a_finished_training_returns_at_once(checkpoints: Path, tmp_path: Path) -> None:
    captioner = captioner_of("two_stream", checkpoints)
    summary = train(captioner, tmp_path / "a")
    untouchable = KillingPairs(drawn_pairs(8), 0)
    assert train(captioner, tmp_path / "a", pairs=untouchable) == summary


def test_another_training_in_the_same_folder_is_refused(checkpoints: Path, tmp_path: Path) -> None:
    captioner = captioner_of("two_stream", checkpoints)
    train(captioner, tmp_path / "a")
    with pytest.raises(RunError, match=r"other settings \(training\.learning_rate\)"):
        train(captioner, tmp_path / "a", learning_rate=0.5)
    with pytest.raises(RunError, match=r"other settings \(pairs\)"):
        train(captioner, tmp_path / "a", pairs=drawn_pairs(7))
    assert train(captioner, tmp_path / "a", save_every=7).steps == 6


def test_phases_share_the_steps_and_the_second_starts_from_the_first(
    checkpoints: Path, tmp_path: Path
) -> None:
    captioner = captioner_of("two_stream", checkpoints)
    pairs, nothing = drawn_pairs(8), drawn_pairs(4)
    still: dict[str, Any] = {"steps": 8, "validation": NO_PAIRS}
    train(captioner, tmp_path / "one", phases=[Phase(pairs)], **{**still, "steps": 6})
    two = [Phase(pairs, 3.0), Phase(nothing, 1.0)]
    summary = train(captioner, tmp_path / "two", phases=two, **still)
    assert (summary.steps, summary.best_step, summary.validation_loss) == (8, None, None)
    one, both = (weights_of(tmp_path / name) for name in ("one", "two"))
    assert one.keys() == both.keys()
    far = max(float((one[k] - both[k]).abs().max()) for k in one)
    assert 0 < far < 0.01  # two more steps of at most 1e-3


def test_epochs_are_passes_over_the_pairs(checkpoints: Path, tmp_path: Path) -> None:
    captioner = captioner_of("two_stream", checkpoints)
    settings: dict[str, Any] = {"steps": None, "epochs": 3.0, "gradient_accumulation": 2}
    assert train(captioner, tmp_path / "a", batch_size=2, **settings).steps == 6


def test_accumulated_batches_are_one_batch(checkpoints: Path, tmp_path: Path) -> None:
    captioner = captioner_of("two_stream", checkpoints).model_copy(update={"dropout": 0.0})
    train(captioner, tmp_path / "one", batch_size=4)
    train(captioner, tmp_path / "two", batch_size=2, gradient_accumulation=2)
    one, two = weights_of(tmp_path / "one"), weights_of(tmp_path / "two")
    # a mean of means ends ten times as far away
    assert max(float((one[k] - two[k]).abs().max()) for k in one) < 3e-4


def test_another_seed_gives_other_weights(checkpoints: Path, tmp_path: Path) -> None:
    captioner, config = captioner_of("two_stream", checkpoints), TrainingConfig(steps=1)
    for seed in (0, 1):
        phases = [Phase(drawn_pairs(8))]
        train_captioner(
            captioner, config, phases, NO_PAIRS, tmp_path / f"{seed}", seed=seed, say=print
        )
    assert not same(weights_of(tmp_path / "0"), weights_of(tmp_path / "1"))


def test_a_training_without_pairs_is_refused(checkpoints: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="every phase needs some"):
        train(captioner_of("two_stream", checkpoints), tmp_path / "a", phases=[Phase(NO_PAIRS)])


def test_a_blind_model_is_refused_before_the_first_step(tmp_path: Path) -> None:
    folder = write_blip2_opt(tmp_path / "opt")
    path = folder / "processor_config.json"
    path.write_text(path.read_text().replace('"num_query_tokens": 4', '"num_query_tokens": 0'))
    with pytest.raises(EngineError, match="has 0 image tokens"):
        train(Blip2idcConfig(model=str(folder)), tmp_path / "a")


def test_an_encoder_that_was_exchanged_is_noticed(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip")
    train(captioner_of("two_stream", tmp_path), tmp_path / "a", steps=1)
    write_clip(clip, seed=1)
    with pytest.raises(EngineError, match="features of another"):
        load_captioner(tmp_path / "a", device="cpu")
