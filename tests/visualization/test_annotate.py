"""Annotated videos, decoded again."""

import itertools
from dataclasses import replace

import av
import numpy as np
import pytest
from PIL import Image

from mgdm_mmaction.apis.predictions import Places, VideoPrediction, WindowPrediction
from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.visualization import annotate_picture, annotate_video, window_at
from mgdm_mmaction.visualization.panel import plan_layout
from tests.video.clips import rotate
from tests.visualization.pictures import predict, write_square

NAMES = ['opening a door', 'closing a door', 'knocking']
OTHERS = ['peeling an apple', 'slicing an apple', 'biting']


def _decode(path):
    with av.open(str(path)) as container:
        return [(f.time, f.to_ndarray(format='rgb24')) for f in container.decode(video=0)]


@pytest.fixture(scope='module')
def drawn(tmp_path_factory):
    """A clip of two seconds with two windows of other labels: prediction, times, frames."""
    folder = tmp_path_factory.mktemp('drawn')
    source = write_square(folder / 'in.mp4')
    prediction = predict(
        source, [(0, 1), (1, 2)], [NAMES, OTHERS], [(0, 1, 2), (3, 2, 1)], num_frames=4
    )
    times = []
    count = annotate_video(prediction, folder / 'out.mp4', on_frame=times.append)
    assert count == len(times) == 20
    return prediction, folder / 'out.mp4', _decode(folder / 'out.mp4')


def test_there_are_as_many_frames_with_the_same_times_in_a_larger_picture(drawn):
    _, _, frames = drawn
    layout = plan_layout((64, 48), 4)

    assert [time for time, _ in frames] == pytest.approx([i / 10 for i in range(20)], abs=1e-3)
    assert {image.shape for _, image in frames} == {(layout.height, layout.width, 3)}


def test_the_video_itself_is_shown(drawn):
    prediction, _, frames = drawn
    left, top, width, height = plan_layout((64, 48), 4).video

    originals = _decode(prediction.source)
    for i in (0, 6, 13, 19):
        shown = frames[i][1][top : top + height, left : left + width]
        expected = np.asarray(Image.fromarray(originals[i][1]).resize((width, height)))
        assert np.abs(shown.astype(int) - expected).mean() < 6


def test_labels_change_with_the_window_and_only_then(drawn):
    _, _, frames = drawn
    layout = plan_layout((64, 48), 4)
    top = layout.top + layout.rows[0]
    names = [image[top : top + round(1.5 * layout.text), :300].astype(int) for _, image in frames]
    changes = [np.abs(a - b).mean() for a, b in zip(names, names[1:], strict=False)]

    # The second window starts at 1 s, with frame 10; at that very moment either may speak.
    assert max(changes) > 20 * (np.median(changes) + 0.05)
    assert int(np.argmax(changes)) in (9, 10)


def test_the_brightest_cells_are_the_attended_frames(drawn):
    prediction, _, frames = drawn
    layout = plan_layout((64, 48), 4)
    edges = layout.edges(4)
    for window, index in zip(prediction.windows, (2, 17), strict=True):
        image = frames[index][1].astype(int)
        for row, peak in zip(layout.rows, window.attention.argmax(1), strict=True):
            y = layout.top + row + round(1.6 * layout.text)
            # Medians: of numbers and the cursor there is less than of the cell.
            cells = [
                np.median(image[y + 3 : y + layout.cells - 3, a + 3 : b - 3].sum(-1))
                for a, b in zip(edges[:-1], edges[1:], strict=True)
            ]
            assert int(np.argmax(cells)) == peak


