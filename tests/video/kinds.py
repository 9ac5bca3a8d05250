"""Real files of the kinds in which decoders take frames of other moments, numbered by brightness.

Each function writes 35 frames or fewer of 25 a second, :func:`tests.video.clips.grey`.
"""

import functools
import struct
from pathlib import Path

import av

from .clips import cut, encode, grey, rotate

__all__ = ['KINDS', 'edit']


def edit(path: Path, start: int, count: int) -> Path:
    """Let the edit list of an mp4 file of 35 frames at 25 a second show some of them."""
    data = bytearray(path.read_bytes())
    at = data.index(b'elst') + 12  # version, flags, count; then duration, time, rate
    duration, time = struct.unpack('>2i', data[at : at + 8])
    ticks = struct.unpack('>i', data[data.index(b'mdhd') + 16 :][:4])[0] // 25
    data[at : at + 8] = struct.pack('>2i', duration // 35 * count, time + start * ticks)
    path.write_bytes(data)
    return path


def _pack(path: Path) -> Path:
    """Put each B-frame into the packet of the frame before it, as DivX does."""
    whole = encode(
        path.with_suffix('.m4v.avi'),
        count=35,
        fps=25,
        codec='mpeg4',
        size=(128, 96),
        picture=grey,
        codec_options={'bf': '1', 'b_strategy': '0', 'g': '12'},
    )
    with av.open(str(whole)) as source:
        packets = [bytes(p) for p in source.demux(video=0) if p.size]
        extra = source.streams.video[0].codec_context.extradata
        template = source.streams.video[0]
        out = av.open(str(path), 'w')
        stream = out.add_stream_from_template(template)

        def is_b(data: bytes) -> bool:
            return data[data.index(b'\0\0\1\xb6') + 4] >> 6 == 2

        start = packets[0].index(b'\0\0\1\xb6')
        packets[0] = (extra or b'') + b'\0\0\1\xb2DivX503b1393p' + packets[0][start:]
        units: list[bytes] = []
        for data in packets:
            if is_b(data):
                units[-1] += data
                # A frame that is not coded: P, no whole second, its time, nothing.
                units.append(b'\0\0\1\xb6' + bytes([0b01010000, 0b01000000]))
            else:
                units.append(data)
        for number, data in enumerate(units):
            packet = av.Packet(data)
            packet.stream = stream
            packet.pts = packet.dts = number
            packet.time_base = template.time_base
            packet.is_keyframe = number == 0
            out.mux(packet)
        out.close()
    return path


_WRITE = functools.partial(encode, count=35, fps=25, picture=grey, size=(128, 96))
_NO_B = {'codec_options': {'g': '12', 'bf': '0'}}
_B = {'codec_options': {'g': '12', 'bf': '2', 'b_strategy': '0'}}

# What it is, the name of the file, and what writes it.
KINDS = {
    'H.264 in mp4': ('plain.mp4', functools.partial(_WRITE, **_NO_B)),
    'with B-frames': ('b.mp4', functools.partial(_WRITE, codec_options={'g': '12'})),
    'one key frame': ('gop.mp4', _WRITE),
    'open GOPs': (
        'open.mp4',
        functools.partial(_WRITE, codec_options={'x264-params': 'open-gop=1:keyint=12'}),
    ),
    'intra refresh': (
        'refresh.mp4',
        functools.partial(_WRITE, codec_options={'x264-params': 'intra-refresh=1:keyint=12'}),
    ),
    'edit list, start trimmed': (
        'start.mp4',
        lambda p: edit(_WRITE(p, codec_options={'g': '12'}), 10, 20),
    ),
    'edit list, end trimmed': (
        'end.mp4',
        lambda p: edit(_WRITE(p, codec_options={'g': '12'}), 0, 20),
    ),
    'variable rate': (
        'vfr.mp4',
        functools.partial(
            encode, times=[i * i * 5 for i in range(35)], picture=grey, size=(128, 96)
        ),
    ),
    'rotated': ('rotated.mp4', lambda p: rotate(_WRITE(p), 90)),
    'odd size': (
        'odd.mp4',
        functools.partial(encode, count=35, picture=grey, size=(131, 97), pixels='yuv444p'),
    ),
    '10 bit': ('10bit.mp4', functools.partial(_WRITE, pixels='yuv420p10le')),
    'one frame': ('one.mp4', functools.partial(encode, count=1, picture=grey, size=(128, 96))),
    'HEVC in mp4': (
        'hevc.mp4',
        functools.partial(
            _WRITE, codec='libx265', codec_options={'x265-params': 'log-level=none:keyint=12'}
        ),
    ),
    'H.264 in mkv': ('b.mkv', functools.partial(_WRITE, codec_options={'g': '12'})),
    'cut off mkv': ('cut.mkv', lambda p: cut(_WRITE(p.with_name('whole.mkv')), p, 0.9)),
    'MPEG-4 in mp4': ('asp.mp4', functools.partial(_WRITE, codec='mpeg4', **_NO_B)),
    'MPEG-4 in avi': ('asp.avi', functools.partial(_WRITE, codec='mpeg4', **_NO_B)),
    'MPEG-4 in avi, B-frames': ('asp_b.avi', functools.partial(_WRITE, codec='mpeg4', **_B)),
    'MPEG-4 in avi, packed': ('packed.avi', _pack),
    'H.264 in avi': ('h264.avi', functools.partial(_WRITE, codec_options={'g': '12'})),
    'MPEG-1 program stream': ('mpeg1.mpg', functools.partial(_WRITE, codec='mpeg1video', **_B)),
    'MPEG-2 program stream': ('mpeg2.mpg', functools.partial(_WRITE, codec='mpeg2video', **_B)),
    'MPEG-2 transport stream': ('mpeg2.ts', functools.partial(_WRITE, codec='mpeg2video', **_B)),
    'H.264 transport stream': ('h264.ts', functools.partial(_WRITE, codec_options={'g': '12'})),
    'H.264 in flv': ('h264.flv', functools.partial(_WRITE, codec_options={'g': '12'})),
    'VP8 in webm': ('vp8.webm', functools.partial(encode, count=35, codec='libvpx', picture=grey)),
    'VP9 in webm': (
        'vp9.webm',
        functools.partial(encode, count=35, codec='libvpx-vp9', picture=grey),
    ),
    'GIF': ('a.gif', functools.partial(_WRITE, codec='gif')),
}
