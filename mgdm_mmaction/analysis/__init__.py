"""What a model costs: counts of its operations, and benchmarks of its parts."""

from .complexity import Complexity, Count, count_complexity

__all__ = ['Complexity', 'Count', 'count_complexity']
