"""The package as it is shipped: its data, what a wheel holds, and what it says without mmcv."""

import ast
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import mgdm_mmaction

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = Path(mgdm_mmaction.__file__).resolve().parent

BUILD = 'import setuptools.build_meta as b; b.build_{kind}({folder!r})'
HIDE_MMCV = """
import sys

class Hide:
    def __init__(self, finder):
        self.finder = finder
    def __getattr__(self, name):
        return getattr(self.finder, name)
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] != 'mmcv':
            return self.finder.find_spec(name, path, target)

sys.meta_path[:] = [Hide(finder) for finder in sys.meta_path]
import mgdm_mmaction
"""


def run(code, cwd, path=()):
    """Run Python code in another process, away from this tree, and return what came out."""
    env = dict(os.environ, PYTHONPATH=os.pathsep.join(map(str, path)))
    return subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', code],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )


def members(wheel):
    """Return {name: bytes} of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def relative_files(folder, pattern='*'):
    """Return the paths of the files under a folder that belong into a wheel."""
    found = (path.relative_to(folder) for path in folder.rglob(pattern) if path.is_file())
    return {path.as_posix() for path in found if not {'__pycache__', 'dev', '.mim'} & {*path.parts}}


@pytest.mark.parametrize(('name', 'number'), [('k400', 400), ('hmdb51', 51), ('ucf101', 101)])
def test_label_map_names_every_class_once(name, number):
    lines = (
        (PACKAGE / 'text' / 'label_maps' / f'{name}.txt').read_text(encoding='utf-8').splitlines()
    )
    assert len(lines) == len(set(lines)) == number
    assert all(line == line.strip() and line for line in lines)


def test_version_is_that_of_the_distribution():
    assert re.fullmatch(r'\d+\.\d+\.\d+\S*', mgdm_mmaction.__version__)
    try:
        installed = importlib.metadata.version('mgdm-mmaction')
    except importlib.metadata.PackageNotFoundError:
        pytest.skip('runs from the sources without being installed')
    assert installed == mgdm_mmaction.__version__


def test_modules_say_what_is_public():
    silent = []
    for path in sorted(PACKAGE.rglob('*.py')):
        body = ast.parse(path.read_text(encoding='utf-8')).body
        assigned = (t for node in body if isinstance(node, ast.Assign) for t in node.targets)
        named = {target.id for target in assigned if isinstance(target, ast.Name)}
        defined = [n.name for n in body if isinstance(n, ast.FunctionDef | ast.ClassDef)]
        if '__all__' not in named and any(not name.startswith('_') for name in defined):
            silent.append(path.relative_to(PACKAGE).as_posix())
    assert not silent


def test_missing_mmcv_is_explained(tmp_path):
    done = run(HIDE_MMCV, tmp_path, [PACKAGE.parent])
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    assert 'MGDMError' in last
    assert 'mmcv is not installed' in last
    assert 'pip install "mgdm-mmaction[lite]"' in last


def test_no_file_names_a_place_of_one_machine():
    absolute = re.compile(r'(?<![\w.~)}])/(?:work|root|home|Users|mnt|nfs|scratch)/\w+')
    listed = subprocess.run(
        ['git', 'ls-files', '--cached', '--others', '--exclude-standard'],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip('not a git checkout')
    found = []
    for name in listed.stdout.splitlines():
        try:
            text = (ROOT / name).read_text(encoding='utf-8')
        except (UnicodeDecodeError, FileNotFoundError):  # a picture, or just deleted
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if absolute.search(line):
                found.append(f'{name}:{number}: {line.strip()}')
    assert not found, '\n'.join(found)


@pytest.fixture(scope='module')
def wheels(tmp_path_factory):
    """Build a wheel from a copy of the sources, and one from the source distribution."""
    base = tmp_path_factory.mktemp('wheel')
    tree = base / 'tree'
    ignore = shutil.ignore_patterns('.*', 'build', 'dist', '__pycache__', '*.egg-info')

    def skip(folder, names):
        mine = {'data', 'work_dirs'} if Path(folder) == ROOT else set()  # but not tools/data
        return ignore(folder, names) | mine

    shutil.copytree(ROOT, tree, ignore=skip)
    # What an earlier build left behind, and an editable install: neither may end up in the wheel.
    stale = tree / 'build' / 'lib' / 'mgdm_mmaction' / 'deleted_since.py'
    stale.parent.mkdir(parents=True)
    stale.write_text('')
    (tree / 'mgdm_mmaction' / '.mim').mkdir()
    (tree / 'mgdm_mmaction' / '.mim' / 'left.py').write_text('')
    results = []
    for kind in ('sdist', 'wheel'):
        done = run(BUILD.format(kind=kind, folder=str(base / kind)), tree)
        assert done.returncode == 0, done.stderr
    shutil.unpack_archive(next((base / 'sdist').glob('*.tar.gz')), base / 'unpacked')
    source = next((base / 'unpacked').iterdir())
    done = run(BUILD.format(kind='wheel', folder=str(base / 'from_sdist')), source)
    assert done.returncode == 0, done.stderr
    for folder in ('wheel', 'from_sdist'):
        results.append(next((base / folder).glob('*.whl')))
    return results


@pytest.mark.slow
class TestWheel:
    def test_holds_every_module_and_data_file(self, wheels):
        inside = {name for name in members(wheels[0]) if name.startswith('mgdm_mmaction/')}
        expected = {f'mgdm_mmaction/{name}' for name in relative_files(PACKAGE, '*.py')}
        folders = ['text/label_maps', 'clip/model_configs', 'visualization/templates']
        for folder in (*folders, 'units/data', 'graph/data'):
            expected |= {
                f'mgdm_mmaction/{folder}/{name}' for name in relative_files(PACKAGE / folder)
            }
        for folder in ('configs', 'tools'):
            expected |= {
                f'mgdm_mmaction/.mim/{folder}/{name}' for name in relative_files(ROOT / folder)
            }
        # The face of benchmarks/, which stays in the source tree.
        expected.remove('mgdm_mmaction/.mim/tools/benchmark.py')
        expected.add('mgdm_mmaction/.mim/model-index.yml')
        assert inside == expected

    def test_from_the_source_distribution_is_the_same(self, wheels):
        tree, sdist = map(members, wheels)
        assert sorted(tree) == sorted(sdist)
        assert [name for name in tree if tree[name] != sdist[name]] == []

    def test_has_licence_and_version(self, wheels):
        content = members(wheels[0])
        prefix = f'mgdm_mmaction-{mgdm_mmaction.__version__}.dist-info'
        assert b'Apache License' in content[f'{prefix}/licenses/LICENSE']
        metadata = content[f'{prefix}/METADATA'].decode()
        assert f'Version: {mgdm_mmaction.__version__}\n' in metadata
        # Two kinds of mmcv must never be installed together, so none is a plain requirement.
        needed = re.findall(r'^Requires-Dist: (mmcv.*)$', metadata, flags=re.MULTILINE)
        assert needed
        assert all('extra ==' in line for line in needed)

    def test_installed_elsewhere_it_brings_its_data_and_commands(self, wheels, tmp_path):
        installed = tmp_path / 'installed'
        options = ['--quiet', '--no-deps', '--no-compile', '--target', str(installed)]
        pip = [sys.executable, '-m', 'pip', 'install', *options, str(wheels[0])]
        subprocess.run(pip, check=True)
        code = """
