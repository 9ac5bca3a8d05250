"""The contrastive loss over a batch that is augmented with mined hard-negative texts."""

import torch.nn.functional as F
from mmaction.registry import MODELS
from torch import Tensor, nn

__all__ = [
    'AugmentedContrastiveLoss',
    'augmented_contrastive_loss',
    'contrastive_directions',
    'matching_loss',
]

TARGETS = ('smoothed', 'exact')

# Sharpness of the smoothed target: softmax(10 Q), as in the public CLIP recognisers.
_SHARPNESS = 10.0


def augmented_contrastive_loss(
    logits: Tensor, video_labels: Tensor, text_labels: Tensor, target: str = 'smoothed'
) -> Tensor:
    r"""Symmetric KL divergence between the score distributions and the matches of labels.

    MGDM, eq. 4-9 (DOI 10.11959/j.issn.1000-436x.2024268):

    .. math::
        L = \tfrac12 \left[ \mathrm{KL}(Q_{v2t} \| P_{v2t}) + \mathrm{KL}(Q_{t2v} \| P_{t2v})
        \right], \qquad Q_{rc} = [\text{label of text } c = \text{label of video } r]

    Every KL is the mean over its rows. The paper repeats each video for the 1 + k texts of its
    group; with a mean over rows the repetition cancels in both directions, so this compact form
    gives the same value.

    Args:
        logits (Tensor): Scores already divided by the temperature, [B, L].
        video_labels (Tensor): Corpus id of each video's class, int [B].
        text_labels (Tensor): Corpus id of each text, int [L].
        target (str): 'smoothed' takes softmax(10 Q) along each row, so that a text which no video
            of the batch matches has a uniform target; 'exact' normalises the rows of Q and leaves
            out the rows without a match. Both are ours: the paper does not say.
            Defaults to 'smoothed'.

    Returns:
        Tensor: Scalar loss.

    Raises:
        ValueError: If ``target`` is unknown or the shapes do not fit.

    Example:
        >>> import torch
        >>> logits = torch.zeros(2, 4)
        >>> augmented_contrastive_loss(
        ...     logits, torch.tensor([0, 1]), torch.tensor([0, 2, 1, 3]), target='exact')
        tensor(1.0397)
    """
    video_to_text, text_to_video = contrastive_directions(logits, video_labels, text_labels, target)
    return (video_to_text + text_to_video) / 2


def matching_loss(logits: Tensor, matches: Tensor, target: str = 'smoothed') -> Tensor:
    """Symmetric KL divergence as in :func:`augmented_contrastive_loss`, for any matches.

    Args:
        logits (Tensor): Scores already divided by the temperature, [B, L].
        matches (Tensor): Whether row and column belong together, bool [B, L].
        target (str): See :func:`augmented_contrastive_loss`. Defaults to 'smoothed'.

    Returns:
        Tensor: Scalar loss.
    """
    rows = _directional_loss(logits, matches, target)
    return (rows + _directional_loss(logits.t(), matches.t(), target)) / 2


def contrastive_directions(
    logits: Tensor, video_labels: Tensor, text_labels: Tensor, target: str = 'smoothed'
) -> tuple[Tensor, Tensor]:
    r"""Compute the two divergences whose mean is the loss; MGDM, eq. 7-8.

    Args:
        logits (Tensor): See :func:`augmented_contrastive_loss`, [B, L].
        video_labels (Tensor): Likewise, int [B].
        text_labels (Tensor): Likewise, int [L].
        target (str): Likewise. Defaults to 'smoothed'.

    Returns:
        tuple[Tensor, Tensor]: :math:`\mathrm{KL}(Q_{v2t} \| P_{v2t})`, each video over the texts,
        and :math:`\mathrm{KL}(Q_{t2v} \| P_{t2v})`, each text over the videos; scalars.

    Raises:
        ValueError: If ``target`` is unknown or the shapes do not fit.
    """
    if logits.shape != (len(video_labels), len(text_labels)):
        raise ValueError(
            f'`logits` should be [{len(video_labels)}, {len(text_labels)}] (videos x texts), '
            f'but got {list(logits.shape)}'
        )
    matches = video_labels[:, None] == text_labels[None, :]
    return (
        _directional_loss(logits, matches, target),
        _directional_loss(logits.t(), matches.t(), target),
    )


def _directional_loss(logits: Tensor, matches: Tensor, target: str) -> Tensor:
    """KL(Q || P), the mean over rows, of one direction."""
    matches = matches.to(logits.dtype)
    if target == 'smoothed':
        distribution = (_SHARPNESS * matches).softmax(dim=1)
    elif target == 'exact':
        # Rows without a match have no mass, so they add nothing to the sum.
        total = matches.sum(dim=1, keepdim=True)
        divergence = F.kl_div(
            logits.log_softmax(dim=1), matches / total.clamp_min(1), reduction='sum'
        )
        return divergence / (total > 0).sum()
    else:
        raise ValueError(f"`target` should be one of {TARGETS}, but got '{target}'")
    return F.kl_div(logits.log_softmax(dim=1), distribution, reduction='batchmean')


@MODELS.register_module()
class AugmentedContrastiveLoss(nn.Module):
    """Module of :func:`augmented_contrastive_loss`; MGDM, eq. 9.

    Args:
        target (str): 'smoothed' or 'exact'. Defaults to 'smoothed'.
        loss_weight (float): Factor of the loss. Defaults to 1.0.

    Raises:
        ValueError: If ``target`` is unknown.
    """

    def __init__(self, target: str = 'smoothed', loss_weight: float = 1.0) -> None:
        super().__init__()
        if target not in TARGETS:
            raise ValueError(f"`target` should be one of {TARGETS}, but got '{target}'")
        self.target = target
        self.loss_weight = loss_weight

    def forward(
        self, logits: Tensor, video_labels: Tensor, text_labels: Tensor
    ) -> dict[str, Tensor]:
        """Compute the loss and its parts.

        Args:
            logits (Tensor): Scores already divided by the temperature, [B, L].
            video_labels (Tensor): Corpus id of each video's class, int [B].
            text_labels (Tensor): Corpus id of each text, int [L].

        Returns:
            dict[str, Tensor]: ``loss_contrastive``, and for the log alone, without gradient and
            weight, ``kl_video_to_text`` and ``kl_text_to_video``, of which it is the mean. MMEngine
            adds up what has 'loss' in its name, and nothing else.
        """
        parts = contrastive_directions(logits, video_labels, text_labels, self.target)
        return dict(
            loss_contrastive=self.loss_weight * (sum(parts) / 2),
            kl_video_to_text=parts[0].detach(),
            kl_text_to_video=parts[1].detach(),
        )
