#!/usr/bin/env python
"""Build annotation lists: build_lists.py kinetics|hmdb51|ucf101|folders ...; see --help."""

import sys
from pathlib import Path

# A source tree need not be installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from mgdm_mmaction.commands import run

if __name__ == '__main__':
    run('build_lists')
