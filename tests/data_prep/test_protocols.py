"""Lists of protocols: counted again by hand, and what a wrong call is told."""

from collections import Counter
from pathlib import Path

import pytest

from mgdm_mmaction.commands.build_protocol import main
from mgdm_mmaction.data_prep.protocols import base_and_novel, shuffled
from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.text.corpus import read_labels

NAMES = ['BrushHair', 'cartwheel', 'Shoot bow', 'wave', 'golf']
COUNTS = [6, 3, 5, 4, 3]


@pytest.fixture
def data(tmp_path):
    """A training and a validation list of five classes, and their names."""
    for part in ('train', 'val'):
        lines = [
            f'{name.replace(" ", "_")}/{part}_{i}.avi {label}\n'
            for label, (name, count) in enumerate(zip(NAMES, COUNTS, strict=True))
            for i in range(count if part == 'train' else 2)
        ]
        (tmp_path / f'{part}.txt').write_text(''.join(lines))
    (tmp_path / 'classes.txt').write_text(''.join(f'{name}\n' for name in NAMES))
    return tmp_path


def run(data, protocol, *args):
    main([protocol, *map(str, args), '--classes', str(data / 'classes.txt'), '--out',
          str(data / 'out')])  # fmt: skip


def rows(path: Path) -> list[tuple[str, int]]:
    return [(line.split()[0], int(line.split()[1])) for line in path.read_text().splitlines()]


def mistake(data, *args) -> str:
    with pytest.raises(MGDMError) as caught:
        run(data, *args)
    assert not list(data.glob('out/*'))
    return str(caught.value)


class TestFewShot:
    def test_k_of_every_class_nested_and_reproducible(self, data, capsys):
        train = set(rows(data / 'train.txt'))
        run(data, 'few-shot', data / 'train.txt', '--shots', 2, 3, '--seeds', 1, 2)
        found = {p.name: p.read_text() for p in (data / 'out').iterdir()}
        assert set(found) == {f'train_{k}shot_seed{s}.txt' for k in (2, 3) for s in (1, 2)}
        assert (
            'train_2shot_seed1.txt: 10 videos of 5 classes, list digest' in capsys.readouterr().out
        )
        for seed in (1, 2):
            two, three = (set(rows(data / f'out/train_{k}shot_seed{seed}.txt')) for k in (2, 3))
            assert two < three <= train
            assert Counter(label for _, label in three) == dict.fromkeys(range(5), 3)
        assert found['train_2shot_seed1.txt'] != found['train_2shot_seed2.txt']
        # The order of the list decides about nothing but the order of what is chosen.
        lines = (data / 'train.txt').read_text().splitlines(keepends=True)
        (data / 'train.txt').write_text(''.join(lines[::-1]))
        run(data, 'few-shot', data / 'train.txt', '--shots', 2, '--seeds', 1, '--force')
        again = (data / 'out/train_2shot_seed1.txt').read_text().splitlines()
        assert again[::-1] == found['train_2shot_seed1.txt'].splitlines()

    def test_written_down_once(self):
        """The choice of a seed is for ever: a list that was published can be made again.

        The order is that of ``printf 1:a/1.avi | sha256sum`` and so on.
        """
        assert shuffled(['a/1.avi', 'a/2.avi', 'a/3.avi', 'a/4.avi'], 1) == [
            'a/2.avi', 'a/4.avi', 'a/1.avi', 'a/3.avi'
        ]  # fmt: skip

    def test_class_with_fewer(self, data):
        message = mistake(data, 'few-shot', data / 'train.txt', '--shots', 2, 4)
        assert (
            "4 videos a class are wanted, but 2 of 5 classes have fewer: 'cartwheel' has 3, "
            in message
        )
        run(data, 'few-shot', data / 'train.txt', '--shots', 4, '--allow-fewer')
        labels = Counter(label for _, label in rows(data / 'out/train_4shot_seed1.txt'))
        assert labels == {0: 4, 1: 3, 2: 4, 3: 4, 4: 3}

    def test_class_without_any(self, data):
        (data / 'train.txt').write_text('a.avi 0\nb.avi 1\n')
        message = mistake(data, 'few-shot', data / 'train.txt', '--shots', 4, '--allow-fewer')
        assert "'Shoot bow' has 0" in message

    def test_no_shots(self, data):
        assert '--shots 0' in mistake(data, 'few-shot', data / 'train.txt', '--shots', 0)

    def test_wrong_list(self, data):
        (data / 'train.txt').write_text('a.avi 5\n')
        assert 'train.txt:1: label 5' in mistake(data, 'few-shot', data / 'train.txt')
        assert 'gone.txt' in mistake(data, 'few-shot', data / 'gone.txt')

    def test_existing_list_is_kept(self, data):
        run(data, 'few-shot', data / 'train.txt', '--shots', 2, '--seeds', 1)
        (data / 'out/train_2shot_seed1.txt').write_text('mine.avi 0\n')
        with pytest.raises(MGDMError, match='--force'):
            run(data, 'few-shot', data / 'train.txt', '--shots', 2, '--seeds', 1)
        assert (data / 'out/train_2shot_seed1.txt').read_text() == 'mine.avi 0\n'

    def test_raw_frames_and_other_delimiters_stay_as_they_are(self, data):
        lines = [
            f'clip {i}.avi;{label}' for label in range(5) for i in range(label * 9, label * 9 + 3)
        ]
        (data / 'a.txt').write_text('\n'.join(lines))
        run(
            data, 'few-shot', data / 'a.txt', '--shots', 2, '--seeds', 1, '--delimiter', 'semicolon'
        )
        assert set((data / 'out/a_2shot_seed1.txt').read_text().splitlines()) < set(lines)
        frames = [f'clip{i} 1{i} {i % 5}' for i in range(15)]
        (data / 'b.txt').write_text('\n'.join(frames))
        run(data, 'few-shot', data / 'b.txt', '--shots', 2, '--seeds', 1, '--rawframes')
        assert set((data / 'out/b_2shot_seed1.txt').read_text().splitlines()) < set(frames)


