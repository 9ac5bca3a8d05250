"""Label texts to tokens and to embeddings."""

import functools
from collections.abc import Callable, Sequence

import open_clip
import torch
from mmengine.logging import print_log
from open_clip.tokenizer import HFTokenizer, SimpleTokenizer
from torch import Tensor, nn

from ..errors import MGDMError
from .architectures import get_arch

__all__ = ['encode_texts', 'tokenize']


def tokenize(texts: Sequence[str] | str, arch: str) -> Tensor:
    """Turn texts into the token ids that an architecture's text tower takes.

    A text that is longer than the tower's context is cut, its last token becomes the end token, and
    a warning says how many were cut.

    Args:
        texts (Sequence[str] | str): n texts.
        arch (str): Architecture, see :func:`~mgdm_mmaction.clip.get_arch`.

    Returns:
        Tensor: int64 of shape [n, L], L the context length.

    Raises:
        MGDMError: If there are no texts, or the tokenizer's files cannot be had.
    """
    texts = [texts] if isinstance(texts, str) else list(texts)
    if not texts:
        raise MGDMError('tokenize: got no texts')
    tokenizer, length = _tokenizer(arch)
    with torch.device('cpu'):  # also where a model is built without values, on the meta device
        tokens = tokenizer(texts, context_length=length)
    if isinstance(tokenizer, SimpleTokenizer):
        # Only a full row can have been cut, so hardly any text is encoded twice.
        full = torch.nonzero(tokens[:, -1]).flatten().tolist()
        cut = [texts[i] for i in full if len(tokenizer.encode(texts[i])) + 2 > length]
        if cut:
            print_log(
                f"{len(cut)} of {len(texts)} texts are longer than the {length} tokens of '{arch}' "
                f"and were cut, the first one: '{cut[0]}'",
                logger='current',
                level=30,
            )
    return tokens


@torch.no_grad()
def encode_texts(
    model: nn.Module, texts: Sequence[str] | str, arch: str, batch_size: int = 256
) -> Tensor:
    """Embed texts with a CLIP model's text tower.

    Args:
        model (nn.Module): CLIP model of :func:`~mgdm_mmaction.clip.build_clip`.
        texts (Sequence[str] | str): n texts.
        arch (str): The model's architecture, which names the tokenizer.
        batch_size (int, optional): Texts in one forward pass. Defaults to 256.

    Returns:
        Tensor: float32 of shape [n, D] on the model's device: projected embeddings of the end
        token, not normalised, without gradient.

    Raises:
        MGDMError: If the tokenizer knows more tokens than the model's vocabulary has.
    """
    tokens = tokenize(texts, arch)
    vocab_size = getattr(model, 'vocab_size', None)
    if vocab_size is not None and int(tokens.max()) >= vocab_size:
        raise MGDMError(
            f"arch '{arch}': the tokenizer made token {int(tokens.max())}, but the model's "
            f'vocabulary has {vocab_size}; the CLIP tokenizer needs text_cfg.vocab_size=49408'
        )
    device = next(model.parameters()).device
    was_training = model.training
    model.eval()
    chunks = [model.encode_text(part.to(device)).float() for part in tokens.split(batch_size)]
    model.train(was_training)
    return torch.cat(chunks)


@functools.lru_cache(maxsize=8)
def _tokenizer(arch: str) -> tuple[Callable, int]:
    """The tokenizer of an architecture and its context length."""
    text_cfg = get_arch(arch)['text_cfg']
    length = int(text_cfg.get('context_length', 77))
    options = dict(text_cfg.get('tokenizer_kwargs') or {})
    name = text_cfg.get('hf_tokenizer_name')
    if arch in open_clip.list_models():
        make = functools.partial(open_clip.get_tokenizer, arch)
    elif name:
        make = functools.partial(HFTokenizer, name, context_length=length, **options)
    else:
        make = functools.partial(SimpleTokenizer, context_length=length, **options)
    try:
        return make(), length
    except Exception as error:
        if not name:
            raise
        # The hub's client raises a different class for every way a download can fail.
        raise MGDMError(
            f"arch '{arch}': its tokenizer '{name}' could not be loaded ({type(error).__name__}). "
            'It comes from the Hugging Face hub and needs the transformers package; without '
            'network take an architecture with the CLIP tokenizer, for example ViT-B-32.'
        ) from error
