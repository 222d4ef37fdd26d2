"""What a run may be told: a module for each section. Defaults live here and nowhere else."""

from syned.config.captioner import (
    Blip2idcConfig,
    CaptionerConfig,
    LoraConfig,
    NewBlip2,
    TrainingConfig,
    TwoStreamConfig,
)
from syned.config.generate import GenerateConfig, Scale
from syned.config.paraphrase import ParaphraseConfig
from syned.config.run import RunConfig, load_config, setting_of
from syned.config.source import SourceConfig

__all__ = [
    "Blip2idcConfig",
    "CaptionerConfig",
    "GenerateConfig",
    "LoraConfig",
    "NewBlip2",
    "ParaphraseConfig",
    "RunConfig",
    "Scale",
    "SourceConfig",
    "TrainingConfig",
    "TwoStreamConfig",
    "load_config",
    "setting_of",
]
