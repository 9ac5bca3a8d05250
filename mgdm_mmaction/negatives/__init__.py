"""The negatives file: which label texts a frozen CLIP confuses every training video with.

JSON Lines, UTF-8. The first line is a header (:class:`NegativesHeader`), every further line one
video::

    {"path": "train/run/0001.mp4", "label": 3, "negatives": [17, 4], "scores": [0.281, 0.279]}

``path`` is what the annotation file writes, ``negatives`` are corpus ids, hardest first.
"""

from .class_level import ClassNegatives, class_negatives
from .format import FORMAT_VERSION, NegativesHeader, path_hash, path_key, video_path
from .reader import NegativesFile, read_header, read_negatives
from .writer import NegativesWriter

__all__ = [
    'FORMAT_VERSION',
    'ClassNegatives',
    'NegativesFile',
    'NegativesHeader',
    'NegativesWriter',
    'class_negatives',
    'path_hash',
    'path_key',
    'read_header',
    'read_negatives',
    'video_path',
]
