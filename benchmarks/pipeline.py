"""The data pipeline of a config against bare decoding of the same frames."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from mmaction.registry import DATASETS
from mmengine.config import Config
from mmengine.registry import init_default_scope

from benchmarks.measure import compare
from benchmarks.videos import VideoSizes, write_videos

__all__ = ['benchmark_pipeline']


def benchmark_pipeline(config: Path, sizes: VideoSizes, repeats: int, seed: int) -> Iterator[str]:
    """Measure clips a second of a config's training pipeline, in this process.

    The other side opens the same files with decord and decodes the frames that the pipeline drew.

    Args:
        config (Path): Config file with a training pipeline.
        sizes (VideoSizes): Videos to write and read.
        repeats (int): Pairs of runs over all videos.
        seed (int): Seed of videos and sampling.

    Yields:
        str: A line to print.
    """
    import decord

    init_default_scope('mmaction')
    loader = Config.fromfile(str(config)).train_dataloader.to_dict()
    pipeline = _without_negatives_file(loader['dataset']['pipeline'])
    with tempfile.TemporaryDirectory() as folder:
        annotations = write_videos(Path(folder), sizes, seed)
        dataset = DATASETS.build(
            dict(
                type='VideoDataset',
                ann_file=str(annotations),
                data_prefix=dict(video=folder),
                pipeline=pipeline,
            )
        )
        files = [str(Path(folder) / f'{index}.mp4') for index in range(sizes.count)]

        def load() -> list[np.ndarray]:
            """Run the pipeline, which draws the same frames each time, and return which."""
            np.random.seed(seed)
            torch.manual_seed(seed)
            clips = [dataset[index] for index in range(sizes.count)]
            return [clip['data_samples'].frame_inds.reshape(-1) for clip in clips]

        frames = load()

        def decode() -> None:
            for file, indices in zip(files, frames, strict=True):
                decord.VideoReader(file, num_threads=1).get_batch(indices).asnumpy()

        times = compare(load, decode, repeats)
    yield (
        f'pipeline: {config.name}, {sizes.count} clips of {len(frames[0])} frames from '
        f'{sizes.width} x {sizes.height} mp4 (MPEG-4) of {sizes.frames} frames; in-process'
    )
    yield f'  (ratio: median of {repeats} pairs, min-max)'
    yield f'  {"whole training pipeline":<38}{sizes.count / times.ours:8.1f} clips/s'
    rate = sizes.count / times.other
    yield f'  {"decord alone, the same frames":<38}{rate:8.1f} clips/s, {times}'


def _without_negatives_file(pipeline: list[dict]) -> list[dict]:
    """Attach the label alone, as there is nothing mined here, and keep the indices of frames."""
    for transform in _walk(pipeline):
        if transform['type'] == 'AttachHardNegatives':
            transform.update(k=0)
        elif transform['type'] == 'PackActionInputs':
            transform['meta_keys'] = ('frame_inds',)
    return pipeline


def _walk(pipeline: list[dict]) -> Iterator[dict]:
    for transform in pipeline:
        yield transform
        yield from _walk(transform.get('transforms', []))
