"""What two test runs confuse: pairs that one mixes up and the other does not."""

from .comparison import RunComparison
from .mined import MinedRanks, mined_ranks
from .reports import describe_facts, describe_runs

__all__ = ['MinedRanks', 'RunComparison', 'describe_facts', 'describe_runs', 'mined_ranks']
