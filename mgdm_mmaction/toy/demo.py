"""The demo: everything from making the videos to a table of accuracies."""

import os
import re
import shlex
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from ..run_tools import locate, run_command

if TYPE_CHECKING:
    from ..mining.dumps import Dump
    from ..negatives import NegativesFile

__all__ = ['run_demo']

_CONFIG = 'configs/toy/mgdm_toy.py'
_ZERO_SHOT_CONFIG = 'configs/toy/clip_zero_shot_toy.py'
_LEAVE_A_CORE = dict(OMP_NUM_THREADS=str(max(1, (os.cpu_count() or 2) - 1)))
_NUM_STEPS = 8
_TRAINING = re.compile(r'Epoch\(train\)\s+\[(\d+)\]\[\s*(\d+)/(\d+)\].*?eta: (\S+).*?loss: (\S+)')
_VALIDATION = re.compile(r'Epoch\((?:val|test)\).*?acc/top1: (\S+).*?acc/top5: (\S+)')


def shorten(line: str) -> str | None:
    """Return the progress or the accuracy in a line of MMEngine's log; None if it has neither."""
    if found := _TRAINING.search(line):
        epoch, step, steps, eta, loss = found.groups()
        return f'epoch {epoch}, step {step}/{steps}, loss {float(loss):.2f}, {eta} left'
    if found := _VALIDATION.search(line):
        return 'top-1 {:.1%}, top-5 {:.1%}'.format(*map(float, found.groups()))
    return None


class _Demo:
    """Counts the steps and shows their progress."""

    def __init__(self, work_dir: Path) -> None:
        self.work_dir, self.step = work_dir, 0
        self.console = Console(highlight=False, markup=False, soft_wrap=True)

    def run(self, title: str, *command: str) -> None:
        """Run one step and print its command, so that it can be repeated by hand."""
        self.step += 1
        name = Path(command[0]).stem
        command = (locate(command[0]), *command[1:])
        print(f'\n[{self.step}/{_NUM_STEPS}] {title}\n  $ python {shlex.join(command)}', flush=True)
        start, epoch = time.perf_counter(), ''

        def echo(line: str) -> None:
            nonlocal epoch
            if name not in ('train', 'test'):
                if ' - mmengine - ' not in line:
                    self.console.print(f'  {line}')
            elif text := shorten(line):
                status.update(text)
                if not self.console.is_terminal and epoch != text.split(',')[0]:
                    epoch = text.split(',')[0]
                    print(f'  {text}', flush=True)

        # A worker decodes beside the training: as many threads as cores would wait for each other.
        threads = {} if name == 'train_toy_clip' else _LEAVE_A_CORE
        with self.console.status('') as status:
            run_command(command, self.work_dir / 'logs' / f'{self.step}_{name}.log', echo, threads)
        print(f'  done in {time.perf_counter() - start:.0f} s', flush=True)

    def test(self, title: str, config: str, checkpoint: Path | None, name: str) -> 'Dump':
        """Test a checkpoint, or CLIP as it is, and return the scores."""
        dump = self.work_dir / f'{name}.pkl'
        weights = [str(checkpoint)] if checkpoint else []
        self.run(
            title, 'tools/test.py', config, *weights,
            '--work-dir', str(self.work_dir / name), '--dump', str(dump),
        )  # fmt: skip
        from ..mining.dumps import read_dump

        return read_dump(dump, None)


def run_demo(
    k: int, epochs: int, seed: int, work_dir: str, clips: Sequence[int], clip_steps: int, mined: int
) -> None:
    """Make the toy set and its CLIP, mine, train k = 0 and MGDM, test, and print what came out.

    Args:
        k (int): Mined negatives a video.
        epochs (int): Epochs of both trainings.
        seed (int): Seed of both trainings.
        work_dir (str): Folder of logs and checkpoints.
        clips (Sequence[int]): Training and validation clips a class.
        clip_steps (int): Steps of the tiny CLIP's training.
        mined (int): Negatives that are mined for every video.

    Raises:
        MGDMError: If a step fails.
    """
    start = time.perf_counter()
    data = Path(os.environ.get('MGDM_DATA', 'data')) / 'toy'
    negatives = data / 'negatives.jsonl'
    config = locate(_CONFIG)
    demo = _Demo(Path(work_dir))
    demo.run(
        'Draw and encode the toy videos', 'tools/make_toy_data.py', str(data),
        '--train-clips', str(clips[0]), '--val-clips', str(clips[1]),
    )  # fmt: skip
    demo.run(
        'Train a tiny CLIP on single frames', 'tools/train_toy_clip.py', str(data),
        '--steps', str(clip_steps),
    )  # fmt: skip
    demo.run(
        'Mine hard negatives with the frozen CLIP', 'tools/mine_negatives.py', config,
        '--out', str(negatives), '--overwrite', '--num-negatives', str(mined),
    )  # fmt: skip
    zero_shot = demo.test('Test CLIP alone', locate(_ZERO_SHOT_CONFIG), None, 'zero_shot')
    results = {'zero-shot CLIP': zero_shot}
    for name, number in (('k = 0 (no negatives)', 0), (f'MGDM, k = {k}', k)):
        folder = demo.work_dir / f'k{number}'
        demo.run(
            f'Train {name}', 'tools/train.py', config, '--work-dir', str(folder),
            '--seed', str(seed),
            '--cfg-options', f'k={number}', f'train_cfg.max_epochs={epochs}',
        )  # fmt: skip
        # The last epoch and not the best one: the best was chosen on the videos of this test.
        checkpoint = folder / f'epoch_{epochs}.pth'
        results[name] = demo.test(f'Test {name}', config, checkpoint, f'k{number}')
    print(_last_screen(results, negatives, demo.work_dir, time.perf_counter() - start))


def _last_screen(
    results: dict[str, 'Dump'], negatives: Path, work_dir: Path, seconds: float
) -> str:
    """Describe what came out: accuracies, negatives, files, and how to continue."""
    from ..evaluation.comparison import Comparison
    from ..negatives import read_negatives

    file = read_negatives(negatives)
    # The object is the first word of a class.
    dumps = {name: {0: scores} for name, scores in results.items()}
    found = Comparison(dumps, file.header.classes, groups=r'^\S+').means
    lines = ['', '=' * 78, f'{"":24}top-1    top-5    object right    motion given the object']
    for name, row in found.iterrows():
        lines.append(
            f'{name:22}{row.top1:7.1%}  {row.top5:7.1%}  {row.group:12.1%}'
            f'  {row.within_group:18.1%}'
        )
    lines += ['', 'Hardest negatives by the frozen CLIP (share of the videos of the class):']
    lines += [f'  {line}' for line in _describe_negatives(file)]
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


def _describe_negatives(file: 'NegativesFile', num_classes: int = 3) -> list[str]:
    """Most frequent first negatives of a few classes."""
    labels = file.header.labels
    lines = []
    for label in range(0, len(file.header.classes), len(file.header.classes) // num_classes or 1):
        rows = file.negatives[file.labels == label]
        counts = Counter(int(negative) for row in rows[:, :3] for negative in row)
        common = ', '.join(f'{labels[i]} {n / len(rows):.0%}' for i, n in counts.most_common(3))
        lines.append(f'{file.header.classes[label]}: {common}')
    return lines[:num_classes]
