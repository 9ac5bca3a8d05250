"""mmengine's ``--cfg-options`` deletes every space from a value.

``model.cls_head.prompt='a video of {}'`` arrives as ``'avideoof{}'``, and a path with a space as
one that does not exist; nothing is said. ``DictAction._parse_iterable`` of mmengine 0.10.7 means to
allow spaces around the commas of a list, and calls ``val.replace(' ', '')``.

Nor does it check what it is given: a word without ``=`` ends in a traceback ("not enough values to
unpack"), as do brackets that do not match. Both are refused as other arguments are.

Spaces between two characters of a word are carried through; those beside a comma or a bracket
still vanish, so that ``'[1, 2]'`` is a list of two numbers as before.
"""

import argparse
import functools
import re
from collections.abc import Callable
from types import ModuleType
from typing import Any

__all__ = ['apply']

_INSIDE = re.compile(r'(?<=[^\s,()\[\]]) +(?=[^\s,()\[\]])')
# Of Unicode's private use: no value has it.
_STAND_IN = '\ue000'


def apply(module: ModuleType) -> None:
    """Let ``DictAction`` keep the spaces inside values, and refuse what it cannot read."""
    DictAction = module.DictAction
    if not hasattr(DictAction.__call__, '__wrapped__'):
        DictAction.__call__ = _refuse(DictAction.__call__)
    parse = DictAction._parse_iterable
    if parse('a b') == 'a b':
        return

    @functools.wraps(parse)
    def keep_spaces(val: str) -> Any:
        kept = _INSIDE.sub(lambda found: _STAND_IN * len(found.group()), val)
        return _restore(parse(kept))

    DictAction._parse_iterable = staticmethod(keep_spaces)


def _refuse(call: Callable) -> Callable:
    @functools.wraps(call)
    def refuse(action: Any, parser: Any, namespace: Any, values: Any, *rest: Any) -> None:
        for text in [values] if isinstance(values, str) else values:
            if '=' not in text:
                raise argparse.ArgumentError(
                    action, f'{text!r}: expected KEY=VALUE, without spaces around the ='
                )
        try:
            call(action, parser, namespace, values, *rest)
        except AssertionError as error:  # of brackets
            raise argparse.ArgumentError(action, str(error)) from None

    return refuse


def _restore(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace(_STAND_IN, ' ')
    return type(value)(map(_restore, value)) if isinstance(value, list | tuple) else value
