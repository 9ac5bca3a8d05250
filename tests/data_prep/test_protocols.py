"""Lists of protocols: counted again by hand, and the messages of a wrong call."""

from collections import Counter

import pytest

from mgdm_mmaction.commands.build_protocol import main
from mgdm_mmaction.data_prep.protocols import base_and_novel, shuffled
from mgdm_mmaction.datasets.annotations import check_annotation
from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.text.corpus import read_labels
from tests.data_prep.stand_ins import rows

NAMES = ['BrushHair', 'cartwheel', 'Shoot bow', 'wave', 'golf']
COUNTS = [6, 3, 5, 4, 3]


@pytest.fixture
def data(tmp_path, monkeypatch):
    """A training and a validation list of five classes, and their names, in the current folder."""
    for part in ('train', 'val'):
        lines = [
            f'{name.replace(" ", "_")}/{part}_{i}.avi {label}\n'
            for label, (name, count) in enumerate(zip(NAMES, COUNTS, strict=True))
            for i in range(count if part == 'train' else 2)
        ]
        (tmp_path / f'{part}.txt').write_text(''.join(lines))
    (tmp_path / 'classes.txt').write_text(''.join(f'{name}\n' for name in NAMES))
    (tmp_path / 'waving.txt').write_text('wave\nwaving\n')
    (tmp_path / 'other.txt').write_text('wave/val_0.avi 1\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(command):
    main([*command.split(), '--classes', 'classes.txt', '--out', 'out'])


def test_k_videos_of_every_class_nested_and_reproducible(data, capsys):
    train = set(rows(data / 'train.txt'))
    run('few-shot train.txt --shots 2 3 --seeds 1 2')
    found = {p.name: p.read_text() for p in (data / 'out').iterdir()}
    assert set(found) == {f'train_{k}shot_seed{s}.txt' for k in (2, 3) for s in (1, 2)}
    digest = check_annotation('out/train_2shot_seed1.txt').digest
    fact = f'train_2shot_seed1.txt: 10 videos of 5 classes, list digest {digest}'
    assert fact in capsys.readouterr().out
    for seed in (1, 2):
        two, three = (set(rows(data / f'out/train_{k}shot_seed{seed}.txt')) for k in (2, 3))
        assert two < three <= train
        assert Counter(label for _, label in three) == dict.fromkeys(range(5), 3)
    assert found['train_2shot_seed1.txt'] != found['train_2shot_seed2.txt']
    # The order of the list decides about nothing but the order of what is chosen.
    lines = (data / 'train.txt').read_text().splitlines(keepends=True)
    (data / 'train.txt').write_text(''.join(lines[::-1]))
    with pytest.raises(MGDMError, match='--force'):
        run('few-shot train.txt --shots 2 --seeds 1')
    assert (data / 'out/train_2shot_seed1.txt').read_text() == found['train_2shot_seed1.txt']
    run('few-shot train.txt --shots 2 --seeds 1 --force')
    again = (data / 'out/train_2shot_seed1.txt').read_text().splitlines()
    assert again[::-1] == found['train_2shot_seed1.txt'].splitlines()


def test_shares_of_every_class_are_nested(data):
    run('shares train.txt --shares 0.2 0.4 0.8')
    train = rows(data / 'train.txt')
    found = [set(rows(data / f'out/train_{share}.txt')) for share in ('0.2', '0.4', '0.8')]
    assert found[0] < found[1] < found[2] < set(train)
    for share, chosen in zip((0.2, 0.4, 0.8), found, strict=True):
        counts = Counter(label for _, label in chosen)
        assert counts == {i: max(1, round(share * n)) for i, n in enumerate(COUNTS)}
    run('shares train.txt --shares 0.4 --seed 2 --force')
    assert set(rows(data / 'out/train_0.4.txt')) != found[1]


def test_the_choice_of_a_seed_is_for_ever():
    """A list that was published can be made again: ``printf 1:a/1.avi | sha256sum`` and so on."""
    names = ['a/1.avi', 'a/2.avi', 'a/3.avi', 'a/4.avi']
    assert shuffled(names, 1) == ['a/2.avi', 'a/4.avi', 'a/1.avi', 'a/3.avi']


def test_fewer_videos_than_wanted_where_allowed(data):
    run('few-shot train.txt --shots 4 --allow-fewer')
    labels = Counter(label for _, label in rows(data / 'out/train_4shot_seed1.txt'))
    assert labels == {0: 4, 1: 3, 2: 4, 3: 4, 4: 3}


def test_raw_frames_and_other_delimiters_stay_as_they_are(data):
    lines = [f'clip {i}.avi;{label}' for label in range(5) for i in range(label * 9, label * 9 + 3)]
    (data / 'a.txt').write_text('\n'.join(lines))
    run('few-shot a.txt --shots 2 --seeds 1 --delimiter semicolon')
    assert set((data / 'out/a_2shot_seed1.txt').read_text().splitlines()) < set(lines)
    frames = [f'clip{i} 1{i} {i % 5}' for i in range(15)]
    (data / 'b.txt').write_text('\n'.join(frames))
    run('few-shot b.txt --shots 2 --seeds 1 --rawframes')
    assert set((data / 'out/b_2shot_seed1.txt').read_text().splitlines()) < set(frames)


def test_half_of_the_classes(data, capsys):
    run('half-classes val.txt train.txt')
    pool = {p: NAMES[label] for part in ('train', 'val') for p, label in rows(data / f'{part}.txt')}
    draws = set()
    for draw in range(1, 11):
        names = read_labels(str(data / f'out/half_draw{draw}_classes.txt'))
        found = rows(data / f'out/half_draw{draw}.txt')
        assert len(names) == 2
        assert sorted(names, key=NAMES.index) == names
        assert {path: names[label] for path, label in found} == {
            path: name for path, name in pool.items() if name in names
        }
        draws.add(tuple(names))
    assert len(draws) > 3
    (data / 'first.csv').write_text('id,name\n0,Wave\n1,brush hair\n2,golf\n')
    capsys.readouterr()
    run('half-classes val.txt --chosen first.csv --force')
    assert 'Each draw: 3 of 5 classes.' in capsys.readouterr().out
    assert rows(data / 'out/half_draw1.txt') == [
        ('BrushHair/val_0.avi', 1), ('BrushHair/val_1.avi', 1),
        ('wave/val_0.avi', 0), ('wave/val_1.avi', 0),
        ('golf/val_0.avi', 2), ('golf/val_1.avi', 2),
    ]  # fmt: skip


def test_other_spellings_are_not_unseen(data, capsys):
    (data / 'seen.txt').write_text('brushing teeth\nbrush_hair\nshoot-bow\ngolfing\nwaves\n')
    run('unseen val.txt --seen seen.txt --number 2')
    assert read_labels(str(data / 'out/unseen_classes.txt')) == ['cartwheel', 'wave', 'golf']
    out = capsys.readouterr().out
    assert '3 of 5 classes are not among the 5' in out
    assert 'wave  (seen: waves)' in out
    for draw in (1, 2, 3):
        assert len(rows(data / f'out/unseen2_draw{draw}.txt')) == 4
        assert len(read_labels(str(data / f'out/unseen2_draw{draw}_classes.txt'))) == 2
    (data / 'same.txt').write_text('Wave\n')
    run('unseen val.txt --seen seen.txt --same same.txt --number 2 --force')
    assert read_labels(str(data / 'out/unseen_classes.txt')) == ['cartwheel', 'golf']


def test_base_classes_are_the_frequent_half(data):
    run('base-to-novel --train train.txt --val val.txt --shots 2')
    # 6, 3, 5, 4, 3 videos
    base = read_labels(str(data / 'out/base_classes.txt'))
    novel = read_labels(str(data / 'out/novel_classes.txt'))
    assert (base, novel) == (['BrushHair', 'Shoot bow', 'wave'], ['cartwheel', 'golf'])
    lists = {p.name for p in (data / 'out').iterdir() if not p.name.endswith('_classes.txt')}
    trained = {f'base_train_2shot_seed{seed}.txt' for seed in (1, 2, 3)}
    assert lists == {*trained, 'base_val.txt', 'novel_val.txt'}
    for name in lists:
        names = novel if name.startswith('novel') else base
        for path, label in rows(data / 'out' / name):
            assert path.split('/')[0] == names[label].replace(' ', '_')
            assert ('train' in name) == ('train' in path)
    assert len(rows(data / 'out/base_train_2shot_seed1.txt')) == 6
    (data / 'base.txt').write_text('golf\ncartwheel\n')
    run('base-to-novel --train train.txt --val val.txt --shots 2 --base-classes base.txt --force')
    assert {label for path, label in rows(data / 'out/base_val.txt') if 'golf' in path} == {0}
    novel = read_labels(str(data / 'out/novel_classes.txt'))
    assert novel == ['BrushHair', 'Shoot bow', 'wave']


def test_hmdb51_has_the_published_base_classes():
    """Every class has 70 training videos; the published ones run from 'pour' to 'wave'."""
    names = read_labels('hmdb51')
    base, novel, tied = base_and_novel(dict.fromkeys(range(51), 70), names)
    assert (len(base), len(novel), tied) == (26, 25, True)
    assert (base[0], base[-1], novel[-1]) == ('pour', 'wave', 'pick')


@pytest.mark.parametrize(
    ('command', 'message'),
    [
        ('shares train.txt --shares 20', 'expected a share above 0 and below 1'),
        ('few-shot train.txt --shots 2 4', "4 videos .* 2 of 5 classes .*: 'cartwheel' has 3, "),
        ('few-shot gone.txt', r'gone\.txt'),
        ('half-classes val.txt --number 6', '6 classes are to be drawn from 5'),
        ('half-classes val.txt --chosen waving.txt', "'waving' is none of the 5 classes"),
        ('half-classes other.txt', 'have no video in the list'),
        ('half-classes val.txt other.txt', "'wave/val_0.avi' has label 1 here and 3 before"),
        ('unseen val.txt --seen classes.txt', 'all 5 classes were seen'),
        ('unseen val.txt --same waving.txt', "--same: 'waving' is none of the 5"),
        (
            'base-to-novel --train train.txt --val val.txt --base-classes classes.txt',
            'names every class',
        ),
    ],
)
def test_mistakes(data, command, message):
    with pytest.raises(MGDMError, match=message):
        run(command)
    assert not (data / 'out').exists()
