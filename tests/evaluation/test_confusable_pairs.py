"""Accuracy among hard negatives, counted again by hand and on two processes."""

import math

import numpy as np
import pytest
import torch
import torch.multiprocessing as mp
from mmaction.registry import METRICS
from mmengine.config import Config
from mmengine.evaluator import Evaluator
from mmengine.fileio import load

from mgdm_mmaction.apis.test import confusable_pairs, prepare_config, run_testing
from mgdm_mmaction.commands.test import parse_args
from mgdm_mmaction.config import ParsedConfig
from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.evaluation import ConfusablePairAccuracy
from mgdm_mmaction.negatives import read_negatives
from tests.apis.conftest import CONFIG
from tests.models.two_processes import connect, free_port
from tests.negatives.inspection.files import CLASSES, random_rows, write


def sample(scores, label, **path):
    return dict(pred_score=torch.tensor(scores), gt_label=torch.tensor([label]), **path)


def random_samples(count=30, classes=4, seed=0, paths=()):
    """Videos with two decimals a score, so that ties happen; the first ones have paths."""
    rng = np.random.default_rng(seed)
    samples = []
    for i in range(count):
        scores = (rng.random(classes + 1) * 10).round() / 10
        path, label = paths[i] if i < len(paths) else (None, int(rng.integers(classes)))
        samples.append(sample(scores, label, **({'filename': path} if path else {})))
    return samples


def measure(path, samples, **options):
    metric = METRICS.build(dict(type='ConfusablePairAccuracy', negatives_file=str(path), **options))
    for start in range(0, len(samples), 4):
        metric.process(None, samples[start : start + 4])
    return metric.evaluate(len(samples))


def naive(path, samples, k):
    """The same in loops over plain lists; class-level negatives by their definition."""
    file = read_negatives(path)
    num_classes = len(file.corpus.classes)
    mean = [[None] * len(file.corpus) for _ in range(num_classes)]
    for label in range(num_classes):
        rows = [row for row in range(len(file)) if file.labels[row] == label]
        for other in range(len(file.corpus)):
            if any(other in file.negatives[row] for row in rows):
                values = []
                for row in rows:
                    scores = dict(
                        zip(file.negatives[row].tolist(), file.scores[row].tolist(), strict=True)
                    )
                    values.append(scores.get(other, file.scores[row][-1].item()))
                mean[label][other] = sum(values) / len(values)
    rows = {file.path_of(row): row for row in range(len(file))}
    right, chance = [], []
    for item in samples:
        label, scores = int(item['gt_label']), item['pred_score'].tolist()
        if item.get('filename') in rows:
            ids = file.negatives[rows[item['filename']]].tolist()
        else:
            known = [i for i, value in enumerate(mean[label]) if value is not None]
            ids = sorted(known, key=lambda i: (-mean[label][i], i))[: file.k]
        # The corpus begins with the classes, so that their ids are their labels.
        ids = [i for i in ids if i < num_classes][:k]
        if ids:
            right.append(all(scores[label] > scores[i] for i in ids))
            chance.append(1 / (1 + len(ids)))
    return sum(right) / len(right), sum(chance) / len(chance), len(right)


@pytest.mark.parametrize('k', [1, 2, 4])
@pytest.mark.parametrize('seed', [0, 1])
def test_equals_naive_loops(tmp_path, k, seed):
    rows = random_rows(seed)
    path = write(tmp_path / 'n.jsonl', rows)
    samples = random_samples(60, seed=seed, paths=[(name, label) for name, label, *_ in rows[:25]])
    found = measure(path, samples, k=k)
    wanted = naive(path, samples, k)
    assert found['confusable/accuracy'] == pytest.approx(wanted[0])
    assert found['confusable/chance'] == pytest.approx(wanted[1])
    assert found['confusable/num_videos'] == wanted[2]
    assert 0 < wanted[0] < 1


def test_by_hand(tmp_path):
    """Own negatives first, those of the class else; labels beyond the classes do not count."""
    rows = [('a.mp4', 0, [5, 1, 2]), ('b.mp4', 0, [3, 6, 1]), ('c.mp4', 1, [5, 6, 7])]
    path = write(tmp_path / 'n.jsonl', rows)

    def right(scores, label, k=2, **keys):
        return measure(path, [sample(scores, label, **keys)], k=k)['confusable/accuracy']

    # a.mp4 against jump and dive; class 0 against jump (0.5, 0.1), dive (0.1, 0.1), row (0.1, 0.9).
    scores = [0.5, 0.1, 0.2, 0.9, 0.3]
    assert right(scores, 0, filename='data/videos/a.mp4') == 1
    assert right(scores, 0, filename='data/videos/b.mp4') == 0
    assert right(scores, 0) == 0
    assert right([0.5, 0.5, 0, 0, 0], 0, filename='a.mp4') == 0, 'a tie is no hit'
    assert right([0.5, 0.1, 0.6, 0, 0], 0, k=1, filename='a.mp4') == 1, 'dive is beyond k'
    found = measure(path, [sample(scores, 1), sample(scores, 4)], k=2)
    assert math.isnan(found['confusable/accuracy'])
    assert found['confusable/num_videos'] == 0


