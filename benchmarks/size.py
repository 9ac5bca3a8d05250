"""How large the project is, by git's list of its files: python benchmarks/size.py, or make size."""

import subprocess
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = 'mgdm_mmaction'
# What the papers are about; the rest serves it.
METHOD = ('text', 'clip', 'models', 'datasets', 'negatives', 'mining')


def main() -> None:
    """Print lines and modules of the package, its rooms, the tests and the rest."""
    listed = subprocess.run(
        ['git', 'ls-files', '*.py'], cwd=ROOT, capture_output=True, text=True, check=True
    )
    modules: Counter[str] = Counter()
    lines: Counter[str] = Counter()
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if path.exists():
            top, *rest = Path(name).parts
            room = f'{top}/{rest[0]}' if top == PACKAGE and len(rest) > 1 else top
            modules[room] += 1
            lines[room] += len(path.read_text(encoding='utf-8').splitlines())
    rooms = {room: count for room, count in lines.items() if room.startswith(PACKAGE)}
    package = sum(rooms.values())
    method = sum(count for room, count in rooms.items() if room.partition('/')[2] in METHOD)
    table = Table('room', 'modules', 'lines', 'of the package', box=None)
    for room, count in sorted(rooms.items(), key=lambda pair: -pair[1]):
        table.add_row(room, str(modules[room]), str(count), f'{count / package:.0%}')
    console = Console()
    console.print(table)
    total = sum(modules[room] for room in rooms)
    console.print(f'\npackage: {package} lines in {total} modules')
    console.print(f'method ({", ".join(METHOD)}): {method} lines, {method / package:.0%} of them')
    for room in ('tests', 'benchmarks', 'configs', 'tools'):
        console.print(f'{room}: {lines[room]} lines in {modules[room]} files')


if __name__ == '__main__':
    main()
