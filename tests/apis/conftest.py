"""A tiny copy of the toy data set: real videos, a random tiny CLIP, made-up negatives."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from mgdm_mmaction.clip import build_clip, weights_digest
from mgdm_mmaction.datasets.annotations import check_annotation
from mgdm_mmaction.negatives import NegativesHeader, NegativesWriter
from mgdm_mmaction.text.corpus import LabelCorpus, read_labels
from mgdm_mmaction.toy.dataset import generate_dataset

ROOT = Path(__file__).resolve().parents[2]
CONFIG = str(ROOT / 'configs' / 'toy' / 'mgdm_toy.py')

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
        self.env['PYTHON'] = sys.executable
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
        """Run one of our tools; a Python one by its path, as users do."""
        path = ROOT / 'tools' / name
        start = ['bash', path] if name.endswith('.sh') else [sys.executable, path]
        return self.run(*start, *args, **kwargs)


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
