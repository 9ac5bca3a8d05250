"""The README's five steps on clips of a user's own: a folder tree, no lists, no negatives yet.

With configs/custom/mgdm_custom_tiny.py, because no test can download a CLIP.
"""

import shutil

import pytest
from mmaction.apis import inference_recognizer, init_recognizer

from mgdm_mmaction import MGDMError
from mgdm_mmaction.commands import test as testing
from mgdm_mmaction.commands import train as training
from mgdm_mmaction.commands.build_lists import main as build_main
from mgdm_mmaction.commands.check_videos import main as check_main
from mgdm_mmaction.commands.mine_negatives import main as mine_main
from mgdm_mmaction.commands.train_tiny_clip import main as clip_main
from mgdm_mmaction.negatives import read_negatives
from mgdm_mmaction.toy.dataset import generate_dataset
from tests.apis.conftest import ROOT

pytestmark = pytest.mark.slow

CONFIG = """
_base_ = {base!r}
train_dataloader = dict(batch_size=4)
val_dataloader = dict(batch_size=4)
test_dataloader = val_dataloader
"""
ROOT_DIR, VIDEOS = 'data/custom', 'data/custom/videos'
CLASSES = ['moving ring', 'Moving_Star', 'growing-star', 'turning ring', 'resting ring']


@pytest.fixture(scope='module')
def home(tmp_path_factory):
    """A folder a class, named as people name them, with clips of any name."""
    home = tmp_path_factory.mktemp('own')
    generate_dataset(home / 'source', objects=('star',), train_clips=4, val_clips=1, num_frames=10)
    sources = sorted((home / 'source' / 'videos' / 'train').iterdir())
    for name, source in zip(CLASSES, sources, strict=False):
        folder = home / VIDEOS / name
        folder.mkdir(parents=True)
        for i, clip in enumerate(sorted(source.iterdir())):
            shutil.copy(clip, folder / f'{["my clip", "IMG"][i % 2]} ({i}).mp4')
    base = str(ROOT / 'configs' / 'custom' / 'mgdm_custom_tiny.py')
    (home / 'my.py').write_text(CONFIG.format(base=base))
    return home


@pytest.fixture
def here(home, tmp_path, monkeypatch):
    """A copy of that folder, to work in and to spoil."""
    here = tmp_path / 'here'
    shutil.copytree(home, here)
    monkeypatch.chdir(here)
    for name in ('ROOT', 'VIDEOS', 'VAL_VIDEOS', 'K'):
        monkeypatch.delenv(f'MGDM_CUSTOM_{name}', raising=False)
    monkeypatch.delenv('MGDM_K', raising=False)
    return here


def build_lists():
    build_main(
        ['folders', VIDEOS, '--out', ROOT_DIR, '--val-fraction', '0.25', '--delimiter', 'tab']
    )


def make_clip(*options):
    train_list, classes = f'{ROOT_DIR}/train_list.txt', f'{ROOT_DIR}/classes.txt'
    clip_main([train_list, '--root', VIDEOS, '--classes', classes, '--steps', '2', *options])


def mine():
    mine_main(['my.py', '--num-workers', '0'])


def train(*options):
    options = ['--cfg-options', *options] if options else []
    training.main(['my.py', '--work-dir', 'run', '--seed', '0', *options])


def test_from_nothing_to_a_tested_checkpoint(here, capsys):
    build_lists()
    assert '15 clips of 5 classes' in capsys.readouterr().out
    check_main(['--config', 'my.py', '--workers', '1'])
    make_clip()
    assert 'data/custom/clip.pt: trained in' in capsys.readouterr().out
    mine()
    assert 'Next: python tools/train.py my.py' in capsys.readouterr().out
    file = read_negatives(here / ROOT_DIR / 'negatives_tiny.jsonl')
    assert (len(file), file.k) == (15, 4)
    train('train_cfg.max_epochs=1')
    testing.main(['my.py', 'run/epoch_1.pth', '--work-dir', 'run'])
    screen = capsys.readouterr().out
    assert '5 videos' in screen
    assert 'top1' in screen.replace('-', '').replace('/', '')
    # As the README shows for Python.
    model = init_recognizer('my.py', 'run/epoch_1.pth', device='cpu')
    clip = next((here / VIDEOS / 'moving ring').iterdir())
    assert inference_recognizer(model, str(clip)).pred_score.shape == (5,)
    model.set_classes(['opening a door', 'closing a door'])
    assert inference_recognizer(model, str(clip)).pred_score.shape == (2,)


def rewrite(path, change):
    path.write_text(''.join(change(line) for line in path.read_text().splitlines(True)))


def test_mistakes_on_the_way(here, capsys, monkeypatch):
    """Each ends before any work, in a message that says what to do."""
    # Steps taken too early.
    with pytest.raises(MGDMError, match='classes.txt.*build_lists.py folders'):
        mine()
    build_lists()
    with pytest.raises(MGDMError, match=r'make it with: .*mine_negatives.py my.py'):
        train()
    with pytest.raises(MGDMError, match='train it: tools/train_tiny_clip.py'):
        mine()
    make_clip()
    with pytest.raises(MGDMError, match=r'clip.pt: exists already; add --overwrite'):
        make_clip()
    # A k beyond what was mined, and beyond what five classes have.
    mine_again('--num-negatives', '2')
    assert 'But the config trains against k=3, and the file has 2' in capsys.readouterr().out
    with pytest.raises(MGDMError, match=r'k=3 .*holds k=2. Lower k .*--num-negatives 3'):
        train()
    mine_again()
    with monkeypatch.context() as patch:
        patch.setenv('MGDM_K', '5')
        with pytest.raises(MGDMError, match=r'k=5 .*holds k=4. Lower k .*add labels'):
            train()
    train_list = here / ROOT_DIR / 'train_list.txt'
    good = train_list.read_text()
    commands = (mine_again, train)

    def expect(message):
        for command in commands:
            with pytest.raises(MGDMError, match=message):
                command()

    # Labels that count from 1.
    rewrite(train_list, lambda line: f'{line.split(chr(9))[0]}\t{int(line.split(chr(9))[1]) + 1}\n')
    expect('(?i)labels.*(from 0|count from 1)')
    train_list.write_text(good)
    # Class names in another order than the labels.
    classes = here / ROOT_DIR / 'classes.txt'
    names = classes.read_text().splitlines(True)
    classes.write_text(''.join(reversed(names)))
    expect('order')
    # Fewer names than classes.
    classes.write_text(''.join(names[:-1]))
    expect(r'label 4')
    classes.write_text(''.join(names))
    # A line whose file is missing, found by the check and by the miner.
    train_list.write_text(good + 'moving ring/gone.mp4\t2\n')
    with pytest.raises(SystemExit) as end:
        check_main(['--config', 'my.py', '--workers', '1', '--quick'])
    assert end.value.code == 1
    with pytest.raises(MGDMError, match=r'gone\.mp4'):
        mine_again()
    with pytest.raises(MGDMError, match=r'lacks negatives for 1 of 16 videos.*gone\.mp4'):
        train()


def mine_again(*options):
    mine_main(['my.py', '--num-workers', '0', '--overwrite', *options])
