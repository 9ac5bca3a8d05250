"""A tiny copy of the toy data set, and a tiny checkpoint as a training run would save it."""

import os
import subprocess
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mgdm_mmaction.apis.inferencer import MGDMInferencer
from mgdm_mmaction.clip import build_clip, weights_digest
from mgdm_mmaction.datasets.annotations import check_annotation
from mgdm_mmaction.negatives import NegativesHeader, NegativesWriter
from mgdm_mmaction.text.corpus import LabelCorpus, read_labels
from mgdm_mmaction.toy.dataset import generate_dataset
from tests.forked_python import python, run_tool
from tests.models.tiny import CLASSES, tiny_config

ROOT = Path(__file__).resolve().parents[2]
CONFIG = str(ROOT / 'configs' / 'toy' / 'mgdm_toy.py')

# Of a clip of the tiny checkpoint.
NUM_FRAMES = 4

# What makes a run of the toy config short.
SHORT = [
    'train_cfg.max_epochs=2',
    'train_cfg.val_interval=2',
    'train_dataloader.batch_size=8',
    'val_dataloader.batch_size=8',
    'default_hooks.logger.interval=1',
]


class Toy:
    """Where the data lie, and how to call a tool on them."""

    def __init__(self, data: Path):
        self.data = data
        self.root = data / 'toy'
        self.env = {**os.environ, 'MGDM_DATA': str(data), 'OMP_NUM_THREADS': '1'}
        self.env['PYTHON'] = python()
        self.env.pop('PYTHONPATH', None)

    def run(self, *command, cwd=ROOT, **env):
        """Run a command with the data of this copy."""
        return subprocess.run(
            [str(part) for part in command],
            cwd=cwd,
            env={**self.env, **env},
            capture_output=True,
            text=True,
            timeout=600,
        )

    def tool(self, name, *args, **kwargs):
        """Run one of our tools."""
        path = ROOT / 'tools' / name
        if path.suffix == '.sh':
            return self.run('bash', path, *args, **kwargs)
        cwd = kwargs.pop('cwd', ROOT)
        return run_tool(path, *args, cwd=cwd, env={**self.env, **kwargs})


@pytest.fixture(scope='session')
def toy(tmp_path_factory) -> Toy:
    """Lay out the data once for all tests, in a folder with a space in its name."""
    toy = Toy(tmp_path_factory.mktemp('toy data'))
    generate_dataset(
        toy.root, objects=('circle', 'star'), train_clips=2, val_clips=1, num_frames=10
    )
    torch.manual_seed(0)
    clip = build_clip('mgdm-tiny')
    torch.save(clip.state_dict(), toy.root / 'clip.pt')
    _write_negatives(toy.root, weights_digest(clip))
    return toy


def untrained(toy: Toy, config: str, path: Path, **options) -> Path:
    """Write a checkpoint of a config with random weights, as MMEngine's runner saves one."""
    init_default_scope('mmaction')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('MGDM_DATA', str(toy.data))
        cfg = Config.fromfile(config)
    cfg.merge_from_dict(options)
    torch.manual_seed(0)
    model = MODELS.build(cfg.model)
    model.init_weights()
    torch.save(dict(state_dict=model.state_dict(), meta=dict(cfg=cfg.pretty_text)), path)
    return path


@pytest.fixture(scope='session')
def trained(toy, tmp_path_factory) -> Path:
    """Checkpoint of one epoch of the toy config, trained once for all tests."""
    work = tmp_path_factory.mktemp('trained')
    done = toy.tool(
        'train.py', CONFIG, '--no-validate', '--seed', 1, '--work-dir', work,
        '--cfg-options', *SHORT, 'train_cfg.max_epochs=1',
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return work / 'epoch_1.pth'


def _write_negatives(root: Path, digest: str, k: int = 7) -> None:
    classes = read_labels(str(root / 'classes.txt'))
    corpus = LabelCorpus(classes)
    train_list = root / 'train_list.txt'
    header = NegativesHeader(
        architecture='mgdm-tiny',
        weights_digest=digest,
        prompt=corpus.prompts[0].replace(corpus.labels[0], '{}'),
        labels=list(corpus.labels),
        classes=list(corpus.classes),
        class_ids=corpus.class_ids.tolist(),
        num_frames=8,
        k=k,
        annotation_digest=check_annotation(str(train_list)).digest,
        package_version='test',
    )
    generator = np.random.default_rng(0)
    with NegativesWriter(root / 'negatives.jsonl', header) as writer:
        for line in train_list.read_text().splitlines():
            path, label = line.rsplit(' ', 1)
            others = np.setdiff1d(np.arange(len(corpus)), corpus.class_ids[int(label)])
            scores = np.sort(generator.random(k))[::-1]
            writer.write(path, int(label), generator.permutation(others)[:k], scores)


def clip_config(classes, pretrained=None, num_clips=1, crop='CenterCrop') -> Config:
    """A config with a model and a test pipeline as ours have them."""
    pipeline = [
        dict(
            type='SkipUnreadable',
            transforms=[
                dict(type='DecordInit'),
                dict(type='UniformSample', clip_len=NUM_FRAMES, num_clips=num_clips),
                dict(type='DecordDecode'),
            ],
            test_mode=True,
        ),
        dict(type='Resize', scale=(-1, 64)),
        dict(type=crop, crop_size=64),
        dict(type='FormatShape', input_format='NCHW'),
        dict(type='PackActionInputs'),
    ]
    # Not in test mode, as a careless config has it: the inferencer sets it.
    model = tiny_config(
        backbone=dict(pretrained=pretrained),
        neck=dict(num_frames=NUM_FRAMES),
        cls_head=dict(classes=classes, pretrained=pretrained),
        data_preprocessor=dict(
            type='ActionDataPreprocessor',
            mean=[122.8, 116.7, 104.1],
            std=[68.5, 66.6, 70.3],
            format_shape='NCHW',
        ),
    )
    return Config(dict(model=model, test_pipeline=pipeline))


def save_checkpoint(path: Path, config: Config, written: Config | None = None) -> Path:
    """Save a model of a config; ``written`` is the config that the file names instead."""
    init_default_scope('mmaction')
    torch.manual_seed(0)
    model = MODELS.build(config.model)
    model.init_weights()
    text = (written or config).pretty_text
    torch.save(dict(state_dict=model.state_dict(), meta=dict(cfg=text)), path)
    return path


@pytest.fixture(scope='session')
def clip_file(tmp_path_factory) -> Path:
    """Weights of a tiny CLIP."""
    path = tmp_path_factory.mktemp('clip') / 'clip.pt'
    torch.manual_seed(0)
    torch.save(build_clip('mgdm-tiny').state_dict(), path)
    return path


@pytest.fixture(scope='session')
def checkpoint(tmp_path_factory, clip_file) -> Path:
    """A checkpoint whose config names files of another machine."""
    gone = clip_config('/gone/classes.txt', '/gone/clip.pt')
    path = tmp_path_factory.mktemp('run') / 'epoch_1.pth'
    return save_checkpoint(path, clip_config(CLASSES, str(clip_file)), written=gone)


@pytest.fixture(scope='session')
def inferencer(checkpoint) -> MGDMInferencer:
    """An inferencer of the checkpoint alone."""
    with warnings.catch_warnings():
        warnings.simplefilter('error', UserWarning)
        return MGDMInferencer(str(checkpoint), device='cpu', show_progress=False)
