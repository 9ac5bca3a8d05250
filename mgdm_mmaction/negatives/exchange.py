"""Negatives out to a table, and negatives made elsewhere in from one."""

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ..errors import MGDMError
from ..text.corpus import LabelCorpus
from ..version import __version__
from .format import NegativesHeader
from .reader import read_negatives
from .table_rows import ParsedRow, RowParser
from .tables import SEPARATOR, Table, kind_of, read_table, write_table
from .validation import NegativesSummary, validate_negatives
from .writer import NegativesWriter

__all__ = ['export_negatives', 'import_negatives']


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
    _check_out(out, overwrite)
    file = read_negatives(path)
    header, kind = file.header, kind_of(out)
    if names and kind == 'csv':
        for label in header.labels + header.classes:
            if SEPARATOR in label or label.strip().isdecimal():
                raise MGDMError(
                    f'label {label!r} cannot be written as a name into csv, where {SEPARATOR!r} '
                    'stands between names and a number is an id; export ids, or to parquet.'
                )
    columns = {'path': 'text', 'label': 'id', 'negatives': 'ids', 'scores': 'scores'}
    if names:
        columns |= {'label': 'text', 'negatives': 'texts'}

    def rows() -> Iterator[dict]:
        for row in _lines(path):
            if names:
                row['label'] = header.classes[row['label']]
                row['negatives'] = [header.labels[i] for i in row['negatives']]
            yield row

    digest = _digest((r['path'], r['label'], r['negatives'], r['scores']) for r in _lines(path))
    info = {'header': json.loads(header.to_json()), 'rows_digest': digest}
    write_table(out, columns, rows(), info)
    return len(file)


def import_negatives(
    path: str | Path,
    out: str | Path,
    corpus: LabelCorpus | None = None,
    videos: Sequence[tuple[str, int]] | None = None,
    num_negatives: int | None = None,
    annotation_digest: str = '',
    overwrite: bool = False,
) -> NegativesSummary:
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
        NegativesSummary: What the file holds.

    Raises:
        MGDMError: Naming the row and the column that are wrong.
    """
    if kind_of(out) != 'jsonl':
        raise MGDMError(f'{out}: a negatives file should be named .jsonl.')
    if num_negatives is not None and num_negatives < 1:
        raise MGDMError(f'num_negatives={num_negatives}; take at least 1.')
    _check_out(out, overwrite)
    table = read_table(path)
    exported = _exported_header(table)
    if corpus is None and exported is None:
        raise MGDMError(
            f'{path}: does not come from an export, so nothing says what its labels are: name the '
            'config (--config) that the negatives are for.'
        )
    parser = RowParser(table, corpus or exported.corpus(), num_negatives)
    if corpus is not None and exported is not None:
        # The prompts may differ: they do not change what an id means.
        known = LabelCorpus.from_dict(exported.corpus().to_dict() | {'prompt': corpus.prompt})
        parser.forbid_ids(known.difference(corpus))
    # The rows are gone through twice, so that all mistakes come before the first line is written
    # and no more than a row is in memory.
    digest = _digest(_expand(parser, videos))
    header = exported
    changed = exported is None or digest != table.info.get('rows_digest')
    if changed or parser.corpus != exported.corpus():
        header = _header(parser, exported, annotation_digest)
    with NegativesWriter(out, header, overwrite) as writer:
        for row in _expand(parser, videos):
            writer.write(*row)
    return validate_negatives(out)


def _expand(parser: RowParser, videos: Sequence[tuple[str, int]] | None) -> Iterator[ParsedRow]:
    """Yield the rows of videos, or for each video that of its class."""
    path = parser.table.path
    if not parser.by_class:
        yield from parser.rows()
        return
    if videos is None:
        raise MGDMError(
            f'{path}: has a row a class; name the config (--config) whose training videos get them.'
        )
    rows = {row.label: row for row in parser.rows()}
    if missing := sorted({label for _, label in videos} - set(rows)):
        classes = [parser.corpus.classes[label] for label in missing]
        more = ', ...' if len(classes) > 5 else ''
        raise MGDMError(
            f'{path}: column class: no row for {len(classes)} classes that have videos: '
            f'{", ".join(map(repr, classes[:5]))}{more}. Add them.'
        )
    for video, label in videos:
        yield rows[label]._replace(path=video)


def _header(
    parser: RowParser, exported: NegativesHeader | None, annotation_digest: str
) -> NegativesHeader:
    corpus, name = parser.corpus, parser.table.path.name
    scores = 'as given' if parser.has_scores else 'stand-ins that fall with the rank'
    settings = {'scorer': 'imported', 'source': name, 'scores': scores}
    if exported is not None:
        # It is not any more what the exported file says it was mined with.
        settings['exported_from'] = dataclasses.asdict(exported)['settings'] | {
            'weights_digest': exported.weights_digest
        }
    return NegativesHeader(
        architecture='',
        weights_digest='',
        prompt=corpus.prompt,
        labels=corpus.labels,
        classes=corpus.classes,
        class_ids=corpus.class_ids.tolist(),
        num_frames=0,
        k=parser.k,
        annotation_digest=annotation_digest,
        package_version=__version__,
        settings=settings,
    )


def _exported_header(table: Table) -> NegativesHeader | None:
    if table.info is None:
        return None
    line = json.dumps(table.info.get('header'))
    return NegativesHeader.from_json(line, f'{table.path} (header)')


def _lines(path: str | Path) -> Iterator[dict]:
    """Yield the rows of a negatives file as they are written; the arrays round scores."""
    with open(path, encoding='utf-8', errors='surrogateescape') as file:
        next(file)
        yield from map(json.loads, file)


def _digest(rows: Iterable[Sequence]) -> str:
    digest = hashlib.sha256()
    for path, label, negatives, scores in rows:
        row = [path, label, list(negatives), [round(score, 6) for score in scores]]
        digest.update(json.dumps(row).encode())
    return digest.hexdigest()[:16]


def _check_out(out: str | Path, overwrite: bool) -> None:
    out = Path(out)
    if out.is_dir():
        raise MGDMError(f'{out}: is a folder; give the name of a file.')
    if out.exists() and not overwrite:
        raise MGDMError(f'{out}: exists already; add --overwrite, or choose another name.')
