"""The page of the comparison: its texts, and how a real browser shows it."""

import numpy as np
import pytest

from mgdm_mmaction.evaluation.confusions.comparison import RunComparison
from mgdm_mmaction.mining.dumps import Dump
from mgdm_mmaction.visualization.confusions_figures import Example, PairExamples
from mgdm_mmaction.visualization.confusions_page import build_confusions_page
from mgdm_mmaction.visualization.negatives.frames import thumbnail
from mgdm_mmaction.visualization.negatives.page import write_page
from tests.datasets.videos import write_video
from tests.inspection import test_page_in_chromium as browser
from tests.inspection.test_page_in_chromium import NASTY, contrast, luminance

CLASSES = [NASTY, 'jump', '推门 → 拉门', 'swim']

page = browser.page


@pytest.fixture(scope='module')
def path(tmp_path_factory):
    """Four classes with two videos each; one picture, one video that is gone."""
    root = tmp_path_factory.mktemp('confusions')
    labels = np.array([0, 0, 1, 1, 2, 2, 3, 3])
    before = Dump(np.eye(4)[[1, 1, 1, 0, 2, 2, 3, 3]], labels, None)
    after = Dump(np.eye(4)[[0, 1, 1, 1, 2, 3, 3, 2]], labels, None)
    runs = RunComparison(before, after)
    write_video(root / 'a.mp4', 1, 6)
    images = [thumbnail(root / 'a.mp4'), thumbnail(root / 'gone.mp4')]
    lists = {}
    for name, kind in (('improved', 'gone'), ('worsened', 'new'), ('worst', 'after')):
        lists[name] = []
        for pair in getattr(runs, name)(9):
            rows = runs.examples(pair, 9, kind)
            examples = [
                Example(
                    f'{NASTY}/{row}.mp4',
                    int(labels[row]),
                    tuple(int(guess[row]) for guess in runs.guesses),
                    (0.5, 0.25),
                    images[row % 2],
                )
                for row in rows
            ]
            lists[name].append(PairExamples(pair, examples))
    out = root / 'index.html'
    names = (NASTY, 'k7')
    write_page(build_confusions_page(runs, CLASSES, names, lists, f'note {NASTY}'), out)
    return out


def test_no_text_becomes_html_and_nothing_is_fetched(path):
    text = path.read_text('utf-8')
    assert NASTY not in text
    assert '<script' not in text
    assert 'onerror=alert(1)&gt;' in text
    assert "default-src 'none'; img-src data:; style-src 'sha256-" in text
    assert 'http' not in text.replace('http-equiv', '')
    assert '@@' not in text


@pytest.mark.slow
@pytest.mark.skipif(not (browser.BROWSER and browser.DRIVER), reason='no chromium, no chromedriver')
def test_in_a_real_browser(page, path):
    page.driver.get(path.as_uri())
    page.until("return document.readyState === 'complete'")
    pairs = page.js(
        "return [...document.querySelectorAll('.pair > summary')].map(s => s.innerText)"
    )
    assert [pair.split(' videos')[0].split('/ ')[-1] for pair in pairs] == [
        'jump -2 3 → 1 of 4',
        'swim +2 0 → 2 of 4',
        'swim +2 0 → 2 of 4',
        'jump -2 3 → 1 of 4',
    ]
    assert pairs[0].startswith(NASTY)
    assert page.text('note') == f'note {NASTY}'
    assert page.js("return document.querySelectorAll('img[src=x]').length") == 0
    images = page.js('return [...document.images].map(i => [i.complete, i.naturalWidth])')
    assert images
    assert all(done and width > 0 for done, width in images)
    tiles = page.js("return [...document.querySelectorAll('.tile')].map(t => t.textContent)")
    assert tiles
    assert all(tile == f'{NASTY}/{tile[-19]}.mp4: no such file' for tile in tiles)
    # Classes: the most improved first, their bars as long as the accuracy of the baseline.
    rows = page.js("return [...document.querySelectorAll('tbody tr')].map(r => [...r.cells].map("
                   'c => c.innerText))')  # fmt: skip
    assert [row[0] for row in rows] == [NASTY, 'jump', *CLASSES[2:]]
    assert [row[4] for row in rows] == ['+50.0', '+50.0', '-50.0', '-50.0']
    widths = page.js("return [...document.querySelectorAll('rect.before')].map("
                     'r => r.getBoundingClientRect().width)')  # fmt: skip
    assert widths == pytest.approx([0, 80, 160, 160])
    # Closed pairs open without a script.
    page.js("document.querySelector('.pair').open = false")
    page.driver.find_element('css selector', '.pair > summary').click()
    assert page.js("return document.querySelector('.pair').open")
    for scheme in ('light', 'dark'):
        features = [{'name': 'prefers-color-scheme', 'value': scheme}]
        page.driver.execute_cdp_cmd('Emulation.setEmulatedMedia', {'features': features})
        for chosen in ('.better', '.worse', '.fact', '.path'):
            ink, paper = page.js(
                """
                const one = document.querySelector(arguments[0]);
                const panel = one.closest('.videos > li') || document.body;
                return [getComputedStyle(one).color, getComputedStyle(panel).backgroundColor]""",
                chosen,
            )
            assert contrast(ink, paper) >= 4, (scheme, chosen)
            assert (luminance(paper) < 0.2) == (scheme == 'dark')
    page.quiet()
