"""Letters of any script, and labels of any length."""

import numpy as np
import pytest
from PIL import Image

from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.visualization import FontStack
from tests.visualization.pictures import write_font


def _ink(fonts, text, size=20):
    image = Image.new('RGB', (400, 40))
    fonts.draw(image, (5, 20), text, size, (255, 255, 255))
    return np.asarray(image)[..., 0]


def test_latin_greek_and_cyrillic_need_no_font_of_the_system():
    fonts = FontStack(['opening a door', 'άνοιγμα πόρτας', 'открывает дверь'], candidates=[])

    assert fonts.missing == ''
    assert fonts.warning() is None


def test_what_no_font_has_is_named_once_and_drawn_as_boxes():
    fonts = FontStack(['开门', '关门', 'door'], candidates=[])

    assert fonts.missing == ''.join(sorted('开关门'))
    assert '3 of the letters' in fonts.warning()
    assert '--font' in fonts.warning()
    assert '\n' not in fonts.warning()
    assert _ink(fonts, '开门').any()


def test_a_font_that_has_the_letters_is_found_among_others_and_used(tmp_path):
    broken = tmp_path / 'broken.ttf'
    broken.write_bytes(b'no font')
    squares = write_font(tmp_path / 'squares.ttf', '开门')

    without = FontStack(['开门'], candidates=[])
    fonts = FontStack(['开门 a'], candidates=[str(broken), str(squares)])

    assert fonts.missing == ''
    assert fonts.paths[1:] == [str(squares)]
    # Two full squares of 0.9 x 0.8 em, and not the hollow boxes of DejaVu Sans.
    inked = (_ink(fonts, '开门') > 128).sum()
    assert inked == pytest.approx(2 * 18 * 16, rel=0.1)
    assert (_ink(without, '开门') > 128).sum() < inked / 2
    # Latin letters keep their own font, and the pen goes on behind the squares.
    alone = _ink(fonts, 'a')
    assert np.array_equal(_ink(fonts, '开门a')[:, 45:95], alone[:, 5:55])


def test_a_font_that_is_asked_for_goes_first(tmp_path):
    squares = write_font(tmp_path / 'squares.ttf', 'a')

    assert (_ink(FontStack(['a'], squares), 'a') > 128).sum() > 250


def test_a_label_that_is_too_long_keeps_both_ends():
    fonts = FontStack(['a'], candidates=[])
    label = 'opening a very heavy door of oak and iron with the left hand'

    assert fonts.fit('short', 400, 20) == ('short', 20)
    smaller, size = fonts.fit(label, fonts.width(label, 18), 20)
    assert (smaller, size) == (label, 18)
    text, size = fonts.fit(label, 200, 20)
    assert size == 15
    assert text.startswith('opening')
    assert text.endswith('hand')
    assert '…' in text
    assert fonts.width(text, size) <= 200
    assert fonts.fit('two\nlines', 400, 20)[0] == 'two lines'
    assert fonts.fit(label, 1, 20)[0] == '…'


def test_drawn_text_is_as_wide_as_was_measured():
    fonts = FontStack(['a'], candidates=[])
    columns = np.flatnonzero(_ink(fonts, 'HHHH').any(0))

    assert columns[-1] - columns[0] == pytest.approx(fonts.width('HHHH', 20), abs=4)


@pytest.mark.parametrize(
    ('content', 'message'), [(None, 'no such font file'), (b'x', 'cannot be read as a font')]
)
def test_a_font_that_is_none_is_refused(tmp_path, content, message):
    path = tmp_path / 'font.ttf'
    if content:
        path.write_bytes(content)

    with pytest.raises(MGDMError, match=message):
        FontStack([], path)
