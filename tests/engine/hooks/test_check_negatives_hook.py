"""Negatives that do not fit stop a training before its first step."""

import logging
from types import SimpleNamespace

import pytest
from mmaction.datasets import VideoDataset
from mmaction.registry import HOOKS
from mmengine.dataset import RepeatDataset

from mgdm_mmaction import MGDMError
from mgdm_mmaction.negatives import NegativesHeader, NegativesWriter
from mgdm_mmaction.text.corpus import LabelCorpus

CLASSES = ['run', 'jump', 'clap']


@pytest.fixture
def runner(tmp_path):
    """What the hook sees of a runner: the real data set, a head, a logger."""

    def build(
        videos=200,
        mined=200,
        classes=CLASSES,
        digest='abc',
        wrap=False,
        missing='error',
        mined_with='abc',
    ):
        lines = [f'{i}.mp4 {i % 3}' for i in range(videos)]
        (tmp_path / 'list.txt').write_text('\n'.join(lines))
        corpus = LabelCorpus(CLASSES)
        header = NegativesHeader(
            'mgdm-tiny',
            mined_with,
            corpus.prompt,
            corpus.labels,
            corpus.classes,
            [0, 1, 2],
            8,
            1,
            '',
            '',
        )
        with NegativesWriter(tmp_path / 'n.jsonl', header, overwrite=True) as writer:
            for i in range(mined):
                writer.write(f'{i}.mp4', i % 3, [(i + 1) % 3], [0.5])
        dataset = VideoDataset(
            str(tmp_path / 'list.txt'),
            [
                dict(
                    type='AttachHardNegatives',
                    negatives_file=str(tmp_path / 'n.jsonl'),
                    k=1,
                    missing=missing,
                )
            ],
            data_prefix=dict(video='videos'),
        )
        if wrap:
            dataset = RepeatDataset(dataset, times=2)
        bank = SimpleNamespace(corpus=LabelCorpus(classes), clip_digest=digest, arch='mgdm-tiny')
        return SimpleNamespace(
            model=SimpleNamespace(text_bank=bank),
            train_dataloader=SimpleNamespace(dataset=dataset),
            logger=logging.getLogger('check_negatives'),
        )

    return build


def check(runner):
    HOOKS.build(dict(type='CheckNegativesHook')).before_train(runner)


@pytest.mark.parametrize('wrap', [False, True])
def test_fitting_negatives_say_nothing(runner, caplog, wrap):
    check(runner(wrap=wrap))
    assert not caplog.records


@pytest.mark.parametrize('wrap', [False, True])
def test_another_corpus(runner, wrap):
    with pytest.raises(MGDMError, match="label 0 is 'run', expected 'jump'.*mine again"):
        check(runner(classes=['jump', 'run', 'clap'], wrap=wrap))


def test_other_weights_are_a_warning(runner, caplog):
    check(runner(digest='def'))
    assert 'mined by other CLIP weights (digest abc' in caplog.text
    caplog.clear()
    check(runner(digest=None))  # A model that was not initialised from CLIP: nothing to compare.
    check(runner(mined_with=''))  # Imported, or from a confusion matrix: by no weights at all.
    assert not caplog.records


def test_missing_videos(runner, caplog):
    check(runner(mined=198))
    assert 'lacks negatives for 2 of 200 videos' in caplog.text
    with pytest.raises(
        MGDMError, match=r'lacks negatives for 3 of 200 .*videos/197\.mp4.*Mine again'
    ):
        check(runner(mined=197))


def test_missing_videos_with_negatives_of_their_class(runner, caplog):
    check(runner(mined=20, missing='class'))
    assert 'lacks negatives for 180 of 200 videos' in caplog.text
    assert 'They get the negatives of their class' in caplog.text
    with pytest.raises(MGDMError, match="nor any other video of label 2 .'clap'"):
        check(runner(mined=2, missing='class'))
