"""Negatives out to a table, and negatives made elsewhere in from one.

A table has the columns path, label, negatives for videos, or class, negatives for classes, and
optionally scores and note.
"""

import dataclasses
import difflib
import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..errors import MGDMError, check_output
from ..text.corpus import LabelCorpus
from .format import NegativesHeader, path_key
from .reader import NegativesFile, check_rows, read_negatives
from .tables import SEPARATOR, Table, kind_of, read_table, write_table
from .writer import NegativesWriter

__all__ = ['export_negatives', 'import_negatives']


class _Row(NamedTuple):
    """A row whose labels are ids; its path is empty in a row of a class."""

    path: str
    label: int
    negatives: list[int]
    scores: list[float]


def export_negatives(
    path: str | Path, out: str | Path, names: bool = False, overwrite: bool = False
) -> int:
    """Write a negatives file as a table.

    Args:
        path (str | Path): The negatives file.
        out (str | Path): A .csv or .parquet file.
        names (bool, optional): Write labels as texts, not as ids. Defaults to False.
        overwrite (bool, optional): Replace a file that exists. Defaults to False.

    Returns:
        int: Number of rows.

    Raises:
        MGDMError: If the file has a mistake, or the table cannot be written.
    """
    out = check_output(out, overwrite, 'OUT')
    header, kind = read_negatives(path).header, kind_of(out)
    with open(path, encoding='utf-8', errors='surrogateescape') as file:
        next(file)
        # As they are written: the arrays of the reader round scores.
        rows = [json.loads(line) for line in file]
    digest = _digest(_Row(**row) for row in rows)
    if names:
        for label in header.labels + header.classes if kind == 'csv' else ():
            if SEPARATOR in label or label.strip().isdecimal():
                raise MGDMError(
                    f'label {label!r} cannot be written as a name into csv, where {SEPARATOR!r} '
                    'stands between names and a number is an id; export ids, or to parquet.'
                )
        for row in rows:
            row['label'] = header.classes[row['label']]
            row['negatives'] = [header.labels[i] for i in row['negatives']]
    write_table(out, rows, {'header': json.loads(header.to_json()), 'rows_digest': digest})
    return len(rows)


def import_negatives(
    path: str | Path,
    out: str | Path,
    corpus: LabelCorpus | None = None,
    videos: Sequence[tuple[str, int]] | None = None,
    num_negatives: int | None = None,
    annotation_digest: str = '',
    overwrite: bool = False,
) -> NegativesFile:
    """Write a negatives file from a table.

    Args:
        path (str | Path): A .csv or .parquet file with a row a video or a row a class.
        out (str | Path): The negatives file, .jsonl.
        corpus (LabelCorpus, optional): What names and ids in the table mean. Defaults to None: the
            corpus of the file that the table was exported from.
        videos (Sequence[tuple[str, int]], optional): Paths and labels of the videos that get the
            rows of their classes. Needed with a row a class. Defaults to None.
        num_negatives (int, optional): Take the first so many of each row. Defaults to None: all,
            and all rows must have the same number.
        annotation_digest (str, optional): Fingerprint of the list of ``videos``. Defaults to ''.
        overwrite (bool, optional): Replace a file that exists. Defaults to False.

    Returns:
        NegativesFile: What the file holds.

    Raises:
        MGDMError: Naming the row and the column that are wrong.
    """
    path = Path(path)
    if kind_of(out) != 'jsonl':
        raise MGDMError(f'{out}: a negatives file should be named .jsonl.')
    if num_negatives is not None and num_negatives < 1:
        raise MGDMError(f'num_negatives={num_negatives}; take at least 1.')
    check_output(out, overwrite, 'OUT')
    table = read_table(path)
    exported = other_ids = None
    if table.info is not None:
        exported = NegativesHeader.from_json(json.dumps(table.info['header']), f'{path} (header)')
        if corpus is not None:
            # The prompts may differ: they do not change what an id means.
            known = LabelCorpus.from_dict(exported.corpus().to_dict() | {'prompt': corpus.prompt})
            other_ids = known.difference(corpus)
        corpus = corpus or exported.corpus()
    if corpus is None:
        raise MGDMError(
            f'{path}: does not come from an export, so nothing says what its labels are: name the '
            'config (--config) that the negatives are for.'
        )
    by_class = 'class' in table.columns
    if by_class and videos is None:
        raise MGDMError(
            f'{path}: has a row a class; name the config (--config) whose training videos get them.'
        )
    reader = _Cells(corpus, kind_of(path) == 'csv', other_ids)
    rows, given = _parse(path, table, reader, num_negatives)
    settings = {'scorer': 'imported', 'source': path.name}
    settings['scores'] = 'as given' if given else 'stand-ins that fall with the rank'
    if exported is not None:
        # It is not any more what the exported file says it was mined with.
        digest = {'weights_digest': exported.weights_digest}
        settings['exported_from'] = dataclasses.asdict(exported)['settings'] | digest
    k = len(next(iter(rows.values())).negatives)
    header = NegativesHeader.of(corpus, k, annotation_digest, settings)
    # All mistakes come before the first line is written.
    columns = [np.array(column) for column in list(zip(*rows.values(), strict=True))[1:]]
    check_rows(list(rows).__getitem__, header, *columns, hint='Correct the table.')
    found = list(rows.values())
    if by_class:
        found = _expand(path, found, corpus, videos)
    if exported and corpus == exported.corpus() and _digest(found) == table.info['rows_digest']:
        header = exported
    with NegativesWriter(out, header, overwrite) as writer:
        for row in found:
            writer.write(*row)
    return read_negatives(out)


