"""What the header of a negatives file holds, and how a video is named in it."""

import dataclasses
import hashlib
import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import UnionType
from typing import get_args, get_origin

from ..errors import MGDMError
from ..text.corpus import LabelCorpus
from ..version import __version__

__all__ = [
    'FORMAT_NAME',
    'FORMAT_VERSION',
    'NegativesHeader',
    'check_version',
    'path_hash',
    'path_key',
    'unique_keys',
    'video_path',
]

FORMAT_NAME = 'mgdm-negatives'
# A file says the lowest version that has what it holds: 2 is for several prompts, else 1.
FORMAT_VERSION = 2
MINE_HINT = 'Mine it again with tools/mine_negatives.py.'


@dataclass(frozen=True)
class NegativesHeader:
    """First line of a negatives file: what the negatives were mined with.

    Args:
        architecture (str): CLIP architecture.
        weights_digest (str): Fingerprint of the frozen CLIP's weights.
        prompt (str | list[str]): Text around every label; several texts of an ensemble.
        labels (list[str]): The n labels of the corpus; negatives are indices of it.
        classes (list[str]): Class names of the data set, label order.
        class_ids (list[int]): Corpus id of every class.
        num_frames (int): Frames encoded a video.
        k (int): Negatives of every video.
        annotation_digest (str): Fingerprint of the annotation file.
        package_version (str): Version of this package that mined.
        settings (dict, optional): Further settings of the miner, for the record.
    """

    architecture: str
    weights_digest: str
    prompt: str | list[str]
    labels: list[str]
    classes: list[str]
    class_ids: list[int]
    num_frames: int
    k: int
    annotation_digest: str
    package_version: str
    settings: dict = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        corpus: LabelCorpus,
        k: int,
        annotation_digest: str,
        settings: dict,
        tower: tuple[str, str] = ('', ''),
    ) -> 'NegativesHeader':
        """Make the header of a file that no video was decoded for yet.

        Args:
            corpus (LabelCorpus): Corpus of the ids.
            k (int): Negatives of every video.
            annotation_digest (str): Fingerprint of the annotation file.
            settings (dict): Further settings of the miner.
            tower (tuple[str, str], optional): Architecture and weights digest. Defaults to none.
        """
        return cls(
            *tower,
            prompt=corpus.prompt,
            labels=corpus.labels,
            classes=corpus.classes,
            class_ids=corpus.class_ids.tolist(),
            num_frames=0,
            k=k,
            annotation_digest=annotation_digest,
            package_version=__version__,
            settings=settings,
        )

    @property
    def format_version(self) -> int:
        """Version of the format that a file with this header has."""
        return 1 if isinstance(self.prompt, str) else 2

    def describe_tower(self) -> str:
        """Say in words which CLIP mined, and from how many frames of a video."""
        if not self.architecture:
            return 'no CLIP'
        return (
            f'{self.architecture} (weights {self.weights_digest}), {self.num_frames} frames a video'
        )

    def to_json(self) -> str:
        """Return the header as one line, without the line break."""
        head = {'format': FORMAT_NAME, 'format_version': self.format_version}
        return json.dumps(head | dataclasses.asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, line: str, where: str) -> 'NegativesHeader':
        """Read a header line.

        Args:
            line (str): First line of the file.
            where (str): File name, for messages.

        Raises:
            MGDMError: If the line is no header, of another version, or lacks a key.
        """
        try:
            data = json.loads(line, object_pairs_hook=unique_keys)
        except (ValueError, RecursionError) as error:
            raise MGDMError(f'{where}:1: the header is not JSON ({error}). {MINE_HINT}') from None
        if not isinstance(data, Mapping) or data.get('format') != FORMAT_NAME:
            raise MGDMError(
                f'{where}:1: this is no negatives file: its first line should hold '
                f'"format": "{FORMAT_NAME}". {MINE_HINT}'
            )
        check_version(data.get('format_version'), FORMAT_VERSION, f'{where}:1')
        types = {f.name: _types_of(f.type) for f in dataclasses.fields(cls)}
        for name, kinds in types.items():
            if not isinstance(data.get(name), kinds):
                raise MGDMError(
                    f'{where}:1: header key `{name}` is {data.get(name, "missing")!r}, expected '
                    f'{" or ".join(kind.__name__ for kind in kinds)}. {MINE_HINT}'
                )
        header = cls(**{name: data[name] for name in types})
        header._check(where)
        return header

    def _check(self, where: str) -> None:
        ids = self.class_ids
        if len(ids) != len(self.classes) or not all(
            isinstance(i, int) and 0 <= i < len(self.labels) for i in ids
        ):
            raise MGDMError(
                f'{where}:1: `class_ids` should give each of the {len(self.classes)} classes an id '
                f'below {len(self.labels)}. {MINE_HINT}'
            )
        corpus = self.corpus()
        if corpus.labels != self.labels or corpus.class_ids.tolist() != list(ids):
            raise MGDMError(
                f'{where}:1: `labels` do not begin with the {len(self.classes)} `classes` in label '
                f'order, or one is there twice. {MINE_HINT}'
            )

    def corpus(self) -> LabelCorpus:
        """Return the corpus whose ids the file uses."""
        return LabelCorpus(self.classes, self.labels[len(self.classes) :], self.prompt)


