"""An annotated video in a real browser: it plays, for as long as it should."""

import base64
import shutil
import time

import numpy as np
import pytest

from mgdm_mmaction.video import VideoWriter
from tests.visualization.chromium import BROWSER, DRIVER, FLAGS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (BROWSER and DRIVER),
        reason='no chromium or no chromedriver on PATH (Debian: chromium, chromium-driver)',
    ),
]


@pytest.fixture
def driver():
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for flag in FLAGS.split():
        options.add_argument(flag)
    driver = webdriver.Chrome(options, webdriver.ChromeService(shutil.which('chromedriver')))
    yield driver
    driver.quit()


def test_a_variable_rate_plays_to_its_end(driver, tmp_path):
    # Dark for 1.2 s, then bright; times that no constant rate has.
    with VideoWriter(tmp_path / 'a.mp4', 640, 480) as writer:
        for at, value in ((0, 20), (0.05, 25), (0.9, 30), (1.2, 220), (1.3, 230)):
            writer.write(np.full((480, 640, 3), value, np.uint8), at)
    # Inside the page, because one file may not look at the pixels of another.
    code = base64.b64encode((tmp_path / 'a.mp4').read_bytes()).decode()
    page = tmp_path / 'page.html'
    page.write_text(
        f'<video id=v muted src="data:video/mp4;base64,{code}"></video>'
        '<canvas id=c width=4 height=4></canvas>'
    )
    driver.get(page.as_uri())

    def look(script):
        return driver.execute_script(f'const v = document.getElementById("v"); {script}')

    def until(script):
        end = time.monotonic() + 20
        while not look(f'return {script}'):
            assert not look('return v.error && v.error.message')
            assert time.monotonic() < end
            time.sleep(0.05)

    until('v.readyState >= 2')
    assert look('return [v.videoWidth, v.videoHeight]') == [640, 480]
    assert look('return v.duration') == pytest.approx(1.4, abs=0.02)

    def grey_at(seconds):
        look(f'v.currentTime = {seconds}')
        until('!v.seeking')
        return look(
            'const c = document.getElementById("c").getContext("2d"); c.drawImage(v, 0, 0, 4, 4);'
            'return c.getImageData(1, 1, 1, 1).data[0]'
        )

    assert grey_at(1.0) == pytest.approx(30, abs=8)
    assert grey_at(1.25) == pytest.approx(220, abs=8)
    look('v.currentTime = 0; v.play()')
    until('v.ended')
