"""Arguments of the testing tool, its errors, and short real runs."""

import os
import pickle

import pytest
import torch
from mmengine.config import Config

from mgdm_mmaction.apis.test import prepare_config, run_testing
from mgdm_mmaction.commands.test import parse_args
from mgdm_mmaction.config import ParsedConfig, count_views
from mgdm_mmaction.errors import MGDMError
from tests.apis.conftest import CONFIG


@pytest.fixture(autouse=True)
def _data(toy, monkeypatch, tmp_path):
    monkeypatch.setenv('MGDM_DATA', str(toy.data))
    monkeypatch.chdir(tmp_path)


def prepare(*args):
    return prepare_config(parse_args([CONFIG, *map(str, args)])).config


def mistake(*args) -> str:
    with pytest.raises(MGDMError) as caught:
        run_testing(prepare_config(parse_args([CONFIG, *map(str, args)])))
    return str(caught.value)


class Attack:
    """Pickles as a command."""

    def __init__(self, flag):
        self.flag = flag

    def __reduce__(self):
        return os.system, (f'touch "{self.flag}"',)


class TestArguments:
    def test_checkpoint_and_dump(self, tmp_path):
        checkpoint = tmp_path / 'a.pth'
        checkpoint.write_text('')
        cfg = prepare(checkpoint, '--dump', 'a.pkl')
        assert cfg.load_from == str(checkpoint)
        assert cfg.test_evaluator[-1] == dict(type='DumpResults', out_file_path='a.pkl')
        assert cfg.test_evaluator[0].type == 'AccMetric'
        assert prepare().load_from is None

    def test_views(self):
        one = [dict(type='UniformSample', clip_len=8), dict(type='CenterCrop')]
        assert count_views(one) == (8, 1, 1)
        many = [dict(type='SampleFrames', clip_len=16, num_clips=4), dict(type='ThreeCrop')]
        inside = dict(type='SkipUnreadable', transforms=many)
        dataset = dict(type='RepeatDataset', dataset=dict(pipeline=[inside]))
        cfg = ParsedConfig(Config(dict(test_dataloader=dict(dataset=dataset))))
        assert cfg.views('test') == (16, 4, 3)


class TestMistakes:
    def test_dump_is_no_pickle(self):
        assert '--dump out.json' in mistake('--dump', 'out.json')

    def test_no_checkpoint(self):
        assert 'checkpoint gone.pth does not exist' in mistake('gone.pth')

    def test_no_annotation_file(self):
        message = mistake('--cfg-options', 'test_dataloader.dataset.ann_file=gone.txt')
        assert 'gone.txt' in message

    @pytest.mark.parametrize('content', ['hostile', 'cut', 'other'])
    def test_checkpoint_that_is_none(self, tmp_path, content):
        flag, path = tmp_path / 'flag', tmp_path / 'bad.pth'
        torch.save({'state_dict': {}, 'meta': Attack(flag) if content == 'hostile' else 1}, path)
        if content == 'cut':
            path.write_bytes(path.read_bytes()[:100])
        message = mistake(path, '--cfg-options', 'test_dataloader.num_workers=0',
                          'test_dataloader.persistent_workers=False')  # fmt: skip
        expected = {
            'hostile': 'bad.pth was refused',
            'cut': 'bad.pth cannot be read',
            'other': 'architecture',
        }
        assert expected[content] in message
        assert not flag.exists()


def top1(done) -> float:
    assert done.returncode == 0, done.stderr
    text = done.stdout + done.stderr
    return float(text.split('acc/top1:')[-1].split()[0])


@pytest.mark.slow
class TestRuns:
    def test_initial_weights(self, toy, tmp_path):
        done = toy.tool('test.py', CONFIG, '--work-dir', tmp_path)
        top1(done)
        text = done.stdout + done.stderr
        assert "no checkpoint given: testing the model's initial weights" in text
        assert 'val_list.txt, 12 videos, list digest ' in text
        assert 'views of a video: 8 frames x 1 clips x 1 crops' in text
        assert "texts: 12 classes, corpus of 12 labels, context 'all'" in text

    def test_checkpoint_needs_neither_clip_weights_nor_training_data(self, toy, trained, tmp_path):
        """Also: two processes give what one gives, prediction by prediction."""
        hidden = [(toy.root / name, tmp_path / name) for name in ('clip.pt', 'negatives.jsonl')]
        train_list = (toy.root / 'train_list.txt', tmp_path / 'train_list.txt')
        for here, there in (*hidden, train_list):
            here.rename(there)
        try:
            results = []
            for name, args in (
                ('one', ['test.py', CONFIG, trained]),
                ('two', ['dist_test.sh', CONFIG, trained, 2]),
            ):
                dump = tmp_path / f'{name}.pkl'
                done = toy.tool(*args, '--dump', dump, '--work-dir', tmp_path / name, cwd=tmp_path)
                results.append((top1(done), pickle.loads(dump.read_bytes())))
        finally:
            for here, there in (*hidden, train_list):
                there.rename(here)
        (first, one), (second, two) = results
        assert first == second
        assert len(one) == len(two) == 12
        for left, right in zip(one, two, strict=True):
            assert left['pred_score'].shape == (12,)
            torch.testing.assert_close(left['pred_score'], right['pred_score'])
