"""A ``python`` that starts at once: its processes are forked from one that has made the imports.

:func:`python` names the command. It takes a script, ``-m`` or ``-c`` with arguments, passes on
signals and ends with the code of its process. The first call starts the server, which lives as long
as the test session. Run as a script, this file is the client and the server.
"""

import fcntl
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PRELOAD = (
    'mgdm_mmaction.apis.train',
    'mmaction.apis',
    'mmaction.models',
    'mmaction.datasets',
    'mgdm_mmaction.models',
    'mgdm_mmaction.datasets',
    'mgdm_mmaction.evaluation',
    'mgdm_mmaction.apis.test',
    'matplotlib.figure',  # MMEngine's visualizer wants both
    'matplotlib.backends.backend_agg',
    'open_clip',
    'pandas',
)


def install(folder):
    """Write the command into a folder, for this process and those that it starts."""
    path, address = Path(folder, 'python'), Path(folder, 'server')
    words = [sys.executable, '-I', '-S', Path(__file__).resolve(), address, os.getpid()]
    path.write_text(f'#!/bin/sh\nexec {shlex.join(map(str, words))} "$@"\n')
    path.chmod(0o700)
    os.environ['MGDM_TEST_PYTHON'] = str(path)


def python():
    """Path of the command."""
    return os.environ['MGDM_TEST_PYTHON']


def run_tool(tool, *args, cwd, env, timeout=600):
    """Run ``python TOOL ARGS``.

    Returns:
        CompletedProcess: With the text of both outputs.
    """
    command = [python(), *map(str, (tool, *args))]
    return subprocess.run(
        command, cwd=cwd, env=env, capture_output=True, text=True, timeout=timeout
    )


def leave_configs_as_written():
    """Keep yapf from laying out the text of configs, which takes seconds each time."""
    from mmengine.config import config

    config.FormatCode = lambda text, **_: (text, True)


def _connect(address, owner):
    """Connect to the server, which the first client starts."""
    with open(f'{address}.lock', 'w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(address):
            _start_server(address, owner)
    client = socket.socket(socket.AF_UNIX)
    client.connect(address)
    return client


def _start_server(address, owner):
    log = Path(f'{address}.log')
    with log.open('w') as file:
        command = [sys.executable, __file__, address, owner, '--serve']
        env = {**os.environ, 'OMP_NUM_THREADS': '1'}
        server = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, env=env
        )
    while not os.path.exists(address):
        if server.poll() is not None:
            sys.exit(f'the server of forked processes did not start:\n{log.read_text()}')
        time.sleep(0.05)


def _ask(address, owner, argv):
    """Let the server fork a process with our arguments, folder, variables and outputs."""
    import json

    client = _connect(address, owner)
    message = json.dumps([argv, os.getcwd(), dict(os.environ)]).encode()
    socket.send_fds(client, [len(message).to_bytes(8, 'big')], [0, 1, 2])
    client.sendall(message)
    replies = client.makefile()
    pid = int(replies.readline())
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: os.kill(pid, number))
    code = int(replies.readline())
    if code < 0:
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)


def _serve(address, owner):
    """Fork a process for every client; return only in these, with their arguments."""
    import gc
    import importlib
    import json

    own_path = sys.path[1:]
    sys.path[0] = str(ROOT)
    for name in PRELOAD:
        importlib.import_module(name)
    sys.path[:] = own_path
    gc.freeze()  # a collection in a child would copy all pages
    server = socket.socket(socket.AF_UNIX)
    server.settimeout(5)
    server.bind(f'{address}.new')
    server.listen(64)
    os.rename(f'{address}.new', address)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        try:
            client, _ = server.accept()
        except TimeoutError:
            os.kill(int(owner), 0)  # raises once the session is over
            continue
        if os.fork() == 0:
            break
        client.close()
    server.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    client.setblocking(True)
    length, files, _, _ = socket.recv_fds(client, 8, 3)
    message = client.makefile('rb').read(int.from_bytes(length, 'big'))
    child = os.fork()
    if child:
        _attend(client, child, files)
    client.close()
    argv, folder, environment = json.loads(message)
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    return argv


def _attend(client, child, files):
    """Say how a process ended, and kill it when its client was killed."""
    import threading

    for file in files:
        os.close(file)

    def watch():
        with suppress(ProcessLookupError):
            if not client.recv(1):
                os.kill(child, signal.SIGKILL)

    with suppress(BrokenPipeError):
        client.sendall(f'{child}\n'.encode())
        threading.Thread(target=watch, daemon=True).start()
        _, status = os.waitpid(child, 0)
        client.sendall(f'{os.waitstatus_to_exitcode(status)}\n'.encode())
    os._exit(0)


def _run(argv, python):
    """Do what ``python *argv`` does."""
    import runpy

    leave_configs_as_written()
    sys.stdin, sys.stdout = os.fdopen(0), os.fdopen(1, 'w', 1)
    sys.stderr = os.fdopen(2, 'w', 1, errors='backslashreplace')
    # For the processes that it starts in turn.
    sys.executable = python
    sys.path[:0] = filter(None, os.environ.get('PYTHONPATH', '').split(os.pathsep))
    while argv[0] == '-u':
        del argv[0]
    if argv[0] == '-c':
        sys.argv = ['-c', *argv[2:]]
        sys.path.insert(0, '')
        exec(compile(argv[1], '<string>', 'exec'), dict(__name__='__main__'))
    elif argv[0] == '-m':
        sys.argv = argv[1:]
        sys.path.insert(0, os.getcwd())
        runpy.run_module(argv[1], run_name='__main__', alter_sys=True)
    else:
        sys.argv = argv
        sys.path.insert(0, os.path.dirname(os.path.abspath(argv[0])))
        runpy.run_path(argv[0], run_name='__main__')


def _run_and_exit(argv, python):
    """End as Python does, but without taking down its modules, which takes seconds."""
    import atexit
    import threading
    import traceback

    code = 0
    try:
        _run(argv, python)
    except SystemExit as error:
        code = error.code or 0
        if not isinstance(code, int):
            print(code, file=sys.stderr)
            code = 1
    except BaseException:
        traceback.print_exc()
        code = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(BrokenPipeError):
            stream.flush()
    os._exit(code)


if __name__ == '__main__':
    address, owner, *arguments = sys.argv[1:]
    if arguments == ['--serve']:
        _run_and_exit(_serve(address, owner), str(Path(address).with_name('python')))
    else:
        _ask(address, owner, arguments)
