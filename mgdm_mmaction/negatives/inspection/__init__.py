"""Looking at a negatives file: figures for the terminal, one HTML page, and what changed."""

from .comparison import Comparison, compare_negatives
from .coverage import ListCoverage, list_coverage
from .statistics import FileStatistics, Pair, count_file
from .summary import describe_file

__all__ = [
    'Comparison',
    'FileStatistics',
    'ListCoverage',
    'Pair',
    'compare_negatives',
    'count_file',
    'describe_file',
    'list_coverage',
]
