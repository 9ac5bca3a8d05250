"""Near-duplicate labels against plain loops over all pairs."""

import numpy as np
import pytest

from mgdm_mmaction.text.corpus import LabelCorpus
from mgdm_mmaction.text.near_duplicates import count_pairs, merge_extra_labels, near_duplicates

CLASSES = ['running', 'Run', 'jump', 'high jump']
EXTRA = ['jog', 'jogging', 'jumping', 'swim', 'dive']


@pytest.fixture
def corpus():
    return LabelCorpus(CLASSES, EXTRA)


@pytest.fixture
def texts():
    """Nine unit vectors with many similar pairs."""
    rows = np.random.default_rng(0).normal(size=(9, 3)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def naive_pairs(texts):
    found = []
    for i in range(len(texts)):
        for j in range(i + 1, len(texts)):
            found.append((float(sum(a * b for a, b in zip(texts[i], texts[j], strict=True))), i, j))
    return sorted(found, reverse=True)


def test_pairs_and_counts(corpus, texts):
    expected = naive_pairs(texts)
    found = near_duplicates(texts)
    assert [(p.first, p.second) for p in found] == [(i, j) for _, i, j in expected]
    assert [p.cosine for p in found] == pytest.approx([c for c, _, _ in expected], abs=1e-6)
    assert near_duplicates(texts, top=5) == found[:5]
    assert near_duplicates(texts, 0.5) == [p for p in found if p.cosine >= 0.5]
    assert near_duplicates(texts, 1.1) == []
    counts = count_pairs(corpus, texts, [0.8, 0.0, -2.0])
    for level, row in zip([0.8, 0.0, -2.0], counts, strict=True):
        pairs = [(i, j) for c, i, j in expected if c >= level]
        assert row.tolist() == [
            sum(i < 4 and j < 4 for i, j in pairs),
            sum(i < 4 <= j for i, j in pairs),
            sum(i >= 4 and j >= 4 for i, j in pairs),
        ]
    assert counts[2].tolist() == [6, 20, 10]
    kinds = {(p.first, p.second): p.kind(corpus) for p in found}
    assert kinds[0, 3] == 'two classes'
    assert kinds[3, 4] == 'class and extra label'
    assert kinds[4, 8] == 'two extra labels'


def test_equal_cosines_come_in_the_order_of_the_ids():
    texts = np.array([[1, 0], [1, 0], [1, 0]], dtype=np.float32)
    assert [(p.first, p.second) for p in near_duplicates(texts, 0.5)] == [(0, 1), (0, 2), (1, 2)]


@pytest.mark.parametrize('threshold', [-1.1, 0.2, 0.6, 0.9, 1.1])
def test_merging_never_drops_a_class(corpus, texts, threshold):
    texts[1] = texts[0]  # two classes with one text stay two classes
    stay, dropped = merge_extra_labels(corpus, texts, threshold)
    kept = [0, 1, 2, 3]
    expected = []
    for label in range(4, 9):
        cosines = [float(texts[label] @ texts[other]) for other in kept]
        if max(cosines) >= threshold:
            expected.append((kept[cosines.index(max(cosines))], label))
        else:
            kept.append(label)
    assert stay == [corpus.labels[label] for label in kept[4:]]
    assert [(p.first, p.second) for p in dropped] == expected
    assert len(stay) + len(dropped) == 5
    assert (threshold > 1) == (not dropped)
