"""The negatives file: round trip, lookup by path, and a clear message for every mistake."""

import dataclasses
import json
import pickle
import resource

import numpy as np
import pytest

from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.negatives import (
    NegativesHeader,
    NegativesWriter,
    read_negatives,
    video_path,
)

HEADER = NegativesHeader(
    architecture='mgdm-tiny',
    weights_digest='abc',
    prompt='a {}',
    labels=['run', 'high jump', 'dive', 'swim'],
    classes=['run', 'HighJump', 'dive'],
    class_ids=[0, 1, 2],
    num_frames=4,
    k=2,
    annotation_digest='def',
    package_version='0.0',
)
ROWS = [
    ('train/run/1.mp4', 0, [3, 1], [0.5, 0.25]),
    ('train/jump/ü 2.mp4', 1, [2, 0], [0.5, 0.5]),
    ('1.mp4', 2, [0, 3], [0.125, -0.5]),
]


@pytest.fixture
def path(tmp_path):
    path = tmp_path / 'sub' / 'negatives.jsonl'
    with NegativesWriter(path, HEADER) as writer:
        for row in ROWS:
            writer.write(*row)
    return path


def test_round_trip(path):
    file = read_negatives(path)
    assert file.header == HEADER
    assert file.corpus.labels == HEADER.labels
    assert len(file) == 3
    assert (file.labels.dtype, file.negatives.dtype, file.scores.dtype) == (
        np.int32,
        np.int32,
        np.float32,
    )
    for i, (name, label, negatives, scores) in enumerate(ROWS):
        assert file.path_of(i) == name
        assert file.labels[i] == label
        assert file.negatives[i].tolist() == negatives
        assert file.scores[i].tolist() == scores


@pytest.mark.parametrize(
    ('filename', 'row'),
    [
        ('train/run/1.mp4', 0),
        ('/data/videos/train/run/1.mp4', 0),
        ('data/./train//run/1.mp4', 0),
        ('data\\train\\run\\1.mp4', 0),
        ('x/train/jump/ü 2.mp4', 1),
        # The longest stored suffix wins: this one is only '1.mp4'.
        ('other/run/1.mp4', 2),
        ('1.mp4', 2),
    ],
)
def test_lookup(path, filename, row):
    file = read_negatives(path)
    assert file.lookup(filename) == row
    assert pickle.loads(pickle.dumps(file)).lookup(filename) == row


@pytest.mark.parametrize('filename', ['run/11.mp4', 'train/run/1.avi', '', 'train/run'])
def test_lookup_of_a_missing_video(path, filename):
    with pytest.raises(MGDMError, match='holds no video'):
        read_negatives(path).lookup(filename)


def test_append_a_line(path):
    with open(path, 'a') as file:
        file.write('{"path": "new.mp4", "label": 0, "negatives": [1, 2], "scores": [1, 0]}\n')
    assert read_negatives(path).lookup('new.mp4') == 3


def test_writer_is_all_or_nothing(path):
    before = path.read_bytes()
    with pytest.raises(MGDMError, match='--overwrite'):
        NegativesWriter(path, HEADER)
    with pytest.raises(AssertionError), NegativesWriter(path, HEADER, overwrite=True) as writer:
        writer.write('new.mp4', 0, [1], [0.5])
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize('videos', [1, 5000])
def test_a_full_disk_is_reported_and_leaves_nothing(path, videos):
    # One video fits the buffer and fails when the file is finished, the others while it is written.
    before = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def write():
        try:
            with NegativesWriter(path, HEADER, overwrite=True) as writer:
                resource.setrlimit(resource.RLIMIT_FSIZE, (50, limits[1]))
                for i in range(videos):
                    writer.write(f'{i}.mp4', 0, [1, 2], [0.5, 0.25])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    with pytest.raises(MGDMError, match=f'{path.name}: cannot be written.*Make room'):
        write()
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_a_place_that_cannot_be_written(tmp_path):
    (tmp_path / 'file').touch()
    with pytest.raises(MGDMError, match='its folder cannot be made.*choose another place'):
        NegativesWriter(tmp_path / 'file' / 'out.jsonl', HEADER)


def _row(**change):
    return {'path': 'new.mp4', 'label': 0, 'negatives': [1, 2], 'scores': [0.5, 0.25]} | change


