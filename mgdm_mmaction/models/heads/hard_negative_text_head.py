"""The text side of MGDM: a bank of label texts, and the discriminator over them."""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from mmengine.model import BaseModule
from torch import Tensor, nn

from ...errors import MGDMError
from ...text.bank import TextBank
from ...text.corpus import DEFAULT_PROMPT, LabelCorpus
from ..losses.class_text_loss import single_labels

__all__ = ['HardNegativeTextHead']

CONTEXTS = ('all', 'single', 'neighbors')

# CLIP starts its learned scale at 1 / 0.07 and never lets it pass 100.
_INITIAL_LOGIT_SCALE = math.log(1 / 0.07)
_MAX_LOGIT_SCALE = math.log(100)


@MODELS.register_module()
class HardNegativeTextHead(BaseModule):
    """Turn label ids into guides and discriminated text embeddings.

    MGDM, section 2.4 and eq. 17-18 (DOI 10.11959/j.issn.1000-436x.2024268).

    Args:
        classes (str or Sequence[str]): Class names of the data set in label order: a list, a text
            file with one a line, or a packaged map ('k400', 'hmdb51', 'ucf101').
        arch (str): CLIP architecture of the text tower.
        pretrained (str, optional): CLIP weights: an open_clip tag or a local file. Defaults to
            None, random weights.
        extra_labels (str or Sequence[str]): More labels to mine negatives from. Defaults to ().
        prompt (str | Sequence[str]): Text with ``{}`` for the label, several of them or a packaged
            list ('actions') for an ensemble, see :func:`~mgdm_mmaction.text.bank.encode_labels`.
            Defaults to 'This is a video about {}'.
        discriminator (dict, optional): Config of :class:`SemanticDiscriminator`, without the
            width. None leaves the texts as they are. Defaults to ``dict(num_layers=2)``.
        context (str): What stands beside a class in the discriminator at test time. 'all': one
            sequence of all classes, the paper's wording; 'single': each class alone; 'neighbors':
            each class with its nearest ones by text, the shape seen in training.
            Defaults to 'all'.
        num_neighbors (int): Classes beside each class for 'neighbors'. Defaults to 7.
        quick_gelu (bool, optional): Activation of the text tower, where the weights do not tell;
            as the backbone's. Defaults to None.
        open_vocabulary (bool): Test a checkpoint that was trained on other classes, on those of
            ``classes``: all of it is loaded but its labels, and texts it does not hold are encoded
            by the CLIP of ``pretrained``, which has to be the one it was trained from. Without
            it such a checkpoint is refused. Defaults to False.
        train_text (bool): Train the text tower, too, see
            :class:`~mgdm_mmaction.text.bank.TextBank`. Defaults to False: it is frozen and runs
            once, as in the paper.
        with_cp (bool): Recompute the blocks of a trained text tower in the backward pass to save
            memory. Defaults to False.
        prompt_tokens (int): Learn so many tokens of the prompt, the first ones, see
            :class:`~mgdm_mmaction.text.bank.TextBank`. Defaults to 0.
        threshold (float, optional): For several labels a video: the similarity, learned from this
            one on, above which a class is there. It is taken off before the temperature, so that
            the sigmoid of the score is 1/2 there. Defaults to None.

    Attributes:
        text_bank (TextBank): The labels and their CLIP embeddings.
        context (str | None): As above; None without a discriminator, where it changes nothing.

    Raises:
        ValueError: If ``context`` is unknown.
        MGDMError: If the class names cannot be read.
    """

    def __init__(
        self,
        classes: str | Sequence[str],
        arch: str,
        pretrained: str | None = None,
        extra_labels: str | Sequence[str] = (),
        prompt: str | Sequence[str] = DEFAULT_PROMPT,
        discriminator: dict | None = dict(num_layers=2),  # noqa: B006 (read only)
        context: str = 'all',
        num_neighbors: int = 7,
        quick_gelu: bool | None = None,
        open_vocabulary: bool = False,
        train_text: bool = False,
        with_cp: bool = False,
        prompt_tokens: int = 0,
        threshold: float | None = None,
    ) -> None:
        super().__init__()
        if context not in CONTEXTS:
            raise ValueError(f"`context` should be one of {CONTEXTS}, but got '{context}'")
        self.text_bank = TextBank(
            LabelCorpus(classes, extra_labels, prompt),
            arch,
            pretrained,
            quick_gelu,
            open_vocabulary,
            train_text,
            with_cp,
            prompt_tokens,
        )
        self.num_neighbors = num_neighbors
        self.discriminator = MODELS.build(
            {
                'type': 'SemanticDiscriminator',
                'num_layers': 0,
                **(discriminator or {}),
                'embed_dims': self.text_bank.embed_dims,
            }
        )
        self.context = context if getattr(self.discriminator, 'num_layers', True) else None
        self.logit_scale = nn.Parameter(torch.tensor(_INITIAL_LOGIT_SCALE))
        self.threshold = None if threshold is None else nn.Parameter(torch.tensor(float(threshold)))
        self._ids_checked = False

    def init_weights(self) -> None:
        """Compute the text bank and take over CLIP's logit scale."""
        super().init_weights()
        with torch.no_grad():
            self.logit_scale.copy_(self.text_bank.clip_logit_scale)

    def scale(self) -> Tensor:
        """Return the factor 1 / tau of the scores, at most 100.

        Where gradients are wanted the parameter itself is clamped: clamping only its exponential
        would leave a scale that starts at the limit, as OpenAI's does, without one for good.

        Returns:
            Tensor: Scalar.
        """
        if not torch.is_grad_enabled():
            return self.logit_scale.clamp(max=_MAX_LOGIT_SCALE).exp()
        with torch.no_grad():
            self.logit_scale.clamp_(max=_MAX_LOGIT_SCALE)
        return self.logit_scale.exp()

    def forward(self, text_ids: Tensor) -> tuple[Tensor, Tensor]:
        """Embed the positive text of each video with its hard negatives (eq. 17-18).

        Args:
            text_ids (Tensor): Corpus ids, positive first, int [B, 1 + k].

        Returns:
            tuple[Tensor, Tensor]: Guides [B, D], which are the undiscriminated positives, and
            discriminated texts [B, 1 + k, D].

        Raises:
            MGDMError: If the text bank was never computed.
        """
        texts = self.text_bank(text_ids)
        return texts[:, 0], self.discriminator(texts)

    def text_ids(self, data_samples: list) -> Tensor:
        """Collect the corpus ids of a training batch, positive first.

        Args:
            data_samples (list[ActionDataSample]): With ``gt_label``; with ``text_ids`` from
                :class:`AttachHardNegatives`, or k = 0.

        Returns:
            Tensor: int [N, 1 + k].

        Raises:
            MGDMError: If the ids are those of another corpus, or a label is blended.
        """
        positives = self.text_bank.class_ids[single_labels(data_samples)]
        if 'text_ids' not in data_samples[0]:
            return positives[:, None]
        text_ids = torch.stack([torch.as_tensor(sample.text_ids) for sample in data_samples])
        text_ids = text_ids.to(positives.device)
        # Once is enough: a negatives file of another corpus is wrong in every batch. On the meta
        # device, where operations are counted, nothing has values.
        unchecked = not (self._ids_checked or positives.is_meta)
        if unchecked and not torch.equal(text_ids[:, 0], positives):
            raise MGDMError(
                'the negatives file and the model disagree on the ids of the labels: mine again '
                'with this config, so that both use `cls_head.classes` and `cls_head.extra_labels`'
            )
        self._ids_checked = True
        return text_ids

    def encode_classes(self, context: str | None = None) -> tuple[Tensor, Tensor]:
        """Embed all classes of the data set, for testing.

        Args:
            context (str, optional): 'all', 'single' or 'neighbors'. Defaults to the head's own.

        Returns:
            tuple[Tensor, Tensor]: Guides [C, D] and texts [C, D].

        Raises:
            MGDMError: If the text bank was never computed.
        """
        context = context or self.context
        guides = self.text_bank.class_texts()
        if context in ('all', None):
            return guides, self.discriminator(guides[None])[0]
        if context == 'single':
            return guides, self.discriminator(guides[:, None])[:, 0]
        # Class, then its nearest classes: [C, 1 + neighbors]
        unit = F.normalize(guides, dim=-1)
        similarity = unit @ unit.t()
        similarity.fill_diagonal_(math.inf)
        nearest = similarity.topk(min(1 + self.num_neighbors, len(guides)), dim=1).indices
        return guides, self.discriminator(guides[nearest])[:, 0]
