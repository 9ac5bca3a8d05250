"""Reports as plain text, the same in a terminal, a pipe and a page."""

import io
from collections.abc import Callable, Mapping, Sequence

import pandas as pd
from rich.console import Console, RenderableType
from rich.table import Table

__all__ = ['as_text', 'list_names', 'percent', 'table']


def as_text(*parts: RenderableType) -> str:
    """Lay out paragraphs and tables as text without colours.

    Nothing is wrapped or shortened, whatever the width of the terminal: a report is also piped into
    files, and a name that was cut off cannot be searched for.

    Args:
        *parts (RenderableType): Lines and tables, from top to bottom.
    """
    file = io.StringIO()
    console = Console(
        file=file,
        width=100_000,
        color_system=None,
        force_terminal=False,
        # Names of classes and files are no markup.
        markup=False,
        highlight=False,
        emoji=False,
    )
    for part in parts:
        console.print(part, no_wrap=True, overflow='ignore', crop=False)
    return '\n'.join(line.rstrip() for line in file.getvalue().rstrip('\n').split('\n'))


def table(
    rows: pd.DataFrame, formats: Mapping[str, Callable[[object], str]] | None = None
) -> RenderableType:
    """Lay out rows below the names of their columns, numbers to the right.

    Args:
        rows (pd.DataFrame): The rows. Missing numbers stay empty.
        formats (Mapping[str, Callable], optional): How the cells of a column are written. Defaults
            to None: as ``str`` does.

    Returns:
        RenderableType: For :func:`as_text`; the word 'none' where there are no rows.
    """
    if rows.empty:
        return '  none'
    made = Table(box=None, padding=(0, 0, 0, 2))
    cells = []
    for name in rows:
        is_number = pd.api.types.is_numeric_dtype(rows[name])
        made.add_column(name, justify='right' if is_number else 'left', no_wrap=True)
        write = (formats or {}).get(name, str)
        cells.append(['' if cell is pd.NA or cell != cell else write(cell) for cell in rows[name]])
    for row in zip(*cells, strict=True):
        made.add_row(*row)
    return made


def percent(share: float) -> str:
    """Write a fraction as a percentage."""
    return f'{100 * share:.0f} %'


def list_names(names: Sequence[str], shown: int = 5) -> str:
    """Write the first few of several names, and how many follow."""
    more = f' and {len(names) - shown} more' if len(names) > shown else ''
    return ', '.join(names[:shown]) + more
