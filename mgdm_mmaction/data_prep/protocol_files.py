"""Reading the lists that a protocol chooses from, and writing what it chose."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..datasets.annotations import check_annotation
from ..errors import MGDMError
from .protocols import Row
from .published import number
from .writing import write_texts

__all__ = ['ListForm', 'Output', 'read_rows']


@dataclass(frozen=True)
class ListForm:
    """How the lines of a list are written.

    Args:
        delimiter (str, optional): Between path and label. Defaults to ' '.
        rawframes (bool, optional): ``folder frames label``. Defaults to False.
    """

    delimiter: str = ' '
    rawframes: bool = False


def read_rows(paths: Sequence[str], num_classes: int, form: ListForm) -> list[Row]:
    """Read lists; a video that is in several is taken once.

    Args:
        paths (Sequence[str]): The lists.
        num_classes (int): Number of classes that labels must stay below.
        form (ListForm): How their lines are written.

    Returns:
        list[Row]: Everything before the label of a line, and the label.

    Raises:
        MGDMError: If a list is missing or wrong, or lists give a video different labels.
    """
    labels: dict[str, int] = {}
    for path in paths:
        check_annotation(path, num_classes, form.delimiter, form.rawframes)
        text = Path(path).read_text('utf-8', 'surrogateescape')
        for line_no, line in enumerate(text.splitlines(), 1):
            between = None if form.rawframes else form.delimiter
            video, label = line.strip().rsplit(between, 1)
            if labels.setdefault(video, int(label)) != int(label):
                raise MGDMError(
                    f'{path}:{line_no}: {video!r} has label {label} here and {labels[video]} '
                    'before. Correct the lists.'
                )
    return list(labels.items())


@dataclass
class Output:
    """The files of a protocol, written together.

    Args:
        folder (Path): Where they go.
        form (ListForm): How lines are written.

    Attributes:
        texts (dict[Path, str]): Content of the files.
        num_classes (dict[Path, int]): Number of classes of the lists among them.
    """

    folder: Path
    form: ListForm
    texts: dict[Path, str] = field(default_factory=dict)
    num_classes: dict[Path, int] = field(default_factory=dict)

    def add_list(self, name: str, rows: Sequence[Row], num_classes: int) -> None:
        """Add a list of videos."""
        between = ' ' if self.form.rawframes else self.form.delimiter
        path = self.folder / f'{name}.txt'
        self.texts[path] = ''.join(f'{video}{between}{label}\n' for video, label in rows)
        self.num_classes[path] = num_classes

    def add_classes(self, name: str, classes: Sequence[str]) -> None:
        """Add a list of class names, in label order."""
        self.texts[self.folder / f'{name}_classes.txt'] = ''.join(f'{x}\n' for x in classes)

    def write(self, force: bool) -> str:
        """Write all files or none, and say what is in them.

        Args:
            force (bool): Replace files of other content.

        Raises:
            MGDMError: If a file is there with other content.
        """
        write_texts(_encodable(self.texts), force)
        lines = []
        for path, text in self.texts.items():
            if path not in self.num_classes:
                lines.append(f'{path}: {number(len(text.splitlines()))} class names')
                continue
            found = check_annotation(
                str(path), self.num_classes[path], self.form.delimiter, self.form.rawframes
            )
            lines.append(
                f'{path}: {number(found.num_videos)} videos of {found.num_labels} classes, list '
                f'digest {found.digest}'
            )
        return '\n'.join(lines)


def _encodable(texts: Mapping[Path, str]) -> Mapping[Path, str]:
    for path, text in texts.items():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise MGDMError(
                f'{path}: a file name in it is not UTF-8; rename it and build the lists again.'
            ) from None
    return texts
