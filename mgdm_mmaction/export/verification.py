"""Comparing an exported file with the recogniser that it is from."""

from collections.abc import Sequence
from os import PathLike
from typing import NamedTuple

import numpy as np
import torch

from ..errors import MGDMError
from ..models import CLIPRecognizer
from .files import open_file
from .folded import ExportableRecognizer

__all__ = ['Difference', 'check_file']


class Difference(NamedTuple):
    """How far a file is from its recogniser on the same frames.

    Args:
        largest (dict[str, float]): Name of an output -> largest absolute difference.
        same_top1 (bool): Whether both name the same best class for every clip.
    """

    largest: dict[str, float]
    same_top1: bool


@torch.no_grad()
def check_file(
    path: str | PathLike,
    recognizer: CLIPRecognizer,
    exportable: ExportableRecognizer,
    batch_sizes: Sequence[int] = (1, 2, 5),
) -> Difference:
    """Run an exported file and its recogniser on the same noise and compare their outputs.

    Args:
        path (str | PathLike): The file.
        recognizer (CLIPRecognizer): The recogniser.
        exportable (ExportableRecognizer): What was exported.
        batch_sizes (Sequence[int], optional): Numbers of clips. Defaults to the 2 of tracing, one
            below it, where exporters like to see a special case, and one above.

    Raises:
        MGDMError: If an output has another shape.
    """
    run = open_file(path).run
    largest = dict.fromkeys(exportable.output_names, 0.0)
    same = True
    for size in batch_sizes:
        frames = exportable.example_input(size, seed=size)
        expected = _reference(recognizer, exportable, frames)
        found = run(frames.numpy())
        for name, a, b in zip(largest, expected, found, strict=True):
            if a.shape != b.shape:
                raise MGDMError(f'{path}: {name} of {size} clips is {b.shape}, expected {a.shape}')
            # A NaN is no small difference.
            largest[name] = max(largest[name], np.nan_to_num(np.abs(a - b).max(), nan=np.inf))
        same = same and bool((expected[1].argmax(-1) == found[1].argmax(-1)).all())
    return Difference(largest, same)


def _reference(
    recognizer: CLIPRecognizer, exportable: ExportableRecognizer, frames: torch.Tensor
) -> list[np.ndarray]:
    """Score clips with the recogniser itself, its own preprocessing first."""
    if exportable.input_type == 'uint8':
        preprocessor = recognizer.data_preprocessor
        if preprocessor.to_rgb:
            frames = frames.flip(2)  # its pipeline hands it BGR
        frames = preprocessor(dict(inputs=list(frames), data_samples=[]))['inputs']
    logits, weights = recognizer.explain(frames)
    outputs = [recognizer.probabilities(logits), logits]
    if 'attention' in exportable.output_names:
        outputs.append(weights['frames'].values)
    return [output[:, 0].float().numpy() for output in outputs]
