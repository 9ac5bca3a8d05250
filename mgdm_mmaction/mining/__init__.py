"""Mining of hard-negative labels with a frozen CLIP (MGDM, eq. 10-12) or a trained model."""

from .encoder import FrozenClip
from .miner import mine
from .ranking import allowed_labels, rank_negatives
from .summary import MiningSummary
from .trained import TrainedModel

__all__ = [
    'FrozenClip',
    'MiningSummary',
    'TrainedModel',
    'allowed_labels',
    'mine',
    'rank_negatives',
]
