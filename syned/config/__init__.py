"""What a run may be told: a module for each section. Defaults live here and nowhere else."""

from syned.config.filter import EvaluationSet, FilterConfig, Quantile, Threshold, Thresholds
from syned.config.generate import GenerateConfig, Scale
from syned.config.paraphrase import ParaphraseConfig
from syned.config.publish import PublishConfig, SplitFractions
from syned.config.run import RunConfig, load_config, setting_of
from syned.config.source import SourceConfig
from syned.config.train_eval import PairSource

__all__ = [
    "EvaluationSet",
    "FilterConfig",
    "GenerateConfig",
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
    "load_config",
    "setting_of",
]
