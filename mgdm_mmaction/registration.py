"""Our modules as further places where MMAction2's registries look for classes.

A registry imports its ``locations`` when it is asked for the first class, so that neither the
import of this package nor that of MMAction2 pays for models, data sets and hooks.
"""

from types import ModuleType

from wrapt import when_imported

__all__ = ['LOCATIONS', 'add_locations', 'register']

LOCATIONS = {
    'HOOKS': 'mgdm_mmaction.engine.hooks',
    'INFERENCERS': 'mgdm_mmaction.apis.inferencer',
    'METRICS': 'mgdm_mmaction.evaluation',
    'MODELS': 'mgdm_mmaction.models',
    'MODEL_WRAPPERS': 'mgdm_mmaction.engine.fsdp',
    'OPTIM_WRAPPERS': 'mgdm_mmaction.engine.optimizers',
    'OPTIM_WRAPPER_CONSTRUCTORS': 'mgdm_mmaction.engine.optimizers',
    'STRATEGIES': 'mgdm_mmaction.engine.fsdp',
    'TRANSFORMS': 'mgdm_mmaction.datasets.transforms',
}
# Kinds that MMEngine's FlexibleRunner looks for in its own registries.
_OF_MMENGINE = ('MODEL_WRAPPERS', 'STRATEGIES')


def register() -> None:
    """Add our locations as soon as MMAction2's registries are there."""
    when_imported('mmaction.registry')(add_locations)


def add_locations(registries: ModuleType) -> None:
    """Add our locations to the registries of a module.

    Args:
        registries (ModuleType): ``mmaction.registry``.
    """
    import mmengine.registry

    for name, location in LOCATIONS.items():
        owner = mmengine.registry if name in _OF_MMENGINE else registries
        registry = getattr(owner, name)
        registry._locations.append(location)  # MMEngine takes them in its constructor only
        registry._imported = False  # it may have been asked already; what is imported is not again
