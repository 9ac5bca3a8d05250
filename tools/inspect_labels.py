#!/usr/bin/env python
"""Show the labels of a config and which are alike: inspect_labels.py CONFIG; see --help."""

import os.path as osp
import sys

# From a source tree, whose package need not be installed. An installed copy has none beside it.
_ROOT = osp.dirname(osp.dirname(osp.abspath(__file__)))
if osp.isdir(osp.join(_ROOT, 'mgdm_mmaction')):
    sys.path.insert(0, _ROOT)

from mgdm_mmaction.commands.inspect_labels import main  # noqa: E402
from mgdm_mmaction.errors import run_tool  # noqa: E402

if __name__ == '__main__':
    run_tool(main)
