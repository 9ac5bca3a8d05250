"""One HTML file that shows a negatives file and needs nothing else."""

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ...errors import MGDMError
from ...negatives import NegativesFile
from ...negatives.inspection.statistics import FileStatistics
from .frames import Thumbnail
from .page_data import class_data, page_data
from .page_parts import escape, fill_page, json_element, resource

__all__ = ['build_page', 'check_page_path', 'write_page']


def build_page(
    file: NegativesFile,
    counts: FileStatistics,
    chosen: Sequence[np.ndarray],
    images: Sequence[Sequence[Thumbnail]] | None,
    summary: str,
    note: str,
) -> str:
    """Build the page.

    All texts of the user reach it as escaped HTML or as JSON that a script sets as text. Its
    content security policy allows no address but data URIs, and no script and style but its own.

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
    contents = []
    for label, rows in enumerate(chosen):
        data = class_data(file, rows, None if images is None else images[label])
        contents.append(json_element(f'class-{label}', data))
    slots = {
        'title': escape(Path(file.path).name),
        'summary': escape(summary),
        'note': escape(note),
        'data': json_element('data', page_data(file, counts, chosen, images is not None)),
        'classes': '\n'.join(contents),
    }
    return fill_page(resource('page.html'), resource('page.css'), resource('page.js'), slots)


def check_page_path(out: str | Path, inputs: Sequence[str], overwrite: bool) -> None:
    """Refuse to write over what should stay.

    Args:
        out (str | Path): The page.
        inputs (Sequence[str]): The negatives files.
        overwrite (bool): A page that exists may be replaced.

    Raises:
        MGDMError: If ``out`` is a folder, one of the inputs, a file that should not be replaced, or
            its folder cannot be made.
    """
    out = Path(out)
    if out.is_dir():
        raise MGDMError(f'--html {out}: is a folder; give the name of a file, such as page.html.')
    if not out.exists():
        # Now, and not after the videos were decoded.
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise MGDMError(
                f'--html {out}: its folder cannot be made ({error.strerror}); choose another place.'
            ) from None
        return
    if any(os.path.exists(path) and os.path.samefile(out, path) for path in inputs):
        raise MGDMError(
            f'--html {out}: is the negatives file itself; give the page another name, such as '
            f'{out.with_suffix(".html")}.'
        )
    if not overwrite:
        raise MGDMError(
            f'--html {out}: exists already; add --overwrite to replace it, or choose another name.'
        )


def write_page(page: str, out: str | Path) -> int:
    """Write a page, whole or not at all.

    Args:
        page (str): HTML.
        out (str | Path): The file.

    Returns:
        int: Bytes.

    Raises:
        MGDMError: If it cannot be written.
    """
    out = Path(out)
    part = out.with_name(out.name + '.part')
    content = page.encode('utf-8')
    try:
        part.write_bytes(content)
        os.replace(part, out)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink()
        raise MGDMError(f'--html {out}: cannot be written ({error.strerror}).') from None
    return len(content)
