"""Log at the start of a training what is trained, at which rate and with which batch."""

import math

from mmaction.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch import nn

__all__ = ['ModelSummaryHook', 'count_parts']


def count_parts(model: nn.Module) -> dict[str, list[tuple[str, nn.Parameter]]]:
    """Sort the parameters of a recogniser into parts.

    Args:
        model (nn.Module): The model.

    Returns:
        dict[str, list[tuple[str, nn.Parameter]]]: Name and parameter by part: the first word of a
        name, of heads the first two (``'cls_head.discriminator'``).
    """
    parts: dict[str, list[tuple[str, nn.Parameter]]] = {}
    for name, param in model.named_parameters():
        words = name.split('.')
        part = '.'.join(words[: 2 if words[0] == 'cls_head' else 1])
        parts.setdefault(part, []).append((name, param))
    return parts


@HOOKS.register_module()
class ModelSummaryHook(Hook):
    """Log trainable and total parameters of every part, learning rates, weight decay and batch.

    Once, on the first rank, after weights and checkpoint are loaded. The rates are those that the
    schedule starts from and not its warm-up's. A global batch that is not the one which the
    learning rate was chosen for is a warning.

    Example:
        >>> custom_hooks = [dict(type='ModelSummaryHook')]
    """

    def before_train(self, runner: Runner) -> None:
        """Log the summary."""
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        lines = ['trained / all parameters, learning rate, weight decay:']
        settings = _settings(runner)
        for part, params in count_parts(model).items():
            trained = [
                settings[id(p)] + (p,) for _, p in params if p.requires_grad and id(p) in settings
            ]
            lines.append(f'  {part:<24}{_count([p for _, p in params])}  {_describe(trained)}')
        lines.append(f'  {"in all":<24}{_count(model.parameters())}')
        for name, buffer in model.named_buffers():
            if buffer.ndim == 2:
                shape = ' x '.join(map(str, buffer.shape))
                lines.append(f'  {name}: buffer of {shape}, not trained')
        # A FlexibleRunner keeps it to itself.
        scale = getattr(runner, 'auto_scale_lr', runner.cfg.get('auto_scale_lr')) or {}
        base, scaled = scale.get('base_batch_size'), scale.get('enable')
        loader = runner.train_dataloader
        size = loader.batch_size or getattr(loader.batch_sampler, 'batch_size', None) or 0
        accumulated = getattr(runner.optim_wrapper, '_accumulative_counts', 1)
        contrasted = size * runner.world_size
        total = contrasted * accumulated
        line = (
            f'a step: {size} clips x {runner.world_size} processes x {accumulated} accumulated = '
            f'{total} clips'
        )
        if accumulated > 1 and getattr(model, 'contrasts', False):
            line += f', of which the contrastive loss sees {contrasted} at a time'
        line += '; learning rate ' + (
            f'x {total / base:g} (base batch {base})' if base and scaled else 'not scaled'
        )
        runner.logger.info('\n'.join([*lines, line]))
        if base and not scaled and base != total:
            runner.logger.warning(
                f'the learning rate is meant for {base} clips a step '
                f'(auto_scale_lr.base_batch_size), and this run has {total}: --auto-scale-lr '
                f'multiplies it by {total / base:g}'
            )


def _settings(runner: Runner) -> dict[int, tuple[float, float]]:
    """Rate before the schedule and weight decay, by the id of the parameter."""
    groups = getattr(runner.optim_wrapper, 'param_groups', ())
    return {
        id(param): (group.get('initial_lr', group['lr']), group.get('weight_decay', 0.0))
        for group in (groups if isinstance(groups, list) else ())
        for param in group['params']
    }


def _describe(trained: list[tuple[float, float, nn.Parameter]]) -> str:
    """Rates and weight decay of the parameters of a part."""
    if not trained:
        return 'frozen'
    rates = sorted({rate for rate, _, _ in trained})
    text = f'lr {rates[0]:g}' if len(rates) == 1 else f'lr {rates[0]:g} to {rates[-1]:g}'
    decayed = [(decay, param) for _, decay, param in trained if decay]
    if not decayed:
        return f'{text}, no weight decay'
    values = ', '.join(f'{decay:g}' for decay in sorted({decay for decay, _ in decayed}))
    text += f', weight decay {values} on {len(decayed)} of {len(trained)} tensors'
    vectors = sum(len(_shape(param)) <= 1 for _, param in decayed)
    return text + (f', {vectors} of them biases, norms or scalars' if vectors else '')


def _shape(param: nn.Parameter) -> tuple[int, ...]:
    """Shape of the whole parameter, of which a process may hold a shard under FSDP."""
    return getattr(param, 'whole_shape', tuple(param.shape))


def _count(params) -> str:
    sizes = [(math.prod(_shape(param)), param.requires_grad) for param in params]
    trained, total = sum(n for n, grad in sizes if grad), sum(n for n, _ in sizes)
    return f'{_short(trained):>8} / {_short(total):>8}'


def _short(count: int) -> str:
    for unit, size in (('M', 1_000_000), ('k', 1000)):
        if count >= size:
            return f'{count / size:.1f} {unit}'
    return str(count)
