"""The command line of exporting."""

import argparse
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from mmengine.config import DictAction

from ..errors import MGDMError
from ..export.folded import INPUTS, FoldedRecognizer
from ..export.loading import load_recognizer
from ..export.metadata import describe_recognizer
from ..export.onnx_file import OPSET, require, save_onnx
from ..export.program_file import save_program
from ..export.timing import benchmark_file
from ..export.verification import Difference, check_file
from ..text.corpus import read_labels

__all__ = ['main']

_SUFFIXES = {'.onnx': 'onnx', '.pt2': 'torch'}


def main(argv: Sequence[str] | None = None) -> None:
    """Export a recogniser, compare the file with it, and keep the file if they agree.

    Args:
        argv (Sequence[str], optional): Arguments; None takes those of the process. Defaults to
            None.

    Raises:
        MGDMError: If an argument is wrong, or the file does not do what the recogniser does.
    """
    args = _parse(argv)
    if args.format == 'onnx':
        require('onnx', 'onnxscript', 'onnxruntime')  # before minutes of loading, not after
        _check_opset(args.opset)
    recognizer, cfg = load_recognizer(
        args.model, args.checkpoint, args.labels, args.pretrained, args.cfg_options
    )
    folded = FoldedRecognizer(recognizer, args.input, args.attention)
    metadata = describe_recognizer(folded, recognizer, cfg)
    with tempfile.TemporaryDirectory(dir=args.out.parent, prefix='.export-') as folder:
        # Under its own name, which stands inside: an ONNX file names the file of its weights.
        path = Path(folder) / args.out.name
        if args.format == 'onnx':
            save_onnx(folded, path, metadata, args.opset)
        else:
            save_program(folded, path, metadata)
        difference = check_file(path, recognizer, folded)
        _judge(difference, args.tolerance)
        files = sorted(Path(folder).iterdir())
        for file in files:
            shutil.move(file, args.out.parent / file.name)
    _report(args, metadata, [args.out.parent / file.name for file in files], difference)
    if args.benchmark:
        for line in benchmark_file(args.out, folded, args.benchmark):
            print(line)


def _judge(difference: Difference, tolerance: float) -> None:
    worst, gap = max(difference.largest.items(), key=lambda item: item[1])
    if gap > tolerance or not difference.same_top1:
        top1 = '' if difference.same_top1 else ', and another best class for some clip'
        raise MGDMError(
            f'the exported file differs from the recogniser by {gap:.1e} in its {worst}{top1}; '
            f'--tolerance is {tolerance:g}. Nothing was written. Try another --opset or version '
            'of torch, or allow more if that is enough for you'
        )


def _report(args: argparse.Namespace, metadata: dict, files: list[Path], found: Difference) -> None:
    gaps = ', '.join(f'{name} {gap:.1e}' for name, gap in found.largest.items())
    sizes = ', '.join(map(str, found.batch_sizes))
    runtime = 'onnxruntime' if args.format == 'onnx' else 'torch.export'
    for file in files:
        print(f'{file}: {file.stat().st_size / 2**20:.1f} MiB')
    print(
        f'{len(metadata["classes"])} classes, clips of {metadata["num_frames"]} frames of '
        f'{metadata["image_size"][0]} x {metadata["image_size"][1]}; input {metadata["input"]}'
    )
    print(
        f'largest difference from PyTorch, in {runtime} on the CPU with {sizes} clips: {gaps}; '
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
    parser.add_argument(
        '--out', required=True, type=Path, metavar='FILE', help='file to write: .onnx or .pt2'
    )
    parser.add_argument(
        '--format',
        choices=['onnx', 'torch'],
        help='onnx for onnxruntime and many others, torch for torch.export. Defaults to what the '
        'ending of FILE says',
    )
    parser.add_argument(
        '--labels',
        nargs='+',
        metavar='NAME',
        help='recognise these classes instead, any words',
    )
    parser.add_argument(
        '--labels-file', metavar='FILE', help='... one a line; or k400, hmdb51, ucf101'
    )
    parser.add_argument(
        '--pretrained',
        help='CLIP weights, a tag or a file, for labels that the checkpoint does not hold. '
        'Defaults to those that its config names',
    )
    parser.add_argument(
        '--input',
        choices=INPUTS,
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
        '--opset',
        type=int,
        default=OPSET,
        help=f"version of ONNX's operators, at least 18. Defaults to {OPSET}",
    )
    parser.add_argument(
        '--tolerance',
        type=float,
        default=1e-3,
        help='largest difference from PyTorch, of logits, probabilities and attention, with which '
        'the file is kept. Defaults to 0.001',
    )
    parser.add_argument(
        '--benchmark',
        type=int,
        nargs='?',
        const=1,
        metavar='CLIPS',
        help='time the file and PyTorch in turns on that many clips at once, 1 if not given',
    )
    parser.add_argument('--overwrite', action='store_true', help='replace FILE if it exists')
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, metavar='KEY=VALUE', help='change the config'
    )
    args = parser.parse_args(argv)
    _check(args)
    if args.labels_file is not None:
        args.labels = read_labels(args.labels_file)
    return args


def _check_opset(opset: int) -> None:
    import onnx

    newest = onnx.defs.onnx_opset_version()
    if not OPSET <= opset <= newest:
        raise MGDMError(
            f'--opset should be from {OPSET} to {newest}, the newest of onnx {onnx.__version__}; '
            f'got {opset}'
        )


def _check(args: argparse.Namespace) -> None:
    if args.labels is not None and args.labels_file is not None:
        raise MGDMError('--labels and --labels-file: give one of the two')
    ending = args.out.suffix
    args.format = args.format or _SUFFIXES.get(ending)
    if args.format is None or _SUFFIXES.get(ending, args.format) != args.format:
        raise MGDMError(
            f'--out {args.out}: the name should end in .onnx for --format onnx, in .pt2 for '
            '--format torch'
        )
    if args.format == 'torch' and ending != '.pt2':
        raise MGDMError(f'--out {args.out}: torch.export only loads files that end in .pt2')
    if not args.out.parent.is_dir():
        raise MGDMError(f'--out {args.out}: there is no folder {args.out.parent}; make it first')
    if args.out.is_dir():
        raise MGDMError(f'--out {args.out} is a folder; name a file in it')
    if args.out.exists() and not args.overwrite:
        raise MGDMError(f'--out {args.out} exists; add --overwrite to replace it')
    if not args.tolerance > 0:
        raise MGDMError(f'--tolerance should be above 0, got {args.tolerance}')
    if args.benchmark is not None and args.benchmark < 1:
        raise MGDMError(f'--benchmark takes a number of clips from 1, got {args.benchmark}')
