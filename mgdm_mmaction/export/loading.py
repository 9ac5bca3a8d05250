"""A trained recogniser, as the commands of this folder take it."""

from collections.abc import Sequence

from mmengine.config import Config

from ..apis.loading import build_recognizer, read_model
from ..errors import MGDMError
from ..models import MGDM

__all__ = ['load_recognizer']


def load_recognizer(
    model: str,
    weights: str | None = None,
    labels: Sequence[str] | None = None,
    pretrained: str | None = None,
    options: dict | None = None,
) -> tuple[MGDM, Config]:
    """Load a trained recogniser on the CPU, in evaluation mode.

    Args:
        model (str): A config, or a checkpoint, in which its config travels.
        weights (str, optional): The checkpoint, where ``model`` is a config. Defaults to None.
        labels (Sequence[str], optional): Other classes to recognise. Defaults to None: those of
            the config or checkpoint.
        pretrained (str, optional): CLIP weights, a tag or a file, for labels that the checkpoint
            does not hold. Defaults to None: those that the config names.
        options (dict, optional): Settings of the config to change, with dots in their keys.
            Defaults to None.

    Returns:
        tuple[MGDM, Config]: The recogniser and its config.

    Raises:
        MGDMError: If a file is missing, is no config or no checkpoint, or they do not fit.

    Example:
        >>> recognizer, cfg = load_recognizer('epoch_20.pth')  # doctest: +SKIP
    """
    cfg, checkpoint, from_checkpoint = read_model(model, weights)
    if checkpoint is None:
        raise MGDMError(f'{model} is a config, which holds no weights: name the checkpoint, too')
    try:
        cfg.merge_from_dict(options or {})
    except Exception as error:
        raise MGDMError(f'--cfg-options {", ".join(options)} does not fit: {error}') from error
    return build_recognizer(cfg, checkpoint, from_checkpoint, labels, pretrained), cfg
