"""A knowledge graph as part of a model, so that a checkpoint carries it."""

import json

import torch
from torch import Tensor, nn

from ...graph import KnowledgeGraph
from ...text.bank import TextBank
from ...text.corpus import LabelCorpus

__all__ = ['GraphTable']


class GraphTable(nn.Module):
    """Actions, movements and the edges between them; videos stay in the file.

    Attributes:
        graph (KnowledgeGraph | None): The graph.
        has_videos (bool): Whether it has, or had when it was saved, movements of videos.
    """

    def __init__(self) -> None:
        super().__init__()
        self.graph: KnowledgeGraph | None = None
        self.has_videos = False
        # Of one corpus on one device: a training step asks for the same ones each time.
        self._ids_of: tuple[LabelCorpus, torch.device] | None = None
        self._ids: dict[str, Tensor] = {}

    @property
    def movements(self) -> list[str]:
        """list[str]: Names of the M movements, empty without a graph."""
        return [] if self.graph is None else list(self.graph.movements)

    def ids(self, bank: TextBank, kind: str = 'movements') -> Tensor:
        """Return the corpus ids of the movements, or of the actions: int, on the bank's device."""
        key = bank.corpus, bank.class_ids.device
        if self._ids_of is None or self._ids_of[0] is not key[0] or self._ids_of[1] != key[1]:
            self._ids_of, self._ids = key, {}
        if kind not in self._ids:
            names = [] if self.graph is None else getattr(self.graph, kind)
            found = [bank.corpus.index(name) for name in names]
            self._ids[kind] = torch.tensor(found, dtype=torch.long, device=key[1])
        return self._ids[kind]

    def edges(self) -> Tensor:
        """Return which action has which movement, bool [actions, M]."""
        found = torch.zeros(len(self.graph.actions), len(self.graph.movements), dtype=torch.bool)
        if self.graph.pairs:
            found[tuple(torch.tensor(self.graph.pairs).t())] = True
        return found

    def get_extra_state(self) -> Tensor:
        """Return the graph without its videos as JSON bytes, uint8."""
        content = None
        if self.graph is not None:
            content = [self.graph.actions, self.graph.movements, self.graph.action_movements]
            content.append(self.has_videos)
        return torch.tensor(list(json.dumps(content).encode()), dtype=torch.uint8)

    def set_extra_state(self, state: Tensor) -> None:
        """Leave the graph as it is; the recogniser decides whose is used."""

    @staticmethod
    def read_state(state: Tensor) -> tuple[KnowledgeGraph | None, bool]:
        """Read the graph and ``has_videos`` back from the bytes of :meth:`get_extra_state`."""
        content = json.loads(bytes(state.tolist()).decode())
        if content is None:
            return None, False
        actions, movements, pairs, *has_videos = content
        graph = KnowledgeGraph(
            actions, movements, [tuple(pair) for pair in pairs], path='the graph of the checkpoint'
        )
        return graph, has_videos != [False]  # the first checkpoints did not say
