"""The page as a file: it is whole, safe and needs nothing else."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest

from mgdm_mmaction.commands.inspect_negatives import main
from tests.datasets.videos import write_video
from tests.negatives.inspection.files import CLASSES, EXTRA, random_rows, write

NASTY = '</script><script>alert(1)</script> & "quoted" <img src=x onerror=alert(1)>\u2028<!--'


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
def page(tmp_path):
    return page_of(tmp_path, random_rows(), '--per-class', '4')


def test_the_data_are_those_of_the_file(page):
    elements = Elements(page)
    rows = {path: row for path, *row in random_rows()}
    paths = elements.texts('path')
    assert [rows[path][0] for path in paths] == [0] * 4 + [1] * 4 + [2] * 4 + [3]
    lists = re.findall(r'<ol>(.*?)</ol>', page, re.DOTALL)
    for path, found in zip(paths, lists, strict=True):
        found = re.findall(r'<li>(\w+) <i>([\d.]+)</i>', found)
        names = [(CLASSES + EXTRA)[i] for i in rows[path][1]]
        assert found == [(n, f'{s:.3f}') for n, s in zip(names, rows[path][2], strict=True)]
    data = json.loads(next(text for a, text in elements.of('script') if a.get('id') == 'data'))
    assert data['videos'][3:] == [1, 0]
    for shown in data['maps']:
        assert sorted(shown['rows']) == list(range(5))
        assert sorted(shown['columns']) == list(range(8))
    run = dict(zip(data['counts'][0][0][::2], data['counts'][0][0][1::2], strict=True))
    for label in range(8):
        among = [label in negatives[:3] for of, negatives, _ in rows.values() if of == 0]
        assert run.get(label, 0) == sum(among)


def test_nothing_from_outside_and_only_its_own_script(page):
    elements = Elements(page)
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
    page = page_of(tmp_path, rows, classes=[f'run {NASTY}', 'jump'], extra=[f'sail {NASTY}'])
    clean = page_of(tmp_path / 'clean', [('a', 0, [1, 2]), ('b', 1, [0, 2])],
                    classes=['run', 'jump'], extra=['sail'])  # fmt: skip
    tags = [[tag for tag, *_ in Elements(text).found] for text in (page, clean)]
    assert tags[0] == tags[1]
    assert page.count('</script') == clean.count('</script')
    assert f'{NASTY}.mp4' in Elements(page).texts('path')


def test_paths_that_are_not_utf8(tmp_path):
    write_video(tmp_path / 'v' / 'a.mp4', 0)
    (tmp_path / 'v' / 'b\udcff.mp4').write_bytes(b'nothing of a video')
    rows = [('a.mp4', 0, [1, 2]), ('b\udcff.mp4', 0, [1, 2])]
    page = page_of(tmp_path, rows, '--videos', str(tmp_path / 'v'))
    assert 'b?.mp4' in page
    assert page.count('data:image/jpeg') == 1


def test_same_command_same_bytes(tmp_path):
    pages = [page_of(tmp_path, random_rows(), '--overwrite', overwrite=True) for _ in range(2)]
    assert pages[0] == pages[1]
