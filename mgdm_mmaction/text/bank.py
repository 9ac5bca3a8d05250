"""The text bank: CLIP's embedding of every label text, frozen or by a tower in training."""

import hashlib
import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from ..clip import (
    build_clip,
    build_text,
    embed_dims,
    encode_texts,
    set_activation,
    text_state,
    tokenize,
    uses_quick_gelu,
    weights_digest,
)
from ..errors import MGDMError
from .corpus import LabelCorpus

__all__ = [
    'EncodedLabels',
    'TextBank',
    'cache_dir',
    'encode_corpus',
    'encode_labels',
    'read_labels_state',
]

_TEXTS_AT_ONCE = 256


class EncodedLabels(NamedTuple):
    """What a CLIP model says of a corpus.

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
    return _join_templates(embeddings.unflatten(0, (-1, len(corpus.templates))))


def _join_templates(embeddings: Tensor) -> Tensor:
    """One embedding a label [n, D] from those of its m prompts [n, m, D]."""
    if embeddings.shape[1] == 1:
        return embeddings[:, 0]
    direction = F.normalize(F.normalize(embeddings, dim=-1).mean(dim=1), dim=-1)
    return direction * embeddings.norm(dim=-1).mean(dim=1, keepdim=True)


def encode_corpus(
    corpus: LabelCorpus,
    arch: str,
    pretrained: str | None = None,
    quick_gelu: bool | None = None,
) -> EncodedLabels:
    """Encode the prompts of a corpus with a frozen CLIP text tower (MGDM, section 2.4).

    The tower is dropped afterwards: no training step runs it. The embeddings are cached under a
    key of architecture, weights, prompts and labels; random weights (``pretrained=None``) are not.

    Args:
        corpus (LabelCorpus): The labels and their prompts.
        arch (str): CLIP architecture, as :func:`mgdm_mmaction.clip.build_clip` takes it.
        pretrained (str, optional): Weights, likewise. Defaults to None.
        quick_gelu (bool, optional): Activation, likewise. Defaults to None.

    Returns:
        EncodedLabels: Embeddings [n, D], logit scale and fingerprint of the weights.
    """
    model = build_clip(arch, pretrained, quick_gelu)
    digest = weights_digest(model)
    count = len(corpus.templates)
    key = json.dumps([arch, digest, corpus.prompts] + ([count] if count > 1 else []))
    file = cache_dir() / 'text_bank' / f'{hashlib.sha256(key.encode()).hexdigest()[:32]}.pt'
    if pretrained is not None and file.is_file():
        embeddings = torch.load(file, map_location='cpu', weights_only=True)
    else:
        embeddings = encode_labels(model, corpus, arch)
        if pretrained is not None:
            _save_atomically(embeddings, file)
    return EncodedLabels(embeddings, model.logit_scale.detach().clone(), digest)


def _save_atomically(tensor: Tensor, file: Path) -> None:
    """Write through a temporary file: several ranks may come here at once."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=file.parent, delete=False) as temporary:
        torch.save(tensor, temporary)
    os.replace(temporary.name, file)


