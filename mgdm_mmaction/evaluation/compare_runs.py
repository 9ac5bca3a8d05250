"""The trainings and tests of a comparison, those that are not done yet."""

import json
import os
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import cache
from pathlib import Path
from threading import RLock
from typing import Any, NamedTuple

import torch
from mmengine.config import DictAction

from ..config import ParsedConfig, read_config
from ..config_rules import walk
from ..errors import MGDMError, require_file
from ..mining.dumps import Dump, check_same_videos, read_dump
from ..run_tools import locate, run_command
from .complexity import clips_per_second, count_complexity
from .report import text_digest

__all__ = ['Entry', 'Runs', 'read_entries']

_KEYS = ('config', 'options', 'mine', 'checkpoint', 'dump')
#: Settings of a whole comparison, see :class:`~.comparison.Comparison`.
_SETTINGS = ('.groups', '.parts')
_FILLED = re.compile(r'\{(checkpoint|dump): ([^{}]+)\}')


class Entry(NamedTuple):
    """A model to compare.

    Texts may hold ``{seed}``, and ``{checkpoint: NAME}`` and ``{dump: NAME}``: files of another
    entry with the same seed, which is trained or tested before.

    Args:
        config (str | None): Its config; None for scores that are there.
        options (Mapping[str, Any]): Keys of ``--cfg-options``.
        mine (Sequence[str] | None): Options of ``tools/mine_negatives.py``; the training then takes
            its negatives from what that writes.
        checkpoint (str | None): A checkpoint that is there; None with ``trains=False`` for the
            initial weights.
        dump (str | None): Scores that are there, of ``tools/test.py --dump``.
        trains (bool): Whether it is trained here.
    """

    config: str | None = None
    options: Mapping[str, Any] = {}
    mine: Sequence[str] | None = None
    checkpoint: str | None = None
    dump: str | None = None
    trains: bool = False

    @property
    def texts(self) -> list[str]:
        """list[str]: Where names of other entries may stand."""
        found = [*self.options.values(), *(self.mine or ()), self.checkpoint, self.dump]
        return list(map(_text, found))

    @property
    def needs(self) -> set[str]:
        """set[str]: Names of other entries."""
        return {name for text in self.texts for _, name in _FILLED.findall(text)}

    @property
    def once(self) -> bool:
        """bool: Whether it is the same with every seed."""
        return not (self.trains or self.needs or any('{seed}' in text for text in self.texts))


def read_entries(files: Sequence[str], dumps: Sequence[str] = ()) -> tuple[dict[str, Entry], dict]:
    """Read what is to be compared.

    Args:
        files (Sequence[str]): Configs, one entry each by the name of the file, and YAML files with
            ``name: {config, options, mine, checkpoint, dump}``. Names that begin with a dot are not
            compared: they are pieces of others.
        dumps (Sequence[str], optional): ``NAME=FILE``. Defaults to none.

    Returns:
        tuple[dict[str, Entry], dict]: Name -> entry, and settings of the whole comparison.

    Raises:
        MGDMError: If a file cannot be read, or an entry is wrong.
    """
    found, settings = [], {}
    for path in files:
        if path.endswith('.py'):
            found.append((Path(path).stem, Entry(path, trains=True)))
            continue
        if not path.endswith(('.yml', '.yaml')):
            raise MGDMError(f'{path}: expected a config (.py) or a list of them (.yml).')
        content = read_config(path).config._cfg_dict.to_dict()
        settings |= {key[1:]: content.pop(key) for key in _SETTINGS if key in content}
        # Without a config a piece is text for the YAML file alone.
        found += [
            (name, _entry(name, item, path))
            for name, item in content.items()
            if not name.startswith('.') or 'config' in item
        ]
    for text in dumps:
        name, equals, path = text.partition('=')
        if not (name and equals and path):
            raise MGDMError(f'--dumps {text}: expected NAME=FILE.pkl.')
        found.append((name, Entry(dump=path)))
    entries: dict[str, Entry] = {}
    slugs: dict[str, str] = {}
    for name, entry in found:
        if (other := slugs.setdefault(_slug(name), name)) != name or name in entries:
            raise MGDMError(f'{other!r} and {name!r} share a folder of results; rename one.')
        entries[name] = entry
    for name in entries:
        _check_needs(entries, (name,))
    return entries, settings


