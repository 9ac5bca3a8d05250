#!/usr/bin/env python
"""Run the experiments of docs/RESULTS.md, see --help."""

import sys
from pathlib import Path

# Of the source tree only: an installed package brings no benchmarks.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.toy_results import run_experiments
from mgdm_mmaction.errors import run_tool

if __name__ == '__main__':
    run_tool(run_experiments)