def test_thumbnails_are_the_frames_that_the_model_saw(drawn):
    _, _, frames = drawn
    layout = plan_layout((64, 48), 4)
    width, height = layout.thumbnail
    edges = layout.edges(4)
    top = layout.top + layout.gap
    places = []
    for slot in range(4):
        x = (edges[slot] + edges[slot + 1] - width) // 2
        part = frames[9][1][top + 2 : top + height // 5, x + 2 : x + width - 2].min((0, 2))
        places.append(np.flatnonzero(part > 180).mean() / width)
    # The square goes to the right: frames 1, 4, 6, 9 of 20.
    assert (np.diff(places) > 0.05).all()


def test_a_turned_clip_with_odd_sides_and_a_variable_rate(tmp_path):
    times = [0, 0.05, 0.3, 0.31, 0.9]
    milliseconds = [round(1000 * time) for time in times]
    source = rotate(write_square(tmp_path / 'a.mp4', 5, (70, 50), times=milliseconds), 90)
    annotate_video(predict(source, [(0, 1)], [NAMES], [(0, 1, 2)]), tmp_path / 'out.mp4')

    found = _decode(tmp_path / 'out.mp4')
    layout = plan_layout((50, 70), 4)

    assert [time for time, _ in found] == pytest.approx(times, abs=2e-3)
    left, top, width, height = layout.video
    assert height > width
    shown = found[0][1][top : top + height, left : left + width]
    # The square was at the upper left; turned to the right it is at the upper right.
    assert shown[height // 12, -width // 8].min() > 200


def test_between_windows_nothing_is_claimed(tmp_path):
    source = write_square(tmp_path / 'in.mp4')
    prediction = predict(source, [(0, 0.5), (1.5, 2)], [NAMES, NAMES], [(0, 1, 2)] * 2)
    annotate_video(prediction, tmp_path / 'out.mp4')
    layout = plan_layout((64, 48), 4)
    frames = [image for _, image in _decode(tmp_path / 'out.mp4')]

    bottom = layout.rows[-1] + layout.cells
    panels = [image[layout.top : layout.top + bottom].std() for image in frames]
    assert min(panels[2], panels[18]) > 20
    assert panels[10] < 3


@pytest.mark.parametrize(
    ('time', 'expected'), [(0, 0), (1.9, 0), (2.1, 1), (3.9, 2), (7.5, 3), (5.5, None), (9, 3)]
)
def test_the_most_central_window_speaks(time, expected):
    spans = [(0, 3), (1, 4), (2, 5), (6, 8)]
    windows = [WindowPrediction(*span, ['a'], [1.0], [span[0]]) for span in spans]

    assert window_at(windows, time) == expected


def test_without_attention_there_are_only_scores(tmp_path):
    source = write_square(tmp_path / 'in.mp4', 3)
    window = WindowPrediction(0, 0.3, NAMES, [0.6, 0.3, 0.1], [0.1, 0.2])
    prediction = VideoPrediction(str(source), NAMES, [0.6, 0.3, 0.1], [window])

    annotate_video(prediction, tmp_path / 'out.mp4')

    layout = plan_layout((64, 48), 0)
    assert _decode(tmp_path / 'out.mp4')[0][1].shape[:2] == (layout.height, layout.width)


def test_frames_are_tinted_where_the_first_item_is(tmp_path):
    source = write_square(tmp_path / 'in.mp4')
    heat = np.zeros((4, 2, 2), np.float32)
    heat[2, 1, 1] = 1  # the lower right of the third frame
    window = replace(
        predict(source, [(0, 2)], [NAMES], [(0, 1, 2)]).windows[0],
        attention=None,
        items={NAMES[0]: [('door', 0.6)]},
        places=Places('door', heat, (0.25, 0.0, 0.5, 1.0)),
    )
    prediction = VideoPrediction(str(source), NAMES, window.scores, [window])
    time = annotate_picture(prediction, tmp_path / 'out.png')
    assert time in (pytest.approx(1.2), pytest.approx(1.3))
    layout = plan_layout((64, 48), 4, attention=False)
    image = np.asarray(Image.open(tmp_path / 'out.png')).astype(int)
    assert image.shape[:2] == (layout.height, layout.width)
    width, height = layout.thumbnail
    top = layout.top + layout.gap
    red = []
    for left, right in itertools.pairwise(layout.edges(4)):
        part = image[top : top + height, (left + right - width) // 2 :][:, :width]
        red.append(part[..., 0] - part[..., 2] > 40)
    assert [found.any() for found in red] == [False, False, True, False]
    assert red[2][height // 2 :, width // 2 : 3 * width // 4].mean() > 0.5
    assert not red[2][:, : width // 4].any()
    assert not red[2][:, 3 * width // 4 + 1 :].any()


def test_a_picture_shows_the_frame_that_the_best_label_looked_at_most(tmp_path):
    source = write_square(tmp_path / 'in.mp4')
    prediction = predict(source, [(0, 2)], [NAMES], [(3, 1, 2)])

    time = annotate_picture(prediction, tmp_path / 'out.png')

    # Of four frames the last, at 1.75 s; frames are at 1.7 and 1.8 s.
    assert time in (pytest.approx(1.7), pytest.approx(1.8))
    with Image.open(tmp_path / 'out.png') as image:
        layout = plan_layout((64, 48), 4)
        assert image.size == (layout.width, layout.height)
        shown = np.asarray(image)[: layout.video[3] // 6].min((0, 2))
    right = np.flatnonzero(shown > 200).mean() / layout.width
    assert right == pytest.approx(round(time * 10) / 19 * (64 - 12) / 64 + 6 / 64, abs=0.05)


def test_memory_does_not_grow_with_the_length(tmp_path):
    """Frames go through one canvas: what is alive at once is a handful, for any length."""
    import gc
    import tracemalloc

    peaks = []
    for count in (10, 40):
        source = write_square(tmp_path / f'{count}.mp4', count=count, fps=20)
        spans = [(i / 2, i / 2 + 0.5) for i in range(count // 10)]
        prediction = predict(source, spans, [NAMES] * len(spans), [(0, 1, 2)] * len(spans))
        gc.collect()
        tracemalloc.start()
        annotate_video(prediction, tmp_path / 'out.mp4')
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        (tmp_path / 'out.mp4').unlink()

    # A picture of this canvas is 1.2 MB: 30 more of them would be 36 MB.
    assert peaks[1] < peaks[0] + 8e6


def test_the_video_is_never_written_over(tmp_path):
    source = write_square(tmp_path / 'in.mp4', 3)
    before = source.read_bytes()
    link = tmp_path / 'link.mp4'
    link.symlink_to(source)
    prediction = predict(source, [(0, 1)], [NAMES], [(0, 1, 2)])

    for out in (source, link):
        with pytest.raises(MGDMError, match='is the video itself'):
            annotate_video(prediction, out)
    assert source.read_bytes() == before


def test_a_video_without_scores_says_why(tmp_path):
    with pytest.raises(MGDMError, match=r'a\.mp4: an empty file'):
        annotate_video(VideoPrediction('a.mp4', error='an empty file'), tmp_path / 'out.mp4')
    assert not list(tmp_path.iterdir())
