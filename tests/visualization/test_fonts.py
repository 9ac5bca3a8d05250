"""Letters of any script."""

import numpy as np
import pytest

from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.visualization import fonts as module
from mgdm_mmaction.visualization.figures import figure_style
from mgdm_mmaction.visualization.fonts import find_fonts
from mgdm_mmaction.visualization.panel import _axes, _pixels, _write
from tests.visualization.pictures import write_font


@pytest.fixture
def system(monkeypatch):
    """The fonts of the system; none to begin with."""
    found = []
    monkeypatch.setattr(module, 'system_fonts', lambda: found)
    return found


def _ink(text, font=None, size=20):
    with figure_style([text], font):
        axes = _axes(400, 40)
        _write(axes, 5, 20, text, size, '#ffffff', 390)
        return _pixels(axes)[..., 0] > 128


def test_latin_greek_and_cyrillic_need_no_font_of_the_system(system):
    paths, warning = find_fonts(['opening a door', 'άνοιγμα πόρτας', 'открывает дверь'])
    assert len(paths) == 1
    assert warning == ''


def test_what_no_font_has_is_named_once_and_drawn_as_boxes(system):
    _, warning = find_fonts(['开门', '关门', 'door'])
    assert '3 of the letters' in warning
    assert '--font' in warning
    assert '\n' not in warning
    assert _ink('开门').any()


def test_a_font_that_has_the_letters_is_found_among_others_and_used(system, tmp_path):
    broken = tmp_path / 'broken.ttf'
    broken.write_bytes(b'no font')
    squares = write_font(tmp_path / 'squares.ttf', '开门')
    without = _ink('开门')
    system += [str(broken), str(squares)]

    paths, warning = find_fonts(['开门 a'])
    assert paths[1:] == [str(squares)]
    assert warning == ''
    # Two full squares of 0.9 x 0.8 em, and not the hollow boxes of DejaVu Sans.
    assert _ink('开门').sum() == pytest.approx(2 * 18 * 16, rel=0.15)
    assert without.sum() < 0.7 * 2 * 18 * 16
    # Latin letters keep their own font.
    assert np.count_nonzero(_ink('a开')) > np.count_nonzero(_ink('开')) + 30


def test_a_font_that_is_asked_for_goes_first(system, tmp_path):
    squares = write_font(tmp_path / 'squares.ttf', 'a')
    assert _ink('a', squares).sum() > 250


@pytest.mark.parametrize(
    ('content', 'message'), [(None, 'no such font file'), (b'x', 'cannot be read as a font')]
)
def test_a_font_that_is_none_is_refused(tmp_path, content, message):
    path = tmp_path / 'font.ttf'
    if content:
        path.write_bytes(content)
    with pytest.raises(MGDMError, match=message):
        find_fonts([], path)
