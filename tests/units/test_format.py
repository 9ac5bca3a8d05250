"""The file of semantic units."""

import pytest

from mgdm_mmaction import MGDMError
from mgdm_mmaction.text.corpus import normalize_label, packaged_label_maps, read_labels
from mgdm_mmaction.units import Unit, UnitsFile, packaged_units, read_units, write_units
from mgdm_mmaction.units.format import parse_units

FILE = UnitsFile(
    'tiny',
    [
        Unit('hand', 'body', '', ('clap',)),
        Unit('golf club', 'object', 'a long stick of metal', ('golf', 'golf swing')),
        Unit('lawn', 'scene'),
    ],
)


def test_reads_what_it_wrote(tmp_path):
    path = tmp_path / 'units.json'
    write_units(FILE, path)
    found = read_units(path)
    assert found == FILE
    assert found.units[1].text == 'golf club, a long stick of metal'
    assert found.counts() == {'body': 1, 'object': 1, 'scene': 1, 'motion': 0}
    assert list(found.by_action()) == ['clap', 'golf', 'golf swing']
    assert [unit.name for unit in found.of_kinds(['scene', 'body']).units] == ['hand', 'lawn']


def units_of(text):
    return '{"format": "mgdm-units", "version": 1, "units": ' + text + '}'


def test_a_name_is_enough():
    assert parse_units(units_of('["a  bat", {"name": "ball"}]'), 'x').units == [
        Unit('a bat'),
        Unit('ball'),
    ]


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('[', 'x: not readable as JSON'),
        ('{"labels": []}', 'x: expected .* but found format None, version None'),
        ('{"format": "mgdm-units", "version": 2}', "found format 'mgdm-units', version 2"),
        ('5', 'found format None'),
        (units_of('[]'), 'one or more units'),
        (units_of('[{"nam": "bat"}]'), 'x: unit 0: expected'),
        (units_of('["bat", "Bat"]'), "x: unit 1 'Bat' is unit 0 already"),
        (units_of('["bat, ball"]'), 'no comma'),
        (units_of('[{"name": "bat", "kind": "tool"}]'), "the kind is 'tool', expected"),
        *(
            (
                units_of('[{"name": "bat", "actions": ' + actions + '}]'),
                'unit 0 \'bat\': .*"actions" a list of texts',
            )
            for actions in ('[1]', '5', 'true', '"golf"')
        ),
        (units_of('[{"name": "bat", "description": 5}]'), '"description" should be a text'),
    ],
)
def test_mistakes(text, message):
    with pytest.raises(MGDMError, match=message):
        parse_units(text, 'x')


def test_no_such_file_and_no_such_kind():
    with pytest.raises(MGDMError, match='Packaged are .*toy'):
        read_units('nothing.json')
    with pytest.raises(MGDMError, match="'tool' is unknown"):
        FILE.of_kinds(['tool'])


@pytest.mark.parametrize('name', packaged_units())
def test_packaged_units_are_of_their_data_set(name):
    file = read_units(name)
    if name.endswith('_random'):
        assert len(file.units) == len(read_units(name.removesuffix('_random')).units)
        return
    assert file.counts()['body'] >= 10
    if name in packaged_label_maps():
        known = {normalize_label(label) for label in read_labels(name)}
        found = {normalize_label(action) for action in file.by_action()}
        assert found == known
