"""Mining tiny real videos: right scores, no own class, the same on a second run, clear errors."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config

from mgdm_mmaction.clip import build_clip, tokenize
from mgdm_mmaction.commands.mine_negatives import main
from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.mining import allowed_labels, mine, rank_negatives
from mgdm_mmaction.mining.progress import Progress
from mgdm_mmaction.mining.ranking import true_ranks
from mgdm_mmaction.mining.summary import SummaryCounter
from mgdm_mmaction.negatives import read_negatives
from mgdm_mmaction.text.corpus import LabelCorpus
from tests.datasets.videos import write_frames
from tests.mining.small import CLASSES, EXTRA, FRAMES, MEAN, STD, T, write_config

ROOT = Path(__file__).parents[2]


def naive_scores(model, frames):
    """Cosines of one video with every prompt, a plain loop over eq. 10 and 11."""
    names = ['running', 'high jump', 'dive', 'swim', 'row', 'sail', 'walk']
    total = 0
    for frame in frames:
        image = torch.from_numpy((frame - np.array(MEAN)) / np.array(STD)).float()
        vector = model.encode_image(image.permute(2, 0, 1)[None])[0]
        total = total + vector / vector.norm()
    video = total / len(frames)
    found = []
    for name in names:
        text = model.encode_text(tokenize([f'This is a video about {name}'], 'mgdm-tiny'))[0]
        found.append(float(video @ text / video.norm() / text.norm()))
    return found


def decode(path, count, indices):
    import decord

    reader = decord.VideoReader(str(path))
    assert len(reader) == count
    return reader.get_batch(indices).asnumpy()


@torch.no_grad()
def check_against_naive(path, root, frames_of_video):
    model = build_clip('mgdm-tiny', str(root / 'clip.pt'))
    file = read_negatives(path)
    assert file.header.num_frames == T
    for i in range(len(file)):
        scores = naive_scores(model, frames_of_video(file.path_of(i)))
        own = int(file.labels[i])
        expected = sorted((j for j in range(7) if j != own), key=lambda j: -scores[j])[: file.k]
        assert file.scores[i] == pytest.approx([scores[j] for j in expected], abs=2e-5)
        assert file.scores[i] == pytest.approx([scores[j] for j in file.negatives[i]], abs=2e-5)
    return file


def test_mining_equals_a_naive_computation(root):
    out = root / 'out' / 'negatives.jsonl'
    summary = mine(write_config(root), out, num_negatives=6, batch_size=3, num_workers=0)

    def frames_of_video(name):
        count = 3 if name == 'b/2.mp4' else 12
        # The start of each of T equal stretches, and half a stretch on, as UniformSample tests.
        stretch = (count - 1) / T
        indices = [int(np.round(stretch * i)) + int(stretch / 2) for i in range(T)]
        return decode(root / 'v' / name, count, indices)

    file = check_against_naive(out, root, frames_of_video)
    read_negatives(out)
    assert len(file) == summary.num_videos == 8
    assert file.path_of(3) == 'b/1.mp4'
    assert file.corpus == LabelCorpus(CLASSES, EXTRA)
    assert file.corpus.labels == ['running', 'high jump', 'dive', 'swim', 'row', 'sail', 'walk']
    for row, label in zip(file.negatives, file.labels, strict=True):
        # Six of seven labels: all but the own one, under whatever spelling, each once.
        assert sorted(row) == [j for j in range(7) if j != label]
    assert (np.diff(file.scores, axis=1) <= 0).all()


def test_a_second_run_writes_the_same_bytes(root):
    config = write_config(root)
    mine(config, root / 'one.jsonl', num_negatives=3, batch_size=3, num_workers=0)
    mine(config, root / 'two.jsonl', num_negatives=3, batch_size=3, num_workers=2)
    assert (root / 'one.jsonl').read_bytes() == (root / 'two.jsonl').read_bytes()


@pytest.mark.parametrize('delimiter', [';', ','])
def test_other_delimiters(root, delimiter):
    config = write_config(root)
    mine(config, root / 'one.jsonl', num_negatives=3, num_workers=0)
    text = (root / 'train.txt').read_text().replace(' ', delimiter)
    (root / 'train.txt').write_text(text)
    dataset = f"type='VideoDataset', data_prefix=dict(video='v'), delimiter='{delimiter}'"
    config = write_config(root, dataset)
    mine(config, root / 'two.jsonl', num_negatives=3, num_workers=0)
    one, two = (read_negatives(root / f'{name}.jsonl') for name in ('one', 'two'))
    assert (one.negatives == two.negatives).all()
    assert [one.path_of(i) for i in range(8)] == [two.path_of(i) for i in range(8)]


def test_raw_frames(root):
    lines = []
    for i in range(4):
        folder = write_frames(root / 'frames' / f'clip {i}'.replace(' ', '_'), i, 12, 64)
        lines.append(f'{folder.name} 12 {i}\n')
    (root / 'train.txt').write_text(''.join(lines))
    dataset = "type='RawframeDataset', data_prefix=dict(img='frames')"
    out = root / 'out.jsonl'
    mine(write_config(root, dataset, FRAMES), out, num_negatives=6, num_workers=0)

    def frames_of_video(name):
        indices = [int(np.round(11 / T * i)) + 1 for i in range(T)]
        indices = [i + int(11 / T / 2) for i in indices]
        paths = [root / 'frames' / name / f'img_{i:05d}.jpg' for i in indices]
        return [cv2.imread(str(path))[:, :, ::-1] for path in paths]

    assert len(check_against_naive(out, root, frames_of_video)) == 4


def test_raw_frames_with_offset(root):
    write_frames(root / 'frames' / 'long', 0, 24, 64)
    (root / 'train.txt').write_text('long 0 12 0\nlong 12 12 1\n')
    dataset = "type='RawframeDataset', data_prefix=dict(img='frames'), with_offset=True"
    mine(write_config(root, dataset, FRAMES), root / 'out.jsonl', 3, num_workers=0)
    file = read_negatives(root / 'out.jsonl')
    assert [file.path_of(i) for i in range(2)] == ['long@0+12', 'long@12+12']


def test_wrapped_data_sets(root):
    config = Config.fromfile(write_config(root))
    mine(config, root / 'one.jsonl', num_negatives=3, num_workers=0)
    inner = config.train_dataloader.dataset
    config.train_dataloader.dataset = {'type': 'RepeatDataset', 'times': 3, 'dataset': inner}
    mine(config, root / 'two.jsonl', num_negatives=3, num_workers=0)
    assert (root / 'one.jsonl').read_bytes() == (root / 'two.jsonl').read_bytes()


def test_unreadable_videos_are_left_out(root):
    config = write_config(root)
    (root / 'v' / 'b' / '1.mp4').write_bytes(b'junk')
    with pytest.raises(MGDMError, match=r'1 of 8 videos are unreadable.*\n  b/1.mp4: RuntimeError'):
        mine(config, root / 'out.jsonl', 3, num_workers=0)
    assert not (root / 'out.jsonl').exists()
    summary = mine(config, root / 'out.jsonl', 3, num_workers=0, max_bad_fraction=0.2)
    assert list(summary.unreadable) == ['b/1.mp4']
    assert summary.num_videos == len(read_negatives(root / 'out.jsonl')) == 7
    assert 'b/1.mp4: RuntimeError' in str(summary)
    listed = (root / 'out.unreadable.tsv').read_text()
    assert listed.startswith('b/1.mp4\tRuntimeError')
    assert str(root / 'out.unreadable.tsv') in str(summary)
    with pytest.raises(MGDMError, match='holds no video'):
        read_negatives(root / 'out.jsonl').lookup('b/1.mp4')


@pytest.mark.parametrize(
    ('lines', 'message'),
    [
        (None, 'train.txt.*does not exist'),
        ('', 'train.txt: the annotation file is empty'),
        ('a/0.mp4 0\na/1.mp4 4\n', "train.txt:2: label 4 of 'a/1.mp4'; expected 0 to 3 for the 4"),
        ('a/0.mp4 0\na/0.mp4 1\n', "train.txt: 'a/0.mp4' is listed with label 0 and with label 1"),
        ('a/0.mp4,0\n', "train.txt:1: expected 'path label'"),
    ],
)
def test_bad_lists(root, lines, message):
    (root / 'train.txt').unlink()
    if lines is not None:
        (root / 'train.txt').write_text(lines)
    with pytest.raises(MGDMError, match=message):
        mine(write_config(root), root / 'out.jsonl', 3, num_workers=0)


def test_a_video_listed_twice_is_mined_once(root):
    with open(root / 'train.txt', 'a') as file:
        file.write('a/0.mp4 0\n')
    summary = mine(write_config(root), root / 'out.jsonl', 3, num_workers=0)
    assert (summary.num_videos, summary.repeats) == (8, 1)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'model.backbone.pretrained': None}, 'pretrained is not set'),
        ({'model.data_preprocessor': None}, 'data_preprocessor is missing'),
        ({'model.cls_head': {'type': 'x', '_delete_': True}}, 'cls_head.classes is missing'),
        ({'model.cls_head.classes': ['run', 'Run']}, 'labels 0.*and 1'),
        ({'train_dataloader': None}, 'no train_dataloader'),
        ({'val_dataloader': None}, 'no val_dataloader or test_dataloader with a VideoDataset'),
        ({'val_dataloader.dataset.pipeline.2.crop_size': 48}, r'frames of \(48, 48\).*\(64, 64\)'),
    ],
)
def test_bad_configs(root, change, message):
    config = Config.fromfile(write_config(root))
    config.merge_from_dict(change)
    if 'model.cls_head' in change:
        config.model.cls_head = {'type': 'x'}
    with pytest.raises(MGDMError, match=message):
        mine(config, root / 'out.jsonl', 3, num_workers=0)


def test_more_negatives_than_labels(root):
    with pytest.raises(MGDMError, match='7 negatives.*6 of 7 labels.*--num-negatives'):
        mine(write_config(root), root / 'out.jsonl', 7, num_workers=0)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(num_negatives=0), 'num_negatives=0'),
        (dict(num_workers=-1), 'num_workers=-1; expected 0'),
        (dict(max_bad_fraction=5), 'max_bad_fraction=5; expected a fraction, 0 to 1'),
        (dict(max_bad_fraction=-0.1), 'max_bad_fraction=-0.1; expected'),
        (dict(duplicate_threshold=7), 'duplicate_threshold=7; expected a cosine'),
        (dict(duplicate_threshold=float('nan')), 'duplicate_threshold=nan; expected a cosine'),
        (dict(device='tpu9'), "device 'tpu9' cannot be used here.*'cpu' always"),
    ],
)
def test_bad_options(root, options, message):
    with pytest.raises(MGDMError, match=message):
        mine(write_config(root), root / 'out.jsonl', **{'num_workers': 0, **options})
    assert not list(root.glob('out.jsonl*'))


def test_ranking_breaks_ties_by_the_lower_id():
    scores = np.array([[0.5, 0.9, 0.5, 0.9, 0.1], [0.5, 0.5 + 1e-9, 0.5, 0.2, 0.1]], np.float64)
    allowed = np.ones((2, 5), dtype=bool)
    allowed[0, 1] = allowed[1, 0] = False
    ids, values = rank_negatives(scores, allowed, 3)
    assert ids.tolist() == [[3, 0, 2], [1, 2, 3]]
    assert values.tolist() == [[0.9, 0.5, 0.5], [0.5, 0.5, 0.2]]


def test_near_duplicates_can_be_left_out():
    corpus = LabelCorpus(['brush hair', 'run'], ['brushing hair', 'dive'])
    texts = np.array([[1, 0], [0, 1], [0.99, 0.1411], [0.6, 0.8]])
    assert allowed_labels(corpus, texts, 2).tolist() == [
        [False, True, True, True],
        [True, False, True, True],
    ]
    assert allowed_labels(corpus, texts, 2, 0.9).tolist() == [
        [False, True, False, True],
        [True, False, True, True],
    ]
    with pytest.raises(MGDMError, match="class 'brush hair' has only 2 of 4 labels left"):
        allowed_labels(corpus, texts, 3, 0.9)


def test_summary_counts():
    corpus = LabelCorpus(['a', 'b', 'c'], ['d'])
    counter = SummaryCounter(corpus)
    scores = np.array([[0.9, 0.1, 0.2, 1.0], [0.5, 0.5, 0.1, 0], [0.3, 0.2, 0.3, 0]])
    labels = np.array([0, 1, 2])
    # The extra label d is no class; of equal scores the lower label comes first.
    ranks = true_ranks(scores, labels, corpus)
    assert ranks.tolist() == [0, 1, 1]
    for video in zip(labels, ranks, [[3, 2], [0, 2], [0, 1]], strict=True):
        counter.add(*video)
    assert counter.accuracy() == (pytest.approx(1 / 3), 1.0)
    confused = counter.confused(2)
    assert [(item.name, item.accuracy) for item in confused] == [('b', 0), ('c', 0)]
    # Of so few labels only the first one is counted: all would be among the first three.
    assert confused[0].negatives == [('a', 1.0)]
    many = SummaryCounter(LabelCorpus(['a', 'b', 'c'], ['d', 'e', 'f', 'g']))
    for video in zip(labels, ranks, [[3, 2], [0, 2], [0, 1]], strict=True):
        many.add(*video)
    assert many.confused(1)[0].negatives == [('a', 1.0), ('c', 1.0)]


def test_progress_lines(capsys):
    bar = Progress(100, every=0)
    bar.advance(25)
    bar.advance(75)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith('25/100 videos (25 %), ')
    assert lines[0].endswith(' left')
    assert '100/100 videos (100 %)' in lines[1]
    bar._done = 25
    assert bar.line(10.0) == '25/100 videos (25 %), 2.5 a second, 0:00:30 left'


def test_command(root, capsys):
    config = write_config(root)
    out = str(root / 'out.jsonl')
    arguments = [config, '--out', out, '--num-negatives', '3', '--num-workers', '0']
    main(arguments)
    text = capsys.readouterr().out
    assert 'top-1' in text
    assert f'Next: python tools/train.py {config}' in text
    assert 'the config reads x.jsonl' in text
    with pytest.raises(MGDMError, match='out.jsonl: exists already.*--overwrite'):
        main(arguments)
    main([*arguments, '--overwrite', '--cfg-options', 'model.cls_head.prompt=video:{}'])
    assert json.loads(Path(out).read_text().splitlines()[0])['prompt'] == 'video:{}'
    capsys.readouterr()
    main(['--check', out])
    assert 'no mistakes found' in capsys.readouterr().out
    with pytest.raises(MGDMError, match='no CONFIG'):
        main([])
    with pytest.raises(MGDMError, match='config .*none.py does not exist'):
        main([str(root / 'none.py')])
    with pytest.raises(MGDMError, match='--cfg-options model.backbone.arch.x does not fit'):
        main([config, '--cfg-options', 'model.backbone.arch.x=1'])
    (root / 'bad.py').write_text('model = dict(')
    with pytest.raises(MGDMError, match='bad.py cannot be read as a config'):
        main([str(root / 'bad.py')])


@pytest.mark.slow
def test_the_tool_tells_mistakes_without_a_traceback(tmp_path):
    tool = [sys.executable, str(ROOT / 'tools' / 'mine_negatives.py')]
    done = subprocess.run(
        [*tool, '--check', str(tmp_path / 'none.jsonl')], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert 'error: ' in done.stderr
    assert 'Traceback' not in done.stderr
