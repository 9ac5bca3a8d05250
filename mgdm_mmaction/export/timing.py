"""How fast an exported file is beside the recogniser that it is from."""

from os import PathLike

import torch

from benchmarks.machine import describe_machine
from benchmarks.timing import compare

from .exported_file import open_file
from .folded import FoldedRecognizer

__all__ = ['benchmark_file']


def benchmark_file(
    path: str | PathLike, folded: FoldedRecognizer, batch_size: int = 1, repeats: int = 9
) -> list[str]:
    """Time a file and the module that it was made of, in turns, on the CPU with equal threads.

    Args:
        path (str | PathLike): The exported file.
        folded (FoldedRecognizer): What was exported.
        batch_size (int, optional): Clips at once. Defaults to 1.
        repeats (int, optional): Pairs of runs. Defaults to 9.

    Returns:
        list[str]: Lines to print.
    """
    run = open_file(path, torch.get_num_threads()).run
    frames = folded.example_input(batch_size)
    array = frames.numpy()

    @torch.inference_mode()
    def in_torch():
        return folded(frames)

    times = compare(lambda: run(array), in_torch, repeats)
    return [
        f'machine: {describe_machine("cpu")}',
        f'{batch_size} clip(s) of {folded.num_frames} frames: {times.ours * 1e3:.1f} ms, PyTorch '
        f'{times.other * 1e3:.1f} ms; PyTorch takes {times.ratio:.2f} x the time '
        f'({times.low:.2f}-{times.high:.2f} over {repeats} pairs)',
    ]
