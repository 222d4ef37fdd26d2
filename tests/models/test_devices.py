"""Devices and precisions, on machines that this one is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

torch = pytest.importorskip("torch")

from diffusers.utils import logging as diffusers_logging  # noqa: E402
from transformers.utils import logging as transformers_logging  # noqa: E402

from syned.errors import ConfigError  # noqa: E402
from syned.models.devices import choose_device, choose_dtype, quiet_libraries  # noqa: E402

Machine = Callable[[int, bool], None]


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Gives the machine a number of NVIDIA GPUs, and one of Apple's or none."""

    def has(gpus: int, mps: bool) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: gpus > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)

    return has


@pytest.mark.parametrize(
    ("gpus", "mps", "chosen"),
    [(1, True, "cuda"), (1, False, "cuda"), (0, True, "mps"), (0, False, "cpu")],
)
def test_auto_takes_cuda_then_apples_then_the_cpu(
    machine: Machine, gpus: int, mps: bool, chosen: str
) -> None:
    machine(gpus, mps)
    assert choose_device("auto") == torch.device(chosen)


@pytest.mark.parametrize("name", ["cpu", "mps", "cuda", "cuda:0", "cuda:1"])
def test_a_device_that_is_there_is_taken_by_its_name(machine: Machine, name: str) -> None:
    machine(2, True)
    assert choose_device(name) == torch.device(name)


@pytest.mark.parametrize(
    ("gpus", "name"), [(0, "cuda"), (0, "cuda:0"), (0, "mps"), (1, "cuda:1"), (2, "cuda:2")]
)
def test_a_device_that_is_not_there_is_refused_with_what_to_do(
    machine: Machine, gpus: int, name: str
) -> None:
    machine(gpus, False)
    with pytest.raises(ConfigError, match=f"device '{name}' is not on this machine; set .* auto"):
        choose_device(name)


@pytest.mark.parametrize("name", ["abacus", "cuda:", "CPU", "xpu", ""])
def test_a_name_that_is_no_device_brings_those_that_are(name: str) -> None:
    with pytest.raises(ConfigError, match=f"device is '{name}'; one of auto, cpu, cuda, cuda:N"):
        choose_device(name)


def test_auto_computes_in_bfloat16_on_cuda_and_in_float32_elsewhere() -> None:
    chosen = [choose_dtype("auto", torch.device(name)) for name in ("cuda:1", "mps", "cpu")]
    assert chosen == [torch.bfloat16, torch.float32, torch.float32]


def test_a_precision_that_is_named_is_taken_on_every_device() -> None:
    assert choose_dtype("float16", torch.device("cpu")) == torch.float16
    assert choose_dtype("float32", torch.device("cuda")) == torch.float32


@pytest.fixture
def _loud_libraries() -> Iterator[None]:
    for logging in (diffusers_logging, transformers_logging):
        logging.set_verbosity_info()
        logging.enable_progress_bar()
    yield
    for logging in (diffusers_logging, transformers_logging):
        logging.set_verbosity_error()
        logging.disable_progress_bar()


@pytest.mark.usefixtures("_loud_libraries")
def test_libraries_are_quiet_but_for_their_errors() -> None:
    quiet_libraries()
    for logging in (diffusers_logging, transformers_logging):
        assert logging.get_verbosity() == logging.ERROR
        assert not logging.is_progress_bar_enabled()
