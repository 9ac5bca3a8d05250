"""Checks of a config before a run, so that a mistake is told in a line and not after an hour."""

import os.path as osp
import shlex
from collections.abc import Iterator, Mapping

from mmengine.config import Config

from ..datasets.annotations import AnnotationSummary, check_dataset, unwrap_datasets
from ..errors import MGDMError
from ..text.corpus import read_labels

__all__ = ['check_data', 'class_names', 'find_transforms', 'num_classes']

_CROPS = {'ThreeCrop': 3, 'TenCrop': 10}


def check_data(cfg: Config, split: str, config_path: str) -> list[AnnotationSummary]:
    """Check the data of one loader: its section, its lists and its negatives file.

    Args:
        cfg (Config): The config.
        split (str): 'train', 'val' or 'test'.
        config_path (str): File of the config, for messages.

    Returns:
        list[AnnotationSummary]: What its annotation files hold.

    Raises:
        MGDMError: If something is missing or wrong.
    """
    loader = cfg.get(f'{split}_dataloader')
    if not loader or 'dataset' not in loader:
        raise MGDMError(f'{config_path}: there is no {split}_dataloader with a dataset')
    classes = class_names(cfg)
    summaries = check_dataset(loader.dataset, classes and len(classes), classes)
    for transform in find_transforms(loader.dataset):
        path = transform.get('negatives_file')
        if transform.get('type') == 'AttachHardNegatives' and path and transform.get('k', 7) > 0:
            _check_negatives(path, config_path)
    return summaries


def _check_negatives(path: str, config_path: str) -> None:
    if '://' not in path and not osp.isfile(path):
        raise MGDMError(
            f'the negatives file {path} of AttachHardNegatives does not exist; make it with: '
            f'python tools/mine_negatives.py {shlex.quote(config_path)} --out {shlex.quote(path)}'
        )


def class_names(cfg: Config) -> list[str] | None:
    """Return the class names of a config in label order, None if its model has no text head.

    Args:
        cfg (Config): The config.
    """
    classes = cfg.model.get('cls_head', {}).get('classes')
    return None if classes is None else read_labels(classes)


def num_classes(cfg: Config) -> int | None:
    """Return the number of class names of a config, None if its model has no text head.

    Args:
        cfg (Config): The config.
    """
    classes = class_names(cfg)
    return None if classes is None else len(classes)


def find_transforms(dataset: Mapping) -> Iterator[Mapping]:
    """Yield the configs of all transforms of a data set, those inside wrappers too.

    Args:
        dataset (Mapping): Config of the data set.
    """
    for inner in unwrap_datasets(dataset):
        yield from _flatten(inner.get('pipeline', ()))


def _flatten(transforms: list) -> Iterator[Mapping]:
    for transform in transforms:
        if isinstance(transform, Mapping):
            yield transform
            yield from _flatten(transform.get('transforms', ()))


def views(dataset: Mapping) -> tuple[int, int, int]:
    """Return frames, clips and crops that a pipeline takes from one video.

    Args:
        dataset (Mapping): Config of the data set.
    """
    frames = clips = crops = 1
    for transform in find_transforms(dataset):
        if 'clip_len' in transform:
            frames, clips = transform['clip_len'], transform.get('num_clips', 1)
        crops *= _CROPS.get(transform.get('type'), 1)
    return frames, clips, crops
