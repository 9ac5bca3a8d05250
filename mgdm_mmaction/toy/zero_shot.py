"""Zero-shot recognition of the toy videos: what a CLIP knows before any training on video."""

import os
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..clip import encode_texts, image_size
from ..errors import require_file
from ..text.corpus import DEFAULT_PROMPT
from .scores import Scores, score

__all__ = ['CLIP_MEAN', 'CLIP_STD', 'decode_frames', 'evaluate_zero_shot', 'frames_to_tensor']

#: Mean and standard deviation of RGB in 0..1 that OpenAI trained CLIP with.
CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)


def frames_to_tensor(frames: np.ndarray) -> Tensor:
    """Normalise frames as CLIP takes them.

    Args:
        frames (np.ndarray): Uint8 RGB [N, H, W, 3].

    Returns:
        Tensor: Float32 [N, 3, H, W].
    """
    images = torch.from_numpy(np.ascontiguousarray(frames)).permute(0, 3, 1, 2).float() / 255
    mean = torch.tensor(CLIP_MEAN).view(3, 1, 1)
    std = torch.tensor(CLIP_STD).view(3, 1, 1)
    return (images - mean) / std


def decode_frames(path: str | os.PathLike, num_frames: int, size: tuple[int, int]) -> np.ndarray:
    """Decode frames of a video in the middle of equal stretches of it.

    Args:
        path (str | os.PathLike): Video file.
        num_frames (int): Frames T to take.
        size (tuple[int, int]): Height and width to resize whole frames to.

    Returns:
        np.ndarray: Uint8 RGB [T, H, W, 3].
    """
    import decord

    reader = decord.VideoReader(str(path), num_threads=1)
    ids = ((np.arange(num_frames) + 0.5) * len(reader) / num_frames).astype(int)
    frames = reader.get_batch(ids.tolist()).asnumpy()
    height, width = size
    return np.stack([cv2.resize(f, (width, height), interpolation=cv2.INTER_AREA) for f in frames])


@torch.no_grad()
def evaluate_zero_shot(
    model: nn.Module,
    arch: str,
    data_root: str | os.PathLike,
    split: str = 'val',
    num_frames: int = 8,
    prompt: str = DEFAULT_PROMPT,
) -> Scores:
    """Recognise the clips of a toy data set by the mean embedding of their frames.

    Args:
        model (nn.Module): CLIP model of :func:`~mgdm_mmaction.clip.build_clip`.
        arch (str): The model's architecture.
        data_root (str | os.PathLike): Directory of the data set.
        split (str, optional): ``'val'`` or ``'train'``. Defaults to 'val'.
        num_frames (int, optional): Frames T of a clip. Defaults to 8.
        prompt (str, optional): Sentence for the class names. Defaults to
            :data:`~mgdm_mmaction.text.corpus.DEFAULT_PROMPT`.

    Returns:
        Scores: The accuracies.

    Raises:
        MGDMError: If the list of the split is not there.
    """
    data_root = Path(data_root)
    list_file = data_root / f'{split}_list.txt'
    require_file(list_file, 'list of the toy data set')
    classes = (data_root / 'classes.txt').read_text().splitlines()
    texts = encode_texts(model, [prompt.format(name) for name in classes], arch)
    texts = F.normalize(texts, dim=-1)

    scores, labels = [], []
    for line in list_file.read_text().splitlines():
        path, label = line.rsplit(' ', 1)
        frames = decode_frames(data_root / 'videos' / path, num_frames, image_size(arch))
        video = F.normalize(model.encode_image(frames_to_tensor(frames)), dim=-1).mean(dim=0)
        scores.append(texts @ video)
        labels.append(int(label))
    return score(torch.stack(scores), torch.tensor(labels))
