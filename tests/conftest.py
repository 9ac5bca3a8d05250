"""Fixtures that every test shares."""

import gc
import os
import shutil
import tempfile

import pytest
from mmengine.registry import init_default_scope

from tests.forked_python import install, leave_configs_as_written

# One thread a test: results do not depend on the machine, and parallel runs do not fight for cores.
os.environ.setdefault('OMP_NUM_THREADS', '1')

leave_configs_as_written()


def pytest_configure(config):
    """Have one forked Python for all processes that test; the first of these installs it."""
    if not hasattr(config, 'workerinput'):
        folder = tempfile.mkdtemp(prefix='mgdm')
        install(folder)
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


def pytest_collection_modifyitems(items):
    """Begin with the slow tests: a long one at the end would keep one process busy alone."""
    items.sort(key=lambda item: item.get_closest_marker('slow') is None)


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
