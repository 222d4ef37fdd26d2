"""What is said and kept during a training, and what the Trainer is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from transformers import TrainerControl, TrainerState  # noqa: E402

from syned.captioning.training import trainer  # noqa: E402
from syned.captioning.training.trainer import Watch, trainer_arguments  # noqa: E402
from syned.captioning.training.weights import load_weights  # noqa: E402
from syned.config import TrainingConfig  # noqa: E402

CPU = torch.device("cpu")
CONTROL = TrainerControl()


class Clock:
    """A time that goes on when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(trainer, "time", clock)
    return clock


class Watched:
    """A training that is nothing but its watch."""

    def __init__(self, folder: Path, clock: Clock, prefix: str = "") -> None:
        self.said: list[str] = []
        self.clock = clock
        self.watch = Watch(folder, self.said.append, prefix)
        self.state = TrainerState(max_steps=100, is_world_process_zero=True)

    def begin(self, step: int = 0) -> None:
        self.state.global_step = step
        self.watch.on_train_begin(None, self.state, CONTROL)

    def step(self, steps: int, seconds: float) -> None:
        self.clock.now += seconds
        self.state.global_step += steps
        self.watch.on_step_end(None, self.state, CONTROL)

    def look(self, loss: float, model: nn.Module | None = None) -> None:
        """As the Trainer does, which notes the best loss after its callbacks were called."""
        model = model or nn.Linear(1, 1)
        metrics = {"eval_loss": loss}
        self.watch.on_evaluate(None, self.state, CONTROL, metrics=metrics, model=model)
        if self.state.best_metric is None or loss < self.state.best_metric:
            self.state.best_metric = loss

    def save(self) -> None:
        self.watch.on_save(None, self.state, CONTROL)


@pytest.fixture
def watched(tmp_path: Path, clock: Clock) -> Watched:
    return Watched(tmp_path, clock)


def test_a_line_tells_steps_pace_and_the_time_that_is_left(watched: Watched) -> None:
    watched.begin()
    watched.step(20, 600)
    assert watched.said == ["step 20 of 100, 0.0333 steps a second, 40 min left"]


def test_lines_are_seconds_apart_but_the_last_step_always_has_one(watched: Watched) -> None:
    watched.begin()
    for _ in range(98):
        watched.step(1, 0.25)
    assert [line.partition(",")[0] for line in watched.said] == ["step 40 of 100", "step 80 of 100"]
    watched.step(2, 0.5)
    assert watched.said[-1] == "step 100 of 100, 4 steps a second, 0 s left"


def test_the_pace_is_that_of_the_steps_since_a_checkpoint_was_gone_on_from(
    watched: Watched,
) -> None:
    watched.clock.now += 500  # models are loaded
    watched.begin(60)
    watched.step(10, 20)
    assert watched.said == [
        "going on from step 60",
        "step 70 of 100, 0.5 steps a second, 60 s left",
    ]


def test_a_training_from_the_start_goes_on_from_nothing(watched: Watched) -> None:
    watched.begin()
    assert watched.said == []


def test_every_line_has_the_prefix_of_its_phase(tmp_path: Path, clock: Clock) -> None:
    watched = Watched(tmp_path, clock, "phase 2, ")
    watched.state.max_steps = 12_000
    watched.begin(1_200)
    watched.step(1_200, 60)
    assert [line.partition(" of ")[0] for line in watched.said] == [
        "phase 2, going on from step 1,200",
        "phase 2, step 2,400",
    ]
    assert " of 12,000, " in watched.said[1]


def test_a_line_tells_the_last_validation_loss(watched: Watched) -> None:
    watched.begin()
    watched.look(2.5)
    watched.look(3.14159)
    watched.step(10, 20)
    assert watched.said[0].startswith("step 10 of 100, validation loss 3.142, ")


def model_of(value: float) -> nn.Linear:
    model = nn.Linear(1, 1)
    with torch.no_grad():
        for weight in model.parameters():
            weight.fill_(value)
    return model


def kept(watched: Watched) -> float:
    model = model_of(0.0)
    load_weights(model, watched.watch.best)
    return model.weight.item()


def test_the_weights_of_the_lowest_loss_are_kept_and_of_equals_the_first(
    watched: Watched,
) -> None:
    watched.begin()
    best = []
    for value, loss in enumerate((3.0, 2.0, 2.0, 2.5, 1.0), start=1):
        watched.look(loss, model_of(value))
        best.append(kept(watched))
    assert best == [1, 2, 2, 2, 5]


def test_a_training_that_goes_on_keeps_what_was_best_before(tmp_path: Path, clock: Clock) -> None:
    first = Watched(tmp_path, clock)
    first.look(1.0, model_of(7))
    second = Watched(tmp_path, clock)
    second.state.best_metric = 1.0  # from the checkpoint
    second.begin(10)
    second.look(1.5, model_of(8))
    assert kept(second) == 7


