"""The commands that make the toy data set and its tiny CLIP."""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from mgdm_mmaction.clip import build_clip

from ..toy.actions import DEFAULT_OBJECTS, MOTIONS
from ..toy.dataset import generate_dataset, read_settings
from ..toy.pretrain import train_tiny_clip
from ..toy.shapes import OBJECTS
from ..toy.zero_shot import evaluate_zero_shot

__all__ = ['make_toy_data', 'train_toy_clip']


def make_toy_data(argv: Sequence[str] | None = None) -> None:
    """Generate the toy data set, see ``tools/make_toy_data.py --help``.

    Args:
        argv (Sequence[str], optional): Arguments. Defaults to None (those of the process).

    Raises:
        MGDMError: See :func:`~mgdm_mmaction.toy.generate_dataset`.
    """
    parser = argparse.ArgumentParser(
        description='Generate a small action data set of mp4 files whose classes are an object '
        'times a motion. Nothing is done if it is there already.'
    )
    parser.add_argument('out_dir', help='directory to write to')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument(
        '--objects',
        nargs='+',
        default=list(DEFAULT_OBJECTS),
        metavar='OBJECT',
        help=f'objects, six classes each; from: {", ".join(OBJECTS)} (default: the first six)',
    )
    parser.add_argument('--train-clips', type=int, default=16, help='a class (default: 16)')
    parser.add_argument('--val-clips', type=int, default=8, help='a class (default: 8)')
    parser.add_argument('--num-frames', type=int, default=24, help='of a clip (default: 24)')
    parser.add_argument('--size', type=int, default=80, help='side in pixels (default: 80)')
    parser.add_argument('--overwrite', action='store_true', help='replace other settings')
    options = vars(parser.parse_args(argv))
    start = time.perf_counter()
    made = generate_dataset(**options)
    settings = read_settings(options['out_dir'])
    classes = len(MOTIONS) * len(settings['objects'])
    print(
        f'{options["out_dir"]}: {classes} classes, '
        f'{classes * settings["train_clips"]} training and '
        f'{classes * settings["val_clips"]} validation clips, '
        + (f'made in {time.perf_counter() - start:.0f} s' if made else 'already there')
    )


def train_toy_clip(argv: Sequence[str] | None = None) -> None:
    """Train the tiny CLIP of a toy data set, see ``tools/train_toy_clip.py --help``.

    Args:
        argv (Sequence[str], optional): Arguments. Defaults to None (those of the process).

    Raises:
        MGDMError: See :func:`~mgdm_mmaction.toy.train_tiny_clip`.
    """
    parser = argparse.ArgumentParser(
        description='Train a tiny CLIP on newly drawn frames of the objects of a toy data set, and '
        'test it on the validation clips. It is not trained again if it is there already.'
    )
    parser.add_argument('data_root', help='directory that make_toy_data.py wrote')
    parser.add_argument('--out', help='file for the weights (default: DATA_ROOT/clip.pt)')
    parser.add_argument('--arch', default='mgdm-tiny', help='architecture (default: mgdm-tiny)')
    parser.add_argument('--steps', type=int, default=400)
    parser.add_argument('--batch-size', type=int, default=128, help='frames (default: 128)')
    parser.add_argument('--lr', type=float, default=1e-3)
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--overwrite', action='store_true', help='replace other settings')
    args = parser.parse_args(argv)
    data = read_settings(args.data_root)
    out_file = Path(args.out or Path(args.data_root) / 'clip.pt')
    start = time.perf_counter()
    trained = train_tiny_clip(
        out_file,
        arch=args.arch,
        objects=data['objects'],
        steps=args.steps,
        batch_size=args.batch_size,
        lr=args.lr,
        seed=args.seed,
        num_frames=data['num_frames'],
        overwrite=args.overwrite,
    )
    how = f'trained in {time.perf_counter() - start:.0f} s' if trained else 'already there'
    print(f'{out_file}: {how}', flush=True)

    # Loaded again from its file, as everybody else will load it.
    model = build_clip(args.arch, pretrained=str(out_file))
    result = evaluate_zero_shot(model, args.arch, args.data_root)
    print(
        f'zero-shot on the validation clips: top-1 {result["top1"]:.1%}, '
        f'top-5 {result["top5"]:.1%}, object {result["object"]:.1%}, '
        f'motion given the object {result["motion"]:.1%} (chance {1 / len(MOTIONS):.1%})'
    )
