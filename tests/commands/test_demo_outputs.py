"""What is to be written, decided before anything is computed."""

from pathlib import Path

import pytest

from mgdm_mmaction.commands.demo_outputs import plan_outputs
from mgdm_mmaction.errors import MGDMError


@pytest.fixture
def videos(tmp_path):
    """Two videos in a folder, one of them deeper."""
    paths = [tmp_path / 'in' / 'a.avi', tmp_path / 'in' / 'sub' / 'b.mp4']
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b'video')
    return list(map(str, paths))


def test_endings_say_what_is_meant(tmp_path, videos):
    outs = [str(tmp_path / name) for name in ('r.json', 'r.CSV', 'a.mp4', 'a.png', 'drawn')]

    plan = plan_outputs(outs, videos[:1], videos[:1])

    assert plan.tables == [Path(outs[0]), Path(outs[1])]
    names = [(0, 'a.mp4'), (0, 'a.png'), (0, 'drawn/a.mp4')]
    assert plan.drawings == [(number, tmp_path / name) for number, name in names]


def test_subfolders_stay_and_names_differ(tmp_path, videos):
    root = str(tmp_path / 'in')
    out = str(tmp_path / 'drawn')
    beside = str(tmp_path / 'in' / 'a.mp4')
    other = str(tmp_path / 'elsewhere' / 'a.mp4')

    plan = plan_outputs([out], [*videos, beside, other], [root, root, root, other])

    names = [path.relative_to(out).as_posix() for _, path in plan.drawings]
    assert names == ['a.avi.mp4', 'sub/b.mp4', 'a.mp4', 'a.2.mp4']


def test_nothing_that_exists_is_lost(tmp_path, videos):
    old = tmp_path / 'old.json'
    old.write_text('mine')

    with pytest.raises(MGDMError, match='exists already; add --overwrite'):
        plan_outputs([str(old)], videos, videos)
    assert plan_outputs([str(old)], videos, videos, overwrite=True).tables == [old]

    link = tmp_path / 'link.mp4'
    link.symlink_to(videos[1])
    for out in (videos[1], str(link), str(tmp_path / 'in' / 'sub')):
        with pytest.raises(MGDMError, match=r'is one of the videos and would be lost'):
            plan_outputs([out], videos[1:], videos[1:], overwrite=True)


@pytest.mark.parametrize(
    ('out', 'message'),
    [
        ('a.avi', r'expected a name that ends in \.json or \.csv'),
        ('a.mp4', 'shows one video, but there are 2; name a folder, such as --out .*a,'),
    ],
)
def test_mistakes(tmp_path, videos, out, message):
    with pytest.raises(MGDMError, match=message) as caught:
        plan_outputs([str(tmp_path / out)], videos, videos)
    assert '\n' not in str(caught.value)


def test_one_file_is_not_written_twice(tmp_path, videos):
    out = str(tmp_path / 'r.json')

    with pytest.raises(MGDMError, match='would be written twice'):
        plan_outputs([out, out], videos, videos)
