"""Recordings: which clips come from one, and whether one is on both sides of a split."""

import csv
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from ..errors import MGDMError, explain_csv, require_file
from ..video.reader import FileVideo, UnreadableVideoError
from .lists import some
from .media import strip_suffixes
from .protocols import shuffled

__all__ = ['find_groups', 'find_leak']

#: A clip's path and label.
Clip = tuple[str, int]

# Rules with a name. Those of UCF101: v_ApplyEyeMakeup_g08_c01. The other: all before the number at
# the end, below the class folder.
_PRESETS = {'ucf101': r'_(g\d\d)_', 'number': r'^(?:[^/]+/)?(.*?)[\s_.-]*\d+$'}

_SIZE = (32, 18)
# Clips of a class that are looked at, clips in all, and seconds.
_CLASS, _ALL, _SECONDS = 400, 1500, 45
# A near copy is nearer than this part of the distance to any clip of another class. A split is
# reported where so large a share of the validation clips have one, three at least: of JHMDB's that
# are 22 to 25 % on random splits and none on those by source film.
_NEAR, _SHARE, _FEWEST = 0.5, 0.05, 3


def find_groups(paths: Sequence[str], rule: str) -> dict[str, str]:
    """Find the recording of every clip.

    Args:
        paths (Sequence[str]): Clips, as lists name them.
        rule (str): 'ucf101', 'number', a csv file with the columns path and group (or separated by
            tabs), or a regular expression: its first group, or all that it matches, of a path
            without the ending of the file.

    Raises:
        MGDMError: If the rule cannot be read, or gives no group to a clip.
    """
    if rule.endswith(('.csv', '.tsv')):
        found = _read_groups(rule)
    else:
        try:
            pattern = re.compile(_PRESETS.get(rule, rule))
        except re.error as error:
            raise MGDMError(
                f'--group-by {rule!r}: no regular expression ({error}), no .csv or .tsv file and '
                f'none of {", ".join(_PRESETS)}.'
            ) from None
        matches = {path: pattern.search(strip_suffixes(path)) for path in paths}
        found = {path: m[min(1, pattern.groups)] or '' for path, m in matches.items() if m}
    if left := [path for path in paths if path not in found]:
        if rule != 'number':
            raise MGDMError(f'--group-by {rule}: gives no group to {some(left)}.')
        # A name without a number is a recording of its own.
        found.update((path, path) for path in left)
    return found


def _read_groups(path: str) -> dict[str, str]:
    require_file(path, 'file of groups')
    with open(path, encoding='utf-8-sig', newline='') as file:
        head = file.readline()
        file.seek(0)
        rows = csv.DictReader(file, delimiter='\t' if '\t' in head else ',')
        with explain_csv(path, rows.reader):
            if not {'path', 'group'} <= set(rows.fieldnames or ()):
                raise MGDMError(
                    f'{path}: expected the columns path and group in its first line, but found '
                    f'{head.strip()!r}.'
                )
            return {row['path']: row['group'] for row in rows}


def find_leak(train: Iterable[Clip], val: Iterable[Clip]) -> str:
    """Look for clips of one recording on both sides of a split, at the middle frames of a sample.

    Accuracy of a nearest neighbour alone is no sign: a class may have scenes of its own, as
    swimming has. Of one recording are clips that are far nearer to each other than either is to
    any clip of another class.

    Args:
        train (Iterable[tuple[str, int]]): Files or folders of raw frames, and labels.
        val (Iterable[tuple[str, int]]): The same of the other side.

    Returns:
        str: A warning, or '' if there is nothing to report.
    """
    images, labels, sides = [], [], []
    for image, label, side in _thumbnails(train, val):
        images.append(image), labels.append(label), sides.append(side)
    labels, is_val = np.array(labels), np.array(sides, bool)
    if not is_val.any() or len(set(labels[~is_val])) < 2:
        return ''
    x = np.stack(images)
    a, b = x[is_val], x[~is_val]
    squared = (a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T
    distances = np.sqrt(np.maximum(squared, 0))
    same = labels[is_val][:, None] == labels[~is_val]
    own = np.where(same, distances, np.inf).min(1)
    other = np.where(same, np.inf, distances).min(1)
    near, right = own < _NEAR * other, own < other
    if near.sum() < max(_SHARE * len(a), _FEWEST):
        return ''
    return (
        f'warning: {near.mean():.0%} of {len(a)} validation clips are near copies of a training '
        f'clip (the nearest grey thumbnail has the right class for {right.mean():.0%}): clips of '
        'one recording seem to be on both sides, and accuracy on this split says little about new '
        'videos. Keep recordings together: build_lists.py folders --group-by (docs/data.md).'
    )


def _thumbnails(
    train: Iterable[Clip], val: Iterable[Clip]
) -> Iterator[tuple[np.ndarray, int, bool]]:
    """Yield small grey pictures with label and side, of as many classes as time allows."""
    classes: dict[str, list[tuple[str, bool]]] = {}
    for side, clips in enumerate((train, val)):
        for path, label in clips:
            classes.setdefault(str(label), []).append((path, bool(side)))
    end, count = time.monotonic() + _SECONDS, 0
    with ThreadPoolExecutor(4) as pool:
        for label in shuffled(classes, 0):
            # Neighbours by name: clips of one recording are mostly named so.
            clips = sorted(classes[label])[:_CLASS]
            for (_, side), image in zip(clips, pool.map(_thumbnail, clips), strict=True):
                if image is not None:
                    count += 1
                    yield image, int(label), side
            if count > _ALL or time.monotonic() > end:
                return


def _thumbnail(clip: tuple[str, bool]) -> np.ndarray | None:
    path = Path(clip[0])
    try:
        if path.is_dir():
            files = sorted(file for file in path.iterdir() if file.suffix in ('.jpg', '.png'))
            image = Image.open(files[len(files) // 2])
        else:
            with FileVideo(path) as video:
                [frame] = video.read_each([len(video.times) // 2])
            image = Image.fromarray(frame)
        grey = image.convert('L').resize(_SIZE, Image.Resampling.BOX)
    except (OSError, IndexError, UnreadableVideoError):
        return None  # reported by check_videos.py
    return np.asarray(grey, np.float32).ravel()
