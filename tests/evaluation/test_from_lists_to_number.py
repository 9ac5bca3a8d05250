"""Base-to-novel as a user does it: lists, negatives, training, one report of both halves."""

import json
import uuid

import pytest
from mmengine.config import Config

from mgdm_mmaction.apis.train import run_training
from mgdm_mmaction.commands.build_protocol import main as build_protocol
from mgdm_mmaction.commands.evaluate import main as evaluate
from mgdm_mmaction.commands.mine_negatives import main as mine
from mgdm_mmaction.evaluation.report import read_reports
from mgdm_mmaction.text.corpus import read_labels
from tests.apis.conftest import CONFIG

BASE = f"""
_base_ = {CONFIG!r}
from mgdm_mmaction.config import change_steps

seed = '{{{{$MGDM_SEED:1}}}}'
protocol = dict(name='base-to-novel', data='toy', shots=2, seed=seed, part='base')
work_dir = f'work/base_seed{{seed}}'
model = dict(cls_head=dict(classes='lists/base_classes.txt'))
train_dataloader = dict(dataset=dict(ann_file=f'lists/base_train_2shot_seed{{seed}}.txt'))
val_dataloader = dict(dataset=dict(ann_file='lists/base_val.txt'))
test_dataloader = val_dataloader
change_steps(_base_, AttachHardNegatives=dict(negatives_file='negatives.jsonl', k=2))
_base_.train_dataloader.update(batch_size=6, num_workers=0, persistent_workers=False)
_base_.val_dataloader.update(batch_size=6, num_workers=0, persistent_workers=False)
_base_.test_dataloader.update(batch_size=6, num_workers=0, persistent_workers=False)
train_cfg = dict(max_epochs=1, val_interval=5)
_base_.param_scheduler.clear()
"""
NOVEL = """
_base_ = 'base.py'
protocol = dict(part='novel')
work_dir = 'work/novel'
model = dict(cls_head=dict(classes='lists/novel_classes.txt', open_vocabulary=True))
test_dataloader = dict(dataset=dict(ann_file='lists/novel_val.txt'))
train_dataloader = train_cfg = optim_wrapper = param_scheduler = None
val_dataloader = val_cfg = val_evaluator = None
"""


@pytest.mark.slow
def test_base_to_novel(toy, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv('MGDM_DATA', str(toy.data))
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'base.py').write_text(BASE)
    (tmp_path / 'novel.py').write_text(NOVEL)
    classes = str(toy.root / 'classes.txt')
    build_protocol(
        ['base-to-novel', '--train', str(toy.root / 'train_list.txt'), '--val',
         str(toy.root / 'val_list.txt'), '--classes', classes, '--out', 'lists', '--shots', '2',
         '--seeds', '1']
    )  # fmt: skip
    mine(['base.py', '--num-negatives', '2'])
    cfg = Config.fromfile('base.py')
    cfg.launcher, cfg.experiment_name, cfg.randomness = 'none', uuid.uuid4().hex, dict(seed=0)
    run_training(cfg)
    checkpoint = 'work/base_seed1/epoch_1.pth'
    capsys.readouterr()
    evaluate(
        ['--configs', 'base.py', 'novel.py', '--checkpoints',
         'work/base_seed{MGDM_SEED}/epoch_1.pth', '--over', 'MGDM_SEED=1', '--out', 'r.json']
    )  # fmt: skip
    base, novel = read_reports('r.json')
    assert [r.protocol['classes'] for r in (base, novel)] == [6, 6]
    assert [r.protocol['seen_classes'] for r in (base, novel)] == [6, 0]
    assert base.protocol['k'] == novel.protocol['k'] == 2
    assert base.protocol['checkpoint_digest'] == novel.protocol['checkpoint_digest']
    names = read_labels('lists/base_classes.txt') + read_labels('lists/novel_classes.txt')
    assert sorted(names) == sorted(read_labels(classes))
    summary = json.loads((tmp_path / 'r.json').read_text())['summary']
    b, n = (r.metrics['top5'] for r in (base, novel))
    assert summary['harmonic']['top5']['mean'] == pytest.approx(2 * b * n / (b + n))
    printed = capsys.readouterr().out
    assert 'base-to-novel, toy, 2 shots, seed 1, novel classes' in printed
    assert 'harmonic' in printed
    # Without the option the halves cannot be mixed up.
    with pytest.raises(ValueError, match='was trained with another corpus'):
        evaluate(['novel.py', checkpoint, '--cfg-options', 'model.cls_head.open_vocabulary=False'])
