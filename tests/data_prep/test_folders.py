import os
from collections import Counter

import pytest
from mmaction.datasets import RawframeDataset, VideoDataset

from mgdm_mmaction.commands.build_lists import main
from mgdm_mmaction.datasets.annotations import check_annotation
from mgdm_mmaction.errors import MGDMError
from tests.data_prep.stand_ins import rows, touch

SHARE = ('--val-fraction', '0.5', '--group-by')
SIZES = {'Wave': 10, 'close_door': 5, 'open_door': 2, 'single': 1}


@pytest.fixture
def tree(tmp_path):
    names = [f'{name}/{i:02}.mp4' for name, size in SIZES.items() for i in range(size)]
    names += ['Wave/deeper/x.MOV', 'Wave/notes.txt', '.hidden/1.mp4', 'Still Copying/x.txt']
    return touch(tmp_path / 'mine', names)


def build(tree, *options, out='lists'):
    out = tree.parent / out
    main(['folders', str(tree), '--out', str(out), *options])
    return out


def test_a_share_of_every_class_is_taken_for_validation(tree, capsys):
    out = build(tree, '--val-fraction', '0.2')
    classes = (out / 'classes.txt').read_text().splitlines()
    assert classes == ['close_door', 'open_door', 'single', 'Wave']
    train, val = rows(out / 'train_list.txt'), rows(out / 'val_list.txt')
    assert all(name.startswith(classes[label] + '/') for name, label in train + val)
    every = [str(p.relative_to(tree)) for p in tree.rglob('*') if p.suffix in ('.mp4', '.MOV')]
    assert sorted(name for name, _ in train + val) == sorted(set(every) - {'.hidden/1.mp4'})
    # A fifth of 5, 2, 1 and 11: at least one, and never the last.
    assert Counter(label for _, label in val) == {0: 1, 1: 1, 3: 2}
    printed = capsys.readouterr().out
    assert 'classes with one clip in all, which is in training: 1 (single)' in printed
    assert 'folders without a clip, left out: 1 (Still Copying)' in printed
    assert f'list digest {check_annotation(str(out / "val_list.txt")).digest}' in printed
    assert f"data_prefix=dict(video='{tree}')" in printed


def test_texts_of_the_classes_are_shown(tmp_path, capsys):
    clear = ['a_cappella', 'TaiChi', 'sit-up', 'Café']
    tree = touch(tmp_path / 'mine', [f'{name}/1.mp4' for name in clear])
    build(tree, '--val', str(tree))
    printed = capsys.readouterr().out
    assert "the 4 class names as: 'This is a video about a cappella', " in printed
    assert 'warning' not in printed
    touch(tree, [f'{name}/1.mp4' for name in ('b_slice', 'BMX', 'c01', '007')])
    out = build(tree, '--val', str(tree), '--force')
    warned = f'4 (007, b slice, bmx, c01). Write the words out in {out / "classes.txt"}'
    assert f'abbreviated, which CLIP does not know: {warned}' in capsys.readouterr().out


def test_names_that_are_no_text_are_left_out(tree):
    folder = os.path.join(os.fsencode(tree), b'caf\xe9')
    os.mkdir(folder)
    open(os.path.join(folder, b'1.mp4'), 'w').close()
    out = build(tree, '--val', str(tree))
    assert len((out / 'classes.txt').read_text().splitlines()) == 4
    missing = (out / 'train_list_missing.txt').read_text()
    assert missing == 'caf\\udce9/1.mp4\tthe name is no UTF-8 text, as lists must be; rename it\n'


def test_the_share_depends_on_the_seed_and_hardly_on_other_clips(tree):
    options = ('--val-fraction', '0.4')
    one = (build(tree, *options) / 'val_list.txt').read_text()
    assert (build(tree, *options, '--seed', '1', out='other') / 'val_list.txt').read_text() != one
    touch(tree, ['Wave/new.mp4'])
    grown = build(tree, *options, out='grown') / 'val_list.txt'
    # 4 of 11 became 5 of 12 in one class: at most one clip may have left.
    assert len(set(one.split('\n')) - set(grown.read_text().split('\n'))) <= 1


@pytest.fixture
def recordings(tmp_path):
    """Two classes, ten recordings of 1 to 10 clips each, and one recording in both."""
    names = [f'{c}/{c}{i}_{j}.mp4' for c in 'ab' for i in range(10) for j in range(i + 1)]
    return touch(tmp_path / 'mine', [*names, 'a/both-1.mp4', 'b/both-2.mp4'])


