"""The config inside a checkpoint, read without running any of it."""

import ast
from collections.abc import Iterator
from contextlib import suppress

from mmengine.config import Config

from .errors import MGDMError

__all__ = ['config_of_checkpoint']

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


def config_of_checkpoint(checkpoint: dict, path: str) -> Config:
    """Return the config that a checkpoint was trained with.

    MMEngine writes it into the checkpoint as Python text. A checkpoint may come from anywhere, so
    this text is parsed and never run, and it may name registered parts only: MMEngine would call
    any function that a ``type`` with dots in it names.

    Args:
        checkpoint (dict): A checkpoint of MMEngine.
        path (str): Its file, for messages.

    Returns:
        Config: The model, the test pipeline and what goes with them; the training data, if they are
        plain.

    Raises:
        MGDMError: If the checkpoint holds no config, or one that does more than describe.
    """
    text = _text(checkpoint)
    if text is None:
        raise MGDMError(
            f'the checkpoint {path} holds no config: it is not one that a training run of '
            'MMEngine saved, or it was stripped for publishing. Give the config as the model and '
            'this file as its weights'
        )
    give = 'give the config file as the model and this file as its weights, if you trust both'
    try:
        content = _read(text)
    except (SyntaxError, TypeError, ValueError) as error:
        raise MGDMError(
            f'the config inside the checkpoint {path} is no plain data ({error}), and nothing of '
            f'a checkpoint is run; {give}'
        ) from None
    for name in _foreign(content):
        raise MGDMError(
            f'the config inside the checkpoint {path} asks for {name!r}, which is not part of '
            f'this package, and nothing that a checkpoint names is imported; {give}'
        )
    content.pop('custom_imports', None)
    if not isinstance(content.get('model'), dict):
        raise MGDMError(f'the config inside the checkpoint {path} has no model; {give}')
    return Config(content)


def _text(checkpoint: dict) -> str | None:
    """Where MMEngine's runner and its older versions put it."""
    hub = checkpoint.get('message_hub')
    infos = hub.get('runtime_info') if isinstance(hub, dict) else None
    for place, key in ((infos, 'cfg'), (checkpoint.get('meta'), 'cfg')):
        text = place.get(key) if isinstance(place, dict) else None
        if isinstance(text, str):
            return text
    return None


def _read(text: str) -> dict:
    found = {}
    for node in ast.parse(text).body:
        if not isinstance(node, ast.Assign):
            continue
        for target in node.targets:
            if isinstance(target, ast.Name) and target.id in _NEEDED:
                found[target.id] = _value(node.value)
            elif isinstance(target, ast.Name) and target.id in _SHOWN:
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
