"""Names of devices, as settings give them."""

from __future__ import annotations

import re

_DEVICE = re.compile(r"auto|cpu|mps|cuda(?::\d+)?")


def checked_device(value: str) -> str:
    """The name, if it is one; raises ValueError otherwise, as pydantic expects."""
    if not _DEVICE.fullmatch(value):
        raise ValueError(f"is {value!r}; one of auto, cpu, cuda, cuda:N, mps is expected")
    return value
