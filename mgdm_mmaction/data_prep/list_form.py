"""How an annotation list is written: its fields, what is between them, and the names of frames."""

import argparse
import re
from dataclasses import dataclass

from ..errors import MGDMError

__all__ = ['DELIMITERS', 'FrameNames', 'ListForm', 'add_form_options']

# The names under which a delimiter can be given on a command line.
DELIMITERS = {'space': ' ', 'tab': '\t', 'comma': ',', 'semicolon': ';'}
_DEFAULTS = {'delimiter': ' ', 'filename_tmpl': 'img_{:05}.jpg', 'start_index': 1}


@dataclass(frozen=True)
class FrameNames:
    """How raw frames are named: ``filename_tmpl`` and ``start_index`` of ``RawframeDataset``."""

    template: str = _DEFAULTS['filename_tmpl']
    start_index: int = _DEFAULTS['start_index']

    def __post_init__(self) -> None:
        if not re.fullmatch(r'[^{}]*\{(:0?\d*d?)?\}[^{}]*', self.template):
            raise MGDMError(
                f'--filename-tmpl {self.template!r}: expected a name with one number in Python '
                "format, such as 'img_{:05}.jpg' for img_00001.jpg."
            )

    @property
    def pattern(self) -> re.Pattern:
        """What frames of this template look like, whatever their number."""
        return re.compile(r'\d+'.join(map(re.escape, re.split(r'\{.*\}', self.template))))

    def count(self, names: set[str]) -> tuple[int, str]:
        """Count the frames among files from the first on; also return what is wrong with them."""
        count = 0
        while self.template.format(self.start_index + count) in names:
            count += 1
        found = sum(self.pattern.fullmatch(name) is not None for name in names)
        lacking = self.template.format(self.start_index + count)
        if count == found:
            return count, ''
        if not count:
            return 0, f'{found} frames but no {lacking}; see --filename-tmpl and --start-index'
        return count, f'{found} frames, but {lacking} is missing among them'


@dataclass(frozen=True)
class ListForm:
    """Lines ``path label`` of videos, or ``folder frames label`` of raw frames.

    Args:
        delimiter (str, optional): Between path and label of a video. Defaults to ' '.
        frames (FrameNames, optional): The list is of raw frames, named so. Defaults to None.

    Raises:
        MGDMError: If the delimiter is not one sign, or given for raw frames.
    """

    delimiter: str = ' '
    frames: FrameNames | None = None

    def __post_init__(self) -> None:
        if self.frames and self.delimiter != ' ':
            raise MGDMError('--delimiter: RawframeDataset has none; it splits at white space.')
        if len(self.delimiter) != 1 or self.delimiter.isalnum() or self.delimiter in './\n':
            raise MGDMError(
                f'--delimiter {self.delimiter!r}: expected {", ".join(DELIMITERS)} or one sign.'
            )

    @classmethod
    def of(cls, args: argparse.Namespace) -> 'ListForm':
        """Read what :func:`add_form_options` added."""
        frames = FrameNames(args.filename_tmpl, args.start_index) if args.rawframes else None
        return cls(DELIMITERS.get(args.delimiter, args.delimiter), frames)

    @property
    def kind(self) -> str:
        """'videos' or 'rawframes', as in the names of MMAction2's lists."""
        return 'rawframes' if self.frames else 'videos'

    def line(self, video: str, label: int) -> str:
        """Return a line; the video of raw frames is ``folder frames``."""
        return f'{video}{self.delimiter}{label}\n'

    def splits(self, path: str) -> bool:
        """Return whether the data set would split a path.

        ``VideoDataset`` strips a line, splits it at every delimiter and needs exactly two parts;
        ``RawframeDataset`` splits at white space, always.
        """
        if self.frames:
            return len(path.split()) != 1
        return self.delimiter in path or path.strip() != path

    def dataset(self, ann_file: str, root: str) -> dict:
        """Return the config of the data set that reads a list, without its pipeline."""
        name, prefix = ('RawframeDataset', 'img') if self.frames else ('VideoDataset', 'video')
        return dict(type=name, ann_file=ann_file, data_prefix={prefix: root}, **self._settings())

    def options(self) -> list[str]:
        """Return the options of a command that reads such lists."""
        words = ['--rawframes'] if self.frames else []
        names = {sign: name for name, sign in DELIMITERS.items()}
        for key, value in self._settings().items():
            words += [f'--{key.replace("_", "-")}', names.get(value, str(value))]
        return words

    def _settings(self) -> dict:
        values: dict = dict(delimiter=self.delimiter)
        if self.frames:
            values = dict(filename_tmpl=self.frames.template, start_index=self.frames.start_index)
        return {key: value for key, value in values.items() if value != _DEFAULTS[key]}


def add_form_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that :meth:`ListForm.of` reads, and ``--force``."""
    template, names = _DEFAULTS['filename_tmpl'], ', '.join(DELIMITERS)
    parser.add_argument('--rawframes', action='store_true', help='clips are folders of images')
    parser.add_argument(
        '--filename-tmpl', default=template, help=f'of raw frames. Default: {template}'
    )
    parser.add_argument(
        '--start-index', type=int, default=1, help='number of the first raw frame. Default: 1'
    )
    parser.add_argument(
        '--delimiter',
        default='space',
        help=f'between path and label: {names} or a sign. Default: space',
    )
    parser.add_argument('--force', action='store_true', help='replace files of other content')
