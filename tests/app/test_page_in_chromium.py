"""The page in a real browser: drop a clip, change labels, see mistakes answered."""

import json
import shutil
import time
from urllib.parse import urlsplit

import decord
import pytest

BROWSER = shutil.which('chromium') or shutil.which('google-chrome')
DRIVER = shutil.which('chromedriver')
FLAGS = (
    '--headless=new --no-sandbox --disable-gpu --no-first-run --disable-background-networking '
    '--disable-component-update --disable-sync --window-size=1280,1400'
)
NASTY = '<img src=x onerror="document.title=1"> jump ${1 + 1} {{1 + 1}}'

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (BROWSER and DRIVER),
        reason='no chromium or no chromedriver on PATH (Debian: chromium, chromium-driver)',
    ),
]


class Page:
    """The page in the browser."""

    def __init__(self, driver, server):
        self.driver = driver
        self.server = server

    def open(self):
        self.driver.get_log('browser')
        self.driver.get(self.server.url)
        self.until("return document.querySelector('#mgdm-clip input[type=file]')")

    def js(self, script, *args):
        return self.driver.execute_script(script, *args)

    def until(self, script, *args, seconds=30):
        end = time.monotonic() + seconds
        while not self.js(script, *args):
            logged = self.driver.get_log('browser')
            assert time.monotonic() < end, f'still not: {script}\n{self.text()}\n{logged}'
            time.sleep(0.05)

    def text(self):
        return self.js("return document.querySelector('#mgdm-result').innerText")

    def drop(self, path):
        """Put a file where the last one was, if there was one."""
        clear = "document.querySelector('#mgdm-clip button[aria-label=Clear]')"
        if self.js(f'return {clear} !== null'):
            self.js(f'{clear}.click()')
        self.until("return document.querySelector('#mgdm-clip input[type=file]')")
        self.wait_for('Drop a clip')
        box = self.driver.find_element('css selector', '#mgdm-clip input[type=file]')
        box.send_keys(str(path))

    def wait_for(self, words):
        self.until(
            "return document.querySelector('#mgdm-result').innerText.includes(arguments[0])", words
        )

    def labels(self):
        """Labels and scores of the table."""
        rows = self.js(
            "return [...document.querySelectorAll('.mgdm-frames tbody th')].map(h => "
            "[h.querySelector('.mgdm-label').innerText, h.querySelector('.mgdm-score').innerText])"
        )
        return {label: float(score.rstrip('%')) / 100 for label, score in rows}

    def clips(self):
        return [path for path in self.server.uploads.path.rglob('*.mp4') if path.is_file()]


@pytest.fixture(scope='module')
def page(server, tmp_path_factory):
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for flag in FLAGS.split():
        options.add_argument(flag)
    options.add_argument(f'--user-data-dir={tmp_path_factory.mktemp("profile")}')
    options.set_capability('goog:loggingPrefs', {'browser': 'ALL', 'performance': 'ALL'})
    # The driver is named, so that Selenium looks for none.
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    yield Page(driver, server)
    driver.quit()


def test_drop_a_clip_and_change_labels(page, clip, recognition):
    page.open()
    page.drop(clip)
    page.wait_for('the best of 12 labels')
    found = recognition(str(clip)).prediction
    shown = page.labels()
    assert list(shown) == found.labels[:5]
    assert list(shown.values()) == pytest.approx(found.scores[:5], abs=0.0006)
    width = decord.VideoReader(str(clip))[0].shape[1]
    page.until(
        "const all = [...document.querySelectorAll('.mgdm-frames img')];"
        'return all.length === 8 && all.every(i => i.naturalWidth === arguments[0])',
        width,
    )
    # Other labels, one of them HTML; an empty line does not count.
    box = page.driver.find_element('css selector', '#mgdm-labels textarea')
    box.send_keys(f'juggling three balls\n\n{NASTY}\nstar growing')
    page.driver.find_element('id', 'mgdm-run').click()
    page.wait_for('the best of 3 labels')
    shown = page.labels()
    assert sorted(shown) == sorted(['juggling three balls', NASTY, 'star growing'])
    assert sum(shown.values()) == pytest.approx(1, abs=0.002)
    assert page.js("return document.querySelectorAll('img[src=x]').length") == 0
    # Two of the same name.
    box.send_keys('\nStarGrowing')
    page.driver.find_element('id', 'mgdm-run').click()
    page.wait_for('have the same name but for spelling')


def test_mistakes_are_one_line_and_the_next_clip_works(page, clip, long_clip, tmp_path):
    text = tmp_path / 'holiday.mp4'
    text.write_text('this is no video\n' * 50)
    large = tmp_path / 'large.mp4'
    large.write_bytes(bytes(2 << 20))
    page.open()
    for path, words in (
        (text, 'holiday.mp4 cannot be read as a video'),
        (long_clip, 'The clip is 4.0 s long; this page takes up to 3 s.'),
    ):
        page.drop(path)
        page.wait_for(words)
        assert page.js("return document.querySelectorAll('#mgdm-result [role=alert]').length") == 1
        assert '\n' not in page.text()
        assert 'Traceback' not in page.js('return document.body.innerText')
    page.drop(large)
    page.until("return document.body.innerText.includes('maximum allowed size of 1.0 Mb')")
    page.drop(clip)
    page.wait_for('the best of 12 labels')
    assert page.js("return document.querySelectorAll('#mgdm-result [role=alert]').length") == 0


def test_nothing_is_asked_of_another_machine_and_no_script_fails(page, clip):
    page.open()
    page.drop(clip)
    page.wait_for('the best of 12 labels')
    logged = [
        json.loads(entry['message'])['message'] for entry in page.driver.get_log('performance')
    ]
    # Of all tests of this browser so far; before the first page it showed its own.
    asked = {
        entry['params'].get('request', entry['params'])['url']
        for entry in logged
        if entry['method'] in ('Network.requestWillBeSent', 'Network.webSocketCreated')
    }
    schemes = {urlsplit(url).scheme for url in asked}
    assert schemes <= {'http', 'data', 'blob', 'chrome', 'chrome-untrusted'}
    assert {urlsplit(url).netloc for url in asked if url.startswith('http')} == {
        f'127.0.0.1:{page.server.port}'
    }
    # What the browser did not ask because our policy forbids it would be here.
    severe = [entry for entry in page.driver.get_log('browser') if entry['level'] == 'SEVERE']
    assert severe == []
    assert page.js("return getComputedStyle(document.querySelector('#mgdm-run')).fontFamily") == (
        'system-ui, sans-serif'
    )


def test_a_clip_goes_with_its_page(page, clip):
    page.open()
    page.drop(clip)
    page.wait_for('the best of 12 labels')
    # The newest: those of the pages that were closed before go when the server notices.
    own = max(page.clips(), key=lambda path: path.stat().st_mtime)
    page.driver.get('about:blank')
    wait_until(lambda: not own.exists())


def wait_until(condition):
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
