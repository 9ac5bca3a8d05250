"""Give every training video triples of a knowledge graph."""

from functools import lru_cache
from pathlib import Path

import numpy as np
from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform

from ...errors import MGDMError
from ...graph import KnowledgeGraph, read_graph
from ...negatives import video_path

__all__ = ['AttachTriplets']


@TRANSFORMS.register_module()
class AttachTriplets(BaseTransform):
    """Attach a movement of the video, and a pair of action and movement (KG-CLIP, ours).

    Put it anywhere before ``PackActionInputs(algorithm_keys=('triplet_ids', 'movements'))``. It
    draws with NumPy's generator, which MMEngine seeds in workers.

    Required keys:

        - filename or frame_dir

    Added keys:

        - triplet_ids: np.int64 [3]: one of the movements of the video by its place in the graph,
          -1 if it has none; then an edge a-b drawn from the graph, as places of action and
          movement, -1 and -1 if there is none.
        - movements: np.uint8 [M], which movements the video has.

    Args:
        graph (str): The graph of the model: a file, or the name of a packaged one.

    Raises:
        MGDMError: If it cannot be read.
    """

    def __init__(self, graph: str) -> None:
        if graph is None:
            raise MGDMError('AttachTriplets: graph=None; build one with tools/build_graph.py.')
        self.source = graph
        self.graph = _read_once(str(graph))

    def transform(self, results: dict) -> dict:
        """Add the triples to the results of a video."""
        graph = self.graph
        own = self._of_video(video_path(results))
        triple = np.full(3, -1, dtype=np.int64)
        if own:
            triple[0] = own[np.random.randint(len(own))]
        if graph.pairs:
            triple[1:] = graph.pairs[np.random.randint(len(graph.pairs))]
        movements = np.zeros(len(graph.movements), dtype=np.uint8)
        movements[own] = 1
        results.update(triplet_ids=triple, movements=movements)
        return results

    def _of_video(self, path: str) -> list[int]:
        """Find a video by its path, or by the end of it, where a prefix was put before."""
        of_videos = self.graph.of_videos
        parts = path.replace('\\', '/').split('/')
        for at in range(len(parts) if of_videos else 0):
            if (found := of_videos.get('/'.join(parts[at:]))) is not None:
                return found
        return []

    def __repr__(self) -> str:
        return f'{type(self).__name__}(graph={self.source!r})'


def _read_once(path: str) -> KnowledgeGraph:
    """Read a file once a process and state of the file."""
    stat = Path(path).stat() if Path(path).is_file() else None
    return _read_cached(path, stat and (stat.st_mtime_ns, stat.st_size))


@lru_cache(maxsize=2)
def _read_cached(path: str, state: tuple | None) -> KnowledgeGraph:
    return read_graph(path)
