"""MGDMInferencer against MMAction2's own inference, and what it promises beyond that."""

import csv
import json
import shutil

import decord
import numpy as np
import pytest
import torch
from mmaction.apis import inference_recognizer, init_recognizer
from mmaction.structures import ActionDataSample

from mgdm_mmaction.apis.inferencer import MGDMInferencer
from mgdm_mmaction.errors import MGDMError
from tests.apis.conftest import NUM_FRAMES, clip_config, save_checkpoint
from tests.models.tiny import CLASSES
from tests.video.clips import encode


@pytest.fixture(scope='module')
def videos(tmp_path_factory):
    """Three clips of different length and shape."""
    folder = tmp_path_factory.mktemp('videos')
    encode(folder / 'a1.mp4', count=23)
    encode(folder / 'a2.mp4', count=9, size=(64, 112))
    encode(folder / 'a10.mp4', count=40, fps=25)
    return sorted(folder.iterdir(), key=lambda path: int(path.stem[1:]))


def _frames(path):
    reader = decord.VideoReader(str(path))
    return reader.get_batch(range(len(reader))).asnumpy()


def _scores(prediction, labels):
    found = dict(zip(prediction.labels, prediction.scores, strict=True))
    return [found[label] for label in labels]


def _reference(path, video, **views):
    """Scores by MMAction2's functions, on the config's pipeline as it is."""
    config = clip_config(CLASSES, **views)
    config.test_pipeline[0].transforms[1].test_mode = True
    model = init_recognizer(config, str(path), device='cpu')
    return inference_recognizer(model, str(video)).pred_score.numpy()


@pytest.mark.parametrize(
    'views', [{}, dict(num_clips=2, crop='ThreeCrop')], ids=['one view', 'six views']
)
def test_scores_are_those_of_mmaction2(checkpoint, videos, views):
    inferencer = MGDMInferencer(
        clip_config('/gone/classes.txt', **views), str(checkpoint), 'cpu', show_progress=False
    )
    assert inferencer.labels == CLASSES
    for prediction, video in zip(inferencer(videos, batch_size=2), videos, strict=True):
        expected = _reference(checkpoint, video, **views)
        np.testing.assert_allclose(_scores(prediction, CLASSES), expected, atol=1e-5)
        assert np.ptp(expected) > 1e-3
        assert prediction.labels[0] == CLASSES[expected.argmax()]


def test_averaged_logits_become_probabilities(checkpoint, videos):
    views = dict(num_clips=3)
    config = clip_config(CLASSES, **views)
    config.model.test_cfg = dict(average_clips='score')
    inferencer = MGDMInferencer(config, str(checkpoint), 'cpu', show_progress=False)
    model = init_recognizer(config, str(checkpoint), device='cpu')
    config.test_pipeline[0].transforms[1].test_mode = True
    logits = inference_recognizer(model, str(videos[0])).pred_score
    (prediction,) = inferencer(videos[0])
    expected = logits.softmax(-1).numpy()
    np.testing.assert_allclose(_scores(prediction, CLASSES), expected, atol=1e-5)


def test_arrays_files_and_folders_agree(inferencer, videos):
    by_folder = inferencer(videos[0].parent)
    by_array = inferencer([_frames(video) for video in videos], batch_size=3)
    assert [item.source for item in by_folder] == [str(video) for video in videos]
    for one, other in zip(by_folder, by_array, strict=True):
        assert one.labels == other.labels
        np.testing.assert_allclose(one.scores, other.scores, atol=1e-6)


def test_batches_change_nothing(inferencer, videos):
    options = dict(window=0.5, stride=0.3, attention=True)
    alone = inferencer(videos, **options)
    together = inferencer(videos, batch_size=4, **options)
    for one, other in zip(alone, together, strict=True):
        assert len(one.windows) == len(other.windows) > 1
        for left, right in zip(one.windows, other.windows, strict=True):
            assert left.labels == right.labels
            np.testing.assert_allclose(left.scores, right.scores, atol=1e-6)
            np.testing.assert_allclose(left.attention, right.attention, atol=1e-4)


def test_a_window_is_scored_as_if_it_were_the_whole_video(inferencer, videos):
    frames = _frames(videos[0])
    (prediction,) = inferencer(videos[0], window=1, stride=0.5, top_k=9)
    starts = [window.start for window in prediction.windows]
    assert starts == pytest.approx([0, 0.5, 1, 1.3])
    assert [window.end for window in prediction.windows] == pytest.approx([1, 1.5, 2, 2.3])
    total = np.zeros(len(CLASSES))
    for window in prediction.windows:
        first = round(window.start * 10)
        (alone,) = inferencer(frames[first : first + 10], top_k=9, fps=10)
        assert window.labels == alone.labels
        np.testing.assert_allclose(window.scores, alone.scores, atol=1e-6)
        times = [time + window.start for time in alone.windows[0].frame_times]
        assert window.frame_times == pytest.approx(times)
        total += _scores(window, CLASSES)
    np.testing.assert_allclose(
        _scores(prediction, CLASSES), total / len(prediction.windows), atol=1e-6
    )