def _entry(name: str, item: Any, path: str) -> Entry:
    where = f'{path}: {name!r}'
    if not isinstance(item, dict):
        raise MGDMError(f'{where} is {item!r}; expected a mapping with {", ".join(_KEYS)}.')
    if unknown := sorted(set(item) - set(_KEYS)):
        raise MGDMError(f'{where} has {", ".join(unknown)}; expected {", ".join(_KEYS)}.')
    if not item.get('config') and not item.get('dump'):
        raise MGDMError(f'{where} has neither a config nor a dump.')
    for key, kind in zip(_KEYS, (str, dict, list, str, str), strict=True):
        if not isinstance(item.get(key) or kind(), kind):
            raise MGDMError(f'{where}: {key} is {item[key]!r}; expected a {kind.__name__}.')
    fields = {key: value for key, value in item.items() if value is not None}
    for key, value in fields.get('options', {}).items():
        # A comma makes a list.
        found = DictAction._parse_iterable(_text(value))
        if found != value and not (isinstance(value, str) and _FILLED.search(value)):
            raise MGDMError(
                f'{where}: {key} is {value!r}, which --cfg-options reads as {found!r}; write it '
                'into a config.'
            )
    if fields.get('config'):
        # As in `_base_` of a config.
        fields['config'] = os.path.relpath(Path(path).parent / fields['config'])
    fields['mine'] = [str(text) for text in item['mine']] if item.get('mine') else None
    return Entry(**fields, trains='checkpoint' not in item and 'dump' not in item)


def _check_needs(entries: Mapping[str, Entry], names: tuple[str, ...]) -> None:
    for other in entries[names[-1]].needs:
        if other not in entries:
            raise MGDMError(f'{names[-1]!r} needs {other!r}; there are {", ".join(entries)}.')
        if other in names:
            raise MGDMError(f'{names[-1]!r} needs {other!r}, which needs it.')
        _check_needs(entries, (*names, other))


