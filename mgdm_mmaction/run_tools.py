"""Run the files of ``tools/`` as processes, as one would type them."""

import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from .errors import MGDMError

__all__ = ['locate', 'run_command']


def locate(file: str) -> str:
    """Write a file of the project as it would be typed in the current folder.

    Args:
        file (str): Path below the folder that holds ``tools`` and ``configs``: the source tree, or
            ``.mim`` of an installed package.
    """
    package = Path(__file__).resolve().parent
    installed = package / '.mim'
    root = package.parent if (package.parent / 'tools').is_dir() else installed
    return os.path.relpath(root / file)


def run_command(
    command: Sequence[str],
    log_file: Path,
    echo: Callable[[str], None] | None = None,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Run one of the tools to its end.

    Args:
        command (Sequence[str]): A tool, as :func:`locate` writes it, and its arguments.
        log_file (Path): Gets everything that the command prints.
        echo (Callable, optional): Called with every line. Defaults to None.
        environment (Mapping, optional): Variables added to the process's own. Defaults to None.

    Raises:
        MGDMError: If the command fails; with its last lines.
    """
    log_file.parent.mkdir(parents=True, exist_ok=True)
    lines: list[str] = []
    with log_file.open('w') as log:
        log.write(f'$ python {shlex.join(command)}\n')
        with subprocess.Popen(
            [sys.executable, *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors='replace',
            env={**os.environ, **(environment or {}), 'PYTHONUNBUFFERED': '1'},
        ) as process:
            for line in process.stdout:
                log.write(line)
                lines = [*lines[-14:], line.rstrip()]
                if echo:
                    echo(line.rstrip())
    if process.returncode:
        last = '\n'.join(lines)
        raise MGDMError(
            f'`python {shlex.join(command)}` failed with code {process.returncode}; the whole '
            f'output is in {log_file}, its last lines are:\n{last}'
        )