def test_attention_belongs_to_the_labels_and_frames_that_are_named(checkpoint, videos):
    """Six views: the mean over three crops, two clips side by side in the order of time."""
    config = clip_config(CLASSES, num_clips=2, crop='ThreeCrop')
    inferencer = MGDMInferencer(config, str(checkpoint), 'cpu', show_progress=False)
    (prediction,) = inferencer(videos[2], attention=True, top_k=2)
    (window,) = prediction.windows
    assert window.attention.shape == (2, 2 * NUM_FRAMES)
    np.testing.assert_allclose(window.attention.sum(1), 1, atol=1e-5)
    assert window.frame_times == sorted(window.frame_times)

    # The same by MMAction2's pipeline and the plain loop.
    model = init_recognizer(config, str(checkpoint), device='cpu')
    seen = {}
    hook = model.neck.register_forward_hook(lambda module, inputs, out: seen.update(frames=out))
    config.test_pipeline[0].transforms[1].test_mode = True
    inference_recognizer(model, str(videos[2]))
    hook.remove()
    frames = torch.nn.functional.normalize(seen['frames'].flatten(0, -3), dim=-1)  # [6, T, D]
    guides = torch.nn.functional.normalize(model.cls_head.encode_classes()[0], dim=-1)
    sampler = config.test_pipeline[0].transforms[1]
    assert sampler.num_clips == 2
    segment = 39 / NUM_FRAMES
    for row, label in enumerate(window.labels):
        weights = (frames @ guides[CLASSES.index(label)] / 0.01).softmax(-1)  # [6, T]
        found = {}
        for view in range(6):
            for t in range(NUM_FRAMES):
                index = int(np.round(segment * t)) + int(segment / 3 * (view % 2 + 1))
                found[index] = found.get(index, 0) + weights[view, t].item() / 6
        times = [round(time * 25) for time in window.frame_times]
        expected = [found[index] for index in times]
        np.testing.assert_allclose(window.attention[row], expected, atol=1e-4)


def test_top_k(inferencer, videos):
    (few,) = inferencer(videos[0], top_k=2)
    (all_of_them,) = inferencer(videos[0], top_k=99)
    assert len(few.labels) == len(few.windows[0].scores) == 2
    assert few.windows[0].attention is None
    assert sorted(all_of_them.labels) == sorted(CLASSES)
    assert all_of_them.labels[:2] == few.labels
    assert all_of_them.scores == sorted(all_of_them.scores, reverse=True)
    assert sum(all_of_them.scores) == pytest.approx(1)


def test_labels_of_a_call_do_not_stay(inferencer, videos):
    (before,) = inferencer(videos[0])
    (other,) = inferencer(videos[0], labels=CLASSES[3:1:-1])
    assert sorted(other.labels) == sorted(CLASSES[2:4])
    assert inferencer.labels == CLASSES
    assert inferencer(videos[0])[0].scores == before.scores


def test_labels_stay_as_they_were_when_a_call_fails(inferencer, videos):
    with pytest.raises(MGDMError, match='entry 1 is a NoneType'):
        inferencer([videos[0], None], labels=CLASSES[:2])
    assert inferencer.labels == CLASSES


def test_new_labels_are_encoded_once(checkpoint, clip_file, videos, tmp_path, monkeypatch):
    weights = tmp_path / 'clip.pt'
    shutil.copy(clip_file, weights)
    monkeypatch.setenv('MGDM_CACHE', str(tmp_path / 'cache'))
    inferencer = MGDMInferencer(
        str(checkpoint), device='cpu', pretrained=str(weights), show_progress=False
    )
    new = ['a dog barks', 'jumping', 'A Cat']
    (first,) = inferencer(videos[0], labels=new)
    assert sorted(first.labels) == sorted(new)
    weights.unlink()  # Nothing is there to encode them with again.
    shutil.rmtree(tmp_path / 'cache')
    (second,) = inferencer(videos[0], labels=new)
    assert second.scores == first.scores
    inferencer.set_labels(['a cat', 'clapping'])
    assert inferencer.labels == ['a cat', 'clapping']


def test_labels_score_as_if_the_model_had_been_built_with_them(checkpoint, clip_file, videos):
    new = ['a dog barks', 'jumping', 'a cat']
    inferencer = MGDMInferencer(
        str(checkpoint), labels=new, device='cpu', pretrained=str(clip_file), show_progress=False
    )
    model = init_recognizer(clip_config(CLASSES, str(clip_file)), str(checkpoint), device='cpu')
    model.set_classes(new)
    model.cfg.test_pipeline[0].transforms[1].test_mode = True
    expected = inference_recognizer(model, str(videos[1])).pred_score.numpy()
    (prediction,) = inferencer(videos[1])
    np.testing.assert_allclose(_scores(prediction, new), expected, atol=1e-5)


