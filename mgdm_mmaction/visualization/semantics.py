"""Where the two halves of a video vector see every class text."""

from typing import NamedTuple

import torch
from torch import Tensor

from ..errors import MGDMError
from ..models.recognizers.clip_recognizer import CLIPRecognizer, as_float

__all__ = ['HalfSimilarities', 'half_similarities']


class HalfSimilarities(NamedTuple):
    """Points of the scatter, one a class.

    Args:
        raw (Tensor): With the text embeddings of CLIP, [N, C, 2]: left half, right half.
        discriminated (Tensor): With those that the discriminator made of them, [N, C, 2].
    """

    raw: Tensor
    discriminated: Tensor


@torch.no_grad()
def half_similarities(model: CLIPRecognizer, inputs: Tensor) -> HalfSimilarities:
    r"""Compare the halves of the video vector with the halves of every class text.

    MGDM, figures 4 and 5 (DOI 10.11959/j.issn.1000-436x.2024268): a vector of width D is cut in
    two; the similarity of the left halves is x, that of the right halves y. What the paper leaves
    open is ours:

    - The video vector of class c is :math:`V_c`, the frames weighed by the attention that text c
      guides (eq. 16): the one that the model scores class c with. The guide is the raw text in
      both cases, so that only the text that :math:`V_c` is compared with differs.
    - A similarity is the part that a half adds to the model's score: the product of the halves of
      :math:`V_c` and the unit vector of the text, each normalised as a whole. So x + y is the score
      before the temperature, and of two classes the one further to the upper right wins.

    Args:
        model (CLIPRecognizer): In evaluation mode. Its ``encode_classes`` returns the raw texts
            [C, D] and what it makes of them, [C, D].
        inputs (Tensor): Normalised frames [N, views x T, 3, H, W]; points are means over views.

    Returns:
        HalfSimilarities: float32 or wider, on the model's device.

    Raises:
        MGDMError: If the model compares videos with other texts than such.
    """
    raw, classes = model.text_bank.class_texts(), model.encode_classes()
    pair = isinstance(classes, tuple) and len(classes) == 2
    if not (pair and torch.equal(classes[0], raw) and classes[1].shape == raw.shape):
        raise MGDMError(
            f'{type(model).__name__} does not discriminate the texts of its classes: there are no '
            'two kinds of texts to compare. Use a checkpoint of an MGDM config.'
        )
    video = as_float(model.encode_video(inputs))
    return HalfSimilarities(*(_halves(model, video, raw, texts) for texts in classes))


def _halves(model: CLIPRecognizer, video: Tensor, guides: Tensor, texts: Tensor) -> Tensor:
    """Return what either half of the texts adds to the similarity, [N, C, 2]."""
    guides, texts = as_float(guides), as_float(texts)
    halves = torch.stack([texts, texts])  # [2, C, D]
    middle = texts.shape[-1] // 2
    halves[0, :, middle:] = halves[1, :, :middle] = 0
    # The model normalises a half on its own; its share of the whole length undoes it.
    shares = halves.norm(dim=-1) / texts.norm(dim=-1)
    similarities = [model.similarity(video, (guides, half)).mean(1) for half in halves]
    return torch.stack([x * share for x, share in zip(similarities, shares, strict=True)], dim=-1)
