"""What differs between two negatives files."""

import dataclasses
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ...errors import MGDMError
from ...text.corpus import normalize_label
from .. import NegativesFile
from .statistics import DEPTH, FIRST, count_labels, jaccard, ranks_in, shared

__all__ = ['Comparison', 'compare_negatives', 'match_videos']

# Compared in ways of their own.
_LABEL_KEYS = ('labels', 'classes', 'class_ids', 'settings')


@dataclass(frozen=True)
class Comparison:
    """What differs between the files A and B.

    From ``num_relabelled`` on it is about the videos that both have.

    Args:
        paths (tuple[str, str]): The files.
        header (pd.DataFrame): Entries of the headers that differ: ``entry``, ``A``, ``B``.
        labels (tuple[list[str], list[str]]): Labels that only A has, and only B.
        num_labels (int): Labels that both have.
        same_ids (bool): The labels that both have are in the same order in both.
        videos (tuple[list[str], list[str]]): Videos that only A has, and only B.
        num_common (int): Videos that both have; without any, what follows is empty.
        num_relabelled (int): Those of them that are of another class in B.
        depth (int): Depth of ``classes``.
        first (int): Depth of ``changes``.
        overlaps (pd.DataFrame): By depth: ``same``, the mean number of negatives in common, and
            ``overlap``, the mean Jaccard overlap.
        rank_change (float): Mean distance of the two ranks of a negative that a video has in both
            files; NaN if there is none.
        classes (pd.DataFrame): Classes whose videos changed, the lowest ``overlap`` first, with
            their number of ``videos``.
        changes (pd.DataFrame): ``class`` and ``label`` of which other shares of videos have the
            label among the first few: ``A``, ``B``; what grew most first.
    """

    paths: tuple[str, str]
    header: pd.DataFrame
    labels: tuple[list[str], list[str]]
    num_labels: int
    same_ids: bool
    videos: tuple[list[str], list[str]]
    num_common: int
    num_relabelled: int
    depth: int
    first: int
    overlaps: pd.DataFrame
    rank_change: float
    classes: pd.DataFrame
    changes: pd.DataFrame


