"""Where curves go besides the log: TensorBoard and Weights & Biases, by MMEngine's backends."""

import importlib.util
from collections.abc import Sequence

from mmengine.config import Config

from ..errors import MGDMError

__all__ = ['BACKENDS', 'add_vis_backends', 'check_vis_backends']

# W&B counts calls of its log, where MMEngine hands it no step: against `iter`, which is in what
# training logs, curves of runs with other intervals lie over each other.
_BY_ITER = [dict(name=f'{mode}/*', step_metric='iter') for mode in ('train', 'val')]

BACKENDS = {
    'tensorboard': dict(type='TensorboardVisBackend'),
    'wandb': dict(type='WandbVisBackend', define_metric_cfg=_BY_ITER),
}
_PACKAGES = {backend['type']: package for package, backend in BACKENDS.items()}


def add_vis_backends(cfg: Config, names: Sequence[str]) -> None:
    """Let a run write its curves for more tools than the config names.

    The config's own backends stay in front, so that the first of ``names`` is
    ``visualizer.vis_backends.1`` with our configs. Names of curves get ``train/`` or ``val/`` in
    front, in the json log too: without it MMEngine draws ``time`` of training and of validation
    into one curve, by steps on one side and by epochs on the other.

    Args:
        cfg (Config): Changed in place.
        names (Sequence[str]): Keys of :data:`BACKENDS`.
    """
    if not names:
        return
    visualizer = cfg.get('visualizer') or dict(
        type='ActionVisualizer', vis_backends=[dict(type='LocalVisBackend')]
    )
    backends = [dict(backend) for backend in visualizer.get('vis_backends') or ()]
    present = {backend.get('type') for backend in backends}
    for name in dict.fromkeys(names):
        if BACKENDS[name]['type'] not in present:
            backends.append(dict(BACKENDS[name]))
    cfg.visualizer = {**visualizer, 'vis_backends': backends}
    cfg.log_processor = {
        **(cfg.get('log_processor') or dict(type='LogProcessor', by_epoch=True)),
        'log_with_hierarchy': True,
    }


def check_vis_backends(cfg: Config) -> None:
    """Raise :class:`MGDMError` if a package behind the backends of a config is not installed."""
    for backend in (cfg.get('visualizer') or {}).get('vis_backends') or ():
        package = _PACKAGES.get(backend.get('type'))
        if package and importlib.util.find_spec(package) is None:
            raise MGDMError(
                f'visualizer.vis_backends has {backend["type"]}, which needs the package '
                f'{package}: pip install {package}, or train without `--vis {package}`'
            )
