"""What the rows of a table of negatives must hold, with the row and column in every message."""

import difflib
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from ..errors import MGDMError
from ..text.corpus import LabelCorpus
from .format import path_key
from .tables import SEPARATOR, Table

__all__ = ['ParsedRow', 'RowParser']


class ParsedRow(NamedTuple):
    """A row whose labels are ids.

    Args:
        path (str): Of the video; empty in a row of a class.
        label (int): Label of the video, or the class.
        negatives (list[int]): k corpus ids.
        scores (list[float]): Their k scores, falling.
    """

    path: str
    label: int
    negatives: list[int]
    scores: list[float]


class RowParser:
    """Turn the cells of a table into ids and scores.

    Args:
        table (Table): The table.
        corpus (LabelCorpus): What names and ids mean.
        num_negatives (int, optional): Take the first so many of each row. Defaults to None: all.

    Attributes:
        by_class (bool): The table has a row a class, not a row a video.
        k (int): Negatives of every row; known when the rows were gone through once.
        has_scores (bool): The table has scores, likewise.

    Raises:
        MGDMError: If the columns are not those of a table of negatives.
    """

    def __init__(self, table: Table, corpus: LabelCorpus, num_negatives: int | None = None) -> None:
        self.table = table
        self.corpus = corpus
        self.by_class = 'class' in table.columns
        self._label = 'class' if self.by_class else 'label'
        self._wanted = num_negatives
        self._ids_mean_other_labels = ''
        needed = {'class', 'negatives'} if self.by_class else {'path', 'label', 'negatives'}
        columns = table.columns
        if not needed <= set(columns) <= needed | {'scores', 'note'} or len(columns) != len(
            set(columns)
        ):
            raise MGDMError(
                f'{table.path}: found the columns {", ".join(columns) or "(none)"}; expected path, '
                'label, negatives for videos, or class, negatives for classes, and optionally '
                'scores and note. In csv the first line names them, separated by commas.'
            )

    def forbid_ids(self, difference: str) -> None:
        """Refuse ids, because they were those of another corpus.

        Args:
            difference (str): How it differs; empty if it does not.
        """
        self._ids_mean_other_labels = difference

    def rows(self) -> Iterator[ParsedRow]:
        """Check and yield row after row.

        Raises:
            MGDMError: At the first mistake.
        """
        seen: dict[Any, str] = {}
        first: tuple[int, bool] | None = None
        for where, cells in self.table.rows():
            row, has_scores = self._row(where, cells)
            key = row.label if self.by_class else path_key(row.path)
            if key in seen:
                column = self._label if self.by_class else 'path'
                raise MGDMError(
                    f'{where}, column {column}: {cells[column]!r} is there twice, first at '
                    f'{seen[key]}. Delete one.'
                )
            seen[key] = where
            found = len(row.negatives), has_scores
            first = first or found
            self.k, self.has_scores = first
            if found[0] != self.k:
                raise MGDMError(
                    f'{where}, column negatives: {found[0]} negatives, but the rows before have '
                    f'{self.k}. Give all rows the same number, or take the first ones of each with '
                    '--num-negatives.'
                )
            if has_scores != self.has_scores:
                raise MGDMError(
                    f'{where}, column scores: some rows have scores and some have none. Fill in '
                    'all, or leave the column out.'
                )
            yield row
        if first is None:
            raise MGDMError(f'{self.table.path}: has no rows.')

    def _row(self, where: str, cells: dict[str, Any]) -> tuple[ParsedRow, bool]:
        path = '' if self.by_class else cells['path']
        if not self.by_class and (not isinstance(path, str) or not path_key(path)):
            raise MGDMError(f'{where}, column path: found {path!r}; expected a path.')
        label = self._id(cells[self._label], f'{where}, column {self._label}', of_classes=True)
        at = f'{where}, column negatives'
        negatives = [self._id(item, at) for item in _items(cells['negatives'], at)]
        if not negatives:
            raise MGDMError(f'{at}: the cell is empty; name at least one label.')
        own = int(self.corpus.class_ids[label])
        if own in negatives:
            raise MGDMError(
                f'{at}: {self.corpus.labels[own]!r} is the class itself, under this or another '
                'spelling; delete it.'
            )
        if len(set(negatives)) < len(negatives):
            twice = next(i for i in negatives if negatives.count(i) > 1)
            raise MGDMError(f'{at}: {self.corpus.labels[twice]!r} is there twice; delete one.')
        scores = self._scores(cells.get('scores'), len(negatives), f'{where}, column scores')
        k = self._wanted or len(negatives)
        if k > len(negatives):
            raise MGDMError(
                f'{at}: {len(negatives)} negatives, fewer than --num-negatives {k}. Add some, or '
                'take fewer.'
            )
        has_scores = scores is not None
        if scores is None:
            scores = [round(1 - rank / k, 6) for rank in range(k)]
        return ParsedRow(path, label, negatives[:k], scores[:k]), has_scores

    def _id(self, cell: Any, where: str, of_classes: bool = False) -> int:
        """Read a label given by id or by name in any spelling."""
        what, labels = 'label', self.corpus.labels
        if of_classes:
            what, labels = 'class', self.corpus.classes
        number = cell
        if isinstance(cell, str) and _is_csv(self.table) and cell.strip().isdecimal():
            number = int(cell)
        if isinstance(number, int) and not isinstance(number, bool):
            if self._ids_mean_other_labels:
                raise MGDMError(
                    f'{where}: {number} is an id of the corpus that the table was exported with, '
                    f'which is not the one of the config: {self._ids_mean_other_labels}. Export '
                    'with --names.'
                )
            if not 0 <= number < len(labels):
                raise MGDMError(
                    f'{where}: id {number}, but ids of a {what} go from 0 to {len(labels) - 1}.'
                )
            return number
        if not isinstance(cell, str) or not cell.strip():
            raise MGDMError(f'{where}: found {cell!r}; expected the name or the id of a {what}.')
        try:
            found = self.corpus.index(cell)
        except MGDMError:
            found = len(self.corpus)
        if found < len(labels):
            return found
        near = difflib.get_close_matches(cell.strip().lower(), self.corpus.labels[: len(labels)])
        hint = f' Did you mean {near[0]!r}?' if near else ''
        if not of_classes:
            hint += ' Labels beyond the classes of the data set belong into `extra_labels`.'
        raise MGDMError(f'{where}: {cell!r} is no {what} of the {len(labels)} there are.{hint}')

    def _scores(self, cell: Any, count: int, where: str) -> list[float] | None:
        items = _items(cell, where)
        if not items:
            return None
        try:
            scores = [float(item) for item in items]
        except (TypeError, ValueError) as error:
            raise MGDMError(f'{where}: {error}; expected numbers.') from None
        if len(scores) != count:
            raise MGDMError(f'{where}: {len(scores)} scores for {count} negatives.')
        if not all(map(math.isfinite, scores)):
            raise MGDMError(f'{where}: a score is not a finite number.')
        if any(b > a for a, b in zip(scores, scores[1:], strict=False)):
            raise MGDMError(f'{where}: the scores rise; sort the negatives, hardest first.')
        return scores


def _items(cell: Any, where: str) -> list:
    """Return the parts of a cell that holds several; none of an empty one."""
    if cell is None:
        return []
    if isinstance(cell, str):
        parts = [part.strip() for part in cell.split(SEPARATOR)]
        return [] if parts == [''] else parts
    if isinstance(cell, list):
        return cell
    raise MGDMError(f'{where}: found {cell!r}; expected a list, or a text with {SEPARATOR!r} '
                    'between the parts.')  # fmt: skip


def _is_csv(table: Table) -> bool:
    return table.path.suffix.lower() == '.csv'
