"""Small negatives files with known content."""

import numpy as np

from mgdm_mmaction.negatives import NegativesHeader, NegativesWriter, read_negatives
from mgdm_mmaction.text.corpus import LabelCorpus

CLASSES = ['run', 'jump', 'dive', 'swim', 'row']
EXTRA = ['sail', 'walk', 'sit']


def write(path, rows, classes=CLASSES, extra=EXTRA, overwrite=False, **header):
    """Write rows of (path, label, [negatives]) or (path, label, [negatives], [scores])."""
    corpus = LabelCorpus(classes, extra)
    k = len(rows[0][2]) if rows else 3
    head = {
        'architecture': 'mgdm-tiny', 'weights_digest': 'aa', 'prompt': corpus.prompt,
        'labels': corpus.labels, 'classes': corpus.classes,
        'class_ids': corpus.class_ids.tolist(), 'num_frames': 8, 'k': k,
        'annotation_digest': 'bb', 'package_version': 'test', **header,
    }  # fmt: skip
    with NegativesWriter(path, NegativesHeader(**head), overwrite=overwrite) as writer:
        for name, label, negatives, *scores in rows:
            scores = scores[0] if scores else np.linspace(0.9, 0.1, k)
            writer.write(name, label, negatives, scores)
    return str(path)


def random_rows(seed=0, num_videos=40, k=4, num_labels=8, num_classes=5):
    """Return rows of random negatives; the last class has no video, the one before it one."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(num_classes - 2, size=num_videos)
    labels[num_videos // 2] = num_classes - 2
    return [
        (
            f'train/{label}/{i}.mp4',
            int(label),
            rng.permutation(np.setdiff1d(np.arange(num_labels), label))[:k].tolist(),
            np.sort(rng.random(k))[::-1].tolist(),
        )
        for i, label in enumerate(labels)
    ]


def random_file(path, seed=0, **options):
    """Write and read a file of :func:`random_rows`."""
    return read_negatives(write(path, random_rows(seed), **options))
