"""Fixtures that every test shares."""

import gc
import os

import pytest
from mmengine.registry import init_default_scope

from tests.tools import leave_configs_as_written

# One thread a test: results do not depend on the machine, and parallel runs do not fight for cores.
os.environ.setdefault('OMP_NUM_THREADS', '1')

leave_configs_as_written()


@pytest.fixture(autouse=True, scope='session')
def _own_cache(tmp_path_factory):
    """Keep the text-bank cache of the tests away from the user's."""
    os.environ['MGDM_CACHE'] = str(tmp_path_factory.mktemp('cache'))


@pytest.fixture(autouse=True, scope='module')
def _short_collections():
    """Leave the modules out of garbage collections: MMEngine's data sets make one when built."""
    gc.freeze()


@pytest.fixture(autouse=True)
def _mmaction_scope():
    """Build from MMAction2's registries, as its tools do."""
    init_default_scope('mmaction')
