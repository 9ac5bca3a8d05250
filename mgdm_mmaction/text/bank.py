"""The text bank: CLIP's embedding of every label text, computed once and kept on disk."""

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..clip import build_clip, encode_texts, weights_digest
from .corpus import LabelCorpus

__all__ = ['TextBank', 'build_text_bank', 'cache_dir', 'encode_labels']


class TextBank(NamedTuple):
    """What the text side keeps of CLIP.

    Args:
        embeddings (Tensor): One row a label of the corpus, float32 [n, D], not normalised.
        logit_scale (Tensor): CLIP's learned scale, as a logarithm, scalar.
        weights_digest (str): Fingerprint of CLIP's weights.
    """

    embeddings: Tensor
    logit_scale: Tensor
    weights_digest: str


def cache_dir() -> Path:
    """Return the folder of cached files: ``$MGDM_CACHE``, or ``mgdm_mmaction`` in the user's cache.

    Returns:
        Path: The folder, which may not exist yet.
    """
    base = os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache'
    return Path(os.environ.get('MGDM_CACHE') or Path(base) / 'mgdm_mmaction')


def encode_labels(model: nn.Module, corpus: LabelCorpus, arch: str) -> Tensor:
    """Embed the labels of a corpus.

    With one template it is the embedding of the prompt. With several, its direction is that of the
    mean of the prompts' unit embeddings (CLIP, arXiv:2103.00020, section 3.1.4) and its length the
    mean of their lengths, so that the discriminator sees texts of the length it sees with one.

    Args:
        model (nn.Module): CLIP model of :func:`~mgdm_mmaction.clip.build_clip`.
        corpus (LabelCorpus): n labels.
        arch (str): The model's architecture.

    Returns:
        Tensor: float32 [n, D] on the model's device, not normalised.
    """
    embeddings = encode_texts(model, corpus.prompts, arch)
    if (count := len(corpus.templates)) == 1:
        return embeddings
    embeddings = embeddings.unflatten(0, (-1, count))  # [n, m, D]
    direction = F.normalize(F.normalize(embeddings, dim=-1).mean(dim=1), dim=-1)
    return direction * embeddings.norm(dim=-1).mean(dim=1, keepdim=True)


def build_text_bank(
    corpus: LabelCorpus,
    arch: str,
    pretrained: str | None = None,
    quick_gelu: bool | None = None,
) -> TextBank:
    """Encode the prompts of a corpus with a frozen CLIP text tower (MGDM, section 2.4).

    The tower is dropped afterwards: no training step runs it. The embeddings are cached under a
    key of architecture, weights, prompts and labels; random weights (``pretrained=None``) are not.

    Args:
        corpus (LabelCorpus): The labels and their prompts.
        arch (str): CLIP architecture, as :func:`mgdm_mmaction.clip.build_clip` takes it.
        pretrained (str, optional): Weights, likewise. Defaults to None.
        quick_gelu (bool, optional): Activation, likewise. Defaults to None.

    Returns:
        TextBank: Embeddings [n, D], logit scale and fingerprint of the weights.
    """
    model = build_clip(arch, pretrained, quick_gelu)
    digest = weights_digest(model)
    # The key of a single template is as it was before there were ensembles.
    count = len(corpus.templates)
    key = json.dumps([arch, digest, corpus.prompts] + ([count] if count > 1 else []))
    file = cache_dir() / 'text_bank' / f'{hashlib.sha256(key.encode()).hexdigest()[:32]}.pt'
    if pretrained is not None and file.is_file():
        embeddings = torch.load(file, map_location='cpu', weights_only=True)
    else:
        embeddings = encode_labels(model, corpus, arch)
        if pretrained is not None:
            _save_atomically(embeddings, file)
    return TextBank(embeddings, model.logit_scale.detach().clone(), digest)


def _save_atomically(tensor: Tensor, file: Path) -> None:
    """Write through a temporary file: several ranks may come here at once."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=file.parent, delete=False) as temporary:
        torch.save(tensor, temporary)
    os.replace(temporary.name, file)
