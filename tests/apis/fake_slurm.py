"""Two commands of SLURM for a machine without: they start real processes with its variables."""

import os
import stat
import sys
from pathlib import Path

_SRUN = """#!{python}
import json, os, subprocess, sys, time

options, command = {{}}, sys.argv[1:]
while command[0].startswith('-'):
    name, _, value = command.pop(0).partition('=')
    options[name] = value or (command.pop(0) if name == '-p' else '')
json.dump(options, open(os.path.join(os.path.dirname(__file__), 'options.json'), 'w'))
tasks, per_node = int(options['--ntasks']), int(options['--ntasks-per-node'])
running = []
for rank in range(tasks):
    env = dict(
        os.environ,
        SLURM_PROCID=str(rank),
        SLURM_LOCALID=str(rank % per_node),
        SLURM_NTASKS=str(tasks),
        SLURM_NODELIST='machine[1-%d]' % (tasks // per_node),
        SLURM_TASKS_PER_NODE='%d(x%d)' % (per_node, tasks // per_node),
    )
    running.append(subprocess.Popen(command, env=env))
status = 0
while running:
    for process in list(running):
        if process.poll() is not None:
            running.remove(process)
            if process.returncode:
                status = status or process.returncode
                for other in running:
                    other.terminate()
    time.sleep(0.1)
sys.exit(status)
"""

_SCONTROL = '#!/bin/sh\n# show hostnames machine[1-2]\ntest "$2" = hostnames && echo localhost\n'


def install_fake_slurm(folder: Path) -> dict:
    """Write ``srun`` and ``scontrol`` into a folder and return the environment that finds them."""
    folder.mkdir()
    for name, text in (('srun', _SRUN.format(python=sys.executable)), ('scontrol', _SCONTROL)):
        (folder / name).write_text(text)
        (folder / name).chmod(stat.S_IRWXU)
    return dict(PATH=f'{folder}{os.pathsep}{os.environ["PATH"]}')