class Runs:
    """Trains and tests entries, each in a folder ``<name>_seed<seed>`` with its files.

    ``train.log``, the checkpoints, ``all.pkl`` with the scores of all test videos, ``test.log``,
    and ``run.json`` with the settings. What is there is not made again; a training that was stopped
    goes on.

    Args:
        entries (Mapping[str, Entry]): Of :func:`read_entries`.
        seeds (Sequence[int]): Seeds of each.
        out (Path): Folder of all.
        options (Mapping[str, Any], optional): Keys of ``--cfg-options`` of all. Defaults to None.
    """

    def __init__(
        self,
        entries: Mapping[str, Entry],
        seeds: Sequence[int],
        out: Path,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self.entries, self.all_seeds, self.out = entries, seeds, out
        self.options = options or {}
        # Another entry may need the files of one at the same time.
        self._locks = {self.folder(name, seed): RLock() for name in entries for seed in seeds}
        self._failed: dict[Path, MGDMError] = {}
        self.config = cache(self._read_config)

    def seeds(self, name: str) -> Sequence[int]:
        """Return the seeds of an entry: one where all would be the same."""
        return self.all_seeds[:1] if self.entries[name].once else self.all_seeds

    def _read_config(self, name: str) -> ParsedConfig | None:
        """Read the config of an entry with its options; None for scores alone.

        Those of entries that it needs are read, too, and files that it names have to be there.
        """
        entry = self.entries[name]
        for other in entry.needs:
            self.config(other)
        for text in () if entry.needs else filter(None, (entry.checkpoint, entry.dump)):
            for seed in self.seeds(name):
                require_file(self._fill(text, seed), f'file of {name!r}')
        if entry.config is None:
            return None
        return read_config(entry.config, {**entry.options, **self.options})

    def check(self, names: Sequence[str]) -> list[str] | None:
        """Read the configs, before hours of training, and check that all are tested alike.

        Args:
            names (Sequence[str]): Entries.

        Returns:
            list[str] | None: Class names; None if no entry says.

        Raises:
            MGDMError: If a config is wrong or has several labels a video, or two have other classes
                or test lists.
        """
        first = None
        for name in names:
            if (cfg := self.config(name)) is None:
                continue
            data_sets = cfg.require_datasets('test')
            if any(data.get('multi_class') for data in data_sets):
                raise MGDMError(
                    f'{name!r} has several labels a video (multi_class), and what is compared is '
                    'top-1; tools/test.py measures it.'
                )
            lists = [str(data.get('ann_file')) for data in data_sets]
            tested = {'classes': cfg.classes, 'test lists': lists}
            first = first or (name, tested)
            for key, value in tested.items():
                if value != first[1][key]:
                    raise MGDMError(
                        f'{first[0]!r} and {name!r} have different {key}; compare what is tested '
                        'alike: --only NAME ...'
                    )
        return first and first[1]['classes']

    def run(self, names: Sequence[str], jobs: int = 1) -> None:
        """Train and test what is not done yet.

        Args:
            names (Sequence[str]): Entries.
            jobs (int, optional): How many at the same time. Defaults to 1.

        Raises:
            MGDMError: If a command fails, once the others have ended.
        """
        runs = [
            (name, seed) for seed in self.all_seeds for name in names if seed in self.seeds(name)
        ]
        failed = []
        for name in names:  # no two at the same time, as MMEngine reads them
            self.config(name)
        with ThreadPoolExecutor(jobs) as pool:
            try:
                for done in as_completed([pool.submit(self.dump, *run) for run in runs]):
                    try:
                        done.result()
                    except MGDMError as error:
                        failed.append(error)
                        print(f'error: {error}', flush=True)
            except BaseException:
                # Ctrl-C ends the commands that run; nothing else shall begin.
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        if failed:
            raise MGDMError(
                f'{len(failed)} of {len(runs)} runs failed; the same command goes on with what is '
                f'missing. The first: {failed[0]}'
            )

    def dump(self, name: str, seed: int) -> Path:
        """Return the file with the scores of an entry; test it if there is none."""
        entry, folder = self.entries[name], self.folder(name, seed)
        if entry.dump is not None:
            return Path(self._fill(entry.dump, seed))
        dump = folder / 'all.pkl'
        with self._locks[folder]:
            self._check_settings(name, seed)
            if dump.exists():
                return dump
            checkpoint = self.checkpoint(name, seed)
            # Renamed when it is whole.
            part = folder / 'unfinished.pkl'
            self._call(
                name, seed, 'test', [entry.config, *([checkpoint] if checkpoint else [])]
                + ['--work-dir', str(folder), '--dump', str(part)],
            )  # fmt: skip
            os.replace(part, dump)
            print(f'{name}, seed {seed}: tested, {dump}', flush=True)
        return dump

    def checkpoint(self, name: str, seed: int) -> str | None:
        """Return the checkpoint of an entry, None for its initial weights; train it if needed."""
        entry, folder = self.entries[name], self.folder(name, seed)
        if not entry.trains:
            return entry.checkpoint and self._fill(entry.checkpoint, seed)
        last = folder / 'last_checkpoint'
        with self._locks[folder]:
            settings = self._check_settings(name, seed)
            if not settings.get('trained') and not (folder / 'all.pkl').exists():
                if entry.mine is not None and not (folder / 'negatives.jsonl').exists():
                    self._call(
                        name, seed, 'mine_negatives', [entry.config]
                        + ['--out', str(folder / 'negatives.jsonl')]
                        + [self._fill(text, seed) for text in entry.mine],
                    )  # fmt: skip
                # The last epoch is tested: the best one would be chosen on the test videos.
                self._call(
                    name, seed, 'train', [entry.config, '--work-dir', str(folder)]
                    + ['--seed', str(seed), '--no-validate', *['--resume'] * last.exists()],
                )  # fmt: skip
                self._write_settings(name, seed, trained=True)
        require_file(last, 'checkpoint')
        # As the name stays right where the folder is moved.
        return str(folder / Path(last.read_text().strip()).name)

    def folder(self, name: str, seed: int) -> Path:
        """Return the folder of a run."""
        return self.out / f'{_slug(name)}_seed{seed}'

    def read(self, names: Sequence[str], classes: list[str] | None) -> dict[str, dict[int, Dump]]:
        """Read the scores of entries.

        Args:
            names (Sequence[str]): Entries that are tested.
            classes (list[str] | None): Names of the classes.

        Raises:
            MGDMError: If a file is none, or two are of other videos or classes.
        """
        found: dict[str, dict[int, Dump]] = {}
        first, number = None, classes and len(classes)
        for name in names:
            for seed in self.seeds(name):
                path = self.dump(name, seed)
                dump = read_dump(path, number)
                first, number = first or (path, dump), dump.scores.shape[1]
                check_same_videos(*first, path, dump)
                found.setdefault(name, {})[seed] = dump
        return found

    def costs(self, names: Sequence[str]) -> dict[str, dict]:
        """Count and time the models of entries; ``costs.json`` keeps what is known.

        Args:
            names (Sequence[str]): Entries; those without a config are left out.

        Returns:
            dict[str, dict]: Name -> ``params``, ``trained``, ``flops`` of testing, ``memory`` of
            training or None, ``clips_per_second`` and ``device``.
        """
        file = self.out / 'costs.json'
        known = json.loads(file.read_text()) if file.exists() else {}
        found = {}
        for name in names:
            if (cfg := self.config(name)) is not None:
                key = text_digest([json.dumps(cfg.config.to_dict(), default=str), _device()])
                if key not in known:
                    known[key] = _costs(cfg)
                    file.write_text(json.dumps(known, indent=2) + '\n')
                found[name] = known[key]
        return found

    def _call(self, name: str, seed: int, tool: str, args: list[str]) -> None:
        """Run a tool with the options of an entry; its output goes to a log in the folder."""
        entry, folder = self.entries[name], self.folder(name, seed)
        if folder in self._failed:  # others that need it do not try again
            raise self._failed[folder]
        merged = {**entry.options, **self.options}
        if entry.mine is not None and tool != 'mine_negatives':
            merged['AttachHardNegatives.negatives_file'] = str(folder / 'negatives.jsonl')
        texts = [f'{key}={self._fill(_text(value), seed)}' for key, value in merged.items()]
        log = folder / f'{tool}.log'
        environment = dict(
            # As many trainings as cores use them better.
            OMP_NUM_THREADS=os.environ.get('OMP_NUM_THREADS', '1'),
            MGDM_SEED=str(seed),
        )
        if not (folder / 'run.json').exists():
            self._write_settings(name, seed, trained=False)
        try:
            run_command(
                [locate(f'tools/{tool}.py'), *args, *(['--cfg-options', *texts] if texts else [])],
                log,
                environment=environment,
            )
        except MGDMError as error:
            last = str(error).strip().splitlines()[-1].removeprefix('error: ')
            self._failed[folder] = MGDMError(
                f'{name!r}, seed {seed}: {tool}.py failed, see {log}: {last}'
            )
            raise self._failed[folder] from error

    def _fill(self, text: str, seed: int) -> str:
        def file(match: re.Match) -> str:
            return str(getattr(self, match[1])(match[2], seed))

        return _FILLED.sub(file, text).replace('{seed}', str(seed))

    def _settings(self, name: str) -> dict:
        entry = self.entries[name]
        options = {key: _text(value) for key, value in {**entry.options, **self.options}.items()}
        return dict(
            config=os.path.basename(entry.config or ''),
            options=options,
            mine=entry.mine,
            checkpoint=entry.checkpoint,
            resolved=_resolved(self.config(name)),
        )

    def _check_settings(self, name: str, seed: int) -> dict:
        """Refuse what was made with other settings; return those that are there."""
        file = self.folder(name, seed) / 'run.json'
        if not file.exists():
            return {}
        found, now = json.loads(file.read_text()), self._settings(name)
        resolved = now.pop('resolved')
        # Folders made before it was kept have none: what is done in them is not done again.
        kept = found.get('resolved', resolved)
        old, new = {**found, **kept}, {**now, **resolved}
        for key in {**new, **kept}:
            if old.get(key) != new.get(key):
                raise MGDMError(
                    f'{file.parent} was made with other settings ({key}: {old.get(key)}, now '
                    f'{new.get(key)}); choose another --out, or delete it.'
                )
        return found

    def _write_settings(self, name: str, seed: int, trained: bool) -> None:
        folder = self.folder(name, seed)
        folder.mkdir(parents=True, exist_ok=True)
        settings = {**self._settings(name), 'trained': trained}
        (folder / 'run.json').write_text(json.dumps(settings, indent=2) + '\n')


def _resolved(cfg: ParsedConfig | None) -> dict[str, str]:
    """Write out what a config says in the end, with its bases, options and variables."""
    found = {key: value for key, _, value in walk(cfg.config.to_dict() if cfg else {})}
    outer = {key.rpartition('.')[0] for key in found}
    return {key: str(value) for key, value in found.items() if key not in outer}


def _costs(cfg: ParsedConfig) -> dict:
    counts = count_complexity(cfg)
    return dict(
        params=counts.params,
        trained=counts.trained,
        flops=counts.test,
        memory=counts.memory and counts.memory.total,
        clips_per_second=clips_per_second(cfg),
        device=_device(),
    )


def _device() -> str:
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    return f'a CPU, {torch.get_num_threads()} threads'


def _slug(name: str) -> str:
    return ''.join(char if char.isalnum() else '_' for char in name)


def _text(value: Any) -> str:
    """Write a value as ``--cfg-options`` reads it."""
    if isinstance(value, list | tuple):
        return f'[{",".join(map(_text, value))}]'
    return str(value)
