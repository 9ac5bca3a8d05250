"""The data pipeline of a config by two decoders, and bare decoding of the same frames."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import torch
from mmaction.registry import DATASETS
from mmengine.config import Config
from mmengine.registry import init_default_scope

from benchmarks.measure import compare
from benchmarks.videos import VideoSizes, write_videos
from mgdm_mmaction.video import FileVideo

__all__ = ['benchmark_pipeline']


def benchmark_pipeline(config: Path, sizes: VideoSizes, repeats: int, seed: int) -> Iterator[str]:
    """Measure clips a second of a config's training pipeline, in this process.

    It is compared with itself with MMAction2's steps, and with decoding alone: of the frames that
    the pipeline drew, opening the same files.

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
    with tempfile.TemporaryDirectory() as folder:
        annotations = write_videos(Path(folder), sizes, seed)
        files = [str(Path(folder) / f'{index}.mp4') for index in range(sizes.count)]

        def loading(steps: Mapping[str, dict]) -> Callable[[], list[np.ndarray]]:
            pipeline = Config.fromfile(str(config)).train_dataloader.to_dict()['dataset'][
                'pipeline'
            ]
            dataset = DATASETS.build(
                dict(
                    type='VideoDataset',
                    ann_file=str(annotations),
                    data_prefix=dict(video=folder),
                    pipeline=_for_measuring(pipeline, steps),
                )
            )

            def load() -> list[np.ndarray]:
                """Run the pipeline, which draws the same frames each time, and return which."""
                np.random.seed(seed)
                torch.manual_seed(seed)
                clips = [dataset[index] for index in range(sizes.count)]
                return [clip['data_samples'].frame_inds.reshape(-1) for clip in clips]

            return load

        def with_pyav() -> None:
            for file, indices in zip(files, frames, strict=True):
                with FileVideo(file, num_threads=1) as video:
                    video.read(indices)

        def with_decord() -> None:
            for file, indices in zip(files, frames, strict=True):
                decord.VideoReader(file, num_threads=1).get_batch(indices).asnumpy()

        load = loading({'Init': dict(type='VideoInit'), 'Decode': dict(type='VideoDecode')})
        frames = load()
        others = {
            'with DecordInit and DecordDecode': loading(
                {
                    'Init': dict(type='DecordInit', num_threads=1),
                    'Decode': dict(type='DecordDecode'),
                }
            ),
            'PyAV alone, the same frames': with_pyav,
            'decord alone, the same frames': with_decord,
        }
        times = {name: compare(load, other, repeats) for name, other in others.items()}
    codec = 'MPEG-4' if sizes.gop is None else f'H.264, GOP {sizes.gop}'
    yield (
        f'pipeline: {config.name}, {sizes.count} clips of {len(frames[0])} frames from '
        f'{sizes.width} x {sizes.height} mp4 ({codec}) of {sizes.frames} frames; in-process'
    )
    yield f'  (ratio: median of {repeats} pairs, min-max)'
    rate = sizes.count / next(iter(times.values())).ours
    yield f'  {"training pipeline, VideoInit":<38}{rate:8.1f} clips/s'
    for name, found in times.items():
        yield f'  {name:<38}{sizes.count / found.other:8.1f} clips/s, {found}'


def _for_measuring(pipeline: list[dict], steps: Mapping[str, dict]) -> list[dict]:
    """Attach the label alone, as nothing is mined here; keep the frames; change decoding steps."""
    for transform in _walk(pipeline):
        kind = transform['type']
        if kind == 'AttachHardNegatives':
            transform.update(k=0)
        elif kind == 'PackActionInputs':
            transform['meta_keys'] = ('frame_inds',)
        for end, step in steps.items():
            if kind.endswith(end):
                transform.clear()
                transform.update(step)
    return pipeline


def _walk(pipeline: list[dict]) -> Iterator[dict]:
    for transform in pipeline:
        yield transform
        yield from _walk(transform.get('transforms', []))