def compare_negatives(a: NegativesFile, b: NegativesFile, depth: int | None = None) -> Comparison:
    """Compare two files video by video.

    Videos are matched by path, whatever folders lie above; labels are matched by name, in any
    spelling, so that files of different corpora can be compared. A class is that of A.

    Args:
        a (NegativesFile): The file before.
        b (NegativesFile): The file after.
        depth (int, optional): Hardest negatives compared. Defaults to None: :data:`DEPTH`, or as
            many as both have.

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
    first = min(FIRST, k)
    names, ids_a, ids_b = _joint_labels(a, b)
    both = set(ids_a) & set(ids_b)
    rows_a, rows_b = match_videos(a, b)
    own_a = ids_a[a.corpus.class_ids][a.labels[rows_a]]
    own_b = ids_b[b.corpus.class_ids][b.labels[rows_b]]
    before, after = ids_a[a.negatives[rows_a]], ids_b[b.negatives[rows_b]]
    return Comparison(
        paths=(a.path, b.path),
        header=_header_changes(a, b),
        labels=tuple([names[i] for i in ids if i not in both] for ids in (ids_a, ids_b)),
        num_labels=len(both),
        same_ids=[i for i in ids_a if i in both] == [i for i in ids_b if i in both],
        videos=(_others(a, rows_a), _others(b, rows_b)),
        num_common=len(rows_a),
        num_relabelled=int((own_a != own_b).sum()),
        depth=depth,
        first=first,
        overlaps=_overlaps(before, after, sorted({1, first, depth, k})),
        rank_change=_rank_change(before, after),
        classes=_classes(own_a, shared(before[:, :depth], after[:, :depth]), depth, names),
        changes=_changes(own_a, before[:, :first], after[:, :first], names),
    )


def _header_changes(a: NegativesFile, b: NegativesFile) -> pd.DataFrame:
    sides = []
    for file in (a, b):
        entries = dataclasses.asdict(file.header)
        settings = {f'settings.{key}': entries['settings'][key] for key in entries['settings']}
        sides.append({k: v for k, v in entries.items() if k not in _LABEL_KEYS} | settings)
    keys = [*sides[0], *(key for key in sides[1] if key not in sides[0])]
    rows = [(key, *(side.get(key, 'not there') for side in sides)) for key in keys]
    return pd.DataFrame(
        [row for row in rows if row[1] != row[2]], columns=['entry', 'A', 'B'], dtype=object
    )


def _others(file: NegativesFile, rows: np.ndarray) -> list[str]:
    """Return the videos that are in none of the rows."""
    return [file.path_of(row) for row in np.setdiff1d(np.arange(len(file)), rows)]


def _overlaps(before: np.ndarray, after: np.ndarray, depths: list[int]) -> pd.DataFrame:
    common = {depth: shared(before[:, :depth], after[:, :depth]) for depth in depths}
    rows = {d: (x.mean(), jaccard(x, d).mean()) for d, x in common.items() if len(x)}
    return pd.DataFrame.from_dict(rows, orient='index', columns=['same', 'overlap'])


def _rank_change(before: np.ndarray, after: np.ndarray) -> float:
    ranks = ranks_in(before, after)
    distances = np.abs(ranks - np.arange(ranks.shape[1]))[ranks >= 0]
    return float(distances.mean()) if len(distances) else float('nan')


def _classes(own: np.ndarray, common: np.ndarray, depth: int, names: list[str]) -> pd.DataFrame:
    found = pd.DataFrame({'label': own, 'overlap': jaccard(common, depth)}).groupby('label')
    table = found['overlap'].agg(['mean', 'size']).set_axis(['overlap', 'videos'], axis=1)
    table.insert(0, 'class', [names[i] for i in table.index])
    return table[table['overlap'] < 1].sort_values('overlap', kind='stable', ignore_index=True)


def _changes(
    own: np.ndarray, before: np.ndarray, after: np.ndarray, names: list[str]
) -> pd.DataFrame:
    n = len(names)
    videos = np.maximum(np.bincount(own, minlength=n), 1)[:, None]
    a, b = (count_labels(own, ids, n, n) / videos for ids in (before, after))
    i, j = np.nonzero(a != b)
    order = np.argsort(a[i, j] - b[i, j], kind='stable')
    i, j, names = i[order], j[order], np.array(names, dtype=object)
    return pd.DataFrame({'class': names[i], 'label': names[j], 'A': a[i, j], 'B': b[i, j]})


def _joint_labels(a: NegativesFile, b: NegativesFile) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Number the labels of two corpora together: the labels, joint ids of those of A, of B."""
    labels = [*a.corpus.labels, *b.corpus.labels]
    ids, _ = pd.factorize(np.array([normalize_label(label) for label in labels], dtype=object))
    firsts = np.unique(ids, return_index=True)[1]
    return [labels[i] for i in firsts], ids[: len(a.corpus)], ids[len(a.corpus) :]


def match_videos(a: NegativesFile, b: NegativesFile) -> tuple[np.ndarray, np.ndarray]:
    """Find the videos that two files have in common.

    Paths count as the same if one is the end of the other, in whole folders: one list may have been
    written with a prefix.

    Returns:
        tuple[np.ndarray, np.ndarray]: Rows of A, rising, and the rows of B that they are.
    """
    found: dict[int, int] = {}
    for row in range(len(a)):
        if (other := b.find(a.path_of(row))) is not None:
            found.setdefault(other, row)
    # The other way round, for paths of B that are longer.
    taken = set(found.values())
    for other in range(len(b)):
        row = None if other in found else a.find(b.path_of(other))
        if row is not None and row not in taken:
            found[other] = row
            taken.add(row)
    pairs = np.array(sorted((row, other) for other, row in found.items()), dtype=np.int64)
    return tuple(pairs.reshape(-1, 2).T)
