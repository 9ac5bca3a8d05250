"""Comparing an exported file with the recogniser that it is from."""

from collections.abc import Sequence
from os import PathLike
from typing import NamedTuple

import numpy as np
import torch

from ..errors import MGDMError
from ..models import MGDM
from .exported_file import open_file
from .folded import FoldedRecognizer

__all__ = ['Difference', 'check_file']

# The size in tracing is 2: one below it, where exporters like to see a special case, and one above.
BATCH_SIZES = (1, 2, 5)


class Difference(NamedTuple):
    """How far a file is from its recogniser on the same frames.

    Args:
        largest (dict[str, float]): Name of an output -> largest absolute difference.
        same_top1 (bool): Whether both name the same best class for every clip.
        batch_sizes (tuple[int, ...]): Numbers of clips that were tried.
    """

    largest: dict[str, float]
    same_top1: bool
    batch_sizes: tuple[int, ...]


@torch.no_grad()
def reference_outputs(
    recognizer: MGDM, folded: FoldedRecognizer, frames: torch.Tensor
) -> list[np.ndarray]:
    """Score clips with the recogniser itself, its own preprocessing first.

    Args:
        recognizer (MGDM): The recogniser.
        folded (FoldedRecognizer): What was exported; only its kind of input and output is asked.
        frames (Tensor): Clips [N, T, 3, H, W] of that kind.

    Returns:
        list[np.ndarray]: As the file returns them.
    """
    if folded.input_type == 'uint8':
        preprocessor = recognizer.data_preprocessor
        if preprocessor.to_rgb:
            frames = frames.flip(2)  # its pipeline hands it BGR
        frames = preprocessor(dict(inputs=list(frames), data_samples=[]))['inputs']
    logits, weights = recognizer.explain(frames)
    attention = weights['frames'].values
    outputs = [logits[:, 0].softmax(-1), logits[:, 0], attention[:, 0]]
    return [output.float().numpy() for output in outputs[: len(folded.output_names)]]


def check_file(
    path: str | PathLike,
    recognizer: MGDM,
    folded: FoldedRecognizer,
    batch_sizes: Sequence[int] = BATCH_SIZES,
    seed: int = 0,
) -> Difference:
    """Run an exported file and its recogniser on the same noise and compare what they say.

    Args:
        path (str | PathLike): The file.
        recognizer (MGDM): The recogniser.
        folded (FoldedRecognizer): What was exported.
        batch_sizes (Sequence[int], optional): Numbers of clips. Defaults to 1, 2 and 5.
        seed (int, optional): Seed of the noise. Defaults to 0.

    Returns:
        Difference: The largest differences over all batches.
    """
    run = open_file(path).run
    largest = dict.fromkeys(folded.output_names, 0.0)
    same = True
    for size in batch_sizes:
        frames = folded.example_input(size, seed + size)
        expected = reference_outputs(recognizer, folded, frames)
        found = run(frames.numpy())
        for name, a, b in zip(folded.output_names, expected, found, strict=True):
            if a.shape != b.shape:
                raise MGDMError(f'{path}: {name} of {size} clips is {b.shape}, expected {a.shape}')
            # A NaN is no small difference.
            gap = float(np.abs(a - b).max())
            largest[name] = max(largest[name], np.inf if np.isnan(gap) else gap)
        same = same and bool((expected[1].argmax(-1) == found[1].argmax(-1)).all())
    return Difference(largest, same, tuple(batch_sizes))