class TestHalfClasses:
    def test_draws(self, data):
        run(data, 'half-classes', data / 'val.txt', data / 'train.txt')
        pool = {
            path: NAMES[label]
            for part in ('train', 'val')
            for path, label in rows(data / f'{part}.txt')
        }
        draws = []
        for draw in range(1, 11):
            names = read_labels(str(data / f'out/half_draw{draw}_classes.txt'))
            found = rows(data / f'out/half_draw{draw}.txt')
            assert len(names) == 2
            assert sorted(names, key=NAMES.index) == names
            assert {path: names[label] for path, label in found} == {
                path: name for path, name in pool.items() if name in names
            }
            draws.append(tuple(names))
        assert len(set(draws)) > 3

    def test_given_draws(self, data):
        (data / 'first.csv').write_text('id,name\n0,Wave\n1,brush hair\n')
        run(data, 'half-classes', data / 'val.txt', '--chosen', data / 'first.csv')
        assert rows(data / 'out/half_draw1.txt') == [
            ('BrushHair/val_0.avi', 1), ('BrushHair/val_1.avi', 1),
            ('wave/val_0.avi', 0), ('wave/val_1.avi', 0),
        ]  # fmt: skip

    def test_mistakes(self, data):
        assert '6 classes are to be drawn from 5' in mistake(
            data, 'half-classes', data / 'val.txt', '--number', 6
        )
        (data / 'first.txt').write_text('waving\nwave\n')
        assert "['waving'] are none of the 5 classes" in mistake(
            data, 'half-classes', data / 'val.txt', '--chosen', data / 'first.txt'
        )
        (data / 'val.txt').write_text('a.avi 0\n')
        assert 'have no video in the list' in mistake(data, 'half-classes', data / 'val.txt')
        (data / 'other.txt').write_text('a.avi 1\n')
        assert "'a.avi' has label 1 here and 0 before" in mistake(
            data, 'half-classes', data / 'val.txt', data / 'other.txt'
        )


