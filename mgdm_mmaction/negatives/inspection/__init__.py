"""What a negatives file holds, and what changed from one file to another."""

from .comparison import Comparison, compare_negatives
from .coverage import ListCoverage, list_coverage
from .reports import describe_comparison, describe_file
from .statistics import FileStatistics, count_file

__all__ = [
    'Comparison',
    'FileStatistics',
    'ListCoverage',
    'compare_negatives',
    'count_file',
    'describe_comparison',
    'describe_file',
    'list_coverage',
]
