"""The file of semantic units: one JSON object, read whole."""

import json
from collections import Counter
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import MGDMError, require_file, write_whole
from ..text.corpus import normalize_label

__all__ = ['KINDS', 'Unit', 'UnitsFile', 'packaged_units', 'read_units', 'write_units']

KINDS = ('body', 'object', 'scene', 'motion')
_FORMAT, _VERSION = 'mgdm-units', 1
_BUILD = 'tools/build_units.py writes such a file.'


class Unit(NamedTuple):
    """One semantic unit.

    Args:
        name (str): What it is called.
        kind (str): One of :data:`KINDS`. Defaults to 'object'.
        description (str): More words about it. Defaults to none.
        actions (tuple[str, ...]): Class names that it belongs to. Defaults to ().
    """

    name: str
    kind: str = 'object'
    description: str = ''
    actions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """str: What stands in the prompt: the name, and the description if there is one."""
        return f'{self.name}, {self.description}' if self.description else self.name


class UnitsFile(NamedTuple):
    """The units of a set of actions.

    Args:
        data_set (str): What the actions are of.
        units (list[Unit]): The S units.
    """

    data_set: str
    units: list[Unit]

    def of_kinds(self, kinds: Sequence[str]) -> 'UnitsFile':
        """Return the units of some kinds.

        Raises:
            MGDMError: If a kind is unknown, or no unit is left.
        """
        if unknown := [kind for kind in kinds if kind not in KINDS]:
            raise MGDMError(f'kinds of units: {unknown[0]!r} is unknown; there are {KINDS}.')
        units = [unit for unit in self.units if unit.kind in kinds]
        if not units:
            raise MGDMError(f'the units of {self.data_set} have none of the kinds {list(kinds)}.')
        return self._replace(units=units)

    def counts(self) -> dict[str, int]:
        """Return the number of units of each kind."""
        found = Counter(unit.kind for unit in self.units)
        return {kind: found[kind] for kind in KINDS}

    def by_action(self) -> dict[str, list[Unit]]:
        """Return the units of each action that has any."""
        found: dict[str, list[Unit]] = {}
        for unit in self.units:
            for action in unit.actions:
                found.setdefault(action, []).append(unit)
        return found


def packaged_units() -> list[str]:
    """Return the names of the unit files that come with the package, sorted."""
    folder = resources.files(__package__) / 'data'
    return sorted(entry.name[:-5] for entry in folder.iterdir() if entry.name.endswith('.json'))


def read_units(source: str | Path) -> UnitsFile:
    """Read and check a file of units.

    Args:
        source (str | Path): The file, or the name of a packaged one such as 'k400'.

    Raises:
        MGDMError: If there is no such file, or it is not what it should be: the message names the
            unit, what was found and what was expected.
    """
    if str(source) in packaged_units():
        text = (resources.files(__package__) / 'data' / f'{source}.json').read_text('utf-8')
        return parse_units(text, str(source))
    hint = f'Packaged are {", ".join(packaged_units())}; {_BUILD}'
    require_file(source, 'units file', hint)
    try:
        return parse_units(Path(source).read_text('utf-8-sig'), str(source))
    except UnicodeDecodeError as error:
        raise MGDMError(f'{source}: not a UTF-8 text file ({error}). Save it as UTF-8.') from None


def parse_units(text: str, where: str) -> UnitsFile:
    """Read the text of a file of units; ``where`` is for messages."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MGDMError(f'{where}: not readable as JSON ({error}). {_BUILD}') from None
    content = content if isinstance(content, dict) else {}
    found, version = content.get('format'), content.get('version')
    if (found, version) != (_FORMAT, _VERSION):
        raise MGDMError(
            f'{where}: expected {{"format": "{_FORMAT}", "version": {_VERSION}, "units": [...]}}, '
            f'but found format {found!r}, version {version!r}. {_BUILD}'
        )
    entries = content.get('units')
    if not isinstance(entries, list) or not entries:
        raise MGDMError(f'{where}: "units" should be a list of one or more units. {_BUILD}')
    units = [_parse_unit(entry, f'{where}: unit {i}') for i, entry in enumerate(entries)]
    known: dict[str, int] = {}
    for i, unit in enumerate(units):
        first = known.setdefault(normalize_label(unit.name), i)
        if first != i:
            raise MGDMError(
                f'{where}: unit {i} {unit.name!r} is unit {first} already; delete one of them.'
            )
    return UnitsFile(str(content.get('data_set', '')), units)


def _parse_unit(entry: Any, where: str) -> Unit:
    entry = {'name': entry} if isinstance(entry, str) else entry
    if not isinstance(entry, dict) or not isinstance(entry.get('name'), str):
        raise MGDMError(f'{where}: expected {{"name": "..."}}, but found {str(entry)[:80]!r}.')
    actions, description = entry.get('actions') or [], entry.get('description') or ''
    name, kind = ' '.join(entry['name'].split()), entry.get('kind', 'object')
    if not isinstance(actions, list) or not all(
        isinstance(text, str) for text in (description, *actions)
    ):
        raise MGDMError(
            f'{where} {name!r}: "description" should be a text, "actions" a list of texts.'
        )
    unit = Unit(name, kind, description, tuple(actions))
    if not normalize_label(unit.name) or ',' in unit.name:
        raise MGDMError(
            f'{where}: the name {unit.name!r} should have letters and no comma; more words about '
            'it go into "description".'
        )
    if unit.kind not in KINDS:
        raise MGDMError(f'{where} {unit.name!r}: the kind is {unit.kind!r}, expected {KINDS}.')
    return unit


def write_units(file: UnitsFile, path: str | Path) -> None:
    """Write a file of units, a unit a line, whole or not at all.

    Raises:
        MGDMError: If it cannot be written, or would not be read back.
    """
    lines = []
    for unit in file.units:
        entry = {key: value for key, value in unit._asdict().items() if value}
        lines.append(json.dumps(entry, ensure_ascii=False))
    head = json.dumps(
        {'format': _FORMAT, 'version': _VERSION, 'data_set': file.data_set}, ensure_ascii=False
    )
    text = head[:-1] + ', "units": [\n' + ',\n'.join(lines) + '\n]}\n'
    parse_units(text, str(path))
    with write_whole(path) as part:
        part.write_text(text, encoding='utf-8')
