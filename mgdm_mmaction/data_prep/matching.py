"""Finding the clip that a data set's own files name, and the label that a folder means."""

import difflib
from collections.abc import Sequence

from ..errors import MGDMError
from ..text.corpus import normalize_label
from .media import Media, MediaTree

__all__ = ['ClassNames', 'ClipIndex']


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
        """Return the label of a class in any spelling.

        Args:
            name (str): The class.
            where (str): Where it was named, for the message.

        Raises:
            MGDMError: If there is no such class.
        """
        label = self.find(name)
        if label is None:
            close = difflib.get_close_matches(name, self.names, 1, 0.7)
            hint = f' Did you mean {close[0]!r}?' if close else ''
            raise MGDMError(
                f'{where}: {name!r} is none of the {len(self.names)} classes of {self.source}.'
                f'{hint} Correct it, or give the right classes with --labels.'
            )
        return label

    def __len__(self) -> int:
        return len(self.names)


class ClipIndex:
    """The clips of a tree by name, whatever their folders and endings.

    Args:
        tree (MediaTree): The clips.
        loose (bool, optional): If a name is not there, accept the one that is equal but for case
            and signs other than letters and digits: some copies were unpacked with '_' for '#', '&'
            and ';'. Not for YouTube ids, where both count. Defaults to False.

    Attributes:
        loose_matches (int): Names that were found only so.
        ambiguous (int): Names that several folders of their class hold; the first by path counts.
    """

    def __init__(self, tree: MediaTree, loose: bool = False) -> None:
        self.loose_matches = 0
        self.ambiguous = 0
        self._loose = loose
        self._by_name: dict[str, list[Media]] = {}
        self._by_key: dict[str, list[Media]] = {}
        for item in tree.items:
            self._by_name.setdefault(item.name, []).append(item)
            if loose:
                self._by_key.setdefault(_key(item.name), []).append(item)

    def find(self, name: str, class_name: str) -> Media | None:
        """Return a clip.

        Args:
            name (str): Its name without folder and ending.
            class_name (str): Its class: where several folders hold the name, the one of this class
                counts.

        Returns:
            Media | None: The clip; None if there is none, or several and none of this class.
        """
        found = self._by_name.get(name, ())
        exact = bool(found)
        if not found and self._loose:
            found = self._by_key.get(_key(name), ())
        if len(found) > 1 or (found and not exact):
            key = normalize_label(class_name)
            found = [
                item for item in found if any(normalize_label(part) == key for part in item.folders)
            ]
            # Two names that are equal but for their signs: better none than the wrong one.
            if not exact and len(found) > 1:
                return None
        if found and not exact:
            self.loose_matches += 1
        self.ambiguous += len(found) > 1
        return found[0] if found else None


def _key(name: str) -> str:
    return ''.join(char if char.isalnum() else '_' for char in name.casefold())
