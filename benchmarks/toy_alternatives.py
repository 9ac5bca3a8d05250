"""Negatives for the toy set that do not come from the frozen CLIP and the videos."""

import os
from collections.abc import Callable
from pathlib import Path

from benchmarks.toy_variants import CONFIG
from mgdm_mmaction.toy.steps import locate, run_command

__all__ = ['make_negatives']


def make_negatives(
    kind: str,
    folder: Path,
    trained: Callable[[str], str],
    options: list[str],
) -> str:
    """Mine a file of negatives with the commands of the package.

    Args:
        kind (str): 'text': nearest labels by text. 'confusions': by class, what a model trained
            with k = 0 takes the training videos for. 'trained': by video, what a model trained with
            k = 7 confuses.
        folder (Path): Where the file and logs go.
        trained (Callable): Name of a variant -> its checkpoint with the same seed; it is trained
            if it is not there yet.
        options (list[str]): Options of the config of all runs.

    Returns:
        str: The file.
    """
    out = folder / f'negatives_{kind}.jsonl'
    if out.exists():
        return str(out)
    mine, test, config = (
        locate(file) for file in ('tools/mine_negatives.py', 'tools/test.py', CONFIG)
    )
    changes = ['--cfg-options', *options] if options else []
    if kind == 'text':
        how = ['--text-only']
    elif kind == 'trained':
        how = ['--checkpoint', trained('k = 7')]
    else:
        dump = folder / 'confusions.pkl'
        # The training videos: those of the test are what the result is reported on.
        data = os.path.join(os.environ.get('MGDM_DATA', 'data'), 'toy')
        run_command(
            [test, config, trained('k = 0'), '--work-dir', str(folder), '--dump', str(dump)]
            + ['--cfg-options', f'test_dataloader.dataset.ann_file={data}/train_list.txt']
            + options,
            folder / 'test_on_training_videos.log',
        )
        how = ['--confusions', str(dump)]
    run_command(
        [mine, config, '--out', str(out), '--num-negatives', '16', *how, *changes],
        folder / 'mine.log',
    )
    return str(out)
