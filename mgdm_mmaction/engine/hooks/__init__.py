"""Hooks, registered in MMAction2's ``HOOKS``."""

from .check_negatives_hook import CheckNegativesHook
from .epoch_seed_hook import EpochSeedHook
from .mine_again_hook import MineAgainHook

__all__ = ['CheckNegativesHook', 'EpochSeedHook', 'MineAgainHook']
