"""Annotation checks name file and line."""

import unicodedata

import pytest
from mmaction.registry import DATASETS

from mgdm_mmaction.datasets import check_annotation, check_dataset
from mgdm_mmaction.errors import MGDMError


def write(tmp_path, text):
    path = tmp_path / 'list.txt'
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize(
    ('text', 'options'),
    [
        ('a/1.mp4 0\nb/2.mp4 2\n', {}),
        ('a/1 b.mp4;0\nb/2.mp4;2\n', {'delimiter': ';'}),
        ('a/1 b.mp4,0\nb/2.mp4,2', {'delimiter': ','}),
        ('a/1 30 0\nb/2 40 2\n', {'rawframes': True}),
        ('a/1 0 30 0\na/1 30 40 2\n', {'rawframes': True, 'with_offset': True}),
    ],
)
def test_good_lists(tmp_path, text, options):
    summary = check_annotation(write(tmp_path, text), num_classes=3, **options)
    assert (summary.num_videos, summary.num_labels, summary.max_label) == (2, 2, 2)
    sign = options.get('delimiter', ' ')
    lines = [f'{video}{sign}{label}' for video, label in summary.rows]
    assert lines == text.splitlines()


@pytest.mark.parametrize(
    ('text', 'options', 'message'),
    [
        ('', {}, 'list.txt: the annotation file is empty'),
        ('\n \n', {}, 'list.txt: the annotation file is empty'),
        ('a.mp4 0\n\nb.mp4 3\n', {}, "list.txt:3: label 3 of 'b.mp4'"),
        ('a.mp4 0\r\n\r\nb.mp4\r\n', {}, "list.txt:3: expected 'path label'"),
        ('a.mp4 0\nb.mp4 3\n', {}, "list.txt:2: label 3 of 'b.mp4'; expected 0 to 2 for the 3"),
        ('a.mp4 -1\n', {}, 'list.txt:1: label -1'),
        ('a.mp4 x\n', {}, "list.txt:1: 'x' should be whole numbers"),
        ('a.mp4\n', {}, "list.txt:1: expected 'path label' but found 'a.mp4'.*delimiter"),
        ('a b.mp4 1\n', {}, "list.txt:1: expected 'path label'.*holds the delimiter"),
        ('a.mp4 1\n', {'delimiter': ';'}, "list.txt:1: expected 'path;label'"),
        ('a 1\n', {'rawframes': True}, "list.txt:1: expected 'folder frames label'"),
        ('a 0 1\n', {'rawframes': True}, 'list.txt:1: 0 frames'),
    ],
)
def test_bad_lists(tmp_path, text, options, message):
    with pytest.raises(MGDMError, match=message):
        check_annotation(write(tmp_path, text), num_classes=3, **options)


def test_missing_list(tmp_path):
    with pytest.raises(MGDMError, match=r'none.txt does not exist.*build_lists\.py'):
        check_annotation(str(tmp_path / 'none.txt'))
    with pytest.raises(MGDMError, match='annotation file .* is a folder'):
        check_annotation(str(tmp_path))


LIST = 'é/1.mp4 0\n\nb/2.mp4 2\n'


def load(path, kind='VideoDataset', **options):
    """What MMAction2's own data set reads."""
    dataset = DATASETS.build({'type': kind, 'ann_file': str(path), 'pipeline': [], **options})
    return [dataset.get_data_info(i) for i in range(len(dataset))]


@pytest.mark.parametrize('encoding', ['utf-8', 'utf-8-sig', 'utf-16'])
@pytest.mark.parametrize('end', ['\n', '\r\n'])
def test_mmaction2_reads_the_clips_that_are_checked(tmp_path, encoding, end):
    path = tmp_path / 'list.txt'
    path.write_bytes(LIST.replace('\n', end).encode(encoding))
    summary = check_annotation(str(path), 3)
    assert summary.rows == [('é/1.mp4', 0), ('b/2.mp4', 2)]
    assert summary.line_numbers == [1, 3]
    assert [(info['filename'], info['label']) for info in load(path)] == summary.rows
    # A mark is no part of what the list says.
    path.write_bytes(LIST.replace('\n', end).encode())
    assert summary.digest == check_annotation(str(path), 3).digest


