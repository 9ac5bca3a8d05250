"""Reading the pipelines of configs."""

import copy
from collections.abc import Mapping, Sequence

__all__ = ['bare_steps', 'type_name']


def bare_steps(pipeline: Sequence[Mapping]) -> list[dict]:
    """Return copies of the steps of a pipeline that make frames of a video.

    ``SkipUnreadable`` gives way to what is inside it, so that a broken video is an error, and
    ``AttachHardNegatives`` drops out.

    Args:
        pipeline (Sequence[Mapping]): Steps as a config has them.
    """
    found = []
    for step in pipeline:
        name = type_name(step)
        if name == 'SkipUnreadable':
            found += bare_steps(step['transforms'])
        elif name != 'AttachHardNegatives':
            found.append(copy.deepcopy(step))
    return found


def type_name(config: Mapping) -> str:
    """Return the name of the class that a config is of, without a registry's scope.

    Args:
        config (Mapping): With ``type``, a name or a class.
    """
    kind = config['type']
    return str(getattr(kind, '__name__', kind)).split('.')[-1]
