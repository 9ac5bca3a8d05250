"""The configs of the repository, for the tests that walk over them."""

import functools
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from mmengine.config import Config

from mgdm_mmaction.config import data_sets

CONFIGS = (Path(__file__).resolve().parents[2] / 'configs').resolve()
# A path that no config can have by itself: what the variable names must arrive in the config.
DATA = '/elsewhere/all data'
ENVIRONMENT = {
    'MGDM_DATA': DATA,
    'MGDM_CUSTOM_ROOT': f'{DATA}/custom',
    'MGDM_CUSTOM_VIDEOS': f'{DATA}/custom/videos',
    'MGDM_CUSTOM_VAL_VIDEOS': f'{DATA}/custom/val',
}
SPLITS = ('train', 'val', 'test')
_SPLITS = ['', 'MGDM_SPLIT=2 MGDM_K400_CHECKPOINT=k400.pth', 'MGDM_SPLIT=3']
# The values of variables that the configs of a folder are walked with.
VARIABLES = {
    'mgdm_k400.py': ['', 'MGDM_K=0 MGDM_FRAMES=8'],
    'hmdb51': _SPLITS,
    'ucf101': _SPLITS,
    'ablations': ['', 'MGDM_DATASET=hmdb51 MGDM_SPLIT=2', 'MGDM_DATASET=ucf101 MGDM_SPLIT=3'],
    'baselines': [
        '',
        'MGDM_DATASET=toy',
        'MGDM_DATASET=custom_tiny',
        'MGDM_DATASET=hmdb51 MGDM_SPLIT=2',
        *(f'MGDM_DATASET={name}' for name in ('ucf101', 'custom', 'jhmdb')),
    ],
    'few_shot': [
        '',
        'MGDM_SHOTS=4 MGDM_DATASET=ucf101 MGDM_SPLIT=2 MGDM_SEED=2',
        'MGDM_SHOTS=8 MGDM_TOWER=l-14 MGDM_SEED=3',
        'MGDM_SHOTS=16 MGDM_DATASET=ucf101 MGDM_K400_CHECKPOINT=k400.pth',
    ],
    'base_to_novel': ['', 'MGDM_DATASET=ucf101 MGDM_SEED=2 MGDM_TOWER=l-14'],
    'zero_shot': ['', 'MGDM_DATASET=ucf101 MGDM_SPLIT=2 MGDM_DRAW=2 MGDM_TOWER=l-14'],
    'datasets': ['', 'MGDM_DATASET=jhmdb MGDM_SPLIT=2', 'MGDM_DATASET=kinetics600 MGDM_TOWER=l-14'],
    'custom': ['', 'MGDM_CUSTOM_K=5'],
    'asu': ['', 'MGDM_DATASET=ucf101 MGDM_SHOTS=16 MGDM_SPLIT=2 MGDM_SEED=2'],
    'kgclip': [
        '',
        'MGDM_SHARE=0.2 MGDM_FRAMES=8 MGDM_GRAPH=graph.json MGDM_FLIP=0.5 MGDM_DATASET=diving48',
    ],
}


def config_names() -> list[str]:
    """Names of all configs that a user can name, relative to ``configs/``."""
    paths = (path.relative_to(CONFIGS) for path in CONFIGS.rglob('*.py'))
    return sorted(path.as_posix() for path in paths if '_base_' not in path.parts)


def cases() -> list[str]:
    """Configs with the variables that they are walked with: ``name.py NAME=value NAME=value``."""
    return [
        f'{name} {variables}'.strip()
        for name in config_names()
        for variables in VARIABLES.get(name.split('/')[0], [''])
    ]


def cases_to_run() -> list[str]:
    """One case of each config, and those whose variables change more than files and numbers."""
    first = [
        f'{name} {VARIABLES.get(name.split("/")[0], [""])[0]}'.strip() for name in config_names()
    ]
    more = [case for case in cases() if 'MGDM_K=0' in case or 'MGDM_DATASET=toy' in case]
    for variable in ('MGDM_K400_CHECKPOINT', 'MGDM_GRAPH'):
        more += [case for case in cases() if variable in case][:1]
    return first + more


def parse(case: str, **variables: str) -> Config:
    """Read a config under environment variables."""
    name, *words = case.split()
    variables = dict(word.split('=') for word in words) | variables
    before = {key: os.environ.get(key) for key in os.environ if key.startswith('MGDM_')}
    try:
        for key in before:
            del os.environ[key]
        os.environ.update(variables)
        cfg = Config.fromfile(str(CONFIGS / name))
    finally:
        for key in variables:
            os.environ.pop(key, None)
        os.environ.update(before)
    return cfg


@functools.cache
def read_config(case: str) -> Config:
    """Read a config with all data under :data:`DATA`; shared, so do not change it."""
    return parse(case, **ENVIRONMENT)


def loaders(cfg: Config) -> dict[str, Mapping]:
    """The loaders that a config has, by split."""
    return {split: cfg[f'{split}_dataloader'] for split in SPLITS if cfg.get(f'{split}_dataloader')}


def datasets(cfg: Config) -> Iterator[tuple[str, Mapping]]:
    """Split and config of every data set, wrappers opened."""
    for split, loader in loaders(cfg).items():
        for dataset in data_sets(loader.dataset):
            yield split, dataset


def transforms(pipeline: list) -> Iterator[Mapping]:
    """Every step of a pipeline, those inside others too."""
    for step in pipeline:
        yield step
        yield from transforms(step.get('transforms', ()))


def find(pipeline: list, *kinds: str) -> list[Mapping]:
    """The steps of some types."""
    return [step for step in transforms(pipeline) if step.type in kinds]


def attach(cfg: Config) -> Mapping | None:
    """The step that attaches the negatives."""
    for split, dataset in datasets(cfg):
        if split == 'train':
            for step in find(dataset.pipeline, 'AttachHardNegatives'):
                return step
    return None
