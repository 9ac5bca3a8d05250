"""The demo: everything from making the videos to a table of accuracies."""

import argparse
import os
import shlex
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ..errors import MGDMError
from ..negatives import read_negatives
from .scores import Scores, read_scores
from .steps import locate, run_command, shorten

__all__ = ['run_demo']

CONFIG = 'configs/toy/mgdm_toy.py'
ZERO_SHOT_CONFIG = 'configs/toy/clip_zero_shot_toy.py'
_MINED = 16
_LEAVE_A_CORE = dict(OMP_NUM_THREADS=str(max(1, (os.cpu_count() or 2) - 1)))
_K = 'train_dataloader.dataset.pipeline.1.k'


class _Demo:
    """Counts the steps and shows their progress.

    Args:
        root (Path): Folder of ``tools`` and ``configs``.
        work_dir (Path): Folder of logs and checkpoints.
    """

    num_steps = 8

    def __init__(self, root: Path, work_dir: Path) -> None:
        self.root, self.work_dir, self.step = root, work_dir, 0

    def run(self, title: str, *command: str) -> None:
        """Run one step and print its command, so that it can be repeated by hand."""
        self.step += 1
        command = (locate(command[0], self.root), *command[1:])
        print(
            f'\n[{self.step}/{self.num_steps}] {title}\n  $ python {shlex.join(command)}',
            flush=True,
        )
        start, shown = time.perf_counter(), ['']

        def echo(line: str) -> None:
            text = shorten(line)
            if Path(command[0]).name in ('train.py', 'test.py'):
                if text is None:
                    return
                if sys.stdout.isatty():
                    print(f'\r  {text:<70}', end='', flush=True)
                elif text.startswith('top') or text.split(',')[0] != shown[0]:
                    print(f'  {text}', flush=True)
                shown[0] = text.split(',')[0]
            elif ' - mmengine - ' not in line:
                print(f'  {line}', flush=True)

        # A worker decodes beside the training: as many threads as cores would wait for each other.
        threads = {} if 'train_toy_clip' in command[0] else _LEAVE_A_CORE
        log_file = self.work_dir / 'logs' / f'{self.step}_{Path(command[0]).stem}.log'
        run_command(command, log_file, echo, threads)
        end = '\n' if shown[0] and sys.stdout.isatty() else ''
        print(f'{end}  done in {time.perf_counter() - start:.0f} s', flush=True)

    def test(self, title: str, config: str, checkpoint: Path | None, name: str) -> Scores:
        """Test a checkpoint, or CLIP as it is, and return the accuracies."""
        dump = self.work_dir / f'{name}.pkl'
        weights = [str(checkpoint)] if checkpoint else []
        self.run(
            title, 'tools/test.py', config, *weights,
            '--work-dir', str(self.work_dir / name), '--dump', str(dump),
        )  # fmt: skip
        return read_scores(dump)


