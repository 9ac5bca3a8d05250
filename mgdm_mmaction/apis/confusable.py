"""Metrics that ``tools/test.py`` adds to those of a config."""

from mmengine.config import Config

from ..errors import MGDMError
from ..negatives import read_header
from .checks import find_transforms

__all__ = ['add_metric', 'confusable_pairs']

# The same for every config, whatever it was trained with, so that k = 0 and k = 9 can be compared.
_DEPTH = 7
# MMAction2's own, and what names a video of VideoDataset or RawframeDataset.
_META_KEYS = ('img_shape', 'img_key', 'video_id', 'timestamp')
_PATH_KEYS = ('filename', 'frame_dir', 'offset', 'total_frames')


def add_metric(cfg: Config, metric: dict) -> None:
    """Add a metric to the test of a config, whose samples then carry their paths.

    Args:
        cfg (Config): Changed in place.
        metric (dict): Config of the metric.
    """
    metrics = cfg.get('test_evaluator') or []
    metrics = list(metrics) if isinstance(metrics, (list, tuple)) else [metrics]
    cfg.test_evaluator = [*metrics, metric]
    loader = cfg.get('test_dataloader') or {}
    for transform in find_transforms(loader.get('dataset') or {}):
        if transform.get('type') == 'PackActionInputs':
            keys = transform.get('meta_keys', _META_KEYS)
            transform['meta_keys'] = tuple(dict.fromkeys((*keys, *_PATH_KEYS)))


def confusable_pairs(cfg: Config, negatives_file: str, config_path: str) -> dict:
    """Return the config of :class:`~mgdm_mmaction.evaluation.ConfusablePairAccuracy`.

    Args:
        cfg (Config): The config that is tested.
        negatives_file (str): The file; empty for the one that the config trains with.
        config_path (str): File of the config, for messages.

    Raises:
        MGDMError: If the config names no file, or there is none.
    """
    loader = cfg.get('train_dataloader') or {}
    found = [
        transform['negatives_file']
        for transform in find_transforms(loader.get('dataset') or {})
        if transform.get('type') == 'AttachHardNegatives' and transform.get('negatives_file')
    ]
    if not negatives_file and not found:
        raise MGDMError(
            f'--confusable-pairs: {config_path} trains with no negatives file; name one behind the '
            'option. tools/mine_negatives.py makes it.'
        )
    path = negatives_file or found[0]
    if path.endswith(('.pth', '.py')):
        raise MGDMError(
            f'--confusable-pairs {path}: is no negatives file; if it is what should be '
            'tested, write the option behind it.'
        )
    metric = dict(
        type='ConfusablePairAccuracy',
        negatives_file=path,
        k=min(_DEPTH, read_header(path).k),
    )
    classes = cfg.model.get('cls_head', {}).get('classes')
    return metric if classes is None else {**metric, 'classes': classes}
