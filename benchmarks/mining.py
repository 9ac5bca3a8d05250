"""Mining against bare decoding of the same frames, the bare tower, and two processes."""

import multiprocessing
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from mmaction.registry import TRANSFORMS
from mmengine.config import Config
from mmengine.registry import init_default_scope

from benchmarks.measure import Comparison, compare, mib, peak_memory
from benchmarks.videos import VideoSizes, write_videos
from mgdm_mmaction.clip import build_clip, image_size
from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.mining import FrozenClip, mine
from mgdm_mmaction.mining.processes import Process
from mgdm_mmaction.video import FileVideo

__all__ = ['MiningSizes', 'benchmark_mining', 'benchmark_mining_memory', 'write_mining_data']

_CLASSES = ['panning', 'zooming', 'standing still', 'tilting']
_MEAN, _STD = [122.771, 116.746, 104.094], [68.501, 66.632, 70.323]


class MiningSizes(NamedTuple):
    """Sizes of a measured mining.

    Args:
        arch (str): CLIP architecture, random weights.
        frames (int): Frames encoded a video.
        videos (VideoSizes): Videos to make.
        clips (str | None): Folder of clips to mine instead, one after the other until there are
            ``videos.count``. None: made ones.
    """

    arch: str = 'mgdm-tiny'
    frames: int = 8
    videos: VideoSizes = VideoSizes(2000, 80, 80, 24)
    clips: str | None = None


def benchmark_mining(sizes: MiningSizes, repeats: int, device: str, seed: int) -> Iterator[str]:
    """Measure videos a second of the miner.

    Comparisons in pairs: decoding in the process that mines, against PyAV, decord and the tower
    alone, each on the same frames; one process with a decoding worker against none; and
    two processes, each with half of the videos, against one. All of a run counts but the import of
    the libraries: reading the list and the weights, the ledger, writing the file.

    Args:
        sizes (MiningSizes): What is mined.
        repeats (int): Pairs of runs.
        device (str): Of the tower.
        seed (int): Seed of videos and weights.

    Yields:
        str: A line to print.
    """
    import decord

    init_default_scope('mmaction')
    videos, count = sizes.videos, sizes.videos.count
    with tempfile.TemporaryDirectory() as name:
        cfg, files = write_mining_data(Path(name), sizes, seed)
        out = Path(name) / 'negatives.jsonl'

        def run(**options: object) -> None:
            options = {'num_workers': 0, **options}
            mine(cfg, out, 3, device=device, overwrite=True, progress=False, **options)

        indices = [_frames_of(cfg, file) for file in files]

        def by_pyav() -> None:
            for file, frames in zip(files, indices, strict=True):
                with FileVideo(file, num_threads=1) as video:
                    video.read(frames)

        def by_decord() -> None:
            for file, frames in zip(files, indices, strict=True):
                decord.VideoReader(file, num_threads=1).get_batch(frames).asnumpy()

        clip = FrozenClip(cfg.model.backbone, device)
        batch = torch.randn(min(8, count), sizes.frames, 3, *image_size(sizes.arch))

        def encode() -> None:
            for _ in range(0, count, len(batch)):
                clip.videos(batch).cpu()

        others: dict[str, Callable[[], None]] = {
            'PyAV alone, the same frames': by_pyav,
            'decord alone, the same frames': by_decord,
            'the tower alone, as many frames': encode,
            'mining with 1 decoding worker': lambda: run(num_workers=1),
        }
        if device == 'cpu':
            others['mining by 2 processes'] = lambda: _fork(run, out, 2)
        times = {name: compare(run, other, repeats, device) for name, other in others.items()}
    what = sizes.clips or f'{videos.frames} frames of {videos.width} x {videos.height}'
    first: Comparison = next(iter(times.values()))
    yield f'mining: {count} videos of {what}, {sizes.frames} encoded by {sizes.arch}'
    yield f'  (random weights; ratio: median of {repeats} pairs, min-max)'
    yield f'  {"mining, decoding in its process":<38}{count / first.ours:8.1f} videos/s'
    for name, found in times.items():
        yield f'  {name:<38}{count / found.other:8.1f} videos/s, {found}'