@pytest.mark.parametrize(
    ('row', 'message'),
    [
        (_row(label=3), r':5: label 3'),
        (_row(label=-1), r':5: label -1'),
        (_row(negatives=[1, 4]), r':5: negative 4.*4 labels'),
        (_row(negatives=[-1, 2]), r':5: negative -1'),
        (_row(negatives=[0, 2]), r":5: negative 0 \('run'\) is the class"),
        (_row(negatives=[2, 2]), r":5: negative 2 \('dive'\) is there twice"),
        (_row(negatives=[1]), r':5: 1 negatives with 2 scores.*k=2'),
        (_row(scores=[0.25, 0.5]), r':5: the scores rise'),
        (_row(scores=[float('nan'), 0.5]), r':5: a score'),
        (_row(path='./train/run//1.mp4'), r':5: .*already in line 2'),
        (_row(path='/macos/Cafe\u0301.mp4'), r':6: .*already in line 5'),
        (_row(path=None), r':5: expected one video'),
        (_row(path='./'), r':5: .*the path is empty'),
        (json.dumps(_row())[:-1] + ', "label": 1}', r":5: .*the key 'label' is there twice"),
        ('[' * 100_000, r':5: .*RecursionError'),
        (_row(label='run'), r':5: expected one video'),
        ({'path': 'x'}, r':5: expected one video'),
        ([1, 2], r':5: expected one video'),
    ],
)
def test_bad_rows(path, row, message):
    with open(path, 'a') as file:
        if ':6:' in message:
            file.write(json.dumps(_row(path='macos/Caf\xe9.mp4')) + '\n')
        file.write((row if isinstance(row, str) else json.dumps(row)) + '\n')
    with pytest.raises(MGDMError, match=message):
        read_negatives(path)


def test_blank_line(path):
    with open(path, 'a') as file:
        file.write('\n')
    with pytest.raises(MGDMError, match=':5: .*Delete the line'):
        read_negatives(path)


@pytest.mark.parametrize('cut', [1, 20])
def test_truncated_file(path, cut):
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(MGDMError, match=':4: .*cut off'):
        read_negatives(path)


def _header(**change):
    data = json.loads(HEADER.to_json()) | change
    return json.dumps({key: value for key, value in data.items() if value is not None}) + '\n'


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('', 'empty'),
        ('no json\n', ':1: the header is not JSON'),
        ('[' * 100_000 + '\n', ':1: the header is not JSON'),
        (_header()[:-2] + ', "k": 3}\n', ":1: .*the key 'k' is there twice"),
        (_header(), 'holds no video'),
        ('{"path": "a.mp4"}\n', ':1: this is no negatives file'),
        ('[1]\n', ':1: this is no negatives file'),
        (_header(format_version=7), 'format version 7.*reads version 1 to 2.*later release'),
        (_header(prompt=None), '`prompt` is .missing'),
        (_header(k='two'), "`k` is 'two', expected int"),
        (_header(class_ids=[0, 1]), '`class_ids`'),
        (_header(labels=['run', 'dive', 'high jump', 'swim']), '`labels` do not begin'),
        (_header(labels=['run', 'high jump', 'dive', 'Run']), '`labels` do not begin'),
    ],
)
def test_bad_headers(tmp_path, text, message):
    path = tmp_path / 'negatives.jsonl'
    path.write_text(text)
    with pytest.raises(MGDMError, match=message):
        read_negatives(path)


def test_missing_file(tmp_path):
    with pytest.raises(MGDMError, match='does not exist.*mine_negatives.py'):
        read_negatives(tmp_path / 'none.jsonl')


def test_what_is_printed_of_a_file(path, tmp_path):
    assert 'no mistakes found; 3 videos, 2 negatives each, 4 labels, 3 of' in str(
        read_negatives(path)
    )
    header = dataclasses.replace(HEADER, architecture='', weights_digest='', num_frames=0)
    with NegativesWriter(tmp_path / 'a.jsonl', header) as writer:
        writer.write('a.mp4', 0, [1, 2], [0.5, 0.25])
    assert "mined with no CLIP, prompt 'a {}'" in str(read_negatives(tmp_path / 'a.jsonl'))


def test_video_path():
    info = {'filename': 'data/train/1.mp4', 'label': 0}
    assert video_path(info) == 'data/train/1.mp4'
    assert video_path(info, 'data') == video_path(info, 'data/') == 'train/1.mp4'
    assert video_path(info, 'dat') == 'data/train/1.mp4'
    folder = {'frame_dir': 'data/1', 'total_frames': 9}
    assert video_path(folder, 'data') == '1'
    assert video_path(folder | {'offset': 30}, 'data') == '1@30+9'
    with pytest.raises(MGDMError, match='frame_dir'):
        video_path({'label': 0})
