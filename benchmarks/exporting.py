"""Exported files: size, agreement and speed beside PyTorch."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import torch
from mmaction.registry import MODELS
from mmengine.config import Config

from benchmarks.timing import compare
from mgdm_mmaction.clip import embed_dims
from mgdm_mmaction.export import (
    ExportableRecognizer,
    check_file,
    describe_recognizer,
    open_file,
    save_onnx,
    save_program,
)

__all__ = ['benchmark_export']


def benchmark_export(config: Path, arch: str | None, repeats: int, seed: int = 0) -> Iterator[str]:
    """Export the model of a config with random weights, both ways, and measure the files.

    Args:
        config (Path): A config with an MGDM model.
        arch (str, optional): CLIP architecture instead of the config's. Defaults to None.
        repeats (int): Pairs of timed runs.
        seed (int, optional): Seed of the weights. Defaults to 0.

    Yields:
        str: A line to print.
    """
    cfg = Config.fromfile(str(config))
    for part in (cfg.model.backbone, cfg.model.cls_head):
        part.pretrained = None
        part.arch = arch or part.arch
    cfg.model.neck.embed_dims = embed_dims(cfg.model.backbone.arch)
    torch.manual_seed(seed)
    recognizer = MODELS.build(cfg.model).eval()
    # Not init_weights(), which would encode all labels: any text bank is as large as theirs.
    bank = recognizer.text_bank
    bank.embeddings.copy_(torch.randn_like(bank.embeddings))
    bank.ready = True
    folded = ExportableRecognizer(recognizer)
    frames = folded.example_input(1)
    array = frames.numpy()

    @torch.inference_mode()
    def in_torch() -> None:
        folded(frames)

    metadata = describe_recognizer(folded, recognizer, cfg)
    parameters = sum(p.numel() for p in folded.parameters())
    yield (
        f'export: MGDM on {metadata["arch"]}, T = {folded.num_frames}, {len(metadata["classes"])} '
        f'classes, {parameters / 1e6:.1f} M parameters of the video side, random weights'
    )
    with tempfile.TemporaryDirectory() as folder:
        for name, save in (('model.onnx', save_onnx), ('model.pt2', save_program)):
            path = Path(folder) / name
            save(folded, path, metadata)
            size = sum(file.stat().st_size for file in Path(folder).glob(f'{name}*'))
            found = check_file(path, recognizer, folded, batch_sizes=(1, 2, 3))
            gaps = ', '.join(f'{key} {gap:.1e}' for key, gap in found.largest.items())
            yield f'  {name}: {size / 2**20:.1f} MiB; largest difference from PyTorch: {gaps}'
            run = open_file(path, torch.get_num_threads()).run
            times = compare(lambda: run(array), in_torch, repeats)  # noqa: B023 (called at once)
            yield (
                f'    1 clip: {times.ours * 1e3:.1f} ms, PyTorch {times.other * 1e3:.1f} ms; '
                f'PyTorch takes {times.ratio:.2f} x the time ({times.low:.2f}-{times.high:.2f})'
            )
