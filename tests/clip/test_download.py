"""Weights of a tag where the hub cannot be reached: soon an error, or the file of the cache."""

import socket
import time

import huggingface_hub
import pytest
from huggingface_hub import constants

from mgdm_mmaction.clip import build_clip, download
from mgdm_mmaction.errors import MGDMError

CONFIG = dict(hf_hub='somebody/some-clip/')


@pytest.fixture
def silent():
    """Address of a server that takes connections and says nothing."""
    with socket.create_server(('127.0.0.1', 0)) as server:
        yield f'http://127.0.0.1:{server.getsockname()[1]}'


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(constants, 'HF_HUB_CACHE', str(tmp_path))
    for name in ('HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def expect_error(endpoint, monkeypatch):
    monkeypatch.setattr(constants, 'ENDPOINT', endpoint)
    start = time.perf_counter()
    with pytest.raises(MGDMError, match='could not be downloaded .*and name the file') as caught:
        build_clip('ViT-B-32', 'openai')
    assert endpoint in str(caught.value)
    return time.perf_counter() - start


@pytest.mark.parametrize('patience', [0.3, pytest.param(8.0, marks=pytest.mark.slow)])
def test_a_silent_host_costs_its_patience(patience, silent, monkeypatch):
    # The first call also imports and reads what open_clip knows of its tags.
    monkeypatch.setattr(download, '_PATIENCE', 0.1)
    expect_error(silent, monkeypatch)
    monkeypatch.setattr(download, '_PATIENCE', patience)
    assert expect_error(silent, monkeypatch) < min(patience + 5, 10)


def test_a_name_that_leads_nowhere(monkeypatch):
    # The name is looked up by the system, whose answer may take long.
    monkeypatch.setattr(download, '_PAUSES', (0.0, 0.0))
    assert expect_error('http://no-such-host.invalid', monkeypatch) < 10


def test_the_cache_is_enough(tmp_path, silent, monkeypatch):
    monkeypatch.setattr(constants, 'ENDPOINT', silent)
    folder = tmp_path / 'models--somebody--some-clip'
    (folder / 'refs').mkdir(parents=True)
    (folder / 'refs' / 'main').write_text('1' * 40)
    file = folder / 'snapshots' / ('1' * 40) / 'open_clip_pytorch_model.bin'
    file.parent.mkdir(parents=True)
    file.write_bytes(b'weights')
    assert download.download_tag(CONFIG) == str(file)


def test_a_hub_that_answers_is_asked_for_the_file(monkeypatch):
    """Any answer will do, and what went wrong once is tried again."""

    class Client:
        calls = 0

        def head(self, url, timeout):
            Client.calls += 1
            if Client.calls == 1:
                raise OSError('a lost packet')

    asked = []

    def fetch(repo_id, filename, local_files_only=False, **_):
        asked.append(local_files_only)
        if local_files_only:
            raise FileNotFoundError
        return f'/cache/{repo_id}'

    monkeypatch.setattr(huggingface_hub, 'get_session', Client)
    monkeypatch.setattr(huggingface_hub, 'hf_hub_download', fetch)
    monkeypatch.setattr('open_clip.pretrained.hf_hub_download', fetch)
    monkeypatch.setattr(download, '_PAUSES', (0.0, 0.0))
    assert download.download_tag(CONFIG) == '/cache/somebody/some-clip'
    assert (asked[-1], Client.calls) == (False, 2)
