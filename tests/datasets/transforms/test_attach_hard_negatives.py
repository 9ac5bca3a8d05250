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
    transform = build(k=0)
    assert transform({'filename': 'x.mp4', 'label': 4})['text_ids'].tolist() == [4]
    transform = build(k=0, negatives_file='not/mined/yet.jsonl')
    assert transform({'filename': 'x.mp4', 'label': torch.tensor([4])})['text_ids'].tolist() == [4]
    several = {'filename': 'x.mp4', 'label': torch.tensor([0.0, 1, 1])}
    assert transform(several.copy()) == several


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'k': 5}, r'k=5 from rank 1 needs.*rank 5.*holds k=4.*--num-negatives 5'),
        ({'k': 3, 'start': 3}, r'k=3 from rank 3 needs.*rank 5.*holds k=4'),
        ({'k': 6}, r'holds k=4.*add labels to the 6 of the corpus'),
        ({'k': -1}, 'k=-1'),
        ({'start': 0}, 'start=0'),
        ({'negatives_file': None}, 'k=4 without `negatives_file`'),
        ({'negatives_file': 'none.jsonl'}, 'negatives file none.jsonl does not exist'),
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
        'AttachHardNegatives(negatives_file=None, k=0, start=1, pool=None, temperature=None, '
        "missing='error')"
    )


def draw(transform, times=3000):
    np.random.seed(0)
    drawn = [transform.transform(dict(filename='train/1.mp4', label=2)) for _ in range(times)]
    return np.array([item['text_ids'] for item in drawn])


def test_draws_from_a_pool(path):
    ids = draw(build(negatives_file=path, k=1, start=2, pool=3))
    assert set(ids[:, 0]) == {2}
    # Ranks 2 to 4 are labels 1, 0, 4, all alike.
    counts = np.bincount(ids[:, 1], minlength=6)
    assert counts[[5, 2, 3]].tolist() == [0, 0, 0]
    assert (abs(counts[[1, 0, 4]] / 3000 - 1 / 3) < 0.04).all()


def test_draws_in_proportion_to_the_scores(path):
    ids = draw(build(negatives_file=path, k=1, pool=4, temperature=0.25))
    expected = np.exp(np.array([0.5, 0.25, 0.125, 0]) / 0.25)
    counts = np.bincount(ids[:, 1], minlength=6)[[5, 1, 0, 4]]
    assert (abs(counts / 3000 - expected / expected.sum()) < 0.03).all()


def test_a_draw_of_several_has_the_chances_of_one_after_the_other(path):
    ids = draw(build(negatives_file=path, k=2, pool=3, temperature=0.25))[:, 1:]
    first, second, third = np.exp(np.array([0.5, 0.25, 0.125]) / 0.25)
    total = first + second + third
    # Labels 5 and 1, in either order.
    expected = first / total * second / (total - first) + second / total * first / (total - second)
    assert abs((ids == [5, 1]).all(axis=1).mean() - expected) < 0.03
    # Hardest first, and never one twice.
    assert {tuple(row) for row in ids} == {(5, 1), (5, 0), (1, 0)}


def test_the_whole_pool_is_no_draw(path):
    ids = draw(build(negatives_file=path, k=4, pool=4, temperature=0.1), times=5)
    assert ids.tolist() == [[2, 5, 1, 0, 4]] * 5


def test_a_missing_video_gets_the_negatives_of_its_class(tmp_path):
    rows = [
        ('1.mp4', 2, [5, 1, 0, 4], [0.5, 0.25, 0.125, 0]),
        ('2.mp4', 2, [3, 1, 0, 5], [0.75, 0.5, 0.25, 0.125]),
        ('3.mp4', 0, [4, 3, 2, 1], [0.5, 0.25, 0.125, 0]),
    ]
    path = tmp_path / 'negatives.jsonl'
    with NegativesWriter(path, HEADER) as writer:
        for row in rows:
            writer.write(*row)
    transform = build(negatives_file=str(path), k=3, missing='class')
    # By hand: 3: (0 + .75) / 2, 1: (.25 + .5) / 2, 5: (.5 + .125) / 2, 0: (.125 + .25) / 2,
    # 4: (0 + .125) / 2; labels 1 and 3 are equal.
    got = transform.transform(dict(filename='new.mp4', label=2))['text_ids']
    assert got.tolist() == [2, 1, 3, 5]
    got = transform.transform(dict(filename='2.mp4', label=2))['text_ids']
    assert got.tolist() == [2, 3, 1, 0]
    with pytest.raises(
        MGDMError, match=r"neither 'new.mp4' nor any other video of label 4 \('walk"
    ):
        transform.transform(dict(filename='new.mp4', label=4))
    with pytest.raises(MGDMError, match='holds no video'):
        build(negatives_file=str(path), k=3).transform(dict(filename='new.mp4', label=2))


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(k=2, pool=1), 'pool=1; expected at least the k=2'),
        (dict(k=2, temperature=0.1), 'temperature=0.1 without pool'),
        (dict(k=2, pool=3, temperature=0), 'temperature=0; expected more than 0'),
        (dict(k=2, start=2, pool=4), 'pool=4 from rank 2 needs negatives up to rank 5.*k=4.*Lower'),
        (dict(k=2, missing='skip'), "missing='skip'; expected 'error' or 'class'"),
    ],
)
def test_mistakes_in_the_options(path, options, message):
    with pytest.raises(MGDMError, match=message):
        build(negatives_file=path, **options)
