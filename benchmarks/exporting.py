"""Exported files: size and speed beside PyTorch."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope

from benchmarks.measure import compare, mib
from mgdm_mmaction import export
from mgdm_mmaction.clip import embed_dims

__all__ = ['benchmark_export']


def benchmark_export(config: Path, arch: str | None, repeats: int, seed: int) -> Iterator[str]:
    """Export the model of a config with random weights, both ways, and time the files on the CPU.

    Args:
        config (Path): A config.
        arch (str | None): CLIP architecture instead of the config's.
        repeats (int): Pairs of timed runs.
        seed (int): Seed of the weights.

    Yields:
        str: A line to print.
    """
    init_default_scope('mmaction')
    cfg = Config.fromfile(str(config))
    for part in (cfg.model.backbone, cfg.model.cls_head):
        part.pretrained = None
        part.arch = arch or part.arch
    cfg.model.neck.embed_dims = embed_dims(cfg.model.backbone.arch)
    torch.manual_seed(seed)
    recognizer = MODELS.build(cfg.model)
    recognizer.init_weights()
    recognizer.eval()
    exportable = export.ExportableRecognizer(recognizer)
    metadata = export.describe_recognizer(exportable, recognizer, cfg)
    frames = exportable.example_input(1)
    array = frames.numpy()
    yield f'export: {config.name}, 1 clip of shape {tuple(frames.shape)}, random weights'

    @torch.inference_mode()
    def in_torch() -> None:
        exportable(frames)

    with tempfile.TemporaryDirectory() as folder:
        for name, save in (('model.onnx', export.save_onnx), ('model.pt2', export.save_program)):
            path = Path(folder) / name
            save(exportable, path, metadata)
            size = sum(file.stat().st_size for file in Path(folder).glob(f'{name}*'))
            run = export.open_file(path, torch.get_num_threads()).run
            times = compare(lambda: run(array), in_torch, repeats)  # noqa: B023 (called at once)
            yield (
                f'  {name:<12}{mib(size):>12}, {times.ours * 1e3:.1f} ms; PyTorch '
                f'{times.other * 1e3:.1f} ms, {times}'
            )
