"""Tables of negatives in parquet and csv: cells in and out, without a word on what they mean."""

import csv
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

from ..errors import MGDMError, explain_disk
from .format import check_version

__all__ = ['SEPARATOR', 'TABLE_VERSION', 'Table', 'kind_of', 'read_table', 'write_table']

TABLE_VERSION = 1
# Between the negatives or scores in a csv cell; class names hold commas, brackets and quotes.
SEPARATOR = '|'
_KEY = b'mgdm-negatives'
_ROWS_AT_ONCE = 10_000


class Table:
    """A table on disk that can be gone through again and again.

    Args:
        path (Path): The file.
        columns (Sequence[str]): Names of its columns.
        info (dict | None): What :func:`write_table` put beside the rows; None in a table from
            elsewhere.
    """

    def __init__(self, path: Path, columns: Sequence[str], info: dict | None) -> None:
        self.path = path
        self.columns = list(columns)
        self.info = info

    def rows(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield where a row is, for messages, and its cells by column."""
        read = _csv_rows if kind_of(self.path) == 'csv' else _parquet_rows
        yield from read(self.path, self.columns)


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


def read_table(path: str | Path) -> Table:
    """Open a table.

    Args:
        path (str | Path): A .csv or .parquet file.

    Raises:
        MGDMError: If it is missing, is no table, or was written by a later release.
    """
    path = Path(path)
    if not path.is_file():
        raise MGDMError(f'{path}: no such file.')
    if kind_of(path) == 'csv':
        side = _side_file(path)
        text = side.read_text('utf-8') if side.is_file() else None
        columns, where = _csv_columns(path), str(side)
    else:
        schema = _open_parquet(path).schema_arrow
        text = (schema.metadata or {}).get(_KEY)
        columns, where = schema.names, f'{path} (metadata {_KEY.decode()!r})'
    return Table(path, columns, None if text is None else _read_info(text, where))


def write_table(
    path: str | Path, columns: Mapping[str, str], rows: Iterable[Mapping[str, Any]], info: dict
) -> None:
    """Write a table, whole or not at all.

    Args:
        path (str | Path): A .csv or .parquet file; an existing one is replaced. Beside a csv file
            ``info`` goes into ``<path>.header.json``.
        columns (Mapping[str, str]): Column -> type: 'text', 'id', 'texts', 'ids' or 'scores'.
        rows (Iterable[Mapping[str, Any]]): Cells by column.
        info (dict): What JSON can hold.
    """
    path = Path(path)
    text = json.dumps({'table_version': TABLE_VERSION} | info, ensure_ascii=False)
    part = path.with_name(path.name + '.part')
    with explain_disk(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            if kind_of(path) == 'csv':
                _write_csv(part, columns, rows)
                _side_file(path).write_text(text + '\n', encoding='utf-8')
            else:
                _write_parquet(part, columns, rows, text)
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)


def _side_file(path: Path) -> Path:
    return path.with_name(path.name + '.header.json')


def _read_info(text: str | bytes, where: str) -> dict:
    try:
        info = json.loads(text)
        version = info['table_version']
    except (ValueError, KeyError, TypeError) as error:
        raise MGDMError(
            f'{where}: should be a JSON object with `table_version` ({type(error).__name__}: '
            f'{error}). Export the negatives again, or delete it and name a config.'
        ) from None
    check_version(version, TABLE_VERSION, where)
    return info


def _csv_columns(path: Path) -> list[str]:
    with open(path, encoding='utf-8-sig', errors='surrogateescape', newline='') as file:
        return [name.strip() for name in next(csv.reader(file), [])]


def _csv_rows(path: Path, columns: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    with open(path, encoding='utf-8-sig', errors='surrogateescape', newline='') as file:
        reader = csv.reader(file)
        next(reader, None)
        for cells in reader:
            where = f'{path}:{reader.line_num}'
            if not cells:  # an empty line
                continue
            if len(cells) != len(columns):
                raise MGDMError(
                    f'{where}: {len(cells)} cells, but the first line names {len(columns)} columns '
                    f'({", ".join(columns)}). Put a cell that holds a comma into double quotes.'
                )
            yield where, dict(zip(columns, cells, strict=True))


def _write_csv(path: Path, columns: Mapping[str, str], rows: Iterable[Mapping[str, Any]]) -> None:
    def cell(value: Any) -> Any:
        return SEPARATOR.join(map(str, value)) if isinstance(value, list | tuple) else value

    with open(path, 'w', encoding='utf-8', errors='surrogateescape', newline='') as file:
        writer = csv.writer(file, lineterminator='\n')
        writer.writerow(columns)
        writer.writerows([cell(row[name]) for name in columns] for row in rows)


def _parquet_rows(path: Path, columns: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    number = 0
    for batch in _open_parquet(path).iter_batches(batch_size=_ROWS_AT_ONCE):
        for row in batch.to_pylist():
            number += 1
            yield f'{path}: row {number}', row


def _write_parquet(
    path: Path, columns: Mapping[str, str], rows: Iterable[Mapping[str, Any]], text: str
) -> None:
    pyarrow = _pyarrow(path.with_suffix(''))  # of the unfinished file
    types = {
        'text': pyarrow.string(),
        'id': pyarrow.int32(),
        'texts': pyarrow.list_(pyarrow.string()),
        'ids': pyarrow.list_(pyarrow.int32()),
        'scores': pyarrow.list_(pyarrow.float64()),
    }
    fields = [(name, types[kind]) for name, kind in columns.items()]
    schema = pyarrow.schema(fields, metadata={_KEY: text.encode()})
    rows = iter(rows)
    with pyarrow.parquet.ParquetWriter(path, schema) as writer:
        while batch := list(islice(rows, _ROWS_AT_ONCE)):
            try:
                writer.write_table(pyarrow.Table.from_pylist(batch, schema))
            except UnicodeEncodeError as error:
                raise MGDMError(
                    f'{error.object!r} is not UTF-8, and parquet holds nothing else: export to csv.'
                ) from None


def _open_parquet(path: Path) -> Any:
    pyarrow = _pyarrow(path)
    try:
        return pyarrow.parquet.ParquetFile(path)
    except pyarrow.ArrowInvalid as error:
        raise MGDMError(f'{path}: is no parquet file ({error}).') from None


def _pyarrow(path: Path) -> ModuleType:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise MGDMError(
            f'{path}: parquet needs pyarrow, which is not installed: pip install '
            '"mgdm_mmaction[parquet]". Or use .csv, which needs nothing.'
        ) from None
    return pyarrow
