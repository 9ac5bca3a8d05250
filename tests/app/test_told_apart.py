"""What training told a class apart from, against plain loops over the file."""

import json

import numpy as np
import pytest

from mgdm_mmaction.app.told_apart import ToldApart, find_told_apart
from mgdm_mmaction.config import Attach
from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.negatives import read_negatives
from mgdm_mmaction.text.corpus import LabelCorpus
from tests.negatives.inspection.files import CLASSES, EXTRA, random_rows, write

LABELS = LabelCorpus(CLASSES, EXTRA).labels


def by_hand(rows, label, start, last, k=4):
    """Of the k hardest labels by the mean score over the videos of the class, those trained on."""
    videos = [row for row in rows if row[1] == label]
    means = {}
    for number in range(len(LABELS)):
        if any(number in negatives for _, _, negatives, _ in videos):
            means[number] = np.mean(
                [s[n.index(number)] if number in n else s[-1] for _, _, n, s in videos]
            )
    found = []
    for number in sorted(means, key=lambda number: -means[number])[:k]:
        taken = [number in negatives[start - 1 : last] for _, _, negatives, _ in videos]
        if any(taken):
            found.append((LABELS[number], sum(taken) / len(videos)))
    return found


@pytest.mark.parametrize(
    ('options', 'ranks'),
    [
        (dict(k=2), (1, 2)),
        (dict(k=2, start=2), (2, 3)),
        (dict(k=1, pool=3), (1, 3)),
        (dict(k=4), (1, 4)),
    ],
)
def test_shares_and_order(tmp_path, options, ranks):
    rows = random_rows()
    path = write(tmp_path / 'n.jsonl', rows)
    told, note = find_told_apart(Attach(path, **options), CLASSES)
    assert note == f'negatives: {path}'
    for label, name in enumerate(CLASSES[:4]):
        expected = by_hand(rows, label, *ranks)
        found = told.of(name.upper())
        assert expected
        assert [item.label for item in found] == [name for name, _ in expected]
        assert [item.share for item in found] == pytest.approx([share for _, share in expected])


def test_a_class_without_a_video_and_a_label_that_is_no_class(tmp_path):
    told = ToldApart(read_negatives(write(tmp_path / 'n.jsonl', random_rows())))
    for label in (CLASSES[4], 'sail', 'juggling'):
        assert told.of(label) is None


def test_without_a_file_the_page_does_without(tmp_path):
    gone = str(tmp_path / 'gone.jsonl')
    told_apart, note = find_told_apart(Attach(gone), CLASSES)
    assert told_apart is None
    assert f'{gone}, which is not here; --negatives FILE' in note
    for attach in (None, Attach(gone, k=0)):
        told_apart, note = find_told_apart(attach, CLASSES)
        assert told_apart is None
        assert note == 'negatives: none, this checkpoint was trained without any'


def test_a_file_that_does_not_fit(tmp_path):
    path = write(tmp_path / 'n.jsonl', random_rows())
    # The config's is a note, one that was named is a mistake.
    told_apart, note = find_told_apart(Attach(path, k=5), CLASSES)
    assert told_apart is None
    assert 'holds 4 negatives a video, and the config trains with those up to rank 5' in note
    with pytest.raises(MGDMError, match='up to rank 5: it is not the file'):
        find_told_apart(Attach(k=5), CLASSES, path)
    with pytest.raises(MGDMError, match=r'other classes \(run, jump, dive, \.\.\.\) than'):
        find_told_apart(Attach(k=2), ['juggling', 'knitting'], path)
    header = json.loads((tmp_path / 'n.jsonl').read_text().splitlines()[0])
    (tmp_path / 'empty.jsonl').write_text(json.dumps(header) + '\n')
    with pytest.raises(MGDMError, match='no video'):
        find_told_apart(None, CLASSES, tmp_path / 'empty.jsonl')
