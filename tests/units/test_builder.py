"""Units from class names and sentences."""

import sys
from types import SimpleNamespace

import pytest

from mgdm_mmaction import MGDMError
from mgdm_mmaction.commands.build_units import main
from mgdm_mmaction.text.phrases import _phrases, extract_phrases, singular
from mgdm_mmaction.units import builder, packaged_units, read_units
from mgdm_mmaction.units.builder import BODY_PARTS, build_units, random_units, read_sentences


def tag(text):
    """A tagger that knows what the tests say."""
    tags = dict(clubs='NNS', swinging='VBG', moving='VBG', pushing='VBG', up='RP', into='IN')
    tags |= {'in': 'IN', 'a': 'DT', 'the': 'DT', ',': ','}
    return [(word, tags.get(word, 'NN')) for word in text.lower().split()]


def extract(text):
    return list(_phrases(tag(text)))


def test_phrases():
    assert extract('swinging the golf clubs , moving up') == [
        ('swinging', 'verb'),
        ('golf club', 'noun'),
        ('moving up', 'verb'),
    ]
    # What follows a preposition is no direction.
    assert extract('pushing in a cart') == [('pushing', 'verb'), ('cart', 'noun')]


@pytest.mark.parametrize(
    ('plural', 'one'),
    [
        ('golf clubs', 'golf club'),
        ('potatoes', 'potato'),
        ('snowshoes', 'snowshoe'),
        ('toes', 'toe'),
        ('calves', 'calf'),
        ('valves', 'valve'),
        ('skis', 'ski'),
        ('barbecue tongs', 'barbecue tongs'),
        ('ponies', 'pony'),
        ('tennis', 'tennis'),
        ('wine glass', 'wine glass'),
    ],
)
def test_singular(plural, one):
    assert singular(plural) == one


def test_textblob_needs_no_download():
    pytest.importorskip('textblob')
    assert extract_phrases('Swinging golf clubs on the grass, bending knees.') == [
        ('swinging', 'verb'),
        ('golf club', 'noun'),
        ('grass', 'noun'),
        ('bending', 'verb'),
        ('knee', 'noun'),
    ]
    with pytest.raises(MGDMError, match='an installed model of spaCy'):
        extract_phrases('a', tagger='no_such_model')


def test_a_model_of_spacy(monkeypatch):
    def load(name):
        assert name == 'some_model'
        return lambda text: [SimpleNamespace(text=word, tag_=found) for word, found in tag(text)]

    monkeypatch.setitem(sys.modules, 'spacy', SimpleNamespace(load=load))
    found = extract_phrases('Swinging the golf Clubs', tagger='some_model')
    assert found == [('swinging', 'verb'), ('golf club', 'noun')]


SENTENCES = {
    'golf': ['swinging the golf club , the ball in the field'],
    'PushCart': ['pushing a cart', 'the ball'],
}


def test_units_are_merged_and_sorted_into_kinds():
    file = build_units(SENTENCES, 'two', extract=extract)
    found = {unit.name: (unit.kind, unit.actions) for unit in file.units}
    assert list(found)[:10] == list(BODY_PARTS)
    assert found['ball'] == ('object', ('golf', 'PushCart'))
    assert found['swinging'] == ('motion', ('golf',))
    assert found['field'] == ('scene', ('golf',))


def test_a_plural_that_is_no_plural_to_the_tagger_goes_to_its_singular():
    texts = {'waltz': ['the dancers'], 'ballet': ['a dancer'], 'dj': ['the records']}
    found = {unit.name: unit.actions for unit in build_units(texts, extract=extract).units}
    assert found['dancer'] == ('ballet', 'waltz')
    assert 'dancers' not in found
    assert found['records'] == ('dj',)


def test_units_of_many_classes_are_left_out():
    many = {f'class {i}': ['the ball'] + ['the hand'] * (i > 3) for i in range(10)}
    names = [unit.name for unit in build_units(many, extract=extract).units]
    assert 'ball' not in names
    assert 'hand' in names  # a body part


def test_sentences_are_read(tmp_path):
    table, mapping = tmp_path / 'a.csv', tmp_path / 'a.json'
    table.write_text('class,sentence\na,"one, two"\na,three\nb,four\n')
    assert read_sentences(table) == {'a': ['one, two', 'three'], 'b': ['four']}
    mapping.write_text('{"a": "one", "b": ["two", "three"]}')
    assert read_sentences(mapping) == {'a': ['one'], 'b': ['two', 'three']}
    assert set(read_sentences('hmdb51')['clap']) == set()
    table.write_text('class,sentence\na,one, two\n')
    with pytest.raises(MGDMError, match=r'a\.csv:2: expected class,sentence, but found 3 columns'):
        read_sentences(table)
    mapping.write_text('[1]')
    with pytest.raises(MGDMError, match='expected {"class"'):
        read_sentences(mapping)


def test_units_that_read_alike(monkeypatch):
    import torch

    file = build_units(SENTENCES, extract=extract)
    texts = torch.eye(len(file.units))
    names = [unit.name for unit in file.units]
    texts[names.index('cart')] = texts[names.index('ball')]

    class Encoded:
        embeddings = texts

    monkeypatch.setattr('mgdm_mmaction.text.bank.encode_corpus', lambda *_: Encoded)
    left, dropped = builder.drop_near_duplicates(file, 'mgdm-tiny', 'clip.pt')
    assert [(unit.name, like.name) for unit, like in dropped] == [('cart', 'ball')]
    assert len(left.units) == len(file.units) - 1


def test_random_words():
    like = read_units('toy')
    words = [f'word{i}' for i in range(99)]
    one, two = (random_units(like, seed, words) for seed in (0, 1))
    assert len(one.units) == len(like.units)
    assert one == random_units(like, 0, words) != two
    assert one.counts() == like.counts()


def test_the_command(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr('mgdm_mmaction.text.phrases._tagger', lambda name: tag)
    source, out, page = (tmp_path / name for name in ('a.json', 'units.json', 'page.html'))
    source.write_text('{"golf": "swinging the golf club", "the": [], "<b>": "the tee"}')
    main([str(source), '--out', str(out), '--html', str(page), '--name', 'own'])
    text = capsys.readouterr().out
    assert '14 units: 10 body, 3 object, 0 scene, 1 motion' in text
    assert '1 classes have none: the' in text
    assert 'read alike are kept' in text
    assert read_units(out).data_set == 'own'
    assert '&lt;b&gt;' in page.read_text()
    assert '<b>' not in page.read_text()
    with pytest.raises(MGDMError, match='exists already'):
        main([str(source), '--out', str(out)])
    main(['toy', '--show'])
    assert 'units:' in capsys.readouterr().out


@pytest.mark.slow
def test_packaged_units_are_those_of_the_command(tmp_path):
    pytest.importorskip('textblob')
    from importlib import resources

    folder = resources.files('mgdm_mmaction.units') / 'data'
    for name in packaged_units():
        if name.endswith('_random'):
            assert random_units(read_units(name[:-7]), 0) == read_units(name), name
        else:
            built = build_units(read_sentences(str(folder / f'{name}.csv')), name)
            assert built == read_units(name), name
