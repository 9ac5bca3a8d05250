"""AttachHardNegatives: the right ids, and a clear message when the file does not fit."""

import dataclasses

import numpy as np
import pytest
import torch
from mmaction.registry import TRANSFORMS

import mgdm_mmaction.datasets  # noqa: F401
from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.negatives import NegativesHeader, NegativesWriter

CLASSES = ['run', 'HighJump', 'dive', 'swim', 'walk']
HEADER = NegativesHeader(
    architecture='mgdm-tiny',
    weights_digest='abc',
    prompt='a {}',
    labels=['run', 'high jump', 'dive', 'swim', 'walk', 'row'],
    classes=CLASSES,
    class_ids=[0, 1, 2, 3, 4],
    num_frames=4,
    k=4,
    annotation_digest='def',
    package_version='0.0',
)
CORPUS = {'classes': CLASSES, 'extra': ['row'], 'prompt': 'a {}'}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / 'negatives.jsonl'
    with NegativesWriter(path, HEADER) as writer:
        writer.write('train/1.mp4', 2, [5, 1, 0, 4], [0.5, 0.25, 0.125, 0])
        writer.write('train/2.mp4', 0, [4, 3, 2, 1], [0.5, 0.25, 0.125, 0])
    return str(path)


def build(**kwargs):
    return TRANSFORMS.build(dict(type='AttachHardNegatives', **kwargs))


@pytest.mark.parametrize(
    ('k', 'start', 'expected'),
    [(0, 1, [2]), (1, 1, [2, 5]), (4, 1, [2, 5, 1, 0, 4]), (2, 3, [2, 0, 4]), (1, 4, [2, 4])],
)
def test_text_ids(path, k, start, expected):
    for corpus in (None, CORPUS):
        transform = build(negatives_file=path, k=k, start=start, corpus=corpus)
        for filename in ('data/train/1.mp4', 'train/1.mp4'):
            results = transform({'filename': filename, 'label': 2})
            assert results['text_ids'].dtype == np.int64
            assert results['text_ids'].tolist() == expected


def test_results_do_not_share_memory(path):
    transform = build(negatives_file=path, k=4)
    first = transform({'filename': 'train/1.mp4', 'label': 2})['text_ids']
    first[:] = 0
    assert transform({'filename': 'train/1.mp4', 'label': 2})['text_ids'].tolist() == [
        2,
        5,
        1,
        0,
        4,
    ]


def test_no_file_at_k_0():
    transform = build(k=0, corpus=CORPUS)
    assert transform({'filename': 'x.mp4', 'label': 4})['text_ids'].tolist() == [4]
    transform = build(k=0, corpus=CORPUS, negatives_file='not/mined/yet.jsonl')
    assert transform({'filename': 'x.mp4', 'label': torch.tensor([4])})['text_ids'].tolist() == [4]


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'k': 5}, r'k=5 from rank 1 needs.*rank 5.*holds k=4.*--num-negatives 5'),
        ({'k': 3, 'start': 3}, r'k=3 from rank 3 needs.*rank 5.*holds k=4'),
        ({'k': 6}, r'holds k=4.*add labels to the 6 of the corpus'),
        ({'k': -1}, 'k=-1'),
        ({'start': 0}, 'start=0'),
        ({'negatives_file': None}, 'k=4 without `negatives_file`'),
        ({'negatives_file': None, 'k': 0}, '`negatives_file` and `corpus`'),
        ({'negatives_file': 'none.jsonl'}, 'none.jsonl: no such negatives file'),
        ({'corpus': CORPUS | {'prompt': '{}'}}, r"another corpus: its prompt is 'a \{\}'"),
        ({'corpus': CORPUS | {'extra': []}}, 'it has 6 labels, expected 5'),
        ({'corpus': CORPUS | {'extra': ['sail']}}, "label 5 is 'row', expected 'sail'"),
        ({'corpus': CORPUS | {'classes': ['run']}}, 'it has 5 classes, expected 1'),
    ],
)
def test_bad_options(path, change, message):
    with pytest.raises(MGDMError, match=message):
        build(**({'negatives_file': path, 'k': 4} | change))


@pytest.mark.parametrize(
    ('results', 'message'),
    [
        ({'filename': 'train/3.mp4', 'label': 2}, "holds no video 'train/3.mp4'"),
        ({'filename': 'train/1.mp4', 'label': 1}, r":2: 'train/1.mp4' has label 2 \('dive'\) there,"
                                                  r" but label 1 \('HighJump'\)"),
        ({'filename': 'train/1.mp4', 'label': 5}, r"label 5, but there are 5 classes"),
        ({'filename': 'train/1.mp4', 'label': -1}, r"label -1, but there are 5 classes"),
        ({'filename': 'train/1.mp4', 'label': torch.zeros(5)}, 'multi_class'),
    ],
)  # fmt: skip
def test_bad_samples(path, results, message):
    with pytest.raises(MGDMError, match=message):
        build(negatives_file=path, k=4)(results)


def test_a_file_that_changed_is_read_again(path, tmp_path):
    assert build(negatives_file=path, k=1).transform({'filename': 'train/1.mp4', 'label': 2})
    with NegativesWriter(path, dataclasses.replace(HEADER, k=1), overwrite=True) as writer:
        writer.write('train/1.mp4', 2, [0], [0.5])
    results = build(negatives_file=path, k=1)({'filename': 'train/1.mp4', 'label': 2})
    assert results['text_ids'].tolist() == [2, 0]


def test_repr(path):
    assert repr(build(k=0, corpus=CORPUS)) == (
        'AttachHardNegatives(negatives_file=None, k=0, start=1)'
    )
