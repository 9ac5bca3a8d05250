"""Measurements behind docs/PERFORMANCE.md and docs/RESULTS.md; not part of the wheel."""
