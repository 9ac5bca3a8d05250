"""Videos of a config's test list, decoded as its test decodes them."""

import copy
import os
from collections.abc import Iterator, Sequence

import numpy as np
from mmaction.registry import DATASETS
from mmengine.dataset import BaseDataset
from mmengine.registry import init_default_scope
from torch import Tensor

from ..config import ParsedConfig, is_type, steps
from ..errors import MGDMError, explain_config
from ..negatives import video_path
from ..negatives.format import path_key
from .runner import check_data

__all__ = ['TestVideos', 'read_test_list']


def read_test_list(cfg: ParsedConfig) -> list[dict]:
    """Return the data infos of all test videos of a config, in their order."""
    return [info for _, info in _read(cfg)]


def _read(cfg: ParsedConfig) -> list[tuple[BaseDataset, dict]]:
    check_data(cfg, 'test')
    # The data set builds its pipeline in the default scope.
    init_default_scope('mmaction')
    found = []
    with explain_config():
        for config in map(copy.deepcopy, cfg.datasets('test')):
            for step in steps(config['pipeline']):
                if is_type(step, 'PackActionInputs'):
                    step['meta_keys'] = ('unreadable',)
            dataset = DATASETS.build(config)
            found += [(dataset, dataset.get_data_info(i)) for i in range(len(dataset))]
    return found


class TestVideos:
    """Some videos of a test list; iterating decodes them.

    Args:
        cfg (ParsedConfig): The config.
        num_classes (int): Labels stay below it.

    Attributes:
        total (int): Videos in the list.
        how (str): How some were chosen, for people.

    Raises:
        MGDMError: If there is no list.
    """

    __test__ = False  # it is no test, whatever pytest thinks of its name

    def __init__(self, cfg: ParsedConfig, num_classes: int) -> None:
        self._listed = _read(cfg)
        self._chosen: list[tuple[BaseDataset, dict]] = []
        self._num_classes = num_classes
        self.total, self.how = len(self._listed), ''

    def sampled(self, number: int, seed: int) -> 'TestVideos':
        """Choose this number of videos at random, all if there are fewer."""
        rows = np.random.default_rng(seed).permutation(self.total)[:number]
        self._chosen = [self._listed[row] for row in rows]
        self.how = f' of the {self.total} of the test list, drawn at random with seed {seed}'
        return self

    def named(self, paths: Sequence[str], label: int | None) -> 'TestVideos':
        """Choose videos by path.

        Args:
            paths (Sequence[str]): As the list writes them, or longer or shorter by whole folders at
                the front; or other files.
            label (int, optional): True class of files that are not in the list.

        Raises:
            MGDMError: If a path fits no video and no file, or several videos, or its true class is
                not known.
        """
        keys = [path_key(_name(*video)) for video in self._listed]
        self._chosen = [self._one(path, label, keys) for path in paths]
        return self

    def _one(self, path: str, label: int | None, keys: list[str]) -> tuple[BaseDataset, dict]:
        wanted = f'/{path_key(path)}'
        rows = [
            row
            for row, key in enumerate(keys)
            if f'/{key}'.endswith(wanted) or wanted.endswith(f'/{key}')
        ]
        if len(rows) > 1:
            raise MGDMError(
                f'--videos {path}: fits {len(rows)} videos of the test list, such as '
                f'{keys[rows[0]]} and {keys[rows[1]]}; write more of the path.'
            )
        if rows:
            return self._listed[rows[0]]
        if not os.path.isfile(path):
            raise MGDMError(
                f'--videos {path}: is neither in the test list nor a file; the list has paths such '
                f'as {keys[0]}.'
            )
        if label is None:
            raise MGDMError(
                f'--videos {path}: is not in the test list, so that its true class is not known; '
                'add --label CLASS.'
            )
        return self._listed[0][0], dict(filename=path, label=label, start_index=0, modality='RGB')

    def __iter__(self) -> Iterator[tuple[str, int, Tensor]]:
        """Yield path as the list has it, label and frames [views x T, 3, H, W] of the videos."""
        for dataset, info in self._chosen:
            path, label = _name(dataset, info), info['label']
            if not isinstance(label, int) or not 0 <= label < self._num_classes:
                raise MGDMError(
                    f'{path}: label {label}; expected one number from 0 to '
                    f'{self._num_classes - 1}, for the classes of the model.'
                )
            packed = dataset.pipeline(dict(info))
            if packed is None or packed['data_samples'].metainfo.get('unreadable'):
                raise MGDMError(f'{path}: cannot be read as a video; choose another one.')
            yield path, label, packed['inputs']


def _name(dataset: BaseDataset, info: dict) -> str:
    """Path of a video as its list has it."""
    prefix = dataset.data_prefix
    return video_path(info, prefix.get('video', prefix.get('img')))
