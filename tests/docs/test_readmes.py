"""The Chinese README has the commands, Python, links and tables of the English one."""

import re

from tests.docs.pages import ROOT, read_page

ENGLISH, CHINESE = ROOT / 'README.md', ROOT / 'README_zh-CN.md'


def without_comments(pieces):
    lines = [line for _, piece in pieces for line in piece.splitlines()]
    return [code for line in lines if (code := re.split(r'(?:\s|^)#\s', line)[0].strip())]


def test_both_have_the_same_content():
    english, chinese = read_page(ENGLISH), read_page(CHINESE)

    assert without_comments(chinese.code) == without_comments(english.code)
    assert without_comments(chinese.python) == without_comments(english.python)
    links = [{target for _, target in page.links} for page in (english, chinese)]
    assert links[0] - {CHINESE.name} == links[1] - {ENGLISH.name}
    assert chinese.tables == english.tables
    assert len(chinese.anchors) == len(english.anchors)