def unique_keys(pairs: list[tuple[str, object]]) -> dict:
    """Build a JSON object, for ``object_pairs_hook``; ``ValueError`` if a key is there twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = [key for key, _ in pairs if sum(key == other for other, _ in pairs) > 1]
        raise ValueError(f'the key {twice[0]!r} is there twice')
    return found


def check_version(found: object, newest: int, where: str) -> None:
    """Refuse a file of a newer format than this package knows.

    Args:
        found (object): The version that the file says.
        newest (int): The newest that can be read; all before it can.
        where (str): File and line, for the message.

    Raises:
        MGDMError: If it is newer, or no version at all.
    """
    if isinstance(found, int) and not isinstance(found, bool) and 1 <= found <= newest:
        return
    known = '1' if newest == 1 else f'1 to {newest}'
    raise MGDMError(
        f'{where}: format version {found!r}, but this package reads version {known}. A later '
        'release of mgdm_mmaction wrote it: install that one, or make the file again with this one.'
    )


def _types_of(annotation: object) -> tuple[type, ...]:
    """Return the plain types of an annotation such as ``str | list[str]``."""
    parts = get_args(annotation) if isinstance(annotation, UnionType) else (annotation,)
    return tuple(get_origin(part) or part for part in parts)


def video_path(info: Mapping, prefix: str | None = '') -> str:
    """Name a sample of a data set as the annotation file writes it.

    Args:
        info (Mapping): Data info or pipeline results of ``VideoDataset`` or ``RawframeDataset``.
        prefix (str, optional): The data set's ``data_prefix`` to take off. Defaults to ''.

    Returns:
        str: The path; where a raw-frame list has offsets, several clips share one folder, so
        ``@offset+frames`` follows.
    """
    path = info.get('filename', info.get('frame_dir'))
    if path is None:
        raise MGDMError(
            f'a sample has neither `filename` nor `frame_dir` but {sorted(info)}; negatives work '
            'with the lists of VideoDataset and RawframeDataset.'
        )
    path = str(path)
    if prefix:
        folder = prefix if prefix.endswith('/') else prefix + '/'
        path = path.removeprefix(folder)
    if 'frame_dir' in info and 'offset' in info:
        path = f'{path}@{info["offset"]}+{info["total_frames"]}'
    return path


def path_key(path: str) -> str:
    """Return the form of a path under which it is found.

    No empty or '.' parts, '/' between them, and accents composed with their letters, which macOS
    writes apart.
    """
    path = unicodedata.normalize('NFC', path)
    return '/'.join(part for part in path.replace('\\', '/').split('/') if part not in ('', '.'))


def path_hash(key: str) -> int:
    """Return a 63-bit hash that is the same in every process (Python's own is not)."""
    digest = hashlib.blake2b(key.encode('utf-8', 'surrogateescape'), digest_size=8).digest()
    return int.from_bytes(digest, 'little') >> 1
