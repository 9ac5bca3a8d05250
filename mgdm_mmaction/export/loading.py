"""A recogniser from a config and a checkpoint, or from a checkpoint alone."""

import argparse
import ast
import json
from collections.abc import Sequence
from typing import Any

from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.runner import CheckpointLoader
from mmengine.runner.checkpoint import load_state_dict

from ..apis.common import load_config, require_file
from ..errors import MGDMError, explain_config
from ..models import MGDM

__all__ = ['load_recognizer', 'parse_config']

_STATE = 'cls_head._extra_state'


def load_recognizer(
    model: str,
    weights: str | None = None,
    labels: Sequence[str] | None = None,
    pretrained: str | None = None,
    options: dict | None = None,
) -> tuple[MGDM, Config]:
    """Load a trained recogniser on the CPU, in evaluation mode.

    Args:
        model (str): A config, or a checkpoint, in which its config travels. The config of a
            checkpoint is read as data and never run, and the checkpoint's own labels are taken.
        weights (str, optional): The checkpoint, where ``model`` is a config. Defaults to None.
        labels (Sequence[str], optional): Other classes to recognise. Defaults to None: those of
            the config or checkpoint.
        pretrained (str, optional): CLIP weights, a tag or a file, for labels that the checkpoint
            does not hold. Defaults to None: those that the config names.
        options (dict, optional): Settings of the config to change, with dots in their keys.
            Defaults to None.

    Returns:
        tuple[MGDM, Config]: The recogniser and its config.

    Raises:
        MGDMError: If a file is missing, is no config or no checkpoint, or they do not fit.

    Example:
        >>> recognizer, cfg = load_recognizer('epoch_20.pth')  # doctest: +SKIP
    """
    if str(model).endswith(('.py', '.json', '.yml', '.yaml')):
        if weights is None:
            raise MGDMError(
                f'{model} is a config, which holds no weights: name the checkpoint behind it'
            )
        args = argparse.Namespace(config=model, launcher='none', local_rank=0, work_dir=None)
        cfg, content = load_config(args), None
        content = _read_checkpoint(weights)
    else:
        if weights is not None:
            raise MGDMError(
                f'{model} and {weights}: the first of two files should be a config (.py)'
            )
        content = _read_checkpoint(model)
        cfg = _config_of(content, model)
    try:
        cfg.merge_from_dict(options or {})
    except Exception as error:
        raise MGDMError(f'--cfg-options {", ".join(options)} does not fit: {error}') from error
    if pretrained is not None:
        cfg.model.cls_head.pretrained = pretrained
    with explain_config():
        recognizer = MODELS.build(cfg.model)
    if not isinstance(recognizer, MGDM):
        raise MGDMError(
            f"`model.type` of the config of {weights or model} should be 'MGDM', "
            f'but is {cfg.model.get("type")!r}'
        )
    load_state_dict(recognizer, content.get('state_dict', content))
    if labels is not None:
        recognizer.set_classes(list(labels))
    return recognizer.eval(), cfg


def parse_config(text: str) -> dict:
    """Read the text of a config as data: nothing of it is run.

    Args:
        text (str): Assignments of plain values, as MMEngine writes them into a checkpoint.

    Returns:
        dict: Name -> value.

    Raises:
        MGDMError: If it holds anything but assignments of strings, numbers, lists, tuples, dicts.

    Example:
        >>> parse_config("model = dict(type='MGDM', sizes=[1, 2])")
        {'model': {'type': 'MGDM', 'sizes': [1, 2]}}
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError) as error:
        raise MGDMError(f'the config in the checkpoint cannot be read: {error}') from None
    content = {}
    for node in tree.body:
        if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
            raise _not_plain(node)
        content[node.targets[0].id] = _value(node.value)
    return content


def _value(node: ast.expr) -> Any:
    """Return the plain value of an expression."""
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        kind = {ast.List: list, ast.Tuple: tuple, ast.Set: set}[type(node)]
        return kind(_value(item) for item in node.elts)
    if isinstance(node, ast.Dict):
        return {_value(k): _value(v) for k, v in zip(node.keys, node.values, strict=True)}
    is_dict = isinstance(node, ast.Call) and getattr(node.func, 'id', None) == 'dict'
    if is_dict and not node.args and all(word.arg for word in node.keywords):
        return {word.arg: _value(word.value) for word in node.keywords}
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError):
        raise _not_plain(node) from None


def _not_plain(node: ast.AST) -> MGDMError:
    return MGDMError(
        f'the config in the checkpoint is no plain data: line {getattr(node, "lineno", "?")} reads '
        f'{ast.unparse(node)[:80]!r}. Name the config file, and the checkpoint behind it'
    )


def _read_checkpoint(path: str) -> dict:
    require_file(path, 'checkpoint')
    content = CheckpointLoader.load_checkpoint(path, map_location='cpu')
    state = content.get('state_dict', content) if isinstance(content, dict) else None
    if not isinstance(state, dict) or not state:
        raise MGDMError(f'{path}: a checkpoint should hold a `state_dict`, but this one has none')
    if _STATE not in state:
        raise MGDMError(
            f'{path} is no checkpoint of MGDM: it has no {_STATE!r}, which holds the labels. '
            'Name a checkpoint that tools/train.py wrote'
        )
    return content


def _config_of(content: dict, path: str) -> Config:
    """Return the config that travels in a checkpoint, with the labels that travel there."""
    text = (content.get('meta') or {}).get('cfg')
    if not isinstance(text, str):
        raise MGDMError(f'{path} holds no config: name the config, and the checkpoint behind it')
    cfg = Config(parse_config(text))
    head = (cfg.get('model') or {}).get('cls_head')
    if head is None:
        raise MGDMError(f'the config in {path} has no `model.cls_head`: it is no model of MGDM')
    # The files that the config names for them may be on another machine.
    state = content['state_dict'][_STATE]
    corpus = json.loads(bytes(state.tolist()).decode())
    if corpus is None:
        raise MGDMError(f'{path} was saved before the text bank was computed: train first')
    head.update(classes=corpus['classes'], extra_labels=corpus['extra'], prompt=corpus['prompt'])
    return cfg
