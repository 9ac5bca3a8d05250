"""What a config says about FSDP, and what does not go with it."""

from mmengine.config import Config

from ...errors import MGDMError

__all__ = ['check_fsdp', 'uses_fsdp', 'without_fsdp']


def uses_fsdp(cfg: Config) -> bool:
    """Tell whether a config trains with FSDP.

    Args:
        cfg (Config): The config.
    """
    return 'FSDP' in str((cfg.get('strategy') or {}).get('type', ''))


def check_fsdp(cfg: Config) -> None:
    """Refuse what FSDP would do wrongly without a word, or with a strange one.

    Args:
        cfg (Config): The config of a training, its ``launcher`` set.

    Raises:
        MGDMError: If the run has one process alone, averages its weights or clips gradients.
    """
    if not uses_fsdp(cfg):
        return
    if cfg.get('runner_type') != 'FlexibleRunner':
        raise MGDMError(
            f"strategy.type='{cfg.strategy.type}' needs runner_type='FlexibleRunner', but it is "
            f"{cfg.get('runner_type')!r}: MMEngine's other runners read no strategy. Take both "
            'from configs/_base_/fsdp.py'
        )
    if cfg.get('launcher', 'none') == 'none':
        raise MGDMError(
            'FSDP shards the model over several processes, and this is one: start it with '
            'tools/dist_train.sh CONFIG GPUS, or with tools/slurm_train.sh'
        )
    hooks = [*(cfg.get('custom_hooks') or ()), *(cfg.get('default_hooks') or {}).values()]
    if any('EMAHook' in str((hook or {}).get('type')) for hook in hooks):
        raise MGDMError(
            'EMAHook does not work with FSDP: it copies the model, and a shard is no model. Take '
            'EMAHook out of the hooks, or train without FSDP'
        )
    if (cfg.get('optim_wrapper') or {}).get('clip_grad'):
        raise MGDMError(
            'optim_wrapper.clip_grad does not work with FSDP: MMEngine would take the norm of the '
            "process's own shards, another one on each. Set optim_wrapper.clip_grad=None, or train "
            'without FSDP'
        )


def without_fsdp(cfg: Config) -> None:
    """Make a config that trains with FSDP test without.

    A checkpoint is the same either way, and testing needs no gradients and no optimizer state.

    Args:
        cfg (Config): Changed in place.
    """
    if uses_fsdp(cfg):
        cfg.pop('strategy')
        cfg.pop('runner_type', None)
