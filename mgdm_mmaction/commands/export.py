"""The command line of exporting."""

import argparse
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ..errors import MGDMError, check_output
from .common import add_cfg_options, add_labels, add_output, labels_source

__all__ = ['main']


def main(argv: Sequence[str] | None = None) -> None:
    """Export a recogniser, compare the file with it, and keep the file if they agree."""
    args = _parse(argv)

    from ..apis.loading import load_recognizer
    from ..export.files import require, save_onnx, save_program
    from ..export.folded import ExportableRecognizer
    from ..export.metadata import describe_recognizer
    from ..export.verification import check_file
    from ..text.corpus import read_labels

    labels = labels_source(args)
    if labels is not None:
        labels = read_labels(labels)
    onnx = args.out.suffix == '.onnx'
    if onnx:
        require('onnx', 'onnxscript', 'onnxruntime')  # before minutes of loading, not after
    if args.checkpoint is None and args.model.endswith('.py'):
        raise MGDMError(
            f'{args.model} is a config, which holds no weights: name the checkpoint, too'
        )
    recognizer, cfg = load_recognizer(
        args.model, args.checkpoint, labels, args.pretrained, args.cfg_options
    )
    exportable = ExportableRecognizer(recognizer, args.input, args.attention)
    metadata = describe_recognizer(exportable, recognizer, cfg)
    with tempfile.TemporaryDirectory(dir=args.out.parent, prefix='.export-') as folder:
        # Under its own name, which stands inside: an ONNX file names the file of its weights.
        path = Path(folder) / args.out.name
        (save_onnx if onnx else save_program)(exportable, path, metadata)
        found = check_file(path, recognizer, exportable)
        worst, gap = max(found.largest.items(), key=lambda item: item[1])
        if gap > args.tolerance or not found.same_top1:
            top1 = '' if found.same_top1 else ', and another best class for some clip'
            raise MGDMError(
                f'the exported file differs from the recogniser by {gap:.1e} in its {worst}{top1}; '
                f'--tolerance is {args.tolerance:g}. Nothing was written. Try another '
                'version of torch, or allow more if that is enough for you'
            )
        for file in sorted(Path(folder).iterdir()):
            print(f'{args.out.parent / file.name}: {file.stat().st_size / 2**20:.1f} MiB')
            shutil.move(file, args.out.parent / file.name)
    _report(args, metadata, found.largest)


def _report(args: argparse.Namespace, metadata: dict, largest: dict[str, float]) -> None:
    gaps = ', '.join(f'{name} {gap:.1e}' for name, gap in largest.items())
    runtime = 'onnxruntime' if args.out.suffix == '.onnx' else 'torch.export'
    print(
        f'{len(metadata["classes"])} classes, clips of {metadata["num_frames"]} frames of '
        f'{metadata["image_size"][0]} x {metadata["image_size"][1]}; input {metadata["input"]}'
    )
    print(
        f'largest difference from PyTorch, in {runtime} on the CPU with 1, 2 and 5 clips: {gaps}; '
        f'tolerance {args.tolerance:g}'
    )
    if metadata['short_side'] is None:
        print(
            'note: the test pipeline does more than resizing the short side and cropping the '
            'centre; whoever uses the file has to do the same: see `pipeline` in its metadata'
        )


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        'export.py',
        description='Write a trained recogniser, its class texts folded in, as one file that runs '
        'without this package, and compare that file with the recogniser before it is kept.',
    )
    parser.add_argument(
        'model', help='config, or a checkpoint of tools/train.py, in which its config travels'
    )
    parser.add_argument('checkpoint', nargs='?', help='checkpoint, where the first is a config')
    what = 'file to write: .onnx for onnxruntime and many others, .pt2 for torch.export'
    add_output(parser, what, required=True, type=Path, metavar='FILE')
    add_labels(parser)
    parser.add_argument(
        '--pretrained',
        help='CLIP weights, a tag or a file, for labels that the checkpoint does not hold. '
        'Defaults to those that its config names',
    )
    parser.add_argument(
        '--input',
        choices=['uint8', 'float32'],
        default='uint8',
        help='uint8: RGB as decoders give it, normalised inside. float32: normalised already. '
        'Defaults to uint8',
    )
    parser.add_argument(
        '--attention',
        action='store_true',
        help='a third output: which frames each class looked at, [N, T, C]',
    )
    parser.add_argument(
        '--tolerance',
        type=float,
        default=1e-3,
        help='largest difference from PyTorch, of logits, probabilities and attention, with which '
        'the file is kept. Defaults to 0.001',
    )
    add_cfg_options(parser)
    args = parser.parse_args(argv)
    if args.out.suffix not in ('.onnx', '.pt2'):
        raise MGDMError(f'--out {args.out}: the name should end in .onnx or .pt2')
    check_output(args.out, args.overwrite)
    if not args.tolerance > 0:
        raise MGDMError(f'--tolerance should be above 0, got {args.tolerance}')
    return args
