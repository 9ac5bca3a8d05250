"""Tests of the workarounds, each against the real fault."""

import os
import pickle
import re
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer, MessageHub
from mmengine.runner.checkpoint import CheckpointLoader, save_checkpoint

from mgdm_mmaction.compat import drn_stub
from mgdm_mmaction.errors import MGDMError


def run_python(code: str, **env: str) -> subprocess.CompletedProcess:
    """Run code in a fresh interpreter, because an import can only be watched there."""
    root = os.path.abspath(os.path.join(__file__, *[os.pardir] * 3))
    path = os.pathsep.join(p for p in (env.pop('first', ''), root) if p)
    return subprocess.run(
        [sys.executable, '-W', 'always::UserWarning', '-c', textwrap.dedent(code)],
        env={**os.environ, 'PYTHONPATH': path, **env},
        capture_output=True,
        text=True,
    )


def fake_mmcv(folder, source: str) -> str:
    """Lay out a folder with a package ``mmcv`` of our own and return it."""
    (folder / 'mmcv').mkdir(parents=True)
    (folder / 'mmcv' / '__init__.py').write_text(source)
    return str(folder)


class TestImports:
    @pytest.mark.slow
    def test_mmaction_models_imports_silently(self):
        """And torch comes before decord."""
        done = run_python(
            'import sys, mgdm_mmaction, decord; loaded = list(sys.modules); '
            "print(loaded.index('torch') < loaded.index('decord._ffi.base')); "
            'import mmaction.models; print(mmaction.models.__name__)'
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout == 'True\nmmaction.models\n'
        assert done.stderr == ''

    @pytest.mark.slow
    def test_transformers_too_new_for_the_multimodal_models(self, tmp_path):
        for name in ('transformers', 'pycocotools'):
            (tmp_path / name).mkdir()
            (tmp_path / name / '__init__.py').write_text('')
            info = tmp_path / f'{name}-4.57.6.dist-info'
            info.mkdir()
            (info / 'METADATA').write_text(
                f'Metadata-Version: 2.1\nName: {name}\nVersion: 4.57.6\n'
            )
        (tmp_path / 'transformers' / 'modeling_utils.py').write_text('PreTrainedModel = object\n')
        code = 'import mgdm_mmaction, mmpretrain.models, mmaction.models; print("ok")'
        done = run_python(code, first=str(tmp_path))
        assert done.returncode == 0, done.stderr
        assert done.stdout == 'ok\n'

    @pytest.mark.slow
    def test_the_stand_in_is_only_there_where_drn_is_missing(self, monkeypatch, tmp_path):
        target = tmp_path / 'mmaction' / 'models' / 'localizers' / 'drn'
        target.mkdir(parents=True)
        (tmp_path / 'mmaction' / '__init__.py').write_text('')
        (target / 'drn.py').write_text('')
        code = """
            import sys
            from mgdm_mmaction.compat import drn_stub
            for name in [name for name in sys.modules if name.split('.')[0] == 'mmaction']:
                del sys.modules[name]
            sys.path.insert(0, {path!r})
            drn_stub.apply()
            print('mmaction.models.localizers.drn' in sys.modules)
        """
        done = run_python(code.format(path=str(tmp_path)))
        assert done.stdout == 'False\n', done.stderr
        os.remove(target / 'drn.py')
        assert run_python(code.format(path=str(tmp_path))).stdout == 'True\n'

    def test_the_stand_in_says_what_it_is(self):
        with pytest.raises(MGDMError, match='#2714'):
            drn_stub.DRN()


class TestMMCV:
    @pytest.mark.parametrize(
        ('source', 'found'),
        [
            ("__version__ = '2.2.0'", r'mmcv 2.2.0 is installed.* 2.0.0rc4 <= mmcv < 2.2.0'),
            ("__version__ = '1.7.2'", r'mmcv 1.7.2 is installed.* 2.0.0rc4 <= mmcv < 2.2.0'),
            ('', 'has no version'),
        ],
    )
    def test_what_mmaction2_refuses(self, tmp_path, source, found):
        done = run_python('import mgdm_mmaction, mmaction', first=fake_mmcv(tmp_path, source))
        assert 'During handling' not in done.stderr
        last = done.stderr.strip().splitlines()[-1]
        assert re.search(rf'MGDMError: .*{found}.*pip install "mgdm-mmaction\[lite\]"', last)


class Calls:
    """Pickles as a call of any function."""

    def __init__(self, function, *args):
        self.call = (function, args)

    def __reduce__(self):
        return self.call


HOSTILE = {
    'os.system': (lambda flag: Calls(os.system, f'touch {flag}'), 'posix.system'),
    'eval': (lambda flag: Calls(eval, f"open({str(flag)!r}, 'w')"), 'eval'),
    'getattr of a module': (lambda flag: Calls(getattr, Calls(__import__, 'os'), 'system'), ''),
    'getattr of an array': (lambda flag: Calls(getattr, np.ndarray, 'tofile'), 'ndarray'),
    'a private method': (lambda flag: Calls(getattr, HistoryBuffer, '__init__'), '__init__'),
}


class TestCheckpoints:
    def checkpoint(self):
        hub = MessageHub.get_instance('test_compat')
        for value in (1.0, 0.5):
            hub.update_scalar('train/loss', value)
        hub.update_info('best_score', np.float64(0.25))
        hub.update_info('epoch', 3)
        hub.update_info('ranks', np.arange(4))
        hub.update_info('small', np.float32(0.5))
        return {
            'meta': {'epoch': 3, 'cfg': 'a = 1', 'seed': np.int64(7)},
            'state_dict': {'w': torch.arange(3.0)},
            'message_hub': hub.state_dict(),
            'optimizer': torch.optim.AdamW([torch.zeros(1, requires_grad=True)]).state_dict(),
        }

    def test_what_mmengine_saves_loads(self, tmp_path):
        path = str(tmp_path / 'epoch_3.pth')
        save_checkpoint(self.checkpoint(), path)
        loaded = CheckpointLoader.load_checkpoint(path, map_location='cpu')
        assert torch.equal(loaded['state_dict']['w'], torch.arange(3.0))
        history = loaded['message_hub']['log_scalars']['train/loss']
        assert isinstance(history, HistoryBuffer)
        assert history.mean() == 0.75
        assert history.statistics('min') == 0.5
        assert loaded['message_hub']['runtime_info']['best_score'] == 0.25
        np.testing.assert_array_equal(loaded['message_hub']['runtime_info']['ranks'], np.arange(4))

    def test_the_fault_is_real(self, tmp_path):
        path = str(tmp_path / 'epoch_3.pth')
        save_checkpoint(self.checkpoint(), path)
        allowed = torch.serialization.get_safe_globals()
        torch.serialization.clear_safe_globals()
        try:
            with pytest.raises(pickle.UnpicklingError, match='Weights only load failed'):
                torch.load(path)
        finally:
            torch.serialization.add_safe_globals(allowed)

    def test_names_of_numpy_1(self, tmp_path):
        old = tmp_path / 'legacy.pth'
        torch.save(self.checkpoint(), old, _use_new_zipfile_serialization=False)
        data = old.read_bytes().replace(b'numpy._core.multiarray', b'numpy.core.multiarray')
        assert b'numpy.core.multiarray' in data
        old.write_bytes(data)
        loaded = CheckpointLoader.load_checkpoint(str(old), map_location='cpu')
        assert loaded['message_hub']['runtime_info']['best_score'] == 0.25

    @pytest.mark.parametrize('name', list(HOSTILE))
    def test_hostile_file_is_refused_and_nothing_runs(self, tmp_path, name):
        flag = tmp_path / 'flag'
        make, found = HOSTILE[name]
        path = str(tmp_path / 'hostile.pth')
        torch.save({'state_dict': {}, 'meta': make(flag)}, path)
        with pytest.raises(MGDMError, match='hostile.pth was refused') as caught:
            CheckpointLoader.load_checkpoint(path, map_location='cpu')
        assert found in str(caught.value)
        assert 'weights_only=False' not in str(caught.value)
        assert not flag.exists()

    def test_allowed_methods_cannot_be_called_by_the_file(self, tmp_path):
        path = str(tmp_path / 'hostile.pth')
        torch.save({'meta': Calls(getattr, HistoryBuffer, 'mean')}, path)
        assert CheckpointLoader.load_checkpoint(path)['meta'] is HistoryBuffer.mean

    def test_by_url(self, tmp_path, monkeypatch):
        """torch.hub keeps downloads in a folder: a file there stands for the downloaded one."""
        flag = tmp_path / 'flag'
        monkeypatch.setenv('TORCH_HOME', str(tmp_path))
        monkeypatch.setattr(torch.hub, '_hub_dir', None)
        folder = tmp_path / 'hub' / 'checkpoints'
        folder.mkdir(parents=True)
        torch.save({'meta': Calls(os.system, f'touch {flag}')}, folder / 'hostile.pth')
        with pytest.raises(MGDMError, match='hostile.pth was refused'):
            CheckpointLoader.load_checkpoint('https://example.invalid/hostile.pth')
        assert not flag.exists()

    @pytest.mark.parametrize('content', [b'', b'hello', b'PK\x03\x04 cut off', pickle.dumps(1, 4)])
    def test_no_checkpoint_at_all(self, tmp_path, content):
        path = tmp_path / 'broken.pth'
        path.write_bytes(content)
        with pytest.raises(MGDMError, match='broken.pth cannot be read as a checkpoint'):
            CheckpointLoader.load_checkpoint(str(path))

    def test_reasons_are_short_and_have_words(self, tmp_path):
        path = tmp_path / 'broken.pth'
        torch.save(self.checkpoint(), path)
        for content in (b'hello this is text', path.read_bytes()[:1000]):
            path.write_bytes(content)
            with pytest.raises(MGDMError, match=r'checkpoint \(.*[a-z]{3}.*\): it is') as caught:
                CheckpointLoader.load_checkpoint(str(path))
            assert 'high likelihood' not in str(caught.value)

    def test_cut_off(self, tmp_path):
        path = tmp_path / 'cut.pth'
        torch.save(self.checkpoint(), path)
        path.write_bytes(path.read_bytes()[:1000])
        with pytest.raises(MGDMError, match='cut.pth cannot be read'):
            CheckpointLoader.load_checkpoint(str(path))

    def test_missing_file_stays_what_it_is(self, tmp_path):
        with pytest.raises(FileNotFoundError, match='gone.pth'):
            CheckpointLoader.load_checkpoint(str(tmp_path / 'gone.pth'))
