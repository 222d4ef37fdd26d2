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
from syned.config.pair_source import PairSource
from syned.config.paraphrase import ParaphraseConfig, TextKind
from syned.config.publish import PublishConfig, SplitFractions
from syned.config.run import RunConfig, load_config, setting_of
from syned.config.source import SourceConfig
from syned.config.train_eval import ArmConfig, ContestantConfig, PhaseConfig, TrainEvalConfig

__all__ = [
    "ArmConfig",
    "Blip2idcConfig",
    "CaptionerConfig",
    "ContestantConfig",
    "EvaluationSet",
    "FilterConfig",
    "GenerateConfig",
    "LoraConfig",
    "NewBlip2",
    "PairSource",
    "ParaphraseConfig",
    "PhaseConfig",
    "PublishConfig",
    "Quantile",
    "RunConfig",
    "Scale",
    "SourceConfig",
    "SplitFractions",
    "TextKind",
    "Threshold",
    "Thresholds",
    "TrainEvalConfig",
    "TrainingConfig",
    "TwoStreamConfig",
    "load_config",
    "setting_of",
]
