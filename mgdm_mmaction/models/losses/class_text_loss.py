"""Loss of videos over the texts of all classes, and the labels that losses are given."""

import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from torch import Tensor, nn

from ...errors import MGDMError
from ..layers.gather import all_gather_batch

__all__ = ['ClassTextLoss', 'class_targets', 'single_labels']


def class_targets(data_samples: list, num_classes: int) -> Tensor:
    """Return how much of each class samples ask for.

    Args:
        data_samples (list[ActionDataSample]): With ``gt_label``: a class, or a number for each of
            the C classes, as for several labels a video and behind mixup and cutmix.
        num_classes (int): C.

    Returns:
        Tensor: float32 [N, C].

    Raises:
        MGDMError: If a label has another number of numbers.
    """
    labels = [sample.gt_label for sample in data_samples]
    if all(map(_is_class, labels)):
        classes = torch.cat(labels)[:, None]
        targets = torch.zeros(len(classes), num_classes, device=classes.device)
        return targets.scatter_(1, classes, 1.0)
    # Our commands say it before a run; MMAction2's own come here.
    for label in labels:
        if label.numel() != num_classes:
            raise MGDMError(
                f'a label has {label.numel()} classes, but the model has {num_classes}: set '
                '`num_classes` of data_preprocessor.blending, or of the data set, to that number'
            )
    return torch.stack(labels).float()


def single_labels(data_samples: list) -> Tensor:
    """Return the classes of samples that have one each, as contrastive losses need them.

    Args:
        data_samples (list[ActionDataSample]): With ``gt_label``.

    Returns:
        Tensor: int [N].

    Raises:
        MGDMError: If a video has several.
    """
    labels = [sample.gt_label for sample in data_samples]
    if not all(map(_is_class, labels)):
        raise MGDMError(
            'a contrastive loss needs one class a video: leave out data_preprocessor.blending and '
            'multi_class, or train a recogniser that takes `class_loss` with that alone'
        )
    return torch.cat(labels)


def _is_class(label: Tensor) -> bool:
    return label.numel() == 1 and not label.is_floating_point()


@MODELS.register_module()
class ClassTextLoss(nn.Module):
    r"""Cross-entropy of the scores of all classes, as classifiers have it.

    .. math:: L = -\frac1B \sum_r \sum_c Q_{rc} \log \mathrm{softmax}_c(s_r), \qquad
        Q = (1 - \varepsilon) T + \varepsilon / C

    for scores s and targets T of the B videos of all ranks; a video of several labels has an equal
    share of each.

    Args:
        label_smoothing (float): :math:`\varepsilon`. Defaults to 0.1.
        loss_weight (float): Factor of the loss. Defaults to 1.0.
        multi_label (bool): Ask of every class by itself whether it is there: binary cross-entropy,
            the mean over videos and classes, smoothed towards 1/2. The head needs a ``threshold``
            to say where yes begins. Defaults to False.
    """

    def __init__(
        self, label_smoothing: float = 0.1, loss_weight: float = 1.0, multi_label: bool = False
    ) -> None:
        super().__init__()
        self.label_smoothing, self.loss_weight = label_smoothing, loss_weight
        self.multi_label = multi_label

    def forward(self, logits: Tensor, data_samples: list) -> dict[str, Tensor]:
        """Compute the loss of the global batch.

        Args:
            logits (Tensor): Scores of this rank, :meth:`CLIPRecognizer.score`, [N, views, C]; each
                view counts as a video.
            data_samples (list[ActionDataSample]): Those of :func:`class_targets`.

        Returns:
            dict[str, Tensor]: ``loss_cls``, and for the log ``top1_acc``: the share of videos whose
            best class is theirs, or one of theirs.
        """
        targets = class_targets(data_samples, logits.shape[-1]).to(logits)
        targets = targets.repeat_interleave(logits.shape[1], dim=0)
        logits, targets = all_gather_batch(logits.flatten(0, 1), targets)
        if self.multi_label:
            smoothed = targets.lerp(torch.full_like(targets, 0.5), self.label_smoothing)
            loss = F.binary_cross_entropy_with_logits(logits, smoothed)
        else:
            shares = targets / targets.sum(1, keepdim=True).clamp_min(1)
            loss = F.cross_entropy(logits, shares, label_smoothing=self.label_smoothing)
        right = targets.gather(1, logits.argmax(-1, keepdim=True))[:, 0] == targets.amax(1)
        return dict(loss_cls=self.loss_weight * loss, top1_acc=right.float().mean())
