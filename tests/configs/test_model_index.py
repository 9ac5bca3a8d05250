"""The model index, read as OpenMMLab's MIM reads it, but without MIM: it is not a requirement."""

from pathlib import Path

import pytest
import yaml

from tests.configs.walk import CONFIGS, config_names, read_config

INDEX = CONFIGS.parent / 'model-index.yml'
TOWERS = {'ViT-B/32': 'ViT-B-32', 'ViT-B/16': 'ViT-B-16', 'ViT-L/14': 'ViT-L-14'}


def load_index(path: Path) -> dict[str, list]:
    """Join a model index and what it imports, paths being relative to the importing file."""
    content = yaml.safe_load(path.read_text(encoding='utf-8'))
    joined = {key: list(content.get(key, ())) for key in ('Collections', 'Models')}
    for name in content.get('Import', ()):
        for key, items in load_index(path.parent / name).items():
            joined[key] += items
    return joined


@pytest.fixture(scope='module')
def index():
    return load_index(INDEX)


def test_every_config_has_an_entry_and_every_entry_a_config(index):
    listed = [model['Config'] for model in index['Models']]
    assert len(listed) == len(set(listed))
    missing = {f'configs/{name}' for name in config_names()} - set(listed)
    assert not missing, f'add them to metafile.yml of their folder: {sorted(missing)}'
    assert not set(listed) - {f'configs/{name}' for name in config_names()}


def test_every_metafile_is_imported():
    imported = yaml.safe_load(INDEX.read_text(encoding='utf-8'))['Import']
    found = {f'configs/{p.relative_to(CONFIGS).as_posix()}' for p in CONFIGS.rglob('metafile.yml')}
    assert sorted(imported) == sorted(found)


def test_names_are_those_of_the_files(index):
    """`mim search --config NAME` and `mim train ... NAME.py` mean the same."""
    for model in index['Models']:
        assert model['Name'] == Path(model['Config']).stem


def test_models_belong_to_collections(index):
    collections = [collection['Name'] for collection in index['Collections']]
    assert len(collections) == len(set(collections))
    assert {model['In Collection'] for model in index['Models']} == set(collections)
    assert '10.11959/j.issn.1000-436x.2024268' in index['Collections'][0]['Paper']


def test_metadata_are_those_of_the_config(index):
    for model in index['Models']:
        cfg, said = read_config(model['Config'].removeprefix('configs/')), model['Metadata']
        tower = said['Architecture']
        assert cfg.model.backbone.arch == TOWERS.get(tower, tower), model['Name']
        assert cfg.model.neck.num_frames == said['Frames'], model['Name']
        if cfg.get('train_cfg'):
            assert cfg.train_cfg.max_epochs == said['Epochs'], model['Name']
            assert cfg.auto_scale_lr.base_batch_size == said['Batch Size'], model['Name']


PRINTED = """
mgdm_k0          85.9 96.6  79.0 96.8  96.3 99.7
mgdm_k3          86.6 97.3  81.4 95.8  97.5 99.7
mgdm_k5          86.9 97.7  81.7 96.0  97.8 99.7
mgdm_k9          87.3 97.9  82.0 96.1  98.2 99.7
mgdm_k3-bot      86.1 97.2  79.7 96.5  96.9 99.4
mgdm_no-representer     83.7 -  76.6 -  96.5 -
mgdm_no-discriminator   86.2 -  80.1 -  97.3 -
"""


def test_results_are_marked_as_the_authors(index):
    """Nobody may take a printed number for one of ours, and there are no weights to download."""
    printed = {}
    for model in index['Models']:
        assert 'Weights' not in model
        for result in model.get('Results', ()):
            assert 'printed by the authors' in model['Metadata']['Results']
            assert all(name.startswith('Printed ') for name in result['Metrics'])
            assert result['Dataset'] in model['Metadata']['Training Data']
            printed[model['Name'], result['Dataset']] = list(result['Metrics'].values())
    expected = {('mgdm_k400', 'Kinetics-400'): [87.3, 97.9]}
    expected['mgdm_vit-l-14_16f_hmdb51', 'HMDB51'] = [82.2, 96.0]
    expected['mgdm_vit-l-14_16f_ucf101', 'UCF101'] = [98.1, 99.7]
    for line in PRINTED.strip().splitlines():
        row, *numbers = line.split()
        for i, data in enumerate(('Kinetics-400', 'HMDB51', 'UCF101')):
            pair = numbers[2 * i : 2 * i + 2]
            expected[row, data] = [float(number) for number in pair if number != '-']
    assert printed == expected
