"""Mining against bare decoding of the same frames, the bare tower, and two processes."""

import multiprocessing
import os
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from mmaction.registry import TRANSFORMS
from mmengine.config import Config
from mmengine.registry import init_default_scope

from ...clip import build_clip, image_size
from ...mining import FrozenClip, mine
from ...mining.processes import Process
from .timing import compare
from .videos import VideoSizes, write_videos

__all__ = ['MiningSizes', 'benchmark_mining']

_CLASSES = ['panning', 'zooming', 'standing still', 'tilting']
_MEAN, _STD = [122.771, 116.746, 104.094], [68.501, 66.632, 70.323]


class MiningSizes(NamedTuple):
    """Sizes of a measured mining.

    Args:
        arch (str, optional): CLIP architecture, random weights. Defaults to 'mgdm-tiny'.
        frames (int, optional): Frames encoded a video. Defaults to 8.
        videos (VideoSizes, optional): Defaults to 2000 videos of 80 x 80 with 24 frames.
    """

    arch: str = 'mgdm-tiny'
    frames: int = 8
    videos: VideoSizes = VideoSizes(2000, 80, 80, 24)


def benchmark_mining(
    sizes: MiningSizes, repeats: int = 3, device: str = 'cpu', seed: int = 0
) -> list[str]:
    """Measure videos a second of the miner.

    Four comparisons in pairs: decoding in the process that mines, against decord alone and against
    the tower alone, each on the same frames; one process with a decoding worker against none; and
    two processes, each with half of the videos, against one. All of a run counts but the import of
    the libraries: reading the list and the weights, the ledger, writing the file.

    Args:
        sizes (MiningSizes): What is mined.
        repeats (int, optional): Pairs of runs. Defaults to 3.
        device (str, optional): Of the tower. Defaults to 'cpu'.
        seed (int, optional): Seed of videos and weights. Defaults to 0.

    Returns:
        list[str]: Lines to print.
    """
    import decord  # after torch, and only where videos are read

    init_default_scope('mmaction')
    count = sizes.videos.count
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_videos(folder / 'videos', sizes.videos, seed)
        cfg = _config(folder, sizes, seed)
        out = folder / 'negatives.jsonl'

        def run(workers: int = 0, process: Process | None = None) -> None:
            mine(
                cfg,
                out,
                3,
                device=device,
                num_workers=workers,
                overwrite=True,
                progress=False,
                process=process,
            )

        files = [str(folder / 'videos' / f'{index}.mp4') for index in range(count)]
        indices = [_frames_of(cfg, file) for file in files]

        def decode() -> None:
            for file, frames in zip(files, indices, strict=True):
                decord.VideoReader(file, num_threads=1).get_batch(frames).asnumpy()

        clip = FrozenClip(cfg.model.backbone, device)
        batch = torch.randn(min(8, count), sizes.frames, 3, *image_size(sizes.arch))

        def encode() -> None:
            for _ in range(0, count, len(batch)):
                clip.videos(batch).cpu()

        against_decord = compare(run, decode, repeats, device)
        against_tower = compare(run, encode, repeats, device)
        one_worker = compare(run, lambda: run(workers=1), repeats, device)
        two = compare(run, lambda: _fork(run, out, 2), repeats) if device == 'cpu' else None
    rate = count / against_decord.ours
    lines = [
        f'mining: {count} videos of {sizes.videos.frames} frames of {sizes.videos.width} x '
        f'{sizes.videos.height}, {sizes.frames} frames encoded by {sizes.arch}, random weights, '
        f'{clip.precision}; {os.cpu_count()} cores, torch with {torch.get_num_threads()} threads',
        f'  (ratio: median of {repeats} pairs, min-max)',
        f'  {"mining, decoding in its process":<44}{rate:8.1f} videos/s, '
        f'{rate * sizes.frames:.0f} frames/s',
        _line('decord alone, the same frames', count, against_decord),
        _line('the tower alone, as many frames', count, against_tower),
        _line('mining with 1 decoding worker', count, one_worker),
    ]
    if two is not None:
        lines.append(_line('mining by 2 processes', count, two))
    return lines


def _line(name: str, count: int, times) -> str:
    return (
        f'  {name:<44}{count / times.other:8.1f} videos/s, {times.ratio:.2f} of the time '
        f'({times.low:.2f}-{times.high:.2f})'
    )


def _config(folder: Path, sizes: MiningSizes, seed: int) -> Config:
    """Write weights and a list, and return a config that reads them."""
    torch.manual_seed(seed)
    weights = folder / 'clip.pt'
    torch.save(build_clip(sizes.arch).state_dict(), weights)
    lines = [f'{index}.mp4 {index % len(_CLASSES)}\n' for index in range(sizes.videos.count)]
    (folder / 'list.txt').write_text(''.join(lines))
    height, width = image_size(sizes.arch)
    clip = dict(arch=sizes.arch, pretrained=str(weights))
    pipeline = [
        dict(type='DecordInit', num_threads=1),
        dict(type='UniformSample', clip_len=sizes.frames, test_mode=True),
        dict(type='DecordDecode'),
        dict(type='Resize', scale=(-1, height)),
        dict(type='CenterCrop', crop_size=width),
        dict(type='FormatShape', input_format='NCHW'),
        dict(type='PackActionInputs'),
    ]
    loader = dict(
        dataset=dict(
            type='VideoDataset',
            ann_file=str(folder / 'list.txt'),
            data_prefix=dict(video=str(folder / 'videos')),
            pipeline=pipeline,
            test_mode=True,
        )
    )
    return Config(
        dict(
            model=dict(
                data_preprocessor=dict(
                    type='ActionDataPreprocessor', mean=_MEAN, std=_STD, format_shape='NCHW'
                ),
                backbone=dict(type='CLIPBackbone', **clip),
                cls_head=dict(type='HardNegativeTextHead', classes=_CLASSES, **clip),
            ),
            train_dataloader=loader,
            val_dataloader=loader,
        )
    )


def _frames_of(cfg: Config, file: str) -> np.ndarray:
    """Return the indices of the frames that the miner decodes of a video."""
    results = dict(filename=file, start_index=0, modality='RGB')
    for transform in cfg.val_dataloader.dataset.pipeline[:2]:
        results = TRANSFORMS.build(transform)(results)
    return results['frame_inds'].reshape(-1)


def _fork(run, out: Path, count: int) -> None:
    """Mine with several processes that share the libraries, already imported."""
    # Each would take the finished file of the run before for the one that it shares.
    out.unlink(missing_ok=True)
    context = multiprocessing.get_context('fork')
    processes = [
        context.Process(target=run, kwargs=dict(process=Process(i, count, i))) for i in range(count)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * count
