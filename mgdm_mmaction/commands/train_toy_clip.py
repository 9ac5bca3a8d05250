"""The command that trains the tiny CLIP of a toy data set."""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

__all__ = ['main']


def main(argv: Sequence[str] | None = None) -> None:
    """Train the tiny CLIP of a toy data set, see ``tools/train_toy_clip.py --help``.

    Args:
        argv (Sequence[str], optional): Arguments. Defaults to None (those of the process).

    Raises:
        MGDMError: See :func:`~mgdm_mmaction.toy.pretrain.train_tiny_clip`.
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
    from ..clip import build_clip
    from ..toy.actions import MOTIONS
    from ..toy.dataset import read_settings
    from ..toy.pretrain import train_tiny_clip
    from ..toy.zero_shot import evaluate_zero_shot

    options = vars(args)
    data_root, out = Path(options.pop('data_root')), options.pop('out')
    data = read_settings(data_root)
    out = Path(out or data_root / 'clip.pt')
    start = time.perf_counter()
    trained = train_tiny_clip(
        out, objects=data['objects'], num_frames=data['num_frames'], **options
    )
    how = f'trained in {time.perf_counter() - start:.0f} s' if trained else 'already there'
    print(f'{out}: {how}', flush=True)

    # Loaded again from its file, as everybody else will load it.
    model = build_clip(args.arch, pretrained=str(out))
    found = evaluate_zero_shot(model, args.arch, data_root)
    print(
        f'zero-shot on the validation clips: top-1 {found.top1:.1%}, top-5 {found.top5:.1%}, '
        f'object {found.object:.1%}, motion given the object {found.motion:.1%} '
        f'(chance {1 / len(MOTIONS):.1%})'
    )
