"""Packages are looked up through modules that may not be there.

mmengine 0.10.7 finds installed packages through ``pkg_resources``, which setuptools 82 removed
(pypa/setuptools#5174; fixed in mmengine's sources by open-mmlab/mmengine#1676, not yet in a
release). It imports without it, but a config with ``_base_ = 'mmaction::...'`` does not load.
mmaction2 1.2.0 and mmpretrain 1.2.0 import ``importlib_metadata``, the backport of a module of
Python itself, in ``utils/dependency.py`` and do not declare it.
"""

import importlib.metadata
import importlib.util
import os
import sys
import warnings
from types import ModuleType

__all__ = ['apply', 'get_installed_path', 'is_installed', 'replace_lookup']


def apply() -> None:
    """Give mmaction2 the ``importlib_metadata`` of Python itself where the backport is missing."""
    if not _exists('importlib_metadata'):
        sys.modules['importlib_metadata'] = importlib.metadata
    if _exists('pkg_resources'):
        # Where it still exists, every config with such a base would warn of its end.
        warnings.filterwarnings('ignore', message='pkg_resources is deprecated as an API')


def replace_lookup(module: ModuleType) -> None:
    """Look packages up by Python's own ``importlib.metadata`` where ``pkg_resources`` is missing.

    Args:
        module (ModuleType): One of mmengine's modules that have the functions, or imported them.
    """
    if not _exists('pkg_resources'):
        for function in (is_installed, get_installed_path):
            if hasattr(module, function.__name__):
                setattr(module, function.__name__, function)


def _exists(name: str) -> bool:
    if name in sys.modules:
        return sys.modules[name] is not None
    return importlib.util.find_spec(name) is not None


def is_installed(package: str) -> bool:
    """Tell whether a distribution or a module of that name is installed.

    Args:
        package (str): Name of a distribution or of a module.
    """
    try:
        importlib.metadata.distribution(package)
        return True
    except importlib.metadata.PackageNotFoundError:
        spec = importlib.util.find_spec(package)
        return spec is not None and spec.origin is not None


def get_installed_path(package: str) -> str:
    """Return the folder of an installed package.

    Args:
        package (str): Name of a distribution or of a module, such as ``mmaction`` or ``mmaction2``.

    Raises:
        importlib.metadata.PackageNotFoundError: If there is none.
    """
    names = [package, package.replace('-', '_')]
    try:
        distribution = importlib.metadata.distribution(package)
    except importlib.metadata.PackageNotFoundError:
        pass
    else:
        names += (distribution.read_text('top_level.txt') or '').split()
    for name in names:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin is not None:
            return os.path.dirname(spec.origin)
    raise importlib.metadata.PackageNotFoundError(package)