def _expand(
    path: Path, rows: list[_Row], corpus: LabelCorpus, videos: Sequence[tuple[str, int]]
) -> list[_Row]:
    """Return for each video the row of its class."""
    of_class = {row.label: row for row in rows}
    if missing := sorted({label for _, label in videos} - set(of_class)):
        classes = ', '.join(repr(corpus.classes[label]) for label in missing[:5])
        raise MGDMError(
            f'{path}: column class: no row for {len(missing)} classes that have videos: '
            f'{classes}{", ..." if len(missing) > 5 else ""}. Add them.'
        )
    return [of_class[label]._replace(path=video) for video, label in videos]


def _parse(
    path: Path, table: Table, reader: '_Cells', wanted: int | None
) -> tuple[dict[str, _Row], bool]:
    """Return the rows under where they are, and whether they have scores."""
    key = 'class' if 'class' in table.columns else 'path'
    label_column = 'class' if key == 'class' else 'label'
    needed = sorted({key, label_column, 'negatives'})
    if sorted(set(table.columns) - {'scores', 'note'}) != needed or len(table.columns) != len(
        set(table.columns)
    ):
        raise MGDMError(
            f'{path}: found the columns {", ".join(table.columns) or "(none)"}; expected path, '
            'label, negatives for videos, or class, negatives for classes, and optionally '
            'scores and note. In csv the first line names them, separated by commas.'
        )
    rows: dict[str, _Row] = {}
    seen: dict[str | int, str] = {}
    first = None
    for where, cells in table.rows:
        video = cells['path'] if key == 'path' else ''
        if key == 'path' and not (isinstance(video, str) and path_key(video)):
            raise MGDMError(f'{where}, column path: found {video!r}; expected a path.')
        label = reader.label(cells[label_column], f'{where}, column {label_column}', 'class')
        at = f'{where}, column negatives'
        negatives = [
            reader.label(item, at, 'label') for item in reader.items(cells['negatives'], at)
        ]
        count = len(negatives)
        scores = reader.scores(cells.get('scores'), count, f'{where}, column scores')
        k = wanted or count
        if not 1 <= k <= count:
            raise MGDMError(f'{at}: {count} negatives; expected {k or "one"} or more.')
        first = first or (k, bool(scores))
        if k != first[0]:
            raise MGDMError(
                f'{at}: {k} negatives, but the rows before have {first[0]}. Give all rows the same '
                'number, or take the first ones of each with --num-negatives.'
            )
        if bool(scores) != first[1]:
            raise MGDMError(
                f'{where}, column scores: some rows have scores and some have none. Fill in all, '
                'or leave the column out.'
            )
        scores = scores or [round(1 - rank / k, 6) for rank in range(k)]
        rows[where] = _Row(video, label, negatives[:k], scores[:k])
        there = seen.setdefault(label if key == 'class' else path_key(video), where)
        if there != where:
            raise MGDMError(
                f'{where}, column {key}: {cells[key]!r} is there twice, first at {there}. Delete '
                'one.'
            )
    if first is None:
        raise MGDMError(f'{path}: has no rows.')
    return rows, first[1]


