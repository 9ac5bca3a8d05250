"""mmengine's ``--cfg-options`` deletes every space from a value.

``model.cls_head.prompt='a video of {}'`` arrives as ``'avideoof{}'``, and a path with a space as
one that does not exist; nothing is said. ``DictAction._parse_iterable`` of mmengine 0.10.7 means to
allow spaces around the commas of a list, and calls ``val.replace(' ', '')``.

Spaces between two characters of a word are carried through; those beside a comma or a bracket
still vanish, so that ``'[1, 2]'`` is a list of two numbers as before.
"""

import functools
import re
from typing import Any

__all__ = ['mend']

_INSIDE = re.compile(r'(?<=[^\s,()\[\]]) +(?=[^\s,()\[\]])')
# Of Unicode's private use: no value has it.
_STAND_IN = '\ue000'


def mend() -> None:
    """Let ``DictAction`` keep the spaces inside values."""
    from mmengine.config import DictAction

    parse = DictAction._parse_iterable
    if parse('a b') == 'a b':
        return

    @functools.wraps(parse)
    def keep_spaces(val: str) -> Any:
        kept = _INSIDE.sub(lambda found: _STAND_IN * len(found.group()), val)
        return _restore(parse(kept))

    DictAction._parse_iterable = staticmethod(keep_spaces)


def _restore(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace(_STAND_IN, ' ')
    return type(value)(map(_restore, value)) if isinstance(value, list | tuple) else value
