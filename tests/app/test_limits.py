"""What a visitor may ask for."""

import pytest

from mgdm_mmaction.app.limits import read_label_box
from mgdm_mmaction.errors import MGDMError


@pytest.mark.parametrize('text', ['', None, '\n \n\t\n'])
def test_an_empty_box_means_the_own_labels(text):
    assert read_label_box(text) is None


def test_one_label_a_line():
    assert read_label_box(' opening a door\r\n\n closing a door ') == [
        'opening a door',
        'closing a door',
    ]


def test_too_many_or_too_long_labels():
    with pytest.raises(MGDMError, match='1001 labels; this page takes up to 1000'):
        read_label_box('\n'.join(map(str, range(1001))))
    with pytest.raises(MGDMError, match='Label 2 has 201 characters; up to 200 .* one short label'):
        read_label_box('run\n' + 'x' * 201)
    assert len(read_label_box('\n'.join(['x' * 200] * 1000))) == 1000
