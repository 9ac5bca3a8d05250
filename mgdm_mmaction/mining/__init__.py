"""Mining of hard-negative labels with a frozen CLIP (MGDM, eq. 10-12) or a trained model."""

from .class_wide import mine_confusions, mine_graph, mine_text_only
from .miner import mine
from .parts import is_unfinished
from .processes import Process, parse_process
from .ranking import allowed_labels, rank_negatives
from .scorers import FrozenClip
from .summary import MiningSummary
from .trained import TrainedModel

__all__ = [
    'FrozenClip',
    'MiningSummary',
    'Process',
    'TrainedModel',
    'allowed_labels',
    'is_unfinished',
    'mine',
    'mine_confusions',
    'mine_graph',
    'mine_text_only',
    'parse_process',
    'rank_negatives',
]
