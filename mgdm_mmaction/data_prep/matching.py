"""Finding the clips that a data set's own files name, and the label that a folder means."""

import difflib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ..errors import MGDMError
from ..text.corpus import normalize_label
from .lists import ClipList
from .media import Media, MediaTree

__all__ = ['ClassNames', 'Named', 'match_clips']


class ClassNames:
    """Label ids under any spelling of a class: 'air drumming', 'air_drumming', 'AirDrumming'.

    Args:
        names (Sequence[str]): Names in label order.
        source (str): Where they come from, for messages.

    Raises:
        MGDMError: If two names are the same but for their spelling.
    """

    def __init__(self, names: Sequence[str], source: str) -> None:
        self.names = list(names)
        self.source = source
        self._ids: dict[str, int] = {}
        for label, name in enumerate(self.names):
            first = self._ids.setdefault(normalize_label(name), label)
            if first != label:
                raise MGDMError(
                    f'{source}: {self.names[first]!r} and {name!r} are one class in two spellings. '
                    'Keep one of them.'
                )

    def find(self, name: str) -> int | None:
        """Return the label of a class in any spelling, or None."""
        return self._ids.get(normalize_label(name))

    def label(self, name: str, where: str) -> int:
        """Return the label of a class in any spelling, or raise an error that names the place."""
        label = self.find(name)
        if label is None:
            close = difflib.get_close_matches(name, self.names, 1, 0.7)
            hint = f' Did you mean {close[0]!r}?' if close else ''
            raise MGDMError(
                f'{where}: {name!r} is none of the {len(self.names)} classes of {self.source}.'
                f'{hint} Correct it, or name the right classes.'
            )
        return label


class Named(NamedTuple):
    """A clip that a data set's own file names."""

    title: str  # as reports show it
    names: Sequence[str]  # what it may be called, without folder and ending, best first
    class_names: Sequence[str]  # one, or of videos that show several actions any number
    where: str  # file and line, for messages


def match_clips(
    found: ClipList,
    named: Iterable[Named],
    tree: MediaTree,
    classes: ClassNames,
    loose: bool = False,
) -> Counter:
    """Add named clips to a list, wherever in a tree they lie, with the label of the naming file.

    Args:
        found (ClipList): The list.
        named (Iterable[Named]): The clips.
        tree (MediaTree): Where to look for them.
        classes (ClassNames): Label order.
        loose (bool, optional): If a name is not there, accept the one that is equal but for case
            and signs other than letters and digits: some copies were unpacked with '_' for '#', '&'
            and ';'. Not for YouTube ids, where both count. Defaults to False.

    Returns:
        Counter: How often each of the alternative names was found, by its position.
    """
    by_name, by_key = defaultdict(list), defaultdict(list)
    for item in tree.items:
        by_name[item.name].append(item)
        if loose:
            by_key[_key(item.name)].append(item)

    def find(name: str, class_names: Sequence[str]) -> tuple[Media | None, bool]:
        """Return the clip of this name, of several the one in a folder of its class; if loose."""
        if len(exact := by_name.get(name, [])) == 1:
            return exact[0], False
        some = exact or by_key.get(_key(name), [])
        keys = set(map(normalize_label, class_names))
        own = [item for item in some if keys & set(map(normalize_label, item.folders))]
        # Two names that are equal but for their signs: better none than the wrong one.
        return (own[0], not exact) if own and (exact or len(own) == 1) else (None, False)

    taken: dict[str, str] = {}
    used: Counter = Counter()
    elsewhere = respelt = 0
    for clip in named:
        labels = [classes.label(name, clip.where) for name in clip.class_names]
        hits = ((i, *find(name, clip.class_names)) for i, name in enumerate(clip.names))
        position, media, by_signs = next((hit for hit in hits if hit[1]), (0, None, False))
        if not labels:
            found.missing.append((clip.title, 'no action is named'))
        elif media is None:
            found.missing.append((clip.title, f'no such clip ({", ".join(clip.class_names)})'))
        elif media.path in taken:
            reason = f'its video {media.path} is already that of {taken[media.path]}'
            found.missing.append((clip.title, reason))
        else:
            taken[media.path] = clip.where
            used[position] += 1
            respelt += by_signs
            folders = {classes.find(part) for part in media.folders} - {None}
            elsewhere += bool(folders) and folders.isdisjoint(labels)
            found.add(media, labels[0] if len(labels) == 1 else tuple(labels), clip.title)
    for count, note in (
        (elsewhere, 'videos in the folder of another class, the label of the official file taken'),
        (respelt, 'clips found under a name with other signs or case'),
    ):
        if count:
            found.notes.append(f'{note}: {count}')
    return used


def _key(name: str) -> str:
    return ''.join(char if char.isalnum() else '_' for char in name.casefold())