def test_mistakes(tmp_path):
    path = write(tmp_path / 'n.jsonl', [('a.mp4', 0, [1, 2]), ('b.mp4', 1, [0, 5])])
    scores = [0.5, 0.1, 0.2, 0.1, 0.1]
    with pytest.raises(MGDMError, match='negatives file .* does not exist'):
        ConfusablePairAccuracy(str(tmp_path / 'gone.jsonl'))
    with pytest.raises(MGDMError, match='k=7, but .* holds 2 negatives'):
        ConfusablePairAccuracy(path)
    with pytest.raises(MGDMError, match=r'other classes.*label 0 is .run., expected .leap'):
        ConfusablePairAccuracy(path, k=2, classes=['leap', *CLASSES[1:]])
    with pytest.raises(MGDMError, match='scores 3 classes, but .* was mined for 5'):
        measure(path, [sample([0.1, 0.2, 0.3], 0)], k=2)
    with pytest.raises(MGDMError, match=r':3: .b.mp4. has label 1 .*but label 2'):
        measure(path, [sample(scores, 2, filename='b.mp4')], k=2)
    several = dict(pred_score=torch.tensor(scores), gt_label=torch.tensor([0, 1]))
    with pytest.raises(MGDMError, match='one label a video'):
        measure(path, [several], k=2)
    # Spelt otherwise, the classes are the same.
    ConfusablePairAccuracy(path, k=2, classes=[name.title() for name in CLASSES])


def rank_main(rank, port, path, folder):
    connect(rank, port)
    evaluator = Evaluator([ConfusablePairAccuracy(path, k=2)])
    samples = random_samples(11)
    # As a sampler deals them: turn by turn, and the last one twice where they do not come out even.
    for i in [*range(rank, 11, 2), *([10] if rank else [])]:
        evaluator.process(samples[i : i + 1])
    torch.save(evaluator.evaluate(11), folder / f'{rank}.pt')


def test_two_processes_with_uneven_shares_equal_one(tmp_path):
    path = write(tmp_path / 'n.jsonl', random_rows())
    # Forked, so that nothing is imported again.
    args = (free_port(), path, tmp_path)
    mp.start_processes(rank_main, args, nprocs=2, start_method='fork')
    wanted = measure(path, random_samples(11), k=2)
    assert wanted['confusable/num_videos'] == 11
    assert torch.load(tmp_path / '0.pt') == torch.load(tmp_path / '1.pt') == pytest.approx(wanted)


class TestTool:
    @pytest.fixture(autouse=True)
    def _data(self, toy, monkeypatch, tmp_path):
        monkeypatch.setenv('MGDM_DATA', str(toy.data))
        monkeypatch.chdir(tmp_path)

    def test_arguments(self, toy):
        cfg = prepare_config(parse_args([CONFIG, '--confusable-pairs'])).config
        metric = cfg.test_evaluator[-1]
        assert metric.type == 'ConfusablePairAccuracy'
        assert (metric.negatives_file, metric.k) == (str(toy.root / 'negatives.jsonl'), 7)
        assert 'filename' in cfg.test_dataloader.dataset.pipeline[-1].meta_keys
        # The other files of the config, and stock testing, know nothing of it.
        plain = prepare_config(parse_args([CONFIG])).config
        assert plain.test_evaluator == dict(type='AccMetric')
        assert 'meta_keys' not in plain.test_dataloader.dataset.pipeline[-1]

    def test_files_that_are_not_there(self):
        with pytest.raises(MGDMError, match='negatives file gone.jsonl does not exist'):
            prepare_config(parse_args([CONFIG, '--confusable-pairs', 'gone.jsonl']))
        with pytest.raises(MGDMError, match='a.pth: is no negatives file; .* write the option beh'):
            prepare_config(parse_args([CONFIG, '--confusable-pairs', 'a.pth']))
        with pytest.raises(MGDMError, match='a.py trains with no negatives file; name one'):
            confusable_pairs(ParsedConfig(Config(dict(model={})), 'a.py'), '')

    @pytest.mark.slow
    def test_a_real_test_prints_it(self, toy, tmp_path, capsys):
        """Negatives of the test list itself: every video is measured on its own."""
        lines = (toy.root / 'val_list.txt').read_text().splitlines()
        rows = []
        for line in lines:
            path, label = line.rsplit(' ', 1)
            rows.append((path, int(label), [(int(label) + step) % 12 for step in (1, 2, 3)]))
        classes = (toy.root / 'classes.txt').read_text().splitlines()
        negatives = write(tmp_path / 'n.jsonl', rows, classes=classes, extra=())
        args = [CONFIG, '--confusable-pairs', negatives, '--dump', 'out.pkl', '--work-dir', 'work']
        options = ['num_workers=0', 'persistent_workers=False']
        options = [f'test_dataloader.{option}' for option in options]
        found = run_testing(prepare_config(parse_args([*args, '--cfg-options', *options])))
        assert found['confusable/num_videos'] == 12
        assert found['confusable/chance'] == pytest.approx(1 / 4)
        assert 'n.jsonl: up to 3 negatives a video, 12 videos by their' in capsys.readouterr().out
        samples = [item['pred_score'].tolist() for item in load('out.pkl')]
        wanted = [
            all(scores[label] > scores[other] for other in others)
            for scores, (_, label, others) in zip(samples, rows, strict=True)
        ]
        assert found['confusable/accuracy'] == pytest.approx(sum(wanted) / 12)
