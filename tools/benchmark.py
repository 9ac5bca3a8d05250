#!/usr/bin/env python
"""Measure speed and memory: benchmark.py [options], see --help."""

import os.path as osp
import sys

# From a source tree, whose package need not be installed. An installed copy has none beside it.
_ROOT = osp.dirname(osp.dirname(osp.abspath(__file__)))
if osp.isdir(osp.join(_ROOT, 'mgdm_mmaction')):
    sys.path.insert(0, _ROOT)

from benchmarks.run import main  # noqa: E402
from mgdm_mmaction.errors import run_tool  # noqa: E402

if __name__ == '__main__':
    # The configs lie beside the tools, in a source tree and in an installed package.
    run_tool(lambda: main(osp.join(_ROOT, 'configs')))
