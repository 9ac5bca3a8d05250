"""The command line of the half-vector scatter, and of the labels in the joint space."""

import argparse
import sys
from collections.abc import Sequence

from ..errors import MGDMError, check_output, require_file
from .common import (
    add_cfg_options,
    add_figure_options,
    add_output,
    check_figure_options,
    print_names,
)

__all__ = ['main']

# A figure with more rows is no longer looked at, and is a large picture.
_MOST = 16
_SUFFIXES = ('.png', '.pdf', '.svg')


def main(argv: Sequence[str] | None = None) -> None:
    """Draw a figure, see ``tools/visualize_semantics.py --help``."""
    args = _parse(argv)
    if not args.out.lower().endswith(_SUFFIXES):
        raise MGDMError(f'--out {args.out}: the name should end in {", ".join(_SUFFIXES)}.')
    out = check_output(args.out, args.overwrite)
    require_file(args.checkpoint, 'checkpoint')
    import torch

    from ..apis.listed_videos import TestVideos
    from ..apis.loading import load_recognizer
    from ..config import read_config
    from ..visualization.figures import figure_style, save_figure
    from ..visualization.semantics import draw_semantics, standing

    if args.device != 'cpu' and not (args.device.startswith('cuda') and torch.cuda.is_available()):
        raise MGDMError(f"--device {args.device}: is not on this machine; try 'cpu'.")
    cfg = read_config(args.config, args.cfg_options)
    model = load_recognizer(cfg.config, args.checkpoint)[0].to(args.device)
    classes = model.text_bank.classes
    if len(classes) < 2:
        raise MGDMError('the model has one class: there is nothing to compare it with.')
    if args.joint:
        print(_draw_labels(model, out, args))
        return
    videos = TestVideos(cfg, len(classes))
    if args.videos:
        videos.named(args.videos, _label(args.label, classes))
    else:
        videos.sampled(args.samples, args.seed)
    rows = []
    for video in videos:
        row = _scatter(model, *video)
        parts = []
        for name, points in (('raw texts', row.raw), ('discriminated', row.discriminated)):
            rank, lead, rival = standing(points, row.label)
            parts.append(f'{name} rank {rank}, {lead:+.3f} to {classes[rival]}')
        print_names(f'{row.title} ({classes[row.label]}): {"; ".join(parts)}')
        rows.append(row)
    with figure_style([*classes, *(row.title for row in rows)], args.font) as warning:
        save_figure(draw_semantics(rows, classes), out, args.dpi)
    if warning:
        print(f'warning: {warning}', file=sys.stderr)
    print_names(f'{out}: {len(rows)} videos' + videos.how)
    if args.whole_list:
        print_names(_whole_list(model, videos.sampled(videos.total, 0)))


def _draw_labels(model, out, args: argparse.Namespace) -> str:
    """Draw all labels of the model, and say how many there are."""
    import torch
    import torch.nn.functional as F

    from ..visualization.figures import figure_style, save_figure
    from ..visualization.joint_space import draw_joint_space

    bank = model.text_bank
    labels, num_classes = bank.corpus.labels, len(bank.classes)
    with torch.no_grad():
        ids = torch.arange(len(labels), device=bank.class_ids.device)
        vectors = F.normalize(bank(ids).double(), dim=-1).cpu().numpy()
    with figure_style(labels, args.font) as warning:
        save_figure(draw_joint_space(vectors, labels, num_classes, model.text_edges), out, args.dpi)
    if warning:
        print(f'warning: {warning}', file=sys.stderr)
    return f'{out}: {num_classes} classes and {len(labels) - num_classes} other labels'


def _label(name: str | None, classes: Sequence[str]) -> int | None:
    if name is None or name in classes:
        return None if name is None else list(classes).index(name)
    raise MGDMError(
        f'--label {name!r}: is none of the {len(classes)} classes of the model; the first ones are '
        f'{", ".join(map(repr, classes[:5]))}.'
    )


def _scatter(model, path: str, label: int, inputs):
    from ..visualization.semantics import Scatter, half_similarities

    device = next(model.parameters()).device
    batch = model.data_preprocessor(dict(inputs=[inputs.to(device)], data_samples=None))
    points = half_similarities(model, batch['inputs'])
    return Scatter(path, label, *(x[0].double().cpu().numpy() for x in points))


def _whole_list(model, videos) -> str:
    """Describe how the true class stands in all videos, so that no figure speaks for them."""
    import pandas as pd

    from ..report import as_text, table
    from ..visualization.semantics import standing

    found = []
    for video in videos:
        row = _scatter(model, *video)
        for texts in ('raw', 'discriminated'):
            rank, lead, _ = standing(getattr(row, texts), row.label)
            found.append((texts, 100.0 * (rank == 1), lead))
    rows = pd.DataFrame(found, columns=['texts', 'first', 'lead']).groupby('texts', sort=False)
    shown = pd.DataFrame(
        {
            'true class first': rows['first'].mean(),
            'mean lead': rows['lead'].mean(),
            'median lead': rows['lead'].median(),
        }
    ).reset_index()
    lead = '{:+.3f}'.format
    formats = {'true class first': '{:.1f} %'.format, 'mean lead': lead, 'median lead': lead}
    return as_text(f'all {videos.total} videos of the test list', table(shown, formats))


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        'visualize_semantics.py',
        description='Draw where the two halves of a video vector see every class text, with raw '
        'and with discriminated texts (figures 4 and 5 of the paper), or, with --joint, where the '
        'texts themselves lie.',
    )
    parser.add_argument('config', help='config file')
    parser.add_argument('checkpoint', help='checkpoint file')
    add_output(parser, 'picture, or .pdf, .svg', required=True, metavar='FIG.png')
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument(
        '--videos', nargs='+', metavar='PATH', help='videos of the test list, or other files'
    )
    chosen.add_argument(
        '--joint', action='store_true', help='no video: all labels of the model in two dimensions, '
        'with lines between those that belong together, as classes and movements of KG-CLIP do',
    )  # fmt: skip
    chosen.add_argument(
        '--samples', type=int, default=4, metavar='N', help='videos of the test list, drawn at '
        'random. Default: 4',
    )  # fmt: skip
    parser.add_argument('--seed', type=int, default=0, help='of the draw. Default: 0')
    parser.add_argument(
        '--whole-list', action='store_true', help='also report how all videos of the test list do'
    )
    parser.add_argument('--label', help='true class of --videos that are not in the test list')
    parser.add_argument('--device', default='cpu', help="'cpu' or 'cuda'. Default: cpu")
    add_figure_options(parser, 150)
    add_cfg_options(parser)
    args = parser.parse_args(argv)
    if not 1 <= args.samples <= _MOST or (args.videos and len(args.videos) > _MOST):
        raise MGDMError(f'a figure takes 1 to {_MOST} videos; draw several figures for more.')
    if args.seed < 0:
        raise MGDMError(f'--seed {args.seed}: expected 0 or more.')
    if args.label is not None and not args.videos:
        raise MGDMError('--label belongs to --videos; videos of the list have theirs.')
    check_figure_options(args)
    return args
