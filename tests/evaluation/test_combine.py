"""Means and spreads computed again, and what may not be combined."""

import json
import statistics
from pathlib import Path

import pytest

from mgdm_mmaction.commands.evaluate import main
from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.evaluation import Report, combine
from mgdm_mmaction.evaluation.combine import summary_table, summary_text


def report(top1=0.5, top5=0.9, mean_class=0.4, **protocol):
    """A report as `measure` makes it; keys of the protocol can be changed."""
    found = dict(
        name='supervised', data='hmdb51', split=None, shots=None, seed=None, draw=None, part=None,
        videos=1530, list='val.txt', list_digest='l', classes=51, classes_digest='c',
        classes_with_videos=51, frames=16, clips=1, crops=1, average_clips='prob', arch='ViT-B-16',
        prompt='{}', corpus_labels=51, corpus_digest='d', context='all', k=7, seen_classes=None,
        new_weights=9,
        checkpoint='epoch_20.pth', checkpoint_digest='a',
    )  # fmt: skip
    metrics = dict(top1=top1, top5=top5, mean_class=mean_class)
    return Report(metrics, {**found, **protocol}, 'a.py', {'torch': '2'})


def split(number, top1=0.5, **protocol):
    own = dict(split=number, list_digest=f'l{number}', checkpoint_digest=f'a{number}')
    return report(top1, **{**own, **protocol})


def refusal(*reports) -> str:
    with pytest.raises(MGDMError) as caught:
        combine(reports)
    return str(caught.value)


def test_three_splits():
    values = [0.80, 0.83, 0.815]
    reports = [split(i, value) for i, value in enumerate(values, 1)]
    found = combine(reports)['all']['top1']
    assert found['mean'] == pytest.approx(0.815)
    assert found['spread'] == pytest.approx(statistics.stdev(values)) == pytest.approx(0.015)
    assert found['values'] == values
    text = summary_text(reports, combine(reports))
    assert 'top-1 81.50 ± 1.50 %' in text
    assert 'standard deviation (n - 1) of 3 reports' in text
    rows = summary_table(reports, combine(reports)).splitlines()
    assert len(rows) == 2 + 3 + 1
    assert len({row.count('|') for row in rows}) == 1
    assert '| 81.50 ± 1.50 |' in rows[-1]


@pytest.mark.parametrize(
    'change',
    [
        dict(name='few-shot'), dict(data='ucf101'), dict(shots=4), dict(frames=8), dict(clips=4),
        dict(crops=3), dict(average_clips='score'), dict(arch='ViT-L-14'), dict(context='single'),
        dict(k=0), dict(prompt='a {}'), dict(classes=50), dict(corpus_labels=99),
        dict(classes_digest='other'), dict(corpus_digest='other'),
    ],
)  # fmt: skip
def test_what_must_agree(change):
    ((key, value),) = change.items()
    message = refusal(split(1), split(2, **change))
    assert 'a.py on val.txt' in message
    assert f'{key} is {report().protocol[key]!r} and {value!r}' in message


def test_the_same_list_in_one_split():
    message = refusal(
        report(seed=1, checkpoint_digest='a'),
        report(seed=2, checkpoint_digest='b', list_digest='other', videos=1529),
    )
    assert "list_digest is 'l' and 'other'; videos is 1530 and 1529" in message


def test_one_run_twice():
    assert 'are the same run of the protocol (supervised, hmdb51, split 1)' in refusal(
        split(1), split(2), split(1)
    )
    assert '1 report: there is nothing to combine' in refusal(split(1))


def test_one_checkpoint_for_two_trainings():
    assert 'tested the same checkpoint (a1)' in refusal(split(1), split(2, checkpoint_digest='a1'))
    # CLIP before any training is the same on every split.
    assert combine([split(1, checkpoint_digest=None), split(2, checkpoint_digest=None)])


def test_draws_have_their_own_classes_and_one_checkpoint():
    def draw(number, **protocol):
        own = dict(name='zero-shot, half of the classes', draw=number, videos=700 + number)
        digests = {f'{key}_digest': f'{key}{number}' for key in ('list', 'classes', 'corpus')}
        return report(number / 10, **{**own, **digests, 'classes': 25, **protocol})

    draws = [draw(i) for i in range(1, 11)]
    assert combine(draws)['all']['top1']['mean'] == pytest.approx(0.55)
    assert 'checkpoint_digest' in refusal(*draws[:9], draw(10, checkpoint_digest='b'))


