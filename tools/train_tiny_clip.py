#!/usr/bin/env python
"""Train a tiny CLIP on single frames of a list: train_tiny_clip.py LIST [options], see --help."""

import sys
from pathlib import Path

# A source tree need not be installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mgdm_mmaction.commands import run

if __name__ == '__main__':
    run('train_tiny_clip')
