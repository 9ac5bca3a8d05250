"""Spaces in the values of --cfg-options."""

import argparse

import pytest
from mmengine.config import DictAction

import mgdm_mmaction.compat


@pytest.mark.parametrize(
    ('text', 'value'),
    [
        ('a video of {}', 'a video of {}'),
        ('/data/my videos/k400  b.txt', '/data/my videos/k400  b.txt'),
        ("['a video of {}', 'clip of {}']", ['a video of {}', 'clip of {}']),
        ('[a b , (c d, e)]', ['a b', ('c d', 'e')]),
        # As ever:
        ('[1, 2]', [1, 2]),
        ('1, 2.5 ,x', [1, 2.5, 'x']),
        (' 3 ', 3),
        ('True', True),
        ('None', None),
        ('', ''),
    ],
)
def test_values(text, value):
    mgdm_mmaction.compat.apply()  # a second time changes nothing
    parser = argparse.ArgumentParser()
    parser.add_argument('--cfg-options', nargs='+', action=DictAction)
    args = parser.parse_args(['--cfg-options', f'a.b={text}', 'c=1'])
    assert args.cfg_options == {'a.b': value, 'c': 1}
