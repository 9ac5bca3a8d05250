"""Features of the clips of a list, through the config's own test pipeline and loader."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from mmaction.datasets import BaseActionDataset
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch import Tensor

from ..config import ParsedConfig, is_type, steps
from ..errors import MGDMError
from ..models import CLIPRecognizer
from ..negatives import video_path

__all__ = [
    'Clip',
    'broken_videos',
    'iterate_features',
    'names_of',
    'pool_features',
    'prepare_pipeline',
]

# A long video has hundreds of clips; their activations need not lie in memory together.
_CLIPS_AT_ONCE = 32


class Clip(NamedTuple):
    """Features of a video.

    Args:
        name (str): Its path as the list writes it.
        label (int): Its label.
        features (Tensor | None): [views, T, D], [views, C] for the stages 'head' and
            'probabilities', float32 on the CPU. None if the video cannot be read.
    """

    name: str
    label: int
    features: Tensor | None


def prepare_pipeline(
    cfg: ParsedConfig, clip_interval: int | None = None, frame_interval: int = 1
) -> None:
    """Let the test pipeline hand on which sample is which, and cover long videos where asked for.

    Args:
        cfg (ParsedConfig): Changed in place.
        clip_interval (int, optional): Take a clip around every so many frames, as MMAction2's
            ``UntrimmedSampleFrames`` does, in place of the pipeline's own clips. Defaults to None.
        frame_interval (int, optional): Frames between two of such a clip. Defaults to 1.

    Raises:
        MGDMError: If the pipeline has no PackActionInputs, or no sampler to replace.
    """
    for dataset in cfg.datasets('test'):
        found = list(steps(dataset['pipeline']))
        packs = [step for step in found if is_type(step, 'PackActionInputs')]
        samplers = [step for step in found if 'clip_len' in step]
        if not packs:
            raise MGDMError('the test pipeline should end in PackActionInputs, which it lacks')
        packs[-1]['meta_keys'] = ('sample_idx', 'unreadable')
        if clip_interval is None:
            continue
        if not samplers:
            raise MGDMError(
                '--long-video-mode replaces the step of the test pipeline that has `clip_len`, '
                'such as UniformSample, and finds none'
            )
        clip_len = samplers[0]['clip_len']
        samplers[0].clear()
        samplers[0].update(
            type='UntrimmedSampleFrames',
            clip_len=clip_len,
            clip_interval=clip_interval,
            frame_interval=frame_interval,
        )


def names_of(dataset: BaseActionDataset) -> list[tuple[str, int]]:
    """Return path, as the list writes it, and label of all samples; -1 for several labels.

    Raises:
        MGDMError: If it is a wrapper around several data sets.
    """
    if not isinstance(dataset, BaseActionDataset):
        raise MGDMError(
            f'the data set of test_dataloader is a {type(dataset).__name__}; features are dumped '
            'for one VideoDataset or RawframeDataset'
        )
    prefix = dataset.data_prefix.get('video', dataset.data_prefix.get('img'))
    infos = (dataset.get_data_info(index) for index in range(len(dataset)))
    return [
        (video_path(info, prefix), label if isinstance(label := info.get('label'), int) else -1)
        for info in infos
    ]


@torch.no_grad()
def iterate_features(runner: Runner, stage: str = 'neck') -> Iterator[Clip]:
    """Run the test loader of a runner through a part of its model.

    Args:
        runner (Runner): Result of :func:`mgdm_mmaction.apis.test.build_test_runner` for a config
            that :func:`prepare_pipeline` has changed.
        stage (str, optional): 'video' for what the model compares with texts, else a stage of its
            ``extract_feat``, or 'probabilities'. Defaults to 'neck'.

    Yields:
        Clip: Features of a video, in the loader's order.
    """
    loader = runner.test_dataloader
    names = names_of(loader.dataset)
    runner.load_or_resume()
    model: CLIPRecognizer = runner.model.module if is_model_wrapper(runner.model) else runner.model
    model.eval()
    for batch in loader:
        data = model.data_preprocessor(batch, False)
        inputs = data['inputs']  # [N, views x T, 3, H, W]
        views = inputs.shape[1] // model.num_frames
        if inputs.shape[1] % model.num_frames == 0:
            inputs = inputs.flatten(0, 1).unflatten(0, (-1, model.num_frames))
        # [N x views, 1, ...] -> [N, views, ...]; what does not fit is the model's to refuse.
        parts = [_run(model, part, stage) for part in inputs.split(_CLIPS_AT_ONCE)]
        features = torch.cat(parts).flatten(0, 1).unflatten(0, (-1, views)).float().cpu()
        for sample, feature in zip(data['data_samples'], features, strict=True):
            name, label = names[sample.sample_idx]
            readable = not sample.get('unreadable', False)
            yield Clip(name, label, feature if readable else None)


def _run(model: CLIPRecognizer, inputs: Tensor, stage: str) -> Tensor:
    if stage == 'video':
        return model.encode_video(inputs)
    if stage == 'probabilities':
        return model.probabilities(model.extract_feat(inputs)[0])
    return model.extract_feat(inputs, stage)[0]


def pool_features(features: Tensor, temporal: str = 'avg', views: bool = False) -> np.ndarray:
    """Bring the features of a video into the shape that is asked for.

    Over time, unit vectors are pooled: directions alone mean anything here, and their mean is the
    video vector of eq. 16 with equal weights, which can be compared with the texts.

    Args:
        features (Tensor): [views, T, D] of frames, or [views, C] of logits, which have no frames.
        temporal (str, optional): 'avg' or 'max' over the frames, or 'keep' for all of them as they
            are. Defaults to 'avg'.
        views (bool, optional): Keep clips and crops apart instead of their mean. Defaults to False.

    Returns:
        np.ndarray: float32 [D], [T, D], [views, D], [views, T, D], or with C in place of D.
    """
    if features.dim() > 2 and temporal != 'keep':
        unit = F.normalize(features, dim=-1)
        features = unit.mean(1) if temporal == 'avg' else unit.amax(1)
    # A copy: a view would be pickled with all of its batch.
    return (features if views else features.mean(0)).clone().numpy()


def broken_videos(runner: Runner) -> Mapping[str, str]:
    """Return the videos that SkipUnreadable could not read in this run, with reasons."""
    found: dict[str, str] = {}
    for transform in runner.test_dataloader.dataset.pipeline.transforms:
        if (log := getattr(transform, 'log', None)) is not None:
            found.update(log.videos())
    return found
