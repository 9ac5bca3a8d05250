"""From a module to a graph, with the number of clips left open."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from .folded import FoldedRecognizer

__all__ = ['EXAMPLE_BATCH', 'batch_shape', 'trace', 'tracing']

# One clip would be taken for the only number there is.
EXAMPLE_BATCH = 2


def batch_shape() -> dict:
    """Return what torch calls dynamic shapes: any number of clips, everything else fixed."""
    return {'frames': {0: torch.export.Dim('batch', min=1)}}


def trace(folded: FoldedRecognizer) -> torch.export.ExportedProgram:
    """Trace a recogniser into a graph of PyTorch's operators.

    Args:
        folded (FoldedRecognizer): The recogniser.

    Returns:
        torch.export.ExportedProgram: Its graph with its weights.
    """
    with tracing():
        return torch.export.export(
            folded,
            (folded.example_input(EXAMPLE_BATCH),),
            dynamic_shapes=batch_shape(),
        )


@contextmanager
def tracing() -> Iterator[None]:
    """Put torch into the state in which a recogniser can be traced, without its chatter."""
    loggers = [logging.getLogger(name) for name in ('torch.onnx', 'onnxscript', 'onnx_ir')]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    # PyTorch's fused attention is one operator that no other runtime knows; torch 2.6 would put it
    # into the graph.
    fastpath = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter('ignore')
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fastpath)
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
