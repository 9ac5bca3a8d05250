"""Negatives to parquet and csv and back: exact, by hand, and with a message for every mistake."""

import csv
import json
import sys
from dataclasses import replace

import pyarrow
import pyarrow.parquet as pq
import pytest

from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.negatives import NegativesWriter, read_negatives
from mgdm_mmaction.negatives.exchange import export_negatives, import_negatives
from mgdm_mmaction.text.corpus import LabelCorpus
from tests.negatives.test_negatives_file import HEADER, ROWS

LABELS = ['run', 'high jump, with a "pole"', "diver's dive", 'swim']
CORPUS = LabelCorpus(HEADER.classes, HEADER.labels[3:], 'a {}')
VIDEOS = [('b/1.mp4', 0), ('a,b/ü 2.mp4', 2), ('b/3.mp4', 0), ('4.mp4', 1)]


@pytest.fixture
def source(tmp_path):
    path = tmp_path / 'in.jsonl'
    header = replace(HEADER, labels=LABELS, classes=LABELS[:3], settings={'split': 'train'})
    with NegativesWriter(path, header) as writer:
        for row in ROWS:
            writer.write(*row)
        # A score that float32 does not hold.
        writer.write('big, "quoted" 1.mp4', 0, [1, 2], [123456.789123, 0.1])
    return path


@pytest.mark.parametrize('names', [False, True])
@pytest.mark.parametrize('kind', ['csv', 'parquet'])
def test_round_trip_is_exact(source, tmp_path, kind, names):
    table, back = tmp_path / f'sub.x/t.{kind}', tmp_path / 'back.jsonl'
    assert export_negatives(source, table, names) == 4
    assert len(import_negatives(table, back)) == 4
    assert back.read_bytes() == source.read_bytes()
    assert not list(table.parent.glob('*.part'))


def test_tables_are_read_by_others(source, tmp_path):
    export_negatives(source, tmp_path / 't.parquet')
    table = pq.read_table(tmp_path / 't.parquet')
    assert str(table.schema.field('negatives').type).startswith('list<')
    assert table.column_names == ['path', 'label', 'negatives', 'scores']
    rows = [json.loads(line) for line in source.read_text('utf-8').splitlines()[1:]]
    assert table.to_pylist() == rows
    export_negatives(source, tmp_path / 't.csv', names=True)
    with open(tmp_path / 't.csv', encoding='utf-8', newline='') as file:
        cells = list(csv.DictReader(file))
    assert [row['path'] for row in cells] == [row['path'] for row in rows]
    for cell, row in zip(cells, rows, strict=True):
        assert cell['negatives'].split('|') == [LABELS[i] for i in row['negatives']]
        assert [float(score) for score in cell['scores'].split('|')] == row['scores']
        assert cell['label'] == LABELS[row['label']]
    info = json.loads((tmp_path / 't.csv.header.json').read_text('utf-8'))
    assert info['table_version'] == 1
    assert info['header']['weights_digest'] == 'abc'


def test_an_edited_table_does_not_pass_for_mined(source, tmp_path):
    table, out = tmp_path / 't.csv', tmp_path / 'out.jsonl'
    export_negatives(source, table)
    table.write_text(table.read_text('utf-8').replace('3|1', '2|1'), 'utf-8')
    import_negatives(table, out)
    header = read_negatives(out).header
    assert header.weights_digest == ''
    assert header.settings['scorer'] == 'imported'
    assert header.settings['exported_from'] == {'split': 'train', 'weights_digest': 'abc'}
    assert read_negatives(out).negatives[0].tolist() == [2, 1]
    # Fewer negatives are another file, too.
    import_negatives(table, out, num_negatives=1, overwrite=True)
    assert read_negatives(out).negatives.tolist() == [[2], [2], [0], [1]]


def write_parquet(path, rows):
    pq.write_table(pyarrow.Table.from_pylist(rows), path)


