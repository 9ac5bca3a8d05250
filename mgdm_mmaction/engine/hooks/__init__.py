"""Hooks, registered in MMAction2's ``HOOKS``."""

from .check_gradients_hook import CheckGradientsHook
from .check_graph_hook import CheckGraphHook
from .check_negatives_hook import CheckNegativesHook
from .epoch_seed_hook import EpochSeedHook
from .learning_rates_hook import LearningRatesHook
from .model_summary_hook import ModelSummaryHook
from .refresh_negatives_hook import RefreshNegativesHook
from .resume_report_hook import ResumeReportHook

__all__ = [
    'CheckGradientsHook',
    'CheckGraphHook',
    'CheckNegativesHook',
    'EpochSeedHook',
    'LearningRatesHook',
    'ModelSummaryHook',
    'RefreshNegativesHook',
    'ResumeReportHook',
]