def group_of(name):
    return name.split('/')[1].replace('-', '_').split('_')[0]


@pytest.mark.parametrize('rule', ['number', r'/([a-z]+\d*)[_-]', r'(?<=/)[a-z]+\d*', 'groups.tsv'])
@pytest.mark.parametrize('fraction', [0.1, 0.3, 0.5])
def test_a_recording_is_on_one_side(recordings, monkeypatch, rule, fraction):
    monkeypatch.chdir(recordings)
    names = [str(path.relative_to(recordings)) for path in recordings.rglob('*.mp4')]
    lines = [f'{name}\t{group_of(name)}\n' for name in names]
    (recordings / 'groups.tsv').write_text('path\tgroup\n' + ''.join(lines))
    out = build(recordings, '--val-fraction', str(fraction), '--group-by', rule)
    train, val = rows(out / 'train_list.txt'), rows(out / 'val_list.txt')
    assert sorted(name for name, _ in train + val) == sorted(names)
    assert not {group_of(name) for name, _ in train} & {group_of(name) for name, _ in val}
    for label in (0, 1):
        assert sum(own == label for _, own in val) == pytest.approx(56 * fraction, abs=2)
    other = build(recordings, '--val-fraction', str(fraction), '--group-by', rule, out='again')
    assert (other / 'val_list.txt').read_text() == (out / 'val_list.txt').read_text()


def test_groups_as_in_ucf101_and_a_class_of_one_group(tmp_path, capsys):
    names = [f'{c}/v_{c}_g{g:02}_c{i:02}.avi' for c in 'AB' for g in range(1, 26) for i in (1, 2)]
    tree = touch(tmp_path / 'mine', [*names, 'C/v_C_g01_c01.avi', 'C/v_C_g01_c02.avi'])
    out = build(tree, '--val-fraction', '0.28', '--group-by', 'ucf101')
    assert Counter(label for _, label in rows(out / 'val_list.txt')) == {0: 14, 1: 14}
    found = {name[-11:-8] for name, _ in rows(out / 'val_list.txt')}
    assert (len(found), 'g01' in found) == (7, False)
    assert 'classes with one group in all, which is in training: 1 (C)' in capsys.readouterr().out


def test_two_trees_and_a_label_file_of_another_order(tree, tmp_path):
    val = touch(tmp_path / 'held out', ['wave/1.mp4', 'Open Door/2.mp4'])
    (tmp_path / 'labels.txt').write_text('waving\nopen door\nsingle\nclose door\n')
    with pytest.raises(MGDMError, match=r"mine/Wave: 'Wave' is none of the 4 classes"):
        build(tree, '--val', str(val), '--labels', str(tmp_path / 'labels.txt'))
    (tmp_path / 'labels.txt').write_text('wave\nopen door\nsingle\nclose door\n')
    options = ('--val', str(val), '--labels', str(tmp_path / 'labels.txt'), '--delimiter', ';')
    out = build(tree, *options)
    assert (out / 'classes.txt').read_text() == 'wave\nopen door\nsingle\nclose door\n'
    assert rows(out / 'val_list.txt', ';') == [('Open Door/2.mp4', 1), ('wave/1.mp4', 0)]
    assert ('close_door/00.mp4', 3) in rows(out / 'train_list.txt', ';')


def test_paths_with_spaces_reach_mmaction2(tmp_path):
    tree = touch(tmp_path / 'my clips', ['open door/a b.mp4', 'wave/c;d.mp4'])
    with pytest.raises(MGDMError, match="too many values to unpack.*--delimiter tab.*'.t'"):
        build(tree, '--val', str(tree))
    out = build(tree, '--val', str(tree), '--delimiter', 'tab')
    list_file = str(out / 'val_list.txt')
    data = VideoDataset(list_file, [], dict(video=str(tree)), delimiter='\t', test_mode=True)
    found = [(data.get_data_info(i)['filename'], data.get_data_info(i)['label']) for i in (0, 1)]
    assert found == [(f'{tree}/open door/a b.mp4', 0), (f'{tree}/wave/c;d.mp4', 1)]


