"""Dumped features against the model itself, and what a run leaves behind."""

import csv
import json
import os
import sys

import mmengine
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmaction.datasets.transforms.loading import LoadLocalizationFeature
from mmengine.dataset import Compose
from mmengine.registry import init_default_scope
from torch.multiprocessing import start_processes

from mgdm_mmaction.commands.dump_features import main
from mgdm_mmaction.errors import MGDMError
from tests.models.tiny import NUM_FRAMES
from tests.models.two_processes import free_port

NAMES = ['0 a.mp4', '1 a.mp4', '2 a.mp4']


@pytest.fixture
def dump(trained, tmp_path):
    """Call the command with logs in a folder of their own."""

    def run(out, *args):
        work = ['--work-dir', str(tmp_path / 'work')]
        main([str(trained.config), str(trained.checkpoint), '--out', str(out), *work, *args])

    return run


def _frames(trained, name):
    """Normalised frames of a video [1, views x T, 3, H, W], by the test pipeline alone."""
    init_default_scope('mmaction')
    pipeline = Compose(trained.cfg.test_pipeline)
    info = dict(filename=str(trained.clip.parent / name), label=0, start_index=0, modality='RGB')
    item = pipeline(info)
    data = dict(inputs=[item['inputs']], data_samples=[item['data_samples']])
    return trained.recognizer.data_preprocessor(data)['inputs']


@torch.no_grad()
def _expected(trained, name, stage):
    return trained.recognizer(_frames(trained, name), mode='tensor', stage=stage)[0]


def test_a_file_a_video_as_mmaction2_names_them(trained, dump, tmp_path, capsys):
    out = tmp_path / 'features'
    dump(out, '--stage', 'video')  # of MGDM, what the neck gives

    assert sorted(file.name for file in out.iterdir()) == [f'{n}.pkl' for n in NAMES] + [
        'features.json'
    ]
    for name in NAMES:
        deep = _expected(trained, name, 'neck')  # [views, T, D]
        found = mmengine.load(out / f'{name}.pkl')
        expected = F.normalize(deep, dim=-1).mean(dim=(0, 1))
        torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-4)
    assert f'3 videos written to {out}, 0 were there' in capsys.readouterr().out


@pytest.mark.slow
def test_stages_views_and_times(trained, dump, tmp_path):
    keep = ('--format', 'npy', '--temporal-type', 'keep', '--multi-view')
    dump(tmp_path / 'clip', '--stage', 'backbone', *keep)
    dump(tmp_path / 'scores.npz', '--dump-score')
    several = ('--cfg-options', 'model.test_cfg.average_clips=sigmoid')
    dump(tmp_path / 'several.npz', '--dump-score', *several)
    dump(tmp_path / 'logits.csv', '--stage', 'head')

    table = np.load(tmp_path / 'scores.npz')
    settings = json.loads(str(table['settings']))
    assert settings['checkpoint'] == 'epoch_1.pth'
    assert (settings['stage'], settings['views']) == ('probabilities', 'mean')
    assert settings['pipeline'][0]['transforms'][1]['clip_len'] == NUM_FRAMES
    rows = list(csv.reader((tmp_path / 'logits.csv').read_text().splitlines()))
    assert table['paths'].tolist() == NAMES == [row[0] for row in rows[1:]]
    assert table['labels'].tolist() == [0, 1, 2] == [int(row[1]) for row in rows[1:]]
    assert rows[0] == ['path', 'label', *(f'f{i}' for i in range(5))]
    for i, name in enumerate(NAMES):
        views = np.load(tmp_path / 'clip' / f'{name}.npy')
        np.testing.assert_allclose(views, _expected(trained, name, 'backbone'), atol=1e-5)
        logits = _expected(trained, name, 'head')
        np.testing.assert_allclose(table['features'][i], logits.softmax(-1).mean(0), atol=1e-6)
        found = np.load(tmp_path / 'several.npz')['features'][i]
        np.testing.assert_allclose(found, logits.sigmoid().mean(0), atol=1e-6)
        values = [float(value) for value in rows[1 + i][2:]]
        np.testing.assert_allclose(values, logits.mean(0), rtol=1e-4, atol=1e-4)


def test_long_videos_for_mmaction2s_localizers(trained, dump, tmp_path):
    dump(tmp_path / 'long', '--long-video-mode', '--clip-interval', '6', '--format', 'csv')

    # 20, 23 and 26 frames: clips around 3, 9, 15 and, if there, 21.
    for name, clips in zip(NAMES, (3, 4, 4), strict=True):
        path = tmp_path / 'long' / f'{name}.csv'
        read = LoadLocalizationFeature().transform(dict(feature_path=str(path)))['raw_feature']
        assert read.shape == (128, clips)
        assert np.isfinite(read).all()
        assert np.abs(np.diff(read)).max() > 1e-4, 'the video moves on'


