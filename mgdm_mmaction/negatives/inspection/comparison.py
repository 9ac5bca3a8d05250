"""What differs between two negatives files."""

import dataclasses
from dataclasses import dataclass, field

import numpy as np

from ...errors import MGDMError
from .. import NegativesFile
from .matching import joint_labels, match_videos
from .overlap import jaccard, rank_change, shared
from .statistics import DEPTH, FIRST

__all__ = ['Change', 'Comparison', 'compare_negatives']

# Compared in ways of their own.
_LABEL_KEYS = ('labels', 'classes', 'class_ids', 'settings')


@dataclass(frozen=True)
class Change:
    """A class that is taken for a label more or less often than before.

    Args:
        first (str): The class.
        second (str): The label.
        before (float): Fraction of the videos of the class with it among the first few, in A.
        after (float): The same in B.
    """

    first: str
    second: str
    before: float
    after: float


@dataclass(frozen=True)
class Comparison:
    """What differs between the files A and B.

    From ``num_relabelled`` on it is about the videos that both have.

    Args:
        paths (tuple[str, str]): The files.
        header (list[tuple[str, object, object]]): Entries of the headers that differ: name, A, B.
        labels (tuple[list[str], list[str]]): Labels that only A has, and only B.
        num_labels (int): Labels that both have.
        same_ids (bool): The labels that both have are in the same order in both.
        videos (tuple[list[str], list[str]]): Videos that only A has, and only B.
        num_common (int): Videos that both have.
        num_relabelled (int): Those of them that are of another class in B. Defaults to 0.
        overlaps (dict[int, tuple[float, float]]): Depth -> mean Jaccard overlap and mean number of
            negatives in common. Defaults to {}.
        depth (int): Depth of ``changed``. Defaults to 0.
        rank_change (float): Mean distance of the two ranks of a negative that a video has in both
            files; NaN if there is none. Defaults to NaN.
        first (int): How many hardest negatives the changes look at. Defaults to 0.
        changed (list[tuple[str, float, int]]): Classes with the lowest mean overlap, with the
            number of their videos. Defaults to [].
        appeared (list[Change]): More frequent in B, largest difference first. Defaults to [].
        disappeared (list[Change]): Less frequent in B. Defaults to [].
    """

    paths: tuple[str, str]
    header: list[tuple[str, object, object]]
    labels: tuple[list[str], list[str]]
    num_labels: int
    same_ids: bool
    videos: tuple[list[str], list[str]]
    num_common: int
    num_relabelled: int = 0
    overlaps: dict[int, tuple[float, float]] = field(default_factory=dict)
    depth: int = 0
    rank_change: float = float('nan')
    first: int = 0
    changed: list[tuple[str, float, int]] = field(default_factory=list)
    appeared: list[Change] = field(default_factory=list)
    disappeared: list[Change] = field(default_factory=list)


def compare_negatives(
    a: NegativesFile, b: NegativesFile, depth: int | None = None, number: int = 10
) -> Comparison:
    """Compare two files video by video.

    Videos are matched by path, whatever folders lie above; labels are matched by name, in any
    spelling, so that files of different corpora can be compared. A class is that of A.

    Args:
        a (NegativesFile): The file before.
        b (NegativesFile): The file after.
        depth (int, optional): Hardest negatives compared. Defaults to None: :data:`DEPTH`, or as
            many as both have.
        number (int, optional): Classes and pairs listed. Defaults to 10.

    Returns:
        Comparison: Counts and names.

    Raises:
        MGDMError: If a file holds fewer negatives than ``depth``.
    """
    k = min(a.k, b.k)
    depth = min(DEPTH, k) if depth is None else depth
    if not 1 <= depth <= k:
        raise MGDMError(
            f'--depth {depth}: expected 1 to {k}; {a.path} has {a.k} negatives of every video, '
            f'{b.path} has {b.k}.'
        )
    names, ids_a, ids_b = joint_labels(a, b)
    both = set(ids_a) & set(ids_b)
    rows_a, rows_b = match_videos(a, b)
    result = Comparison(
        paths=(a.path, b.path),
        header=_header_changes(a, b),
        labels=tuple([names[i] for i in ids if i not in both] for ids in (ids_a, ids_b)),
        num_labels=len(both),
        same_ids=[i for i in ids_a if i in both] == [i for i in ids_b if i in both],
        videos=(_others(a, rows_a), _others(b, rows_b)),
        num_common=len(rows_a),
    )
    if not len(rows_a):
        return result
    own_a = ids_a[a.corpus.class_ids][a.labels[rows_a]]
    own_b = ids_b[b.corpus.class_ids][b.labels[rows_b]]
    before, after = ids_a[a.negatives[rows_a]], ids_b[b.negatives[rows_b]]
    first = min(FIRST, k)
    common = {d: shared(before[:, :d], after[:, :d]) for d in sorted({1, first, depth, k})}
    changes = _changes(own_a, before[:, :first], after[:, :first], names)
    return dataclasses.replace(
        result,
        num_relabelled=int((own_a != own_b).sum()),
        overlaps={d: (float(jaccard(n, d).mean()), float(n.mean())) for d, n in common.items()},
        depth=depth,
        rank_change=rank_change(before, after),
        first=first,
        changed=_most_changed(own_a, jaccard(common[depth], depth), names)[:number],
        appeared=[change for change in changes if change.after > change.before][:number],
        disappeared=[c for c in reversed(changes) if c.after < c.before][:number],
    )


def _header_changes(a: NegativesFile, b: NegativesFile) -> list[tuple[str, object, object]]:
    one, two = dataclasses.asdict(a.header), dataclasses.asdict(b.header)
    settings = one['settings'], two['settings']
    found = [
        (key, one[key], two[key]) for key in one if key not in _LABEL_KEYS and one[key] != two[key]
    ]
    for key in sorted(settings[0].keys() | settings[1].keys()):
        before, after = (part.get(key) for part in settings)
        if before != after:
            found.append((f'settings.{key}', before, after))
    return found


def _others(file: NegativesFile, rows: np.ndarray) -> list[str]:
    """Return the videos that are in none of the rows."""
    return [file.path_of(row) for row in np.setdiff1d(np.arange(len(file)), rows)]


def _most_changed(
    own: np.ndarray, overlap: np.ndarray, names: list[str]
) -> list[tuple[str, float, int]]:
    videos = np.bincount(own, minlength=len(names))
    mean = np.bincount(own, weights=overlap, minlength=len(names)) / np.maximum(videos, 1)
    order = np.argsort(np.where(videos, mean, np.inf), kind='stable')
    return [(names[i], float(mean[i]), int(videos[i])) for i in order if videos[i] and mean[i] < 1]


def _changes(
    own: np.ndarray, before: np.ndarray, after: np.ndarray, names: list[str]
) -> list[Change]:
    """Return all pairs whose share changed, the one that grew most first."""
    n = len(names)
    videos = np.bincount(own, minlength=n)
    shares = [
        np.bincount((own[:, None] * n + ids).ravel(), minlength=n * n).reshape(n, n)
        / np.maximum(videos, 1)[:, None]
        for ids in (before, after)
    ]
    difference = shares[1] - shares[0]
    at = np.flatnonzero(difference)
    order = at[np.argsort(-difference.ravel()[at], kind='stable')]
    return [
        Change(names[i], names[j], float(shares[0][i, j]), float(shares[1][i, j]))
        for i, j in zip(*np.unravel_index(order, (n, n)), strict=True)
    ]
