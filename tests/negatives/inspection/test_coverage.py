"""What a file has of the videos of annotation lists."""

import pytest

from mgdm_mmaction.datasets.annotations import check_annotation
from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.negatives import read_negatives
from mgdm_mmaction.negatives.inspection import count_file, describe_file, list_coverage
from tests.negatives.inspection.files import write


@pytest.fixture
def ann(tmp_path):
    path = tmp_path / 'list.txt'
    path.write_text('v/a.mp4 0\nv/b.mp4 1\nv/c.mp4 1\nv/d.mp4 2\nv/a.mp4 0\n')
    return str(path)


@pytest.fixture
def file(tmp_path, ann):
    rows = [('a.mp4', 0, [1, 2]), ('b.mp4', 2, [0, 1]), ('d.mp4', 2, [0, 1]), ('x.mp4', 3, [0, 1])]
    digest = check_annotation(ann).digest
    return read_negatives(write(tmp_path / 'n.jsonl', rows, annotation_digest=digest))


def test_coverage_of_a_list(file, ann):
    found = list_coverage(file, [ann])
    rows = [['v/a.mp4', 0, 0], ['v/b.mp4', 1, 2], ['v/c.mp4', 1, -1], ['v/d.mp4', 2, 2]]
    assert found.videos.to_numpy().tolist() == rows
    assert found.num_not_listed == 1
    assert found.same_digest is True
    text = describe_file(file, count_file(file), found)
    assert '3 of the 4 listed videos (75.00 %) have negatives' in text
    assert 'without: v/c.mp4' in text
    assert 'classes that lack most: jump (1 of 2)\n' in text
    assert '1 have another label in the file: v/b.mp4' in text
    assert '1 videos of the file are not in the list' in text
    assert 'by its digest this is the list that was mined' in text


def test_several_lists_count_together(file, ann, tmp_path):
    other = tmp_path / 'other.txt'
    other.write_text('x.mp4 3\n')
    found = list_coverage(file, [ann, str(other)])
    assert (len(found.videos), found.num_not_listed, found.same_digest) == (5, 0, None)
    assert list_coverage(file, [str(other)]).same_digest is False


def test_raw_frames_and_delimiters(tmp_path):
    rows = [('clip@3+8', 0, [1, 2]), ('folder', 1, [0, 2]), ('a b.mp4', 2, [0, 1])]
    file = read_negatives(write(tmp_path / 'n.jsonl', rows))
    for line, options in (
        ('clip 3 8 0', {'rawframes': True, 'with_offset': True}),
        ('folder 9 1', {'rawframes': True}),
        ('a b.mp4;2', {'delimiter': ';'}),
    ):
        ann = tmp_path / 'list.txt'
        ann.write_text(line + '\n')
        [video] = list_coverage(file, [str(ann)], **options).videos.itertuples()
        assert video.label == video.mined


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (None, '--list: .*does not exist'),
        ('a.mp4 9\n', "--list: .*list.txt:1: label 9 of 'a.mp4'; expected 0 to 4"),
        ('a.mp4\n', "--list: .*expected 'path label'"),
    ],
)
def test_lists_that_do_not_fit(file, tmp_path, content, message):
    ann = tmp_path / 'list.txt'
    ann.unlink(missing_ok=True)
    if content:
        ann.write_text(content)
    with pytest.raises(MGDMError, match=message):
        list_coverage(file, [str(ann)])
