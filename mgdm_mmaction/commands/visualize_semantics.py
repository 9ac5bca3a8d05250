"""The command line of the half-vector scatter."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config

from ..apis.common import load_config, merge_options
from ..apis.listed_videos import TestVideos
from ..apis.loading import build_recognizer, read_model
from ..errors import MGDMError, require_file
from ..models import MGDM
from ..visualization.figures import check_figure_path, figure_style, save_figure
from ..visualization.semantics import half_similarities
from ..visualization.semantics_figure import Scatter, draw_semantics, standing
from .common import add_runner_arguments, print_names

__all__ = ['main']

# A figure with more rows is no longer looked at, and is a large picture.
_MOST = 16


def main(argv: Sequence[str] | None = None) -> None:
    """Draw the scatter, see ``tools/visualize_semantics.py --help``.

    Args:
        argv (Sequence[str], optional): Arguments; None takes those of the process. Defaults to
            None.

    Raises:
        MGDMError: If a file or an argument is missing or wrong.
    """
    args = _parse(argv)
    out = check_figure_path(args.out, args.overwrite)
    cfg = load_config(args)
    merge_options(cfg, args)
    require_file(args.checkpoint, 'checkpoint')
    model = build_recognizer(*read_model(cfg, args.checkpoint))
    classes = model.text_bank.classes
    if len(classes) < 2:
        raise MGDMError('the model has one class: there is nothing to compare it with.')
    videos = _choose(args, cfg, classes)
    rows = []
    for path, label, inputs in videos:
        rows.append(_scatter(model.to(args.device), path, label, inputs))
        print_names(f'{path} ({classes[label]}): {_describe(rows[-1], classes)}')
    texts = [*classes, *(row.title for row in rows)]
    with figure_style(texts, args.font) as warning:
        save_figure(draw_semantics(rows, classes), out, args.dpi)
    if warning:
        print(f'warning: {warning}', file=sys.stderr)
    print_names(f'{out}: {len(rows)} videos' + videos.how)
    if args.whole_list:
        print_names(_whole_list(model, videos.sampled(videos.total, 0)))


def _choose(args: argparse.Namespace, cfg: Config, classes: Sequence[str]) -> TestVideos:
    label = None
    if args.label is not None:
        if args.label not in classes:
            raise MGDMError(
                f'--label {args.label!r}: is none of the {len(classes)} classes of the model; the '
                f'first ones are {", ".join(map(repr, classes[:5]))}.'
            )
        label = list(classes).index(args.label)
    found = TestVideos(cfg, args.config, len(classes))
    if args.videos:
        return found.named(args.videos, label)
    return found.sampled(args.samples, args.seed)


def _scatter(model: MGDM, path: str, label: int, inputs: torch.Tensor) -> Scatter:
    device = next(model.parameters()).device
    batch = model.data_preprocessor(dict(inputs=[inputs.to(device)], data_samples=None))
    points = half_similarities(model, batch['inputs'])
    raw, discriminated = (np.asarray(x[0].double().cpu()) for x in points)
    return Scatter(path, label, raw, discriminated)


def _whole_list(model: MGDM, videos: TestVideos) -> str:
    """Say how the true class stands in all videos, so that no figure speaks for them."""
    stands = {'raw': [], 'discriminated': []}
    for path, label, inputs in videos:
        row = _scatter(model, path, label, inputs)
        for name, found in stands.items():
            found.append(standing(getattr(row, name), label)[:2])
    lines = [f'all {videos.total} videos of the test list:']
    for name, found in stands.items():
        ranks, leads = np.transpose(found)
        lines.append(
            f'  {name} texts: true class first {100 * np.mean(ranks == 1):.1f} %, lead '
            f'{np.mean(leads):+.3f} on average, {np.median(leads):+.3f} in the median'
        )
    return '\n'.join(lines)


def _describe(row: Scatter, classes: Sequence[str]) -> str:
    parts = []
    for name, points in (('raw texts', row.raw), ('discriminated', row.discriminated)):
        rank, lead, rival = standing(points, row.label)
        parts.append(f'{name} rank {rank}, {lead:+.3f} to {classes[rival]}')
    return '; '.join(parts)


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        'visualize_semantics.py',
        description='Draw where the two halves of a video vector see every class text, with raw '
        'and with discriminated texts (figures 4 and 5 of the paper).',
    )
    parser.add_argument('config', help='config file')
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument('--out', required=True, metavar='FIG.png', help='picture, or .pdf, .svg')
    parser.add_argument('--overwrite', action='store_true', help='replace it if it exists')
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument(
        '--videos', nargs='+', metavar='PATH', help='videos of the test list, or other files'
    )
    chosen.add_argument(
        '--samples', type=int, default=4, metavar='N', help='videos of the test list, drawn at '
        'random. Default: 4',
    )  # fmt: skip
    parser.add_argument('--seed', type=int, default=0, help='of the draw. Default: 0')
    parser.add_argument(
        '--whole-list', action='store_true', help='also say how all videos of the test list do'
    )
    parser.add_argument('--label', help='true class of --videos that are not in the test list')
    parser.add_argument('--device', default='cpu', help="'cpu' or 'cuda'. Default: cpu")
    parser.add_argument('--dpi', type=int, default=150, help='pixels an inch. Default: 150')
    parser.add_argument('--font', metavar='FILE', help='font file for the labels')
    add_runner_arguments(parser)
    args = parser.parse_args(argv)
    if not 1 <= args.samples <= _MOST or (args.videos and len(args.videos) > _MOST):
        raise MGDMError(f'a figure takes 1 to {_MOST} videos; draw several figures for more.')
    if args.seed < 0:
        raise MGDMError(f'--seed {args.seed}: expected 0 or more.')
    if not 20 <= args.dpi <= 1000:
        raise MGDMError(f'--dpi {args.dpi}: expected 20 to 1000.')
    if args.label is not None and not args.videos:
        raise MGDMError('--label belongs to --videos; videos of the list have theirs.')
    if args.device != 'cpu' and not (args.device.startswith('cuda') and torch.cuda.is_available()):
        raise MGDMError(f"--device {args.device}: is not on this machine; try 'cpu'.")
    if args.font is not None and not Path(args.font).is_file():
        raise MGDMError(f'--font {args.font}: no such file.')
    return args
