"""What is trained and tested for a comparison, and what is not again; with made-up commands."""

import json
import pickle
from pathlib import Path

import pytest
import torch

from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.evaluation import compare_runs
from mgdm_mmaction.evaluation.compare_runs import Runs, read_entries

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / 'configs' / 'toy' / 'mgdm_toy.py'


@pytest.fixture
def commands(tmp_path, monkeypatch):
    """Stand in for the tools; the commands as they were called."""
    monkeypatch.chdir(tmp_path)
    called = []

    def run_command(command, log_file, environment):
        called.append(' '.join([Path(command[0]).stem, *command[1:]]))
        log_file.parent.mkdir(parents=True, exist_ok=True)
        log_file.write_text('log')
        if 'k=3' in command:
            raise MGDMError('`python` failed, its last lines are:\nsomething\nerror: no good')
        if '--work-dir' in command and 'test' not in command[0]:
            folder = Path(command[command.index('--work-dir') + 1])
            (folder / 'epoch_2.pth').touch()
            (folder / 'last_checkpoint').write_text('/elsewhere/epoch_2.pth')
        for option in ('--dump', '--out'):
            if option in command:
                score = dict(pred_score=torch.ones(2) / 2, gt_label=torch.tensor([0]))
                Path(command[command.index(option) + 1]).write_bytes(pickle.dumps([score]))

    monkeypatch.setattr(compare_runs, 'run_command', run_command)
    return called


def write(text):
    Path('runs.yml').write_text(text.replace('CONFIG', str(CONFIG)))
    return read_entries(['runs.yml'])[0]


def test_trains_tests_and_does_neither_again(commands):
    entries = write('k = 0: {config: CONFIG, options: {k: 0, model.cls_head.classes: [v-a, b]}}')
    runs = Runs(entries, [0, 1], Path('out'), {'train_cfg.max_epochs': 2})
    runs.run(['k = 0'])
    train, test = commands[:2]
    options = '--cfg-options k=0 model.cls_head.classes=[v-a,b] train_cfg.max_epochs=2'
    assert train.startswith('train ')
    assert train.endswith(f'--work-dir out/k___0_seed0 --seed 0 --no-validate {options}')
    assert 'out/k___0_seed0/epoch_2.pth --work-dir' in test
    assert test.endswith(options)
    assert len(commands) == 4
    again = Runs(entries, [0, 1, 2], Path('out'), {'train_cfg.max_epochs': 2})
    again.run(['k = 0'], jobs=2)
    assert [command.split()[0] for command in commands[4:]] == ['train', 'test']
    with pytest.raises(MGDMError, match=r'other settings \(options: .*choose another --out'):
        Runs(entries, [0], Path('out')).dump('k = 0', 0)


def test_what_the_variables_of_a_config_say_is_a_setting(commands, monkeypatch):
    entries = write('a: {config: CONFIG}')
    Runs(entries, [0], Path('out')).run(['a'])
    monkeypatch.setenv('MGDM_FRAMES', '4')
    with pytest.raises(MGDMError, match=r'settings \([\w.]+: 8, now 4\); choose another --out'):
        Runs(entries, [0], Path('out')).run(['a'])
    # As before it was kept.
    file = Path('out/a_seed0/run.json')
    settings = json.loads(file.read_text())
    del settings['resolved']
    file.write_text(json.dumps(settings))
    Runs(entries, [0], Path('out')).run(['a'])
    assert len(commands) == 2


def test_goes_on_where_it_was_stopped(commands):
    entries = write('a: {config: CONFIG}')
    folder = Path('out/a_seed0')
    folder.mkdir(parents=True)
    (folder / 'last_checkpoint').write_text('epoch_1.pth')
    Runs(entries, [0], Path('out')).run(['a'])
    assert '--resume' in commands[0]
    (folder / 'all.pkl').unlink()
    Runs(entries, [0], Path('out')).run(['a'])
    assert [command.split()[0] for command in commands] == ['train', 'test', 'test']


def test_takes_what_other_entries_make(commands):
    entries = write(
        """
        .base: {config: CONFIG, options: {k: 0}}
        single:
          config: CONFIG
          options: {model.cls_head.context: single}
          checkpoint: '{checkpoint: .base}'
        mined: {config: CONFIG, mine: [--confusions, '{dump: single}']}
        """
    )
    runs = Runs(entries, [3], Path('out'))
    runs.run(['mined', 'single'], jobs=2)
    assert sorted(command.split()[0] for command in commands) == [
        'mine_negatives', 'test', 'test', 'train', 'train'
    ]  # fmt: skip
    mine = next(command for command in commands if command.startswith('mine'))
    assert '--out out/mined_seed3/negatives.jsonl --confusions out/single_seed3/all.pkl' in mine
    made = 'AttachHardNegatives.negatives_file=out/mined_seed3/negatives.jsonl'
    assert sum(made in command for command in commands) == 2
    assert runs.seeds('single') == [3]


def test_what_is_the_same_with_every_seed_runs_once(commands):
    for file in ('old0.pkl', 'old1.pkl', 'own.pth'):
        Path(file).touch()
    entries = write(
        'CLIP: {config: CONFIG, checkpoint: null}\nown: {config: CONFIG, checkpoint: own.pth}\n'
        'old: {dump: "old{seed}.pkl"}'
    )
    runs = Runs(entries, [0, 1], Path('out'))
    runs.run(['CLIP', 'own', 'old'])
    assert [command.split()[0] for command in commands] == ['test', 'test']
    assert '.pth' not in commands[0]
    assert f'{CONFIG.name} own.pth --work-dir out/own_seed0 ' in commands[1]
    assert runs.dump('old', 1) == Path('old1.pkl')


