"""Writing files of torch.export, which PyTorch alone can load."""

import contextlib
import json
from os import PathLike
from pathlib import Path

import torch

from ..errors import MGDMError
from .folded import FoldedRecognizer
from .metadata import PROGRAM_FILE
from .tracing import trace

__all__ = ['save_program']

# What torch notes at every node: lines and folders of the machine that it ran on.
_SOURCES = ('stack_trace', 'nn_module_stack', 'source_fn_stack', 'torch_fn', 'custom')


def save_program(folded: FoldedRecognizer, path: str | PathLike, metadata: dict) -> None:
    """Write a recogniser as a program of torch.export, for any number of clips at once.

    Args:
        folded (FoldedRecognizer): The recogniser.
        path (str | PathLike): File to write; its name should end in .pt2.
        metadata (dict): Result of :func:`describe_recognizer`, kept in the file.

    Raises:
        MGDMError: If torch cannot trace the recogniser.

    Example:
        >>> program = torch.export.load('model.pt2')  # doctest: +SKIP
        >>> probabilities, logits = program.module()(frames)  # doctest: +SKIP
    """
    try:
        program = trace(folded)
    except Exception as error:
        # torch has many classes for what it cannot trace, and none above them.
        reason = ' '.join(str(error).split())
        raise MGDMError(
            f'torch {torch.__version__} cannot trace this recogniser: '
            f'{type(error).__name__}: {reason[:400]}'
        ) from error
    for node in program.graph.nodes:
        for key in _SOURCES:
            node.meta.pop(key, None)
    # The frames that it was traced with: a megabyte or more of noise. torch 2.6 insists on them.
    with contextlib.suppress(ValueError):
        program.example_inputs = None
    extra = {PROGRAM_FILE: json.dumps(metadata, ensure_ascii=False)}
    torch.export.save(program, Path(path), extra_files=extra)
