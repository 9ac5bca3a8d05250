"""Predictions as text."""

from mgdm_mmaction.apis.predictions import VideoPrediction, WindowPrediction
from mgdm_mmaction.commands.demo_table import describe_prediction


def test_one_window_has_one_list():
    window = WindowPrediction(0, 2, ['opening', 'closing'], [0.9, 0.05], [1.0])
    text = describe_prediction(
        VideoPrediction('a.mp4', ['opening', 'closing'], [0.9, 0.05], [window])
    )

    assert text.splitlines() == ['a.mp4', '   90.0 %  opening', '    5.0 %  closing']


def test_windows_are_listed_with_their_times():
    windows = [
        WindowPrediction(0, 60, ['opening', 'closing'], [0.9, 0.05], [1.0]),
        WindowPrediction(60, 3725.25, ['closing', 'opening'], [0.8, 0.1], [61.0]),
    ]
    text = describe_prediction(VideoPrediction('a.mp4', ['opening'], [0.5], windows))

    assert text.splitlines() == [
        'a.mp4 (mean of 2 windows)',
        '   50.0 %  opening',
        '     0:00.0 to    1:00.0  opening 90.0 %, closing 5.0 %',
        '     1:00.0 to 1:02:05.2  closing 80.0 %, opening 10.0 %',
    ]


def test_a_broken_video_says_why():
    text = describe_prediction(VideoPrediction('a.mp4', error='an empty file'))

    assert text.splitlines() == ['a.mp4', '  no result: an empty file']
