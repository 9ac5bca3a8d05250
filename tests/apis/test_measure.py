"""Reports of real tests on encoded videos, and views of a video one by one."""

import copy
import hashlib
import json
import os

import numpy as np
import pytest
import torch
from mmaction.registry import DATASETS, MODELS, TRANSFORMS
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate
from mmengine.runner import load_checkpoint

from mgdm_mmaction.checkpoint import Checkpoint, read_checkpoint
from mgdm_mmaction.commands.evaluate import main
from mgdm_mmaction.datasets.annotations import check_annotation
from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.evaluation.report import read_reports
from tests.apis.conftest import CONFIG


@pytest.fixture(autouse=True)
def _data(toy, monkeypatch, tmp_path):
    monkeypatch.setenv('MGDM_DATA', str(toy.data))
    monkeypatch.chdir(tmp_path)


def small(**changes) -> Config:
    """The toy config without worker processes."""
    cfg = Config.fromfile(CONFIG)
    for split in ('train', 'val', 'test'):
        cfg[f'{split}_dataloader'].update(batch_size=4, num_workers=0, persistent_workers=False)
    cfg.merge_from_dict(changes)
    return cfg


@pytest.fixture(scope='module')
def checkpoint(toy, tmp_path_factory):
    """A checkpoint with what MMEngine's runner writes, of changed weights."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('MGDM_DATA', str(toy.data))
        cfg = small(**{'train_dataloader.dataset.pipeline.1.k': 3})
    torch.manual_seed(1)
    model = MODELS.build(cfg.model)
    model.init_weights()
    for parameter in model.parameters():
        parameter.data.add_(torch.randn_like(parameter) * 0.02)
    path = tmp_path_factory.mktemp('trained') / 'epoch_1.pth'
    torch.save(dict(meta=dict(cfg=cfg.pretty_text), state_dict=model.state_dict()), path)
    return path


def write(cfg: Config, path) -> str:
    cfg.dump(str(path))
    return str(path)


def scores_of(cfg: Config, checkpoint) -> tuple[list, list]:
    """Scores and labels without a runner: data set, model, one video at a time."""
    model = MODELS.build(cfg.model).eval()
    load_checkpoint(model, str(checkpoint))
    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    scores, labels = [], []
    with torch.no_grad():
        for item in dataset:
            (sample,) = model.test_step(pseudo_collate([item]))
            scores.append(sample.pred_score)
            labels.append(int(sample.gt_label))
    return scores, labels


@pytest.mark.slow
def test_report_of_a_checkpoint(toy, checkpoint, tmp_path, capsys):
    cfg = small(**{'model.cls_head.context': 'single'})
    config = write(cfg, tmp_path / 'a.py')
    main([config, str(checkpoint), '--out', 'report.json', '--work-dir', 'work'])
    (report,) = read_reports('report.json')
    scores, labels = scores_of(cfg, checkpoint)
    hits = [int(score.argmax()) == label for score, label in zip(scores, labels, strict=True)]
    five = [
        label in score.topk(5).indices.tolist() for score, label in zip(scores, labels, strict=True)
    ]
    assert report.metrics['top1'] == pytest.approx(np.mean(hits))
    assert report.metrics['top5'] == pytest.approx(np.mean(five))
    # One video a class.
    assert report.metrics['mean_class'] == pytest.approx(np.mean(hits))
    p = report.protocol
    assert p['list_digest'] == check_annotation(str(toy.root / 'val_list.txt')).digest
    assert (p['videos'], p['list'], p['classes']) == (12, 'val_list.txt', 12)
    assert (p['frames'], p['clips'], p['crops']) == (8, 1, 1)
    assert (p['k'], p['context'], p['seen_classes']) == (3, 'single', 12)
    assert (p['checkpoint'], p['corpus_labels']) == ('epoch_1.pth', 12)
    assert p['name'] == 'supervised'
    assert report.versions['torch'] == torch.__version__
    printed = capsys.readouterr().out
    for text in (
        'videos      12 in val_list.txt, list digest ',
        'views       8 frames x 1 clips x 1 crops, averaged by prob',
        'trained with k = 3 negatives a video',
        f'epoch_1.pth, sha256 {p["checkpoint_digest"]}',
        'trained on  12 of the classes',
        f'| {100 * np.mean(hits):.1f} | {100 * np.mean(five):.1f} |',
    ):
        assert text in printed
    assert hashlib.sha256(checkpoint.read_bytes()).hexdigest().startswith(p['checkpoint_digest'])


@pytest.mark.slow
def test_open_vocabulary_over_draws(toy, checkpoint, tmp_path, capsys):
    """Half of the classes and others, from lists to mean, with one checkpoint."""
    names = (toy.root / 'classes.txt').read_text().split('\n')[:12]
    lines = (toy.root / 'val_list.txt').read_text().splitlines()
    for draw, chosen in ((1, names[:3]), (2, names[6:9])):
        labels = [f'{line.split()[0]} {chosen.index(names[int(line.split()[1])])}\n'
                  for line in lines if names[int(line.split()[1])] in chosen]  # fmt: skip
        (tmp_path / f'draw{draw}.txt').write_text(''.join(labels))
        # A class more, which no video is of and the checkpoint has never seen.
        classes = '\n'.join([*chosen, f'a dog jumping {draw}'])
        (tmp_path / f'draw{draw}_classes.txt').write_text(classes)
    (tmp_path / 'zero.py').write_text(
        f'_base_ = {CONFIG!r}\n'
        "draw = '{{$MGDM_DRAW:1}}'\n"
        "protocol = dict(name='zero-shot', data='toy', draw=draw)\n"
        "model = dict(cls_head=dict(open_vocabulary=True, classes=f'draw{draw}_classes.txt'))\n"
        'train_dataloader = train_cfg = optim_wrapper = param_scheduler = None\n'
        'val_dataloader = val_cfg = val_evaluator = None\n'
        'test_dataloader = dict(num_workers=0, persistent_workers=False,'
        "dataset=dict(ann_file=f'draw{draw}.txt'))\n"
    )
    main(['zero.py', str(checkpoint), '--over', 'MGDM_DRAW=1-2', '--out', 'r.json',
          '--work-dir', 'w'])  # fmt: skip
    first, second = read_reports('r.json')
    for report in (first, second):
        assert report.protocol['classes_with_videos'] == 3
        assert (report.protocol['classes'], report.protocol['seen_classes']) == (4, 3)
        assert report.protocol['videos'] == 3
        assert report.protocol['k'] == 3
    assert first.protocol['list_digest'] != second.protocol['list_digest']
    summary = json.loads((tmp_path / 'r.json').read_text())['summary']['all']['top1']
    assert summary['mean'] == pytest.approx((first.metrics['top1'] + second.metrics['top1']) / 2)
    assert 'zero-shot, toy, draw 2' in capsys.readouterr().out
    with pytest.raises(MGDMError, match='--over MGDM_DRAWS: zero.py does not read this variable'):
        main(['zero.py', str(checkpoint), '--over', 'MGDM_DRAWS=1-2', '--work-dir', 'w'])
    with pytest.raises(MGDMError, match='checkpoint epoch_2.pth does not exist'):
        main(['zero.py', 'epoch_{MGDM_DRAW}.pth', '--over', 'MGDM_DRAW=2', '--work-dir', 'w'])


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['protocol.nmae=x'], r"`protocol` holds \['nmae'\]; expected dict\(name"),
        (['protocol.part=old'], "`protocol.part` should be 'base' or 'novel', but is 'old'"),
        (['test_dataloader.dataset.ann_file=gone.txt'], 'gone.txt'),
    ],
)
def test_mistakes(options, message, tmp_path):
    cfg = small()
    cfg.protocol = dict(name='x')
    with pytest.raises(MGDMError, match=message):
        main([write(cfg, tmp_path / 'a.py'), '--work-dir', 'w', '--cfg-options', *options])


def test_the_last_list_is_missed_before_the_first_test(tmp_path, capfd):
    (tmp_path / 'a.py').write_text(
        f'_base_ = {CONFIG!r}\n_base_.test_dataloader.dataset.ann_file = '
        "_base_.test_dataloader.dataset.ann_file + '{{$MGDM_SPLIT:.Y}}'\n"
    )
    with pytest.raises(MGDMError, match='val_list.txt.X'):
        main(['a.py', '--over', 'MGDM_SPLIT=.X', '--work-dir', 'w'])
    assert 'Epoch(test)' not in capfd.readouterr().out
    assert 'MGDM_SPLIT' not in os.environ


class TestCheckpoint:
    def test_k_is_read_and_nothing_is_run(self, tmp_path):
        flag = tmp_path / 'flag'
        text = (
            f'import os; os.system("touch {flag}")\nmodel = dict()\n'
            "val_dataloader = dict(dataset=dict(type='AttachHardNegatives', k=9))\n"
            "train_dataloader = dict(dataset=dict(pipeline=[dict(a=1), {'type': 'B', 'k': 1},\n"
            "    dict(k=5, type='mmaction.AttachHardNegatives', start=1)]))\n"
        )

        def k(text):
            return Checkpoint(dict(meta=dict(cfg=text)), 'a.pth').k

        assert k(text) == 5
        assert not flag.exists()
        assert k(text.replace('k=5, ', '')) == 7
        assert k('model = dict()\ntrain_dataloader = None') is None
        assert k(text.replace('HardNegatives', 'Triplets')) == 0
        assert k('def') is None

    def test_weights_alone(self, tmp_path):
        torch.save({'weight': torch.ones(2)}, tmp_path / 'a.pth')
        found = read_checkpoint(tmp_path / 'a.pth')
        assert (found.k, found.corpus) == (None, None)


@pytest.mark.parametrize('average', ['prob', 'score'])
@pytest.mark.slow
def test_many_views_are_the_mean_of_single_views(checkpoint, average):
    """2 clips x 3 crops through the real pipeline, against each clip and crop alone.

    UniformSample takes the middle of 2 x 8 stretches, so clip c of two is what SampleFrames finds
    at given frames; crops are cut out of the decoded frames by hand.
    """
    cfg = small(**{'model.test_cfg.average_clips': average})
    dataset_cfg = cfg.test_dataloader.dataset
    pipeline = dataset_cfg.pipeline
    sample = pipeline[0].transforms[1]
    sample.num_clips = 2
    at = next(i for i, step in enumerate(pipeline) if step.type == 'CenterCrop')
    # Wider than high, so that the three crops differ.
    pipeline[at - 1].update(scale=(96, 64), keep_ratio=False)
    many = copy.deepcopy(dataset_cfg)
    many.pipeline[at] = dict(type='ThreeCrop', crop_size=64)
    many_cfg = copy.deepcopy(cfg)
    many_cfg.test_dataloader.dataset = many
    found, labels = scores_of(many_cfg, checkpoint)

    model = MODELS.build(cfg.model).eval()
    load_checkpoint(model, str(checkpoint))
    until = copy.deepcopy(dataset_cfg)
    until.pipeline = pipeline[:at]
    whole = DATASETS.build(until)
    finish = [dict(type='FormatShape', input_format='NCHW'), dict(type='PackActionInputs')]
    finish = Compose([TRANSFORMS.build(step) for step in finish])
    assert len(whole) == len(found) == 12
    for video in range(3):
        results = whole[video]
        assert len(results['imgs']) == 2 * 8
        assert results['imgs'][0].shape == (64, 96, 3)
        singles = []
        for clip in range(2):
            for left in (0, 16, 32):
                one = copy.copy(results)
                frames = results['imgs'][8 * clip : 8 * clip + 8]
                one['imgs'] = [frame[:, left : left + 64] for frame in frames]
                one['num_clips'] = 1
                with torch.no_grad():
                    (sample,) = model.test_step(pseudo_collate([finish(one)]))
                singles.append(sample.pred_score)
        assert float(torch.stack(singles).std(0).max()) > 1e-4
        torch.testing.assert_close(found[video], torch.stack(singles).mean(0), atol=1e-5, rtol=1e-4)
