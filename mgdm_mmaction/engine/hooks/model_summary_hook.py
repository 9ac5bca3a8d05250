"""Says at the start of a training what is trained, at which rate and with which batch."""

import math

from mmaction.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch import nn

from ..global_batch import GlobalBatch, global_batch
from ..whole_shape import whole_shape

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
        """Log the summary.

        Args:
            runner (Runner): The runner.
        """
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        lines = ['trained / all parameters, learning rate, weight decay:']
        settings = _settings(runner)
        total = [0, 0]
        for part, params in count_parts(model).items():
            counts = _counts([param for _, param in params])
            total = [a + b for a, b in zip(total, counts, strict=True)]
            trained = [
                settings[id(p)] + (p,) for _, p in params if p.requires_grad and id(p) in settings
            ]
            lines.append(f'  {part:<24}{_pair(*counts)}  {_describe(trained)}')
        lines.append(f'  {"in all":<24}{_pair(*total)}')
        for name, buffer in model.named_buffers():
            if buffer.ndim == 2:
                shape = ' x '.join(map(str, buffer.shape))
                lines.append(f'  {name}: buffer of {shape}, not trained')
        batch = global_batch(runner)
        # A FlexibleRunner keeps it to itself.
        scale = getattr(runner, 'auto_scale_lr', runner.cfg.get('auto_scale_lr')) or {}
        lines.append(_describe_batch(batch, scale))
        runner.logger.info('\n'.join(lines))
        base = scale.get('base_batch_size')
        if base and not scale.get('enable') and base != batch.total:
            runner.logger.warning(
                f'the learning rate is meant for {base} clips a step '
                f'(auto_scale_lr.base_batch_size), and this run has {batch.total}: '
                f'--auto-scale-lr multiplies it by {batch.total / base:g}'
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
    vectors = sum(len(whole_shape(param)) <= 1 for _, param in decayed)
    return text + (f', {vectors} of them biases, norms or scalars' if vectors else '')


def _describe_batch(batch: GlobalBatch, scale: dict) -> str:
    text = (
        f'a step: {batch.per_process} clips x {batch.processes} processes x {batch.accumulated} '
        f'accumulated = {batch.total} clips'
    )
    if batch.accumulated > 1:
        text += f', of which the contrastive loss sees {batch.contrasted} at a time'
    base = scale.get('base_batch_size')
    if base and scale.get('enable'):
        return f'{text}; learning rate x {batch.total / base:g} (base batch {base})'
    return f'{text}; learning rate not scaled'


def _counts(params: list[nn.Parameter]) -> list[int]:
    return [
        sum(math.prod(whole_shape(param)) for param in params if param.requires_grad),
        sum(math.prod(whole_shape(param)) for param in params),
    ]


def _pair(trained: int, total: int) -> str:
    return f'{_short(trained):>8} / {_short(total):>8}'


def _short(count: int) -> str:
    for unit, size in (('M', 1_000_000), ('k', 1000)):
        if count >= size:
            return f'{count / size:.1f} {unit}'
    return str(count)
