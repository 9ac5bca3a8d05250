"""What a checkpoint says about itself, read without running anything of it."""

import ast
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from os import PathLike
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.runner import CheckpointLoader

from .config import ParsedConfig
from .errors import MGDMError, require_file
from .text.bank import read_labels_state
from .text.corpus import LabelCorpus

__all__ = ['Checkpoint', 'read_checkpoint', 'read_settings']

# All that recognising needs; the rest of a training config is not even looked at, but for what it
# was trained with, which may be shown and is never built.
_NEEDED = (
    'model',
    'test_pipeline',
    'test_dataloader',
    'val_dataloader',
    'custom_imports',
    'default_scope',
)
_SHOWN = ('train_dataloader',)
_TRUSTED = ('mgdm_mmaction', 'mmaction')
_NUMBERS = {'inf': float('inf'), 'nan': float('nan')}


class Checkpoint:
    """A checkpoint of MMEngine.

    Args:
        content (dict): What the file holds.
        path (str): The file.
    """

    def __init__(self, content: dict, path: str) -> None:
        self.content = content
        self.path = path

    @property
    def state_dict(self) -> dict:
        """dict: The weights."""
        return self.content.get('state_dict', self.content)

    @property
    def corpus(self) -> LabelCorpus | None:
        """LabelCorpus | None: The labels that the model was trained on, which travel with it."""
        for name in ('cls_head._extra_state', 'module.cls_head._extra_state'):
            if torch.is_tensor(self.state_dict.get(name)):
                return read_labels_state(self.state_dict[name])[0]
        return None

    @property
    def k(self) -> int | None:
        """Int | None: Negatives a video in training, None if the file does not say."""
        try:
            return self.config.k
        except MGDMError:
            return None

    @cached_property
    def digest(self) -> str:
        """str: First 16 digits of the SHA-256 of the file."""
        digest = hashlib.sha256()
        with Path(self.path).open('rb') as file:
            while block := file.read(1 << 22):
                digest.update(block)
        return digest.hexdigest()[:16]

    @cached_property
    def config(self) -> ParsedConfig:
        """The config that the checkpoint was trained with.

        MMEngine writes it into the checkpoint as Python text. A checkpoint may come from anywhere,
        so this text is parsed and never run, and it may name registered parts only: MMEngine would
        call any function that a ``type`` with dots in it names. It holds the model, the test
        pipeline and what goes with them; the training data, if they are plain.

        Raises:
            MGDMError: If the checkpoint holds no config, or one that does more than describe.
        """
        text = _text(self.content)
        if text is None:
            raise MGDMError(
                f'the checkpoint {self.path} holds no config: it is not one that a training run '
                'of MMEngine saved, or it was stripped for publishing. Give the config as the '
                'model and this file as its weights'
            )
        give = 'give the config file as the model and this file as its weights, if you trust both'
        try:
            content = _read(text)
        except (SyntaxError, TypeError, ValueError) as error:
            raise MGDMError(
                f'the config inside the checkpoint {self.path} is no plain data ({error}), and '
                f'nothing of a checkpoint is run; {give}'
            ) from None
        for name in _foreign(content):
            raise MGDMError(
                f'the config inside the checkpoint {self.path} asks for {name!r}, which is not '
                'part of this package, and nothing that a checkpoint names is imported; '
                f'{give}'
            )
        content.pop('custom_imports', None)
        if not isinstance(content.get('model'), dict):
            raise MGDMError(f'the config inside the checkpoint {self.path} has no model; {give}')
        return ParsedConfig(Config(content), self.path)


def read_checkpoint(path: str | PathLike) -> Checkpoint:
    """Read a checkpoint.

    Args:
        path (str | PathLike): A file, or a URL.

    Returns:
        Checkpoint: On the CPU.

    Raises:
        MGDMError: If it is missing or holds no weights.
    """
    require_file(path, 'checkpoint')
    content = CheckpointLoader.load_checkpoint(str(path), map_location='cpu')
    state = content.get('state_dict', content) if isinstance(content, dict) else None
    if not isinstance(state, dict) or not any(torch.is_tensor(v) for v in state.values()):
        raise MGDMError(f'{path} holds no weights of a model')
    return Checkpoint(content, str(path))


def read_settings(checkpoint: dict, sections: Sequence[str]) -> dict:
    """Return sections of the config that a checkpoint was trained with, as far as plain data.

    Args:
        checkpoint (dict): What the file holds.
        sections (Sequence[str]): Names at the top of the config.
    """
    try:
        return _read(_text(checkpoint) or '', (), sections)
    except SyntaxError:
        return {}


def _text(checkpoint: dict) -> str | None:
    """Where MMEngine's runner and its older versions put it."""
    hub = checkpoint.get('message_hub')
    infos = hub.get('runtime_info') if isinstance(hub, dict) else None
    for place, key in ((infos, 'cfg'), (checkpoint.get('meta'), 'cfg')):
        text = place.get(key) if isinstance(place, dict) else None
        if isinstance(text, str):
            return text
    return None


def _read(text: str, needed: Sequence[str] = _NEEDED, shown: Sequence[str] = _SHOWN) -> dict:
    found = {}
    for node in ast.parse(text).body:
        if not isinstance(node, ast.Assign):
            continue
        for target in node.targets:
            if isinstance(target, ast.Name) and target.id in needed:
                found[target.id] = _value(node.value)
            elif isinstance(target, ast.Name) and target.id in shown:
                with suppress(TypeError, ValueError):  # no plain data: then it is not shown
                    found[target.id] = _value(node.value)
    return found


def _value(node: ast.AST) -> object:
    """What a display of plain data is worth."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        kind = {ast.List: list, ast.Tuple: tuple, ast.Set: set}[type(node)]
        return kind(_value(item) for item in node.elts)
    if isinstance(node, ast.Dict):
        found: dict = {}
        for key, value in zip(node.keys, node.values, strict=True):
            # Without a key it is `**other`.
            found.update(_value(value) if key is None else {_value(key): _value(value)})
        return found
    if isinstance(node, ast.Call) and getattr(node.func, 'id', '') == 'dict':
        # MMEngine writes dict(name=1), and dict({'no name': 1}) where a key is none.
        found = {}
        for item in node.args:
            found.update(_value(item))
        for word in node.keywords:
            found.update(_value(word.value) if word.arg is None else {word.arg: _value(word.value)})
        return found
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = _value(node.operand)
        if isinstance(value, int | float):
            return -value
    if isinstance(node, ast.Name) and node.id in _NUMBERS:
        return _NUMBERS[node.id]
    raise ValueError(f'line {getattr(node, "lineno", "?")}: {ast.unparse(node)[:60]}')


def _foreign(content: dict) -> Iterator[str]:
    """Yield what the config names outside this package and MMAction2."""
    imports = content.get('custom_imports') or {}
    names = imports.get('imports', ()) if isinstance(imports, dict) else ()
    for name in [names] if isinstance(names, str) else names:
        if str(name).split('.')[0] not in _TRUSTED:
            yield str(name)
    yield from _foreign_types([content.get(name) for name in _NEEDED if name != 'custom_imports'])


def _foreign_types(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        kind = value.get('type', '')
        if not isinstance(kind, str) or '.' in kind:
            yield str(kind)
        for item in value.values():
            yield from _foreign_types(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _foreign_types(item)
