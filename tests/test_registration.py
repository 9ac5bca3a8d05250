"""The import is cheap, and registers everything all the same."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import mmaction.registry
import mmengine.registry
import pytest

import mgdm_mmaction
from mgdm_mmaction.registration import LOCATIONS

PACKAGE = Path(mgdm_mmaction.__file__).resolve().parent


def run_python(code, cwd):
    env = dict(os.environ, PYTHONPATH=str(PACKAGE.parent))
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', textwrap.dedent(code)],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


def test_the_import_loads_neither_torch_nor_openmmlab(tmp_path):
    code = """
        import sys, mgdm_mmaction
        print(sorted({'torch', 'mmcv', 'mmengine', 'mmaction', 'numpy'} & set(sys.modules)))
    """
    assert run_python(code, tmp_path) == '[]'


@pytest.mark.slow
def test_models_are_registered_after_a_registry_was_asked(tmp_path):
    """By a config alone, as in MMAction2's own train.py."""
    code = f"""
        from mmaction.registry import HOOKS, MODELS, OPTIM_WRAPPER_CONSTRUCTORS, TRANSFORMS
        from mmengine.config import Config
        HOOKS.get('VisualizationHook')
        Config.fromfile({str(PACKAGE.parent / 'configs' / 'toy' / 'mgdm_toy.py')!r})
        head = MODELS.build(dict(type='SemanticDiscriminator', embed_dims=8))
        found = [MODELS.get('MGDM'), HOOKS.get('EpochSeedHook')]
        found.append(TRANSFORMS.get('AttachHardNegatives'))
        found.append(OPTIM_WRAPPER_CONSTRUCTORS.get('MGDMOptimWrapperConstructor'))
        print(type(head).__module__, *(c.__name__ for c in found))
    """
    expected = 'mgdm_mmaction.models.heads.semantic_discriminator MGDM EpochSeedHook '
    expected += 'AttachHardNegatives MGDMOptimWrapperConstructor'
    assert run_python(code, tmp_path) == expected


@pytest.mark.parametrize('name', list(LOCATIONS))
def test_every_location_holds_a_class_of_its_registry(name):
    owners = [getattr(module, name, None) for module in (mmaction.registry, mmengine.registry)]
    found = []
    for registry in owners:
        if registry is not None:
            registry.import_from_location()
            found += [c.__module__ for c in registry.module_dict.values()]
    assert any(module.startswith(LOCATIONS[name]) for module in found)
