"""Lists are built where neither torch nor OpenMMLab is imported."""

import subprocess
import sys

from tests.data_prep.stand_ins import touch

CODE = """
import sys
from mgdm_mmaction.commands import build_lists, build_protocol, check_videos
build_lists.main(['folders', 'videos', '--out', 'lists', '--val', 'videos'])
build_protocol.main(
    ['few-shot', 'lists/train_list.txt', '--classes', 'lists/classes.txt', '--out', 'few',
     '--shots', '1'])
print([name for name in ('torch', 'mmengine', 'mmcv', 'mmaction', 'cv2') if name in sys.modules])
"""


def test_no_heavy_package_is_imported(tmp_path, pytestconfig):
    touch(tmp_path / 'videos', ['run/1.mp4', 'jump/2.mp4'])
    run = subprocess.run(
        [sys.executable, '-c', CODE],
        cwd=tmp_path,
        env={'PYTHONPATH': str(pytestconfig.rootpath)},
        capture_output=True,
        text=True,
    )
    assert run.stdout.endswith('\n[]\n'), run.stderr
