"""The one reader of videos: FFmpeg's frames, by PyAV."""

import itertools
import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

import av
import numpy as np
from av.video.reformatter import VideoReformatter

__all__ = ['ArrayVideo', 'FileVideo', 'Source', 'UnreadableVideoError', 'Video', 'open_video']

_ERRORS = (av.error.FFmpegError, OSError, ValueError)

# Files in which every packet is one frame with its own time, in FFmpeg's names: their index takes
# no decoding.
_FORMATS = ('mov,mp4,m4a,3gp,3g2,mj2', 'matroska,webm')
_CODECS = ('h264', 'hevc', 'vp9', 'av1', 'mpeg4')

# An MPEG-4 packet of less stands for no frame of its own: one before it holds two.
_EMPTY = 20

# Decoding this many frames is quicker than seeking, which empties the decoder's threads.
_NEAR = 16

# Decoded frames are kept up to this many bytes where all have to be decoded to count them.
_KEEP = 100 << 20

# Other threads would only wait for a frame of usual size.
_SCALING = {'threads': 1} if int(av.__version__.split('.')[0]) >= 18 else {}


class UnreadableVideoError(Exception):
    """A video, or a part of it, cannot be decoded; the message is the reason in one line."""


class Source(NamedTuple):
    """One video to read.

    Args:
        name (str): Its path as text, or 'array 0' for the first array of a call.
        path (str): Where it lies, absolute: FFmpeg would take ``12:30.mp4`` for a protocol.
            Defaults to '': nowhere.
        array (np.ndarray | None): The frames, where they were handed in. Defaults to None.
        fault (str): Why there is nothing to open. Defaults to '': there is.
    """

    name: str
    path: str = ''
    array: np.ndarray | None = None
    fault: str = ''


class Video(Protocol):
    """Frames of a video with their times; few of them are ever in memory.

    Attributes:
        times (np.ndarray): When each frame appears, in seconds from the first, float64 [frames].
        duration (float): When the last frame disappears, in seconds.
        size (tuple[float, float]): Width and height at which the video is meant to be seen: other
            than those of its frames where pixels are not square.
    """

    times: np.ndarray
    duration: float
    size: tuple[float, float]

    def read_each(
        self, indices: Sequence[int], size: tuple[int, int] | None = None
    ) -> Iterator[np.ndarray]:
        """Yield frames, upright, uint8 RGB [H, W, 3].

        Args:
            indices (Sequence[int]): Which ones. Rising order costs the least.
            size (tuple[int, int], optional): Width and height to scale to. Defaults to None: as
                they are.

        Raises:
            UnreadableVideoError: If none can be decoded any more.
        """


class ArrayVideo:
    """Frames that were handed in; see :class:`Video`.

    Args:
        array (np.ndarray): uint8 RGB [frames, H, W, 3].
        fps (float): Frames per second.
    """

    def __init__(self, array: np.ndarray, fps: float) -> None:
        self._array = array
        self.times = np.arange(len(array)) / fps
        self.duration = len(array) / fps
        self.size = (float(array.shape[2]), float(array.shape[1]))

    def read_each(
        self, indices: Sequence[int], size: tuple[int, int] | None = None
    ) -> Iterator[np.ndarray]:
        """Yield frames; see :class:`Video`."""
        for index in indices:
            image = self._array[index]
            if size is not None:
                image = _scale(av.VideoFrame.from_ndarray(image, format='rgb24'), size)
            yield image


