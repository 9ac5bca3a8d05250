#!/usr/bin/env python
"""Draw the half-vector scatter: visualize_semantics.py CONFIG CHECKPOINT --out FIG.png."""

import sys
from pathlib import Path

# A source tree need not be installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mgdm_mmaction.commands import run

if __name__ == '__main__':
    run('visualize_semantics')
