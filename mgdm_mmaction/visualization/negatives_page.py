"""One HTML file that shows a negatives file."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from rich.cells import cell_len

from ..negatives import NegativesFile, class_negatives
from ..negatives.inspection.statistics import FileStatistics, class_names
from ..report import percent
from .figures import data_uri, figure_style, shorten
from .middle_frames import Thumbnail
from .pages import render_page

__all__ = ['build_page', 'draw_heat_map', 'order_classes', 'order_labels']


def build_page(
    file: NegativesFile,
    counts: FileStatistics,
    chosen: Sequence[np.ndarray],
    images: Sequence[Sequence[Thumbnail]] | None,
    summary: str,
    note: str,
) -> str:
    """Build the page.

    Args:
        file (NegativesFile): The file.
        counts (FileStatistics): Its counts.
        chosen (Sequence[np.ndarray]): Rows of the videos shown, for every class.
        images (Sequence[Sequence[Thumbnail]], optional): Their pictures; None for a page without.
        summary (str): Text of the terminal.
        note (str): How the videos were chosen.
    """
    labels, ids = file.corpus.labels, file.corpus.class_ids
    maps = list(_heat_maps(file, counts))
    return render_page(
        'negatives',
        kind='Negatives',
        title=Path(file.path).name,
        facts=[f'{len(file)} videos, {len(ids)} classes, {len(labels)} labels'],
        summary=summary,
        note=note,
        first=counts.first,
        maps=maps,
        classes=_classes(file, counts, chosen, images),
        data=dict(
            first=counts.first,
            labels=labels,
            classIds=ids.tolist(),
            videos=counts.videos.tolist(),
            counts=[_sparse(row) for row in counts.among_first],
            maps=[{k: v for k, v in shown.items() if k != 'uri'} for shown in maps],
        ),
    )


def _classes(
    file: NegativesFile,
    counts: FileStatistics,
    chosen: Sequence[np.ndarray],
    images: Sequence[Sequence[Thumbnail]] | None,
) -> Iterator[dict]:
    labels, names, shares = file.corpus.labels, class_names(file), counts.shares
    class_of = {int(label): index for index, label in enumerate(file.corpus.class_ids)}
    hardest = class_negatives(file).negatives[:, : counts.depth]
    for index, rows in enumerate(chosen):
        overlap = counts.overlap[index]
        yield dict(
            name=names[index],
            count=counts.videos[index],
            overlap=None if np.isnan(overlap) else overlap,
            hardest=[
                dict(label=labels[i], index=class_of.get(int(i)), share=percent(shares[index, i]))
                for i in hardest[index]
            ],
            videos=[
                dict(
                    path=file.path_of(row),
                    image=images and images[index][at],
                    negatives=[
                        (labels[i], f'{score:.3f}')
                        for i, score in zip(file.negatives[row], file.scores[row], strict=True)
                    ],
                )
                for at, row in enumerate(rows)
            ],
        )


def _sparse(row: np.ndarray) -> list[int]:
    """Write the entries above zero as index, value, index, value, ..."""
    at = np.flatnonzero(row)
    return np.stack([at, row[at]], axis=1).ravel().tolist()


def _heat_maps(file: NegativesFile, counts: FileStatistics) -> Iterator[dict]:
    ids, shares = file.corpus.class_ids, counts.shares
    alike = order_classes(shares[:, ids])
    near = order_labels(shares, ids, alike)
    # A class is never its own negative.
    shares[np.arange(len(ids)), ids] = np.nan
    for title, rows, columns in (
        ('classes taken for each other side by side', alike, near),
        ('as in the label list', np.arange(len(ids)), np.arange(len(file.corpus))),
    ):
        names = [shorten(file.corpus.labels[i], 30) for i in (*ids[rows], *columns)]
        uri, box = draw_heat_map(
            shares[np.ix_(rows, columns)], names[: len(rows)], names[len(rows) :]
        )
        yield dict(title=title, uri=uri, box=box, rows=rows.tolist(), columns=columns.tolist())


def order_classes(shares: np.ndarray) -> np.ndarray:
    """Order classes by shares [C, C]: leaves of a tree that joins the most confused ones first."""
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    if len(shares) < 3:
        return np.arange(len(shares))
    distances = 1 - (shares + shares.T) / 2
    np.fill_diagonal(distances, 0)
    return leaves_list(linkage(squareform(distances), 'average', optimal_ordering=True))


def order_labels(shares: np.ndarray, class_ids: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Order labels by shares [C, n]: ordered classes first, then each other near its classes."""
    others = np.setdiff1d(np.arange(shares.shape[1]), class_ids)
    weights = shares[:, others]
    mean = (np.argsort(classes) @ weights) / np.maximum(weights.sum(axis=0), 1e-12)
    return np.concatenate([class_ids[classes], others[np.argsort(mean, kind='stable')]])


def draw_heat_map(
    shares: np.ndarray, rows: Sequence[str], columns: Sequence[str]
) -> tuple[str, list[float]]:
    """Draw shares in cells of whole pixels, with names beside them where there is room.

    Args:
        shares (np.ndarray): 0 to 1, NaN for a grey cell, shape [R, C].
        rows (Sequence[str]): Names of the R rows.
        columns (Sequence[str]): Names of the C columns.

    Returns:
        tuple[str, list[float]]: PNG as a data URI, for light and for dark pages: strength is
        opacity; left, top, width and height of its cells, as fractions of the picture.
    """
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure

    cell = int(np.clip(1000 // len(columns), 2, 24))
    # About 7 pixels a letter; Chinese ones are twice as wide.
    room = 10 + 7 * max(map(cell_len, (*rows, *columns))) if cell >= 12 else 1
    width, height = room + cell * len(columns), room + cell * len(rows)
    box = [room / width, room / height, 1 - room / width, 1 - room / height]
    blue = LinearSegmentedColormap.from_list('', [(0.16, 0.45, 0.91, a) for a in (0.07, 1)])
    blue = blue.with_extremes(bad='#8080805a')
    with figure_style([*rows, *columns]):
        figure = Figure(figsize=(width / 100, height / 100), dpi=100)
        figure.patch.set_alpha(0)
        axis = figure.add_axes((box[0], 0, box[2], box[3]), facecolor='none')
        # Small shares differ more than large ones, to the eye and in what they mean.
        axis.imshow(np.sqrt(shares), blue, vmin=0, vmax=1, aspect='auto', interpolation='none')
        axis.spines[:].set_visible(False)
        axis.tick_params(length=0, colors='#7d858e', labelsize=min(9, 0.6 * cell))
        axis.xaxis.tick_top()
        named = room > 1
        axis.set_xticks(range(len(columns)) if named else [], columns if named else [], rotation=90)
        axis.set_yticks(range(len(rows)) if named else [], rows if named else [])
        return data_uri(figure), box
