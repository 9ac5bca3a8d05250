"""The one reader, merger and finder of configs.

Commands read a config once and hand the :class:`ParsedConfig` down. Types are compared as classes:
``'AttachHardNegatives'``, ``'mmaction.AttachHardNegatives'``, the class itself and a subclass of
it are the same to every search here. Nothing imports torch.
"""

import copy
import inspect
import logging
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, NamedTuple

from wrapt import transient_function_wrapper

from .config_rules import check_keys, check_values
from .errors import MGDMError, require_file
from .text.corpus import DEFAULT_PROMPT, LabelCorpus, read_labels

if TYPE_CHECKING:
    from mmengine.config import Config

__all__ = [
    'Attach',
    'ParsedConfig',
    'change_steps',
    'count_views',
    'data_sets',
    'is_type',
    'read_config',
    'set_frame_size',
    'step_list',
    'steps',
    'type_name',
]

_CROPS = {'ThreeCrop': 3, 'TenCrop': 10}


class Attach(NamedTuple):
    """What a training pipeline attaches to its videos; the defaults of ``AttachHardNegatives``.

    Args:
        negatives_file (str | None): File of mined negatives.
        k (int): Negatives a video.
        start (int): Rank of the first one, from 1.
        pool (int | None): Ranks that they are drawn from.
    """

    negatives_file: str | None = None
    k: int = 7
    start: int = 1
    pool: int | None = None


def is_type(config: Mapping, name: str) -> bool:
    """Return whether a config is of a class, or of a subclass of it.

    Args:
        config (Mapping): With ``type``: a name, with or without a scope or a module, or a class.
        name (str): Name of the class.
    """
    kind = config.get('type')
    if isinstance(kind, str):
        if type_name(config) == name:
            return True
        # A subclass is registered by the time that somebody could have written its name; asking
        # here must import nothing.
        registries = sys.modules.get('mmaction.registry')
        kind = next(
            (
                registry.module_dict[type_name(config)]
                for registry in (registries and (registries.TRANSFORMS, registries.DATASETS)) or ()
                if type_name(config) in registry.module_dict
            ),
            None,
        )
    return inspect.isclass(kind) and any(base.__name__ == name for base in kind.__mro__)


def type_name(config: Mapping) -> str:
    """Return the name of the class that a config is of, without scope and module.

    Args:
        config (Mapping): With ``type``, a name or a class.
    """
    kind = config['type']
    return str(getattr(kind, '__name__', kind)).split('.')[-1]


def data_sets(dataset: Mapping) -> Iterator[Mapping]:
    """Yield the plain data sets inside wrappers such as ``RepeatDataset``.

    Args:
        dataset (Mapping): Config of a data set.
    """
    if 'datasets' in dataset:
        for inner in dataset['datasets']:
            yield from data_sets(inner)
    elif 'dataset' in dataset:
        yield from data_sets(dataset['dataset'])
    else:
        yield dataset


def steps(pipeline: Sequence) -> Iterator[Mapping]:
    """Yield the steps of a pipeline, each before those inside it.

    Args:
        pipeline (Sequence): Steps as a config has them.
    """
    for step in pipeline:
        if isinstance(step, Mapping):
            yield step
            yield from steps(step.get('transforms') or ())


def step_list(pipeline: Sequence) -> list[dict]:
    """Return copies of the steps of a pipeline that make frames of a video.

    ``SkipUnreadable`` gives way to what is inside it, so that a broken video is an error, and
    ``AttachHardNegatives`` drops out.

    Args:
        pipeline (Sequence): Steps as a config has them.
    """
    found = []
    for step in pipeline:
        if is_type(step, 'SkipUnreadable'):
            found += step_list(step['transforms'])
        elif not is_type(step, 'AttachHardNegatives'):
            found.append(copy.deepcopy(step))
    return found


