"""Spaces in the values of --cfg-options."""

import argparse
import re

import pytest
from mmengine.config import DictAction

import mgdm_mmaction  # noqa: F401


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
    parser = argparse.ArgumentParser()
    parser.add_argument('--cfg-options', nargs='+', action=DictAction)
    args = parser.parse_args(['--cfg-options', f'a.b={text}', 'c=1'])
    assert args.cfg_options == {'a.b': value, 'c': 1}


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        (['a=1', 'b'], "--cfg-options: 'b': expected KEY=VALUE"),
        (['a', '=', '1'], "--cfg-options: 'a': expected KEY=VALUE, without spaces"),
        (['a=[1, 2'], r'--cfg-options: Imbalanced brackets exist in \[1, ?2'),
    ],
)
def test_what_cannot_be_read_is_refused(capsys, words, message):
    parser = argparse.ArgumentParser()
    parser.add_argument('--cfg-options', nargs='+', action=DictAction)
    with pytest.raises(SystemExit):
        parser.parse_args(['--cfg-options', *words])
    assert re.search(message, capsys.readouterr().err)
