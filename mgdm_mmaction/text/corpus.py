"""Label corpora: from class names as data sets spell them to prompts with ids."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from importlib import resources
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..errors import MGDMError
from .prompts import DEFAULT_PROMPT, read_prompt

__all__ = [
    'DEFAULT_PROMPT',
    'LabelCorpus',
    'LabelSource',
    'format_label',
    'normalize_label',
    'packaged_label_maps',
    'read_labels',
]

# 'PlayingGuitar' -> 'Playing Guitar', 'TVShow' -> 'TV Show'; digits stay with the word before them.
_CAMEL_CASE = re.compile(r'(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])')
# A minus before a number says something; a hyphen between words does not.
_MINUS = re.compile(r'(?<![^\W_])-(?=\d)')
_ID_AND_NAME = re.compile(r'(\d+)\s*[\s,;:]\s*(.+)')


def format_label(name: str) -> str:
    """Write a class name as plain lower-case words, as a sentence would.

    Args:
        name (str): Class name in any spelling: camel case, underscores or words.

    Returns:
        str: ``'playing guitar'`` for ``'PlayingGuitar'``, ``'brush hair'`` for ``'brush_hair'``,
        ``"massaging person's head"`` as it is.
    """
    text = unicodedata.normalize('NFC', str(name)).replace('_', ' ')
    # A name that already has spaces is prose: 'playing the McDonald game' must stay three words.
    if not any(char.isspace() for char in text.strip()):
        text = _CAMEL_CASE.sub(' ', text)
    return ' '.join(text.lower().split())


def normalize_label(name: str) -> str:
    """Return the key under which two spellings of an action count as the same.

    Case, underscores, hyphens, spaces, quotes and other punctuation do not matter; the words, their
    order, accents and vowel signs, and signs that are read do: ``'c'``, ``'C++'`` and ``'C#'`` are
    three names, as are ``'+1'`` and ``'-1'``.

    Args:
        name (str): Class name in any spelling.

    Returns:
        str: The key, for example ``'playingguitar'``.
    """
    # An acute accent in the place of an apostrophe would become one of the letter before it.
    text = unicodedata.normalize('NFKC', str(name).replace('\N{ACUTE ACCENT}', "'")).casefold()
    text = unicodedata.normalize('NFKC', text)
    return ''.join(filter(_is_read, _MINUS.sub('\N{MINUS SIGN}', text)))


def _is_read(char: str) -> bool:
    """Return whether a character is a letter, digit, mark, symbol or a sign that has a name."""
    kind = unicodedata.category(char)
    return kind[0] in 'LMN' or kind in ('Sm', 'Sc', 'So') or char in '#%&@'


def _has_word(name: str) -> bool:
    return any(char.isalnum() for char in name)


def packaged_label_maps() -> list[str]:
    """Return the names of the label maps that come with the package, sorted."""
    folder = resources.files(__package__) / 'label_maps'
    return sorted(
        Path(entry.name).stem for entry in folder.iterdir() if entry.name.endswith('.txt')
    )


def read_labels(source: str | Path | Sequence[str]) -> list[str]:
    """Read class names, label order.

    Args:
        source (str | Path | Sequence[str]): A list of names, the name of a packaged map
            (``'k400'``, ``'hmdb51'``, ``'ucf101'``) or a text file with one name a line. Lines may
            also read ``id name``: then all of them must, and the ids must count up from 0 or 1.

    Returns:
        list[str]: The names as they are written.

    Raises:
        MGDMError: If the source does not exist, holds no name or has ids out of order.

    Example:
        >>> read_labels('hmdb51')[:2]
        ['brush_hair', 'cartwheel']
    """
    if not isinstance(source, str | Path):
        names = list(source)
        for i, name in enumerate(names):
            if not isinstance(name, str) or not _has_word(name):
                raise MGDMError(
                    f'class names: entry {i} is {name!r}; expected a name with letters or digits. '
                    'In a text config file, quote names that look like numbers.'
                )
        return names
    if str(source) in packaged_label_maps():
        text = (resources.files(__package__) / 'label_maps' / f'{source}.txt').read_text('utf-8')
        return _parse_labels(text, str(source))
    path = Path(source)
    if not path.is_file():
        raise MGDMError(
            f'class names: {str(source)!r} is neither a file nor one of the packaged label maps '
            f'({", ".join(packaged_label_maps())}). Give one of these names, the path of a text '
            'file with one class name a line (tools/data/build_lists.py folders writes one for '
            'clips in a folder a class), or a list of names.'
        )
    try:
        return _parse_labels(path.read_text('utf-8-sig'), str(path))
    except UnicodeDecodeError as error:
        raise MGDMError(f'{path}: not a UTF-8 text file ({error}). Save it as UTF-8.') from None


def _parse_labels(text: str, where: str) -> list[str]:
    """Return the names of a label map, with or without leading ids."""
    lines = [(i, line.strip()) for i, line in enumerate(text.splitlines(), 1) if line.strip()]
    # Some lists are CSV files that begin with this title.
    if lines and lines[0][1].replace(' ', '').lower() == 'id,name':
        del lines[0]
    if not lines:
        raise MGDMError(f'{where}: the file is empty; expected one class name a line.')
    numbered = [_ID_AND_NAME.fullmatch(line) for _, line in lines]
    # '3 point shot' among plain names is a name: ids count only when every line has one.
    names = lines
    if all(numbered):
        first = min(int(numbered[0].group(1)), 1)
        for position, ((line_no, line), match) in enumerate(zip(lines, numbered, strict=True)):
            if int(match.group(1)) != first + position:
                raise MGDMError(
                    f'{where}:{line_no}: found {line!r}; every line of this file begins with a '
                    f'number, so the numbers are read as ids and must count up from 0 or from 1 '
                    f'(expected {first + position}). Sort the lines by id, or leave the ids out.'
                )
        names = [(i, match.group(2)) for (i, _), match in zip(lines, numbered, strict=True)]
    for line_no, name in names:
        if not _has_word(name):
            raise MGDMError(f'{where}:{line_no}: {name!r} has no letter or digit; write a name.')
    return [name for _, name in names]


class LabelSource(NamedTuple):
    """Where labels come from ('classes', a map, a file, 'list'), how many, and how many new."""

    name: str
    num_names: int
    num_new: int


class LabelCorpus:
    """The label texts that videos are compared with, each under one id.

    The classes of the data set come first, in label order; labels of other data sets that are not
    yet there follow. An action that two data sets spell differently (``'PlayingGuitar'`` and
    ``'playing guitar'``) is one entry, so it is never its own negative (MGDM, section 2.2, DOI
    10.11959/j.issn.1000-436x.2024268).

    Args:
        classes (str | Path | Sequence[str]): The data set's class names, see :func:`read_labels`.
        extra (str | Path | Sequence[str], optional): Labels of other data sets. A list may hold
            names and packaged maps; maps and files can also be joined by ``'+'``:
            ``'k400+ucf101'``. Defaults to ().
        prompt (str | Sequence[str], optional): Text around a label, with one ``{}``; several
            texts, or a packaged list of them such as ``'actions'``, for an ensemble. Defaults to
            :data:`DEFAULT_PROMPT`.

    Attributes:
        classes (list[str]): The data set's class names as given; label i is ``classes[i]``.
        labels (list[str]): The n labels as readable lower-case words; corpus id i is ``labels[i]``.
        class_ids (np.ndarray): Label -> corpus id, int64, shape [C].
        prompt (str | list[str]): The template, or the m templates of an ensemble.
        prompts (list[str]): The n prompts; of an ensemble n m, those of a label together.
        sources (list[LabelSource]): What the labels come from, in order.
        duplicates (list[tuple[str, int]]): Extra names that were there already, with corpus ids.

    Raises:
        MGDMError: If two classes of the data set have the same name but for spelling, a list is
            empty, or the prompt has not exactly one ``{}``.

    Example:
        >>> corpus = LabelCorpus(['PlayingGuitar', 'Archery'], extra=['playing_guitar', 'dive'])
        >>> corpus.labels
        ['playing guitar', 'archery', 'dive']
    """

    def __init__(
        self,
        classes: str | Path | Sequence[str],
        extra: str | Path | Sequence[str] = (),
        prompt: str | Sequence[str] = DEFAULT_PROMPT,
    ) -> None:
        self.prompt = read_prompt(prompt)
        self.classes = read_labels(classes)
        if not self.classes:
            raise MGDMError('classes: the list is empty; name every class of the data set.')
        self.labels: list[str] = []
        self._ids: dict[str, int] = {}
        for label, name in enumerate(self.classes):
            key = normalize_label(name)
            if key in self._ids:
                first = self._ids[key]
                raise MGDMError(
                    f'classes: labels {first} ({self.classes[first]!r}) and {label} ({name!r}) '
                    'have the same name but for spelling; no text can tell them apart. Rename one.'
                )
            self._add(name, key)
        self.sources = [LabelSource('classes', len(self.classes), len(self.classes))]
        self.duplicates: list[tuple[str, int]] = []
        for source, names in _read_extra(extra):
            before = len(self.labels)
            for name in names:
                if (key := normalize_label(name)) in self._ids:
                    self.duplicates.append((name, self._ids[key]))
                else:
                    self._add(name, key)
            self.sources.append(LabelSource(source, len(names), len(self.labels) - before))

    def _add(self, name: str, key: str) -> None:
        self._ids[key] = len(self.labels)
        self.labels.append(format_label(name))

    @property
    def class_ids(self) -> np.ndarray:
        """Corpus id of every label of the data set, int64, shape [C]."""
        return np.arange(len(self.classes), dtype=np.int64)

    @property
    def templates(self) -> list[str]:
        """The m templates; a single one is a list of one."""
        return [self.prompt] if isinstance(self.prompt, str) else list(self.prompt)

    @property
    def prompts(self) -> list[str]:
        """The m prompts of corpus id 0, those of corpus id 1, and so on."""
        templates = self.templates
        return [text.replace('{}', label) for label in self.labels for text in templates]

    @property
    def digest(self) -> str:
        """Short fingerprint of everything that fixes ids and prompts."""
        text = json.dumps([self.prompt, self.labels, len(self.classes)], ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def index(self, name: str) -> int:
        """Return the corpus id of a label in any spelling; :class:`MGDMError` if it has none."""
        key = normalize_label(name)
        if key not in self._ids:
            raise MGDMError(f'label {name!r} is not in the corpus of {len(self)} labels.')
        return self._ids[key]

    def first(self, count: int) -> 'LabelCorpus':
        """Return a corpus of the first ``count`` labels, of all classes at least."""
        return LabelCorpus(self.classes, self.labels[len(self.classes) : count], self.prompt)

    def difference(self, other: 'LabelCorpus') -> str:
        """Describe how this corpus differs from the expected one; empty if they are equal."""
        if self == other:
            return ''
        if self.prompt != other.prompt:
            return f'its prompt is {self.prompt!r}, expected {other.prompt!r}'
        for what, found, wanted in (
            ('classes', self.classes, other.classes),
            ('labels', self.labels, other.labels),
        ):
            if len(found) != len(wanted):
                return f'it has {len(found)} {what}, expected {len(wanted)}'
        pairs = enumerate(zip(self.labels, other.labels, strict=True))
        at, (found, wanted) = next((i, pair) for i, pair in pairs if pair[0] != pair[1])
        same = sorted(self.labels) == sorted(other.labels)
        order = 'the same labels in another order: ' if same else ''
        return f'{order}label {at} is {found!r}, expected {wanted!r}'

    def to_dict(self) -> dict:
        """Return plain lists and strings that :meth:`from_dict` and JSON understand."""
        extra = self.labels[len(self.classes) :]
        return {'classes': list(self.classes), 'extra': extra, 'prompt': self.prompt}

    @classmethod
    def from_dict(cls, data: Mapping) -> 'LabelCorpus':
        """Build the corpus that :meth:`to_dict` described."""
        return cls(**data)

    def __len__(self) -> int:
        return len(self.labels)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LabelCorpus) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)


def _read_extra(extra: str | Path | Sequence[str]) -> list[tuple[str, list[str]]]:
    """Read extra labels, names and packaged maps in a list or maps and files joined by '+'."""
    if isinstance(extra, Path) or (isinstance(extra, str) and Path(extra).is_file()):
        return [(str(extra), read_labels(extra))]
    if isinstance(extra, str):
        parts = [part.strip() for part in extra.split('+') if part]
        return [(part, read_labels(part)) for part in parts]
    maps = packaged_label_maps()
    return [
        (key or 'list', read_labels(key) if key else list(names))
        for key, names in groupby(read_labels(extra), lambda item: item if item in maps else '')
    ]