class ParsedConfig:
    """A config with the questions that are asked of it.

    Args:
        config (Config): MMEngine's config; changes of it are seen here.
        path (str, optional): Its file, for messages. Defaults to 'the config'.
    """

    def __init__(self, config: 'Config', path: str = 'the config') -> None:
        self.config = config
        self.path = path

    @classmethod
    def of(cls, cfg: 'ParsedConfig | Config | str | PathLike') -> 'ParsedConfig':
        """Return what a Python user hands over as a parsed config.

        Args:
            cfg (ParsedConfig | Config | str | PathLike): One, a config of MMEngine, or its file.
        """
        if isinstance(cfg, cls):
            return cfg
        return read_config(cfg) if isinstance(cfg, str | PathLike) else cls(cfg).merge(None)

    def merge(self, options: Mapping | None) -> 'ParsedConfig':
        """Set what ``--cfg-options`` says.

        Besides MMEngine's keys with dots there are three short ones, each set wherever it stands:
        ``k`` of AttachHardNegatives, ``num_frames`` of model and pipelines, and ``batch_size`` of
        all loaders. ``AttachHardNegatives.pool`` sets an option of a step by its class, see
        :func:`change_steps`.

        Args:
            options (Mapping, optional): Key -> value.

        Returns:
            ParsedConfig: Itself.

        Raises:
            MGDMError: If nothing would read a key, or a value of the config is of a wrong type or
                out of range.
        """
        options = dict(options or {})
        for key, change in (
            ('k', self._set_k),
            ('num_frames', self._set_num_frames),
            ('batch_size', self._set_batch_size),
        ):
            if key in options:
                change(options.pop(key))
        for key in [key for key in options if key[0].isupper()]:
            step, _, option = key.partition('.')
            change_steps(self.config, **{step: {option: options.pop(key)}})
        check_keys(self.config._cfg_dict, options, self.path)
        try:
            self.config.merge_from_dict(options)
        except Exception as error:
            keys = ', '.join(options)
            raise MGDMError(f'--cfg-options {keys} does not fit {self.path}: {error}') from error
        self.__dict__.pop('corpus', None)
        check_values(self.config._cfg_dict, self.path)
        return self

    def _set_k(self, value: int) -> None:
        found = self.find_steps('train', 'AttachHardNegatives')
        if not found:
            raise MGDMError(f'--cfg-options k={value}: {self.path} attaches no negatives.')
        for step in found:
            step['k'] = value

    def _set_num_frames(self, value: int) -> None:
        model = self.config.get('model') or {}
        for part in (model, model.get('neck') or {}):
            if 'num_frames' in part:
                part['num_frames'] = value
        for step in _all_steps(self.config):
            if 'clip_len' in step:
                step['clip_len'] = value

    def _set_batch_size(self, value: int) -> None:
        for split in ('train', 'val', 'test'):
            if loader := self.config.get(f'{split}_dataloader'):
                loader['batch_size'] = value

    # Labels.

    @property
    def head(self) -> Mapping:
        """Mapping: ``model.cls_head``, empty if there is none."""
        return (self.config.get('model') or {}).get('cls_head') or {}

    @property
    def classes(self) -> list[str] | None:
        """list[str] | None: Class names in label order; None if the model has no text head."""
        classes = self.head.get('classes')
        return None if classes is None else read_labels(classes)

    @cached_property
    def corpus(self) -> LabelCorpus:
        """LabelCorpus: Classes, extra labels and prompts of the model."""
        if 'classes' not in self.head:
            raise MGDMError(
                f'{self.path}: model.cls_head.classes is missing: the class names of the data set '
                'are needed (a list, a text file, or k400, hmdb51, ucf101).'
            )
        head = self.head
        return LabelCorpus(
            head['classes'], head.get('extra_labels', ()), head.get('prompt', DEFAULT_PROMPT)
        )

    # Data.

    def datasets(self, split: str) -> list[Mapping]:
        """Return the plain data sets of a loader, those inside wrappers.

        Args:
            split (str): 'train', 'val' or 'test'.

        Returns:
            list[Mapping]: Empty if there is no such loader.
        """
        loader = self.config.get(f'{split}_dataloader') or {}
        return list(data_sets(loader['dataset'])) if loader.get('dataset') else []

    def require_datasets(self, split: str) -> list[Mapping]:
        """Return :meth:`datasets`, or raise :class:`MGDMError` if there is no such loader."""
        found = self.datasets(split)
        if not found:
            raise MGDMError(f'{self.path}: there is no {split}_dataloader with a dataset')
        return found

    def steps(self, split: str) -> list[Mapping]:
        """Return the steps of all pipelines of a loader, nested ones too; changes are kept.

        Args:
            split (str): 'train', 'val' or 'test'.
        """
        return [s for dataset in self.datasets(split) for s in steps(dataset.get('pipeline', ()))]

    def find_steps(self, split: str, name: str) -> list[Mapping]:
        """Return the steps of a class, see :func:`is_type`.

        Args:
            split (str): 'train', 'val' or 'test'.
            name (str): Name of the class.
        """
        return [step for step in self.steps(split) if is_type(step, name)]

    @property
    def attach(self) -> Attach | None:
        """Attach | None: What training attaches; None if it attaches nothing."""
        found = self.find_steps('train', 'AttachHardNegatives')
        if not found:
            return None
        return Attach(**{key: found[0][key] for key in Attach._fields if key in found[0]})

    @property
    def k(self) -> int | None:
        """Int | None: Negatives a video in training, None if there is no training."""
        if self.attach is None:
            return 0 if self.datasets('train') else None
        return self.attach.k

    def views(self, split: str) -> tuple[int, int, int]:
        """Return frames, clips and crops that a pipeline takes from one video.

        Args:
            split (str): 'train', 'val' or 'test'.
        """
        return count_views(self.datasets(split)[0].get('pipeline', ()))

    @property
    def test_pipeline(self) -> Sequence[Mapping]:
        """Sequence[Mapping]: The test pipeline, where MMAction2's inference looks for it."""
        if self.config.get('test_pipeline'):
            return self.config['test_pipeline']
        for split in ('test', 'val'):
            for dataset in self.datasets(split):
                if dataset.get('pipeline'):
                    return dataset['pipeline']
        raise MGDMError(
            f'{self.path}: has no test_pipeline and no test_dataloader with a pipeline: it does '
            'not say which frames of a video to take, and in which size'
        )


