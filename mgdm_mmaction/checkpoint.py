"""What a checkpoint says about itself, read without running anything of it."""

import ast
import hashlib
import json
from pathlib import Path
from typing import NamedTuple

import torch
from mmengine.runner import CheckpointLoader

from .errors import MGDMError

__all__ = ['CheckpointFacts', 'read_checkpoint_facts']


class CheckpointFacts(NamedTuple):
    """What a report states about a checkpoint.

    Args:
        digest (str): First 16 digits of the SHA-256 of the file.
        k (int | None): Negatives a video in training. None if the file does not say.
        classes (list[str] | None): Class names that it was trained on. None likewise.
    """

    digest: str
    k: int | None
    classes: list[str] | None


def read_checkpoint_facts(path: str) -> CheckpointFacts:
    """Read a checkpoint of MMEngine.

    Args:
        path (str): A local file.

    Returns:
        CheckpointFacts: What it says.

    Raises:
        MGDMError: If it is no local file, or no checkpoint.
    """
    if '://' in path:
        raise MGDMError(
            f'{path}: download the checkpoint first, so that the report can state its digest.'
        )
    digest = _file_digest(path)
    content = CheckpointLoader.load_checkpoint(path, map_location='cpu')
    if not isinstance(content, dict):
        return CheckpointFacts(digest, None, None)
    meta, state = content.get('meta') or {}, content.get('state_dict', content)
    config = meta.get('cfg') if isinstance(meta, dict) else None
    k = training_k(config) if isinstance(config, str) else None
    return CheckpointFacts(digest, k, _classes(state.get('cls_head._extra_state')))


def _file_digest(path: str) -> str:
    digest = hashlib.sha256()
    with Path(path).open('rb') as file:
        while block := file.read(1 << 22):
            digest.update(block)
    return digest.hexdigest()[:16]


def _classes(state: torch.Tensor | None) -> list[str] | None:
    if state is None:
        return None
    corpus = json.loads(bytes(state.tolist()).decode())
    return corpus and corpus['classes']


def training_k(config: str) -> int | None:
    """Find the number of negatives in the text of a config, which is parsed and never run.

    Args:
        config (str): Text of the config, as MMEngine dumps it into a checkpoint.

    Returns:
        int | None: k of the first ``AttachHardNegatives`` of ``train_dataloader``.
    """
    try:
        tree = ast.parse(config)
    except (SyntaxError, ValueError):
        return None
    for node in tree.body:
        names = [getattr(target, 'id', None) for target in getattr(node, 'targets', ())]
        if 'train_dataloader' not in names:
            continue
        for call in ast.walk(node):
            step = _constants(call)
            if step.get('type') == 'AttachHardNegatives':
                return step.get('k', 7)
    return None


def _constants(node: ast.AST) -> dict:
    """Plain values of ``dict(key=value)`` or ``{'key': value}``."""
    if isinstance(node, ast.Call):
        pairs = [(word.arg, word.value) for word in node.keywords]
    elif isinstance(node, ast.Dict):
        pairs = [
            (getattr(key, 'value', None), value)
            for key, value in zip(node.keys, node.values, strict=True)
        ]
    else:
        return {}
    return {key: value.value for key, value in pairs if isinstance(value, ast.Constant)}
