"""Where clip features go: a folder with a file a video, or one table."""

import contextlib
import csv
import io
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from os import PathLike
from pathlib import Path, PurePosixPath

import mmengine
import numpy as np
import torch

from ..errors import MGDMError

__all__ = ['FORMATS', 'FeatureFolder', 'FeatureTable', 'TABLES']

FORMATS = ('pkl', 'npy', 'csv')
TABLES = ('.npz', '.csv')
_SETTINGS = 'features.json'


class FeatureFolder:
    """A file a video, under the video's own path with an ending added, as MMAction2 names them.

    A file appears when it is complete, so that a run that was stopped goes on where it was.

    Args:
        folder (str | PathLike): The folder; it is made.
        format (str): 'pkl' for a pickled tensor, MMAction2's form; 'npy' for numpy's; 'csv' for a
            table with a title and a row a time or view.
        settings (Mapping): What the features depend on, kept in ``features.json``.
        overwrite (bool, optional): Compute all of them anew. Defaults to False.

    Raises:
        MGDMError: If the folder holds features of other settings, or is no folder.
    """

    def __init__(
        self, folder: str | PathLike, format: str, settings: Mapping, overwrite: bool = False
    ) -> None:
        self.folder, self.format, self.overwrite = Path(folder), format, overwrite
        if self.folder.exists() and not self.folder.is_dir():
            raise MGDMError(
                f'--out {folder} is a file; a folder was expected, or a name that ends in '
                f'{" or ".join(TABLES)}'
            )
        path = self.folder / _SETTINGS
        if path.exists() and not overwrite:
            _check_settings(path, settings)
        self.folder.mkdir(parents=True, exist_ok=True)
        _write_whole(path, lambda file: file.write(json.dumps(settings, indent=1).encode()))

    def path(self, name: str) -> Path:
        """Return the file of a video.

        Args:
            name (str): The video as the list names it.

        Raises:
            MGDMError: If the file would lie outside the folder.
        """
        inside = PurePosixPath(name.lstrip('/'))
        if '..' in inside.parts:
            raise MGDMError(
                f'the list names {name!r}: with .. in it the features would be written outside of '
                f'{self.folder}. Write the list relative to a folder and name that folder with '
                '--video-root'
            )
        return self.folder / f'{inside}.{self.format}'

    def has(self, name: str) -> bool:
        """Whether the features of a video are there already."""
        return not self.overwrite and self.path(name).exists()

    def add(self, name: str, label: int, features: np.ndarray) -> None:
        """Write the features of a video.

        Args:
            name (str): The video.
            label (int): Its label; not written.
            features (np.ndarray): Of any shape; at most two axes for csv.
        """
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_whole(path, lambda file: _WRITERS[self.format](file, features))

    def close(self) -> None:
        """Do nothing: every file is there."""


class FeatureTable:
    """One file with the features of all videos.

    Args:
        path (str | PathLike): ``.npz`` for arrays ``features`` [videos, ...], ``labels``, ``paths``
            and the JSON text ``settings``; ``.csv`` for a row a video.
        settings (Mapping): What the features depend on.
        overwrite (bool, optional): Replace the file. Defaults to False.

    Raises:
        MGDMError: If the file exists, or its folder does not.
    """

    def __init__(self, path: str | PathLike, settings: Mapping, overwrite: bool = False) -> None:
        self.file, self.settings = Path(path), settings
        if self.file.is_dir():
            raise MGDMError(f'--out {path} is a folder, and its name ends as that of a table')
        if self.file.exists() and not overwrite:
            raise MGDMError(f'--out {path} exists; add --overwrite to replace it')
        if not self.file.parent.is_dir():
            raise MGDMError(f'--out {path}: there is no folder {self.file.parent}; make it first')
        self._rows: list[tuple[str, int, np.ndarray]] = []

    def has(self, name: str) -> bool:
        """Whether the features of a video are there already: a table is written at the end."""
        return False

    def add(self, name: str, label: int, features: np.ndarray) -> None:
        """Keep the features of a video.

        Args:
            name (str): The video.
            label (int): Its label.
            features (np.ndarray): Of the same shape for all videos; one axis for csv.
        """
        self._rows.append((name, label, features))

    def close(self) -> None:
        """Write the table."""
        names, labels, features = zip(*self._rows, strict=True) if self._rows else ((), (), ())
        if self.file.suffix == '.npz':
            arrays = dict(
                features=np.stack(features) if features else np.zeros((0,), np.float32),
                labels=np.array(labels, dtype=np.int64),
                paths=np.array(names, dtype=np.str_),
                settings=np.array(json.dumps(self.settings)),
            )
            _write_whole(self.file, lambda file: np.savez(file, **arrays))
            return
        width = features[0].size if features else 0
        rows = [['path', 'label', *(f'f{i}' for i in range(width))]]
        rows += [[name, label, *map(_number, values)] for name, label, values in self._rows]
        _write_whole(self.file, lambda file: file.write(_csv(rows)))


def _check_settings(path: Path, settings: Mapping) -> None:
    try:
        old = json.loads(path.read_text('utf-8'))
    except ValueError:
        old = {}
    for key, value in settings.items():
        if old.get(key) != value:
            raise MGDMError(
                f'{path.parent} holds features of other settings: `{key}` is {old.get(key)!r} in '
                f'{path.name}, now {value!r}. Name another folder, or add --overwrite'
            )


def _write_whole(path: Path, write: Callable) -> None:
    """Write under another name first: whoever sees the file sees all of it."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix='.', suffix='.part')
    try:
        with os.fdopen(handle, 'wb') as file:
            write(file)
        # mkstemp keeps others from reading, which nobody asked for.
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(name, 0o666 & ~umask)
        os.replace(name, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)


def _number(value: np.floating) -> str:
    """Write a float32 so that it can be read back as it is."""
    return f'{value:.9g}'


def _csv(rows: list) -> bytes:
    text = io.StringIO(newline='')
    csv.writer(text).writerows(rows)
    return text.getvalue().encode('utf-8', 'surrogateescape')


def _write_csv(file, features: np.ndarray) -> None:
    table = np.atleast_2d(features)
    title = [f'f{i}' for i in range(table.shape[1])]
    file.write(_csv([title, *([_number(value) for value in row] for row in table)]))


def _write_pkl(file, features: np.ndarray) -> None:
    mmengine.dump(torch.from_numpy(features), file, file_format='pkl')


_WRITERS = {'pkl': _write_pkl, 'npy': np.save, 'csv': _write_csv}
