"""Wrong arguments of tools/app.py, each answered with one line before anything is loaded."""

import signal
import socket
import subprocess
import sys
import urllib.request

import pytest

from mgdm_mmaction.commands.app import main
from mgdm_mmaction.errors import MGDMError
from tests.apis.conftest import CONFIG, ROOT
from tests.forked_python import python


@pytest.fixture
def model(tmp_path):
    path = tmp_path / 'epoch_1.pth'
    path.write_bytes(b'no checkpoint')
    return str(path)


@pytest.mark.parametrize(
    ('args', 'message'),
    [
        (['gone.pth'], 'MODEL gone.pth does not exist'),
        ([CONFIG], 'is a config; name the checkpoint behind it: tools/app.py'),
        ([CONFIG, 'gone.pth'], 'CHECKPOINT gone.pth does not exist'),
        (['{model}', '--labels', 'gone.txt'], "'gone.txt' is neither a file nor one of"),
        (['{model}', '--negatives', 'gone.jsonl'], '--negatives gone.jsonl does not exist'),
        (['{model}', '--port', '70000'], '--port 70000: expected 0 to 65535'),
        (['{model}', '--max-size', '0'], '--max-size 0: expected a number above 0'),
        (['{model}', '--max-duration', 'nan'], '--max-duration nan'),
        (['{model}', '--queue', '0'], '--queue 0'),
        (
            ['{model}', '--host', '203.0.113.7', '--port', '0'],
            '203.0.113.7 port 0: .* --host',
        ),
        (['{model}', '--host', 'no such host', '--port', '0'], 'no such host port 0: .* --host'),
        (['{model}', '--port', '0'], 'epoch_1.pth'),
    ],
)
def test_wrong_arguments(args, message, model):
    with pytest.raises(MGDMError, match=message) as caught:
        main([arg.format(model=model) for arg in args])
    assert '\n' not in str(caught.value)


def test_without_gradio(model, monkeypatch):
    monkeypatch.setitem(sys.modules, 'gradio', None)
    monkeypatch.delitem(sys.modules, 'mgdm_mmaction.app.page', raising=False)
    with pytest.raises(MGDMError, match=r'the page needs Gradio.* pip install "mgdm-mmaction\[app'):
        main([model, '--port', '0'])


def test_a_port_in_use(model):
    with socket.socket() as other:
        other.bind(('127.0.0.1', 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(MGDMError, match=f'port {port}: Address already in use. .*--port 0'):
            main([model, '--port', str(port)])


def test_loopback():
    from mgdm_mmaction.app.page import is_loopback

    for host in ('127.0.0.1', '127.9.9.9', '::1', 'localhost'):
        assert is_loopback(host)
    for host in ('0.0.0.0', '192.168.0.1', '::', 'localhost.example.org'):
        assert not is_loopback(host)


@pytest.mark.slow
def test_the_tool_from_start_to_stop(checkpoint, toy, tmp_path):
    pytest.importorskip('gradio')
    labels = tmp_path / 'labels.txt'
    labels.write_text('a <b>new</b> label\nanother one\n')
    temporary = tmp_path / 'temporary'
    temporary.mkdir()
    command = [
        python(), ROOT / 'tools' / 'app.py', CONFIG, checkpoint, '--labels', labels,
        '--port', '0', '--device', 'cpu', '--negatives', toy.root / 'negatives.jsonl',
    ]  # fmt: skip
    process = subprocess.Popen(
        list(map(str, command)),
        cwd=tmp_path,
        env={**toy.env, 'TMPDIR': str(temporary), 'PYTHONUNBUFFERED': '1'},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        said = []
        for line in process.stdout:
            said.append(line)
            if line.startswith('http'):
                break
        url = said[-1].split()[0] if said else ''
        assert url.startswith('http://127.0.0.1:'), ''.join(said)
        assert any(line.startswith('negatives: ') for line in said)
        with urllib.request.urlopen(url, timeout=30) as answer:
            page = answer.read().decode()
        assert 'mgdm_toy.py / epoch_1.pth, 2 labels' in page
        assert '<b>new' not in page
        assert len(list(temporary.glob('mgdm_app_*'))) == 1
        process.send_signal(signal.SIGINT)
        rest = process.communicate(timeout=30)[0]
    finally:
        process.kill()
    assert process.returncode == 0, rest
    assert rest.splitlines()[-1] == 'stopped'
    assert 'Traceback' not in rest
    # Neither clips nor folders of Gradio's are left, here or where it was started.
    assert list(temporary.glob('mgdm_app_*')) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ['labels.txt', 'temporary']
