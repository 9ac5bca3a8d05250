"""A headless Chromium for pages, where there is one."""

import shutil
import time

import pytest

BROWSER = shutil.which('chromium') or shutil.which('google-chrome')
DRIVER = shutil.which('chromedriver')
FLAGS = (
    '--headless=new --no-sandbox --disable-gpu --no-first-run --disable-background-networking '
    '--disable-component-update --disable-sync --window-size=1280,1000'
)

needs_chromium = pytest.mark.skipif(
    not (BROWSER and DRIVER),
    reason='no chromium or no chromedriver on PATH (Debian: chromium, chromium-driver)',
)


class Page:
    """A page in the browser."""

    def __init__(self, driver):
        self.driver = driver

    def open(self, path):
        self.driver.get(path.as_uri())
        self.until("return document.readyState === 'complete'")

    def js(self, script, *args):
        return self.driver.execute_script(script, *args)

    def until(self, script, seconds=20):
        end = time.monotonic() + seconds
        while not self.js(script):
            assert time.monotonic() < end, f'still not: {script}\n{self.driver.get_log("browser")}'
            time.sleep(0.05)

    def text(self, name):
        return self.js('return document.getElementById(arguments[0]).textContent', name)

    def texts(self, selector):
        """Texts of the elements that can be seen."""
        return self.js(
            'return [...document.querySelectorAll(arguments[0])].filter(e => e.checkVisibility())'
            '.map(e => e.innerText)',
            selector,
        )

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
