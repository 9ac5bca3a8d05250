"""The page as a file: it is whole, safe and needs nothing else."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from mgdm_mmaction.commands.inspect_negatives import main
from mgdm_mmaction.toy.dataset import generate_dataset
from mgdm_mmaction.visualization.negatives_page import order_classes, order_labels
from tests.datasets.videos import write_video
from tests.negatives.inspection.files import CLASSES, EXTRA, random_rows, write
from tests.visualization.chromium import needs_chromium, page

__all__ = ['page']

NASTY = '</script><script>alert(1)</script> & "quoted" <img src=x onerror=alert(1)>\u2028<!--'
IMAGE = '<img src=x onerror=alert(1)></script><script>alert(2)</script> & "'


class Elements(HTMLParser):
    """Collect elements with their attributes and text."""

    def __init__(self, page):
        super().__init__()
        self.found, self.inside = [], False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs), []))
        self.inside = True

    def handle_endtag(self, tag):
        self.inside = False

    def handle_data(self, text):
        if self.inside:
            self.found[-1][2].append(text)

    def of(self, tag):
        return [(attrs, ''.join(text)) for name, attrs, text in self.found if name == tag]

    def texts(self, css_class):
        return [
            ''.join(text).strip() for _, a, text in self.found if a.get('class') == css_class
        ]  # fmt: skip


def page_of(tmp_path, rows, *options, **kwargs):
    path = write(tmp_path / 'n.jsonl', rows, **kwargs)
    main([path, '--html', str(tmp_path / 'page.html'), *options])
    return (tmp_path / 'page.html').read_text('utf-8')


@pytest.fixture
def html(tmp_path):
    return page_of(tmp_path, random_rows(), '--per-class', '4')


def test_the_data_are_those_of_the_file(html):
    elements = Elements(html)
    rows = {path: row for path, *row in random_rows()}
    paths = elements.texts('path')
    assert [rows[path][0] for path in paths] == [0] * 4 + [1] * 4 + [2] * 4 + [3]
    lists = re.findall(r'<ol>(.*?)</ol>', html, re.DOTALL)
    for path, found in zip(paths, lists, strict=True):
        found = re.findall(r'<li>(\w+) <i>([\d.]+)</i>', found)
        names = [(CLASSES + EXTRA)[i] for i in rows[path][1]]
        assert found == [(n, f'{s:.3f}') for n, s in zip(names, rows[path][2], strict=True)]
    data = json.loads(next(text for a, text in elements.of('script') if a.get('id') == 'data'))
    assert data['videos'][3:] == [1, 0]
    for shown in data['maps']:
        assert sorted(shown['rows']) == list(range(5))
        assert sorted(shown['columns']) == list(range(8))
    run = dict(zip(data['counts'][0][::2], data['counts'][0][1::2], strict=True))
    for label in range(8):
        among = [label in negatives[:3] for of, negatives, _ in rows.values() if of == 0]
        assert run.get(label, 0) == sum(among)


def test_nothing_from_outside_and_only_its_own_script(html):
    elements = Elements(html)
    for tag, attrs, _ in elements.found:
        assert not {'srcset', 'action', 'style'} & attrs.keys(), tag
        assert attrs.get('src', 'data:').startswith('data:')
        assert attrs.get('href', 'data:,').startswith(('data:,', '#class-'))
    policy = next(a['content'] for a, _ in elements.of('meta') if 'http-equiv' in a)
    [script] = [text for attrs, text in elements.of('script') if 'type' not in attrs]
    [(_, style)] = elements.of('style')
    assert not re.search(r'https?://|@import|url\(', style + script)
    for kind, content in (('script', script), ('style', style)):
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert 'unsafe' not in policy
    assert not re.search(r'innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b', script)


def test_texts_of_the_user_stay_texts(tmp_path):
    rows = [(f'{NASTY}.mp4', 0, [1, 2]), ('b.mp4', 1, [0, 2])]
    nasty = page_of(tmp_path, rows, classes=[f'run {NASTY}', 'jump'], extra=[f'sail {NASTY}'])
    clean = page_of(tmp_path / 'clean', [('a', 0, [1, 2]), ('b', 1, [0, 2])],
                    classes=['run', 'jump'], extra=['sail'])  # fmt: skip
    tags = [[tag for tag, *_ in Elements(text).found] for text in (nasty, clean)]
    assert tags[0] == tags[1]
    assert nasty.count('</script') == clean.count('</script')
    assert f'{NASTY}.mp4' in Elements(nasty).texts('path')


def test_paths_that_are_not_utf8(tmp_path):
    write_video(tmp_path / 'v' / 'a.mp4', 0)
    (tmp_path / 'v' / 'b\udcff.mp4').write_bytes(b'nothing of a video')
    rows = [('a.mp4', 0, [1, 2]), ('b\udcff.mp4', 0, [1, 2])]
    text = page_of(tmp_path, rows, '--videos', str(tmp_path / 'v'))
    assert 'b?.mp4' in text
    assert text.count('data:image/jpeg') == 1


def test_classes_taken_for_each_other_stand_side_by_side():
    groups = np.arange(12) % 3
    shares = (groups[:, None] == groups) * 0.9 + 0.01
    order = order_classes(shares)
    assert sorted(order) == list(range(12))
    assert (np.diff(groups[order]) != 0).sum() == 2
    columns = order_labels(np.hstack([shares, np.eye(12)[:, :2]]), np.arange(12), order)
    assert columns[:12].tolist() == order.tolist()
    # The other labels stand as the classes that are taken for them do.
    assert columns[12:].tolist() == sorted([12, 13], key=lambda i: order.tolist().index(i - 12))


@pytest.fixture(scope='module')
def toy_page(tmp_path_factory):
    """Twelve toy classes with two videos each, one of them deleted, and a label of HTML."""
    root = tmp_path_factory.mktemp('toy page')
    generate_dataset(root, objects=('circle', 'star'), train_clips=2, val_clips=1, num_frames=10)
    classes = (root / 'classes.txt').read_text().splitlines()
    lines = [line.rsplit(' ', 1) for line in (root / 'train_list.txt').read_text().splitlines()]
    # Every video has the next class first, the second ones also the HTML.
    rows = []
    for i, (path, label) in enumerate(lines):
        others = [(int(label) + step) % 12 for step in range(1, 9)]
        rows.append((path, int(label), [others[0], 12 if i % 2 else others[7], *others[1:7]]))
    (root / 'videos' / lines[3][0]).unlink()
    negatives = write(root / 'n.jsonl', rows, classes=classes, extra=[IMAGE])
    main([negatives, '--html', str(root / 'page.html'), '--videos', str(root / 'videos')])
    return root / 'page.html', classes, [path for path, _ in lines]


@pytest.mark.slow
@needs_chromium
def test_in_a_real_browser(page, toy_page):
    from selenium.webdriver import ActionChains, Keys

    path, classes, videos = toy_page
    page.open(path)
    assert page.texts('.fact') == ['24 videos, 12 classes, 13 labels']
    assert page.texts('.class .name') == classes
    assert page.js("return document.querySelectorAll('img[src=x]').length") == 0
    # Classes open; the video that is gone is a grey tile.
    page.js("for (const i of [0, 1]) document.getElementById('class-' + i).open = true")
    page.until("return [...document.querySelectorAll('#class-0 img')].every(i => i.naturalWidth)")
    assert page.texts('.path') == videos[:4]
    assert page.texts('#class-1 .tile') == [f'{videos[3]}: no such file']
    assert page.texts('#class-0 ol li')[0] == f'{classes[1]} 0.900'
    page.driver.find_element('css selector', '#class-0 .taken a').click()
    assert page.js("return document.getElementById('class-1').open")
    # Search, by class and by path.
    box = page.driver.find_element('id', 'search')
    for words, name, found in (
        ('STAR grow', 'star growing', [v for v in videos if 'star_growing' in v]),
        ('star_growing/0001', 'star growing', [v for v in videos if 'star_growing/0001' in v]),
    ):
        box.clear()
        box.send_keys(words)
        page.until("return document.getElementById('found').textContent.startsWith('1 of 12')")
        number = "return document.querySelectorAll('.videos > li:not([hidden])').length"
        page.until(f'{number} === {len(found)}')
        assert page.texts('.class .name') == [name]
        assert page.texts('.path') == found
    # The heat map, in label order: keys, then the mouse on the label of HTML, in row 2.
    page.js("const s = document.getElementById('map-choice'); s.value = '1';"
            "s.dispatchEvent(new Event('change'))")  # fmt: skip
    page.js("document.querySelector('.map:not([hidden])').focus()")
    assert page.text('map-text').endswith('a class is never its own negative')
    ActionChains(page.driver).send_keys(Keys.ARROW_RIGHT).perform()
    wanted = 'among the first 3 of 2 of 2 videos (100 %), back 0 of 2 videos (0 %)'
    assert page.text('map-text') == f'{classes[0]} \u2192 {classes[1]}: {wanted}'
    shown = page.driver.find_element('css selector', '.map:not([hidden]) img')
    at = (
        shown.size['width'] / 2 - 12,
        12 - shown.size['height'] / 2 + (shown.size['height'] - 12 * 24 + 2 * 24),
    )
    ActionChains(page.driver).move_to_element_with_offset(shown, *map(round, at)).click().perform()
    assert page.text('map-text').startswith(f'{classes[2]} \u2192 {IMAGE}: among')
    assert page.text('map-text').endswith('of 1 of 2 videos (50 %)')
    assert page.js('return document.activeElement.parentElement.id') == 'class-2'
    page.quiet()
