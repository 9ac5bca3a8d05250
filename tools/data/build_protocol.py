#!/usr/bin/env python
"""Write few-shot, zero-shot and base-to-novel lists: build_protocol.py PROTOCOL ...; see --help."""

import sys
from pathlib import Path

# A source tree need not be installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from mgdm_mmaction.commands import run

if __name__ == '__main__':
    run('build_protocol')