def test_a_table_by_class_made_elsewhere(tmp_path):
    """The same list by hand as csv and from a data frame as parquet, in several spellings."""
    text = (
        '\ufeffnegatives,class,note\nSwim | DIVE,run,"of ""him"""\n\nrun|swim,High Jump,\n0|3,2,\n'
    )
    (tmp_path / 'hand.csv').write_text(text, 'utf-8')
    rows = [
        {'class': 'run', 'negatives': ['swim', 'dive']},
        {'class': 'high_jump', 'negatives': ['run', 'SWIM']},
        {'class': 'dive', 'negatives': ['run', 'swim']},
    ]
    write_parquet(tmp_path / 'hand.parquet', rows)
    expected = [[3, 2], [0, 3], [3, 2], [0, 3]]
    for name in ('hand.csv', 'hand.parquet'):
        out = tmp_path / f'{name}.jsonl'
        import_negatives(tmp_path / name, out, CORPUS, VIDEOS, annotation_digest='digest')
        file = read_negatives(out)
        assert [(file.path_of(i), int(file.labels[i])) for i in range(4)] == VIDEOS
        assert file.negatives.tolist() == expected
        assert file.scores.tolist() == [[1.0, 0.5]] * 4
        file.check_corpus(CORPUS)
        assert file.header.annotation_digest == 'digest'
        assert file.header.settings == {
            'scorer': 'imported',
            'source': name,
            'scores': 'stand-ins that fall with the rank',
        }


def test_scores_that_are_given_are_kept(tmp_path):
    (tmp_path / 't.csv').write_text('path,label,negatives,scores\n1.mp4,run,dive|swim,87.5|-2\n')
    import_negatives(tmp_path / 't.csv', tmp_path / 'o.jsonl', CORPUS)
    file = read_negatives(tmp_path / 'o.jsonl')
    assert file.scores.tolist() == [[87.5, -2.0]]
    assert file.header.settings['scores'] == 'as given'


VIDEO, CLASS, SCORED = (
    'path,label,negatives\n',
    'class,negatives\n',
    'path,label,negatives,scores\n',
)


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('', r't.csv: found the columns \(none\); expected path, label, negatives'),
        (VIDEO, 'has no rows'),
        ('class;negatives\nrun;dive\n', 'found the columns class;negatives.*separated by commas'),
        ('path,label,negatives,score\n', 'found the columns path, label, negatives, score'),
        ('class,negatives,negatives\n', 'found the columns'),
        (VIDEO + '1.mp4,run,dive,swim\n', 't.csv:2: 4 cells, but the first line names 3 columns'),
        (VIDEO + '1,run,dive\n 2 ,runn,dive\n', "t.csv:3, column label: 'runn' is no class.*'run'"),
        (VIDEO + '1,swim,dive\n', "column label: 'swim' is no class of the 3"),
        (VIDEO + '1,3,dive\n', 'column label: id 3, but ids of a class go from 0 to 2'),
        (VIDEO + '1,,dive\n', "column label: found ''"),
        (VIDEO + ',run,dive\n', "t.csv:2, column path: found ''"),
        (VIDEO + '1,run,dive|swum\n', "column negatives: 'swum' is no label .*mean 'swim'"),
        (VIDEO + '1,run,dive|4\n', 'column negatives: id 4, but ids of a label go from 0 to 3'),
        (VIDEO + '1,run,\n', 'column negatives: 0 negatives; expected one or more'),
        (VIDEO + '1,run,dive||swim\n', "column negatives: found ''"),
        (VIDEO + '1,run,dive|RUN\n', r"t.csv:2: negative 0 \('run'\) is the class"),
        (VIDEO + '1,run,dive|Dive\n', r"t.csv:2: negative 2 \('dive'\) is there twice"),
        (VIDEO + '1,run,dive\n2,run,dive|swim\n', 't.csv:3, column negatives: 2 neg.*have 1'),
        (VIDEO + 'a/1,run,dive\na//1,run,dive\n', "t.csv:3, column path: 'a//1' is there twice"),
        (CLASS + 'run,dive\nRun,swim\n', "t.csv:3, column class: 'Run' is there twice"),
        (CLASS + 'run,swim\n', r"column class: no row for 2 classes .* 'HighJump', 'dive'"),
        (VIDEO + f'"{"a" * 200_000},run,dive\n', r't.csv:2: .*field larger.*double quote missing'),
        (SCORED + '1,run,dive,x\n', "column scores: could not convert.*'x'"),
        (SCORED + '1,run,dive,1|2\n', 'column scores: 2 scores for 1 negatives'),
        (SCORED + '1,run,dive|swim,1|2\n', 't.csv:2: the scores rise'),
        (SCORED + '1,run,dive,nan\n', 't.csv:2: a score is not a finite'),
        (SCORED + '1,run,dive,1\n2,run,dive,\n', 't.csv:3, column scores: some rows have scores'),
    ],
)
def test_mistakes_in_a_table(tmp_path, text, message):
    (tmp_path / 't.csv').write_text(text)
    with pytest.raises(MGDMError, match=message):
        import_negatives(tmp_path / 't.csv', tmp_path / 'out.jsonl', CORPUS, VIDEOS)
    assert sorted(path.name for path in tmp_path.iterdir()) == ['t.csv']


