"""Create a captioner that is to be trained, or load a trained one from its folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import torch
from pydantic import TypeAdapter, ValidationError
from torch import Tensor, nn

from syned.captioning.data.pairs import PairSet
from syned.captioning.models.base import Captioner
from syned.captioning.training.draws import Row
from syned.config import Blip2idcConfig, CaptionerConfig
from syned.errors import EngineError
from syned.models.devices import choose_device, quiet_libraries
from syned.run.atomic import read_json

NOTE = "captioner.json"
"""Says what a folder of trained weights is; written last."""

_CONFIG: TypeAdapter[CaptionerConfig] = TypeAdapter(CaptionerConfig)


class Learner(Captioner, Protocol):
    """A captioner that can be trained."""

    @property
    def model(self) -> nn.Module:
        """What the Trainer trains."""

    def reader(self, pairs: PairSet, say: Callable[[str], None]) -> Callable[[int], Any]:
        """A pair as the model sees it, by its number."""

    def collate(self, rows: Sequence[Row]) -> dict[str, Tensor]:
        """What the model's forward is called with; the labels among it."""

    def check(self, batch: Mapping[str, Tensor]) -> None:
        """Refuse to train a model that does not see the pictures.

        Raises:
            EngineError: it does not.
        """

    def save(self, folder: Path) -> None:
        """Write what was trained."""


def start_captioner(
    config: CaptionerConfig, captions: Sequence[str], *, device: torch.device, features: Path
) -> Learner:
    """What training starts from; random weights follow from torch's seed.

    Args:
        config: which captioner.
        captions: of the training pairs, for models that learn their words.
        device: to train on.
        features: where a two-stream model keeps the features of images.

    Raises:
        EngineError: a checkpoint cannot be loaded.
    """
    learner: Learner
    if isinstance(config, Blip2idcConfig):
        from syned.captioning.models.blip2idc import start_blip2idc

        learner = start_blip2idc(config, captions, device)
    else:
        from syned.captioning.models.two_stream import start_two_stream

        learner = start_two_stream(config, captions, device, features)
    learner.model.to(device)
    return learner


def load_captioner(folder: Path, *, device: str) -> Captioner:
    """The captioner that training wrote to a folder.

    Args:
        folder: with a captioner.json.
        device: auto, cpu, cuda, cuda:N or mps.

    Raises:
        ConfigError: this machine has no such device.
        EngineError: the folder holds no finished captioner, or it cannot be loaded.
    """
    quiet_libraries()
    note = read_json(folder / NOTE)
    if note is None:
        raise EngineError(
            f"{folder} has no {NOTE}, so it holds no finished captioner; give a folder that "
            "`syned train-eval` has written one to"
        )
    try:
        config = _CONFIG.validate_python(note.get("captioner"))
    except ValidationError as error:
        raise EngineError(
            f"{folder / NOTE} describes no captioner that this version of Syned knows "
            f"({error.error_count()} of its settings are wrong); train it again"
        ) from error
    chosen = choose_device(device)
    if isinstance(config, Blip2idcConfig):
        from syned.captioning.models.blip2idc import load_blip2idc

        return load_blip2idc(folder, config, chosen)
    from syned.captioning.models.two_stream import load_two_stream

    return load_two_stream(folder, config, chosen)
