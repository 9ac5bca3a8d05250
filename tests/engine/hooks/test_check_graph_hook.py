"""Graphs that do not fit the lists or the model."""

from types import SimpleNamespace

import pytest
from mmengine.config import Config

from mgdm_mmaction import MGDMError
from mgdm_mmaction.datasets.annotations import list_digest
from mgdm_mmaction.engine import CheckGraphHook
from mgdm_mmaction.graph import KnowledgeGraph

TRAIN, VAL = '0.mp4 0\n1.mp4 0\n', '2.mp4 0\n'


class Logger(list):
    def info(self, text):
        self.append(text)

    warning = info


def graph(videos, lists=None):
    pairs = [(video, 'arm swing') for video in videos]
    return KnowledgeGraph(['golf'], ['arm swing'], [('golf', 'arm swing')], pairs, lists or {})


def check(tmp_path, attached, own=None, **options):
    loaders = {}
    for split, text in (('train', TRAIN), ('val', VAL)):
        (tmp_path / f'{split}.txt').write_text(text)
        dataset = dict(type='VideoDataset', ann_file=str(tmp_path / f'{split}.txt'), pipeline=[])
        loaders[f'{split}_dataloader'] = dict(dataset=dataset)
    runner = SimpleNamespace(cfg=Config(loaders), logger=Logger())
    CheckGraphHook(**options)._check(runner, attached, own)
    return runner.logger


def test_fits(tmp_path):
    fitting = graph(['0.mp4'], {'other name.txt': list_digest(TRAIN)})
    assert check(tmp_path, fitting, fitting) == ['the graph: 1 of 2 training videos have movements']
    assert 'no v-b loss' in check(tmp_path, graph([]))[0]


def test_does_not_fit(tmp_path):
    with pytest.raises(MGDMError, match=r'1 videos of .*val.txt: 2.mp4'):
        check(tmp_path, graph(['0.mp4', '2.mp4']))
    with pytest.raises(MGDMError, match='are not those of the training list'):
        check(tmp_path, graph(['0.mp4'], {'train.txt': '0123'}))
    with pytest.raises(MGDMError, match='are not those of the training list'):
        check(tmp_path, graph([], {'train.txt': '0123'}))
    with pytest.raises(MGDMError, match='name the same file in both'):
        check(tmp_path, graph(['0.mp4']), graph([]))


def test_transductive_is_said_loudly(tmp_path):
    log = check(tmp_path, graph(['2.mp4']), allow_transductive=True)
    assert log[0].startswith('TRANSDUCTIVE')
