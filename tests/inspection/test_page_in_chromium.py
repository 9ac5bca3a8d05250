"""The page in a real browser: it renders, searches, answers, and logs no error."""

import shutil
import time

import pytest

from mgdm_mmaction.commands.inspect_negatives import main
from mgdm_mmaction.toy.dataset import generate_dataset
from tests.inspection.files import write

BROWSER = shutil.which('chromium') or shutil.which('google-chrome')
DRIVER = shutil.which('chromedriver')
FLAGS = (
    '--headless=new --no-sandbox --disable-gpu --no-first-run --disable-background-networking '
    '--disable-component-update --disable-sync --window-size=1280,1000'
)
NASTY = '<img src=x onerror=alert(1)></script><script>alert(2)</script> & "'

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (BROWSER and DRIVER),
        reason='no chromium or no chromedriver on PATH (Debian: chromium, chromium-driver)',
    ),
]


class Page:
    """A page in the browser."""

    def __init__(self, driver):
        self.driver = driver

    def open(self, path):
        self.driver.get(path.as_uri())
        self.until("return document.documentElement.dataset.ready === 'yes'")

    def js(self, script, *args):
        return self.driver.execute_script(script, *args)

    def until(self, script, seconds=20):
        end = time.monotonic() + seconds
        while not self.js(script):
            assert time.monotonic() < end, f'still not: {script}\n{self.driver.get_log("browser")}'
            time.sleep(0.05)

    def text(self, name):
        return self.js('return document.getElementById(arguments[0]).textContent', name)

    def find(self, name):
        return self.driver.find_element('id', name)

    def shown(self):
        """Names of the classes that are not hidden."""
        return self.js(
            "return [...document.querySelectorAll('.class')].filter(c => c.checkVisibility())"
            ".map(c => c.querySelector('.name').textContent)"
        )

    def videos(self):
        """Paths of the videos that can be seen."""
        return self.js(
            "return [...document.querySelectorAll('.class[open] .videos > li')]"
            ".filter(v => v.checkVisibility()).map(v => v.querySelector('.path').textContent)"
        )

    def type(self, words):
        box = self.find('search')
        box.clear()
        box.send_keys(words)
        time.sleep(0.3)

    def quiet(self):
        """No error, no warning and no request but for the page itself."""
        assert self.driver.get_log('browser') == []
        requests = self.js("return performance.getEntriesByType('resource').map(r => r.name)")
        assert [name for name in requests if not name.startswith('data:')] == []


@pytest.fixture(scope='module')
def page(tmp_path_factory):
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for flag in FLAGS.split():
        options.add_argument(flag)
    options.add_argument(f'--user-data-dir={tmp_path_factory.mktemp("profile")}')
    options.set_capability('goog:loggingPrefs', {'browser': 'ALL'})
    # The driver is named, so that Selenium looks for none.
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    yield Page(driver)
    driver.quit()


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
    negatives = write(root / 'n.jsonl', rows, classes=classes, extra=[NASTY])
    main([negatives, '--html', str(root / 'page.html'), '--videos', str(root / 'videos')])
    return root / 'page.html', classes, [path for path, _ in lines]


def test_it_renders_and_opens_classes(page, toy_page):
    path, classes, videos = toy_page
    page.open(path)
    assert page.text('facts') == '24 videos, 12 classes, 13 labels'
    assert page.shown() == classes
    assert page.js("return document.querySelectorAll('img').length") == 0
    page.driver.find_element('css selector', '#section-0 > summary').click()
    page.until("return [...document.images].length === 2 && [...document.images].every("
               'i => i.complete && i.naturalWidth === 80)')  # fmt: skip
    assert page.videos() == videos[:2]
    first = page.js("return document.querySelector('#section-0 .negatives').innerText").split('\n')
    assert first[0].startswith(classes[1])
    assert '0.900' in first[0]
    # The video that is gone is a grey tile with its path.
    page.js("document.querySelector('#section-1').open = true")
    page.until("return document.querySelectorAll('.tile').length === 1")
    tile = page.js("return document.querySelector('#section-1 .tile').textContent")
    assert tile == f'{videos[3]}: no such file'
    page.quiet()


def test_search(page, toy_page):
    path, classes, videos = toy_page
    page.open(path)
    page.type('STAR grow')
    assert page.shown() == ['star growing']
    assert page.text('found') == '1 of 12 classes, 2 videos shown'
    assert page.videos() == [v for v in videos if 'star_growing' in v]
    page.type('star_growing/0001')
    assert page.videos() == [next(v for v in videos if 'star_growing/0001' in v)]
    page.type('no such thing')
    assert page.shown() == []
    assert page.text('found').endswith('nothing is called that')
    page.type('circle')
    assert page.shown() == [name for name in classes if 'circle' in name]
    assert page.videos() == []
    page.quiet()


