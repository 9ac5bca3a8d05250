"""One evaluator: accuracies with the protocol that they were measured under, also of many runs."""

from .accuracy import PerClassAccuracy, ProtocolAccuracy
from .combine import combine
from .confusable_pairs import ConfusablePairAccuracy
from .report import Report

__all__ = [
    'ConfusablePairAccuracy',
    'PerClassAccuracy',
    'ProtocolAccuracy',
    'Report',
    'combine',
]
