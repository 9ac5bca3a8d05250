"""The half-vector scatter: its numbers against plain loops, its picture, its command."""

import math
import warnings

import numpy as np
import pytest
import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from PIL import Image

from mgdm_mmaction.apis.listed_videos import TestVideos
from mgdm_mmaction.commands.visualize_semantics import main
from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.visualization.figures import figure_style, save_figure
from mgdm_mmaction.visualization.semantics import half_similarities
from mgdm_mmaction.visualization.semantics_figure import Scatter, draw_semantics, standing
from tests.apis.conftest import CONFIG, toy
from tests.models.tiny import CLASSES, tiny_batch, tiny_model

__all__ = ['toy']


def unit(vector):
    norm = math.sqrt(sum(x * x for x in vector))
    return [x / norm for x in vector]


def dot(a, b):
    return sum(x * y for x, y in zip(a, b, strict=True))


def naive(frames, guides, texts, temperature, normalize):
    """Point of every class of one clip, in loops: eq. 15, eq. 16, then the halves."""
    frames = [unit(frame) for frame in frames]
    points = []
    for guide, text in zip(guides, texts, strict=True):
        guide, text = unit(guide), unit(text)
        weights = [math.exp(dot(frame, guide) / temperature) for frame in frames]
        video = [0.0] * len(text)
        for frame, weight in zip(frames, weights, strict=True):
            video = [v + weight / sum(weights) * x for v, x in zip(video, frame, strict=True)]
        video = unit(video) if normalize else video
        half = len(text) // 2
        points.append([dot(video[:half], text[:half]), dot(video[half:], text[half:])])
    return points


@pytest.mark.parametrize('normalize', [False, True])
def test_points_equal_naive_loops(normalize):
    model = tiny_model(neck=dict(normalize_video=normalize)).double().eval()
    inputs, _ = tiny_batch(2, num_views=2, dtype=torch.float64)
    with torch.no_grad():
        frames, _ = model.extract_feat(inputs, stage='neck')
        guides, texts = model.cls_head.encode_classes()
    found = half_similarities(model, inputs)
    assert found.raw.shape == found.discriminated.shape == (2, len(CLASSES), 2)
    for video in range(2):
        for points, embeddings in ((found.raw, guides), (found.discriminated, texts)):
            views = [
                naive(clip.tolist(), guides.tolist(), embeddings.tolist(), 0.01, normalize)
                for clip in frames[video]
            ]
            np.testing.assert_allclose(points[video], np.mean(views, axis=0), atol=1e-9)
    assert not torch.allclose(found.raw, found.discriminated)


@pytest.mark.parametrize('attention', ['text', 'uniform'])
@pytest.mark.parametrize('context', ['all', 'single', 'neighbors'])
def test_the_halves_add_up_to_the_score(attention, context):
    model = tiny_model(neck=dict(attention=attention), cls_head=dict(context=context)).eval()
    inputs, _ = tiny_batch(3, num_views=2)
    points = half_similarities(model, inputs).discriminated
    logits, _ = model.explain(inputs)
    scores = logits.mean(1) / model.cls_head.scale()
    torch.testing.assert_close(points.sum(-1), scores, atol=1e-5, rtol=1e-4)


def test_standing():
    points = np.array([[0.1, 0.2], [0.3, 0.1], [0.0, 0.0], [0.2, 0.3]])
    assert standing(points, 3) == (1, pytest.approx(0.1), 1)
    assert standing(points, 0) == (3, pytest.approx(-0.2), 3)
    assert standing(np.zeros((2, 2)), 1) == (2, 0, 0), 'a tie is not won'


def test_the_picture_shows_what_it_was_given():
    rng = np.random.default_rng(0)
    rows = [Scatter('a.mp4', 2, rng.random((5, 2)), rng.random((5, 2))) for _ in range(2)]
    with figure_style(CLASSES) as warning:
        figure = draw_semantics(rows, CLASSES)
        figure.draw_without_rendering()
    assert warning == ''
    assert len(figure.axes) == 4
    for axis, points in zip(figure.axes, [p for row in rows for p in row[2:]], strict=True):
        others, rival, true = (np.asarray(c.get_offsets()) for c in axis.collections)
        best = standing(points, 2)[2]
        np.testing.assert_allclose(true, [points[2]])
        np.testing.assert_allclose(rival, [points[best]])
        np.testing.assert_allclose(others, np.delete(points, [2, best], axis=0))
        # The true class is the triangle.
        assert len(axis.collections[2].get_paths()[0].vertices) == 4
        # All points are inside, and both panels of a row show equal steps.
        for low, high, column in zip(*np.transpose([axis.get_xlim(), axis.get_ylim()]), points.T,
                                     strict=True):  # fmt: skip
            assert low < column.min() < column.max() < high
    widths = [np.ptp(axis.get_xlim()) for axis in figure.axes]
    assert widths[0] == pytest.approx(widths[1])
    assert rows[0].title in figure.axes[0].texts[-1].get_text()


