"""The command line of the page."""

import argparse
import contextlib
import os
import signal
import sys
from collections.abc import Sequence

from ..errors import MGDMError, require_file
from .common import add_device

__all__ = ['main']


def main(argv: Sequence[str] | None = None) -> None:
    """Serve the page until it is stopped."""
    args = _parse(argv)
    try:
        from ..app.page import build_server, is_loopback, listen
    except ImportError as error:
        raise MGDMError(
            f'the page needs Gradio, which cannot be imported ({error}); install it: '
            'pip install "mgdm-mmaction[app]"'
        ) from None
    from ..apis.inferencer import MGDMInferencer
    from ..app.limits import Limits
    from ..app.recognition import Recognition
    from ..app.told_apart import find_told_apart
    from ..app.uploads import UploadFolder
    from ..config import ParsedConfig
    from ..text.corpus import read_labels

    # What costs nothing to check comes before what takes a minute.
    limits = Limits(args.max_size, args.max_duration, args.queue)
    labels = None if args.labels is None else read_labels(args.labels)
    with listen(args.host, args.port) as listening:
        inferencer = MGDMInferencer(
            args.model,
            args.checkpoint,
            device=args.device,
            pretrained=args.pretrained,
            show_progress=False,
        )
        attach = ParsedConfig(inferencer.cfg).attach
        told_apart, note = find_told_apart(attach, inferencer.labels, args.negatives)
        print(note)
        host, port = listening.getsockname()[:2]
        if not is_loopback(host):
            print(
                f'warning: --host {args.host}: everyone who reaches this machine can use the page, '
                'and it has no password.',
                file=sys.stderr,
            )
        name = ' / '.join(os.path.basename(path) for path in (args.model, args.checkpoint) if path)
        with UploadFolder() as uploads:
            recognition = Recognition(inferencer, limits, told_apart, labels)
            server = build_server(recognition, uploads, listening, name)
            # uvicorn raises the signal again when it has shut down: this lets us delete the clips.
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
            address = f'[{host}]' if ':' in host else host
            print(f'http://{address}:{port} (Ctrl-C stops it)', flush=True)
            # uvicorn was seen to return without it, too, on a busy machine.
            with contextlib.suppress(KeyboardInterrupt):
                server.run(sockets=[listening])
            print('stopped')


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description='A page in the browser: drop a clip, type labels, see scores, the frames that '
        'each label looked at, and what training told apart. It asks nothing of the network.'
    )
    parser.add_argument('model', help='config, or a checkpoint that holds its config')
    parser.add_argument('checkpoint', nargs='?', help='checkpoint, where MODEL is a config')
    add_device(parser)
    parser.add_argument(
        '--labels',
        metavar='FILE',
        help="labels that an empty box means, one a line. Default: the checkpoint's own",
    )
    parser.add_argument(
        '--pretrained',
        metavar='CLIP',
        help='CLIP weights for labels that the checkpoint does not hold. Default: those that the '
        'config names',
    )
    parser.add_argument(
        '--negatives',
        metavar='FILE',
        help='negatives that the checkpoint was trained with. Default: the file that its config '
        'names, if it is there',
    )
    limits = parser.add_argument_group('limits')
    limits.add_argument(
        '--max-size', type=float, default=200, metavar='MB', help='of a clip. Default: 200'
    )
    limits.add_argument(
        '--max-duration', type=float, default=120, metavar='S', help='of a clip. Default: 120'
    )
    limits.add_argument(
        '--queue', type=int, default=8, metavar='N', help='requests that may wait. Default: 8'
    )
    where = parser.add_argument_group('address')
    where.add_argument(
        '--host',
        default='127.0.0.1',
        help='address to listen on. Default: 127.0.0.1, which only this machine reaches',
    )
    where.add_argument('--port', type=int, default=7860, help='0 takes a free one. Default: 7860')
    args = parser.parse_args(argv)
    for what, path in (
        ('MODEL', args.model),
        ('CHECKPOINT', args.checkpoint),
        ('--negatives', args.negatives),
    ):
        if path is not None:
            require_file(path, what)
    if args.checkpoint is None and args.model.endswith('.py'):
        raise MGDMError(
            f'{args.model}: is a config; name the checkpoint behind it: '
            f'tools/app.py {args.model} CHECKPOINT.pth'
        )
    if not 0 <= args.port <= 65535:
        raise MGDMError(f'--port {args.port}: expected 0 to 65535; 0 takes a free one.')
    return args