def run_demo(argv: Sequence[str] | None = None, root: str | os.PathLike = '.') -> None:
    """Make the toy set and its CLIP, mine, train k = 0 and MGDM, test, and print what came out.

    Args:
        argv (Sequence[str], optional): Arguments. Defaults to None: those of the process.
        root (str | os.PathLike, optional): Folder that holds ``tools`` and ``configs``.
            Defaults to the current folder.

    Raises:
        MGDMError: If k is beyond what is mined, or a step fails.
    """
    parser = argparse.ArgumentParser(
        'toy_demo.py', description='Run MGDM on a toy action data set.'
    )
    parser.add_argument('--k', type=int, default=7, help='mined negatives a video (default: 7)')
    parser.add_argument('--epochs', type=int, default=20, help='of both trainings (default: 20)')
    parser.add_argument('--seed', type=int, default=0, help='of both trainings (default: 0)')
    parser.add_argument(
        '--work-dir', default='work_dirs/toy_demo', help='default: work_dirs/toy_demo'
    )
    parser.add_argument(
        '--clips', type=int, nargs=2, default=[16, 8], metavar=('TRAIN', 'VAL'),
        help='clips a class (default: 16 8)',
    )  # fmt: skip
    parser.add_argument('--clip-steps', type=int, default=400, help='of the tiny CLIP')
    args = parser.parse_args(argv)
    if not 1 <= args.k <= _MINED:
        raise MGDMError(f'--k should be 1 to {_MINED}, the negatives mined a video, not {args.k}')

    start = time.perf_counter()
    data = Path(os.environ.get('MGDM_DATA', 'data')) / 'toy'
    negatives = data / 'negatives.jsonl'
    config, zero_shot_config = (locate(file, root) for file in (CONFIG, ZERO_SHOT_CONFIG))
    demo = _Demo(Path(root), Path(args.work_dir))
    demo.run(
        'Draw and encode the toy videos', 'tools/make_toy_data.py', str(data),
        '--train-clips', str(args.clips[0]), '--val-clips', str(args.clips[1]),
    )  # fmt: skip
    demo.run(
        'Train a tiny CLIP on single frames', 'tools/train_toy_clip.py', str(data),
        '--steps', str(args.clip_steps),
    )  # fmt: skip
    demo.run(
        'Mine hard negatives with the frozen CLIP', 'tools/mine_negatives.py', config,
        '--out', str(negatives), '--overwrite', '--num-negatives', str(_MINED),
    )  # fmt: skip
    results = {'zero-shot CLIP': demo.test('Test CLIP alone', zero_shot_config, None, 'zero_shot')}
    checkpoints = {}
    for name, k in (('k = 0 (no negatives)', 0), (f'MGDM, k = {args.k}', args.k)):
        work_dir = demo.work_dir / f'k{k}'
        demo.run(
            f'Train {name}', 'tools/train.py', config, '--work-dir', str(work_dir),
            '--seed', str(args.seed),
            '--cfg-options', f'{_K}={k}', f'train_cfg.max_epochs={args.epochs}',
        )  # fmt: skip
        # The last epoch and not the best one: the best was chosen on the videos of this test.
        checkpoints[name] = work_dir / f'epoch_{args.epochs}.pth'
        results[name] = demo.test(f'Test {name}', config, checkpoints[name], f'k{k}')
    print(_last_screen(results, negatives, demo.work_dir, time.perf_counter() - start))


def _last_screen(
    results: dict[str, Scores], negatives: Path, work_dir: Path, seconds: float
) -> str:
    """What the user came for: accuracies, negatives, files, and the way on."""
    lines = ['', '=' * 78, f'{"":24}top-1    top-5    object right    motion given the object']
    for name, scores in results.items():
        lines.append(
            f'{name:22}{scores.top1:7.1%}  {scores.top5:7.1%}  {scores.object:12.1%}'
            f'  {scores.motion:18.1%}'
        )
    lines += ['', 'Hardest negatives by the frozen CLIP (share of the videos of the class):']
    lines += [f'  {line}' for line in _describe_negatives(negatives)]
    lines += [
        '',
        f'negatives    {negatives}    (look at it: it is plain text)',
        f'logs         {work_dir}/logs',
        f'checkpoints  {work_dir}/k*/',
        '',
        'On your own clips, a folder a class in data/custom/videos:',
        '  python tools/data/build_lists.py folders data/custom/videos --out data/custom \\',
        '      --val-fraction 0.2 --delimiter tab',
        '  python tools/mine_negatives.py configs/custom/mgdm_custom.py',
        '  python tools/train.py configs/custom/mgdm_custom.py --amp',
        'README.md, "Your own data", has the five steps.',
        '',
        f'All of this took {seconds / 60:.1f} minutes.',
    ]
    return '\n'.join(lines)


def _describe_negatives(path: Path, num_classes: int = 3) -> list[str]:
    """Most frequent first negatives of a few classes."""
    file = read_negatives(path)
    labels = file.header.labels
    lines = []
    for label in range(0, len(file.header.classes), len(file.header.classes) // num_classes or 1):
        rows = file.negatives[file.labels == label]
        counts = Counter(int(negative) for row in rows[:, :3] for negative in row)
        common = ', '.join(f'{labels[i]} {n / len(rows):.0%}' for i, n in counts.most_common(3))
        lines.append(f'{file.header.classes[label]}: {common}')
    return lines[:num_classes]
