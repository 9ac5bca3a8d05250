"""From a clip to an answer, and the answer as HTML."""

import base64
import io
import re
from dataclasses import replace

import decord
import numpy as np
import pytest
from PIL import Image

from mgdm_mmaction.app.clip_frames import frame_images
from mgdm_mmaction.app.render import render_answer, render_clip, render_error
from mgdm_mmaction.errors import MGDMError

NASTY = '<img src=x onerror=alert(1)> & "\''


@pytest.fixture(scope='module')
def answer(recognition, clip):
    return recognition(clip)


def pixels(uri):
    assert uri.startswith('data:image/jpeg;base64,')
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.split(',')[1]))), dtype=float)


def test_an_answer_is_that_of_the_inferencer(recognition, answer, clip):
    expected = recognition.inferencer(str(clip), attention=True)[0]
    assert answer.labels == expected.labels
    assert answer.scores == pytest.approx(expected.scores)
    assert answer.num_labels == 12
    assert answer.attention.shape == (5, 8)
    np.testing.assert_allclose(answer.attention, expected.windows[0].attention, rtol=1e-5)
    np.testing.assert_allclose(answer.attention.sum(1), 1, rtol=1e-5)
    assert answer.frame_times == expected.windows[0].frame_times
    assert len(answer.frames) == 8


def test_the_frames_are_those_at_their_times(clip):
    reader = decord.VideoReader(str(clip))
    rate = reader.get_avg_fps()
    for index, uri in zip((0, 4, 9), frame_images(clip, [0, 4 / rate, 9 / rate]), strict=True):
        frame = reader[index].asnumpy().astype(float)
        others = [abs(frame - reader[i].asnumpy()).mean() for i in (0, 4, 9) if i != index]
        assert abs(pixels(uri) - frame).mean() < min(others)


def test_neighbours_have_their_score_on_this_clip(recognition, answer, clip):
    scores = recognition.inferencer(str(clip), top_k=12)[0]
    scores = dict(zip(scores.labels, scores.scores, strict=True))
    assert answer.neighbours
    for item, score in answer.neighbours:
        assert item.label != answer.labels[0]
        assert 0 < item.share <= 1
        assert score == pytest.approx(scores[item.label])


def test_other_labels_in_one_question_do_not_stay(recognition, answer, clip):
    labels = ['something new', answer.labels[0].upper()]
    other = recognition(clip, labels)
    assert sorted(other.labels) == sorted(labels)
    assert other.num_labels == 2
    assert sum(other.scores) == pytest.approx(1)
    again = recognition(clip)
    assert again.labels == answer.labels
    assert again.scores == pytest.approx(answer.scores)


def test_the_page_may_have_other_labels_of_its_own(recognition, clip):
    from mgdm_mmaction.app.recognition import Recognition

    page = Recognition(recognition.inferencer, recognition.limits, labels=['walking', 'running'])
    assert sorted(page(clip).labels) == ['running', 'walking']
    assert not page(clip).has_negatives


def test_clips_that_are_none(recognition, tmp_path, long_clip):
    text = tmp_path / 'text.mp4'
    text.write_text('hello\n' * 100)
    (tmp_path / 'empty.mp4').touch()
    large = tmp_path / 'large.mp4'
    large.write_bytes(bytes(2 << 20))
    for path, message in (
        (text, 'text.mp4 cannot be read as a video: '),
        (tmp_path / 'empty.mp4', 'empty.mp4 cannot be read as a video: an empty file'),
        (long_clip, 'The clip is 4.0 s long; this page takes up to 3 s.'),
        (large, 'The file has 2.0 MB; this page takes up to 1 MB.'),
    ):
        with pytest.raises(MGDMError) as caught:
            recognition(path)
        assert str(caught.value).startswith(message)
        assert '\n' not in str(caught.value)
        # A visitor has no use for the folders of the server.
        assert str(tmp_path) not in str(caught.value)


def test_labels_that_are_none(recognition, clip):
    with pytest.raises(MGDMError, match='same name but for spelling'):
        recognition(clip, ['run', 'RUN'])
    with pytest.raises(MGDMError, match='letters or digits'):
        recognition(clip, ['run', '???'])
    assert recognition(clip).num_labels == 12


def test_html_holds_every_number(answer):
    html = render_answer(answer)
    assert html.count('<img ') == 8
    assert html.count('<tr><th scope="row">') == 5 + len(answer.neighbours)
    for label, score in zip(answer.labels, answer.scores, strict=True):
        assert f'{label}</span><span class="mgdm-score">{score:.1%}' in html
    titles = re.findall(r'title="(.+?): (\d+)% of its attention at ([\d.]+) s"', html)
    assert [int(percent) for _, percent, _ in titles] == [
        round(100 * weight) for weight in answer.attention.ravel()
    ]
    # The frame that each label looked at most, by its place in the row.
    rows = re.findall(r'<tr><th scope="row"><span class="mgdm-name">.+?</tr>', html)
    most = [['most' in cell for cell in re.findall(r'<td.*?>', row)] for row in rows]
    assert [row.index(True) for row in most] == answer.attention.argmax(1).tolist()


def test_texts_stay_texts(answer):
    neighbours = [(item._replace(label=NASTY), score) for item, score in answer.neighbours]
    html = render_answer(replace(answer, labels=[NASTY] * 5, neighbours=neighbours))
    html += render_error(NASTY) + render_clip(f'/a/{NASTY}.mp4')
    assert '<img src=x' not in html
    assert html.count('&lt;img src=x onerror=alert(1)&gt; &amp; &quot;&#x27;') > 10
    assert render_error('two\nlines') == render_error('two lines')


def test_negatives_that_do_not_know_the_label(answer):
    html = render_answer(replace(answer, neighbours=None))
    assert 'is no class that this checkpoint was trained on' in html
    assert 'apart' not in render_answer(replace(answer, neighbours=None, has_negatives=False))
