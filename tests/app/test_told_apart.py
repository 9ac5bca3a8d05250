"""What training told a class apart from, against plain loops over the file."""

import json

import numpy as np
import pytest

from mgdm_mmaction.app.told_apart import ToldApart, find_told_apart
from mgdm_mmaction.checkpoint import Checkpoint
from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.negatives import read_negatives
from mgdm_mmaction.text.corpus import LabelCorpus
from tests.negatives.inspection.files import CLASSES, EXTRA, random_rows, write

LABELS = LabelCorpus(CLASSES, EXTRA).labels


def steps(**step):
    """A config as train_dataloader has it: the step lies deep."""
    pipeline = [dict(type='DecordInit'), dict(type='AttachHardNegatives', **step)]
    dataset = dict(type='RepeatDataset', dataset=dict(type='VideoDataset', pipeline=pipeline))
    return dict(train_dataloader=dict(dataset=dataset))


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


@pytest.mark.parametrize(('start', 'last'), [(1, None), (1, 2), (2, 3), (1, 4)])
def test_shares_and_order(tmp_path, start, last):
    rows = random_rows()
    told = ToldApart(read_negatives(write(tmp_path / 'n.jsonl', rows)), start, last)
    for label, name in enumerate(CLASSES[:4]):
        expected = by_hand(rows, label, start, last or 4)
        found = told.of(name.upper())
        assert expected
        assert [item.label for item in found] == [name for name, _ in expected]
        assert [item.share for item in found] == pytest.approx([share for _, share in expected])


def test_a_class_without_a_video_and_a_label_that_is_no_class(tmp_path):
    told = ToldApart(read_negatives(write(tmp_path / 'n.jsonl', random_rows())))
    assert told.of(CLASSES[4]) is None
    assert told.of('sail') is None
    assert told.of('juggling') is None


def test_the_file_of_the_config(tmp_path):
    path = write(tmp_path / 'n.jsonl', random_rows())
    told_apart, note = find_told_apart(steps(negatives_file=path, k=2), CLASSES)
    assert note == f'negatives: {path}'
    expected = [item.label for item in ToldApart(read_negatives(path), 1, 2).of('run')]
    assert [item.label for item in told_apart.of('run')] == expected
    for step, last in ((dict(k=2, start=2), 3), (dict(k=1, pool=3), 3)):
        told_apart, _ = find_told_apart(steps(negatives_file=path, **step), CLASSES)
        same = ToldApart(read_negatives(path), step.get('start', 1), last)
        assert told_apart.of('run') == same.of('run')


def test_without_a_file_the_page_does_without(tmp_path):
    gone = str(tmp_path / 'gone.jsonl')
    told_apart, note = find_told_apart(steps(negatives_file=gone), CLASSES)
    assert told_apart is None
    assert f'{gone}, which is not here; --negatives FILE' in note
    for config in ({}, dict(train_dataloader=None), steps(k=0, negatives_file=gone)):
        told_apart, note = find_told_apart(config, CLASSES)
        assert told_apart is None
        assert note == 'negatives: none, this checkpoint was trained without any'


def test_a_file_that_does_not_fit(tmp_path):
    path = write(tmp_path / 'n.jsonl', random_rows())
    config = steps(negatives_file=path, k=5)
    # The config's is a note, one that was named is a mistake.
    told_apart, note = find_told_apart(config, CLASSES)
    assert told_apart is None
    assert 'holds 4 negatives a video, and the config trains with those up to rank 5' in note
    with pytest.raises(MGDMError, match='up to rank 5: it is not the file'):
        find_told_apart(config, CLASSES, path)
    with pytest.raises(MGDMError, match=r'other classes \(run, jump, dive, \.\.\.\) than'):
        find_told_apart(steps(k=2), ['juggling', 'knitting'], path)
    (tmp_path / 'text.jsonl').write_text('no negatives\n')
    with pytest.raises(MGDMError, match=r'text\.jsonl'):
        find_told_apart({}, CLASSES, tmp_path / 'text.jsonl')
    header = json.loads((tmp_path / 'n.jsonl').read_text().splitlines()[0])
    (tmp_path / 'empty.jsonl').write_text(json.dumps(header) + '\n')
    with pytest.raises(MGDMError, match='no video'):
        find_told_apart({}, CLASSES, tmp_path / 'empty.jsonl')


def test_the_config_inside_a_checkpoint(tmp_path):
    path = write(tmp_path / 'n.jsonl', random_rows())
    model = "model = dict(type='MGDM')\n"
    config = f'{model}train_dataloader = {steps(negatives_file=path, k=2)["train_dataloader"]!r}'
    found = Checkpoint(dict(meta=dict(cfg=config)), 'a.pth').config.config
    assert find_told_apart(found, CLASSES)[1] == f'negatives: {path}'
    # Training data that are no plain data are nothing that recognising needs.
    config = f'{model}train_dataloader = dict(dataset=open("x"))'
    found = Checkpoint(dict(meta=dict(cfg=config)), 'a.pth').config.config
    assert find_told_apart(found, CLASSES)[0] is None
