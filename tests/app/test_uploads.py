"""The folder of the page: what it holds, and what goes when."""

import os
import time

import pytest

from mgdm_mmaction.app.uploads import UploadFolder


@pytest.fixture
def uploads(tmp_path, monkeypatch):
    monkeypatch.setattr('tempfile.tempdir', str(tmp_path))
    with UploadFolder() as uploads:
        yield uploads


def put(uploads, name='a', content=b'clip'):
    """Put a file where Gradio would: a folder that is named after the content."""
    path = uploads.path / name / 'clip.mp4'
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return path


def test_only_files_inside_are_held(uploads, tmp_path):
    inside = put(uploads)
    outside = tmp_path / 'secret.pth'
    outside.write_text('x')
    (uploads.path / 'link').symlink_to(outside)
    (uploads.path / 'up').symlink_to(tmp_path)
    (uploads.path / 'ring').symlink_to(uploads.path / 'ring')
    # Shares a prefix with the folder, and is another one.
    beside = tmp_path / f'{uploads.path.name}x'
    beside.mkdir()
    (beside / 'clip.mp4').write_text('x')
    assert uploads.holds(inside)
    assert uploads.holds(uploads.path / 'a' / '..' / 'a' / 'clip.mp4')
    for path in (
        outside, uploads.path / 'link', uploads.path / 'up' / 'secret.pth', uploads.path / 'ring',
        uploads.path / '..' / 'secret.pth', beside / 'clip.mp4', uploads.path, uploads.path / 'a',
        uploads.path / 'no', '/proc/self/environ', 'clip.mp4', '', 'a\0b', 'x' * 5000, 7, None,
    ):  # fmt: skip
        assert not uploads.holds(path), path


def test_others_cannot_look_into_it(uploads):
    assert uploads.path.stat().st_mode & 0o077 == 0


def test_a_clip_goes_when_another_takes_its_place_or_the_page_is_closed(uploads):
    first, second = put(uploads, 'a'), put(uploads, 'b')
    uploads.claim('page', first)
    uploads.claim('page', first)
    assert first.exists()
    uploads.claim('page', second)
    assert not first.parent.exists()
    assert second.exists()
    uploads.release('page')
    uploads.release('page')
    assert not second.exists()


def test_two_pages_share_a_clip(uploads):
    clip = put(uploads)
    uploads.claim('one', clip)
    uploads.claim('other', clip)
    uploads.release('one')
    assert clip.exists()
    uploads.release('other')
    assert not clip.exists()


def test_what_nobody_shows_goes_after_an_hour(uploads):
    shown, old, new = (put(uploads, name) for name in 'abc')
    part = uploads.path / 'tmp123'
    part.write_bytes(b'half')
    uploads.claim('page', shown)
    for path in (shown, old, part):
        os.utime(path, (time.time() - 3700,) * 2)
    assert uploads.num_bytes() == 8
    assert [path.exists() for path in (shown, old, new, part)] == [True, False, True, False]


def test_all_goes_at_the_end(tmp_path, monkeypatch):
    monkeypatch.setattr('tempfile.tempdir', str(tmp_path))
    with UploadFolder() as uploads:
        put(uploads)
    assert not uploads.path.exists()
    uploads.release('page')
