"""Corpora: names, ids, prompts, duplicates, and the lists that come with the package."""

import json
import unicodedata

import numpy as np
import pytest

from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.text.corpus import (
    DEFAULT_PROMPT,
    LabelCorpus,
    format_label,
    normalize_label,
    packaged_label_maps,
    read_labels,
)


@pytest.mark.parametrize(
    ('name', 'readable'),
    [
        ('PlayingGuitar', 'playing guitar'),
        ('brush_hair', 'brush hair'),
        ("massaging person's head", "massaging person's head"),
        ('YoYo', 'yo yo'),
        ('playing McDonald game', 'playing mcdonald game'),
        ('TVShow', 'tv show'),
        ('passing American football (in game)', 'passing american football (in game)'),
        ('  two   spaces ', 'two spaces'),
    ],
)
def test_readable_names(name, readable):
    assert format_label(name) == readable


def test_spellings_share_one_key():
    spellings = ['PlayingGuitar', 'playing guitar', 'playing_guitar', 'Playing-Guitar']
    assert len({normalize_label(name) for name in spellings}) == 1
    assert normalize_label('hurling') != normalize_label('hurling (sport)')


@pytest.mark.parametrize(
    'name', ['Tiếng Việt', 'नमस्ते करना', 'ไปวิ่ง', '노래하기', 'ガッツポーズ', 'Café, Straße']
)
def test_one_word_however_its_letters_are_composed(name):
    nfc, nfd = (unicodedata.normalize(form, name) for form in ('NFC', 'NFD'))
    corpus = LabelCorpus(['run', nfc], extra=[nfd, name.casefold()])
    assert (len(corpus), corpus.index(nfd)) == (2, 1)
    assert format_label(nfd) == format_label(nfc) == unicodedata.normalize('NFC', name.lower())


@pytest.mark.parametrize(
    'names',
    [
        # Two Hindi, two Thai and two Vietnamese words that differ in marks alone.
        ['दिन', 'दान', 'दीन'],
        ['ไก', 'ไก่', 'ไก้'],
        ['ma', 'má', 'mà', 'mạ'],
        ['C', 'C++', 'C#'],
        ['thumbs +1', 'thumbs -1', 'thumbs 1'],
        ['R&B', 'RB'],
    ],
)
def test_what_a_reader_tells_apart_are_two_names(names):
    for form in ('NFC', 'NFD'):
        assert len(LabelCorpus([unicodedata.normalize(form, name) for name in names])) == len(names)


@pytest.mark.parametrize(
    ('name', 'same'),
    [
        ('push-up', 'PushUp'),
        ('TV-2', 'tv 2'),
        ("massaging person's head", 'massaging person´s_head'),
        ('massaging person’s head', 'massaging persons head'),
        ('ｆｕｌｌ　ｔｕｒｎ＋１', 'full turn +1'),
        ('score \N{MINUS SIGN}1', 'Score_-1'),
        ('HandStandPushups', 'handstand pushups'),
    ],
)
def test_what_a_reader_takes_for_one_name(name, same):
    assert normalize_label(name) == normalize_label(same)


@pytest.mark.parametrize('name', ['k400', 'hmdb51', 'ucf101'])
def test_names_of_packaged_maps_are_letters_and_digits(name):
    for label in read_labels(name):
        assert normalize_label(label) == ''.join(filter(str.isalnum, label.casefold()))


@pytest.mark.parametrize(('name', 'count'), [('k400', 400), ('hmdb51', 51), ('ucf101', 101)])
def test_packaged_maps(name, count):
    assert name in packaged_label_maps()
    assert len(read_labels(name)) == len(LabelCorpus(name)) == count


def test_packaged_maps_are_in_label_order():
    k400 = read_labels('k400')
    assert (k400[0], k400[99], k400[399]) == ('abseiling', 'dribbling basketball', 'zumba')
    assert (read_labels('hmdb51')[0], read_labels('hmdb51')[50]) == ('brush_hair', 'wave')
    ucf101 = read_labels('ucf101')
    # The official list is not quite alphabetical here.
    assert ucf101[34:36] == ['Hammering', 'HammerThrow']
    assert ucf101[100] == 'YoYo'


