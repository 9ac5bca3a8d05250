"""The graph file: round trip, packaged graphs, and the mistakes that people make."""

import json

import pytest

from mgdm_mmaction import MGDMError
from mgdm_mmaction.graph import KnowledgeGraph, packaged_graphs, read_graph, write_graph

GRAPH = KnowledgeGraph(
    ['golf', 'clap'],
    ['arms swing club', 'palms strike together'],
    [('golf', 'arms swing club'), ('clap', 'palms strike together')],
    [('golf/1 a.mp4', 'arms swing club')],
    {'train.txt': '0123'},
    {'max_share': 0.055},
)


def test_round_trip(tmp_path):
    file = tmp_path / 'graph.json'
    write_graph(GRAPH, file)
    assert read_graph(file) == GRAPH
    assert read_graph(file).digest == GRAPH.digest
    assert read_graph(file).pairs == [(0, 0), (1, 1)]
    assert read_graph(file).of_videos == {'golf/1 a.mp4': [0]}


def test_by_hand(tmp_path):
    file = tmp_path / 'graph.json'
    content = {
        'format': 'mgdm-graph', 'version': 1, 'actions': ['golf'], 'movements': ['arms swing'],
        'a-b': [['golf', 'arms swing']],
    }  # fmt: skip
    file.write_text(json.dumps(content))
    assert read_graph(file).video_movements == []


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'format': 'x'}, "found format 'x', version 1"),
        ({'version': 2}, "found format 'mgdm-graph', version 2"),
        ({'lists': ['train.txt']}, '"lists" should be an object'),
        ({'movements': ['arm swing', 'Arm_swing']}, "'Arm_swing' is there twice"),
        ({'movements': []}, '"movements" should be a list of one or more'),
        ({'a-b': [['golf', 'x']]}, 'names a movement that "movements" lacks'),
        ({'a-b': [['x', 'arms swing club']]}, 'names an action that "actions" lacks'),
        ({'a-b': [['golf']]}, 'should hold pairs of texts'),
        ({'v-b': [['1', 'arms swing club']] * 2}, '"v-b" has .* twice'),
    ],
)
def test_mistakes(tmp_path, change, message):
    file = tmp_path / 'graph.json'
    file.write_text(json.dumps({**GRAPH.to_dict(), **change}))
    with pytest.raises(MGDMError, match=message) as error:
        read_graph(file)
    assert '\n' not in str(error.value)
    assert str(file) in str(error.value)


def test_no_file():
    with pytest.raises(MGDMError, match='does not exist.*Packaged are jhmdb21'):
        read_graph('nowhere.json')


def test_what_does_not_fit_the_data():
    GRAPH.check_classes(['Clap', 'golf', 'jump'])
    with pytest.raises(MGDMError, match='clap among its actions'):
        GRAPH.check_classes(['golf'])
    GRAPH.check_held_out(['golf/2.mp4'], 'val.txt')
    with pytest.raises(MGDMError, match=r'1 videos of val.txt: golf/1 a.mp4'):
        GRAPH.check_held_out(['golf/1 a.mp4'], 'val.txt')
    GRAPH.check_lists({'other name.txt': '0123'})
    with pytest.raises(MGDMError, match='made from train.txt'):
        GRAPH.check_lists({'train.txt': '4567'})


def test_packaged_graphs():
    assert packaged_graphs() == ['jhmdb21']
    graph = read_graph('jhmdb21')
    assert len(graph.actions) == 21
    assert all(4 <= len(movements) <= 10 for movements in graph.of_actions().values())
