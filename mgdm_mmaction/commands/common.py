"""Arguments and output that several commands share."""

import argparse
import sys
from collections.abc import Sequence
from typing import Any, TextIO

from ..errors import MGDMError, require_file

__all__ = [
    'add_cfg_options',
    'add_device',
    'add_figure_options',
    'add_labels',
    'add_list_form',
    'add_output',
    'add_runner_arguments',
    'check_figure_options',
    'labels_source',
    'print_names',
]


class _ConfigOptions(argparse.Action):
    """MMEngine's ``DictAction``, imported only when the option is given."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Sequence[str],
        option_string: str | None = None,
    ) -> None:
        from mmengine.config import DictAction

        action: Any = DictAction(self.option_strings, self.dest, nargs=self.nargs)
        action(parser, namespace, values, option_string)


def add_cfg_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--cfg-options KEY=VALUE ...``: a dict, or None."""
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=_ConfigOptions,
        metavar='KEY=VALUE',
        help='change settings of the config, such as model.cls_head.context=single or '
        'key="[a,b]" (no spaces in lists); comes last, so it also overrules other arguments',
    )


def add_runner_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that every MMAction2 tool with a runner has, ``--cfg-options`` included."""
    parser.add_argument(
        '--work-dir',
        help='folder of logs and checkpoints; work_dirs/<name of the config> if the config has '
        'none either',
    )
    add_cfg_options(parser)
    parser.add_argument(
        '--launcher',
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        default='none',
        help='what started the processes; tools/dist_*.sh say pytorch. Defaults to none',
    )
    # Some launchers give this to every process instead of an environment variable.
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0, help=argparse.SUPPRESS)


def add_device(parser: Any) -> None:
    """Add ``--device``."""
    parser.add_argument('--device', help="'cpu', 'cuda', 'cuda:1'. Default: a GPU if there is one")


def add_labels(parser: Any) -> None:
    """Add ``--labels`` and ``--labels-file``; see :func:`labels_source`."""
    parser.add_argument('--labels', nargs='+', metavar='TEXT', help='what to recognise, any words')
    parser.add_argument(
        '--labels-file', metavar='FILE', help='... one a line; or k400, hmdb51, ucf101'
    )


def add_list_form(parser: argparse.ArgumentParser) -> None:
    """Add what :meth:`~mgdm_mmaction.data_prep.lists.ListForm.of` reads, and ``--force``."""
    parser.add_argument('--rawframes', action='store_true', help='clips are folders of images')
    template = 'img_{:05}.jpg'
    parser.add_argument(
        '--filename-tmpl', default=template, help=f'of raw frames. Default: {template}'
    )
    parser.add_argument(
        '--start-index', type=int, default=1, help='number of the first raw frame. Default: 1'
    )
    parser.add_argument(
        '--delimiter', default='space', help='between path and label: space, tab, comma, semicolon '
        'or a sign. Default: space',
    )  # fmt: skip
    parser.add_argument('--force', action='store_true', help='replace files of other content')


def labels_source(args: argparse.Namespace) -> Sequence[str] | str | None:
    """Return the labels or the name of their file.

    Returns:
        Sequence[str] | str | None: What :func:`~mgdm_mmaction.text.corpus.read_labels` takes; None
        if neither was given.

    Raises:
        MGDMError: If both were given.
    """
    if args.labels is not None and args.labels_file is not None:
        raise MGDMError('--labels and --labels-file: give one of the two.')
    return args.labels_file if args.labels is None else args.labels


def add_output(parser: Any, help: str, option: str = '--out', **settings: Any) -> None:
    """Add an option that names a file to write, and ``--overwrite``.

    :func:`~mgdm_mmaction.errors.check_output` checks the name before anything is computed.
    ``settings`` are further ones of ``add_argument``.
    """
    parser.add_argument(option, help=help, **settings)
    name = settings.get('metavar', option)
    parser.add_argument('--overwrite', action='store_true', help=f'replace {name} if it exists')


def add_figure_options(parser: argparse.ArgumentParser, dpi: int) -> None:
    """Add ``--dpi`` and ``--font``; see :func:`check_figure_options`."""
    parser.add_argument('--dpi', type=int, default=dpi, help=f'pixels an inch. Default: {dpi}')
    parser.add_argument('--font', metavar='FILE', help='font file for the labels')


def check_figure_options(args: argparse.Namespace) -> None:
    """Refuse a resolution or a font before anything is computed."""
    if not 20 <= args.dpi <= 1000:
        raise MGDMError(f'--dpi {args.dpi}: expected 20 to 1000.')
    if args.font is not None:
        require_file(args.font, 'font of --font')


def print_names(text: str, file: TextIO | None = None) -> None:
    """Print text with names of classes or files; letters that the terminal lacks are escaped."""
    file = file or sys.stdout
    encoding = file.encoding or 'utf-8'
    print(text.encode(encoding, 'backslashreplace').decode(encoding), file=file)
