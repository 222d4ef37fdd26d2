"""What a run may be told: a module for each section. Defaults live here and nowhere else."""

from syned.config.captioner import (
    Blip2idcConfig,
    CaptionerConfig,
    LoraConfig,
    NewBlip2,
    TrainingConfig,
    TwoStreamConfig,
)
from syned.config.filter import EvaluationSet, FilterConfig, Quantile, Threshold, Thresholds
from syned.config.generate import GenerateConfig, Scale
from syned.config.paraphrase import ParaphraseConfig
from syned.config.publish import PublishConfig, SplitFractions
from syned.config.run import RunConfig, load_config, setting_of
from syned.config.source import SourceConfig
from syned.config.train_eval import PairSource

__all__ = [
    "Blip2idcConfig",
    "CaptionerConfig",
    "EvaluationSet",
    "FilterConfig",
    "GenerateConfig",
    "LoraConfig",
    "NewBlip2",
    "PairSource",
    "ParaphraseConfig",
    "PublishConfig",
    "Quantile",
    "RunConfig",
    "Scale",
    "SourceConfig",
    "SplitFractions",
    "Threshold",
    "Thresholds",
    "TrainingConfig",
    "TwoStreamConfig",
    "load_config",
    "setting_of",
]
