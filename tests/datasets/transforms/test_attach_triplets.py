"""Triples of a graph beside a video."""

import numpy as np
import pytest

from mgdm_mmaction import MGDMError
from mgdm_mmaction.datasets import AttachTriplets
from mgdm_mmaction.graph import write_graph
from tests.models.test_kgclip import GRAPH


@pytest.fixture
def transform(tmp_path):
    write_graph(GRAPH, tmp_path / 'graph.json')
    return AttachTriplets(str(tmp_path / 'graph.json'))


def test_own_movement_or_none(transform):
    found = transform(dict(filename='/any/prefix/1.mp4', label=1))
    assert found['triplet_ids'][0] == GRAPH.movements.index('leg jump')
    assert found['movements'].tolist() == [0, 1, 0, 0, 0, 0]
    found = transform(dict(frame_dir='/any/7', label=1))
    assert found['triplet_ids'][0] == -1
    assert found['movements'].sum() == 0


def test_draws_from_the_graph_by_the_seed(transform):
    np.random.seed(3)
    drawn = [tuple(transform(dict(filename='0.mp4'))['triplet_ids'][1:]) for _ in range(99)]
    assert set(drawn) == set(GRAPH.pairs)
    np.random.seed(3)
    assert drawn[0] == tuple(transform(dict(filename='0.mp4'))['triplet_ids'][1:])


def test_needs_a_graph():
    with pytest.raises(MGDMError, match='build one with'):
        AttachTriplets(None)
