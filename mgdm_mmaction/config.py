"""Reading and changing configs."""

from collections.abc import Iterator, Mapping

from .errors import MGDMError

__all__ = ['change_steps']


def change_steps(cfg: Mapping, **options: Mapping) -> None:
    """Change steps of the pipelines of a config by the names of their classes.

    For config files: MMEngine merges dictionaries, but a pipeline is a list. Every step of the
    class changes, in all loaders, inside other steps, and in ``test_pipeline``.

    Args:
        cfg (Mapping): ``_base_`` of a config file. Changed in place.
        **options (Mapping): Class of a step -> the options that it gets.

    Raises:
        MGDMError: If no pipeline has such a step.

    Example:
        A config file. The import stands below ``_base_``: MMEngine takes a file that begins with
        an import for one of its other style of configs::

            _base_ = 'mgdm_k400.py'
            from mgdm_mmaction.config import change_steps

            change_steps(_base_, AttachHardNegatives=dict(k=5), Flip=dict(flip_ratio=0))
    """
    steps = list(_steps(cfg))
    for name, changed in options.items():
        found = [step for step in steps if _name(step['type']) == name]
        if not found:
            known = ', '.join(sorted({_name(step['type']) for step in steps}))
            raise MGDMError(f'change_steps: no pipeline has a step {name}; there are {known}.')
        for step in found:
            step.update(changed)


def _steps(config: Mapping) -> Iterator[Mapping]:
    """Yield the steps of all pipelines in a config, those inside others too."""
    for key, value in config.items():
        if key in ('pipeline', 'transforms') or key.endswith('_pipeline'):
            yield from (step for step in value if isinstance(step, Mapping))
        for item in value if isinstance(value, list | tuple) else [value]:
            if isinstance(item, Mapping):
                yield from _steps(item)


def _name(kind: str | type) -> str:
    return str(getattr(kind, '__name__', kind)).split('.')[-1]
