"""Whether a checkpoint is of the architecture of a recogniser."""

from ...errors import MGDMError

__all__ = ['check_architecture']

# Whether these fit is for the text head to say: it knows about fine-tuning on other labels.
_CORPUS_KEYS = ('cls_head.text_bank', 'cls_head._extra_state')


def check_architecture(own: dict, loaded: dict, prefix: str = '') -> None:
    """Refuse a checkpoint of another architecture, which MMEngine would load in part.

    Args:
        own (dict): State of the model.
        loaded (dict): State of the checkpoint.
        prefix (str, optional): Where the model begins in its names. Defaults to ''.

    Raises:
        MGDMError: If names or shapes differ, but for the corpus.
    """
    loaded = {key[len(prefix) :]: value for key, value in loaded.items() if key.startswith(prefix)}
    if not any(key.startswith('cls_head.') for key in own):  # swapped to take features
        loaded = {key: v for key, v in loaded.items() if not key.startswith('cls_head.')}
    # The same holds for other banks of texts that a method has.
    banks = [key for key in own | loaded if key.endswith('._extra_state')]
    texts = {*_CORPUS_KEYS, *banks, *(key[: -len('_extra_state')] + 'embeddings' for key in banks)}
    own = {key: value for key, value in own.items() if key not in texts}
    loaded = {key: value for key, value in loaded.items() if key not in texts}
    faults: list[str] = []
    for title, keys in (
        ('missing in the checkpoint', own.keys() - loaded.keys()),
        ('unknown to the model', loaded.keys() - own.keys()),
    ):
        if keys:
            first = ', '.join(sorted(keys)[:3])
            faults.append(f'{len(keys)} weights {title} ({first}{", ..." * (len(keys) > 3)})')
    shapes = [
        f'{key} is {list(loaded[key].shape)} there and {list(own[key].shape)} here'
        for key in sorted(own.keys() & loaded.keys())
        if own[key].shape != loaded[key].shape
    ]
    if shapes:
        faults.append(f'{len(shapes)} weights of another shape ({"; ".join(shapes[:3])})')
    if faults:
        raise MGDMError(
            'the checkpoint is of another architecture than the config: '
            + '; '.join(faults)
            + '. Use the config that the checkpoint was trained with: it lies beside it in the '
            'work directory'
        )
