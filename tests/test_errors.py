"""A user's mistake becomes one line; a fault of the program keeps its traceback."""

import subprocess
import sys
from pathlib import Path

import pytest
from mmaction.registry import MODELS, TRANSFORMS
from mmengine.registry import Registry
from mmengine.runner import Runner

from mgdm_mmaction.errors import MGDMError, check_output, explain_config, run_tool

ROOT = Path(__file__).parents[1]
PARTS = Registry('part')


@PARTS.register_module()
class Checked:
    def __init__(self, size, mode='fast', inner=None):
        if mode not in ('fast', 'slow'):
            raise ValueError(f"`mode` should be 'fast' or 'slow', but got '{mode}'")
        self.inner = PARTS.build(inner) if inner else None
        self.half = self.divide(size)

    @staticmethod
    def divide(size):
        if size == 13:
            raise ValueError('a fault deep below')
        return size / 2


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'type': 'Chekced'}, r'^Chekced is not in the tests::part registry. Correct `type`'),
        ({'size': 1, 'mood': 2}, r"gives Checked the option 'mood'.*did you mean 'mode'\?"),
        ({'size': 1, 'x': 2}, r"the option 'x', which it does not have; it has size, mode, inner"),
        ({}, "does not give Checked what it needs: 'size'"),
        ({'size': 1, 'mode': 'no'}, "^config of Checked: `mode` should be 'fast' or 'slow'"),
        ({'size': 1, 'inner': {'type': 'Checked', 'sise': 1}}, "'sise'.*did you mean 'size'"),
    ],
)
def test_mistakes_of_a_config_name_type_and_option(options, message):
    with pytest.raises(MGDMError, match=message) as caught, explain_config():
        PARTS.build({'type': 'Checked', **options})
    assert caught.value.__cause__ is not None


def test_our_own_parts_are_told_so(capsys):
    def misspell():
        TRANSFORMS.build({'type': 'AttachHardNegatives', 'negatives_file': 'x', 'kk': 3})

    with pytest.raises(SystemExit):
        run_tool(misspell)
    error = capsys.readouterr().err
    assert error.startswith('error: the config gives AttachHardNegatives the option')
    assert error.count('\n') == 1


def test_options_of_a_model_are_checked_in_one_line():
    message = 'config of AugmentedContrastiveLoss: `target` should be'
    with pytest.raises(MGDMError, match=message), explain_config():
        MODELS.build({'type': 'AugmentedContrastiveLoss', 'target': 'other'})


def test_an_option_of_the_loader(tmp_path):
    (tmp_path / 'list.txt').write_text('a.mp4 0\n')
    dataset = {'type': 'VideoDataset', 'ann_file': str(tmp_path / 'list.txt'), 'pipeline': []}
    sampler = {'type': 'DefaultSampler', 'shuffle': False}
    loader = {'dataset': dataset, 'sampler': sampler, 'num_workers': 0, 'batch_sise': 1}
    with pytest.raises(MGDMError, match="DataLoader.*'batch_sise'.*'batch_size'"), explain_config():
        Runner.build_dataloader(loader)


def deep_fault():
    PARTS.build({'type': 'Checked', 'size': 13})


def type_fault():
    PARTS.build({'type': 'Checked', 'size': 'text'})


def outside():
    raise ValueError('nothing to do with a config')


@pytest.mark.parametrize('fault', [deep_fault, type_fault, outside])
def test_other_errors_stay_as_they_are(fault):
    with pytest.raises((ValueError, TypeError)) as caught, explain_config():
        fault()
    assert not isinstance(caught.value, MGDMError)


@pytest.mark.parametrize('lines', [10, 100_000])
@pytest.mark.slow
def test_a_reader_that_left_is_no_fault(lines):
    code = f"""
import time
from mgdm_mmaction.errors import run_tool

def main():
    print('first', flush=True)
    time.sleep(1)
    print('a line\\\\n' * {lines})

run_tool(main)
"""
    command = ['bash', '-c', f'{sys.executable} -c "$0" | head -1; exit ${{PIPESTATUS[0]}}', code]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert (done.stdout, done.stderr, done.returncode) == ('first\n', '', 141)


def test_another_broken_pipe_is_one():
    def broken():
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        run_tool(broken)


@pytest.mark.parametrize(
    ('name', 'message'),
    [
        ('a' * 250 + '.json', 'File name too long; choose another name'),
        ('file/out.json', r'its folder cannot be made \(File exists\)'),
        ('file/sub/out.json', r'its folder cannot be made \(Not a directory\)'),
        ('a' * 300 + '/out.json', r'its folder cannot be made \(File name too long\)'),
        ('folder', 'is a folder; give the name of a file'),
        ('file', 'exists already; add --overwrite'),
    ],
)
def test_outputs_that_cannot_be_written(tmp_path, name, message):
    (tmp_path / 'file').touch()
    (tmp_path / 'folder').mkdir()
    with pytest.raises(MGDMError, match=message):
        check_output(tmp_path / name, overwrite=False)
    assert check_output(tmp_path / 'file', overwrite=True) == tmp_path / 'file'


@pytest.mark.parametrize('name', ['a' * 300, 'file/run'])
def test_a_place_that_the_system_refuses_is_one_line(tmp_path, capsys, name):
    (tmp_path / 'file').touch()
    with pytest.raises(SystemExit) as caught:
        run_tool((tmp_path / name).mkdir)
    assert caught.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith(f'error: {tmp_path}/')
    assert error.count('\n') == 1

    def lost():
        raise FileNotFoundError(2, 'No such file or directory', 'something of the program')

    with pytest.raises(FileNotFoundError):
        run_tool(lost)
