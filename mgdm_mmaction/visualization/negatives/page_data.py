"""What the page shows, as plain lists that become JSON."""

import json
from collections.abc import Sequence

import numpy as np

from ...negatives import NegativesFile, class_negatives
from ...negatives.inspection.ordering import order_classes, order_labels
from ...negatives.inspection.statistics import FileStatistics
from .frames import Thumbnail

__all__ = ['class_data', 'embed_json', 'page_data']


def embed_json(data: object) -> str:
    """Write JSON that may stand inside a script element, whatever the texts in it are.

    Without ``<`` no end tag and no comment can begin there.

    Args:
        data (object): Lists, dicts, texts and numbers.

    Returns:
        str: ASCII.
    """
    text = json.dumps(data, separators=(',', ':'), allow_nan=False)
    for char in '<>&':
        text = text.replace(char, f'\\u{ord(char):04x}')
    return text


def page_data(
    file: NegativesFile, counts: FileStatistics, chosen: Sequence[np.ndarray], pictures: bool
) -> dict:
    """Collect what the page needs at once: names, counts and the heat map.

    Args:
        file (NegativesFile): C classes, n labels.
        counts (FileStatistics): Its counts.
        chosen (Sequence[np.ndarray]): Rows of the videos shown, for every class.
        pictures (bool): The videos have pictures, or a reason why not.
    """
    shares, ids = counts.shares, file.corpus.class_ids
    classes = order_classes(shares[:, ids])
    by_class = class_negatives(file)
    return {
        'labels': file.corpus.labels,
        'classIds': ids.tolist(),
        'first': counts.first,
        'depth': counts.depth,
        'pictures': pictures,
        'videos': counts.videos.tolist(),
        'overlap': [None if np.isnan(x) else round(float(x), 3) for x in counts.overlap],
        'classOrder': classes.tolist(),
        'labelOrder': order_labels(shares, ids, classes).tolist(),
        'amongFirst': [_sparse(row) for row in counts.among_first],
        'amongDepth': [_sparse(row) for row in counts.among_depth],
        'classNegatives': [
            row.tolist() if videos else []
            for row, videos in zip(by_class.negatives, by_class.num_videos, strict=True)
        ],
        'paths': [[_text(file.path_of(row)) for row in rows] for rows in chosen],
    }


def class_data(
    file: NegativesFile, rows: np.ndarray, images: Sequence[Thumbnail] | None
) -> list[dict]:
    """Collect what the page needs when a class is opened.

    Args:
        file (NegativesFile): The file.
        rows (np.ndarray): Videos of the class that are shown.
        images (Sequence[Thumbnail], optional): Their pictures; None for a page without.
    """
    found = []
    for at, row in enumerate(rows):
        item = {
            'negatives': file.negatives[row].tolist(),
            'scores': [round(float(score), 4) for score in file.scores[row]],
        }
        if images is not None:
            item |= {'image': images[at].uri, 'problem': _text(images[at].problem)}
        found.append(item)
    return found


def _sparse(row: np.ndarray) -> list[int]:
    """Write the entries above zero as index, value, index, value, ..."""
    at = np.flatnonzero(row)
    return np.stack([at, row[at]], axis=1).ravel().tolist()


def _text(path: str) -> str:
    """Make a path that is not UTF-8 fit to be shown."""
    return path.encode('utf-8', 'surrogateescape').decode('utf-8', 'replace')
