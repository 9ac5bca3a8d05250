"""The command that converts negatives, with the lists and labels of a config."""

import pytest

from mgdm_mmaction.commands.convert_negatives import main
from mgdm_mmaction.datasets import AttachHardNegatives
from mgdm_mmaction.datasets.annotations import check_annotation
from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.mining.class_wide import mine_text_only
from mgdm_mmaction.negatives import read_negatives
from tests.mining.small import CLASSES

HAND = """class,negatives
running,walk|swim|dive
high jump,dive|running|walk
dive,High Jump|swim|sail
swim,row|dive|sail
"""


def test_a_hand_made_confusion_list(listed, capsys):
    root, config, out = listed, str(listed / 'config.py'), listed / 'out.jsonl'
    (root / 'hand.csv').write_text(HAND)
    main([str(root / 'hand.csv'), str(out), '--config', config])
    assert 'no mistakes found' in capsys.readouterr().out
    file = read_negatives(out)
    lines = (root / 'train.txt').read_text().splitlines()
    assert [f'{file.path_of(i)} {file.labels[i]}' for i in range(len(file))] == lines
    names = {0: 'walk swim dive', 1: 'dive running walk', 2: 'high_jump swim sail'}
    names[3] = 'row dive sail'
    for row, label in zip(file.negatives, file.labels, strict=True):
        found = [file.corpus.labels[i].replace(' ', '_') for i in row]
        assert ' '.join(found) == names[int(label)]
    assert file.header.annotation_digest == check_annotation(str(root / 'train.txt')).digest
    # What reads the file in training takes it.
    transform = AttachHardNegatives(str(out), k=2, corpus=dict(classes=CLASSES, extra=list(
        file.corpus.labels[4:])))  # fmt: skip
    result = transform(dict(filename=str(root / 'v' / 'a' / '2.mp4'), label=2))
    assert [file.corpus.labels[i] for i in result['text_ids']] == ['dive', 'high jump', 'swim']


def test_the_videos_of_another_list(listed):
    root, config, out = listed, str(listed / 'config.py'), listed / 'out.jsonl'
    (root / 'hand.csv').write_text(HAND)
    (root / 'other.txt').write_text('new/1.mp4 3\nnew/2.mp4 0\n')
    ann_file = str(root / 'other.txt')
    arguments = [str(root / 'hand.csv'), str(out), '--config', config, '--ann-file', ann_file]
    main([*arguments, '--num-negatives', '2'])
    file = read_negatives(out)
    assert [(file.path_of(i), int(file.labels[i])) for i in range(2)] == [
        ('new/1.mp4', 3),
        ('new/2.mp4', 0),
    ]
    assert (len(file), file.k) == (2, 2)
    assert file.header.annotation_digest == check_annotation(ann_file).digest
    with pytest.raises(MGDMError, match='nowhere.txt.*does not exist'):
        main([*arguments[:-1], str(root / 'nowhere.txt'), '--overwrite'])


def test_there_and_back(listed, capsys):
    root = listed
    mine_text_only(root / 'config.py', root / 'in.jsonl')
    for name in ('t.csv', 't.parquet'):
        main([str(root / 'in.jsonl'), str(root / name), '--names'])
        assert f'{name}: 8 rows' in capsys.readouterr().out
        main([str(root / name), str(root / 'back.jsonl'), '--overwrite'])
        assert (root / 'back.jsonl').read_bytes() == (root / 'in.jsonl').read_bytes()
        # The config says the same corpus as the table: nothing is lost.
        options = ['--config', str(root / 'config.py'), '--overwrite']
        main([str(root / name), str(root / 'back.jsonl'), *options])
        assert (root / 'back.jsonl').read_bytes() == (root / 'in.jsonl').read_bytes()


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['a.csv', 'b.parquet'], 'a.csv to b.parquet: one of the two should be a negatives file'),
        (['a.jsonl', 'b.jsonl'], 'one of the two should be'),
        (['a.jsonl', 'b'], 'b: unknown kind of file'),
        (['a.jsonl', 'b.csv', '--config', 'c.py'], '--config is for importing'),
        (['a.jsonl', 'b.csv', '--num-negatives', '3'], '--num-negatives is for importing'),
        (['a.jsonl', 'b.csv'], 'negatives file a.jsonl does not exist'),
        (['a.csv', 'b.jsonl', '--names'], '--names is for an export'),
        (['a.csv', 'b.jsonl', '--ann-file', 'x'], '--ann-file needs --config'),
        (['a.csv', 'b.jsonl', '--config', 'c.py'], 'config c.py does not exist'),
        (['a.csv', 'b.jsonl'], 'table a.csv does not exist'),
    ],
)
def test_mistakes(arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MGDMError, match=message):
        main(arguments)
