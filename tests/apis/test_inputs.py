"""What can be handed in, and in which order it comes."""

import os
import re

import numpy as np
import pytest

from mgdm_mmaction.apis.inputs import list_sources
from mgdm_mmaction.errors import MGDMError


def _touch(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b'x')


def _names(folder, sources):
    return [os.path.relpath(source.name, folder) for source in sources]


def test_a_folder_is_listed_below_and_in_natural_order(tmp_path):
    _touch(tmp_path, 'clip10.mp4', 'clip2.MP4', 'b/1.gif', 'notes.txt', '.hidden.mp4', '.git/a.mp4')
    (tmp_path / 'b' / 'round').symlink_to(tmp_path)
    found = list_sources(tmp_path)
    assert _names(tmp_path, found) == ['b/1.gif', 'clip2.MP4', 'clip10.mp4']
    assert not any(source.fault for source in found)


def test_a_list_keeps_its_order_and_numbers_its_arrays(tmp_path):
    _touch(tmp_path, 'z.mp4', 'in/a.mp4')
    array = np.zeros((2, 4, 4, 3), dtype=np.uint8)
    found = list_sources([str(tmp_path / 'z.mp4'), array, tmp_path / 'in', array])
    assert [source.name for source in found[1::2]] == ['array 0', 'array 1']
    assert _names(tmp_path, found[::2]) == ['z.mp4', 'in/a.mp4']


def test_paths_are_made_absolute(tmp_path, monkeypatch):
    # FFmpeg would look for the protocol '12'.
    _touch(tmp_path, '12:30.mp4')
    monkeypatch.chdir(tmp_path)
    (source,) = list_sources('12:30.mp4')
    assert (source.name, source.path) == ('12:30.mp4', str(tmp_path / '12:30.mp4'))


@pytest.mark.parametrize(
    ('name', 'content', 'text'),
    [
        ('empty.mp4', b'', r'an empty file \(0 bytes\)'),
        ('list.mp4', b'#EXTM3U\n/etc/passwd\n', 'a playlist'),
        ('list.avi', b"ffconcat version 1.0\nfile '/x'", 'a playlist'),
    ],
)
def test_faults_of_files(tmp_path, name, content, text):
    (tmp_path / name).write_bytes(content)
    (source,) = list_sources(tmp_path / name)
    assert re.match(text, source.fault)


def test_faults_of_paths(tmp_path):
    _touch(tmp_path, 'folder/notes.txt')
    os.mkfifo(tmp_path / 'pipe.mp4')
    faults = [
        source.fault
        for source in list_sources(
            [tmp_path / 'no.mp4', 'http://x.org/a.mp4', tmp_path / 'folder', tmp_path / 'pipe.mp4']
        )
    ]
    assert faults[:2] == [
        'no such file or folder',
        'a URL is not fetched; download it and give the file',
    ]
    assert faults[2].startswith('a folder without a video; expected files of .3gp .asf .avi .flv')
    assert faults[3] == 'no regular file'


def test_a_name_that_is_no_text_is_told_as_text(tmp_path):
    name = os.fsencode(tmp_path) + b'/bad\xff.mp4'
    with open(name, 'wb') as file:
        file.write(b'x')
    (source,) = list_sources(tmp_path)
    assert source.fault == 'the name is no UTF-8 text; rename it'
    assert source.name.encode('utf-8').endswith('bad�.mp4'.encode())


@pytest.mark.parametrize(
    'array',
    [
        np.zeros((2, 4, 4, 3), dtype=np.float32),
        np.zeros((4, 4, 3), dtype=np.uint8),
        np.zeros((2, 3, 4, 4), dtype=np.uint8),
        np.zeros((0, 4, 4, 3), dtype=np.uint8),
    ],
    ids=['float', 'one frame', 'channels first', 'no frame'],
)
def test_faults_of_arrays(array):
    (source,) = list_sources(array)
    assert str(list(array.shape)) in source.fault
    assert 'expected uint8 [frames, H, W, 3]' in source.fault


@pytest.mark.parametrize(('inputs', 'text'), [([], 'the list is empty'), (3, 'entry 0 is a int')])
def test_what_is_no_input_is_refused(inputs, text):
    with pytest.raises(MGDMError, match=text):
        list_sources(inputs)
