"""Where clip features go: a folder with a file a video, or one table."""

import json
from collections.abc import Callable, Mapping
from os import PathLike
from pathlib import Path, PurePosixPath

import mmengine
import numpy as np
import pandas as pd
import torch

from ..errors import MGDMError, check_output, explain_disk, write_whole

__all__ = ['FeatureFolder', 'FeatureTable']

_TABLES = ('.npz', '.csv')
_SETTINGS = 'features.json'


class FeatureFolder:
    """A file a video, under the video's own path with an ending added, as MMAction2 names them.

    A file appears when it is complete, so that a run that was stopped can be continued.

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
        if self.folder.is_file():
            raise MGDMError(
                f'--out {folder} is a file; expected a folder, or a name that ends in '
                f'{" or ".join(_TABLES)}'
            )
        path = self.folder / _SETTINGS
        if path.exists() and not overwrite:
            _check_settings(path, settings)
        _write(path, lambda file: file.write(json.dumps(settings, indent=1).encode()))

    def path(self, name: str) -> Path:
        """Return the file of a video, as the list names it.

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
        """Write the features of a video; at most two axes for csv."""
        _write(self.path(name), lambda file: _WRITERS[self.format](file, features))

    def close(self) -> None:
        """Do nothing: every file is there."""


class FeatureTable:
    """One file with the features of all videos, written at the end.

    Args:
        path (str | PathLike): ``.npz`` for arrays ``features`` [videos, ...], ``labels``, ``paths``
            and the JSON text ``settings``; ``.csv`` for a row a video.
        settings (Mapping): What the features depend on.
        overwrite (bool, optional): Replace the file. Defaults to False.

    Raises:
        MGDMError: If the file exists, or is a folder.
    """

    def __init__(self, path: str | PathLike, settings: Mapping, overwrite: bool = False) -> None:
        self.file, self.settings = check_output(path, overwrite), settings
        self._rows: list[tuple[str, int, np.ndarray]] = []

    def has(self, name: str) -> bool:
        """Whether the features of a video are there already."""
        return False

    def add(self, name: str, label: int, features: np.ndarray) -> None:
        """Keep the features of a video: of the same shape for all; one axis for csv."""
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
            _write(self.file, lambda file: np.savez(file, **arrays))
            return
        table = pd.DataFrame({'path': names, 'label': labels})
        if features:
            table = table.join(pd.DataFrame(np.stack(features)).add_prefix('f'))
        _write(self.file, lambda file: _write_table(file, table))


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


def _write(path: Path, write: Callable) -> None:
    """Write under another name first: whoever sees the file sees all of it."""
    with explain_disk(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    with write_whole(path) as part, open(part, 'wb') as file:
        write(file)


def _write_pkl(file, features: np.ndarray) -> None:
    mmengine.dump(torch.from_numpy(features), file, file_format='pkl')


def _write_csv(file, features: np.ndarray) -> None:
    _write_table(file, pd.DataFrame(np.atleast_2d(features)).add_prefix('f'))


def _write_table(file, table: pd.DataFrame) -> None:
    # Nine digits are a float32, read back as it was; names need not be valid UTF-8.
    table.to_csv(file, index=False, float_format='%.9g', errors='surrogateescape')


_WRITERS = {'pkl': _write_pkl, 'npy': np.save, 'csv': _write_csv}