@pytest.mark.parametrize(
    ('row', 'message'),
    [
        ({'class': 1.0, 'negatives': ['run']}, 'row 1, column class: found 1.0'),
        ({'class': 'run', 'negatives': 5}, 'row 1, column negatives: found 5; expected a list'),
        ({'class': 'run', 'negatives': None}, 'column negatives: 0 negatives'),
        ({'class': 'run', 'negatives': [True]}, 'column negatives: found True'),
        ({'class': 'run', 'negatives': ['3']}, "column negatives: '3' is no label"),
    ],
)
def test_mistakes_in_parquet(tmp_path, row, message):
    write_parquet(tmp_path / 't.parquet', [row])
    with pytest.raises(MGDMError, match=f't.parquet: .*{message}'):
        import_negatives(tmp_path / 't.parquet', tmp_path / 'out.jsonl', CORPUS, VIDEOS)


def test_files_that_do_not_fit(source, tmp_path, monkeypatch):
    out = tmp_path / 'out.jsonl'
    with pytest.raises(MGDMError, match='nowhere.csv does not exist'):
        import_negatives(tmp_path / 'nowhere.csv', out)
    with pytest.raises(MGDMError, match='t.txt: unknown kind of file'):
        export_negatives(source, tmp_path / 't.txt')
    with pytest.raises(MGDMError, match='t.csv: a negatives file should be named .jsonl'):
        import_negatives(tmp_path / 't.csv', tmp_path / 't.csv')
    (tmp_path / 'junk.parquet').write_bytes(b'junk')
    with pytest.raises(MGDMError, match='junk.parquet: is no parquet file'):
        import_negatives(tmp_path / 'junk.parquet', out)
    (tmp_path / 't.csv').write_text('class,negatives\nrun,dive\n')
    with pytest.raises(MGDMError, match='does not come from an export.*--config'):
        import_negatives(tmp_path / 't.csv', out)
    with pytest.raises(MGDMError, match='has a row a class; name the config'):
        import_negatives(tmp_path / 't.csv', out, CORPUS)
    with pytest.raises(MGDMError, match='t.csv:2, column negatives: 1 negatives; expected 2'):
        import_negatives(tmp_path / 't.csv', out, CORPUS, VIDEOS, num_negatives=2)
    with pytest.raises(MGDMError, match='num_negatives=0'):
        import_negatives(tmp_path / 't.csv', out, CORPUS, VIDEOS, num_negatives=0)
    with pytest.raises(MGDMError, match='t.csv: exists already; add --overwrite'):
        export_negatives(source, tmp_path / 't.csv')
    with pytest.raises(MGDMError, match='is a folder'):
        export_negatives(source, _folder(tmp_path / 'f.csv'))
    monkeypatch.setitem(sys.modules, 'pyarrow', None)
    with pytest.raises(MGDMError, match=r'needs pyarrow.*mgdm_mmaction\[parquet\]'):
        export_negatives(source, tmp_path / 't.parquet')


