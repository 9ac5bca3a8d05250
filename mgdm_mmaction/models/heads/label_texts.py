"""The labels of a text head with their frozen embeddings, and how both travel in checkpoints."""

import json
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor

from ...clip import embed_dims
from ...errors import MGDMError
from ...text.bank import TextBank, build_text_bank
from ...text.corpus import LabelCorpus

__all__ = ['LabelTexts', 'read_label_state']


class LabelTexts(BaseModule):
    """Hold a corpus and CLIP's embedding of each of its labels, the text bank.

    A checkpoint carries both, so that testing it needs no CLIP weights; one with other labels is
    refused, gives way to those of the config, or is completed by the text tower.

    Args:
        corpus (LabelCorpus): The labels.
        arch (str): CLIP architecture of the text tower.
        pretrained (str, optional): CLIP weights: an open_clip tag or a local file. Defaults to
            None, random weights.
        quick_gelu (bool, optional): See :class:`HardNegativeTextHead`. Defaults to None.
        open_vocabulary (bool): Take checkpoints of other labels, and encode those they do not
            hold. Defaults to False.

    Attributes:
        corpus (LabelCorpus): The labels at the moment.
        text_bank (Tensor): Their embeddings [n, D]; zeros until ``has_bank``.
        class_ids (Tensor): Corpus id of each class, int [C].
        clip_digest (str | None): Fingerprint of the CLIP weights that encoded the texts: those that
            were read, or that a checkpoint names.
    """

    def __init__(
        self,
        corpus: LabelCorpus,
        arch: str,
        pretrained: str | None = None,
        quick_gelu: bool | None = None,
        open_vocabulary: bool = False,
    ) -> None:
        super().__init__()
        self.arch = arch
        self.pretrained = pretrained
        self.quick_gelu = quick_gelu
        self.open_vocabulary = open_vocabulary
        self.clip_digest = None
        self.embed_dims = embed_dims(arch)
        self._set_corpus(corpus)

    @property
    def num_classes(self) -> int:
        """int: Number of classes of the data set."""
        return len(self.corpus.classes)

    def _set_corpus(self, corpus: LabelCorpus, embeddings: Tensor | None = None) -> None:
        """Take over a corpus, with its text bank or with an empty one."""
        self.corpus = corpus
        self.has_bank = embeddings is not None
        if embeddings is None:
            embeddings = torch.zeros(len(corpus), self.embed_dims)
        else:
            embeddings = embeddings.to(self.text_bank.device)
        self.register_buffer('text_bank', embeddings)
        class_ids = torch.as_tensor(corpus.class_ids, dtype=torch.long)
        self.register_buffer('class_ids', class_ids.to(embeddings.device), persistent=False)

    def _encode(self, corpus: LabelCorpus) -> TextBank:
        return build_text_bank(corpus, self.arch, self.pretrained, self.quick_gelu)

    def _fill(self, bank: TextBank) -> None:
        """Take over the embeddings of all labels."""
        with torch.no_grad():
            self.text_bank.copy_(bank.embeddings)
        self.clip_digest = bank.weights_digest
        self.has_bank = True

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
        self.has_bank = self.has_bank or read_label_state(state)[0] is not None

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *args) -> None:
        """Load the bank of a checkpoint only where it holds the labels of the config."""
        state = state_dict.get(f'{prefix}_extra_state')
        saved, digest = (None, None) if state is None else read_label_state(state)
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


def read_label_state(state: Tensor) -> tuple[LabelCorpus | None, str | None]:
    """Read corpus and digest back from the bytes of :meth:`LabelTexts.get_extra_state`.

    Checkpoints written before there was a digest have none.

    Args:
        state (Tensor): The bytes, uint8 [number of bytes].

    Returns:
        tuple[LabelCorpus | None, str | None]: Corpus, None if the bank was never computed, and
        digest of CLIP's weights.
    """
    content = json.loads(bytes(state.tolist()).decode())
    if content is None:
        return None, None
    digest = content.pop('clip_digest', None)
    return LabelCorpus.from_dict(content), digest
