"""mmengine reads an annotation list as plain UTF-8, and mmaction2 takes every line for a clip.

``mmengine.fileio.list_from_file`` decodes as ``utf-8`` (mmengine 0.10, ``fileio/parse.py``): a byte
order mark becomes part of the first path, and a list in another encoding ends in a traceback. Of an
empty line ``VideoDataset`` (mmaction2 1.2.0, ``datasets/video_dataset.py``) makes a clip without a
name and with label -1, and ``RawframeDataset`` an ``IndexError``. A file system keeps 'é' as one
letter or as 'e' with an accent, as macOS does, and a list that was made elsewhere names a file that
is not there.

So both data sets read their lists with :func:`read_list` and :func:`list_lines`, as all checks of
this package do, and find a clip whose name is composed in another way.
"""

import functools
import io
import os
import os.path as osp
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from ..errors import MGDMError, require_file

__all__ = ['apply', 'list_lines', 'read_list']

_HINT = (
    'Check `ann_file` and `data_root` of the data set in the config, or make the list with '
    'tools/data/build_lists.py (build_protocol.py for a protocol). Our configs look below the '
    'folder `data`, or below $MGDM_DATA where that is set.'
)
_MARKS = {b'\xef\xbb\xbf': 'utf-8-sig', b'\xff\xfe': 'utf-16', b'\xfe\xff': 'utf-16'}


def read_list(path: str | os.PathLike) -> str:
    """Return the text of an annotation list: UTF-8, or UTF-16 with a byte order mark.

    Args:
        path (str | os.PathLike): File, or URL of one.

    Raises:
        MGDMError: If there is no such file, or it is in another encoding.
    """
    data = _read_bytes(path)
    encoding = next((name for mark, name in _MARKS.items() if data.startswith(mark)), 'utf-8')
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = None
    if text is None or '\0' in text:
        raise MGDMError(
            f'{path}: the list is not UTF-8 text; convert it, for instance: iconv -f '
            f'{"UTF-16LE" if 0 in data else "LATIN1"} -t UTF-8 {path} > NEW_LIST'
        )
    return text


def _read_bytes(path: str | os.PathLike) -> bytes:
    require_file(path, 'annotation file', _HINT)
    if '://' not in str(path):
        return Path(path).read_bytes()
    from mmengine import fileio

    if not fileio.exists(path):
        raise MGDMError(f'the annotation file {path} does not exist. {_HINT}')
    return bytes(fileio.get(path))


def list_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of a list that are not empty, without white space around, by their numbers.

    Args:
        text (str): Of :func:`read_list`.
    """
    for number, line in enumerate(io.StringIO(text, newline=None), 1):
        if line := line.strip():
            yield number, line


def apply(module: ModuleType) -> None:
    """Let the data set of a module read its lists so."""
    module.list_from_file = lambda path: [line for _, line in list_lines(read_list(path))]
    for name, key in (('VideoDataset', 'filename'), ('RawframeDataset', 'frame_dir')):
        kind = getattr(module, name, None)
        if kind and not hasattr(kind.load_data_list, '__wrapped__'):
            kind.load_data_list = _with_files_found(kind.load_data_list, key)


def _with_files_found(method: Callable, key: str) -> Callable:
    @functools.wraps(method)
    def load_data_list(dataset: Any) -> list[dict]:
        infos = method(dataset)
        for info in infos:
            info[key] = _as_on_disk(info[key])
        return infos

    return load_data_list


def _as_on_disk(path: str) -> str:
    """Return a path with letters composed as on disk; as it is if there is no such file."""
    forms = {unicodedata.normalize(form, path) for form in ('NFC', 'NFD')}
    # The first part is true of nearly every clip, and costs no look at the disk.
    if len(forms) == 1 or '://' in path or osp.exists(path):
        return path
    folder, name = osp.split(path)
    if not name:
        return path
    folder = _as_on_disk(folder)
    for form in ('NFC', 'NFD'):
        if osp.exists(found := osp.join(folder, unicodedata.normalize(form, name))):
            return found
    return path
