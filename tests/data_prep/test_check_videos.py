import av
import cv2
import pytest

from mgdm_mmaction.commands.check_videos import main
from mgdm_mmaction.datasets.annotations import check_annotation
from mgdm_mmaction.errors import MGDMError
from tests.data_prep.stand_ins import touch
from tests.datasets.videos import frames_of, write_frames, write_video
from tests.video.clips import encode
from tests.video.kinds import KINDS


@pytest.fixture
def root(tmp_path):
    """Good clips, and every way to be broken."""
    root = tmp_path / 'clips'
    write_video(root / 'a/good.mp4', 0, count=20)
    write_video(root / 'a/short.mp4', 1, count=5)
    whole = write_video(root / 'b/whole.mp4', 2, count=40).read_bytes()
    # mp4 has its table of contents at the end.
    (root / 'b/half.mp4').write_bytes(whole[: len(whole) // 2])
    (root / 'b/text.mp4').write_text('no video' * 50)
    touch(root, ['b/empty.mp4'])
    return root


def write_list(root, names, name='list.txt', sign=' '):
    path = root.parent / name
    path.write_text(''.join(f'{name}{sign}{i % 2}\n' for i, name in enumerate(names)))
    return str(path)


BROKEN = ['b/half.mp4', 'b/text.mp4', 'b/empty.mp4', 'b/gone.mp4']


@pytest.mark.parametrize('options', [[], ['--quick', '--workers', '1']])
def test_broken_clips_are_listed_and_left_out(root, tmp_path, capsys, options):
    good = ['a/good.mp4', 'a/short.mp4', 'b/whole.mp4']
    path = write_list(root, [good[0], *BROKEN[:2], good[1], *BROKEN[2:], good[2]])
    clean = tmp_path / 'clean.txt'
    with pytest.raises(SystemExit) as end:
        main([path, '--root', str(root), '--write-clean', str(clean), *options])
    assert end.value.code == 1
    lines = capsys.readouterr().out.split('\n')
    found = {line.split(': ')[2]: ': '.join(line.split(': ')[3:]) for line in lines[1:5]}
    assert list(found) == BROKEN
    assert found['b/empty.mp4'] == 'an empty file (0 bytes)'
    assert found['b/gone.mp4'] == 'no such file'
    assert all('Error' in found[name] for name in ('b/half.mp4', 'b/text.mp4'))
    assert lines[1].startswith('  broken: line 2: ')
    # Labels stay with their clips.
    assert clean.read_text() == 'a/good.mp4 0\na/short.mp4 1\nb/whole.mp4 0\n'
    assert f'{clean}: 3 clips, list digest {check_annotation(str(clean)).digest}' in lines
    main([str(clean), '--root', str(root), '--quick'])
    assert '0 broken\n' in capsys.readouterr().out


def test_every_frame_finds_what_three_frames_do_not(root, capsys):
    # Raw frames show it without a codec between: frame 5 of 12 is cut off.
    write_frames(root / 'frames/x', 3, count=12)
    broken = root / 'frames/x/img_00005.jpg'
    broken.write_bytes(broken.read_bytes()[:20])
    (root.parent / 'frames.txt').write_text('x 12 0\n')
    command = [str(root.parent / 'frames.txt'), '--root', str(root / 'frames'), '--rawframes']
    main([*command, '--quick'])
    with pytest.raises(SystemExit):
        main(command)
    assert 'broken: line 1: x: frame 5: error: OpenCV' in capsys.readouterr().out
    (root.parent / 'frames.txt').write_text('x 13 0\n')
    with pytest.raises(SystemExit):
        main([*command, '--quick'])
    assert 'img_00013.jpg' in capsys.readouterr().out


def test_an_avi_file_that_was_cut_off_is_broken(root, capsys):
    name = str(root / 'whole.avi')
    writer = cv2.VideoWriter(name, cv2.VideoWriter_fourcc(*'XVID'), 10, (64, 64))
    for frame in frames_of(1, 40, 64):
        writer.write(frame)
    writer.release()
    content = (root / 'whole.avi').read_bytes()
    (root / 'half.avi').write_bytes(content[: len(content) // 2])
    path = write_list(root, ['a/good.mp4', 'half.avi', 'whole.avi', 'a/short.mp4'])
    with pytest.raises(SystemExit):
        main([path, '--root', str(root)])
    out = capsys.readouterr().out
    assert '4 clips, every frame decoded, 1 broken' in out
    lacking = len(content) - len(content) // 2
    assert f'broken: line 2: half.avi: cut off: its header promises {lacking} more bytes' in out


def test_several_lists_share_their_clips_and_go_to_a_folder(root, tmp_path, capsys):
    one = write_list(root, ['a/good.mp4', 'b/text.mp4'], 'one.txt', ';')
    two = write_list(root, ['b/text.mp4', 'b/whole.mp4', 'a/good.mp4'], 'two.txt', ';')
    command = [one, two, '--root', str(root), '--delimiter', 'semicolon', '--quick']
    with pytest.raises(SystemExit):
        main([*command, '--write-clean', str(tmp_path / 'clean')])
    assert (tmp_path / 'clean/one.txt').read_text() == 'a/good.mp4;0\n'
    assert (tmp_path / 'clean/two.txt').read_text() == 'b/whole.mp4;1\na/good.mp4;0\n'
    # Three different files, although the lists have five lines.
    assert '3/3 clips' in capsys.readouterr().err
    with pytest.raises(MGDMError, match='one.txt, .*two.txt: there already'):
        main([*command, '--write-clean', str(tmp_path)])


def test_the_lists_and_the_decoder_of_a_config(root, tmp_path, capsys):
    write_list(root, ['a/good.mp4', 'a/short.mp4'], 'train.txt')
    write_list(root, ['b/whole.mp4', 'b/text.mp4'], 'val.txt')
    (tmp_path / 'classes.txt').write_text('stand\nrun\n')
    (tmp_path / 'config.py').write_text(
        f'root = {str(tmp_path)!r}\n'
        "decode = [dict(type='DecordInit', num_threads=2),\n"
        "    dict(type='UniformSample', clip_len=4), dict(type='DecordDecode')]\n"
        "pipeline = [dict(type='SkipUnreadable', transforms=decode),\n"
        "    dict(type='PackActionInputs')]\n"
        "model = dict(cls_head=dict(classes=root + '/classes.txt'))\n"
        "common = dict(type='VideoDataset', data_prefix=dict(video=root + '/clips'))\n"
        "train_dataloader = dict(dataset=dict(type='RepeatDataset', times=2, dataset=dict(\n"
        "    ann_file=root + '/train.txt', pipeline=pipeline, **common)))\n"
        'val_dataloader = dict(dataset=dict(\n'
        "    ann_file=root + '/val.txt', pipeline=pipeline, test_mode=True, **common))\n"
        'test_dataloader = val_dataloader\n'
    )
    command = ['--config', str(tmp_path / 'config.py')]
    with pytest.raises(SystemExit):
        main(command)
    out = capsys.readouterr().out
    assert out.count('list digest') == 2
    assert 'val.txt' in out
    assert out.count('broken: ') == 1
    (tmp_path / 'classes.txt').write_text('stand\n')
    with pytest.raises(MGDMError, match='train.txt:2: label 1 of .*expected 0 to 0'):
        main(command)


@pytest.mark.parametrize(
    ('command', 'message'),
    [
        ('', 'name the lists'),
        ('list.txt --root nowhere', '--root nowhere: no such folder'),
        ('none.txt --root clips', 'annotation file none.txt does not exist'),
        ('list.txt --root clips --workers 0', '--workers 0'),
        ('list.txt --write-clean clean.txt', 'all 2 clips are broken .*Is --root'),
    ],
)
def test_mistakes(root, monkeypatch, capsys, command, message):
    monkeypatch.chdir(root.parent)
    write_list(root, ['a/good.mp4', 'a/short.mp4'])
    with pytest.raises(MGDMError, match=message):
        main(command.split())
    assert ('Most files are missing: is --root' in capsys.readouterr().out) == ('clean' in command)


def test_frames_of_other_moments_are_named(root, tmp_path, capsys):
    """By decord: B-frames in avi; streams without an index, whatever their name; edit lists."""
    names = {'a/good.mp4': False}
    for kind in ('MPEG-4 in avi, B-frames', 'H.264 transport stream', 'edit list, end trimmed'):
        name, write = KINDS[kind]
        write(root / name)
        names[name] = True
    (root / 'h264.ts').rename(root / 'stream.mp4')
    names['stream.mp4'] = names.pop('h264.ts')
    path = write_list(root, names)
    config = tmp_path / 'config.py'
    for opening, decoding in (('VideoInit', 'VideoDecode'), ('DecordInit', 'DecordDecode')):
        config.write_text(
            f"pipeline = [dict(type='{opening}'), dict(type='{decoding}')]\n"
            f"dataset = dict(type='VideoDataset', ann_file='{path}', pipeline=pipeline,\n"
            f"    data_prefix=dict(video='{root}'))\n"
            'train_dataloader = dict(dataset=dataset)\nmodel = dict(cls_head=dict())\n'
        )
        command = ['--config', str(config), '--workers', '1']
        if opening == 'VideoInit':
            main(command)
        else:
            with pytest.raises(SystemExit):
                main(command)
    lines = [line for line in capsys.readouterr().out.split('\n') if 'broken: ' in line]
    assert [line.split(': ')[2] for line in lines] == [
        n for n, is_wrong in names.items() if is_wrong
    ]
    assert all('frames of other moments: use VideoInit and VideoDecode' in line for line in lines)


def test_damage_in_the_middle_is_named(root, capsys):
    path = encode(root / 'a/damaged.mp4', count=35, codec_options={'g': '5', 'bf': '0'})
    with av.open(str(path)) as container:
        pos, size = [(p.pos, p.size) for p in container.demux(video=0) if p.size][12]
    data = bytearray(path.read_bytes())
    data[pos : pos + size] = bytes(size)
    path.write_bytes(data)
    with pytest.raises(SystemExit):
        main([write_list(root, ['a/good.mp4', 'a/damaged.mp4']), '--root', str(root)])
    assert 'line 2: a/damaged.mp4: damaged: 1 packets cannot be decoded' in capsys.readouterr().out
