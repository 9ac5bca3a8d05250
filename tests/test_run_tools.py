"""Tools run as processes: their names and their failures."""

from pathlib import Path

import pytest

from mgdm_mmaction import MGDMError
from mgdm_mmaction.run_tools import locate, run_command

ROOT = Path(__file__).resolve().parents[1]


def test_run_command_logs_everything_and_reports_a_failure(tmp_path):
    script = tmp_path / 'tool.py'
    script.write_text('import os, sys\nprint(os.environ["WORD"])\nsys.exit(int(sys.argv[1]))\n')
    lines = []
    log = tmp_path / 'logs' / 'tool.log'
    run_command([str(script), '0'], log, lines.append, dict(WORD='hello'))
    assert lines == ['hello']
    assert log.read_text().splitlines()[1:] == ['hello']
    with pytest.raises(MGDMError, match=r'tool.py 3` failed with code 3.*tool\.log(.|\n)*hello'):
        run_command([str(script), '3'], log, environment=dict(WORD='hello'))


def test_locate_is_what_one_would_type(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert locate('tools/train.py') == 'tools/train.py'
    monkeypatch.chdir(ROOT / 'tests')
    assert locate('tools/train.py') == '../tools/train.py'