def test_empty_lines_among_raw_frames(tmp_path):
    path = write(tmp_path, '\ufeffa 30 0\n\nb 40 2\n\n')
    found = [(i['frame_dir'], i['total_frames'], i['label']) for i in load(path, 'RawframeDataset')]
    assert found == [('a', 30, 0), ('b', 40, 2)]
    assert check_annotation(path, 3, rawframes=True).rows == [('a 30', 0), ('b 40', 2)]


@pytest.mark.parametrize(('encoding', 'name'), [('latin-1', 'LATIN1'), ('utf-16-le', 'UTF-16LE')])
def test_lists_in_other_encodings(tmp_path, encoding, name):
    path = tmp_path / 'list.txt'
    path.write_bytes(LIST.encode(encoding))
    for read in (check_annotation, load):
        with pytest.raises(MGDMError, match=f'list.txt: .*not UTF-8.*iconv -f {name} -t UTF-8'):
            read(str(path))


@pytest.mark.parametrize(('listed', 'on_disk'), [('NFD', 'NFC'), ('NFC', 'NFD')])
def test_letters_that_are_composed_otherwise_on_disk(tmp_path, listed, on_disk):
    names = ['über/café.mp4', 'über/none é.mp4', 'plain/a.mp4']
    kept = [unicodedata.normalize(on_disk, name) for name in names]
    for name in kept[::2]:
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    path = write(tmp_path, ''.join(f'{unicodedata.normalize(listed, n)};0\n' for n in names))
    infos = load(path, data_prefix={'video': str(tmp_path)}, delimiter=';')
    found = [info['filename'].removeprefix(f'{tmp_path}/') for info in infos]
    # Of a clip that is not there, the name in the list is what a message shows.
    assert found == [kept[0], unicodedata.normalize(listed, names[1]), 'plain/a.mp4']


def test_data_sets_of_a_config(tmp_path):
    path = write(tmp_path, 'a.mp4 0\nb.mp4 5\n')
    inner = {'type': 'mmaction.VideoDataset', 'ann_file': 'list.txt', 'data_root': str(tmp_path)}
    for dataset in (
        inner,
        {'type': 'RepeatDataset', 'times': 2, 'dataset': inner},
        {'type': 'ConcatDataset', 'datasets': [inner]},
    ):
        (summary,) = check_dataset(dataset, 6)
        assert (summary.ann_file, summary.num_videos) == (path, 2)
        with pytest.raises(MGDMError, match='label 5'):
            check_dataset(dataset, 5)
    assert check_dataset({'type': 'AudioDataset', 'ann_file': 'none.txt'}) == []


CLASSES = ['ApplyEyeMakeup', 'wave', 'open door']


def test_labels_that_agree_with_their_folders_pass(tmp_path):
    for text in (
        'x/wave/1.mp4 1\ny/open_door/1.mp4 2\napply_eye_makeup/run/2.mp4 0\n',
        # A few clips in other folders, folders that are no classes, one folder above all.
        'wave/1.mp4 1\nwave/2.mp4 1\nopen_door/3.mp4 1\n',
        'a/1.mp4 1\nb/2.mp4 0\n3.mp4 2\n',
        '/disk/wave/1.mp4 0\n/disk/wave/2.mp4 2\n',
        # The folder nearest to the clip is the class.
        'wave/open_door/1.mp4 2\nwave/wave/2.mp4 1\n',
    ):
        check_annotation(write(tmp_path, text), 3, classes=CLASSES)


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('ApplyEyeMakeup/1.mp4 1\nwave/2.mp4 2\n', 'All are one too high.*subtract 1'),
        ('wave/2.mp4 2\nopen_door/2.mp4 3\n', "label 2, which is 'open door', but 'wave' is lab"),
        ('open_door/1.mp4 0\nwave/2.mp4 1\nApplyEyeMakeup/1.mp4 2\n', 'of different orders'),
        ('a.mp4 1\nb.mp4 3\n', 'list.txt:2: label 3.*run from 1 to the number of classes'),
        ('a.mp4 2\nb.mp4 3\n', 'list.txt:2: label 3.*Correct the list or the class names'),
    ],
)
def test_labels_of_another_base_or_order(tmp_path, text, message):
    with pytest.raises(MGDMError, match=message):
        check_annotation(write(tmp_path, text), 3, classes=CLASSES)
