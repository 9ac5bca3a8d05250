"""Of an avi file that was cut off the decoder may read less, but must not die."""

import cv2
import pytest
from mmaction.datasets.transforms import DecordInit

from mgdm_mmaction.compat import cut_off_avi
from mgdm_mmaction.data_prep.worker_pool import WorkerLost, run_guarded
from tests.datasets.videos import frames_of, write_video


@pytest.fixture
def avi(tmp_path):
    path = tmp_path / 'whole.avi'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'MJPG'), 10, (64, 64))
    for frame in frames_of(1, 40, 64):
        writer.write(frame)
    writer.release()
    return path


def cut(path, fraction):
    part = path.with_name(f'{fraction}.avi')
    content = path.read_bytes()
    part.write_bytes(content[: int(len(content) * fraction)])
    return str(part)


def outcome(init, paths):
    """Read clips in processes of their own: frames, the error, or how the process ended."""

    def work(task):
        try:
            reader = init(dict(filename=paths[task]))['video_reader']
            return len(reader.get_batch([0, len(reader) - 1]).asnumpy()) and len(reader)
        except Exception as error:
            return type(error).__name__

    found = dict(run_guarded(work, len(paths), 1))
    return [found[task] for task in range(len(paths))]


def test_the_process_survives(avi):
    paths = [str(avi), *(cut(avi, fraction) for fraction in (0.3, 0.5, 0.7, 0.9))]
    found = outcome(DecordInit(), paths)
    assert not any(isinstance(result, WorkerLost) for result in found)
    assert found[0] == 40
    assert 30 < found[4] < 40


def test_the_fault_is_real(avi, monkeypatch):
    method = DecordInit._get_video_reader
    monkeypatch.setattr(DecordInit, '_get_video_reader', method.__wrapped__)
    # It is a fault of memory, so that one file may get through by chance.
    found = outcome(DecordInit(), [cut(avi, fraction) for fraction in (0.3, 0.4, 0.5, 0.6, 0.7)])
    assert any(isinstance(result, WorkerLost) for result in found)


def test_which_files_lack_bytes(avi, tmp_path):
    size = avi.stat().st_size
    assert cut_off_avi.lacking_bytes(str(avi)) == 0
    assert cut_off_avi.lacking_bytes(cut(avi, 0.5)) == size - size // 2
    mp4 = write_video(tmp_path / 'a.mp4', 0)
    (tmp_path / 'half.mp4').write_bytes(mp4.read_bytes()[:500])
    (tmp_path / 'tiny').write_bytes(b'RIFF')
    (tmp_path / 'unknown.avi').write_bytes(b'RIFF\xff\xff\xff\xffAVI LIST')
    for name in ('a.mp4', 'half.mp4', 'tiny', 'unknown.avi'):
        assert cut_off_avi.lacking_bytes(str(tmp_path / name)) == 0
