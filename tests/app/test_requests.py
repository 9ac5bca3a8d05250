"""Real requests to the page: what it answers, and what it does not."""

import http.client
import json
import os
import socket
import threading
from urllib.parse import quote

import pytest

pytestmark = pytest.mark.slow

API = '/gradio_api'


def ask(server, method, path, body=None, **headers):
    """Send a request as it is, without tidying the path."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
    try:
        connection.putrequest(method, path, skip_host='Host' in headers)
        if body is not None and 'Transfer_Encoding' not in headers:
            headers.setdefault('Content-Length', str(len(body)))
        for name, value in headers.items():
            connection.putheader(name.replace('_', '-'), value)
        connection.endheaders(body)
        answer = connection.getresponse()
        return answer.status, answer.read(), answer
    finally:
        connection.close()


def upload(server, content, name='clip.mp4', **headers):
    """Send a file as the page does."""
    body = (
        f'--b\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n'
        'Content-Type: video/mp4\r\n\r\n'
    ).encode() + content + b'\r\n--b--\r\n'  # fmt: skip
    headers = {'Content-Type': 'multipart/form-data; boundary=b', **headers}
    status, content, _ = ask(server, 'POST', f'{API}/upload', body, **headers)
    return status, json.loads(content)


def join(server, data, session):
    """Ask for a prediction: the first event of the page."""
    body = json.dumps(dict(data=data, fn_index=0, session_hash=session)).encode()
    status, content, _ = ask(
        server, 'POST', f'{API}/queue/join', body, **{'Content-Type': 'application/json'}
    )
    return status, json.loads(content)


def outcome(server, session):
    """Wait for the prediction."""
    status, content, _ = ask(server, 'GET', f'{API}/queue/data?session_hash={session}')
    assert status == 200
    events = [json.loads(line[5:]) for line in content.splitlines() if line.startswith(b'data:')]
    return next(event for event in events if event['msg'] == 'process_completed')


def named(path):
    return dict(path=str(path), meta=dict(_type='gradio.FileData'))


@pytest.fixture(scope='module')
def sent(server, clip):
    """The path of a clip that was sent."""
    status, paths = upload(server, clip.read_bytes())
    assert status == 200
    return paths[0]


def test_a_clip_that_was_sent_comes_back(server, sent, clip):
    status, content, answer = ask(server, 'GET', f'{API}/file={quote(sent)}')
    assert (status, content) == (200, clip.read_bytes())
    assert "default-src 'self'" in answer.headers['Content-Security-Policy']
    assert answer.headers['X-Content-Type-Options'] == 'nosniff'
    assert answer.headers['Content-Type'] == 'video/mp4'
    status, content, _ = ask(server, 'GET', f'{API}/file={quote(sent)}', Range='bytes=4-7')
    assert (status, content) == (206, clip.read_bytes()[4:8])


def test_an_upload_is_no_page_of_ours(server):
    for name in ('page.html', 'image.svg', 'script.js'):
        _, paths = upload(server, b'<script>alert(1)</script>', name)
        _, _, answer = ask(server, 'GET', f'{API}/file={quote(paths[0])}')
        assert answer.headers['Content-Type'] == 'application/octet-stream'


def test_a_page_of_another_site_sends_nothing(server):
    assert upload(server, b'clip', Sec_Fetch_Site='same-origin')[0] == 200
    for site in ('cross-site', 'same-site', 'none'):
        assert upload(server, b'clip', Sec_Fetch_Site=site)[0] == 403


def test_no_other_file_does(server, sent, checkpoint, toy):
    folder = server.uploads.path
    link, up = folder / 'link.mp4', folder / 'up'
    link.symlink_to(checkpoint)
    up.symlink_to(checkpoint.parent)
    inside = os.path.relpath(checkpoint, folder)
    tried = [
        checkpoint, toy.root / 'negatives.jsonl', '/proc/self/environ', 'setup.py', '', link,
        up / checkpoint.name, folder / inside, f'{sent}/../../{inside}', folder, f'{sent}\0',
        f'//{checkpoint}', f'file://{checkpoint}', 'http://127.0.0.1:9/', '~/.ssh/id_rsa',
    ]  # fmt: skip
    secret = checkpoint.read_bytes()[:64]
    own = ('not a file of this page', 'there is nothing here')
    try:
        for path in map(str, tried):
            once, twice = quote(path), quote(quote(path))
            dots = once.replace('..', '%2e%2e').replace('/', '%2F')
            for raw in {once, twice, dots, quote(path, safe='')}:
                for method in ('GET', 'HEAD'):
                    status, content, _ = ask(server, method, f'{API}/file={raw}')
                    assert status in (403, 404), (path, raw)
                    assert secret not in content
                    # We said so, before Gradio was asked.
                    assert method == 'HEAD' or json.loads(content)['detail'] in own, (path, raw)
    finally:
        link.unlink()
        up.unlink()


@pytest.mark.parametrize(
    ('method', 'paths'),
    [
        (
            'GET',
            'proxy=https://example.org/ file/etc/passwd vibe-code deep_link runs ../etc/passwd',
        ),
        ('POST', 'run/predict run/recognise api/predict call/recognise vibe-edit component_server'),
        ('PUT', 'upload'),
        ('DELETE', 'upload'),
    ],
)
def test_what_the_page_has_no_use_for_is_not_there(server, method, paths):
    for path in ('../monitoring', '../docs', '../openapi.json', *paths.split()):
        path = path[2:] if path.startswith('../') else f'{API}/{path}'
        status, content, _ = ask(server, method, path, None if method == 'GET' else b'')
        assert (status, json.loads(content)) == (404, {'detail': 'there is nothing here'})


def test_an_event_cannot_name_a_file_of_the_server(server, sent, checkpoint):
    def files():
        return sorted(path for path in server.uploads.path.rglob('*') if path.is_file())

    before = files()
    for path in (checkpoint, '/proc/self/environ', 'http://127.0.0.1:9/a.mp4', 7, None, [sent]):
        wrong = dict(path=path, meta=dict(_type='gradio.FileData'))
        if path == checkpoint:
            wrong['path'] = str(path)
        for data in ([wrong, ''], [named(sent), wrong], [named(sent), {'a': [wrong]}]):
            status, content = join(server, data, 'wrong')
            assert (status, content['detail'][:20]) == (403, 'that clip is not her'), data
    assert files() == before
    for body in (b'', b'{', b'\xff', b'[' * 100000):
        status, _, _ = ask(server, 'POST', f'{API}/queue/join', body)
        assert status == 400
    status, _, _ = ask(server, 'POST', f'{API}/queue/join', bytes(2_000_000))
    assert status == 413


def test_a_prediction(server, sent):
    status, _ = join(server, [named(sent), ''], 'fine')
    assert status == 200
    done = outcome(server, 'fine')
    assert done['success']
    assert 'the best of 12 labels; 8 frames seen' in done['output']['data'][1]


@pytest.mark.filterwarnings('ignore::DeprecationWarning')
def test_events_that_make_no_sense(server, sent):
    assert join(server, [None, 3], 'none')[0] == 200
    assert 'Drop a clip' in outcome(server, 'none')['output']['data'][1]
    for data in (['text', ''], [{'name': 'x'}, ''], [], {}):
        status, content = join(server, data, 'odd')
        # Either refused at once, or the event fails without a word about why.
        if status == 200:
            done = outcome(server, 'odd')
            assert not done['success']
            assert 'Traceback' not in str(done)
            assert str(server.uploads.path) not in str(done)


def test_a_file_that_is_too_large_does_not_arrive(server):
    status, content = upload(server, bytes(2 << 20))
    assert (status, content['detail']) == (413, 'the file is larger than 1 MB')
    # The server itself refuses these, ...
    for length in ('-1', 'x', ''):
        status, _, _ = ask(server, 'POST', f'{API}/upload', b'clip', Content_Length=length)
        assert status == 400
    # ... and we one that does not say how much there is to come.
    chunked = b'1\r\nx\r\n0\r\n\r\n'
    assert ask(server, 'POST', f'{API}/upload', chunked, Transfer_Encoding='chunked')[0] == 411


def test_a_full_folder_takes_no_more(server):
    ballast = server.uploads.path / 'ballast'
    ballast.write_bytes(b'')
    os.truncate(ballast, 17 << 20)
    try:
        status, content = upload(server, b'clip')
        assert (status, content['detail'][:19]) == (507, 'too many clips are ')
    finally:
        ballast.unlink()


@pytest.mark.parametrize('host', ['example.org:80', '127.0.0.1.example.org', ''])
def test_a_page_of_another_site_cannot_call_itself_this_one(server, host):
    status, _, _ = ask(server, 'GET', '/', Host=host)
    assert status == 400


def test_one_at_a_time_and_a_short_queue(server, sent, recognition):
    started, go = threading.Event(), threading.Event()
    running, most = 0, 0
    inferencer = recognition.inferencer

    def slow(*args, **kwargs):
        nonlocal running, most
        running += 1
        most = max(most, running)
        started.set()
        assert go.wait(60)
        running -= 1
        return inferencer(*args, **kwargs)

    recognition.inferencer = slow
    try:
        assert join(server, [named(sent), ''], 's0')[0] == 200
        assert started.wait(30)
        # Two may wait (the fixture's limit).
        assert [join(server, [named(sent), ''], f's{i}')[0] for i in (1, 2, 3)] == [200, 200, 503]
        go.set()
        done = [outcome(server, f's{i}') for i in range(3)]
    finally:
        go.set()
        recognition.inferencer = inferencer
    assert all('the best of 12 labels' in item['output']['data'][1] for item in done)
    assert most == 1


def test_a_fault_of_the_program_is_one_line_and_the_page_lives_on(
    server, sent, recognition, monkeypatch, capfd
):
    def broken(*args, **kwargs):
        raise RuntimeError('a secret of the program')

    with monkeypatch.context() as patch:
        patch.setattr(recognition, 'inferencer', broken)
        join(server, [named(sent), ''], 'fault')
        text = outcome(server, 'fault')['output']['data'][1]
    assert 'The program failed on this clip; the terminal' in text
    assert 'secret' not in text
    assert 'RuntimeError: a secret of the program' in capfd.readouterr().err
    join(server, [named(sent), ''], 'after')
    assert 'the best of 12 labels' in outcome(server, 'after')['output']['data'][1]


def test_it_listens_on_loopback_alone_and_its_port_is_taken(server):
    from mgdm_mmaction.app.page import listen
    from mgdm_mmaction.errors import MGDMError

    with socket.socket() as other, pytest.raises(OSError, match='refused'):
        other.connect(('127.0.0.2', server.port))
    with pytest.raises(MGDMError, match=f'port {server.port}: Address already in use'):
        listen('127.0.0.1', server.port)


def test_the_server_asks_nobody(server, sent, asked):
    join(server, [named(sent), 'one label'], 'asks')
    assert outcome(server, 'asks')['success']
    assert '127.0.0.1' in asked
    assert {host for host in asked if host not in ('127.0.0.1', '127.0.0.2', 'localhost')} == set()
