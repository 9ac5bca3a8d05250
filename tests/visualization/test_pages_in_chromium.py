"""The page of a negatives file in a real browser: it renders, searches, answers, logs no error."""

import pytest

from mgdm_mmaction.commands.inspect_negatives import main
from mgdm_mmaction.toy.dataset import generate_dataset
from tests.negatives.inspection.files import write
from tests.visualization.chromium import needs_chromium, page

__all__ = ['page']

NASTY = '<img src=x onerror=alert(1)></script><script>alert(2)</script> & "'


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
    page.js("const s = document.getElementById('map-choice'); s.value = '2';"
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
    assert page.text('map-text').startswith(f'{classes[2]} \u2192 {NASTY}: among')
    assert page.text('map-text').endswith('of 1 of 2 videos (50 %)')
    assert page.js('return document.activeElement.parentElement.id') == 'class-2'
    page.quiet()
