"""From a config, a checkpoint or both to a recogniser that is ready."""

import os.path as osp
import warnings
from collections.abc import Mapping, Sequence
from os import PathLike

from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner.checkpoint import _load_checkpoint_to_model

from ..checkpoint import Checkpoint, read_checkpoint
from ..clip import is_tag
from ..config import ParsedConfig
from ..errors import MGDMError, explain_config
from ..models.recognizers import CLIPRecognizer, check_recognizer
from ..text.corpus import LabelCorpus

__all__ = ['build_recognizer', 'choose_labels', 'load_recognizer', 'read_model']

_CONFIG_SUFFIXES = ('.py', '.json', '.yaml', '.yml')


def load_recognizer(
    model: str | PathLike | Config | None = None,
    weights: str | None = None,
    labels: Sequence[str] | None = None,
    pretrained: str | None = None,
    options: Mapping | None = None,
) -> tuple[CLIPRecognizer, ParsedConfig]:
    """Load a recogniser on the CPU, in evaluation mode.

    Args:
        model (str | PathLike | Config, optional): A config or its file, or a checkpoint, in which
            its config travels. Defaults to None: ``weights`` is such a checkpoint.
        weights (str, optional): A checkpoint. Defaults to None: that of ``model``, or, for a config
            alone, CLIP's weights and nothing trained, with a warning.
        labels (Sequence[str], optional): What to recognise. Defaults to None: the labels of the
            checkpoint or the config.
        pretrained (str, optional): CLIP weights, a tag or a file, for labels that the checkpoint
            does not hold. Defaults to None: those that the config names.
        options (Mapping, optional): Settings of the config to change, see
            :meth:`~mgdm_mmaction.config.ParsedConfig.merge`. Defaults to None.

    Returns:
        tuple[CLIPRecognizer, ParsedConfig]: The recogniser and its config.

    Raises:
        MGDMError: If a file is missing, is no config or no checkpoint, or they do not fit.

    Example:
        >>> recognizer, cfg = load_recognizer('epoch_20.pth')  # doctest: +SKIP
    """
    cfg, checkpoint = read_model(model, weights)
    cfg.merge(options)
    return build_recognizer(cfg, checkpoint, labels, pretrained), cfg


def read_model(
    model: str | PathLike | Config | None, weights: str | None = None
) -> tuple[ParsedConfig, Checkpoint | None]:
    """Read the config, and the checkpoint if there is one; see :func:`load_recognizer`."""
    if isinstance(model, str | PathLike) and not _is_config(model):
        if weights is not None:
            raise MGDMError(
                f'model={str(model)!r} and weights={str(weights)!r} are both checkpoints; give '
                'one of them, or a config (.py) as the model'
            )
        model, weights = None, str(model)
    if weights is not None and _is_config(weights):
        raise MGDMError(f'weights={str(weights)!r} is a config; the config goes first')
    if model is None and weights is None:
        raise MGDMError('give a checkpoint, a config, or a config and a checkpoint')
    checkpoint = None if weights is None else read_checkpoint(weights)
    if model is None:
        return checkpoint.config, checkpoint
    if isinstance(model, Config):
        model = Config(model.to_dict())  # the caller's stays as it is
    return ParsedConfig.of(model), checkpoint


def _is_config(path: str | PathLike) -> bool:
    return osp.splitext(str(path))[1].lower() in _CONFIG_SUFFIXES


def build_recognizer(
    cfg: ParsedConfig,
    checkpoint: Checkpoint | None,
    labels: Sequence[str] | None = None,
    pretrained: str | None = None,
) -> CLIPRecognizer:
    """Build the recogniser of a config and load a checkpoint, or CLIP's weights without one.

    The labels of a checkpoint travel in it, so neither class files nor CLIP weights of the machine
    it was trained on are asked for.

    Args:
        cfg (ParsedConfig): The config; its model section is changed in place.
        checkpoint (Checkpoint, optional): A checkpoint. Defaults to None.
        labels (Sequence[str], optional): See :func:`load_recognizer`. Defaults to None.
        pretrained (str, optional): Likewise. Defaults to None.

    Returns:
        CLIPRecognizer: On the CPU, in evaluation mode.

    Raises:
        MGDMError: If the model is no recogniser of this package, the checkpoint is of another one,
            or CLIP's weights are needed and cannot be had.
    """
    init_default_scope('mmaction')
    check_recognizer(cfg.config.get('model'))
    head, model_cfg = cfg.head, cfg.config.model
    if pretrained is not None:
        head.pretrained = model_cfg.backbone.pretrained = pretrained
    if checkpoint is None and labels is not None:
        head.update(classes=list(labels), extra_labels=())
    saved = checkpoint and checkpoint.corpus
    from_checkpoint = checkpoint is not None and cfg is checkpoint.__dict__.get('config')
    if saved is not None and (from_checkpoint or labels is not None or not _readable(cfg)):
        head.update(
            classes=saved.classes,
            extra_labels=saved.labels[len(saved.classes) :],
            prompt=saved.prompt,
        )
        head.open_vocabulary = False
    with explain_config():
        model = MODELS.build(model_cfg)
    if checkpoint is None:
        warnings.warn(
            'no checkpoint given: the scores are those of the initial weights, which is CLIP '
            'itself where the config adds nothing to it (clip_*.py), else random blocks on top',
            stacklevel=3,
        )
        model.init_weights()
    else:
        _load_checkpoint_to_model(model, checkpoint.content)
        if not model.text_bank.ready:
            raise MGDMError(
                'the checkpoint holds no label texts: it was saved before the model had any. Train '
                "with this package's tools, which compute them first"
            )
        if labels is not None:
            choose_labels(model, labels)
    return model.eval()


def choose_labels(model: CLIPRecognizer, labels: Sequence[str]) -> None:
    """Let a recogniser recognise other labels; those it knows cost no encoding.

    Args:
        model (CLIPRecognizer): Changed in place.
        labels (Sequence[str]): The labels.

    Raises:
        MGDMError: If there is none, two are the same, or the CLIP weights to encode new ones are
            not there.
    """
    bank = model.text_bank
    if list(labels) == bank.classes:
        return
    corpus = LabelCorpus(labels, prompt=bank.corpus.prompt)
    known = set(bank.labels)
    new = [label for label in corpus.labels if label not in known]
    source = bank.pretrained
    there = bank.tower is not None or (
        source is not None and (osp.exists(source) or is_tag(bank.arch, source))
    )
    if new and not there:
        names = ', '.join(map(repr, new[:5])) + (', ...' if len(new) > 5 else '')
        lack = (
            'names no CLIP weights'
            if source is None
            else f'names the CLIP weights {source}, which are not on this machine'
        )
        raise MGDMError(
            f'{names}: not among the {len(bank.corpus)} labels that the model knows, and its '
            f'config {lack}. Pass the CLIP weights that it was trained from: pretrained=FILE in '
            'Python, --pretrained FILE on the command line'
        )
    model.set_classes(list(labels))


def _readable(cfg: ParsedConfig) -> bool:
    """Whether the labels of a config can be read on this machine."""
    try:
        return bool(cfg.corpus)
    except MGDMError:
        return False
