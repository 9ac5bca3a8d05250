"""decord 0.6.0 dies of an avi file that was cut off, if it reads it from memory.

mmaction2's ``DecordInit`` reads a file whole and hands the bytes to decord. Where an avi file ends
before its header says, decord then ends the process with a segmentation fault, and with it a
worker of the data loader or the miner: no pipeline can step over such a clip (reading from memory
fails at the end of a stream in other ways too: dmlc/decord#156). Reading the same file by its name,
decord gives the frames that are there, or an error.

So cut-off avi files on a local disk are opened by name. All others are read as before.
"""

import functools
import os
from collections.abc import Callable
from types import ModuleType
from typing import Any

__all__ = ['apply', 'lacking_bytes']


def lacking_bytes(path: str) -> int:
    """Return how many bytes an avi file ends before its header says.

    Args:
        path (str): Any local file.

    Returns:
        int: 0 for a whole avi file, for one whose header does not say, and for other files.
    """
    with open(path, 'rb') as file:
        head = file.read(12)
    if len(head) < 12 or head[:4] != b'RIFF' or head[8:] != b'AVI ':
        return 0
    says = int.from_bytes(head[4:8], 'little')
    # Writers that cannot go back to the header leave one of these. A last byte only pads.
    if says in (0, 0x7FFFFFFF, 0xFFFFFFFF):
        return 0
    lacking = says + 8 - os.path.getsize(path)
    return lacking if lacking > 1 else 0


def apply(module: ModuleType) -> None:
    """Let ``DecordInit`` open cut-off avi files by name."""
    method = module.DecordInit._get_video_reader
    if not hasattr(method, '__wrapped__'):
        module.DecordInit._get_video_reader = _by_name_if_cut_off(method)


def _by_name_if_cut_off(method: Callable) -> Callable:
    @functools.wraps(method)
    def get_video_reader(transform: Any, filename: str) -> Any:
        local = transform.io_backend in ('disk', 'local') and os.path.isfile(filename)
        if not local or not lacking_bytes(filename):
            return method(transform, filename)
        import decord

        return decord.VideoReader(filename, num_threads=transform.num_threads)

    return get_video_reader
