"""The text side of MGDM: a frozen bank of label texts, and the discriminator over them."""

import json
import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from mmengine.model import BaseModule
from torch import Tensor, nn

from ...clip import embed_dims
from ...corpus import DEFAULT_PROMPT, LabelCorpus
from ...errors import MGDMError
from ...text_bank import TextBank, build_text_bank

__all__ = ['HardNegativeTextHead']

CONTEXTS = ('all', 'single', 'neighbors')

# CLIP starts its learned scale at 1 / 0.07 and never lets it pass 100.
_INITIAL_LOGIT_SCALE = math.log(1 / 0.07)
_MAX_LOGIT_SCALE = math.log(100)


@MODELS.register_module()
class HardNegativeTextHead(BaseModule):
    """Turn label ids into guides and discriminated text embeddings.

    MGDM, section 2.4 and eq. 17-18 (DOI 10.11959/j.issn.1000-436x.2024268). The text bank holds
    CLIP's embedding of every label of the corpus. :meth:`init_weights` computes it, checkpoints
    carry it together with the labels, so that testing a checkpoint needs no CLIP weights.

    Args:
        classes (str or Sequence[str]): Class names of the data set in label order: a list, a text
            file with one a line, or a packaged map ('k400', 'hmdb51', 'ucf101').
        arch (str): CLIP architecture of the text tower.
        pretrained (str, optional): CLIP weights: an open_clip tag or a local file. Defaults to
            None, random weights.
        extra_labels (str or Sequence[str]): More labels to mine negatives from. Defaults to ().
        prompt (str | Sequence[str]): Text with ``{}`` for the label, several of them or a packaged
            list ('actions') for an ensemble, see :func:`~mgdm_mmaction.text_bank.encode_labels`.
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

    Attributes:
        clip_digest (str | None): Fingerprint of the CLIP weights that encoded the texts: those that
            :meth:`init_weights` read, or a checkpoint names.

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
    ) -> None:
        super().__init__()
        if context not in CONTEXTS:
            raise ValueError(f"`context` should be one of {CONTEXTS}, but got '{context}'")
        self.arch = arch
        self.pretrained = pretrained
        self.quick_gelu = quick_gelu
        self.open_vocabulary = open_vocabulary
        self.clip_digest = None
        self.context = context
        self.num_neighbors = num_neighbors
        self.embed_dims = embed_dims(arch)
        self.discriminator = MODELS.build(
            {
                'type': 'SemanticDiscriminator',
                'num_layers': 0,
                **(discriminator or {}),
                'embed_dims': self.embed_dims,
            }
        )
        self.logit_scale = nn.Parameter(torch.tensor(_INITIAL_LOGIT_SCALE))
        self._set_corpus(LabelCorpus(classes, extra_labels, prompt))

    def _set_corpus(self, corpus: LabelCorpus, embeddings: Tensor | None = None) -> None:
        """Take over a corpus, with its text bank or with an empty one."""
        self.corpus = corpus
        self.has_bank = embeddings is not None
        if embeddings is None:
            embeddings = torch.zeros(len(corpus), self.embed_dims)
        device = self.logit_scale.device
        self.register_buffer('text_bank', embeddings.to(device))
        class_ids = torch.as_tensor(corpus.class_ids, dtype=torch.long)
        self.register_buffer('class_ids', class_ids.to(device), persistent=False)

    @property
    def num_classes(self) -> int:
        """int: Number of classes of the data set."""
        return len(self.corpus.classes)

    def init_weights(self) -> None:
        """Compute the text bank and take over CLIP's logit scale."""
        super().init_weights()
        bank = self._encode(self.corpus)
        with torch.no_grad():
            self.text_bank.copy_(bank.embeddings)
            self.logit_scale.copy_(bank.logit_scale)
        self.clip_digest = bank.weights_digest
        self.has_bank = True

    def _encode(self, corpus: LabelCorpus) -> TextBank:
        return build_text_bank(corpus, self.arch, self.pretrained, self.quick_gelu)

    def scale(self) -> Tensor:
        """Return the factor 1 / tau of the scores, at most 100.

        The parameter itself is clamped: clamping only its exponential would leave a scale that
        starts at the limit, as OpenAI's does, without a gradient for good.

        Returns:
            Tensor: Scalar.
        """
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
        bank = self._bank()
        texts = bank[text_ids]
        return texts[:, 0], self.discriminator(texts)

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
        guides = self._bank()[self.class_ids]
        if context == 'all':
            return guides, self.discriminator(guides[None])[0]
        if context == 'single':
            return guides, self.discriminator(guides[:, None])[:, 0]
        # Class, then its nearest classes: [C, 1 + neighbors]
        unit = F.normalize(guides, dim=-1)
        similarity = unit @ unit.t()
        similarity.fill_diagonal_(math.inf)
        nearest = similarity.topk(min(1 + self.num_neighbors, len(guides)), dim=1).indices
        return guides, self.discriminator(guides[nearest])[:, 0]

    def set_classes(self, names: Sequence[str]) -> None:
        """Recognise other classes from now on, without training (open vocabulary).

        Args:
            names (Sequence[str]): The new class names, in label order.

        Raises:
            MGDMError: If the list is empty or names a class twice, or if a name is not in the
                corpus and the CLIP weights of ``pretrained`` cannot be loaded to encode it.
        """
        # The labels known so far stay behind the new ones: no text is ever encoded twice.
        self._bank()
        self._exchange(LabelCorpus(list(names), self.corpus.labels, self.corpus.prompt))

    def _exchange(self, corpus: LabelCorpus) -> None:
        """Replace the corpus by another of the same prompt, and encode what is new in it."""
        known = dict(zip(self.corpus.labels, self.text_bank, strict=True))
        unknown = [label for label in corpus.labels if label not in known]
        if unknown and self.pretrained is None:
            raise MGDMError(
                f'{unknown[:5]} are not among the labels of this model, and there is no CLIP text '
                'tower to encode them: set `cls_head.pretrained` to the CLIP weights that the '
                'model was trained from'
            )
        if unknown:
            new = LabelCorpus(unknown, prompt=corpus.prompt)
            bank = self._encode(new)
            self._check_tower(bank.weights_digest)
            known.update(zip(new.labels, bank.embeddings.to(self.text_bank), strict=True))
        self._set_corpus(corpus, torch.stack([known[label] for label in corpus.labels]))

    def _check_tower(self, digest: str) -> None:
        """Raise if a text tower is not the one that the bank is from."""
        if self.clip_digest is not None:
            same, expected = digest == self.clip_digest, f'the digest {self.clip_digest}'
        else:  # random weights, or a checkpoint written before digests were kept
            label = self.corpus.labels[0]
            text = self._encode(LabelCorpus([label], prompt=self.corpus.prompt)).embeddings[0]
            cosine = F.cosine_similarity(text.to(self.text_bank), self.text_bank[0], dim=0).item()
            same = cosine > 0.999
            expected = f'another digest: {label!r} has a cosine of {cosine:.3f} with itself'
        if not same:
            raise MGDMError(
                f'the CLIP weights of `cls_head.pretrained={self.pretrained!r}` have the digest '
                f'{digest}, but the texts of this model were encoded by weights with {expected}. '
                'Both have to lie in one space: set `cls_head.arch` and `cls_head.pretrained` to '
                'the weights that the model was trained from'
            )

    def _bank(self) -> Tensor:
        # MMAction2's get_flops.py traces a model without weights: the shapes alone matter there.
        if not self.has_bank and not torch.jit.is_tracing():
            raise MGDMError(
                'the text bank is empty: load a checkpoint, or call `model.init_weights()` to '
                'compute it from the CLIP weights'
            )
        return self.text_bank

    # The labels travel in the checkpoint, as bytes: MMEngine broadcasts every entry of a state
    # dict, so each must be a tensor.

    def get_extra_state(self) -> Tensor:
        """Return corpus and digest of CLIP's weights as JSON bytes, uint8 [number of bytes]."""
        state = {**self.corpus.to_dict(), 'clip_digest': self.clip_digest}
        text = json.dumps(state if self.has_bank else None)
        return torch.tensor(list(text.encode()), dtype=torch.uint8)

    def set_extra_state(self, state: Tensor) -> None:
        """Note that a checkpoint has filled the bank; :meth:`_load_from_state_dict` checked it."""
        self.has_bank = self.has_bank or _read_state(state)[0] is not None

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *args) -> None:
        """Load the bank of a checkpoint only where it holds the labels of the config."""
        state = state_dict.get(f'{prefix}_extra_state')
        saved, digest = (None, None) if state is None else _read_state(state)
        if saved == self.corpus:
            self.clip_digest = digest or self.clip_digest
        elif saved is not None:
            if not self.has_bank:
                self._open_vocabulary(saved, state_dict[f'{prefix}text_bank'], digest)
            # Fine-tuning on other labels: the bank that init_weights() computed stays.
            state_dict[f'{prefix}text_bank'] = self.text_bank
        super()._load_from_state_dict(state_dict, prefix, *args)

    def _open_vocabulary(self, saved: LabelCorpus, bank: Tensor, digest: str | None) -> None:
        """Compute the texts of the config's labels beside those of a checkpoint."""
        own = self.corpus
        if not self.open_vocabulary:
            raise MGDMError(
                'the checkpoint was trained with another corpus than the config '
                f'(`cls_head.classes`, `cls_head.extra_labels`, `cls_head.prompt`): '
                f'{saved.difference(own)}. Test with the class list that the '
                'checkpoint was trained with, or, to recognise classes that it was not trained '
                'on, set `cls_head.open_vocabulary=True`'
            )
        if saved.prompt != own.prompt:
            raise MGDMError(
                f'the checkpoint was trained with `cls_head.prompt={saved.prompt!r}`, but the '
                f'config has {own.prompt!r}: other classes are fine under `open_vocabulary`, '
                'another prompt is not. Set the prompt of the checkpoint'
            )
        self._set_corpus(saved, bank.to(self.text_bank))
        self.clip_digest = digest
        self._exchange(own)


def _read_state(state: Tensor) -> tuple[LabelCorpus | None, str | None]:
    """Read corpus and digest back from the bytes of :meth:`HardNegativeTextHead.get_extra_state`.

    Checkpoints written before there was a digest have none.
    """
    content = json.loads(bytes(state.tolist()).decode())
    if content is None:
        return None, None
    digest = content.pop('clip_digest', None)
    return LabelCorpus.from_dict(content), digest
