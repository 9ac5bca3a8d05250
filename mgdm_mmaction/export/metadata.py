"""The metadata of an exported file: all that its reader needs beside the weights."""

import json
from collections.abc import Mapping
from os import PathLike

import torch
from mmengine.config import ConfigDict

from ..config import ParsedConfig, count_views, steps
from ..errors import MGDMError
from ..models import CLIPRecognizer
from ..version import __version__
from .folded import ExportableRecognizer

__all__ = ['describe_recognizer', 'from_strings', 'plain', 'to_strings']

FORMAT = 'mgdm-recognizer'
FORMAT_VERSION = 1

_LAYOUTS = {
    'uint8': 'RGB, uint8 in 0..255, [N, T, 3, H, W]; normalised inside',
    'float32': 'RGB, float32, (pixel - mean) / std with pixels in 0..255, [N, T, 3, H, W]',
}


def describe_recognizer(
    exportable: ExportableRecognizer, recognizer: CLIPRecognizer, cfg: ParsedConfig
) -> dict:
    """Collect what the reader of an exported file needs.

    Args:
        exportable (ExportableRecognizer): What is exported.
        recognizer (CLIPRecognizer): Where it is from.
        cfg (ParsedConfig): Its config; the test pipeline tells how frames are prepared.

    Returns:
        dict: Values that JSON can hold. ``short_side`` and ``crop`` are None where the pipeline
        does anything else than resizing the short side and cropping the centre.
    """
    pipeline = cfg.test_pipeline
    frames, clips, crops = count_views(pipeline)
    short_side, crop = _resizing(pipeline)
    return {
        'format': FORMAT,
        'format_version': FORMAT_VERSION,
        'package_version': __version__,
        'torch_version': torch.__version__,
        'classes': list(recognizer.text_bank.classes),
        'prompt': recognizer.text_bank.corpus.prompt,
        'context': getattr(recognizer.cls_head, 'context', None),
        'arch': recognizer.backbone.arch,
        'input': _LAYOUTS[exportable.input_type],
        'input_type': exportable.input_type,
        'outputs': list(exportable.output_names),
        'num_frames': exportable.num_frames,
        'image_size': list(exportable.image_size),
        'mean': exportable.mean.flatten().tolist(),
        'std': exportable.std.flatten().tolist(),
        'average_clips': recognizer.average_clips,
        'num_clips': clips if frames == exportable.num_frames else 1,
        'num_crops': crops,
        'short_side': short_side,
        'crop': crop,
        'pipeline': plain(pipeline),
    }


def _resizing(pipeline: list) -> tuple[int | None, int | None]:
    """Return short side and crop of a pipeline that resizes once and crops the centre once."""
    found = [
        step
        for step in steps(pipeline)
        if 'Resize' in step.get('type', '') or 'Crop' in step.get('type', '')
    ]
    if [step.type for step in found] != ['Resize', 'CenterCrop']:
        return None, None
    options = {'keep_ratio': True, 'interpolation': 'bilinear', **found[0], **found[1]}
    match options:
        case {
            'scale': [-1, side], 'crop_size': int(crop), 'keep_ratio': True,
            'interpolation': 'bilinear',
        }:  # fmt: skip
            return side, crop
    return None, None


def plain(value: object) -> object:
    """Return a part of a config as what JSON can hold."""
    if isinstance(value, ConfigDict):
        value = value.to_dict()
    return json.loads(json.dumps(value, default=str))


def to_strings(metadata: Mapping) -> dict[str, str]:
    """Write every value as JSON, because ONNX keeps strings alone."""
    return {key: json.dumps(value, ensure_ascii=False) for key, value in metadata.items()}


def from_strings(properties: Mapping[str, str], path: str | PathLike) -> dict:
    """Read back what :func:`to_strings` wrote.

    Raises:
        MGDMError: If this package did not write it.
    """
    try:
        metadata = {key: json.loads(value) for key, value in properties.items()}
    except ValueError:
        metadata = {}
    if metadata.get('format') != FORMAT:
        raise MGDMError(f'{path} was not written by tools/export.py: it names no classes')
    return metadata
