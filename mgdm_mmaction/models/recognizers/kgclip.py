"""KG-CLIP: videos, classes and movements as the entities of a knowledge graph."""

import os
from collections.abc import Sequence
from typing import ClassVar

import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from torch import Tensor

from ...errors import MGDMError
from ...graph import KnowledgeGraph, packaged_graphs, read_graph
from ...text.corpus import LabelCorpus
from ..layers.gather import all_gather_batch
from ..layers.graph_table import GraphTable
from ..losses.augmented_contrastive_loss import matching_loss
from ..losses.class_text_loss import single_labels
from ..necks.triplet_encoder import RELATIONS
from .clip_recognizer import CLIPRecognizer, Explanation, Weights, as_float, full_precision

__all__ = ['KGCLIP']


@MODELS.register_module()
class KGCLIP(CLIPRecognizer):
    r"""Video-language learning driven by a knowledge graph of actions and movements.

    After Zhang, Lu, Ji, Xue, Yan, "Fine-grained Knowledge Graph-driven Video-Language Learning for
    Action Recognition", KG-CLIP, arXiv 2407.14146. The paper's body was not at hand: the equations
    are those of its public code, with the corrections that docs/kgclip.md lists.

    The mean of the frames is the video. Training aligns the two ends of each triple of the graph
    (video-action, video-movement, action-movement) in CLIP's space and in subspaces of the
    relation (:class:`TripletEncoder`, ``neck``). Testing needs the class names alone:
    :math:`S = (1 - f) \cos(v, c) + f S_{tri}(v, c)`.

    Args:
        backbone (dict): Config of :class:`CLIPBackbone`.
        neck (dict): Config of :class:`TripletEncoder`.
        cls_head (dict): Config of :class:`HardNegativeTextHead`; its ``discriminator`` is None
            unless the config has one. The movements become labels behind its extra ones.
        graph (str | KnowledgeGraph, optional): File, name of a packaged graph, or the graph.
            A checkpoint carries it, so that testing does not need the file. Defaults to None:
            the relation of videos to classes alone.
        relations (Sequence[str]): Of which there is a loss. Defaults to all.
        triplet_weight (float): Weight of the triplet loss. With 0 the encoder is not used.
            Defaults to 1.
        cosine_weight (float): Weight :math:`\lambda` of the loss of the cosines. Defaults to 1.
        positives (str): What counts as the same tail: 'id' the same tail, 'graph' every tail that
            the graph joins to the head. Defaults to 'id'.
        fusion_weight (float): f, the share of the triplet score. Defaults to 0.5.
        use_inverse (bool): The triplet score is the mean of both directions. Defaults to True.
        **kwargs: ``data_preprocessor``, ``train_cfg`` and ``test_cfg``, see
            :class:`CLIPRecognizer`.

    Raises:
        ValueError: If an option is unknown or out of range.
        MGDMError: If the graph is not what it should be.
    """

    text_parts: ClassVar[tuple[str, ...]] = ('cls_head.text_bank', 'cls_head.discriminator')
    contrasts = True

    def __init__(
        self,
        backbone: dict,
        neck: dict,
        cls_head: dict,
        graph: str | KnowledgeGraph | None = None,
        relations: Sequence[str] = RELATIONS,
        triplet_weight: float = 1.0,
        cosine_weight: float = 1.0,
        positives: str = 'id',
        fusion_weight: float = 0.5,
        use_inverse: bool = True,
        **kwargs,
    ) -> None:
        super().__init__(backbone, {'discriminator': None, **cls_head}, neck, **kwargs)
        if 'v-a' not in relations or not set(relations) <= set(RELATIONS):
            raise ValueError(
                f"`relations` should hold 'v-a' and others of {RELATIONS}, but got {relations}"
            )
        if positives not in ('id', 'graph'):
            raise ValueError(f"`positives` should be 'id' or 'graph', but got {positives!r}")
        if not 0 <= fusion_weight <= 1:
            raise ValueError(f'`fusion_weight` should be 0 to 1, but got {fusion_weight}')
        self.num_frames = self.neck.num_frames
        self.relations = tuple(name for name in RELATIONS if name in relations)
        self.triplet_weight, self.cosine_weight = triplet_weight, cosine_weight
        self.positives = positives
        self.fusion_weight = fusion_weight if triplet_weight else 0.0
        self.use_inverse = use_inverse
        if not triplet_weight:  # frozen: a parameter that no loss reaches would stop the training
            for name, parameter in self.neck.named_parameters():
                if not name.startswith(('temporal.', 'frame_positions')):
                    parameter.requires_grad_(False)
        self._problem: MGDMError | None = None
        self._own_corpus = self.text_bank.corpus
        self.graph_table = GraphTable()
        if graph is not None:
            graph = self._read(graph)
            self._set_graph(graph, bool(graph and graph.video_movements))

    def _read(self, graph: str | KnowledgeGraph) -> KnowledgeGraph | None:
        if isinstance(graph, KnowledgeGraph):
            return graph
        try:
            return read_graph(graph)
        except MGDMError as error:
            if os.path.exists(graph) or graph in packaged_graphs():
                raise
            self._problem = error  # a checkpoint may bring the graph
            return None

    def _set_graph(self, graph: KnowledgeGraph | None, has_videos: bool) -> None:
        """Take over a graph: its movements are labels behind those of the config."""
        self.graph_table.graph, self.graph_table.has_videos = graph, has_videos
        own, bank = self._own_corpus, self.text_bank
        extra = [*own.labels[len(own.classes) :], *self.graph_table.movements]
        corpus = LabelCorpus(own.classes, extra, own.prompt)
        bank._set_corpus(corpus, torch.zeros(len(corpus), bank.embed_dims))

    @property
    def graph(self) -> KnowledgeGraph | None:
        """KnowledgeGraph | None: The graph, that of a checkpoint without its videos."""
        return self.graph_table.graph

    @property
    def text_edges(self) -> list[tuple[int, int]]:
        """list[tuple[int, int]]: Corpus ids of classes and their movements."""
        if self.graph is None:
            return []
        actions, movements = (
            self.graph_table.ids(self.text_bank, kind).tolist() for kind in ('actions', 'movements')
        )
        return [(actions[a], movements[b]) for a, b in self.graph.pairs]

    def init_weights(self) -> None:
        """Initialise, and check that the graph is one of these classes.

        Raises:
            MGDMError: If there is no such graph, or it has other actions.
        """
        if self._problem is not None:
            raise self._problem
        if self.graph is not None:
            self.graph.check_classes(self.text_bank.classes)
        super().init_weights()

    def encode_video(self, inputs: Tensor) -> Tensor:
        """Return the mean of the frame embeddings [N, views, D]."""
        frames = self.encode_frames(inputs)
        return self.neck.pool(frames.flatten(0, 1)).unflatten(0, frames.shape[:2])

    def encode_classes(self) -> dict[str, tuple[Tensor, ...]]:
        """Return what does not depend on videos, of all 'classes', and of all 'movements'."""
        bank = self.text_bank
        ids = self.graph_table.ids(bank)
        texts = bank(torch.cat([bank.class_ids, ids]))
        classes, movements = texts.split([len(bank.class_ids), len(ids)])
        found = {'classes': self.neck.encode_entities(classes, 'v-a')}
        if len(ids):
            found['movements'] = self.neck.encode_entities(movements, 'v-b')
        return found

    def encode_labels(self, text_ids: Tensor) -> dict[str, tuple[Tensor, ...]]:
        """Return what :meth:`similarity` takes, for labels of the corpus, ids int [n]."""
        return {'classes': self.neck.encode_entities(self.text_bank(text_ids), 'v-a')}

    def similarity(self, video: Tensor, classes: dict[str, tuple[Tensor, ...]]) -> Tensor:
        """Fuse the cosine and the triplet score of videos [N, views, D] and classes.

        Returns:
            Tensor: [N, views, C].
        """
        scores = self._fused(video.flatten(0, 1), classes['classes'], 'v-a', self.fusion_weight)
        return scores.unflatten(0, video.shape[:2])

    def _fused(
        self, heads: Tensor, entities: tuple[Tensor, ...], relation: str, weight: float
    ) -> Tensor:
        scores = (1 - weight) * _cosines(heads, entities[0])
        if weight:
            forward, inverse = self.neck(heads, entities, relation)
            scores = scores + weight * ((forward + inverse) / 2 if self.use_inverse else forward)
        return scores

    @torch.no_grad()
    def explain(self, inputs: Tensor) -> Explanation:
        """Score all classes, and say which movements of the graph are seen (relation v-b).

        Args:
            inputs (Tensor): Normalised frames [N, views x T, 3, H, W].

        Returns:
            Explanation: With the weights 'movements' [N, views, M], which sum to 1, where there
            is a graph. Without training on v-b they rest on the cosines alone.
        """
        video, classes = self.encode_video(inputs), self.class_texts()
        weights = {}
        if 'movements' in classes:
            trained = 'v-b' in self.relations and self.graph_table.has_videos
            share = self.fusion_weight if trained else 0.0
            with full_precision(video):
                heads, entities = (
                    as_float(video).flatten(0, 1),
                    tuple(map(as_float, classes['movements'])),
                )
                scores = self.cls_head.scale() * self._fused(heads, entities, 'v-b', share)
            values = scores.softmax(-1).unflatten(0, video.shape[:2])
            weights['movements'] = Weights(values, ('items',), self.graph_table.movements)
        return Explanation(self.score(video, classes), weights)

    def training_loss(self, video: Tensor, data_samples: list) -> dict[str, Tensor]:
        """Align the triples of all ranks.

        Args:
            video (Tensor): [N, views, D]; each view counts as a video.
            data_samples (list[ActionDataSample]): With ``gt_label``, and with a graph
                ``triplet_ids`` and ``movements`` of :class:`AttachTriplets`.

        Returns:
            dict[str, Tensor]: ``loss_va``, ``loss_vb``, ``loss_ab`` of the relations that are
            there, and for the log ``kl_cosine`` and ``kl_triplet`` of v-a.
        """
        views, device = video.shape[1], video.device
        labels = single_labels(data_samples)
        parts = [video.flatten(0, 1), self.text_bank.class_ids[labels.to(device)]]
        relations = self.relations if self.graph is not None else ('v-a',)
        if len(relations) > 1 and not video.is_meta:
            if 'triplet_ids' not in data_samples[0]:
                raise MGDMError(
                    'the model has a graph, but the samples have no triples: put '
                    'AttachTriplets(graph=...) into the training pipeline and '
                    "algorithm_keys=('triplet_ids', 'movements') into PackActionInputs"
                )
            for key in ('triplet_ids', 'movements'):
                parts.append(
                    torch.stack([torch.as_tensor(sample.get(key)) for sample in data_samples])
                )
        parts[1:] = [part.to(device).repeat_interleave(views, dim=0) for part in parts[1:]]
        video, labels, *triplets = all_gather_batch(*parts)
        triples = self._triples(labels, *triplets)
        # One call, so that a trained tower encodes each text of the batch once.
        ids = [part for heads, tails, _ in triples.values() for part in (heads, tails)]
        texts = iter(self.text_bank(torch.cat(ids)).split([len(part) for part in ids]))
        losses: dict[str, Tensor] = {}
        scale = self.cls_head.scale()
        with full_precision(video):
            video = as_float(video)
            for relation in relations:
                heads, tails = as_float(next(texts)), as_float(next(texts))
                matches = triples[relation][2]
                if relation == 'v-a':
                    heads = video
                elif relation == 'v-b':
                    heads = video[triplets[0][:, 0] >= 0] if triplets else video
                name = f'loss_{relation.replace("-", "")}'
                if not len(tails):
                    losses[name] = 0 * video.sum()
                    continue
                cosine = matching_loss(scale * _cosines(heads, tails), matches)
                losses[name] = self.cosine_weight * cosine
                if self.triplet_weight:
                    pairs = self.neck(heads, self.neck.encode_entities(tails, relation), relation)
                    triplet = sum(matching_loss(scale * pair, matches) for pair in pairs) / 2
                    losses[name] = losses[name] + self.triplet_weight * triplet
                if relation == 'v-a':
                    losses['kl_cosine'] = cosine.detach()
                    if self.triplet_weight:
                        losses['kl_triplet'] = triplet.detach()
        return losses

    def _triples(
        self, labels: Tensor, triplets: Tensor | None = None, movements: Tensor | None = None
    ) -> dict[str, tuple[Tensor, Tensor, Tensor]]:
        """Corpus ids of heads (none where they are videos) and tails, and matches, by relation."""
        none = labels.new_zeros(0)
        found = {'v-a': (none, labels, labels[:, None] == labels)}
        if labels.is_meta and self.graph is not None:
            # Operations are counted: as if every sample had a movement and an edge.
            found |= {'v-b': found['v-a'], 'a-b': (labels, *found['v-a'][1:])}
            return {relation: found[relation] for relation in self.relations}
        if triplets is None:
            return found
        ids = self.graph_table.ids(self.text_bank)
        # Videos without a movement take no part: that none was noted does not mean there is none.
        seen = triplets[:, 0] >= 0
        own = triplets[seen, 0]
        drawn = triplets[triplets[:, 2] >= 0, 1:]
        actions = self.graph_table.ids(self.text_bank, 'actions')
        if self.positives == 'graph':
            of_video = movements[seen].bool()[:, own]
            of_action = self.graph_table.edges().to(labels.device)[drawn[:, 0]][:, drawn[:, 1]]
        else:
            of_video = own[:, None] == own
            of_action = drawn[:, 1][:, None] == drawn[:, 1]
        found['v-b'] = (none, ids[own], of_video)
        found['a-b'] = (actions[drawn[:, 0]], ids[drawn[:, 1]], of_action)
        return {relation: found[relation] for relation in self.relations}

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *args) -> None:
        """Take the graph of a checkpoint, unless training has begun with one of the config."""
        state = state_dict.get(f'{prefix}graph_table._extra_state')
        if state is not None and not self.text_bank.ready:
            self._set_graph(*GraphTable.read_state(state))
        super()._load_from_state_dict(state_dict, prefix, *args)


def _cosines(left: Tensor, right: Tensor) -> Tensor:
    return F.normalize(left, dim=-1) @ F.normalize(right, dim=-1).t()