def test_the_heat_map_answers_mouse_and_keys(page, toy_page):
    from selenium.webdriver import ActionChains, Keys

    path, classes, _ = toy_page
    page.open(path)
    page.js("const s = document.getElementById('map-order'); s.value = 'label';"
            "s.dispatchEvent(new Event('change'))")  # fmt: skip
    canvas = page.find('map')
    page.js('arguments[0].focus()', canvas)
    assert page.text('map-text').endswith('a class is never its own negative')
    keys = ActionChains(page.driver)
    keys.send_keys(Keys.ARROW_RIGHT).perform()
    expected = 'among the first 3 of 2 of 2 videos (100 %), back 0 of 2 videos (0 %)'
    assert page.text('map-text') == f'{classes[0]} \u2192 {classes[1]}: {expected}'
    # The same colour for the same share, another for another: cells (1, 2), (2, 3) and (1, 5).
    cell, left = page.js("""
        const canvas = document.getElementById('map');
        const cell = Math.min(24, canvas.width > 13 * 24 ? 24 : canvas.width / 13);
        return [cell, canvas.width - 13 * cell]""")
    colors = page.js(
        """
        const canvas = document.getElementById('map');
        const [cell, left] = arguments;
        const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
        return [[1, 2], [2, 3], [1, 5]].map(([y, x]) => {
            const at = Math.round(left + (y + 0.5) * cell) * canvas.width
                + Math.round(left + (x + 0.5) * cell);
            return [...data.slice(4 * at, 4 * at + 3)].join();
        })""",
        cell,
        left,
    )
    assert colors[0] == colors[1] != colors[2]
    # Row 2, the last column: the mouse finds the label of HTML, as text.
    page.js('arguments[0].scrollIntoView()', canvas)
    move = page.js(
        'const box = arguments[0].getBoundingClientRect(); return [box.width, box.height]', canvas
    )
    x, y = left + 12.5 * cell - move[0] / 2, left + 2.5 * cell - move[1] / 2
    ActionChains(page.driver).move_to_element_with_offset(canvas, round(x), round(y)).perform()
    text = page.text('map-text')
    assert text.startswith(f'{classes[2]} \u2192 <img src=x onerror')
    assert text.endswith('of 1 of 2 videos (50 %)')
    ActionChains(page.driver).click().perform()
    assert page.js('return document.activeElement.parentElement.id') == 'section-2'
    assert page.js("return document.querySelector('#section-2').open")
    page.quiet()


def test_texts_of_html_stay_texts(page, toy_page, tmp_path):
    page.open(toy_page[0])
    page.type('moving')
    page.js("document.querySelectorAll('.class').forEach(c => { c.open = true; })")
    page.until("return document.querySelectorAll('.negatives').length >= 12")
    assert page.js("return document.querySelectorAll('img[src=x]').length") == 0
    assert page.js("return document.body.innerText.includes('<img src=x onerror=alert(1)>')")
    rows = [(f'{NASTY}.mp4', 0, [1, 2]), ('b.mp4', 1, [0, 2])]
    negatives = write(tmp_path / 'n.jsonl', rows, classes=[NASTY, 'jump'], extra=['sail'])
    main([negatives, '--html', str(tmp_path / 'page.html')])
    page.open(tmp_path / 'page.html')
    page.type('onerror')
    assert page.shown() == [NASTY]
    assert page.videos() == [f'{NASTY}.mp4']
    page.quiet()


def test_dark_and_light_are_readable(page, toy_page):
    for scheme in ('light', 'dark'):
        features = [{'name': 'prefers-color-scheme', 'value': scheme}]
        page.driver.execute_cdp_cmd('Emulation.setEmulatedMedia', {'features': features})
        page.open(toy_page[0])
        page.js("document.querySelector('#section-1').open = true")
        page.until("return document.querySelector('#section-1 .tile')")
        pairs = page.js("""
            const color = (element, name) => getComputedStyle(element)[name];
            const one = (selector) => document.querySelector(selector);
            const body = color(document.body, 'backgroundColor');
            const panel = color(one('.videos li'), 'backgroundColor');
            return [
                [color(document.body, 'color'), body], [color(one('#facts'), 'color'), body],
                [color(one('.score'), 'color'), panel],
                [color(one('.taken button'), 'color'), body],
                [color(one('.tile'), 'color'), color(one('.tile'), 'backgroundColor')]]""")
        for ink, paper in pairs:
            assert contrast(ink, paper) >= 4, (scheme, ink, paper)
        dark = luminance(pairs[0][1]) < 0.2
        assert dark == (scheme == 'dark')
    page.driver.execute_cdp_cmd('Emulation.setEmulatedMedia', {'features': []})
    page.quiet()


def luminance(color):
    """Relative luminance of 'rgb(r, g, b)', as the W3C's accessibility guidelines define it."""
    parts = [int(part) / 255 for part in color.removeprefix('rgb(').rstrip(')').split(',')]
    linear = [
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(a, b):
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)