class TestBaseToNovel:
    def part(self, part, seed, top1, **protocol):
        own = dict(name='base-to-novel', part=part, seed=seed, checkpoint_digest=f'a{seed}')
        digests = {f'{key}_digest': part for key in ('list', 'classes', 'corpus')}
        count = dict(classes=26 if part == 'base' else 25)
        count |= dict(corpus_labels=count['classes'])
        return report(top1, **{**own, **digests, **count, **protocol})

    def test_harmonic_mean(self):
        base, novel = [0.8, 0.6, 0.7], [0.4, 0.6, 0.5]
        reports = [self.part('base', i, x) for i, x in enumerate(base)]
        reports += [self.part('novel', i, x) for i, x in reversed(list(enumerate(novel)))]
        summary = combine(reports)
        assert summary['base']['top1']['mean'] == pytest.approx(0.7)
        assert summary['novel']['top1']['mean'] == pytest.approx(0.5)
        found = summary['harmonic']['top1']
        assert found['mean'] == pytest.approx(1 / ((1 / 0.7 + 1 / 0.5) / 2))
        pairs = [2 / (1 / b + 1 / n) for b, n in zip(base, novel, strict=True)]
        assert found['values'] == pytest.approx(pairs)
        assert found['spread'] == pytest.approx(statistics.stdev(pairs))
        assert 'harmonic  top-1 58.33 ± ' in summary_text(reports, summary)

    def test_of_zero(self):
        reports = [self.part('base', 1, 0.0), self.part('novel', 1, 0.0)]
        summary = combine(reports)
        assert summary['harmonic']['top1'] == {'mean': 0, 'spread': None, 'values': [0]}
        assert 'harmonic  top-1 0.00 %' in summary_text(reports, summary)

    def test_pairs(self):
        both = [self.part('base', 1, 0.5), self.part('novel', 1, 0.5)]
        assert '(base-to-novel, hmdb51, seed 2, base classes) has no partner' in refusal(
            *both, self.part('base', 2, 0.5)
        )
        other = self.part('novel', 1, 0.5, checkpoint_digest='b')
        assert "checkpoint_digest is 'a1' and 'b'" in refusal(both[0], other)
        assert 'base or novel classes and some are of all' in refusal(
            both[0], self.part(None, 2, 0.5)
        )
        assert combine([both[0], self.part('base', 2, 0.5)]).keys() == {'base'}


def test_without_a_checkpoint():
    """Blocks of MGDM at random values are no zero-shot CLIP."""
    nothing = dict(checkpoint=None, checkpoint_digest=None, k=None)
    assert 'and 9 random ones beside them' in report(**nothing).to_text()
    assert "CLIP's weights, nothing trained" in report(**nothing, new_weights=0).to_text()
    assert '| - |' in '| ' + ' | '.join(report(**nothing).to_row().values()) + ' |'


class TestFiles:
    @pytest.fixture
    def files(self, tmp_path):
        from mgdm_mmaction.evaluation.report import dump_reports

        paths = []
        for i in (1, 2, 3):
            paths.append(tmp_path / f'split{i}.json')
            paths[-1].write_text(dump_reports([split(i, i / 10)]))
        return [str(path) for path in paths]

    def test_combine_by_the_command(self, files, tmp_path, capsys):
        out = tmp_path / 'all' / 'mean.json'
        main(['--combine', *files, '--out', str(out)])
        printed = capsys.readouterr().out
        assert 'top-1 20.00 ± 10.00 %' in printed
        assert printed.count('sha256 a') == 3
        content = json.loads(out.read_text())
        assert content['summary']['all']['top1']['mean'] == pytest.approx(0.2)
        assert len(content['reports']) == 3
        assert out.with_suffix('.md').read_text().count('\n') == 6
        # What was combined can be combined again, which names the run that is there twice.
        with pytest.raises(MGDMError, match='same run of the protocol'):
            main(['--combine', str(out), files[0]])

    @pytest.mark.parametrize(
        ('text', 'message'),
        [
            (None, 'does not exist'),
            ('{', 'cannot be read as a report'),
            ('{}', 'is no report'),
            ('{"format": "mgdm-report", "format_version": 9}', 'format version 9, expected 1'),
            ('{"format": "mgdm-report", "format_version": 1, "reports": [{}]}', 'is damaged'),
        ],
    )
    def test_no_report(self, files, tmp_path, text, message):
        path = tmp_path / 'bad.json'
        if text is not None:
            path.write_text(text)
        with pytest.raises(MGDMError, match=message) as caught:
            main(['--combine', files[0], str(path)])
        assert str(path) in str(caught.value)

    def test_versions_that_differ_are_named(self):
        reports = [split(1), Report(split(2).metrics, split(2).protocol, 'a.py', {'torch': '3'})]
        assert 'several versions of torch' in summary_text(reports, combine(reports))


@pytest.mark.parametrize(
    ('args', 'message'),
    [
        ([], 'name one config'),
        (['a.py', '--configs', 'b.py'], 'name one config'),
        (['--configs', 'a.py', 'b.py', '--checkpoints', '1', '2', '3'], '3 checkpoints for 2'),
        (['a.py', '--combine', 'b.json'], '--combine reads reports'),
        (['a.py', '--out', 'b.txt'], '--out b.txt: the name should end in .json'),
        (['a.py', '--over', 'X'], '--over X: expected NAME=1-10'),
        (['a.py', '--over', 'X=3-1'], '--over X=3-1: expected NAME=1-10'),
        (['a.py', '--over', 'X=1-999999999'], '--over X=1-999999999: 999999999 tests; expected'),
        (['a.py', '--over', 'X=1-2000', 'Y=1-2000'], '4000000 tests; expected 1000000 or fewer'),
        (['a.py', '--out', f'{"b" * 300}.json'], 'File name too long'),
        (['gone.py'], 'the config gone.py does not exist'),
    ],
)
def test_wrong_arguments(args, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MGDMError, match=message):
        main(args)


def test_a_double_run_is_found_before_the_first_test(tmp_path, monkeypatch):
    config = Path(__file__).parents[2] / 'configs' / 'toy' / 'mgdm_toy.py'
    monkeypatch.setattr('mgdm_mmaction.apis.runner.check_data', lambda cfg, split: [])
    monkeypatch.setattr('mgdm_mmaction.apis.measure.measure', lambda cfg: pytest.fail('tested'))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MGDMError, match='are the same run of the protocol'):
        main(['--configs', str(config), str(config)])
