"""What a file has of the videos of annotation lists."""

import pytest

from mgdm_mmaction.datasets.annotations import check_annotation
from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.negatives import read_negatives
from mgdm_mmaction.negatives.inspection.coverage import list_coverage
from mgdm_mmaction.negatives.inspection.statistics import count_file
from mgdm_mmaction.negatives.inspection.summary import describe_file
from tests.inspection.files import write


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
    assert (found.num_listed, found.missing, found.other_class) == (4, ['v/c.mp4'], ['v/b.mp4'])
    assert found.num_not_listed == 1
    assert found.listed.tolist() == [1, 2, 1, 0, 0]
    assert found.found.tolist() == [1, 1, 1, 0, 0]
    assert found.same_digest is True
    text = describe_file(file, count_file(file), found)
    assert f'3 of the 4 videos of {ann} (75.00 %) have negatives' in text
    assert 'without: v/c.mp4' in text
    assert 'classes that lack most: jump (1 of 2)\n' in text
    assert '1 have another label in the file than in the list: v/b.mp4' in text
    assert '1 videos of the file are not in the list' in text
    assert 'by its digest this is the list that was mined' in text


def test_several_lists_count_together(file, ann, tmp_path):
    other = tmp_path / 'other.txt'
    other.write_text('x.mp4 3\n')
    found = list_coverage(file, [ann, str(other)])
    assert (found.num_listed, found.num_not_listed, found.same_digest) == (5, 0, None)
    assert list_coverage(file, [str(other)]).same_digest is False


def test_raw_frames_and_delimiters(tmp_path):
    rows = [('clip@3+8', 0, [1, 2]), ('folder', 1, [0, 2]), ('a b.mp4', 2, [0, 1])]
    file = read_negatives(write(tmp_path / 'n.jsonl', rows))
    for line, options, row in (
        ('clip 3 8 0', {'rawframes': True, 'with_offset': True}, 0),
        ('folder 9 1', {'rawframes': True}, 1),
        ('a b.mp4;2', {'delimiter': ';'}, 2),
    ):
        ann = tmp_path / 'list.txt'
        ann.write_text(line + '\n')
        found = list_coverage(file, [str(ann)], **options)
        assert (found.missing, found.other_class) == ([], [])
        assert found.found[row] == 1


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (None, '--list: .*no such annotation file'),
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