import sys
from pathlib import Path
import mgdm_mmaction
from mgdm_mmaction.clip import get_arch
from mgdm_mmaction.text.corpus import read_labels
from mmengine.config import Config
package = Path(mgdm_mmaction.__file__).parent
configs = [c for c in (package / '.mim/configs').rglob('*.py') if '_base_' not in c.parts]
models = [Config.fromfile(c).model.type for c in configs]
print(package, len(read_labels('k400')), get_arch('mgdm-tiny')['embed_dim'], sorted(set(models)))
"""
        done = run(code, tmp_path, [installed])
        assert done.returncode == 0, done.stderr
        expected = f"{installed / 'mgdm_mmaction'} 400 128 ['ASU', 'KGCLIP', 'MGDM']"
        assert done.stdout.splitlines()[-1] == expected
        assert_commands_explain_themselves(installed / 'mgdm_mmaction' / '.mim', installed)


def test_every_command_explains_itself_without_torch():
    assert_commands_explain_themselves(ROOT, ROOT)


def assert_commands_explain_themselves(folder, path):
    commands = sorted(map(str, (folder / 'tools').rglob('*.py')))
    assert commands
    done = run(_HELP.format(commands=commands), folder, [path])
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {command: [0, 'usage:', False] for command in commands}


# All in one process: once torch is loaded, every command after that would have it.
_HELP = """
import contextlib, io, json, runpy, sys

found = {{}}
for command in {commands}:
    sys.argv = [command, '--help']
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        try:
            code = runpy.run_path(command, run_name='__main__') and 'not ended'
        except SystemExit as end:
            code = end.code or 0
    found[command] = code, out.getvalue()[:6], 'torch' in sys.modules
print(json.dumps(found))
"""