def _folder(path):
    path.mkdir()
    return path


def test_ids_of_another_corpus_are_refused_and_names_are_not(source, tmp_path):
    other = LabelCorpus(LABELS[:3], ['row', LABELS[3]], 'b {}')
    export_negatives(source, tmp_path / 'ids.csv')
    export_negatives(source, tmp_path / 'names.csv', names=True)
    with pytest.raises(MGDMError, match='is an id of the corpus .* 4 labels, expected 5.*--names'):
        import_negatives(tmp_path / 'ids.csv', tmp_path / 'out.jsonl', other)
    import_negatives(tmp_path / 'names.csv', tmp_path / 'out.jsonl', other)
    file = read_negatives(tmp_path / 'out.jsonl')
    file.check_corpus(other)
    assert file.negatives[0].tolist() == [4, 1]
    # Other prompts do not change what an id means.
    same = LabelCorpus(LABELS[:3], LABELS[3:], 'b {}')
    import_negatives(tmp_path / 'ids.csv', tmp_path / 'out.jsonl', same, overwrite=True)
    read_negatives(tmp_path / 'out.jsonl').check_corpus(same)


def test_names_that_csv_cannot_hold(tmp_path):
    for label in ('a|b', '360'):
        path = tmp_path / 'x.jsonl'
        header = replace(HEADER, labels=['run', label], classes=['run', label], class_ids=[0, 1])
        with NegativesWriter(path, replace(header, k=1), overwrite=True) as writer:
            writer.write('1.mp4', 0, [1], [0.5])
        with pytest.raises(MGDMError, match='cannot be written as a name into csv'):
            export_negatives(path, tmp_path / 't.csv', names=True)
        export_negatives(path, tmp_path / 't.parquet', names=True, overwrite=True)
        import_negatives(tmp_path / 't.parquet', tmp_path / 'back.jsonl', overwrite=True)
        assert (tmp_path / 'back.jsonl').read_bytes() == path.read_bytes()


def test_paths_that_are_not_utf8(tmp_path):
    path = tmp_path / 'x.jsonl'
    with NegativesWriter(path, HEADER) as writer:
        writer.write('caf\udce9.mp4', *ROWS[0][1:])
    export_negatives(path, tmp_path / 't.csv')
    import_negatives(tmp_path / 't.csv', tmp_path / 'back.jsonl')
    assert (tmp_path / 'back.jsonl').read_bytes() == path.read_bytes()
    with pytest.raises(MGDMError, match='is not UTF-8.*export to csv'):
        export_negatives(path, tmp_path / 't.parquet')
    assert not list(tmp_path.glob('t.parquet*'))


@pytest.mark.parametrize('kind', ['csv', 'parquet'])
def test_a_later_version_is_refused(source, tmp_path, kind):
    table = tmp_path / f't.{kind}'
    export_negatives(source, table)
    if kind == 'csv':
        side = tmp_path / 't.csv.header.json'
        side.write_text(side.read_text('utf-8').replace('"table_version": 1', '"table_version": 2'))
    else:
        content = pq.read_table(table)
        info = content.schema.metadata[b'mgdm-negatives']
        info = info.replace(b'"table_version": 1', b'"table_version": 2')
        pq.write_table(content.replace_schema_metadata({'mgdm-negatives': info}), table)
    with pytest.raises(MGDMError, match='format version 2, but this package reads version 1. A la'):
        import_negatives(table, tmp_path / 'out.jsonl')


def test_a_broken_side_file(source, tmp_path):
    export_negatives(source, tmp_path / 't.csv')
    (tmp_path / 't.csv.header.json').write_text('{}')
    with pytest.raises(MGDMError, match='t.csv.header.json: should be a JSON object with `table_v'):
        import_negatives(tmp_path / 't.csv', tmp_path / 'out.jsonl')
