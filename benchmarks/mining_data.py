"""The clips, weights and config that a mining is measured with."""

from pathlib import Path
from typing import NamedTuple

import torch
from mmengine.config import Config

from benchmarks.videos import VideoSizes, write_videos
from mgdm_mmaction.clip import build_clip, image_size
from mgdm_mmaction.data_prep.media import VIDEO_SUFFIXES
from mgdm_mmaction.errors import MGDMError

__all__ = ['MiningSizes', 'write_mining_data']

_CLASSES = ['panning', 'zooming', 'standing still', 'tilting']
_MEAN, _STD = [122.771, 116.746, 104.094], [68.501, 66.632, 70.323]


class MiningSizes(NamedTuple):
    """Sizes of a measured mining.

    Args:
        arch (str, optional): CLIP architecture, random weights. Defaults to 'mgdm-tiny'.
        frames (int, optional): Frames encoded a video. Defaults to 8.
        videos (VideoSizes, optional): Defaults to 2000 videos of 80 x 80 with 24 frames.
        clips (str | None, optional): Folder of clips to mine instead, one after the other until
            there are ``videos.count``. Defaults to None: made ones.
    """

    arch: str = 'mgdm-tiny'
    frames: int = 8
    videos: VideoSizes = VideoSizes(2000, 80, 80, 24)
    clips: str | None = None

    def describe(self) -> str:
        """Return the sizes in words."""
        made = self.videos
        size = f'{made.frames} frames of {made.width} x {made.height}'
        return f'{made.count} videos of {size if self.clips is None else self.clips}'


def write_mining_data(folder: Path, sizes: MiningSizes, seed: int) -> tuple[Config, list[Path]]:
    """Write videos, weights and a list, and return a config that reads them.

    Args:
        folder (Path): An empty folder.
        sizes (MiningSizes): What is mined.
        seed (int): Seed of videos and weights.

    Returns:
        tuple[Config, list[Path]]: The config, and the videos in the order of its list.

    Raises:
        MGDMError: If there are no clips in ``sizes.clips``.
    """
    if sizes.clips is None:
        write_videos(folder / 'videos', sizes.videos, seed)
        files = [folder / 'videos' / f'{index}.mp4' for index in range(sizes.videos.count)]
    else:
        files = _link_clips(folder / 'videos', Path(sizes.clips), sizes.videos.count)
    torch.manual_seed(seed)
    weights = folder / 'clip.pt'
    torch.save(build_clip(sizes.arch).state_dict(), weights)
    lines = [f'{file.name} {index % len(_CLASSES)}\n' for index, file in enumerate(files)]
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
    config = dict(
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
    return Config(config), files


def _link_clips(folder: Path, clips: Path, count: int) -> list[Path]:
    """Link the clips of a folder in turn: each under several names, as if they were many."""
    found = sorted(file for file in clips.glob('*') if file.suffix.lower() in VIDEO_SUFFIXES)
    if not found:
        raise MGDMError(f'--clips {clips}: no such folder, or no video in it.')
    folder.mkdir()
    links = []
    for index in range(count):
        clip = found[index % len(found)]
        links.append(folder / f'{index}{clip.suffix}')
        links[-1].symlink_to(clip.resolve())
    return links
