"""Choose a model's device and precision, and keep the libraries of models quiet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from syned.config.devices import checked_device
from syned.errors import ConfigError

if TYPE_CHECKING:
    import torch


def quiet_libraries() -> None:
    """Keep model libraries from talking over the progress display; their errors stay.

    Called before their models are imported, which is when some of them start to talk.
    """
    from diffusers.utils import logging as diffusers_logging
    from transformers.utils import logging as transformers_logging

    for logging in (diffusers_logging, transformers_logging):
        logging.set_verbosity_error()
        logging.disable_progress_bar()


def choose_device(name: str) -> torch.device:
    """The device to compute on; "auto" takes CUDA, then Apple's, then the CPU.

    Raises:
        ConfigError: there is no device of this name, or not on this machine.
    """
    import torch

    try:
        checked_device(name)
    except ValueError as error:
        raise ConfigError(f"device {error}") from error
    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if name == "auto":
        return torch.device("cuda" if cuda else "mps" if mps else "cpu")
    chosen = torch.device(name)
    there = {"cuda": cuda, "mps": mps, "cpu": True}[chosen.type]
    if not there or (chosen.type == "cuda" and (chosen.index or 0) >= torch.cuda.device_count()):
        raise ConfigError(
            f"device {name!r} is not on this machine; set the device to auto, which takes the best "
            "one that is there, or run `make demo` to see Syned work without a GPU"
        )
    return chosen


def choose_dtype(name: str, device: torch.device) -> torch.dtype:
    """The precision of a model's weights; "auto" is bfloat16 on CUDA, float32 elsewhere."""
    import torch

    if name == "auto":
        return torch.bfloat16 if device.type == "cuda" else torch.float32
    found: torch.dtype = getattr(torch, name)
    return found