def test_of_several_processes_the_first_alone_writes(watched: Watched, tmp_path: Path) -> None:
    watched.state.is_world_process_zero = False
    watched.begin()
    watched.look(1.0)
    watched.save()
    assert list(tmp_path.iterdir()) == []


def test_seconds_add_up_over_calls_and_those_after_the_last_checkpoint_are_lost(
    tmp_path: Path, clock: Clock
) -> None:
    first = Watched(tmp_path, clock)
    assert first.watch.seconds_before == 0
    clock.now += 500  # models are loaded
    first.begin()
    first.step(10, 30)
    first.save()
    first.step(10, 40)
    second = Watched(tmp_path, clock)
    assert second.watch.seconds_before == 30
    second.begin(10)
    second.step(10, 25)
    second.save()
    assert json.loads((tmp_path / "seconds.json").read_text()) == {"seconds": 55.0}


def test_a_note_of_seconds_that_was_cut_off_counts_nothing(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "seconds.json").write_text('{"seco')
    assert Watched(tmp_path, clock).watch.seconds_before == 0


def arguments(
    folder: Path, *, steps: int = 200, look_every: int | None = 10, **settings: Any
) -> Any:
    training = TrainingConfig.model_validate(settings)
    return trainer_arguments(
        training, folder, steps=steps, look_every=look_every, device=CPU, seed=5
    )


def test_our_settings_reach_the_trainer(tmp_path: Path) -> None:
    settings: dict[str, Any] = {
        "batch_size": 3,
        "gradient_accumulation": 4,
        "learning_rate": 0.02,
        "weight_decay": 0.3,
        "max_grad_norm": 0.7,
        "save_every": 9,
    }
    told = arguments(tmp_path, **settings)
    assert (told.output_dir, told.max_steps, told.seed) == (str(tmp_path), 200, 5)
    assert told.per_device_train_batch_size == told.per_device_eval_batch_size == 3
    assert (told.gradient_accumulation_steps, told.learning_rate) == (4, 0.02)
    assert (told.weight_decay, told.max_grad_norm) == (0.3, 0.7)
    assert (told.save_strategy, told.save_steps, told.save_total_limit) == ("steps", 9, 1)
    assert (told.eval_strategy, told.eval_steps) == ("steps", 10)
    assert (told.metric_for_best_model, told.greater_is_better) == ("eval_loss", False)


def test_without_validation_pairs_nothing_is_looked_at(tmp_path: Path) -> None:
    told = arguments(tmp_path, look_every=None)
    assert (told.eval_strategy, told.metric_for_best_model) == ("no", None)


@pytest.mark.parametrize(
    ("schedule", "name"),
    [("constant", "constant_with_warmup"), ("linear", "linear"), ("cosine", "cosine")],
)
def test_every_schedule_warms_up(schedule: str, name: str, tmp_path: Path) -> None:
    told = arguments(tmp_path, schedule=schedule, warmup_fraction=0.05)
    assert (told.lr_scheduler_type, told.warmup_steps) == (name, 10)
    assert arguments(tmp_path, schedule=schedule, warmup_fraction=0.0).warmup_steps == 0


def test_no_limit_of_gradients_is_none_to_the_trainer_too(tmp_path: Path) -> None:
    assert arguments(tmp_path, max_grad_norm=None).max_grad_norm == 0


@pytest.mark.parametrize(("precision", "bf16"), [("auto", False), ("no", False), ("bf16", True)])
def test_the_precision_on_a_cpu_is_full_unless_asked_for(
    precision: str, bf16: bool, tmp_path: Path
) -> None:
    assert arguments(tmp_path, mixed_precision=precision).bf16 is bf16


@pytest.mark.parametrize("wanted", [True, False])
def test_activations_are_computed_twice_where_it_is_asked_for(wanted: bool, tmp_path: Path) -> None:
    told = arguments(tmp_path, gradient_checkpointing=wanted)
    assert told.gradient_checkpointing is wanted
    assert told.gradient_checkpointing_kwargs == {"use_reentrant": False}


def test_a_training_can_go_on_where_it_was_and_sees_its_rows_in_our_order(tmp_path: Path) -> None:
    told = arguments(tmp_path)
    assert told.restore_callback_states_from_checkpoint
    assert told.train_sampling_strategy == "sequential"
    assert told.dataloader_num_workers == 0


def test_the_trainer_stays_on_its_device_and_says_nothing_itself(tmp_path: Path) -> None:
    told = arguments(tmp_path)
    assert told.use_cpu
    assert told.disable_tqdm


@pytest.mark.parametrize(("steps", "every"), [(200, 10), (7, 1)])
def test_losses_are_noted_twenty_times_or_at_each_step(
    steps: int, every: int, tmp_path: Path
) -> None:
    assert arguments(tmp_path, steps=steps).logging_steps == every
