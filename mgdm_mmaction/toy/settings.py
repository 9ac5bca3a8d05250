"""The settings that something was made with, as JSON beside it."""

import json
from pathlib import Path

from ..errors import MGDMError

__all__ = ['at_least', 'read_json', 'refuse', 'write_json']


def read_json(path: Path) -> dict | None:
    """Read settings; None if there is no such file.

    Raises:
        MGDMError: If the file holds something else.
    """
    if not path.exists():
        return None
    try:
        return dict(json.loads(path.read_text()))
    except (ValueError, TypeError):
        raise MGDMError(f'{path} holds no settings; delete it, or choose another place') from None


def write_json(path: Path, settings: dict) -> None:
    """Write settings through a temporary file: they are there whole, or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f'{path.name}.partial')
    partial.write_text(json.dumps(settings, indent=2) + '\n')
    partial.replace(path)


def refuse(what: Path, found: dict, wanted: dict) -> None:
    """Refuse to keep or replace what was made with other settings.

    Raises:
        MGDMError: Always; with what differs.
    """
    different = '; '.join(
        f'{key} is {found.get(key)!r}, wanted {value!r}'
        for key, value in wanted.items()
        if found.get(key) != value
    )
    raise MGDMError(
        f'{what} was made with other settings ({different}); choose another place, or replace it '
        'with --overwrite'
    )


def at_least(lowest: int, **values: int) -> None:
    """Check that settings are not below a number.

    Raises:
        MGDMError: If one is.
    """
    for name, value in values.items():
        if value < lowest:
            raise MGDMError(f'{name} should be at least {lowest}, but got {value}')