def benchmark_mining_memory(counts: Sequence[int], seed: int) -> Iterator[str]:
    """Measure the peak memory of mining lists of different lengths.

    Args:
        counts (Sequence[int]): Numbers of videos of 80 x 80 with 24 frames.
        seed (int): Seed of videos and weights.

    Yields:
        str: A line to print.
    """
    yield 'memory of mining in its process, at its peak, tower and libraries included'
    for count in counts:
        with tempfile.TemporaryDirectory() as name:
            sizes = MiningSizes(videos=VideoSizes(count, 80, 80, 24))
            cfg, _ = write_mining_data(Path(name), sizes, seed)
            peak = peak_memory(_prepare, (cfg.to_dict(), str(Path(name, 'negatives.jsonl'))))
        yield f'  {count:>6} videos    {mib(peak)}'


def _prepare(cfg: dict, out: str) -> Callable[[], None]:
    init_default_scope('mmaction')
    config = Config(cfg)
    return lambda: mine(config, out, 3, num_workers=0, overwrite=True, progress=False)


def _frames_of(cfg: Config, file: str) -> np.ndarray:
    """Return the indices of the frames that the miner decodes of a video."""
    results = dict(filename=file, start_index=0, modality='RGB')
    for transform in cfg.val_dataloader.dataset.pipeline[:2]:
        results = TRANSFORMS.build(transform)(results)
    results['video_reader'].close()
    return results['frame_inds'].reshape(-1)


def _fork(run: Callable, out: Path, count: int) -> None:
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


def write_mining_data(folder: Path, sizes: MiningSizes, seed: int) -> tuple[Config, list[str]]:
    """Write videos, weights and a list, and return a config that reads them.

    Args:
        folder (Path): An empty folder.
        sizes (MiningSizes): What is mined.
        seed (int): Seed of videos and weights.

    Returns:
        tuple[Config, list[str]]: The config, and the videos in the order of its list.

    Raises:
        MGDMError: If there are no clips in ``sizes.clips``.
    """
    videos = folder / 'videos'
    if sizes.clips is None:
        write_videos(videos, sizes.videos, seed)
        files = [videos / f'{index}.mp4' for index in range(sizes.videos.count)]
    else:
        files = _link_clips(videos, Path(sizes.clips), sizes.videos.count)
    torch.manual_seed(seed)
    torch.save(build_clip(sizes.arch).state_dict(), folder / 'clip.pt')
    lines = [f'{file.name} {index % len(_CLASSES)}\n' for index, file in enumerate(files)]
    (folder / 'list.txt').write_text(''.join(lines))
    height, width = image_size(sizes.arch)
    clip = dict(arch=sizes.arch, pretrained=str(folder / 'clip.pt'))
    pipeline = [
        dict(type='VideoInit'),
        dict(type='UniformSample', clip_len=sizes.frames, test_mode=True),
        dict(type='VideoDecode'),
        dict(type='Resize', scale=(-1, height)),
        dict(type='CenterCrop', crop_size=width),
        dict(type='FormatShape', input_format='NCHW'),
        dict(type='PackActionInputs'),
    ]
    dataset = dict(
        type='VideoDataset',
        ann_file=str(folder / 'list.txt'),
        data_prefix=dict(video=str(videos)),
        pipeline=pipeline,
        test_mode=True,
    )
    model = dict(
        data_preprocessor=dict(
            type='ActionDataPreprocessor', mean=_MEAN, std=_STD, format_shape='NCHW'
        ),
        backbone=dict(type='CLIPBackbone', **clip),
        cls_head=dict(type='HardNegativeTextHead', classes=_CLASSES, **clip),
    )
    loader = dict(dataset=dataset)
    config = Config(dict(model=model, train_dataloader=loader, val_dataloader=loader))
    return config, [str(file) for file in files]


def _link_clips(folder: Path, clips: Path, count: int) -> list[Path]:
    """Link the clips of a folder in turn: each under several names, as if they were many."""
    found = sorted(file for file in clips.glob('*') if file.is_file())
    if not found:
        raise MGDMError(f'--clips {clips}: no such folder, or no video in it.')
    folder.mkdir()
    links = [folder / f'{i}{found[i % len(found)].suffix}' for i in range(count)]
    for index, link in enumerate(links):
        link.symlink_to(found[index % len(found)].resolve())
    return links
