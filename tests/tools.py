"""Run a tool in a process of its own that does not import PyTorch and MMAction2 once more."""

import multiprocessing
import os
import runpy
import sys
import tempfile
from functools import cache
from multiprocessing import forkserver
from pathlib import Path
from subprocess import CompletedProcess, TimeoutExpired
from unittest import mock

ROOT = Path(__file__).resolve().parents[1]

# Children are forked from a server that has made these imports and nothing else.
_SERVER = multiprocessing.get_context('forkserver')
_SERVER.set_forkserver_preload(
    [
        'mgdm_mmaction.apis.train',
        'mmaction.apis',
        'mmaction.models',
        'mmaction.datasets',
        'open_clip',
    ]
)


def leave_configs_as_written():
    """Keep yapf from laying out the text of configs, which takes seconds each time."""
    from mmengine.config import config

    config.FormatCode = lambda text, **_: (text, True)


@cache
def start_server():
    """Start the server, once."""
    # Of this tree, wherever a test has changed to.
    with mock.patch.dict(os.environ, PYTHONPATH=str(ROOT)):
        forkserver.ensure_running()


def run_tool(tool, *args, cwd, env, timeout=600):
    """Run a Python tool as ``python TOOL ARGS`` would.

    Returns:
        CompletedProcess: With the text of both outputs.
    """
    start_server()
    command = [str(tool), *map(str, args)]
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, name) for name in ('out', 'err')]
        child = _SERVER.Process(target=_child, args=(command, str(cwd), dict(env), files))
        child.start()
        child.join(timeout)
        if child.exitcode is None:
            child.kill()
            raise TimeoutExpired(command, timeout)
        out, err = (file.read_text() for file in files)
    return CompletedProcess(command, child.exitcode, out, err)


def _child(command, cwd, env, files):
    # A server that the tool may start is none of ours.
    forkserver.set_forkserver_preload(['__main__'])
    for number, file in enumerate(files, 1):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), number)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    leave_configs_as_written()
    sys.argv = command
    paths = filter(None, env.get('PYTHONPATH', '').split(os.pathsep))
    sys.path[:0] = [str(Path(command[0]).parent), *paths]
    runpy.run_path(command[0], run_name='__main__')
