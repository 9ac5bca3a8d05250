"""Decoding every clip of annotation lists, to find the broken ones before a training does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mmaction.registry import DATASETS
from mmaction.utils import register_all_modules
from mmengine.logging import MMLogger

from ..datasets.annotations import check_dataset, unwrap_datasets
from ..errors import MGDMError
from ..mining.progress import Progress
from ..negatives import video_path
from .decoding import ClipCheck, ClipDecoder, decoding_transforms
from .worker_pool import WorkerLost, run_guarded

__all__ = ['CheckedList', 'check_clips', 'clean_text']


@dataclass
class CheckedList:
    """An annotation list and what came of its clips.

    Args:
        ann_file (str): The list.
        digest (str): Its digest.
        config (Mapping): Config of the data set that reads it.
        clips (list[ClipCheck], optional): One a line, in order. Defaults to [].
        names (list[str], optional): Their paths as the list has them. Defaults to [].
    """

    ann_file: str
    digest: str
    config: Mapping
    clips: list[ClipCheck] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    @property
    def broken(self) -> list[int]:
        """Lines, from 0, whose clips are broken."""
        return [row for row, clip in enumerate(self.clips) if clip.reason]

    def shorter_than(self, num_frames: int) -> list[int]:
        """Return the lines, from 0, whose clips are fine but have fewer frames."""
        return [
            row
            for row, clip in enumerate(self.clips)
            if not clip.reason and clip.frames < num_frames
        ]


def check_clips(
    datasets: Sequence[Mapping],
    quick: bool = False,
    num_workers: int = 2,
    timeout: float | None = 300,
    classes: Sequence[str] | None = None,
    progress: bool = True,
) -> list[CheckedList]:
    """Decode every clip of data sets in worker processes.

    A clip is broken where training would call it unreadable (see
    :class:`~mgdm_mmaction.datasets.transforms.SkipUnreadable`): the same transforms open and decode
    it, and the same faults count. A clip that ends its worker process is broken too.

    Args:
        datasets (Sequence[Mapping]): Configs of data sets with their pipelines; wrappers are looked
            into, and a list that comes twice is checked once.
        quick (bool, optional): Decode the first, middle and last frame only. Defaults to False.
        num_workers (int, optional): Processes. Defaults to 2.
        timeout (float, optional): Seconds for a clip. Defaults to 300.
        classes (Sequence[str], optional): Class names in label order, to check labels against.
            Defaults to None: not checked.
        progress (bool, optional): Show progress. Defaults to True.

    Returns:
        list[CheckedList]: One a list.

    Raises:
        MGDMError: If a list is missing or a line has another form.
    """
    register_all_modules(init_default_scope=True)
    checked, built, decoders = [], [], []
    for config in _different(datasets):
        summaries = check_dataset(config, classes and len(classes), classes)
        if not summaries:
            raise MGDMError(
                f'{config.get("type")}: only VideoDataset and RawframeDataset with one label a '
                'clip can be checked.'
            )
        checked.append(CheckedList(summaries[0].ann_file, summaries[0].digest, config))
        decoders.append(ClipDecoder(decoding_transforms(config['pipeline']), quick))
        built.append(DATASETS.build({**config, 'pipeline': []}))
    # Clips that several lists name are decoded once.
    jobs: dict[str, tuple[int, int]] = {}
    keys: list[list[str]] = []
    for at, dataset in enumerate(built):
        infos = [dataset.get_data_info(row) for row in range(len(dataset))]
        keys.append([video_path(info) for info in infos])
        prefix = dataset.data_prefix.get('video', dataset.data_prefix.get('img'))
        checked[at].names = [video_path(info, prefix) for info in infos]
        for row, key in enumerate(keys[-1]):
            jobs.setdefault(key, (at, row))
    order = list(jobs.items())
    work = _Work([place for _, place in order], built, decoders)

    results: dict[str, ClipCheck] = {}
    shown = Progress(len(order), 'clips') if progress else None
    for index, result in run_guarded(work, len(order), num_workers, timeout):
        key = order[index][0]
        if isinstance(result, WorkerLost):
            result = ClipCheck(key, 0, result.reason)
        results[key] = result
        if shown is not None:
            shown.advance(1)
    for entry, names in zip(checked, keys, strict=True):
        entry.clips = [results[name] for name in names]
    return checked


class _Work:
    """Decode one of the clips; a class and no closure, so that it can be pickled."""

    def __init__(self, places: list, datasets: list, decoders: list[ClipDecoder]) -> None:
        self._places = places
        self._datasets = datasets
        self._decoders = decoders

    def __call__(self, index: int) -> ClipCheck:
        # This is a worker's own logger. MMEngine says in each that its FileClient is deprecated.
        MMLogger.get_current_instance().setLevel('ERROR')
        at, row = self._places[index]
        return self._decoders[at](self._datasets[at].get_data_info(row))


def _different(datasets: Sequence[Mapping]) -> list[dict]:
    found: dict[tuple, dict] = {}
    for dataset in datasets:
        for config in unwrap_datasets(dataset):
            key = (config.get('ann_file'), config.get('data_root'), str(config.get('data_prefix')))
            found.setdefault(key, dict(config))
    return list(found.values())


def clean_text(checked: CheckedList) -> str:
    """Return the text of a list without its broken clips, other lines as they are.

    Args:
        checked (CheckedList): The list.

    Raises:
        MGDMError: If no clip would be left.
    """
    broken = set(checked.broken)
    lines = Path(checked.ann_file).read_text('utf-8').splitlines()
    left = [line for row, line in enumerate(lines) if row not in broken]
    if not left:
        raise MGDMError(
            f'{checked.ann_file}: all {len(lines)} clips are broken ({checked.clips[0].path}: '
            f'{checked.clips[0].reason}). Is --root the folder that the paths begin in?'
        )
    return '\n'.join(left) + '\n'