def count_views(pipeline: Sequence[Mapping]) -> tuple[int, int, int]:
    """Return frames, clips and crops that a pipeline takes from one video.

    Args:
        pipeline (Sequence[Mapping]): Its steps.
    """
    frames = clips = crops = 1
    for step in steps(pipeline):
        if 'clip_len' in step:
            frames, clips = step['clip_len'], step.get('num_clips', 1)
        crops *= next((n for name, n in _CROPS.items() if is_type(step, name)), 1)
    return frames, clips, crops


@transient_function_wrapper('mmengine.config.config', 'print_log')
def _quietly(wrapped: Callable, instance: None, args: tuple, kwargs: dict) -> None:
    """Leave out the line for every variable that every file of a config reads."""
    if kwargs.get('level', logging.INFO) > logging.INFO:
        wrapped(*args, **kwargs)


def read_config(path: str | PathLike, options: Mapping | None = None) -> ParsedConfig:
    """Read a config file.

    Args:
        path (str | PathLike): The file.
        options (Mapping, optional): Of ``--cfg-options``, see :meth:`ParsedConfig.merge`. Defaults
            to None.

    Returns:
        ParsedConfig: The config.

    Raises:
        MGDMError: If it is missing or cannot be read, or an option does not fit.
    """
    from mmengine.config import Config

    require_file(path, 'config')
    try:
        config = _quietly(Config.fromfile)(str(path))
    except MGDMError:
        raise
    except Exception as error:
        # A config is a program: it fails in as many ways as programs do. MMEngine adds all of
        # sys.path to a failed import.
        reason = ' '.join(str(error).split(', the current sys.path is')[0].split())
        raise MGDMError(
            f'{path} cannot be read as a config: {type(error).__name__}: {reason[:400]}'
        ) from error
    return ParsedConfig(config, str(path)).merge(options)


def change_steps(cfg: Mapping, **options: Mapping) -> None:
    """Change steps of the pipelines of a config by the names of their classes.

    For config files: MMEngine merges dictionaries, but a pipeline is a list. Every step of the
    class changes, in all loaders, inside other steps, and in ``test_pipeline``.

    Args:
        cfg (Mapping): ``_base_`` of a config file. Changed in place.
        **options (Mapping): Class of a step -> the options that it gets. With ``_delete_=True`` it
            keeps none of its own, as to make it a step of another class.

    Raises:
        MGDMError: If no pipeline has such a step.

    Example:
        A config file. The import stands below ``_base_``: MMEngine takes a file that begins with
        an import for one of its other style of configs::

            _base_ = 'mgdm_k400.py'
            from mgdm_mmaction.config import change_steps

            change_steps(_base_, AttachHardNegatives=dict(k=5), Flip=dict(flip_ratio=0))
    """
    everything = list(_all_steps(cfg))
    for name, changed in options.items():
        found = [step for step in everything if is_type(step, name)]
        if not found:
            known = ', '.join(sorted(set(map(type_name, everything))))
            raise MGDMError(f'no pipeline has a step {name}; there are {known}.')
        changed = dict(changed)
        delete = changed.pop('_delete_', False)
        for step in found:
            if delete:
                step.clear()
            step.update(changed)


def insert_step(cfg: Mapping, before: str, step: Mapping) -> None:
    """Put a step into the training pipeline of a config; for config files, see `change_steps`.

    Args:
        cfg (Mapping): ``_base_`` of a config file. Changed in place.
        before (str): Class of the step that the new one comes before.
        step (Mapping): The new step.
    """
    from mmengine.config import ConfigDict

    pipeline = cfg['train_dataloader']['dataset']['pipeline']
    pipeline.insert([is_type(known, before) for known in pipeline].index(True), ConfigDict(step))


def set_frame_size(cfg: Mapping, size: int, short_side: int) -> None:
    """Change the size of the frames in all pipelines of a config, for a tower that takes another.

    Args:
        cfg (Mapping): ``_base_`` of a config file. Changed in place.
        size (int): Side of the frames that the tower gets, in pixels.
        short_side (int): Short side of the frames that they are cropped from.
    """
    for step in _all_steps(cfg):
        if 'crop_size' in step:
            step['crop_size'] = size
        elif is_type(step, 'Resize'):
            step['scale'] = (-1, short_side) if -1 in step['scale'] else (size, size)


def _all_steps(config: Mapping) -> Iterator[Mapping]:
    """Yield the steps of all pipelines in a config, those inside others too."""
    for key, value in config.items():
        if key in ('pipeline', 'transforms') or key.endswith('_pipeline'):
            yield from (step for step in value if isinstance(step, Mapping))
        for item in value if isinstance(value, list | tuple) else [value]:
            if isinstance(item, Mapping):
                yield from _all_steps(item)
