"""Two files against plain loops over their lines."""

import numpy as np
import pytest

from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.negatives import read_negatives
from mgdm_mmaction.negatives.inspection import compare_negatives, describe_comparison
from tests.negatives.inspection.files import CLASSES, EXTRA, random_file, random_rows, write


def test_a_file_with_itself(tmp_path):
    a = random_file(tmp_path / 'a.jsonl')
    found = compare_negatives(a, a)
    assert list(found.overlaps.itertuples(name=None)) == [(1, 1, 1), (3, 3, 1), (4, 4, 1)]
    assert found.rank_change == 0
    assert found.header.empty
    assert found.classes.empty
    assert found.changes.empty
    text = describe_comparison(found)
    assert 'the headers are the same' in text
    assert 'No class changed' in text


def test_overlap_and_changes(tmp_path):
    one, two = random_rows(0), random_rows(1)
    two = [(a[0], a[1], b[2] if a[1] not in b[2] else a[2][::-1]) for a, b in
           zip(one, two, strict=True)]  # fmt: skip
    a = read_negatives(write(tmp_path / 'a.jsonl', one))
    b = read_negatives(write(tmp_path / 'b.jsonl', two))
    found = compare_negatives(a, b, depth=2)
    pairs = [(x[2], y[2]) for x, y in zip(one, two, strict=True)]
    for depth, *means in found.overlaps.itertuples():
        common = [len(set(x[:depth]) & set(y[:depth])) for x, y in pairs]
        union = [len(set(x[:depth]) | set(y[:depth])) for x, y in pairs]
        assert means == pytest.approx([np.mean(common), np.mean(np.divide(common, union))])
    assert found.overlaps.index.tolist() == [1, 2, 3, 4]
    moves = [abs(x.index(i) - y.index(i)) for x, y in pairs for i in x if i in y]
    assert found.rank_change == pytest.approx(np.mean(moves))
    labels = np.array([row[1] for row in one])
    for name, mean, count in found.classes.to_numpy():
        rows = np.flatnonzero(labels == CLASSES.index(name))
        sets = [[set(side[:2]) for side in pairs[row]] for row in rows]
        assert mean == pytest.approx(np.mean([len(x & y) / len(x | y) for x, y in sets]))
        assert count == len(rows)
    assert found.classes['overlap'].is_monotonic_increasing
    names = CLASSES + EXTRA
    for name, label, *shares in found.changes.to_numpy():
        rows = np.flatnonzero(labels == CLASSES.index(name))
        for side, share in enumerate(shares):
            has = [names.index(label) in pairs[row][side][:3] for row in rows]
            assert share == pytest.approx(np.mean(has))
    growth = found.changes['B'] - found.changes['A']
    assert growth.is_monotonic_decreasing
    assert growth.iloc[0] > 0 > growth.iloc[-1]


def test_other_corpora_are_compared_by_name(tmp_path):
    a = read_negatives(write(tmp_path / 'a.jsonl', [('x.mp4', 0, [1, 5])]))
    # 'Run' is 3 here, 'jump' 0 and 'sail' 4: the same negatives under other ids and spellings.
    b = read_negatives(
        write(
            tmp_path / 'b.jsonl',
            [('data/x.mp4', 3, [0, 4])],
            classes=['Jump', 'dive', 'swim', 'Run'],
            extra=['SAIL', 'fly'],
            architecture='ViT-B-16',
            settings={'split': 'val'},
        )
    )
    found = compare_negatives(a, b)
    assert found.overlaps.loc[2].tolist() == [2, 1]
    assert found.rank_change == 0
    assert found.labels == (['row', 'walk', 'sit'], ['fly'])
    assert (found.num_labels, found.same_ids, found.num_relabelled) == (5, False, 0)
    assert found.header.to_numpy().tolist() == [
        ['architecture', 'mgdm-tiny', 'ViT-B-16'],
        ['settings.split', 'not there', 'val'],
    ]
    text = describe_comparison(found)
    assert 'Labels: 5 in both, in another order; compared by name' in text
    assert '3 only in A: row, walk, sit' in text
    assert found.num_common == compare_negatives(b, a).num_common == 1


def test_videos_of_one_side(tmp_path):
    a = read_negatives(write(tmp_path / 'a.jsonl', [('x', 0, [1, 2]), ('y', 1, [0, 2])]))
    b = read_negatives(write(tmp_path / 'b.jsonl', [('y', 3, [0, 2]), ('z', 1, [0, 2])]))
    c = read_negatives(write(tmp_path / 'c.jsonl', [('z', 1, [0, 2])]))
    found = compare_negatives(a, b)
    assert (found.num_common, found.videos) == (1, (['x'], ['z']))
    text = describe_comparison(found)
    assert '1 only in A: x' in text
    assert '1 of those in both are of another class in B' in text
    assert 'Nothing to compare: no path of one' in describe_comparison(compare_negatives(a, c))


def test_depth_that_one_file_lacks(tmp_path):
    a = read_negatives(write(tmp_path / 'a.jsonl', [('x', 0, [1, 2])]))
    b = read_negatives(write(tmp_path / 'b.jsonl', [('x', 0, [1, 2, 3])]))
    with pytest.raises(MGDMError, match=r'--depth 3: expected 1 to 2; .*a.jsonl has 2 negatives'):
        compare_negatives(a, b, depth=3)
