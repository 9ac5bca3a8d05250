"""What a config may hold: keys that something reads, values of the right type and range.

One table and one walk for all options, so that a wrong one is a line before anything is built and
not a traceback an hour later, or a setting that is taken and ignored.
"""

import difflib
import functools
import inspect
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from .errors import MGDMError

__all__ = ['check_keys', 'check_values', 'walk']


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _whole(low: int, high: float = math.inf) -> Callable[[Any], bool]:
    return lambda v: isinstance(v, int) and not isinstance(v, bool) and low <= v <= high


def _of(*kinds: type) -> Callable[[Any], bool]:
    return lambda v: isinstance(v, kinds)


def _or_none(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda v: v is None or fits(v)


def _is_scale(value: object) -> bool:
    if isinstance(value, tuple):
        return len(value) == 2 and all(map(_is_number, value)) and max(value) > 0
    return _is_number(value) and value > 0


_LEVELS = ('DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL')
_LAUNCHERS = ('none', 'pytorch', 'slurm', 'mpi')
# Places, see walk(): * stands for a part of a name, ** for any names. What fits there. In words.
_RULES: tuple[tuple[str, Callable[[Any], bool], str], ...] = (
    (
        'model model.backbone model.neck model.cls_head model.cls_head.discriminator model.loss '
        'model.class_loss model.regions model.units model.data_preprocessor model.*_cfg '
        '*_dataloader *_dataloader.dataset '
        '*_dataloader.sampler *_cfg optim_wrapper optim_wrapper.optimizer visualizer '
        'optim_wrapper.paramwise_cfg optim_wrapper.paramwise_cfg.custom_keys '
        'optim_wrapper.clip_grad default_hooks default_hooks.* randomness auto_scale_lr '
        'log_processor protocol',
        _or_none(_of(Mapping)),
        'a section, dict(...)',
    ),
    (
        'custom_hooks *_pipeline **.pipeline **.transforms',
        _or_none(_of(list, tuple)),
        'a list of dict(...)',
    ),
    (
        'param_scheduler *_evaluator',
        _or_none(_of(Mapping, list, tuple)),
        'dict(...) or a list of them',
    ),
    (
        '*_dataloader.batch_size train_cfg.max_epochs train_cfg.max_iters train_cfg.val_begin '
        'train_cfg.val_interval optim_wrapper.accumulative_counts model.num_frames '
        'model.**.num_frames model.**.embed_dims **.clip_len **.num_clips '
        'default_hooks.logger.interval log_processor.window_size param_scheduler.*.end',
        _whole(1),
        'a whole number, 1 or more',
    ),
    (
        'model.**.num_heads auto_scale_lr.base_batch_size *_dataloader.prefetch_factor',
        _or_none(_whole(1)),
        'a whole number, 1 or more',
    ),
    (
        '*_dataloader.num_workers model.**.num_layers model.**.prompt_tokens '
        'model.regions.num_regions **.AttachHardNegatives.k',
        _whole(0),
        'a whole number, 0 or more',
    ),
    (
        'default_hooks.checkpoint.interval',
        lambda v: v == -1 or _whole(1)(v),
        'a whole number, 1 or more, or -1 for never',
    ),
    (
        'optim_wrapper.optimizer.lr optim_wrapper.clip_grad.max_norm '
        'param_scheduler.*.start_factor',
        lambda v: _is_number(v) and v > 0,
        'a number above 0',
    ),
    (
        'optim_wrapper.optimizer.weight_decay',
        lambda v: _is_number(v) and v >= 0,
        'a number, 0 or more',
    ),
    (
        'randomness.seed',
        _or_none(_whole(0, 2**32 - 1)),
        'a whole number from 0 to 4294967295',
    ),
    (
        '*_dataloader.persistent_workers *_dataloader.pin_memory *_dataloader.drop_last resume '
        'model.backbone.with_cp auto_scale_lr.enable find_unused_parameters',
        _of(bool),
        'True or False',
    ),
    ('work_dir load_from **.ann_file **.negatives_file', _or_none(_of(str)), 'a path'),
    ('model.cls_head.classes', _of(str, list, tuple), 'a file, the name of a list, or names'),
    ('log_level', lambda v: v in _LEVELS or _whole(0)(v), f'one of {", ".join(_LEVELS)}'),
    ('launcher', _LAUNCHERS.__contains__, f'one of {", ".join(_LAUNCHERS)}'),
    (
        '**.Resize.scale',
        _is_scale,
        'a number, or a tuple of width and height such as "(-1,256)"',
    ),
)

# What the runners of MMEngine, MMAction2 and this package read at the top of a config. Not asked of
# the runners, which would import torch for a command that needs none.
_READ = (
    'activation_checkpointing', 'auto_scale_lr', 'compile', 'custom_hooks', 'custom_imports',
    'data_preprocessor', 'default_hooks', 'default_scope', 'efficient_conv_bn_eval', 'env_cfg',
    'experiment_name', 'find_unused_parameters', 'launcher', 'load_from', 'log_level',
    'log_processor', 'model', 'model_wrapper_cfg', 'optim_wrapper', 'param_scheduler',
    'protocol', 'randomness', 'resume', 'runner_type', 'strategy', 'sync_bn', 'test_cfg',
    'test_dataloader', 'test_evaluator', 'test_pipeline', 'train_cfg', 'train_dataloader',
    'val_cfg', 'val_dataloader', 'val_evaluator', 'visualizer', 'work_dir',
)  # fmt: skip
_SHORT = ('k', 'num_frames', 'batch_size')
# Sections that are built without a type.
_SECTIONS = {
    'randomness': ('seed', 'diff_rank_seed', 'deterministic'),
    'auto_scale_lr': ('enable', 'base_batch_size'),
    'env_cfg': ('cudnn_benchmark', 'mp_cfg', 'dist_cfg', 'resource_limit'),
    'model.test_cfg': ('average_clips', 'blending', 'max_testing_views', 'fcn_test'),
    'model.cls_head.discriminator': ('num_layers', 'num_heads', 'embed_dims'),
    'model.regions': ('num_regions', 'mode'),
    'model.units': ('file', 'kinds', 'prompt'),
}
_LOADER = ('dataset', 'sampler', 'num_batch_per_epoch')
# Taken out of a section before its type is built.
_BESIDE = ('type', 'constructor', 'paramwise_cfg', 'optimizer', 'by_epoch', 'priority',
           'convert_to_iter_based')  # fmt: skip
# Their classes hand **kwargs to their base class and take nothing out of it.
_PACKAGES = ('mgdm_mmaction', 'mmaction', 'mmengine')


def walk(value: object, path: str = '', place: str = '') -> Iterator[tuple[str, str, object]]:
    """Yield all that a config holds: its path, its place and itself, outer ones first.

    Args:
        value (object): A config or a part of it.
        path (str, optional): Where it is, as ``--cfg-options`` takes it. Defaults to ''.
        place (str, optional): The same with the class of a step in place of its number in a list:
            ``train_dataloader.dataset.pipeline.Resize``. Defaults to ''.
    """
    if path:
        yield path, place, value
    dot = '.' if path else ''
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from walk(item, f'{path}{dot}{key}', f'{place}{dot}{key}')
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            if isinstance(item, Mapping):
                kind = item.get('type', number)
                name = str(getattr(kind, '__name__', kind)).split('.')[-1]
                yield from walk(item, f'{path}{dot}{number}', f'{place}{dot}{name}')


def check_values(config: Mapping, path: str) -> None:
    """Refuse a value of a wrong type or out of range, and frames that do not fit the model.

    Args:
        config (Mapping): The config.
        path (str): Its file, for messages.

    Raises:
        MGDMError: At the first of them.
    """
    model = config.get('model')
    neck = model.get('neck') if isinstance(model, Mapping) else None
    num_frames = neck.get('num_frames') if isinstance(neck, Mapping) else None
    if num_frames is None and isinstance(model, Mapping):
        num_frames = model.get('num_frames')
    for key, place, value in walk(config):
        for places, fits, expected in _RULES:
            if _pattern(places).fullmatch(place) and not fits(value):
                raise _mistake(path, key, value, expected)
        # A sampler of MMAction2's 2D models takes each frame as a clip of its own.
        if (
            key.endswith('.clip_len')
            and key.split('.')[0].endswith(('_dataloader', 'test_pipeline'))
            and num_frames is not None
            and value not in (1, num_frames)
        ):
            expected = f'{num_frames}, the num_frames of the model (num_frames=... sets both)'
            raise _mistake(path, key, value, expected)
        if value is True and re.fullmatch(r'(val|test)_dataloader\..*\bmulti_class', key):
            _check_metrics(config, key.split('_')[0], path)


def _check_metrics(config: Mapping, split: str, path: str) -> None:
    """Refuse metrics of one label a video where there are several."""
    metrics = config.get(f'{split}_evaluator') or []
    for metric in [metrics] if isinstance(metrics, Mapping) else metrics:
        wanted = metric.get('metric_list', ())
        wanted = {wanted} if isinstance(wanted, str) else set(wanted)
        if metric.get('type') != 'DumpResults' and wanted != {'mean_average_precision'}:
            raise MGDMError(
                f'{path}: {split}_dataloader has several labels a video (multi_class), of which '
                f'{metric.get("type")} counts no top-1: set {split}_evaluator to '
                "dict(type='AccMetric', metric_list=('mean_average_precision',))."
            )


@functools.cache
def _pattern(places: str) -> re.Pattern:
    escaped = '|'.join(map(re.escape, places.split()))
    return re.compile(escaped.replace(r'\*\*', '.+').replace(r'\*', '[^.]*'))


def _mistake(path: str, key: str, found: object, expected: str) -> MGDMError:
    text = repr(found)
    return MGDMError(
        f'{path}: {key} is {text if len(text) <= 60 else text[:57] + "..."}; expected {expected}.'
    )


def check_keys(config: Mapping, options: Mapping, path: str) -> None:
    """Refuse options that nothing would read.

    A key that the config has is fine. Another one has to be an argument of the class that its
    section builds, or, at the top, of MMEngine's runner. What the file alone reads, such as
    ``data_root``, is refused, too: it was used up when the file was read.

    Args:
        config (Mapping): The config, options not yet merged.
        options (Mapping): Of ``--cfg-options``.
        path (str): Name of the file, for messages.

    Raises:
        MGDMError: At the first such key.
    """
    for key in options:
        here: Any = config
        names = str(key).split('.')
        for depth, name in enumerate(names):
            if isinstance(here, Sequence) and name.isdecimal() and int(name) < len(here):
                here = here[int(name)]
                continue
            if not isinstance(here, Mapping) or name.startswith('_'):
                break  # MMEngine refuses it, or it is for MMEngine, as `_delete_` is
            place = '.'.join(names[:depth])
            if name not in here or not depth:
                known = _known(here, place)
                if known is not None and name not in known:
                    raise _unread(here, names[: depth + 1], key, known, path)
            here = here.get(name, {})


def _unread(
    here: Mapping, names: list[str], key: str, known: Sequence[str], path: str
) -> MGDMError:
    *places, name = names
    if name in here:
        return MGDMError(
            f'--cfg-options {key}: {name} was used up when {path} was read, so changing it now '
            'would change nothing. Set the keys that it went into, or write a config with '
            f"_base_ = '{path}'."
        )
    close = difflib.get_close_matches(name, known, 1, 0.5)
    where = f'{".".join(places)} of {path}' if places else path
    return MGDMError(
        f'--cfg-options {key}: {where} has no {name!r} and nothing would read it'
        + (f'; did you mean {close[0]!r}?' if close else '.')
    )


def _known(section: Mapping, place: str) -> list[str] | None:
    """Names that a section may have; None if any."""
    # What it imports is for keys that the config does not have.
    if not place:
        return [*_READ, *_SHORT]
    if place in _SECTIONS:
        return sorted({*_SECTIONS[place], *section})
    if place.endswith('_dataloader') and '.' not in place:
        from torch.utils.data import DataLoader

        return sorted({*(_arguments(DataLoader) or ()), *_LOADER, *section})
    names: set[str] = set()
    for kind in _classes(section.get('type')):
        arguments = _arguments(kind)
        if arguments is None:
            return None
        names |= arguments
    return sorted({*names, *_BESIDE, *section}) if names else None


def _classes(kind: object) -> list[type]:
    """Classes that a type may name, in whatever registry."""
    if not isinstance(kind, str):
        return [kind] if inspect.isclass(kind) else []
    from mmaction import registry
    from mmengine.registry import Registry

    found = []
    for value in vars(registry).values():
        if isinstance(value, Registry):
            with suppress(ImportError):  # MMAction2 names modules that it does not have
                found.append(value.get(kind))
    return [item for item in found if inspect.isclass(item)]


def _arguments(kind: type) -> set[str] | None:
    """Arguments of a class, with those that it hands to its base class; None if any will do."""
    names: set[str] = set()
    for base in kind.__mro__:
        if '__init__' not in vars(base):
            continue
        parameters = inspect.signature(base.__init__).parameters.values()
        names |= {p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
        if not any(p.kind == p.VAR_KEYWORD for p in parameters):
            return names
        if base.__module__.split('.')[0] not in _PACKAGES:
            return None
    return None
