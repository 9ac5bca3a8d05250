"""The training videos of a config, decoded as it decodes videos for validation."""

import copy
from array import array
from collections.abc import Iterator

import numpy as np
import torch
from mmaction.registry import DATASETS, TRANSFORMS
from torch import Tensor
from torch.utils.data import Dataset

from ..config import ParsedConfig, is_type, step_list, type_name
from ..datasets.annotations import check_dataset, list_digest
from ..datasets.transforms.skip_unreadable import NOT_THE_VIDEO, describe_error, run_transforms
from ..errors import MGDMError
from ..negatives import path_hash, path_key, video_path

__all__ = ['MiningVideos', 'mining_transforms']


def mining_transforms(cfg: ParsedConfig, kind: str) -> list[dict]:
    """Return the transforms that turn a video into frames, without anything random.

    These are the ones of the config's validation pipeline (else of its test pipeline): in
    MMAction2 one clip, centre crop. ``SkipUnreadable`` gives way to its content, because the miner
    counts for itself, and ``AttachHardNegatives`` drops out. Samplers are put in test mode.

    Args:
        cfg (ParsedConfig): The config.
        kind (str): Type of the data set that is mined; the pipeline must be one for this type.

    Raises:
        MGDMError: If no validation or test pipeline is there for this type.
    """
    for dataset in cfg.datasets('val') + cfg.datasets('test'):
        if is_type(dataset, kind):
            return step_list(dataset['pipeline'])
    raise MGDMError(
        f'{cfg.path}: there is no val_dataloader or test_dataloader with a {kind}: the miner takes '
        'its deterministic pipeline (one clip, centre crop) from there. Add one.'
    )


class MiningVideos(Dataset):
    """Every different video of the data sets inside a loader, in the order of the lists.

    Args:
        cfg (ParsedConfig): The config.
        split (str): 'train', 'val' or 'test': whose videos.

    Attributes:
        digest (str): Fingerprint of the lists.
        labels (np.ndarray): Labels of the videos, int32.
        repeats (int): Lines that name a video again.
        transforms (list[list[dict]]): Configs of the transforms of each data set.

    Raises:
        MGDMError: If the config has no such loader, a list has a mistake, a video is listed with
            two labels, or a sample has several labels.
    """

    def __init__(self, cfg: ParsedConfig, split: str) -> None:
        configs, classes = cfg.require_datasets(split), cfg.corpus.classes
        lists = check_dataset({'datasets': configs}, len(classes), classes)
        digests = [item.digest for item in lists]
        self.digest = digests[0] if len(lists) == 1 else list_digest('\n'.join(digests))
        self.repeats = 0
        # Arrays and not lists of objects: workers that are forked share them, and a video costs
        # a few bytes.
        labels, sources, rows = array('i'), array('i'), array('i')
        self._datasets, self._prefixes, self._pipelines, self.transforms = [], [], [], []
        seen: dict[int, int] = {}
        for config in configs:
            transforms = mining_transforms(cfg, type_name(config))
            self.transforms.append(transforms)
            # The lists and prefixes are the data set's own, the pipeline is ours.
            dataset = DATASETS.build({**copy.deepcopy(dict(config)), 'pipeline': []})
            pipeline = [TRANSFORMS.build(item) for item in transforms]
            for item in pipeline:
                # MMAction2's samplers draw frames at random by default, even in a val pipeline.
                if hasattr(item, 'test_mode'):
                    item.test_mode = True
            self._pipelines.append(pipeline)
            self._datasets.append(dataset)
            self._prefixes.append(dataset.data_prefix.get('video', dataset.data_prefix.get('img')))
            for row, label in self._new_rows(dataset, len(classes), seen):
                labels.append(label)
                sources.append(len(self._datasets) - 1)
                rows.append(row)
        self.labels, self._sources, self._rows = (
            np.frombuffer(column, dtype=np.int32) for column in (labels, sources, rows)
        )

    def _new_rows(
        self, dataset: Dataset, num_classes: int, seen: dict[int, int]
    ) -> Iterator[tuple[int, int]]:
        """Yield row and label of the videos that were not listed before."""
        for i in range(len(dataset)):
            info = dataset.get_data_info(i)
            path, label = video_path(info, self._prefixes[-1]), info['label']
            if not isinstance(label, int) or not 0 <= label < num_classes:
                raise MGDMError(
                    f'{dataset.ann_file}: {path!r} has label {label}; expected one number from 0 '
                    f'to {num_classes - 1} for the {num_classes} class names of the config.'
                )
            key = path_hash(path_key(path))
            if key in seen:
                if seen[key] != label:
                    raise MGDMError(
                        f'{dataset.ann_file}: {path!r} is listed with label {seen[key]} and with '
                        f'label {label}; a video has one label. Delete one line.'
                    )
                self.repeats += 1
                continue
            seen[key] = label
            yield i, label

    def path_of(self, index: int) -> str:
        """Return the path of a video as its annotation file writes it."""
        source = self._sources[index]
        info = self._datasets[source].get_data_info(int(self._rows[index]))
        return video_path(info, self._prefixes[source])

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> tuple[int, Tensor | None, str]:
        """Return the index, the frames [T, 3, H, W] or None, and why there are none."""
        source = self._sources[index]
        info = self._datasets[source].get_data_info(int(self._rows[index]))
        try:
            packed = run_transforms(self._pipelines[source], info)
        except NOT_THE_VIDEO:
            raise
        except Exception as error:
            return index, None, describe_error(error)
        frames = packed['inputs']
        if frames.ndim == 5:
            # FormatShape('NCTHW'): clips of frames, [V, 3, T, H, W].
            frames = frames.transpose(1, 2).flatten(0, 1)
        return index, torch.as_tensor(frames), ''
