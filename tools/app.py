#!/usr/bin/env python
"""A page to try a checkpoint on clips: app.py CONFIG CHECKPOINT; see --help."""

import os.path as osp
import sys

# From a source tree, whose package need not be installed. An installed copy has none beside it.
_ROOT = osp.dirname(osp.dirname(osp.abspath(__file__)))
if osp.isdir(osp.join(_ROOT, 'mgdm_mmaction')):
    sys.path.insert(0, _ROOT)

from mgdm_mmaction.commands.app import main  # noqa: E402
from mgdm_mmaction.errors import run_tool  # noqa: E402

if __name__ == '__main__':
    run_tool(main)
