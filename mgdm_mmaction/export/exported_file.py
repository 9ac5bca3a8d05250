"""Opening an exported file."""

import json
from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from ..errors import MGDMError
from .metadata import PROGRAM_FILE, from_strings
from .onnx_file import require

__all__ = ['ExportedFile', 'open_file', 'read_metadata']


class ExportedFile(NamedTuple):
    """An exported recogniser, ready to run on the CPU.

    Args:
        run (Callable): Frames as an array [N, T, 3, H, W] -> list of arrays, see ``outputs``.
        metadata (dict): What the file says about itself.
    """

    run: Callable[[np.ndarray], list[np.ndarray]]
    metadata: dict


def open_file(path: str | PathLike, threads: int | None = None) -> ExportedFile:
    """Open an exported file, in onnxruntime or in PyTorch as its name says.

    Args:
        path (str | PathLike): A file of :func:`save_onnx`, or one of :func:`save_program`, whose
            name ends in .pt2.
        threads (int, optional): Threads of onnxruntime. Defaults to None: as many as cores.

    Returns:
        ExportedFile: Function and metadata.

    Raises:
        MGDMError: If onnxruntime is missing, or this package did not write the file.
    """
    if Path(path).suffix == '.pt2':
        return _open_program(path)
    require('onnxruntime')
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    if threads is not None:
        options.intra_op_num_threads = threads
    try:
        session = onnxruntime.InferenceSession(
            str(path), options, providers=['CPUExecutionProvider']
        )
    except Exception as error:
        # A class of its own for every way in which a file can be wrong, all below Exception.
        raise MGDMError(
            f'onnxruntime {onnxruntime.__version__} cannot read {path}: '
            f'{" ".join(str(error).split())[:300]}'
        ) from error
    properties = session.get_modelmeta().custom_metadata_map
    return ExportedFile(
        lambda frames: session.run(None, {'frames': frames}), from_strings(properties, path)
    )


def _open_program(path: str | PathLike) -> ExportedFile:
    extra = {PROGRAM_FILE: ''}
    try:
        program = torch.export.load(Path(path), extra_files=extra)
    except Exception as error:
        raise MGDMError(
            f'torch {torch.__version__} cannot read {path}: {" ".join(str(error).split())[:300]}'
        ) from error
    content = json.loads(extra[PROGRAM_FILE] or '{}')
    module = program.module()

    @torch.no_grad()
    def run(frames: np.ndarray) -> list[np.ndarray]:
        return [output.numpy() for output in module(torch.from_numpy(frames))]

    strings = {key: json.dumps(value) for key, value in content.items()}
    return ExportedFile(run, from_strings(strings, path))


def read_metadata(path: str | PathLike) -> dict:
    """Read what an exported file says about itself.

    Args:
        path (str | PathLike): File of :func:`save_onnx` or :func:`save_program`.

    Returns:
        dict: As :func:`describe_recognizer` wrote it.

    Raises:
        MGDMError: If the file is missing or of another origin.
    """
    if not Path(path).is_file():
        raise MGDMError(f'{path}: no such file')
    return open_file(path).metadata
