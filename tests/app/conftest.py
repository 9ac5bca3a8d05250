"""A tiny recogniser with negatives, and its page on a free port of this process."""

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from mgdm_mmaction.apis.inferencer import MGDMInferencer
from mgdm_mmaction.app.limits import Limits
from mgdm_mmaction.app.recognition import Recognition
from mgdm_mmaction.app.told_apart import find_told_apart
from mgdm_mmaction.app.uploads import UploadFolder
from mgdm_mmaction.config import ParsedConfig
from tests.apis.conftest import CONFIG, toy, untrained

__all__ = ['toy']

# One megabyte, three seconds, and two that wait.
LIMITS = Limits(max_size=1, max_duration=3, queue=2)


@pytest.fixture(scope='session')
def checkpoint(toy) -> Path:
    """A checkpoint of the toy config with random weights."""
    return untrained(toy, CONFIG, toy.data / 'epoch_1.pth')


@pytest.fixture(scope='session')
def recognition(checkpoint) -> Recognition:
    inferencer = MGDMInferencer(str(checkpoint), device='cpu', show_progress=False)
    told_apart, note = find_told_apart(ParsedConfig(inferencer.cfg).attach, inferencer.labels)
    assert told_apart is not None, note
    return Recognition(inferencer, LIMITS, told_apart)


@pytest.fixture(scope='session')
def asked() -> Iterator[list]:
    """Every address that this process looks up or connects to, from before the page is built."""
    found = []
    connect, lookup = socket.socket.connect, socket.getaddrinfo

    def recorded_connect(self, address):
        found.append(address[0] if isinstance(address, tuple) else 'unix')
        return connect(self, address)

    def recorded_lookup(host, *args, **kwargs):
        found.append(host)
        return lookup(host, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, 'connect', recorded_connect)
        patch.setattr(socket, 'getaddrinfo', recorded_lookup)
        yield found


class Served(NamedTuple):
    """Where the page is, and its folder."""

    host: str
    port: int
    uploads: UploadFolder

    @property
    def url(self) -> str:
        return f'http://{self.host}:{self.port}'


@pytest.fixture(scope='session')
def server(recognition, asked):
    """The page, served."""
    pytest.importorskip('gradio')
    from mgdm_mmaction.app.page import build_server, listen

    with listen('127.0.0.1', 0) as listening, UploadFolder() as uploads:
        server = build_server(recognition, uploads, listening, 'toy')
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        end = time.monotonic() + 30
        while not server.started:
            assert thread.is_alive()
            assert time.monotonic() < end
            time.sleep(0.02)
        yield Served(*listening.getsockname(), uploads)
        server.should_exit = True
        thread.join(30)
        assert not thread.is_alive()


@pytest.fixture(scope='session')
def clip(toy) -> Path:
    """A clip of the toy set."""
    return next((toy.root / 'videos' / 'val').glob('star_growing/*.mp4'))


@pytest.fixture(scope='session')
def long_clip(tmp_path_factory) -> Path:
    """A clip of four seconds."""
    from tests.datasets.videos import write_video

    return write_video(tmp_path_factory.mktemp('clips') / 'long.mp4', 0, count=40)