@pytest.mark.slow
def test_goes_on_where_it_was_stopped(dump, tmp_path, capsys):
    out = tmp_path / 'features'
    dump(out, '--format', 'npy')
    whole = {name: (out / f'{name}.npy').read_bytes() for name in NAMES}
    (out / f'{NAMES[1]}.npy').unlink()
    (out / f'{NAMES[0]}.npy').write_bytes(b'mine')

    dump(out, '--format', 'npy')

    assert f'1 videos written to {out}, 2 were there, 3 in the list' in capsys.readouterr().out
    assert (out / f'{NAMES[1]}.npy').read_bytes() == whole[NAMES[1]]
    assert (out / f'{NAMES[0]}.npy').read_bytes() == b'mine'
    with pytest.raises(MGDMError, match="other settings: `stage` is 'neck' in .* now 'head'"):
        dump(out, '--format', 'npy', '--stage', 'head')
    dump(out, '--format', 'npy', '--overwrite')
    assert {name: (out / f'{name}.npy').read_bytes() for name in NAMES} == whole
    dump(out, '--format', 'npy')
    assert '0 videos written' in capsys.readouterr().out


def test_broken_videos_are_listed_and_the_rest_is_there(trained, dump, tmp_path, capsys):
    (tmp_path / 'text.mp4').write_text('hello')
    (tmp_path / 'good').symlink_to(trained.clip.parent)
    (tmp_path / 'list.txt').write_text('text.mp4;0\ngood/1 a.mp4;1\n')
    here = ('--video-list', str(tmp_path / 'list.txt'), '--video-root', str(tmp_path))
    with pytest.raises(SystemExit) as ended:
        dump(tmp_path / 'out.npz', *here)

    assert ended.value.code == 1
    assert np.load(tmp_path / 'out.npz')['paths'].tolist() == ['good/1 a.mp4']
    message = capsys.readouterr().err
    assert 'no features for 1 of 2:' in message
    assert 'text.mp4: ' in message


def test_a_list_cannot_write_elsewhere(dump, tmp_path):
    (tmp_path / 'list.txt').write_text('../../evil.mp4;0\n')
    with pytest.raises(MGDMError, match=r'outside of .*--video-root'):
        dump(tmp_path / 'out', '--video-list', str(tmp_path / 'list.txt'))


@pytest.mark.parametrize(
    ('out', 'args', 'message'),
    [
        ('there.npz', '', 'exists already; add --overwrite'),
        ('text', '', 'is a file; expected a folder'),
        ('features.npy', '', r'expected a folder, or a table that ends in \.npz or \.csv'),
        ('f.csv', '--temporal-type keep', 'features of 2 axes do not fit into csv'),
        ('f', '--long-video-mode', 'needs --clip-interval'),
        ('f.npz', '--long-video-mode --clip-interval 3', 'which no table holds'),
        ('f.npz', '--launcher pytorch', 'written by one process'),
        ('f', '--video-list gone.txt', 'annotation file gone.txt does not exist'),
        ('f', '--cfg-options test_dataloader=None', 'there is no test_dataloader'),
    ],
)
def test_mistakes(dump, tmp_path, out, args, message):
    (tmp_path / 'there.npz').write_text('mine')
    (tmp_path / 'text').write_text('mine')
    with pytest.raises(MGDMError, match=message):
        dump(tmp_path / out, *args.split())

    assert (tmp_path / 'there.npz').read_text() == 'mine'


def _one_of_two(rank, port, args):
    os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE='2')
    os.environ.update(MASTER_ADDR='127.0.0.1', MASTER_PORT=str(port))
    with open(f'{args[3]}-{rank}.txt', 'w') as sys.stdout:
        main(args)
        torch.distributed.destroy_process_group()


@pytest.mark.slow
def test_two_processes_share_the_videos(trained, dump, tmp_path):
    args = ['--format', 'npy', '--launcher', 'pytorch', '--work-dir', str(tmp_path / 'work')]
    files = [str(trained.config), str(trained.checkpoint), '--out', str(tmp_path / 'two')]
    # Forked, because importing everything anew takes longer than all of the rest.
    start_processes(_one_of_two, (free_port(), [*files, *args]), nprocs=2, start_method='fork')
    dump(tmp_path / 'one', '--format', 'npy')

    told = [(tmp_path / f'two-{rank}.txt').read_text().count('3 videos written') for rank in (0, 1)]
    assert told == [1, 0]
    for name in NAMES:
        one, two = (np.load(tmp_path / part / f'{name}.npy') for part in ('one', 'two'))
        np.testing.assert_allclose(one, two, atol=1e-6)
