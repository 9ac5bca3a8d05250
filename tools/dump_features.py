#!/usr/bin/env python
"""Dump clip features: dump_features.py CONFIG CHECKPOINT --out DIR, see --help."""

import os.path as osp
import sys

# From a source tree, whose package need not be installed. An installed copy has none beside it.
_ROOT = osp.dirname(osp.dirname(osp.abspath(__file__)))
if osp.isdir(osp.join(_ROOT, 'mgdm_mmaction')):
    sys.path.insert(0, _ROOT)

from mgdm_mmaction.apis.common import on_all_ranks  # noqa: E402
from mgdm_mmaction.commands.dump_features import main  # noqa: E402
from mgdm_mmaction.errors import run_tool  # noqa: E402

if __name__ == '__main__':
    run_tool(lambda: on_all_ranks(main))