class TestUnseen:
    def test_other_spellings_are_not_unseen(self, data, capsys):
        (data / 'seen.txt').write_text('brushing teeth\nbrush_hair\nshoot-bow\ngolfing\nwaves\n')
        run(data, 'unseen', data / 'val.txt', '--seen', data / 'seen.txt', '--number', 2)
        assert read_labels(str(data / 'out/unseen_classes.txt')) == ['cartwheel', 'wave', 'golf']
        out = capsys.readouterr().out
        assert '3 of 5 classes are not among the 5' in out
        assert 'wave  (seen: waves)' in out
        for draw in (1, 2, 3):
            names = read_labels(str(data / f'out/unseen2_draw{draw}_classes.txt'))
            assert len(rows(data / f'out/unseen2_draw{draw}.txt')) == 4
            assert len(names) == 2

    def test_renamed_classes(self, data):
        (data / 'seen.txt').write_text('waves\n')
        (data / 'same.txt').write_text('Wave\n')
        run(data, 'unseen', data / 'val.txt', '--seen', data / 'seen.txt', '--same',
            data / 'same.txt', '--number', 3)  # fmt: skip
        assert len(read_labels(str(data / 'out/unseen_classes.txt'))) == 4

    def test_mistakes(self, data):
        arguments = ('unseen', data / 'val.txt', '--seen', data / 'classes.txt')
        assert 'all 5 classes were seen' in mistake(data, *arguments)
        (data / 'same.txt').write_text('swimming\n')
        arguments = ('unseen', data / 'val.txt', '--same', data / 'same.txt')
        assert "--same: 'swimming' is none of the 5" in mistake(data, *arguments)
        assert '160 classes are to be drawn from 5' in mistake(data, 'unseen', data / 'val.txt')


class TestBaseToNovel:
    def test_frequent_half(self, data):
        run(data, 'base-to-novel', '--train', data / 'train.txt', '--val', data / 'val.txt',
            '--shots', 2)  # fmt: skip
        base = read_labels(str(data / 'out/base_classes.txt'))
        novel = read_labels(str(data / 'out/novel_classes.txt'))
        # 6, 3, 5, 4, 3 videos
        assert base == ['BrushHair', 'Shoot bow', 'wave']
        assert novel == ['cartwheel', 'golf']
        found = {p.name for p in (data / 'out').iterdir()} - {
            'base_classes.txt',
            'novel_classes.txt',
        }
        assert found == {
            *(f'base_train_2shot_seed{seed}.txt' for seed in (1, 2, 3)),
            'base_val.txt',
            'novel_val.txt',
        }
        for name in found:
            names = novel if name.startswith('novel') else base
            for path, label in rows(data / 'out' / name):
                assert path.split('/')[0] == names[label].replace(' ', '_')
                assert ('train' in name) == ('train' in path)
        assert len(rows(data / 'out/base_train_2shot_seed1.txt')) == 6

    def test_hmdb51_has_the_published_base_classes(self):
        """Every class has 70 training videos; the published ones run from 'pour' to 'wave'."""
        names = read_labels('hmdb51')
        base, novel, tied = base_and_novel(dict.fromkeys(range(51), 70), names)
        assert (len(base), len(novel), tied) == (26, 25, True)
        assert (base[0], base[-1], novel[-1]) == ('pour', 'wave', 'pick')

    def test_published_base_classes(self, data, capsys):
        (data / 'base.txt').write_text('golf\ncartwheel\n')
        run(data, 'base-to-novel', '--train', data / 'train.txt', '--val', data / 'val.txt',
            '--shots', 2, '--base-classes', data / 'base.txt')  # fmt: skip
        assert {label for path, label in rows(data / 'out/base_val.txt') if 'golf' in path} == {0}
        assert read_labels(str(data / 'out/novel_classes.txt')) == [
            'BrushHair',
            'Shoot bow',
            'wave',
        ]

    def test_mistakes(self, data):
        arguments = ('base-to-novel', '--train', data / 'train.txt', '--val', data / 'val.txt')
        assert '16 videos a class are wanted' in mistake(data, *arguments)
        arguments += ('--base-classes', data / 'base.txt')
        (data / 'base.txt').write_text(''.join(f'{name}\n' for name in NAMES))
        assert 'names every class' in mistake(data, *arguments)
        (data / 'base.txt').write_text('swimming\n')
        assert "'swimming' is not in the corpus" in mistake(data, *arguments)


def test_classes_of_one_name(data):
    (data / 'classes.txt').write_text('wave\nWave\na\nb\nc\n')
    assert 'same name but for spelling' in mistake(data, 'few-shot', data / 'train.txt')