def test_raw_frames(tmp_path, capsys):
    tree = tmp_path / 'frames'
    touch(tree, [f'run/a/f{i}.png' for i in range(3)])
    touch(tree, [f'run/b/f{i}.png' for i in (0, 1, 3)])
    touch(tree, [f'jump/c/f{i}.png' for i in range(12)])
    touch(tree, ['jump/c/thumbs.db', 'jump/c/flow_x_1.png'])
    names = ('--rawframes', '--filename-tmpl', 'f{}.png', '--start-index', '0')
    out = build(tree, '--val', str(tree), *names)
    assert (out / 'train_list.txt').read_text() == 'jump/c 12 0\nrun/a 3 1\n'
    missing = (out / 'train_list_missing.txt').read_text()
    assert missing == 'run/b\t3 frames, but f2.png is missing among them\n'
    assert "type='RawframeDataset'" in capsys.readouterr().out
    train = str(out / 'train_list.txt')
    data = RawframeDataset(train, [], dict(img=str(tree)), filename_tmpl='f{}.png', test_mode=True)
    assert data.get_data_info(0)['total_frames'] == 12
    with pytest.raises(MGDMError, match='no clip in it; expected folders with raw frames'):
        build(tree, '--val', str(tree), '--rawframes')
    one = touch(tmp_path / 'one', ['a/1/f0.png', 'b/1/f0.png'])
    with pytest.raises(MGDMError, match='1 frames but no f1.png; see --filename-tmpl'):
        build(one, '--val', str(one), '--rawframes', '--filename-tmpl', 'f{}.png', out='o')
    touch(tree, ['run/a b/f0.png'])
    with pytest.raises(MGDMError, match='white space in them, where RawframeDataset splits'):
        build(tree, '--val', str(tree), *names, '--force')


def test_links_are_followed_but_not_in_circles(tree):
    (tree / 'linked').symlink_to(touch(tree.parent / 'elsewhere', ['1.mp4']))
    (tree / 'linked' / 'up').symlink_to(tree)
    out = build(tree, '--val', str(tree))
    assert ('linked/1.mp4', 1) in rows(out / 'train_list.txt')
    assert len(rows(out / 'train_list.txt')) == 20


def test_a_list_with_other_content_is_kept(tree):
    out = build(tree, '--val-fraction', '0.2')
    before = {path: path.read_bytes() for path in out.iterdir()}
    build(tree, '--val-fraction', '0.2')
    touch(tree, ['Wave/new.mp4'])
    with pytest.raises(MGDMError, match=r'train_list.txt.*other content. Nothing was written'):
        build(tree, '--val-fraction', '0.2')
    assert {path: path.read_bytes() for path in out.iterdir()} == before
    build(tree, '--val-fraction', '0.2', '--force')
    assert {path: path.read_bytes() for path in out.iterdir()} != before


@pytest.mark.parametrize(
    ('names', 'options', 'message'),
    [
        (['a/1.mp4'], ['--val-fraction', '0.2'], "two at least, but only 'a'"),
        (['1.mp4'], ['--val-fraction', '0.2'], 'all clips lie in the folder itself'),
        (['a/1.txt'], ['--val-fraction', '0.2'], 'no clip in it; expected files of the kinds'),
        (['train/a/1.mp4', 'val/a/1.mp4'], ['--val-fraction', '0.2'], 'folders .*train --val'),
        (['a_b/1.mp4', 'a b/1.mp4'], ['--val-fraction', '0.2'], 'are one class in two spellings'),
        (['a/1.mp4', 'b/1.mp4'], ['--val-fraction', '1'], 'between 0 and 1'),
        (['a/1.mp4', 'b/1.mp4'], [*SHARE, 'number'], 'every class has one group only'),
        (['a/1.mp4', 'b/1.mp4'], [*SHARE, 'x(y)'], r'gives no group to 2 \(a/1.mp4, b/1.mp4\)'),
        (['a/1.mp4', 'b/1.mp4'], [*SHARE, '('], 'no regular expression .* none of ucf101, number'),
        (['a/1.mp4', 'b/1.mp4'], ['--val', '.', '--group-by', 'x'], 'divides one tree'),
        (['a/1.mp4', 'b/1.mp4'], [], 'where the validation clips come from'),
        (['a/1.mp4', 'b/1.mp4'], ['--delimiter', '.', '--val', '.'], "--delimiter '.'"),
        (['a/1.mp4'], ['--rawframes', '--filename-tmpl', 'x.jpg'], 'expected a name with one num'),
    ],
)
def test_mistakes(tmp_path, names, options, message):
    with pytest.raises(MGDMError, match=message):
        build(touch(tmp_path / 'set', names), *options)
    assert not (tmp_path / 'lists').exists()
