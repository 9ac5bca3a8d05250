"""From a config, a checkpoint or both to a recogniser that is ready."""

import os.path as osp
import warnings
from collections.abc import Sequence

import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.runner import CheckpointLoader
from mmengine.runner.checkpoint import _load_checkpoint_to_model

from ..checkpoint_config import config_of_checkpoint
from ..clip.tags import is_tag
from ..errors import MGDMError, explain_config
from ..models import CLIPRecognizer
from ..text.bank import read_labels_state
from ..text.corpus import LabelCorpus

__all__ = ['build_recognizer', 'choose_labels', 'read_model']

_CONFIG_SUFFIXES = ('.py', '.json', '.yaml', '.yml')


def read_model(
    model: str | dict | Config | None, weights: str | None = None
) -> tuple[Config, dict | None, bool]:
    """Read what the caller names as the model.

    Args:
        model (str | dict | Config | None): A config or its file, or a checkpoint.
        weights (str, optional): A checkpoint. Defaults to None.

    Returns:
        tuple[Config, dict | None, bool]: The config; the checkpoint, if there is one; whether the
        config comes out of the checkpoint.

    Raises:
        MGDMError: If a file is missing or is not what it should be.
    """
    path = None if model is None else model
    if isinstance(path, str) or hasattr(path, '__fspath__'):
        path = str(path)
        if osp.splitext(path)[1].lower() not in _CONFIG_SUFFIXES:
            if weights is not None:
                raise MGDMError(
                    f'model={path!r} and weights={str(weights)!r} are both checkpoints; give one '
                    'of them, or a config (.py) as the model'
                )
            model, weights = None, path
    if weights is not None and osp.splitext(str(weights))[1].lower() in _CONFIG_SUFFIXES:
        raise MGDMError(
            f'weights={str(weights)!r} is a config; the config goes first: '
            'MGDMInferencer(config, checkpoint)'
        )
    if model is None and weights is None:
        raise MGDMError('give a checkpoint, a config, or a config and a checkpoint')
    checkpoint = None if weights is None else _read_checkpoint(str(weights))
    if model is None:
        return config_of_checkpoint(checkpoint, str(weights)), checkpoint, True
    if isinstance(path, str):
        cfg = _read_config(path)
    elif isinstance(model, Config):
        cfg = Config(model._cfg_dict.to_dict())
    elif isinstance(model, dict):
        cfg = Config(dict(model))
    else:
        raise MGDMError(f'model is a {type(model).__name__}; expected a path or a config')
    return cfg, checkpoint, False


def _read_config(path: str) -> Config:
    if not osp.isfile(path):
        raise MGDMError(
            f'the config {path} {"is a folder" if osp.isdir(path) else "does not exist"}'
        )
    try:
        return Config.fromfile(path)
    except MGDMError:
        raise
    except Exception as error:
        reason = ' '.join(str(error).split(', the current sys.path is')[0].split())
        raise MGDMError(
            f'{path} cannot be read as a config: {type(error).__name__}: {reason[:400]}'
        ) from error


def _read_checkpoint(path: str) -> dict:
    if '://' not in path and not osp.isfile(path):
        found = 'is a folder' if osp.isdir(path) else 'does not exist'
        raise MGDMError(f'the checkpoint {path} {found}')
    content = CheckpointLoader.load_checkpoint(path, map_location='cpu')
    state = content.get('state_dict', content) if isinstance(content, dict) else None
    if not isinstance(state, dict) or not any(torch.is_tensor(v) for v in state.values()):
        raise MGDMError(f'{path} holds no weights of a model')
    return content


def build_recognizer(
    cfg: Config,
    checkpoint: dict | None,
    from_checkpoint: bool = False,
    labels: Sequence[str] | None = None,
    pretrained: str | None = None,
) -> CLIPRecognizer:
    """Build the recogniser of a config and load a checkpoint, or CLIP's weights without one.

    The labels of a checkpoint travel in it, so neither class files nor CLIP weights of the machine
    it was trained on are asked for.

    Args:
        cfg (Config): The config; its model section is changed in place.
        checkpoint (dict, optional): A checkpoint of MMEngine. Defaults to None.
        from_checkpoint (bool, optional): The config came out of the checkpoint. Defaults to False.
        labels (Sequence[str], optional): What to recognise. Defaults to None: the labels of the
            checkpoint or the config.
        pretrained (str, optional): CLIP weights, instead of those that the config names.
            Defaults to None.

    Returns:
        CLIPRecognizer: On the CPU, in evaluation mode.

    Raises:
        MGDMError: If the model is no recogniser of this package, the checkpoint is of another one,
            or CLIP's weights are needed and cannot be had.
    """
    _check_kind(cfg)
    head = cfg.model.cls_head
    if pretrained is not None:
        head.pretrained = cfg.model.backbone.pretrained = pretrained
    if checkpoint is None and labels is not None:
        head.update(classes=list(labels), extra_labels=())
    saved = None if checkpoint is None else _saved_corpus(checkpoint)
    if saved is not None and (from_checkpoint or labels is not None or not _readable(head)):
        head.update(
            classes=saved.classes,
            extra_labels=saved.labels[len(saved.classes) :],
            prompt=saved.prompt,
        )
        head.open_vocabulary = False
    with explain_config():
        model = MODELS.build(cfg.model)
    if checkpoint is None:
        warnings.warn(
            'no checkpoint given: the scores are those of the initial weights, which is CLIP '
            'itself where the config adds nothing to it (clip_*.py), else random blocks on top',
            stacklevel=3,
        )
        model.init_weights()
    else:
        _load_checkpoint_to_model(model, checkpoint)
        if not model.text_bank.ready:
            raise MGDMError(
                'the checkpoint holds no label texts: it was saved before the model had any. Train '
                "with this package's tools, which compute them first"
            )
        if labels is not None:
            choose_labels(model, labels)
    return model.eval()


def choose_labels(model: CLIPRecognizer, labels: Sequence[str]) -> None:
    """Let a recogniser tell these labels apart from now on; those it knows cost no encoding.

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


def _check_kind(cfg: Config) -> None:
    """Raise unless the model of a config is a recogniser of this package."""
    model = cfg.get('model')
    name = model.get('type') if isinstance(model, dict) else None
    kind = MODELS.get(name) if isinstance(name, str) else name
    if not (isinstance(kind, type) and issubclass(kind, CLIPRecognizer)):
        raise MGDMError(
            f'the model of the config is {name!r}, no CLIPRecognizer; those of MMAction2 run with '
            'its own ActionRecogInferencer'
        )
    for part in ('backbone', 'cls_head'):
        if not isinstance(model.get(part), dict):
            raise MGDMError(f'the config has no model.{part}')


def _saved_corpus(checkpoint: dict) -> LabelCorpus | None:
    """Read the labels that travel in a checkpoint."""
    state = checkpoint.get('state_dict', checkpoint)
    for name in ('cls_head._extra_state', 'module.cls_head._extra_state'):
        if torch.is_tensor(state.get(name)):
            return read_labels_state(state[name])[0]
    return None


def _readable(head: dict) -> bool:
    """Whether the labels of a config can be read on this machine."""
    try:
        LabelCorpus(head['classes'], head.get('extra_labels', ()))
    except (KeyError, MGDMError):
        return False
    return True