class TextBank(BaseModule):
    """The label texts of a data set as CLIP embeddings, by corpus id.

    Frozen, the default: :meth:`init_weights` encodes every label once, the embeddings are a buffer,
    and no step runs the text tower. With ``train_text`` the tower is part of the model: a training
    step encodes the distinct labels it is asked for once, evaluation encodes all labels once and
    keeps them until the weights change (``train()``, ``eval()`` or loading a checkpoint). So it is
    with ``prompt_tokens``, whether the tower is trained or frozen: the tokens between the start and
    the label are vectors of their own, which start as those of the prompt and are shared by all
    labels (CoOp, arXiv:2109.01134).

    A checkpoint carries the labels, and the embeddings or the tower, so that testing it needs no
    CLIP weights. One with other labels is refused, gives way to those of the config when
    :meth:`init_weights` has run (fine-tuning), or is completed by the text tower
    (``open_vocabulary``).

    Args:
        corpus (LabelCorpus): The n labels; its C classes come first.
        arch (str): CLIP architecture of the text tower.
        pretrained (str, optional): CLIP weights: an open_clip tag or a local file. Defaults to
            None, random weights.
        quick_gelu (bool, optional): Activation of the tower, where the weights do not say.
            Defaults to None.
        open_vocabulary (bool): Take checkpoints of other labels, and encode those they do not
            hold. Defaults to False.
        train_text (bool): Train the text tower. Defaults to False.
        with_cp (bool): Recompute the blocks of a trained tower in the backward pass. Defaults to
            False.
        prompt_tokens (int): Learn so many tokens of the prompt, the first ones. Defaults to 0.

    Attributes:
        corpus (LabelCorpus): The labels at the moment.
        class_ids (Tensor): Corpus id of each class, int [C].
        ready (bool): Whether there are texts: computed, or from a checkpoint.
        clip_digest (str | None): Fingerprint of the CLIP weights that encoded the texts, or that
            the tower started from.
        clip_logit_scale (Tensor | None): CLIP's learned scale, after :meth:`init_weights`.

    Raises:
        MGDMError: If the prompt has fewer tokens in front of the label than are to be learned.
    """

    def __init__(
        self,
        corpus: LabelCorpus,
        arch: str,
        pretrained: str | None = None,
        quick_gelu: bool | None = None,
        open_vocabulary: bool = False,
        train_text: bool = False,
        with_cp: bool = False,
        prompt_tokens: int = 0,
    ) -> None:
        super().__init__()
        self.arch = arch
        self.pretrained = pretrained
        self.quick_gelu = quick_gelu
        self.open_vocabulary = open_vocabulary
        self.embed_dims = embed_dims(arch)
        self.ready = False
        self.clip_digest: str | None = None
        self.clip_logit_scale: Tensor | None = None
        self._encoded: Tensor | None = None
        self.tower = build_text(arch, quick_gelu) if train_text or prompt_tokens else None
        if self.tower is not None and with_cp:
            self.tower.set_grad_checkpointing(True)
        self.prompt_tokens: nn.Parameter | None = None
        if prompt_tokens:
            _check_prompt(corpus, arch, prompt_tokens)
            self.tower.requires_grad_(train_text)
            width = self.tower.token_embedding.embedding_dim
            self.prompt_tokens = nn.Parameter(torch.zeros(prompt_tokens, width))
            self.tower.token_embedding.register_forward_hook(self._put_prompt)
        self._set_corpus(corpus, torch.zeros(len(corpus), self.embed_dims))

    @property
    def classes(self) -> list[str]:
        """list[str]: Class names of the data set, in label order."""
        return list(self.corpus.classes)

    @property
    def labels(self) -> list[str]:
        """list[str]: All n labels of the corpus, as words; label i has the id i."""
        return list(self.corpus.labels)

    def init_weights(self) -> None:
        """Encode all labels with the weights of ``pretrained``, or load them into the tower."""
        super().init_weights()
        if self.tower is None:
            encoded = self._encode(self.corpus)
            with torch.no_grad():
                self.embeddings.copy_(encoded.embeddings)
            self.clip_digest, self.clip_logit_scale = encoded.weights_digest, encoded.logit_scale
        else:
            model = build_clip(self.arch, self.pretrained, self.quick_gelu)
            self.tower.load_state_dict(text_state(model))
            set_activation(self.tower, uses_quick_gelu(model))
            self.clip_digest = weights_digest(model)
            self.clip_logit_scale = model.logit_scale.detach().clone()
        if self.prompt_tokens is not None:
            words = self.tokens[0, 0, 1 : 1 + len(self.prompt_tokens)]
            with torch.no_grad():
                self.prompt_tokens.copy_(self.tower.token_embedding.weight[words])
        self._encoded = None
        self.ready = True

    def forward(self, ids: Tensor) -> Tensor:
        """Look label texts up, or encode them.

        Args:
            ids (Tensor): Corpus ids, int [...].

        Returns:
            Tensor: Embeddings [..., D], not normalised.

        Raises:
            MGDMError: If there are no texts yet.
        """
        self._require_texts()
        if self.tower is None:
            return self.embeddings[ids]
        if self.training or torch.is_grad_enabled():
            if ids.is_meta:  # operations are counted, of values that nobody knows
                return self._run_tower(self.tokens[ids.flatten()]).unflatten(0, ids.shape)
            distinct, place = torch.unique(ids, return_inverse=True)
            return self._run_tower(self.tokens[distinct])[place]
        if self._encoded is None:
            chunks = self.tokens.split(_TEXTS_AT_ONCE)
            self._encoded = torch.cat([self._run_tower(chunk) for chunk in chunks])
        return self._encoded[ids]

    def _require_texts(self) -> None:
        # MMAction2's get_flops.py traces a model without weights: the shapes alone matter there.
        if not self.ready and not torch.jit.is_tracing():
            raise MGDMError(
                'the text bank is empty: load a checkpoint, or call `model.init_weights()` to '
                'compute it from the CLIP weights'
            )

    def class_texts(self) -> Tensor:
        """Return the embeddings of all classes of the data set [C, D], not normalised."""
        return self(self.class_ids)

    def _run_tower(self, tokens: Tensor) -> Tensor:
        """Encode tokens [n, m, L] of labels with m prompts each to [n, D], in float32 at least."""
        embeddings = self.tower(tokens.flatten(0, 1))
        if embeddings.dtype in (torch.float16, torch.bfloat16):  # under autocast
            embeddings = embeddings.float()
        return _join_templates(embeddings.unflatten(0, tokens.shape[:2]))

    def _put_prompt(self, module: nn.Module, args: tuple, embedded: Tensor) -> Tensor:
        """Put the learned tokens behind the start token of texts [n, L, width]."""
        learned = self.prompt_tokens.to(embedded).expand(len(embedded), -1, -1)
        rest = embedded[:, 1 + len(self.prompt_tokens) :]
        return torch.cat([embedded[:, :1], learned, rest], dim=1)

    def set_classes(self, names: Sequence[str]) -> None:
        """Recognise other classes from now on, without training (open vocabulary).

        Args:
            names (Sequence[str]): The new class names, in label order.

        Raises:
            MGDMError: If the list is empty or names a class twice, or if a name is not in the
                corpus and the CLIP weights of ``pretrained`` cannot be loaded to encode it.
        """
        self._require_texts()
        # The labels known so far stay behind the new ones: no text is ever encoded twice.
        self._exchange(LabelCorpus(list(names), self.corpus.labels, self.corpus.prompt))

    def can_encode(self) -> bool:
        """Whether labels that are not in the corpus can be encoded."""
        return self.tower is not None or self.pretrained is not None

    def train(self, mode: bool = True) -> 'TextBank':
        """Switch between training and evaluation, and forget what a trained tower encoded."""
        self._encoded = None
        return super().train(mode)

    def _apply(self, *args, **kwargs) -> 'TextBank':
        self._encoded = None
        return super()._apply(*args, **kwargs)

    def _encode(self, corpus: LabelCorpus) -> EncodedLabels:
        return encode_corpus(corpus, self.arch, self.pretrained, self.quick_gelu)

    def _set_corpus(self, corpus: LabelCorpus, embeddings: Tensor | None) -> None:
        """Take over a corpus with the embeddings of its labels, or with its tokens."""
        device = self.class_ids.device if hasattr(self, 'class_ids') else None
        self.corpus, self._encoded = corpus, None
        class_ids = torch.as_tensor(corpus.class_ids, dtype=torch.long, device=device)
        self.register_buffer('class_ids', class_ids, persistent=False)
        if self.tower is None:
            self.register_buffer('embeddings', embeddings.to(device))
        else:
            tokens = tokenize(corpus.prompts, self.arch).unflatten(0, (len(corpus), -1))
            self.register_buffer('tokens', tokens.to(class_ids.device), persistent=False)

    def _exchange(self, corpus: LabelCorpus) -> None:
        """Replace the corpus by another of the same prompt, and encode what is new in it."""
        if self.tower is not None:
            self._set_corpus(corpus, None)
            return
        known = dict(zip(self.corpus.labels, self.embeddings, strict=True))
        unknown = [label for label in corpus.labels if label not in known]
        if unknown and not self.can_encode():
            raise MGDMError(
                f'{unknown[:5]} are not among the labels of this model, and there is no CLIP text '
                'tower to encode them: set `cls_head.pretrained` to the CLIP weights that the '
                'model was trained from'
            )
        if unknown:
            new = LabelCorpus(unknown, prompt=corpus.prompt)
            encoded = self._encode(new)
            self._check_tower(encoded.weights_digest)
            rows = encoded.embeddings.to(self.embeddings)
            known.update(zip(new.labels, rows, strict=True))
        self._set_corpus(corpus, torch.stack([known[label] for label in corpus.labels]))

    def _check_tower(self, digest: str) -> None:
        """Raise if a text tower is not the one that the embeddings are from."""
        if self.clip_digest is not None:
            same, expected = digest == self.clip_digest, f'the digest {self.clip_digest}'
        else:  # random weights, or a checkpoint written before digests were kept
            label = self.corpus.labels[0]
            text = self._encode(LabelCorpus([label], prompt=self.corpus.prompt)).embeddings[0]
            own = self.embeddings[0]
            cosine = F.cosine_similarity(text.to(own), own, dim=0).item()
            same = cosine > 0.999
            expected = f'another digest: {label!r} has a cosine of {cosine:.3f} with itself'
        if not same:
            raise MGDMError(
                f'the CLIP weights of `cls_head.pretrained={self.pretrained!r}` have the digest '
                f'{digest}, but the texts of this model were encoded by weights with {expected}. '
                'Both have to lie in one space: set `cls_head.arch` and `cls_head.pretrained` to '
                'the weights that the model was trained from'
            )

    # The labels travel in the checkpoint, as bytes: MMEngine broadcasts every entry of a state
    # dict, so each must be a tensor.

    def get_extra_state(self) -> Tensor:
        """Return corpus, digest of CLIP's weights and activation as JSON bytes, uint8."""
        state = {**self.corpus.to_dict(), 'clip_digest': self.clip_digest}
        if self.tower is not None:
            state['quick_gelu'] = uses_quick_gelu(self.tower)
        text = json.dumps(state if self.ready else None)
        return torch.tensor(list(text.encode()), dtype=torch.uint8)

    def set_extra_state(self, state: Tensor) -> None:
        """Note that a checkpoint has filled the bank; :meth:`_load_from_state_dict` checked it."""
        content = json.loads(bytes(state.tolist()).decode())
        self.ready = self.ready or content is not None
        if self.tower is not None and content and 'quick_gelu' in content:
            set_activation(self.tower, content['quick_gelu'])

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *args) -> None:
        """Load the texts of a checkpoint only where it holds the labels of the config."""
        self._encoded = None
        state = state_dict.get(f'{prefix}_extra_state')
        saved, digest = (None, None) if state is None else read_labels_state(state)
        if saved == self.corpus:
            self.clip_digest = digest or self.clip_digest
        elif saved is not None:
            if not self.ready:
                self._check_open(saved)
            if self.tower is None:
                if not self.ready:
                    own = self.corpus
                    self._set_corpus(saved, state_dict[f'{prefix}embeddings'].to(self.embeddings))
                    self.clip_digest = digest
                    self._exchange(own)
                # Fine-tuning on other labels: what init_weights() computed stays.
                state_dict[f'{prefix}embeddings'] = self.embeddings
        super()._load_from_state_dict(state_dict, prefix, *args)

    def _check_open(self, saved: LabelCorpus) -> None:
        """Raise unless a checkpoint of other labels may be tested on those of the config."""
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


def _check_prompt(corpus: LabelCorpus, arch: str, prompt_tokens: int) -> None:
    """Raise unless prompts begin with so many tokens whatever the label is."""
    tokens = tokenize(LabelCorpus(['a', 'b'], prompt=corpus.prompt).prompts, arch)
    room = int((tokens == tokens[0]).all(0).cumprod(0).sum()) - 1  # without the start token
    if prompt_tokens > room:
        raise MGDMError(
            f'cls_head.prompt_tokens={prompt_tokens}: the prompt {corpus.prompt!r} has {room} '
            f'tokens in front of the label; write one that is longer, with any words'
        )


def read_labels_state(state: Tensor) -> tuple[LabelCorpus | None, str | None]:
    """Read corpus and digest back from the bytes of :meth:`TextBank.get_extra_state`.

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
    content.pop('quick_gelu', None)
    return LabelCorpus.from_dict(content), digest
