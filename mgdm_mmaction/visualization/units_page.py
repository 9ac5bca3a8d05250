"""One HTML file that shows the semantic units of a set of actions."""

from collections.abc import Sequence
from pathlib import Path

from ..units import KINDS, UnitsFile
from .pages import render_page

__all__ = ['build_units_page']


def build_units_page(file: UnitsFile, classes: Sequence[str], source: str, summary: str) -> str:
    """Build the page: a table of all units, and the units of each class.

    Args:
        file (UnitsFile): The units.
        classes (Sequence[str]): Class names, those without units too.
        source (str): Where the units come from.
        summary (str): Text of the terminal.
    """
    by_action = file.by_action()
    return render_page(
        'units',
        kind='Units',
        title=file.data_set or Path(source).name,
        facts=summary.splitlines(),
        summary=summary,
        kinds=KINDS,
        units=file.units,
        classes=[(name, [(u.name, u.kind) for u in by_action.get(name, ())]) for name in classes],
    )
