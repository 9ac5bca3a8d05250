"""Tables of negatives in csv and parquet: cells in and out, without a word on what they mean.

The standard library reads csv: pandas and pyarrow guess types and refuse paths that are not UTF-8.
"""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from ..errors import MGDMError, explain_csv, require_file, write_whole
from .format import check_version

__all__ = ['SEPARATOR', 'Table', 'kind_of', 'read_table', 'write_table']

# Between the negatives or scores in a csv cell; class names hold commas, brackets and quotes.
SEPARATOR = '|'
_VERSION = 1
_KEY = b'mgdm-negatives'


class Table(NamedTuple):
    """A table.

    Args:
        columns (list[str]): Their names.
        rows (Iterable[tuple[str, Mapping]]): Where a row is, for messages, and its cells.
        info (dict | None): What an export put beside the rows; None in a table from elsewhere.
    """

    columns: list[str]
    rows: Iterable[tuple[str, Mapping[str, Any]]]
    info: dict | None


def kind_of(path: str | Path) -> str:
    """Return 'jsonl', 'csv' or 'parquet', as the end of a file name says.

    Raises:
        MGDMError: If it says something else.
    """
    kind = Path(path).suffix.lower().removeprefix('.')
    if kind not in ('jsonl', 'csv', 'parquet'):
        raise MGDMError(
            f'{path}: unknown kind of file; its name should end in .jsonl (a negatives file), '
            '.csv or .parquet (a table).'
        )
    return kind


def read_table(path: Path) -> Table:
    """Open a table.

    Raises:
        MGDMError: If it is missing, is no table, or was written by a later release.
    """
    require_file(path, 'table')
    if kind_of(path) == 'csv':
        side = _side_file(path)
        text, where = side.read_text('utf-8') if side.is_file() else None, str(side)
        lines = _csv_lines(path)
        columns = [name.strip() for name in next(lines, ('', []))[1]]
        return Table(columns, _csv_rows(lines, columns), _read_info(text, where))
    parquet = _pyarrow(path).parquet
    try:
        table = parquet.read_table(path)
    except ValueError as error:
        raise MGDMError(f'{path}: is no parquet file ({error}).') from None
    text = (table.schema.metadata or {}).get(_KEY)
    rows = ((f'{path}: row {i}', row) for i, row in enumerate(table.to_pylist(), 1))
    return Table(table.column_names, rows, _read_info(text, f'{path} (metadata)'))


def _csv_lines(path: Path) -> Iterator[tuple[str, list[str]]]:
    with open(path, encoding='utf-8-sig', errors='surrogateescape', newline='') as file:
        reader = csv.reader(file)
        with explain_csv(path, reader):
            yield from ((f'{path}:{reader.line_num}', cells) for cells in reader)


def _csv_rows(
    lines: Iterable[tuple[str, list[str]]], columns: Sequence[str]
) -> Iterator[tuple[str, dict[str, str]]]:
    for where, cells in lines:
        if cells and len(cells) != len(columns):  # but an empty line
            raise MGDMError(
                f'{where}: {len(cells)} cells, but the first line names {len(columns)} columns '
                f'({", ".join(columns)}). Put a cell that holds a comma into double quotes.'
            )
        if cells:
            yield where, dict(zip(columns, cells, strict=True))


def _read_info(text: str | bytes | None, where: str) -> dict | None:
    if text is None:
        return None
    try:
        info = json.loads(text)
        version, *_ = (info[key] for key in ('table_version', 'header', 'rows_digest'))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise MGDMError(
            f'{where}: should be a JSON object with `table_version`, `header` and `rows_digest` '
            f'({type(error).__name__}: {error}). Export the negatives again, or delete it and name '
            'a config.'
        ) from None
    check_version(version, _VERSION, where)
    return info


def write_table(path: Path, rows: list[dict], info: dict) -> None:
    """Write a table, whole or not at all; beside csv ``info`` goes into ``<path>.header.json``.

    Args:
        path (Path): A .csv or .parquet file; an existing one is replaced.
        rows (list[dict]): ``path``, ``label``, ``negatives`` and ``scores`` of videos.
        info (dict): What JSON can hold.
    """
    text = json.dumps({'table_version': _VERSION} | info, ensure_ascii=False)
    with write_whole(path) as part:
        if kind_of(path) == 'csv':
            _write_csv(part, rows)
            _side_file(path).write_text(text + '\n', encoding='utf-8')
        else:
            _write_parquet(path, part, rows, text)


def _write_csv(part: Path, rows: list[dict]) -> None:
    with open(part, 'w', encoding='utf-8', errors='surrogateescape', newline='') as file:
        writer = csv.writer(file, lineterminator='\n')
        writer.writerow(['path', 'label', 'negatives', 'scores'])
        for row in rows:
            cells = (SEPARATOR.join(map(str, row[name])) for name in ('negatives', 'scores'))
            writer.writerow([row['path'], row['label'], *cells])


def _write_parquet(path: Path, part: Path, rows: list[dict], text: str) -> None:
    pyarrow = _pyarrow(path)
    label = pyarrow.string() if isinstance(rows[0]['label'], str) else pyarrow.int32()
    scores = pyarrow.list_(pyarrow.float64())
    columns = {'path': pyarrow.string(), 'label': label, 'negatives': pyarrow.list_(label)}
    schema = pyarrow.schema(columns | {'scores': scores}, metadata={_KEY: text.encode()})
    try:
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows, schema), part)
    except UnicodeEncodeError as error:
        raise MGDMError(
            f'{error.object!r} is not UTF-8, and parquet holds nothing else: export to csv.'
        ) from None


def _side_file(path: Path) -> Path:
    return path.with_name(path.name + '.header.json')


def _pyarrow(path: Path) -> ModuleType:
    try:
        import pyarrow.parquet
    except ImportError:
        raise MGDMError(
            f'{path}: parquet needs pyarrow, which is not installed: pip install '
            '"mgdm_mmaction[parquet]". Or use .csv, which needs nothing.'
        ) from None
    return pyarrow
