"""Windows through a config's test pipeline."""

import weakref

import numpy as np
import pytest
from mmengine.config import Config

from mgdm_mmaction.apis.window_pipeline import WindowPipeline
from mgdm_mmaction.config import ParsedConfig
from mgdm_mmaction.errors import MGDMError
from tests.apis.conftest import NUM_FRAMES, clip_config
from tests.models.tiny import CLASSES


class CountedFrames:
    """Frames made when asked for; counts how many are alive."""

    def __init__(self, count):
        self.times = np.arange(count) / 10
        self.duration = count / 10
        self.made = []
        self.most = 0
        self.asked = []

    def read_each(self, indices):
        for index in indices:
            frame = np.full((128, 256, 3), index, dtype=np.uint8)
            self.made.append(weakref.ref(frame))
            self.asked.append(index)
            self.most = max(self.most, sum(found() is not None for found in self.made))
            yield frame
            del frame


def test_no_more_than_two_whole_frames_live_at_a_time():
    frames = CountedFrames(80)
    clip = WindowPipeline(clip_config(CLASSES).test_pipeline)(frames, 0, 80, 10.0)
    assert len(frames.asked) == NUM_FRAMES
    assert frames.most <= 2  # one on its way, one before it on its way out
    assert clip.packed['inputs'].shape == (NUM_FRAMES, 3, 64, 64)


def test_only_frames_of_the_window_are_read_each_once_and_in_order():
    frames = CountedFrames(80)
    pipeline = WindowPipeline(clip_config(CLASSES).test_pipeline)
    clip = pipeline(frames, 50, 53, 10.0)
    assert frames.asked == sorted(set(frames.asked))
    assert set(frames.asked) <= {50, 51, 52}
    values = clip.packed['inputs'][:, 0, 0, 0].tolist()
    assert values == [round(time * 10) for time in clip.times]


def test_samplers_draw_nothing_at_random():
    pipeline = WindowPipeline(clip_config(CLASSES).test_pipeline)
    drawn = {tuple(pipeline(CountedFrames(80), 0, 80, 10.0).times) for _ in range(5)}
    assert len(drawn) == 1


@pytest.mark.parametrize(
    ('transforms', 'text'),
    [
        ([dict(type='DecordInit')], 'no step whose name ends with Decode'),
        ([dict(type='DecordInit'), dict(type='DecordDecode')], 'no step with a `clip_len`'),
        (
            [dict(type='UniformSample', clip_lenn=4), dict(type='DecordDecode')],
            "UniformSample the option 'clip_lenn'",
        ),
    ],
)
def test_pipelines_that_lack_something(transforms, text):
    with pytest.raises(MGDMError, match=text):
        WindowPipeline(transforms)


def test_the_pipeline_of_the_test_data_will_do():
    transforms = clip_config(CLASSES).test_pipeline
    dataset = dict(type='RepeatDataset', dataset=dict(type='VideoDataset', pipeline=transforms))
    config = Config(dict(test_dataloader=dict(dataset=dataset)))
    assert ParsedConfig(config).test_pipeline == transforms


def test_a_config_without_a_pipeline():
    with pytest.raises(MGDMError, match='no test_pipeline and no test_dataloader'):
        _ = ParsedConfig(Config(dict(model={}))).test_pipeline
