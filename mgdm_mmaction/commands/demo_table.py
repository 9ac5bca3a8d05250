"""Predictions as text for a terminal."""

from ..apis.predictions import VideoPrediction
from ..video.clock import format_time

__all__ = ['describe_prediction']


def describe_prediction(prediction: VideoPrediction) -> str:
    """Write the scores of a video as a few lines: of all of it, then of each window.

    Args:
        prediction (VideoPrediction): What was recognised.

    Returns:
        str: Lines, the first with the video's name.

    Example:
        >>> print(describe_prediction(VideoPrediction('a.mp4', ['opening a door'], [0.93])))
        a.mp4
           93.0 %  opening a door
    """
    if not prediction.ok:
        return f'{prediction.source}\n  no result: {prediction.error}'
    lines = [prediction.source]
    lines += [
        f'  {100 * score:5.1f} %  {label}'
        for label, score in zip(prediction.labels, prediction.scores, strict=True)
    ]
    if len(prediction.windows) > 1:
        lines[0] += f' (mean of {len(prediction.windows)} windows)'
        times = [(format_time(w.start), format_time(w.end)) for w in prediction.windows]
        width = max(len(time) for pair in times for time in pair)
        for (start, end), window in zip(times, prediction.windows, strict=True):
            best = ', '.join(
                f'{label} {100 * score:.1f} %'
                for label, score in zip(window.labels[:3], window.scores[:3], strict=True)
            )
            lines.append(f'  {start:>{width}} to {end:>{width}}  {best}')
    return '\n'.join(lines)
