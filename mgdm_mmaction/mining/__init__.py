"""Offline mining of hard-negative labels with a frozen CLIP (MGDM, eq. 10-12)."""

from .encoder import FrozenClip
from .miner import mine
from .ranking import allowed_labels, rank_negatives
from .summary import MiningSummary

__all__ = ['FrozenClip', 'MiningSummary', 'allowed_labels', 'mine', 'rank_negatives']
