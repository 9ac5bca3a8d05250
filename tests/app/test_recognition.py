"""From a clip to an answer, and the answer as HTML."""

import base64
import io
import re
from dataclasses import replace

import decord
import numpy as np
import pytest
from PIL import Image

from mgdm_mmaction.apis.inputs import list_sources
from mgdm_mmaction.apis.predictions import Places
from mgdm_mmaction.app.recognition import Recognition, frame_images
from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.video import open_video

NASTY = '<img src=x onerror=alert(1)> & "\''


@pytest.fixture(scope='module')
def answer(recognition, clip):
    return recognition(str(clip))


@pytest.fixture(scope='module')
def html():
    """The parts of the page."""
    pytest.importorskip('gradio')
    from mgdm_mmaction.app.page import HTML

    return HTML


def test_an_answer_is_that_of_the_inferencer(recognition, answer, clip):
    expected = recognition.inferencer(str(clip), attention=True)[0]
    found = answer.prediction
    assert found.labels[:5] == expected.labels
    assert len(found.labels) == 12
    assert found.scores[:5] == pytest.approx(expected.scores)
    attention = found.windows[0].attention[:5]
    np.testing.assert_allclose(attention, expected.windows[0].attention, rtol=1e-5)
    assert len(answer.frames) == 8
    assert answer.neighbours == recognition.told_apart.of(expected.labels[0])


def test_the_frames_are_those_at_their_times(clip):
    reader = decord.VideoReader(str(clip))
    rate = reader.get_avg_fps()
    frames = open_video(list_sources(str(clip))[0], 1.0)
    for index, uri in zip((0, 4, 9), frame_images(frames, [0, 4 / rate, 9 / rate]), strict=True):
        assert uri.startswith('data:image/jpeg;base64,')
        image = Image.open(io.BytesIO(base64.b64decode(uri.split(',')[1])))
        gaps = [abs(np.asarray(image, float) - reader[i].asnumpy()).mean() for i in (0, 4, 9)]
        assert np.argmin(gaps) == (0, 4, 9).index(index)


def test_the_frames_are_tinted(clip):
    frames = open_video(list_sources(str(clip))[0], 1.0)
    heat = np.array([[[1.0, 0.0]], [[0.0, 0.0]]])
    uris = frame_images(frames, [0, 0], Places('star', heat, (0, 0, 1, 1)))
    tinted, plain = (
        np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.split(',')[1]))), int) for uri in uris
    )
    more = (tinted - plain)[..., 0] - (tinted - plain)[..., 2]
    assert more[:, :30].mean() > 50
    assert abs(more[:, -20:].mean()) < 5


def test_other_labels_in_one_question_do_not_stay(recognition, answer, clip):
    labels = ['something new', answer.prediction.labels[0].upper()]
    other = recognition(str(clip), labels).prediction
    assert sorted(other.labels) == sorted(labels)
    assert sum(other.scores) == pytest.approx(1)
    assert recognition(str(clip)).prediction.scores == pytest.approx(answer.prediction.scores)


def test_the_page_may_have_other_labels_of_its_own(recognition, clip):
    page = Recognition(recognition.inferencer, recognition.limits, labels=['walking', 'running'])
    answer = page(str(clip))
    assert sorted(answer.prediction.labels) == ['running', 'walking']
    assert not answer.has_negatives


def test_clips_that_are_none(recognition, tmp_path, long_clip):
    text = tmp_path / 'text.mp4'
    text.write_text('hello\n' * 100)
    (tmp_path / 'empty.mp4').touch()
    for path, message in (
        (text, 'text.mp4 cannot be read as a video: '),
        (tmp_path / 'empty.mp4', 'empty.mp4 cannot be read as a video: an empty file'),
        (long_clip, 'The clip is 4.0 s long; this page takes up to 3 s.'),
    ):
        with pytest.raises(MGDMError) as caught:
            recognition(str(path))
        assert str(caught.value).startswith(message)
        assert '\n' not in str(caught.value)
        # A visitor has no use for the folders of the server.
        assert str(tmp_path) not in str(caught.value)


def test_html_holds_every_number(answer, html):
    text = html.answer(**vars(answer))
    found, attention = answer.prediction, answer.prediction.windows[0].attention[:5]
    assert text.count('<img ') == 8
    assert text.count('<tr><th scope="row">') == 5 + len(answer.neighbours)
    for label, score in list(zip(found.labels, found.scores, strict=True))[:5]:
        assert f'{label}</span><span class="mgdm-score">{score:.1%}' in text
    titles = re.findall(r'title="(.+?): (\d+)% of its attention at ([\d.]+) s"', text)
    percents = [int(percent) for _, percent, _ in titles]
    np.testing.assert_allclose(percents, 100 * attention.ravel(), atol=0.51)
    # The frame that each label looked at most, by its place in the row.
    rows = re.findall(r'<tr><th scope="row"><span class="mgdm-name">.+?</tr>', text, re.DOTALL)
    most = [['most' in cell for cell in re.findall(r'<td.*?>', row)] for row in rows]
    assert [row.index(True) for row in most] == attention.argmax(1).tolist()
    scores = dict(zip(found.labels, found.scores, strict=True))
    for item in answer.neighbours:
        cells = f'<td>{item.share:.0%}</td><td>{scores[item.label]:.1%}</td>'
        assert f'<th scope="row">{item.label}</th>{cells}' in text


def test_texts_stay_texts(answer, html):
    neighbours = [item._replace(label=NASTY) for item in answer.neighbours]
    prediction = replace(answer.prediction, labels=[NASTY] * 12)
    text = html.answer(prediction, answer.frames, neighbours, True)
    text += html.error(NASTY) + html.player(f'/a/{NASTY}.mp4') + html.title(NASTY, 1)
    text += html.classes([NASTY])
    assert '<img src=x' not in text
    assert text.count('&lt;img src=x onerror=alert(1)&gt; &amp; &#34;&#39;') > 10
    assert html.error('two\nlines') == html.error('two lines')


def test_negatives_that_do_not_know_the_label(answer, html):
    text = html.answer(answer.prediction, answer.frames, None, True)
    assert 'is no class that this checkpoint was trained on' in text
    assert 'apart' not in html.answer(answer.prediction, answer.frames, None, False)


def test_a_method_without_frames_and_one_with_items(answer, html):
    window = replace(answer.prediction.windows[0], attention=None)
    window.__dict__['items'] = {answer.prediction.labels[1]: [(NASTY, 0.25)]}
    window.__dict__['places'] = Places(NASTY, np.ones((8, 1, 1)), (0, 0, 1, 1))
    text = html.answer(replace(answer.prediction, windows=[window]), answer.frames, None, False)
    assert text.count('<img ') == 8
    assert 'of its attention' not in text
    items = '&lt;img src=x onerror=alert(1)&gt; &amp; &#34;&#39; <span class="mgdm-score">0.25<'
    assert f'<th scope="row">{answer.prediction.labels[1]}</th><td>{items}' in text
    assert 'Tinted: where “&lt;img' in text
