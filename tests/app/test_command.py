"""Wrong arguments of tools/app.py, each answered with one line before anything is loaded."""

import socket

import pytest

from mgdm_mmaction.app.command import main
from mgdm_mmaction.app.server import bind, is_loopback
from mgdm_mmaction.errors import MGDMError
from tests.apis.conftest import CONFIG


@pytest.fixture
def model(tmp_path):
    path = tmp_path / 'epoch_1.pth'
    path.write_bytes(b'no checkpoint')
    return str(path)


@pytest.mark.parametrize(
    ('args', 'message'),
    [
        (['gone.pth'], 'MODEL gone.pth: no such file'),
        ([CONFIG], 'is a config; name the checkpoint behind it: tools/app.py'),
        ([CONFIG, 'gone.pth'], 'CHECKPOINT gone.pth: no such file'),
        (['{model}', '--labels', 'gone.txt'], "'gone.txt' is neither a file nor one of"),
        (['{model}', '--negatives', 'gone.jsonl'], '--negatives gone.jsonl: no such file'),
        (['{model}', '--port', '70000'], '--port 70000: expected 0 to 65535'),
        (['{model}', '--port', '-1'], '--port -1'),
        (['{model}', '--max-size', '0'], '--max-size 0: expected a number above 0'),
        (['{model}', '--max-duration', 'nan'], '--max-duration nan'),
        (['{model}', '--queue', '0'], '--queue 0'),
        (
            ['{model}', '--host', '203.0.113.7', '--port', '0'],
            '203.0.113.7 port 0: .* --host takes',
        ),
        (['{model}', '--host', 'no such host', '--port', '0'], 'no address of this machine'),
        (['{model}', '--port', '0'], 'epoch_1.pth'),
    ],
)
def test_wrong_arguments(args, message, model):
    with pytest.raises(MGDMError, match=message) as caught:
        main([arg.format(model=model) for arg in args])
    assert '\n' not in str(caught.value)


def test_a_port_in_use(model):
    with socket.socket() as other:
        other.bind(('127.0.0.1', 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(MGDMError, match=f'port {port}: Address already in use. .*--port 0'):
            main([model, '--port', str(port)])


def test_loopback():
    for host in ('127.0.0.1', '127.9.9.9', '::1', 'localhost'):
        assert is_loopback(host)
    for host in ('0.0.0.0', '192.168.0.1', '::', 'localhost.example.org'):
        assert not is_loopback(host)
    with bind('127.0.0.1', 0) as taken:
        assert taken.getsockname()[0] == '127.0.0.1'