def test_a_run_that_fails_names_its_log_and_does_not_stop_others(commands, capsys):
    entries = write('bad: {config: CONFIG, options: {k: 3}}\ngood: {config: CONFIG}')
    runs = Runs(entries, [0], Path('out'))
    with pytest.raises(MGDMError) as caught:
        runs.run(['bad', 'good'])
    assert str(caught.value).startswith('1 of 2 runs failed; the same command')
    log = 'out/bad_seed0/train.log'
    assert str(caught.value).endswith(f"'bad', seed 0: train.py failed, see {log}: no good")
    assert Path('out/good_seed0/all.pkl').exists()


def test_what_failed_is_not_tried_again_by_those_that_need_it(commands):
    entries = write(
        'a: &a {config: CONFIG, options: {k: 3}}\n'
        "b: {<<: *a, checkpoint: '{checkpoint: a}'}\nc: {<<: *a, checkpoint: '{checkpoint: a}'}"
    )
    with pytest.raises(MGDMError, match="3 of 3 runs failed; .*'a', seed 0: train.py failed"):
        Runs(entries, [0], Path('out')).run(['a', 'b', 'c'], jobs=3)
    assert len(commands) == 1


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('a: 3', "runs.yml: 'a' is 3; expected a mapping with config, options"),
        ('a: {confg: x.py}', "'a' has confg; expected config"),
        ('a: {options: {}}', "'a' has neither a config nor a dump"),
        ('a: {config: CONFIG, checkpoint: 3}', "'a': checkpoint is 3; expected a str"),
        ('a: {config: CONFIG, options: {x: ["a, b", c d]}}', r"reads as \['a', 'b', 'c d'\]"),
        ('a: {config: CONFIG, options: {x: "one, {}"}}', r"x is 'one, {}', .* \['one', '{}'\]"),
        ('a: {config: CONFIG, options: {x: {y: 1}}}', "x is {'y': 1}, which --cfg-options"),
        ('a: {config: CONFIG, options: {x: ["{dump: b}"]}}', "'a' needs 'b'"),
        ('a: {config: CONFIG, options: [k=7]}', "'a': options is .*; expected a dict"),
        ('a: {config: CONFIG, checkpoint: "{checkpoint: b}"}', "'a' needs 'b'; there are a"),
        ('a: {dump: "{dump: b}"}\nb: {dump: "{dump: a}"}', "'b' needs 'a', which needs it"),
        ('a b: {dump: x}\na-b: {dump: y}', "'a b' and 'a-b' share a folder"),
    ],
)
def test_entries_that_are_wrong(tmp_path, monkeypatch, text, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MGDMError, match=message):
        write(text)


def test_files_that_are_wrong(tmp_path):
    with pytest.raises(MGDMError, match=r'x.pkl: expected a config \(.py\) or a list'):
        read_entries(['x.pkl'])
    with pytest.raises(MGDMError, match='--dumps x.pkl: expected NAME=FILE.pkl'):
        read_entries([], ['x.pkl'])


def test_entries_are_tested_alike(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    entries = write(
        'a: {config: CONFIG, options: {model.cls_head.classes: [x, y]}}\n'
        'b: {config: CONFIG, options: {model.cls_head.classes: [x, z]}}\n'
        'c: {config: CONFIG, options: {model.cls_head.classes: [x, y], '
        'test_dataloader.dataset.ann_file: other.txt}}\n'
        "d: {config: CONFIG, checkpoint: '{checkpoint: e}'}\n"
        "e: {config: CONFIG, mine: [--confusions, '{dump: f}']}\n"
        'f: {config: CONFIG, options: {model.nothing: 1}}\n'
        'g: {dump: "gone{seed}.pkl"}\n'
        'h: {config: CONFIG, options: {test_dataloader.dataset.multi_class: true, '
        'test_evaluator: null}}'
    )
    runs = Runs(entries, [0], Path('out'))
    assert runs.check(['a']) == ['x', 'y']
    with pytest.raises(MGDMError, match="'a' and 'b' have different classes; .*--only"):
        runs.check(['a', 'b'])
    with pytest.raises(MGDMError, match="'a' and 'c' have different test lists"):
        runs.check(['a', 'c'])
    with pytest.raises(MGDMError, match=r'model\.nothing'):
        runs.check(['d'])
    with pytest.raises(MGDMError, match="the file of 'g' gone0.pkl does not exist"):
        runs.check(['a', 'g'])
    with pytest.raises(MGDMError, match=r"'h' has several labels a video \(multi_class\)"):
        runs.check(['h'])


def test_the_experiments_of_the_toy():
    path = ROOT / 'configs' / 'toy' / 'comparison.yml'
    entries, settings = read_entries([str(path)])
    # YAML takes the last of two.
    names = [line[: line.index(': ')] for line in path.read_text().splitlines() if ': ' in line]
    names = [name for name in names if name[0] not in ' #']
    assert len(set(names)) == len(names) > 30
    assert settings == {'groups': r'^\S+'}
    unseen, settings = read_entries([str(ROOT / 'configs' / 'toy' / 'unseen.yml')])
    assert sorted(sum(settings['parts'].values(), [])) == list(range(36))
    assert unseen['ASU, unseen'].needs == {'.ASU, seen'}
    options = entries['k = 7, no representer'].options
    assert (options['k'], options['model.neck.num_layers']) == (7, 0)
    assert all(not entry.config or Path(entry.config).is_file() for entry in entries.values())
