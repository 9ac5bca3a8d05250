"""How much memory a 4K clip takes."""

import sys
from pathlib import Path

import av
import numpy as np
import pytest

from tests.video.clips import encode

STATUS = Path('/proc/self/status')


def _status(name):
    (line,) = [line for line in STATUS.read_text().splitlines() if line.startswith(name)]
    return int(line.split()[1]) / 1000  # MB


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith('linux'), reason='asks the Linux kernel')
def test_a_4k_clip_needs_less_than_a_gigabyte(inferencer, tmp_path):
    """All its frames together would be 1.5 GB."""
    images = [np.roll(np.arange(256, dtype=np.uint8).repeat(15), 40 * i) for i in range(6)]
    frames = [
        av.VideoFrame.from_ndarray(np.broadcast_to(row[None, :, None], (2160, 3840, 3)).copy())
        for row in images
    ]
    path = tmp_path / '4k.mp4'
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('libx264', rate=30, options={'preset': 'ultrafast'})
        stream.width, stream.height, stream.pix_fmt = 3840, 2160, 'yuv420p'
        for i in range(60):
            frame = frames[i % 6]
            frame.pts = None
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    del frames
    inferencer(encode(tmp_path / 'small.mp4'))
    Path('/proc/self/clear_refs').write_text('5')  # forget the highest value so far
    before = _status('VmRSS')
    (prediction,) = inferencer(path, window=0.5, stride=0.25, batch_size=4)
    assert len(prediction.windows) == 7
    most = _status('VmHWM') - before
    print(f'a 4K clip of {prediction.windows[-1].end:.0f} s took {most:.0f} MB')
    assert 0 < most < 600
