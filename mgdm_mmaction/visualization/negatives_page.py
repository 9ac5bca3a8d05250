"""One HTML file that shows a negatives file."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from rich.cells import cell_len

from ..negatives import NegativesFile, class_negatives
from ..negatives.inspection.ordering import order_classes, order_labels
from ..negatives.inspection.statistics import FileStatistics, class_names
from ..report import percent
from .figures import data_uri, figure_style, shorten
from .middle_frames import Thumbnail
from .pages import render_page

__all__ = ['HeatMap', 'build_page', 'draw_heat_map']


class HeatMap(NamedTuple):
    """A picture of how often classes are taken for labels.

    Args:
        uri (str): PNG as a data URI.
        box (list[float]): Left, top, width and height of its cells, as fractions of the picture.
    """

    uri: str
    box: list[float]


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

    Returns:
        str: HTML.
    """
    labels, ids = file.corpus.labels, file.corpus.class_ids
    maps = list(_heat_maps(file, counts))
    among = [counts.among_first, counts.among_depth]
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
            labels=labels,
            classIds=ids.tolist(),
            videos=counts.videos.tolist(),
            counts=[[_sparse(row) for row in table] for table in among],
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
    ids = file.corpus.class_ids
    alike = order_classes(counts.shares[:, ids])
    near = order_labels(counts.shares, ids, alike)
    orders = [
        ('classes taken for each other side by side', alike, near),
        ('as in the label list', np.arange(len(ids)), np.arange(len(file.corpus))),
    ]
    tables = [(counts.first, counts.among_first), (counts.depth, counts.among_depth)]
    for order, rows, columns in orders:
        for number, (first, among) in enumerate(tables[: 1 + (counts.depth != counts.first)]):
            shares = among / np.maximum(counts.videos, 1)[:, None]
            # A class is never its own negative.
            shares[np.arange(len(ids)), ids] = np.nan
            names = [shorten(file.corpus.labels[i], 30) for i in (*ids[rows], *columns)]
            shown = draw_heat_map(
                shares[np.ix_(rows, columns)], names[: len(rows)], names[len(rows) :]
            )
            yield dict(
                title=f'among the first {first}, {order}',
                first=first,
                counts=number,
                rows=rows.tolist(),
                columns=columns.tolist(),
                **shown._asdict(),
            )


def draw_heat_map(shares: np.ndarray, rows: Sequence[str], columns: Sequence[str]) -> HeatMap:
    """Draw shares in cells of whole pixels, with names beside them where there is room.

    Args:
        shares (np.ndarray): 0 to 1, NaN for a grey cell, shape [R, C].
        rows (Sequence[str]): Names of the R rows.
        columns (Sequence[str]): Names of the C columns.

    Returns:
        HeatMap: For light and for dark pages: strength is opacity.
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
        return HeatMap(data_uri(figure), box)
