"""Recognise actions in videos: scores in the terminal, as tables, or drawn below the video."""

import argparse
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import MGDMError, explain_disk
from .common import add_device, add_labels, add_output, labels_source, print_names

if TYPE_CHECKING:
    from ..apis.predictions import Predictions, VideoPrediction
    from .demo_outputs import Outputs

__all__ = ['main', 'print_scores']


def main(argv: Sequence[str] | None = None) -> None:
    """Recognise videos, print the scores, write them, and draw them below the videos."""
    args = _parse(argv)
    labels = labels_source(args)
    from ..apis.inputs import list_sources
    from ..apis.predictions import Predictions, VideoPrediction
    from .demo_outputs import plan_outputs

    found = [(source, root) for root in args.inputs for source in list_sources(root)]
    videos, roots = [source.name for source, _ in found], [root for _, root in found]
    outputs = plan_outputs(args.out or [], videos, roots, args.overwrite)
    if args.font:
        from ..visualization.fonts import find_fonts

        find_fonts([], args.font)  # Asked now, and not after the videos were recognised.
    if all(source.fault for source, _ in found):
        # Nothing to load a model for.
        predictions = Predictions([VideoPrediction(s.name, error=s.fault) for s, _ in found])
    else:
        predictions = _recognize(args, labels, outputs)
    for prediction in predictions:
        print_scores(prediction)
    for path in outputs.tables:
        with explain_disk(path):
            is_json = path.suffix.lower() == '.json'
            predictions.to_json(path) if is_json else predictions.to_csv(path)
        print_names(f'written: {path}')
    failures = [(item.source, item.error) for item in predictions.broken]
    failures += _draw(predictions, outputs, args.font)
    if failures:
        print_names(f'no result for {len(failures)} of {len(predictions)}:', sys.stderr)
        for source, reason in failures:
            print_names(f'  {source}: {reason}', sys.stderr)
        raise SystemExit(1)


def print_scores(prediction: 'VideoPrediction') -> None:
    """Print the scores of a video as tables: of all of it, then of its windows if it has several.

    Args:
        prediction (VideoPrediction): What was recognised.
    """
    from rich.console import Console
    from rich.padding import Padding
    from rich.table import Table

    from ..apis.predictions import format_time

    # A file or a pipe gets whole lines; letters that the encoding lacks are escaped.
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = 1000
    if hasattr(sys.stdout, 'reconfigure'):
        sys.stdout.reconfigure(errors='backslashreplace')
    if not prediction.ok:
        console.print(f'{prediction.source}\n  no result: {prediction.error}', soft_wrap=True)
        return
    windows = prediction.windows
    several = f' (mean of {len(windows)} windows)' if len(windows) > 1 else ''
    console.print(prediction.source + several, soft_wrap=True)
    table = Table.grid(padding=(0, 2))
    table.add_column(justify='right')
    for label, score in zip(prediction.labels, prediction.scores, strict=True):
        table.add_row(f'{100 * score:.1f} %', label)
    console.print(Padding(table, (0, 0, 0, 2), expand=False))
    if not several:
        return
    table = Table(box=None, pad_edge=False)
    table.add_column('from', justify='right')
    table.add_column('to', justify='right')
    for rank in range(min(len(windows[0].labels), 3)):
        table.add_column(['best', 'second', 'third'][rank])
        table.add_column('%', justify='right')
    for window in windows:
        best = list(zip(window.labels[:3], window.scores[:3], strict=True))
        cells = [cell for label, score in best for cell in (label, f'{100 * score:.1f}')]
        table.add_row(format_time(window.start), format_time(window.end), *cells)
    console.print(Padding(table, (0, 0, 0, 2), expand=False))


def _recognize(
    args: argparse.Namespace, labels: Sequence[str] | str | None, outputs: 'Outputs'
) -> 'Predictions':
    from ..apis.inferencer import MGDMInferencer

    inferencer = MGDMInferencer(
        args.model, args.weights, device=args.device, labels=labels, pretrained=args.pretrained
    )
    explained = outputs.drawings or any(path.suffix.lower() == '.json' for path in outputs.tables)
    return inferencer(
        args.inputs,
        batch_size=args.batch_size,
        top_k=args.top_k,
        window=args.window,
        stride=args.stride,
        attention=bool(explained),
    )


def _draw(
    predictions: 'Predictions', outputs: 'Outputs', font: str | None
) -> list[tuple[str, str]]:
    """Draw what was asked for, and return the videos that could not be drawn, with reasons."""
    failures = []
    warned: set[str] = set()
    for number, path in outputs.drawings:
        prediction = predictions[number]
        if not prediction.ok:
            continue
        try:
            with warnings.catch_warnings(record=True) as found:
                warnings.simplefilter('always', UserWarning)
                _draw_one(prediction, path, font)
        except (MGDMError, OSError) as error:
            failures.append((prediction.source, f'not drawn: {error}'))
            continue
        for text in {str(warning.message) for warning in found} - warned:
            warned.add(text)
            print_names(f'warning: {text}', sys.stderr)
        size = path.stat().st_size
        shown = f'{size / 1e3:.0f} kB' if size < 1e6 else f'{size / 1e6:.1f} MB'
        print_names(f'written: {path} ({shown})')
    return failures


def _draw_one(prediction: 'VideoPrediction', path: Path, font: str | None) -> None:
    from rich.console import Console
    from rich.progress import Progress

    from ..visualization import annotate_picture, annotate_video

    if path.suffix.lower() != '.mp4':
        annotate_picture(prediction, path, font)
        return
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(path.name, total=prediction.windows[-1].end)
        annotate_video(prediction, path, font, lambda time: bar.update(task, completed=time))


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description='Recognise actions in videos: scores in the terminal, as JSON or CSV, or drawn '
        'below the video together with the frames that each label looked at.',
        epilog='Exit status: 0 all videos have a result, 1 some have none (they are listed, the '
        'others have theirs), 2 an argument is wrong and nothing was computed.',
    )
    parser.add_argument(
        'inputs', nargs='+', metavar='VIDEO', help='video(s), or folders: all videos below them'
    )
    model = parser.add_argument_group('model')
    model.add_argument(
        '--model', required=True, help='checkpoint, which knows its config and labels; or a config'
    )
    model.add_argument('--weights', metavar='CKPT', help='checkpoint for a config')
    model.add_argument(
        '--pretrained',
        metavar='CLIP',
        help='CLIP weights (tag or file) that the model was trained from, for labels that it has '
        'not seen. Default: those of its config',
    )
    add_device(model)
    model.add_argument(
        '--batch-size', type=int, default=1, metavar='N', help='windows at once. Default: 1'
    )
    labels = parser.add_argument_group('labels (default: those of the training)')
    add_labels(labels)
    labels.add_argument(
        '--top-k', type=int, default=5, metavar='K', help='labels to name. Default: 5'
    )
    time = parser.add_argument_group('long videos (default: one window over all of it)')
    time.add_argument(
        '--window', type=float, metavar='S', help='length of sliding windows, seconds'
    )
    time.add_argument(
        '--stride', type=float, metavar='S', help='from one window to the next. Default: --window'
    )
    out = parser.add_argument_group('output')
    add_output(
        out,
        '.json or .csv: scores; .mp4: annotated video; .png or .jpg: the frame that the best label '
        'looked at most; a folder: an annotated video for each input. Several may be named',
        nargs='+',
        metavar='OUT',
    )
    out.add_argument(
        '--font', metavar='FILE', help='font for the labels. Default: one that has their letters'
    )
    return parser.parse_args(argv)
