"""The variants of the toy-set experiments."""

from typing import NamedTuple

__all__ = ['CONFIG', 'VARIANTS', 'Variant']

CONFIG = 'configs/toy/mgdm_toy.py'
_ATTACH = 'train_dataloader.dataset.pipeline.1'


class Variant(NamedTuple):
    """What a variant differs in.

    Args:
        options (list[str]): Options of the config, spelled out: a changed default of the config
            changes no result here.
        config (str, optional): The config.
        negatives (str, optional): Which negatives: 'frozen CLIP' for the file of the config, or one
            of :func:`benchmarks.toy_alternatives.make_negatives`. Defaults to 'frozen CLIP'.
    """

    options: list[str]
    config: str = CONFIG
    negatives: str = 'frozen CLIP'

    def all_options(self) -> list[str]:
        """Return the options of all variants, overruled by this one's."""
        return [*_COMMON, *self.options]


_COMMON = [
    f'{_ATTACH}.start=1',
    'model.neck.normalize_video=False',
    'model.cls_head.discriminator.num_layers=2',
    'model.loss.target=smoothed',
]
_K7 = f'{_ATTACH}.k=7'
_NO_REPRESENTER = ['model.neck.num_layers=0', 'model.neck.attention=uniform']
_NO_DISCRIMINATOR = ['model.cls_head.discriminator.num_layers=0']
_SLOW_DISCRIMINATOR = ['optim_wrapper.paramwise_cfg.custom_keys.discriminator.lr_mult=0.1']

#: Name -> variant.
VARIANTS = {
    'k = 0': Variant([f'{_ATTACH}.k=0']),
    'k = 3': Variant([f'{_ATTACH}.k=3']),
    'k = 5': Variant([f'{_ATTACH}.k=5']),
    'k = 7': Variant([_K7]),
    'k = 3 (bot)': Variant([f'{_ATTACH}.k=3', f'{_ATTACH}.start=7']),
    'k = 7, no representer': Variant([_K7, *_NO_REPRESENTER]),
    'k = 7, no discriminator': Variant([_K7, *_NO_DISCRIMINATOR]),
    'k = 7, discriminator of 1 block': Variant([_K7, 'model.cls_head.discriminator.num_layers=1']),
    'k = 7, discriminator at 0.1 x lr': Variant([_K7, *_SLOW_DISCRIMINATOR]),
    'k = 7, exact target': Variant([_K7, 'model.loss.target=exact']),
    'k = 7, V renormalised': Variant([_K7, 'model.neck.normalize_video=True']),
    # Beyond the paper: which negatives, and where they come from.
    'k = 7 of ranks 1 to 14': Variant([_K7, f'{_ATTACH}.pool=14']),
    'k = 7 of ranks 1 to 14 by score': Variant(
        [_K7, f'{_ATTACH}.pool=14', f'{_ATTACH}.temperature=0.01']
    ),
    'k = 7 of ranks 4 to 14 (semi-hard)': Variant(
        [_K7, f'{_ATTACH}.start=4', f'{_ATTACH}.pool=11']
    ),
    'k = 7, by text alone': Variant([_K7], negatives='text'),
    'k = 7, by the confusions of k = 0': Variant([_K7], negatives='confusions'),
    'k = 7, by a trained k = 7': Variant([_K7], negatives='trained'),
    'k = 7, again every 5 epochs': Variant([_K7], config='configs/toy/mgdm_toy_mine-again.py'),
}