class FileVideo:
    """Frames of a file as FFmpeg presents them; see :class:`Video`.

    Edit lists, rotation and a variable rate count. Of a damaged file there is what can be decoded:
    a lost frame shows the next one that is not. One frame is held, besides those in the decoder.

    The times come from the index where packets are frames, else from decoding the file once; its
    frames are kept then if there are not too many. Reading goes forward; it seeks, ahead or back,
    only if the frames found behind the key frame have the times that the index has, and otherwise
    starts anew.

    Args:
        path (str | os.PathLike): The file.
        num_threads (int, optional): Threads that decode. Defaults to 0: as many as there are cores.

    Attributes:
        damaged (int): Packets that could not be read or decoded so far, once there was a frame.

    Raises:
        UnreadableVideoError: If it cannot be opened, or no frame of it can be decoded.
    """

    def __init__(self, path: str | os.PathLike, num_threads: int = 0) -> None:
        self._path = os.path.abspath(path)
        self._threads = num_threads
        self._container = None
        self._scaler = VideoReformatter()
        self._stamps: np.ndarray | None = None  # times as the file has them, where they can be used
        self._kept: list[av.VideoFrame] = []
        self._wanted: set[int] | None = None
        self._open()
        if self._container.format.name in _FORMATS and self._read_index():
            first = self._take()
        else:
            self._read_all()
            if self._kept:
                first = self._kept[0]
            else:
                self._open()
                first = self._take()
        if first is None:
            raise self._undecodable()
        self._turns = round(first.rotation / 90) % 4  # counter-clockwise, as numpy.rot90 counts
        self._frame_size = (first.width, first.height)
        shape = self._stream.sample_aspect_ratio
        size = (first.width * (float(shape) if shape else 1.0), float(first.height))
        self.size = size[::-1] if self._turns % 2 else size

    def read_each(
        self, indices: Sequence[int], size: tuple[int, int] | None = None
    ) -> Iterator[np.ndarray]:
        """Yield frames; see :class:`Video`."""
        for index in indices:
            frame = self._kept[int(index)] if self._kept else self._find(int(index))
            yield self._show(frame, size)

    def read(self, indices: Sequence[int]) -> list[np.ndarray]:
        """Return frames, upright, uint8 RGB [H, W, 3].

        Quicker than :meth:`read_each` for some frames of a whole video: nothing is decoded that
        they do not need. Each is an array of its own.

        Args:
            indices (Sequence[int]): Which ones, in any order, as often as wanted.

        Raises:
            UnreadableVideoError: If none can be decoded any more.
        """
        indices = [int(index) for index in indices]
        images: dict[int, np.ndarray] = {}
        if not self._kept and self._stamps is not None:
            for key, group in itertools.groupby(sorted(set(indices)), self._key_before):
                if key != self._key_before(key):  # seeking turned out not to be exact
                    break
                images.update(self._read_group(key, list(group)))
        left = sorted(set(indices) - set(images))
        images.update(zip(left, self.read_each(left), strict=True))
        # Transforms change images in place: a frame that is wanted twice is two arrays.
        return [
            images[i] if i not in indices[:n] else images[i].copy() for n, i in enumerate(indices)
        ]

    def _read_group(self, key: int, indices: list[int]) -> dict[int, np.ndarray]:
        """Return frames behind a key frame, without those that are lost."""
        stamps = self._stamps[indices].tolist()
        self._wanted = set(stamps)
        images = {}
        try:
            self._seek(key)
            for index, frame in self._decoded:
                if frame.pts in stamps:
                    images[index] = self._show(frame, None)
                    if len(images) == len(indices):
                        break
        finally:
            self._wanted = None
            self._skip(True)
            self._decoded = iter(())
            # What is read next is sought: the decoder left out what was not wanted.
            self._from = self._at = len(self.times)
        return images

    def close(self) -> None:
        """Close the file and let its frames go."""
        self._kept, self._frame = [], None
        self._decoded = iter(())  # it refers to this reader, which would wait for the collector
        self._container.close()

    def __enter__(self) -> 'FileVideo':
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self) -> None:
        """Open the file and stand before its first frame."""
        if self._container is not None:
            self._container.close()
        # Nothing that the file names elsewhere, least of all on a network. Not as `options`: meant
        # for streams too, they crash PyAV up to 17 where flv files tell their streams late.
        options = {'protocol_whitelist': 'file', 'pattern_type': 'none'}
        # A title need not be UTF-8: PyAV 19 takes it anyhow.
        lenient = {} if int(av.__version__.split('.')[0]) >= 19 else {'metadata_errors': 'replace'}
        try:
            self._container = av.open(self._path, container_options=options, **lenient)
        except _ERRORS as error:
            reason = 'not a video, or cut off: there is no header that can be read'
            if isinstance(error, OSError) and not isinstance(error, av.error.InvalidDataError):
                reason = error.strerror or reason
            raise UnreadableVideoError(reason) from None
        self._stream = self._container.streams.best('video')
        if self._stream is None:
            raise UnreadableVideoError('no video stream in it, as in a file of sound alone')
        if self._stream.codec_context is None:
            raise self._undecodable()
        self._stream.thread_type = 'AUTO'
        self._stream.codec_context.thread_count = self._threads
        self._decoded = self._number(self._decode())
        self._from = self._at = -1  # the frame that is held stands for these
        self._frame: av.VideoFrame | None = None
        self.damaged = 0
        self._ticks = 0  # how long the latest packet is shown

    def _undecodable(self) -> UnreadableVideoError:
        context = self._stream.codec_context
        reason = f'it is damaged ({context.name})' if context else 'its codec is not known here'
        return UnreadableVideoError(
            f'its video cannot be decoded: {reason}; if it plays elsewhere, convert it: '
            'ffmpeg -i INPUT -c:v libx264 OUTPUT.mp4'
        )

    def _decode(self) -> Iterator[av.VideoFrame]:
        """Decode from here what can be decoded; of ``_wanted`` frames, what they need."""
        left = None if self._wanted is None else set(self._wanted)
        has_frame = False
        for packet in self._packets():
            if packet is not None and packet.duration:
                self._ticks = packet.duration
            is_last = False
            if left is not None and packet is not None:
                self._skip(packet.is_keyframe or packet.pts in left)
                is_last = left == {packet.pts}
                left.discard(packet.pts)
            try:
                for frame in self._stream.decode(packet):
                    has_frame = True
                    yield frame
                if is_last:  # the decoder need not wait for more
                    yield from self._stream.decode(None)
                    return
            except _ERRORS:
                self.damaged += has_frame
                continue

    def _skip(self, is_needed: bool) -> None:
        """Let the decoder leave out frames that no other frame needs, or not."""
        # In other codecs, what FFmpeg calls unneeded may be needed (layers of HEVC).
        if self._stream.codec_context.name == 'h264':
            self._stream.codec_context.skip_frame = 'DEFAULT' if is_needed else 'NONREF'

    def _packets(self) -> Iterator[av.Packet | None]:
        """Yield packets up to the end, or to where the file is cut off; then nothing or None."""
        packets = self._container.demux(self._stream)
        while True:
            try:
                yield next(packets)
            except StopIteration:  # after an empty packet, which empties the decoder
                return
            except _ERRORS:
                self.damaged += 1
                yield None  # which empties it, too
                return

    def _read_index(self) -> bool:
        """Take the times from the packets; return False if the frames need not be these."""
        name = self._stream.codec_context.name
        if name not in _CODECS:
            return False
        packets, last = [], None
        for packet in self._packets():
            if packet is not None and packet.size and not packet.is_discard:
                is_empty = name == 'mpeg4' and packet.size < _EMPTY
                if packet.pts is None or packet.is_corrupt or is_empty:
                    return False
                packets.append((packet.pts, packet.duration or 0, packet.is_keyframe))
                last = packet
        # A download that was given its length beforehand ends in zeros.
        if last is None or not any(bytes(last)[:_EMPTY]):
            return False
        stamps, durations, is_key = map(np.array, zip(*sorted(packets), strict=True))
        if not (is_key[0] and (np.diff(stamps) > 0).all()):
            return False
        self._set_clock(stamps, durations[-1], is_key)
        # A file may start with what cannot be decoded, or have two packets a frame.
        self._open()
        first = list(itertools.islice(self._decoded, 2))
        self._decoded = itertools.chain(first, self._decoded)
        return bool(first) and [frame.pts for _, frame in first] == stamps[:2].tolist()

    def _read_all(self) -> None:
        """Take the times from the frames."""
        self._stamps = None
        self._open()
        frames, size = [], 0
        for frame in self._decode():
            frames.append((frame.pts, frame.dts, bool(frame.key_frame)))
            size += sum(plane.buffer_size for plane in frame.planes)
            if size <= _KEEP:
                self._kept.append(frame)
            else:
                self._kept.clear()
        if not frames:
            raise self._undecodable()
        stamps, decoding, is_key = zip(*frames, strict=True)
        # Old avi files have the times of decoding alone.
        stamps = decoding if None in stamps else stamps
        self._set_clock(np.array(stamps, np.float64), self._ticks, np.array(is_key))

    def _set_clock(self, stamps: np.ndarray, last: int, is_key: np.ndarray) -> None:
        unit = float(self._stream.time_base)
        rate = float(self._stream.average_rate or self._stream.guessed_rate or 25)
        self.times = (stamps - stamps[0]) * unit
        if (np.diff(stamps) > 0).all() and np.isfinite(stamps[0]):
            self._stamps, self._keys = stamps, np.union1d([0], np.flatnonzero(is_key))
        else:
            # A clock that stands still, jumps back or is not there: frames go by their number.
            self._stamps, self._keys = None, np.zeros(1, int)
            times = [0.0]
            for time in np.sort(self.times)[1:]:
                times.append(time if time > times[-1] else times[-1] + 1 / rate)
            self.times = np.array(times)
        shown = last * unit
        if shown <= 0:
            shown = self.times[-1] / (len(stamps) - 1) if len(stamps) > 1 else 1 / rate
        self.duration = float(self.times[-1] + shown)

    def _number(self, frames: Iterator[av.VideoFrame]) -> Iterator[tuple[int, av.VideoFrame]]:
        """Yield frames with their indices."""
        for count, frame in enumerate(frames):
            if self._stamps is None:
                yield count, frame
            elif frame.pts is not None and frame.pts >= self._stamps[0]:
                yield int(np.searchsorted(self._stamps, frame.pts, side='right')) - 1, frame

    def _take(self) -> av.VideoFrame | None:
        """Hold the next frame; None at the end."""
        index, frame = next(self._decoded, (None, None))
        if frame is not None:
            self._from, self._at, self._frame = self._at + 1, max(index, self._at), frame
        return frame

    def _key_before(self, index: int) -> int:
        return int(self._keys[np.searchsorted(self._keys, index, side='right') - 1])

    def _find(self, index: int) -> av.VideoFrame:
        key = self._key_before(index)
        if index < self._from or key > self._at + _NEAR:
            self._seek(key)
        while self._at < index:
            if self._take() is None:
                self._at = len(self.times) - 1  # the last one stays
        if self._frame is None:
            raise UnreadableVideoError(f'frame {index} cannot be decoded')
        return self._frame

    def _seek(self, key: int) -> None:
        """Stand before a key frame."""
        # Where there is no index, FFmpeg lands anywhere around the time.
        for early in (0, 2) if self._stamps is not None else ():
            stamp = int(self._stamps[key] - early / self._stream.time_base)
            self._container.seek(stamp, stream=self._stream)
            self._decoded = self._number(self._decode())
            for index, frame in self._decoded:
                if index == key and frame.pts == self._stamps[key]:
                    self._decoded = itertools.chain([(index, frame)], self._decoded)
                    self._from, self._at, self._frame = key, key - 1, None
                    return
                if index > key:
                    break
        if key > 0:
            self._keys = np.zeros(1, int)  # seeking in this file is not exact
        self._open()

    def _show(self, frame: av.VideoFrame, size: tuple[int, int] | None) -> np.ndarray:
        if size is None:
            size = self._frame_size  # a stream may change it
        elif self._turns % 2:
            size = size[::-1]
        return np.ascontiguousarray(np.rot90(_scale(frame, size, self._scaler), self._turns))


def _scale(
    frame: av.VideoFrame, size: tuple[int, int], scaler: VideoReformatter | None = None
) -> np.ndarray:
    width, height = size
    way = 'AREA' if width < frame.width else 'BICUBIC'
    scaler = scaler or VideoReformatter()
    image = scaler.reformat(frame, width, height, 'rgb24', interpolation=way, **_SCALING)
    return image.to_ndarray()


def open_video(source: Source | str | os.PathLike, fps: float = 30.0) -> FileVideo | ArrayVideo:
    """Open a video.

    Args:
        source (Source | str | os.PathLike): What to open.
        fps (float, optional): Frames per second of arrays. Defaults to 30.

    Returns:
        FileVideo | ArrayVideo: Its frames and times, a :class:`Video`.

    Raises:
        UnreadableVideoError: If it cannot be read; the message is the reason in one line.
    """
    if not isinstance(source, Source):
        return FileVideo(source)
    if source.fault:
        raise UnreadableVideoError(source.fault)
    return FileVideo(source.path) if source.array is None else ArrayVideo(source.array, fps)
