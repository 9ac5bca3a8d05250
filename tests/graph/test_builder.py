"""Graphs from tables, part annotations and descriptions, and the command."""

import json

import pytest

from mgdm_mmaction import MGDMError
from mgdm_mmaction.commands.build_graph import main
from mgdm_mmaction.graph import builder, read_graph

CLASSES = ['golf', 'clap']
PARTS = {
    'v0': [('left_hand', 'swing', 'golf_club'), ('head', 'none', None)],
    'v1': [('left_hand', 'swing', 'golf_club'), ('right_foot', 'stand', None)],
    'v2': [('left_hand', 'hit', None), ('right_foot', 'stand', None)],
    'v3': [('right_foot', 'stand', None)],
}


@pytest.fixture
def kinetics_tps(tmp_path):
    for name, parts in PARTS.items():
        for frame in range(2):
            file = tmp_path / 'parts' / name / f'{frame}.json'
            file.parent.mkdir(parents=True, exist_ok=True)
            found = [dict(name=n, verb=v, obj_class=o, box=[0, 0, 1, 1]) for n, v, o in parts]
            file.write_text(json.dumps(dict(humans=[dict(parts=found)])))
    (tmp_path / 'classes.txt').write_text('golf\nclap\n')
    (tmp_path / 'train.txt').write_text('v0.mp4 0\nv1.mp4 0\nv2.mp4 1\n')
    (tmp_path / 'test.txt').write_text('v3.mp4 1\n')
    return tmp_path


def run(folder, source, *options):
    main([str(source), '--classes', str(folder / 'classes.txt'), *map(str, options)])


def test_parts_of_the_training_videos_alone(kinetics_tps, capsys):
    folder, out = kinetics_tps, kinetics_tps / 'graph.json'
    lists = ['--train-list', folder / 'train.txt', '--test-list', folder / 'test.txt']
    page = ['--html', folder / 'graph.html', '--draw', 'golf']
    run(folder, folder / 'parts', *lists, '--max-share', 0.7, '--out', out, *page)
    graph = read_graph(out)
    assert graph.movements == [
        'left hand hit', 'left hand swing golf club', 'right foot stand',
    ]  # fmt: skip
    assert graph.of_videos.keys() == {'v0.mp4', 'v1.mp4', 'v2.mp4'}
    assert graph.of_actions()['clap'] == ['left hand hit', 'right foot stand']
    assert 'a-b: 4 edges, 2 to 2 a class' in capsys.readouterr().out
    text = (folder / 'graph.html').read_text()
    assert '<h2>1 of 2 classes</h2>' in text
    assert 'data:image/png' in text
    # What most videos show is left out.
    rows = [('v0.mp4', 0), ('v1.mp4', 0), ('v2.mp4', 1)]
    assert builder.graph_of_parts(folder / 'parts', rows, CLASSES, 0.4).movements == [
        'left hand hit'
    ]


def test_a_test_video_is_refused(kinetics_tps):
    folder = kinetics_tps
    lists = ['--train-list', folder / 'train.txt', folder / 'test.txt']
    with pytest.raises(MGDMError, match=r'1 videos of .*test.txt: v3.mp4'):
        run(folder, folder / 'parts', *lists, '--test-list', folder / 'test.txt', '--max-share', 1)
    with pytest.raises(MGDMError, match='give --train-list'):
        run(folder, folder / 'parts')


def test_tables(kinetics_tps):
    folder, table = kinetics_tps, kinetics_tps / 'movements.csv'
    table.write_text('class,movement\nGolf,arms swing club\nclap,palms  strike\n')
    run(folder, table, '--out', folder / 'graph.json')
    assert read_graph(folder / 'graph.json').action_movements == [
        ('golf', 'arms swing club'), ('clap', 'palms strike'),
    ]  # fmt: skip
    for rows, message in (
        ('tennis,arms swing', "'tennis' is no class"),
        ('golf,arms swing\ngolf,Arms Swing', 'twice'),
        ('golf', 'expected class,movement'),
    ):
        table.write_text(rows)
        with pytest.raises(MGDMError, match=message):
            run(folder, table)


def test_a_json_table_and_the_page_of_its_graph(kinetics_tps, capsys):
    folder, table = kinetics_tps, kinetics_tps / 'movements.json'
    table.write_text('{"golf": ["arms swing club", "hips turn"]}')
    run(folder, table, '--out', folder / 'graph.json')
    counts = capsys.readouterr().out
    assert '1 classes have no movement: clap' in counts
    main(['--show', str(folder / 'graph.json'), '--html', str(folder / 'page.html')])
    assert 'a-b: 2 edges, 0 to 2 a class' in capsys.readouterr().out
    assert 'arms swing club' in (folder / 'page.html').read_text()
    main(['--show', 'jhmdb21'])
    assert '21 actions' in capsys.readouterr().out


def test_lists_where_no_videos_are(kinetics_tps):
    """They are refused, or checked, and never silently left aside."""
    folder, graph = kinetics_tps, kinetics_tps / 'graph.json'
    (folder / 'movements.csv').write_text('class,movement\ngolf,arms swing club\n')
    for option in ('--train-list', '--test-list'):
        with pytest.raises(MGDMError, match=f'{option}: .*leave it out'):
            run(folder, folder / 'movements.csv', option, folder / 'train.txt')
    lists = ['--train-list', folder / 'train.txt', '--max-share', 1]
    run(folder, folder / 'parts', *lists, '--out', graph)
    with pytest.raises(MGDMError, match='holds movements of 3 videos of .*train.txt'):
        main(['--show', str(graph), '--test-list', str(folder / 'train.txt')])


def test_descriptions_with_the_real_tagger(kinetics_tps, capsys):
    pytest.importorskip('textblob')
    folder, table = kinetics_tps, kinetics_tps / 'sentences.csv'
    table.write_text('class,sentence\ngolf,A man is swinging a club.\nclap,Hands are clapping.\n')
    run(folder, table, '--descriptions', '--out', folder / 'graph.json')
    assert any('swing' in name for name in read_graph(folder / 'graph.json').movements)


def test_descriptions():
    def extract(sentence):
        return [(w, 'verb' if w.endswith('ing') else 'noun') for w in sentence.split()]

    graph = builder.graph_of_descriptions(
        {'golf': ['swinging club', 'turning'], 'clap': ['striking palms']}, CLASSES, extract
    )
    assert graph.of_actions() == {'golf': ['swinging club', 'turning'], 'clap': ['striking palms']}