def test_odd_labels_are_drawn_with_one_warning(tmp_path):
    """A dollar is no formula; letters that no font has are told once, and not by matplotlib."""
    names = ['$x_1$', 'cost $5 & <b>', '\U00013000 walking', 'a very long name ' * 9]
    points = np.random.default_rng(0).random((4, 2))
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        with figure_style(names) as warning:
            figure = draw_semantics([Scatter('$.mp4', 0, points, points)], names)
            save_figure(figure, tmp_path / 'a.png', 50)
    assert '\U00013000' in warning
    assert '--font' in warning
    assert '\n' not in warning


@pytest.fixture(scope='module')
def checkpoint(toy, tmp_path_factory):
    """Weights of the toy config's model, random but for CLIP's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('MGDM_DATA', str(toy.data))
        model = MODELS.build(Config.fromfile(CONFIG).model)
    model.init_weights()
    path = tmp_path_factory.mktemp('weights') / 'toy.pth'
    torch.save(dict(state_dict=model.state_dict(), meta={}), path)
    return str(path)


class TestCommand:
    @pytest.fixture(autouse=True)
    def _data(self, toy, monkeypatch, tmp_path):
        monkeypatch.setenv('MGDM_DATA', str(toy.data))
        monkeypatch.chdir(tmp_path)

    def test_draws_videos_of_the_list_and_others(self, toy, checkpoint, tmp_path, capsys):
        lines = (toy.root / 'val_list.txt').read_text().split('\n')
        (path, label), (other, _) = (line.rsplit(' ', 1) for line in lines[:2])
        classes = (toy.root / 'classes.txt').read_text().splitlines()
        copy = tmp_path / 'my own.mp4'
        copy.write_bytes((toy.root / 'videos' / path).read_bytes())
        videos = [path, str(toy.root / 'videos' / other), str(copy)]
        label = ['--label', classes[int(label)]]
        main([CONFIG, checkpoint, '--out', 'new/a.png', '--dpi', '50', '--videos', *videos, *label])
        out = capsys.readouterr().out.splitlines()
        assert out[-1] == 'new/a.png: 3 videos'
        told = [line.split(': raw texts ') for line in out if ': raw texts rank ' in line]
        assert [name.split(' (')[0] for name, _ in told] == [path, other, str(copy)]
        # The same file and the same class give the same numbers, whatever its name.
        assert told[0][1] == told[2][1] != told[1][1]
        assert Image.open('new/a.png').size[0] == 7.6 * 50

    def test_samples_follow_the_seed(self):
        videos = TestVideos(Config.fromfile(CONFIG), CONFIG, 12)
        names = [[path for path, _, _ in videos.sampled(3, seed)] for seed in (0, 0, 1)]
        assert names[0] == names[1] != names[2]
        assert len(set(names[0])) == 3
        assert videos.how == ' of the 12 of the test list, drawn at random with seed 1'

    def test_the_whole_list_stands_as_the_test_says(self, checkpoint, capsys):
        main(
            [CONFIG, checkpoint, '--out', 'a.png', '--samples', '12', '--dpi', '40', '--whole-list']
        )
        out = capsys.readouterr().out.splitlines()
        told = [line.split(': raw texts rank ')[1] for line in out if ': raw texts rank ' in line]
        ranks = [[int(part.split('rank ')[-1].split(',')[0]) for part in line.split(';')]
                 for line in (f'rank {text}' for text in told)]  # fmt: skip
        for line, found in zip(out[-2:], np.transpose(ranks), strict=True):
            assert f'true class first {100 * np.mean(found == 1):.1f} %' in line
        assert out[-3] == 'all 12 videos of the test list:'

    @pytest.mark.parametrize(
        ('args', 'message'),
        [
            (['--out', 'a.gif'], 'should end in .png, .pdf, .svg'),
            (['--out', 'there.png'], 'exists already; add --overwrite'),
            (['--out', 'there.png/a.png'], 'its folder cannot be made'),
            (
                ['--out', 'a.png', '--videos', 'gone.mp4'],
                'nor a file; .* such as val/circle',
            ),
            (['--out', 'a.png', '--videos', '0000.mp4'], 'fits 12 videos .* write more'),
            (['--out', 'a.png', '--videos', 'there.png'], 'its true class is not known; add --lab'),
            (['--out', 'a.png', '--videos', 'there.png', '--label', 'x'], 'none of the 12 classes'),
            (
                ['--out', 'a.png', '--videos', 'there.png', '--label', 'star growing'],
                'there.png: cannot be read as a video',
            ),
            (['--out', 'a.png', '--label', 'x'], '--label belongs to --videos'),
            (['--out', 'a.png', '--samples', '99'], 'takes 1 to 16 videos'),
            (['--out', 'a.png', '--device', 'tpu'], 'not on this machine'),
            (['--out', 'a.png', '--font', 'gone.ttf'], 'gone.ttf: no such file'),
        ],
    )
    def test_mistakes(self, checkpoint, tmp_path, args, message):
        (tmp_path / 'there.png').write_text('a picture')
        with pytest.raises(MGDMError, match=message):
            main([CONFIG, checkpoint, *args])
        assert (tmp_path / 'there.png').read_text() == 'a picture'

    def test_no_checkpoint(self):
        with pytest.raises(MGDMError, match='the checkpoint gone.pth does not exist'):
            main([CONFIG, 'gone.pth', '--out', 'a.png'])
