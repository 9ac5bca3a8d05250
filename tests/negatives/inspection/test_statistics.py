"""Counts against plain loops over the lines of the file."""

from itertools import combinations

import numpy as np
import pytest

from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.negatives import read_negatives
from mgdm_mmaction.negatives.inspection import count_file, describe_file
from mgdm_mmaction.negatives.inspection.statistics import (
    confused_pairs,
    confused_with_others,
    ranks_in,
    sample_videos,
    shared,
)
from tests.negatives.inspection.files import random_file, random_rows, write


def jaccard(a, b):
    return len(set(a) & set(b)) / len(set(a) | set(b))


@pytest.fixture
def file(tmp_path):
    return random_file(tmp_path / 'n.jsonl')


def test_counts(file):
    counts = count_file(file, depth=4)
    first, used = np.zeros((5, 8)), np.zeros(8)
    for _, label, negatives, _ in random_rows():
        for rank, other in enumerate(negatives):
            first[label, other] += rank < 3
            used[other] += 1
    assert (counts.first, counts.depth) == (3, 4)
    np.testing.assert_array_equal(counts.among_first, first)
    np.testing.assert_array_equal(counts.used, used)
    assert counts.videos.sum() == 40
    assert counts.videos[3:].tolist() == [1, 0]


@pytest.mark.parametrize('depth', [1, 2, 4])
def test_overlap_within_a_class(file, depth):
    counts, rows = count_file(file, depth), random_rows()
    for label in range(5):
        sets = [negatives[:depth] for _, one, negatives, _ in rows if one == label]
        pairs = [jaccard(a, b) for a, b in combinations(sets, 2)]
        expected = np.mean(pairs) if pairs else np.nan
        assert counts.overlap[label] == pytest.approx(expected, abs=1e-6, nan_ok=True)


def test_a_large_class_is_judged_by_a_sample(file, monkeypatch):
    whole = count_file(file).overlap
    monkeypatch.setattr('mgdm_mmaction.negatives.inspection.statistics.MAX_VIDEOS', 8)
    sample = count_file(file).overlap
    assert not np.array_equal(whole[:3], sample[:3])
    np.testing.assert_allclose(whole[:3], sample[:3], atol=0.15)


def test_overlap_between_classes(file):
    rows = random_rows()
    pairs = [jaccard(a[2], b[2]) for a, b in combinations(rows, 2) if a[1] != b[1]]
    assert count_file(file, 4).overlap_between == pytest.approx(np.mean(pairs), abs=0.01)


def test_same_negatives_overlap_fully(tmp_path):
    rows = [(f'{i}.mp4', 0, [2, 1, 3] if i else [3, 2, 1]) for i in range(5)]
    file = read_negatives(write(tmp_path / 'n.jsonl', rows))
    counts = count_file(file)
    assert counts.overlap[0] == 1
    assert np.isnan(counts.overlap_between)
    assert '1.00 within a class: about 3.0 of 3 the same' in describe_file(file, counts)


def test_pairs_in_both_directions(tmp_path):
    # run -> jump in 2 of 2, jump -> run in 1 of 3; run -> dive in 1 of 2, and dive has no video.
    rows = [
        ('a.mp4', 0, [1, 3, 5, 2]), ('b.mp4', 0, [2, 1, 5, 3]), ('c.mp4', 1, [6, 5, 4, 0]),
        ('d.mp4', 1, [6, 0, 4, 5]), ('e.mp4', 1, [6, 4, 7, 0]),
    ]  # fmt: skip
    file = read_negatives(write(tmp_path / 'n.jsonl', rows, settings={'scorer': 'text only'}))
    counts = count_file(file)
    pairs = {(a, b): shares for a, b, *shares in confused_pairs(file, counts).to_numpy()}
    assert next(iter(pairs)) == ('run', 'jump')
    assert pairs['run', 'jump'] == pytest.approx([1, 1 / 3])
    assert pairs['run', 'dive'] == pytest.approx([0.5, np.nan], nan_ok=True)
    others = confused_with_others(file, counts)
    assert others.to_numpy()[:2, :2].tolist() == [['run', 'sail'], ['jump', 'walk']]
    lines = describe_file(file, counts).split('\n')
    assert lines[1].endswith('ranked by: text only')
    assert ['run', 'jump', '100', '%', '33', '%'] in [line.split() for line in lines]
    assert '  3 classes have no video: dive, swim, row' in lines
    assert '  videos a class: 0 to 3, median 0' in lines
    assert '  every label is a negative of some video' in lines


def test_labels_that_are_never_negatives(tmp_path):
    file = read_negatives(write(tmp_path / 'n.jsonl', [('a', 0, [1, 2]), ('b', 1, [0, 2])]))
    text = describe_file(file, count_file(file))
    assert 'never, even among all 2: 5 (swim, row, sail, walk, sit)' in text
    assert 'dive (100 %)' in text


def test_ids_in_another_list(monkeypatch):
    monkeypatch.setattr('mgdm_mmaction.negatives.inspection.statistics._CHUNK', 2)
    before = np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]])
    after = np.array([[2, 1, 9], [6, 7, 8], [0, 1, 2]])
    wanted = [[1, 0, -1], [-1, -1, 0], [-1, -1, -1]]
    assert ranks_in(before, after).tolist() == wanted
    assert shared(before, after).tolist() == [2, 1, 0]


def test_videos_are_sampled(file):
    chosen = sample_videos(file, 5)
    assert [len(rows) for rows in chosen] == [5, 5, 5, 1, 0]
    for label, rows in enumerate(chosen):
        assert (file.labels[rows] == label).all()
        assert rows.tolist() == sorted(set(rows))
        np.testing.assert_array_equal(rows, sample_videos(file, 5)[label])


def test_files_that_cannot_be_counted(file):
    for depth in (0, 5):
        with pytest.raises(MGDMError, match=rf'--depth {depth}: expected 1 to 4'):
            count_file(file, depth)
