"""From a config and a checkpoint to a report."""

import platform
import re
import uuid
from importlib import metadata
from pathlib import Path

import torch
from mmengine.model import is_model_wrapper

from ..checkpoint import Checkpoint, read_checkpoint
from ..config import ParsedConfig
from ..datasets.annotations import AnnotationSummary
from ..errors import MGDMError
from ..evaluation.report import Report, text_digest
from ..models.recognizers import CLIPRecognizer, check_recognizer
from ..text.corpus import normalize_label, packaged_label_maps
from ..version import __version__
from .test import build_test_runner

__all__ = ['declared_protocol', 'measure']

# What a config may have in `protocol = dict(...)`.
_DECLARED = ('name', 'data', 'split', 'shots', 'seed', 'draw', 'part')
_PACKAGES = ('torch', 'torchvision', 'mmengine', 'mmaction2', 'open_clip_torch', 'decord')


def measure(cfg: ParsedConfig) -> Report:
    """Test ``load_from`` of a config, or its initial weights, and report on it.

    Args:
        cfg (ParsedConfig): Result of :func:`mgdm_mmaction.apis.test.prepare_config`.

    Returns:
        Report: The same on all ranks.

    Raises:
        MGDMError: If data, checkpoint or the config's ``protocol`` is missing or wrong.
    """
    config = cfg.config
    check_recognizer(config.get('model'))
    declared = declared_protocol(cfg)
    checkpoint = config.get('load_from')
    config.test_evaluator = [dict(type='ProtocolAccuracy')]
    # MMEngine keeps what belongs to a run under its name, and several may start in one second.
    config.experiment_name = uuid.uuid4().hex
    runner, summaries = build_test_runner(cfg)
    model = runner.model.module if is_model_wrapper(runner.model) else runner.model
    if not summaries:
        raise MGDMError(
            f'{cfg.path}: the data set of test_dataloader is no VideoDataset or RawframeDataset '
            'with one label a video.'
        )
    facts = _checkpoint(checkpoint)
    found = {key.split('/')[-1]: value for key, value in runner.test().items()}
    protocol = {
        **declared,
        **_data(cfg, summaries, found),
        **_model(model, cfg, facts),
        'checkpoint': checkpoint and Path(checkpoint).name,
        'checkpoint_digest': facts and facts.digest,
    }
    if declared['data'] is None:
        protocol['data'] = _data_name(cfg, protocol['classes_digest'])
    metrics = {key: float(found[name]) for key, name in
               (('top1', 'top1'), ('top5', 'top5'), ('mean_class', 'mean1'))}  # fmt: skip
    return Report(metrics, protocol, cfg.path, _versions())


def _checkpoint(path: str | None) -> Checkpoint | None:
    if path and '://' in path:
        raise MGDMError(
            f'{path}: download the checkpoint first, so that the report can state its digest.'
        )
    return read_checkpoint(path) if path else None


def declared_protocol(cfg: ParsedConfig) -> dict:
    """Return what a config says of its protocol, with the split that its test lists name.

    Raises:
        MGDMError: If its ``protocol`` holds anything else.
    """
    declared = cfg.config.get('protocol', {})
    unknown = sorted(set(declared) - set(_DECLARED)) if isinstance(declared, dict) else [declared]
    if unknown:
        raise MGDMError(
            f'{cfg.path}: `protocol` holds {unknown}; expected dict(name=...) with, optionally, '
            f'{", ".join(_DECLARED[1:])}.'
        )
    if declared.get('part') not in (None, 'base', 'novel'):
        raise MGDMError(
            f"{cfg.path}: `protocol.part` should be 'base' or 'novel', but is {declared['part']!r}."
        )
    # What comes from an environment variable is text.
    numbers = {
        key: int(value)
        for key, value in declared.items()
        if isinstance(value, str) and value.isdecimal()
    }
    names = ' + '.join(Path(str(d.get('ann_file'))).name for d in cfg.datasets('test'))
    if (split := re.search(r'split_?(\d+)', names)) and 'split' not in declared:
        numbers['split'] = int(split[1])
    return {**dict.fromkeys(_DECLARED), 'name': 'supervised', **declared, **numbers}


def _data(cfg: ParsedConfig, summaries: list[AnnotationSummary], found: dict) -> dict:
    frames, clips, crops = cfg.views('test')
    names = ' + '.join(Path(summary.ann_file).name for summary in summaries)
    digests = [summary.digest for summary in summaries]
    return {
        'videos': int(found['num_videos']),
        'list': names,
        'list_digest': digests[0] if len(digests) == 1 else text_digest(digests),
        'classes_with_videos': int(found['num_classes']),
        'frames': frames,
        'clips': clips,
        'crops': crops,
    }


def _model(model: CLIPRecognizer, cfg: ParsedConfig, facts: Checkpoint | None) -> dict:
    corpus = model.text_bank.corpus
    seen = None
    if facts is not None and facts.corpus is not None:
        trained = {normalize_label(name) for name in facts.corpus.classes}
        seen = sum(normalize_label(name) in trained for name in corpus.classes)
    return {
        'classes': len(corpus.classes),
        'classes_digest': text_digest([normalize_label(name) for name in corpus.classes]),
        'corpus_labels': len(corpus),
        'corpus_digest': corpus.digest,
        'prompt': corpus.prompt,
        'context': getattr(model.cls_head, 'context', None),
        'arch': cfg.config.model.backbone.arch,
        'new_weights': _new_weights(model),
        'average_clips': model.average_clips,
        'k': facts and facts.k,
        'seen_classes': seen,
    }


def _new_weights(model: CLIPRecognizer) -> int:
    """Count the parameters that do not come from CLIP."""
    clip = ('backbone.', 'cls_head.text_bank.tower.', 'cls_head.logit_scale')
    return sum(p.numel() for name, p in model.named_parameters() if not name.startswith(clip))


def _data_name(cfg: ParsedConfig, digest: str) -> str:
    classes = cfg.head['classes']
    return classes if classes in packaged_label_maps() else f'classes {digest}'


def _versions() -> dict[str, str]:
    versions = {'mgdm_mmaction': __version__, 'python': platform.python_version()}
    for name in (*_PACKAGES, 'mmcv', 'mmcv-lite'):
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    # With what it was built for, such as +cpu.
    return {**versions, 'torch': torch.__version__}