class _Cells:
    """Reader of cells.

    Args:
        corpus (LabelCorpus): What names and ids mean.
        texts (bool): All cells are texts, those of ids too.
        other_ids (str | None): How the corpus differs from that of the ids, which are refused then.
    """

    def __init__(self, corpus: LabelCorpus, texts: bool, other_ids: str | None) -> None:
        self._corpus = corpus
        self._texts = texts
        self._other_ids = other_ids

    def label(self, cell: Any, where: str, what: str) -> int:
        """Read a 'class' or a 'label' given by id or by name in any spelling."""
        labels = self._corpus.classes if what == 'class' else self._corpus.labels
        if self._texts and cell.strip().isdecimal():
            cell = int(cell)
        if isinstance(cell, int) and not isinstance(cell, bool):
            if self._other_ids:
                raise MGDMError(
                    f'{where}: {cell} is an id of the corpus that the table was exported with, '
                    f'which is not the one of the config: {self._other_ids}. Export with --names.'
                )
            if not 0 <= cell < len(labels):
                raise MGDMError(
                    f'{where}: id {cell}, but ids of a {what} go from 0 to {len(labels) - 1}.'
                )
            return cell
        if not isinstance(cell, str) or not cell.strip():
            raise MGDMError(f'{where}: found {cell!r}; expected the name or the id of a {what}.')
        try:
            found = self._corpus.index(cell)
        except MGDMError:
            found = len(self._corpus)
        if found < len(labels):
            return found
        near = difflib.get_close_matches(cell.strip().lower(), self._corpus.labels[: len(labels)])
        hint = f' Did you mean {near[0]!r}?' if near else ''
        if what == 'label':
            hint += ' Labels beyond the classes of the data set belong into `extra_labels`.'
        raise MGDMError(f'{where}: {cell!r} is no {what} of the {len(labels)} there are.{hint}')

    def scores(self, cell: Any, count: int, where: str) -> list[float]:
        """Read as many scores as there are negatives, or none."""
        items = self.items(cell, where)
        try:
            scores = [float(item) for item in items]
        except (TypeError, ValueError) as error:
            raise MGDMError(f'{where}: {error}; expected numbers.') from None
        if scores and len(scores) != count:
            raise MGDMError(f'{where}: {len(scores)} scores for {count} negatives.')
        return scores

    @staticmethod
    def items(cell: Any, where: str) -> list:
        """Return the parts of a cell that holds several; none of an empty one."""
        if isinstance(cell, str):
            cell = [part.strip() for part in cell.split(SEPARATOR)] if cell.strip() else []
        if cell is None or isinstance(cell, list):
            return cell or []
        raise MGDMError(
            f'{where}: found {cell!r}; expected a list, or a text with {SEPARATOR!r} between the '
            'parts.'
        )


def _digest(rows: Iterable[_Row]) -> str:
    digest = hashlib.sha256()
    for path, label, negatives, scores in rows:
        row = [path, label, negatives, [round(score, 6) for score in scores]]
        digest.update(json.dumps(row).encode())
    return digest.hexdigest()[:16]
