"""The device a captioner computes on."""

from __future__ import annotations

import torch

from syned.config.devices import checked_device
from syned.errors import ConfigError


def find_device(name: str) -> torch.device:
    """The device of a name; "auto" takes CUDA, then Apple's, then the CPU.

    Raises:
        ConfigError: there is no such device, or not on this machine.
    """
    try:
        checked_device(name)
    except ValueError as error:
        raise ConfigError(f"device {error}") from error
    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if name == "auto":
        return torch.device("cuda" if cuda else "mps" if mps else "cpu")
    device = torch.device(name)
    there = {"cuda": cuda, "mps": mps, "cpu": True}.get(device.type, False)
    if not there or (device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count()):
        raise ConfigError(
            f"device {name!r} is not on this machine; take auto or cpu, where small captioners "
            "train in minutes"
        )
    return device


def quiet_transformers() -> None:
    """Keep transformers from talking over the progress display; its errors stay."""
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
