"""Any config made small enough to run in a test, on stand-ins of the data that it names."""

import shutil
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config

from mgdm_mmaction.clip import build_clip, embed_dims, get_arch, weights_digest
from mgdm_mmaction.datasets.annotations import check_annotation
from mgdm_mmaction.graph import KnowledgeGraph, write_graph
from mgdm_mmaction.negatives import NegativesHeader, NegativesWriter
from mgdm_mmaction.text.corpus import DEFAULT_PROMPT, LabelCorpus, read_labels
from mgdm_mmaction.units import Unit, UnitsFile, write_units
from tests.configs.walk import attach, datasets, find, loaders
from tests.datasets.videos import write_video

ARCH = 'mgdm-tiny'
VIDEOS = 4
MINED = 16


class StandIns:
    """Four tiny videos, tiny CLIP weights, and the files that configs ask for.

    Everything lies under one folder, which the tests name in ``MGDM_DATA``. Files are made when a
    config names them, at the very paths that it names.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.videos = [write_video(root / f'clip{i}.mp4', number=i) for i in range(VIDEOS)]
        torch.manual_seed(0)
        clip = build_clip(ARCH)
        self.clip = root / 'clip.pt'
        torch.save(clip.state_dict(), self.clip)
        self.digest = weights_digest(clip)
        self.written: dict[str, str] = {}

    def supply(self, cfg: Config) -> None:
        """Make all files that a config names."""
        labels = Path(str(cfg.model.cls_head.classes))
        if labels.suffix == '.txt' and self.root in labels.parents and not labels.exists():
            self._write(labels, ''.join(f'doing thing {i}\n' for i in range(12)))
        units = cfg.model.get('units', {}).get('file', '')
        if units.endswith('.json'):
            write_units(UnitsFile('', [Unit(f'thing {i}') for i in range(6)]), self._new(units))
        if cfg.model.get('graph'):
            names = read_labels(cfg.model.cls_head.classes)
            pairs = [(name, f'arm {i % 5}') for i, name in enumerate(names)]
            videos = [(self.videos[0].name, 'arm 0')]
            graph = KnowledgeGraph(names, [f'arm {i}' for i in range(5)], pairs, videos)
            # Whatever MGDM_GRAPH named.
            cfg.model.graph = str(self.root / 'graph.json')
            write_graph(graph, cfg.model.graph)
            for _, dataset in datasets(cfg):
                for step in find(dataset.pipeline, 'AttachTriplets'):
                    step.graph = cfg.model.graph
            # The stand-ins of training and validation are the same videos.
            cfg.custom_hooks[-1].allow_transductive = True
        for _, dataset in datasets(cfg):
            folder = Path(dataset.data_prefix.video)
            assert self.root in folder.parents, folder
            folder.mkdir(parents=True, exist_ok=True)
            for video in self.videos:
                if not (folder / video.name).exists():
                    shutil.copy(video, folder)
            between, more = dataset.get('delimiter', ' '), ''
            if dataset.get('multi_class'):
                dataset.num_classes = len(read_labels(cfg.model.cls_head.classes))
                more = f'{between}2'
            lines = [f'{v.name}{between}{i % 2}{more}\n' for i, v in enumerate(self.videos)]
            self._write(Path(dataset.ann_file), ''.join(lines))
        step = attach(cfg)
        if step is not None and step.k:
            self._mine(cfg, Path(step.negatives_file))

    def _new(self, path: str | Path) -> Path:
        assert self.root in Path(path).parents, path
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        return Path(path)

    def _write(self, path: Path, text: str) -> None:
        self._new(path).write_text(text)

    def _mine(self, cfg: Config, path: Path) -> None:
        """Write made-up negatives, again where another config has another corpus."""
        head = cfg.model.cls_head
        corpus = LabelCorpus(
            head.classes, head.get('extra_labels', ()), head.get('prompt', DEFAULT_PROMPT)
        )
        if self.written.get(str(path)) == corpus.digest:
            return
        self.written[str(path)] = corpus.digest
        dataset = next(dataset for split, dataset in datasets(cfg) if split == 'train')
        k = min(MINED, len(corpus) - 1)
        header = NegativesHeader(
            architecture=ARCH,
            weights_digest=self.digest,
            prompt=corpus.prompt,
            labels=list(corpus.labels),
            classes=list(corpus.classes),
            class_ids=corpus.class_ids.tolist(),
            num_frames=cfg.model.neck.num_frames,
            k=k,
            annotation_digest=check_annotation(
                dataset.ann_file, delimiter=dataset.get('delimiter', ' ')
            ).digest,
            package_version='test',
        )
        generator = np.random.default_rng(0)
        path.unlink(missing_ok=True)
        with NegativesWriter(path, header) as writer:
            for i, video in enumerate(self.videos):
                others = np.setdiff1d(np.arange(len(corpus)), corpus.class_ids[i % 2])
                scores = np.sort(generator.random(k))[::-1]
                writer.write(video.name, i % 2, generator.permutation(others)[:k], scores)


def shrink(cfg: Config, stand_ins: StandIns, work_dir: Path) -> Config:
    """Make a config small: tiny tower and images, two steps of two videos. T and k stay."""
    model, side = cfg.model, get_arch(ARCH)['vision_cfg']['image_size']
    before = get_arch(model.backbone.arch)['vision_cfg']['image_size']
    for part in (model.backbone, model.cls_head):
        part.update(arch=ARCH, pretrained=str(stand_ins.clip))
    model.neck.embed_dims = embed_dims(ARCH)
    model.neck.num_layers = min(model.neck.num_layers, 1)
    for _, dataset in datasets(cfg):
        # It ends with a garbage collection over all of the test process, half a second each.
        dataset.serialize_data = False
        for step in find(dataset.pipeline, 'Resize', 'CenterCrop', 'ThreeCrop', 'TenCrop'):
            for key in ('scale', 'crop_size'):
                if key in step:
                    step[key] = _scaled(step[key], side / before)
    for loader in loaders(cfg).values():
        loader.update(batch_size=2, num_workers=0, persistent_workers=False)
    if cfg.get('train_cfg'):
        cfg.train_cfg.update(max_epochs=1, val_interval=1)
    cfg.default_hooks.logger.interval = 1
    cfg.default_hooks.checkpoint = None
    cfg.work_dir = str(work_dir)
    cfg.randomness = dict(seed=0)
    cfg.launcher = 'none'
    return cfg


def _scaled(value: int | tuple, factor: float) -> int | tuple:
    if isinstance(value, int):
        return value if value < 0 else round(value * factor)
    return tuple(_scaled(item, factor) for item in value)
