#!/usr/bin/env python
"""Set models side by side: compare.py CONFIG ... --seeds 0 1 2 --out report; see --help."""

import sys
from pathlib import Path

# A source tree need not be installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mgdm_mmaction.commands import run

if __name__ == '__main__':
    run('compare')
