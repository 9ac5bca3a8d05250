"""The page of the comparison: its texts, and how a real browser shows it."""

import numpy as np
import pytest

from mgdm_mmaction.evaluation.confusions import RunComparison
from mgdm_mmaction.mining.dumps import Dump
from mgdm_mmaction.visualization.confusions import build_confusions_page, pairs_with_examples
from mgdm_mmaction.visualization.pages import write_page
from tests.datasets.videos import write_video
from tests.visualization.chromium import needs_chromium, page

__all__ = ['page']

NASTY = '<img src=x onerror=alert(1)></script><script>alert(2)</script> & "'
CLASSES = [NASTY, 'jump', '推门 → 拉门', 'swim']


@pytest.fixture(scope='module')
def path(tmp_path_factory):
    """Four classes with two videos each; one picture, one video that is gone."""
    root = tmp_path_factory.mktemp('confusions')
    labels = np.array([0, 0, 1, 1, 2, 2, 3, 3])
    before = Dump(np.eye(4)[[1, 1, 1, 0, 2, 2, 3, 3]], labels, None)
    after = Dump(np.eye(4)[[0, 1, 1, 1, 2, 3, 3, 2]], labels, None)
    runs = RunComparison(before, after, CLASSES)
    write_video(root / 'a.mp4', 1, 6)
    paths = [str(root / ('gone.mp4' if row % 2 else 'a.mp4')) for row in range(8)]
    lists, note = pairs_with_examples(runs, paths, 9, 9)
    assert f'such as {root}/gone.mp4: no such file' in note
    out = root / 'index.html'
    write_page(build_confusions_page(runs, (NASTY, 'k7'), lists, f'note {NASTY}'), out)
    return out


def test_no_text_becomes_html_and_nothing_is_fetched(path):
    text = path.read_text('utf-8')
    assert NASTY not in text
    assert '<script' not in text
    assert 'onerror=alert(1)&gt;' in text
    assert 'http' not in text.replace('http-equiv', '')
    assert 'script-src' not in text


@pytest.mark.slow
@needs_chromium
def test_in_a_real_browser(page, path):
    page.open(path)
    pairs = page.texts('.pair > summary')
    assert [pair.replace('\n', ' ').split(' videos')[0].split('/ ')[-1] for pair in pairs] == [
        'jump -2 3 → 1 of 4',
        'swim +2 0 → 2 of 4',
        'swim +2 0 → 2 of 4',
        'jump -2 3 → 1 of 4',
    ]
    assert pairs[0].startswith(NASTY)
    assert page.text('note') == f'note {NASTY}'
    assert page.js("return document.querySelectorAll('img[src=x]').length") == 0
    assert page.js('return [...document.images].every(i => i.complete && i.naturalWidth)')
    assert 'gone.mp4: no such file' in page.texts('.tile')
    # Classes: the most improved first, their bars as long as the accuracy of the baseline.
    assert page.texts('td:first-child') == [NASTY, 'jump', *CLASSES[2:]]
    assert page.texts('td:nth-child(5)') == ['+50.0', '+50.0', '-50.0', '-50.0']
    widths = page.js("return [...document.querySelectorAll('rect.before')].map("
                     'r => r.getBoundingClientRect().width)')  # fmt: skip
    assert widths == pytest.approx([0, 80, 160, 160])
    page.quiet()
