#!/usr/bin/env python
"""Build a graph of classes and movements: build_graph.py SOURCE --classes FILE; see --help."""

import sys
from pathlib import Path

# A source tree need not be installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mgdm_mmaction.commands import run

if __name__ == '__main__':
    run('build_graph')
