"""One HTML file that shows a negatives file and needs nothing else."""

import base64
import contextlib
import hashlib
import html
import os
import re
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

import numpy as np

from ..errors import MGDMError
from ..negatives import NegativesFile
from .frames import Thumbnail
from .page_data import class_data, embed_json, page_data
from .statistics import FileStatistics

__all__ = ['build_page', 'check_page_path', 'write_page']

_SLOT = re.compile(r'@@([a-z_]+)@@')


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
    script, style = _resource('page.js'), _resource('page.css')
    contents = []
    for label, rows in enumerate(chosen):
        data = class_data(file, rows, None if images is None else images[label])
        contents.append(_json_element(f'class-{label}', data))
    slots = {
        'policy': f"default-src 'none'; img-src data:; script-src '{_hash(script)}'; "
        f"style-src '{_hash(style)}'; base-uri 'none'; form-action 'none'",
        'title': _escape(Path(file.path).name),
        'summary': _escape(summary),
        'note': _escape(note),
        'style': style,
        'script': script,
        'data': _json_element('data', page_data(file, counts, chosen, images is not None)),
        'classes': '\n'.join(contents),
    }
    # In one pass, so that nothing that was put in is looked at again.
    return _SLOT.sub(lambda match: slots[match[1]], _resource('page.html'))


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


def _resource(name: str) -> str:
    return (resources.files(__package__) / 'page_files' / name).read_text('utf-8')


def _json_element(name: str, data: object) -> str:
    return f'<script type="application/json" id="{name}">{embed_json(data)}</script>'


def _escape(text: str) -> str:
    # A file name may hold bytes that are not UTF-8.
    return html.escape(text.encode('utf-8', 'surrogateescape').decode('utf-8', 'replace'))


def _hash(content: str) -> str:
    """Return how a content security policy names an inline script or style."""
    return 'sha256-' + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
