"""The file of a knowledge graph: one JSON object, read whole."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

from ..errors import MGDMError, require_file, write_whole
from ..report import list_names
from ..text.class_table import read_class_table
from ..text.corpus import normalize_label

__all__ = ['KnowledgeGraph', 'packaged_graphs', 'read_graph', 'read_pairs', 'write_graph']

_FORMAT, _VERSION = 'mgdm-graph', 1
_BUILD = 'tools/build_graph.py writes such a file.'


@dataclass(frozen=True)
class KnowledgeGraph:
    """Actions, movements, and two kinds of edges; that of a video to its class is its label.

    KG-CLIP (arXiv 2407.14146). Without ``video_movements`` the graph still joins actions.

    Args:
        actions (list[str]): Class names.
        movements (list[str]): Movements, such as 'left hand swing racket'.
        action_movements (list[tuple[str, str]]): Pairs of action and movement, the relation a-b.
        video_movements (list[tuple[str, str]]): Pairs of a training video, as its annotation file
            writes it, and a movement seen in it, the relation v-b. Defaults to none.
        lists (dict[str, str]): Annotation files that it was made from, with their digests.
            Defaults to none: written by hand.
        settings (dict): How it was made. Defaults to none.
        path (str): The file, for messages. Defaults to 'the graph'.
    """

    actions: list[str]
    movements: list[str]
    action_movements: list[tuple[str, str]]
    video_movements: list[tuple[str, str]] = field(default_factory=list)
    lists: dict[str, str] = field(default_factory=dict)
    settings: dict = field(default_factory=dict)
    path: str = field(default='the graph', compare=False)

    def __post_init__(self) -> None:
        for what, names in (('action', self.actions), ('movement', self.movements)):
            if not isinstance(names, list) or not names:
                raise MGDMError(f'{self.path}: "{what}s" should be a list of one or more names.')
            seen: dict[str, str] = {}
            for name in names:
                key = normalize_label(name) if isinstance(name, str) else ''
                if not key:
                    raise MGDMError(f'{self.path}: {what} {name!r} should be a name with letters.')
                if key in seen:
                    raise MGDMError(
                        f'{self.path}: {what} {name!r} is there twice (also as {seen[key]!r}); '
                        'delete one of them.'
                    )
                seen[key] = name
        known = {'action': set(self.actions), 'movement': set(self.movements)}
        for relation, pairs in (('a-b', self.action_movements), ('v-b', self.video_movements)):
            found = set()
            for pair in pairs:
                if not (
                    isinstance(pair, tuple)
                    and len(pair) == 2
                    and all(isinstance(name, str) and name for name in pair)
                ):
                    raise MGDMError(
                        f'{self.path}: "{relation}" should hold pairs of texts, but has {pair!r}.'
                    )
                head, tail = pair
                if relation == 'a-b' and head not in known['action']:
                    raise MGDMError(f'{self.path}: {pair} names an action that "actions" lacks.')
                if tail not in known['movement']:
                    raise MGDMError(f'{self.path}: {pair} names a movement that "movements" lacks.')
                if pair in found:
                    raise MGDMError(f'{self.path}: "{relation}" has {pair} twice; delete one.')
                found.add(pair)

    @cached_property
    def digest(self) -> str:
        """str: Fingerprint of entities and edges."""
        text = json.dumps(
            [self.actions, self.movements, self.action_movements, self.video_movements]
        )
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @cached_property
    def pairs(self) -> list[tuple[int, int]]:
        """list[tuple[int, int]]: The edges a-b as places in ``actions`` and ``movements``."""
        action = {name: i for i, name in enumerate(self.actions)}
        return [(action[a], self._place[b]) for a, b in self.action_movements]

    @cached_property
    def of_videos(self) -> dict[str, list[int]]:
        """dict[str, list[int]]: Places of the movements of each video that has any."""
        found: dict[str, list[int]] = {}
        for video, movement in self.video_movements:
            found.setdefault(video, []).append(self._place[movement])
        return found

    @cached_property
    def _place(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.movements)}

    def of_actions(self) -> dict[str, list[str]]:
        """Return the movements of each action, also of those without any."""
        found: dict[str, list[str]] = {name: [] for name in self.actions}
        for action, movement in self.action_movements:
            found[action].append(movement)
        return found

    def check_classes(self, classes: Sequence[str]) -> None:
        """Refuse a graph with actions that are no classes of the data set.

        Raises:
            MGDMError: Naming them.
        """
        known = {normalize_label(name) for name in classes}
        unknown = [name for name in self.actions if normalize_label(name) not in known]
        if unknown:
            raise MGDMError(
                f'{self.path}: {list_names(unknown)} among its actions, but no class of the data '
                'set has that name. Build the graph for these classes, or correct the names.'
            )

    def check_held_out(self, videos: Iterable[str], where: str) -> None:
        """Refuse a graph that knows the movements of videos that it is tested on.

        Args:
            videos (Iterable[str]): Paths of a validation or test list.
            where (str): The list, for the message.

        Raises:
            MGDMError: Naming the videos.
        """
        if leaked := sorted(set(videos) & self.of_videos.keys()):
            raise MGDMError(
                f'{self.path}: holds movements of {len(leaked)} videos of {where}: '
                f'{list_names(leaked)}. Build it from the training list alone, or, if the results '
                'may be transductive, set allow_transductive=True.'
            )

    def check_lists(self, digests: dict[str, str]) -> None:
        """Refuse a graph that was made from other lists than those of the training.

        Args:
            digests (dict[str, str]): Training list -> digest.

        Raises:
            MGDMError: If none of the lists is the one it was made from.
        """
        if self.lists and not set(self.lists.values()) & set(digests.values()):
            raise MGDMError(
                f'{self.path}: was made from {list_names(list(self.lists))}, whose digests '
                f'{sorted(self.lists.values())} are not those of the training list '
                f'{list_names(list(digests))}: {sorted(digests.values())}. Build it again for '
                'this list.'
            )

    def to_dict(self) -> dict:
        """Return what the file holds."""
        return {
            'format': _FORMAT,
            'version': _VERSION,
            'lists': self.lists,
            'settings': self.settings,
            'actions': self.actions,
            'movements': self.movements,
            'a-b': self.action_movements,
            'v-b': self.video_movements,
        }


def packaged_graphs() -> list[str]:
    """Return the names of the graphs that come with the package, sorted."""
    folder = resources.files(__package__) / 'data'
    return sorted(entry.name[:-4] for entry in folder.iterdir() if entry.name.endswith('.csv'))


def read_graph(source: str | Path) -> KnowledgeGraph:
    """Read and check a graph.

    Args:
        source (str | Path): The file, or the name of a packaged graph such as 'jhmdb21', which are
            tables of class and movement.

    Raises:
        MGDMError: If there is no such file, or it is not what it should be: the message names what
            was found and what was expected.
    """
    if str(source) in packaged_graphs():
        with resources.as_file(resources.files(__package__) / 'data' / f'{source}.csv') as path:
            pairs = read_pairs(path)
        actions, movements = (list(dict.fromkeys(names)) for names in zip(*pairs, strict=True))
        return KnowledgeGraph(actions, movements, pairs, path=str(source))
    require_file(source, 'graph', f'Packaged are {", ".join(packaged_graphs())}; {_BUILD}')
    try:
        content = json.loads(Path(source).read_text('utf-8-sig'))
    except (ValueError, RecursionError) as error:
        raise MGDMError(f'{source}: not readable as JSON ({error}). {_BUILD}') from None
    return parse_graph(content, str(source))


def parse_graph(content: Any, where: str) -> KnowledgeGraph:
    """Check what a graph file holds; ``where`` is for messages."""
    found = content if isinstance(content, dict) else {}
    if (found.get('format'), found.get('version')) != (_FORMAT, _VERSION):
        raise MGDMError(
            f'{where}: expected {{"format": "{_FORMAT}", "version": {_VERSION}, ...}}, but found '
            f'format {found.get("format")!r}, version {found.get("version")!r}. {_BUILD}'
        )
    for key in ('lists', 'settings'):
        if not isinstance(content.get(key, {}), dict):
            raise MGDMError(
                f'{where}: "{key}" should be an object, such as {{"train.txt": "0123"}}.'
            )

    def pairs(key: str) -> list:
        edges = content.get(key, [])
        if not isinstance(edges, list):
            raise MGDMError(f'{where}: "{key}" should be a list of pairs.')
        return [tuple(edge) if isinstance(edge, list) else edge for edge in edges]

    return KnowledgeGraph(
        content.get('actions'),
        content.get('movements'),
        pairs('a-b'),
        pairs('v-b'),
        content.get('lists', {}),
        content.get('settings', {}),
        where,
    )


def read_pairs(source: str | Path) -> list[tuple[str, str]]:
    """Read pairs of class and movement.

    Args:
        source (str | Path): A csv file with the columns ``class`` and ``movement``, or a JSON
            object of class name to a list of movements.

    Raises:
        MGDMError: If it cannot be read, or has another form.
    """
    table = read_class_table(source, 'movement')
    pairs = [(name, movement) for name, found in table.items() for movement in found]
    if blank := [name or movement for name, movement in pairs if not (name and movement)]:
        raise MGDMError(f'{source}: expected class,movement, but {blank[0]!r} stands alone.')
    if not pairs:
        raise MGDMError(f'{source}: holds no row; expected class,movement in each.')
    return pairs


def write_graph(graph: KnowledgeGraph, path: str | Path) -> None:
    """Write a graph, an edge a line, whole or not at all.

    Raises:
        MGDMError: If it cannot be written.
    """

    def dump(value: Any) -> str:
        return json.dumps(value, ensure_ascii=False)

    lines = []
    for key, value in graph.to_dict().items():
        if isinstance(value, list):
            edges = ',\n'.join(f'  {dump(item)}' for item in value)
            lines.append(f' "{key}": [\n{edges}\n ]' if value else f' "{key}": []')
        else:
            lines.append(f' "{key}": {dump(value)}')
    with write_whole(path) as part:
        part.write_text('{\n' + ',\n'.join(lines) + '\n}\n', encoding='utf-8')
