"""What a run may be told: a module for each section. Defaults live here and nowhere else."""

from syned.config.captioner import CaptionerConfig, TrainingConfig
from syned.config.gains import ArmConfig, ContestantConfig, PhaseConfig, TrainEvalConfig
from syned.config.generate import GenerateConfig, Scale
from syned.config.paraphrase import ParaphraseConfig
from syned.config.run import RunConfig, load_config, setting_of
from syned.config.source import SourceConfig
from syned.config.train_eval import PairSource

__all__ = [
    "ArmConfig",
    "CaptionerConfig",
    "ContestantConfig",
    "GenerateConfig",
    "PairSource",
    "ParaphraseConfig",
    "PhaseConfig",
    "RunConfig",
    "Scale",
    "SourceConfig",
    "TrainEvalConfig",
    "TrainingConfig",
    "load_config",
    "setting_of",
]
