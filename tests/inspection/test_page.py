"""The page as a file: it is whole, safe and needs nothing else."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest

from mgdm_mmaction.commands.inspect_negatives import main
from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.visualization.negatives.page import check_page_path, write_page
from mgdm_mmaction.visualization.negatives.page_data import embed_json
from tests.datasets.videos import write_video
from tests.inspection.files import random_rows, write

NASTY = '</script><script>alert(1)</script> & "quoted" <b>\u2028<!--'


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


def page_of(tmp_path, rows, *options, **kwargs):
    path = write(tmp_path / 'n.jsonl', rows, **kwargs)
    main([path, '--html', str(tmp_path / 'page.html'), *options])
    return (tmp_path / 'page.html').read_text('utf-8')


@pytest.fixture
def page(tmp_path):
    return page_of(tmp_path, random_rows(), '--per-class', '4')


def test_the_data_are_those_of_the_file(page):
    scripts = {attrs.get('id'): text for attrs, text in Elements(page).of('script')}
    data = json.loads(scripts['data'])
    rows = {row[0]: row for row in random_rows()}
    assert data['videos'][3:] == [1, 0]
    assert [len(paths) for paths in data['paths']] == [4, 4, 4, 1, 0]
    for label, paths in enumerate(data['paths']):
        videos = json.loads(scripts[f'class-{label}'])
        for path, video in zip(paths, videos, strict=True):
            assert (label, video['negatives']) == rows[path][1:3]
            assert video['scores'] == pytest.approx(rows[path][3], abs=1e-4)
            assert 'image' not in video
    assert data['pictures'] is False
    assert sorted(data['labelOrder']) == list(range(8))


def test_nothing_from_outside(page):
    elements = Elements(page)
    for tag, attrs, _ in elements.found:
        assert not {'src', 'srcset', 'action', 'style'} & attrs.keys(), tag
        assert attrs.get('href', 'data:,') == 'data:,'
    assert not re.search(r'https?://|@import|url\(', page)
    assert '@@' not in page


def test_only_its_own_script_and_style_may_run(page):
    elements = Elements(page)
    policy = next(a['content'] for a, _ in elements.of('meta') if 'http-equiv' in a)
    [script] = [text for attrs, text in elements.of('script') if 'type' not in attrs]
    [(_, style)] = elements.of('style')
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
    scripts = {attrs.get('id'): text for attrs, text in Elements(page).of('script')}
    assert json.loads(scripts['data'])['paths'][0] == [f'{NASTY}.mp4']


def test_json_in_a_script_element():
    data = {'a<b>&': [NASTY, None, 1.5], 'lone': '\udc80'}
    text = embed_json(data)
    assert not set(text) & set('<>&')
    assert text.isascii()
    assert json.loads(text) == data


def test_paths_that_are_not_utf8(tmp_path):
    write_video(tmp_path / 'v' / 'a.mp4', 0)
    (tmp_path / 'v' / 'b\udcff.mp4').write_bytes(b'nothing of a video')
    rows = [('a.mp4', 0, [1, 2]), ('b\udcff.mp4', 0, [1, 2])]
    page = page_of(tmp_path, rows, '--videos', str(tmp_path / 'v'))
    assert 'b\\ufffd.mp4' in page
    assert page.count('data:image/jpeg') == 1


def test_same_command_same_bytes(tmp_path):
    pages = [page_of(tmp_path, random_rows(), '--overwrite', overwrite=True) for _ in range(2)]
    assert pages[0] == pages[1]


def test_a_page_that_should_not_be_replaced(tmp_path):
    out, source = tmp_path / 'page.html', tmp_path / 'n.jsonl'
    out.write_text('mine')
    source.write_text('')
    (tmp_path / 'link.html').symlink_to(source)
    with pytest.raises(MGDMError, match='page.html: exists already; add --overwrite'):
        check_page_path(out, [str(source)], False)
    check_page_path(out, [str(source)], True)
    check_page_path(tmp_path / 'new.html', [str(source)], False)
    for name in ('n.jsonl', 'link.html'):
        with pytest.raises(MGDMError, match='is the negatives file itself'):
            check_page_path(tmp_path / name, [str(source)], True)
    with pytest.raises(MGDMError, match='is a folder'):
        check_page_path(tmp_path, [], True)


def test_a_page_that_cannot_be_written(tmp_path):
    (tmp_path / 'page.html.part').mkdir()
    with pytest.raises(MGDMError, match='page.html: cannot be written'):
        write_page('', tmp_path / 'page.html')
