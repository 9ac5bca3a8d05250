"""The command line of the inference."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from ..apis.inferencer import MGDMInferencer
from ..apis.inputs import list_sources
from ..apis.predictions import Predictions, VideoPrediction
from ..errors import MGDMError
from ..visualization import FontStack, annotate_picture, annotate_video
from .common import print_names
from .demo_outputs import Outputs, plan_outputs
from .demo_table import describe_prediction

__all__ = ['main']

# Labels that are drawn over a video.
_DRAWN = 3


def main(argv: Sequence[str] | None = None) -> None:
    """Recognise videos, print the scores, write them, and draw them over the videos.

    Args:
        argv (Sequence[str], optional): Arguments; None takes those of the process. Defaults to
            None.

    Raises:
        MGDMError: If an argument does not fit; nothing has been computed then.
        SystemExit: With code 1 if a video has no result, or its drawing could not be made. The
            others have theirs.
    """
    args = _parse(argv)
    labels = _labels(args)
    found = [(source, root) for root in args.inputs for source in list_sources(root)]
    videos, roots = [source.name for source, _ in found], [root for _, root in found]
    outputs = plan_outputs(args.out or [], videos, roots, args.overwrite)
    if args.font:
        FontStack([], args.font)  # Asked now, and not after the videos were recognised.
    if all(source.fault for source, _ in found):
        # Nothing to load a model for.
        predictions = Predictions([VideoPrediction(s.name, error=s.fault) for s, _ in found])
    else:
        predictions = _recognize(args, labels, outputs)
    for prediction in predictions:
        print_names(describe_prediction(prediction))
    for path in outputs.tables:
        _write_table(predictions, path)
        print(f'written: {path}')
    failures = [(item.source, item.error) for item in predictions.broken]
    failures += _draw(predictions, outputs, args.font)
    if failures:
        print_names(f'no result for {len(failures)} of {len(predictions)}:', sys.stderr)
        for source, reason in failures:
            print_names(f'  {source}: {reason}', sys.stderr)
        raise SystemExit(1)


def _labels(args: argparse.Namespace) -> list[str] | str | None:
    if args.labels is not None and args.labels_file is not None:
        raise MGDMError('--labels and --labels-file: give one of the two.')
    return args.labels_file if args.labels is None else args.labels


def _recognize(
    args: argparse.Namespace, labels: list[str] | str | None, outputs: Outputs
) -> Predictions:
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


def _write_table(predictions: Predictions, path: Path) -> None:
    write = predictions.to_json if path.suffix.lower() == '.json' else predictions.to_csv
    try:
        write(path)
    except OSError as error:
        raise MGDMError(f'--out {path}: cannot be written: {error.strerror}.') from None


def _draw(predictions: Predictions, outputs: Outputs, font: str | None) -> list[tuple[str, str]]:
    """Draw what was asked for, and return the videos that could not be drawn, with reasons."""
    jobs = [(predictions[i], path) for i, path in outputs.drawings if predictions[i].ok]
    if not jobs:
        return []
    names = {name for item, _ in jobs for w in item.windows for name in w.labels[:_DRAWN]}
    fonts = FontStack(sorted(names), font)
    if fonts.warning():
        print_names(f'warning: {fonts.warning()}', sys.stderr)
    failures = []
    for prediction, path in jobs:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _draw_one(prediction, path, fonts)
        except (MGDMError, OSError) as error:
            failures.append((prediction.source, f'not drawn: {error}'))
            continue
        print(f'written: {path} ({_size(path)})')
    return failures


def _draw_one(prediction: VideoPrediction, path: Path, fonts: FontStack) -> None:
    if path.suffix.lower() != '.mp4':
        annotate_picture(prediction, path, fonts)
        return
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(path.name, total=prediction.windows[-1].end)
        annotate_video(prediction, path, fonts, lambda time: bar.update(task, completed=time))


def _size(path: Path) -> str:
    size = path.stat().st_size
    return f'{size / 1e3:.0f} kB' if size < 1e6 else f'{size / 1e6:.1f} MB'


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description='Recognise actions in videos: scores in the terminal, as JSON or CSV, or drawn '
        'over the video together with the frames that each label looked at.',
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
    model.add_argument('--device', help="'cpu', 'cuda', 'cuda:1'. Default: a GPU if there is one")
    model.add_argument(
        '--batch-size', type=int, default=1, metavar='N', help='windows at once. Default: 1'
    )
    labels = parser.add_argument_group('labels (default: those of the training)')
    labels.add_argument('--labels', nargs='+', metavar='TEXT', help='what to recognise, any words')
    labels.add_argument(
        '--labels-file', metavar='FILE', help='... one a line; or k400, hmdb51, ucf101'
    )
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
    out.add_argument(
        '--out',
        nargs='+',
        metavar='OUT',
        help='.json or .csv: scores; .mp4: annotated video; .png or .jpg: the frame that the best '
        'label looked at most; a folder: an annotated video for each input. Several may be named',
    )
    out.add_argument('--overwrite', action='store_true', help='replace OUT if it exists')
    out.add_argument(
        '--font', metavar='FILE', help='font for the labels. Default: one that has their letters'
    )
    return parser.parse_args(argv)