def test_a_label_that_nothing_can_encode(inferencer):
    text = "'a dog': not among the 5 labels .* names the CLIP weights /gone/clip.pt, .*pretrained="
    with pytest.raises(MGDMError, match=text):
        inferencer.set_labels(['a dog', 'clapping'])
    assert inferencer.labels == CLASSES


def test_other_clip_weights_are_refused(checkpoint, tmp_path):
    from mgdm_mmaction.clip import build_clip

    torch.manual_seed(1)
    torch.save(build_clip('mgdm-tiny').state_dict(), tmp_path / 'other.pt')
    with pytest.raises(MGDMError, match='Both have to lie in one space'):
        MGDMInferencer(
            str(checkpoint), labels=['a dog'], device='cpu', pretrained=str(tmp_path / 'other.pt')
        )


def test_broken_ones_do_not_stop_the_others(inferencer, videos, tmp_path):
    (tmp_path / 'text.mp4').write_text('no video at all')
    inputs = [tmp_path / 'text.mp4', videos[0], np.zeros((2, 3), np.uint8), videos[1], 'gone.mp4']
    predictions = inferencer(inputs, batch_size=4, out=tmp_path / 'scores.json')
    assert [item.ok for item in predictions] == [False, True, False, True, False]
    assert [item.source for item in predictions.broken] == [
        str(tmp_path / 'text.mp4'),
        'array 0',
        'gone.mp4',
    ]
    alone = inferencer(videos[:2])
    for item, i in zip(alone, (1, 3), strict=True):
        assert item.scores == pytest.approx(predictions[i].scores)
    written = json.loads((tmp_path / 'scores.json').read_text('utf-8'))
    assert written[1]['labels'] == predictions[1].labels
    assert written[4] == {'source': 'gone.mp4', 'error': 'no such file or folder'}


def test_scores_as_a_table(inferencer, videos, tmp_path):
    predictions = inferencer([videos[0], 'gone.mp4'], window=1, top_k=2, out=tmp_path / 'out.csv')
    with open(tmp_path / 'out.csv', encoding='utf-8', newline='') as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * len(predictions[0].windows) + 1
    assert rows[1]['label'] == predictions[0].windows[0].labels[1]
    assert rows[-1]['error'] == 'no such file or folder'


def test_data_samples_of_mmaction2(inferencer, videos):
    good, broken = inferencer([videos[0], 'gone.mp4'], return_datasamples=True)
    assert isinstance(good, ActionDataSample)
    assert good.pred_score.shape == (len(CLASSES),)
    assert CLASSES[good.pred_label.item()] == inferencer(videos[0])[0].labels[0]
    assert broken.error == 'no such file or folder'
    assert 'pred_score' not in broken


def test_the_device_and_the_progress_bar_on_standard_error(checkpoint, videos, capsys):
    with pytest.raises(MGDMError, match="device='cuda:99' cannot be used"):
        MGDMInferencer(str(checkpoint), device='cuda:99')
    MGDMInferencer(str(checkpoint), device='cpu')(videos[0])
    captured = capsys.readouterr()
    assert 'Inference' in captured.err
    assert 'Inference' not in captured.out


@pytest.mark.parametrize(
    ('options', 'text'),
    [
        (dict(top_k=0), 'top_k=0: expected a whole number from 1'),
        (dict(batch_size=1.5), 'batch_size=1.5: expected'),
        (dict(window=0), 'window=0: expected a number of seconds'),
        (dict(stride=2), 'needs a window'),
        (dict(fps=0), 'fps=0: expected frames per second'),
        (dict(out='scores.txt'), r'should end in .json or .csv'),
        (dict(labels=[]), 'the list is empty'),
        (dict(labels=['jumping', 'Jumping']), 'have the same name but for spelling'),
        (dict(labels='nolist.txt'), 'neither a file nor one of the packaged label maps'),
    ],
)
def test_wrong_arguments(inferencer, videos, options, text):
    with pytest.raises(MGDMError, match=text):
        inferencer(videos[0], **options)


def test_unfinished_training_has_no_labels(tmp_path):
    config = clip_config(CLASSES)
    path = save_checkpoint(tmp_path / 'a.pth', config)
    content = torch.load(path, weights_only=True)
    content['state_dict']['cls_head._extra_state'] = torch.tensor(list(b'null'), dtype=torch.uint8)
    torch.save(content, path)
    with pytest.raises(MGDMError, match='the checkpoint holds no label texts'):
        MGDMInferencer(config, str(path), device='cpu')
