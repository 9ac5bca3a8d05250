"""The site: ``make docs`` builds it without a warning, and it can be read and searched offline."""

import re
import shlex
import shutil
import subprocess
import time
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.forked_python import python

ROOT = Path(__file__).resolve().parents[2]
BROWSER = shutil.which('chromium') or shutil.which('google-chrome')
DRIVER = shutil.which('chromedriver')
FLAGS = (
    '--headless=new --no-sandbox --disable-gpu --no-first-run --disable-background-networking '
    '--disable-component-update --disable-sync --window-size=1280,1000'
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope='module')
def site(tmp_path_factory):
    """Run the command of ``make docs``, but write elsewhere."""
    makefile = (ROOT / 'Makefile').read_text(encoding='utf-8')
    command = re.search(r'^docs:.*\n\t\$\(BIN\)/python (-m sphinx .*) build/docs$', makefile, re.M)
    out = tmp_path_factory.mktemp('site')
    command = [python(), *shlex.split(command[1]), str(out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return out


class _Links(HTMLParser):
    """Collects what a page loads, what it links to, and its anchors."""

    def __init__(self, path):
        super().__init__()
        self.loaded, self.linked, self.anchors = [], [], {''}
        self.feed(path.read_text(encoding='utf-8'))

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.anchors.add(attrs.get('id') or '')
        if tag in ('script', 'img', 'iframe') and attrs.get('src'):
            self.loaded.append(attrs['src'])
        elif tag == 'link' and attrs.get('rel') in ('stylesheet', 'icon', 'preload'):
            self.loaded.append(attrs['href'])
        elif tag == 'a' and attrs.get('href'):
            self.linked.append(attrs['href'])


def test_nothing_is_loaded_from_elsewhere_and_no_link_is_dead(site):
    pages = {path.resolve(): _Links(path) for path in site.rglob('*.html')}
    broken = []
    for path, page in pages.items():
        for target in page.loaded + page.linked:
            url = urlsplit(target)
            if url.scheme or url.netloc:
                if target in page.loaded:
                    broken.append(f'{path.name} loads {target}')
                continue
            found = (path.parent / unquote(url.path)).resolve() if url.path else path
            if not found.is_file():
                broken.append(f'{path.name}: {target} leads nowhere')
            elif found in pages and unquote(url.fragment) not in pages[found].anchors:
                broken.append(f'{path.name}: {target} has no such anchor')
    for sheet in site.rglob('*.css'):
        if re.search(r'(@import|url\()\s*["\']?(https?:)?//', sheet.read_text(encoding='utf-8')):
            broken.append(f'{sheet.name} loads something')

    assert len(pages) > 30
    assert broken == []


def test_files_of_the_repository_are_pages_too(site):
    name = 'mgdm_mmaction/models/layers/text_guided_similarity.py.html'

    assert f'_files/{name}' in _Links(site / 'paper_to_code.html').linked
    assert 'text_guided_similarity' in (site / '_files' / name).read_text(encoding='utf-8')
    assert {'contributing.html', 'changelog.html'} <= set(_Links(site / 'index.html').linked)


def test_every_page_of_the_folder_is_in_the_menu(site):
    menu = {urlsplit(target).path for target in _Links(site / 'index.html').linked}
    pages = {f'{path.stem}.html' for path in (ROOT / 'docs').glob('*.md')} - {'index.html'}

    assert pages - menu == set()


@pytest.fixture(scope='module')
def browser():
    if not (BROWSER and DRIVER):
        pytest.skip('no chromium or no chromedriver on PATH (Debian: chromium, chromium-driver)')
    webdriver = pytest.importorskip('selenium.webdriver')
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for flag in FLAGS.split():
        options.add_argument(flag)
    options.set_capability('goog:loggingPrefs', {'browser': 'ALL'})
    driver = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


def _until(browser, script, seconds=20):
    end = time.monotonic() + seconds
    while not (value := browser.execute_script(script)):
        assert time.monotonic() < end, f'still not: {script}\n{browser.get_log("browser")}'
        time.sleep(0.05)
    return value


def _assert_quiet(browser):
    """No error in the console, and no request that leaves the disk."""
    assert [e for e in browser.get_log('browser') if e['level'] in ('SEVERE', 'WARNING')] == []
    names = browser.execute_script(
        "return performance.getEntriesByType('resource').map(r => r.name)"
    )
    assert [name for name in names if not name.startswith(('file:', 'data:'))] == []


def test_pages_open_from_the_disk_without_an_error(site, browser):
    for name in ('index', 'faq', 'api/models'):
        browser.get((site / f'{name}.html').as_uri())
        _until(browser, "return document.readyState === 'complete'")
        _assert_quiet(browser)
    # Formulas are drawn by the browser itself: each has a size.
    browser.get((site / 'api' / 'models.html').as_uri())
    widths = browser.execute_script(
        "return [...document.querySelectorAll('math')].map(m => m.getBoundingClientRect().width)"
    )
    assert len(widths) > 5
    assert min(widths) > 3


def test_search_works_offline(site, browser):
    browser.get((site / 'search.html').as_uri() + '?q=AugmentedContrastiveLoss')
    found = _until(
        browser,
        "return [...document.querySelectorAll('#search-results li a')].map(a => a.href)",
    )

    assert any('api/models.html' in target for target in found)
    _assert_quiet(browser)