def test_corpus_ids_and_duplicates():
    corpus = LabelCorpus(
        ['PlayingGuitar', 'Archery'], ['archery', 'dive', 'playing_guitar', 'Dive']
    )
    assert corpus.labels == ['playing guitar', 'archery', 'dive']
    assert corpus.classes == ['PlayingGuitar', 'Archery']
    assert corpus.class_ids.dtype == np.int64
    assert corpus.class_ids.tolist() == [0, 1]
    assert corpus.prompts[0] == 'This is a video about playing guitar'
    assert corpus.index('playing guitar') == 0
    with pytest.raises(MGDMError, match='juggling'):
        corpus.index('juggling')


def test_extra_joins_packaged_maps():
    corpus = LabelCorpus('hmdb51', 'k400+ucf101')
    assert corpus == LabelCorpus('hmdb51', ['k400', 'ucf101'])
    names = {normalize_label(n) for m in ('hmdb51', 'k400', 'ucf101') for n in read_labels(m)}
    assert len(corpus) == len(names)
    assert {normalize_label(label) for label in corpus.labels} == names
    assert corpus.labels[:51] == LabelCorpus('hmdb51').labels


def test_two_classes_with_one_name_are_an_error():
    with pytest.raises(MGDMError, match='PlayingGuitar.*playing_guitar'):
        LabelCorpus(['PlayingGuitar', 'run', 'playing_guitar'])


def test_dict_round_trip_and_digest():
    corpus = LabelCorpus(['PlayingGuitar', 'Archery'], ['dive', 'archery'], 'a {}')
    again = LabelCorpus.from_dict(json.loads(json.dumps(corpus.to_dict())))
    assert again == corpus
    assert (again.labels, again.prompts, again.classes) == (
        corpus.labels,
        corpus.prompts,
        corpus.classes,
    )
    others = [
        LabelCorpus(['PlayingGuitar', 'Archery'], ['dive']),
        LabelCorpus(['PlayingGuitar', 'Archery'], prompt='a {}'),
        LabelCorpus(['Archery', 'PlayingGuitar'], ['dive'], 'a {}'),
        LabelCorpus(['PlayingGuitar', 'Archery', 'dive'], prompt='a {}'),
    ]
    assert all(other != corpus for other in others)
    assert LabelCorpus(['playing guitar', 'archery'], ['dive'], 'a {}') == corpus
    assert LabelCorpus(['run']).prompt == DEFAULT_PROMPT


@pytest.mark.parametrize(
    'text',
    [
        'run\nhigh jump\n',
        '0 run\n1 high jump\n',
        '1 run\n2 high jump',
        'id,name\n0,run\n1,high jump\n',
        'run\n3 point shot\n',  # a number can begin a name
    ],
)
def test_label_files(tmp_path, text):
    path = tmp_path / 'classes.txt'
    path.write_text(text)
    expected = ['run', '3 point shot' if '3' in text else 'high jump']
    assert read_labels(path) == read_labels(str(path)) == expected


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('', 'empty'),
        ('0 run\n2 jump\n', r'classes\.txt:2.*expected 1'),
        ('5 run\n6 jump\n', r'classes\.txt:1.*expected 1'),
        ('run\n--\n', r'classes\.txt:2'),
    ],
)
def test_bad_label_files(tmp_path, text, message):
    path = tmp_path / 'classes.txt'
    path.write_text(text)
    with pytest.raises(MGDMError, match=message):
        read_labels(path)


def test_unknown_source():
    with pytest.raises(MGDMError, match='k4000.*k400'):
        read_labels('k4000')
    with pytest.raises(MGDMError, match='entry 1 is 7'):
        read_labels(['run', 7])
    with pytest.raises(MGDMError, match='empty'):
        LabelCorpus([])
